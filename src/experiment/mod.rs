//! Many runs of one plan: independent replications in parallel, KPIs with confidence intervals, verdicts on targets.
//!
//! Replication r draws from the streams of (root seed, r) and from nothing else, results are collected in the order
//! of replications, and sums over them are taken in that order: the number of threads cannot be seen in a result.

mod aggregate;
pub mod baseline;
pub mod calibrate;
pub mod compare;
mod fixed;
pub mod known;
pub mod precision;
pub mod results;
pub mod settle;
mod split;
pub mod sweep;
mod verdict;
mod what_if;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rayon::prelude::*;

use crate::assembly;
use crate::engine::EngineError;
use crate::model::world::Measured;
use crate::scenario::plan::{FailureSet, Plan};
use crate::units::{SimDuration, SimTime};
use precision::Precision;
use results::{FlowRow, RunResults, Warning};

/// How often a replication reports its progress.
const PROGRESS_STEPS: i64 = 50;

/// What the caller decides about a run.
pub struct RunOptions<'a> {
    /// Root seed; the plan's where none is given.
    pub seed: Option<u64>,
    /// Replications; the plan's where none are given.
    pub replications: Option<u32>,
    /// Threads; one per core where none are given.
    pub threads: Option<usize>,
    /// Raised from outside to stop the run.
    pub interrupt: Arc<AtomicBool>,
    /// Told the share of all work that is done, 0…1, from any thread.
    pub progress: &'a (dyn Fn(f64) + Sync),
    /// Whether time series are recorded (they do not change the run).
    pub observe: bool,
    /// Path of the scenario file as given.
    pub file: String,
    /// Digest of the resolved scenario.
    pub digest: String,
    /// `address=value` as given on the command line.
    pub overrides: Vec<String>,
    /// Failures to study; the plan's where none are given.
    pub what_if: Option<Vec<FailureSet>>,
    /// What intervals must come down to; the number of replications is then the least.
    pub precision: Option<Precision>,
}

impl RunOptions<'_> {
    /// Options for a run from memory, without observers from outside.
    pub fn quiet() -> RunOptions<'static> {
        RunOptions {
            seed: None,
            replications: None,
            threads: None,
            interrupt: Arc::new(AtomicBool::new(false)),
            progress: &|_| (),
            observe: true,
            file: String::new(),
            digest: String::new(),
            overrides: Vec::new(),
            what_if: None,
            precision: None,
        }
    }
}

/// Why a run gave no results.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A limit of the engine stopped a replication.
    #[error("replication {replication} stopped: {}", said(error))]
    Engine {
        /// Which one.
        replication: u32,
        /// Why.
        error: EngineError,
    },
    /// A KPI that a precision was asked of is none of the run.
    #[error("--precision: {0}")]
    NoKpi(String),
    /// The run was interrupted from outside.
    #[error("interrupted")]
    Interrupted,
    /// The threads could not be started.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// Threads asked for.
        threads: usize,
        /// What the system said.
        reason: String,
    },
}

/// Why the engine stopped, for a planner: which events came last is nothing that a plan says.
fn said(error: &EngineError) -> String {
    match error {
        EngineError::Events { at, limit, .. } => {
            format!("more than {limit} events in one run (the limit is 'max_events') at {at}")
        }
        other => other.to_string(),
    }
}

/// What one replication gives.
pub(crate) struct Outcome {
    events: u64,
    measured: Measured,
    flows: Option<Vec<FlowRow>>,
}

