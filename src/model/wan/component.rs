//! The component: its state, its routes, its statistics.

use super::link::Link;
use super::pairs::Pair;
use super::params::{GroupParams, LinkParams};
use super::routes::{Edge, Fixed, RouteRules, Routing};
use crate::fluid::ResourceId;
use crate::model::ids::{LinkId, SiteId};
use crate::model::paths::{Course, Route, RoutePolicy};
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

/// The WAN component.
#[derive(Clone, Debug)]
pub struct Wan {
    pub(super) links: Vec<Link>,
    pub(super) groups: Vec<GroupParams>,
    pub(super) reconvergence: SimDuration,
    routing: Routing,
    pub(super) pairs: Vec<Pair>,
    /// Whether some link died or came back since the routes were last computed. A link that did both leaves the same
    /// routes, but traffic stands still on it until they are confirmed.
    pub(super) disturbed: bool,
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
        Wan { links, groups, reconvergence, routing, pairs: Vec::new(), disturbed: false, failures: 0 }
    }

    /// Ids past the sites stand for these sites; pairs have these routes while all links of theirs are up.
    pub fn fix_routes(&mut self, stations: Vec<SiteId>, routes: &Fixed) {
        self.routing.fix(&self.links, stations, routes);
    }

    /// Routes follow the links that are alive now.
    pub(super) fn reconverge(&mut self, now: SimTime, out: &mut Vec<WanEffect>) {
        for link in &mut self.links {
            link.alive_in_routes = link.alive();
        }
        if std::mem::take(&mut self.disturbed) {
            self.routing.forget();
            self.pairs_follow(now);
            out.push(WanEffect::Rerouted);
        }
    }

    /// Shares of ways and the ways themselves are computed anew when they are next asked for.
    pub(super) fn capacities_changed(&mut self) {
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

    /// Rule of routes for what belongs to no work.
    pub fn policy(&self) -> RoutePolicy {
        self.routing.rules.policy
    }

    /// Whether the present route of a course runs over `link`.
    pub fn uses_link(&mut self, course: Course, link: LinkId) -> bool {
        self.routing.uses_link(&self.links, course, link)
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
        for pair in &mut self.pairs {
            pair.down.reset(now);
        }
    }

    /// Parameters of all links.
    pub fn links(&self) -> impl Iterator<Item = &LinkParams> {
        self.links.iter().map(|l| &l.params)
    }
}
