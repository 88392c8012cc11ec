//! RL loops in their modes: groups, how steps and generation take turns, what engines do with new weights.

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

/// Lengths with a tail.
static LOOP: LazyLock<String> = LazyLock::new(|| {
    one_site(
        "horizon = \"60 min\"\nwarmup = \"10 min\"",
        "max_lag = 2\nlength = { lognormal = { median = 1200, p99 = \"12k\" } }\nreward = \"1 s\"\n\
         weights = { publish = \"full\", senders = 16, swap = \"1 s\" }",
    )
});

/// One audited run; the laws of conservation hold at every look.
fn watched(overrides: &[&str]) -> Measured {
    audited(&plan_with(&LOOP, overrides), 0, 50).0
}

/// KPIs of a run that is not watched.
fn kpis<const N: usize>(overrides: &[&str], names: [&str; N]) -> [f64; N] {
    let results = run(&plan_with(&LOOP, overrides));
    names.map(|name| kpi(&results, &format!("rl.loop.{name}")))
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
    let often = ["work.loop.group=16", "fleet.serve.failure_rate_per_8_gpus=\"2 /h\""];
    for lag in [0, 2] {
        for more in ["work.loop.batch=64", "work.loop.batch=1024", "work.loop.engine.cohort=16"] {
            let measured = watched(&[&FAILING[..], &often, &[&format!("work.loop.max_lag={lag}"), more]].concat());
            let steps = of(&measured, "steps");
            println!("lag {lag}, {more}: {steps} steps");
            assert!(steps > 4.0, "lag {lag}, {more}: {steps} steps");
            assert!(of(&measured, "lag.max") <= f64::from(lag));
        }
    }
}

/// Steps an hour of `gpus` GPUs at one site: colocated with `turn`, or half and half. A batch is 1.024 M tokens.
fn steps(gpus: u64, turn: Option<&str>, figures: &str) -> f64 {
    let half = gpus / 2;
    let text = LOOP.replace("gpus = 64", &format!("gpus = {gpus}")).replace("gpus = 128", &format!("gpus = {gpus}"));
    let [trainer, pools] = ["trainer = { fleet = \"train\"", "generators = [{ fleet = \"serve\""];
    let (own, rest) = match turn {
        Some(turn) => (gpus, turn.to_owned()),
        None => (half, format!("{pools}, gpus = {half} }}]\nweights = {{ publish = \"full\", swap = \"0 s\" }}")),
    };
    let text = text
        .lines()
        .filter(|line| !line.starts_with(trainer) && !line.starts_with(pools) && !line.starts_with("weights"))
        .filter(|line| !["engine", "step", "length", "reward", "max_lag"].iter().any(|key| line.starts_with(key)))
        .collect::<Vec<_>>()
        .join("\n");
    let common = "length = \"1000\"\nreward = \"0 s\"\nship_every = \"1 ms\"";
    let text = format!("{text}\n{trainer}, gpus = {own} }}\n{rest}\n{common}\n{figures}\n");
    kpi(&run(&plan_with(&text, &["horizon=\"10 h\"", "warmup=\"1 h\""])), "rl.loop.steps") / 9.0
}

/// The law of pools at equal numbers of GPUs. Where everything scales linearly, a split pool takes max(2g, 2t) for a step
/// and a colocated one g + t, so it never loses, whatever the ratio of generation and training.
#[test]
fn with_linear_scaling_a_split_pool_never_beats_a_colocated_one() {
    // 10^13 FLOP/s at 4.8 x 10^10 FLOPs a token are 208 tok/s per GPU; an engine's rate hardly depends on its load.
    let mut balanced = (0.0, 0.0);
    for ratio in [0.25, 0.5, 1.0, 2.0, 4.0] {
        let engine = 8.0 * 1e13 / 4.8e10 / ratio;
        let figures = |lag: u32| {
            format!(
                "step = {{ overhead = \"0 s\", update_flops = 6, logprob_flops = 0, mfu = \"1 %\", mfu_gpus = 8, scaling = 1 }}\n\
                 engine = {{ gpus = 8, slots = 128, single_rate = \"{} tok/s\", half_batch = 0.001 }}\nmax_lag = {lag}",
                1000.0 * engine
            )
        };
        let free = "colocation = { offload = \"0 s\", reshard = \"0 s\", engine_switch = \"0 s\" }";
        let (together, apart) = (steps(128, Some(free), &figures(0)), steps(128, None, &figures(8)));
        // Colocated: g + t with t = 1.024 M / (128 x 208.3) = 38.4 s and g = ratio x t.
        let by_hand = 3600.0 / (38.4 * (1.0 + ratio));
        println!("g/t = {ratio}: {together:.2} colocated (by hand {by_hand:.2}), {apart:.2} split");
        assert!((together / by_hand - 1.0).abs() < 0.01);
        assert!(apart <= together + 0.3, "one step of 9 h is 0.11 an hour");
        if ratio.to_bits() == 1.0_f64.to_bits() {
            balanced = (together, apart);
        }
    }
    assert!(balanced.1 > 0.98 * balanced.0, "half and half is as good when both take as long: {balanced:?}");
}

