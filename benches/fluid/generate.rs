//! Workloads without files: sites on a plane joined to their nearest neighbours, shortest routes, random flows.

use crate::load::{Arrival, Kind, Load};
use crate::random::Random;
use crate::weighted;
use clap::ValueEnum;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::str::FromStr;

/// Median and spread of a flow's bytes (log-normal), and their limits.
const BYTES: (f64, f64, f64, f64) = (8e9, 1.5, 1e6, 4e12);

/// What to generate.
#[derive(Clone, Debug)]
pub struct Spec {
    pub sites: usize,
    /// Each site is joined to this many nearest ones, which gives some 6 links a site and direction when it is 5.
    pub neighbours: usize,
    pub flows: usize,
    /// Pairs of sites with flows; all if there are fewer.
    pub pairs: usize,
    /// Use of the busiest link; nothing for all flows within the first second.
    pub load: Option<f64>,
    /// Classes of different weight per pair.
    pub weights: u32,
}

impl Default for Spec {
    fn default() -> Self {
        Spec { sites: 50, neighbours: 5, flows: 10_000, pairs: usize::MAX, load: None, weights: 1 }
    }
}

impl FromStr for Spec {
    type Err = String;

    fn from_str(text: &str) -> Result<Spec, String> {
        let mut spec = Spec::default();
        for part in text.split(',') {
            let (key, value) = part.split_once('=').ok_or_else(|| format!("{part:?} is not of the form key=value"))?;
            let number: f64 = value.parse().map_err(|_| format!("{value:?} is not a number"))?;
            match key {
                "sites" => spec.sites = number as usize,
                "neighbours" => spec.neighbours = number as usize,
                "flows" => spec.flows = number as usize,
                "pairs" => spec.pairs = number as usize,
                "load" => spec.load = Some(number),
                "weights" => spec.weights = number as u32,
                _ => return Err(format!("{key:?} is none of sites, neighbours, flows, pairs, load, weights")),
            }
        }
        if spec.sites < 2 || spec.flows < 1 || spec.pairs < 1 || spec.weights < 1 || spec.neighbours < 1 {
            return Err("all numbers are at least 1, and sites at least 2".to_owned());
        }
        Ok(spec)
    }
}

/// Which thing grows.
#[derive(Clone, Copy, ValueEnum)]
pub enum Growth {
    /// Flows at once, 50 sites.
    Flows,
    /// Classes, the same flows between more pairs of sites and with more weights, 50 sites.
    Classes,
    /// Sites, and with them links and the length of routes, the same number of flows.
    Resources,
    /// Flows at once with weights, coefficients and caps, 50 sites.
    Weighted,
}

impl Growth {
    /// The points of the series.
    pub fn specs(self) -> Vec<Spec> {
        let base = Spec::default();
        match self {
            Growth::Flows | Growth::Weighted => {
                let flows = [1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000];
                flows.map(|flows| Spec { flows, ..base.clone() }).to_vec()
            }
            Growth::Classes => {
                let pairs = [(1, 1), (10, 1), (100, 1), (500, 1), (2450, 1), (2450, 4), (2450, 16)];
                pairs.map(|(pairs, weights)| Spec { flows: 50_000, pairs, weights, ..base.clone() }).to_vec()
            }
            Growth::Resources => {
                let sites = [12, 25, 50, 100, 200, 400];
                sites.map(|sites| Spec { sites, flows: 20_000, ..base.clone() }).to_vec()
            }
        }
    }

    /// One point, named after the series.
    pub fn load(self, spec: &Spec) -> Load {
        let (name, load) = match self {
            Growth::Flows => ("flows", spec.load()),
            Growth::Classes => ("classes", spec.load()),
            Growth::Resources => ("resources", spec.load()),
            Growth::Weighted => ("weighted", weighted::all(spec.load(), 4)),
        };
        Load { name: format!("growth-{name}"), ..load }
    }
}

impl Spec {
    /// The workload. The same on every machine, but for the last bit of a logarithm.
    pub fn load(&self) -> Load {
        let network = Network::new(self.sites, self.neighbours);
        let (capacity, mut pairs, worst) = network.dimensioned();
        let mut random = Random(20_260_302);
        let wanted = self.pairs.min(pairs.len());
        for i in 0..wanted {
            let j = i + random.below((pairs.len() - i) as u32) as usize;
            pairs.swap(i, j);
        }
        pairs.truncate(wanted);
        let flows = self.flows(&mut random, wanted as u32, worst);
        let kinds = pairs.iter().map(|route| Kind::plain(route)).collect();
        let load = Load { name: format!("generated-{}x{}", self.sites, self.flows), capacity, kinds, flows };
        if self.weights > 1 { weighted::weights(load, self.weights) } else { load }
    }

