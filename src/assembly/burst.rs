//! Bursts of checkpoints of a plan as works of the world.

use super::works::transport;
use crate::model::bulk::nic_limit;
use crate::model::burst::{Burst, BurstParams, bytes_of_rank};
use crate::model::ids::{SiteId, StorageId};
use crate::model::paths::{CLIENT_NIC, Files, Resources, STRIPES, Slots};
use crate::model::storage::Storage;
use crate::model::world::{BurstWork, FeedParams, Task};
use crate::scenario::plan::{IoWork, Pattern, Plan, Work};
use crate::units::SimTime;

/// The task of an `io` work with a checkpoint.
pub fn task(plan: &Plan, (work, io): (&Work, &IoWork), system: &Storage, resources: &mut Resources) -> Task {
    let storage = &plan.storages[io.storage];
    let burst = io.burst.expect("the caller looked for a checkpoint");
    let load = io.pattern == Pattern::Read;
    // The client that has most ranks is the slowest, and the burst ends with it.
    let per_client = burst.ranks.div_ceil(io.clients) as f64;
    let between = transport(&io.transport);
    let direction = f64::from(u8::from(load));
    let requests = &system.params.requests;
    let slots = requests.slots(1.0, f64::from(io.queue_depth), io.io_size.get(), direction);
    let added = io.protocol.map_or(0.0, |at| system.params.protocols[at].added(direction));
    let service = if load { &requests.read } else { &requests.write };
    let nic = nic_limit(io.client_nic.get(), storage.client_overhead, direction) / per_client;
    // A rank has a file of its own.
    let striping = system.params.striping.map_or(f64::INFINITY, |s| s.burst(burst.ranks as f64, direction));
    let striped = striping / burst.ranks as f64;
    let params = FeedParams {
        storage: StorageId::new(io.storage),
        namespace: None,
        storage_site: SiteId::new(storage.site),
        site: SiteId::new(io.site),
        limit: if striped < nic { (striped, STRIPES) } else { (nic, CLIENT_NIC) },
        // The ranks of a client share its outstanding operations.
        slots: Slots { bytes: slots.bytes / per_client, latency: slots.latency + added },
        operations: 1.0 / io.io_size.get(),
        files: Files::default(),
        protocol: io.protocol,
        size: io.io_size.get(),
        served: io.io_size.get() / service.stream + added,
        meter: resources.sharing.add_meter(&[]),
        transport: between.shared(per_client),
    };
    let checkpoint = burst.checkpoint.get();
    let burst = Burst::new(BurstParams {
        ranks: burst.ranks,
        checkpoint,
        each: bytes_of_rank(checkpoint, burst.ranks, burst.replicas, load),
        load,
        every: burst.every,
        stragglers: burst.stragglers,
        keep: burst.keep.filter(|_| !load).map(|keep| keep as usize),
        until: SimTime::ZERO + work.ends,
    });
    Task::Burst(Box::new(BurstWork { params, burst }))
}
