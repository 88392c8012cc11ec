//! Modes of an RL loop: rounds, admission rules, steps per publish, over-generation, and what engines do with new weights.

#[path = "world_support/audit.rs"]
mod audit;
#[path = "world_support/one_site.rs"]
mod one_site;
#[path = "world_support/value.rs"]
mod value;
mod world_support;

use std::sync::LazyLock;

use apollo_sim::model::world::Measured;
use apollo_sim::scenario::{load_text, render_text};
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

/// Seconds that a batch takes to generate when it has all slots.
const GENERATION: f64 = 40.0;
/// What the text of the lengths becomes in runs with a tail.
const TAIL: &str = "work.loop.length={ lognormal = { median = 1200, p99 = \"12k\" } }";

/// One audited run; the laws of conservation hold at every look.
fn watched(overrides: &[&str]) -> Measured {
    audited(&plan_with(&LOOP, overrides), 0, 100).0
}

/// Mean seconds from step to step: 100 minutes are measured, and no run begins or ends on a step.
fn period(measured: &Measured) -> f64 {
    6000.0 / of(measured, "steps")
}

/// A step less or more at the ends of the measured part.
fn near(seen: f64, by_hand: f64) -> bool {
    (seen / by_hand - 1.0).abs() < 1.1 * by_hand / 6000.0 + 1e-3
}

/// Generate, train, publish, swap: one after the other.
#[test]
fn a_synchronous_step_is_the_sum_of_its_parts() {
    for overhead in [2.0, 60.0] {
        let overhead = format!("work.loop.step.overhead=\"{overhead} s\"");
        let measured = watched(&["work.loop.mode=\"synchronous\"", &overhead]);
        let by_hand = GENERATION + of(&measured, "step_time") + of(&measured, "publish_time");
        println!("{overhead}: {:.3} s a step, by hand {by_hand:.3}", period(&measured));
        assert!(near(period(&measured), by_hand));
        // Engines that are empty drain at once: what they stood idle before is no loss of the update.
        let drain = watched(&["work.loop.mode=\"synchronous\"", &overhead, "work.loop.weights.update=\"drain\""]);
        let lost = 3.0 / by_hand;
        println!("{:.4} lost to updates, by hand {lost:.4}", of(&drain, "update_idle"));
        assert!((of(&drain, "update_idle") / lost - 1.0).abs() < 0.03);
        // The name for what `max_lag = 0` has always been.
        let lag = run(&plan_with(&LOOP, &["work.loop.max_lag=0", &overhead]));
        assert_eq!(kpi(&lag, "rl.loop.feedback_time").to_bits(), of(&measured, "feedback_time").to_bits());
        assert_eq!(of(&measured, "lag.max").to_bits(), 0.0_f64.to_bits());
        assert_eq!(of(&measured, "mixed_versions.fraction").to_bits(), 0.0_f64.to_bits());
    }
}

/// One-step-off: the longest of generation with its pause, of the step, and of half of a whole turn, since a round waits for the version
/// of two rounds before: max(g + swap, s, (g + s + publish) ÷ 2), the publish with its swap.
#[test]
fn a_one_step_off_step_is_the_longest_of_three() {
    // 8.3, 106.3 and 53.3 s a step. The weights are 16.06 GB: at 64 GB/s they take 0.8 s with the hops, at 0.3 GB/s 53.5 s.
    for (overhead, rate, longest) in [(2.0, "64 GB/s", 0), (100.0, "64 GB/s", 1), (47.0, "0.3 GB/s", 2)] {
        let mut sent = 0.0;
        for update in ["in-flight", "drain", "abort-and-resume"] {
            let overhead = format!("work.loop.step.overhead=\"{overhead} s\"");
            let rate = format!("work.loop.weights.inner_rate=\"{rate}\"");
            let update_key = format!("work.loop.weights.update=\"{update}\"");
            let common = [
                "work.loop.mode=\"one-step-off\"",
                "work.loop.weights.inner_bucket=\"1 MB\"",
                &overhead,
                &rate,
                &update_key,
            ];
            let prefill: &[&str] = &["work.loop.engine.prefill_rate=\"1 Gtok/s\""];
            let measured = watched(&[&common[..], if update == "abort-and-resume" { prefill } else { &[] }].concat());
            let step = of(&measured, "step_time");
            // A publish that waits for engines to drain takes the longer for it; what counts here are its bytes and the pause.
            sent = if update == "in-flight" { of(&measured, "publish_time") } else { sent };
            let by_hand = [GENERATION + 3.0, step, (GENERATION + step + sent) / 2.0];
            println!("{update}, {overhead}: {:.3} s a step of {by_hand:?}", period(&measured));
            assert!(by_hand.iter().all(|part| *part <= by_hand[longest]), "{by_hand:?}");
            assert!(near(period(&measured), by_hand[longest]));
            assert!(of(&measured, "lag.max") <= 1.0);
        }
    }
}

