//! Standing demand: one pair, or a matrix from a file.

use super::Resolver;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Demand, SiteIx};
use crate::scenario::read::record::Record;
use crate::scenario::spec::Entity;
use crate::scenario::text::files::beside;
use crate::scenario::text::source::Place;
use crate::units::SimDuration;

/// Bytes per second of a gigabit per second.
const GBPS: f64 = 1e9 / 8.0;
/// No rate is larger, Gb/s.
const MOST_GBPS: f64 = 8e9;
const COLUMNS: &str = "a line is 'src,dst,gbps', such as 'phoenix,dallas,400'";

impl Resolver<'_> {
    pub(super) fn demand(&mut self, record: &Record) -> Option<Demand> {
        let record = &self.with_wan(record);
        let pairs = match ["matrix", "source"].into_iter().find(|key| record.wrote(key)) {
            Some(key) => {
                self.without_ends(record, key);
                if key == "matrix" { self.matrix(record) } else { self.topology_demands(record) }
            }
            None => self.pair(record),
        };
        let day = self.day(record)?;
        let (growth, every) = (record.number("growth")?, SimDuration::from_secs_f64(record.number("growth_every")?));
        let scale = record.number("scale")?;
        let mut pairs: Vec<_> = pairs?.into_iter().map(|(from, to, rate)| (from, to, rate * scale)).collect();
        pairs.retain(|pair| pair.2 > 0.0);
        pairs.sort_by_key(|pair| (pair.0, pair.1));
        Some(Demand {
            name: record.name.clone(),
            pairs,
            routing: super::routing::rule(record),
            priority: record.whole("priority") as u8,
            weight: record.number("weight")?,
            day,
            growth: (growth.abs() > 0.0).then_some((growth, every)),
        })
    }

    fn pair(&mut self, record: &Record) -> Option<Vec<(SiteIx, SiteIx, f64)>> {
        for key in ["from", "to"] {
            if record.item(key).is_none() && !record.broken.contains(&key) && record.wrote("rate") {
                let found = Diagnostic::new("E0102", format!("missing key '{key}' in [{}]", record.address));
                self.report(found.at(&record.place).help("a demand goes from one site to another, or has a 'matrix'"));
            }
        }
        let from = self.named(record, "from", Entity::Site);
        let to = self.named(record, "to", Entity::Site);
        let (from, to) = (from?, to?);
        if from == to {
            let found = Diagnostic::new("E0501", format!("demand '{}' goes from a site to itself", record.name));
            let found = found.at(record.place_of("to")).also(record.place_of("from"), "the same site");
            self.report(
                found.help("a demand joins two different sites; what stays inside a site does not use the WAN"),
            );
            return None;
        }
        Some(vec![(from, to, record.number("rate")?)])
    }

    /// Steps of the day must rise.
    pub(super) fn day(&mut self, record: &Record) -> Option<Vec<(SimDuration, f64)>> {
        let tables = record.tables("day");
        for pair in tables.windows(2) {
            if pair[1].num("at") <= pair[0].num("at") {
                let found = Diagnostic::new("E0503", "a step of the day does not come after the one before");
                let found = found.at(pair[1].place_of("at")).also(pair[0].place_of("at"), "the one before");
                self.report(found.help("write steps in order of time, each 'at' once: 'at' is the time of the day from which on its 'share' holds"));
            }
        }
        let step = |t: &Record| Some((SimDuration::from_secs_f64(t.number("at")?), t.number("share")?));
        tables.iter().map(step).collect()
    }

    /// What states pairs leaves no room for one pair.
    fn without_ends(&mut self, record: &Record, stated: &str) {
        for key in ["from", "to"] {
            if record.wrote(key) {
                let found = Diagnostic::new("E0107", format!("'{stated}' and '{key}' exclude one another"));
                self.report(found.at(record.place_of(key)).also(record.place_of(stated), format!("the {stated}")));
            }
        }
    }

    /// Demands of the topology file; several of one pair are one.
    fn topology_demands(&mut self, record: &Record) -> Option<Vec<(SiteIx, SiteIx, f64)>> {
        record.text("source")?;
        let mut sums = std::collections::BTreeMap::new();
        for (from, to, rate) in self.topology_pairs().into_iter().filter(|(from, to, _)| from != to) {
            *sums.entry((from, to)).or_insert(0.0) += rate;
        }
        // A file that could not be read has said so.
        if sums.is_empty()
            && self.top.table("topology").is_some_and(|table| table.wrote("sndlib"))
            && self.reader.findings.failed()
        {
            return None;
        }
        if sums.is_empty() {
            let found = Diagnostic::new("E0207", "no topology file of this plan states demands between two sites");
            let found = found.at(record.place_of("source"));
            self.report(
                found.help("name an SNDlib file with a DEMANDS section: 'sndlib = \"network.txt\"' in [topology]"),
            );
            return None;
        }
        Some(sums.into_iter().map(|((from, to), rate)| (from, to, rate)).collect())
    }

    fn matrix(&mut self, record: &Record) -> Option<Vec<(SiteIx, SiteIx, f64)>> {
        let place = record.place_of("matrix").clone();
        let path = beside(&place.source.name, record.text("matrix")?);
        let source = match self.reader.library.read(&path, Some(&place)) {
            Ok(source) => source,
            Err(diagnostic) => {
                self.report(*diagnostic);
                return None;
            }
        };
        let whole = Place::start(&source);
        let (mut pairs, mut at, mut sound) = (Vec::new(), 0, true);
        let mut seen = std::collections::BTreeMap::new();
        for (index, line) in source.text.split_inclusive('\n').enumerate() {
            let text = line.trim();
            let here = whole.at(at + (line.len() - line.trim_start().len())..at + line.trim_end().len());
            at += line.len();
            if text.is_empty() || text.starts_with('#') || (index == 0 && text.replace(' ', "") == "src,dst,gbps") {
                continue;
            }
            let Some((from, to, rate)) = self.matrix_row(text, &here) else {
                sound = false;
                continue;
            };
            if let Some(first) = seen.insert((from, to), here.clone()) {
                let found = Diagnostic::new("E0207", "this pair of sites has two rows").at(&here);
                self.report(found.also(&first, "the first").help(
                    "add the rates of a pair up in one row; a second [demand.*] table can have the same pair again",
                ));
                sound = false;
            }
            pairs.push((from, to, rate));
        }
        if sound && pairs.is_empty() {
            let message = format!("'{}' holds no demand", path.display());
            self.report(Diagnostic::new("E0207", message).at(&place).help(COLUMNS));
            return None;
        }
        sound.then_some(pairs)
    }

    fn matrix_row(&mut self, text: &str, here: &Place) -> Option<(SiteIx, SiteIx, f64)> {
        let cells: Vec<&str> = text.split(',').map(|cell| cell.trim().trim_matches('"')).collect();
        let [from, to, rate] = cells[..] else {
            let message = format!("this line has {} cells, not 3", cells.len());
            self.report(Diagnostic::new("E0207", message).at(here).help(COLUMNS));
            return None;
        };
        // Cells are parts of the text, which begins where `here` does.
        let cell = |cell: &str| {
            let begin = here.span.start + (cell.as_ptr() as usize - text.as_ptr() as usize);
            here.at(begin..begin + cell.len())
        };
        let gbps = rate.parse::<f64>().ok().filter(|x| (0.0..=MOST_GBPS).contains(x));
        if gbps.is_none() {
            let message = format!("'{rate}' is no rate in Gb/s of at least 0");
            self.report(Diagnostic::new("E0207", message).at(&cell(rate)).help(COLUMNS));
        }
        let (a, b) = (self.index_of(Entity::Site, from, &cell(from)), self.index_of(Entity::Site, to, &cell(to)));
        let (a, b, gbps) = (a?, b?, gbps?);
        if a == b && gbps > 0.0 {
            let message = format!("demand goes from '{from}' to itself");
            self.report(Diagnostic::new("E0501", message).at(here).help("leave such rows out, or write 0"));
            return None;
        }
        Some((a, b, gbps * GBPS))
    }
}
