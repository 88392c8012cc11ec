//! What lies on a system over time: what is kept, what flows in and expires, when it is full, and what is refused.
//!
//! Copies and checkpoints take their room at once. A load that ingests fills it at its rate, and where it has a
//! retention its bytes leave again that much later (and the time that snapshots keep what was deleted). Rates are constant between changes, so the
//! level is a line with known corners: the next mark is computed, not searched.
//!
//! At its limit (the usable capacity, or a hard quota below it) a system closes: loads that ingest are refused and
//! what they offer is counted. It opens again when expiry has made room for a hundredth of the limit; the gap keeps
//! the state from changing infinitely often in no time.

use std::collections::VecDeque;

use crate::fluid::MeterId;
use crate::model::ids::{StorageId, WorkId};
use crate::units::{SimDuration, SimTime};

/// Shares of the usable capacity whose dates are kept.
pub const MARKS: [f64; 3] = [0.8, 0.9, 1.0];
/// Room for this share of the limit opens a system that was full.
const REOPENS: f64 = 1e-2;
/// Levels this close to a mark, as a share of the limit, have reached it: so far below the room that opens a full system
/// that no level is both full and open again.
const SLACK: f64 = 1e-9;

/// Parameters.
#[derive(Clone, Copy, Debug)]
pub struct SpaceParams {
    /// Usable capacity, client bytes.
    pub capacity: f64,
    /// Hard quota, at most the capacity.
    pub hard: f64,
    /// Soft quota.
    pub soft: Option<f64>,
    /// Bytes held at the start.
    pub holds: f64,
    /// Time that snapshots keep what was deleted.
    pub snapshots: SimDuration,
}

/// What a full system asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpaceEffect {
    /// Loads that ingest are refused from now on.
    Close,
    /// They are taken again.
    Open,
}

/// A load that ingests.
#[derive(Clone, Debug)]
struct Ingest {
    work: WorkId,
    meter: MeterId,
    /// Time from its arrival until a byte has left, or is old enough to move on; none when it is kept.
    stays: Option<SimDuration>,
    /// Instants at which the rate changed, with the bytes that had come by then.
    corners: VecDeque<(SimTime, f64)>,
    total: f64,
    rate: f64,
    /// What it wants to write per second; none for one that takes what it gets.
    paced: Option<f64>,
    /// What it offers while it is refused.
    offered: f64,
    refused: f64,
    /// For bytes that move on to another system when they are old enough: the meter of those that have, its total and rate.
    moved: Option<(MeterId, f64, f64)>,
    /// The system these bytes moved here from; they wait there while this one is full.
    from: Option<StorageId>,
}

/// Bytes of a load that are old enough to move on and are still here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Old {
    /// The load.
    pub work: WorkId,
    /// How many.
    pub bytes: f64,
    /// How many more become so each second.
    pub rate: f64,
}

