//! Transfers that pass on what others bring: legs of copies to several systems, and of weights that sites hand to one another.

use super::{Task, World};
use crate::engine::Context;
use crate::model::copies::{Leg, Progress, Turn};
use crate::model::event::{CLASS_FLOW, Event};
use crate::model::ids::WorkId;
use crate::model::paths::COUPLED;
use crate::units::{SimDuration, SimTime};

/// More turns at one instant than legs that follow one another ever need.
const TURNS: usize = 100;

impl World {
    /// The legs of a work that has some.
    pub(super) fn legs(&mut self, id: WorkId) -> Option<&mut Vec<Leg>> {
        match &mut self.works[id.index()].task {
            Task::Copy(copy) => Some(&mut copy.legs),
            Task::Rl(task) => task.relays.as_mut().map(|relays| &mut relays.legs),
            _ => None,
        }
    }

    /// Bytes that a place must have before it passes them on.
    fn chunk(&self, id: WorkId) -> f64 {
        match &self.works[id.index()].task {
            Task::Copy(copy) => copy.params.chunk,
            Task::Rl(task) => task.relays.as_ref().map_or(0.0, |relays| relays.bucket),
            _ => 0.0,
        }
    }

    /// The limit of a leg and its cause.
    fn leg_limit(&self, now: SimTime, id: WorkId, at: usize) -> Option<(f64, u8)> {
        match &self.works[id.index()].task {
            Task::Copy(copy) => Some(copy.limit(now, &copy.legs[at])),
            Task::Rl(task) => Some((task.leg_pace(at)?, COUPLED)),
            _ => None,
        }
    }

    fn begin_leg(&mut self, ctx: &mut Context<'_, Event>, id: WorkId, at: usize) {
        match &self.works[id.index()].task {
            Task::Copy(_) => self.begin_copy_leg(ctx, id, at),
            Task::Rl(_) => self.begin_publish_leg(ctx, id, at),
            _ => {}
        }
    }

    /// Legs of a work have begun some of which pass on what others bring.
    pub(super) fn follow_legs(&mut self, id: WorkId) {
        self.relays.entry(id).or_insert(None);
    }

    /// A leg is to be looked at, which settling does.
    pub(super) fn relay_due(&mut self, id: WorkId) {
        if let Some(due) = self.relays.get_mut(&id) {
            *due = None;
        }
    }

    /// Looking at legs brings flows up to now: those that end at this instant have to be told apart first.
    pub(super) fn catch_up(&mut self, now: SimTime) {
        if !self.relays.is_empty() {
            self.carriage.sharing.advance(now.as_nanos());
        }
    }

    /// Lets legs follow those before them, and what is sent twice the rates, until all agree.
    pub(super) fn settle_rates(&mut self, ctx: &mut Context<'_, Event>) {
        self.carriage.resend(ctx.now());
        let relays: Vec<WorkId> = self.relays.keys().copied().collect();
        for _ in 0..TURNS {
            let mut settled = true;
            for &id in &relays {
                settled &= self.turn_legs(ctx, id);
            }
            if settled {
                return;
            }
            self.carriage.resend(ctx.now());
        }
    }

    /// One turn of every leg that passes bytes on; true when none changes anything.
    fn turn_legs(&mut self, ctx: &mut Context<'_, Event>, id: WorkId) -> bool {
        let (now, chunk) = (ctx.now(), self.chunk(id));
        let (mut settled, mut due) = (true, None::<SimTime>);
        let count = self.legs(id).map_or(0, |legs| legs.len());
        for at in 0..count {
            let own = self.progress(now, id, at);
            let Some(legs) = self.legs(id) else { return true };
            if let Some(own) = own.filter(|own| own.rate > 0.0) {
                legs[at].rate = own.rate;
            }
            let (Some(before), true) = (legs[at].after, legs[at].is_open()) else { continue };
            let last = legs[before].rate;
            let Some(ahead) = self.progress(now, id, before) else { continue };
            let Some(legs) = self.legs(id) else { return true };
            match legs[at].turn(now, (ahead, last), own, chunk) {
                Turn::Keep(again) => due = [due, again].into_iter().flatten().min(),
                Turn::Begin => {
                    self.begin_leg(ctx, id, at);
                    settled = false;
                }
                Turn::Pace => {
                    let movement = legs[at].movement;
                    if let (Some(movement), Some(limit)) = (movement, self.leg_limit(now, id, at)) {
                        self.carriage.set_pace(now, movement, limit);
                    }
                    settled = false;
                }
            }
        }
        self.schedule_turn(ctx, id, due);
        settled
    }

    fn schedule_turn(&mut self, ctx: &mut Context<'_, Event>, id: WorkId, due: Option<SimTime>) {
        let open = self.legs(id).is_some_and(|legs| legs.iter().any(|leg| leg.after.is_some() && leg.is_open()));
        let planned = self.relays.get(&id).copied().flatten();
        if planned.map(|(at, _)| at) != due {
            if let Some((_, key)) = planned {
                ctx.cancel(key);
            }
            let next = due.map(|at| (at, ctx.schedule_keyed(at, CLASS_FLOW, Event::RelayDue(id))));
            self.relays.insert(id, next);
        }
        if !open {
            self.relays.remove(&id);
        }
    }

    /// How far a leg is; none before it begins.
    pub(super) fn progress(&mut self, now: SimTime, id: WorkId, at: usize) -> Option<Progress> {
        let leg = self.legs(id).map(|legs| legs[at].clone())?;
        if leg.finished.is_some() {
            return Some(Progress { sent: leg.bytes, rate: 0.0, rtt: SimDuration::ZERO, done: true });
        }
        let (sent, rate, rtt, done) = self.carriage.progress(now, leg.movement?)?;
        Some(Progress { sent, rate, rtt, done })
    }
}
