//! Loss of whole sites against closed forms worked out beside each test.

#[path = "world_support/by_hand.rs"]
mod by_hand;
mod world_support;

use apollo_sim::scenario::{load_text, render_text};
use by_hand::{GBPS, near, results_of};
use world_support::{kpi, plan_with, run};

/// a to b over m, and a longer way over n.
const BASE: &str = r#"
format = 1
start = 2026-01-05
seed = 5
horizon = "10 h"
replications = 1
[wan]
cuts = "0 /1000km-year"
wave_failures = "0 /1000km-year"
reconvergence = "30 s"
[site.a]
[site.b]
[site.m]
[site.n]
[demand.d]
from = "a"
to = "b"
rate = "60 Gbps"
[link.am]
between = ["a", "m"]
capacity = "100 Gbps"
rtt = "10 ms"
[link.mb]
between = ["m", "b"]
capacity = "100 Gbps"
rtt = "10 ms"
[link.an]
between = ["a", "n"]
capacity = "100 Gbps"
rtt = "20 ms"
[link.nb]
between = ["n", "b"]
capacity = "100 Gbps"
rtt = "20 ms"
"#;

fn with(more: &str, overrides: &[&str]) -> impl Fn(&str) -> f64 + use<> {
    results_of(&format!("{BASE}{more}"), overrides)
}

#[test]
fn traffic_through_a_lost_site_goes_round_it() {
    // Lost from 1 h to 3 h: 30 s until routes have changed, then the long way; back 30 s after its return.
    let get = with("[site.m.outage]\nmtbf = \"1 h\"\nrepair = \"2 h\"\n", &["horizon=\"4 h\""]);
    near(get("site.m.wan_downtime"), 7200.0);
    near(get("site.m.wan_availability"), 0.5);
    near(get("link.am.downtime"), 7200.0);
    near(get("link.mb.availability"), 0.5);
    near(get("link.an.downtime"), 0.0);
    near(get("pair.a-to-b.downtime"), 30.0);
    near(get("demand.d.unserved"), 60.0 * GBPS * 30.0 / 14_400.0);
}

#[test]
fn a_lost_end_has_no_detour_and_its_works_stand_still() {
    let get = with("[site.b.outage]\nmtbf = \"1 h\"\nrepair = \"2 h\"\n", &["horizon=\"4 h\""]);
    near(get("pair.a-to-b.downtime"), 7200.0 + 30.0);
    near(get("demand.d.delivered"), 60.0 * GBPS * (14_400.0 - 7230.0) / 14_400.0);
}

/// A copy inside the lost site goes on: what is lost is the WAN.
#[test]
fn work_inside_a_lost_site_goes_on() {
    let inside = r#"
[site.b.outage]
mtbf = "1 h"
repair = "2 h"
[storage.s]
site = "b"
system = "azure-blob"
capacity = "1 PB"
[work.w]
kind = "io"
storage = "s"
site = "b"
pattern = "read"
clients = 1
rate = "1 GB/s"
"#;
    near(with(inside, &["horizon=\"4 h\""])("io.w.rate"), 1e9);
}

/// Sites that are up for s = 0.9 (18 h, 2 h) and links for a = 0.8 (8 h, 2 h), each by itself: the pair needs both sites and one of two
/// ways, and a way needs its transit site and its two links.
/// 8 × 4,000 h have 1,600 cycles of a site and 3,200 of a link. Margin: 4 deviations, each part with its derivative; deviations are
/// s (1 − s) √(2 / n) and a (1 − a) √(2 / n).
#[test]
fn availability_of_a_pair_has_its_sites_in_it() {
    let outage = |site: &str| {
        format!(
            "[site.{site}.outage]\nmtbf = {{ exponential = {{ mean = \"18 h\" }} }}\nrepair = {{ exponential = {{ mean = \"2 h\" }} }}\n"
        )
    };
    let sites: String = ["a", "b", "m", "n"].map(outage).concat();
    let laws = "mtbf = { exponential = { mean = \"8 h\" } }\ncut_repair = { exponential = { mean = \"2 h\" } }";
    let text = BASE.replace("rtt = \"10 ms\"\n", &format!("rtt = \"10 ms\"\n{laws}\n"));
    let text = text.replace("rtt = \"20 ms\"\n", &format!("rtt = \"20 ms\"\n{laws}\n"));
    let overrides = ["horizon=\"4200 h\"", "warmup=\"200 h\"", "replications=8", "wan.reconvergence=\"0 s\""];
    let results = run(&plan_with(&format!("{text}{sites}"), &overrides));
    let (s, a) = (0.9_f64, 0.8_f64);
    let way = s * a * a;
    let closed = s * s * (1.0 - (1.0 - way).powi(2));
    let (of_site, of_link) = (s * (1.0 - s) * (2.0_f64 / 1600.0).sqrt(), a * (1.0 - a) * (2.0_f64 / 3200.0).sqrt());
    let by_way = s * s * 2.0 * (1.0 - way);
    let parts = [
        2.0_f64.sqrt() * closed / s * of_site,
        2.0_f64.sqrt() * by_way * a * a * of_site,
        2.0 * by_way * s * a * of_link,
    ];
    let margin = 4.0 * parts.iter().map(|x| x * x).sum::<f64>().sqrt();
    let seen = kpi(&results, "pair.a-to-b.availability");
    assert!((seen - closed).abs() < margin, "{seen}, in closed form {closed} ± {margin}");
    let seen = kpi(&results, "site.m.wan_availability");
    assert!((seen - s).abs() < 4.0 * of_site, "{seen}");
    // A link is there while both its ends and its fibre are.
    let seen = kpi(&results, "link.am.availability");
    let margin = 4.0 * ((2.0 * (s * a * of_site).powi(2)) + (s * s * of_link).powi(2)).sqrt();
    assert!((seen - s * s * a).abs() < margin, "{seen} ± {margin}");
}

#[test]
fn a_study_of_sites_loses_the_same_links() {
    let get =
        with("[site.m.outage]\nmtbf = \"1 s\"\nrepair = \"9 d\"\n", &["wan.reconvergence=\"0 s\"", "warmup=\"1 h\""]);
    let loads = ["link.an.a-to-n", "link.am.a-to-m"].map(|way| get(&format!("{way}.utilisation")));
    let study = run(&plan_with(BASE, &["what_if=[\"sites\"]"])).what_if.expect("a study");
    let row = study.failures.iter().find(|row| row.failed == "site.m").expect("studied");
    near(row.worst_utilisation.expect("loaded"), loads[0]);
    near(loads[1], 0.0);
    near(row.unserved, get("demand.d.unserved"));
}

#[test]
fn bad_outages_are_refused() {
    for (more, code, words) in [
        ("[site.m.outage]\nmtbf = \"1 h\"\n", "E0102", "repair"),
        ("[site.m.outage]\nmtbf = \"0 h\"\nrepair = \"1 h\"\n", "E0203", "above zero"),
        ("[target.t]\nkpi = \"site.m.wan_availability\"\nat_least = \"99 %\"\n", "E0304", "never lost as a whole"),
    ] {
        let text = format!("{BASE}{more}");
        let seen = render_text(&load_text("t.toml", &text, &[]).expect_err("this should be refused"), false);
        assert!(seen.contains(code) && seen.contains(words), "{text}{seen}");
    }
}
