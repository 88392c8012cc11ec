//! How long pairs of sites have a way, against availability in closed form.
//!
//! Links fail and are mended by exponential laws with means M and R, so in the long run one is up for the share a = M / (M + R). With n
//! cycles in a run, the share that a run sees has about the deviation a (1 − a) √(2 / n): both times of a cycle have
//! their mean as deviation. Margins are 4 deviations of the mean over all replications, set before the first run.

mod world_support;

use world_support::{kpi, plan_with, run};

/// 8 replications of 2,000 h after 200 h: with cycles of 10 h, n = 1,440 in all (of 180 each).
const BASE: &str = r#"
format = 1
start = 2026-01-05
seed = 11
horizon = "2000 h"
warmup = "200 h"
replications = 8
[wan]
reconvergence = "0 s"
wave_failures = "0 /1000km-year"
[site.a]
[site.b]
[site.m]
[demand.d]
from = "a"
to = "b"
rate = "1 Gbps"
"#;

const CYCLES: f64 = 8.0 * 1800.0 / 10.0;

/// A link that is up for 8 h and down for 2 h in the mean.
fn link(name: &str, from: &str, to: &str, own: &str) -> String {
    format!("[link.{name}]\nbetween = [\"{from}\", \"{to}\"]\ncapacity = \"10 Gbps\"\nrtt = \"10 ms\"\n{own}\n")
}

const CUTS: &str = r#"mtbf = { exponential = { mean = "8 h" } }
cut_repair = { exponential = { mean = "2 h" } }"#;

const UP: f64 = 0.8;

/// Four deviations of the share of one link.
fn margin() -> f64 {
    4.0 * UP * (1.0 - UP) * (2.0 / CYCLES).sqrt()
}

fn availability(links: &[String], overrides: &[&str]) -> f64 {
    kpi(&run(&plan_with(&format!("{BASE}{}", links.concat()), overrides)), "pair.a-to-b.availability")
}

fn near(seen: f64, closed: f64, margin: f64) {
    assert!((seen - closed).abs() <= margin, "{seen}, in closed form {closed} ± {margin}");
}

#[test]
fn one_link_is_there_for_mtbf_over_mtbf_and_mttr() {
    near(availability(&[link("x", "a", "b", CUTS)], &[]), UP, margin());
}

#[test]
fn links_in_series_multiply() {
    let both = [link("x", "a", "m", CUTS), link("y", "m", "b", CUTS)];
    // d(a²) = 2 a da, and two links of equal deviation: √2 a each.
    near(availability(&both, &[]), UP * UP, 2.0_f64.sqrt() * UP * margin());
}

#[test]
fn of_parallel_links_one_is_enough_under_every_rule() {
    let both = [link("x", "a", "b", CUTS), link("y", "a", "b", CUTS)];
    for rule in ["shortest", "ecmp", "disjoint"] {
        let rule = format!("wan.routing=\"{rule}\"");
        let seen = availability(&both, &[&rule]);
        near(seen, 1.0 - (1.0 - UP).powi(2), 2.0_f64.sqrt() * (1.0 - UP) * margin());
    }
}

#[test]
fn parallel_links_in_one_conduit_gain_nothing() {
    let shared = r#"risk_group = ["g"]"#;
    let both = [link("x", "a", "b", shared), link("y", "a", "b", shared), format!("[risk_group.g]\n{CUTS}\n")];
    near(availability(&both, &[]), UP, margin());
}

/// Reconvergence takes T. The pair is without a way for T after the cut of the link it runs over, and, after the mending of
/// the one link it has, until T later; T is small against both means, so one link loses T / (M + R) more, but for outages shorter
/// than T that count for their time and T.
#[test]
fn time_until_routes_have_changed_counts_as_down() {
    let alone = [link("x", "a", "b", CUTS)];
    let share = |t: &str| availability(&alone, &[&format!("wan.reconvergence=\"{t}\"")]);
    let (at_once, later) = (share("0 s"), share("6 min"));
    let lost = 0.1 / 10.0;
    // The same cuts in both runs: the difference has the deviation of the number of cycles, plus the failures that fall into T.
    near(at_once - later, lost, lost * (4.0 / CYCLES.sqrt() + 0.1 / 8.0 + 0.1 / 2.0));
}

/// A cut at 100 s and no repair: the way by m is lost, the one by n is taken 50 s later. By hand, and exact.
#[test]
fn a_detour_costs_the_time_until_it_is_taken() {
    let cut = "mtbf = \"100 s\"\ncut_repair = \"9 h\"";
    let safe = "failures = false\nmetric = 20";
    let text = [link("x", "a", "b", &format!("{cut}\nmetric = 10")), link("y", "a", "b", safe)].concat();
    let overrides = ["wan.reconvergence=\"50 s\"", "horizon=\"1 h\"", "warmup=\"0 s\"", "replications=1"];
    let results = run(&plan_with(&format!("{BASE}{text}"), &overrides));
    near(kpi(&results, "pair.a-to-b.downtime"), 50.0, 1e-9);
    near(kpi(&results, "pair.a-to-b.availability"), 1.0 - 50.0 / 3600.0, 1e-12);
    // The warm-up cuts the first 30 s of the 50 s off.
    let results =
        run(&plan_with(&format!("{BASE}{text}"), &[overrides[0], overrides[1], overrides[3], "warmup=\"130 s\""]));
    near(kpi(&results, "pair.a-to-b.downtime"), 20.0, 1e-9);
}

/// Two processes of one link, its own and that of its conduit: up while neither has cut it. Neighbours in the conduit have the conduit's alone.
#[test]
fn a_link_in_a_conduit_may_have_cuts_of_its_own() {
    let group = format!("[risk_group.g]\n{CUTS}\n");
    let both = format!("{CUTS}\nrisk_group = [\"g\"]");
    near(availability(&[link("x", "a", "b", &both), group.clone()], &[]), UP * UP, margin());
    near(availability(&[link("x", "a", "b", "risk_group = [\"g\"]"), group.clone()], &[]), UP, margin());
    // The conduit never fails: the link does, and a `cut_repair` alone is of no use.
    near(availability(&[link("x", "a", "b", &both), group.clone()], &["risk_group.g.failures=false"]), UP, margin());
    let plan =
        plan_with(&format!("{BASE}{}{group}", link("x", "a", "b", "risk_group = [\"g\"]\ncut_repair = \"2 h\"")), &[]);
    assert!(
        plan.links[0].cuts.is_none()
            && plan.warnings.iter().any(|w| w.message.contains("'link.x.cut_repair' has no effect"))
    );
}
