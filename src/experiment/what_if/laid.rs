//! Demands on the network of one span of time, for counting waves: each by its rule, all under traffic engineering together.

use std::collections::BTreeMap;

use super::layer::Team;
use super::offered::{Chosen, rule};
use crate::network::{Asked, Graph, Loader, Rule, Want};
use crate::scenario::plan::{Demand, FixedRoute, Plan, Routing};

/// Whether ways that grow draw traffic under this rule, though each demand is routed by itself.
pub(super) fn draws(plan: &Plan, routing: Routing) -> bool {
    routing == Routing::Disjoint && plan.disjoint.by_capacity && plan.disjoint.ways > 1
}

/// What a demand comes to at its stated rates.
pub(super) struct Load {
    /// Rate on each arc.
    pub(super) arcs: Vec<f64>,
    /// Rate that has no way.
    pub(super) unrouted: f64,
}

/// One demand on the network.
pub(super) struct Laid<'a> {
    /// Pairs that follow the rule.
    free: Loader<'a>,
    /// Pairs whose route a file states: its arcs, the rate, and the pair by the rule for when the route is cut; nothing where it is then free.
    stated: Vec<(Vec<usize>, f64, Option<Loader<'a>>)>,
}

impl<'a> Laid<'a> {
    /// Lays a demand over the network. With `bound` one whose shares follow capacity is left out: it may take any way.
    pub(super) fn new(
        plan: &Plan,
        (graph, length): (&'a Graph, &'a [u64]),
        stated: &BTreeMap<(usize, usize), Vec<usize>>,
        demand: &Demand,
        bound: bool,
    ) -> Self {
        // Traffic engineering counts elsewhere, all demands together; here it has none.
        let (rule, engineered) = match rule(plan, demand.routing).1 {
            Chosen::Rule(rule) => (rule, false),
            Chosen::Engineered { .. } => (Rule::Cheapest, true),
        };
        let left_out = bound && draws(plan, demand.routing);
        let all = demand.pairs.iter().map(|&(from, to, rate)| Want { from, to, rate });
        let (mut free, mut fixed) = (Vec::new(), Vec::new());
        for want in all {
            match stated.get(&(want.from, want.to)) {
                Some(way) => {
                    let by_rule = (!left_out).then(|| Loader::new(graph, length, &[want], rule));
                    fixed.push((way.clone(), want.rate, by_rule));
                }
                None if engineered || left_out => (),
                None => free.push(want),
            }
        }
        Laid { free: Loader::new(graph, length, &free, rule), stated: fixed }
    }

    /// What it comes to with these links dead.
    pub(super) fn under(&self, dead: &[usize]) -> Load {
        let loads = self.free.under(dead);
        let (mut arcs, mut unrouted) = (loads.arcs, loads.unrouted);
        for (way, rate, by_rule) in &self.stated {
            if way.iter().any(|arc| dead.contains(&(arc / 2))) {
                let Some(by_rule) = by_rule else { continue };
                let loads = by_rule.under(dead);
                arcs.iter_mut().zip(&loads.arcs).for_each(|(sum, load)| *sum += load);
                unrouted += loads.unrouted;
            } else {
                way.iter().for_each(|&arc| arcs[arc] += rate);
            }
        }
        Load { arcs, unrouted }
    }
}

/// Demands that are routed together, or that may take any way, each with its number, but for pairs whose route a file states.
pub(super) struct Together {
    wants: Vec<(usize, Want)>,
    classes: Vec<u8>,
    most: usize,
}

impl Together {
    /// Those under traffic engineering; with `bound` those as well whose shares follow capacity.
    pub(super) fn of(plan: &Plan, stated: &BTreeMap<(usize, usize), Vec<usize>>, bound: bool) -> Self {
        let together =
            |demand: &Demand| demand.routing == Routing::Engineered || (bound && draws(plan, demand.routing));
        let chosen = plan.standing.iter().enumerate().filter(|(_, demand)| together(demand));
        let pairs = chosen.flat_map(|(number, demand)| demand.pairs.iter().map(move |pair| (number, demand, pair)));
        let free = pairs.filter(|(_, _, (from, to, _))| !stated.contains_key(&(*from, *to)));
        let one = |(number, demand, &(from, to, rate)): (usize, &Demand, &(usize, usize, f64))| {
            ((number, Want { from, to, rate }), demand.priority)
        };
        let (wants, classes) = free.map(one).unzip();
        Together { wants, classes, most: plan.engineering.ways as usize }
    }

    /// What they ask when each demand offers so many times its rates, by source.
    pub(super) fn asked(&self, factors: &[f64]) -> Vec<Asked> {
        let one = |&(number, want): &(usize, Want)| Asked {
            from: want.from,
            to: want.to,
            amount: want.rate * factors[number],
            class: 0,
        };
        let mut asked: Vec<Asked> = self.wants.iter().map(one).collect();
        asked.sort_by_key(|a| (a.from, a.to));
        asked
    }

    /// What they come to when each demand offers so many times its rates.
    pub(super) fn under(&self, graph: &Graph, length: &[u64], factors: &[f64], dead: &[usize]) -> Load {
        if self.wants.is_empty() {
            return Load { arcs: vec![0.0; graph.arcs().len()], unrouted: 0.0 };
        }
        let now = |&(number, want): &(usize, Want)| Want { rate: want.rate * factors[number], ..want };
        let (wants, classes) = (self.wants.iter().map(now).collect(), self.classes.clone());
        let loads = Team { graph, length, wants, classes, most: self.most }.under(dead);
        Load { arcs: loads.arcs, unrouted: loads.unrouted }
    }
}

/// Routes that a file states, by their arcs.
pub(super) fn stated_routes(plan: &Plan) -> BTreeMap<(usize, usize), Vec<usize>> {
    let arcs = |route: &FixedRoute| {
        let mut at = route.from;
        let arc = |&link: &usize| {
            let ends = plan.links[link].ends;
            let back = usize::from(ends.0 != at);
            at = if back == 0 { ends.1 } else { ends.0 };
            2 * link + back
        };
        route.links.iter().map(arc).collect()
    };
    let between_sites = plan.routes.iter().filter(|r| r.from.max(r.to) < plan.sites.len());
    between_sites.map(|route| ((route.from, route.to), arcs(route))).collect()
}
