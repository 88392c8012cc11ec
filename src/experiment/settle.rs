//! An automatic warm-up: how long a plan takes to settle, by MSER-5 on its time series.
//!
//! A few pilot replications run without a warm-up; each series is averaged over them bin by bin, which leaves the start and takes away much of
//! the noise, and the rule says how many bins of it to cut. The warm-up is the longest of those of all series. Levels that grow by design (how full
//! a system is) take no part.

use rayon::prelude::*;

use super::{RunError, RunOptions, in_threads, replicate};
use crate::scenario::plan::Plan;
use crate::stats::mser5;
use crate::units::{SimDuration, SimTime};

/// Pilot replications.
const PILOTS: u32 = 4;
/// Measures that have no steady state to wait for.
const LEVELS: [&str; 2] = ["fill", "buffer_fill"];

/// A warm-up that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    /// The warm-up.
    pub warmup: SimDuration,
    /// The series that takes longest; none where none has to settle.
    pub slowest: Option<String>,
    /// Series that have not settled in the first half of the run.
    pub restless: Vec<String>,
}

/// Finds the warm-up of a plan; its own is not heeded.
///
/// # Errors
/// As [`super::run`].
pub fn settle(plan: &Plan, options: &RunOptions<'_>) -> Result<Settled, RunError> {
    let mut pilot = plan.clone();
    pilot.warmup = SimDuration::ZERO;
    let seed = options.seed.unwrap_or(plan.seed);
    let one = |r: u32| replicate(&pilot, seed, r, options, &|| (), true);
    let all = || (0..PILOTS).into_par_iter().map(one).collect::<Result<Vec<_>, RunError>>();
    let outcomes = in_threads(options.threads, all)??;
    let Some(first) = outcomes.first() else {
        return Ok(Settled { warmup: SimDuration::ZERO, slowest: None, restless: Vec::new() });
    };
    let mut found = Settled { warmup: SimDuration::ZERO, slowest: None, restless: Vec::new() };
    for (at, track) in first.measured.tracks.iter().enumerate() {
        if LEVELS.contains(&track.name.rsplit('.').next().unwrap_or_default()) {
            continue;
        }
        let values: Vec<f64> = (0..track.values.len())
            .map(|bin| {
                let all = outcomes.iter().filter_map(|o| o.measured.tracks.get(at)?.values.get(bin).copied());
                let (sum, n) = all.filter(|v| v.is_finite()).fold((0.0, 0.0), |(sum, n), v| (sum + v, n + 1.0));
                if n > 0.0 { sum / n } else { f64::NAN }
            })
            .collect();
        if values.iter().all(|v| !v.is_finite()) {
            continue;
        }
        match mser5(&values) {
            Some(0) => {}
            Some(cut) => {
                let end = first.measured.ends.get(cut - 1).map_or(SimDuration::ZERO, |end| *end - SimTime::ZERO);
                if end > found.warmup {
                    (found.warmup, found.slowest) = (end, Some(track.name.clone()));
                }
            }
            None => found.restless.push(track.name.clone()),
        }
    }
    Ok(found)
}
