//! Small networks whose failures can be worked out by hand.

use super::super::results::RunResults;
use super::super::results::what_if::WhatIf;
use super::super::{RunOptions, run};
use crate::scenario::load_text;

/// A triangle of 8 Gbps links; a copy of 1 TB each from a to b (direct) and from a to c (direct).
const TRIANGLE: &str = r#"
    format = 1
    horizon = "1 h"
    replications = 1
    what_if = ["links", "groups", "sites"]
    site.a = {}
    site.b = {}
    site.c = {}
    [wan]
    failures = false
    setup_rtts = 0
    [link.ab]
    between = ["a", "b"]
    capacity = "8 Gbps"
    rtt = "10 ms"
    framing = 1.0
    risk_group = ["duct"]
    [link.ac]
    between = ["a", "c"]
    capacity = "8 Gbps"
    rtt = "10 ms"
    framing = 1.0
    risk_group = ["duct"]
    [link.bc]
    between = ["b", "c"]
    capacity = "8 Gbps"
    rtt = "10 ms"
    framing = 1.0
    [risk_group.duct]
    mtbf = { exponential = { mean = "20 min" } }
    cut_repair = "2 min"
    [storage.at-a]
    site = "a"
    system = "azure-blob"
    capacity = "1 PB"
    [storage.at-b]
    site = "b"
    system = "azure-blob"
    capacity = "1 PB"
    [storage.at-c]
    site = "c"
    system = "azure-blob"
    capacity = "1 PB"
    [work.to-b]
    kind = "copy"
    from = "at-a"
    to = "at-b"
    bytes = "1 TB"
    [work.to-c]
    kind = "copy"
    from = "at-a"
    to = "at-c"
    bytes = "1 TB"
"#;

fn study(overrides: &[&str]) -> (RunResults, WhatIf) {
    let overrides: Vec<String> = overrides.iter().map(|o| (*o).to_owned()).collect();
    let (plan, _) = load_text("triangle.toml", TRIANGLE, &overrides).expect("a sound plan");
    let results = run(&plan, &RunOptions { threads: Some(2), ..RunOptions::quiet() }).expect("a run");
    let study = results.what_if.clone().expect("a study");
    (results, study)
}

/// Value of a cost of a work under a failure, and without one.
fn cost(study: &WhatIf, failed: &str, kpi: &str) -> (Option<f64>, Option<f64>) {
    let row = study.failures.iter().find(|row| row.failed == failed).expect("the failure is studied");
    let cost = row.works.iter().find(|cost| cost.kpi == kpi).expect("the KPI is compared");
    (cost.base, cost.value)
}

#[test]
fn the_failures_are_all_links_groups_and_sites() {
    let (_, all) = study(&[]);
    let failed: Vec<&str> = all.failures.iter().map(|row| row.failed.as_str()).collect();
    assert_eq!(failed, ["link.ab", "link.ac", "link.bc", "risk_group.duct", "site.a", "site.b", "site.c"]);
    let (_, pairs) = study(&["what_if=[\"pairs\"]"]);
    let failed: Vec<&str> = pairs.failures.iter().map(|row| row.failed.as_str()).collect();
    assert_eq!(failed, ["link.ab + link.ac", "link.ab + link.bc", "link.ac + link.bc"]);
}

/// 1 GB/s each way: 1000 s and half a round trip alone; over the one link left both copies share, and take twice as long.
#[test]
fn a_failed_link_makes_the_two_copies_share_the_other() {
    let (_, study) = study(&[]);
    for failed in ["link.ab", "link.ac"] {
        for work in ["to-b", "to-c"] {
            let (base, value) = cost(&study, failed, &format!("transfer.{work}.rate"));
            let (base, value) = (base.unwrap(), value.unwrap());
            assert!((base / 1e9 - 1.0).abs() < 1e-4, "{base}");
            assert!((value / 5e8 - 1.0).abs() < 1e-4, "{value}");
        }
    }
    let row = &study.failures[0];
    assert_eq!(row.worst_link.as_deref(), Some("link.ac.a-to-c"));
    // Both terabytes, 2000 s of the hour at the full rate.
    assert!((row.worst_utilisation.unwrap() - 2000.0 / 3600.0).abs() < 1e-9);
    // The detour of the other copy: its terabyte alone crosses b-c.
    let detour = study.links.iter().find(|row| row.link == "link.bc.c-to-b").expect("a direction");
    assert_eq!(detour.culprits[0].0, "link.ab");
    assert!((detour.culprits[0].1 - 1000.0 / 3600.0).abs() < 1e-9);
}

