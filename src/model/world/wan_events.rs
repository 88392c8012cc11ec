//! What the WAN tells the flows: capacities, dead links, new routes.

use super::World;
use crate::engine::Context;
use crate::model::event::{CLASS_MODEL, Event};
use crate::model::ids::LinkId;
use crate::model::paths::{Course, RoutePolicy};
use crate::model::wan::{WanEffect, Wanted};
use crate::units::SimTime;

impl World {
    pub(super) fn wan_event(&mut self, event: Event, ctx: &mut Context<'_, Event>) {
        let mut effects = Vec::new();
        self.wan.handle(event, ctx, &mut effects);
        let now = ctx.now();
        if !effects.is_empty() {
            self.engineering_due(ctx);
        }
        self.obey(now, effects);
    }

    fn obey(&mut self, now: SimTime, effects: Vec<WanEffect>) {
        for effect in effects {
            match effect {
                WanEffect::Capacity(resource, capacity) => {
                    self.carriage.sharing.set_capacity(now.as_nanos(), resource, capacity);
                }
                WanEffect::Dead(link) => self.reroute(now, Some(link)),
                WanEffect::Rerouted => self.reroute(now, None),
            }
        }
    }

    /// Demand, capacity or links have changed: where traffic is engineered, a solution is due.
    pub(super) fn engineering_due(&mut self, ctx: &mut Context<'_, Event>) {
        if !self.engineers() {
            return;
        }
        if let Some(at) = self.wan.engineering_due(ctx.now()) {
            // After demand has changed at that instant.
            ctx.schedule(at, CLASS_MODEL, Event::Engineer);
        }
    }

    /// Whether some standing demand is under traffic engineering.
    fn engineers(&self) -> bool {
        self.demands.iter().any(|demand| demand.params.policy == RoutePolicy::Engineered)
    }

    /// Ways are found for all standing demand under traffic engineering as it is offered now.
    pub(super) fn engineer(&mut self, now: SimTime) {
        if !self.engineers() {
            return;
        }
        let mut wanted = Wanted::new();
        for params in self.demands.iter().map(|demand| &demand.params).filter(|p| p.policy == RoutePolicy::Engineered) {
            let factor = params.factor(now);
            for &(from, to, rate) in params.pairs.iter().filter(|pair| pair.2 * factor > 0.0) {
                *wanted.entry((from, to, params.priority)).or_insert(0.0) += rate * factor;
            }
        }
        let mut effects = Vec::new();
        self.wan.engineer(now, wanted, &mut effects);
        self.obey(now, effects);
    }

    /// Puts movements on their present routes, where these have changed; with a dead link, only those that ran over it.
    fn reroute(&mut self, now: SimTime, dead: Option<LinkId>) {
        for (course, slots) in self.carriage.courses() {
            if !self.must_move(course, dead) {
                continue;
            }
            let route = self.wan.route(course);
            self.carriage.reroute(now, &slots, route.as_ref());
        }
        self.reroute_demands(now, dead);
        if dead.is_none() {
            self.wan.followed();
        }
    }

    /// Whether what runs on a course is to be put on its present route: it ran over the link that has died, or routes have changed
    /// for it.
    pub(super) fn must_move(&mut self, course: Course, dead: Option<LinkId>) -> bool {
        match dead {
            Some(link) => self.wan.uses_link(course, link),
            None => self.wan.has_moved(course),
        }
    }
}
