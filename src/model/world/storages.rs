//! What storage systems do by themselves: migration, losses, rebuilds, scrubs.

use std::collections::VecDeque;

use super::{World, outer_of};
use crate::engine::Context;
use crate::fluid::FlowSpec;
use crate::model::event::{CLASS_FAULT, Event};
use crate::model::ids::StorageId;
use crate::model::paths::{Access, PACING};
use crate::model::storage::buffer::{BufferEffect, Sides};
use crate::model::storage::protection::ProtectionEffect;
use crate::units::SimTime;

/// Flows of a system's own carry no movement: their tags lie above those of movements, whose slots never get so far.
const OWN: u64 = u64::MAX;
/// The rebuild of system s has this tag minus s.
const REBUILD: u64 = OWN - 1;

/// The system whose rebuild a flow with this tag is.
pub(super) fn rebuild_of(tag: u64) -> Option<StorageId> {
    let index = REBUILD.checked_sub(tag)?;
    u16::try_from(index).ok().map(StorageId)
}

impl World {
    pub(super) fn begin_storage(&mut self, ctx: &mut Context<'_, Event>, id: StorageId) {
        if let Some(protection) = self.storages[id.index()].protection.as_mut() {
            protection.begin(ctx);
        }
        self.used_changed(ctx.now(), id);
    }

    /// Lets a buffer react to the present rates and schedules its next mark.
    pub(super) fn refresh_buffer(&mut self, ctx: &mut Context<'_, Event>, id: StorageId) {
        let now = ctx.now();
        loop {
            let sides = self.buffer_sides(now, id);
            let Some(buffer) = self.storages[id.index()].buffer.as_mut() else { return };
            match buffer.update(sides) {
                Some(BufferEffect::Couple(_)) => self.reuse(now, id, |access| access.write > 0.0),
                Some(BufferEffect::Migrate(on)) => self.migrate(now, id, on),
                None => break,
            }
        }
        let sides = self.buffer_sides(now, id);
        let mark = self.storages[id.index()].buffer.as_ref().and_then(|b| b.next_mark(now, sides));
        if let Some(key) = self.buffer_due[id.index()].take() {
            ctx.cancel(key);
        }
        self.buffer_due[id.index()] =
            mark.filter(|&t| t < SimTime::MAX).map(|t| ctx.schedule_keyed(t, CLASS_FAULT, Event::BufferDue(id)));
    }

    fn buffer_sides(&mut self, now: SimTime, id: StorageId) -> Sides {
        let meters = self.storages[id.index()].params.meters;
        let ingest = self.carriage.sharing.meter(now.as_nanos(), meters.ingest);
        let migration = self.carriage.sharing.meter(now.as_nanos(), meters.migration);
        Sides {
            ingest_total: ingest.total,
            ingest_rate: ingest.rate,
            migration_total: migration.total,
            migration_rate: migration.rate,
        }
    }

    /// The accesses to a system that `select` names take on its present crossings.
    fn reuse(&mut self, now: SimTime, id: StorageId, select: impl Fn(&Access) -> bool) {
        let (storages, wan) = (&self.storages, &mut self.wan);
        self.carriage.change_outer(
            now,
            |order| {
                let touched = order.access.iter().any(|a| a.storage == id && select(a));
                touched.then(|| outer_of(storages, order))
            },
            |ends| wan.route(ends.0, ends.1),
        );
    }

    /// Starts or stops background migration, at a priority below every work.
    fn migrate(&mut self, now: SimTime, id: StorageId, on: bool) {
        let params = &self.storages[id.index()].params;
        let slot = &mut self.migrations[id.index()];
        if let Some(key) = slot.take() {
            self.carriage.sharing.cancel(now.as_nanos(), key);
        }
        if on {
            let spec = FlowSpec {
                owner: params.owner,
                uses: &params.migration,
                weight: 1.0,
                cap: f64::INFINITY,
                cap_cause: PACING,
                priority: 0,
                reserve: 0.0,
                meters: &[(params.meters.migration, 1.0)],
                bytes: f64::INFINITY,
                tag: u64::MAX,
            };
            *slot = Some(self.carriage.sharing.start(now.as_nanos(), &spec));
        }
    }

    // ---- protection --------------------------------------------------------------------------------------------

