//! `checkpoint` of an `io` work: bursts in which all ranks of a fleet save or load.

use super::{CENTURY, Kind, Need, TableSpec, assumed, cited, key};
use crate::units::Dimension;

/// The checkpoint of an `io` work.
pub(super) static BURST: TableSpec = TableSpec {
    header: "checkpoint",
    doc: "Bursts of all ranks at once: `pattern = \"write\"` saves a checkpoint, `pattern = \"read\"` loads it.",
    groups: &[&[
        key("parameters", Kind::Quantity(Dimension::Count), Need::Required, "Parameters of the model.")
            .within(1.0, 1e18),
        key(
            "bytes_per_parameter",
            Kind::Quantity(Dimension::Bytes),
            cited("14 B", "MLPerf Storage: 2 of 16-bit weights, 12 of fp32 weights and Adam moments"),
            "Bytes of a checkpoint per parameter.",
        )
        .positive(1e3),
        key("ranks", Kind::Whole(Dimension::Gpus), Need::Required, "Ranks, spread over the clients.").within(1.0, 1e8),
        key(
            "replicas",
            Kind::Whole(Dimension::Count),
            assumed("1", "one copy of the model over all ranks"),
            "Data-parallel replicas; each loads the whole checkpoint. Without effect on a save, which writes each byte once.",
        )
        .within(1.0, 1e8),
        key(
            "every",
            Kind::Quantity(Dimension::Duration),
            Need::Optional("once, when the work starts"),
            "Time from the beginning of one burst to that of the next; the first begins with the work.",
        )
        .positive(CENTURY),
    ]],
    later: &[],
    rules: &[],
};
