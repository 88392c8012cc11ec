//! Protocols on the same data, gateways, uneven accounts, prices of requests. Closed forms that share no code with the simulator.

mod world_support;

use apollo_sim::experiment::results::RunResults;
use apollo_sim::scenario::load_text;
use proptest::prelude::*;
use world_support::{kpi, plan_with, run};

const HEAD: &str =
    "format = 1\nstart = 2026-01-05\nhorizon = \"10 s\"\nreplications = 1\n[wan]\nfailures = false\n[site.a]\n";

fn blob(keys: &str) -> String {
    format!(
        "{HEAD}[storage.s]\nsite = \"a\"\nsystem = \"azure-blob\"\naccount_ingress = \"1 GB/s\"\naccount_egress = \"2 GB/s\"\n\
         operations = \"10 kop/s\"\nread_latency = \"1 ms\"\nwrite_latency = \"1 ms\"\n{keys}"
    )
}

fn load(name: &str, pattern: &str, keys: &str) -> String {
    format!(
        "[work.{name}]\nkind = \"io\"\nstorage = \"s\"\npattern = \"{pattern}\"\nclients = 100\nqueue_depth = 1000\nio_size = \"1 MB\"\n\
         client_nic = \"10 Tbps\"\n{keys}"
    )
}

fn close(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 1e-9, "{found} is not {expected}");
}

fn cause(results: &RunResults, work: &str) -> String {
    let of_work = results.bottlenecks.iter().filter(|b| b.work == work);
    of_work.max_by(|a, b| a.share.total_cmp(&b.share)).expect("it was held by something").cause.clone()
}

fn settings() -> ProptestConfig {
    let rng_seed = proptest::test_runner::RngSeed::Fixed(37);
    ProptestConfig { cases: 30, failure_persistence: None, rng_seed, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(settings())]

    /// The hottest account is full first; as many accounts as are needed carry the load, one fewer does not.
    #[test]
    fn the_hottest_account_binds(skew in 1.0..8.0_f64, demand in 1e9..4e11_f64, write in any::<bool>()) {
        let (word, limit) = if write { ("write", 1e9) } else { ("read", 2e9) };
        let text = |accounts: u64| {
            blob(&format!("accounts = {accounts}\naccount_skew = {skew}\n")) + &load("w", word, &format!("rate = \"{demand} B/s\"\n"))
        };
        let results = run(&plan_with(&text(3), &[]));
        let needed = kpi(&results, "storage.s.accounts_needed");
        let even = demand / limit;
        let expected = if even <= 1.0 { 1.0 } else { (even * skew * (1.0 - 1e-12)).ceil() };
        prop_assert!((needed - expected).abs() < 0.5, "{needed} is not {expected}");
        let rate = |accounts: f64| kpi(&run(&plan_with(&text(accounts as u64), &[])), &format!("storage.s.{word}_rate"));
        prop_assert!((rate(needed) / demand - 1.0).abs() < 1e-9);
        if needed > 1.0 {
            let fewer = rate(needed - 1.0);
            prop_assert!((fewer / (((needed - 1.0) / skew).max(1.0) * limit) - 1.0).abs() < 1e-9 && fewer < demand);
        }
    }

    /// The rate over gateways is that of the tightest of their NICs, their operations, and the system with the operations it takes.
    #[test]
    fn gateways_and_operations_of_a_protocol_bind(
        gateways in 1..10_u32,
        nic in 1e8..1e10_f64,
        translated in 1e2..1e4_f64,
        cost in 0.5..6.0_f64,
        write in any::<bool>(),
    ) {
        let (word, limit) = if write { ("write", 1e9) } else { ("read", 2e9) };
        let protocol = format!(
            "[storage.s.protocol.nfs]\ngateways = {gateways}\ngateway_nic = \"{nic} B/s\"\ngateway_operations = \"{translated} op/s\"\noperations = {cost}\n"
        );
        let text = blob("accounts = 4\n") + &protocol + &load("w", word, "protocol = \"nfs\"\n");
        let results = run(&plan_with(&text, &[]));
        let n = f64::from(gateways);
        let stages = [
            ("storage.s.protocol.nfs.gateway-", n * nic),
            ("storage.s.protocol.nfs.gateway-operations", n * translated * 1e6),
            ("storage.s.account-requests", 4.0 * 1e4 / cost * 1e6),
            ("storage.s.account-", 4.0 * limit),
        ];
        let (name, rate) = *stages.iter().min_by(|a, b| a.1.total_cmp(&b.1)).expect("there are stages");
        let found = kpi(&results, "io.w.rate");
        prop_assert!((found / rate - 1.0).abs() < 1e-6, "{found} is not {rate}");
        let held = cause(&results, "w");
        prop_assert!(held.starts_with(name), "{held} is not {name}");
        prop_assert!((kpi(&results, "storage.s.ops_rate") / (found / 1e6 * cost) - 1.0).abs() < 1e-9);
    }
}

