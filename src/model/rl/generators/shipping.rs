//! The way of finished trajectories to the trainer.

use super::super::Sample;
use super::Generators;
use crate::engine::Context;
use crate::model::event::{CLASS_MODEL, Event, RlEvent};
use crate::units::SimTime;

impl Generators {
    /// Schedules the next shipment of a pool on its time grid, if there is anything to ship and none is planned.
    pub(super) fn plan_shipment(&mut self, ctx: &mut Context<'_, Event>, pool: usize) {
        let entry = &mut self.pools[pool];
        if entry.ship_scheduled {
            return;
        }
        let delayed = entry.users.as_ref().and_then(|users| users.delayed.next());
        let Some(first) = entry.outbox.iter().map(|s| s.rewarded).chain(delayed).min() else { return };
        entry.ship_scheduled = true;
        let every = self.params.ship_every.as_nanos().max(1);
        let at = SimTime::from_nanos(
            first.max(ctx.now()).as_nanos().div_euclid(every).saturating_add(1).saturating_mul(every),
        );
        ctx.schedule(at, CLASS_MODEL, Event::Rl(self.work, RlEvent::Ship { pool: pool as u16 }));
    }

    /// Packs all trajectories with a known reward; returns the shipment's number and bytes.
    pub fn ship(&mut self, ctx: &mut Context<'_, Event>, pool: usize) -> Option<(u32, f64)> {
        let now = ctx.now();
        self.collect_rewarded(now, pool);
        let entry = &mut self.pools[pool];
        entry.ship_scheduled = false;
        let mut ready = std::mem::take(&mut entry.outbox);
        ready.retain(|s| {
            let rewarded = s.rewarded <= now;
            if !rewarded {
                entry.outbox.push(*s);
            }
            rewarded
        });
        self.plan_shipment(ctx, pool);
        if ready.is_empty() {
            return None;
        }
        let bytes = ready.iter().map(|s| s.tokens * s.weight).sum::<f64>() * self.params.bytes_per_token;
        let number = self.next_shipment;
        self.next_shipment = self.next_shipment.wrapping_add(1);
        self.shipments.insert(number, ready);
        Some((number, bytes))
    }

    /// The trajectories of a shipment that has arrived.
    pub fn take_shipment(&mut self, number: u32) -> Vec<Sample> {
        self.shipments.remove(&number).unwrap_or_default()
    }
}
