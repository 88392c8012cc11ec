//! Sweeps: the same bytes for any threads, shards and interruptions; failures as rows; clear errors.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Desk, tiny};

/// Ten cells of two replications each; failures of the link make them random.
fn plan() -> String {
    let plan = tiny("at_most = \"60 s\"").replace(
        "rtt = \"20 ms\"",
        "rtt = \"20 ms\"\nwaves = 2\nmtbf = { exponential = { mean = \"1 min\" } }\ncut_repair = \"20 s\"",
    );
    let plan = plan.replace("bytes = \"1 GB\"", "bytes = \"200 GB\"");
    format!(
        "{plan}\n[sweep]\n\"link.ab.capacity\" = [\"40 Gbps\", \"100 Gbps\", \"200 Gbps\", \"400 Gbps\", \"800 Gbps\"]\n\"link.ab.rtt\" = [\"1 ms\", \"60 ms\"]\n"
    )
}

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("plan.toml", &plan());
    desk
}

/// The table, as CSV and Parquet, and the chart.
fn results(folder: &Path) -> [Vec<u8>; 4] {
    ["results.csv", "results.parquet", "charts/sweep.svg", "charts/sweep.png"]
        .map(|name| fs::read(folder.join(name)).unwrap_or_else(|e| panic!("{}/{name}: {e}", folder.display())))
}

/// Files of cells by name.
fn cells(folder: &Path) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> =
        fs::read_dir(folder.join("cells")).expect("cells").map(|e| e.expect("an entry").path()).collect();
    out.retain(|path| path.extension().is_some_and(|e| e == "json"));
    out.sort();
    out
}

fn table(folder: &Path) -> Vec<Vec<String>> {
    let mut rows = csv::ReaderBuilder::new().has_headers(false).from_path(folder.join("results.csv")).expect("a table");
    rows.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

fn whole(desk: &Desk) -> [Vec<u8>; 4] {
    desk.run(&["sweep", "plan.toml", "--out", "whole", "--threads", "1"]).exits(0);
    results(&desk.path().join("whole"))
}

#[test]
fn a_sweep_gives_a_row_a_cell_with_the_figures_of_a_run() {
    let desk = desk();
    let ran = desk.run(&["sweep", "plan.toml", "--out", "s"]).exits(0);
    assert!(ran.out().contains("10 cells (grid over 2 axes): 10 done"), "{}", ran.out());
    let rows = table(&desk.path().join("s"));
    assert_eq!(rows.len(), 11);
    let head = ["cell", "link.ab.capacity", "link.ab.capacity [bit/s]", "link.ab.rtt", "link.ab.rtt [s]", "status"];
    assert_eq!(rows[0][..6], head);
    assert_eq!(rows[4][..6], ["3", "100 Gbps", "100000000000", "60 ms", "0.06", "done"]);
    let set = ["--set", "link.ab.capacity=100 Gbps", "--set", "link.ab.rtt=60 ms"];
    let run = desk.run(&[&["run", "plan.toml", "--format", "csv", "--quiet"], &set[..]].concat()).exits(0).out();
    let line = run.lines().find(|l| l.starts_with("transfer.move.time,")).expect("the KPI");
    let figures: Vec<&str> = line.split(',').skip(2).take(3).collect();
    let at = rows[0].iter().position(|name| name == "transfer.move.time [s]").expect("a column");
    assert_eq!(rows[4][at..at + 3], figures, "mean and both ends of its interval");
}

#[test]
fn threads_shards_and_order_of_merging_cannot_be_seen() {
    let desk = desk();
    let one = whole(&desk);
    desk.run(&["sweep", "plan.toml", "--out", "two", "--threads", "2"]).exits(0);
    assert!(one == results(&desk.path().join("two")), "two threads");
    for n in [3usize, 7] {
        let mut folders: Vec<String> = (1..=n).map(|k| format!("n{n}-{k}")).collect();
        for (k, folder) in folders.iter().enumerate() {
            let shard = format!("{}/{n}", k + 1);
            desk.run(&["sweep", "plan.toml", "--out", folder, "--shard", &shard]).exits(0);
            assert!(!desk.path().join(folder).join("results.csv").exists());
        }
        for turn in 0..2 {
            folders.rotate_left(turn * 2);
            folders.reverse();
            let out = format!("m{n}-{turn}");
            let mut args = vec!["merge"];
            args.extend(folders.iter().map(String::as_str));
            args.extend(["--out", &out]);
            desk.run(&args).exits(0);
            assert!(one == results(&desk.path().join(out)), "{n} shards");
        }
    }
}

#[test]
fn shards_may_share_a_folder_and_come_from_a_scheduler() {
    let desk = desk();
    let one = whole(&desk);
    for k in 0..3 {
        let mut command = desk.apollo(&["sweep", "plan.toml", "--out", "shared"]);
        command.env("SLURM_ARRAY_TASK_ID", (5 + k).to_string());
        command.env("SLURM_ARRAY_TASK_MIN", "5").env("SLURM_ARRAY_TASK_COUNT", "3");
        let output = command.output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(&format!("shard {} of 3, from Slurm", k + 1)), "{said}");
        assert_eq!(output.status.code(), Some(0), "{said}");
    }
    desk.run(&["merge", "shared", "--out", "shared"]).exits(0);
    assert!(one == results(&desk.path().join("shared")));
    let other = desk.run(&["sweep", "plan.toml", "--seed", "9", "--out", "shared", "--shard", "1/2"]).exits(2);
    assert!(other.err().contains("holds another sweep"), "{}", other.err());
}

