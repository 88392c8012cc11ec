//! What a loop puts on each direction of each link, per step: against the payloads by hand, and against what the links carried.

#[path = "world_support/small.rs"]
mod small;
mod world_support;

use apollo_sim::scenario::plan::{Plan, WorkKind};
use small::SMALL;
use world_support::{kpi, plan_with, run};

/// The small plan with its loop alone, and a second link by way of a third site.
fn alone(overrides: &[&str]) -> Plan {
    let base = SMALL.split("[work.copy]").next().expect("a split has a first part");
    let base = base
        .replace("gpus = 1152", "gpus = 1152\nfailures = false")
        .replace("gpus = 2304", "gpus = 2304\nfailures = false");
    let round = r#"
[site.north]
[link.west-north]
between = ["west", "north"]
capacity = "100 Gbps"
rtt = "40 ms"
failures = false
[link.north-east]
between = ["north", "east"]
capacity = "200 Gbps"
rtt = "40 ms"
failures = false
"#;
    plan_with(&(base + round), &[overrides, &["replications=1"]].concat())
}

/// One full publish per step, and no lag: weights go one way, trajectories the other, and each step has one batch of them.
#[test]
fn a_step_puts_its_weights_and_its_batch_on_the_link() {
    let plan = alone(&[
        "work.loop.weights.publish=\"full\"",
        "work.loop.max_lag=0",
        "work.loop.length=\"1000\"",
        "link.west-east.framing=\"80 %\"",
        "link.west-east.waves=1",
        "link.west-east.failures=false",
        "horizon=\"3 h\"",
        "warmup=\"0 s\"",
    ]);
    let work = plan.works.iter().find(|w| w.name == "loop").expect("there is a loop");
    let WorkKind::Rl(rl) = &work.kind else { panic!("the loop is an RL work") };
    let results = run(&plan);
    let steps = kpi(&results, "rl.loop.steps");
    let weights = kpi(&results, "rl.loop.link.west-east.west-to-east.bytes_per_step");
    let batch = kpi(&results, "rl.loop.link.west-east.east-to-west.bytes_per_step");
    let by_hand = [rl.parameters * rl.bytes_per_parameter / 0.8, 4096.0 * 1000.0 * rl.bytes_per_token / 0.8];
    println!("{steps} steps; weights {weights:e} of {:e}, batch {batch:e} of {:e}", by_hand[0], by_hand[1]);
    // The step under way at the end has its batch but no weights yet; nothing else can differ.
    for (seen, exact) in [weights, batch].into_iter().zip(by_hand) {
        assert!((seen - exact).abs() <= exact * 1.001 / steps, "{seen:e}, by hand {exact:e}");
    }
}

/// With the loop alone on the network, its bytes on each direction are all that the direction carried: through cuts and reroutes, with copies
/// for every node, over lossy links where a part is sent twice, and from the cut of the warm-up on.
#[test]
fn a_loop_alone_accounts_for_every_byte_on_the_links() {
    let cuts = ["link.west-east.mtbf=\"10 min\"", "link.west-east.cut_repair=\"3 min\"", "link.west-east.waves=1"];
    for more in [
        &["work.loop.weights.fan_out=\"per-node\""][..],
        &["link.west-east.loss=\"0.00001 %\"", "work.loop.streams=1024"][..],
        &["work.loop.weights.store=\"west-hot\""][..],
    ] {
        let plan = alone(&[&cuts[..], more].concat());
        let results = run(&plan);
        let steps = kpi(&results, "rl.loop.steps");
        let measured = 35.0 * 60.0;
        let mut round = 0.0;
        for (direction, rate) in [
            ("west-east.west-to-east", 50e9),
            ("west-east.east-to-west", 50e9),
            ("west-north.west-to-north", 12.5e9),
            ("north-east.north-to-east", 25e9),
            ("west-north.north-to-west", 12.5e9),
        ] {
            let tallied = steps * kpi(&results, &format!("rl.loop.link.{direction}.bytes_per_step"));
            let carried = rate * measured * kpi(&results, &format!("link.{direction}.utilisation"));
            println!("{more:?} {direction}: {tallied:e} tallied, {carried:e} carried");
            assert!((tallied - carried).abs() <= 1e-9 * carried, "{direction}: {tallied:e}, carried {carried:e}");
            round += if direction.contains("north") { tallied } else { 0.0 };
        }
        assert!(round > 1e9, "cuts have sent nothing the other way round: the case is too easy");
    }
}
