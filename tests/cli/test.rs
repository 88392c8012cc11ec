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
    assert!(
        xml.contains("<testcase classname=\"cases.a-pass\" name=\"time\"/>") && xml.contains("unknown key"),
        "{xml}"
    );
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
    assert!(ran.err().contains("no baseline: base/tiny does not exist"), "{}", ran.err());
    desk.run(&["test", "plans", "--baseline", "base", "--regression", "20 GB"]).exits(2);
    desk.run(&["test", "plans", "--regression", "2 %"]).exits(2);
    fs::remove_file(desk.path().join("base/plans/copy/inputs.csv")).unwrap();
    let ran = desk.run(&["test", "plans", "--baseline", "base"]).exits(2);
    assert!(ran.err().contains("it has no inputs.csv"), "{}", ran.err());
}

#[test]
fn a_baseline_that_is_not_there_is_never_a_pass() {
    let desk = Desk::new();
    desk.write("plans/copy.toml", &tiny("at_most = \"60 s\""));
    let ran = desk.run(&["test", "plans", "--baseline", "bsae", "--quiet"]).exits(2);
    assert!(ran.err().contains("there is no folder bsae") && ran.out().is_empty(), "{} {}", ran.err(), ran.out());
    desk.run(&["test", "plans/copy.toml", "--baseline", "plans/copy.toml", "--quiet"]).exits(2);
    // A new scenario: not compared, and that stands in every form.
    desk.run(&["test", "plans", "--save", "base", "--quiet"]).exits(0);
    desk.write("plans/new.toml", &tiny("at_most = \"60 s\""));
    let all = ["test", "plans", "--baseline", "base", "--quiet", "--junit", "j.xml", "--markdown", "m.md"];
    let out = desk.run(&all).exits(0).out();
    assert!(out.contains("  NOT COMPARED  time: no baseline: base/plans/new does not exist"), "{out}");
    assert!(out.contains("3 targets: 3 passed; 1 not compared"), "{out}");
    let junit = fs::read_to_string(desk.path().join("j.xml")).unwrap();
    let case = "<testcase classname=\"plans.new\" name=\"time against the baseline\">\n      <skipped message=\"no baseline: base/plans/new does not exist\"/>";
    assert!(junit.contains(case) && junit.contains("tests=\"4\" failures=\"0\" errors=\"0\" skipped=\"1\""), "{junit}");
    let markdown = fs::read_to_string(desk.path().join("m.md")).unwrap();
    assert!(markdown.contains("| plans/new.toml | NOT COMPARED | time |"), "{markdown}");
    let json = desk.run(&["test", "plans", "--baseline", "base", "--quiet", "--format", "json"]).exits(0).out();
    assert!(json.contains("time: no baseline: base/plans/new does not exist"), "{json}");
}

#[test]
fn a_target_that_was_removed_since_the_baseline_is_named_and_open() {
    let desk = Desk::new();
    let second = "\n[target.rate]\nkpi = \"transfer.move.rate\"\nat_least = \"1 MB/s\"\n";
    let one = tiny("at_most = \"60 s\"");
    desk.write("plan.toml", &format!("{one}{second}"));
    desk.run(&["test", "plan.toml", "--save", "base", "--quiet"]).exits(0);
    desk.write("plan.toml", &one);
    let all = ["test", "plan.toml", "--baseline", "base", "--quiet", "--junit", "j.xml", "--markdown", "m.md"];
    let out = desk.run(&all).exits(3).out();
    let words = "rate, removed since the baseline";
    let accepted = desk.run(&[&all[..5], &["--allow-removed"]].concat()).exits(0).out();
    assert!(accepted.contains(&format!("NOT COMPARED  {words}: --allow-removed accepts that")), "{accepted}");
    assert!(
        out.contains(&format!("INCONCLUSIVE  {words}: transfer.move.rate.mean has no value, limit ≥ 1 MB/s")),
        "{out}"
    );
    for file in ["j.xml", "m.md"] {
        assert!(fs::read_to_string(desk.path().join(file)).unwrap().contains(words), "{file}");
    }
    // A target of the same name on another KPI is another target: its old KPI is named, its new one has no baseline value of its own to fail on.
    desk.write(
        "plan.toml",
        &format!(
            "{one}{}",
            second.replace("transfer.move.rate", "link.ab.a-to-b.utilisation.max").replace("1 MB/s", "0 %")
        ),
    );
    let out = desk.run(&["test", "plan.toml", "--baseline", "base", "--quiet"]).exits(3).out();
    assert!(out.contains(words) && out.contains("rate against the baseline"), "{out}");
}

