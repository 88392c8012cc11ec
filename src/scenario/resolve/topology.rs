//! Sites, links and routes that a file states, beside those that the scenario states itself.

use super::Resolver;
use super::geography::{DELAY_PER_METRE, great_circle};
use super::link::{degraded, restoration};
use crate::scenario::diagnostics::{Diagnostic, list_names};
use crate::scenario::plan::{Failures, FixedRoute, Link, Plan, Site, SiteIx, Station};
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
    pub(super) routes: Vec<FileRoute>,
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
    let before = reader.findings.errors();
    let network = network(reader, table)?;
    if reader.findings.errors() > before {
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
    (reader.findings.errors() == before).then_some(FromFile { network, routes })
}

/// The network of the file, in whichever format it is.
fn network(reader: &mut Reader, table: &Record) -> Option<Network> {
    let key = ["links", "graphml", "sndlib"].into_iter().find(|key| table.text(key).is_some())?;
    let source = text_of(reader, table, key)?;
    let capacity = table.number("default_capacity");
    Some(match key {
        "links" => topology::read_links(&source, &mut reader.findings),
        "graphml" => topology::graphml::read(&source, capacity, &mut reader.findings),
        _ => {
            let defaults = topology::sndlib::Defaults { unit: table.num("unit"), capacity };
            topology::sndlib::read(&source, defaults, &mut reader.findings)
        }
    })
}

