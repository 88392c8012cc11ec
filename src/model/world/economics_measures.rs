//! KPIs of accounts against what works ask of them, and of size and cost.

use super::storage_measures::Puts;
use super::{Task, World};
use crate::model::bulk::IoParams;
use crate::model::copies::Leg;
use crate::model::ids::{SiteId, StorageId};
use crate::model::paths::{Course, Files, RoutePolicy};
use crate::model::storage::StorageParams;
use crate::model::storage::economics::Offered;
use crate::model::storage::space::WHOLE;
use crate::units::SimTime;

/// Bytes of a petabyte, and bytes per second of a gigabyte per second.
const PB: f64 = 1e15;
const GB_PER_S: f64 = 1e9;
/// Requests that a price is for.
const PRICED: f64 = 1e4;
/// Seconds of a month of 730.5 hours.
const MONTH_S: f64 = 730.5 * 3600.0;

impl World {
    /// What works ask of a system: the largest sums over works that run at one time. Sums rise only where a work starts.
    fn offered(&mut self, now: SimTime, id: StorageId) -> Offered {
        let starts: Vec<SimTime> = self.works.iter().map(|w| w.starts).filter(|&t| t <= now).collect();
        let mut most = Offered::default();
        for at in starts {
            let mut sum = Offered::default();
            for index in 0..self.works.len() {
                let work = &self.works[index];
                if work.starts <= at && work.ends.is_none_or(|end| at < end) {
                    let asks = self.asks(index, id);
                    sum.read += asks.read;
                    sum.write += asks.write;
                    sum.operations += asks.operations;
                    sum.apart = [0, 1].map(|kind| sum.apart[kind] + asks.apart[kind]);
                }
            }
            most = most.max(sum);
        }
        most
    }

    /// Operations per byte that count in the limit of all of a system, those that its protocol makes of one included.
    fn operations_of(&self, (data, files, protocol): (f64, Files, Option<usize>), id: StorageId) -> f64 {
        let system = &self.storages[id.index()].params;
        let metadata = if system.limits.metadata.is_some() { 0.0 } else { files.metadata };
        (data + metadata) * protocol.map_or(1.0, |at| system.protocols[at].operations)
    }

    /// Bytes that a load reads from and writes to a system per byte of payload, where it uses it: its own, the tier of that, or what
    /// holds a copy of its namespace.
    fn part_of(&self, p: &IoParams, id: StorageId) -> Option<[f64; 2]> {
        if let Some(namespace) = p.namespace.map(|n| &self.namespaces[n.index()]).filter(|n| !n.replicas().is_empty()) {
            let written = 1.0 - p.read_share;
            let hits = namespace.replica_at(p.site).map_or(0.0, |copy| p.read_share * copy.hit);
            if p.storage == id {
                let followed: f64 = namespace.replicas().iter().filter(|r| !r.sync).map(|r| r.share * written).sum();
                return Some([p.read_share - hits + followed, written]);
            }
            let copy = namespace.replicas().iter().find(|r| r.storage == id)?;
            let near = copy.site == p.site && copy.site != namespace.site;
            return Some([if near { hits } else { 0.0 }, copy.share * written]);
        }
        let tier = self.storages[p.storage.index()].tier.zip(p.tiered);
        let far = tier.map_or(0.0, |(_, tiered)| p.read_share * tiered.share);
        let back = tier.filter(|(_, tiered)| tiered.promote).map_or(0.0, |_| far);
        if p.storage == id {
            return Some([p.read_share - far, 1.0 - p.read_share + back]);
        }
        tier.filter(|(tier, _)| tier.to == id).map(|_| [far, 0.0])
    }

    /// What one work asks of a system while it runs.
    fn asks(&mut self, index: usize, id: StorageId) -> Offered {
        let rates = |read: f64, write: f64, [all, data]: [f64; 2]| Offered {
            bytes: 0.0,
            read,
            write,
            operations: (read + write) * all,
            apart: [read * data, write * data],
        };
        match &self.works[index].task {
            Task::Io(io) if self.part_of(&io.params, id).is_some() => {
                // A load that grows asks for the highest pace it had, one that changes for the most of each phase.
                let highest = |p: &IoParams| match (io.steps.is_empty(), &io.pace) {
                    (true, Some(pace)) => pace.highest(p.clients).0,
                    _ => p.client_limit.0,
                };
                let phases = std::iter::once(&*io.first).chain(io.steps.iter().map(|(_, params)| params));
                let phases: Vec<(IoParams, f64)> = phases.map(|p| (*p, highest(p))).collect();
                phases.into_iter().fold(Offered::default(), |most, (p, limit)| {
                    let rtt = self.rtt((p.storage_site, p.site), p.transport.policy);
                    let each = limit.min(p.slots.rate(rtt)) * p.clients as f64;
                    let each_byte = [p.files, Files::default()];
                    let operations = each_byte.map(|files| self.operations_of((p.operations, files, p.protocol), id));
                    let [read, write] = self.part_of(&p, id).unwrap_or_default();
                    most.max(rates(each * read, each * write, operations))
                })
            }
            Task::Load(task) if task.params.storage == id => {
                let p = task.loader.params;
                let step = (p.compute.as_secs_f64() + p.overhead.as_secs_f64()).max(1e-9);
                let feed = task.params;
                let each_byte = [feed.files, Files::default()];
                let operations = each_byte.map(|files| self.operations_of((feed.operations, files, feed.protocol), id));
                rates(p.accelerators as f64 * p.batch * p.sample / step, 0.0, operations)
            }
            Task::Copy(copy) => {
                let legs = if copy.legs.is_empty() { self.legs_of(&copy.params) } else { copy.legs.clone() };
                let of = |leg: &Leg| {
                    let alone = leg.alone_s.filter(|s| *s > 0.0).map_or(0.0, |s| copy.params.bytes / s);
                    let pace = leg.store.min(copy.params.pace);
                    if pace.is_finite() { pace } else { alone }
                };
                let read = legs.iter().filter(|leg| leg.from.storage == Some(id)).map(of).sum();
                let written = legs.iter().filter(|leg| leg.to.storage == Some(id)).map(of).sum();
                rates(read, written, [copy.params.operations; 2])
            }
            Task::Rl(task) => match (task.checkpoint, task.rl.params.trainer.checkpoint) {
                (Some(path), Some(every)) if path.storage == id => {
                    rates(0.0, every.bytes / every.every.as_secs_f64(), [path.operations; 2])
                }
                _ => Offered::default(),
            },
            _ => Offered::default(),
        }
    }

