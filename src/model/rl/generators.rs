//! Generation engines with continuous batching, simulated in cohorts.
//!
//! A cohort is one representative engine that stands for `live engines ÷ cohorts` real ones. With b trajectories at
//! once each proceeds at `single_rate / (1 + b / half_batch)` tokens per second: per trajectory the rate falls with
//! b, per engine it rises. All trajectories of a cohort proceed alike, so the cohort keeps one clock (tokens per
//! trajectory so far), each trajectory finishes when the clock reaches its mark, and only the first has an event.
//!
//! New weights are swapped in flight: the engine pauses, its trajectories go on with the new policy and keep the
//! version they began with as their oldest. The pauses of a pool's cohorts are drawn one from each equal slice of
//! the pause's distribution, so that the number of cohorts hardly matters; a policy counts as served after the 99th
//! percentile of the pause.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Sample;
use super::cohort::{Cohort, Running};
use super::ledger::LoopStats;
use crate::engine::Context;
use crate::engine::rng::{Stream, quantile};
use crate::model::event::{CLASS_MODEL, Event, RlEvent};
use crate::model::ids::WorkId;
use crate::units::{Dist, SimDuration, SimTime};

/// Marks this close to the clock count as reached, in tokens; covers rounding to whole nanoseconds.
const TOKEN_SLACK: f64 = 1e-6;
/// A pool's survival starts again from 1 long before the product of years of losses could vanish.
const SURVIVAL_RESTART: f64 = 1e-3;
/// Room for less than this share of a trajectory is rounding.
const NO_ROOM: f64 = 1e-6;

/// Parameters of all generator pools of a loop.
#[derive(Clone, Debug)]
pub struct GeneratorParams {
    /// Pools: number of cohorts and random stream of each.
    pub pools: Vec<PoolParams>,
    /// Trajectories at once on one engine.
    pub slots: usize,
    /// Tokens per second of one trajectory alone.
    pub single_rate: f64,
    /// Concurrency at which that rate has halved.
    pub half_batch: f64,
    /// Tokens before the cap.
    pub length: Dist,
    /// Cap in tokens.
    pub length_cap: f64,
    /// Time from the last token to the reward, seconds.
    pub reward: Dist,
    /// Payload bytes per token.
    pub bytes_per_token: f64,
    /// Time between shipments of a pool.
    pub ship_every: SimDuration,
    /// Pause of an engine that takes new weights, seconds.
    pub swap: Dist,
}

/// One generator pool.
#[derive(Clone, Debug)]
pub struct PoolParams {
    /// Cohorts to simulate.
    pub cohorts: usize,
    /// Random stream of lengths.
    pub lengths: Stream,
    /// Random stream of reward times; its own, so that a constant reward time leaves the lengths as they are.
    pub rewards: Stream,
    /// Random stream of swap pauses.
    pub swaps: Stream,
}

#[derive(Debug)]
struct Pool {
    params: PoolParams,
    live: u64,
    cohorts: Vec<Cohort>,
    /// Product of the survival shares of all engine losses so far: a trajectory admitted at survival s stands for
    /// weight × survival ÷ s now, and no loss has to visit every trajectory.
    survival: f64,
    served: u32,
    outbox: Vec<Sample>,
    ship_scheduled: bool,
    tokens: f64,
    capacity: f64,
    capacity_at: SimTime,
}

impl Pool {
    fn weight(&self) -> f64 {
        self.live as f64 / self.cohorts.len() as f64
    }

    fn restart_survival(&mut self) {
        for cohort in &mut self.cohorts {
            cohort.restart_survival(self.survival);
        }
        self.survival = 1.0;
    }

    /// Trajectories on the engines.
    fn in_flight(&self) -> f64 {
        self.cohorts.iter().map(|c| c.present).sum::<f64>() * self.survival
    }
}

/// All generators of a loop.
#[derive(Debug)]
pub struct Generators {
    work: WorkId,
    params: GeneratorParams,
    pools: Vec<Pool>,
    shipments: BTreeMap<u32, Vec<Sample>>,
    next_shipment: u32,
    sequence: u64,
    /// Trajectories admitted, less those lost or dropped.
    admitted: f64,
    lost: f64,
}

