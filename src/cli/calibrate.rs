//! `apollo calibrate FILE --measured ROWS`: predict measured rows, fit coefficients to them, write a catalogue file.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::exit::Exit;
use super::global::Format;
use super::interrupt;
use super::machine::Stopwatch;
use super::progress::Progress;
use super::screen::Screen;
use super::simulate::{Failure, diagnosed, run_failed};
use crate::catalog::{Figure, Part};
use crate::experiment::calibrate::{CalibrateError, HoldOut, Request, calibrate};
use crate::experiment::results::calibration::Calibration;
use crate::report::calibration as show;
use crate::report::catalogue_file::{self, Kept, Target};
use crate::report::files;
use crate::report::text::{self, TextStyle};
use crate::scenario::measured::{self, Measured};
use crate::scenario::plan::{Plan, WorkKind};
use crate::scenario::{self, Coefficient, Draft, Sources};
use crate::units::{Dimension, parse};

/// Arguments of `calibrate`.
#[derive(Args, Debug)]
pub struct Calibrate {
    /// Scenario with the storage system and an `io` work on it
    file: PathBuf,
    /// Files of measured rows: our CSV, fio's JSON or elbencho's CSV
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    measured: Vec<PathBuf>,
    /// Form of the measured rows; recognised by their content if not given
    #[arg(long, value_enum, value_name = "FORM")]
    measured_format: Option<Form>,
    /// Coefficients to fit: figures of the system, e.g. `read_latency,operations`; without it rows are only compared
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    fit: Vec<String>,
    /// Bounds of a coefficient; without it three decades each way, within what the key admits; may be repeated
    #[arg(long = "bound", value_name = "NAME=LOW..HIGH", requires = "fit")]
    bounds: Vec<String>,
    /// Rows held out of the fit: a share such as `25%`, `4th` for every fourth, `column`, or `none`
    #[arg(long, value_name = "RULE", default_value = "25%", value_parser = hold_out, requires = "fit")]
    hold_out: HoldOut,
    /// The `io` work that the rows are run as, if there are several
    #[arg(long, value_name = "NAME")]
    work: Option<String>,
    /// Write the fitted figures as a catalogue file, for `catalog = ["FILE"]` in a scenario
    #[arg(long, value_name = "FILE", requires = "fit")]
    out: Option<PathBuf>,
    /// Give the fitted part this name in the file, and leave the part it is like as it is
    #[arg(long, value_name = "NAME", requires = "out")]
    part: Option<String>,
    /// Threads to use; all cores if not given. Results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    threads: Option<u16>,
}

/// Form of measured rows.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// Our table with a header
    Csv,
    /// `fio --output-format=json`
    Fio,
    /// `elbencho --csvfile`
    Elbencho,
}

/// Reads a rule for rows that are held out.
fn hold_out(text: &str) -> Result<HoldOut, String> {
    let word = text.trim().to_ascii_lowercase();
    let nth = word.strip_prefix("every").unwrap_or(&word).trim();
    let nth = ["st", "nd", "rd", "th"].iter().find_map(|end| nth.strip_suffix(end)).map(str::parse::<usize>);
    match (word.as_str(), nth) {
        ("none", _) => Ok(HoldOut::None),
        ("column", _) => Ok(HoldOut::Column),
        (_, Some(Ok(n))) if n >= 2 => Ok(HoldOut::Every(n)),
        (_, Some(_)) => Err("every n-th row needs n of at least 2, as in '4th'".to_owned()),
        (_, None) => match parse(&word, Dimension::Ratio) {
            Ok(share) if share > 0.0 && share < 1.0 => Ok(HoldOut::Share(share)),
            _ => Err("write a share between 0 and 100 % such as '25%', '4th', 'column' or 'none'".to_owned()),
        },
    }
}

/// Calibrates.
pub fn run(args: &Calibrate, screen: &Screen) -> Exit {
    match attempt(args, screen) {
        Ok(exit) => exit,
        Err(failure) => failure.exit,
    }
}

