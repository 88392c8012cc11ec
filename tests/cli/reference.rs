//! Commands that print reference: catalogue, KPIs, codes, completions, manual; and how the program talks.

use serde_json::Value;

use crate::support::Desk;

#[test]
fn the_catalogue_lists_parts_and_shows_figures_with_sources() {
    let desk = Desk::new();
    assert!(desk.run(&["catalog"]).exits(0).out().contains("gb200-nvl72"));
    let part: Value =
        serde_json::from_str(&desk.run(&["catalog", "gb200-nvl72", "--format", "json"]).exits(0).out()).unwrap();
    assert!(part.as_array().unwrap().iter().all(|f| f["source"].is_string() && f["confidence"].is_string()));
    let ran = desk.run(&["catalog", "gb200-nvl27"]).exits(2);
    assert!(ran.err().contains("did you mean 'gb200-nvl72'?"), "{}", ran.err());
    assert!(desk.run(&["catalog", "--format", "csv"]).exits(0).out().starts_with("kind,part,title\n"));
}

#[test]
fn kpis_are_defined() {
    let desk = Desk::new();
    assert!(desk.run(&["kpi"]).exits(0).out().contains("rl.*.feedback_time"));
    assert!(desk.run(&["kpi", "rl.online.feedback_time.p95"]).exits(0).out().contains("formula: "));
    let one: Value =
        serde_json::from_str(&desk.run(&["kpi", "storage.x.read_efficiency", "--format", "json"]).exits(0).out())
            .unwrap();
    assert_eq!(one[0]["name"], "storage.*.read_efficiency");
    assert_eq!(one.as_array().map(Vec::len), Some(1));
    let ran = desk.run(&["kpi", "rl.online.feedbck_time"]).exits(2);
    assert!(ran.err().contains("rl.online.feedback_time"), "{}", ran.err());
}

#[test]
fn codes_are_explained() {
    let desk = Desk::new();
    assert!(desk.run(&["explain", "--code", "E0201"]).exits(0).out().starts_with("E0201: "));
    desk.run(&["explain", "--code", "E9999"]).exits(2);
    desk.run(&["explain"]).exits(2);
}

#[test]
fn completions_and_manual_cover_the_commands() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = desk.run(&["completions", shell]).exits(0).out();
        assert!(script.contains("replications"), "{shell}");
    }
    let manual = desk.run(&["man"]).exits(0).out();
    assert!(manual.contains(".TH apollo 1") && manual.contains(".TH apollo-run 1"), "{}", &manual[..200]);
}

#[test]
fn help_and_version_go_to_standard_output() {
    let desk = Desk::new();
    let help = desk.run(&["--help"]).exits(0);
    assert!(help.out().contains("Usage: apollo") && help.err().is_empty());
    for command in ["run", "test", "catalog", "kpi"] {
        assert!(help.out().contains(command));
        assert!(desk.run(&[command, "--help"]).exits(0).out().contains("Usage: apollo"));
    }
    assert_eq!(desk.run(&["--version"]).exits(0).out(), format!("apollo {}\n", env!("CARGO_PKG_VERSION")));
    let nothing = desk.run(&[]).exits(2);
    assert!(nothing.out().is_empty() && nothing.err().contains("Usage: apollo"));
}
