//! `[fleet.*]`

use super::top::{counted, site};
use super::{CENTURY, Key, Kind, MAX_RATE, Need, Rule, TableSpec, assumed, key};
use crate::units::Dimension;

/// `[fleet.*]`
pub static FLEET: TableSpec = TableSpec {
    header: "[fleet.NAME]",
    doc: "GPU nodes of one kind at one site. Any figure of the node part can be overridden here.",
    groups: &[FLEET_KEYS, FIGURES],
    later: &["price"],
    rules: &[Rule::ExactlyOne(&["gpus", "nodes"])],
};

const FLEET_KEYS: &[Key] = &[
    site("Site of the fleet."),
    key("node", Kind::Part("node"), Need::Required, "Catalogue part of the node."),
    counted(key(
        "gpus",
        Kind::Whole(Dimension::Gpus),
        Need::Optional("from `nodes`"),
        "GPUs, spares included; rounded up to whole nodes.",
    )),
    counted(key("nodes", Kind::Whole(Dimension::Count), Need::Optional("from `gpus`"), "Whole nodes.")),
    key(
        "spares",
        Kind::Quantity(Dimension::Ratio),
        assumed("3 %", "Imbue saw 3 % of machines break per week; Cui et al. (SC25) need 5 % for 99.9 % availability"),
        "Share of GPUs kept as spares.",
    )
    .within(0.0, 0.9),
    key(
        "failures",
        Kind::Bool,
        assumed("true", "things fail unless a plan says otherwise"),
        "Whether nodes fail at all.",
    ),
    key(
        "health",
        Kind::Choice(&["steady", "new"]),
        assumed("steady", "a site in operation has units in repair on any day"),
        "State at the start: `steady` with units already in repair, `new` with every unit healthy.",
    ),
];

/// The figures of a node part. A test compares them with the catalogue.
const FIGURES: &[Key] = &[
    key("gpus_per_node", Kind::Whole(Dimension::Gpus), Need::Part("gpus"), "GPUs in one node.").within(1.0, 1e4),
    counted(key(
        "gpus_per_unit",
        Kind::Whole(Dimension::Gpus),
        Need::Part("gpus_per_unit"),
        "GPUs lost together when one part fails; divides `gpus_per_node`.",
    )),
    key("racks", Kind::Quantity(Dimension::Factor), Need::Part("racks"), "Rack positions one node takes.")
        .within(0.0, 1000.0),
    key("cooling", Kind::Choice(&["air", "liquid"]), Need::Part("cooling"), "Cooling a node needs."),
    key("peak_flops", Kind::Quantity(Dimension::Flops), Need::Part("peak_flops"), "Dense bf16 peak of one GPU.")
        .positive(1e24),
    key(
        "frontend_per_gpu",
        Kind::Quantity(Dimension::ByteRate),
        Need::Part("frontend_per_gpu"),
        "Front-end network rate per GPU, each direction.",
    )
    .positive(MAX_RATE),
    key("node_power", Kind::Quantity(Dimension::Power), Need::Part("node_power"), "IT power of one node under load.")
        .within(0.0, 1e12),
    key(
        "failure_rate_per_8_gpus",
        Kind::Quantity(Dimension::PerTime),
        Need::Part("failure_rate_per_8_gpus"),
        "Failures of all causes per 8 GPUs and time.",
    )
    .within(0.0, 1.0),
    law("repair_reset", "Time from detection until a reset or reboot has healed the unit."),
    law("repair_swap", "Time until a part is swapped from stock on site."),
    law("repair_rma", "Time until the unit is back after a return to the vendor."),
    law("detection", "Time to notice a failure."),
    law("replacement", "Time to bring a spare into service after detection."),
];

const fn law(name: &'static str, doc: &'static str) -> Key {
    key(name, Kind::Random(Dimension::Duration), Need::Part(name), doc).within(0.0, CENTURY)
}
