//! The component: its state, its routes, its statistics.

use std::collections::BTreeSet;

use super::engineering::Controller;
use super::link::{Link, LinkTimes};
use super::pairs::Pair;
use super::params::{GroupParams, LinkParams, Outages, WindowParams};
use super::routes::{Edge, Fixed, RouteRules, Routing};
use crate::fluid::ResourceId;
use crate::model::ids::{LinkId, SiteId};
use crate::model::paths::{Course, Route, RoutePolicy};
use crate::network::FanRule;
use crate::stats::Level;
use crate::units::{SimDuration, SimTime};

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

/// How a site is lost to the WAN.
#[derive(Clone, Debug)]
pub(super) struct SiteLoss {
    pub(super) outages: Option<Outages>,
    /// 1 while it is lost.
    pub(super) down: Level,
}

/// The WAN component.
#[derive(Clone, Debug)]
pub struct Wan {
    pub(super) links: Vec<Link>,
    pub(super) groups: Vec<GroupParams>,
    pub(super) windows: Vec<WindowParams>,
    /// Sites and how they are lost, in order of site.
    pub(super) sites: Vec<SiteLoss>,
    /// When statistics began.
    since: SimTime,
    pub(super) reconvergence: SimDuration,
    pub(super) routing: Routing,
    pub(super) controller: Controller,
    pub(super) pairs: Vec<Pair>,
    /// Links that died or came back since the routes were last computed. One that did both leaves the same routes, but traffic
    /// stands still on it until they are confirmed.
    pub(super) disturbed: BTreeSet<LinkId>,
    /// Failures of waves, links and groups so far.
    pub failures: u64,
}

impl Wan {
    /// A WAN with all links up. `edges` holds each site's edge.
    pub fn new(
        links: Vec<LinkParams>,
        groups: Vec<GroupParams>,
        edges: Vec<Edge>,
        reconvergence: SimDuration,
        rules: RouteRules,
    ) -> Self {
        let links: Vec<Link> = links.into_iter().map(Link::new).collect();
        let routing = Routing::new(&links, edges, rules);
        let (windows, sites, since) = (Vec::new(), Vec::new(), SimTime::ZERO);
        Wan {
            links,
            groups,
            windows,
            sites,
            since,
            reconvergence,
            routing,
            controller: Controller::default(),
            pairs: Vec::new(),
            disturbed: BTreeSet::new(),
            failures: 0,
        }
    }

    /// How sites are lost as a whole, in order of site.
    pub fn lose_sites(&mut self, outages: Vec<Option<Outages>>) {
        let one = |outages| SiteLoss { outages, down: Level::new(SimTime::ZERO, 0.0) };
        self.sites = outages.into_iter().map(one).collect();
    }

