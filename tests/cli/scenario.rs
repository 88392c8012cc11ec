//! `check`, `new` and `schema`: before anything is simulated.

use std::fs;

use serde_json::Value;

use crate::support::{Desk, tiny};

#[test]
fn check_says_what_a_file_means() {
    let desk = Desk::new();
    let ran = desk.run(&["check", "tiny.toml"]).exits(0);
    assert!(ran.out().contains("link ab") || ran.out().contains("link.ab"), "{}", ran.out());
    assert_eq!(ran.err(), "");
    let two = desk.run(&["check", "tiny.toml", "tiny.toml"]).exits(0).out();
    assert_eq!(two.matches("== tiny.toml ==\n").count(), 2);
}

#[test]
fn check_shows_every_error_of_every_file() {
    let desk = Desk::new();
    desk.write("bad.toml", &tiny("at_most = \"60 parsecs\"").replace("rtt = ", "rrt = "));
    let ran = desk.run(&["check", "bad.toml", "tiny.toml", "missing.toml"]).exits(2);
    for expected in ["rrt", "parsecs", "missing.toml"] {
        assert!(ran.err().contains(expected), "{expected}: {}", ran.err());
    }
    assert!(ran.out().contains("== tiny.toml =="), "{}", ran.out());
}

#[test]
fn check_is_readable_by_machines() {
    let desk = Desk::new();
    desk.write("bad.toml", &tiny("at_most = \"60 s\"").replace("rtt = ", "rrt = "));
    let out = desk.run(&["check", "tiny.toml", "bad.toml", "--format", "json"]).exits(2).out();
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&value[0]["valid"], &value[1]["valid"]), (&Value::Bool(true), &Value::Bool(false)));
    let rtt = value[0]["values"].as_array().unwrap().iter().find(|v| v["address"] == "link.ab.rtt").unwrap();
    assert_eq!((&rtt["value"], &rtt["origin"]), (&Value::from("20 ms"), &Value::from("file")));
    let found = &value[1]["diagnostics"][0];
    assert!(found["line"].is_u64() && found["code"].is_string(), "{found}");
    let csv = desk.run(&["check", "tiny.toml", "--format", "csv"]).exits(0).out();
    assert!(csv.starts_with("file,address,value,origin,source\ntiny.toml,"), "{csv}");
}

#[test]
fn new_writes_a_scenario_that_checks() {
    let desk = Desk::new();
    for template in ["quickstart", "storage", "rl"] {
        let name = format!("my-{template}");
        assert_eq!(desk.run(&["new", &name, "--from", template]).exits(0).out(), format!("{name}.toml\n"));
        desk.run(&["check", &format!("{name}.toml")]).exits(0);
    }
    assert_eq!(desk.run(&["new", "plan.toml", "-q"]).exits(0).out(), "plan.toml\n");
    assert!(fs::read_to_string(desk.path().join("plan.toml")).unwrap().contains("title = \"plan\""));
}

#[test]
fn new_never_overwrites_and_never_leaves_the_folder() {
    let desk = Desk::new();
    let before = fs::read(desk.path().join("tiny.toml")).unwrap();
    assert!(desk.run(&["new", "tiny"]).exits(2).err().contains("tiny.toml exists already"));
    assert_eq!(fs::read(desk.path().join("tiny.toml")).unwrap(), before);
    for name in ["../../x", "/tmp/x", "a/b", "", ".toml", "a b", "x\u{1b}[2J"] {
        let ran = desk.run(&["new", name]).exits(2);
        assert!(ran.out().is_empty() && !ran.err().contains('\u{1b}'), "{name:?}");
    }
    desk.run(&["new", "x", "--from", "nothing"]).exits(2);
    assert_eq!(fs::read_dir(desk.path()).unwrap().count(), 1);
}

#[test]
fn the_schema_is_json() {
    let desk = Desk::new();
    let schema: Value = serde_json::from_str(&desk.run(&["schema"]).exits(0).out()).unwrap();
    assert!(schema["$schema"].is_string());
}
