//! Tiers: old bytes move on, free their room, and arrive whole. By hand.

#[path = "world_support/audit.rs"]
mod audit;
mod world_support;

use apollo_sim::experiment::results::RunResults;
use audit::audited;
use proptest::prelude::*;
use world_support::{kpi, plan_with, run};

/// 1 GB/s comes in, stays 20 h on the hot system, and then goes to the base at the other site.
const BASE: &str = r#"
format = 1
start = 2026-01-05
horizon = "50 h"
warmup = "0 s"
replications = 1
[site.here]
[site.there]
[link.wan]
between = ["here", "there"]
capacity = "400 Gbps"
rtt = "20 ms"
failures = false
[storage.hot]
site = "here"
system = "vast-ebox-z3-highmem-88"
nodes = 40
quota = { hard = "100 TB" }
tier = { to = "base", after = "20 h" }
[storage.base]
site = "there"
system = "azure-blob"
capacity = "5 PB"
[work.in]
kind = "io"
storage = "hot"
pattern = "write"
clients = 4
ingest = true
rate = "1 GB/s"
"#;

const HOUR: f64 = 3600.0;
const RATE: f64 = 1e9;

fn simulate(overrides: &[&str]) -> RunResults {
    run(&plan_with(BASE, overrides))
}

fn near(seen: f64, expected: f64, what: &str) {
    assert!((seen - expected).abs() <= 1e-6 * expected.abs() + 1e6, "{what}: {seen}, by hand {expected}");
}

/// What came is here, there, or expired.
fn books(r: &RunResults, hours: f64) -> (f64, f64) {
    let (here, there) = (kpi(r, "storage.hot.used"), kpi(r, "storage.base.used"));
    near(here + there, kpi(r, "storage.hot.write_rate") * hours * HOUR, "nothing is lost on the way");
    near(there, kpi(r, "storage.hot.tiered"), "what left has arrived");
    near(kpi(r, "storage.base.write_rate") * hours * HOUR, there, "and was written");
    (here, there)
}

#[test]
fn what_is_old_enough_moves_and_frees_its_room() {
    let r = simulate(&[]);
    let (here, there) = books(&r, 50.0);
    near(here, 20.0 * HOUR * RATE, "the last 20 h");
    near(there, 30.0 * HOUR * RATE, "what came before");
    near(kpi(&r, "storage.hot.tier_backlog"), 0.0, "it keeps up");
    near(kpi(&r, "storage.hot.refused"), 0.0, "180 TB came through a limit of 100 TB");
}

#[test]
fn a_slow_tier_leaves_a_backlog_and_catches_up() {
    let slow = "storage.hot.tier={ to = \"base\", after = \"20 h\", pace = \"4 Gbps\" }";
    let r = simulate(&[slow, "horizon=30 h"]);
    let (here, there) = books(&r, 30.0);
    near(there, 10.0 * HOUR * 0.5e9, "half of what is old enough");
    near(kpi(&r, "storage.hot.tier_backlog"), 10.0 * HOUR * 0.5e9, "the other half waits");
    near(here, 25.0 * HOUR * RATE, "and keeps its room");
    // Writing stops at 25 h: from 45 h on nothing more gets old, 25 h of it have to move at half the rate.
    let r = simulate(&[slow, "work.in.ends=25 h", "horizon=80 h"]);
    near(kpi(&r, "storage.hot.used"), 0.0, "everything has moved by 70 h");
    near(kpi(&r, "storage.base.used"), 25.0 * HOUR * RATE, "and is there");
    let r = simulate(&[slow, "work.in.ends=25 h", "horizon=69 h"]);
    near(kpi(&r, "storage.hot.used"), HOUR * 0.5e9, "an hour before that");
}

#[test]
fn a_tier_without_way_or_room_waits_and_the_system_fills() {
    let r = simulate(&["storage.base.quota={ hard = \"36 TB\" }"]);
    near(kpi(&r, "storage.base.used"), 36e12, "the base takes what it may");
    near(kpi(&r, "storage.base.refused"), 0.0, "what waits is not refused");
    near(kpi(&r, "storage.hot.used"), 100e12, "then the hot system fills");
    near(kpi(&r, "storage.hot.refused"), 50.0 * HOUR * RATE - 136e12, "and refuses");
}

#[test]
fn retention_goes_on_after_the_move() {
    let r = simulate(&["work.in.retention=30 h"]);
    near(kpi(&r, "storage.hot.used"), 20.0 * HOUR * RATE, "the last 20 h");
    near(kpi(&r, "storage.base.used"), 10.0 * HOUR * RATE, "10 h more on the base, then they go");
    let r = simulate(&["work.in.retention=10 h"]);
    near(kpi(&r, "storage.hot.used"), 10.0 * HOUR * RATE, "what goes before it is old enough never moves");
    near(kpi(&r, "storage.hot.tiered"), 0.0, "nothing moves");
}

/// Bytes move from 80 TB down to 50 TB at 2 GB/s, while 1 GB/s comes in.
const MARKS: &str = "storage.hot.tier={ to = \"base\", high = \"80 %\", low = \"50 %\", pace = \"16 Gbps\" }";

