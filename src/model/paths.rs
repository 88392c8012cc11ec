//! The words in which components speak of flows: resources by name, uses, routes, storage access, causes.

mod dead_path;
mod slow_start;
mod transport;

pub use dead_path::DeadPath;
pub use transport::{Recovery, Transport};

use super::ids::{LaneId, SiteId, StorageId};
use crate::fluid::{Cause, ResourceId, Sharing};
use crate::units::SimDuration;

/// Named causes: what holds a flow when no resource does. The position is the number given to `fluid`.
pub const CAUSES: [&str; 12] = [
    "window",
    "loss",
    "slots",
    "pacing",
    "quota",
    "latency",
    "no-path",
    "coupled-stage",
    "client-nic",
    "stripes",
    "slow-start",
    "recovery",
];
/// Bandwidth-delay product of the transport.
pub const WINDOW: u8 = 0;
/// Packets lost on the way.
pub const LOSS: u8 = 1;
/// Outstanding operations.
pub const SLOTS: u8 = 2;
/// A rate the work sets itself.
pub const PACING: u8 = 3;
/// A storage system without room, or at its quota.
pub const QUOTA: u8 = 4;
/// Set-up and propagation.
pub const LATENCY: u8 = 5;
/// No route between the two sites.
pub const NO_PATH: u8 = 6;
/// A slower stage behind this one takes the bytes.
pub const COUPLED: u8 = 7;
/// The client's own network interface.
pub const CLIENT_NIC: u8 = 8;
/// Targets of a striped file system that the open files lie on.
pub const STRIPES: u8 = 9;
/// The first round trips of a connection.
pub const SLOW_START: u8 = 10;

/// A transport that recovers from a dead path.
pub const RECOVERY: u8 = 11;

/// Resource uses: units of the resource per payload byte.
pub type Uses = Vec<(ResourceId, f64)>;

/// How a movement uses one storage system, per payload byte of the movement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Access {
    /// The system.
    pub storage: StorageId,
    /// Share of the bytes that is read from it.
    pub read: f64,
    /// Share of the bytes that is written to it.
    pub write: f64,
    /// Operations per byte that is read from or written to it: one over the size of an operation.
    pub operations: f64,
    /// What whole files add, where it reads or writes such.
    pub files: Files,
    /// Whose it is, where tenants or views share the system.
    pub lanes: Option<Lanes>,
}

impl Access {
    /// Bytes read, bytes written, and operations per payload byte of the movement, those on metadata included.
    pub fn amounts(&self) -> [f64; 3] {
        [self.read, self.write, (self.operations + self.files.metadata) * (self.read + self.write)]
    }
}

/// Whole files, per byte of them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Files {
    /// Metadata operations.
    pub metadata: f64,
    /// Files.
    pub count: f64,
}

/// Whose an access to a shared storage system is: nobody's, or a tenant's, and outside all views, or in one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lanes {
    /// Lane of its tenant on this system.
    pub tenant: Option<LaneId>,
    /// Lane of its view.
    pub view: Option<LaneId>,
}

/// By which rule a route between two sites is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoutePolicy {
    /// The one cheapest way.
    #[default]
    Shortest,
    /// Every cheapest way, split evenly at each site.
    Ecmp,
    /// Several ways that share no link.
    Disjoint,
    /// Ways and shares that fit all standing demand together.
    Engineered,
}

impl RoutePolicy {
    /// Whether the way back is chosen by itself.
    pub fn returns_apart(self) -> bool {
        matches!(self, RoutePolicy::Ecmp | RoutePolicy::Engineered)
    }
}

/// Between which sites bytes move, and by which rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Course {
    /// Sender.
    pub from: SiteId,
    /// Receiver.
    pub to: SiteId,
    /// Rule.
    pub policy: RoutePolicy,
}

impl Course {
    /// The way back.
    pub fn back(self) -> Self {
        Course { from: self.to, to: self.from, ..self }
    }
}

