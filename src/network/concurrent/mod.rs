//! Maximum concurrent flow: the largest factor λ such that λ times every demand fits the network at once, when each demand may
//! be split over any ways in any shares (Shahrokhi & Matula, J. ACM 37(2), 1990).
//!
//! Two solvers, both deterministic:
//!
//! | file | what |
//! |---|---|
//! | `exact` | the linear programme, by the simplex method, up to [`EXACT_COLUMNS`] columns |
//! | `weights` | multiplicative weights, with a flow that fits and lengths that prove how far it is from the best |
//! | `lengths` | shortest ways by such lengths, and the bound that any lengths prove |

mod exact;
mod lengths;
#[cfg(test)]
mod tests;
mod weights;

use std::collections::BTreeMap;

use super::graph::Graph;

/// Columns (sources × arcs + 1) up to which the linear programme is solved itself.
pub const EXACT_COLUMNS: usize = 10_000;

/// Relative gap between the bounds, (upper − lower) ÷ upper, at which the approximation stops.
pub const GAP: f64 = 0.01;

/// What is to flow between two nodes, in the unit of the capacities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// Node where it starts.
    pub from: usize,
    /// Node where it ends.
    pub to: usize,
    /// How much; nothing is asked where it is zero.
    pub amount: f64,
}

/// The largest factor on all demands at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Concurrent {
    /// A factor that fits: the arc loads below carry it.
    pub lower: f64,
    /// A factor above which nothing fits.
    pub upper: f64,
    /// Load of each arc when `lower` times every demand flows by one best routing, in the unit of the capacities.
    pub loads: Vec<f64>,
    /// Whether the linear programme was solved itself; the bounds then differ by rounding only.
    pub exact: bool,
}

/// Why there is no such factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unroutable {
    /// No demand above zero between two different nodes: every factor fits.
    NoDemand,
    /// It was given up.
    Stopped,
    /// No way with capacity between the ends of a demand: only zero fits.
    NoWay {
        /// Node where the demand starts.
        from: usize,
        /// Node where it ends.
        to: usize,
    },
}

/// A factor on all demands that fits, and what every source sends on each arc for its demands once, such that all arcs carry that many
/// times as much; by multiplicative weights.
pub(super) fn routed(graph: &Graph, demands: &[Demand]) -> Result<(f64, BTreeMap<usize, Vec<f64>>), Unroutable> {
    let problem = Problem::new(graph, demands)?;
    let (lower, flows) = weights::flows(&problem);
    let once = problem.scale / problem.unit;
    let of = |flow: Vec<f64>| flow.into_iter().map(|load| load * once).collect();
    Ok((lower * problem.unit, problem.sources.keys().copied().zip(flows.into_iter().map(of)).collect()))
}

/// Solves for the largest factor: exactly up to [`EXACT_COLUMNS`] columns; above that, or where numbers lie more than six orders
/// of magnitude apart, to a gap of at most [`GAP`] as far as the
/// bounded number of rounds allows. Capacities are finite; an arc whose capacity is not above zero carries nothing.
pub fn concurrent(graph: &Graph, demands: &[Demand]) -> Result<Concurrent, Unroutable> {
    concurrent_until(graph, demands, &|| false)
}

/// The same, given up with [`Unroutable::Stopped`] once `stop` says so. It is asked in every round of the approximation, and before and after the
/// linear programme.
pub fn concurrent_until(graph: &Graph, demands: &[Demand], stop: &dyn Fn() -> bool) -> Result<Concurrent, Unroutable> {
    let problem = Problem::new(graph, demands)?;
    let columns = problem.sources.len() * graph.arcs().len() + 1;
    let exact = if columns <= EXACT_COLUMNS { exact::solve(&problem) } else { None };
    let found = exact.unwrap_or_else(|| weights::solve(&problem, stop));
    if stop() { Err(Unroutable::Stopped) } else { Ok(found) }
}

/// A problem in numbers near one: capacities over the largest, demands so that `unit` of them fit by shortest ways.
struct Problem<'a> {
    graph: &'a Graph,
    /// Capacity of each arc over the largest.
    capacity: Vec<f64>,
    /// The largest capacity.
    scale: f64,
    /// Demands by source, then by destination, each times `unit` ÷ `scale`.
    sources: BTreeMap<usize, BTreeMap<usize, f64>>,
    /// Factor on the demands as given at which routing each by a shortest way just fits.
    unit: f64,
}

impl<'a> Problem<'a> {
    fn new(graph: &'a Graph, demands: &[Demand]) -> Result<Self, Unroutable> {
        let mut sources: BTreeMap<usize, BTreeMap<usize, f64>> = BTreeMap::new();
        for demand in demands.iter().filter(|demand| demand.amount > 0.0 && demand.from != demand.to) {
            *sources.entry(demand.from).or_default().entry(demand.to).or_insert(0.0) += demand.amount;
        }
        if sources.is_empty() {
            return Err(Unroutable::NoDemand);
        }
        let scale = graph.arcs().iter().fold(0.0, |most: f64, arc| most.max(arc.capacity));
        let capacity: Vec<f64> = graph.arcs().iter().map(|arc| arc.capacity / scale).collect();
        let mut problem = Problem { graph, capacity, scale, sources, unit: 1.0 };
        let busiest = problem.busiest_by_shortest()?;
        problem.unit = scale / busiest;
        for amount in problem.sources.values_mut().flat_map(BTreeMap::values_mut) {
            *amount *= problem.unit / scale;
        }
        Ok(problem)
    }

    /// The largest load over capacity when each demand as it stands takes a way of the least sum of 1 ÷ capacity.
    fn busiest_by_shortest(&self) -> Result<f64, Unroutable> {
        let lengths: Vec<f64> = self.capacity.iter().map(|capacity| 1.0 / capacity).collect();
        let mut loads = vec![0.0; self.capacity.len()];
        for (&from, sinks) in &self.sources {
            let near = lengths::Near::from(self, from, &lengths);
            if let Some((&to, _)) = sinks.iter().find(|&(&to, _)| near.distance[to].is_none()) {
                return Err(Unroutable::NoWay { from, to });
            }
            near.loads(self.graph, sinks).into_iter().for_each(|(arc, load)| loads[arc] += load);
        }
        Ok(self.busiest(&loads))
    }

    fn usable(&self, arc: usize) -> bool {
        self.capacity[arc] > 0.0
    }

    /// The largest load over capacity.
    fn busiest(&self, loads: &[f64]) -> f64 {
        let usable = (0..loads.len()).filter(|&arc| self.usable(arc));
        usable.map(|arc| loads[arc] / self.capacity[arc]).fold(0.0, f64::max)
    }

    /// A result in the numbers of the caller, from scaled bounds and the loads at the lower one.
    fn result(&self, (lower, upper): (f64, f64), loads: &[f64], exact: bool) -> Concurrent {
        Concurrent {
            lower: lower * self.unit,
            upper: upper * self.unit,
            loads: loads.iter().map(|load| load * self.scale).collect(),
            exact,
        }
    }
}
