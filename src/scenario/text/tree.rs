//! The tree of a TOML text in our own types: every key and value knows its place, whatever text it came from.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::source::{Place, Source};

/// A value.
#[derive(Clone, Debug)]
pub enum Value {
    /// A string; `literal` is the offset of its content in the source when the content stands there unescaped.
    Text {
        /// Content.
        text: String,
        /// Offset of the content.
        literal: Option<usize>,
    },
    /// A whole number.
    Integer(i64),
    /// Any other number, `inf` and `nan` included, and integers beyond 64 bits.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// A date or time.
    Date(toml::value::Datetime),
    /// An array.
    List(Vec<Node>),
    /// A table.
    Table(Table),
}

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it is written.
    pub place: Place,
    /// What is written.
    pub value: Value,
}

/// A table entry: the place of its key, and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where the key is written.
    pub key: Place,
    /// The value.
    pub node: Node,
}

/// A table in order of key.
pub type Table = BTreeMap<String, Entry>;

/// Every value of a table by its address, as it is written; lists whole.
pub fn flat(table: &Table) -> Vec<(String, String)> {
    let mut out = Vec::new();
    flatten(table, "", &mut out);
    out
}

fn flatten(table: &Table, prefix: &str, out: &mut Vec<(String, String)>) {
    for (key, entry) in table {
        let address = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match &entry.node.value {
            Value::Table(inner) => flatten(inner, &address, out),
            Value::Text { text, .. } => out.push((address, text.clone())),
            _ => {
                let place = &entry.node.place;
                out.push((address, place.source.text[place.span.clone()].trim().to_owned()));
            }
        }
    }
}

impl Value {
    /// The kind of value in a planner's words.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Text { .. } => "a string",
            Value::Integer(_) | Value::Float(_) => "a number",
            Value::Bool(_) => "true or false",
            Value::Date(_) => "a date",
            Value::List(_) => "an array",
            Value::Table(_) => "a table",
        }
    }
}

impl Node {
    /// The table, if it is one.
    pub fn as_table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The text, if it is a string.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether it is a string whose content stands in the source as it is (keys of tables count as such).
    pub fn is_literal(&self) -> bool {
        matches!(&self.value, Value::Text { literal: Some(_), .. })
    }

    /// The place of a byte range inside the string's content; the whole value where escapes hide it.
    pub fn inside(&self, range: std::ops::Range<usize>) -> Place {
        match &self.value {
            Value::Text { literal: Some(at), .. } => self.place.at(at + range.start..at + range.end),
            _ => self.place.clone(),
        }
    }
}

/// The tree of a parsed document.
pub fn from_toml(source: &Arc<Source>, table: &DeTable<'_>) -> Table {
    shifted(source, table, 0)
}

/// The tree of one value that starts `shift` bytes into the source.
pub fn node(source: &Arc<Source>, value: &Spanned<DeValue<'_>>, shift: usize) -> Node {
    let span = value.span().start + shift..value.span().end + shift;
    let place = Place { source: Arc::clone(source), span };
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text { text: text.to_string(), literal: literal(&place, text) },
        DeValue::Integer(digits) => integer(digits),
        DeValue::Float(digits) => Value::Float(digits.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(b) => Value::Bool(*b),
        DeValue::Datetime(date) => Value::Date(*date),
        DeValue::Array(items) => Value::List(items.iter().map(|item| node(source, item, shift)).collect()),
        DeValue::Table(table) => Value::Table(shifted(source, table, shift)),
    };
    Node { place, value }
}

fn shifted(source: &Arc<Source>, table: &DeTable<'_>, shift: usize) -> Table {
    let entry = |(key, value): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
        let span = key.span().start + shift..key.span().end + shift;
        let place = Place { source: Arc::clone(source), span };
        (key.get_ref().to_string(), Entry { key: place, node: node(source, value, shift) })
    };
    table.iter().map(entry).collect()
}

fn integer(digits: &DeInteger<'_>) -> Value {
    match i64::from_str_radix(digits.as_str(), digits.radix()) {
        Ok(n) => Value::Integer(n),
        Err(_) => Value::Float(digits.as_str().parse().unwrap_or(f64::INFINITY)),
    }
}

/// Offset of the content of a one-line string without escapes.
fn literal(place: &Place, text: &str) -> Option<usize> {
    let raw = place.source.text.get(place.span.clone())?;
    let quote = raw.chars().next().filter(|q| matches!(q, '"' | '\''))?;
    let inner = raw.strip_prefix(quote)?.strip_suffix(quote)?;
    (inner == text).then_some(place.span.start + 1)
}
