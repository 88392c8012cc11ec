//! `[work.*]`: the keys all kinds share, `copy` and `io`.

use super::checkpoint::BURST;
use super::files::FILES;
use super::loader::LOADER;
use super::phase::PHASE;
use super::rhythm::{RHYTHM, WINDOWS};
use super::tiered::TIERED;
use super::wan::TRANSPORT;
use super::{CENTURY, Entity, Key, Kind, MAX_BYTES, MAX_RATE, Need, Rule, TableSpec, assumed, key};
use crate::units::Dimension;

/// Every client is a flow of its own, of about half a kilobyte.
pub(super) const MAX_CLIENTS: f64 = 1e6;

/// How a copy reaches several systems.
pub(super) const FAN_OUTS: &[&str] = &["unicast", "relay", "relay-nearest", "tree"];

/// Kinds of work that are simulated.
pub const WORK_KINDS: &[&str] = &["copy", "io", "rl", "trace"];
/// Kinds of the language that are not simulated yet.
pub(super) const LATER_KINDS: &[&str] = &["training"];
/// Keys of the language that are not simulated yet.
pub(super) const LATER: &[&str] = &["windows", "dataset"];

pub(super) const COMMON: &[Key] = &[
    key("kind", Kind::Choice(WORK_KINDS), Need::Required, "What the work does: `rl`, `copy`, `io` or `trace`."),
    key(
        "starts",
        Kind::Moment,
        assumed("0 s", "with the simulation"),
        "When it starts: a duration after the scenario's start, or a date.",
    )
    .within(0.0, CENTURY),
    key("ends", Kind::Moment, Need::Derived("the horizon"), "When it ends.").positive(CENTURY),
    key(
        "priority",
        Kind::Whole(Dimension::Count),
        assumed("5", "the middle of 0 to 9"),
        "0 to 9; a higher number wins GPUs and bandwidth, strictly.",
    )
    .within(0.0, 9.0),
    key(
        "tenant",
        Kind::Name(Entity::Tenant),
        Need::Optional("nobody's"),
        "Whose it is. On a shared storage system all works of nobody together count as one tenant of share 1.",
    ),
];

/// What any work must have; used while its kind is not known.
pub static WORK_ANY: TableSpec =
    TableSpec { header: "[work.NAME]", doc: "A work.", groups: &[COMMON], later: LATER, rules: &[] };

/// `kind = "copy"`
pub static WORK_COPY: TableSpec = TableSpec {
    header: "[work.NAME] kind = \"copy\"",
    doc: "A bulk copy from one storage system to another, or to several: hydration, replication, migration, distribution.",
    groups: &[
        COMMON,
        &[
            key("from", Kind::Name(Entity::Storage), Need::Required, "System that is read."),
            key("to", Kind::NameOrNames(Entity::Storage), Need::Required, "System that is written, or several."),
            key(
                "fan_out",
                Kind::Choice(FAN_OUTS),
                Need::Optional("required with several systems in `to`"),
                "How several systems get the bytes: all from the source; down a chain in the order of `to`, or each time to the nearest that has \
                 nothing yet; or down a tree that crosses a shared link once.",
            ),
            key(
                "chunk",
                Kind::Quantity(Dimension::Bytes),
                Need::Derived("`io_size`: what an operation brings is passed on when it is whole"),
                "What a relay must have before it begins to pass it on.",
            )
            .positive(MAX_BYTES),
            key("from_view", Kind::Text, Need::Optional("none"), "View of the system that is read."),
            key("to_view", Kind::Text, Need::Optional("none"), "View of the system that is written; of several, of each."),
            key("bytes", Kind::Quantity(Dimension::Bytes), Need::Required, "Amount to copy, to each system in `to`.").positive(MAX_BYTES),
            key(
                "pace",
                Kind::Quantity(Dimension::ByteRate),
                Need::Optional("as fast as it goes"),
                "Rate the copy limits itself to; of several transfers, each.",
            )
            .positive(MAX_RATE),
            key(
                "io_size",
                Kind::Quantity(Dimension::Bytes),
                assumed("8 MiB", "large sequential operations, one block of an object store"),
                "Bytes per operation on both systems.",
            )
            .within(1.0, 1e15),
            key(
                "clients",
                Kind::Whole(Dimension::Count),
                Need::Optional("as many as it takes"),
                "Nodes that carry the copy at the destination; each has at most `client_slots` operations outstanding on either system.",
            )
            .within(1.0, MAX_CLIENTS),
        ],
        WINDOWS,
        TRANSPORT,
    ],
    later: LATER,
    rules: &[],
};

