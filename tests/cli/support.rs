//! Runs the program in a folder of its own.

use std::fs;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use tempfile::TempDir;

/// A folder with scenario files in it, removed at the end.
pub struct Desk(TempDir);

impl Desk {
    /// A folder with `tiny.toml`: one copy of 1 GB over one link, a target that passes.
    pub fn new() -> Self {
        let desk = Desk(tempfile::tempdir().expect("a temporary folder"));
        desk.write("tiny.toml", &tiny("at_most = \"60 s\""));
        desk
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// The program with these arguments, in this folder, with a plain environment.
    pub fn apollo(&self, args: &[&str]) -> Command {
        let mut command = Command::cargo_bin("apollo").expect("the program is built");
        command.current_dir(self.path()).args(args);
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "LC_ALL", "LANG"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs it.
    pub fn run(&self, args: &[&str]) -> Ran {
        Ran(self.apollo(args).output().expect("the program starts"))
    }
}

/// What a command did.
pub struct Ran(Output);

impl Ran {
    pub fn code(&self) -> i32 {
        self.0.status.code().expect("an exit code")
    }

    pub fn out(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).expect("UTF-8")
    }

    pub fn err(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).expect("UTF-8")
    }

    /// The exit code must be this one; shows everything otherwise.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "\n--- out\n{}\n--- err\n{}", self.out(), self.err());
        self
    }
}

/// A scenario of one transfer with this target on its time, which is a little over 0.1 s.
pub fn tiny(rule: &str) -> String {
    format!(
        r#"format = 1
title = "Tiny"
horizon = "10 min"
replications = 2

[site.a]
location = [33.45, -112.07]

[site.b]
location = [32.78, -96.80]

[link.ab]
between = ["a", "b"]
capacity = "100 Gbps"
rtt = "20 ms"

[storage.from]
site = "a"
system = "azure-blob"
capacity = "1 PB"

[storage.to]
site = "b"
system = "azure-blob"
capacity = "1 PB"

[work.move]
kind = "copy"
from = "from"
to = "to"
bytes = "1 GB"

[target.time]
kpi = "transfer.move.time"
{rule}
source = "arithmetic"
"#
    )
}
