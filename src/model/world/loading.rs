//! Data loaders in the world: the flows that feed them, their events, what is measured of them.

use super::measures::{Measure, Measured};
use super::namespaces::Reader;
use super::{Task, World};
use crate::engine::Context;
use crate::fluid::MeterId;
use crate::model::carriage::{Order, Purpose};
use crate::model::event::{CLASS_FLOW, CLASS_MODEL, Event, LoaderEvent};
use crate::model::ids::{NamespaceId, SiteId, StorageId, WorkId};
use crate::model::loader::{Loader, LoaderEffect};
use crate::model::paths::{Access, Files, Slots, Transport, Uses};
use crate::model::storage::StorageParams;
use crate::units::{SimDuration, SimTime};

/// How a data loader reads.
#[derive(Clone, Copy, Debug)]
pub struct FeedParams {
    /// System that holds the samples; the home of the namespace where there is one.
    pub storage: StorageId,
    /// Namespace that is read in place of the system.
    pub namespace: Option<NamespaceId>,
    /// Its site.
    pub storage_site: SiteId,
    /// Site of the accelerators.
    pub site: SiteId,
    /// Payload rate of one accelerator that its share of the client's interface allows, and the named cause.
    pub limit: (f64, u8),
    /// Operations that the readers of one accelerator have outstanding.
    pub slots: Slots,
    /// Operations on data per byte.
    pub operations: f64,
    /// What opening files adds.
    pub files: Files,
    /// Protocol that the clients speak, by its number on the system; none for that of the system itself.
    pub protocol: Option<usize>,
    /// Bytes of one outstanding operation.
    pub size: f64,
    /// Seconds of an operation on data beside its base latency and the round trip.
    pub served: f64,
    /// Meter of its payload bytes.
    pub meter: MeterId,
    /// Transport between sites, for one accelerator.
    pub transport: Transport,
}

/// A data loader with its place in the world.
#[derive(Debug)]
pub struct LoaderWork {
    /// How it reads.
    pub params: FeedParams,
    /// The loader.
    pub loader: Loader,
}

impl FeedParams {
    /// How a payload byte uses the system, and the gateways of its protocol.
    pub(super) fn through(&self, access: Access, system: &StorageParams) -> (Access, Uses) {
        let mut access = Access { files: self.files, ..access };
        let Some(protocol) = self.protocol.map(|at| &system.protocols[at]) else { return (access, Vec::new()) };
        let gateways = protocol.uses(access.operations + access.files.metadata);
        access.operations *= protocol.operations;
        access.files.metadata *= protocol.operations;
        (access, gateways)
    }
}

impl World {
    fn loader(&mut self, id: WorkId) -> Option<&mut LoaderWork> {
        match &mut self.works[id.index()].task {
            Task::Load(task) => Some(task),
            _ => None,
        }
    }

    pub(super) fn start_loader(&mut self, ctx: &mut Context<'_, Event>, id: WorkId) {
        let now = ctx.now();
        let effect = self.loader(id).and_then(|task| task.loader.begin(now));
        self.loader_effects(ctx, id, effect);
    }

    /// The last byte of a round has left its storage system.
    pub(super) fn batch_sent(&mut self, ctx: &mut Context<'_, Event>, id: WorkId) {
        let now = ctx.now();
        let effect = self.loader(id).and_then(|task| task.loader.sent(now));
        self.loader_effects(ctx, id, effect);
    }

    pub(super) fn batch_arrived(&mut self, ctx: &mut Context<'_, Event>, id: WorkId) {
        let now = ctx.now();
        let effect = self.loader(id).and_then(|task| task.loader.arrived(now));
        match effect {
            // With equal samples nobody is later than the mean: no event is needed.
            Some(LoaderEffect::At(at, event)) if at == now => self.loader_event(ctx, id, event),
            effect => self.loader_effects(ctx, id, effect),
        }
    }

    pub(super) fn loader_event(&mut self, ctx: &mut Context<'_, Event>, id: WorkId, event: LoaderEvent) {
        let now = ctx.now();
        let mut effects = Vec::new();
        let Some(task) = self.loader(id) else { return };
        match event {
            LoaderEvent::ReadBegins => self.read_batch(ctx, id),
            LoaderEvent::BatchReady => task.loader.batch_ready(now, &mut effects),
            LoaderEvent::StepDone => task.loader.step_done(now, &mut effects),
        }
        self.loader_effects(ctx, id, effects);
    }

