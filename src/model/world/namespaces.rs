//! Reads of namespaces: hits from the cache at the clients' site, misses from home in the same flow.
//!
//! A client's load is one movement. With hit ratio h, each payload byte takes h reads and 1 − h writes (the fill) of the cache's
//! system, 1 − h reads of the home, and 1 − h crossings of the WAN. As h changes, in bounded steps, the movements are
//! put on new uses. A stream whose misses cannot come stands still, hits and all: a client does not read past a hole.

use std::collections::BTreeMap;

use super::measures::{Measure, Measured};
use super::{Task, World};
use crate::engine::Context;
use crate::fluid::MeterId;
use crate::model::bulk::IoParams;
use crate::model::carriage::Order;
use crate::model::event::{CLASS_FAULT, Event};
use crate::model::ids::{NamespaceId, SiteId, StorageId};
use crate::model::namespace::Namespace;
use crate::model::paths::{Access, Files, PACING, Slots};
use crate::model::storage::Storage;
use crate::units::{SimDuration, SimTime};

/// What a prefetch brings is taken in by so much of the data at a time.
const LOAD_STEP: f64 = 0.01;

/// A part of a namespace whose state follows the rates of its meters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// A cache, by its position.
    Cache(u16),
    /// All its copies.
    Replicas,
}

/// Who reads or writes a namespace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader {
    /// Site of the clients.
    pub(super) site: SiteId,
    /// Share of payload bytes read.
    pub(super) read_share: f64,
    /// Operations per byte.
    pub(super) operations: f64,
    /// Bytes of one operation that counts in the outstanding ones.
    pub(super) size: f64,
    /// Outstanding operations.
    pub(super) slots: Slots,
    /// Meter of its payload bytes.
    pub(super) meter: MeterId,
}

impl From<&IoParams> for Reader {
    fn from(p: &IoParams) -> Self {
        Reader {
            site: p.site,
            read_share: p.read_share,
            operations: p.operations,
            size: 1.0 / p.operations,
            slots: p.slots,
            meter: p.meter,
        }
    }
}

/// How a load uses a namespace at present.
struct Mix {
    access: Vec<Access>,
    /// Sites between which it crosses.
    ends: (SiteId, SiteId),
    /// Share of the payload that is written at home.
    home: f64,
    /// Share of the payload that crosses between sites.
    far: f64,
    /// Share of that which goes from the clients to home.
    reverse: f64,
    /// Time of an operation without round trips, seconds.
    latency: f64,
    meters: Vec<(MeterId, f64)>,
}

