//! What RL loops carry over the WAN, direction by direction: a meter for each loop and each resource that its routes use; and what split
//! traffic carries over each of its ways: a meter for each sender and way.

use super::{Carriage, Purpose};
use crate::fluid::{MeterId, ResourceId};
use crate::model::ids::{DemandId, WorkId};
use crate::model::paths::{Route, Uses, WayId};

/// Meters that count a flow, and what each byte of it counts.
type Meters = Vec<(MeterId, f64)>;

/// Whose bytes are counted by way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sender {
    /// A work: payload bytes.
    Work(WorkId),
    /// Standing demand of one pair: wire bytes.
    Demand(DemandId),
}

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

    /// Whether its bytes are counted by way. A trace may have thousands of pairs.
    fn by_way(self) -> bool {
        !matches!(self, Purpose::Flow { .. } | Purpose::Own)
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
        let ways = if order.purpose.by_way() { way.ways.clone() } else { Vec::new() };
        let (work, uses) = (WorkId(order.work), way.with(order, wan));
        meters.extend(tallied.into_iter().map(|(resource, bytes)| (self.tally_of(work, resource), bytes)));
        meters.extend(ways.into_iter().map(|(way, bytes)| (self.way_meter(Sender::Work(work), way), bytes)));
        (uses, meters)
    }

    /// The meter of what a sender puts on a way.
    pub fn way_meter(&mut self, sender: Sender, way: WayId) -> MeterId {
        let sharing = &mut self.sharing;
        *self.by_way.entry((sender, way)).or_insert_with(|| sharing.add_meter(&[]))
    }

    /// All senders of split traffic, their ways so far, and the meters.
    pub fn ways(&self) -> impl Iterator<Item = (Sender, WayId, MeterId)> + '_ {
        self.by_way.iter().map(|(&(sender, way), &meter)| (sender, way, meter))
    }

    fn tally_of(&mut self, work: WorkId, resource: ResourceId) -> MeterId {
        let sharing = &mut self.sharing;
        *self.tallies.entry((work, resource)).or_insert_with(|| sharing.add_meter(&[]))
    }

    /// The meter of what a loop sends over a direction of a link, wire bytes; none before it has sent anything.
    pub fn tally(&self, work: WorkId, direction: ResourceId) -> Option<MeterId> {
        self.tallies.get(&(work, direction)).copied()
    }

    /// All meters of what loops send over the WAN, and of what split traffic puts on its ways.
    pub fn tallies(&self) -> impl Iterator<Item = MeterId> {
        self.tallies.values().chain(self.by_way.values()).copied()
    }
}
