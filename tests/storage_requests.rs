//! Operations on storage: what one stream, one client and many clients reach, and media that serve reads and writes at once.
//!
//! Closed forms that share no code with the simulator.

mod world_support;

use apollo_sim::experiment::results::RunResults;
use proptest::prelude::*;
use world_support::{kpi, plan_with, run};

/// A system whose NICs, media and operations bind nothing.
const WIDE: &str = "format = 1\nstart = 2026-01-05\nhorizon = \"10 s\"\nreplications = 1\n[wan]\nfailures = false\n[site.a]\n\
    [storage.s]\nsite = \"a\"\nsystem = \"nvme-node\"\nnodes = 10\nnic = \"100 Tbps\"\nmedia_read = \"100 TB/s\"\nmedia_write = \"100 TB/s\"\n\
    media_shared = \"0 %\"\nbuffer = \"1 MB\"\nbuffer_rate = \"100 TB/s\"\noperations = \"1 Gop/s\"\n";

fn close(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 1e-9, "{found} is not {expected}");
}

fn rate(results: &RunResults, work: &str) -> f64 {
    kpi(results, &format!("io.{work}.rate"))
}

fn settings() -> ProptestConfig {
    let rng_seed = proptest::test_runner::RngSeed::Fixed(11);
    ProptestConfig { cases: 40, failure_persistence: None, rng_seed, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(settings())]

    /// One client reaches min(depth, slots) × size ÷ (latency + size / stream), or its NIC; many reach that many times as
    /// much, or what the system's limits of reads, writes and operations leave.
    #[test]
    fn a_client_reaches_what_its_slots_allow_and_many_what_the_system_serves(
        size in 4e3..8e6_f64,
        latency in 1e-5..5e-3_f64,
        stream in prop::option::of(1e8..1e10_f64),
        depth in 1..64_u32,
        slots in prop::option::of(1..64_u32),
        clients in 1..50_u32,
        nic in 1e9..5e10_f64,
        reads in 1e3..1e6_f64,
        all in 1e3..1e6_f64,
        write in any::<bool>(),
    ) {
        let (size, word) = (size.round(), if write { "write" } else { "read" });
        let optional = |key: &str, value: Option<String>| value.map_or(String::new(), |v| format!("{key} = {v}\n"));
        let text = WIDE.replace("operations = \"1 Gop/s\"\n", "")
            + &format!("operations = \"{} op/s\"\n{word}_operations = \"{} op/s\"\n{word}_latency = \"{latency} s\"\n", all / 10.0, reads / 10.0)
            + &optional(&format!("{word}_stream"), stream.map(|s| format!("\"{s} B/s\"")))
            + &optional("client_slots", slots.map(|s| s.to_string()))
            + &format!(
                "[work.w]\nkind = \"io\"\nstorage = \"s\"\npattern = \"{word}\"\nclients = {clients}\nqueue_depth = {depth}\n\
                 io_size = \"{size} B\"\nclient_nic = \"{nic} B/s\"\n",
            );
        let results = run(&plan_with(&text, &[]));
        let outstanding = f64::from(slots.map_or(depth, |s| s.min(depth)));
        let time = latency + stream.map_or(0.0, |stream| size / stream);
        // The part's client side has a protocol overhead: the NIC carries it too.
        let plan = plan_with(&text, &[]);
        let client = (outstanding * size / time).min(nic / plan.storages[0].client_overhead);
        let expected = (f64::from(clients) * client).min(all.min(reads) * size);
        let found = rate(&results, "w");
        prop_assert!((found / expected - 1.0).abs() < 1e-6, "{found} is not {expected}");
        // Little's law: what is outstanding is the rate of operations times the time of one.
        let little = kpi(&results, "io.w.ops_rate") * kpi(&results, "io.w.operation_time");
        prop_assert!((little / (f64::from(clients) * outstanding) - 1.0).abs() < 1e-9);
    }

    /// Media that share φ of their time: a mix with the share s of reads reaches min(R/s, W/(1−s), (2−φ)/(s/R + (1−s)/W)), so
    /// that its efficiency lies between those of pure reads and writes.
    #[test]
    fn a_mix_gets_the_time_of_the_media(
        read in 1e9..1e11_f64,
        write in 1e9..1e11_f64,
        shared in 0.0..1.0_f64,
        share in 0.02..0.98_f64,
    ) {
        let mut text = String::new();
        for (kind, pattern) in [("r", "\"read\"".to_owned()), ("w", "\"write\"".to_owned()), ("m", format!("\"mixed\"\nread_share = \"{share}\""))] {
            text += &format!(
                "[storage.{kind}]\nsite = \"a\"\nsystem = \"nvme-node\"\nnodes = 1\nnic = \"100 Tbps\"\nmedia_read = \"{read} B/s\"\n\
                 media_write = \"{write} B/s\"\nmedia_shared = \"{shared}\"\nbuffer = \"1 MB\"\nbuffer_rate = \"100 TB/s\"\nbuffer_copies = 1\n\
                 stripe_data = 1\nstripe_parity = 0\noperations = \"1 Gop/s\"\nread_latency = \"1 us\"\nwrite_latency = \"1 us\"\n\
                 [work.{kind}]\nkind = \"io\"\nstorage = \"{kind}\"\nclients = 20\npattern = {pattern}\n"
            );
        }
        let head = WIDE.split("[storage.s]").next().expect("a head");
        let results = run(&plan_with(&(head.to_owned() + &text), &[]));
        let expected = (read / share).min(write / (1.0 - share)).min((2.0 - shared) / (share / read + (1.0 - share) / write));
        for (kind, expected) in [("r", read), ("w", write), ("m", expected)] {
            let found = rate(&results, kind);
            prop_assert!((found / expected - 1.0).abs() < 1e-6, "{kind}: {found} is not {expected}");
        }
        let efficiency = |name: &str| kpi(&results, &format!("storage.{name}"));
        let (r, w) = (efficiency("r.read_efficiency"), efficiency("w.write_efficiency"));
        let m = efficiency("m.mixed_efficiency");
        prop_assert!(m >= r.min(w) * (1.0 - 1e-9) && m <= r.max(w) * (1.0 + 1e-9), "{r} {m} {w}");
    }
}

