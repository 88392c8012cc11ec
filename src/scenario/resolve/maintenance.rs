//! Maintenance windows: which links they cover, and when.

use super::Resolver;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Link, Maintenance};
use crate::scenario::read::record::Record;
use crate::scenario::read::undefined;
use crate::scenario::spec::Entity;
use crate::units::{Dimension, SimDuration, display};

impl Resolver<'_> {
    /// All windows; `None` when one of them was written wrongly.
    pub(super) fn maintenance(&mut self, links: &[Link]) -> Option<Vec<Maintenance>> {
        let records = self.top.tables("maintenance");
        let all: Vec<_> = records.iter().map(|record| self.window(record, links)).collect();
        all.into_iter().collect()
    }

    fn window(&mut self, record: &Record, links: &[Link]) -> Option<Maintenance> {
        let covered = self.covered(record, links);
        let seconds = |key: &str| record.number(key).map(SimDuration::from_secs_f64);
        let (starts, duration, every) = (seconds("starts")?, seconds("duration")?, seconds("every"));
        if record.broken.contains(&"every") {
            return None;
        }
        if let Some(every) = every.filter(|every| *every <= duration) {
            let shown = [duration, every].map(|time| display(time.as_secs_f64(), Dimension::Duration));
            let message = format!("'{}' lasts {} and comes again every {}", record.name, shown[0], shown[1]);
            let found = Diagnostic::new("E0517", message).at(record.place_of("every"));
            self.report(found.help("'every' counts from one beginning to the next, so it is longer than 'duration'"));
            return None;
        }
        if self.top.number("horizon").is_some_and(|horizon| starts.as_secs_f64() >= horizon) {
            let message = format!("maintenance '{}' begins after the horizon and has no effect", record.name);
            self.report(Diagnostic::new("W0609", message).at(record.place_of("starts")));
        }
        Some(Maintenance {
            name: record.name.clone(),
            links: covered?,
            starts,
            duration,
            every,
            drain: record.flag("drain"),
            left: record.number("capacity")?,
        })
    }

    /// Links that a window names, alone, by group or by site.
    fn covered(&mut self, record: &Record, links: &[Link]) -> Option<Vec<usize>> {
        let mut out = Vec::new();
        let mut sound = true;
        for (name, place) in record.names("links") {
            match links.binary_search_by(|link| link.name.as_str().cmp(name)) {
                Ok(index) => out.push(index),
                Err(_) => {
                    let known: Vec<&str> = links.iter().map(|link| link.name.as_str()).collect();
                    self.report(undefined("link", "links", name, place, &known));
                    sound = false;
                }
            }
        }
        for (key, entity) in [("risk_groups", Entity::RiskGroup), ("sites", Entity::Site)] {
            for (name, place) in record.names(key) {
                let Some(index) = self.index_of(entity, name, place) else {
                    sound = false;
                    continue;
                };
                let of = |link: &Link| match entity {
                    Entity::Site => link.ends.0 == index || link.ends.1 == index,
                    _ => link.risk_groups.contains(&index),
                };
                out.extend((0..links.len()).filter(|&l| of(&links[l])));
            }
        }
        out.sort_unstable();
        out.dedup();
        let keys = ["links", "risk_groups", "sites"];
        if sound && out.is_empty() && keys.into_iter().any(|key| record.wrote(key)) {
            let written = keys.into_iter().find(|key| record.wrote(key)).unwrap_or("links");
            let message = format!("maintenance '{}' covers no link", record.name);
            let found = Diagnostic::new("E0517", message).at(record.place_of(written));
            self.report(found.help("name links in 'links', conduits that have links in 'risk_groups', or sites that links lead to in 'sites'"));
        }
        if out.is_empty() {
            return None;
        }
        sound.then_some(out)
    }

    /// Why a KPI of restoration has no value.
    pub(super) fn restoration_problem(&self, link: &str, measure: &str) -> Option<String> {
        let stated = self.record_of("link", link).is_none_or(|record| record.wrote("restoration"));
        (measure == "restored" && !stated).then(|| format!("link '{link}' has no 'restoration'"))
    }

    /// Why a KPI of the loss of a site has no value.
    pub(super) fn outage_problem(&self, site: &str, measure: &str) -> Option<String> {
        let stated = self.record_of("site", site).is_none_or(|record| record.wrote("outage"));
        (measure.starts_with("wan_") && !stated).then(|| format!("'{site}' is never lost as a whole (no 'outage')"))
    }

    /// Why a KPI of maintenance has no value in this plan.
    pub(super) fn maintenance_problem(&self, measure: &str) -> Option<String> {
        let asks = matches!(measure, "maintenance" | "availability_unplanned");
        let none = self.records("maintenance").is_empty() && !self.top.broken.contains(&"maintenance");
        (asks && none).then(|| "the plan has no maintenance windows ([maintenance.NAME])".to_owned())
    }
}
