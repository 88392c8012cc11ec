//! Loops that wait for their slowest: what the number of simulated engines does to them, with a tail that no cap cuts. Margins as in
//! `world_cohorts.rs`: 1 % of the median and 3 % of the 95th percentile of the feedback time.

mod world_support;

use world_support::{kpi, plan_with, run};

const STATS: [&str; 2] = ["rl.online.feedback_time.p50", "rl.online.feedback_time.p95"];
const MARGINS: [f64; 2] = [0.01, 0.03];

/// The loop of `scenarios/rl-60s.toml` with one pool, nothing that fails, and lengths that hardly any cap cuts.
fn loop_of(engines: u32, hours: u32, replications: u32) -> Vec<String> {
    let mut all: Vec<String> = [
        "seed=11",
        "work.online.length={ lognormal = { median = \"1000 tok\", p99 = \"4000 tok\" } }",
        "work.online.length_cap=\"1 Mtok\"",
        "fleet.phoenix.failures=false",
        "fleet.dallas.failures=false",
        "fleet.richmond.failures=false",
        "wan.failures=false",
    ]
    .map(str::to_owned)
    .to_vec();
    all.push(format!("horizon=\"{hours} h\""));
    all.push(format!("replications={replications}"));
    all.push(format!("work.online.trainer.gpus=\"{}\"", 4 * engines));
    all.push(format!("work.online.generators=[{{ fleet = \"dallas\", gpus = \"{}\" }}]", 16 * engines));
    all.push(format!("work.online.batch={}", 17 * engines));
    all
}

/// Median and 95th percentile with their half widths of 95 % intervals.
fn seen(own: &[String], cohort: u32, more: &[&str]) -> [(f64, f64); 2] {
    let cohort = format!("work.online.engine.cohort={cohort}");
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    let text = include_str!("../scenarios/rl-60s.toml");
    let results = run(&plan_with(text, &[&own[..], &[cohort.as_str()], more].concat()));
    STATS.map(|name| {
        let row = results.kpis.iter().find(|k| k.name == name).expect("every loop has this KPI");
        let [lo, hi] = row.ci95.expect("there are several replications");
        (kpi(&results, name), (hi - lo) / 2.0)
    })
}

/// The same to the last bit: the default simulates every engine of such a loop, 128 and 376 of them.
#[test]
fn the_default_simulates_every_engine_of_a_loop_that_waits_for_its_slowest() {
    for engines in [128, 376] {
        let own = loop_of(engines, 1, 2);
        for more in [
            &["work.online.mode=\"synchronous\""][..],
            &["work.online.mode=\"one-step-off\""],
            &["work.online.max_lag=0"],
            &["work.online.weights.update=\"drain\"", "work.online.max_lag=4"],
            &["work.online.weights.update=\"drain\"", "work.online.weights.swap_waves=4"],
            &["work.online.mode=\"synchronous\"", "work.online.over_generation=\"1 %\""],
            &["work.online.max_lag=1", "work.online.group=17"],
        ] {
            assert_eq!(seen(&own, 0, more), seen(&own, 1, more), "{more:?}");
        }
    }
}

/// One wave that drains on engines that are always busy: cohorts of four and of eight against every engine. Without the draw of the engines that are not
/// simulated the median is up to a fifth short. A median over minutes of waiting is noisy, hence the shorter tail and the many replications.
#[test]
fn a_drain_of_busy_engines_does_not_depend_on_the_cohorts() {
    let own = loop_of(128, 4, 12);
    let tail = "work.online.length={ lognormal = { median = \"1000 tok\", p99 = \"3000 tok\" } }";
    let busy = ["work.online.weights.update=\"drain\"", "work.online.max_lag=8", tail];
    let each = seen(&own, 1, &busy);
    for cohort in [4, 8] {
        let few = seen(&own, cohort, &busy);
        hold(each, few, &format!("cohorts of {cohort}"));
    }
}

/// Just beyond what is taken for coarse, half the size of the default's cohorts gives the same: groups of 17 within a bound of 8 versions, 128 of them
/// to spare for each that is simulated, and rounds of which a quarter is to spare.
#[test]
fn the_default_is_right_where_there_is_just_enough_to_spare() {
    for (engines, cohort, more) in [
        (128, 2, &["work.online.max_lag=8", "work.online.group=17", "work.online.batch=1088"][..]),
        (376, 6, &["work.online.mode=\"synchronous\"", "work.online.over_generation=\"25 %\""]),
    ] {
        let own = loop_of(engines, 2, 8);
        hold(seen(&own, 0, more), seen(&own, cohort, more), &format!("{engines} engines, {more:?}"));
    }
}

/// What does not wait for its slowest is right with 32 cohorts, and with half of their size: in flight and with abort and resume, at once and in four waves.
#[test]
fn the_default_is_right_where_nothing_waits_for_the_slowest() {
    let swap = "work.online.weights.swap={ uniform = { from = \"0.2 s\", to = \"1 s\" } }";
    for (engines, waves, cohorts) in [(128, 1, &[1, 2][..]), (128, 4, &[1, 2]), (376, 4, &[6])] {
        let own = loop_of(engines, 1, 4);
        let waves = format!("work.online.weights.swap_waves={waves}");
        for update in ["in-flight", "abort-and-resume"] {
            let update = format!("work.online.weights.update=\"{update}\"");
            let more = [update.as_str(), &waves, "work.online.engine.prefill_rate=\"1 Mtok/s\"", swap];
            let usual = seen(&own, 0, &more);
            for &cohort in cohorts {
                hold(
                    usual,
                    seen(&own, cohort, &more),
                    &format!("{engines} engines, {waves}, {update}, cohorts of {cohort}"),
                );
            }
        }
    }
}

/// Within the margins.
fn hold(a: [(f64, f64); 2], b: [(f64, f64); 2], what: &str) {
    for (i, margin) in MARGINS.into_iter().enumerate() {
        let ((a, noise_a), (b, noise_b)) = (a[i], b[i]);
        let (change, noise) = ((b / a - 1.0).abs(), noise_a.hypot(noise_b) / a);
        println!("{what}, {}: {a:.3} and {b:.3} s, {change:.4} apart, noise {noise:.4}", STATS[i]);
        assert!(change <= margin && noise < 3.0 * margin, "{what}, {}: {a} and {b} s", STATS[i]);
    }
}
