//! The ledger in words: what was derived, taken from the catalogue, or taken by default.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::scenario::plan::{Origin, Plan};

/// Key, value, confidence and source of a figure, with everything that uses it.
type Rows<'a> = BTreeMap<(&'a str, &'a str, &'a str, &'a str), Vec<&'a str>>;

/// Derived values, catalogue figures and defaults, each with its formula or source.
pub fn origins(out: &mut String, plan: &Plan) {
    derived(out, plan);
    figures(out, plan);
    defaults(out, plan);
}

fn derived(out: &mut String, plan: &Plan) {
    let rows: Vec<_> = plan
        .ledger
        .iter()
        .filter_map(|taken| match &taken.origin {
            // What [wan] decides for all is listed once, there.
            Origin::Derived { formula } if !formula.starts_with("as '") => Some((taken, formula)),
            _ => None,
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    out.push_str("\nDerived\n");
    for (taken, formula) in rows {
        let _ = writeln!(out, "  {} = {}  ({formula})", taken.address, taken.value);
    }
}

fn figures(out: &mut String, plan: &Plan) {
    // The same figure of the same part is listed once, with everything that uses it.
    let mut parts: BTreeMap<&str, Rows<'_>> = BTreeMap::new();
    for taken in &plan.ledger {
        let Origin::Part { part, source, confidence } = &taken.origin else { continue };
        let (user, key) = taken.address.rsplit_once('.').unwrap_or(("", &taken.address));
        let row = (key, taken.value.as_str(), confidence.as_str(), source.as_str());
        parts.entry(part).or_default().entry(row).or_default().push(user);
    }
    if parts.is_empty() {
        return;
    }
    out.push_str("\nFrom the catalogue (* marks an assumption)\n");
    for (part, rows) in parts {
        let _ = writeln!(out, "  {part}");
        for ((key, value, confidence, source), users) in rows {
            let mark = if confidence == "assumption" { "*" } else { " " };
            let _ = writeln!(out, "  {mark} {key} = {value}  [{confidence}] {source}  ({})", users.join(", "));
        }
    }
}

fn defaults(out: &mut String, plan: &Plan) {
    let mut rows: BTreeMap<(&str, &str, &str, bool), Vec<&str>> = BTreeMap::new();
    for taken in &plan.ledger {
        let Origin::Default { source, assumption } = &taken.origin else { continue };
        let (user, key) = taken.address.rsplit_once('.').unwrap_or(("top level", &taken.address));
        rows.entry((key, taken.value.as_str(), source.as_str(), *assumption)).or_default().push(user);
    }
    if rows.is_empty() {
        return;
    }
    let assumed = rows.keys().filter(|row| row.3).count();
    let _ = writeln!(out, "\nDefaults taken ({}, {assumed} of them assumptions, marked *)", rows.len());
    for ((key, value, source, assumption), users) in rows {
        let mark = if assumption { "*" } else { " " };
        let _ = writeln!(out, "  {mark} {key} = {value}  {source}  ({})", users.join(", "));
    }
}
