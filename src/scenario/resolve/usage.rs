//! What needs the whole world: reachability, contention, and things that change nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::Resolver;
use super::trace::trace_pairs;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Distribution, Namespace, Plan, SiteIx, Work, WorkKind};
use crate::scenario::text::source::Place;

/// Larger plans (pairs of sites times links squared) are not examined link by link.
const MAX_PATH_STEPS: usize = 200_000_000;

/// Bytes that a work sends between two sites, and the key that says so.
struct Demand {
    ends: (SiteIx, SiteIx),
    work: String,
    place: Place,
}

impl Resolver<'_> {
    pub(super) fn check_world(&mut self, plan: &Plan) {
        self.check_gpus(plan);
        self.check_space(plan);
        self.check_lanes(plan);
        self.check_requests(plan);
        self.check_metrics();
        let demands = self.demands(plan);
        let mut reach = Reach::new(plan);
        for demand in &demands {
            let (from, to) = demand.ends;
            if reach.reaches(from, to) && reach.reaches(to, from) {
                continue;
            }
            let (a, b) = (&plan.sites[demand.ends.0].name, &plan.sites[demand.ends.1].name);
            let message = format!("work '{}' sends bytes between '{a}' and '{b}', but no path joins them", demand.work);
            let found = Diagnostic::new("E0502", message).at(&demand.place);
            self.report(found.help(format!("add a link between '{a}' and '{b}', or links through other sites")));
        }
        self.check_traces(plan, &mut reach);
        self.check_islands(plan);
        for demand in &plan.standing {
            let apart = demand.pairs.iter().find(|&&(from, to, _)| !reach.reaches(from, to));
            let Some(&(from, to, _)) = apart else { continue };
            let (a, b) = (&plan.sites[from].name, &plan.sites[to].name);
            let message = format!("demand '{}' goes from '{a}' to '{b}', but no path leads there", demand.name);
            let found = Diagnostic::new("E0502", message).at(&self.place_of("demand", &demand.name));
            self.report(found.help(format!("add a link between '{a}' and '{b}', or links through other sites")));
        }
        if self.reader.findings.failed() {
            return;
        }
        self.unused_links(plan, &demands);
        self.unused_limit(plan);
        self.unused_keys(plan);
        self.unused_slow_start(plan);
        self.unused_relays(plan);
        self.unused_sites(plan);
        self.unused_storage(plan);
        self.check_namespaces(plan);
        self.check_replicas(plan);
        self.idle_tiers(plan);
        self.unused_groups(plan);
        self.unused_parts();
        self.check_room(plan);
        self.check_limits(plan);
    }

    /// GPUs that works ask for, against GPUs there are.
    fn check_gpus(&mut self, plan: &Plan) {
        let mut promised = vec![0_u64; plan.fleets.len()];
        for work in &plan.works {
            let mut own = vec![0_u64; plan.fleets.len()];
            for (fleet, gpus) in pools(work) {
                own[fleet] = own[fleet].saturating_add(gpus);
            }
            for (fleet, gpus) in own.into_iter().enumerate() {
                promised[fleet] = promised[fleet].saturating_add(gpus);
                let total = plan.fleets[fleet].nodes * plan.fleets[fleet].gpus_per_node;
                if gpus > total {
                    let name = &plan.fleets[fleet].name;
                    let message =
                        format!("work '{}' asks for {gpus} GPUs of fleet '{name}', which has {total}", work.name);
                    let place = self.pool_place(&work.name, name);
                    let found = Diagnostic::new("E0504", message).at(&place);
                    let fleet_place = self.place_of("fleet", name);
                    self.report(
                        found
                            .also(&fleet_place, "the fleet")
                            .help(format!("ask for at most {total}, or enlarge the fleet")),
                    );
                }
            }
        }
        if self.reader.findings.failed() {
            return;
        }
        for (fleet, promised) in plan.fleets.iter().zip(promised) {
            let total = fleet.nodes * fleet.gpus_per_node;
            let in_service = (total as f64 * (1.0 - fleet.spares)).floor() as u64;
            if promised > in_service {
                let message = format!(
                    "works ask for {promised} GPUs of fleet '{}', which has {in_service} without its spares: priority decides",
                    fleet.name
                );
                let place = self.place_of("fleet", &fleet.name);
                self.report(Diagnostic::new("W0603", message).at(&place));
            }
        }
    }

    fn demands(&self, plan: &Plan) -> Vec<Demand> {
        let mut out = Vec::new();
        for work in &plan.works {
            let mut add = |a: SiteIx, b: SiteIx, place: Place| {
                if a != b {
                    out.push(Demand { ends: (a, b), work: work.name.clone(), place });
                }
            };
            match &work.kind {
                WorkKind::Copy(copy) => {
                    let from = plan.storages[copy.from].site;
                    for &to in &copy.to {
                        add(from, plan.storages[to].site, self.key_place("work", &work.name, "to"));
                    }
                }
                WorkKind::Io(io) => {
                    let key = if io.namespace.is_some() { "namespace" } else { "storage" };
                    add(io.site, plan.storages[io.storage].site, self.key_place("work", &work.name, key));
                }
                WorkKind::Trace(_) => {}
                WorkKind::Rl(rl) => {
                    let trainer = plan.fleets[rl.trainer_fleet].site;
                    for (fleet, _) in &rl.generators {
                        let place = self.pool_place(&work.name, &plan.fleets[*fleet].name);
                        add(plan.fleets[*fleet].site, trainer, place);
                    }
                    if let Some(checkpoint) = rl.checkpoint {
                        let place = self.key_place("work", &work.name, "checkpoint");
                        add(trainer, plan.storages[checkpoint.storage].site, place);
                    }
                    if let Some(store) = rl.weights.store {
                        let at = plan.storages[store].site;
                        let place = || self.key_place("work", &work.name, "weights");
                        let pools = rl.generators.iter().map(|&(fleet, _)| plan.fleets[fleet].site);
                        pools.chain([trainer]).for_each(|site| add(site, at, place()));
                    }
                }
            }
        }
        for namespace in &plan.namespaces {
            let home = plan.storages[namespace.home].site;
            for to in namespace.replicas.iter().map(|r| plan.storages[r.storage].site).filter(|to| *to != home) {
                let place = self.key_place("namespace", &namespace.name, "replicas");
                out.push(Demand { ends: (home, to), work: format!("replication of {}", namespace.name), place });
            }
        }
        for storage in &plan.storages {
            let Some(tier) = storage.tier else { continue };
            let (from, to) = (storage.site, plan.storages[tier.to].site);
            if from != to {
                let place = self.key_place("storage", &storage.name, "tier");
                out.push(Demand { ends: (from, to), work: format!("tier of {}", storage.name), place });
            }
        }
        out
    }

    fn unused_links(&mut self, plan: &Plan, demands: &[Demand]) {
        let of_works = demands.iter().map(|d| d.ends).chain(trace_pairs(plan));
        let standing = plan.standing.iter().flat_map(|d| d.pairs.iter().map(|&(from, to, _)| (from, to)));
        let mut pairs: Vec<_> = of_works.chain(standing).map(|(a, b)| (a.min(b), a.max(b))).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let net = Net::new(plan);
        let steps = pairs.len().saturating_mul(plan.links.len()).saturating_mul(plan.links.len());
        let exact = steps <= MAX_PATH_STEPS;
        let top = self.top;
        let stated = |name: &str| top.tables("link").binary_search_by(|link| link.name.as_str().cmp(name)).is_ok();
        for link in plan.links.iter().filter(|link| stated(&link.name)) {
            let matters = pairs.iter().any(|pair| !exact || net.on_a_path(*pair, link.ends));
            if matters {
                continue;
            }
            let why = match pairs.is_empty() {
                true => "nothing is sent between sites",
                false => "no path of anything that is sent contains it",
            };
            let message = format!("link '{}' cannot matter: {why}", link.name);
            let place = self.place_of("link", &link.name);
            self.report(Diagnostic::new("W0602", message).at(&place));
        }
    }

    /// Weights pass from site to site only where there are several sites.
    fn unused_relays(&mut self, plan: &Plan) {
        for work in &plan.works {
            let WorkKind::Rl(rl) = &work.kind else { continue };
            let trainer = plan.fleets[rl.trainer_fleet].site;
            let sites = rl.generators.iter().map(|&(fleet, _)| plan.fleets[fleet].site).filter(|site| *site != trainer);
            if rl.weights.across == Distribution::Unicast || sites.collect::<BTreeSet<_>>().len() > 1 {
                continue;
            }
            let weights = self.record_of("work", &work.name).and_then(|record| record.table("weights"));
            let place =
                weights.map_or_else(|| self.place_of("work", &work.name), |weights| weights.place_of("across").clone());
            let message = "'across' has no effect: the weights go to one other site at most";
            self.report(Diagnostic::new("W0609", message).at(&place));
        }
    }

    fn unused_sites(&mut self, plan: &Plan) {
        let mut used = vec![false; plan.sites.len()];
        let at_ends = plan.links.iter().flat_map(|l| [l.ends.0, l.ends.1]);
        let of_clients = plan.works.iter().filter_map(|w| match &w.kind {
            WorkKind::Io(io) => Some(io.site),
            _ => None,
        });
        let of_parts = plan.fleets.iter().map(|f| f.site).chain(plan.storages.iter().map(|s| s.site));
        for site in at_ends.chain(of_clients).chain(of_parts) {
            used[site] = true;
        }
        for (site, _) in plan.sites.iter().zip(used).filter(|(_, used)| !used) {
            let place = self.place_of("site", &site.name);
            let message = format!("nothing is at site '{}'", site.name);
            self.report(Diagnostic::new("W0601", message).at(&place));
        }
    }

    fn unused_storage(&mut self, plan: &Plan) {
        let uses = |work: &Work, index: usize| match &work.kind {
            WorkKind::Copy(copy) => copy.from == index || copy.to.contains(&index),
            WorkKind::Io(io) => io.storage == index,
            WorkKind::Rl(rl) => rl.checkpoint.is_some_and(|c| c.storage == index) || rl.weights.store == Some(index),
            WorkKind::Trace(_) => false,
        };
        for (index, storage) in plan.storages.iter().enumerate() {
            let holds = |n: &Namespace| {
                n.caches.iter().any(|c| c.storage == index) || n.replicas.iter().any(|r| r.storage == index)
            };
            let caches = plan.namespaces.iter().any(holds);
            let tiers = plan.storages.iter().any(|s| s.tier.is_some_and(|tier| tier.to == index));
            if !caches && !tiers && !plan.works.iter().any(|work| uses(work, index)) {
                let place = self.place_of("storage", &storage.name);
                let message = format!("no work reads or writes storage system '{}'", storage.name);
                self.report(Diagnostic::new("W0604", message).at(&place));
            }
        }
    }

    fn unused_groups(&mut self, plan: &Plan) {
        for (index, group) in plan.risk_groups.iter().enumerate() {
            if !plan.links.iter().any(|l| l.risk_groups.contains(&index)) {
                let place = self.place_of("risk_group", &group.name);
                let message = format!("no link that can fail is in risk group '{}'", group.name);
                self.report(Diagnostic::new("W0604", message).at(&place));
            }
        }
    }

    fn unused_parts(&mut self) {
        for (name, place) in self.reader.shelf.unused() {
            let message = format!("nothing is a part '{name}'");
            self.report(Diagnostic::new("W0604", message).at(&place));
        }
    }

    /// Racks and power against what the site offers.
    fn check_room(&mut self, plan: &Plan) {
        for (index, site) in plan.sites.iter().enumerate() {
            let fleets = || plan.fleets.iter().filter(move |f| f.site == index);
            let storages = || plan.storages.iter().filter(move |s| s.site == index);
            let it: f64 = fleets().map(|f| f.nodes as f64 * f.node_power.get()).sum::<f64>()
                + storages().map(|s| s.power.get()).sum::<f64>();
            if site.power.is_some_and(|power| it * site.pue > power.get()) {
                let message = format!("the parts at '{}' draw more power than the site has", site.name);
                let place = self.key_place("site", &site.name, "power");
                self.report(Diagnostic::new("W0610", message).at(&place));
            }
            for (cooling, positions) in &site.rack_positions {
                let racks: f64 =
                    fleets().filter(|f| f.cooling == *cooling).map(|f| f.nodes as f64 * f.racks_per_node).sum();
                let cooled = storages().filter(|s| s.cooling.as_deref() == Some(cooling));
                let shelves: f64 = cooled.map(|s| s.racks).sum();
                let (racks, what) = (racks + shelves, if shelves > 0.0 { "the parts" } else { "fleets" });
                if racks > *positions as f64 {
                    let message = format!(
                        "{what} at '{}' need {racks:.0} {cooling} rack positions, {positions} are there",
                        site.name
                    );
                    let place = self.key_place("site", &site.name, "rack_positions");
                    self.report(Diagnostic::new("W0610", message).at(&place));
                }
            }
        }
    }

    pub(super) fn place_of(&self, table: &str, name: &str) -> Place {
        let record = self.record_of(table, name);
        record.map_or_else(|| self.top.place.clone(), |r| r.place.clone())
    }

    pub(super) fn key_place(&self, table: &str, name: &str, key: &str) -> Place {
        let record = self.record_of(table, name);
        record.map_or_else(|| self.top.place.clone(), |r| r.place_of(key).clone())
    }

    /// Where a work takes GPUs of a fleet.
    fn pool_place(&self, work: &str, fleet: &str) -> Place {
        let record = self.record_of("work", work);
        let pools = record.into_iter().flat_map(|r| r.tables("generators").iter().chain(r.table("trainer")));
        let found = pools.into_iter().find(|pool| pool.text("fleet") == Some(fleet));
        found.map_or_else(|| self.place_of("work", work), |pool| pool.place_of("gpus").clone())
    }
}

