//! How the program behaves as a process: closed pipes, full disks, Ctrl-C.

use std::fs::{self, File};
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Desk, tiny};

fn program(desk: &Desk, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apollo"));
    command.current_dir(desk.path()).args(args);
    command
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let desk = Desk::new();
    let mut child =
        program(&desk, &["run", "tiny.toml"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let status = child.wait().unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(!said.contains("error"), "{said}");
    assert!(desk.path().join("reports/tiny/summary.json").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_4() {
    let desk = Desk::new();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = program(&desk, &["run", "tiny.toml"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write to standard output"));
}

/// Starts a run that takes long, sends it a signal and returns its exit code, after a look at what is left.
fn ended_by(signal: &str) -> Option<i32> {
    let desk = Desk::new();
    // Far more replications than could be done before the signal.
    desk.write("long.toml", &tiny("at_most = \"60 s\"").replace("replications = 2", "replications = 100000"));
    let child = program(&desk, &["run", "long.toml"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    std::thread::sleep(Duration::from_millis(700));
    let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill is there");
    assert!(killed.success());
    let output = child.wait_with_output().expect("it ends");
    assert!(String::from_utf8_lossy(&output.stderr).contains("interrupted"));
    assert!(output.stdout.is_empty());
    let entries = fs::read_dir(desk.path()).expect("the folder is there");
    let left: Vec<String> = entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    assert!(left.iter().all(|name| name.ends_with(".toml")), "{left:?}");
    output.status.code()
}

#[test]
fn ctrl_c_ends_a_run_with_130_and_no_files() {
    assert_eq!(ended_by("-INT"), Some(130));
}

#[test]
fn a_request_to_end_is_143_and_leaves_no_files() {
    assert_eq!(ended_by("-TERM"), Some(143));
}

#[test]
fn a_folder_that_may_not_be_written_is_4() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let locked = desk.path().join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).unwrap();
    if File::create(locked.join("probe")).is_ok() {
        println!("skipped: this user may write everywhere");
        return;
    }
    let output = program(&desk, &["run", "tiny.toml", "--out", "locked/x"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(!output.stdout.is_empty(), "the results are printed all the same");
}
