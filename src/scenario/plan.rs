//! The checked plan: everything a scenario file means, in base units, with names resolved to indices.
//!
//! Base units: bytes, bytes per second, seconds, watts, GPUs; shares as 0…1. Vectors are sorted by name, so
//! nothing depends on the order in which a planner wrote the tables. A `Plan` is valid by construction: every
//! index is in range, every rate, size and duration is finite and in the range its key allows.
//!
//! Longer than other files because it is one contract: one record per table of the language, most lines documentation.

mod cohorts;
mod copy;
mod dated;
mod demand;
pub mod economics;
mod maintenance;
mod namespace;
mod requests;
mod rhythm;
mod rl_modes;
mod routing;
mod topology;

use crate::units::{ByteRate, Bytes, Dist, Power, SimDuration};

pub use cohorts::{DEFAULT_COHORTS, SLOWEST_SLOTS};
pub use copy::{CopyWork, Distribution};
pub use dated::Installation;
pub use demand::Demand;
pub use maintenance::Maintenance;
pub use namespace::{CachePolicy, Namespace, NamespaceCache, Popularity, Prefetch, Replica, WriteBack};
pub use requests::{Files, Protocol, Requests};
pub use rhythm::{Growth, Repeat, Season};
pub use rl_modes::{Admission, Controller, Update};
pub use routing::{Disjoint, Engineering, Routing};
pub use topology::{Arrival, FixedRoute, Station, TraceWork};

/// Index of a site in [`Plan::sites`].
pub type SiteIx = usize;
/// Index of a fleet in [`Plan::fleets`].
pub type FleetIx = usize;
/// Index of a link in [`Plan::links`].
pub type LinkIx = usize;
/// Index of a storage system in [`Plan::storages`].
pub type StorageIx = usize;

/// One scenario, checked.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What the scenario and the command line write, by address, as written.
    pub written: Vec<(String, String)>,
    /// Title as written; the file stem where none is.
    pub title: String,
    /// File stem, safe as a folder name (letters, digits, `-`, `_`, `.`, never starting with a dot).
    pub name: String,
    /// First day, RFC 3339 date; month horizons and dated results count from its midnight UTC.
    pub start: jiff::civil::Date,
    /// Simulated time.
    pub horizon: SimDuration,
    /// Start of the run that results leave out.
    pub warmup: SimDuration,
    /// Root seed.
    pub seed: u64,
    /// Independent replications, at least 1.
    pub replications: u32,
    /// Most events of a replication.
    pub max_events: Option<u64>,
    /// Whether `record = ["flows"]` asks for `flows.csv`.
    pub record_flows: bool,
    /// Sites by name.
    pub sites: Vec<Site>,
    /// GPU fleets by name.
    pub fleets: Vec<Fleet>,
    /// Links by name.
    pub links: Vec<Link>,
    /// Names that stand for sites in fixed routes and traces.
    pub stations: Vec<Station>,
    /// Routes that a file states.
    pub routes: Vec<FixedRoute>,
    /// Demands that a topology file states: source, destination, payload rate. Nothing is sent for them by themselves.
    pub demands: Vec<(SiteIx, SiteIx, ByteRate)>,
    /// Shared-risk groups by name.
    pub risk_groups: Vec<RiskGroup>,
    /// Maintenance windows by name.
    pub maintenance: Vec<Maintenance>,
    /// Links that are down from the beginning to the end: what a failure study lets fail. None as a file is read.
    pub failed: Vec<LinkIx>,
    /// Failures to study beside the plan as it is.
    pub what_if: Vec<FailureSet>,
    /// Time from a failure or repair until routes have changed; until then traffic on a dead path stands still.
    pub reconvergence: SimDuration,
    /// Share of a link's capacity that demand may fill when waves are counted, 0…1; none where they are not.
    pub utilisation_limit: Option<f64>,
    /// How the routes of bytes are chosen that belong to no work.
    pub routing: Routing,
    /// Ways of routes that use several.
    pub disjoint: Disjoint,
    /// How traffic is engineered where a rule says so.
    pub engineering: Engineering,
    /// Tenants by name.
    pub tenants: Vec<Tenant>,
    /// Storage systems by name.
    pub storages: Vec<Storage>,
    /// Global namespaces by name.
    pub namespaces: Vec<Namespace>,
    /// Standing demand by name.
    pub standing: Vec<Demand>,
    /// Works by name.
    pub works: Vec<Work>,
    /// Targets by name.
    pub targets: Vec<Target>,
    /// Variants for `apollo sweep`; they do not enter a run.
    pub sweep: Option<crate::scenario::sweep::Sweep>,
    /// Where every value came from, in order of address.
    pub ledger: Vec<Taken>,
    /// Things that are legal but probably not meant.
    pub warnings: Vec<Warning>,
}

/// A set of failures to study, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureSet {
    /// Every link alone.
    Links,
    /// Every shared-risk group alone.
    Groups,
    /// Every site alone: all its links at once.
    Sites,
    /// Every two links together.
    Pairs,
}

