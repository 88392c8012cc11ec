//! Bytes that are old enough, or in the way of new ones, move on to another system in the background.

use super::World;
use super::measures::{Measure, Measured};
use crate::engine::Context;
use crate::fluid::MeterId;
use crate::model::bulk::{IoParams, Tiered};
use crate::model::carriage::Order;
use crate::model::event::Event;
use crate::model::ids::{StorageId, WorkId};
use crate::model::paths::{Access, Files, PACING};
use crate::units::SimTime;

impl World {
    /// The movements of a tiered system follow what is old: as fast as they may while something waits, else as fast as
    /// bytes become old.
    pub(super) fn tier(&mut self, ctx: &mut Context<'_, Event>, id: StorageId) {
        let Some(tier) = self.storages[id.index()].tier else { return };
        for old in self.storages[id.index()].space.old() {
            let pace = if old.bytes > 0.0 { tier.pace } else { old.rate.min(tier.pace) };
            let key = (id, old.work);
            match self.tiers.get(&key).copied() {
                Some(movement) if pace > 0.0 => self.carriage.set_pace(ctx.now(), movement, (pace, PACING)),
                Some(movement) => {
                    self.carriage.cancel(ctx.now(), movement);
                    self.tiers.remove(&key);
                }
                None if pace > 0.0 => self.start_tier(ctx, id, old.work, pace),
                None => {}
            }
        }
    }

    fn start_tier(&mut self, ctx: &mut Context<'_, Event>, id: StorageId, work: WorkId, pace: f64) {
        let storage = &self.storages[id.index()];
        let Some(tier) = storage.tier else { return };
        let target = &self.storages[tier.to.index()];
        let operations = tier.operations;
        let access = |storage, read, write| {
            self.nobodys(Access { storage, read, write, operations, files: Files::default(), lanes: None })
        };
        let moved = storage.space.moved_meters().find(|(_, of)| *of == work).map(|(meter, _)| meter);
        let came = target.space.arrivals(id, work);
        let order = Order {
            ends: (storage.params.site, target.params.site),
            access: vec![access(id, 1.0, 0.0), access(tier.to, 0.0, 1.0)],
            own_meters: moved.into_iter().chain(came).map(|meter| (meter, 1.0)).collect(),
            bytes: f64::INFINITY,
            pace: (pace, PACING),
            priority: tier.priority,
            ..self.own_order(id)
        };
        let full = target.space.refuses(work, Some(id));
        let movement = self.carry(ctx, order);
        self.tiers.insert((id, work), movement);
        if full {
            self.carriage.refuse(ctx.now(), movement);
        }
    }

    /// Makes a part of a load's reads one on the tier of its system: over the WAN where that, or the system, is at another site than
    /// the clients.
    pub(super) fn read_tier(&self, order: &mut Order, params: &IoParams) {
        let storage = &self.storages[params.storage.index()];
        let Some((tier, Tiered { share, promote, .. })) = storage.tier.zip(params.tiered) else { return };
        let there = self.storages[tier.to.index()].params.site;
        let far = params.read_share * share;
        let operations = params.operations;
        for access in &mut order.access {
            access.read -= far;
            access.write += if promote { far } else { 0.0 };
        }
        let read = Access { storage: tier.to, read: far, write: 0.0, operations, files: Files::default(), lanes: None };
        order.access.push(self.nobodys(read));
        order.access.retain(|access| access.read > 0.0 || access.write > 0.0);
        if there == params.storage_site {
            // System and tier are on the same way, and what is brought back stays there.
        } else if params.site == params.storage_site {
            (order.ends, order.reverse, order.far) = ((there, params.site), 0.0, far);
        } else {
            // Clients at the tier: the rest crosses, and so does what is brought back.
            let back = 1.0 - params.read_share + if promote { far } else { 0.0 };
            order.far = params.read_share - far + back;
            order.reverse = if order.far > 0.0 { back / order.far } else { 0.0 };
        }
    }

    pub(super) fn tier_meters(&self) -> Vec<MeterId> {
        self.storages.iter().flat_map(|s| s.space.moved_meters().map(|(meter, _)| meter)).collect()
    }

    pub(super) fn measure_tiers(&mut self, now: SimTime, out: &mut Measured) {
        for s in 0..self.storages.len() {
            if self.storages[s].tier.is_none() {
                continue;
            }
            self.settle_space(now, StorageId::new(s));
            let meters: Vec<MeterId> = self.storages[s].space.moved_meters().map(|(meter, _)| meter).collect();
            let moved: f64 = meters.into_iter().map(|m| self.since_cut(now, m).total).fold(0.0, |sum, x| sum + x);
            let waiting = self.storages[s].space.waiting();
            let name = &self.storages[s].params.name;
            out.kpis.push((format!("storage.{name}.tiered"), Measure::Value(moved)));
            out.kpis.push((format!("storage.{name}.tier_backlog"), Measure::Value(waiting)));
        }
    }
}
