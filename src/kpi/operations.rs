//! KPIs of the operations of storage systems.

use super::registry::{Kpi, LAW, NONE, kpi};
use crate::units::Dimension as D;

/// Time of operations.
pub(super) const OPERATIONS: &[Kpi] = &[
    kpi(
        "storage.*.latency",
        "s",
        D::Duration,
        LAW,
        "base latency + size / stream + round trip + wait; with all slots in use: outstanding / operations per second",
        "Time of an operation of io loads and data loaders, from when its client sends it until it is complete, the round trip to the site \
         included. Mean and percentiles run over the operations served in the measured part. A load that keeps its pace \
         waits as in M/M/c with the operations that the system has room for as servers (Allen and Cunneen for the spread of \
         service); one whose slots are always in use takes outstanding / rate by Little's law. Waiting for a slot in the client is \
         not in it. Copies, checkpoints, reads through a namespace and metadata operations (metadata_latency) are not counted. Null where there were no such \
         operations.",
    ),
    kpi(
        "storage.*.read_latency",
        "s",
        D::Duration,
        LAW,
        "as latency, of reads",
        "Time of a read of io loads and data loaders. Null where nothing was read by them.",
    ),
    kpi(
        "storage.*.write_latency",
        "s",
        D::Duration,
        LAW,
        "as latency, of writes",
        "Time of a write of io loads until it is acknowledged. Null where nothing was written by them.",
    ),
    kpi(
        "storage.*.metadata_latency",
        "s",
        D::Duration,
        LAW,
        "metadata latency + round trip + wait; with all slots in use: what data operations leave of outstanding / metadata operations per second",
        "Time of a metadata operation (open, create, attributes, close) of io loads with `files` and of data loaders that open files, the round trip \
         included. They wait at `metadata_operations`, or where the system states none at `operations`, with those on data. Only where there were such operations.",
    ),
    kpi(
        "storage.*.metadata_rate",
        "op/s",
        D::OpRate,
        NONE,
        "metadata operations / time",
        "Creates, opens, attributes, closes of io loads with `files`, and the files that data loaders open. They are not in ops_rate. Only where \
         there are such loads.",
    ),
    kpi(
        "storage.*.files_rate",
        "/s",
        D::PerTime,
        NONE,
        "files / time",
        "Files read and written whole by io loads with `files`, and files that data loaders read, per second. Only where there are such.",
    ),
];
