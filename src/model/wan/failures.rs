//! How links, waves and groups fail and are mended.

use super::component::{Wan, WanEffect};
use super::link::Link;
use crate::engine::Context;
use crate::model::event::{CLASS_FAULT, Event};
use crate::model::ids::{GroupId, LinkId};
use crate::units::SimTime;

impl Wan {
    /// Schedules the first failures.
    pub fn begin(&mut self, ctx: &mut Context<'_, Event>) {
        let now = ctx.now();
        for (l, link) in self.links.iter_mut().enumerate() {
            for (w, wave) in link.params.wave_outages.iter_mut().enumerate() {
                schedule(ctx, wave.next_failure(now), Event::WaveFails(LinkId::new(l), w as u16));
            }
            if let Some(cuts) = link.params.cuts.as_mut() {
                schedule(ctx, cuts.next_failure(now), Event::LinkCut(LinkId::new(l)));
            }
        }
        for (g, group) in self.groups.iter_mut().enumerate() {
            if let Some(cuts) = group.cuts.as_mut() {
                schedule(ctx, cuts.next_failure(now), Event::GroupCut(GroupId::new(g)));
            }
        }
    }

    /// Handles one of the WAN's events; effects go to `out`.
    pub fn handle(&mut self, event: Event, ctx: &mut Context<'_, Event>, out: &mut Vec<WanEffect>) {
        let now = ctx.now();
        match event {
            Event::WaveFails(l, w) => {
                let wave = &mut self.links[l.index()].params.wave_outages[usize::from(w)];
                schedule(ctx, wave.next_repair(now), Event::WaveMended(l, w));
                self.failures += 1;
                self.change(l, ctx, out, |link| link.waves_down += 1);
            }
            Event::WaveMended(l, w) => {
                let wave = &mut self.links[l.index()].params.wave_outages[usize::from(w)];
                schedule(ctx, wave.next_failure(now), Event::WaveFails(l, w));
                self.change(l, ctx, out, |link| link.waves_down -= 1);
            }
            Event::LinkCut(l) => {
                if let Some(cuts) = self.links[l.index()].params.cuts.as_mut() {
                    schedule(ctx, cuts.next_repair(now), Event::LinkMended(l));
                }
                self.failures += 1;
                self.change(l, ctx, out, |link| link.cuts_open += 1);
            }
            Event::LinkMended(l) => {
                if let Some(cuts) = self.links[l.index()].params.cuts.as_mut() {
                    schedule(ctx, cuts.next_failure(now), Event::LinkCut(l));
                }
                self.change(l, ctx, out, |link| link.cuts_open -= 1);
            }
            Event::GroupCut(g) => self.group_changes(g, true, ctx, out),
            Event::GroupMended(g) => self.group_changes(g, false, ctx, out),
            Event::Reconverge => self.reconverge(now, out),
            _ => unreachable!("the world routes only WAN events here"),
        }
    }

    fn group_changes(&mut self, g: GroupId, cut: bool, ctx: &mut Context<'_, Event>, out: &mut Vec<WanEffect>) {
        let now = ctx.now();
        let group = &mut self.groups[g.index()];
        if let Some(cuts) = group.cuts.as_mut() {
            if cut {
                schedule(ctx, cuts.next_repair(now), Event::GroupMended(g));
            } else {
                schedule(ctx, cuts.next_failure(now), Event::GroupCut(g));
            }
        }
        self.failures += u64::from(cut);
        for l in self.groups[g.index()].links.clone() {
            self.change(l, ctx, out, |link| {
                if cut {
                    link.cuts_open += 1;
                } else {
                    link.cuts_open -= 1;
                }
            });
        }
    }

    /// Applies a change to a link and reports what follows from it.
    fn change(
        &mut self,
        l: LinkId,
        ctx: &mut Context<'_, Event>,
        out: &mut Vec<WanEffect>,
        apply: impl FnOnce(&mut Link),
    ) {
        let link = &mut self.links[l.index()];
        let was_alive = link.alive();
        apply(link);
        let (alive, capacity) = (link.alive(), link.capacity());
        link.down.set(ctx.now(), f64::from(u8::from(!alive)));
        for (direction, ..) in link.params.directions() {
            out.push(WanEffect::Capacity(link.params.resources[direction], capacity[direction]));
        }
        if was_alive && !alive {
            out.push(WanEffect::Dead(l));
            self.pairs_lose(ctx.now());
        }
        if was_alive != alive {
            self.disturbed = true;
            ctx.schedule(ctx.now() + self.reconvergence, CLASS_FAULT, Event::Reconverge);
        }
    }
}

/// Failures past the representable end of time never happen.
fn schedule(ctx: &mut Context<'_, Event>, at: SimTime, event: Event) {
    if at < SimTime::MAX {
        ctx.schedule(at, CLASS_FAULT, event);
    }
}
