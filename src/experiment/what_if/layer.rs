//! Demands of one rule on the network: what they put on each link, with some links dead.

use std::collections::BTreeMap;

use super::offered::Chosen;
use crate::network::{Asked, Graph, Loader, Loads, Tree, Want, Way, by_pair, engineered};

/// Demands that are routed together.
pub(super) enum Layer<'a> {
    /// Each by itself.
    Ruled(Loader<'a>),
    /// All of them by one solution.
    Team(Team<'a>),
}

impl<'a> Layer<'a> {
    /// Lays demands over the network; `classes` are their priorities.
    pub(super) fn new(graph: &'a Graph, length: &'a [u64], wants: Vec<Want>, classes: Vec<u8>, chosen: Chosen) -> Self {
        match chosen {
            Chosen::Rule(rule) => Layer::Ruled(Loader::new(graph, length, &wants, rule)),
            Chosen::Engineered { most } => Layer::Team(Team { graph, length, wants, classes, most }),
        }
    }

    /// What demands that are routed each by itself come to at their stated rates with these edges dead.
    pub(super) fn ruled(&self, dead: &[usize]) -> Option<Loads> {
        match self {
            Layer::Ruled(loader) => Some(loader.under(dead)),
            Layer::Team(_) => None,
        }
    }

    /// What demands that are routed together come to with these edges dead, each at so many times its stated rate.
    pub(super) fn team(&self, dead: &[usize], times: &dyn Fn(usize) -> f64) -> Option<Loads> {
        match self {
            Layer::Ruled(_) => None,
            Layer::Team(team) => Some(team.times(times).under(dead)),
        }
    }

    /// Arcs of each demand in their order, with the share of it that each carries; empty without a way.
    pub(super) fn ways_under(&self, dead: &[usize], times: &dyn Fn(usize) -> f64) -> Vec<Vec<(usize, f64)>> {
        match self {
            Layer::Ruled(loader) => loader.ways_under(dead),
            Layer::Team(team) => {
                let spread = |ways: Vec<(f64, Way)>| -> Vec<(usize, f64)> {
                    ways.into_iter().flat_map(|(share, way)| way.into_iter().map(move |arc| (arc, share))).collect()
                };
                team.times(times).solve(dead).into_iter().map(spread).collect()
            }
        }
    }
}

/// Demands under traffic engineering.
pub(super) struct Team<'a> {
    pub(super) graph: &'a Graph,
    /// Length of each arc.
    pub(super) length: &'a [u64],
    pub(super) wants: Vec<Want>,
    /// Class of each.
    pub(super) classes: Vec<u8>,
    /// Most ways of a pair.
    pub(super) most: usize,
}

impl Team<'_> {
    /// The same with each demand at so many times its rate.
    fn times(&self, times: &dyn Fn(usize) -> f64) -> Self {
        let scaled = |(number, want): (usize, &Want)| Want { rate: want.rate * times(number), ..*want };
        let wants = self.wants.iter().enumerate().map(scaled).collect();
        Team { wants, classes: self.classes.clone(), ..*self }
    }

    /// What it comes to with these edges dead.
    pub(super) fn under(&self, dead: &[usize]) -> Loads {
        let mut loads = Loads { arcs: vec![0.0; self.graph.arcs().len()], unrouted: 0.0, lengths: Vec::new() };
        for (want, ways) in self.wants.iter().zip(self.solve(dead)) {
            if ways.is_empty() {
                loads.unrouted += want.rate;
            }
            for (share, way) in &ways {
                way.iter().for_each(|&arc| loads.arcs[arc] += share * want.rate);
            }
            let length = |way: &Way| way.iter().map(|&arc| self.length[arc]).fold(0, u64::saturating_add);
            loads.lengths.push(ways.iter().map(|(_, way)| length(way)).max());
        }
        loads
    }

    /// Ways and shares of each demand. One for which the solution has no way takes the cheapest.
    fn solve(&self, dead: &[usize]) -> Vec<Vec<(f64, Way)>> {
        let mut graph = self.graph.clone();
        for &edge in dead {
            graph.set_capacity(2 * edge, 0.0);
            graph.set_capacity(2 * edge + 1, 0.0);
        }
        // Demands of one pair and class are one, as in the simulation.
        let mut sums: BTreeMap<(usize, usize, u8), f64> = BTreeMap::new();
        for (want, &class) in self.wants.iter().zip(&self.classes).filter(|(want, _)| want.rate > 0.0) {
            *sums.entry((want.from, want.to, class)).or_insert(0.0) += want.rate;
        }
        let asked: Vec<Asked> =
            sums.into_iter().map(|((from, to, class), amount)| Asked { from, to, amount, class }).collect();
        let found = by_pair(&asked, &engineered(&graph, &asked, self.most));
        let usable = |arc: usize| graph.arcs()[arc].capacity > 0.0;
        let mut trees: BTreeMap<usize, Tree> = BTreeMap::new();
        let mut cheapest = |want: &Want| -> Vec<(f64, Way)> {
            let tree = trees.entry(want.from).or_insert_with(|| Tree::from(&graph, want.from, usable));
            tree.way(&graph, want.to).map(|way| (1.0, way)).into_iter().collect()
        };
        let of = |want: &Want| found.get(&(want.from, want.to)).cloned().unwrap_or_else(|| cheapest(want));
        self.wants.iter().map(of).collect()
    }
}
