//! What a matrix of demands puts on every arc when each of them follows its ways in full, whatever the arcs can carry; and
//! the same with some edges dead.
//!
//! Demands are grouped by the node whose tree of cheapest ways they share, so a matrix costs one tree a node and not one
//! walk a pair. Without a dead edge in use a group is as before: a failure costs the groups that it touches.

use std::sync::OnceLock;

use super::disjoint::{Apart, disjoint};
use super::graph::Graph;
use super::spread::Spread;
use super::tree::{Tree, Way};

/// Which ways a demand follows, and in which shares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// The cheapest way.
    Cheapest,
    /// All cheapest ways, split evenly at every node.
    Spread,
    /// Ways that share nothing.
    Disjoint {
        /// Most ways.
        most: usize,
        /// What they may not share.
        apart: Apart,
        /// Shares by the capacity of each way's thinnest arc; even shares otherwise.
        by_capacity: bool,
    },
}

/// A rate from one node to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Want {
    /// Node it leaves.
    pub from: usize,
    /// Node it is for, another one.
    pub to: usize,
    /// Its rate, at least 0, in the unit of capacities. One of rate 0 loads nothing and still has a length.
    pub rate: f64,
}

/// What all demands together come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Loads {
    /// Rate on each arc.
    pub arcs: Vec<f64>,
    /// Rate of the demands that have no way.
    pub unrouted: f64,
    /// Length of the longest way of each demand in their order; `None` without one.
    pub lengths: Vec<Option<u64>>,
}

/// Demands that share a tree.
#[derive(Clone, Debug)]
struct Group {
    root: usize,
    /// Number of the demand, its other end, its rate.
    wants: Vec<(usize, usize, f64)>,
}

/// What one group comes to.
#[derive(Clone, Debug, Default)]
struct Part {
    /// Every arc on a way of the group, with its rate.
    arcs: Vec<(usize, f64)>,
    unrouted: f64,
    /// Number of the demand and length of its longest way.
    lengths: Vec<(usize, Option<u64>)>,
}

/// Demands laid over a network.
#[derive(Clone, Debug)]
pub struct Loader<'a> {
    graph: &'a Graph,
    rule: Rule,
    /// Length of each arc.
    length: &'a [u64],
    /// Whether each arc exists.
    open: Vec<bool>,
    groups: Vec<Group>,
    /// What each group comes to without a dead edge, once somebody has asked.
    whole: OnceLock<Vec<Part>>,
    wants: usize,
}

impl<'a> Loader<'a> {
    /// Lays `wants` over all arcs that have a capacity. `length` is that of each arc.
    pub fn new(graph: &'a Graph, length: &'a [u64], wants: &[Want], rule: Rule) -> Self {
        let mut groups: Vec<Group> = (0..graph.nodes()).map(|root| Group { root, wants: Vec::new() }).collect();
        for (number, want) in wants.iter().enumerate() {
            let (root, other) = if rule == Rule::Spread { (want.to, want.from) } else { (want.from, want.to) };
            groups[root].wants.push((number, other, want.rate));
        }
        groups.retain(|group| !group.wants.is_empty());
        let open = graph.arcs().iter().map(|arc| arc.capacity > 0.0).collect();
        Loader { graph, rule, length, open, groups, whole: OnceLock::new(), wants: wants.len() }
    }

    /// What it comes to with these edges dead.
    pub fn under(&self, dead: &[usize]) -> Loads {
        let mut loads =
            Loads { arcs: vec![0.0; self.graph.arcs().len()], unrouted: 0.0, lengths: vec![None; self.wants] };
        let whole = self.whole.get_or_init(|| self.groups.iter().map(|group| self.part(group, &[])).collect());
        for (group, whole) in self.groups.iter().zip(whole) {
            if whole.arcs.iter().any(|(arc, _)| dead.contains(&(arc / 2))) {
                loads.add(&self.part(group, dead));
            } else {
                loads.add(whole);
            }
        }
        loads
    }

    /// Arcs of each demand in their order, with the share of it that each carries; empty without a way.
    pub fn ways_under(&self, dead: &[usize]) -> Vec<Vec<(usize, f64)>> {
        let usable = |arc: usize| self.open[arc] && !dead.contains(&(arc / 2));
        let mut ways = vec![Vec::new(); self.wants];
        for group in &self.groups {
            let tree = match self.rule {
                Rule::Spread => Tree::to(self.graph, group.root, usable),
                _ => Tree::from(self.graph, group.root, usable),
            };
            for &(number, other, _) in &group.wants {
                ways[number] = match self.rule {
                    Rule::Cheapest => {
                        tree.way(self.graph, other).unwrap_or_default().into_iter().map(|a| (a, 1.0)).collect()
                    }
                    Rule::Spread => Spread::new(self.graph, &tree, (other, group.root), usable)
                        .map_or_else(Vec::new, |spread| spread.loads(self.graph, |_| true).0),
                    Rule::Disjoint { most, apart, by_capacity } => {
                        let ways = disjoint(self.graph, (group.root, other), most, apart, usable);
                        let shares = self.shares(&ways, by_capacity);
                        ways.into_iter().zip(shares).flat_map(|(way, s)| way.into_iter().map(move |a| (a, s))).collect()
                    }
                };
            }
        }
        ways
    }

