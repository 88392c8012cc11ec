//! Works of a plan as works of the world.

use std::collections::VecDeque;

use super::loops::{admission, control, inner_rate, publish, user_params};
use super::namespaces;
use super::phases::{Step, steps};
use crate::engine::rng::Streams;
use crate::fluid::MeterId;
use crate::model::bulk::{Io, IoParams, Pace, Tiered, nic_limit};
use crate::model::copies::Copy;
use crate::model::fleet::Fleet;
use crate::model::ids::{FleetId, LaneId, NamespaceId, SiteId, StorageId, WorkId};
use crate::model::paths::{
    CLIENT_NIC, DeadPath, Files, Lanes, PACING, Recovery, Resources, STRIPES, Slots, StoragePath, Transport,
};
use crate::model::rl::colocation::Colocation;
use crate::model::rl::generators::{EnvironmentParams, GeneratorParams, PoolParams, TurnStreams, Update, UserStreams};
use crate::model::rl::step::StepParams;
use crate::model::rl::trainer::{CheckpointParams, TrainerParams};
use crate::model::rl::{Rl, RlParams};
use crate::model::storage::Storage;
use crate::model::storage::requests::FileShape;
use crate::model::storage::space::{Load, account_of};
use crate::model::world::Relays;
use crate::model::world::{Claim, RlWork, Task, Work};
use crate::scenario::plan::{self, FanOut, IoWork, Pattern, Plan, TieredShare, WorkKind};
use crate::units::{SimDuration, SimTime};

/// Fair sharing serves background migration and scrubs at priority 0, so works begin at 1.
pub(super) const PRIORITY_BASE: u8 = 1;

/// All works, with their claims on fleets.
pub fn works(
    plan: &Plan,
    streams: &Streams,
    resources: &mut Resources,
    fleets: &mut [Fleet],
    storages: &mut [Storage],
) -> Vec<Work> {
    let all = streams.child("work");
    plan.works
        .iter()
        .enumerate()
        .map(|(w, work)| {
            let task = match &work.kind {
                WorkKind::Copy(copy) => {
                    let windows = copy.windows.as_ref();
                    let windows = windows.map(|w| super::rhythm::cycle(plan, w.every, w.parts.clone()));
                    Task::Copy(Copy { windows, ..Copy::new(super::copies::params(plan, copy, storages)) })
                }
                WorkKind::Io(io) if io.burst.is_some() => {
                    super::burst::task(plan, (work, io), &storages[io.storage], resources)
                }
                WorkKind::Io(io) if io.loader.is_some() => {
                    super::loader::task(plan, io, &storages[io.storage], &all.child(&work.name), resources)
                }
                WorkKind::Io(io) => {
                    let pace = io.pace.as_ref().map(|law| all.child(&work.name).stream("rate").sample(law));
                    let meter = resources.sharing.add_meter(&[]);
                    let first = first_step(io, pace);
                    let params = io_params(plan, io, &first, &storages[io.storage], meter);
                    let rhythm = super::rhythm::rhythm(plan, work, io);
                    if params.ingest {
                        let accounts = accounts(plan, work, io.storage);
                        let load = Load { work: WorkId::new(w), meter, paced: pace, rhythm: rhythm.clone(), accounts };
                        add_ingest(plan, io, load, resources, storages);
                    }
                    let own = own_limit(plan, io, &first, &storages[io.storage]);
                    let until = SimTime::ZERO + work.ends;
                    let pace = pace.map(|base| Pace { base, rhythm, factor: 1.0, peak: 0.0, own, until });
                    let later = steps(first, &io.phases).into_iter().map(|step| {
                        let mut params = io_params(plan, io, &step, &storages[io.storage], meter);
                        // Its connections are open already.
                        params.transport = params.transport.kept_open();
                        (step.at, params)
                    });
                    Task::Io(Io { steps: later.collect(), pace, ..Io::new(params) })
                }
                WorkKind::Trace(trace) => super::trace::task(plan, w, trace),
                WorkKind::Rl(rl) => {
                    let place = Place { plan, work, id: WorkId::new(w), streams: all.child(&work.name) };
                    Task::Rl(Box::new(place.rl(rl, resources, fleets, storages)))
                }
            };
            Work {
                name: work.name.clone(),
                owner: resources.sharing.add_owner(),
                lanes: lanes(plan, work),
                priority: work.priority + PRIORITY_BASE,
                starts: SimTime::ZERO + work.starts,
                ends: (work.ends < plan.horizon).then_some(SimTime::ZERO + work.ends),
                task,
            }
        })
        .collect()
}