    pub(super) fn protection_event(&mut self, ctx: &mut Context<'_, Event>, id: StorageId, event: Event) {
        let storage = &mut self.storages[id.index()];
        let held = storage.used;
        let Some(protection) = storage.protection.as_mut() else { return };
        let mut effects = Vec::new();
        match event {
            Event::RebuildReady(_, number) => protection.ready(number, &mut effects),
            Event::PartReplaced(_, node) => protection.replaced(node, &mut effects),
            _ => protection.candidate(ctx, held, &mut effects),
        }
        self.protection_effects(ctx.now(), id, effects);
    }

    /// The last byte of a rebuild is on media.
    pub(super) fn rebuilt(&mut self, now: SimTime, id: StorageId) {
        self.rebuilds[id.index()] = None;
        let mut effects = Vec::new();
        if let Some(protection) = self.storages[id.index()].protection.as_mut() {
            protection.rebuilt(now, &mut effects);
        }
        self.protection_effects(now, id, effects);
    }

    fn protection_effects(&mut self, now: SimTime, id: StorageId, effects: Vec<ProtectionEffect>) {
        let mut open = VecDeque::from(effects);
        while let Some(effect) = open.pop_front() {
            match effect {
                ProtectionEffect::Hardware => self.follow_hardware(now, id),
                ProtectionEffect::Content => self.reuse(now, id, |access| access.read > 0.0),
                ProtectionEffect::Rebuild(bytes) if bytes > 0.0 => self.start_rebuild(now, id, bytes),
                ProtectionEffect::Rebuild(_) => {
                    // A part that held nothing is whole again at once.
                    let mut more = Vec::new();
                    if let Some(protection) = self.storages[id.index()].protection.as_mut() {
                        protection.rebuilt(now, &mut more);
                    }
                    open.extend(more);
                }
            }
        }
    }

    /// Capacities follow what is in service, and the pace of a rebuild follows them.
    fn follow_hardware(&mut self, now: SimTime, id: StorageId) {
        let storage = &self.storages[id.index()];
        let Some(protection) = storage.protection.as_ref() else { return };
        let (nodes, media) = protection.in_service();
        for &(resource, whole, is_media) in &storage.params.parts {
            let capacity = whole * if is_media { media } else { nodes };
            self.carriage.sharing.set_capacity(now.as_nanos(), resource, capacity);
        }
        if let Some(key) = self.rebuilds[id.index()] {
            let pace = self.rebuild_pace(id);
            self.carriage.sharing.set_cap(now.as_nanos(), key, pace, PACING);
        }
    }

    /// Media bytes per second that a rebuild may take of what is in service now.
    pub(super) fn rebuild_pace(&self, id: StorageId) -> f64 {
        let Some(protection) = self.storages[id.index()].protection.as_ref() else { return 0.0 };
        let p = &protection.params;
        let alone = p.rebuild.iter().map(|&(r, a)| self.carriage.sharing.capacity(r) / a).fold(f64::INFINITY, f64::min);
        p.pace * alone
    }

    fn start_rebuild(&mut self, now: SimTime, id: StorageId, bytes: f64) {
        let cap = self.rebuild_pace(id);
        let params = &self.storages[id.index()].params;
        let Some(protection) = self.storages[id.index()].protection.as_ref() else { return };
        let spec = FlowSpec {
            cap,
            cap_cause: PACING,
            priority: protection.params.priority,
            meters: &[(params.meters.rebuild, 1.0)],
            tag: REBUILD - id.index() as u64,
            ..FlowSpec::new(params.owner, &protection.params.rebuild, bytes)
        };
        self.rebuilds[id.index()] = Some(self.carriage.sharing.start(now.as_nanos(), &spec));
    }

    /// More or fewer bytes are held: the scrub follows.
    pub(super) fn used_changed(&mut self, now: SimTime, id: StorageId) {
        let storage = &self.storages[id.index()];
        let Some(protection) = storage.protection.as_ref() else { return };
        let rate = protection.scrub_rate(storage.used);
        match (rate, self.scrubs[id.index()]) {
            (Some(cap), Some(key)) => self.carriage.sharing.set_cap(now.as_nanos(), key, cap, PACING),
            (Some(cap), None) => {
                let spec = FlowSpec {
                    cap,
                    cap_cause: PACING,
                    meters: &[(storage.params.meters.scrub, 1.0)],
                    tag: OWN,
                    ..FlowSpec::new(storage.params.owner, &protection.params.scrub, f64::INFINITY)
                };
                self.scrubs[id.index()] = Some(self.carriage.sharing.start(now.as_nanos(), &spec));
            }
            (None, Some(key)) => {
                self.carriage.sharing.cancel(now.as_nanos(), key);
                self.scrubs[id.index()] = None;
            }
            (None, None) => {}
        }
    }
}