impl Generators {
    /// Generators with no live engine yet.
    pub fn new(work: WorkId, params: &GeneratorParams) -> Self {
        let pools = params
            .pools
            .iter()
            .map(|p| Pool {
                params: p.clone(),
                live: 0,
                cohorts: (0..p.cohorts.max(1)).map(|_| Cohort::default()).collect(),
                survival: 1.0,
                served: 0,
                outbox: Vec::new(),
                ship_scheduled: false,
                tokens: 0.0,
                capacity: 0.0,
                capacity_at: SimTime::ZERO,
            })
            .collect();
        Generators {
            work,
            params: params.clone(),
            pools,
            shipments: BTreeMap::new(),
            next_shipment: 0,
            sequence: 0,
            admitted: 0.0,
            lost: 0.0,
        }
    }

    /// Tokens per second of each of `b` trajectories on one engine.
    fn rate(&self, b: usize) -> f64 {
        self.params.single_rate / (1.0 + b as f64 / self.params.half_batch)
    }

    /// The number of live engines of a pool changes. With `failed`, the trajectories on the lost engines are lost.
    pub fn set_live(&mut self, ctx: &mut Context<'_, Event>, pool: usize, engines: u64, failed: bool) {
        let now = ctx.now();
        self.count_capacity(pool, now);
        for cohort in 0..self.pools[pool].cohorts.len() {
            self.advance(pool, cohort, now);
        }
        let entry = &mut self.pools[pool];
        if engines == 0 {
            self.clear(ctx, pool);
        } else if engines < entry.live && failed {
            let share = engines as f64 / entry.live as f64;
            let lost = entry.in_flight() * (1.0 - share);
            entry.survival *= share;
            if entry.survival < SURVIVAL_RESTART {
                entry.restart_survival();
            }
            self.lose(lost);
        }
        self.pools[pool].live = engines;
    }

    /// Everything on the engines of a pool is lost.
    fn clear(&mut self, ctx: &mut Context<'_, Event>, pool: usize) {
        let entry = &mut self.pools[pool];
        let lost = entry.in_flight();
        for cohort in &mut entry.cohorts {
            if let Some(key) = cohort.due.take() {
                ctx.cancel(key);
            }
            cohort.running.clear();
            cohort.present = 0.0;
        }
        entry.survival = 1.0;
        self.lose(lost);
    }

    fn lose(&mut self, weight: f64) {
        self.admitted -= weight;
        self.lost += weight;
    }

    /// Stops all engines and forgets what is on them.
    pub fn stop(&mut self, ctx: &mut Context<'_, Event>) {
        for pool in 0..self.pools.len() {
            self.count_capacity(pool, ctx.now());
            for cohort in 0..self.pools[pool].cohorts.len() {
                self.advance(pool, cohort, ctx.now());
                if let Some(key) = self.pools[pool].cohorts[cohort].resume.take() {
                    ctx.cancel(key);
                }
            }
            self.clear(ctx, pool);
            self.pools[pool].live = 0;
        }
    }

    /// Brings a cohort's clock up to `now`.
    fn advance(&mut self, pool: usize, cohort: usize, now: SimTime) {
        let batch = self.pools[pool].cohorts[cohort].running.len();
        let rate = self.rate(batch);
        let entry = &mut self.pools[pool];
        let state = &mut entry.cohorts[cohort];
        let elapsed = (now - state.at).as_secs_f64();
        state.at = now;
        if state.resume.is_none() && batch > 0 {
            state.clock += rate * elapsed;
            entry.tokens += rate * elapsed * state.present * entry.survival;
        }
    }

    /// Puts the cohort's next completion into the calendar.
    fn reschedule(&mut self, ctx: &mut Context<'_, Event>, pool: usize, cohort: usize) {
        let rate = self.rate(self.pools[pool].cohorts[cohort].running.len());
        let work = self.work;
        let state = &mut self.pools[pool].cohorts[cohort];
        if let Some(key) = state.due.take() {
            ctx.cancel(key);
        }
        if state.resume.is_some() {
            return;
        }
        let Some(Reverse(first)) = state.running.peek() else { return };
        let wait = SimDuration::from_secs_f64_ceil(((first.mark - state.clock) / rate).max(0.0));
        let event = RlEvent::CohortDue { pool: pool as u16, cohort: cohort as u32 };
        state.due = Some(ctx.schedule_keyed(ctx.now().saturating_add(wait), CLASS_MODEL, Event::Rl(work, event)));
    }

