//! Sites, links and fleets of a plan as parts of the world.

use crate::engine::rng::Streams;
use crate::model::fleet::{FleetParams, HazardParams};
use crate::model::ids::{LinkId, SiteId};
use crate::model::paths::{Resources, RoutePolicy};
use crate::model::wan::{
    Edge, Fixed, GroupParams, Installation, Installed, LinkParams, Outages, RestorationParams, RouteRules, WindowParams,
};
use crate::model::world::SitePart;
use crate::network::Apart;
use crate::scenario::plan::{self, Plan};
use crate::units::{SimDuration, SimTime};

/// Sites with their fabric, and each site's WAN edge. An edge that carries all its links at once never limits, so it is left out.
pub fn sites(plan: &Plan, resources: &mut Resources) -> (Vec<SitePart>, Vec<Edge>) {
    let attached = attached(plan, plan::Link::largest);
    let mut edges = Vec::new();
    let sites = plan
        .sites
        .iter()
        .zip(attached)
        .map(|(site, [out, back])| {
            let mut add = |part: &str, rate: f64| resources.add(format!("site.{}.{part}", site.name), rate);
            let edge = site.wan_edge.get();
            edges.push(((edge < out).then(|| add("edge-out", edge)), (edge < back).then(|| add("edge-in", edge))));
            SitePart {
                name: site.name.clone(),
                fabric_out: add("fabric-out", site.fabric.get()),
                fabric_in: add("fabric-in", site.fabric.get()),
            }
        })
        .collect();
    (sites, edges)
}

/// Capacity of the links of each site, out and in.
pub(super) fn attached(plan: &Plan, capacity: impl Fn(&plan::Link) -> [f64; 2]) -> Vec<[f64; 2]> {
    let mut sums = vec![[0.0; 2]; plan.sites.len()];
    for link in &plan.links {
        let [there, back] = capacity(link);
        for (site, [out, into]) in [(link.ends.0, [there, back]), (link.ends.1, [back, there])] {
            sums[site][0] += out;
            sums[site][1] += into;
        }
    }
    sums
}

fn outages(failures: &plan::Failures, streams: &Streams, purpose: &str) -> Outages {
    Outages {
        time_to_failure: failures.time_to_failure.clone(),
        time_to_repair: failures.time_to_repair.clone(),
        stream: streams.stream(purpose),
    }
}

/// Capacities and waves of a link by date.
fn installed(link: &plan::Link) -> Installed {
    let waves = |waves: u32| u16::try_from(waves).unwrap_or(u16::MAX);
    let step = |at: SimDuration, capacity: [f64; 2], of: u32| Installation {
        from: SimTime::ZERO + at,
        capacity,
        waves: waves(of),
    };
    let first = step(link.starts, [link.capacity.get(), link.back.get()], link.waves);
    let later = link.dated.iter().map(|d| step(d.at, [d.capacity; 2], d.waves));
    if link.starts.is_positive() {
        return Installed::dated(step(SimDuration::ZERO, [0.0; 2], 0), std::iter::once(first).chain(later).collect());
    }
    Installed::dated(first, later.collect())
}

/// Links with one resource a direction.
pub fn links(plan: &Plan, streams: &Streams, resources: &mut Resources) -> Vec<LinkParams> {
    let wan = streams.child("link");
    plan.links
        .iter()
        .enumerate()
        .map(|(l, link)| {
            let own = wan.child(&link.name);
            let failed = plan.failed.contains(&l);
            let (a, b) = (&plan.sites[link.ends.0].name, &plan.sites[link.ends.1].name);
            let installed = installed(link);
            let capacity = installed.at(SimTime::ZERO).capacity;
            let mut direction = |from: &str, to: &str, rate: f64| {
                resources.add(format!("link.{}.{from}-to-{to}", link.name), if failed { 0.0 } else { rate })
            };
            let there = direction(a, b, capacity[0]);
            let resources = if link.largest()[1] > 0.0 { [there, direction(b, a, capacity[1])] } else { [there; 2] };
            let wave_outages = match &link.wave_failures {
                Some(f) => (0..installed.most_waves()).map(|w| outages(f, &own.index(u64::from(w)), "wave")).collect(),
                None => Vec::new(),
            };
            LinkParams {
                name: link.name.clone(),
                ends: (SiteId::new(link.ends.0), SiteId::new(link.ends.1)),
                installed,
                rtt: link.rtt,
                metric: link.metric,
                framing: link.framing,
                loss: link.loss,
                resources,
                wave_outages,
                cuts: link.cuts.as_ref().map(|f| outages(f, &own, "cut")),
                degraded: link.degraded.as_ref().map(|(f, left)| (outages(f, &own, "degraded"), *left)),
                restoration: link.restoration.map(|spare| RestorationParams {
                    time: spare.time,
                    probability: spare.probability,
                    share: spare.share,
                    extra_rtt: spare.extra_rtt,
                    stream: own.stream("restoration"),
                }),
                failed,
            }
        })
        .collect()
}

