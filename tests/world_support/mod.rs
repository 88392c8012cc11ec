//! What all tests of the world share: texts to plans, plans to results, results to numbers.

use apollo_sim::experiment::results::RunResults;
use apollo_sim::experiment::{self, RunOptions};
use apollo_sim::scenario::plan::Plan;
use apollo_sim::scenario::{load_text, render_text};

/// The plan of a scenario text, with overrides (`address=value`) laid over it.
pub fn plan_with(text: &str, overrides: &[&str]) -> Plan {
    let overrides: Vec<String> = overrides.iter().map(|o| (*o).to_owned()).collect();
    let (plan, _) = load_text("scenarios/test.toml", text, &overrides)
        .unwrap_or_else(|errors| panic!("{}\n{text}", render_text(&errors, false)));
    plan
}

/// All replications of a plan on one thread.
pub fn run(plan: &Plan) -> RunResults {
    let options = RunOptions { threads: Some(1), ..RunOptions::quiet() };
    experiment::run(plan, &options).unwrap_or_else(|error| panic!("{error}"))
}

/// Mean of a KPI that must have one.
pub fn kpi(results: &RunResults, name: &str) -> f64 {
    let Some(row) = results.kpis.iter().find(|k| k.name == name) else {
        panic!("no KPI '{name}'; there are {:?}", results.kpis.iter().map(|k| &k.name).collect::<Vec<_>>());
    };
    row.mean.unwrap_or_else(|| panic!("'{name}' has no value: {:?}", row.reason))
}
