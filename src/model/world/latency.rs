//! What operations take now, system by system, and the KPIs of it.

use super::storage_measures::Puts;
use super::{Task, World};
use crate::fluid::Cause;
use crate::model::bulk::IoParams;
use crate::model::ids::{MovementId, StorageId, WorkId};
use crate::model::paths::PACING;
use crate::model::storage::Storage;
use crate::model::storage::latency::{Client, Pace};
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
        let (metadata, requests) = (system.limits.metadata, &system.requests);
        let cause = self.carriage.sharing.cause(flow);
        let waits_for_metadata = metadata.is_some_and(|limit| cause == Some(Cause::Resource(limit)));
        let service = p.read_share * requests.read.time(1.0 / p.operations)
            + (1.0 - p.read_share) * requests.write.time(1.0 / p.operations);
        let added = p.protocol.map_or([0.0; 2], |at| system.protocols[at].added);
        let beside = rtt + p.read_share * added[0] + (1.0 - p.read_share) * added[1];
        // By Little's law: slots that metadata operations keep, where these do not wait; where they do, data does not.
        let kept = rate * p.files.metadata * (requests.metadata + beside);
        let outstanding = match waits_for_metadata {
            true => rate * p.operations * (service + beside),
            false => p.slots.bytes * (p.operations + p.files.metadata) - kept,
        };
        let client = Client {
            rate: rate * p.operations,
            read_share: p.read_share,
            size: 1.0 / p.operations,
            outstanding,
            interface: p.interface * p.operations,
            beside: added.map(|added| rtt + added),
        };
        let paced = cause == Some(Cause::Named(PACING));
        let mut reach = if paced { self.carriage.sharing.reach(flow) } else { Vec::new() };
        reach.retain(|at| Some(at.resource) != metadata);
        let requests = &self.storages[p.storage.index()].params.requests;
        let all = clients * p.operations;
        let stages = reach.into_iter().map(|at| Stage {
            used: at.used,
            alone: at.alone * all,
            reach: at.reach * all,
            rate: rate * all,
        });
        let wait = if paced { client.paced(requests, stages) } else { client.closed(requests) };
        Some(client.pace(requests, clients, wait))
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
        let base = self.storages[p.storage.index()].params.requests.read.latency.mean();
        let waits = (p.slots.bytes / rate - p.slots.latency - rtt).max(0.0);
        Some(Pace {
            rates: [accelerators * rate * p.operations, 0.0],
            fixed: [(p.slots.latency - base).max(0.0) + rtt, 0.0],
            wait: Wait::closed(waits, p.slots.bytes * p.operations, rate * p.operations),
        })
    }

    pub(super) fn put_latency(&mut self, now: SimTime, id: StorageId, puts: &mut Puts<'_>) {
        let used = self.timed.iter().any(|(_, storage)| *storage == id);
        let Storage { timing, params, .. } = &mut self.storages[id.index()];
        timing.settle(now, &params.requests);
        let kinds = [("latency", "used"), ("read_latency", "read"), ("write_latency", "wrote")];
        for ((measure, verb), times) in kinds.into_iter().zip(timing.times(&params.requests)) {
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

/// Loads whose operations are timed, with the system that serves them: those on one system, not on a namespace.
pub(super) fn timed(works: &[super::Work]) -> Vec<(WorkId, StorageId)> {
    let storage = |work: &super::Work| match &work.task {
        Task::Io(io) if io.params.namespace.is_none() => Some(io.params.storage),
        Task::Load(task) if task.params.namespace.is_none() => Some(task.params.storage),
        _ => None,
    };
    works.iter().enumerate().filter_map(|(w, work)| Some((WorkId::new(w), storage(work)?))).collect()
}
