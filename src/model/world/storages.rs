//! What storage systems do by themselves: migration, space, losses, rebuilds, scrubs.

use std::collections::{BTreeMap, VecDeque};

use super::works::outer_of;
use super::{Task, World};
use crate::engine::Context;
use crate::fluid::{FlowSpec, MeterId, ResourceId};
use crate::model::event::{CLASS_FAULT, Event};
use crate::model::ids::{MovementId, StorageId, WorkId};
use crate::model::paths::{Access, PACING};
use crate::model::storage::Storage;
use crate::model::storage::buffer::{BufferEffect, Sides};
use crate::model::storage::protection::ProtectionEffect;
use crate::model::storage::space::{SpaceEffect, WHOLE, account_of};
use crate::units::SimTime;

/// Flows of a system's own carry no movement: their tags lie above those of movements, whose slots never get so far.
const OWN: u64 = u64::MAX;
/// Rebuild n of system s has this tag minus s · 2³² minus n.
const REBUILD: u64 = OWN - 1;

/// The system whose rebuild a flow with this tag is, and which of them.
pub(super) fn rebuild_of(tag: u64) -> Option<(StorageId, u32)> {
    let index = REBUILD.checked_sub(tag)?;
    u16::try_from(index >> 32).ok().map(|system| (StorageId(system), index as u32))
}

/// Meters whose rates move a level of a system: of its write buffer, or of what lies on it.
pub(super) fn level_meters(storages: &[Storage]) -> BTreeMap<MeterId, StorageId> {
    let of = |(s, storage): (usize, &Storage)| {
        let m = storage.params.meters;
        let space = storage.space.meters().chain(storage.space.moved_meters()).map(|(meter, _)| meter);
        space.chain([m.ingest, m.migration]).map(|meter| (meter, StorageId::new(s))).collect::<Vec<_>>()
    };
    storages.iter().enumerate().flat_map(of).collect()
}

impl World {
    pub(super) fn begin_storage(&mut self, ctx: &mut Context<'_, Event>, id: StorageId) {
        if let Some(protection) = self.storages[id.index()].protection.as_mut() {
            protection.begin(ctx);
        }
        self.refresh_space(ctx, id);
    }

