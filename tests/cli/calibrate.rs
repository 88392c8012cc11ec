//! `apollo calibrate` from outside: what it recovers, what it refuses, what it writes.

use std::fmt::Write as _;
use std::fs;

use serde_json::Value;

use crate::support::Desk;

/// A system whose reads and writes, operations and latencies all bind somewhere. `figures` are keys of its table.
fn system(figures: &str) -> String {
    format!(
        r#"format = 1
horizon = "10 s"
replications = 1

[site.lab]

[storage.disk]
site = "lab"
system = "nvme-node"
nodes = 1
buffer = "1 MB"
buffer_copies = 1
stripe_data = 1
stripe_parity = 0
{figures}

[work.load]
kind = "io"
storage = "disk"
pattern = "read"
clients = 1
"#
    )
}

/// What the rows are made with.
const TRUTH: &str =
    "read_latency = \"90 us\"\nwrite_latency = \"210 us\"\noperations = \"47 kop/s\"\nmedia_read = \"2.5 GB/s\"";
const FIT: &str = "read_latency,write_latency,operations,media_read";
const HEADER: &str = "clients,io_size [KiB],queue_depth,read_share [%],rate [B/s]";

/// Settings that show every coefficient.
fn settings() -> Vec<(u64, u64, u64, u64)> {
    let mut out = Vec::new();
    for share in [100, 0, 60] {
        for size in [4, 32, 1024] {
            for (clients, depth) in [(1, 1), (2, 2), (4, 32)] {
                out.push((clients, size, depth, share));
            }
        }
    }
    out
}

fn table(settings: &[(u64, u64, u64, u64)], rates: &[f64]) -> String {
    let mut out = format!("{HEADER}\n");
    for ((clients, size, depth, share), rate) in settings.iter().zip(rates) {
        writeln!(out, "{clients},{size},{depth},{share},{rate}").expect("a string can be written to");
    }
    out
}

/// The rates that the simulator itself gives for some settings.
fn simulated(desk: &Desk, scenario: &str, settings: &[(u64, u64, u64, u64)]) -> Vec<f64> {
    desk.write("any.csv", &table(settings, &vec![1e6; settings.len()]));
    let out = desk.run(&["calibrate", scenario, "--measured", "any.csv", "--format", "json"]).exits(0).out();
    let result: Value = serde_json::from_str(&out).expect("JSON");
    rows(&result).iter().map(|row| row["rate"]["before"].as_f64().expect("a rate")).collect()
}

/// A desk with `truth.toml`, `start.toml` and `rows.csv`, the rows being exactly what the truth gives.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("truth.toml", &system(TRUTH));
    desk.write("start.toml", &system(""));
    let rates = simulated(&desk, "truth.toml", &settings());
    desk.write("rows.csv", &table(&settings(), &rates));
    desk
}

fn rows(result: &Value) -> &Vec<Value> {
    result["rows"].as_array().expect("a list of rows")
}

fn json(desk: &Desk, args: &[&str]) -> Value {
    let all = [&["calibrate"], args, &["--format", "json", "--quiet"]].concat();
    serde_json::from_str(&desk.run(&all).exits(0).out()).expect("JSON")
}

fn after(result: &Value, name: &str) -> f64 {
    coefficient(result, name)["after"].as_f64().expect("a value")
}

fn coefficient<'a>(result: &'a Value, name: &str) -> &'a Value {
    let end = format!(".{name}");
    let all = result["coefficients"].as_array().expect("a list");
    all.iter().find(|c| c["address"].as_str().is_some_and(|a| a.ends_with(&end))).expect("the coefficient is there")
}

#[track_caller]
fn close(got: f64, wanted: f64, tolerance: f64) {
    assert!((got / wanted - 1.0).abs() <= tolerance, "{got} is not {wanted}");
}

