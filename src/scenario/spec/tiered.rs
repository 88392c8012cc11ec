//! `tiered` of an `io` work: what it reads that lies on the tier of its system.

use super::{CENTURY, Kind, MAX_BYTES, Need, TableSpec, assumed, key};
use crate::units::Dimension;

/// The tiered reads of an `io` work.
pub(super) static TIERED: TableSpec = TableSpec {
    header: "tiered",
    doc: "What it reads that lies on the `tier` of its system: a stated `share`, or what was not read `unread` long of `data` read by a popularity.",
    groups: &[&[
        key(
            "share",
            Kind::Quantity(Dimension::Ratio),
            Need::Optional("it follows from `unread`"),
            "Share of the bytes read that lies on the tier.",
        )
        .within(0.0, 1.0),
        key(
            "unread",
            Kind::Quantity(Dimension::Duration),
            Need::Optional("the share is stated"),
            "Objects that were not read for so long lie on the tier, until they are read again: tiering by access, in its steady state.",
        )
        .positive(CENTURY),
        key("data", Kind::Quantity(Dimension::Bytes), Need::Optional("required with `unread`"), "Bytes of the data that it reads.")
            .positive(MAX_BYTES),
        key(
            "object_size",
            Kind::Quantity(Dimension::Bytes),
            assumed("64 MB", "as in a namespace; the share hardly depends on it where there are many objects"),
            "Bytes of one object, which moves as a whole.",
        )
        .within(1.0, 1e15),
        key(
            "popularity",
            Kind::Choice(&["uniform", "zipf", "working-set", "epochs", "scan"]),
            assumed("epochs", "training reads everything once an epoch, shuffled"),
            "How objects are read, as in a namespace.",
        ),
        key(
            "exponent",
            Kind::Quantity(Dimension::Factor),
            Need::Optional("required with `popularity = \"zipf\"`"),
            "Exponent of Zipf's law.",
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
            "promote",
            Kind::Bool,
            assumed("true", "a read brings the object back, as tiers by access do"),
            "Whether what is read on the tier is written to the system again.",
        ),
    ]],
    later: &[],
    rules: &[],
};
