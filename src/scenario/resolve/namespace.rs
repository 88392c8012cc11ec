//! Global namespaces: their home, how they are read, their caches.

use super::Resolver;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{CachePolicy, Namespace, NamespaceCache, Plan, Popularity, Prefetch, WorkKind, WriteBack};
use crate::scenario::read::record::Record;
use crate::scenario::spec::Entity;
use crate::units::{ByteRate, Bytes, Dimension, SimDuration, display};

/// Keys that belong to one law of popularity.
const LAW_KEYS: [(&str, &str); 3] =
    [("exponent", "zipf"), ("hot_share", "working-set"), ("hot_requests", "working-set")];

impl Resolver<'_> {
    pub(super) fn namespace(&mut self, record: &Record) -> Option<Namespace> {
        let home = self.named(record, "home", Entity::Storage);
        let popularity = self.popularity(record);
        let caches: Vec<Option<NamespaceCache>> =
            record.tables("caches").iter().map(|cache| self.cache(record, cache)).collect();
        let broken = record.broken.contains(&"caches");
        let mut caches: Vec<NamespaceCache> = caches.into_iter().collect::<Option<_>>().filter(|_| !broken)?;
        let replicas = self.replicas(record);
        self.check_cache_sites(record);
        caches.sort_by_key(|cache| cache.storage);
        Some(Namespace {
            name: record.name.clone(),
            home: home?,
            data: Bytes(record.number("data")?),
            object: Bytes(record.number("object_size")?),
            popularity: popularity?,
            publish: match record.table("publish") {
                Some(table) => Some((SimDuration::from_secs_f64(table.number("every")?), table.number("changed")?)),
                None => None,
            },
            caches,
            replicas: replicas?,
        })
    }

    pub(super) fn popularity(&mut self, record: &Record) -> Option<Popularity> {
        let word = record.text("popularity")?;
        for (key, law) in LAW_KEYS {
            if record.wrote(key) && law != word {
                let message = format!("'{key}' has no effect with 'popularity = \"{word}\"'");
                self.report(Diagnostic::new("W0609", message).at(record.place_of(key)));
            }
        }
        let mut need = |key: &str, example: &str| {
            let value = record.number(key);
            if value.is_none() && !record.wrote(key) {
                let message = format!("missing key '{key}' in [{}]", record.address);
                let found = Diagnostic::new("E0102", message).at(record.place_of("popularity"));
                let found = found.label(format!("popularity \"{word}\" needs '{key}'"));
                self.report(found.help(format!("for example '{key} = {example}'")));
            }
            value
        };
        match word {
            "uniform" => Some(Popularity::Uniform),
            "epochs" => Some(Popularity::Epochs),
            "scan" => Some(Popularity::Scan),
            "zipf" => need("exponent", "0.9").map(|exponent| Popularity::Zipf { exponent }),
            _ => {
                let (hot, requests) = (need("hot_share", "\"10 %\""), need("hot_requests", "\"90 %\""));
                Some(Popularity::WorkingSet { hot: hot?, requests: requests? })
            }
        }
    }

    fn cache(&mut self, namespace: &Record, cache: &Record) -> Option<NamespaceCache> {
        let storage = self.named(cache, "storage", Entity::Storage);
        let policy = match cache.text("policy")? {
            "fifo" => CachePolicy::Fifo,
            "random" => CachePolicy::Random,
            "static" => CachePolicy::Static,
            _ => CachePolicy::Lru,
        };
        if namespace.text("home").is_some() && cache.text("storage") == namespace.text("home") {
            let message = format!("'{}' caches its data on its own home", namespace.name);
            let found = Diagnostic::new("E0511", message).at(cache.place_of("storage"));
            let found = found.also(namespace.place_of("home"), "the home");
            self.report(found.help("name another system, or leave the cache out: clients there read the home"));
            return None;
        }
        if policy == CachePolicy::Fifo && namespace.text("popularity") == Some("epochs") {
            let message = "no hit ratio is known for policy \"fifo\" under popularity \"epochs\"";
            let found = Diagnostic::new("E0511", message).at(cache.place_of("policy"));
            let found = found.also(namespace.place_of("popularity"), "the popularity");
            self.report(found.help("write policy = \"random\", which comes close, or popularity = \"scan\""));
            return None;
        }
        let size = cache.number("size")?;
        if let Some(data) = namespace.number("data").filter(|data| size > *data) {
            let message = format!(
                "the cache of {} is larger than the {} of '{}': the rest stays empty",
                display(size, Dimension::Bytes),
                display(data, Dimension::Bytes),
                namespace.name
            );
            self.report(Diagnostic::new("W0609", message).at(cache.place_of("size")));
        }
        let prefetch = self.prefetch(cache, size)?;
        let write_back = self.write_back(cache, size)?;
        Some(NamespaceCache { storage: storage?, size: Bytes(size), policy, prefetch, write_back })
    }

    fn prefetch(&mut self, cache: &Record, size: f64) -> Option<Option<Prefetch>> {
        if cache.broken.contains(&"prefetch") {
            return None;
        }
        let Some(bytes) = cache.number("prefetch") else {
            for key in ["prefetch_pace", "prefetch_priority"].into_iter().filter(|key| cache.wrote(key)) {
                let message = format!("'{key}' has no effect without 'prefetch'");
                self.report(Diagnostic::new("W0609", message).at(cache.place_of(key)));
            }
            return Some(None);
        };
        if bytes > size {
            let message = format!(
                "a prefetch of {} into a cache of {}",
                display(bytes, Dimension::Bytes),
                display(size, Dimension::Bytes)
            );
            let found = Diagnostic::new("E0511", message).at(cache.place_of("prefetch"));
            self.report(found.also(cache.place_of("size"), "the cache").help("enlarge the cache, or load less"));
            return None;
        }
        let pace = ByteRate(cache.number("prefetch_pace").unwrap_or(f64::INFINITY));
        Some(Some(Prefetch { bytes: Bytes(bytes), pace, priority: cache.whole("prefetch_priority") as u8 }))
    }

    fn write_back(&mut self, cache: &Record, size: f64) -> Option<Option<WriteBack>> {
        if cache.broken.contains(&"write_back") {
            return None;
        }
        let Some(limit) = cache.number("write_back") else {
            for key in ["drain_pace", "drain_priority"].into_iter().filter(|key| cache.wrote(key)) {
                let message = format!("'{key}' has no effect without 'write_back'");
                self.report(Diagnostic::new("W0609", message).at(cache.place_of(key)));
            }
            return Some(None);
        };
        if limit > size {
            let message = format!(
                "a write-back of {} in a cache of {}",
                display(limit, Dimension::Bytes),
                display(size, Dimension::Bytes)
            );
            let found = Diagnostic::new("E0511", message).at(cache.place_of("write_back"));
            self.report(
                found.also(cache.place_of("size"), "the cache").help("enlarge the cache, or acknowledge less ahead"),
            );
            return None;
        }
        let pace = ByteRate(cache.number("drain_pace").unwrap_or(f64::INFINITY));
        Some(Some(WriteBack { limit: Bytes(limit), pace, priority: cache.whole("drain_priority") as u8 }))
    }

    /// Clients at a site read through one cache, or from one copy.
    fn check_cache_sites(&mut self, record: &Record) {
        let mut seen: Vec<(String, &Record, &str)> = Vec::new();
        let caches = record.tables("caches").iter().map(|cache| (cache, "storage"));
        for (cache, key) in caches.chain(record.tables("replicas").iter().map(|replica| (replica, "to"))) {
            let system = cache.text(key).and_then(|name| self.record_of("storage", name));
            let Some(site) = system.and_then(|system| system.text("site")).map(str::to_owned) else { continue };
            let Some(&(_, first, first_key)) = seen.iter().find(|(other, ..)| *other == site) else {
                seen.push((site, cache, key));
                continue;
            };
            let (message, help) = match (first_key, key) {
                ("storage", "storage") => ("two caches", "clients at a site read through one cache: add the sizes up"),
                ("to", _) => ("two copies", "clients at a site read one copy: keep one of them"),
                _ => ("a cache and a copy", "clients at a site read through the cache or from the copy: keep one"),
            };
            let message = format!("{message} of '{}' are at site '{site}'", record.name);
            let found = Diagnostic::new("E0511", message).at(cache.place_of(key));
            self.report(found.also(first.place_of(first_key), "the first").help(help));
        }
    }

    /// What namespaces keep on systems must fit beside what these hold.
    pub(super) fn check_namespaces(&mut self, plan: &Plan) {
        for (index, storage) in plan.storages.iter().enumerate() {
            let mut kept = storage.holds.get();
            for namespace in &plan.namespaces {
                let record = self.record_of("namespace", &namespace.name);
                let home = (namespace.home == index).then_some((namespace.data.get(), None));
                let cached = namespace.caches.iter().filter(|c| c.storage == index);
                let copied = namespace.replicas.iter().filter(|r| r.storage == index);
                let copied =
                    copied.map(|r| (r.share * namespace.data.get(), Some(("the copy", "replicas", ["to", "to"]))));
                let cached = cached.map(|c| (c.size.get(), Some(("the cache", "caches", ["storage", "size"]))));
                for (bytes, cache) in home.into_iter().chain(cached).chain(copied) {
                    kept += bytes;
                    if kept <= storage.hard_quota.get() * (1.0 + 1e-9) {
                        continue;
                    }
                    let what = cache.map_or("the data", |(what, ..)| what);
                    let message = format!(
                        "{what} of '{}' does not fit: with it '{}' would keep {} of at most {}",
                        namespace.name,
                        storage.name,
                        display(kept, Dimension::Bytes),
                        display(storage.hard_quota.get(), Dimension::Bytes),
                    );
                    let place = match (record, cache) {
                        (Some(record), None) => record.place_of("data").clone(),
                        (Some(record), Some((_, list, [name, key]))) => record
                            .tables(list)
                            .iter()
                            .find(|c| c.text(name) == Some(storage.name.as_str()))
                            .map_or_else(|| record.place.clone(), |c| c.place_of(key).clone()),
                        (None, _) => self.top.place.clone(),
                    };
                    let found = Diagnostic::new("E0508", message).at(&place);
                    self.report(found.help("enlarge the system, or keep less on it"));
                    return;
                }
            }
        }
        self.unused_namespaces(plan);
    }

    fn unused_namespaces(&mut self, plan: &Plan) {
        for (index, namespace) in plan.namespaces.iter().enumerate() {
            let Some(record) = self.record_of("namespace", &namespace.name).cloned() else { continue };
            let sites: Vec<usize> = plan
                .works
                .iter()
                .filter_map(|work| match &work.kind {
                    WorkKind::Io(io) if io.namespace == Some(index) => Some(io.site),
                    _ => None,
                })
                .collect();
            if sites.is_empty() {
                let message = format!("no work uses namespace '{}'", namespace.name);
                self.report(Diagnostic::new("W0604", message).at(&record.place));
                continue;
            }
            for cache in namespace.caches.iter().filter(|c| !sites.contains(&plan.storages[c.storage].site)) {
                let storage = &plan.storages[cache.storage];
                let message = format!(
                    "no work reads namespace '{}' at '{}', so its cache there is never used",
                    namespace.name, plan.sites[storage.site].name
                );
                let found = record.tables("caches").iter().find(|c| c.text("storage") == Some(storage.name.as_str()));
                let place = found.map_or(&record.place, |c| c.place_of("storage")).clone();
                self.report(Diagnostic::new("W0604", message).at(&place));
            }
        }
    }
}
