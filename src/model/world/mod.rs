//! The wiring point: what one component tells another is written here and nowhere else.
//!
//! Components hand back effects; [`World`] routes them. After every event that touched a flow, `World::settle`
//! takes finished flows, lets write buffers react to new rates, and puts the next completion into the calendar.
//!
//! As long as a file may be, on purpose: the coupling of the simulator is to be read in one place. What works
//! order, RL loops among them, what storage systems do by themselves, what is measured and the time series have files of their own.

mod audit;
mod bursts;
mod copies;
mod demands;
mod dirty;
mod economics_measures;
mod lanes;
mod latency;
mod legs;
mod loading;
mod loop_measures;
mod loops;
mod measures;
mod movements;
mod namespaces;
mod paces;
mod publishes;
mod relays;
mod replicas;
mod series;
mod split;
mod state;
mod storage_measures;
mod storages;
mod tallies;
mod tiers;
mod traces;
mod turn_measures;
mod wan_events;
mod ways;
mod works;

use std::collections::{BTreeMap, VecDeque};

use super::bulk::Io;
use super::carriage::{Carriage, Done, Purpose};
use super::copies::Copy;
use super::demand::Demand;
use super::event::{CLASS_FLOW, CLASS_MEASURE, CLASS_WORK, Event};
use super::fleet::Fleet;
use super::ids::{FleetId, MovementId, NamespaceId, PoolId, SiteId, StorageId, WorkId};
use super::namespace::Namespace;
use super::paths::{Lanes, StoragePath, Transport};
use super::recorder::Recorder;
use super::rl::Rl;
use super::storage::Storage;
use super::storage::buffer::Buffer;
use super::trace::Trace;
use super::wan::Wan;
use crate::engine::{Context, Key, Model};
use crate::fluid::{Finished, FlowKey, MeterId, OwnerId, ResourceId};
use crate::units::SimTime;

use namespaces::Part;

pub use bursts::BurstWork;
pub use loading::{FeedParams, LoaderWork};

pub use measures::{Measure, Measured};
pub use relays::Relays;
pub use series::bin_width;
pub use split::ByWay;

/// Resources of a site.
#[derive(Clone, Debug)]
pub struct SitePart {
    /// Name.
    pub name: String,
    /// Front-end fabric from GPU nodes to the core.
    pub fabric_out: ResourceId,
    /// Front-end fabric from the core to GPU nodes.
    pub fabric_in: ResourceId,
}

/// A claim of a work on a fleet.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// Fleet.
    pub fleet: FleetId,
    /// Its site.
    pub site: SiteId,
    /// Pool in the fleet.
    pub pool: PoolId,
    /// Units wanted.
    pub units: u64,
    /// GPUs of one engine; 1 for a trainer.
    pub engine_gpus: u64,
}

/// An RL loop with its place in the world.
#[derive(Debug)]
pub struct RlWork {
    /// The loop.
    pub rl: Rl,
    /// Trainer.
    pub trainer: Claim,
    /// Generator pools.
    pub pools: Vec<Claim>,
    /// Network interfaces of the GPUs that send weights.
    pub senders: ResourceId,
    /// Network interfaces of all nodes of the trainer, out and in: checkpoints pass them.
    pub trainer_nics: [ResourceId; 2],
    /// The publish under way where sites hand weights to one another.
    pub relays: Option<Relays>,
    /// Rate of the way inside the site of each pool, which the transfer cannot outrun; infinite where everybody fetches a copy.
    pub inner_rates: Vec<f64>,
    /// Payload bytes per second that one who fetches a copy can take.
    pub receivers: Vec<f64>,
    /// Sender-receiver pairs that carry one copy, and the nodes that upload to the store.
    pub flows: [f64; 2],
    /// The object store that weights go through.
    pub store: Option<StoragePath>,
    /// Bytes of the full weights and the deltas since that are in it.
    pub stored: f64,
    /// Where checkpoints go.
    pub checkpoint: Option<StoragePath>,
    /// How many checkpoints are kept.
    pub checkpoint_keep: usize,
    /// Bytes of those that are.
    pub checkpoints: VecDeque<f64>,
    /// Transport between sites.
    pub transport: Transport,
}

