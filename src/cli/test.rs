//! `apollo test FILE|DIR…`: run scenarios and judge every target.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::Exit;
use super::global::Format;
use super::interrupt;
use super::kept;
use super::screen::Screen;
use super::simulate::{Choices, Failure, load, simulate};
use crate::experiment::results::{RunResults, TargetRow, Uncompared, Verdict};
use crate::report::document::{Table, Tone};
use crate::report::{csv, files, folder, json, junit, markdown, sections, text};
use crate::units::{self, Dimension};

/// Arguments of `test`.
#[derive(Args, Debug)]
pub struct Test {
    /// Scenario files, or folders whose `.toml` files (at any depth) are scenarios
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// Also write the verdicts as JUnit XML to this file
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Also write the verdicts as Markdown to this file, for a pull request or a step summary
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Keep the results of each file in a folder below this one, as a baseline for later
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// Compare the KPI of each target with the results kept below this folder; one that got worse by more than --regression fails
    #[arg(long, value_name = "DIR")]
    baseline: Option<PathBuf>,
    /// How much worse than the baseline a KPI may be
    #[arg(long, value_name = "SHARE", default_value = "1 %", requires = "baseline")]
    regression: String,
    /// Tell what was removed since the baseline, but do not end with 3 because of it
    #[arg(long, requires = "baseline")]
    allow_removed: bool,
}

/// What is said in place of a verdict where there is nothing to compare with.
const NOT_COMPARED: &str = "NOT COMPARED";

/// What is said in place of a verdict of a file that could not be run, and of one that only the baseline has.
const NOT_RUN: &str = "NOT RUN";
const REMOVED: &str = "the baseline has results of it, but the file is not there any more";

/// What became of one file.
struct Outcome {
    path: PathBuf,
    run: Became,
    /// What was not compared with a baseline.
    uncompared: Vec<Uncompared>,
}

/// A file, as far as it came.
enum Became {
    Ran(Box<RunResults>),
    Broken(Failure),
    /// It is not there, only in the baseline; whether that is accepted.
    Removed(bool),
}

impl Outcome {
    fn results(&self) -> Option<&RunResults> {
        match &self.run {
            Became::Ran(results) => Some(results),
            Became::Broken(_) | Became::Removed(_) => None,
        }
    }
}

/// Runs all files and prints the verdicts.
pub fn run(args: &Test, screen: &Screen) -> Exit {
    interrupt::flag();
    let slack = match units::parse(&args.regression, Dimension::Ratio) {
        Ok(slack) => slack,
        Err(error) => {
            screen.error(&format!("--regression: {error}"));
            return Exit::Input;
        }
    };
    if let Some(dir) = args.baseline.as_ref().filter(|dir| !dir.is_dir()) {
        screen.error(&format!("--baseline: there is no folder {}; '--save DIR' makes one", dir.display()));
        return Exit::Input;
    }
    let real = |dir: &Option<PathBuf>| dir.as_ref().and_then(|dir| dir.canonicalize().ok());
    if args.baseline.is_some() && real(&args.baseline) == real(&args.save) {
        screen.error("--save and --baseline are the same folder: what is saved would be compared with itself; give --save another folder");
        return Exit::Input;
    }
    let (paths, mut exit) = scenarios(&args.paths, screen);
    if let Err(message) = writable(args, &paths) {
        screen.error(&message);
        return Exit::Environment;
    }
    let removed = match args.baseline.as_deref().map(|dir| kept::removed(dir, &args.paths, &paths)).transpose() {
        Ok(removed) => removed.unwrap_or_default(),
        Err(error) => {
            screen.error(&format!("--baseline: {error}"));
            return Exit::Environment;
        }
    };
    let mut outcomes: Vec<Outcome> = Vec::new();
    for path in paths {
        let mut run = load(&path, &[], screen).and_then(|loaded| simulate(&path, &loaded, &Choices::default(), screen));
        let mut uncompared = Vec::new();
        if let Ok(results) = &mut run {
            let (save, baseline) = (args.save.as_deref(), args.baseline.as_deref());
            let places = kept::Places { save, baseline, allow_removed: args.allow_removed };
            exit = exit.and(kept::keep_and_compare(places, slack, &path, results, &mut uncompared, screen));
        }
        exit = exit.and(match &run {
            Ok(results) => Exit::of_targets(&results.targets),
            Err(failure) => failure.exit,
        });
        if let Some(ended) = interrupt::caught() {
            return exit.and(ended);
        }
        if let (Format::Text, Ok(results)) = (screen.format, &run) {
            exit = exit.and(screen.print(&lines(results, &uncompared, screen)));
        }
        let run = run.map_or_else(Became::Broken, |results| Became::Ran(Box::new(results)));
        outcomes.push(Outcome { path, run, uncompared });
    }
    for path in removed {
        exit = exit.and(if args.allow_removed { Exit::Done } else { Exit::Inconclusive });
        exit = exit.and(say_removed(&path, args.allow_removed, screen));
        outcomes.push(Outcome { path, run: Became::Removed(args.allow_removed), uncompared: Vec::new() });
    }
    exit = exit.and(screen.print(&ending(&outcomes, screen.format)));
    if let Some(path) = &args.junit {
        exit = exit.and(write_junit(path, &outcomes, screen));
    }
    if let Some(path) = &args.markdown {
        let text = ending(&outcomes, Format::Markdown);
        if let Err(error) = files::write_whole(path, text.as_bytes()) {
            screen.error(&error.to_string());
            exit = exit.and(Exit::Environment);
        }
    }
    exit
}

