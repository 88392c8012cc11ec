//! Standing demand: closed forms of what is delivered, bad input, and what works leave of it.

mod world_support;

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
