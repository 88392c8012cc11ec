//! Laws, each against enumeration of all ways of small networks.

use proptest::prelude::*;

use super::*;

/// A small network: nodes, and edges with costs from a few values so that ties are common.
fn networks() -> impl Strategy<Value = Graph> {
    (3_usize..7).prop_flat_map(|nodes| {
        proptest::collection::vec((0..nodes, 0..nodes, 1_u64..5), 1..11).prop_map(move |edges| {
            let mut graph = Graph::new(nodes);
            for (a, b, cost) in edges.into_iter().filter(|(a, b, _)| a != b) {
                graph.add_edge((a, b), cost, [1.0, 1.0]);
            }
            graph
        })
    })
}

/// Every way without a repeated node.
fn all_ways(graph: &Graph, from: usize, to: usize) -> Vec<Way> {
    fn walk(graph: &Graph, to: usize, seen: &mut Vec<usize>, way: &mut Way, out: &mut Vec<Way>) {
        let here = *seen.last().unwrap();
        if here == to {
            out.push(way.clone());
            return;
        }
        for &arc in graph.out(here) {
            let next = graph.arcs()[arc].to;
            if !seen.contains(&next) {
                seen.push(next);
                way.push(arc);
                walk(graph, to, seen, way, out);
                way.pop();
                seen.pop();
            }
        }
    }
    let mut out = Vec::new();
    walk(graph, to, &mut vec![from], &mut Vec::new(), &mut out);
    out
}

fn cost(graph: &Graph, way: &[usize]) -> u64 {
    way.iter().map(|&arc| graph.arcs()[arc].cost).sum()
}

fn inner(graph: &Graph, way: &[usize]) -> Vec<usize> {
    way[1..].iter().map(|&arc| graph.arcs()[arc].from).collect()
}

/// The most ways that share nothing, and the least cost of so many, by trying every set.
fn best_set(graph: &Graph, ways: &[Way], most: usize, apart: Apart) -> (usize, u64) {
    fn fits(graph: &Graph, a: &Way, b: &Way, apart: Apart) -> bool {
        let edges = a.iter().any(|&x| b.iter().any(|&y| x / 2 == y / 2));
        let nodes = inner(graph, a).iter().any(|n| inner(graph, b).contains(n));
        !(edges || apart == Apart::Nodes && nodes)
    }
    fn grow(graph: &Graph, ways: &[Way], set: &mut Vec<usize>, most: usize, apart: Apart, best: &mut (usize, u64)) {
        let total: u64 = set.iter().map(|&w| cost(graph, &ways[w])).sum();
        if set.len() > best.0 || (set.len() == best.0 && total < best.1) {
            *best = (set.len(), total);
        }
        if set.len() == most {
            return;
        }
        for next in set.last().map_or(0, |w| w + 1)..ways.len() {
            if set.iter().all(|&w| fits(graph, &ways[w], &ways[next], apart)) {
                set.push(next);
                grow(graph, ways, set, most, apart, best);
                set.pop();
            }
        }
    }
    let mut best = (0, 0);
    grow(graph, ways, &mut Vec::new(), most, apart, &mut best);
    best
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn trees_hold_cheapest_ways(graph in networks(), to in 1_usize..3) {
        let ways = all_ways(&graph, 0, to);
        let best = ways.iter().map(|way| (cost(&graph, way), way.len())).min();
        let there = Tree::from(&graph, 0, |_| true);
        prop_assert_eq!(there.cost(to), best.map(|b| b.0));
        prop_assert_eq!(Tree::to(&graph, to, |_| true).cost(0), best.map(|b| b.0));
        let way = there.way(&graph, to);
        prop_assert_eq!(way.as_ref().map(|way| (cost(&graph, way), way.len())), best);
        prop_assert!(way.is_none_or(|way| ways.contains(&way)));
    }

    /// A unit that is split evenly at every node, way by way: each cheapest way carries the product of the shares.
    #[test]
    fn a_spread_is_the_sum_of_its_ways(graph in networks(), to in 1_usize..3, dead in 0_usize..12) {
        let ways = all_ways(&graph, 0, to);
        let least = ways.iter().map(|way| cost(&graph, way)).min();
        let cheapest: Vec<&Way> = ways.iter().filter(|way| Some(cost(&graph, way)) == least).collect();
        let spread = Spread::new(&graph, &Tree::to(&graph, to, |_| true), (0, to), |_| true);
        prop_assert_eq!(spread.is_some(), !cheapest.is_empty());
        let Some(spread) = spread else { return Ok(()) };
        let alive = |arc: usize| arc / 2 != dead;
        // Next hops of a node on the way there: those that cheapest ways through it take.
        let tree = Tree::to(&graph, to, |_| true);
        let degree = |node: usize| {
            let on = |&&arc: &&usize| {
                let edge = graph.arcs()[arc];
                tree.cost(edge.to).is_some_and(|c| Some(c + edge.cost) == tree.cost(node))
            };
            graph.out(node).iter().filter(on).count() as f64
        };
        let (mut expected, mut arrives, mut longest) = (vec![0.0; graph.arcs().len()], 0.0, 0);
        for way in cheapest.iter().filter(|way| way.iter().all(|&arc| alive(arc))) {
            let share: f64 = way.iter().map(|&arc| 1.0 / degree(graph.arcs()[arc].from)).product();
            arrives += share;
            longest = longest.max(way.len() as u64);
            for &arc in *way {
                expected[arc] += share;
            }
        }
        let (loads, through) = spread.loads(&graph, alive);
        prop_assert!((through - arrives).abs() < 1e-12);
        for (arc, &load) in expected.iter().enumerate() {
            let found: f64 = loads.iter().filter(|l| l.0 == arc).map(|l| l.1).sum();
            prop_assert!((found - load).abs() < 1e-12, "arc {}: {} is not {}", arc, found, load);
        }
        prop_assert_eq!(spread.longest(&graph, alive, |_| 1), longest);
    }

    #[test]
    fn disjoint_ways_are_cheapest_together(graph in networks(), to in 1_usize..3, most in 1_usize..4, nodes: bool) {
        let apart = if nodes { Apart::Nodes } else { Apart::Edges };
        let all = all_ways(&graph, 0, to);
        let found = disjoint(&graph, (0, to), most, apart, |_| true);
        for way in &found {
            prop_assert!(all.contains(way), "{:?} is no way", way);
        }
        for (i, a) in found.iter().enumerate() {
            for b in &found[i + 1..] {
                prop_assert!(a.iter().all(|&x| b.iter().all(|&y| x / 2 != y / 2)), "an edge is shared");
                prop_assert!(!nodes || inner(&graph, a).iter().all(|n| !inner(&graph, b).contains(n)));
            }
        }
        let total: u64 = found.iter().map(|way| cost(&graph, way)).sum();
        prop_assert_eq!((found.len(), total), best_set(&graph, &all, most, apart));
    }
}

