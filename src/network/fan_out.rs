//! From one node to several: who hands the payload to whom, over which arcs.
//!
//! A *crossing* is one transfer from a node that has the payload to one that needs it. Crossings come in an order in which every sender has the
//! payload before it sends. In a tree no arc is in two of them.

use super::graph::Graph;
use super::tree::{Tree, Way};

/// Who hands the payload to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FanRule {
    /// A chain: the source to the first sink, it to the next, in the order stated.
    Chain,
    /// A chain: from each sink to the one of cheapest way that has nothing yet; of equals the one stated first.
    Nearest,
    /// A tree: the sink of cheapest way from any node that has the payload joins it there, again and again (H. Takahashi & A. Matsuyama, *Math.
    /// Japonica* 24, 1980). It costs at most 2 − 2 ÷ k times the cheapest tree to k sinks in a network whose edges cost the same
    /// both ways. Nodes in between pass the payload on where the tree parts; elsewhere it goes through.
    Tree,
}

/// One transfer of the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// Node that has the payload.
    pub from: usize,
    /// Node that gets it.
    pub to: usize,
    /// Arcs from one to the other.
    pub way: Way,
    /// The crossing before, by its number, that brought the payload to `from`; none at the source.
    pub after: Option<usize>,
}

/// The crossings from `source` to all `sinks`, over arcs that `usable` admits; `None` where some sink has no way. The source, and a sink stated again, ask for nothing.
pub fn fan_out(
    graph: &Graph,
    source: usize,
    sinks: &[usize],
    rule: FanRule,
    usable: impl Fn(usize) -> bool,
) -> Option<Vec<Crossing>> {
    let mut left: Vec<usize> = Vec::with_capacity(sinks.len());
    for &sink in sinks {
        if sink != source && !left.contains(&sink) {
            left.push(sink);
        }
    }
    match rule {
        FanRule::Chain | FanRule::Nearest => chain(graph, source, left, rule == FanRule::Nearest, usable),
        FanRule::Tree => tree(graph, source, left.clone(), usable).map(|found| joined(found, &left)),
    }
}

fn chain(
    graph: &Graph,
    source: usize,
    mut left: Vec<usize>,
    nearest: bool,
    usable: impl Fn(usize) -> bool,
) -> Option<Vec<Crossing>> {
    let (mut found, mut at): (Vec<Crossing>, usize) = (Vec::new(), source);
    while !left.is_empty() {
        let tree = Tree::from(graph, at, &usable);
        let next = if nearest { cheapest(&tree, &left)? } else { 0 };
        let to = left.remove(next);
        let after = found.len().checked_sub(1);
        found.push(Crossing { from: at, to, way: tree.way(graph, to)?, after });
        at = to;
    }
    Some(found)
}

/// Place of the node of cheapest way in a list, the first of equals.
fn cheapest(tree: &Tree, nodes: &[usize]) -> Option<usize> {
    let reached = nodes.iter().enumerate().filter_map(|(place, &node)| Some((tree.cost(node)?, place)));
    reached.min().map(|(_, place)| place)
}

/// A way that joins a sink is a crossing for each arc, as others may start from any node on it later.
fn tree(graph: &Graph, source: usize, mut left: Vec<usize>, usable: impl Fn(usize) -> bool) -> Option<Vec<Crossing>> {
    let mut found: Vec<Crossing> = Vec::new();
    // What brought the payload to each node that has it; in order of coming.
    let mut has: Vec<(usize, Option<usize>)> = vec![(source, None)];
    while !left.is_empty() {
        let trees: Vec<Tree> = has.iter().map(|&(node, _)| Tree::from(graph, node, &usable)).collect();
        let join = |(root, tree): (usize, &Tree)| {
            let place = cheapest(tree, &left)?;
            Some((tree.cost(left[place])?, root, place))
        };
        let (_, root, place) = trees.iter().enumerate().filter_map(join).min()?;
        let (mut from, mut after) = has[root];
        for arc in trees[root].way(graph, left[place])? {
            let to = graph.arcs()[arc].to;
            found.push(Crossing { from, to, way: vec![arc], after });
            after = Some(found.len() - 1);
            has.push((to, after));
            left.retain(|&sink| sink != to);
            from = to;
        }
    }
    Some(found)
}

