//! Quotas of storage systems, and of tenants and views on them.

use super::Resolver;
use super::storage::Size;
use crate::kpi::Match;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Lane, LaneQuota, Plan, Work, WorkKind};
use crate::scenario::read::record::Record;
use crate::units::{Bytes, Dimension, display};

impl Resolver<'_> {
    /// Hard and soft quota: the hard one lies between what the system holds and its capacity, the soft one below it.
    pub(super) fn quota(&mut self, record: &Record, size: &Size) -> Option<(Bytes, Option<Bytes>)> {
        let Some(quota) = record.table("quota") else {
            return (!record.broken.contains(&"quota")).then_some((Bytes(size.capacity), None));
        };
        let (hard, soft) = (quota.number("hard"), quota.number("soft"));
        let shown = |bytes: f64| display(bytes, Dimension::Bytes);
        if self.below_holds(&format!("'{}'", record.name), record, quota) {
            return None;
        }
        if let Some(hard) = hard.filter(|hard| *hard > size.capacity) {
            let message =
                format!("the hard quota of '{}' has no effect: it holds {}", record.name, shown(size.capacity));
            let found = Diagnostic::new("W0609", message).at(quota.place_of("hard"));
            self.report(found.help(format!("{} are more than that", shown(hard))));
        }
        let limit = hard.unwrap_or(size.capacity).min(size.capacity);
        if let Some(soft) = soft.filter(|soft| *soft >= limit) {
            let message = format!(
                "the soft quota of '{}', {}, is never reached before the limit of {}",
                record.name,
                shown(soft),
                shown(limit)
            );
            let found = Diagnostic::new("E0510", message).at(quota.place_of("soft"));
            self.report(found.help("a soft quota warns before the hard quota or the capacity refuses"));
            return None;
        }
        Some((Bytes(limit), soft.map(Bytes)))
    }

    /// Whether a quota of `whose` is below what `held` holds at the start; each that is, is reported.
    fn below_holds(&mut self, whose: &str, held: &Record, quota: &Record) -> bool {
        let holds = held.number("holds").unwrap_or(0.0);
        let shown = |bytes: f64| display(bytes, Dimension::Bytes);
        let mut below = false;
        for kind in ["hard", "soft"] {
            let Some(limit) = quota.number(kind).filter(|limit| *limit < holds) else { continue };
            let (limit, holds) = (shown(limit), shown(holds));
            let message = format!("the {kind} quota of {whose}, {limit}, is below the {holds} it holds at the start");
            let found = Diagnostic::new("E0510", message).at(quota.place_of(kind));
            self.report(found.also(held.place_of("holds"), "what it holds").help("raise the quota, or lower 'holds'"));
            below = true;
        }
        below
    }

    /// The quota of a tenant or view: the hard one lies between what it holds and what the system takes.
    pub(super) fn lane_quota(&mut self, (system, size): (&Record, &Size), lane: &Record) -> Option<LaneQuota> {
        if lane.broken.contains(&"quota") {
            return None;
        }
        let holds = lane.number("holds")?;
        let Some(quota) = lane.table("quota") else {
            return Some(LaneQuota { holds: Bytes(holds), ..LaneQuota::default() });
        };
        let (hard, soft) = (quota.number("hard"), quota.number("soft"));
        let whole = system.table("quota").and_then(|q| q.number("hard")).unwrap_or(size.capacity).min(size.capacity);
        let limit = hard.unwrap_or(whole).min(whole);
        let shown = |bytes: f64| display(bytes, Dimension::Bytes);
        let (name, on) = (&lane.name, &system.name);
        let mut good = !self.below_holds(&format!("'{name}' on '{on}'"), lane, quota);
        if let Some(hard) = hard.filter(|hard| *hard >= whole) {
            let message = format!("the hard quota of '{name}' has no effect: '{on}' takes {}", shown(whole));
            let found = Diagnostic::new("W0609", message).at(quota.place_of("hard"));
            self.report(found.help(format!("{} are not less than that", shown(hard))));
        }
        if let Some(soft) = soft.filter(|soft| *soft >= limit) {
            let (soft, limit) = (shown(soft), shown(limit));
            let message =
                format!("the soft quota of '{name}' on '{on}', {soft}, is never reached before the limit of {limit}");
            let found = Diagnostic::new("E0510", message).at(quota.place_of("soft"));
            self.report(found.help("a soft quota warns before bytes are refused"));
            good = false;
        }
        good.then_some(LaneQuota { hard: hard.map(Bytes), soft: soft.map(Bytes), holds: Bytes(holds) })
    }

    /// What tenants hold together, and what views do, is part of what the system holds.
    pub(super) fn check_holds(&mut self, system: &Record) {
        let all = system.number("holds").unwrap_or(0.0);
        for kind in ["tenant", "view"] {
            let mut sum = 0.0;
            for lane in system.tables(kind) {
                sum += lane.number("holds").unwrap_or(0.0);
                if sum > all * (1.0 + 1e-9) {
                    let shown = |bytes: f64| display(bytes, Dimension::Bytes);
                    let message = format!(
                        "{kind}s hold {} of '{}', which holds {} at the start",
                        shown(sum),
                        system.name,
                        shown(all)
                    );
                    let found = Diagnostic::new("E0510", message).at(lane.place_of("holds"));
                    self.report(found.also(system.place_of("holds"), "what the system holds"));
                    break;
                }
            }
        }
    }

    /// A quota matters where something comes that stays.
    pub(super) fn check_lane_quota(&mut self, plan: &Plan, on: usize, record: &Record, lane: &Lane, works: &[&Work]) {
        let comes = works.iter().any(|work| leaves_bytes(work, on)) || arrives(plan, on, lane);
        if !works.is_empty() && !comes && record.wrote("quota") {
            let message = format!("'quota' has no effect: nothing that '{}' writes there stays", lane.name);
            let found = Diagnostic::new("W0609", message).at(record.place_of("quota"));
            self.report(found.help("copies, checkpoints, and 'io' works with 'ingest = true' leave bytes on a system"));
        }
    }

    /// Whether a view has the quota that a KPI is about.
    pub(super) fn view_quota_problem(&self, storage: &str, view: &str, found: &Match) -> Option<String> {
        let key = quota_of(found)?;
        let of = |lane: &&Record| lane.name == view;
        let lane = self.record_of("storage", storage)?.tables("view").iter().find(of)?;
        (!has_quota(lane, key)).then(|| format!("view '{view}' of '{storage}' has no {key} quota"))
    }

    /// Whether a tenant has the quota that a KPI is about, on any system.
    pub(super) fn tenant_quota_problem(&self, tenant: &str, found: &Match) -> Option<String> {
        let key = quota_of(found)?;
        let of = |lane: &&Record| lane.name == tenant;
        let lanes = self.records("storage").iter().flat_map(|s| s.tables("tenant").iter().filter(of));
        (!lanes.into_iter().any(|lane| has_quota(lane, key))).then(|| format!("'{tenant}' has no {key} quota"))
    }
}

