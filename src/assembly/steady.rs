//! Standing demand without a clock: when it is highest, and what fair sharing delivers of it at that instant.

use super::demands::demands;
use crate::fluid::{FlowSpec, ResourceId, Sharing};
use crate::model::demand::DemandParams;
use crate::model::paths::Resources;
use crate::scenario::plan::Plan;
use crate::units::SimTime;

/// A flow that offers a rate for ever.
#[derive(Clone, Debug)]
pub struct Steady {
    /// Resources it uses and the share of its rate on each; empty without a way.
    pub uses: Vec<(usize, f64)>,
    /// Rate it offers.
    pub rate: f64,
    /// Strict priority, higher first.
    pub priority: u8,
    /// Share against others of the same priority.
    pub weight: f64,
}

/// What standing demand offers when.
#[derive(Clone, Debug)]
pub struct DemandClock(Vec<DemandParams>);

impl DemandClock {
    /// Of all demands of a plan, in their order.
    pub fn new(plan: &Plan) -> Self {
        DemandClock(demands(plan, &mut Resources::default()).into_iter().map(|demand| demand.params).collect())
    }

    /// What each demand offers at an instant, over its stated rates.
    pub fn factors(&self, at: SimTime) -> Vec<f64> {
        self.0.iter().map(|demand| demand.factor(at)).collect()
    }

    /// The next instant after `at` at which any of that may change.
    pub fn next_change(&self, at: SimTime) -> Option<SimTime> {
        self.0.iter().filter_map(|demand| demand.next_change(at)).min()
    }
}

/// Instants of the measured part between two times with what each demand offers then over its stated rates: those at which some mix of demands is
/// highest, in order of time. At all others there every demand offers at most as much as at one of these. None where nothing is measured.
pub fn demand_instants(plan: &Plan, (begin, end): (SimTime, SimTime)) -> Vec<(SimTime, Vec<f64>)> {
    let clock = DemandClock::new(plan);
    let covers = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| a >= b);
    let mut kept: Vec<(SimTime, Vec<f64>)> = Vec::new();
    let mut now = begin.max(SimTime::ZERO + plan.warmup);
    while now < end {
        let factors = clock.factors(now);
        if !kept.iter().any(|(_, known)| covers(known, &factors)) {
            kept.retain(|(_, known)| !covers(&factors, known));
            kept.push((now, factors));
        }
        match clock.next_change(now).filter(|&next| next < end) {
            Some(next) => now = next,
            None => break,
        }
    }
    kept
}

/// Rate that fair sharing of resources of these capacities does not deliver, of all that the flows offer.
pub fn steady_unserved(capacities: &[f64], flows: &[Steady]) -> f64 {
    let mut sharing = Sharing::new();
    let resources: Vec<ResourceId> = capacities.iter().map(|&capacity| sharing.add_resource(capacity)).collect();
    let owner = sharing.add_owner();
    let keys: Vec<_> = flows
        .iter()
        .map(|flow| {
            let mut uses: Vec<_> = flow.uses.iter().map(|&(r, share)| (resources[r], share)).collect();
            uses.sort_unstable_by_key(|&(r, _)| r);
            let spec = FlowSpec {
                cap: flow.rate,
                priority: flow.priority,
                weight: flow.weight,
                ..FlowSpec::new(owner, &uses, f64::INFINITY)
            };
            (!uses.is_empty()).then(|| sharing.start(0, &spec))
        })
        .collect();
    let mut unserved = 0.0;
    for (flow, key) in flows.iter().zip(keys) {
        unserved += (flow.rate - key.map_or(0.0, |key| sharing.rate(key))).max(0.0);
    }
    // What rounding leaves of flows that get all they offer is nothing.
    let offered: f64 = flows.iter().map(|flow| flow.rate).sum();
    if unserved > 1e-12 * offered { unserved } else { 0.0 }
}