/// The passes of a colocated step that take three times as long: 38.4 s of generation and 3 x 38.4 s of training.
#[test]
fn a_slowdown_of_colocation_is_one_of_the_passes() {
    let keys = "step = { overhead = \"0 s\", update_flops = 6, logprob_flops = 0, mfu = \"1 %\", mfu_gpus = 8, scaling = 1 }\n\
                engine = { gpus = 8, slots = 128, single_rate = \"1666666.7 tok/s\", half_batch = 0.001 }\nmax_lag = 0";
    let slow = "colocation = { offload = \"0 s\", reshard = \"0 s\", engine_switch = \"0 s\", slowdown = 3 }";
    let seen = 3600.0 / steps(128, Some(slow), keys);
    assert!((seen / (4.0 * 38.4) - 1.0).abs() < 0.01, "{seen}");
}

/// With engines bound by latency, a floor of the micro-batch, and turns that cost time, small split pools still lose, and
/// large ones win: 16 GPUs by hand 90 + 307 + 6.6 s against 2 x 307 s, 1,024 GPUs 11.3 + 19.2 + 6.6 s against 19.2 s.
#[test]
fn with_tails_and_floors_large_split_pools_win() {
    let figures = |lag: u32| {
        format!(
            "step = {{ overhead = \"0 s\", update_flops = 6, logprob_flops = 0, mfu = \"1 %\", mfu_gpus = 8, scaling = 1, micro_batch = \"4000\" }}\n\
             engine = {{ gpus = 8, slots = 512, single_rate = \"100 tok/s\", half_batch = 64 }}\nmax_lag = {lag}"
        )
    };
    for (gpus, expected) in [(16, [403.8, 614.4]), (1024, [37.1, 19.2])] {
        let seen = [steps(gpus, Some("colocation = {}"), &figures(0)), steps(gpus, None, &figures(8))]
            .map(|hourly| 3600.0 / hourly);
        println!("{gpus} GPUs: {seen:?} s a step colocated and split, by hand {expected:?}");
        assert!(seen.iter().zip(expected).all(|(a, b)| (a / b - 1.0).abs() < 0.03), "{seen:?}");
    }
}

/// A colocated loop whose GPUs fail: the books balance, and it goes on.
#[test]
fn colocated_gpus_that_fail_keep_the_books_and_the_loop() {
    let text = LOOP
        .replace("generators = [{ fleet = \"serve\", gpus = 128 }]", "colocation = {}\ngroup = 8")
        .replace("weights = { publish = \"full\", senders = 16, swap = \"1 s\" }", "");
    for lag in [0, 2] {
        let plan = plan_with(
            &text,
            &[
                &format!("work.loop.max_lag={lag}"),
                "horizon=\"4 h\"",
                "fleet.train.gpus=80",
                "fleet.train.failures=true",
                "fleet.train.failure_rate_per_8_gpus=\"1 /h\"",
                "fleet.train.detection=\"20 s\"",
                "fleet.train.replacement=\"30 s\"",
                "fleet.train.repair_reset=\"2 min\"",
                "fleet.train.repair_swap=\"5 min\"",
                "fleet.train.repair_rma=\"10 min\"",
                "fleet.train.health=\"new\"",
            ],
        );
        let measured = audited(&plan, 0, 200).0;
        let (steps, failures) = (of(&measured, "steps"), of(&measured, "interruptions"));
        println!("lag {lag}: {steps} steps, {failures} failures");
        assert!(failures > 10.0 && steps > 20.0, "{steps} steps, {failures} failures");
        assert!(of(&measured, "feedback_time.transfer") < 2.0);
    }
}

/// Colocated engines whose GPUs train are not idle: with a batch in as many slots, all of one length, they generate in all slots or not at all.
#[test]
fn engines_whose_gpus_train_are_not_idle() {
    let text = LOOP
        .replace("generators = [{ fleet = \"serve\", gpus = 128 }]", "colocation = {}")
        .replace("weights = { publish = \"full\", senders = 16, swap = \"1 s\" }", "");
    let same = [
        "work.loop.max_lag=0",
        "work.loop.batch=512",
        "work.loop.length=\"1000\"",
        "work.loop.reward=\"0 s\"",
        "work.loop.ship_every=\"1 ms\"",
    ];
    let measured = audited(&plan_with(&text, &same), 0, 50).0;
    let (idle, waiting) = (of(&measured, "generator_idle"), of(&measured, "trainer_idle"));
    println!("{idle:.4} idle, the trainer {waiting:.3}");
    assert!(idle.abs() < 0.01 && waiting > 0.2 && waiting < 0.9, "{idle}, {waiting}");
}
