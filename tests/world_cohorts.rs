//! Cohorts stand for many engines: what their size does to the results. Margins and seed were fixed before the first run. Failures
//! are off: with them one outage of a trainer moves the tail of a replication by tens of seconds, whatever the cohorts.

mod world_support;

use apollo_sim::scenario::plan::Plan;
use world_support::{kpi, plan_with, run};

/// The loop of `scenarios/rl-60s.toml` at a fifth of its size, 375 engines in each of two pools, with nothing that fails. The default is 32
/// cohorts of 12 engines in a pool; a cohort of 6 halves it, a cohort of 1 simulates every trajectory.
fn plan(cohort: u32, more: &[&str]) -> Plan {
    let text = include_str!("../scenarios/rl-60s.toml");
    let cohort = format!("work.online.engine.cohort={cohort}");
    let own = [
        &cohort,
        "horizon=\"1 h\"",
        "seed=11",
        "replications=8",
        "work.online.trainer.gpus=\"1600\"",
        "work.online.generators=[{ fleet = \"dallas\", gpus = \"6k\" }, { fleet = \"richmond\", gpus = \"6k\" }]",
        "work.online.batch=12800",
        "fleet.phoenix.failures=false",
        "fleet.dallas.failures=false",
        "fleet.richmond.failures=false",
        "wan.failures=false",
    ];
    plan_with(text, &[&own[..], more].concat())
}

const STATS: [&str; 2] = ["rl.online.feedback_time.p50", "rl.online.feedback_time.p95"];

/// Mean and half width of its 95 % interval.
fn measured(cohort: u32, more: &[&str]) -> [(f64, f64); 2] {
    let results = run(&plan(cohort, more));
    STATS.map(|name| {
        let row = results.kpis.iter().find(|k| k.name == name).expect("every loop has this KPI");
        let [lo, hi] = row.ci95.expect("there are several replications");
        (kpi(&results, name), (hi - lo) / 2.0)
    })
}

/// 1 % of the median and 3 % of the 95th percentile of the feedback time, with noise of less than half of that.
#[test]
fn half_the_cohort_and_every_trajectory_give_what_the_default_gives() {
    hold(&[6, 1], &[]);
}

/// The same where the engines of a site take new weights in waves: a number that does not divide the cohorts, and more of them than the default has
/// cohorts. All waves together take the 5 s of the default.
#[test]
fn waves_of_swaps_do_not_depend_on_the_cohorts() {
    for (waves, swap) in [
        (5, "{ uniform = { from = \"0.2 s\", to = \"1 s\" } }"),
        (50, "{ uniform = { from = \"20 ms\", to = \"100 ms\" } }"),
    ] {
        for update in ["in-flight", "abort-and-resume"] {
            let more = [
                format!("work.online.weights.swap_waves={waves}"),
                format!("work.online.weights.swap={swap}"),
                format!("work.online.weights.update=\"{update}\""),
                // Of all that is on an engine, in a fraction of a second: a loop that waits for its publishes is a noisy one.
                "work.online.engine.prefill_rate=\"2 Mtok/s\"".to_owned(),
            ];
            hold(&[6], &more.each_ref().map(String::as_str));
        }
    }
}

fn hold(cohorts: &[u32], more: &[&str]) {
    const MARGINS: [f64; 2] = [0.01, 0.03];
    let usual = measured(0, more);
    for &cohort in cohorts {
        let seen = measured(cohort, more);
        for (i, margin) in MARGINS.into_iter().enumerate() {
            let ((a, noise_a), (b, noise_b)) = (usual[i], seen[i]);
            let (change, noise) = ((b / a - 1.0).abs(), noise_a.hypot(noise_b) / a);
            println!(
                "cohort {cohort} {more:?}, {}: {a:.3} s and {b:.3} s, {change:.4} apart, noise {noise:.4}",
                STATS[i]
            );
            assert!(noise < margin / 2.0, "{}: noise {noise}", STATS[i]);
            assert!(change <= margin, "{} with cohorts of {cohort}: {b} s, {a} s by default", STATS[i]);
        }
    }
}
