//! Storage systems of a plan as parts of the world.

use super::works::PRIORITY_BASE;
use crate::engine::rng::Streams;
use crate::fluid::ResourceId;
use crate::model::ids::{SiteId, StorageId};
use crate::model::paths::{Resources, merged};
use crate::model::storage::buffer::Buffer;
use crate::model::storage::durability::Placement;
use crate::model::storage::economics::{Accounts, Bill, Offered};
use crate::model::storage::lanes::{Lane, LaneParams};
use crate::model::storage::layout::{self, Crossings, LayoutParams, Overheads, WritePathParams};
use crate::model::storage::protection::{Protection, ProtectionParams};
use crate::model::storage::protocol::Protocol;
use crate::model::storage::requests::{Limits, Requests, Service};
use crate::model::storage::space::{AccountParams, Space, SpaceParams};
use crate::model::storage::striping::Striping;
use crate::model::storage::{Storage, StorageMeters, StorageParams, Tier};
use crate::scenario::plan::{self, Layout, Plan};
use crate::units::{Bytes, SimDuration};

/// A write buffer that holds less than this many seconds of the system's line rate counts as always full: a burst so
/// short does not show, and filling and emptying it thousands of times a second would be all that is simulated.
const LEAST_BUFFER_S: f64 = 0.1;

/// `written` are the bytes on media per client byte.
fn layout_params(layout: &Layout, written: f64) -> LayoutParams {
    match *layout {
        Layout::SharedNodes { nodes, nic, media_read, media_write } => LayoutParams::SharedNodes {
            nodes: nodes as f64,
            nic: nic.get(),
            media_read: media_read.get(),
            media_write: media_write.get(),
        },
        Layout::HeadsEnclosures {
            heads,
            head_nic,
            head_fabric,
            enclosures,
            enclosure_fabric,
            media_read,
            media_write,
        } => LayoutParams::HeadsEnclosures {
            heads: heads as f64,
            head_nic: head_nic.get(),
            head_fabric: head_fabric.get(),
            enclosures: enclosures as f64,
            enclosure_fabric: enclosure_fabric.get(),
            media_read: media_read.get(),
            media_write: media_write.get(),
        },
        Layout::Striped { servers, nic, media_read, media_write, .. } => LayoutParams::Striped {
            servers: servers as f64,
            nic: nic.get(),
            media_read: media_read.get(),
            media_write: media_write.get(),
            written,
        },
        Layout::Accounts { accounts, ingress, egress, skew, .. } => LayoutParams::Accounts {
            accounts: accounts as f64,
            even: (accounts as f64 / skew).max(1.0),
            ingress: ingress.get(),
            egress: egress.get(),
        },
        Layout::Provisioned { rate, read_share, write_share } => {
            LayoutParams::Provisioned { rate: rate.get(), read_share, write_share }
        }
    }
}

/// Storage systems with their crossings, meters, write buffers and protection.
pub fn storages(plan: &Plan, streams: &Streams, resources: &mut Resources) -> Vec<Storage> {
    let all = streams.child("storage");
    let one =
        |(s, storage): (usize, &plan::Storage)| build(StorageId::new(s), storage, &all.child(&storage.name), resources);
    plan.storages.iter().enumerate().map(one).collect()
}

