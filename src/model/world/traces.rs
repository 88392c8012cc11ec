//! Traces in the world: their transfers, their events, what is measured of them.

use super::measures::{Measure, Measured};
use super::{Task, World};
use crate::engine::Context;
use crate::model::carriage::{Done, Order, Purpose};
use crate::model::event::{CLASS_WORK, Event};
use crate::model::ids::WorkId;
use crate::model::trace::{RATE_UNIT, Trace};
use crate::stats::Sketch;
use crate::units::SimTime;

impl World {
    fn trace(&mut self, id: WorkId) -> Option<&mut Trace> {
        match &mut self.works[id.index()].task {
            Task::Trace(trace) => Some(trace),
            _ => None,
        }
    }

    pub(super) fn start_trace(&mut self, ctx: &mut Context<'_, Event>, id: WorkId) {
        let now = ctx.now();
        if let Some(trace) = self.trace(id) {
            trace.began = now;
        }
        self.trace_due(ctx, id);
    }

    /// All transfers of this instant begin, and the next instant goes into the calendar.
    pub(super) fn trace_due(&mut self, ctx: &mut Context<'_, Event>, id: WorkId) {
        let now = ctx.now();
        while let Some((number, ends, bytes)) = self.trace(id).and_then(|trace| trace.take(now)) {
            let Some(transport) = self.trace(id).map(|trace| trace.params.transport) else { return };
            let mut order = Order { ends, bytes, transport, ..self.order(id, Purpose::Flow { number, alone: 0.0 }) };
            order.purpose = Purpose::Flow { number, alone: self.alone(&order) };
            self.carry(ctx, order);
        }
        if let Some(due) = self.trace(id).and_then(|trace| trace.due()) {
            ctx.schedule(due, CLASS_WORK, Event::TraceDue(id));
        }
    }

    /// Seconds that a transfer would take on a world with nothing else in it, over the route of now; infinite without one.
    fn alone(&mut self, order: &Order) -> f64 {
        let (bytes, transport) = (order.bytes, order.transport);
        let Some(route) = self.wan.route(order.course()) else { return f64::INFINITY };
        let rtt = route.rtt.as_secs_f64();
        let sent = route.uses.iter().map(|&(r, a)| self.carriage.sharing.capacity(r) / a).fold(f64::INFINITY, f64::min);
        let through = if route.loss > 0.0 { sent * transport.arriving(sent, rtt, route.loss) } else { sent };
        let rate = transport.limit(rtt, route.loss).0.min(through);
        let (opening, sent) = transport.ramp(rtt, rate, bytes);
        transport.setup_rtts * rtt + opening + (bytes - sent) / rate + rtt / 2.0
    }

    pub(super) fn transfer_arrived(&mut self, now: SimTime, id: WorkId, done: &Done, alone: f64) {
        if let Some(trace) = self.trace(id) {
            trace.ended(now, done.ordered, done.bytes, alone);
        }
    }

    pub(super) fn measure_trace(&mut self, index: usize, name: &str, out: &mut Measured) {
        let Some(trace) = self.trace(WorkId::new(index)) else { return };
        let stats = &trace.stats;
        let mut put = |measure: &str, value: Measure| out.kpis.push((format!("transfer.{name}.{measure}"), value));
        let none = || Measure::None("no transfer began and ended in the measured part".into());
        let mut over = |measure: &str, sketch: &Sketch, unit: f64| {
            let value = |v: Option<f64>| v.map_or_else(none, |v| Measure::Value(v * unit));
            put(measure, value(sketch.mean()));
            for (stat, p) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
                put(&format!("{measure}.{stat}"), value(sketch.quantile(p)));
            }
            put(&format!("{measure}.max"), value(sketch.max()));
        };
        over("time", &stats.time, 1.0);
        over("rate", &stats.rate, RATE_UNIT);
        over("slowdown", &stats.slowdown, 1.0);
        put("bytes_done", Measure::Value(stats.bytes));
        put("transfers", Measure::Value(stats.ended as f64));
        put("unfinished", Measure::Value((stats.begun - stats.ended) as f64));
    }
}
