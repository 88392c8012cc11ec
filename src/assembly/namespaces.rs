//! Global namespaces of a plan as parts of the world.

use super::works::PRIORITY_BASE;
use crate::fluid::MeterId;
use crate::model::ids::{SiteId, StorageId, WorkId};
use crate::model::namespace::cache::{Cache, Policy};
use crate::model::namespace::lag::Lag;
use crate::model::namespace::popularity::Popularity;
use crate::model::namespace::{CachePart, Namespace, Prefetch, Publish, Replica, Replication, WriteBack};
use crate::model::paths::Resources;
use crate::model::storage::Storage;
use crate::model::storage::buffer::Buffer;
use crate::model::storage::space::Load;
use crate::scenario::plan::{self, CachePolicy, Plan};

/// Full of writes that are not at home, a cache takes the next ahead again when it is down to this share. Assumption: as the
/// write buffers of storage parts.
const LOW_WATER: f64 = 0.8;

/// All namespaces. Their data and the sizes of their caches are kept on `storages` from the start.
pub fn namespaces(plan: &Plan, resources: &mut Resources, storages: &mut [Storage]) -> Vec<Namespace> {
    plan.namespaces.iter().map(|namespace| build(plan, namespace, resources, storages)).collect()
}

fn build(plan: &Plan, namespace: &plan::Namespace, resources: &mut Resources, storages: &mut [Storage]) -> Namespace {
    storages[namespace.home].space.keep(namespace.data.get());
    for replica in &namespace.replicas {
        storages[replica.storage].space.keep(replica.share * namespace.data.get());
    }
    let data = namespace.data.get();
    let mut meter = || resources.sharing.add_meter(&[]);
    let caches = namespace
        .caches
        .iter()
        .map(|cache| {
            let storage = &plan.storages[cache.storage];
            storages[cache.storage].space.keep(cache.size.get());
            CachePart {
                storage: StorageId::new(cache.storage),
                site: SiteId::new(storage.site),
                cache: content(namespace, cache),
                requests: meter(),
                misses: meter(),
                prefetch: cache.prefetch.map(|p| Prefetch {
                    share: (p.bytes.get() / data).min(1.0),
                    pace: p.pace.get(),
                    priority: p.priority + PRIORITY_BASE,
                    meter: meter(),
                    taken: 0.0,
                    movement: None,
                }),
                write_back: cache.write_back.map(|w| WriteBack {
                    pace: w.pace.get(),
                    priority: w.priority + PRIORITY_BASE,
                    taken: meter(),
                    drained: meter(),
                    movement: None,
                    most: 0.0,
                }),
                due: None,
                dirty_due: None,
            }
        })
        .collect();
    let home = &plan.storages[namespace.home];
    Namespace {
        name: namespace.name.clone(),
        home: StorageId::new(namespace.home),
        site: SiteId::new(home.site),
        data: namespace.data.get(),
        operations: 1.0 / namespace.object.get(),
        publish: namespace.publish.map(|(every, changed)| Publish { every, changed }),
        invalidated: 0.0,
        caches,
        replication: replication(plan, namespace, &mut meter),
        read: meter(),
        written: meter(),
        remote: meter(),
    }
}

/// The copies of a namespace.
fn replication(plan: &Plan, namespace: &plan::Namespace, meter: &mut impl FnMut() -> MeterId) -> Option<Replication> {
    if namespace.replicas.is_empty() {
        return None;
    }
    let objects = (namespace.data.get() / namespace.object.get()).round().max(1.0);
    let hit = |r: &plan::Replica| if r.hottest { popularity(namespace).top(objects, r.share) } else { r.share };
    let replica = |r: &plan::Replica| Replica {
        storage: StorageId::new(r.storage),
        site: SiteId::new(plan.storages[r.storage].site),
        share: r.share,
        hit: hit(r),
        sync: r.sync,
        pace: r.pace.get(),
        priority: r.priority + PRIORITY_BASE,
        sent: meter(),
        movement: None,
        lag: Lag::default(),
        half: 0.0,
    };
    let replicas = namespace.replicas.iter().map(replica).collect();
    Some(Replication { replicas, home: meter(), published: 0.0, risk: Lag::default(), grows: None, due: None })
}

/// What loads ingest into a namespace takes room on its copies as it comes there.
pub fn growing_replicas(
    plan: &Plan,
    resources: &mut Resources,
    namespaces: &mut [Namespace],
    storages: &mut [Storage],
) {
    let ingests = plan.works.iter().enumerate().filter_map(|(w, work)| match &work.kind {
        plan::WorkKind::Io(io) if io.ingest => Some((WorkId::new(w), io.namespace?, io.retention)),
        _ => None,
    });
    for (work, n, retention) in ingests {
        let Some(replication) = namespaces[n].replication.as_mut().filter(|r| r.grows.is_none()) else { continue };
        replication.grows = Some(work);
        let home = StorageId::new(plan.namespaces[n].home);
        for replica in &mut replication.replicas {
            let came = resources.sharing.add_meter(&[]);
            storages[replica.storage.index()].space.add_arrivals(home, Load::plain(work, came, None), retention);
        }
    }
}

/// What each cache may acknowledge ahead of home, by namespace and cache: a write buffer of its own.
pub fn dirty(plan: &Plan) -> Vec<Vec<Option<Buffer>>> {
    let of = |cache: &plan::NamespaceCache| cache.write_back.map(|w| Buffer::new(w.limit.get(), LOW_WATER));
    plan.namespaces.iter().map(|n| n.caches.iter().map(of).collect()).collect()
}

fn content(namespace: &plan::Namespace, cache: &plan::NamespaceCache) -> Cache {
    let policy = match cache.policy {
        CachePolicy::Lru => Policy::Lru,
        CachePolicy::Fifo => Policy::Fifo,
        CachePolicy::Random => Policy::Random,
        CachePolicy::Static => Policy::Static,
    };
    Cache::new(cache.size.get(), namespace.data.get(), namespace.object.get(), popularity(namespace), policy)
}

fn popularity(namespace: &plan::Namespace) -> Popularity {
    law(namespace.popularity)
}

/// How objects are read.
pub(super) fn law(popularity: plan::Popularity) -> Popularity {
    match popularity {
        plan::Popularity::Uniform => Popularity::Uniform,
        plan::Popularity::Zipf { exponent } => Popularity::Zipf { exponent },
        plan::Popularity::WorkingSet { hot, requests } => Popularity::WorkingSet { hot, requests },
        plan::Popularity::Epochs => Popularity::Epochs,
        plan::Popularity::Scan => Popularity::Scan,
    }
}
