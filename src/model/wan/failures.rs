//! How links, waves and groups fail and are mended.

use super::component::{Wan, WanEffect};
use super::link::{Link, Process};
use crate::engine::{Context, Key};
use crate::model::event::{CLASS_FAULT, Event};
use crate::model::ids::{GroupId, LinkId, SiteId};
use crate::units::SimTime;

impl Wan {
    /// Schedules the first failures, and what is known by date.
    pub fn begin(&mut self, ctx: &mut Context<'_, Event>) {
        let now = ctx.now();
        for l in 0..self.links.len() {
            self.begin_link(LinkId::new(l), 0, ctx);
        }
        for (g, group) in self.groups.iter_mut().enumerate() {
            if let Some(cuts) = group.cuts.as_mut() {
                schedule(ctx, cuts.next_failure(now), Event::GroupCut(GroupId::new(g)));
            }
        }
        for (s, site) in self.sites.iter_mut().enumerate() {
            if let Some(outages) = site.outages.as_mut() {
                schedule(ctx, outages.next_failure(now), Event::SiteFails(SiteId::new(s)));
            }
        }
        self.begin_dates(ctx);
    }

    /// Schedules the first failures of what was installed just now: of the waves from `first` on, and of a link that was not there
    /// before.
    pub(super) fn begin_link(&mut self, l: LinkId, first: u16, ctx: &mut Context<'_, Event>) {
        let (now, link) = (ctx.now(), &mut self.links[l.index()]);
        let waves = link.params.wave_outages.iter_mut().zip(&mut link.waves).enumerate();
        for (w, (outages, wave)) in waves.take(usize::from(link.now.waves)).skip(usize::from(first)) {
            wave.pending = schedule(ctx, outages.next_failure(now), Event::WaveFails(l, w as u16));
        }
        if let Some(cuts) = link.params.cuts.as_mut().filter(|_| first == 0 && link.now.waves > 0) {
            link.cut.pending = schedule(ctx, cuts.next_failure(now), Event::LinkCut(l));
        }
        let slow = link.params.degraded.as_mut().filter(|_| first == 0 && link.now.waves > 0);
        if let Some((slow, _)) = slow {
            link.slow.pending = schedule(ctx, slow.next_failure(now), Event::LinkDegrades(l));
        }
    }

    /// Waves from `kept` on are taken away, and with the last of them the link: they fail no more, and what was down is gone.
    pub(super) fn end_link(&mut self, l: LinkId, kept: u16, ctx: &mut Context<'_, Event>) {
        let link = &mut self.links[l.index()];
        for wave in link.waves.iter_mut().skip(usize::from(kept)) {
            link.waves_restored -= u16::from(withdraw(wave, ctx));
            link.waves_down -= u16::from(end(wave, ctx));
        }
        if kept == 0 {
            link.cuts_open -= u16::from(end(&mut link.cut, ctx));
            end(&mut link.slow, ctx);
            self.follow_cuts(l, false, ctx);
        }
    }

    /// Handles one of the WAN's events; effects go to `out`.
    pub fn handle(&mut self, event: Event, ctx: &mut Context<'_, Event>, out: &mut Vec<WanEffect>) {
        match event {
            Event::WaveFails(l, w) => self.wave_changes(l, w, true, ctx, out),
            Event::WaveMended(l, w) => self.wave_changes(l, w, false, ctx, out),
            Event::LinkCut(l) => self.link_changes(l, true, ctx, out),
            Event::LinkMended(l) => self.link_changes(l, false, ctx, out),
            Event::GroupCut(g) => self.group_changes(g, true, ctx, out),
            Event::GroupMended(g) => self.group_changes(g, false, ctx, out),
            Event::LinkDegrades(l) => self.slow_changes(l, true, ctx, out),
            Event::LinkRecovers(l) => self.slow_changes(l, false, ctx, out),
            Event::LinkRestored(l) => self.restore_link(l, ctx, out),
            Event::WaveRestored(l, w) => self.restore_wave(l, w, ctx, out),
            Event::SiteFails(s) => self.site_changes(s, true, ctx, out),
            Event::SiteMended(s) => self.site_changes(s, false, ctx, out),
            Event::LinkInstalled(l) => self.install(l, ctx, out),
            Event::WindowOpens(w) => self.window_opens(w, ctx, out),
            Event::WindowCloses(w) => self.window_closes(w, ctx, out),
            Event::Reconverge => self.reconverge(ctx.now(), out),
            _ => unreachable!("the world routes only WAN events here"),
        }
        self.judge_pairs(ctx.now());
    }

    fn wave_changes(&mut self, l: LinkId, w: u16, fails: bool, ctx: &mut Context<'_, Event>, out: &mut Vec<WanEffect>) {
        let (now, link) = (ctx.now(), &mut self.links[l.index()]);
        let (outages, wave) = (&mut link.params.wave_outages[usize::from(w)], &mut link.waves[usize::from(w)]);
        wave.down = fails;
        wave.pending = if fails {
            schedule(ctx, outages.next_repair(now), Event::WaveMended(l, w))
        } else {
            schedule(ctx, outages.next_failure(now), Event::WaveFails(l, w))
        };
        self.failures += u64::from(fails);
        let restored = withdraw(wave, ctx);
        if fails {
            self.try_wave(l, w, ctx);
        }
        self.change(l, ctx, out, |link| {
            link.waves_restored -= u16::from(restored);
            link.waves_down = shifted(link.waves_down, fails);
        });
    }

