//! `apollo test`: verdicts of several files, their summary, JUnit, and which exit code wins.

use std::fs;

use serde_json::Value;

use crate::support::{Desk, tiny};

/// A folder `cases` with one file for each verdict.
fn cases() -> Desk {
    let desk = Desk::new();
    desk.write("cases/a-pass.toml", &tiny("within = { of = \"0.11 s\", tolerance = \"0.1 s\" }"));
    desk.write("cases/deep/b-fail.toml", &tiny("at_least = \"1 h\""));
    desk.write("cases/c-open.toml", &tiny("at_most = \"60 s\"").replace("1 GB", "900 TB"));
    desk.write("cases/notes.md", "not a scenario");
    desk
}

#[test]
fn one_line_per_target_and_a_summary() {
    let desk = cases();
    let ran = desk.run(&["test", "cases"]).exits(1);
    let out = ran.out();
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], "cases/a-pass.toml");
    assert!(lines[1].starts_with("  PASS          time: transfer.move.time.mean is "), "{out}");
    assert!(lines[1].ends_with("limit 110 ms ± 100 ms (arithmetic)"), "{out}");
    assert_eq!(lines[2], "cases/c-open.toml");
    assert!(lines[3].starts_with("  INCONCLUSIVE  time: transfer.move.time.mean has no value, limit ≤ 60 s"), "{out}");
    assert_eq!(lines[4], "cases/deep/b-fail.toml");
    assert!(lines[5].starts_with("  FAIL          time: "), "{out}");
    assert_eq!(lines[7], "3 files; 3 targets: 1 failed, 1 inconclusive, 1 passed");
    assert!(!desk.path().join("reports").exists(), "test writes no result folders");
}

#[test]
fn the_worst_outcome_wins_in_the_documented_order() {
    let desk = cases();
    desk.write("bad.toml", "format = 1\nnonsense = 3\n");
    desk.run(&["test", "cases/a-pass.toml"]).exits(0);
    desk.run(&["test", "cases/a-pass.toml", "cases/c-open.toml"]).exits(3);
    desk.run(&["test", "cases/c-open.toml", "cases/deep/b-fail.toml"]).exits(1);
    desk.run(&["test", "cases", "--junit", "no/such/folder/junit.xml"]).exits(4);
    let ran = desk.run(&["test", "bad.toml", "cases"]).exits(2);
    assert!(ran.out().contains("4 files, 1 of them could not be run; 3 targets: 1 failed"), "{}", ran.out());
    assert!(ran.err().contains("nonsense"), "{}", ran.err());
}

