//! `[storage.*]`

use super::economics::ECONOMICS;
use super::protocol::PROTOCOLS;
use super::tenant::LANES;
use super::top::{counted, site};
use super::{CENTURY, Entity, Key, Kind, MAX_BYTES, MAX_RATE, Need, Rule, TableSpec, assumed, key};
use crate::units::Dimension;

/// Most parity blocks of a stripe: the chain of `data_loss_probability` has a state for every number of them.
const MAX_PARITY: f64 = 32.0;

/// `[storage.*]`
pub static STORAGE: TableSpec = TableSpec {
    header: "[storage.NAME]",
    doc: "A storage system at one site. Any figure of the system part can be overridden here.",
    groups: &[
        STORAGE_KEYS,
        STAGES,
        STRIPES,
        BUFFER,
        CODE,
        SPACE,
        LOSSES,
        REBUILD,
        SERVICE,
        COMMON,
        ECONOMICS,
        LANES,
        PROTOCOLS,
    ],
    later: &[],
    rules: &[Rule::AtLeastOne(&["nodes", "enclosures", "accounts", "capacity", "sized_for"])],
};

const STORAGE_KEYS: &[Key] = &[
    site("Site of the system."),
    key("system", Kind::Part("storage"), Need::Required, "Catalogue part of the system."),
    counted(key(
        "nodes",
        Kind::Whole(Dimension::Count),
        Need::Derived("the fewest that give `capacity` or `sized_for`"),
        "Nodes of a system whose nodes are both heads and enclosures, or object servers of a striped file system.",
    )),
    counted(key(
        "heads",
        Kind::Whole(Dimension::Count),
        Need::Derived("as many as enclosures, or the fewest that carry `sized_for`"),
        "Protocol heads of a system with separate enclosures.",
    )),
    counted(key(
        "enclosures",
        Kind::Whole(Dimension::Count),
        Need::Derived("the fewest that give `capacity` or `sized_for`"),
        "Enclosures of a system with separate heads.",
    )),
    counted(key(
        "accounts",
        Kind::Whole(Dimension::Count),
        Need::Derived("the fewest that give `capacity` or `sized_for`"),
        "Accounts of an object service.",
    )),
    key(
        "capacity",
        Kind::Quantity(Dimension::Bytes),
        Need::Derived("units x raw x usable_fraction x reduction, or accounts x account_capacity"),
        "Usable capacity, in client bytes.",
    )
    .positive(MAX_BYTES),
];

/// The figures of a storage part. A test compares them with the catalogue.
const STAGES: &[Key] = &[
    rate("nic", "NIC line rate of one node or server, each direction."),
    rate("head_nic", "Client-side NIC rate of one head, each direction."),
    rate("head_fabric", "Fabric-side NIC rate of one head, each direction."),
    rate("enclosure_fabric", "Fabric-side rate of one enclosure, each direction."),
    throughput("media_read", "Media read rate of one node, enclosure or server."),
    throughput("media_write", "Media write rate of one node, enclosure or server."),
    figure(
        "media_shared",
        Dimension::Ratio,
        "Share of the media's time that reads and writes compete for: 0 % (where the part states none) independent, 100 % one at the cost of the other.",
    )
    .within(0.0, 1.0),
    size("raw", "Raw media of one node, enclosure or server."),
];

/// How a striped file system lays files over its servers.
const STRIPES: &[Key] = &[
    whole("targets", 1.0, 10_000.0, "Targets of one server, among which its media are shared out evenly."),
    whole(
        "stripe_count",
        1.0,
        100_000.0,
        "Targets that one file lies on; more than there are count as all of them. It bounds the rate of few large files.",
    ),
    whole("metadata_servers", 1.0, 10_000.0, "Metadata servers, each with `metadata_operations`."),
];

