//! Routes between sites: over which links, with which share, computed when first asked for and kept until links die or come
//! back.
//!
//! Whatever chose them, ways have fixed shares of the bytes. Between a failure and the reconvergence the ways over the dead link
//! carry nothing, and the share that is left says so.

use std::collections::{BTreeMap, BTreeSet};

use super::link::Link;
use super::ways::Register;
use crate::fluid::ResourceId;
use crate::model::ids::{LinkId, SiteId};
use crate::model::paths::{Course, Route, RoutePolicy, Uses};
use crate::network::{Apart, FanRule, Graph, Spread, Tree, Way, disjoint, fan_out, opposite};
use crate::units::SimDuration;

/// The edge of a site, out and in; none where its links are always full before it.
pub type Edge = (Option<ResourceId>, Option<ResourceId>);

/// Routes that a plan fixes, by source and destination.
pub type Fixed = BTreeMap<(SiteId, SiteId), Vec<LinkId>>;

/// How ways are chosen.
#[derive(Clone, Copy, Debug)]
pub struct RouteRules {
    /// Rule of what belongs to no work.
    pub policy: RoutePolicy,
    /// Most disjoint ways of one route, at least 1.
    pub ways: usize,
    /// What they may not share.
    pub apart: Apart,
    /// Whether shares follow the installed capacity of each way's thinnest link; otherwise all are equal.
    pub by_capacity: bool,
    /// Most ways of one pair under traffic engineering, at least 1.
    pub engineered_ways: usize,
    /// Traffic is engineered at multiples of this time.
    pub engineered_every: SimDuration,
}

/// Ways with their shares.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ways {
    /// Each with its own share; shares sum to 1.
    Listed(Vec<(f64, Way)>),
    /// Split at every site.
    Spread(Spread),
}

impl Ways {
    /// Whether they run over arcs that `admits` only.
    fn are_over(&self, admits: impl Fn(usize) -> bool) -> bool {
        match self {
            Ways::Listed(ways) => ways.iter().all(|(_, way)| way.iter().all(|&arc| admits(arc))),
            Ways::Spread(spread) => spread.hops().iter().all(|hop| admits(hop.arc)),
        }
    }
}

/// What of one unit sent runs where.
struct Carried {
    /// By arc, per unit that moves.
    loads: Vec<(usize, f64)>,
    /// Share that moves.
    live: f64,
    /// The longest way that moves.
    rtt: SimDuration,
}

/// The ways that exist from end to end, with shares in their old proportion; `None` where none does.
fn whole(ways: &[(f64, Way)], usable: impl Fn(usize) -> bool) -> Option<Vec<(f64, Way)>> {
    let left: Vec<&(f64, Way)> = ways.iter().filter(|(_, way)| way.iter().all(|&arc| usable(arc))).collect();
    let total: f64 = left.iter().map(|(share, _)| share).sum();
    (total > 0.0).then(|| left.into_iter().map(|(share, way)| (share / total, way.clone())).collect())
}

/// Packets lost of one unit sent: 1 − Π (1 − loss)^load. One way has load 1; of several each counts by its share.
fn loss(links: &[Link], carried: &Carried) -> f64 {
    let arriving = |(arc, load): &(usize, f64)| (1.0 - links[arc / 2].params.loss).powf(*load);
    1.0 - carried.loads.iter().map(arriving).product::<f64>()
}

/// Routes over the links that were alive at the last reconvergence. Link `l` is edge `l` of the graph.
#[derive(Clone, Debug)]
pub(super) struct Routing {
    /// Each site's edge.
    edges: Vec<Edge>,
    /// Sites that the ids past the sites stand for.
    stations: Vec<SiteId>,
    /// Ways that hold while all their links are up.
    fixed: BTreeMap<(SiteId, SiteId), Way>,
    pub(super) graph: Graph,
    /// Whether some link goes one way only, so that the way back may be another.
    one_way: bool,
    pub(super) rules: RouteRules,
    /// Cheapest ways from a site.
    trees: BTreeMap<SiteId, Tree>,
    /// Costs of the cheapest ways to a site.
    costs: BTreeMap<SiteId, Tree>,
    pub(super) cache: BTreeMap<Course, Option<Ways>>,
    /// Ways that are no longer in the cache and that flows still follow.
    stale: BTreeMap<Course, Option<Ways>>,
    /// Links on which flows may stand still although their ways are as before.
    doubted: BTreeSet<LinkId>,
    /// Ways of pairs with standing demand as traffic engineering has chosen them last.
    pub(super) engineered: BTreeMap<(SiteId, SiteId), Vec<(f64, Way)>>,
    /// Ways of split traffic by number.
    pub(super) register: Register,
}