/// The quota that a KPI of a tenant or view is about.
fn quota_of(found: &Match) -> Option<&'static str> {
    match found.kpi.pattern.rsplit('.').next()? {
        "full_date" => Some("hard"),
        "soft_quota_date" => Some("soft"),
        _ => None,
    }
}

fn has_quota(lane: &Record, key: &str) -> bool {
    lane.table("quota").is_some_and(|quota| quota.number(key).is_some())
}

/// Whether a work leaves bytes on a system.
fn leaves_bytes(work: &Work, on: usize) -> bool {
    match &work.kind {
        WorkKind::Copy(copy) => copy.to.contains(&on),
        WorkKind::Io(io) => io.storage == on && (io.ingest || io.burst.is_some_and(|burst| burst.keep.is_some())),
        WorkKind::Rl(rl) => rl.checkpoint.is_some_and(|c| c.storage == on),
        WorkKind::Trace(_) => false,
    }
}

/// Whether what a tenant ingests elsewhere moves on to a system.
pub(super) fn arrives(plan: &Plan, on: usize, lane: &Lane) -> bool {
    let tiered = |storage: usize| plan.storages[storage].tier.is_some_and(|tier| tier.to == on);
    let comes = |work: &Work| match &work.kind {
        WorkKind::Io(io) => io.ingest && tiered(io.storage),
        _ => false,
    };
    lane.tenant.is_some_and(|tenant| plan.works.iter().any(|work| work.tenant == Some(tenant) && comes(work)))
}
