//! A global namespace: data that is homed on one storage system and read anywhere, through caches at other sites.
//!
//! The hit ratio of a cache is a result. [`popularity`] says how objects are read, [`cache`] what share of the
//! requests a cache of some size then serves, from cold to steady; the size, the law and the policy are inputs.

pub mod cache;
pub mod lag;
pub mod popularity;

use super::ids::{MovementId, SiteId, StorageId, WorkId};
use crate::engine::Key;
use crate::fluid::MeterId;
use crate::units::SimDuration;
use cache::Cache;
use lag::Lag;

/// A cache of a namespace, in the world.
#[derive(Clone, Debug)]
pub struct CachePart {
    /// System that holds it.
    pub storage: StorageId,
    /// Site of that system.
    pub site: SiteId,
    /// What it holds.
    pub cache: Cache,
    /// Bytes that clients asked it for.
    pub requests: MeterId,
    /// Bytes of those that came from home.
    pub misses: MeterId,
    /// What is loaded from the start.
    pub prefetch: Option<Prefetch>,
    /// How it takes writes; none when they are acknowledged at home.
    pub write_back: Option<WriteBack>,
    /// Its next step in the calendar.
    pub due: Option<Key>,
    /// The next mark of its writes in the calendar.
    pub dirty_due: Option<Key>,
}

/// A cache is loaded ahead of its readers.
#[derive(Clone, Copy, Debug)]
pub struct Prefetch {
    /// Share of the data to load.
    pub share: f64,
    /// Most bytes per second; infinite when not limited.
    pub pace: f64,
    /// Priority of its flow in fair sharing.
    pub priority: u8,
    /// Bytes that came.
    pub meter: MeterId,
    /// Of those, what the cache has taken in.
    pub taken: f64,
    /// Its movement while it runs.
    pub movement: Option<MovementId>,
}

/// The home puts out new data.
#[derive(Clone, Copy, Debug)]
pub struct Publish {
    /// Time between two of them.
    pub every: SimDuration,
    /// Share of the data that is new each time.
    pub changed: f64,
}

/// Writes that a cache acknowledges before they are at home.
#[derive(Clone, Copy, Debug)]
pub struct WriteBack {
    /// Most bytes per second on their way home; infinite when not limited.
    pub pace: f64,
    /// Priority of their flow in fair sharing.
    pub priority: u8,
    /// Bytes acknowledged ahead of home.
    pub taken: MeterId,
    /// Of those, bytes that have come home.
    pub drained: MeterId,
    /// The movement that brings them home while it runs.
    pub movement: Option<MovementId>,
    /// Most bytes that were ahead of home at once.
    pub most: f64,
}

/// A copy of a namespace that follows what is written at home.
#[derive(Clone, Debug)]
pub struct Replica {
    /// System that holds it.
    pub storage: StorageId,
    /// Site of that system.
    pub site: SiteId,
    /// Share of the data and of each write.
    pub share: f64,
    /// Share of the reads at its site that it serves.
    pub hit: f64,
    /// Writes are acknowledged when it has them.
    pub sync: bool,
    /// Most bytes per second; infinite when not limited.
    pub pace: f64,
    /// Priority of its flow in fair sharing.
    pub priority: u8,
    /// Bytes that came.
    pub sent: MeterId,
    /// Its movement while it follows.
    pub movement: Option<MovementId>,
    /// How far it is behind.
    pub lag: Lag,
    /// Bytes it was behind in the middle of the measured part.
    pub half: f64,
}

/// The copies of a namespace.
#[derive(Clone, Debug)]
pub struct Replication {
    /// Copies in order of their systems.
    pub replicas: Vec<Replica>,
    /// Bytes that writers and caches brought home.
    pub home: MeterId,
    /// Bytes that were published at home.
    pub published: f64,
    /// How far the best of the copies of all data is behind: what the loss of the home would lose.
    pub risk: Lag,
    /// A work that ingests: what it writes takes further room on the copies.
    pub grows: Option<WorkId>,
    /// The next instant at which a copy has caught up, or is worth a look, in the calendar.
    pub due: Option<Key>,
}

/// A namespace in the world.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// Name.
    pub name: String,
    /// System that holds all of it.
    pub home: StorageId,
    /// Site of that system.
    pub site: SiteId,
    /// Bytes of data.
    pub data: f64,
    /// Operations per byte of what moves by itself: one over the size of an object.
    pub operations: f64,
    /// New data at home.
    pub publish: Option<Publish>,
    /// Bytes that caches held when they went out of date.
    pub invalidated: f64,
    /// Caches in order of their systems.
    pub caches: Vec<CachePart>,
    /// Its copies, where it has some.
    pub replication: Option<Replication>,
    /// Payload bytes read by clients.
    pub read: MeterId,
    /// Payload bytes written by clients.
    pub written: MeterId,
    /// Payload bytes that crossed between sites.
    pub remote: MeterId,
}

impl Namespace {
    /// Its copies.
    pub fn replicas(&self) -> &[Replica] {
        self.replication.as_ref().map_or(&[], |r| &r.replicas)
    }

    /// The copy that clients at a site read; at the site of the home they read the home.
    pub fn replica_at(&self, site: SiteId) -> Option<&Replica> {
        self.replicas().iter().find(|replica| replica.site == site && site != self.site)
    }

    /// The cache that serves clients at a site, by its position.
    pub fn cache_at(&self, site: SiteId) -> Option<usize> {
        self.caches.iter().position(|cache| cache.site == site)
    }
}
