//! The write buffer: fast until it is full, then as fast as migration.
//!
//! While there is room, a write is acknowledged once it is in the buffer, and migration runs behind it at the lowest
//! priority. When the buffer is full, writes and migration are *coupled*: each client byte takes its migration with
//! it, as one flow with the summed crossings. Whatever the coupled writes leave free drains the buffer; when the
//! level falls to the low-water mark the two come apart again. The gap between the marks is what keeps the state
//! from changing infinitely often in no time.

use crate::units::{SimDuration, SimTime};

/// Migration starts at this share of the buffer (or at once when nobody writes). It shifts when the draining
/// happens, not how much there is to drain. Assumption.
const START_SHARE: f64 = 0.05;

/// Rates this close are equal: rounding.
const KEEPS_UP: f64 = 1e-9;

/// Totals and rates of the two sides of the buffer, in client bytes.
#[derive(Clone, Copy, Debug)]
pub struct Sides {
    /// Client bytes that have entered while there was room.
    pub ingest_total: f64,
    /// Present rate of the same.
    pub ingest_rate: f64,
    /// Client bytes that have left.
    pub migration_total: f64,
    /// Present rate of the same.
    pub migration_rate: f64,
}

/// What the buffer asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BufferEffect {
    /// Writes take their migration with them from now on (true) or no longer (false).
    Couple(bool),
    /// Background migration starts (true) or stops (false).
    Migrate(bool),
    /// Writes go on as they do for ever, with room in the buffer, from now on (true) or no longer (false).
    Steady(bool),
}

/// State of a write buffer.
#[derive(Clone, Debug)]
pub struct Buffer {
    /// Client bytes it holds when full.
    room: f64,
    /// Level in client bytes at or below which a full buffer counts as free again.
    low: f64,
    level: f64,
    seen: (f64, f64),
    /// Whether writes carry their migration with them.
    pub coupled: bool,
    migrating: bool,
    /// Its own rate holds writes that carry their migration: writes alone never fill it.
    narrow: bool,
    steady: bool,
}

impl Buffer {
    /// An empty buffer for `room` client bytes (raw size ÷ copies) with a low-water mark as a share of it.
    pub fn new(room: f64, low_water: f64) -> Self {
        Buffer {
            room,
            low: low_water * room,
            level: 0.0,
            seen: (0.0, 0.0),
            coupled: false,
            migrating: false,
            narrow: false,
            steady: false,
        }
    }

    /// The rate at which it takes bytes, not the room in it, is what holds steady writes.
    pub fn set_narrow(&mut self) {
        self.narrow = true;
    }

    /// Whether writes go on for ever as they do now: it is full, or it takes bytes no faster than migration takes them out.
    pub fn steady(&self) -> bool {
        self.coupled || self.steady
    }

    /// Client bytes that an empty buffer takes at `ingest` per second until it is full, while `migration` per second
    /// leave it once it has started; infinite when migration keeps up.
    pub fn absorbs(&self, ingest: f64, migration: f64) -> f64 {
        let start = START_SHARE * self.room;
        if ingest > migration { start + (self.room - start) * ingest / (ingest - migration) } else { f64::INFINITY }
    }

    /// Fill level, 0…1, at the last update.
    pub fn fill(&self) -> f64 {
        self.level / self.room
    }

    /// Fill level, 0…1, once these totals are reached; changes nothing.
    pub fn fill_at(&self, ingest_total: f64, migration_total: f64) -> f64 {
        let gained = (ingest_total - self.seen.0) - (migration_total - self.seen.1);
        ((self.level + gained) / self.room).clamp(0.0, 1.0)
    }

    /// Client bytes in the buffer once these totals are reached; changes nothing.
    pub fn level_at(&self, ingest_total: f64, migration_total: f64) -> f64 {
        self.room * self.fill_at(ingest_total, migration_total)
    }

    /// Brings the level up to date and says what has to change.
    pub fn update(&mut self, sides: Sides) -> Option<BufferEffect> {
        let gained = sides.ingest_total - self.seen.0;
        let lost = sides.migration_total - self.seen.1;
        self.seen = (sides.ingest_total, sides.migration_total);
        self.level = (self.level + gained - lost).clamp(0.0, self.room);
        let full = self.level >= self.room - self.slack();
        let empty = self.level <= self.slack();
        if self.coupled && self.level <= self.low + self.slack() {
            self.coupled = false;
            return Some(BufferEffect::Couple(false));
        }
        if !self.coupled && full && self.migrating && sides.ingest_rate > sides.migration_rate {
            self.coupled = true;
            return Some(BufferEffect::Couple(true));
        }
        let idle = sides.ingest_rate <= 0.0 && !empty;
        if !self.migrating && (self.level >= START_SHARE * self.room - self.slack() || idle) {
            self.migrating = true;
            return Some(BufferEffect::Migrate(true));
        }
        if self.migrating && empty && !full {
            self.migrating = false;
            return Some(BufferEffect::Migrate(false));
        }
        let keeps_up = sides.ingest_rate > 0.0 && sides.ingest_rate <= sides.migration_rate * (1.0 + KEEPS_UP);
        let steady = self.narrow && !self.coupled && self.migrating && keeps_up;
        if steady != self.steady {
            self.steady = steady;
            return Some(BufferEffect::Steady(steady));
        }
        None
    }

