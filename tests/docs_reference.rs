//! The generated pages of the reference are current.
//!
//! `APOLLO_UPDATE_DOCS=1 cargo test --test docs_reference` writes them anew.

use apollo_sim::cli::Exit;
use apollo_sim::{kpi, scenario};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Compares a page with what the program would write now.
fn current(page: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference").join(page);
    if std::env::var_os("APOLLO_UPDATE_DOCS").is_some() {
        fs::write(&path, text).expect("the page can be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let differs = committed.lines().zip(text.lines()).find(|(a, b)| a != b);
    assert!(
        committed == text,
        "docs/reference/{page} is not current (first difference: {differs:?}); \
         `APOLLO_UPDATE_DOCS=1 cargo test --test docs_reference` writes it"
    );
}

#[test]
fn scenario_keys_are_current() {
    current("scenario-keys.md", &scenario::reference());
}

#[test]
fn kpis_are_current() {
    current("kpis.md", &kpis());
}

/// The registry as a page: a table per area, then the definitions.
fn kpis() -> String {
    let mut out = String::from(
        "# KPIs\n\n\
         Written by the program from its registry (`apollo kpi`). A KPI is one number per replication, named \
         `area[.entity].measure[.stat]`; `*` stands for the name of a site, link, system, fleet or work. Without a stat a \
         name means the mean, where the KPI has one. What the numbers over replications mean: \
         [statistics](../background/statistics.md).\n",
    );
    let mut area = "";
    for row in kpi::all() {
        let this = row.pattern.split('.').next().unwrap_or_default();
        if this != area {
            let _ = write!(out, "\n## {this}\n");
            area = this;
        }
        let stats: Vec<String> = row.stats.iter().map(|s| format!("`{}`", s.word())).collect();
        let stats = if stats.is_empty() { String::new() } else { format!("; stats {}", stats.join(" ")) };
        let unit = if row.unit == "1" { "no unit".to_owned() } else { format!("unit `{}`", row.unit) };
        let _ = write!(out, "\n**`{}`** ({unit}{stats})\n= {}\n\n{}\n", row.pattern, row.formula, row.definition);
    }
    out
}

#[test]
fn exit_codes_are_the_documented_ones() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/exit-codes.md");
    let text = fs::read_to_string(page).expect("the page is there");
    let rows: Vec<u8> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .filter_map(|row| row.split(' ').next()?.parse().ok())
        .collect();
    let all = [
        Exit::Done,
        Exit::TargetFailed,
        Exit::Input,
        Exit::Inconclusive,
        Exit::Environment,
        Exit::Incomplete,
        Exit::Bug,
        Exit::Interrupted,
        Exit::Terminated,
    ];
    assert_eq!(rows, all.map(Exit::code));
}