/// Rounds two versions ahead: generation of 40 s and a step of 20 s never wait for a publish of a minute.
#[test]
fn rounds_further_ahead_hide_a_longer_publish() {
    let slow = [
        "work.loop.weights.swap=\"1 s\"",
        "work.loop.weights.inner_rate=\"0.3 GB/s\"",
        "work.loop.weights.inner_bucket=\"1 MB\"",
    ];
    let mut before = f64::INFINITY;
    for lag in [0, 1, 2, 4] {
        let lag_key = format!("work.loop.max_lag={lag}");
        let measured = watched(&[&slow[..], &["work.loop.mode=\"steps-off\"", &lag_key]].concat());
        let (turn, publish) =
            (GENERATION + of(&measured, "step_time") + of(&measured, "publish_time"), of(&measured, "publish_time"));
        // Publishes go one at a time, and each pauses the engines for a second.
        let by_hand = (turn / f64::from(lag + 1)).max(GENERATION);
        println!("{lag} off: {:.2} s a step, by hand {by_hand:.2}, publish {publish:.1}", period(&measured));
        assert!(period(&measured) <= before + 0.1);
        assert!(period(&measured) >= by_hand * 0.98 && period(&measured) <= by_hand.max(publish) * 1.06);
        assert!(of(&measured, "lag.max") <= f64::from(lag));
        before = period(&measured);
    }
}

/// However the loop is held, nothing older than the bound trains, and the books balance.
#[test]
fn no_mode_trains_on_what_is_older_than_its_bound() {
    let modes: [(&[&str], f64); 9] = [
        (&["work.loop.max_lag=2"], 2.0),
        (&["work.loop.max_lag=1", "work.loop.admission=\"trained\""], 1.0),
        (&["work.loop.max_lag=3", "work.loop.admission=\"trained\"", "work.loop.weights.sync_every=3"], 3.0),
        (&["work.loop.max_lag=2", "work.loop.admission=\"sync\"", "work.loop.weights.sync_every=2"], 2.0),
        (&["work.loop.max_lag=4", "work.loop.admission=\"sync\"", "work.loop.staleness=\"100 %\""], 4.0),
        (&["work.loop.mode=\"synchronous\"", "work.loop.over_generation=\"30 %\"", "work.loop.leftover=\"drop\""], 0.0),
        (&["work.loop.mode=\"one-step-off\"", "work.loop.over_generation=\"30 %\"", "work.loop.max_lag=3"], 3.0),
        (
            &["work.loop.mode=\"one-step-off\"", "work.loop.over_generation=\"30 %\"", "work.loop.leftover=\"drop\""],
            1.0,
        ),
        (&["work.loop.mode=\"steps-off\"", "work.loop.max_lag=3", "work.loop.weights.sync_every=2"], 3.0),
    ];
    for (mode, bound) in modes {
        for update in ["in-flight", "drain", "abort-and-resume"] {
            let update = format!("work.loop.weights.update=\"{update}\"");
            let measured = watched(&[mode, &[&update, TAIL, "work.loop.group=8", "work.loop.batch=512"]].concat());
            let (lag, steps) = (of(&measured, "lag.max"), of(&measured, "steps"));
            println!(
                "{mode:?} {update}: {steps} steps, lag up to {lag}, {:.3} dropped",
                of(&measured, "dropped.fraction")
            );
            assert!(lag <= bound && steps > 10.0);
        }
    }
}

