//! A cohort: one representative engine, its clock, and the trajectories on it.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::Sample;
use crate::engine::Key;
use crate::units::{SimDuration, SimTime};

/// A cohort's clock starts again from 0 before a token is lost in its rounding: at 2^20 tokens a double still counts
/// in steps of 2e-10.
pub(super) const CLOCK_RESTART: f64 = 1_048_576.0;

/// A trajectory on an engine; ordered by the clock at which it finishes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Running {
    pub mark: f64,
    pub sequence: u64,
    pub started: SimTime,
    pub tokens: f64,
    pub version: u32,
    /// Version of the engine's weights when it began.
    pub began_on: u32,
    pub group: u32,
    /// What a user's request waited for its slot; none for the loop's own.
    pub waited: Option<SimDuration>,
    pub weight: f64,
    pub survival: f64,
}

impl Running {
    /// Tokens that it has when the clock of its engine stands at `clock`.
    pub fn done(&self, clock: f64) -> f64 {
        (self.tokens - (self.mark - clock)).clamp(0.0, self.tokens)
    }

    /// What there is of it when it stops at `now`, with the survival of its pool.
    pub fn stopped(self, now: SimTime, clock: f64, survival: f64) -> Sample {
        Sample {
            started: self.started,
            generated: now,
            version: self.version,
            tokens: self.done(clock),
            ..Sample::unborn(now, self.group, self.weight * survival / self.survival)
        }
    }
}

impl PartialEq for Running {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Running {}
impl PartialOrd for Running {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Running {
    fn cmp(&self, other: &Self) -> Ordering {
        self.mark.total_cmp(&other.mark).then(self.sequence.cmp(&other.sequence))
    }
}

/// One engine that stands for many.
#[derive(Debug, Default)]
pub(super) struct Cohort {
    pub running: BinaryHeap<Reverse<Running>>,
    /// Σ weight ÷ survival at admission: times the pool's survival it is what the trajectories stand for now.
    pub present: f64,
    pub clock: f64,
    pub at: SimTime,
    pub due: Option<Key>,
    pub resume: Option<Key>,
    /// How long it stops for the new weights.
    pub pause: SimDuration,
    /// Version of its weights, and of those that it takes next.
    pub serves: u32,
    pub takes: u32,
    /// It has to take them, in its turn.
    pub updating: bool,
    /// It begins nothing until it has them.
    pub closed: bool,
}

impl Cohort {
    /// Counts tokens from 0 again when the clock has become too large to count them well.
    pub fn restart_clock(&mut self) {
        if self.clock < CLOCK_RESTART {
            return;
        }
        let mut running = std::mem::take(&mut self.running).into_vec();
        for Reverse(one) in &mut running {
            one.mark -= self.clock;
        }
        self.running = running.into();
        self.clock = 0.0;
    }

    /// Writes the pool's survival into the weights, so that the pool can count it from 1 again.
    pub fn restart_survival(&mut self, survival: f64) {
        let mut running = std::mem::take(&mut self.running).into_vec();
        for Reverse(one) in &mut running {
            one.weight *= survival / one.survival;
            one.survival = 1.0;
        }
        self.present = running.iter().map(|Reverse(one)| one.weight).sum();
        self.running = running.into();
    }
}
