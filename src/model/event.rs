//! Every event of the world, and the rank of each kind at one instant.

use super::ids::{
    DemandId, FleetId, GroupId, LinkId, MovementId, NamespaceId, PoolId, SiteId, StorageId, WindowId, WorkId,
};
use crate::engine::Class;

/// What can happen. Small plain data: copied into the calendar, never boxed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// The measured part of the run begins: statistics start from here.
    Warmup,
    /// A flow finishes.
    FlowDue,
    /// A write buffer becomes full, empty, or falls to its low-water mark.
    BufferDue(StorageId),
    /// A storage system reaches a mark of its space, or its rate of expiry changes.
    SpaceDue(StorageId),
    /// Bytes of deleted checkpoints of a work leave the snapshots of a system.
    SpaceFreed(StorageId, WorkId, f64),
    /// Half of the measured part is over: growth is reckoned from here.
    HalfTime,
    /// The rates of a demand change by the clock.
    DemandDue(DemandId),
    /// A work begins.
    WorkStart(WorkId),
    /// A work ends.
    WorkEnd(WorkId),
    /// The next transfers of a trace begin.
    TraceDue(WorkId),
    /// Set-up of a movement is over: its first byte leaves.
    MovementStart(MovementId),
    /// A round trip of a movement in slow start is over.
    RoundTrip(MovementId),
    /// The transport of a movement has recovered from a dead path.
    MovementRecovers(MovementId),
    /// The last byte of a movement arrives.
    MovementArrive(MovementId),
    /// A unit of a fleet may fail (thinned: the fleet decides).
    UnitFailure(FleetId),
    /// A failure in a pool is noticed.
    UnitDetected(FleetId, PoolId),
    /// A replacement is in service.
    UnitReplaced(FleetId, PoolId),
    /// A unit comes back from repair.
    UnitRepaired(FleetId),
    /// One wave of a link fails.
    WaveFails(LinkId, u16),
    /// One wave of a link is back.
    WaveMended(LinkId, u16),
    /// A link is cut on its own.
    LinkCut(LinkId),
    /// A cut link is mended.
    LinkMended(LinkId),
    /// A shared-risk group is cut.
    GroupCut(GroupId),
    /// A shared-risk group is mended.
    GroupMended(GroupId),
    /// A link falls back to a lower rate.
    LinkDegrades(LinkId),
    /// A link is at its full rate again.
    LinkRecovers(LinkId),
    /// A cut link carries on over spare waves.
    LinkRestored(LinkId),
    /// A failed wave is carried by a spare one.
    WaveRestored(LinkId, u16),
    /// A site is lost to the WAN.
    SiteFails(SiteId),
    /// A lost site is back.
    SiteMended(SiteId),
    /// Something else is installed of a link from now on.
    LinkInstalled(LinkId),
    /// A maintenance window begins.
    WindowOpens(WindowId),
    /// A maintenance window is over.
    WindowCloses(WindowId),
    /// Routes follow the links' present state.
    Reconverge,
    /// Ways are found anew for all standing demand together.
    Engineer,
    /// A device or node of a storage system may be lost (thinned: its protection decides).
    StorageLoss(StorageId),
    /// The rebuild of a loss, by its number, may begin.
    RebuildReady(StorageId, u32),
    /// A lost device, or a node where true, is replaced.
    PartReplaced(StorageId, bool),
    /// The hit ratio of a cache of a namespace, by its position, goes on by a step.
    CacheDue(NamespaceId, u16),
    /// What a cache of a namespace has acknowledged ahead of home reaches a mark.
    DirtyDue(NamespaceId, u16),
    /// A copy of a namespace has caught up, or falls behind.
    ReplicaDue(NamespaceId),
    /// A namespace puts out new data.
    NamespacePublish(NamespaceId),
    /// The pace of a work changes by its rhythm, or by the windows of a day.
    PaceDue(WorkId),
    /// A leg of a copy has enough to begin, or to run free, or runs out of it.
    RelayDue(WorkId),
    /// A storage load goes on to its next step.
    LoadStep(WorkId, u32),
    /// All ranks of a work begin to save or load a checkpoint.
    BurstDue(WorkId),
    /// The slowest of them is done.
    BurstDone(WorkId),
    /// Something inside a data loader.
    Loader(WorkId, LoaderEvent),
    /// Something inside an RL loop.
    Rl(WorkId, RlEvent),
}

/// What can happen inside a data loader.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LoaderEvent {
    /// The first byte of a batch that is read on demand leaves.
    ReadBegins,
    /// The slowest accelerator has its batch.
    BatchReady,
    /// A step is over.
    StepDone,
}

/// What can happen inside an RL loop. `pool` numbers the generator pools of the work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RlEvent {
    /// The first trajectory of a cohort finishes.
    CohortDue {
        /// Generator pool.
        pool: u16,
        /// Cohort of the pool.
        cohort: u32,
    },
    /// A cohort stops to take new weights.
    CohortPauses {
        /// Generator pool.
        pool: u16,
        /// Cohort of the pool.
        cohort: u32,
    },
    /// 99 % of the engines of a wave have taken new weights and recomputed what was on them.
    WaveOver {
        /// Generator pool.
        pool: u16,
    },
    /// A cohort has taken new weights and goes on.
    CohortResume {
        /// Generator pool.
        pool: u16,
        /// Cohort of the pool.
        cohort: u32,
    },
    /// A user's request may come to a cohort.
    UserAsks {
        /// Generator pool.
        pool: u16,
        /// Cohort of the pool.
        cohort: u32,
    },
    /// The environment has answered a trajectory of a cohort: its next turn may begin.
    TurnBegins {
        /// Generator pool.
        pool: u16,
        /// Cohort of the pool.
        cohort: u32,
    },
    /// A pool sends the trajectories whose reward is known.
    Ship {
        /// Generator pool.
        pool: u16,
    },
    /// The trainer finishes a step.
    StepDone,
    /// The trainer has copied its state aside for a checkpoint.
    PauseOver,
    /// A checkpoint is due.
    CheckpointDue,
    /// The payload of a publish is built.
    PayloadBuilt,
    /// A publish waits no longer for the bytes of this version.
    PublishTimeout {
        /// The version.
        version: u32,
    },
    /// A publish that the store refused is tried again.
    PublishAgain,
    /// The controller's order to publish is heard.
    PublishDue,
    /// What the controller decided about admission is heard.
    ControlTells,
    /// The controller goes down.
    ControlFails,
    /// The controller is back.
    ControlBack,
    /// Engines have started.
    EnginesReady {
        /// Generator pool.
        pool: u16,
    },
    /// The last hop of a site has the payload.
    PublishLanded {
        /// Generator pool.
        pool: u16,
    },
    /// Nearly all engines of a pool serve the new version.
    Served {
        /// Generator pool.
        pool: u16,
    },
    /// Colocated GPUs have turned from training to generation.
    TurnOver,
    /// The trainer has recomputed what a failure cost and goes on.
    Recovered,
}

const _: () = assert!(std::mem::size_of::<Event>() <= 32, "events are copied into the calendar: keep them small");

/// Statistics are cut before anything else happens at that instant.
pub const CLASS_MEASURE: Class = Class(0);
/// Capacity and path changes come before the flows that see them.
pub const CLASS_FAULT: Class = Class(1);
/// Flows finish before anybody starts new ones at the same instant.
pub const CLASS_FLOW: Class = Class(2);
/// Works begin and end.
pub const CLASS_WORK: Class = Class(3);
/// Everything that works do to themselves.
pub const CLASS_MODEL: Class = Class(4);
