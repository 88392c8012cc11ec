//! By hand, and the two solvers and the dual programme against one another.

use good_lp::{Expression, ProblemVariables, Solution, SolverModel, Variable, constraint, microlp, variable};
use proptest::prelude::*;

use super::lengths::bound;
use super::*;

fn graph(nodes: usize, edges: &[(usize, usize, f64)]) -> Graph {
    let mut graph = Graph::new(nodes);
    for &(a, b, capacity) in edges {
        graph.add_edge((a, b), 1, [capacity; 2]);
    }
    graph
}

fn demand(from: usize, to: usize, amount: f64) -> Demand {
    Demand { from, to, amount }
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected, "{found} is not {expected}");
}

/// What leaves a node over what enters it by the loads, against the demands at the factor.
fn fits(graph: &Graph, demands: &[Demand], found: &Concurrent) {
    let most = graph.arcs().iter().map(|arc| arc.capacity).fold(0.0, f64::max);
    for (arc, load) in graph.arcs().iter().zip(&found.loads) {
        assert!(*load >= 0.0 && *load <= arc.capacity * (1.0 + 1e-12), "{load} on {}", arc.capacity);
    }
    for node in 0..graph.nodes() {
        let sum = |arcs: &[usize]| arcs.iter().map(|&arc| found.loads[arc]).sum::<f64>();
        let own = |demand: &&Demand| demand.from != demand.to;
        let starts: f64 = demands.iter().filter(own).filter(|d| d.from == node).map(|d| d.amount).sum();
        let ends: f64 = demands.iter().filter(own).filter(|d| d.to == node).map(|d| d.amount).sum();
        let over = sum(graph.out(node)) - sum(graph.into(node)) - found.lower * (starts - ends);
        assert!(over.abs() < 1e-6 * most, "{over} too much leaves {node}");
    }
}

/// A square with a diagonal: 0-1-3 and 0-2-3 carry 10 each, the diagonal 0-3 carries 5, and all of it serves 0 → 3.
#[test]
fn one_demand_gets_the_least_cut() {
    let square = graph(4, &[(0, 1, 10.0), (1, 3, 10.0), (0, 2, 10.0), (2, 3, 10.0), (0, 3, 5.0)]);
    let found = concurrent(&square, &[demand(0, 3, 5.0)]).unwrap();
    assert!(found.exact);
    close(found.lower, 5.0);
    close(found.upper, 5.0);
    fits(&square, &[demand(0, 3, 5.0)], &found);
}

/// A ring of four: 0 ⇄ 2 and 1 ⇄ 3 ask 1 each way. Every way has two arcs, so 4 demands × 2 arcs share 8 arcs of 3: λ = 3.
#[test]
fn a_ring_is_shared_by_halves() {
    let ring = graph(4, &[(0, 1, 3.0), (1, 2, 3.0), (2, 3, 3.0), (3, 0, 3.0)]);
    let demands = [demand(0, 2, 1.0), demand(2, 0, 1.0), demand(1, 3, 1.0), demand(3, 1, 1.0)];
    let found = concurrent(&ring, &demands).unwrap();
    close(found.lower, 3.0);
    fits(&ring, &demands, &found);
    assert!(found.loads.iter().all(|load| (load - 3.0).abs() < 1e-9), "{:?}", found.loads);
}

/// K(2,3) with a demand between every two nodes that no edge joins: each cut allows λ = 1 and the best flow is 3/4 (Okamura &
/// Seymour 1981), here in both directions at once.
#[test]
fn cuts_are_not_enough() {
    let edges: Vec<(usize, usize, f64)> = (0..2).flat_map(|a| (2..5).map(move |b| (a, b, 1.0))).collect();
    let bipartite = graph(5, &edges);
    let pairs = [(0, 1), (2, 3), (3, 4), (4, 2)];
    let demands: Vec<Demand> = pairs.iter().flat_map(|&(a, b)| [demand(a, b, 1.0), demand(b, a, 1.0)]).collect();
    close(concurrent(&bipartite, &demands).unwrap().lower, 0.75);
}

