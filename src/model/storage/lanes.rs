//! Sharing of one system between tenants and views: shares, reserves and caps.
//!
//! A *lane* is a tenant or a view on one system. A cap is a resource of its own that its bytes cross. A share and a
//! reserve belong to the lane as a whole and are split over the claims it has at a moment, so that a hundred clients
//! of one tenant get together what one client of another gets:
//!
//! ```text
//! weight of a claim  = share of tenant × (share of view ÷ Σ shares of the views that the tenant uses now) ÷ claims in both,
//!                      heeding what each can take (`shares.rs`)
//! reserve of a claim = min(what it can take, λ × weight),  λ such that the lane's claims sum up to its reserve
//! ```
//!
//! Whatever belongs to no tenant shares as one tenant of share 1, and whatever is in no view as one view of share 1. A
//! claim that reads and writes holds what the reserves of both directions allow; a reserve of operations holds beside.

use super::shares::{Room, weights};
use crate::fluid::{MeterId, ResourceId};
use crate::model::ids::LaneId;
use crate::model::paths::{Access, Lanes, Uses};
use crate::stats::Level;
use crate::units::SimTime;

/// A rate this much below what is promised, as a share of it, still keeps the promise: rounding.
const ROUNDING: f64 = 1e-6;

/// What is fixed about a lane. Arrays: bytes read, bytes written, operations, each per second.
#[derive(Clone, Debug)]
pub struct LaneParams {
    /// Name of the tenant or view.
    pub name: String,
    /// A tenant; otherwise a view.
    pub is_tenant: bool,
    /// Weight of the whole lane against others of its kind.
    pub share: f64,
    /// Promised rates; 0 where nothing is.
    pub reserve: [f64; 3],
    /// Caps as resources.
    pub caps: [Option<ResourceId>; 3],
    /// What it moves.
    pub meters: [MeterId; 3],
}

/// A lane with its account of promises.
#[derive(Clone, Debug)]
pub struct Lane {
    /// What is fixed.
    pub params: LaneParams,
    /// What its claims may expect of a healthy system now.
    needs: [f64; 3],
    wants: Level,
    kept: Level,
}

impl Lane {
    /// A lane that nobody uses yet.
    pub fn new(params: LaneParams) -> Self {
        let none = Level::new(SimTime::ZERO, 0.0);
        Lane { params, needs: [0.0; 3], wants: none.clone(), kept: none }
    }

    /// Adds the lane's caps and meters to what an access uses.
    pub(super) fn count(&self, access: &Access, uses: &mut Uses, meters: &mut Vec<(MeterId, f64)>) {
        for (at, amount) in access.amounts().into_iter().enumerate() {
            uses.extend(self.params.caps[at].map(|cap| (cap, amount)));
            meters.push((self.params.meters[at], amount));
        }
    }

    /// Whether anything is promised.
    pub fn has_reserve(&self) -> bool {
        self.params.reserve.iter().any(|&reserve| reserve > 0.0)
    }

    /// From now on its claims may expect this.
    pub fn expect(&mut self, needs: [f64; 3]) {
        self.needs = needs;
    }

    /// Whether `rates` are what its claims may expect.
    pub fn judge(&mut self, now: SimTime, rates: [f64; 3]) {
        let wants = self.needs.iter().any(|&need| need > 0.0);
        let kept = rates.iter().zip(self.needs).all(|(rate, need)| *rate >= need * (1.0 - ROUNDING));
        for (level, holds) in [(&mut self.wants, wants), (&mut self.kept, wants && kept)] {
            let value = f64::from(u8::from(holds));
            if level.value().to_bits() != value.to_bits() {
                level.set(now, value);
            }
        }
    }

    /// Seconds with a claim on the reserve since the cut, and those in which it was met.
    pub fn kept(&self, now: SimTime) -> (f64, f64) {
        (self.wants.integral(now), self.kept.integral(now))
    }

    /// Cuts the warm-up.
    pub fn reset(&mut self, now: SimTime) {
        self.wants.reset(now);
        self.kept.reset(now);
    }
}