/// The scenario and the rows, read and in order.
struct Input {
    draft: Draft,
    plan: Plan,
    sources: Sources,
    measured: Measured,
    work: usize,
    storage: usize,
    coefficients: Vec<Coefficient>,
}

fn attempt(args: &Calibrate, screen: &Screen) -> Result<Exit, Failure> {
    interrupt::flag();
    let input = read(args, screen)?;
    let part = input.sources.shelf.part(&input.plan.storages[input.storage].system);
    let part = part.expect("a plan only names parts there are");
    if let Some(out) = &args.out {
        check_out(args, out, &input, screen)?;
    }
    let calibration = fit(args, &input, screen)?;
    let written = match &args.out {
        None => Exit::Done,
        Some(out) => write(args, out, &calibration, &part, screen),
    };
    let printed = screen.print(&match screen.format {
        Format::Text => show::text(&calibration, screen.style),
        Format::Json => show::json(&calibration),
        Format::Csv => show::csv(&calibration),
        Format::Markdown => show::markdown(&calibration),
    });
    Ok(written.and(printed))
}

/// Reads everything; what is wrong with the scenario, the rows and the names is said at once.
fn read(args: &Calibrate, screen: &Screen) -> Result<Input, Failure> {
    let format = args.measured_format.map(|form| match form {
        Form::Csv => measured::Format::Csv,
        Form::Fio => measured::Format::Fio,
        Form::Elbencho => measured::Format::Elbencho,
    });
    let draft = Draft::read(&args.file).and_then(|draft| Ok((draft.plan(&[])?, draft)));
    let (((plan, sources), draft), measured) = match (draft, measured::read(&args.measured, format)) {
        (Ok(draft), Ok(measured)) => (draft, measured),
        (draft, measured) => {
            let found: Vec<_> = draft.err().into_iter().chain(measured.err()).flatten().collect();
            return Err(diagnosed(found, screen));
        }
    };
    let work = scenario::io_work(&plan, args.work.as_deref()).map_err(|found| diagnosed(vec![*found], screen))?;
    let storage = match &plan.works[work].kind {
        WorkKind::Io(io) => io.storage,
        _ => unreachable!("io_work gives an io work"),
    };
    let coefficients = scenario::coefficients(&plan, storage, &args.fit, &args.bounds);
    let coefficients = coefficients.map_err(|found| diagnosed(found, screen))?;
    for warnings in [&sources.warnings, &measured.warnings] {
        if !warnings.is_empty() {
            screen.raw_note(&scenario::render_text(warnings, screen.error_color()));
        }
    }
    Ok(Input { draft, plan, sources, measured, work, storage, coefficients })
}

