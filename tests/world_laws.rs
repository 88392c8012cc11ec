//! Laws that hold in any plan: bytes, GPUs, trajectories and time are conserved, whatever fails and whoever competes.
//! Plans are drawn at random and audited while they run; the same plans show that nothing panics and everything ends.

#[path = "world_support/audit.rs"]
mod audit;
#[path = "world_support/random_plan.rs"]
mod random_plan;
#[path = "world_support/small.rs"]
mod small;
#[path = "world_support/value.rs"]
mod value;
mod world_support;

use std::collections::BTreeMap;

use apollo_sim::model::world::Measured;
use apollo_sim::scenario::load_text;
use apollo_sim::scenario::plan::{CopyWork, Plan, WorkKind};
use apollo_sim::scenario::render_text;
use audit::audited;
use small::SMALL;
use value::value;
use world_support::{kpi, plan_with, run};

/// Most events that a plan of a quarter of an hour may take.
const MOST_EVENTS: u64 = 3_000_000;

/// Shares of causes, per work, that the aggregation would show.
fn shares(measured: &Measured) -> BTreeMap<&str, f64> {
    let mut total: BTreeMap<&str, f64> = BTreeMap::new();
    for (work, cause, seconds) in &measured.causes {
        assert!(*seconds > 0.0 && seconds.is_finite(), "{work} {cause} {seconds}");
        *total.entry(work).or_default() += seconds;
    }
    total
}

/// Everything that must hold of the numbers of one replication.
fn check_measures(plan: &Plan, m: &Measured, what: &str) {
    for (name, measure) in &m.kpis {
        if let apollo_sim::model::world::Measure::Value(v) = measure {
            assert!(v.is_finite(), "{what}: {name} is {v}");
            // What lies on a system may become less.
            assert!(*v >= -1e-9 || name.ends_with(".growth"), "{what}: {name} is {v}");
            let is_share = [".utilisation", ".fraction", "_idle", "_down", "usable_fraction"];
            if is_share.iter().any(|end| name.ends_with(end)) {
                assert!(*v <= 1.0 + 1e-9, "{what}: {name} is {v}");
            }
        }
    }
    for fleet in &plan.fleets {
        let get =
            |measure: &str| value(m, &format!("fleet.{}.{measure}", fleet.name)).expect("every plan has this KPI");
        let (installed, available) = (get("installed"), get("available"));
        assert!((installed - available - get("in_repair")).abs() < 1e-6 * installed, "{what}: {}", fleet.name);
        assert!(get("assigned") <= available * (1.0 + 1e-9), "{what}: {}", fleet.name);
        assert!(get("usable_fraction") * installed <= available * (1.0 + 1e-9), "{what}: {}", fleet.name);
    }
    for work in &plan.works {
        match &work.kind {
            WorkKind::Rl(rl) => check_loop(m, &work.name, rl.max_lag, what),
            WorkKind::Copy(copy) => check_copy(plan, m, &work.name, copy, what),
            WorkKind::Io(_) | WorkKind::Trace(_) => {}
        }
    }
    shares(m);
}

fn check_loop(m: &Measured, name: &str, max_lag: u32, what: &str) {
    let get = |measure: &str| value(m, &format!("rl.{name}.{measure}"));
    if let (Some(update), Some(idle)) = (get("update_idle"), get("generator_idle")) {
        assert!(update <= idle + 1e-9, "{what}: {name} idle {idle}, by updates {update}");
    }
    if let Some(feedback) = get("feedback_time") {
        let phases = ["transfer", "batch_wait", "step", "publish", "swap"];
        let sum: f64 =
            phases.iter().map(|p| get(&format!("feedback_time.{p}")).expect("every plan has this KPI")).sum();
        assert!((feedback - sum).abs() <= 1e-12 * feedback, "{what}: {name} phases {sum}, feedback time {feedback}");
        let cycle = get("cycle_time").expect("every plan has this KPI");
        let before = get("cycle_time.generation").expect("every plan has this KPI")
            + get("cycle_time.reward").expect("every plan has this KPI");
        assert!((cycle - before - feedback).abs() <= 1e-9 * cycle, "{what}: {name} cycle {cycle}");
        assert!(get("feedback_time.p50") <= get("feedback_time.p95"), "{what}: {name}");
        assert!(get("feedback_time.p95") <= get("feedback_time.max"), "{what}: {name}");
    }
    if let Some(lag) = get("lag.max") {
        assert!(
            lag <= f64::from(max_lag),
            "{what}: {name} consumed at a lag of {lag}, at most {max_lag} is admissible"
        );
    }
}

