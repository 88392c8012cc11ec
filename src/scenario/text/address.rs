//! Addresses: `link.phx-dal.capacity`, with `*` for any run of characters in a segment.
//!
//! `--set` and `[sweep]` share them. An address must lead to something the scenario defines: a new site or link
//! cannot be made by an override, but a key that a defined entity does not state yet can.

use super::source::Place;
use super::tree::{Entry, Node, Table, Value};

/// Top-level tables whose entries carry names that planners choose.
pub const COLLECTIONS: [&str; 7] = ["fleet", "link", "risk_group", "site", "storage", "target", "work"];

/// The segments of an address, or `None` when one is empty.
pub fn segments(address: &str) -> Option<Vec<&str>> {
    let parts: Vec<&str> = address.split('.').map(str::trim).collect();
    (!parts.iter().any(|p| p.is_empty()) && parts.len() <= super::guard::MAX_DEPTH).then_some(parts)
}

/// Whether `name` matches a pattern in which each `*` stands for any run of characters.
pub fn matches(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}

/// The concrete paths an address stands for, in order.
pub fn expand(table: &Table, segments: &[&str]) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    expand_table(table, segments, &mut Vec::new(), &mut out);
    out
}

fn expand_table(table: &Table, segments: &[&str], path: &mut Vec<String>, out: &mut Vec<Vec<String>>) {
    let Some((segment, rest)) = segments.split_first() else { return };
    if segment.contains('*') {
        for (name, entry) in table.iter().filter(|(name, _)| matches(segment, name)) {
            step(name, Some(&entry.node), rest, path, out);
        }
    } else if table.contains_key(*segment) || may_create(path, segment, rest) {
        step(segment, table.get(*segment).map(|e| &e.node), rest, path, out);
    }
}

/// Names of entities are never created, and neither is a collection; nothing is created below a wildcard.
fn may_create(path: &[String], segment: &str, rest: &[&str]) -> bool {
    let in_collection = path.len() == 1 && COLLECTIONS.contains(&path[0].as_str());
    let is_collection = path.is_empty() && COLLECTIONS.contains(&segment);
    !in_collection && !is_collection && !rest.iter().any(|s| s.contains('*'))
}

fn step(name: &str, node: Option<&Node>, rest: &[&str], path: &mut Vec<String>, out: &mut Vec<Vec<String>>) {
    path.push(name.to_owned());
    match node.map(|n| &n.value) {
        _ if rest.is_empty() => {
            // A whole collection, or a whole entity, is not one value.
            let whole = path.len() <= 2 && COLLECTIONS.contains(&path[0].as_str());
            if !whole {
                out.push(path.clone());
            }
        }
        Some(Value::Table(inner)) => expand_table(inner, rest, path, out),
        Some(Value::List(items)) => expand_list(items, rest, path, out),
        Some(_) => {}
        None => expand_table(&Table::new(), rest, path, out),
    }
    path.pop();
}

fn expand_list(items: &[Node], segments: &[&str], path: &mut Vec<String>, out: &mut Vec<Vec<String>>) {
    let Some((segment, rest)) = segments.split_first() else { return };
    for (index, item) in items.iter().enumerate() {
        let name = index.to_string();
        if matches(segment, &name) {
            step(&name, Some(item), rest, path, out);
        }
    }
}

/// Writes a value at a path that [`expand`] returned, making tables on the way.
///
/// `keys` holds the place of each segment of the address, which becomes the place of the keys written here.
pub fn put(table: &mut Table, path: &[String], keys: &[Place], value: &Node) {
    let (Some((name, rest)), Some((key, keys))) = (path.split_first(), keys.split_first()) else { return };
    if rest.is_empty() {
        table.insert(name.clone(), Entry { key: key.clone(), node: value.clone() });
        return;
    }
    let empty = || Node { place: value.place.clone(), value: Value::Table(Table::new()) };
    let entry = table.entry(name.clone()).or_insert_with(|| Entry { key: key.clone(), node: empty() });
    put_node(&mut entry.node, rest, keys, value);
}

fn put_node(node: &mut Node, path: &[String], keys: &[Place], value: &Node) {
    match &mut node.value {
        Value::Table(inner) => put(inner, path, keys, value),
        Value::List(items) => {
            let Some(item) = path.first().and_then(|p| p.parse::<usize>().ok()).and_then(|i| items.get_mut(i)) else {
                return;
            };
            if path.len() == 1 { *item = value.clone() } else { put_node(item, &path[1..], &keys[1..], value) }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::{files::parse, source::Kind, source::Source};
    use super::*;
    use crate::scenario::diagnostics::Findings;

    fn paths(address: &str) -> Vec<String> {
        let text = "seed = 1\n[link.ab]\nwaves = 1\n[link.ac]\n[work.w]\ngenerators = [{ gpus = 1 }, { gpus = 2 }]\n";
        let source = Source::new(0, Kind::File, "t.toml", text);
        let table = parse(&source, &mut Findings::default()).expect("within limits");
        expand(&table, &segments(address).expect("well formed")).iter().map(|p| p.join(".")).collect()
    }

    #[test]
    fn wildcards_match_runs_of_characters() {
        assert!(matches("*", "anything"));
        assert!(matches("phx-*", "phx-dal"));
        assert!(matches("*-*l", "phx-dal"));
        assert!(!matches("a*a", "a"));
        assert!(!matches("phx", "phx-dal"));
        assert!(matches("a*b*c", "aXbYbZc"));
    }

    #[test]
    fn addresses_lead_to_what_is_defined() {
        assert_eq!(paths("link.*.capacity"), ["link.ab.capacity", "link.ac.capacity"]);
        assert_eq!(paths("link.*.waves.deep"), ["link.ac.waves.deep"], "a number has no keys");
        assert_eq!(paths("work.w.generators.*.gpus"), ["work.w.generators.0.gpus", "work.w.generators.1.gpus"]);
        assert_eq!(paths("work.w.weights.publish"), ["work.w.weights.publish"]);
        assert_eq!(paths("wan.streams"), ["wan.streams"]);
        assert!(paths("link.nope.capacity").is_empty());
        assert!(paths("link.ab").is_empty() && paths("link").is_empty() && paths("site.new.power").is_empty());
        assert!(segments("a..b").is_none());
    }
}