const BUFFER: &[Key] = &[
    size("buffer", "Write buffer of one node or enclosure."),
    throughput("buffer_rate", "Write rate of the buffer of one node or enclosure, all copies counted."),
    factor("buffer_copies", 1.0, 10.0, "Bytes written to buffers per client byte: 2 mirrored, about 1.33 RAID 6."),
    factor("reduction", 1.0, 1000.0, "Data reduction: client bytes per byte kept on media."),
    key(
        "migration_read",
        Kind::Choice(&["raw", "reduced"]),
        Need::Part("migration_read"),
        "Bytes read back from the buffer: as written, or already reduced.",
    ),
    key(
        "low_water",
        Kind::Quantity(Dimension::Ratio),
        Need::Part("low_water"),
        "Fill below which a full buffer counts as free again.",
    )
    .within(0.0, 0.999),
];

/// How the code is laid over the units, and what that leaves of raw.
const CODE: &[Key] = &[
    whole(
        "stripe_data",
        1.0,
        10_000.0,
        "Data blocks of a stripe, k. The part's own stripe is narrowed to fit few nodes.",
    ),
    whole("stripe_parity", 0.0, MAX_PARITY, "Parity blocks of a stripe, m: so many may be lost at once."),
    whole(
        "blocks_per_node",
        1.0,
        10_000.0,
        "Most blocks of one stripe in one node or enclosure; k + m is at most this times the nodes. 1: a node is a failure domain.",
    ),
    figure("spare", Dimension::Ratio, "Share of raw that holds no stripes: room for rebuilds, metadata, uneven fill.")
        .within(0.0, 0.95),
    key(
        "stripe_block",
        Kind::Quantity(Dimension::Bytes),
        assumed("1 MiB", "no published figure; smaller blocks make more stripes, and more sets of losses hit one"),
        "Bytes of one block of a stripe on media: how many stripes there are, and so how likely it is that losses on more nodes than a stripe is wide hit one.",
    )
    .positive(1e15),
    key(
        "usable_fraction",
        Kind::Quantity(Dimension::Ratio),
        Need::Derived("stripe_data / (stripe_data + stripe_parity) x (1 - spare)"),
        "Share of raw that is usable before data reduction; written, it replaces what follows from stripe and spare.",
    )
    .positive(1.0),
];

/// What lies on the system over time.
const SPACE: &[Key] = &[
    key(
        "holds",
        Kind::Quantity(Dimension::Bytes),
        assumed("0 B", "an empty system"),
        "Client bytes on the system at the start.",
    )
    .within(0.0, MAX_BYTES),
    key("quota", Kind::Table(&QUOTA), Need::Optional("none below the capacity"), "Limits on what lies on the system."),
    key(
        "snapshots",
        Kind::Quantity(Dimension::Duration),
        Need::Optional("no snapshots"),
        "Time that snapshots keep deleted bytes: expired ones, and checkpoints that newer ones replace.",
    )
    .positive(CENTURY),
    key(
        "tier",
        Kind::Table(&TIER),
        Need::Optional("everything stays"),
        "Another system that takes what was ingested here long enough ago, or what new bytes need the room of.",
    ),
    key(
        "lead_time",
        Kind::Quantity(Dimension::Duration),
        Need::Optional("no date of order"),
        "Time from an order of more capacity until it is in service.",
    )
    .within(0.0, CENTURY),
    key(
        "order_for",
        Kind::Quantity(Dimension::Duration),
        Need::Optional("no amount of order"),
        "Time after the system is full that an order of more capacity is to last.",
    )
    .positive(CENTURY),
];

