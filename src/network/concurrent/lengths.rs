//! Shortest ways by lengths that are not costs but prices of capacity.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::Problem;
use crate::network::graph::Graph;

/// Shortest ways from one node.
pub(super) struct Near {
    /// Distance of each node that can be reached.
    pub distance: Vec<Option<f64>>,
    /// Last arc of the way to a node.
    last: Vec<Option<usize>>,
    /// Nodes in the order in which they were reached.
    order: Vec<usize>,
}

impl Near {
    /// Dijkstra. Among equal distances the node of lower number goes first and the arc found first stays.
    pub fn from(problem: &Problem, root: usize, lengths: &[f64]) -> Self {
        let graph = problem.graph;
        let mut near = Near { distance: vec![None; graph.nodes()], last: vec![None; graph.nodes()], order: Vec::new() };
        let mut done = vec![false; graph.nodes()];
        near.distance[root] = Some(0.0);
        // The bits of floats that are not negative sort as the floats do.
        let mut open = BinaryHeap::from([Reverse((0_u64, root))]);
        while let Some(Reverse((bits, here))) = open.pop() {
            if std::mem::replace(&mut done[here], true) {
                continue;
            }
            near.order.push(here);
            for &arc in graph.out(here).iter().filter(|&&arc| problem.usable(arc)) {
                let there = graph.arcs()[arc].to;
                let next = f64::from_bits(bits) + lengths[arc];
                if !done[there] && near.distance[there].is_none_or(|best| next < best) {
                    near.distance[there] = Some(next);
                    near.last[there] = Some(arc);
                    open.push(Reverse((next.to_bits(), there)));
                }
            }
        }
        near
    }

    /// What each arc carries when every sink gets its amount by its shortest way; arcs that carry nothing are left out.
    pub fn loads(&self, graph: &Graph, sinks: &BTreeMap<usize, f64>) -> Vec<(usize, f64)> {
        let mut passes = vec![0.0; graph.nodes()];
        for (&sink, &amount) in sinks {
            passes[sink] += amount;
        }
        let mut loads = Vec::with_capacity(self.order.len());
        for &node in self.order.iter().rev() {
            if let Some(arc) = self.last[node].filter(|_| passes[node] > 0.0) {
                loads.push((arc, passes[node]));
                passes[graph.arcs()[arc].from] += passes[node];
            }
        }
        loads
    }
}

/// The factor that lengths prove cannot be passed: Σ capacity × length ÷ Σ demand × distance. A flow of λ times every demand
/// uses at least λ × Σ demand × distance of the Σ capacity × length that there is.
pub(super) fn bound(problem: &Problem, lengths: &[f64]) -> f64 {
    let there_is: f64 =
        (0..lengths.len()).filter(|&arc| problem.usable(arc)).map(|arc| problem.capacity[arc] * lengths[arc]).sum();
    let mut used = 0.0;
    for (&from, sinks) in &problem.sources {
        let near = Near::from(problem, from, lengths);
        used += sinks.iter().map(|(&to, amount)| amount * near.distance[to].unwrap_or(0.0)).sum::<f64>();
    }
    if used > 0.0 { there_is / used } else { f64::INFINITY }
}