/// Fleets and GPUs a work takes.
fn pools(work: &Work) -> Vec<(usize, u64)> {
    match &work.kind {
        WorkKind::Rl(rl) => {
            let mut out = if rl.colocation.is_some() { Vec::new() } else { rl.generators.clone() };
            out.push((rl.trainer_fleet, rl.trainer_gpus));
            out
        }
        _ => Vec::new(),
    }
}

/// Where bytes get to from a site, by links in the direction they go.
pub(super) struct Reach {
    ways: Vec<Vec<SiteIx>>,
    from: BTreeMap<SiteIx, Vec<bool>>,
}

impl Reach {
    fn new(plan: &Plan) -> Self {
        let mut ways = vec![Vec::new(); plan.sites.len()];
        for link in &plan.links {
            ways[link.ends.0].push(link.ends.1);
            if link.back.get() > 0.0 {
                ways[link.ends.1].push(link.ends.0);
            }
        }
        Reach { ways, from: BTreeMap::new() }
    }

    pub(super) fn reaches(&mut self, from: SiteIx, to: SiteIx) -> bool {
        let Reach { ways, from: known } = self;
        let seen = known.entry(from).or_insert_with(|| {
            let mut seen = vec![false; ways.len()];
            let mut open = vec![from];
            while let Some(site) = open.pop() {
                if !std::mem::replace(&mut seen[site], true) {
                    open.extend(&ways[site]);
                }
            }
            seen
        });
        seen[to]
    }
}

