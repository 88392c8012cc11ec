//! `apollo compare`: differences by hand, pairs against independent runs, folders, rules, bad input.

use serde_json::Value;

use crate::support::{Desk, Ran, tiny};

/// 100 GB over 40 Gb/s take about 20 s; nothing is random.
fn plain() -> String {
    // The accounts at both ends take 7.5 GB/s.
    tiny("at_most = \"60 s\"").replace("bytes = \"1 GB\"", "bytes = \"100 GB\"").replace("100 Gbps", "40 Gbps")
}

/// The same over waves that fail.
fn failing() -> String {
    plain()
        .replace(
            "rtt = \"20 ms\"",
            "rtt = \"20 ms\"\nwaves = 2\nmtbf = { exponential = { mean = \"1 min\" } }\ncut_repair = \"20 s\"",
        )
        .replace("bytes = \"100 GB\"", "bytes = \"1 TB\"")
        .replace("replications = 2", "replications = 12")
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out()).expect("JSON")
}

fn kpi<'a>(found: &'a Value, name: &str) -> &'a Value {
    let all = found["kpis"].as_array().expect("a list");
    all.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("{name} is not compared"))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("plain.toml", &plain());
    desk.write("failing.toml", &failing());
    desk
}

#[test]
fn half_the_capacity_takes_twice_the_time() {
    let desk = desk();
    let ran = desk
        .run(&["compare", "plain.toml", "--set-b", "link.ab.capacity=20 Gbps", "--format", "json", "--quiet"])
        .exits(0);
    let found = json(&ran);
    let time = kpi(&found, "transfer.move.time");
    let (a, b) = (number(&time["a"]), number(&time["b"]));
    let ideal = number(&kpi(&found, "transfer.move.rate")["relative"]);
    assert!((ideal + 0.5).abs() < 0.02, "{ideal}");
    assert!((number(&time["difference"]) - (b - a)).abs() < 1e-9 && b > 1.9 * a, "{a} {b}");
    assert_eq!(time["ci95"][0], time["ci95"][1], "nothing is random");
    let inputs = found["inputs"].as_array().expect("a list");
    assert_eq!(inputs.len(), 1, "{inputs:?}");
    assert_eq!(inputs[0]["address"], "link.ab.capacity");
    assert_eq!(inputs[0]["b"]["value"], "20 Gbps");
}

#[test]
fn a_scenario_does_not_differ_from_itself() {
    let desk = desk();
    let ran = desk
        .run(&["compare", "failing.toml", "failing.toml", "--fail-on", "transfer.move.rate < 0 %", "--quiet"])
        .exits(0);
    assert!(ran.out().contains("Inputs that differ\n  none"), "{}", ran.out());
    assert!(ran.out().contains("the same on both sides") && ran.out().contains("PASS"), "{}", ran.out());
}

/// The link is a hundredth faster in B: with the same cuts the difference shows, with others it drowns.
#[test]
fn pairs_see_what_independent_runs_do_not() {
    let desk = desk();
    let change = "link.ab.capacity=40.4 Gbps";
    let paired =
        json(&desk.run(&["compare", "failing.toml", "--set-b", change, "--format", "json", "--quiet"]).exits(0));
    let apart = ["compare", "failing.toml", "--set-b", change, "--set-b", "seed=77", "--format", "json", "--quiet"];
    let independent = json(&desk.run(&apart).exits(0));
    assert!(paired["paired"].as_bool().unwrap() && !independent["paired"].as_bool().unwrap());
    let width = |found: &Value| {
        let ci = &kpi(found, "transfer.move.rate")["ci95"];
        number(&ci[1]) - number(&ci[0])
    };
    let (narrow, wide) = (width(&paired), width(&independent));
    assert!(narrow > 0.0 && 5.0 * narrow < wide, "{narrow} {wide}");
    let ci = &kpi(&paired, "transfer.move.rate")["ci95"];
    assert!(number(&ci[0]) > 0.0, "a faster link is surely faster");
}

#[test]
fn folders_compare_as_their_scenarios_do() {
    let desk = desk();
    desk.run(&["run", "failing.toml", "--out", "one", "--quiet"]).exits(1);
    desk.run(&["run", "failing.toml", "--out", "two", "--set", "link.ab.capacity=48 Gbps", "--quiet"]).exits(1);
    let stored = json(&desk.run(&["compare", "one", "two", "--format", "json", "--quiet"]).exits(0));
    let fresh =
        desk.run(&["compare", "failing.toml", "--set-b", "link.ab.capacity=48 Gbps", "--format", "json", "--quiet"]);
    let fresh = json(&fresh.exits(0));
    assert_eq!(stored["kpis"], fresh["kpis"]);
    assert_eq!(stored["inputs"], fresh["inputs"]);
    let mixed = json(&desk.run(&["compare", "one", "failing.toml", "--format", "json", "--quiet"]).exits(0));
    assert!(mixed["kpis"].as_array().unwrap().iter().all(|kpi| kpi["difference"].as_f64().unwrap_or(0.0).abs() < 1e-9));
}

