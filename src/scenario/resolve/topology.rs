//! Sites, links and routes that a file states, beside those that the scenario states itself.

use super::Resolver;
use super::geography::DELAY_PER_METRE;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Failures, FixedRoute, Link, Site, Station};
use crate::scenario::read::Reader;
use crate::scenario::read::record::{Item, Record, Val};
use crate::scenario::spec::SITE;
use crate::scenario::text::files::beside;
use crate::scenario::text::source::Source;
use crate::scenario::text::tree::Table;
use crate::scenario::topology::{self, FileLink, FileRoute, FileSite, Network};
use crate::units::{ByteRate, Dist, SimDuration};
use std::sync::Arc;

/// What `[topology]` says, before it becomes part of the plan.
#[derive(Clone, Debug, Default)]
pub(super) struct FromFile {
    network: Network,
    routes: Vec<FileRoute>,
}

impl FromFile {
    /// Links of the file by name.
    pub(super) fn links(&self) -> &[FileLink] {
        &self.network.links
    }
}

/// Reads what `[topology]` names, and adds the sites of the files to the records of the scenario.
pub(super) fn extend(reader: &mut Reader, top: &Record) -> Option<(Record, FromFile)> {
    let table = top.table("topology")?;
    let mut top = top.clone();
    let file = read(reader, table, &top);
    let stated = top.tables("site").to_vec();
    let Some(file) = file else {
        // Every site would seem undefined.
        top.broken.push("site");
        return Some((top, FromFile::default()));
    };
    let mut sites = stated;
    for site in &file.network.sites {
        if let Err(at) = sites.binary_search_by(|record| record.name.as_str().cmp(&site.name)) {
            sites.insert(at, record_of(reader, site));
        }
    }
    let place = top.item("site").map_or_else(|| table.place.clone(), |item| item.place.clone());
    let item = Item { val: Val::Tables(sites), place, written: true, text: String::new() };
    top.items.insert("site", item);
    Some((top, file))
}

/// A site as if the scenario stated it, with every default.
fn record_of(reader: &mut Reader, site: &FileSite) -> Record {
    let recording = std::mem::replace(&mut reader.recording, false);
    let mut record = reader.record(&SITE, &format!("site.{}", site.name), &Table::new(), &site.place);
    reader.recording = recording;
    record.name.clone_from(&site.name);
    if let Some((latitude, longitude)) = site.location {
        let val = Val::Location(latitude, longitude);
        let text = format!("[{latitude}, {longitude}]");
        record.items.insert("location", Item { val, place: site.place.clone(), written: true, text });
    }
    record
}

fn read(reader: &mut Reader, table: &Record, top: &Record) -> Option<FromFile> {
    let before = reader.findings.count();
    let source = text_of(reader, table, "links")?;
    let network = topology::read_links(&source, &mut reader.findings);
    if reader.findings.count() > before {
        return None;
    }
    let mut routes = Vec::new();
    if table.wrote("routes") {
        let source = text_of(reader, table, "routes")?;
        let is_site = |name: &str| {
            top.tables("site").iter().any(|s| s.name == name)
                || network.sites.binary_search_by(|s| s.name.as_str().cmp(name)).is_ok()
        };
        let known = topology::Known { links: &network.links, is_site: &is_site };
        routes = topology::read_routes(&source, &known, &mut reader.findings);
    }
    (reader.findings.count() == before).then_some(FromFile { network, routes })
}

/// The text of a file that a key names.
fn text_of(reader: &mut Reader, table: &Record, key: &str) -> Option<Arc<Source>> {
    let place = table.place_of(key);
    let path = beside(&place.source.name, table.text(key)?);
    match reader.library.read_data(&path, Some(place)) {
        Ok(source) => Some(source),
        Err(found) => {
            reader.report(*found);
            None
        }
    }
}