/// Nothing is lost in the baseline, something is now: an infinite share, and a regression.
#[test]
fn from_zero_any_change_for_the_worse_is_a_regression() {
    let desk = Desk::new();
    let plan = |mtbf: &str| {
        tiny("at_most = \"60 s\"")
            .replace(
                "rtt = \"20 ms\"",
                &format!("rtt = \"20 ms\"\nwaves = 2\nmtbf = \"{mtbf}\"\ncut_repair = \"20 s\""),
            )
            .replace("replications = 2", "replications = 10")
            .replace("kpi = \"transfer.move.time\"", "kpi = \"link.ab.downtime\"")
    };
    desk.write("plan.toml", &plan("1000 d"));
    desk.run(&["test", "plan.toml", "--save", "base", "--quiet"]).exits(0);
    desk.write("plan.toml", &plan("1 min"));
    let out = desk.run(&["test", "plan.toml", "--baseline", "base", "--quiet"]).exits(1).out();
    assert!(out.contains("FAIL          time against the baseline: change of link.ab.downtime from 0 is "), "{out}");
    assert!(out.contains("limit ≤ 0 s (zero in the baseline: any change for the worse is a regression)"), "{out}");
    desk.write("plan.toml", &plan("1000 d"));
    desk.run(&["test", "plan.toml", "--baseline", "base", "--quiet"]).exits(0);
    // The same in a rule of shares.
    desk.run(&["run", "plan.toml", "--out", "a", "--quiet"]).exits(0);
    desk.write("plan.toml", &plan("1 min"));
    let rule = |rule: &'static str| desk.run(&["compare", "a", "plan.toml", "--quiet", "--fail-on", rule]);
    let out = rule("link.ab.downtime > +5 %").exits(1).out();
    assert!(out.contains("zero in the first run: any change is an infinite share of it"), "{out}");
    rule("link.ab.downtime < -5 %").exits(0);
}

/// What only the baseline has is named as long as it lies in a folder that is tested; what lies beside it is none of this test's.
#[test]
fn a_plan_that_was_removed_since_the_baseline_is_named_and_open() {
    let desk = Desk::new();
    for name in ["plans/one.toml", "plans/deep/two.v2.toml", "other/three.toml"] {
        desk.write(name, &tiny("at_most = \"60 s\""));
    }
    desk.run(&["test", "plans", "other", "--save", "base", "--quiet"]).exits(0);
    desk.run(&["test", "plans", "--baseline", "base", "--quiet"]).exits(0);
    fs::remove_file(desk.path().join("plans/deep/two.v2.toml")).unwrap();
    desk.run(&["test", "plans/one.toml", "--baseline", "base", "--quiet"]).exits(0);
    let all = ["test", "plans", "--baseline", "base", "--quiet", "--junit", "j.xml", "--markdown", "m.md"];
    let out = desk.run(&all).exits(3).out();
    assert!(out.contains("plans/deep/two.v2.toml\n  INCONCLUSIVE  the baseline has results of it"), "{out}");
    assert!(out.contains("2 files, 1 of them removed since the baseline; 2 targets: 2 passed"), "{out}");
    assert!(!out.contains("three"), "{out}");
    let junit = fs::read_to_string(desk.path().join("j.xml")).unwrap();
    assert!(junit.contains("<testcase classname=\"plans.deep.two.v2\" name=\"against the baseline\">"), "{junit}");
    assert!(junit.contains("tests=\"3\" failures=\"0\" errors=\"1\""), "{junit}");
    let markdown = fs::read_to_string(desk.path().join("m.md")).unwrap();
    assert!(markdown.contains("| plans/deep/two.v2.toml | INCONCLUSIVE |"), "{markdown}");
    let ran = desk.run(&["test", "plans", "--baseline", "base", "--format", "csv"]).exits(3);
    assert!(ran.err().contains("plans/deep/two.v2.toml: the baseline has results of it"), "{}", ran.err());
    // Accepted once: told, and no more.
    let accepted = ["test", "plans", "--baseline", "base", "--quiet", "--allow-removed", "--junit", "j.xml"];
    let out = desk.run(&accepted).exits(0).out();
    assert!(out.contains("NOT COMPARED  the baseline has results of it") && out.contains("1 of them removed"), "{out}");
    let junit = fs::read_to_string(desk.path().join("j.xml")).unwrap();
    assert!(junit.contains("errors=\"0\" skipped=\"1\""), "{junit}");
    desk.run(&["test", "plans", "--allow-removed"]).exits(2);
    // Results whose manifest is lost are results all the same.
    fs::remove_file(desk.path().join("base/plans/deep/two.v2/manifest.json")).unwrap();
    desk.run(&["test", "plans", "--baseline", "base", "--quiet"]).exits(3);
    // Its results are deleted: accepted.
    fs::remove_dir_all(desk.path().join("base/plans/deep")).unwrap();
    desk.run(&["test", "plans", "--baseline", "base", "--quiet"]).exits(0);
}

