//! The controller of a loop: late, or down now and then.

#[path = "world_support/audit.rs"]
mod audit;
#[path = "world_support/one_site.rs"]
mod one_site;
#[path = "world_support/value.rs"]
mod value;
mod world_support;

use std::sync::LazyLock;

use apollo_sim::model::world::Measured;
use audit::audited;
use one_site::{FAILING, of, one_site};
use world_support::{kpi, plan_with, run};

/// Constant lengths: 1,024 slots hold a batch, 2,000 tokens at 50 tok/s are 40 s.
static LOOP: LazyLock<String> = LazyLock::new(|| {
    one_site(
        "horizon = \"2 h\"\nwarmup = \"20 min\"",
        "length = \"2000\"\nlength_cap = \"100k\"\nreward = \"0 s\"\nship_every = \"1 ms\"\n\
         weights = { publish = \"full\", senders = 16, swap = \"3 s\" }",
    )
});

fn watched(overrides: &[&str]) -> Measured {
    audited(&plan_with(&LOOP, overrides), 0, 100).0
}

/// Mean seconds from step to step: 100 minutes are measured.
fn period(measured: &Measured) -> f64 {
    6000.0 / of(measured, "steps")
}

/// A step less or more at the ends of the measured part.
fn near(seen: f64, by_hand: f64) -> bool {
    (seen / by_hand - 1.0).abs() < 1.1 * by_hand / 6000.0 + 1e-3
}

/// A controller that is never late and never down changes nothing, to the last bit.
#[test]
fn a_perfect_controller_is_none() {
    let tail = "work.loop.length={ lognormal = { median = 1200, p99 = \"12k\" } }";
    let names = ["feedback_time.p95", "lag", "tokens_rate", "on_time.fraction"];
    let all = |more: &[&str]| {
        let results = run(&plan_with(&LOOP, &[&["horizon=\"30 min\"", tail], more].concat()));
        names.map(|name| kpi(&results, &format!("rl.loop.{name}")).to_bits())
    };
    let never = "work.loop.controller={ outage = { mtbf = \"100 d\", repair = \"1 s\" } }";
    assert_eq!(all(&[]), all(&["work.loop.controller={}"]));
    // One that decides at once and whose outages never come is no other.
    let (none, never) = (all(&[]).map(f64::from_bits), all(&[never]).map(f64::from_bits));
    assert!(none.iter().zip(never).all(|(a, b)| (a / b - 1.0).abs() < 1e-9), "{none:?} {never:?}");
}

/// A synchronous step is generation, step and publish, one after the other. Decisions that take d to be heard add d before each publish and d before
/// each round: the period grows by 2 d, the feedback time by d.
#[test]
fn a_late_controller_adds_its_delay_where_it_takes_part() {
    let at = |delay: f64| {
        let late = format!("work.loop.controller={{ delay = \"{delay} s\" }}");
        watched(&["work.loop.mode=\"synchronous\"", &late])
    };
    let calm = at(0.0);
    for delay in [1.0, 7.0] {
        let late = at(delay);
        println!("{delay} s late: {:.3} s a step, {:.3} before", period(&late), period(&calm));
        let by_hand = 40.0 + of(&late, "step_time") + of(&late, "publish_time") + 2.0 * delay;
        assert!(near(period(&late), by_hand), "{} s a step, by hand {by_hand}", period(&late));
        for (name, by_hand) in [("feedback_time", delay), ("feedback_time.publish", delay), ("publish_time", 0.0)] {
            let more = of(&late, name) - of(&calm, name);
            assert!((more - by_hand).abs() < 1e-6, "{name}: {more}, by hand {by_hand}");
        }
        assert_eq!(of(&late, "control_down").to_bits(), 0.0_f64.to_bits());
    }
}

/// Colocated GPUs turn to generation by themselves when a step is over. With a lag bound of 0 they then wait for the next batch: the period is generation,
/// step with its offload, reshard, switch, and d. With more versions the engines know their next prompts: nothing is lost.
#[test]
fn a_late_controller_adds_its_delay_once_to_colocated_turns() {
    let weights = "weights = { publish = \"full\", senders = 16, swap = \"3 s\" }";
    let colocated = LOOP
        .replace("generators = [{ fleet = \"serve\", gpus = 128 }]", "colocation = {}")
        .replace("gpus = 64", "gpus = 128")
        .replace(weights, "");
    let at = |lag: u32, delay: f64| {
        let late = format!("work.loop.controller={{ delay = \"{delay} s\" }}");
        let lag = format!("work.loop.max_lag={lag}");
        audited(&plan_with(&colocated, &[&lag, &late]), 0, 100).0
    };
    for (lag, times) in [(0, 1.0), (4, 0.0)] {
        let calm = at(lag, 0.0);
        for delay in [1.0, 7.0] {
            let late = at(lag, delay);
            println!("max_lag {lag}, {delay} s late: {:.3} s a step, {:.3} before", period(&late), period(&calm));
            let by_hand = period(&calm) + times * delay;
            assert!(near(period(&late), by_hand), "{} s a step, by hand {by_hand}", period(&late));
            for (name, by_hand) in [("feedback_time.publish", 0.0), ("feedback_time.swap", 0.0)] {
                let more = of(&late, name) - of(&calm, name);
                assert!((more - by_hand).abs() < 1e-6, "{name}: {more}, by hand {by_hand}");
            }
        }
    }
    // 2,000 tokens at 50 tok/s; a step with 2 s of offload; 1.6 s of reshard and 3 s until the engines are back.
    let by_hand = 40.0 + of(&at(0, 0.0), "step_time") + 1.6 + 3.0;
    assert!(near(period(&at(0, 0.0)), by_hand), "{} s, by hand {by_hand}", period(&at(0, 0.0)));
}

