//! The controller of a loop: it dispatches prompts, begins publishes, and takes engines in.
//!
//! What it decides takes effect `delay` later: how many trajectories may be under way, once a version is served or trained, a round is over,
//! or trajectories were lost or dropped; the beginning of a publish; and engines that have started. No news overtakes other news. While the
//! controller is down it decides nothing, and what it had decided but not yet passed on is lost and decided again when it is back. What is
//! under way goes on: trajectories on engines and the groups they belong to, their way to the trainer, steps, publishes that have begun, swaps.
//!
//! The number that may be under way is passed on as all that may ever have been admitted, lost and dropped ones included, so that
//! a loss makes room only when the controller has heard of it.

use std::collections::VecDeque;

use super::Rl;
use super::ledger::LoopStats;
use crate::engine::rng::Stream;
use crate::engine::{Context, Key};
use crate::model::event::{CLASS_MODEL, Event, RlEvent};
use crate::model::ids::WorkId;
use crate::stats::Level;
use crate::units::{Dist, SimDuration, SimTime};

/// Parameters of a controller.
#[derive(Clone, Debug)]
pub struct ControlParams {
    /// From a decision until it takes effect, seconds.
    pub delay: Dist,
    /// Time in service between outages and time of an outage, seconds.
    pub outage: Option<[Dist; 2]>,
    /// Random stream of delays.
    pub delays: Stream,
    /// Random stream of times in service.
    pub failures: Stream,
    /// Random stream of times of outages.
    pub repairs: Stream,
}

/// A publish that the controller is to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// None.
    Nothing,
    /// The order is on its way, with this event.
    Ordered(Key),
    /// It waits for the end of an outage.
    Held,
}

/// The controller.
#[derive(Debug)]
pub(super) struct Control {
    params: ControlParams,
    down: Level,
    outages: u64,
    /// The last instant at which it was down.
    last_down: Option<SimTime>,
    /// What may ever have been admitted, as the engines have been told.
    told: f64,
    /// The same, as the controller last decided it.
    decided: f64,
    /// News on its way.
    news: VecDeque<(Key, f64)>,
    /// When the last of it arrives.
    arrives: SimTime,
    start: Start,
    /// Pools whose engines have started during the outage, once for each time.
    joining: Vec<u16>,
}

impl Control {
    /// A controller that is up and has told nothing yet.
    pub fn new(params: ControlParams) -> Self {
        Control {
            params,
            down: Level::new(SimTime::ZERO, 0.0),
            outages: 0,
            last_down: None,
            told: 0.0,
            decided: 0.0,
            news: VecDeque::new(),
            arrives: SimTime::ZERO,
            start: Start::Nothing,
            joining: Vec::new(),
        }
    }

    fn is_down(&self) -> bool {
        self.down.value() > 0.0
    }

    fn delay(&mut self) -> SimDuration {
        SimDuration::from_secs_f64(self.params.delays.sample(&self.params.delay))
    }

    /// Statistics start at `now`.
    pub fn reset(&mut self, now: SimTime) {
        self.outages = 0;
        self.down.reset(now);
    }

    /// Outages, and the share of `ran_s` in which it was down.
    pub fn fill_stats(&mut self, now: SimTime, stats: &mut LoopStats) {
        let share = (stats.ran_s > 0.0).then(|| self.down.integral(now) / stats.ran_s);
        stats.control = Some((self.outages, share));
    }
}

impl Rl {
    /// The controller begins with the loop.
    pub(super) fn begin_control(&mut self, ctx: &mut Context<'_, Event>) {
        if self.control.is_some() {
            self.next_outage(ctx);
        }
    }

    /// The controller ends with it.
    pub(super) fn stop_control(&mut self, now: SimTime) {
        if let Some(control) = &mut self.control {
            control.down.set(now, 0.0);
            control.joining.clear();
        }
    }

    fn next_outage(&mut self, ctx: &mut Context<'_, Event>) {
        let Some(control) = &mut self.control else { return };
        let Some([service, _]) = &control.params.outage else { return };
        let after = SimDuration::from_secs_f64(control.params.failures.sample(service));
        schedule(ctx, self.params.work, after, RlEvent::ControlFails);
    }

    /// The controller goes down.
    pub(super) fn control_fails(&mut self, ctx: &mut Context<'_, Event>) {
        let Some(control) = &mut self.control else { return };
        let Some([_, outage]) = &control.params.outage else { return };
        let after = SimDuration::from_secs_f64(control.params.repairs.sample(outage));
        control.down.set(ctx.now(), 1.0);
        control.outages += 1;
        for (key, _) in control.news.drain(..) {
            ctx.cancel(key);
        }
        if let Start::Ordered(key) = control.start {
            ctx.cancel(key);
            control.start = Start::Held;
        }
        (control.decided, control.arrives) = (f64::NAN, ctx.now());
        schedule(ctx, self.params.work, after, RlEvent::ControlBack);
    }

