//! Bursts of checkpoints in the world: their flows, their events, what is measured of them.

use super::loading::FeedParams;
use super::measures::{Measure, Measured};
use super::{Task, World};
use crate::engine::Context;
use crate::model::burst::Burst;
use crate::model::carriage::{Order, Purpose};
use crate::model::event::{CLASS_MODEL, CLASS_WORK, Event};
use crate::model::ids::WorkId;
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
        let read = f64::from(u8::from(b.load));
        let order = Order {
            ends: if b.load { (p.storage_site, p.site) } else { (p.site, p.storage_site) },
            access: vec![self.access(id, p.storage, read, 1.0 - read, p.operations)],
            own_meters: vec![(p.meter, 1.0)],
            copies: b.ranks as f64,
            bytes: b.each,
            pace: p.limit,
            slots: Some(p.slots),
            transport: p.transport,
            ..self.order(id, Purpose::Burst)
        };
        self.carry(ctx, order);
    }

    /// The last byte of the slowest rank is there: one operation more makes it durable, or opened it before.
    pub(super) fn burst_arrived(&mut self, ctx: &mut Context<'_, Event>, id: WorkId) {
        let Some(task) = self.burst(id) else { return };
        let p = task.params;
        let (latency, ends, policy) = (p.slots.latency, (p.storage_site, p.site), p.transport.policy);
        let rtt = self.rtt(ends, policy);
        let at = ctx.now().saturating_add(SimDuration::from_secs_f64(latency + rtt));
        ctx.schedule(at, CLASS_MODEL, Event::BurstDone(id));
    }

    pub(super) fn burst_done(&mut self, now: SimTime, id: WorkId) {
        if let Some(task) = self.burst(id) {
            task.burst.done(now);
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
        if stats.skipped > 0 {
            out.notes.push(format!(
                "work.{name}: {} bursts were left out because the one before was still under way",
                stats.skipped
            ));
        }
    }
}