    /// Round-trip time between two sites, seconds; zero within one, and where no way is left.
    pub(super) fn rtt(&mut self, (from, to): (SiteId, SiteId), policy: RoutePolicy) -> f64 {
        self.route(Course { from, to, policy }).0.map_or(0.0, |route| route.rtt.as_secs_f64())
    }

    pub(super) fn put_accounts(&mut self, now: SimTime, id: StorageId, params: &StorageParams, puts: &mut Puts<'_>) {
        let Some(service) = params.accounts else { return };
        let held = Offered { bytes: self.storages[id.index()].space.used(WHOLE), ..self.offered(now, id) };
        let needs = service.needs(params.asked.max(held));
        let needed = needs.iter().copied().fold(1.0, f64::max);
        puts.value("accounts", service.accounts);
        puts.value("accounts_needed", needed);
        for (what, accounts) in ["capacity", "ingress", "egress", "requests"].into_iter().zip(needs) {
            puts.value(&format!("accounts_for_{what}"), accounts);
        }
        let subscriptions = service.per_subscription.map(|most| (service.accounts / most).ceil());
        puts.or("subscriptions", subscriptions, "no limit of accounts per subscription is known");
        if needed > service.accounts {
            let what = ["capacity", "ingress", "egress", "requests"];
            let binds = what.iter().zip(needs).find(|(_, n)| *n >= needed).map_or("", |(w, _)| w);
            puts.note(format!("{} accounts are fewer than the {needed} that {binds} asks for", service.accounts));
        }
    }

    /// What requests cost a month at the rates of the measured part, metadata operations at the price of reads; none
    /// where no price of requests is known.
    fn request_cost(&mut self, now: SimTime, params: &StorageParams) -> Option<f64> {
        let span = (now - self.baseline.at).as_secs_f64();
        let m = params.meters;
        let [all, reads, metadata] = [m.operations, m.reads, m.metadata].map(|meter| self.since_cut(now, meter).total);
        let [read, write] = params.request_prices.map(|price| price.unwrap_or(0.0));
        let priced = params.request_prices.iter().any(Option::is_some);
        priced.then_some(((reads + metadata) * read + (all - reads) * write) / PRICED / span * MONTH_S)
    }

    pub(super) fn put_economics(&mut self, now: SimTime, params: &StorageParams, puts: &mut Puts<'_>) {
        let requests = self.request_cost(now, params);
        if let Some(cost) = requests {
            puts.value("request_cost", cost);
        }
        let Some(bill) = params.bill else { return };
        let span = (now - self.baseline.at).as_secs_f64();
        let pb = params.capacity / PB;
        puts.value("units", bill.units);
        puts.value("deliverable_read_rate", bill.read);
        puts.value("deliverable_write_rate", bill.write);
        let unpriced = "no price of this system is known: write price_per_hour, price_per_capacity or price";
        puts.or("cost", bill.cost, unpriced);
        let total = bill.cost.map(|cost| cost + requests.unwrap_or(0.0));
        puts.or("total_cost", total, unpriced);
        puts.or("cost_per_usable_pb_month", bill.cost.map(|cost| cost / pb), unpriced);
        for (word, meter) in [("read", params.meters.read), ("write", params.meters.write)] {
            let rate = self.since_cut(now, meter).total / span / GB_PER_S;
            let none = if bill.cost.is_none() { unpriced } else { "no bytes went this way in the measured part" };
            let value = total.filter(|_| rate > 0.0).map(|cost| cost / rate);
            puts.or(&format!("cost_per_delivered_{word}_gb_per_s"), value, none);
        }
        puts.value("power", bill.power);
        puts.value("power_per_pb", bill.power / pb);
        puts.value("racks", bill.racks);
        puts.value("racks_per_pb", bill.racks / pb);
    }
}