/// Engines that take the next prompt from what they may have under way do not wait for the controller: where the bound does not hold, a late
/// controller costs the publish alone.
#[test]
fn a_late_controller_slows_no_engine_below_the_bound() {
    let free = ["work.loop.max_lag=1000", "work.loop.batch=256"];
    let calm = watched(&free);
    let late = watched(&[&free[..], &["work.loop.controller={ delay = \"5 s\" }"]].concat());
    let idle = [&calm, &late].map(|m| of(m, "generator_idle"));
    println!("generators idle {:.4} and {:.4}", idle[0], idle[1]);
    // New weights come less often, and each costs a pause.
    assert!(idle[1] <= idle[0] + 1e-3, "{idle:?}");
}

/// Service of 30 min and outages of 10: from 30 to 40, 70 to 80 and 110 to 120 min, 30 of the 100 measured minutes. A synchronous loop finishes the step
/// under way and then stands.
#[test]
fn an_outage_stops_dispatch_and_publish_and_nothing_else() {
    let rounds = "work.loop.mode=\"synchronous\"";
    let outage = "work.loop.controller={ outage = { mtbf = \"30 min\", repair = \"10 min\" } }";
    let (calm, hit) = (watched(&[rounds]), watched(&[rounds, outage]));
    assert!((of(&hit, "control_down") - 0.3).abs() < 1e-6 && (of(&hit, "control_outages") - 3.0).abs() < 1e-9);
    let cycle = period(&calm);
    let (steps, by_hand) = (of(&hit, "steps"), of(&calm, "steps") - 1800.0 / cycle);
    println!(
        "{steps} steps, by hand {by_hand:.1} and up to one more in each outage, {:.1} in calm",
        of(&calm, "steps")
    );
    assert!(steps >= by_hand - 1.0 && steps <= by_hand + 4.0);
    // A batch that is trained in an outage waits for its end: no longer than the outage, and nearly as long.
    let longest = of(&hit, "feedback_time.max") - of(&calm, "feedback_time.max");
    assert!(longest <= 600.0 + 1e-6 && longest > 600.0 - cycle, "{longest} s more");
    assert!(
        (of(&hit, "publish_time.max") - of(&calm, "publish_time.max")).abs() < 1e-6,
        "a publish that has begun goes on"
    );
    let held = of(&hit, "control_halted");
    let batches = 2.0 / of(&hit, "steps");
    assert!((held - batches).abs() < 2.0 * batches, "{held} held, some two batches of {}", of(&hit, "steps"));
    assert!((of(&hit, "control_halted.slowest") - 1.0).abs() < 1e-9);
    assert!(of(&hit, "lag.max") < 0.5, "a synchronous loop never lags");
}

/// An asynchronous loop far below its bound: in an outage engines end what they have, 40 s at most, and begin nothing. Three outages of 10 min in 100 leave
/// 70 % of the tokens and what those last seconds give, which is at most 2 %.
#[test]
fn engines_begin_nothing_during_an_outage() {
    let free = ["work.loop.max_lag=1000", "work.loop.batch=256"];
    let outage = "work.loop.controller={ outage = { mtbf = \"30 min\", repair = \"10 min\" } }";
    let (calm, hit) = (watched(&free), watched(&[&free[..], &[outage]].concat()));
    let share = of(&hit, "tokens_rate") / of(&calm, "tokens_rate");
    println!("{share:.4} of the tokens");
    assert!((0.70..0.72).contains(&share), "{share}");
}

/// A loss makes room only when the controller has heard of it: with one that is a minute late, engines that fail and come back leave slots empty for longer, and
/// whatever happens the books balance.
#[test]
fn losses_are_made_up_when_the_controller_has_heard_of_them() {
    let short = ["horizon=\"60 min\"", "warmup=\"10 min\"", "work.loop.max_lag=2"];
    let tail = "work.loop.length={ lognormal = { median = 1200, p99 = \"12k\" } }";
    for mode in [
        &[][..],
        &["work.loop.group=16", "work.loop.admission=\"trained\""],
        &[
            "work.loop.mode=\"one-step-off\"",
            "work.loop.max_lag=1",
            "work.loop.over_generation=\"20 %\"",
            "work.loop.leftover=\"drop\"",
        ],
        &["work.loop.weights.timeout=\"1 s\"", "work.loop.weights.update=\"drain\""],
    ] {
        let run = |controller: &str| {
            let controller = format!("work.loop.controller={controller}");
            watched(&[&FAILING[..], &short, &[tail], mode, &[&controller]].concat())
        };
        let late = "{ delay = { exponential = { mean = \"10 s\" } }, outage = { mtbf = { exponential = { mean = \"5 min\" } }, repair = \"1 min\" } }";
        let (calm, hit) = (run("{}"), run(late));
        println!("{mode:?}: {} and {} steps", of(&calm, "steps"), of(&hit, "steps"));
        // Where updates drain, every publish costs the longest trajectory, and fewer of them make a faster loop.
        let drains = mode.iter().any(|key| key.contains("drain"));
        assert!(of(&hit, "steps") > 3.0 && (drains || of(&hit, "steps") <= of(&calm, "steps")));
    }
}
