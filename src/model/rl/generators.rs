//! Generation engines with continuous batching, simulated in cohorts.
//!
//! A cohort is one representative engine that stands for `live engines ÷ cohorts` real ones. With b trajectories at
//! once each proceeds at `single_rate / (1 + b / half_batch)` tokens per second: per trajectory the rate falls with
//! b, per engine it rises. All trajectories of a cohort proceed alike, so the cohort keeps one clock (tokens per
//! trajectory so far), each trajectory finishes when the clock reaches its mark, and only the first has an event.
//!
//! New weights are taken in flight, after a drain, or by abort and resume ([`Update`]): trajectories that go on with the new policy
//! keep the version they began with as their oldest. The pauses of a pool's cohorts are drawn one from each equal slice of
//! the pause's distribution, so that the number of cohorts hardly matters; a policy counts as served after the 99th
//! percentile of the pause.

mod admission;
mod decode;
mod drain;
mod rewards;
mod shipping;
mod turns;
mod update;
mod users;

use std::collections::{BTreeMap, VecDeque};

use super::Sample;
use super::cohort::Cohort;
use super::ledger::LoopStats;
use crate::engine::Context;
use crate::engine::rng::Stream;
use crate::model::event::Event;
use crate::model::ids::WorkId;
use crate::units::{Dist, SimDuration, SimTime};

pub use turns::{EnvironmentParams, TurnStreams};
use update::Rolling;
pub use update::{Resumed, Update};
use users::Users;
pub use users::{UserParams, UserStats, UserStreams};

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
    /// Samples of one prompt, ≥ 1: they are admitted together and train together.
    pub group: usize,
    /// Trajectories at once on one engine.
    pub slots: usize,
    /// Tokens per second of one trajectory alone.
    pub single_rate: f64,
    /// Concurrency at which that rate has halved.
    pub half_batch: f64,
    /// Users whom the engines serve first.
    pub users: Option<UserParams>,
    /// Tokens before the cap.
    pub length: Dist,
    /// Cap in tokens, over all turns.
    pub length_cap: f64,
    /// Tokens before the first generated one.
    pub prompt: f64,
    /// What lies between turns; none: every trajectory is one turn.
    pub environment: Option<EnvironmentParams>,
    /// Time from the last token to the reward, seconds.
    pub reward: Dist,
    /// Payload bytes per token.
    pub bytes_per_token: f64,
    /// Time between shipments of a pool.
    pub ship_every: SimDuration,
    /// Pause of an engine that takes new weights, seconds.
    pub swap: Dist,
    /// Waves in which the engines of a pool take them, ≥ 1; a pool with fewer cohorts has as many waves as cohorts.
    pub swap_waves: usize,
    /// What becomes of the trajectories on them.
    pub update: Update,
    /// Tokens per second that an engine computes keys and values for.
    pub prefill_rate: f64,
}

impl GeneratorParams {
    /// Tokens per second of each of `b` trajectories on one engine.
    fn rate(&self, b: usize) -> f64 {
        self.single_rate / (1.0 + b as f64 / self.half_batch)
    }
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
    /// Random stream of what the engines that no cohort simulates have to end before they take new weights.
    pub drains: Stream,
    /// Random streams of users.
    pub users: UserStreams,
    /// Random streams of turns.
    pub turns: TurnStreams,
}

/// A member of an admitted group that no slot was free for.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    group: u32,
    weight: f64,
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
    waiting: VecDeque<Waiting>,
    users: Option<Users>,
    outbox: Vec<Sample>,
    ship_scheduled: bool,
    /// Its GPUs do something else.
    halted: bool,
    tokens: f64,
    /// Engine-seconds of work on contexts.
    prefill: f64,
    /// Engine-seconds.
    engine_time: f64,
    capacity: f64,
    capacity_at: SimTime,
    rolling: Rolling,
    /// Tokens not generated because engines took new weights.
    update_lost: f64,
}

impl Pool {
    fn weight(&self) -> f64 {
        self.live as f64 / self.cohorts.len() as f64
    }

    fn restart_survival(&mut self) {
        for cohort in &mut self.cohorts {
            cohort.restart_survival(self.survival);
        }
        if let Some(users) = &mut self.users {
            users.restart_survival(self.survival);
        }
        self.survival = 1.0;
    }

