//! Same plan, same seed, same numbers: run twice, on one thread or two, observed or not. And what a plan does not touch
//! stays as it was, draw by draw.

#[path = "world_support/falcon.rs"]
mod falcon;
#[path = "world_support/small.rs"]
mod small;
#[path = "world_support/value.rs"]
mod value;
mod world_support;

use apollo_sim::assembly;
use apollo_sim::experiment::results::RunResults;
use apollo_sim::experiment::{self, RunOptions};
use apollo_sim::scenario::plan::Plan;
use apollo_sim::stats::interval;
use apollo_sim::units::SimTime;
use falcon::falcon;
use small::SMALL;
use value::value;
use world_support::{kpi, plan_with, run};

/// The first 24 minutes of falcon, with its acceptance runs moved into them.
const SHORT_FALCON: [&str; 15] = [
    "horizon=\"24 min\"",
    "warmup=\"8 min\"",
    "replications=2",
    "work.accept-phx-read.starts=\"10 min\"",
    "work.accept-phx-read.ends=\"12 min\"",
    "work.accept-phx-write.starts=\"14 min\"",
    "work.accept-phx-write.ends=\"20 min\"",
    "work.accept-dal-read.starts=\"10 min\"",
    "work.accept-dal-read.ends=\"12 min\"",
    "work.accept-dal-write.starts=\"14 min\"",
    "work.accept-dal-write.ends=\"20 min\"",
    "work.accept-ric-read.starts=\"10 min\"",
    "work.accept-ric-read.ends=\"12 min\"",
    "work.accept-ric-write.starts=\"14 min\"",
    "work.accept-ric-write.ends=\"20 min\"",
];

