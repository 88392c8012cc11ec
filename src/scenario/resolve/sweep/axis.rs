//! One address of a sweep and its values.

use std::sync::Arc;

use super::super::Resolver;
use crate::scenario::diagnostics::{Diagnostic, nearest};
use crate::scenario::read::record::Val;
use crate::scenario::spec::{self, Key, Kind, RANGE, SCENARIO, SWEEP};
use crate::scenario::sweep::{Axis, Form, Range, Setting, Values};
use crate::scenario::text::address;
use crate::scenario::text::overrides::no_match;
use crate::scenario::text::source::{Kind as Text, Place, Source};
use crate::scenario::text::tree::{Entry, Node, Table, Value};
use crate::units::{Dimension, Dist};

/// Where the texts of a sweep stand in the order of texts: after everything that was read.
const LAST: usize = 1 << 20;

impl Resolver<'_> {
    pub(super) fn axis(&mut self, tree: &Table, address: &str, axis: &Entry) -> Option<Axis> {
        let place = content(&axis.key, address);
        let is_range = axis.node.as_table().is_some_and(|t| t.contains_key("from") || t.contains_key("to"));
        if !is_range && !matches!(axis.node.value, Value::List(_)) {
            self.report(no_list(address, axis));
            return None;
        }
        let Some(segments) = address::segments(address).filter(|s| s[0] != "sweep") else {
            self.report(Diagnostic::new("E0402", format!("'{address}' is not an address")).at(&place));
            return None;
        };
        let paths = address::expand(tree, &segments);
        if paths.is_empty() {
            self.report(no_match(tree, &segments, &place));
        }
        let mut keys: Vec<(&'static Key, String)> = Vec::new();
        for path in &paths {
            match spec::key_at(tree, path) {
                Some(key) if keys.iter().any(|(k, _)| std::ptr::eq(*k, key)) => {}
                Some(key) => keys.push((key, path.join("."))),
                None => self.report(no_key(tree, path, &place)),
            }
        }
        // Values are tried once for each key, not for each link or site that has it.
        let mut read: Vec<Option<Values>> = Vec::new();
        for (key, path) in &keys {
            read.push(self.values(key, path, &place, &axis.node));
        }
        let (key, _) = *keys.first()?;
        let values = read.into_iter().next()??;
        let numbers = match &values {
            Values::List(list) => list.iter().all(|setting| setting.number.is_some()),
            Values::Range(_) => true,
        };
        let unit = dimension(key).filter(|_| numbers).map(unit);
        Some(Axis { address: address.to_owned(), unit, values, key, place: raised(&place), paths })
    }

    fn values(&mut self, key: &'static Key, address: &str, place: &Place, node: &Node) -> Option<Values> {
        if matches!(key.kind, Kind::Named(_) | Kind::Works | Kind::Sweep | Kind::File | Kind::Format) {
            self.report(Diagnostic::new("E0402", format!("'{address}' cannot be swept")).at(place));
            return None;
        }
        match &node.value {
            Value::List(items) if items.is_empty() => {
                self.report(Diagnostic::new("E0104", format!("'{address}' has no values")).at(&node.place));
                None
            }
            Value::List(items) => {
                let over = raised(&node.place).source;
                let one = |item| self.setting(key, item, address, &over);
                let read: Vec<Setting> = items.iter().filter_map(one).collect();
                (read.len() == items.len()).then_some(Values::List(read))
            }
            Value::Table(table) => self.range(key, address, table, &node.place).map(Values::Range),
            _ => None,
        }
    }

    /// A value, read as its key does; its places move to the text `over`.
    pub(super) fn setting(
        &mut self,
        key: &'static Key,
        node: &Node,
        address: &str,
        over: &Arc<Source>,
    ) -> Option<Setting> {
        let was = std::mem::replace(&mut self.reader.recording, false);
        let val = self.reader.value(key, node, address);
        self.reader.recording = was;
        let number = match val? {
            Val::Number(x) | Val::Random(Dist::Constant(x)) => Some(x),
            Val::Exact(n) => Some(n as f64),
            _ => None,
        };
        let text = match &node.value {
            Value::Text { text, .. } => text.trim().to_owned(),
            _ => node.place.text().split_whitespace().collect::<Vec<_>>().join(" "),
        };
        Some(Setting { text, number, node: relaid(node, over) })
    }

    fn range(&mut self, key: &'static Key, address: &str, table: &Table, place: &Place) -> Option<Range> {
        let form = match key.kind {
            Kind::Quantity(dim) | Kind::Random(dim) => Form::Quantity(dim),
            Kind::Whole(dim) => Form::Whole(dim),
            Kind::Horizon | Kind::Moment => Form::Quantity(Dimension::Duration),
            Kind::Exact => Form::Exact,
            _ => {
                let found = Diagnostic::new("E0519", format!("'{address}' has no values in between")).at(place);
                self.report(found.help("give a list of values"));
                return None;
            }
        };
        let was = std::mem::replace(&mut self.reader.recording, false);
        let record = self.reader.record(&RANGE, &format!("sweep.{address}"), table, place);
        self.reader.recording = was;
        let mut ends = [0.0; 2];
        for (end, name) in ends.iter_mut().zip(["from", "to"]) {
            let Some(Val::Limit(node)) = record.item(name).map(|item| item.val.clone()) else { return None };
            *end = self.setting(key, &node, address, &place.source)?.number?;
        }
        let [from, to] = ends;
        let log = record.text("scale") == Some("log");
        if from >= to || (log && from <= 0.0) {
            let message = match from >= to {
                true => format!("the range of '{address}' does not rise: 'from' must be below 'to'"),
                false => format!("the range of '{address}' begins at zero, which has no place on a scale of ratios"),
            };
            self.report(Diagnostic::new("E0519", message).at(record.place_of("from")));
            return None;
        }
        let steps = record.number("steps").map(|n| n as usize);
        Some(Range { from, to, log, steps, form, place: raised(place) })
    }
}

