//! Who has a claim on shared storage systems now, and on which terms each of them shares.

use super::{Carriage, Movement};
use crate::model::ids::MovementId;
use crate::model::paths::Access;
use crate::units::SimTime;

/// A movement that can use a shared storage system now.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Its slot, of use to [`Carriage::set_terms`] at the same instant only.
    pub slot: usize,
    /// Its accesses to shared systems.
    pub access: Vec<Access>,
    /// Payload bytes per second that it could take at most.
    pub limit: f64,
    /// How often each payload byte is carried.
    pub copies: f64,
}

impl Movement {
    /// Whether it uses a storage system that is shared by tenants or views.
    pub(super) fn claims(&self) -> bool {
        self.order.access.iter().any(|access| access.lanes.is_some())
    }
}

impl Carriage {
    /// Takes notice that a movement comes, goes, stands still, or moves again.
    pub(super) fn touch(&mut self, id: MovementId) {
        let claims = self.get_mut(id).is_some_and(|movement| movement.claims());
        self.claims_changed |= claims;
    }

    /// Has every claim be looked at anew: a storage system keeps less or more of what it promised.
    pub fn renew_claims(&mut self) {
        self.claims_changed = true;
    }

    /// Whether claims have changed since this was asked last.
    pub fn take_claims_changed(&mut self) -> bool {
        std::mem::take(&mut self.claims_changed)
    }

    /// All claims there are now: movements that have bytes to send and neither stand still nor are refused.
    pub fn claims(&self) -> Vec<Claim> {
        let moving = |m: &Movement| m.flow.is_some() && !m.stalled && !m.refused && m.claims();
        let present = self.slots.iter().enumerate().filter_map(|(slot, (_, m))| Some((slot, m.as_ref()?)));
        let claim = |(slot, m): (usize, &Movement)| Claim {
            slot,
            access: m.order.access.iter().filter(|access| access.lanes.is_some()).copied().collect(),
            limit: m.cap().0,
            copies: m.order.copies,
        };
        present.filter(|(_, m)| moving(m)).map(claim).collect()
    }

    /// Lets the movement in a slot share by this weight from now on, with this reserve in payload bytes per second.
    pub fn set_terms(&mut self, now: SimTime, slot: usize, weight: f64, reserve: f64) {
        let Some(movement) = self.slots[slot].1.as_mut() else { return };
        let Some(key) = movement.flow else { return };
        let terms = (weight, reserve);
        if movement.terms != terms {
            movement.terms = terms;
            self.sharing.set_terms(now.as_nanos(), key, weight * movement.way.weight(), reserve);
        }
    }
}
