//! Loads of whole files, and limits of metadata operations. Closed forms that share no code with the simulator.

mod world_support;

use apollo_sim::experiment::results::RunResults;
use apollo_sim::scenario::load_text;
use proptest::prelude::*;
use world_support::{kpi, plan_with, run};

/// A system whose NICs and media bind nothing; a data operation takes 1 ms, one on metadata 0.5 ms.
const WIDE: &str = "format = 1\nstart = 2026-01-05\nhorizon = \"10 s\"\nreplications = 1\n[wan]\nfailures = false\n[site.a]\n\
    [storage.s]\nsite = \"a\"\nsystem = \"nvme-node\"\nnodes = 10\nnic = \"100 Tbps\"\nmedia_read = \"100 TB/s\"\nmedia_write = \"100 TB/s\"\n\
    media_shared = \"0 %\"\nbuffer = \"1 MB\"\nbuffer_rate = \"100 TB/s\"\nread_latency = \"1 ms\"\nwrite_latency = \"1 ms\"\nmetadata_latency = \"500 us\"\n";

fn settings() -> ProptestConfig {
    let rng_seed = proptest::test_runner::RngSeed::Fixed(31);
    ProptestConfig { cases: 40, failure_persistence: None, rng_seed, ..ProptestConfig::default() }
}

fn work(clients: u32, depth: u32, io_size: f64, files: &str) -> String {
    format!(
        "[work.w]\nkind = \"io\"\nstorage = \"s\"\npattern = \"read\"\nclients = {clients}\nqueue_depth = {depth}\nio_size = \"{io_size} B\"\n\
         client_nic = \"100 Tbps\"\nfiles = {{ {files} }}\n"
    )
}

/// What holds a work for most of its time.
fn cause(results: &RunResults) -> String {
    let of_work = results.bottlenecks.iter().filter(|b| b.work == "w");
    let most = of_work.max_by(|a, b| a.share.total_cmp(&b.share)).expect("it was held by something");
    most.cause.clone()
}

proptest! {
    #![proptest_config(settings())]

    /// A client with n slots reads a file in its metadata operations and its parts one after another; all of them reach what
    /// operations and metadata operations allow, the latter apart or in the same limit.
    #[test]
    fn files_cost_their_operations(
        size in 1.0..5e6_f64,
        io_size in 1e4..1e6_f64,
        clients in 1..40_u32,
        depth in 1..32_u32,
        metadata in 0..6_u32,
        operations in 1e3..1e6_f64,
        apart in prop::option::of(1e3..1e6_f64),
    ) {
        let (size, io_size) = (size.round(), io_size.round());
        let limit = apart.map_or(String::new(), |limit| format!("metadata_operations = \"{} op/s\"\n", limit / 10.0));
        let text = format!("{WIDE}operations = \"{} op/s\"\n{limit}", operations / 10.0)
            + &work(clients, depth, io_size, &format!("size = \"{size} B\", operations = {metadata}"));
        let results = run(&plan_with(&text, &[]));
        let (parts, each) = ((size / io_size).ceil(), f64::from(metadata));
        let own = f64::from(clients * depth) / (parts * 1e-3 + each * 0.5e-3);
        let system = match apart {
            Some(limit) => (operations / parts).min(if metadata > 0 { limit / each } else { f64::INFINITY }),
            None => operations / (parts + each),
        };
        let files = own.min(system);
        let close = |name: &str, expected: f64| {
            let found = kpi(&results, name);
            prop_assert!((found - expected).abs() <= 1e-6 * expected, "{name}: {found} is not {expected}");
            Ok(())
        };
        close("storage.s.files_rate", files)?;
        close("storage.s.metadata_rate", files * each)?;
        close("storage.s.ops_rate", files * parts)?;
        close("storage.s.read_rate", files * size)?;
        // Little's law over all slots: data operations and metadata operations.
        let little = kpi(&results, "io.w.operation_time") * files * (parts + each);
        prop_assert!((little / f64::from(clients * depth) - 1.0).abs() < 1e-9);
        if apart.is_some_and(|limit| metadata > 0 && limit / each < 0.99 * own.min(operations / parts)) {
            prop_assert_eq!(cause(&results), "storage.s.metadata-operations");
        }
    }
}

#[test]
fn a_rate_of_files_paces_the_load_and_three_operations_are_assumed() {
    let text =
        WIDE.to_owned() + "operations = \"1 Mop/s\"\n" + &work(4, 64, 1e6, "size = \"20 kB\", rate = \"5 kop/s\"");
    let results = run(&plan_with(&text, &[]));
    assert!((kpi(&results, "storage.s.files_rate") / 5e3 - 1.0).abs() < 1e-9);
    assert!((kpi(&results, "storage.s.metadata_rate") / 15e3 - 1.0).abs() < 1e-9);
    // On an object service a request names its object.
    let blob = text.replace(WIDE, "").replace("operations = \"1 Mop/s\"\n", "");
    let head = WIDE.split("[storage.s]").next().expect("a head");
    let blob = format!("{head}[storage.s]\nsite = \"a\"\nsystem = \"azure-blob\"\naccounts = 10\n{blob}");
    let results = run(&plan_with(&blob, &[]));
    assert!(kpi(&results, "storage.s.metadata_rate").abs() < 1e-12);
    assert!((kpi(&results, "storage.s.ops_rate") / 5e3 - 1.0).abs() < 1e-9);
}

