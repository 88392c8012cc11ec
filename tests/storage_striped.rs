//! Striped file systems: what few files leave idle, what the loss of a server and of a device takes. By hand.

mod world_support;

use apollo_sim::scenario::plan::Layout;
use world_support::{kpi, plan_with, run};

/// Servers with NICs of 10 GB/s of payload, 2 targets of 8 GB/s of reads each, 8 + 2 on ten devices.
fn system(nodes: u32, horizon: &str, more: &str) -> String {
    format!(
        r#"
format = 1
start = 2026-01-05
horizon = "{horizon}"
replications = 1
[site.lab]
[storage.fs]
site = "lab"
system = "lustre-flash-servers"
nodes = {nodes}
nic = "80 Gbps"
client_overhead = 1
media_read = "16 GB/s"
media_write = "16 GB/s"
media_shared = "0 %"
targets = 2
devices = 10
operations = "1 Gop/s"
{more}
"#
    )
}

fn close(seen: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((seen / expected - 1.0).abs() <= tolerance, "{what}: {seen}, by hand {expected}");
}

#[test]
fn every_open_file_keeps_its_targets_busy() {
    let load = |more: &str| {
        let work = format!(
            "[work.w]\nkind = \"io\"\nstorage = \"fs\"\npattern = \"read\"\nclients = 2\nclient_nic = \"1 Tbps\"\n{more}"
        );
        kpi(&run(&plan_with(&(system(4, "10 s", "") + &work), &[])), "io.w.rate")
    };
    close(load(""), 16e9, 1e-9, "one file a client");
    close(load("open_files = 2"), 32e9, 1e-9, "two files a client");
    close(load("open_files = 4"), 40e9, 1e-9, "eight files: the four NICs");
    // Whole files: every outstanding operation is on a file of its own.
    close(
        load("queue_depth = 2\nfiles = { size = \"1 GB\" }\nio_size = \"1 GB\""),
        32e9,
        1e-6,
        "two operations a client",
    );
    // A pace below what the files allow is a pace; one above it is not reached.
    close(load("rate = \"5 GB/s\""), 5e9, 1e-9, "paced");
    close(load("rate = \"30 GB/s\""), 16e9, 1e-9, "a pace that the files do not allow");
}

#[test]
fn readers_of_a_loader_have_one_file_each() {
    let of = |readers: u32| {
        let work = format!(
            "[work.w]\nkind = \"io\"\nstorage = \"fs\"\npattern = \"read\"\nclients = 1\nclient_nic = \"4 Tbps\"\nio_size = \"1 GB\"\n\
             loader = {{ accelerators = 1, batch = 64, sample = \"1 GB\", compute = \"1 ms\", readers = {readers}, open_operations = 0 }}\n"
        );
        kpi(&run(&plan_with(&(system(8, "200 s", "") + &work), &[])), "io.w.rate")
    };
    close(of(1), 8e9, 0.01, "one reader, one target");
    close(of(3), 24e9, 0.01, "three readers, three targets");
}

#[test]
fn a_file_lies_on_no_more_targets_than_there_are() {
    let plan = plan_with(&system(4, "10 s", "stripe_count = 1000"), &[]);
    assert!(matches!(plan.storages[0].layout, Layout::Striped { stripe_count: 8, .. }));
}

/// Each server is up for 1 / (1 + λ·1 h) of the time, and takes its NIC along, never its data.
#[test]
fn a_lost_server_takes_its_network_and_no_data() {
    let lossy =
        "failures = true\ndevice_loss_rate = \"0 /year\"\nnode_loss_rate = \"5 /day\"\nnode_replacement = \"1 h\"\n";
    let load =
        "[work.w]\nkind = \"io\"\nstorage = \"fs\"\npattern = \"read\"\nclients = 100\nclient_nic = \"100 Gbps\"\n";
    let results = run(&plan_with(&(system(10, "200 days", lossy) + load), &[]));
    close(kpi(&results, "io.w.rate"), 100e9 / (1.0 + 5.0 / 24.0), 0.01, "network in service");
    assert!(kpi(&results, "storage.fs.node_losses") > 5_000.0);
    for none in ["data_losses", "exposed.fraction", "data_loss_probability"] {
        assert!(kpi(&results, &format!("storage.fs.{none}")).abs() < 1e-12, "{none}");
    }
}

