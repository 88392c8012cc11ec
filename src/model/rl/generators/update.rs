//! How engines take new weights.
//!
//! * In flight: an engine pauses; its trajectories go on with what they have, cached keys and values included.
//! * Drain: an engine begins nothing more, waits for what runs on it, then pauses ([`drain`](super::drain)).
//! * Abort and resume: an engine stops at once and pauses; the keys and values of all tokens on it are computed again under the new
//!   weights, at the rate of a prefill, before its trajectories go on.
//!
//! What an engine does not generate meanwhile, against every slot busy, is the loss of the update.

use super::Generators;
use crate::engine::rng::quantile;
use crate::engine::{Context, Key};
use crate::model::event::{CLASS_MODEL, Event, RlEvent};
use crate::units::{SimDuration, SimTime};

/// Share of the engines of a pool that must have taken a version before it counts as served.
pub(super) const SERVED_SHARE: f64 = 0.99;

/// Slices of the pause's distribution, and engines at most, that the time of a wave is computed from.
const SLICES: usize = 64;

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

/// An update of a pool whose engines end or recompute what they have first.
#[derive(Debug, Default)]
pub(super) struct Rolling {
    /// Waves that have begun.
    pub begun: usize,
    /// The end of a wave, where they recompute; the next instant that matters, where they drain.
    pub due: Option<Key>,
    /// It is known that 99 % have the new weights.
    pub told: bool,
    /// Where they drain: when each engine that no cohort simulates has the new weights, and its wave. In order of time.
    pub beside: Vec<(SimTime, usize)>,
    /// How many of those of each wave were not done with the update before when this one began.
    pub carried: Vec<usize>,
}

impl Rolling {
    /// A drain has begun, and 99 % do not have the new weights yet.
    pub fn under_way(&self) -> bool {
        !self.carried.is_empty() && !self.told
    }
}

/// What a cohort that goes on after new weights means for its pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resumed {
    /// Nothing.
    GoesOn,
    /// It may begin trajectories again.
    Opens,
    /// 99 % of the engines have the new weights now.
    Served,
}

