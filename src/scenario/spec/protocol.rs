//! Protocols of a storage system, and the gateways that translate them.

use super::{Key, Kind, MAX_RATE, Need, Rule, TableSpec, assumed, key};
use crate::units::Dimension;

/// Keys of `[storage.*]`.
pub(super) const PROTOCOLS: &[Key] = &[key(
    "protocol",
    Kind::Named(&PROTOCOL),
    Need::Optional("one protocol, whose costs are the figures of the system"),
    "Further protocols on the same data, by name; works say which they use.",
)];

static PROTOCOL: TableSpec = TableSpec {
    header: "[storage.NAME.protocol.NAME]",
    doc: "A protocol on the data of the system: what its operations cost, and the gateways that translate it.",
    groups: &[&[
        key(
            "operations",
            Kind::Quantity(Dimension::Factor),
            assumed("1", "an operation of the protocol is one of the system"),
            "Operations of the system that one operation takes.",
        )
        .within(0.001, 1000.0),
        added("read_latency", "Time of a read beside that in the system."),
        added("write_latency", "Time of a write beside that in the system."),
        key(
            "gateways",
            Kind::Whole(Dimension::Count),
            Need::Optional("the system speaks it itself"),
            "Nodes that translate it; each byte goes in and out of one.",
        )
        .within(1.0, 1e6),
        key(
            "gateway_nic",
            Kind::Quantity(Dimension::ByteRate),
            Need::Optional("it does not limit"),
            "NIC of one gateway, each direction.",
        )
        .positive(MAX_RATE),
        key(
            "gateway_operations",
            Kind::Quantity(Dimension::OpRate),
            Need::Optional("they do not limit"),
            "Operations of the protocol per second that one gateway translates.",
        )
        .positive(1e15),
        key(
            "gateway_price_per_hour",
            Kind::Quantity(Dimension::MoneyPerHour),
            Need::Optional("not in the cost"),
            "Price of one gateway per hour, in the cost of the system.",
        )
        .within(0.0, 1e6),
        key(
            "gateway_power",
            Kind::Quantity(Dimension::Power),
            Need::Optional("not on the site's meter"),
            "IT power of one gateway, in that of the system.",
        )
        .within(0.0, 1e9),
    ]],
    later: &[],
    rules: &[Rule::AtLeastOne(&["operations", "read_latency", "write_latency", "gateways"])],
};

const fn added(name: &'static str, doc: &'static str) -> Key {
    key(name, Kind::Quantity(Dimension::Duration), assumed("0 s", "the translation takes no time of its own"), doc)
        .within(0.0, 3600.0)
}