static TIER: TableSpec = TableSpec {
    header: "tier",
    doc: "Ingested bytes move on in the background when they are old enough or the system is full enough, and free their room here.",
    groups: &[&[
        key("to", Kind::Name(Entity::Storage), Need::Required, "System that takes them; it is not tiered itself."),
        key(
            "after",
            Kind::Quantity(Dimension::Duration),
            Need::Optional("age moves nothing"),
            "Age at which they move.",
        )
        .positive(CENTURY),
        key(
            "high",
            Kind::Quantity(Dimension::Ratio),
            Need::Optional("the level moves nothing"),
            "Level, as a share of the hard quota or else of the capacity, from which the oldest bytes that are kept for good move.",
        )
        .positive(1.0),
        key(
            "low",
            Kind::Quantity(Dimension::Ratio),
            Need::Optional("required with `high`"),
            "Level down to which they move then, at least a hundredth below `high`.",
        )
        .positive(1.0),
        key(
            "pace",
            Kind::Quantity(Dimension::ByteRate),
            Need::Optional("as fast as it goes"),
            "Rate that the bytes of each load limit themselves to.",
        )
        .positive(MAX_RATE),
        key(
            "priority",
            Kind::Whole(Dimension::Count),
            assumed("1", "background work, below works that have 5"),
            "0 to 9 on the scale of works.",
        )
        .within(0.0, 9.0),
        key(
            "io_size",
            Kind::Quantity(Dimension::Bytes),
            assumed("8 MiB", "large sequential operations, one block of an object store"),
            "Bytes per operation on both systems.",
        )
        .within(1.0, 1e15),
    ]],
    later: &[],
    rules: &[Rule::AtLeastOne(&["after", "high"])],
};

pub(super) static QUOTA: TableSpec = TableSpec {
    header: "quota",
    doc: "Limits on what lies on the system, or on what of a tenant or view lies there, in client bytes.",
    groups: &[&[
        key(
            "hard",
            Kind::Quantity(Dimension::Bytes),
            Need::Optional("the capacity"),
            "More than this is refused and counted.",
        )
        .positive(MAX_BYTES),
        key(
            "soft",
            Kind::Quantity(Dimension::Bytes),
            Need::Optional("no warning"),
            "More than this is a warning with its date.",
        )
        .positive(MAX_BYTES),
    ]],
    later: &[],
    rules: &[Rule::AtLeastOne(&["hard", "soft"])],
};

/// Losses of devices and nodes with the data on them.
const LOSSES: &[Key] = &[
    key(
        "failures",
        Kind::Bool,
        assumed("false", "a healthy system, as benchmarks measure it; data_loss_probability uses the rates either way"),
        "Whether devices and nodes are lost during the run.",
    ),
    whole("devices", 1.0, 10_000.0, "Media devices of one node or enclosure."),
    figure("device_loss_rate", Dimension::PerTime, "Losses of a device with its data, per time.").within(0.0, 1.0),
    figure("node_loss_rate", Dimension::PerTime, "Losses of a node or enclosure with its data, per time; of a server of a striped file system without it, because another takes its targets over.")
        .within(0.0, 1.0),
    law("device_replacement", "Time from a loss until another device is in service."),
    law("node_replacement", "Time from a loss until another node or enclosure is in service."),
];

/// What brings protection back, and what looks for silent damage.
const REBUILD: &[Key] = &[
    law("rebuild_delay", "Time from a loss until its rebuild begins."),
    share(
        "rebuild_reads",
        "Blocks read to rebuild one lost block, as a share of stripe_data; 1 for Reed-Solomon codes.",
    ),
    key(
        "rebuild_pace",
        Kind::Quantity(Dimension::Ratio),
        assumed("10 %", "clients keep nine tenths of what limits the rebuild; no published figure"),
        "Rebuild rate at most, as a share of what it would reach alone on the system.",
    )
    .positive(1.0),
    key(
        "rebuild_priority",
        Kind::Whole(Dimension::Count),
        assumed("9", "before all works, because the exposure must end; the pace protects them"),
        "0 to 9 on the scale of works; a higher number wins bandwidth, strictly.",
    )
    .within(0.0, 9.0),
    key(
        "scrub_every",
        Kind::Quantity(Dimension::Duration),
        Need::Optional("no scrubbing"),
        "Time in which all media that hold data are read once, below all works.",
    )
    .positive(CENTURY),
];

const SERVICE: &[Key] = &[
    size("account_capacity", "Capacity of one account."),
    rate("account_ingress", "Write limit of one account."),
    rate("account_egress", "Read limit of one account."),
    whole("accounts_per_subscription", 1.0, 1e6, "Accounts of one subscription in a region; more are a warning."),
    key(
        "provisioned_rate",
        Kind::Quantity(Dimension::RatePerCapacity),
        Need::Part("provisioned_rate"),
        "Rate sold per capacity.",
    )
    .positive(1e6),
    share("read_share", "Share of the provisioned rate that reads reach."),
    share("write_share", "Share of the provisioned rate that writes reach."),
    size("max_capacity", "Largest capacity without a special request; more is a warning."),
];

