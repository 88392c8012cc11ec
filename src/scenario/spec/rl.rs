//! `kind = "rl"`: an online-RL loop.

use super::environment::ENVIRONMENT;
use super::rl_modes::{CONTROLLER, MODES, PREFILL, UPDATE};
use super::users::USERS;
use super::wan::TRANSPORT;
use super::work::{COMMON, LATER};
use super::{CENTURY, Entity, Key, Kind, MAX_BYTES, MAX_RATE, Need, TableSpec, assumed, cited, key};
use crate::units::Dimension;

/// `kind = "rl"`
pub static WORK_RL: TableSpec = TableSpec {
    header: "[work.NAME] kind = \"rl\"",
    doc: "An online-RL loop: generator pools, rewards, one trainer pool, and a publish path for new weights.",
    groups: &[COMMON, LOOP, MODES, MODEL, TRAJECTORY, PARTS, TRANSPORT],
    later: LATER,
    rules: &[],
};

const LOOP: &[Key] = &[
    key("model", Kind::Part("model"), Need::Required, "Catalogue model."),
    key("trainer", Kind::Table(&POOL), Need::Required, "Trainer pool."),
    key(
        "generators",
        Kind::Tables(&POOL),
        Need::Derived("the trainer's GPUs with `colocation`; otherwise required"),
        "Generator pools, at least one.",
    ),
    key(
        "colocation",
        Kind::Table(&COLOCATION),
        Need::Optional("trainer and generators have GPUs of their own"),
        "The trainer's GPUs generate and train in turn; `{}` takes the defaults.",
    ),
    key(
        "feedback_target",
        Kind::Quantity(Dimension::Duration),
        assumed("60 s", "the loop time that planners of online RL ask for"),
        "The time in which the loop should close.",
    )
    .positive(CENTURY),
    key(
        "batch",
        Kind::Whole(Dimension::Count),
        cited("8192", "512 prompts x 16 samples: AReaL v0.2 and verl fully_async"),
        "Trajectories per trainer step.",
    )
    .within(1.0, 1e8),
    key(
        "group",
        Kind::Whole(Dimension::Count),
        assumed("1", "every prompt once; GRPO takes several, 16 in AReaL v0.2 and verl fully_async"),
        "Samples of one prompt: they are admitted together, and train together when the slowest has its reward. Divides `batch`.",
    )
    .within(1.0, 1e4),
    key(
        "max_lag",
        Kind::Whole(Dimension::Versions),
        cited("4", "AReaL v0.3: no loss of quality up to 4 versions with the decoupled objective"),
        "Oldest admissible difference between trainer version and trajectory at consumption.",
    )
    .within(0.0, 1e6),
];

/// Figures of the model part that are not figures of its engine, its deltas or its checkpoints.
const MODEL: &[Key] = &[
    key("parameters", Kind::Quantity(Dimension::Count), Need::Part("parameters"), "Parameters.").within(1.0, 1e18),
    key(
        "active_parameters",
        Kind::Quantity(Dimension::Count),
        Need::Part("active_parameters"),
        "Parameters that take part in one token.",
    )
    .within(1.0, 1e18),
    key(
        "bytes_per_parameter",
        Kind::Quantity(Dimension::Bytes),
        Need::Part("bytes_per_parameter"),
        "Served bytes per parameter.",
    )
    .positive(1e3),
];

const TRAJECTORY: &[Key] = &[
    key(
        "length",
        Kind::Random(Dimension::Tokens),
        cited(
            "lognormal median 1200 p99 12k",
            "Laminar: p99 about ten times the median; verl 671B: mean of 1,960 tokens, which is a median of 1,200",
        ),
        "Tokens of a trajectory before the cap; with `environment`, of one turn.",
    )
    .positive(1e9),
    key(
        "length_cap",
        Kind::Quantity(Dimension::Tokens),
        cited("8192", "PipelineRL and NeMo RL v0.6 (Qwen3-235B) run with a cap of 8,192 tokens"),
        "Longest trajectory, in generated tokens over all turns; what would be longer is truncated.",
    )
    .within(1.0, 1e9),
    key(
        "prompt",
        Kind::Quantity(Dimension::Tokens),
        assumed("0", "prompts are short against what is generated; agentic ones are not"),
        "Tokens before the first generated one. They are read by the engine, travel and are trained on, and do not count against \
         `length_cap`.",
    )
    .within(0.0, 1e9),
    key(
        "reward",
        Kind::Random(Dimension::Duration),
        assumed("0.5 s", "a reward model or checker beside the engine; depends on the task"),
        "Time from the last token to the reward.",
    )
    .within(0.0, CENTURY),
    key(
        "bytes_per_token",
        Kind::Quantity(Dimension::Bytes),
        assumed("12 B", "token, log-probability and mask, 4 bytes each"),
        "Bytes that a trajectory carries per token.",
    )
    .positive(1e9),
    key(
        "ship_every",
        Kind::Quantity(Dimension::Duration),
        assumed("0.5 s", "AReaL v0.2 bounds the way from generator to trainer by 3 s at 1,000 GPUs"),
        "Time between two shipments of trajectories from one generator site.",
    )
    .positive(86_400.0),
];