fn build(id: StorageId, storage: &plan::Storage, streams: &Streams, resources: &mut Resources) -> Storage {
    let path = storage.write_path.as_ref().zip(storage.code).map(|(w, code)| WritePathParams {
        buffer_rate: w.buffer_rate.get(),
        copies: w.copies,
        reduction: code.reduction,
        migration_read: w.migration_read,
        stripe: stripe(&code),
    });
    let over = Overheads { client: storage.client_overhead, internal: storage.internal_overhead };
    let layout = layout_params(&storage.layout, storage.code.map_or(1.0, |code| stripe(&code) / code.reduction));
    let mut crossings = layout::build(resources, &storage.name, &layout, path.as_ref(), over, storage.media_shared);
    let narrow = crossings.narrow_buffer(|resource| resources.sharing.capacity(resource));
    let limits = limits(storage, resources, &mut crossings);
    let mut own = crossings.resources.clone();
    own.extend([limits.all, limits.read, limits.write, limits.metadata].into_iter().flatten());
    let meters = meters(resources, &own);
    let protection = storage.protection.as_ref().zip(storage.code);
    let protection = protection.map(|(p, code)| {
        Protection::new(id, protection_params(p, (code, storage.capacity.get()), &crossings, streams))
    });
    let params = StorageParams {
        name: storage.name.clone(),
        site: SiteId::new(storage.site),
        capacity: storage.capacity.get(),
        lead_time: storage.lead_time.map(SimDuration::as_secs_f64),
        order_for: storage.order_for.map(SimDuration::as_secs_f64),
        read: crossings.read,
        write: crossings.write,
        migration: crossings.migration,
        limits,
        requests: requests(&storage.requests),
        striping: striping(storage),
        stages: crossings.stages,
        line_rate: crossings.line_rate,
        nameplate: storage.nameplate.map(|(r, w)| (r.get(), w.get())),
        provisioned: crossings.provisioned,
        accounts: accounts(storage),
        asked: asked(storage),
        bill: bill(storage),
        request_prices: storage.request_prices,
        protocols: storage.protocols.iter().map(|p| protocol(p, storage, resources)).collect(),
        written: crossings.written,
        raw: storage.raw.map(Bytes::get),
        fetch: crossings.fetch,
        parts: crossings.parts,
        owner: resources.sharing.add_owner(),
        meters,
    };
    let least = LEAST_BUFFER_S * params.line_rate.unwrap_or(0.0);
    let room = |w: &plan::WritePath| w.buffer.get() / w.copies;
    let path = storage.write_path.as_ref().filter(|w| room(w) >= least);
    let mut buffer = path.map(|w| Buffer::new(room(w), w.low_water));
    if let Some(buffer) = buffer.as_mut().filter(|_| narrow) {
        buffer.set_narrow();
    }
    let tier = storage.tier.map(|tier| Tier {
        to: StorageId::new(tier.to),
        pace: tier.pace.get(),
        priority: tier.priority + PRIORITY_BASE,
        operations: 1.0 / tier.io_size.get(),
    });
    let lanes = storage.lanes.iter().map(|lane| build_lane(lane, &storage.name, resources)).collect();
    let mut space = Space::new(space_params(storage));
    if let Some((high, low)) = storage.tier.and_then(|tier| tier.marks) {
        space.set_marks(high, low);
    }
    storage.lanes.iter().for_each(|lane| space.add_account(lane_account(&lane.quota)));
    Storage { tier, lanes, ..Storage::new(params, buffer, protection, space) }
}

/// How files lie on the targets of a striped file system.
fn striping(storage: &plan::Storage) -> Option<Striping> {
    let Layout::Striped { servers, nic, media_read, media_write, targets, stripe_count } = storage.layout else {
        return None;
    };
    let written = storage.code.map_or(1.0, |code| stripe(&code) / code.reduction);
    let each = targets as f64;
    Some(Striping {
        servers: servers as f64,
        targets: servers as f64 * each,
        stripe_count: stripe_count as f64,
        target: [media_read.get() / each, media_write.get() / written / each],
        media_shared: storage.media_shared,
        nic: nic.get() / storage.client_overhead,
    })
}

/// The limits of the accounts of an object service.
fn accounts(storage: &plan::Storage) -> Option<Accounts> {
    let Layout::Accounts { accounts, ingress, egress, capacity, operations, apart, skew, per_subscription } =
        storage.layout
    else {
        return None;
    };
    Some(Accounts {
        accounts: accounts as f64,
        capacity: capacity.get(),
        ingress: ingress.get(),
        egress: egress.get(),
        operations,
        apart,
        skew,
        overhead: storage.client_overhead,
        per_subscription: per_subscription.map(|n| n as f64),
    })
}