impl Routing {
    pub(super) fn new(links: &[Link], edges: Vec<Edge>, rules: RouteRules) -> Self {
        let mut graph = Graph::new(edges.len());
        for link in links {
            let ends = link.params.ends;
            graph.add_edge((ends.0.index(), ends.1.index()), link.params.metric, link.now.capacity);
        }
        let (trees, costs, cache) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let one_way = links.iter().any(|link| !(link.params.goes(0) && link.params.goes(1)));
        let (stations, fixed) = (Vec::new(), BTreeMap::new());
        let (engineered, stale, doubted) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        let register = Register::default();
        Routing {
            edges,
            stations,
            fixed,
            graph,
            one_way,
            rules,
            trees,
            costs,
            cache,
            stale,
            doubted,
            engineered,
            register,
        }
    }

    /// Ids past the sites stand for these sites; pairs have these routes while all links of theirs are up.
    pub(super) fn fix(&mut self, links: &[Link], stations: Vec<SiteId>, routes: &Fixed) {
        self.stations = stations;
        for (&(from, to), route) in routes {
            let mut at = self.home(from);
            let arc = |l: &LinkId| {
                let ends = links[l.index()].params.ends;
                let direction = usize::from(ends.0 != at);
                at = if direction == 0 { ends.1 } else { ends.0 };
                2 * l.index() + direction
            };
            self.fixed.insert((from, to), route.iter().map(arc).collect());
        }
    }

    /// Number of sites.
    pub(super) fn sites(&self) -> usize {
        self.edges.len()
    }

    /// The site that an id stands for.
    pub(super) fn home(&self, site: SiteId) -> SiteId {
        site.index().checked_sub(self.edges.len()).map_or(site, |station| self.stations[station])
    }

    /// Links have changed ends or lost a direction.
    #[cfg(test)]
    pub(super) fn learn(&mut self, links: &[Link]) {
        *self = Self::new(links, self.edges.clone(), self.rules);
    }

    /// Capacities have changed.
    pub(super) fn install(&mut self, links: &[Link]) {
        for (l, link) in links.iter().enumerate() {
            for (direction, capacity) in link.now.capacity.into_iter().enumerate() {
                self.graph.set_capacity(2 * l + direction, capacity);
            }
        }
        self.forget();
    }

    /// Links have come back, or shares or solutions changed: every route is computed anew when it is next asked for.
    pub(super) fn forget(&mut self) {
        self.trees.clear();
        self.costs.clear();
        let gone = std::mem::take(&mut self.cache);
        self.outdate(gone);
    }

    /// These links have died and none has come back. What does not run over them stays the cheapest; disjoint ways are
    /// cheapest together, by a search that may prefer others of equal cost.
    pub(super) fn forget_dead(&mut self, dead: &[LinkId]) {
        let alive = |arc: usize| !dead.iter().any(|link| link.index() == arc / 2);
        self.trees.retain(|_, tree| tree.is_over(alive));
        self.costs.retain(|_, tree| tree.is_over(alive));
        let stays = |(course, ways): &(Course, Option<Ways>)| {
            course.policy != RoutePolicy::Disjoint && ways.as_ref().is_none_or(|ways| ways.are_over(alive))
        };
        let (kept, gone): (BTreeMap<_, _>, BTreeMap<_, _>) =
            std::mem::take(&mut self.cache).into_iter().partition(stays);
        self.cache = kept;
        self.outdate(gone);
    }

    fn outdate(&mut self, gone: BTreeMap<Course, Option<Ways>>) {
        for (course, ways) in gone {
            self.stale.entry(course).or_insert(ways);
        }
    }

    /// Flows over these links have to be looked at, whatever their ways.
    pub(super) fn doubt(&mut self, links: impl IntoIterator<Item = LinkId>) {
        self.doubted.extend(links);
    }

    /// Flows follow the routes of now.
    pub(super) fn followed(&mut self) {
        self.stale.clear();
        self.doubted.clear();
    }

    /// Whether flows of a course have to be put on its present route: it is another one, there or back, than they follow, or in doubt.
    pub(super) fn has_moved(&mut self, links: &[Link], course: Course) -> bool {
        let back = course.back();
        let apart = course.policy.returns_apart() || self.one_way;
        let moved = [course, back].into_iter().take(if apart { 2 } else { 1 }).any(|course| {
            let known = self.cache.contains_key(&course);
            self.prepare(links, course);
            self.stale.get(&course).map_or(!known, |before| Some(before) != self.cache.get(&course))
        });
        if moved || self.doubted.is_empty() {
            return moved;
        }
        let doubted = std::mem::take(&mut self.doubted);
        let over = self.runs_over(links, course, |link| doubted.contains(&link));
        self.doubted = doubted;
        over
    }

