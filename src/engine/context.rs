//! What a model may do while it handles an event.

use super::Key;
use super::calendar::Calendar;
use crate::units::SimTime;

/// The rank of an event among those of the same instant: lower classes are handled first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class(pub u8);

/// The clock and the pending events, as a model sees them.
pub struct Context<'a, E> {
    now: SimTime,
    calendar: &'a mut Calendar<E>,
    stop: &'a mut Option<String>,
}

impl<'a, E: Copy + std::fmt::Debug> Context<'a, E> {
    pub(super) fn new(now: SimTime, calendar: &'a mut Calendar<E>, stop: &'a mut Option<String>) -> Self {
        Context { now, calendar, stop }
    }

    /// The current instant.
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// Schedules `event` for the instant `at`, for good. The cheapest form.
    ///
    /// # Panics
    ///
    /// If `at` is before [`Context::now`], which is a defect of the model.
    pub fn schedule(&mut self, at: SimTime, class: Class, event: E) {
        self.check(at, class, event);
        self.calendar.push(at, class, event);
    }

    /// Schedules `event` for the instant `at` and returns the key that can withdraw it.
    ///
    /// # Panics
    ///
    /// If `at` is before [`Context::now`], which is a defect of the model.
    pub fn schedule_keyed(&mut self, at: SimTime, class: Class, event: E) -> Key {
        self.check(at, class, event);
        self.calendar.push_keyed(at, class, event)
    }

    /// Withdraws a keyed event; `false` when it has already been handled (or is being handled) or withdrawn.
    pub fn cancel(&mut self, key: Key) -> bool {
        self.calendar.cancel(key)
    }

    /// Ends the run after the current event; `run_until` returns [`EngineError::Stopped`](super::EngineError::Stopped).
    /// The first reason given at an instant is kept.
    pub fn stop(&mut self, reason: impl Into<String>) {
        self.stop.get_or_insert_with(|| reason.into());
    }

    fn check(&self, at: SimTime, class: Class, event: E) {
        if at < self.now {
            refuse(at, self.now, class, event);
        }
    }
}

#[cold]
fn refuse(at: SimTime, now: SimTime, class: Class, event: impl std::fmt::Debug) -> ! {
    panic!("event {event:?} (class {}) scheduled at {at}, which is before the current instant {now}", class.0);
}
