//! Failure studies of standing demand where something changes over the run: every distinct span counts, and each column is that of its worst.

mod world_support;

use apollo_sim::experiment::results::RunResults;
use apollo_sim::experiment::results::what_if::{FailureRow, WhatIf};
use proptest::prelude::*;
use world_support::{kpi, plan_with, run};

const HOUR: f64 = 3600.0;
const GBPS: f64 = 0.125e9;

fn near(seen: f64, by_hand: f64) {
    assert!((seen - by_hand).abs() <= 1e-9 * by_hand.abs() + 1e-12, "{seen}, by hand {by_hand}");
}

/// A triangle; from a to c the way over b is shorter than the link that ends at noon, when demand is 1 % lower.
const TRIANGLE: &str = r#"
format = 1
start = 2026-01-05
horizon = "2 d"
replications = 1
what_if = ["links"]
wan.failures = false
site.a = {}
site.b = {}
site.c = {}
link.ab = { between = ["a", "b"], capacity = "400 Gbps", rtt = "10 ms" }
link.bc = { between = ["b", "c"], capacity = "400 Gbps", rtt = "10 ms" }
demand.east = { from = "a", to = "c", rate = "100 Gbps", day = [{ at = "0 h", share = "100 %" }, { at = "12 h", share = "99 %" }] }
"#;

fn results(text: &str, overrides: &[&str]) -> RunResults {
    run(&plan_with(text, overrides))
}

fn study(text: &str, overrides: &[&str]) -> WhatIf {
    results(text, overrides).what_if.expect("a study")
}

fn row<'a>(study: &'a WhatIf, failed: &str) -> &'a FailureRow {
    study.failures.iter().find(|row| row.failed == failed).expect("studied")
}

/// By hand: until noon a cut of a-b puts 100 Gb/s on c-a, 25 %, 10 ms longer; after it there is no way for 99 Gb/s.
#[test]
fn an_outage_after_the_fullest_hour_is_seen() {
    let text = format!(
        "{TRIANGLE}link.ca = {{ between = [\"c\", \"a\"], capacity = \"400 Gbps\", rtt = \"30 ms\", ends = \"12 h\" }}\n"
    );
    let all = results(&text, &[]);
    let study = all.what_if.clone().expect("a study");
    assert_eq!((study.spans, study.left_out), (Some(3), 0), "0-12 h with the link, 12-24 h and 24-36 h without it");
    for failed in ["link.ab", "link.bc"] {
        let cut = row(&study, failed);
        near(cut.worst_utilisation.expect("loaded"), 0.25);
        near(cut.utilisation_at_s.expect("a time"), 0.0);
        // The second day begins with 100 % again, and the link is gone.
        near(cut.unserved, 100.0 * GBPS);
        near(cut.unserved_at_s.expect("a time"), 24.0 * HOUR);
        let detour = cut.latency.clone().expect("a detour");
        assert_eq!((detour.pair.as_str(), detour.before, detour.after, detour.at_s), ("a-to-c", 0.020, 0.030, 0.0));
    }
    near(row(&study, "link.ca").unserved, 0.0);
    assert_eq!(row(&study, "link.ca").unserved_at_s, None);
    near(kpi(&all, "wan.unserved"), 100.0 * GBPS);
    // Of one day only the afternoon lacks the link.
    let day = self::study(&text, &["horizon=\"1 d\""]);
    near(row(&day, "link.ab").unserved, 99.0 * GBPS);
    near(row(&day, "link.ab").unserved_at_s.expect("a time"), 12.0 * HOUR);
    // What is not measured does not count.
    let morning = self::study(&text, &["horizon=\"1 d\"", "warmup=\"13 h\""]);
    near(row(&morning, "link.ab").worst_utilisation.expect("loaded"), 0.0);
    near(row(&morning, "link.ab").unserved_at_s.expect("a time"), 13.0 * HOUR);
}

/// By hand: 100 Gb/s on the detour of 400; of 200 while a window leaves half; no way while one leaves nothing.
#[test]
fn a_failure_during_a_maintenance_window_is_seen() {
    let text = format!(
        "{TRIANGLE}link.ca = {{ between = [\"c\", \"a\"], capacity = \"400 Gbps\", rtt = \"30 ms\" }}\n\
         [maintenance.w]\nlinks = [\"ca\"]\nstarts = \"6 h\"\nduration = \"2 h\"\n"
    );
    let whole = study(&text, &[]);
    let cut = row(&whole, "link.ab");
    near(cut.worst_utilisation.expect("loaded"), 0.25);
    near(cut.unserved, 100.0 * GBPS);
    near(cut.unserved_at_s.expect("a time"), 6.0 * HOUR);
    // Of the times at which it is as long the first is said.
    assert_eq!(cut.latency.as_ref().map(|l| l.at_s), Some(0.0));
    // Without a failure the window costs nothing: routes do not use c-a.
    near(study(&text, &["maintenance.w.links=[\"bc\"]"]).links.iter().map(|l| l.base).fold(0.0, f64::max), 0.25);
    let half = study(
        &text,
        &["maintenance.w.capacity=\"50 %\"", "maintenance.w.starts=\"13 h\"", "maintenance.w.every=\"1 d\""],
    );
    let cut = row(&half, "link.ab");
    near(cut.worst_utilisation.expect("loaded"), 99.0 / 200.0);
    near(cut.utilisation_at_s.expect("a time"), 13.0 * HOUR);
    near(cut.unserved, 0.0);
    // 0, 12, 13 h; the second day is as the first.
    assert_eq!(half.spans, Some(3));
}