/// Runs all replications of a plan, then its failure study if there is one, and judges its targets.
///
/// # Errors
/// [`RunError`]: an engine limit, an interrupt, or threads that cannot be started.
pub fn run(plan: &Plan, options: &RunOptions<'_>) -> Result<RunResults, RunError> {
    let seed = options.seed.unwrap_or(plan.seed);
    let mut replications = options.replications.unwrap_or(plan.replications);
    if let Some(precision) = &options.precision {
        replications = replications.max(precision::LEAST).min(precision.cap);
    }
    let failures = failures(plan, options);
    let simulated = if what_if::is_simulated(plan) { failures.len() } else { 0 };
    let done = AtomicU64::new(0);
    let total = |replications: u32| u64::from(replications) * PROGRESS_STEPS as u64 * (1 + simulated as u64);
    let all = AtomicU64::new(total(replications));
    let step = || {
        let steps = done.fetch_add(1, Ordering::Relaxed) + 1;
        (options.progress)(steps as f64 / all.load(Ordering::Relaxed) as f64);
    };
    let one = |r: u32| replicate(plan, seed, r, options, &step, r == 0);
    let mut outcomes: Vec<Outcome> = Vec::new();
    loop {
        let first = outcomes.len() as u32;
        let batch = || (first..replications).into_par_iter().map(one).collect::<Vec<_>>();
        let batch = in_threads(options.threads, batch)?;
        outcomes.extend(batch.into_iter().collect::<Result<Vec<Outcome>, RunError>>()?);
        let Some(more) = options.precision.as_ref().and_then(|p| precision::next(p, &outcomes)) else { break };
        replications = more;
        all.store(total(replications), Ordering::Relaxed);
    }
    let lacking = options.precision.as_ref().map_or_else(Vec::new, |p| precision::lacks(p, &outcomes));
    let mut results = conclude(plan, seed, outcomes, options, &step)?;
    let unmet = match &options.precision {
        Some(precision) => precision::unmet(precision, &lacking, &results).map_err(RunError::NoKpi)?,
        None => Vec::new(),
    };
    let asked = !options.what_if.as_ref().unwrap_or(&plan.what_if).is_empty();
    if asked && failures.is_empty() {
        let words = "nothing of this plan is in these sets: no failure was studied".to_owned();
        results.warnings.push(Warning::of_run(words, "what_if"));
    }
    results.warnings.extend(unmet.into_iter().map(|words| Warning::of_run(words, "--precision")));
    Ok(results)
}

fn failures(plan: &Plan, options: &RunOptions<'_>) -> Vec<what_if::Failure> {
    what_if::failures(plan, options.what_if.as_ref().unwrap_or(&plan.what_if))
}

/// From the outcomes of all replications to results: the failure study if there is one, and verdicts.
fn conclude(
    plan: &Plan,
    seed: u64,
    outcomes: Vec<Outcome>,
    options: &RunOptions<'_>,
    step: &(impl Fn() + Sync),
) -> Result<RunResults, RunError> {
    let replications = outcomes.len() as u32;
    let failures = failures(plan, options);
    let base = (!failures.is_empty()).then(|| what_if::Base::of(plan, &outcomes));
    let mut results = aggregate::results(plan, options, seed, outcomes);
    aggregate::replace(&mut results.kpis, fixed::concurrent_flow(plan, replications, &options.interrupt)?);
    if let Some(base) = base {
        let study = || what_if::study(plan, &failures, &base, seed, options, step);
        let (tables, kpis) = in_threads(options.threads, study)??;
        aggregate::replace(&mut results.kpis, kpis);
        results.warnings.extend(what_if::left_out(&tables).map(|words| Warning::of_run(words, "--what-if")));
        results.what_if = Some(tables);
    }
    let waves = || what_if::waves(plan, &failures, &options.interrupt);
    results.waves = in_threads(options.threads, waves)??;
    aggregate::replace(&mut results.kpis, fixed::waves(results.waves.as_ref(), replications));
    results.targets = verdict::judge(&plan.targets, &results.kpis, replications);
    Ok(results)
}

/// Does `work` with so many threads; with one per core where no number is given.
///
/// # Errors
/// [`RunError::Threads`].
pub fn in_threads<T: Send>(threads: Option<usize>, work: impl FnOnce() -> T + Send) -> Result<T, RunError> {
    let Some(threads) = threads else { return Ok(work()) };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|e| RunError::Threads { threads, reason: e.to_string() })?;
    Ok(pool.install(work))
}

