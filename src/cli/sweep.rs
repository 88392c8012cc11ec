//! `apollo sweep FILE`: many variants of a scenario, resumable, in shards.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValuesParser;
use rayon::prelude::*;

use super::exit::Exit;
use super::global::Format;
use super::interrupt;
use super::machine::Stopwatch;
use super::progress::Progress;
use super::screen::Screen;
use super::shard::{self, Asked};
use super::simulate::{Failure, diagnosed, run_failed};
use super::submit::{self, Submit};
use crate::experiment::results::sweep::{AxisInfo, Coordinate, SweepInfo, TargetInfo};
use crate::experiment::sweep::{Cells, SweepOptions, for_each, identity, run as run_cells};
use crate::experiment::{RunError, in_threads, known};
use crate::report::sweep::{Found, Gathered, Ids, Lasting, Place, Shard, Store, StoreError, gather, place, show};
use crate::report::{csv, human};
use crate::scenario::plan::{Plan, Rule, Target};
use crate::scenario::spec::DESIGNS;
use crate::scenario::sweep::{Arguments, Axis, Setting, Values};
use crate::scenario::{self, Diagnostic, Sources, Variants};

/// Cells that are named on the screen.
const NAMED: usize = 10;

/// Arguments of `sweep`.
#[derive(Args, Debug)]
pub struct Sweep {
    /// Scenario file with a table `[sweep]`, unless --axis says what varies
    pub(super) file: PathBuf,
    /// Change a value of the scenario in all cells, e.g. `link.phx-dal.capacity="800 Gbps"`; may be repeated
    #[arg(long = "set", value_name = "ADDRESS=VALUE")]
    overrides: Vec<String>,
    /// Vary an address: `'link.*.capacity=400 Gbps,800 Gbps'` or `'ADDRESS={ from = …, to = … }'`; may be repeated
    #[arg(long = "axis", value_name = "ADDRESS=V1,V2")]
    axes: Vec<String>,
    /// Which combinations are run, instead of the scenario's design
    #[arg(long, value_name = "DESIGN", value_parser = PossibleValuesParser::new(DESIGNS))]
    design: Option<String>,
    /// Number of points of a sampled design, instead of the scenario's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    samples: Option<u32>,
    /// Root seed of all cells and of a sampled design, instead of the scenario's
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Number of replications of each cell, instead of the scenario's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    replications: Option<u32>,
    /// Threads to use; all cores if not given. Results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    threads: Option<u16>,
    /// Folder of the sweep, or a place in an object store such as `s3://bucket/sweep`; `reports/` and the stem of the file with `-sweep` if not given
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Do every N-th cell from the K-th on, or `auto/N`; without it a Slurm array, Kubernetes Indexed Job, Grid Engine array or AWS Batch array says which
    #[arg(long, value_name = "K/N", value_parser = shard::asked)]
    shard: Option<Asked>,
    /// KPIs to chart and print, instead of those of targets; several with commas
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    kpi: Vec<String>,
    /// Do failed cells again
    #[arg(long)]
    retry_failed: bool,
    /// Take cells that another build made, or another kind of machine
    #[arg(long)]
    allow_mixed: bool,
    /// A scheduler to do the work.
    #[command(flatten)]
    pub(super) to: Submit,
}

impl Sweep {
    /// The arguments that every task of an array has.
    pub(super) fn forwarded(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut put = |flag: &str, value: String| words.extend([flag.to_owned(), value]);
        self.overrides.iter().for_each(|value| put("--set", value.clone()));
        self.axes.iter().for_each(|value| put("--axis", value.clone()));
        self.design.iter().for_each(|value| put("--design", value.clone()));
        self.samples.iter().for_each(|value| put("--samples", value.to_string()));
        self.seed.iter().for_each(|value| put("--seed", value.to_string()));
        self.replications.iter().for_each(|value| put("--replications", value.to_string()));
        words.extend(self.retry_failed.then(|| "--retry-failed".to_owned()));
        words.extend(self.allow_mixed.then(|| "--allow-mixed".to_owned()));
        words
    }

    /// The arguments of the merge.
    pub(super) fn merged(&self) -> Vec<String> {
        let mut words = Vec::new();
        self.kpi.iter().for_each(|value| words.extend(["--kpi".to_owned(), value.clone()]));
        words.extend(self.allow_mixed.then(|| "--allow-mixed".to_owned()));
        words
    }
}

