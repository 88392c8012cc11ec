//! How many engines of a pool are simulated.

use super::{Admission, RlWork, Update};

/// Cohorts per pool of a loop in which means are what counts, where a plan does not state the size of a cohort.
pub const DEFAULT_COHORTS: u64 = 32;

/// Trajectories at once that are simulated for a pool of a loop that waits for its slowest: its cohorts are as many as its engines up to there.
pub const SLOWEST_SLOTS: u64 = 65_536;

/// What a loop may leave unfinished is resolved where it is at least so many times what one simulated trajectory, or group, stands for.
/// Measured with batches of 1,000 to 6,400 on 128 and 376 engines: at 17 times medians were 3 % off, at 34 times 1.4 %, at 545 times none.
pub const RESOLVED: f64 = 128.0;

impl RlWork {
    /// Whether the loop waits for the slowest of a whole batch or of all engines, again and again: rounds without more than a batch, a
    /// lag bound of 0, updates that drain. A few cohorts show means well and extremes badly: of 32 draws the largest is smaller
    /// than of 1,000.
    pub fn waits_for_slowest(&self) -> bool {
        let no_spare = match self.admission {
            Admission::Rounds { surplus, .. } => surplus == 0.0,
            Admission::Synced { staleness } => staleness == 0.0,
            Admission::Served | Admission::Trained => self.batches_beyond() == 0,
        };
        no_spare || self.weights.update == Update::Drain
    }

    /// Batches that the bound leaves beyond the one that is waited for. What counts from the version that engines serve moves by as many batches as lie between two
    /// publishes, so the last batch before one has that much less: with `max_lag` 1 and a publish every 2 steps nothing.
    fn batches_beyond(&self) -> u32 {
        match self.admission {
            Admission::Served => (self.max_lag + 1).saturating_sub(self.weights.sync_every.max(1)),
            _ => self.max_lag,
        }
    }

    /// Trajectories that the loop may leave unfinished when a batch is there: more than a batch in rounds, or what its bound allows beyond one.
    /// `None` where users share the engines, which then generate for them and not for a batch.
    pub fn spare(&self) -> Option<f64> {
        let batches = match self.admission {
            Admission::Rounds { surplus, .. } => surplus,
            Admission::Synced { staleness } => staleness,
            Admission::Served | Admission::Trained => f64::from(self.batches_beyond()),
        };
        self.users.is_none().then_some(batches * self.batch as f64)
    }

    /// How many times what one simulated trajectory of a pool stands for, or one group, the loop may leave unfinished. A batch ends with such
    /// a lump, half of which it does not need.
    pub fn resolution(&self, engines: u64, cohorts: u64) -> Option<f64> {
        let together = engines.div_ceil(cohorts.max(1)) * self.group;
        self.spare().map(|spare| spare / together as f64)
    }

    /// Whether so many cohorts of a pool are too coarse for what the loop may leave unfinished. Every engine by itself never is.
    pub fn is_coarse(&self, engines: u64, cohorts: u64) -> bool {
        cohorts < engines && self.resolution(engines, cohorts).is_some_and(|times| times < RESOLVED)
    }

    /// Cohorts of a pool of so many engines. A cohort takes new weights as one, so with waves of swaps there are as many in each wave, a
    /// whole number, and never fewer than one.
    pub fn cohorts(&self, engines: u64) -> u64 {
        let fitting = SLOWEST_SLOTS / u64::from(self.engine.slots);
        let in_rounds = matches!(self.admission, Admission::Rounds { .. } | Admission::Synced { .. });
        let coarse = self.is_coarse(engines, DEFAULT_COHORTS) && (in_rounds || engines <= fitting);
        let usual = if self.waits_for_slowest() || coarse { DEFAULT_COHORTS.max(fitting) } else { DEFAULT_COHORTS };
        let asked = match self.engine.cohort {
            0 => engines.min(usual),
            size => engines.div_ceil(size),
        };
        asked.next_multiple_of(self.weights.swap_waves.max(1)).min(engines)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Plan, WorkKind};
    use super::*;
    use crate::scenario::load_text;

