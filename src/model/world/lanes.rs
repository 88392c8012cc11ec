//! Tenants and views: who gets which share of a storage system now, and what they got in the end.

use std::collections::{BTreeMap, BTreeSet};

use super::World;
use super::measures::{Measure, Measured};
use crate::fluid::MeterId;
use crate::model::carriage::Claim;
use crate::model::ids::{LaneId, StorageId, WorkId};
use crate::model::paths::{Access, Files, Lanes};
use crate::model::storage::lanes::{Claimant, split};
use crate::model::storage::space::{MARKS, account_of};
use crate::units::SimTime;

/// Rates of tenants and views as KPIs, in the order of their meters.
const RATES: [&str; 3] = ["read_rate", "write_rate", "ops_rate"];

impl World {
    /// An access of a work to a system, with the lanes it belongs to there.
    pub(super) fn access(&self, work: WorkId, storage: StorageId, read: f64, write: f64, operations: f64) -> Access {
        let lanes = &self.works[work.index()].lanes;
        let lanes = lanes.iter().find(|(of, _)| *of == storage).map(|(_, lanes)| *lanes);
        Access { storage, read, write, operations, files: Files::default(), lanes }
    }

    /// An access that is nobody's: on a shared system it counts among those of no tenant.
    pub(super) fn nobodys(&self, access: Access) -> Access {
        let shared = !self.storages[access.storage.index()].lanes.is_empty();
        Access { lanes: shared.then(Lanes::default), ..access }
    }

    /// Splits shares and reserves anew where claims have changed.
    pub(super) fn split_claims(&mut self, now: SimTime) {
        if !self.carriage.take_claims_changed() {
            return;
        }
        let claims = self.carriage.claims();
        let mut terms: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
        for s in 0..self.storages.len() {
            self.split_of(StorageId::new(s), &claims, &mut terms);
        }
        for (slot, (weight, reserve)) in terms {
            self.carriage.set_terms(now, slot, weight, reserve);
        }
    }

    /// Splits one system. A copy between two of them has the smaller of its weights and the larger of its reserves.
    fn split_of(&mut self, id: StorageId, claims: &[Claim], terms: &mut BTreeMap<usize, (f64, f64)>) {
        let storage = &mut self.storages[id.index()];
        if storage.lanes.is_empty() {
            return;
        }
        let mut slots = Vec::new();
        let mut here = Vec::new();
        for claim in claims {
            let own = claim.access.iter().find(|access| access.storage == id);
            let Some((access, lanes)) = own.and_then(|access| Some((access, access.lanes?))) else { continue };
            slots.push(claim.slot);
            let amounts = access.amounts().map(|amount| amount * claim.copies);
            here.push(Claimant { lanes, amounts, limit: claim.limit });
        }
        let health = storage.protection.as_ref().map_or(1.0, |p| {
            let (nodes, media) = p.in_service();
            nodes.min(media)
        });
        let room = storage.room(|resource| self.carriage.sharing.capacity(resource));
        let whole = split(&storage.lanes, 1.0, room, &here);
        for (lane, held) in storage.lanes.iter_mut().zip(&whole.held) {
            lane.expect(*held);
        }
        let parts = if health < 1.0 { split(&storage.lanes, health, room, &here) } else { whole };
        for (at, slot) in slots.into_iter().enumerate() {
            let (weight, reserve) = terms.entry(slot).or_insert((f64::INFINITY, 0.0));
            *weight = weight.min(parts.weights[at]);
            *reserve = reserve.max(parts.reserves[at]);
        }
    }

    /// Looks whether reserves are met at the present rates.
    pub(super) fn judge_lanes(&mut self, now: SimTime) {
        for storage in &mut self.storages {
            for lane in storage.lanes.iter_mut().filter(|lane| lane.has_reserve()) {
                let rates = lane.params.meters.map(|m| self.carriage.sharing.meter(now.as_nanos(), m).rate);
                lane.judge(now, rates);
            }
        }
    }

    pub(super) fn lane_meters(&self) -> impl Iterator<Item = MeterId> {
        self.storages.iter().flat_map(|s| &s.lanes).flat_map(|lane| lane.params.meters)
    }

