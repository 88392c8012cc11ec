//! How much faster the flows of a class could be than their cap lets them be, resource by resource.
//!
//! On a resource of which higher priorities leave `C`, the class alone is freed of its cap. Every other class of its priority
//! there stays at its level `x/w` or goes down to the common one, those that the resource stops rise to it:
//!
//! ```text
//! a·n·w·ℓ + Σ_j a_j·n_j·w_j·min(ℓ, ℓ_j) = C          ℓ_j: present level of j, infinite where this resource stops it
//! reach = max(w·ℓ, reserve)
//! ```

use super::sharing::Sharing;
use super::types::{Cause, FlowKey, ResourceId};

/// One resource as the flows of a class see it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// The resource.
    pub resource: ResourceId,
    /// Share of the capacity that its priority and higher ones use.
    pub used: f64,
    /// Bytes per second of one flow if the class alone used the resource.
    pub alone: f64,
    /// Bytes per second of one flow if nothing but this resource stopped the class; at least its rate.
    pub reach: f64,
}

impl Sharing {
    /// What each resource of its path would let a flow and those like it have; empty for a flow that has gone, or stands
    /// still.
    pub fn reach(&mut self, key: FlowKey) -> Vec<Reach> {
        self.solve();
        let Some(class) = self.class_of(key) else { return Vec::new() };
        self.classes[class].path.iter().map(|step| self.reach_at(class, step.node, step.factor)).collect()
    }

    fn reach_at(&self, class: u32, node: u32, factor: f64) -> Reach {
        let at = &self.nodes[node as usize];
        let resource = ResourceId(at.resource);
        let capacity = self.resources[resource.index()].capacity;
        let state = &self.classes[class];
        let rate = self.class_rate(class);
        let own = f64::from(state.count) * factor;
        let (mut higher, mut used, mut others) = (0.0, own * rate, Vec::new());
        for &other in &self.resources[resource.index()].nodes {
            let other = &self.nodes[other as usize];
            for member in other.members.iter().filter(|m| other.books.rank <= at.books.rank && m.class != class) {
                let (load, cause) = (member.factor * self.class_load(member.class), self.classes[member.class].cause);
                used += load;
                if other.books.rank < at.books.rank {
                    higher += load;
                } else {
                    let weight = member.factor * self.classes[member.class].mass;
                    let stopped = cause == Cause::Resource(resource);
                    others.push((if stopped { f64::INFINITY } else { load / weight }, weight));
                }
            }
        }
        let level = common_level(capacity - higher, factor * state.mass, others);
        let reach = (state.weight * level).max(state.spec.terms.reserve).max(rate);
        let used = if capacity > 0.0 { (used / capacity).min(1.0) } else { 1.0 };
        Reach { resource, used, alone: capacity / own, reach }
    }

    /// Bytes/s of all flows of a class.
    fn class_load(&self, class: u32) -> f64 {
        f64::from(self.classes[class].count) * self.class_rate(class)
    }
}

/// The level at which use `weight` per level, with no limit, and that of `others`, each up to its own level, fill `room`.
fn common_level(room: f64, weight: f64, mut others: Vec<(f64, f64)>) -> f64 {
    others.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut rising: f64 = weight + others.iter().map(|&(_, weight)| weight).sum::<f64>();
    let mut left = room.max(0.0);
    for (level, other) in others {
        if left <= level * rising {
            break;
        }
        left -= level * other;
        rising -= other;
    }
    left / rising.max(weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fluid::FlowSpec;
    use proptest::prelude::*;

    /// Weight, cap, priority, coefficient, flows.
    fn class() -> impl Strategy<Value = (f64, f64, u8, f64, u32)> {
        (0.5..4.0_f64, 0.1..40.0_f64, 0..3_u8, 0.2..3.0_f64, 1..4_u32)
    }

    fn sharing(classes: &[(f64, f64, u8, f64, u32)], lifted: bool) -> (Sharing, FlowKey) {
        let mut sharing = Sharing::new();
        let resource = sharing.add_resource(100.0);
        let mut first = None;
        for (c, &(weight, cap, priority, factor, flows)) in classes.iter().enumerate() {
            let owner = sharing.add_owner();
            for _ in 0..flows {
                let cap = if c == 0 && lifted { f64::INFINITY } else { cap };
                let uses = [(resource, factor)];
                let spec = FlowSpec { weight, cap, priority, ..FlowSpec::new(owner, &uses, f64::INFINITY) };
                let key = sharing.start(0, &spec);
                first.get_or_insert(key);
            }
        }
        (sharing, first.expect("there is a class"))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        /// On one resource the reach is what a class gets when its cap is lifted.
        #[test]
        fn lifting_the_cap_gives_the_reach(classes in prop::collection::vec(class(), 1..7)) {
            let (mut capped, key) = sharing(&classes, false);
            let (mut lifted, free) = sharing(&classes, true);
            let found = capped.reach(key);
            prop_assert_eq!(found.len(), 1);
            let expected = lifted.rate(free);
            prop_assert!((found[0].reach - expected).abs() <= 1e-9 * expected.max(1.0), "{} is not {expected}", found[0].reach);
            prop_assert!(found[0].reach >= capped.rate(key));
            prop_assert!((0.0..=1.0).contains(&found[0].used));
            prop_assert!((found[0].alone * classes[0].3 * f64::from(classes[0].4) - 100.0).abs() < 1e-9);
        }
    }

    #[test]
    fn a_flow_that_stands_still_or_has_gone_reaches_nothing() {
        let (mut sharing, key) = sharing(&[(1.0, 2.0, 0, 1.0, 1)], false);
        sharing.stall(0, key, 3);
        assert!(sharing.reach(key).is_empty());
        sharing.cancel(0, key);
        assert!(sharing.reach(key).is_empty());
    }
}
