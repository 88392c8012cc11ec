//! Reads of data that lies on a tier: what each system serves, what crosses, how long it takes. By hand.

mod world_support;

use apollo_sim::experiment::results::RunResults;
use apollo_sim::scenario::load_text;
use world_support::{kpi, plan_with, run};

/// A fifth of 10 GB/s is read on the tier at the other site.
const BASE: &str = r#"
format = 1
start = 2026-01-05
horizon = "10 h"
warmup = "1 h"
replications = 1
[site.here]
[site.there]
[link.wan]
between = ["here", "there"]
capacity = "400 Gbps"
framing = "100 %"
rtt = "20 ms"
failures = false
[storage.hot]
site = "here"
system = "vast-ebox-z3-highmem-88"
nodes = 100
read_latency = "1 ms"
tier = { to = "base", after = "20 h" }
[storage.base]
site = "there"
system = "azure-blob"
capacity = "5 PB"
accounts = 10
read_latency = "30 ms"
[work.r]
kind = "io"
storage = "hot"
pattern = "read"
clients = 20
queue_depth = 4096
rate = "10 GB/s"
tiered = { share = "20 %" }
"#;

fn simulate(more: &[(&str, &str)], overrides: &[&str]) -> RunResults {
    run(&plan_with(&text(more), overrides))
}