impl Resolver<'_> {
    /// Whether a site is there only because a file has it: hundreds of such sites would fill the list of derived values.
    pub(super) fn is_from_file(&self, site: &Record) -> bool {
        let sites = &self.file.network.sites;
        let found = sites.binary_search_by(|known| known.name.as_str().cmp(&site.name));
        found.is_ok_and(|at| Arc::ptr_eq(&sites[at].place.source, &site.place.source))
    }

    /// Links of the scenario and of the file together, by name.
    pub(super) fn with_file_links(&mut self, links: Option<Vec<Link>>) -> Option<Vec<Link>> {
        let mut links = links?;
        let top = self.top;
        let Some(table) = top.table("topology") else { return Some(links) };
        let table = self.with_wan(table);
        let framing = self.framing(&table);
        let mut sound = true;
        for link in self.file.network.links.clone() {
            match links.binary_search_by(|known| known.name.as_str().cmp(&link.name)) {
                Ok(_) => {
                    let message = format!("link '{}' is in the scenario and in a file", link.name);
                    let stated = self.place_of("link", &link.name);
                    self.report(Diagnostic::new("E0209", message).at(&stated).also(&link.place, "and here"));
                    sound = false;
                }
                Err(at) => {
                    let found = self.file_link(&table, &link, framing)?;
                    links.insert(at, found);
                }
            }
        }
        sound.then_some(links)
    }

    fn file_link(&self, table: &Record, link: &FileLink, framing: Option<f64>) -> Option<Link> {
        let site = |name: &str| self.records("site").binary_search_by(|record| record.name.as_str().cmp(name)).ok();
        let there = link.metres[0]?;
        let back = link.metres[1].unwrap_or(there);
        let metres = 0.5 * (there + back);
        let rtt = table.number("latency").map_or((there + back) * DELAY_PER_METRE, |latency| 2.0 * latency);
        let rtt = SimDuration::from_secs_f64(rtt);
        let fails = table.flag("failures") && self.wan.flag("failures");
        let law = |rate: &str, repair: &str| {
            let mean = 1.0 / (table.num(rate) * metres);
            let law = Failures { time_to_failure: Dist::Exponential { mean }, time_to_repair: table.dist(repair) };
            (fails && mean.is_finite()).then_some(law)
        };
        Some(Link {
            name: link.name.clone(),
            ends: (site(&link.ends[0])?, site(&link.ends[1])?),
            capacity: ByteRate(link.capacity[0]),
            back: ByteRate(link.capacity[1]),
            waves: table.whole("waves") as u32,
            rtt,
            metric: u64::try_from(rtt.as_nanos()).unwrap_or(1).max(1),
            metres,
            wave_failures: law("wave_failures", "wave_repair"),
            cuts: law("cuts", "cut_repair"),
            risk_groups: Vec::new(),
            framing: framing?,
        })
    }

    /// Fixed routes, and the names in them that stand for sites.
    pub(super) fn fixed_routes(&mut self, sites: &[Site], links: &[Link]) -> (Vec<Station>, Vec<FixedRoute>) {
        let site = |name: &str| sites.binary_search_by(|s| s.name.as_str().cmp(name)).ok();
        let mut stations: Vec<Station> = Vec::new();
        for route in &self.file.routes {
            for (key, end) in [&route.src, &route.dst].into_iter().zip(&route.ends) {
                let (None, Some(end)) = (site(key), site(end)) else { continue };
                stations.push(Station { name: key.clone(), site: end });
            }
        }
        stations.sort_by(|a, b| a.name.cmp(&b.name));
        stations.dedup_by(|a, b| a.name == b.name);
        let link = |index: &usize| {
            let name = &self.file.network.links[*index].name;
            links.binary_search_by(|l| l.name.cmp(name)).ok()
        };
        let routes = self.file.routes.iter().filter_map(|route| {
            let from = point(sites, &stations, &route.src)?;
            let to = point(sites, &stations, &route.dst)?;
            Some(FixedRoute { from, to, links: route.links.iter().map(link).collect::<Option<_>>()? })
        });
        let routes = routes.collect();
        (stations, routes)
    }
}

/// The number of a site or station.
pub(super) fn point(sites: &[Site], stations: &[Station], key: &str) -> Option<usize> {
    let site = sites.binary_search_by(|s| s.name.as_str().cmp(key)).ok();
    let station = || stations.binary_search_by(|s| s.name.as_str().cmp(key)).ok().map(|index| sites.len() + index);
    site.or_else(station)
}
