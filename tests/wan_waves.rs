//! Waves to add, on networks small enough to count by hand.

use apollo_sim::experiment::results::RunResults;
use apollo_sim::experiment::results::waves::{WaveRow, Waves};
use apollo_sim::experiment::{RunOptions, run};
use apollo_sim::scenario::load_text;

/// A square a-b-c-d of links of four waves of 25 Gb/s. From a to c the way over b is shorter.
const SQUARE: &str = r#"
    format = 1
    horizon = "1 d"
    replications = 1
    what_if = ["links", "sites"]
    site.a = {}
    site.b = {}
    site.c = {}
    site.d = {}
    wan.failures = false
    wan.utilisation_limit = "80 %"
    link.ab = { between = ["a", "b"], capacity = "100 Gbps", waves = 4, rtt = "10 ms" }
    link.bc = { between = ["b", "c"], capacity = "100 Gbps", waves = 4, rtt = "10 ms" }
    link.cd = { between = ["c", "d"], capacity = "100 Gbps", waves = 4, rtt = "15 ms" }
    link.da = { between = ["d", "a"], capacity = "100 Gbps", waves = 4, rtt = "15 ms" }
    demand.ac = { from = "a", to = "c", rate = "60 Gbps" }
    demand.bc = { from = "b", to = "c", rate = "30 Gbps" }
"#;

const GBPS: f64 = 0.125e9;

fn results(text: &str, overrides: &[&str]) -> RunResults {
    let overrides: Vec<String> = overrides.iter().map(|o| (*o).to_owned()).collect();
    let (plan, _) = load_text("waves.toml", text, &overrides).expect("a sound plan");
    run(&plan, &RunOptions { threads: Some(2), ..RunOptions::quiet() }).expect("a run")
}

fn waves(text: &str, overrides: &[&str]) -> Waves {
    let results = results(text, overrides);
    let waves = results.waves.clone().expect("a limit is stated");
    let kpi = results.kpis.iter().find(|k| k.name == "wan.waves_to_add").expect("the KPI").mean;
    assert_eq!(kpi, Some(waves.total() as f64));
    waves
}

fn row<'a>(waves: &'a Waves, link: &str) -> &'a WaveRow {
    waves.rows.iter().find(|row| row.link == link).expect("every link has a row")
}

fn added(waves: &Waves) -> Vec<(&str, u64)> {
    let mut all: Vec<_> = waves.rows.iter().map(|row| (row.link.as_str(), row.add)).collect();
    all.sort_unstable();
    all
}

fn near(seen: f64, by_hand: f64) {
    assert!((seen - by_hand).abs() <= 1e-9 * by_hand.abs().max(1.0), "{seen}, by hand {by_hand}");
}

/// A wave carries 20 Gb/s at 80 %. Unfailed, b-c has 60 + 30: five waves. Without b-c both demands go over a-d-c, 90 there.
#[test]
fn the_square_needs_a_wave_where_a_failure_puts_ninety() {
    let all = waves(SQUARE, &[]);
    assert_eq!(added(&all), [("ab", 0), ("bc", 1), ("cd", 1), ("da", 1)]);
    assert!(all.least() && all.failures == 8);
    let bc = row(&all, "bc");
    assert_eq!((bc.direction.as_str(), &bc.culprit), ("link.bc.b-to-c", &None));
    near(bc.offered, 90.0 * GBPS);
    near(bc.wave, 25.0 * GBPS);
    near(bc.utilisation, 0.9);
    near(bc.utilisation_after, 0.72);
    let cd = row(&all, "cd");
    assert_eq!((cd.direction.as_str(), cd.culprit.as_deref()), ("link.cd.d-to-c", Some("link.bc")));
    // Site c takes all demand with it.
    let (rate, culprit) = all.unrouted.clone().expect("c is cut off");
    near(rate, 90.0 * GBPS);
    assert_eq!(culprit.as_deref(), Some("site.c"));
}

#[test]
fn without_failures_only_what_is_full_now_grows() {
    let calm = waves(SQUARE, &["what_if=[]"]);
    assert_eq!(added(&calm), [("ab", 0), ("bc", 1), ("cd", 0), ("da", 0)]);
    assert_eq!((calm.failures, &calm.unrouted), (0, &None));
    assert_eq!(waves(SQUARE, &["what_if=[]", "wan.utilisation_limit=\"90 %\""]).total(), 0, "90 of 100 are 90 %");
    assert!(results(&SQUARE.replace("wan.utilisation_limit = \"80 %\"", ""), &[]).waves.is_none());
}

