//! What standing demand puts on the links at its peak, with and without a failure: no simulation, since nothing moves. Every
//! demand follows its routes in full, so a direction can be offered more than it carries.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::RunError;
use super::failures::Failure;
use super::layer::Layer;
use crate::assembly;
use crate::experiment::results::what_if::Latency;
use crate::network::{Apart, Graph, Rule, Want};
use crate::scenario::plan::{Plan, Routing, SiteIx, WorkKind};
use crate::units::SimTime;

/// The demands of a plan on its network, at the instant at which they offer most.
pub(super) struct Study<'a> {
    plan: &'a Plan,
    graph: Graph,
    /// Round-trip time of each arc's link, ns.
    length: Vec<u64>,
    /// The instant.
    pub(super) peak: SimTime,
    /// Demands by their rule: the rule, and (sender, receiver, rate, priority, weight) of each pair.
    by_rule: Vec<(Chosen, Vec<Pair>)>,
}

/// What the links are offered, and what comes of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Offered {
    /// Offered rate over capacity of each arc: 2l and 2l + 1 are the directions of link l. May exceed 1.
    pub(super) utilisation: Vec<f64>,
    /// What fair sharing cannot deliver, wire bytes per second.
    pub(super) unserved: f64,
    /// The pair whose round trip grows most.
    pub(super) latency: Option<Latency>,
}

/// A pair of sites with its rate at the peak; rate 0 for a pair that only works use.
#[derive(Clone, Copy, Debug)]
struct Pair {
    want: Want,
    priority: u8,
    weight: f64,
}

impl<'a> Study<'a> {
    /// At the instant at which all demands together offer most. Where capacities change by date, at the one that is worst with
    /// nothing failed, of the instants that offer most between the dates.
    pub(super) fn new(plan: &'a Plan) -> Self {
        let measured = SimTime::ZERO + plan.warmup;
        let spans = plan.eras().into_iter().map(|(begin, end)| (SimTime::ZERO + begin, SimTime::ZERO + end));
        let spans: Vec<_> =
            spans.filter(|span| span.1 > measured).map(|(begin, end)| (begin.max(measured), end)).collect();
        let highest = |&span| Self::at(plan, assembly::demand_peak(plan, span));
        if let [only] = &spans[..] {
            return highest(only);
        }
        let strain = |study: &Self| {
            let calm = study.calm();
            (calm.unserved, calm.utilisation.iter().copied().fold(0.0, f64::max))
        };
        let strained = spans.iter().map(highest).map(|study| (strain(&study), study));
        let worst = strained.reduce(|worst, next| {
            let order = next.0.0.total_cmp(&worst.0.0).then(next.0.1.total_cmp(&worst.0.1));
            if order.is_gt() { next } else { worst }
        });
        worst.map_or_else(|| Self::at(plan, measured), |(_, study)| study)
    }

    /// The network as it is installed at an instant, with what is offered then.
    fn at(plan: &'a Plan, peak: SimTime) -> Self {
        let mut graph = Graph::new(plan.sites.len());
        let mut length = Vec::new();
        for link in &plan.links {
            graph.add_edge(link.ends, link.metric, link.capacity_at(peak - SimTime::ZERO));
            length.extend([u64::try_from(link.rtt.as_nanos()).unwrap_or(0); 2]);
        }
        let mut rules: BTreeMap<usize, (Chosen, Vec<Pair>)> = BTreeMap::new();
        let mut add = |routing: Routing, pair: Pair| {
            let (order, rule) = rule(plan, routing);
            rules.entry(order).or_insert_with(|| (rule, Vec::new())).1.push(pair);
        };
        for (demand, factor) in plan.standing.iter().zip(assembly::demand_factors(plan, peak)) {
            for &(from, to, rate) in &demand.pairs {
                let want = Want { from, to, rate: rate * factor };
                add(demand.routing, Pair { want, priority: demand.priority, weight: demand.weight });
            }
        }
        for work in &plan.works {
            let (pairs, routing) = sends(plan, &work.kind);
            for (from, to) in pairs.into_iter().filter(|(from, to)| from != to) {
                add(routing, Pair { want: Want { from, to, rate: 0.0 }, priority: 0, weight: 1.0 });
            }
        }
        Study { plan, graph, length, peak, by_rule: rules.into_values().collect() }
    }

