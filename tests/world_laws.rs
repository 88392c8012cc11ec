//! Laws that hold in any plan: bytes, GPUs, trajectories and time are conserved, whatever fails and whoever competes.
//! Plans are drawn at random and audited while they run; the same plans show that nothing panics and everything ends.

#[path = "world_support/audit.rs"]
mod audit;
#[path = "world_support/random_plan.rs"]
mod random_plan;
#[path = "world_support/small.rs"]
mod small;
#[path = "world_support/value.rs"]
mod value;
mod world_support;

use std::collections::BTreeMap;

use apollo_sim::assembly;
use apollo_sim::engine::EngineError;
use apollo_sim::model::world::Measured;
use apollo_sim::scenario::load_text;
use apollo_sim::scenario::plan::{Plan, WorkKind};
use apollo_sim::scenario::render_text;
use apollo_sim::units::SimTime;
use audit::audited;
use small::SMALL;
use value::value;
use world_support::{kpi, plan_with, run};

/// Most events that a plan of a quarter of an hour may take.
const MOST_EVENTS: u64 = 3_000_000;

/// Shares of causes, per work, that the aggregation would show.
fn shares(measured: &Measured) -> BTreeMap<&str, f64> {
    let mut total: BTreeMap<&str, f64> = BTreeMap::new();
    for (work, cause, seconds) in &measured.causes {
        assert!(*seconds > 0.0 && seconds.is_finite(), "{work} {cause} {seconds}");
        *total.entry(work).or_default() += seconds;
    }
    total
}

/// Everything that must hold of the numbers of one replication.
fn check_measures(plan: &Plan, m: &Measured, what: &str) {
    for (name, measure) in &m.kpis {
        if let apollo_sim::model::world::Measure::Value(v) = measure {
            assert!(v.is_finite(), "{what}: {name} is {v}");
            assert!(*v >= -1e-9, "{what}: {name} is {v}");
            let is_share = [".utilisation", ".fraction", "_idle", "_down", "usable_fraction"];
            if is_share.iter().any(|end| name.ends_with(end)) {
                assert!(*v <= 1.0 + 1e-9, "{what}: {name} is {v}");
            }
        }
    }
    for fleet in &plan.fleets {
        let get = |measure: &str| value(m, &format!("fleet.{}.{measure}", fleet.name)).unwrap();
        let (installed, available) = (get("installed"), get("available"));
        assert!((installed - available - get("in_repair")).abs() < 1e-6 * installed, "{what}: {}", fleet.name);
        assert!(get("assigned") <= available * (1.0 + 1e-9), "{what}: {}", fleet.name);
        assert!(get("usable_fraction") * installed <= available * (1.0 + 1e-9), "{what}: {}", fleet.name);
    }
    for work in &plan.works {
        match &work.kind {
            WorkKind::Rl(rl) => check_loop(m, &work.name, rl.max_lag, what),
            WorkKind::Copy(copy) => check_copy(plan, m, &work.name, copy.bytes.get(), copy.to, what),
            WorkKind::Io(_) => {}
        }
    }
    shares(m);
}

fn check_loop(m: &Measured, name: &str, max_lag: u32, what: &str) {
    let get = |measure: &str| value(m, &format!("rl.{name}.{measure}"));
    if let Some(feedback) = get("feedback_time") {
        let phases = ["transfer", "batch_wait", "step", "publish", "swap"];
        let sum: f64 = phases.iter().map(|p| get(&format!("feedback_time.{p}")).unwrap()).sum();
        assert!((feedback - sum).abs() <= 1e-12 * feedback, "{what}: {name} phases {sum}, feedback time {feedback}");
        let cycle = get("cycle_time").unwrap();
        let before = get("cycle_time.generation").unwrap() + get("cycle_time.reward").unwrap();
        assert!((cycle - before - feedback).abs() <= 1e-9 * cycle, "{what}: {name} cycle {cycle}");
        assert!(get("feedback_time.p50") <= get("feedback_time.p95"), "{what}: {name}");
        assert!(get("feedback_time.p95") <= get("feedback_time.max"), "{what}: {name}");
    }
    if let Some(lag) = get("lag.max") {
        assert!(
            lag <= f64::from(max_lag),
            "{what}: {name} consumed at a lag of {lag}, at most {max_lag} is admissible"
        );
    }
}

fn check_copy(plan: &Plan, m: &Measured, name: &str, wanted: f64, to: usize, what: &str) {
    let done = value(m, &format!("transfer.{name}.bytes_done")).unwrap();
    let refused = value(m, &format!("storage.{}.refused", plan.storages[to].name)).unwrap();
    assert!(done + 1e-6 * wanted >= 0.0 && done <= wanted * (1.0 + 1e-9), "{what}: {name} {done} of {wanted}");
    if value(m, &format!("transfer.{name}.time")).is_some() {
        assert!(done + refused >= wanted * (1.0 - 1e-9), "{what}: {name} ended with {done} of {wanted}");
    }
}

/// Reads, runs and audits random plans: no panic, an end, and every law on the way.
#[test]
fn random_plans_keep_every_law() {
    let (mut ran, mut events, mut loops, mut fed_back, mut refused) = (0, 0, 0, 0, 0);
    for seed in 0..150 {
        let text = random_plan::scenario(seed);
        let plan = match load_text("scenarios/random.toml", &text, &[]) {
            Ok((plan, _)) => plan,
            Err(errors) => {
                assert!(!render_text(&errors, false).is_empty());
                refused += 1;
                if std::env::var_os("SHOW_REFUSED").is_some() {
                    println!("{}", render_text(&errors, false));
                }
                continue;
            }
        };
        println!("seed {seed}");
        let (measured, took) = audited(&plan, 0, 30);
        assert!(took < MOST_EVENTS, "seed {seed} took {took} events");
        check_measures(&plan, &measured, &format!("seed {seed}"));
        for work in plan.works.iter().filter(|w| matches!(w.kind, WorkKind::Rl(_))) {
            loops += 1;
            fed_back += u32::from(value(&measured, &format!("rl.{}.feedback_time", work.name)).is_some());
        }
        ran += 1;
        events += took;
    }
    println!("{ran} plans with {events} events; {refused} refused; {fed_back} of {loops} loops closed");
    assert!(ran > 110, "only {ran} of 150 random plans are valid: the generator has drifted from the language");
    assert!(fed_back * 3 > loops, "only {fed_back} of {loops} loops ever closed");
}
