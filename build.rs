//! Tells the program what built it, for the manifest of a result folder: same binary, same bytes.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = env::var("TARGET").unwrap_or_else(|_| "unknown".to_owned());
    let profile = env::var("PROFILE").unwrap_or_else(|_| "unknown".to_owned());
    println!("cargo::rustc-env=APOLLO_TARGET={target}");
    println!("cargo::rustc-env=APOLLO_PROFILE={profile}");
    println!("cargo::rustc-env=APOLLO_RUSTC={}", compiler().unwrap_or_else(|| "unknown".to_owned()));
}

/// First line of `rustc --version`.
fn compiler() -> Option<String> {
    let output = Command::new(env::var_os("RUSTC")?).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.lines().next()?.to_owned())
}
