//! Rules of routing, by hand: how fast a transfer over several ways is, and what a cut takes from it.

mod world_support;

use world_support::{kpi, plan_with, run};

/// Two ways from a to b, by m and by n, of the same latency; the one by n is thinner.
const DIAMOND: &str = r#"
format = 1
start = 2026-01-05
horizon = "10 h"
replications = 1
[wan]
failures = false
setup_rtts = 0
reconvergence = "50 s"
[site.a]
[site.b]
[site.m]
[site.n]
[link.am]
between = ["a", "m"]
capacity = "100 Gbps"
rtt = "10 ms"
framing = "90 %"
[link.an]
between = ["n", "a"]
capacity = "100 Gbps"
rtt = "10 ms"
framing = "90 %"
[link.bm]
between = ["m", "b"]
capacity = "100 Gbps"
rtt = "10 ms"
framing = "90 %"
[link.bn]
between = ["b", "n"]
capacity = "40 Gbps"
rtt = "10 ms"
framing = "90 %"
[storage.sa]
site = "a"
system = "azure-blob"
capacity = "100 PB"
[storage.sb]
site = "b"
system = "azure-blob"
capacity = "100 PB"
[work.c]
kind = "copy"
from = "sa"
to = "sb"
bytes = "10 TB"
"#;

/// Payload bytes per second of a wire at so many Gb/s.
fn wire(gbps: f64) -> f64 {
    gbps / 8.0 * 1e9 * 0.9
}

fn time(overrides: &[&str]) -> f64 {
    kpi(&run(&plan_with(DIAMOND, overrides)), "transfer.c.time")
}

fn near(seen: f64, by_hand: f64) {
    assert!((seen - by_hand).abs() <= 1e-9 * by_hand + 1e-8, "{seen} s, by hand {by_hand} s");
}

const LAST_BYTE: f64 = 0.010;

#[test]
fn each_rule_gives_the_rate_that_its_thinnest_share_allows() {
    near(time(&[]), LAST_BYTE + 10e12 / wire(100.0));
    // Half of the bytes go over 40 Gb/s.
    near(time(&["wan.routing=\"ecmp\""]), LAST_BYTE + 10e12 / wire(80.0));
    near(time(&["wan.routing=\"disjoint\""]), LAST_BYTE + 10e12 / wire(140.0));
    near(time(&["wan.routing=\"disjoint\"", "wan.split=\"equal\""]), LAST_BYTE + 10e12 / wire(80.0));
    near(time(&["wan.routing=\"disjoint\"", "wan.ways=1"]), LAST_BYTE + 10e12 / wire(100.0));
    // A work can differ from the rest.
    near(time(&["work.c.routing=\"disjoint\""]), LAST_BYTE + 10e12 / wire(140.0));
}

#[test]
fn a_stated_metric_decides_in_place_of_latency() {
    let metric = ["link.am.metric=10", "link.bm.metric=10", "link.an.metric=10", "link.bn.metric=9"];
    let with = |rule: &'static str| metric.into_iter().chain([rule]).collect::<Vec<_>>();
    near(time(&with("wan.routing=\"shortest\"")), LAST_BYTE + 10e12 / wire(40.0));
    near(time(&with("wan.routing=\"ecmp\"")), LAST_BYTE + 10e12 / wire(40.0));
    // The window is that of the longest way: 256 streams of 64 MB over 200 ms.
    let far =
        ["link.an.rtt=\"190 ms\"", "link.an.metric=10", "link.bn.metric=10", "link.am.metric=10", "link.bm.metric=10"];
    let slow: Vec<_> = far.into_iter().chain(["wan.routing=\"ecmp\"", "wan.window=\"1 MB\""]).collect();
    near(time(&slow), 0.100 + 10e12 / (256.0 * 1e6 / 0.200));
}

/// At 40 Gb/s of its own and two ways: half of the streams stand still until routes have changed, the others go on.
#[test]
fn a_cut_stops_the_share_on_the_dead_way_until_routes_have_changed() {
    let cut = [
        "wan.failures=true",
        "wan.wave_failures=\"0 /1000km-year\"",
        "wan.cuts=\"0 /1000km-year\"",
        "link.am.mtbf=\"100 s\"",
        "link.am.cut_repair=\"9 h\"",
        "work.c.pace=\"32 Gbps\"",
    ];
    let alone = LAST_BYTE + 10e12 / 4e9;
    for (rule, lost) in [("shortest", 50.0), ("ecmp", 25.0), ("disjoint", 50.0 * 100.0 / 140.0)] {
        let rule = format!("wan.routing=\"{rule}\"");
        let all: Vec<&str> = cut.iter().copied().chain([rule.as_str()]).collect();
        near(time(&all), alone + lost);
    }
}

/// Links carry the shares: at `ecmp` half each, there and not back.
#[test]
fn links_show_their_shares() {
    let results = run(&plan_with(
        DIAMOND,
        &["wan.routing=\"ecmp\"", "work.c.pace=\"36 Gbps\"", "work.c.bytes=\"16.2 TB\"", "horizon=\"1 h\""],
    ));
    // 18 Gb/s of payload are 20 on the wire.
    for (link, there, share) in
        [("am", "a-to-m", 0.2), ("bm", "m-to-b", 0.2), ("an", "a-to-n", 0.2), ("bn", "n-to-b", 0.5)]
    {
        let seen = kpi(&results, &format!("link.{link}.{there}.utilisation"));
        assert!((seen - share).abs() < 1e-4, "{link}: {seen}");
    }
    assert!(kpi(&results, "link.am.m-to-a.utilisation") < 1e-12);
}