    /// The loop of two sites with keys in place of its own: batches of 1,000 on engines with 64 slots.
    fn loop_with(keys: &[&str]) -> RlWork {
        let text = include_str!("../../../tests/world_support/two_sites.toml");
        let keys: Vec<String> = ["batch=1000"].iter().chain(keys).map(|key| format!("work.loop.{key}")).collect();
        let (plan, _): (Plan, _) = load_text("two.toml", text, &keys).unwrap_or_else(|found| panic!("{found:?}"));
        let WorkKind::Rl(rl) = &plan.works[0].kind else { panic!("a loop") };
        (**rl).clone()
    }

    /// 320 engines: 32 cohorts stand for 10 each, so 1,280 are to spare where they are enough.
    #[test]
    fn a_loop_simulates_each_engine_where_it_has_little_to_spare() {
        let (each, few) = (320, DEFAULT_COHORTS);
        let cases: [(&[&str], u64); 17] = [
            (&["max_lag=1", "weights.sync_every=2"], each),
            (&["max_lag=3", "weights.sync_every=3"], each),
            (&["max_lag=3", "weights.sync_every=2"], few),
            (&["max_lag=2"], few),
            (&["max_lag=1"], each),
            (&["max_lag=0"], each),
            (&["max_lag=4", "group=2"], few),
            (&["max_lag=4", "group=4"], each),
            (&["mode=\"synchronous\"", "max_lag=4"], each),
            (&["mode=\"synchronous\"", "over_generation=\"1 %\""], each),
            (&["mode=\"one-step-off\"", "over_generation=\"100 %\""], each),
            (&["mode=\"steps-off\"", "over_generation=\"100 %\"", "batch=1280"], few),
            (&["admission=\"sync\"", "staleness=\"0 %\""], each),
            (&["admission=\"sync\"", "staleness=\"150 %\"", "max_lag=2"], few),
            (&["admission=\"trained\"", "max_lag=2"], few),
            (&["weights.update=\"drain\"", "max_lag=8"], each),
            (&["weights.update=\"abort-and-resume\"", "max_lag=2"], few),
        ];
        for (keys, cohorts) in cases {
            assert_eq!(loop_with(keys).cohorts(320), cohorts, "{keys:?}");
        }
        // What is stated is stated; waves are of the same size, as far as there are engines.
        assert_eq!(loop_with(&["engine.cohort=5", "max_lag=0"]).cohorts(320), 64);
        assert_eq!(loop_with(&["weights.swap_waves=5", "max_lag=2"]).cohorts(320), 35);
        assert_eq!(loop_with(&["weights.swap_waves=50", "max_lag=2"]).cohorts(33), 33);
    }

    /// 65,536 slots are 1,024 engines with 64. A larger pool simulates as many of its engines in rounds and where it drains, and 32 cohorts where
    /// only its bound is tight.
    #[test]
    fn a_pool_of_many_slots_simulates_no_more_than_so_many() {
        assert_eq!(loop_with(&["max_lag=1"]).cohorts(1024), 1024);
        let tight = loop_with(&["max_lag=1"]);
        assert_eq!(tight.cohorts(1025), DEFAULT_COHORTS);
        assert!(tight.is_coarse(1025, DEFAULT_COHORTS) && !tight.is_coarse(1025, 1025));
        assert_eq!(loop_with(&["mode=\"synchronous\""]).cohorts(2000), 1024);
        assert_eq!(loop_with(&["weights.update=\"drain\"", "max_lag=8"]).cohorts(2000), 1024);
    }

    /// 1,000 to spare, and 10 engines with groups of 4 as one: 25 times.
    #[test]
    fn the_resolution_counts_groups_as_a_whole() {
        let rl = loop_with(&["max_lag=1", "group=4"]);
        assert_eq!(rl.resolution(320, 32).map(f64::to_bits), Some(25.0_f64.to_bits()));
        let users = loop_with(&["users={ rate = \"1 req/s\" }"]);
        assert!(users.resolution(320, 32).is_none() && !users.is_coarse(320, 32));
    }
}
