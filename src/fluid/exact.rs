//! Numbers that do not lose what is small beside what is large: instants and long-running sums.

use std::cmp::Ordering;

/// Ticks of an [`Instant`] in a nanosecond, as bits and as a number.
const BITS: u32 = 32;
const PER_NS: f64 = (1u64 << BITS) as f64;

/// A point in time finer than the caller's clock, from 0 on: a whole number of ticks of 2^-32 ns.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Instant(u128);

impl Instant {
    /// Later than anything that happens.
    pub const NEVER: Self = Self((i64::MAX as u128) << BITS);

    /// A time of the caller's clock; what is below 0 counts as 0.
    #[inline]
    pub fn at(ns: i64) -> Self {
        Self((ns.max(0) as u128) << BITS)
    }

    /// Seconds from `earlier` to `self`, negative if it is later.
    #[inline]
    pub fn seconds_since(self, earlier: Self) -> f64 {
        let ticks = self.0.wrapping_sub(earlier.0) as i128;
        ((ticks >> BITS) as i64 as f64 + f64::from(ticks as u32) / PER_NS) * 1e-9
    }

    /// `seconds` later (at least 0, possibly infinite); [`NEVER`](Self::NEVER) where the clock cannot reach.
    #[inline]
    pub fn after(self, seconds: f64) -> Self {
        let ns = seconds.max(0.0) * 1e9;
        if !seconds.is_nan() && ns < i64::MAX as f64 {
            let whole = ns as i64;
            let part = (ns - whole as f64) * PER_NS;
            Self(self.0 + ((whole as u128) << BITS | u128::from(part as u32))).min(Self::NEVER)
        } else {
            Self::NEVER
        }
    }

    /// The first time of the caller's clock that is not before this instant.
    #[inline]
    pub fn tick(self) -> i64 {
        (self.0.saturating_add((1 << BITS) - 1) >> BITS).min(i64::MAX as u128) as i64
    }

    /// Whole nanoseconds, and the fraction of one in `[0, 1)` after them.
    #[inline]
    pub fn parts(self) -> (i64, f64) {
        ((self.0 >> BITS) as i64, f64::from(self.0 as u32) / PER_NS)
    }

    /// The instant in the high 96 bits and a number in the low 32: orders by instant, then by number.
    #[inline]
    pub fn with_number(self, number: u32) -> u128 {
        self.0 << 32 | u128::from(number)
    }

    /// The opposite of [`with_number`](Self::with_number).
    #[inline]
    pub fn and_number(both: u128) -> (Self, u32) {
        (Self(both >> 32), both as u32)
    }
}

/// The same point in time for reckoning: nanoseconds in two parts, a multiple of 1024 and what is beyond it, each without
/// error.
#[derive(Copy, Clone, Debug)]
pub(super) struct Moment {
    coarse: f64,
    fine: f64,
}

impl From<Instant> for Moment {
    #[inline]
    fn from(at: Instant) -> Self {
        let ns = (at.0 >> BITS) as i64;
        let fine = (ns & 1023) as f64 + f64::from(at.0 as u32) / PER_NS;
        Self { coarse: (ns & !1023) as f64, fine }
    }
}

impl Moment {
    /// Seconds from `earlier` to `self`, negative if it is later.
    #[inline]
    pub fn seconds_since(self, earlier: Self) -> f64 {
        ((self.coarse - earlier.coarse) + (self.fine - earlier.fine)) * 1e-9
    }
}

/// Flow-time in ticks, as an integer, so that parts add up to the whole exactly, however they are grouped.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FlowTime(i128);

impl FlowTime {
    /// `count` flows from `from` to `to`.
    pub fn span(count: u32, from: Instant, to: Instant) -> Self {
        Self((to.0.wrapping_sub(from.0) as i128).wrapping_mul(i128::from(count)))
    }

    /// `count` flows from time 0 to `to`. Taken away where flows come and added where they go, this gives their time
    /// without looking at each: sums may wrap around on the way, and what comes out is right if it fits.
    #[inline]
    pub fn since_zero(count: u32, to: Instant) -> Self {
        Self((to.0 as i128).wrapping_mul(i128::from(count)))
    }

    pub fn from_seconds(seconds: f64) -> Self {
        Self((seconds * 1e9 * PER_NS) as i128)
    }