/// What a load writes stays where it is written, or moves on from there when it is old enough or its place is needed.
fn add_ingest(plan: &Plan, io: &IoWork, load: Load, resources: &mut Resources, storages: &mut [Storage]) {
    let tier = plan.storages[io.storage].tier.filter(|tier| tier.moves(io.retention));
    let Some(tier) = tier else {
        storages[io.storage].space.add_ingest(load, io.retention);
        return;
    };
    let [moved, came] = [(); 2].map(|()| resources.sharing.add_meter(&[]));
    let rhythm = load.rhythm.as_ref().map(|rhythm| rhythm.delayed(tier.after.unwrap_or(SimDuration::ZERO)));
    // What has moved belongs to the same tenant there, where it is one there.
    let accounts = moved_accounts(plan, io.storage, tier.to, &load.accounts);
    let arrivals = Load { meter: came, rhythm, accounts, ..load.clone() };
    storages[io.storage].space.add_tiered(load, tier.after, tier.marks.is_some() && io.retention.is_none(), moved);
    let left =
        io.retention.zip(tier.after).map(|(all, past)| SimDuration::from_nanos(all.as_nanos() - past.as_nanos()));
    storages[tier.to].space.add_arrivals(StorageId::new(io.storage), arrivals, left);
}

/// Accounts of the tenant and the view of a work on a system.
fn accounts(plan: &Plan, work: &plan::Work, storage: usize) -> Vec<usize> {
    let own = lanes(plan, work).into_iter().find(|(of, _)| of.index() == storage).map(|(_, own)| own);
    own.into_iter().flat_map(|own| [own.tenant, own.view]).flatten().map(account_of).collect()
}

/// Accounts on system `to` of the tenants that `accounts` on system `from` are of.
fn moved_accounts(plan: &Plan, from: usize, to: usize, accounts: &[usize]) -> Vec<usize> {
    let lanes = &plan.storages[to].lanes;
    let tenants =
        plan.storages[from].lanes.iter().enumerate().filter(|(l, _)| accounts.contains(&account_of(LaneId::new(*l))));
    let same = |tenant: usize| lanes.iter().position(|lane| lane.tenant == Some(tenant));
    tenants.filter_map(|(_, lane)| lane.tenant).filter_map(same).map(|l| account_of(LaneId::new(l))).collect()
}

/// Whose a work is on the shared systems it uses.
fn lanes(plan: &Plan, work: &plan::Work) -> Vec<(StorageId, Lanes)> {
    let of = |s: usize| {
        let all = &plan.storages[s].lanes;
        let tenant = work.tenant.and_then(|tenant| all.iter().position(|lane| lane.tenant == Some(tenant)));
        let view = work.views.iter().find(|(storage, _)| *storage == s).map(|(_, view)| *view);
        (!all.is_empty()).then(|| Lanes { tenant: tenant.map(LaneId::new), view: view.map(LaneId::new) })
    };
    work.storages().iter().filter_map(|&(s, ..)| Some((StorageId::new(s), of(s)?))).collect()
}

/// Payload bytes that all streams may send in the first round trip; no limit without congestion control that starts slowly.
fn first_window(t: &plan::Transport) -> f64 {
    match t.recovery {
        plan::Recovery::LossBased { segment, .. } if t.initial_window > 0 => {
            f64::from(t.streams) * t.initial_window as f64 * segment.get()
        }
        _ => f64::INFINITY,
    }
}

pub(super) fn transport(t: &plan::Transport) -> Transport {
    let streams = f64::from(t.streams);
    let recovery = match t.recovery {
        plan::Recovery::LossBased { segment, constant } => Recovery::LossBased { segment: segment.get(), constant },
        plan::Recovery::GoBackN { segment } => Recovery::GoBackN { segment: segment.get() },
        plan::Recovery::Selective => Recovery::Selective,
    };
    let dead_path = t.dead_path.map(|dead| match dead {
        plan::DeadPath::BackOff { least, longest } => {
            DeadPath::BackOff { least: least.as_secs_f64(), longest: longest.as_secs_f64() }
        }
        plan::DeadPath::Retries { timeout, retries, reconnect } => DeadPath::Retries {
            timeout: timeout.as_secs_f64(),
            retries: f64::from(retries),
            reconnect: reconnect.as_secs_f64(),
        },
    });
    Transport {
        dead_path,
        streams,
        window_bytes: streams * t.window.get(),
        setup_rtts: t.setup_rtts,
        first_window: first_window(t),
        recovery,
        policy: super::parts::policy(t.routing),
    }
}

