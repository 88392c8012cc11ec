//! One link: what of it is down, and what it carries meanwhile.

use super::installed::Installation;
use super::params::LinkParams;
use crate::stats::Level;

/// A link and what is down of it.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) params: LinkParams,
    /// What is installed now.
    pub(super) now: Installation,
    pub(super) waves_down: u16,
    pub(super) cuts_open: u16,
    pub(super) alive_in_routes: bool,
    pub(super) down: Level,
}

impl Link {
    /// Present capacity of both directions.
    pub(super) fn capacity(&self) -> [f64; 2] {
        if self.cuts_open > 0 {
            return [0.0; 2];
        }
        let up = self.now.waves - self.waves_down;
        self.now.capacity.map(|installed| installed * f64::from(up) / f64::from(self.now.waves))
    }

    pub(super) fn alive(&self) -> bool {
        self.cuts_open == 0 && self.waves_down < self.now.waves
    }
}
