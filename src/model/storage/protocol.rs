//! A protocol on the data of a system: what its operations cost, and the gateways that translate it.
//!
//! A byte that is read leaves the system, goes into a gateway and out of it to the client; one that is written goes the other way.
//! So each payload byte crosses the gateways' NICs once in each direction, whichever way it goes.

use crate::fluid::ResourceId;
use crate::model::paths::Uses;

/// A protocol.
#[derive(Clone, Debug)]
pub struct Protocol {
    /// Operations of the system that one operation takes.
    pub operations: f64,
    /// Seconds that a read and a write take beside those in the system.
    pub added: [f64; 2],
    /// NICs of all gateways, inwards and outwards; none where they do not limit.
    pub nics: Option<[ResourceId; 2]>,
    /// Operations of all gateways; none where they do not limit.
    pub translations: Option<ResourceId>,
    /// Wire bytes per payload byte.
    pub overhead: f64,
}

impl Protocol {
    /// What a payload byte with so many operations uses of the gateways.
    pub fn uses(&self, operations: f64) -> Uses {
        let nics = self.nics.into_iter().flatten().map(|nic| (nic, self.overhead));
        nics.chain(self.translations.map(|limit| (limit, operations))).collect()
    }

    /// Mean seconds that an operation of a mix takes longer.
    pub fn added(&self, read_share: f64) -> f64 {
        read_share * self.added[0] + (1.0 - read_share) * self.added[1]
    }
}
