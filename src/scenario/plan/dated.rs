//! What of a link is installed when.

use super::{Link, Plan};
use crate::units::SimDuration;

/// What is installed of a link from some time on, until the next one of its list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Installation {
    /// After the start of the scenario, above zero.
    pub at: SimDuration,
    /// Capacity of each direction, wire bytes per second; zero when the link is taken away.
    pub capacity: f64,
    /// Waves that make it up; zero when the link is taken away.
    pub waves: u32,
}

impl Link {
    /// Capacity of both directions at some time after the start of the scenario, wire bytes per second.
    pub fn capacity_at(&self, at: SimDuration) -> [f64; 2] {
        if at < self.starts {
            return [0.0; 2];
        }
        let begun = self.dated.iter().rev().find(|step| step.at <= at);
        begun.map_or([self.capacity.get(), self.back.get()], |step| [step.capacity; 2])
    }

    /// Waves at some time after the start of the scenario; zero while it is not there.
    pub fn waves_at(&self, at: SimDuration) -> u32 {
        if at < self.starts {
            return 0;
        }
        self.dated.iter().rev().find(|step| step.at <= at).map_or(self.waves, |step| step.waves)
    }

    /// Whether it comes, changes or goes by date.
    pub fn is_dated(&self) -> bool {
        self.starts.is_positive() || !self.dated.is_empty()
    }

    /// Makes it for ever what it is at some time after the start of the scenario; one wave that carries nothing where it is not there.
    pub fn settle(&mut self, at: SimDuration) {
        let (capacity, waves) = (self.capacity_at(at), self.waves_at(at));
        [self.capacity, self.back] = capacity.map(crate::units::ByteRate);
        self.waves = waves.max(1);
        (self.starts, self.dated) = (SimDuration::ZERO, Vec::new());
    }

    /// The largest capacity that each direction ever has, wire bytes per second.
    pub fn largest(&self) -> [f64; 2] {
        let most = self.dated.iter().map(|step| step.capacity).fold(0.0, f64::max);
        [self.capacity.get().max(most), self.back.get().max(most)]
    }
}

impl Plan {
    /// The spans of the horizon over which the same is installed everywhere: begin and end of each, in order.
    pub fn eras(&self) -> Vec<(SimDuration, SimDuration)> {
        let dates = self.links.iter().flat_map(|link| link.dated.iter().map(|step| step.at).chain([link.starts]));
        let mut begins: Vec<SimDuration> = dates.filter(|&at| at < self.horizon).chain([SimDuration::ZERO]).collect();
        begins.sort_unstable();
        begins.dedup();
        let ends: Vec<SimDuration> = begins.iter().skip(1).copied().chain([self.horizon]).collect();
        begins.into_iter().zip(ends).collect()
    }
}
