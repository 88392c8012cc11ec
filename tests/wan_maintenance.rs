//! Maintenance windows against closed forms worked out beside each test.

#[path = "world_support/by_hand.rs"]
mod by_hand;
mod world_support;

use apollo_sim::scenario::{load_text, render_text};
use by_hand::{GBPS, near, results_of};
use world_support::plan_with;

const DAY: f64 = 86_400.0;

/// A short way and a long way from a to b for 100 days.
const BASE: &str = r#"
format = 1
start = 2026-01-05
seed = 5
horizon = "100 d"
replications = 1
[wan]
failures = false
reconvergence = "60 s"
[site.a]
[site.b]
[site.m]
[demand.d]
from = "a"
to = "b"
rate = "60 Gbps"
[link.x]
between = ["a", "b"]
capacity = "100 Gbps"
rtt = "10 ms"
risk_group = ["duct"]
"#;

const ROUND: &str = r#"
[link.y]
between = ["a", "m"]
capacity = "100 Gbps"
rtt = "20 ms"
[link.z]
between = ["m", "b"]
capacity = "100 Gbps"
rtt = "20 ms"
"#;

/// Ten windows of 6 h: 60 h of 2,400.
const WINDOW: &str = r#"
[maintenance.w]
links = ["x"]
starts = 2026-01-10
every = "10 d"
duration = "6 h"
"#;

fn with(more: &str, overrides: &[&str]) -> impl Fn(&str) -> f64 + use<> {
    results_of(&format!("{BASE}{more}"), overrides)
}

#[test]
fn windows_come_again_and_are_no_failures() {
    let get = with(WINDOW, &[]);
    near(get("link.x.maintenance"), 60.0 * 3600.0);
    near(get("link.x.downtime"), 0.0);
    near(get("link.x.availability"), 1.0 - 60.0 / 2400.0);
    near(get("link.x.availability_unplanned"), 1.0);
    near(get("pair.a-to-b.availability"), 1.0 - 60.0 / 2400.0);
    near(get("pair.a-to-b.downtime"), 60.0 * 3600.0);
    near(get("pair.a-to-b.maintenance"), 60.0 * 3600.0);
    near(get("pair.a-to-b.availability_unplanned"), 1.0);
    near(get("demand.d.delivered"), 60.0 * GBPS * (1.0 - 60.0 / 2400.0));
    near(get("link.x.a-to-b.utilisation"), 0.6 * (1.0 - 60.0 / 2400.0));
}

#[test]
fn a_drained_link_loses_nothing_and_another_one_its_reconvergence() {
    let get = with(&format!("{ROUND}{WINDOW}"), &[]);
    near(get("demand.d.unserved"), 0.0);
    near(get("pair.a-to-b.availability"), 1.0);
    near(get("demand.d.latency"), 0.005 * (1.0 - 0.025) + 0.020 * 0.025);
    let get = with(&format!("{ROUND}{WINDOW}"), &["maintenance.w.drain=false"]);
    near(get("pair.a-to-b.downtime"), 10.0 * 60.0);
    near(get("demand.d.unserved"), 60.0 * GBPS * 600.0 / (100.0 * DAY));
    near(get("link.x.maintenance"), 60.0 * 3600.0);
    near(get("link.x.downtime"), 0.0);
}

#[test]
fn groups_and_sites_are_their_links_and_windows_that_overlap_count_once() {
    for covered in ["risk_groups = [\"duct\"]", "sites = [\"b\"]", "links = [\"x\"]\nsites = [\"b\"]"] {
        let get = with(&WINDOW.replace("links = [\"x\"]", covered), &[]);
        near(get("link.x.maintenance"), 60.0 * 3600.0);
    }
    // 6 h from day 5 and 4 h from 4 h later: 8 h of the first turn; the other nine are alone.
    let second = "[maintenance.v]\nlinks = [\"x\"]\nstarts = \"5 d\"\nduration = \"1 s\"\n[maintenance.u]\nlinks = [\"x\"]\nstarts = \"124 h\"\nduration = \"4 h\"\n";
    let get = with(&format!("{WINDOW}{second}"), &[]);
    near(get("link.x.maintenance"), (60.0 + 2.0) * 3600.0);
    near(get("pair.a-to-b.maintenance"), (60.0 + 2.0) * 3600.0);
}

#[test]
fn the_warm_up_cuts_windows() {
    // It ends 1 h after the second window began: 5 h of that one and eight more are left.
    let get = with(WINDOW, &["warmup=\"361 h\""]);
    near(get("link.x.maintenance"), (5.0 + 48.0) * 3600.0);
    near(get("link.x.availability"), 1.0 - 53.0 / (2400.0 - 361.0));
    near(get("pair.a-to-b.maintenance"), (5.0 + 48.0) * 3600.0);
}

