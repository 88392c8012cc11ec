//! Users whom the engines serve: their requests come when they come, take slots before the loop's own trajectories, and train with
//! their reward, which may come much later.
//!
//! Requests are a Poisson process with the rate of the hour, spread evenly over all live engines; an engine that stands for w
//! gets requests that stand for w. A request takes a free slot, or that of the loop's own trajectory which began last (it is put
//! aside with its tokens and goes on at the next free slot), or waits in line. What a request waits for its slot and how long a token
//! takes are the two figures users feel.

use std::collections::VecDeque;

use super::super::Sample;
use super::super::cohort::{Running, Turns};
use super::super::trainer::count;
use super::Generators;
use super::rewards::Rewards;
use crate::engine::Context;
use crate::engine::rng::Stream;
use crate::model::event::{CLASS_MODEL, Event, RlEvent};
use crate::model::rhythm::Cycle;
use crate::stats::Sketch;
use crate::units::{Dist, SimDuration, SimTime};

/// Mean time after which a pool without engines is looked at again, seconds.
const IDLE_S: f64 = 10.0;

/// What users ask for and what they were promised.
#[derive(Clone, Debug)]
pub struct UserParams {
    /// Requests per second of all of them, at factor 1.
    pub rate: f64,
    /// The factor over a day; none is always 1.
    pub day: Option<Cycle>,
    /// Tokens of an answer before the cap of the loop.
    pub length: Dist,
    /// Seconds from the last token to the reward.
    pub reward: Dist,
    /// Share of the requests that a reward comes for.
    pub rewarded: f64,
    /// Whether engines generate the loop's own trajectories beside.
    pub rollouts: bool,
    /// Promised: longest wait for a slot, seconds, and longest time per token, seconds.
    pub promised: [f64; 2],
}

/// Random streams of a pool's users: arrivals, lengths, rewards.
#[derive(Clone, Debug)]
pub struct UserStreams {
    /// Times between requests.
    pub arrivals: Stream,
    /// Lengths of answers.
    pub lengths: Stream,
    /// Times to the reward.
    pub rewards: Stream,
}

/// Users of a pool.
#[derive(Debug)]
pub(super) struct Users {
    streams: UserStreams,
    /// Requests in line at each cohort, in order of arrival.
    lines: Vec<VecDeque<SimTime>>,
    /// The loop's own trajectories put aside at each cohort; their marks hold the tokens left.
    parked: Vec<Vec<Running>>,
    /// Σ weight ÷ survival of the requests on engines, and of what is put aside.
    pub present: f64,
    pub aside: f64,
    /// Answers that wait for their reward.
    pub delayed: Rewards,
    /// Their weight.
    pub open: f64,
}

/// What users felt since the last reset; requests weighted.
#[derive(Clone, Debug)]
pub struct UserStats {
    /// Wait for a slot, seconds.
    pub wait: Sketch,
    /// Seconds per token.
    pub token_time: Sketch,
    /// Requests answered.
    pub answered: f64,
    /// Requests answered as promised.
    pub kept: f64,
    /// Requests lost with their engine.
    pub lost: f64,
    /// Tokens of answers.
    pub tokens: f64,
}

impl UserStats {
    /// Nothing asked yet.
    pub fn new() -> Self {
        let (wait, token_time) = (Sketch::new(), Sketch::new());
        UserStats { wait, token_time, answered: 0.0, kept: 0.0, lost: 0.0, tokens: 0.0 }
    }
}

impl Default for UserStats {
    fn default() -> Self {
        UserStats::new()
    }
}

impl Users {
    pub fn new(streams: UserStreams, cohorts: usize) -> Self {
        Users {
            streams,
            lines: vec![VecDeque::new(); cohorts],
            parked: vec![Vec::new(); cohorts],
            present: 0.0,
            aside: 0.0,
            delayed: Rewards::default(),
            open: 0.0,
        }
    }

    /// All that is on the engines is gone. Returns the groups of what was put aside, and the requests in line.
    pub fn clear(&mut self) -> (Vec<u32>, usize) {
        (self.present, self.aside) = (0.0, 0.0);
        let groups = self.parked.iter_mut().flat_map(|parked| parked.drain(..)).map(|one| one.group).collect();
        (groups, self.lines.iter_mut().map(|line| line.drain(..).count()).sum())
    }