/// Whether everything that is to be written can be, which is asked before hours of simulation.
fn writable(args: &Test, paths: &[PathBuf]) -> Result<(), String> {
    let beside = |path: &Path| files::check_folder(path).map_err(|error| error.to_string());
    args.junit.iter().chain(&args.markdown).try_for_each(|path| beside(path))?;
    let Some(dir) = &args.save else { return Ok(()) };
    // What is missing is made with the first results, in the folder that is there.
    let missing = dir.ancestors().take_while(|above| !above.as_os_str().is_empty() && !above.exists()).last();
    beside(missing.unwrap_or(&dir.join("results")))?;
    let kept = paths.iter().map(|path| dir.join(kept::below(path)));
    kept.into_iter().try_for_each(|kept| folder::check(&kept).map_err(|error| error.to_string()))
}

/// The files that are meant, in a fixed order; what cannot be listed is said and counts in the exit.
fn scenarios(paths: &[PathBuf], screen: &Screen) -> (Vec<PathBuf>, Exit) {
    let mut found = Vec::new();
    let mut exit = Exit::Done;
    for path in paths {
        if !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        let before = found.len();
        if let Err(error) = walk(path, &mut found) {
            screen.error(&format!("cannot list {}: {error}", path.display()));
            exit = exit.and(Exit::Environment);
        } else if found.len() == before {
            screen.error(&format!("{} holds no .toml file", path.display()));
            exit = exit.and(Exit::Input);
        }
    }
    (found, exit)
}

/// All `.toml` files below a folder by name. Linked folders are not entered, so there are no circles.
fn walk(dir: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries = fs::read_dir(dir)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            walk(&path, found)?;
        } else if path.extension().is_some_and(|e| e == "toml") {
            found.push(path);
        }
    }
    Ok(())
}

/// The verdicts on one file: a line with its name, then a line per target, then what is not compared.
fn lines(results: &RunResults, uncompared: &[Uncompared], screen: &Screen) -> String {
    let file = text::shown(&results.file, screen.style);
    let mut out = format!("{}\n", text::paint(&file, Tone::Strong, screen.style));
    for target in &results.targets {
        let (word, tone) = sections::verdict(target.verdict);
        let padding = " ".repeat("INCONCLUSIVE".len() - word.len());
        let rest = text::shown(&sentence(target), screen.style);
        out.push_str(&format!("  {}{padding}  {rest}\n", text::paint(word, tone, screen.style)));
    }
    if results.targets.is_empty() {
        out.push_str("  no targets\n");
    }
    for it in uncompared {
        let word = text::paint(NOT_COMPARED, Tone::Unsure, screen.style);
        out.push_str(&format!("  {word}  {}\n", text::shown(&format!("{}: {}", it.name, it.why), screen.style)));
    }
    out
}

/// Says that only the baseline has a file.
fn say_removed(path: &Path, accepted: bool, screen: &Screen) -> Exit {
    let file = text::shown(&path.display().to_string(), screen.style);
    if screen.format != Format::Text {
        screen.note(&format!("{file}: {}", removed_why(accepted)));
        return Exit::Done;
    }
    let (word, tone) = removed_word(accepted);
    let (file, word) = (text::paint(&file, Tone::Strong, screen.style), text::paint(word, tone, screen.style));
    screen.print(&format!("{file}\n  {word}  {}\n", removed_why(accepted)))
}

fn removed_word(accepted: bool) -> (&'static str, Tone) {
    if accepted { (NOT_COMPARED, Tone::Unsure) } else { sections::verdict(Verdict::Inconclusive) }
}

fn removed_why(accepted: bool) -> String {
    let then = if accepted { kept::ACCEPTED } else { "delete those, or give --allow-removed, to accept that" };
    format!("{REMOVED}; {then}")
}

