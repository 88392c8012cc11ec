//! The edges of what a plan may say: closed forms of single transfers, very small, very large and very long plans.

mod world_support;

use world_support::{kpi, plan_with, run};

const PAIR: &str = r#"
format = 1
start = 2026-01-05
horizon = "10 h"
replications = 1
[wan]
failures = false
[site.a]
[site.b]
[link.l]
between = ["a", "b"]
capacity = "100 Gbps"
rtt = "40 ms"
framing = "90 %"
[storage.sa]
site = "a"
system = "azure-blob"
capacity = "10 PB"
[storage.sa2]
site = "a"
system = "azure-blob"
capacity = "10 PB"
[storage.sb]
site = "b"
system = "azure-blob"
capacity = "10 PB"
[work.c]
kind = "copy"
from = "sa"
to = "sb"
bytes = "10 TB"
"#;

fn time(overrides: &[&str]) -> f64 {
    kpi(&run(&plan_with(PAIR, overrides)), "transfer.c.time")
}

fn near(seen: f64, by_hand: f64) {
    assert!((seen - by_hand).abs() <= 1e-9 * by_hand + 1e-8, "{seen} s, by hand {by_hand} s");
}

/// Set-up of two round trips, bytes at the bottleneck, half a round trip for the last byte.
#[test]
fn a_single_transfer_takes_what_its_bottleneck_takes() {
    let latency = 2.0 * 0.040 + 0.020;
    near(time(&[]), latency + 10e12 / (12.5e9 * 0.9));
    near(time(&["work.c.pace=\"10 Gbps\""]), latency + 10e12 / 1.25e9);
    near(time(&["work.c.streams=4", "work.c.window=\"10 MB\""]), latency + 10e12 / (4.0 * 10e6 / 0.040));
    near(time(&["work.c.bytes=\"1 B\""]), latency + 1.0 / (12.5e9 * 0.9));
    near(time(&["work.c.setup_rtts=0"]), 0.020 + 10e12 / (12.5e9 * 0.9));
    // Frames cross the edges, too.
    for edge in ["site.a.wan_edge=\"10 Gbps\"", "site.b.wan_edge=\"10 Gbps\""] {
        near(time(&[edge]), latency + 10e12 / (1.25e9 * 0.9));
    }
}

#[test]
fn a_transfer_alone_has_no_slowdown_and_two_share_by_halves() {
    let alone = run(&plan_with(PAIR, &[]));
    assert!((kpi(&alone, "transfer.c.slowdown") - 1.0).abs() < 1e-9);
    let two = PAIR.to_owned() + "[work.d]\nkind = \"copy\"\nfrom = \"sa\"\nto = \"sb\"\nbytes = \"10 TB\"\n";
    let both = run(&plan_with(&two, &[]));
    for work in ["c", "d"] {
        assert!((kpi(&both, &format!("transfer.{work}.slowdown")) - 2.0).abs() < 1e-3);
    }
    let ahead = run(&plan_with(&two, &["work.c.priority=9", "work.d.priority=1"]));
    near(kpi(&ahead, "transfer.c.time"), kpi(&alone, "transfer.c.time"));
    assert!(kpi(&ahead, "transfer.d.slowdown") > 1.99);
}

/// Within a site there is no link, no window, no latency: the account limits of the two services alone.
#[test]
fn a_copy_within_a_site_takes_no_link() {
    let text = PAIR.replace("to = \"sb\"", "to = \"sa2\"");
    let plan = plan_with(&text, &[]);
    let results = run(&plan);
    let apollo_sim::scenario::plan::Layout::Accounts { accounts, ingress, egress, .. } = plan.storages[0].layout else {
        panic!("a blob service is made of accounts")
    };
    let payload = accounts as f64 * ingress.get().min(egress.get()) / plan.storages[0].client_overhead;
    near(kpi(&results, "transfer.c.time"), 10e12 / payload);
    assert_eq!(kpi(&results, "link.l.a-to-b.utilisation").to_bits(), 0.0_f64.to_bits());
}