    /// Writes the pool's survival into the weights.
    pub fn restart_survival(&mut self, survival: f64) {
        for one in self.parked.iter_mut().flatten() {
            one.weight *= survival / one.survival;
            one.survival = 1.0;
        }
        self.present *= survival;
        self.aside *= survival;
    }
}

impl Generators {
    /// Users begin to ask.
    pub fn open_to_users(&mut self, ctx: &mut Context<'_, Event>) {
        for pool in 0..self.pools.len() {
            for cohort in 0..self.pools[pool].cohorts.len() {
                self.next_request(ctx, pool, cohort);
            }
        }
    }

    /// Draws when the next request of a cohort may come, at the largest rate of the day.
    fn next_request(&mut self, ctx: &mut Context<'_, Event>, pool: usize, cohort: usize) {
        let live: u64 = self.pools.iter().map(|p| p.live).sum();
        let (Some(params), Some(users)) = (&self.params.users, &mut self.pools[pool].users) else { return };
        let most = params.rate * peak(params.day.as_ref());
        if most <= 0.0 {
            return;
        }
        // Without engines nobody is served: look again in a while.
        let gap = users.streams.arrivals.exponential(if live > 0 { live as f64 / most } else { IDLE_S });
        let event = RlEvent::UserAsks { pool: pool as u16, cohort: cohort as u32 };
        let at = ctx.now().saturating_add(SimDuration::from_secs_f64(gap));
        ctx.schedule(at, CLASS_MODEL, Event::Rl(self.work, event));
    }

    /// A request comes to a cohort, if the hour has as many.
    pub fn user_asks(&mut self, ctx: &mut Context<'_, Event>, pool: usize, cohort: usize) {
        self.next_request(ctx, pool, cohort);
        let now = ctx.now();
        let entry = &mut self.pools[pool];
        let (Some(params), Some(users)) = (&self.params.users, &mut entry.users) else { return };
        let day = params.day.as_ref();
        let share = day.map_or(1.0, |day| day.value(now) / peak(Some(day)));
        if entry.live == 0 || users.streams.arrivals.uniform() >= share {
            return;
        }
        users.lines[cohort].push_back(now);
        self.advance(pool, cohort, now);
        let state = &self.pools[pool].cohorts[cohort];
        if !state.closed && (state.taken() < self.params.slots || self.park(pool, cohort)) {
            self.take_user(now, pool, cohort);
            self.reschedule(ctx, pool, cohort);
        }
    }

    /// Puts the loop's own trajectory that began last on a cohort aside, for a user.
    pub(super) fn park(&mut self, pool: usize, cohort: usize) -> bool {
        let entry = &mut self.pools[pool];
        let (state, Some(users)) = (&mut entry.cohorts[cohort], &mut entry.users) else { return false };
        let Some(mut one) = state.running.take_last(|one| one.waited.is_none()) else { return false };
        one.mark -= state.clock;
        state.present -= one.weight / one.survival;
        users.aside += one.weight / one.survival;
        users.parked[cohort].push(one);
        true
    }

    /// A free slot of a cohort goes to the user first in line, or to what was put aside. Returns whether one of them took it.
    pub(super) fn serve_first(&mut self, now: SimTime, pool: usize, cohort: usize) -> bool {
        if self.take_user(now, pool, cohort) {
            return true;
        }
        let has_contexts = self.has_contexts();
        let entry = &mut self.pools[pool];
        let (state, Some(users)) = (&mut entry.cohorts[cohort], &mut entry.users) else { return false };
        let Some(mut one) = users.parked[cohort].pop() else { return false };
        let context = if has_contexts { one.turns.context + one.tokens - one.mark } else { 0.0 };
        one.mark += state.clock;
        state.present += one.weight / one.survival;
        users.aside =
            if users.parked.iter().all(Vec::is_empty) { 0.0 } else { users.aside - one.weight / one.survival };
        state.running.push(one);
        let read = self.prefill_time(context);
        self.pools[pool].cohorts[cohort].read(read);
        true
    }

