//! What lies on a system over time: what is kept, what flows in and expires, when it is full, and what is refused.
//!
//! Copies and checkpoints take their room at once. A load that ingests fills it at its rate, and where it has a
//! retention its bytes leave again that much later (and the time that snapshots keep what was deleted). Rates are constant between changes, so the
//! level is a line with known corners: the next mark is computed, not searched.
//!
//! Bytes count in *accounts*: that of the whole system, and those of the tenant and the view of whoever wrote them. At
//! its limit (the usable capacity, or a hard quota) an account closes: loads that ingest into it are refused and what
//! they offer is counted. It opens again when expiry has made room for a hundredth of the limit; the gap keeps the
//! state from changing infinitely often in no time.

mod account;
mod ingest;
mod outlook;

use crate::fluid::MeterId;
use crate::model::ids::{LaneId, StorageId, WorkId};
use crate::units::{SimDuration, SimTime};
use account::Account;
use ingest::Ingest;

pub use account::AccountParams;
pub use ingest::Load;

/// The account of all that lies on a system.
pub const WHOLE: usize = 0;

/// The account of a tenant or view.
pub fn account_of(lane: LaneId) -> usize {
    lane.index() + 1
}

/// Shares of what an account may hold (the usable capacity, or a hard quota below it) whose dates are kept.
pub const MARKS: [f64; 3] = [0.8, 0.9, 1.0];
/// Room for this share of the limit opens a system that was full.
const REOPENS: f64 = 1e-2;
/// Levels this close to a mark, as a share of the limit, have reached it: so far below the room that opens a full system
/// that no level is both full and open again.
const SLACK: f64 = 1e-9;

/// Parameters.
#[derive(Clone, Copy, Debug)]
pub struct SpaceParams {
    /// All of it: full, and refused, at the usable capacity or at a hard quota below it.
    pub whole: AccountParams,
    /// Time that snapshots keep what was deleted.
    pub snapshots: SimDuration,
}

/// What an account at its limit asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpaceEffect {
    /// Loads that ingest into it are refused from now on.
    Close(usize),
    /// They are taken again, unless another account refuses them.
    Open(usize),
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

/// Levels between which bytes move on to another system.
#[derive(Clone, Copy, Debug)]
struct Marks {
    /// From here on they move.
    high: f64,
    /// Down to here.
    low: f64,
    /// Whether they move at present.
    draining: bool,
}

/// The space of one system.
#[derive(Clone, Debug)]
pub struct Space {
    /// Parameters.
    pub params: SpaceParams,
    /// The whole system, then its lanes.
    accounts: Vec<Account>,
    ingests: Vec<Ingest>,
    marks: Option<Marks>,
    seen: SimTime,
}

impl Space {
    /// A system that holds what it holds at the start.
    pub fn new(params: SpaceParams) -> Self {
        let whole = Account::new(params.whole, params.whole.hard);
        Space { params, accounts: vec![whole], ingests: Vec::new(), marks: None, seen: SimTime::ZERO }
    }

    /// Adds the account of the next lane.
    pub fn add_account(&mut self, params: AccountParams) {
        self.accounts.push(Account::new(params, self.params.whole.hard));
    }

    /// Adds a load that ingests, with its retention.
    pub fn add_ingest(&mut self, load: Load, retention: Option<SimDuration>) {
        let stays = retention.map(|r| r.checked_add(self.params.snapshots).unwrap_or(r));
        self.ingests.push(Ingest::new(load, stays));
    }

    /// Bytes move on from the level `high` until `low`, both as shares of what the system may hold.
    pub fn set_marks(&mut self, high: f64, low: f64) {
        let all = self.params.whole.hard;
        self.marks = Some(Marks { high: high * all, low: low * all, draining: false });
    }

    /// Whether marks move bytes on.
    pub fn has_marks(&self) -> bool {
        self.marks.is_some()
    }

    /// Adds a load whose bytes move on to another system `after` their arrival, or, where they have no such age, between the
    /// marks alone; `moved` counts those that have. `by_fill`: the marks move them.
    pub fn add_tiered(&mut self, load: Load, after: Option<SimDuration>, by_fill: bool, moved: MeterId) {
        self.ingests.push(Ingest { moved: Some((moved, 0.0, 0.0)), by_fill, ..Ingest::new(load, after) });
    }

