//! How many waves each link lacks so that standing demand fills no direction above a limit: with nothing failed, under each
//! failure of the study, and at every hour of the run.
//!
//! Routes and shares follow costs, not capacity, so the load of a link does not depend on how many waves it or others have. Each
//! link is then decided by itself, and the least number is
//!
//! waves to add = ⌈ worst offered rate ÷ (limit × rate of a wave) ⌉ − installed, or none.
//!
//! Where shares follow the capacity of ways (`disjoint` with `split = "capacity"`, and `engineered`), a link that grows draws traffic. Then waves
//! are added until all limits hold; each turn adds a wave, and no link can need more than all demand does, so this ends. Fewer may be enough: it is tried where that is cheap, and a number is given below which
//! no routing does (see `growth`). Where links have dates, the waves that are added stay for the whole run, each of the size of those installed beside it at
//! the time, and the span between two dates that asks for most decides. Under traffic engineering on a network that is not too large it begins with the few waves that `growth` finds.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::super::RunError;
use super::failures::Failure;
use super::growth::{self, Case, Net};
use super::laid::{Laid, Load, Together, draws, stated_routes};
use super::offered::directions;
use crate::assembly;
use crate::experiment::results::waves::{WaveRow, Waves};
use crate::network::Graph;
use crate::scenario::plan::{Demand, Link, Plan, Routing};
use crate::units::SimTime;

/// A rate that exceeds whole waves by less than this share of itself does not ask for another one.
const ROUNDING: f64 = 1e-9;
/// The same for loads that a linear programme has found.
const SOLVED: f64 = 1e-5;
/// Numbers of waves that are tried at most to find fewer where ways that grow draw traffic.
const TRIES: usize = 2_000;
/// The same times failures, instants and pairs of sites.
const COST: usize = 400_000;

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
    let draws = plan.standing.iter().any(|demand| draws(plan, demand.routing));
    let search = Search { spans: &spans, limit, rounding: if engineered { SOLVED } else { ROUNDING }, interrupt };
    let none = vec![0_u64; plan.links.len()];
    let finished = |added: &[u64], worst: &[Worst], at_least: u64| {
        Ok(Some(table(plan, (failures, &spans), worst, (limit, at_least, added))))
    };
    if !engineered && !draws {
        let worst = search.worst(&none)?;
        let added = search.needed(&worst);
        return finished(&added, &worst, added.iter().copied().fold(0, u64::saturating_add));
    }
    let (found, at_least) = bounded(&spans, limit, interrupt)?;
    let mut added = search.grown(found.as_deref().filter(|_| engineered).unwrap_or(&none))?;
    if draws {
        added = search.improved(added, found.as_deref().filter(|_| !engineered), at_least)?;
    }
    finished(&added, &search.worst(&added)?, at_least)
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

    /// All failures at all instants, with what may take any way told apart from the rest.
    fn cases(&self, number: usize) -> Vec<Case> {
        let plan = self.plan.as_ref();
        let (graph, routes) = (graph(plan, &vec![0; plan.links.len()]), stated_routes(plan));
        let length = vec![0; graph.arcs().len()];
        let lay = |demand| Laid::new(plan, (&graph, &length), &routes, demand, true);
        let laid: Vec<Laid<'_>> = plan.standing.iter().map(lay).collect();
        let team = Together::of(plan, &routes, true);
        let mut cases = Vec::new();
        for &dead in &self.dead {
            let loads: Vec<Load> = laid.iter().map(|demand| demand.under(dead)).collect();
            for (_, factors) in &self.instants {
                let mut taken = vec![0.0; graph.arcs().len()];
                for (load, factor) in loads.iter().zip(factors) {
                    taken.iter_mut().zip(&load.arcs).for_each(|(sum, load)| *sum += factor * load);
                }
                cases.push(Case { span: number, dead: dead.to_vec(), asked: team.asked(factors), taken });
            }
        }
        cases
    }
}

/// Looks for waves that are enough.
struct Search<'a> {
    spans: &'a [Span<'a>],
    limit: f64,
    rounding: f64,
    interrupt: &'a AtomicBool,
}