#[test]
fn rules_decide_the_exit_code() {
    let desk = desk();
    let slower = ["compare", "plain.toml", "--set-b", "link.ab.capacity=32 Gbps", "--quiet", "--fail-on"];
    let with = |rule: &'static str| desk.run(&[&slower[..], &[rule]].concat());
    with("transfer.move.time > +20 %").exits(1);
    with("transfer.move.time > +30 %").exits(0);
    with("transfer.move.time > 1 s").exits(1);
    with("transfer.move.rate < -10 %").exits(1);
    with("transfer.move.rate < -1 TB/s").exits(0);
    // Cuts that fall otherwise: nobody knows yet.
    let chance = ["compare", "failing.toml", "--set-b", "seed=9", "--quiet", "--fail-on", "transfer.move.rate < 0 %"];
    desk.run(&chance).exits(3);
}

#[test]
fn bad_input_is_said_with_what_would_be_right() {
    let desk = desk();
    desk.run(&["run", "plain.toml", "--out", "good", "--quiet"]).exits(0);
    desk.write("torn/manifest.json", "{\"apollo_manifest\": 1, \"state\": \"incomplete\", \"files\": []}");
    desk.write("empty/readme.txt", "nothing");
    for (arguments, words) in [
        (&["plain.toml", "--fail-on", "transfer.move.tine > 3 s"][..], "did you mean 'transfer.move.time'?"),
        (
            &["plain.toml", "--fail-on", "transfer.nosuch.time > 3 s"][..],
            "it has no 'nosuch'; copies and traces are: move",
        ),
        (&["good", "plain.toml", "--fail-on", "transfer.mvoe.time > 3 s"][..], "did you mean 'transfer.move.time'?"),
        (&["good", "good", "--fail-on", "transfer.mvoe.time > 3 s"][..], "did you mean 'transfer.move.time'?"),
        (
            &["plain.toml", "--fail-on", "link.ab.b-to-c.utilisation.p95 > 3 %"][..],
            "did you mean 'link.ab.b-to-a.utilisation.p95'?",
        ),
        (&["plain.toml", "--fail-on", "transfer.move.time"][..], "compares nothing"),
        (&["plain.toml", "--fail-on", "transfer.move.time > 3 GB"][..], "'GB' is a unit of sizes"),
        (&["plain.toml", "--fail-on", "transfer.*.time > 3 s"][..], "is a pattern"),
        (&["plain.toml", "--fail-on", "transfer.move.time > x %"][..], "is no share"),
        (&["good", "--set-b", "seed=2"][..], "is a result folder"),
        (&["plain.toml", "torn"][..], "does not say 'complete'"),
        (&["plain.toml", "empty"][..], "it has no manifest.json"),
        (&["plain.toml", "nowhere.toml"][..], "nowhere.toml"),
        (&["plain.toml", "--set-b", "link.ac.capacity=1 Gbps"][..], "link.ac"),
    ] {
        let all = [&["compare"], arguments].concat();
        let ran = desk.run(&all);
        assert!(ran.err().contains(words), "{arguments:?}: {}", ran.err());
        assert!(matches!(ran.code(), 2 | 4) && ran.out().is_empty(), "{arguments:?}: {}", ran.code());
    }
}

#[test]
fn one_side_alone_is_told_what_to_compare_it_with() {
    let desk = desk();
    let ran = desk.run(&["compare", "plain.toml"]).exits(0);
    assert!(ran.err().contains("plain.toml is compared with itself") && ran.err().contains("--set-b"), "{}", ran.err());
    let ran = desk.run(&["compare", "plain.toml", "--set-b", "link.ab.capacity=20 Gbps"]).exits(0);
    assert!(!ran.err().contains("with itself"), "{}", ran.err());
}

#[test]
fn every_form_holds_the_same_figures() {
    let desk = desk();
    let as_format = |format: &'static str| {
        let arguments = ["compare", "plain.toml", "--set-b", "link.ab.capacity=20 Gbps", "--format", format, "--quiet"];
        desk.run(&arguments).exits(0).out()
    };
    let csv = as_format("csv");
    let line = csv.lines().find(|line| line.starts_with("transfer.move.time")).expect("a row").to_owned();
    let found: Value = serde_json::from_str(&as_format("json")).unwrap();
    let time = kpi(&found, "transfer.move.time");
    let difference = line.split(',').nth(4).unwrap().parse::<f64>().unwrap();
    assert!((difference - number(&time["difference"])).abs() < 1e-15);
    let markdown = as_format("markdown");
    assert!(markdown.contains("## KPIs that differ") && markdown.contains("| link.ab.capacity |"), "{markdown}");
}