/// Mirrored pairs, 40 devices: a loss takes data when its partner is missing. With u = 1/(1 + λ·1 h) in service,
/// D·λ·u·(1 − u) a day; that sets count as independent takes a few percent of it off.
#[test]
fn devices_take_data_with_those_of_their_own_group() {
    let pairs = "failures = true\nstripe_data = 1\nstripe_parity = 1\ndevice_loss_rate = \"2 /day\"\nnode_loss_rate = \"0 /year\"\n\
                 device_replacement = \"1 h\"\nrebuild_delay = \"1 h\"\nrebuild_pace = \"100 %\"\nholds = \"1 GB\"\n";
    let results = run(&plan_with(&system(4, "200 days", pairs), &[]));
    let up = 1.0 / (1.0 + 2.0 / 24.0);
    close(kpi(&results, "storage.fs.data_losses"), 200.0 * 40.0 * 2.0 * up * (1.0 - up), 0.10, "data losses");
}

/// A rebuild stays in one server: of 4 it takes a quarter of what the media of all would give, and a tenth of that.
#[test]
fn a_rebuild_goes_at_the_pace_of_one_server() {
    let time = |nodes: u32| {
        let more = "raw = \"100 TB\"\nspare = \"0 %\"\nreduction = 1\nrebuild_delay = \"0 s\"\n";
        kpi(&run(&plan_with(&system(nodes, "10 s", more), &[])), "storage.fs.device_rebuild_time")
    };
    // A device of 10 TB; 8 blocks read for one at 16 GB/s a server.
    close(time(4), 10e12 / (0.1 * 16e9 / 8.0), 1e-9, "of four");
    close(time(40), time(4), 1e-9, "of forty");
}

/// Servers rebuild side by side and lose data by themselves: twenty times as many have twenty times the chance.
#[test]
fn more_servers_lose_data_in_proportion() {
    let mean = |nodes: u32| {
        let text = system(nodes, "10 s", "stripe_data = 8\nstripe_parity = 1\n").replace("devices = 10", "devices = 9");
        let results = run(&plan_with(&text, &[]));
        kpi(&results, "storage.fs.mean_time_to_data_loss")
    };
    close(mean(1_000) / mean(20_000), 20.0, 1e-9, "servers");
    // The textbook of one group of nine with one of parity: N·(N − 1)·λ²·T, and many of them.
    let plan = system(1_000, "10 s", "stripe_data = 8\nstripe_parity = 1\n").replace("devices = 10", "devices = 9");
    let results = run(&plan_with(&plan, &[]));
    let (per_second, window) = (0.0044 / (365.0 * 86_400.0), kpi(&results, "storage.fs.device_rebuild_time"));
    close(mean(1_000), 1.0 / (1_000.0 * 9.0 * 8.0 * per_second * per_second * window), 2e-3, "mean time to data loss");
}

#[test]
fn two_hundred_servers_rebuild_side_by_side() {
    let more = "failures = true\nraw = \"10 TB\"\nspare = \"0 %\"\nholds = \"1600 TB\"\nrebuild_delay = \"1 s\"\n\
                device_loss_rate = \"0.02 /day\"\nnode_loss_rate = \"0 /year\"\ndevice_replacement = \"1 s\"\n";
    let results = run(&plan_with(&system(200, "100 days", more), &[]));
    let (seen, planned) =
        (kpi(&results, "storage.fs.exposure_window"), kpi(&results, "storage.fs.device_rebuild_time"));
    // 40 losses a day of 5,000 s each: one after another they would never end.
    close(planned, 1.0 + 1e12 / (0.1 * 16e9 / 8.0), 1e-9, "planned");
    close(seen, planned, 0.03, "seen");
    assert!(kpi(&results, "storage.fs.device_losses") > 3_000.0);
}
