//! `manifest.json`: what made the files of a result folder, and which files are ours.
//!
//! It records everything that the promise of identical bytes depends on (scenario, seed, version, compiler, C library,
//! processor features) and nothing that changes without them: no clock, no host name, no number of threads.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::json;
use crate::experiment::results::RunResults;

/// Name of the file.
pub const NAME: &str = "manifest.json";
/// Key that marks a manifest as ours; its value is the version of the layout.
const MARK: &str = "apollo_manifest";

/// The manifest of a folder with these files (name and bytes), ending with a newline. `complete` says that all of them are there.
pub fn render(run: &RunResults, files: &[(String, Vec<u8>)], complete: bool) -> String {
    let listed: Vec<Value> =
        files.iter().map(|(name, bytes)| json!({ "name": name, "sha256": sha256(bytes) })).collect();
    let mut manifest = json!({
        MARK: 1,
        "state": if complete { "complete" } else { "incomplete" },
        "scenario": { "title": run.title, "file": run.file, "digest": run.digest },
        "version": run.version,
        "seed": run.seed,
        "overrides": run.overrides,
        "replications": run.replications,
        "build": {
            "rustc": env!("APOLLO_RUSTC"),
            "target": env!("APOLLO_TARGET"),
            "profile": env!("APOLLO_PROFILE"),
        },
        "machine": { "cpu_features": cpu_features(), "c_library": c_library() },
        "files": listed,
    });
    if let Some(found) = &run.settled {
        manifest["warmup"] = json!({ "asked": "auto", "found": found });
    }
    json::text(&manifest)
}

/// What made a file: version, sources of the model, compiler, C library, processor features. Files with the same of it and the
/// same input hold the same bytes.
pub fn made_by() -> Value {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "model": env!("APOLLO_MODEL"),
        "rustc": env!("APOLLO_RUSTC"),
        "target": env!("APOLLO_TARGET"),
        "profile": env!("APOLLO_PROFILE"),
        "cpu_features": cpu_features(),
        "c_library": c_library(),
    })
}

/// Names of the files that a manifest lists; `None` when the text is no manifest of ours.
pub fn files_of(text: &str) -> Option<Vec<String>> {
    let value: Value = serde_json::from_str(text).ok()?;
    value.get(MARK)?;
    let files = value.get("files")?.as_array()?;
    Some(files.iter().filter_map(|f| f.get("name")?.as_str().map(str::to_owned)).collect())
}

/// The digest that a manifest has of a file.
pub(super) fn digest_of<'a>(manifest: &'a Value, name: &str) -> Option<&'a str> {
    let listed = manifest["files"].as_array()?.iter();
    listed.clone().find(|file| file["name"].as_str() == Some(name))?["sha256"].as_str()
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// The processor features that mathematical libraries choose their code by, as far as this processor has them.
#[cfg(target_arch = "x86_64")]
fn cpu_features() -> Vec<&'static str> {
    let known = [
        ("sse4.2", std::arch::is_x86_feature_detected!("sse4.2")),
        ("avx", std::arch::is_x86_feature_detected!("avx")),
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
        ("fma", std::arch::is_x86_feature_detected!("fma")),
        ("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
    ];
    known.into_iter().filter(|(_, has)| *has).map(|(name, _)| name).collect()
}

/// Elsewhere the target already says what mathematical code runs.
#[cfg(not(target_arch = "x86_64"))]
fn cpu_features() -> Vec<&'static str> {
    Vec::new()
}

/// Version of the GNU C library in use, read from the file that this process has mapped; `None` where there is none.
fn c_library() -> Option<String> {
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let path = maps.lines().filter_map(|l| l.split_whitespace().nth(5)).find(|p| p.ends_with("/libc.so.6"))?;
    banner(&fs::read(Path::new(path)).ok()?)
}

/// The library carries a sentence that ends in `release version 2.36.`
fn banner(library: &[u8]) -> Option<String> {
    const BEFORE: &[u8] = b"release version ";
    let at = library.windows(BEFORE.len()).position(|w| w == BEFORE)? + BEFORE.len();
    let digits = library[at..].iter().take(12).take_while(|b| b.is_ascii_digit() || **b == b'.');
    let version = String::from_utf8(digits.copied().collect()).ok()?;
    Some(format!("glibc {}", version.trim_end_matches('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_manifest_is_taken_for_one() {
        assert_eq!(
            files_of(r#"{"apollo_manifest":1,"files":[{"name":"kpis.csv"}]}"#),
            Some(vec!["kpis.csv".to_owned()])
        );
        for other in ["", "[]", "{}", r#"{"files":[{"name":"x"}]}"#] {
            assert_eq!(files_of(other), None, "{other}");
        }
    }

    #[test]
    fn the_version_is_read_from_the_sentence() {
        let library = b"\x00GNU C Library (X 2.36-9) stable release version 2.36.\nCopyright";
        assert_eq!(banner(library).as_deref(), Some("glibc 2.36"));
        assert_eq!(banner(b"nothing"), None);
    }
}
