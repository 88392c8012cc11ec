//! `extends`: a variant laid over its base, table by table.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{Library, beside, parse};
use super::source::{Place, Source};
use super::tree::{Table, Value};
use crate::scenario::diagnostics::{Diagnostic, Findings};

/// Longest chain of bases.
const MAX_CHAIN: usize = 8;

/// Tables that mean one value: a variant replaces them whole.
const ONE_VALUE: [&str; 7] = ["exponential", "lognormal", "weibull", "uniform", "triangular", "empirical", "of"];

/// Parses a text and everything it extends into one table.
///
/// Returns `None` when nothing could be parsed.
pub fn parse_all(source: &Arc<Source>, library: &mut Library, findings: &mut Findings) -> Option<Table> {
    let mut top = parse(source, findings)?;
    let mut seen = vec![identity(Path::new(&source.name))];
    let mut name = source.name.clone();
    let mut layers = Vec::new();
    while let Some((written, place)) = take_extends(&mut top, findings) {
        let path = beside(&name, &written);
        if let Some(problem) = chain_problem(&seen, &path) {
            findings.push(Diagnostic::new("E0006", problem).at(&place));
            break;
        }
        seen.push(identity(&path));
        layers.push(std::mem::take(&mut top));
        match library.read(&path, Some(&place)) {
            Ok(base) => {
                top = parse(&base, findings).unwrap_or_default();
                name.clone_from(&base.name);
            }
            Err(diagnostic) => {
                findings.push(*diagnostic);
                break;
            }
        }
    }
    while let Some(layer) = layers.pop() {
        merge(&mut top, layer);
    }
    Some(top)
}

/// The same file by any name, as far as the file system can tell.
fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn chain_problem(seen: &[PathBuf], path: &Path) -> Option<String> {
    if seen.contains(&identity(path)) {
        return Some(format!("'{}' extends itself", path.display()));
    }
    (seen.len() > MAX_CHAIN).then(|| format!("more than {MAX_CHAIN} files extend one another"))
}

fn take_extends(table: &mut Table, findings: &mut Findings) -> Option<(String, Place)> {
    let entry = table.remove("extends")?;
    if let Some(text) = entry.node.as_text() {
        return Some((text.to_owned(), entry.node.place.clone()));
    }
    let message = format!("'extends' takes the path of a base file, not {}", entry.node.value.kind());
    findings.push(Diagnostic::new("E0104", message).at(&entry.node.place));
    None
}

/// Lays `over` on `base`: tables join, everything else is replaced.
fn merge(base: &mut Table, over: Table) {
    for (name, entry) in over {
        let joins = |below: &Value, above: &Value| match (below, above) {
            (Value::Table(b), Value::Table(a)) => !is_one_value(b) && !is_one_value(a),
            _ => false,
        };
        match base.get_mut(&name) {
            Some(below) if joins(&below.node.value, &entry.node.value) => {
                if let (Value::Table(b), Value::Table(a)) = (&mut below.node.value, entry.node.value) {
                    merge(b, a);
                }
                below.key = entry.key;
                below.node.place = entry.node.place;
            }
            _ => {
                base.insert(name, entry);
            }
        }
    }
}

fn is_one_value(table: &Table) -> bool {
    table.keys().any(|key| ONE_VALUE.contains(&key.as_str()))
}

#[cfg(test)]
mod tests {
    use super::super::source::Kind;
    use super::*;

    fn table(text: &str) -> Table {
        let mut findings = Findings::default();
        let source = Source::new(0, Kind::File, "t.toml", text);
        let table = parse(&source, &mut findings).expect("within limits");
        assert!(!findings.failed());
        table
    }

    fn at<'a>(table: &'a Table, path: &[&str]) -> &'a Value {
        let (last, init) = path.split_last().expect("a path");
        let inner = init.iter().fold(table, |t, k| t[*k].node.as_table().expect("a table"));
        &inner[*last].node.value
    }

    #[test]
    fn tables_join_and_values_are_replaced() {
        let mut base = table("[link.a]\ncapacity = \"1 Gbps\"\nwaves = 4\n[site.x]\n");
        merge(&mut base, table("[link.a]\nwaves = 2\n[link.b]\nwaves = 1\n"));
        assert!(matches!(at(&base, &["link", "a", "waves"]), Value::Integer(2)));
        assert!(matches!(at(&base, &["link", "a", "capacity"]), Value::Text { .. }));
        assert!(matches!(at(&base, &["link", "b", "waves"]), Value::Integer(1)));
        assert!(base.contains_key("site"));
    }

    #[test]
    fn a_law_is_replaced_as_a_whole() {
        let mut base = table("d = { lognormal = { median = \"1 s\", p99 = \"2 s\" } }");
        merge(&mut base, table("d = { exponential = { mean = \"3 s\" } }"));
        assert_eq!(base["d"].node.as_table().expect("a table").len(), 1);
    }
}
