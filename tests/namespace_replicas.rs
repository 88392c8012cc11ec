//! Copies of namespaces: how far they are behind, what they cost the WAN, what they serve, against closed forms.

#[path = "world_support/audit.rs"]
mod audit;
mod world_support;

use apollo_sim::experiment::results::RunResults;
use audit::audited;
use proptest::prelude::*;
use world_support::{kpi, plan_with, run};

/// Clients at home write 10 GB/s; a copy follows over a link that carries 4 GB/s.
const BASE: &str = r#"
format = 1
start = 2026-01-05
horizon = "10 h"
warmup = "0 s"
replications = 1
[site.home]
[site.away]
[link.wan]
between = ["home", "away"]
capacity = "32 Gbps"
framing = "100 %"
rtt = "20 ms"
failures = false
[storage.base]
site = "home"
system = "azure-blob"
capacity = "20 PB"
[storage.far]
site = "away"
system = "azure-blob"
capacity = "20 PB"
[namespace.corpus]
home = "base"
data = "1 PB"
popularity = "uniform"
replicas = [{ to = "far" }]
[work.write]
kind = "io"
namespace = "corpus"
pattern = "write"
clients = 10
queue_depth = 1024
rate = "10 GB/s"
"#;

const FAR: &str = "namespace.corpus.replica.far";

fn simulate(more: &[(&str, &str)], overrides: &[&str]) -> RunResults {
    run(&plan_with(&text(more), overrides))
}