/// Neighbours of every site.
struct Net {
    neighbours: Vec<Vec<SiteIx>>,
}

impl Net {
    fn new(plan: &Plan) -> Self {
        let mut neighbours = vec![Vec::new(); plan.sites.len()];
        for link in &plan.links {
            neighbours[link.ends.0].push(link.ends.1);
            neighbours[link.ends.1].push(link.ends.0);
        }
        Net { neighbours }
    }

    /// Whether some path without repeated sites between the pair uses the edge: the pair and the edge's ends are
    /// then joined by two paths that share no site (Menger).
    fn on_a_path(&self, (s, t): (SiteIx, SiteIx), (u, v): (SiteIx, SiteIx)) -> bool {
        let n = self.neighbours.len();
        // Site i is split into i (in) and n + i (out) so that each is used once; two units leave s and t.
        let mut flow = Flow::new(2 * n + 2);
        for i in 0..n {
            flow.edge(i, n + i);
            for &j in &self.neighbours[i] {
                flow.edge(n + i, j);
            }
        }
        let (source, sink) = (2 * n, 2 * n + 1);
        flow.edge(source, s);
        flow.edge(source, t);
        flow.edge(n + u, sink);
        flow.edge(n + v, sink);
        flow.augment(source, sink) && flow.augment(source, sink)
    }
}