impl FailureSet {
    /// The words of the language, in the order of the sets.
    pub const WORDS: &[&str] = &["links", "groups", "sites", "pairs"];

    /// The set of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        let all = [FailureSet::Links, FailureSet::Groups, FailureSet::Sites, FailureSet::Pairs];
        all.into_iter().zip(Self::WORDS).find(|(_, name)| **name == word).map(|(set, _)| set)
    }
}

/// A value that enters the results, and its origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// Address, e.g. `link.phx-dal.rtt`.
    pub address: String,
    /// Value as a planner would write it, e.g. `20 ms`.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

/// Origin of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// Written in the scenario file (or a base it extends).
    File {
        /// `file:line:column`.
        at: String,
    },
    /// Given on the command line with `--set`.
    Override,
    /// A figure of a catalogue part.
    Part {
        /// Part name.
        part: String,
        /// Published source of the figure.
        source: String,
        /// Confidence word of the catalogue (quoted, secondary, fitted, derived, assumption).
        confidence: String,
    },
    /// A default of this program.
    Default {
        /// Published source, or the reason for the assumption.
        source: String,
        /// True when no published figure stands behind it.
        assumption: bool,
    },
    /// Computed from other values.
    Derived {
        /// The formula in words.
        formula: String,
    },
}

/// A warning with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Code, e.g. `W0606`.
    pub code: &'static str,
    /// What is odd.
    pub message: String,
    /// Address or `file:line:column`.
    pub at: String,
}

/// A data-centre site.
#[derive(Clone, Debug)]
pub struct Site {
    /// Name.
    pub name: String,
    /// Latitude and longitude in degrees.
    pub location: Option<(f64, f64)>,
    /// Power at the meter.
    pub power: Option<Power>,
    /// Power usage effectiveness, ≥ 1.
    pub pue: f64,
    /// Rack positions by cooling, in order of name.
    pub rack_positions: Vec<(String, u64)>,
    /// Front-end fabric between GPU nodes and the site core, each direction.
    pub fabric: ByteRate,
    /// WAN edge between the site core and all its links, each direction.
    pub wan_edge: ByteRate,
    /// Loss of the whole site to the WAN; `None` when it never happens.
    pub outage: Option<Failures>,
}

/// A fleet of GPU nodes at one site.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// Name.
    pub name: String,
    /// Site.
    pub site: SiteIx,
    /// Catalogue part of the node.
    pub node: String,
    /// Whole nodes (racks for rack-scale systems).
    pub nodes: u64,
    /// GPUs per node.
    pub gpus_per_node: u64,
    /// GPUs lost together when one part fails (a tray); divides `gpus_per_node`.
    pub gpus_per_unit: u64,
    /// Rack positions one node takes.
    pub racks_per_node: f64,
    /// Cooling a node needs (`liquid` or `air`).
    pub cooling: String,
    /// Share of GPUs kept as spares, 0…1.
    pub spares: f64,
    /// Dense peak per GPU in FLOP/s at training precision (bf16).
    pub peak_flops: f64,
    /// Front-end network rate per GPU, each direction.
    pub frontend_per_gpu: ByteRate,
    /// IT power per node.
    pub node_power: Power,
    /// Failure causes.
    pub hazards: Vec<Hazard>,
    /// Repair classes that hazards refer to.
    pub repairs: Vec<Repair>,
    /// Whether the fleet has been in operation for long when the run begins; otherwise every unit is healthy.
    pub in_operation: bool,
    /// Time to notice a failure.
    pub detection: Dist,
    /// Time to bring a spare into service after detection.
    pub replacement: Dist,
}

/// One failure cause of a fleet.
#[derive(Clone, Debug)]
pub struct Hazard {
    /// Cause.
    pub cause: String,
    /// Failures per GPU and second.
    pub per_gpu_second: f64,
    /// Index in [`Fleet::repairs`].
    pub repair: usize,
}

/// One repair class.
#[derive(Clone, Debug)]
pub struct Repair {
    /// Name (reset, swap, rma).
    pub name: String,
    /// Time until the unit is healthy again, seconds.
    pub time: Dist,
}

