//! A catalogue file with the fitted figures of a part, for `catalog = ["FILE"]` in a scenario.

use std::fmt::Write as _;

use super::calibration::shown;
use crate::experiment::results::calibration::{Calibration, Fitted, Identified};
use crate::units::{Dimension, display};

/// A figure that the file states as it was stated before, because another catalogue file of the user gave it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Name.
    pub name: String,
    /// Keys and texts in order: value, source, confidence, and what else there is.
    pub fields: Vec<(&'static str, String)>,
}

/// What the file is to define.
#[derive(Clone, Debug)]
pub struct Target {
    /// Name of the part.
    pub name: String,
    /// Part that gives all other figures, unless it has the same name.
    pub like: Option<String>,
    /// Kind of a part that is like no other.
    pub kind: Option<String>,
    /// Its title, where the part that it is like has another.
    pub title: Option<String>,
    /// Figures to repeat.
    pub kept: Vec<Kept>,
}

/// How every such file begins.
const OPENING: &str = "# Figures of '";

/// Whether a text was written by [`render`]: other files are not written over.
pub fn is_ours(text: &str) -> bool {
    text.starts_with(OPENING)
}

/// The file. Gives the same bytes for the same calibration: nothing in it depends on the day or the machine.
pub fn render(c: &Calibration, target: &Target) -> String {
    let name = &target.name;
    let mut out = format!(
        "{OPENING}{name}', fitted to measured rows by `apollo calibrate` {}.\n\
         # To use them, name this file at the top of a scenario: catalog = [\"FILE\"]\n\n[{name}]\n",
        c.version
    );
    for (key, text) in [("kind", &target.kind), ("like", &target.like), ("title", &target.title)] {
        if let Some(text) = text {
            let _ = writeln!(out, "{key} = {}", quoted(text));
        }
    }
    for kept in &target.kept {
        let fields: Vec<String> = kept.fields.iter().map(|(key, text)| format!("{key} = {}", quoted(text))).collect();
        let _ = writeln!(out, "{} = {{ {} }}", kept.name, fields.join(", "));
    }
    for fitted in c.coefficients.iter().filter(|f| f.moved()) {
        let _ = writeln!(
            out,
            "{} = {{ value = {}, source = {}, confidence = \"fitted\", note = {} }}",
            fitted.name,
            quoted(&shown(fitted.after, fitted.dim)),
            quoted(&source(c)),
            quoted(&note(c, fitted)),
        );
    }
    calibration(c, &mut out, name);
    out
}

/// Names of files without their folders: where they lie on a machine is nobody's business.
fn measured(c: &Calibration) -> String {
    let name = |path: &String| path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    let names: Vec<String> = c.measured.iter().map(|(path, _)| name(path)).collect();
    match &names[..] {
        [first, .., last] if names.len() > 3 => format!("{} files, {first} to {last}", names.len()),
        _ => names.join(", "),
    }
}

fn source(c: &Calibration) -> String {
    format!(
        "Fitted to {} (sha256 {}), {} rows",
        measured(c),
        &c.measured_digest[..12.min(c.measured_digest.len())],
        fitted_rows(c)
    )
}

fn fitted_rows(c: &Calibration) -> usize {
    c.rows.iter().filter(|row| !row.held_out).count()
}

fn note(c: &Calibration, fitted: &Fitted) -> String {
    let percent = |share: f64| display(share, Dimension::Ratio);
    let limit = match fitted.identified {
        Identified::AtLeast => "A lower limit: larger values fit alike. ",
        Identified::AtMost => "An upper limit: smaller values fit alike. ",
        Identified::AtBound => "At a bound of the search. ",
        Identified::Roughly => "Known only roughly. ",
        Identified::Yes | Identified::No => "",
    };
    let errors = |what: &str, held_out: bool| {
        c.errors(held_out)
            .map(|[before, after]| format!("{what} {} before, {}", percent(before.mean), percent(after.mean)))
    };
    let fit = errors("Mean error", false).unwrap_or_default();
    let held = errors("; on held-out rows", true).unwrap_or_default();
    format!(
        "{limit}{fit} after{held}{}. Was {}.",
        if held.is_empty() { "" } else { " after" },
        shown(fitted.before, fitted.dim)
    )
}

fn calibration(c: &Calibration, out: &mut String, name: &str) {
    let moved = c.coefficients.iter().filter(|f| f.moved()).map(|f| f.name.as_str()).collect::<Vec<_>>().join(", ");
    let scenario = c.file.rsplit(['/', '\\']).next().unwrap_or_default();
    let _ = writeln!(out, "\n[{name}.calibration]");
    for (key, text) in [
        ("scenario", scenario),
        ("scenario_digest", &c.digest),
        ("measured", &measured(c)),
        ("measured_digest", &c.measured_digest),
        ("version", &c.version),
        ("fitted", &moved),
    ] {
        let _ = writeln!(out, "{key} = {}", quoted(text));
    }
    let held = c.rows.len() - fitted_rows(c);
    let _ = writeln!(out, "rows = {}\nheld_out_rows = {held}", fitted_rows(c));
    for (prefix, errors) in [("", c.errors(false)), ("held_out_", c.errors(true))] {
        let Some([before, after]) = errors else { continue };
        for (when, error) in [("before", before), ("after", after)] {
            let _ = writeln!(out, "{prefix}error_{when} = {}", quoted(&display(error.mean, Dimension::Ratio)));
        }
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
