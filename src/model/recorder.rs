//! Time series: a passive observer that turns running totals into means over equal bins.

use super::world::World;
use crate::engine::Probe;
use crate::units::{SimDuration, SimTime};

/// One series under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// Name.
    pub name: String,
    /// Unit word.
    pub unit: &'static str,
    /// One value a bin; NaN where there is none.
    pub values: Vec<f64>,
}

/// All series of a world.
#[derive(Clone, Debug)]
pub struct Recorder {
    /// Width of a bin.
    pub bin: SimDuration,
    /// Ends of the bins so far.
    pub ends: Vec<SimTime>,
    /// Series, in a fixed order.
    pub tracks: Vec<Track>,
    /// Running totals at the end of the last bin, in the order in which they are read.
    pub last: Vec<f64>,
}

impl Recorder {
    /// A recorder without series.
    pub fn new(bin: SimDuration) -> Self {
        Recorder { bin, ends: Vec::new(), tracks: Vec::new(), last: Vec::new() }
    }

    /// Adds a series.
    pub fn track(&mut self, name: String, unit: &'static str) {
        self.tracks.push(Track { name, unit, values: Vec::new() });
    }
}

/// The probe that closes a bin.
#[derive(Debug)]
pub struct BinProbe;

impl Probe<World> for BinProbe {
    fn sample(&mut self, at: SimTime, world: &mut World) {
        world.close_bin(at);
    }
}
