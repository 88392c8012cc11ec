//! Copies of namespaces: what is written at home follows to them.
//!
//! A copy follows in the order of the writes: as fast as it may while bytes are missing, else at the rate at which they are
//! written. A synchronous one takes each write in the same flow as home, and is never behind.

use super::measures::{Measure, Measured};
use super::{Task, World};
use crate::engine::Context;
use crate::fluid::MeterId;
use crate::model::carriage::Order;
use crate::model::event::{CLASS_FAULT, Event};
use crate::model::ids::{MovementId, NamespaceId, StorageId, WorkId};
use crate::model::namespace::lag::advance_best;
use crate::model::namespace::{Namespace, Replica};
use crate::model::paths::{Access, Files, PACING};
use crate::stats::Spent;
use crate::units::{Dimension, SimDuration, SimTime, display};

/// Fewer missing bytes than this share of the data are rounding, and no reason to hurry.
const SLACK: f64 = 1e-9;
/// A copy is looked at again when it has missed so many times that.
const LOOK: f64 = 4.0;
/// What comes later than it is written by less than this share of the rate is rounding.
const EVEN: f64 = 1e-9;

impl World {
    /// Lets the copies of a namespace follow at the present rates, and schedules the next look at them.
    pub(super) fn refresh_replicas(&mut self, ctx: &mut Context<'_, Event>, id: NamespaceId) {
        let now = ctx.now();
        self.advance_replicas(now, id);
        let namespace = &self.namespaces[id.index()];
        let Some(replication) = &namespace.replication else { return };
        let (slack, home) = (SLACK * namespace.data, replication.home);
        let rate = self.carriage.sharing.meter(now.as_nanos(), home).rate;
        let mut next = f64::INFINITY;
        for at in 0..namespace.replicas().len() {
            let replica = self.namespaces[id.index()].replicas()[at].clone();
            if replica.sync {
                continue;
            }
            let (due, behind) = (replica.share * rate, replica.lag.behind());
            let pace = if behind > slack { replica.pace } else { due.min(replica.pace) };
            let movement = match replica.movement {
                Some(movement) if pace > 0.0 => {
                    self.carriage.set_pace(now, movement, (pace, PACING));
                    Some(movement)
                }
                Some(movement) => {
                    self.carriage.cancel(now, movement);
                    None
                }
                None if pace > 0.0 => Some(self.follow(ctx, id, &replica, pace)),
                None => None,
            };
            if let Some(replication) = self.namespaces[id.index()].replication.as_mut() {
                replication.replicas[at].movement = movement;
            }
            let comes = self.carriage.sharing.meter(now.as_nanos(), replica.sent).rate;
            let gap = comes - due;
            let wait = match behind > slack {
                true if gap > 0.0 => behind / gap,
                false if -gap > EVEN * due => (LOOK * slack - behind) / -gap,
                _ => f64::INFINITY,
            };
            next = next.min(wait);
        }
        let Some(replication) = self.namespaces[id.index()].replication.as_mut() else { return };
        if let Some(key) = replication.due.take() {
            ctx.cancel(key);
        }
        let at = now.saturating_add(SimDuration::from_secs_f64_ceil(next.clamp(1e-9, 1e12)));
        let due = next.is_finite() && at < SimTime::MAX;
        replication.due = due.then(|| ctx.schedule_keyed(at, CLASS_FAULT, Event::ReplicaDue(id)));
    }

    /// Brings what is known of the copies of a namespace up to `now`.
    fn advance_replicas(&mut self, now: SimTime, id: NamespaceId) {
        let Some(replication) = self.namespaces[id.index()].replication.as_mut() else { return };
        let sharing = &mut self.carriage.sharing;
        let due = sharing.meter(now.as_nanos(), replication.home).total + replication.published;
        let mut full = Vec::new();
        for replica in &mut replication.replicas {
            let own = replica.share * due;
            let sent = if replica.sync { own } else { sharing.meter(now.as_nanos(), replica.sent).total };
            let (_, before) = replica.lag.seen();
            replica.lag.advance(now, own, sent);
            if replica.share >= 1.0 {
                full.push((before, replica.lag.seen().1));
            }
        }
        if !full.is_empty() {
            advance_best(&mut replication.risk, now, due, &full);
        }
    }

