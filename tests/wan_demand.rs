//! Standing demand: closed forms of what is delivered, bad input, and what works leave of it.

mod world_support;

use apollo_sim::experiment::results::Verdict;
use apollo_sim::scenario::{load_text, render_text};
use world_support::{kpi, plan_with, run};

/// A line of three sites; 100 Gb/s each.
const LINE: &str = r#"
format = 1
start = 2026-01-05
horizon = "4 d"
replications = 1
[wan]
failures = false
[site.a]
[site.b]
[site.c]
[link.ab]
between = ["a", "b"]
capacity = "100 Gbps"
rtt = "10 ms"
[link.bc]
between = ["b", "c"]
capacity = "100 Gbps"
rtt = "20 ms"
[demand.web]
from = "a"
to = "c"
rate = "40 Gbps"
"#;

const GBPS: f64 = 0.125e9;

fn with(more: &str, overrides: &[&str]) -> impl Fn(&str) -> f64 {
    let results = run(&plan_with(&format!("{LINE}{more}"), overrides));
    move |name| kpi(&results, name)
}

fn near(seen: f64, by_hand: f64) {
    assert!((seen - by_hand).abs() <= 1e-9 * by_hand.abs() + 1e-12, "{seen}, by hand {by_hand}");
}

#[test]
fn what_fits_is_delivered_and_loads_the_links_with_wire_bytes() {
    let get = with("", &[]);
    near(get("demand.web.offered"), 40.0 * GBPS);
    near(get("demand.web.delivered"), 40.0 * GBPS);
    near(get("demand.web.unserved"), 0.0);
    near(get("demand.web.latency"), 0.015);
    near(get("link.ab.a-to-b.utilisation"), 0.4);
    near(get("link.bc.b-to-c.utilisation"), 0.4);
    near(get("link.bc.c-to-b.utilisation"), 0.0);
}

#[test]
fn the_day_and_growth_move_what_is_offered() {
    // 8 h at 150 %, 16 h at 50 %; after two days 10 % more.
    let day = ["demand.web.growth=\"10 %\"", "demand.web.growth_every=\"2 d\""];
    let get = with("day = [{ at = \"6 h\", share = \"150 %\" }, { at = \"14 h\", share = \"50 %\" }]\n", &day);
    let mean = 40.0 * GBPS * (8.0 * 1.5 + 16.0 * 0.5) / 24.0;
    near(get("demand.web.offered"), mean * (1.0 + 1.1) / 2.0);
    near(get("demand.web.delivered"), mean * (1.0 + 1.1) / 2.0);
}

/// 40 for a to c and 90 for b to c over 100.
#[test]
fn what_does_not_fit_is_shared_by_priority_and_weight() {
    let other = "[demand.bulk]\nfrom = \"b\"\nto = \"c\"\nrate = \"90 Gbps\"\n";
    let get = with(other, &[]);
    near(get("demand.web.delivered"), 40.0 * GBPS);
    near(get("demand.bulk.delivered"), 60.0 * GBPS);
    near(get("wan.unserved"), 30.0 * GBPS);
    let get = with(other, &["demand.bulk.priority=6"]);
    near(get("demand.web.delivered"), 10.0 * GBPS);
    near(get("demand.bulk.delivered"), 90.0 * GBPS);
    let get = with(other, &["demand.bulk.weight=4"]);
    near(get("demand.web.delivered"), 20.0 * GBPS);
    near(get("demand.bulk.delivered"), 80.0 * GBPS);
}

/// Cut for one day in the middle: with its only way gone, the demand of that day is unserved.
#[test]
fn what_a_cut_takes_is_not_sent_later() {
    let cut = [
        "wan.failures=true",
        "wan.cuts=\"0 /1000km-year\"",
        "wan.wave_failures=\"0 /1000km-year\"",
        "link.bc.mtbf=\"1 d\"",
        "link.bc.cut_repair=\"1 d\"",
        "horizon=\"60 h\"",
        "wan.reconvergence=\"0 s\"",
    ];
    let get = with("", &cut);
    near(get("demand.web.delivered"), 40.0 * GBPS * 36.0 / 60.0);
    near(get("demand.web.unserved"), 40.0 * GBPS * 24.0 / 60.0);
    near(get("demand.web.latency"), 0.015);
}

#[test]
fn a_matrix_is_as_many_pairs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("matrix.csv");
    let load = |matrix: &str| {
        std::fs::write(&file, matrix).unwrap();
        let text =
            LINE.replace("from = \"a\"\nto = \"c\"\nrate = \"40 Gbps\"", &format!("matrix = '{}'", file.display()));
        load_text("scenarios/test.toml", &text, &[]).map(|(plan, _)| plan).map_err(|e| render_text(&e, false))
    };
    let plan = load("src,dst,gbps\na,a,0\na,c,40\nc,a,20\na,b,30\n").unwrap();
    let results = run(&plan);
    near(kpi(&results, "demand.web.delivered"), 90.0 * GBPS);
    near(kpi(&results, "link.ab.a-to-b.utilisation"), 0.7);
    for (matrix, word) in [
        ("src,dst,gbps\na,x,1\n", "'x'"),
        ("a,b,-1\n", "-1"),
        ("a,b,nan\n", "nan"),
        ("a,b\n", "2 cells"),
        ("a,a,1\n", "itself"),
        ("a,b,1\na,b,2\n", "two rows"),
        ("src,dst,gbps\n", "no demand"),
    ] {
        let error = load(matrix).expect_err(matrix);
        assert!(error.contains(word), "{matrix}: {error}");
    }
}

