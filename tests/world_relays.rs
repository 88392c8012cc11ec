//! Weights that sites hand to one another, against closed forms: a copy crosses each shared hop once, and a relay is a bucket behind.

#[path = "world_support/small.rs"]
mod small;
mod world_support;

use apollo_sim::experiment::results::RunResults;
use apollo_sim::scenario::plan::Plan;
use small::SMALL;
use world_support::{kpi, plan_with, run};

/// Bytes of the full weights of the model.
const FULL: f64 = 1.04e12;
/// Bytes per second of every link.
const RATE: f64 = 50e9;
/// Bytes that a site must have before it passes them on.
const BUCKET: f64 = 8.0 * 1024.0 * 1024.0 * 1024.0;
/// Seconds from the last byte at a site until its engines serve: ⌈log₂ 128⌉ = 7 hops of a bucket, and the pause.
const INSIDE: f64 = 7.0 * BUCKET / 100e9 + 3.0;

/// The small plan with full weights at every step and nothing that fails, its pool at `east` and another at `south`, and links as stated.
fn plan(links: &[(&str, &str)], overrides: &[&str]) -> Plan {
    let base = SMALL.split("[work.copy]").next().expect("a split has a first part");
    let (head, tail) = base.split_once("[link.west-east]").expect("there is a link");
    let (_, tail) = tail.split_once("[storage.west-hot]").expect("storage comes next");
    let mut text = format!("{head}[storage.west-hot]{tail}");
    text = text
        .replace("gpus = 1152", "gpus = 1152\nfailures = false")
        .replace("gpus = 2304", "gpus = 2304\nfailures = false");
    text = text.replace(
        "generators = [{ fleet = \"serve\", gpus = 2048 }]",
        "generators = [{ fleet = \"serve\", gpus = 2048 }, { fleet = \"far\", gpus = 2048 }]",
    );
    text += "[site.south]\n[site.hub]\n[fleet.far]\nsite = \"south\"\nnode = \"gb200-nvl72\"\ngpus = 2304\nfailures = false\n";
    for (from, to) in links {
        text += &format!(
            "[link.{from}-{to}]\nbetween = [\"{from}\", \"{to}\"]\ncapacity = \"400 Gbps\"\nrtt = \"20 ms\"\nfailures = false\nframing = \"100 %\"\n"
        );
    }
    let calm = [
        "work.loop.weights.publish=\"full\"",
        "work.loop.weights.swap=\"3 s\"",
        "work.loop.weights.inner_rate=\"100 GB/s\"",
        "work.loop.weights.inner_bucket=\"8 GiB\"",
        "work.loop.max_lag=0",
        "horizon=\"30 min\"",
        "replications=1",
    ];
    plan_with(&text, &[&calm[..], overrides].concat())
}

fn across(links: &[(&str, &str)], way: &str, more: &[&str]) -> RunResults {
    let way = format!("work.loop.weights.across=\"{way}\"");
    run(&plan(links, &[&[way.as_str()], more].concat()))
}

fn near(seen: f64, by_hand: f64, what: &str) {
    println!("{what}: {seen} s, by hand {by_hand} s");
    assert!((seen - by_hand).abs() < 1e-6 * by_hand, "{what}: {seen} s, by hand {by_hand} s");
}

/// West – east – south. Two copies from the trainer share the first link; handed on, each link carries one.
#[test]
fn on_a_line_a_relay_is_a_bucket_behind() {
    let line = [("west", "east"), ("east", "south")];
    let alone = across(&line, "unicast", &[]);
    near(kpi(&alone, "rl.loop.publish_time"), 2.0 * FULL / RATE + 0.04 / 2.0 + INSIDE, "each from the trainer");
    for way in ["relay", "relay-nearest", "tree"] {
        let handed = across(&line, way, &[]);
        near(kpi(&handed, "rl.loop.publish_time"), (FULL + BUCKET) / RATE + 0.02 + INSIDE, way);
        let bytes = |link| kpi(&handed, &format!("rl.loop.link.{link}.bytes_per_step"));
        let (first, second) = (bytes("west-east.west-to-east"), bytes("east-south.east-to-south"));
        assert!((first - second).abs() < 0.02 * first && (first - FULL).abs() < 0.02 * FULL, "{first}, {second}");
    }
}

