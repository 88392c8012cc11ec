//! `apollo new NAME`: a commented scenario to start from.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::exit::Exit;
use super::screen::Screen;
use crate::report::files;
use crate::scenario::{from_template, templates};

/// Longest name.
const LONGEST: usize = 64;

/// Arguments of `new`.
#[derive(Args, Debug)]
pub struct New {
    /// Name of the plan; `NAME.toml` is written to the current folder
    name: String,
    /// What to start from
    #[arg(long, value_name = "TEMPLATE", default_value = templates()[0].name, long_help = choices())]
    #[arg(value_parser = PossibleValuesParser::new(templates().iter().map(|t| t.name)))]
    from: String,
}

/// The templates with what they are.
fn choices() -> String {
    let lines: Vec<String> = templates().iter().map(|t| format!("- {}: {}", t.name, t.title)).collect();
    format!("What to start from\n\n{}\n", lines.join("\n"))
}

/// Writes the file; never over one that exists.
pub fn run(args: &New, screen: &Screen) -> Exit {
    let stem = args.name.strip_suffix(".toml").unwrap_or(&args.name);
    if !is_plain(stem) {
        screen
            .error(&format!("'{}' is no name: use letters, digits, '-' and '_', at most {LONGEST} of them", args.name));
        return Exit::Input;
    }
    let Some(text) = from_template(&args.from, stem) else {
        screen.error(&format!("there is no template '{}'", args.from));
        return Exit::Input;
    };
    let path = PathBuf::from(format!("{stem}.toml"));
    if path.symlink_metadata().is_ok() {
        screen.error(&format!("{} exists already", path.display()));
        return Exit::Input;
    }
    if let Err(error) = files::write_new(&path, text.as_bytes(), files::Lasting::Yes) {
        screen.error(&error.to_string());
        return Exit::Environment;
    }
    screen.note(&format!("`apollo check {0}` says what it means, `apollo run {0}` simulates it", path.display()));
    screen.print(&format!("{}\n", path.display()))
}

/// A name that is the same on every file system and cannot lead elsewhere.
fn is_plain(stem: &str) -> bool {
    !stem.is_empty()
        && stem.len() <= LONGEST
        && !stem.starts_with('-')
        && stem.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
