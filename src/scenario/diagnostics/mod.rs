//! Diagnostics: what is wrong, where, and what to write instead. All of a file's at once, in order of position.

mod codes;
mod render;

use super::text::source::{Kind, Place};
pub use crate::units::nearest;

pub use codes::{CODES, Code, explain};
pub use render::{render_json, render_text};

/// Most diagnostics shown at once; the rest is counted.
pub const CAP: usize = 50;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The input cannot be used.
    Error,
    /// The input can be used but is probably not what was meant.
    Warning,
    /// Something worth knowing.
    Note,
}

impl Severity {
    /// The word in messages and JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// A replacement that would help.
#[derive(Clone, Debug)]
pub struct Patch {
    /// Why, e.g. `a similar name exists`.
    pub title: String,
    /// What is replaced.
    pub place: Place,
    /// By what.
    pub with: String,
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Code, e.g. `E0201`; see [`explain`].
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, one line.
    pub message: String,
    /// Where; `None` for a file that could not be read at all.
    pub place: Option<Place>,
    /// Words under the caret.
    pub label: String,
    /// Other places that belong to it, each with its words.
    pub context: Vec<(Place, String)>,
    /// What to do.
    pub help: Option<String>,
    /// What to write instead.
    pub patch: Option<Patch>,
}

impl Diagnostic {
    /// A finding with this code; codes starting with `W` are warnings.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        debug_assert!(explain(code).is_some(), "{code} is not in the list of codes");
        let severity = if code.starts_with('W') { Severity::Warning } else { Severity::Error };
        Diagnostic {
            code,
            severity,
            message: message.into(),
            place: None,
            label: String::new(),
            context: Vec::new(),
            help: None,
            patch: None,
        }
    }

    /// Points at a place.
    #[must_use]
    pub fn at(mut self, place: &Place) -> Self {
        self.place = Some(place.clone());
        self
    }

    /// Words under the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// What to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Points at another place that belongs to it.
    #[must_use]
    pub fn also(mut self, place: &Place, words: impl Into<String>) -> Self {
        self.context.push((place.clone(), words.into()));
        self
    }

    /// Proposes to write `with` at `place`, because it is close to what was written; the message says so too.
    #[must_use]
    pub fn instead(mut self, place: &Place, with: impl Into<String>) -> Self {
        let with = with.into();
        if !self.message.contains("did you mean") {
            self.message = format!("{}, did you mean '{with}'?", self.message);
        }
        self.patch(place, with)
    }

    /// Proposes to write `with` at `place`, without a word in the message.
    #[must_use]
    pub fn patch(mut self, place: &Place, with: impl Into<String>) -> Self {
        let title = "a similar name exists".to_owned();
        self.patch = Some(Patch { title, place: place.clone(), with: with.into() });
        self
    }

    /// Makes it a note.
    #[must_use]
    pub fn note(mut self) -> Self {
        self.severity = Severity::Note;
        self
    }

    /// `file:line:column`, or nothing.
    pub fn at_text(&self) -> String {
        self.place.as_ref().map(Place::at_text).unwrap_or_default()
    }

    /// The source and line it points at.
    pub fn line(&self) -> Option<(usize, usize)> {
        self.place.as_ref().map(|p| (p.source.order, p.source.line_column(p.span.start).0))
    }

    /// Whether the machine is at fault (permissions, disk) and not the input.
    pub fn is_environment(&self) -> bool {
        self.code == "E0004"
    }
}

/// Findings as they are made.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Diagnostic>,
}

impl Findings {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Whether looking for similar names is still worth its time: not in a file that is wrong throughout.
    pub fn suggests(&self) -> bool {
        self.list.len() < 10 * CAP
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// How many errors there are.
    pub fn errors(&self) -> usize {
        self.list.iter().filter(|d| d.severity == Severity::Error).count()
    }

    /// Whether there is an error among them.
    pub fn failed(&self) -> bool {
        self.list.iter().any(|d| d.severity == Severity::Error)
    }

    /// Sources and lines of the findings with a code.
    pub fn lines_of(&self, code: &str) -> Vec<(usize, usize)> {
        self.list.iter().filter(|d| d.code == code).filter_map(Diagnostic::line).collect()
    }

    /// Removes those that do not satisfy the condition.
    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.list.retain(keep);
    }

    /// All of one kind in order of position, without repetitions.
    pub fn take(self, keep: impl Fn(Severity) -> bool) -> Vec<Diagnostic> {
        let mut list: Vec<_> = self.list.into_iter().filter(|d| keep(d.severity)).collect();
        list.sort_by_cached_key(|d| (d.place.as_ref().map(Place::order), d.code, d.message.clone()));
        let order = |d: &Diagnostic| d.place.as_ref().map(Place::order);
        list.dedup_by(|a, b| a.message == b.message && order(a) == order(b));
        list
    }
}

/// Names in one line: `a, b, c`; at most thirty, then a count.
pub fn list_names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let shown = names.iter().take(30).copied().collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => "none".to_owned(),
        n if n > 30 => format!("{shown}, … ({n} in all)"),
        _ => shown,
    }
}

/// Whether a place lies on the command line.
pub fn is_argument(place: &Place) -> bool {
    place.source.kind == Kind::Argument
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_of_names_are_cut() {
        let names: Vec<String> = (0..40).map(|i| format!("s{i}")).collect();
        assert!(list_names(names.iter().map(String::as_str)).ends_with("… (40 in all)"));
        assert_eq!(list_names([]), "none");
    }
}
