//! Bursts of checkpoints: all ranks of a fleet save or load one at the same time.
//!
//! A *save* writes each byte once, shared out evenly over the ranks. A *load* reads the whole checkpoint once for every
//! data-parallel replica: the read storm of a restart. A burst begins with all ranks at once and is over with the last
//! byte of the slowest, plus one more operation: the sync that makes a save durable, the open before a load.

use crate::units::{SimDuration, SimTime};

/// Parameters of bursts.
#[derive(Clone, Copy, Debug)]
pub struct BurstParams {
    /// Ranks.
    pub ranks: u64,
    /// Bytes of the checkpoint.
    pub checkpoint: f64,
    /// Bytes that one rank moves in a burst.
    pub each: f64,
    /// Whether it loads.
    pub load: bool,
    /// Time between two bursts; none for a single one.
    pub every: Option<SimDuration>,
}

/// Bursts that began and ended.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BurstStats {
    /// Bursts that ended in the measured part.
    pub count: u64,
    /// Seconds of all of them.
    pub total: f64,
    /// Seconds of the longest.
    pub longest: f64,
    /// Bursts that were due while the one before still ran, and were left out.
    pub skipped: u64,
}

/// The bursts of one work.
#[derive(Clone, Debug)]
pub struct Burst {
    /// Parameters.
    pub params: BurstParams,
    /// Whether its work runs.
    runs: bool,
    /// When the present burst began.
    began: Option<SimTime>,
    /// What has been measured.
    pub stats: BurstStats,
}

impl Burst {
    /// Before the first burst.
    pub fn new(params: BurstParams) -> Self {
        Burst { params, runs: true, began: None, stats: BurstStats::default() }
    }

    /// A burst is due. True when it begins; one that meets the burst before is left out.
    pub fn due(&mut self, now: SimTime) -> bool {
        if !self.runs {
            return false;
        }
        if self.began.is_some() {
            self.stats.skipped += 1;
            return false;
        }
        self.began = Some(now);
        true
    }

    /// When the next burst is due.
    pub fn next(&self, now: SimTime) -> Option<SimTime> {
        self.params.every.filter(|_| self.runs).map(|every| now.saturating_add(every))
    }

    /// The slowest rank is done.
    pub fn done(&mut self, now: SimTime) {
        let Some(began) = self.began.take() else { return };
        let time = (now - began).as_secs_f64();
        self.stats.count += 1;
        self.stats.total += time;
        self.stats.longest = self.stats.longest.max(time);
    }

    /// The work ends; a burst under way is cut short and not counted.
    pub fn end(&mut self) {
        (self.runs, self.began) = (false, None);
    }

    /// Statistics start here.
    pub fn reset(&mut self) {
        self.stats = BurstStats::default();
    }

    /// Whether a burst is under way.
    pub fn is_under_way(&self) -> bool {
        self.began.is_some()
    }
}

/// Bytes of one rank: a save shares the checkpoint out, a load reads it once for every replica.
pub fn bytes_of_rank(checkpoint: f64, ranks: u64, replicas: u64, load: bool) -> f64 {
    let times = if load { replicas as f64 } else { 1.0 };
    checkpoint * times / ranks as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> SimTime {
        SimTime::from_nanos(s * 1_000_000_000)
    }

    #[test]
    fn a_burst_that_meets_the_one_before_is_left_out_and_counted() {
        let every = Some(SimDuration::from_secs(10));
        let mut burst = Burst::new(BurstParams { ranks: 4, checkpoint: 1.0, each: 0.25, load: false, every });
        assert!(burst.due(at(0)));
        assert_eq!(burst.next(at(0)), Some(at(10)));
        assert!(!burst.due(at(10)));
        burst.done(at(12));
        assert!(burst.due(at(20)));
        burst.done(at(24));
        assert_eq!(burst.stats, BurstStats { count: 2, total: 16.0, longest: 12.0, skipped: 1 });
        assert!(burst.due(at(30)) && burst.is_under_way());
        burst.end();
        burst.done(at(31));
        assert!(!burst.due(at(40)) && burst.next(at(40)).is_none());
        assert_eq!(burst.stats.count, 2, "what is cut short does not count");
    }

    #[test]
    fn every_replica_loads_the_whole_checkpoint() {
        assert!((bytes_of_rank(1200.0, 8, 2, false) - 150.0).abs() < 1e-9);
        assert!((bytes_of_rank(1200.0, 8, 2, true) - 300.0).abs() < 1e-9);
    }
}