#[test]
fn known_coefficients_come_back_and_predict_rows_that_were_held_out() {
    let desk = desk();
    let result = json(&desk, &["start.toml", "--measured", "rows.csv", "--fit", FIT, "--out", "fit.toml"]);
    for (name, wanted) in
        [("read_latency", 90e-6), ("write_latency", 210e-6), ("operations", 47e3), ("media_read", 2.5e9)]
    {
        close(after(&result, name), wanted, 2e-3);
        assert_eq!(coefficient(&result, name)["status"], "fitted", "{name}");
    }
    let errors = &result["errors"];
    let mean = |set: &str, when: &str| errors[set][when]["mean"].as_f64().unwrap();
    assert!(mean("fitted", "before") > 0.5 && mean("held_out", "before") > 0.5);
    assert!(mean("fitted", "after") < 1e-3 && mean("held_out", "after") < 1e-3, "{errors}");
    let held_out = errors["held_out"]["after"]["rows"].as_u64().unwrap();
    assert_eq!((held_out, errors["fitted"]["after"]["rows"].as_u64().unwrap()), (7, 20));

    // The file makes the same predictions in a scenario that names it.
    desk.write("use.toml", &format!("catalog = [\"fit.toml\"]\n{}", system("")));
    let again = json(&desk, &["use.toml", "--measured", "rows.csv"]);
    for (row, first) in rows(&again).iter().zip(rows(&result)) {
        assert_eq!(row["rate"]["before"], first["rate"]["after"]);
    }
    let check = desk.run(&["check", "use.toml"]).exits(0).out();
    let origin = check.lines().find(|line| line.contains("read_latency = ")).expect("the figure is listed");
    assert!(origin.contains("[fitted] fit.toml:") && origin.contains("Fitted to rows.csv (sha256 "), "{origin}");
}

#[test]
fn scattered_rows_give_nearly_the_same_coefficients() {
    let desk = desk();
    // Up to 8 % of scatter that is the same every time.
    let rates = simulated(&desk, "truth.toml", &settings());
    let scattered: Vec<f64> =
        rates.iter().enumerate().map(|(n, rate)| rate * (1.0 + 0.08 * f64::sin(n as f64 * 2.4))).collect();
    desk.write("rows.csv", &table(&settings(), &scattered));
    let result = json(&desk, &["start.toml", "--measured", "rows.csv", "--fit", FIT]);
    close(after(&result, "read_latency"), 90e-6, 0.1);
    close(after(&result, "write_latency"), 210e-6, 0.1);
    close(after(&result, "operations"), 47e3, 0.1);
    let error = |set: &str| result["errors"][set]["after"]["mean"].as_f64().unwrap();
    assert!(error("fitted") < 0.08 && error("held_out") < 0.1, "{}", result["errors"]);
}

/// Rows of one client with one small read at a time say something of the read latency, and of nothing else.
#[test]
fn what_the_rows_cannot_tell_is_said_and_kept() {
    let desk = desk();
    let only: Vec<_> = (1..=8).map(|n| (n, 4, 1, 100)).collect();
    let rates = simulated(&desk, "truth.toml", &only);
    desk.write("few.csv", &table(&only, &rates));
    let fit = "read_latency,write_latency,operations,nic,client_overhead";
    let args = ["start.toml", "--measured", "few.csv", "--fit", fit, "--out", "few.toml"];
    let result = json(&desk, &args);
    close(after(&result, "read_latency"), 90e-6, 1e-3);
    for name in ["write_latency", "nic", "client_overhead"] {
        let c = coefficient(&result, name);
        assert_eq!((&c["status"], &c["after"]), (&"not_identified".into(), &c["before"]), "{name}");
    }
    let notes = result["notes"].to_string();
    assert!(notes.contains("the rows do not identify 'write_latency'"), "{notes}");
    let file = fs::read_to_string(desk.path().join("few.toml")).unwrap();
    assert!(file.contains("\nread_latency = ") && !file.contains("\nwrite_latency = "), "{file}");
}

/// A limit that never binds can only be bounded from below; the value nearest to the present one is taken.
#[test]
fn a_limit_that_no_row_reaches_is_known_from_below_only() {
    let desk = desk();
    let only: Vec<_> = [1, 2, 3, 4].map(|n| (n, 4, 1, 100)).to_vec();
    let rates = simulated(&desk, "truth.toml", &only);
    desk.write("few.csv", &table(&only, &rates));
    // 4 / 90 us are 44,444 operations per second: the present 20,000 are too few for them.
    desk.write("slow.toml", &system("operations = \"20 kop/s\"\nread_latency = \"90 us\""));
    let result = json(&desk, &["slow.toml", "--measured", "few.csv", "--fit", "operations", "--hold-out", "none"]);
    assert_eq!(coefficient(&result, "operations")["status"], "at_least");
    close(after(&result, "operations"), 4.0 / 90e-6, 1e-3);
    let notes = result["notes"].to_string();
    assert!(notes.contains("no row was held out") && notes.contains("slow.toml:15:14 states 'operations'"), "{notes}");
}