    /// KPIs of tenants over all systems, and of views.
    pub(super) fn measure_lanes(&mut self, now: SimTime, out: &mut Measured) {
        let all: Vec<(StorageId, LaneId)> = self.all_lanes();
        let params =
            |world: &World, (s, l): (StorageId, LaneId)| world.storages[s.index()].lanes[l.index()].params.clone();
        let tenants: BTreeSet<String> =
            all.iter().map(|&at| params(self, at)).filter(|p| p.is_tenant).map(|p| p.name).collect();
        for name in tenants {
            let is_own = |&(s, l): &(StorageId, LaneId)| {
                let p = &self.storages[s.index()].lanes[l.index()].params;
                p.is_tenant && p.name == name
            };
            let own: Vec<_> = all.iter().copied().filter(is_own).collect();
            let prefix = format!("tenant.{name}");
            self.put_lanes(now, &prefix, &own, out);
            self.put_room(now, &prefix, &own, out);
        }
        for &(s, l) in &all {
            let lane = params(self, (s, l));
            if !lane.is_tenant {
                let prefix = format!("storage.{}.view.{}", self.storages[s.index()].params.name, lane.name);
                self.put_lanes(now, &prefix, &[(s, l)], out);
                self.put_room(now, &prefix, &[(s, l)], out);
            }
        }
    }

    /// What lies on the systems for a tenant or view, and when its quotas are reached: the first of them counts.
    fn put_room(&mut self, now: SimTime, prefix: &str, own: &[(StorageId, LaneId)], out: &mut Measured) {
        let (mut used, mut refused, mut limits) = (0.0, 0.0, [false; 2]);
        let mut dates: [Option<f64>; 2] = [None; 2];
        for &(s, l) in own {
            let account = account_of(l);
            self.settle_space(now, s);
            used += (self.storages[s.index()].space.used(account) - self.still_to_come(now, s, account)).max(0.0);
            let storage = &self.storages[s.index()];
            let (space, [hard, soft]) = (&storage.space, storage.space.quotas(account));
            refused += space.refused(account);
            let both = [hard.and_then(|_| space.reaches(account, MARKS.len() - 1)), space.reaches_soft(account)];
            for (date, found) in dates.iter_mut().zip(both) {
                *date = date.iter().copied().chain(found).reduce(f64::min);
            }
            limits = [limits[0] || hard.is_some(), limits[1] || soft.is_some()];
            if space.soft_passed(account) {
                let name = &storage.params.name;
                out.notes.push(format!("{prefix}: the soft quota on {name} was passed, see soft_quota_date"));
            }
        }
        out.kpis.push((format!("{prefix}.used"), Measure::Value(used)));
        out.kpis.push((format!("{prefix}.refused"), Measure::Value(refused)));
        let still = || {
            Measure::None(
                "it does not grow in the second half of the measured part, or its system has a tier with marks".into(),
            )
        };
        let names = ["full_date", "soft_quota_date"];
        for ((name, date), _) in names.into_iter().zip(dates).zip(limits).filter(|(_, limited)| *limited) {
            out.kpis.push((format!("{prefix}.{name}"), date.map_or_else(still, Measure::Value)));
        }
    }

    fn all_lanes(&self) -> Vec<(StorageId, LaneId)> {
        let of = |(s, lanes): (usize, usize)| (0..lanes).map(move |l| (StorageId::new(s), LaneId::new(l)));
        self.storages.iter().map(|s| s.lanes.len()).enumerate().flat_map(of).collect()
    }

    fn put_lanes(&mut self, now: SimTime, prefix: &str, own: &[(StorageId, LaneId)], out: &mut Measured) {
        let span = (now - self.baseline.at).as_secs_f64();
        let mut rates = [0.0; 3];
        let (mut wanted, mut kept, mut promised) = (0.0, 0.0, false);
        for &(s, l) in own {
            let lane = &self.storages[s.index()].lanes[l.index()];
            let (want, keep) = lane.kept(now);
            (wanted, kept, promised) = (wanted + want, kept + keep, promised || lane.has_reserve());
            for (rate, meter) in rates.iter_mut().zip(lane.params.meters) {
                *rate += self.since_cut(now, meter).total / span;
            }
        }
        for (measure, rate) in RATES.into_iter().zip(rates) {
            out.kpis.push((format!("{prefix}.{measure}"), Measure::Value(rate)));
        }
        if promised {
            let none = || Measure::None("nobody had a claim on the reserve in the measured part".into());
            let met = if wanted > 0.0 { Measure::Value(kept / wanted) } else { none() };
            out.kpis.push((format!("{prefix}.reserve_met.fraction"), met));
            if wanted - kept > 1e-6 * wanted {
                let share = 100.0 * (wanted - kept) / wanted;
                out.notes.push(format!(
                    "{prefix}: for {share:.2} % of the time its reserve was not met in full, see reserve_met.fraction"
                ));
            }
        }
    }
}