    /// Adds what moves here from a system `from`: bytes of its load, with what is left of their retention.
    pub fn add_arrivals(&mut self, from: StorageId, load: Load, retention: Option<SimDuration>) {
        let stays = retention.map(|r| r.checked_add(self.params.snapshots).unwrap_or(r));
        self.ingests.push(Ingest { from: Some(from), ..Ingest::new(load, stays) });
    }

    /// Meters of what moves on, with its loads.
    pub fn moved_meters(&self) -> impl Iterator<Item = (MeterId, WorkId)> {
        self.ingests.iter().filter_map(|i| i.moved.map(|(meter, ..)| (meter, i.load.work)))
    }

    /// The meter of what comes from a system `from` of its load `work`.
    pub fn arrivals(&self, from: StorageId, work: WorkId) -> Option<MeterId> {
        self.ingests.iter().find(|i| i.from == Some(from) && i.load.work == work).map(|i| i.load.meter)
    }

    /// Loads that bring bytes into an account, with the system that those which have moved come from.
    pub fn sources(&self, account: usize) -> Vec<(WorkId, Option<StorageId>)> {
        self.ingests.iter().filter(|i| i.counts_in(account)).map(|i| (i.load.work, i.from)).collect()
    }

    /// What is to move on, as of the last update; less than a billionth of the limit counts as none.
    pub fn old(&self) -> Vec<Old> {
        let slack = self.accounts[WHOLE].slack();
        let old = |i: &Ingest| {
            let (bytes, rate, _) = self.due(i)?;
            // Where the marks have moved what is not old enough yet, nothing goes until age has caught up.
            let rate = if bytes < -slack { 0.0 } else { rate };
            Some(Old { work: i.load.work, bytes: if bytes > slack { bytes } else { 0.0 }, rate })
        };
        self.ingests.iter().filter_map(old).collect()
    }

    /// Bytes of a load that are to move on, below zero where more have moved than are old enough; how many more become so each
    /// second; how many move.
    fn due(&self, i: &Ingest) -> Option<(f64, f64, f64)> {
        let (_, gone, moves) = i.moved?;
        if i.by_fill && self.marks.is_some_and(|marks| marks.draining) {
            return Some((i.total - gone, i.rate, moves));
        }
        let (due, rate) = i.left(self.seen, i.total);
        Some((due - gone, rate, moves))
    }

    /// Bytes that are old enough to move on, or have to so that the level comes down to the low mark.
    pub fn waiting(&self) -> f64 {
        let slack = self.accounts[WHOLE].slack();
        let aged = |i: &Ingest| i.moved.map_or(0.0, |(_, gone, _)| i.left(self.seen, i.total).0 - gone);
        let old = self.ingests.iter().map(aged).filter(|bytes| *bytes > slack).fold(0.0, |sum, x| sum + x);
        let Some(marks) = self.marks.filter(|marks| marks.draining) else { return old };
        let movable = self.old().iter().fold(0.0, |sum, old| sum + old.bytes);
        old.max((self.used(WHOLE) - marks.low).max(0.0).min(movable))
    }

    /// Meters of the loads that ingest, with their works.
    pub fn meters(&self) -> impl Iterator<Item = (MeterId, WorkId)> {
        self.ingests.iter().map(|i| (i.load.meter, i.load.work))
    }

    /// Whether a load, or what of it moved here from another system, is refused.
    pub fn refuses(&self, work: WorkId, from: Option<StorageId>) -> bool {
        let own = |i: &&Ingest| i.load.work == work && i.from == from;
        self.ingests.iter().find(own).is_some_and(|i| refused(&self.accounts, i))
    }

    /// Bytes held at `now`, given the total that each meter shows then.
    pub fn used_at(&self, now: SimTime, mut total: impl FnMut(MeterId) -> f64) -> f64 {
        let of = |i: &Ingest| {
            let come = total(i.load.meter);
            i.here(now, come, i.moved.map(|(meter, ..)| total(meter)))
        };
        self.accounts[WHOLE].kept + self.ingests.iter().map(of).sum::<f64>()
    }

