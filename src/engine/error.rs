//! Why a run ended before its end.

use super::Class;
use crate::units::SimTime;
use std::fmt;

/// A run that could not go on to its end. The engine and its model stay readable at the instant named.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// One instant held more events than [`Limits::events_per_instant`](super::Limits): most often a loop of events
    /// with zero delay.
    #[error("more than {limit} events at one instant ({at}); the last were {}", list(.last))]
    Instant {
        /// The instant.
        at: SimTime,
        /// The limit that was exceeded.
        limit: u64,
        /// The last events handled, oldest first.
        last: Vec<Handled>,
    },
    /// The run held more events than [`Limits::events`](super::Limits).
    #[error("more than {limit} events in one run, at {at}; the last were {}", list(.last))]
    Events {
        /// Where the run stood.
        at: SimTime,
        /// The limit that was exceeded.
        limit: u64,
        /// The last events handled, oldest first.
        last: Vec<Handled>,
    },
    /// The model asked for the end of the run with [`Context::stop`](super::Context::stop).
    #[error("stopped at {at}: {reason}")]
    Stopped {
        /// Where the run stood.
        at: SimTime,
        /// The model's reason.
        reason: String,
    },
    /// The interrupt flag was raised from outside.
    #[error("interrupted at {at}")]
    Interrupted {
        /// Where the run stood.
        at: SimTime,
    },
}

/// An event that was handled, as text for a message.
#[derive(Clone, PartialEq, Eq)]
pub struct Handled {
    /// Its instant.
    pub at: SimTime,
    /// Its class.
    pub class: Class,
    /// Its `Debug` form.
    pub event: String,
}

impl fmt::Debug for Handled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} (class {})", self.event, self.at, self.class.0)
    }
}

/// The events of a message, in order.
fn list(handled: &[Handled]) -> String {
    handled.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>().join(", ")
}
