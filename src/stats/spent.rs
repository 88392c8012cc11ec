//! How long a level that moves along straight lines spent where.

use std::collections::BTreeMap;

/// Bins per factor of two: one is 1.1 % wide.
const BINS: f64 = 64.0;
/// The part of a line below this share of its upper end falls into one bin: a millionth of the time of that line.
const LEAST: f64 = 1.0 / 1_048_576.0;
/// Lower levels count as nothing.
const FLOOR: f64 = 1e-12;

/// The distribution over time of a level ≥ 0 that is linear between instants.
///
/// Mean and maximum are exact. A quantile is exact for a constant level and for a single line, and else within the width of a
/// bin, 1.1 % of its value. Memory is bounded by the range of the level, not by time: at most 64 bins a factor of two.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spent {
    bins: BTreeMap<i32, Bin>,
    seconds: f64,
    /// Level times time.
    area: f64,
    max: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Bin {
    seconds: f64,
    low: f64,
    high: f64,
}

fn bin_of(level: f64) -> i32 {
    if level < FLOOR { i32::MIN } else { (libm::log2(level) * BINS).floor() as i32 }
}

fn upper_end(bin: i32) -> f64 {
    libm::exp2((f64::from(bin) + 1.0) / BINS)
}

impl Spent {
    /// The level went evenly from one value to another within `seconds`.
    pub fn ramp(&mut self, from: f64, to: f64, seconds: f64) {
        if seconds <= 0.0 {
            return;
        }
        let (low, high) = (from.min(to).max(0.0), from.max(to).max(0.0));
        self.seconds += seconds;
        self.area += 0.5 * (low + high) * seconds;
        self.max = self.max.max(high);
        // Flat to rounding: one value.
        if high - low <= 1e-12 * high {
            self.put(bin_of(high), low, high, seconds);
            return;
        }
        let mut at = low;
        let mut bin = bin_of(low.max(high * LEAST));
        while at < high {
            let end = if bin == i32::MIN { FLOOR } else { upper_end(bin) }.min(high);
            if end > at {
                self.put(bin, at, end, seconds * (end - at) / (high - low));
            }
            (at, bin) = (at.max(end), if bin == i32::MIN { bin_of(FLOOR) } else { bin + 1 });
        }
    }

    fn put(&mut self, bin: i32, low: f64, high: f64, seconds: f64) {
        let own = self.bins.entry(bin).or_insert(Bin { seconds: 0.0, low, high });
        *own = Bin { seconds: own.seconds + seconds, low: own.low.min(low), high: own.high.max(high) };
    }

    /// Mean over time; `None` while no time has passed.
    pub fn mean(&self) -> Option<f64> {
        (self.seconds > 0.0).then(|| self.area / self.seconds)
    }

    /// Highest level; `None` while no time has passed.
    pub fn max(&self) -> Option<f64> {
        (self.seconds > 0.0).then_some(self.max)
    }

    /// The level that was not exceeded for a share `p` of the time; `None` while no time has passed.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        let wanted = p * self.seconds;
        let mut before = 0.0;
        let mut found = None;
        for bin in self.bins.values() {
            let part = ((wanted - before) / bin.seconds).clamp(0.0, 1.0);
            found = Some(bin.low + part * (bin.high - bin.low));
            before += bin.seconds;
            if before >= wanted {
                break;
            }
        }
        found
    }

    /// Forgets all of it.
    pub fn reset(&mut self) {
        *self = Spent::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_and_a_constant_are_exact() {
        let mut spent = Spent::default();
        assert_eq!((spent.mean(), spent.max(), spent.quantile(0.5)), (None, None, None));
        spent.ramp(0.0, 8e12, 100.0);
        for p in [0.01, 0.5, 0.95, 0.999] {
            assert!((spent.quantile(p).unwrap() / (p * 8e12) - 1.0).abs() < 1e-4, "{p}");
        }
        assert_eq!((spent.mean(), spent.max()), (Some(4e12), Some(8e12)));
        let mut flat = Spent::default();
        flat.ramp(3.7, 3.7, 5.0);
        assert_eq!((flat.quantile(0.95), flat.mean()), (Some(3.7), Some(3.7)));
    }

    #[test]
    fn lines_add_up_and_a_fall_is_a_rise() {
        // Up to 10 in 10 s, down again in 30 s, nothing for 60 s: a level x is exceeded for 40·(1 − x/10) of 100 s.
        let mut spent = Spent::default();
        spent.ramp(0.0, 10.0, 10.0);
        spent.ramp(10.0, 0.0, 30.0);
        spent.ramp(0.0, 0.0, 60.0);
        assert!((spent.quantile(0.95).unwrap() / 8.75 - 1.0).abs() < 1e-3, "{:?}", spent.quantile(0.95));
        assert!(spent.quantile(0.5).unwrap() < 1e-9);
        assert!((spent.mean().unwrap() - 2.0).abs() < 1e-12);
        spent.reset();
        assert_eq!(spent, Spent::default());
    }

    #[test]
    fn memory_does_not_grow_with_time() {
        let mut spent = Spent::default();
        for round in 0..2_000_u32 {
            spent.ramp(f64::from(round % 7) * 1e9, f64::from(round % 11) * 1e12, 1.0);
        }
        assert!(spent.bins.len() < 64 * 40, "{}", spent.bins.len());
    }
}