/// A WAN link with two directions.
#[derive(Clone, Debug)]
pub struct Link {
    /// Name.
    pub name: String,
    /// The two ends; direction 0 goes from `ends.0` to `ends.1`.
    pub ends: (SiteIx, SiteIx),
    /// Capacity of direction 0 when it comes into service, wire bytes per second.
    pub capacity: ByteRate,
    /// Capacity of direction 1 then; zero for a link that goes one way only.
    pub back: ByteRate,
    /// Waves that make up the capacity then, ≥ 1.
    pub waves: u32,
    /// When it comes into service, after the start of the scenario.
    pub starts: SimDuration,
    /// Later capacities in order of time, all after `starts`; both directions are alike.
    pub dated: Vec<Installation>,
    /// Round-trip propagation time.
    pub rtt: SimDuration,
    /// What a way over it costs in routing: as stated, or the round-trip time in nanoseconds; at least 1.
    pub metric: u64,
    /// Fibre length in metres (stated, or derived from the location or the RTT).
    pub metres: f64,
    /// Failures of one wave; `None` when switched off.
    pub wave_failures: Option<Failures>,
    /// Cuts of the whole link by itself; `None` when switched off, or when it is in a risk group and states none of its own.
    pub cuts: Option<Failures>,
    /// Indices in [`Plan::risk_groups`].
    pub risk_groups: Vec<usize>,
    /// Failures that leave a part of its capacity, and that part, above 0 and below 1; `None` when switched off.
    pub degraded: Option<(Failures, f64)>,
    /// What the optical layer does about failures.
    pub restoration: Option<Restoration>,
    /// Whether failures happen to it at all: a link that cannot fail is not taken by the cuts of its groups either.
    pub fails: bool,
    /// Payload bytes per wire byte for the link's transport, 0…1.
    pub framing: f64,
    /// Probability that a packet is lost on it, 0…1.
    pub loss: f64,
}

/// An alternating renewal process of failures and repairs; times in seconds.
#[derive(Clone, Debug)]
pub struct Failures {
    /// Time in service until the failure.
    pub time_to_failure: Dist,
    /// Time out of service.
    pub time_to_repair: Dist,
}

/// How the optical layer brings capacity back on another path before what failed is mended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Restoration {
    /// From the failure until capacity is back.
    pub time: SimDuration,
    /// Probability that a failure is restored at all, 0…1.
    pub probability: f64,
    /// Share of the installed capacity that can be restored at once, above 0, at most 1.
    pub share: f64,
    /// What the other path adds to the round trip of a cut link.
    pub extra_rtt: SimDuration,
}

/// A shared-risk group: a conduit whose cut takes all its links.
#[derive(Clone, Debug)]
pub struct RiskGroup {
    /// Name.
    pub name: String,
    /// Cuts; `None` when switched off.
    pub cuts: Option<Failures>,
}

/// Someone who shares storage systems with others.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Name.
    pub name: String,
    /// Weight against other tenants where a system states none, above 0.
    pub share: f64,
}

/// A tenant or a view on one storage system. Arrays: bytes read, bytes written, operations, each per second.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Name of the tenant or view.
    pub name: String,
    /// Index in [`Plan::tenants`]; `None` for a view.
    pub tenant: Option<usize>,
    /// Weight against other lanes of its kind, above 0.
    pub share: f64,
    /// Promised rates; 0 where nothing is.
    pub reserve: [f64; 3],
    /// Highest rates; infinite where there is no limit.
    pub cap: [f64; 3],
    /// What of its bytes may lie on the system.
    pub quota: LaneQuota,
}

/// What of the bytes of a tenant or view may lie on a system, in client bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct LaneQuota {
    /// More is refused; `None` where only the system limits it.
    pub hard: Option<Bytes>,
    /// More is a warning.
    pub soft: Option<Bytes>,
    /// What of the bytes at the start are its own.
    pub holds: Bytes,
}

/// A storage system.
#[derive(Clone, Debug)]
pub struct Storage {
    /// Name.
    pub name: String,
    /// Site.
    pub site: SiteIx,
    /// Catalogue part.
    pub system: String,
    /// Usable capacity after stripe overhead, spare space and data reduction.
    pub capacity: Bytes,
    /// Raw capacity; `None` for a service that has none of ours.
    pub raw: Option<Bytes>,
    /// Client bytes on it at the start, at most the capacity.
    pub holds: Bytes,
    /// Most client bytes on it, at most the capacity.
    pub hard_quota: Bytes,
    /// Client bytes above which there is a warning.
    pub soft_quota: Option<Bytes>,
    /// Time that snapshots keep deleted bytes; zero without snapshots.
    pub snapshots: SimDuration,
    /// Time from an order until it is in service.
    pub lead_time: Option<SimDuration>,
    /// Time that an order is to last.
    pub order_for: Option<SimDuration>,
    /// Where its old bytes go; `None` when they stay.
    pub tier: Option<Tier>,
    /// Tenants and views that share it; empty where it is not shared.
    pub lanes: Vec<Lane>,
    /// How data is protected; `None` for services that hide it.
    pub protection: Option<Protection>,
    /// How bytes move inside.
    pub layout: Layout,
    /// Wire bytes per payload byte between client and head, ≥ 1.
    pub client_overhead: f64,
    /// Wire bytes per payload byte on internal hops, ≥ 1.
    pub internal_overhead: f64,
    /// Erasure code and data reduction; `None` for services that hide them.
    pub code: Option<Code>,
    /// Write buffer; `None` where writes go to the media at once, and for services that hide it.
    pub write_path: Option<WritePath>,
    /// Share of the time of the media that reads and writes compete for: 0 independent, 1 all of it.
    pub media_shared: f64,
    /// How it serves operations.
    pub requests: Requests,
    /// Further protocols on the same data.
    pub protocols: Vec<Protocol>,
    /// US dollars of 10,000 reads and of 10,000 writes; `None` where no price is known.
    pub request_prices: [Option<f64>; 2],
    /// Nameplate read and write rates, where a data sheet states them.
    pub nameplate: Option<(ByteRate, ByteRate)>,
    /// IT power of the whole system; zero for a service that is not in the site's power.
    pub power: Power,
    /// Rack positions it takes; zero for a service or where not stated.
    pub racks: f64,
    /// Cooling of those racks, where stated.
    pub cooling: Option<String>,
    /// Demand, size, deliverable rates, cost.
    pub economics: economics::Economics,
}

