//! A storage system: what each kind of I/O crosses, how its write buffer fills, and the rates its parts could give.
//!
//! [`layout`] turns a layout into resources and crossings per client byte; [`buffer`] is the write buffer with its
//! coupled state; [`protection`] loses devices and nodes and rebuilds what was on them; [`durability`] is the chance
//! that data goes with them; [`lanes`] are the tenants and views that share it, by the weights of [`shares`]; [`requests`] is what operations take, [`waiting`]
//! what they wait, and [`latency`] both over time; [`space`] is what lies on a system and when it is full; [`striping`] is what few files leave idle. Efficiency is never an input: it is what the crossings leave of the theoretical rate.

pub mod buffer;
pub mod durability;
pub mod economics;
pub mod lanes;
pub mod latency;
pub mod layout;
pub mod protection;
pub mod protocol;
pub mod requests;
pub mod shares;
pub mod space;
pub mod striping;
pub mod waiting;

use super::ids::{SiteId, StorageId};
use super::paths::{Access, Uses, merged};
use crate::fluid::{MeterId, OwnerId};
use buffer::Buffer;
use economics::{Accounts, Bill, Offered};
use lanes::Lane;
use latency::Timing;
use layout::Stage;
use protection::Protection;
use protocol::Protocol;
use requests::{Limits, Requests};
use shares::Room;
use space::Space;
use striping::Striping;

/// Everything fixed about a system.
#[derive(Clone, Debug)]
pub struct StorageParams {
    /// Name.
    pub name: String,
    /// Site.
    pub site: SiteId,
    /// Usable capacity in bytes.
    pub capacity: f64,
    /// Time from an order until it is in service, seconds.
    pub lead_time: Option<f64>,
    /// Time that an order is to last, seconds.
    pub order_for: Option<f64>,
    /// Crossings of a read, per client byte.
    pub read: Uses,
    /// Crossings of a write into the buffer (or of the whole write where there is no buffer).
    pub write: Uses,
    /// Crossings of migration from buffer to media; empty without a buffer.
    pub migration: Uses,
    /// Operation limits.
    pub limits: Limits,
    /// What operations take.
    pub requests: Requests,
    /// How files lie on its targets; none where every client byte may be anywhere.
    pub striping: Option<Striping>,
    /// Installed stages with their unavoidable crossings; empty for a service that shows none.
    pub stages: Vec<Stage>,
    /// Line rate of the client-side network interfaces, where known.
    pub line_rate: Option<f64>,
    /// Nameplate (read, write), where stated.
    pub nameplate: Option<(f64, f64)>,
    /// Provisioned or account limits (read, write), where there are some.
    pub provisioned: Option<(f64, f64)>,
    /// An object service by its accounts.
    pub accounts: Option<Accounts>,
    /// What the plan asks of the system.
    pub asked: Offered,
    /// Size and cost, where results show them.
    pub bill: Option<Bill>,
    /// US dollars of 10,000 reads and of 10,000 writes, where known.
    pub request_prices: [Option<f64>; 2],
    /// What speaks each of its protocols.
    pub protocols: Vec<Protocol>,
    /// Resources whose units are bytes written to buffer and media, for write amplification.
    pub written: Vec<crate::fluid::ResourceId>,
    /// Raw media, where the system shows them.
    pub raw: Option<f64>,
    /// First leg of a read, per byte of media.
    pub fetch: Uses,
    /// What losses take along: resource, capacity with nothing lost, whether it is media.
    pub parts: Vec<(crate::fluid::ResourceId, f64, bool)>,
    /// Account for the system's own flows.
    pub owner: OwnerId,
    /// Meters.
    pub meters: StorageMeters,
}

/// What is counted on a system. `bound` of a meter means: a shared resource of this system holds a member flow.
#[derive(Clone, Copy, Debug)]
pub struct StorageMeters {
    /// All payload bytes read.
    pub read: MeterId,
    /// All payload bytes written.
    pub write: MeterId,
    /// Bytes read by works that only read.
    pub pure_read: MeterId,
    /// Bytes written by works that only write, while the buffer has room.
    pub burst: MeterId,
    /// Bytes written by works that only write, with the buffer full (all writes where there is no buffer).
    pub steady: MeterId,
    /// Bytes of mixed loads with the buffer full (all of them where there is no buffer).
    pub mixed: MeterId,
    /// Read share of mixed loads (bytes read by them).
    pub mixed_read: MeterId,
    /// Client bytes entering the buffer while it has room.
    pub ingest: MeterId,
    /// Client bytes leaving the buffer.
    pub migration: MeterId,
    /// Operations on data.
    pub operations: MeterId,
    /// Reads among them.
    pub reads: MeterId,
    /// Operations on metadata.
    pub metadata: MeterId,
    /// Files read and written.
    pub files: MeterId,
    /// Media bytes rebuilt.
    pub rebuild: MeterId,
    /// Media bytes read to look for damage.
    pub scrub: MeterId,
}