fn text(more: &[(&str, &str)]) -> String {
    more.iter().fold(BASE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

fn far(r: &RunResults, measure: &str) -> f64 {
    kpi(r, &format!("{FAR}.{measure}"))
}

fn near(seen: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((seen - expected).abs() <= tolerance * expected.abs(), "{what}: {seen}, expected {expected}");
}

/// w written and L carried: after t seconds (w − L)·t bytes are missing, and what comes was written at t·L/w.
#[test]
fn above_the_rate_of_the_link_the_lag_grows_without_end() {
    let r = simulate(&[], &[]);
    let (w, l, span) = (10e9, 4e9, 36_000.0);
    near(far(&r, "behind.max"), (w - l) * span, 1e-6, "missing at the end");
    near(far(&r, "behind"), (w - l) * span / 2.0, 1e-6, "in the mean");
    near(far(&r, "behind.p95"), 0.95 * (w - l) * span, 1e-4, "for 95 % of the time less");
    near(far(&r, "lag.max"), span * (1.0 - l / w), 1e-6, "and so old");
    near(far(&r, "lag"), span * (1.0 - l / w) / 2.0, 1e-6, "in the mean");
    near(far(&r, "rate"), l, 1e-6, "as fast as the link");
    near(kpi(&r, "namespace.corpus.replication_bytes"), l * span, 1e-6, "what crossed");
    near(kpi(&r, "link.wan.home-to-away.utilisation"), 1.0, 1e-6, "and filled the link");
    near(kpi(&r, "namespace.corpus.rpo.max"), far(&r, "lag.max"), 1e-9, "the loss of home loses that");
    near(kpi(&r, "namespace.corpus.at_risk.max"), far(&r, "behind.max"), 1e-9, "in bytes");
    let note = r.warnings.iter().find(|n| n.message.contains("less comes than is written"));
    assert!(note.is_some(), "{:?}", r.warnings);
    near(kpi(&r, "namespace.corpus.wan_bytes") + 1.0, 1.0, 0.0, "clients at home cross nothing");
}

/// 1 h of writes, then silence: the copy makes up for it, and its oldest missing byte was the last one written.
#[test]
fn a_burst_is_made_up_for_after_it() {
    let r = simulate(&[], &["work.write.ends=1 h"]);
    let (w, l, span, all) = (10e9, 4e9, 3600.0, 36_000.0);
    let done = w * span / l;
    near(far(&r, "behind.max"), (w - l) * span, 1e-6, "at the end of the burst");
    near(far(&r, "behind"), (w - l) * span * done / 2.0 / all, 1e-5, "a triangle");
    near(far(&r, "lag.max"), done - span, 1e-5, "the last byte");
    near(far(&r, "lag"), (done - span) * done / 2.0 / all, 1e-5, "a triangle too");
    near(far(&r, "rate") * all, w * span, 1e-6, "every byte once");
    assert!(r.warnings.iter().all(|n| !n.message.contains("less comes")), "{:?}", r.warnings);
}

#[test]
fn below_the_rate_of_the_link_a_copy_is_as_good_as_home() {
    let r = simulate(&[], &["work.write.rate=3 GB/s"]);
    near(far(&r, "rate"), 3e9, 1e-6, "as fast as it is written");
    assert!(far(&r, "lag.max") < 0.01 && far(&r, "behind.max") < 1e8, "{} s", far(&r, "lag.max"));
    near(kpi(&r, "storage.far.write_rate"), 3e9, 1e-6, "it is written there");
    near(kpi(&r, "storage.base.read_rate"), 3e9, 1e-6, "and read at home");
}

#[test]
fn a_pace_and_a_share_bound_what_follows() {
    let paced = simulate(&[("to = \"far\"", "to = \"far\", pace = \"2 GB/s\"")], &["work.write.rate=3 GB/s"]);
    near(far(&paced, "rate"), 2e9, 1e-6, "at its pace");
    near(far(&paced, "lag.max"), 36_000.0 / 3.0, 1e-6, "and behind for it");
    let part = simulate(&[("to = \"far\"", "to = \"far\", share = \"30 %\"")], &[]);
    near(far(&part, "rate"), 3e9, 1e-6, "its part of each write");
    assert!(far(&part, "lag.max") < 0.01);
    assert!(part.kpis.iter().any(|k| k.name == "namespace.corpus.rpo.max" && k.mean.is_none()), "no whole copy");
}

/// The link is cut from 2 h to 3 h: for that hour nothing comes, and it is made up for at what the link has left.
#[test]
fn a_cut_is_an_hour_of_lag() {
    let cut = ("failures = false", "mtbf = \"2 h\"\ncut_repair = \"1 h\"");
    let r = simulate(&[cut], &["work.write.rate=1 GB/s", "horizon=4 h"]);
    near(far(&r, "lag.max"), 3600.0, 1e-3, "an hour behind");
    near(far(&r, "behind.max"), 3600e9, 1e-3, "of writes");
    // Bytes fall from 3.6 TB at 3 GB/s: 1200 s.
    near(far(&r, "behind"), 3600e9 * (3600.0 + 1200.0) / 2.0 / 14_400.0, 2e-3, "a triangle");
}

/// `publish` puts B bytes at home at once: they are on the copy B/L later.
#[test]
fn what_is_published_follows_at_the_rate_of_the_link() {
    let publish = ("popularity", "publish = { every = \"4 h\", changed = \"2 %\" }\npopularity");
    let r = simulate(&[publish], &["work.write.starts=9 h", "work.write.rate=1 GB/s", "horizon=9.5 h"]);
    let (b, l, all) = (20e12, 4e9, 34_200.0);
    near(far(&r, "behind.max"), b, 1e-6, "all of it");
    near(far(&r, "lag.max"), b / l, 1e-4, "until the last byte is there");
    // The second one at 8 h is 5000 s under way and done before 9 h 24 min; the writes from 9 h on wait behind it.
    let first = b * b / l / 2.0;
    let second = first + 1e9 * (8.0 * 3600.0 + b / l - 9.0 * 3600.0).powi(2) / 2.0 * (4.0 / 3.0);
    near(far(&r, "behind"), (first + second) / all, 1e-3, "two triangles");
}

#[test]
fn a_copy_serves_its_site() {
    let read = "[work.read]\nkind = \"io\"\nnamespace = \"corpus\"\nsite = \"away\"\npattern = \"read\"\nclients = 10\nrate = \"1 GB/s\"\n\n[work.write]";
    let more = [("[work.write]", read)];
    let r = simulate(&more, &["work.write.rate=1 GB/s"]);
    near(kpi(&r, "io.read.rate"), 1e9, 1e-5, "read");
    near(kpi(&r, "storage.far.read_rate"), 1e9, 1e-5, "from the copy");
    near(kpi(&r, "namespace.corpus.wan_bytes") + 1.0, 1.0, 0.0, "nothing of it crosses");
    near(kpi(&r, "link.wan.away-to-home.utilisation") + 1.0, 1.0, 0.0, "nor comes back");
    let share = |part: &str, law: &str| {
        let part = format!("to = \"far\", share = \"30 %\", part = \"{part}\"");
        let more = [more[0], ("to = \"far\"", part.as_str()), ("popularity = \"uniform\"", law)];
        let r = simulate(&more, &["work.write.rate=1 GB/s"]);
        1.0 - kpi(&r, "namespace.corpus.wan_bytes") / (kpi(&r, "io.read.rate") * 36_000.0)
    };
    near(share("any", "popularity = \"uniform\""), 0.3, 1e-5, "any part serves its share");
    let hot = "popularity = \"working-set\"\nhot_share = \"20 %\"\nhot_requests = \"80 %\"";
    near(share("hottest", hot), 0.8 + 0.1 * 0.2 / 0.8, 1e-5, "the hottest part serves what is asked of it");
    near(share("any", hot), 0.3, 1e-5, "unless it was not chosen");
}

/// A synchronous write is acknowledged by both: the link binds it, and nothing is ever behind.
#[test]
fn a_synchronous_copy_costs_rate_and_is_never_behind() {
    let sync = ("to = \"far\"", "to = \"far\", mode = \"sync\"");
    let r = simulate(&[sync], &[]);
    near(kpi(&r, "namespace.corpus.write_rate"), 4e9, 1e-5, "as fast as the link");
    near(far(&r, "rate"), 4e9, 1e-5, "all of it on the copy");
    assert!(far(&r, "behind.max") < 1.0 && kpi(&r, "namespace.corpus.at_risk.max") < 1.0);
    near(kpi(&r, "namespace.corpus.replication_bytes"), 4e9 * 36_000.0, 1e-5, "over the WAN");
    near(kpi(&r, "storage.far.write_rate"), 4e9, 1e-5, "there");
    // From the site of the copy each byte goes home and comes back.
    let r = simulate(&[sync, ("pattern = \"write\"", "pattern = \"write\"\nsite = \"away\"")], &[]);
    near(kpi(&r, "namespace.corpus.write_rate"), 4e9, 1e-5, "each direction of the link carries it once");
    for direction in ["home-to-away", "away-to-home"] {
        near(kpi(&r, &format!("link.wan.{direction}.utilisation")), 1.0, 1e-5, direction);
    }
    // One outstanding write of a client waits for the system and one round trip to the copy, or two from its site.
    let slow = |site: &str| {
        let site = format!("pattern = \"write\"\nio_size = \"1 MB\"\nsite = \"{site}\"");
        let more = [sync, ("pattern = \"write\"", site.as_str()), ("rate = \"10 GB/s\"", ""), ("1024", "1")];
        let plan = plan_with(&text(&more), &["work.write.clients=1"]);
        let latency = plan.storages[0].requests.write_latency.mean() + 1e6 / plan.storages[0].requests.write_stream;
        (kpi(&run(&plan), "namespace.corpus.write_rate"), latency)
    };
    let (rate, latency) = slow("home");
    near(rate, 1e6 / (latency + 0.02), 1e-5, "one round trip");
    let (rate, latency) = slow("away");
    near(rate, 1e6 / (latency + 0.04), 1e-5, "two");
}

/// What loads ingest grows the copy as it comes there, with the retention of home.
#[test]
fn copies_grow_with_what_is_ingested() {
    let ingest = ("pattern = \"write\"", "pattern = \"write\"\ningest = true");
    let r = simulate(&[ingest], &["work.write.rate=3 GB/s"]);
    near(kpi(&r, "storage.base.used"), 1e15 + 3e9 * 36_000.0, 1e-6, "home");
    near(kpi(&r, "storage.far.used"), 1e15 + 3e9 * 36_000.0, 1e-6, "and its copy");
    near(kpi(&r, "storage.far.growth"), 3e9, 1e-4, "its growth");
    let slow = simulate(&[ingest], &[]);
    near(kpi(&slow, "storage.far.used"), 1e15 + 4e9 * 36_000.0, 1e-6, "as far as it has come");
    let kept = ("pattern = \"write\"", "pattern = \"write\"\ningest = true\nretention = \"2 h\"");
    let r = simulate(&[kept], &["work.write.rate=3 GB/s"]);
    near(kpi(&r, "storage.far.used"), 1e15 + 3e9 * 7200.0, 1e-4, "what has not expired");
    // A copy that is full makes nobody wait at home, and falls behind.
    let full = simulate(&[ingest], &["work.write.rate=3 GB/s", "storage.far.capacity=1036 TB"]);
    near(kpi(&full, "storage.base.used"), 1e15 + 3e9 * 36_000.0, 1e-6, "home goes on");
    near(kpi(&full, "storage.far.used"), 1.036e15, 1e-6, "the copy does not");
    near(far(&full, "behind.max"), 3e9 * 36_000.0 - 36e12, 1e-4, "and lacks the rest");
    // One that has to have each write stops the writers.
    let sync = ("to = \"far\"", "to = \"far\", mode = \"sync\"");
    let held = simulate(&[ingest, sync], &["work.write.rate=3 GB/s", "storage.far.capacity=1036 TB"]);
    near(kpi(&held, "storage.base.used"), 1.036e15, 1e-6, "no further than its copy");
    near(kpi(&held, "storage.far.used"), 1.036e15, 1e-6, "which is full");
}

/// Accounts of a copy are for what is written there, those of the home for what the copy reads too: 10 GB/s at 1 GB/s an account.
#[test]
fn accounts_count_what_follows() {
    let limits =
        ("capacity = \"20 PB\"\n[storage.far]", "capacity = \"20 PB\"\naccount_egress = \"1 GB/s\"\n[storage.far]");
    let ingress =
        ("capacity = \"20 PB\"\n[namespace", "capacity = \"20 PB\"\naccount_ingress = \"1 GB/s\"\n[namespace");
    let needed = |copy: &str| {
        let r = simulate(&[limits, ingress, ("to = \"far\"", copy)], &[]);
        [kpi(&r, "storage.base.accounts_for_egress"), kpi(&r, "storage.far.accounts_for_ingress")]
    };
    assert_eq!(needed("to = \"far\"").map(f64::to_bits), [10.0_f64; 2].map(f64::to_bits));
    assert_eq!(needed("to = \"far\", share = \"30 %\"").map(f64::to_bits), [3.0_f64; 2].map(f64::to_bits));
    assert_eq!(needed("to = \"far\", mode = \"sync\"").map(f64::to_bits), [0.0, 10.0_f64].map(f64::to_bits));
}

/// A load that begins when its synchronous copy is full does not begin to write.
#[test]
fn a_full_synchronous_copy_refuses_a_new_writer() {
    let more = "[work.more]\nkind = \"io\"\nnamespace = \"corpus\"\npattern = \"write\"\nclients = 10\ningest = true\nrate = \"1 GB/s\"\nstarts = \"9 h\"\n[work.write]";
    let sync = ("to = \"far\"", "to = \"far\", mode = \"sync\"");
    let ingest = ("pattern = \"write\"", "pattern = \"write\"\ningest = true");
    let r =
        simulate(&[ingest, sync, ("[work.write]", more)], &["work.write.rate=3 GB/s", "storage.far.capacity=1036 TB"]);
    near(kpi(&r, "storage.base.used"), 1.036e15, 1e-6, "home");
    near(kpi(&r, "namespace.corpus.write_rate") * 36_000.0, 36e12, 1e-6, "what found room on both");
}

/// Two whole copies, at 4 and at 8 GB/s: the loss of home loses what the better one lacks.
#[test]
fn the_better_of_two_copies_is_what_is_left() {
    let near_by = "[storage.near]\nsite = \"third\"\nsystem = \"azure-blob\"\ncapacity = \"20 PB\"\n[site.third]\n[link.more]\nbetween = [\"home\", \"third\"]\ncapacity = \"64 Gbps\"\nframing = \"100 %\"\nrtt = \"5 ms\"\nfailures = false\n[storage.far]";
    let r = simulate(&[("to = \"far\"", "to = \"far\" }, { to = \"near\""), ("[storage.far]", near_by)], &[]);
    near(far(&r, "lag.max"), 36_000.0 * 0.6, 1e-5, "the slow one");
    near(kpi(&r, "namespace.corpus.rpo.max"), 36_000.0 * 0.2, 1e-5, "the fast one");
    near(kpi(&r, "namespace.corpus.at_risk.max"), 2e9 * 36_000.0, 1e-5, "in bytes");
    near(kpi(&r, "namespace.corpus.replication_bytes"), 12e9 * 36_000.0, 1e-5, "both cross");
}

/// Writes that a cache acknowledges ahead of home follow from home on, once each.
#[test]
fn writes_ahead_of_home_follow_from_home() {
    let more = [
        (
            "[site.away]",
            "[site.away]\n[site.third]\n[link.more]\nbetween = [\"home\", \"third\"]\ncapacity = \"8 Gbps\"\nframing = \"100 %\"\nrtt = \"20 ms\"\nfailures = false\n[storage.edge]\nsite = \"third\"\nsystem = \"vast-ebox-z3-highmem-88\"\nnodes = 100",
        ),
        ("popularity", "caches = [{ storage = \"edge\", size = \"1 PB\", write_back = \"100 TB\" }]\npopularity"),
        ("pattern = \"write\"", "pattern = \"write\"\nsite = \"third\""),
    ];
    let r = simulate(&more, &["work.write.ends=30 min", "work.write.rate=5 GB/s"]);
    near(kpi(&r, "namespace.corpus.write_rate") * 36_000.0, 9e12, 1e-4, "acknowledged by the cache");
    near(far(&r, "rate") * 36_000.0, 9e12, 1e-4, "and all of it on the copy in the end");
    assert!(far(&r, "lag.max") < 0.1, "home takes 1 GB/s, and the copy is as fast: {}", far(&r, "lag.max"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Written = come + missing, the best copy is no further behind than any, and the books of the world balance.
    #[test]
    fn books_of_copies_balance(rate in 0.5..12.0_f64, burst in 1.0..9.0_f64, pace in 0.5..8.0_f64, share in 0.1..1.0_f64) {
        let second = format!(
            "to = \"far\", pace = \"{pace:.3} GB/s\" }}, {{ to = \"near\", share = \"{:.1} %\", priority = 3",
            100.0 * share
        );
        let near_by = "[storage.near]\nsite = \"third\"\nsystem = \"azure-blob\"\ncapacity = \"20 PB\"\n[site.third]\n[link.more]\nbetween = [\"home\", \"third\"]\ncapacity = \"16 Gbps\"\nrtt = \"5 ms\"\nfailures = false\n[storage.far]";
        let more = [("to = \"far\"", second.as_str()), ("[storage.far]", near_by)];
        let (rate, ends) = (format!("work.write.rate={rate:.3} GB/s"), format!("work.write.ends={burst:.2} h"));
        let plan = plan_with(&text(&more), &[&rate, &ends]);
        let r = run(&plan);
        let written = kpi(&r, "namespace.corpus.write_rate") * 36_000.0;
        for (copy, share) in [("far", 1.0), ("near", (1000.0 * share).round() / 1000.0)] {
            let of = |measure: &str| kpi(&r, &format!("namespace.corpus.replica.{copy}.{measure}"));
            let came = of("rate") * 36_000.0;
            prop_assert!(came <= share * written * (1.0 + 1e-9), "{copy}: {came} of {written}");
            prop_assert!(share * written - came <= of("behind.max") * (1.0 + 1e-9) + 1.0, "what is missing was never more");
            prop_assert!(of("lag") <= of("lag.max") && of("behind.p95") <= of("behind.max") * (1.0 + 1e-9));
        }
        prop_assert!((kpi(&r, "namespace.corpus.rpo.max") - far(&r, "lag.max")).abs() <= 1e-6 * far(&r, "lag.max") + 1e-6);
        audited(&plan, 0, 10);
    }
}
