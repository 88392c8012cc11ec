//! Turns of a trajectory, what its environment does between them, and the work of reading contexts.
//!
//! A trajectory of n turns generates, waits for its environment, generates again, n times and with n − 1 waits between; what judges
//! the last turn is its reward. In its environment it keeps its slot (and the cache of its context) or gives it up; then it goes on at
//! the engine where it began, as soon as that one has a free slot, before anything new.
//!
//! Before the first token of a turn the engine reads what its cache does not hold: the prompt; then what the environment said, or the
//! whole context if the slot was given up. It reads at `prefill_rate` and generates nothing meanwhile, for all on the engine.

use super::super::Sample;
use super::super::cohort::{Cohort, Running, Turns};
use super::super::ledger::LoopStats;
use super::Generators;
use crate::engine::Context;
use crate::engine::rng::Stream;
use crate::model::event::{CLASS_MODEL, Event, RlEvent};
use crate::units::{Dist, SimDuration, SimTime};

/// Between two turns.
#[derive(Clone, Debug)]
pub struct EnvironmentParams {
    /// Turns of a trajectory, rounded to a whole number ≥ 1.
    pub turns: Dist,
    /// Seconds that the environment takes after each turn but the last.
    pub time: Dist,
    /// Tokens that it adds to the context each time.
    pub observation: f64,
    /// Whether a trajectory keeps its slot meanwhile.
    pub hold: bool,
}

/// Random streams of the turns of a pool.
#[derive(Clone, Debug)]
pub struct TurnStreams {
    /// Turns of a trajectory.
    pub turns: Stream,
    /// Times of the environment.
    pub environment: Stream,
}

impl Cohort {
    /// All trajectories on it or between turns, with their clock and survival in a pool that survives by `survival`, stop now.
    pub(super) fn stop_all(&mut self, now: SimTime, survival: f64) -> Vec<Sample> {
        let (clock, held) = (self.clock, self.held > 0);
        let running = self.running.drain();
        let mut stopped: Vec<Sample> = running.into_iter().map(|one| one.stopped(now, clock, survival)).collect();
        let away = std::mem::take(&mut self.away).into_values();
        let between = away.chain(self.back.drain(..).map(|(_, one)| one));
        // Between turns there are the tokens of the context; without a slot a weight is what it is.
        let share = |one: &Running| if held { one.weight * survival / one.survival } else { one.weight };
        stopped.extend(between.map(|one| Sample {
            started: one.started,
            version: one.version,
            tokens: one.turns.context,
            ..Sample::unborn(now, one.group, share(&one))
        }));
        self.present = 0.0;
        self.clear_turns();
        stopped
    }

    /// Everything between turns is gone, and so is work on contexts. Returns the groups of what was.
    pub(super) fn clear_turns(&mut self) -> Vec<u32> {
        (self.held, self.holding, self.without_slot) = (0, 0.0, 0.0);
        self.prefill = SimDuration::ZERO;
        let away = std::mem::take(&mut self.away).into_values();
        away.chain(self.back.drain(..).map(|(_, one)| one)).map(|one| one.group).collect()
    }

    fn settle_without_slot(&mut self) {
        if self.away.is_empty() && self.back.is_empty() {
            self.without_slot = 0.0;
        }
    }
}

impl Generators {
    /// What turns and contexts came to since the reset.
    pub(super) fn fill_turns(&self, stats: &mut LoopStats) {
        let [finished, truncated] = self.finished;
        stats.truncated = (finished > 0.0).then(|| truncated / finished);
        let prefill: f64 = self.pools.iter().map(|p| p.prefill).sum();
        let engine_time: f64 = self.pools.iter().map(|p| p.engine_time).sum();
        stats.prefill = (engine_time > 0.0 && self.has_contexts()).then(|| prefill / engine_time);
        stats.in_turns = self.params.environment.is_some();
    }

    /// Whether there are contexts to read. Without, what is put aside for users costs nothing to take up again either.
    pub(super) fn has_contexts(&self) -> bool {
        self.params.prompt > 0.0 || self.params.environment.is_some()
    }

    /// Time for an engine to read so many tokens.
    pub(super) fn prefill_time(&self, tokens: f64) -> SimDuration {
        SimDuration::from_secs_f64(tokens / self.params.prefill_rate)
    }

    /// A trajectory that has not begun.
    pub(super) fn first_turn(&mut self, pool: usize) -> Turns {
        let left = self.params.environment.as_ref().map_or(0, |environment| {
            let drawn = self.pools[pool].params.turns.turns.sample(&environment.turns).round();
            (drawn.clamp(1.0, f64::from(u32::MAX)) as u32) - 1
        });
        Turns { left, context: self.params.prompt, ..Turns::default() }
    }