/// Crossings of single arcs, those through a node that is no sink and has one way on as one.
fn joined(found: Vec<Crossing>, sinks: &[usize]) -> Vec<Crossing> {
    let leave = |node: usize| found.iter().filter(|crossing| crossing.from == node).count();
    let through = |node: usize| !sinks.contains(&node) && leave(node) == 1;
    let mut out: Vec<Crossing> = Vec::with_capacity(found.len());
    // Where each crossing has gone.
    let mut place: Vec<usize> = Vec::with_capacity(found.len());
    for crossing in &found {
        let after = crossing.after.map(|before| place[before]);
        match after.filter(|_| through(crossing.from)) {
            Some(before) => {
                out[before].to = crossing.to;
                out[before].way.extend_from_slice(&crossing.way);
                place.push(before);
            }
            None => {
                place.push(out.len());
                out.push(Crossing { after, ..crossing.clone() });
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A star: 0 to 1, and 1 to each of 2, 3, 4 (costs 1, 2, 3), the edge from 0 costs 10.
    fn star() -> Graph {
        let mut graph = Graph::new(5);
        for (ends, cost) in [((0, 1), 10), ((1, 2), 1), ((1, 3), 2), ((1, 4), 3)] {
            graph.add_edge(ends, cost, [1.0, 1.0]);
        }
        graph
    }

    /// How often each arc that is used carries the payload, in order of arcs.
    fn copies(crossings: &[Crossing]) -> Vec<(usize, u32)> {
        let mut arcs: Vec<usize> = crossings.iter().flat_map(|crossing| crossing.way.iter().copied()).collect();
        arcs.sort_unstable();
        arcs.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u32)).collect()
    }

    fn all(_: usize) -> bool {
        true
    }

    fn hops(found: &[Crossing]) -> Vec<(usize, usize)> {
        found.iter().map(|crossing| (crossing.from, crossing.to)).collect()
    }

    /// Every sender has the payload before it sends, ways join their ends, and every sink gets it once.
    fn check(graph: &Graph, source: usize, sinks: &[usize], found: &[Crossing]) {
        for (number, crossing) in found.iter().enumerate() {
            match crossing.after {
                Some(before) => assert!(before < number && found[before].to == crossing.from),
                None => assert_eq!(crossing.from, source),
            }
            let ends = crossing.way.iter().map(|&arc| (graph.arcs()[arc].from, graph.arcs()[arc].to));
            assert_eq!(
                ends.fold(crossing.from, |at, (from, to)| if from == at { to } else { usize::MAX }),
                crossing.to
            );
        }
        for sink in sinks {
            assert_eq!(found.iter().filter(|crossing| crossing.to == *sink).count(), 1, "{sink} in {found:?}");
        }
    }

    /// The edge that three sinks share carries one copy in a tree or a chain; the edge to the first sink of a chain is used back as well.
    #[test]
    fn a_shared_hop_of_a_star_counts_once_in_a_tree() {
        let (graph, sinks) = (star(), [4, 2, 3]);
        let of = |rule| fan_out(&graph, 0, &sinks, rule, all).expect("all are reached");
        for rule in [FanRule::Chain, FanRule::Nearest, FanRule::Tree] {
            check(&graph, 0, &sinks, &of(rule));
        }
        assert_eq!(copies(&of(FanRule::Tree)), [(0, 1), (2, 1), (4, 1), (6, 1)]);
        assert_eq!(hops(&of(FanRule::Tree)), [(0, 1), (1, 2), (1, 3), (1, 4)]);
        assert_eq!(hops(&of(FanRule::Chain)), [(0, 4), (4, 2), (2, 3)]);
        assert_eq!(hops(&of(FanRule::Nearest)), [(0, 2), (2, 3), (3, 4)]);
        assert_eq!(copies(&of(FanRule::Nearest)), [(0, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1)]);
    }

    /// On a line 0-1-2-3 a chain and a tree are the same arcs once.
    #[test]
    fn on_a_line_a_chain_is_a_tree() {
        let mut graph = Graph::new(4);
        (0..3).for_each(|node| {
            graph.add_edge((node, node + 1), 5, [1.0, 1.0]);
        });
        let of = |rule| fan_out(&graph, 0, &[1, 2, 3], rule, all).expect("all are reached");
        assert_eq!(of(FanRule::Tree), of(FanRule::Chain));
        assert_eq!(of(FanRule::Tree), of(FanRule::Nearest));
        assert_eq!(copies(&of(FanRule::Tree)), [(0, 1), (2, 1), (4, 1)]);
    }

    /// A ring of four, all edges alike: the sink across joins at the sink that came first. With that edge dead it joins at the other.
    #[test]
    fn a_tree_grows_from_what_has_the_payload() {
        let mut graph = Graph::new(4);
        for ends in [(0, 1), (1, 2), (2, 3), (3, 0)] {
            graph.add_edge(ends, 1, [1.0, 1.0]);
        }
        let found = fan_out(&graph, 0, &[2, 1, 3], FanRule::Tree, all).expect("a ring");
        check(&graph, 0, &[1, 2, 3], &found);
        assert_eq!(hops(&found), [(0, 1), (0, 3), (1, 2)]);
        let cut = fan_out(&graph, 0, &[2, 1, 3], FanRule::Tree, |arc| arc / 2 != 1).expect("a line");
        assert_eq!(hops(&cut), [(0, 1), (0, 3), (3, 2)]);
    }

    #[test]
    fn who_cannot_be_reached_is_told_and_who_needs_nothing_gets_nothing() {
        let graph = star();
        for rule in [FanRule::Chain, FanRule::Nearest, FanRule::Tree] {
            assert_eq!(fan_out(&graph, 0, &[2, 3], rule, |arc| arc != 4), None);
            assert_eq!(fan_out(&graph, 0, &[0], rule, all), Some(Vec::new()));
            let twice = fan_out(&graph, 0, &[2, 2, 0], rule, all).expect("reached");
            assert_eq!(twice.last().map(|crossing| crossing.to), Some(2));
            assert_eq!(copies(&twice), [(0, 1), (2, 1)]);
        }
    }

    /// The node in between passes nothing on while one sink lies behind it, and does once two do.
    #[test]
    fn a_crossing_goes_through_nodes_where_the_tree_does_not_part() {
        let of = |sinks: &[usize]| fan_out(&star(), 0, sinks, FanRule::Tree, all).expect("all are reached");
        assert_eq!(of(&[3]), [Crossing { from: 0, to: 3, way: vec![0, 4], after: None }]);
        assert_eq!(hops(&of(&[3, 2])), [(0, 1), (1, 2), (1, 3)]);
        // As a sink itself it takes its copy on the way.
        assert_eq!(hops(&of(&[3, 1])), [(0, 1), (1, 3)]);
    }
}
