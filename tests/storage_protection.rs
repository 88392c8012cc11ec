//! Losses, rebuilds and scrubs: what is usable of raw, what a rebuild takes from clients, how long protection is
//! reduced, and how often data is lost. Everything by hand from the crossings, or by a Markov chain.

#[path = "world_support/audit.rs"]
mod audit;
#[path = "world_support/value.rs"]
mod value;
mod world_support;

use apollo_sim::model::storage::durability::Chain;
use audit::audited;
use value::value;
use world_support::{kpi, plan_with, run};

const NODES: f64 = 10.0;
const DEVICES: f64 = 120.0;
/// NICs of all nodes, each direction.
const NIC: f64 = 125e9;
/// A hop to a peer, with wire overhead.
const HOP: f64 = 0.9 * 1.1;
const CLIENT: f64 = 1.05;

/// Ten servers whose NICs bind long before their media; 8 + 2 with one block a server.
fn system(more: &str) -> String {
    format!(
        r#"
format = 1
start = 2026-01-05
horizon = "2 h"
warmup = "0 s"
replications = 1
[site.lab]
[storage.box]
site = "lab"
system = "nvme-node"
nodes = 10
nic = "100 Gbps"
client_overhead = 1.05
internal_overhead = 1.1
raw = "120 TB"
spare = "10 %"
reduction = 2
stripe_data = 8
stripe_parity = 2
blocks_per_node = 1
media_read = "100 GB/s"
media_write = "100 GB/s"
buffer_rate = "1 TB/s"
operations = "10 Mop/s"
{more}
"#
    )
}

fn close(seen: f64, expected: f64, what: &str) {
    assert!((seen / expected - 1.0).abs() <= 1e-6, "{what}: {seen}, by hand {expected}");
}

#[test]
fn usable_is_raw_less_parity_and_spare_times_reduction() {
    let results = run(&plan_with(&system("holds = \"400 TB\""), &[]));
    close(kpi(&results, "storage.box.raw"), 1200e12, "raw");
    close(kpi(&results, "storage.box.usable"), 1200e12 * 0.8 * 0.9 * 2.0, "usable");
    close(kpi(&results, "storage.box.fill"), 400.0 / 1728.0, "fill");
    // The stripe of a part is narrowed where it does not fit: 28 + 4 on 8 nodes with 4 blocks each.
    let text = |nodes: u32| {
        format!(
            "format = 1\nstart = 2026-01-05\nhorizon = \"1 s\"\n[site.a]\n[storage.v]\nsite = \"a\"\n\
             system = \"vast-ebox-z3-highmem-88\"\nnodes = {nodes}"
        )
    };
    for (nodes, share) in [(8, 28.0 / 32.0), (37, 144.0 / 148.0), (38, 146.0 / 150.0), (400, 146.0 / 150.0)] {
        let usable = kpi(&run(&plan_with(&text(nodes), &[])), "storage.v.usable");
        close(usable, f64::from(nodes) * 36e12 * share * (1.0 - 0.167) * 2.0, "usable of narrow stripes");
    }
}

/// The fewest nodes for a capacity are the fewest: one less does not hold it.
#[test]
fn nodes_that_follow_from_capacity_are_the_fewest() {
    for capacity in [1.0, 0.2e15, 0.4e15, 1e15, 3e15, 30e15] {
        let of = |key: &str| {
            format!(
                "format = 1\nstart = 2026-01-05\nhorizon = \"1 s\"\n[site.a]\n[storage.v]\nsite = \"a\"\n\
                 system = \"vast-ebox-z3-highmem-88\"\nmin_nodes = 0\n{key}"
            )
        };
        let plan = plan_with(&of(&format!("capacity = \"{capacity} B\"")), &[]);
        let nodes = plan.storages[0].protection.as_ref().unwrap().units;
        let room = |nodes: u64| plan_with(&of(&format!("nodes = {nodes}")), &[]).storages[0].capacity.get();
        assert!(room(nodes) >= capacity, "{capacity} on {nodes}");
        assert!(nodes == 2 || room(nodes - 1) < capacity, "{capacity} on {nodes}");
    }
}

