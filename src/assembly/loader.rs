//! Data loaders of a plan as works of the world.

use super::works::transport;
use crate::engine::rng::Streams;
use crate::model::bulk::nic_limit;
use crate::model::ids::{NamespaceId, SiteId, StorageId};
use crate::model::loader::{Loader, LoaderParams};
use crate::model::paths::{CLIENT_NIC, Resources, Slots, Transport};
use crate::model::world::{FeedParams, LoaderWork, Task};
use crate::scenario::plan::{DataLoader, IoWork, Plan, Requests};

/// The task of an `io` work with a loader.
pub fn task(plan: &Plan, io: &IoWork, streams: &Streams, resources: &mut Resources) -> Task {
    let storage = &plan.storages[io.storage];
    let loader = io.loader.expect("the caller looked for a loader");
    // With a barrier the client that has most accelerators sets the pace of all.
    let per_client = loader.accelerators.div_ceil(io.clients) as f64;
    let between = transport(&io.transport);
    let (slots, operations, size) = operations(&loader, io, &storage.requests, per_client);
    let first = f64::from(loader.open_operations) + 1.0;
    let params = FeedParams {
        storage: StorageId::new(io.storage),
        namespace: io.namespace.map(NamespaceId::new),
        storage_site: SiteId::new(storage.site),
        site: SiteId::new(io.site),
        limit: (nic_limit(io.client_nic.get(), storage.client_overhead, 1.0) / per_client, CLIENT_NIC),
        slots,
        operations,
        size,
        meter: resources.sharing.add_meter(&[]),
        transport: Transport { setup_rtts: 0.0, ..between.shared(per_client) },
    };
    let loader = LoaderParams {
        accelerators: loader.accelerators,
        batch: loader.batch as f64,
        sample: loader.sample.get(),
        sample_sd: loader.sample_sd.get(),
        compute: loader.compute,
        overhead: loader.overhead,
        prefetch: loader.prefetch as usize,
        first_byte: (first * storage.requests.read_latency.mean(), first),
    };
    Task::Load(Box::new(LoaderWork { params, loader: Loader::new(loader, streams.stream("sample-size")) }))
}

/// Outstanding operations of one accelerator's readers, operations per byte, and bytes of an outstanding operation.
///
/// A reader has one operation outstanding: an opening, or a part of a file. No more readers work than there are files
/// to read: those of the batches ahead, or of the one batch that is read on demand. There the opening is part of the
/// wait for the first byte; readers that are ahead pay for it with their rate. The accelerators of a client share its slots.
fn operations(loader: &DataLoader, io: &IoWork, requests: &Requests, per_client: f64) -> (Slots, f64, f64) {
    let parts = loader.operations_per_file(io.io_size);
    let opens = f64::from(loader.open_operations);
    let batches = f64::from(loader.prefetch.max(1));
    let files = (batches * loader.batch as f64 / loader.samples_per_file as f64).ceil();
    let slots = requests.client_slots.map_or(f64::INFINITY, |slots| slots as f64 / per_client);
    let readers = f64::from(loader.readers).min(files).min(slots);
    let counted = if loader.prefetch == 0 { parts } else { parts + opens };
    let size = loader.file() / counted;
    let latency = requests.read_latency.mean() + size / requests.read_stream;
    (Slots { bytes: readers * size, latency }, (parts + opens) / loader.file(), size)
}