/// `nic` and `client_overhead` matter only as a quotient: one of the two keeps its value.
#[test]
fn of_two_that_only_matter_together_one_is_kept() {
    let desk = desk();
    let truth = system("nic = \"4 Gbps\"\nread_latency = \"10 us\"");
    desk.write("truth.toml", &truth);
    desk.write("start.toml", &system("read_latency = \"10 us\""));
    let only: Vec<_> = [1, 2, 4, 8].map(|n| (n, 1024, 16, 100)).to_vec();
    let rates = simulated(&desk, "truth.toml", &only);
    desk.write("few.csv", &table(&only, &rates));
    let args = ["start.toml", "--measured", "few.csv", "--fit", "nic,client_overhead", "--hold-out", "none"];
    let result = json(&desk, &args);
    let kept = ["nic", "client_overhead"].map(|name| coefficient(&result, name)["status"] == "not_identified");
    assert_eq!(kept.iter().filter(|k| **k).count(), 1, "{}", result["coefficients"]);
    assert!(result["errors"]["fitted"]["after"]["mean"].as_f64().unwrap() < 1e-3);
}

#[test]
fn a_bound_holds_and_is_named() {
    let desk = desk();
    let args = ["start.toml", "--measured", "rows.csv", "--fit", FIT, "--bound", "read_latency=150 us..1 ms"];
    let result = json(&desk, &args);
    assert_eq!(coefficient(&result, "read_latency")["status"], "at_bound");
    close(after(&result, "read_latency"), 150e-6, 1e-9);
    assert!(result["notes"].to_string().contains("'read_latency' ends at a bound (150 us to 1 ms)"));
}

/// A short test of writes measures the write buffer, a long one what lies behind it: the row says how long it ran.
#[test]
fn the_duration_of_a_row_decides_what_it_measures() {
    let desk = Desk::new();
    let buffered =
        system("media_write = \"2 GB/s\"").replace("buffer = \"1 MB\"\n", "").replace("buffer_copies = 1\n", "");
    desk.write(
        "start.toml",
        &format!("{buffered}[work.second]\nkind = \"io\"\nstorage = \"disk\"\npattern = \"write\"\nclients = 9\n"),
    );
    let row = |duration: &str| format!("8,1024,32,0,1e9,{duration}\n");
    desk.write("rows.csv", &format!("{HEADER},duration\n{}{}{}", row("1 min"), row("10 h"), row("")));
    let result = json(&desk, &["start.toml", "--measured", "rows.csv", "--work", "load"]);
    let rates: Vec<f64> = rows(&result).iter().map(|row| row["rate"]["before"].as_f64().unwrap()).collect();
    // Two copies of each byte go into a buffer of 12 GB/s; the other work of the scenario does not run.
    close(rates[0], 6e9, 1e-9);
    close(rates[2], 6e9, 1e-9);
    // Room for 1.5 TB of bytes in two copies is full after six minutes; then the media decides.
    assert!((2e9..2.1e9).contains(&rates[1]), "{rates:?}");
}

#[test]
fn the_same_bytes_on_any_number_of_threads() {
    let desk = desk();
    let run = |threads: &[&str], out: &str| {
        let args = [
            &["calibrate", "start.toml", "--measured", "rows.csv", "--fit", "read_latency,operations", "--out", out],
            threads,
        ];
        let printed = desk.run(&args.concat()).exits(0).out();
        (printed, fs::read(desk.path().join(out)).unwrap())
    };
    let one = run(&["--threads", "1"], "one.toml");
    assert_eq!(one, run(&["--threads", "3"], "three.toml"));
    assert_eq!(one, run(&[], "all.toml"));
}

#[test]
fn rules_for_held_out_rows() {
    let desk = desk();
    let held = |rule: &str, file: &str| -> Vec<usize> {
        let args = ["start.toml", "--measured", file, "--fit", "read_latency", "--hold-out", rule];
        let result = json(&desk, &args);
        rows(&result).iter().enumerate().filter(|(_, row)| row["held_out"] == true).map(|(n, _)| n).collect()
    };
    assert_eq!(held("9th", "rows.csv"), [8, 17, 26]);
    assert_eq!(held("30 %", "rows.csv").len(), 8);
    let text = fs::read_to_string(desk.path().join("rows.csv")).unwrap();
    let marked: String = text
        .lines()
        .enumerate()
        .map(|(n, line)| {
            format!(
                "{line},{}\n",
                if n == 0 {
                    "hold_out"
                } else if n % 2 == 0 {
                    "yes"
                } else {
                    "no"
                }
            )
        })
        .collect();
    desk.write("marked.csv", &marked);
    assert_eq!(held("column", "marked.csv").len(), 13);
}

