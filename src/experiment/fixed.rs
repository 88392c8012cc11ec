//! KPIs that follow from the plan alone and take long enough to be computed once, not in every replication.

use std::sync::atomic::{AtomicBool, Ordering};

use super::results::KpiRow;
use super::results::waves::Waves;
use super::{RunError, aggregate};
use crate::assembly::{self, Concurrent};
use crate::scenario::plan::Plan;

/// `wan.concurrent_flow` where the plan has standing demand: the factor that fits, and beside it what cannot be passed; and the factor of each
/// priority where there are several.
pub(super) fn concurrent_flow(plan: &Plan, replications: u32, interrupt: &AtomicBool) -> Result<Vec<KpiRow>, RunError> {
    let stop = || interrupt.load(Ordering::Relaxed);
    let row = |flow: Result<Concurrent, String>| {
        let (value, word) = match flow {
            Ok(flow) => {
                let about = || format!("approximation: at least this and at most {:.6}", flow.upper);
                (vec![flow.lower; replications as usize], (!flow.exact).then(about))
            }
            Err(reason) => (Vec::new(), Some(reason)),
        };
        aggregate::study_row("wan.concurrent_flow", &value, word, true)
    };
    let by_priority = assembly::concurrent_by_priority(plan).into_iter().map(|(priority, factor)| {
        let name = format!("wan.priority.{priority}.concurrent_flow");
        aggregate::study_row(&name, &vec![factor; replications as usize], None, true)
    });
    let all = assembly::concurrent_flow(plan, &stop).map(row).into_iter().chain(by_priority).collect();
    if stop() { Err(RunError::Interrupted) } else { Ok(all) }
}

/// `wan.waves_to_add` where the plan states a limit: the sum over links, and beside it what it is worth.
pub(super) fn waves(waves: Option<&Waves>, replications: u32) -> Vec<KpiRow> {
    let row = |waves: &Waves| {
        let value = vec![waves.total() as f64; replications as usize];
        let word = (!waves.least()).then(|| format!("enough; fewer than {} are not", waves.at_least));
        aggregate::study_row("wan.waves_to_add", &value, word, true)
    };
    waves.map(row).into_iter().collect()
}