#[test]
fn what_cannot_flow_is_an_error() {
    let mut apart = graph(4, &[(0, 1, 1.0), (2, 3, 1.0)]);
    assert_eq!(concurrent(&apart, &[]), Err(Unroutable::NoDemand));
    assert_eq!(concurrent(&apart, &[demand(1, 1, 5.0), demand(0, 1, 0.0)]), Err(Unroutable::NoDemand));
    assert_eq!(concurrent(&apart, &[demand(0, 1, 1.0), demand(1, 2, 1.0)]), Err(Unroutable::NoWay { from: 1, to: 2 }));
    apart.set_capacity(0, 0.0);
    assert_eq!(concurrent(&apart, &[demand(0, 1, 1.0)]), Err(Unroutable::NoWay { from: 0, to: 1 }));
    close(concurrent(&apart, &[demand(1, 0, 2.0)]).unwrap().lower, 0.5);
}

/// 1 Eb/s and 1 kb/s in a row: the thin arc bounds its demand of 1 b/s to 1000 times, whatever the thick one could carry. The
/// simplex method would not see the thin arc.
#[test]
fn numbers_far_apart_stay_certified() {
    let line = graph(3, &[(0, 1, 1.25e17), (1, 2, 125.0)]);
    for (amount, factor) in [(1.25e13, 1000.0), (1.25e15, 100.0), (0.125, 1000.0)] {
        let found = concurrent(&line, &[demand(0, 2, 0.125), demand(0, 1, amount)]).unwrap();
        assert!(!found.exact);
        let rounding = 1e-9 * factor;
        assert!(
            found.lower <= factor + rounding && factor <= found.upper + rounding,
            "{} {}",
            found.lower,
            found.upper
        );
        assert!(found.upper - found.lower <= GAP * found.upper, "{} {}", found.lower, found.upper);
    }
}

/// A grid with a demand between all pairs has too many columns for the programme.
#[test]
fn large_networks_are_approximated_within_the_gap() {
    let side = 9;
    let at = |x: usize, y: usize| x * side + y;
    let mut edges = Vec::new();
    for x in 0..side {
        for y in 0..side {
            edges.extend((x + 1 < side).then(|| (at(x, y), at(x + 1, y), 2e11 + 1e10 * x as f64)));
            edges.extend((y + 1 < side).then(|| (at(x, y), at(x, y + 1), 1e11)));
        }
    }
    let grid = graph(side * side, &edges);
    let pairs = (0..side * side).flat_map(|a| (0..side * side).map(move |b| (a, b)));
    let demands: Vec<Demand> = pairs.map(|(a, b)| demand(a, b, 1e6 * (1 + (a * b) % 7) as f64)).collect();
    let found = concurrent(&grid, &demands).unwrap();
    assert!(!found.exact);
    assert!(found.lower > 0.0 && found.upper - found.lower <= GAP * found.upper, "{} {}", found.lower, found.upper);
    fits(&grid, &demands, &found);
    assert_eq!(found, concurrent(&grid, &demands).unwrap());
}

/// The lengths of the dual programme: least Σ capacity × length with Σ demand × distance = 1, distances at most one arc longer
/// than those of the node before.
fn dual_lengths(problem: &Problem) -> Vec<f64> {
    let arcs = problem.graph.arcs();
    let mut variables = ProblemVariables::new();
    let lengths: Vec<Variable> = arcs.iter().map(|_| variables.add(variable().min(0.0))).collect();
    let distance: Vec<Vec<Variable>> = problem
        .sources
        .keys()
        .map(|_| (0..problem.graph.nodes()).map(|_| variables.add(variable().min(0.0))).collect())
        .collect();
    let price: Expression = lengths.iter().zip(&problem.capacity).map(|(&length, &capacity)| capacity * length).sum();
    let mut model = variables.minimise(price).using(microlp);
    let mut served = Expression::with_capacity(8);
    for ((&source, sinks), distance) in problem.sources.iter().zip(&distance) {
        model.add_constraint(constraint::eq(distance[source], 0.0));
        for (arc, edge) in arcs.iter().enumerate() {
            model.add_constraint(constraint::leq(distance[edge.to] - distance[edge.from] - lengths[arc], 0.0));
        }
        for (&sink, &amount) in sinks {
            served.add_mul(amount, distance[sink]);
        }
    }
    model.add_constraint(constraint::geq(served, 1.0));
    let solution = model.solve().unwrap();
    lengths.iter().map(|&length| solution.value(length).max(0.0)).collect()
}

