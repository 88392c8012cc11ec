//! What lies on a system over time: ingest, retention, snapshots, checkpoints kept, quotas, dates. By hand.

#[path = "world_support/audit.rs"]
mod audit;
#[path = "world_support/small.rs"]
mod small;
#[path = "world_support/value.rs"]
mod value;
mod world_support;

use apollo_sim::experiment::results::RunResults;
use audit::audited;
use small::SMALL;
use value::value;
use world_support::{kpi, plan_with, run};

/// 100 TB of which 10 TB are taken, and 1 GB/s that stays.
fn filling(storage: &str, work: &str) -> String {
    format!(
        r#"
format = 1
start = 2026-01-05
horizon = "30 h"
warmup = "0 s"
replications = 1
[site.lab]
[storage.box]
site = "lab"
system = "nvme-node"
nodes = 10
capacity = "100 TB"
holds = "10 TB"
{storage}
[work.in]
kind = "io"
storage = "box"
pattern = "write"
clients = 4
ingest = true
{work}
"#
    )
}

const PACE: &str = "rate = \"1 GB/s\"";

fn close(seen: f64, expected: f64, what: &str) {
    assert!((seen / expected - 1.0).abs() <= 1e-6, "{what}: {seen}, by hand {expected}");
}

fn simulate(text: &str) -> RunResults {
    run(&plan_with(text, &[]))
}

/// Seconds after the start of 2026-01-05.
fn date(results: &RunResults, name: &str) -> f64 {
    let start = jiff::civil::date(2026, 1, 5).duration_since(jiff::civil::date(1970, 1, 1)).as_secs_f64();
    kpi(results, &format!("storage.box.{name}")) - start
}

#[test]
fn a_system_fills_is_full_on_its_date_and_refuses_the_rest() {
    let text = filling("lead_time = \"6 h\"\norder_for = \"100 h\"\nquota = { soft = \"46 TB\" }", PACE);
    let results = simulate(&text);
    close(date(&results, "full_date_80"), 70_000.0, "80 %");
    close(date(&results, "full_date_90"), 80_000.0, "90 %");
    close(date(&results, "full_date"), 90_000.0, "full");
    close(date(&results, "order_by"), 90_000.0 - 21_600.0, "order");
    close(date(&results, "soft_quota_date"), 36_000.0, "soft quota");
    // Refused or not: 1 GB/s for 100 hours.
    close(kpi(&results, "storage.box.order_amount"), 360e12, "amount of the order");
    close(kpi(&results, "storage.box.used"), 100e12, "used");
    close(kpi(&results, "storage.box.fill"), 1.0, "fill");
    close(kpi(&results, "storage.box.refused"), 18_000.0 * 1e9, "refused: five hours");
    close(kpi(&results, "io.in.refused"), 18_000.0 * 1e9, "refused of the load");
    close(kpi(&results, "storage.box.write_rate") * 108_000.0, 90e12, "accepted");
    assert!(results.warnings.iter().any(|w| w.message.contains("soft quota")), "{:?}", results.warnings);
    let quota = results.bottlenecks.iter().find(|b| b.work == "in" && b.cause == "quota").unwrap();
    close(quota.share, 18_000.0 / 108_000.0, "time refused");
}

/// Writes are refused at the hard quota: the dates are its dates, and nothing is reached beyond it.
#[test]
fn a_hard_quota_below_the_capacity_sets_the_dates() {
    let quota = "lead_time = \"6 h\"\norder_for = \"100 h\"\nquota = { hard = \"40 TB\" }";
    let results = simulate(&filling(quota, PACE));
    close(date(&results, "full_date_80"), 22_000.0, "80 % of 40 TB");
    close(date(&results, "full_date_90"), 26_000.0, "90 % of 40 TB");
    close(date(&results, "full_date"), 30_000.0, "the quota");
    close(date(&results, "order_by"), 30_000.0 - 21_600.0, "order");
    close(kpi(&results, "storage.box.order_amount"), 360e12, "1 GB/s for 100 hours");
    close(kpi(&results, "storage.box.refused"), 78_000.0 * 1e9, "from the date on");
    close(kpi(&results, "storage.box.fill"), 0.4, "of the capacity");
    // Beyond the horizon too, and as with a system of that capacity.
    let slow = simulate(&filling(quota, "rate = \"100 MB/s\""));
    close(date(&slow, "full_date"), 300_000.0, "projected");
    let small = filling(quota, "rate = \"100 MB/s\"").replace("capacity = \"100 TB\"", "capacity = \"40 TB\"");
    for mark in ["full_date_80", "full_date_90", "full_date", "order_by"] {
        close(date(&slow, mark), date(&simulate(&small), mark), mark);
    }
}

#[test]
fn a_load_without_ingest_takes_no_space_as_before() {
    let results = simulate(&filling("", PACE).replace("ingest = true", ""));
    close(kpi(&results, "storage.box.used"), 10e12, "used");
    assert!(results.kpis.iter().all(|k| k.name != "io.in.refused"));
    let row = results.kpis.iter().find(|k| k.name == "storage.box.full_date").unwrap();
    assert!(row.mean.is_none() && row.reason.is_some());
}

#[test]
fn dates_beyond_the_horizon_are_projected() {
    let results = simulate(&filling("lead_time = \"6 h\"", "rate = \"100 MB/s\""));
    close(kpi(&results, "storage.box.growth"), 1e8, "growth");
    close(date(&results, "full_date_80"), 700_000.0, "80 %");
    close(date(&results, "full_date"), 900_000.0, "full");
    close(date(&results, "order_by"), 878_400.0, "order");
}