/// verl's rule: between two syncs at most (1 + σ) × sync_every × batch, less what is left over. With constant lengths, 2 batches a sync and σ = 0
/// the engines generate 2,048, the trainer takes them in two steps, and everything waits for the sync.
#[test]
fn without_staleness_a_sync_is_a_round_of_its_own() {
    let measured =
        watched(&["work.loop.admission=\"sync\"", "work.loop.staleness=\"0 %\"", "work.loop.weights.sync_every=2"]);
    let step = of(&measured, "step_time");
    // The first batch trains while the second is generated: 40 + 40 s, a step, the publish.
    let by_hand = (2.0 * GENERATION + step + of(&measured, "publish_time")) / 2.0;
    println!("{:.3} s a step, by hand {by_hand:.3}", period(&measured));
    assert!(near(period(&measured), by_hand));
    assert_eq!(of(&measured, "lag.max").to_bits(), 1.0_f64.to_bits());
    let ahead =
        watched(&["work.loop.admission=\"sync\"", "work.loop.staleness=\"50 %\"", "work.loop.weights.sync_every=2"]);
    // Half a sync's batches in advance are a third wave: engines generate all the time but for a pause of 3 s every 2 batches.
    println!("{:.3} s a step half a sync ahead, by hand 41.5", period(&ahead));
    assert!(near(period(&ahead), (2.0 * GENERATION + 3.0) / 2.0));
}

/// AReaL's rule counts from what is trained, the default from what is served: it never generates less.
#[test]
fn a_bound_on_what_is_trained_lets_more_be_under_way() {
    let slow =
        ["work.loop.weights.inner_rate=\"0.3 GB/s\"", "work.loop.weights.inner_bucket=\"1 MB\"", "work.loop.max_lag=1"];
    let [served, trained] =
        ["served", "trained"].map(|rule| watched(&[&slow[..], &[&format!("work.loop.admission=\"{rule}\"")]].concat()));
    let idle = [&served, &trained].map(|m| of(m, "generator_idle"));
    println!(
        "idle {idle:?}, dropped {:.3} and {:.3}",
        of(&served, "dropped.fraction"),
        of(&trained, "dropped.fraction")
    );
    assert!(idle[1] < idle[0]);
    assert!(of(&served, "dropped.fraction") <= of(&trained, "dropped.fraction"));
}

/// A round of 125 % takes the first 100 %: it is over sooner, and a fifth of what began is abandoned; kept, none is, and what goes on under the next
/// weights is of several versions.
#[test]
fn over_generation_buys_time_with_trajectories() {
    let common = [TAIL, "work.loop.batch=800"];
    let plain = watched(&[&common[..], &["work.loop.mode=\"synchronous\""]].concat());
    let more = ["work.loop.mode=\"synchronous\"", "work.loop.over_generation=\"25 %\""];
    let dropped = watched(&[&common[..], &more, &["work.loop.leftover=\"drop\""]].concat());
    let kept = watched(&[&common[..], &more, &["work.loop.max_lag=6"]].concat());
    println!("{:.1} s plain, {:.1} s dropped, {:.1} s kept", period(&plain), period(&dropped), period(&kept));
    assert!(period(&dropped) < 0.7 * period(&plain) && period(&kept) < 0.7 * period(&plain));
    assert!((of(&dropped, "surplus.fraction") - 0.2).abs() < 0.005, "{}", of(&dropped, "surplus.fraction"));
    // Nothing begins between two rounds: it would be a version too old.
    assert_eq!(of(&dropped, "dropped.fraction").to_bits(), 0.0_f64.to_bits());
    // The longest are abandoned, so more than a fifth of the tokens is.
    assert!(of(&dropped, "wasted_tokens.fraction") > 0.25);
    assert_eq!(of(&kept, "surplus.fraction").to_bits(), 0.0_f64.to_bits());
    assert!(of(&kept, "mixed_versions.fraction") > 0.1 && of(&kept, "lag.max") >= 1.0);
    assert_eq!(of(&dropped, "mixed_versions.fraction").to_bits(), 0.0_f64.to_bits());
}

