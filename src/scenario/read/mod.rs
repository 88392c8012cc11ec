//! From tree to typed records, driven by the tables of keys.
//!
//! Reading never stops at an error: a key that cannot be used is reported and left out, and everything else is
//! still read, so that all errors of a file appear at once.

mod empirical;
pub mod ledger;
mod random;
mod range;
pub mod record;
mod shelf;
mod table;
mod value;

pub use random::LAWS;
pub use range::{problem as range_problem, words as range_words};
pub use shelf::Shelf;
pub use value::{calendar_date, cut, string_place, undefined};

use super::diagnostics::{Diagnostic, Findings};
use super::text::files::Library;
use ledger::Ledger;

/// What reading needs and leaves behind.
#[derive(Debug)]
pub struct Reader {
    /// Diagnostics so far.
    pub findings: Findings,
    /// Values so far.
    pub ledger: Ledger,
    /// Texts so far; empirical laws add theirs.
    pub library: Library,
    /// First day of the scenario, for calendar durations and dates.
    pub start: jiff::civil::Date,
    /// Works that could not be read; nothing else about them is reported.
    pub unread: std::collections::BTreeSet<String>,
    /// Parts that names mean.
    pub shelf: Shelf,
    /// Off while values are only tried (sweeps), so that they leave no trace in the ledger.
    pub recording: bool,
}

impl Reader {
    /// Reports a finding.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.findings.push(diagnostic);
    }
}

/// A table as messages name it: `[link.a]`, or `work.w.weights` in backquotes for a nested one.
pub fn shown(spec: &crate::scenario::spec::TableSpec, address: &str) -> String {
    match address {
        "" => "the scenario".to_owned(),
        _ if spec.header.starts_with('[') => format!("[{address}]"),
        _ => format!("'{address}'"),
    }
}