/// Fully shared media serve a separate reader and writer one at the cost of the other; independent ones do not.
#[test]
fn reads_and_writes_of_two_works_share_the_media() {
    let text = WIDE
        .replace(
            "media_read = \"100 TB/s\"\nmedia_write = \"100 TB/s\"",
            "media_read = \"10 GB/s\"\nmedia_write = \"5 GB/s\"",
        )
        .replace("nodes = 10", "nodes = 1\nbuffer_copies = 1\nstripe_data = 1\nstripe_parity = 0\nreduction = 1")
        + "[work.r]\nkind = \"io\"\nstorage = \"s\"\npattern = \"read\"\nclients = 20\nread_latency_is = 0\n\
           [work.w]\nkind = \"io\"\nstorage = \"s\"\npattern = \"write\"\nclients = 1\nrate = \"2 GB/s\"\npriority = 9\n";
    let text = text.replace("read_latency_is = 0\n", "");
    for (shared, reads) in [("0 %", 10e9), ("100 %", 6e9), ("50 %", 10e9), ("80 %", 8e9)] {
        let results = run(&plan_with(&text, &[&format!("storage.s.media_shared={shared}")]));
        close(rate(&results, "w"), 2e9);
        close(rate(&results, "r"), reads);
    }
}

/// A copy by so many nodes: reads over the round trip with the slots of the source, writes with those of the destination.
#[test]
fn the_slots_of_a_system_limit_a_copy_by_its_nodes() {
    let text = WIDE.replace(
        "[site.a]\n",
        "[site.a]\n[site.b]\n[link.l]\nbetween = [\"a\", \"b\"]\ncapacity = \"100 Tbps\"\nrtt = \"9 ms\"\n",
    );
    let (before, system) = text.split_once("[storage.s]").expect("a system");
    let far = system.replace("site = \"a\"", "site = \"b\"");
    let text = format!(
        "{before}[storage.s]{system}read_latency = \"1 ms\"\nread_stream = \"1 GB/s\"\n[storage.d]{far}write_latency = \"2 ms\"\n\
         [work.c]\nkind = \"copy\"\nfrom = \"s\"\nto = \"d\"\nbytes = \"1 EB\"\nio_size = \"10 MB\"\nclients = 3\n[storage.x]\n"
    )
    .replace("[storage.x]\n", "");
    let copy = |overrides: &[&str]| {
        let mut all = vec!["storage.s.holds=0 B", "storage.d.nodes=2000", "work.c.streams=1000", "work.c.window=1 GB"];
        all.extend(overrides);
        kpi(&run(&plan_with(&text, &all)), "transfer.c.rate")
    };
    // 3 nodes × 16 reads of 10 MB in 1 + 10 + 9 ms; of 4 writes of 10 MB in 2 ms; of both the slower.
    let (read, written) = (3.0 * 16.0 * 10e6 / 20e-3, 3.0 * 4.0 * 10e6 / 2e-3);
    let near = |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 2e-3, "{found} is not {expected}");
    near(copy(&["storage.s.client_slots=16"]), read);
    near(copy(&["storage.d.client_slots=4"]), written);
    near(copy(&["storage.s.client_slots=16", "storage.d.client_slots=4"]), read.min(written));
    near(copy(&["storage.s.client_slots=160", "storage.d.client_slots=4"]), written);
    let free = copy(&[]);
    assert!(free > 10.0 * read, "without slots only links and systems bind: {free}");
}