    /// Whether users wait for a slot of a cohort.
    pub(super) fn has_line(&self, pool: usize, cohort: usize) -> bool {
        self.pools[pool].users.as_ref().is_some_and(|users| !users.lines[cohort].is_empty())
    }

    pub(super) fn take_user(&mut self, now: SimTime, pool: usize, cohort: usize) -> bool {
        let entry = &mut self.pools[pool];
        let weight = entry.weight();
        let (Some(params), Some(users)) = (&self.params.users, &mut entry.users) else { return false };
        let Some(asked) = users.lines[cohort].pop_front() else { return false };
        let tokens = users.streams.lengths.sample(&params.length).clamp(1.0, self.params.length_cap).round();
        self.sequence += 1;
        // A group of its own: what is stale of one user says nothing about another.
        self.next_group = self.next_group.wrapping_add(1);
        self.admitted += weight;
        let prompt = self.params.prompt;
        let state = &mut entry.cohorts[cohort];
        state.present += weight / entry.survival;
        users.present += weight / entry.survival;
        state.running.push(Running {
            mark: state.clock + tokens,
            sequence: self.sequence,
            started: asked,
            tokens,
            version: entry.served,
            began_on: state.begins_on(),
            group: self.next_group,
            waited: Some(now - asked),
            weight,
            survival: entry.survival,
            turns: Turns { context: prompt, ..Turns::default() },
        });
        let read = self.prefill_time(prompt);
        self.pools[pool].cohorts[cohort].read(read);
        true
    }

    /// An answer is complete: what the user felt is counted, and it waits for its reward. It gives up its slot: false.
    pub(super) fn answer(
        &mut self,
        now: SimTime,
        pool: usize,
        mixed: bool,
        done: &Running,
        waited: SimDuration,
    ) -> bool {
        let entry = &mut self.pools[pool];
        let weight = done.weight * entry.survival / done.survival;
        let (Some(params), Some(users)) = (&self.params.users, &mut entry.users) else { return false };
        users.present -= done.weight / done.survival;
        let wait = waited.as_secs_f64();
        let token_time = ((now - done.started).as_secs_f64() - wait) / done.tokens;
        let stats = &mut self.user_stats;
        stats.wait.add(wait, count(weight));
        stats.token_time.add(token_time, count(weight));
        stats.answered += weight;
        stats.tokens += weight * done.tokens;
        if wait <= params.promised[0] && token_time <= params.promised[1] {
            stats.kept += weight;
        }
        let delay = SimDuration::from_secs_f64(users.streams.rewards.sample(&params.reward));
        self.admitted -= weight * (1.0 - params.rewarded);
        let rewarded = now.saturating_add(delay);
        let sample = Sample {
            started: done.started,
            generated: now,
            rewarded,
            arrived: SimTime::MAX,
            version: done.version,
            mixed,
            group: done.group,
            tokens: done.turns.context + done.tokens,
            environment: SimDuration::ZERO,
            slot_wait: SimDuration::ZERO,
            weight: weight * params.rewarded,
        };
        if sample.weight > 0.0 {
            users.open += sample.weight;
            users.delayed.insert(done.sequence, sample);
        }
        false
    }

    /// Answers whose reward has come leave with the next shipment.
    pub(super) fn collect_rewarded(&mut self, now: SimTime, pool: usize) {
        let entry = &mut self.pools[pool];
        let Some(users) = &mut entry.users else { return };
        while let Some(sample) = users.delayed.take(now) {
            users.open -= sample.weight;
            entry.outbox.push(sample);
        }
        if users.delayed.is_empty() {
            users.open = 0.0;
        }
    }

    /// Requests on engines and answers that wait for their reward: they do not count against the loop's admission yet.
    pub(super) fn with_users(&self) -> f64 {
        let of =
            |pool: &super::Pool| pool.users.as_ref().map_or(0.0, |users| users.present * pool.survival + users.open);
        self.pools.iter().map(of).sum()
    }
}

fn peak(day: Option<&Cycle>) -> f64 {
    day.map_or(1.0, |day| day.parts.iter().map(|(_, share)| *share).fold(0.0, f64::max))
}
