//! `users` of an RL loop.

use super::{CENTURY, Kind, Need, TableSpec, assumed, cited, key};
use crate::units::Dimension;

/// `users = { … }` of `kind = "rl"`
pub(super) static USERS: TableSpec = TableSpec {
    header: "users",
    doc: "Users whom the engines serve before the loop, and whose interactions train with their reward.",
    groups: &[&[
        key(
            "rate",
            Kind::Quantity(Dimension::OpRate),
            Need::Required,
            "Requests per second, at share 100 % of the day.",
        )
        .positive(1e12),
        key(
            "day",
            Kind::Tables(&super::demand::STEP),
            Need::Optional("the same at all hours"),
            "Steps of the day in order; before the first of them the last one holds.",
        ),
        key(
            "length",
            Kind::Random(Dimension::Tokens),
            cited(
                "lognormal median 1200 p99 12k",
                "Laminar: p99 about ten times the median; as for the loop's own trajectories",
            ),
            "Tokens of an answer, before the `length_cap` of the loop.",
        )
        .positive(1e9),
        key(
            "reward",
            Kind::Random(Dimension::Duration),
            assumed("lognormal median 5 min p99 2 h", "what a user does next; seconds to hours, no published law"),
            "Time from the last token of an answer to its reward.",
        )
        .within(0.0, CENTURY),
        key(
            "rewarded",
            Kind::Quantity(Dimension::Ratio),
            assumed("100 %", "every interaction can be judged by what follows it"),
            "Share of the requests that a reward comes for.",
        )
        .within(0.0, 1.0),
        key(
            "rollouts",
            Kind::Bool,
            assumed("true", "the room that users leave is used"),
            "Whether the engines generate the loop's own trajectories in the room that users leave.",
        ),
        key(
            "wait",
            Kind::Quantity(Dimension::Duration),
            assumed("1 s", "an answer should begin at once"),
            "Promised: longest wait for a slot.",
        )
        .within(0.0, 86_400.0),
        key(
            "token_rate",
            Kind::Quantity(Dimension::TokenRate),
            cited("20 tok/s", "DeepSeek V3/R1 in production: 20 to 22 tokens per second and user"),
            "Promised: least tokens per second of an answer.",
        )
        .positive(1e9),
    ]],
    later: &[],
    rules: &[],
};
