//! Measured rows as fio and elbencho write them.

use serde_json::{Value, json};

use crate::support::{Desk, Ran};

/// A scenario whose `io` work runs whatever rows there are.
const SCENARIO: &str = r#"format = 1
horizon = "10 s"

[site.lab]

[storage.disk]
site = "lab"
system = "nvme-node"
nodes = 1
stripe_data = 1
stripe_parity = 0

[work.load]
kind = "io"
storage = "disk"
pattern = "read"
clients = 1
"#;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("disk.toml", SCENARIO);
    desk
}

/// Compares rows with the simulator, which shows how they were read.
fn read(desk: &Desk, args: &[&str]) -> Vec<Value> {
    let all = [&["calibrate", "disk.toml", "--format", "json", "--measured"], args].concat();
    let result: Value = serde_json::from_str(&desk.run(&all).exits(0).out()).expect("JSON");
    result["rows"].as_array().expect("a list of rows").clone()
}

fn refused(desk: &Desk, args: &[&str]) -> String {
    let ran: Ran = desk.run(&[&["calibrate", "disk.toml", "--measured"], args].concat());
    ran.exits(2).err()
}

/// Clients, size, depth, share of reads, rate of a row, and the time of an operation in whole nanoseconds.
fn facts(row: &Value) -> (u64, f64, u64, f64, f64, Option<u64>) {
    let number = |key: &str| row[key].as_f64().expect("a number");
    (
        row["clients"].as_u64().expect("a whole number"),
        number("io_size"),
        row["queue_depth"].as_u64().expect("a whole number"),
        number("read_share"),
        row["rate"]["measured"].as_f64().expect("a number"),
        row["latency"]["measured"].as_f64().map(|seconds| (seconds * 1e9).round() as u64),
    )
}

/// Reads or writes of a job: operations of 4 KiB in two seconds, each of which took so many nanoseconds.
fn side(operations: u64, nanoseconds: f64) -> Value {
    let bytes = operations * 4096;
    json!({
        "io_bytes": bytes, "total_ios": operations, "bw_bytes": bytes / 2, "runtime": 2000,
        "lat_ns": { "mean": nanoseconds },
    })
}

fn job(name: &str, group: u64, options: Value, read: Value, write: Value) -> Value {
    json!({ "jobname": name, "groupid": group, "error": 0, "job options": options, "read": read, "write": write })
}

fn output(jobs: &[Value]) -> String {
    let all = json!({
        "fio version": "fio-3.33",
        "global options": { "ioengine": "libaio", "iodepth": "8", "bs": "4k" },
        "jobs": jobs,
    });
    format!("{all:#}")
}

#[test]
fn jobs_of_fio_become_rows() {
    let desk = desk();
    let none = side(0, 0.0);
    let one = job("one", 0, json!({ "numjobs": "4" }), side(40_000, 2e6), none.clone());
    // Not reported together: two processes of one job.
    let pair = |_| job("pair", 1, json!({ "numjobs": "2", "iodepth": "16" }), none.clone(), side(20_000, 1.6e6));
    let mixed = job("mixed", 2, json!({ "ioengine": "psync" }), side(30_000, 50e3), side(10_000, 50e3));
    let idle = job("idle", 3, json!({}), none.clone(), none.clone());
    let [first, second] = [0, 1].map(pair);
    desk.write("a.json", &output(&[one, first, second, mixed, idle]));
    let rows = read(&desk, &["a.json"]);
    let got: Vec<_> = rows.iter().map(facts).collect();
    assert_eq!(got.len(), 3);
    assert_eq!(got[0], (4, 4096.0, 8, 1.0, 81_920_000.0, Some(2_000_000)));
    assert_eq!(got[1], (2, 4096.0, 16, 0.0, 81_920_000.0, Some(1_600_000)));
    // An engine that waits for each operation has a depth of 1 whatever was asked for.
    assert_eq!((got[2].0, got[2].2, got[2].3), (1, 1, 0.75));
    assert_eq!(rows[1]["label"], "pair");
    assert!(rows[1]["at"].as_str().unwrap().starts_with("a.json:"));

    // Several files, notes before the JSON, a size that a ramp has made a little wrong, a stated form.
    let mut ramped = side(10_000, 1e6);
    ramped["io_bytes"] = json!(10_000 * 4097);
    desk.write("b.json", &format!("note: fio says hello\n{}", output(&[job("b", 0, json!({}), ramped, none)])));
    assert_eq!(read(&desk, &["a.json", "b.json"]).len(), 4);
    let rows = read(&desk, &["b.json", "--measured-format", "fio"]);
    assert_eq!((rows.len(), facts(&rows[0]).1), (1, 4096.0));
}

