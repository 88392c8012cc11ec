//! Bursts of checkpoints in the world: their flows, their events, what is measured of them.

use super::loading::FeedParams;
use super::measures::{Measure, Measured};
use super::{Task, World};
use crate::engine::Context;
use crate::model::burst::{Burst, BurstParams};
use crate::model::carriage::{Order, Purpose};
use crate::model::event::{CLASS_MODEL, CLASS_WORK, Event};
use crate::model::ids::WorkId;
use crate::model::paths::{Slots, Transport};
use crate::units::{SimDuration, SimTime};

/// Bursts with their place in the world.
#[derive(Debug)]
pub struct BurstWork {
    /// How one rank moves its bytes.
    pub params: FeedParams,
    /// The bursts.
    pub burst: Burst,
}

impl World {
    fn burst(&mut self, id: WorkId) -> Option<&mut BurstWork> {
        match &mut self.works[id.index()].task {
            Task::Burst(task) => Some(task),
            _ => None,
        }
    }

    /// A burst is due: all ranks begin at once.
    pub(super) fn burst_due(&mut self, ctx: &mut Context<'_, Event>, id: WorkId) {
        let now = ctx.now();
        let Some(task) = self.burst(id) else { return };
        if let Some(next) = task.burst.next(now) {
            ctx.schedule(next, CLASS_WORK, Event::BurstDue(id));
        }
        let (p, b) = (task.params, task.burst.params);
        if !task.burst.due(now) {
            return;
        }
        let Some(fits) = self.room_of_save(ctx, id, &b) else { return };
        let read = f64::from(u8::from(b.load));
        let access = self.access(id, p.storage, read, 1.0 - read, p.operations);
        let (access, base) = p.through(access, &self.storages[p.storage.index()].params);
        let order = |(ranks, slowdown): (u64, f64)| Order {
            ends: if b.load { (p.storage_site, p.site) } else { (p.site, p.storage_site) },
            base: base.clone(),
            access: vec![access],
            own_meters: vec![(p.meter, 1.0)],
            copies: ranks as f64,
            bytes: b.each * fits,
            pace: (p.limit.0 / slowdown, p.limit.1),
            slots: Some(Slots { bytes: p.slots.bytes / slowdown, ..p.slots }),
            transport: Transport { window_bytes: p.transport.window_bytes / slowdown, ..p.transport },
            ..self.order(id, Purpose::Burst)
        };
        let orders: Vec<Order> = b.groups().map(order).collect();
        for order in orders {
            self.carry(ctx, order);
        }
    }

    /// The share of a save that there is room for: all of it where saves overwrite one another, none where it is left out.
    fn room_of_save(&mut self, ctx: &mut Context<'_, Event>, id: WorkId, b: &BurstParams) -> Option<f64> {
        if b.load || b.keep.is_none() {
            return Some(1.0);
        }
        let storage = self.burst(id)?.params.storage;
        let accounts = self.accounts(id, storage);
        self.refresh_space(ctx, storage);
        let room = self.storages[storage.index()].space.admit(b.checkpoint, &accounts);
        self.refresh_space(ctx, storage);
        let task = self.burst(id)?;
        task.burst.takes(room);
        task.burst.is_under_way().then_some(room / b.checkpoint)
    }

    /// A save that is cut short is of no use: its room is free again.
    pub(super) fn drop_save(&mut self, ctx: &mut Context<'_, Event>, id: WorkId) {
        let Some(task) = self.burst(id) else { return };
        let (gone, storage) = (std::mem::take(&mut task.burst.room), task.params.storage);
        if gone > 0.0 {
            let accounts = self.accounts(id, storage);
            self.storages[storage.index()].space.release(gone, &accounts);
            self.refresh_space(ctx, storage);
        }
    }

    /// The last byte of the slowest rank is there: one operation more makes it durable, or opened it before.
    pub(super) fn burst_arrived(&mut self, ctx: &mut Context<'_, Event>, id: WorkId) {
        let Some(task) = self.burst(id) else { return };
        if !task.burst.arrived() {
            return;
        }
        let p = task.params;
        let (latency, ends, policy) = (p.slots.latency, (p.storage_site, p.site), p.transport.policy);
        let rtt = self.rtt(ends, policy);
        let at = ctx.now().saturating_add(SimDuration::from_secs_f64(latency + rtt));
        ctx.schedule(at, CLASS_MODEL, Event::BurstDone(id));
    }

    pub(super) fn burst_done(&mut self, ctx: &mut Context<'_, Event>, id: WorkId) {
        let Some(task) = self.burst(id) else { return };
        if !task.burst.is_under_way() {
            return;
        }
        task.burst.done(ctx.now());
        let (gone, storage) = (task.burst.keeps(), task.params.storage);
        if gone > 0.0 {
            self.free_checkpoints(ctx, id, storage, gone);
        }
    }

    pub(super) fn measure_burst(&mut self, now: SimTime, index: usize, name: &str, out: &mut Measured) {
        let Some(task) = self.burst(WorkId::new(index)) else { return };
        let (stats, operations, open) = (task.burst.stats, task.params.operations, task.burst.is_under_way());
        let checkpoint = task.burst.params.checkpoint;
        let meter = task.params.meter;
        let reading = self.since_cut(now, meter);
        let mut put = |measure: &str, value: Measure| out.kpis.push((format!("io.{name}.{measure}"), value));
        let none = || {
            let more = if open { "; one is under way" } else { "" };
            Measure::None(format!("no burst ended in the measured part{more}"))
        };
        let ended = stats.count > 0;
        put("checkpoint_bytes", Measure::Value(checkpoint));
        put("checkpoints", Measure::Value(stats.count as f64));
        let mean = ended.then(|| stats.total / stats.count as f64);
        put("checkpoint_time", mean.map_or_else(none, Measure::Value));
        put("checkpoint_time.max", if ended { Measure::Value(stats.longest) } else { none() });
        let rate = (reading.active_s > 0.0).then(|| reading.total / reading.active_s);
        put("rate", rate.map_or_else(none, Measure::Value));
        put("ops_rate", rate.map_or_else(none, |rate| Measure::Value(rate * operations)));
        put("operation_time", Measure::None("a burst ends before its queues are steady".into()));
        if stats.cramped > 0 {
            out.notes.push(format!(
                "work.{name}: {} saves did not find room for all their bytes, see refused of the system",
                stats.cramped
            ));
        }
        if stats.skipped > 0 {
            out.notes.push(format!(
                "work.{name}: {} bursts were left out because the one before was still under way",
                stats.skipped
            ));
        }
    }
}