/// Native clients do not cross the gateways; a translated operation takes longer, in the latency and by its slots.
#[test]
fn native_clients_pass_the_gateways_by_and_translation_takes_its_time() {
    let protocol = "[storage.s.protocol.nfs]\ngateways = 1\ngateway_nic = \"500 MB/s\"\nread_latency = \"4 ms\"\n";
    let text = blob("accounts = 4\n")
        + protocol
        + &load("n", "read", "rate = \"1 GB/s\"\n")
        + &load("g", "read", "protocol = \"nfs\"\n");
    let results = run(&plan_with(&text, &[]));
    close(kpi(&results, "io.n.rate"), 1e9);
    close(kpi(&results, "io.g.rate"), 0.5e9);
    let few = text.replace("500 MB/s", "500 GB/s");
    let slots = run(&plan_with(&few, &["work.g.clients=1", "work.g.queue_depth=1", "work.n.ends=1 ms"]));
    // One read of 1 MB in 1 + 4 ms.
    assert!((kpi(&slots, "io.g.rate") / (1e6 / 5e-3) - 1.0).abs() < 1e-6);
    assert!((kpi(&slots, "storage.s.read_latency.p99") / 5e-3 - 1.0).abs() < 2e-3);
}

/// $0.004 and $0.05 per 10,000: 1,000 reads and 200 writes a second of 1 MB for a month of 730.5 h.
#[test]
fn requests_cost_what_their_prices_say() {
    let text = blob("accounts = 4\n")
        + &load("r", "read", "rate = \"1 GB/s\"\n")
        + &load("w", "write", "rate = \"200 MB/s\"\n");
    let cost = (1000.0 * 0.004 + 200.0 * 0.05) / 1e4 * 730.5 * 3600.0;
    close(kpi(&run(&plan_with(&text, &[])), "storage.s.request_cost"), cost);
}

/// A size from demand heeds the hottest account.
#[test]
fn accounts_sized_for_a_demand_heed_the_hottest() {
    let plan =
        |skew: &str| plan_with(&(blob("sized_for = { read = \"100 GB/s\" }\n") + skew + &load("w", "read", "")), &[]);
    let units = |skew: &str| plan(skew).storages[0].economics.units;
    assert_eq!((units("") as u64, units("account_skew = 2.5\n") as u64), (50, 125));
    close(kpi(&run(&plan("account_skew = 2.5\n")), "storage.s.read_rate"), 100e9);
}

