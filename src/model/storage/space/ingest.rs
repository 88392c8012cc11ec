//! A load that brings bytes to a system: what has come, what has left again, what comes next.

use std::collections::VecDeque;

use crate::fluid::MeterId;
use crate::model::ids::{StorageId, WorkId};
use crate::model::rhythm::Rhythm;
use crate::units::{SimDuration, SimTime};

/// How a load brings bytes to a system.
#[derive(Clone, Debug)]
pub struct Load {
    /// The work.
    pub work: WorkId,
    /// Meter of its bytes.
    pub meter: MeterId,
    /// What it wants to write per second, before its rhythm; none for one that takes what it gets.
    pub paced: Option<f64>,
    /// How that changes with time.
    pub rhythm: Option<Rhythm>,
    /// Accounts of tenants and views that its bytes count in.
    pub accounts: Vec<usize>,
}

impl Load {
    /// A load of nobody, at a constant pace.
    pub fn plain(work: WorkId, meter: MeterId, paced: Option<f64>) -> Self {
        Load { work, meter, paced, rhythm: None, accounts: Vec::new() }
    }
}

/// A load with its state.
#[derive(Clone, Debug)]
pub(super) struct Ingest {
    pub(super) load: Load,
    /// Time from its arrival until a byte has left, or is old enough to move on; none when it is kept.
    pub(super) stays: Option<SimDuration>,
    /// Instants at which the rate changed, with the bytes that had come by then.
    pub(super) corners: VecDeque<(SimTime, f64)>,
    pub(super) total: f64,
    pub(super) rate: f64,
    /// What it wants to write per second now.
    pub(super) wants: Option<f64>,
    /// What it offers while it is refused.
    pub(super) offered: f64,
    pub(super) refused: f64,
    /// For bytes that move on to another system when they are old enough: the meter of those that have, its total and rate.
    pub(super) moved: Option<(MeterId, f64, f64)>,
    /// They also move on while the level is on its way from the high mark to the low one.
    pub(super) by_fill: bool,
    /// The system these bytes moved here from; they wait there while this one is full.
    pub(super) from: Option<StorageId>,
    /// In the middle of the measured part: what had come, what lay here, what had been refused.
    pub(super) half: (f64, f64, f64),
}

impl Ingest {
    pub(super) fn new(load: Load, stays: Option<SimDuration>) -> Self {
        Ingest {
            wants: load.paced,
            load,
            stays,
            corners: VecDeque::from([(SimTime::ZERO, 0.0)]),
            total: 0.0,
            rate: 0.0,
            offered: 0.0,
            refused: 0.0,
            moved: None,
            by_fill: false,
            from: None,
            half: (0.0, 0.0, 0.0),
        }
    }

    /// The new state of its meter at `now`.
    pub(super) fn update(&mut self, now: SimTime, total: f64, rate: f64) {
        let same = rate.to_bits() == self.rate.to_bits();
        (self.total, self.rate) = (total, rate);
        if self.stays.is_none() || same {
            return;
        }
        if self.corners.back().is_some_and(|&(at, _)| at == now) {
            self.corners.pop_back();
        }
        self.corners.push_back((now, total));
    }

    /// Forgets corners that lie before those that matter.
    pub(super) fn forget(&mut self, now: SimTime) {
        let Some(stays) = self.stays else { return };
        while self.corners.get(1).is_some_and(|&(at, _)| at.saturating_add(stays) <= now) {
            self.corners.pop_front();
        }
    }

    /// Bytes that have left by `now`, and how many leave per second from then on, when `total` had come by `now`.
    pub(super) fn left(&self, now: SimTime, total: f64) -> (f64, f64) {
        let Some(stays) = self.stays else { return (0.0, 0.0) };
        let due = |at: SimTime| at.saturating_add(stays);
        let Some(i) = self.corners.partition_point(|&(at, _)| due(at) <= now).checked_sub(1) else { return (0.0, 0.0) };
        let (from, bytes) = self.corners[i];
        let (to, then) = self.corners.get(i + 1).copied().unwrap_or((now, total));
        let span = (to - from).as_secs_f64();
        let slope = if span > 0.0 { (then - bytes) / span } else { 0.0 };
        (bytes + slope * (now - due(from)).as_secs_f64(), slope)
    }

    /// Bytes here at `now`, when `total` had come and `gone` had moved on by then.
    pub(super) fn here(&self, now: SimTime, total: f64, gone: Option<f64>) -> f64 {
        (total - gone.unwrap_or_else(|| self.left(now, total).0)).max(0.0)
    }

    /// Bytes here at the last update, which was at `now`.
    pub(super) fn held(&self, now: SimTime) -> f64 {
        self.here(now, self.total, self.moved.map(|(_, gone, _)| gone))
    }

    /// Bytes that leave per second.
    pub(super) fn leaves(&self, now: SimTime) -> f64 {
        self.moved.map_or_else(|| self.left(now, self.total).1, |(_, _, rate)| rate)
    }

    /// The next instant at which the expiry rate changes.
    pub(super) fn next_corner(&self, now: SimTime) -> Option<SimTime> {
        let stays = self.stays?;
        let next = self.corners.partition_point(|&(at, _)| at.saturating_add(stays) <= now);
        self.corners.get(next).map(|&(at, _)| at.saturating_add(stays))
    }

    /// Whether its bytes count in an account.
    pub(super) fn counts_in(&self, account: usize) -> bool {
        account == super::WHOLE || self.load.accounts.contains(&account)
    }
}