#[test]
fn a_window_may_leave_a_part() {
    let get = with(WINDOW, &["maintenance.w.capacity=\"30 %\"", "demand.d.rate=\"1 Tbps\""]);
    near(get("link.x.availability"), 1.0);
    near(get("link.x.maintenance"), 0.0);
    near(get("pair.a-to-b.availability"), 1.0);
    near(get("demand.d.delivered"), 100.0 * GBPS * (1.0 - 0.7 * 0.025));
    // Of two that are open the stricter counts: the other, from 4 h after the first to 2 h after its end, takes a half for these 2 h.
    let second = "[maintenance.u]\nlinks = [\"x\"]\nstarts = \"124 h\"\nduration = \"4 h\"\ncapacity = \"50 %\"\n";
    let overrides = ["maintenance.w.capacity=\"30 %\"", "demand.d.rate=\"1 Tbps\""];
    let get = with(&format!("{WINDOW}{second}"), &overrides);
    near(get("demand.d.delivered"), 100.0 * GBPS * (1.0 - 0.7 * 0.025 - 0.5 * 2.0 / 2400.0));
}

/// Cuts by exponential laws of 8 h and 2 h: up for a = 0.8 by themselves. Windows of 6 h in every 24 h, independent of them, leave 0.75 of
/// that. 8 × 2,400 h have 1,920 cycles; margins are 4 deviations of a share, a (1 − a) √(2 / n), as in `wan_availability`; the time outside
/// of windows sees three quarters of it, so √(4/3) wider.
#[test]
fn maintenance_and_failures_multiply() {
    let text = r#"
[risk_group.duct]
mtbf = { exponential = { mean = "8 h" } }
cut_repair = { exponential = { mean = "2 h" } }
"#;
    let overrides = [
        "wan.failures=true",
        "wan.wave_failures=\"0 /1000km-year\"",
        "wan.reconvergence=\"0 s\"",
        "replications=8",
        "maintenance.w.every=\"1 d\"",
        "maintenance.w.starts=\"5 h\"",
    ];
    let get = with(&format!("{text}{WINDOW}"), &overrides);
    let margin = 4.0 * 0.16 * (2.0_f64 / 1920.0).sqrt() * (4.0_f64 / 3.0).sqrt();
    let close = |name: &str, closed: f64| {
        let seen = get(name);
        assert!((seen - closed).abs() < margin, "{name}: {seen}, in closed form {closed} ± {margin}");
    };
    near(get("link.x.maintenance"), 100.0 * 6.0 * 3600.0);
    close("link.x.availability", 0.8 * 0.75);
    close("link.x.availability_unplanned", 0.8);
    close("pair.a-to-b.availability", 0.8 * 0.75);
    // A window while the link is cut is the cut's fault: 0.25 × 0.8 of the time is maintenance's.
    let blamed = get("pair.a-to-b.maintenance") / (100.0 * DAY);
    assert!((blamed - 0.2).abs() < margin, "{blamed}");
    close("pair.a-to-b.availability_unplanned", 0.6 / 0.8);
}

/// The long way is cut for good after 100 s; the window on the short one is then what keeps the pair apart.
#[test]
fn blame_is_with_maintenance_where_a_link_in_a_window_would_join() {
    let round = ROUND
        .replace("rtt = \"20 ms\"\n[link.z]", "rtt = \"20 ms\"\nmtbf = \"100 s\"\ncut_repair = \"200 d\"\n[link.z]");
    let overrides =
        ["wan.failures=true", "wan.wave_failures=\"0 /1000km-year\"", "link.z.failures=false", "link.x.failures=false"];
    let get = with(&format!("{round}{WINDOW}"), &overrides);
    near(get("pair.a-to-b.maintenance"), 60.0 * 3600.0);
    near(get("pair.a-to-b.availability_unplanned"), 1.0);
}

fn errors(more: &str) -> String {
    let text = format!("{BASE}{more}");
    render_text(&load_text("t.toml", &text, &[]).expect_err("this should be refused"), false)
}

#[test]
fn windows_that_cannot_be_are_refused() {
    for (text, code, words) in [
        (WINDOW.replace("10 d", "6 h"), "E0517", "comes again every"),
        (WINDOW.replace("links = [\"x\"]", "links = [\"y\"]"), "E0301", "links are: x"),
        (WINDOW.replace("links = [\"x\"]", "sites = [\"m\"]"), "E0517", "covers no link"),
        (WINDOW.replace("links = [\"x\"]\n", ""), "E0102", "needs one of"),
        (WINDOW.replace("6 h", "0 s"), "E0203", "above zero"),
        (format!("{WINDOW}capacity = \"100 %\"\n"), "E0203", "at most"),
        ("[target.t]\nkpi = \"link.x.maintenance\"\nat_most = \"1 h\"\n".to_owned(), "E0304", "no maintenance windows"),
    ] {
        let seen = errors(&text);
        assert!(seen.contains(code) && seen.contains(words), "{text}{seen}");
    }
    let plan = plan_with(&format!("{BASE}{}", WINDOW.replace("2026-01-10", "2027-01-10")), &[]);
    assert!(plan.warnings.iter().any(|w| w.message.contains("after the horizon")), "{:?}", plan.warnings);
}