/// One server of metadata at ρ = 0.7, a constant 0.5 ms each: half the wait of M/M/1, ρ ÷ 2 ÷ (μ − λ), and its exponential tail.
#[test]
fn metadata_operations_wait_at_their_limit() {
    let head = format!("{WIDE}operations = \"1 Mop/s\"\nmetadata_operations = \"100 op/s\"\n");
    let near = |found: f64, expected: f64, tolerance: f64| {
        assert!((found / expected - 1.0).abs() < tolerance, "{found} is not {expected}");
    };
    let results = run(&plan_with(
        &(head.clone() + &work(4, 64, 1e6, "size = \"1 B\", operations = 1, rate = \"700 op/s\"")),
        &[],
    ));
    near(kpi(&results, "storage.s.metadata_latency"), 0.5e-3 + 0.7 / 2.0 / 300.0, 1e-9);
    near(kpi(&results, "storage.s.metadata_latency.p99"), 0.5e-3 + (0.7_f64 / 0.01).ln() / 2.0 / 300.0, 0.01);
    near(kpi(&results, "storage.s.read_latency"), 1e-3, 1e-9);
    // 64 outstanding, 1000 metadata operations a second: data keeps 333.3 × 1 ms of them, the rest is open or waits to be.
    let text = head + &work(4, 16, 1e6, "size = \"1 B\"");
    let results = run(&plan_with(&text, &[]));
    near(kpi(&results, "storage.s.metadata_latency"), (64.0 - 1.0 / 3.0) / 1000.0, 1e-9);
    near(kpi(&results, "storage.s.read_latency"), 1e-3, 1e-9);
    // One limit for both: 250 files a second of four operations, of which each waits alike.
    let both = text.replace("1 Mop/s", "100 op/s").replace("metadata_operations = \"100 op/s\"\n", "");
    let results = run(&plan_with(&both, &[]));
    let wait = (64.0 - 250.0 * 1e-3 - 750.0 * 0.5e-3) / 1000.0;
    near(kpi(&results, "storage.s.metadata_latency"), 0.5e-3 + wait, 1e-9);
    near(kpi(&results, "storage.s.read_latency"), 1e-3 + wait, 1e-9);
}

/// `client_slots` below the queue depth are what is outstanding: 8 of 64.
#[test]
fn the_time_of_an_operation_heeds_the_slots_of_the_system() {
    let text = format!("{WIDE}operations = \"1 Mop/s\"\nclient_slots = 8\n")
        + "[work.w]\nkind = \"io\"\nstorage = \"s\"\npattern = \"read\"\nclients = 4\nqueue_depth = 64\nclient_nic = \"100 Tbps\"\n";
    let results = run(&plan_with(&text, &[]));
    assert!(
        (kpi(&results, "io.w.operation_time") / 1e-3 - 1.0).abs() < 1e-9,
        "{}",
        kpi(&results, "io.w.operation_time")
    );
    assert!((kpi(&results, "storage.s.read_latency") / 1e-3 - 1.0).abs() < 1e-9);
}

/// 10 accelerators that want 2,000 files a second; the system opens 1,000: a step takes 0.2 s in place of 0.1 s.
#[test]
fn a_loader_opens_its_files_as_metadata() {
    let loader = "loader = { accelerators = 10, sample = \"1 MB\", batch = 20, compute = \"100 ms\", readers = 64, prefetch = 8 }\n";
    let text = format!("{WIDE}operations = \"1 Mop/s\"\nmetadata_operations = \"100 op/s\"\n")
        + "[work.w]\nkind = \"io\"\nstorage = \"s\"\npattern = \"read\"\nclients = 10\nclient_nic = \"100 Tbps\"\n"
        + loader;
    let results = run(&plan_with(&text, &["horizon=100 s", "warmup=50 s"]));
    let near = |name: &str, expected: f64, tolerance: f64| {
        let found = kpi(&results, name);
        assert!((found / expected - 1.0).abs() < tolerance, "{name}: {found} is not {expected}");
    };
    near("io.w.accelerator_utilisation", 0.5, 1e-3);
    near("storage.s.metadata_rate", 1000.0, 1e-2);
    near("storage.s.files_rate", 1000.0, 1e-2);
    near("storage.s.ops_rate", 1000.0, 1e-2);
    assert_eq!(cause(&results), "storage.s.metadata-operations");
    // On demand a step reads and computes in turn: five rounds of four readers, each opening and reading a file in 0.5 + 1 ms.
    let alone = text.replace("readers = 64, prefetch = 8", "readers = 4, prefetch = 0").replace("100 op/s", "1 Mop/s");
    let results = run(&plan_with(&alone, &["horizon=100 s"]));
    let used = kpi(&results, "io.w.accelerator_utilisation");
    assert!((used / (0.1 / (0.1 + 5.0 * 1.5e-3)) - 1.0).abs() < 1e-4, "{used}");
}

#[test]
fn what_does_not_fit_is_refused_with_its_place() {
    let base = WIDE.to_owned() + "operations = \"1 Mop/s\"\n";
    let codes = |text: &str| {
        let errors = load_text("t.toml", text, &[]).expect_err("it is refused");
        errors.iter().map(|e| e.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(&(base.clone() + &work(1, 1, 1e6, "size = \"0 B\""))), ["E0203"]);
    assert_eq!(codes(&(base.clone() + &work(1, 1, 1e6, "operations = 3"))), ["E0102"]);
    let twice = work(1, 1, 1e6, "size = \"1 kB\", rate = \"1 kop/s\"") + "rate = \"1 GB/s\"\n";
    assert_eq!(codes(&(base.clone() + &twice)), ["E0107"]);
    let target = "[work.w]\nkind = \"io\"\nstorage = \"s\"\npattern = \"read\"\nclients = 1\n[target.t]\nkpi = \"storage.s.files_rate\"\nat_least = \"1 /s\"\n";
    assert_eq!(codes(&(base + target)), ["E0304"]);
}