impl Generators {
    /// All engines of a pool take the weights of `version`, wave by wave: a wave begins when 99 % of the one before are done. Returns
    /// the time until 99 % of all have, where it is known; otherwise [`Generators::resume`] tells when.
    pub fn swap(&mut self, ctx: &mut Context<'_, Event>, pool: usize, version: u32) -> Option<SimDuration> {
        let count = self.pools[pool].cohorts.len();
        let mut slices: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            let other = self.pools[pool].params.swaps.below(last as u64 + 1) as usize;
            slices.swap(last, other);
        }
        for (cohort, slice) in slices.into_iter().enumerate() {
            let share = (slice as f64 + self.pools[pool].params.swaps.uniform()) / count as f64;
            let state = &mut self.pools[pool].cohorts[cohort];
            state.pause = SimDuration::from_secs_f64(quantile(&self.params.swap, share));
            state.takes = version;
            state.updating = self.params.update == Update::Drain;
        }
        self.begin_rolling(ctx, pool);
        match self.params.update {
            Update::InFlight => return Some(self.pause_in_waves(ctx, pool)),
            Update::Drain => {
                self.drain_goes_on(ctx, pool);
            }
            Update::Abort => self.abort_wave(ctx, pool),
        }
        None
    }

    pub(super) fn waves(&self, count: usize) -> usize {
        self.params.swap_waves.clamp(1, count)
    }

    fn pause_in_waves(&mut self, ctx: &mut Context<'_, Event>, pool: usize) -> SimDuration {
        let now = ctx.now();
        let count = self.pools[pool].cohorts.len();
        let (waves, each) = (self.waves(count), quantile(&self.params.swap, SERVED_SHARE));
        for cohort in 0..count {
            match cohort * waves / count {
                0 => self.pause(ctx, pool, cohort),
                wave => {
                    let event = RlEvent::CohortPauses { pool: pool as u16, cohort: cohort as u32 };
                    let at = now.saturating_add(SimDuration::from_secs_f64(wave as f64 * each));
                    ctx.schedule(at, CLASS_MODEL, Event::Rl(self.work, event));
                }
            }
        }
        SimDuration::from_secs_f64(waves as f64 * each)
    }

    /// The engines of the next wave stop, pause and recompute.
    fn abort_wave(&mut self, ctx: &mut Context<'_, Event>, pool: usize) {
        let count = self.pools[pool].cohorts.len();
        let (begun, waves) = (self.pools[pool].rolling.begun, self.waves(count));
        (0..count).for_each(|cohort| self.advance(pool, cohort, ctx.now()));
        let each = SimDuration::from_secs_f64(self.recomputed_time(pool));
        self.pools[pool].rolling.begun += 1;
        for cohort in (begun * count).div_ceil(waves)..((begun + 1) * count).div_ceil(waves) {
            self.pause(ctx, pool, cohort);
        }
        let event = Event::Rl(self.work, RlEvent::WaveOver { pool: pool as u16 });
        let due = ctx.schedule_keyed(ctx.now().saturating_add(each), CLASS_MODEL, event);
        self.pools[pool].rolling.due = Some(due);
    }

    /// 99 % of the engines of a wave have recomputed what they had: the next wave begins. Where engines drain, some that no cohort
    /// simulates are done. Returns what it means for the pool.
    pub fn wave_over(&mut self, ctx: &mut Context<'_, Event>, pool: usize) -> Resumed {
        self.pools[pool].rolling.due = None;
        if self.params.update == Update::Drain {
            return self.drain_goes_on(ctx, pool);
        }
        if self.pools[pool].rolling.begun >= self.waves(self.pools[pool].cohorts.len()) {
            return Resumed::Served;
        }
        self.abort_wave(ctx, pool);
        Resumed::GoesOn
    }

    /// Seconds in which 99 % of engines pause and recompute what is on them: the percentile of both together, each pause with each engine as
    /// it is now. So it does not depend on how many engines are simulated.
    fn recomputed_time(&self, pool: usize) -> f64 {
        let count = self.pools[pool].cohorts.len();
        let middle = |i: usize, n: usize| (i as f64 + 0.5) / n as f64;
        let mut again: Vec<f64> = (0..count).map(|c| self.recompute_time(pool, c).as_secs_f64()).collect();
        again.sort_unstable_by(f64::total_cmp);
        let engines = count.min(SLICES);
        let again = (0..engines).map(|i| again[(middle(i, engines) * count as f64) as usize]);
        let pauses: Vec<f64> = (0..SLICES).map(|i| quantile(&self.params.swap, middle(i, SLICES))).collect();
        let mut both: Vec<f64> = again.flat_map(|again| pauses.iter().map(move |pause| pause + again)).collect();
        let at = (SERVED_SHARE * both.len() as f64) as usize;
        *both.select_nth_unstable_by(at, f64::total_cmp).1
    }

    /// A cohort stops to take new weights.
    pub fn pause(&mut self, ctx: &mut Context<'_, Event>, pool: usize, cohort: usize) {
        self.advance(pool, cohort, ctx.now());
        if self.params.update == Update::Abort {
            // All that is on the engine is read again, before anything new begins.
            let state = &mut self.pools[pool].cohorts[cohort];
            (state.prefill, state.closed) = (SimDuration::ZERO, true);
        }
        let event = RlEvent::CohortResume { pool: pool as u16, cohort: cohort as u32 };
        let (work, again) = (self.work, self.recompute_time(pool, cohort));
        let state = &mut self.pools[pool].cohorts[cohort];
        for key in [state.due.take(), state.resume.take()].into_iter().flatten() {
            ctx.cancel(key);
        }
        let at = ctx.now().saturating_add(state.pause).saturating_add(again);
        state.resume = Some(ctx.schedule_keyed(at, CLASS_MODEL, Event::Rl(work, event)));
    }

    /// Time in which an engine computes the keys and values of all tokens on it again.
    fn recompute_time(&self, pool: usize, cohort: usize) -> SimDuration {
        if self.params.update != Update::Abort {
            return SimDuration::ZERO;
        }
        self.prefill_time(self.pools[pool].cohorts[cohort].tokens())
    }

    /// A cohort that closes for an update has ended its last trajectory: it pauses.
    pub(super) fn drained(&mut self, ctx: &mut Context<'_, Event>, pool: usize, cohort: usize) {
        let state = &self.pools[pool].cohorts[cohort];
        if state.closed && state.resume.is_none() && state.is_empty() {
            self.pause(ctx, pool, cohort);
        }
    }

    /// A cohort goes on after a swap.
    pub fn resume(&mut self, ctx: &mut Context<'_, Event>, pool: usize, cohort: usize) -> Resumed {
        self.advance(pool, cohort, ctx.now());
        let state = &mut self.pools[pool].cohorts[cohort];
        state.resume = None;
        state.serves = state.takes;
        let opens = std::mem::take(&mut state.closed);
        let updated = std::mem::take(&mut state.updating);
        self.fill_from_queues(ctx.now(), pool, cohort);
        self.reschedule(ctx, pool, cohort);
        if updated {
            // Others may go on at this very instant: they are counted with it, or what comes next would begin without them.
            self.look_again(ctx, pool);
        }
        if opens || updated { Resumed::Opens } else { Resumed::GoesOn }
    }

    /// Counts what a cohort did not generate because of an update, up to `now`.
    pub(super) fn count_update(&mut self, pool: usize, cohort: usize, now: SimTime) {
        let (entry, slots) = (&self.pools[pool], self.params.slots);
        let state = &entry.cohorts[cohort];
        if entry.halted || !(state.closed || state.resume.is_some()) {
            return;
        }
        let generated = match state.resume {
            Some(_) => 0.0,
            None => self.rate(state.running.len()) * state.present * entry.survival,
        };
        let full = slots as f64 * self.rate(slots) * entry.weight();
        let lost = (full - generated).max(0.0) * (now - state.at).as_secs_f64();
        self.pools[pool].update_lost += lost;
    }
}
