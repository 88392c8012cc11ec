//! `apollo compare A [B]`: two scenarios or result folders against one another, and rules that the difference must keep.

use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::Exit;
use super::global::Format;
use super::interrupt;
use super::screen::Screen;
use super::simulate::{Choices, Failure, Loaded, load, simulate};
use crate::experiment::results::compare::{Comparison, Rule, Side};
use crate::experiment::results::{Verdict, row_name};
use crate::experiment::{compare, known};
use crate::kpi;
use crate::report::stored::{self, StoredError};
use crate::report::{self, json, markdown, text};

/// Arguments of `compare`.
#[derive(Args, Debug)]
pub struct Compare {
    /// Scenario file, or result folder of `apollo run`
    #[arg(value_name = "A")]
    a: PathBuf,
    /// The other one; A again if not given, to be changed with --set-b
    #[arg(value_name = "B")]
    b: Option<PathBuf>,
    /// Change a value of both scenarios, e.g. `link.phx-dal.capacity="800 Gbps"`; may be repeated
    #[arg(long = "set", value_name = "ADDRESS=VALUE")]
    overrides: Vec<String>,
    /// Change a value of A only
    #[arg(long, value_name = "ADDRESS=VALUE")]
    set_a: Vec<String>,
    /// Change a value of B only
    #[arg(long, value_name = "ADDRESS=VALUE")]
    set_b: Vec<String>,
    /// Root seed of both, instead of that of each scenario
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Number of replications of both, instead of that of each scenario
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    replications: Option<u32>,
    /// Threads to use; all cores if not given. Results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    threads: Option<u16>,
    /// What B less A must not be, e.g. `rl.online.feedback_time.p95 > +5 %` or `storage.hot.read_efficiency < -1 points`; may be repeated
    #[arg(long, value_name = "RULE")]
    fail_on: Vec<String>,
    /// Show the KPIs too that are the same
    #[arg(long)]
    all: bool,
}

/// Compares.
pub fn run(args: &Compare, screen: &Screen) -> Exit {
    match attempt(args, screen) {
        Ok(exit) => exit,
        Err(failure) => failure.exit,
    }
}

fn attempt(args: &Compare, screen: &Screen) -> Result<Exit, Failure> {
    interrupt::flag();
    let rules = rules(&args.fail_on, screen)?;
    if args.b.is_none() && args.set_a.is_empty() && args.set_b.is_empty() {
        screen.note(&format!(
            "{0} is compared with itself: name another scenario or folder as B, or change one side with '--set-b ADDRESS=VALUE'",
            args.a.display()
        ));
    }
    let a = prepare(&args.a, &args.set_a, args, screen)?;
    let b = prepare(args.b.as_ref().unwrap_or(&args.a), &args.set_b, args, screen)?;
    for rule in &rules {
        // Before, not after, what may be hours of simulation.
        if let (Some(problem), Some(_)) = (a.problem(&rule.kpi), b.problem(&rule.kpi)) {
            return Err(Failure::say(format!("--fail-on '{}': {problem}", rule.text), Exit::Input, screen));
        }
    }
    let a = side(a, args, screen)?;
    let b = side(b, args, screen)?;
    for rule in &rules {
        let name = row_name(&rule.kpi);
        if a.kpi(name).is_none() && b.kpi(name).is_none() {
            let all = a.kpis.iter().chain(&b.kpis).map(|row| row.name.as_str());
            let problem = kpi::unproduced(&rule.kpi, all);
            return Err(Failure::say(format!("--fail-on '{}': {problem}", rule.text), Exit::Input, screen));
        }
    }
    let found = compare::compare(a, b, &rules);
    if let Some(unknown) =
        found.rules.iter().find(|judged| judged.value.is_none() && judged.verdict == Verdict::Inconclusive)
    {
        let why = unknown.reason.as_deref().unwrap_or("no value");
        screen.note(&format!("rule '{}' cannot be judged: {why}", unknown.rule.text));
    }
    let printed = screen.print(&rendered(&found, args.all, screen));
    Ok(printed.and(found.rules.iter().fold(Exit::Done, |exit, judged| {
        exit.and(match judged.verdict {
            Verdict::Pass => Exit::Done,
            Verdict::Fail => Exit::TargetFailed,
            Verdict::Inconclusive => Exit::Inconclusive,
        })
    })))
}

