//! Namespaces in the world: what crosses the WAN, what caches serve, against closed forms and laws.

#[path = "world_support/audit.rs"]
mod audit;
#[path = "world_support/value.rs"]
mod value;
mod world_support;

use apollo_sim::experiment::results::RunResults;
use audit::audited;
use proptest::prelude::*;
use value::value;
use world_support::{kpi, plan_with, run};

/// A petabyte at home, a cache in front of clients at the other site.
const BASE: &str = r#"
format = 1
start = 2026-01-05
horizon = "100 h"
warmup = "0 s"
replications = 1
[site.home]
[site.away]
[link.wan]
between = ["home", "away"]
capacity = "8 Tbps"
rtt = "20 ms"
failures = false
[storage.base]
site = "home"
system = "azure-blob"
capacity = "20 PB"
[storage.hot]
site = "away"
system = "vast-ebox-z3-highmem-88"
nodes = 100
[namespace.corpus]
home = "base"
data = "1 PB"
object_size = "100 MB"
popularity = "uniform"
caches = [{ storage = "hot", size = "1 PB" }]
[work.read]
kind = "io"
namespace = "corpus"
site = "away"
pattern = "read"
clients = 10
rate = "10 GB/s"
"#;

fn simulate(overrides: &[&str]) -> RunResults {
    run(&plan_with(BASE, overrides))
}

fn near(seen: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((seen - expected).abs() <= tolerance * expected.abs(), "{what}: {seen}, expected {expected}");
}

/// What was read, what crossed, what each system did: one account.
fn books(r: &RunResults, hours: f64) -> f64 {
    let span = hours * 3600.0;
    let read = kpi(r, "namespace.corpus.read_rate") * span;
    let wan = kpi(r, "namespace.corpus.wan_bytes");
    let hit = kpi(r, "namespace.corpus.hit");
    near(wan, read * (1.0 - hit), 1e-9, "what a cache does not serve crosses");
    near(kpi(r, "storage.base.read_rate") * span, wan, 1e-9, "home reads what crosses");
    near(kpi(r, "storage.hot.write_rate") * span, wan, 1e-9, "and the cache takes it in");
    let served = kpi(r, "storage.hot.read_rate") * span;
    assert!((served - read * hit).abs() <= 1e-9 * read, "hits are read from the cache: {served}");
    wan
}

#[test]
fn a_cache_for_all_of_it_takes_in_what_uniform_reads_have_not_named_yet() {
    // After k times the data at random, a share 1 − e^−k was named: that crossed, once each.
    let r = simulate(&[]);
    let k = 10e9 * 100.0 * 3600.0 / 1e15;
    let wan = books(&r, 100.0);
    near(wan, 1e15 * (1.0 - f64::exp(-k)), 2e-3, "distinct objects");
    near(kpi(&r, "storage.hot.cached"), wan, 2e-3, "and lies in the cache");
}

#[test]
fn shuffled_epochs_cross_once_where_everything_fits() {
    let r = simulate(&["namespace.corpus.popularity=epochs"]);
    near(books(&r, 100.0), 1e15, 1e-6, "the first epoch");
    near(kpi(&r, "namespace.corpus.hit"), 1.0 - 1.0 / 3.6, 1e-5, "3.6 epochs, the first served nothing");
}

#[test]
fn steady_hit_ratios_are_those_of_their_closed_forms() {
    let warm = ["warmup=50 h", "work.read.rate=40 GB/s", "namespace.corpus.caches.0.size=500 TB"];
    let hit = |law: &str, policy: &str| {
        let law = format!("namespace.corpus.popularity={law}");
        let policy = format!("namespace.corpus.caches.0.policy={policy}");
        let r = simulate(&[warm[0], warm[1], warm[2], &law, &policy]);
        let hit = kpi(&r, "storage.hot.cache_hit");
        assert!((hit - kpi(&r, "storage.hot.cache_hit_steady")).abs() < 2e-3);
        hit
    };
    for (law, policy, expected) in [
        ("uniform", "lru", 0.5),
        ("uniform", "random", 0.5),
        ("scan", "lru", 0.0),
        ("scan", "static", 0.5),
        ("scan", "random", 0.203_188),
        ("epochs", "lru", 0.153_426),
        ("epochs", "random", 0.283_110),
    ] {
        let seen = hit(law, policy);
        assert!((seen - expected).abs() < 2e-3, "{law} {policy}: {seen}, by closed form {expected}");
    }
}