/// Old bytes of a system move on to another.
#[derive(Clone, Copy, Debug)]
pub struct Tier {
    /// Where to.
    pub to: StorageId,
    /// Most bytes per second of one load; infinite when not limited.
    pub pace: f64,
    /// Priority of its flows in fair sharing.
    pub priority: u8,
    /// Operations per byte on both systems.
    pub operations: f64,
}

/// A storage system in the world.
#[derive(Clone, Debug)]
pub struct Storage {
    /// What is fixed.
    pub params: StorageParams,
    /// Write buffer, where there is one.
    pub buffer: Option<Buffer>,
    /// Losses and rebuilds, where the system shows its media.
    pub protection: Option<Protection>,
    /// What lies on it; a copy takes its room when it begins.
    pub space: Space,
    /// Where its old bytes go.
    pub tier: Option<Tier>,
    /// Tenants and views that share it; none where it is not shared.
    pub lanes: Vec<Lane>,
    /// How long operations take.
    pub timing: Timing,
}

impl Storage {
    /// A system with an empty buffer.
    pub fn new(params: StorageParams, buffer: Option<Buffer>, protection: Option<Protection>, space: Space) -> Self {
        Storage { params, buffer, protection, space, tier: None, lanes: Vec::new(), timing: Timing::default() }
    }

    /// Media bytes that a read fetches per client byte beyond the one it would fetch with nothing missing: content that
    /// is not rebuilt yet is computed from the blocks of its stripe.
    fn degraded(&self) -> f64 {
        self.protection.as_ref().map_or(0.0, |p| p.missing() * (p.params.rebuild_reads - 1.0))
    }

    /// Whether writes carry their migration with them (buffer full, or no buffer to speak of).
    fn coupled(&self) -> bool {
        self.buffer.as_ref().is_none_or(|b| b.coupled)
    }

    /// What it carries of reads alone and of writes alone in its present state.
    pub fn room(&self, capacity: impl Fn(crate::fluid::ResourceId) -> f64) -> Room {
        let p = &self.params;
        let write = if self.coupled() { p.write.iter().chain(&p.migration) } else { p.write.iter().chain(&[]) };
        let write = merged(write.copied().collect());
        let rate = |uses: &Uses| uses.iter().map(|&(r, a)| capacity(r) / a).fold(f64::INFINITY, f64::min);
        let meets = |&(read, _): &(crate::fluid::ResourceId, f64)| {
            p.write.iter().chain(&p.migration).any(|&(written, _)| written == read)
        };
        Room { rates: [rate(&p.read), rate(&write)], apart: !p.read.iter().any(meets) }
    }

    /// Whether writes go on for ever as they do now.
    fn steady(&self) -> bool {
        self.buffer.as_ref().is_none_or(Buffer::steady)
    }

    /// Crossings and meters of an access in the present state of the buffer.
    ///
    /// Directional efficiency counts works that only read or only write; a mixed load has an efficiency of its
    /// own, because the theoretical rate of a mix is another one.
    pub fn uses(&self, access: &Access) -> (Uses, Vec<(MeterId, f64)>) {
        let p = &self.params;
        let mut uses: Uses = p.read.iter().map(|&(r, a)| (r, a * access.read)).collect();
        let extra = self.degraded() * access.read;
        uses.extend(p.fetch.iter().map(|&(r, a)| (r, a * extra)));
        uses.extend(p.write.iter().map(|&(r, a)| (r, a * access.write)));
        if self.coupled() {
            uses.extend(p.migration.iter().map(|&(r, a)| (r, a * access.write)));
        }
        let bytes = access.read + access.write;
        let metadata = access.files.metadata * bytes;
        uses.extend(p.limits.uses(access.operations * access.read, access.operations * access.write, metadata));
        let m = &p.meters;
        let mut meters = vec![
            (m.read, access.read),
            (m.write, access.write),
            (m.operations, access.operations * bytes),
            (m.reads, access.operations * access.read),
            (m.metadata, metadata),
            (m.files, access.files.count * bytes),
        ];
        if access.read > 0.0 && access.write > 0.0 {
            // As for writes, the figure to buy by is the steady state: a mix that still fills the buffer is not counted.
            if self.steady() {
                meters.extend([(m.mixed, access.read + access.write), (m.mixed_read, access.read)]);
            }
        } else {
            meters.extend([(m.pure_read, access.read)]);
            meters.push((if self.steady() { m.steady } else { m.burst }, access.write));
        }
        if !self.coupled() {
            meters.push((m.ingest, access.write));
        }
        for lane in access.lanes.into_iter().flat_map(|lanes| [lanes.tenant, lanes.view]).flatten() {
            self.lanes[lane.index()].count(access, &mut uses, &mut meters);
        }
        meters.retain(|&(_, factor)| factor > 0.0);
        (merged(uses), meters)
    }
}
