//! From typed records to the plan: names become indices, defaults become values, and everything derived is computed.
//!
//! Entities are resolved one by one and independently, so that one broken table hides no error of another. What
//! needs the whole world (reachability, unused things) is checked once every entity could be resolved.

mod burst;
mod capability;
mod dated;
mod demand;
mod economics;
mod environment;
mod figures;
mod files;
mod fits;
mod fits_together;
mod fleet;
mod geography;
mod link;
mod loader;
mod maintenance;
mod namespace;
mod phases;
mod protection;
mod protocol;
mod quota;
mod replica;
mod requests;
mod rhythm;
mod rl;
mod rl_checks;
mod rl_limits;
mod rl_modes;
mod rl_times;
mod routing;
mod site;
mod storage;
mod sweep;
mod target;
mod tenant;
mod tier;
mod tiered;
mod topology;
mod trace;
mod usage;
mod work;

use crate::catalog::Kind;
use crate::scenario::diagnostics::{Diagnostic, Severity};
use crate::scenario::plan::{FailureSet, Plan, Station, Warning};
use crate::scenario::read::Reader;
use crate::scenario::read::record::{Record, Val};
use crate::scenario::spec::{Entity, WAN};
use crate::scenario::text::source::Place;
use crate::scenario::text::tree::Table;
use crate::units::SimDuration;

/// The world as records, while it is being resolved.
struct Resolver<'a> {
    reader: &'a mut Reader,
    top: &'a Record,
    wan: Record,
    groups: Vec<String>,
    price: Option<Record>,
    file: topology::FromFile,
    stations: Vec<Station>,
}

/// Resolves a scenario. `None` when an error was reported, now or before.
pub fn resolve(reader: &mut Reader, top: &Record, tree: &Table, stem: &str) -> Option<Plan> {
    let extended = topology::extend(reader, top);
    let (top, file) = extended.unwrap_or_else(|| (top.clone(), topology::FromFile::default()));
    let top = &top;
    let wan = top.table("wan").cloned().unwrap_or_else(|| empty_wan(reader, top));
    let mut resolver = Resolver { reader, top, wan, groups: Vec::new(), price: None, file, stations: Vec::new() };
    resolver.prepare();
    resolver.check_times();
    let fleets = resolver.all("fleet", Resolver::fleet);
    let links = resolver.all("link", Resolver::link);
    let links = resolver.with_file_links(links);
    let risk_groups = links.as_ref().map(|links| resolver.risk_groups(links));
    let maintenance = links.as_ref().map(|links| resolver.maintenance(links));
    let sites = match (&fleets, &links) {
        (Some(fleets), Some(links)) => resolver.sites(fleets, links),
        _ => None,
    };
    let (stations, routes) = match (&sites, &links) {
        (Some(sites), Some(links)) => resolver.fixed_routes(sites, links),
        _ => Default::default(),
    };
    resolver.stations = stations;
    let tenants = resolver.all("tenant", Resolver::tenant);
    let mut storages = resolver.all("storage", Resolver::storage);
    let namespaces = resolver.all("namespace", Resolver::namespace);
    let standing = resolver.all("demand", Resolver::demand);
    let works = resolver.all("work", Resolver::work);
    let targets = resolver.all("target", Resolver::target);
    economics::show_judged(&mut storages, &targets);
    let sweep = resolver.sweep(tree);
    let mut plan = resolver.assemble(stem);
    plan.sweep = sweep;
    plan.demands = sites.as_deref().map(|sites| resolver.file_demands(sites)).unwrap_or_default();
    plan.sites = sites?;
    plan.fleets = fleets?;
    plan.links = links?;
    plan.routes = routes;
    plan.risk_groups = risk_groups?;
    plan.maintenance = maintenance??;
    plan.tenants = tenants?;
    plan.storages = storages?;
    plan.namespaces = namespaces?;
    plan.standing = standing?;
    plan.works = works?;
    plan.targets = targets?;
    resolver.check_prices(&plan);
    resolver.join_lanes(&mut plan);
    resolver.check_world(&plan);
    (!resolver.reader.findings.failed()).then_some(plan)
}

/// `[wan]` was written but is no table: an error is reported already, and its defaults keep the check going.
fn empty_wan(reader: &mut Reader, top: &Record) -> Record {
    reader.record(&WAN, "wan", &Table::new(), &top.place)
}

