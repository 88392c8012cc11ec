//! `environment` of an RL loop.

use super::{CENTURY, Kind, Need, TableSpec, assumed, key};
use crate::units::Dimension;

/// `environment = { … }` of `kind = "rl"`
pub(super) static ENVIRONMENT: TableSpec = TableSpec {
    header: "environment",
    doc: "Trajectories of several turns: generate, wait for the environment, generate again. `length` is then the tokens of one turn.",
    groups: &[&[
        key(
            "turns",
            Kind::Random(Dimension::Count),
            Need::Required,
            "Turns of a trajectory, rounded to a whole number, at least 1. One that reaches `length_cap` ends there.",
        )
        .positive(1e6),
        key(
            "time",
            Kind::Random(Dimension::Duration),
            Need::Required,
            "Time that the environment takes between two turns; what comes after the last turn is `reward`.",
        )
        .within(0.0, CENTURY),
        key(
            "observation",
            Kind::Quantity(Dimension::Tokens),
            assumed("0", "answers of the environment are short against what is generated; measure yours"),
            "Tokens that the environment adds to the context each time. They are read by the engine, travel and are trained on, and \
             do not count against `length_cap`.",
        )
        .within(0.0, 1e9),
        key(
            "hold",
            Kind::Bool,
            assumed("true", "the engine keeps the cache of a context whose next turn is to come"),
            "Whether a trajectory keeps its slot meanwhile. If not, the engine takes others in, and it waits for a free slot of that \
             engine and has its whole context read again.",
        ),
    ]],
    later: &[],
    rules: &[],
};
