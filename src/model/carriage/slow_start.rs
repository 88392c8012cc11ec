//! The first round trips of a movement: its window opens by the clock, one doubling a round trip, until window or loss is tighter.

use super::Carriage;
use crate::model::ids::MovementId;
use crate::units::SimTime;

impl Carriage {
    /// When the round trip of slow start ends that a movement begins now; none where it is in none.
    pub fn round_trip(&mut self, now: SimTime, id: MovementId) -> Option<SimTime> {
        let movement = self.get_mut(id)?;
        movement.round_ends = movement.flow.and(movement.round).map(|_| now.saturating_add(movement.way.rtt));
        movement.round_ends
    }

    /// Whether a round trip of a movement ends now: it may have begun anew since that was said.
    pub fn round_ends(&mut self, now: SimTime, id: MovementId) -> bool {
        self.get_mut(id).is_some_and(|movement| movement.round_ends == Some(now))
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
