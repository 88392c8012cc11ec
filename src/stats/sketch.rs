//! Quantiles of many samples in bounded memory.

use crate::units::rounded;
use hdrhistogram::Histogram;

/// Steps per unit of the sample: samples in seconds are kept in whole nanoseconds.
const STEPS_PER_UNIT: f64 = 1e9;
/// Significant decimal digits of a quantile.
const DIGITS: u8 = 3;
/// Most points of a curve.
const CURVE_POINTS: usize = 400;

/// A distribution of non-negative weighted samples.
///
/// Samples fall into the bins of a high-dynamic-range histogram (G. Tene) whose width is at most one thousandth of the
/// value, over the fixed scale of 1e-9 to 9e9 units (a sample in seconds: one nanosecond to 292 years). So a quantile
/// has three significant digits. Counts are integers: merging is exact and does not depend on the order. Mean, smallest
/// and largest sample are kept exactly; samples beyond the scale count in its last bin. Memory is 8 KiB per factor of two
/// between a microsecond and the largest sample (about 170 KiB for one second, 220 KiB for one minute).
#[derive(Clone, Debug)]
pub struct Sketch {
    bins: Histogram<u64>,
    /// Σ weight · value.
    sum: f64,
    min: f64,
    max: f64,
}

impl Default for Sketch {
    fn default() -> Self {
        Sketch::new()
    }
}

impl Sketch {
    /// No samples.
    pub fn new() -> Sketch {
        let bins = Histogram::new(DIGITS).expect("three digits are allowed");
        Sketch { bins, sum: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY }
    }

    /// Adds `weight` samples of the value `value_s`.
    ///
    /// # Panics
    ///
    /// If the value is negative or NaN, which is a defect of the caller.
    pub fn add(&mut self, value_s: f64, weight: u64) {
        assert!(value_s >= 0.0, "a sample of a sketch is not negative: {value_s}");
        if weight == 0 {
            return;
        }
        // Growing can only fail beyond the largest integer, where `saturating` keeps the sample in the last bin.
        let step = rounded(value_s * STEPS_PER_UNIT).cast_unsigned();
        self.bins.record_n(step, weight).unwrap_or_else(|_| self.bins.saturating_record_n(step, weight));
        self.sum += value_s * weight as f64;
        self.min = self.min.min(value_s);
        self.max = self.max.max(value_s);
    }