fn asked(storage: &plan::Storage) -> Offered {
    let demand = storage.economics.demand;
    let metadata = if storage.requests.metadata_operations.is_finite() { 0.0 } else { demand.metadata };
    Offered {
        bytes: demand.capacity.get(),
        read: demand.read.get(),
        write: demand.write.get(),
        operations: demand.operations + metadata,
        // The plan does not say of which kind they are: all may be.
        apart: [demand.operations; 2],
    }
}

fn bill(storage: &plan::Storage) -> Option<Bill> {
    let economics = &storage.economics;
    economics.shown.then(|| Bill {
        units: economics.units,
        read: economics.read.0.get(),
        write: economics.write.0.get(),
        cost: economics.cost.map(|cost| cost.total()),
        power: storage.power.get(),
        racks: storage.racks,
    })
}

/// A tenant or view: its caps are resources that are no part of the system.
fn build_lane(lane: &plan::Lane, storage: &str, resources: &mut Resources) -> Lane {
    let is_tenant = lane.tenant.is_some();
    let kind = if is_tenant { "tenant" } else { "view" };
    let caps = ["read-cap", "write-cap", "ops-cap"].into_iter().zip(lane.cap);
    let mut caps = caps.map(|(word, cap)| {
        cap.is_finite().then(|| resources.add(format!("{kind}.{}.{storage}.{word}", lane.name), cap))
    });
    let mut cap = || caps.next().flatten();
    let caps = [cap(), cap(), cap()];
    let meters = [0, 1, 2].map(|_| resources.sharing.add_meter(&[]));
    let params =
        LaneParams { name: lane.name.clone(), is_tenant, share: lane.share, reserve: lane.reserve, caps, meters };
    Lane::new(params)
}

/// What may lie on a system: it is full where writes are refused, at its hard quota or at its capacity.
fn space_params(storage: &plan::Storage) -> SpaceParams {
    let hard = storage.hard_quota.get();
    let whole =
        AccountParams { full: hard, hard, soft: storage.soft_quota.map(Bytes::get), holds: storage.holds.get() };
    SpaceParams { whole, snapshots: storage.snapshots }
}

/// What may lie on a system of one tenant or view: full at its hard quota.
fn lane_account(quota: &plan::LaneQuota) -> AccountParams {
    let hard = quota.hard.map_or(f64::INFINITY, Bytes::get);
    AccountParams { full: hard, hard, soft: quota.soft.map(Bytes::get), holds: quota.holds.get() }
}

/// The resources of operations, where they are limited. Nodes that are head and enclosure at once take theirs along.
fn limits(storage: &plan::Storage, resources: &mut Resources, crossings: &mut Crossings) -> Limits {
    let requests = matches!(storage.layout, Layout::Accounts { .. });
    let all = if requests { "account-requests" } else { "operations" };
    let striped = matches!(storage.layout, Layout::Striped { .. });
    let on_nodes = striped || matches!(storage.layout, Layout::SharedNodes { .. });
    let mut limit = |word: &str, limit: f64| -> Option<ResourceId> {
        let id = limit.is_finite().then(|| resources.add(format!("storage.{}.{word}", storage.name), limit))?;
        if on_nodes && !(striped && word == "metadata-operations") {
            crossings.parts.push((id, limit, false));
        }
        Some(id)
    };
    Limits {
        all: limit(all, storage.requests.operations),
        read: limit("read-operations", storage.requests.read_operations),
        write: limit("write-operations", storage.requests.write_operations),
        metadata: limit("metadata-operations", storage.requests.metadata_operations),
    }
}

/// A protocol with its gateways, which are no part of the system.
fn protocol(p: &plan::Protocol, storage: &plan::Storage, resources: &mut Resources) -> Protocol {
    let mut gateway = |word: &str, capacity: f64| {
        let name = format!("storage.{}.protocol.{}.{word}", storage.name, p.name);
        capacity.is_finite().then(|| resources.add(name, capacity))
    };
    let nics = [gateway("gateway-in", p.gateway_rate), gateway("gateway-out", p.gateway_rate)];
    Protocol {
        operations: p.operations,
        added: p.added,
        nics: nics[0].zip(nics[1]).map(|(inwards, outwards)| [inwards, outwards]),
        translations: gateway("gateway-operations", p.gateway_operations),
        overhead: storage.client_overhead,
    }
}

