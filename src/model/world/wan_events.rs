//! What the WAN tells the flows: capacities, dead links, new routes.

use super::World;
use crate::engine::Context;
use crate::model::event::Event;
use crate::model::ids::LinkId;
use crate::model::wan::WanEffect;
use crate::units::SimTime;

impl World {
    pub(super) fn wan_event(&mut self, event: Event, ctx: &mut Context<'_, Event>) {
        let mut effects = Vec::new();
        self.wan.handle(event, ctx, &mut effects);
        let now = ctx.now();
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

    /// Puts movements on their present routes; with a dead link, only those that ran over it.
    fn reroute(&mut self, now: SimTime, dead: Option<LinkId>) {
        for (course, slots) in self.carriage.courses() {
            if dead.is_some_and(|l| !self.wan.uses_link(course, l)) {
                continue;
            }
            let route = self.wan.route(course);
            self.carriage.reroute(now, &slots, route.as_ref());
        }
        self.reroute_demands(now, dead);
    }
}
