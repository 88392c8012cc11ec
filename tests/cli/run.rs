//! `apollo run`: results on standard output, the result folder, exit codes.

use std::fs;

use serde_json::Value;

use crate::support::{Desk, tiny};

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn a_run_prints_the_report_and_fills_the_default_folder() {
    let desk = Desk::new();
    let ran = desk.run(&["run", "tiny.toml"]).exits(0);
    let out = ran.out();
    assert!(out.starts_with("Tiny\ntiny.toml (digest "), "{out}");
    assert!(out.contains("PASS") && out.contains("transfer.move.time") && out.contains("≤ 60 s"), "{out}");
    assert!(
        ran.err().contains("events in ") && ran.err().contains("results and charts are in reports/tiny"),
        "{}",
        ran.err()
    );
    for name in [
        "summary.json",
        "kpis.csv",
        "series.parquet",
        "manifest.json",
        "charts/wan-utilisation.svg",
        "charts/wan-utilisation.png",
    ] {
        assert!(desk.path().join("reports/tiny").join(name).is_file(), "{name}");
    }
}

#[test]
fn output_is_the_same_bytes_whatever_the_threads_and_the_summary_is_what_json_prints() {
    let desk = Desk::new();
    let run = |threads, out| {
        desk.run(&["run", "tiny.toml", "--format", "json", "--threads", threads, "--out", out]).exits(0).out()
    };
    let (one, two) = (run("1", "x"), run("2", "y"));
    assert_eq!(one, two);
    assert_eq!(fs::read_to_string(desk.path().join("x/summary.json")).unwrap(), one);
    for name in ["kpis.csv", "series.parquet", "manifest.json", "charts/wan-utilisation.svg", "charts/storage.png"] {
        let read = |dir: &str| fs::read(desk.path().join(dir).join(name)).unwrap();
        assert!(read("x") == read("y"), "{name}");
    }
    let value = json(&one);
    assert_eq!(value["replications"], 2);
    assert_eq!(value["targets"][0]["verdict"], "pass");
    assert_eq!(value["scenario"]["file"], "tiny.toml");
}

#[test]
fn flags_reach_the_run_and_its_provenance() {
    let desk = Desk::new();
    let args = [
        "run",
        "tiny.toml",
        "--set",
        "link.ab.capacity=\"10 Gbps\"",
        "--seed",
        "99",
        "--replications",
        "3",
        "--format",
        "json",
    ];
    let value = json(&desk.run(&args).exits(0).out());
    assert_eq!(value["provenance"]["seed"], 99);
    assert_eq!(value["provenance"]["overrides"][0], "link.ab.capacity=\"10 Gbps\"");
    assert_eq!(value["replications"], 3);
    let time = value["targets"][0]["value"].as_f64().unwrap();
    assert!(time > 0.8, "1 GB over 10 Gbps takes 0.8 s at least, not {time}");
}

#[test]
fn every_form_is_offered() {
    let desk = Desk::new();
    let out = |format| desk.run(&["run", "tiny.toml", "--format", format]).exits(0).out();
    assert!(out("csv").starts_with("name,unit,mean,ci95_lo,ci95_hi,p5,p50,p95,n,reason\n"));
    assert!(out("markdown").starts_with("# Tiny\n"));
    assert!(json(&out("json")).is_object());
}

#[test]
fn verdicts_decide_the_exit_code() {
    let desk = Desk::new();
    desk.write("fail.toml", &tiny("at_most = \"1 ms\""));
    let ran = desk.run(&["run", "fail.toml"]).exits(1);
    assert!(ran.out().contains("FAIL"), "{}", ran.out());
    assert!(desk.path().join("reports/fail/summary.json").exists(), "a failed target is a result");
    // Nothing to judge: the copy is not finished at the horizon.
    desk.write("open.toml", &tiny("at_most = \"60 s\"").replace("1 GB", "900 TB"));
    let ran = desk.run(&["run", "open.toml"]).exits(3);
    assert!(ran.out().contains("INCONCLUSIVE"), "{}", ran.out());
}

