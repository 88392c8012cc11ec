//! What can be asked about movements under way.

use super::{Carriage, Order, Purpose};
use crate::fluid::FlowKey;
use crate::model::ids::{MovementId, SiteId, WorkId};

impl Carriage {
    /// The order of a movement under way.
    pub fn order_of(&self, id: MovementId) -> Option<&Order> {
        let (generation, movement) = self.slots.get(id.index as usize)?;
        movement.as_ref().filter(|_| *generation == id.generation).map(|m| &m.order)
    }

    /// The work whose data loader a movement feeds; none for other movements.
    pub fn batch_of(&self, id: MovementId) -> Option<WorkId> {
        let (generation, movement) = self.slots.get(id.index as usize)?;
        let order = movement.as_ref().filter(|_| *generation == id.generation).map(|m| &m.order)?;
        (order.purpose == Purpose::Batch).then_some(WorkId(order.work))
    }

    /// The flow of a movement under way and the round trip between its ends in seconds.
    pub fn flow_of(&self, id: MovementId) -> Option<(FlowKey, f64)> {
        let (generation, movement) = self.slots.get(id.index as usize)?;
        let movement = movement.as_ref().filter(|_| *generation == id.generation)?;
        Some((movement.flow?, movement.rtt.as_secs_f64()))
    }

    /// Sites of sender and receiver of a movement.
    pub fn ends(&self, id: MovementId) -> Option<(SiteId, SiteId)> {
        let (generation, movement) = self.slots.get(id.index as usize)?;
        movement.as_ref().filter(|_| *generation == id.generation).map(|m| m.order.ends)
    }

    /// Pairs of different sites between which something moves now, each once.
    pub fn pairs(&self) -> Vec<(SiteId, SiteId)> {
        let mut pairs: Vec<_> =
            self.slots.iter().filter_map(|(_, m)| m.as_ref()).map(|m| m.order.ends).filter(|e| e.0 != e.1).collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }
}
