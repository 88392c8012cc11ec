//! What defines a WAN: links, shared-risk groups, how they fail.

use super::installed::Installed;
use crate::engine::rng::Stream;
use crate::fluid::ResourceId;
use crate::model::ids::{LinkId, SiteId};
use crate::units::{Dist, SimDuration, SimTime};

/// An alternating renewal process: in service, out of service, in seconds.
#[derive(Clone, Debug)]
pub struct Outages {
    /// Time in service until the failure.
    pub time_to_failure: Dist,
    /// Time out of service.
    pub time_to_repair: Dist,
    /// Its own random stream.
    pub stream: Stream,
}

impl Outages {
    pub(super) fn next_failure(&mut self, now: SimTime) -> SimTime {
        now.saturating_add(SimDuration::from_secs_f64(self.stream.sample(&self.time_to_failure)))
    }

    pub(super) fn next_repair(&mut self, now: SimTime) -> SimTime {
        now.saturating_add(SimDuration::from_secs_f64(self.stream.sample(&self.time_to_repair)))
    }
}

/// Parameters of a link.
#[derive(Clone, Debug)]
pub struct LinkParams {
    /// Name.
    pub name: String,
    /// Ends; direction 0 goes from the first to the second.
    pub ends: (SiteId, SiteId),
    /// Capacity and waves by date.
    pub installed: Installed,
    /// Round-trip propagation time; of a link that goes one way only, as if the way back were as long.
    pub rtt: SimDuration,
    /// What a way over it costs in routing, at least 1.
    pub metric: u64,
    /// Payload bytes per wire byte.
    pub framing: f64,
    /// Probability that a packet is lost on it, 0…1.
    pub loss: f64,
    /// Resources of the two directions.
    pub resources: [ResourceId; 2],
    /// Failures of each wave (empty when switched off).
    pub wave_outages: Vec<Outages>,
    /// Cuts of the link alone.
    pub cuts: Option<Outages>,
    /// Failures that leave this share of the capacity.
    pub degraded: Option<(Outages, f64)>,
    /// What the optical layer does about failures.
    pub restoration: Option<RestorationParams>,
    /// Down from the beginning to the end, with routes around it from the first moment; its resources have no capacity.
    pub failed: bool,
}

impl LinkParams {
    /// Whether the link has this direction (0 or 1) at some time.
    pub fn goes(&self, direction: usize) -> bool {
        self.installed.largest(direction) > 0.0
    }

    /// The directions it has, each with the sites it leads from and to.
    pub fn directions(&self) -> impl Iterator<Item = (usize, SiteId, SiteId)> + use<> {
        let (a, b) = self.ends;
        let has = [self.goes(0), self.goes(1)];
        [(0, a, b), (1, b, a)].into_iter().filter(move |(d, ..)| has[*d])
    }
}

/// Restoration by the optical layer.
#[derive(Clone, Debug)]
pub struct RestorationParams {
    /// From the failure until capacity is back.
    pub time: SimDuration,
    /// Probability that a failure is restored, 0…1.
    pub probability: f64,
    /// Share of the installed capacity that spare waves carry, above 0, at most 1.
    pub share: f64,
    /// What the other path adds to the round trip of a cut link.
    pub extra_rtt: SimDuration,
    /// Its own random stream.
    pub stream: Stream,
}

impl RestorationParams {
    /// Whether the failure of just now is restored.
    pub(super) fn succeeds(&mut self) -> bool {
        self.stream.uniform() < self.probability
    }
}

/// A window that takes capacity out of service by plan.
#[derive(Clone, Debug)]
pub struct WindowParams {
    /// Links that it covers.
    pub links: Vec<LinkId>,
    /// When it begins first.
    pub starts: SimTime,
    /// How long it lasts.
    pub duration: SimDuration,
    /// From one beginning to the next; none for once.
    pub every: Option<SimDuration>,
    /// Whether routes have left the links before it begins.
    pub drain: bool,
    /// Share of the capacity that is left, at least 0 and below 1.
    pub left: f64,
}

/// Parameters of a shared-risk group.
#[derive(Clone, Debug)]
pub struct GroupParams {
    /// Name.
    pub name: String,
    /// Links that a cut takes.
    pub links: Vec<LinkId>,
    /// Cuts.
    pub cuts: Option<Outages>,
}
