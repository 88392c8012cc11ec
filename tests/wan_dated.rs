//! Capacity that changes by date, against closed forms worked out beside each test.

#[path = "world_support/by_hand.rs"]
mod by_hand;
mod world_support;

use apollo_sim::scenario::{load_text, render_text};
use by_hand::{GBPS, near, results_of};
use world_support::{kpi, plan_with, run};

/// Two sites, ten days, one demand.
const PAIR: &str = r#"
format = 1
start = 2026-01-05
seed = 3
horizon = "10 d"
replications = 1
[wan]
failures = false
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
"#;

/// The long way round.
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

fn with(more: &str, overrides: &[&str]) -> impl Fn(&str) -> f64 + use<> {
    results_of(&format!("{PAIR}{more}"), overrides)
}

fn errors(more: &str) -> String {
    let text = format!("{PAIR}{more}");
    render_text(&load_text("t.toml", &text, &[]).expect_err("this should be refused"), false)
}

#[test]
fn utilisation_is_over_what_was_installed_at_each_time() {
    // 100 Gb/s for 2 days, 400 for 5, 50 for 3: 60 Gb/s fit all the time but in the last part, where 50 do.
    let upgrades = r#"upgrades = [{ at = 2026-01-07, capacity = "400 Gbps" }, { at = "7 d", capacity = "50 Gbps" }]"#;
    let get = with(&format!("{upgrades}\n"), &[]);
    let installed = (100.0 * 2.0 + 400.0 * 5.0 + 50.0 * 3.0) / 10.0;
    near(get("link.x.a-to-b.utilisation"), (60.0 * 7.0 + 50.0 * 3.0) / 10.0 / installed);
    near(get("demand.d.delivered"), (60.0 * 7.0 + 50.0 * 3.0) / 10.0 * GBPS);
    near(get("wan.busiest_utilisation"), 57.0 / installed);
    // Without the first six days: 400 for a day, 50 for three.
    let get = with(&format!("{upgrades}\n"), &["warmup=\"6 d\""]);
    near(get("link.x.a-to-b.utilisation"), (60.0 + 150.0) / (400.0 + 150.0));
}

#[test]
fn bins_of_the_series_are_over_what_was_installed_in_them() {
    let plan = plan_with(&format!("{PAIR}upgrades = [{{ at = \"5 d\", capacity = \"200 Gbps\" }}]\n"), &[]);
    let options = apollo_sim::experiment::RunOptions {
        observe: true,
        threads: Some(1),
        ..apollo_sim::experiment::RunOptions::quiet()
    };
    let results = apollo_sim::experiment::run(&plan, &options).expect("a run");
    near(kpi(&results, "link.x.a-to-b.utilisation.max"), 0.6);
    let p95 = kpi(&results, "link.x.a-to-b.utilisation.p95");
    near(p95, 0.6);
    near(kpi(&results, "link.x.a-to-b.utilisation"), 60.0 * 10.0 / (100.0 * 5.0 + 200.0 * 5.0));
}

#[test]
fn a_copy_goes_on_at_the_new_rate() {
    // 20 TB: 12.5 GB/s for 1000 s, the rest at 50 GB/s; half a round trip at the end.
    let text = r#"upgrades = [{ at = "1000 s", capacity = "400 Gbps" }]
framing = 1.0
[storage.s]
site = "a"
system = "azure-blob"
capacity = "1 EB"
[storage.t]
site = "b"
system = "azure-blob"
capacity = "1 EB"
[work.c]
kind = "copy"
from = "s"
to = "t"
bytes = "20 TB"
setup_rtts = 0
window = "64 GB"
"#;
    let get = with(text, &["demand.d.rate=\"1 bps\""]);
    let by_hand = 1000.0 + (20e12 - 12.5e9 * 1000.0) / 50e9 + 0.005;
    let seen = get("transfer.c.time");
    assert!((seen / by_hand - 1.0).abs() < 1e-6, "{seen}, by hand {by_hand}");
}

#[test]
fn a_link_that_comes_and_goes_loses_nothing_where_there_is_a_detour() {
    // The short link is there from day 3 to day 8: 5 ms then, 20 ms before and after; nothing is lost at either change.
    let get = with(&format!("starts = 2026-01-08\nends = \"8 d\"\n{ROUND}"), &["wan.reconvergence=\"60 s\""]);
    near(get("demand.d.unserved"), 0.0);
    near(get("pair.a-to-b.availability"), 1.0);
    near(get("demand.d.latency"), 0.5 * 0.005 + 0.5 * 0.020);
    near(get("link.x.a-to-b.utilisation"), 0.6);
    near(get("link.y.a-to-m.utilisation"), 0.3);
    near(get("link.x.downtime"), 0.0);
}

#[test]
fn a_pair_is_there_while_its_only_link_is() {
    let get = with("starts = \"3 d\"\nends = \"8 d\"\n", &["wan.reconvergence=\"60 s\""]);
    near(get("pair.a-to-b.availability"), 0.5);
    near(get("demand.d.delivered"), 30.0 * GBPS);
    near(get("link.x.downtime"), 0.0);
}