    /// The present route, of payload bytes in frames or of wire bytes; `None` when there is none or all its ways are dead.
    pub(super) fn route(&mut self, links: &[Link], course: Course, framed: bool) -> Option<Route> {
        let there = self.carried(links, course)?;
        let back = self.back(links, course);
        let ways = [self.parts(links, course), self.parts(links, course.back())];
        let edge = |site: SiteId| self.edges[self.home(site).index()];
        let (here, away) = (edge(course.from), edge(course.to));
        let on_wire = |&(arc, load): &(usize, f64)| {
            let params = &links[arc / 2].params;
            if framed { load / params.framing } else { load }
        };
        // An edge carries frames, as they are on the links that leave its site, or enter it.
        let (from, to) = (self.home(course.from).index(), self.home(course.to).index());
        let uses = |(first, out): (usize, Option<ResourceId>),
                    carried: &Carried,
                    (last, into): (usize, Option<ResourceId>)|
         -> Uses {
            let arcs = self.graph.arcs();
            let sum = |at: &dyn Fn(usize) -> bool| -> f64 {
                if !framed {
                    return 1.0;
                }
                carried.loads.iter().filter(|(arc, _)| at(*arc)).map(on_wire).sum()
            };
            let out = out.map(|edge| (edge, sum(&|arc| arcs[arc].from == first)));
            let into = into.map(|edge| (edge, sum(&|arc| arcs[arc].to == last)));
            let link = |load: &(usize, f64)| (links[load.0 / 2].params.resources[load.0 % 2], on_wire(load));
            out.into_iter().chain(carried.loads.iter().map(link)).chain(into).collect()
        };
        Some(Route {
            uses: uses((from, here.0), &there, (to, away.1)),
            back: back.as_ref().map_or_else(Uses::new, |back| uses((to, away.0), back, (from, here.1))),
            rtt: there.rtt,
            loss: loss(links, &there),
            live: [there.live, back.map_or(0.0, |back| back.live)],
            ways,
        })
    }

    /// The way back: the same links, unless each direction is split at the sites it passes, or a link goes one way only.
    fn back(&mut self, links: &[Link], course: Course) -> Option<Carried> {
        let mut same = self.carried(links, course)?;
        let goes_back = |&(arc, _): &(usize, f64)| links[arc / 2].params.goes(opposite(arc) % 2);
        if course.policy.returns_apart() || !same.loads.iter().all(goes_back) {
            return self.carried(links, course.back());
        }
        same.loads.reverse();
        for load in &mut same.loads {
            load.0 = opposite(load.0);
        }
        Some(same)
    }

    fn carried(&mut self, links: &[Link], course: Course) -> Option<Carried> {
        let alive = |arc: usize| links[arc / 2].alive();
        let time = |arc: usize| u64::try_from(links[arc / 2].rtt().as_nanos()).unwrap_or(0);
        self.prepare(links, course);
        let ways = self.cache.get(&course)?.as_ref()?;
        let (mut loads, live, longest) = match ways {
            Ways::Listed(ways) => {
                let moving = || ways.iter().filter(|(_, way)| way.iter().all(|&arc| alive(arc)));
                let live: f64 = moving().map(|(share, _)| share).sum();
                let loads: Vec<_> =
                    moving().flat_map(|(share, way)| way.iter().map(move |&arc| (arc, *share))).collect();
                let longest = moving().map(|(_, way)| way.iter().map(|&arc| time(arc)).sum()).max();
                (loads, live, longest.unwrap_or(0))
            }
            Ways::Spread(spread) => {
                let (loads, live) = spread.loads(&self.graph, alive);
                (loads, live, spread.longest(&self.graph, alive, time))
            }
        };
        // Shares of ways that all move sum to 1 but for rounding; one byte is then one byte.
        let live = if live > 1.0 - 1e-12 { 1.0 } else { live };
        for (_, load) in &mut loads {
            *load /= live;
        }
        let rtt = SimDuration::from_nanos(i64::try_from(longest).unwrap_or(i64::MAX));
        (live > 0.0).then_some(Carried { loads, live, rtt })
    }

