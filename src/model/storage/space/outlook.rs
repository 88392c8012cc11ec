//! What comes after the run: when a level will be reached, and how much must be ordered.
//!
//! Loads at a constant pace go on as they grew in the second half of the measured part. A load with a rhythm goes on by
//! its law, at the share of it that was taken in that half:
//!
//! ```text
//! level(t) = level(end) + flat growth × (t − end) + Σ share_i × [∫ law_i over (end, t) − ∫ law_i over (end − stay_i, t − stay_i)]
//! ```

use super::ingest::Ingest;
use super::{MARKS, Space};
use crate::units::{SimDuration, SimTime};

/// Nothing is projected further ahead than a hundred years.
const FARTHEST_DAYS: u32 = 36_525;
const DAY: SimDuration = SimDuration::from_secs(86_400);
/// Halvings of the day in which a level is reached: below a nanosecond.
const HALVINGS: u32 = 48;

fn seconds(t: SimTime) -> f64 {
    (t - SimTime::ZERO).as_secs_f64()
}

fn back(t: SimTime, by: SimDuration) -> SimTime {
    SimTime::from_nanos(t.as_nanos().saturating_sub(by.as_nanos()))
}

impl Ingest {
    /// What it brings from `from` to `to` less what leaves, at one times its law.
    fn net_law(&self, from: SimTime, to: SimTime) -> f64 {
        let Some(rhythm) = &self.load.rhythm else { return 0.0 };
        let leaves = self.stays.map_or(0.0, |stays| rhythm.integral(back(from, stays), back(to, stays)));
        rhythm.integral(from, to) - leaves
    }

    /// Bytes per second that one times its law stands for: as taken since `half`.
    fn share(&self, half: SimTime, now: SimTime) -> f64 {
        let Some(rhythm) = &self.load.rhythm else { return 0.0 };
        let since = rhythm.integral(half, now);
        let (bytes, law) = if since > 0.0 {
            (self.total - self.half.0, since)
        } else {
            (self.total, rhythm.integral(SimTime::ZERO, now))
        };
        if law > 0.0 { bytes / law } else { 0.0 }
    }
}

impl Space {
    /// Mean growth of an account in bytes per second over the second half of the measured part, at the last update.
    pub fn growth(&self, account: usize) -> Option<f64> {
        let (at, level, _) = self.accounts[account].half?;
        let span = (self.seen - at).as_secs_f64();
        (span > 0.0).then(|| (self.used(account) - level) / span)
    }

    /// Members of an account that have a rhythm.
    fn lawful(&self, account: usize) -> Vec<&Ingest> {
        self.ingests.iter().filter(|i| i.counts_in(account) && i.load.rhythm.is_some()).collect()
    }

    /// When `used` reached a share of [`MARKS`], or will; seconds after the start.
    pub fn reaches(&self, account: usize, mark: usize) -> Option<f64> {
        let own = &self.accounts[account];
        own.reached[mark].map(seconds).or_else(|| self.projected(account, MARKS[mark] * own.params.full))
    }

    /// When `used` reached the soft quota, or will; seconds after the start.
    pub fn reaches_soft(&self, account: usize) -> Option<f64> {
        let own = &self.accounts[account];
        let soft = own.params.soft?;
        own.soft_reached.map(seconds).or_else(|| self.projected(account, soft))
    }

    fn projected(&self, account: usize, level: f64) -> Option<f64> {
        // Between its marks a level goes up and down: no half of a run says where it goes.
        if self.marks.is_some() {
            return None;
        }
        let own = &self.accounts[account];
        let (half, before, _) = own.half.filter(|_| level.is_finite())?;
        let missing = (level - self.used(account)).max(0.0);
        let lawful = self.lawful(account);
        if lawful.is_empty() {
            let growth = self.growth(account).filter(|_| self.used(account) - before > own.slack())?;
            return Some(seconds(self.seen) + missing / growth);
        }
        let by_law: f64 = lawful.iter().map(|i| i.held(self.seen) - i.half.1).sum();
        let span = (self.seen - half).as_secs_f64();
        let flat = if span > 0.0 { (self.used(account) - before - by_law) / span } else { 0.0 };
        let shares: Vec<(&Ingest, f64)> = lawful.into_iter().map(|i| (i, i.share(half, self.seen))).collect();
        let more = |from: SimTime, to: SimTime| {
            let laws: f64 = shares.iter().map(|(i, share)| share * i.net_law(from, to)).sum();
            flat * (to - from).as_secs_f64() + laws
        };
        first_crossing(self.seen, missing, more)
    }

    /// Bytes that there would be room for, `span` seconds long from `full` seconds on, so that nothing is refused: what
    /// was refused in the second half counts as if it stayed. Nothing when it does not grow.
    pub fn wanted(&self, full: f64, span: f64) -> Option<f64> {
        if self.marks.is_some() {
            return None;
        }
        let whole = &self.accounts[super::WHOLE];
        let (at, level, refused) = whole.half?;
        let past = (self.seen - at).as_secs_f64();
        let more = self.used(super::WHOLE) - level + self.refused(super::WHOLE) - refused;
        if past <= 0.0 || more <= whole.slack() {
            return None;
        }
        let lawful = self.lawful(super::WHOLE);
        let by_law: f64 = lawful.iter().map(|i| i.held(self.seen) - i.half.1 + i.refused - i.half.2).sum();
        let (from, to) = (SimTime::from_secs_f64(full), SimTime::from_secs_f64(full + span));
        let laws: f64 =
            lawful.iter().map(|i| i.load.paced.unwrap_or_else(|| i.share(at, self.seen)) * i.net_law(from, to)).sum();
        Some((more - by_law) / past * span + laws)
    }

    /// Remembers the levels in the middle of the measured part, from which growth is reckoned.
    pub fn half_time(&mut self) {
        for account in 0..self.accounts.len() {
            self.accounts[account].half = Some((self.seen, self.used(account), self.refused(account)));
        }
        for ingest in &mut self.ingests {
            ingest.half = (ingest.total, ingest.held(self.seen), ingest.refused);
        }
    }
}

/// The first instant after `now` by which `more` has come to `missing`, seconds after the start.
fn first_crossing(now: SimTime, missing: f64, more: impl Fn(SimTime, SimTime) -> f64) -> Option<f64> {
    let (mut from, mut left) = (now, missing);
    for _ in 0..FARTHEST_DAYS {
        let to = from.saturating_add(DAY);
        let day = more(from, to);
        if day >= left {
            let (mut low, mut high) = (0.0, DAY.as_secs_f64());
            for _ in 0..HALVINGS {
                let middle = 0.5 * (low + high);
                let reached = more(from, from.saturating_add(SimDuration::from_secs_f64(middle))) >= left;
                if reached { high = middle } else { low = middle }
            }
            return Some(seconds(from) + high);
        }
        (from, left) = (to, left - day);
    }
    None
}
