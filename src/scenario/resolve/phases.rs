//! The phases of an `io` work.

use super::Resolver;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::Phase;
use crate::scenario::read::record::Record;
use crate::units::SimDuration;

impl Resolver<'_> {
    /// `None` when a phase cannot be understood; an empty list where none is written.
    pub(super) fn phases(&mut self, work: &Record) -> Option<Vec<Phase>> {
        if work.broken.contains(&"phases") {
            return None;
        }
        let tables = work.tables("phases");
        self.check_phases(work, tables);
        let one = |table: &Record| {
            let seconds = |key: &str| table.number(key).map(SimDuration::from_secs_f64);
            Some(Phase {
                at: seconds("at")?,
                clients: table.number("clients").map(|clients| clients as u64),
                pace: table.number("rate"),
                read_share: table.number("read_share"),
                ramp: seconds("ramp")?,
            })
        };
        tables.iter().map(one).collect()
    }

    fn check_phases(&mut self, work: &Record, tables: &[Record]) {
        if tables.is_empty() {
            return;
        }
        let place = work.place_of("phases").clone();
        for key in ["loader", "checkpoint", "ingest", "namespace"] {
            if work.wrote(key) && (key != "ingest" || work.flag("ingest")) {
                let found = Diagnostic::new("E0107", format!("'phases' and '{key}' exclude one another")).at(&place);
                self.report(found.also(work.place_of(key), "the other"));
            }
        }
        let mut paced = work.wrote("rate") || work.table("files").is_some_and(|files| files.wrote("rate"));
        let mut free = 0.0;
        for table in tables {
            let (at, ramp) = (table.num("at"), table.num("ramp"));
            if at < free {
                let found = Diagnostic::new("E0503", "a phase begins before the one before it is over");
                self.report(found.at(table.place_of("at")));
            }
            free = at + ramp;
            if table.wrote("read_share") && work.text("pattern") != Some("mixed") {
                let found = Diagnostic::new("E0107", "'read_share' of a phase needs 'pattern = \"mixed\"'");
                self.report(found.at(table.place_of("read_share")).also(work.place_of("pattern"), "the pattern"));
            }
            if table.wrote("rate") && !paced && ramp > 0.0 {
                let found = Diagnostic::new("E0107", "a ramp of 'rate' needs a rate to begin with");
                self.report(found.at(table.place_of("ramp")).help("write 'rate' in the work, too"));
            }
            paced |= table.wrote("rate");
        }
    }
}