/// One of the ways of split traffic: its number in the list of all such ways so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WayId(pub u32);

/// A route between two sites as the WAN gives it. It may use several ways at once, each with a fixed share of the bytes; all
/// of them move on together (decision record 0011).
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Resources from the sender's WAN edge to the receiver's, with wire bytes per payload byte.
    pub uses: Uses,
    /// The way back, from the receiver's WAN edge to the sender's: the same links, or the route that way where one of them goes
    /// one way only. Empty where there is none.
    pub back: Uses,
    /// Round-trip time of the longest way.
    pub rtt: SimDuration,
    /// Probability that a packet is lost on the way there.
    pub loss: f64,
    /// Share of the traffic there, and back, whose way is not dead, above 0; the rest stands still. The uses are those of a
    /// byte that moves.
    pub live: [f64; 2],
    /// Ways there, and back, with the part of each of what moves; none where the rule knows one way only.
    pub ways: [Vec<(WayId, f64)>; 2],
}

impl Route {
    /// The share of a movement that moves, when so much of it goes the other way. Its mix is fixed: the worse way decides.
    pub fn live_for(&self, reverse: f64) -> f64 {
        let [there, back] = self.live;
        let part = |share: f64, live: f64| if share > 0.0 { live } else { 1.0 };
        part(1.0 - reverse, there).min(part(reverse, back))
    }
}

/// Outstanding operations of one sender or receiver: rate ≤ bytes ÷ (latency + RTT), by Little's law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slots {
    /// Bytes of all outstanding operations together.
    pub bytes: f64,
    /// Time of one operation in the storage system, seconds.
    pub latency: f64,
}

/// How state of a loop reaches a storage system and comes back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StoragePath {
    /// The system.
    pub storage: StorageId,
    /// Operations per byte.
    pub operations: f64,
    /// Outstanding writes of all who write; none without a limit.
    pub write: Option<Slots>,
    /// Outstanding reads.
    pub read: Option<Slots>,
}

impl Slots {
    /// Bytes per second over a round trip of so many seconds; infinite when an operation takes no time.
    pub fn rate(&self, rtt: f64) -> f64 {
        let time = self.latency + rtt;
        if time > 0.0 { self.bytes / time } else { f64::INFINITY }
    }
}

/// Sorts uses by resource and adds up those of the same resource; drops zeros.
pub fn merged(mut uses: Uses) -> Uses {
    uses.retain(|&(_, a)| a > 0.0);
    uses.sort_by_key(|&(r, _)| r);
    uses.dedup_by(|later, first| {
        let same = later.0 == first.0;
        if same {
            first.1 += later.1;
        }
        same
    });
    uses
}

/// Resources with the names that users see in bottleneck tables.
#[derive(Debug, Default)]
pub struct Resources {
    /// The sharing that owns them.
    pub sharing: Sharing,
    names: Vec<String>,
}

impl Resources {
    /// Adds a resource of `capacity` units per second.
    pub fn add(&mut self, name: String, capacity: f64) -> ResourceId {
        self.names.push(name);
        self.sharing.add_resource(capacity)
    }

    /// The sharing and the names, in order of resource.
    pub fn finish(self) -> (Sharing, Vec<String>) {
        (self.sharing, self.names)
    }
}

/// The word for a cause in tables.
pub fn cause_name(cause: Cause, names: &[String]) -> &str {
    match cause {
        Cause::Resource(r) => &names[r.index()],
        Cause::Named(n) => CAUSES[usize::from(n)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_of_one_resource_add_up() {
        let mut resources = Resources::default();
        let (a, b) = (resources.add("a".into(), 1.0), resources.add("b".into(), 1.0));
        assert_eq!(merged(vec![(b, 1.0), (a, 0.5), (b, 2.0), (a, 0.0)]), vec![(a, 0.5), (b, 3.0)]);
    }
}
