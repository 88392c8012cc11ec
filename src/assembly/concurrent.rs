//! What the network of a plan could carry of its standing demand with the best routing.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::model::demand::DemandParams;
use crate::model::paths::Resources;
use crate::network::{Asked, Concurrent, Demand, Graph, Unroutable, concurrent_until, factors};
use crate::scenario::plan::Plan;
use crate::units::{SimDuration, SimTime};

/// The largest factor on all standing demand, each at its peak, that fits all links at full capacity and the WAN edges of the
/// sites, whatever the routing; `None` without standing demand. Where capacities change by date, the smallest over the spans of
/// time between the dates, each with its own peaks. An error says why there is no factor.
/// Given up once `stop` says so.
pub fn concurrent_flow(plan: &Plan, stop: &dyn Fn() -> bool) -> Option<Result<Concurrent, String>> {
    (!plan.standing.is_empty()).then(|| smallest(plan, stop))
}

fn smallest(plan: &Plan, stop: &dyn Fn() -> bool) -> Result<Concurrent, String> {
    let mut least: Option<Concurrent> = None;
    for era in plan.eras() {
        let (graph, inside) = graph(plan, era.0);
        let flow = match concurrent_until(&graph, &peaks(plan, &inside, era), stop) {
            Ok(flow) => flow,
            Err(Unroutable::NoDemand) => continue,
            Err(Unroutable::Stopped) => return Err("interrupted".to_owned()),
            Err(Unroutable::NoWay { from, to }) => {
                let name = |node: usize| plan.sites[node % plan.sites.len()].name.as_str();
                return Err(format!("no path leads from '{}' to '{}'", name(from), name(to)));
            }
        };
        least = Some(match least {
            Some(known) if known.lower <= flow.lower => Concurrent { upper: known.upper.min(flow.upper), ..known },
            Some(known) => Concurrent { upper: known.upper.min(flow.upper), ..flow },
            None => flow,
        });
    }
    least.ok_or_else(|| "no demand is ever above zero".to_owned())
}

/// The largest factor on the standing demand of each priority, highest first, each demand at its peak, when all of higher priority are
/// served first, each up to all of it; the smallest over the spans between dates at which capacity changes. Nothing where there is one priority only, or
/// where the linear programme is too large.
pub fn concurrent_by_priority(plan: &Plan) -> Vec<(u8, f64)> {
    let mut least: BTreeMap<Reverse<u8>, f64> = BTreeMap::new();
    for era in plan.eras() {
        let (graph, inside) = graph(plan, era.0);
        let mut sums: BTreeMap<(usize, usize, u8), f64> = BTreeMap::new();
        each_peak(plan, era, |demand, (from, to, rate)| {
            *sums.entry((inside[from], inside[to], demand.priority)).or_insert(0.0) += rate;
        });
        let asked = sums.into_iter().map(|((from, to, class), amount)| Asked { from, to, amount, class });
        let asked: Vec<Asked> = asked.filter(|asked| asked.amount > 0.0).collect();
        if asked.is_empty() {
            continue;
        }
        let Some(found) = factors(&graph, &asked) else { return Vec::new() };
        for (class, factor) in found {
            let known = least.entry(Reverse(class)).or_insert(factor);
            *known = known.min(factor);
        }
    }
    if least.len() < 2 { Vec::new() } else { least.into_iter().map(|(class, factor)| (class.0, factor)).collect() }
}

/// Links as edges between sites, and the node where the traffic of each site starts and ends: behind its WAN edge where that is
/// less than its links. Traffic on its way through a site does not pass its edge.
fn graph(plan: &Plan, at: SimDuration) -> (Graph, Vec<usize>) {
    let sites = plan.sites.len();
    let mut graph = Graph::new(2 * sites);
    for link in &plan.links {
        graph.add_edge(link.ends, 1, link.capacity_at(at));
    }
    let attached = super::parts::attached(plan, |link| link.capacity_at(at));
    let mut inside: Vec<usize> = (0..sites).collect();
    for (site, [out, back]) in attached.into_iter().enumerate() {
        let edge = plan.sites[site].wan_edge.get();
        if edge < out.max(back) {
            inside[site] = sites + site;
            graph.add_edge((sites + site, site), 1, [edge.min(out), edge.min(back)]);
        }
    }
    (graph, inside)
}

/// The highest rate of every pair between two instants, wire bytes per second; pairs of several demands are one.
fn peaks(plan: &Plan, inside: &[usize], era: (SimDuration, SimDuration)) -> Vec<Demand> {
    let mut sums: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    each_peak(plan, era, |_, (from, to, rate)| *sums.entry((inside[from], inside[to])).or_insert(0.0) += rate);
    sums.into_iter().map(|((from, to), amount)| Demand { from, to, amount }).collect()
}

/// Every pair of every demand with its highest rate between two instants, wire bytes per second.
fn each_peak(
    plan: &Plan,
    era: (SimDuration, SimDuration),
    mut take: impl FnMut(&crate::scenario::plan::Demand, (usize, usize, f64)),
) {
    let demands = super::demands::demands(plan, &mut Resources::default());
    for (stated, demand) in plan.standing.iter().zip(&demands) {
        let factor = peak(&demand.params, era);
        stated.pairs.iter().for_each(|&(from, to, rate)| take(stated, (from, to, rate * factor)));
    }
}

/// The highest factor on the stated rates between two instants.
fn peak(demand: &DemandParams, (begin, end): (SimDuration, SimDuration)) -> f64 {
    let end = SimTime::ZERO + end;
    let changes =
        std::iter::successors(Some(SimTime::ZERO + begin), |&at| demand.next_change(at).filter(|&next| next < end));
    changes.map(|at| demand.factor(at)).fold(0.0, f64::max)
}