/// A star: only a tree parts at the hub, where there is no pool. A chain goes by the hub to one pool and back over it to the other.
#[test]
fn a_tree_parts_where_there_is_no_pool() {
    let star = [("west", "hub"), ("hub", "east"), ("hub", "south")];
    let tree = across(&star, "tree", &[]);
    near(kpi(&tree, "rl.loop.publish_time"), (FULL + BUCKET) / RATE + 0.02 + INSIDE, "tree");
    let chain = across(&star, "relay", &[]);
    near(kpi(&chain, "rl.loop.publish_time"), (FULL + BUCKET) / RATE + 0.04 + INSIDE, "chain");
    let alone = across(&star, "unicast", &[]);
    near(kpi(&alone, "rl.loop.publish_time"), 2.0 * FULL / RATE + 0.02 + INSIDE, "each from the trainer");
    let on_first = |results| kpi(results, "rl.loop.link.west-hub.west-to-hub.bytes_per_step");
    assert!(
        (on_first(&alone) / on_first(&tree) - 2.0).abs() < 0.02
            && (on_first(&chain) / on_first(&tree) - 1.0).abs() < 0.02
    );
    let back = |results: &RunResults| {
        results.kpis.iter().find(|k| k.name == "rl.loop.link.hub-east.east-to-hub.bytes_per_step").and_then(|k| k.mean)
    };
    assert!(
        back(&chain).expect("a chain goes back") > 0.9 * FULL
            && back(&tree).expect("trajectories go back") < 0.01 * FULL
    );
}

/// The slower hop behind holds nobody up before it, and the one behind takes what its link gives.
#[test]
fn each_site_has_the_weights_when_its_own_way_has_brought_them() {
    let line = [("west", "east"), ("east", "south")];
    let slow = across(&line, "relay", &["link.east-south.capacity=\"100 Gbps\""]);
    near(kpi(&slow, "rl.loop.publish_time"), BUCKET / RATE + FULL / 12.5e9 + 0.02 + INSIDE, "slow second hop");
    let fast = across(&line, "relay", &["link.east-south.capacity=\"1.6 Tbps\""]);
    // The last bucket comes over at the rate at which it was sent.
    near(kpi(&fast, "rl.loop.publish_time"), (FULL + BUCKET) / RATE + 0.02 + INSIDE, "fast second hop");
}

/// Peers take a part each: one bucket inside the site in place of 7.
#[test]
fn peers_are_one_bucket_deep() {
    let line = [("west", "east"), ("east", "south")];
    let peers = across(&line, "relay", &["work.loop.weights.fan_out=\"peer\""]);
    near(kpi(&peers, "rl.loop.publish_time"), (FULL + BUCKET) / RATE + 0.02 + BUCKET / 100e9 + 3.0, "peers");
    // Where the exchange holds the transfer, 127 of 128 parts pass it.
    let held =
        across(&line, "relay", &["work.loop.weights.fan_out=\"peer\"", "work.loop.weights.inner_rate=\"20 GB/s\""]);
    let rate = 20e9 * 128.0 / 127.0;
    near(
        kpi(&held, "rl.loop.publish_time"),
        (FULL + BUCKET) / rate + 0.02 + BUCKET / 20e9 + 3.0,
        "held by the exchange",
    );
}

/// A site behind one that is cut off misses the delta like it, and both come back with full weights: the publish lasts until then.
#[test]
fn who_waits_for_a_site_that_is_cut_off_misses_the_publish_too() {
    let line = [("west", "east"), ("east", "south")];
    let cuts = [
        "link.west-east.failures=true",
        "link.west-east.wave_failures=\"0 /1000km-year\"",
        "link.west-east.mtbf=\"10 min\"",
        "link.west-east.cut_repair=\"3 min\"",
        "work.loop.weights.publish=\"delta\"",
        "work.loop.max_lag=1000",
        "work.loop.weights.timeout=\"40 s\"",
        "horizon=\"40 min\"",
    ];
    let results = across(&line, "relay", &cuts);
    let missed = kpi(&results, "rl.loop.missed_publishes");
    println!("{missed} missed, longest publish {} s", kpi(&results, "rl.loop.publish_time.max"));
    assert!(missed >= 2.0 && (missed / 2.0).fract().abs() < 1e-9, "{missed}");
    assert!(kpi(&results, "rl.loop.publish_time.max") > 180.0 && kpi(&results, "rl.loop.feedback_time.max") > 180.0);
}
