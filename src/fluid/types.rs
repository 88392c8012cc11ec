//! The plain data that goes into and comes out of [`Sharing`](super::Sharing).

/// Something with a capacity that flows share.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceId(pub(super) u32);

/// Whom a flow's time is charged to, cause by cause.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnerId(pub(super) u32);

/// A sum over member flows of factor times rate, with its integral over time.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MeterId(pub(super) u32);

impl ResourceId {
    /// Position in order of creation, from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl OwnerId {
    /// Position in order of creation, from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl MeterId {
    /// Position in order of creation, from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Names one flow. A key stays unique after its flow has gone: a stale key is recognised, never confused.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlowKey {
    /// Order of start.
    pub(super) start: u64,
    pub(super) index: u32,
}

/// A kind of flow that has been [prepared](super::Sharing::prepare). Of use only to the sharing that made it.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlowKind(pub(super) u32);

/// What stopped a flow from being faster. Resources sort before named causes.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// A full resource on the flow's path.
    Resource(ResourceId),
    /// A cause of the caller's own numbering: the flow's cap, a stall, or time charged from outside.
    Named(u8),
}

/// A flow to be started.
#[derive(Copy, Clone, Debug)]
pub struct FlowSpec<'a> {
    /// Whom the flow's time is charged to.
    pub owner: OwnerId,
    /// What one byte takes of each resource: resource units per byte, finite and above 0, each resource once.
    pub uses: &'a [(ResourceId, f64)],
    /// Share against others: rates are equal *per weight*. Finite and above 0.
    pub weight: f64,
    /// Highest rate in bytes/s, at least 0; infinite for none.
    pub cap: f64,
    /// The [`Cause::Named`] reported while the cap binds.
    pub cap_cause: u8,
    /// Higher is served first, strictly.
    pub priority: u8,
    /// Rate in bytes/s granted before any sharing, as far as it fits. Finite, at least 0.
    pub reserve: f64,
    /// Meters that count this flow, and meter units per byte. Each meter once.
    pub meters: &'a [(MeterId, f64)],
    /// Bytes to carry, at least 0; infinite for a flow that only a cancellation ends.
    pub bytes: f64,
    /// Anything the caller wants back with [`Finished`].
    pub tag: u64,
}

impl<'a> FlowSpec<'a> {
    /// A plain flow: weight 1, no cap, priority 0, no reserve, no meters, tag 0.
    pub fn new(owner: OwnerId, uses: &'a [(ResourceId, f64)], bytes: f64) -> Self {
        Self {
            owner,
            uses,
            weight: 1.0,
            cap: f64::INFINITY,
            cap_cause: 0,
            priority: 0,
            reserve: 0.0,
            meters: &[],
            bytes,
            tag: 0,
        }
    }
}

/// A flow that has carried all its bytes.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Finished {
    /// The flow's key, no longer valid for anything but comparison.
    pub key: FlowKey,
    /// The tag given at the start.
    pub tag: u64,
    /// The tick at which it is reported: the exact time rounded up, in ns.
    pub at_ns: i64,
    /// The exact time: whole ns, and the fraction of a ns in `[0, 1)` after it.
    pub exact: (i64, f64),
    /// The cause that held the flow longest; only with [`record_causes`](super::Sharing::record_causes) on.
    pub top_cause: Option<Cause>,
}

/// What a meter shows.
#[derive(Copy, Clone, Debug, Default, PartialEq)]
pub struct MeterReading {
    /// Meter units per second now.
    pub rate: f64,
    /// Meter units since the beginning.
    pub total: f64,
    /// Seconds with at least one member flow present, moving or not.
    pub active_s: f64,
    /// Meter units carried while at least one member is stopped by one of the saturating resources.
    pub bound_total: f64,
    /// Seconds with at least one member stopped by one of the saturating resources, at rate 0 or above.
    pub bound_s: f64,
}
