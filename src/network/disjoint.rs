//! Ways that share nothing: the k that are cheapest together.
//!
//! A minimum-cost flow of k units over arcs that carry one unit each, by successive shortest ways in the residual network
//! (Suurballe 1974, Bhandari 1999). Each step finds the cheapest way that may also undo arcs of earlier ones, so the set
//! is cheapest at every size, which a greedy removal of used arcs is not. Bellman–Ford takes the negative costs of undoing.

use super::graph::{Graph, opposite};
use super::tree::Way;

/// What ways may not share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apart {
    /// Edges.
    Edges,
    /// Edges, and nodes other than the ends.
    Nodes,
}

/// At most `most` ways between two different nodes that share no edge (and no inner node), with the least sum of costs for
/// as many as there are; cheapest first, ties by arcs. Empty where there is no way.
pub fn disjoint(
    graph: &Graph,
    ends: (usize, usize),
    most: usize,
    apart: Apart,
    usable: impl Fn(usize) -> bool,
) -> Vec<Way> {
    let mut flow = Flow::new(graph, ends, apart, usable);
    for _ in 0..most {
        if !flow.augment() {
            break;
        }
    }
    let mut ways = flow.ways(graph);
    ways.sort_by_cached_key(|way| (way.iter().map(|&arc| graph.arcs()[arc].cost).sum::<u64>(), way.len(), way.clone()));
    ways
}

/// An arc of the unit-capacity network, or an inner arc that lets one unit through a node.
#[derive(Clone, Copy, Debug)]
struct Unit {
    from: usize,
    to: usize,
    /// Cost and arcs, so that equal costs prefer fewer arcs.
    cost: (i64, i64),
    /// Arc of the graph.
    arc: Option<usize>,
    used: bool,
}

struct Flow {
    /// Node `n` is entered at 2n and left at 2n + 1 where nodes may not be shared; else both are 2n.
    ends: (usize, usize),
    nodes: usize,
    units: Vec<Unit>,
    split: usize,
}

impl Flow {
    fn new(graph: &Graph, ends: (usize, usize), apart: Apart, usable: impl Fn(usize) -> bool) -> Self {
        let split = usize::from(apart == Apart::Nodes);
        let mut units = Vec::new();
        for (number, arc) in graph.arcs().iter().enumerate().filter(|&(number, _)| usable(number)) {
            let cost = (i64::try_from(arc.cost).unwrap_or(i64::MAX / 1_000_000), 1);
            units.push(Unit { from: 2 * arc.from + split, to: 2 * arc.to, cost, arc: Some(number), used: false });
        }
        if split == 1 {
            let inner = (0..graph.nodes()).filter(|&n| n != ends.0 && n != ends.1);
            units.extend(inner.map(|n| Unit { from: 2 * n, to: 2 * n + 1, cost: (0, 0), arc: None, used: false }));
        }
        Flow { ends: (2 * ends.0 + split, 2 * ends.1), nodes: 2 * graph.nodes(), units, split }
    }

    /// One more unit by the cheapest residual way; false where there is none.
    fn augment(&mut self) -> bool {
        let mut label: Vec<Option<(i64, i64)>> = vec![None; self.nodes];
        let mut last: Vec<Option<usize>> = vec![None; self.nodes];
        label[self.ends.0] = Some((0, 0));
        // No negative cycle: the flow so far is cheapest for its size, so this ends within `nodes` rounds.
        let mut changed = true;
        while changed {
            changed = false;
            for (number, unit) in self.units.iter().enumerate() {
                let (from, to, sign) = if unit.used { (unit.to, unit.from, -1) } else { (unit.from, unit.to, 1) };
                let Some(known) = label[from] else { continue };
                let next = (known.0 + sign * unit.cost.0, known.1 + sign * unit.cost.1);
                if label[to].is_none_or(|best| next < best) {
                    label[to] = Some(next);
                    last[to] = Some(number);
                    changed = true;
                }
            }
        }
        if label[self.ends.1].is_none() {
            return false;
        }
        let mut at = self.ends.1;
        while at != self.ends.0 {
            let Some(number) = last[at] else { return false };
            let unit = &mut self.units[number];
            at = if unit.used { unit.to } else { unit.from };
            unit.used = !unit.used;
        }
        true
    }

    /// Takes the flow apart into ways. An edge used both ways would cost less unused, so none is.
    fn ways(&mut self, graph: &Graph) -> Vec<Way> {
        let mut used: Vec<bool> = vec![false; graph.arcs().len()];
        for arc in self.units.iter().filter(|unit| unit.used).filter_map(|unit| unit.arc) {
            used[arc] = true;
        }
        debug_assert!((0..used.len()).all(|arc| !(used[arc] && used[opposite(arc)])));
        let (from, to) = ((self.ends.0 - self.split) / 2, self.ends.1 / 2);
        let mut ways = Vec::new();
        while let Some(first) = graph.out(from).iter().copied().find(|&arc| used[arc]) {
            let (mut way, mut next) = (Vec::new(), Some(first));
            while let Some(arc) = next {
                used[arc] = false;
                way.push(arc);
                let at = graph.arcs()[arc].to;
                next = if at == to { None } else { graph.out(at).iter().copied().find(|&arc| used[arc]) };
            }
            ways.push(way);
        }
        ways
    }
}
