//! What operations take now, system by system, and the KPIs of it.

use super::storage_measures::Puts;
use super::{Task, World};
use crate::fluid::{Cause, Reach, ResourceId};
use crate::model::bulk::IoParams;
use crate::model::ids::{MovementId, StorageId, WorkId};
use crate::model::paths::PACING;
use crate::model::storage::Storage;
use crate::model::storage::latency::{Client, Pace};
use crate::model::storage::requests::Limits;
use crate::model::storage::waiting::{Stage, Wait};
use crate::units::SimTime;

impl World {
    /// Rates have changed: operations wait longer or less from here on.
    pub(super) fn watch_operations(&mut self, now: SimTime) {
        for index in 0..self.timed.len() {
            let (work, storage) = self.timed[index];
            let pace = self.pace_of(now, work);
            let Storage { timing, params, .. } = &mut self.storages[storage.index()];
            timing.set(now, work, pace, &params.requests);
        }
    }

    fn pace_of(&mut self, now: SimTime, work: WorkId) -> Option<Pace> {
        match &self.works[work.index()].task {
            Task::Io(io) => {
                let params = io.params;
                let first = io.movements.first().copied()?;
                self.pace_of_load(params, io.movements.len() as f64, first)
            }
            Task::Load(_) => self.pace_of_loader(now, work),
            _ => None,
        }
    }

    /// The clients of a load are equal: what holds for the first holds for all.
    fn pace_of_load(&mut self, p: IoParams, clients: f64, first: MovementId) -> Option<Pace> {
        let (flow, rtt) = self.carriage.flow_of(first)?;
        let rate = self.carriage.sharing.rate(flow);
        if rate <= 0.0 {
            return None;
        }
        let system = &self.storages[p.storage.index()].params;
        let requests = &system.requests;
        let cause = self.carriage.sharing.cause(flow);
        let queue = Queue::of(&system.limits);
        let held = cause.is_some() && cause == queue.limit.map(Cause::Resource);
        let service = p.read_share * requests.read.time(1.0 / p.operations)
            + (1.0 - p.read_share) * requests.write.time(1.0 / p.operations);
        let added = p.protocol.map_or([0.0; 2], |at| system.protocols[at].added);
        let beside = rtt + p.read_share * added[0] + (1.0 - p.read_share) * added[1];
        // By Little's law: slots that metadata operations and data keep where neither waits, and what is left of all of them.
        let (data, kept) = (rate * p.operations, rate * p.files.metadata);
        let served = [data * (service + beside), kept * (requests.metadata + beside)];
        let idle = (p.slots.bytes * (p.operations + p.files.metadata) - served[0] - served[1]).max(0.0);
        // Where metadata holds the load, what waits is metadata; where both queue at one limit, each operation waits alike.
        let waits = match (held, queue.apart) {
            (true, true) => [0.0, idle],
            (true, false) => [idle * data / (data + kept), idle * kept / (data + kept)],
            _ => [idle, 0.0],
        };
        let client = Client {
            rate: data,
            read_share: p.read_share,
            size: 1.0 / p.operations,
            outstanding: served[0] + waits[0],
            interface: p.interface * p.operations,
            beside: added.map(|added| rtt + added),
        };
        let paced = cause == Some(Cause::Named(PACING));
        let reach = if paced { self.carriage.sharing.reach(flow) } else { Vec::new() };
        let requests = &self.storages[p.storage.index()].params.requests;
        let stage = |at: &Reach, each: f64| Stage {
            used: at.used,
            alone: at.alone * each,
            reach: at.reach * each,
            rate: rate * each,
        };
        let all = clients * p.operations;
        let own = reach.iter().filter(|at| !queue.apart || Some(at.resource) != queue.limit);
        let wait = match paced {
            true => client.paced(requests, own.map(|at| stage(at, all))),
            false => client.closed(requests),
        };
        let mut pace = client.pace(requests, clients, wait);
        if kept > 0.0 {
            let both = if queue.apart { p.files.metadata } else { p.files.metadata + p.operations };
            let at = reach.iter().find(|at| Some(at.resource) == queue.limit);
            (pace.rates[2], pace.fixed[2]) = (clients * kept, beside);
            pace.metadata = match at {
                // Never more than with all slots in use.
                Some(at) => Wait::open(&stage(at, clients * both), requests.metadata, 0.0).at_most(idle / kept),
                None if paced => Wait::NONE,
                None => Wait::closed(waits[1] / kept, served[1] + waits[1], kept),
            };
        }
        Some(pace)
    }

    /// The readers of a loader always have their operations outstanding while they read.
    fn pace_of_loader(&mut self, now: SimTime, work: WorkId) -> Option<Pace> {
        let Task::Load(task) = &self.works[work.index()].task else { return None };
        let (p, accelerators) = (task.params, task.loader.params.accelerators as f64);
        let rate = self.carriage.sharing.peek_meter(now.as_nanos(), p.meter).rate / accelerators;
        if rate <= 0.0 {
            return None;
        }
        let rtt = self.rtt((p.storage_site, p.site), p.transport.policy);
        let system = &self.storages[p.storage.index()].params;
        let added = p.protocol.map_or(0.0, |at| system.protocols[at].added(1.0));
        let waits = (p.slots.bytes / rate - p.slots.latency - rtt).max(0.0);
        let wait = Wait::closed(waits, p.slots.bytes / p.size, rate / p.size);
        Some(Pace {
            rates: [accelerators * rate * p.operations, 0.0, accelerators * rate * p.files.metadata],
            fixed: [p.served + rtt, 0.0, added + rtt],
            wait,
            metadata: wait,
        })
    }

    pub(super) fn put_latency(&mut self, now: SimTime, id: StorageId, puts: &mut Puts<'_>) {
        let used = self.timed.iter().any(|(_, storage)| *storage == id);
        let Storage { timing, params, .. } = &mut self.storages[id.index()];
        timing.settle(now, &params.requests);
        let kinds =
            [("latency", "used"), ("read_latency", "read"), ("write_latency", "wrote"), ("metadata_latency", "")];
        for ((measure, verb), times) in kinds.into_iter().zip(timing.times(&params.requests)) {
            if measure == "metadata_latency" && times.is_none() {
                continue;
            }
            let none = format!("no io load {verb} it in the measured part");
            puts.or(measure, times.as_ref().map(|t| t.mean), &none);
            if !used {
                continue;
            }
            for (stat, p) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
                let value = times.as_ref().and_then(|t| t.sketch.quantile(p));
                puts.or(&format!("{measure}.{stat}"), value, &none);
            }
        }
    }
}

/// Where metadata operations of a system queue.
struct Queue {
    /// The limit; none where nothing limits them.
    limit: Option<ResourceId>,
    /// It is one of their own, not that of all operations.
    apart: bool,
}

impl Queue {
    fn of(limits: &Limits) -> Self {
        Queue { limit: limits.metadata.or(limits.all), apart: limits.metadata.is_some() }
    }
}

/// Loads whose operations are timed, with the system that serves them: those on one system, not on a namespace.
pub(super) fn timed(works: &[super::Work]) -> Vec<(WorkId, StorageId)> {
    let storage = |work: &super::Work| match &work.task {
        Task::Io(io) if io.params.namespace.is_none() && io.params.tiered.is_none() => Some(io.params.storage),
        Task::Load(task) if task.params.namespace.is_none() => Some(task.params.storage),
        _ => None,
    };
    works.iter().enumerate().filter_map(|(w, work)| Some((WorkId::new(w), storage(work)?))).collect()
}