/// Bytes that were ingested long enough ago, or are in the way of new ones, move on to another system.
#[derive(Clone, Copy, Debug)]
pub struct Tier {
    /// Where to; a system that is not tiered itself.
    pub to: StorageIx,
    /// Age at which they move; `None` when only the marks move them.
    pub after: Option<SimDuration>,
    /// Levels, as shares of what the system may hold, from which and down to which they move, high first; `None` when age
    /// alone does.
    pub marks: Option<(f64, f64)>,
    /// Upper limit of the rate of each load's bytes; infinite when none.
    pub pace: ByteRate,
    /// 0…9 on the scale of works.
    pub priority: u8,
    /// Bytes per operation on both systems.
    pub io_size: Bytes,
}

impl Tier {
    /// Whether bytes with a retention, or kept for good, move. The marks move only what is kept for good.
    pub fn moves(&self, retention: Option<SimDuration>) -> bool {
        match retention {
            Some(retention) => self.after.is_some_and(|after| retention > after),
            None => true,
        }
    }
}

/// How a system is laid out. Rates are installed (line or data-sheet) rates of *one* unit.
#[derive(Clone, Debug)]
pub enum Layout {
    /// Every node hosts head and enclosure roles on one full-duplex NIC (cloud VMs, EBoxes).
    SharedNodes {
        /// Nodes.
        nodes: u64,
        /// NIC line rate, each direction.
        nic: ByteRate,
        /// Media read rate.
        media_read: ByteRate,
        /// Media write rate.
        media_write: ByteRate,
    },
    /// Heads reach enclosures over a fabric of their own.
    HeadsEnclosures {
        /// Heads.
        heads: u64,
        /// Client-side NIC rate of a head, each direction.
        head_nic: ByteRate,
        /// Fabric-side NIC rate of a head, each direction.
        head_fabric: ByteRate,
        /// Enclosures.
        enclosures: u64,
        /// Fabric-side NIC rate of an enclosure, each direction.
        enclosure_fabric: ByteRate,
        /// Media read rate of an enclosure.
        media_read: ByteRate,
        /// Media write rate of an enclosure.
        media_write: ByteRate,
    },
    /// Servers of a striped file system, each with targets that files are striped over.
    Striped {
        /// Servers.
        servers: u64,
        /// NIC line rate of one, each direction.
        nic: ByteRate,
        /// Media read rate of one.
        media_read: ByteRate,
        /// Media write rate of one.
        media_write: ByteRate,
        /// Targets of one.
        targets: u64,
        /// Targets that a file lies on, at most all there are.
        stripe_count: u64,
    },
    /// An object service with limits per account.
    Accounts {
        /// Accounts.
        accounts: u64,
        /// Write limit of an account.
        ingress: ByteRate,
        /// Read limit of an account.
        egress: ByteRate,
        /// Client bytes an account holds.
        capacity: Bytes,
        /// Requests per second of an account.
        operations: f64,
        /// Reads per second of one, and writes; infinite where only all of them are limited.
        apart: [f64; 2],
        /// Load of the hottest account over the mean.
        skew: f64,
        /// Accounts of one subscription in a region; `None` where no such limit is known.
        per_subscription: Option<u64>,
    },
    /// A service sold by provisioned rate (managed Lustre): one limit each way, and the shares of it measured.
    Provisioned {
        /// Provisioned rate of the whole system.
        rate: ByteRate,
        /// Share of it that reads reach, 0…1.
        read_share: f64,
        /// Share of it that writes reach, 0…1.
        write_share: f64,
    },
}

/// How bytes lie on media.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// Data blocks of a stripe.
    pub data: u32,
    /// Parity blocks of a stripe.
    pub parity: u32,
    /// Data reduction, ≥ 1: client bytes per byte of data on media.
    pub reduction: f64,
}

/// The write path behind the acknowledgement. Factors are bytes per client byte.
#[derive(Clone, Debug)]
pub struct WritePath {
    /// Buffer size of the whole system.
    pub buffer: Bytes,
    /// Buffer write rate of the whole system (all copies counted).
    pub buffer_rate: ByteRate,
    /// Copies written into the buffer: 2 mirrored, about 1.33 RAID 6.
    pub copies: f64,
    /// Bytes read back from the buffer per client byte: 1 raw, 1/reduction when reduced on the way in.
    pub migration_read: f64,
    /// Fill share below which a full buffer counts as free again, 0…1.
    pub low_water: f64,
}

