//! CONTRIBUTING.md numbers the project's invariants and names a test for each: they must be numbered without gaps, and
//! the tests must exist.

use std::fs;
use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn every_invariant_names_tests_that_exist() {
    let text = fs::read_to_string(Path::new(ROOT).join("CONTRIBUTING.md")).expect("CONTRIBUTING.md is there");
    let (_, invariants) = text.split_once("## Invariants").expect("there is a section of invariants");
    let sources = sources(&["src", "tests"]);
    let mut number = 0;
    for line in invariants.lines() {
        let Some((label, rest)) = line.split_once(". ").filter(|(label, _)| label.parse::<u32>().is_ok()) else {
            continue;
        };
        number += 1;
        assert_eq!(label, number.to_string(), "the numbers have a gap before: {line}");
        let names: Vec<&str> = rest.split('`').skip(1).step_by(2).filter(|name| name.contains('_')).collect();
        assert!(!names.is_empty(), "invariant {number} names no test");
        for name in names {
            let declared = format!("fn {name}(");
            assert!(sources.iter().any(|s| s.contains(&declared)), "invariant {number}: there is no test `{name}`");
        }
    }
    assert!(number > 10, "only {number} invariants were found");
}

/// The text of every Rust file below these folders.
fn sources(folders: &[&str]) -> Vec<String> {
    let mut open: Vec<_> = folders.iter().map(|folder| Path::new(ROOT).join(folder)).collect();
    let mut texts = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a source folder can be listed") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                texts.push(fs::read_to_string(&path).expect("a source file can be read"));
            }
        }
    }
    texts
}
