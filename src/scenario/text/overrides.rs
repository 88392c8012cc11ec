//! `--set ADDRESS=VALUE`: each argument is a small text of its own that diagnostics can point into.

use std::sync::Arc;

use toml::de::DeValue;

use super::address::{self, COLLECTIONS};
use super::files::Library;
use super::guard;
use super::source::{Kind, Place, Source};
use super::tree::{self, Node, Table, Value};
use crate::scenario::diagnostics::{Diagnostic, Findings, list_names, nearest};

/// Applies every override in order.
pub fn apply(table: &mut Table, arguments: &[String], library: &mut Library, findings: &mut Findings) {
    for argument in arguments {
        let source = library.add(Kind::Argument, "--set", argument.as_str());
        if let Err(diagnostic) = apply_one(table, &source) {
            findings.push(*diagnostic);
        }
    }
}

fn apply_one(table: &mut Table, source: &Arc<Source>) -> Result<(), Box<Diagnostic>> {
    let whole = Place::whole(source);
    let refuse = |message: &str| {
        let help = "write ADDRESS=VALUE, for example 'link.phx-dal.capacity=800 Gbps'";
        Box::new(Diagnostic::new("E0401", message).at(&whole).help(help))
    };
    let (left, right) = source.text.split_once('=').ok_or_else(|| refuse("an override without '='"))?;
    let segments = address::segments(left).ok_or_else(|| refuse("an address with an empty segment"))?;
    if segments == ["extends"] || segments == ["format"] {
        return Err(refuse(&format!("'{}' cannot be overridden", segments[0])));
    }
    if let Some(at) = left.find('[') {
        let message = "an address with brackets: items of a list are numbered from 0";
        let help = "write 'work.online.generators.0.gpus', or '*' for all items";
        return Err(Box::new(Diagnostic::new("E0401", message).at(&whole.at(at..left.len())).help(help)));
    }
    guard::check(right).map_err(|broken| refuse(&broken.message))?;
    let node = value(source, left.len() + 1, right);
    let paths = address::expand(table, &segments);
    if paths.is_empty() {
        let place = whole.at(0..left.len());
        return Err(Box::new(no_match(table, &segments, &place)));
    }
    let keys = places(&whole, left);
    for path in paths {
        address::put(table, &path, &keys, &node);
    }
    Ok(())
}

/// The place of each segment of the address `left`, with which the argument begins.
fn places(whole: &Place, left: &str) -> Vec<Place> {
    let mut from = 0;
    let place = |part: &str| {
        let start = from + part.len() - part.trim_start().len();
        from += part.len() + 1;
        whole.at(start..start + part.trim().len())
    };
    left.split('.').map(place).collect()
}

/// The value of an argument: TOML where it is TOML, else the plain text.
pub fn value(source: &Arc<Source>, from: usize, text: &str) -> Node {
    let leading = text.len() - text.trim_start().len();
    let (from, text) = (from + leading, text.trim());
    match DeValue::parse(text) {
        Ok(value) => tree::node(source, &value, from),
        Err(_) => Node {
            place: Place { source: Arc::clone(source), span: from..from + text.len() },
            value: Value::Text { text: text.to_owned(), literal: Some(from) },
        },
    }
}

/// The finding for an address that leads nowhere; `place` covers the address as written.
pub fn no_match(table: &Table, segments: &[&str], place: &Place) -> Diagnostic {
    let address = segments.join(".");
    let found = Diagnostic::new("E0402", format!("'{address}' matches nothing in this scenario")).at(place);
    let first = segments.first().copied().unwrap_or_default();
    if !COLLECTIONS.contains(&first) {
        return found.help(format!("named tables are: {}", list_names(COLLECTIONS)));
    }
    let names: Vec<&str> = table
        .get(first)
        .and_then(|e| e.node.as_table())
        .map(|t| t.keys().map(String::as_str).collect())
        .unwrap_or_default();
    let Some(name) = segments.get(1) else {
        return found.help(format!("an address goes on to one key, for example '{first}.NAME.KEY'"));
    };
    let found = found.help(format!("[{first}.*] has: {}", list_names(names.iter().copied())));
    let start = place.span.start + place.text().find(&format!(".{name}")).map_or(0, |at| at + 1);
    match nearest(name, names.iter().copied()).filter(|near| near != name) {
        Some(near) => found.instead(&place.at(start..start + name.len()), near),
        None => found,
    }
}