/// The rules of the command line.
pub(super) fn rules(texts: &[String], screen: &Screen) -> Result<Vec<Rule>, Failure> {
    let one = |text: &String| {
        compare::rule(text).map_err(|error| Failure::say(format!("--fail-on: {error}"), Exit::Input, screen))
    };
    texts.iter().map(one).collect()
}

/// A side that is in order: a folder that was read, or a scenario that is to be simulated.
enum Ready {
    Stored(Box<Side>),
    Loaded { path: PathBuf, name: String, loaded: Box<Loaded>, overrides: Vec<String> },
}

impl Ready {
    /// What is wrong with the name of a KPI for it.
    fn problem(&self, kpi: &str) -> Option<String> {
        match self {
            Ready::Stored(side) => {
                let all = || side.kpis.iter().map(|row| row.name.as_str());
                side.kpi(row_name(kpi)).is_none().then(|| kpi::unproduced(kpi, all()))
            }
            Ready::Loaded { loaded, .. } => known::problem(&loaded.plan, kpi),
        }
    }
}

/// A folder is read, a scenario checked.
fn prepare(path: &Path, own: &[String], args: &Compare, screen: &Screen) -> Result<Ready, Failure> {
    if path.is_dir() {
        let changed =
            !own.is_empty() || !args.overrides.is_empty() || args.seed.is_some() || args.replications.is_some();
        if changed {
            let message = format!(
                "{} is a result folder: '--set', '--seed' and '--replications' cannot change it",
                path.display()
            );
            return Err(Failure::say(message, Exit::Input, screen));
        }
        let side = stored::read(path).map_err(|error| unread(&error, screen))?;
        return Ok(Ready::Stored(Box::new(side)));
    }
    let overrides: Vec<String> = args.overrides.iter().chain(own).cloned().collect();
    let loaded = Box::new(load(path, &overrides, screen)?);
    let changes: String = own.iter().map(|change| format!(" with {change}")).collect();
    let name = format!("{}{changes}", path.display());
    Ok(Ready::Loaded { path: path.to_owned(), name, loaded, overrides })
}

/// A scenario is simulated; a folder has its results.
fn side(ready: Ready, args: &Compare, screen: &Screen) -> Result<Side, Failure> {
    let (path, name, loaded, overrides) = match ready {
        Ready::Stored(side) => return Ok(*side),
        Ready::Loaded { path, name, loaded, overrides } => (path, name, loaded, overrides),
    };
    let choices = Choices {
        overrides,
        seed: args.seed,
        replications: args.replications,
        threads: args.threads.map(usize::from),
        what_if: None,
        precision: None,
    };
    Ok(Side::of(simulate(&path, &loaded, &choices, screen)?, &name))
}

/// A folder that cannot be read: the machine's fault, or the planner's.
pub(super) fn unread(error: &StoredError, screen: &Screen) -> Failure {
    let exit = match error {
        StoredError::File { .. } => Exit::Environment,
        StoredError::Unusable { .. } => Exit::Input,
    };
    Failure::say(error.to_string(), exit, screen)
}

fn rendered(found: &Comparison, all: bool, screen: &Screen) -> String {
    match screen.format {
        Format::Text => text::write(&report::compare::document(found, all), screen.style),
        Format::Json => json::text(&report::compare::json(found)),
        Format::Csv => report::compare::table(found),
        Format::Markdown => markdown::write(&report::compare::document(found, all)),
    }
}
