//! Users whom the engines of a loop serve, at the edges of a work.

#[path = "world_support/small.rs"]
mod small;
mod world_support;

use apollo_sim::scenario::plan::Plan;
use small::SMALL;
use world_support::{kpi, plan_with, run};

/// The small plan with nothing that fails, nothing beside the loop, and users far below what its engines can serve.
fn with_users(overrides: &[&str]) -> Plan {
    let base = SMALL.split("[work.copy]").next().expect("a split has a first part");
    let base = base.replace("waves = 4", "failures = false").replace("gpus = 1152", "gpus = 1152\nfailures = false");
    let base =
        base.replace("gpus = 2304", "gpus = 2304\nfailures = false").replace("replications = 3", "replications = 1");
    let users = "users = { rate = \"20 req/s\", reward = \"1 min\", token_rate = \"1 tok/s\" }\nweights = {";
    plan_with(&base.replace("weights = {", users), overrides)
}

/// A work that ends lets nobody down: the requests that it cuts short are neither kept nor broken promises.
#[test]
fn the_end_of_a_work_breaks_no_promise() {
    for ends in ["40 min", "21 min"] {
        let results = run(&with_users(&[&format!("work.loop.ends=\"{ends}\"")]));
        assert!((kpi(&results, "rl.loop.users.on_target.fraction") - 1.0).abs() < 1e-12, "{ends}");
        assert!((kpi(&results, "rl.loop.users.rate") / 20.0 - 1.0).abs() < 0.1, "{ends}");
    }
}

/// Engines that fail do: what was on them is lost.
#[test]
fn a_failed_engine_breaks_the_promises_on_it() {
    let results = run(&with_users(&["fleet.serve.failures=true", "fleet.serve.failure_rate_per_8_gpus=\"0.1 /h\""]));
    let kept = kpi(&results, "rl.loop.users.on_target.fraction");
    assert!(kept > 0.5 && kept < 1.0, "{kept}");
}

/// Where every slot is taken by the loop's own, a user takes the one that began last, and waits for none to end: that would be seconds.
#[test]
fn users_do_not_wait_for_trajectories_of_the_loop() {
    let results = run(&with_users(&["work.loop.engine.slots=8"]));
    assert!(kpi(&results, "rl.loop.users.rate") > 15.0);
    assert!(kpi(&results, "rl.loop.generator_idle") < 0.3, "the engines are full");
    let wait = kpi(&results, "rl.loop.users.wait");
    assert!(wait < 0.2, "{wait} s");
}

/// Only what gets a reward trains: a quarter of the answers fill a quarter of the batches.
#[test]
fn answers_without_a_reward_train_nothing() {
    let steps = |rewarded: &str| {
        let rewarded = format!("work.loop.users.rewarded=\"{rewarded}\"");
        let more =
            ["work.loop.users.rollouts=false", "work.loop.users.rate=\"100 req/s\"", "work.loop.batch=6000", &rewarded];
        kpi(&run(&with_users(&more)), "rl.loop.steps")
    };
    let (all, some) = (steps("100 %"), steps("25 %"));
    assert!(some > 3.0 && (all / some / 4.0 - 1.0).abs() < 0.15, "{all} and {some} steps");
}
