//! Copies whose pace goes by the time of day or week, against hours counted by hand.

mod world_support;

use apollo_sim::scenario::{load_text, render_text};
use world_support::{kpi, plan_with, run};

fn copy(bytes: &str, work: &str) -> String {
    format!(
        r#"
format = 1
start = 2026-01-05
horizon = "20 days"
warmup = "0 s"
replications = 1
[site.a]
[storage.from]
site = "a"
system = "azure-blob"
capacity = "4 EB"
[storage.to]
site = "a"
system = "azure-blob"
capacity = "4 EB"
[work.c]
kind = "copy"
from = "from"
to = "to"
bytes = "{bytes}"
{work}
"#
    )
}

const HOUR: f64 = 3600.0;
/// 1 GB/s by day, 3 GB/s from 20 h to 6 h.
const NIGHTS: &str = "pace = \"8 Gbps\"\npace_windows = [{ from = \"20 h\", to = \"6 h\", pace = \"24 Gbps\" }]";

fn close(seen: f64, expected: f64, what: &str) {
    assert!((seen / expected - 1.0).abs() <= 1e-9, "{what}: {seen}, by hand {expected}");
}

fn time(text: &str) -> f64 {
    let results = run(&plan_with(text, &[]));
    close(kpi(&results, "transfer.c.slowdown"), 1.0, "alone it is as fast as alone");
    kpi(&results, "transfer.c.time")
}

#[test]
fn a_copy_is_faster_by_night() {
    // A day moves 14 h x 1 GB/s + 10 h x 3 GB/s = 44 GBh; from midnight six hours of night come first.
    let gbh = |n: f64| format!("{} GB", n * HOUR);
    close(time(&copy(&gbh(18.0), NIGHTS)), 6.0 * HOUR, "the first night");
    close(time(&copy(&gbh(25.0), NIGHTS)), 13.0 * HOUR, "and seven hours of day");
    close(
        time(&copy(&gbh(10.0 * 44.0 + 18.0 + 14.0 + 6.0), NIGHTS)),
        (240.0 + 22.0) * HOUR,
        "ten days and a day until 22 h",
    );
    let later = format!("{NIGHTS}\nstarts = \"21 h\"");
    close(time(&copy(&gbh(27.0 + 1.0), &later)), 10.0 * HOUR, "from 21 h on");
}

#[test]
fn a_week_has_windows_too_and_the_start_is_a_day_of_it() {
    // Half a gigabyte a second, from Saturday to Sunday 2 GB/s: Monday 5 January is the start.
    let work = "pace = \"4 Gbps\"\npace_windows = [{ every = \"week\", from = \"5 days\", to = \"7 days\", pace = \"16 Gbps\" }]";
    let day = |n: f64| format!("{} GB", n * 86_400.0);
    close(time(&copy(&day(2.5 + 4.0 + 1.0), work)), 9.0 * 86_400.0, "nine days");
    // From Sunday on.
    let text = copy(&day(2.0 + 0.5), work).replace("2026-01-05", "2026-01-11");
    close(time(&text), 2.0 * 86_400.0, "Sunday and Monday");
}

/// Without a pace a window is as fast as the systems allow.
#[test]
fn full_rate_at_night() {
    let work = "pace = \"8 Gbps\"\npace_windows = [{ from = \"20 h\", to = \"6 h\" }]";
    let free = run(&plan_with(&copy("1 PB", ""), &[]));
    let rate = kpi(&free, "transfer.c.rate");
    // From 6 h on: fourteen hours at 1 GB/s, then full rate.
    let text = copy("1 PB", &format!("{work}\nstarts = \"6 h\""));
    close(time(&text), 14.0 * HOUR + (1e15 - 14.0 * HOUR * 1e9) / rate, "by day and by night");
}

#[test]
fn bad_windows_are_refused_with_their_place() {
    for (windows, code, word) in [
        ("[{ from = \"20 h\", to = \"25 h\" }]", "E0515", "no part of the day"),
        ("[{ from = \"24 h\", to = \"6 h\" }]", "E0515", "no part of the day"),
        ("[{ from = \"5 h\", to = \"5 h\" }]", "E0515", "no part of the day"),
        ("[{ from = \"20 h\", to = \"6 h\" }, { from = \"5 h\", to = \"7 h\" }]", "E0515", "overlaps"),
        (
            "[{ from = \"20 h\", to = \"22 h\" }, { every = \"week\", from = \"5 h\", to = \"7 h\" }]",
            "E0515",
            "all of the day",
        ),
        ("[{ from = \"20 h\", to = \"22 h\", pace = \"0 Gbps\" }]", "E0203", "pace"),
        ("[{ from = \"20 h\" }]", "E0102", "to"),
        ("[{ from = \"20\", to = \"22 h\" }]", "E02", "from"),
    ] {
        let text = copy("1 PB", &format!("pace_windows = {windows}"));
        let seen = render_text(&load_text("t.toml", &text, &[]).expect_err("bad input"), false);
        assert!(seen.contains(code) && seen.contains(word) && seen.contains("t.toml:"), "{windows}: {seen}");
    }
    let (plan, _) =
        load_text("t.toml", &copy("1 PB", "pace_windows = [{ from = \"20 h\", to = \"6 h\" }]"), &[]).unwrap();
    assert!(plan.warnings.iter().any(|w| w.message.contains("have no effect")), "{:?}", plan.warnings);
}
