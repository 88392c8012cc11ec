//! Saves that are kept, slow ranks, and the size of a checkpoint from the catalogue: by hand.

mod world_support;

use apollo_sim::experiment::results::RunResults;
use apollo_sim::scenario::{load_text, render_text};
use world_support::{kpi, plan_with, run};

/// A service that gives 100 GB/s each way and has no latency; 8 ranks on 8 clients save 800 GB.
fn saves(storage: &str, work: &str, checkpoint: &str) -> String {
    format!(
        r#"
format = 1
start = 2026-01-05
horizon = "990 s"
warmup = "0 s"
replications = 1
[site.a]
[storage.box]
site = "a"
system = "azure-managed-lustre-500"
capacity = "200 TB"
provisioned_rate = "500 MB/s/TB"
read_share = "100 %"
write_share = "100 %"
read_latency = "0 s"
write_latency = "0 s"
holds = "10 TB"
{storage}
[work.save]
kind = "io"
storage = "box"
pattern = "write"
clients = 8
client_nic = "160 Gbps"
{work}
[work.save.checkpoint]
ranks = 8
{checkpoint}
"#
    )
}

/// 100 billion parameters of 8 bytes.
const SIZE: &str = "parameters = \"100B\"\nbytes_per_parameter = \"8 B\"";

fn close(seen: f64, expected: f64, what: &str) {
    assert!((seen / expected - 1.0).abs() <= 1e-6, "{what}: {seen}, by hand {expected}");
}

fn simulate(text: &str) -> RunResults {
    run(&plan_with(text, &[]))
}

fn overhead(text: &str) -> f64 {
    plan_with(text, &[]).storages[0].client_overhead
}

#[test]
fn saves_take_their_room_at_once_and_the_oldest_goes_when_the_next_is_written() {
    let text = |more: &str| saves("", "", &format!("{SIZE}\nevery = \"100 s\"\n{more}"));
    close(kpi(&simulate(&text("")), "storage.box.used"), 10e12, "they overwrite one another");
    // Ten saves of eight seconds, the last one over at 908 s.
    for (keep, held) in [(1, 1.0), (3, 3.0), (50, 10.0)] {
        let results = simulate(&text(&format!("keep = {keep}")));
        close(kpi(&results, "io.save.checkpoints"), 10.0, "saves");
        close(kpi(&results, "storage.box.used"), 10e12 + held * 800e9, &format!("{keep} kept"));
    }
    // While one is written there is one more: at 804 s the ninth is under way.
    let text = text("keep = 3").replace("990 s", "804 s");
    close(kpi(&simulate(&text), "storage.box.used"), 10e12 + 4.0 * 800e9, "under way");
    let text = text.replace("holds", "snapshots = \"250 s\"\nholds");
    // Those that went at 308 ... 708 s; those of 608 and 708 s are still in the snapshots.
    close(kpi(&simulate(&text), "storage.box.used"), 10e12 + 6.0 * 800e9, "snapshots");
}

#[test]
fn a_save_that_does_not_fit_is_written_as_far_as_it_does_and_counted() {
    let text = saves("quota = { hard = \"12 TB\" }", "", &format!("{SIZE}\nevery = \"100 s\"\nkeep = 5"));
    let results = simulate(&text);
    // Two fit, half of the third; the others find nothing.
    close(kpi(&results, "storage.box.used"), 12e12, "full");
    close(kpi(&results, "io.save.checkpoints"), 3.0, "saves");
    close(kpi(&results, "storage.box.refused"), 400e9 + 7.0 * 800e9, "refused");
    close(kpi(&results, "storage.box.write_rate") * 990.0, 2e12, "written");
    assert!(results.warnings.iter().any(|w| w.message.contains("8 saves did not find room")), "{:?}", results.warnings);
}

#[test]
fn a_save_that_is_cut_short_leaves_nothing() {
    let text = saves("", "ends = \"104 s\"", &format!("{SIZE}\nevery = \"100 s\"\nkeep = 5"));
    close(kpi(&simulate(&text), "storage.box.used"), 10e12 + 800e9, "the first only");
}

/// A rank alone takes its NIC, 20 GB/s; eight of them share 100 GB/s. A rank that is ten times slower takes 2 GB/s.
#[test]
fn a_burst_ends_with_its_slowest_rank() {
    let text = |more: &str| saves("", "", &format!("{SIZE}\n{more}"));
    let over = overhead(&text(""));
    close(kpi(&simulate(&text("")), "io.save.checkpoint_time"), 8.0, "all alike: the system binds");
    let slow = simulate(&text("stragglers = { share = \"10 %\", slowdown = \"10\" }"));
    close(kpi(&slow, "io.save.checkpoint_time"), 100e9 * over / 2e9, "one of eight, by its own NIC");
    // Twice as slow they still take more than their share of the system: 12.5 GB/s of 10 GB/s / overhead are not reached.
    let little = simulate(
        &text("stragglers = { share = \"100 %\", slowdown = \"1.5\" }").replace("100 %\", slow", "80 %\", slow"),
    );
    assert!(20e9 / over / 1.5 > 12.5e9);
    close(kpi(&little, "io.save.checkpoint_time"), 8.0, "slower NICs that do not bind cost nothing");
}

#[test]
fn the_size_follows_from_the_catalogue() {
    // TS-V14: MLPerf Storage states 5,292.25 GiB for 405 billion parameters.
    let results = simulate(&saves("", "", "model = \"dense-405b\""));
    let bytes = kpi(&results, "io.save.checkpoint_bytes");
    assert!((bytes / (5_292.25 * 1_073_741_824.0) - 1.0).abs() < 1e-3, "{bytes}");
    close(bytes, 405.9e9 * 14.0, "14 bytes per parameter");
    let own = simulate(&saves("", "", "model = \"dense-405b\"\nparameters = \"100B\""));
    close(kpi(&own, "io.save.checkpoint_bytes"), 1.4e12, "a figure of one's own wins");
}

#[test]
fn bad_bursts_are_refused_with_their_place() {
    for (more, code, word) in [
        ("", "E01", "parameters"),
        ("model = \"dense-404b\"", "E0302", "dense-405b"),
        ("model = \"vast-ebox-z3-highmem-88\"", "E0305", "model part"),
        ("parameters = \"100B\"\nkeep = 0", "E0203", "keep"),
        ("parameters = \"100B\"\nstragglers = { share = \"0 %\", slowdown = \"2\" }", "E0203", "share"),
        ("parameters = \"100B\"\nstragglers = { share = \"90 %\", slowdown = \"2\" }", "E0203", "all 8 ranks"),
        ("parameters = \"100B\"\nstragglers = { share = \"10 %\", slowdown = \"0.5\" }", "E0203", "slowdown"),
        ("parameters = \"100B\"\nstragglers = { share = \"10 %\" }", "E0102", "slowdown"),
    ] {
        let text = saves("", "", more);
        let seen = render_text(&load_text("t.toml", &text, &[]).expect_err("bad input"), false);
        assert!(seen.contains(code) && seen.contains(word) && seen.contains("t.toml:"), "{more}: {seen}");
    }
}