const TWO: &str = "clients,io_size,queue_depth,read_share,rate\n1,4 KiB,1,100 %,30 MB/s\n2,4 KiB,1,100 %,61 MB/s\n";

/// Every fault of the input ends with 2, is said with its place, and leaves no file.
#[test]
fn bad_input_is_2_with_file_row_and_column() {
    let desk = Desk::new();
    desk.write("start.toml", &system(""));
    let bad = |from: &str, to: &str| TWO.replacen(from, to, 1);
    let cases: Vec<(String, &[&str], &[&str])> = vec![
        (String::new(), &[], &["'rows.csv' is empty", "columns are: clients (or threads)"]),
        (TWO.lines().next().unwrap().to_owned(), &[], &["'rows.csv' holds no row below its header"]),
        (bad(",rate", ""), &[], &["column 'rate' is missing"]),
        (bad("io_size", "io_sise"), &[], &["column 'io_size' is missing", "rows.csv:1:9", "is this 'io_size'?"]),
        (bad("30 MB/s", "-30 MB/s"), &[], &["row in line 2, column 'rate': is negative", "rows.csv:2:17"]),
        (bad("30 MB/s", "0 MB/s"), &[], &["row in line 2, column 'rate': '0 MB/s' must be above zero"]),
        (bad("30 MB/s", "fast"), &[], &["row in line 2, column 'rate': 'fast' does not start with a number"]),
        (bad("30 MB/s", "30"), &[], &["row in line 2, column 'rate': '30' has no unit", "data rates: "]),
        (bad("30 MB/s", ""), &[], &["row in line 2, column 'rate': is empty"]),
        (bad("4 KiB", "0 B"), &[], &["row in line 2, column 'io_size': '0 B' must be at least 1 B", "rows.csv:2:3"]),
        (bad("100 %", "120 %"), &[], &["row in line 2, column 'read_share': '120 %' must be between 0 and 100 %"]),
        (bad("\n1,", "\n1.5,"), &[], &["row in line 2, column 'clients': '1.5' must be a whole number"]),
        (bad(",30 MB/s", ""), &[], &["row in line 2: 4 cells under 5 heads"]),
        (bad("rate", "rate [parsecs]"), &[], &["column 'rate [parsecs]': unknown unit 'parsecs'"]),
        (TWO.to_owned(), &["--fit", "read_latncy"], &["did you mean 'read_latency'?", "figures of 'nvme-node'"]),
        (
            TWO.to_owned(),
            &["--fit", "storage.other.nic"],
            &["'storage.other.nic' is not a figure of the system under load"],
        ),
        (TWO.to_owned(), &["--fit", "migration_read"], &["'migration_read' is no quantity"]),
        (TWO.to_owned(), &["--fit", "racks"], &["'racks' changes no rate"]),
        (TWO.to_owned(), &["--fit", "egress_limit"], &["'egress_limit' is no figure of a storage system"]),
        (TWO.to_owned(), &["--fit", "account_egress"], &["'account_egress' has no value in 'disk'"]),
        (TWO.to_owned(), &["--fit", "nic,storage.disk.nic"], &["'nic' is named twice"]),
        (TWO.to_owned(), &["--fit", "nic", "--bound", "nic=9 Gbps"], &["a bound without '=' or '..'"]),
        (TWO.to_owned(), &["--fit", "nic", "--bound", "nic=9 Gbps..2 Gbps"], &["the lower bound must be"]),
        (TWO.to_owned(), &["--fit", "nic,operations,media_read"], &["3 coefficients cannot be fitted to 1 rows"]),
        (
            TWO.to_owned(),
            &["--fit", "nic", "--hold-out", "column"],
            &["no file of measured rows has a column 'hold_out'"],
        ),
        (TWO.to_owned(), &["--work", "lod", "--fit", "nic"], &["did you mean 'load'?"]),
        (TWO.to_owned(), &["--fit", "nic", "--part", "azure-blob"], &["'azure-blob' is another part of the catalogue"]),
        (TWO.to_owned(), &["--fit", "write_latency"], &["the rows change none of the coefficients"]),
    ];
    for (rows, args, wanted) in cases {
        desk.write("rows.csv", &rows);
        let fit: &[&str] = if args.contains(&"--fit") { &["--out", "fit.toml"] } else { &[] };
        let all = [&["calibrate", "start.toml", "--measured", "rows.csv", "--quiet"], args, fit].concat();
        let said = desk.run(&all).exits(2).err();
        assert!(wanted.iter().all(|part| said.contains(part)), "{args:?} on\n{rows}\nsaid\n{said}");
        assert!(!desk.path().join("fit.toml").exists());
    }
}