/// With the waves that were found the answer is none, the study sees no direction above the limit, and one wave fewer on any
/// of these links is too few.
#[test]
fn what_is_found_is_enough_and_no_wave_of_it_can_be_spared() {
    let rule = ["shortest", "ecmp", "disjoint"];
    for (rule, split) in rule.iter().flat_map(|rule| [(rule, "equal"), (rule, "capacity")]) {
        for rates in [[60, 30], [77, 81], [140, 9], [333, 250]] {
            let stated = [
                format!("wan.routing=\"{rule}\""),
                format!("wan.split=\"{split}\""),
                format!("demand.ac.rate=\"{} Gbps\"", rates[0]),
                format!("demand.bc.rate=\"{} Gbps\"", rates[1]),
            ];
            let with = |more: &[(&str, u64)]| -> RunResults {
                let grown = more.iter().flat_map(|(link, add)| {
                    let waves = 4 + add;
                    [format!("link.{link}.waves={waves}"), format!("link.{link}.capacity=\"{} Gbps\"", 25 * waves)]
                });
                let all: Vec<String> = stated.iter().cloned().chain(grown).collect();
                results(SQUARE, &all.iter().map(String::as_str).collect::<Vec<_>>())
            };
            let found = with(&[]).waves.expect("a limit");
            assert_eq!(found.least(), *rule != "disjoint" || split == "equal");
            let more = added(&found);
            let enough = with(&more);
            assert_eq!(enough.waves.expect("a limit").total(), 0, "{rule} {split} {rates:?} {more:?}");
            let worst = enough.kpis.iter().find(|k| k.name == "wan.worst_utilisation").and_then(|k| k.mean);
            assert!(worst.expect("a study") <= 0.8 * (1.0 + 1e-9), "{rule} {split} {rates:?} {worst:?}");
            for (link, _) in more.iter().filter(|(_, add)| found.least() && *add > 0) {
                let fewer: Vec<(&str, u64)> =
                    more.iter().map(|&(other, add)| (other, if other == *link { add - 1 } else { add })).collect();
                assert!(with(&fewer).waves.expect("a limit").total() > 0, "{rule} {split} {rates:?}: {link}");
            }
        }
    }
}

/// At 08:00 most is offered in all, but a-b is fullest before, when a to b has its peak.
#[test]
fn every_hour_counts_not_only_that_of_the_highest_sum() {
    let text = SQUARE.replace("demand.ac", "demand.ab").replace("from = \"a\", to = \"c\"", "from = \"a\", to = \"b\"");
    let hours = |demand, early, late| {
        format!(
            "demand.{demand}.day=[{{ at = \"0 h\", share = \"{early} %\" }}, {{ at = \"8 h\", share = \"{late} %\" }}]"
        )
    };
    let rates = ["demand.ab.rate=\"95 Gbps\"", "demand.bc.rate=\"300 Gbps\"", "what_if=[]"];
    let (ab, bc) = (hours("ab", 100, 10), hours("bc", 10, 100));
    let both = waves(&text, &[&rates[..], &[ab.as_str(), bc.as_str()]].concat());
    // ⌈95 ÷ 20⌉ = 5 and ⌈300 ÷ 20⌉ = 15.
    assert_eq!(added(&both), [("ab", 1), ("bc", 11), ("cd", 0), ("da", 0)]);
    near(row(&both, "ab").at_s, 0.0);
    near(row(&both, "bc").at_s, 8.0 * 3600.0);
}

/// Two links side by side of 1 × 10 and 4 × 25 Gb/s, 200 Gb/s by capacity: 18.2 and 181.8 at first, so 3 and 10 waves; then 21.4 and 178.6,
/// which 24 and 200 Gb/s carry. With six waves more on the wide one alone 7.7 of 10 and 192.3 of 250 are used, 76.9 % each; 110 + 25 n ≥ 250 asks for as many.
#[test]
fn ways_that_draw_traffic_as_they_grow_are_followed_to_the_end() {
    let text = r#"
        format = 1
        horizon = "1 h"
        replications = 1
        site.a = {}
        site.b = {}
        wan = { failures = false, utilisation_limit = "80 %", routing = "disjoint" }
        link.thin = { between = ["a", "b"], capacity = "10 Gbps", rtt = "10 ms" }
        link.wide = { between = ["a", "b"], capacity = "100 Gbps", waves = 4, rtt = "10 ms" }
        demand.ab = { from = "a", to = "b", rate = "200 Gbps" }
    "#;
    let found = waves(text, &[]);
    assert_eq!(added(&found), [("thin", 0), ("wide", 6)]);
    assert_eq!((found.at_least, found.least()), (6, true));
    near(row(&found, "wide").offered, 200.0 / 26.0 * 25.0 * GBPS);
    assert_eq!(added(&waves(text, &["wan.split=\"equal\""])), [("thin", 12), ("wide", 1)]);
}