/// What a work does.
#[derive(Debug)]
pub enum Task {
    /// Copy between storage systems.
    Copy(Copy),
    /// Storage load.
    Io(Io),
    /// Bursts of checkpoints.
    Burst(Box<BurstWork>),
    /// Data loader on a storage system.
    Load(Box<LoaderWork>),
    /// RL loop.
    Rl(Box<RlWork>),
    /// Transfers of a trace.
    Trace(Box<Trace>),
}

/// A work in the world.
#[derive(Debug)]
pub struct Work {
    /// Name.
    pub name: String,
    /// Account of its causes.
    pub owner: OwnerId,
    /// Whose it is on shared storage systems.
    pub lanes: Vec<(StorageId, Lanes)>,
    /// Priority of its flows in fair sharing.
    pub priority: u8,
    /// Start.
    pub starts: SimTime,
    /// End; none for a work that goes on at the horizon: it is cut by nothing but the end of the run.
    pub ends: Option<SimTime>,
    /// What it does.
    pub task: Task,
}

/// Everything the world is made of.
#[derive(Debug)]
pub struct Parts {
    /// Names of resources.
    pub names: Vec<String>,
    /// Movements and fair sharing.
    pub carriage: Carriage,
    /// Sites.
    pub sites: Vec<SitePart>,
    /// WAN.
    pub wan: Wan,
    /// Fleets.
    pub fleets: Vec<Fleet>,
    /// Storage systems with their sites.
    pub storages: Vec<Storage>,
    /// Namespaces.
    pub namespaces: Vec<Namespace>,
    /// What each of their caches has acknowledged ahead of home.
    pub dirty: Vec<Vec<Option<Buffer>>>,
    /// Standing demand.
    pub demands: Vec<Demand>,
    /// Works.
    pub works: Vec<Work>,
    /// Static measures that assembly derives from the plan.
    pub fixed: Vec<(String, f64)>,
    /// Start of the measured part.
    pub warmup: SimTime,
    /// Middle of the measured part.
    pub half: SimTime,
    /// Width of the bins of time series.
    pub bin: crate::units::SimDuration,
}

/// The world.
#[derive(Debug)]
pub struct World {
    names: Vec<String>,
    pub(super) carriage: Carriage,
    sites: Vec<SitePart>,
    pub(super) wan: Wan,
    pub(super) fleets: Vec<Fleet>,
    pub(super) storages: Vec<Storage>,
    namespaces: Vec<Namespace>,
    dirty: Vec<Vec<Option<Buffer>>>,
    demands: Vec<Demand>,
    pub(super) works: Vec<Work>,
    fixed: Vec<(String, f64)>,
    warmup: SimTime,
    half: SimTime,
    due: Option<(SimTime, Key)>,
    buffer_due: Vec<Option<Key>>,
    space_due: Vec<Option<Key>>,
    migrations: Vec<Option<FlowKey>>,
    tiers: BTreeMap<(StorageId, WorkId), MovementId>,
    rebuilds: Vec<BTreeMap<u32, FlowKey>>,
    relays: BTreeMap<WorkId, Option<(SimTime, Key)>>,
    scrubs: Vec<Option<FlowKey>>,
    level_meters: BTreeMap<MeterId, StorageId>,
    cache_meters: BTreeMap<MeterId, (NamespaceId, Part)>,
    timed: Vec<(WorkId, StorageId)>,
    baseline: measures::Baseline,
    limits: Vec<(String, Measure)>,
    recorder: Recorder,
    finished: Vec<Finished>,
    changed: Vec<MeterId>,
}

impl World {
    /// A world at time zero.
    pub fn new(parts: Parts) -> Self {
        let count = parts.storages.len();
        let level_meters = storages::level_meters(&parts.storages);
        let cache_meters = namespaces::cache_meters(&parts.namespaces);
        let timed = latency::timed(&parts.works);
        let mut world = World {
            names: parts.names,
            carriage: parts.carriage,
            sites: parts.sites,
            wan: parts.wan,
            fleets: parts.fleets,
            storages: parts.storages,
            namespaces: parts.namespaces,
            dirty: parts.dirty,
            demands: parts.demands,
            works: parts.works,
            fixed: parts.fixed,
            warmup: parts.warmup,
            half: parts.half,
            due: None,
            buffer_due: vec![None; count],
            space_due: vec![None; count],
            migrations: vec![None; count],
            tiers: BTreeMap::new(),
            rebuilds: vec![BTreeMap::new(); count],
            relays: BTreeMap::new(),
            scrubs: vec![None; count],
            level_meters,
            cache_meters,
            timed,
            baseline: measures::Baseline::default(),
            limits: Vec::new(),
            recorder: Recorder::new(parts.bin),
            finished: Vec::new(),
            changed: Vec::new(),
        };
        world.start_recorder();
        world.engineer(SimTime::ZERO);
        world.limits = world.limits_of_ways();
        world.watch_pairs();
        world
    }