/// Runs the sweep.
pub fn run(args: &Sweep, screen: &Screen) -> Exit {
    match attempt(args, screen) {
        Ok(exit) => exit,
        Err(failure) => failure.exit,
    }
}

/// A sweep that is ready to be worked on.
struct Work<'a> {
    args: &'a Sweep,
    screen: &'a Screen,
    variants: &'a Variants,
    cells: Cells<'a>,
    store: Store,
    shard: Shard,
}

fn attempt(args: &Sweep, screen: &Screen) -> Result<Exit, Failure> {
    interrupt::flag();
    let (shard, from) = shard::shard(args.shard, &|name| std::env::var(name).ok())
        .map_err(|message| Failure::say(message, Exit::Input, screen))?;
    if let Some(sentence) = from {
        screen.note(&sentence);
    }
    let kpis = shown_kpis(&args.kpi, screen)?;
    if let Some(flag) = args.to.idle() {
        return Err(Failure::say(flag, Exit::Input, screen));
    }
    let (variants, plan, sources) = read(args, screen)?;
    if let Some(problem) = kpis.iter().find_map(|name| known::problem(&plan, name)) {
        return Err(Failure::say(format!("--kpi: {problem}"), Exit::Input, screen));
    }
    let out = args.out.clone().unwrap_or_else(|| Path::new("reports").join(format!("{}-sweep", plan.name)));
    let cells = Cells::new(&variants.sweep, plan.seed);
    if cells.count() == 0 {
        let message = format!("no cell of {} points meets the conditions of [sweep]", cells.points());
        return Err(Failure::say(message, Exit::Input, screen));
    }
    if args.to.is_asked() {
        return submit::run(args, cells.count(), &out, screen);
    }
    let info = info(&variants, &plan, &sources, &cells);
    let rows = (0..cells.count()).map(|cell| coordinates(&variants, &cells.settings(cell)));
    let out = place(&out).map_err(|e| unusable(&e, screen))?;
    let store = Store::open(Arc::clone(&out), &info, rows, shard).map_err(|e| unusable(&e, screen))?;
    let work = Work { args, screen, variants: &variants, cells, store, shard };
    let ids = work.all()?;
    if shard != Shard::ALL {
        let failed = work.failed(&ids);
        let count = shard.cells(work.cells.count()).len();
        let done = count - failed;
        let exit = if failed > 0 { Exit::Incomplete } else { Exit::Done };
        return Ok(exit.and(screen.print(&shard_line(shard, (done, failed), screen.format))));
    }
    let threads = args.threads.map(usize::from);
    let gathered =
        in_threads(threads, || gather(std::slice::from_ref(&out), &*out, &kpis, kept(screen), args.allow_mixed));
    let gathered = gathered.map_err(|e| run_failed("sweep", &e, screen))?.map_err(|e| unusable(&e, screen))?;
    Ok(print(&gathered, &*out, screen))
}

/// Reads the scenario with what the command line adds.
fn read(args: &Sweep, screen: &Screen) -> Result<(Variants, Plan, Sources), Failure> {
    let mut overrides = args.overrides.clone();
    overrides.extend(args.seed.map(|seed| format!("seed={seed}")));
    overrides.extend(args.replications.map(|n| format!("replications={n}")));
    let arguments = Arguments { axes: args.axes.clone(), design: args.design.clone(), samples: args.samples };
    let (variants, plan, sources) =
        Variants::read(&args.file, &overrides, &arguments).map_err(|found| diagnosed(found, screen))?;
    // That `run` would not run the sweep is no news here.
    let warnings: Vec<Diagnostic> = sources.warnings.iter().filter(|w| w.code != "W0605").cloned().collect();
    screen.raw_note(&scenario::render_text(&warnings, screen.error_color()));
    Ok((variants, plan, sources))
}

