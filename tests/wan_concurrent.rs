//! Maximum concurrent flow against an independent solver.

use std::collections::BTreeMap;
use std::path::Path;

use apollo_sim::network::{Asked, Demand, Graph, concurrent, engineered};

/// What HiGHS (SciPy 1.17.1, `linprog`, method "highs") finds for B4 with 100 between every two nodes, by the programme with one
/// flow per source and arc: 457 columns, status optimal.
const B4_BY_HIGHS: f64 = 3.125;

/// B4 as in the data of teal (MIT licence), after Jain et al., SIGCOMM 2013: 12 nodes, 38 arcs of 5000.
fn b4() -> Option<Graph> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/wan/teal/B4.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("SKIPPED: {} is missing", path.display());
        return None;
    };
    let file: serde_json::Value = serde_json::from_str(&text).expect("the file is as teal wrote it");
    let index: BTreeMap<u64, usize> = file["nodes"]
        .as_array()
        .expect("the file is as teal wrote it")
        .iter()
        .enumerate()
        .map(|(at, node)| (node["id"].as_u64().expect("the file is as teal wrote it"), at))
        .collect();
    let mut capacities: BTreeMap<(usize, usize), [f64; 2]> = BTreeMap::new();
    for link in file["links"].as_array().expect("the file is as teal wrote it") {
        let [from, to] =
            ["source", "target"].map(|end| index[&link[end].as_u64().expect("the file is as teal wrote it")]);
        let pair = capacities.entry((from.min(to), from.max(to))).or_insert([0.0; 2]);
        pair[usize::from(from > to)] += link["capacity"].as_f64().expect("the file is as teal wrote it");
    }
    let mut graph = Graph::new(index.len());
    for (&ends, &pair) in &capacities {
        graph.add_edge(ends, 1, pair);
    }
    assert_eq!((graph.nodes(), graph.arcs().len()), (12, 38));
    Some(graph)
}

#[test]
fn b4_agrees_with_highs() {
    let Some(graph) = b4() else { return };
    let pairs = (0..12).flat_map(|from| (0..12).map(move |to| (from, to)));
    let demands: Vec<Demand> = pairs.map(|(from, to)| Demand { from, to, amount: 100.0 }).collect();
    let found = concurrent(&graph, &demands).unwrap();
    assert!(found.exact);
    for factor in [found.lower, found.upper] {
        assert!((factor - B4_BY_HIGHS).abs() < 1e-9 * B4_BY_HIGHS, "{factor} is not {B4_BY_HIGHS}");
    }
}

/// Traffic engineering on the same network and demands fills the busiest arc to 1 ÷ 3.125, with all demands in full over few ways.
#[test]
fn engineered_traffic_on_b4_is_as_good_as_highs_says() {
    let Some(graph) = b4() else { return };
    let pairs = (0..12).flat_map(|from| (0..12).map(move |to| (from, to))).filter(|(from, to)| from != to);
    let asked: Vec<Asked> = pairs.map(|(from, to)| Asked { from, to, amount: 100.0, class: 5 }).collect();
    let found = engineered(&graph, &asked, 8);
    assert!(found.exact);
    let mut loads = vec![0.0; graph.arcs().len()];
    for ways in &found.ways {
        for (share, way) in ways {
            way.iter().for_each(|&arc| loads[arc] += 100.0 * share);
        }
    }
    let busiest = loads.iter().zip(graph.arcs()).map(|(load, arc)| load / arc.capacity).fold(0.0, f64::max);
    assert!((busiest * B4_BY_HIGHS - 1.0).abs() < 1e-6, "{busiest}");
    assert!(found.ways.iter().map(Vec::len).sum::<usize>() <= 132 + 38, "a vertex splits few pairs");
}