fn check_copy(plan: &Plan, m: &Measured, name: &str, copy: &CopyWork, what: &str) {
    let get = |kpi: String| value(m, &kpi).expect("every plan has this KPI");
    let done = get(format!("transfer.{name}.bytes_done"));
    let wanted = copy.bytes.get() * copy.to.len() as f64;
    let systems = copy.to.iter().map(|&to| &plan.storages[to].name);
    if copy.to.len() > 1 {
        let each = |system: &String| get(format!("transfer.{name}.to.{system}.bytes_done"));
        let sum: f64 = systems.clone().map(each).sum();
        assert!((sum - done).abs() <= 1e-9 * wanted, "{what}: {name} {done} in all, {sum} one by one");
    }
    // A relay passes on no more than it took, so only a copy from one to one is short by what was refused and nothing else.
    let refused = match copy.relays() {
        true => 0.0,
        false => systems.map(|system| get(format!("storage.{system}.refused"))).sum(),
    };
    assert!(done + 1e-6 * wanted >= 0.0 && done <= wanted * (1.0 + 1e-9), "{what}: {name} {done} of {wanted}");
    if value(m, &format!("transfer.{name}.time")).is_some() && !copy.relays() {
        assert!(done + refused >= wanted * (1.0 - 1e-9), "{what}: {name} ended with {done} of {wanted}");
    }
}

/// Reads, runs and audits random plans: no panic, an end, and every law on the way.
#[test]
fn random_plans_keep_every_law() {
    let (mut ran, mut events, mut loops, mut fed_back, mut refused) = (0, 0, 0, 0, 0);
    for seed in 0..150 {
        let text = random_plan::scenario(seed);
        let plan = match load_text("scenarios/random.toml", &text, &[]) {
            Ok((plan, _)) => plan,
            Err(errors) => {
                assert!(!render_text(&errors, false).is_empty());
                refused += 1;
                if std::env::var_os("SHOW_REFUSED").is_some() {
                    println!("{}", render_text(&errors, false));
                }
                continue;
            }
        };
        println!("seed {seed}");
        let (measured, took) = audited(&plan, 0, 30);
        assert!(took < MOST_EVENTS, "seed {seed} took {took} events");
        check_measures(&plan, &measured, &format!("seed {seed}"));
        for work in plan.works.iter().filter(|w| matches!(w.kind, WorkKind::Rl(_))) {
            loops += 1;
            fed_back += u32::from(value(&measured, &format!("rl.{}.feedback_time", work.name)).is_some());
        }
        ran += 1;
        events += took;
    }
    println!("{ran} plans with {events} events; {refused} refused; {fed_back} of {loops} loops closed");
    assert!(ran > 110, "only {ran} of 150 random plans are valid: the generator has drifted from the language");
    assert!(fed_back * 3 > loops, "only {fed_back} of {loops} loops ever closed");
}

/// Two sites with one link that is cut now and then, four storage systems and everything that moves bytes but a loop.
const BYTES: &str = r#"
format = 1
start = 2026-01-05
horizon = "2 h"
replications = 2
record = ["flows"]
[site.a]
[site.b]
[link.l]
between = ["a", "b"]
capacity = "400 Gbps"
waves = 4
rtt = "30 ms"
framing = "95 %"
wave_failures = "0 /1000km-year"
mtbf = { exponential = { mean = "9 min" } }
cut_repair = { exponential = { mean = "1 min" } }
[storage.hot-a]
site = "a"
system = "vast-ebox-z3-highmem-88"
nodes = 16
[storage.hot-b]
site = "b"
system = "shared-everything-racks"
enclosures = 2
[storage.small]
site = "b"
system = "azure-managed-lustre-250"
capacity = "60 TB"
[storage.base]
site = "a"
system = "azure-blob"
capacity = "10 PB"
[work.there]
kind = "copy"
from = "hot-a"
to = "hot-b"
bytes = "30 TB"
[work.back]
kind = "copy"
from = "hot-b"
to = "hot-a"
bytes = "300 TB"
[work.within]
kind = "copy"
from = "base"
to = "hot-a"
bytes = "90 TB"
starts = "10 min"
[work.cut]
kind = "copy"
from = "base"
to = "hot-b"
bytes = "500 TB"
ends = "50 min"
[work.first]
kind = "copy"
from = "hot-a"
to = "small"
bytes = "50 TB"
[work.second]
kind = "copy"
from = "hot-b"
to = "small"
bytes = "40 TB"
starts = "1 min"
[work.reads]
kind = "io"
setup_rtts = 0
storage = "hot-a"
site = "b"
pattern = "read"
clients = 3
starts = "5 min"
ends = "40 min"
[work.writes]
kind = "io"
setup_rtts = 0
storage = "hot-b"
site = "a"
pattern = "write"
clients = 3
rate = "4 GB/s"
starts = "20 min"
ends = "100 min"
[work.both]
kind = "io"
setup_rtts = 0
storage = "hot-a"
site = "b"
pattern = "mixed"
read_share = "30 %"
clients = 2
rate = "5 GB/s"
starts = "30 min"
ends = "90 min"
"#;