impl Work<'_> {
    /// Does what is missing of this shard; gives the names of its cells.
    fn all(&self) -> Result<Ids, Failure> {
        let watch = Stopwatch::start();
        let mine = self.shard.cells(self.cells.count());
        let ids = self.identities(&mine)?;
        self.store.keep_ids(self.shard, &ids).map_err(|e| unusable(&e, self.screen))?;
        let (todo, there) = self.missing(&ids)?;
        if there > 0 {
            let (there, all) = (human::count(there as u64), human::count(mine.len() as u64));
            self.screen.note(&format!("{there} of {all} cells are there already"));
        }
        self.simulate(&ids, &todo)?;
        let word = if todo.len() == 1 { "cell" } else { "cells" };
        self.screen.note(&watch.report_of(todo.len() as u64, word));
        Ok(ids)
    }

    /// Cells of the shard that failed.
    fn failed(&self, ids: &Ids) -> usize {
        let failed = |(_, id): &&(usize, Result<u128, String>)| match id {
            Ok(id) => matches!(self.store.look(*id), Ok(Found::Failed)),
            Err(_) => true,
        };
        ids.par_iter().filter(failed).count()
    }

    fn options<'p>(&self, progress: &'p (dyn Fn(f64) + Sync)) -> SweepOptions<'p> {
        SweepOptions { threads: self.args.threads.map(usize::from), interrupt: interrupt::flag(), progress }
    }

    fn progress(&self, word: &str) -> Progress {
        Progress::new(self.screen, &format!("{}: {word}", self.args.file.display()))
    }

    fn plan(&self, cell: usize) -> Result<Plan, String> {
        self.variants.plan(&self.cells.settings(cell)).map_err(|found| {
            let one = |d: &Diagnostic| format!("{}: {}", d.code, d.message);
            found.iter().map(one).collect::<Vec<_>>().join("; ")
        })
    }

    /// Names of all cells of the shard. What is wrong with every cell of a sweep is wrong with the sweep.
    fn identities(&self, mine: &[usize]) -> Result<Ids, Failure> {
        let progress = self.progress("reading cells");
        let name = |cell| self.plan(cell).map(|mut plan| identity(&mut plan));
        let found = for_each(mine, &name, &self.options(&|share| progress.set(share)));
        drop(progress);
        let found = found.map_err(|e| run_failed("sweep", &e, self.screen))?;
        if found.iter().any(Option::is_none) {
            return Err(self.interrupted(mine.len()));
        }
        let ids: Ids = mine.iter().copied().zip(found.into_iter().flatten()).collect();
        match &ids[..] {
            [(cell, Err(_)), ..] if self.shard == Shard::ALL && ids.iter().all(|(_, id)| id.is_err()) => {
                let found = self.variants.plan(&self.cells.settings(*cell)).err().unwrap_or_default();
                self.screen.note("no cell has a sound plan; the first one has these errors");
                Err(diagnosed(found, self.screen))
            }
            _ => Ok(ids),
        }
    }

    /// Cells to be done, and the number of those that are there.
    fn missing(&self, ids: &Ids) -> Result<(Vec<usize>, usize), Failure> {
        let (mut todo, mut there, mut seen) = (Vec::new(), 0, BTreeSet::new());
        let kept = self.store.there().map_err(|e| unusable(&e, self.screen))?;
        // Files are read and their digests checked by all threads.
        let look = |(_, id): &(usize, Result<u128, String>)| match id {
            Ok(id) if kept.contains(id) => self.store.look(*id).map(Some),
            Ok(_) => Ok(Some(Found::Missing)),
            Err(_) => Ok(None),
        };
        let threads = self.args.threads.map(usize::from);
        let found = in_threads(threads, || ids.par_iter().map(look).collect::<Result<Vec<_>, _>>());
        let found = found.map_err(|e| run_failed("sweep", &e, self.screen))?.map_err(|e| unusable(&e, self.screen))?;
        for (position, ((number, id), found)) in ids.iter().zip(found).enumerate() {
            let (Ok(id), Some(found)) = (id, found) else { continue };
            let wanted = match found {
                Found::Missing => true,
                Found::Damaged(what) => {
                    self.screen.note(&format!("the file of cell {number} {what}; it is done again"));
                    true
                }
                Found::Failed => self.args.retry_failed,
                Found::Done | Found::OtherBuild => false,
            };
            // Values that mean the same give the same cell.
            let first = seen.insert(*id);
            if wanted && first {
                todo.push(position);
            }
            there += usize::from(!wanted);
        }
        Ok((todo, there))
    }

    /// Simulates cells, given by their position in the shard, and keeps each as it is done.
    fn simulate(&self, ids: &Ids, todo: &[usize]) -> Result<(), Failure> {
        let broken: Mutex<Option<StoreError>> = Mutex::new(None);
        let progress = self.progress(&format!("{} cells", human::count(todo.len() as u64)));
        let left = Mutex::new(todo.len());
        let forced = Mutex::new(None);
        let done = |position: usize, results| {
            let (number, Ok(id)) = &ids[position] else { return true };
            let kept = self.store.keep((*number, *id), &results, self.args.retry_failed, lasting(&forced));
            match kept {
                Ok(()) => {
                    if let Ok(mut left) = left.lock() {
                        *left -= 1;
                    }
                    true
                }
                Err(error) => {
                    if let Ok(mut broken) = broken.lock() {
                        broken.get_or_insert(error);
                    }
                    false
                }
            }
        };
        let plan = |position: usize| self.plan(ids[position].0);
        let ran = run_cells(todo, &plan, &done, &self.options(&|share| progress.set(share)));
        drop(progress);
        if let Some(error) = broken.into_inner().ok().flatten() {
            return Err(unusable(&error, self.screen));
        }
        match ran {
            Ok(()) => Ok(()),
            Err(RunError::Interrupted) => Err(self.interrupted(left.into_inner().unwrap_or_default())),
            Err(error) => Err(run_failed("sweep", &error, self.screen)),
        }
    }

    fn interrupted(&self, left: usize) -> Failure {
        let cells = if left == 1 { "cell is" } else { "cells are" };
        let left = human::count(left as u64);
        let message = format!("interrupted: {left} {cells} left; the same command goes on from here");
        Failure::say(message, interrupt::caught().unwrap_or(Exit::Interrupted), self.screen)
    }
}

