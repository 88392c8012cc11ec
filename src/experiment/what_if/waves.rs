//! How many waves each link lacks so that standing demand fills no direction above a limit: with nothing failed, under each
//! failure of the study, and at every hour of the run.
//!
//! Routes and shares follow costs, not capacity, so the load of a link does not depend on how many waves it or others have. Each
//! link is then decided by itself, and the least number is
//!
//! waves to add = ⌈ worst offered rate ÷ (limit × rate of a wave) ⌉ − installed, or none.
//!
//! Where shares follow the capacity of ways (`disjoint` with `split = "capacity"`, and `engineered`), a link that grows draws traffic. Then waves
//! are added until all limits hold; fewer may be enough, and that is said. Each turn adds a wave, and no link can need more than all demand
//! does, so this ends. Where links have dates, the waves that are added stay for the whole run, each of the size of those installed beside it at
//! the time, and the span between two dates that asks for most decides. Under traffic engineering on a network that is not too large it begins with few waves and a bound: see `growth`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::super::RunError;
use super::failures::Failure;
use super::growth::{self, Case, Found};
use super::layer::Team;
use super::offered::{Chosen, directions, rule};
use crate::assembly;
use crate::experiment::results::waves::{WaveRow, Waves};
use crate::network::{Asked, Graph, Loader, Rule, Want};
use crate::scenario::plan::{Link, Plan, Routing};
use crate::units::SimTime;

/// A rate that exceeds whole waves by less than this share of itself does not ask for another one.
const ROUNDING: f64 = 1e-9;
/// The same for loads that a linear programme has found.
const SOLVED: f64 = 1e-5;

/// The waves to add under these failures; `None` where the plan states no limit or has no standing demand.
///
/// # Errors
/// [`RunError::Interrupted`].
pub(in crate::experiment) fn waves(
    plan: &Plan,
    failures: &[Failure],
    interrupt: &AtomicBool,
) -> Result<Option<Waves>, RunError> {
    let Some(limit) = plan.utilisation_limit.filter(|_| !plan.standing.is_empty() && !plan.links.is_empty()) else {
        return Ok(None);
    };
    let spans = Span::all(plan, failures);
    let engineered = plan.standing.iter().any(|demand| demand.routing == Routing::Engineered);
    let draws = |routing| routing == Routing::Disjoint && plan.disjoint.by_capacity && plan.disjoint.ways > 1;
    let draws = plan.standing.iter().any(|demand| draws(demand.routing));
    let least = !engineered && !draws;
    let rounding = if engineered { SOLVED } else { ROUNDING };
    let found = match spans.as_slice() {
        [always] if engineered && !draws => fewest(always, limit, interrupt)?,
        _ => None,
    };
    let at_least = found.as_ref().map(|found| found.at_least);
    let mut added = found.map_or_else(|| vec![0_u64; plan.links.len()], |found| found.added);
    loop {
        let worst = spans.iter().map(|span| Worst::of(span, &added, interrupt)).collect::<Result<Vec<Worst>, _>>()?;
        let mut grew = false;
        for (link, more) in added.iter_mut().enumerate() {
            let lacking = spans.iter().zip(&worst).map(|(span, worst)| {
                let rate = |arc: usize| worst.arcs[arc].rate * (1.0 - rounding) / limit;
                let needed = (2 * link..2 * link + 2).map(|arc| needed(&span.plan, arc, rate(arc))).fold(0, u64::max);
                needed.saturating_sub(u64::from(span.plan.links[link].waves))
            });
            let lacking = lacking.fold(0, u64::max);
            grew |= lacking > *more;
            *more = lacking.max(*more);
        }
        if least || !grew {
            let at_least = if least { Some(added.iter().copied().fold(0, u64::saturating_add)) } else { at_least };
            return Ok(Some(table(plan, (failures, &spans), &worst, (limit, at_least, &added))));
        }
    }
}