const PARTS: &[Key] = &[
    key("engine", Kind::Table(&ENGINE), assumed("{}", "every key has a default"), "Generation engines."),
    key(
        "users",
        Kind::Table(&USERS),
        Need::Optional("the loop generates for itself alone"),
        "Users whom the engines serve first.",
    ),
    key(
        "environment",
        Kind::Table(&ENVIRONMENT),
        Need::Optional("every trajectory is one turn"),
        "Turns of a trajectory, and the environment between them.",
    ),
    key("step", Kind::Table(&STEP), assumed("{}", "every key has a default"), "Trainer step."),
    key("weights", Kind::Table(&WEIGHTS), assumed("{}", "every key has a default"), "Publication of new weights."),
    key(
        "controller",
        Kind::Table(&CONTROLLER),
        Need::Optional("what is decided takes effect at once, and nothing fails"),
        "What dispatches prompts and begins publishes; late, or down now and then.",
    ),
    key("checkpoint", Kind::Table(&CHECKPOINT), Need::Optional("no checkpoints"), "Checkpoints of the trainer."),
];

static POOL: TableSpec = TableSpec {
    header: "pool",
    doc: "GPUs of a fleet.",
    groups: &[&[
        key("fleet", Kind::Name(Entity::Fleet), Need::Required, "Fleet."),
        key("gpus", Kind::Whole(Dimension::Gpus), Need::Required, "GPUs of it.").within(1.0, 1e8),
    ]],
    later: &[],
    rules: &[],
};

static COLOCATION: TableSpec = TableSpec {
    header: "colocation",
    doc: "What it costs that the same GPUs generate and train in turn.",
    groups: &[&[
        key(
            "offload",
            Kind::Quantity(Dimension::Duration),
            assumed("2 s", "a few GB of optimiser state per GPU over PCIe, and its allocation; measure yours"),
            "Before a step: engines give up their memory, the state of the trainer is loaded. Counted in the step.",
        )
        .within(0.0, 86_400.0),
        key(
            "reshard",
            Kind::Quantity(Dimension::Duration),
            cited("1.6 s", "NeMo RL: 0.84 to 1.60 s to lay 63 GB out for the engines at 400 Gb/s per rank"),
            "After a step: the new weights are laid out for the engines. The phase `publish`.",
        )
        .within(0.0, 86_400.0),
        key(
            "engine_switch",
            Kind::Quantity(Dimension::Duration),
            assumed("3 s", "engines allocate their cache and load their graphs again; measure yours"),
            "After that, until the engines generate. The phase `swap`.",
        )
        .within(0.0, 86_400.0),
        key(
            "slowdown",
            Kind::Quantity(Dimension::Factor),
            assumed("1", "none; verl: an update takes 313.8 s on 32 colocated GPUs and 157.0 s on 32 of its own"),
            "Factor on both passes of a step: less memory is left for it.",
        )
        .within(1.0, 1e3),
    ]],
    later: &[],
    rules: &[],
};

static ENGINE: TableSpec = TableSpec {
    header: "engine",
    doc: "One model replica with continuous batching: rate per trajectory = single_rate / (1 + b / half_batch).",
    groups: &[
        &[
            key("gpus", Kind::Whole(Dimension::Gpus), Need::Part("engine_gpus"), "GPUs per engine.").within(1.0, 1e6),
            key("slots", Kind::Whole(Dimension::Count), Need::Part("slots"), "Trajectories at once.").within(1.0, 1e6),
            key(
                "single_rate",
                Kind::Quantity(Dimension::TokenRate),
                Need::Part("single_rate"),
                "Tokens per second of one trajectory alone on the engine.",
            )
            .positive(1e9),
            key(
                "half_batch",
                Kind::Quantity(Dimension::Count),
                Need::Part("half_batch"),
                "Concurrent trajectories at which each runs at half of `single_rate`.",
            )
            .positive(1e9),
            key(
                "start",
                Kind::Quantity(Dimension::Duration),
                assumed("1 min", "process start, memory and graph capture of a serving engine; depends on the stack"),
                "Time from the moment a replaced engine has its GPUs until it takes weights from an engine beside it.",
            )
            .within(0.0, CENTURY),
            key(
                "cohort",
                Kind::Whole(Dimension::Count),
                assumed("0", "the program chooses: 32 cohorts per pool, where the loop waits for its slowest as many as engines up to 65,536 slots"),
                "Real engines that one simulated cohort stands for, fewer where `swap_waves` need it; 0 lets the program choose.",
            )
            .within(0.0, 1e6),
        ],
        PREFILL,
    ],
    later: &[],
    rules: &[],
};

