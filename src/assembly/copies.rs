//! Parameters of copies.

use super::works::transport;
use crate::model::copies::{CopyParams, End};
use crate::model::ids::{SiteId, StorageId};
use crate::model::storage::Storage;
use crate::network::FanRule;
use crate::scenario::plan::{CopyWork, Distribution, Plan};

/// A copy is carried by nodes at its destination. Each fetches with the slots of the source, over the round trip, and
/// stores with those of the destination, at the same time: the slower of the two binds. A relay is a source to who comes next.
pub(super) fn params(plan: &Plan, copy: &CopyWork, storages: &[Storage]) -> CopyParams {
    let end = |s: usize| {
        let slots = |reads: f64| {
            let clients = copy.clients? as f64;
            storages[s].params.requests.all_slots(clients, copy.io_size.get(), reads)
        };
        End {
            storage: StorageId::new(s),
            site: SiteId::new(plan.storages[s].site),
            fetch: slots(1.0),
            store: slots(0.0).map_or(f64::INFINITY, |slots| slots.rate(0.0)),
        }
    };
    CopyParams {
        from: end(copy.from),
        to: copy.to.iter().map(|&to| end(to)).collect(),
        rule: rule(copy.distribution),
        chunk: copy.chunk.get(),
        bytes: copy.bytes.get(),
        // With windows the pace goes by the time.
        pace: if copy.windows.is_some() { f64::INFINITY } else { copy.pace.get() },
        operations: 1.0 / copy.io_size.get(),
        transport: transport(&copy.transport),
    }
}

/// Who hands the bytes to whom; none where each destination gets them from the source.
pub(super) fn rule(distribution: Distribution) -> Option<FanRule> {
    match distribution {
        Distribution::Unicast => None,
        Distribution::Relay => Some(FanRule::Chain),
        Distribution::RelayNearest => Some(FanRule::Nearest),
        Distribution::Tree => Some(FanRule::Tree),
    }
}
