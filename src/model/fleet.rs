//! A fleet of identical GPU units at one site: failures by cause, repair classes, spares, pools by priority.
//!
//! A *unit* is what one part failure takes out (a tray of 4 GPUs in a rack-scale system, a node of 8 elsewhere).
//! Thousands of units share one timer: candidates arrive at the rate of a fleet in perfect health and hit each
//! unit with equal chance; a hit on a unit already broken or being brought in does not count. By the
//! memorylessness of the exponential law this is the same process as one timer per healthy unit.
//!
//! Every unit is in exactly one place: idle, granted to a pool, pending (being brought into a pool) or in repair.
//! A failed unit leaves its pool at once; its replacement starts after detection, from idle units (spares
//! included), else from the pool of the lowest lower priority, else it waits for the next repair.
//!
//! Not modelled here: infant mortality, lemon units, correlated failures, repair crews.

use super::event::{CLASS_FAULT, Event};
use super::ids::{FleetId, PoolId, WorkId};
use crate::engine::Context;
use crate::engine::rng::{Stream, quantile};
use crate::stats::{Level, LevelHistogram};
use crate::units::{Dist, SimDuration, SimTime};

/// Bound on the failures of the past that are looked at, so that absurd rates end in an error of the plan and not in
/// an endless start.
const MOST_PAST_FAILURES: u64 = 10_000_000;

/// One failure cause.
#[derive(Clone, Debug)]
pub struct HazardParams {
    /// Failures per unit and second.
    pub per_unit_second: f64,
    /// Time in repair after detection, seconds.
    pub repair: Dist,
}

/// Parameters of a fleet.
#[derive(Clone, Debug)]
pub struct FleetParams {
    /// Name.
    pub name: String,
    /// Units installed.
    pub units: u64,
    /// GPUs per unit.
    pub gpus_per_unit: u64,
    /// Units that no work may claim at its start but in place of some in repair.
    pub spare_units: u64,
    /// Causes.
    pub hazards: Vec<HazardParams>,
    /// Whether the fleet has been in operation for long when the run begins: then some units are in repair.
    pub in_operation: bool,
    /// Time to notice a failure, seconds.
    pub detection: Dist,
    /// Time to bring a replacement into service, seconds.
    pub replacement: Dist,
    /// Random stream of failure times, of the unit each hits and of its cause.
    pub failures: Stream,
    /// Random stream of detection times.
    pub detections: Stream,
    /// Random stream of repair times.
    pub repairs: Stream,
    /// Random stream of replacement times.
    pub replacements: Stream,
    /// Random stream of what happened before the run.
    pub past: Stream,
}

/// A claim of one work on the fleet. `wanted` = granted + pending + unnoticed + waiting + short while it runs.
#[derive(Clone, Debug)]
struct Pool {
    work: WorkId,
    priority: u8,
    wanted: u64,
    granted: u64,
    pending: u64,
    unnoticed: u64,
    waiting: u64,
    short: u64,
}

/// What a change in a fleet means for a work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FleetEffect {
    /// A pool lost a unit; `failed` tells a failure from a claim of a higher priority.
    Lost {
        /// Pool.
        pool: PoolId,
        /// Work that held it.
        work: WorkId,
        /// Broken, or taken away?
        failed: bool,
    },
    /// A pool got a unit.
    Gained {
        /// Pool.
        pool: PoolId,
        /// Work that holds it now.
        work: WorkId,
    },
    /// A failure was noticed and no replacement can be had for now.
    NoReplacement {
        /// Pool.
        pool: PoolId,
        /// Work that goes without.
        work: WorkId,
    },
}

/// Statistics of a fleet, in GPUs.
#[derive(Clone, Debug, PartialEq)]
pub struct FleetStats {
    /// GPUs installed.
    pub installed: f64,
    /// Mean of GPUs not in repair.
    pub available: f64,
    /// Mean of GPUs in repair (detection included).
    pub in_repair: f64,
    /// Mean of GPUs in service or ready as spares.
    pub usable: f64,
    /// Mean of GPUs that works hold.
    pub assigned: f64,
    /// Mean of GPUs that works miss because no spare was left.
    pub spare_shortage: f64,
    /// 99th percentile over time of GPUs in repair.
    pub spares_needed_p99: f64,
    /// Unit failures.
    pub failures: u64,
}

/// The fleet component.
#[derive(Clone, Debug)]
pub struct Fleet {
    id: FleetId,
    params: FleetParams,
    pools: Vec<Pool>,
    idle: u64,
    in_repair: u64,
    failures: u64,
    repair_level: Level,
    usable_level: Level,
    assigned_level: Level,
    shortage_level: Level,
    repair_histogram: LevelHistogram,
}

