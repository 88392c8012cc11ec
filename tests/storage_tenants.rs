//! Tenants and views on storage systems: shares, reserves and caps, as laws over random plans and by hand.

#[path = "world_support/audit.rs"]
mod audit;
#[path = "world_support/value.rs"]
mod value;
mod world_support;

use apollo_sim::model::world::Measured;
use apollo_sim::scenario::{load_text, render_text};
use audit::audited;
use proptest::prelude::*;
use value::value;
use world_support::{kpi, plan_with, run};

const HEAD: &str = "format = 1\nstart = 2026-01-05\nreplications = 1\n[site.a]\n";

/// A system sold by rate: 8 GB/s each way.
const SOLD: &str = "site = \"a\"\nsystem = \"azure-managed-lustre-500\"\ncapacity = \"16 TiB\"\nread_share = \"100 %\"\nwrite_share = \"100 %\"\n";

fn laws(cases: u32) -> ProptestConfig {
    let rng_seed = proptest::test_runner::RngSeed::Fixed(7);
    ProptestConfig { cases, max_shrink_iters: 200, failure_persistence: None, rng_seed, ..ProptestConfig::default() }
}

fn close(seen: f64, expected: f64, what: &str) {
    assert!((seen / expected - 1.0).abs() <= 1e-6, "{what}: {seen}, by hand {expected}");
}

fn errors(text: &str) -> String {
    render_text(&load_text("t.toml", text, &[]).expect_err("bad input"), false)
}

/// One load of a tenant, or of nobody.
#[derive(Clone, Debug)]
struct Load {
    tenant: Option<usize>,
    view: Option<usize>,
    pattern: usize,
    clients: u32,
    priority: u8,
    paced: Option<f64>,
    starts: f64,
    runs: f64,
}

fn loads(tenants: usize, views: usize) -> impl Strategy<Value = Vec<Load>> {
    let one = (
        prop::option::of(0..tenants),
        prop::option::of(0..views),
        0..3_usize,
        1..12_u32,
        0..10_u8,
        prop::option::of(1e7..5e9_f64),
        (0.0..50.0_f64, 10.0..100.0_f64),
    );
    let load = one.prop_map(|(tenant, view, pattern, clients, priority, paced, (starts, runs))| Load {
        tenant,
        view,
        pattern,
        clients,
        priority,
        paced,
        starts,
        runs,
    });
    prop::collection::vec(load, 2..8)
}

fn load_text_of(index: usize, load: &Load) -> String {
    let pattern = ["\"read\"", "\"write\"", "\"mixed\"\nread_share = \"60 %\""][load.pattern];
    let mut text = format!(
        "[work.w{index}]\nkind = \"io\"\nstorage = \"s\"\nclients = {}\npattern = {pattern}\npriority = {}\nstarts = \"{} s\"\nends = \"{} s\"\n",
        load.clients,
        load.priority,
        load.starts,
        (load.starts + load.runs).min(100.0),
    );
    text += &load.tenant.map_or(String::new(), |t| format!("tenant = \"t{t}\"\n"));
    text += &load.view.map_or(String::new(), |v| format!("view = \"v{v}\"\n"));
    text + &load.paced.map_or(String::new(), |rate| format!("rate = \"{rate} B/s\"\n"))
}

/// What a lane is promised, as shares of what the system below carries: reads, writes; and its share.
type Promise = (f64, f64, f64);

fn promises(count: usize) -> impl Strategy<Value = Vec<Promise>> {
    let one = (
        prop_oneof![1 => Just(0.0), 2 => 0.01..1.0_f64],
        prop_oneof![1 => Just(0.0), 2 => 0.01..1.0_f64],
        0.1..10.0_f64,
    );
    prop::collection::vec(one, count)
}

const TENANTS: usize = 3;
const VIEWS: usize = 2;

