//! The commands of the README, the tutorial and the guides do what the pages say.
//!
//! Every line of a block marked `sh` is run in an empty folder that holds the committed scenarios; the lines of one page
//! follow each other in one folder. A line may end with `# exit code N`; without it the command must end with 0. `cargo run
//! --release -- …` runs the program of this build with the same arguments. Lines of [`NOT_RUN`] are left out.
//!
//! A block marked `toml`, `csv` or `xml` that begins with `# file: NAME` (in XML: `<!-- file: NAME -->`) is written to that file. Each line of a block marked `text` must
//! stand in the output of one command before it: its words up to the first number, because numbers may move with the model.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Beginnings of commands that need a clone, a network or this very test.
const NOT_RUN: &[&str] = &["git clone ", "cd ", "cargo build", "cargo test", "cargo install ", "alias "];

#[test]
fn commands_of_the_readme_work() {
    let commands = try_page("README.md");
    let headline = ["run scenarios/falcon.toml", "test scenarios/validation"];
    for wanted in headline {
        let whole = format!("cargo run --release -- {wanted}");
        assert!(commands.contains(&whole), "the README lacks its headline command `{whole}`");
    }
}

#[test]
fn commands_of_the_tutorial_work() {
    assert!(try_page("docs/tutorial/first-plan.md").len() > 5);
}

#[test]
fn commands_of_the_guides_work() {
    let mut guides: Vec<PathBuf> =
        fs::read_dir(Path::new(ROOT).join("docs/guides")).unwrap().map(|entry| entry.unwrap().path()).collect();
    guides.sort();
    assert!(guides.len() > 3);
    std::thread::scope(|scope| {
        for guide in &guides {
            scope.spawn(|| assert!(!try_page(guide.strip_prefix(ROOT).unwrap().to_str().unwrap()).is_empty()));
        }
    });
}

/// The commands of the workflow that the docs offer: a plan that stays as it is passes, one with half the link fails.
#[test]
fn the_workflow_of_the_docs_tells_a_worse_plan() {
    let text = fs::read_to_string(Path::new(ROOT).join("docs/workflows/plans.yml")).expect("the workflow");
    let commands: Vec<&str> = text.lines().map(str::trim).filter(|line| line.starts_with("apollo ")).collect();
    let [baseline, judge] = commands[..] else { panic!("two commands are expected: {commands:?}") };
    let folder = prepared();
    let plan = fs::read_to_string(Path::new(ROOT).join("scenarios/quickstart.toml")).expect("a plan");
    for (branch, text) in [("base", plan.as_str()), ("new", plan.as_str())] {
        fs::create_dir_all(folder.path().join(branch).join("plans")).unwrap();
        fs::write(folder.path().join(branch).join("plans/quick.toml"), text).unwrap();
    }
    let run = |branch: &str, command: &str| {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_apollo"));
        let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap_or_default());
        let mut shell = Command::new("sh");
        let ran =
            shell.args(["-c", command]).current_dir(folder.path().join(branch)).env("PATH", path).output().unwrap();
        ran.status.code()
    };
    assert_eq!(run("base", baseline), Some(0));
    assert_eq!(run("new", judge), Some(0));
    let summary = fs::read_to_string(folder.path().join("plans.md")).expect("the summary");
    assert!(summary.contains("quick.toml"), "{summary}");
    assert!(folder.path().join("plans.xml").is_file());
    let worse = plan.replace("capacity = \"400 Gbps\"", "capacity = \"200 Gbps\"");
    assert_ne!(worse, plan);
    fs::write(folder.path().join("new/plans/quick.toml"), worse).unwrap();
    assert_eq!(run("new", judge), Some(1));
    // A baseline whose own target fails is a baseline all the same.
    let failing = plan.replace("at_most = \"60 s\"", "at_most = \"1 s\"");
    assert_ne!(failing, plan);
    fs::write(folder.path().join("base/plans/quick.toml"), failing).unwrap();
    assert_eq!(run("base", baseline), Some(0));
    // Nor is one beside a plan that is broken there: the change that mends it must pass.
    fs::write(folder.path().join("base/plans/broken.toml"), "format = 1\n").unwrap();
    assert_eq!(run("base", baseline), Some(0));
    fs::remove_file(folder.path().join("base/plans/broken.toml")).unwrap();
    // The first plans of all: the branch they go into has none.
    let step: Vec<&str> = text
        .lines()
        .skip_while(|line| line.trim() != "- name: Baseline")
        .skip_while(|line| line.trim() != "run: |")
        .skip(1)
        .map_while(|line| line.strip_prefix("          "))
        .collect();
    assert!(step.len() > 1 && step.last() == Some(&baseline), "{step:?}");
    let step = step.join("\n");
    for folder_is_there in [true, false] {
        fs::remove_dir_all(folder.path().join("base/plans")).unwrap();
        fs::remove_dir_all(folder.path().join("baseline")).unwrap();
        if folder_is_there {
            fs::create_dir(folder.path().join("base/plans")).unwrap();
        }
        assert_eq!(run("base", &step), Some(0));
        fs::write(folder.path().join("new/plans/quick.toml"), &plan).unwrap();
        assert_eq!(run("new", judge), Some(0));
    }
    fs::create_dir_all(folder.path().join("base/plans")).unwrap();
    fs::write(folder.path().join("base/plans/quick.toml"), &plan).unwrap();
    assert_eq!(run("base", &step), Some(0));
    assert!(folder.path().join("baseline/plans/quick/replications.csv").is_file());
}

