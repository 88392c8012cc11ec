//! `[maintenance.*]`.

use super::{CENTURY, Entity, Kind, Need, Rule, TableSpec, assumed, key};
use crate::units::Dimension;

/// `[maintenance.*]`
pub static MAINTENANCE: TableSpec = TableSpec {
    header: "[maintenance.NAME]",
    doc: "A planned window in which links are out of service or carry less, once or again and again.",
    groups: &[&[
        key("links", Kind::Names(Entity::Link), Need::Optional("none by name"), "Links that it covers."),
        key(
            "risk_groups",
            Kind::Names(Entity::RiskGroup),
            Need::Optional("none"),
            "Shared-risk groups: all links in them.",
        ),
        key(
            "sites",
            Kind::Names(Entity::Site),
            Need::Optional("none"),
            "Sites whose WAN edge it covers: all their links.",
        ),
        key(
            "starts",
            Kind::Moment,
            Need::Required,
            "When it begins first: a duration after the scenario's start, or a date.",
        )
        .within(0.0, CENTURY),
        key("duration", Kind::Quantity(Dimension::Duration), Need::Required, "How long it lasts.").positive(CENTURY),
        key(
            "every",
            Kind::Quantity(Dimension::Duration),
            Need::Optional("once"),
            "Time from one beginning to the next.",
        )
        .positive(CENTURY),
        key(
            "drain",
            Kind::Bool,
            assumed("true", "operators move traffic away before they touch a link"),
            "Whether routes have left the links before the window begins; otherwise it begins like a failure.",
        ),
        key(
            "capacity",
            Kind::Quantity(Dimension::Ratio),
            assumed("0 %", "a link under work carries nothing"),
            "Share of the capacity that is left during the window.",
        )
        .within(0.0, 0.999_999),
    ]],
    later: &[],
    rules: &[Rule::AtLeastOne(&["links", "risk_groups", "sites"])],
};
