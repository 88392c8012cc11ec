//! Engines that end what they have before they take new weights.
//!
//! What a loop waits for at a drain are order statistics: a wave begins when every engine of the ones before has the weights, a version is
//! served when 99 % of all have. The slowest of 128 engines is later than the slowest of 32, so cohorts alone would see the end too
//! early, or, where 99 % of the cohorts is all of them, too late. So an update counts real engines. Each cohort is one of them. Of
//! the others nothing is simulated but when they are done with this update: an engine beside a cohort that stands for w is drawn w − 1
//! times when the wave begins. It has the concurrency and the ages of the cohort's trajectories, since the state of a cohort is a
//! draw from the states of the engines; their lengths, of which the age alone is known, are drawn anew from
//! the law of the lengths given that they exceed the age. From there on it goes as on any engine: all
//! proceed alike, the fewer the faster, and the last one ends the drain.
//!
//! What engines generate and when they go on is that of the cohorts: means need no order statistics.

use super::super::cohort::Turns;
use super::update::SERVED_SHARE;
use super::{GeneratorParams, Generators, Resumed, Update};
use crate::engine::Context;
use crate::engine::rng::{Stream, quantile};
use crate::model::event::{CLASS_MODEL, Event, RlEvent};
use crate::units::{Dist, SimTime};

/// A trajectory under way, as far as it is known on an engine beside.
#[derive(Clone, Copy, Debug)]
struct Part {
    /// Tokens of this turn so far.
    age: f64,
    /// Share of the lengths that are no longer.
    passed: f64,
    /// A user's request.
    asked: bool,
    turns: Turns,
}

/// What an engine has to end.
#[derive(Debug)]
struct Load {
    /// Seconds of contexts to read first.
    prefill: f64,
    running: Vec<Part>,
    /// Trajectories in their environment that keep their slot, and seconds until it answers.
    away: Vec<(f64, Turns)>,
}

/// An engine that drains.
struct Drain<'a> {
    params: &'a GeneratorParams,
    stream: &'a mut Stream,
    seconds: f64,
    /// Tokens of each that has been running since the beginning.
    clock: f64,
    prefill: f64,
    /// Clock at which each finishes, the first at the end.
    running: Vec<(f64, Turns)>,
    /// Seconds at which each environment answers, the first at the end.
    away: Vec<(f64, Turns)>,
}

impl Generators {
    /// A new update of a pool: what is left of the one before is taken over.
    pub(super) fn begin_rolling(&mut self, ctx: &mut Context<'_, Event>, pool: usize) {
        let count = self.pools[pool].cohorts.len();
        let before = std::mem::take(&mut self.pools[pool].rolling);
        if let Some(key) = before.due {
            ctx.cancel(key);
        }
        let rolling = &mut self.pools[pool].rolling;
        rolling.beside = before.beside;
        rolling.beside.retain(|(at, _)| *at > ctx.now());
        rolling.carried = vec![0; self.params.swap_waves.clamp(1, count)];
        for (_, wave) in &rolling.beside {
            rolling.carried[*wave] += 1;
        }
    }

    /// Counts the engines that have the new weights, and begins the waves whose turn it is. Returns whether that makes 99 %.
    pub(super) fn drain_goes_on(&mut self, ctx: &mut Context<'_, Event>, pool: usize) -> Resumed {
        let (now, count) = (ctx.now(), self.pools[pool].cohorts.len());
        let waves = self.waves(count);
        self.pools[pool].rolling.beside.retain(|(at, _)| *at > now);
        while self.pools[pool].rolling.begun < waves && self.is_wave_over(pool) {
            self.drain_wave(ctx, pool);
        }
        let entry = &self.pools[pool];
        let rolling = &entry.rolling;
        let later: usize = (rolling.begun..waves).map(|wave| self.beside_in(pool, wave)).sum();
        let simulated = entry.cohorts.iter().filter(|cohort| cohort.updating).count();
        let engines = (entry.live as usize).max(count);
        let rest = engines - (SERVED_SHARE * engines as f64).ceil() as usize;
        let served = simulated + later + rolling.beside.len() <= rest;
        // The next instant that matters is when the last of a wave is done, or the last of 99 %.
        let end = |left: usize| rolling.beside.len().checked_sub(left + 1).map(|at| rolling.beside[at].0);
        let of_wave = (rolling.begun < waves && self.are_cohorts_done(pool)).then(|| end(0)).flatten();
        let of_all = rest.checked_sub(simulated + later).filter(|_| !served && !rolling.told).and_then(end);
        let next = [of_wave, of_all].into_iter().flatten().min();
        let key = next.map(|at| self.wave_event(ctx, pool, at));
        let rolling = &mut self.pools[pool].rolling;
        if let Some(key) = std::mem::replace(&mut rolling.due, key) {
            ctx.cancel(key);
        }
        let news = served && !rolling.told;
        rolling.told |= served;
        if news { Resumed::Served } else { Resumed::GoesOn }
    }

