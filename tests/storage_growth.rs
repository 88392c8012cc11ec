//! Ingest that grows and varies: what lies on a system, its dates and the order, against the integrals of the laws.

mod world_support;

use apollo_sim::experiment::results::RunResults;
use apollo_sim::scenario::{load_text, render_text};
use world_support::{kpi, plan_with, run};

const DAY: f64 = 86_400.0;
const YEAR: f64 = 365.25 * DAY;
/// Bytes per second at the start.
const BASE: f64 = 1e9;

/// 10 PB of which 1 PB is taken.
fn filling(horizon: &str, work: &str) -> String {
    format!(
        r#"
format = 1
start = 2026-01-05
horizon = "{horizon}"
warmup = "0 s"
replications = 1
[site.lab]
[storage.box]
site = "lab"
system = "nvme-node"
nodes = 1000
capacity = "10 PB"
holds = "1 PB"
lead_time = "10 days"
order_for = "100 days"
[work.in]
kind = "io"
storage = "box"
pattern = "write"
clients = 4
ingest = true
rate = "1 GB/s"
{work}
"#
    )
}

const GROWTH: &str = "growth = { rate = \"60 %\" }";

fn k() -> f64 {
    1.6_f64.ln() / YEAR
}

/// ∫ e^(kt) from a to b.
fn grown(a: f64, b: f64) -> f64 {
    ((k() * b).exp() - (k() * a).exp()) / k()
}

/// When so many bytes have come at 60 % a year.
fn reached(bytes: f64) -> f64 {
    (1.0 + k() * bytes / BASE).ln() / k()
}

fn close(seen: f64, expected: f64, within: f64, what: &str) {
    assert!((seen / expected - 1.0).abs() <= within, "{what}: {seen}, by the law {expected}");
}

fn simulate(text: &str) -> RunResults {
    run(&plan_with(text, &[]))
}

/// Seconds after the start of 2026-01-05.
fn date(results: &RunResults, name: &str) -> f64 {
    let start = jiff::civil::date(2026, 1, 5).duration_since(jiff::civil::date(1970, 1, 1)).as_secs_f64();
    kpi(results, name) - start
}

#[test]
fn growth_fills_by_the_integral_of_its_law_and_so_do_its_dates() {
    let results = simulate(&filling("60 days", GROWTH));
    let end = 60.0 * DAY;
    // 1e-9: instants are whole nanoseconds.
    close(kpi(&results, "storage.box.used"), 1e15 + BASE * grown(0.0, end), 1e-9, "used after 60 days");
    // Projected: 7, 8 and 9 PB have come.
    for (name, bytes) in [("full_date_80", 7e15), ("full_date_90", 8e15), ("full_date", 9e15)] {
        close(date(&results, &format!("storage.box.{name}")), reached(bytes), 1e-6, name);
    }
    close(date(&results, "storage.box.order_by"), reached(9e15) - 10.0 * DAY, 1e-6, "order");
    let full = reached(9e15);
    close(kpi(&results, "storage.box.order_amount"), BASE * grown(full, full + 100.0 * DAY), 1e-6, "amount");
    // The same dates when the run sees them: within a day growth is even, so the date is off by seconds at most.
    let seen = simulate(&filling("120 days", GROWTH).replace("holds = \"1 PB\"", "holds = \"7.5 PB\""));
    let by_law = reached(2.5e15);
    assert!(by_law < 120.0 * DAY);
    assert!(
        (date(&seen, "storage.box.full_date") - by_law).abs() < 60.0,
        "{} {by_law}",
        date(&seen, "storage.box.full_date")
    );
}

#[test]
fn growth_by_the_month_is_compound() {
    let results = simulate(&filling("60 days", "growth = { rate = \"5 %\", per = \"month\" }"));
    let k = 1.05_f64.ln() / (YEAR / 12.0);
    close(kpi(&results, "storage.box.used"), 1e15 + BASE * (k * 60.0 * DAY).exp_m1() / k, 1e-9, "used");
}

const DAYS: &str = r#"season = [
  { every = "day", from = "8 h", factor = "150 %" },
  { every = "day", from = "20 h", factor = "50 %" },
  { every = "week", from = "0 days", factor = "120 %" },
  { every = "week", from = "5 days", factor = "50 %" },
]"#;

/// A week begins on Monday, 5 January 2026: five days at 120 %, two at half; 12 hours of each day at 150 %.
#[test]
fn days_and_weeks_vary_the_rate() {
    let results = simulate(&filling("7 days", DAYS));
    let week = 7.0 * DAY * (5.0 * 1.2 + 2.0 * 0.5) / 7.0;
    close(kpi(&results, "storage.box.used"), 1e15 + BASE * week, 1e-9, "a week");
    let results = simulate(&filling("12 h", DAYS));
    let half = (8.0 * 0.5 + 4.0 * 1.5) * 3600.0 * 1.2;
    close(kpi(&results, "storage.box.used"), 1e15 + BASE * half, 1e-9, "the first twelve hours");
    // From Thursday on.
    let results = simulate(&filling("3 days", DAYS).replace("2026-01-05", "2026-01-08"));
    close(kpi(&results, "storage.box.used"), 1e15 + BASE * DAY * (2.0 * 1.2 + 0.5), 1e-9, "Thursday to Saturday");
}