    /// The demands of each rule on the network.
    fn layers(&self) -> Vec<Layer<'_>> {
        let layer = |(chosen, pairs): &(Chosen, Vec<Pair>)| {
            let wants: Vec<Want> = pairs.iter().map(|pair| pair.want).collect();
            let classes = pairs.iter().map(|pair| pair.priority).collect();
            Layer::new(&self.graph, &self.length, wants, classes, *chosen)
        };
        self.by_rule.iter().map(layer).collect()
    }

    /// What the links are offered with nothing failed.
    fn calm(&self) -> Offered {
        self.offered(&self.layers(), &[], None).0
    }

    /// What the links are offered with nothing failed, and under each failure.
    ///
    /// # Errors
    /// [`RunError::Interrupted`].
    pub(super) fn under(
        &self,
        failures: &[Failure],
        interrupt: &AtomicBool,
    ) -> Result<(Offered, Vec<Offered>), RunError> {
        let loaders = self.layers();
        let (base, lengths) = self.offered(&loaders, &[], None);
        use rayon::prelude::*;
        let under = |failure: &Failure| {
            if interrupt.load(Ordering::Relaxed) {
                return Err(RunError::Interrupted);
            }
            Ok(self.offered(&loaders, &failure.links, Some(&lengths)).0)
        };
        Ok((base, failures.par_iter().map(under).collect::<Result<_, RunError>>()?))
    }

    /// The direction that is offered most of its capacity, and how much; the first of equals.
    pub(super) fn fullest(&self, offered: &Offered) -> Option<(String, f64)> {
        let arcs = offered.utilisation.iter().enumerate().filter(|&(arc, _)| self.graph.arcs()[arc].capacity > 0.0);
        let most = arcs.fold(None, |best: Option<(usize, f64)>, (arc, &share)| match best {
            Some((_, known)) if known >= share => best,
            _ => Some((arc, share)),
        });
        most.map(|(arc, share)| (directions(self.plan).swap_remove(arc), share))
    }

    /// What is offered with these links dead, and the length of the ways of each pair.
    fn offered(
        &self,
        loaders: &[Layer<'_>],
        dead: &[usize],
        before: Option<&[Vec<Option<u64>>]>,
    ) -> (Offered, Vec<Vec<Option<u64>>>) {
        let loads: Vec<_> = loaders.iter().map(|loader| loader.under(dead)).collect();
        let arcs = self.graph.arcs();
        let utilisation: Vec<f64> = (0..arcs.len())
            .map(|arc| {
                let offered: f64 = loads.iter().map(|load| load.arcs[arc]).sum();
                if offered > 0.0 { offered / arcs[arc].capacity } else { 0.0 }
            })
            .collect();
        let overloaded = utilisation.iter().any(|&share| share > 1.0);
        let unserved =
            if overloaded { self.unserved(loaders, dead) } else { loads.iter().map(|load| load.unrouted).sum() };
        let lengths: Vec<_> = loads.into_iter().map(|load| load.lengths).collect();
        let latency = before.and_then(|before| self.stretched(before, &lengths));
        (Offered { utilisation, unserved, latency }, lengths)
    }

    /// What fair sharing cannot deliver of all demands at the peak, bytes per second.
    fn unserved(&self, loaders: &[Layer<'_>], dead: &[usize]) -> f64 {
        let capacity: Vec<f64> = self.graph.arcs().iter().map(|arc| arc.capacity).collect();
        let mut flows = Vec::new();
        for (loader, (_, pairs)) in loaders.iter().zip(&self.by_rule) {
            for (pair, uses) in pairs.iter().zip(loader.ways_under(dead)).filter(|(pair, _)| pair.want.rate > 0.0) {
                flows.push(assembly::Steady {
                    uses,
                    rate: pair.want.rate,
                    priority: pair.priority,
                    weight: pair.weight,
                });
            }
        }
        assembly::steady_unserved(&capacity, &flows)
    }

    /// The pair whose round trip grows most, of those that still have a way.
    fn stretched(&self, before: &[Vec<Option<u64>>], after: &[Vec<Option<u64>>]) -> Option<Latency> {
        let pairs = self.by_rule.iter().flat_map(|(_, pairs)| pairs);
        let lengths = before.iter().flatten().zip(after.iter().flatten());
        let mut worst: Option<(u64, &Pair, u64, u64)> = None;
        for (pair, (before, after)) in pairs.zip(lengths) {
            let (Some(before), Some(after)) = (*before, *after) else { continue };
            let longer = after.saturating_sub(before);
            if longer > worst.map_or(0, |(most, ..)| most) {
                worst = Some((longer, pair, before, after));
            }
        }
        let name = |site: SiteIx| &self.plan.sites[site].name;
        worst.map(|(_, pair, before, after)| Latency {
            pair: format!("{}-to-{}", name(pair.want.from), name(pair.want.to)),
            before: before as f64 / 1e9,
            after: after as f64 / 1e9,
        })
    }
}

impl Offered {
    /// As what a replication would show, for directions that are these arcs.
    pub(super) fn as_observed(&self, order: &[usize]) -> super::Observed {
        let utilisation = order.iter().map(|&arc| self.utilisation[arc]).collect();
        super::Observed { utilisation, unserved: self.unserved, costs: Vec::new() }
    }
}

/// Names of the directions of all links, by arc: `link.L.A-to-B`.
pub(super) fn directions(plan: &Plan) -> Vec<String> {
    let name = |site: SiteIx| &plan.sites[site].name;
    let both = |link: &crate::scenario::plan::Link| {
        let (a, b) = (name(link.ends.0), name(link.ends.1));
        [format!("link.{}.{a}-to-{b}", link.name), format!("link.{}.{b}-to-{a}", link.name)]
    };
    plan.links.iter().flat_map(both).collect()
}

/// How ways are chosen.
#[derive(Clone, Copy, Debug)]
pub(super) enum Chosen {
    /// For each demand by itself.
    Rule(Rule),
    /// For all of them together, at most so many ways of a pair.
    Engineered {
        /// Most ways.
        most: usize,
    },
}

/// How ways are chosen, with a number of its own.
pub(super) fn rule(plan: &Plan, routing: Routing) -> (usize, Chosen) {
    match routing {
        Routing::Shortest => (0, Chosen::Rule(Rule::Cheapest)),
        Routing::Ecmp => (1, Chosen::Rule(Rule::Spread)),
        Routing::Engineered => (3, Chosen::Engineered { most: plan.engineering.ways as usize }),
        Routing::Disjoint => {
            let d = plan.disjoint;
            let apart = if d.nodes { Apart::Nodes } else { Apart::Edges };
            let most = d.ways as usize;
            (2, Chosen::Rule(Rule::Disjoint { most, apart, by_capacity: d.by_capacity }))
        }
    }
}

/// Pairs of sites between which a work sends, and how its routes are chosen. Ends of a trace that are no sites are left out.
fn sends(plan: &Plan, kind: &WorkKind) -> (Vec<(SiteIx, SiteIx)>, Routing) {
    match kind {
        WorkKind::Copy(copy) => {
            let from = plan.storages[copy.from].site;
            (copy.to.iter().map(|&to| (from, plan.storages[to].site)).collect(), copy.transport.routing)
        }
        WorkKind::Io(io) => (vec![(plan.storages[io.storage].site, io.site)], io.transport.routing),
        WorkKind::Rl(rl) => {
            let trainer = plan.fleets[rl.trainer_fleet].site;
            let pools = rl.generators.iter().map(|&(fleet, _)| (trainer, plan.fleets[fleet].site)).collect();
            (pools, rl.transport.routing)
        }
        WorkKind::Trace(trace) => {
            let is_site = |end: usize| end < plan.sites.len();
            let pairs = trace.pairs.iter().copied().filter(|&(from, to)| is_site(from) && is_site(to));
            (pairs.collect(), trace.transport.routing)
        }
    }
}