#[test]
fn an_unfinished_copy_says_how_far_it_is() {
    let results = run(&plan_with(PAIR, &["horizon=\"60 s\""]));
    let row = |name: &str| results.kpis.iter().find(|k| k.name == name).unwrap();
    let reason = row("transfer.c.time").reason.clone().unwrap();
    assert!(
        row("transfer.c.time").mean.is_none() && reason.contains("unfinished at the horizon: 6.7 % done"),
        "{reason}"
    );
    near(kpi(&results, "transfer.c.bytes_done"), (60.0 - 0.08) * 12.5e9 * 0.9);
    let cut = run(&plan_with(PAIR, &["work.c.ends=\"30 s\""]));
    let row = cut.kpis.iter().find(|k| k.name == "transfer.c.projected_finish").unwrap();
    assert!(row.mean.is_none() && row.reason.as_ref().unwrap().contains("cut short"), "{row:?}");
    near(kpi(&cut, "transfer.c.rate"), 12.5e9 * 0.9 * (30.0 - 0.08) / 30.0);
    // The horizon falls between the departure of the last byte and its arrival.
    let gone = run(&plan_with(PAIR, &["work.c.bytes=\"1 GB\"", "horizon=\"175 ms\""]));
    near(kpi(&gone, "transfer.c.bytes_done"), 1e9);
}

#[test]
fn a_system_without_room_refuses_and_counts() {
    let text = PAIR.to_owned() + "[work.d]\nkind = \"copy\"\nfrom = \"sa2\"\nto = \"sb\"\nbytes = \"9 PB\"\n";
    let results = run(&plan_with(&text, &["work.c.bytes=\"9 PB\"", "storage.sb.capacity=\"10 PB\""]));
    near(kpi(&results, "storage.sb.refused"), 8e15);
    near(
        kpi(&results, "transfer.d.bytes_done") + kpi(&results, "transfer.c.bytes_done"),
        kpi(&results, "storage.sb.used"),
    );
    let short =
        run(&plan_with(&text, &["work.c.bytes=\"9 PB\"", "work.d.bytes=\"1 TB\"", "storage.sb.capacity=\"9 PB\""]));
    near(kpi(&short, "storage.sb.refused"), 1e12);
    assert_eq!(kpi(&short, "transfer.d.bytes_done").to_bits(), 0.0_f64.to_bits());
}

/// A million engines at two sites, 10 Tb/s between them and the trainer: cohorts keep it to seconds.
#[test]
fn a_million_engines_run() {
    let text = r#"
format = 1
start = 2026-01-05
horizon = "20 min"
replications = 1
[site.a]
[site.b]
[fleet.train]
site = "a"
node = "gb200-nvl72"
gpus = "400k"
[fleet.serve]
site = "b"
node = "gb200-nvl72"
gpus = "1.1M"
[link.l]
between = ["a", "b"]
capacity = "10 Tbps"
waves = 25
rtt = "40 ms"
[work.loop]
kind = "rl"
model = "dense-70b"
trainer = { fleet = "train", gpus = "380k" }
generators = [{ fleet = "serve", gpus = "1M" }]
engine = { gpus = 1, slots = 16 }
batch = "2M"
max_lag = 8
weights = { senders = 4096 }
"#;
    let results = run(&plan_with(text, &[]));
    println!("{} events, {} steps", results.events, kpi(&results, "rl.loop.steps"));
    assert!(kpi(&results, "rl.loop.steps") > 3.0 && kpi(&results, "rl.loop.tokens_rate") > 1e6);
    assert!(results.events < 1_000_000);
}

/// A year of failures, a copy of hundreds of petabytes, no loop: events are few and byte counters keep their digits.
#[test]
fn a_year_runs_in_no_time() {
    let text = r#"
format = 1
start = 2026-01-05
horizon = "12 months"
replications = 1
[site.a]
[site.b]
[site.c]
[fleet.big]
site = "a"
node = "gb200-nvl72"
gpus = "40k"
[link.ab]
between = ["a", "b"]
capacity = "10 Tbps"
waves = 25
rtt = "20 ms"
[link.bc]
between = ["b", "c"]
capacity = "10 Tbps"
waves = 25
rtt = "27 ms"
[link.ac]
between = ["a", "c"]
capacity = "10 Tbps"
waves = 25
rtt = "47 ms"
[storage.sa]
site = "a"
system = "azure-blob"
capacity = "60 EB"
[storage.sc]
site = "c"
system = "azure-blob"
capacity = "60 EB"
[work.move]
kind = "copy"
from = "sa"
to = "sc"
bytes = "50 EB"
streams = 10000
"#;
    let results = run(&plan_with(text, &[]));
    let done = kpi(&results, "transfer.move.bytes_done");
    println!("{} events, {done:e} bytes, {} failures", results.events, kpi(&results, "fleet.big.failures"));
    assert!(done > 2e19 && kpi(&results, "fleet.big.failures") > 1000.0);
    let written = kpi(&results, "storage.sc.write_rate") * results.simulated_s;
    assert!((written / done - 1.0).abs() < 1e-12, "{written} written, {done} copied");
    assert!(results.events < 200_000, "{} events", results.events);
}
