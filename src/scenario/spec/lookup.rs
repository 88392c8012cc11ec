//! Which key an address means.

use super::work::LATER_KINDS;
use super::{Key, Kind, Need, SCENARIO, TableSpec, WORK_ANY, WORK_COPY, WORK_IO, WORK_RL};
use crate::scenario::text::tree::Table;

/// The table of a kind of work; `None` when the kind is not simulated.
pub fn work_table(kind: &str) -> Option<&'static TableSpec> {
    match kind {
        "copy" => Some(&WORK_COPY),
        "io" => Some(&WORK_IO),
        "rl" => Some(&WORK_RL),
        _ => None,
    }
}

/// Whether the language has a kind of work that is not simulated yet.
pub fn is_later_kind(kind: &str) -> bool {
    LATER_KINDS.contains(&kind)
}

/// The key that a concrete path leads to, in the scenario `root` (which tells the kinds of works).
pub fn key_at(root: &Table, path: &[String]) -> Option<&'static Key> {
    let (first, rest) = path.split_first()?;
    let key = SCENARIO.key(first)?;
    descend(root, path, key, rest)
}

fn descend(root: &Table, path: &[String], key: &'static Key, rest: &[String]) -> Option<&'static Key> {
    let Some((next, after)) = rest.split_first() else { return Some(key) };
    let (spec, after, next) = match key.kind {
        Kind::Table(spec) => (spec, after, next),
        Kind::Tables(spec) | Kind::Named(spec) => (spec, after.get(1..)?, after.first()?),
        Kind::Works => (work_of(root, next), after.get(1..)?, after.first()?),
        _ => return None,
    };
    descend(root, path, spec.key(next)?, after)
}

fn work_of(root: &Table, name: &str) -> &'static TableSpec {
    let kind = root
        .get("work")
        .and_then(|e| e.node.as_table())
        .and_then(|works| works.get(name))
        .and_then(|e| e.node.as_table())
        .and_then(|work| work.get("kind"))
        .and_then(|e| e.node.as_text());
    kind.and_then(work_table).unwrap_or(&WORK_ANY)
}

/// Every table of the language with its address pattern, in order: for the reference and the schema.
pub fn all_tables() -> Vec<(String, &'static TableSpec)> {
    let mut out = vec![(String::new(), &SCENARIO)];
    for key in SCENARIO.keys() {
        match key.kind {
            Kind::Named(spec) => nested(&format!("{}.NAME", key.name), spec, &mut out),
            Kind::Table(spec) => nested(key.name, spec, &mut out),
            Kind::Works => {
                for spec in [&WORK_COPY, &WORK_IO, &WORK_RL] {
                    nested("work.NAME", spec, &mut out);
                }
            }
            _ => {}
        }
    }
    out
}

fn nested(address: &str, spec: &'static TableSpec, out: &mut Vec<(String, &'static TableSpec)>) {
    out.push((address.to_owned(), spec));
    for key in spec.keys() {
        match key.kind {
            Kind::Table(inner) => nested(&format!("{address}.{}", key.name), inner, out),
            Kind::Tables(inner) => nested(&format!("{address}.{}.N", key.name), inner, out),
            _ => {}
        }
    }
}

/// Whether a key may be left out.
pub fn is_required(key: &Key) -> bool {
    matches!(key.need, Need::Required)
}
