//! `[sweep]`: every address must lead to a key, and every value must fit it.

use super::Resolver;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::spec::{self, Key, Kind};
use crate::scenario::text::address;
use crate::scenario::text::overrides::no_match;
use crate::scenario::text::source::Place;
use crate::scenario::text::tree::{Entry, Node, Table, Value};

/// Most addresses of one sweep.
const MAX_AXES: usize = 100;

impl Resolver<'_> {
    pub(super) fn sweep(&mut self, tree: &Table) {
        let Some(entry) = tree.get("sweep") else { return };
        let Value::Table(axes) = &entry.node.value else {
            let message = format!("'sweep' takes addresses and lists of values, not {}", entry.node.value.kind());
            self.report(Diagnostic::new("E0104", message).at(&entry.node.place));
            return;
        };
        if axes.len() > MAX_AXES {
            let message = format!("a sweep over more than {MAX_AXES} addresses");
            self.report(Diagnostic::new("E0003", message).at(&entry.key));
        }
        for (address, axis) in axes.iter().take(MAX_AXES) {
            self.axis(tree, address, axis);
        }
        if !axes.is_empty() {
            let message = "'run' uses the values of the tables; 'sweep' runs the variants".to_owned();
            self.report(Diagnostic::new("W0605", message).at(&entry.key).note());
        }
    }

    fn axis(&mut self, tree: &Table, address: &str, axis: &Entry) {
        let place = content(&axis.key, address);
        let Value::List(values) = &axis.node.value else {
            let message = format!("'{address}' takes a list of values, not {}", axis.node.value.kind());
            let found = Diagnostic::new("E0104", message).at(&axis.node.place);
            self.report(found.help("write the address in quotes: \"link.*.capacity\" = [\"400 Gbps\", \"800 Gbps\"]"));
            return;
        };
        if values.is_empty() {
            self.report(Diagnostic::new("E0104", format!("'{address}' has no values")).at(&axis.node.place));
        }
        let Some(segments) = address::segments(address).filter(|s| s[0] != "sweep") else {
            self.report(Diagnostic::new("E0402", format!("'{address}' is not an address")).at(&place));
            return;
        };
        let paths = address::expand(tree, &segments);
        if paths.is_empty() {
            self.report(no_match(tree, &segments, &place));
        }
        // Values are tried once for each key, not for each link or site that has it.
        let mut tried: Vec<&'static Key> = Vec::new();
        for path in paths {
            match spec::key_at(tree, &path) {
                Some(key) if tried.iter().any(|k| std::ptr::eq(*k, key)) => {}
                Some(key) => {
                    tried.push(key);
                    self.try_values(key, &path.join("."), &place, values);
                }
                None => {
                    let message = format!("'{}' is no key of the language", path.join("."));
                    self.report(Diagnostic::new("E0402", message).at(&place));
                }
            }
        }
    }

    fn try_values(&mut self, key: &'static Key, address: &str, place: &Place, values: &[Node]) {
        if matches!(key.kind, Kind::Named(_) | Kind::Works | Kind::Sweep | Kind::File | Kind::Format) {
            self.report(Diagnostic::new("E0402", format!("'{address}' cannot be swept")).at(place));
            return;
        }
        self.reader.recording = false;
        for value in values {
            self.reader.value(key, value, address);
        }
        self.reader.recording = true;
    }
}

/// The place of a quoted key's content.
fn content(key: &Place, address: &str) -> Place {
    match key.text().find(address) {
        Some(at) => key.at(key.span.start + at..key.span.start + at + address.len()),
        None => key.clone(),
    }
}
