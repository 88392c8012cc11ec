//! Degraded links and optical restoration against closed forms worked out beside each test.

#[path = "world_support/by_hand.rs"]
mod by_hand;
mod world_support;

use apollo_sim::scenario::{load_text, render_text};
use by_hand::{GBPS, near, results_of};

/// A short way and a long way. Nothing fails but what a test says.
const BASE: &str = r#"
format = 1
start = 2026-01-05
seed = 5
horizon = "10 h"
replications = 1
[wan]
cuts = "0 /1000km-year"
wave_failures = "0 /1000km-year"
reconvergence = "30 s"
[site.a]
[site.b]
[site.m]
[demand.d]
from = "a"
to = "b"
rate = "60 Gbps"
[link.y]
between = ["a", "m"]
capacity = "100 Gbps"
rtt = "20 ms"
[link.z]
between = ["m", "b"]
capacity = "100 Gbps"
rtt = "20 ms"
[link.x]
between = ["a", "b"]
capacity = "100 Gbps"
rtt = "10 ms"
"#;

/// Cut at 1 h, mended 4 h later, and so on: 1 h to 5 h, 6 h to 10 h.
const CUTS: &str = "mtbf = \"1 h\"\ncut_repair = \"4 h\"\n";
const SPAN: f64 = 36_000.0;

fn with(more: &str, overrides: &[&str]) -> impl Fn(&str) -> f64 + use<> {
    results_of(&format!("{BASE}{more}"), overrides)
}

#[test]
fn a_lower_rate_is_no_outage() {
    // At full rate for 1 h, at 40 % for 4 h, in turns: 2 h at full rate of 10.
    let slow = "degraded = { mtbf = \"1 h\", repair = \"4 h\", capacity = \"40 %\" }\n";
    let get = with(slow, &["demand.d.rate=\"1 Tbps\""]);
    near(get("link.x.availability"), 1.0);
    near(get("link.x.downtime"), 0.0);
    near(get("link.x.degraded"), 0.8 * SPAN);
    near(get("link.x.capacity_available"), 0.2 + 0.8 * 0.4);
    near(get("demand.d.delivered"), 100.0 * GBPS * (0.2 + 0.8 * 0.4));
    near(get("pair.a-to-b.availability"), 1.0);
    near(get("link.y.a-to-m.utilisation"), 0.0);
}

/// Full rate for 8 h and half of it for 2 h by exponential laws, cuts of 8 h and 2 h beside them: ∫ capacity is (0.8 + 0.2 × 0.5) × 0.8. 8 × 2,000 h have
/// 1,600 cycles of each; 4 deviations, of the mean of each part with the other's mean as factor.
#[test]
fn lower_rates_and_cuts_multiply() {
    let text = r#"degraded = { mtbf = { exponential = { mean = "8 h" } }, repair = { exponential = { mean = "2 h" } }, capacity = "50 %" }
mtbf = { exponential = { mean = "8 h" } }
cut_repair = { exponential = { mean = "2 h" } }
"#;
    let get = with(text, &["horizon=\"2200 h\"", "warmup=\"200 h\"", "replications=8"]);
    let share = 0.16 * (2.0_f64 / 1600.0).sqrt();
    let margin = 4.0 * ((0.9 * share).powi(2) + (0.8 * 0.5 * share).powi(2)).sqrt();
    let seen = get("link.x.capacity_available");
    assert!((seen - 0.72).abs() < margin, "{seen} ± {margin}");
    let seen = get("link.x.availability");
    assert!((seen - 0.8).abs() < 4.0 * share, "{seen}");
}

#[test]
fn restoration_before_reconvergence_leaves_routes_alone() {
    let get = with(&format!("{CUTS}restoration = {{ time = \"2 s\", share = \"80 %\" }}\n"), &[]);
    near(get("link.x.downtime"), 2.0 * 2.0);
    near(get("link.x.availability"), 1.0 - 4.0 / SPAN);
    near(get("link.x.restored"), 2.0 * (4.0 * 3600.0 - 2.0));
    near(get("link.x.degraded"), 2.0 * (4.0 * 3600.0 - 2.0));
    near(get("link.x.capacity_available"), 1.0 - (2.0 * 2.0 + 0.2 * 2.0 * 14_398.0) / SPAN);
    near(get("demand.d.unserved"), 60.0 * GBPS * 4.0 / SPAN);
    near(get("pair.a-to-b.downtime"), 4.0);
    near(get("link.y.a-to-m.utilisation"), 0.0);
}