impl Fleet {
    /// A fleet with every unit idle.
    pub fn new(id: FleetId, params: FleetParams) -> Self {
        let zero = SimTime::ZERO;
        let units = params.units;
        Fleet {
            id,
            params,
            pools: Vec::new(),
            idle: units,
            in_repair: 0,
            failures: 0,
            repair_level: Level::new(zero, 0.0),
            usable_level: Level::new(zero, units as f64),
            assigned_level: Level::new(zero, 0.0),
            shortage_level: Level::new(zero, 0.0),
            repair_histogram: LevelHistogram::new(zero, 0),
        }
    }

    /// Adds an empty pool for `work`.
    pub fn add_pool(&mut self, work: WorkId, priority: u8) -> PoolId {
        let empty = Pool { work, priority, wanted: 0, granted: 0, pending: 0, unnoticed: 0, waiting: 0, short: 0 };
        self.pools.push(empty);
        PoolId::new(self.pools.len() - 1)
    }

    /// Puts units that failed before the run into repair and schedules the first failure candidate.
    pub fn begin(&mut self, ctx: &mut Context<'_, Event>) {
        if self.params.in_operation {
            for hazard in 0..self.params.hazards.len() {
                self.past_failures(ctx, hazard);
            }
            self.track(ctx.now());
        }
        self.next_candidate(ctx);
    }

    /// Share of units that are healthy in the long run: 1 / (1 + Σ rate × mean time out of service), the stationary
    /// law of alternating renewal. Only healthy units fail.
    fn healthy_share(&self) -> f64 {
        let detection = self.params.detection.mean();
        let out = |h: &HazardParams| h.per_unit_second * (detection + h.repair.mean());
        1.0 / (1.0 + self.params.hazards.iter().map(out).sum::<f64>())
    }

    /// Failures of one cause in the past whose repair lasts into the run. The past reaches back to the 99.99 %
    /// quantile of the repair time; of what failed before, nothing to speak of is still in repair.
    fn past_failures(&mut self, ctx: &mut Context<'_, Event>, hazard: usize) {
        let HazardParams { per_unit_second, repair } = self.params.hazards[hazard].clone();
        let past = quantile(&repair, 0.9999) + quantile(&self.params.detection, 0.9999);
        let expected = per_unit_second * self.params.units as f64 * self.healthy_share() * past;
        let stream = &mut self.params.past;
        for _ in 0..stream.poisson(expected).min(MOST_PAST_FAILURES) {
            let age = past * stream.uniform();
            let left = stream.sample(&self.params.detection) + stream.sample(&repair) - age;
            if left <= 0.0 || self.idle == 0 {
                continue;
            }
            self.idle -= 1;
            self.in_repair += 1;
            let back = ctx.now().saturating_add(SimDuration::from_secs_f64(left));
            if back < SimTime::MAX {
                ctx.schedule(back, CLASS_FAULT, Event::UnitRepaired(self.id));
            }
        }
    }

    /// Units a pool holds in service.
    pub fn granted(&self, pool: PoolId) -> u64 {
        self.pools[pool.index()].granted
    }

    /// GPUs a pool holds in service.
    pub fn granted_gpus(&self, pool: PoolId) -> u64 {
        self.granted(pool) * self.params.gpus_per_unit
    }

    /// Whether a pool has all it will get for now: no failure is unnoticed and no replacement under way.
    pub fn is_settled(&self, pool: PoolId) -> bool {
        let pool = &self.pools[pool.index()];
        pool.pending == 0 && pool.unnoticed == 0
    }

    /// A work claims units: idle ones beyond the spares first, then those of lower priorities. A spare stands in for a unit that is in
    /// repair at that moment.
    pub fn claim(&mut self, now: SimTime, pool: PoolId, units: u64, out: &mut Vec<FleetEffect>) {
        let free = self.idle.saturating_sub(self.spares_kept()).min(units);
        self.idle -= free;
        let entry = &mut self.pools[pool.index()];
        entry.wanted = units;
        entry.granted += free;
        let mut missing = units - free;
        while missing > 0 && self.preempt(pool, out) {
            self.pools[pool.index()].granted += 1;
            missing -= 1;
        }
        self.pools[pool.index()].short = missing;
        self.track(now);
    }

    /// A work gives everything back.
    pub fn release(&mut self, now: SimTime, pool: PoolId, ctx: &mut Context<'_, Event>, out: &mut Vec<FleetEffect>) {
        let entry = &mut self.pools[pool.index()];
        self.idle += entry.granted;
        (entry.wanted, entry.granted, entry.waiting, entry.short) = (0, 0, 0, 0);
        self.serve(ctx, out);
        self.track(now);
    }

