//! What a failure costs the works: the KPIs that say it, and which way is worse.

use crate::scenario::plan::{Plan, WorkKind};

/// A KPI of a work by which failures are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostKpi {
    /// Work.
    pub work: String,
    /// Full KPI name.
    pub name: String,
    /// Whether a lower value is worse.
    pub lower_is_worse: bool,
    /// Whether failures are ranked by it: the first of its work.
    pub ranks: bool,
}

/// The KPIs of all works, in order of work; those of one work with the one that ranks its failures first.
pub fn cost_kpis(plan: &Plan) -> Vec<CostKpi> {
    let of_work = |work: &crate::scenario::plan::Work| {
        let (area, measures) = measures(&work.kind);
        let kpi = |(i, &(measure, lower_is_worse)): (usize, &(&str, bool))| CostKpi {
            work: work.name.clone(),
            name: format!("{area}.{}.{measure}", work.name),
            lower_is_worse,
            ranks: i == 0,
        };
        measures.iter().enumerate().map(kpi).collect::<Vec<_>>()
    };
    plan.works.iter().flat_map(of_work).collect()
}

/// Area, and measures with whether a lower value is worse.
fn measures(kind: &WorkKind) -> (&'static str, &'static [(&'static str, bool)]) {
    match kind {
        WorkKind::Rl(_) => (
            "rl",
            &[
                ("feedback_time.p95", false),
                ("on_time.fraction", true),
                ("lag", false),
                ("tokens_rate", true),
                ("idle_gpu_hours", false),
            ],
        ),
        // A copy may be unfinished with and without the failure; its rate always has a value.
        WorkKind::Copy(_) => ("transfer", &[("rate", true), ("slowdown", false)]),
        WorkKind::Trace(_) => ("transfer", &[("slowdown", false), ("time.p95", false), ("unfinished", false)]),
        WorkKind::Io(io) if io.burst.is_some() => ("io", &[("checkpoint_time", false)]),
        WorkKind::Io(io) if io.loader.is_some() => {
            ("io", &[("accelerator_utilisation", true), ("idle_gpu_hours", false)])
        }
        WorkKind::Io(_) => ("io", &[("rate", true)]),
    }
}
