//! Writes that caches of namespaces acknowledge before they are at home.
//!
//! The same state machine as a write buffer: while less than the limit is ahead of home, a write is acknowledged in the cache,
//! and a background flow brings it home. At the limit each written byte takes its way home with it.

use super::World;
use crate::engine::Context;
use crate::model::carriage::Order;
use crate::model::event::{CLASS_FAULT, Event};
use crate::model::ids::NamespaceId;
use crate::model::paths::{Access, Files, PACING};
use crate::model::storage::buffer::{BufferEffect, Sides};
use crate::units::SimTime;

impl World {
    /// Lets a cache react to the present rates of its writes and schedules its next mark.
    pub(super) fn refresh_dirty(&mut self, ctx: &mut Context<'_, Event>, id: NamespaceId, index: u16) {
        let (now, at) = (ctx.now(), usize::from(index));
        loop {
            let Some(sides) = self.dirty_sides(now, id, at) else { return };
            let Some(buffer) = self.dirty[id.index()][at].as_mut() else { return };
            let effect = buffer.update(sides);
            let level = buffer.level_at(sides.ingest_total, sides.migration_total);
            if let Some(back) = self.namespaces[id.index()].caches[at].write_back.as_mut() {
                back.most = back.most.max(level);
            }
            match effect {
                Some(BufferEffect::Couple(_)) => {
                    let site = self.namespaces[id.index()].caches[at].site;
                    self.remix(now, id, site);
                }
                // Nothing here but the drain holds what a cache takes.
                Some(BufferEffect::Steady(_)) => {}
                Some(BufferEffect::Migrate(on)) => self.drain(ctx, id, at, on),
                None => break,
            }
        }
        let Some(sides) = self.dirty_sides(now, id, at) else { return };
        let mark = self.dirty[id.index()][at].as_ref().and_then(|b| b.next_mark(now, sides));
        let part = &mut self.namespaces[id.index()].caches[at];
        if let Some(key) = part.dirty_due.take() {
            ctx.cancel(key);
        }
        part.dirty_due =
            mark.filter(|&t| t < SimTime::MAX).map(|t| ctx.schedule_keyed(t, CLASS_FAULT, Event::DirtyDue(id, index)));
    }

    fn dirty_sides(&mut self, now: SimTime, id: NamespaceId, index: usize) -> Option<Sides> {
        let back = self.namespaces[id.index()].caches[index].write_back?;
        let taken = self.carriage.sharing.meter(now.as_nanos(), back.taken);
        let drained = self.carriage.sharing.meter(now.as_nanos(), back.drained);
        Some(Sides {
            ingest_total: taken.total,
            ingest_rate: taken.rate,
            migration_total: drained.total,
            migration_rate: drained.rate,
        })
    }

    /// Starts or stops the flow that brings acknowledged writes home.
    fn drain(&mut self, ctx: &mut Context<'_, Event>, id: NamespaceId, index: usize, on: bool) {
        let namespace = &mut self.namespaces[id.index()];
        let Some(back) = namespace.caches[index].write_back.as_mut() else { return };
        if let Some(movement) = back.movement.take() {
            self.carriage.cancel(ctx.now(), movement);
        }
        if !on {
            return;
        }
        let back = *back;
        let namespace = &self.namespaces[id.index()];
        let part = &namespace.caches[index];
        let operations = namespace.operations;
        let access = |storage, read, write| {
            self.nobodys(Access { storage, read, write, operations, files: Files::default(), lanes: None })
        };
        let far = namespace.site != part.site;
        let order = Order {
            ends: (part.site, namespace.site),
            access: vec![access(part.storage, 1.0, 0.0), access(namespace.home, 0.0, 1.0)],
            own_meters: std::iter::once(back.drained)
                .chain(far.then_some(namespace.remote))
                .map(|meter| (meter, 1.0))
                .chain(self.copied_meters(namespace, 1.0))
                .collect(),
            bytes: f64::INFINITY,
            pace: (back.pace, PACING),
            priority: back.priority,
            ..self.own_order(part.storage)
        };
        let movement = self.carry(ctx, order);
        if let Some(back) = self.namespaces[id.index()].caches[index].write_back.as_mut() {
            back.movement = Some(movement);
        }
    }

    /// Bytes acknowledged to writers of a namespace that are not at home, and the most there were in one cache.
    pub(super) fn dirty_bytes(&mut self, now: SimTime, n: usize) -> (f64, f64) {
        let (mut sum, mut most) = (0.0, 0.0_f64);
        for index in 0..self.namespaces[n].caches.len() {
            let Some(sides) = self.dirty_sides(now, NamespaceId::new(n), index) else { continue };
            let Some(buffer) = self.dirty[n][index].as_ref() else { continue };
            let level = buffer.level_at(sides.ingest_total, sides.migration_total);
            sum += level;
            most = most.max(level).max(self.namespaces[n].caches[index].write_back.map_or(0.0, |b| b.most));
        }
        (sum, most)
    }
}
