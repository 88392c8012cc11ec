//! Weights of claims: the share of a tenant is split over what its claims can take.
//!
//! Each tenant may have up to `λ × share` payload bytes per second, λ such that the system is just full. That goes from
//! the tenant over its views, in proportion to their shares, to claims, evenly; what a claim or a view cannot take goes
//! to the others of its view or tenant, and what a tenant cannot take goes to the other tenants:
//!
//! ```text
//! rate of a claim   = min(its limit, μ),   μ of its view such that Σ rates = what the view may have
//! weight of a claim = μ ÷ λ                a claim at its limit leaves the rest to those of its tenant
//! ```
//!
//! Where nothing limits the claims this is share × (share of view ÷ Σ shares of views) ÷ claims. Reads and writes that
//! meet in no resource are split apart, so that what a tenant writes costs it nothing of its reads; a claim that does
//! both has the smaller weight. λ is an estimate: it takes a system whole, with large operations and without priorities.
//! Where less than it is left, claims near their limits weigh too much by at most the error of λ.

use std::collections::BTreeMap;

use super::lanes::{Claimant, Lane};
use crate::model::ids::LaneId;
use crate::model::paths::Lanes;

/// Steps from one byte per second up to the first level that fills the system.
const DOUBLINGS: u32 = 120;
/// Halvings between the last two of them: all digits of a number.
const HALVINGS: u32 = 52;

/// What a system carries alone of each direction.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Payload bytes read, and written, per second; infinite where not known.
    pub rates: [f64; 2],
    /// Reads and writes meet in no resource.
    pub apart: bool,
}

/// Claims of one tenant in one view, the most limited first.
struct View {
    share: f64,
    /// Sums over the claims before each: limits, and what those take of the system.
    limits: Vec<f64>,
    taken: Vec<f64>,
    /// Limit of each.
    limit: Vec<f64>,
    /// Part of the system per payload byte, summed over the claims from each on.
    costs: Vec<f64>,
    members: Vec<usize>,
}

impl View {
    fn new(share: f64, mut members: Vec<usize>, claims: &[Claimant], cost: &dyn Fn(&Claimant) -> f64) -> Self {
        members.sort_by(|&a, &b| claims[a].limit.total_cmp(&claims[b].limit).then(a.cmp(&b)));
        let limit: Vec<f64> = members.iter().map(|&c| claims[c].limit).collect();
        let (mut limits, mut taken, mut costs) = (vec![0.0], vec![0.0], vec![0.0; members.len() + 1]);
        let (mut sum, mut part) = (0.0, 0.0);
        for &c in &members {
            let cost = cost(&claims[c]);
            sum += claims[c].limit;
            part += if cost > 0.0 { cost * claims[c].limit } else { 0.0 };
            limits.push(sum);
            taken.push(part);
        }
        for (at, &c) in members.iter().enumerate().rev() {
            costs[at] = costs[at + 1] + cost(&claims[c]);
        }
        View { share, limits, taken, limit, costs, members }
    }

    fn count(&self) -> usize {
        self.limit.len()
    }

    /// Payload bytes per second that all of them can take.
    fn demand(&self) -> f64 {
        self.limits[self.count()]
    }

    /// How many are at their limit when the view may have `budget × level`, and what each other one gets over `level`;
    /// none where all are.
    fn level(&self, budget: f64, level: f64) -> Option<(usize, f64)> {
        let open = |at: usize| (self.count() - at) as f64;
        let (mut low, mut high) = (0, self.count());
        while low < high {
            let at = low.midpoint(high);
            let wants = (self.limits[at] + open(at) * self.limit[at]) / level;
            if wants >= budget { high = at } else { low = at + 1 }
        }
        (low < self.count()).then(|| (low, (budget - self.limits[low] / level) / open(low)))
    }

    /// Part of the system that they take.
    fn takes(&self, budget: f64, level: f64) -> f64 {
        let all = self.count();
        self.level(budget, level).map_or(self.taken[all], |(at, each)| self.taken[at] + self.costs[at] * each * level)
    }
}

/// A tenant with the views that it uses.
struct Tenant {
    share: f64,
    views: Vec<View>,
}

