//! The result folder on a real disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use apollo_sim::report::folder::{self, FolderError};

use crate::sample::{empty, falcon};

/// Every file below a folder with its bytes.
fn tree(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    for entry in fs::read_dir(dir).expect("folder") {
        let path = entry.expect("entry").path();
        let name = path.file_name().expect("name").to_string_lossy().into_owned();
        if path.is_dir() {
            out.extend(tree(&path).into_iter().map(|(k, v)| (format!("{name}/{k}"), v)));
        } else {
            out.insert(name, fs::read(&path).expect("file"));
        }
    }
    out
}

#[test]
fn a_new_folder_holds_the_promised_files_and_the_same_bytes_each_time() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("deep/a"), dir.path().join("b"));
    let mut listed = folder::write(&a, &empty()).unwrap();
    folder::write(&b, &empty()).unwrap();
    assert_eq!(tree(&a), tree(&b));
    listed.sort();
    assert_eq!(tree(&a).into_keys().collect::<Vec<_>>(), listed);
    for name in [
        "summary.json",
        "kpis.csv",
        "series.parquet",
        "flows.csv",
        "manifest.json",
        "charts/storage.svg",
        "charts/storage.png",
    ] {
        assert!(listed.contains(&name.to_owned()), "{name}");
    }
    let manifest: serde_json::Value = serde_json::from_slice(&tree(&a)["manifest.json"]).unwrap();
    assert_eq!((&manifest["state"], &manifest["seed"]), (&"complete".into(), &7.into()));
    assert!(manifest["build"]["rustc"].as_str().is_some_and(|r| r.starts_with("rustc ")), "{manifest}");
    assert_eq!(fs::read_dir(dir.path().join("deep")).unwrap().count(), 1, "no temporary folder is left");
}

#[test]
fn a_second_run_replaces_the_first_and_leaves_foreign_files_alone() {
    let dir = tempfile::tempdir().unwrap();
    folder::write(dir.path(), &empty()).unwrap();
    assert!(dir.path().join("flows.csv").exists());
    fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    let mut run = empty();
    run.flows = None;
    run.seed = 8;
    folder::write(dir.path(), &run).unwrap();
    let files = tree(dir.path());
    assert!(!files.contains_key("flows.csv"), "flows of the first run would be taken for those of the second");
    assert_eq!(files["notes.txt"], b"mine");
    assert!(String::from_utf8_lossy(&files["manifest.json"]).contains("\"seed\": 8"));
}

#[test]
fn a_folder_of_somebody_else_is_refused_untouched() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("manifest.json"), "{\"files\":[]}").unwrap();
    fs::write(dir.path().join("thesis.txt"), "years of work").unwrap();
    let before = tree(dir.path());
    assert!(matches!(folder::check(dir.path()), Err(FolderError::Foreign(_))));
    let error = folder::write(dir.path(), &empty()).unwrap_err();
    assert!(error.to_string().contains("is not a result folder of apollo"), "{error}");
    assert_eq!(tree(dir.path()), before);
    let error = folder::write(&dir.path().join("thesis.txt"), &empty()).unwrap_err();
    assert!(error.to_string().contains("thesis.txt"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_charts_link_cannot_lead_files_out() {
    let dir = tempfile::tempdir().unwrap();
    let (inside, outside) = (dir.path().join("in"), dir.path().join("out"));
    fs::create_dir(&outside).unwrap();
    folder::write(&inside, &empty()).unwrap();
    fs::remove_dir_all(inside.join("charts")).unwrap();
    std::os::unix::fs::symlink(&outside, inside.join("charts")).unwrap();
    assert!(matches!(folder::write(&inside, &empty()), Err(FolderError::Foreign(_))));
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn an_edited_manifest_and_a_link_remove_nothing_outside() {
    let dir = tempfile::tempdir().unwrap();
    let (inside, outside) = (dir.path().join("in"), dir.path().join("out"));
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("thesis.txt"), "years of work").unwrap();
    folder::write(&inside, &empty()).unwrap();
    std::os::unix::fs::symlink(&outside, inside.join("link")).unwrap();
    let manifest = fs::read_to_string(inside.join("manifest.json")).unwrap();
    let edited = manifest.replacen("\"flows.csv\"", "\"link/thesis.txt\"", 1);
    assert_ne!(edited, manifest);
    fs::write(inside.join("manifest.json"), edited).unwrap();
    folder::write(&inside, &empty()).unwrap();
    assert!(outside.join("thesis.txt").exists());
}

#[test]
fn the_whole_sample_is_written() {
    let dir = tempfile::tempdir().unwrap();
    folder::write(dir.path(), &falcon()).unwrap();
    let files = tree(dir.path());
    assert_eq!(files.keys().filter(|k| k.starts_with("charts/")).count(), 10);
    assert!(files.values().all(|bytes| !bytes.is_empty()));
}