/// The text of a file that a key names.
fn text_of(reader: &mut Reader, table: &Record, key: &str) -> Option<Arc<Source>> {
    let place = table.place_of(key);
    let path = beside(&place.source.name, table.text(key)?);
    let read = match key {
        "graphml" => reader.library.read_xml(&path, place),
        _ => reader.library.read_data(&path, Some(place)),
    };
    match read {
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
        let fails = table.flag("failures") && self.wan.flag("failures");
        self.check_partial(&table, fails);
        let mut lost: Vec<String> = Vec::new();
        let mut sound = true;
        for link in self.file.network.links.clone() {
            match links.binary_search_by(|known| known.name.as_str().cmp(&link.name)) {
                Ok(_) => {
                    let message = format!("link '{}' is in the scenario and in a file", link.name);
                    let stated = self.place_of("link", &link.name);
                    let found = Diagnostic::new("E0209", message).at(&stated).also(&link.place, "and here");
                    self.report(
                        found.help(
                            "a link is stated once: remove the table or the rows, or give one of them another name",
                        ),
                    );
                    sound = false;
                }
                Err(at) => {
                    let metres = self.file_metres(&table, &link, &mut lost);
                    sound &= metres.is_some();
                    let Some(metres) = metres else { continue };
                    links.insert(at, self.file_link(&table, &link, metres, framing)?);
                }
            }
        }
        self.warn_of_gaps(&table, lost);
        sound.then_some(links)
    }

    /// Metres of both directions of a link: those of the file, or along the great circle, or the default; and the fixed part of its round trip.
    /// Sites without coordinates go to `lost`.
    fn file_metres(&mut self, table: &Record, link: &FileLink, lost: &mut Vec<String>) -> Option<(f64, f64, f64)> {
        if let Some(there) = link.metres[0] {
            return Some((there, link.metres[1].unwrap_or(there), 0.0));
        }
        let places = link.ends.each_ref().map(|end| self.location(end));
        if let [Some(a), Some(b)] = places {
            let metres = great_circle(a, b) * self.wan.num("route_factor");
            return Some((metres, metres, self.wan.num("route_fixed")));
        }
        lost.extend(link.ends.iter().zip(places).filter(|(_, place)| place.is_none()).map(|(end, _)| end.clone()));
        let stated = table.number("default_length");
        let latency = table.number("latency").map(|latency| latency / DELAY_PER_METRE);
        let metres = stated.or(latency);
        if metres.is_none() {
            let message = format!("link '{}' has no length: its sites have no coordinates", link.name);
            let found = Diagnostic::new("E0209", message).at(&link.place);
            let help = "state 'default_length = \"500 km\"' in [topology], or 'location' in the tables of these sites";
            self.report(found.help(help));
        }
        metres.map(|metres| (metres, metres, 0.0))
    }

    /// Says which sites have no coordinates.
    fn warn_of_gaps(&mut self, table: &Record, mut lost: Vec<String>) {
        lost.sort();
        lost.dedup();
        if let (false, Some(length)) = (lost.is_empty(), table.item("default_length")) {
            let names = list_names(lost.iter().map(String::as_str));
            let message = format!("no coordinates: {names}; their links are {} long", length.text);
            let place = length.place.clone();
            self.report(Diagnostic::new("W0613", message).at(&place));
        }
    }

    /// Says so when the network of the file is in several parts.
    pub(super) fn check_islands(&mut self, plan: &Plan) {
        if self.file.network.links.is_empty() {
            return;
        }
        let mut parts = parts(plan);
        if parts.len() < 2 {
            return;
        }
        parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
        let small: Vec<&str> = parts[1..].iter().flatten().map(|s| plan.sites[*s].name.as_str()).collect();
        let message = format!("no path joins {} to the other sites", list_names(small));
        let place = self.top.table("topology").map_or_else(|| self.top.place.clone(), |table| table.place.clone());
        self.report(Diagnostic::new("W0614", message).at(&place));
    }

    /// Demands of the file between sites of the plan.
    pub(super) fn file_demands(&self, sites: &[Site]) -> Vec<(SiteIx, SiteIx, ByteRate)> {
        let site = |name: &str| sites.binary_search_by(|s| s.name.as_str().cmp(name)).ok();
        let demands = self.file.network.demands.iter();
        demands.filter_map(|d| Some((site(&d.ends[0])?, site(&d.ends[1])?, ByteRate(d.rate)))).collect()
    }

    /// The same, while sites are still records: bytes per second.
    pub(super) fn topology_pairs(&self) -> Vec<(SiteIx, SiteIx, f64)> {
        let sites = self.records("site");
        let site = |name: &str| sites.binary_search_by(|record| record.name.as_str().cmp(name)).ok();
        let demands = self.file.network.demands.iter();
        demands.filter_map(|d| Some((site(&d.ends[0])?, site(&d.ends[1])?, d.rate))).collect()
    }

    fn file_link(
        &self,
        table: &Record,
        link: &FileLink,
        (there, back, fixed): (f64, f64, f64),
        framing: Option<f64>,
    ) -> Option<Link> {
        let site = |name: &str| self.records("site").binary_search_by(|record| record.name.as_str().cmp(name)).ok();
        let metres = 0.5 * (there + back);
        let rtt = table.number("latency").map_or(fixed + (there + back) * DELAY_PER_METRE, |latency| 2.0 * latency);
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
            starts: SimDuration::ZERO,
            dated: Vec::new(),
            degraded: fails.then(|| degraded(table)).flatten(),
            restoration: restoration(table),
            rtt,
            metric: u64::try_from(rtt.as_nanos()).unwrap_or(1).max(1),
            metres,
            wave_failures: law("wave_failures", "wave_repair"),
            cuts: law("cuts", "cut_repair"),
            risk_groups: Vec::new(),
            fails,
            framing: framing?,
            loss: table.number("loss")?,
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

/// Sites by part of the network, whatever the direction of links.
fn parts(plan: &Plan) -> Vec<Vec<SiteIx>> {
    let mut neighbours = vec![Vec::new(); plan.sites.len()];
    for link in &plan.links {
        neighbours[link.ends.0].push(link.ends.1);
        neighbours[link.ends.1].push(link.ends.0);
    }
    let mut seen = vec![false; plan.sites.len()];
    let mut out = Vec::new();
    for start in 0..plan.sites.len() {
        let (mut part, mut open) = (Vec::new(), vec![start]);
        while let Some(site) = open.pop() {
            if !std::mem::replace(&mut seen[site], true) {
                part.push(site);
                open.extend(&neighbours[site]);
            }
        }
        if !part.is_empty() {
            out.push(part);
        }
    }
    out
}