#[test]
fn a_baseline_that_was_changed_is_not_believed() {
    let desk = Desk::new();
    desk.run(&["test", "tiny.toml", "--save", "base", "--quiet"]).exits(0);
    let file = desk.path().join("base/tiny/replications.csv");
    let text = fs::read_to_string(&file).unwrap();
    // A row less, and a digit more.
    let without: String =
        text.lines().filter(|line| !line.starts_with("transfer.move.time,")).map(|line| format!("{line}\n")).collect();
    let other = text.replacen(",0.", ",10.", 1);
    assert!(without != text && other != text);
    for changed in [without, other] {
        fs::write(&file, changed).unwrap();
        let all = ["test", "tiny.toml", "--baseline", "base", "--junit", "j.xml", "--markdown", "m.md"];
        let ran = desk.run(&all).exits(2);
        assert!(ran.err().contains("replications.csv is not as it was written"), "{}", ran.err());
        assert!(ran.out().contains("1 not compared"), "{}", ran.out());
        let junit = fs::read_to_string(desk.path().join("j.xml")).unwrap();
        assert!(junit.contains("<error type=\"input\"") && junit.contains("errors=\"1\""), "{junit}");
        let markdown = fs::read_to_string(desk.path().join("m.md")).unwrap();
        assert!(markdown.contains("| tiny.toml | NOT COMPARED | scenario |"), "{markdown}");
        desk.run(&["run", "tiny.toml", "--out", "new", "--quiet"]).exits(0);
        desk.run(&["compare", "base/tiny", "new"]).exits(2);
    }
    fs::write(&file, text).unwrap();
    desk.run(&["test", "tiny.toml", "--baseline", "base"]).exits(0);
}

#[test]
fn what_is_saved_is_not_compared_with_itself() {
    let desk = Desk::new();
    desk.run(&["test", "tiny.toml", "--save", "base", "--quiet"]).exits(0);
    for same in ["base", "./base/", "base/../base"] {
        let ran = desk.run(&["test", "tiny.toml", "--baseline", "base", "--save", same]).exits(2);
        assert!(ran.err().contains("--save and --baseline are the same folder"), "{}", ran.err());
    }
    desk.run(&["test", "tiny.toml", "--baseline", "base", "--save", "new"]).exits(0);
}

#[test]
fn a_file_that_could_not_be_run_is_a_row_and_classes_are_paths() {
    let desk = Desk::new();
    desk.write("a/plan.toml", &tiny("at_most = \"60 s\""));
    desk.write("b/plan.toml", &tiny("at_most = \"60 s\""));
    desk.write("bad.toml", &format!("nonsense = 3\n{}", tiny("at_most = \"60 s\"")));
    let all = ["test", "a", "./b", "bad.toml", "--quiet", "--junit", "j.xml", "--markdown", "m.md"];
    desk.run(&all).exits(2);
    let markdown = fs::read_to_string(desk.path().join("m.md")).unwrap();
    let row = markdown.lines().find(|line| line.starts_with("| bad.toml | NOT RUN |")).expect("a row");
    assert!(row.contains("nonsense"), "{row}");
    let junit = fs::read_to_string(desk.path().join("j.xml")).unwrap();
    for class in ["a.plan", "b.plan", "bad"] {
        assert_eq!(junit.matches(&format!("classname=\"{class}\"")).count(), 1, "{junit}");
    }
}