/// On demand and one reader: its openings and reads are the whole wait, each once. Ample bandwidth: the first byte, then the rest.
#[test]
fn a_batch_that_is_read_on_demand_pays_for_each_operation_once() {
    let used = |latency: &str, opens: u32, size: &str, readers: u32| {
        let text = format!(
            "format = 1\nstart = 2026-01-05\nhorizon = \"200 s\"\nreplications = 1\n[site.a]\n[storage.s]\nsite = \"a\"\nsystem = \"azure-blob\"\n\
             accounts = 100\nread_latency = \"{latency}\"\nmetadata_latency = \"{latency}\"\n\
             [work.w]\nkind = \"io\"\nstorage = \"s\"\npattern = \"read\"\nclients = 1\nclient_nic = \"100 Tbps\"\nio_size = \"{size}\"\n\
             loader = {{ accelerators = 1, batch = 1, sample = \"1 MB\", compute = \"100 ms\", readers = {readers}, prefetch = 0, \
             open_operations = {opens} }}\n"
        );
        kpi(&run(&plan_with(&text, &[])), "io.w.accelerator_utilisation")
    };
    for (opens, size, readers, wait) in
        [(0, "1 MB", 1, 10.0), (1, "1 MB", 1, 20.0), (0, "100 kB", 1, 100.0), (1, "100 kB", 1, 110.0)]
    {
        let seen = used("10 ms", opens, size, readers);
        assert!((seen - 100.0 / (100.0 + wait)).abs() < 1e-4, "{opens} openings, {size}: {seen}");
    }
    // Latencies between nanoseconds: what is left of the only operation may be a rounding below nothing.
    for latency in ["1.2345678901 ms", "7.7777777777 ms", "333.3333333 us"] {
        let (seen, ms) =
            (used(latency, 0, "1 MB", 1), latency.split(' ').next().and_then(|x| x.parse::<f64>().ok()).unwrap());
        let ms = if latency.ends_with("us") { ms / 1000.0 } else { ms };
        assert!((seen - 100.0 / (100.0 + ms)).abs() < 1e-4, "{latency}: {seen}");
    }
}
