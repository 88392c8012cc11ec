//! GraphML and SNDlib: what networks of these formats become, what is missing in them, and what is refused.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use apollo_sim::scenario::plan::Plan;
use apollo_sim::scenario::{Diagnostic, load, render_text};

const PLAN: &str = "format = 1\nhorizon = \"1 min\"\n[topology]\n";

/// Four nodes, one without coordinates; parallel edges, one loop; one speed.
const GRAPH: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key attr.name="LinkSpeedRaw" attr.type="double" for="edge" id="d3" />
  <key attr.name="Longitude" attr.type="double" for="node" id="d2" />
  <key attr.name="Latitude" attr.type="double" for="node" id="d1" />
  <key attr.name="label" attr.type="string" for="node" id="d0" />
  <graph edgedefault="undirected">
    <node id="0"><data key="d0">Zürich</data><data key="d1">47.37</data><data key="d2">8.54</data></node>
    <node id="1"><data key="d0">Genève, CH</data><data key="d1">46.20</data><data key="d2">6.14</data></node>
    <node id="2"><data key="d0">Nowhere</data></node>
    <node id="3"><data key="d1">45.46</data><data key="d2">9.19</data></node>
    <edge source="0" target="1"><data key="d3">10000000000</data></edge>
    <edge source="0" target="1" />
    <edge source="1" target="2" />
    <edge source="3" target="0" directed="true" />
    <edge source="3" target="3" />
  </graph>
</graphml>
"#;

const NETWORK: &str = "?SNDlib native format; type: network; version: 1.0
# a comment
META (
  unit = GBITPERSEC
)
NODES (
  A ( 13.4 52.5 ) ()
  B ( 10.0 53.6 )
  C ( 412.0 90.5 )
)
LINKS (
  L1 ( A B ) 40.00 0.00 0.00 1.00 ( 10.00 1.00 )
  L2 ( B C ) 0.00 0.00 0.00 0.00 ( 100.00 2.00 10.00 1.00 )
  L3 ( A C ) 0.00 0.00 0.00 0.00 ( )
)
DEMANDS (
  A_B ( A B ) 1 12.5 UNLIMITED
  C_A ( C A ) 2 3.0 4
)
ADMISSIBLE_PATHS (
  A_B ( P_0 ( L1 ) )
)
";

fn loaded(name: &str, bytes: &[u8], keys: &str) -> Result<(Plan, Vec<Diagnostic>), String> {
    let dir = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(dir.path().join("net"), bytes).expect("a file");
    let path = dir.path().join("plan.toml");
    std::fs::write(&path, format!("{PLAN}{name} = \"net\"\n{keys}")).expect("a file");
    match load(&path, &[]) {
        Ok((plan, sources)) => Ok((plan, sources.warnings)),
        Err(errors) => Err(render_text(&errors, false)),
    }
}

fn names(plan: &Plan) -> Vec<&str> {
    plan.sites.iter().map(|s| s.name.as_str()).collect()
}

const GAPS: &str = "default_length = \"500 km\"\ndefault_capacity = \"100 Gbps\"\n";

/// Zürich to Genève are 224.2 km apart (haversine), so 325 km of fibre by the route factor of 1.45, and 3.19 ms there and back.
#[test]
fn a_graph_becomes_sites_and_links() {
    let (plan, warnings) = loaded("graphml", GRAPH.as_bytes(), GAPS).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(names(&plan), ["Geneve-CH", "Nowhere", "Zurich", "node-3"]);
    let links: Vec<(&str, f64, f64)> =
        plan.links.iter().map(|l| (l.name.as_str(), l.capacity.get(), l.back.get())).collect();
    let wanted = [
        ("Geneve-CH--Nowhere", 12.5e9, 12.5e9),
        ("Zurich--Geneve-CH", 1.25e9, 1.25e9),
        ("Zurich--Geneve-CH-2", 12.5e9, 12.5e9),
        ("node-3--Zurich", 12.5e9, 0.0),
    ];
    assert_eq!(links, wanted);
    let rtt = plan.links[1].rtt.as_secs_f64();
    assert!((plan.links[1].metres - 325e3).abs() < 2e3 && (rtt - 3.19e-3).abs() < 2e-5, "{rtt}");
    assert!((plan.links[0].metres - 500e3).abs() < 1e-6, "the default");
    let words: Vec<&str> = warnings.iter().map(|w| w.message.as_str()).collect();
    assert!(words.contains(&"no coordinates: Nowhere; their links are 500 km long"), "{words:?}");
    assert!(words.contains(&"an edge from 'node-3' to itself is left out"), "{words:?}");
    let located = format!("{GAPS}[site.Nowhere]\nlocation = [46.0, 7.0]\n");
    let (plan, warnings) = loaded("graphml", GRAPH.as_bytes(), &located).unwrap_or_else(|e| panic!("{e}"));
    assert!(plan.links[0].metres < 200e3 && warnings.iter().all(|w| !w.message.contains("no coordinates")));
}