/// A system of ten nodes with a buffer of a few seconds, with the promises scaled so that they fit.
fn shared_system(tenants: &[Promise], views: &[Promise], extra: &str) -> String {
    // Ten nodes of 100 Gbps carry at least 60 GB/s of reads, or 25 GB/s of writes; both at once half of each.
    let all = tenants.iter().chain(views);
    let sum = all.fold((0.0, 0.0), |sum: (f64, f64), p| (sum.0 + p.0, sum.1 + p.1));
    let mut text = format!(
        "[storage.s]\nsite = \"a\"\nsystem = \"vast-ebox-z3-highmem-88\"\nnodes = 10\nnic = \"100 Gbps\"\nbuffer = \"3 GB\"\n\
         media_read = \"100 GB/s\"\nmedia_write = \"100 GB/s\"\nbuffer_rate = \"100 GB/s\"\noperations = \"1 Gop/s\"\n{extra}\n"
    );
    let mut lane = |kind: &str, index: usize, p: &Promise| {
        text += &format!("[storage.s.{kind}{index}]\nshare = {}\n", p.2);
        for (word, part, sum, most) in [("read", p.0, sum.0, 25e9), ("write", p.1, sum.1, 12e9)] {
            if part > 0.0 {
                text += &format!("{word}_reserve = \"{} B/s\"\n", part / sum.max(1.0) * most);
            }
        }
    };
    tenants.iter().enumerate().for_each(|(i, p)| lane("tenant.t", i, p));
    views.iter().enumerate().for_each(|(i, p)| lane("view.v", i, p));
    let names: String = (0..tenants.len()).map(|t| format!("[tenant.t{t}]\n")).collect();
    text + &names
}

fn met(m: &Measured, lane: &str) -> Option<f64> {
    let name = format!("{lane}.reserve_met.fraction");
    m.kpis.iter().any(|(n, _)| *n == name).then(|| value(m, &name)).flatten()
}