/// A connected network (a ring and chords), capacities over three orders of magnitude, and some demands.
fn cases() -> impl Strategy<Value = (Graph, Vec<Demand>)> {
    let capacity =
        || (0_usize..4, 1_u32..10).prop_map(|(power, digit)| f64::from(digit) * [1e9, 1e10, 1e11, 1e12][power]);
    (3_usize..8).prop_flat_map(move |nodes| {
        let chords = proptest::collection::vec((0..nodes, 0..nodes, capacity(), capacity()), nodes..3 * nodes);
        let demands = proptest::collection::vec((0..nodes, 0..nodes, 1e6..1e9), 1..12);
        (chords, demands).prop_map(move |(chords, demands)| {
            let mut graph = Graph::new(nodes);
            for (index, (a, b, there, back)) in chords.into_iter().enumerate() {
                let ends = if index < nodes { (index, (index + 1) % nodes) } else { (a, b) };
                if ends.0 != ends.1 {
                    graph.add_edge(ends, 1, [there, back]);
                }
            }
            (graph, demands.into_iter().map(|(from, to, amount)| demand(from, to, amount)).collect())
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The programme's factor lies in the interval that the approximation certifies, whose gap is what it says; the lengths of
    /// the dual programme prove the same factor by shortest ways.
    #[test]
    fn programme_dual_and_approximation_agree((graph, demands) in cases()) {
        prop_assume!(demands.iter().any(|demand| demand.from != demand.to));
        let problem = Problem::new(&graph, &demands).unwrap();
        // The simplex method may give up on numbers far apart; then the approximation stands alone.
        let Some(exact) = exact::solve(&problem) else { return Ok(()) };
        fits(&graph, &demands, &exact);
        prop_assert!(exact.upper - exact.lower <= 1e-7 * exact.upper, "{} {}", exact.lower, exact.upper);
        let about = weights::solve(&problem, &|| false);
        fits(&graph, &demands, &about);
        prop_assert!(about.upper - about.lower <= GAP * about.upper, "gap {} {}", about.lower, about.upper);
        prop_assert!(about.lower <= exact.upper * (1.0 + 1e-7), "{} above {}", about.lower, exact.upper);
        prop_assert!(about.upper >= exact.lower * (1.0 - 1e-7), "{} below {}", about.upper, exact.lower);
        let proved = bound(&problem, &dual_lengths(&problem)) * problem.unit;
        prop_assert!((proved - exact.upper).abs() <= 1e-6 * exact.upper, "{proved} is not {}", exact.upper);
    }
}

/// Told to stop, it does so within a round, and says that it did.
#[test]
fn it_can_be_stopped() {
    let mut graph = Graph::new(2);
    graph.add_edge((0, 1), 1, [1.0, 1e-9]);
    let demands = [Demand { from: 0, to: 1, amount: 1.0 }];
    assert!(!super::concurrent(&graph, &demands).expect("a way").exact, "numbers lie too far apart for the programme");
    let asked = std::cell::Cell::new(0);
    let stop = || asked.replace(asked.get() + 1) >= 2;
    assert_eq!(super::concurrent_until(&graph, &demands, &stop), Err(Unroutable::Stopped));
    assert!(asked.get() <= 4, "{} rounds", asked.get());
}