#[test]
fn a_saturating_load_is_held_by_its_misses() {
    // The WAN carries 1 − h of the load, so the load gets 1 / (1 − h) of the WAN.
    let text = BASE.replace("rate = \"10 GB/s\"\n", "");
    let with = |size: &str| {
        let size = format!("namespace.corpus.caches.0.size={size}");
        run(&plan_with(
            &text,
            &["warmup=10 h", "horizon=12 h", "link.wan.capacity=400 Gbps", &size, "namespace.corpus.popularity=epochs"],
        ))
    };
    let direct = run(&plan_with(
        &text.replace("caches = [{ storage = \"hot\", size = \"1 PB\" }]\n", ""),
        &["warmup=10 h", "horizon=12 h", "link.wan.capacity=400 Gbps"],
    ));
    let wan = kpi(&direct, "io.read.rate");
    near(kpi(&direct, "namespace.corpus.remote_rate"), wan, 1e-9, "without a cache everything crosses");
    let half = with("500 TB");
    near(kpi(&half, "io.read.rate"), wan / (1.0 - kpi(&half, "storage.hot.cache_hit")), 1e-6, "held by the WAN");
    near(kpi(&half, "namespace.corpus.remote_rate"), wan, 1e-6, "the WAN is as full as before");
}

#[test]
fn at_home_nothing_crosses_and_a_warm_cache_needs_no_path() {
    let r = simulate(&["work.read.site=home"]);
    assert_eq!(kpi(&r, "namespace.corpus.wan_bytes").to_bits(), 0.0_f64.to_bits());
    assert_eq!(kpi(&r, "namespace.corpus.hit").to_bits(), 0.0_f64.to_bits(), "the home is no cache");
    // The path is cut from 2 h to 3 h of 4 h: misses stand still and the load with them; what is held goes on.
    let text = BASE.replace("failures = false", "mtbf = \"2 h\"\ncut_repair = \"1 h\"");
    let rate = |size: &str| {
        let size = format!("namespace.corpus.caches.0.size={size}");
        let law = [
            "work.read.queue_depth=1024",
            "horizon=4 h",
            "work.read.rate=100 GB/s",
            "namespace.corpus.data=100 TB",
            "namespace.corpus.popularity=epochs",
        ];
        kpi(&run(&plan_with(&text, &[law[0], law[1], law[2], law[3], law[4], &size])), "namespace.corpus.read_rate")
    };
    near(rate("100 TB"), 100e9, 1e-4, "a cache that holds everything");
    near(rate("50 TB"), 75e9, 2e-3, "one that does not");
}

#[test]
fn a_prefetch_brings_every_byte_once_and_skips_what_readers_brought() {
    let load = |starts: &str| {
        let starts = format!("work.read.starts={starts}");
        let all = ["namespace.corpus.caches.0.prefetch=1 PB", "namespace.corpus.caches.0.prefetch_pace=80 Gbps"];
        simulate(&[all[0], all[1], &starts])
    };
    let ahead = load("50 h");
    near(kpi(&ahead, "namespace.corpus.wan_bytes"), 1e15, 1e-6, "loaded before anybody read");
    near(kpi(&ahead, "namespace.corpus.hit"), 1.0, 1e-9, "everything is there");
    let beside = load("0 s");
    near(kpi(&beside, "namespace.corpus.wan_bytes"), 1e15, 1e-2, "each byte once, by readers or ahead of them");
    near(kpi(&beside, "storage.hot.cached"), 1e15, 1e-6, "all of it");
    assert!(kpi(&beside, "namespace.corpus.hit") > kpi(&simulate(&[]), "namespace.corpus.hit"));
}

#[test]
fn what_is_published_comes_again() {
    let new = "namespace.corpus.publish={ every = \"45 h\" }";
    let r = simulate(&["namespace.corpus.popularity=epochs", new]);
    // An epoch takes 27.8 h: two of them cross in full, and the 10 h since 90 h.
    near(books(&r, 100.0), 2e15 + 3.6e14, 1e-5, "epochs after a publication");
    near(kpi(&r, "namespace.corpus.invalidated"), 2e15, 1e-6, "what the cache held");
    let part = "namespace.corpus.publish={ every = \"45 h\", changed = \"10 %\" }";
    let r = simulate(&["namespace.corpus.popularity=epochs", part]);
    near(kpi(&r, "namespace.corpus.wan_bytes"), 1.1e15 + 3.6e13, 1e-5, "the new part alone");
}