/// A time over which the same is installed everywhere.
struct Span<'a> {
    /// The plan as if that were so for ever. A link that is not there has one wave that carries nothing, and no route takes it.
    plan: Cow<'a, Plan>,
    /// Links that are down: none, then those of each failure.
    dead: Vec<&'a [usize]>,
    /// When demand is highest, and how high.
    instants: Vec<(SimTime, Vec<f64>)>,
}

impl<'a> Span<'a> {
    /// All of the measured part, in order of time.
    fn all(plan: &'a Plan, failures: &'a [Failure]) -> Vec<Self> {
        let one = |(begin, end)| {
            let instants = assembly::demand_instants(plan, (SimTime::ZERO + begin, SimTime::ZERO + end));
            let mut then = Cow::Borrowed(plan);
            if plan.links.iter().any(Link::is_dated) {
                then.to_mut().links.iter_mut().for_each(|link| link.settle(begin));
            }
            let under = failures.iter().map(|failure| failure.links.as_slice());
            let dead = std::iter::once(&[][..]).chain(under).collect();
            Span { plan: then, dead, instants }
        };
        plan.eras().into_iter().map(one).filter(|span| !span.instants.is_empty()).collect()
    }
}

/// Few waves and a lower bound, where all demand that depends on capacity is under traffic engineering.
fn fewest(span: &Span<'_>, limit: f64, interrupt: &AtomicBool) -> Result<Option<Found>, RunError> {
    let plan = span.plan.as_ref();
    let grown = |added: &[u64]| graph(plan, added);
    let (graph, routes) = (grown(&vec![0; plan.links.len()]), stated_routes(plan));
    let length = vec![0; graph.arcs().len()];
    let laid: Vec<Laid<'_>> = plan.standing.iter().map(|d| Laid::new(plan, &graph, &length, &routes, d)).collect();
    let team = Together::of(plan, &routes);
    let mut cases = Vec::new();
    for &dead in &span.dead {
        let loads: Vec<Load> = laid.iter().map(|demand| demand.under(dead)).collect();
        for (_, factors) in &span.instants {
            let mut taken = vec![0.0; graph.arcs().len()];
            for (load, factor) in loads.iter().zip(factors) {
                taken.iter_mut().zip(&load.arcs).for_each(|(sum, load)| *sum += factor * load);
            }
            cases.push(Case { dead: dead.to_vec(), asked: team.asked(factors), taken });
        }
    }
    let step: Vec<f64> =
        (0..graph.arcs().len()).map(|arc| installed(plan, arc) / f64::from(plan.links[arc / 2].waves)).collect();
    growth::fewest(&cases, &step, limit, &grown, interrupt)
}

/// The network with so many waves more on each link. Lengths play no part in loads.
fn graph(plan: &Plan, added: &[u64]) -> Graph {
    let mut graph = Graph::new(plan.sites.len());
    for (link, &added) in plan.links.iter().zip(added) {
        let grown = 1.0 + added as f64 / f64::from(link.waves);
        graph.add_edge(link.ends, link.metric, [link.capacity.get() * grown, link.back.get() * grown]);
    }
    graph
}

/// Installed capacity of an arc.
fn installed(plan: &Plan, arc: usize) -> f64 {
    let link = &plan.links[arc / 2];
    if arc.is_multiple_of(2) { link.capacity.get() } else { link.back.get() }
}

/// Waves that carry a rate.
fn needed(plan: &Plan, arc: usize, rate: f64) -> u64 {
    let wave = installed(plan, arc) / f64::from(plan.links[arc / 2].waves);
    if rate > 0.0 { (rate / wave).ceil() as u64 } else { 0 }
}

/// What a demand comes to at its stated rates.
struct Load {
    /// Rate on each arc.
    arcs: Vec<f64>,
    /// Rate that has no way.
    unrouted: f64,
}

/// One demand on the network.
struct Laid<'a> {
    /// Pairs that follow the rule.
    free: Loader<'a>,
    /// Pairs whose route a file states: its arcs, the rate, and the pair by the rule for when the route is cut.
    stated: Vec<(Vec<usize>, f64, Loader<'a>)>,
}

