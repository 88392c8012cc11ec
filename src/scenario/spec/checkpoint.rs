//! `checkpoint` of an `io` work: bursts in which all ranks of a fleet save or load.

use super::{CENTURY, Kind, Need, Rule, TableSpec, assumed, cited, key};
use crate::units::Dimension;

/// The checkpoint of an `io` work.
pub(super) static BURST: TableSpec = TableSpec {
    header: "checkpoint",
    doc: "Bursts of all ranks at once: `pattern = \"write\"` saves a checkpoint, `pattern = \"read\"` loads it.",
    groups: &[&[
        key("model", Kind::Part("model"), Need::Optional("`parameters` are stated"), "Catalogue model, for its parameters."),
        key(
            "parameters",
            Kind::Quantity(Dimension::Count),
            Need::Part("parameters"),
            "Parameters of the model.",
        )
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
        key(
            "keep",
            Kind::Whole(Dimension::Count),
            Need::Optional("saves overwrite one another in place and take no room"),
            "Checkpoints that stay on the system. A save takes its room when it begins; the oldest beyond these goes when it is over.",
        )
        .within(1.0, 1e6),
        key(
            "stragglers",
            Kind::Table(&STRAGGLERS),
            Need::Optional("all ranks alike"),
            "Ranks that are slower than the others; a burst ends with the slowest.",
        ),
    ]],
    later: &[],
    rules: &[Rule::AtLeastOne(&["model", "parameters"])],
};

static STRAGGLERS: TableSpec = TableSpec {
    header: "stragglers",
    doc: "Slow ranks of a burst. Each is held to its part of what a rank may take by itself: its share of the client's NIC, its \
          outstanding operations, the window of its transport. Where the system gives every rank less than that, they are no slower.",
    groups: &[&[
        key(
            "share",
            Kind::Quantity(Dimension::Ratio),
            Need::Required,
            "Share of the ranks that is slow, rounded up to whole ranks.",
        )
        .positive(1.0),
        key("slowdown", Kind::Quantity(Dimension::Factor), Need::Required, "How many times slower one is by itself.")
            .within(1.0, 1e6),
    ]],
    later: &[],
    rules: &[],
};