#[test]
fn wrong_input_is_2_and_leaves_nothing() {
    let desk = Desk::new();
    desk.write("bad.toml", &tiny("at_most = \"60 s\"").replace("100 Gbps", "100 Gpbs"));
    let ran = desk.run(&["run", "bad.toml"]).exits(2);
    assert!(ran.out().is_empty() && ran.err().contains("E0201") && ran.err().contains("Gbps"), "{}", ran.err());
    desk.run(&["run", "missing.toml"]).exits(2);
    for args in [
        &["run"][..],
        &["run", "tiny.toml", "--replications", "0"],
        &["run", "tiny.toml", "--threads", "0"],
        &["run", "tiny.toml", "--seed", "-1"],
        &["run", "tiny.toml", "--precision", "0.01"],
        &["run", "tiny.toml", "--format", "yaml"],
        &["run", "tiny.toml", "--set", "link.nope.capacity=\"1 Gbps\""],
        &["frobnicate"],
    ] {
        let ran = desk.run(args).exits(2);
        assert!(ran.out().is_empty() && !ran.err().is_empty(), "{args:?}");
    }
    assert!(!desk.path().join("reports").exists());
}

#[test]
fn a_folder_that_is_not_ours_is_4_before_anything_is_simulated() {
    let desk = Desk::new();
    desk.write("mine/thesis.txt", "years of work");
    let ran = desk.run(&["run", "tiny.toml", "--out", "mine"]).exits(4);
    assert!(ran.out().is_empty() && ran.err().contains("mine exists and is not a result folder"), "{}", ran.err());
    assert_eq!(fs::read_dir(desk.path().join("mine")).unwrap().count(), 1);
    let ran = desk.run(&["run", "tiny.toml", "--out", "mine/thesis.txt/x"]).exits(4);
    assert!(ran.err().contains("thesis.txt"), "{}", ran.err());
}

#[test]
fn quiet_keeps_results_and_errors() {
    let desk = Desk::new();
    let (loud, quiet) = (desk.run(&["run", "tiny.toml"]), desk.run(&["--quiet", "run", "tiny.toml"]).exits(0));
    assert_eq!(quiet.out(), loud.out());
    assert_eq!(quiet.err(), "");
    assert!(!desk.run(&["run", "missing.toml", "-q"]).exits(2).err().is_empty());
}

#[test]
fn colour_comes_only_when_asked_for() {
    let desk = Desk::new();
    assert!(!desk.run(&["run", "tiny.toml"]).out().contains('\u{1b}'));
    let always = desk.run(&["run", "tiny.toml", "--color", "always"]).exits(0);
    // Not `is_ascii`: a fast machine takes microseconds, and says so with a µ.
    assert!(always.out().contains("\u{1b}[") && !always.err().contains('\u{1b}'));
    let mut command = desk.apollo(&["run", "tiny.toml", "--color", "never"]);
    let output = command.env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(!output.stdout.contains(&0x1b));
    let output = desk.apollo(&["run", "tiny.toml"]).env("NO_COLOR", "1").env("CLICOLOR_FORCE", "").output().unwrap();
    assert!(!output.stdout.contains(&0x1b));
}

#[test]
fn a_failure_study_is_in_every_form_and_its_target_is_judged() {
    let desk = Desk::new();
    let value = json(&desk.run(&["run", "tiny.toml", "--what-if", "links,sites", "--format", "json"]).exits(0).out());
    let failed: Vec<_> =
        value["what_if"].as_array().unwrap().iter().map(|row| row["failed"].as_str().unwrap()).collect();
    assert_eq!(failed, ["link.ab", "site.a", "site.b"]);
    let row = &value["what_if"][0];
    assert_eq!(row["worst_utilisation"], 0.0, "the only link is down");
    assert_eq!(row["unserved"], 0.0);
    let cost = row["works"].as_array().unwrap().iter().find(|c| c["kpi"] == "transfer.move.slowdown").unwrap();
    assert!(cost["base"].as_f64().unwrap() >= 1.0 && cost["value"].is_null() && cost["reason"].is_string(), "{cost}");
    let rows = fs::read_to_string(desk.path().join("reports/tiny/what_if.csv")).unwrap();
    assert_eq!(rows.lines().count(), 1 + 3 * row["works"].as_array().unwrap().len(), "{rows}");

    let text = desk.run(&["run", "tiny.toml", "--what-if", "links"]).exits(0).out();
    assert!(text.contains("What if: 1 failure") && text.contains("transfer.move"), "{text}");
    let plain = desk.run(&["run", "tiny.toml"]).exits(0).out();
    assert!(!plain.contains("What if"), "no study without being asked");
    assert!(!desk.path().join("reports/tiny/what_if.csv").exists(), "a study of an earlier run does not stay");

    desk.run(&["run", "tiny.toml", "--what-if", "moons"]).exits(2);
    let gate = |top: &str| {
        format!(
            "{top}\n{}\n[target.headroom]\nkpi = \"wan.worst_utilisation\"\nat_most = \"1e-9\"\n",
            tiny("at_most = \"60 s\"")
        )
    };
    desk.write("gate.toml", &gate("what_if = [\"links\"]"));
    desk.run(&["run", "gate.toml"]).exits(1);
    desk.write("gate.toml", &gate(""));
    let refused = desk.run(&["run", "gate.toml"]).exits(2).err();
    assert!(refused.contains("E0304") && refused.contains("what_if"), "{refused}");
}

