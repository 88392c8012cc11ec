//! Namespaces as `apollo check` shows them.

use super::describe::{share, size};
use crate::scenario::plan::{CachePolicy, Namespace, Plan, Popularity};

pub(super) fn namespace_line(plan: &Plan, namespace: &Namespace) -> String {
    let popularity = match namespace.popularity {
        Popularity::Uniform => "any object as likely as any other".to_owned(),
        Popularity::Zipf { exponent } => format!("by Zipf's law with exponent {exponent}"),
        Popularity::WorkingSet { hot, requests } => {
            format!("{} of the requests to {} of the objects", share(requests), share(hot))
        }
        Popularity::Epochs => "everything once an epoch, shuffled".to_owned(),
        Popularity::Scan => "everything once an epoch, in the same order".to_owned(),
    };
    let mut line = format!(
        "{}: {} in objects of {}, homed on {}; read {popularity}",
        namespace.name,
        size(namespace.data.get()),
        size(namespace.object.get()),
        plan.storages[namespace.home].name,
    );
    for cache in &namespace.caches {
        let storage = &plan.storages[cache.storage];
        let policy = match cache.policy {
            CachePolicy::Lru => "LRU",
            CachePolicy::Fifo => "FIFO",
            CachePolicy::Random => "random",
            CachePolicy::Static => "static",
        };
        let fits = (cache.size.get() / namespace.data.get()).min(1.0);
        line.push_str(&format!(
            "; {policy} cache of {} ({} of the data) on {} at {}",
            size(cache.size.get()),
            share(fits),
            storage.name,
            plan.sites[storage.site].name
        ));
    }
    for replica in &namespace.replicas {
        let storage = &plan.storages[replica.storage];
        let part = match (replica.share < 1.0, replica.hottest) {
            (false, _) => "copy".to_owned(),
            (true, hottest) => format!("copy of the {}{}", if hottest { "hottest " } else { "" }, share(replica.share)),
        };
        let pace = match replica.pace.get().is_finite() {
            true => {
                format!(" at up to {}", crate::units::display(replica.pace.get(), crate::units::Dimension::Throughput))
            }
            false => String::new(),
        };
        line.push_str(&format!(
            "; {} {part} on {} at {}{pace}",
            if replica.sync { "synchronous" } else { "asynchronous" },
            storage.name,
            plan.sites[storage.site].name
        ));
    }
    line
}