/// Reads are served by the cache as far as it goes, writes go home at once or, where the cache takes them ahead (`ahead`), later; with
/// as much ahead as it may (`full`) each takes its way home with it.
fn mix(storages: &[Storage], namespace: &Namespace, params: &Reader, full: bool) -> Mix {
    let size = params.size;
    let takes = |storage: StorageId| &storages[storage.index()].params.requests;
    let reading = |storage| takes(storage).read.time(size);
    let writing = |storage| takes(storage).write.time(size);
    let cache = namespace.cache_at(params.site).map(|index| &namespace.caches[index]);
    let copy = namespace.replica_at(params.site);
    let hit = cache.map_or(0.0, |cache| cache.cache.hit()) + copy.map_or(0.0, |copy| copy.hit);
    let (read, write, operations) = (params.read_share, 1.0 - params.read_share, params.operations);
    let miss = read * (1.0 - hit);
    let back = cache.and_then(|cache| cache.write_back);
    let ahead = back.is_some() && !full;
    let home = if ahead { 0.0 } else { write };
    let far = if params.site == namespace.site { 0.0 } else { miss + home };
    let mut meters = vec![(namespace.read, read), (namespace.written, write), (namespace.remote, far)];
    let files = Files::default();
    let mut access = vec![Access { storage: namespace.home, read: miss, write: home, operations, files, lanes: None }];
    // Acknowledged ahead, a write waits for the cache alone.
    let mut latency = miss * reading(namespace.home) + home * writing(namespace.home);
    let mut relayed = 0.0;
    for copy in namespace.replicas() {
        let hits = if copy.site == params.site && copy.site != namespace.site { read * copy.hit } else { 0.0 };
        let taken = if copy.sync { home * copy.share } else { 0.0 };
        access.push(Access { storage: copy.storage, read: hits, write: taken, operations, files, lanes: None });
        // Home and copy write at the same time; the slower acknowledges.
        latency += hits * reading(copy.storage) + taken * (writing(copy.storage) - writing(namespace.home)).max(0.0);
        relayed += if copy.site == namespace.site { 0.0 } else { taken };
    }
    if let Some(cache) = cache {
        // A hit is one read of the cache, a miss one read at home and one write of the cache; a write that goes home
        // from a full cache is read there once more.
        let again = if back.is_some() && full { write } else { 0.0 };
        access.push(Access {
            storage: cache.storage,
            read: read * hit + again,
            write: miss + write,
            operations,
            files,
            lanes: None,
        });
        latency += read * hit * reading(cache.storage) + if ahead { write * writing(cache.storage) } else { 0.0 };
        meters.extend([(cache.requests, read), (cache.misses, miss)]);
        meters.extend(back.filter(|_| ahead).map(|back| (back.taken, write)));
    }
    access.retain(|a| a.read > 0.0 || a.write > 0.0);
    meters.retain(|(_, factor)| *factor > 0.0);
    let mix = Mix { access, ends: (namespace.site, params.site), home, far, reverse: 0.0, latency, meters };
    // What home sends on to a synchronous copy goes to the clients' site as well, or comes from it.
    let (ends, there, back) = match namespace.replicas().iter().find(|r| r.sync && r.site != namespace.site) {
        Some(copy) if params.site == namespace.site && relayed > 0.0 => ((copy.site, params.site), 0.0, relayed),
        _ => (mix.ends, miss + relayed, home),
    };
    let share = there + back;
    let reverse = if share > 0.0 { back / share } else { 0.0 };
    Mix { ends, reverse, far: if ends.0 == ends.1 { 1.0 } else { share }, ..mix }
}

/// Meters whose rates move a cache on: of what is asked of it, loaded into it, written to it and brought home from it.
pub(super) fn cache_meters(namespaces: &[Namespace]) -> BTreeMap<MeterId, (NamespaceId, Part)> {
    let mut out = BTreeMap::new();
    for (n, namespace) in namespaces.iter().enumerate() {
        for (cache, index) in namespace.caches.iter().zip(0..) {
            let written = cache.write_back.as_ref().into_iter().flat_map(|w| [w.taken, w.drained]);
            let loaded = cache.prefetch.as_ref().map(|p| p.meter);
            let meters = written.chain(loaded).chain([cache.requests]);
            out.extend(meters.map(|meter| (meter, (NamespaceId::new(n), Part::Cache(index)))));
        }
        let copies = namespace.replication.iter().flat_map(|r| r.replicas.iter().map(|r| r.sent).chain([r.home]));
        out.extend(copies.map(|meter| (meter, (NamespaceId::new(n), Part::Replicas))));
    }
    out
}

impl World {
    /// Makes the order of a load one on its namespace.
    pub(super) fn read_namespace(&self, order: &mut Order, params: &Reader, id: NamespaceId) {
        let namespace = &self.namespaces[id.index()];
        let full = namespace.cache_at(params.site).and_then(|index| self.dirty[id.index()][index].as_ref());
        let mix = mix(&self.storages, namespace, params, full.is_some_and(|buffer| buffer.coupled));
        order.ends = mix.ends;
        order.access = mix.access.into_iter().map(|access| self.nobodys(access)).collect();
        order.reverse = mix.reverse;
        order.far = mix.far;
        order.slots = Some(Slots { latency: mix.latency, ..params.slots });
        order.own_meters = mix.meters;
        order.own_meters.extend(self.copied_meters(namespace, mix.home));
        order.own_meters.push((params.meter, 1.0));
    }