fn text(more: &[(&str, &str)]) -> String {
    more.iter().fold(BASE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

fn near(seen: f64, expected: f64, what: &str) {
    assert!((seen - expected).abs() <= 1e-6 * expected.abs() + 1e-6, "{what}: {seen}, by hand {expected}");
}

#[test]
fn each_system_serves_its_share_and_the_rest_crosses() {
    let r = simulate(&[], &[]);
    near(kpi(&r, "io.r.rate"), 10e9, "the load");
    near(kpi(&r, "io.r.hot_share"), 0.8, "as stated");
    near(kpi(&r, "storage.hot.read_rate"), 8e9, "read on the system");
    near(kpi(&r, "storage.base.read_rate"), 2e9, "read on the tier");
    near(kpi(&r, "storage.hot.write_rate"), 2e9, "and brought back");
    near(kpi(&r, "link.wan.there-to-here.utilisation"), 2e9 / 50e9, "over the WAN");
    near(kpi(&r, "link.wan.here-to-there.utilisation"), 0.0, "one way");
    let kept = ("share = \"20 %\"", "share = \"20 %\", promote = false");
    near(kpi(&simulate(&[kept], &[]), "storage.hot.write_rate"), 0.0, "unless it stays there");
    // Clients at the tier: four fifths cross the other way, and what is brought back with them.
    let r = simulate(&[("pattern", "site = \"there\"\npattern")], &[]);
    near(kpi(&r, "link.wan.here-to-there.utilisation"), 8e9 / 50e9, "the rest comes");
    near(kpi(&r, "link.wan.there-to-here.utilisation"), 2e9 / 50e9, "and the old goes");
    // A tier at the same site: nothing crosses.
    let r = simulate(&[("site = \"there\"\nsystem", "site = \"here\"\nsystem")], &[]);
    near(kpi(&r, "wan.busiest_utilisation"), 0.0, "within the site");
    near(kpi(&r, "storage.base.read_rate"), 2e9, "from the tier");
    // A mix: the share is one of its reads.
    let r = simulate(&[("pattern = \"read\"", "pattern = \"mixed\"\nread_share = \"50 %\"")], &[]);
    near(kpi(&r, "storage.base.read_rate"), 1e9, "a fifth of the half that is read");
    near(kpi(&r, "storage.hot.write_rate"), 5e9 + 1e9, "written, and brought back");
}

/// Limits of accounts hold for what is read on the tier, 2 of 10 GB/s, and a system too small for what is hot says so.
#[test]
fn the_tier_counts_what_is_read_there() {
    let r = simulate(&[("accounts = 10\n", "accounts = 10\naccount_egress = \"1 GB/s\"\n")], &[]);
    near(kpi(&r, "storage.base.accounts_for_egress"), 2.0, "2 GB/s at 1 GB/s an account");
    near(kpi(&r, "storage.base.accounts_for_ingress"), 0.0, "nothing is written there");
    let unread = "unread = \"100000 s\", data = \"1 PB\", popularity = \"uniform\"";
    let says = |nodes: &str| {
        let r = simulate(&[("share = \"20 %\"", unread), ("nodes = 100", nodes)], &[]);
        r.warnings.iter().any(|w| w.message.contains("less is read there than hot_share says"))
    };
    assert!(says("nodes = 8") && !says("nodes = 100"), "632 TB are hot");
}

#[test]
fn a_narrow_way_to_the_tier_holds_all_reads() {
    let r = simulate(&[("rate = \"10 GB/s\"\n", ""), ("400 Gbps", "8 Gbps")], &[]);
    near(kpi(&r, "io.r.rate"), 1e9 / 0.2, "the link carries a fifth of the load");
    // One read at a time: 1 ms or 30 ms and the round trip, and the bytes at the rate of one stream.
    let one = [("rate = \"10 GB/s\"\n", ""), ("4096", "1"), ("clients = 20", "clients = 1\nio_size = \"1 MB\"")];
    let plan = plan_with(&text(&one), &[]);
    let stream = |s: usize| 1e6 / plan.storages[s].requests.read_stream;
    let (base, hot) =
        (plan.storages.iter().position(|s| s.name == "base"), plan.storages.iter().position(|s| s.name == "hot"));
    let (base, hot) = (stream(base.expect("it is there")), stream(hot.expect("it is there")));
    let time = 0.8 * (1e-3 + hot) + 0.2 * (30e-3 + base + 20e-3);
    near(kpi(&run(&plan), "io.r.rate") / 1e6, 1.0 / time, "Little's law");
}

/// An object is on the system while it was read within `unread`: 1 PB at 10 GB/s is read 10⁵ s an epoch.
#[test]
fn what_was_not_read_for_a_while_is_on_the_tier() {
    let by = |law: &str, unread: &str| {
        let tiered = format!("unread = \"{unread}\", data = \"1 PB\", {law}");
        let r = simulate(&[("share = \"20 %\"", &tiered)], &[]);
        let (hot, read) = (kpi(&r, "io.r.hot_share"), kpi(&r, "storage.hot.read_rate"));
        near(read, hot * 10e9, "what the system serves");
        (hot, kpi(&r, "io.r.hot_bytes") / 1e15)
    };
    let (hot, held) = by("popularity = \"uniform\"", "100000 s");
    near(hot, 1.0 - f64::exp(-1.0), "named in as many requests as objects");
    near(held, 1.0 - f64::exp(-1.0), "and so many of them are there");
    let (hot, held) = by("popularity = \"epochs\"", "50000 s");
    near(hot, 0.125, "gaps of half an epoch at most: x²/2");
    near(held, 0.5 - 0.125 / 6.0, "x − x³/6");
    let (hot, _) = by("popularity = \"epochs\"", "150000 s");
    near(hot, 0.875, "1 − (2 − x)²/2");
    let (hot, held) = by("popularity = \"scan\"", "99000 s");
    near(hot, 0.0, "just gone");
    near(held, 0.99, "for nothing");
    let (hot, _) = by("popularity = \"working-set\", hot_share = \"10 %\", hot_requests = \"80 %\"", "100000 s");
    near(hot, 0.8 * (1.0 - f64::exp(-8.0)) + 0.2 * (1.0 - f64::exp(-0.2 / 0.9)), "the hot ones are there");
}

#[test]
fn what_does_not_fit_is_refused_with_its_place() {
    let codes = |more: &[(&str, &str)]| {
        let errors = load_text("t.toml", &text(more), &[]).expect_err("it is refused");
        errors.iter().map(|e| e.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(&[("tier = { to = \"base\", after = \"20 h\" }\n", "")]), ["E0107"]);
    assert_eq!(codes(&[("pattern = \"read\"", "pattern = \"write\"")]), ["E0107"]);
    assert_eq!(codes(&[("share = \"20 %\"", "share = \"120 %\"")]), ["E0203"]);
    assert_eq!(codes(&[("share = \"20 %\"", "unread = \"1 h\"")]), ["E0102"]);
    assert_eq!(codes(&[("share = \"20 %\"", "share = \"20 %\", unread = \"1 h\"")]), ["E0107"]);
    assert_eq!(
        codes(&[("share = \"20 %\"", "unread = \"1 h\", data = \"1 PB\""), ("rate = \"10 GB/s\"\n", "")]),
        ["E0107"]
    );
    let third = "[site.there]\n[site.third]\n[link.more]\nbetween = [\"here\", \"third\"]\ncapacity = \"8 Gbps\"\nrtt = \"5 ms\"\n";
    assert_eq!(codes(&[("[site.there]\n", third), ("pattern", "site = \"third\"\npattern")]), ["E0513"]);
    let target = "[target.t]\nkpi = \"io.r.hot_share\"\nat_least = \"1 %\"\n[work.r]";
    assert_eq!(codes(&[("tiered = { share = \"20 %\" }\n", ""), ("[work.r]", target)]), ["E0304"]);
}