    fn follow(&mut self, ctx: &mut Context<'_, Event>, id: NamespaceId, replica: &Replica, pace: f64) -> MovementId {
        let namespace = &self.namespaces[id.index()];
        let (home, operations) = (namespace.home, namespace.operations);
        let access = |storage, read, write| {
            self.nobodys(Access { storage, read, write, operations, files: Files::default(), lanes: None })
        };
        let came = self.came(namespace, replica);
        let order = Order {
            ends: (namespace.site, replica.site),
            access: vec![access(home, 1.0, 0.0), access(replica.storage, 0.0, 1.0)],
            own_meters: came.into_iter().chain([replica.sent]).map(|meter| (meter, 1.0)).collect(),
            bytes: f64::INFINITY,
            pace: (pace, PACING),
            priority: replica.priority,
            ..self.own_order(home)
        };
        let grows = namespace.replication.as_ref().and_then(|r| r.grows);
        let space = &self.storages[replica.storage.index()].space;
        let full = grows.is_some_and(|work| space.refuses(work, Some(home)));
        let movement = self.carry(ctx, order);
        if full {
            self.carriage.refuse(ctx.now(), movement);
        }
        movement
    }

    /// The meter of what takes further room on the system of a copy.
    fn came(&self, namespace: &Namespace, replica: &Replica) -> Option<MeterId> {
        let grows = namespace.replication.as_ref()?.grows?;
        self.storages[replica.storage.index()].space.arrivals(namespace.home, grows)
    }

    /// What each byte written to home adds to the meters of copies: `home` is the share of the payload that is.
    pub(super) fn copied_meters(&self, namespace: &Namespace, home: f64) -> Vec<(MeterId, f64)> {
        let Some(replication) = namespace.replication.as_ref().filter(|_| home > 0.0) else { return Vec::new() };
        let sync = replication.replicas.iter().filter(|r| r.sync);
        let of =
            |r: &Replica| self.came(namespace, r).into_iter().chain([r.sent]).map(|m| (m, home * r.share)).collect();
        sync.flat_map(|r| -> Vec<_> { of(r) }).chain([(replication.home, home)]).collect()
    }

    /// Flows that bring what a work ingests at `home` to its copy on a system.
    pub(super) fn copies_of(&self, to: StorageId, work: WorkId, home: StorageId) -> Vec<MovementId> {
        let grown = |n: &&Namespace| n.home == home && n.replication.as_ref().is_some_and(|r| r.grows == Some(work));
        let Some((n, namespace)) = self.namespaces.iter().enumerate().find(|(_, n)| grown(n)) else {
            return Vec::new();
        };
        match namespace.replicas().iter().find(|r| r.storage == to) {
            Some(replica) if !replica.sync => replica.movement.into_iter().collect(),
            Some(_) => self.works.iter().flat_map(|w| movements_on(&w.task, NamespaceId::new(n))).collect(),
            None => Vec::new(),
        }
    }

    /// Whether a synchronous copy of the namespace that a work writes has no room.
    pub(super) fn copy_refuses(&self, work: WorkId) -> bool {
        let Task::Io(io) = &self.works[work.index()].task else { return false };
        let Some(namespace) = io.params.namespace.map(|id| &self.namespaces[id.index()]) else { return false };
        let Some(grows) = namespace.replication.as_ref().and_then(|r| r.grows) else { return false };
        let full = |r: &Replica| self.storages[r.storage.index()].space.refuses(grows, Some(namespace.home));
        namespace.replicas().iter().any(|r| r.sync && full(r))
    }

