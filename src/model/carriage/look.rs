//! What can be asked about movements under way.

use super::{Carriage, Order, Purpose};
use crate::fluid::FlowKey;
use crate::model::ids::{MovementId, WorkId};
use crate::model::paths::Course;

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
        Some((movement.flow?, movement.way.0.as_secs_f64()))
    }

    /// Where a movement goes.
    pub fn course(&self, id: MovementId) -> Option<Course> {
        self.order_of(id).map(Order::course)
    }

    /// Courses between different sites on which something moves now, each once.
    pub fn courses(&self) -> Vec<Course> {
        let present = self.slots.iter().filter_map(|(_, m)| m.as_ref());
        let mut courses: Vec<_> = present.map(|m| m.order.course()).filter(|c| c.from != c.to).collect();
        courses.sort_unstable();
        courses.dedup();
        courses
    }
}
