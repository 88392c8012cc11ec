//! Rates that change with time by a stated law: growth, and curves over a day, a week, a year.
//!
//! ```text
//! factor(t) = e^(k (t − start)) × Π over cycles (factor of the part of the cycle that t falls in)
//! ```
//!
//! with k = ln(1 + growth) ÷ period. The fluid world knows constant rates only, so a rate is put in steps: from corner to
//! corner of the cycles, and at most a day long where it grows. Each step has the mean of the law over it, so the
//! bytes at the end of every step are those of the law's integral; inside a step the level is off by at most
//! rate × k × step² ÷ 8.

use crate::units::{SimDuration, SimTime};

/// Longest step of a rate that grows: a day, in which a rate that doubles every month moves by 2.3 %.
const GROWTH_STEP: SimDuration = SimDuration::from_secs(86_400);

/// A value that repeats itself: each part holds from its offset until the next, the last one over the turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Cycle {
    /// Length.
    pub every: SimDuration,
    /// How far into the cycle time zero lies.
    pub offset: SimDuration,
    /// Offsets in order, each within the cycle, with the value from there on; not empty.
    pub parts: Vec<(SimDuration, f64)>,
}

impl Cycle {
    /// Nanoseconds into the cycle at `t`.
    fn phase(&self, t: SimTime) -> i64 {
        let all = i128::from(t.as_nanos()) + i128::from(self.offset.as_nanos());
        // Within the length of the cycle.
        all.rem_euclid(i128::from(self.every.as_nanos())) as i64
    }

    /// The value at `t`.
    pub fn value(&self, t: SimTime) -> f64 {
        let phase = self.phase(t);
        let next = self.parts.partition_point(|(from, _)| from.as_nanos() <= phase);
        self.parts[next.checked_sub(1).unwrap_or(self.parts.len() - 1)].1
    }

    /// The next instant after `t` at which a part begins.
    pub fn next(&self, t: SimTime) -> SimTime {
        let phase = self.phase(t);
        let next = self.parts.iter().map(|(from, _)| from.as_nanos()).find(|from| *from > phase);
        let ahead = next.unwrap_or(self.parts[0].0.as_nanos() + self.every.as_nanos()) - phase;
        t.saturating_add(SimDuration::from_nanos(ahead))
    }
}

/// How a rate changes with time.
#[derive(Clone, Debug, PartialEq)]
pub struct Rhythm {
    /// Growth begins here, and nothing runs before.
    pub starts: SimTime,
    /// Nothing runs from here on.
    pub ends: Option<SimTime>,
    /// Growth per second, k; 0 where it does not grow.
    pub growth: f64,
    /// Curves, multiplied.
    pub cycles: Vec<Cycle>,
}

impl Rhythm {
    /// The same `by` later.
    pub fn delayed(&self, by: SimDuration) -> Rhythm {
        let back = |cycle: &Cycle| {
            let (every, offset) = (i128::from(cycle.every.as_nanos()), i128::from(cycle.offset.as_nanos()));
            let offset = (offset - i128::from(by.as_nanos())).rem_euclid(every) as i64;
            Cycle { offset: SimDuration::from_nanos(offset), ..cycle.clone() }
        };
        Rhythm {
            starts: self.starts.saturating_add(by),
            ends: self.ends.map(|ends| ends.saturating_add(by)),
            growth: self.growth,
            cycles: self.cycles.iter().map(back).collect(),
        }
    }

    fn cycles_at(&self, t: SimTime) -> f64 {
        self.cycles.iter().map(|cycle| cycle.value(t)).product()
    }

    fn next_corner(&self, t: SimTime) -> SimTime {
        self.cycles.iter().map(|cycle| cycle.next(t)).min().unwrap_or(SimTime::MAX)
    }

    /// End of the step that begins at `t`; none where the rate stays as it is.
    pub fn step_end(&self, t: SimTime) -> Option<SimTime> {
        let grows = self.growth.abs() > 0.0;
        let day = if grows { t.saturating_add(GROWTH_STEP) } else { SimTime::MAX };
        Some(self.next_corner(t).min(day)).filter(|end| *end < SimTime::MAX)
    }

    /// Mean factor from `from` to `to`, which lies after it.
    pub fn mean(&self, from: SimTime, to: SimTime) -> f64 {
        self.integral(from, to) / (to - from).as_secs_f64()
    }