/// Loaders and checkpoints go through the gateways of their protocol, and wait for its translation.
#[test]
fn loaders_and_checkpoints_speak_protocols() {
    let gateway =
        "[storage.s.protocol.nfs]\noperations = 2\ngateways = 1\ngateway_nic = \"1 GB/s\"\nread_latency = \"2 ms\"\n";
    let loader = "[work.l]\nkind = \"io\"\nstorage = \"s\"\npattern = \"read\"\nclients = 10\nprotocol = \"nfs\"\nclient_nic = \"10 Tbps\"\n\
        loader = { accelerators = 10, sample = \"1 MB\", batch = 20, compute = \"100 ms\", readers = 64, prefetch = 8 }\n";
    let text = blob("accounts = 100\n") + gateway + loader;
    // 2 GB/s are wanted, 1 GB/s is translated; a file is opened and read, two operations of the system each.
    let results = run(&plan_with(&text, &["horizon=100 s", "warmup=50 s"]));
    assert!((kpi(&results, "io.l.accelerator_utilisation") / 0.5 - 1.0).abs() < 1e-3);
    assert!((kpi(&results, "storage.s.ops_rate") / 2000.0 - 1.0).abs() < 1e-2);
    assert!((kpi(&results, "storage.s.metadata_rate") / 2000.0 - 1.0).abs() < 1e-2);
    assert!(cause(&results, "l").starts_with("storage.s.protocol.nfs.gateway"), "{}", cause(&results, "l"));
    // On demand: 20 files by 4 readers, each opened and read at 1 + 2 ms.
    let alone = text
        .replace("readers = 64, prefetch = 8", "readers = 4, prefetch = 0")
        .replace("1 GB/s\"\nread", "100 GB/s\"\nread");
    let used = kpi(&run(&plan_with(&alone, &["horizon=100 s"])), "io.l.accelerator_utilisation");
    assert!((used / (0.1 / (0.1 + 5.0 * 6e-3)) - 1.0).abs() < 1e-4, "{used}");
    let save = "[work.c]\nkind = \"io\"\nstorage = \"s\"\npattern = \"write\"\nclients = 10\nprotocol = \"nfs\"\nclient_nic = \"10 Tbps\"\n\
        io_size = \"1 MB\"\ncheckpoint = { ranks = 10, parameters = \"1e9\", bytes_per_parameter = \"10 B\" }\n";
    let text = blob("accounts = 100\n") + gateway + save;
    let time = kpi(&run(&plan_with(&text, &["horizon=100 s"])), "io.c.checkpoint_time");
    assert!((time / (10.0 + 1e-3) - 1.0).abs() < 1e-6, "10 GB at 1 GB/s and the sync: {time}");
}

/// A load that falls: the accounts of its highest pace count, not those of its last.
#[test]
fn accounts_are_for_the_highest_pace() {
    let season = "rate = \"1 GB/s\"\nseason = [{ every = \"day\", from = \"0 h\", factor = \"300 %\" }, { every = \"day\", from = \"1 h\", factor = \"50 %\" }]\n";
    let text = blob("accounts = 4\n") + &load("w", "write", season);
    let results = run(&plan_with(&text, &["horizon=3 h"]));
    close(kpi(&results, "storage.s.accounts_for_ingress"), 3.0);
    let phases = "rate = \"3 GB/s\"\nphases = [{ at = \"1 h\", rate = \"500 MB/s\" }]\n";
    let text = blob("accounts = 4\n") + &load("w", "write", phases);
    close(kpi(&run(&plan_with(&text, &["horizon=3 h"])), "storage.s.accounts_for_ingress"), 3.0);
}

#[test]
fn what_does_not_fit_is_refused_with_its_place() {
    let codes = |text: &str| {
        let errors = load_text("t.toml", text, &[]).expect_err("it is refused");
        errors.iter().map(|e| e.code).collect::<Vec<_>>()
    };
    let protocol = "[storage.s.protocol.nfs]\noperations = 2\n";
    assert_eq!(codes(&(blob("accounts = 4\n") + protocol + &load("w", "read", "protocol = \"nsf\"\n"))), ["E0301"]);
    assert_eq!(codes(&(blob("accounts = 4\n") + &load("w", "read", "protocol = \"nfs\"\n"))), ["E0301"]);
    assert_eq!(codes(&(blob("accounts = 4\naccount_skew = 0.5\n") + &load("w", "read", ""))), ["E0203"]);
}