impl Tenant {
    /// What each view may have over `level`: by share, and what one cannot take goes to the others.
    fn budgets(&self, level: f64) -> Vec<f64> {
        let mut open = vec![true; self.views.len()];
        let mut left = self.share;
        loop {
            let shares: f64 = self.views.iter().zip(&open).filter(|(_, open)| **open).map(|(v, _)| v.share).sum();
            let part = |view: &View| left * view.share / shares;
            let sated = |at: &usize| open[*at] && self.views[*at].demand() / level < part(&self.views[*at]);
            let all: Vec<usize> = (0..self.views.len()).filter(sated).collect();
            if all.is_empty() || all.len() == open.iter().filter(|open| **open).count() {
                let of = |(view, open): (&View, &bool)| if *open { part(view) } else { f64::INFINITY };
                return self.views.iter().zip(&open).map(of).collect();
            }
            for at in all {
                open[at] = false;
                left -= self.views[at].demand() / level;
            }
        }
    }

    fn takes(&self, level: f64) -> f64 {
        let budgets = self.budgets(level);
        self.views.iter().zip(budgets).map(|(view, budget)| view.takes(budget, level)).sum()
    }
}

/// The weight of each claim.
pub(super) fn weights(lanes: &[Lane], room: Room, claims: &[Claimant]) -> Vec<f64> {
    let mut weights = vec![f64::INFINITY; claims.len()];
    if room.apart {
        for kind in [0, 1] {
            // What neither reads nor writes goes with the reads.
            let own = |c: &usize| claims[*c].amounts[kind] > 0.0 || (kind == 0 && claims[*c].amounts[1] <= 0.0);
            let members = (0..claims.len()).filter(own).collect();
            split(lanes, claims, members, &|c| c.amounts[kind] / room.rates[kind], &mut weights);
        }
    } else {
        let cost = |c: &Claimant| c.amounts[0] / room.rates[0] + c.amounts[1] / room.rates[1];
        split(lanes, claims, (0..claims.len()).collect(), &cost, &mut weights);
    }
    weights
}

/// Lowers `weights` to those of `members`, of which each takes `cost` of the system per payload byte.
fn split(
    lanes: &[Lane],
    claims: &[Claimant],
    members: Vec<usize>,
    cost: &dyn Fn(&Claimant) -> f64,
    weights: &mut [f64],
) {
    let share = |lane: Option<LaneId>| lane.map_or(1.0, |lane| lanes[lane.index()].params.share);
    let mut by_lanes: BTreeMap<Lanes, Vec<usize>> = BTreeMap::new();
    for c in members {
        by_lanes.entry(claims[c].lanes).or_default().push(c);
    }
    let mut tenants: BTreeMap<Option<LaneId>, Tenant> = BTreeMap::new();
    for (Lanes { tenant, view }, members) in by_lanes {
        let own = tenants.entry(tenant).or_insert_with(|| Tenant { share: share(tenant), views: Vec::new() });
        own.views.push(View::new(share(view), members, claims, cost));
    }
    let level = full(&tenants.values().collect::<Vec<_>>());
    for tenant in tenants.values() {
        let shares: f64 = tenant.views.iter().map(|view| view.share).sum();
        for (view, budget) in tenant.views.iter().zip(tenant.budgets(level)) {
            let even = tenant.share * view.share / shares / view.count() as f64;
            let most = view.limit.last().map_or(0.0, |limit| limit / level);
            let most = if most.is_finite() { most } else { 0.0 };
            let weight = view.level(budget, level).map_or_else(|| even.max(most), |(_, each)| each);
            for &c in &view.members {
                weights[c] = weights[c].min(weight);
            }
        }
    }
}

/// Payload bytes per second of a share of 1 at which the system is full; infinite where all can have what they want.
fn full(tenants: &[&Tenant]) -> f64 {
    let takes = |level: f64| tenants.iter().map(|tenant| tenant.takes(level)).sum::<f64>();
    let most: f64 = tenants.iter().flat_map(|t| &t.views).map(|view| view.taken[view.count()]).sum();
    if most <= 1.0 {
        return f64::INFINITY;
    }
    let powers = (0..DOUBLINGS).map(|power| libm::exp2(f64::from(power)));
    let Some(mut high) = powers.into_iter().find(|&level| takes(level) >= 1.0) else { return f64::INFINITY };
    let mut low = if high > 1.0 { 0.5 * high } else { 0.0 };
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if takes(middle) >= 1.0 { high = middle } else { low = middle }
    }
    high
}

#[cfg(test)]
#[path = "shares_tests.rs"]
mod tests;
