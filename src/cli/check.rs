//! `apollo check FILE…`: what a scenario means: derived values, totals, every default taken and its source.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::exit::Exit;
use super::global::Format;
use super::listing::Listing;
use super::screen::Screen;
use super::simulate::{Failure, Loaded, load};
use crate::report::json;
use crate::scenario::plan::{Origin, Plan, Taken};
use crate::scenario::{self, Diagnostic};

/// Arguments of `check`.
#[derive(Args, Debug)]
pub struct Check {
    /// Scenario files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// A file and what it turned out to be.
type Checked<'a> = (&'a Path, Result<Loaded, Failure>);

/// Checks all files and prints what they mean.
pub fn run(args: &Check, screen: &Screen) -> Exit {
    let checked: Vec<Checked<'_>> = args.files.iter().map(|file| (file.as_path(), load(file, &[], screen))).collect();
    let exit = checked.iter().fold(Exit::Done, |exit, (_, outcome)| match outcome {
        Ok(_) => exit,
        Err(failure) => exit.and(failure.exit),
    });
    if matches!(screen.format, Format::Csv | Format::Markdown) {
        // The other forms hold the warnings.
        for loaded in checked.iter().filter_map(|(_, outcome)| outcome.as_ref().ok()) {
            screen.raw_note(&scenario::render_text(&loaded.sources.warnings, screen.error_color()));
        }
    }
    let text = match screen.format {
        Format::Text => descriptions(&checked),
        Format::Json => json::text(&Value::Array(checked.iter().map(object).collect())),
        Format::Csv | Format::Markdown => values(&checked, screen.format),
    };
    screen.print(&text).and(exit)
}

/// What each file means, in words; several files under their names.
fn descriptions(checked: &[Checked<'_>]) -> String {
    let mut parts = Vec::new();
    for (file, outcome) in checked {
        if let Ok(loaded) = outcome {
            let head = if checked.len() > 1 { format!("== {} ==\n\n", file.display()) } else { String::new() };
            parts.push(head + &scenario::describe(&loaded.plan));
        }
    }
    parts.join("\n")
}

/// `{"file", "valid", "title", "digest", "diagnostics": […], "values": [{"address", "value", "origin", "source"}]}`.
fn object((file, outcome): &Checked<'_>) -> Value {
    let (title, digest, found, values): (_, _, &[Diagnostic], Vec<Value>) = match outcome {
        Ok(loaded) => (
            Some(&loaded.plan.title),
            Some(&loaded.sources.digest),
            &loaded.sources.warnings,
            loaded.plan.ledger.iter().map(value).collect(),
        ),
        Err(failure) => (None, None, &failure.diagnostics, Vec::new()),
    };
    let mut object = json!({
        "file": file.display().to_string(),
        "valid": outcome.is_ok(),
        "title": title,
        "digest": digest,
        "diagnostics": scenario::render_json(found),
        "values": values,
    });
    if let Ok(Loaded { plan: Plan { sweep: Some(sweep), .. }, .. }) = outcome {
        object["cells"] = json!(scenario::cells_of(sweep).0);
    }
    object
}

fn value(taken: &Taken) -> Value {
    let (origin, source) = origin(&taken.origin);
    json!({ "address": taken.address, "value": taken.value, "origin": origin, "source": source })
}

/// Every value of every file as a table.
fn values(checked: &[Checked<'_>], format: Format) -> String {
    let mut listing = Listing::new(&["file", "address", "value", "origin", "source"]);
    for (file, outcome) in checked {
        for taken in outcome.iter().flat_map(|loaded| &loaded.plan.ledger) {
            let (origin, source) = origin(&taken.origin);
            let cells =
                [file.display().to_string(), taken.address.clone(), taken.value.clone(), origin.to_owned(), source];
            listing.row(cells.to_vec());
        }
    }
    listing.render(format, String::new)
}

/// A word for where a value came from, and the place, source or formula behind it.
fn origin(origin: &Origin) -> (&'static str, String) {
    match origin {
        Origin::File { at } => ("file", at.clone()),
        Origin::Override => ("override", String::new()),
        Origin::Part { part, source, confidence } => ("part", format!("{part} ({confidence}): {source}")),
        Origin::Default { source, assumption: false } => ("default", source.clone()),
        Origin::Default { source, assumption: true } => ("assumption", source.clone()),
        Origin::Derived { formula } => ("derived", formula.clone()),
    }
}
