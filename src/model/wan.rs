//! The WAN: links with two directions, made of waves, that fail and are mended; shortest-path routing.
//!
//! Capacity of a direction = (waves up ÷ waves) × installed capacity, zero while the link or one of its
//! shared-risk groups is cut. Routes minimise propagation time (ties: fewer links, then the lower link number) over the links that
//! were alive at the last reconvergence. When a link dies, traffic on it stands still until the routes have
//! changed; when it comes back, traffic returns to it after the same delay.
//!
//! Not modelled here: equal-cost multipath, traffic engineering, packet loss, queueing delay.

use std::collections::BTreeMap;

use super::event::{CLASS_FAULT, Event};
use super::ids::{GroupId, LinkId, SiteId};
use super::paths::Route;
use crate::engine::Context;
use crate::engine::rng::Stream;
use crate::fluid::ResourceId;
use crate::stats::Level;
use crate::units::{Dist, SimDuration, SimTime};

/// An alternating renewal process: in service, out of service, in seconds.
#[derive(Clone, Debug)]
pub struct Outages {
    /// Time in service until the failure.
    pub time_to_failure: Dist,
    /// Time out of service.
    pub time_to_repair: Dist,
    /// Its own random stream.
    pub stream: Stream,
}

impl Outages {
    fn next_failure(&mut self, now: SimTime) -> SimTime {
        now.saturating_add(SimDuration::from_secs_f64(self.stream.sample(&self.time_to_failure)))
    }

    fn next_repair(&mut self, now: SimTime) -> SimTime {
        now.saturating_add(SimDuration::from_secs_f64(self.stream.sample(&self.time_to_repair)))
    }
}

/// Parameters of a link.
#[derive(Clone, Debug)]
pub struct LinkParams {
    /// Name.
    pub name: String,
    /// Ends; direction 0 goes from the first to the second.
    pub ends: (SiteId, SiteId),
    /// Installed capacity each direction, wire bytes per second.
    pub capacity: f64,
    /// Waves.
    pub waves: u16,
    /// Round-trip propagation time.
    pub rtt: SimDuration,
    /// Payload bytes per wire byte.
    pub framing: f64,
    /// Resources of the two directions.
    pub resources: [ResourceId; 2],
    /// Failures of each wave (empty when switched off).
    pub wave_outages: Vec<Outages>,
    /// Cuts of the link alone.
    pub cuts: Option<Outages>,
}

/// Parameters of a shared-risk group.
#[derive(Clone, Debug)]
pub struct GroupParams {
    /// Name.
    pub name: String,
    /// Links that a cut takes.
    pub links: Vec<LinkId>,
    /// Cuts.
    pub cuts: Option<Outages>,
}

#[derive(Clone, Debug)]
struct Link {
    params: LinkParams,
    waves_down: u16,
    cuts_open: u16,
    alive_in_routes: bool,
    down: Level,
}

impl Link {
    fn capacity(&self) -> f64 {
        if self.cuts_open > 0 {
            return 0.0;
        }
        let up = self.params.waves - self.waves_down;
        self.params.capacity * f64::from(up) / f64::from(self.params.waves)
    }

    fn alive(&self) -> bool {
        self.cuts_open == 0 && self.waves_down < self.params.waves
    }
}

/// What the world must do about a change in the WAN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WanEffect {
    /// A direction has a new capacity.
    Capacity(ResourceId, f64),
    /// Traffic over this link must stand still.
    Dead(LinkId),
    /// Routes have changed.
    Rerouted,
}

/// The WAN component.
#[derive(Clone, Debug)]
pub struct Wan {
    links: Vec<Link>,
    groups: Vec<GroupParams>,
    sites: usize,
    edges: Vec<(ResourceId, ResourceId)>,
    reconvergence: SimDuration,
    cache: BTreeMap<(SiteId, SiteId), Option<Vec<LinkId>>>,
    /// Whether some link died or came back since the routes were last computed. A link that did both leaves the same
    /// routes, but traffic stands still on it until they are confirmed.
    disturbed: bool,
    /// Failures of waves, links and groups so far.
    pub failures: u64,
}