/// One loss: protection is back after the delay and the content of a device at the pace of what the NICs could rebuild.
#[test]
fn a_rebuild_takes_the_time_of_its_bytes() {
    let more = r#"
holds = "800 TB"
failures = true
device_loss_rate = "0.05 /day"
node_loss_rate = "0 /day"
rebuild_delay = "5 min"
rebuild_reads = "100 %"
rebuild_pace = "20 %"
device_replacement = "1 s"
"#;
    // Eight blocks are fetched and one is stored: nine hops each way a media byte.
    let alone = NIC / (9.0 * HOP);
    let content = 800e12 * 1.25 / 2.0 / DEVICES;
    let window = 300.0 + content / (0.2 * alone);
    let plan = plan_with(&system(more), &[]);
    let mut seen = 0;
    for replication in 0..40 {
        let (m, _) = audited(&plan, replication, 1);
        let lost = value(&m, "storage.box.device_losses").unwrap();
        let Some(mean) = value(&m, "storage.box.exposure_window") else { continue };
        if lost > 1.0 {
            continue;
        }
        // While the spare device is away (a second), the rebuild has a little less to work with: not on the NICs.
        close(mean, window, "window of one loss");
        close(value(&m, "storage.box.exposed.fraction").unwrap(), window / 7200.0, "time exposed");
        close(value(&m, "storage.box.rebuild_rate").unwrap(), 0.2 * alone, "rebuild rate");
        seen += 1;
    }
    assert!(seen > 3, "{seen} of 40 runs had one loss and its rebuild");
    let full = 1728e12 * 1.25 / 2.0 / DEVICES;
    let results = run(&plan_with(&system(more), &["replications=1"]));
    close(kpi(&results, "storage.box.device_rebuild_time"), 300.0 + full / (0.2 * alone), "planned");
}

/// Clients have what the pace leaves of the NICs, and reads of missing content fetch eight blocks for one.
#[test]
fn reads_and_writes_slow_down_while_a_rebuild_runs() {
    let more = r#"
holds = "1000 TB"
failures = true
device_loss_rate = "2 /day"
node_loss_rate = "0 /day"
rebuild_delay = "0 s"
rebuild_reads = "100 %"
rebuild_pace = "4 %"
device_replacement = "1 day"
[work.load]
kind = "io"
storage = "box"
clients = 40
pattern = "#;
    let last = |pattern: &str, series: &str, on: &str| {
        let results = run(&plan_with(&system(&format!("{more}\"{pattern}\"")), &[on]));
        let track = results.series.iter().find(|s| s.name == format!("storage.box.{series}")).unwrap();
        let efficiency = kpi(&results, &format!("storage.box.{pattern}_efficiency"));
        (*track.values.last().unwrap(), kpi(&results, "storage.box.device_losses"), efficiency)
    };
    let on = "storage.box.failures=true";
    let (rate, losses, efficiency) = last("read", "read_rate", on);
    assert!(losses > 2.0, "{losses}");
    let missing = losses / DEVICES;
    close(rate, 0.96 * NIC / (HOP + CLIENT + missing * 7.0 * HOP), "reads beside a rebuild");
    let (healthy, _, whole) = last("read", "read_rate", "storage.box.failures=false");
    close(healthy, NIC / (HOP + CLIENT), "reads of a healthy system");
    println!("read: {:.2} % while rebuilding, {:.2} % healthy", 100.0 * efficiency, 100.0 * whole);
    assert!(efficiency < 0.99 * whole);
    let (rate, _, efficiency) = last("write", "write_rate", on);
    let (healthy, _, whole) = last("write", "write_rate", "storage.box.failures=false");
    close(rate, 0.96 * healthy, "writes beside a rebuild");
    println!("write: {:.2} % while rebuilding, {:.2} % healthy", 100.0 * efficiency, 100.0 * whole);
    assert!(efficiency < 0.99 * whole);
}