    /// Tokens of a turn. One that reaches the cap is the last.
    pub(super) fn draw_turn(&mut self, pool: usize, turns: Turns) -> (f64, Turns) {
        let room = self.params.length_cap - turns.generated;
        let drawn = self.pools[pool].params.lengths.sample(&self.params.length);
        let truncated = drawn > room;
        let left = if truncated { 0 } else { turns.left };
        (drawn.clamp(1.0, room).round(), Turns { truncated, left, ..turns })
    }

    /// A turn is over: the trajectory is complete, or its environment is asked. Returns whether it keeps its slot.
    pub(super) fn end_turn(
        &mut self,
        ctx: &mut Context<'_, Event>,
        pool: usize,
        cohort: usize,
        mut done: Running,
    ) -> bool {
        let now = ctx.now();
        let turns = &mut done.turns;
        let no_room = self.params.length_cap - turns.generated - done.tokens < 1.0;
        turns.truncated |= turns.left > 0 && no_room;
        let Some(environment) = self.params.environment.as_ref().filter(|_| turns.left > 0 && !no_room) else {
            let mixed = self.pools[pool].cohorts[cohort].serves != done.began_on;
            self.finish(now, pool, mixed, &done);
            return false;
        };
        turns.left -= 1;
        turns.generated += done.tokens;
        turns.context += done.tokens;
        let entry = &mut self.pools[pool];
        let time = SimDuration::from_secs_f64(entry.params.turns.environment.sample(&environment.time));
        turns.environment = turns.environment.saturating_add(time);
        let (hold, state) = (environment.hold, &mut entry.cohorts[cohort]);
        if hold {
            state.held += 1;
            state.holding += done.weight / done.survival;
        } else {
            // Without a slot it is on no engine, and is not lost with one.
            done.weight *= entry.survival / done.survival;
            state.without_slot += done.weight;
        }
        let answer = now.saturating_add(time);
        let expected = state.away.range((answer, 0)..=(answer, u64::MAX)).next().is_some();
        state.away.insert((answer, done.sequence), done);
        if !expected {
            let event = RlEvent::TurnBegins { pool: pool as u16, cohort: cohort as u32 };
            ctx.schedule(answer, CLASS_MODEL, Event::Rl(self.work, event));
        }
        hold
    }

    /// Environments have answered: those who kept their slot go on, the others take the free ones.
    pub fn environment_answers(&mut self, ctx: &mut Context<'_, Event>, pool: usize, cohort: usize) {
        let now = ctx.now();
        self.advance(pool, cohort, now);
        let observation = self.params.environment.as_ref().map_or(0.0, |environment| environment.observation);
        while let Some(first) = self.pools[pool].cohorts[cohort].away.first_entry() {
            if first.key().0 > now {
                break;
            }
            let mut one = first.remove();
            one.turns.context += observation;
            let state = &mut self.pools[pool].cohorts[cohort];
            if state.held == 0 {
                state.back.push_back((now, one));
                continue;
            }
            state.held -= 1;
            state.holding = if state.held == 0 { 0.0 } else { state.holding - one.weight / one.survival };
            self.begin_turn(pool, cohort, one, observation);
            // Users come first: what goes on is put aside for those in line.
            while !self.pools[pool].cohorts[cohort].closed && self.has_line(pool, cohort) && self.park(pool, cohort) {
                self.take_user(now, pool, cohort);
            }
        }
        self.fill_from_queues(now, pool, cohort);
        self.reschedule(ctx, pool, cohort);
    }

    /// Free slots of a cohort go to users in line, to what was put aside for users, to those back from their environment.
    pub(super) fn fill_from_queues(&mut self, now: SimTime, pool: usize, cohort: usize) {
        loop {
            let state = &self.pools[pool].cohorts[cohort];
            if state.closed || state.taken() >= self.params.slots {
                return;
            }
            if !self.serve_first(now, pool, cohort) && !self.take_back(now, pool, cohort) {
                return;
            }
        }
    }

    /// A free slot of a cohort goes to the trajectory whose environment answered first. Returns whether there was one.
    pub(super) fn take_back(&mut self, now: SimTime, pool: usize, cohort: usize) -> bool {
        let entry = &mut self.pools[pool];
        let (survival, state) = (entry.survival, &mut entry.cohorts[cohort]);
        let Some((since, mut one)) = state.back.pop_front() else { return false };
        state.without_slot -= one.weight;
        state.settle_without_slot();
        one.survival = survival;
        one.turns.slot_wait = one.turns.slot_wait.saturating_add(now - since);
        self.begin_turn(pool, cohort, one, one.turns.context);
        true
    }

    /// The next turn of a trajectory, after the engine has read so many tokens.
    fn begin_turn(&mut self, pool: usize, cohort: usize, one: Running, read: f64) {
        let (tokens, turns) = self.draw_turn(pool, one.turns);
        let prefill = self.prefill_time(read);
        let state = &mut self.pools[pool].cohorts[cohort];
        state.read(prefill);
        state.present += one.weight / one.survival;
        state.running.push(Running { mark: state.clock + tokens, tokens, turns, ..one });
    }
}