/// A claim on a system: its share of a movement that could take `limit` payload bytes per second.
#[derive(Clone, Copy, Debug)]
pub struct Claimant {
    /// Whose it is.
    pub lanes: Lanes,
    /// Bytes read, bytes written, operations per payload byte.
    pub amounts: [f64; 3],
    /// Payload bytes per second at most; may be infinite.
    pub limit: f64,
}

/// On which terms claims share a system.
#[derive(Clone, Debug)]
pub struct Split {
    /// Weight of each claim.
    pub weights: Vec<f64>,
    /// Reserve of each claim, payload bytes per second.
    pub reserves: Vec<f64>,
    /// By lane, what its claims hold of its reserves in all.
    pub held: Vec<[f64; 3]>,
}

/// Splits shares and reserves of all lanes, of which `health` (0…1) is left, on a system that carries `room`.
pub fn split(lanes: &[Lane], health: f64, room: Room, claims: &[Claimant]) -> Split {
    let weights = weights(lanes, room, claims);
    let mut reserves = vec![0.0_f64; claims.len()];
    let mut held = vec![[0.0; 3]; lanes.len()];
    for (number, lane) in lanes.iter().enumerate().filter(|(_, lane)| lane.has_reserve()) {
        let id = Some(LaneId::new(number));
        let own: Vec<usize> =
            (0..claims.len()).filter(|&c| claims[c].lanes.tenant == id || claims[c].lanes.view == id).collect();
        let parts = lane.params.reserve.map(|reserve| reserve * health);
        let by_kind = [0, 1, 2].map(|kind| fill(parts[kind], kind, &own, claims, &weights));
        for (at, &c) in own.iter().enumerate() {
            let part = |kind: usize| (claims[c].amounts[kind] > 0.0).then_some(by_kind[kind][at]);
            let bytes = [part(0), part(1)].into_iter().flatten().fold(f64::INFINITY, f64::min);
            let reserve = if bytes.is_finite() { bytes } else { 0.0 }.max(part(2).unwrap_or(0.0));
            reserves[c] = reserves[c].max(reserve);
            for (held, amount) in held[number].iter_mut().zip(claims[c].amounts) {
                *held += amount * reserve;
            }
        }
    }
    Split { weights, reserves, held }
}