/// A lost node takes its share of every stage with it until it is replaced.
/// The time as planned is that of a system in perfect health, whatever the run has lost and not yet replaced.
#[test]
fn rebuild_times_as_planned_do_not_depend_on_losses() {
    let of = |failures: &str| {
        let losses = "node_loss_rate = \"2000 /year\"\nnode_replacement = \"2 days\"\nrebuild_delay = \"15 min\"";
        run(&plan_with(&system(&format!("holds = \"400 TB\"\nfailures = {failures}\n{losses}")), &[]))
    };
    let (healthy, hit) = (of("false"), of("true"));
    assert!(kpi(&hit, "storage.box.node_losses") > 0.0, "some are out of service at the end");
    for measure in ["storage.box.node_rebuild_time", "storage.box.device_rebuild_time"] {
        assert_eq!(kpi(&healthy, measure).to_bits(), kpi(&hit, measure).to_bits(), "{measure}");
    }
}

#[test]
fn a_lost_node_takes_its_capacity_along() {
    let more = r#"
failures = true
device_loss_rate = "0 /day"
node_loss_rate = "6 /day"
node_replacement = "1 day"
rebuild_delay = "0 s"
[work.load]
kind = "io"
storage = "box"
clients = 40
pattern = "read"
"#;
    let results = run(&plan_with(&system(more), &[]));
    let lost = kpi(&results, "storage.box.node_losses");
    let track = results.series.iter().find(|s| s.name == "storage.box.read_rate").unwrap();
    println!("{lost} nodes lost");
    assert!(lost > 0.0);
    // With nothing on it a node is whole again at once; only its hardware is missing.
    close(*track.values.last().unwrap(), (NODES - lost) / NODES * NIC / (HOP + CLIENT), "reads on fewer nodes");
}

/// The chain against the simulation: with one parity block, data is lost when a second of 20 devices goes within the
/// five minutes that the first is not rebuilt.
#[test]
fn simulated_losses_of_data_agree_with_the_chain() {
    let text = r#"
format = 1
start = 2026-01-05
horizon = "40 days"
replications = 1
[site.lab]
[storage.box]
site = "lab"
system = "nvme-node"
nodes = 5
devices = 4
stripe_data = 4
stripe_parity = 1
blocks_per_node = 1
failures = true
device_loss_rate = "0.25 /day"
node_loss_rate = "0 /day"
rebuild_delay = "5 min"
device_replacement = "0 s"
"#;
    let plan = plan_with(text, &[]);
    let runs = 600;
    let lost = (0..runs).filter(|r| value(&audited(&plan, *r, 1).0, "storage.box.data_losses").unwrap() > 0.0).count();
    let chain = Chain {
        apart: 1.0,
        devices: 20.0,
        device_loss: 0.25 / 86_400.0,
        device_window: 300.0,
        nodes: 5.0,
        node_loss: 0.0,
        node_window: 300.0,
        parity: 1,
        node_blocks: 1,
        placement: None,
    };
    let expected = chain.loss_within(40.0 * 86_400.0);
    let share = lost as f64 / f64::from(runs);
    let sigma = (expected * (1.0 - expected) / f64::from(runs)).sqrt();
    println!("{share:.4} of {runs} runs lost data, by the chain {expected:.4} +- {sigma:.4}");
    assert!(expected > 0.5 && expected < 0.99);
    assert!((share - expected).abs() < 3.0 * sigma);
}

#[test]
fn a_scrub_reads_everything_in_its_time_and_yields_to_works() {
    let idle = system("holds = \"1000 TB\"\nscrub_every = \"7 days\"");
    let rate = 1000e12 * 1.25 / 2.0 / (7.0 * 86_400.0);
    let results = run(&plan_with(&idle, &[]));
    close(kpi(&results, "storage.box.scrub_rate"), rate, "scrub of an idle system");
    let busy = format!("{idle}[work.load]\nkind = \"io\"\nstorage = \"box\"\nclients = 40\npattern = \"read\"\n");
    let busy = busy.replace("media_read = \"100 GB/s\"", "media_read = \"5 GB/s\"");
    let results = run(&plan_with(&busy, &[]));
    assert!(kpi(&results, "storage.box.scrub_rate") < 1e-3 * rate, "media bind, and works come first");
    close(kpi(&results, "storage.box.read_rate"), 50e9, "reads are not held back");
}
