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

/// Half of the packets go over the link that loses 19 %, or five of seven: 1 − 0.81^½ = 10 %, 1 − 0.81^(5/7).
#[test]
fn of_several_ways_each_loses_by_its_share() {
    for (rule, share) in [("ecmp", 0.5), ("disjoint", 100.0 / 140.0)] {
        let rule = format!("wan.routing=\"{rule}\"");
        let results = run(&plan_with(DIAMOND, &[&rule, "link.am.loss=\"19 %\""]));
        near(kpi(&results, "path.c.a-to-b.loss"), 1.0 - 0.81_f64.powf(share));
    }
}

/// Bytes and mean rate by way of a sender.
fn by_way(overrides: &[&str], sender: &str) -> Vec<(String, f64, f64, Option<f64>)> {
    by_way_of(DIAMOND, overrides, sender)
}

fn by_way_of(text: &str, overrides: &[&str], sender: &str) -> Vec<(String, f64, f64, Option<f64>)> {
    let results = run(&plan_with(text, overrides));
    let of = results.by_way.into_iter().filter(|row| row.sender == sender);
    of.map(|row| (row.way, row.bytes, row.share, row.rate)).collect()
}

fn shares(seen: &[(String, f64, f64, Option<f64>)], by_hand: &[(&str, f64, f64)]) {
    assert_eq!(seen.len(), by_hand.len(), "{seen:?}");
    let all: f64 = by_hand.iter().map(|(_, bytes, _)| bytes).sum();
    for ((way, bytes, share, rate), (name, by_hand, paced)) in seen.iter().zip(by_hand) {
        assert_eq!(way, name);
        near(*bytes, *by_hand);
        near(*share, by_hand / all);
        near(rate.expect("it moved"), *paced);
    }
}

#[test]
fn bytes_of_a_split_transfer_are_known_by_way() {
    let (thick, thin) = (10e12 * 100.0 / 140.0, 10e12 * 40.0 / 140.0);
    let seen = by_way(&["wan.routing=\"disjoint\""], "work.c");
    shares(&seen, &[("am > bm", thick, wire(100.0)), ("an > bn", thin, wire(40.0))]);
    let seen = by_way(&["work.c.routing=\"ecmp\""], "work.c");
    shares(&seen, &[("am > bm", 5e12, wire(40.0)), ("an > bn", 5e12, wire(40.0))]);
    // One way is not split, whatever the rule.
    assert!(by_way(&[], "work.c").is_empty());
    assert!(by_way(&["wan.routing=\"disjoint\"", "wan.ways=1"], "work.c").is_empty());
}

/// 4 GB/s until the cut after 100 s, then what is left on the living way, and after another 50 s all of it.
#[test]
fn a_cut_moves_bytes_from_way_to_way() {
    let cut = [
        "wan.routing=\"disjoint\"",
        "wan.failures=true",
        "wan.wave_failures=\"0 /1000km-year\"",
        "wan.cuts=\"0 /1000km-year\"",
        "link.am.mtbf=\"100 s\"",
        "link.am.cut_repair=\"9 h\"",
        "work.c.pace=\"32 Gbps\"",
    ];
    let dead = 100.0 * 4e9 * 100.0 / 140.0;
    let alive = 10e12 - dead;
    let (moving, total) = (150.0, 150.0 + (10e12 - dead - 150.0 * 4e9 * 40.0 / 140.0) / 4e9);
    assert!(moving < total);
    shares(&by_way(&cut, "work.c"), &[("an > bn", alive, alive / total), ("am > bm", dead, dead / 100.0)]);
}

/// 20 Gb/s on the wire for ten hours, half each way; loads that write send the other way.
#[test]
fn demand_of_one_pair_and_loads_are_known_by_way_too() {
    let text = format!(
        "{DIAMOND}\n[demand.d]\nfrom = \"a\"\nto = \"b\"\nrate = \"20 Gbps\"\n\
         [work.w]\nkind = \"io\"\nstorage = \"sb\"\nsite = \"a\"\npattern = \"write\"\nclients = 4\nrate = \"1 GB/s\"\nio_size = \"1 MB\"\n"
    );
    let split = ["wan.routing=\"ecmp\"", "work.c.bytes=\"1 GB\""];
    let half = 1.25e9 * 36_000.0;
    shares(&by_way_of(&text, &split, "demand.d"), &[("am > bm", half, 1.25e9), ("an > bn", half, 1.25e9)]);
    let half = 0.5e9 * 36_000.0;
    shares(&by_way_of(&text, &split, "work.w"), &[("am > bm", half, 0.5e9), ("an > bn", half, 0.5e9)]);
}

/// Seven steps of two parallel links are 128 ways: too many to tell apart, so those that begin with the same link are one.
#[test]
fn too_many_ways_are_told_apart_by_their_first_link() {
    let mut text = String::from(
        "format = 1\nstart = 2026-01-05\nhorizon = \"1 h\"\nreplications = 1\n[wan]\nfailures = false\nsetup_rtts = 0\nrouting = \"ecmp\"\n",
    );
    for site in 0..8 {
        text += &format!("[site.s{site}]\n");
    }
    for step in 0..7 {
        for side in ["l", "r"] {
            let next = step + 1;
            text += &format!(
                "[link.{side}{step}]\nbetween = [\"s{step}\", \"s{next}\"]\ncapacity = \"100 Gbps\"\nrtt = \"2 ms\"\n"
            );
        }
    }
    text += "[demand.d]\nfrom = \"s0\"\nto = \"s7\"\nrate = \"8 Gbps\"\n[demand.near]\nfrom = \"s0\"\nto = \"s6\"\nrate = \"8 Gbps\"\n";
    let results = run(&plan_with(&text, &[]));
    let of = |sender: &str| results.by_way.iter().filter(|row| row.sender == sender).collect::<Vec<_>>();
    let seen: Vec<(&str, f64)> = of("demand.d").iter().map(|row| (row.way.as_str(), row.share)).collect();
    assert_eq!(seen, [("l0 > …", 0.5), ("r0 > …", 0.5)]);
    let near = of("demand.near");
    assert_eq!((near.len(), near[0].way.as_str()), (64, "l0 > l1 > l2 > l3 > l4 > l5"));
    assert!(near.iter().all(|row| (row.share - 1.0 / 64.0).abs() < 1e-12));
}

/// Where no work can start slowly, a first window says nothing, and the program says so.
#[test]
fn a_first_window_without_effect_is_said() {
    let told = |overrides: &[&str]| {
        plan_with(DIAMOND, overrides).warnings.iter().any(|w| w.message.contains("'initial_window' has no effect"))
    };
    assert!(!told(&["wan.initial_window=10"]));
    assert!(told(&["wan.initial_window=10", "wan.transport=\"rocev2-4096\""]));
    assert!(told(&["work.c.initial_window=10", "wan.transport=\"rocev2-4096\""]));
    assert!(!told(&["wan.initial_window=0", "wan.transport=\"rocev2-4096\""]));
}