fn near(a: f64, b: f64, what: &str) {
    assert!((a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0), "{what}: {a} and {b}");
}

/// Bytes that leave one system are those that arrive at another, and those that crossed the link in between.
#[test]
fn bytes_are_conserved() {
    let plan = plan_with(BYTES, &[]);
    for replication in 0..2 {
        let (m, _) = audited(&plan, replication, 100);
        check_measures(&plan, &m, "bytes");
        let span = plan.horizon.as_secs_f64();
        let done = |work: &str| value(&m, &format!("transfer.{work}.bytes_done")).unwrap();
        let load = |work: &str, minutes: f64| value(&m, &format!("io.{work}.rate")).unwrap() * minutes * 60.0;
        let moved = |system: &str, way: &str| value(&m, &format!("storage.{system}.{way}_rate")).unwrap() * span;
        let (reads, writes, both) = (load("reads", 35.0), load("writes", 80.0), load("both", 60.0));
        near(moved("hot-a", "read"), done("there") + done("first") + reads + 0.3 * both, "read from hot-a");
        near(moved("hot-a", "write"), done("back") + done("within") + 0.7 * both, "written to hot-a");
        near(moved("hot-b", "read"), done("back") + done("second"), "read from hot-b");
        near(moved("hot-b", "write"), done("there") + done("cut") + writes, "written to hot-b");
        near(moved("base", "read"), done("within") + done("cut"), "read from base");
        near(moved("small", "write"), done("first") + done("second"), "written to small");
        let wire = |way: &str| value(&m, &format!("link.l.{way}.utilisation")).unwrap() * 50e9 * span;
        let there = done("there") + done("cut") + done("first") + writes + reads + 0.3 * both;
        near(wire("a-to-b") * 0.95, there, "over the link from a to b");
        near(wire("b-to-a") * 0.95, done("back") + 0.7 * both, "over the link from b to a");
        // 60 TB hold the first copy and 10 TB of the second; a copy that was cut keeps only what had come.
        near(value(&m, "storage.small.refused").unwrap(), 30e12, "refused");
        near(value(&m, "storage.small.used").unwrap(), 60e12, "used");
        near(value(&m, "storage.hot-a.used").unwrap(), done("back") + done("within"), "kept by hot-a");
        let kept = value(&m, "storage.hot-b.used").unwrap();
        assert!(done("cut") < 500e12 && value(&m, "transfer.cut.time").is_none());
        near(kept, 30e12 + done("cut"), "kept by hot-b");
    }
}