/// Whether a cell is forced to the disk: at most one a second is. A disk takes as long for that as a small cell does, and what a power cut may
/// take is then no more than seconds of work; what it tears is known by its digest.
fn lasting(forced: &Mutex<Option<Stopwatch>>) -> Lasting {
    let Ok(mut forced) = forced.lock() else { return Lasting::Yes };
    if forced.as_ref().is_some_and(|last| !last.has_passed(Duration::from_secs(1))) {
        return Lasting::Later;
    }
    *forced = Some(Stopwatch::start());
    Lasting::Yes
}

/// What all cells have in common.
fn info(variants: &Variants, plan: &Plan, sources: &Sources, cells: &Cells<'_>) -> SweepInfo {
    let sweep = &variants.sweep;
    let axis = |axis: &Axis| AxisInfo {
        address: axis.address.clone(),
        unit: axis.unit.map(|(unit, _)| unit.to_owned()),
        listed: !sweep.design.is_sampled() || matches!(axis.values, Values::List(_)),
        log: matches!(&axis.values, Values::Range(range) if range.log),
    };
    let target = |target: &Target| {
        let limits = match target.rule {
            Rule::AtMost(x) => [None, Some(x)],
            Rule::AtLeast(x) => [Some(x), None],
            Rule::Within { of, tolerance } => [Some(of - tolerance), Some(of + tolerance)],
        };
        TargetInfo { name: target.name.clone(), kpi: target.kpi.clone(), limits }
    };
    SweepInfo {
        title: plan.title.clone(),
        name: plan.name.clone(),
        digest: sources.digest.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        model: env!("APOLLO_MODEL").to_owned(),
        design: sweep.design.word().to_owned(),
        points: cells.points(),
        cells: cells.count(),
        seed: plan.seed,
        axes: sweep.axes.iter().map(axis).collect(),
        targets: plan.targets.iter().map(target).collect(),
    }
}

fn coordinates(variants: &Variants, settings: &[Setting]) -> Vec<Coordinate> {
    let axes = variants.sweep.axes.iter().zip(settings);
    axes.map(|(axis, setting)| Coordinate { text: setting.text.clone(), number: axis.shown(setting) }).collect()
}

