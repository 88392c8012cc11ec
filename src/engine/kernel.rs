//! The engine: takes the next event, moves the clock, lets the model handle it.

use super::calendar::Calendar;
use super::probe::{Probe, Probes};
use super::{Class, Context, EngineError, Handled};
use crate::units::{SimDuration, SimTime};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is simulated: all state, and what each event does to it.
pub trait Model {
    /// Small plain data naming what happens to whom.
    type Event: Copy + std::fmt::Debug;

    /// Handles one event at the instant `ctx.now()`.
    fn handle(&mut self, event: Self::Event, ctx: &mut Context<'_, Self::Event>);
}

/// Bounds that turn a runaway model into an error.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most events handled at one instant.
    pub events_per_instant: u64,
    /// Most events handled by the engine in its life.
    pub events: u64,
}

impl Default for Limits {
    /// A million events at one instant, any number in all.
    fn default() -> Self {
        Limits { events_per_instant: 1_000_000, events: u64::MAX }
    }
}

/// How many events an error names.
const TRAIL: u64 = 8;
/// Events between two looks at the interrupt flag.
const INTERRUPT_EVERY: u64 = 4096;

/// A model, its pending events and its clock.
pub struct Engine<M: Model> {
    model: M,
    calendar: Calendar<M::Event>,
    probes: Probes<M>,
    limits: Limits,
    now: SimTime,
    events: u64,
    /// Events handled before the current instant.
    events_before: u64,
    /// From this number of events on, [`Engine::look_closer`] runs after each event: `watch`, or earlier when the limit of the
    /// instant comes near.
    alarm: u64,
    /// The number of events at which the limit of all events comes near or the interrupt flag has to be read.
    watch: u64,
    /// Events of one instant at which their limit comes near.
    crowd: u64,
    /// From this number of events on, the interrupt flag is read.
    poll: u64,
    stop: Option<String>,
    interrupt: Option<Arc<AtomicBool>>,
    /// The last events, recorded only when a limit is near.
    trail: Vec<(SimTime, Class, M::Event)>,
}

impl<M: Model> Engine<M> {
    /// An engine at instant zero with nothing pending.
    pub fn new(model: M, limits: Limits) -> Self {
        Engine {
            model,
            calendar: Calendar::new(),
            probes: Probes::new(),
            limits,
            now: SimTime::ZERO,
            events: 0,
            events_before: 0,
            alarm: 0,
            watch: 0,
            crowd: 0,
            poll: INTERRUPT_EVERY,
            stop: None,
            interrupt: None,
            trail: Vec::new(),
        }
    }

