//! A table after checking: typed values by key, each with its place.

use std::collections::BTreeMap;

use crate::scenario::spec::TableSpec;
use crate::scenario::text::source::Place;
use crate::scenario::text::tree::Node;
use crate::units::Dist;

/// A checked value.
#[derive(Clone, Debug)]
pub enum Val {
    /// Text, a word, a name, a part.
    Text(String),
    /// True or false.
    Bool(bool),
    /// A quantity in the base unit of its dimension, or a plain number.
    Number(f64),
    /// A whole number exact to 63 bits.
    Exact(u64),
    /// A random quantity in the base unit.
    Random(Dist),
    /// A date; read beforehand, because durations in months depend on it.
    Date,
    /// Names or words, each with its place.
    Names(Vec<(String, Place)>),
    /// Lists of words.
    NameLists(Vec<Vec<(String, Place)>>),
    /// Latitude and longitude.
    Location(f64, f64),
    /// Whole numbers by word.
    Counts(Vec<(String, u64)>),
    /// A limit whose unit another key decides.
    Limit(Node),
    /// A nested table.
    Table(Box<Record>),
    /// A list of nested tables.
    Tables(Vec<Record>),
}

/// A value and where it stands; values that are not written stand at their table.
#[derive(Clone, Debug)]
pub struct Item {
    /// The value.
    pub val: Val,
    /// Its place.
    pub place: Place,
    /// Whether the user wrote it.
    pub written: bool,
    /// As written.
    pub text: String,
}

/// A table after checking.
#[derive(Clone, Debug)]
pub struct Record {
    /// Which table it is.
    pub spec: &'static TableSpec,
    /// Address, e.g. `link.phx-dal`.
    pub address: String,
    /// Name within its collection; empty for tables that are not named.
    pub name: String,
    /// Where its name or header is.
    pub place: Place,
    /// Values by key.
    pub items: BTreeMap<&'static str, Item>,
    /// Keys that were written but could not be used; an error has been reported for each.
    pub broken: Vec<&'static str>,
}

impl Record {
    /// The item of a key.
    pub fn item(&self, key: &str) -> Option<&Item> {
        debug_assert!(self.spec.key(key).is_some(), "{} has no key {key}", self.spec.header);
        self.items.get(key)
    }

    /// Whether the user wrote the key (in a file or an override), rightly or wrongly.
    pub fn wrote(&self, key: &str) -> bool {
        self.item(key).is_some_and(|i| i.written) || self.broken.contains(&key)
    }

    /// The place of a key's value, or of the table.
    pub fn place_of(&self, key: &str) -> &Place {
        self.item(key).map_or(&self.place, |i| &i.place)
    }

    /// The address of a key.
    pub fn address_of(&self, key: &str) -> String {
        if self.address.is_empty() { key.to_owned() } else { format!("{}.{key}", self.address) }
    }

    /// A number, if the key has a usable one.
    pub fn number(&self, key: &str) -> Option<f64> {
        match self.item(key).map(|i| &i.val) {
            Some(Val::Number(x)) => Some(*x),
            Some(Val::Exact(n)) => Some(*n as f64),
            _ => None,
        }
    }

    /// A number, or 1 where an error has been reported: the plan is thrown away then, but checking goes on.
    pub fn num(&self, key: &str) -> f64 {
        self.number(key).unwrap_or(1.0)
    }

    /// A whole number, or 1 where an error has been reported.
    pub fn whole(&self, key: &str) -> u64 {
        // Ranges keep whole numbers far below 2^53, and a cast from a float saturates.
        self.num(key) as u64
    }

    /// A random quantity, if the key has a usable one.
    pub fn random(&self, key: &str) -> Option<&Dist> {
        match self.item(key).map(|i| &i.val) {
            Some(Val::Random(dist)) => Some(dist),
            _ => None,
        }
    }

    /// A random quantity, or 1 where an error has been reported.
    pub fn dist(&self, key: &str) -> Dist {
        self.random(key).cloned().unwrap_or(Dist::Constant(1.0))
    }

    /// A text, word or name.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.item(key).map(|i| &i.val) {
            Some(Val::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// True or false; true where an error has been reported.
    pub fn flag(&self, key: &str) -> bool {
        match self.item(key).map(|i| &i.val) {
            Some(Val::Bool(b)) => *b,
            _ => true,
        }
    }

    /// Names or words with their places.
    pub fn names(&self, key: &str) -> &[(String, Place)] {
        match self.item(key).map(|i| &i.val) {
            Some(Val::Names(names)) => names,
            _ => &[],
        }
    }

    /// A nested table.
    pub fn table(&self, key: &str) -> Option<&Record> {
        match self.item(key).map(|i| &i.val) {
            Some(Val::Table(record)) => Some(record),
            _ => None,
        }
    }

    /// Nested tables.
    pub fn tables(&self, key: &str) -> &[Record] {
        match self.item(key).map(|i| &i.val) {
            Some(Val::Tables(records)) => records,
            _ => &[],
        }
    }
}
