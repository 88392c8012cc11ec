//! Looking at a model at regular instants without taking part in it.

use crate::units::{SimDuration, SimTime};

/// A passive observer of a model.
///
/// A probe gets `&mut M` only because a model may settle state lazily (for example bring a running integral up to
/// `at`) before it can be read. It must not change the course of the run: a run with and without its probes must
/// handle the same events. Nothing enforces this but the tests of the model.
pub trait Probe<M> {
    /// Looks at `model` at the instant `at`, before the events of that instant are handled.
    fn sample(&mut self, at: SimTime, model: &mut M);
}

/// The probes of an engine and their next instants.
pub(super) struct Probes<M> {
    timed: Vec<Timed<M>>,
    /// The earliest of the next instants; [`SimTime::MAX`] without probes.
    next: SimTime,
}

struct Timed<M> {
    next: SimTime,
    every: SimDuration,
    probe: Box<dyn Probe<M>>,
}

impl<M> Probes<M> {
    pub(super) fn new() -> Self {
        Probes { timed: Vec::new(), next: SimTime::MAX }
    }

    pub(super) fn add(&mut self, first: SimTime, every: SimDuration, probe: Box<dyn Probe<M>>) {
        assert!(every.is_positive(), "a probe needs a positive interval, not {every:?}");
        self.timed.push(Timed { next: first, every, probe });
        self.next = self.next.min(first);
    }

    /// When the next probe fires.
    pub(super) fn next(&self) -> SimTime {
        self.next
    }

    /// Fires the probes of the instant [`Probes::next`], in the order in which they were added.
    pub(super) fn fire(&mut self, model: &mut M) {
        let at = self.next;
        for timed in self.timed.iter_mut().filter(|timed| timed.next == at) {
            timed.probe.sample(at, model);
            timed.next = at.saturating_add(timed.every);
        }
        self.next = self.timed.iter().map(|timed| timed.next).min().unwrap_or(SimTime::MAX);
    }
}
