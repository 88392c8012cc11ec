//! The distinct states of a plan over its measured time: what is in service by date and by maintenance window, and what each demand
//! offers. Instants at which both are the same are one state, at the first of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::assembly::DemandClock;
use crate::network::Graph;
use crate::scenario::plan::{Maintenance, Plan};
use crate::units::SimTime;

/// What each demand offers at an instant.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    /// The first instant at which it is so.
    pub(super) at: SimTime,
    /// Over the stated rates, by demand.
    pub(super) factors: Vec<f64>,
    /// Whether some other state on the same network has at least as much of every demand.
    pub(super) covered: bool,
}

/// A network, and all that demand ever offers it.
#[derive(Clone, Debug)]
pub(super) struct Epoch {
    /// Links at their installed capacity; without any where they are not there, or a window leaves nothing.
    pub(super) installed: Graph,
    /// The same at the capacity that windows leave.
    pub(super) in_service: Graph,
    /// In order of time.
    pub(super) states: Vec<State>,
}

impl Epoch {
    /// All of the measured time, in order of first instants.
    pub(super) fn all(plan: &Plan) -> Vec<Self> {
        let clock = DemandClock::new(plan);
        let end = SimTime::ZERO + plan.horizon;
        let dates: Vec<SimTime> = plan.eras().into_iter().map(|(begin, _)| SimTime::ZERO + begin).collect();
        let mut known: BTreeMap<Vec<u64>, usize> = BTreeMap::new();
        let mut seen: BTreeSet<(usize, Vec<u64>)> = BTreeSet::new();
        let mut epochs: Vec<Epoch> = Vec::new();
        let mut now = SimTime::ZERO + plan.warmup;
        loop {
            let capacity = capacities(plan, now);
            let key = capacity.iter().flatten().flatten().map(|c| c.to_bits()).collect();
            let epoch = *known.entry(key).or_insert(epochs.len());
            if epoch == epochs.len() {
                epochs.push(Epoch::of(plan, &capacity));
            }
            let factors = clock.factors(now);
            if seen.insert((epoch, factors.iter().map(|f| f.to_bits()).collect())) {
                epochs[epoch].states.push(State { at: now, factors, covered: false });
            }
            let date = dates.get(dates.partition_point(|&date| date <= now)).copied();
            let windows = plan.maintenance.iter().filter_map(|window| next_change(window, now));
            let next = windows.chain(date).chain(clock.next_change(now)).min();
            match next.filter(|&next| next < end) {
                Some(next) => now = next,
                None => break,
            }
        }
        epochs.iter_mut().for_each(|epoch| cover(&mut epoch.states));
        epochs
    }

    fn of(plan: &Plan, capacity: &[[[f64; 2]; 2]]) -> Self {
        let graph = |which: usize| {
            let mut graph = Graph::new(plan.sites.len());
            for (link, capacity) in plan.links.iter().zip(capacity) {
                graph.add_edge(link.ends, link.metric, capacity[which]);
            }
            graph
        };
        Epoch { installed: graph(0), in_service: graph(1), states: Vec::new() }
    }
}

/// Installed and in-service capacity of both directions of each link.
fn capacities(plan: &Plan, at: SimTime) -> Vec<[[f64; 2]; 2]> {
    let mut left = vec![1.0_f64; plan.links.len()];
    for window in plan.maintenance.iter().filter(|window| is_open(window, at)) {
        window.links.iter().for_each(|&link| left[link] = left[link].min(window.left));
    }
    let one = |(link, left): (&crate::scenario::plan::Link, f64)| {
        let installed = link.capacity_at(at - SimTime::ZERO);
        let in_service = installed.map(|capacity| capacity * left);
        [if left > 0.0 { installed } else { [0.0; 2] }, in_service]
    };
    plan.links.iter().zip(left).map(one).collect()
}

/// Time since the last beginning of a window, ns; `None` before the first one.
fn phase(window: &Maintenance, at: SimTime) -> Option<i64> {
    let since = at.as_nanos() - window.starts.as_nanos();
    (since >= 0).then(|| window.every.map_or(since, |every| since.rem_euclid(every.as_nanos().max(1))))
}

fn is_open(window: &Maintenance, at: SimTime) -> bool {
    phase(window, at).is_some_and(|phase| phase < window.duration.as_nanos())
}

/// The next beginning or end of a window.
fn next_change(window: &Maintenance, at: SimTime) -> Option<SimTime> {
    let Some(phase) = phase(window, at) else { return Some(SimTime::ZERO + window.starts) };
    let length = window.duration.as_nanos();
    let rest = if phase < length { length - phase } else { window.every?.as_nanos() - phase };
    at.as_nanos().checked_add(rest).map(SimTime::from_nanos)
}

/// Marks the states that another one covers.
fn cover(states: &mut [State]) {
    let covers = |a: &State, b: &State| a.factors.iter().zip(&b.factors).all(|(a, b)| a >= b);
    let mut highest: Vec<usize> = Vec::new();
    for next in 0..states.len() {
        if highest.iter().any(|&known| covers(&states[known], &states[next])) {
            states[next].covered = true;
            continue;
        }
        let (under, kept) = highest.into_iter().partition(|&known| covers(&states[next], &states[known]));
        highest = kept;
        let under: Vec<usize> = under;
        under.into_iter().for_each(|known| states[known].covered = true);
        highest.push(next);
    }
}
