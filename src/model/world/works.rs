//! How works begin and end, and the orders they give.

use super::namespaces::Reader;
use super::{Claim, RlWork, Task, Work, World};
use crate::engine::Context;
use crate::fluid::{MeterId, OwnerId};
use crate::model::bulk::{Io, IoParams};
use crate::model::carriage::{Order, Purpose};
use crate::model::event::{CLASS_WORK, Event};
use crate::model::fleet::FleetEffect;
use crate::model::ids::{FleetId, PoolId, SiteId, StorageId, WorkId};
use crate::model::paths::{Access, PACING, Transport, Uses, merged};
use crate::model::storage::Storage;

impl RlWork {
    /// Claims on fleets, each once: colocated generators are the trainer's GPUs.
    pub(super) fn claims(&self) -> Vec<Claim> {
        let own = |c: &&Claim| (c.fleet, c.pool) != (self.trainer.fleet, self.trainer.pool);
        std::iter::once(&self.trainer).chain(self.pools.iter().filter(own)).copied().collect()
    }
}

impl World {
    pub(super) fn start_work(&mut self, ctx: &mut Context<'_, Event>, id: WorkId) {
        match &self.works[id.index()].task {
            Task::Copy(_) => self.start_copy(ctx, id),
            Task::Io(_) => self.start_io(ctx, id),
            Task::Burst(_) => self.burst_due(ctx, id),
            Task::Load(_) => self.start_loader(ctx, id),
            Task::Rl(_) => self.start_rl(ctx, id),
            Task::Trace(_) => self.start_trace(ctx, id),
        }
    }

    fn start_io(&mut self, ctx: &mut Context<'_, Event>, id: WorkId) {
        let now = ctx.now();
        if let Task::Io(io) = &mut self.works[id.index()].task {
            io.began = Some(now);
            for (step, (at, _)) in (0..).zip(&io.steps) {
                ctx.schedule(now.saturating_add(*at), CLASS_WORK, Event::LoadStep(id, step));
            }
        }
        self.begin_pace(ctx, id);
        let Task::Io(Io { params, .. }) = &self.works[id.index()].task else { return };
        let params = *params;
        self.carry_load(ctx, id, params);
        self.ingest_changed(ctx, id, true);
    }

    fn carry_load(&mut self, ctx: &mut Context<'_, Event>, id: WorkId, params: IoParams) {
        let read = params.read_share;
        let access = self.access(id, params.storage, read, 1.0 - read, params.operations);
        let mut access = Access { files: params.files, ..access };
        let protocol = params.protocol.map(|at| &self.storages[params.storage.index()].params.protocols[at]);
        let gateways = protocol.map(|p| p.uses(access.operations + access.files.metadata)).unwrap_or_default();
        let each = protocol.map_or(1.0, |p| p.operations);
        access.operations *= each;
        access.files.metadata *= each;
        let mut order = Order {
            ends: (params.storage_site, params.site),
            reverse: 1.0 - params.read_share,
            base: gateways,
            access: vec![access],
            own_meters: vec![(params.meter, 1.0)],
            bytes: f64::INFINITY,
            pace: params.client_limit,
            slots: Some(params.slots),
            transport: params.transport,
            ..self.order(id, Purpose::Load)
        };
        if let Some(namespace) = params.namespace {
            self.read_namespace(&mut order, &Reader::from(&params), namespace);
        }
        self.read_tier(&mut order, &params);
        let movements = (0..params.clients).map(|_| self.carry(ctx, order.clone())).collect();
        if let Task::Io(io) = &mut self.works[id.index()].task {
            io.movements = movements;
        }
    }

    /// A load goes on to its next step: other clients, another rate, another mix.
    pub(super) fn load_step(&mut self, ctx: &mut Context<'_, Event>, id: WorkId, step: u32) {
        let Task::Io(io) = &mut self.works[id.index()].task else { return };
        let (false, Some(&(_, params))) = (io.ended.is_some(), io.steps.get(step as usize)) else { return };
        io.params = params;
        for movement in std::mem::take(&mut io.movements) {
            self.carriage.cancel(ctx.now(), movement);
        }
        self.carry_load(ctx, id, params);
    }

    fn start_rl(&mut self, ctx: &mut Context<'_, Event>, id: WorkId) {
        let Task::Rl(task) = &self.works[id.index()].task else { return };
        let (claims, trainer, pools) = (task.claims(), task.trainer, task.pools.clone());
        for claim in &claims {
            let mut effects = Vec::new();
            self.fleets[claim.fleet.index()].claim(ctx.now(), claim.pool, claim.units, &mut effects);
            self.fleet_effects(claim.fleet, effects, ctx);
        }
        let gpus = self.gpus_of(&trainer);
        let live: Vec<u64> = pools.iter().map(|c| self.gpus_of(c) / c.engine_gpus).collect();
        if let Task::Rl(task) = &mut self.works[id.index()].task {
            task.rl.start(ctx, &live, gpus);
        }
    }

    fn gpus_of(&self, claim: &Claim) -> u64 {
        self.fleets[claim.fleet.index()].granted_gpus(claim.pool)
    }