/// What a load does first.
fn first_step(io: &IoWork, pace: Option<f64>) -> Step {
    let read_share = match io.pattern {
        Pattern::Read => 1.0,
        Pattern::Write => 0.0,
        Pattern::Mixed { read_share } => read_share,
    };
    Step { at: SimDuration::ZERO, clients: io.clients, pace, read_share }
}

/// Payload rate that the interface of one client allows.
fn nic_of(plan: &Plan, io: &IoWork, read_share: f64) -> f64 {
    nic_limit(io.client_nic.get(), plan.storages[io.storage].client_overhead, read_share)
}

/// Rate that one client is held to by itself, and the cause: its interface, or the targets that its open files lie on.
fn own_limit(plan: &Plan, io: &IoWork, step: &Step, system: &Storage) -> (f64, u8) {
    let nic = (nic_of(plan, io, step.read_share), CLIENT_NIC);
    // What is read in a namespace lies on several systems.
    let striping = system.params.striping.filter(|_| io.namespace.is_none());
    let Some(striping) = striping else { return nic };
    let clients = step.clients as f64;
    let files = striping.load(clients * io.open_files as f64, step.read_share) / clients;
    if files < nic.0 { (files, STRIPES) } else { nic }
}

fn io_params(plan: &Plan, io: &IoWork, step: &Step, system: &Storage, meter: MeterId) -> IoParams {
    let storage = &plan.storages[io.storage];
    let &Step { clients, pace, read_share, .. } = step;
    let (size, depth) = (io.io_size.get(), f64::from(io.queue_depth));
    let requests = &system.params.requests;
    let (slots, operations, files) = match io.files {
        None => (requests.slots(1.0, depth, size, read_share), 1.0 / size, Files::default()),
        Some(plan::Files { size: file, operations, .. }) => {
            let shape = FileShape { size: file, parts: (file / size).ceil(), metadata: operations };
            let slots = requests.file_slots(1.0, depth, &shape, read_share);
            (slots, shape.parts / file, Files { metadata: operations / file, count: 1.0 / file })
        }
    };
    let protocol = io.protocol.map(|protocol| &system.params.protocols[protocol]);
    let tiered = io.tiered.map(|tiered| self::tiered(&tiered));
    // A read on the tier takes the time that it takes there.
    let tier = system.tier.map(|tier| &plan.storages[tier.to.index()].requests);
    let there = tier.map_or(0.0, |r| r.read_latency.mean() + size / r.read_stream - requests.read.time(size));
    let added = protocol.map_or(0.0, |p| p.added(read_share)) + tiered.map_or(0.0, |t| read_share * t.share * there);
    let slots = Slots { latency: slots.latency + added, ..slots };
    let own = own_limit(plan, io, step, system);
    let each = pace.map_or(f64::INFINITY, |pace| pace / clients as f64);
    let client_limit = if each < own.0 { (each, PACING) } else { own };
    IoParams {
        storage: StorageId::new(io.storage),
        namespace: io.namespace.map(NamespaceId::new),
        storage_site: SiteId::new(storage.site),
        site: SiteId::new(io.site),
        clients,
        client_limit,
        interface: nic_of(plan, io, read_share),
        slots,
        read_share,
        operations,
        files,
        protocol: io.protocol,
        tiered,
        // Little's law needs one number of outstanding operations for the whole run.
        outstanding: (pace.is_none() && io.phases.is_empty())
            .then_some(depth.min(requests.client_slots) * clients as f64),
        ingest: io.ingest,
        meter,
        transport: transport(&io.transport),
    }
}