/// A block of a page: the words behind its opening fence, and its lines.
struct Block {
    language: String,
    line: usize,
    text: Vec<String>,
}

fn blocks(page: &str) -> Vec<Block> {
    let text = fs::read_to_string(Path::new(ROOT).join(page)).unwrap_or_else(|e| panic!("{page}: {e}"));
    let mut blocks: Vec<Block> = Vec::new();
    let mut inside = false;
    for (number, line) in text.lines().enumerate() {
        match line.trim_start().strip_prefix("```") {
            Some(_) if inside => inside = false,
            Some(language) => {
                inside = true;
                blocks.push(Block { language: language.trim().to_owned(), line: number + 1, text: Vec::new() });
            }
            None if inside => blocks.last_mut().expect("a block is open").text.push(line.to_owned()),
            None => {}
        }
    }
    assert!(!inside, "{page}: the last block is not closed");
    blocks
}

/// Runs a page; gives the commands it ran.
fn try_page(page: &str) -> Vec<String> {
    let folder = prepared();
    let mut outputs: Vec<String> = Vec::new();
    let mut ran = Vec::new();
    for block in blocks(page) {
        let at = format!("{page}:{}", block.line);
        match block.language.as_str() {
            "sh" => {
                for line in block.text.iter().filter(|l| !l.trim().is_empty() && !l.starts_with('#')) {
                    if !NOT_RUN.iter().any(|start| line.starts_with(start)) {
                        outputs.push(run(folder.path(), line, &at));
                        ran.push(line.split("  #").next().unwrap_or(line).trim().to_owned());
                    }
                }
            }
            "toml" | "csv" | "xml" => {
                let first = block.text[0].as_str();
                let comment = first.strip_prefix("<!-- file: ").and_then(|rest| rest.strip_suffix(" -->"));
                if let Some(name) = first.strip_prefix("# file: ").or(comment) {
                    fs::write(folder.path().join(name), block.text.join("\n")).expect("a file can be written");
                }
            }
            "text" => compare(&block, &outputs, &at),
            _ => {}
        }
    }
    ran
}

/// A folder with the scenarios, and the program under the name `apollo`.
fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    copy(&Path::new(ROOT).join("scenarios"), &folder.path().join("scenarios"));
    fs::create_dir(folder.path().join("bin")).expect("a folder can be made");
    symlink(env!("CARGO_BIN_EXE_apollo"), folder.path().join("bin/apollo")).expect("a link can be made");
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("the scenarios can be listed") {
        let path = entry.expect("an entry can be read").path();
        let target = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a scenario can be copied");
        }
    }
}

/// Runs a line and checks its exit code; gives all it printed.
fn run(folder: &Path, line: &str, at: &str) -> String {
    let (command, wanted) = match line.split_once("# exit code ") {
        Some((command, code)) => (command, code.trim().parse::<i32>().expect("an exit code is a number")),
        None => (line, 0),
    };
    let command = command.replace("cargo run --release -- ", "apollo ");
    assert!(command.starts_with("apollo "), "{at}: `{command}` is no command of ours; see NOT_RUN");
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap_or_default());
    let done = Command::new("sh").args(["-c", &command]).current_dir(folder).env("PATH", path).output();
    let done = done.expect("there is a shell");
    let printed = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(wanted), "{at}: `{command}` printed\n{printed}");
    printed
}

/// Every line of a block stands in one of the outputs, as far as its words go; all in the same one.
fn compare(block: &Block, outputs: &[String], at: &str) {
    let missing = |output: &String| {
        let printed: Vec<Vec<&str>> = output.lines().map(words).collect();
        let is_there = |line: &&String| match &words(line)[..] {
            // A line that begins with a number is compared as a whole.
            [] => output.contains(line.trim()),
            wanted => printed.iter().any(|have| have.starts_with(wanted)),
        };
        block.text.iter().filter(|line| !line.trim().is_empty()).find(|line| !is_there(line))
    };
    let all_missing: Vec<&String> = outputs.iter().rev().map_while(missing).collect();
    if all_missing.len() == outputs.len() {
        panic!("{at}: no command before prints such a block; of the last one, `{:?}` is missing", all_missing.first());
    }
}

/// The words of a line up to the first that is a number or a sign.
fn words(line: &str) -> Vec<&str> {
    let is_word = |word: &&str| word.starts_with(|c: char| c.is_alphabetic() || c == '*');
    line.split_whitespace().take_while(is_word).collect()
}