/// Waves that fail and are mended with means of 8 h and 2 h are up for 80 % of the time, each by itself, so what a saturated link
/// delivers is 0.8 × ∫ installed, whatever is installed when. 4 waves for 500 h, 12 for 1000, 6 for 500: (4 × 500 + 12 × 1000 + 6 × 500) ÷ 10
/// cycles of one wave; margin 4 deviations of a share as in `wan_availability`.
#[test]
fn the_waves_that_are_there_fail() {
    let text = r#"waves = 4
upgrades = [{ at = "500 h", capacity = "300 Gbps" }, { at = "1500 h", capacity = "150 Gbps" }]
wave_failures = "1000 /1000km-year"
length = "1095.75 km"
wave_repair = { exponential = { mean = "2 h" } }
"#;
    // 1095.75 failures a year: one every 8 h.
    let overrides = [
        "wan.failures=true",
        "horizon=\"2000 h\"",
        "replications=8",
        "demand.d.rate=\"1 Tbps\"",
        "link.x.cuts=\"0 /1000km-year\"",
    ];
    let get = with(text, &overrides);
    let installed = (100.0 * 500.0 + 300.0 * 1000.0 + 150.0 * 500.0) / 2000.0 * GBPS;
    let cycles = 8.0 * (4.0 * 500.0 + 12.0 * 1000.0 + 6.0 * 500.0) / 10.0;
    let share = get("demand.d.delivered") / installed;
    // New waves begin in service, which adds about (1 - a) x 1.6 h of each wave's time.
    let begins = 0.2 * 1.6 * (4.0 + 8.0) / (4.0 * 500.0 + 12.0 * 1000.0 + 6.0 * 500.0);
    let margin = 4.0 * 0.8 * 0.2 * (2.0_f64 / cycles).sqrt();
    assert!((share - 0.8 - begins).abs() < margin, "{share} ± {margin}");
}

#[test]
fn an_upgrade_keeps_the_size_of_waves_or_states_their_number() {
    let waves = |more: &str| {
        let plan = plan_with(&format!("{PAIR}{more}"), &[]);
        plan.links[0].dated.iter().map(|step| step.waves).collect::<Vec<_>>()
    };
    let up = |more: &str| {
        format!(
            "{more}\nupgrades = [{{ at = \"1 d\", capacity = \"300 Gbps\" }}, {{ at = \"2 d\", capacity = \"1.2 Tbps\", waves = 3 }}, {{ at = \"3 d\", capacity = \"400 Gbps\" }}]\n"
        )
    };
    assert_eq!(waves(&up("waves = 4")), [12, 3, 1]);
    assert_eq!(waves(&up("")), [1, 3, 1], "a link that states no waves is one");
}

#[test]
fn studies_without_a_clock_take_the_worst_of_what_is_installed_when() {
    // Before the upgrade 60 of 100, after it 60 of 400; then demand grows by 8.
    let upgrade = "upgrades = [{ at = \"4 d\", capacity = \"400 Gbps\" }]\n";
    let study = |overrides: &[&str]| {
        let overrides: Vec<&str> = overrides.iter().copied().chain(["what_if=[\"links\"]"]).collect();
        let results = run(&plan_with(&format!("{PAIR}{upgrade}{ROUND}"), &overrides));
        let study = results.what_if.clone().expect("a study");
        let base = study.links.iter().find(|row| row.link == "link.x.a-to-b").expect("a direction").base;
        let other = study.failures.iter().find(|row| row.failed == "link.y").expect("studied");
        (base, other.utilisation_at_s.expect("an instant"), kpi(&results, "wan.concurrent_flow"))
    };
    let (base, at, flow) = study(&[]);
    near(base, 0.6);
    near(at, 0.0);
    near(flow, 200.0 / 60.0);
    // 60 × 8 on 400, with 100 by the other way: 500 ÷ 480.
    let (base, at, flow) = study(&["demand.d.growth=\"700 %\"", "demand.d.growth_every=\"5 d\""]);
    near(base, 1.2);
    near(at, 5.0 * 86_400.0);
    near(flow, 500.0 / 480.0);
}

#[test]
fn dates_that_contradict_one_another_are_refused() {
    for (text, code, words) in [
        ("starts = \"3 d\"\nends = \"2 d\"\n", "E0503", "before it comes into service"),
        ("starts = \"20 d\"\n", "E0503", "when the simulation is over"),
        (
            "upgrades = [{ at = \"3 d\", capacity = \"1 Tbps\" }, { at = \"2 d\", capacity = \"2 Tbps\" }]\n",
            "E0518",
            "does not come after",
        ),
        ("starts = \"4 d\"\nupgrades = [{ at = \"3 d\", capacity = \"1 Tbps\" }]\n", "E0518", "does not come after"),
        ("ends = \"4 d\"\nupgrades = [{ at = \"5 d\", capacity = \"1 Tbps\" }]\n", "E0518", "out of service since"),
        ("waves = 4\nupgrades = [{ at = \"5 d\", capacity = \"190 Gbps\" }]\n", "E0518", "no whole number of waves"),
        ("upgrades = [{ at = 2025-01-05, capacity = \"1 Tbps\" }]\n", "E0206", "before the start"),
        ("upgrades = [{ at = \"5 d\", capacity = \"0 Gbps\" }]\n", "E0203", "above zero"),
        ("upgrades = [{ at = \"5 d\", capacity = \"1 Tbps\", wave = 3 }]\n", "E0101", "waves"),
    ] {
        let seen = errors(text);
        assert!(seen.contains(code) && seen.contains(words), "{text}{seen}");
    }
}

#[test]
fn dates_without_effect_are_said() {
    for (text, words) in [
        ("upgrades = [{ at = \"11 d\", capacity = \"1 Tbps\" }]\n", "after the horizon"),
        ("upgrades = [{ at = \"1 d\", capacity = \"100 Gbps\" }]\n", "to what is installed"),
    ] {
        let plan = plan_with(&format!("{PAIR}{text}"), &[]);
        assert!(plan.warnings.iter().any(|w| w.message.contains(words)), "{:?}", plan.warnings);
    }
}