    /// Integral of the factor, in seconds, over the part of `from` to `to` in which it runs.
    pub fn integral(&self, from: SimTime, to: SimTime) -> f64 {
        let to = self.ends.map_or(to, |ends| to.min(ends));
        let (mut at, mut sum) = (from.max(self.starts), 0.0);
        while at < to {
            let end = self.next_corner(at).min(to);
            sum += self.cycles_at(at) * self.grown(at, end);
            at = end;
        }
        sum
    }

    /// ∫ e^(k (t − start)) dt.
    fn grown(&self, from: SimTime, to: SimTime) -> f64 {
        let span = (to - from).as_secs_f64();
        let at = libm::exp(self.growth * (from - self.starts).as_secs_f64());
        let exponent = self.growth * span;
        if exponent.abs() < 1e-12 { at * span } else { at * libm::expm1(exponent) / self.growth }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: f64 = 86_400.0;

    fn at(days: f64) -> SimTime {
        SimTime::from_secs_f64(days * DAY)
    }

    fn day(offset: f64, parts: &[(f64, f64)]) -> Cycle {
        let hours = |h: f64| SimDuration::from_secs_f64(h * 3600.0);
        let parts = parts.iter().map(|&(from, value)| (hours(from), value)).collect();
        Cycle { every: hours(24.0), offset: hours(offset), parts }
    }

    fn rhythm(growth: f64, cycles: Vec<Cycle>) -> Rhythm {
        Rhythm { starts: SimTime::ZERO, ends: None, growth, cycles }
    }

    #[test]
    fn a_cycle_holds_its_last_part_over_the_turn() {
        let cycle = day(6.0, &[(8.0, 2.0), (20.0, 0.5)]);
        let values = [0.0, 0.1, 0.6, 1.0].map(|d| cycle.value(at(d)).to_bits());
        assert_eq!(values, [0.5, 2.0, 0.5, 0.5].map(f64::to_bits));
        assert_eq!(cycle.next(at(0.0)), at(2.0 / 24.0), "it begins at six");
        assert_eq!(cycle.next(at(2.0 / 24.0)), at(14.0 / 24.0));
        assert_eq!(cycle.next(at(14.0 / 24.0)), at(26.0 / 24.0), "the next day");
    }

    #[test]
    fn the_integral_is_that_of_the_law() {
        let k = (1.4_f64).ln() / (365.25 * DAY);
        let grows = rhythm(k, Vec::new());
        let year = grows.integral(at(0.0), at(365.25));
        assert!((year / (0.4 / k) - 1.0).abs() < 1e-12, "{year}");
        let both = rhythm(k, vec![day(0.0, &[(0.0, 1.5), (12.0, 0.5)])]);
        // By the midpoint rule, at a hundredth of an hour.
        let n = 240_000;
        let h = 100.0 * DAY / f64::from(n);
        let seen: f64 = (0..n)
            .map(|i| (f64::from(i) + 0.5) * h)
            .map(|t| {
                let factor = if t % DAY < 43_200.0 { 1.5 } else { 0.5 };
                h * factor * (k * t).exp()
            })
            .sum();
        let exact = both.integral(at(0.0), at(100.0));
        assert!((exact / seen - 1.0).abs() < 1e-9, "{exact} {seen}");
    }

    #[test]
    fn steps_add_up_to_the_integral() {
        let rhythm = rhythm(2e-7, vec![day(5.0, &[(8.0, 2.0), (20.0, 0.5)])]);
        let (mut t, mut sum) = (SimTime::ZERO, 0.0);
        while t < at(30.0) {
            let end = rhythm.step_end(t).unwrap().min(at(30.0));
            sum += rhythm.mean(t, end) * (end - t).as_secs_f64();
            t = end;
        }
        assert!((sum / rhythm.integral(at(0.0), at(30.0)) - 1.0).abs() < 1e-12);
        assert_eq!(self::rhythm(0.0, Vec::new()).step_end(at(1.0)), None);
    }

    #[test]
    fn what_is_delayed_is_the_same_later() {
        let mut rhythm = rhythm(3e-7, vec![day(5.0, &[(8.0, 2.0), (20.0, 0.5)])]);
        rhythm.ends = Some(at(9.0));
        let later = rhythm.delayed(SimDuration::from_secs_f64(1.3 * DAY));
        for (a, b) in [(0.0, 3.0), (2.0, 7.7), (5.0, 20.0)] {
            let (x, y) = (rhythm.integral(at(a), at(b)), later.integral(at(a + 1.3), at(b + 1.3)));
            assert!((x / y - 1.0).abs() < 1e-12, "{a} to {b}: {x} {y}");
        }
        assert_eq!(later.integral(at(0.0), at(1.3)).to_bits(), 0.0_f64.to_bits(), "nothing before it starts");
    }
}