    fn wave_event(&self, ctx: &mut Context<'_, Event>, pool: usize, at: SimTime) -> crate::engine::Key {
        ctx.schedule_keyed(at, CLASS_MODEL, Event::Rl(self.work, RlEvent::WaveOver { pool: pool as u16 }))
    }

    /// Whether every cohort of the waves that have begun has the new weights.
    fn are_cohorts_done(&self, pool: usize) -> bool {
        let (entry, count) = (&self.pools[pool], self.pools[pool].cohorts.len());
        let first = (entry.rolling.begun * count).div_ceil(self.waves(count));
        entry.cohorts[..first].iter().all(|cohort| !cohort.updating)
    }

    /// Whether every engine of those waves has.
    fn is_wave_over(&self, pool: usize) -> bool {
        let rolling = &self.pools[pool].rolling;
        self.are_cohorts_done(pool) && rolling.beside.iter().all(|(_, wave)| *wave >= rolling.begun)
    }

    /// Engines of a wave that no cohort simulates and that do not drain yet.
    fn beside_in(&self, pool: usize, wave: usize) -> usize {
        let entry = &self.pools[pool];
        let (count, waves) = (entry.cohorts.len(), self.waves(entry.cohorts.len()));
        let [from, to] = [wave, wave + 1].map(|wave| (wave * count).div_ceil(waves));
        let [first, last] = [from, to].map(|cohort| (entry.live * cohort as u64 / count as u64) as usize);
        (last - first).saturating_sub(to - from + entry.rolling.carried[wave])
    }

    /// The engines of the next wave begin nothing more.
    fn drain_wave(&mut self, ctx: &mut Context<'_, Event>, pool: usize) {
        let (now, count) = (ctx.now(), self.pools[pool].cohorts.len());
        let (wave, waves) = (self.pools[pool].rolling.begun, self.waves(count));
        let members = (wave * count).div_ceil(waves)..((wave + 1) * count).div_ceil(waves);
        // What a cohort stood idle before is no loss of the update.
        members.clone().for_each(|cohort| self.advance(pool, cohort, now));
        self.draw_beside(now, pool, wave, members.clone());
        self.pools[pool].rolling.begun += 1;
        for cohort in members {
            let state = &mut self.pools[pool].cohorts[cohort];
            if !state.updating {
                continue;
            }
            state.closed = true;
            if state.is_empty() {
                self.pause(ctx, pool, cohort);
            }
        }
    }

    /// Draws when the engines of a wave that no cohort simulates have the new weights.
    fn draw_beside(&mut self, now: SimTime, pool: usize, wave: usize, members: std::ops::Range<usize>) {
        let engines = self.beside_in(pool, wave);
        if engines == 0 {
            return;
        }
        // A cohort that drains since the update before, or pauses, says nothing about engines that do not.
        let open = members.filter(|cohort| {
            let state = &self.pools[pool].cohorts[*cohort];
            !state.closed && state.resume.is_none()
        });
        let loads: Vec<Load> = open.map(|cohort| self.load(now, pool, cohort)).collect();
        let entry = &mut self.pools[pool];
        for load in loads.iter().cycle().take(if loads.is_empty() { 0 } else { engines }) {
            let stream = &mut entry.params.drains;
            let ends = Drain::new(&self.params, stream, load).end();
            let pause = quantile(&self.params.swap, entry.params.drains.uniform());
            entry
                .rolling
                .beside
                .push((now.saturating_add(crate::units::SimDuration::from_secs_f64(ends + pause)), wave));
        }
        entry.rolling.beside.sort_unstable();
    }

    /// What a cohort has to end, its clock being that of `now`.
    fn load(&self, now: SimTime, pool: usize, cohort: usize) -> Load {
        let state = &self.pools[pool].cohorts[cohort];
        let part = |one: super::super::cohort::Running| {
            let (age, asked) = (one.done(state.clock), one.waited.is_some());
            Part { age, passed: law(&self.params, asked).at_most(age), asked, turns: one.turns }
        };
        let kept = state.away.iter().filter(|_| state.held > 0);
        Load {
            prefill: state.prefill.as_secs_f64(),
            running: state.running.iter().map(part).collect(),
            away: kept.map(|((at, _), one)| ((*at - now).as_secs_f64(), one.turns)).collect(),
        }
    }

