//! What a transport makes of a path that dies and comes back, against sums worked out beside each test.
//!
//! One link of 1 GB/s and 40 ms dies at 10 s, by a window that is not announced, and routes follow at once. A copy of 20 GB takes 20 s, half a round trip for its
//! last byte, and what the outage costs.

mod world_support;

use apollo_sim::scenario::plan::Origin;
use world_support::{kpi, plan_with, run};

const PLAN: &str = r#"
format = 1
start = 2026-01-05
horizon = "2 h"
replications = 1
[wan]
failures = false
reconvergence = "0 s"
setup_rtts = 0
streams = 1
[site.a]
[site.b]
[link.l]
between = ["a", "b"]
capacity = "8 Gbps"
rtt = "40 ms"
framing = 1.0
[storage.s]
site = "a"
system = "azure-blob"
capacity = "1 PB"
[storage.t]
site = "b"
system = "azure-blob"
capacity = "1 PB"
[work.c]
kind = "copy"
from = "s"
to = "t"
bytes = "20 GB"
[maintenance.w]
links = ["l"]
starts = "10 s"
duration = "1 s"
drain = false
"#;

const R: f64 = 0.040;

/// What an outage of so long costs the copy.
fn cost(transport: &str, dead: &str, more: &[&str]) -> f64 {
    let stated = [
        format!("work.c.transport=\"{transport}\""),
        "work.c.dead_path=\"transport\"".to_owned(),
        format!("maintenance.w.duration=\"{dead}\""),
    ];
    let overrides: Vec<&str> = stated.iter().map(String::as_str).chain(more.iter().copied()).collect();
    let results = run(&plan_with(PLAN, &overrides));
    assert!((kpi(&results, "transfer.c.bytes_done") - 20e9).abs() < 1.0);
    kpi(&results, "transfer.c.time") - 20.0 - R / 2.0
}

fn near(seen: f64, by_hand: f64) {
    assert!((seen - by_hand).abs() < 1e-6, "{seen} s, by hand {by_hand} s");
}

/// From one packet of 8,948 B: 13 doublings to 1 GB/s, in which 8,948 (2^13 − 1) B are sent and 13 round trips pass.
fn slow_start() -> f64 {
    13.0 * R - 8948.0 * 8191.0 / 1e9
}

/// Attempts at 0.24, 0.72, 1.68, 3.6 s (240 ms doubled): the next after the path is back, a round trip for what was lost, and slow start.
#[test]
fn tcp_goes_on_at_its_next_attempt_and_starts_slowly() {
    for (dead, attempt) in [("50 ms", 0.24), ("500 ms", 0.72), ("1 s", 1.68), ("2 s", 3.6)] {
        near(cost("tcp-9000", dead, &[]), attempt + R + slow_start());
    }
}

/// Attempts every 67.1 ms, seven of them, 469.7 ms; after that a second for a new connection. No slow start.
#[test]
fn rdma_retries_and_then_connects_anew() {
    for transport in ["rocev2-4096", "rocev2-4096-sr"] {
        for (dead, at) in [("50 ms", 0.0671), ("300 ms", 0.3355), ("469 ms", 0.4697), ("470 ms", 1.47), ("20 s", 21.0)]
        {
            near(cost(transport, dead, &[]), at + R);
        }
    }
}

/// Where nothing is asked of the transport the copy goes on at once, whatever it is.
#[test]
fn without_it_a_transfer_goes_on_at_once() {
    for transport in ["tcp-9000", "rocev2-4096"] {
        near(cost(transport, "1 s", &["work.c.dead_path=\"stall\""]), 1.0);
    }
}

/// Dead from 10.0 to 10.3 s and again from 10.31 to 10.6 s: the first attempt after the first time would be at 10.3355 s. The timers have run since 10 s, so seven are over.
#[test]
fn a_path_that_dies_again_before_the_attempt_is_one_outage() {
    let again = "[maintenance.x]\nlinks = [\"l\"]\nstarts = \"10.31 s\"\nduration = \"290 ms\"\ndrain = false\n";
    let plan = plan_with(
        &format!("{PLAN}{again}"),
        &["work.c.transport=\"rocev2-4096\"", "wan.dead_path=\"transport\"", "maintenance.w.duration=\"300 ms\""],
    );
    near(kpi(&run(&plan), "transfer.c.time") - 20.0 - R / 2.0, 0.6 + 1.0 + R);
}

/// Reconvergence is part of the outage where there is a detour: 1 s until routes follow, and the next attempt at 1.68 s. The way round takes 80 ms more, and
/// the slow start is over it: 120 ms a round trip, 14 doublings to 1 GB/s.
#[test]
fn a_detour_is_taken_at_the_next_attempt() {
    let detour = "[site.m]\n[link.x]\nbetween = [\"a\", \"m\"]\ncapacity = \"8 Gbps\"\nrtt = \"60 ms\"\nframing = 1.0\n\
                  [link.y]\nbetween = [\"m\", \"b\"]\ncapacity = \"8 Gbps\"\nrtt = \"60 ms\"\nframing = 1.0\n";
    let plan = plan_with(
        &format!("{PLAN}{detour}"),
        &[
            "work.c.transport=\"tcp-9000\"",
            "wan.dead_path=\"transport\"",
            "wan.reconvergence=\"1 s\"",
            "wan.window=\"1 GB\"",
            "maintenance.w.duration=\"1 h\"",
        ],
    );
    let long = 0.120;
    let slow = 14.0 * long - 8948.0 * 16383.0 / 1e9;
    near(kpi(&run(&plan), "transfer.c.time"), 20.0 + 1.68 + R + slow + long / 2.0);
}

#[test]
fn figures_that_enter_are_shown_with_their_sources() {
    let plan = plan_with(PLAN, &["work.c.transport=\"rocev2-4096\"", "work.c.dead_path=\"transport\""]);
    let taken = |name: &str| plan.ledger.iter().find(|taken| taken.address == format!("work.c.{name}"));
    for name in ["ack_timeout", "ack_retries", "reconnect"] {
        let taken = taken(name).unwrap_or_else(|| panic!("{name} is shown"));
        assert!(matches!(&taken.origin, Origin::Part { source, .. } if !source.is_empty()), "{taken:?}");
    }
    assert!(taken("retransmit_timeout").is_none());
    let plan = plan_with(PLAN, &["work.c.transport=\"rocev2-4096\""]);
    assert!(!plan.ledger.iter().any(|taken| taken.address.ends_with("ack_timeout")));
}
