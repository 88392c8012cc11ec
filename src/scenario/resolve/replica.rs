//! Copies of namespaces that follow what is written at home.

use super::Resolver;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{IoWork, Namespace, Pattern, Plan, Replica, WorkKind};
use crate::scenario::read::record::Record;
use crate::scenario::spec::Entity;
use crate::units::{ByteRate, SimDuration};

impl Resolver<'_> {
    /// The copies of a namespace, in order of their systems.
    pub(super) fn replicas(&mut self, record: &Record) -> Option<Vec<Replica>> {
        let all: Vec<Option<Replica>> = record.tables("replicas").iter().map(|r| self.replica(record, r)).collect();
        let mut all: Vec<Replica> =
            all.into_iter().collect::<Option<_>>().filter(|_| !record.broken.contains(&"replicas"))?;
        all.sort_by_key(|replica| replica.storage);
        let sync = record.tables("replicas").iter().find(|r| r.text("mode") == Some("sync"));
        let ahead = record.tables("caches").iter().find(|cache| cache.wrote("write_back"));
        let clash = match (record.wrote("publish"), ahead) {
            (true, _) => Some((record.place_of("publish"), "'publish' puts out new data at once")),
            (_, Some(cache)) => Some((cache.place_of("write_back"), "'write_back' acknowledges writes ahead of home")),
            _ => None,
        };
        if let (Some(sync), Some((place, why))) = (sync, clash) {
            let message = format!("a synchronous copy of '{}' cannot keep up: {why}", record.name);
            let found = Diagnostic::new("E0511", message).at(sync.place_of("mode")).also(place, "written here");
            self.report(found.help("write mode = \"async\", or leave the other out"));
            return None;
        }
        Some(all)
    }

    fn replica(&mut self, namespace: &Record, replica: &Record) -> Option<Replica> {
        let storage = self.named(replica, "to", Entity::Storage)?;
        if namespace.text("home").is_some() && replica.text("to") == namespace.text("home") {
            let message = format!("'{}' is copied to its own home", namespace.name);
            let found = Diagnostic::new("E0511", message).at(replica.place_of("to"));
            self.report(found.also(namespace.place_of("home"), "the home").help("name another system"));
            return None;
        }
        let share = replica.number("share")?;
        let sync = replica.text("mode")? == "sync";
        let idle = [
            ("part", share >= 1.0, "as the copy holds all of it"),
            ("pace", sync, "with 'mode = \"sync\"'"),
            ("priority", sync, "with 'mode = \"sync\"'"),
        ];
        for (key, _, why) in idle.into_iter().filter(|(key, idle, _)| *idle && replica.wrote(key)) {
            let message = format!("'{key}' has no effect {why}");
            self.report(Diagnostic::new("W0609", message).at(replica.place_of(key)));
        }
        Some(Replica {
            storage,
            share,
            hottest: replica.text("part")? == "hottest",
            sync,
            pace: ByteRate(replica.number("pace").unwrap_or(f64::INFINITY)),
            priority: replica.whole("priority") as u8,
        })
    }

    /// What works do to namespaces with copies.
    pub(super) fn check_replicas(&mut self, plan: &Plan) {
        for (index, namespace) in plan.namespaces.iter().enumerate().filter(|(_, n)| !n.replicas.is_empty()) {
            let Some(record) = self.record_of("namespace", &namespace.name).cloned() else { continue };
            let writers: Vec<(&str, &IoWork)> = plan
                .works
                .iter()
                .filter_map(|work| match &work.kind {
                    WorkKind::Io(io) if io.namespace == Some(index) && io.pattern != Pattern::Read => {
                        Some((work.name.as_str(), io))
                    }
                    _ => None,
                })
                .collect();
            self.check_sync_sites(plan, namespace, &record, &writers);
            self.check_growth(plan, namespace, &record, &writers);
            if !writers.is_empty() || namespace.publish.is_some() {
                continue;
            }
            for replica in &namespace.replicas {
                let site = plan.storages[replica.storage].site;
                let read = plan
                    .works
                    .iter()
                    .any(|w| matches!(&w.kind, WorkKind::Io(io) if io.namespace == Some(index) && io.site == site));
                if read && site != plan.storages[namespace.home].site {
                    continue;
                }
                let name = &plan.storages[replica.storage].name;
                let message =
                    format!("nothing follows to the copy of '{}' on '{name}', and nobody reads it", namespace.name);
                let found = Diagnostic::new("W0604", message).at(&place_of(&record, name));
                self.report(found.help("write to the namespace ('pattern = \"write\"') or 'publish' new data"));
            }
        }
    }

    /// A synchronous write is one flow over one route: from the clients to home or back, and between home and one other site.
    fn check_sync_sites(&mut self, plan: &Plan, namespace: &Namespace, record: &Record, writers: &[(&str, &IoWork)]) {
        let home = plan.storages[namespace.home].site;
        let away: Vec<_> =
            namespace.replicas.iter().filter(|r| r.sync && plan.storages[r.storage].site != home).collect();
        let Some(first) = away.first() else { return };
        let at = plan.storages[first.storage].site;
        let name = &plan.storages[first.storage].name;
        if let Some(second) = away.get(1) {
            let message = format!("'{}' has synchronous copies at two sites beside its home", namespace.name);
            let place = place_of(record, &plan.storages[second.storage].name);
            let found = Diagnostic::new("E0511", message).at(&place).also(&place_of(record, name), "the first");
            self.report(found.help("keep one of them synchronous, and let the other follow with mode = \"async\""));
        }
        for (work, io) in writers.iter().filter(|(_, io)| io.site != home && io.site != at) {
            let message = format!(
                "work '{work}' writes to '{}' at '{}', but its synchronous copy is at '{}'",
                namespace.name, plan.sites[io.site].name, plan.sites[at].name
            );
            let key = if self.record_of("work", work).is_some_and(|w| w.wrote("site")) { "site" } else { "namespace" };
            let place = self.key_place("work", work, key);
            let found = Diagnostic::new("E0511", message).at(&place).also(&place_of(record, name), "the copy");
            let help = "write at the site of the home or of the copy, or let it follow with mode = \"async\"";
            self.report(found.help(help));
        }
    }

    /// What is ingested takes room on the copies too: all of what follows there does, and for the same time.
    fn check_growth(&mut self, plan: &Plan, namespace: &Namespace, record: &Record, writers: &[(&str, &IoWork)]) {
        let terms = |io: &IoWork| (io.ingest, io.retention.map(SimDuration::as_nanos));
        let Some((first, one)) = writers.first() else { return };
        for (work, _) in writers.iter().filter(|(_, io)| terms(io) != terms(one)) {
            let message = format!("'{first}' and '{work}' write to '{}', and keep it differently", namespace.name);
            let place = self.key_place("work", work, "namespace");
            let other = self.key_place("work", first, "namespace");
            let found = Diagnostic::new("E0511", message).at(&place).also(&other, "the first");
            let help = "what follows to a copy must all be kept alike: 'ingest' with one 'retention', or none of it";
            self.report(found.help(help));
        }
        if !one.ingest {
            return;
        }
        let tier = plan.storages[namespace.home].tier;
        let clash = namespace.replicas.iter().find(|r| tier.is_some_and(|tier| tier.to == r.storage));
        let message = match (clash, namespace.publish) {
            (Some(_), _) => "its home is tiered to the system of the copy",
            (_, Some(_)) => "'publish' overwrites, and loads ingest",
            _ => return,
        };
        let place =
            clash.map_or(record.place_of("publish").clone(), |r| place_of(record, &plan.storages[r.storage].name));
        let message = format!("what follows to the copies of '{}' is not of one kind: {message}", namespace.name);
        self.report(Diagnostic::new("E0511", message).at(&place).help("leave one of them out"));
    }
}

/// Where a copy on a system is written.
fn place_of(record: &Record, storage: &str) -> crate::scenario::text::source::Place {
    let found = record.tables("replicas").iter().find(|r| r.text("to") == Some(storage));
    found.map_or_else(|| record.place.clone(), |r| r.place_of("to").clone())
}
