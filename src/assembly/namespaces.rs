//! Global namespaces of a plan as parts of the world.

use super::works::PRIORITY_BASE;
use crate::model::ids::{SiteId, StorageId};
use crate::model::namespace::cache::{Cache, Policy};
use crate::model::namespace::popularity::Popularity;
use crate::model::namespace::{CachePart, Namespace, Prefetch, Publish, WriteBack};
use crate::model::paths::Resources;
use crate::model::storage::Storage;
use crate::model::storage::buffer::Buffer;
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
        read: meter(),
        written: meter(),
        remote: meter(),
    }
}

/// What each cache may acknowledge ahead of home, by namespace and cache: a write buffer of its own.
pub fn dirty(plan: &Plan) -> Vec<Vec<Option<Buffer>>> {
    let of = |cache: &plan::NamespaceCache| cache.write_back.map(|w| Buffer::new(w.limit.get(), LOW_WATER));
    plan.namespaces.iter().map(|n| n.caches.iter().map(of).collect()).collect()
}

fn content(namespace: &plan::Namespace, cache: &plan::NamespaceCache) -> Cache {
    let popularity = match namespace.popularity {
        plan::Popularity::Uniform => Popularity::Uniform,
        plan::Popularity::Zipf { exponent } => Popularity::Zipf { exponent },
        plan::Popularity::WorkingSet { hot, requests } => Popularity::WorkingSet { hot, requests },
        plan::Popularity::Epochs => Popularity::Epochs,
        plan::Popularity::Scan => Popularity::Scan,
    };
    let policy = match cache.policy {
        CachePolicy::Lru => Policy::Lru,
        CachePolicy::Fifo => Policy::Fifo,
        CachePolicy::Random => Policy::Random,
        CachePolicy::Static => Policy::Static,
    };
    Cache::new(cache.size.get(), namespace.data.get(), namespace.object.get(), popularity, policy)
}