    /// Latency of a read at present, and the round trips to home it waits for, in the mean over hits and misses.
    pub(super) fn first_byte_of(&self, id: NamespaceId, site: SiteId) -> (f64, f64) {
        let namespace = &self.namespaces[id.index()];
        let cache = namespace.cache_at(site).map(|index| &namespace.caches[index]);
        let hit = cache.map_or(0.0, |cache| cache.cache.hit());
        let latency = |storage: StorageId| self.storages[storage.index()].params.requests.read.latency.mean();
        let copy = namespace.replica_at(site);
        let near = cache.map_or(0.0, |cache| hit * latency(cache.storage))
            + copy.map_or(0.0, |copy| copy.hit * latency(copy.storage));
        let hit = hit + copy.map_or(0.0, |copy| copy.hit);
        (near + (1.0 - hit) * latency(namespace.home), 1.0 - hit)
    }

    /// Lets a part of a namespace take notice of the present rates.
    pub(super) fn refresh_part(&mut self, ctx: &mut Context<'_, Event>, id: NamespaceId, part: Part) {
        match part {
            Part::Cache(index) => {
                self.refresh_cache(ctx, id, index);
                self.refresh_dirty(ctx, id, index);
            }
            Part::Replicas => self.refresh_replicas(ctx, id),
        }
    }