#[test]
fn scenarios_that_cannot_be_calibrated_and_files_that_are_not_ours() {
    let desk = Desk::new();
    desk.write("rows.csv", TWO);
    let said = desk.run(&["calibrate", "tiny.toml", "--measured", "rows.csv"]).exits(2).err();
    assert!(said.contains("the scenario has no work of kind 'io'"), "{said}");
    desk.write("start.toml", &system(""));
    let second = "[work.other]\nkind = \"io\"\nstorage = \"disk\"\npattern = \"read\"\nclients = 2\n";
    desk.write("two.toml", &(system("") + second));
    let said = desk.run(&["calibrate", "two.toml", "--measured", "rows.csv"]).exits(2).err();
    assert!(said.contains("several works of kind 'io'") && said.contains("load, other"), "{said}");
    desk.run(&["calibrate", "two.toml", "--measured", "rows.csv", "--work", "other"]).exits(0);
    let before = fs::read(desk.path().join("start.toml")).unwrap();
    let args = ["calibrate", "start.toml", "--measured", "rows.csv", "--fit", "read_latency", "--out", "start.toml"];
    let said = desk.run(&args).exits(2).err();
    assert!(said.contains("was not written by `apollo calibrate`"), "{said}");
    assert_eq!(fs::read(desk.path().join("start.toml")).unwrap(), before);
    // All that is wrong with scenario and rows comes at once.
    desk.write("broken.toml", &system("nic = \"5 parsecs\""));
    desk.write("rows.csv", "clients\n");
    let said = desk.run(&["calibrate", "broken.toml", "--measured", "rows.csv"]).exits(2).err();
    assert!(said.contains("parsecs") && said.contains("column 'rate' is missing"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_machine_that_fails_is_4() {
    let desk = Desk::new();
    desk.write("rows.csv", TWO);
    desk.write("start.toml", &system(""));
    let fit = ["calibrate", "start.toml", "--measured", "rows.csv", "--fit", "read_latency", "--hold-out", "none"];
    let said = desk.run(&[&fit[..], &["--out", "missing/fit.toml"]].concat()).exits(4).err();
    assert!(said.contains("cannot write missing/fit.toml"), "{said}");
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_apollo"));
    let status = command.current_dir(desk.path()).args(fit).stdout(full).output().unwrap().status;
    assert_eq!(status.code(), Some(4));
}

/// A file can be fitted again on top of itself, and a fit can have a name of its own.
#[test]
fn a_fit_can_be_refined_and_named() {
    let desk = desk();
    let args =
        ["start.toml", "--measured", "rows.csv", "--fit", "read_latency", "--out", "one.toml", "--part", "our-disk"];
    json(&desk, &args);
    let second = system("").replace("nvme-node", "our-disk");
    desk.write("second.toml", &format!("catalog = [\"one.toml\"]\n{second}"));
    let args =
        ["second.toml", "--measured", "rows.csv", "--fit", "write_latency,operations,media_read", "--out", "two.toml"];
    json(&desk, &args);
    let file = fs::read_to_string(desk.path().join("two.toml")).unwrap();
    let wanted = ["[our-disk]\nlike = \"nvme-node\"\n", "\nread_latency = ", "\nwrite_latency = ", "\noperations = "];
    assert!(wanted.iter().all(|part| file.contains(part)), "{file}");
    desk.write("third.toml", &format!("catalog = [\"two.toml\"]\n{second}"));
    let result = json(&desk, &["third.toml", "--measured", "rows.csv"]);
    assert!(result["errors"]["fitted"]["before"]["mean"].as_f64().unwrap() < 0.2, "{}", result["errors"]);
}

#[test]
fn outputs_read_well() {
    let desk = desk();
    let few: Vec<_> = settings().into_iter().step_by(4).collect();
    let rates = simulated(&desk, "truth.toml", &few);
    desk.write("rows.csv", &table(&few, &rates));
    let fit = ["--fit", "read_latency,low_water", "--hold-out", "3rd"];
    let mut all = String::new();
    for format in ["text", "markdown", "csv", "json"] {
        let args = [&["calibrate", "start.toml", "--measured", "rows.csv", "--format", format], &fit[..]].concat();
        write!(all, "### {format}\n\n{}\n", desk.run(&args).exits(0).out()).unwrap();
    }
    let compared = desk.run(&["calibrate", "start.toml", "--measured", "rows.csv"]).exits(0).out();
    write!(all, "### compared only\n\n{compared}\n").unwrap();
    let args = [&["calibrate", "start.toml", "--measured", "rows.csv", "--out", "fit.toml"], &fit[..]].concat();
    desk.run(&args).exits(0);
    write!(all, "### fit.toml\n\n{}", fs::read_to_string(desk.path().join("fit.toml")).unwrap()).unwrap();
    insta::assert_snapshot!("calibrate", all);
}

/// What is wrong with a catalogue file is said with its place, and what is right but idle is a warning.
#[test]
fn catalogue_files_are_checked() {
    let desk = Desk::new();
    let figure = |value: &str| format!("{{ value = \"{value}\", source = \"us\", confidence = \"assumption\" }}");
    let cases = [
        (format!("[nvme-node]\nread_latncy = {}\n", figure("1 ms")), "did you mean 'read_latency'?"),
        (format!("[nvme-nod]\nread_latency = {}\n", figure("1 ms")), "did you mean 'nvme-node'?"),
        (format!("[x]\nlike = \"nvme-nod\"\nread_latency = {}\n", figure("1 ms")), "did you mean 'nvme-node'?"),
        (format!("[nvme-node]\nread_latency = {}\n", figure("1 parsec")), "unknown unit 'parsec'"),
        (format!("[nvme-node]\nclient_overhead = {}\n", figure("0.5")), "'client_overhead' must be at least 1"),
        (format!("[nvme-node]\nmigration_read = {}\n", figure("cooked")), "'cooked' is none of raw, reduced"),
        (format!("[nvme-node]\nstripe_data = {}\n", figure("2.5")), "'2.5' is not a whole number"),
        ("[nvme-node]\nnic = \"4 Gbps\"\n".to_owned(), "'nic' takes a table, not a string"),
        ("[nvme-node]\nnic = { value = \"4 Gbps\" }\n".to_owned(), "missing key 'source'"),
        (format!("[nvme-node]\nnic = {}\n", figure("4 Gbps").replace("assumption", "sure")), "cannot be 'sure'"),
        (format!("[x]\nkind = \"storage\"\nnic = {}\n", figure("4 Gbps")), "part 'x' lacks figures"),
        ("nvme-node = 3\n".to_owned(), "'nvme-node' takes a table, not a number"),
        ("[nvme-node]\nkind = \"model\"\n".to_owned(), "'nvme-node' is a storage part"),
        ("[nvme-node\n".to_owned(), "invalid TOML"),
    ];
    desk.write("use.toml", &format!("catalog = [\"own.toml\"]\n{}", system("")));
    for (text, wanted) in cases {
        desk.write("own.toml", &text);
        let said = desk.run(&["check", "use.toml"]).exits(2).err();
        assert!(said.contains(wanted) && said.contains("own.toml:"), "{text}\nsaid\n{said}");
    }
    desk.write(
        "own.toml",
        &format!("[nvme-node]\nnic = {0}\n[azure-blob]\noperations = {1}\n", figure("4 Gbps"), figure("9 op/s")),
    );
    let out = desk.run(&["check", "use.toml"]).exits(0).out();
    assert!(out.contains("nic = 4 Gbps  [assumption] own.toml:2:1: us"), "{out}");
    assert!(out.contains("nothing is a part 'azure-blob'"), "{out}");
    desk.write("use.toml", &format!("catalog = [\"own.toml\"]\n{}", system("nic = \"9 Gbps\"")));
    assert!(desk.run(&["check", "use.toml"]).exits(0).out().contains("replaces the figure of own.toml:2:1"));
    desk.write("use.toml", &format!("catalog = [\"none.toml\"]\n{}", system("")));
    assert!(desk.run(&["check", "use.toml"]).exits(2).err().contains("'none.toml': no such file"));
}
