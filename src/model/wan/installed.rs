//! What of a link is installed, by date. Failures and maintenance leave it as it is.

use crate::units::SimTime;

/// What is installed from an instant on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Installation {
    /// From when on.
    pub from: SimTime,
    /// Capacity of each direction, wire bytes per second; zero where the link does not go that way, or is not there.
    pub capacity: [f64; 2],
    /// Waves of equal size that make it up; zero while the link is not there.
    pub waves: u16,
}

/// All that is ever installed of a link, in order of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Installed {
    first: Installation,
    later: Vec<Installation>,
}

impl Installed {
    /// The same from time zero on.
    pub fn always(capacity: [f64; 2], waves: u16) -> Self {
        Installed { first: Installation { from: SimTime::ZERO, capacity, waves }, later: Vec::new() }
    }

    /// What is installed from time zero on, and all that is installed later, in order of time.
    pub fn dated(first: Installation, later: Vec<Installation>) -> Self {
        Installed { first, later }
    }

    /// The most waves that there ever are.
    pub fn most_waves(&self) -> u16 {
        self.steps().map(|step| step.waves).fold(0, u16::max)
    }

    /// When something else is installed, in order of time.
    pub fn changes(&self) -> impl Iterator<Item = SimTime> + '_ {
        self.later.iter().map(|step| step.from)
    }

    /// What is installed at an instant.
    pub fn at(&self, now: SimTime) -> &Installation {
        let begun = self.later.partition_point(|step| step.from <= now);
        begun.checked_sub(1).map_or(&self.first, |last| &self.later[last])
    }

    /// The largest capacity that a direction ever has.
    pub fn largest(&self, direction: usize) -> f64 {
        self.steps().map(|step| step.capacity[direction]).fold(0.0, f64::max)
    }

    /// Bytes that a direction could carry from one instant to another: ∫ capacity dt.
    pub fn integral(&self, direction: usize, from: SimTime, to: SimTime) -> f64 {
        self.integrate(from, to, |step| step.capacity[direction])
    }

    /// Seconds from one instant to another in which something is installed.
    pub fn seconds(&self, from: SimTime, to: SimTime) -> f64 {
        self.integrate(from, to, |step| f64::from(u8::from(step.waves > 0)))
    }

    fn steps(&self) -> impl Iterator<Item = &Installation> {
        std::iter::once(&self.first).chain(&self.later)
    }

    /// Seconds from one instant to another, each weighted by what is installed then.
    fn integrate(&self, from: SimTime, to: SimTime, weight: impl Fn(&Installation) -> f64) -> f64 {
        let ends = self.later.iter().map(|step| step.from).chain([SimTime::MAX]);
        let part = |(step, end): (&Installation, SimTime)| {
            let (begin, end) = (step.from.max(from), end.min(to));
            if begin < end { weight(step) * (end - begin).as_secs_f64() } else { 0.0 }
        };
        self.steps().zip(ends).map(part).fold(0.0, |sum, x| sum + x)
    }
}

#[cfg(test)]
impl Installed {
    /// Another capacity from an instant on.
    pub(super) fn then(mut self, seconds: i64, capacity: [f64; 2], waves: u16) -> Self {
        self.later.push(Installation { from: SimTime::from_nanos(seconds * 1_000_000_000), capacity, waves });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> SimTime {
        SimTime::from_nanos(secs * 1_000_000_000)
    }

    #[test]
    fn a_step_counts_from_its_instant_on() {
        let installed = Installed::always([10.0, 4.0], 2).then(100, [30.0, 0.0], 6).then(150, [0.0, 0.0], 0);
        for (now, capacity, waves) in [(0, 10.0, 2), (99, 10.0, 2), (100, 30.0, 6), (149, 30.0, 6), (150, 0.0, 0)] {
            let step = installed.at(at(now));
            assert_eq!((step.capacity[0].to_bits(), step.waves), (f64::to_bits(capacity), waves), "{now} s");
        }
        let bytes = |d, from, to| installed.integral(d, at(from), at(to));
        for (seen, by_hand) in [
            (bytes(0, 0, 200), 10.0 * 100.0 + 30.0 * 50.0),
            (bytes(0, 90, 110), 10.0 * 10.0 + 30.0 * 10.0),
            (bytes(1, 50, 200), 4.0 * 50.0),
            (bytes(0, 150, 200), 0.0),
        ] {
            assert!((seen - by_hand).abs() < 1e-9, "{seen}, by hand {by_hand}");
        }
        assert!((installed.largest(0) - 30.0).abs() < 1e-12 && (installed.largest(1) - 4.0).abs() < 1e-12);
    }

    /// What never changes gives capacity × time to the last bit, so that plans without dates keep their results.
    #[test]
    fn one_capacity_is_a_product() {
        let (rate, from, to) = (0.1 + 0.2, SimTime::from_nanos(123_456_789), SimTime::from_nanos(987_654_321_000));
        let seen = Installed::always([rate; 2], 1).integral(0, from, to);
        assert_eq!(seen.to_bits(), (rate * (to - from).as_secs_f64()).to_bits());
    }
}
