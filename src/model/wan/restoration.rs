//! Spare waves: capacity that the optical layer brings back before what failed is mended.
//!
//! Three times follow one another after a failure: restoration (milliseconds to minutes), reconvergence (seconds), repair (hours). Each
//! acts by itself. Where restoration comes first, routes find the link alive when they look, and never move; traffic goes on at the
//! moment of restoration. Where routes have left the link already, they come back to it as to a mended one.

use super::component::{Wan, WanEffect};
use super::failures::{schedule, shifted};
use crate::engine::Context;
use crate::model::event::Event;
use crate::model::ids::LinkId;

/// A share that misses a whole wave by less than this is one.
const ROUNDING: f64 = 1e-9;

impl Wan {
    /// One more cut lies on a link, or one less.
    pub(super) fn cuts_change(&mut self, l: LinkId, cut: bool, ctx: &mut Context<'_, Event>, out: &mut Vec<WanEffect>) {
        let link = &self.links[l.index()];
        let returns = !cut && link.cuts_open == 1 && link.detour;
        if returns {
            // From the spare waves back to its own: nothing is interrupted, and the round trip is the old one.
            self.announce(&[l], ctx.now(), out, |link| (link.cuts_open, link.detour) = (0, false));
        } else {
            self.change(l, ctx, out, |link| link.cuts_open = shifted(link.cuts_open, cut));
        }
        self.follow_cuts(l, cut, ctx);
    }

    /// Restoration begins with the first cut of a link and ends with the last.
    pub(super) fn follow_cuts(&mut self, l: LinkId, cut: bool, ctx: &mut Context<'_, Event>) {
        let (now, link) = (ctx.now(), &mut self.links[l.index()]);
        let Some(spare) = link.params.restoration.as_mut() else { return };
        if cut && link.cuts_open == 1 && spare.succeeds() {
            link.detouring = schedule(ctx, now.saturating_add(spare.time), Event::LinkRestored(l));
        } else if link.cuts_open == 0 {
            link.detour = false;
            if let Some(key) = link.detouring.take() {
                ctx.cancel(key);
            }
        }
    }

    /// A failed wave will have a spare one, if it is lucky.
    pub(super) fn try_wave(&mut self, l: LinkId, w: u16, ctx: &mut Context<'_, Event>) {
        let (now, link) = (ctx.now(), &mut self.links[l.index()]);
        let Some(spare) = link.params.restoration.as_mut() else { return };
        if spare.succeeds() {
            link.waves[usize::from(w)].restoring =
                schedule(ctx, now.saturating_add(spare.time), Event::WaveRestored(l, w));
        }
    }

    /// Spare waves carry a cut link from now on.
    pub(super) fn restore_link(&mut self, l: LinkId, ctx: &mut Context<'_, Event>, out: &mut Vec<WanEffect>) {
        self.links[l.index()].detouring = None;
        self.restore(l, ctx, out, |link| link.detour = true);
    }

    /// A spare wave carries a failed one from now on, if one is free.
    pub(super) fn restore_wave(&mut self, l: LinkId, w: u16, ctx: &mut Context<'_, Event>, out: &mut Vec<WanEffect>) {
        let link = &mut self.links[l.index()];
        let share = link.params.restoration.as_ref().map_or(0.0, |spare| spare.share);
        let spares = (share * f64::from(link.now.waves) + ROUNDING).floor();
        let wave = &mut link.waves[usize::from(w)];
        wave.restoring = None;
        if f64::from(link.waves_restored) < spares {
            wave.restored = true;
            self.restore(l, ctx, out, |link| link.waves_restored += 1);
        }
    }

    /// Capacity is back: traffic that still waits for new routes goes on at once; traffic that has left comes back as after a repair.
    fn restore(
        &mut self,
        l: LinkId,
        ctx: &mut Context<'_, Event>,
        out: &mut Vec<WanEffect>,
        apply: impl Fn(&mut super::link::Link),
    ) {
        if self.links[l.index()].alive_in_routes {
            self.announce(&[l], ctx.now(), out, apply);
        } else {
            self.change(l, ctx, out, apply);
        }
    }
}
