//! Traffic engineering in whole runs, against sums by hand.

use apollo_sim::experiment::results::RunResults;
use apollo_sim::experiment::{RunOptions, run};
use apollo_sim::scenario::load_text;

const GBPS: f64 = 0.125e9;

/// From a to b: 10 Gb/s at once, or 30 Gb/s over c, which is longer.
const TWO_WAYS: &str = r#"
    format = 1
    horizon = "16 h"
    replications = 1
    site.a = {}
    site.b = {}
    site.c = {}
    wan = { failures = false, routing = "engineered", reconvergence = "0 s" }
    link.ab = { between = ["a", "b"], capacity = "10 Gbps", rtt = "10 ms" }
    link.ac = { between = ["a", "c"], capacity = "30 Gbps", rtt = "20 ms" }
    link.cb = { between = ["c", "b"], capacity = "30 Gbps", rtt = "20 ms" }
    demand.x = { from = "a", to = "b", rate = "20 Gbps" }
"#;

fn results(text: &str, overrides: &[&str]) -> RunResults {
    let overrides: Vec<String> = overrides.iter().map(|o| (*o).to_owned()).collect();
    let (plan, _) = load_text("engineered.toml", text, &overrides).unwrap_or_else(|e| panic!("{e:?}"));
    run(&plan, &RunOptions { threads: Some(2), ..RunOptions::quiet() }).expect("a run")
}

fn kpi(run: &RunResults, name: &str) -> f64 {
    run.kpis.iter().find(|k| k.name == name).and_then(|k| k.mean).unwrap_or_else(|| panic!("{name} has a value"))
}

fn near(seen: f64, by_hand: f64) {
    assert!((seen - by_hand).abs() <= 1e-9 * by_hand.abs().max(1.0), "{seen}, by hand {by_hand}");
}

/// 65 of 130 Gb/s in two unlike links: half of each, and a target of half is met.
#[test]
fn a_target_that_is_met_exactly_is_met() {
    let text = r#"
        format = 1
        horizon = "1 h"
        replications = 1
        site.a = {}
        site.b = {}
        wan = { failures = false, routing = "engineered" }
        link.x = { between = ["a", "b"], capacity = "100 Gbps", rtt = "10 ms" }
        link.y = { between = ["a", "b"], capacity = "30 Gbps", rtt = "10 ms" }
        demand.d = { from = "a", to = "b", rate = "65 Gbps" }
        target.t = { kpi = "wan.busiest_utilisation", at_most = "50 %" }
    "#;
    let run = results(text, &["what_if=[]"]);
    for direction in ["link.x.a-to-b", "link.y.a-to-b"] {
        assert!((kpi(&run, &format!("{direction}.utilisation")) - 0.5).abs() < 1e-13);
    }
    assert_eq!(run.targets[0].verdict, apollo_sim::experiment::results::Verdict::Pass);
    let fails = results(text, &["target.t.at_most=\"49.9999 %\""]);
    assert_eq!(fails.targets[0].verdict, apollo_sim::experiment::results::Verdict::Fail);
}

/// 20 of 40 Gb/s: every link half full. With `shortest` 10 of them would not be delivered. The round trip is that of the longer way.
#[test]
fn all_ways_are_filled_alike() {
    let run = results(TWO_WAYS, &[]);
    for direction in ["link.ab.a-to-b", "link.ac.a-to-c", "link.cb.c-to-b"] {
        near(kpi(&run, &format!("{direction}.utilisation")), 0.5);
    }
    near(kpi(&run, "wan.unserved"), 0.0);
    near(kpi(&run, "demand.x.latency"), 0.020);
    near(kpi(&run, "wan.concurrent_flow"), 2.0);
    near(kpi(&results(TWO_WAYS, &["wan.routing=\"shortest\""]), "wan.unserved"), 10.0 * GBPS);
    // One way only: the wider.
    let one = results(TWO_WAYS, &["wan.engineered_ways=1"]);
    near(kpi(&one, "link.ac.a-to-c.utilisation"), 2.0 / 3.0);
}

