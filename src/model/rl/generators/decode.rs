//! Decoding: the clock of a cohort, its completions.

use super::super::Sample;
use super::super::cohort::Running;
use super::{Generators, TOKEN_SLACK};
use crate::engine::Context;
use crate::model::event::{CLASS_MODEL, Event, RlEvent};
use crate::units::{SimDuration, SimTime};

impl Generators {
    /// Brings a cohort's clock up to `now`.
    pub(super) fn advance(&mut self, pool: usize, cohort: usize, now: SimTime) {
        let batch = self.pools[pool].cohorts[cohort].running.len();
        let rate = self.rate(batch);
        self.count_update(pool, cohort, now);
        let entry = &mut self.pools[pool];
        let halted = entry.halted;
        let weight = entry.weight();
        let state = &mut entry.cohorts[cohort];
        let span = now - state.at;
        state.at = now;
        if state.resume.is_none() && batch > 0 && !halted {
            let prefilled = state.prefill_for(span);
            entry.prefill += prefilled.as_secs_f64() * weight;
            let elapsed = span.saturating_sub(prefilled).as_secs_f64();
            state.clock += rate * elapsed;
            entry.tokens += rate * elapsed * state.present * entry.survival;
        }
    }

    /// Puts the cohort's next completion into the calendar.
    pub(super) fn reschedule(&mut self, ctx: &mut Context<'_, Event>, pool: usize, cohort: usize) {
        let rate = self.rate(self.pools[pool].cohorts[cohort].running.len());
        let (work, halted) = (self.work, self.pools[pool].halted);
        let state = &mut self.pools[pool].cohorts[cohort];
        if let Some(key) = state.due.take() {
            ctx.cancel(key);
        }
        if state.resume.is_some() || halted {
            return;
        }
        let Some(mark) = state.running.first_mark() else { return };
        let decode = SimDuration::from_secs_f64_ceil(((mark - state.clock) / rate).max(0.0));
        let wait = state.prefill.saturating_add(decode);
        let event = RlEvent::CohortDue { pool: pool as u16, cohort: cohort as u32 };
        state.due = Some(ctx.schedule_keyed(ctx.now().saturating_add(wait), CLASS_MODEL, Event::Rl(work, event)));
    }

    /// Completions of a cohort: finished trajectories go to the outbox, free slots are refilled.
    pub fn cohort_due(&mut self, ctx: &mut Context<'_, Event>, pool: usize, cohort: usize, bound: f64) {
        let now = ctx.now();
        self.pools[pool].cohorts[cohort].due = None;
        self.advance(pool, cohort, now);
        self.pools[pool].cohorts[cohort].restart_clock();
        loop {
            let state = &mut self.pools[pool].cohorts[cohort];
            if state.running.first_mark().is_none_or(|mark| mark > state.clock + TOKEN_SLACK) {
                break;
            }
            let Some(done) = state.running.pop() else { break };
            state.present = if state.running.is_empty() { 0.0 } else { state.present - done.weight / done.survival };
            let mixed = state.serves != done.began_on;
            let keeps_slot = match done.waited {
                Some(waited) => self.answer(now, pool, mixed, &done, waited),
                None => self.end_turn(ctx, pool, cohort, done),
            };
            if !keeps_slot {
                self.admit(now, pool, cohort, bound);
            }
        }
        self.reschedule(ctx, pool, cohort);
        self.drained(ctx, pool, cohort);
        self.plan_shipment(ctx, pool);
    }

    pub(super) fn finish(&mut self, now: SimTime, pool: usize, mixed: bool, done: &Running) {
        let entry = &mut self.pools[pool];
        let weight = done.weight * entry.survival / done.survival;
        let reward = SimDuration::from_secs_f64(entry.params.rewards.sample(&self.params.reward));
        entry.outbox.push(Sample {
            started: done.started,
            generated: now,
            rewarded: now.saturating_add(reward),
            arrived: SimTime::MAX,
            version: done.version,
            mixed,
            group: done.group,
            tokens: done.turns.context + done.tokens,
            environment: done.turns.environment,
            slot_wait: done.turns.slot_wait,
            weight,
        });
        self.finished[0] += weight;
        self.finished[1] += if done.turns.truncated { weight } else { 0.0 };
    }
}
