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
