//! Admission: groups of trajectories begin as far as the bound of the loop allows.
//!
//! A group is `group` samples of one prompt. It is admitted as a whole; its members take the next free slots of the
//! pool, on whichever engines they are. A cohort that stands for w engines carries w groups that proceed alike, so the time
//! until the slowest member is there has the distribution of the largest of `group` draws, as on real engines.

use super::super::Sample;
use super::super::cohort::Running;
use super::{Generators, NO_ROOM, Update, Waiting};
use crate::engine::Context;
use crate::model::event::Event;
use crate::units::SimTime;

impl Generators {
    /// Starts one trajectory on a cohort: a member that waits for a slot, or the first of a group that admission allows.
    pub(super) fn admit(&mut self, now: SimTime, pool: usize, cohort: usize, bound: f64) -> bool {
        if self.pools[pool].cohorts[cohort].closed {
            return false;
        }
        if self.serve_first(now, pool, cohort) {
            return true;
        }
        if self.take_back(now, pool, cohort) {
            return true;
        }
        let waiting = self.pools[pool].waiting.pop_front();
        let Some(member) = waiting.or_else(|| self.open_group(pool, bound)) else { return false };
        let turns = self.first_turn(pool);
        let (tokens, turns) = self.draw_turn(pool, turns);
        self.sequence += 1;
        let prefill = self.prefill_time(turns.context);
        let entry = &mut self.pools[pool];
        let survival = entry.survival;
        let state = &mut entry.cohorts[cohort];
        state.read(prefill);
        // In flight a version counts from the moment at which the whole pool serves it.
        let own = if self.params.update == Update::InFlight { 0 } else { state.serves };
        let version = entry.served.max(own);
        state.present += member.weight / survival;
        state.running.push(Running {
            mark: state.clock + tokens,
            sequence: self.sequence,
            started: now,
            tokens,
            version,
            began_on: state.begins_on(),
            group: member.group,
            waited: None,
            weight: member.weight,
            survival,
            turns,
        });
        true
    }

    /// Admits a group if there is room: its first member is returned, the others wait for slots. The last group below
    /// the bound stands for what is left of it, so that all engines together start exactly as many as they may: a
    /// batch of 64 from a thousand engines must fill up to 64, or the trainer waits for ever.
    fn open_group(&mut self, pool: usize, bound: f64) -> Option<Waiting> {
        let members = self.params.group;
        if self.params.users.as_ref().is_some_and(|users| !users.rollouts) {
            return None;
        }
        let counted = self.admitted - self.with_users();
        let entry = &mut self.pools[pool];
        let whole = entry.weight();
        let weight = whole.min((bound - counted) / members as f64);
        if weight <= NO_ROOM * whole {
            return None;
        }
        self.admitted += weight * members as f64;
        self.next_group = self.next_group.wrapping_add(1);
        let member = Waiting { group: self.next_group, weight };
        if members > 1 {
            entry.waiting.extend(std::iter::repeat_n(member, members - 1));
            self.missing.insert(member.group, members);
        }
        Some(member)
    }

    /// Stops everything that the loop itself has on engines or on the way to the trainer, and returns it with the tokens it has.
    /// It still counts as admitted.
    pub fn abandon(&mut self, ctx: &mut Context<'_, Event>) -> Vec<Sample> {
        let now = ctx.now();
        let mut left: Vec<Sample> = self.shipments.values_mut().flat_map(std::mem::take).collect();
        for pool in 0..self.pools.len() {
            for cohort in 0..self.pools[pool].cohorts.len() {
                self.advance(pool, cohort, now);
                let survival = self.pools[pool].survival;
                left.extend(self.pools[pool].cohorts[cohort].stop_all(now, survival));
                self.reschedule(ctx, pool, cohort);
                self.drained(ctx, pool, cohort);
            }
            let entry = &mut self.pools[pool];
            left.append(&mut entry.outbox);
            left.extend(entry.waiting.drain(..).map(|one| Sample::unborn(now, one.group, one.weight)));
        }
        self.missing.clear();
        left
    }

    /// A member of a group has reached the trainer, or is lost; returns whether it was the last one missing.
    pub fn member_arrived(&mut self, group: u32) -> bool {
        if self.params.group == 1 {
            return true;
        }
        let Some(missing) = self.missing.get_mut(&group) else { return true };
        *missing -= 1;
        let complete = *missing == 0;
        if complete {
            self.missing.remove(&group);
        }
        complete
    }

    /// Groups whose last missing member was lost since the last call: what is left of them may train.
    pub fn take_closed(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.closed)
    }

    /// Trajectories that were dropped make room for others.
    pub fn forget(&mut self, weight: f64) {
        self.admitted -= weight;
        self.removed += weight;
    }

    /// Fills free slots evenly over all cohorts as far as admission allows.
    pub fn refill(&mut self, ctx: &mut Context<'_, Event>, bound: f64) {
        let now = ctx.now();
        let slots = self.params.slots;
        let mut touched: Vec<Vec<bool>> = self.pools.iter().map(|pool| vec![false; pool.cohorts.len()]).collect();
        'passes: loop {
            let mut any = false;
            for (pool, touched) in touched.iter_mut().enumerate() {
                for (cohort, touched) in touched.iter_mut().enumerate() {
                    let entry = &self.pools[pool];
                    let state = &entry.cohorts[cohort];
                    if entry.live == 0 || entry.halted || state.closed || state.taken() >= slots {
                        continue;
                    }
                    self.advance(pool, cohort, now);
                    if !self.admit(now, pool, cohort, bound) {
                        if self.pools.iter().all(|p| p.waiting.is_empty()) {
                            break 'passes;
                        }
                        continue;
                    }
                    any = true;
                    *touched = true;
                }
            }
            if !any {
                break;
            }
        }
        for (pool, cohorts) in touched.iter().enumerate() {
            for (cohort, _) in cohorts.iter().enumerate().filter(|(_, touched)| **touched) {
                self.reschedule(ctx, pool, cohort);
            }
        }
    }
}