/// How a system protects data: the code is in [`Code`]; here is how it lies on the units, what is lost, and how
/// protection comes back.
#[derive(Clone, Debug)]
pub struct Protection {
    /// Nodes or enclosures.
    pub units: u64,
    /// Devices of one of them.
    pub devices: u64,
    /// Most blocks of one stripe that a lost unit takes with it: ⌈(k + m) / units⌉ as laid out; 0 where another unit takes
    /// its devices over.
    pub unit_blocks: u32,
    /// Bytes of one block of a stripe on media.
    pub stripe_block: Bytes,
    /// Share of raw that is usable before data reduction, 0…1.
    pub usable_fraction: f64,
    /// Whether devices and units are lost during the run.
    pub failures: bool,
    /// Losses of one device per second.
    pub device_loss: f64,
    /// Losses of one unit per second.
    pub unit_loss: f64,
    /// Time from a loss until another device is in service, seconds.
    pub device_replacement: Dist,
    /// Time from a loss until another unit is in service, seconds.
    pub unit_replacement: Dist,
    /// Time from a loss until its rebuild begins, seconds.
    pub rebuild_delay: Dist,
    /// Blocks read to rebuild one block, ≥ 1.
    pub rebuild_reads: f64,
    /// Rebuild rate at most, as a share of what it would reach alone, 0…1.
    pub rebuild_pace: f64,
    /// 0…9 on the scale of works.
    pub rebuild_priority: u8,
    /// Time in which all media that hold data are read once; `None` without scrubbing.
    pub scrub_every: Option<SimDuration>,
}

/// A work: something that uses the world.
#[derive(Clone, Debug)]
pub struct Work {
    /// Name.
    pub name: String,
    /// Start after the scenario's start.
    pub starts: SimDuration,
    /// End; the horizon where none is written.
    pub ends: SimDuration,
    /// 0…9; a higher number wins GPUs and bandwidth, strictly.
    pub priority: u8,
    /// Whose it is; index in [`Plan::tenants`].
    pub tenant: Option<usize>,
    /// Views it uses: system, and index of the view in [`Storage::lanes`].
    pub views: Vec<(StorageIx, usize)>,
    /// What it does.
    pub kind: WorkKind,
}

impl Work {
    /// Storage systems it uses, each with the shares of bytes read and written (both 1 where both happen at their
    /// times) and the bytes of an operation.
    pub fn storages(&self) -> Vec<(StorageIx, [f64; 2], f64)> {
        match &self.kind {
            WorkKind::Copy(copy) => {
                let size = copy.io_size.get();
                // A system that relays is read, too.
                let read = if copy.relays() { 1.0 } else { 0.0 };
                let to = copy.to.iter().map(|&to| (to, [read, 1.0], size));
                std::iter::once((copy.from, [1.0, 0.0], size)).chain(to).collect()
            }
            WorkKind::Io(io) => {
                let read = match io.pattern {
                    Pattern::Read => 1.0,
                    Pattern::Write => 0.0,
                    Pattern::Mixed { read_share } => read_share,
                };
                vec![(io.storage, [read, 1.0 - read], io.io_size.get())]
            }
            WorkKind::Rl(rl) => rl.checkpoint.iter().map(|c| (c.storage, [1.0, 1.0], c.io_size.get())).collect(),
            WorkKind::Trace(_) => Vec::new(),
        }
    }
}

/// The kinds of work.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a plan has few works, and they are read once")]
pub enum WorkKind {
    /// An online-RL loop.
    Rl(Box<RlWork>),
    /// A bulk copy between storage systems.
    Copy(CopyWork),
    /// A storage load as a benchmark drives it.
    Io(IoWork),
    /// Transfers that a file states.
    Trace(TraceWork),
}

/// Transport of a bulk transfer.
#[derive(Clone, Copy, Debug)]
pub struct Transport {
    /// Parallel streams, ≥ 1.
    pub streams: u32,
    /// Window per stream; infinite when not limited.
    pub window: Bytes,
    /// Connection set-up before the first byte, in round trips.
    pub setup_rtts: f64,
    /// Packets that a stream may send in its first round trip; 0 where it does not start slowly.
    pub initial_window: u64,
    /// How its route is chosen.
    pub routing: Routing,
    /// How lost packets are made good.
    pub recovery: Recovery,
    /// How it recovers from a path that has died; `None`: it goes on at once.
    pub dead_path: Option<DeadPath>,
}

/// How a transport recovers from a path that has died.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DeadPath {
    /// It sends again after a round trip and `least`, then after twice as long each time, up to `longest`; then it starts slowly.
    BackOff {
        /// Least time beyond a round trip.
        least: SimDuration,
        /// Longest time between two attempts.
        longest: SimDuration,
    },
    /// It sends again at each `timeout`, `retries` times; then the connection is broken.
    Retries {
        /// Time between two attempts.
        timeout: SimDuration,
        /// Attempts.
        retries: u32,
        /// Until a new connection stands, once there is a path.
        reconnect: SimDuration,
    },
}