impl Wan {
    /// A WAN with all links up. `edges` holds each site's (out, in) edge resources.
    pub fn new(
        links: Vec<LinkParams>,
        groups: Vec<GroupParams>,
        edges: Vec<(ResourceId, ResourceId)>,
        reconvergence: SimDuration,
    ) -> Self {
        let links = links
            .into_iter()
            .map(|params| Link {
                params,
                waves_down: 0,
                cuts_open: 0,
                alive_in_routes: true,
                down: Level::new(SimTime::ZERO, 0.0),
            })
            .collect();
        let cache = BTreeMap::new();
        Wan { links, groups, sites: edges.len(), edges, reconvergence, cache, disturbed: false, failures: 0 }
    }

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
            Event::Reconverge => self.reconverge(out),
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
        for resource in link.params.resources {
            out.push(WanEffect::Capacity(resource, capacity));
        }
        if was_alive && !alive {
            out.push(WanEffect::Dead(l));
        }
        if was_alive != alive {
            self.disturbed = true;
            ctx.schedule(ctx.now() + self.reconvergence, CLASS_FAULT, Event::Reconverge);
        }
    }

    fn reconverge(&mut self, out: &mut Vec<WanEffect>) {
        for link in &mut self.links {
            link.alive_in_routes = link.alive();
        }
        if std::mem::take(&mut self.disturbed) {
            self.cache.clear();
            out.push(WanEffect::Rerouted);
        }
    }

    /// The present route from `from` to `to`; `None` when there is none or a link of it is dead.
    pub fn route(&mut self, from: SiteId, to: SiteId) -> Option<Route> {
        let path = self.path(from, to)?;
        if path.iter().any(|l| !self.links[l.index()].alive()) {
            return None;
        }
        let (here, there) = (self.edges[from.index()], self.edges[to.index()]);
        let (mut uses, mut back) = (vec![(here.0, 1.0)], vec![(here.1, 1.0)]);
        let (mut at, mut rtt) = (from, SimDuration::ZERO);
        for l in &path {
            let link = &self.links[l.index()].params;
            let direction = usize::from(link.ends.0 != at);
            uses.push((link.resources[direction], 1.0 / link.framing));
            back.push((link.resources[1 - direction], 1.0 / link.framing));
            at = if direction == 0 { link.ends.1 } else { link.ends.0 };
            rtt = rtt + link.rtt;
        }
        uses.push((there.1, 1.0));
        back.push((there.0, 1.0));
        Some(Route { uses, back, rtt })
    }

    /// Whether the present path between two sites runs over `link`.
    pub fn uses_link(&mut self, from: SiteId, to: SiteId, link: LinkId) -> bool {
        self.path(from, to).is_some_and(|path| path.contains(&link))
    }

    fn path(&mut self, from: SiteId, to: SiteId) -> Option<Vec<LinkId>> {
        if let Some(known) = self.cache.get(&(from, to)) {
            return known.clone();
        }
        let path = shortest(&self.links, self.sites, from, to);
        self.cache.insert((from, to), path.clone());
        path
    }

    /// Seconds since the last cut of statistics during which link `l` carried nothing.
    pub fn downtime(&mut self, l: LinkId, now: SimTime) -> f64 {
        self.links[l.index()].down.integral(now)
    }

    /// Statistics start at `now`.
    pub fn reset(&mut self, now: SimTime) {
        for link in &mut self.links {
            link.down.reset(now);
        }
    }

    /// Parameters of all links.
    pub fn links(&self) -> impl Iterator<Item = &LinkParams> {
        self.links.iter().map(|l| &l.params)
    }
}

/// Failures past the representable end of time never happen.
fn schedule(ctx: &mut Context<'_, Event>, at: SimTime, event: Event) {
    if at < SimTime::MAX {
        ctx.schedule(at, CLASS_FAULT, event);
    }
}

