//! Cheapest ways from one node to all, or from all to one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::graph::Graph;

/// Arcs in order from the first node to the last.
pub type Way = Vec<usize>;

/// Cheapest ways from a root. Among equal costs the fewer arcs, then the node of lower number before, then the arc of lower
/// number: a total order.
#[derive(Clone, Debug)]
pub struct Tree {
    root: usize,
    /// Cost and arcs of the cheapest way, by node.
    label: Vec<Option<(u64, u32)>>,
    /// Last arc of that way, by node.
    last: Vec<Option<usize>>,
}

impl Tree {
    /// Cheapest ways from `root` to all nodes, over arcs that `usable` admits.
    pub fn from(graph: &Graph, root: usize, usable: impl Fn(usize) -> bool) -> Self {
        Self::grow(graph, root, usable, false)
    }

    /// Cheapest ways from all nodes to `root`.
    pub fn to(graph: &Graph, root: usize, usable: impl Fn(usize) -> bool) -> Self {
        Self::grow(graph, root, usable, true)
    }

    fn grow(graph: &Graph, root: usize, usable: impl Fn(usize) -> bool, backwards: bool) -> Self {
        let mut label: Vec<Option<(u64, u32)>> = vec![None; graph.nodes()];
        let mut last = vec![None; graph.nodes()];
        let mut done = vec![false; graph.nodes()];
        let mut open = BinaryHeap::from([Reverse(((0_u64, 0_u32), root))]);
        label[root] = Some((0, 0));
        while let Some(Reverse((known, here))) = open.pop() {
            if std::mem::replace(&mut done[here], true) {
                continue;
            }
            let arcs = if backwards { graph.into(here) } else { graph.out(here) };
            for &arc in arcs.iter().filter(|&&arc| usable(arc)) {
                let edge = graph.arcs()[arc];
                let there = if backwards { edge.from } else { edge.to };
                let next = (known.0.saturating_add(edge.cost), known.1 + 1);
                if !done[there] && label[there].is_none_or(|best| next < best) {
                    label[there] = Some(next);
                    last[there] = Some(arc);
                    open.push(Reverse((next, there)));
                }
            }
        }
        Tree { root, label, last }
    }

    /// Cost of the cheapest way between the root and a node; `None` where there is none.
    pub fn cost(&self, node: usize) -> Option<u64> {
        self.label[node].map(|(cost, _)| cost)
    }

    /// Nodes that the tree reaches, the root first, each after those its way passes.
    pub(super) fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.label.len()).filter(|&node| self.label[node].is_some()).collect();
        order.sort_by_key(|&node| (self.label[node], node));
        order
    }

    /// Arc between a node and the one next to it on its way to or from the root; `None` for the root and what is not reached.
    pub(super) fn last(&self, node: usize) -> Option<usize> {
        self.last[node]
    }

    /// Whether all its ways run over arcs that `admits`.
    pub fn is_over(&self, admits: impl Fn(usize) -> bool) -> bool {
        self.last.iter().flatten().all(|&arc| admits(arc))
    }

    /// The cheapest way from the root of a tree made by [`Tree::from`] to a node.
    pub fn way(&self, graph: &Graph, node: usize) -> Option<Way> {
        self.label[node]?;
        let mut way = Vec::new();
        let mut at = node;
        while at != self.root {
            let arc = self.last[at]?;
            way.push(arc);
            at = graph.arcs()[arc].from;
        }
        way.reverse();
        Some(way)
    }
}
