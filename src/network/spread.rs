//! Equal split over all equally cheap next hops, as routers do it: at every node what arrives is split evenly over the
//! arcs that lie on a cheapest way to the destination. Parallel arcs count one by one.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::Graph;
use super::tree::{Tree, Way};

/// An arc of a spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hop {
    /// Its number.
    pub arc: usize,
    /// Share of what reaches its tail that goes over it.
    pub share: f64,
}

/// All cheapest ways from one node to another with the share of each arc. Tails come before their heads.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    ends: (usize, usize),
    hops: Vec<Hop>,
}

impl Spread {
    /// The spread from `source` to the root of `tree`, which was made by [`Tree::to`] with the same `usable`.
    pub fn new(graph: &Graph, tree: &Tree, ends: (usize, usize), usable: impl Fn(usize) -> bool) -> Option<Self> {
        let mut hops = Vec::new();
        // Nodes by falling cost to the destination: every arc of a cheapest way leads to a lower one.
        let mut open = BTreeSet::from([(tree.cost(ends.0)?, ends.0)]);
        while let Some((_, here)) = open.pop_last() {
            let next = Self::next(graph, tree, here, &usable);
            for &arc in &next {
                hops.push(Hop { arc, share: 1.0 / next.len() as f64 });
                let to = graph.arcs()[arc].to;
                open.insert((tree.cost(to)?, to));
            }
        }
        Some(Spread { ends, hops })
    }

    /// Arcs out of a node that lie on a cheapest way to the root of `tree`, in order of number.
    pub(super) fn next(graph: &Graph, tree: &Tree, node: usize, usable: impl Fn(usize) -> bool) -> Vec<usize> {
        let on_a_way = |arc: usize| {
            let edge = graph.arcs()[arc];
            tree.cost(edge.to).is_some_and(|rest| Some(rest.saturating_add(edge.cost)) == tree.cost(node))
        };
        graph.out(node).iter().copied().filter(|&arc| usable(arc) && on_a_way(arc)).collect()
    }

    /// Its arcs.
    pub fn hops(&self) -> &[Hop] {
        &self.hops
    }

    /// What each arc carries of one unit sent, when only ways without a dead arc carry anything, and the part of the unit
    /// that arrives. Arcs that carry nothing are left out.
    pub fn loads(&self, graph: &Graph, alive: impl Fn(usize) -> bool) -> (Vec<(usize, f64)>, f64) {
        // The share of what reaches a node that survives to the destination, from the destination backwards.
        let mut survives: BTreeMap<usize, f64> = BTreeMap::from([(self.ends.1, 1.0)]);
        for hop in self.hops.iter().rev().filter(|hop| alive(hop.arc)) {
            let edge = graph.arcs()[hop.arc];
            let ahead = survives.get(&edge.to).copied().unwrap_or(0.0);
            *survives.entry(edge.from).or_insert(0.0) += hop.share * ahead;
        }
        let of = |node: usize| survives.get(&node).copied().unwrap_or(0.0);
        let mut reaches: BTreeMap<usize, f64> = BTreeMap::from([(self.ends.0, 1.0)]);
        let mut loads = Vec::new();
        for hop in self.hops.iter().filter(|hop| alive(hop.arc)) {
            let edge = graph.arcs()[hop.arc];
            let flow = reaches.get(&edge.from).copied().unwrap_or(0.0) * hop.share;
            *reaches.entry(edge.to).or_insert(0.0) += flow;
            let carried = flow * of(edge.to);
            if carried > 0.0 {
                loads.push((hop.arc, carried));
            }
        }
        (loads, of(self.ends.0))
    }

    /// The ways without a dead arc, each with its part of one unit sent, in order of their arcs; `None` where there are more than `most`.
    pub fn ways(&self, graph: &Graph, alive: impl Fn(usize) -> bool, most: usize) -> Option<Vec<(f64, Way)>> {
        let mut onward: BTreeMap<usize, Vec<Hop>> = BTreeMap::new();
        for hop in self.hops.iter().filter(|hop| alive(hop.arc)) {
            onward.entry(graph.arcs()[hop.arc].from).or_default().push(*hop);
        }
        let (mut found, mut open) = (Vec::new(), vec![(self.ends.0, 1.0, Way::new())]);
        // Dead ends are looked at, too; a spread has no circles.
        let mut looked = 0;
        while let Some((here, share, way)) = open.pop() {
            if here == self.ends.1 {
                found.push((share, way));
                continue;
            }
            for hop in onward.get(&here).into_iter().flatten().rev() {
                let mut longer = way.clone();
                longer.push(hop.arc);
                open.push((graph.arcs()[hop.arc].to, share * hop.share, longer));
            }
            looked += 1;
            if found.len() > most || looked > most * graph.nodes() {
                return None;
            }
        }
        (found.len() <= most).then_some(found)
    }

    /// The largest sum of `length` over the ways without a dead arc; zero where none is left.
    pub fn longest(&self, graph: &Graph, alive: impl Fn(usize) -> bool, length: impl Fn(usize) -> u64) -> u64 {
        let mut rest: BTreeMap<usize, u64> = BTreeMap::from([(self.ends.1, 0)]);
        for hop in self.hops.iter().rev().filter(|hop| alive(hop.arc)) {
            let edge = graph.arcs()[hop.arc];
            let Some(&ahead) = rest.get(&edge.to) else { continue };
            let entry = rest.entry(edge.from).or_insert(0);
            *entry = (*entry).max(ahead.saturating_add(length(hop.arc)));
        }
        rest.get(&self.ends.0).copied().unwrap_or(0)
    }
}