    /// Parts of namespaces that `changed` meters count in, each once.
    pub(super) fn caches_of(&self, changed: &[MeterId]) -> Vec<(NamespaceId, Part)> {
        let mut found: Vec<_> = changed.iter().filter_map(|m| self.cache_meters.get(m).copied()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Starts what namespaces do by themselves.
    pub(super) fn begin_namespaces(&mut self, ctx: &mut Context<'_, Event>) {
        for n in 0..self.namespaces.len() {
            let id = NamespaceId::new(n);
            if let Some(publish) = self.namespaces[n].publish {
                ctx.schedule(ctx.now().saturating_add(publish.every), CLASS_FAULT, Event::NamespacePublish(id));
            }
            for index in 0..self.namespaces[n].caches.len() {
                self.start_prefetch(ctx, id, index);
            }
        }
    }

    fn start_prefetch(&mut self, ctx: &mut Context<'_, Event>, id: NamespaceId, index: usize) {
        let namespace = &self.namespaces[id.index()];
        let part = &namespace.caches[index];
        let Some(prefetch) = part.prefetch else { return };
        let operations = namespace.operations;
        let access = |storage, read, write| {
            self.nobodys(Access { storage, read, write, operations, files: Files::default(), lanes: None })
        };
        let far = namespace.site != part.site;
        let order = Order {
            ends: (namespace.site, part.site),
            access: vec![access(namespace.home, 1.0, 0.0), access(part.storage, 0.0, 1.0)],
            own_meters: std::iter::once(prefetch.meter)
                .chain(far.then_some(namespace.remote))
                .map(|meter| (meter, 1.0))
                .collect(),
            bytes: f64::INFINITY,
            pace: (prefetch.pace, PACING),
            priority: prefetch.priority,
            ..self.own_order(part.storage)
        };
        let movement = self.carry(ctx, order);
        if let Some(prefetch) = self.namespaces[id.index()].caches[index].prefetch.as_mut() {
            prefetch.movement = Some(movement);
        }
    }

    /// New data at home: caches drop what is out of date.
    pub(super) fn publish_namespace(&mut self, ctx: &mut Context<'_, Event>, id: NamespaceId) {
        let Some(publish) = self.namespaces[id.index()].publish else { return };
        self.publish_to_replicas(ctx, id, publish.changed * self.namespaces[id.index()].data);
        for index in 0..self.namespaces[id.index()].caches.len() {
            self.refresh_cache(ctx, id, index as u16);
            let namespace = &mut self.namespaces[id.index()];
            let part = &mut namespace.caches[index];
            namespace.invalidated += publish.changed * part.cache.content().held * namespace.data;
            part.cache.invalidate(publish.changed);
            let site = part.site;
            self.remix(ctx.now(), id, site);
            self.refresh_cache(ctx, id, index as u16);
        }
        ctx.schedule(ctx.now().saturating_add(publish.every), CLASS_FAULT, Event::NamespacePublish(id));
    }

    /// Lets a cache take in what was read and loaded, and schedules its next step.
    pub(super) fn refresh_cache(&mut self, ctx: &mut Context<'_, Event>, id: NamespaceId, index: u16) {
        let now = ctx.now();
        let namespace = &mut self.namespaces[id.index()];
        let data = namespace.data;
        let part = &mut namespace.caches[usize::from(index)];
        let site = part.site;
        let reading = self.carriage.sharing.meter(now.as_nanos(), part.requests);
        let mut changed = part.cache.advance(reading.total / data);
        if let Some(prefetch) = part.prefetch.as_mut().filter(|p| p.movement.is_some()) {
            let came = self.carriage.sharing.meter(now.as_nanos(), prefetch.meter).total;
            let bytes = (came - prefetch.taken) / data;
            let left = part.cache.to_load(prefetch.share);
            if bytes >= left.min(LOAD_STEP) * (1.0 - 1e-9) {
                prefetch.taken = came;
                part.cache.load(bytes);
                changed = true;
            }
            if bytes >= left * (1.0 - 1e-9) {
                let movement = prefetch.movement.take();
                movement.map(|movement| self.carriage.cancel(now, movement));
            }
        }
        if changed {
            self.remix(now, id, site);
        }
        let wait = self.next_step(now, id, usize::from(index));
        let part = &mut self.namespaces[id.index()].caches[usize::from(index)];
        if let Some(key) = part.due.take() {
            ctx.cancel(key);
        }
        if wait.is_finite() {
            let at = now.saturating_add(SimDuration::from_secs_f64_ceil(wait.max(1e-9)));
            part.due = (at < SimTime::MAX).then(|| ctx.schedule_keyed(at, CLASS_FAULT, Event::CacheDue(id, index)));
        }
    }

    /// Seconds until the next step of a cache at the present rates; infinite when there is none.
    fn next_step(&mut self, now: SimTime, id: NamespaceId, index: usize) -> f64 {
        let data = self.namespaces[id.index()].data;
        let part = &self.namespaces[id.index()].caches[index];
        let ns = now.as_nanos();
        let after = |bytes: f64, rate: f64| if rate > 0.0 { bytes / rate } else { f64::INFINITY };
        let reading = self.carriage.sharing.meter(ns, part.requests);
        let step = after(part.cache.next() * data - reading.total, reading.rate);
        let Some(prefetch) = part.prefetch.filter(|p| p.movement.is_some()) else { return step };
        let came = self.carriage.sharing.meter(ns, prefetch.meter);
        let bytes = part.cache.to_load(prefetch.share).min(LOAD_STEP) * data;
        step.min(after(bytes - (came.total - prefetch.taken), came.rate))
    }

    /// The loads that read a namespace at a site take on their present mix.
    pub(super) fn remix(&mut self, now: SimTime, id: NamespaceId, site: SiteId) {
        for w in 0..self.works.len() {
            let Task::Io(io) = &self.works[w].task else { continue };
            if io.params.namespace != Some(id) || io.params.site != site || io.movements.is_empty() {
                continue;
            }
            let (params, movements) = (io.params, io.movements.clone());
            let Some(mut order) = self.carriage.order_of(movements[0]).cloned() else { continue };
            let (route, connected) = self.route(order.course());
            self.read_namespace(&mut order, &Reader::from(&params), id);
            let (outer, meters) = super::works::outer_of(&self.storages, &order);
            order.outer = outer;
            order.meters = meters;
            for movement in movements {
                self.carriage.change(now, movement, &order, route.as_ref(), connected);
            }
        }
    }

    // ---- measures ----------------------------------------------------------------------------------------------

    pub(super) fn namespace_meters(&self) -> Vec<MeterId> {
        let of = |n: &Namespace| {
            let caches =
                n.caches.iter().flat_map(|c| [c.requests, c.misses]).chain(n.replicas().iter().map(|r| r.sent));
            caches.chain([n.read, n.written, n.remote]).collect::<Vec<_>>()
        };
        self.namespaces.iter().flat_map(of).collect()
    }

    pub(super) fn measure_namespaces(&mut self, now: SimTime, out: &mut Measured) {
        let span = (now - self.baseline.at).as_secs_f64();
        for n in 0..self.namespaces.len() {
            let namespace = self.namespaces[n].clone();
            let read = self.since_cut(now, namespace.read).total;
            let remote = self.since_cut(now, namespace.remote).total;
            let written = self.since_cut(now, namespace.written).total;
            let (dirty, most) = self.dirty_bytes(now, n);
            let served: f64 = namespace.caches.iter().map(|c| self.asked(now, c.requests, c.misses).1).sum();
            let mut put = |measure: &str, value: Measure| {
                out.kpis.push((format!("namespace.{}.{measure}", namespace.name), value));
            };
            put("read_rate", Measure::Value(read / span));
            put("write_rate", Measure::Value(written / span));
            put("dirty", Measure::Value(dirty));
            put("dirty_peak", Measure::Value(most));
            put("remote_rate", Measure::Value(remote / span));
            put("wan_bytes", Measure::Value(remote));
            put("invalidated", Measure::Value(namespace.invalidated));
            put("hit", ratio(served, read, "nothing was read in the measured part"));
            self.measure_replicas(now, n, out);
        }
        for s in 0..self.storages.len() {
            self.measure_caches(now, StorageId::new(s), out);
        }
    }

    /// Bytes asked of a cache since the cut, and those it served.
    fn asked(&mut self, now: SimTime, requests: MeterId, misses: MeterId) -> (f64, f64) {
        let asked = self.since_cut(now, requests).total;
        let missed = self.since_cut(now, misses).total;
        // Two sums of the same flows differ by rounding.
        (asked, (asked - missed).max(0.0))
    }

    fn measure_caches(&mut self, now: SimTime, id: StorageId, out: &mut Measured) {
        let on = |n: &Namespace| {
            let data = n.data;
            n.caches.iter().filter(|c| c.storage == id).map(move |c| (data, c.clone())).collect::<Vec<_>>()
        };
        let parts: Vec<_> = self.namespaces.iter().flat_map(on).collect();
        if parts.is_empty() {
            return;
        }
        let (mut asked, mut served, mut steady, mut held) = (0.0, 0.0, 0.0, 0.0);
        for (data, mut part) in parts {
            let total = self.carriage.sharing.meter(now.as_nanos(), part.requests).total;
            part.cache.advance(total / data);
            held += part.cache.content().held * data;
            let (all, hits) = self.asked(now, part.requests, part.misses);
            asked += all;
            served += hits;
            steady += all * part.cache.steady();
        }
        let name = &self.storages[id.index()].params.name;
        let idle = "nothing was asked of its caches in the measured part";
        out.kpis.push((format!("storage.{name}.cache_hit"), ratio(served, asked, idle)));
        out.kpis.push((format!("storage.{name}.cache_hit_steady"), ratio(steady, asked, idle)));
        out.kpis.push((format!("storage.{name}.cached"), Measure::Value(held)));
    }
}

fn ratio(part: f64, whole: f64, none: &str) -> Measure {
    if whole > 0.0 { Measure::Value(part / whole) } else { Measure::None(none.to_owned()) }
}