/// Waves that fail now and then: a tenth of the mean takes a few replications, a hundredth more than are allowed.
#[test]
fn replications_go_on_until_the_precision_is_reached() {
    let desk = Desk::new();
    let failing = tiny("at_most = \"60 s\"")
        .replace("100 Gbps", "40 Gbps")
        .replace(
            "rtt = \"20 ms\"",
            "rtt = \"20 ms\"\nwaves = 2\nmtbf = { exponential = { mean = \"1 min\" } }\ncut_repair = \"20 s\"",
        )
        .replace("bytes = \"1 GB\"", "bytes = \"300 GB\"");
    desk.write("failing.toml", &failing);
    let run = |more: &[&str]| {
        let all = [&["run", "failing.toml", "--quiet", "--format", "json"], more].concat();
        let out = desk.run(&all).out();
        serde_json::from_str::<Value>(&out).unwrap_or_else(|e| panic!("{e}: {out}"))
    };
    let found = run(&["--precision", "10 %"]);
    let n = found["replications"].as_u64().unwrap();
    let time = |found: &Value| {
        let rows = found["kpis"].as_array().unwrap();
        let row = rows.iter().find(|row| row["name"] == "transfer.move.time").unwrap().clone();
        let number = |key: &Value| key.as_f64().unwrap();
        (number(&row["mean"]), (number(&row["ci95"][1]) - number(&row["ci95"][0])) / 2.0)
    };
    let (mean, half) = time(&found);
    assert!((10..200).contains(&n) && half <= 0.1 * mean, "{n}: {mean} ± {half}");
    // The same replications as asked for by number, and the same for any threads.
    let same = run(&["--replications", &n.to_string()]);
    assert_eq!(same["kpis"], found["kpis"]);
    assert_eq!(run(&["--precision", "10 %", "--threads", "1"])["kpis"], found["kpis"]);
    let capped = run(&["--precision", "transfer.move.time=0.01 s", "--max-replications", "15"]);
    assert_eq!(capped["replications"].as_u64(), Some(15));
    assert!(capped["warnings"].to_string().contains("times as wide as asked for after 15 replications"));
    for (text, words) in [("x", "'x'"), ("transfer.move.tine=2 %", "did you mean"), ("-2 %", "--precision")] {
        let ran = desk.run(&["run", "failing.toml", &format!("--precision={text}")]).exits(2);
        assert!(ran.err().contains(words), "{text}: {}", ran.err());
    }
}

/// A precision of something that the plan does not have is wrong input; one of something that is never seen is not reached, and that is said.
#[test]
fn a_precision_needs_a_kpi_that_is_there() {
    let desk = Desk::new();
    desk.write("never.toml", &tiny("at_most = \"60 s\"").replace("1 GB", "900 TB"));
    for (asked, words) in [
        ("transfer.mvoe.time=2%", "did you mean 'transfer.move.time.mean'?"),
        ("rl.move.feedback_time.p95=2%", "works of kind 'rl' are: none"),
        ("link.abc.ab.utilisation.p95=2%", "did you mean 'link.ab."),
        // The link is there, the direction is not: known when the first replications have run.
        ("link.ab.a-to-c.utilisation.p95=2%", "did you mean 'link.ab.a-to-b.utilisation.p95'?"),
    ] {
        let ran = desk.run(&["run", "tiny.toml", "--quiet", "--precision", asked]).exits(2);
        assert!(ran.err().contains(words) && ran.out().is_empty(), "{asked}: {} {}", ran.err(), ran.out());
    }
    for asked in ["transfer.move.time=2%", "2%"] {
        let ran = desk.run(&["run", "never.toml", "--quiet", "--precision", asked]).exits(3);
        let said = "transfer.move.time.mean: precision not reached: no value (unfinished at the horizon";
        assert!(ran.out().contains(said), "{}", ran.out());
    }
}