fn no_list(address: &str, axis: &Entry) -> Diagnostic {
    let known = || SWEEP.keys().map(|key| key.name);
    if SCENARIO.key(address).is_none()
        && !address.contains('.')
        && let Some(near) = nearest(address, known())
    {
        return Diagnostic::new("E0101", format!("unknown key '{address}'")).at(&axis.key).instead(&axis.key, near);
    }
    let message = format!("'{address}' takes a list of values, not {}", axis.node.value.kind());
    let found = Diagnostic::new("E0104", message).at(&axis.node.place);
    found.help("write the address in quotes: \"link.*.capacity\" = [\"400 Gbps\", \"800 Gbps\"]")
}

/// The last segment may be a slip, of a key of its table or of `[sweep]` itself.
fn no_key(tree: &Table, path: &[String], place: &Place) -> Diagnostic {
    let found = Diagnostic::new("E0402", format!("'{}' is no key of the language", path.join("."))).at(place);
    let Some((last, above)) = path.split_last() else { return found };
    let own = SWEEP.keys().map(|key| key.name).filter(|_| above.is_empty());
    let names = spec::keys_below(tree, above).into_iter().chain(own);
    let Some(near) = nearest(last, names) else { return found };
    match place.text().rfind(last.as_str()) {
        Some(at) => {
            let start = place.span.start + at;
            found.instead(&place.at(start..start + last.len()), near)
        }
        None => found,
    }
}

/// The dimension of a key whose values can be numbers.
fn dimension(key: &Key) -> Option<Dimension> {
    match key.kind {
        Kind::Quantity(dim) | Kind::Random(dim) | Kind::Whole(dim) => Some(dim),
        Kind::Horizon | Kind::Moment => Some(Dimension::Duration),
        Kind::Exact => Some(Dimension::Count),
        _ => None,
    }
}

/// The unit in which tables show a dimension, and how many of it make a base unit.
fn unit(dim: Dimension) -> (&'static str, f64) {
    let word = match dim {
        Dimension::ByteRate => return ("bit/s", 8.0),
        Dimension::Bytes => "B",
        Dimension::Throughput => "B/s",
        Dimension::RatePerCapacity | Dimension::PerTime => "1/s",
        Dimension::Duration => "s",
        Dimension::Count | Dimension::Ratio | Dimension::Factor => "1",
        Dimension::Gpus => "GPU",
        Dimension::Versions => "version",
        Dimension::Tokens => "token",
        Dimension::TokenRate => "tok/s",
        Dimension::OpRate => "op/s",
        Dimension::Power => "W",
        Dimension::Energy => "J",
        Dimension::Money => "$",
        Dimension::MoneyPerHour => "$/h",
        Dimension::MoneyPerByteMonth => "$/B-month",
        Dimension::MoneyPerEnergy => "$/J",
        Dimension::Distance => "m",
        Dimension::Flops => "FLOP/s",
        Dimension::PerDistanceTime => "1/(m s)",
        Dimension::Date => "s since 1970",
    };
    (word, 1.0)
}

/// The same place in a text that wins over all files, as an override does: a value of a sweep displaces what excludes it.
fn raised(place: &Place) -> Place {
    let source = &place.source;
    let over = Source::new(LAST, Text::Argument, source.name.as_str(), source.text.as_str());
    Place { source: over, span: place.span.clone() }
}

/// The same value with its places in another copy of its text.
fn relaid(node: &Node, source: &Arc<Source>) -> Node {
    let at = |place: &Place| Place { source: Arc::clone(source), span: place.span.clone() };
    let value = match &node.value {
        Value::List(items) => Value::List(items.iter().map(|item| relaid(item, source)).collect()),
        Value::Table(table) => Value::Table(
            table.iter().map(|(k, e)| (k.clone(), Entry { key: at(&e.key), node: relaid(&e.node, source) })).collect(),
        ),
        other => other.clone(),
    };
    Node { place: at(&node.place), value }
}

/// The place of a quoted key's content.
fn content(key: &Place, address: &str) -> Place {
    match key.text().find(address) {
        Some(at) => key.at(key.span.start + at..key.span.start + at + address.len()),
        None => key.clone(),
    }
}