/// Dijkstra on (round-trip time, links, site, link): a total order, so ties never depend on chance.
fn shortest(links: &[Link], sites: usize, from: SiteId, to: SiteId) -> Option<Vec<LinkId>> {
    type Label = (SimDuration, u32);
    let mut best: Vec<Option<(Label, LinkId, SiteId)>> = vec![None; sites];
    let mut done = vec![false; sites];
    let mut label: Vec<Option<Label>> = vec![None; sites];
    label[from.index()] = Some((SimDuration::ZERO, 0));
    while let Some((here, distance)) =
        (0..sites).filter(|&s| !done[s]).filter_map(|s| label[s].map(|d| (s, d))).min_by_key(|&(s, d)| (d, s))
    {
        done[here] = true;
        for (l, link) in links.iter().enumerate().filter(|(_, link)| link.alive_in_routes) {
            let (a, b) = (link.params.ends.0.index(), link.params.ends.1.index());
            let Some(there) = (if a == here {
                Some(b)
            } else if b == here {
                Some(a)
            } else {
                None
            }) else {
                continue;
            };
            let next = (distance.0 + link.params.rtt, distance.1 + 1);
            if !done[there] && label[there].is_none_or(|known| next < known) {
                label[there] = Some(next);
                best[there] = Some((next, LinkId::new(l), SiteId::new(here)));
            }
        }
    }
    let mut path = Vec::new();
    let mut at = to;
    while at != from {
        let (_, link, before) = best[at.index()]?;
        path.push(link);
        at = before;
    }
    path.reverse();
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fluid::Sharing;

    fn triangle() -> Wan {
        let mut sharing = Sharing::new();
        let mut resource = || sharing.add_resource(1.0);
        let edges = (0..3).map(|_| (resource(), resource())).collect();
        let link = |name: &str, a: u16, b: u16, ms: i64, resources| LinkParams {
            name: name.into(),
            ends: (SiteId(a), SiteId(b)),
            capacity: 100.0,
            waves: 4,
            rtt: SimDuration::from_nanos(ms * 1_000_000),
            framing: 0.5,
            resources,
            wave_outages: Vec::new(),
            cuts: None,
        };
        let links = vec![
            link("phx-dal", 0, 1, 20, [resource(), resource()]),
            link("dal-ric", 1, 2, 27, [resource(), resource()]),
            link("phx-ric", 0, 2, 48, [resource(), resource()]),
        ];
        Wan::new(links, Vec::new(), edges, SimDuration::from_secs(1))
    }

    #[test]
    fn the_shorter_of_two_ways_is_taken_in_both_directions() {
        let mut wan = triangle();
        let there = wan.route(SiteId(0), SiteId(2)).unwrap();
        assert_eq!(there.rtt, SimDuration::from_nanos(47_000_000), "20 + 27 beats the direct 48");
        let resources: Vec<_> = wan.links().map(|l| l.resources).collect();
        assert_eq!(there.uses[1], (resources[0][0], 2.0), "wire bytes per payload byte are 1/framing");
        assert_eq!(there.back[1], (resources[0][1], 2.0));
        let back = wan.route(SiteId(2), SiteId(0)).unwrap();
        assert_eq!(back.uses[1].0, resources[1][1]);
        assert_eq!(back.uses[2].0, resources[0][1]);
    }

    #[test]
    fn a_dead_link_blocks_until_routes_change_and_then_is_avoided() {
        let mut wan = triangle();
        assert!(wan.route(SiteId(0), SiteId(1)).is_some());
        wan.links[0].cuts_open = 1;
        wan.disturbed = true;
        assert_eq!(wan.route(SiteId(0), SiteId(1)), None, "black hole until reconvergence");
        let mut out = Vec::new();
        wan.reconverge(&mut out);
        assert_eq!(out, vec![WanEffect::Rerouted]);
        assert_eq!(wan.route(SiteId(0), SiteId(1)).unwrap().rtt, SimDuration::from_nanos(75_000_000));
        wan.links[2].cuts_open = 1;
        wan.disturbed = true;
        wan.reconverge(&mut out);
        assert_eq!(wan.route(SiteId(0), SiteId(2)), None, "an island has no route");
    }

    struct OnlyWan {
        wan: Wan,
        rerouted: Vec<SimTime>,
    }

    impl crate::engine::Model for OnlyWan {
        type Event = Event;
        fn handle(&mut self, event: Event, ctx: &mut Context<'_, Event>) {
            let mut out = Vec::new();
            self.wan.handle(event, ctx, &mut out);
            self.rerouted.extend(out.iter().filter(|e| **e == WanEffect::Rerouted).map(|_| ctx.now()));
        }
    }

    /// Traffic stalls when the link dies; somebody has to tell it to go on, even though no route is another one.
    #[test]
    fn a_link_mended_before_routes_have_changed_gets_its_traffic_back() {
        let at = |ms: i64| SimTime::from_nanos(ms * 1_000_000);
        let model = OnlyWan { wan: triangle(), rerouted: Vec::new() };
        let mut engine = crate::engine::Engine::new(model, crate::engine::Limits::default());
        engine.with_context(|_, ctx| {
            ctx.schedule(at(100), CLASS_FAULT, Event::LinkCut(LinkId(0)));
            ctx.schedule(at(500), CLASS_FAULT, Event::LinkMended(LinkId(0)));
        });
        engine.run_until(at(10_000)).unwrap();
        assert_eq!(engine.model().rerouted, [at(1100)], "the second reconvergence has nothing new to say");
    }

    #[test]
    fn waves_degrade_a_link_and_the_last_one_kills_it() {
        let mut wan = triangle();
        wan.links[0].waves_down = 3;
        assert_eq!(wan.links[0].capacity().to_bits(), 25.0_f64.to_bits());
        assert!(wan.links[0].alive());
        wan.links[0].waves_down = 4;
        assert!(!wan.links[0].alive());
    }
}