/// What `--warmup auto` found is an input like any other: it is told, it differs from another warm-up, and given as a value it gives the same bytes.
#[test]
fn a_warm_up_that_was_found_can_be_repeated() {
    let desk = Desk::new();
    desk.write(
        "fills.toml",
        "format = 1\nhorizon = \"30 min\"\nreplications = 1\n[site.a]\n[storage.s]\nsite = \"a\"\nsystem = \"vast-ebox-z3-highmem-88\"\n\
         nodes = 16\n[work.w]\nkind = \"io\"\nstorage = \"s\"\npattern = \"write\"\nclients = 64\n",
    );
    desk.run(&["run", "fills.toml", "--quiet", "--out", "plain"]).exits(0);
    desk.run(&["run", "fills.toml", "--quiet", "--out", "auto", "--warmup", "auto"]).exits(0);
    let read = |name: &str| fs::read_to_string(desk.path().join(name)).expect("a file");
    let manifest: Value = serde_json::from_str(&read("auto/manifest.json")).unwrap();
    assert_eq!(manifest["warmup"]["asked"], "auto");
    let found = manifest["warmup"]["found"].as_str().expect("a time").to_owned();
    assert_eq!(manifest["overrides"][0], format!("warmup={found}"));
    let inputs = read("auto/inputs.csv");
    assert!(inputs.contains(&format!("\nwarmup,{found},--warmup auto\n")), "{inputs}");
    desk.run(&["run", "fills.toml", "--quiet", "--out", "again", "--warmup", &found]).exits(0);
    for name in ["kpis.csv", "replications.csv", "series.parquet"] {
        let [auto, again, plain] =
            ["auto", "again", "plain"].map(|dir| fs::read(desk.path().join(dir).join(name)).expect("a file"));
        assert!(auto == again, "{name} with {found}");
        assert!(auto != plain || name == "series.parquet", "{name} does not depend on the warm-up");
    }
    let compared = desk.run(&["compare", "plain", "auto", "--quiet"]).exits(0).out();
    assert!(compared.contains("warmup") && compared.contains(&found), "{compared}");
    let compared = desk.run(&["compare", "again", "auto", "--quiet"]).exits(0).out();
    assert!(compared.contains("Inputs that differ\n  none"), "{compared}");
    let twice = ["run", "fills.toml", "--set", "warmup=1 min", "--warmup", "auto"];
    let ran = desk.run(&twice).exits(2);
    assert!(ran.err().contains("'--set warmup=1 min' and '--warmup auto' set the same value"), "{}", ran.err());
    let ran = desk.run(&["run", "fills.toml", "--warmup", "soon"]).exits(2);
    assert!(ran.err().contains("soon"), "{}", ran.err());
}

/// A buffer that fills for a minute, and then half the rate for ever: what is cut is about that minute.
#[test]
fn an_automatic_warm_up_leaves_out_what_is_unlike_the_rest() {
    let desk = Desk::new();
    desk.write(
        "fills.toml",
        "format = 1\nhorizon = \"30 min\"\nreplications = 1\n[site.a]\n[storage.s]\nsite = \"a\"\nsystem = \"vast-ebox-z3-highmem-88\"\n\
         nodes = 16\n[work.w]\nkind = \"io\"\nstorage = \"s\"\npattern = \"write\"\nclients = 64\n",
    );
    let run = |more: &[&str]| {
        let all = [&["run", "fills.toml", "--quiet", "--format", "json"], more].concat();
        serde_json::from_str::<Value>(&desk.run(&all).exits(0).out()).unwrap()
    };
    let rate = |found: &Value| {
        let rows = found["kpis"].as_array().unwrap();
        rows.iter().find(|row| row["name"] == "io.w.rate").unwrap()["mean"].as_f64().unwrap()
    };
    let (whole, cut) = (rate(&run(&[])), run(&["--warmup", "auto"]));
    assert!(cut["warnings"].to_string().contains("by MSER-5"), "{}", cut["warnings"]);
    let settled = rate(&run(&["--set", "warmup=10 min"]));
    assert!((rate(&cut) / settled - 1.0).abs() < 1e-6 && whole > 1.01 * settled, "{whole} {} {settled}", rate(&cut));
}
