//! `[demand.*]`: standing traffic between sites.

use super::wan::{ROUTING_DOC, ROUTINGS};
use super::{CENTURY, Entity, Kind, MAX_RATE, Need, Rule, TableSpec, assumed, key};
use crate::units::Dimension;

pub(super) static STEP: TableSpec = TableSpec {
    header: "day",
    doc: "A step of the day.",
    groups: &[&[
        key("at", Kind::Quantity(Dimension::Duration), Need::Required, "When it begins, after midnight UTC.")
            .within(0.0, 86_399.999_999_999),
        key("share", Kind::Quantity(Dimension::Ratio), Need::Required, "Share of the stated rates from then on.")
            .within(0.0, 10.0),
    ]],
    later: &[],
    rules: &[],
};

/// `[demand.*]`
pub static DEMAND: TableSpec = TableSpec {
    header: "[demand.NAME]",
    doc: "Standing traffic between sites on the links that works use; one pair with a rate, a matrix from a file, or the demands of \
          the topology file.",
    groups: &[&[
        key("from", Kind::Name(Entity::Site), Need::Optional("a matrix says it"), "Sender."),
        key("to", Kind::Name(Entity::Site), Need::Optional("a matrix says it"), "Receiver."),
        key(
            "rate",
            Kind::Quantity(Dimension::ByteRate),
            Need::Optional("a matrix says it"),
            "Offered rate on the wire, at share 100 % and before growth.",
        )
        .positive(MAX_RATE),
        key(
            "matrix",
            Kind::File,
            Need::Optional("`from`, `to` and `rate`"),
            "CSV file with the columns `src,dst,gbps`, one row a pair of sites.",
        ),
        key(
            "source",
            Kind::Choice(&["topology"]),
            Need::Optional("`from`, `to` and `rate`, or `matrix`"),
            "`topology`: the demands that the file of `[topology]` states, with its rates as those on the wire.",
        ),
        key("scale", Kind::Quantity(Dimension::Ratio), assumed("100 %", "as stated"), "Factor on all rates.")
            .within(0.0, 1e6),
        key(
            "day",
            Kind::Tables(&STEP),
            Need::Optional("the same at all hours"),
            "Steps of the day in order; before the first of them the last one holds.",
        ),
        key(
            "growth",
            Kind::Quantity(Dimension::Ratio),
            assumed("0 %", "nothing grows"),
            "Growth of all rates per `growth_every`, compound, at the end of each period.",
        )
        .within(-0.99, 100.0),
        key(
            "growth_every",
            Kind::Quantity(Dimension::Duration),
            assumed("365 d", "forecasts are made by the year"),
            "Period of `growth`.",
        )
        .within(3600.0, CENTURY),
        key(
            "priority",
            Kind::Whole(Dimension::Count),
            assumed("5", "the middle of 0 to 9, like works"),
            "0 to 9; a higher number wins bandwidth, strictly.",
        )
        .within(0.0, 9.0),
        key(
            "weight",
            Kind::Quantity(Dimension::Factor),
            assumed("1", "each pair counts like one transfer"),
            "Share of each pair against others of the same priority.",
        )
        .within(1e-6, 1e6),
        key("routing", Kind::Choice(ROUTINGS), Need::Wan, ROUTING_DOC),
    ]],
    later: &[],
    rules: &[Rule::ExactlyOne(&["rate", "matrix", "source"])],
};