/// With everything else equal engines that drain are never less idle than engines that go on in flight; those that abort lose the prefill on
/// top of the pause.
#[test]
fn a_drain_never_leaves_engines_less_idle_than_in_flight() {
    for lag in [1, 4, 20] {
        for length in [TAIL, "work.loop.length=\"2000\"", "work.loop.length={ exponential = { mean = 3000 } }"] {
            let lag = format!("work.loop.max_lag={lag}");
            let run = |update: &str| watched(&[length, &lag, &format!("work.loop.weights.update=\"{update}\"")]);
            let [flight, drain, abort] = ["in-flight", "drain", "abort-and-resume"].map(run);
            let idle = [&flight, &drain, &abort].map(|m| of(m, "generator_idle"));
            let lost = [&flight, &drain, &abort].map(|m| of(m, "update_idle"));
            println!("{lag} {length}: idle {idle:.3?}, by updates {lost:.3?}");
            assert!(idle[1] >= idle[0] - 0.01, "{lag} {length}: {idle:?}");
            assert!(lost[1] >= lost[0] - 0.01 && lost[2] >= lost[0] - 0.01, "{lag} {length}: {lost:?}");
            assert!(lost.iter().zip(idle).all(|(lost, idle)| *lost <= idle + 1e-9));
        }
    }
}

/// Failing engines in every mode: the books balance and the loop goes on.
#[test]
fn failing_engines_stop_no_mode() {
    let tail = [TAIL, "work.loop.group=8", "work.loop.batch=256"];
    for mode in ["synchronous", "one-step-off", "steps-off"] {
        for leftover in ["keep", "drop"] {
            for update in ["in-flight", "drain", "abort-and-resume"] {
                let keys = [
                    format!("work.loop.mode=\"{mode}\""),
                    format!("work.loop.leftover=\"{leftover}\""),
                    format!("work.loop.weights.update=\"{update}\""),
                ];
                let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
                let over = ["work.loop.over_generation=\"20 %\"", "work.loop.max_lag=4"];
                let measured = watched(&[&FAILING[..], &tail, &keys, &over].concat());
                assert!(of(&measured, "steps") > 10.0, "{keys:?}: {}", of(&measured, "steps"));
                assert!(of(&measured, "lag.max") <= 4.0);
            }
        }
    }
}

/// A round that is over has abandoned its surplus. Engines that fail or come back before the next round opens ask for work again: if they began as much as was
/// abandoned, it would be one version old when it trains, and dropped. Steps of a minute leave them much time for that.
#[test]
fn a_surplus_is_not_begun_again_between_rounds() {
    let rounds = [
        TAIL,
        "work.loop.mode=\"synchronous\"",
        "work.loop.over_generation=\"25 %\"",
        "work.loop.leftover=\"drop\"",
        "work.loop.batch=800",
        "work.loop.step.overhead=\"60 s\"",
    ];
    let measured = watched(&[&FAILING[..], &rounds].concat());
    assert!(of(&measured, "steps") > 10.0, "{}", of(&measured, "steps"));
    assert!(of(&measured, "surplus.fraction") > 0.1);
    assert_eq!(of(&measured, "dropped.fraction").to_bits(), 0.0_f64.to_bits());
}

