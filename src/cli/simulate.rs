//! What `run`, `test` and `calibrate` share: from a scenario file to results.

use std::path::Path;

use super::exit::Exit;
use super::interrupt;
use super::machine::Stopwatch;
use super::progress::Progress;
use super::screen::Screen;
use crate::experiment::precision::Precision;
use crate::experiment::results::RunResults;
use crate::experiment::{self, RunError, RunOptions};
use crate::report::text::{self, TextStyle};
use crate::scenario::plan::{FailureSet, Plan};
use crate::scenario::{self, Diagnostic, Severity, Sources};
use crate::units::{self, Dimension};

/// What the command line decides about a run.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// `ADDRESS=VALUE`, in order.
    pub overrides: Vec<String>,
    /// Root seed.
    pub seed: Option<u64>,
    /// Replications.
    pub replications: Option<u32>,
    /// Threads.
    pub threads: Option<usize>,
    /// Failures to study.
    pub what_if: Option<Vec<FailureSet>>,
    /// What intervals must come down to.
    pub precision: Option<Precision>,
}

/// A command that could not go on: what was said about it (already printed) and how it ends.
#[derive(Debug)]
pub struct Failure {
    /// What was said, without colour.
    pub message: String,
    /// What is wrong with the scenario, if that is the reason.
    pub diagnostics: Vec<Diagnostic>,
    /// How it ends.
    pub exit: Exit,
}

impl Failure {
    /// Prints the message.
    pub fn say(message: String, exit: Exit, screen: &Screen) -> Self {
        screen.error(&message);
        Failure { message, diagnostics: Vec::new(), exit }
    }
}

/// A scenario that is in order.
pub struct Loaded {
    /// What it means.
    pub plan: Plan,
    /// What it was read from.
    pub sources: Sources,
}

/// Reads and checks a scenario; prints the diagnostics of one that is wrong.
pub fn load(path: &Path, overrides: &[String], screen: &Screen) -> Result<Loaded, Failure> {
    match scenario::load(path, overrides) {
        Ok((plan, sources)) => Ok(Loaded { plan, sources }),
        Err(found) => Err(diagnosed(found, screen)),
    }
}

/// Prints what is wrong with the input, or with the machine that could not read it.
pub fn diagnosed(found: Vec<Diagnostic>, screen: &Screen) -> Failure {
    screen.raw_error(&scenario::render_text(&found, screen.error_color()));
    let machine = found.iter().filter(|d| d.severity == Severity::Error).all(Diagnostic::is_environment);
    let exit = if machine { Exit::Environment } else { Exit::Input };
    Failure { message: scenario::render_text(&found, false), diagnostics: found, exit }
}

/// Simulates a plan with a progress bar; notes how long it took.
pub fn simulate(path: &Path, loaded: &Loaded, choices: &Choices, screen: &Screen) -> Result<RunResults, Failure> {
    let watch = Stopwatch::start();
    let name = path.display().to_string();
    let progress = Progress::new(screen, &text::shown(&name, TextStyle::default()));
    let options = RunOptions {
        seed: choices.seed,
        replications: choices.replications,
        threads: choices.threads,
        interrupt: interrupt::flag(),
        progress: &|share| progress.set(share),
        observe: true,
        file: name.clone(),
        digest: loaded.sources.digest.clone(),
        overrides: choices.overrides.clone(),
        what_if: choices.what_if.clone(),
        precision: choices.precision.clone(),
    };
    let outcome = experiment::run(&loaded.plan, &options);
    drop(progress);
    match outcome {
        Ok(run) => {
            screen.note(&format!("{name}: {}", watch.report(run.events)));
            Ok(run)
        }
        Err(error) => Err(run_failed(&name, &error, screen)),
    }
}

/// A warm-up that was found, and what is to be said about it.
pub struct Settled {
    /// As a planner would write it; reads back to the same nanosecond.
    pub warmup: String,
    /// Notes on it.
    pub notes: Vec<String>,
}

/// The warm-up that a plan needs, by pilot replications.
pub fn settle(path: &Path, plan: &Plan, choices: &Choices, screen: &Screen) -> Result<Settled, Failure> {
    let options = RunOptions {
        seed: choices.seed,
        threads: choices.threads,
        interrupt: interrupt::flag(),
        ..RunOptions::quiet()
    };
    let found = experiment::settle::settle(plan, &options);
    let found = found.map_err(|error| run_failed(&path.display().to_string(), &error, screen))?;
    let warmup = units::print(found.warmup.as_secs_f64(), Dimension::Duration);
    let mut notes = Vec::new();
    if let Some(slowest) = &found.slowest {
        notes.push(format!("warm-up of {warmup} by MSER-5: {slowest} takes longest to settle"));
    }
    if !found.restless.is_empty() {
        let few: Vec<&str> = found.restless.iter().take(3).map(String::as_str).collect();
        let more = found.restless.len() - few.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        notes.push(format!(
            "not settled in the first half of the run: {}{more}; simulate longer, or state 'warmup'",
            few.join(", ")
        ));
    }
    Ok(Settled { warmup, notes })
}

/// Says why a run gave no results.
pub fn run_failed(name: &str, error: &RunError, screen: &Screen) -> Failure {
    let exit = match error {
        RunError::Interrupted => interrupt::caught().unwrap_or(Exit::Interrupted),
        RunError::Threads { .. } => Exit::Environment,
        RunError::NoKpi(_) => Exit::Input,
        // A limit of the engine: the other replications may be fine, this one is missing.
        RunError::Engine { .. } => Exit::Incomplete,
    };
    let message = format!("{name}: {error}");
    Failure::say(message, exit, screen)
}