/// A copy from a to b takes the ways of the demand there, a quarter and three quarters: with 10 Gb/s left on the one and 30 on the other of
/// twice that, 20 Gb/s. One from b to a, where no demand stands, takes the shortest.
#[test]
fn transfers_take_the_ways_of_the_demand_between_their_sites() {
    let text = TWO_WAYS.replace("10 Gbps", "20 Gbps").replace("30 Gbps", "60 Gbps")
        + r#"
        storage.at-a = { site = "a", system = "azure-blob", capacity = "10 PB" }
        storage.at-b = { site = "b", system = "azure-blob", capacity = "10 PB" }
        work.there = { kind = "copy", from = "at-a", to = "at-b", bytes = "9 PB", streams = 100000 }
        work.back = { kind = "copy", from = "at-b", to = "at-a", bytes = "9 PB", streams = 100000 }
    "#;
    let text = text.replace("wan = { ", "wan = { setup_rtts = 0, ");
    let framed: Vec<String> = ["ab", "ac", "cb"].iter().map(|l| format!("link.{l}.framing=1.0")).collect();
    let run = results(&text, &framed.iter().map(String::as_str).collect::<Vec<_>>());
    near(kpi(&run, "link.ab.a-to-b.utilisation"), 1.0);
    near(kpi(&run, "link.ac.a-to-c.utilisation"), 1.0);
    near(kpi(&run, "link.ab.b-to-a.utilisation"), 1.0);
    near(kpi(&run, "link.ac.c-to-a.utilisation"), 0.0);
}

/// From 8:00 on 20 Gb/s go from a to c as well: 40 of 40 fit, once x has moved. Until the next solution, at 14:00, both share the 30 Gb/s
/// link, of which x takes 3/4 of its rate: both 30 ÷ 1.75.
#[test]
fn solutions_are_made_at_multiples_of_their_interval() {
    let text = format!(
        "{TWO_WAYS}\ndemand.y = {{ from = \"a\", to = \"c\", rate = \"20 Gbps\", \
         day = [{{ at = \"0 h\", share = \"0 %\" }}, {{ at = \"8 h\", share = \"100 %\" }}] }}\n"
    );
    near(kpi(&results(&text, &["wan.engineered_every=\"4 h\""]), "wan.unserved") / GBPS, 0.0);
    let late = results(&text, &["wan.engineered_every=\"7 h\""]);
    near(kpi(&late, "wan.unserved") / GBPS, 2.0 * (20.0 - 30.0 / 1.75) * 6.0 / 16.0);
}

/// x has 20 Gb/s from a to b: 5 at once, 15 over d, none over c, because y needs the link from c to b: all half full. At 1 h the link to d dies, and
/// x goes on over what it has: 10 of 20. From the next solution on, at 1.5 h, 8.75 at once and 11.25 over c carry all.
#[test]
fn after_a_failure_ways_keep_their_proportion_until_the_next_solution() {
    let text = r#"
        format = 1
        horizon = "2 h"
        replications = 1
        site.a = {}
        site.b = {}
        site.c = {}
        site.d = {}
        wan = { routing = "engineered", reconvergence = "0 s", engineered_every = "90 min" }
        link.ab = { between = ["a", "b"], capacity = "10 Gbps", rtt = "10 ms", failures = false }
        link.ac = { between = ["a", "c"], capacity = "30 Gbps", rtt = "20 ms", failures = false }
        link.cb = { between = ["c", "b"], capacity = "30 Gbps", rtt = "20 ms", failures = false }
        link.ad = { between = ["a", "d"], capacity = "30 Gbps", rtt = "20 ms", mtbf = "1 h", cut_repair = "100 d", wave_failures = "0 /1000km-year" }
        link.db = { between = ["d", "b"], capacity = "30 Gbps", rtt = "20 ms", failures = false }
        demand.x = { from = "a", to = "b", rate = "20 Gbps" }
        demand.y = { from = "c", to = "b", rate = "15 Gbps" }
    "#;
    let run = results(text, &[]);
    near(kpi(&run, "demand.x.unserved") / GBPS, 10.0 * 0.5 / 2.0);
    near(kpi(&run, "demand.y.unserved"), 0.0);
    near(kpi(&run, "link.ab.a-to-b.utilisation"), (0.5 * 1.0 + 1.0 * 0.5 + 0.875 * 0.5) / 2.0);
    near(kpi(&run, "link.ad.a-to-d.utilisation"), 0.5 * 1.0 / 2.0);
    // While the failure is not known, the half on living ways moves: a quarter of 20 for 6 minutes.
    let late = results(text, &["wan.reconvergence=\"6 min\""]);
    near(kpi(&late, "demand.x.unserved") / GBPS, (15.0 * 0.1 + 10.0 * 0.4) / 2.0);
}

