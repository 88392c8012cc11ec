//! Traffic engineering against sums by hand, and against the programme for the largest factor.

use super::super::concurrent::concurrent;
use super::*;

/// Load of each arc when all demands follow their ways in full.
fn loads(graph: &Graph, asked: &[Asked], found: &Engineered) -> Vec<f64> {
    let mut loads = vec![0.0; graph.arcs().len()];
    for (a, ways) in asked.iter().zip(&found.ways) {
        for (share, way) in ways {
            way.iter().for_each(|&arc| loads[arc] += share * a.amount);
        }
    }
    loads
}

fn fullest(graph: &Graph, loads: &[f64]) -> f64 {
    let over =
        loads.iter().zip(graph.arcs()).filter(|(_, arc)| arc.capacity > 0.0).map(|(load, arc)| load / arc.capacity);
    over.fold(0.0, f64::max)
}

/// Ways must lead from one end to the other, and shares sum to 1.
fn check(graph: &Graph, asked: &[Asked], found: &Engineered) {
    for (a, ways) in asked.iter().zip(&found.ways).filter(|(_, ways)| !ways.is_empty()) {
        assert!((ways.iter().map(|(share, _)| share).sum::<f64>() - 1.0).abs() < 1e-12);
        for (share, way) in ways {
            assert!(*share > 0.0);
            let ends = way.iter().map(|&arc| (graph.arcs()[arc].from, graph.arcs()[arc].to));
            assert_eq!(ends.fold(a.from, |at, (from, to)| if from == at { to } else { usize::MAX }), a.to);
        }
    }
}

/// Two ways from 0 to 1: 10 wide and of cost 1, or over 2, 30 wide and of cost 4.
fn pair() -> Graph {
    let mut graph = Graph::new(3);
    graph.add_edge((0, 1), 1, [10.0, 10.0]);
    graph.add_edge((0, 2), 2, [30.0, 30.0]);
    graph.add_edge((2, 1), 2, [30.0, 30.0]);
    graph
}

fn ask(from: usize, to: usize, amount: f64, class: u8) -> Asked {
    Asked { from, to, amount, class }
}

/// 20 over 10 and 30: both half full, so shares of a quarter and three quarters.
#[test]
fn shares_follow_capacity_where_that_empties_the_fullest_arc() {
    let (graph, asked) = (pair(), [ask(0, 1, 20.0, 5)]);
    let found = engineered(&graph, &asked, 8);
    assert!(found.exact && found.served == [(5, 1.0)]);
    check(&graph, &asked, &found);
    let ways = &found.ways[0];
    assert_eq!((&ways[0].1, &ways[1].1), (&vec![2, 4], &vec![0]));
    assert!((ways[0].0 - 0.75).abs() < 1e-10 && (ways[1].0 - 0.25).abs() < 1e-10, "{ways:?}");
    // One way only: the wider.
    assert_eq!(engineered(&graph, &asked, 1).ways[0], [(1.0, vec![2, 4])]);
}

/// What fills the network most decides how full it must be; the rest stays on its cheapest way.
#[test]
fn nothing_goes_a_longer_way_than_the_least_load_takes() {
    let graph = pair();
    let asked = [ask(0, 1, 1.0, 5), ask(2, 0, 15.0, 5)];
    let found = engineered(&graph, &asked, 8);
    // 2 to 0 alone: arcs 3 (30 wide) and 5, 1 (10 wide): 15 over 40. The arc from 0 to 1 is free then.
    assert_eq!(found.ways[0], [(1.0, vec![0])]);
    assert!((fullest(&graph, &loads(&graph, &asked, &found)) - 15.0 / 40.0).abs() < 1e-10);
}

/// 40 fit in all. The high class of 30 is served; of the low one of 20 a half.
#[test]
fn a_higher_class_is_served_first() {
    let graph = pair();
    let asked = [ask(0, 1, 20.0, 3), ask(0, 1, 30.0, 7)];
    let found = engineered(&graph, &asked, 8);
    check(&graph, &asked, &found);
    assert_eq!(found.served[0], (7, 1.0));
    assert!(found.served[1].0 == 3 && (found.served[1].1 - 0.5).abs() < 1e-10, "{:?}", found.served);
    let factors = factors(&graph, &asked).expect("it is small");
    assert!((factors[0].1 - 40.0 / 30.0).abs() < 1e-10 && (factors[1].1 - 0.5).abs() < 1e-10, "{factors:?}");
    // Both fit exactly: nobody has to stand back.
    let moved = [ask(0, 1, 10.0, 7), ask(0, 1, 30.0, 3)];
    let found = engineered(&graph, &moved, 8);
    assert!((fullest(&graph, &loads(&graph, &moved, &found)) - 1.0).abs() < 1e-10);
}

