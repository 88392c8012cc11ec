//! What a storage system is sized for and what it costs: keys of `[storage.*]`, and `[price]`.

use super::{CENTURY, Key, Kind, MAX_BYTES, MAX_RATE, Need, Rule, TableSpec, assumed, key};
use crate::units::Dimension;

/// The largest price of anything, US dollars in its unit.
const MAX_PRICE: f64 = 1e12;

/// Keys of `[storage.*]`.
pub(super) const ECONOMICS: &[Key] = &[
    key(
        "sized_for",
        Kind::Table(&SIZED_FOR),
        Need::Optional("its size is stated"),
        "Demand from which the number of nodes, enclosures and heads, or accounts follows; beside a stated number it is checked.",
    ),
    key(
        "account_skew",
        Kind::Quantity(Dimension::Factor),
        Need::Derived("1: an even spread over accounts (assumption)"),
        "Load of the hottest account over the mean of all: its limits hold the whole load. Of an object service.",
    )
    .within(1.0, 1e6),
    money("price_per_10k_reads", Dimension::Money, "Price of 10,000 read requests."),
    money("price_per_10k_writes", Dimension::Money, "Price of 10,000 write requests."),
    money("price_per_hour", Dimension::MoneyPerHour, "Price of one node or enclosure per hour."),
    money("price_per_capacity", Dimension::MoneyPerByteMonth, "Price of usable capacity per month."),
    money("price", Dimension::Money, "Purchase price of one node or enclosure."),
    money("head_price", Dimension::Money, "Purchase price of one head."),
    key(
        "cooling",
        Kind::Choice(&["liquid", "air"]),
        Need::Part("cooling"),
        "Cooling its racks need; they count against the `rack_positions` of the site.",
    ),
];

static SIZED_FOR: TableSpec = TableSpec {
    header: "sized_for",
    doc: "What a system must hold and deliver. The size is the largest that one of them needs, with all crossings counted.",
    groups: &[&[
        key("capacity", Kind::Quantity(Dimension::Bytes), Need::Optional("nothing to hold"), "Client bytes to hold.")
            .positive(MAX_BYTES),
        key("read", Kind::Quantity(Dimension::Throughput), Need::Optional("no reads"), "Payload rate to readers.")
            .positive(MAX_RATE),
        key(
            "write",
            Kind::Quantity(Dimension::Throughput),
            Need::Optional("no writes"),
            "Payload rate from writers, with the write buffer full.",
        )
        .positive(MAX_RATE),
        key(
            "operations",
            Kind::Quantity(Dimension::OpRate),
            Need::Optional("no limit to meet"),
            "Operations per second, those of reads and writes included.",
        )
        .positive(1e15),
        key(
            "metadata",
            Kind::Quantity(Dimension::OpRate),
            Need::Optional("no limit to meet"),
            "Operations on metadata per second (open, create, attributes, close), against `metadata_operations`, or beside `operations` \
             where the system states none.",
        )
        .positive(1e15),
        key(
            "at_once",
            Kind::Bool,
            assumed("true", "the safe case: a fleet writes a checkpoint while others read"),
            "Whether reads, writes and operations, those on metadata too, peak at the same time.",
        ),
    ]],
    later: &[],
    rules: &[Rule::AtLeastOne(&["capacity", "read", "write", "operations", "metadata"])],
};

/// `[price]`
pub static PRICE: TableSpec = TableSpec {
    header: "[price]",
    doc: "Prices that all storage systems share.",
    groups: &[&[
        key(
            "power",
            Kind::Quantity(Dimension::MoneyPerEnergy),
            assumed(
                "$180/kW-month",
                "wholesale colocation in large US markets asks about this much; no list price opened",
            ),
            "Lease of IT power, for systems that draw any.",
        )
        .within(0.0, MAX_PRICE),
        key(
            "rack_position",
            Kind::Quantity(Dimension::MoneyPerHour),
            assumed("$0/month", "wholesale leases are priced by power, positions included"),
            "Lease of one rack position.",
        )
        .within(0.0, MAX_PRICE),
        key(
            "life",
            Kind::Quantity(Dimension::Duration),
            assumed("1826 days", "five years, a usual depreciation of servers"),
            "Time over which a purchase is spread evenly, without interest.",
        )
        .positive(CENTURY),
    ]],
    later: &[],
    rules: &[],
};

const fn money(name: &'static str, dim: Dimension, doc: &'static str) -> Key {
    key(name, Kind::Quantity(dim), Need::Part(name), doc).within(0.0, MAX_PRICE)
}