    /// Handles one of the fleet's events; effects go to `out`.
    pub fn handle(&mut self, event: Event, ctx: &mut Context<'_, Event>, out: &mut Vec<FleetEffect>) {
        match event {
            Event::UnitFailure(_) => {
                self.fail(ctx, out);
                self.next_candidate(ctx);
            }
            Event::UnitDetected(_, pool) => self.detected(pool, ctx, out),
            Event::UnitReplaced(_, pool) => self.replaced(pool, ctx, out),
            Event::UnitRepaired(_) => {
                self.in_repair -= 1;
                self.idle += 1;
                self.serve(ctx, out);
            }
            _ => unreachable!("the world routes only fleet events here"),
        }
        self.track(ctx.now());
    }

    fn unit_rate(&self) -> f64 {
        self.params.hazards.iter().map(|h| h.per_unit_second).sum()
    }

    fn next_candidate(&mut self, ctx: &mut Context<'_, Event>) {
        let rate = self.unit_rate() * self.params.units as f64;
        if rate <= 0.0 {
            return;
        }
        let wait = SimDuration::from_secs_f64(self.params.failures.exponential(1.0 / rate));
        let at = ctx.now().saturating_add(wait);
        if at < SimTime::MAX {
            ctx.schedule(at, CLASS_FAULT, Event::UnitFailure(self.id));
        }
    }

    /// A candidate hits one unit, each with equal chance. Every candidate draws the same numbers whether it counts or
    /// not, so two variants of a plan see the same failures, detection and repair times whoever holds the units.
    fn fail(&mut self, ctx: &mut Context<'_, Event>, out: &mut Vec<FleetEffect>) {
        let mut hit = self.params.failures.below(self.params.units);
        let weights: Vec<f64> = self.params.hazards.iter().map(|h| h.per_unit_second).collect();
        let cause = self.params.failures.pick(&weights);
        let detection = self.params.detections.sample(&self.params.detection);
        let repair = self.params.repairs.sample(&self.params.hazards[cause].repair);
        let mut pool = None;
        if hit < self.idle {
            self.idle -= 1;
        } else {
            hit -= self.idle;
            let Some(found) = self.pools.iter().position(|p| {
                let inside = hit < p.granted;
                hit = hit.saturating_sub(p.granted);
                inside
            }) else {
                return;
            };
            self.pools[found].granted -= 1;
            self.pools[found].unnoticed += 1;
            pool = Some(PoolId::new(found));
        }
        self.failures += 1;
        self.in_repair += 1;
        let noticed = ctx.now().saturating_add(SimDuration::from_secs_f64(detection));
        let repaired = noticed.saturating_add(SimDuration::from_secs_f64(repair));
        if repaired < SimTime::MAX {
            ctx.schedule(repaired, CLASS_FAULT, Event::UnitRepaired(self.id));
        }
        if let Some(pool) = pool {
            ctx.schedule(noticed, CLASS_FAULT, Event::UnitDetected(self.id, pool));
            out.push(FleetEffect::Lost { pool, work: self.pools[pool.index()].work, failed: true });
        }
    }

    fn detected(&mut self, pool: PoolId, ctx: &mut Context<'_, Event>, out: &mut Vec<FleetEffect>) {
        let entry = &mut self.pools[pool.index()];
        entry.unnoticed -= 1;
        if entry.wanted == 0 {
            // Nobody wants its replacement any more: a claim that is short may have it.
            self.serve(ctx, out);
            return;
        }
        entry.waiting += 1;
        self.serve(ctx, out);
        let entry = &self.pools[pool.index()];
        if entry.waiting > 0 {
            out.push(FleetEffect::NoReplacement { pool, work: entry.work });
        }
    }

    fn replaced(&mut self, pool: PoolId, ctx: &mut Context<'_, Event>, out: &mut Vec<FleetEffect>) {
        let entry = &mut self.pools[pool.index()];
        entry.pending -= 1;
        if entry.wanted == 0 {
            self.idle += 1;
            self.serve(ctx, out);
            return;
        }
        entry.granted += 1;
        out.push(FleetEffect::Gained { pool, work: entry.work });
    }

    /// Gives idle units to pools that miss some: failures first (spares may be used), then short claims.
    fn serve(&mut self, ctx: &mut Context<'_, Event>, out: &mut Vec<FleetEffect>) {
        for p in self.by_priority() {
            while self.pools[p].waiting > 0 && (self.take_idle(0) || self.preempt(PoolId::new(p), out)) {
                self.pools[p].waiting -= 1;
                self.bring(p, ctx);
            }
        }
        for p in self.by_priority() {
            while self.pools[p].short > 0 && self.take_idle(self.spares_kept()) {
                self.pools[p].short -= 1;
                self.bring(p, ctx);
            }
        }
    }