/// Unit-capacity flow by augmenting paths.
struct Flow {
    /// Target and remaining capacity; an edge and its reverse stand side by side.
    edges: Vec<(usize, u8)>,
    out: Vec<Vec<usize>>,
}

impl Flow {
    fn new(nodes: usize) -> Self {
        Flow { edges: Vec::new(), out: vec![Vec::new(); nodes] }
    }

    fn edge(&mut self, from: usize, to: usize) {
        self.out[from].push(self.edges.len());
        self.edges.push((to, 1));
        self.out[to].push(self.edges.len());
        self.edges.push((from, 0));
    }

    /// Sends one more unit, if there is room.
    fn augment(&mut self, source: usize, sink: usize) -> bool {
        let mut by: Vec<Option<usize>> = vec![None; self.out.len()];
        let mut queue = std::collections::VecDeque::from([source]);
        while let Some(node) = queue.pop_front() {
            for &edge in &self.out[node] {
                let (to, room) = self.edges[edge];
                if room > 0 && to != source && by[to].is_none() {
                    by[to] = Some(edge);
                    queue.push_back(to);
                }
            }
        }
        let mut at = sink;
        while at != source {
            let Some(edge) = by[at] else { return false };
            self.edges[edge].1 -= 1;
            self.edges[edge ^ 1].1 += 1;
            at = self.edges[edge ^ 1].0;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(sites: usize, links: &[(usize, usize)]) -> Net {
        let mut neighbours = vec![Vec::new(); sites];
        for &(a, b) in links {
            neighbours[a].push(b);
            neighbours[b].push(a);
        }
        Net { neighbours }
    }

    #[test]
    fn an_edge_is_on_a_simple_path_or_not() {
        // A triangle 0-1-2 with a tail 2-3.
        let n = net(4, &[(0, 1), (1, 2), (2, 0), (2, 3)]);
        assert!(n.on_a_path((0, 1), (0, 1)));
        assert!(n.on_a_path((0, 1), (1, 2)), "by way of 2");
        assert!(!n.on_a_path((0, 1), (2, 3)), "a tail leads nowhere");
        assert!(n.on_a_path((0, 3), (2, 3)));
        assert!(n.on_a_path((0, 3), (0, 1)));
    }
}