/// The share of its reads that is on the tier, in the steady state: an object is there unless it was read within the time.
fn tiered(tiered: &plan::Tiered) -> Tiered {
    let (share, held) = match tiered.share {
        TieredShare::Stated(share) => (share, None),
        TieredShare::Unread { seconds, rate, data, object, popularity } => {
            let objects = (data.get() / object.get()).round().max(1.0);
            let (hit, held) = namespaces::law(popularity).read_within(objects, rate * seconds / object.get());
            ((1.0 - hit).max(0.0), Some(held * data.get()))
        }
    };
    Tiered { share, held, promote: tiered.promote }
}

struct Place<'a> {
    plan: &'a Plan,
    work: &'a plan::Work,
    id: WorkId,
    streams: Streams,
}

impl Place<'_> {
    fn claim(&self, fleets: &mut [Fleet], fleet: usize, gpus: u64, engine_gpus: u64) -> Claim {
        let part = &self.plan.fleets[fleet];
        Claim {
            fleet: FleetId::new(fleet),
            site: SiteId::new(part.site),
            pool: fleets[fleet].add_pool(self.id, self.work.priority),
            units: gpus.div_ceil(part.gpus_per_unit),
            engine_gpus,
        }
    }

    fn rl(&self, rl: &plan::RlWork, resources: &mut Resources, fleets: &mut [Fleet], storages: &[Storage]) -> RlWork {
        let trainer = self.claim(fleets, rl.trainer_fleet, rl.trainer_gpus, 1);
        let pools: Vec<Claim> = match rl.colocation {
            Some(_) => vec![Claim { engine_gpus: rl.engine.gpus, ..trainer }],
            None => rl.generators.iter().map(|&(f, gpus)| self.claim(fleets, f, gpus, rl.engine.gpus)).collect(),
        };
        let nic = self.plan.fleets[rl.trainer_fleet].frontend_per_gpu.get();
        let senders = resources.add(format!("work.{}.senders", self.work.name), rl.weights.senders as f64 * nic);
        let trainer_nics = ["out", "in"]
            .map(|way| resources.add(format!("work.{}.trainer-{way}", self.work.name), rl.trainer_gpus as f64 * nic));
        RlWork {
            rl: Rl::new(RlParams {
                work: self.id,
                generators: self.generators(rl),
                trainer: self.trainer(rl),
                publish: publish(self.plan, rl),
                engine_start: rl.engine.start,
                colocation: rl.colocation.map(|c| Colocation {
                    to_train: c.offload,
                    reshard: c.reshard,
                    wake: c.engine_switch,
                }),
                feedback_target: rl.feedback_target,
                max_lag: rl.max_lag,
                admission: admission(rl.admission),
                sync_every: rl.weights.sync_every,
                control: rl.controller.as_ref().map(|c| control(c, &self.streams)),
            }),
            trainer,
            pools,
            senders,
            trainer_nics,
            relays: super::copies::rule(rl.weights.across).map(|rule| Relays::new(rule, rl.weights.inner_bucket.get())),
            inner_rates: rl.generators.iter().map(|&(_, gpus)| inner_rate(rl, gpus)).collect(),
            receivers: rl.generators.iter().map(|&(fleet, _)| self.receiver(rl, fleet)).collect(),
            flows: [rl.weights.flows as f64, self.trainer_nodes(rl, rl.weights.senders)],
            store: rl.weights.store.map(|s| self.store(rl, &storages[s], StorageId::new(s))),
            stored: 0.0,
            checkpoint: rl.checkpoint.map(|c| self.checkpoint(rl, &c, &storages[c.storage])),
            checkpoint_keep: rl.checkpoint.map_or(1, |c| c.keep as usize),
            checkpoints: VecDeque::new(),
            transport: transport(&rl.transport),
        }
    }

    /// Every node of the trainer is a client of the system that takes its checkpoints.
    fn checkpoint(&self, rl: &plan::RlWork, c: &plan::Checkpoint, system: &Storage) -> StoragePath {
        let nodes = self.trainer_nodes(rl, rl.trainer_gpus);
        let slots = |reads: f64| system.params.requests.all_slots(nodes, c.io_size.get(), reads);
        StoragePath {
            storage: StorageId::new(c.storage),
            operations: 1.0 / c.io_size.get(),
            write: slots(0.0),
            read: slots(1.0),
        }
    }

    /// Nodes of the trainer that hold this many GPUs.
    fn trainer_nodes(&self, rl: &plan::RlWork, gpus: u64) -> f64 {
        gpus.div_ceil(self.plan.fleets[rl.trainer_fleet].gpus_per_node) as f64
    }

    /// Bytes per second that one who fetches a copy can take: the interfaces of a node, or of an engine. A site takes its copy
    /// on as many nodes as it needs.
    fn receiver(&self, rl: &plan::RlWork, fleet: usize) -> f64 {
        let part = &self.plan.fleets[fleet];
        let gpus = match rl.weights.fan_out {
            FanOut::Tree | FanOut::Peer => return f64::INFINITY,
            FanOut::PerNode => part.gpus_per_node,
            FanOut::PerEngine => rl.engine.gpus,
        };
        gpus as f64 * part.frontend_per_gpu.get()
    }

    /// Every sending node is a client of the store, and so is everyone who fetches a copy.
    fn store(&self, rl: &plan::RlWork, system: &Storage, storage: StorageId) -> StoragePath {
        let size = rl.weights.io_size.get();
        let slots = |clients: f64, reads: f64| system.params.requests.all_slots(clients, size, reads);
        let senders = self.trainer_nodes(rl, rl.weights.senders);
        StoragePath {
            storage,
            operations: 1.0 / size,
            write: slots(senders, 0.0),
            read: slots(rl.weights.flows as f64, 1.0),
        }
    }

    fn generators(&self, rl: &plan::RlWork) -> GeneratorParams {
        let pools = rl
            .generators
            .iter()
            .enumerate()
            .map(|(g, &(fleet, gpus))| {
                let streams = self.streams.child(&self.plan.fleets[fleet].name).index(g as u64);
                PoolParams {
                    cohorts: rl.cohorts((gpus / rl.engine.gpus).max(1)) as usize,
                    lengths: streams.stream("lengths"),
                    rewards: streams.stream("rewards"),
                    swaps: streams.stream("swaps"),
                    drains: streams.stream("drains"),
                    users: UserStreams {
                        arrivals: streams.stream("user-arrivals"),
                        lengths: streams.stream("user-lengths"),
                        rewards: streams.stream("user-rewards"),
                    },
                    turns: TurnStreams { turns: streams.stream("turns"), environment: streams.stream("environment") },
                }
            })
            .collect();
        GeneratorParams {
            pools,
            group: rl.group as usize,
            slots: rl.engine.slots as usize,
            single_rate: rl.engine.single_rate,
            half_batch: rl.engine.half_batch,
            users: rl.users.as_ref().map(user_params),
            length: rl.length.clone(),
            length_cap: rl.length_cap,
            prompt: rl.prompt,
            environment: rl.environment.clone().map(|e| EnvironmentParams {
                turns: e.turns,
                time: e.time,
                observation: e.observation,
                hold: e.hold,
            }),
            reward: rl.reward.clone(),
            bytes_per_token: rl.bytes_per_token,
            ship_every: rl.ship_every,
            swap: rl.weights.swap.clone(),
            swap_waves: rl.weights.swap_waves as usize,
            update: match rl.weights.update {
                plan::Update::InFlight => Update::InFlight,
                plan::Update::Drain => Update::Drain,
                plan::Update::Abort => Update::Abort,
            },
            prefill_rate: rl.engine.prefill_rate,
        }
    }

    fn trainer(&self, rl: &plan::RlWork) -> TrainerParams {
        TrainerParams {
            batch: rl.batch as f64,
            step: StepParams {
                overhead: rl.step.overhead,
                update_flops: rl.step.update_flops * rl.active_parameters,
                logprob_flops: rl.step.logprob_flops * rl.active_parameters,
                peak_flops: self.plan.fleets[rl.trainer_fleet].peak_flops,
                mfu: rl.step.mfu,
                logprob_mfu: rl.step.logprob_mfu,
                mfu_gpus: rl.step.mfu_gpus,
                scaling: rl.step.scaling,
                micro_batch: rl.step.micro_batch,
                slowdown: rl.colocation.map_or(1.0, |c| c.slowdown),
            },
            checkpoint: rl.checkpoint.map(|c| CheckpointParams {
                every: c.every,
                bytes: c.bytes_per_parameter * rl.parameters,
                pause: SimDuration::from_secs_f64(c.pause),
                blocking: c.blocking,
            }),
        }
    }
}
