//! `[namespace.*]`

use super::{CENTURY, Entity, Key, Kind, MAX_BYTES, MAX_RATE, Need, TableSpec, assumed, cited, key};
use crate::units::Dimension;

/// `[namespace.*]`
pub static NAMESPACE: TableSpec = TableSpec {
    header: "[namespace.NAME]",
    doc: "Data that is homed on one storage system and read at any site, through caches.",
    groups: &[NAMESPACE_KEYS],
    later: &[],
    rules: &[],
};

const NAMESPACE_KEYS: &[Key] = &[
    key("home", Kind::Name(Entity::Storage), Need::Required, "System that holds all of it; the data takes room there."),
    key("data", Kind::Quantity(Dimension::Bytes), Need::Required, "Bytes of data.").positive(MAX_BYTES),
    key(
        "object_size",
        Kind::Quantity(Dimension::Bytes),
        assumed("64 MB", "a shard of training data; hit ratios hardly depend on it where there are many objects"),
        "Bytes of one object, which a cache takes or evicts as a whole.",
    )
    .within(1.0, 1e15),
    key(
        "popularity",
        Kind::Choice(&["uniform", "zipf", "working-set", "epochs", "scan"]),
        assumed("epochs", "training reads everything once an epoch, shuffled"),
        "How objects are read: `uniform`, `zipf` and `working-set` are independent requests; `epochs` reads everything once, \
         shuffled anew each time, `scan` in the same order each time.",
    ),
    key(
        "exponent",
        Kind::Quantity(Dimension::Factor),
        Need::Optional("required with `popularity = \"zipf\"`"),
        "Exponent of Zipf's law: the object of rank i is read in proportion to i^-exponent.",
    )
    .within(0.0, 3.0),
    key(
        "hot_share",
        Kind::Quantity(Dimension::Ratio),
        Need::Optional("required with `popularity = \"working-set\"`"),
        "Share of the objects that is hot.",
    )
    .within(1e-6, 0.999_999),
    key(
        "hot_requests",
        Kind::Quantity(Dimension::Ratio),
        Need::Optional("required with `popularity = \"working-set\"`"),
        "Share of the requests that goes to the hot objects.",
    )
    .within(1e-6, 0.999_999),
    key(
        "publish",
        Kind::Table(&PUBLISH),
        Need::Optional("the data never changes"),
        "New data at the home, which makes what caches hold of it out of date.",
    ),
    key(
        "caches",
        Kind::Tables(&CACHE),
        Need::Optional("every read goes to the home"),
        "Caches, at most one at a site.",
    ),
    key(
        "replicas",
        Kind::Tables(&REPLICA),
        Need::Optional("the home has the only copy"),
        "Other systems that hold a copy and follow what is written at home.",
    ),
];

/// One of `replicas`.
static REPLICA: TableSpec = TableSpec {
    header: "replicas",
    doc: "A copy of the namespace on another system: clients at its site read it, and what is written at home follows there.",
    groups: &[&[
        key(
            "to",
            Kind::Name(Entity::Storage),
            Need::Required,
            "System that holds the copy; its part takes room there from the start.",
        ),
        key(
            "share",
            Kind::Quantity(Dimension::Ratio),
            cited("100 %", "a copy is a whole one unless its part is stated"),
            "Share of the data that is copied, and of each write.",
        )
        .positive(1.0),
        key(
            "part",
            Kind::Choice(&["any", "hottest"]),
            assumed("any", "a part that was chosen without regard to how it is read"),
            "Which part, where it is not all: any, which serves its share of the reads at its site, or the objects read most.",
        ),
        key(
            "mode",
            Kind::Choice(&["async", "sync"]),
            assumed("async", "what object services and file systems do between regions"),
            "`async`: home acknowledges a write and the copy follows; `sync`: a write is acknowledged when the copy has it.",
        ),
        key(
            "pace",
            Kind::Quantity(Dimension::ByteRate),
            Need::Optional("as fast as it goes"),
            "Rate at which the copy follows, at most.",
        )
        .positive(MAX_RATE),
        key(
            "priority",
            Kind::Whole(Dimension::Count),
            assumed("1", "background work, below works that have 5"),
            "0 to 9 on the scale of works.",
        )
        .within(0.0, 9.0),
    ]],
    later: &[],
    rules: &[],
};

/// `publish`
static PUBLISH: TableSpec = TableSpec {
    header: "publish",
    doc: "New data at the home from time to time; caches drop what is out of date.",
    groups: &[&[
        key("every", Kind::Quantity(Dimension::Duration), Need::Required, "Time between two publications.")
            .within(1.0, CENTURY),
        key(
            "changed",
            Kind::Quantity(Dimension::Ratio),
            assumed("100 %", "all of it is new"),
            "Share of the data that is new each time, popular or not.",
        )
        .positive(1.0),
    ]],
    later: &[],
    rules: &[],
};

/// One of `caches`.
static CACHE: TableSpec = TableSpec {
    header: "caches",
    doc: "A cache of the namespace: clients at its site read through it.",
    groups: &[&[
        key("storage", Kind::Name(Entity::Storage), Need::Required, "System that holds the cache."),
        key(
            "size",
            Kind::Quantity(Dimension::Bytes),
            Need::Required,
            "Bytes set aside for it there, from the start. The hit ratio is a result.",
        )
        .positive(MAX_BYTES),
        key(
            "policy",
            Kind::Choice(&["lru", "fifo", "random", "static"]),
            assumed("lru", "the policy most file caches come close to"),
            "Which object makes room in a full cache: the one not read for longest, the first that came, any, or none (what \
             came first stays).",
        ),
        key(
            "prefetch",
            Kind::Quantity(Dimension::Bytes),
            Need::Optional("only what is read comes"),
            "Bytes of the data to load from the start on, at most the size; what readers brought by then is skipped.",
        )
        .positive(MAX_BYTES),
        key(
            "prefetch_pace",
            Kind::Quantity(Dimension::ByteRate),
            Need::Optional("as fast as it goes"),
            "Rate the prefetch limits itself to.",
        )
        .positive(MAX_RATE),
        key(
            "prefetch_priority",
            Kind::Whole(Dimension::Count),
            assumed("2", "below works, which have 5"),
            "0 to 9 on the scale of works.",
        )
        .within(0.0, 9.0),
        key(
            "write_back",
            Kind::Quantity(Dimension::Bytes),
            Need::Optional("write-through: home acknowledges writes"),
            "Bytes that this cache acknowledges before they are at home, at most its size; beyond them writes go as fast as home takes \
             them.",
        )
        .positive(MAX_BYTES),
        key(
            "drain_pace",
            Kind::Quantity(Dimension::ByteRate),
            Need::Optional("as fast as it goes"),
            "Rate at which acknowledged writes go home, at most.",
        )
        .positive(MAX_RATE),
        key(
            "drain_priority",
            Kind::Whole(Dimension::Count),
            assumed("1", "background work, below works that have 5"),
            "0 to 9 on the scale of works.",
        )
        .within(0.0, 9.0),
    ]],
    later: &[],
    rules: &[],
};
