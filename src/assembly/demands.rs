//! Demand of a plan as demand in the world.

use super::works::PRIORITY_BASE;
use crate::model::demand::{Demand, DemandParams};
use crate::model::ids::SiteId;
use crate::model::paths::Resources;
use crate::scenario::plan::Plan;

/// All demands.
pub fn demands(plan: &Plan, resources: &mut Resources) -> Vec<Demand> {
    let one = |demand: &crate::scenario::plan::Demand| {
        let pair = |&(from, to, rate): &(usize, usize, f64)| (SiteId::new(from), SiteId::new(to), rate);
        Demand::new(DemandParams {
            name: demand.name.clone(),
            pairs: demand.pairs.iter().map(pair).collect(),
            policy: super::parts::policy(demand.routing),
            priority: demand.priority + PRIORITY_BASE,
            weight: demand.weight,
            day: demand.day.clone(),
            growth: demand.growth,
            owner: resources.sharing.add_owner(),
            meter: resources.sharing.add_meter(&[]),
        })
    };
    plan.standing.iter().map(one).collect()
}
