//! The ledger: every value that enters the results, and where it came from.

use super::record::Item;
use crate::scenario::plan::{Origin, Taken};
use crate::scenario::text::source::{Kind, Place};

/// Values taken so far.
#[derive(Debug, Default)]
pub struct Ledger {
    list: Vec<Taken>,
}

impl Ledger {
    /// Records a value that the user wrote.
    pub fn written(&mut self, address: String, value: &str, place: &Place) {
        self.list.push(Taken { address, value: value.to_owned(), origin: origin(place) });
    }

    /// Records any other value.
    pub fn push(&mut self, address: String, value: impl Into<String>, origin: Origin) {
        self.list.push(Taken { address, value: value.into(), origin });
    }

    /// Records a computed value.
    pub fn derived(&mut self, address: String, value: impl Into<String>, formula: impl Into<String>) {
        self.push(address, value, Origin::Derived { formula: formula.into() });
    }

    /// Records a value that another address decides.
    pub fn inherited(&mut self, address: String, item: &Item, from: &str) {
        let formula = format!("as '{from}'");
        self.push(address, item.text.clone(), Origin::Derived { formula });
    }

    /// All values in order of address.
    pub fn sorted(mut self) -> Vec<Taken> {
        self.list.sort_by(|a, b| a.address.cmp(&b.address));
        self.list
    }
}

/// The origin of something written at a place.
pub fn origin(place: &Place) -> Origin {
    match place.source.kind {
        Kind::File => Origin::File { at: place.at_text() },
        Kind::Argument => Origin::Override,
    }
}