/// `kind = "io"`
pub static WORK_IO: TableSpec = TableSpec {
    header: "[work.NAME] kind = \"io\"",
    doc: "A read, write or mixed load on one storage system, the way a benchmark drives it.",
    groups: &[
        COMMON,
        &[
            key(
                "storage",
                Kind::Name(Entity::Storage),
                Need::Optional("the home and the caches of `namespace`"),
                "System under load.",
            ),
            key(
                "namespace",
                Kind::Name(Entity::Namespace),
                Need::Optional("the load is on `storage`"),
                "Data that is read in place of a system: from its home, or through the cache at the site of the clients.",
            ),
            key("view", Kind::Text, Need::Optional("none"), "View of the system that it uses."),
            key(
                "protocol",
                Kind::Text,
                Need::Optional("that of the system itself"),
                "Protocol of the system that its clients speak.",
            ),
            key(
                "site",
                Kind::Name(Entity::Site),
                Need::Derived("the site of the storage system, or of the home of the namespace"),
                "Site of the clients.",
            ),
            key("clients", Kind::Whole(Dimension::Count), Need::Required, "Client nodes.").within(1.0, MAX_CLIENTS),
            key(
                "client_nic",
                Kind::Quantity(Dimension::ByteRate),
                assumed("200 Gbps", "a usual front-end NIC of a GPU node"),
                "NIC of one client, each direction.",
            )
            .positive(MAX_RATE),
            key(
                "io_size",
                Kind::Quantity(Dimension::Bytes),
                assumed("1 MiB", "large transfers, as bandwidth tests use"),
                "Bytes per operation.",
            )
            .within(1.0, 1e15),
            key(
                "queue_depth",
                Kind::Whole(Dimension::Count),
                assumed("64", "deep enough that latency does not limit large transfers"),
                "Outstanding operations per client.",
            )
            .within(1.0, 1e6),
            key(
                "open_files",
                Kind::Whole(Dimension::Count),
                Need::Optional("one; with `files` one for every outstanding operation"),
                "Files that one client has open at a time, each on `stripe_count` targets of a striped file system: few files keep few targets busy.",
            )
            .within(1.0, 1e6),
            key("pattern", Kind::Choice(&["read", "write", "mixed"]), Need::Required, "Reads, writes, or both."),
            key(
                "read_share",
                Kind::Quantity(Dimension::Ratio),
                Need::Optional("required with `pattern = \"mixed\"`"),
                "Share of payload bytes read in a mixed load, between 0 and 1.",
            )
            .within(1e-6, 0.999_999),
            key(
                "rate",
                Kind::Random(Dimension::Throughput),
                Need::Optional("saturating"),
                "Rate the whole load is paced to; a law is drawn once a replication.",
            )
            .positive(MAX_RATE),
            key(
                "ingest",
                Kind::Bool,
                assumed("false", "a benchmark writes its files over and over"),
                "Whether what it writes stays on the system; otherwise it overwrites in place and takes no space.",
            ),
            key(
                "retention",
                Kind::Quantity(Dimension::Duration),
                Need::Optional("kept for good"),
                "Time after which ingested bytes are deleted.",
            )
            .positive(CENTURY),
            key(
                "files",
                Kind::Table(&FILES),
                Need::Optional("files so large that opening them costs nothing"),
                "Files that it reads or writes whole, with their metadata operations.",
            ),
            key(
                "tiered",
                Kind::Table(&TIERED),
                Need::Optional("all reads are of the system itself"),
                "What it reads that lies on the `tier` of the system.",
            ),
            key(
                "loader",
                Kind::Table(&LOADER),
                Need::Optional("no accelerators: the clients read and write by themselves"),
                "Accelerators that read samples; with `pattern = \"read\"`.",
            ),
            key(
                "phases",
                Kind::Tables(&PHASE),
                Need::Optional("the same load all the time"),
                "Clients, rate or mix that change over time, at once or evenly.",
            ),
            key(
                "checkpoint",
                Kind::Table(&BURST),
                Need::Optional("no bursts: the load is steady"),
                "A checkpoint that all ranks save (`pattern = \"write\"`) or load (`pattern = \"read\"`) at once.",
            ),
        ],
        RHYTHM,
        TRANSPORT,
    ],
    later: LATER,
    rules: &[Rule::ExactlyOne(&["storage", "namespace"])],
};