impl Resolver<'_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.reader.report(diagnostic);
    }

    /// The records of a collection, in order of name. The copy ends the borrow of the resolver.
    fn records(&self, table: &str) -> &[Record] {
        self.top.tables(table)
    }

    /// A record by collection and name.
    fn record_of(&self, table: &str, name: &str) -> Option<&Record> {
        let records = self.records(table);
        records.binary_search_by(|record| record.name.as_str().cmp(name)).ok().map(|index| &records[index])
    }

    /// Resolves every entity of a collection; `None` when one of them could not be, after all were tried.
    fn all<T>(&mut self, table: &str, one: fn(&mut Self, &Record) -> Option<T>) -> Option<Vec<T>> {
        let top = self.top;
        let list: Vec<Option<T>> = top.tables(table).iter().map(|record| one(self, record)).collect();
        list.into_iter().collect()
    }

    /// The index of the entity that a key names; an undefined name is reported.
    fn named(&mut self, record: &Record, key: &str, entity: Entity) -> Option<usize> {
        let name = record.text(key)?.to_owned();
        self.index_of(entity, &name, record.place_of(key))
    }

    /// The index of an entity by name; an undefined name is reported.
    fn index_of(&mut self, entity: Entity, name: &str, place: &Place) -> Option<usize> {
        let records = self.records(entity.table());
        // Tables of the file are read in order of name.
        let found = match entity {
            Entity::RiskGroup => self.groups.binary_search_by(|group| group.as_str().cmp(name)),
            _ => records.binary_search_by(|record| record.name.as_str().cmp(name)),
        };
        // Where the whole collection is broken, every name would seem undefined.
        if found.is_err() && !self.top.broken.contains(&entity.table()) {
            let names: Vec<&str> = records.iter().map(|r| r.name.as_str()).collect();
            let known = if self.reader.findings.suggests() { &names[..] } else { &[] };
            let found = crate::scenario::read::undefined(entity.word(), entity.words(), name, place, known);
            self.report(found);
        }
        found.ok()
    }

    /// Looks at the world before its parts: `[wan]` figures, and the names of risk groups.
    fn prepare(&mut self) {
        let mut names: Vec<String> = self.records("risk_group").iter().map(|r| r.name.clone()).collect();
        for link in self.records("link") {
            names.extend(link.names("risk_group").iter().map(|(name, _)| name.clone()));
        }
        names.sort();
        names.dedup();
        self.groups = names;
        let wan = self.wan.clone();
        self.part(&wan, "transport", Kind::Interconnect);
        if self.records("site").is_empty() && !self.top.broken.contains(&"site") {
            let place = self.top.place_of("site").clone();
            self.report(Diagnostic::new("E0507", "the scenario has no site").at(&place));
        }
    }

    fn check_times(&mut self) {
        let (Some(horizon), Some(warmup)) = (self.top.number("horizon"), self.top.number("warmup")) else { return };
        if warmup >= horizon {
            let top = self.top;
            let found =
                Diagnostic::new("E0503", "the warm-up leaves nothing of the horizon").at(top.place_of("warmup"));
            let found = found.label("must be shorter than the horizon").also(top.place_of("horizon"), "the horizon");
            self.report(found);
        }
    }

    /// The plan without its lists.
    fn assemble(&mut self, stem: &str) -> Plan {
        let top = self.top;
        let name = safe_name(stem);
        Plan {
            title: top.text("title").map_or_else(|| name.clone(), str::to_owned),
            name,
            start: self.reader.start,
            horizon: SimDuration::from_secs_f64(top.num("horizon")),
            warmup: SimDuration::from_secs_f64(top.num("warmup")),
            seed: match top.item("seed").map(|i| &i.val) {
                Some(Val::Exact(seed)) => *seed,
                _ => 1,
            },
            replications: top.whole("replications") as u32,
            max_events: top.number("max_events").map(|most| most as u64),
            record_flows: top.names("record").iter().any(|(word, _)| word == "flows"),
            failed: Vec::new(),
            what_if: top.names("what_if").iter().filter_map(|(word, _)| FailureSet::of_word(word)).collect(),
            reconvergence: SimDuration::from_secs_f64(self.wan.num("reconvergence")),
            utilisation_limit: self.wan.number("utilisation_limit"),
            routing: routing::rule(&self.wan),
            disjoint: routing::disjoint(&self.wan),
            engineering: routing::engineering(&self.wan),
            sites: Vec::new(),
            fleets: Vec::new(),
            links: Vec::new(),
            stations: std::mem::take(&mut self.stations),
            routes: Vec::new(),
            demands: Vec::new(),
            risk_groups: Vec::new(),
            maintenance: Vec::new(),
            tenants: Vec::new(),
            storages: Vec::new(),
            namespaces: Vec::new(),
            standing: Vec::new(),
            works: Vec::new(),
            targets: Vec::new(),
            sweep: None,
            written: Vec::new(),
            ledger: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// The horizon in seconds.
    fn horizon(&self) -> f64 {
        self.top.num("horizon")
    }
}

/// Warnings and notes in the words of the plan.
pub fn warnings(list: &[Diagnostic]) -> Vec<Warning> {
    let of = |d: &Diagnostic| Warning { code: d.code, message: d.message.clone(), at: d.at_text() };
    list.iter().filter(|d| d.severity != Severity::Error).map(of).collect()
}

/// A file stem as a folder name: letters, digits, `-`, `_` and inner dots.
pub fn safe_name(stem: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = stem.chars().take(100).map(|c| if fits(c) { c } else { '-' }).collect();
    let name = name.trim_matches(['.', '-']);
    if name.is_empty() { "scenario".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_names_are_safe() {
        assert_eq!(safe_name("falcon"), "falcon");
        assert_eq!(safe_name("../../x"), "x");
        assert_eq!(safe_name("..hidden v1.2"), "hidden-v1.2");
        assert_eq!(safe_name("../"), "scenario");
        assert_eq!(safe_name(""), "scenario");
    }
}
