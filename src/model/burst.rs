//! Bursts of checkpoints: all ranks of a fleet save or load one at the same time.
//!
//! A *save* writes each byte once, shared out evenly over the ranks. A *load* reads the whole checkpoint once for every
//! data-parallel replica: the read storm of a restart. A burst begins with all ranks at once and is over with the last
//! byte of the slowest, plus one more operation: the sync that makes a save durable, the open before a load.

use std::collections::VecDeque;

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
    /// Slow ranks, and how many times slower one is by itself; none where all are alike.
    pub stragglers: Option<(u64, f64)>,
    /// Checkpoints that stay on the system; none where saves overwrite one another.
    pub keep: Option<usize>,
    /// When the work, or the run, is over: nothing begins then.
    pub until: SimTime,
}

impl BurstParams {
    /// Ranks that move alike, with how many times slower one of them is by itself.
    pub fn groups(&self) -> impl Iterator<Item = (u64, f64)> {
        let slow = self.stragglers.unwrap_or((0, 1.0));
        [(self.ranks - slow.0, 1.0), slow].into_iter().filter(|(ranks, _)| *ranks > 0)
    }
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
    /// Saves that found no room for a part of them, or for all.
    pub cramped: u64,
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
    /// Groups of ranks that are not done.
    open: usize,
    /// Bytes of the present save that found room.
    pub room: f64,
    /// Bytes of the checkpoints that lie on the system, the oldest first.
    pub kept: VecDeque<f64>,
    /// What has been measured.
    pub stats: BurstStats,
}

impl Burst {
    /// Before the first burst.
    pub fn new(params: BurstParams) -> Self {
        Burst {
            params,
            runs: true,
            began: None,
            open: 0,
            room: 0.0,
            kept: VecDeque::new(),
            stats: BurstStats::default(),
        }
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
        self.open = self.params.groups().count();
        true
    }

    /// A group of ranks is done. True when it was the last, the slowest.
    pub fn arrived(&mut self) -> bool {
        self.open = self.open.saturating_sub(1);
        self.open == 0 && self.began.is_some()
    }

    /// So much of a save finds room. Nothing at all: it is left out.
    pub fn takes(&mut self, room: f64) {
        self.room = room;
        self.stats.cramped += u64::from(room < self.params.checkpoint);
        if room <= 0.0 {
            self.began = None;
        }
    }

    /// A save that is over joins those that are kept: bytes of the oldest beyond them, which go.
    pub fn keeps(&mut self) -> f64 {
        let Some(keep) = self.params.keep else { return 0.0 };
        self.kept.push_back(std::mem::take(&mut self.room));
        let beyond = self.kept.len().saturating_sub(keep);
        self.kept.drain(..beyond).sum()
    }

    /// When the next burst is due.
    pub fn next(&self, now: SimTime) -> Option<SimTime> {
        let next = self.params.every.filter(|_| self.runs).map(|every| now.saturating_add(every));
        next.filter(|next| *next < self.params.until)
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

    const ONE: BurstParams = BurstParams {
        ranks: 10,
        checkpoint: 100.0,
        each: 10.0,
        load: false,
        every: None,
        stragglers: None,
        keep: None,
        until: SimTime::MAX,
    };

    #[test]
    fn a_burst_is_over_with_its_last_group() {
        let mut burst = Burst::new(BurstParams { stragglers: Some((3, 4.0)), ..ONE });
        assert_eq!(burst.params.groups().collect::<Vec<_>>(), [(7, 1.0), (3, 4.0)]);
        assert!(burst.due(at(0)) && !burst.arrived() && burst.arrived());
        burst.done(at(5));
        assert!(!burst.arrived(), "nothing is under way");
    }

    #[test]
    fn the_oldest_beyond_those_kept_goes() {
        let mut burst = Burst::new(BurstParams { keep: Some(2), ..ONE });
        let gone = [100.0, 100.0, 40.0, 100.0].map(|room| {
            assert!(burst.due(at(0)));
            burst.takes(room);
            burst.done(at(1));
            burst.keeps()
        });
        assert_eq!(gone.to_vec(), [0.0, 0.0, 100.0, 100.0]);
        assert_eq!((burst.kept.iter().sum::<f64>(), burst.stats.cramped), (140.0, 1));
        assert!(burst.due(at(2)));
        burst.takes(0.0);
        assert!(!burst.is_under_way(), "without any room it is left out");
    }

    #[test]
    fn a_burst_that_meets_the_one_before_is_left_out_and_counted() {
        let every = Some(SimDuration::from_secs(10));
        let mut burst =
            Burst::new(BurstParams { ranks: 4, checkpoint: 1.0, each: 0.25, load: false, every, until: at(25), ..ONE });
        assert!(burst.due(at(0)));
        assert_eq!(burst.next(at(0)), Some(at(10)));
        assert!(!burst.due(at(10)));
        burst.done(at(12));
        assert!(burst.due(at(20)));
        burst.done(at(24));
        assert!(burst.next(at(20)).is_none() && burst.next(at(14)) == Some(at(24)), "the work is over at 25");
        assert_eq!(burst.stats, BurstStats { count: 2, total: 16.0, longest: 12.0, skipped: 1, cramped: 0 });
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