    /// Starts one trajectory on a cohort if admission allows. The last one below the bound stands for what is left
    /// of it, so that all engines together start exactly as many as they may: a batch of 64 from a thousand engines
    /// must fill up to 64, or the trainer waits for ever.
    fn admit(&mut self, now: SimTime, pool: usize, cohort: usize, bound: f64) -> bool {
        let entry = &mut self.pools[pool];
        let whole = entry.weight();
        let weight = whole.min(bound - self.admitted);
        if weight <= NO_ROOM * whole {
            return false;
        }
        let tokens = entry.params.lengths.sample(&self.params.length).clamp(1.0, self.params.length_cap).round();
        self.admitted += weight;
        self.sequence += 1;
        let (survival, version) = (entry.survival, entry.served);
        let state = &mut entry.cohorts[cohort];
        state.present += weight / survival;
        state.running.push(Reverse(Running {
            mark: state.clock + tokens,
            sequence: self.sequence,
            started: now,
            tokens,
            version,
            weight,
            survival,
        }));
        true
    }

    /// Completions of a cohort: finished trajectories go to the outbox, free slots are refilled.
    pub fn cohort_due(&mut self, ctx: &mut Context<'_, Event>, pool: usize, cohort: usize, bound: f64) {
        let now = ctx.now();
        self.pools[pool].cohorts[cohort].due = None;
        self.advance(pool, cohort, now);
        self.pools[pool].cohorts[cohort].restart_clock();
        loop {
            let state = &mut self.pools[pool].cohorts[cohort];
            match state.running.peek() {
                Some(Reverse(first)) if first.mark <= state.clock + TOKEN_SLACK => {}
                _ => break,
            }
            let Some(Reverse(done)) = state.running.pop() else { break };
            state.present = if state.running.is_empty() { 0.0 } else { state.present - done.weight / done.survival };
            self.finish(now, pool, &done);
            self.admit(now, pool, cohort, bound);
        }
        self.reschedule(ctx, pool, cohort);
        self.plan_shipment(ctx, pool);
    }

    fn finish(&mut self, now: SimTime, pool: usize, done: &Running) {
        let entry = &mut self.pools[pool];
        let weight = done.weight * entry.survival / done.survival;
        let reward = SimDuration::from_secs_f64(entry.params.rewards.sample(&self.params.reward));
        entry.outbox.push(Sample {
            started: done.started,
            generated: now,
            rewarded: now.saturating_add(reward),
            arrived: SimTime::MAX,
            version: done.version,
            tokens: done.tokens,
            weight,
        });
    }

    /// Schedules the next shipment of a pool on its time grid, if there is anything to ship and none is planned.
    fn plan_shipment(&mut self, ctx: &mut Context<'_, Event>, pool: usize) {
        let entry = &mut self.pools[pool];
        if entry.ship_scheduled {
            return;
        }
        let Some(first) = entry.outbox.iter().map(|s| s.rewarded).min() else { return };
        entry.ship_scheduled = true;
        let every = self.params.ship_every.as_nanos().max(1);
        let at = SimTime::from_nanos(
            first.max(ctx.now()).as_nanos().div_euclid(every).saturating_add(1).saturating_mul(every),
        );
        ctx.schedule(at, CLASS_MODEL, Event::Rl(self.work, RlEvent::Ship { pool: pool as u16 }));
    }

    /// Packs all trajectories with a known reward; returns the shipment's number and bytes.
    pub fn ship(&mut self, ctx: &mut Context<'_, Event>, pool: usize) -> Option<(u32, f64)> {
        let now = ctx.now();
        let entry = &mut self.pools[pool];
        entry.ship_scheduled = false;
        let (ready, later): (Vec<Sample>, Vec<Sample>) = entry.outbox.iter().partition(|s| s.rewarded <= now);
        entry.outbox = later;
        self.plan_shipment(ctx, pool);
        if ready.is_empty() {
            return None;
        }
        let bytes = ready.iter().map(|s| s.tokens * s.weight).sum::<f64>() * self.params.bytes_per_token;
        let number = self.next_shipment;
        self.next_shipment = self.next_shipment.wrapping_add(1);
        self.shipments.insert(number, ready);
        Some((number, bytes))
    }

    /// The trajectories of a shipment that has arrived.
    pub fn take_shipment(&mut self, number: u32) -> Vec<Sample> {
        self.shipments.remove(&number).unwrap_or_default()
    }

    /// Trajectories that were dropped make room for others.
    pub fn forget(&mut self, weight: f64) {
        self.admitted -= weight;
    }

