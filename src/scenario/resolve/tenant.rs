//! Tenants and views: whose works are, what systems promise, and whether they can keep it.

use super::Resolver;
use super::quota::arrives;
use super::storage::Size;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::economics::Stage;
use crate::scenario::plan::{Lane, LaneQuota, Plan, Storage, Tenant, Work, WorkKind};
use crate::scenario::read::record::Record;
use crate::scenario::read::{string_place, undefined};
use crate::scenario::spec::Entity;
use crate::units::{Dimension, display, print};

/// Keys of reserves and caps, in the order of the arrays of [`Lane`].
const RESERVES: [&str; 3] = ["read_reserve", "write_reserve", "ops_reserve"];
const CAPS: [&str; 3] = ["read_cap", "write_cap", "ops_cap"];

impl Resolver<'_> {
    pub(super) fn tenant(&mut self, record: &Record) -> Option<Tenant> {
        Some(Tenant { name: record.name.clone(), share: record.number("share")? })
    }

    /// What a system promises: tenants first, then views, each in order of name.
    pub(super) fn lanes(&mut self, record: &Record, size: &Size) -> Option<Vec<Lane>> {
        let tenants = record.tables("tenant").iter().map(|lane| {
            let tenant = self.index_of(Entity::Tenant, &lane.name, &lane.place)?;
            let share = lane.number("share").unwrap_or_else(|| {
                let share = self.records("tenant")[tenant].num("share");
                let shown = print(share, Dimension::Factor);
                self.reader.ledger.derived(lane.address_of("share"), shown, format!("tenant.{}.share", lane.name));
                share
            });
            self.lane((record, size), lane, Some(tenant), share)
        });
        let mut lanes: Vec<Option<Lane>> = tenants.collect();
        lanes.extend(
            record.tables("view").iter().map(|lane| self.lane((record, size), lane, None, lane.number("share")?)),
        );
        self.check_holds(record);
        let good = !record.broken.contains(&"tenant") && !record.broken.contains(&"view");
        lanes.into_iter().collect::<Option<Vec<_>>>().filter(|_| good)
    }

    fn lane(&mut self, on: (&Record, &Size), record: &Record, tenant: Option<usize>, share: f64) -> Option<Lane> {
        let quota = self.lane_quota(on, record);
        let reserve = RESERVES.map(|key| record.number(key).unwrap_or(0.0));
        let cap = CAPS.map(|key| record.number(key).unwrap_or(f64::INFINITY));
        let mut good = true;
        for at in (0..3).filter(|&at| cap[at] < reserve[at]) {
            let dim = if at == 2 { Dimension::OpRate } else { Dimension::Throughput };
            let (cap, reserve) = (display(cap[at], dim), display(reserve[at], dim));
            let message = format!("'{}' is {cap}, below the {reserve} that are reserved", record.address_of(CAPS[at]));
            let found = Diagnostic::new("E0514", message).at(record.place_of(CAPS[at]));
            let help = "raise the cap, or lower the reserve to it";
            self.report(found.also(record.place_of(RESERVES[at]), "the reserve").help(help));
            good = false;
        }
        good.then_some(Lane { name: record.name.clone(), tenant, share, reserve, cap, quota: quota? })
    }

    /// The tenant of a work.
    pub(super) fn tenant_of(&mut self, record: &Record) -> Option<Option<usize>> {
        if record.wrote("tenant") { self.named(record, "tenant", Entity::Tenant).map(Some) } else { Some(None) }
    }

    /// The views that a work uses.
    pub(super) fn views_of(&mut self, record: &Record, kind: &WorkKind) -> Option<Vec<(usize, usize)>> {
        match kind {
            WorkKind::Copy(copy) => {
                let to = copy.to.iter().map(|&to| (record, "to_view", to));
                let keys: Vec<_> = std::iter::once((record, "from_view", copy.from)).chain(to).collect();
                self.views(&keys)
            }
            WorkKind::Io(io) if io.namespace.is_some() => {
                // Its bytes come from home and cache in one flow, which has no single owner on either.
                for key in ["tenant", "view"].into_iter().filter(|key| record.wrote(key)) {
                    let message = format!("'{key}' does not fit 'namespace': reads through caches are nobody's");
                    let found = Diagnostic::new("E0107", message).at(record.place_of(key));
                    let found = found.also(record.place_of("namespace"), "the namespace");
                    self.report(found.help("remove it, or read the system itself with 'storage'"));
                }
                Some(Vec::new())
            }
            WorkKind::Io(io) => self.views(&[(record, "view", io.storage)]),
            WorkKind::Trace(_) => Some(Vec::new()),
            WorkKind::Rl(rl) => match record.table("checkpoint").zip(rl.checkpoint) {
                Some((table, checkpoint)) => self.views(&[(table, "view", checkpoint.storage)]),
                None => Some(Vec::new()),
            },
        }
    }

    fn views(&mut self, keys: &[(&Record, &str, usize)]) -> Option<Vec<(usize, usize)>> {
        let written = keys.iter().filter(|(record, key, _)| record.wrote(key));
        written.map(|(record, key, storage)| Some((*storage, self.view(record, key, *storage)?))).collect()
    }

    /// The lane of a view on a system, by name.
    fn view(&mut self, record: &Record, key: &str, storage: usize) -> Option<usize> {
        let name = record.text(key)?.to_owned();
        let system = &self.records("storage")[storage];
        let (tenants, views) = (system.tables("tenant").len(), system.tables("view"));
        let names: Vec<&str> = views.iter().map(|view| view.name.as_str()).collect();
        if let Some(at) = names.iter().position(|known| *known == name) {
            return Some(tenants + at);
        }
        let known = if self.reader.findings.suggests() { &names[..] } else { &[] };
        let place = string_place(record.place_of(key), &name);
        let found = undefined("view", &format!("views of '{}'", system.name), &name, &place, known);
        let help = format!("write [storage.{}.view.{name}]", system.name);
        let found = if names.is_empty() { found.help(help) } else { found };
        self.report(found);
        None
    }

    /// Tenants share every system that one of their works uses, also where the system promises them nothing.
    pub(super) fn join_lanes(&mut self, plan: &mut Plan) {
        for work in &plan.works {
            let Some(tenant) = work.tenant else { continue };
            for (storage, ..) in work.storages() {
                let lanes = &mut plan.storages[storage].lanes;
                if !lanes.iter().any(|lane| lane.tenant == Some(tenant)) {
                    let Tenant { name, share } = plan.tenants[tenant].clone();
                    let (reserve, cap, quota) = ([0.0; 3], [f64::INFINITY; 3], LaneQuota::default());
                    lanes.push(Lane { name, tenant: Some(tenant), share, reserve, cap, quota });
                }
            }
        }
    }

    pub(super) fn check_lanes(&mut self, plan: &Plan) {
        for (index, tenant) in plan.tenants.iter().enumerate() {
            if !plan.works.iter().any(|work| work.tenant == Some(index)) {
                let message = format!("no work is of tenant '{}'", tenant.name);
                let place = self.place_of("tenant", &tenant.name);
                self.report(Diagnostic::new("W0604", message).at(&place));
            }
        }
        for (index, storage) in plan.storages.iter().enumerate() {
            let lanes = storage.lanes.iter().enumerate().map(|(l, lane)| (lane, works_of(plan, index, l)));
            let lanes: Vec<(&Lane, Vec<&Work>)> = lanes.collect();
            for (lane, works) in &lanes {
                self.check_lane(plan, index, lane, works);
            }
            self.check_reserves(index, storage, &lanes);
        }
    }

    /// A lane that no work uses, or limits on what none of its works does.
    fn check_lane(&mut self, plan: &Plan, index: usize, lane: &Lane, works: &[&Work]) {
        let storage = &plan.storages[index];
        let Some(record) = self.lane_record(storage, lane).cloned() else { return };
        self.check_lane_quota(plan, index, &record, lane, works);
        if works.is_empty() && !arrives(plan, index, lane) && !publishes(plan, index, lane) {
            let message = match lane.tenant {
                Some(_) => format!("no work of tenant '{}' uses '{}'", lane.name, storage.name),
                None => format!("no work uses view '{}' of '{}'", lane.name, storage.name),
            };
            self.report(Diagnostic::new("W0604", message).at(&record.place));
            return;
        }
        let moves: Vec<[f64; 2]> =
            works.iter().flat_map(|w| w.storages()).filter(|u| u.0 == index).map(|u| u.1).collect();
        for (at, word) in ["reads", "writes"].into_iter().enumerate() {
            let idle = moves.iter().all(|shares| shares[at] <= 0.0);
            for key in [RESERVES[at], CAPS[at]] {
                if idle && record.wrote(key) {
                    let message = format!("'{key}' has no effect: no work of '{}' {word} there", lane.name);
                    self.report(Diagnostic::new("W0609", message).at(record.place_of(key)));
                }
            }
            // The two directions of a mixed load move together.
            let mixed = moves.iter().any(|shares| shares.iter().all(|share| *share > 0.0 && *share < 1.0));
            if mixed && record.wrote(RESERVES[at]) && !record.wrote(RESERVES[1 - at]) {
                let message = format!("'{}' does not hold for the mixed loads of '{}'", RESERVES[at], lane.name);
                let found = Diagnostic::new("W0609", message).at(record.place_of(RESERVES[at]));
                self.report(found.help(format!("a mixed load holds both or none: write '{}' too", RESERVES[1 - at])));
            }
        }
    }

    /// What is reserved on a system must fit into each of its parts while nothing is lost, with writes in the steady
    /// state, and with the operations that the works of a lane need for it.
    fn check_reserves(&mut self, index: usize, storage: &Storage, lanes: &[(&Lane, Vec<&Work>)]) {
        let mut sum = [0.0; 3];
        for (lane, works) in lanes {
            let part = demand(index, lane, works);
            for (sum, part) in sum.iter_mut().zip(part) {
                *sum += part;
            }
            if part.iter().all(|part| *part <= 0.0) {
                continue;
            }
            let fill = |stage: &Stage| stage.share([sum[0], sum[1], sum[2], 0.0]);
            let Some(worst) = storage.economics.stages.iter().max_by(|a, b| fill(a).total_cmp(&fill(b))) else {
                return;
            };
            if fill(worst) > 1.0 + 1e-9 {
                let Some(record) = self.lane_record(storage, lane).cloned() else { return };
                let key = RESERVES.into_iter().find(|key| record.wrote(key)).unwrap_or(RESERVES[0]);
                let message = format!(
                    "the reserves on '{}' do not fit: up to this one, {} read, {} written and {} would fill '{}' to {}",
                    storage.name,
                    display(sum[0], Dimension::Throughput),
                    display(sum[1], Dimension::Throughput),
                    display(sum[2], Dimension::OpRate),
                    worst.resource,
                    display(fill(worst), Dimension::Ratio),
                );
                let found = Diagnostic::new("E0514", message).at(record.place_of(key));
                self.report(
                    found.help("lower the reserves of tenants and views together, or give the system more units"),
                );
                return;
            }
        }
    }

    /// Where the promises of a lane are written.
    fn lane_record(&self, storage: &Storage, lane: &Lane) -> Option<&Record> {
        let table = if lane.tenant.is_some() { "tenant" } else { "view" };
        let system = self.record_of("storage", &storage.name)?;
        system.tables(table).iter().find(|record| record.name == lane.name)
    }

    /// Whether a system has a view of this name.
    pub(super) fn view_problem(&self, storage: &str, view: &str) -> Option<String> {
        let views = self.record_of("storage", storage)?.tables("view");
        (!views.iter().any(|v| v.name == view)).then(|| format!("'{storage}' has no view '{view}'"))
    }

    /// Whether a system promises a tenant (or one of its views) anything.
    pub(super) fn reserve_problem(&self, tenant: &str) -> Option<String> {
        let of = |record: &&Record| record.name == tenant;
        let lanes = self.records("storage").iter().flat_map(|s| s.tables("tenant").iter().filter(of));
        let promised = lanes.into_iter().any(|lane| RESERVES.iter().any(|key| lane.wrote(key)));
        (!promised).then(|| format!("nothing is reserved for '{tenant}'"))
    }
}

