//! KPIs that follow from the plan alone and take long enough to be computed once, not in every replication.

use super::aggregate;
use super::results::KpiRow;
use crate::assembly::{self, Concurrent};
use crate::scenario::plan::Plan;

/// `wan.concurrent_flow` where the plan has standing demand: the factor that fits, and beside it what cannot be passed.
pub(super) fn concurrent_flow(plan: &Plan, replications: u32) -> Vec<KpiRow> {
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
    assembly::concurrent_flow(plan).map(row).into_iter().collect()
}