#[test]
fn a_site_that_is_cut_off_leaves_no_rate_and_a_reason() {
    let (_, study) = study(&[]);
    for failed in ["risk_group.duct", "site.a"] {
        assert_eq!(cost(&study, failed, "transfer.to-b.rate").1, Some(0.0));
        assert_eq!(cost(&study, failed, "transfer.to-b.slowdown").1, None);
    }
    let row = study.failures.iter().find(|row| row.failed == "site.a").expect("studied");
    let slowdown = row.works.iter().find(|cost| cost.kpi == "transfer.to-c.slowdown").expect("compared");
    assert!(slowdown.reason.is_some() && slowdown.harm == Some(f64::INFINITY));
    // The worst comes first, and the site that carries none of the copy is not among the culprits.
    let to_b = study.works.iter().find(|row| row.work == "to-b").expect("a work");
    assert_eq!(to_b.kpi, "transfer.to-b.rate");
    assert!((to_b.culprits[0].2 - 1.0).abs() < 1e-12);
    assert!(to_b.culprits.iter().all(|(failed, ..)| failed != "link.bc" && failed != "site.c"));
}

#[test]
fn the_worst_utilisation_is_a_kpi_with_its_culprit() {
    let (results, study) = study(&[]);
    let kpi = results.kpis.iter().find(|kpi| kpi.name == "wan.worst_utilisation").expect("the KPI");
    let most = study.failures.iter().filter_map(|row| row.worst_utilisation).fold(0.0, f64::max);
    assert_eq!(kpi.mean, Some(most));
    assert_eq!(kpi.ci95, Some([most, most]), "nothing in this plan is random");
    let culprit = kpi.reason.as_deref().expect("a culprit");
    assert!(culprit.starts_with("link.a") && culprit.contains(" with link.a"), "{culprit}");
    assert!(results.kpis.is_sorted_by(|a, b| a.name < b.name));
}

/// Random cuts of the other links are the same with and without the failure, so a failure that touches nobody changes
/// nothing at all, in any replication.
#[test]
fn a_failure_that_nobody_feels_changes_nothing() {
    let (results, study) =
        study(&["wan.failures=true", "what_if=[\"links\"]", "replications=4", "work.to-c.bytes=\"1 GB\""]);
    let spread = results.kpis.iter().find(|kpi| kpi.name == "link.ab.downtime").and_then(|kpi| kpi.ci95).expect("cuts");
    assert!(spread[1] > spread[0], "cuts are random here");
    let row = study.failures.iter().find(|row| row.failed == "link.bc").expect("studied");
    let cost = row.works.iter().find(|cost| cost.kpi == "transfer.to-b.rate").expect("compared");
    assert_eq!((cost.harm, cost.change_ci95), (Some(0.0), Some([0.0, 0.0])));
}

#[test]
fn more_threads_give_the_same_study() {
    let (plan, _) = load_text("triangle.toml", TRIANGLE, &["replications=3".to_owned()]).expect("a plan");
    let of =
        |threads| run(&plan, &RunOptions { threads: Some(threads), ..RunOptions::quiet() }).expect("a run").what_if;
    assert_eq!(of(1), of(2));
}

/// A square a-b-c-d of 100 Gb/s with a demand of 60 Gb/s from a to c and 30 Gb/s from b to c.
const SQUARE: &str = r#"
    format = 1
    horizon = "2 d"
    replications = 3
    what_if = ["links", "sites"]
    site.a = {}
    site.b = {}
    site.c = {}
    site.d = {}
    wan.failures = false
    link.ab = { between = ["a", "b"], capacity = "100 Gbps", rtt = "10 ms" }
    link.bc = { between = ["b", "c"], capacity = "100 Gbps", rtt = "10 ms" }
    link.cd = { between = ["c", "d"], capacity = "100 Gbps", rtt = "15 ms" }
    link.da = { between = ["d", "a"], capacity = "100 Gbps", rtt = "15 ms" }
    demand.ac = { from = "a", to = "c", rate = "60 Gbps" }
    demand.bc = { from = "b", to = "c", rate = "30 Gbps" }
"#;

fn square(overrides: &[&str]) -> (RunResults, WhatIf) {
    let overrides: Vec<String> = overrides.iter().map(|o| (*o).to_owned()).collect();
    let (plan, _) = load_text("square.toml", SQUARE, &overrides).expect("a sound plan");
    let results = run(&plan, &RunOptions { threads: Some(2), ..RunOptions::quiet() }).expect("a run");
    let study = results.what_if.clone().expect("a study");
    (results, study)
}

fn near(seen: f64, by_hand: f64) {
    assert!((seen - by_hand).abs() <= 1e-9 * by_hand.abs().max(1.0), "{seen}, by hand {by_hand}");
}

const GBPS: f64 = 0.125e9;