/// How a transport makes good what is lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Recovery {
    /// Congestion control that takes a loss for congestion.
    LossBased {
        /// Payload of a packet.
        segment: Bytes,
        /// C of the Mathis limit.
        constant: f64,
    },
    /// Everything after a lost packet is sent again.
    GoBackN {
        /// Payload of a packet.
        segment: Bytes,
    },
    /// Only lost packets are sent again.
    Selective,
}

/// What an `io` work does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pattern {
    /// Reads only.
    Read,
    /// Writes only.
    Write,
    /// Both, with this share of payload bytes read, strictly between 0 and 1.
    Mixed {
        /// Share read.
        read_share: f64,
    },
}

/// A storage load.
#[derive(Clone, Debug)]
pub struct IoWork {
    /// System under load; the home of the namespace where one is named.
    pub storage: StorageIx,
    /// Index in [`Plan::namespaces`] of the data that is read through caches; `None` for a plain system.
    pub namespace: Option<usize>,
    /// Site of the clients.
    pub site: SiteIx,
    /// Client nodes.
    pub clients: u64,
    /// NIC of one client, each direction.
    pub client_nic: ByteRate,
    /// Bytes per operation.
    pub io_size: Bytes,
    /// Outstanding operations per client.
    pub queue_depth: u32,
    /// Files that one client has open at a time.
    pub open_files: u64,
    /// Rate in bytes per second that the whole load is paced to, drawn once a replication; `None` when saturating.
    pub pace: Option<Dist>,
    /// Whether what it writes stays on the system.
    pub ingest: bool,
    /// Time after which ingested bytes are deleted; `None` when they are kept.
    pub retention: Option<SimDuration>,
    /// Read, write or mix.
    pub pattern: Pattern,
    /// Files that are read or written whole; `None` where opening them costs nothing.
    pub files: Option<Files>,
    /// Index in [`Storage::protocols`]; `None` for that of the system itself.
    pub protocol: Option<usize>,
    /// What it reads on the tier of the system; `None` where all is on the system itself.
    pub tiered: Option<Tiered>,
    /// Accelerators that read samples; `None` where clients read and write by themselves.
    pub loader: Option<DataLoader>,
    /// A checkpoint that all ranks save or load at once; `None` for a steady load.
    pub burst: Option<Burst>,
    /// What changes over time, in order.
    pub phases: Vec<Phase>,
    /// How its rate grows; `None` when it does not.
    pub growth: Option<Growth>,
    /// Curves that its rate follows, one for each cycle.
    pub seasons: Vec<Season>,
    /// Transport for clients at another site.
    pub transport: Transport,
}

/// Reads of a load that go to the tier of its system.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tiered {
    /// How much of its reads.
    pub share: TieredShare,
    /// What is read there is written to the system again.
    pub promote: bool,
}

/// How much of its reads goes to the tier.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TieredShare {
    /// This share of the bytes.
    Stated(f64),
    /// What was not read for a time, in the steady state.
    Unread {
        /// That time.
        seconds: f64,
        /// Bytes read per second.
        rate: f64,
        /// Bytes of the data.
        data: Bytes,
        /// Bytes of an object.
        object: Bytes,
        /// How objects are read.
        popularity: Popularity,
    },
}

/// What a load does from some time on; it keeps what is not stated.
#[derive(Clone, Copy, Debug)]
pub struct Phase {
    /// After the start of the work.
    pub at: SimDuration,
    /// Client nodes.
    pub clients: Option<u64>,
    /// Rate in bytes per second that the whole load is paced to.
    pub pace: Option<f64>,
    /// Share of payload bytes read.
    pub read_share: Option<f64>,
    /// Time in which it changes evenly; zero: at once.
    pub ramp: SimDuration,
}

/// A checkpoint that all ranks save or load at once.
#[derive(Clone, Copy, Debug)]
pub struct Burst {
    /// Its bytes.
    pub checkpoint: Bytes,
    /// Ranks, at least as many as clients.
    pub ranks: u64,
    /// Replicas that each load all of it.
    pub replicas: u64,
    /// Time between two bursts; one only where `None`.
    pub every: Option<SimDuration>,
    /// Checkpoints that stay on the system; `None` where saves overwrite one another.
    pub keep: Option<u64>,
    /// Slow ranks, fewer than all, and how many times slower one is by itself; `None` where all are alike.
    pub stragglers: Option<(u64, f64)>,
}

