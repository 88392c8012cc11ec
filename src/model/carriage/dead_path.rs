//! Movements whose transport recovers from a path that has died: they go on at a time of its own.

use super::{Carriage, Movement};
use crate::model::ids::MovementId;
use crate::model::paths::{RECOVERY, Route};
use crate::units::{SimDuration, SimTime};

/// A path that has died under a movement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Outage {
    /// When.
    since: SimTime,
    /// Its round-trip time.
    rtt: SimDuration,
    /// When the movement goes on; none while there is no path.
    until: Option<SimTime>,
}

impl Movement {
    /// Its path has died (`lost`), or it has a path; where the transport recovers, from then on.
    pub(super) fn follow_path(&mut self, now: SimTime, lost: bool) {
        let Some(dead_path) = self.order.transport.dead_path else { return };
        match (&mut self.outage, lost) {
            (None, true) if !self.stalled => {
                self.outage = Some(Outage { since: now, rtt: self.way.rtt, until: None });
            }
            (Some(outage), true) => outage.until = None,
            (Some(outage), false) if outage.until.is_none() => {
                let dead = now.since(outage.since).as_secs_f64();
                let resumes = SimDuration::from_secs_f64(dead_path.resumes(dead, outage.rtt.as_secs_f64()));
                outage.until = Some(outage.since.saturating_add(resumes).max(now));
            }
            _ => {}
        }
    }
}

impl Carriage {
    /// Holds the movement in a slot back that has a path again and has not recovered.
    pub(super) fn hold(&mut self, now: SimTime, index: usize) {
        let (generation, Some(movement)) = &mut self.slots[index] else { return };
        let (Some(key), Some(until)) = (movement.flow, movement.outage.and_then(|outage| outage.until)) else { return };
        if movement.refused {
            return;
        }
        movement.stalled = true;
        self.sharing.stall(now.as_nanos(), key, RECOVERY);
        self.recovering.push((MovementId { index: index as u32, generation: *generation }, until));
    }

    /// Movements that go on at a time that was not asked for yet.
    pub fn take_recovering(&mut self) -> Vec<(MovementId, SimTime)> {
        std::mem::take(&mut self.recovering)
    }

    /// The time has come at which a movement goes on, on this route; nothing where its path has died again in the meantime. With congestion control it starts slowly.
    pub fn recover(&mut self, now: SimTime, id: MovementId, route: Option<&Route>) {
        let Some(movement) = self.get_mut(id) else { return };
        let due = movement.outage.and_then(|outage| outage.until) == Some(now);
        let (true, Some(key), Some(route)) = (due, movement.flow, route) else { return };
        movement.outage = None;
        movement.stalled = false;
        movement.order.transport = movement.order.transport.recovered();
        movement.round = movement.way.first_round(&movement.order);
        movement.round_ends = None;
        if movement.refused {
            return;
        }
        let (cap, cause) = movement.cap();
        let (uses, meters) = self.terms_on(id.index as usize, Some(route));
        self.sharing.set_uses(now.as_nanos(), key, &uses, &meters);
        self.sharing.set_cap(now.as_nanos(), key, cap, cause);
        self.touch(id);
    }
}