/// 40 Gb/s fit. The 30 of high priority are served, and half of the 20 of low.
#[test]
fn a_higher_priority_is_served_first() {
    let run = results(
        &format!("{TWO_WAYS}\ndemand.z = {{ from = \"a\", to = \"b\", rate = \"30 Gbps\", priority = 7 }}\n"),
        &[],
    );
    near(kpi(&run, "demand.z.unserved"), 0.0);
    near(kpi(&run, "demand.x.unserved") / GBPS, 10.0);
    near(kpi(&run, "wan.priority.7.concurrent_flow"), 40.0 / 30.0);
    near(kpi(&run, "wan.priority.5.concurrent_flow"), 0.5);
    near(kpi(&run, "wan.concurrent_flow"), 0.8);
    assert!(results(TWO_WAYS, &[]).kpis.iter().all(|k| !k.name.starts_with("wan.priority")), "one priority only");
}

/// The study solves for each failure: all over c without a-b; all at once without the others, of which 10 get through.
#[test]
fn a_failure_study_solves_for_each_failure() {
    let run = results(TWO_WAYS, &["what_if=[\"links\"]"]);
    let study = run.what_if.as_ref().expect("a study");
    assert!(!study.simulated);
    let row = |failed: &str| study.failures.iter().find(|row| row.failed == failed).expect("studied");
    near(row("link.ab").worst_utilisation.expect("loaded"), 2.0 / 3.0);
    near(row("link.ac").worst_utilisation.expect("loaded"), 2.0);
    near(row("link.cb").unserved / GBPS, 10.0);
    let base = study.links.iter().find(|row| row.link == "link.ab.a-to-b").expect("a direction");
    near(base.base, 0.5);
}

/// Same bytes from any number of threads, with failures and hours.
#[test]
fn solutions_do_not_depend_on_threads() {
    let text = TWO_WAYS
        .replace("replications = 1", "replications = 4")
        .replace("failures = false", "cuts = \"900 /1000km-year\"");
    let of = |threads| {
        let (plan, _) = load_text("engineered.toml", &text, &[]).expect("a sound plan");
        run(&plan, &RunOptions { threads: Some(threads), ..RunOptions::quiet() }).expect("a run").kpis
    };
    assert_eq!(of(1), of(2));
}

#[test]
fn a_target_on_a_priority_that_nobody_has_is_refused() {
    let refused = |more: &str, why: &str| {
        let errors =
            load_text("engineered.toml", &format!("{TWO_WAYS}\n{more}\n"), &[]).expect_err("nothing produces it");
        assert!(errors.iter().any(|e| e.code == "E0304" && e.message.contains(why)), "{errors:?}");
    };
    let target = "target.t = { kpi = \"wan.priority.3.concurrent_flow\", at_least = 1 }";
    refused(target, "several priorities");
    let other = "demand.z = { from = \"a\", to = \"c\", rate = \"1 Gbps\", priority = 7 }";
    refused(&format!("{other}\n{target}"), "priorities are: 5, 7");
}