#[test]
fn what_has_no_way_gets_none_and_harms_nobody() {
    let mut graph = pair();
    for arc in [2, 3, 4, 5] {
        graph.set_capacity(arc, 0.0);
    }
    let asked = [ask(0, 2, 5.0, 5), ask(0, 1, 5.0, 5), ask(1, 1, 5.0, 5), ask(1, 0, 0.0, 5)];
    let found = engineered(&graph, &asked, 8);
    assert_eq!(found.ways, [vec![], vec![(1.0, vec![0])], vec![], vec![]]);
    assert!(engineered(&graph, &[], 8).ways.is_empty());
}

/// A grid with diagonals, all pairs, odd capacities and amounts.
fn mesh(nodes: usize) -> (Graph, Vec<Asked>) {
    let mut graph = Graph::new(nodes);
    for a in 0..nodes {
        for step in [1, 3] {
            let b = (a + step) % nodes;
            graph.add_edge(
                (a, b),
                (1 + (a * 7 + step) % 5) as u64,
                [(10 + (a * 13 + step) % 17) as f64, (10 + a) as f64],
            );
        }
    }
    let pairs = (0..nodes).flat_map(|from| (0..nodes).map(move |to| (from, to)));
    let asked =
        pairs.filter(|(a, b)| a != b).map(|(a, b)| ask(a, b, (1 + (a * 5 + b * 3) % 7) as f64 / 4.0, 5)).collect();
    (graph, asked)
}

/// The fullest arc is as full as the programme for the largest factor says it must be.
#[test]
fn the_fullest_arc_is_as_empty_as_it_can_be() {
    for nodes in [7, 10] {
        let (graph, asked) = mesh(nodes);
        let found = engineered(&graph, &asked, 64);
        assert!(found.exact);
        check(&graph, &asked, &found);
        let demands: Vec<Demand> = asked.iter().map(|a| Demand { from: a.from, to: a.to, amount: a.amount }).collect();
        let best = concurrent(&graph, &demands).expect("it is connected").lower;
        let seen = fullest(&graph, &loads(&graph, &asked, &found));
        assert!((seen * best - 1.0).abs() < 2e-6, "{seen} against {}", 1.0 / best);
        assert!(found.ways.iter().map(Vec::len).max() <= Some(6), "few ways are enough");
    }
}

/// Weights stand for the programme where it would be too large: within a hundredth of the best.
#[test]
fn weights_are_near_the_programme() {
    let (graph, asked) = mesh(10);
    let solved = by_weights(&graph, &asked);
    let ways = strip::ways(&graph, &solved.flows, 64);
    let of = |a: &Asked| ways[&(0, a.from, a.to)].clone();
    let found = Engineered { ways: asked.iter().map(of).collect(), served: solved.served, exact: false };
    check(&graph, &asked, &found);
    let exact = engineered(&graph, &asked, 64);
    let (near, best) =
        (fullest(&graph, &loads(&graph, &asked, &found)), fullest(&graph, &loads(&graph, &asked, &exact)));
    assert!(near < best / (1.0 - super::super::GAP) && near > best * (1.0 - 1e-6), "{near} against {best}");
}

/// 40 from 0 to 1 at a limit of one half: 80 of capacity, 40 more than there are. A step on the short edge adds 10, one on both others 15; alone
/// they are fewest on the short edge: 4. Where 5 of others stand on it, half a step of 10 more.
#[test]
fn the_least_growth_goes_where_a_step_helps_most() {
    let (graph, asked) = (pair(), [ask(0, 1, 20.0, 5), ask(0, 1, 20.0, 7)]);
    let step = [10.0, 10.0, 15.0, 15.0, 15.0, 15.0];
    let of = |taken: f64| {
        let taken = [taken, 0.0, 0.0, 0.0, 0.0, 0.0];
        growth(&graph, &asked, Growth { edges: step.len() / 2, step: &step, taken: &taken, limit: 0.5 })
            .expect("it is small")
    };
    for (taken, steps) in [(0.0, 4.0), (5.0, 5.0)] {
        let found = of(taken);
        assert!((found[0] - steps).abs() < 1e-10 && found[1].max(found[2]) < 1e-10, "{found:?}");
    }
    // What stands there alone asks for its own room.
    let alone = growth(
        &graph,
        &[],
        Growth { edges: step.len() / 2, step: &step, taken: &[7.5, 0.0, 0.0, 0.0, 0.0, 0.0], limit: 0.5 },
    );
    assert_eq!(alone, Some(vec![0.5, 0.0, 0.0]));
}