static STEP: TableSpec = TableSpec {
    header: "step",
    doc: "Time of a trainer step: overhead + tokens x FLOPs x active parameters / (GPUs x peak x utilisation).",
    groups: &[&[
        key(
            "overhead",
            Kind::Quantity(Dimension::Duration),
            assumed("2 s", "launch, data loading, optimiser, metrics"),
            "Time that does not depend on the batch.",
        )
        .within(0.0, 86_400.0),
        key(
            "update_flops",
            Kind::Quantity(Dimension::Factor),
            cited("6", "textbook: 2 forward and 4 backward"),
            "FLOPs per token and active parameter in the update.",
        )
        .positive(1e4),
        key(
            "logprob_flops",
            Kind::Quantity(Dimension::Factor),
            cited("2", "textbook: one forward pass"),
            "FLOPs per token and active parameter in the log-prob pass; 0 removes the phase.",
        )
        .within(0.0, 1e4),
        key(
            "mfu",
            Kind::Quantity(Dimension::Ratio),
            cited("19 %", "verl 671B on 96 H20 (docs/perf/dpsk.md)"),
            "Model FLOPs utilisation of a pool of `mfu_gpus`.",
        )
        .positive(1.0),
        key(
            "logprob_mfu",
            Kind::Quantity(Dimension::Ratio),
            Need::Derived("`mfu`"),
            "Model FLOPs utilisation of the log-prob pass.",
        )
        .positive(1.0),
        key(
            "micro_batch",
            Kind::Quantity(Dimension::Tokens),
            assumed("0", "no floor: time falls with the pool without end"),
            "Tokens that each GPU computes on at least; a pool too large for its batch is no faster.",
        )
        .within(0.0, 1e9),
        key(
            "mfu_gpus",
            Kind::Quantity(Dimension::Gpus),
            cited("96", "verl 671B on 96 H20 (docs/perf/dpsk.md)"),
            "Pool size at which `mfu` holds.",
        )
        .within(1.0, 1e8),
        key(
            "scaling",
            Kind::Quantity(Dimension::Ratio),
            cited(
                "0.896",
                "derived from Llama 3: 430 to 400 TFLOP/s per GPU from 8,192 to 16,384 GPUs; 1 + ln(400/430)/ln 2",
            ),
            "Exponent of throughput in the number of GPUs; 1 is linear.",
        )
        .positive(1.0),
    ]],
    later: &[],
    rules: &[],
};