/// Payload bytes per second of each of `own` such that what they take of a kind sums up to `reserve`, by weight and at
/// most what each can take.
fn fill(reserve: f64, kind: usize, own: &[usize], claims: &[Claimant], weights: &[f64]) -> Vec<f64> {
    let amount = |c: usize| claims[c].amounts[kind];
    let mut order: Vec<usize> = own.iter().copied().filter(|&c| amount(c) > 0.0).collect();
    order.sort_by(|&a, &b| (claims[a].limit / weights[a]).total_cmp(&(claims[b].limit / weights[b])).then(a.cmp(&b)));
    // What those from each on weigh together: sums, not differences, so that the last is exact.
    let mut behind = vec![0.0; order.len()];
    let mut weight = 0.0;
    for (at, &c) in order.iter().enumerate().rev() {
        weight += amount(c) * weights[c];
        behind[at] = weight;
    }
    let (mut left, mut level) = (reserve, f64::INFINITY);
    for (&c, weight) in order.iter().zip(behind) {
        if left <= claims[c].limit / weights[c] * weight {
            level = left / weight;
            break;
        }
        left -= amount(c) * claims[c].limit;
    }
    let part = |&c: &usize| if amount(c) > 0.0 { claims[c].limit.min(level * weights[c]) } else { 0.0 };
    own.iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fluid::Sharing;

    fn lane(is_tenant: bool, share: f64, reserve: [f64; 3]) -> Lane {
        let mut sharing = Sharing::new();
        let meters = [0, 1, 2].map(|_| sharing.add_meter(&[]));
        Lane::new(LaneParams { name: "x".into(), is_tenant, share, reserve, caps: [None; 3], meters })
    }

    fn claim(tenant: Option<usize>, view: Option<usize>, amounts: [f64; 3], limit: f64) -> Claimant {
        let lanes = Lanes { tenant: tenant.map(LaneId::new), view: view.map(LaneId::new) };
        Claimant { lanes, amounts, limit }
    }

    const READ: [f64; 3] = [1.0, 0.0, 1e-6];
    const NONE: [f64; 3] = [0.0; 3];
    const ANY: Room = Room { rates: [f64::INFINITY; 2], apart: false };

    #[test]
    fn a_share_is_split_over_the_claims_however_many() {
        let lanes = [lane(true, 3.0, NONE), lane(true, 1.0, NONE)];
        let mut claims = vec![claim(Some(1), None, READ, 1e9)];
        claims.extend((0..100).map(|_| claim(Some(0), None, READ, 1e9)));
        claims.extend((0..4).map(|_| claim(None, None, READ, 1e9)));
        let weights = split(&lanes, 1.0, ANY, &claims).weights;
        let sum = |of: Option<usize>| -> f64 {
            let id = of.map(LaneId::new);
            claims.iter().zip(&weights).filter(|(c, _)| c.lanes.tenant == id).map(|(_, w)| w).sum()
        };
        for (tenant, share) in [(Some(0), 3.0), (Some(1), 1.0), (None, 1.0)] {
            assert!((sum(tenant) - share).abs() < 1e-12, "{tenant:?}: {}", sum(tenant));
        }
    }

    #[test]
    fn views_share_what_their_tenant_gets() {
        let lanes = [lane(true, 4.0, NONE), lane(false, 3.0, NONE)];
        let claims = [
            claim(Some(0), Some(1), READ, 1e9),
            claim(Some(0), Some(1), READ, 1e9),
            claim(Some(0), None, READ, 1e9),
            claim(None, Some(1), READ, 1e9),
        ];
        assert_eq!(split(&lanes, 1.0, ANY, &claims).weights, [1.5, 1.5, 1.0, 1.0]);
    }

    #[test]
    fn a_reserve_goes_to_those_that_can_use_it() {
        let lanes = [lane(true, 1.0, [90.0, 0.0, 0.0])];
        let claims = [10.0, f64::INFINITY, 100.0].map(|limit| claim(Some(0), None, READ, limit));
        let parts = split(&lanes, 1.0, ANY, &claims);
        assert_eq!(parts.reserves, [10.0, 40.0, 40.0]);
        assert!((parts.held[0][0] - 90.0).abs() < 1e-12);
        assert_eq!(split(&lanes, 0.5, ANY, &claims).reserves, [10.0, 17.5, 17.5], "less is left of it");
        let few = [1.0, 2.0].map(|limit| claim(Some(0), None, READ, limit));
        assert_eq!(split(&lanes, 1.0, ANY, &few).reserves, [1.0, 2.0], "no more than they can take");
    }

    #[test]
    fn a_mix_holds_what_both_directions_allow_and_operations_hold_beside() {
        let mix = [0.75, 0.25, 1e-3];
        let reserve =
            |r: [f64; 3]| split(&[lane(true, 1.0, r)], 1.0, ANY, &[claim(Some(0), None, mix, 1e9)]).reserves[0];
        assert!((reserve([75.0, 50.0, 0.0]) - 100.0).abs() < 1e-12);
        assert!((reserve([75.0, 5.0, 0.0]) - 20.0).abs() < 1e-12);
        assert_eq!(reserve([75.0, 0.0, 0.0]).to_bits(), 0.0_f64.to_bits());
        assert!((reserve([0.0, 0.0, 3.0]) - 3000.0).abs() < 1e-9);
    }

    #[test]
    fn a_promise_is_judged_by_what_claims_can_take() {
        let mut lane = lane(true, 1.0, [90.0, 0.0, 0.0]);
        let at = SimTime::from_secs_f64;
        lane.judge(at(0.0), [0.0; 3]);
        lane.expect([40.0, 0.0, 0.0]);
        lane.judge(at(10.0), [40.0, 0.0, 0.0]);
        lane.judge(at(40.0), [39.0, 0.0, 0.0]);
        assert_eq!(lane.kept(at(50.0)), (40.0, 30.0));
    }
}