    /// Lets a buffer react to the present rates and schedules its next mark.
    pub(super) fn refresh_buffer(&mut self, ctx: &mut Context<'_, Event>, id: StorageId) {
        let now = ctx.now();
        loop {
            let sides = self.buffer_sides(now, id);
            let Some(buffer) = self.storages[id.index()].buffer.as_mut() else { return };
            match buffer.update(sides) {
                Some(BufferEffect::Couple(_) | BufferEffect::Steady(_)) => {
                    self.reuse(now, id, |access| access.write > 0.0);
                    if !self.storages[id.index()].lanes.is_empty() {
                        self.carriage.renew_claims();
                    }
                }
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
            |course| wan.route(course),
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

    // ---- space -------------------------------------------------------------------------------------------------

    /// Lets the space of a system react to the present rates and schedules its next mark.
    pub(super) fn refresh_space(&mut self, ctx: &mut Context<'_, Event>, id: StorageId) {
        let now = ctx.now();
        while let Some(effect) = self.update_space(now, id) {
            self.ingests(now, id, effect);
        }
        self.scrub(now, id);
        self.tier(ctx, id);
        if let Some(key) = self.space_due[id.index()].take() {
            ctx.cancel(key);
        }
        let due = self.storages[id.index()].space.next_due();
        self.space_due[id.index()] =
            due.filter(|&t| t < SimTime::MAX).map(|t| ctx.schedule_keyed(t, CLASS_FAULT, Event::SpaceDue(id)));
    }

    fn update_space(&mut self, now: SimTime, id: StorageId) -> Option<SpaceEffect> {
        let (storage, sharing) = (&mut self.storages[id.index()], &mut self.carriage.sharing);
        storage.space.update(now, |meter| {
            let reading = sharing.meter(now.as_nanos(), meter);
            (reading.total, reading.rate)
        })
    }

    /// Takes or refuses the loads that ingest into an account of a system.
    fn ingests(&mut self, now: SimTime, id: StorageId, effect: SpaceEffect) {
        let (account, open) = match effect {
            SpaceEffect::Close(account) => (account, false),
            SpaceEffect::Open(account) => (account, true),
        };
        for (work, from) in self.storages[id.index()].space.sources(account) {
            // Another account may still refuse it.
            if open && self.storages[id.index()].space.refuses(work, from) {
                continue;
            }
            if open && from.is_none() && self.copy_refuses(work) {
                continue;
            }
            for movement in self.movements_of(id, work, from) {
                if !open {
                    self.carriage.refuse(now, movement);
                    continue;
                }
                let Some(course) = self.carriage.course(movement) else { continue };
                let (route, connected) = self.route(course);
                self.carriage.accept(now, movement, route.as_ref(), connected);
            }
        }
    }

    /// Movements of a load that ingests on a system, or of what of it moves or is copied there from another.
    fn movements_of(&self, id: StorageId, work: WorkId, from: Option<StorageId>) -> Vec<MovementId> {
        match (from, &self.works[work.index()].task) {
            (Some(from), _) if self.storages[from.index()].tier.is_some_and(|tier| tier.to == id) => {
                self.tiers.get(&(from, work)).copied().into_iter().collect()
            }
            (Some(from), _) => self.copies_of(id, work, from),
            (None, Task::Io(io)) => io.movements.clone(),
            _ => Vec::new(),
        }
    }

    /// Accounts of the tenant and the view of a work on a system.
    pub(super) fn accounts(&self, work: WorkId, storage: StorageId) -> Vec<usize> {
        let lanes = &self.works[work.index()].lanes;
        let own = lanes.iter().find(|(of, _)| *of == storage).map(|(_, lanes)| [lanes.tenant, lanes.view]);
        own.into_iter().flatten().flatten().map(account_of).collect()
    }

    /// A load has begun or ended: a closed system refuses it from the start, or counts no further.
    pub(super) fn ingest_changed(&mut self, ctx: &mut Context<'_, Event>, id: WorkId, runs: bool) {
        let Task::Io(io) = &self.works[id.index()].task else { return };
        if !io.params.ingest {
            return;
        }
        let storage = io.params.storage;
        // What was offered until now is counted before that changes.
        self.refresh_space(ctx, storage);
        let Task::Io(io) = &self.works[id.index()].task else { return };
        let pace = io.pace_in_all().filter(|_| runs);
        let space = &mut self.storages[storage.index()].space;
        space.offers(id, pace);
        let refused = space.refuses(id, None) || self.copy_refuses(id);
        if runs && refused {
            for movement in self.movements_of(storage, id, None) {
                self.carriage.refuse(ctx.now(), movement);
            }
        }
    }

    pub(super) fn half_time(&mut self, ctx: &mut Context<'_, Event>) {
        for s in 0..self.storages.len() {
            self.refresh_space(ctx, StorageId::new(s));
            self.storages[s].space.half_time();
        }
        self.replicas_at_half(ctx.now());
    }

    /// Brings the space of a system up to the end of the run.
    pub(super) fn settle_space(&mut self, now: SimTime, id: StorageId) {
        self.update_space(now, id);
    }

    // ---- protection --------------------------------------------------------------------------------------------

    pub(super) fn protection_event(&mut self, ctx: &mut Context<'_, Event>, id: StorageId, event: Event) {
        let storage = &mut self.storages[id.index()];
        let held = storage.space.used(WHOLE);
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
    pub(super) fn rebuilt(&mut self, now: SimTime, (id, number): (StorageId, u32)) {
        self.rebuilds[id.index()].remove(&number);
        let mut effects = Vec::new();
        if let Some(protection) = self.storages[id.index()].protection.as_mut() {
            protection.rebuilt(now, number, &mut effects);
        }
        self.protection_effects(now, id, effects);
    }

    fn protection_effects(&mut self, now: SimTime, id: StorageId, effects: Vec<ProtectionEffect>) {
        let mut open = VecDeque::from(effects);
        while let Some(effect) = open.pop_front() {
            match effect {
                ProtectionEffect::Hardware => self.follow_hardware(now, id),
                ProtectionEffect::Content => self.reuse(now, id, |access| access.read > 0.0),
                ProtectionEffect::Rebuild(number, bytes) if bytes > 0.0 => {
                    self.start_rebuild(now, id, number, bytes);
                }
                ProtectionEffect::Rebuild(number, _) => {
                    // A part that held nothing is whole again at once.
                    let mut more = Vec::new();
                    if let Some(protection) = self.storages[id.index()].protection.as_mut() {
                        protection.rebuilt(now, number, &mut more);
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
        if !storage.lanes.is_empty() {
            self.carriage.renew_claims();
        }
        for &(resource, whole, is_media) in &storage.params.parts {
            let capacity = whole * if is_media { media } else { nodes };
            self.carriage.sharing.set_capacity(now.as_nanos(), resource, capacity);
        }
        let pace = self.rebuild_pace(id);
        for &key in self.rebuilds[id.index()].values() {
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

    /// The same of a system in perfect health, whatever is out of service now.
    pub(super) fn planned_rebuild_pace(&self, id: StorageId) -> f64 {
        let params = &self.storages[id.index()].params;
        let Some(protection) = self.storages[id.index()].protection.as_ref() else { return 0.0 };
        let whole = |resource: ResourceId| {
            let part = params.parts.iter().find(|(of, ..)| *of == resource);
            part.map_or_else(|| self.carriage.sharing.capacity(resource), |&(_, whole, _)| whole)
        };
        let p = &protection.params;
        p.pace * p.rebuild.iter().map(|&(r, a)| whole(r) / a).fold(f64::INFINITY, f64::min)
    }

    fn start_rebuild(&mut self, now: SimTime, id: StorageId, number: u32, bytes: f64) {
        let cap = self.rebuild_pace(id);
        let params = &self.storages[id.index()].params;
        let Some(protection) = self.storages[id.index()].protection.as_ref() else { return };
        let spec = FlowSpec {
            cap,
            cap_cause: PACING,
            priority: protection.params.priority,
            meters: &[(params.meters.rebuild, 1.0)],
            tag: REBUILD - ((id.index() as u64) << 32 | u64::from(number)),
            ..FlowSpec::new(params.owner, &protection.params.rebuild, bytes)
        };
        let key = self.carriage.sharing.start(now.as_nanos(), &spec);
        self.rebuilds[id.index()].insert(number, key);
    }

    /// More or fewer bytes are held: the scrub follows.
    fn scrub(&mut self, now: SimTime, id: StorageId) {
        let storage = &self.storages[id.index()];
        let Some(protection) = storage.protection.as_ref() else { return };
        let rate = protection.scrub_rate(storage.space.used(WHOLE));
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