#[test]
fn restoration_after_reconvergence_brings_traffic_back() {
    // Dead for 30 s, on the long way until the link is restored after 10 min and routes have changed 30 s later, twice.
    let get = with(&format!("{CUTS}restoration = {{ time = \"10 min\" }}\n"), &[]);
    near(get("demand.d.unserved"), 60.0 * GBPS * 60.0 / SPAN);
    near(get("link.x.downtime"), 1200.0);
    near(get("link.y.a-to-m.utilisation"), 0.6 * 2.0 * 600.0 / SPAN);
    near(get("link.x.a-to-b.utilisation"), 0.6 * (SPAN - 2.0 * 630.0) / SPAN);
}

#[test]
fn repair_before_restoration_and_no_restoration_are_alike() {
    let late = with(&format!("{CUTS}restoration = {{ time = \"5 h\" }}\n"), &[]);
    let never = with(&format!("{CUTS}restoration = {{ time = \"1 s\", probability = \"0 %\" }}\n"), &[]);
    let none = with(CUTS, &[]);
    for name in ["link.x.downtime", "demand.d.unserved", "link.y.a-to-m.utilisation", "pair.a-to-b.downtime"] {
        near(late(name), none(name));
        near(never(name), none(name));
    }
    near(none("link.x.downtime"), 0.8 * SPAN);
}

/// A cut of the conduit while the link runs over spare waves, and the repair of the first cut: the spare waves stay in use until both are
/// mended. Link: 1 h to 5 h; conduit: 3 h to 8 h. A longer path meanwhile.
#[test]
fn spare_waves_stay_in_use_until_the_last_cut_is_mended() {
    let text = r#"restoration = { time = "1 min", extra_rtt = "6 ms" }
risk_group = ["p", "q"]
[risk_group.p]
mtbf = "1 h"
cut_repair = "4 h"
[risk_group.q]
mtbf = "3 h"
cut_repair = "5 h"
"#;
    let get = with(text, &["horizon=\"6 h\"", "wan.reconvergence=\"10 min\""]);
    near(get("link.x.downtime"), 60.0);
    near(get("link.x.restored"), 5.0 * 3600.0 - 60.0);
    // While it is dead the demand has no route, and its latency stays as it was.
    near(get("demand.d.latency"), (0.005 * 3660.0 + 0.008 * (5.0 * 3600.0 - 60.0)) / 21_600.0);
}

/// One cut in two is restored: up for 8 h, then down for 2 h with probability ½, otherwise for 1 min. Of 8 × 20,000 h there are n = 16,000 cycles
/// of 10 h; the downtime of a cycle is Bernoulli, so its mean has the deviation (2 h − 1 min) ÷ 2 ÷ √n.
#[test]
fn restoration_succeeds_with_its_probability() {
    let text = "mtbf = \"8 h\"\ncut_repair = \"2 h\"\nrestoration = { time = \"1 min\", probability = \"50 %\" }\n";
    let get = with(text, &["horizon=\"20000 h\"", "replications=8"]);
    let (down, cycle) = (0.5 * 7200.0 + 0.5 * 60.0, 36_000.0);
    let margin = 4.0 * 0.5 * 7140.0 / 16_000.0_f64.sqrt() / cycle;
    let seen = get("link.x.availability");
    assert!((seen - (1.0 - down / cycle)).abs() < margin, "{seen} ± {margin}");
}