/// The KPIs that are named, each of which must exist. No stat means the mean.
pub(super) fn shown_kpis(names: &[String], screen: &Screen) -> Result<Vec<String>, Failure> {
    let one = |name: &String| {
        let name = name.trim();
        match crate::kpi::lookup(name) {
            Ok(_) => Ok(name.strip_suffix(".mean").unwrap_or(name).to_owned()),
            Err(error) => Err(Failure::say(format!("--kpi {name}: {error}"), Exit::Input, screen)),
        }
    };
    names.iter().map(one).collect()
}

/// Cells that are kept to be printed: JSON shows all of them.
pub(super) fn kept(screen: &Screen) -> usize {
    if matches!(screen.format, Format::Json) { usize::MAX } else { show::ROWS }
}

/// Prints the table of all cells, and says which are missing.
pub(super) fn print(gathered: &Gathered, out: &dyn Place, screen: &Screen) -> Exit {
    screen.note(&format!("results.csv, results.parquet and the chart are in {}", out.show("").display()));
    let printed = match screen.format {
        Format::Text => screen.print(&show::text(gathered, screen.style)),
        Format::Json => screen.print(&show::json(gathered)),
        Format::Markdown => screen.print(&show::markdown(gathered)),
        Format::Csv => match out.open("results.csv").map(io::read_to_string) {
            Ok(Ok(table)) => screen.print(&table),
            Ok(Err(error)) => Failure::say(format!("cannot read results.csv: {error}"), Exit::Environment, screen).exit,
            Err(error) => Failure::say(error.to_string(), Exit::Environment, screen).exit,
        },
    };
    let mut exit = printed;
    if gathered.missing.count > 0 {
        screen.error(&missing_cells(gathered));
        exit = exit.and(Exit::Incomplete);
    }
    if gathered.failed.count > 0 {
        let count = gathered.failed.count;
        let names: Vec<String> =
            gathered.failed.first.iter().take(NAMED).map(|(number, _)| number.to_string()).collect();
        let more = if count > NAMED { ", …" } else { "" };
        let cells = if count == 1 { "cell" } else { "cells" };
        screen.error(&format!("{count} {cells} failed: {}{more}", names.join(", ")));
        exit = exit.and(Exit::Incomplete);
    }
    exit
}

/// What became of a shard, which has no table of its own.
fn shard_line(shard: Shard, (done, failed): (usize, usize), format: Format) -> String {
    let (index, of, cells) = (shard.index + 1, shard.count, done + failed);
    match format {
        Format::Text | Format::Markdown => {
            let word = if cells == 1 { "cell" } else { "cells" };
            format!("shard {index} of {of}: {cells} {word}, {done} done, {failed} failed\n")
        }
        Format::Json => show::shard_json(shard, done, failed),
        Format::Csv => {
            let row = [index, of, cells, done, failed].map(|number| number.to_string());
            csv::table(&["shard", "of", "cells", "done", "failed"], [row.to_vec()])
        }
    }
}

fn missing_cells(gathered: &Gathered) -> String {
    let axes = &gathered.info.axes;
    let missing = &gathered.missing;
    let mut lines = vec![format!("{} of {} cells are missing", missing.count, gathered.info.cells)];
    for (number, cell) in missing.first.iter().take(NAMED) {
        let at = axes.iter().zip(&cell.at).map(|(axis, at)| format!("{} = {}", axis.address, at.text));
        lines.push(format!("  cell {number} ({}): {}", at.collect::<Vec<_>>().join(", "), cell.reason));
    }
    if missing.count > NAMED {
        lines.push(format!("  … and {} more; results.csv has all", missing.count - NAMED));
    }
    lines.join("\n")
}

/// Says why the folder of a sweep cannot be used.
pub(super) fn unusable(error: &StoreError, screen: &Screen) -> Failure {
    let exit = match error {
        StoreError::Foreign(_) | StoreError::File(_) => Exit::Environment,
        StoreError::OtherSweep(_)
        | StoreError::Address(..)
        | StoreError::Different(..)
        | StoreError::Versions(..)
        | StoreError::Mixed(..)
        | StoreError::NoKpi(_)
        | StoreError::Broken(..) => Exit::Input,
        StoreError::Parquet(_) if error.is_disk() => Exit::Environment,
        StoreError::Differs(..) | StoreError::Chart(_) | StoreError::Parquet(_) => Exit::Bug,
    };
    Failure::say(error.to_string(), exit, screen)
}
