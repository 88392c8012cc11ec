//! `[namespace.*]` in the plan.

use super::StorageIx;
use crate::units::{ByteRate, Bytes, SimDuration};

/// Data homed on one system and read anywhere.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// Name.
    pub name: String,
    /// System that holds all of it.
    pub home: StorageIx,
    /// Bytes of data.
    pub data: Bytes,
    /// Bytes of one object.
    pub object: Bytes,
    /// How objects are read.
    pub popularity: Popularity,
    /// Time between two publications of new data, and the share of the data that is new each time.
    pub publish: Option<(SimDuration, f64)>,
    /// Caches, in order of their systems; at most one at a site.
    pub caches: Vec<NamespaceCache>,
    /// Copies that follow what is written at home, in order of their systems.
    pub replicas: Vec<Replica>,
}

/// A copy of a namespace.
#[derive(Clone, Copy, Debug)]
pub struct Replica {
    /// System that holds it.
    pub storage: StorageIx,
    /// Share of the data and of each write, above 0.
    pub share: f64,
    /// The part is that of the objects read most.
    pub hottest: bool,
    /// Writes are acknowledged when it has them.
    pub sync: bool,
    /// Upper limit of the rate at which it follows; infinite when none.
    pub pace: ByteRate,
    /// 0…9 on the scale of works.
    pub priority: u8,
}

/// A cache of a namespace.
#[derive(Clone, Copy, Debug)]
pub struct NamespaceCache {
    /// System that holds it.
    pub storage: StorageIx,
    /// Bytes set aside for it there.
    pub size: Bytes,
    /// What makes room.
    pub policy: CachePolicy,
    /// What is loaded from the start.
    pub prefetch: Option<Prefetch>,
    /// Writes that it acknowledges before they are at home; `None` when home acknowledges them.
    pub write_back: Option<WriteBack>,
}

/// Writes that a cache acknowledges ahead of home.
#[derive(Clone, Copy, Debug)]
pub struct WriteBack {
    /// Most bytes ahead.
    pub limit: Bytes,
    /// Upper limit of their rate home; infinite when none.
    pub pace: ByteRate,
    /// 0…9 on the scale of works.
    pub priority: u8,
}

/// Data that is loaded into a cache ahead of its readers.
#[derive(Clone, Copy, Debug)]
pub struct Prefetch {
    /// Bytes to have there.
    pub bytes: Bytes,
    /// Upper limit of its rate; infinite when none.
    pub pace: ByteRate,
    /// 0…9 on the scale of works.
    pub priority: u8,
}

/// How the objects of a namespace are read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Popularity {
    /// Any object is as likely as any other.
    Uniform,
    /// Zipf's law.
    Zipf {
        /// Exponent, ≥ 0.
        exponent: f64,
    },
    /// Some of the objects get most of the requests.
    WorkingSet {
        /// Share of the objects, strictly between 0 and 1.
        hot: f64,
        /// Share of the requests, strictly between 0 and 1.
        requests: f64,
    },
    /// Everything once an epoch, shuffled anew.
    Epochs,
    /// Everything once an epoch, in the same order.
    Scan,
}

/// Which object makes room in a full cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CachePolicy {
    /// Least recently read.
    Lru,
    /// First come.
    Fifo,
    /// Any.
    Random,
    /// None: what came first stays.
    Static,
}