proptest! {
    #![proptest_config(laws(60))]

    /// While a system is healthy, every reserve is met whenever somebody has a claim on it: whatever the priorities, the
    /// shares, the state of the buffer, and who comes and goes. Resources (caps among them) carry at most what they can.
    #[test]
    fn reserves_are_met_on_healthy_systems(
        tenants in promises(TENANTS), views in promises(VIEWS), works in loads(TENANTS, VIEWS),
    ) {
        let text = format!("horizon = \"100 s\"\n{HEAD}") + &shared_system(&tenants, &views, "")
            + &works.iter().enumerate().map(|(i, w)| load_text_of(i, w)).collect::<String>();
        let (m, _) = audited(&plan_with(&text, &[]), 0, 100);
        let lanes = (0..TENANTS).map(|t| format!("tenant.t{t}")).chain((0..VIEWS).map(|v| format!("storage.s.view.v{v}")));
        for lane in lanes {
            if let Some(met) = met(&m, &lane) {
                prop_assert!(met > 1.0 - 1e-6, "{lane}: {met}\n{text}");
            }
        }
        // The same by what is moved, without the program's own account: a tenant of one load that runs all the time.
        for (t, promise) in tenants.iter().enumerate().filter(|(_, p)| p.0 > 0.0) {
            let own: Vec<&Load> = works.iter().filter(|w| w.tenant == Some(t)).collect();
            if let [only] = own[..] && only.pattern == 0 && only.starts <= 0.0 && only.runs >= 100.0 && only.paced.is_none() {
                let sum: f64 = tenants.iter().chain(&views).map(|p| p.0).sum();
                let reserve = promise.0 / sum.max(1.0) * 25e9;
                let can = f64::from(only.clients) * 20e9;
                let rate = value(&m, &format!("tenant.t{t}.read_rate")).unwrap();
                prop_assert!(rate >= reserve.min(can) * (1.0 - 1e-6));
            }
        }
    }

    /// Rates of tenants and of nobody sum up to those of the system, and each stays below its caps, also while nodes and
    /// devices are lost all the time.
    #[test]
    fn tenants_sum_up_and_keep_to_their_caps(
        tenants in promises(TENANTS), works in loads(TENANTS, VIEWS), caps in prop::array::uniform3(1e8..2e10_f64), failures in any::<bool>(),
    ) {
        let extra = if failures { "failures = true\ndevice_loss_rate = \"1/h\"\nnode_loss_rate = \"5/h\"\nnode_replacement = \"20 s\"\n" } else { "" };
        let mut text = format!("horizon = \"100 s\"\n{HEAD}") + &shared_system(&tenants, &[(0.0, 0.0, 2.0), (0.0, 0.0, 0.5)], extra)
            + &works.iter().enumerate().map(|(i, w)| load_text_of(i, w)).collect::<String>();
        for (t, cap) in caps.iter().enumerate() {
            let reserve = |which: f64, sum: f64, most: f64| if which > 0.0 { which / sum.max(1.0) * most } else { 0.0 };
            let sums = tenants.iter().fold((0.0, 0.0), |s: (f64, f64), p| (s.0 + p.0, s.1 + p.1));
            let read = cap.max(reserve(tenants[t].0, sums.0, 25e9) * 1.01);
            let write = cap.max(reserve(tenants[t].1, sums.1, 12e9) * 1.01);
            let head = format!("[storage.s.tenant.t{t}]\n");
            text = text.replace(&head, &format!("{head}read_cap = \"{read} B/s\"\nwrite_cap = \"{write} B/s\"\n"));
        }
        let (m, _) = audited(&plan_with(&text, &[]), 0, 100);
        for (at, measure) in ["read_rate", "write_rate"].into_iter().enumerate() {
            let of = |name: &str| value(&m, &format!("{name}.{measure}")).unwrap();
            let present = |t: &usize| m.kpis.iter().any(|(n, _)| *n == format!("tenant.t{t}.{measure}"));
            let lanes: f64 = (0..TENANTS).filter(present).map(|t| of(&format!("tenant.t{t}"))).sum();
            let nobody: f64 = works.iter().enumerate().filter(|(_, w)| w.tenant.is_none() && w.pattern != 1 - at).map(|(i, w)| {
                let share = if w.pattern == 2 { [0.6, 0.4][at] } else { 1.0 };
                share * value(&m, &format!("io.w{i}.rate")).unwrap_or(0.0) * ((w.starts + w.runs).min(100.0) - w.starts) / 100.0
            }).sum();
            let system = of("storage.s");
            prop_assert!((lanes + nobody - system).abs() <= 1e-6 * system + 1.0, "{measure}: {lanes} + {nobody} is not {system}");
        }
        for (t, cap) in caps.iter().enumerate() {
            let key = format!("tenant.t{t}.read_rate");
            if tenants[t].0 <= 0.0 && m.kpis.iter().any(|(n, _)| *n == key) {
                prop_assert!(value(&m, &key).unwrap() <= cap * (1.0 + 1e-9));
            }
        }
    }

    /// Saturating tenants get their shares, whatever the number of clients and works of each; nobody's count as share 1.
    #[test]
    fn tenants_get_the_ratio_of_their_shares(
        shares in prop::collection::vec(0.05..20.0_f64, 2..5), clients in prop::collection::vec((1..60_u32, 1..60_u32), 5), nobody in any::<bool>(),
    ) {
        let mut text = format!("horizon = \"20 s\"\n{HEAD}[storage.s]\n{SOLD}");
        let mut total: f64 = shares.iter().sum();
        for (t, (share, n)) in shares.iter().zip(&clients).enumerate() {
            text += &format!("[tenant.t{t}]\nshare = {share}\n");
            for (w, n) in [n.0, n.1].into_iter().enumerate() {
                text += &format!("[work.w{t}-{w}]\nkind = \"io\"\nstorage = \"s\"\ntenant = \"t{t}\"\npattern = \"read\"\nclients = {n}\nqueue_depth = 4096\n");
            }
        }
        if nobody {
            total += 1.0;
            text += "[work.n]\nkind = \"io\"\nstorage = \"s\"\npattern = \"read\"\nclients = 7\nqueue_depth = 4096\n";
        }
        let (m, _) = audited(&plan_with(&text, &[]), 0, 20);
        for (t, share) in shares.iter().enumerate() {
            let rate = value(&m, &format!("tenant.t{t}.read_rate")).unwrap();
            let ideal = 500e6 * 16.0 * share / total;
            prop_assert!((rate / ideal - 1.0).abs() < 1e-6, "t{t}: {rate}, its share is {ideal}");
        }
    }

    /// What the check of reserves takes for the limit of a system is what it carries: a reserve just below is accepted
    /// and met, one just above is refused.
    #[test]
    fn reserves_fit_up_to_what_a_system_carries(
        kind in 0..4_usize, units in 2..30_u32, read in any::<bool>(), copies in 1.0..3.0_f64, reduction in 1.0..4.0_f64, raw in any::<bool>(),
        client in 1.0..1.3_f64, internal in 1.0..1.3_f64,
    ) {
        let migration = if raw { "raw" } else { "reduced" };
        let inner = format!("buffer_copies = {copies}\nreduction = {reduction}\nmigration_read = \"{migration}\"\n");
        let over = format!("client_overhead = {client}\ninternal_overhead = {internal}\n");
        let system = match kind {
            0 => format!("system = \"vast-ebox-z3-highmem-88\"\nnodes = {units}\nbuffer = \"1 MB\"\n{inner}{over}"),
            1 => format!("system = \"shared-everything-racks\"\nheads = {units}\nenclosures = {}\nbuffer = \"1 MB\"\n{inner}{over}", units + 3),
            2 => format!("system = \"azure-blob\"\naccounts = {units}\nclient_overhead = {client}\n"),
            _ => format!("system = \"azure-managed-lustre-250\"\ncapacity = \"{} TiB\"\n", 16 * units),
        };
        let word = if read { "read" } else { "write" };
        let text = format!("horizon = \"20 s\"\n{HEAD}[storage.s]\nsite = \"a\"\n{system}");
        let load = format!("[work.w]\nkind = \"io\"\nstorage = \"s\"\npattern = \"{word}\"\nclients = {}\nio_size = \"8 MiB\"\nqueue_depth = 4096\n", 40 * units);
        let carries = kpi(&run(&plan_with(&(text.clone() + &load), &[])), &format!("storage.s.{word}_rate"));
        let reserved = |share: f64| {
            format!("{text}[storage.s.tenant.t]\n{word}_reserve = \"{} B/s\"\n[tenant.t]\n{load}tenant = \"t\"\n", carries * share)
        };
        let (m, _) = audited(&plan_with(&reserved(1.0 - 1e-6), &[]), 0, 20);
        prop_assert!(met(&m, "tenant.t").unwrap() > 1.0 - 1e-6);
        prop_assert!(errors(&reserved(1.0 + 1e-6)).contains("E0514"));
    }
}