fn with_threads(plan: &Plan, threads: usize, observe: bool) -> RunResults {
    let options = RunOptions { threads: Some(threads), observe, ..RunOptions::quiet() };
    experiment::run(plan, &options).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_run_repeats_to_the_last_bit_on_any_number_of_threads() {
    for plan in [plan_with(SMALL, &[]), plan_with(&falcon(), &SHORT_FALCON)] {
        let first = format!("{:?}", with_threads(&plan, 1, true));
        assert!(first.len() > 10_000 && first.contains("feedback_time"), "{}", plan.name);
        assert!(first == format!("{:?}", with_threads(&plan, 1, true)), "{} differs when run again", plan.name);
        assert!(first == format!("{:?}", with_threads(&plan, 2, true)), "{} differs on two threads", plan.name);
    }
}

#[test]
fn another_seed_gives_other_numbers() {
    let mut other = plan_with(SMALL, &[]);
    let first = run(&other);
    other.seed += 1;
    let second = run(&other);
    let mean = |r: &RunResults| kpi(r, "rl.loop.cycle_time").to_bits();
    assert_ne!(mean(&first), mean(&second));
}

/// Quantiles over the bins of a series need the series; every other number is the same without it.
#[test]
fn looking_changes_nothing() {
    for plan in [plan_with(SMALL, &[]), plan_with(&falcon(), &SHORT_FALCON)] {
        let (seen, unseen) = (with_threads(&plan, 1, true), with_threads(&plan, 1, false));
        assert_eq!(seen.events, unseen.events);
        assert!(!seen.series.is_empty() && seen.series[0].values.len() > 300);
        let of_bins = |name: &str| name.starts_with("link.") && (name.ends_with(".p95") || name.ends_with(".max"));
        let mut compared = 0;
        for (a, b) in seen.kpis.iter().zip(&unseen.kpis).filter(|(a, _)| !of_bins(&a.name)) {
            assert_eq!(format!("{a:?}"), format!("{b:?}"), "{}", plan.name);
            compared += 1;
        }
        assert!(compared > 50 && seen.kpis.len() == unseen.kpis.len());
        assert_eq!(format!("{:?}", seen.bottlenecks), format!("{:?}", unseen.bottlenecks));
    }
}

/// Events of one instant and class have no natural order: what the results say must not hang on the one we chose.
#[test]
fn ties_in_another_order_change_no_headline() {
    let plan = plan_with(SMALL, &["horizon=\"20 min\""]);
    let names =
        ["rl.loop.feedback_time.p95", "rl.loop.feedback_time.p50", "rl.loop.tokens_rate", "rl.loop.on_time.fraction"];
    let runs = |permuted: bool| -> Vec<Vec<f64>> {
        let one = |replication: u32| {
            let mut engine = assembly::engine(&plan, plan.seed, replication, false, false);
            if permuted {
                engine.permute_ties(99 + u64::from(replication));
            }
            engine.run_until(SimTime::ZERO + plan.horizon).unwrap();
            let now = engine.now();
            let seen = engine.into_model().measure(now);
            names.iter().map(|name| value(&seen, name).unwrap()).collect::<Vec<f64>>()
        };
        (0..10).map(one).collect()
    };
    let (plain, permuted) = (runs(false), runs(true));
    for (k, name) in names.iter().enumerate() {
        let column = |rows: &[Vec<f64>]| rows.iter().map(|r| r[k]).collect::<Vec<f64>>();
        let (mean, [lo, hi]) = interval::mean_ci95(&column(&plain)).unwrap();
        let (other, _) = interval::mean_ci95(&column(&permuted)).unwrap();
        println!("{name}: {mean} in [{lo}, {hi}], with ties permuted {other}");
        assert!(other >= lo.min(mean * (1.0 - 1e-9)) && other <= hi.max(mean * (1.0 + 1e-9)), "{name}");
    }
}

/// KPI rows whose names pass `keep`, as text.
fn rows(results: &RunResults, keep: impl Fn(&str) -> bool) -> Vec<String> {
    results.kpis.iter().filter(|k| keep(&k.name)).map(|k| format!("{k:?}")).collect()
}

#[test]
fn parts_that_nobody_uses_change_nobodys_draws() {
    let more = format!(
        "{SMALL}
[site.aaa]
[site.zzz]
[fleet.aaa]
site = \"aaa\"
node = \"gb200-nvl72\"
gpus = 7200
[fleet.zzz]
site = \"west\"
node = \"gb200-nvl72\"
gpus = 7200
[link.aaa-zzz]
between = [\"aaa\", \"zzz\"]
capacity = \"100 Gbps\"
waves = 2
rtt = \"5 ms\"
[storage.aaa]
site = \"zzz\"
system = \"azure-blob\"
capacity = \"1 PB\"
[storage.aab]
site = \"aaa\"
system = \"azure-blob\"
capacity = \"1 PB\"
[storage.zzz]
site = \"zzz\"
system = \"vast-ebox-z3-highmem-88\"
nodes = 16
holds = \"300 TB\"
failures = true
device_loss_rate = \"4 /day\"
node_loss_rate = \"2 /day\"
scrub_every = \"1 day\"
[work.zzz]
kind = \"io\"
storage = \"zzz\"
pattern = \"write\"
clients = 4
ingest = true
rate = {{ uniform = {{ from = \"1 GB/s\", to = \"9 GB/s\" }} }}
[work.aaa]
kind = \"copy\"
from = \"aaa\"
to = \"aab\"
bytes = \"10 TB\"
"
    );
    let more = run(&plan_with(&more, &["site.west.fabric=\"800 Gbps\"", "site.east.fabric=\"2 Tbps\""]));
    let base = run(&plan_with(SMALL, &["site.west.fabric=\"800 Gbps\"", "site.east.fabric=\"2 Tbps\""]));
    assert_eq!(base.replications, more.replications);
    let old = |name: &str| {
        !["aaa", "aab", "zzz"].iter().any(|n| name.contains(n))
            && !name.starts_with("wan.")
            && !name.starts_with("site.")
    };
    let (a, b) = (rows(&base, old), rows(&more, old));
    assert!(a.len() > 80);
    for (a, b) in a.iter().zip(&b) {
        assert_eq!(a, b);
    }
    assert_eq!(a.len(), b.len());
}

/// A feature that is off takes no draws from the others: failures of one fleet, then checkpoints, then waves.
#[test]
fn a_feature_switched_off_changes_nobody_elses_draws() {
    let base = run(&plan_with(SMALL, &[]));
    let off = run(&plan_with(SMALL, &["fleet.serve.failures=false"]));
    let others = |name: &str| name.starts_with("fleet.train.");
    assert_eq!(rows(&base, others), rows(&off, others));
    let off = run(&plan_with(SMALL, &["link.west-east.failures=false"]));
    let fleets = |name: &str| name.starts_with("fleet.");
    assert_eq!(rows(&base, fleets), rows(&off, fleets));
    // Who holds the units changes neither when they fail nor how long the repair takes, down to the last bit; only a
    // unit that is being brought in cannot fail, and here that takes no time.
    let failing = |more: &[&str]| {
        let mut overrides = vec![
            "fleet.serve.failure_rate_per_8_gpus=\"4 /day\"",
            "fleet.serve.health=\"new\"",
            "fleet.serve.replacement=\"0 s\"",
        ];
        overrides.extend(more);
        run(&plan_with(SMALL, &overrides))
    };
    let (busy, idle) = (failing(&[]), failing(&["work.loop.starts=\"30 min\"", "fleet.serve.detection=\"1 s\""]));
    assert!(kpi(&busy, "fleet.serve.failures") > 10.0);
    assert_eq!(kpi(&busy, "fleet.serve.failures").to_bits(), kpi(&idle, "fleet.serve.failures").to_bits());
}