    /// Fills free slots evenly over all cohorts as far as admission allows.
    pub fn refill(&mut self, ctx: &mut Context<'_, Event>, bound: f64) {
        let now = ctx.now();
        let slots = self.params.slots;
        let mut touched: Vec<(usize, usize)> = Vec::new();
        'passes: loop {
            let mut any = false;
            for pool in 0..self.pools.len() {
                for cohort in 0..self.pools[pool].cohorts.len() {
                    if self.pools[pool].live == 0 || self.pools[pool].cohorts[cohort].running.len() >= slots {
                        continue;
                    }
                    self.advance(pool, cohort, now);
                    if !self.admit(now, pool, cohort, bound) {
                        break 'passes;
                    }
                    any = true;
                    touched.push((pool, cohort));
                }
            }
            if !any {
                break;
            }
        }
        touched.sort_unstable();
        touched.dedup();
        for (pool, cohort) in touched {
            self.reschedule(ctx, pool, cohort);
        }
    }

    /// All engines of a pool take new weights. Returns the time until 99 % of them have.
    pub fn swap(&mut self, ctx: &mut Context<'_, Event>, pool: usize) -> SimDuration {
        let now = ctx.now();
        let count = self.pools[pool].cohorts.len();
        let mut slices: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            let other = self.pools[pool].params.swaps.below(last as u64 + 1) as usize;
            slices.swap(last, other);
        }
        for (cohort, slice) in slices.into_iter().enumerate() {
            self.advance(pool, cohort, now);
            let share = (slice as f64 + self.pools[pool].params.swaps.uniform()) / count as f64;
            let pause = SimDuration::from_secs_f64(quantile(&self.params.swap, share));
            let event = RlEvent::CohortResume { pool: pool as u16, cohort: cohort as u32 };
            let work = self.work;
            let state = &mut self.pools[pool].cohorts[cohort];
            for key in [state.due.take(), state.resume.take()].into_iter().flatten() {
                ctx.cancel(key);
            }
            state.resume = Some(ctx.schedule_keyed(now.saturating_add(pause), CLASS_MODEL, Event::Rl(work, event)));
        }
        SimDuration::from_secs_f64(quantile(&self.params.swap, 0.99))
    }

    /// A cohort goes on after a swap.
    pub fn resume(&mut self, ctx: &mut Context<'_, Event>, pool: usize, cohort: usize) {
        self.advance(pool, cohort, ctx.now());
        self.pools[pool].cohorts[cohort].resume = None;
        self.reschedule(ctx, pool, cohort);
    }

    /// A pool serves `version` from now on.
    pub fn serve(&mut self, pool: usize, version: u32) {
        self.pools[pool].served = version;
    }

    /// The oldest version served at any pool that has live engines.
    pub fn oldest_served(&self) -> u32 {
        let live = self.pools.iter().filter(|p| p.live > 0).map(|p| p.served).min();
        live.or_else(|| self.pools.iter().map(|p| p.served).min()).unwrap_or(0)
    }

    /// Live engines of each pool.
    pub fn live_engines(&self) -> Vec<u64> {
        self.pools.iter().map(|p| p.live).collect()
    }

    /// Trajectories with a reward (known or coming) that have not reached the trainer.
    pub fn open_samples(&self) -> impl Iterator<Item = &Sample> {
        self.pools.iter().flat_map(|p| &p.outbox).chain(self.shipments.values().flatten())
    }

    /// Trajectories on engines, weighted.
    pub fn in_flight(&self) -> f64 {
        self.pools.iter().map(Pool::in_flight).sum()
    }

    /// Trajectories admitted, less those lost or dropped.
    pub fn admitted(&self) -> f64 {
        self.admitted
    }

    fn count_capacity(&mut self, pool: usize, now: SimTime) {
        let full = self.params.slots as f64 * self.rate(self.params.slots);
        let entry = &mut self.pools[pool];
        entry.capacity += full * entry.live as f64 * (now - entry.capacity_at).as_secs_f64();
        entry.capacity_at = now;
    }

    fn settle(&mut self, now: SimTime) {
        for pool in 0..self.pools.len() {
            self.count_capacity(pool, now);
            for cohort in 0..self.pools[pool].cohorts.len() {
                self.advance(pool, cohort, now);
            }
        }
    }

    /// Statistics start at `now`.
    pub fn reset(&mut self, now: SimTime) {
        self.settle(now);
        self.lost = 0.0;
        for pool in &mut self.pools {
            (pool.tokens, pool.capacity) = (0.0, 0.0);
        }
    }

    /// Tokens per second and idle share since the reset.
    pub fn fill_stats(&mut self, now: SimTime, stats: &mut LoopStats) {
        self.settle(now);
        let tokens: f64 = self.pools.iter().map(|p| p.tokens).sum();
        let capacity: f64 = self.pools.iter().map(|p| p.capacity).sum();
        stats.tokens = tokens;
        stats.lost = self.lost;
        stats.generator_idle = (capacity > 0.0).then(|| 1.0 - tokens / capacity);
    }
}

#[cfg(test)]
#[path = "generators_tests.rs"]
mod tests;