const COMMON: &[Key] = &[
    key(
        "operations",
        Kind::Quantity(Dimension::OpRate),
        Need::Part("operations"),
        "Operations of all kinds per second of one node, head or account; of the whole system when provisioned.",
    )
    .positive(1e15),
    limit("read_operations", "Reads per second, as `operations`; without it only `operations` limits them."),
    limit("write_operations", "Writes per second, as `operations`; without it only `operations` limits them."),
    limit(
        "metadata_operations",
        "Metadata operations (create, open, attributes, close, delete) per second, as `operations`, or of one metadata server; without it they count in `operations`.",
    ),
    latency("metadata_latency", "Time of one metadata operation; without it as `read_latency` in the mean."),
    latency("read_latency", "Time of one read before its first byte."),
    latency("write_latency", "Time of one write beside that of its bytes."),
    throughput(
        "read_stream",
        "Rate at which the bytes of one read come: it takes read_latency + size / read_stream. Without it only the latency.",
    ),
    throughput(
        "write_stream",
        "Rate at which the bytes of one write go: it takes write_latency + size / write_stream. Without it only the latency.",
    ),
    whole("client_slots", 1.0, 1e6, "Most outstanding operations of one client on the system; without it no limit."),
    factor("client_overhead", 1.0, 10.0, "Wire bytes per payload byte between client and head."),
    factor("internal_overhead", 1.0, 10.0, "Wire bytes per payload byte on inner hops."),
    throughput("nameplate_read", "Data-sheet read rate of one unit, or of the service."),
    throughput("nameplate_write", "Data-sheet write rate of one unit, or of the service."),
    power("node_power", "IT power of one node or enclosure."),
    factor("racks", 0.0, 1000.0, "Rack positions of one node or enclosure."),
    power("head_power", "IT power of one head."),
    factor("head_racks", 0.0, 1000.0, "Rack positions of one head."),
    key(
        "min_nodes",
        Kind::Whole(Dimension::Count),
        Need::Part("min_nodes"),
        "Fewest nodes the product supports; fewer is a warning.",
    )
    .within(0.0, 1e6),
];

const fn figure(name: &'static str, dim: Dimension, doc: &'static str) -> Key {
    key(name, Kind::Quantity(dim), Need::Part(name), doc)
}

const fn rate(name: &'static str, doc: &'static str) -> Key {
    figure(name, Dimension::ByteRate, doc).positive(MAX_RATE)
}

const fn throughput(name: &'static str, doc: &'static str) -> Key {
    figure(name, Dimension::Throughput, doc).positive(MAX_RATE)
}

const fn size(name: &'static str, doc: &'static str) -> Key {
    figure(name, Dimension::Bytes, doc).positive(MAX_BYTES)
}

const fn share(name: &'static str, doc: &'static str) -> Key {
    figure(name, Dimension::Ratio, doc).positive(1.0)
}

const fn factor(name: &'static str, low: f64, high: f64, doc: &'static str) -> Key {
    figure(name, Dimension::Factor, doc).within(low, high)
}

const fn limit(name: &'static str, doc: &'static str) -> Key {
    figure(name, Dimension::OpRate, doc).positive(1e15)
}

const fn latency(name: &'static str, doc: &'static str) -> Key {
    key(name, Kind::Random(Dimension::Duration), Need::Part(name), doc).within(0.0, 3600.0)
}

const fn whole(name: &'static str, low: f64, high: f64, doc: &'static str) -> Key {
    key(name, Kind::Whole(Dimension::Count), Need::Part(name), doc).within(low, high)
}

const fn law(name: &'static str, doc: &'static str) -> Key {
    key(name, Kind::Random(Dimension::Duration), Need::Part(name), doc).within(0.0, CENTURY)
}

const fn power(name: &'static str, doc: &'static str) -> Key {
    figure(name, Dimension::Power, doc).within(0.0, 1e12)
}
