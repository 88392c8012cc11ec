//! `[tenant.*]`, and what a storage system promises tenants and views.

use super::storage::QUOTA;
use super::{Key, Kind, MAX_BYTES, MAX_RATE, Need, TableSpec, assumed, key};
use crate::units::Dimension;

/// Largest weight of a tenant; the smallest is one over it.
const MAX_SHARE: f64 = 1e6;

/// `[tenant.*]`
pub static TENANT: TableSpec = TableSpec {
    header: "[tenant.NAME]",
    doc: "Someone who shares storage systems with others; works say whose they are with `tenant`.",
    groups: &[&[key(
        "share",
        Kind::Quantity(Dimension::Factor),
        assumed("1", "all tenants alike"),
        "Weight against other tenants on every system that states none; split over the tenant's active clients.",
    )
    .within(1.0 / MAX_SHARE, MAX_SHARE)]],
    later: &[],
    rules: &[],
};

/// What a storage system promises.
pub(super) const LANES: &[Key] = &[
    key(
        "tenant",
        Kind::Named(&OF_TENANT),
        Need::Optional("tenants share by their weights"),
        "What tenants are promised on this system, by name.",
    ),
    key(
        "view",
        Kind::Named(&OF_VIEW),
        Need::Optional("no views"),
        "Views (paths) of the system with limits of their own, by name; works say which they use.",
    ),
];

static OF_TENANT: TableSpec = TableSpec {
    header: "[storage.NAME.tenant.NAME]",
    doc: "What a tenant is promised on this system, and what it may take at most.",
    groups: &[
        &[key(
            "share",
            Kind::Quantity(Dimension::Factor),
            Need::Derived("`share` of the tenant"),
            "Weight against other tenants on this system.",
        )
        .within(1.0 / MAX_SHARE, MAX_SHARE)],
        PROMISES,
        ROOM,
    ],
    later: &[],
    rules: &[],
};

static OF_VIEW: TableSpec = TableSpec {
    header: "[storage.NAME.view.NAME]",
    doc: "What users of a view are promised together, and what they may take at most.",
    groups: &[
        &[key(
            "share",
            Kind::Quantity(Dimension::Factor),
            assumed("1", "all views alike"),
            "Weight against the other views that the same tenant uses.",
        )
        .within(1.0 / MAX_SHARE, MAX_SHARE)],
        PROMISES,
        ROOM,
    ],
    later: &[],
    rules: &[],
};

const ROOM: &[Key] = &[
    key(
        "quota",
        Kind::Table(&QUOTA),
        Need::Optional("only the system limits it"),
        "Limits on what of it lies on the system.",
    ),
    key(
        "holds",
        Kind::Quantity(Dimension::Bytes),
        assumed("0 B", "what the system holds at the start is nobody's"),
        "What of the bytes that the system holds at the start are its own.",
    )
    .within(0.0, MAX_BYTES),
];

const PROMISES: &[Key] = &[
    reserve("read_reserve", "Bytes read per second that are granted before anybody else shares."),
    reserve("write_reserve", "Bytes written per second that are granted before anybody else shares."),
    key(
        "ops_reserve",
        Kind::Quantity(Dimension::OpRate),
        Need::Optional("nothing is promised"),
        "Operations per second that are granted before anybody else shares.",
    )
    .positive(MAX_RATE),
    cap("read_cap", "Bytes read per second at most."),
    cap("write_cap", "Bytes written per second at most."),
    key("ops_cap", Kind::Quantity(Dimension::OpRate), Need::Optional("no limit"), "Operations per second at most.")
        .positive(MAX_RATE),
];

const fn reserve(name: &'static str, doc: &'static str) -> Key {
    key(name, Kind::Quantity(Dimension::Throughput), Need::Optional("nothing is promised"), doc).positive(MAX_RATE)
}

const fn cap(name: &'static str, doc: &'static str) -> Key {
    key(name, Kind::Quantity(Dimension::Throughput), Need::Optional("no limit"), doc).positive(MAX_RATE)
}
