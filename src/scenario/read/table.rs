//! One table: known keys, missing keys, defaults, and rules between keys.

use super::record::{Item, Record, Val};
use super::value::cut;
use super::{Reader, shown};
use crate::scenario::diagnostics::{Diagnostic, list_names, nearest};
use crate::scenario::plan::Origin;
use crate::scenario::spec::{self, Key, Kind, Need, Rule, TableSpec, WORK_ANY};
use crate::scenario::text::source::Place;
use crate::scenario::text::tree::{Entry, Node, Table, Value};
use crate::units::{self, Dimension};

/// Most parts of one kind. Far above any plan, far below what the ids of the simulated world can number.
const MAX_PARTS: usize = 10_000;

impl Reader {
    /// Reads a table. Everything written enters the ledger, and so does every default.
    pub fn record(&mut self, spec: &'static TableSpec, address: &str, table: &Table, place: &Place) -> Record {
        let mut record = Record {
            spec,
            address: address.to_owned(),
            name: String::new(),
            place: place.clone(),
            items: Default::default(),
            broken: Vec::new(),
        };
        for (name, entry) in table {
            if spec.key(name).is_none() {
                // The key that was probably meant is not missing as well.
                record.broken.extend(self.unknown_key(spec, address, name, entry));
            }
        }
        let displaced = displaced(spec, table);
        for key in spec.keys() {
            match table.get(key.name).filter(|_| !displaced.contains(&key.name)) {
                Some(entry) => self.take(&mut record, key, &entry.node),
                None => self.fill(&mut record, key),
            }
        }
        for rule in spec.rules {
            self.check_rule(&record, rule);
        }
        record
    }

    fn take(&mut self, record: &mut Record, key: &'static Key, node: &Node) {
        let address = record.address_of(key.name);
        let Some(val) = self.value(key, node, &address) else {
            if !matches!(key.kind, Kind::Sweep) {
                record.broken.push(key.name);
            }
            return;
        };
        let text = match &node.value {
            Value::Text { text, .. } => text.clone(),
            _ => one_line(node.place.text()),
        };
        if !is_nested(key) && self.recording {
            self.ledger.written(address, &text, &node.place);
        }
        record.items.insert(key.name, Item { val, place: node.place.clone(), written: true, text });
    }

    fn fill(&mut self, record: &mut Record, key: &'static Key) {
        let (text, source, assumption) = match key.need {
            Need::Default { text, source, assumption } => (text, source, assumption),
            Need::Required if record.broken.contains(&key.name) => return,
            Need::Required if matches!(key.kind, Kind::Format) => {
                let found = Diagnostic::new("E0005", "the scenario does not say its format").at(&record.place);
                self.report(found.help("write 'format = 1' in the first line"));
                return;
            }
            Need::Required => {
                let message = format!("missing key '{}' in {}", key.name, shown(record.spec, &record.address));
                let found = Diagnostic::new("E0102", message).at(&record.place).label(format!("needs '{}'", key.name));
                self.report(found.help(key.doc));
                return;
            }
            Need::Optional(_) | Need::Part(_) | Need::Wan | Need::Derived(_) => return,
        };
        let address = record.address_of(key.name);
        let val = match key.kind {
            Kind::Table(spec) => Val::Table(Box::new(self.record(spec, &address, &Table::new(), &record.place))),
            _ => default_value(key, text).expect("every default reads as its key does; a test says so"),
        };
        if !is_nested(key) && self.recording {
            self.ledger.push(address, text, Origin::Default { source: source.to_owned(), assumption });
        }
        let item = Item { val, place: record.place.clone(), written: false, text: text.to_owned() };
        record.items.insert(key.name, item);
    }

