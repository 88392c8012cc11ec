//! Numbers that do not lose what is small beside what is large: instants and long-running sums.

use std::cmp::Ordering;

const NS_PER_S: f64 = 1e9;

/// A point in time finer than the caller's tick: whole nanoseconds and a fraction in `[0, 1)`.
#[derive(Copy, Clone, Debug, PartialEq, PartialOrd)]
pub(super) struct Instant {
    pub ns: i64,
    pub frac: f64,
}

impl Instant {
    /// Later than anything that happens.
    pub const NEVER: Self = Self { ns: i64::MAX, frac: 0.0 };

    pub fn at(ns: i64) -> Self {
        Self { ns, frac: 0.0 }
    }

    /// Seconds from `earlier` to `self`.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        (self.ns.saturating_sub(earlier.ns) as f64 + (self.frac - earlier.frac)) / NS_PER_S
    }

    /// `seconds` later (at least 0, possibly infinite); [`NEVER`](Self::NEVER) where the clock cannot reach.
    pub fn after(self, seconds: f64) -> Self {
        let ns = seconds * NS_PER_S;
        if ns < 1.0 - self.frac {
            return Self { ns: self.ns, frac: self.frac + ns.max(0.0) };
        }
        let whole = ns.floor();
        if whole >= i64::MAX as f64 || whole.is_nan() {
            return Self::NEVER;
        }
        let frac = self.frac + (ns - whole);
        let carry = if frac >= 1.0 { 1 } else { 0 };
        match self.ns.checked_add(whole as i64).and_then(|sum| sum.checked_add(carry)) {
            Some(sum) if sum < i64::MAX => Self { ns: sum, frac: if carry == 1 { frac - 1.0 } else { frac } },
            _ => Self::NEVER,
        }
    }

    /// The first tick not before this instant.
    pub fn tick(self) -> i64 {
        if self.frac > 0.0 { self.ns.saturating_add(1) } else { self.ns }
    }
}

impl Eq for Instant {}

#[expect(clippy::derive_ord_xor_partial_ord, reason = "the fraction is never NaN, so both orders agree")]
impl Ord for Instant {
    fn cmp(&self, other: &Self) -> Ordering {
        self.ns.cmp(&other.ns).then(self.frac.total_cmp(&other.frac))
    }
}

/// Flow-time as an integer, so that parts add up to the whole exactly, however they are grouped.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FlowTime(i128);

impl FlowTime {
    /// Parts of a nanosecond kept.
    const PER_NS: f64 = (1u64 << 20) as f64;

    fn ticks(at: Instant) -> i128 {
        (i128::from(at.ns) << 20) + (at.frac * Self::PER_NS) as i128
    }

    /// `count` flows from `from` to `to`.
    pub fn span(count: u32, from: Instant, to: Instant) -> Self {
        Self((Self::ticks(to) - Self::ticks(from)) * i128::from(count))
    }

    pub fn from_seconds(seconds: f64) -> Self {
        Self((seconds * NS_PER_S * Self::PER_NS) as i128)
    }

    pub fn seconds(self) -> f64 {
        self.0 as f64 / Self::PER_NS / NS_PER_S
    }
}

impl std::ops::AddAssign for FlowTime {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl std::ops::SubAssign for FlowTime {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

/// A sum kept as the unevaluated pair `high + low` (about 106 bits): what a year at 10 Tb/s adds up to still
/// resolves less than a millionth of a byte, so cumulative service never has to be reset.
#[derive(Copy, Clone, Debug, Default, PartialEq, PartialOrd)]
pub(super) struct Sum {
    high: f64,
    low: f64,
}

impl Sum {
    pub const ZERO: Self = Self { high: 0.0, low: 0.0 };
    pub const INFINITE: Self = Self { high: f64::INFINITY, low: 0.0 };

    /// The sum after adding `x`. The rounding error of `high + x` is recovered exactly (Knuth's two-sum) and
    /// goes to the low part.
    pub fn plus(self, x: f64) -> Self {
        let s = self.high + x;
        let t = s - self.high;
        let error = (self.high - (s - t)) + (x - t);
        let low = self.low + error;
        let high = s + low;
        Self { high, low: low - (high - s) }
    }

    /// The sum of two, or with `sign` -1 the difference.
    pub fn combine(self, other: Self, sign: f64) -> Self {
        self.plus(sign * other.high).plus(sign * other.low)
    }

    /// `self - other`, rounded once at the end.
    pub fn minus(self, other: Self) -> f64 {
        (self.high - other.high) + (self.low - other.low)
    }

    pub fn value(self) -> f64 {
        self.high + self.low
    }
}

impl Eq for Sum {}

#[expect(clippy::derive_ord_xor_partial_ord, reason = "parts are never NaN, so both orders agree")]
impl Ord for Sum {
    fn cmp(&self, other: &Self) -> Ordering {
        self.high.total_cmp(&other.high).then(self.low.total_cmp(&other.low))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_carry_fractions_and_round_up() {
        let start = Instant { ns: 5, frac: 0.75 };
        let later = start.after(2.5e-9);
        assert_eq!((later.ns, later.frac), (8, 0.25));
        assert_eq!(later.tick(), 9);
        assert_eq!(Instant::at(9).tick(), 9);
        assert_eq!(start.after(0.0), start);
        assert_eq!(start.after(f64::INFINITY), Instant::NEVER);
        assert_eq!(start.after(1e300), Instant::NEVER);
        assert!((later.seconds_since(start) - 2.5e-9).abs() < 1e-24);
    }

    #[test]
    fn a_year_at_ten_terabits_keeps_single_bytes() {
        let year = 1.25e12 * 86_400.0 * 365.0;
        let sum = Sum::ZERO.plus(year).plus(1.0).plus(1e-6);
        let left = sum.minus(Sum::ZERO.plus(year));
        assert!((left - 1.000_001).abs() < 1e-9, "{left}");
        assert!(Sum::ZERO.plus(year) < Sum::ZERO.plus(year).plus(1e-6));
    }

    #[test]
    fn flow_time_parts_add_up() {
        let (a, b, c) = (Instant::at(0), Instant { ns: 3, frac: 0.3 }, Instant::at(10));
        let mut parts = FlowTime::span(7, a, b);
        parts += FlowTime::span(7, b, c);
        assert_eq!(parts, FlowTime::span(7, a, c));
        assert!((FlowTime::from_seconds(1.5).seconds() - 1.5).abs() < 1e-15);
    }
}
