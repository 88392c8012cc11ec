//! Averages over time of a level that changes in steps.

use crate::units::SimTime;
use std::collections::BTreeMap;

/// A level that changes in steps, and its average over time.
///
/// With level x(t) since the start s (creation or the last reset): integral ∫ₛᵗ x dt in level·seconds, mean = integral /
/// (t − s). Instants must not go backwards.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    value: f64,
    max: f64,
    /// Integral up to `since`, in level·seconds.
    area: f64,
    since: SimTime,
    start: SimTime,
}

impl Level {
    /// A level that stands at `value` from the instant `now` on.
    pub fn new(now: SimTime, value: f64) -> Level {
        Level { value, max: value, area: 0.0, since: now, start: now }
    }

    /// From `now` on the level is `value`.
    pub fn set(&mut self, now: SimTime, value: f64) {
        self.area = self.integral(now);
        self.since = now;
        self.value = value;
        self.max = self.max.max(value);
    }

    /// From `now` on the level is higher by `delta`.
    pub fn add(&mut self, now: SimTime, delta: f64) {
        self.set(now, self.value + delta);
    }

    /// The present level.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Time average since the start; the present level if no time has passed.
    pub fn mean(&self, now: SimTime) -> f64 {
        let span = now.since(self.start);
        if span.is_positive() { self.integral(now) / span.as_secs_f64() } else { self.value }
    }

    /// Level times time since the start, in level·seconds.
    pub fn integral(&self, now: SimTime) -> f64 {
        debug_assert!(now >= self.since, "a level is looked at in the past");
        self.area + self.value * now.since(self.since).as_secs_f64()
    }

    /// The highest level since the start, even if it lasted no time.
    pub fn max(&self) -> f64 {
        self.max
    }

    /// The warm-up cut: the present level stays, its past is forgotten.
    pub fn reset(&mut self, now: SimTime) {
        *self = Level::new(now, self.value);
    }
}

/// The time spent at each level of a whole-number quantity.
///
/// Memory grows with the number of *different* levels seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelHistogram {
    level: u64,
    since: SimTime,
    /// Nanoseconds spent at each level before `since`.
    spent: BTreeMap<u64, i64>,
}

impl LevelHistogram {
    /// A level that stands at `level` from the instant `now` on.
    pub fn new(now: SimTime, level: u64) -> LevelHistogram {
        LevelHistogram { level, since: now, spent: BTreeMap::new() }
    }

    /// From `now` on the level is `level`.
    pub fn set(&mut self, now: SimTime, level: u64) {
        let stay = now.since(self.since);
        if stay.is_positive() {
            *self.spent.entry(self.level).or_insert(0) += stay.as_nanos();
        }
        self.since = now;
        self.level = level;
    }

    /// The present level.
    pub fn level(&self) -> u64 {
        self.level
    }

    /// The lowest level at or below which the quantity was for at least the share `p` (0…1) of the time since the
    /// start; the present level if no time has passed.
    pub fn quantile(&self, now: SimTime, p: f64) -> u64 {
        let mut settled = self.clone();
        settled.set(now, self.level);
        let total: i64 = settled.spent.values().sum();
        let mut below = 0;
        for (&level, &nanos) in &settled.spent {
            below += nanos;
            if below as f64 >= p * total as f64 {
                return level;
            }
        }
        settled.spent.keys().next_back().copied().unwrap_or(self.level)
    }

    /// The warm-up cut: the present level stays, its past is forgotten.
    pub fn reset(&mut self, now: SimTime) {
        *self = LevelHistogram::new(now, self.level);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> SimTime {
        SimTime::ZERO + crate::units::SimDuration::from_secs(secs)
    }

    #[test]
    fn a_level_is_averaged_over_the_time_it_lasted() {
        let mut level = Level::new(at(0), 2.0);
        level.set(at(3), 10.0);
        level.add(at(4), -6.0);
        assert!((level.integral(at(10)) - (6.0 + 10.0 + 24.0)).abs() < 1e-12);
        assert!((level.mean(at(10)) - 4.0).abs() < 1e-12);
        assert!((level.max() - 10.0).abs() < 1e-12 && (level.value() - 4.0).abs() < 1e-12);
    }

    #[test]
    fn the_warm_up_cut_keeps_the_present_level_only() {
        let mut level = Level::new(at(0), 100.0);
        level.set(at(5), 1.0);
        level.reset(at(7));
        assert!((level.mean(at(7)) - 1.0).abs() < 1e-12, "no time has passed");
        level.set(at(9), 3.0);
        assert!((level.mean(at(11)) - 2.0).abs() < 1e-12);
        assert!((level.max() - 3.0).abs() < 1e-12);
    }

    #[test]
    fn quantiles_weigh_levels_by_time() {
        let mut histogram = LevelHistogram::new(at(0), 5);
        histogram.set(at(1), 7);
        histogram.set(at(1), 900);
        histogram.set(at(1), 6);
        histogram.set(at(9), 8);
        // 1 s at 5, 8 s at 6, 1 s at 8; no time at 7 and 900.
        let quantiles = [0.0, 0.1, 0.11, 0.9, 0.91, 1.0].map(|p| histogram.quantile(at(10), p));
        assert_eq!(quantiles, [5, 5, 6, 6, 8, 8]);
        histogram.reset(at(10));
        assert_eq!(histogram.quantile(at(10), 0.5), 8, "the present level when no time has passed");
        assert_eq!(histogram.quantile(at(12), 0.0), 8);
    }
}
