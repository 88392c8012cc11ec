//! KPIs of tenants, over all systems they use, and of views, each on one system.

use super::registry::{Kpi, NONE, Stat, kpi};
use crate::units::Dimension as D;

const READ: &str = "Payload that was read. The mean runs over the whole measured time, idle time included.";
const WRITE: &str = "Payload that was written. The mean runs over the whole measured time, idle time included.";
const OPS: &str = "Operations of all loads, whatever they moved. The mean runs over the whole measured time.";
const MET: &str = "Share of the time with a claim on a reserve in which what was moved reached it. A claim is what active \
    clients could take by themselves: their network interface, their queue depth, their own pace. A mixed load claims what both \
    directions together allow. While nodes or devices are lost, reserves shrink in proportion, and that time counts as \
    not met where it shows. Null where nobody had a claim.";
const MET_FORMULA: &str = "time with every reserve met / time with a claim on a reserve";

/// Tenants and views.
pub(super) const TENANT: &[Kpi] = &[
    kpi("tenant.*.read_rate", "B/s", D::Throughput, NONE, "payload bytes read by the tenant's works / time", READ),
    kpi("tenant.*.write_rate", "B/s", D::Throughput, NONE, "payload bytes written by the tenant's works / time", WRITE),
    kpi("tenant.*.ops_rate", "op/s", D::OpRate, NONE, "operations of the tenant's works / time", OPS),
    kpi("tenant.*.reserve_met", "1", D::Ratio, &[Stat::Fraction], MET_FORMULA, MET),
    kpi("storage.*.view.*.read_rate", "B/s", D::Throughput, NONE, "payload bytes read in the view / time", READ),
    kpi("storage.*.view.*.write_rate", "B/s", D::Throughput, NONE, "payload bytes written in the view / time", WRITE),
    kpi("storage.*.view.*.ops_rate", "op/s", D::OpRate, NONE, "operations in the view / time", OPS),
    kpi("storage.*.view.*.reserve_met", "1", D::Ratio, &[Stat::Fraction], MET_FORMULA, MET),
];