impl Search<'_> {
    /// The worst of each span with these waves more.
    fn worst(&self, added: &[u64]) -> Result<Vec<Worst>, RunError> {
        self.spans.iter().map(|span| Worst::of(span, added, self.interrupt)).collect()
    }

    /// Waves that each link needs more for what it is offered in these.
    fn needed(&self, worst: &[Worst]) -> Vec<u64> {
        let of_link = |link: usize| {
            let of_span = |(span, worst): (&Span<'_>, &Worst)| {
                let rate = |arc: usize| worst.arcs[arc].rate * (1.0 - self.rounding) / self.limit;
                let needed = (2 * link..2 * link + 2).map(|arc| needed(&span.plan, arc, rate(arc))).fold(0, u64::max);
                needed.saturating_sub(u64::from(span.plan.links[link].waves))
            };
            self.spans.iter().zip(worst).map(of_span).fold(0, u64::max)
        };
        (0..self.spans.first().map_or(0, |span| span.plan.links.len())).map(of_link).collect()
    }

    /// Whether these waves are enough.
    fn does(&self, added: &[u64]) -> Result<bool, RunError> {
        Ok(self.needed(&self.worst(added)?).iter().zip(added).all(|(needed, added)| needed <= added))
    }

    /// From these waves on, all that links lack, again and again until nothing lacks.
    fn grown(&self, from: &[u64]) -> Result<Vec<u64>, RunError> {
        let mut added = from.to_vec();
        loop {
            let needed = self.needed(&self.worst(&added)?);
            if needed.iter().zip(&added).all(|(needed, added)| needed <= added) {
                return Ok(added);
            }
            added.iter_mut().zip(needed).for_each(|(added, needed)| *added = needed.max(*added));
        }
    }

    /// Fewer waves than these where they are found, by three ways: each wave of them, and of what the bound leads to, is tried away, the links in both orders; and
    /// waves are added one at a time, each where the most is left lacking least. Within a number of tries that bounds the cost.
    fn improved(&self, enough: Vec<u64>, other: Option<&[u64]>, at_least: u64) -> Result<Vec<u64>, RunError> {
        let size = |span: &Span<'_>| {
            span.dead.len() * span.instants.len() * span.plan.standing.iter().map(|d| d.pairs.len()).sum::<usize>()
        };
        let mut tries = TRIES.min(COST / self.spans.iter().map(size).sum::<usize>().max(1));
        let mut starts = vec![enough.clone()];
        starts.extend(other.map(|other| self.grown(other)).transpose()?);
        starts.extend(self.one_by_one(&enough, &mut tries)?);
        let mut best = enough;
        for start in starts {
            let forward: Vec<usize> = (0..start.len()).collect();
            for order in [forward.clone(), forward.into_iter().rev().collect()] {
                let fewer = self.spared(&start, &order, at_least, &mut tries)?;
                if total(&fewer) < total(&best) {
                    best = fewer;
                }
            }
        }
        Ok(best)
    }

    /// Tries each wave away, links in this order.
    fn spared(&self, from: &[u64], order: &[usize], at_least: u64, tries: &mut usize) -> Result<Vec<u64>, RunError> {
        let mut added = from.to_vec();
        for &link in order {
            while added[link] > 0 && total(&added) > at_least && *tries > 0 {
                *tries -= 1;
                added[link] -= 1;
                if !self.does(&added)? {
                    added[link] += 1;
                    break;
                }
            }
        }
        Ok(added)
    }

    /// One wave at a time, each where the links then lack fewest together; nothing where that takes as many as are known to be enough.
    fn one_by_one(&self, enough: &[u64], tries: &mut usize) -> Result<Option<Vec<u64>>, RunError> {
        let mut added = vec![0; enough.len()];
        let lacks = |added: &[u64]| -> Result<(u64, f64), RunError> {
            let worst = self.worst(added)?;
            let lacking =
                self.needed(&worst).iter().zip(added).map(|(needed, added)| needed.saturating_sub(*added)).sum();
            Ok((lacking, self.excess(&worst, added)))
        };
        while total(&added) + 1 < total(enough) {
            let mut best: Option<((u64, f64), usize)> = None;
            for link in 0..added.len() {
                if *tries == 0 {
                    return Ok(None);
                }
                *tries -= 1;
                added[link] += 1;
                let now = lacks(&added)?;
                added[link] -= 1;
                if best.is_none_or(|(known, _)| now.0.cmp(&known.0).then(now.1.total_cmp(&known.1)).is_lt()) {
                    best = Some((now, link));
                }
            }
            let Some(((lacking, _), link)) = best else { return Ok(None) };
            added[link] += 1;
            if lacking == 0 {
                return Ok(Some(added));
            }
        }
        Ok(None)
    }

    /// Sum over directions of what they are offered above the limit, as a share of a wave.
    fn excess(&self, worst: &[Worst], added: &[u64]) -> f64 {
        let of_span = |(span, worst): (&Span<'_>, &Worst)| -> f64 {
            let of_arc = |(arc, peak): (usize, &Peak)| {
                let (waves, all) = (f64::from(span.plan.links[arc / 2].waves), installed(&span.plan, arc));
                if all <= 0.0 {
                    return 0.0;
                }
                let wave = all / waves;
                (peak.rate / self.limit / wave - waves - added[arc / 2] as f64).max(0.0)
            };
            worst.arcs.iter().enumerate().map(of_arc).sum()
        };
        self.spans.iter().zip(worst).map(of_span).fold(0.0, f64::max)
    }
}

fn total(waves: &[u64]) -> u64 {
    waves.iter().copied().fold(0, u64::saturating_add)
}

/// Few waves with which some routing keeps the limit, and a number below which none does, where routes or shares depend on capacity.
fn bounded(spans: &[Span<'_>], limit: f64, interrupt: &AtomicBool) -> Result<(Option<Vec<u64>>, u64), RunError> {
    let grown: Vec<_> = spans.iter().map(|span| move |added: &[u64]| graph(&span.plan, added)).collect();
    let net = |(span, grown): (&Span<'_>, _)| {
        let arcs = 0..2 * span.plan.links.len();
        let step = arcs.map(|arc| installed(&span.plan, arc) / f64::from(span.plan.links[arc / 2].waves)).collect();
        Net { grown, step }
    };
    let nets: Vec<Net<'_>> = spans.iter().zip(grown.iter().map(|grown| grown as _)).map(net).collect();
    let cases: Vec<Case> = spans.iter().enumerate().flat_map(|(number, span)| span.cases(number)).collect();
    Ok(match growth::fewest(&nets, &cases, limit, interrupt)? {
        Some(found) => (Some(found.added), found.at_least),
        None => (None, growth::around_sites(&nets, &cases, limit)),
    })
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
        let lay = |demand| Laid::new(plan, (graph, &length), &routes, demand, false);
        let laid: Vec<Laid<'_>> = plan.standing.iter().map(lay).collect();
        let team = Together::of(plan, &routes, false);
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
    (limit, at_least, added): (f64, u64, &[u64]),
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
    let free = |demand: &Demand| demand.routing == Routing::Engineered || draws(plan, demand.routing);
    let by_capacity = plan.standing.iter().any(free);
    let (failures, works, dates) = (failures.len(), !plan.works.is_empty(), spans.len());
    Waves { limit, rows, at_least, by_capacity, failures, unrouted, works, dates }
}