/// How each site is lost as a whole.
pub fn site_outages(plan: &Plan, streams: &Streams) -> Vec<Option<Outages>> {
    let all = streams.child("site");
    let one = |site: &plan::Site| site.outage.as_ref().map(|f| outages(f, &all.child(&site.name), "outage"));
    plan.sites.iter().map(one).collect()
}

/// Maintenance windows.
pub fn windows(plan: &Plan) -> Vec<WindowParams> {
    let one = |window: &plan::Maintenance| WindowParams {
        links: window.links.iter().map(|&l| LinkId::new(l)).collect(),
        starts: SimTime::ZERO + window.starts,
        duration: window.duration,
        every: window.every,
        drain: window.drain,
        left: window.left,
    };
    plan.maintenance.iter().map(one).collect()
}

/// Sites that stations stand for, and the routes that a file states.
pub fn fixed_routes(plan: &Plan) -> (Vec<SiteId>, Fixed) {
    let stations = plan.stations.iter().map(|station| SiteId::new(station.site)).collect();
    let route = |route: &plan::FixedRoute| {
        let links = route.links.iter().map(|&l| LinkId::new(l)).collect();
        ((SiteId::new(route.from), SiteId::new(route.to)), links)
    };
    (stations, plan.routes.iter().map(route).collect())
}

/// How ways are chosen where a route may use several.
pub fn route_rules(plan: &Plan) -> RouteRules {
    let rules = plan.disjoint;
    let apart = if rules.nodes { Apart::Nodes } else { Apart::Edges };
    RouteRules {
        policy: policy(plan.routing),
        ways: rules.ways as usize,
        apart,
        by_capacity: rules.by_capacity,
        engineered_ways: plan.engineering.ways as usize,
        engineered_every: plan.engineering.every,
    }
}

/// A rule of routing in the words of the model.
pub fn policy(routing: plan::Routing) -> RoutePolicy {
    match routing {
        plan::Routing::Shortest => RoutePolicy::Shortest,
        plan::Routing::Ecmp => RoutePolicy::Ecmp,
        plan::Routing::Disjoint => RoutePolicy::Disjoint,
        plan::Routing::Engineered => RoutePolicy::Engineered,
    }
}

/// Shared-risk groups with the links they take down.
pub fn risk_groups(plan: &Plan, streams: &Streams) -> Vec<GroupParams> {
    let all = streams.child("risk-group");
    plan.risk_groups
        .iter()
        .enumerate()
        .map(|(g, group)| GroupParams {
            name: group.name.clone(),
            links: plan
                .links
                .iter()
                .enumerate()
                .filter(|(_, link)| link.fails && link.risk_groups.contains(&g))
                .map(|(l, _)| LinkId::new(l))
                .collect(),
            cuts: group.cuts.as_ref().map(|f| outages(f, &all.child(&group.name), "cut")),
        })
        .collect()
}

/// A fleet in units: rates per GPU become rates per unit, shares become whole units.
pub fn fleet(fleet: &plan::Fleet, streams: &Streams) -> FleetParams {
    let own = streams.child("fleet").child(&fleet.name);
    let units = fleet.nodes * fleet.gpus_per_node / fleet.gpus_per_unit;
    FleetParams {
        name: fleet.name.clone(),
        units,
        gpus_per_unit: fleet.gpus_per_unit,
        spare_units: (units as f64 * fleet.spares).ceil() as u64,
        hazards: fleet
            .hazards
            .iter()
            .map(|h| HazardParams {
                per_unit_second: h.per_gpu_second * fleet.gpus_per_unit as f64,
                repair: fleet.repairs[h.repair].time.clone(),
            })
            .collect(),
        in_operation: fleet.in_operation,
        detection: fleet.detection.clone(),
        replacement: fleet.replacement.clone(),
        failures: own.stream("time-to-failure"),
        detections: own.stream("detection"),
        repairs: own.stream("repair"),
        replacements: own.stream("replacement"),
        past: own.stream("past"),
    }
}

/// Measures that follow from the plan alone: power and rack positions in use.
pub fn fixed_measures(plan: &Plan) -> Vec<(String, f64)> {
    let mut out = Vec::new();
    for (s, site) in plan.sites.iter().enumerate() {
        let fleets = plan.fleets.iter().filter(|f| f.site == s);
        let storages = plan.storages.iter().filter(|x| x.site == s);
        // A fold from 0: an empty `sum` is -0.0, and shows its sign.
        let it = fleets
            .clone()
            .map(|f| f.nodes as f64 * f.node_power.get())
            .chain(storages.clone().map(|x| x.power.get()))
            .fold(0.0, |sum, power| sum + power);
        let racks: f64 = fleets
            .map(|f| f.nodes as f64 * f.racks_per_node)
            .chain(storages.map(|x| x.racks))
            .fold(0.0, |sum, racks| sum + racks);
        out.push((format!("site.{}.power", site.name), it * site.pue));
        if let Some(power) = site.power {
            out.push((format!("site.{}.power_free", site.name), power.get() - it * site.pue));
        }
        out.push((format!("site.{}.rack_positions", site.name), racks.ceil()));
    }
    out
}