#[test]
fn retention_and_snapshots_bound_what_is_held() {
    let results = simulate(&filling("", &format!("{PACE}\nretention = \"10 h\"")));
    close(kpi(&results, "storage.box.used"), 46e12, "ten hours of it");
    let row = results.kpis.iter().find(|k| k.name == "storage.box.full_date").unwrap();
    assert!(row.mean.is_none(), "it does not grow any more");
    let results = simulate(&filling("snapshots = \"4 h\"", &format!("{PACE}\nretention = \"10 h\"")));
    close(kpi(&results, "storage.box.used"), 60.4e12, "fourteen hours of it");
    // A load that ends leaves when its bytes expire.
    let results = simulate(&filling("", &format!("{PACE}\nretention = \"10 h\"\nends = \"15 h\"")));
    close(kpi(&results, "storage.box.used"), 10e12, "all expired");
}

/// Refused while full, taken again when a hundredth of the limit has expired: offered is accepted plus refused.
#[test]
fn a_hard_quota_under_retention_opens_and_closes() {
    let text = filling("quota = { hard = \"40 TB\" }", &format!("{PACE}\nretention = \"10 h\""));
    let plan = plan_with(&text, &[]);
    let (m, events) = audited(&plan, 0, 500);
    let get = |name: &str| value(&m, name).unwrap();
    let accepted = get("storage.box.write_rate") * 108_000.0;
    close(accepted + get("io.in.refused"), 108e12, "offered");
    assert!(get("storage.box.used") <= 40e12 * (1.0 + 1e-9) && get("storage.box.used") > 39e12);
    assert!(get("io.in.refused") > 6e12, "from 30,000 s to 36,000 s all is refused");
    assert!(events < 2000, "{events}");
}

/// Copies and checkpoints keep to the quota too.
#[test]
fn a_copy_beyond_the_hard_quota_is_refused() {
    let more = "[storage.from]\nsite = \"lab\"\nsystem = \"nvme-node\"\nnodes = 10\n[work.c]\nkind = \"copy\"\n\
                from = \"from\"\nto = \"box\"\nbytes = \"50 TB\"\nstarts = \"1 h\"";
    let results = simulate(&(filling("quota = { hard = \"40 TB\" }", PACE) + more));
    // 10 TB are held, 3.6 TB have come in; the copy takes the remaining 26.4 TB and closes the system.
    close(kpi(&results, "transfer.c.bytes_done"), 26.4e12, "copied");
    // The rest never comes: no time of completion, and the run says so.
    for measure in ["transfer.c.time", "transfer.c.slowdown", "transfer.c.projected_finish"] {
        let row = results.kpis.iter().find(|k| k.name == measure).unwrap();
        assert!(row.mean.is_none() && row.reason.as_ref().unwrap().contains("found no room"), "{row:?}");
    }
    assert!(results.warnings.iter().any(|w| w.message.contains("found no room")), "{:?}", results.warnings);
    close(kpi(&results, "io.in.refused"), (108_000.0 - 3600.0) * 1e9, "refused of the load");
    close(kpi(&results, "storage.box.refused"), 23.6e12 + (108_000.0 - 3600.0) * 1e9, "refused");
}

#[test]
fn a_load_that_begins_on_a_full_system_is_refused_from_the_start() {
    let text = filling("quota = { hard = \"40 TB\" }", PACE)
        + "[work.late]\nkind = \"io\"\nstorage = \"box\"\npattern = \"write\"\nclients = 2\ningest = true\n\
           rate = \"2 GB/s\"\nstarts = \"20 h\"\nends = \"25 h\"";
    let results = simulate(&text);
    close(kpi(&results, "io.late.refused"), 2e9 * 18_000.0, "all of it");
    close(kpi(&results, "io.in.refused"), 1e9 * 78_000.0, "from 30,000 s on");
}

/// A rate from a law gives dates with an interval.
#[test]
fn an_uncertain_rate_gives_dates_an_interval() {
    let law = "rate = { lognormal = { median = \"100 MB/s\", p99 = \"200 MB/s\" } }";
    let results = run(&plan_with(&filling("", law), &["replications=8"]));
    let row = results.kpis.iter().find(|k| k.name == "storage.box.full_date").unwrap();
    let [low, high] = row.ci95.unwrap();
    println!("full between {low} and {high}");
    assert!(high - low > 86_400.0);
}

#[test]
fn checkpoints_kept_and_snapshots_of_those_replaced_take_space() {
    let used = |sets: &[&str]| {
        let results = run(&plan_with(SMALL, &[sets, &["replications=1"][..]].concat()));
        (kpi(&results, "storage.west-hot.used"), kpi(&results, "rl.loop.checkpoint_bytes"))
    };
    for (keep, held) in [("1", 1.0), ("2", 2.0), ("50", 3.0)] {
        let (bytes, each) = used(&[&format!("work.loop.checkpoint.keep={keep}")]);
        close(bytes, held * each, "three were written");
    }
    let (bytes, each) = used(&["storage.west-hot.snapshots=1 h"]);
    close(bytes, 3.0 * each, "snapshots keep the two that were replaced");
    let (bytes, each) = used(&["storage.west-hot.snapshots=1 s"]);
    close(bytes, each, "these are gone again");
}