    /// Whether a course has a way of any kind over links that `admits`.
    pub(super) fn joins(&self, links: &[Link], course: Course, admits: impl Fn(&Link) -> bool) -> bool {
        let usable = |arc: usize| admits(&links[arc / 2]) && links[arc / 2].params.goes(arc % 2);
        let (from, to) = (self.home(course.from).index(), self.home(course.to).index());
        Tree::from(&self.graph, from, usable).cost(to).is_some()
    }

    /// Who hands bytes to whom on the way from one site to several.
    pub(super) fn fan_out(
        &self,
        links: &[Link],
        source: SiteId,
        sinks: &[SiteId],
        rule: FanRule,
    ) -> Option<Vec<(SiteId, SiteId, Option<usize>)>> {
        let goes = |arc: usize| links[arc / 2].params.goes(arc % 2);
        let open = |arc: usize| goes(arc) && links[arc / 2].alive_in_routes;
        let sinks: Vec<usize> = sinks.iter().map(|site| site.index()).collect();
        let found = fan_out(&self.graph, source.index(), &sinks, rule, open);
        let found = found.or_else(|| fan_out(&self.graph, source.index(), &sinks, rule, goes))?;
        Some(found.into_iter().map(|c| (SiteId::new(c.from), SiteId::new(c.to), c.after)).collect())
    }

    /// Whether the present route of a course runs over `link`, there or back.
    pub(super) fn uses_link(&mut self, links: &[Link], course: Course, link: LinkId) -> bool {
        self.runs_over(links, course, |used| used == link)
    }

    /// The same for any link that `is_one`.
    fn runs_over(&mut self, links: &[Link], course: Course, is_one: impl Fn(LinkId) -> bool) -> bool {
        let back = course.back();
        let apart = course.policy.returns_apart() || self.one_way;
        [course, back].into_iter().take(if apart { 2 } else { 1 }).any(|course| {
            self.prepare(links, course);
            match self.cache.get(&course) {
                Some(Some(Ways::Listed(ways))) => {
                    ways.iter().any(|(_, way)| way.iter().any(|arc| is_one(LinkId::new(arc / 2))))
                }
                Some(Some(Ways::Spread(spread))) => spread.hops().iter().any(|hop| is_one(LinkId::new(hop.arc / 2))),
                _ => false,
            }
        })
    }

    /// Sees to it that the ways of a course are in the cache.
    pub(super) fn prepare(&mut self, links: &[Link], course: Course) {
        if self.cache.contains_key(&course) {
            return;
        }
        let usable = |arc: usize| links[arc / 2].alive_in_routes && links[arc / 2].params.goes(arc % 2);
        let fixed = self.fixed.get(&(course.from, course.to));
        if let Some(way) = fixed.filter(|way| way.iter().all(|&arc| usable(arc))) {
            self.cache.insert(course, Some(Ways::Listed(vec![(1.0, way.clone())])));
            return;
        }
        let (source, target) = (self.home(course.from), self.home(course.to));
        let (from, to) = (source.index(), target.index());
        let graph = &self.graph;
        let engineered = self.engineered.get(&(source, target)).filter(|_| course.policy == RoutePolicy::Engineered);
        if let Some(ways) = engineered.and_then(|ways| whole(ways, usable)) {
            self.cache.insert(course, Some(Ways::Listed(ways)));
            return;
        }
        let ways = match course.policy {
            RoutePolicy::Shortest | RoutePolicy::Engineered => {
                let tree = self.trees.entry(source).or_insert_with(|| Tree::from(graph, from, usable));
                tree.way(graph, to).map(|way| Ways::Listed(vec![(1.0, way)]))
            }
            RoutePolicy::Ecmp => {
                let tree = self.costs.entry(target).or_insert_with(|| Tree::to(graph, to, usable));
                Spread::new(graph, tree, (from, to), usable).map(Ways::Spread)
            }
            RoutePolicy::Disjoint => {
                let ways = disjoint(graph, (from, to), self.rules.ways, self.rules.apart, usable);
                (!ways.is_empty()).then(|| Ways::Listed(self.shares(ways)))
            }
        };
        self.cache.insert(course, ways);
    }

    fn shares(&self, ways: Vec<Way>) -> Vec<(f64, Way)> {
        let thinnest = |way: &Way| way.iter().map(|&arc| self.graph.arcs()[arc].capacity).fold(f64::INFINITY, f64::min);
        let weight = |way: &Way| if self.rules.by_capacity { thinnest(way) } else { 1.0 };
        let total: f64 = ways.iter().map(weight).sum();
        ways.into_iter().map(|way| (weight(&way) / total, way)).collect()
    }
}