#[test]
fn demand_alone_is_studied_without_simulation() {
    let (results, study) = square(&[]);
    assert!(!study.simulated);
    let row = |failed: &str| study.failures.iter().find(|row| row.failed == failed).expect("studied").clone();
    // Unfailed: a-b 60 %, b-c 90 %. Without b-c: a to c over d, b to c over a and d, 90 % there.
    let base = study.links.iter().find(|row| row.link == "link.bc.b-to-c").expect("a direction");
    near(base.base, 0.9);
    let cut = row("link.bc");
    assert_eq!(cut.worst_link.as_deref(), Some("link.cd.d-to-c"));
    near(cut.worst_utilisation.expect("loaded"), 0.9);
    near(cut.unserved, 0.0);
    let detour = cut.latency.expect("a detour");
    assert_eq!(detour.pair, "b-to-c");
    near(detour.before, 0.010);
    near(detour.after, 0.040);
    // Without c nothing has a way; without b only its own demand has none.
    near(row("site.c").unserved, 90.0 * GBPS);
    near(row("site.b").unserved, 30.0 * GBPS);
    let kpi = |name: &str| results.kpis.iter().find(|k| k.name == name).expect("the KPI").clone();
    near(kpi("wan.unserved").mean.expect("a value"), 90.0 * GBPS);
    near(kpi("wan.worst_utilisation").mean.expect("a value"), 0.9);
    assert!(results.events < 100, "{} events: no failure was simulated", results.events);
}

/// 80 and 60 Gb/s on one link of 100: fair sharing gives 50 and 50, so 40 of 140 are not delivered, and 140 % are offered.
#[test]
fn an_overload_is_shared_as_the_simulation_would() {
    let rates = ["demand.ac.rate=\"80 Gbps\"", "demand.bc.rate=\"60 Gbps\"", "what_if=[\"links\"]"];
    let (results, study) = square(&rates);
    let calm = results.kpis.iter().find(|k| k.name == "demand.ac.unserved").and_then(|k| k.mean).expect("a value");
    near(calm, 30.0 * GBPS);
    let cut = study.failures.iter().find(|row| row.failed == "link.cd").expect("studied");
    near(cut.worst_utilisation.expect("loaded"), 1.4);
    near(cut.unserved, 40.0 * GBPS);
    let first = [rates[0], rates[1], rates[2], "demand.bc.priority=9"];
    let cut = square(&first).1.failures.into_iter().find(|row| row.failed == "link.cd").expect("studied");
    near(cut.unserved, 40.0 * GBPS);
}

/// The peak is the hour of the highest sum, in the grown second day.
#[test]
fn demand_is_studied_at_its_peak() {
    let (_, study) = square(&[
        "demand.ac.day=[{ at = \"8 h\", share = \"100 %\" }, { at = \"20 h\", share = \"50 %\" }]",
        "demand.ac.growth=\"10 %\"",
        "demand.ac.growth_every=\"1 d\"",
    ]);
    let cut = study.failures.iter().find(|row| row.failed == "link.cd").expect("studied");
    near(cut.utilisation_at_s.expect("an instant"), 32.0 * 3600.0);
    // Shares of 50 % and 100 %, on both days.
    assert_eq!(study.spans, Some(4));
    let base = study.links.iter().find(|row| row.link == "link.ab.a-to-b").expect("a direction");
    near(base.base, 0.66);
}

/// With a work beside them demands are simulated, and the peak is said beside the means.
#[test]
fn works_and_demand_are_simulated_together() {
    let text = format!(
        "{SQUARE}\nwork.c = {{ kind = \"io\", storage = \"s\", site = \"a\", pattern = \"read\", clients = 1, rate = \"1 GB/s\" }}\n\
        storage.s = {{ site = \"c\", system = \"azure-blob\", capacity = \"1 PB\" }}\n"
    );
    let (plan, _) = load_text("both.toml", &text, &[]).expect("a sound plan");
    let results = run(&plan, &RunOptions { threads: Some(2), ..RunOptions::quiet() }).expect("a run");
    let study = results.what_if.expect("a study");
    assert!(study.simulated && study.spans == Some(1));
    let cut = study.failures.iter().find(|row| row.failed == "link.bc").expect("studied");
    near(cut.offered.as_ref().expect("demand").value, 0.9);
    assert!(cut.works.iter().any(|cost| cost.kpi == "io.c.rate"));
    let island = study.failures.iter().find(|row| row.failed == "site.c").expect("studied");
    assert!(island.unserved > 89.0 * GBPS && island.works[0].value.is_none_or(|rate| rate < 1.0));
}

/// A WAN edge of 50 Gb/s holds back 90 Gb/s to c under every failure that leaves c a link.
#[test]
fn a_narrow_edge_is_seen() {
    let (_, study) = square(&["site.c.wan_edge=\"50 Gbps\"", "what_if=[\"links\"]", "replications=1"]);
    assert!(study.simulated);
    let cut = study.failures.iter().find(|row| row.failed == "link.ab").expect("studied");
    near(cut.unserved, 40.0 * GBPS);
}
