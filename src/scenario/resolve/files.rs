//! The files of an `io` work.

use super::Resolver;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Files, Origin};
use crate::scenario::read::record::Record;

/// Metadata operations of a file where the planner does not say.
const OPERATIONS: f64 = 3.0;

impl Resolver<'_> {
    /// `storage` is the system that holds them.
    pub(super) fn files(&mut self, work: &Record, table: &Record, storage: Option<usize>) -> Option<Files> {
        for key in ["loader", "checkpoint", "namespace"] {
            if work.wrote(key) {
                let found = Diagnostic::new("E0107", format!("'files' and '{key}' exclude one another"));
                let found = found.at(work.place_of("files")).also(work.place_of(key), "the other");
                self.report(match key {
                    "loader" => found
                        .help("a loader has files of its own: write 'samples_per_file' and 'open_operations' in it"),
                    "checkpoint" => {
                        found.help("a checkpoint is one file a rank, whose opening or sync is counted in its time")
                    }
                    _ => found,
                });
            }
        }
        if table.wrote("rate") && work.wrote("rate") {
            let found = Diagnostic::new("E0107", "'rate' and 'rate' of 'files' exclude one another");
            self.report(found.at(table.place_of("rate")).also(work.place_of("rate"), "the other"));
        }
        let size = table.number("size")?;
        let operations = match table.number("operations") {
            Some(operations) => operations,
            None => self.usual_operations(table, storage?)?,
        };
        Some(Files { size, operations, pace: table.number("rate").map(|rate| rate * size) })
    }

    /// Files that one client has open at a time.
    pub(super) fn open_files(&mut self, work: &Record, storage: Option<usize>) -> Option<u64> {
        let system = storage.and_then(|s| self.records("storage").get(s)?.text("system"));
        let layout = system.and_then(|name| self.reader.shelf.part(name)?.word("layout").map(str::to_owned));
        let striped = layout.as_deref() == Some("striped");
        let own = ["loader", "checkpoint", "namespace"].into_iter().find(|key| work.wrote(key));
        if work.wrote("open_files") && !(striped && own.is_none()) {
            let message = match own.filter(|_| striped) {
                Some("namespace") => {
                    "'open_files' has no effect on a 'namespace', whose data lie on several systems".to_owned()
                }
                Some(key) => format!("'open_files' has no effect with '{key}', which says how many files are open"),
                None => "'open_files' has no effect: the system is no striped file system".to_owned(),
            };
            self.report(Diagnostic::new("W0609", message).at(work.place_of("open_files")));
        }
        if let Some(open) = work.number("open_files") {
            return Some(open as u64);
        }
        let (open, source) = match work.wrote("files") {
            true => (work.number("queue_depth")? as u64, "every outstanding operation is on a file of its own"),
            false => (1, "one process a client, one file a process"),
        };
        if striped && own.is_none() {
            let origin = Origin::Default { source: source.to_owned(), assumption: true };
            self.reader.ledger.push(work.address_of("open_files"), open.to_string(), origin);
        }
        Some(open)
    }

    fn usual_operations(&mut self, table: &Record, storage: usize) -> Option<f64> {
        let system = self.records("storage").get(storage)?.text("system")?.to_owned();
        let part = self.reader.shelf.part(&system)?;
        let (operations, source) = match part.word("layout") {
            Some("accounts") => (0.0, "a request of an object service names its object"),
            _ => (OPERATIONS, "open or create, attributes, close; caches of clients save some"),
        };
        let origin = Origin::Default { source: source.to_owned(), assumption: true };
        self.reader.ledger.push(table.address_of("operations"), operations.to_string(), origin);
        Some(operations)
    }
}
