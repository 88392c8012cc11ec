//! What the network of a plan could carry of its standing demand with the best routing.

use std::collections::BTreeMap;

use crate::model::demand::DemandParams;
use crate::model::paths::Resources;
use crate::network::{Concurrent, Demand, Graph, Unroutable, concurrent};
use crate::scenario::plan::Plan;
use crate::units::{SimDuration, SimTime};

/// The largest factor on all standing demand, each at its peak, that fits all links at full capacity and the WAN edges of the
/// sites, whatever the routing; `None` without standing demand. Where capacities change by date, the smallest over the spans of
/// time between the dates, each with its own peaks. An error says why there is no factor.
pub fn concurrent_flow(plan: &Plan) -> Option<Result<Concurrent, String>> {
    (!plan.standing.is_empty()).then(|| smallest(plan))
}

fn smallest(plan: &Plan) -> Result<Concurrent, String> {
    let mut least: Option<Concurrent> = None;
    for era in plan.eras() {
        let (graph, inside) = graph(plan, era.0);
        let flow = match concurrent(&graph, &peaks(plan, &inside, era)) {
            Ok(flow) => flow,
            Err(Unroutable::NoDemand) => continue,
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
    let demands = super::demands::demands(plan, &mut Resources::default());
    for (stated, demand) in plan.standing.iter().zip(&demands) {
        let factor = peak(&demand.params, era);
        for &(from, to, rate) in &stated.pairs {
            *sums.entry((inside[from], inside[to])).or_insert(0.0) += rate * factor;
        }
    }
    sums.into_iter().map(|((from, to), amount)| Demand { from, to, amount }).collect()
}

/// The highest factor on the stated rates between two instants.
fn peak(demand: &DemandParams, (begin, end): (SimDuration, SimDuration)) -> f64 {
    let end = SimTime::ZERO + end;
    let changes =
        std::iter::successors(Some(SimTime::ZERO + begin), |&at| demand.next_change(at).filter(|&next| next < end));
    changes.map(|at| demand.factor(at)).fold(0.0, f64::max)
}