/// Works that use a lane of a system.
fn works_of(plan: &Plan, storage: usize, lane: usize) -> Vec<&Work> {
    let uses = |work: &&Work| match plan.storages[storage].lanes[lane].tenant {
        Some(tenant) => work.tenant == Some(tenant) && work.storages().iter().any(|used| used.0 == storage),
        None => work.views.contains(&(storage, lane)),
    };
    plan.works.iter().filter(uses).collect()
}

/// Whether a loop of a tenant publishes its weights through a system: they count against its quota.
fn publishes(plan: &Plan, storage: usize, lane: &Lane) -> bool {
    let through = |work: &Work| matches!(&work.kind, WorkKind::Rl(rl) if rl.weights.store == Some(storage));
    lane.tenant.is_some() && plan.works.iter().any(|work| work.tenant == lane.tenant && through(work))
}

/// Bytes read, bytes written and operations per second that the reserves of a lane can come to. Reserved operations
/// carry bytes, and reserved bytes need operations, as large as its works have them.
fn demand(storage: usize, lane: &Lane, works: &[&Work]) -> [f64; 3] {
    let [read, write, ops] = lane.reserve;
    let uses: Vec<_> = works.iter().flat_map(|work| work.storages()).filter(|used| used.0 == storage).collect();
    let sizes = |at: usize| uses.iter().filter(move |used| used.1[at] > 0.0).map(|used| used.2);
    let most = |at: usize| sizes(at).fold(0.0, f64::max);
    let operations = |at: usize, bytes: f64| bytes / sizes(at).fold(f64::INFINITY, f64::min);
    [read.max(ops * most(0)), write.max(ops * most(1)), ops.max(operations(0, read) + operations(1, write))]
}