fn replicate(
    plan: &Plan,
    seed: u64,
    replication: u32,
    options: &RunOptions<'_>,
    step: &(impl Fn() + Sync),
    keep_series: bool,
) -> Result<Outcome, RunError> {
    let record = plan.record_flows && replication == 0;
    let mut engine = assembly::engine(plan, seed, replication, options.observe, record);
    engine.set_interrupt(options.interrupt.clone());
    for i in 1..=PROGRESS_STEPS {
        // A short replication may end before the engine looks at the flag; the next one must not begin.
        if options.interrupt.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        let share = i128::from(plan.horizon.as_nanos()) * i128::from(i) / i128::from(PROGRESS_STEPS);
        let end = SimTime::ZERO + SimDuration::from_nanos(share as i64);
        engine.run_until(end).map_err(|error| match error {
            EngineError::Interrupted { .. } => RunError::Interrupted,
            error => RunError::Engine { replication, error },
        })?;
        step();
    }
    let (now, events) = (engine.now(), engine.events());
    let mut world = engine.into_model();
    let mut measured = world.measure(now);
    if !keep_series {
        // Only the first replication's series are shown; thousands of replications must not keep theirs.
        measured.tracks = Vec::new();
        measured.ends = Vec::new();
    }
    let flows = world.take_records().map(|rows| rows.into_iter().map(flow_row).collect());
    Ok(Outcome { events, measured, flows })
}

fn flow_row((record, bottleneck): (crate::model::carriage::FlowRecord, String)) -> FlowRow {
    FlowRow {
        flow: record.flow,
        start_s: record.start.as_secs_f64(),
        finish_s: record.finish.map(SimTime::as_secs_f64),
        bytes: record.bytes,
        bottleneck,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load_text;

    const COPY: &str = r#"
        format = 1
        start = 2026-01-05
        horizon = "1 h"
        warmup = "0 s"
        replications = 1
        site.east = {}
        site.west = {}
        link.l = { between = ["west", "east"], capacity = "8 Gbps", rtt = "40 ms", framing = 1.0, failures = false }
        storage.a = { site = "west", system = "azure-blob", capacity = "1 PB" }
        storage.b = { site = "east", system = "azure-blob", capacity = "1 PB" }
        work.c = { kind = "copy", from = "a", to = "b", bytes = "7.2 TB", setup_rtts = 0 }
    "#;

    fn row(overrides: &[&str], name: &str) -> results::KpiRow {
        let overrides: Vec<String> = overrides.iter().map(|o| (*o).to_owned()).collect();
        let (plan, _) = load_text("copy.toml", COPY, &overrides).expect("a sound plan");
        let results = run(&plan, &RunOptions { threads: Some(1), ..RunOptions::quiet() }).expect("a run");
        results.kpis.into_iter().find(|k| k.name == name).expect("the KPI is produced")
    }

    /// 7.2 TB at 1 GB/s take two hours; the horizon is one.
    #[test]
    fn a_copy_that_the_horizon_cuts_has_a_projected_finish_and_one_that_its_end_cuts_has_none() {
        let start = 1_767_571_200.0;
        for ends in [&[][..], &["work.c.ends=\"1 h\""]] {
            let finish = row(ends, "transfer.c.projected_finish").mean.expect("a projection");
            assert!((finish - start - 7200.0).abs() < 1.0, "{finish}");
            let reason = row(ends, "transfer.c.time").reason.expect("no time");
            assert!(reason.starts_with("unfinished at the horizon: 50.0 % done"), "{reason}");
        }
        let reason = row(&["work.c.ends=\"30 min\""], "transfer.c.projected_finish").reason.expect("no projection");
        assert!(reason.starts_with("cut short by the end of the work: 25.0 % done"), "{reason}");
    }
}
