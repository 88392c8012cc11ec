//! Mean and range of weighted samples.

/// Weighted samples, of which only the sums and the range are kept.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Tally {
    weight: f64,
    /// Σ weight · value.
    sum: f64,
    /// Lowest and highest value.
    range: Option<(f64, f64)>,
}

impl Tally {
    /// No samples.
    pub fn new() -> Tally {
        Tally::default()
    }

    /// Adds a sample. Weights are not negative; a sample of weight zero is left out.
    pub fn add(&mut self, value: f64, weight: f64) {
        if weight > 0.0 {
            self.weight += weight;
            self.sum += weight * value;
            let (low, high) = self.range.unwrap_or((value, value));
            self.range = Some((low.min(value), high.max(value)));
        }
    }

    /// Σ weight·value / Σ weight; `None` without samples.
    pub fn mean(&self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.sum / self.weight)
    }

    /// The lowest value.
    pub fn min(&self) -> Option<f64> {
        self.range.map(|(low, _)| low)
    }

    /// The highest value.
    pub fn max(&self) -> Option<f64> {
        self.range.map(|(_, high)| high)
    }

    /// Σ weight.
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// Σ weight·value.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// Adds all samples of `other`.
    pub fn merge(&mut self, other: &Tally) {
        self.weight += other.weight;
        self.sum += other.sum;
        self.range = match (self.range, other.range) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (mine, theirs) => mine.or(theirs),
        };
    }

    /// The warm-up cut: forgets all samples.
    pub fn reset(&mut self) {
        *self = Tally::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_weighted_and_the_range_is_not() {
        let mut tally = Tally::new();
        tally.add(1.0, 3.0);
        tally.add(9.0, 1.0);
        tally.add(-50.0, 0.0);
        assert_eq!((tally.mean(), tally.min(), tally.max()), (Some(3.0), Some(1.0), Some(9.0)));
        assert!((tally.weight() - 4.0).abs() < 1e-12 && (tally.sum() - 12.0).abs() < 1e-12);
    }

    #[test]
    fn merging_is_adding_and_reset_forgets() {
        let mut left = Tally::new();
        left.add(2.0, 1.0);
        let mut right = Tally::new();
        right.add(8.0, 2.0);
        left.merge(&right);
        left.merge(&Tally::new());
        assert_eq!((left.mean(), left.min(), left.max()), (Some(6.0), Some(2.0), Some(8.0)));
        left.reset();
        assert_eq!((left.mean(), left.min(), left.max()), (None, None, None));
    }
}