    /// Seconds since statistics began for which each site was lost, of the sites that can be.
    pub fn lost(&self, now: SimTime) -> impl Iterator<Item = (SiteId, f64)> + '_ {
        let can = self.sites.iter().enumerate().filter(|(_, site)| site.outages.is_some());
        can.map(move |(s, site)| (SiteId::new(s), site.down.integral(now)))
    }

    /// Maintenance that is planned.
    pub fn plan_windows(&mut self, windows: Vec<WindowParams>) {
        self.windows = windows;
    }

    /// Whether spare waves may carry a link.
    pub fn is_restored(&self, l: LinkId) -> bool {
        self.links[l.index()].params.restoration.is_some()
    }

    /// Whether any maintenance is planned.
    pub fn has_maintenance(&self) -> bool {
        !self.windows.is_empty()
    }

    /// Whether any maintenance is planned for a link.
    pub fn is_maintained(&self, l: LinkId) -> bool {
        self.windows.iter().any(|window| window.links.contains(&l))
    }

    /// Whether a course has a way of any kind over links that `usable` admits.
    pub(super) fn joins(&self, course: Course, usable: impl Fn(&Link) -> bool) -> bool {
        self.routing.joins(&self.links, course, usable)
    }

    /// Ids past the sites stand for these sites; pairs have these routes while all links of theirs are up.
    pub fn fix_routes(&mut self, stations: Vec<SiteId>, routes: &Fixed) {
        self.routing.fix(&self.links, stations, routes);
    }

    /// Routes follow the links that are alive now.
    pub(super) fn reconverge(&mut self, now: SimTime, out: &mut Vec<WanEffect>) {
        let (mut died, mut returned) = (Vec::new(), false);
        for (l, link) in self.links.iter_mut().enumerate() {
            let (was, is) = (link.alive_in_routes, link.alive());
            link.alive_in_routes = is;
            returned |= is && !was;
            if was && !is {
                died.push(LinkId::new(l));
            }
        }
        if self.disturbed.is_empty() {
            return;
        }
        self.routing.doubt(std::mem::take(&mut self.disturbed));
        if returned {
            self.routing.forget();
        } else {
            self.routing.forget_dead(&died);
        }
        self.pairs_follow(now);
        out.push(WanEffect::Rerouted);
    }

    /// Whether what runs on a course has to be put on its present route, since routes have changed.
    pub fn has_moved(&mut self, course: Course) -> bool {
        self.routing.has_moved(&self.links, course)
    }

    /// Everything that moves is on its present route.
    pub fn followed(&mut self) {
        self.routing.followed();
    }

    /// Shares of ways and the ways themselves are computed anew when they are next asked for.
    pub(super) fn capacities_changed(&mut self) {
        self.routing.doubt(self.disturbed.iter().copied());
        self.routing.install(&self.links);
    }

    #[cfg(test)]
    pub(super) fn routing_forgets(&mut self) {
        self.routing.learn(&self.links);
    }

    /// The present route between two different sites; `None` when there is none or all its ways are dead.
    pub fn route(&mut self, course: Course) -> Option<Route> {
        self.routing.route(&self.links, course, true)
    }

    /// The same for bytes as they are on the wire: a byte is a byte on every link.
    pub fn wire(&mut self, course: Course) -> Option<Route> {
        self.routing.route(&self.links, course, false)
    }

    /// Who hands bytes to whom between sites: from, to, and the one before by its number. Over links in service at the last
    /// reconvergence, or over all where that does not reach everybody; `None` where that does not, either.
    pub fn fan_out(
        &self,
        source: SiteId,
        sinks: &[SiteId],
        rule: FanRule,
    ) -> Option<Vec<(SiteId, SiteId, Option<usize>)>> {
        self.routing.fan_out(&self.links, source, sinks, rule)
    }

    /// Rule of routes for what belongs to no work.
    pub fn policy(&self) -> RoutePolicy {
        self.routing.rules.policy
    }

    /// Whether the present route of a course runs over `link`.
    pub fn uses_link(&mut self, course: Course, link: LinkId) -> bool {
        self.routing.uses_link(&self.links, course, link)
    }

    /// How long a link was in which state since statistics began.
    pub fn times(&self, l: LinkId, now: SimTime) -> LinkTimes {
        self.links[l.index()].times(self.since, now)
    }

    /// When statistics began.
    pub fn since(&self) -> SimTime {
        self.since
    }

    /// Statistics start at `now`.
    pub fn reset(&mut self, now: SimTime) {
        for link in &mut self.links {
            link.down.reset(now);
            link.maintained.reset(now);
            link.degraded.reset(now);
            link.restored.reset(now);
            link.usable.reset(now);
        }
        for pair in &mut self.pairs {
            pair.down.reset(now);
            pair.maintained.reset(now);
        }
        for site in &mut self.sites {
            site.down.reset(now);
        }
        self.since = now;
    }

    /// Parameters of all links.
    pub fn links(&self) -> impl Iterator<Item = &LinkParams> {
        self.links.iter().map(|l| &l.params)
    }
}