/// The file sends a to b over c: 70 of 80 Gb/s there, and on a-b only when that way is cut.
#[test]
fn a_route_that_a_file_states_is_followed_while_it_is_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let both = |link: &str, from: &str, to: &str| format!("{link},{from},{to},80,1000\n{link},{to},{from},80,1000\n");
    let links = [both("ab", "a", "b"), both("ac", "a", "c"), both("cb", "c", "b")].concat();
    let files = [
        ("links.csv", format!("link,from,to,gbps,metres\n{links}")),
        ("routes.csv", "src,dst,links\na,b,ac cb\n".to_owned()),
        (
            "plan.toml",
            "format = 1\nhorizon = \"1 h\"\nreplications = 1\ntopology = { links = \"links.csv\", routes = \"routes.csv\" }\n\
             wan = { failures = false, utilisation_limit = \"80 %\" }\n\
             demand.d = { from = \"a\", to = \"b\", rate = \"70 Gbps\" }\n"
                .to_owned(),
        ),
    ];
    for (name, text) in &files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let found = |set: &[&str]| {
        let set: Vec<String> = set.iter().map(|s| (*s).to_owned()).collect();
        let (plan, _) = apollo_sim::scenario::load(&folder.path().join("plan.toml"), &set).expect("a sound plan");
        run(&plan, &RunOptions { threads: Some(1), ..RunOptions::quiet() }).expect("a run").waves.expect("a limit")
    };
    assert_eq!(added(&found(&[])), [("ab", 0), ("ac", 1), ("cb", 1)]);
    assert_eq!(added(&found(&["what_if=[\"links\"]"])), [("ab", 1), ("ac", 1), ("cb", 1)]);
}

#[test]
fn a_limit_without_demand_and_a_target_without_a_limit_are_told() {
    let bare: String =
        SQUARE.lines().filter(|line| !line.contains("demand.")).map(|line| format!("{line}\n")).collect();
    let (plan, _) = load_text("waves.toml", &bare, &[]).expect("a sound plan");
    assert!(
        plan.warnings.iter().any(|w| w.message.contains("'utilisation_limit' has no effect")),
        "{:?}",
        plan.warnings
    );
    let target = "target.t = { kpi = \"wan.waves_to_add\", at_most = 0 }\n";
    let refused = |text: String, why: &str| {
        let errors = load_text("waves.toml", &text, &[]).expect_err("nothing produces it");
        assert!(errors.iter().any(|e| e.code == "E0304" && e.message.contains(why)), "{errors:?}");
    };
    refused(format!("{}{target}", SQUARE.replace("wan.utilisation_limit = \"80 %\"", "")), "utilisation_limit");
    refused(format!("{bare}{target}"), "no standing demand");
    let judged = results(&format!("{SQUARE}{target}"), &[]);
    assert_eq!(judged.targets.first().and_then(|t| t.value), Some(3.0));
}

/// 20 Gb/s from a to b, over 10 at once or 30 by c, in waves of 5, at 40 %: 50 of capacity are needed. A wave on a-b adds five, a wave by c takes two links: two
/// waves on a-b.
#[test]
fn under_traffic_engineering_waves_go_where_they_help_most() {
    let text = r#"
        format = 1
        horizon = "1 h"
        replications = 1
        site.a = {}
        site.b = {}
        site.c = {}
        wan = { failures = false, routing = "engineered", utilisation_limit = "40 %" }
        link.ab = { between = ["a", "b"], capacity = "10 Gbps", waves = 2, rtt = "10 ms" }
        link.ac = { between = ["a", "c"], capacity = "30 Gbps", waves = 6, rtt = "20 ms" }
        link.cb = { between = ["c", "b"], capacity = "30 Gbps", waves = 6, rtt = "20 ms" }
        demand.x = { from = "a", to = "b", rate = "20 Gbps" }
    "#;
    let found = waves(text, &[]);
    assert_eq!(added(&found), [("ab", 2), ("ac", 0), ("cb", 0)]);
    assert_eq!((found.at_least, found.least()), (2, true));
    assert!(found.rows.iter().all(|row| row.utilisation_after <= 0.4 * (1.0 + 1e-5)), "{found:?}");
    // Every way must carry all of it when the other is down: 50 on each, so 8, 4 and 4 waves. Each case alone asks for 8 of them.
    let all = waves(text, &["what_if=[\"links\"]"]);
    assert_eq!(added(&all), [("ab", 8), ("ac", 4), ("cb", 4)]);
    assert_eq!((all.at_least, all.least()), (16, true));
    // 10 Gb/s under another rule stand on a-b: 30 are needed there for both, or x goes by c.
    let mixed =
        format!("{text}\ndemand.y = {{ from = \"a\", to = \"b\", rate = \"4 Gbps\", routing = \"shortest\" }}\n");
    let mixed = waves(&mixed, &[]);
    assert_eq!(mixed.at_least, 4);
    assert!(mixed.rows.iter().all(|row| row.utilisation_after <= 0.4 * (1.0 + 1e-5)), "{mixed:?}");
}

