//! What happens to links at known dates.
//!
//! Nobody is surprised: what changes is announced, so routes have left a link when it goes, and have come to it when it is there. No
//! traffic stands still, unless there is no other way.

use super::component::{Wan, WanEffect};
use super::link::Link;
use crate::engine::Context;
use crate::model::event::{CLASS_FAULT, Event};
use crate::model::ids::{LinkId, WindowId};
use crate::units::SimTime;

impl Wan {
    /// Schedules all that is known by date.
    pub(super) fn begin_dates(&mut self, ctx: &mut Context<'_, Event>) {
        for (l, link) in self.links.iter().enumerate() {
            for at in link.params.installed.changes() {
                ctx.schedule(at, CLASS_FAULT, Event::LinkInstalled(LinkId::new(l)));
            }
        }
        for (w, window) in self.windows.iter().enumerate() {
            ctx.schedule(window.starts, CLASS_FAULT, Event::WindowOpens(WindowId::new(w)));
        }
    }

    /// A window begins, and its end and its next beginning are known.
    pub(super) fn window_opens(&mut self, w: WindowId, ctx: &mut Context<'_, Event>, out: &mut Vec<WanEffect>) {
        let (now, window) = (ctx.now(), &self.windows[w.index()]);
        ctx.schedule(now.saturating_add(window.duration), CLASS_FAULT, Event::WindowCloses(w));
        let next = window.every.map(|every| now.saturating_add(every)).filter(|&next| next < SimTime::MAX);
        if let Some(next) = next {
            ctx.schedule(next, CLASS_FAULT, Event::WindowOpens(w));
        }
        let left = window.left;
        self.window_changes(w, ctx, out, |link| link.windows.push(left));
    }

    /// A window is over.
    pub(super) fn window_closes(&mut self, w: WindowId, ctx: &mut Context<'_, Event>, out: &mut Vec<WanEffect>) {
        let left = self.windows[w.index()].left;
        self.window_changes(w, ctx, out, |link| {
            if let Some(at) = link.windows.iter().position(|open| open.to_bits() == left.to_bits()) {
                link.windows.swap_remove(at);
            }
        });
    }

    fn window_changes(
        &mut self,
        w: WindowId,
        ctx: &mut Context<'_, Event>,
        out: &mut Vec<WanEffect>,
        apply: impl Fn(&mut Link),
    ) {
        let window = self.windows[w.index()].clone();
        if window.drain {
            self.announce(&window.links, ctx.now(), out, apply);
        } else {
            window.links.iter().for_each(|&l| self.change(l, ctx, out, &apply));
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