#[test]
fn a_vanished_or_damaged_cell_is_named_by_merge_and_done_again_by_sweep() {
    let desk = desk();
    let one = whole(&desk);
    let folder = desk.path().join("whole");
    let files = cells(&folder);
    assert_eq!(files.len(), 10);
    fs::remove_file(&files[2]).unwrap();
    let mut bytes = fs::read(&files[5]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&files[5], bytes).unwrap();
    fs::write(folder.join("cells/.apollo-x.partial"), "half a cell").unwrap();
    let merged = desk.run(&["merge", "whole", "--out", "m"]).exits(5);
    assert!(merged.err().contains("2 of 10 cells are missing"), "{}", merged.err());
    assert!(merged.err().contains("not done yet") && merged.err().contains("is damaged"), "{}", merged.err());
    assert!(merged.err().contains("(link.ab.capacity = "), "{}", merged.err());
    assert_eq!(table(&desk.path().join("m")).iter().filter(|row| row[5] == "missing").count(), 2);
    let again = desk.run(&["sweep", "plan.toml", "--out", "whole"]).exits(0);
    assert!(again.err().contains("8 of 10 cells are there already"), "{}", again.err());
    assert!(one == results(&folder));
}

#[test]
fn a_whole_shard_that_is_not_there_is_5() {
    let desk = desk();
    desk.run(&["sweep", "plan.toml", "--out", "a", "--shard", "1/3"]).exits(0);
    desk.run(&["sweep", "plan.toml", "--out", "b", "--shard", "3/3"]).exits(0);
    let merged = desk.run(&["merge", "b", "a", "--out", "m"]).exits(5);
    assert!(merged.err().contains("3 of 10 cells are missing"), "{}", merged.err());
    assert!(merged.err().contains("cell 1 (") && merged.err().contains("its shard was not begun"), "{}", merged.err());
}

#[test]
fn two_writers_of_a_cell_may_not_differ() {
    let desk = desk();
    desk.run(&["sweep", "plan.toml", "--out", "a"]).exits(0);
    desk.run(&["sweep", "plan.toml", "--out", "b"]).exits(0);
    let (mine, other) = (cells(&desk.path().join("a")), cells(&desk.path().join("b")));
    // A cell of other results under the right name and digest: what a program that is not deterministic would write.
    let text = fs::read_to_string(&mine[3]).unwrap();
    let (head, body) = text.split_once('\n').unwrap();
    let body = body.replacen("\"replications\":2", "\"replications\":3", 1);
    let old = head.split("\"sha256\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let digest = {
        use sha2::{Digest, Sha256};
        Sha256::digest(body.as_bytes()).iter().map(|b| format!("{b:02x}")).collect::<String>()
    };
    fs::write(&other[3], format!("{}\n{body}", head.replace(&old, &digest))).unwrap();
    let merged = desk.run(&["merge", "a", "b", "--out", "m"]).exits(101);
    assert!(merged.err().contains("holds other bytes"), "{}", merged.err());
}

