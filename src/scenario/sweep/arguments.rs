//! The sweep of the command line, laid over `[sweep]` of the file.

use std::ops::Range;
use std::sync::Arc;

use crate::scenario::diagnostics::{Diagnostic, Findings};
use crate::scenario::text::files::Library;
use crate::scenario::text::overrides::value;
use crate::scenario::text::source::{Kind, Place, Source};
use crate::scenario::text::tree::{Entry, Node, Table, Value};
use crate::scenario::text::{address, guard};

/// What the command line says of a sweep.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// `ADDRESS=V1,V2,…` or `ADDRESS={ from = …, to = … }`; an address of the file gets these values instead.
    pub axes: Vec<String>,
    /// Design instead of the file's.
    pub design: Option<String>,
    /// Number of samples instead of the file's.
    pub samples: Option<u32>,
}

impl Arguments {
    /// Writes them into the tree of a scenario.
    pub(crate) fn apply(&self, tree: &mut Table, library: &mut Library, findings: &mut Findings) {
        let design = self.design.as_ref().map(|word| ("design", format!("{word:?}")));
        let samples = self.samples.map(|n| ("samples", n.to_string()));
        for (name, text) in design.into_iter().chain(samples) {
            let source = library.add(Kind::Argument, format!("--{name}"), text.as_str());
            let node = value(&source, 0, &text);
            put(tree, name.to_owned(), Entry { key: Place::whole(&source), node });
        }
        let mut given: Vec<(String, Place)> = Vec::new();
        for argument in &self.axes {
            let source = library.add(Kind::Argument, "--axis", argument.as_str());
            match axis(&source) {
                Ok((name, entry)) => {
                    if let Some((_, first)) = given.iter().find(|(known, _)| *known == name) {
                        let found = Diagnostic::new("E0519", format!("two axes of '{name}'")).at(&entry.key);
                        findings.push(found.also(first, "which is one already").help("give all values to one of them"));
                    }
                    given.push((name.clone(), entry.key.clone()));
                    put(tree, name, entry);
                }
                Err(diagnostic) => findings.push(*diagnostic),
            }
        }
    }
}

fn put(tree: &mut Table, name: String, entry: Entry) {
    let place = entry.key.clone();
    let table = || Node { place: place.clone(), value: Value::Table(Table::new()) };
    let sweep = tree.entry("sweep".to_owned()).or_insert_with(|| Entry { key: place.clone(), node: table() });
    // What is no table is reported when the sweep is read.
    if let Value::Table(table) = &mut sweep.node.value {
        table.insert(name, entry);
    }
}

/// The address and the values of an argument.
fn axis(source: &Arc<Source>) -> Result<(String, Entry), Box<Diagnostic>> {
    let whole = Place::whole(source);
    let refuse = |message: &str| {
        let help = "write ADDRESS=VALUE,VALUE, for example 'link.*.capacity=400 Gbps,800 Gbps'";
        Box::new(Diagnostic::new("E0401", message).at(&whole).help(help))
    };
    let (left, right) = source.text.split_once('=').ok_or_else(|| refuse("an axis without '='"))?;
    let segments = address::segments(left).ok_or_else(|| refuse("an address with an empty segment"))?;
    guard::check(right).map_err(|broken| refuse(&broken.message))?;
    let from = left.len() + 1;
    let place = whole.at(from..source.text.len());
    let single = value(source, from, right);
    let is_range = single.as_table().is_some_and(|table| table.contains_key("from") || table.contains_key("to"));
    let node = match is_range {
        true => single,
        false => {
            let items = parts(right).into_iter().map(|part| value(source, from + part.start, &right[part]));
            Node { place, value: Value::List(items.collect()) }
        }
    };
    let start = left.len() - left.trim_start().len();
    let key = whole.at(start..start + left.trim().len());
    Ok((segments.join("."), Entry { key, node }))
}

/// The parts of a text between commas that stand in no quotes, brackets or braces; nothing of an empty text.
fn parts(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let (mut start, mut depth, mut quote) = (0, 0usize, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                out.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(start..text.len());
    if text.trim().is_empty() { Vec::new() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_inside_of_values_do_not_part_them() {
        let cut = |text: &'static str| parts(text).into_iter().map(|p| text[p].trim()).collect::<Vec<_>>();
        assert_eq!(cut("400 Gbps, 800 Gbps"), ["400 Gbps", "800 Gbps"]);
        assert_eq!(cut("\"a,b\",[1,2],{ x = 1, y = 2 }"), ["\"a,b\"", "[1,2]", "{ x = 1, y = 2 }"]);
        assert!(cut("  ").is_empty());
    }
}
