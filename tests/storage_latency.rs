//! Times of operations as results: Little's law for loads whose slots are always in use, Erlang's formula for loads that keep
//! a pace. Closed forms that share no code with the simulator; tolerances are those of the arithmetic.

mod world_support;

use apollo_sim::experiment::results::RunResults;
use proptest::prelude::*;
use world_support::{kpi, plan_with, run};

/// A system of which nothing but its 1,000 operations per second binds; a read or a write takes a millisecond in the mean.
const SERVER: &str = "format = 1\nstart = 2026-01-05\nhorizon = \"100 s\"\nwarmup = \"10 s\"\nreplications = 1\n[wan]\nfailures = false\n[site.a]\n\
    [storage.s]\nsite = \"a\"\nsystem = \"nvme-node\"\nnodes = 10\nnic = \"100 Tbps\"\nmedia_read = \"100 TB/s\"\nmedia_write = \"100 TB/s\"\n\
    media_shared = \"0 %\"\nbuffer = \"1 MB\"\nbuffer_rate = \"100 TB/s\"\noperations = \"100 op/s\"\n\
    read_latency = { exponential = { mean = \"1 ms\" } }\nwrite_latency = { exponential = { mean = \"1 ms\" } }\n";

fn close(found: f64, expected: f64, tolerance: f64) {
    assert!((found / expected - 1.0).abs() < tolerance, "{found} is not {expected}");
}

/// A load of so many operations of 10 kB per second.
fn paced(name: &str, pattern: &str, rate: f64) -> String {
    format!(
        "[work.{name}]\nkind = \"io\"\nstorage = \"s\"\npattern = \"{pattern}\"\nclients = 5\nqueue_depth = 1000\nio_size = \"10 kB\"\nrate = \"{} B/s\"\n",
        rate * 1e4
    )
}

fn latency(results: &RunResults, measure: &str) -> f64 {
    kpi(results, &format!("storage.s.{measure}"))
}

fn settings() -> ProptestConfig {
    let rng_seed = proptest::test_runner::RngSeed::Fixed(23);
    ProptestConfig { cases: 40, failure_persistence: None, rng_seed, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(settings())]

    /// Little's law over all loads of a system: operations per second × mean time of one = operations outstanding.
    #[test]
    fn mean_times_are_what_littles_law_says(
        loads in prop::collection::vec((1..20_u32, 1..64_u32, 0..3_usize, 4e3..1e6_f64), 1..4),
        slots in prop::option::of(1..64_u32),
        operations in 1e3..1e6_f64,
        stream in prop::option::of(1e8..1e10_f64),
        law in 0..3_usize,
    ) {
        let law = ["\"200 us\"", "{ exponential = { mean = \"200 us\" } }", "{ lognormal = { median = \"150 us\", p99 = \"2 ms\" } }"][law];
        let mut text = SERVER
            .replace("operations = \"100 op/s\"", &format!("operations = \"{operations} op/s\""))
            .replace("read_latency = { exponential = { mean = \"1 ms\" } }", &format!("read_latency = {law}"));
        text += &slots.map_or(String::new(), |s| format!("client_slots = {s}\n"));
        text += &stream.map_or(String::new(), |s| format!("read_stream = \"{s} B/s\"\n"));
        let mut outstanding = 0.0;
        for (w, (clients, depth, pattern, size)) in loads.iter().enumerate() {
            let pattern = ["\"read\"", "\"write\"", "\"mixed\"\nread_share = \"60 %\""][*pattern];
            text += &format!(
                "[work.w{w}]\nkind = \"io\"\nstorage = \"s\"\npattern = {pattern}\nclients = {clients}\nqueue_depth = {depth}\nio_size = \"{} B\"\n",
                size.round()
            );
            outstanding += f64::from(*clients) * f64::from(slots.map_or(*depth, |s| s.min(*depth)));
        }
        let results = run(&plan_with(&text, &[]));
        let found = latency(&results, "latency") * latency(&results, "ops_rate");
        prop_assert!((found / outstanding - 1.0).abs() < 1e-9, "{found} is not {outstanding}");
        let [p50, p95, p99] = ["p50", "p95", "p99"].map(|stat| latency(&results, &format!("latency.{stat}")));
        prop_assert!(p50 <= p95 && p95 <= p99 && p50 > 0.0);
    }

    /// Loads that keep their pace on one server: all operations together are one Poisson stream.
    #[test]
    fn paced_loads_share_one_server_as_mm1(rate in 20.0..960.0_f64, parts in 1..4_u32) {
        let mut text = SERVER.to_owned();
        for part in 0..parts {
            text += &paced(&format!("w{part}"), if part == 1 { "write" } else { "read" }, rate / f64::from(parts));
        }
        let results = run(&plan_with(&text, &[]));
        let mean = 1.0 / (1000.0 - rate);
        let found = latency(&results, "latency");
        prop_assert!((found / mean - 1.0).abs() < 1e-6, "{found} is not {mean}");
        for (stat, p) in [("p50", 0.5_f64), ("p95", 0.95), ("p99", 0.99)] {
            let (found, expected) = (latency(&results, &format!("latency.{stat}")), -mean * (1.0 - p).ln());
            prop_assert!((found / expected - 1.0).abs() < 0.02, "{stat}: {found} is not {expected}");
        }
    }
}

