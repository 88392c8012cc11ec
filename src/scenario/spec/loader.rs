//! `loader` of an `io` work: accelerators that read samples.

use super::{Kind, Need, TableSpec, assumed, cited, key};
use crate::units::Dimension;

/// The data loader of an `io` work.
pub(super) static LOADER: TableSpec = TableSpec {
    header: "loader",
    doc: "Accelerators that step together and read their samples from the system, as MLPerf Storage drives one.",
    groups: &[&[
        key("accelerators", Kind::Whole(Dimension::Gpus), Need::Required, "Accelerators, spread over the clients.")
            .within(1.0, 1e8),
        key("sample", Kind::Quantity(Dimension::Bytes), Need::Required, "Bytes of a sample, in the mean.")
            .within(1.0, 1e15),
        key(
            "sample_sd",
            Kind::Quantity(Dimension::Bytes),
            assumed("0 B", "samples of one size"),
            "Standard deviation of the bytes of a sample: drawn normal, cut off at zero.",
        )
        .within(0.0, 1e15),
        key(
            "samples_per_file",
            Kind::Whole(Dimension::Count),
            assumed("1", "a file per sample, the harder case"),
            "Samples in one file.",
        )
        .within(1.0, 1e9),
        key("batch", Kind::Whole(Dimension::Count), Need::Required, "Samples of one accelerator in a step.")
            .within(1.0, 1e9),
        key("compute", Kind::Quantity(Dimension::Duration), Need::Required, "Computing time of a step.")
            .within(1e-4, 86_400.0),
        key(
            "overhead",
            Kind::Quantity(Dimension::Duration),
            assumed("0 s", "software that costs nothing: utilisation is an upper bound"),
            "Time of a step that is neither computing nor waiting for data.",
        )
        .within(0.0, 86_400.0),
        key(
            "readers",
            Kind::Whole(Dimension::Count),
            cited("4", "MLPerf Storage: read_threads of unet3d and cosmoflow"),
            "Reading threads of one accelerator, one operation outstanding each.",
        )
        .within(1.0, 1e5),
        key(
            "prefetch",
            Kind::Whole(Dimension::Count),
            assumed("2", "two batches ahead, as loaders usually start with"),
            "Batches that the readers may be ahead; 0: reading and computing alternate.",
        )
        .within(0.0, 1e4),
        key(
            "open_operations",
            Kind::Whole(Dimension::Count),
            assumed("1", "one round trip opens a file"),
            "Operations before the first byte of a file.",
        )
        .within(0.0, 100.0),
    ]],
    later: &[],
    rules: &[],
};
