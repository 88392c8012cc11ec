//! `phases` of an `io` work: a load that changes over time.

use super::work::MAX_CLIENTS;
use super::{CENTURY, Kind, MAX_RATE, Need, TableSpec, assumed, key};
use crate::units::Dimension;

/// One phase of an `io` work.
pub(super) static PHASE: TableSpec = TableSpec {
    header: "phases",
    doc: "What a load does from some time on. A phase keeps what it does not state.",
    groups: &[&[
        key("at", Kind::Quantity(Dimension::Duration), Need::Required, "When it begins, after the start of the work.")
            .positive(CENTURY),
        key("clients", Kind::Whole(Dimension::Count), Need::Optional("as before"), "Client nodes.")
            .within(1.0, MAX_CLIENTS),
        key(
            "rate",
            Kind::Quantity(Dimension::Throughput),
            Need::Optional("as before"),
            "Rate the whole load is paced to.",
        )
        .positive(MAX_RATE),
        key(
            "read_share",
            Kind::Quantity(Dimension::Ratio),
            Need::Optional("as before"),
            "Share of payload bytes read, of a mixed load.",
        )
        .within(1e-6, 0.999_999),
        key(
            "ramp",
            Kind::Quantity(Dimension::Duration),
            assumed("0 s", "at once"),
            "Time in which it changes evenly from the phase before, in fifty steps.",
        )
        .within(0.0, CENTURY),
    ]],
    later: &[],
    rules: &[super::Rule::AtLeastOne(&["clients", "rate", "read_share"])],
};