impl Ingest {
    /// The new state of its meter at `now`.
    fn update(&mut self, now: SimTime, total: f64, rate: f64) {
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
    fn forget(&mut self, now: SimTime) {
        let Some(stays) = self.stays else { return };
        while self.corners.get(1).is_some_and(|&(at, _)| at.saturating_add(stays) <= now) {
            self.corners.pop_front();
        }
    }

    /// Bytes that have left by `now`, and how many leave per second from then on, when `total` had come by `now`.
    fn left(&self, now: SimTime, total: f64) -> (f64, f64) {
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
    fn here(&self, now: SimTime, total: f64, gone: Option<f64>) -> f64 {
        (total - gone.unwrap_or_else(|| self.left(now, total).0)).max(0.0)
    }

    /// Bytes that leave per second.
    fn leaves(&self, now: SimTime) -> f64 {
        self.moved.map_or_else(|| self.left(now, self.total).1, |(_, _, rate)| rate)
    }

    /// The next instant at which the expiry rate changes.
    fn next_corner(&self, now: SimTime) -> Option<SimTime> {
        let stays = self.stays?;
        let next = self.corners.partition_point(|&(at, _)| at.saturating_add(stays) <= now);
        self.corners.get(next).map(|&(at, _)| at.saturating_add(stays))
    }
}

/// The space of one system.
#[derive(Clone, Debug)]
pub struct Space {
    /// Parameters.
    pub params: SpaceParams,
    kept: f64,
    ingests: Vec<Ingest>,
    refused: f64,
    closed: bool,
    seen: SimTime,
    reached: [Option<SimTime>; MARKS.len()],
    soft_reached: Option<SimTime>,
    /// In the middle of the measured part: when, what lay here, what had been refused.
    half: Option<(SimTime, f64, f64)>,
}

impl Space {
    /// A system that holds what it holds at the start.
    pub fn new(params: SpaceParams) -> Self {
        Space {
            params,
            kept: params.holds,
            ingests: Vec::new(),
            refused: 0.0,
            closed: false,
            seen: SimTime::ZERO,
            reached: [None; MARKS.len()],
            soft_reached: None,
            half: None,
        }
    }

    /// Adds a load that ingests: its meter, its retention, its pace.
    pub fn add_ingest(&mut self, work: WorkId, meter: MeterId, retention: Option<SimDuration>, paced: Option<f64>) {
        let stays = retention.map(|r| r.checked_add(self.params.snapshots).unwrap_or(r));
        self.push(work, meter, stays, paced);
    }

    /// Adds a load whose bytes move on to another system `after` their arrival; `moved` counts those that have.
    pub fn add_tiered(&mut self, work: WorkId, meter: MeterId, after: SimDuration, moved: MeterId, paced: Option<f64>) {
        self.push(work, meter, Some(after), paced).moved = Some((moved, 0.0, 0.0));
    }

    /// Adds what moves here from a system `from`: bytes of its load `work`, with what is left of their retention.
    pub fn add_arrivals(&mut self, from: StorageId, work: WorkId, meter: MeterId, retention: Option<SimDuration>) {
        let stays = retention.map(|r| r.checked_add(self.params.snapshots).unwrap_or(r));
        self.push(work, meter, stays, None).from = Some(from);
    }

    fn push(&mut self, work: WorkId, meter: MeterId, stays: Option<SimDuration>, paced: Option<f64>) -> &mut Ingest {
        self.ingests.push(Ingest {
            work,
            meter,
            stays,
            corners: VecDeque::from([(SimTime::ZERO, 0.0)]),
            total: 0.0,
            rate: 0.0,
            paced,
            offered: 0.0,
            refused: 0.0,
            moved: None,
            from: None,
        });
        let last = self.ingests.len() - 1;
        &mut self.ingests[last]
    }

    /// Meters of what moves on, with its loads.
    pub fn moved_meters(&self) -> impl Iterator<Item = (MeterId, WorkId)> {
        self.ingests.iter().filter_map(|i| i.moved.map(|(meter, ..)| (meter, i.work)))
    }

    /// The meter of what comes from a system `from` of its load `work`.
    pub fn arrivals(&self, from: StorageId, work: WorkId) -> Option<MeterId> {
        self.ingests.iter().find(|i| i.from == Some(from) && i.work == work).map(|i| i.meter)
    }

    /// Loads that bring bytes here, with the system that those which have moved come from.
    pub fn sources(&self) -> Vec<(WorkId, Option<StorageId>)> {
        self.ingests.iter().map(|i| (i.work, i.from)).collect()
    }

    /// What is old enough to move on, as of the last update; less than a billionth of the limit counts as none.
    pub fn old(&self) -> Vec<Old> {
        let old = |i: &Ingest| {
            let (_, gone, _) = i.moved?;
            let (due, rate) = i.left(self.seen, i.total);
            let bytes = due - gone;
            Some(Old { work: i.work, bytes: if bytes > self.slack() { bytes } else { 0.0 }, rate })
        };
        self.ingests.iter().filter_map(old).collect()
    }

    /// Meters of the loads that ingest, with their works.
    pub fn meters(&self) -> impl Iterator<Item = (MeterId, WorkId)> {
        self.ingests.iter().map(|i| (i.meter, i.work))
    }

    /// Whether loads that ingest are refused.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Bytes held at `now`, given the total that each meter shows then.
    pub fn used_at(&self, now: SimTime, mut total: impl FnMut(MeterId) -> f64) -> f64 {
        let of = |i: &Ingest| {
            let come = total(i.meter);
            i.here(now, come, i.moved.map(|(meter, ..)| total(meter)))
        };
        self.kept + self.ingests.iter().map(of).sum::<f64>()
    }

    /// Bytes held at the last update.
    pub fn used(&self) -> f64 {
        let held = |i: &Ingest| i.here(self.seen, i.total, i.moved.map(|(_, gone, _)| gone));
        self.kept + self.ingests.iter().map(held).sum::<f64>()
    }

    /// Bytes per second that come in beyond those that leave.
    fn slope(&self) -> f64 {
        let (comes, leaves) =
            self.ingests.iter().fold((0.0, 0.0), |(comes, leaves), i| (comes + i.rate, leaves + i.leaves(self.seen)));
        let slope: f64 = comes - leaves;
        // What comes and leaves at the same rate differs by rounding.
        if slope.abs() > 1e-9 * comes { slope } else { 0.0 }
    }

    /// Bytes refused: by copies and checkpoints that did not fit, and by loads that ingest.
    pub fn refused(&self) -> f64 {
        self.refused + self.ingests.iter().map(|i| i.refused).sum::<f64>()
    }

    /// Bytes of a load that ingests which were refused.
    pub fn refused_of(&self, work: WorkId) -> Option<f64> {
        self.ingests.iter().find(|i| i.work == work).map(|i| i.refused)
    }

    /// Brings the level up to `now`: `read` gives total and rate of a meter.
    pub fn update(&mut self, now: SimTime, mut read: impl FnMut(MeterId) -> (f64, f64)) -> Option<SpaceEffect> {
        let past = (now - self.seen).as_secs_f64();
        self.seen = now;
        for ingest in &mut self.ingests {
            if self.closed {
                ingest.refused += ingest.offered * past;
            }
            let (total, rate) = read(ingest.meter);
            ingest.update(now, total, rate);
            ingest.forget(now);
            if let Some((meter, ..)) = ingest.moved {
                let (total, rate) = read(meter);
                ingest.moved = Some((meter, total, rate));
            }
        }
        self.note_marks(now);
        let (used, slope) = (self.used(), self.slope());
        if !self.closed && slope > 0.0 && used >= self.params.hard - self.slack() {
            for ingest in &mut self.ingests {
                // What moves here from another system waits there: it is not refused.
                let offers = ingest.rate > 0.0 && ingest.from.is_none();
                ingest.offered = if offers { ingest.paced.unwrap_or(ingest.rate) } else { 0.0 };
            }
            self.closed = true;
            return Some(SpaceEffect::Close);
        }
        if self.closed && used <= self.reopens() + self.slack() {
            self.closed = false;
            return Some(SpaceEffect::Open);
        }
        None
    }

    fn note_marks(&mut self, now: SimTime) {
        let level = self.used() + self.slack();
        for (reached, mark) in self.reached.iter_mut().zip(MARKS) {
            if reached.is_none() && level >= mark * self.params.capacity {
                *reached = Some(now);
            }
        }
        if self.soft_reached.is_none() && self.params.soft.is_some_and(|soft| level >= soft) {
            self.soft_reached = Some(now);
        }
    }

    fn slack(&self) -> f64 {
        SLACK * self.params.hard
    }

    fn reopens(&self) -> f64 {
        self.params.hard * (1.0 - REOPENS)
    }

    /// The next instant at which something happens if the rates stay as they are.
    pub fn next_due(&self) -> Option<SimTime> {
        let corner = self.ingests.iter().filter_map(|i| i.next_corner(self.seen)).min();
        let (used, slope) = (self.used(), self.slope());
        let marks = MARKS.map(|m| m * self.params.capacity);
        let open = marks.into_iter().zip(self.reached).filter(|(_, reached)| reached.is_none()).map(|(mark, _)| mark);
        let soft = self.params.soft.filter(|_| self.soft_reached.is_none());
        let limit = if self.closed { self.reopens() } else { self.params.hard };
        let after = |mark: f64| {
            let seconds = (mark - used) / slope;
            let ahead = seconds > 0.0 && seconds.is_finite() && (mark - used).abs() > self.slack();
            ahead.then(|| self.seen.saturating_add(SimDuration::from_secs_f64_ceil(seconds)))
        };
        let mark = open.chain(soft).chain([limit]).filter_map(after).min();
        let caught_up = |old: Old, moves: f64| {
            let seconds = old.bytes / (moves - old.rate);
            let ahead = seconds > 0.0 && seconds.is_finite();
            ahead.then(|| self.seen.saturating_add(SimDuration::from_secs_f64_ceil(seconds)))
        };
        let moving = self.ingests.iter().filter_map(|i| i.moved.map(|(_, _, rate)| rate));
        let caught_up = self.old().into_iter().zip(moving).filter_map(|(old, moves)| caught_up(old, moves)).min();
        corner.into_iter().chain(mark).chain(caught_up).min()
    }

    /// Takes `bytes` for good: returns what fits, and counts the rest as refused.
    pub fn admit(&mut self, bytes: f64) -> f64 {
        let fits = bytes.min((self.params.hard - self.used()).max(0.0));
        self.refused += bytes - fits;
        self.kept += fits;
        self.note_marks(self.seen);
        fits
    }

    /// Takes `bytes` from the start, as [`SpaceParams::holds`] does.
    pub fn keep(&mut self, bytes: f64) {
        self.kept += bytes;
    }

    /// Gives room back.
    pub fn release(&mut self, bytes: f64) {
        self.kept = (self.kept - bytes).max(0.0);
    }

    /// A load that ingests begins while the system is closed, or ends: what it offers from now on.
    pub fn offers(&mut self, work: WorkId, writes: bool) {
        for ingest in self.ingests.iter_mut().filter(|i| i.work == work) {
            ingest.offered = if writes { ingest.paced.unwrap_or(0.0) } else { 0.0 };
        }
    }

    /// Remembers the level in the middle of the measured part, from which growth is reckoned.
    pub fn half_time(&mut self) {
        self.half = Some((self.seen, self.used(), self.refused()));
    }

    /// Mean growth in bytes per second over the second half of the measured part, at the last update.
    pub fn growth(&self) -> Option<f64> {
        let (at, level, _) = self.half?;
        let span = (self.seen - at).as_secs_f64();
        (span > 0.0).then(|| (self.used() - level) / span)
    }

    /// Growth that there would be with room for all, bytes per second: what was refused in the second half counts as if
    /// it stayed. Nothing when it does not grow.
    pub fn wanted_growth(&self) -> Option<f64> {
        let (at, level, refused) = self.half?;
        let more = self.used() - level + self.refused() - refused;
        let span = (self.seen - at).as_secs_f64();
        (span > 0.0 && more > self.slack()).then(|| more / span)
    }

    /// When `used` reached a share of [`MARKS`], or will at this growth; seconds after the start.
    pub fn reaches(&self, mark: usize) -> Option<f64> {
        self.reached[mark]
            .map(|at| (at - SimTime::ZERO).as_secs_f64())
            .or_else(|| self.projected(MARKS[mark] * self.params.capacity))
    }

    /// When `used` reached the soft quota, or will; seconds after the start.
    pub fn reaches_soft(&self) -> Option<f64> {
        let soft = self.params.soft?;
        self.soft_reached.map(|at| (at - SimTime::ZERO).as_secs_f64()).or_else(|| self.projected(soft))
    }

    /// Whether the soft quota was reached during the run.
    pub fn soft_passed(&self) -> bool {
        self.soft_reached.is_some()
    }

    fn projected(&self, level: f64) -> Option<f64> {
        let (_, before, _) = self.half?;
        let growth = self.growth().filter(|_| self.used() - before > self.slack())?;
        Some((self.seen - SimTime::ZERO).as_secs_f64() + (level - self.used()).max(0.0) / growth)
    }
}

#[cfg(test)]
#[path = "space_tests.rs"]
mod tests;