    fn shares(&self, ways: &[Way], by_capacity: bool) -> Vec<f64> {
        let thinnest = |way: &Way| way.iter().map(|&arc| self.graph.arcs()[arc].capacity).fold(f64::INFINITY, f64::min);
        let weights: Vec<f64> = ways.iter().map(|way| if by_capacity { thinnest(way) } else { 1.0 }).collect();
        let total: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / total).collect()
    }

    fn part(&self, group: &Group, dead: &[usize]) -> Part {
        let usable = |arc: usize| self.open[arc] && !dead.contains(&(arc / 2));
        match self.rule {
            Rule::Cheapest => self.down_a_tree(group, &Tree::from(self.graph, group.root, usable)),
            Rule::Spread => self.up_all_ways(group, &Tree::to(self.graph, group.root, usable), usable),
            Rule::Disjoint { most, apart, by_capacity } => {
                let ways = |other| disjoint(self.graph, (group.root, other), most, apart, usable);
                self.over_ways(group, ways, by_capacity)
            }
        }
    }

    /// Rates are gathered from the leaves to the root, each arc once.
    fn down_a_tree(&self, group: &Group, tree: &Tree) -> Part {
        let nodes = self.graph.nodes();
        let (mut rate, mut passes, mut length) = (vec![0.0; nodes], vec![false; nodes], vec![None; nodes]);
        let order = tree.order();
        length[group.root] = Some(0);
        for &node in &order[1..] {
            let arc = tree.last(node).expect("every node but the root is reached over an arc");
            length[node] =
                length[self.graph.arcs()[arc].from].map(|before: u64| before.saturating_add(self.length[arc]));
        }
        let mut part = Part::default();
        for &(number, other, wanted) in &group.wants {
            part.lengths.push((number, length[other]));
            if length[other].is_none() {
                part.unrouted += wanted;
                continue;
            }
            rate[other] += wanted;
            passes[other] = true;
        }
        for &node in order[1..].iter().rev().filter(|&&node| node != group.root) {
            if !passes[node] {
                continue;
            }
            let arc = tree.last(node).expect("every node but the root is reached over an arc");
            part.arcs.push((arc, rate[node]));
            let before = self.graph.arcs()[arc].from;
            rate[before] += rate[node];
            passes[before] = true;
        }
        part
    }

    /// Rates flow from the sources to the root, split evenly at every node.
    fn up_all_ways(&self, group: &Group, tree: &Tree, usable: impl Fn(usize) -> bool) -> Part {
        let nodes = self.graph.nodes();
        let (mut rate, mut passes, mut length) = (vec![0.0; nodes], vec![false; nodes], vec![None; nodes]);
        let order = tree.order();
        length[group.root] = Some(0_u64);
        let next: Vec<Vec<usize>> = order.iter().map(|&node| Spread::next(self.graph, tree, node, &usable)).collect();
        for (&node, next) in order.iter().zip(&next).skip(1) {
            let over =
                |&arc: &usize| length[self.graph.arcs()[arc].to].map(|rest| rest.saturating_add(self.length[arc]));
            length[node] = next.iter().filter_map(over).max();
        }
        let mut part = Part::default();
        for &(number, other, wanted) in &group.wants {
            part.lengths.push((number, length[other]));
            if length[other].is_none() {
                part.unrouted += wanted;
                continue;
            }
            rate[other] += wanted;
            passes[other] = true;
        }
        for (&node, next) in order.iter().zip(&next).skip(1).rev().filter(|(node, _)| **node != group.root) {
            if !passes[node] {
                continue;
            }
            let share = rate[node] / next.len() as f64;
            for &arc in next {
                let to = self.graph.arcs()[arc].to;
                part.arcs.push((arc, share));
                rate[to] += share;
                passes[to] = true;
            }
        }
        part
    }

    fn over_ways(&self, group: &Group, ways: impl Fn(usize) -> Vec<Way>, by_capacity: bool) -> Part {
        let mut part = Part::default();
        for &(number, other, wanted) in &group.wants {
            let ways = ways(other);
            if ways.is_empty() {
                part.unrouted += wanted;
            }
            for (way, share) in ways.iter().zip(self.shares(&ways, by_capacity)) {
                part.arcs.extend(way.iter().map(|&arc| (arc, wanted * share)));
            }
            let length = |way: &Way| way.iter().map(|&arc| self.length[arc]).fold(0, u64::saturating_add);
            part.lengths.push((number, ways.iter().map(length).max()));
        }
        part
    }
}

impl Loads {
    fn add(&mut self, part: &Part) {
        for &(arc, rate) in &part.arcs {
            self.arcs[arc] += rate;
        }
        self.unrouted += part.unrouted;
        for &(number, length) in &part.lengths {
            self.lengths[number] = length;
        }
    }
}