    fn loader_effects(
        &mut self,
        ctx: &mut Context<'_, Event>,
        id: WorkId,
        effects: impl IntoIterator<Item = LoaderEffect>,
    ) {
        for effect in effects {
            match effect {
                LoaderEffect::Read { on_demand: false } => self.read_batch(ctx, id),
                LoaderEffect::Read { on_demand: true } => {
                    let after = self.first_byte(id);
                    let at = ctx.now().saturating_add(after);
                    ctx.schedule(at, CLASS_FLOW, Event::Loader(id, LoaderEvent::ReadBegins));
                }
                LoaderEffect::At(at, event) => ctx.schedule(at, CLASS_MODEL, Event::Loader(id, event)),
            }
        }
    }

    /// Time until the first byte of a batch that nobody has read ahead.
    fn first_byte(&mut self, id: WorkId) -> SimDuration {
        let Some(task) = self.loader(id) else { return SimDuration::ZERO };
        let (p, (latency, trips)) = (task.params, task.loader.params.first_byte);
        let rtt = self.rtt((p.storage_site, p.site), p.transport.policy);
        let (latency, trips) = p.namespace.map_or((latency, trips), |id| {
            let (each, far) = self.first_byte_of(id, p.site);
            (trips * each, trips * far)
        });
        SimDuration::from_secs_f64(latency + trips * rtt)
    }

    fn read_batch(&mut self, ctx: &mut Context<'_, Event>, id: WorkId) {
        let now = ctx.now();
        let Some(task) = self.loader(id) else { return };
        let Some(bytes) = task.loader.begin_round(now) else { return };
        let (p, accelerators) = (task.params, task.loader.params.accelerators);
        let on_demand = task.loader.params.prefetch == 0;
        let access = self.access(id, p.storage, 1.0, 0.0, p.operations);
        let (access, base) = p.through(access, &self.storages[p.storage.index()].params);
        let mut order = Order {
            ends: (p.storage_site, p.site),
            base,
            access: vec![access],
            own_meters: vec![(p.meter, 1.0)],
            copies: accelerators as f64,
            bytes,
            pace: p.limit,
            slots: Some(p.slots),
            transport: p.transport,
            ..self.order(id, Purpose::Batch)
        };
        // A batch keeps the hit ratio that it begins with.
        if let Some(namespace) = p.namespace {
            // Caches open files as they read them.
            let (site, operations, size) = (p.site, p.operations + p.files.metadata, p.size);
            let reader = Reader { site, read_share: 1.0, operations, size, slots: p.slots, meter: p.meter };
            self.read_namespace(&mut order, &reader, namespace);
        }
        if on_demand {
            // What the readers spend before the first byte has passed already, and is part of their operations.
            let first = self.first_byte(id).as_secs_f64();
            order.slots = order.slots.map(|s| Slots { latency: s.latency - first * s.bytes / bytes, ..s });
        }
        self.carry(ctx, order);
    }

    pub(super) fn measure_loader(&mut self, now: SimTime, index: usize, name: &str, out: &mut Measured) {
        let Some(task) = self.loader(WorkId::new(index)) else { return };
        let stats = task.loader.stats(now);
        let (meter, operations) = (task.params.meter, task.params.operations);
        let accelerators = task.loader.params.accelerators;
        let total = self.since_cut(now, meter).total;
        let mut put = |measure: &str, value: Measure| out.kpis.push((format!("io.{name}.{measure}"), value));
        let none = |why: &str| Measure::None(why.to_owned());
        let first = "no step was over after the first in the measured part";
        let (used, stalled) = stats.shares.map_or_else(
            || (none(first), none(first)),
            |(used, stalled)| (Measure::Value(used), Measure::Value(stalled)),
        );
        put("accelerator_utilisation", used);
        put("data_stall", stalled);
        let idle_hours = stats.shares.map(|(_, stalled)| stalled * accelerators as f64 * stats.ran / 3600.0);
        put("idle_gpu_hours", idle_hours.map_or_else(|| none(first), Measure::Value));
        let idle = "the loader did not run in the measured part";
        put("samples_rate", stats.samples_rate.map_or_else(|| none(idle), Measure::Value));
        let rate = (stats.ran > 0.0).then(|| total / stats.ran);
        put("rate", rate.map_or_else(|| none(idle), Measure::Value));
        put("ops_rate", rate.map_or_else(|| none(idle), |rate| Measure::Value(rate * operations)));
        put("operation_time", none("a data loader does not keep its queue full"));
    }
}
