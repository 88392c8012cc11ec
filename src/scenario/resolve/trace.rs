//! Traces: the file, its keys, and whether bytes can get from one to the other.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Resolver;
use super::usage::Reach;
use crate::kpi::{Match, Stat};
use crate::scenario::diagnostics::{Diagnostic, nearest};
use crate::scenario::plan::{Plan, SiteIx, Station, TraceWork, WorkKind};
use crate::scenario::read::cut;
use crate::scenario::read::record::Record;
use crate::scenario::text::files::beside;
use crate::scenario::text::source::Place;
use crate::scenario::topology::{FileLink, FileRoute};

/// Most pairs of one trace without a path that are named.
const MOST_NAMED: usize = 20;
/// Sites and keys that a hint names.
const NAMES_SHOWN: usize = 8;

impl Resolver<'_> {
    pub(super) fn trace(&mut self, record: &Record) -> Option<TraceWork> {
        let place = record.place_of("trace").clone();
        let path = beside(&place.source.name, record.text("trace")?);
        let name = path.display().to_string();
        let reader = &mut *self.reader;
        let read = reader.library.read_trace(&path, &place, &mut reader.findings);
        let (trace, order) = match read {
            Ok(found) => found?,
            Err(found) => {
                self.report(*found);
                return None;
            }
        };
        // Where the sites are unknown because their file is broken, every key would seem undefined.
        if self.top.broken.contains(&"site") {
            return None;
        }
        let mut pairs = Vec::with_capacity(trace.pairs.len());
        let mut wrong = 0;
        for pair in &trace.pairs {
            match (self.point(&pair.src), self.point(&pair.dst)) {
                (Some(src), Some(dst)) if src != dst => pairs.push((src, dst)),
                (src, dst) => {
                    wrong += 1;
                    let (key, column) = if src.is_none() { (&pair.src, 0) } else { (&pair.dst, 1) };
                    let place = pair.place(&name, order, column);
                    let found = match src.is_some() && src == dst {
                        true => Diagnostic::new("E0210", format!("a transfer from '{key}' to itself"))
                            .at(&place)
                            .help("bytes between two sites only: leave such rows out"),
                        false => self.no_such_key(key, &place),
                    };
                    self.report(found);
                }
            }
            if wrong == MOST_NAMED {
                break;
            }
        }
        let rows = Arc::clone(&trace.rows);
        let transport = self.transport(record);
        (wrong == 0).then_some(TraceWork { rows, pairs, transport: transport? })
    }

    /// The number of a site or station.
    fn point(&self, key: &str) -> Option<usize> {
        let sites = self.records("site");
        let site = sites.binary_search_by(|s| s.name.as_str().cmp(key)).ok();
        let station = || self.stations.binary_search_by(|s| s.name.as_str().cmp(key)).ok().map(|i| sites.len() + i);
        site.or_else(station)
    }

    fn no_such_key(&self, key: &str, place: &crate::scenario::text::source::Place) -> Diagnostic {
        let names = self.records("site").iter().map(|s| s.name.as_str());
        let names: Vec<&str> = names.chain(self.stations.iter().map(|s| s.name.as_str())).collect();
        let message = format!("'{}' is no site of the plan and no key of a routes file", cut(key));
        let found = Diagnostic::new("E0210", message).at(place);
        match self.reader.findings.suggests().then(|| nearest(key, names.iter().copied())).flatten() {
            Some(near) => found.instead(place, near),
            None => {
                let shown: Vec<&str> = names.iter().copied().take(NAMES_SHOWN).collect();
                let more = if names.len() > shown.len() { ", …" } else { "" };
                found.help(format!("sites and keys are: {}{more}", shown.join(", ")))
            }
        }
    }

    /// A key of a routes file that is no site is a second name for one; where no trace uses it, it may be a slip.
    pub(super) fn unused_keys(&mut self, plan: &Plan) {
        let of_traces = plan.works.iter().filter_map(|work| match &work.kind {
            WorkKind::Trace(trace) => Some(&trace.pairs),
            _ => None,
        });
        let used: BTreeSet<usize> = of_traces.flatten().flat_map(|&(from, to)| [from, to]).collect();
        let idle = |(at, _): &(usize, &Station)| !used.contains(&(plan.sites.len() + at));
        for (_, station) in plan.stations.iter().enumerate().filter(idle) {
            let Some(place) = self.key_place_of(&station.name) else { continue };
            let site = &plan.sites[station.site].name;
            let message =
                format!("'{}' is no site, so it stands for '{site}' here, and no trace uses that name", station.name);
            let found = Diagnostic::new("W0622", message).at(&place);
            self.report(found.help(format!("write '{site}', or the name in a trace that takes this route")));
        }
    }

    /// Where a routes file first uses a key.
    fn key_place_of(&self, key: &str) -> Option<Place> {
        let ends = |route: &'_ FileRoute| [(route.src == key, 0), (route.dst == key, 1)];
        self.file
            .routes
            .iter()
            .find_map(|route| ends(route).into_iter().find(|(is, _)| *is).map(|(_, end)| route.places[end].clone()))
    }

    /// Every transfer needs a path in its direction, or a fixed route.
    pub(super) fn check_traces(&mut self, plan: &Plan, reach: &mut Reach) {
        for work in &plan.works {
            let WorkKind::Trace(trace) = &work.kind else { continue };
            let cut_off = |(a, b): &(usize, usize)| !reach.reaches(home(plan, *a), home(plan, *b));
            let Some((a, b)) = trace.pairs.iter().copied().find(cut_off) else { continue };
            let message = format!(
                "work '{}' sends bytes from '{}' to '{}', but no path leads there",
                work.name,
                name_of(plan, a),
                name_of(plan, b)
            );
            let place = self.key_place("work", &work.name, "trace");
            self.report(
                Diagnostic::new("E0502", message).at(&place).help("a link of a topology file may go one way only"),
            );
        }
    }

    /// A link of a file.
    pub(super) fn file_link_named(&self, name: &str) -> Option<&FileLink> {
        let links = self.file.links();
        links.binary_search_by(|link| link.name.as_str().cmp(name)).ok().map(|at| &links[at])
    }

    pub(super) fn has_file_links(&self) -> bool {
        !self.file.links().is_empty()
    }

    pub(super) fn file_direction_problem(&self, link: &str, direction: &str) -> Option<String> {
        let file = self.file_link_named(link)?;
        let [a, b] = &file.ends;
        let ways = [(format!("{a}-to-{b}"), file.capacity[0]), (format!("{b}-to-{a}"), file.capacity[1])];
        let ways: Vec<String> = ways.into_iter().filter(|(_, capacity)| *capacity > 0.0).map(|(way, _)| way).collect();
        (!ways.iter().any(|way| way == direction)).then(|| format!("'{link}' goes {}", ways.join(" and ")))
    }

    /// Copies and traces make transfers; a copy is one transfer, which has no quantiles, and is not counted.
    pub(super) fn transfer_problem(&self, name: &str, found: &Match) -> Option<String> {
        let kind = self.record_of("work", name).and_then(|work| work.text("kind"));
        let measure = found.kpi.pattern.rsplit('.').next().unwrap_or_default();
        if let Some(system) = found.entity.get(1) {
            return self.work_problem(name, "copy").or_else(|| self.destination_problem(name, system));
        }
        match kind {
            Some("copy") if measure == "slowdown" && self.destinations(name).len() > 1 => {
                Some(format!("'{name}' has several destinations, which are not alone"))
            }
            Some("trace") if measure == "projected_finish" => {
                Some(format!("'{name}' is a trace, whose transfers finish one by one"))
            }
            Some("trace") => None,
            Some("copy") if matches!(measure, "transfers" | "unfinished") => {
                Some(format!("'{name}' is a copy, which is one transfer"))
            }
            Some("copy") if !matches!(found.stat, None | Some(Stat::Mean)) => {
                Some(format!("'{name}' is a copy, one transfer without quantiles"))
            }
            _ => self.work_problem(name, "copy"),
        }
    }

    fn destinations(&self, copy: &str) -> Vec<&str> {
        let to = self.record_of("work", copy).map_or(&[][..], |work| work.names("to"));
        to.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Why a destination of a copy has no figures of its own.
    fn destination_problem(&self, copy: &str, system: &str) -> Option<String> {
        match self.destinations(copy).as_slice() {
            // Unreadable, and reported.
            [] => None,
            [one] => Some(format!("'{copy}' has one destination, '{one}': use transfer.{copy}.time")),
            several if several.contains(&system) => None,
            several => Some(format!("'{copy}' does not copy to '{system}', but to {}", several.join(", "))),
        }
    }
}

/// The site where a site or station is.
pub(super) fn home(plan: &Plan, point: usize) -> SiteIx {
    point.checked_sub(plan.sites.len()).map_or(point, |station| plan.stations[station].site)
}

fn name_of(plan: &Plan, point: usize) -> &str {
    let station = point.checked_sub(plan.sites.len());
    station.map_or_else(|| plan.sites[point].name.as_str(), |station| plan.stations[station].name.as_str())
}

/// Pairs of sites between which traces send bytes.
pub(super) fn trace_pairs(plan: &Plan) -> impl Iterator<Item = (SiteIx, SiteIx)> + '_ {
    let traces = plan.works.iter().filter_map(|work| match &work.kind {
        WorkKind::Trace(trace) => Some(trace),
        _ => None,
    });
    traces.flat_map(|trace| &trace.pairs).map(|&(a, b)| (home(plan, a), home(plan, b))).filter(|(a, b)| a != b)
}