    /// Bytes held in an account at the last update.
    pub fn used(&self, account: usize) -> f64 {
        let own = self.ingests.iter().filter(|i| i.counts_in(account));
        self.accounts[account].kept + own.map(|i| i.held(self.seen)).sum::<f64>()
    }

    /// Bytes per second that come into an account beyond those that leave.
    fn slope(&self, account: usize) -> f64 {
        let own = self.ingests.iter().filter(|i| i.counts_in(account));
        let (comes, leaves) = own.fold((0.0, 0.0), |(comes, leaves), i| (comes + i.rate, leaves + i.leaves(self.seen)));
        let slope: f64 = comes - leaves;
        // What comes and leaves at the same rate differs by rounding.
        if slope.abs() > 1e-9 * comes { slope } else { 0.0 }
    }

    /// Bytes refused: by copies and checkpoints that did not fit, and by loads that ingest.
    pub fn refused(&self, account: usize) -> f64 {
        let own = self.ingests.iter().filter(|i| i.counts_in(account));
        self.accounts[account].refused + own.map(|i| i.refused).sum::<f64>()
    }

    /// Bytes of a load that ingests which were refused.
    pub fn refused_of(&self, work: WorkId) -> Option<f64> {
        self.ingests.iter().find(|i| i.load.work == work).map(|i| i.refused)
    }

    /// Brings the levels up to `now`: `read` gives total and rate of a meter. At most one account closes or opens.
    pub fn update(&mut self, now: SimTime, mut read: impl FnMut(MeterId) -> (f64, f64)) -> Option<SpaceEffect> {
        let past = (now - self.seen).as_secs_f64();
        self.seen = now;
        for ingest in &mut self.ingests {
            if refused(&self.accounts, ingest) {
                ingest.refused += ingest.offered * past;
            }
            let (total, rate) = read(ingest.load.meter);
            ingest.update(now, total, rate);
            ingest.forget(now);
            if let Some((meter, ..)) = ingest.moved {
                let (total, rate) = read(meter);
                ingest.moved = Some((meter, total, rate));
            }
        }
        self.note_marks(now);
        self.turn_marks();
        (0..self.accounts.len()).find_map(|account| self.turn(account))
    }

    /// Begins to move bytes on at the high mark, and ends at the low one.
    fn turn_marks(&mut self) {
        let (used, slack) = (self.used(WHOLE), self.accounts[WHOLE].slack());
        if let Some(marks) = &mut self.marks {
            let reached = if marks.draining { used <= marks.low + slack } else { used >= marks.high - slack };
            marks.draining ^= reached;
        }
    }

    /// Closes an account at its limit, or opens it again.
    fn turn(&mut self, account: usize) -> Option<SpaceEffect> {
        let (used, slope) = (self.used(account), self.slope(account));
        let own = &self.accounts[account];
        if !own.closed && slope > 0.0 && used >= own.params.hard - own.slack() {
            for ingest in self.ingests.iter_mut().filter(|i| i.counts_in(account) && !refused(&self.accounts, i)) {
                // What moves here from another system waits there: it is not refused.
                let offers = ingest.rate > 0.0 && ingest.from.is_none();
                ingest.offered = if offers { ingest.wants.unwrap_or(ingest.rate) } else { 0.0 };
            }
            self.accounts[account].closed = true;
            return Some(SpaceEffect::Close(account));
        }
        if own.closed && used <= own.reopens() + own.slack() {
            self.accounts[account].closed = false;
            return Some(SpaceEffect::Open(account));
        }
        None
    }

    fn note_marks(&mut self, now: SimTime) {
        for account in 0..self.accounts.len() {
            let used = self.used(account);
            self.accounts[account].note(now, used);
        }
    }