/// A first; through c1 … c5 one flow each shares 41 with a long one that A holds back. With 80 Gb/s of A the long one gets 20 of 100, and each of
/// the others 21 of 22: 80 + 5 are not delivered. With 84 it gets 16 and the others all of theirs: 84.
#[test]
fn less_demand_may_be_worse_and_is_looked_at() {
    let mut text = TRIANGLE.split("site.a").next().expect("a head").to_owned();
    (0..=7).for_each(|i| text += &format!("site.s{i} = {{}}\n"));
    let mut link = |a: usize, b: usize, gbps: u32| {
        text +=
            &format!("link.l{a} = {{ between = [\"s{a}\", \"s{b}\"], capacity = \"{gbps} Gbps\", rtt = \"10 ms\" }}\n");
    };
    link(0, 1, 100);
    (1..6).for_each(|i| link(i, i + 1, 41));
    link(7, 0, 100);
    (1..6).for_each(|i| {
        text += &format!("demand.c{i} = {{ from = \"s{i}\", to = \"s{}\", rate = \"22 Gbps\" }}\n", i + 1)
    });
    text += "demand.long = { from = \"s0\", to = \"s6\", rate = \"100 Gbps\" }\n\
             demand.first = { from = \"s0\", to = \"s1\", rate = \"84 Gbps\", priority = 9, day = [{ at = \"0 h\", share = \"100 %\" }, { at = \"5 h\", share = \"95.238095238095238 %\" }] }\n";
    let study = study(&text, &[]);
    let calm = row(&study, "link.l7");
    near(calm.unserved, 85.0 * GBPS);
    near(calm.unserved_at_s.expect("a time"), 5.0 * HOUR);
}

/// Six links between four sites. The first ends at `ends`, the second rests for three hours from `rests` on; demands follow shares by quarter of a day.
#[derive(Clone, Debug)]
struct Case {
    gbps: [u32; 6],
    shares: [[u32; 4]; 2],
    ends: u32,
    rests: u32,
    routing: &'static str,
}

impl Case {
    /// As it is (`at` none), or as it is at an hour for ever.
    fn text(&self, at: Option<u32>) -> String {
        let pairs = [("a", "b"), ("c", "d"), ("a", "c"), ("b", "d"), ("a", "d"), ("b", "c")];
        let mut text = TRIANGLE.split("site.a").next().expect("a head").replace("2 d", "1 d");
        text += &format!("wan.routing = \"{}\"\n", self.routing);
        ["a", "b", "c", "d"].iter().for_each(|s| text += &format!("site.{s} = {{}}\n"));
        for (i, ((a, b), gbps)) in pairs.iter().zip(self.gbps).enumerate() {
            let gone =
                at.is_some_and(|h| (i == 0 && h >= self.ends) || (i == 1 && (self.rests..self.rests + 3).contains(&h)));
            let ends = if i == 0 && at.is_none() { format!(", ends = \"{} h\"", self.ends) } else { String::new() };
            if !gone {
                text += &format!(
                    "link.{a}{b} = {{ between = [\"{a}\", \"{b}\"], capacity = \"{gbps} Gbps\", rtt = \"1{i} ms\"{ends} }}\n"
                );
            }
        }
        for ((name, to), shares) in [("a", "b"), ("c", "d")].iter().zip(self.shares) {
            let step = |(i, share): (usize, &u32)| format!("{{ at = \"{} h\", share = \"{share} %\" }}", 6 * i);
            let day = match at {
                Some(h) => format!("[{{ at = \"0 h\", share = \"{} %\" }}]", shares[h as usize / 6]),
                None => format!("[{}]", shares.iter().enumerate().map(step).collect::<Vec<_>>().join(", ")),
            };
            text +=
                &format!("demand.{name} = {{ from = \"{name}\", to = \"{to}\", rate = \"100 Gbps\", day = {day} }}\n");
        }
        if at.is_none() {
            text += &format!("[maintenance.w]\nlinks = [\"cd\"]\nstarts = \"{} h\"\nduration = \"3 h\"\n", self.rests);
        }
        text
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let rule = prop::sample::select(vec!["shortest", "ecmp", "disjoint"]);
    let shares = prop::array::uniform2(prop::array::uniform4(10..150_u32));
    (prop::array::uniform6(40..120_u32), shares, 1..8_u32, 0..7_u32, rule).prop_map(
        |(gbps, shares, ends, rests, routing)| Case { gbps, shares, ends: 3 * ends, rests: 3 * rests, routing },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// The study of a day is the worst of the studies of each of its hours, frozen.
    #[test]
    fn a_day_is_as_bad_as_its_worst_hour(case in cases()) {
        let day = study(&case.text(None), &[]);
        let hours: Vec<WhatIf> = (0..24).step_by(3).map(|h| study(&case.text(Some(h)), &[])).collect();
        for failed in ["link.ac", "link.bd", "link.ad", "link.bc"] {
            let worst = |of: &dyn Fn(&FailureRow) -> f64| hours.iter().map(|hour| of(row(hour, failed))).fold(0.0, f64::max);
            let seen = row(&day, failed);
            near(seen.worst_utilisation.expect("loaded"), worst(&|row| row.worst_utilisation.expect("loaded")));
            near(seen.unserved, worst(&|row| row.unserved));
            // Detours are compared with the routes of the same hour, so they are those of an hour, too.
            let grown = |row: &FailureRow| row.latency.as_ref().map_or(0.0, |l| l.after - l.before);
            near(grown(seen), worst(&grown));
        }
    }
}
