//! Links and risk groups: lengths, latencies, failures.

use super::Resolver;
use super::geography::{DELAY_PER_METRE, METRES_PER_SECOND_OF_RTT, great_circle, round_trip};
use crate::catalog::Kind;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Failures, Link, Restoration, RiskGroup};
use crate::scenario::read::record::{Record, Val};
use crate::scenario::spec::{Entity, RISK_GROUP};
use crate::scenario::text::source::Place;
use crate::scenario::text::tree::Table;
use crate::units::{ByteRate, Dimension, Dist, SimDuration, display};

/// Failures that leave a part.
pub(super) fn degraded(record: &Record) -> Option<(Failures, f64)> {
    let table = record.table("degraded")?;
    let law = |key: &str| table.random(key).cloned();
    Some((Failures { time_to_failure: law("mtbf")?, time_to_repair: law("repair")? }, table.number("capacity")?))
}

pub(super) fn restoration(record: &Record) -> Option<Restoration> {
    let table = record.table("restoration")?;
    let time = |key: &str| table.number(key).map(SimDuration::from_secs_f64);
    Some(Restoration {
        time: time("time")?,
        probability: table.number("probability")?,
        share: table.number("share")?,
        extra_rtt: time("extra_rtt")?,
    })
}

impl Resolver<'_> {
    pub(super) fn link(&mut self, record: &Record) -> Option<Link> {
        let names = record.names("between").to_vec();
        let own_cuts = ["mtbf", "cuts"].into_iter().any(|key| record.wrote(key));
        let ends: Vec<_> = names.iter().map(|(name, place)| self.index_of(Entity::Site, name, place)).collect();
        let record = &self.with_wan(record);
        let framing = self.framing(record);
        let path = self.path(record, &names);
        let dated = self.dated(record);
        let fails = record.flag("failures") && self.wan.flag("failures");
        self.check_partial(record, fails);
        let groups = record.names("risk_group").to_vec();
        let risk_groups: Vec<_> =
            groups.iter().filter_map(|(name, place)| self.index_of(Entity::RiskGroup, name, place)).collect();
        // In a conduit a link is cut with it; by itself only where it says so.
        let own_cuts = own_cuts || risk_groups.is_empty();
        self.check_repair(record, own_cuts);
        let [Some(from), Some(to)] = ends[..] else { return None };
        let (rtt, metres) = path?;
        Some(Link {
            name: record.name.clone(),
            ends: (from, to),
            capacity: ByteRate(record.number("capacity")?),
            back: ByteRate(record.number("capacity")?),
            waves: record.whole("waves") as u32,
            starts: SimDuration::from_secs_f64(record.number("starts").unwrap_or(0.0)),
            dated: dated?,
            rtt: SimDuration::from_secs_f64(rtt),
            metric: self.metric(record, rtt),
            metres,
            wave_failures: fails.then(|| self.wave_failures(record, metres)).flatten(),
            cuts: (fails && own_cuts).then(|| self.cuts(record, metres)).flatten(),
            degraded: fails.then(|| degraded(record)).flatten(),
            restoration: restoration(record),
            risk_groups,
            fails,
            framing: framing?,
            loss: record.number("loss")?,
        })
    }

    /// A link that is cut with its conduits only has no repair of its own.
    fn check_repair(&mut self, record: &Record, own_cuts: bool) {
        if own_cuts || !record.wrote("cut_repair") {
            return;
        }
        let message =
            format!("'{}' has no effect: this link is cut with its risk groups only", record.address_of("cut_repair"));
        let found = Diagnostic::new("W0609", message).at(record.place_of("cut_repair"));
        self.report(
            found.help(
                "state 'cut_repair' of the risk group, or 'cuts' or 'mtbf' of the link for cuts of its own as well",
            ),
        );
    }

    /// What comes of failures means nothing where nothing fails.
    pub(super) fn check_partial(&mut self, record: &Record, fails: bool) {
        for key in ["degraded", "restoration"].into_iter().filter(|key| !fails && record.wrote(key)) {
            let own = !record.flag("failures");
            let of = if own { record.address_of("failures") } else { "wan.failures".to_owned() };
            let message = format!("'{}' has no effect: '{of}' is false", record.address_of(key));
            let found = Diagnostic::new("W0609", message).at(record.place_of(key));
            let why = if own { record.place_of("failures").clone() } else { self.wan.place_of("failures").clone() };
            self.report(found.also(&why, "nothing fails").help("remove it, or write 'failures = true'"));
        }
    }

    pub(super) fn framing(&mut self, record: &Record) -> Option<f64> {
        if let Some(framing) = record.number("framing") {
            return Some(framing);
        }
        let part = self.part(record, "transport", Kind::Interconnect)?;
        let Some(framing) = part.number("framing") else {
            let message = format!("'{}' has no framing efficiency: it is not a transport", part.name);
            self.report(Diagnostic::new("E0305", message).at(record.place_of("transport")));
            return None;
        };
        let formula = format!("framing efficiency of '{}'", part.name);
        self.reader.ledger.derived(record.address_of("framing"), display(framing, Dimension::Ratio), formula);
        Some(framing)
    }

    /// Round-trip time in seconds and length in metres: what is stated wins, the rest is derived.
    fn path(&mut self, record: &Record, names: &[(String, Place)]) -> Option<(f64, f64)> {
        let (rtt, metres) = (record.number("rtt"), record.number("length"));
        let straight = self.distance(names);
        self.check_light(record, rtt, metres, straight);
        let length_address = record.address_of("length");
        let shown = |metres: f64| display(metres, Dimension::Distance);
        match (rtt, metres) {
            (Some(rtt), Some(metres)) => Some((rtt, metres)),
            (Some(rtt), None) => {
                let metres = rtt * METRES_PER_SECOND_OF_RTT;
                self.reader.ledger.derived(length_address, shown(metres), "rtt / 2 / 4.9 us/km");
                Some((rtt, metres))
            }
            (None, Some(metres)) => Some((self.rtt_of(record, metres, 0.0), metres)),
            (None, None) if record.broken.iter().any(|k| matches!(*k, "rtt" | "length" | "between")) => None,
            (None, None) => {
                let Some(straight) = straight else {
                    self.no_length(record, names);
                    return None;
                };
                let metres = straight * self.wan.num("route_factor");
                let formula = format!("wan.route_factor x great circle of {}", shown(straight));
                self.reader.ledger.derived(length_address, shown(metres), formula);
                Some((self.rtt_of(record, metres, self.wan.num("route_fixed")), metres))
            }
        }
    }

    fn rtt_of(&mut self, record: &Record, metres: f64, fixed: f64) -> f64 {
        let rtt = round_trip(metres, fixed).max(1e-9);
        let formula = if fixed > 0.0 { "wan.route_fixed + 2 x length x 4.9 us/km" } else { "2 x length x 4.9 us/km" };
        self.reader.ledger.derived(record.address_of("rtt"), display(rtt, Dimension::Duration), formula);
        rtt
    }

    fn no_length(&mut self, record: &Record, names: &[(String, Place)]) {
        // An undefined end and a broken location are reported already.
        let sound = |name: &str| self.record_of("site", name).is_some_and(|s| !s.broken.contains(&"location"));
        if names.is_empty() || !names.iter().all(|(name, _)| sound(name)) {
            return;
        }
        let message = format!("[{}] has neither 'rtt' nor 'length', and its sites have no locations", record.address);
        let found = Diagnostic::new("E0102", message).at(&record.place).label("how long is it?");
        self.report(found.help("write 'rtt = \"20 ms\"', or 'location = [latitude, longitude]' in both sites"));
    }

    /// Great circle between the two named sites, where both have a location.
    fn distance(&self, names: &[(String, Place)]) -> Option<f64> {
        let [(a, _), (b, _)] = names else { return None };
        Some(great_circle(self.location(a)?, self.location(b)?))
    }

    pub(super) fn location(&self, site: &str) -> Option<(f64, f64)> {
        let record = self.record_of("site", site)?;
        match record.item("location").map(|i| &i.val) {
            Some(Val::Location(latitude, longitude)) => Some((*latitude, *longitude)),
            _ => None,
        }
    }

    /// Warns about stated times and lengths that light contradicts.
    fn check_light(&mut self, record: &Record, rtt: Option<f64>, metres: Option<f64>, straight: Option<f64>) {
        let floor = [metres, straight].into_iter().flatten().fold(0.0, f64::max) * 2.0 * DELAY_PER_METRE;
        let (Some(rtt), Some(place)) = (rtt, record.item("rtt").map(|i| i.place.clone())) else {
            if let (Some(metres), Some(straight)) = (metres, straight)
                && metres < straight
            {
                let message =
                    format!("the length of '{}' is shorter than the great circle between its sites", record.name);
                self.report(Diagnostic::new("W0607", message).at(record.place_of("length")));
            }
            return;
        };
        if rtt < floor * 0.99 {
            let least = display(floor, Dimension::Duration);
            let message = format!(
                "the round-trip time of '{}' is shorter than the {least} that light needs in fibre",
                record.name
            );
            self.report(Diagnostic::new("W0607", message).at(&place));
        }
    }

    /// Failures of a wave, from a rate per length; `None` when the rate is zero.
    fn wave_failures(&mut self, record: &Record, metres: f64) -> Option<Failures> {
        let mean = 1.0 / (record.num("wave_failures") * metres);
        mean.is_finite().then(|| Failures {
            time_to_failure: Dist::Exponential { mean },
            time_to_repair: record.dist("wave_repair"),
        })
    }

    /// Cuts over a length: a stated law, or a rate per length; `None` when the rate is zero.
    fn cuts(&mut self, record: &Record, metres: f64) -> Option<Failures> {
        let time_to_repair = record.dist("cut_repair");
        if let Some(law) = record.random("mtbf") {
            return Some(Failures { time_to_failure: law.clone(), time_to_repair });
        }
        let mean = 1.0 / (record.num("cuts") * metres);
        if !mean.is_finite() {
            return None;
        }
        let law = Dist::Exponential { mean };
        let formula = "exponential with mean 1 / (cuts x length)";
        let shown = format!("exponential mean {}", display(mean, Dimension::Duration));
        self.reader.ledger.derived(record.address_of("mtbf"), shown, formula);
        Some(Failures { time_to_failure: law, time_to_repair })
    }

    /// Risk groups by name: those with a table and those that links name.
    pub(super) fn risk_groups(&mut self, links: &[Link]) -> Vec<RiskGroup> {
        let names = self.groups.clone();
        names.iter().enumerate().map(|(index, name)| self.risk_group(index, name, links)).collect()
    }

    fn risk_group(&mut self, index: usize, name: &str, links: &[Link]) -> RiskGroup {
        let record = self.record_of("risk_group", name).cloned();
        let record = record.unwrap_or_else(|| {
            let place = self.top.place.clone();
            self.reader.record(&RISK_GROUP, &format!("risk_group.{name}"), &Table::new(), &place)
        });
        let record = &self.with_wan(&record);
        let members = links.iter().filter(|l| l.risk_groups.contains(&index));
        let longest = members.map(|l| l.metres).fold(0.0, f64::max);
        let metres = record.number("length").unwrap_or_else(|| {
            let shown = display(longest, Dimension::Distance);
            self.reader.ledger.derived(record.address_of("length"), shown, "the longest link in the group");
            longest
        });
        let fails = record.flag("failures") && self.wan.flag("failures");
        let cuts = fails.then(|| self.cuts(record, metres)).flatten();
        RiskGroup { name: name.to_owned(), cuts }
    }
}