    /// The smallest value that at least the share `p` (0…1) of the samples does not exceed, to three significant digits; `None`
    /// without samples.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        (self.count() > 0).then(|| self.value(self.bins.value_at_quantile(p)))
    }

    /// The exact mean; `None` without samples.
    pub fn mean(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.sum / self.count() as f64)
    }

    /// The exact largest sample.
    pub fn max(&self) -> Option<f64> {
        (self.count() > 0).then_some(self.max)
    }

    /// The exact smallest sample.
    pub fn min(&self) -> Option<f64> {
        (self.count() > 0).then_some(self.min)
    }

    /// Σ weight.
    pub fn count(&self) -> u64 {
        self.bins.len()
    }

    /// Adds all samples of `other`.
    pub fn merge(&mut self, other: &Sketch) {
        self.bins.add(&other.bins).expect("both grow as they need");
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// The warm-up cut: forgets all samples.
    pub fn reset(&mut self) {
        self.bins.reset();
        (self.sum, self.min, self.max) = (0.0, f64::INFINITY, f64::NEG_INFINITY);
    }

    /// The share of samples that do not exceed `x`, to the width of one bin; `None` without samples.
    pub fn share_at_most(&self, x: f64) -> Option<f64> {
        if self.count() == 0 {
            return None;
        }
        if x >= self.max || x < self.min {
            return Some(if x >= self.max { 1.0 } else { 0.0 });
        }
        Some(self.bins.quantile_below(rounded(x * STEPS_PER_UNIT).max(0).cast_unsigned()))
    }

    /// The distribution as rising values, each with the share of samples in (previous value, this value]; the shares sum
    /// to one. At most 400 points: neighbouring bins are joined where there are more. Empty without samples.
    pub fn curve(&self) -> Vec<(f64, f64)> {
        let recorded: Vec<(u64, u64)> =
            self.bins.iter_recorded().map(|bin| (bin.value_iterated_to(), bin.count_since_last_iteration())).collect();
        let group = recorded.len().div_ceil(CURVE_POINTS).max(1);
        let point = |bins: &[(u64, u64)]| {
            let (top, _) = bins[bins.len() - 1];
            let count: u64 = bins.iter().map(|(_, count)| count).sum();
            (self.value(top), count as f64 / self.count() as f64)
        };
        recorded.chunks(group).map(point).collect()
    }

    /// The value of a bin's upper end, kept inside the range of the samples; the last bin ends at the largest sample.
    fn value(&self, step: u64) -> f64 {
        if step >= self.bins.max() { self.max } else { (step as f64 / STEPS_PER_UNIT).clamp(self.min, self.max) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-3 * b.abs()
    }

    #[test]
    fn quantiles_of_a_known_sample_have_three_digits() {
        let mut sketch = Sketch::new();
        for value in 1..=10_000_u32 {
            sketch.add(f64::from(value) / 1000.0, 1);
        }
        for (p, value) in [(0.0, 0.001), (0.5, 5.0), (0.95, 9.5), (0.99, 9.9), (1.0, 10.0)] {
            assert!(close(sketch.quantile(p).unwrap(), value), "p = {p}: {:?}", sketch.quantile(p));
        }
        assert!((sketch.mean().unwrap() - 5.0005).abs() < 1e-9);
        assert_eq!((sketch.min(), sketch.max(), sketch.count()), (Some(0.001), Some(10.0), 10_000));
        assert!((sketch.share_at_most(2.5).unwrap() - 0.25).abs() < 1e-3);
        assert_eq!((sketch.share_at_most(10.0), sketch.share_at_most(0.0)), (Some(1.0), Some(0.0)));
    }

    #[test]
    fn weights_count_and_extremes_stay_exact() {
        let mut sketch = Sketch::new();
        sketch.add(1.0, 99);
        sketch.add(123.456_789, 1);
        sketch.add(77.0, 0);
        assert!(close(sketch.quantile(0.99).unwrap(), 1.0));
        assert_eq!(sketch.quantile(1.0), Some(123.456_789));
        sketch.add(1e12, 1);
        assert_eq!(sketch.max(), Some(1e12), "beyond the scale the maximum is still exact");
    }

    #[test]
    fn merging_equals_adding_in_any_order_and_reset_forgets() {
        let (mut all, mut left, mut right) = (Sketch::new(), Sketch::new(), Sketch::new());
        for k in 0..1000_u32 {
            let value = f64::from(k * k % 997) / 64.0;
            all.add(value, u64::from(k % 3));
            (if k % 2 == 0 { &mut left } else { &mut right }).add(value, u64::from(k % 3));
        }
        let mut turned = right.clone();
        turned.merge(&left);
        left.merge(&right);
        for p in [0.01, 0.3, 0.5, 0.9, 0.999] {
            assert_eq!(left.quantile(p), all.quantile(p));
            assert_eq!(turned.quantile(p), all.quantile(p));
        }
        assert_eq!(left.mean(), all.mean(), "these sums are exact in binary");
        left.reset();
        assert_eq!((left.count(), left.quantile(0.5), left.mean(), left.max()), (0, None, None, None));
        assert!(left.curve().is_empty() && left.share_at_most(1.0).is_none());
    }

    #[test]
    fn a_curve_rises_has_few_points_and_sums_to_one() {
        let mut sketch = Sketch::new();
        for k in 0..200_000_u32 {
            sketch.add(f64::from(k) * f64::from(k), 1);
        }
        let curve = sketch.curve();
        assert!(curve.len() <= CURVE_POINTS && curve.len() > CURVE_POINTS / 3);
        assert!(curve.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!((curve.iter().map(|point| point.1).sum::<f64>() - 1.0).abs() < 1e-9);
        assert_eq!(curve.last().map(|point| point.0), sketch.max());
    }
}
