//! `files` of an `io` work: a load of whole files, each with its metadata operations.

use super::{Kind, MAX_RATE, Need, TableSpec, key};
use crate::units::Dimension;

/// The files of an `io` work.
pub(super) static FILES: TableSpec = TableSpec {
    header: "files",
    doc: "Whole files, one after another: each takes its metadata operations and then its data, `io_size` at a time.",
    groups: &[&[
        key("size", Kind::Quantity(Dimension::Bytes), Need::Required, "Bytes of a file; an empty file counts as 1 B.")
            .within(1.0, 1e15),
        key(
            "operations",
            Kind::Whole(Dimension::Count),
            Need::Derived("3: open or create, attributes, close; 0 on an object service, whose requests name the object (assumption)"),
            "Metadata operations of one file.",
        )
        .within(0.0, 1000.0),
        key(
            "rate",
            Kind::Quantity(Dimension::OpRate),
            Need::Optional("`rate` of the work, or saturating"),
            "Files per second that the whole load is paced to, such as `20 kop/s`.",
        )
        .positive(MAX_RATE),
    ]],
    later: &[],
    rules: &[],
};
