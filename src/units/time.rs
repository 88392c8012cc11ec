//! Simulated time: an instant is not a duration, and both are integer nanoseconds.
//!
//! Integers make the order of events exact and identical on every machine. An `i64` of nanoseconds spans
//! 292 years. Arithmetic is checked: an overflow is a defect of the caller and panics with a clear message
//! where no error can be returned; the `checked_*` forms return `None`.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// Nanoseconds in one second.
pub const NANOS_PER_SEC: i64 = 1_000_000_000;

/// The nearest integer, halves away from zero; saturates, and gives 0 for NaN. The same as `x.round() as i64`, without the call
/// into the C library that [`f64::round`] is on processors of the baseline.
#[inline]
pub fn rounded(x: f64) -> i64 {
    let whole = x as i64;
    // Exact: below 2^53 both share a scale, and above nothing is left.
    let rest = x - whole as f64;
    whole.saturating_add(i64::from(rest >= 0.5)).saturating_sub(i64::from(rest <= -0.5))
}

/// An instant of simulated time: nanoseconds since the start of the scenario, never negative in a run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SimTime(i64);

/// A length of simulated time in nanoseconds. May be negative only as the difference of two instants.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SimDuration(i64);

impl SimTime {
    /// The start of the simulation.
    pub const ZERO: SimTime = SimTime(0);
    /// The last instant that can be represented; used as "never".
    pub const MAX: SimTime = SimTime(i64::MAX);

    /// The instant `nanos` nanoseconds after the start.
    pub const fn from_nanos(nanos: i64) -> Self {
        SimTime(nanos)
    }

    /// Nanoseconds since the start.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Seconds since the start, rounded to the nearest double.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SEC as f64
    }

    /// The instant `secs` seconds after the start, rounded to the nearest nanosecond; saturates at [`SimTime::MAX`].
    pub fn from_secs_f64(secs: f64) -> Self {
        SimTime(SimDuration::from_secs_f64(secs).0)
    }

    /// `self + d`, or `None` if it cannot be represented.
    pub fn checked_add(self, d: SimDuration) -> Option<Self> {
        self.0.checked_add(d.0).map(SimTime)
    }

    /// `self + d`, at most [`SimTime::MAX`].
    pub fn saturating_add(self, d: SimDuration) -> Self {
        SimTime(self.0.saturating_add(d.0))
    }

    /// The duration from `earlier` to `self`; negative when `earlier` is later.
    pub fn since(self, earlier: SimTime) -> SimDuration {
        SimDuration(self.0.checked_sub(earlier.0).expect("difference of two instants overflows 292 years"))
    }
}

impl SimDuration {
    /// No time at all.
    pub const ZERO: SimDuration = SimDuration(0);
    /// The longest duration that can be represented (292 years).
    pub const MAX: SimDuration = SimDuration(i64::MAX);

    /// A duration of `nanos` nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        SimDuration(nanos)
    }

    /// A duration of `secs` whole seconds.
    pub const fn from_secs(secs: i64) -> Self {
        SimDuration(secs * NANOS_PER_SEC)
    }

    /// Nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Seconds, rounded to the nearest double.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SEC as f64
    }

    /// A duration of `secs` seconds, rounded to the nearest nanosecond.
    ///
    /// Saturates at ±292 years; NaN gives zero. Callers that read user input check the range first.
    pub fn from_secs_f64(secs: f64) -> Self {
        // `as` saturates and maps NaN to zero, which is exactly what is documented.
        SimDuration(rounded(secs * NANOS_PER_SEC as f64))
    }

    /// The same, rounded *up* to the next nanosecond: the rule for completion times.
    pub fn from_secs_f64_ceil(secs: f64) -> Self {
        SimDuration((secs * NANOS_PER_SEC as f64).ceil() as i64)
    }

    /// Whether this is longer than nothing.
    pub fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// `self + other`, or `None` if it cannot be represented.
    pub fn checked_add(self, other: SimDuration) -> Option<Self> {
        self.0.checked_add(other.0).map(SimDuration)
    }

    /// `self + other`, at most [`SimDuration::MAX`].
    pub fn saturating_add(self, other: SimDuration) -> Self {
        SimDuration(self.0.saturating_add(other.0))
    }

    /// `self − other`, at least [`SimDuration::ZERO`] for durations that are not negative.
    pub fn saturating_sub(self, other: SimDuration) -> Self {
        SimDuration(self.0.saturating_sub(other.0).max(0))
    }
}

impl Add<SimDuration> for SimTime {
    type Output = SimTime;
    fn add(self, d: SimDuration) -> SimTime {
        self.checked_add(d).expect("simulated time overflows 292 years")
    }
}

impl AddAssign<SimDuration> for SimTime {
    fn add_assign(&mut self, d: SimDuration) {
        *self = *self + d;
    }
}

impl Sub for SimTime {
    type Output = SimDuration;
    fn sub(self, earlier: SimTime) -> SimDuration {
        self.since(earlier)
    }
}

impl Add for SimDuration {
    type Output = SimDuration;
    fn add(self, other: SimDuration) -> SimDuration {
        self.checked_add(other).expect("duration overflows 292 years")
    }
}

impl fmt::Debug for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t={}", seconds(self.0))
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&seconds(self.0))
    }
}

impl fmt::Debug for SimDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&seconds(self.0))
    }
}

/// `nanos` as exact decimal seconds, e.g. `12.000000007 s`.
fn seconds(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let n = nanos.unsigned_abs();
    let (whole, frac) = (n / NANOS_PER_SEC as u64, n % NANOS_PER_SEC as u64);
    if frac == 0 {
        format!("{sign}{whole} s")
    } else {
        let digits = format!("{frac:09}");
        format!("{sign}{whole}.{} s", digits.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_is_round() {
        let special = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 1e300, -1e300, 9.2e18, -9.3e18];
        let halves = (-40..40).map(|i| f64::from(i) / 2.0);
        let beside = halves.clone().flat_map(|x| [x.next_up(), x.next_down()]);
        let large =
            (40..64).flat_map(|i| [2f64.powi(i), 2f64.powi(i).next_down(), 2f64.powi(i) + 0.5, -2f64.powi(i) - 0.5]);
        for x in special.into_iter().chain(halves).chain(beside).chain(large) {
            assert_eq!(rounded(x), x.round() as i64, "{x}");
        }
    }

    #[test]
    fn instants_and_durations_do_exact_arithmetic() {
        let t = SimTime::from_nanos(5) + SimDuration::from_secs(2);
        assert_eq!(t.as_nanos(), 2_000_000_005);
        assert_eq!(t - SimTime::from_nanos(5), SimDuration::from_secs(2));
        assert_eq!(format!("{t}"), "2.000000005 s");
    }

    #[test]
    fn seconds_round_to_the_nearest_and_completions_round_up() {
        assert_eq!(SimDuration::from_secs_f64(1.4e-9).as_nanos(), 1);
        assert_eq!(SimDuration::from_secs_f64_ceil(1.1e-9).as_nanos(), 2);
        assert_eq!(SimDuration::from_secs_f64(f64::INFINITY), SimDuration::MAX);
    }

    #[test]
    fn the_far_end_saturates_only_where_asked() {
        assert_eq!(SimTime::MAX.checked_add(SimDuration::from_nanos(1)), None);
        assert_eq!(SimTime::MAX.saturating_add(SimDuration::from_secs(1)), SimTime::MAX);
    }
}
