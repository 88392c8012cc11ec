//! What happens to links at known dates.
//!
//! Nobody is surprised: what changes is announced, so routes have left a link when it goes, and have come to it when it is there. No
//! traffic stands still, unless there is no other way.

use super::component::{Wan, WanEffect};
use super::link::Link;
use crate::engine::Context;
use crate::model::event::{CLASS_FAULT, Event};
use crate::model::ids::LinkId;
use crate::units::SimTime;

impl Wan {
    /// Schedules all that is known by date.
    pub(super) fn begin_dates(&mut self, ctx: &mut Context<'_, Event>) {
        for (l, link) in self.links.iter().enumerate() {
            for at in link.params.installed.changes() {
                ctx.schedule(at, CLASS_FAULT, Event::LinkInstalled(LinkId::new(l)));
            }
        }
    }

    /// A link has other waves and another capacity from now on. New waves are up, and of the old ones the first are kept.
    pub(super) fn install(&mut self, l: LinkId, ctx: &mut Context<'_, Event>, out: &mut Vec<WanEffect>) {
        let now = ctx.now();
        let link = &self.links[l.index()];
        let (before, after) = (link.now.waves, *link.params.installed.at(now));
        self.end_link(l, after.waves, ctx);
        self.announce(&[l], now, out, |link| link.now = after);
        if after.waves > before {
            self.begin_link(l, before, ctx);
        }
    }

    /// Applies an announced change to links: routes follow at once, but for what other links have yet to tell.
    pub(super) fn announce(
        &mut self,
        links: &[LinkId],
        now: SimTime,
        out: &mut Vec<WanEffect>,
        apply: impl Fn(&mut Link),
    ) {
        for l in links {
            let link = &mut self.links[l.index()];
            let was_alive = link.alive();
            apply(link);
            if link.alive() != was_alive {
                link.alive_in_routes = link.alive();
            }
            link.follow(now, out);
        }
        self.capacities_changed();
        self.pairs_follow(now);
        out.push(WanEffect::Rerouted);
    }
}
