//! The first round trips of a movement: its window opens by the clock, one doubling a round trip, until window or loss is tighter.

use super::Carriage;
use crate::model::ids::MovementId;
use crate::units::{SimDuration, SimTime};

impl Carriage {
    /// How long the round trip of slow start lasts that a movement is in; none where it is in none.
    pub fn round_trip(&mut self, id: MovementId) -> Option<SimDuration> {
        let movement = self.get_mut(id)?;
        movement.flow.and(movement.round).map(|_| movement.way.rtt)
    }

    /// A round trip of slow start is over: the next one allows twice as much.
    pub fn next_round(&mut self, now: SimTime, id: MovementId) {
        let Some(movement) = self.get_mut(id) else { return };
        let (Some(key), Some(round)) = (movement.flow, movement.round) else { return };
        movement.round = movement.way.slow_at(&movement.order, round + 1).then_some(round + 1);
        let (cap, cause) = movement.cap();
        self.sharing.set_cap(now.as_nanos(), key, cap, cause);
    }
}