#[test]
fn marks_move_bytes_from_the_high_one_to_the_low_one() {
    // 80 TB after 80,000 s; then 1 GB/s net out, so 50 TB 30,000 s later; then 30,000 s up, 30,000 s down, 10,000 s up.
    let r = simulate(&[MARKS]);
    let (here, there) = books(&r, 50.0);
    near(here, 60e12, "on its way up for the third time");
    near(there, 120e12, "twice 30,000 s at 2 GB/s");
    near(kpi(&r, "storage.hot.tier_backlog"), 0.0, "nothing waits on the way up");
    near(kpi(&r, "storage.hot.refused"), 0.0, "180 TB came through a limit of 100 TB");
    let r = simulate(&[MARKS, "horizon=79999 s"]);
    near(kpi(&r, "storage.hot.tiered"), 0.0, "nothing moves below the high mark");
    let r = simulate(&[MARKS, "horizon=100000 s"]);
    near(kpi(&r, "storage.hot.tiered"), 40e12, "20,000 s at 2 GB/s");
    near(kpi(&r, "storage.hot.tier_backlog"), 10e12, "60 TB lie here, 50 TB is the low mark");
}

#[test]
fn marks_with_a_tier_too_slow_let_the_system_fill() {
    let r = simulate(&["storage.hot.tier={ to = \"base\", high = \"80 %\", low = \"50 %\", pace = \"4 Gbps\" }"]);
    let (here, there) = books(&r, 50.0);
    near(there, 50e12, "0.5 GB/s from 80,000 s on");
    near(kpi(&r, "storage.hot.refused"), 180e12 - here - there, "the rest is refused");
    assert!((99e12 * (1.0 - 1e-9)..=100e12 * (1.0 + 1e-9)).contains(&here), "{here}");
}

#[test]
fn age_waits_until_it_has_caught_up_with_the_marks() {
    // The marks move 20 TB from 60,000 s and again from 80,000 s; writing stops at 90,000 s with 50 TB here. What is older
    // than 72,000 s is 40 TB at 112,000 s: from there on age moves 1 GB/s.
    let tier =
        "storage.hot.tier={ to = \"base\", after = \"20 h\", high = \"60 %\", low = \"50 %\", pace = \"16 Gbps\" }";
    for (horizon, here) in [("horizon=111999 s", 50e12), ("horizon=130000 s", 32e12), ("horizon=50 h", 0.0)] {
        let r = simulate(&[tier, "work.in.ends=25 h", horizon]);
        near(kpi(&r, "storage.hot.used"), here, horizon);
        near(kpi(&r, "storage.base.used"), 90e12 - here, horizon);
        near(kpi(&r, "storage.hot.tier_backlog"), 0.0, "everything old enough has moved");
    }
}

/// With an age beside the marks, what has a retention moves by its age alone: 72 TB stay above the high mark of 50 TB.
#[test]
fn marks_do_not_hurry_what_expires() {
    let both = "storage.hot.tier={ to = \"base\", after = \"20 h\", high = \"50 %\", low = \"30 %\" }";
    let r = simulate(&[both, "work.in.retention=40 h"]);
    near(kpi(&r, "storage.hot.used"), 20.0 * HOUR * RATE, "the last 20 h");
    near(kpi(&r, "storage.base.used"), 20.0 * HOUR * RATE, "the 20 h before");
}

#[test]
fn marks_leave_what_expires() {
    let r = simulate(&[MARKS, "work.in.retention=25 h"]);
    near(kpi(&r, "storage.hot.used"), 25.0 * HOUR * RATE, "the last 25 h, above the high mark");
    near(kpi(&r, "storage.hot.tiered"), 0.0, "nothing moves");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn marks_lose_nothing_whatever_the_rates(
        rate in 0.1..3.0_f64,
        pace in 0.1..5.0_f64,
        high in 0.2..1.0_f64,
        gap in 0.01..0.15_f64,
        after in prop::option::of(1.0..40.0_f64),
    ) {
        let after = after.map_or(String::new(), |after| format!("after = \"{after:.3} h\", "));
        let overrides = [
            format!("work.in.rate={rate:.3} GB/s"),
            format!(
                "storage.hot.tier={{ to = \"base\", {after}high = \"{:.3} %\", low = \"{:.3} %\", pace = \"{:.3} Gbps\" }}",
                100.0 * high, 100.0 * (high - gap) - 0.01, 8.0 * pace
            ),
        ];
        let overrides: Vec<&str> = overrides.iter().map(String::as_str).collect();
        let plan = plan_with(BASE, &overrides);
        let r = run(&plan);
        books(&r, 50.0);
        let used = kpi(&r, "storage.hot.used");
        prop_assert!(used <= 100e12 * (1.0 + 1e-9));
        prop_assert!(pace <= rate || used <= high * 100e12 * (1.0 + 1e-4), "a tier that keeps up holds the high mark: {used}");
        let (_, events) = audited(&plan, 0, 20);
        prop_assert!(events < 5_000, "{events} events");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn nothing_is_lost_whatever_the_rates(
        rate in 0.1..3.0_f64,
        pace in 0.1..5.0_f64,
        after in 1.0..40.0_f64,
        ends in 5.0..49.0_f64,
    ) {
        let overrides = [
            format!("work.in.rate={rate:.3} GB/s"),
            format!("work.in.ends={ends:.3} h"),
            format!("storage.hot.tier={{ to = \"base\", after = \"{after:.3} h\", pace = \"{:.3} Gbps\" }}", 8.0 * pace),
        ];
        let overrides: Vec<&str> = overrides.iter().map(String::as_str).collect();
        let plan = plan_with(BASE, &overrides);
        let r = run(&plan);
        books(&r, 50.0);
        prop_assert!(kpi(&r, "storage.hot.used") <= 100e12 * (1.0 + 1e-9));
        let (_, events) = audited(&plan, 0, 20);
        prop_assert!(events < 2_000, "{events} events");
    }
}