/// A matrix over a small network: with and without a dead edge its loads are the sums over its demands, one by one.
fn laid_one_by_one(graph: &Graph, wants: &[Want], rule: Rule, dead: usize) -> Loads {
    let usable = |arc: usize| arc / 2 != dead;
    let mut loads = Loads { arcs: vec![0.0; graph.arcs().len()], unrouted: 0.0, lengths: Vec::new() };
    for want in wants {
        let ends = (want.from, want.to);
        let shares: Vec<(usize, f64)> = match rule {
            Rule::Cheapest => {
                let way = Tree::from(graph, want.from, usable).way(graph, want.to);
                way.unwrap_or_default().into_iter().map(|arc| (arc, 1.0)).collect()
            }
            Rule::Spread => Spread::new(graph, &Tree::to(graph, want.to, usable), ends, usable)
                .map_or_else(Vec::new, |spread| spread.loads(graph, |_| true).0),
            Rule::Disjoint { most, apart, .. } => {
                let ways = disjoint(graph, ends, most, apart, usable);
                let share = 1.0 / ways.len() as f64;
                ways.into_iter().flatten().map(|arc| (arc, share)).collect()
            }
        };
        if shares.is_empty() {
            loads.unrouted += want.rate;
        }
        for (arc, share) in shares {
            loads.arcs[arc] += share * want.rate;
        }
        let cheapest = Tree::from(graph, want.from, usable).cost(want.to);
        loads.lengths.push(match rule {
            Rule::Disjoint { most, apart, .. } => {
                disjoint(graph, ends, most, apart, usable).iter().map(|way| cost(graph, way)).max()
            }
            _ => cheapest,
        });
    }
    loads
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_matrix_is_the_sum_of_its_demands(
        graph in networks(),
        pairs in proptest::collection::vec((0_usize..3, 0_usize..3, 0_u8..4), 1..8),
        dead in 0_usize..12,
        rule in 0_usize..3,
    ) {
        let want = |(from, to, rate): (usize, usize, u8)| Want { from, to, rate: f64::from(rate) };
        let wants: Vec<Want> = pairs.into_iter().filter(|(a, b, _)| a != b).map(want).collect();
        let apart = Rule::Disjoint { most: 2, apart: Apart::Edges, by_capacity: false };
        let rule = [Rule::Cheapest, Rule::Spread, apart][rule];
        let costs: Vec<u64> = graph.arcs().iter().map(|arc| arc.cost).collect();
        let loader = Loader::new(&graph, &costs, &wants, rule);
        for (dead, edges) in [(usize::MAX, vec![]), (dead, vec![dead])] {
            let (found, expected) = (loader.under(&edges), laid_one_by_one(&graph, &wants, rule, dead));
            for (arc, (a, b)) in found.arcs.iter().zip(&expected.arcs).enumerate() {
                prop_assert!((a - b).abs() < 1e-12, "arc {}: {} is not {}", arc, a, b);
            }
            let mut summed = vec![0.0; graph.arcs().len()];
            for (want, way) in wants.iter().zip(loader.ways_under(&edges)) {
                way.into_iter().for_each(|(arc, share)| summed[arc] += share * want.rate);
            }
            for (a, b) in summed.iter().zip(&expected.arcs) {
                prop_assert!((a - b).abs() < 1e-12, "the ways one by one: {} is not {}", a, b);
            }
            prop_assert!((found.unrouted - expected.unrouted).abs() < 1e-12);
            prop_assert_eq!(found.lengths, expected.lengths);
        }
    }
}

/// The case that removing the arcs of the first way gets wrong: the cheapest way crosses over, and blocks both.
#[test]
fn the_cheapest_way_is_undone_where_two_need_it() {
    let mut graph = Graph::new(4);
    for (a, b, cost) in [(0, 1, 1), (1, 2, 1), (2, 3, 1), (0, 2, 3), (1, 3, 3)] {
        graph.add_edge((a, b), cost, [1.0, 1.0]);
    }
    let pair = disjoint(&graph, (0, 3), 2, Apart::Edges, |_| true);
    assert_eq!(pair, [vec![0, 8], vec![6, 4]], "0-1-3 and 0-2-3, each of cost 4");
    assert_eq!(disjoint(&graph, (0, 3), 1, Apart::Edges, |_| true), [vec![0, 2, 4]]);
}