    /// The controller is back, and decides what has come up meanwhile.
    pub(super) fn control_back(&mut self, ctx: &mut Context<'_, Event>) {
        let Some(control) = &mut self.control else { return };
        control.down.set(ctx.now(), 0.0);
        control.last_down = Some(ctx.now());
        let joining = std::mem::take(&mut control.joining);
        if std::mem::replace(&mut control.start, Start::Nothing) == Start::Held {
            self.publish_next(ctx);
        }
        for pool in joining {
            let after = self.control_delay();
            self.schedule(ctx, after, RlEvent::EnginesReady { pool });
        }
        self.next_outage(ctx);
        self.refill(ctx);
        // A round may have opened whose batch is at the trainer already.
        self.try_step(ctx);
    }

    /// Whether the controller is down.
    pub(super) fn control_is_down(&self) -> bool {
        self.control.as_ref().is_some_and(Control::is_down)
    }

    /// The last instant until `now` at which it was.
    pub(super) fn control_last_down(&self, now: SimTime) -> Option<SimTime> {
        let control = self.control.as_ref()?;
        if control.is_down() { Some(now) } else { control.last_down }
    }

    /// What passes until the controller's next word is heard.
    pub(super) fn control_delay(&mut self) -> SimDuration {
        self.control.as_mut().map_or(SimDuration::ZERO, Control::delay)
    }

    /// Engines that are ready while the controller is down wait for it. Returns whether they do.
    pub(super) fn control_holds(&mut self, pool: u16) -> bool {
        let down = self.control_is_down();
        if let Some(control) = self.control.as_mut().filter(|_| down) {
            control.joining.push(pool);
        }
        down
    }

    /// The controller decides how many trajectories may be under way.
    pub(super) fn decide(&mut self, ctx: &mut Context<'_, Event>) {
        let gross = self.allowed() + self.generators.removed();
        let Some(control) = self.control.as_mut().filter(|control| !control.is_down()) else { return };
        if control.decided.to_bits() == gross.to_bits() {
            return;
        }
        control.decided = gross;
        let at = ctx.now().saturating_add(control.delay()).max(control.arrives);
        if at == ctx.now() {
            control.told = gross;
            return;
        }
        let key = ctx.schedule_keyed(at, CLASS_MODEL, Event::Rl(self.params.work, RlEvent::ControlTells));
        control.arrives = at;
        control.news.push_back((key, gross));
    }

    /// News of the controller is heard.
    pub(super) fn control_tells(&mut self, ctx: &mut Context<'_, Event>) {
        let Some(control) = &mut self.control else { return };
        if let Some((_, gross)) = control.news.pop_front() {
            control.told = gross;
            self.refill(ctx);
        }
    }

    /// Trajectories that may have been admitted by now, less those lost or dropped, as far as the engines know.
    pub(super) fn admission_bound(&self) -> f64 {
        match &self.control {
            None => self.allowed(),
            Some(control) if control.is_down() => 0.0,
            Some(control) => control.told - self.generators.removed(),
        }
    }

    /// The controller begins the next publish, if there is anything to publish.
    pub(super) fn publish_next(&mut self, ctx: &mut Context<'_, Event>) {
        let (version, live) = (self.sync_version(), self.generators.live_engines());
        let Some(control) = &mut self.control else { return self.begin_publish(ctx) };
        if control.start != Start::Nothing || !self.publisher.is_wanted(version, &live) {
            return;
        }
        if control.is_down() {
            control.start = Start::Held;
            return;
        }
        let after = control.delay();
        if after.is_positive() {
            let event = Event::Rl(self.params.work, RlEvent::PublishDue);
            control.start = Start::Ordered(ctx.schedule_keyed(ctx.now().saturating_add(after), CLASS_MODEL, event));
        } else {
            self.begin_publish(ctx);
        }
    }

    /// The order to publish is heard.
    pub(super) fn publish_due(&mut self, ctx: &mut Context<'_, Event>) {
        if let Some(control) = &mut self.control {
            control.start = Start::Nothing;
            self.begin_publish(ctx);
        }
    }
}

fn schedule(ctx: &mut Context<'_, Event>, work: WorkId, after: SimDuration, event: RlEvent) {
    ctx.schedule(ctx.now().saturating_add(after), CLASS_MODEL, Event::Rl(work, event));
}

#[cfg(test)]
#[path = "control_tests.rs"]
mod tests;
