//! How many engines of a pool are simulated.

use super::{Admission, RlWork, Update};

/// Cohorts per pool of a loop in which means are what counts, where a plan does not state the size of a cohort.
pub const DEFAULT_COHORTS: u64 = 32;

/// Trajectories at once that are simulated for a pool of a loop that waits for its slowest: its cohorts are as many as its engines up to there.
pub const SLOWEST_SLOTS: u64 = 65_536;

impl RlWork {
    /// Whether the loop waits for the slowest of a whole batch or of all engines, again and again: rounds without more than a batch, a
    /// lag bound of 0, updates that drain. A few cohorts show means well and extremes badly: of 32 draws the largest is smaller
    /// than of 1,000.
    pub fn waits_for_slowest(&self) -> bool {
        let no_spare = match self.admission {
            Admission::Rounds { surplus, .. } => surplus == 0.0,
            Admission::Synced { staleness } => staleness == 0.0,
            Admission::Served | Admission::Trained => self.max_lag == 0,
        };
        no_spare || self.weights.update == Update::Drain
    }

    /// Cohorts of a pool of so many engines. A cohort takes new weights as one, so with waves of swaps there are as many in each wave, a
    /// whole number, and never fewer than one.
    pub fn cohorts(&self, engines: u64) -> u64 {
        let usual = if self.waits_for_slowest() {
            DEFAULT_COHORTS.max(SLOWEST_SLOTS / u64::from(self.engine.slots))
        } else {
            DEFAULT_COHORTS
        };
        let asked = match self.engine.cohort {
            0 => engines.min(usual),
            size => engines.div_ceil(size),
        };
        asked.next_multiple_of(self.weights.swap_waves.max(1)).min(engines)
    }
}