    /// Lets `f` schedule, withdraw and change the model at the current instant, outside any event. This is how the
    /// first events come into the calendar.
    pub fn with_context<R>(&mut self, f: impl FnOnce(&mut M, &mut Context<'_, M::Event>) -> R) -> R {
        f(&mut self.model, &mut Context::new(self.now, &mut self.calendar, &mut self.stop))
    }

    /// Adds a passive observer that fires at `first`, `first + every`, … before the events of these instants.
    ///
    /// Probes of one instant fire in the order in which they were added.
    ///
    /// # Panics
    ///
    /// If `first` is in the past or `every` is not positive.
    pub fn add_probe(&mut self, first: SimTime, every: SimDuration, probe: Box<dyn Probe<M>>) {
        assert!(first >= self.now, "a probe cannot start at {first}, before the current instant {}", self.now);
        self.probes.add(first, every, probe);
    }

    /// A flag that ends the run when it becomes true; it is read every few thousand events.
    pub fn set_interrupt(&mut self, flag: Arc<AtomicBool>) {
        self.interrupt = Some(flag);
    }

    /// Orders events of equal time and class by a hash of (`seed`, sequence) instead of their sequence, from now on.
    /// For tests: results that matter must not depend on such ties.
    ///
    /// # Panics
    ///
    /// If it was called before.
    pub fn permute_ties(&mut self, seed: u64) {
        self.calendar.permute_ties(seed);
    }

    /// Handles all events up to and including the instant `end`; then the clock stands at `end`, whether or not
    /// anything happened there.
    ///
    /// # Errors
    ///
    /// A limit that was exceeded, a stop asked for by the model, or an interrupt. The clock then stands at the instant
    /// where that happened, and all events handled so far stay counted. Another call goes on from there.
    ///
    /// # Panics
    ///
    /// If `end` is before the current instant.
    pub fn run_until(&mut self, end: SimTime) -> Result<(), EngineError> {
        assert!(end >= self.now, "cannot run until {end}, before the current instant {}", self.now);
        while self.probes.next() <= end {
            let at = self.probes.next();
            if at > self.now {
                self.handle_until(SimTime::from_nanos(at.as_nanos() - 1))?;
                self.now = at;
            }
            self.probes.fire(&mut self.model);
            if at == SimTime::MAX {
                break; // there is no later instant to move the probes to
            }
        }
        self.handle_until(end)?;
        self.now = end;
        Ok(())
    }

    /// Handles the events up to and including `end`.
    fn handle_until(&mut self, end: SimTime) -> Result<(), EngineError> {
        self.check_stop()?;
        while let Some(entry) = self.calendar.pop_until(end) {
            if entry.time() != self.now {
                self.now = entry.time();
                self.events_before = self.events;
                self.alarm = self.watch.min(self.events.saturating_add(self.crowd));
            }
            let mut ctx = Context::new(self.now, &mut self.calendar, &mut self.stop);
            self.model.handle(entry.event, &mut ctx);
            self.events += 1;
            if self.events >= self.alarm {
                self.look_closer(entry.class(), entry.event)?;
            }
            self.check_stop()?;
        }
        Ok(())
    }

    /// After some events: reads the interrupt flag. Near a limit: remembers the event just handled, and fails when it was
    /// one too many.
    #[cold]
    fn look_closer(&mut self, class: Class, event: M::Event) -> Result<(), EngineError> {
        if self.trail.len() as u64 == TRAIL {
            self.trail.remove(0);
        }
        self.trail.push((self.now, class, event));
        let (at, limits) = (self.now, &self.limits);
        if self.events > limits.events {
            return Err(EngineError::Events { at, limit: limits.events, last: self.last() });
        }
        if self.events - self.events_before > limits.events_per_instant {
            return Err(EngineError::Instant { at, limit: limits.events_per_instant, last: self.last() });
        }
        if self.events >= self.poll {
            self.poll = self.events + INTERRUPT_EVERY;
            if self.interrupt.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed)) {
                return Err(EngineError::Interrupted { at });
            }
        }
        self.set_alarm();
        Ok(())
    }

    /// Computes when to look closer from the limits, the poll and the events so far.
    fn set_alarm(&mut self) {
        self.watch = self.poll.min(self.limits.events.saturating_sub(TRAIL));
        self.crowd = self.limits.events_per_instant.saturating_sub(TRAIL);
        self.alarm = self.watch.min(self.events_before.saturating_add(self.crowd));
    }

    #[inline]
    fn check_stop(&mut self) -> Result<(), EngineError> {
        if self.stop.is_none() {
            return Ok(());
        }
        let reason = self.stop.take().unwrap_or_default();
        Err(EngineError::Stopped { at: self.now, reason })
    }

    /// The trail as text.
    fn last(&self) -> Vec<Handled> {
        let text =
            |&(at, class, event): &(SimTime, Class, M::Event)| Handled { at, class, event: format!("{event:?}") };
        self.trail.iter().map(text).collect()
    }

    /// The current instant.
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// Events handled so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Events pending, withdrawn ones left out.
    pub fn pending(&self) -> usize {
        self.calendar.len()
    }

    /// Entries in the calendar, withdrawn ones included.
    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        self.calendar.entries()
    }

    /// The model.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// The model, to change it outside any event.
    pub fn model_mut(&mut self) -> &mut M {
        &mut self.model
    }

    /// The model, giving up the engine.
    pub fn into_model(self) -> M {
        self.model
    }
}