/// Every moment of a work that moves bytes has one cause: the seconds of a copy's causes are its time.
#[test]
fn causes_add_up_to_the_time_of_a_work() {
    let plan = plan_with(BYTES, &[]);
    let (m, _) = audited(&plan, 0, 10);
    let total = shares(&m);
    for work in ["there", "first"] {
        near(total[work], value(&m, &format!("transfer.{work}.time")).unwrap(), work);
    }
    assert!(value(&m, "transfer.second.time").is_none(), "30 TB of it found no room");
    near(total["reads"], 3.0 * 35.0 * 60.0, "three readers for 35 minutes");
    assert!(m.causes.iter().any(|(work, cause, _)| work == "there" && cause == "no-path"));
    let results = run(&plan);
    let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
    for cause in &results.bottlenecks {
        *sums.entry(&cause.work).or_default() += cause.share;
    }
    assert_eq!(sums.len(), 9);
    assert!(sums.values().all(|sum| (sum - 1.0).abs() < 1e-9), "{sums:?}");
    // The record has one row a flow, and the bytes of finished copies are those of their works.
    let flows = results.flows.as_ref().unwrap();
    assert_eq!(flows.len(), 6 + 3 + 3 + 2);
    assert!(flows.iter().any(|f| f.bytes.to_bits() == 30e12_f64.to_bits() && f.finish_s.is_some()));
    for flow in flows.iter().filter(|f| f.finish_s.is_some()) {
        assert!(flow.finish_s.unwrap() > flow.start_s && !flow.bottleneck.is_empty());
    }
}

/// In every bin of every series a direction carries at most its capacity, and GPUs add up.
#[test]
fn no_bin_shows_more_than_there_is() {
    for results in [run(&plan_with(BYTES, &[])), run(&plan_with(SMALL, &[]))] {
        let mut seen = 0;
        for series in &results.series {
            let (low, high) = match series.name.as_str() {
                n if n.ends_with("utilisation") || n.ends_with("efficiency") || n.ends_with("fill") => (0.0, 1.0),
                n if n.starts_with("fleet.") => {
                    let fleet = n.split('.').nth(1).unwrap();
                    (0.0, kpi(&results, &format!("fleet.{fleet}.installed")))
                }
                _ => (0.0, f64::INFINITY),
            };
            for v in series.values.iter().filter(|v| !v.is_nan()) {
                assert!(*v >= low - 1e-9 && *v <= high * (1.0 + 1e-9), "{}: {v}", series.name);
                seen += 1;
            }
        }
        assert!(seen > 2000, "{seen} values");
    }
}

/// A larger target is met at least as often; an endless one always, a vanishing one never. Late and on time, dropped
/// and censored are shares of the same trajectories.
#[test]
fn on_time_grows_with_the_target() {
    let on_time = |target: &str, lag: &str| {
        let target = format!("work.loop.feedback_target=\"{target}\"");
        let lag = format!("work.loop.max_lag={lag}");
        let results = run(&plan_with(SMALL, &[&target, &lag, "replications=1"]));
        (kpi(&results, "rl.loop.on_time.fraction"), kpi(&results, "rl.loop.dropped.fraction"))
    };
    let shares: Vec<f64> = ["1 ms", "30 s", "2 min", "5 min", "1000 h"].map(|t| on_time(t, "9999").0).to_vec();
    println!("{shares:?}");
    assert!(shares.is_sorted());
    assert!(shares[2] > 0.0 && shares[3] < 1.0);
    assert_eq!((shares[0].to_bits(), shares[4].to_bits()), (0.0_f64.to_bits(), 1.0_f64.to_bits()));
    let (on, dropped) = on_time("1000 h", "1");
    assert!(on <= 1.0 && (on - (1.0 - dropped)).abs() < 0.1 * dropped + 1e-9, "dropped ones are late: {on} {dropped}");
}

/// Whatever the number of GPUs asked for and failing, a fleet's GPUs are somewhere: random plans check it, and here a
/// fleet whose every unit fails ten times an hour.
#[test]
fn gpus_are_conserved_under_constant_failure() {
    let plan = plan_with(
        SMALL,
        &[
            "fleet.serve.failure_rate_per_8_gpus=\"20 /h\"",
            "fleet.train.failure_rate_per_8_gpus=\"5 /h\"",
            "fleet.serve.repair_reset=\"3 min\"",
            "fleet.serve.repair_swap=\"3 min\"",
            "fleet.serve.repair_rma=\"3 min\"",
            "fleet.serve.detection=\"10 s\"",
            "fleet.serve.replacement=\"10 s\"",
        ],
    );
    let (m, _) = audited(&plan, 0, 400);
    check_measures(&plan, &m, "constant failure");
    assert!(value(&m, "fleet.serve.failures").unwrap() > 500.0);
    assert!(value(&m, "fleet.serve.in_repair").unwrap() > 100.0);
    assert!(value(&m, "rl.loop.tokens_rate").unwrap() > 0.0);
}
