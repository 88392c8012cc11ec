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

const USED: &str = "Payload bytes that lie on systems at the end: its part of what was held at the start, what its works copied \
    and ingested less what has expired, its checkpoints. What has moved on to a tier counts there, where the tenant uses that \
    system, too. Never more than its hard quotas.";
const REFUSED: &str = "Bytes of its works that were refused over the whole run, by its own quotas or because the system was full: \
    what copies and checkpoints could not place, and what loads that ingest offered meanwhile.";
const FULL: &str = "When a hard quota is reached; over several systems, the first of them. A date within the run is when it \
    happened; a later one is projected. Null when it does not grow. Only with a hard quota.";
const SOFT: &str = "When a soft quota is passed; over several systems, the first of them. A run in which it is says so in a \
    note. Only with a soft quota.";
const USED_FORMULA: &str = "held + copied + ingested − expired";
const REFUSED_FORMULA: &str = "bytes offered − bytes accepted";
const FULL_FORMULA: &str = "first instant with used ≥ hard quota";
const SOFT_FORMULA: &str = "first instant with used ≥ soft quota";

/// Tenants and views.
pub(super) const TENANT: &[Kpi] = &[
    kpi("tenant.*.read_rate", "B/s", D::Throughput, NONE, "payload bytes read by the tenant's works / time", READ),
    kpi("tenant.*.write_rate", "B/s", D::Throughput, NONE, "payload bytes written by the tenant's works / time", WRITE),
    kpi("tenant.*.ops_rate", "op/s", D::OpRate, NONE, "operations of the tenant's works / time", OPS),
    kpi("tenant.*.reserve_met", "1", D::Ratio, &[Stat::Fraction], MET_FORMULA, MET),
    kpi("tenant.*.used", "B", D::Bytes, NONE, USED_FORMULA, USED),
    kpi("tenant.*.refused", "B", D::Bytes, NONE, REFUSED_FORMULA, REFUSED),
    kpi("tenant.*.full_date", "date", D::Date, NONE, FULL_FORMULA, FULL),
    kpi("tenant.*.soft_quota_date", "date", D::Date, NONE, SOFT_FORMULA, SOFT),
    kpi("storage.*.view.*.read_rate", "B/s", D::Throughput, NONE, "payload bytes read in the view / time", READ),
    kpi("storage.*.view.*.write_rate", "B/s", D::Throughput, NONE, "payload bytes written in the view / time", WRITE),
    kpi("storage.*.view.*.ops_rate", "op/s", D::OpRate, NONE, "operations in the view / time", OPS),
    kpi("storage.*.view.*.reserve_met", "1", D::Ratio, &[Stat::Fraction], MET_FORMULA, MET),
    kpi("storage.*.view.*.used", "B", D::Bytes, NONE, USED_FORMULA, USED),
    kpi("storage.*.view.*.refused", "B", D::Bytes, NONE, REFUSED_FORMULA, REFUSED),
    kpi("storage.*.view.*.full_date", "date", D::Date, NONE, FULL_FORMULA, FULL),
    kpi("storage.*.view.*.soft_quota_date", "date", D::Date, NONE, SOFT_FORMULA, SOFT),
];