#[test]
fn cells_of_another_build_are_not_mixed_in_silence() {
    let desk = desk();
    desk.run(&["sweep", "plan.toml", "--out", "a"]).exits(0);
    let path = &cells(&desk.path().join("a"))[0];
    let text = fs::read_to_string(path).unwrap().replacen("\"rustc\":\"", "\"rustc\":\"old ", 1);
    fs::write(path, text).unwrap();
    for args in [&["sweep", "plan.toml", "--out", "a"][..], &["merge", "a", "--out", "m"]] {
        let refused = desk.run(args).exits(2);
        assert!(
            refused.err().contains("differ in rustc") && refused.err().contains("--allow-mixed"),
            "{}",
            refused.err()
        );
    }
    desk.run(&["merge", "a", "--out", "m", "--allow-mixed"]).exits(0);
}

#[test]
fn different_sweeps_are_not_merged() {
    let desk = desk();
    desk.run(&["sweep", "plan.toml", "--out", "a", "--shard", "1/2"]).exits(0);
    desk.run(&["sweep", "plan.toml", "--out", "b", "--shard", "2/2", "--set", "work.move.bytes=1 GB"]).exits(0);
    assert!(desk.run(&["merge", "a", "b", "--out", "m"]).exits(2).err().contains("different sweeps"));
    assert!(desk.run(&["merge", "nowhere", "--out", "m"]).exits(2).err().contains("no folder of a sweep"));
}

#[test]
fn a_cell_that_fails_is_a_row_and_5() {
    let desk = desk();
    // Times that contradict one another in two of four cells.
    let axes = [
        "--axis",
        "warmup=1 min,20 min",
        "--axis",
        "link.ab.capacity=100 Gbps,200 Gbps",
        "--axis",
        "link.ab.rtt=20 ms",
    ];
    let ran = desk.run(&[&["sweep", "plan.toml", "--out", "f"], &axes[..]].concat()).exits(5);
    assert!(ran.err().contains("2 cells failed: 2, 3"), "{}", ran.err());
    assert!(ran.out().contains("E0503"), "{}", ran.out());
    let rows = table(&desk.path().join("f"));
    let status = rows[0].iter().position(|name| name == "status").unwrap();
    let all: Vec<&str> = rows[1..].iter().map(|row| row[status].as_str()).collect();
    assert_eq!(all, ["done", "done", "failed", "failed"]);
    let none = desk.run(&["sweep", "plan.toml", "--axis", "warmup=20 min,30 min", "--out", "g"]).exits(2);
    assert!(none.err().contains("E0503"), "{}", none.err());
}

#[test]
fn wrong_sweeps_are_refused_with_their_place() {
    let desk = desk();
    let cases = [
        (vec!["--axis", "link.ab.capacity=400 Gbps,800 Gpbs"], "did you mean 'Gbps'"),
        (vec!["--axis", "link.abc.capacity=400 Gbps"], "did you mean 'ab'"),
        (vec!["--axis", "link.*.capacity=400 Gbps"], "set the same value"),
        (vec!["--axis", "nonsense"], "an axis without '='"),
        (vec!["--design", "lhs"], "needs 'samples'"),
        (vec!["--design", "list"], "has 5 values and"),
        (vec!["--axis", "seed={ from = 1, to = 500000, steps = 500000 }"], "the sweep has 5000000 cells"),
        (vec!["--shard", "3/2"], "write K/N"),
        (vec!["--kpi", "transfer.move.tim"], "did you mean"),
        (vec!["--kpi", "transfer.mvoe.time"], "did you mean 'transfer.move.time.mean'?"),
        (vec!["--axis", "seeed=1,2"], "did you mean 'seed'?"),
        (vec!["--axis", "link.ab.capcity=1 Gbps"], "did you mean 'capacity'?"),
        (
            vec!["--set", "link.ab.rtt=3 ms"],
            "'--set' sets 'link.ab.rtt' to 3 ms, and the axis 'link.ab.rtt' sets it in every cell",
        ),
        (vec!["--set", "link.*.rtt=3 ms"], "and the axis 'link.ab.rtt' sets it"),
        (vec!["--axis", "seed=1,2", "--axis", "seed=3,4"], "two axes of 'seed'"),
        (
            vec!["--axis", "replications=2,4", "--replications", "8"],
            "'--replications' (or '--set') sets 'replications' to 8, and the axis",
        ),
        (vec!["--axis", "seed=1,2", "--seed", "8"], "'--seed' (or '--set') sets 'seed' to 8, and the axis"),
        (vec!["--image", "i:1"], "'--image' is for '--emit k8s'"),
        (vec!["--emit", "slurm", "--image", "i:1"], "not for 'slurm': it would have no effect"),
        (vec!["--tasks", "3"], "'--tasks' is for '--emit' and '--submit'"),
    ];
    for (args, said) in cases {
        let ran = desk.run(&[&["sweep", "plan.toml", "--out", "x"], &args[..]].concat()).exits(2);
        assert!(ran.err().contains(said), "{args:?}: {}", ran.err());
        assert!(!desk.path().join("x").exists(), "{args:?}");
    }
    assert!(desk.run(&["sweep", "tiny.toml"]).exits(2).err().contains("has no [sweep]"));
}

