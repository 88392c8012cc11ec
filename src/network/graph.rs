//! Nodes and arcs.

/// A one-way connection between two nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arc {
    /// Node it leaves.
    pub from: usize,
    /// Node it enters.
    pub to: usize,
    /// What a way over it costs, at least 1.
    pub cost: u64,
    /// What it carries at most, above 0.
    pub capacity: f64,
}

/// A network. Arcs 2e and 2e + 1 are the two ways of edge e.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    arcs: Vec<Arc>,
    out: Vec<Vec<usize>>,
    into: Vec<Vec<usize>>,
}

/// The other way of the same edge.
pub fn opposite(arc: usize) -> usize {
    arc ^ 1
}

impl Graph {
    /// So many nodes and no arc.
    pub fn new(nodes: usize) -> Self {
        Graph { arcs: Vec::new(), out: vec![Vec::new(); nodes], into: vec![Vec::new(); nodes] }
    }

    /// Adds an edge between two different nodes with its capacities there and back; returns its number.
    pub fn add_edge(&mut self, ends: (usize, usize), cost: u64, capacities: [f64; 2]) -> usize {
        let edge = self.arcs.len() / 2;
        for (from, to, capacity) in [(ends.0, ends.1, capacities[0]), (ends.1, ends.0, capacities[1])] {
            self.out[from].push(self.arcs.len());
            self.into[to].push(self.arcs.len());
            self.arcs.push(Arc { from, to, cost: cost.max(1), capacity });
        }
        edge
    }

    /// Number of nodes.
    pub fn nodes(&self) -> usize {
        self.out.len()
    }

    /// All arcs in order of number.
    pub fn arcs(&self) -> &[Arc] {
        &self.arcs
    }

    /// Another capacity for an arc.
    pub fn set_capacity(&mut self, arc: usize, capacity: f64) {
        self.arcs[arc].capacity = capacity;
    }

    /// Arcs that leave a node, in order of number.
    pub fn out(&self, node: usize) -> &[usize] {
        &self.out[node]
    }

    /// Arcs that enter a node, in order of number.
    pub fn into(&self, node: usize) -> &[usize] {
        &self.into[node]
    }
}
