//! `apollo run FILE`: simulate, print the report, write the result folder.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::exit::Exit;
use super::global::Format;
use super::interrupt;
use super::screen::Screen;
use super::simulate::{Choices, Failure, load, settle, simulate};
use crate::experiment::known;
use crate::experiment::precision::{self, CAP, Precision};
use crate::experiment::results::{RunResults, Warning};
use crate::report::folder::{self, FolderError};
use crate::report::{csv, json, markdown, text};
use crate::scenario;
use crate::scenario::plan::{FailureSet, Plan};

/// Arguments of `run`.
#[derive(Args, Debug)]
pub struct Run {
    /// Scenario file
    file: PathBuf,
    /// Change a value of the scenario, e.g. `link.phx-dal.capacity="800 Gbps"`; may be repeated
    #[arg(long = "set", value_name = "ADDRESS=VALUE")]
    overrides: Vec<String>,
    /// Root seed of the random streams, instead of the scenario's
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Number of replications, instead of the scenario's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    replications: Option<u32>,
    /// Run until the 95 % interval of the KPI of each target is no wider than ± this share, or of one KPI with KPI=SHARE or KPI=QUANTITY; may be repeated
    #[arg(long, value_name = "[KPI=]P")]
    precision: Vec<String>,
    /// Most replications that --precision may run
    #[arg(long, value_name = "N", default_value_t = CAP, requires = "precision", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    max_replications: u32,
    /// Warm-up instead of the scenario's; `auto` finds it by pilot replications and records what it found
    #[arg(long, value_name = "auto|TIME")]
    warmup: Option<String>,
    /// Threads to use; all cores if not given. Results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    threads: Option<u16>,
    /// Result folder; `reports/` and the stem of the file if not given
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Failures to study, instead of the scenario's: every link, risk group, site, or pair of links alone; several with commas
    #[arg(long, value_name = "SET", value_delimiter = ',', value_parser = PossibleValuesParser::new(FailureSet::WORDS))]
    what_if: Vec<String>,
}

/// Runs the scenario.
pub fn run(args: &Run, screen: &Screen) -> Exit {
    match attempt(args, screen) {
        Ok(exit) => exit,
        Err(failure) => failure.exit,
    }
}

fn attempt(args: &Run, screen: &Screen) -> Result<Exit, Failure> {
    interrupt::flag();
    let mut overrides = args.overrides.clone();
    let auto = args.warmup.as_deref() == Some("auto");
    if let Some(warmup) = &args.warmup {
        if let Some(twice) = overrides.iter().find(|o| o.split('=').next().is_some_and(|left| left.trim() == "warmup"))
        {
            let message = format!("'--set {twice}' and '--warmup {warmup}' set the same value: give one of them");
            return Err(Failure::say(message, Exit::Input, screen));
        }
        overrides.extend((!auto).then(|| written(warmup)));
    }
    let mut loaded = load(&args.file, &overrides, screen)?;
    let precision = precision(args, &loaded.plan, screen)?;
    let out = args.out.clone().unwrap_or_else(|| Path::new("reports").join(&loaded.plan.name));
    // Before, not after, what may be hours of simulation.
    folder::check(&out).map_err(|e| unwritten(&e, screen))?;
    if screen.format == Format::Csv {
        // The other forms hold the warnings.
        screen.raw_note(&scenario::render_text(&loaded.sources.warnings, screen.error_color()));
    }
    let mut choices = Choices {
        overrides,
        seed: args.seed,
        replications: args.replications,
        threads: args.threads.map(usize::from),
        what_if: sets(&args.what_if),
        precision,
    };
    let mut settled = None;
    if auto {
        // From here on as if what was found had been written: the same command with it gives the same results.
        let found = settle(&args.file, &loaded.plan, &choices, screen)?;
        choices.overrides.push(written(&found.warmup));
        loaded = load(&args.file, &choices.overrides, screen)?;
        settled = Some(found);
    }
    let mut results = simulate(&args.file, &loaded, &choices, screen)?;
    if let Some(found) = settled {
        results.warnings.extend(found.notes.into_iter().map(|note| Warning::of_run(note, "--warmup")));
        let input = results.inputs.iter_mut().find(|input| input.address == "warmup");
        input.into_iter().for_each(|input| input.from = "--warmup auto".to_owned());
        results.settled = Some(found.warmup);
    }
    let kept = match folder::write(&out, &results) {
        Ok(_) => {
            screen.note(&format!("results and charts are in {}", out.display()));
            Exit::Done
        }
        // The results are worth printing even when they cannot be kept.
        Err(error) => unwritten(&error, screen).exit,
    };
    let printed = screen.print(&rendered(&results, screen));
    Ok(kept.and(printed).and(Exit::of_targets(&results.targets)))
}

/// A warm-up as an override.
fn written(warmup: &str) -> String {
    format!("warmup={warmup}")
}

/// What intervals must come down to; none where nothing is asked for.
fn precision(args: &Run, plan: &Plan, screen: &Screen) -> Result<Option<Precision>, Failure> {
    if args.precision.is_empty() {
        return Ok(None);
    }
    let targets: Vec<String> = plan.targets.iter().map(|target| target.kpi.clone()).collect();
    let mut goals = Vec::new();
    for text in &args.precision {
        let refuse = |error: String| Failure::say(format!("--precision: {error}"), Exit::Input, screen);
        let found = precision::goals(text, &targets).map_err(refuse)?;
        if let Some(problem) = found.iter().filter(|goal| goal.named).find_map(|goal| known::problem(plan, &goal.kpi)) {
            return Err(refuse(problem));
        }
        goals.extend(found);
    }
    Ok(Some(Precision { goals, cap: args.max_replications }))
}

/// The sets of failures on the command line; `None` leaves the scenario's.
fn sets(words: &[String]) -> Option<Vec<FailureSet>> {
    (!words.is_empty()).then(|| words.iter().filter_map(|word| FailureSet::of_word(word)).collect())
}

fn rendered(results: &RunResults, screen: &Screen) -> String {
    match screen.format {
        Format::Text => text::render(results, screen.style),
        Format::Json => json::render(results),
        Format::Csv => csv::kpis(&results.kpis),
        Format::Markdown => markdown::render(results),
    }
}

fn unwritten(error: &FolderError, screen: &Screen) -> Failure {
    let exit = match error {
        FolderError::Foreign(_) | FolderError::File(_) => Exit::Environment,
        FolderError::Chart(_) | FolderError::Parquet(_) => Exit::Bug,
    };
    Failure::say(error.to_string(), exit, screen)
}