#[test]
fn a_folder_with_other_things_is_left_alone() {
    let desk = desk();
    desk.write("other/notes.txt", "mine");
    let ran = desk.run(&["sweep", "plan.toml", "--out", "other"]).exits(4);
    assert!(ran.err().contains("not the folder of a sweep"), "{}", ran.err());
    assert_eq!(fs::read_dir(desk.path().join("other")).unwrap().count(), 1);
}

#[test]
fn samples_follow_the_seed_and_check_counts_cells() {
    let desk = desk();
    let args = [
        "sweep",
        "plan.toml",
        "--axis",
        "link.ab.capacity={ from = \"40 Gbps\", to = \"1.6 Tbps\", scale = \"log\" }",
        "--design",
        "sobol",
        "--samples",
        "8",
    ];
    desk.run(&[&args[..], &["--out", "a"]].concat()).exits(0);
    desk.run(&[&args[..], &["--out", "b"]].concat()).exits(0);
    desk.run(&[&args[..], &["--out", "c", "--seed", "2"]].concat()).exits(0);
    let read = |name: &str| fs::read(desk.path().join(name).join("plan.csv")).unwrap();
    assert!(read("a") == read("b") && read("a") != read("c"));
    assert_eq!(cells(&desk.path().join("a")).len(), 8);
    let check = desk.run(&["check", "plan.toml"]).exits(0).out();
    assert!(check.contains("grid: 10 cells") && check.contains("link.ab.rtt: 1 ms, 60 ms"), "{check}");
}