    /// Trajectories on the engines.
    fn on_engines(&self) -> f64 {
        let aside = self.users.as_ref().map_or(0.0, |users| users.aside);
        (self.cohorts.iter().map(|c| c.present + c.holding).sum::<f64>() + aside) * self.survival
    }

    /// Trajectories on the engines, in an environment, or waiting for a slot.
    fn in_flight(&self) -> f64 {
        let without_slot: f64 = self.cohorts.iter().map(|c| c.without_slot).sum();
        self.on_engines() + without_slot + self.waiting.iter().map(|w| w.weight).sum::<f64>()
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
    next_group: u32,
    /// Members of each group that have not reached the trainer; kept only where groups have several.
    missing: BTreeMap<u32, usize>,
    /// Groups whose last missing member was lost.
    closed: Vec<u32>,
    /// Trajectories admitted, less those lost or dropped.
    admitted: f64,
    /// Trajectories that were lost or dropped since the beginning.
    removed: f64,
    lost: f64,
    /// Trajectories whose last token was generated, and those of them that ended at the cap.
    finished: [f64; 2],
    user_stats: UserStats,
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
                waiting: VecDeque::new(),
                users: params.users.as_ref().map(|_| Users::new(p.users.clone(), p.cohorts.max(1))),
                outbox: Vec::new(),
                ship_scheduled: false,
                halted: false,
                tokens: 0.0,
                prefill: 0.0,
                engine_time: 0.0,
                capacity: 0.0,
                capacity_at: SimTime::ZERO,
                rolling: Rolling::default(),
                update_lost: 0.0,
            })
            .collect();
        Generators {
            work,
            params: params.clone(),
            pools,
            shipments: BTreeMap::new(),
            next_shipment: 0,
            sequence: 0,
            next_group: 0,
            missing: BTreeMap::new(),
            closed: Vec::new(),
            admitted: 0.0,
            removed: 0.0,
            lost: 0.0,
            finished: [0.0; 2],
            user_stats: UserStats::new(),
        }
    }

    /// Tokens per second of each of `b` trajectories on one engine.
    fn rate(&self, b: usize) -> f64 {
        self.params.rate(b)
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
            let lost = entry.on_engines() * (1.0 - share);
            self.user_stats.lost += entry.users.as_ref().map_or(0.0, |u| u.present) * entry.survival * (1.0 - share);
            entry.survival *= share;
            if entry.survival < SURVIVAL_RESTART {
                entry.restart_survival();
            }
            self.lose(lost);
            self.lose_beside(ctx, pool, share);
        }
        self.pools[pool].live = engines;
    }

    /// Everything on the engines of a pool is lost.
    fn clear(&mut self, ctx: &mut Context<'_, Event>, pool: usize) {
        let entry = &mut self.pools[pool];
        let lost = entry.in_flight();
        let mut groups: Vec<u32> = entry.waiting.drain(..).map(|w| w.group).collect();
        let (weight, survival) = (entry.weight(), entry.survival);
        if let Some(users) = &mut entry.users {
            self.user_stats.lost += users.present * survival;
            let (aside, in_line) = users.clear();
            groups.extend(aside);
            self.user_stats.lost += in_line as f64 * weight;
        }
        for cohort in &mut entry.cohorts {
            if let Some(key) = cohort.due.take() {
                ctx.cancel(key);
            }
            groups.extend(cohort.running.drain().iter().map(|one| one.group));
            cohort.present = 0.0;
            groups.extend(cohort.clear_turns());
        }
        entry.survival = 1.0;
        entry.rolling.beside.clear();
        self.lose(lost);
        for cohort in 0..self.pools[pool].cohorts.len() {
            self.drained(ctx, pool, cohort);
        }
        for group in groups {
            if self.member_arrived(group) {
                self.closed.push(group);
            }
        }
    }

    fn lose(&mut self, weight: f64) {
        self.forget(weight);
        self.lost += weight;
    }

    /// Stops all engines and forgets what is on them.
    pub fn stop(&mut self, ctx: &mut Context<'_, Event>) {
        // Whom the end cuts short was not let down.
        let let_down = self.user_stats.lost;
        for pool in 0..self.pools.len() {
            self.count_capacity(pool, ctx.now());
            for cohort in 0..self.pools[pool].cohorts.len() {
                self.advance(pool, cohort, ctx.now());
                let state = &mut self.pools[pool].cohorts[cohort];
                (state.closed, state.updating) = (false, false);
                if let Some(key) = self.pools[pool].cohorts[cohort].resume.take() {
                    ctx.cancel(key);
                }
            }
            self.clear(ctx, pool);
            self.pools[pool].live = 0;
        }
        self.user_stats.lost = let_down;
    }

    /// Whether the GPUs of a pool do something else.
    pub fn is_halted(&self, pool: usize) -> bool {
        self.pools[pool].halted
    }

    /// All engines of a pool stop where they are.
    pub fn halt(&mut self, ctx: &mut Context<'_, Event>, pool: usize) {
        self.count_capacity(pool, ctx.now());
        for cohort in 0..self.pools[pool].cohorts.len() {
            self.advance(pool, cohort, ctx.now());
            if let Some(key) = self.pools[pool].cohorts[cohort].due.take() {
                ctx.cancel(key);
            }
        }
        self.pools[pool].halted = true;
    }

    /// All engines of a halted pool go on.
    pub fn go_on(&mut self, ctx: &mut Context<'_, Event>, pool: usize) {
        self.count_capacity(pool, ctx.now());
        for cohort in 0..self.pools[pool].cohorts.len() {
            self.advance(pool, cohort, ctx.now());
        }
        self.pools[pool].halted = false;
        for cohort in 0..self.pools[pool].cohorts.len() {
            self.reschedule(ctx, pool, cohort);
        }
    }

    /// A pool serves `version` from now on.
    pub fn serve(&mut self, pool: usize, version: u32) {
        self.pools[pool].served = version;
    }

    /// Every engine of a pool has the weights of `version`, without having taken them from elsewhere.
    pub fn hand(&mut self, pool: usize, version: u32) {
        for cohort in &mut self.pools[pool].cohorts {
            cohort.serves = version;
        }
        self.serve(pool, version);
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
        let delayed = self.pools.iter().filter_map(|p| p.users.as_ref()).flat_map(|users| users.delayed.iter());
        self.pools.iter().flat_map(|p| &p.outbox).chain(self.shipments.values().flatten()).chain(delayed)
    }

    /// Trajectories on engines, weighted.
    pub fn in_flight(&self) -> f64 {
        self.pools.iter().map(Pool::in_flight).sum()
    }

    /// Trajectories admitted, less those lost or dropped.
    pub fn admitted(&self) -> f64 {
        self.admitted
    }

    /// Trajectories lost or dropped since the beginning.
    pub fn removed(&self) -> f64 {
        self.removed
    }

    fn count_capacity(&mut self, pool: usize, now: SimTime) {
        let full = self.params.slots as f64 * self.rate(self.params.slots);
        let entry = &mut self.pools[pool];
        let full = if entry.halted { 0.0 } else { full };
        let span = (now - entry.capacity_at).as_secs_f64();
        entry.engine_time += if entry.halted { 0.0 } else { entry.live as f64 * span };
        entry.capacity += full * entry.live as f64 * span;
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
        self.finished = [0.0; 2];
        self.user_stats = UserStats::new();
        for pool in &mut self.pools {
            (pool.tokens, pool.capacity, pool.update_lost) = (0.0, 0.0, 0.0);
            (pool.prefill, pool.engine_time) = (0.0, 0.0);
        }
    }

    /// Tokens per second and idle share since the reset.
    pub fn fill_stats(&mut self, now: SimTime, stats: &mut LoopStats) {
        self.settle(now);
        let tokens: f64 = self.pools.iter().map(|p| p.tokens).sum();
        let capacity: f64 = self.pools.iter().map(|p| p.capacity).sum();
        stats.tokens = tokens;
        stats.lost = self.lost;
        stats.users = self.params.users.as_ref().map(|_| self.user_stats.clone());
        self.fill_turns(stats);
        stats.generator_idle = (capacity > 0.0).then(|| 1.0 - tokens / capacity - stats.prefill.unwrap_or(0.0));
        let update: f64 = self.pools.iter().map(|p| p.update_lost).sum();
        stats.update_idle = (capacity > 0.0).then(|| update / capacity);
    }
}

#[cfg(test)]
#[path = "generators_tests.rs"]
pub(super) mod tests;

#[cfg(test)]
#[path = "turns_tests.rs"]
mod turns_tests;

#[cfg(test)]
#[path = "drain_tests.rs"]
mod drain_tests;
