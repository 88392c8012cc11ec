//! A copy between storage systems.

use super::{Season, StorageIx, Transport};
use crate::units::{ByteRate, Bytes};

/// How a copy reaches several systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// Each gets its bytes from the source.
    Unicast,
    /// A chain in the order stated.
    Relay,
    /// A chain from each to the nearest that has nothing yet.
    RelayNearest,
    /// A tree that crosses a shared link once.
    Tree,
}

/// A copy from one system to others.
#[derive(Clone, Debug)]
pub struct CopyWork {
    /// Source.
    pub from: StorageIx,
    /// Destinations, at least one, all different.
    pub to: Vec<StorageIx>,
    /// How several get the bytes.
    pub distribution: Distribution,
    /// What a relay must have before it begins to pass it on.
    pub chunk: Bytes,
    /// Bytes to copy.
    pub bytes: Bytes,
    /// Upper limit the copy sets itself; infinite when none.
    pub pace: ByteRate,
    /// Times with another pace, as parts of a cycle with the pace from there on; `None` where one pace holds.
    pub windows: Option<Season>,
    /// Bytes per operation on both systems.
    pub io_size: Bytes,
    /// Nodes that carry it; `None` for as many as it takes.
    pub clients: Option<u64>,
    /// Transport.
    pub transport: Transport,
}

impl CopyWork {
    /// Whether destinations pass bytes on.
    pub fn relays(&self) -> bool {
        self.to.len() > 1 && self.distribution != Distribution::Unicast
    }
}