/// How many times the sweep is killed; more in the long tests.
fn kills() -> u64 {
    std::env::var("APOLLO_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(20)
}

/// A number that looks random, from a seed.
fn mixed(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (z ^ (z >> 29)).wrapping_mul(0x94D0_49BB_1331_11EB) >> 33
}

#[test]
fn killed_at_random_moments_nothing_is_lost_and_nothing_is_double() {
    let desk = desk();
    let more = ["--axis", "link.ab.mtbf={ from = \"30 s\", to = \"5 min\", steps = 12 }"];
    let sweep = |out: &'static str| [&["sweep", "plan.toml", "--replications", "6", "--out", out], &more[..]].concat();
    desk.run(&sweep("calm")).exits(0);
    let calm = results(&desk.path().join("calm"));
    let program = env!("CARGO_BIN_EXE_apollo");
    let mut interrupted = 0;
    for round in 0..kills() {
        let mut child = Command::new(program)
            .current_dir(desk.path())
            .args(sweep("killed"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        std::thread::sleep(Duration::from_millis(5 + mixed(round) % 120));
        interrupted += u64::from(child.try_wait().unwrap().is_none());
        let _ = child.kill();
        child.wait().unwrap();
        // Some files of cells go again, so that there is always work to be killed at.
        if let Ok(entries) = fs::read_dir(desk.path().join("killed/cells")) {
            for (i, entry) in entries.flatten().enumerate() {
                if mixed(round * 1000 + i as u64).is_multiple_of(3) {
                    fs::remove_file(entry.path()).unwrap();
                }
            }
        }
    }
    assert!(interrupted >= kills() / 2, "only {interrupted} were killed at work");
    desk.run(&sweep("killed")).exits(0);
    assert!(calm == results(&desk.path().join("killed")));
    assert_eq!(cells(&desk.path().join("calm")).len(), 120);
    let names = |folder: &str| {
        cells(&desk.path().join(folder)).iter().map(|p| p.file_name().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("calm"), names("killed"));
}

#[test]
fn ctrl_c_says_what_is_left_and_the_same_command_goes_on() {
    let desk = desk();
    let long = ["sweep", "plan.toml", "--replications", "20000", "--out", "long"];
    let child = Command::new(env!("CARGO_BIN_EXE_apollo"))
        .current_dir(desk.path())
        .args(long)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    std::thread::sleep(Duration::from_millis(900));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("cells are left; the same command goes on"), "{said}");
    assert!(output.stdout.is_empty() && !desk.path().join("long/results.csv").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_refuses_is_4_and_keeps_earlier_cells() {
    let desk = desk();
    desk.run(&["sweep", "plan.toml", "--out", "s"]).exits(0);
    let folder = desk.path().join("s");
    let files = cells(&folder);
    fs::remove_file(&files[4]).unwrap();
    // A limit on the size of files refuses to write as a full disk does, for any user.
    let line =
        format!("trap '' XFSZ; ulimit -f 1; exec {} sweep plan.toml --out s --quiet", env!("CARGO_BIN_EXE_apollo"));
    let output = Command::new("bash").args(["-c", &line]).current_dir(desk.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("cannot write") && !said.contains("bug"), "{said}");
    assert_eq!(cells(&folder).len(), 9);
    desk.run(&["sweep", "plan.toml", "--out", "s"]).exits(0);
    assert_eq!(cells(&folder), files);
}

/// The program as a user who may not do everything: this one, or `nobody` where the tests run as root.
#[cfg(target_os = "linux")]
fn ordinary(desk: &Desk) -> Option<Command> {
    use std::os::unix::fs::PermissionsExt;
    let id = Command::new("id").arg("-u").output().ok()?;
    if String::from_utf8_lossy(&id.stdout).trim() != "0" {
        return Some(Command::new(env!("CARGO_BIN_EXE_apollo")));
    }
    // Where only root may look, nobody finds neither the program nor the folder.
    let program = desk.path().join("apollo");
    fs::copy(env!("CARGO_BIN_EXE_apollo"), &program).ok()?;
    fs::set_permissions(desk.path(), fs::Permissions::from_mode(0o777)).ok()?;
    let mut nobody = Command::new("setpriv");
    nobody.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
    nobody.current_dir(desk.path()).args(["--version"]).output().ok().filter(|ran| ran.status.success())?;
    let mut nobody = Command::new("setpriv");
    nobody.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(desk.path().join("apollo"));
    Some(nobody)
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_may_not_be_written_to_is_4_and_keeps_earlier_cells() {
    use std::os::unix::fs::PermissionsExt;
    let desk = desk();
    desk.run(&["sweep", "plan.toml", "--out", "s"]).exits(0);
    let folder = desk.path().join("s");
    let files = cells(&folder);
    fs::remove_file(&files[4]).unwrap();
    let Some(mut program) = ordinary(&desk) else { return };
    let all = [folder.clone(), folder.join("cells"), folder.join("ids"), folder.join("charts")];
    let mode = |mode: u32| {
        all.iter().for_each(|folder| fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap());
    };
    mode(0o555);
    let output =
        program.args(["sweep", "plan.toml", "--out", "s", "--quiet"]).current_dir(desk.path()).output().unwrap();
    mode(0o755);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("cannot write s/") && said.contains("denied") && !said.contains("bug"), "{said}");
    assert_eq!(cells(&folder).len(), 9);
    desk.run(&["sweep", "plan.toml", "--out", "s"]).exits(0);
    assert_eq!(cells(&folder), files);
}

#[test]
fn a_cell_with_too_many_events_is_a_row_with_its_reason() {
    let desk = desk();
    desk.run(&["sweep", "plan.toml", "--out", "all"]).exits(0);
    let ran = desk.run(&["sweep", "plan.toml", "--out", "some", "--axis", "max_events=10,1e6"]).exits(5);
    assert!(ran.err().contains("10 cells failed"), "{}", ran.err());
    let rows = table(&desk.path().join("some"));
    let at = |name: &str| rows[0].iter().position(|head| head == name).expect("a column");
    let (limit, status, reason, time) = (at("max_events"), at("status"), at("reason"), at("transfer.move.time [s]"));
    let all = table(&desk.path().join("all"));
    let known = all[0].iter().position(|head| head == "transfer.move.time [s]").expect("a column");
    assert_eq!(rows.len(), 21);
    for row in &rows[1..] {
        if row[limit] == "10" {
            assert_eq!((row[status].as_str(), row[time].as_str()), ("failed", ""));
            let said = &row[reason];
            assert!(said.contains("more than 10 events in one run") && said.contains("'max_events'"), "{said}");
            assert!(!said.contains("class") && !said.contains("the last were"), "no internals: {said}");
        } else {
            assert_eq!(row[status], "done");
            assert!(all[1..].iter().any(|other| other[known] == row[time]), "a cell beside one that failed is as ever");
        }
    }
    // The same limit on one run.
    let ran = desk.run(&["run", "plan.toml", "--set", "max_events=10"]).exits(5);
    assert!(ran.err().contains("stopped: more than 10 events in one run"), "{}", ran.err());
}

/// Shards that begin at the same moment in a folder that is not there yet all find their way in.
#[test]
fn shards_that_begin_together_share_a_new_folder() {
    let desk = desk();
    let whole = whole(&desk);
    for round in 0..5 {
        let out = format!("together-{round}");
        let start = |k: usize| {
            let mut command = Command::new(assert_cmd::cargo::cargo_bin("apollo"));
            command.current_dir(desk.path()).args(["sweep", "plan.toml", "--quiet", "--threads", "1", "--out", &out]);
            command.args(["--shard", &format!("{k}/5")]).stdout(Stdio::null()).stderr(Stdio::piped());
            command.spawn().expect("it starts")
        };
        let all: Vec<_> = (1..=5).map(start).collect();
        for child in all {
            let ran = child.wait_with_output().expect("it ends");
            assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        }
        desk.run(&["merge", &out, "--out", &out, "--quiet"]).exits(0);
        assert!(results(&desk.path().join(&out)) == whole, "round {round}");
    }
}

#[test]
fn a_submission_file_is_printed_and_nothing_runs() {
    let desk = desk();
    let slurm = desk
        .run(&["sweep", "plan.toml", "--out", "s", "--emit", "slurm", "--tasks", "40", "--seed", "9"])
        .exits(0)
        .out();
    assert!(
        slurm.contains("#SBATCH --array=0-9\n") && slurm.contains("--seed 9 --out s"),
        "no more tasks than cells: {slurm}"
    );
    let k8s = desk.run(&["sweep", "plan.toml", "--emit", "k8s", "--tasks", "4", "--image", "i:1"]).exits(0).out();
    let job: serde_json::Value = serde_json::from_str(&k8s[k8s.find("\n{").unwrap()..]).unwrap();
    assert_eq!(job["spec"]["completionMode"], "Indexed");
    assert_eq!(job["spec"]["template"]["spec"]["containers"][0]["image"], "i:1");
    assert!(!desk.path().join("s").exists() && !desk.path().join("reports").exists());
    let mut command = desk.apollo(&["sweep", "plan.toml", "--out", "s", "--submit", "slurm"]);
    let ran = command.env("PATH", desk.path()).output().unwrap();
    assert_eq!(ran.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("cannot run sbatch"));
    desk.run(&["sweep", "plan.toml", "--emit", "slurm", "--shard", "1/2"]).exits(2);
}

#[test]
fn a_submission_says_where_results_meet_how_to_merge_and_what_is_too_many() {
    let desk = desk();
    let emit = |scheduler: &'static str, more: &[&str]| {
        desk.run(&[&["sweep", "plan.toml", "--out", "s", "--emit", scheduler], more].concat())
    };
    for scheduler in ["aws-batch", "azure-batch"] {
        let ran = emit(scheduler, &["--tasks", "3"]).exits(0);
        for said in [ran.out(), ran.err()] {
            assert!(said.contains("must be one folder for all of them"), "{scheduler}: {said}");
            assert!(said.contains("apollo merge s --out s"), "{scheduler}: {said}");
        }
    }
    assert!(emit("slurm", &[]).exits(0).err().contains("merge s --out s"));
    assert!(!emit("aws-batch", &["--tasks", "1"]).exits(0).out().contains("arrayProperties"));
    assert!(emit("aws-batch", &["--tasks", "2"]).exits(0).out().contains("\"size\": 2"));
    let many = ["--axis", "seed={ from = 1, to = 2000, steps = 2000 }", "--tasks", "20000"];
    let ran = emit("aws-batch", &many).exits(2);
    assert!(ran.err().contains("at most 10,000 tasks, not 20000") && ran.out().is_empty(), "{}", ran.err());
    let ran = emit("slurm", &many).exits(0);
    assert!(ran.err().contains("MaxArraySize"), "{}", ran.err());
    // The script for Azure is one that a shell reads.
    desk.write("azure.sh", &emit("azure-batch", &[]).exits(0).out());
    let output = Command::new("sh").args(["-n", "azure.sh"]).current_dir(desk.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// An axis may be called as a column of results is; every column still has a name of its own.
#[test]
fn columns_have_names_of_their_own_and_an_axis_of_seeds_is_told() {
    let desk = Desk::new();
    let axes = ["--axis", "replications=2,3", "--axis", "seed=7,8,9", "--axis", "site.a.power=1 MW,2 MW"];
    let ran = desk.run(&[&["sweep", "tiny.toml", "--out", "s"], &axes[..]].concat()).exits(0);
    assert!(ran.out().contains("the seed is an axis") && !ran.out().contains("the same in all cells"), "{}", ran.out());
    let rows = table(&desk.path().join("s"));
    let mut names = rows[0].clone();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), rows[0].len(), "{:?}", rows[0]);
    let at = |name: &str| rows[0].iter().position(|head| head == name).unwrap_or_else(|| panic!("no {name}"));
    for row in &rows[1..] {
        assert_eq!(row[at("replications")], row[at("replications (result)")]);
    }
    let info: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(desk.path().join("s/sweep.json")).unwrap()).unwrap();
    assert!(info["seed"].is_null() && info["design_seed"].is_u64(), "{info}");
    let json =
        desk.run(&[&["sweep", "tiny.toml", "--out", "s", "--format", "json"], &axes[..]].concat()).exits(0).out();
    assert!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["provenance"]["seed"].is_null());
    let ran = desk.run(&["sweep", "tiny.toml", "--out", "t", "--axis", "link.ab.rtt=1 ms"]).exits(0);
    assert!(ran.out().contains("the same in all cells") && ran.out().contains("1 cell (grid"), "{}", ran.out());
    assert!(ran.err().contains("1 cell in"), "{}", ran.err());
    // Nobody can name a KPI that no cell has.
    let ran = desk.run(&["merge", "t", "--out", "t", "--kpi", "transfer.mvoe.time"]).exits(2);
    assert!(ran.err().contains("did you mean 'transfer.move.time'?"), "{}", ran.err());
}

/// A shard whose only cell has no sound plan has one failed cell; the sweep is not wrong for that.
#[test]
fn a_shard_of_failed_cells_is_merged_with_the_others() {
    let desk = Desk::new();
    let axis = ["--axis", "work.move.bytes=1 GB,60 PB", "--out", "s", "--quiet"];
    desk.run(&[&["sweep", "tiny.toml", "--shard", "1/2"], &axis[..]].concat()).exits(0);
    let ran = desk.run(&[&["sweep", "tiny.toml", "--shard", "2/2"], &axis[..]].concat()).exits(5);
    assert!(ran.out().contains("1 cell, 0 done, 1 failed"), "{}", ran.out());
    let ran = desk.run(&["merge", "s", "--out", "s", "--quiet"]).exits(5);
    assert!(ran.out().contains("1 done, 1 failed") && ran.out().contains("E0508"), "{}", ran.out());
}

/// A range on a plain scale is drawn on one, and one of ratios on a scale of ratios, however far its ends are apart.
#[test]
fn samples_are_drawn_on_the_scale_they_were_drawn_from() {
    let desk = Desk::new();
    let ticks = |scale: &str, out: &str| {
        let axis = format!("link.ab.rtt={{ from = \"1 ms\", to = \"100 ms\"{scale} }}");
        let args = ["sweep", "tiny.toml", "--axis", &axis, "--design", "lhs", "--samples", "12", "--out", out];
        desk.run(&args).exits(0);
        fs::read_to_string(desk.path().join(out).join("charts/sweep.svg")).expect("a chart")
    };
    let (linear, log) = (ticks("", "linear"), ticks(", scale = \"log\"", "log"));
    assert!(linear.contains("80 ms") && !linear.contains("2 ms"), "rising by 20 ms");
    assert!(log.contains("2 ms") && log.contains("50 ms") && !log.contains("80 ms"), "1, 2, 5, 10 …");
}

/// Cells beyond those that are kept are counted, named and drawn as before.
#[test]
fn more_cells_than_are_shown_are_all_in_the_table() {
    let desk = Desk::new();
    let args = ["sweep", "tiny.toml", "--axis", "seed={ from = 1, to = 1200, steps = 1200 }", "--replications", "1"];
    let one = desk.run(&[&args[..], &["--out", "one", "--threads", "1"]].concat()).exits(0);
    assert!(one.out().contains("1200 cells") && one.out().contains("… and 1160 more in results.csv"), "{}", one.out());
    desk.run(&[&args[..], &["--out", "two", "--threads", "3"]].concat()).exits(0);
    assert!(results(&desk.path().join("one")) == results(&desk.path().join("two")));
    let rows = table(&desk.path().join("one"));
    assert_eq!(rows.len(), 1_201);
    assert!(
        rows[1..].iter().enumerate().all(|(cell, row)| row[0] == cell.to_string() && row[1] == (cell + 1).to_string())
    );
    let json = desk.run(&[&args[..], &["--out", "one", "--format", "json"]].concat()).exits(0).out();
    let all: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(all["cells"].as_array().map(Vec::len), Some(1_200), "JSON holds all of them");
    for file in cells(&desk.path().join("one")).iter().step_by(2) {
        fs::remove_file(file).unwrap();
    }
    let merged = desk.run(&["merge", "one", "--out", "one"]).exits(5);
    assert!(
        merged.err().contains("600 of 1200 cells are missing") && merged.err().contains("… and 590 more"),
        "{}",
        merged.err()
    );
    assert!(
        merged.out().contains("600 done, 600 missing") && merged.out().contains("… and 560 more in results.csv"),
        "{}",
        merged.out()
    );
}

/// A copy that the horizon cuts off where the link fails for too long: its time is the mean of those that ended, which stands wherever it does.
#[test]
fn a_mean_of_some_replications_says_so_everywhere() {
    let desk = Desk::new();
    let some =
        plan().replace("horizon = \"10 min\"", "horizon = \"75 s\"").replace("replications = 2", "replications = 10");
    assert_ne!(some, plan());
    desk.write("some.toml", &some);
    let out = desk.run(&["sweep", "some.toml", "--out", "s"]).exits(0).out();
    let rows = table(&desk.path().join("s"));
    let column =
        |name: &str| rows[0].iter().position(|head| head == name).unwrap_or_else(|| panic!("no column {name}"));
    let (time, n) = (column("transfer.move.time [s]"), column("transfer.move.time.n"));
    let partial: Vec<&Vec<String>> = rows[1..].iter().filter(|row| row[n] != "10" && row[n] != "0").collect();
    assert!(!partial.is_empty() && partial.len() < 10, "the case must have both kinds");
    assert_eq!(column("transfer.move.time.reason"), n + 1);
    for row in &rows[1..] {
        let have: u32 = row[n].parse().expect("a count");
        let words = format!("{} of 10 replications have no value", 10 - have);
        assert_eq!(have < 10 && have > 0, row[n + 1].starts_with(&words), "{row:?}");
        assert_eq!(have > 0, !row[time].is_empty(), "{row:?}");
        assert_eq!(have > 0 && have < 10, out.contains(&format!("({have} of 10)")), "{have}: {out}");
    }
    assert!(out.contains("the mean over the n of m replications that have a value"), "{out}");
    // Five KPIs and a date: what neither the screen nor the chart has room for is said.
    let many = "transfer.move.time,transfer.move.rate,transfer.move.slowdown,link.ab.downtime,link.ab.a-to-b.utilisation,transfer.move.projected_finish";
    let out = desk.run(&["sweep", "some.toml", "--out", "s", "--kpi", many]).exits(0).out();
    assert!(out.contains("2 more KPIs in results.csv"), "{out}");
    let svg = fs::read_to_string(desk.path().join("s/charts/sweep.svg")).expect("a chart");
    assert!(svg.contains("2 more KPIs are in results.csv"));
    desk.run(&["sweep", "some.toml", "--out", "s", "--quiet"]).exits(0);
    // Where all have a value there is nothing to be told.
    assert!(!rows[0].iter().any(|head| head == "link.ab.a-to-b.utilisation.n"));
    let svg = fs::read_to_string(desk.path().join("s/charts/sweep.svg")).expect("a chart");
    assert!(svg.contains("some replications have no value"));
    // The same bytes from shards.
    for shard in ["1/2", "2/2"] {
        let ran = desk.run(&["sweep", "some.toml", "--out", "p", "--shard", shard, "--format", "json"]).exits(0);
        let value: serde_json::Value = serde_json::from_str(&ran.out()).expect("one object");
        assert_eq!((&value["of"], &value["cells"], &value["failed"]), (&2.into(), &5.into(), &0.into()));
    }
    let ran = desk.run(&["sweep", "some.toml", "--out", "p", "--shard", "1/2", "--format", "csv"]).exits(0);
    assert_eq!(ran.out(), "shard,of,cells,done,failed\n1,2,5,5,0\n");
    desk.run(&["merge", "p", "--out", "m"]).exits(0);
    assert!(results(&desk.path().join("s")) == results(&desk.path().join("m")));
}
