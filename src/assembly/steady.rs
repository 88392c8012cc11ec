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

/// The first instant of a span of time at which all demands together offer most.
pub fn demand_peak(plan: &Plan, (begin, end): (SimTime, SimTime)) -> SimTime {
    let all: Vec<DemandParams> = demands(plan, &mut Resources::default()).into_iter().map(|d| d.params).collect();
    let stated: Vec<f64> = all.iter().map(|demand| demand.pairs.iter().map(|(.., rate)| rate).sum()).collect();
    let offered = |at: SimTime| -> f64 { all.iter().zip(&stated).map(|(demand, rate)| rate * demand.factor(at)).sum() };
    let mut now = begin;
    let (mut peak, mut most) = (now, offered(now));
    while let Some(next) = all.iter().filter_map(|demand| demand.next_change(now)).min().filter(|&next| next < end) {
        now = next;
        if offered(now) > most {
            (peak, most) = (now, offered(now));
        }
    }
    peak
}

/// Instants of the measured part between two times with what each demand offers then over its stated rates: those at which some mix of demands is
/// highest, in order of time. At all others there every demand offers at most as much as at one of these. None where nothing is measured.
pub fn demand_instants(plan: &Plan, (begin, end): (SimTime, SimTime)) -> Vec<(SimTime, Vec<f64>)> {
    let all: Vec<DemandParams> = demands(plan, &mut Resources::default()).into_iter().map(|d| d.params).collect();
    let covers = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| a >= b);
    let mut kept: Vec<(SimTime, Vec<f64>)> = Vec::new();
    let mut now = begin.max(SimTime::ZERO + plan.warmup);
    while now < end {
        let factors: Vec<f64> = all.iter().map(|demand| demand.factor(now)).collect();
        if !kept.iter().any(|(_, known)| covers(known, &factors)) {
            kept.retain(|(_, known)| !covers(&factors, known));
            kept.push((now, factors));
        }
        match all.iter().filter_map(|demand| demand.next_change(now)).min().filter(|&next| next < end) {
            Some(next) => now = next,
            None => break,
        }
    }
    kept
}

/// What each demand offers at an instant, over its stated rates.
pub fn demand_factors(plan: &Plan, at: SimTime) -> Vec<f64> {
    demands(plan, &mut Resources::default()).iter().map(|demand| demand.params.factor(at)).collect()
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