/// A version counts as served when 99 % of the engines have it. What begins on one that still takes it has no token of the version before.
#[test]
fn what_begins_in_the_pause_of_an_engine_is_of_one_version() {
    let swap = "work.loop.weights.swap={ uniform = { from = \"1 s\", to = \"60 s\" } }";
    let measured = watched(&[swap, "work.loop.mode=\"synchronous\""]);
    assert!(of(&measured, "steps") > 10.0);
    assert_eq!(of(&measured, "mixed_versions.fraction").to_bits(), 0.0_f64.to_bits());
}

/// What can never turn is refused; what does nothing or next to nothing is told.
#[test]
fn modes_that_cannot_turn_are_refused() {
    let said = |keys: &str, every: u32| {
        let text = LOOP.replace("batch = 1024", &format!("batch = 1024\n{keys}"));
        let text = text.replace("swap = \"3 s\" }", &format!("swap = \"3 s\", sync_every = {every} }}"));
        match load_text("loop.toml", &text, &[]) {
            Ok((plan, _)) => plan.warnings.iter().map(|warning| format!("{warning:?}")).collect::<String>(),
            Err(found) => render_text(&found, false),
        }
    };
    for (keys, every, expected) in [
        ("max_lag = 2", 4, "E0516"),
        ("mode = \"one-step-off\"", 3, "E0516"),
        ("mode = \"synchronous\"", 2, "E0516"),
        ("max_lag = 2\nadmission = \"sync\"", 4, "E0516"),
        ("mode = \"synchronous\"\nusers = { rate = \"1 req/s\" }", 1, "E0107"),
        ("mode = \"steps-of\"", 1, "steps-off"),
        ("mode = \"synchronous\"\nmax_lag = 3", 1, "no effect"),
        ("mode = \"synchronous\"\nadmission = \"trained\"", 1, "no effect"),
        ("staleness = \"50 %\"", 1, "no effect"),
        ("over_generation = \"10 %\"", 1, "no effect"),
        ("mode = \"one-step-off\"\nover_generation = \"10 %\"\nmax_lag = 1", 1, "2 versions old when"),
    ] {
        let found = said(keys, every);
        assert!(found.contains(expected), "{keys}: {found}");
    }
    assert_eq!(said("max_lag = 3", 4), "");
    // 2 batches of 64 on 1,024 slots.
    let small = LOOP.replace("batch = 1024", "batch = 64\nmax_lag = 1");
    let (plan, _) =
        load_text("loop.toml", &small, &[]).unwrap_or_else(|found| panic!("{}", render_text(&found, false)));
    assert!(format!("{:?}", plan.warnings).contains("1024 slots"), "{:?}", plan.warnings);
}

/// 128 engines that take a constant pause go on at the same instant, and the next round begins on all of them: 32 trajectories on each at
/// 100 ÷ (1 + 32/64) tok/s take 15 s for 1,000 tokens, drained or not. With 99 % of the engines only, 127 of them would get 33 of some and need more.
#[test]
fn a_round_after_a_drain_begins_on_every_engine_that_goes_on_at_the_same_instant() {
    let of_update = |update: &str| {
        let update = format!("work.loop.weights.update=\"{update}\"");
        let many = ["fleet.serve.gpus=1024", "work.loop.generators=[{ fleet = \"serve\", gpus = 1024 }]"];
        let keys = ["work.loop.batch=4096", "work.loop.length=1000", "work.loop.mode=\"synchronous\""];
        watched(&[&many[..], &keys, &["work.loop.weights.swap=\"1 s\"", &update]].concat())
    };
    let [drain, flight] = ["drain", "in-flight"].map(of_update);
    let generation = of(&drain, "cycle_time.generation");
    assert!((generation - 15.0).abs() < 1e-6, "{generation} s");
    assert!((of(&drain, "feedback_time.swap") - 1.0).abs() < 1e-9);
    for measure in ["feedback_time", "feedback_time.p99", "cycle_time"] {
        assert!((of(&drain, measure) - of(&flight, measure)).abs() < 1e-9, "{measure}");
    }
}