    /// Schedules everything that happens by itself.
    pub fn begin(&mut self, ctx: &mut Context<'_, Event>) {
        ctx.schedule(self.warmup, CLASS_MEASURE, Event::Warmup);
        ctx.schedule(self.half, CLASS_MEASURE, Event::HalfTime);
        self.wan.begin(ctx);
        for fleet in &mut self.fleets {
            fleet.begin(ctx);
        }
        for s in 0..self.storages.len() {
            self.begin_storage(ctx, StorageId::new(s));
        }
        self.begin_namespaces(ctx);
        self.begin_demands(ctx);
        for (w, work) in self.works.iter().enumerate() {
            ctx.schedule(work.starts, CLASS_WORK, Event::WorkStart(WorkId::new(w)));
            if let Some(ends) = work.ends {
                ctx.schedule(ends, CLASS_WORK, Event::WorkEnd(WorkId::new(w)));
            }
        }
    }

    /// Finished flows, buffers that react, and the next completion. Loops until nothing changes: every turn either
    /// ends a flow or moves a buffer past one of its marks, which lie apart.
    fn settle(&mut self, ctx: &mut Context<'_, Event>) {
        let now = ctx.now();
        self.await_recovery(ctx);
        loop {
            self.catch_up(now);
            self.carriage.sharing.take_finished(&mut self.finished);
            let mut finished = std::mem::take(&mut self.finished);
            let (mut rebuilt, mut fed) = (false, Vec::new());
            for flow in finished.drain(..) {
                if let Some(storage) = storages::rebuild_of(flow.tag) {
                    self.rebuilt(now, storage);
                    rebuilt = true;
                } else if let Some((id, arrives)) = self.carriage.sent(now, flow.tag, flow.top_cause) {
                    ctx.schedule(arrives, CLASS_FLOW, Event::MovementArrive(id));
                    fed.extend(self.carriage.batch_of(id));
                }
            }
            self.finished = finished;
            for work in fed {
                self.batch_sent(ctx, work);
            }
            self.split_claims(now);
            self.settle_rates(ctx);
            let next = self.carriage.sharing.next_finish();
            self.carriage.sharing.take_changed_meters(&mut self.changed);
            let caches = self.caches_of(&self.changed);
            let mut storages: Vec<StorageId> =
                self.changed.drain(..).filter_map(|m| self.level_meters.get(&m).copied()).collect();
            storages.sort_unstable();
            storages.dedup();
            if storages.is_empty() && caches.is_empty() && !rebuilt {
                self.judge_lanes(now);
                self.watch_operations(now);
                self.schedule_next(ctx, next.map(SimTime::from_nanos));
                return;
            }
            for storage in storages {
                self.refresh_buffer(ctx, storage);
                self.refresh_space(ctx, storage);
            }
            for (namespace, part) in caches {
                self.refresh_part(ctx, namespace, part);
            }
        }
    }

    fn schedule_next(&mut self, ctx: &mut Context<'_, Event>, next: Option<SimTime>) {
        let next = next.map(|t| t.max(ctx.now()));
        if self.due.map(|(t, _)| t) == next {
            return;
        }
        if let Some((_, key)) = self.due.take() {
            ctx.cancel(key);
        }
        self.due = next.map(|t| (t, ctx.schedule_keyed(t, CLASS_FLOW, Event::FlowDue)));
    }

    /// A movement is over: tell the work it belongs to.
    fn arrived(&mut self, ctx: &mut Context<'_, Event>, done: Done) {
        let now = ctx.now();
        let id = WorkId(done.work);
        match (&mut self.works[id.index()].task, done.purpose) {
            (Task::Copy(copy), Purpose::Copy { leg }) => copy.arrived(now, usize::from(leg)),
            (Task::Trace(_), Purpose::Flow { alone, .. }) => self.transfer_arrived(now, id, &done, alone),
            (Task::Burst(_), Purpose::Burst) => self.burst_arrived(ctx, id),
            (Task::Load(_), Purpose::Batch) => self.batch_arrived(ctx, id),
            (Task::Rl(task), Purpose::Shipment { number, .. }) => task.rl.shipment_arrived(ctx, number),
            (Task::Rl(task), Purpose::Publish { pool }) => task.rl.weights_arrived(ctx, pool),
            (Task::Rl(task), Purpose::Relay { leg }) => task.leg_arrived(ctx, usize::from(leg)),
            (Task::Rl(_), Purpose::Upload { full }) => self.upload_arrived(ctx, id, &done, full),
            (Task::Rl(_), Purpose::CheckpointWrite) => self.checkpoint_arrived(ctx, id, &done),
            (Task::Rl(task), Purpose::CheckpointRead) => task.rl.checkpoint_read(ctx),
            _ => {}
        }
    }
}

