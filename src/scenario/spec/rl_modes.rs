//! Modes of an RL loop: what holds generation back, and what engines do with new weights.

use super::top::OUTAGE;
use super::{Key, Kind, Need, TableSpec, assumed, cited, key};
use crate::units::Dimension;

/// Keys of the loop.
pub(super) const MODES: &[Key] = &[
    key(
        "mode",
        Kind::Choice(&["asynchronous", "steps-off", "one-step-off", "synchronous"]),
        assumed("asynchronous", "what loops across sites do"),
        "Asynchronous: generation never waits but for `admission`. The others generate one round after another: a round opens when the batch of \
         the one before is at the trainer and all sites serve a version at most 0 (synchronous), 1 (one-step-off) or `max_lag` (steps-off) behind it.",
    ),
    key(
        "admission",
        Kind::Choice(&["served", "trained", "sync"]),
        assumed("served", "counts the time of publishing against the bound; AReaL's rule is `trained`, verl's `sync`"),
        "What bounds the trajectories of an asynchronous loop, dropped and lost ones not counted. served, trained: batch x (oldest version served, or \
         version trained, + max_lag + 1). sync: between two syncs batch x sync_every x (1 + staleness), less what is left over.",
    ),
    key(
        "staleness",
        Kind::Quantity(Dimension::Ratio),
        cited("50 %", "verl fully_async: staleness_threshold 0.5 in its published runs"),
        "Share of a sync's batches that `admission = \"sync\"` lets generate in advance.",
    )
    .within(0.0, 1e3),
    key(
        "over_generation",
        Kind::Quantity(Dimension::Ratio),
        assumed("0 %", "a batch and no more"),
        "Share of a batch that a round generates beyond it; the step takes those that come first. Not for an asynchronous loop, which has more than a \
         batch under way anyhow.",
    )
    .within(0.0, 100.0),
    key(
        "leftover",
        Kind::Choice(&["keep", "drop"]),
        assumed("keep", "partial rollouts, as verl fully_async ran them"),
        "What becomes of the trajectories that a batch did not need: they go on under the next weights and count against the next round, or are \
         abandoned when the batch is there.",
    ),
];

/// Keys of `weights`.
pub(super) const UPDATE: &[Key] = &[
    key(
        "update",
        Kind::Choice(&["in-flight", "drain", "abort-and-resume"]),
        assumed("in-flight", "PipelineRL, Magistral: engines go on with the keys and values they have"),
        "What an engine does with its trajectories when new weights are there: goes on after the pause; begins none and ends those it has first; \
         or stops at once and computes the keys and values of what it has again, at `prefill_rate`, after the pause.",
    ),
    key(
        "sync_every",
        Kind::Whole(Dimension::Count),
        assumed("1", "every step is published"),
        "Steps per publish: only versions that are multiples of it go out. At most max_lag + 1.",
    )
    .within(1.0, 1e6),
];

/// Keys of `engine`.
pub(super) const PREFILL: &[Key] = &[key(
    "prefill_rate",
    Kind::Quantity(Dimension::TokenRate),
    Need::Derived("5 x the tokens per second of an engine with every slot taken"),
    "Tokens per second that an engine computes keys and values for, generating nothing meanwhile: of `prompt`, of what the `environment` \
     said, of contexts that lost their slot, and with `update = \"abort-and-resume\"`. DeepSeek V3 serves 73.7 k \
     of them and generates 14.8 k per second on a node of 8 H800.",
)
.positive(1e12)];

/// `controller = { … }` of `kind = "rl"`
pub(super) static CONTROLLER: TableSpec = TableSpec {
    header: "controller",
    doc: "The control plane of the loop: it dispatches prompts, begins publishes and takes engines in.",
    groups: &[&[
        key(
            "delay",
            Kind::Random(Dimension::Duration),
            assumed("0 s", "messages inside a cluster; across sites at least a round trip, and what the scheduler takes: measure yours"),
            "From a decision until it takes effect: how many trajectories may be under way, after a version is served or trained or trajectories \
             are lost; the beginning of a publish; engines that have started.",
        )
        .within(0.0, 86_400.0),
        key(
            "outage",
            Kind::Table(&OUTAGE),
            Need::Optional("the controller never fails"),
            "Outages: no prompt is dispatched, no publish begins and no engine is taken in. What is under way goes on.",
        ),
    ]],
    later: &[],
    rules: &[],
};