/// Accelerators that step together, and the readers that feed them.
#[derive(Clone, Copy, Debug)]
pub struct DataLoader {
    /// Accelerators, at least as many as clients.
    pub accelerators: u64,
    /// Mean bytes of a sample.
    pub sample: Bytes,
    /// Standard deviation of them.
    pub sample_sd: Bytes,
    /// Samples in one file.
    pub samples_per_file: u64,
    /// Samples of one accelerator in a step.
    pub batch: u64,
    /// Computing time of a step.
    pub compute: SimDuration,
    /// Time of a step that is neither computing nor waiting for data.
    pub overhead: SimDuration,
    /// Reading threads of one accelerator.
    pub readers: u32,
    /// Batches the readers may be ahead.
    pub prefetch: u32,
    /// Operations before the first byte of a file.
    pub open_operations: u32,
}

impl DataLoader {
    /// Bytes of one file.
    pub fn file(&self) -> f64 {
        self.sample.get() * self.samples_per_file as f64
    }

    /// Operations that read a file of these bytes: the last one may be short.
    pub fn operations_per_file(&self, io_size: Bytes) -> f64 {
        (self.file() / io_size.get()).ceil().max(1.0)
    }
}

/// An online-RL loop: one trainer pool, generator pools, a publish path.
#[derive(Clone, Debug)]
pub struct RlWork {
    /// Catalogue model.
    pub model: String,
    /// Parameters.
    pub parameters: f64,
    /// Parameters active per token.
    pub active_parameters: f64,
    /// Served bytes per parameter.
    pub bytes_per_parameter: f64,
    /// Trainer fleet.
    pub trainer_fleet: FleetIx,
    /// Trainer GPUs.
    pub trainer_gpus: u64,
    /// Generator pools: fleet and GPUs, at least one; the trainer's own where the two are colocated.
    pub generators: Vec<(FleetIx, u64)>,
    /// What taking turns costs where the trainer's GPUs generate as well.
    pub colocation: Option<Colocation>,
    /// The time the loop should close in.
    pub feedback_target: SimDuration,
    /// Trajectories per trainer step.
    pub batch: u64,
    /// Samples of one prompt that are admitted together and train together, ≥ 1; divides `batch`.
    pub group: u64,
    /// Oldest admissible version difference at consumption.
    pub max_lag: u32,
    /// What holds admission back.
    pub admission: Admission,
    /// Generation engines.
    pub engine: Engine,
    /// Tokens generated per trajectory before the cap.
    pub length: Dist,
    /// Longest trajectory in generated tokens, over all turns.
    pub length_cap: f64,
    /// Tokens before the first generated one.
    pub prompt: f64,
    /// Between the turns of a trajectory; `None`: every trajectory is one turn.
    pub environment: Option<Environment>,
    /// Time from the last token to the reward, seconds.
    pub reward: Dist,
    /// Bytes a trajectory carries per token.
    pub bytes_per_token: f64,
    /// Time between two shipments from one generator site.
    pub ship_every: SimDuration,
    /// Users whom the engines serve first.
    pub users: Option<Users>,
    /// What dispatches and publishes; `None`: at once, always.
    pub controller: Option<Controller>,
    /// Trainer step.
    pub step: Step,
    /// Weight publication.
    pub weights: Weights,
    /// Trainer checkpoints; `None` when not asked for.
    pub checkpoint: Option<Checkpoint>,
    /// Transport between sites.
    pub transport: Transport,
}

/// Users whom the generators of a loop serve.
#[derive(Clone, Debug)]
pub struct Users {
    /// Requests per second, at share 100 % of the day.
    pub rate: f64,
    /// Steps of the day: time after midnight, rising, and share of the rate. Empty: always 1.
    pub day: Vec<(SimDuration, f64)>,
    /// Tokens of an answer before the cap.
    pub length: Dist,
    /// Time from the last token to the reward, seconds.
    pub reward: Dist,
    /// Share of the requests that a reward comes for.
    pub rewarded: f64,
    /// Whether engines generate the loop's own trajectories beside.
    pub rollouts: bool,
    /// Promised wait for a slot, seconds.
    pub wait: f64,
    /// Promised tokens per second.
    pub token_rate: f64,
}

/// What lies between the turns of a trajectory.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Turns of a trajectory, rounded to a whole number ≥ 1.
    pub turns: Dist,
    /// Time of the environment after every turn but the last, seconds.
    pub time: Dist,
    /// Tokens that it adds to the context each time.
    pub observation: f64,
    /// Whether a trajectory keeps its slot meanwhile.
    pub hold: bool,
}

/// A generation engine: one model replica with continuous batching.
#[derive(Clone, Copy, Debug)]
pub struct Engine {
    /// GPUs per engine.
    pub gpus: u64,
    /// Trajectories at once.
    pub slots: u32,
    /// Tokens per second of one trajectory alone on the engine.
    pub single_rate: f64,
    /// Number of concurrent trajectories at which each runs at half of `single_rate`: rate = single/(1 + b/half_batch).
    pub half_batch: f64,
    /// Time from the moment an engine has its GPUs until it takes weights.
    pub start: SimDuration,
    /// Tokens per second that it computes keys and values for.
    pub prefill_rate: f64,
    /// Real engines that one simulated cohort stands for; 0 lets the program choose ([`RlWork::cohorts`]).
    pub cohort: u64,
}