impl Model for World {
    type Event = Event;

    fn handle(&mut self, event: Event, ctx: &mut Context<'_, Event>) {
        let now = ctx.now();
        match event {
            Event::Warmup => self.cut_statistics(now),
            Event::FlowDue => {
                self.due = None;
                self.carriage.sharing.advance(now.as_nanos());
            }
            Event::BufferDue(id) => {
                self.buffer_due[id.index()] = None;
                self.refresh_buffer(ctx, id);
            }
            Event::StorageLoss(id) | Event::RebuildReady(id, _) | Event::PartReplaced(id, _) => {
                self.protection_event(ctx, id, event);
            }
            Event::SpaceDue(id) => {
                self.space_due[id.index()] = None;
                self.refresh_space(ctx, id);
            }
            Event::SpaceFreed(id, work, bytes) => {
                let accounts = self.accounts(work, id);
                self.storages[id.index()].space.release(bytes, &accounts);
                self.refresh_space(ctx, id);
            }
            Event::CacheDue(id, cache) => {
                self.namespaces[id.index()].caches[usize::from(cache)].due = None;
                self.refresh_cache(ctx, id, cache);
            }
            Event::DirtyDue(id, cache) => {
                self.namespaces[id.index()].caches[usize::from(cache)].dirty_due = None;
                self.refresh_dirty(ctx, id, cache);
            }
            Event::ReplicaDue(id) => self.refresh_replicas(ctx, id),
            Event::NamespacePublish(id) => self.publish_namespace(ctx, id),
            Event::HalfTime => self.half_time(ctx),
            Event::DemandDue(id) => self.demand_due(ctx, id),
            Event::WorkStart(id) => self.start_work(ctx, id),
            Event::WorkEnd(id) => self.end_work(ctx, id),
            Event::MovementStart(id) => self.movement_starts(ctx, id),
            Event::RoundTrip(id) => self.round_trip_over(ctx, id),
            Event::MovementRecovers(id) => self.movement_recovers(ctx, id),
            Event::MovementArrive(id) => {
                if let Some(done) = self.carriage.arrive(now, id) {
                    self.arrived(ctx, done);
                }
            }
            Event::UnitFailure(fleet)
            | Event::UnitDetected(fleet, _)
            | Event::UnitReplaced(fleet, _)
            | Event::UnitRepaired(fleet) => self.fleet_event(fleet, event, ctx),
            Event::WaveFails(..)
            | Event::WaveMended(..)
            | Event::LinkCut(_)
            | Event::LinkMended(_)
            | Event::GroupCut(_)
            | Event::GroupMended(_)
            | Event::LinkDegrades(_)
            | Event::LinkRecovers(_)
            | Event::LinkRestored(_)
            | Event::WaveRestored(..)
            | Event::SiteFails(_)
            | Event::SiteMended(_)
            | Event::LinkInstalled(_)
            | Event::WindowOpens(_)
            | Event::WindowCloses(_)
            | Event::Reconverge => self.wan_event(event, ctx),
            Event::Engineer => self.engineer(now),
            Event::TraceDue(id) => self.trace_due(ctx, id),
            Event::PaceDue(id) => self.pace_due(ctx, id),
            Event::RelayDue(id) => self.relay_due(id),
            Event::LoadStep(id, step) => self.load_step(ctx, id, step),
            Event::BurstDue(id) => self.burst_due(ctx, id),
            Event::BurstDone(id) => self.burst_done(ctx, id),
            Event::Loader(work, inner) => self.loader_event(ctx, work, inner),
            Event::Rl(work, inner) => {
                if !self.rl_event(work, inner, ctx) {
                    return;
                }
            }
        }
        self.settle(ctx);
    }
}