/// The year counts from 1 January, four days before the start.
#[test]
fn a_year_varies_the_rate() {
    let season = "season = [{ every = \"year\", from = \"0 s\", factor = \"200 %\" }, { every = \"year\", from = \"10 days\", factor = \"50 %\" }]";
    let results = simulate(&filling("20 days", season));
    close(kpi(&results, "storage.box.used"), 1e15 + BASE * DAY * (6.0 * 2.0 + 14.0 * 0.5), 1e-9, "twenty days");
}

#[test]
fn retention_takes_away_what_the_law_had_brought() {
    let text = filling("100 days", &format!("{GROWTH}\nretention = \"30 days\""));
    let results = simulate(&text);
    close(kpi(&results, "storage.box.used"), 1e15 + BASE * grown(70.0 * DAY, 100.0 * DAY), 1e-9, "thirty days of it");
    // It holds 30 days of a growing rate: 9 PB of it when e^(kt) (1 - e^(-30 k)) / k is that much.
    let month = grown(-30.0 * DAY, 0.0);
    close(date(&results, "storage.box.full_date"), (9e15 / (BASE * month)).ln() / k(), 1e-6, "full");
}

#[test]
fn what_is_refused_follows_the_law_too() {
    let text = filling("100 days", GROWTH).replace("holds = \"1 PB\"", "holds = \"8 PB\"");
    let results = simulate(&text);
    let offered = BASE * grown(0.0, 100.0 * DAY);
    close(kpi(&results, "storage.box.used"), 1e16, 1e-9, "full");
    close(kpi(&results, "io.in.refused"), offered - 2e15, 1e-6, "refused");
    let full = reached(2e15);
    close(kpi(&results, "storage.box.order_amount"), BASE * grown(full, full + 100.0 * DAY), 1e-5, "amount");
}

/// A tier takes a growing load with it: both fill by the law, and the dates of the base follow it.
#[test]
fn a_tier_passes_the_law_on() {
    let more = "[storage.base]\nsite = \"lab\"\nsystem = \"nvme-node\"\nnodes = 1000\ncapacity = \"10 PB\"\nholds = \"1 PB\"\n";
    let text =
        filling("100 days", GROWTH).replace("lead_time", "tier = { to = \"base\", after = \"20 days\" }\nlead_time");
    let results = simulate(&(text + more));
    close(kpi(&results, "storage.box.used"), 1e15 + BASE * grown(80.0 * DAY, 100.0 * DAY), 1e-6, "hot");
    close(kpi(&results, "storage.base.used"), 1e15 + BASE * grown(0.0, 80.0 * DAY), 1e-6, "base");
    close(date(&results, "storage.base.full_date"), reached(9e15) + 20.0 * DAY, 1e-4, "base full");
}

fn errors(work: &str) -> String {
    render_text(&load_text("t.toml", &filling("10 days", work), &[]).expect_err("bad input"), false)
}

#[test]
fn bad_growth_and_seasons_are_refused_with_their_place() {
    let part = |from: &str| format!("{{ every = \"day\", from = \"{from}\", factor = \"50 %\" }}");
    for (work, code, word) in [
        ("growth = { rate = \"-10 %\" }".to_owned(), "E0203", "rate"),
        ("growth = { rate = \"5 GB/s\" }".to_owned(), "E02", "rate"),
        ("growth = { rate = \"5 %\", per = \"week\" }".to_owned(), "E0", "per"),
        ("growth = {}".to_owned(), "E0102", "rate"),
        (format!("season = [{}]", part("1 h")), "E0515", "one part"),
        (format!("season = [{}, {}]", part("1 h"), part("24 h")), "E0515", "after its end"),
        (format!("season = [{}, {}]", part("5 h"), part("5 h")), "E0515", "does not begin after"),
        (format!("season = [{}, {}]", part("5 h"), part("7 h").replace("50 %", "0 %")), "E0203", "factor"),
        (format!("{GROWTH}\nphases = [{{ at = \"1 h\", rate = \"1 GB/s\" }}]"), "E0107", "exclude"),
    ] {
        let seen = errors(&work);
        assert!(seen.contains(code) && seen.contains(word) && seen.contains("t.toml:"), "{work}: {seen}");
    }
    let free = filling("10 days", GROWTH).replace("rate = \"1 GB/s\"\n", "");
    let seen = render_text(&load_text("t.toml", &free, &[]).expect_err("bad input"), false);
    assert!(seen.contains("needs a 'rate'"), "{seen}");
}