    /// New data at home is due on every copy at once.
    pub(super) fn publish_to_replicas(&mut self, ctx: &mut Context<'_, Event>, id: NamespaceId, bytes: f64) {
        self.advance_replicas(ctx.now(), id);
        if let Some(replication) = self.namespaces[id.index()].replication.as_mut() {
            replication.published += bytes;
            self.refresh_replicas(ctx, id);
        }
    }

    // ---- measures ----------------------------------------------------------------------------------------------

    pub(super) fn reset_replicas(&mut self, now: SimTime) {
        for n in 0..self.namespaces.len() {
            self.advance_replicas(now, NamespaceId::new(n));
            let Some(replication) = self.namespaces[n].replication.as_mut() else { continue };
            replication.risk.reset();
            replication.replicas.iter_mut().for_each(|r| r.lag.reset());
        }
    }

    pub(super) fn replicas_at_half(&mut self, now: SimTime) {
        for n in 0..self.namespaces.len() {
            self.advance_replicas(now, NamespaceId::new(n));
            let Some(replication) = self.namespaces[n].replication.as_mut() else { continue };
            replication.replicas.iter_mut().for_each(|r| r.half = r.lag.behind());
        }
    }

    pub(super) fn measure_replicas(&mut self, now: SimTime, n: usize, out: &mut Measured) {
        self.advance_replicas(now, NamespaceId::new(n));
        let namespace = self.namespaces[n].clone();
        let Some(replication) = &namespace.replication else { return };
        let span = (now - self.baseline.at).as_secs_f64();
        let mut crossed = 0.0;
        for replica in &replication.replicas {
            let sent = self.since_cut(now, replica.sent).total;
            crossed += if replica.site == namespace.site { 0.0 } else { sent };
            let to = self.storages[replica.storage.index()].params.name.clone();
            let prefix = format!("namespace.{}.replica.{to}", namespace.name);
            out.kpis.push((format!("{prefix}.rate"), Measure::Value(sent / span)));
            let (bytes, time) = replica.lag.over_time();
            put_spent(&format!("{prefix}.behind"), bytes, out);
            put_spent(&format!("{prefix}.lag"), time, out);
            let (behind, grew) = (replica.lag.behind(), replica.lag.behind() - replica.half);
            if behind > 1e-3 * namespace.data.min(sent + behind) && grew > 1e-3 * behind {
                out.notes.push(format!(
                    "{prefix}: less comes than is written: it is {} behind at the end, {} more than in the middle of the measured \
                     part, see lag and behind",
                    display(behind, Dimension::Bytes),
                    display(grew, Dimension::Bytes),
                ));
            }
        }
        out.kpis.push((format!("namespace.{}.replication_bytes", namespace.name), Measure::Value(crossed)));
        let (bytes, time) = replication.risk.over_time();
        for (measure, spent) in [("at_risk", bytes), ("rpo", time)] {
            let name = format!("namespace.{}.{measure}", namespace.name);
            if replication.replicas.iter().any(|r| r.share >= 1.0) {
                put_spent(&name, spent, out);
                continue;
            }
            for stat in ["", ".p95", ".max"] {
                out.kpis.push((format!("{name}{stat}"), Measure::None("no copy holds all of the data".into())));
            }
        }
    }
}

fn movements_on(task: &Task, id: NamespaceId) -> Vec<MovementId> {
    match task {
        Task::Io(io) if io.params.namespace == Some(id) && io.params.ingest => io.movements.clone(),
        _ => Vec::new(),
    }
}

fn put_spent(name: &str, spent: &Spent, out: &mut Measured) {
    for (stat, value) in [("", spent.mean()), (".p95", spent.quantile(0.95)), (".max", spent.max())] {
        let value = value.map_or_else(|| Measure::None("no time was measured".into()), Measure::Value);
        out.kpis.push((format!("{name}{stat}"), value));
    }
}
