//! RL loops in their modes: groups, how steps and generation take turns, what engines do with new weights.

#[path = "world_support/audit.rs"]
mod audit;
#[path = "world_support/value.rs"]
mod value;
mod world_support;

use apollo_sim::model::world::Measured;
use audit::audited;
use value::value;
use world_support::{kpi, plan_with, run};

/// A loop at one site with a fast way between trainer and generators. Nothing fails.
const LOOP: &str = r#"
format = 1
start = 2026-01-05
horizon = "60 min"
warmup = "10 min"
seed = 11
replications = 1

[site.here]
fabric = "100 Tbps"

[fleet.train]
site = "here"
node = "generic-8gpu"
gpus = 64
spares = "0 %"
failures = false

[fleet.serve]
site = "here"
node = "generic-8gpu"
gpus = 128
spares = "0 %"
failures = false

[work.loop]
kind = "rl"
model = "dense-8b"
trainer = { fleet = "train", gpus = 64 }
generators = [{ fleet = "serve", gpus = 128 }]
batch = 1024
max_lag = 2
length = { lognormal = { median = 1200, p99 = "12k" } }
reward = "1 s"
engine = { gpus = 8, slots = 64, single_rate = "100 tok/s", half_batch = 64 }
step = { overhead = "2 s", update_flops = 6, logprob_flops = 2, mfu = "40 %", mfu_gpus = 8, scaling = 0.9 }
weights = { publish = "full", senders = 16, swap = "1 s" }
"#;

/// One audited run; the laws of conservation hold at every look.
fn watched(overrides: &[&str]) -> Measured {
    audited(&plan_with(LOOP, overrides), 0, 50).0
}

/// KPIs of a run that is not watched.
fn kpis<const N: usize>(overrides: &[&str], names: [&str; N]) -> [f64; N] {
    let results = run(&plan_with(LOOP, overrides));
    names.map(|name| kpi(&results, &format!("rl.loop.{name}")))
}

/// A KPI of a watched run.
fn of(measured: &Measured, name: &str) -> f64 {
    value(measured, &format!("rl.loop.{name}")).unwrap_or_else(|| panic!("{name} has a value"))
}

/// Members of a group wait for the slowest at the trainer: in `batch_wait`, and the phases still sum to the whole.
#[test]
fn the_wait_for_the_slowest_of_a_group_is_batch_wait() {
    let names = ["transfer", "batch_wait", "step", "publish", "swap"].map(|p| format!("feedback_time.{p}"));
    let [alone, grouped] =
        [1, 16].map(|group| kpis(&[&format!("work.loop.group={group}")], names.each_ref().map(String::as_str)));
    println!("batch_wait {:.2} s alone, {:.2} s in groups of 16", alone[1], grouped[1]);
    // The mean length is 1,960 tokens cut at 8,192; the largest of 16 is several times that, at 50 tok/s.
    assert!(grouped[1] > alone[1] + 40.0);
    assert!((alone[0] - grouped[0]).abs() < 0.3, "the way to the trainer is the same");
    let [whole] = kpis(&["work.loop.group=16"], ["feedback_time"]);
    assert!((grouped.iter().sum::<f64>() - whole).abs() < 1e-9);
}

/// Groups on engines that fail, a batch of few cohorts, a bound of one batch: nothing is lost from the books and the
/// loop goes on.
#[test]
fn groups_on_failing_engines_keep_the_books_and_the_loop() {
    let failing = [
        "work.loop.group=16",
        "fleet.serve.failures=true",
        "fleet.serve.failure_rate_per_8_gpus=\"2 /h\"",
        "fleet.serve.detection=\"20 s\"",
        "fleet.serve.repair_reset=\"2 min\"",
        "fleet.serve.repair_swap=\"5 min\"",
        "fleet.serve.repair_rma=\"10 min\"",
        "fleet.serve.health=\"new\"",
    ];
    for lag in [0, 2] {
        for more in ["work.loop.batch=64", "work.loop.batch=1024", "work.loop.engine.cohort=16"] {
            let measured = watched(&[&failing[..], &[&format!("work.loop.max_lag={lag}"), more]].concat());
            let steps = of(&measured, "steps");
            println!("lag {lag}, {more}: {steps} steps");
            assert!(steps > 4.0, "lag {lag}, {more}: {steps} steps");
            assert!(of(&measured, "lag.max") <= f64::from(lag));
        }
    }
}
