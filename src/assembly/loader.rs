//! Data loaders of a plan as works of the world.

use super::works::transport;
use crate::engine::rng::Streams;
use crate::model::bulk::nic_limit;
use crate::model::ids::{NamespaceId, SiteId, StorageId};
use crate::model::loader::{Loader, LoaderParams};
use crate::model::paths::{CLIENT_NIC, Files, Resources, STRIPES, Slots};
use crate::model::storage::Storage;
use crate::model::storage::requests::FileShape;
use crate::model::world::{FeedParams, LoaderWork, Task};
use crate::scenario::plan::{DataLoader, IoWork, Plan};

/// The task of an `io` work with a loader.
pub fn task(plan: &Plan, io: &IoWork, system: &Storage, streams: &Streams, resources: &mut Resources) -> Task {
    let storage = &plan.storages[io.storage];
    let loader = io.loader.expect("the caller looked for a loader");
    // With a barrier the client that has most accelerators sets the pace of all.
    let per_client = loader.accelerators.div_ceil(io.clients) as f64;
    let between = transport(&io.transport);
    let requests = &system.params.requests;
    let parts = loader.operations_per_file(io.io_size);
    let opens = f64::from(loader.open_operations);
    let added = io.protocol.map_or(0.0, |at| system.params.protocols[at].added(1.0));
    let slots = slots(&loader, parts, system, per_client);
    let first = opens * requests.metadata + requests.read.latency.mean() + (opens + 1.0) * added;
    let nic = nic_limit(io.client_nic.get(), storage.client_overhead, 1.0) / per_client;
    // A reader has one file open; what is read in a namespace lies on several systems.
    let striping = system.params.striping.filter(|_| io.namespace.is_none());
    let all = loader.accelerators as f64;
    let open = all * readers(&loader, system, per_client);
    let striped = striping.map_or(f64::INFINITY, |s| s.load(open, 1.0)) / all;
    let params = FeedParams {
        storage: StorageId::new(io.storage),
        namespace: io.namespace.map(NamespaceId::new),
        storage_site: SiteId::new(storage.site),
        site: SiteId::new(io.site),
        limit: if striped < nic { (striped, STRIPES) } else { (nic, CLIENT_NIC) },
        slots: Slots { latency: slots.latency + added, ..slots },
        operations: parts / loader.file(),
        files: Files { metadata: opens / loader.file(), count: 1.0 / loader.file() },
        protocol: io.protocol,
        size: loader.file() / (parts + opens),
        served: loader.file() / parts / requests.read.stream + added,
        meter: resources.sharing.add_meter(&[]),
        transport: between.shared(per_client).kept_open(),
    };
    let loader = LoaderParams {
        accelerators: loader.accelerators,
        batch: loader.batch as f64,
        sample: loader.sample.get(),
        sample_sd: loader.sample_sd.get(),
        compute: loader.compute,
        overhead: loader.overhead,
        prefetch: loader.prefetch as usize,
        first_byte: (first, opens + 1.0),
    };
    Task::Load(Box::new(LoaderWork { params, loader: Loader::new(loader, streams.stream("sample-size")) }))
}

/// Outstanding operations of one accelerator's readers.
///
/// A reader has one operation outstanding: an opening, or one of the `parts` of a file. No more readers work than there are files
/// to read: those of the batches ahead, or of the one batch that is read on demand. The accelerators of a client share its slots.
fn slots(loader: &DataLoader, parts: f64, system: &Storage, per_client: f64) -> Slots {
    let requests = &system.params.requests;
    let readers = readers(loader, system, per_client);
    let metadata = f64::from(loader.open_operations);
    requests.file_slots(1.0, readers, &FileShape { size: loader.file(), parts, metadata }, 1.0)
}

/// Readers of one accelerator that have work at a time.
fn readers(loader: &DataLoader, system: &Storage, per_client: f64) -> f64 {
    let batches = f64::from(loader.prefetch.max(1));
    let files = (batches * loader.batch as f64 / loader.samples_per_file as f64).ceil();
    f64::from(loader.readers).min(files).min(system.params.requests.client_slots / per_client)
}
