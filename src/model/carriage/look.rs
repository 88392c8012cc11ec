//! What can be asked about movements under way.

use super::{Carriage, Order, Purpose};
use crate::fluid::FlowKey;
use crate::model::ids::{MovementId, WorkId};
use crate::model::paths::Course;
use crate::units::{SimDuration, SimTime};

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
        Some((movement.flow?, movement.way.rtt.as_secs_f64()))
    }

    /// How far a movement under way is: payload bytes sent, its rate, the round trip between its ends, and whether all is sent.
    pub fn progress(&mut self, now: SimTime, id: MovementId) -> Option<(f64, f64, SimDuration, bool)> {
        let left = self.remaining(now, id)?;
        let (generation, movement) = self.slots.get(id.index as usize)?;
        let movement = movement.as_ref().filter(|_| *generation == id.generation)?;
        let (sent, rtt, done) = (movement.order.bytes - left, movement.way.rtt, movement.all_sent);
        let rate = movement.flow.map_or(0.0, |key| self.sharing.rate(key));
        Some((sent, rate, rtt, done))
    }

    /// Where a movement goes.
    pub fn course(&self, id: MovementId) -> Option<Course> {
        self.order_of(id).map(Order::course)
    }

    /// Courses between different sites on which something moves now, in order, each with the slots of its movements, of use
    /// to [`Carriage::reroute`] at the same instant only.
    pub fn courses(&self) -> Vec<(Course, Vec<usize>)> {
        let present =
            self.slots.iter().enumerate().filter_map(|(slot, (_, m))| Some((m.as_ref()?.order.course(), slot)));
        let mut all: Vec<(Course, usize)> = present.filter(|(c, _)| c.from != c.to).collect();
        all.sort_unstable();
        all.chunk_by(|a, b| a.0 == b.0)
            .map(|group| (group[0].0, group.iter().map(|(_, slot)| *slot).collect()))
            .collect()
    }
}
