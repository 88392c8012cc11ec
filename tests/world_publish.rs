//! Publishing of weights when a site cannot be reached, or has no engine left.

#[path = "world_support/audit.rs"]
mod audit;
#[path = "world_support/small.rs"]
mod small;
#[path = "world_support/value.rs"]
mod value;
mod world_support;

use apollo_sim::scenario::plan::Plan;
use audit::audited;
use small::SMALL;
use value::value;
use world_support::{kpi, plan_with, run};

/// The small plan with a second pool at the trainer's own site, nothing that fails unless asked for, and nothing beside the loop.
fn two_pools(overrides: &[&str]) -> Plan {
    let base = SMALL.split("[work.copy]").next().expect("a split has a first part");
    let base = base.replace("waves = 4", "failures = false").replace("gpus = 1152", "gpus = 1152\nfailures = false");
    let base = base.replace("gpus = 2304", "gpus = 2304\nfailures = false").replace(
        "generators = [{ fleet = \"serve\", gpus = 2048 }]",
        "generators = [{ fleet = \"serve\", gpus = 2048 }, { fleet = \"near\", gpus = 2048 }]",
    );
    let near = "[fleet.near]\nsite = \"west\"\nnode = \"gb200-nvl72\"\ngpus = 2304\nfailures = false\n";
    plan_with(&(base + near), &[overrides, &["replications=1"]].concat())
}

/// Bytes of the full weights of the model.
const FULL: f64 = 1.04e12;

const CUTS: [&str; 4] = [
    "link.west-east.failures=true",
    "link.west-east.wave_failures=\"0 /1000km-year\"",
    "link.west-east.mtbf=\"10 min\"",
    "link.west-east.cut_repair=\"3 min\"",
];

/// While a site is cut off, publishes with a timeout go on without it, and the site gets the full weights when the link is back. A publish
/// is over when every site serves it, so the one that was cut off is as long as the cut with and without a timeout.
#[test]
fn a_site_that_cannot_be_reached_holds_the_others_up_for_the_timeout_only() {
    let lag = "work.loop.max_lag=1000";
    let patient = run(&two_pools(&[&CUTS[..], &[lag]].concat()));
    let hasty = run(&two_pools(&[&CUTS[..], &[lag, "work.loop.weights.timeout=\"40 s\""]].concat()));
    let longest = |results| kpi(results, "rl.loop.publish_time.max");
    println!("longest publish {:.1} s, with a timeout {:.1} s", longest(&patient), longest(&hasty));
    assert!(longest(&patient) > 180.0 && longest(&hasty) > 180.0);
    // The site that is not cut off is sent deltas meanwhile, and the other the full weights after each cut.
    let bytes = |results| kpi(results, "rl.loop.published_bytes");
    assert!(bytes(&hasty) > bytes(&patient) + 2.9 * FULL, "{:.2e} and {:.2e}", bytes(&hasty), bytes(&patient));
    assert_eq!(kpi(&patient, "rl.loop.missed_publishes").to_bits(), 0.0_f64.to_bits());
    // Cuts at 10, 23 and 36 min, each longer than a publish and its timeout: one delta is missed in each.
    let missed = kpi(&hasty, "rl.loop.missed_publishes");
    assert!((missed - 3.0).abs() < 0.5, "{missed}");
    // What was learned during a cut is served at the cut site only after it, with or without a timeout.
    for results in [&patient, &hasty] {
        assert!(kpi(results, "rl.loop.feedback_time.max") > 180.0);
    }
    assert!(
        kpi(&hasty, "rl.loop.full_publish") > kpi(&patient, "rl.loop.full_publish"),
        "full weights brought the site back"
    );
}

/// A pool that loses all its engines to a work of higher priority takes part in no publish, and comes back with the full weights.
#[test]
fn a_pool_without_engines_comes_back_with_the_full_weights() {
    let guest = "
[work.guest]
kind = \"rl\"
priority = 9
model = \"dense-8b\"
starts = \"15 min\"
ends = \"25 min\"
trainer = { fleet = \"train\", gpus = 8 }
generators = [{ fleet = \"serve\", gpus = 2304 }]
batch = 512
";
    let base = SMALL.split("[work.copy]").next().expect("a split has a first part");
    let base = base.replace("waves = 4", "failures = false").replace(
        "generators = [{ fleet = \"serve\", gpus = 2048 }]",
        "generators = [{ fleet = \"serve\", gpus = 2048 }, { fleet = \"near\", gpus = 512 }]",
    );
    let near = "[fleet.near]\nsite = \"west\"\nnode = \"gb200-nvl72\"\ngpus = 576\nfailures = false\n";
    let text = format!("{base}{near}{guest}");
    let still = [
        "fleet.serve.failures=false",
        "fleet.train.failures=false",
        "fleet.serve.spares=\"0 %\"",
        "work.loop.weights.full_every=1000000",
        "work.loop.weights.changed=\"0.001 %\"",
    ];
    let plan = plan_with(&text, &still);
    let (m, _) = audited(&plan, 0, 50);
    let steps = value(&m, "rl.loop.steps").expect("the loop steps");
    assert!(steps > 5.0, "{steps}");
    // Deltas of 17 MB, and once, for the return, the full weights: no less and no more.
    let quiet = text.replace("starts = \"15 min\"\nends = \"25 min\"", "starts = \"39 min\"");
    let (quiet, _) = audited(&plan_with(&quiet, &still), 0, 50);
    let bytes = |m| value(m, "rl.loop.published_bytes").expect("it publishes");
    println!("{:.3e} bytes published, undisturbed {:.3e}", bytes(&m), bytes(&quiet));
    assert!(bytes(&quiet) < 0.05 * FULL && (bytes(&m) / FULL - 1.0).abs() < 0.05);
}
