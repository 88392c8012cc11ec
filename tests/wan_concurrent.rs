//! Maximum concurrent flow against an independent solver.

use std::collections::BTreeMap;
use std::path::Path;

use apollo_sim::network::{Demand, Graph, concurrent};

/// What HiGHS (SciPy 1.17.1, `linprog`, method "highs") finds for B4 with 100 between every two nodes, by the programme with one
/// flow per source and arc: 457 columns, status optimal.
const B4_BY_HIGHS: f64 = 3.125;

/// B4 as in the data of teal (MIT licence), after Jain et al., SIGCOMM 2013: 12 nodes, 38 arcs of 5000.
#[test]
fn b4_agrees_with_highs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/wan/teal/B4.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("SKIPPED: {} is missing", path.display());
        return;
    };
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let index: BTreeMap<u64, usize> = file["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .map(|(at, node)| (node["id"].as_u64().unwrap(), at))
        .collect();
    let mut capacities: BTreeMap<(usize, usize), [f64; 2]> = BTreeMap::new();
    for link in file["links"].as_array().unwrap() {
        let [from, to] = ["source", "target"].map(|end| index[&link[end].as_u64().unwrap()]);
        let pair = capacities.entry((from.min(to), from.max(to))).or_insert([0.0; 2]);
        pair[usize::from(from > to)] += link["capacity"].as_f64().unwrap();
    }
    let mut graph = Graph::new(index.len());
    for (&ends, &pair) in &capacities {
        graph.add_edge(ends, 1, pair);
    }
    assert_eq!((graph.nodes(), graph.arcs().len()), (12, 38));
    let pairs = (0..12).flat_map(|from| (0..12).map(move |to| (from, to)));
    let demands: Vec<Demand> = pairs.map(|(from, to)| Demand { from, to, amount: 100.0 }).collect();
    let found = concurrent(&graph, &demands).unwrap();
    assert!(found.exact);
    for factor in [found.lower, found.upper] {
        assert!((factor - B4_BY_HIGHS).abs() < 1e-9 * B4_BY_HIGHS, "{factor} is not {B4_BY_HIGHS}");
    }
}