    /// Reports a key that the table does not have; returns the one that was probably meant.
    fn unknown_key(
        &mut self,
        spec: &'static TableSpec,
        address: &str,
        name: &str,
        entry: &Entry,
    ) -> Option<&'static str> {
        if spec.later.contains(&name) {
            let message = format!("'{name}' is part of the language but not simulated by this version");
            self.report(
                Diagnostic::new("E0105", message).at(&entry.key).label("remove it to run the rest of the plan"),
            );
            return None;
        }
        let is_table = matches!(entry.node.value, Value::Table(_) | Value::List(_));
        let (code, message, label) = match address.is_empty() && is_table {
            true => ("E0103", format!("unknown table '{}'", cut(name)), String::new()),
            false => {
                ("E0101", format!("unknown key '{}'", cut(name)), format!("not a key of {}", shown(spec, address)))
            }
        };
        let keys: Vec<&'static str> = spec.keys().map(|k| k.name).collect();
        let found = Diagnostic::new(code, message).at(&entry.key).label(label);
        let found = found.help(format!("valid keys: {}", list_names(keys.iter().copied())));
        let near = self.findings.suggests().then(|| nearest(name, keys.iter().copied())).flatten();
        self.report(match near {
            Some(near) => found.instead(&entry.key, near),
            None => found,
        });
        keys.into_iter().find(|key| Some(*key) == near)
    }

    fn check_rule(&mut self, record: &Record, rule: &Rule) {
        let (keys, least, most) = match rule {
            Rule::ExactlyOne(keys) => (*keys, 1, 1),
            Rule::AtLeastOne(keys) => (*keys, 1, keys.len()),
            Rule::AtMostOne(keys) => (*keys, 0, 1),
        };
        let written: Vec<&&str> = keys.iter().filter(|key| record.wrote(key)).collect();
        let list = keys.iter().map(|k| format!("'{k}'")).collect::<Vec<_>>().join(", ");
        let table = shown(record.spec, &record.address);
        if written.len() < least {
            let message = format!("{table} needs one of {list}");
            let found = Diagnostic::new("E0102", message).at(&record.place).label("none is given");
            self.report(found.help(format!("write one of {list} in this table")));
        } else if written.len() > most {
            let message = format!("{table} can have only one of {list}");
            let mut found = Diagnostic::new("E0107", message).at(record.place_of(written[1]));
            found = found.label("this one").also(record.place_of(written[0]), "and this one exclude each other");
            self.report(found.help(format!("keep one of {list}, and remove the others")));
        }
    }

    /// Nested and named tables.
    pub(super) fn tables(&mut self, key: &'static Key, node: &Node, address: &str) -> Option<Val> {
        match (key.kind, &node.value) {
            (Kind::Table(spec), Value::Table(table)) => {
                Some(Val::Table(Box::new(self.record(spec, address, table, &node.place))))
            }
            (Kind::Tables(spec), Value::List(items)) => self.list_of_tables(key, spec, items, address),
            (Kind::Named(spec), Value::Table(table)) => Some(Val::Tables(self.named(Some(spec), table, address))),
            (Kind::Works, Value::Table(table)) => Some(Val::Tables(self.named(None, table, address))),
            _ => {
                let due = match key.kind {
                    Kind::Tables(_) => "a list of tables",
                    Kind::Table(_) => "a table",
                    _ => "named tables",
                };
                let message = format!("'{}' takes {due}, not {}", key.name, node.value.kind());
                let found = Diagnostic::new("E0104", message).at(&node.place);
                self.report(match key.kind {
                    Kind::Named(_) | Kind::Works => found.help(format!("write [{}.NAME]", key.name)),
                    _ => found,
                });
                None
            }
        }
    }

    fn list_of_tables(&mut self, key: &Key, spec: &'static TableSpec, items: &[Node], address: &str) -> Option<Val> {
        let mut out = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match &item.value {
                Value::Table(table) => out.push(self.record(spec, &format!("{address}.{index}"), table, &item.place)),
                other => {
                    let message = format!("'{}' takes a list of tables, not of {}", key.name, other.kind());
                    self.report(Diagnostic::new("E0104", message).at(&item.place));
                }
            }
        }
        (out.len() == items.len()).then_some(Val::Tables(out))
    }

    /// Named tables; without a table of keys they are works, whose kind decides.
    fn named(&mut self, spec: Option<&'static TableSpec>, table: &Table, address: &str) -> Vec<Record> {
        let mut out = Vec::new();
        if let Some((_, entry)) = table.iter().nth(MAX_PARTS) {
            let message = format!("more than {MAX_PARTS} tables in [{address}]");
            self.report(Diagnostic::new("E0003", message).at(&entry.key));
            return out;
        }
        for (name, entry) in table {
            self.check_name(name, &entry.key);
            let Value::Table(inner) = &entry.node.value else {
                let message = format!("'{address}.{}' takes a table, not {}", cut(name), entry.node.value.kind());
                let found = Diagnostic::new("E0104", message).at(&entry.node.place);
                self.report(found.help(format!("write [{address}.NAME] and then its keys")));
                continue;
            };
            let spec = match spec {
                Some(spec) => spec,
                None => match self.work_spec(inner, name, &entry.node.place) {
                    Some(spec) => spec,
                    None => {
                        self.unread.insert(name.clone());
                        continue;
                    }
                },
            };
            let record = self.record(spec, &format!("{address}.{name}"), inner, &entry.node.place);
            out.push(Record { name: name.clone(), ..record });
        }
        out
    }

    /// The keys of a work by its kind; `None` for kinds of the language that are not simulated.
    fn work_spec(&mut self, table: &Table, name: &str, place: &Place) -> Option<&'static TableSpec> {
        let Some(kind) = table.get("kind").map(|entry| entry.node.clone()) else {
            let message = format!("missing key 'kind' in [work.{}]", cut(name));
            let found = Diagnostic::new("E0102", message).at(place).label("needs 'kind'");
            self.report(found.help(format!("kinds are: {}", list_names(spec::WORK_KINDS.iter().copied()))));
            return None;
        };
        let word = kind.as_text().unwrap_or_default();
        if spec::is_later_kind(word) {
            let message = format!("'kind = \"{word}\"' is part of the language but not simulated by this version");
            self.report(Diagnostic::new("E0105", message).at(&kind.place));
            return None;
        }
        spec::work_table(word).or_else(|| {
            // The kind is wrong: report that alone, not every key that some kind would know.
            self.value(WORK_ANY.key("kind").expect("works have a kind"), &kind, "");
            None
        })
    }

    /// Names become parts of addresses and KPI names.
    pub(super) fn check_name(&mut self, name: &str, place: &Place) {
        let fits =
            (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        if !fits {
            let message = format!("'{}' cannot be a name", cut(name));
            let help = "names have 1 to 64 letters, digits, '-' or '_'";
            self.report(Diagnostic::new("E0106", message).at(place).help(help));
        }
    }
}