    /// A share of a pool's engines is left: those that no cohort simulates go with the others.
    pub(super) fn lose_beside(&mut self, ctx: &mut Context<'_, Event>, pool: usize, share: f64) {
        let mut place = 0.0;
        self.pools[pool].rolling.beside.retain(|_| {
            place += 1.0;
            (place * share).floor() > ((place - 1.0) * share).floor()
        });
        let rolling = &self.pools[pool].rolling;
        if self.params.update == Update::Drain && rolling.under_way() {
            // What is left may be done.
            self.look_again(ctx, pool);
        }
    }

    /// Counts the engines that have the new weights when all else of this instant is done.
    pub(super) fn look_again(&mut self, ctx: &mut Context<'_, Event>, pool: usize) {
        let key = self.wave_event(ctx, pool, ctx.now());
        if let Some(key) = self.pools[pool].rolling.due.replace(key) {
            ctx.cancel(key);
        }
    }
}

/// The law of the lengths of users' answers, or of the loop's own trajectories.
fn law(params: &GeneratorParams, asked: bool) -> &Dist {
    params.users.as_ref().filter(|_| asked).map_or(&params.length, |users| &users.length)
}

impl<'a> Drain<'a> {
    /// An engine like the one with this load, with lengths of its own.
    fn new(params: &'a GeneratorParams, stream: &'a mut Stream, load: &Load) -> Self {
        let mut drain = Drain {
            params,
            stream,
            seconds: 0.0,
            clock: 0.0,
            prefill: load.prefill,
            running: Vec::with_capacity(load.running.len()),
            away: load.away.clone(),
        };
        for part in &load.running {
            let share = part.passed + (1.0 - part.passed) * drain.stream.uniform();
            let (tokens, turns) = drain.cut(quantile(law(params, part.asked), share), part.turns);
            drain.running.push(((tokens - part.age).max(0.0), turns));
        }
        drain.running.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        drain.away.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        drain
    }

    /// Tokens of a turn that was drawn; at the cap it is the last.
    fn cut(&self, drawn: f64, turns: Turns) -> (f64, Turns) {
        let room = self.params.length_cap - turns.generated;
        let tokens = drawn.clamp(1.0, room.max(1.0)).round();
        let left = if drawn > room || room - tokens < 1.0 { 0 } else { turns.left };
        (tokens, Turns { left, generated: turns.generated + tokens, ..turns })
    }

    /// Seconds until nothing is on the engine and no slot is kept.
    fn end(mut self) -> f64 {
        loop {
            let rate = self.params.rate(self.running.len());
            let ends = self.running.last().map(|(mark, _)| self.seconds + self.prefill + (mark - self.clock) / rate);
            let answers = self.away.last().map(|(at, _)| *at);
            match (ends, answers) {
                (None, None) => return self.seconds,
                (Some(end), answer) if answer.is_none_or(|answer| end <= answer) => self.turn_over(end),
                (_, answer) => self.next_turn(rate, answer.unwrap_or(self.seconds)),
            }
        }
    }

    fn turn_over(&mut self, now: f64) {
        let Some((mark, turns)) = self.running.pop() else { return };
        (self.clock, self.seconds, self.prefill) = (mark, now, 0.0);
        let keeps = self.params.environment.as_ref().filter(|environment| environment.hold && turns.left > 0);
        if let Some(environment) = keeps {
            let at = now + self.stream.sample(&environment.time);
            let place = self.away.partition_point(|(other, _)| *other > at);
            self.away.insert(place, (at, Turns { left: turns.left - 1, ..turns }));
        }
    }

    fn next_turn(&mut self, rate: f64, now: f64) {
        let Some((_, turns)) = self.away.pop() else { return };
        if !self.running.is_empty() {
            let read = self.prefill.min(now - self.seconds);
            self.prefill -= read;
            self.clock += (now - self.seconds - read) * rate;
        }
        self.seconds = now;
        self.prefill += self.params.environment.as_ref().map_or(0.0, |environment| environment.observation)
            / self.params.prefill_rate;
        let drawn = self.stream.sample(&self.params.length);
        let (tokens, turns) = self.cut(drawn, turns);
        let mark = self.clock + tokens;
        let place = self.running.partition_point(|(other, _)| *other > mark);
        self.running.insert(place, (mark, turns));
    }
}