#[test]
fn declared_encodings_and_islands() {
    let latin: Vec<u8> = GRAPH.replace("utf-8", "ISO-8859-1").chars().map(|c| c as u8).collect();
    let (plan, _) = loaded("graphml", &latin, GAPS).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(names(&plan)[2], "Zurich");
    let mut wide = vec![0xff, 0xfe];
    wide.extend(GRAPH.replace("utf-8", "UTF-16").encode_utf16().flat_map(u16::to_le_bytes));
    let (plan, _) = loaded("graphml", &wide, GAPS).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(names(&plan)[0], "Geneve-CH");
    let apart = GRAPH.replace("<edge source=\"1\" target=\"2\" />", "");
    let (_, warnings) = loaded("graphml", apart.as_bytes(), GAPS).unwrap_or_else(|e| panic!("{e}"));
    assert!(warnings.iter().any(|w| w.message == "no path joins Nowhere to the other sites"), "{warnings:?}");
}

/// 40 Gb/s installed; the smallest module of 10 Gb/s; the default where neither is. Demands in the unit of the file.
#[test]
fn an_sndlib_network_becomes_sites_links_and_demands() {
    let (plan, warnings) = loaded("sndlib", NETWORK.as_bytes(), GAPS).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(names(&plan), ["A", "B", "C"]);
    assert_eq!(plan.sites[0].location, Some((52.5, 13.4)), "x is the longitude");
    assert_eq!(plan.sites[2].location, None, "no coordinates on Earth");
    let links: Vec<(f64, f64)> = plan.links.iter().map(|l| (l.capacity.get(), l.back.get())).collect();
    assert_eq!(links, [(5e9, 5e9), (1.25e9, 1.25e9), (12.5e9, 12.5e9)]);
    let demands: Vec<(usize, usize, f64)> = plan.demands.iter().map(|(a, b, rate)| (*a, *b, rate.get())).collect();
    assert_eq!(demands, [(0, 1, 12.5 * 0.125e9), (2, 0, 6.0 * 0.125e9)]);
    assert!(warnings.iter().any(|w| w.message == "no coordinates: C; their links are 500 km long"), "{warnings:?}");
    let plain = NETWORK.replace("META (\n  unit = GBITPERSEC\n)\n", "");
    let (plan, _) = loaded("sndlib", plain.as_bytes(), GAPS).unwrap_or_else(|e| panic!("{e}"));
    assert!((plan.links[0].capacity.get() - 5e6).abs() < 1e-6, "Mb/s where the file does not say");
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let graph = |from: &str, to: &str, keys: &str| {
        assert!(GRAPH.contains(from), "{from}");
        loaded("graphml", GRAPH.replacen(from, to, 1).as_bytes(), keys).map(|_| ()).expect_err(to)
    };
    let network = |from: &str, to: &str| {
        assert!(NETWORK.contains(from), "{from}");
        loaded("sndlib", NETWORK.replacen(from, to, 1).as_bytes(), GAPS).map(|_| ()).expect_err(to)
    };
    let bomb = "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]>\n<graphml";
    let deep = format!("{}<graph>", "<x>".repeat(100_000));
    let cases = [
        (graph("<graphml", bomb, GAPS), "net:2:1", "documents with a document type"),
        (graph("<graph ", &deep, GAPS), "net", "is not XML that can be read"),
        (graph("</graphml>", "", GAPS), "net:", "is not XML that can be read"),
        (graph("<graphml", "junk <graphml", GAPS), "net:2:1", "is not XML"),
        (graph("encoding=\"utf-8\"", "encoding=\"EUC-JP\"", GAPS), "plan.toml:4:11", "declares the encoding EUC-JP"),
        (graph("47.37", "north", GAPS), "net:8:", "'Latitude' takes a number, not 'north'"),
        (graph("47.37", "97.37", GAPS), "net:8:5", "a latitude lies between -90 and 90"),
        (graph("node id=\"1\"", "node id=\"0\"", GAPS), "net:9:5", "a second node '0'"),
        (graph("target=\"2\"", "target=\"9\"", GAPS), "net:14:5", "a node '9' that does not exist"),
        (graph("10000000000", "0", GAPS), "net:12:5", "bits per second above zero"),
        (graph("<node id=\"2\">", "<hyperedge/><node id=\"2\">", GAPS), "net:10:5", "more than two nodes"),
        (graph("<edge source=\"0\"", "<graph/><edge source=\"0\"", GAPS), "net:12:5", "has 2 graphs"),
        (
            graph("Zürich", "Zürich", "default_capacity = \"1 Gbps\"\n"),
            "net:14:5",
            "has no length: its sites have no coordinates",
        ),
        (graph("Zürich", "Zürich", "default_length = \"1 km\"\n"), "net:1:1", "3 edges of"),
        (network("?SNDlib", "?Other"), "net:1:1", "does not begin as an SNDlib file"),
        (network("LINKS (", "LINKS"), "net:12:3", "expected '(', not 'L1'"),
        (network("LINKS", "LINES"), "net:11:1", "'LINES' is no section"),
        (network("B ( 10.0", "A ( 10.0"), "net:8:3", "'A' is stated twice"),
        (network("( B C )", "( B D )"), "net:13:10", "node 'D' is not defined"),
        (network("( B C )", "( B B )"), "net:13:", "'B' is both ends"),
        (network("40.00", "-40.0"), "net:12:14", "installed capacity is negative"),
        (network("40.00", "many"), "net:12:14", "expected a number, not 'many'"),
        (network("1 12.5 UNLIMITED", "1 12.5"), "net:18:3", "expected a number, not 'C_A'"),
        (network("GBITPERSEC", "BUSHELS"), "net:4:10", "unknown unit 'BUSHELS'"),
        (network("A_B ( P_0 ( L1 ) )\n)", "A_B ( P_0"), "net:", "the file ends inside a section"),
    ];
    let mut problems = String::new();
    for (text, place, words) in &cases {
        let hint = text.contains("= help") || text.contains("help:") || text.contains("can be read");
        if !text.contains(place) || !text.contains(words) || !hint {
            let _ = writeln!(problems, "wanted {place} and \"{words}\", got\n{text}");
        }
    }
    assert!(problems.is_empty(), "{problems}");
}

