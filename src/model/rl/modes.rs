//! Modes of a loop: what holds admission back, and rounds that are generated one at a time.
//!
//! With B the batch, N the trajectories admitted since the beginning and neither lost nor dropped:
//!
//! | rule | bound |
//! |---|---|
//! | [`Admission::Served`] | N ≤ B × (oldest served version + max_lag + 1) |
//! | [`Admission::Trained`] | N ≤ B × (trained version + max_lag + 1), which is AReaL's ⌊(N − 1) ÷ B⌋ ≤ i + η |
//! | [`Admission::Synced`] | N ≤ B × (steps begun at the last sync + (1 + σ) × sync_every), which is verl's: between two syncs at most (1 + σ) × sync_every × B, less what is left over |
//! | [`Admission::Rounds`] | N ≤ B × (rounds opened + surplus), without the surplus once the round is over and what it left is abandoned |
//!
//! A round is B × (1 + surplus) trajectories less what earlier rounds left. It is over when a whole batch of it is at the trainer. Round r
//! (from 0) opens when round r − 1 is over and version r − `off` is served everywhere: `off` 0 is a synchronous loop, 1 is
//! one-step-off. What the batch does not need goes on in the next round, or is abandoned at once.

use super::Rl;
use crate::engine::Context;
use crate::model::event::Event;

/// What holds admission back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Admission {
    /// The version that every pool serves, and the lag bound.
    Served,
    /// The version that the trainer has made, and the lag bound.
    Trained,
    /// What the trainer had begun to use when the last version came to be served everywhere.
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

/// Rounds and syncs so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    /// Rounds that have been opened.
    opened: u32,
    /// Rounds of which a batch has been at the trainer.
    closed: u32,
    /// Steps that the trainer had begun at the last sync.
    synced: u32,
}

impl Progress {
    /// The first round is open.
    pub fn new() -> Self {
        Progress { opened: 1, closed: 0, synced: 0 }
    }
}

impl Rl {
    /// Trajectories that may have been admitted by now, less those lost or dropped.
    pub(super) fn allowed(&self) -> f64 {
        let allowed = f64::from(self.params.max_lag) + 1.0;
        let batches = match self.params.admission {
            Admission::Served => f64::from(self.generators.oldest_served()) + allowed,
            Admission::Trained => f64::from(self.trainer.version()) + allowed,
            Admission::Synced { staleness } => {
                f64::from(self.progress.synced) + (1.0 + staleness) * f64::from(self.params.sync_every)
            }
            Admission::Rounds { surplus, keep, .. } => {
                // What a round that is over has abandoned is not begun again before the next opens.
                let over = !keep && self.progress.closed == self.progress.opened;
                f64::from(self.progress.opened) + if over { 0.0 } else { surplus }
            }
        };
        self.params.trainer.batch * batches
    }

    /// The version that is to be published: a multiple of `sync_every`.
    pub(super) fn sync_version(&self) -> u32 {
        let version = self.trainer.version();
        version - version % self.params.sync_every
    }

    /// A new version is served everywhere.
    pub(super) fn synced(&mut self) {
        self.progress.synced = self.trainer.begun();
    }

    /// Ends the round whose batch is at the trainer and opens the next when its time has come. Returns whether one was opened.
    pub(super) fn turn_rounds(&mut self, ctx: &mut Context<'_, Event>) -> bool {
        let Admission::Rounds { off, surplus, keep } = self.params.admission else { return false };
        if self.control_is_down() {
            return false;
        }
        let before = self.progress.opened;
        loop {
            if self.progress.closed < self.progress.opened && self.trainer.batches() > self.progress.closed {
                self.progress.closed += 1;
                if surplus > 0.0 && !keep {
                    self.abandon(ctx);
                }
            }
            let due = self.generators.oldest_served().saturating_add(off) >= self.progress.opened;
            if self.progress.closed < self.progress.opened || !due {
                return self.progress.opened > before;
            }
            self.progress.opened += 1;
        }
    }

    /// Abandons what the batches of the rounds that are over do not need: on engines, on the way, and at the trainer.
    fn abandon(&mut self, ctx: &mut Context<'_, Event>) {
        let mut left = self.generators.abandon(ctx);
        left.extend(self.trainer.abandon_beyond(self.progress.closed));
        for sample in &left {
            self.generators.forget(sample.weight);
            self.waste.surplus(sample);
        }
    }
}