/// A node is lost for good: what is left of the reserve is 9/10 of it, all that is left of the system goes on, and the
/// time counts as not met.
/// Two tenants of equal shares on 8 GB/s each way: a thousand writers, or readers, of 1 MB/s cost their tenant 1 GB/s where
/// they meet its readers and nothing where they do not.
#[test]
fn light_clients_cost_their_tenant_what_they_take() {
    let of = |pattern: &str| {
        let load = |name: &str, tenant: &str, rest: &str| {
            format!(
                "[work.{name}]\nkind = \"io\"\nstorage = \"s\"\ntenant = \"{tenant}\"\nqueue_depth = 4096\n{rest}\n"
            )
        };
        let text = format!("horizon = \"20 s\"\n{HEAD}[storage.s]\n{SOLD}[tenant.one]\n[tenant.two]\n")
            + &load("a", "one", "pattern = \"read\"\nclients = 300")
            + &load("b", "two", "pattern = \"read\"\nclients = 3")
            + &load("c", "two", &format!("pattern = \"{pattern}\"\nclients = 1000\nrate = \"1 GB/s\""));
        let (m, _) = audited(&plan_with(&text, &[]), 0, 20);
        ["io.a.rate", "io.b.rate", "io.c.rate"].map(|name| value(&m, name).unwrap() / 1e9)
    };
    for (pattern, expected) in [("read", [4.0, 3.0, 1.0]), ("write", [4.0, 4.0, 1.0])] {
        for (rate, by_hand) in of(pattern).into_iter().zip(expected) {
            assert!((rate / by_hand - 1.0).abs() < 1e-6, "{pattern}: {rate}, by hand {by_hand}");
        }
    }
}