    /// The next instant at which a mark is reached if the rates stay as they are.
    pub fn next_mark(&self, now: SimTime, sides: Sides) -> Option<SimTime> {
        let slope = if self.coupled { 0.0 } else { sides.ingest_rate } - sides.migration_rate;
        let mark = if slope > 0.0 {
            if self.migrating { self.room } else { START_SHARE * self.room }
        } else if self.coupled {
            self.low
        } else {
            0.0
        };
        let distance = mark - self.level;
        if slope == 0.0 || distance.abs() <= self.slack() || (distance > 0.0) != (slope > 0.0) {
            return None;
        }
        Some(now.saturating_add(SimDuration::from_secs_f64_ceil(distance / slope)))
    }

    /// Levels this close to a mark count as reached: far above rounding, far below anything that matters.
    fn slack(&self) -> f64 {
        1e-9 * self.room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sides(ingest_total: f64, ingest_rate: f64, migration_total: f64, migration_rate: f64) -> Sides {
        Sides { ingest_total, ingest_rate, migration_total, migration_rate }
    }

    #[test]
    fn a_buffer_fills_couples_drains_and_comes_apart() {
        let mut buffer = Buffer::new(100.0, 0.8);
        let at = SimTime::ZERO;
        let start = buffer.next_mark(at, sides(0.0, 10.0, 0.0, 0.0)).unwrap();
        assert_eq!(start, SimTime::from_secs_f64(0.5), "5 % at 10 per second");
        assert_eq!(buffer.update(sides(5.0, 10.0, 0.0, 0.0)), Some(BufferEffect::Migrate(true)));
        let full = buffer.next_mark(at, sides(5.0, 10.0, 0.0, 6.0)).unwrap();
        assert_eq!(full, SimTime::from_secs_f64(95.0 / 4.0));
        assert_eq!(buffer.update(sides(242.5, 10.0, 142.5, 6.0)), Some(BufferEffect::Couple(true)));
        assert_eq!(buffer.next_mark(at, sides(242.5, 0.0, 142.5, 0.0)), None, "saturated: the level stands");
        let low = buffer.next_mark(at, sides(242.5, 0.0, 142.5, 4.0)).unwrap();
        assert_eq!(low, SimTime::from_secs_f64(5.0), "20 above the mark at 4 per second");
        assert_eq!(buffer.update(sides(242.5, 0.0, 162.5, 4.0)), Some(BufferEffect::Couple(false)));
        assert_eq!(buffer.update(sides(242.5, 0.0, 242.5, 4.0)), Some(BufferEffect::Migrate(false)));
        assert!(buffer.fill() < 1e-9);
    }

    #[test]
    fn an_empty_buffer_absorbs_what_migration_does_not_take() {
        let buffer = Buffer::new(100.0, 0.8);
        assert!((buffer.absorbs(10.0, 0.0) - 100.0).abs() < 1e-12);
        assert!((buffer.absorbs(10.0, 6.0) - 242.5).abs() < 1e-12, "5 alone, then 95 at a net 4 of 10");
        assert!(buffer.absorbs(10.0, 10.0).is_infinite());
    }

    /// A buffer whose own rate holds writes is in its steady state while migration takes out at least what comes in.
    #[test]
    fn a_narrow_buffer_is_steady_while_migration_keeps_up() {
        let mut buffer = Buffer::new(100.0, 0.8);
        buffer.set_narrow();
        assert_eq!(buffer.update(sides(5.0, 1.0, 0.0, 0.0)), Some(BufferEffect::Migrate(true)));
        assert!(!buffer.steady());
        assert_eq!(buffer.update(sides(5.0, 1.0, 0.0, 1.0)), Some(BufferEffect::Steady(true)));
        assert!(buffer.steady() && !buffer.coupled);
        assert_eq!(
            buffer.update(sides(6.0, 1.0, 1.0, 0.9)),
            Some(BufferEffect::Steady(false)),
            "something else takes the rest"
        );
        let mut wide = Buffer::new(100.0, 0.8);
        wide.update(sides(5.0, 1.0, 0.0, 0.0));
        assert_eq!(wide.update(sides(5.0, 1.0, 0.0, 1.0)), None);
    }

    #[test]
    fn what_is_left_when_nobody_writes_is_migrated_at_once() {
        let mut buffer = Buffer::new(100.0, 0.8);
        assert_eq!(buffer.update(sides(2.0, 10.0, 0.0, 0.0)), None);
        assert_eq!(buffer.update(sides(3.0, 0.0, 0.0, 0.0)), Some(BufferEffect::Migrate(true)));
    }

    /// A level that rounding leaves just short of a mark has reached it: no event would come to say so.
    #[test]
    fn no_mark_is_missed_by_rounding() {
        let mut buffer = Buffer::new(100.0, 0.8);
        let nearly = 5.0 - 1e-12;
        assert_eq!(buffer.update(sides(nearly, 10.0, 0.0, 0.0)), Some(BufferEffect::Migrate(true)));
        let nearly = 100.0 - 1e-12;
        assert_eq!(buffer.update(sides(nearly, 10.0, 0.0, 6.0)), Some(BufferEffect::Couple(true)));
        assert_eq!(buffer.update(sides(nearly, 0.0, 20.0 - 1e-12, 6.0)), Some(BufferEffect::Couple(false)));
        assert!((buffer.fill_at(nearly, 60.0) - 0.4).abs() < 1e-9);
    }

    #[test]
    fn a_buffer_drained_as_fast_as_it_fills_never_couples() {
        let mut buffer = Buffer::new(100.0, 0.8);
        assert_eq!(buffer.update(sides(6.0, 1.0, 0.0, 0.0)), Some(BufferEffect::Migrate(true)));
        assert_eq!(buffer.update(sides(12.0, 1.0, 8.0, 3.0)), None);
        assert!(!buffer.coupled);
    }
}
