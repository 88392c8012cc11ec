//! KPIs of the operations of storage systems.

use super::registry::{Kpi, LAW, kpi};
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
         not in it. Copies, checkpoints and reads through a namespace are not counted. Null where there were no such \
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
];