#[test]
fn cut_files_never_panic() {
    for at in (0..GRAPH.len()).filter(|at| GRAPH.is_char_boundary(*at)) {
        let _ = loaded("graphml", &GRAPH.as_bytes()[..at], GAPS);
    }
    for at in 0..NETWORK.len() {
        let _ = loaded("sndlib", &NETWORK.as_bytes()[..at], GAPS);
        let _ = loaded("sndlib", NETWORK.replacen(&NETWORK[at..=at], "(", 1).as_bytes(), GAPS);
    }
}

fn zoo() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/wan/topology-zoo");
    folder.is_dir().then_some(folder)
}

/// Sites, links and sites without coordinates of networks of the Internet Topology Zoo (Knight et al., IEEE JSAC 29(9), 2011).
#[test]
fn networks_of_the_topology_zoo_are_read() {
    let Some(folder) = zoo() else {
        println!("skipped: the networks of the Topology Zoo are not here");
        return;
    };
    for (name, sites, links) in [("Abilene", 11, 14), ("UsCarrier", 158, 189), ("Geant2012", 40, 61)] {
        let bytes = std::fs::read(folder.join(format!("{name}.graphml"))).expect("a network");
        let (plan, _) = loaded("graphml", &bytes, GAPS).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((plan.sites.len(), plan.links.len()), (sites, links), "{name}");
    }
    for file in std::fs::read_dir(&folder).expect("a folder").map(|f| f.expect("a file").path()) {
        let bytes = std::fs::read(&file).expect("a network");
        if let Err(error) = loaded("graphml", &bytes, GAPS) {
            panic!("{}: {error}", file.display());
        }
    }
}