#[test]
fn demand_that_cannot_be_is_refused() {
    for (change, code) in [
        ("demand.web.to=\"a\"", "E0501"),
        ("demand.web.rate=\"-1 Gbps\"", "E02"),
        ("demand.web.to=\"d\"", "E0502"),
        ("demand.web.to=\"nowhere\"", "E03"),
        ("demand.web.rate=40", "E02"),
    ] {
        let text = format!("{LINE}[site.d]\n");
        let error = load_text("scenarios/test.toml", &text, &[change.to_owned()])
            .map(|_| ())
            .map_err(|e| render_text(&e, false));
        let error = error.expect_err(change);
        assert!(error.contains(code), "{change}: {error}");
    }
}

/// 40 for a to c: over 100 by the one way there is; over 60 more by a second one, although routes take the first; no more than
/// the edge of a lets out; at the highest rate of the run, 4 days with 10 % more after 2.
#[test]
fn the_best_routing_bounds_what_all_demands_may_grow_to() {
    let second = "[link.ac]\nbetween = [\"a\", \"c\"]\ncapacity = \"60 Gbps\"\nrtt = \"90 ms\"\n";
    near(with("", &[])("wan.concurrent_flow"), 100.0 / 40.0);
    near(with(second, &[])("wan.concurrent_flow"), 160.0 / 40.0);
    near(with(second, &["site.a.wan_edge=\"80 Gbps\""])("wan.concurrent_flow"), 80.0 / 40.0);
    near(with("", &["site.b.wan_edge=\"1 Gbps\""])("wan.concurrent_flow"), 100.0 / 40.0);
    let back = "[demand.back]\nfrom = \"b\"\nto = \"c\"\nrate = \"60 Gbps\"\n";
    near(with(back, &[])("wan.concurrent_flow"), 1.0);
    let grows = ["demand.web.growth=\"10 %\"", "demand.web.growth_every=\"2 d\""];
    let day = "day = [{ at = \"6 h\", share = \"150 %\" }, { at = \"14 h\", share = \"50 %\" }]\n";
    near(with(day, &grows)("wan.concurrent_flow"), 2.5 / (1.5 * 1.1));
}

#[test]
fn the_best_routing_has_targets_and_reasons() {
    let target = "[target.room]\nkpi = \"wan.concurrent_flow\"\nat_least = \"2\"\n";
    let met = |overrides: &[&str]| {
        let results = run(&plan_with(&format!("{LINE}{target}"), overrides));
        results.targets[0].verdict
    };
    assert_eq!(met(&[]), Verdict::Pass);
    assert_eq!(met(&["demand.web.rate=\"60 Gbps\""]), Verdict::Fail);
    let (bare, _) = LINE.split_once("[demand.web]").unwrap();
    let error = load_text("scenarios/test.toml", &format!("{bare}{target}"), &[]).map(|_| ());
    let error = render_text(&error.expect_err("no demand"), false);
    assert!(error.contains("E0304") && error.contains("no standing demand"), "{error}");
    let results = run(&plan_with(&format!("{LINE}day = [{{ at = \"6 h\", share = \"0 %\" }}]\n"), &[]));
    let row = results.kpis.iter().find(|kpi| kpi.name == "wan.concurrent_flow").unwrap();
    assert_eq!((row.mean, row.reason.as_deref()), (None, Some("no demand is ever above zero")));
}

/// Two demands of one pair and one back, in Mbit/s.
#[test]
fn demands_of_the_topology_file_are_sent() {
    const NETWORK: &str = "?SNDlib native format; type: network; version: 1.0\n\
        NODES (\n p ( 10.0 50.0 )\n q ( 11.0 50.0 )\n)\n\
        LINKS (\n l ( p q ) 100000.0 0.0 0.0 0.0 ( 10000.0 1.0 )\n)\n\
        DEMANDS (\n d1 ( p q ) 1 20000.0 UNLIMITED\n d2 ( p q ) 1 30000.0 UNLIMITED\n d3 ( q p ) 1 10000.0 UNLIMITED\n)\n";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("network.txt");
    let load = |network: &str, demand: &str| {
        std::fs::write(&file, network).unwrap();
        let head = "format = 1\nstart = 2026-01-05\nhorizon = \"1 d\"\nreplications = 1\n[wan]\nfailures = false\n";
        let text = format!("{head}[topology]\nsndlib = '{}'\n[demand.net]\n{demand}", file.display());
        load_text("scenarios/test.toml", &text, &[]).map(|(plan, _)| plan).map_err(|e| render_text(&e, false))
    };
    let plan = load(NETWORK, "source = \"topology\"\nscale = \"150 %\"\n").unwrap_or_else(|error| panic!("{error}"));
    let results = run(&plan);
    near(kpi(&results, "demand.net.delivered"), 1.5 * 60.0 * GBPS);
    near(kpi(&results, "link.l.p-to-q.utilisation"), 0.75);
    near(kpi(&results, "link.l.q-to-p.utilisation"), 0.15);
    near(kpi(&results, "wan.concurrent_flow"), 1.0 / 0.75);
    let (none, _) = NETWORK.split_once("DEMANDS").unwrap();
    for (network, demand, words) in [
        (none, "source = \"topology\"\n", "states demands"),
        (NETWORK, "source = \"file\"\n", "'file'"),
        (NETWORK, "source = \"topology\"\nfrom = \"p\"\n", "exclude one another"),
        (NETWORK, "source = \"topology\"\nrate = \"1 Gbps\"\n", "rate"),
    ] {
        let error = load(network, demand).map(|_| ()).expect_err(demand);
        assert!(error.contains(words), "{demand}: {error}");
    }
}
