//! The reports of made-up results, as snapshots and as bytes.

use apollo_sim::experiment::results::Warning;
use apollo_sim::report::{csv, json, junit, markdown, parquet, text};

use crate::sample::{empty, falcon};

#[test]
fn text_is_readable() {
    insta::assert_snapshot!("text", text::render(&falcon(), text::TextStyle::default()));
    insta::assert_snapshot!("text_empty", text::render(&empty(), text::TextStyle::default()));
}

#[test]
fn ascii_text_is_ascii_and_as_wide() {
    let ascii = text::render(&falcon(), text::TextStyle { ascii: true, color: false });
    assert!(ascii.is_ascii(), "{ascii}");
    insta::assert_snapshot!("text_ascii", ascii);
}

#[test]
fn colour_adds_escapes_and_nothing_else() {
    let plain = text::render(&falcon(), text::TextStyle::default());
    let painted = text::render(&falcon(), text::TextStyle { ascii: false, color: true });
    assert!(painted.contains("\u{1b}[1m\u{1b}[31mFAIL\u{1b}[0m"), "{painted:?}");
    assert_eq!(anstream::adapter::strip_str(&painted).to_string(), plain);
    assert!(!plain.contains('\u{1b}'));
}

#[test]
fn user_text_cannot_send_escapes_to_the_terminal() {
    let mut run = falcon();
    run.title = "evil \u{1b}[2J title\nsecond line".into();
    run.warnings.push(Warning::of_run("bell \u{7}", "x"));
    let text = text::render(&run, text::TextStyle::default());
    assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'));
    assert!(text.starts_with("evil \u{FFFD}[2J title\u{FFFD}second line\n"));
}

#[test]
fn quantiles_over_replications_get_a_column() {
    let mut run = falcon();
    run.replications = 20;
    for kpi in &mut run.kpis {
        (kpi.p5, kpi.p50, kpi.p95, kpi.n) = (kpi.mean.map(|m| 0.9 * m), kpi.mean, kpi.mean.map(|m| 1.1 * m), 20);
    }
    let text = text::render(&run, text::TextStyle::default());
    assert!(text.contains("5th to 95th percentile") && text.contains("38.89 to 47.53"), "{text}");
}

#[test]
fn markdown_is_complete() {
    insta::assert_snapshot!("markdown", markdown::render(&falcon()));
}

#[test]
fn json_has_the_promised_shape() {
    let run = falcon();
    let text = json::render(&run);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
    let promised = [
        "scenario",
        "provenance",
        "replications",
        "simulated_s",
        "events",
        "kpis",
        "targets",
        "bottlenecks",
        "warnings",
    ];
    assert_eq!(keys, promised);
    insta::assert_snapshot!("json", text);
}

#[test]
fn json_writes_dates_as_strings_and_nonsense_as_null() {
    let mut run = empty();
    run.kpis = falcon().kpis[..2].to_vec();
    run.kpis[0].unit = "date".into();
    run.kpis[0].mean = Some(1_767_571_200.0);
    run.kpis[0].ci95 = Some([1_767_571_200.0, 1_767_657_600.0]);
    run.kpis[1].mean = Some(f64::NAN);
    let value = json::object(&run);
    assert_eq!(value["kpis"][0]["mean"], "2026-01-05T00:00:00Z");
    assert_eq!(value["kpis"][0]["ci95"][1], "2026-01-06T00:00:00Z");
    assert!(value["kpis"][1]["mean"].is_null());
    let array: serde_json::Value = serde_json::from_str(&json::render_all(&[&run])).unwrap();
    assert_eq!(array.as_array().map(Vec::len), Some(1));
}

#[test]
fn csv_has_a_line_per_kpi_and_target() {
    insta::assert_snapshot!("kpis_csv", csv::kpis(&falcon().kpis));
    insta::assert_snapshot!("targets_csv", csv::targets(&[&falcon()]));
}

#[test]
fn junit_counts_and_escapes() {
    let run = falcon();
    let suites =
        [junit::Suite::Ran(&run, &[]), junit::Suite::Broken("bad <file>.toml", "error: \"x\" & y\u{1b}\nline 2")];
    insta::assert_snapshot!("junit", junit::render(&suites));
}

#[test]
fn parquet_bytes_repeat() {
    let (a, b) = (parquet::series(&falcon().series).unwrap(), parquet::series(&falcon().series).unwrap());
    assert!(a == b && a.starts_with(b"PAR1") && a.ends_with(b"PAR1"));
}