#[test]
fn a_lost_node_shrinks_reserves_in_proportion() {
    let text = format!(
        "horizon = \"400 s\"\n{HEAD}[storage.s]\nsite = \"a\"\nsystem = \"vast-ebox-z3-highmem-88\"\nnodes = 10\nnic = \"100 Gbps\"\n\
         media_read = \"1 TB/s\"\noperations = \"1 Gop/s\"\nclient_overhead = 1\ninternal_overhead = 1\nfailures = true\n\
         device_loss_rate = \"0/year\"\nnode_loss_rate = \"2/h\"\nnode_replacement = \"1 h\"\nrebuild_delay = \"0 s\"\n\
         [storage.s.tenant.low]\nread_reserve = \"30 GB/s\"\n[storage.s.tenant.high]\nread_reserve = \"20 GB/s\"\n[tenant.low]\n[tenant.high]\n\
         [work.l]\nkind = \"io\"\nstorage = \"s\"\ntenant = \"low\"\npattern = \"read\"\nclients = 20\npriority = 1\n\
         [work.h]\nkind = \"io\"\nstorage = \"s\"\ntenant = \"high\"\npattern = \"read\"\nclients = 20\npriority = 9\n"
    );
    let (m, _) = audited(&plan_with(&text, &["seed=11"]), 0, 400);
    let lost = value(&m, "storage.s.node_losses").unwrap();
    assert!(lost >= 1.0, "{lost}");
    let met = value(&m, "tenant.low.reserve_met.fraction").unwrap();
    assert!(met > 0.0 && met < 1.0, "{met}");
    assert!(m.notes.iter().any(|note| note.starts_with("tenant.low: for ")), "{:?}", m.notes);
    // A node's 12.5 GB/s carry 1.9 crossings of a read (a hop to 9 of 10 peers, then to the client); nobody reads what is
    // missing, because nothing is held. The flood takes all that is left, so both follow the nodes in service.
    let [low, high] = ["low", "high"].map(|t| value(&m, &format!("tenant.{t}.read_rate")).unwrap());
    assert!(low < 30e9 && low > 30e9 * (1.0 - lost / 10.0), "in proportion, not to nothing: {low}");
    close(high / low, (125.0 / 1.9 - 30.0) / 30.0, "the rest");
}

/// A cap is a resource of its own with its name as the cause, and no saturation of the system.
#[test]
fn a_cap_is_a_cause_of_its_own_and_no_saturation() {
    let text = format!(
        "horizon = \"20 s\"\n{HEAD}[storage.s]\n{SOLD}[storage.s.tenant.t]\nread_cap = \"2 GB/s\"\nops_cap = \"1 kop/s\"\n[tenant.t]\n\
         [work.w]\nkind = \"io\"\nstorage = \"s\"\ntenant = \"t\"\npattern = \"read\"\nclients = 3\n"
    );
    for (size, rate, cause) in [("8 MiB", 2e9, "read-cap"), ("1 MB", 1e9, "ops-cap")] {
        let results = run(&plan_with(&text, &[&format!("work.w.io_size=\"{size}\"")]));
        close(kpi(&results, "tenant.t.read_rate"), rate, cause);
        let held = results.bottlenecks.iter().find(|b| b.work == "w").unwrap();
        assert_eq!(held.cause, format!("tenant.t.s.{cause}"));
        let row = results.kpis.iter().find(|k| k.name == "storage.s.read_efficiency_of_provisioned").unwrap();
        assert!(row.mean.is_none() && row.reason.as_ref().unwrap().contains("never saturated"), "{row:?}");
    }
}

/// Operations are reserved too: small reads of a tenant under large ones of a higher priority.
#[test]
fn operations_are_reserved() {
    let text = format!(
        "horizon = \"20 s\"\n{HEAD}[storage.s]\n{SOLD}operations = \"10 kop/s\"\n[storage.s.tenant.t]\nops_reserve = \"4 kop/s\"\n[tenant.t]\n\
         [work.small]\nkind = \"io\"\nstorage = \"s\"\ntenant = \"t\"\npattern = \"read\"\nclients = 3\nio_size = \"4 KiB\"\npriority = 1\nqueue_depth = 4096\n\
         [work.large]\nkind = \"io\"\nstorage = \"s\"\npattern = \"read\"\nclients = 30\nio_size = \"64 KiB\"\npriority = 9\nqueue_depth = 4096\n"
    );
    let results = run(&plan_with(&text, &[]));
    close(kpi(&results, "tenant.t.ops_rate"), 4000.0, "reserved");
    close(kpi(&results, "io.large.ops_rate"), 6000.0, "what is left");
    close(kpi(&results, "tenant.t.reserve_met.fraction"), 1.0, "met");
}

