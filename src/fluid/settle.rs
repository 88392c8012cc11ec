//! Time: what has happened up to now, completions at their exact instants.

use super::class::Mark;
use super::exact::{FlowTime, Instant};
use super::sharing::{Sharing, add_time};
use super::types::{Cause, Finished};

/// Flows of one class that end within this time of each other, in seconds, end together. Far below a tick, and above
/// the rounding error of an instant.
const TOGETHER_S: f64 = 1e-15;

impl Sharing {
    /// Settles everything up to `now`: flows that end until then end at their exact instants, and whoever stays
    /// gets new rates from there on.
    pub fn advance(&mut self, now: i64) {
        self.settle(now);
    }

    /// Appends the flows that have finished since the last call, by exact time, then by order of start.
    pub fn take_finished(&mut self, out: &mut Vec<Finished>) {
        let by_time = |a: &(u64, Finished), b: &(u64, Finished)| {
            let (x, y) = (a.1.exact, b.1.exact);
            x.0.cmp(&y.0).then(x.1.total_cmp(&y.1)).then(a.0.cmp(&b.0))
        };
        self.finished.sort_by(by_time);
        out.extend(self.finished.drain(..).map(|(_, finished)| finished));
    }

    /// The tick at which the next flow will have finished if nothing changes; none if no flow moves towards its end.
    pub fn next_finish(&mut self) -> Option<i64> {
        self.solve();
        self.queue.first().map(|(at, _)| at.tick().max(self.now.tick()))
    }

    pub(super) fn settle(&mut self, now: i64) {
        let target = Instant::at(now).max(self.now);
        loop {
            if !self.dirty.is_empty() {
                // No time passes between here and the target, so rates need not be known yet.
                if self.now >= target {
                    return;
                }
                self.solve();
            }
            match self.queue.first() {
                Some((at, _)) if at <= target => self.complete(at),
                _ => break,
            }
        }
        self.now = target;
    }

    /// Ends what ends at this instant.
    fn complete(&mut self, at: Instant) {
        self.now = at.max(self.now);
        while let Some((_, class)) = self.queue.first().filter(|(next, _)| *next <= at) {
            self.queue.remove(class);
            self.settle_service(class);
            let state = &self.classes[class];
            let due = state.service.plus(state.rate * TOGETHER_S);
            // The head is due by its place in the queue, whatever rounding makes of its mark.
            let mut forced = true;
            while let Some(mark) = self.live_head(class).filter(|mark| forced || mark.at <= due) {
                forced = false;
                self.classes[class].marks.pop();
                self.leave(mark.flow, class);
                let top_cause = self.top_cause(mark.flow, class);
                self.free_flow(mark.flow, Some(top_cause));
            }
        }
    }

    /// The lowest mark of a flow still in the class. Marks of flows that have left are dropped on the way.
    pub(super) fn live_head(&mut self, class: u32) -> Option<Mark> {
        let marks = &mut self.classes[class].marks;
        while let Some(&mark) = marks.peek() {
            let flow = &self.flows[mark.flow as usize];
            if flow.class == class && flow.generation == mark.generation && flow.mark == mark.at {
                return Some(mark);
            }
            marks.pop();
        }
        None
    }

    pub(super) fn settle_service(&mut self, class: u32) {
        let now = self.now;
        let state = &mut self.classes[class];
        state.service = state.service_at(now);
        state.settled = now;
    }

    /// Puts the class's next completion into the queue.
    pub(super) fn requeue(&mut self, class: u32) {
        let next = self.live_head(class).map(|mark| {
            let state = &self.classes[class];
            let left = mark.at.minus(state.service_at(self.now)).max(0.0);
            if left > 0.0 { self.now.after(left / state.rate) } else { self.now }
        });
        match next {
            Some(at) if at < Instant::NEVER => self.queue.set(class, at),
            _ => self.queue.remove(class),
        }
    }

    /// Charges the class's flow-time since the last charge to its present cause.
    pub(super) fn charge_class(&mut self, class: u32) {
        let (now, records) = (self.now, self.records_causes);
        let state = &mut self.classes[class];
        if state.count == 0 || state.charged == now {
            return;
        }
        let time = FlowTime::span(state.count, state.charged, now);
        if records {
            add_time(&mut state.history, state.cause, FlowTime::span(1, state.charged, now), false);
        }
        state.charged = now;
        let owner = &mut self.owners[state.spec.owner as usize];
        owner.charge(state.cause, time);
        if state.short {
            owner.short += time;
        }
    }

    /// The cause that held a flow longest, lowest first among equals; the class's present one if nothing was kept.
    fn top_cause(&self, flow: u32, class: u32) -> Cause {
        let history = &self.flows[flow as usize].history;
        let top = history.iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)));
        top.map_or(self.classes[class].cause, |(cause, _)| *cause)
    }
}
