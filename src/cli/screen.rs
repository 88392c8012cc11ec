//! Where words go: results to standard output, everything else to standard error.

use std::env;
use std::io::{self, ErrorKind, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};

use super::exit::Exit;
use super::global::{Color, Format, Global};
use crate::report::document::Tone;
use crate::report::text::{self, TextStyle};

/// The two streams and how to write to them.
pub struct Screen {
    /// What results are written as.
    pub format: Format,
    /// How text on standard output looks.
    pub style: TextStyle,
    error_style: TextStyle,
    quiet: bool,
}

impl Screen {
    /// From the flags, the terminal and the environment (`NO_COLOR`, `CLICOLOR_FORCE`, `TERM`, the locale).
    pub fn new(global: &Global) -> Self {
        let ascii = io::stdout().is_terminal() && !locale_is_utf8();
        Screen {
            format: global.format,
            style: TextStyle { ascii, color: coloured(global.color, AutoStream::choice(&io::stdout())) },
            error_style: TextStyle { ascii: false, color: coloured(global.color, AutoStream::choice(&io::stderr())) },
            quiet: global.quiet,
        }
    }

    /// Writes a result. A reader that has seen enough (`| head`) is no error.
    pub fn print(&self, result: &str) -> Exit {
        let mut out = io::stdout().lock();
        match out.write_all(result.as_bytes()).and_then(|()| out.flush()) {
            Err(e) if e.kind() != ErrorKind::BrokenPipe => {
                self.error(&format!("cannot write to standard output: {e}"));
                Exit::Environment
            }
            _ => Exit::Done,
        }
    }

    /// Says something that is not a result, unless `--quiet`.
    pub fn note(&self, message: &str) {
        if !self.quiet {
            complain(&format!("{}\n", text::shown(message, self.error_style)));
        }
    }

    /// Writes finished text to standard error, unless `--quiet`.
    pub fn raw_note(&self, rendered: &str) {
        if !self.quiet {
            complain(rendered);
        }
    }

    /// Says what went wrong.
    pub fn error(&self, message: &str) {
        let word = text::paint("error", Tone::Bad, self.error_style);
        // Lines of ours stay lines; whatever else controls a terminal becomes a sign.
        let lines: Vec<String> = message.lines().map(|line| text::shown(line, self.error_style)).collect();
        complain(&format!("{word}: {}\n", lines.join("\n")));
    }

    /// Writes finished text (rendered diagnostics) to standard error.
    pub fn raw_error(&self, rendered: &str) {
        complain(rendered);
    }

    /// Whether standard error shows colours.
    pub fn error_color(&self) -> bool {
        self.error_style.color
    }

    /// Whether notes and progress are wanted.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }
}

/// When standard error is closed there is nobody left to tell.
fn complain(message: &str) {
    let _ = io::stderr().lock().write_all(message.as_bytes());
}

fn coloured(asked: Color, found: ColorChoice) -> bool {
    match asked {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => found != ColorChoice::Never,
    }
}

/// Only a locale that says it is something else keeps UTF-8 from a terminal; the same rule never touches a pipe or a
/// file, whose bytes must not depend on the environment.
fn locale_is_utf8() -> bool {
    let set = |name| env::var(name).ok().filter(|v| !v.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
    locale.is_none_or(|l| l.to_ascii_lowercase().replace('-', "").contains("utf8"))
}
