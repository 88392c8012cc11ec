//! How rates change with time.

use crate::units::SimDuration;

/// A rate that grows by the same share in each period, from the start of its work on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// Share by which it is larger a period later, at least 0.
    pub rate: f64,
    /// The period.
    pub per: SimDuration,
}

/// What repeats itself, with the instant that its offsets count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repeat {
    /// Days from midnight UTC.
    Day,
    /// Weeks from Monday, midnight UTC.
    Week,
    /// Years of 365.25 days from 1 January of the year of the start, midnight UTC.
    Year,
}

impl Repeat {
    /// Length.
    pub const fn length(self) -> SimDuration {
        SimDuration::from_secs(match self {
            Repeat::Day => 86_400,
            Repeat::Week => 7 * 86_400,
            Repeat::Year => 31_557_600,
        })
    }

    /// How far into it midnight of a day is.
    pub fn offset(self, day: jiff::civil::Date) -> SimDuration {
        let days = match self {
            Repeat::Day => 0,
            Repeat::Week => i64::from(day.weekday().to_monday_zero_offset()),
            Repeat::Year => i64::from(day.day_of_year()) - 1,
        };
        SimDuration::from_secs(days * 86_400)
    }
}

/// A curve: in each cycle, from each offset on a value (a factor, or a pace in bytes per second) holds until the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Season {
    /// The cycle.
    pub every: Repeat,
    /// Offsets in order, with the value from there on; at least two.
    pub parts: Vec<(SimDuration, f64)>,
}
