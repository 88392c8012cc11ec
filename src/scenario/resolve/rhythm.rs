//! Growth and seasons of an `io` work, windows of a copy.

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

    /// Windows of a copy as the parts of a cycle; the outer `None` when they were written wrongly.
    pub(super) fn pace_windows(&mut self, work: &Record) -> Option<Option<Season>> {
        let tables = work.tables("pace_windows");
        if work.broken.contains(&"pace_windows") {
            return None;
        }
        let Some(first) = tables.first() else { return Some(None) };
        let word = first.text("every")?;
        let every = repeat(word)?;
        let length = every.length().as_secs_f64();
        let mut spans: Vec<(f64, f64, f64)> = Vec::new();
        for table in tables {
            let (from, to) = (table.number("from")?, table.number("to")?);
            let problem = if table.text("every")? != word {
                Some(("every", "windows of one copy are all of the day or all of the week".to_owned()))
            } else if from >= length || to > length || from.to_bits() == to.to_bits() {
                let ends = [from, to].map(|at| display(at, Dimension::Duration));
                Some(("from", format!("a window from {} to {} is no part of the {word}", ends[0], ends[1])))
            } else if spans.iter().any(|span| overlap((span.0, span.1), (from, to), length)) {
                Some(("from", "a window overlaps one before it".to_owned()))
            } else {
                None
            };
            if let Some((key, message)) = problem {
                self.report(Diagnostic::new("E0515", message).at(table.place_of(key)));
                return None;
            }
            spans.push((from, to, table.number("pace").unwrap_or(f64::INFINITY)));
        }
        let base = work.number("pace").unwrap_or(f64::INFINITY);
        if spans.iter().all(|span| span.2.to_bits() == base.to_bits()) {
            let message = "'pace_windows' have no effect: their pace is that of the copy";
            let found = Diagnostic::new("W0609", message).at(work.place_of("pace_windows"));
            self.report(found.help("write 'pace', which holds outside of them"));
        }
        Some(Some(Season { every, parts: parts_of(&spans, base, length) }))
    }
}

/// Whether two spans of a cycle have a part in common; a span may run over the turn.
fn overlap(a: (f64, f64), b: (f64, f64), length: f64) -> bool {
    let parts = |(from, to): (f64, f64)| {
        if from < to { vec![(from, to)] } else { vec![(from, length), (0.0, to)] }
    };
    parts(a).iter().any(|x| parts(b).iter().any(|y| x.0.max(y.0) < x.1.min(y.1)))
}

/// Spans of a cycle, and what holds outside of them, as parts that follow one another.
fn parts_of(spans: &[(f64, f64, f64)], base: f64, length: f64) -> Vec<(SimDuration, f64)> {
    let mut corners: Vec<f64> =
        spans.iter().flat_map(|&(from, to, _)| [from, if to < length { to } else { 0.0 }]).collect();
    corners.sort_by(f64::total_cmp);
    corners.dedup();
    let holds = |at: f64| {
        let inside =
            |&&(from, to, _): &&(f64, f64, f64)| if from < to { from <= at && at < to } else { at >= from || at < to };
        spans.iter().find(inside).map_or(base, |span| span.2)
    };
    corners.into_iter().map(|at| (SimDuration::from_secs_f64(at), holds(at))).collect()
}

fn growth(table: &Record) -> Option<Growth> {
    let year = Repeat::Year.length();
    let per = if table.text("per")? == "month" { SimDuration::from_nanos(year.as_nanos() / MONTHS) } else { year };
    Some(Growth { rate: table.number("rate")?, per })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_become_parts_and_may_run_over_the_turn() {
        let hours = |h: f64| h * 3600.0;
        let spans = [(hours(20.0), hours(6.0), 3.0), (hours(6.0), hours(8.0), 2.0)];
        let parts = parts_of(&spans, 1.0, hours(24.0));
        let seen: Vec<(f64, f64)> = parts.iter().map(|(at, pace)| (at.as_secs_f64() / 3600.0, *pace)).collect();
        assert_eq!(seen, [(6.0, 2.0), (8.0, 1.0), (20.0, 3.0)]);
        assert!(overlap((20.0, 6.0), (5.0, 7.0), 24.0) && overlap((20.0, 6.0), (22.0, 23.0), 24.0));
        assert!(!overlap((20.0, 6.0), (6.0, 20.0), 24.0));
    }
}
