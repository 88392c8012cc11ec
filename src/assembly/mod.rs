//! Plan → World: the only module that knows both what a planner wrote and what is simulated.
//!
//! Every index of the plan becomes a typed id, every quantity a plain number in base units, every random quantity
//! gets its named stream: root seed / replication / kind / name / purpose.

mod burst;
mod concurrent;
mod copies;
mod demands;
mod loader;
mod loops;
mod namespaces;
mod parts;
mod phases;
mod rhythm;
mod steady;
mod storage;
mod trace;
mod works;

use crate::engine::rng::Streams;
use crate::engine::{Engine, Limits};
use crate::model::carriage::Carriage;
use crate::model::fleet::Fleet;
use crate::model::ids::FleetId;
use crate::model::paths::Resources;
use crate::model::recorder::BinProbe;
use crate::model::wan::Wan;
use crate::model::world::{Parts, World, bin_width};
use crate::scenario::plan::{Failures, Plan, Restoration};
use crate::units::{Dist, SimTime};

pub use crate::network::Concurrent;
pub use concurrent::{concurrent_by_priority, concurrent_flow};
pub use steady::{DemandClock, Steady, demand_instants, steady_unserved};

/// The world of a plan, ready to run: replication `replication` of root seed `seed`.
///
/// With `observe`, time series are recorded; they do not change the run. With `record_flows`, every finished movement
/// leaves a row.
pub fn engine(plan: &Plan, seed: u64, replication: u32, observe: bool, record_flows: bool) -> Engine<World> {
    let streams = Streams::root(seed).index(u64::from(replication));
    let world = world(plan, &streams, record_flows);
    let mut engine = Engine::new(world, Limits { events: plan.max_events.unwrap_or(u64::MAX), ..Limits::default() });
    engine.with_context(|world, ctx| world.begin(ctx));
    if observe {
        let bin = bin_width(plan.horizon);
        engine.add_probe(SimTime::ZERO + bin, bin, Box::new(BinProbe));
    }
    engine
}

fn world(plan: &Plan, streams: &Streams, record_flows: bool) -> World {
    let mut resources = Resources::default();
    let (sites, edges) = parts::sites(plan, &mut resources);
    let links = parts::links(plan, streams, &mut resources);
    let groups = parts::risk_groups(plan, streams);
    let mut storages = storage::storages(plan, streams, &mut resources);
    let mut fleets: Vec<Fleet> = plan
        .fleets
        .iter()
        .enumerate()
        .map(|(f, fleet)| Fleet::new(FleetId::new(f), parts::fleet(fleet, streams)))
        .collect();
    let mut namespaces = namespaces::namespaces(plan, &mut resources, &mut storages);
    let works = works::works(plan, streams, &mut resources, &mut fleets, &mut storages);
    namespaces::growing_replicas(plan, &mut resources, &mut namespaces, &mut storages);
    let demands = demands::demands(plan, &mut resources);
    let (sharing, names) = resources.finish();
    let mut carriage = Carriage::new(sharing, record_flows);
    carriage.count_from(trace::offset(plan, plan.works.len()));
    let mut wan = Wan::new(links, groups, edges, plan.reconvergence, parts::route_rules(plan));
    let (stations, routes) = parts::fixed_routes(plan);
    wan.fix_routes(stations, &routes);
    wan.lose_sites(parts::site_outages(plan, streams));
    wan.plan_windows(parts::windows(plan));
    World::new(Parts {
        names,
        carriage,
        sites,
        wan,
        fleets,
        storages,
        namespaces,
        dirty: namespaces::dirty(plan),
        demands,
        works,
        fixed: parts::fixed_measures(plan),
        warmup: SimTime::ZERO + plan.warmup,
        half: SimTime::from_secs_f64(0.5 * (plan.warmup.as_secs_f64() + plan.horizon.as_secs_f64())),
        bin: bin_width(plan.horizon),
    })
}

/// Whether nothing in the plan is random: then one replication says everything, and every KPI is exact.
pub fn is_deterministic(plan: &Plan) -> bool {
    let known = |failures: &Failures| {
        [&failures.time_to_failure, &failures.time_to_repair].iter().all(|d| matches!(d, Dist::Constant(_)))
    };
    let sure = |spare: &Restoration| spare.probability <= 0.0 || spare.probability >= 1.0;
    let links_stand = plan.links.iter().all(|l| {
        let slow = l.degraded.as_ref().map(|(failures, _)| failures);
        let mut all = l.wave_failures.iter().chain(&l.cuts).chain(slow);
        all.all(known) && l.restoration.as_ref().is_none_or(sure)
    });
    let sites_stand = plan.sites.iter().all(|s| s.outage.as_ref().is_none_or(known));
    let groups_stand = plan.risk_groups.iter().all(|g| g.cuts.as_ref().is_none_or(known));
    let fleets_stand = plan.fleets.iter().all(|f| f.hazards.iter().all(|h| h.per_gpu_second <= 0.0));
    let storages_stand = plan.storages.iter().all(|s| s.protection.as_ref().is_none_or(|p| !p.failures));
    let works_fixed = plan.works.iter().all(|w| match &w.kind {
        crate::scenario::plan::WorkKind::Rl(rl) => {
            [&rl.length, &rl.reward, &rl.weights.swap].iter().all(|d| matches!(d, Dist::Constant(_)))
        }
        crate::scenario::plan::WorkKind::Io(io) => {
            matches!(io.pace, None | Some(Dist::Constant(_)))
                && io.loader.is_none_or(|loader| loader.sample_sd.get() <= 0.0)
        }
        crate::scenario::plan::WorkKind::Copy(_) | crate::scenario::plan::WorkKind::Trace(_) => true,
    });
    links_stand && sites_stand && groups_stand && fleets_stand && storages_stand && works_fixed
}