/// Clients at the far site write 10 GB/s over a WAN that carries 4 GB/s.
fn writing(cache: &str, overrides: &[&str]) -> RunResults {
    let text = BASE
        .replace("pattern = \"read\"", "pattern = \"write\"\nqueue_depth = 1024")
        .replace("size = \"1 PB\" }", &format!("size = \"1 PB\"{cache} }}"))
        .replace("capacity = \"8 Tbps\"", "capacity = \"32 Gbps\"\nframing = \"100 %\"");
    let mut all = vec!["horizon=10 h"];
    all.extend(overrides);
    run(&plan_with(&text, &all))
}

#[test]
fn writes_through_a_cache_are_as_fast_as_home_takes_them() {
    let r = writing("", &[]);
    near(kpi(&r, "namespace.corpus.write_rate"), 4e9, 1e-4, "held by the WAN");
    near(kpi(&r, "storage.base.write_rate"), kpi(&r, "namespace.corpus.write_rate"), 1e-9, "home has them all");
    near(kpi(&r, "storage.hot.write_rate"), kpi(&r, "namespace.corpus.write_rate"), 1e-9, "and so has the cache");
    near(kpi(&r, "namespace.corpus.dirty"), 0.0, 0.0, "nothing is at risk");
}

#[test]
fn writes_ahead_of_home_are_fast_until_the_limit() {
    let room = ", write_back = \"100 TB\"";
    // 10 GB/s come and 4 GB/s go home: 6 GB/s are ahead for 1 h, and then they drain.
    let r = writing(room, &["work.read.ends=1 h"]);
    near(kpi(&r, "namespace.corpus.write_rate") * 10.0, 10e9, 1e-4, "acknowledged by the cache");
    let start = 0.05 * 100e12;
    near(kpi(&r, "namespace.corpus.dirty_peak"), start + 6e9 * (3600.0 - start / 10e9), 1e-2, "its most");
    assert!(kpi(&r, "namespace.corpus.dirty") < 1e6, "all of it is home in the end");
    near(kpi(&r, "storage.base.write_rate"), kpi(&r, "namespace.corpus.write_rate"), 1e-6, "every byte");
    // A limit that is reached: from then on no faster than home.
    let r = writing(", write_back = \"10 TB\"", &["warmup=5 h"]);
    near(kpi(&r, "namespace.corpus.write_rate"), 4e9, 2e-2, "as fast as home");
    assert!(kpi(&r, "namespace.corpus.dirty_peak") <= 10e12 * (1.0 + 1e-9), "never beyond the limit");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn books_balance_and_larger_caches_serve_more(
        sizes in (1.0..900.0_f64, 1.0..900.0_f64),
        law in prop_oneof![Just("uniform"), Just("zipf"), Just("working-set"), Just("epochs"), Just("scan")],
        policy in prop_oneof![Just("lru"), Just("random"), Just("static")],
        rate in 5.0..100.0_f64,
    ) {
        let text = BASE.replace("popularity = \"uniform\"", &format!(
            "popularity = \"{law}\"{}",
            match law {
                "zipf" => "\nexponent = 0.9",
                "working-set" => "\nhot_share = \"10 %\"\nhot_requests = \"80 %\"",
                _ => "",
            }
        ));
        let at = |size: f64| {
            let overrides = [
                format!("namespace.corpus.caches.0.size={size:.1} TB"),
                format!("namespace.corpus.caches.0.policy={policy}"),
                format!("work.read.rate={rate:.1} GB/s"),
            ];
            let overrides: Vec<&str> = overrides.iter().map(String::as_str).collect();
            run(&plan_with(&text, &overrides))
        };
        let (small, large) = (at(sizes.0.min(sizes.1)), at(sizes.0.max(sizes.1)));
        books(&small, 100.0);
        books(&large, 100.0);
        prop_assert!(kpi(&small, "storage.hot.cache_hit") <= kpi(&large, "storage.hot.cache_hit") + 0.006);
        for (r, size) in [(&small, sizes.0.min(sizes.1)), (&large, sizes.0.max(sizes.1))] {
            prop_assert!(kpi(r, "storage.hot.cached") <= (size + 0.1) * 1e12, "a cache holds no more than its size");
        }
    }
}

