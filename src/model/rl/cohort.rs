//! A cohort: one representative engine, its clock, and the trajectories on it.

use std::collections::{BTreeMap, VecDeque};

use super::Sample;
use super::batch::Batch;
use crate::engine::Key;
use crate::units::{SimDuration, SimTime};

/// A cohort's clock starts again from 0 before a token is lost in its rounding: at 2^20 tokens a double still counts
/// in steps of 2e-10.
pub(super) const CLOCK_RESTART: f64 = 1_048_576.0;

/// A trajectory on an engine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Running {
    /// Clock of its engine at which it finishes.
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
    pub turns: Turns,
}

/// Where a trajectory is in its turns.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Turns {
    /// Turns after this one.
    pub left: u32,
    /// It ends at the cap.
    pub truncated: bool,
    /// Tokens generated in the turns before.
    pub generated: f64,
    /// Tokens before this turn: the prompt, all turns before and what the environment said.
    pub context: f64,
    /// Time in the environment so far.
    pub environment: SimDuration,
    /// Time it waited for a slot after the environment had answered.
    pub slot_wait: SimDuration,
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
            tokens: self.turns.context + self.done(clock),
            ..Sample::unborn(now, self.group, self.weight * survival / self.survival)
        }
    }
}

/// One engine that stands for many.
#[derive(Debug, Default)]
pub(super) struct Cohort {
    pub running: Batch,
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
    /// Work of the engine on contexts, ahead of the next token.
    pub prefill: SimDuration,
    /// Trajectories in their environment, by the time it answers.
    pub away: BTreeMap<(SimTime, u64), Running>,
    /// How many of them keep their slot, and Σ weight ÷ survival of those.
    pub held: usize,
    pub holding: f64,
    /// Trajectories whose environment has answered and that wait for a slot, and since when.
    pub back: VecDeque<(SimTime, Running)>,
    /// Weight of those without a slot, in their environment or back.
    pub without_slot: f64,
}

impl Cohort {
    /// No trajectory needs the engine.
    pub fn is_empty(&self) -> bool {
        self.running.is_empty() && self.held == 0
    }

    /// Tokens on the engine: those of the turns under way and of contexts that it keeps.
    pub fn tokens(&self) -> f64 {
        let running: f64 = self.running.iter().map(|one| one.turns.context + one.done(self.clock)).sum();
        let held = if self.held > 0 { self.away.values().map(|one| one.turns.context).sum() } else { 0.0 };
        running + held
    }

    /// Version of the weights that generate the first token of what begins now: an engine in its pause takes the new ones first.
    pub fn begins_on(&self) -> u32 {
        if self.resume.is_some() { self.takes } else { self.serves }
    }

    /// Slots that are taken.
    pub fn taken(&self) -> usize {
        self.running.len() + self.held
    }

    /// More contexts to read.
    pub fn read(&mut self, time: SimDuration) {
        self.prefill = self.prefill.saturating_add(time);
    }

    /// Work on contexts during the next `span` of the engine; returns how long it took.
    pub fn prefill_for(&mut self, span: SimDuration) -> SimDuration {
        let done = self.prefill.min(span);
        self.prefill = self.prefill.saturating_sub(done);
        done
    }

    /// Counts tokens from 0 again when the clock has become too large to count them well.
    pub fn restart_clock(&mut self) {
        if self.clock < CLOCK_RESTART {
            return;
        }
        self.running.restart_clock(self.clock);
        self.clock = 0.0;
    }

    /// Writes the pool's survival into the weights, so that the pool can count it from 1 again.
    pub fn restart_survival(&mut self, survival: f64) {
        self.running.restart_survival(survival);
        self.present = self.running.iter().map(|one| one.weight).sum();
        if self.held > 0 {
            for one in self.away.values_mut() {
                one.weight *= survival / one.survival;
                one.survival = 1.0;
            }
            self.holding = self.away.values().map(|one| one.weight).sum();
        }
    }
}