    pub fn seconds(self) -> f64 {
        self.0 as f64 / PER_NS / 1e9
    }
}

impl std::ops::AddAssign for FlowTime {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        self.0 = self.0.wrapping_add(other.0);
    }
}

impl std::ops::SubAssign for FlowTime {
    #[inline]
    fn sub_assign(&mut self, other: Self) {
        self.0 = self.0.wrapping_sub(other.0);
    }
}

/// A sum kept as the unevaluated pair `high + low` (about 106 bits): what a year at 10 Tb/s adds up to still
/// resolves less than a millionth of a byte, so a sum never has to be reset. Finish
/// marks keep fewer digits, and a class counts its service anew before that shows.
#[derive(Copy, Clone, Debug, Default, PartialEq, PartialOrd)]
pub(super) struct Sum {
    high: f64,
    low: f64,
}

impl Sum {
    pub const ZERO: Self = Self { high: 0.0, low: 0.0 };

    /// The sum of two parts that do not overlap.
    #[inline]
    pub fn of_parts(high: f64, low: f32) -> Self {
        Self { high, low: f64::from(low) }
    }

    /// The parts as they are kept where there are many: 77 bits in 12 bytes.
    #[inline]
    pub fn parts(self) -> (f64, f32) {
        (self.high, self.low as f32)
    }

    /// The sum after adding `x`. The rounding error of `high + x` is recovered exactly (Knuth's two-sum) and
    /// goes to the low part.
    #[inline]
    pub fn plus(self, x: f64) -> Self {
        let s = self.high + x;
        let t = s - self.high;
        let error = (self.high - (s - t)) + (x - t);
        let low = self.low + error;
        let high = s + low;
        Self { high, low: low - (high - s) }
    }

    /// The sum of two: the high parts are added without loss, the error joins the low parts.
    #[inline]
    pub fn and(self, other: Self) -> Self {
        let s = self.high + other.high;
        let t = s - self.high;
        let error = (self.high - (s - t)) + (other.high - t);
        let low = self.low + other.low + error;
        let high = s + low;
        Self { high, low: low - (high - s) }
    }

    /// The difference of two.
    #[inline]
    pub fn less(self, other: Self) -> Self {
        self.and(Self { high: -other.high, low: -other.low })
    }

    /// `self - other`, rounded once at the end.
    #[inline]
    pub fn minus(self, other: Self) -> f64 {
        (self.high - other.high) + (self.low - other.low)
    }

    #[inline]
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
        let start = Instant::at(5).after(0.75e-9);
        let later = start.after(2.5e-9);
        assert_eq!((start.parts().0, later.parts().0), (5, 8));
        assert!((later.parts().1 - 0.25).abs() < 1e-9);
        assert_eq!(later.tick(), 9);
        assert_eq!(Instant::at(9).tick(), 9);
        assert_eq!(start.after(0.0), start);
        assert_eq!(start.after(f64::INFINITY), Instant::NEVER);
        assert_eq!(start.after(f64::NAN), Instant::NEVER);
        assert_eq!(start.after(1e300), Instant::NEVER);
        assert_eq!(Instant::NEVER.tick(), i64::MAX);
        assert!((later.seconds_since(start) - 2.5e-9).abs() < 1e-18);
        assert!((start.seconds_since(later) + 2.5e-9).abs() < 1e-18);
        let year = Instant::at(31_536_000_000_000_777).after(0.5e-9);
        for (from, to) in [(start, later), (later, start), (start, year), (Instant::at(31_535_999_999_999_000), year)] {
            assert_eq!(Moment::from(to).seconds_since(from.into()).to_bits(), to.seconds_since(from).to_bits());
        }
        assert_eq!(Instant::and_number(later.with_number(7)), (later, 7));
        assert!(later.with_number(9) < later.after(1e-18).with_number(0));
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
        let (a, b, c) = (Instant::at(0), Instant::at(3).after(0.3e-9), Instant::at(10));
        let mut parts = FlowTime::span(7, a, b);
        parts += FlowTime::span(7, b, c);
        assert_eq!(parts, FlowTime::span(7, a, c));
        assert!((FlowTime::from_seconds(1.5).seconds() - 1.5).abs() < 1e-15);
    }
}
