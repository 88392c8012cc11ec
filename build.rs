//! Tells the program what built it, for the manifest of a result folder: same binary, same bytes. And a digest of the sources
//! that results depend on, so that the cells of a sweep made by two states of the model are told apart.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Parts of `src/` that show results and do not change them.
const SHOWING: [&str; 2] = ["cli", "report"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = env::var("TARGET").unwrap_or_else(|_| "unknown".to_owned());
    let profile = env::var("PROFILE").unwrap_or_else(|_| "unknown".to_owned());
    println!("cargo::rustc-env=APOLLO_TARGET={target}");
    println!("cargo::rustc-env=APOLLO_PROFILE={profile}");
    println!("cargo::rustc-env=APOLLO_RUSTC={}", compiler().unwrap_or_else(|| "unknown".to_owned()));
    println!("cargo::rustc-env=APOLLO_MODEL={:016x}", model());
}

/// FNV-1a over the names and contents of the model's sources and the versions it is built with.
fn model() -> u64 {
    let mut files = vec![PathBuf::from("Cargo.lock")];
    let showing = |path: &Path| SHOWING.iter().any(|part| path.ends_with(Path::new("src").join(part)));
    for path in listed(Path::new("src")).into_iter().filter(|path| !showing(path)) {
        println!("cargo::rerun-if-changed={}", path.display());
        walk(path, &mut files);
    }
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for file in files {
        let name = file.to_string_lossy().replace('\\', "/");
        // A package without its lock file has only the names of its own sources to go by.
        for byte in name.into_bytes().into_iter().chain([0]).chain(fs::read(&file).unwrap_or_default()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

/// The entries of a folder by name.
fn listed(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(folder).map(|all| all.flatten().map(|entry| entry.path()).collect()).unwrap_or_default();
    found.sort();
    found
}

fn walk(path: PathBuf, files: &mut Vec<PathBuf>) {
    if path.is_dir() {
        listed(&path).into_iter().for_each(|inner| walk(inner, files));
    } else {
        files.push(path);
    }
}

/// First line of `rustc --version`.
fn compiler() -> Option<String> {
    let output = Command::new(env::var_os("RUSTC")?).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.lines().next()?.to_owned())
}
