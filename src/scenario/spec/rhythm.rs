//! How the rate of a work changes with time.

use super::{Key, Kind, MAX_RATE, Need, TableSpec, assumed, key};
use crate::units::Dimension;

/// Longest offset of a window: a week.
const WEEK: f64 = 604_800.0;
/// Longest offset: a year.
const YEAR: f64 = 31_557_600.0;

/// Keys of an `io` work.
pub(super) const RHYTHM: &[Key] = &[
    key(
        "growth",
        Kind::Table(&GROWTH),
        Need::Optional("the rate stays"),
        "How `rate` grows from the start of the work on.",
    ),
    key(
        "season",
        Kind::Tables(&SEASON),
        Need::Optional("the rate is even"),
        "How `rate` varies over each day, week or year. Curves of several lengths multiply.",
    ),
];

/// Key of a `copy` work.
pub(super) const WINDOWS: &[Key] = &[key(
    "pace_windows",
    Kind::Tables(&WINDOW),
    Need::Optional("`pace` holds all the time"),
    "Times of the day, or of the week, in which the copy has another pace. Outside of them `pace` holds.",
)];

static WINDOW: TableSpec = TableSpec {
    header: "pace_windows",
    doc: "A time of every day or week with a pace of its own; it may run over midnight. Windows do not overlap.",
    groups: &[&[
        key(
            "every",
            Kind::Choice(&["day", "week"]),
            assumed("day", "links are idle at night"),
            "The cycle: days from midnight UTC, or weeks from Monday; the same for all windows of a copy.",
        ),
        key("from", Kind::Quantity(Dimension::Duration), Need::Required, "How far into the cycle it begins.")
            .within(0.0, WEEK),
        key("to", Kind::Quantity(Dimension::Duration), Need::Required, "How far into the cycle it ends.")
            .within(0.0, WEEK),
        key(
            "pace",
            Kind::Quantity(Dimension::ByteRate),
            Need::Optional("as fast as it goes"),
            "Rate the copy limits itself to in it.",
        )
        .positive(MAX_RATE),
    ]],
    later: &[],
    rules: &[],
};

static GROWTH: TableSpec = TableSpec {
    header: "growth",
    doc: "Compound growth of a rate: rate x (1 + growth)^(time / period).",
    groups: &[&[
        key("rate", Kind::Quantity(Dimension::Ratio), Need::Required, "Share by which it is larger a period later.")
            .within(0.0, 100.0),
        key(
            "per",
            Kind::Choice(&["month", "year"]),
            assumed("year", "plans state growth by the year"),
            "The period: 365.25 days, or a twelfth of that.",
        ),
    ]],
    later: &[],
    rules: &[],
};

static SEASON: TableSpec = TableSpec {
    header: "season",
    doc: "A part of a curve: from `from` on in every day, week or year the rate is `factor` times what it would be, until \
          the next part of the same cycle; the last part holds over the turn.",
    groups: &[&[
        key(
            "every",
            Kind::Choice(&["day", "week", "year"]),
            Need::Required,
            "The cycle: days from midnight UTC, weeks from Monday, years of 365.25 days from 1 January of the year of the start.",
        ),
        key("from", Kind::Quantity(Dimension::Duration), Need::Required, "How far into the cycle the part begins.")
            .within(0.0, YEAR),
        key("factor", Kind::Quantity(Dimension::Ratio), Need::Required, "What the rate is multiplied with.")
            .within(1e-6, 1000.0),
    ]],
    later: &[],
    rules: &[],
};