/// `feedback: rl.online.feedback_time.p95 is 54.2 s ± 1.1, limit ≤ 60 s (source)`.
fn sentence(target: &TargetRow) -> String {
    let source = target.source.as_ref().map_or_else(String::new, |s| format!(" ({s})"));
    format!("{}: {}{source}", target.name, junit::sentence(target))
}

/// What is printed after the last file: the summary, or all results in the form asked for.
fn ending(outcomes: &[Outcome], format: Format) -> String {
    let runs: Vec<&RunResults> = outcomes.iter().filter_map(Outcome::results).collect();
    match format {
        Format::Text => format!("\n{}\n", summary(outcomes)),
        Format::Json => json::render_all(&runs),
        Format::Csv => csv::targets(&runs),
        Format::Markdown => format!("{}\n{}\n", markdown::table(&table(outcomes)), summary(outcomes)),
    }
}

/// `5 files, 1 of them could not be run; 12 targets: 1 failed, 11 passed`.
fn summary(outcomes: &[Outcome]) -> String {
    let of = |what: fn(&Became) -> bool, words: &str| match outcomes.iter().filter(|o| what(&o.run)).count() {
        0 => String::new(),
        n => format!(", {n} of them {words}"),
    };
    let broken = of(|run| matches!(run, Became::Broken(_)), "could not be run");
    let removed = of(|run| matches!(run, Became::Removed(_)), "removed since the baseline");
    let targets: Vec<&TargetRow> = outcomes.iter().filter_map(Outcome::results).flat_map(|r| &r.targets).collect();
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let tally = sections::tally(targets.iter().copied());
    let uncompared: usize = outcomes.iter().map(|o| o.uncompared.len()).sum();
    let uncompared = if uncompared == 0 { String::new() } else { format!("; {uncompared} not compared") };
    format!(
        "{}{broken}{removed}; {}: {tally}{uncompared}",
        count(outcomes.len(), "file"),
        count(targets.len(), "target")
    )
}

/// All targets of all files as one table, what is not compared, and files without results.
fn table(outcomes: &[Outcome]) -> Table {
    let columns = ["file", "verdict", "target", "KPI", "value", "95 % interval", "limit", "source"];
    let mut table = Table::new(&columns.map(|c| (c, c == "value")));
    for outcome in outcomes {
        let run = match &outcome.run {
            Became::Ran(run) => run,
            Became::Broken(failure) => {
                // The first line says what is wrong.
                let why = failure.message.lines().next().unwrap_or_default();
                table.row(Tone::Bad, without_results(&outcome.path, NOT_RUN, why, columns.len()));
                continue;
            }
            Became::Removed(accepted) => {
                let (word, tone) = removed_word(*accepted);
                table.row(tone, without_results(&outcome.path, word, &removed_why(*accepted), columns.len()));
                continue;
            }
        };
        for target in &run.targets {
            let mut row = sections::target_row(target);
            row.cells.insert(0, run.file.clone());
            row.cells.push(target.source.clone().unwrap_or_default());
            table.rows.push(row);
        }
        for it in &outcome.uncompared {
            let mut cells = vec![run.file.clone(), NOT_COMPARED.to_owned(), it.name.clone()];
            cells.resize(columns.len() - 1, String::new());
            cells.push(it.why.clone());
            table.row(if it.refused { Tone::Bad } else { Tone::Unsure }, cells);
        }
    }
    table
}

/// The row of a file that has no targets to show, with the reason in its last cell.
fn without_results(path: &Path, word: &str, why: &str, columns: usize) -> Vec<String> {
    let mut cells = vec![path.display().to_string(), word.to_owned()];
    cells.resize(columns - 1, String::new());
    cells.push(why.to_owned());
    cells
}

fn write_junit(path: &Path, outcomes: &[Outcome], screen: &Screen) -> Exit {
    let names: Vec<String> = outcomes.iter().map(|o| o.path.display().to_string()).collect();
    let suites: Vec<junit::Suite<'_>> = outcomes
        .iter()
        .zip(&names)
        .map(|(outcome, name)| match &outcome.run {
            Became::Ran(results) => junit::Suite::Ran(results, &outcome.uncompared),
            Became::Broken(failure) => junit::Suite::Broken(name, &failure.message),
            Became::Removed(accepted) => junit::Suite::Removed(name, REMOVED, *accepted),
        })
        .collect();
    match files::write_whole(path, junit::render(&suites).as_bytes()) {
        Ok(()) => Exit::Done,
        Err(error) => {
            screen.error(&error.to_string());
            Exit::Environment
        }
    }
}