/// What operations take.
fn requests(r: &plan::Requests) -> Requests {
    Requests {
        read: Service { latency: r.read_latency.clone(), stream: r.read_stream },
        write: Service { latency: r.write_latency.clone(), stream: r.write_stream },
        metadata: r.metadata_latency,
        client_slots: r.client_slots.map_or(f64::INFINITY, |slots| slots as f64),
    }
}

fn meters(resources: &mut Resources, own: &[ResourceId]) -> StorageMeters {
    let mut bound = || resources.sharing.add_meter(own);
    StorageMeters {
        read: bound(),
        write: bound(),
        pure_read: bound(),
        burst: bound(),
        steady: bound(),
        mixed: bound(),
        mixed_read: bound(),
        ingest: bound(),
        migration: bound(),
        operations: bound(),
        reads: bound(),
        metadata: bound(),
        files: bound(),
        rebuild: bound(),
        scrub: bound(),
    }
}

/// Bytes of a stripe per byte of data: 1 + m/k.
fn stripe(code: &plan::Code) -> f64 {
    1.0 + f64::from(code.parity) / f64::from(code.data)
}

/// How stripes lie on more nodes, or groups of devices, than each is wide; none where each spans all.
fn placement(p: &plan::Protection, code: plan::Code, capacity: f64) -> Option<Placement> {
    let (data, width) = (f64::from(code.data), f64::from(code.data + code.parity));
    if p.unit_blocks == 0 {
        // In one server, groups of as many devices as a stripe is wide: m + 1 losses take data where they hit the same group.
        let devices = p.devices as f64;
        return Some(Placement { width, nodes: devices, devices: 1.0, stripes: devices / width });
    }
    // One block on a node and more nodes than blocks; else every stripe has blocks on all of them.
    let spread = p.unit_blocks == 1 && p.units as f64 > width;
    spread.then(|| Placement {
        width,
        nodes: p.units as f64,
        devices: p.devices as f64,
        stripes: capacity / code.reduction / (data * p.stripe_block.get()),
    })
}

fn protection_params(
    p: &plan::Protection,
    (code, capacity): (plan::Code, f64),
    crossings: &Crossings,
    streams: &Streams,
) -> ProtectionParams {
    let placement = placement(p, code, capacity);
    // A stripe in one server is rebuilt in it; elsewhere all units take part.
    let share = if p.unit_blocks == 0 { 1.0 / p.units as f64 } else { 1.0 };
    let fetched = crossings.fetch.iter().map(|&(r, a)| (r, a * p.rebuild_reads));
    ProtectionParams {
        nodes: p.units,
        devices: p.devices,
        parity: code.parity,
        apart: if p.unit_blocks == 0 { p.units } else { 1 },
        node_blocks: p.unit_blocks,
        placement,
        device_loss: p.device_loss,
        node_loss: p.unit_loss,
        failures: p.failures,
        media_per_byte: stripe(&code) / code.reduction,
        rebuild_reads: p.rebuild_reads,
        rebuild: merged(fetched.chain(crossings.store.iter().copied()).collect()),
        scrub: crossings.scrub.clone(),
        pace: p.rebuild_pace * share,
        priority: p.rebuild_priority + PRIORITY_BASE,
        scrub_s: p.scrub_every.map(SimDuration::as_secs_f64),
        delay: p.rebuild_delay.clone(),
        replacement: [p.device_replacement.clone(), p.unit_replacement.clone()],
        losses: streams.stream("losses"),
        hits: streams.stream("stripe-hit"),
        delays: streams.stream("rebuild-delay"),
        replacements: streams.stream("replacement"),
        places: streams.stream("place"),
    }
}
