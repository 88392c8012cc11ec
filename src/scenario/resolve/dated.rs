//! What of a link is installed when: its start, its upgrades, its end.

use super::Resolver;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::Installation;
use crate::scenario::read::record::Record;
use crate::units::{Dimension, SimDuration, display};

/// What the steps so far have come to.
struct Before {
    at: f64,
    capacity: f64,
    waves: u32,
}

impl Resolver<'_> {
    /// Capacities of a link after its first one, in order of time; `None` when they were written wrongly.
    pub(super) fn dated(&mut self, record: &Record) -> Option<Vec<Installation>> {
        if ["starts", "ends", "upgrades"].iter().any(|key| record.broken.contains(key)) {
            return None;
        }
        let (starts, ends) = (record.number("starts").unwrap_or(0.0), record.number("ends"));
        self.check_service(record, starts, ends)?;
        let whole = !record.wrote("waves");
        let (capacity, waves) = (record.number("capacity")?, record.whole("waves") as u32);
        let mut before = Before { at: starts, capacity, waves };
        let mut steps = Vec::new();
        for table in record.tables("upgrades") {
            let step = self.upgrade(table, &before, ends, whole)?;
            before = Before { at: step.at.as_secs_f64(), capacity: step.capacity, waves: step.waves };
            steps.push(step);
        }
        let end = ends.map(|ends| Installation { at: SimDuration::from_secs_f64(ends), capacity: 0.0, waves: 0 });
        steps.extend(end);
        Some(steps)
    }

    /// A link has to be there at some time of the run.
    fn check_service(&mut self, record: &Record, starts: f64, ends: Option<f64>) -> Option<()> {
        let top = self.top;
        let name = &record.name;
        if top.number("horizon").is_some() && starts >= self.horizon() {
            let message = format!("link '{name}' comes into service when the simulation is over");
            let found = Diagnostic::new("E0503", message).at(record.place_of("starts"));
            self.report(found.also(top.place_of("horizon"), "the horizon"));
            return None;
        }
        if ends.is_some_and(|ends| ends <= starts) {
            let message = format!("link '{name}' is taken out of service before it comes into service");
            let found = Diagnostic::new("E0503", message).at(record.place_of("ends"));
            let found = found.help("'ends' is after 'starts'; both count from the start of the scenario, or are dates");
            self.report(if record.wrote("starts") {
                found.also(record.place_of("starts"), "the start")
            } else {
                found
            });
            return None;
        }
        Some(())
    }

    fn upgrade(&mut self, table: &Record, before: &Before, ends: Option<f64>, one_wave: bool) -> Option<Installation> {
        let (at, capacity) = (table.number("at")?, table.number("capacity")?);
        let late = |at: f64| display(at, Dimension::Duration);
        if at <= before.at {
            let message =
                format!("an upgrade at {} does not come after what is installed at {}", late(at), late(before.at));
            let found = Diagnostic::new("E0518", message).at(table.place_of("at"));
            self.report(found.help("write upgrades in order of time, after 'starts'"));
            return None;
        }
        if let Some(ends) = ends.filter(|ends| at >= *ends) {
            let message = format!("an upgrade at {}, when the link is out of service since {}", late(at), late(ends));
            self.report(Diagnostic::new("E0518", message).at(table.place_of("at")));
            return None;
        }
        let waves = self.waves(table, before, capacity, one_wave)?;
        let idle = capacity.to_bits() == before.capacity.to_bits() && waves == before.waves;
        let after = self.top.number("horizon").is_some_and(|horizon| at >= horizon);
        if idle || after {
            let message = if after { "an upgrade after the horizon" } else { "an upgrade to what is installed" };
            let found = Diagnostic::new("W0609", format!("{message} has no effect"));
            self.report(found.at(table.place_of(if after { "at" } else { "capacity" })));
        }
        Some(Installation { at: SimDuration::from_secs_f64(at), capacity, waves })
    }

    /// Waves of an upgrade: as stated, or as many of the size of those before.
    fn waves(&mut self, table: &Record, before: &Before, capacity: f64, one_wave: bool) -> Option<u32> {
        if let Some(stated) = table.number("waves") {
            return Some(stated as u32);
        }
        if table.broken.contains(&"waves") {
            return None;
        }
        let size = before.capacity / f64::from(before.waves);
        let waves = if one_wave { 1.0 } else { (capacity / size).round() };
        let fits = (waves * size - capacity).abs() <= 1e-9 * capacity && (1.0..=10_000.0).contains(&waves);
        if !(one_wave || fits) {
            let rates = [capacity, size].map(|rate| display(rate, Dimension::ByteRate));
            let message = format!("{} is no whole number of waves of {}", rates[0], rates[1]);
            let found = Diagnostic::new("E0518", message).at(table.place_of("capacity"));
            self.report(found.help("write 'waves' in the upgrade: all waves of a link have one size"));
            return None;
        }
        let formula = if one_wave { "the link states no waves" } else { "waves of the size of those before" };
        self.reader.ledger.derived(table.address_of("waves"), format!("{waves}"), formula);
        Some(waves as u32)
    }
}
