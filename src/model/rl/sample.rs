//! Trajectories.

use super::Sample;
use crate::units::{SimDuration, SimTime};

impl Sample {
    /// One of which there is nothing yet.
    pub fn unborn(now: SimTime, group: u32, weight: f64) -> Self {
        let times = [now; 4];
        let [started, generated, rewarded, arrived] = times;
        let (environment, slot_wait) = (SimDuration::ZERO, SimDuration::ZERO);
        Sample {
            started,
            generated,
            rewarded,
            arrived,
            version: 0,
            mixed: false,
            group,
            tokens: 0.0,
            environment,
            slot_wait,
            weight,
        }
    }
}