/// The same GPUs generate and train in turn.
#[derive(Clone, Copy, Debug)]
pub struct Colocation {
    /// Seconds before a step: engines give up their memory, the state of the trainer is loaded.
    pub offload: f64,
    /// Seconds after a step: the new weights are laid out for the engines.
    pub reshard: f64,
    /// Seconds after that until the engines generate.
    pub engine_switch: f64,
    /// Factor on both passes of a step, ≥ 1.
    pub slowdown: f64,
}

/// Trainer step: `overhead + tokens·(update + log-prob FLOPs)·active / (gpus·peak·mfu(gpus))`, mfu(g) = mfu·(g/mfu_gpus)^(scaling-1).
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Time of a step that does not depend on the batch, seconds.
    pub overhead: f64,
    /// FLOPs per token and active parameter in the update (6: forward and backward).
    pub update_flops: f64,
    /// FLOPs per token and active parameter in the log-prob pass (2: forward).
    pub logprob_flops: f64,
    /// Model FLOPs utilisation at `mfu_gpus`.
    pub mfu: f64,
    /// Model FLOPs utilisation of the log-prob pass at `mfu_gpus`.
    pub logprob_mfu: f64,
    /// Tokens that a GPU computes on at least: below, a larger pool is no faster.
    pub micro_batch: f64,
    /// Pool size at which `mfu` was measured.
    pub mfu_gpus: f64,
    /// Exponent of throughput in the number of GPUs, 0…1; 1 is linear.
    pub scaling: f64,
}

/// How new weights reach the generators.
#[derive(Clone, Debug)]
pub struct Weights {
    /// Full weights every time, or deltas between full ones.
    pub delta: bool,
    /// Share of parameters a step changes.
    pub changed: f64,
    /// Bytes per changed parameter in a delta.
    pub bytes_per_changed: f64,
    /// Every how many publishes the whole model is sent; 1 is always.
    pub full_every: u32,
    /// Who fetches a copy.
    pub fan_out: FanOut,
    /// How one copy gets to each of several sites.
    pub across: Distribution,
    /// The object store that weights go through; `None` sends them straight from the trainer.
    pub store: Option<StorageIx>,
    /// Bytes per operation of the store.
    pub io_size: Bytes,
    /// Sender-receiver pairs that carry one copy side by side.
    pub flows: u64,
    /// Whether a delta is sent while it is being built.
    pub overlap: bool,
    /// How long a publish waits for a site before it leaves it out; `None` waits for ever.
    pub timeout: Option<SimDuration>,
    /// Trainer GPUs that build and send.
    pub senders: u64,
    /// Weight bytes one sender scans per second when it builds a delta.
    pub scan_rate: ByteRate,
    /// Rate of the pipelined broadcast inside a site.
    pub inner_rate: ByteRate,
    /// Bytes that a hop of that broadcast holds before it passes them on.
    pub inner_bucket: Bytes,
    /// Pause of an engine that takes new weights, seconds.
    pub swap: Dist,
    /// Waves in which the engines of a site take them.
    pub swap_waves: u64,
    /// What engines do with their trajectories then.
    pub update: Update,
    /// Steps per publish, at least 1.
    pub sync_every: u32,
}

/// Fan-out of a publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FanOut {
    /// One copy per site, a tree inside.
    Tree,
    /// One copy per site, of which each engine takes a part and hands it to all others.
    Peer,
    /// Every node fetches its own copy.
    PerNode,
    /// Every engine fetches its own copy.
    PerEngine,
}

/// Trainer checkpoints.
#[derive(Clone, Copy, Debug)]
pub struct Checkpoint {
    /// Where they go.
    pub storage: StorageIx,
    /// Interval.
    pub every: SimDuration,
    /// Bytes per parameter (14: bf16 weights and fp32 optimiser state).
    pub bytes_per_parameter: f64,
    /// Trainer pause while the state is copied aside, seconds.
    pub pause: f64,
    /// Whether the trainer waits until the last byte is written.
    pub blocking: bool,
    /// Checkpoints that stay on the system, at least 1.
    pub keep: u64,
    /// Bytes per storage operation.
    pub io_size: Bytes,
}

/// A target on a KPI.
#[derive(Clone, Debug)]
pub struct Target {
    /// Name.
    pub name: String,
    /// Full KPI name with stat.
    pub kpi: String,
    /// The rule, in the KPI's base unit.
    pub rule: Rule,
    /// The limit as written.
    pub written: String,
    /// Published source, for validation cases.
    pub source: Option<String>,
}

/// The rule of a target, in the KPI's base unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// The KPI must not exceed this.
    AtMost(f64),
    /// The KPI must reach this.
    AtLeast(f64),
    /// The KPI must lie in this interval (value ± tolerance).
    Within {
        /// Value.
        of: f64,
        /// Half width, in the same unit.
        tolerance: f64,
    },
}