/// A wave of b-c carries 20 Gb/s at 80 %. At noon demand doubles, to 180 there, and b-c grows from 4 waves to 6: 9 are needed. The way round, where all
/// goes when b-c is down, needs 9 then and has 4.
#[test]
fn waves_to_add_follow_what_is_installed_by_date() {
    let grows = "demand.ac.growth=\"100 %\"";
    let more =
        [grows, "demand.ac.growth_every=\"12 h\"", "demand.bc.growth=\"100 %\"", "demand.bc.growth_every=\"12 h\""];
    let upgrade = "link.bc.upgrades=[{ at = \"12 h\", capacity = \"150 Gbps\" }]";
    let all = waves(SQUARE, &[more.as_slice(), &["what_if=[]", upgrade]].concat());
    assert_eq!(added(&all), [("ab", 2), ("bc", 3), ("cd", 0), ("da", 0)]);
    assert!(all.least() && all.dates == 2);
    let bc = row(&all, "bc");
    assert_eq!(bc.waves, 6);
    near(bc.at_s, 43_200.0);
    near(bc.offered, 180.0 * GBPS);
    near(bc.utilisation, 1.2);
    near(bc.utilisation_after, 0.8);
    let all = waves(SQUARE, &[more.as_slice(), &[upgrade]].concat());
    assert_eq!(added(&all), [("ab", 2), ("bc", 3), ("cd", 5), ("da", 5)]);
    // Larger waves: two of 75 for 180 at 80 % leave one to add in the afternoon, as the four of 25 do in the morning.
    let fewer = "link.bc.upgrades=[{ at = \"12 h\", capacity = \"150 Gbps\", waves = 2 }]";
    let all = waves(SQUARE, &[more.as_slice(), &["what_if=[]", fewer]].concat());
    assert_eq!((row(&all, "bc").add, row(&all, "bc").waves), (1, 2));
    near(row(&all, "bc").utilisation_after, 180.0 / 225.0);
}

/// Without b-c in the afternoon 90 Gb/s go the long way: as with b-c down in the morning. Nothing is asked of b-c while it is not there.
#[test]
fn a_link_that_goes_or_comes_by_date_counts_while_it_is_there() {
    for dates in ["link.bc.ends=\"12 h\"", "link.bc.starts=\"12 h\""] {
        let all = waves(SQUARE, &["what_if=[]", dates]);
        assert_eq!(added(&all), [("ab", 0), ("bc", 1), ("cd", 1), ("da", 1)], "{dates}");
        let gone = row(&all, "cd");
        near(gone.at_s, if dates.contains("ends") { 43_200.0 } else { 0.0 });
        assert_eq!((gone.culprit.as_deref(), &all.unrouted), (None, &None));
        near(gone.utilisation, 0.9);
    }
    // A part of the run that is not measured asks for nothing.
    let all = waves(SQUARE, &["what_if=[]", "link.bc.starts=\"12 h\"", "warmup=\"12 h\""]);
    assert_eq!((added(&all), all.dates), (vec![("ab", 0), ("bc", 1), ("cd", 0), ("da", 0)], 1));
}