    /// Spares that no claim may take: those that stand in for units in repair are in use, and those for units whose replacement is
    /// still to come are not yet.
    fn spares_kept(&self) -> u64 {
        let owed: u64 = self.pools.iter().map(|p| p.unnoticed + p.waiting).sum();
        self.params.spare_units.saturating_sub(self.in_repair.saturating_sub(owed))
    }

    fn take_idle(&mut self, keep: u64) -> bool {
        let free = self.idle > keep;
        self.idle -= u64::from(free);
        free
    }

    fn bring(&mut self, pool: usize, ctx: &mut Context<'_, Event>) {
        self.pools[pool].pending += 1;
        let time = SimDuration::from_secs_f64(self.params.replacements.sample(&self.params.replacement));
        ctx.schedule(ctx.now().saturating_add(time), CLASS_FAULT, Event::UnitReplaced(self.id, PoolId::new(pool)));
    }

    /// Takes one unit from the pool of the lowest priority below that of `pool`; false when there is none.
    fn preempt(&mut self, pool: PoolId, out: &mut Vec<FleetEffect>) -> bool {
        let priority = self.pools[pool.index()].priority;
        let victim = (0..self.pools.len())
            .filter(|&v| self.pools[v].priority < priority && self.pools[v].granted > 0)
            .min_by_key(|&v| (self.pools[v].priority, v));
        let Some(victim) = victim else { return false };
        let entry = &mut self.pools[victim];
        entry.granted -= 1;
        entry.short += 1;
        out.push(FleetEffect::Lost { pool: PoolId::new(victim), work: entry.work, failed: false });
        true
    }

    /// Pools from the highest priority down, first come first.
    fn by_priority(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.pools.len()).collect();
        order.sort_by_key(|&p| (std::cmp::Reverse(self.pools[p].priority), p));
        order
    }

    fn track(&mut self, now: SimTime) {
        let granted: u64 = self.pools.iter().map(|p| p.granted).sum();
        let waiting: u64 = self.pools.iter().map(|p| p.waiting).sum();
        self.repair_level.set(now, self.in_repair as f64);
        self.repair_histogram.set(now, self.in_repair);
        self.usable_level.set(now, (self.idle + granted) as f64);
        self.assigned_level.set(now, granted as f64);
        self.shortage_level.set(now, waiting as f64);
    }

    /// Statistics start at `now`.
    pub fn reset(&mut self, now: SimTime) {
        self.failures = 0;
        for level in
            [&mut self.repair_level, &mut self.usable_level, &mut self.assigned_level, &mut self.shortage_level]
        {
            level.reset(now);
        }
        self.repair_histogram.reset(now);
    }

    /// Statistics since the last reset.
    pub fn stats(&mut self, now: SimTime) -> FleetStats {
        let gpus = self.params.gpus_per_unit as f64;
        let in_repair = self.repair_level.mean(now) * gpus;
        let installed = self.params.units as f64 * gpus;
        FleetStats {
            installed,
            available: installed - in_repair,
            in_repair,
            usable: self.usable_level.mean(now) * gpus,
            assigned: self.assigned_level.mean(now) * gpus,
            spare_shortage: self.shortage_level.mean(now) * gpus,
            spares_needed_p99: self.repair_histogram.quantile(now, 0.99) as f64 * gpus,
            failures: self.failures,
        }
    }

    /// GPUs not in repair and GPUs usable at this moment.
    pub fn present(&self) -> (f64, f64) {
        let gpus = self.params.gpus_per_unit as f64;
        let granted: u64 = self.pools.iter().map(|p| p.granted).sum();
        ((self.params.units - self.in_repair) as f64 * gpus, (self.idle + granted) as f64 * gpus)
    }

    /// GPUs of a unit, which fail and are replaced together.
    pub fn gpus_per_unit(&self) -> u64 {
        self.params.gpus_per_unit
    }

    /// Name.
    pub fn name(&self) -> &str {
        &self.params.name
    }

    /// Conservation: every unit is in exactly one place, every pool accounts for all it wants, and nobody waits while a
    /// unit that he may have is idle.
    pub fn is_consistent(&self) -> bool {
        let held: u64 = self.pools.iter().map(|p| p.granted + p.pending).sum();
        let served = |p: &Pool| (p.waiting == 0 || self.idle == 0) && (p.short == 0 || self.idle <= self.spares_kept());
        self.pools.iter().all(served)
            && self.idle + held + self.in_repair == self.params.units
            && self
                .pools
                .iter()
                .filter(|p| p.wanted > 0)
                .all(|p| p.wanted <= p.granted + p.pending + p.unnoticed + p.waiting + p.short)
    }
}