/// A reserve follows those who can use it as they come and go; shares do, too.
#[test]
fn a_reserve_is_split_anew_when_claims_come_and_go() {
    let load = |name: &str, rest: &str| {
        format!("[work.{name}]\nkind = \"io\"\nstorage = \"s\"\npattern = \"read\"\nqueue_depth = 4096\n{rest}")
    };
    let text = format!(
        "horizon = \"30 s\"\n{HEAD}[storage.s]\n{SOLD}[storage.s.tenant.t]\nread_reserve = \"6 GB/s\"\n[tenant.t]\n"
    ) + &load("flood", "clients = 10\npriority = 9\n")
        + &load("first", "clients = 1\ntenant = \"t\"\npriority = 1\n")
        + &load("second", "clients = 5\ntenant = \"t\"\npriority = 1\nstarts = \"10 s\"\nends = \"20 s\"\n");
    let results = run(&plan_with(&text, &[]));
    close(kpi(&results, "tenant.t.read_rate"), 6e9, "the tenant");
    close(kpi(&results, "io.second.rate"), 5e9, "five of six claims");
    close(kpi(&results, "io.first.rate"), (6e9 + 1e9 + 6e9) / 3.0, "the first, then one of six, then alone again");
}

/// A copy has its tenant's caps on both systems, and knows them when it says how fast it would be alone.
#[test]
fn a_copy_keeps_to_the_caps_of_both_ends() {
    let text = format!(
        "horizon = \"1 h\"\n{HEAD}[storage.s]\n{SOLD}[storage.d]\n{SOLD}[storage.d.view.in]\nwrite_cap = \"1 GB/s\"\n[storage.s.tenant.t]\nread_cap = \"3 GB/s\"\n[tenant.t]\n\
         [work.c]\nkind = \"copy\"\nfrom = \"s\"\nto = \"d\"\nbytes = \"600 GB\"\ntenant = \"t\"\nto_view = \"in\"\n"
    );
    let results = run(&plan_with(&text, &[]));
    close(kpi(&results, "transfer.c.time"), 600.0, "at the cap of the view");
    close(kpi(&results, "transfer.c.slowdown"), 1.0, "alone it is no faster");
    let results = run(&plan_with(&text.replace("1 GB/s", "5 GB/s"), &[]));
    close(kpi(&results, "transfer.c.time"), 200.0, "at the cap of the tenant");
}

#[test]
fn bad_limits_are_refused_with_place_and_hint() {
    let base = format!(
        "horizon = \"20 s\"\n{HEAD}[storage.s]\n{SOLD}[storage.s.tenant.t]\nread_reserve = \"6 GB/s\"\nread_cap = \"7 GB/s\"\n\
         [storage.s.view.v]\nread_reserve = \"1 GB/s\"\n[tenant.t]\n[work.w]\nkind = \"io\"\nstorage = \"s\"\ntenant = \"t\"\nview = \"v\"\npattern = \"read\"\nclients = 3\n"
    );
    plan_with(&base, &[]);
    let refused = |from: &str, to: &str, words: &[&str]| {
        let text = errors(&base.replace(from, to));
        for word in words {
            assert!(text.contains(word), "{word} is not in:\n{text}");
        }
    };
    refused("7 GB/s", "5 GB/s", &["E0514", "below the 6 GB/s that are reserved", "t.toml:14:12", "raise the cap"]);
    refused("1 GB/s", "3 GB/s", &["E0514", "do not fit", "'egress'", "t.toml:16:16", "lower the reserves"]);
    refused("tenant = \"t\"", "tenant = \"tt\"", &["E0301", "tenant 'tt' is not defined", "did you mean 't'"]);
    refused("view = \"v\"", "view = \"w\"", &["E0301", "view 'w' is not defined", "views of 's'"]);
    refused("[storage.s.tenant.t]", "[storage.s.tenant.u]", &["E0301", "tenant 'u' is not defined"]);
    refused("6 GB/s", "-6 GB/s", &["E0203"]);
    refused("6 GB/s", "6 GB", &["GB/s"]);
    refused("clients = 3", "clients = 3\nio_size = \"16 B\"", &["E0514", "'operations'"]);
}
