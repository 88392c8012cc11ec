//! Movements whose receiver takes nothing for a time.

use super::Carriage;
use super::way::Way;
use crate::model::ids::MovementId;
use crate::model::paths::{NO_PATH, QUOTA, Route};
use crate::units::SimTime;

impl Carriage {
    /// The receiver takes nothing more for now: the movement stands still (cause *quota*).
    pub fn refuse(&mut self, now: SimTime, id: MovementId) {
        let Some(movement) = self.get_mut(id) else { return };
        movement.refused = true;
        if let Some(key) = movement.flow {
            self.sharing.stall(now.as_nanos(), key, QUOTA);
            self.touch(id);
        }
    }

    /// The receiver takes bytes again. `route` is the present one between its ends, none within a site.
    pub fn accept(&mut self, now: SimTime, id: MovementId, route: Option<&Route>, connected: bool) {
        let Some(movement) = self.get_mut(id) else { return };
        let connected = connected || movement.order.far <= 0.0;
        movement.refused = false;
        movement.stalled = !connected;
        let Some(key) = movement.flow else { return };
        if route.is_some() {
            movement.way = Way::over(&movement.order, route);
        }
        let (uses, meters) = self.terms_on(id.index as usize, route);
        self.sharing.set_uses(now.as_nanos(), key, &uses, &meters);
        if !connected {
            self.sharing.stall(now.as_nanos(), key, NO_PATH);
        }
        self.hold(now, id.index as usize);
        self.touch(id);
    }
}