/// Four waves that fail after 1 h and are mended after 4 h, all at once, and spare waves for two of them: after 1 min half the link is back.
#[test]
fn waves_take_spare_ones_while_there_are_some() {
    let text = "waves = 4\nlength = \"1000 km\"\nwave_failures = \"8766 /1000km-year\"\nwave_repair = \"4 h\"\nrestoration = { time = \"1 min\", share = \"60 %\" }\n";
    let get = with(
        text,
        &[
            "link.x.wave_failures=\"1000 /1000km-year\"",
            "horizon=\"20000 h\"",
            "replications=8",
            "demand.d.rate=\"1 Tbps\"",
        ],
    );
    // Mean time to failure 8.766 h, exponential; repair 4 h. A wave is down for d of the time; of k down at once, at most two are carried
    // after a minute, which is small against hours: capacity = E[4 − max(k − 2, 0)] / 4, k binomial (4, d).
    let d = 4.0_f64 / (8.766 + 4.0);
    let lost = 4.0 * d.powi(3) * (1.0 - d) + 2.0 * d.powi(4);
    let closed = 1.0 - lost / 4.0;
    let seen = get("link.x.capacity_available");
    // A wave that fails while both spare ones are taken gets none when one falls free: a little less than the closed form.
    assert!(seen < closed && seen > closed - 0.5 * lost, "{seen}, at most {closed}");
    let none = with(
        text,
        &[
            "link.x.wave_failures=\"1000 /1000km-year\"",
            "horizon=\"20000 h\"",
            "replications=8",
            "link.x.restoration.probability=\"0 %\"",
        ],
    );
    let cycles = 8.0 * 4.0 * 20_000.0 / 12.766;
    let seen = none("link.x.capacity_available");
    assert!((seen - (1.0 - d)).abs() < 4.0 * d * (1.0 - d) * (1.0_f64 / cycles).sqrt(), "{seen}");
}

/// A failed wave that is mended after 4 h and has a spare one after 1 h is down for a quarter of that and restored for three, whenever it fails. Only a
/// failure that is open at the end, one of some 1,600, is not whole.
#[test]
fn a_wave_is_down_until_it_is_restored() {
    let text = "length = \"1000 km\"\nwave_failures = \"1000 /1000km-year\"\nwave_repair = \"4 h\"\nrestoration = { time = \"1 h\" }\n";
    let get = with(text, &["horizon=\"20000 h\""]);
    let (down, restored) = (get("link.x.downtime"), get("link.x.restored"));
    assert!(down > 1400.0 * 3600.0 && (restored / down - 3.0).abs() < 0.01, "{down} s down, {restored} s restored");
}

#[test]
fn bad_tables_are_refused() {
    for (more, code, words) in [
        ("degraded = { mtbf = \"1 h\", repair = \"1 h\" }\n", "E0102", "capacity"),
        ("degraded = { mtbf = \"1 h\", repair = \"1 h\", capacity = \"100 %\" }\n", "E0203", "at most"),
        ("restoration = { share = \"120 %\" }\n", "E0203", "at most"),
        ("restoration = { probability = \"-1 %\" }\n", "E0203", "negative"),
        ("restoration = { tme = \"1 s\" }\n", "E0101", "time"),
        ("[target.t]\nkpi = \"link.x.restored\"\nat_most = \"1 h\"\n", "E0304", "no 'restoration'"),
    ] {
        let text = format!("{BASE}{more}");
        let seen = render_text(&load_text("t.toml", &text, &[]).expect_err("this should be refused"), false);
        assert!(seen.contains(code) && seen.contains(words), "{text}{seen}");
    }
}

/// What comes of failures is no use on a link that never fails, whoever says so.
#[test]
fn what_never_fails_neither_degrades_nor_is_restored() {
    let keys =
        "degraded = { mtbf = \"1 h\", repair = \"4 h\", capacity = \"40 %\" }\nrestoration = { time = \"2 s\" }\n";
    let warned = |text: &str| {
        let (_, sources) =
            load_text("t.toml", text, &[]).unwrap_or_else(|errors| panic!("{}", render_text(&errors, false)));
        render_text(&sources.warnings, false)
    };
    let own = warned(&format!("{BASE}{keys}failures = false\n"));
    for key in ["degraded", "restoration"] {
        let words = format!("[W0609]: 'link.x.{key}' has no effect: 'link.x.failures' is false");
        assert!(own.contains(&words), "{own}");
    }
    let all = warned(&format!("{BASE}{keys}").replace("[wan]\n", "[wan]\nfailures = false\n"));
    assert!(all.contains("'link.x.restoration' has no effect: 'wan.failures' is false"), "{all}");
    assert!(!warned(&format!("{BASE}{keys}")).contains("W0609"));
}