    /// Arrivals with a rate that makes the busiest link as busy as wanted; `worst` is its use in seconds per byte of each flow.
    fn flows(&self, random: &mut Random, kinds: u32, worst: f64) -> Vec<Arrival> {
        let (median, sigma, least, most) = BYTES;
        let mean = median * (sigma * sigma / 2.0).exp();
        let gap = self.load.map(|load| worst * mean / load);
        let mut now = 0.0;
        let mut flow = |_| {
            let at = match gap {
                Some(gap) => {
                    now += random.exp() * gap;
                    now
                }
                None => random.unit(),
            };
            let kind = random.below(kinds);
            let bytes = (median * (sigma * normal(random)).exp()).clamp(least, most).floor();
            Arrival { arrival_ns: (at * 1e9) as i64, kind, bytes }
        };
        let mut flows: Vec<Arrival> = (0..self.flows).map(&mut flow).collect();
        flows.sort_by_key(|flow| flow.arrival_ns);
        flows
    }
}

/// Standard normal.
fn normal(random: &mut Random) -> f64 {
    let radius = (-2.0 * (1.0 - random.unit()).ln()).sqrt();
    radius * (2.0 * std::f64::consts::PI * random.unit()).cos()
}

/// Sites and the links between them. Edge `e` is the two directed links `2e` and `2e + 1`.
struct Network {
    /// Neighbour, metres, directed link.
    next: Vec<Vec<(usize, u64, usize)>>,
    links: usize,
}

impl Network {
    fn new(sites: usize, neighbours: usize) -> Network {
        let mut random = Random(20_260_301);
        let places: Vec<(f64, f64)> = (0..sites).map(|_| (random.unit() * 4e6, random.unit() * 2.5e6)).collect();
        let metres = |a: usize, b: usize| {
            let ((x, y), (u, v)) = (places[a], places[b]);
            (x - u).hypot(y - v).round() as u64
        };
        let mut edges = BTreeSet::new();
        for a in 0..sites {
            let mut others: Vec<usize> = (0..sites).filter(|&b| b != a).collect();
            others.sort_by_key(|&b| (metres(a, b), b));
            edges.extend(others.iter().take(neighbours).map(|&b| (a.min(b), a.max(b))));
        }
        while let Some(missing) = shortest_between_parts(sites, &edges, metres) {
            edges.insert(missing);
        }
        let mut next = vec![Vec::new(); sites];
        for (e, &(a, b)) in edges.iter().enumerate() {
            next[a].push((b, metres(a, b), 2 * e));
            next[b].push((a, metres(a, b), 2 * e + 1));
        }
        Network { next, links: 2 * edges.len() }
    }

    /// Capacities (a third of the links each 100, 400 and 800 Gb/s, more where more routes pass), the route of every pair, and the
    /// largest number of routes over a link, per route and capacity.
    fn dimensioned(&self) -> (Vec<f64>, Vec<Vec<usize>>, f64) {
        let mut routes = Vec::new();
        for from in 0..self.next.len() {
            let before = self.tree(from);
            for to in (0..self.next.len()).filter(|&to| to != from) {
                let mut route = Vec::new();
                let mut site = to;
                while site != from {
                    let (previous, link) = before[site];
                    route.push(link);
                    site = previous;
                }
                route.reverse();
                routes.push(route);
            }
        }
        let mut crossing = vec![0_usize; self.links];
        routes.iter().flatten().for_each(|&link| crossing[link] += 1);
        let mut edges: Vec<usize> = (0..self.links / 2).collect();
        edges.sort_by_key(|&e| crossing[2 * e] + crossing[2 * e + 1]);
        let mut capacity = vec![0.0; self.links];
        for (rank, &e) in edges.iter().enumerate() {
            let gbps = [100.0, 400.0, 800.0][(3 * rank / edges.len()).min(2)];
            capacity[2 * e] = gbps * 1e9 / 8.0;
            capacity[2 * e + 1] = gbps * 1e9 / 8.0;
        }
        let used = |link: usize| crossing[link] as f64 / routes.len() as f64 / capacity[link];
        let worst = (0..self.links).map(used).fold(0.0, f64::max);
        (capacity, routes, worst)
    }

    /// For each site the one before it on the shortest way from `from`, and the link between them.
    fn tree(&self, from: usize) -> Vec<(usize, usize)> {
        let mut before = vec![(usize::MAX, usize::MAX); self.next.len()];
        let mut metres = vec![u64::MAX; self.next.len()];
        metres[from] = 0;
        let mut open = BinaryHeap::from([Reverse((0, from))]);
        while let Some(Reverse((distance, site))) = open.pop() {
            if distance > metres[site] {
                continue;
            }
            for &(other, length, link) in &self.next[site] {
                if distance + length < metres[other] {
                    metres[other] = distance + length;
                    before[other] = (site, link);
                    open.push(Reverse((metres[other], other)));
                }
            }
        }
        before
    }
}

/// The shortest missing edge between two parts that are not connected.
fn shortest_between_parts(
    sites: usize,
    edges: &BTreeSet<(usize, usize)>,
    metres: impl Fn(usize, usize) -> u64,
) -> Option<(usize, usize)> {
    let mut part: Vec<usize> = (0..sites).collect();
    for &(a, b) in edges {
        let (old, new) = (part[a].max(part[b]), part[a].min(part[b]));
        if old != new {
            part.iter_mut().filter(|part| **part == old).for_each(|part| *part = new);
        }
    }
    let pairs = (0..sites).flat_map(|a| (a + 1..sites).map(move |b| (a, b)));
    pairs.filter(|&(a, b)| part[a] != part[b]).min_by_key(|&(a, b)| (metres(a, b), a, b))
}
