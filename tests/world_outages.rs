//! What an outage of a known length adds to the feedback time.

#[path = "world_support/small.rs"]
mod small;
mod world_support;

use apollo_sim::experiment::results::RunResults;
use small::SMALL;
use world_support::{kpi, plan_with, run};

/// The small loop with one thing that fails.
fn with(overrides: &[&str]) -> RunResults {
    let base = SMALL.split("[work.copy]").next().expect("a split has a first part");
    let calm = ["fleet.train.failures=false", "fleet.serve.failures=false", "wan.failures=false", "replications=1"];
    run(&plan_with(base, &[&calm[..], overrides].concat()))
}

/// The only link is cut once, at 20 min, for d. Every instant on the way of a trajectory is the largest of instants before it plus a time, so
/// a stop of d shifts none by more than d, but for the routes, which come back 1 s later, and for what shares a publish then that went out
/// apart without the cut: one publish and one step. Somebody does wait for nearly all of d.
#[test]
fn a_cut_of_d_seconds_adds_at_most_d() {
    let calm = with(&["wan.reconvergence=\"1 s\""]);
    let [before, publish, step] =
        ["rl.loop.feedback_time.max", "rl.loop.publish_time.max", "rl.loop.step_time"].map(|name| kpi(&calm, name));
    for d in [30.0, 120.0, 300.0] {
        let repair = format!("link.west-east.cut_repair=\"{d} s\"");
        let cut = with(&[
            "wan.reconvergence=\"1 s\"",
            "wan.failures=true",
            "link.west-east.failures=true",
            "link.west-east.wave_failures=\"0 /1000km-year\"",
            "link.west-east.mtbf=\"20 min\"",
            &repair,
        ]);
        assert!((kpi(&cut, "link.west-east.downtime") - d).abs() < 1e-6);
        let after = kpi(&cut, "rl.loop.feedback_time.max");
        println!("{d} s: at most {after:.1} s, {before:.1} s without; publish {publish:.1} s, step {step:.1} s");
        assert!(after <= before + d + 1.0 + publish + step, "{after} s after a cut of {d} s, {before} s without");
        assert!(after >= d, "nobody waited for the cut of {d} s: {after} s");
        assert!(kpi(&cut, "rl.loop.lag.max") <= 8.0);
    }
}

/// Trainer failures: what is lost by one is detection, replacement, reading 14 TB, and at most the steps since the last checkpoint, so the share
/// of time down is no more than that times the failures.
#[test]
fn a_failure_of_the_trainer_costs_its_outage_and_the_work_since_the_checkpoint() {
    let (detection, replacement, every) = (20.0, 30.0, 120.0);
    let results = with(&[
        "fleet.train.failures=true",
        "fleet.train.failure_rate_per_8_gpus=\"0.02 /h\"",
        "fleet.train.health=\"new\"",
        "fleet.train.spares=\"10 %\"",
        "fleet.train.detection=\"20 s\"",
        "fleet.train.replacement=\"30 s\"",
        "work.loop.checkpoint.every=\"2 min\"",
        "horizon=\"3 h\"",
    ]);
    let [failures, down, writes] =
        ["rl.loop.interruptions", "rl.loop.trainer_down", "rl.loop.checkpoint_time"].map(|name| kpi(&results, name));
    let down_s = down * (results.simulated_s - results.warmup_s);
    // A read takes no longer than a write; the checkpoint before counts until the one under way is written, and a step ends in between.
    let each = detection + replacement + writes + every + writes + 2.0 * kpi(&results, "rl.loop.step_time");
    println!("{failures} failures, {down_s:.0} s down, {:.0} s each, at most {each:.0} s", down_s / failures);
    assert!(failures > 5.0);
    assert!(down_s >= failures * (detection + replacement) * 0.9, "{down_s} s for {failures} failures");
    assert!(down_s <= (failures + 1.0) * each, "{down_s} s for {failures} failures of at most {each} s");
}