    /// A link falls back to a lower rate, or is at its full rate again. Routes stay as they are.
    fn slow_changes(&mut self, l: LinkId, slow: bool, ctx: &mut Context<'_, Event>, out: &mut Vec<WanEffect>) {
        let (now, link) = (ctx.now(), &mut self.links[l.index()]);
        if let Some((outages, _)) = link.params.degraded.as_mut() {
            link.slow.pending = if slow {
                schedule(ctx, outages.next_repair(now), Event::LinkRecovers(l))
            } else {
                schedule(ctx, outages.next_failure(now), Event::LinkDegrades(l))
            };
        }
        self.failures += u64::from(slow);
        self.change(l, ctx, out, |link| link.slow.down = slow);
    }

    fn link_changes(&mut self, l: LinkId, cut: bool, ctx: &mut Context<'_, Event>, out: &mut Vec<WanEffect>) {
        let (now, link) = (ctx.now(), &mut self.links[l.index()]);
        link.cut.down = cut;
        if let Some(cuts) = link.params.cuts.as_mut() {
            link.cut.pending = if cut {
                schedule(ctx, cuts.next_repair(now), Event::LinkMended(l))
            } else {
                schedule(ctx, cuts.next_failure(now), Event::LinkCut(l))
            };
        }
        self.failures += u64::from(cut);
        self.cuts_change(l, cut, ctx, out);
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
            self.cuts_change(l, cut, ctx, out);
        }
    }

    /// A site is lost or back: all its links at once.
    fn site_changes(&mut self, s: SiteId, lost: bool, ctx: &mut Context<'_, Event>, out: &mut Vec<WanEffect>) {
        let (now, site) = (ctx.now(), &mut self.sites[s.index()]);
        if let Some(outages) = site.outages.as_mut() {
            if lost {
                schedule(ctx, outages.next_repair(now), Event::SiteMended(s));
            } else {
                schedule(ctx, outages.next_failure(now), Event::SiteFails(s));
            }
        }
        site.down.set(now, f64::from(u8::from(lost)));
        self.failures += u64::from(lost);
        let touches = |link: &Link| link.params.ends.0 == s || link.params.ends.1 == s;
        let links: Vec<_> = (0..self.links.len()).filter(|&l| touches(&self.links[l])).collect();
        for l in links {
            self.change(LinkId::new(l), ctx, out, |link| link.ends_lost = shifted(link.ends_lost, lost));
        }
    }

    /// Applies a change to a link and reports what follows from it.
    pub(super) fn change(
        &mut self,
        l: LinkId,
        ctx: &mut Context<'_, Event>,
        out: &mut Vec<WanEffect>,
        apply: impl FnOnce(&mut Link),
    ) {
        let link = &mut self.links[l.index()];
        let was_alive = link.alive();
        apply(link);
        let alive = link.alive();
        link.follow(ctx.now(), out);
        if was_alive && !alive {
            out.push(WanEffect::Dead(l));
            self.pairs_lose(ctx.now());
        }
        if was_alive != alive {
            self.disturbed.insert(l);
            ctx.schedule(ctx.now() + self.reconvergence, CLASS_FAULT, Event::Reconverge);
        }
    }
}

impl Link {
    /// Statistics and resources follow the present state.
    pub(super) fn follow(&mut self, now: SimTime, out: &mut Vec<WanEffect>) {
        let level = |on: bool| f64::from(u8::from(on));
        self.down.set(now, level(self.broken() && !self.closed()));
        self.maintained.set(now, level(self.there() && self.closed()));
        let (capacity, way) = (self.capacity(), self.way());
        self.degraded.set(now, level(self.alive() && capacity[way] < self.now.capacity[way]));
        self.restored.set(now, level(self.alive() && (self.waves_restored > 0 || self.cuts_open > 0)));
        self.usable.set(now, capacity[way]);
        for (direction, ..) in self.params.directions() {
            out.push(WanEffect::Capacity(self.params.resources[direction], capacity[direction]));
        }
    }
}

/// One more of what is down, or one less.
pub(super) fn shifted(count: u16, more: bool) -> u16 {
    if more { count + 1 } else { count - 1 }
}

/// A failed wave needs no spare any more; true when it had one.
fn withdraw(wave: &mut Process, ctx: &mut Context<'_, Event>) -> bool {
    if let Some(key) = wave.restoring.take() {
        ctx.cancel(key);
    }
    std::mem::take(&mut wave.restored)
}

/// Ends a process; true when it was down.
fn end(process: &mut Process, ctx: &mut Context<'_, Event>) -> bool {
    if let Some(key) = process.pending.take() {
        ctx.cancel(key);
    }
    std::mem::take(&mut process.down)
}

/// Failures past the representable end of time never happen.
pub(super) fn schedule(ctx: &mut Context<'_, Event>, at: SimTime, event: Event) -> Option<Key> {
    (at < SimTime::MAX).then(|| ctx.schedule_keyed(at, CLASS_FAULT, event))
}