#[test]
fn json_is_an_array_of_runs() {
    let desk = cases();
    let out = desk.run(&["test", "cases", "tiny.toml", "--format", "json", "--quiet"]).exits(1).out();
    let value: Value = serde_json::from_str(&out).unwrap();
    let files: Vec<&str> = value.as_array().unwrap().iter().map(|r| r["scenario"]["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["cases/a-pass.toml", "cases/c-open.toml", "cases/deep/b-fail.toml", "tiny.toml"]);
    let single = desk.run(&["run", "tiny.toml", "--format", "json", "--quiet"]).exits(0).out();
    assert_eq!(value[3], serde_json::from_str::<Value>(&single).unwrap());
    assert_eq!(desk.run(&["test", "bad.toml", "--format", "json"]).exits(2).out(), "[]\n");
}

#[test]
fn junit_has_a_case_per_target_and_one_per_broken_file() {
    let desk = cases();
    desk.write("cases/bad.toml", "format = 1\nnonsense = 3\n");
    desk.run(&["test", "cases", "--junit", "junit.xml"]).exits(2);
    let xml = fs::read_to_string(desk.path().join("junit.xml")).unwrap();
    assert!(xml.contains("<testsuites name=\"apollo test\" tests=\"4\" failures=\"1\" errors=\"2\">"), "{xml}");
    assert!(xml.contains("<testcase classname=\"a-pass\" name=\"time\"/>") && xml.contains("unknown key"), "{xml}");
}

#[test]
fn tables_for_pull_requests_and_spreadsheets() {
    let desk = cases();
    let out = |format| desk.run(&["test", "cases", "--format", format]).exits(1).out();
    assert!(
        out("markdown").contains("| cases/deep/b-fail.toml | FAIL | time | transfer.move.time.mean |"),
        "{}",
        out("markdown")
    );
    assert!(out("csv").contains("cases/a-pass.toml,time,transfer.move.time.mean,within,0.11,0.1,"), "{}", out("csv"));
}

#[test]
fn a_folder_without_scenarios_is_a_mistake() {
    let desk = Desk::new();
    desk.write("empty/readme.md", "");
    let ran = desk.run(&["test", "empty"]).exits(2);
    assert!(ran.err().contains("empty holds no .toml file"), "{}", ran.err());
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_said_before_anything_runs() {
    let desk = Desk::new();
    for (flag, path, words) in [
        ("--save", "/proc/base/deep", "cannot write /proc/"),
        ("--junit", "nowhere/j.xml", "cannot write nowhere/j.xml"),
        ("--markdown", "nowhere/m.md", "cannot write nowhere/m.md"),
    ] {
        let ran = desk.run(&["test", "tiny.toml", flag, path]).exits(4);
        assert!(ran.err().contains(words) && ran.out().is_empty(), "{flag}: {} {}", ran.err(), ran.out());
    }
    // A scenario outside has a place of its own below the baseline.
    desk.write("plans/tiny.toml", &tiny("at_most = \"60 s\""));
    desk.run(&["test", "plans/../tiny.toml", "plans/tiny.toml", "--save", "base"]).exits(0);
    assert!(desk.path().join("base/plans/_parent/tiny/kpis.csv").exists());
    assert!(desk.path().join("base/plans/tiny/kpis.csv").exists());
}

#[test]
fn a_baseline_catches_what_got_worse() {
    let desk = Desk::new();
    desk.write("plans/copy.toml", &tiny("at_most = \"60 s\"").replace("1 GB", "100 GB"));
    desk.run(&["test", "plans", "--save", "base"]).exits(0);
    assert!(desk.path().join("base/plans/copy/replications.csv").exists());
    let ran = desk.run(&["test", "plans", "--baseline", "base"]).exits(0);
    let line = "PASS          time against the baseline: change of transfer.move.time.mean is 0 %, limit ≤ 1 %";
    assert!(ran.out().contains(line) && ran.out().contains("2 targets: 2 passed"), "{}", ran.out());
    // A tenth slower: still well below its target, and a regression.
    desk.write("plans/copy.toml", &tiny("at_most = \"60 s\"").replace("1 GB", "110 GB"));
    let ran = desk.run(&["test", "plans", "--baseline", "base", "--junit", "j.xml", "--markdown", "m.md"]).exits(1);
    assert!(ran.out().contains("1 failed, 1 passed"), "{}", ran.out());
    let junit = fs::read_to_string(desk.path().join("j.xml")).unwrap();
    assert!(junit.contains("name=\"time against the baseline\"") && junit.contains("failures=\"1\""), "{junit}");
    let markdown = fs::read_to_string(desk.path().join("m.md")).unwrap();
    assert!(markdown.contains("| FAIL | time against the baseline |"), "{markdown}");
    desk.run(&["test", "plans", "--baseline", "base", "--regression", "20 %"]).exits(0);
    // A scenario without a baseline is no regression; a wrong share and a torn baseline are said.
    let ran = desk.run(&["test", "tiny.toml", "--baseline", "base"]).exits(0);
    assert!(ran.err().contains("no baseline in base/tiny"), "{}", ran.err());
    desk.run(&["test", "plans", "--baseline", "base", "--regression", "20 GB"]).exits(2);
    desk.run(&["test", "plans", "--regression", "2 %"]).exits(2);
    fs::remove_file(desk.path().join("base/plans/copy/inputs.csv")).unwrap();
    let ran = desk.run(&["test", "plans", "--baseline", "base"]).exits(2);
    assert!(ran.err().contains("it has no inputs.csv"), "{}", ran.err());
}