    /// The next instant at which something happens if the rates stay as they are.
    pub fn next_due(&self) -> Option<SimTime> {
        let corner = self.ingests.iter().filter_map(|i| i.next_corner(self.seen)).min();
        let mark = (0..self.accounts.len()).filter_map(|account| self.next_mark(account)).min();
        let slack = self.accounts[WHOLE].slack();
        let caught_up = |i: &Ingest| {
            let (bytes, rate, moves) = self.due(i).filter(|(bytes, ..)| bytes.abs() > slack)?;
            let seconds = bytes / (moves - rate);
            let ahead = seconds > 0.0 && seconds.is_finite();
            ahead.then(|| self.seen.saturating_add(SimDuration::from_secs_f64_ceil(seconds)))
        };
        let caught_up = self.ingests.iter().filter_map(caught_up).min();
        corner.into_iter().chain(mark).chain(caught_up).min()
    }

    fn next_mark(&self, account: usize) -> Option<SimTime> {
        let own = &self.accounts[account];
        let (used, slope) = (self.used(account), self.slope(account));
        let after = |mark: f64| {
            let seconds = (mark - used) / slope;
            let ahead = seconds > 0.0 && seconds.is_finite() && (mark - used).abs() > own.slack();
            ahead.then(|| self.seen.saturating_add(SimDuration::from_secs_f64_ceil(seconds)))
        };
        let turns = self.marks.filter(|_| account == WHOLE).map(|m| if m.draining { m.low } else { m.high });
        own.levels().chain(turns).filter_map(after).min()
    }

    /// Takes `bytes` for good, on the whole system and in `accounts`: returns what fits everywhere, and counts the rest
    /// as refused.
    pub fn admit(&mut self, bytes: f64, accounts: &[usize]) -> f64 {
        let all = || accounts.iter().copied().chain([WHOLE]);
        let room = |account: usize| (self.accounts[account].params.hard - self.used(account)).max(0.0);
        let fits = all().map(room).fold(bytes, f64::min);
        for account in all() {
            self.accounts[account].refused += bytes - fits;
            self.accounts[account].kept += fits;
        }
        self.note_marks(self.seen);
        fits
    }

    /// Bytes that fit on the whole system and into `accounts`, up to what rounding leaves open.
    pub fn room(&self, accounts: &[usize]) -> f64 {
        let all = accounts.iter().copied().chain([WHOLE]);
        let room = |account: usize| {
            let own = &self.accounts[account];
            own.params.hard - self.used(account) + own.slack()
        };
        all.map(room).fold(f64::INFINITY, f64::min)
    }

    /// Counts `bytes` as refused as a whole, because not all of them fit.
    pub fn refuse(&mut self, bytes: f64, accounts: &[usize]) {
        for account in accounts.iter().copied().chain([WHOLE]) {
            self.accounts[account].refused += bytes;
        }
    }

    /// Takes `bytes` from the start, as [`AccountParams::holds`] does, for nobody.
    pub fn keep(&mut self, bytes: f64) {
        self.accounts[WHOLE].kept += bytes;
    }

    /// Gives room back on the whole system and in `accounts`.
    pub fn release(&mut self, bytes: f64, accounts: &[usize]) {
        for account in accounts.iter().copied().chain([WHOLE]) {
            let own = &mut self.accounts[account];
            own.kept = (own.kept - bytes).max(0.0);
        }
    }

    /// A load that ingests begins while it is refused, goes on at another pace, or ends: what it offers from now on.
    pub fn offers(&mut self, work: WorkId, pace: Option<f64>) {
        for ingest in self.ingests.iter_mut().filter(|i| i.load.work == work && i.from.is_none()) {
            ingest.wants = pace.or(ingest.wants);
            ingest.offered = pace.unwrap_or(0.0);
        }
    }

    /// Hard and soft quota of an account.
    pub fn quotas(&self, account: usize) -> [Option<f64>; 2] {
        let params = self.accounts[account].params;
        [Some(params.hard).filter(|hard| hard.is_finite()), params.soft]
    }

    /// Whether the soft quota of an account was reached during the run.
    pub fn soft_passed(&self, account: usize) -> bool {
        self.accounts[account].soft_reached.is_some()
    }
}

/// Whether one of its accounts is closed.
fn refused(accounts: &[Account], ingest: &Ingest) -> bool {
    accounts.iter().enumerate().any(|(account, own)| own.closed && ingest.counts_in(account))
}

#[cfg(test)]
#[path = "space_tests.rs"]
mod tests;