/// A longer service at the same limit is more servers: M/M/c with c = 20 by the sum over states.
#[test]
fn many_servers_wait_as_erlang_says() {
    let text = SERVER.replace("mean = \"1 ms\"", "mean = \"20 ms\"") + &paced("w", "read", 900.0);
    let (servers, offered) = (20_u32, 18.0_f64);
    let mut term = 1.0;
    let mut sum = 0.0;
    for n in 0..servers {
        sum += term;
        term *= offered / f64::from(n + 1);
    }
    let busy = term / (1.0 - 0.9);
    let expected = 20e-3 + busy / (sum + busy) / (1000.0 - 900.0);
    close(latency(&run(&plan_with(&text, &[])), "read_latency"), expected, 1e-6);
    // Half of the wait where the service does not vary (Allen and Cunneen).
    let text = text.replace("{ exponential = { mean = \"20 ms\" } }", "\"20 ms\"");
    let half = 20e-3 + (expected - 20e-3) / 2.0;
    close(latency(&run(&plan_with(&text, &[])), "read_latency"), half, 1e-6);
}

/// Lower priorities do not make anybody wait; those of the same do, and a load that takes all it can leaves a fair share.
#[test]
fn who_else_uses_the_system_decides_the_wait() {
    let times = |others: &str| {
        let text = SERVER.to_owned() + &paced("w", "write", 400.0) + others;
        let results = run(&plan_with(&text, &[]));
        latency(&results, "write_latency")
    };
    let alone = times("");
    close(alone, 1.0 / 600.0, 1e-6);
    let other = paced("x", "read", 300.0);
    close(times(&other), 1.0 / 300.0, 1e-6);
    close(times(&(other.clone() + "priority = 1\n")), alone, 1e-9);
    // All servers are busy, and half of them are this load's when it wants them: service and a wait of 1 ÷ (500 − 400).
    let greedy = "[work.x]\nkind = \"io\"\nstorage = \"s\"\npattern = \"read\"\nclients = 5\nqueue_depth = 1000\nio_size = \"10 kB\"\n";
    close(times(greedy), 1e-3 + 1.0 / 100.0, 1e-6);
}

/// Time over the run: what is slow counts with its operations, the warm-up does not count, the round trip does.
#[test]
fn times_follow_the_load_and_the_distance() {
    let phases = "[[work.w.phases]]\nat = \"55 s\"\nrate = \"9 MB/s\"\n";
    let results = run(&plan_with(&(SERVER.to_owned() + &paced("w", "read", 100.0) + phases), &[]));
    close(latency(&results, "latency"), (100.0 / 900.0 + 900.0 / 100.0) / 1000.0, 1e-6);
    let far = SERVER.replace(
        "[site.a]\n",
        "[site.a]\n[site.b]\n[link.l]\nbetween = [\"a\", \"b\"]\ncapacity = \"100 Tbps\"\nrtt = \"9 ms\"\n",
    ) + &paced("w", "read", 500.0)
        + "site = \"b\"\nstreams = 1000\nsetup_rtts = 0\n";
    close(latency(&run(&plan_with(&far, &[])), "latency"), 9e-3 + 1.0 / 500.0, 1e-6);
}

/// At 999 of 1,000 operations a second M/M/1 would wait a second; a client with four slots has no more than four to wait for.
#[test]
fn nobody_waits_longer_than_with_all_slots_in_use() {
    let few = paced("w", "read", 999.0).replace("clients = 5\nqueue_depth = 1000", "clients = 1\nqueue_depth = 4");
    let results = run(&plan_with(&(SERVER.to_owned() + &few), &[]));
    close(latency(&results, "latency"), 4.0 / 999.0, 1e-6);
}

/// 64 outstanding of which 1,000 leave a second: W = 63 ms with a spread of √64 ÷ 1000 = 8 ms and the exponential service beside it. The 99th
/// percentile by Cornish and Fisher: mean + 2.326 σ + (2.326² − 1) ÷ 6 × skewness × σ.
#[test]
fn the_tail_of_a_full_queue_is_that_of_its_two_moments() {
    let full = "[work.w]\nkind = \"io\"\nstorage = \"s\"\npattern = \"read\"\nclients = 1\nqueue_depth = 64\nio_size = \"10 kB\"\n";
    let results = run(&plan_with(&(SERVER.to_owned() + full), &[]));
    close(latency(&results, "latency"), 64e-3, 1e-6);
    // A gamma law with mean 63 and variance 64 has the third moment 2 × 64² ÷ 63; an exponential one with mean 1 has 2.
    let (sigma, third) = (65.0_f64.sqrt(), 2.0 * 64.0 * 64.0 / 63.0 + 2.0);
    let p99 = 64.0 + 2.326 * sigma + (2.326 * 2.326 - 1.0) / 6.0 * third / (sigma * sigma);
    close(latency(&results, "latency.p99"), p99 / 1000.0, 0.01);
}

/// The readers of a loader: by Little's law they take what they have outstanding over their rate while they read.
#[test]
fn readers_of_a_loader_take_their_service_when_nothing_else_binds() {
    let text = SERVER.replace("operations = \"100 op/s\"", "operations = \"1 Gop/s\"")
        + "[work.l]\nkind = \"io\"\nstorage = \"s\"\npattern = \"read\"\nclients = 1\nio_size = \"1 MB\"\n\
           loader = { accelerators = 1, batch = 4, sample = \"1 MB\", compute = \"1 ms\", readers = 4, prefetch = 2, open_operations = 0 }\n";
    let results = run(&plan_with(&text, &[]));
    close(latency(&results, "read_latency"), 1e-3, 1e-6);
}

#[test]
fn a_target_on_a_latency_is_judged() {
    let judged = |limit: &str| {
        let target = format!("[target.t]\nkpi = \"storage.s.read_latency.p99\"\nat_most = \"{limit}\"\n");
        let results = run(&plan_with(&(SERVER.to_owned() + &paced("w", "read", 500.0) + &target), &[]));
        format!("{:?}", results.targets[0].verdict)
    };
    // −ln(0.01) ÷ 500 = 9.21 ms
    assert_eq!((judged("10 ms").as_str(), judged("8 ms").as_str()), ("Pass", "Fail"));
}