    pub(super) fn end_work(&mut self, ctx: &mut Context<'_, Event>, id: WorkId) {
        let now = ctx.now();
        let mut claims = Vec::new();
        match &mut self.works[id.index()].task {
            Task::Copy(_) => self.end_copy(ctx, id),
            Task::Io(io) => {
                io.ended = Some(now);
                for movement in io.movements.drain(..) {
                    self.carriage.cancel(now, movement);
                }
                self.ingest_changed(ctx, id, false);
            }
            Task::Burst(task) => {
                task.burst.end();
                self.carriage.cancel_work(now, id, |_| true);
                self.drop_save(ctx, id);
            }
            Task::Load(task) => {
                task.loader.end(now);
                self.carriage.cancel_work(now, id, |_| true);
            }
            Task::Trace(trace) => {
                trace.end();
                self.carriage.cancel_work(now, id, |_| true);
            }
            Task::Rl(task) => {
                task.rl.stop(ctx);
                claims = task.claims();
                if let Some(relays) = task.relays.as_mut() {
                    (relays.legs, relays.pools) = (Vec::new(), Vec::new());
                }
                self.carriage.cancel_work(now, id, |_| true);
            }
        }
        for claim in claims {
            let mut effects = Vec::new();
            self.fleets[claim.fleet.index()].release(now, claim.pool, ctx, &mut effects);
            self.fleet_effects(claim.fleet, effects, ctx);
        }
    }

    pub(super) fn fleet_event(&mut self, fleet: FleetId, event: Event, ctx: &mut Context<'_, Event>) {
        let mut effects = Vec::new();
        self.fleets[fleet.index()].handle(event, ctx, &mut effects);
        self.fleet_effects(fleet, effects, ctx);
    }

    pub(super) fn fleet_effects(&mut self, fleet: FleetId, effects: Vec<FleetEffect>, ctx: &mut Context<'_, Event>) {
        for effect in effects {
            let (pool, work, failed) = match effect {
                FleetEffect::Lost { pool, work, failed } => (pool, work, failed),
                FleetEffect::Gained { pool, work } | FleetEffect::NoReplacement { pool, work } => (pool, work, false),
            };
            self.pool_changed(fleet, pool, work, failed, ctx);
        }
    }

    /// A pool of a work has changed: the trainer or a group of generators hears of it.
    pub(super) fn pool_changed(
        &mut self,
        fleet: FleetId,
        pool: PoolId,
        work: WorkId,
        failed: bool,
        ctx: &mut Context<'_, Event>,
    ) {
        let Task::Rl(task) = &self.works[work.index()].task else { return };
        let is_trainer = task.trainer.fleet == fleet && task.trainer.pool == pool;
        let found = task.pools.iter().position(|c| c.fleet == fleet && c.pool == pool);
        let claim = found.map_or(task.trainer, |g| task.pools[g]);
        let gpus = self.gpus_of(&claim);
        let settled = self.fleets[fleet.index()].is_settled(pool);
        let mut effects = Vec::new();
        if let Task::Rl(task) = &mut self.works[work.index()].task {
            if let Some(g) = found {
                task.rl.generators_changed(ctx, g as u16, gpus / claim.engine_gpus);
            }
            match is_trainer {
                true if failed => task.rl.trainer_failed(ctx, gpus),
                true => task.rl.trainer_changed(ctx, gpus, settled, &mut effects),
                false => {}
            }
        }
        self.rl_effects(work, effects, ctx);
    }

    /// Fabrics between GPU nodes of two sites (or within one).
    pub(super) fn between_nodes(&self, from: SiteId, to: SiteId) -> Uses {
        vec![(self.sites[from.index()].fabric_out, 1.0), (self.sites[to.index()].fabric_in, 1.0)]
    }

    /// An order on the account of a storage system, for no work, with nothing in it yet.
    pub(super) fn own_order(&self, storage: StorageId) -> Order {
        let owner = self.storages[storage.index()].params.owner;
        let transport = Transport { policy: self.wan.policy(), ..Transport::OPEN };
        Order { work: u16::MAX, transport, ..blank(Purpose::Own, owner, 0) }
    }

    /// An order of a work with nothing in it yet.
    pub(super) fn order(&self, id: WorkId, purpose: Purpose) -> Order {
        let work: &Work = &self.works[id.index()];
        Order { work: id.0, ..blank(purpose, work.owner, work.priority) }
    }
}

fn blank(purpose: Purpose, owner: OwnerId, priority: u8) -> Order {
    Order {
        work: 0,
        purpose,
        owner,
        ends: (SiteId(0), SiteId(0)),
        base: Vec::new(),
        access: Vec::new(),
        outer: Vec::new(),
        copies: 1.0,
        reverse: 0.0,
        far: 1.0,
        own_meters: Vec::new(),
        meters: Vec::new(),
        bytes: 0.0,
        pace: (f64::INFINITY, PACING),
        slots: None,
        priority,
        transport: Transport::OPEN,
    }
}

/// What an order uses besides the WAN, and the meters of its storage systems.
pub(super) fn outer_of(storages: &[Storage], order: &Order) -> (Uses, Vec<(MeterId, f64)>) {
    let mut uses = order.base.clone();
    let mut meters = order.own_meters.clone();
    for access in &order.access {
        let (crossings, counted) = storages[access.storage.index()].uses(access);
        uses.extend(crossings);
        meters.extend(counted);
    }
    for (_, factor) in &mut meters {
        *factor *= order.copies;
    }
    (merged(uses), meters)
}