/// Keys of a base that a key of a variant or an override replaces, because only one of them can be given.
fn displaced(spec: &TableSpec, table: &Table) -> Vec<&'static str> {
    let mut out = Vec::new();
    for rule in spec.rules {
        let (Rule::ExactlyOne(keys) | Rule::AtMostOne(keys)) = rule else { continue };
        let layer = |key: &&&str| table.get(**key).map(|entry| entry.node.place.source.layer());
        let top = keys.iter().filter_map(|key| layer(&key)).max();
        out.extend(keys.iter().filter(|key| layer(key) < top));
    }
    out
}

fn is_nested(key: &Key) -> bool {
    matches!(key.kind, Kind::Table(_) | Kind::Tables(_) | Kind::Named(_) | Kind::Works | Kind::Sweep)
}

/// Text of several lines squeezed into one of reasonable length.
fn one_line(text: &str) -> String {
    cut(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A default, read the way its key is.
pub fn default_value(key: &Key, text: &str) -> Option<Val> {
    match key.kind {
        Kind::Quantity(dim) | Kind::Whole(dim) => units::parse(text, dim).ok().map(Val::Number),
        Kind::Moment | Kind::Horizon => units::parse(text, Dimension::Duration).ok().map(Val::Number),
        Kind::Random(dim) => units::parse_dist(text, dim).ok().map(Val::Random),
        Kind::Bool => text.parse().ok().map(Val::Bool),
        Kind::Exact => text.parse().ok().map(Val::Exact),
        Kind::Date => text.parse::<jiff::civil::Date>().ok().map(|_| Val::Date),
        Kind::Text | Kind::Part(_) | Kind::Choice(_) => Some(Val::Text(text.to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::range;
    use super::*;

    #[test]
    fn the_number_of_parts_is_bounded() {
        let sites = |n: usize| (0..n).map(|i| format!("[site.s{i}]\n")).collect::<String>();
        let text = |n: usize| format!("format = 1\nhorizon = \"1 h\"\nwarmup = \"0 s\"\n{}", sites(n));
        assert!(crate::scenario::load_text("t.toml", &text(MAX_PARTS), &[]).is_ok());
        let errors = crate::scenario::load_text("t.toml", &text(MAX_PARTS + 1), &[]).expect_err("one too many");
        assert!(crate::scenario::render_text(&errors, false).contains("more than 10000 tables in [site]"));
    }

    #[test]
    fn every_default_reads_and_lies_in_its_range() {
        for (address, table) in spec::all_tables() {
            for key in table.keys() {
                let Need::Default { text, .. } = key.need else { continue };
                if matches!(key.kind, Kind::Table(_)) {
                    continue;
                }
                let val = default_value(key, text).unwrap_or_else(|| panic!("{address}.{}: {text}", key.name));
                if let (Val::Number(x), Kind::Quantity(dim) | Kind::Whole(dim)) = (val, key.kind) {
                    assert_eq!(range::problem(x, key.range, dim), None, "{address}.{}", key.name);
                }
            }
        }
    }
}
