//! Modes of an RL loop, and what decides in it.

use super::Failures;
use crate::units::Dist;

/// What holds the admission of trajectories back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Admission {
    /// Batch × (oldest served version + max_lag + 1).
    Served,
    /// Batch × (trained version + max_lag + 1).
    Trained,
    /// Between two syncs batch × sync_every × (1 + staleness), less what is left over.
    Synced {
        /// Share of a sync's batches that may be generated in advance.
        staleness: f64,
    },
    /// One round after another.
    Rounds {
        /// Versions that a round may be ahead of what is served when it opens.
        off: u32,
        /// Share of a batch that is generated beyond it.
        surplus: f64,
        /// Whether what is left of a round goes on in the next one.
        keep: bool,
    },
}

/// The controller of a loop.
#[derive(Clone, Debug)]
pub struct Controller {
    /// From a decision until it takes effect, seconds.
    pub delay: Dist,
    /// When it goes down and for how long; `None`: never.
    pub outage: Option<Failures>,
}

/// What an engine does with its trajectories when new weights are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// They go on after the pause.
    InFlight,
    /// They end first.
    Drain,
    /// They go on after the pause and a prefill of what they have.
    Abort,
}