#[test]
fn the_world_keeps_its_laws_while_a_cache_warms() {
    let text = BASE.replace("rate = \"10 GB/s\"\n", "").replace("nodes = 100", "nodes = 8");
    let plan =
        plan_with(&text, &["namespace.corpus.caches.0.size=100 TB", "horizon=30 min", "namespace.corpus.data=200 TB"]);
    let (measured, _) = audited(&plan, 0, 40);
    let hit = value(&measured, "namespace.corpus.hit").expect("something was read");
    assert!(hit > 0.0 && hit < 1.0, "{hit}");
}

/// 100 accelerators, a step of a second: 10 GB/s while nobody waits.
const LOADER: &str = r#"
[work.feed]
kind = "io"
namespace = "corpus"
site = "away"
pattern = "read"
clients = 10
loader = { accelerators = 100, sample = "10 MB", batch = 10, compute = "1 s", readers = 64, prefetch = 4 }
"#;

fn loader_text(more: &[(&str, &str)]) -> String {
    let head = BASE.split_once("[work.read]").expect("the base has a load").0;
    more.iter().fold(format!("{head}{LOADER}"), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

/// A loader reads through the cache: the first epoch comes over the WAN, later ones from the cache; what it reads is
/// what the namespace delivers, and what it misses is what crosses.
#[test]
fn a_loader_fills_the_cache_in_its_first_epoch_and_lives_on_it_afterwards() {
    let text = loader_text(&[
        ("popularity = \"uniform\"", "popularity = \"epochs\""),
        ("data = \"1 PB\"", "data = \"100 TB\""),
        ("100 h", "10 h"),
    ]);
    let results = run(&plan_with(&text, &[]));
    near(kpi(&results, "io.feed.accelerator_utilisation"), 1.0, 1e-3, "nobody waits");
    let read = kpi(&results, "namespace.corpus.read_rate") * 36_000.0;
    near(read, 10e9 * 36_000.0, 1e-3, "read");
    near(kpi(&results, "io.feed.rate"), 10e9, 1e-3, "rate of the work");
    // 360 TB are read, of which the first 100 TB are the data; a batch keeps the hit ratio that it began with.
    near(kpi(&results, "namespace.corpus.wan_bytes"), 100e12, 1e-3, "crossed once");
    near(kpi(&results, "storage.base.read_rate") * 36_000.0, 100e12, 1e-3, "read at home");
    near(kpi(&results, "storage.hot.read_rate") * 36_000.0, 260e12, 1e-3, "hits");
    near(kpi(&results, "storage.hot.write_rate") * 36_000.0, 100e12, 1e-3, "fills");
}

/// On a narrow WAN accelerators wait in the first epoch and not later: utilisation is what the link gives.
#[test]
fn a_narrow_wan_stalls_a_loader_until_the_cache_is_warm() {
    let cold = loader_text(&[
        ("capacity = \"8 Tbps\"", "capacity = \"40 Gbps\""),
        ("data = \"1 PB\"", "data = \"10 PB\""),
        ("20 PB", "40 PB"),
        ("popularity = \"uniform\"", "popularity = \"epochs\""),
        ("100 h", "1 h"),
    ]);
    let results = run(&plan_with(&cold, &[]));
    let framing = plan_with(&cold, &[]).links[0].framing;
    near(kpi(&results, "io.feed.accelerator_utilisation"), 5e9 * framing / 10e9, 0.01, "half of them wait");
    let warm = loader_text(&[
        ("capacity = \"8 Tbps\"", "capacity = \"40 Gbps\""),
        ("data = \"1 PB\"", "data = \"10 TB\""),
        ("popularity = \"uniform\"", "popularity = \"epochs\""),
        ("100 h", "3 h"),
        ("warmup = \"0 s\"", "warmup = \"1 h\""),
    ]);
    let results = run(&plan_with(&warm, &[]));
    near(kpi(&results, "io.feed.accelerator_utilisation"), 1.0, 1e-3, "warm");
    near(kpi(&results, "namespace.corpus.hit"), 1.0, 1e-9, "all hits");
}