/// In the afternoon 90 Gb/s have 80 of the other way left, at 80 %: one wave of 25 on c-d and one on d-a. The bound
/// counts parts of waves, a half on each. In the morning all goes by 160.
#[test]
fn engineered_demand_over_dated_links_has_a_bound() {
    let all = waves(SQUARE, &["what_if=[]", "wan.routing=\"engineered\"", "link.bc.ends=\"12 h\""]);
    assert_eq!(added(&all), [("ab", 0), ("bc", 0), ("cd", 1), ("da", 1)]);
    assert_eq!((all.at_least, all.least()), (1, false));
    assert!(all.rows.iter().all(|row| row.utilisation_after <= 0.8 + 1e-4), "{:?}", all.rows);
}

/// 90 Gb/s over 100 and two links of 50 in a row, in waves of that size, at 50 %. One wave on a-b: 90 × 200 ÷ 250 = 72 of 200, and 18 of 50, 36 % each. Adding
/// what lacks gives one on each of the three.
#[test]
fn ways_that_draw_traffic_need_not_all_grow() {
    let text = r#"
        format = 1
        horizon = "1 h"
        replications = 1
        site.a = {}
        site.b = {}
        site.c = {}
        wan = { failures = false, routing = "disjoint", utilisation_limit = "50 %" }
        link.ab = { between = ["a", "b"], capacity = "100 Gbps", rtt = "10 ms" }
        link.ac = { between = ["a", "c"], capacity = "50 Gbps", rtt = "10 ms" }
        link.cb = { between = ["c", "b"], capacity = "50 Gbps", rtt = "10 ms" }
        demand.d = { from = "a", to = "b", rate = "90 Gbps" }
    "#;
    let found = waves(text, &[]);
    assert_eq!(added(&found), [("ab", 1), ("ac", 0), ("cb", 0)]);
    assert_eq!((found.at_least, found.least()), (1, true));
    near(row(&found, "ab").utilisation_after, 0.36);
}

/// All ways to add so many waves to so many links.
fn spreads(links: usize, waves: u64) -> Vec<Vec<u64>> {
    if links == 1 {
        return vec![vec![waves]];
    }
    let rest = |first: u64| spreads(links - 1, waves - first).into_iter().map(move |rest| [vec![first], rest].concat());
    (0..=waves).flat_map(rest).collect()
}

/// Drawn squares: by trying every spread of fewer waves, none is enough below the bound, and what is found is enough. Says how often the least was found.
#[test]
fn bounds_hold_against_every_spread_of_fewer_waves() {
    let links = ["ab", "bc", "cd", "da"];
    let mut draw = 12_345_u64;
    let mut next = |below: u64| {
        draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (draw >> 33) % below
    };
    let (mut least, mut all) = (0, 0);
    for case in 0..16 {
        let rule = if case % 2 == 0 { "disjoint" } else { "engineered" };
        let sizes: Vec<u64> = links.iter().map(|_| 10 * (2 + next(4))).collect();
        let mut stated = vec![
            format!("wan.routing=\"{rule}\""),
            format!("demand.ac.rate=\"{} Gbps\"", 20 + next(60)),
            format!("demand.bc.rate=\"{} Gbps\"", 20 + next(40)),
            format!("what_if={}", if case % 4 < 2 { "[]" } else { "[\"links\"]" }),
        ];
        if case % 8 >= 4 {
            stated.push("link.bc.ends=\"12 h\"".to_owned());
        }
        let with = |more: &[u64]| {
            let grown = links.iter().zip(&sizes).zip(more).flat_map(|((link, size), add)| {
                let waves = 2 + add;
                [format!("link.{link}.waves={waves}"), format!("link.{link}.capacity=\"{} Gbps\"", size * waves)]
            });
            let set: Vec<String> = stated.iter().cloned().chain(grown).collect();
            results(SQUARE, &set.iter().map(String::as_str).collect::<Vec<_>>()).waves.expect("a limit")
        };
        let found = with(&[0; 4]);
        let more: Vec<u64> = links.iter().map(|link| row(&found, link).add).collect();
        assert_eq!(with(&more).total(), 0, "{rule} {stated:?} {sizes:?}: {more:?} are enough");
        assert!(found.at_least <= found.total());
        // Nothing below what is found, from few waves on: the first that is enough is the least.
        let fewest =
            (0..found.total().min(5)).find(|&waves| spreads(4, waves).iter().any(|more| with(more).total() == 0));
        let fewest = fewest.unwrap_or(found.total());
        assert!(found.at_least <= fewest || found.total() > 5, "{rule} {stated:?} {sizes:?}: {found:?}, {fewest} do");
        least += u32::from(fewest == found.total());
        all += 1;
    }
    assert!(4 * least >= 3 * all, "the least number was found in {least} of {all} cases");
}
