//! Trajectories.

use super::Sample;
use crate::units::SimTime;

impl Sample {
    /// One of which there is nothing yet.
    pub fn unborn(now: SimTime, group: u32, weight: f64) -> Self {
        let times = [now; 4];
        let [started, generated, rewarded, arrived] = times;
        Sample { started, generated, rewarded, arrived, version: 0, mixed: false, group, tokens: 0.0, weight }
    }
}