/// Before what may be minutes of simulation: whether the file can be written, and may be.
fn check_out(args: &Calibrate, out: &Path, input: &Input, screen: &Screen) -> Result<(), Failure> {
    let refuse = |message: String| Err(Failure::say(message, Exit::Input, screen));
    if let Some(name) = &args.part {
        let plain =
            (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        if !plain {
            return refuse(format!("--part: '{name}' is no name: use 1 to 64 letters, digits, '-' or '_'"));
        }
        let own = &input.plan.storages[input.storage].system;
        if name != own && input.sources.shelf.part(name).is_some() {
            return refuse(format!("--part: '{name}' is another part of the catalogue; choose a name of your own"));
        }
    }
    let foreign = std::fs::read_to_string(out).is_ok_and(|text| !catalogue_file::is_ours(&text));
    if foreign || out.is_dir() {
        return refuse(format!("{} exists and was not written by `apollo calibrate`", out.display()));
    }
    files::check_folder(out).map_err(|error| Failure::say(error.to_string(), Exit::Environment, screen))
}

fn fit(args: &Calibrate, input: &Input, screen: &Screen) -> Result<Calibration, Failure> {
    let watch = Stopwatch::start();
    let name = args.file.display().to_string();
    let progress = Progress::new(screen, &text::shown(&name, TextStyle::default()));
    let request = Request {
        draft: &input.draft,
        file: name.clone(),
        digest: input.sources.digest.clone(),
        plan: &input.plan,
        work: input.work,
        measured: &input.measured,
        coefficients: &input.coefficients,
        hold_out: if args.fit.is_empty() { HoldOut::None } else { args.hold_out },
        threads: args.threads.map(usize::from),
        interrupt: interrupt::flag(),
        progress: &|share| progress.set(share.min(0.99)),
    };
    let outcome = calibrate(&request);
    drop(progress);
    match outcome {
        Ok(calibration) => {
            screen.note(&format!("{name}: {}", watch.report_of(calibration.simulations, "simulations")));
            Ok(calibration)
        }
        Err(CalibrateError::Run(error)) => Err(run_failed(&name, &error, screen)),
        Err(error @ (CalibrateError::Rows(_) | CalibrateError::NoPrediction(_))) => {
            Err(Failure::say(format!("{name}: {error}"), Exit::Input, screen))
        }
    }
}

/// Writes the catalogue file. The results are worth printing even when it cannot be written.
fn write(args: &Calibrate, out: &Path, calibration: &Calibration, part: &Part, screen: &Screen) -> Exit {
    if !calibration.coefficients.iter().any(|fitted| fitted.moved()) {
        screen.error(&format!("the rows change none of the coefficients: {} is not written", out.display()));
        return Exit::Input;
    }
    let target = target(args.part.as_deref(), calibration, part);
    match files::write_whole(out, catalogue_file::render(calibration, &target).as_bytes()) {
        Ok(()) => {
            screen.note(&format!("the fitted figures are in {0}: catalog = [\"{0}\"] uses them", out.display()));
            Exit::Done
        }
        Err(error) => {
            screen.error(&error.to_string());
            Exit::Environment
        }
    }
}

/// The part as the file defines it. Figures that come from the user's own files are stated again, because the file may
/// be used without those.
fn target(name: Option<&str>, calibration: &Calibration, part: &Part) -> Target {
    let name = name.unwrap_or(&part.name);
    let refitted = |figure: &str| calibration.coefficients.iter().any(|f| f.moved() && f.name == figure);
    let own = part.in_order().filter(|(spec, figure)| figure.at.is_some() && !refitted(spec.name));
    let base = part.base.as_deref().or(Some(part.name.as_str())).filter(|base| crate::catalog::part(base).is_some());
    Target {
        name: name.to_owned(),
        like: base.filter(|base| *base != name).map(str::to_owned),
        kind: base.is_none().then(|| part.kind.name().to_owned()),
        title: (base.and_then(crate::catalog::part).map(|base| &base.title) != Some(&part.title))
            .then(|| part.title.clone()),
        kept: own.map(|(spec, figure)| Kept { name: spec.name.to_owned(), fields: fields(figure) }).collect(),
    }
}

fn fields(figure: &Figure) -> Vec<(&'static str, String)> {
    let mut out = vec![
        ("value", figure.text.clone()),
        ("source", figure.source.clone()),
        ("confidence", figure.confidence.word().to_owned()),
    ];
    for (key, text) in [("note", &figure.note), ("date", &figure.date), ("range", &figure.range)] {
        out.extend(text.clone().map(|text| (key, text)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_for_held_out_rows_are_read() {
        assert_eq!(hold_out("25 %"), Ok(HoldOut::Share(0.25)));
        assert_eq!(hold_out("0.5"), Ok(HoldOut::Share(0.5)));
        assert_eq!(hold_out("every 3rd"), Ok(HoldOut::Every(3)));
        assert_eq!(hold_out("4th"), Ok(HoldOut::Every(4)));
        assert_eq!(hold_out("Column"), Ok(HoldOut::Column));
        assert_eq!(hold_out("none"), Ok(HoldOut::None));
        for wrong in ["1st", "0", "100 %", "half", "-5 %", "th"] {
            assert!(hold_out(wrong).is_err(), "{wrong}");
        }
    }
}
