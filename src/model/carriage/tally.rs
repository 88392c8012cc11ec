//! What RL loops carry over the WAN, direction by direction: a meter for each loop and each resource that its routes use.

use super::{Carriage, Purpose};
use crate::fluid::{MeterId, ResourceId};
use crate::model::ids::WorkId;
use crate::model::paths::{Route, Uses};

/// Meters that count a flow, and what each byte of it counts.
type Meters = Vec<(MeterId, f64)>;

impl Purpose {
    /// Whether it belongs to an RL loop, whose bytes on the WAN are counted.
    fn in_loop(self) -> bool {
        match self {
            Purpose::Shipment { .. } | Purpose::Publish { .. } | Purpose::Relay { .. } | Purpose::Upload { .. } => true,
            Purpose::CheckpointWrite | Purpose::CheckpointRead => true,
            Purpose::Copy { .. }
            | Purpose::Load
            | Purpose::Own
            | Purpose::Batch
            | Purpose::Burst
            | Purpose::Flow { .. } => false,
        }
    }
}

impl Carriage {
    /// What the movement in a slot uses on `route` and the meters that count it there.
    pub(super) fn terms_on(&mut self, slot: usize, route: Option<&Route>) -> (Uses, Meters) {
        let wan = self.slots[slot].1.as_ref().map_or_else(Vec::new, |m| m.way.wan(&m.order, route));
        self.terms_with(slot, wan)
    }

    /// The same for a WAN part that is known, as if nothing were sent twice.
    pub(super) fn terms_with(&mut self, slot: usize, wan: Uses) -> (Uses, Meters) {
        let Some(movement) = self.slots[slot].1.as_ref() else { return (Vec::new(), Vec::new()) };
        let (order, way) = (&movement.order, &movement.way);
        let mut meters = order.meters.clone();
        let tallied = if order.purpose.in_loop() { way.on_wire(order, &wan) } else { Vec::new() };
        let (work, uses) = (WorkId(order.work), way.with(order, wan));
        meters.extend(tallied.into_iter().map(|(resource, bytes)| (self.tally_of(work, resource), bytes)));
        (uses, meters)
    }

    fn tally_of(&mut self, work: WorkId, resource: ResourceId) -> MeterId {
        let sharing = &mut self.sharing;
        *self.tallies.entry((work, resource)).or_insert_with(|| sharing.add_meter(&[]))
    }

    /// The meter of what a loop sends over a direction of a link, wire bytes; none before it has sent anything.
    pub fn tally(&self, work: WorkId, direction: ResourceId) -> Option<MeterId> {
        self.tallies.get(&(work, direction)).copied()
    }

    /// All meters of what loops send over the WAN.
    pub fn tallies(&self) -> impl Iterator<Item = MeterId> {
        self.tallies.values().copied()
    }
}
