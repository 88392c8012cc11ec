//! Figures of catalogue parts, and values that `[wan]` decides for others.

use std::sync::Arc;

use super::Resolver;
use crate::catalog::{self, Figure, Kind, Need as When, Part, Value};
use crate::scenario::diagnostics::{Diagnostic, list_names, nearest};
use crate::scenario::plan::Origin;
use crate::scenario::read::record::{Item, Record, Val};
use crate::scenario::spec::{Key, Need};
use crate::scenario::text::source::Kind as Text;
use crate::units::Dist;

impl Resolver<'_> {
    /// The catalogue part that a key names; a wrong name is reported.
    pub(super) fn part(&mut self, record: &Record, key: &str, kind: Kind) -> Option<Arc<Part>> {
        let name = record.text(key)?;
        let place = record.place_of(key);
        match self.reader.shelf.take(name) {
            Some(part) if part.kind == kind => Some(part),
            Some(part) => {
                let message =
                    format!("'{name}' is a {} part, and '{key}' needs a {} part", part.kind.name(), kind.name());
                let help = self.parts_help(kind);
                self.report(Diagnostic::new("E0305", message).at(place).help(help));
                None
            }
            None => {
                let short = crate::scenario::read::cut(name);
                let message = format!("'{short}' is not in the catalogue");
                let help = self.parts_help(kind);
                let found = Diagnostic::new("E0302", message).at(place).help(help);
                let near = nearest(name, self.reader.shelf.names(kind)).map(str::to_owned);
                self.report(match near {
                    Some(near) => found.instead(&crate::scenario::read::string_place(place, name), near),
                    None => found,
                });
                None
            }
        }
    }

    fn parts_help(&self, kind: Kind) -> String {
        format!("{} parts are: {}", kind.name(), list_names(self.reader.shelf.names(kind).into_iter()))
    }

    /// A record with the figures of its part filled in where the user wrote none.
    pub(super) fn with_figures(&mut self, record: &Record, part: &Part) -> Record {
        let mut out = record.clone();
        for key in record.spec.keys() {
            let Need::Part(name) = key.need else { continue };
            if record.wrote(key.name) {
                self.check_effect(record, key, name, part);
                continue;
            }
            let Some(figure) = part.figure(name) else { continue };
            let Some(val) = figure_value(figure) else { continue };
            let origin = Origin::Part {
                part: part.name.clone(),
                source: figure
                    .at
                    .as_ref()
                    .map_or_else(|| figure.source.clone(), |at| format!("{at}: {}", figure.source)),
                confidence: figure.confidence.word().to_owned(),
            };
            self.reader.ledger.push(record.address_of(key.name), figure.text.clone(), origin);
            let item = Item { val, place: record.place.clone(), written: false, text: figure.text.clone() };
            out.items.insert(key.name, item);
        }
        out
    }

    /// A figure that this part cannot have, given its layout, would change nothing.
    fn check_effect(&mut self, record: &Record, key: &Key, figure: &str, part: &Part) {
        self.check_own_figure(record, key, part.figure(figure));
        let Some(spec) = catalog::figure_spec(part.kind, figure) else { return };
        let (When::When(by, words) | When::OptionalWhen(by, words)) = spec.need else { return };
        if part.word(by).is_some_and(|word| words.contains(&word)) {
            return;
        }
        let message = format!("'{}' has no effect: '{}' has no such stage", key.name, part.name);
        let help = format!("it belongs to parts whose '{by}' is {}", words.join(" or "));
        self.report(Diagnostic::new("E0107", message).at(record.place_of(key.name)).help(help));
    }

    /// A figure of the user's own catalogue file that a key of the scenario replaces is probably a left-over. On the
    /// command line it is a deliberate try.
    fn check_own_figure(&mut self, record: &Record, key: &Key, figure: Option<&Figure>) {
        let Some(at) = figure.and_then(|figure| figure.at.as_ref()) else { return };
        let place = record.place_of(key.name);
        if place.source.kind == Text::File {
            let message = format!("'{}' replaces the figure of {at}", record.address_of(key.name));
            self.report(Diagnostic::new("W0609", message).at(place).label("remove it to use that figure"));
        }
    }

    /// A number that the part or the user must give.
    pub(super) fn figure(&mut self, record: &Record, key: &str) -> Option<f64> {
        let value = record.number(key);
        if value.is_none() && !record.broken.contains(&key) {
            let message = format!("'{}' is not stated by the part, and '{}' does not give it", key, record.address);
            let found = Diagnostic::new("E0306", message).at(&record.place);
            self.report(found.help(format!("write '{key}' in the same table")));
        }
        value
    }

    /// A law that the part or the user must give.
    pub(super) fn law(&mut self, record: &Record, key: &str) -> Option<Dist> {
        let law = record.random(key).cloned();
        if law.is_none() {
            self.figure(record, key);
        }
        law
    }

    /// A record with the keys filled in that `[wan]` decides where the user wrote none.
    pub(super) fn with_wan(&mut self, record: &Record) -> Record {
        let mut out = record.clone();
        for key in record.spec.keys() {
            if !matches!(key.need, Need::Wan) || record.wrote(key.name) {
                continue;
            }
            let Some(item) = self.wan.item(key.name).cloned() else { continue };
            let from = format!("wan.{}", key.name);
            self.reader.ledger.inherited(record.address_of(key.name), &item, &from);
            out.items.insert(key.name, Item { written: false, ..item });
        }
        out
    }
}

fn figure_value(figure: &Figure) -> Option<Val> {
    match &figure.value {
        Value::Number(x) => Some(Val::Number(*x)),
        Value::Dist(dist) => Some(Val::Random(dist.clone())),
        Value::Word(word) => Some(Val::Text(word.clone())),
        Value::Causes(_) => None,
    }
}