static WEIGHTS: TableSpec = TableSpec {
    header: "weights",
    doc: "How new weights reach the generators.",
    groups: &[&[
        key(
            "publish",
            Kind::Choice(&["full", "delta"]),
            assumed("delta", "what current cross-region systems do"),
            "Whole weights every time, or deltas.",
        ),
        key(
            "changed",
            Kind::Quantity(Dimension::Ratio),
            cited("1.2 %", "NeMo-DCR: 0.6 to 1.2 % of bf16 elements per step in six models; Fireworks: under 2 %"),
            "Share of parameters that a step changes.",
        )
        .positive(1.0),
        key(
            "bytes_per_changed",
            Kind::Quantity(Dimension::Bytes),
            Need::Part("delta_bytes_per_changed"),
            "Bytes per changed parameter in a delta.",
        )
        .positive(1e3),
        key(
            "full_every",
            Kind::Whole(Dimension::Count),
            cited("25", "Fireworks: a full checkpoint every 25 steps"),
            "Every how many publishes the whole model is sent.",
        )
        .within(1.0, 1e6),
        key(
            "fan_out",
            Kind::Choice(&["tree", "peer", "per-node", "per-engine"]),
            assumed("tree", "one copy per site and a relay tree inside it"),
            "Who fetches a copy: each site, which passes it down a tree inside, or whose engines take a part each and hand it to all their \
             peers; each node; or each engine.",
        ),
        key(
            "across",
            Kind::Choice(super::work::FAN_OUTS),
            assumed("unicast", "each site is sent its own copy"),
            "How one copy gets to each of several sites: from the trainer to all; down a chain in the order of `generators`, or each time \
             to the nearest that has nothing yet; or down a tree that crosses a shared link once.",
        ),
        key(
            "store",
            Kind::Name(Entity::Storage),
            Need::Optional("copies come straight from the trainer"),
            "Storage system that the weights are uploaded to, once, and that the copies are fetched from.",
        ),
        key(
            "io_size",
            Kind::Quantity(Dimension::Bytes),
            assumed("8 MiB", "one block of an object store"),
            "Bytes per operation of `store`.",
        )
        .within(1.0, 1e15),
        key(
            "flows",
            Kind::Whole(Dimension::Count),
            assumed("1", "one sender to one receiver"),
            "Sender-receiver pairs that carry one copy side by side, a part each, every pair on the `streams` of the work.",
        )
        .within(1.0, 1e6),
        key(
            "overlap",
            Kind::Bool,
            assumed("false", "a delta leaves when it is whole"),
            "Whether a delta is sent while it is being built, as fast as it is.",
        ),
        key(
            "timeout",
            Kind::Quantity(Dimension::Duration),
            Need::Optional("a publish waits for every site"),
            "How long a publish waits for a site's bytes; then the site has missed the delta and is sent the full weights by itself.",
        )
        .positive(CENTURY),
        key(
            "senders",
            Kind::Whole(Dimension::Gpus),
            assumed("256", "a sender for every 4 GB of a 1 TB model"),
            "Trainer GPUs that build and send.",
        )
        .within(1.0, 1e8),
        key(
            "scan_rate",
            Kind::Quantity(Dimension::Throughput),
            cited("0.7 GB/s", "derived from NeMo-DCR: deltas of 63.2 GB in 2.96 s and 470 GB in 20.2 s on 32 GPUs"),
            "Weight bytes that one sender scans per second to build a delta.",
        )
        .positive(MAX_RATE),
        key(
            "inner_rate",
            Kind::Quantity(Dimension::Throughput),
            cited("64 GB/s", "derived from checkpoint-engine: Kimi-K2 (1.03 TB) to 256 GPUs in 16.04 s"),
            "Rate of the pipelined broadcast inside a site.",
        )
        .positive(MAX_RATE),
        key(
            "inner_bucket",
            Kind::Quantity(Dimension::Bytes),
            cited("8 GiB", "checkpoint-engine: buckets of 8 GiB"),
            "Bytes that a hop of that broadcast holds before it passes them on.",
        )
        .positive(MAX_BYTES),
        key(
            "swap",
            Kind::Random(Dimension::Duration),
            assumed("uniform from 1 s to 5 s", "within the 1 to 15 s of checkpoint-engine and NIXL inside a cluster"),
            "Pause of an engine that takes new weights.",
        )
        .within(0.0, 86_400.0),
        key(
            "swap_waves",
            Kind::Whole(Dimension::Count),
            assumed("1", "all engines of a site at once"),
            "Waves in which the engines of a site take new weights, one after another; no more than it has. Cohorts are made smaller where \
             the waves need it.",
        )
        .within(1.0, 1e6),
    ], UPDATE],
    later: &[],
    rules: &[],
};

static CHECKPOINT: TableSpec = TableSpec {
    header: "checkpoint",
    doc: "Checkpoints of the trainer.",
    groups: &[&[
        key("storage", Kind::Name(Entity::Storage), Need::Required, "Where they go."),
        key("view", Kind::Text, Need::Optional("none"), "View of the system that they use."),
        key("every", Kind::Quantity(Dimension::Duration), Need::Required, "Interval.").within(1e-3, CENTURY),
        key(
            "bytes_per_parameter",
            Kind::Quantity(Dimension::Bytes),
            Need::Part("checkpoint_bytes_per_parameter"),
            "Bytes per parameter.",
        )
        .positive(1e3),
        key(
            "pause",
            Kind::Quantity(Dimension::Duration),
            cited("1 s", "ByteRobust: 0.18 to 1.84 s for in-memory saves"),
            "Pause of the trainer while the state is copied aside.",
        )
        .within(0.0, 86_400.0),
        key(
            "blocking",
            Kind::Bool,
            assumed("false", "current trainers write in the background"),
            "Whether the trainer waits for the last byte.",
        ),
        key(
            "keep",
            Kind::Whole(Dimension::Count),
            assumed("1", "each replaces the one before"),
            "Checkpoints that stay on the system.",
        )
        .within(1.0, 1e6),
        key(
            "io_size",
            Kind::Quantity(Dimension::Bytes),
            assumed("8 MiB", "large sequential writes, one block of an object store"),
            "Bytes per storage operation.",
        )
        .within(1.0, 1e15),
    ]],
    later: &[],
    rules: &[],
};
