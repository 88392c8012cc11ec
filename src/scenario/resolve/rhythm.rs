//! Growth and seasons of an `io` work.

use super::Resolver;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Growth, Repeat, Season};
use crate::scenario::read::record::Record;
use crate::units::{Dimension, SimDuration, display};

/// Names of cycles, as written.
const REPEATS: [(&str, Repeat); 3] = [("day", Repeat::Day), ("week", Repeat::Week), ("year", Repeat::Year)];
/// Months of a year of 365.25 days.
const MONTHS: i64 = 12;

/// A cycle by its name.
fn repeat(word: &str) -> Option<Repeat> {
    REPEATS.iter().find(|(name, _)| *name == word).map(|(_, repeat)| *repeat)
}

impl Resolver<'_> {
    /// `None` when growth or seasons were written wrongly.
    pub(super) fn rhythm(&mut self, work: &Record) -> Option<(Option<Growth>, Vec<Season>)> {
        self.check_rhythm(work);
        if ["growth", "season"].iter().any(|key| work.broken.contains(key)) {
            return None;
        }
        let growth = match work.table("growth") {
            Some(table) => Some(growth(table)?),
            None => None,
        };
        Some((growth, self.seasons(work)?))
    }

    /// A rate that changes must be there, and nothing else may change the load.
    fn check_rhythm(&mut self, work: &Record) {
        for key in ["growth", "season"].into_iter().filter(|key| work.wrote(key)) {
            let place = work.place_of(key).clone();
            if !work.wrote("rate") {
                let found = Diagnostic::new("E0107", format!("'{key}' needs a 'rate' that changes")).at(&place);
                self.report(found.help("write 'rate', what the load is paced to at its start"));
            }
            for other in ["phases", "loader", "checkpoint"].into_iter().filter(|other| work.wrote(other)) {
                let found = Diagnostic::new("E0107", format!("'{key}' and '{other}' exclude one another")).at(&place);
                self.report(found.also(work.place_of(other), "the other"));
            }
        }
    }

    fn seasons(&mut self, work: &Record) -> Option<Vec<Season>> {
        let tables = work.tables("season");
        let mut out = Vec::new();
        for (word, every) in REPEATS {
            let own: Vec<&Record> = tables.iter().filter(|table| table.text("every") == Some(word)).collect();
            if !own.is_empty() {
                out.push(Season { every, parts: self.parts(&own, word)? });
            }
        }
        Some(out)
    }

    /// The parts of one cycle, in order.
    fn parts(&mut self, tables: &[&Record], word: &str) -> Option<Vec<(SimDuration, f64)>> {
        let length = repeat(word)?.length().as_secs_f64();
        let mut parts: Vec<(SimDuration, f64)> = Vec::new();
        let mut good = true;
        for table in tables {
            let (from, factor) = (table.number("from")?, table.number("factor")?);
            let place = table.place_of("from");
            let problem = if from >= length {
                let shown = display(from, Dimension::Duration);
                Some(format!("a part of a season begins {shown} into the {word}, after its end"))
            } else if parts.last().is_some_and(|(before, _)| from <= before.as_secs_f64()) {
                Some("a part of a season does not begin after the one before it".to_owned())
            } else {
                None
            };
            if let Some(message) = problem {
                let help = format!("write the parts of a {word} in order of 'from'");
                self.report(Diagnostic::new("E0515", message).at(place).help(help));
                good = false;
            }
            parts.push((SimDuration::from_secs_f64(from), factor));
        }
        if tables.len() == 1 {
            let message = format!("the season of the {word} has one part, so nothing varies");
            let found = Diagnostic::new("E0515", message).at(&tables[0].place);
            self.report(found.help("write a second part, or another 'rate'"));
            good = false;
        }
        good.then_some(parts)
    }
}

fn growth(table: &Record) -> Option<Growth> {
    let year = Repeat::Year.length();
    let per = if table.text("per")? == "month" { SimDuration::from_nanos(year.as_nanos() / MONTHS) } else { year };
    Some(Growth { rate: table.number("rate")?, per })
}