impl<'a> Laid<'a> {
    fn new(
        plan: &Plan,
        graph: &'a Graph,
        length: &'a [u64],
        stated: &BTreeMap<(usize, usize), Vec<usize>>,
        demand: &crate::scenario::plan::Demand,
    ) -> Self {
        // Traffic engineering counts elsewhere, all demands together; here it has none.
        let (rule, engineered) = match rule(plan, demand.routing).1 {
            Chosen::Rule(rule) => (rule, false),
            Chosen::Engineered { .. } => (Rule::Cheapest, true),
        };
        let all = demand.pairs.iter().map(|&(from, to, rate)| Want { from, to, rate });
        let (mut free, mut fixed) = (Vec::new(), Vec::new());
        for want in all {
            match stated.get(&(want.from, want.to)) {
                Some(way) => fixed.push((way.clone(), want.rate, Loader::new(graph, length, &[want], rule))),
                None if engineered => (),
                None => free.push(want),
            }
        }
        Laid { free: Loader::new(graph, length, &free, rule), stated: fixed }
    }

    /// What it comes to with these links dead.
    fn under(&self, dead: &[usize]) -> Load {
        let loads = self.free.under(dead);
        let (mut arcs, mut unrouted) = (loads.arcs, loads.unrouted);
        for (way, rate, by_rule) in &self.stated {
            if way.iter().any(|arc| dead.contains(&(arc / 2))) {
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

/// Demands under traffic engineering, each with its number, but for pairs whose route a file states.
struct Together {
    wants: Vec<(usize, Want)>,
    classes: Vec<u8>,
    most: usize,
}

impl Together {
    fn of(plan: &Plan, stated: &BTreeMap<(usize, usize), Vec<usize>>) -> Self {
        let engineered = plan.standing.iter().enumerate().filter(|(_, d)| d.routing == Routing::Engineered);
        let pairs = engineered.flat_map(|(number, demand)| demand.pairs.iter().map(move |pair| (number, demand, pair)));
        let free = pairs.filter(|(_, _, (from, to, _))| !stated.contains_key(&(*from, *to)));
        let one =
            |(number, demand, &(from, to, rate)): (usize, &crate::scenario::plan::Demand, &(usize, usize, f64))| {
                ((number, Want { from, to, rate }), demand.priority)
            };
        let (wants, classes) = free.map(one).unzip();
        Together { wants, classes, most: plan.engineering.ways as usize }
    }

    /// What they ask when each demand offers so many times its rates, by source.
    fn asked(&self, factors: &[f64]) -> Vec<Asked> {
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
    fn under(&self, graph: &Graph, length: &[u64], factors: &[f64], dead: &[usize]) -> Load {
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
fn stated_routes(plan: &Plan) -> BTreeMap<(usize, usize), Vec<usize>> {
    let arcs = |route: &crate::scenario::plan::FixedRoute| {
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

/// The highest rate somewhere, with the case (0: nothing failed; n: failure n − 1) and the instant that cause it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Peak {
    rate: f64,
    case: usize,
    instant: usize,
}

impl Peak {
    /// The higher one; among equals that of the first case.
    fn or(self, other: Peak) -> Peak {
        let wins = other.rate > self.rate || (other.rate >= self.rate && other.case < self.case);
        if wins { other } else { self }
    }
}

/// The worst of all cases and instants.
struct Worst {
    arcs: Vec<Peak>,
    unrouted: Peak,
}

impl Worst {
    fn of(span: &Span<'_>, added: &[u64], interrupt: &AtomicBool) -> Result<Worst, RunError> {
        let plan = span.plan.as_ref();
        let graph = &graph(plan, added);
        let (length, routes) = (vec![0; graph.arcs().len()], stated_routes(plan));
        let laid: Vec<Laid<'_>> =
            plan.standing.iter().map(|demand| Laid::new(plan, graph, &length, &routes, demand)).collect();
        let team = Together::of(plan, &routes);
        let one = |case: usize| {
            let dead = span.dead[case];
            let loads: Vec<Load> = laid.iter().map(|demand| demand.under(dead)).collect();
            let nothing = Peak { case, ..Peak::default() };
            let mut worst = Worst { arcs: vec![nothing; graph.arcs().len()], unrouted: nothing };
            for (instant, (_, factors)) in span.instants.iter().enumerate() {
                if interrupt.load(Ordering::Relaxed) {
                    return Err(RunError::Interrupted);
                }
                let mut sum = team.under(graph, &length, factors, dead);
                for (load, factor) in loads.iter().zip(factors) {
                    sum.arcs.iter_mut().zip(&load.arcs).for_each(|(sum, load)| *sum += factor * load);
                    sum.unrouted += factor * load.unrouted;
                }
                worst.take(&sum, (case, instant));
            }
            Ok(worst)
        };
        let first = one(0)?;
        let others = (1..span.dead.len()).into_par_iter().map(one);
        let worst = others.try_reduce_with(|a, b| Ok(a.or(&b)));
        Ok(match worst.transpose()? {
            Some(worst) => first.or(&worst),
            None => first,
        })
    }

    /// Takes what is offered in a case at an instant; among equals the first instant stays.
    fn take(&mut self, load: &Load, (case, instant): (usize, usize)) {
        let take = |peak: &mut Peak, rate: f64| {
            if rate > peak.rate {
                *peak = Peak { rate, case, instant };
            }
        };
        self.arcs.iter_mut().zip(&load.arcs).for_each(|(peak, &rate)| take(peak, rate));
        take(&mut self.unrouted, load.unrouted);
    }

    fn or(&self, other: &Worst) -> Worst {
        let arcs = self.arcs.iter().zip(&other.arcs).map(|(a, b)| a.or(*b)).collect();
        Worst { arcs, unrouted: self.unrouted.or(other.unrouted) }
    }
}

/// The answer as rows.
fn table(
    plan: &Plan,
    (failures, spans): (&[Failure], &[Span<'_>]),
    worst: &[Worst],
    (limit, at_least, added): (f64, Option<u64>, &[u64]),
) -> Waves {
    let names = directions(plan);
    let culprit = |peak: Peak| peak.case.checked_sub(1).map(|failure| failures[failure].name.clone());
    let row = |(link, &add): (usize, &u64)| {
        let of_span = |(span, worst): (&Span<'_>, &Worst)| {
            // The direction that is fuller; both have as many waves.
            let share = |arc: usize| {
                let capacity = installed(&span.plan, arc);
                if capacity > 0.0 { worst.arcs[arc].rate / capacity } else { 0.0 }
            };
            let arc = if share(2 * link + 1) > share(2 * link) { 2 * link + 1 } else { 2 * link };
            let (peak, waves) = (worst.arcs[arc], span.plan.links[link].waves);
            WaveRow {
                link: plan.links[link].name.clone(),
                direction: names[arc].clone(),
                waves,
                wave: installed(&span.plan, arc) / f64::from(waves),
                offered: peak.rate,
                culprit: culprit(peak),
                at_s: span.instants.get(peak.instant).map_or(0.0, |(at, _)| at.as_secs_f64()),
                utilisation: share(arc),
                add,
                utilisation_after: share(arc) / (1.0 + add as f64 / f64::from(waves)),
            }
        };
        // The span in which it is fullest with the waves added, among equals the first.
        spans
            .iter()
            .zip(worst)
            .map(of_span)
            .reduce(|a, b| if b.utilisation_after > a.utilisation_after { b } else { a })
    };
    let mut rows: Vec<WaveRow> = added.iter().enumerate().filter_map(row).collect();
    rows.sort_by(|a, b| b.add.cmp(&a.add).then(b.utilisation.total_cmp(&a.utilisation)));
    let unrouted = worst.iter().map(|worst| worst.unrouted).reduce(|a, b| if b.rate > a.rate { b } else { a });
    let unrouted = unrouted.filter(|peak| peak.rate > 0.0).map(|peak| (peak.rate, culprit(peak)));
    let engineered = plan.standing.iter().any(|demand| demand.routing == Routing::Engineered);
    let (failures, works, dates) = (failures.len(), !plan.works.is_empty(), spans.len());
    Waves { limit, rows, at_least, engineered, failures, unrouted, works, dates }
}