#[test]
fn what_is_no_single_experiment_of_fio_is_refused() {
    let desk = desk();
    let good = |name: &str, options: Value| job(name, 0, options, side(1000, 1e6), side(0, 0.0));
    let mut failed = good("failed", json!({}));
    failed["error"] = json!(5);
    let cases = [
        (output(&[good("a", json!({})), good("b", json!({}))]), "job 'b': ran at the same time as job 'a'"),
        (output(&[failed]), "job 'failed': ended with error 5"),
        (output(&[good("paced", json!({ "rate_iops": "100" }))]), "job 'paced': 'rate_iops' makes it another"),
        (output(&[good("odd", json!({ "iodepth": "many" }))]), "'iodepth' or 'numjobs' is not a whole number"),
        (output(&[]), "holds no job that read or wrote"),
        ("{\"jobs\": [\n".to_owned(), "'a.json' is not JSON: EOF"),
        ("{\"results\": []}".to_owned(), "has no list 'jobs'"),
        ("[]".to_owned(), "holds no object of JSON"),
    ];
    for (text, wanted) in cases {
        desk.write("a.json", &text);
        let said = refused(&desk, &["a.json", "--measured-format", "fio"]);
        assert!(said.contains(wanted) && said.contains("a.json:"), "{text}\nsaid\n{said}");
    }
}

const ELBENCHO: &str = "ISO date,label,path type,paths,hosts,threads,dirs,files,file size,block size,IO depth,operation,\
time ms [first],time ms [last],IOPS [first],IOPS [last],MiB/s [first],MiB/s [last],IO lat us [avg],\
rwmix read IOPS [first],rwmix read MiB/s [first]\n";

#[test]
fn phases_of_elbencho_become_rows() {
    let desk = desk();
    let rows = "2026,lab,dir,1,2,8,1,4,,1048576,1,MKDIRS,3,4,,,,,,,\n\
                2026,lab,dir,1,2,8,1,4,4194304,1048576,4,WRITE,5000,5200,2000,1900,2000,1900,32000,,\n\
                2026,,dir,1,,8,1,4,65536,1048576,1,READ,5000,5200,,,300,290,,,\n\
                2026,mix,file,1,1,4,,,1073741824,4096,16,RWMIX70,9000,9000,3000,3000,11,11,21000,7000,27\n";
    desk.write("e.csv", &format!("{ELBENCHO}{rows}"));
    let got = read(&desk, &["e.csv"]);
    let rows: Vec<_> = got.iter().map(facts).collect();
    assert_eq!(rows.len(), 3, "a phase without payload is no row");
    assert_eq!(rows[0], (16, 1_048_576.0, 4, 0.0, 2000.0 * 1_048_576.0, Some(32_000_000)));
    // A file smaller than a block is one operation; without operations per second the whole MiB/s count.
    assert_eq!(rows[1], (8, 65_536.0, 1, 1.0, 300.0 * 1_048_576.0, None));
    assert_eq!(rows[2], (4, 4096.0, 16, 0.7, 10_000.0 * 4096.0, None));
    assert_eq!((&got[0]["label"], &got[1]["label"]), (&"lab".into(), &"read".into()));
    assert_eq!(got[2]["at"], "e.csv:5");
}

#[test]
fn bad_rows_of_elbencho_are_refused_with_row_and_column() {
    let desk = desk();
    let row = |threads: &str, block: &str, rate: &str| {
        format!("{ELBENCHO}2026,l,file,1,1,{threads},,,,{block},1,READ,10,10,{rate},{rate},,,,,\n")
    };
    let cases = [
        (row("x", "4096", "5"), "row in line 2, column 'threads': 'x' is not a number"),
        (row("4", "0", "5"), "row in line 2, column 'block size': must be at least 1 B"),
        (row("4", "4096", "-5"), "row in line 2, column 'IOPS [first]': '-5' is negative"),
        (row("4", "4096", ""), "row in line 2, column 'MiB/s [first]': must be above zero"),
        (row("4", "4096", "5").replace("READ", "STAT"), "holds no READ, WRITE or RWMIX row"),
        (row("4", "4096", "5").replace("IO depth", "depth"), "column 'IO depth' is missing"),
    ];
    for (text, wanted) in cases {
        desk.write("e.csv", &text);
        let said = refused(&desk, &["e.csv", "--measured-format", "elbencho"]);
        assert!(said.contains(wanted) && said.contains("e.csv:"), "{text}\nsaid\n{said}");
    }
}

/// Rate times latency says how many operations were in flight: a row that says otherwise deserves a word.
#[test]
fn a_row_that_did_not_keep_its_queue_full_is_a_warning() {
    let desk = desk();
    let head = "threads,object size [KiB],queue depth,read share,rate [MB/s],latency [us]";
    desk.write("rows.csv", &format!("{head}\n# a note\n\n4,4,8,100 %,40.96,800\n4,4,8,1,40.96,\"3,200\"\n"));
    let said = refused(&desk, &["rows.csv"]);
    assert!(said.contains("row in line 5, column 'latency'"), "a thousands separator is no digit: {said}");
    desk.write("rows.csv", &format!("{head},colour\n4,4,8,100 %,40.96,800,red\n4,4,8,1,40.96,3200,blue\n"));
    let ran = desk.run(&["calibrate", "disk.toml", "--measured", "rows.csv"]).exits(0);
    let said = ran.err();
    assert!(said.contains("rows.csv:2:1") && said.contains("means 8.000 operations in flight"), "{said}");
    assert!(!said.contains("rows.csv:3:"), "{said}");
    assert!(said.contains("column 'colour' is not used"), "{said}");
}
