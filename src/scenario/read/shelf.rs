//! The parts a plan can name: those of its own catalogue files before those of the program.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::record::Record;
use super::value::{cut, string_place};
use super::{Reader, range};
use crate::catalog::{self, Confidence, Figure, FigureType, Kind, Part};
use crate::scenario::diagnostics::{Diagnostic, list_names, nearest};
use crate::scenario::spec::{FIGURE, PART, figure_key};
use crate::scenario::text::files::{beside, parse};
use crate::scenario::text::source::Place;
use crate::scenario::text::tree::{Entry, Table};

/// Parts by name, and which of them a plan has used.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    own: BTreeMap<String, (Arc<Part>, Place)>,
    used: BTreeSet<String>,
}

impl Shelf {
    /// A part by name.
    pub fn part(&self, name: &str) -> Option<Arc<Part>> {
        let own = self.own.get(name).map(|(part, _)| Arc::clone(part));
        own.or_else(|| catalog::part(name).map(|part| Arc::new(part.clone())))
    }

    /// The same, and remembers that it is used.
    pub fn take(&mut self, name: &str) -> Option<Arc<Part>> {
        self.used.insert(name.to_owned());
        self.part(name)
    }

    /// Names of all parts of a kind.
    pub fn names(&self, kind: Kind) -> Vec<&str> {
        let own = self.own.iter().filter(|(_, (part, _))| part.kind == kind).map(|(name, _)| name.as_str());
        let built_in = catalog::parts_of(kind).map(|part| part.name.as_str()).filter(|n| !self.own.contains_key(*n));
        built_in.chain(own).collect()
    }

    /// Own parts that nothing has used, with their places.
    pub fn unused(&self) -> Vec<(String, Place)> {
        let idle = self.own.iter().filter(|(name, _)| !self.used.contains(*name));
        idle.map(|(name, (_, place))| (name.clone(), place.clone())).collect()
    }
}

impl Reader {
    /// Reads the catalogue files that the scenario names; a later one wins over an earlier one.
    pub fn stock(&mut self, files: &[(String, Place)]) {
        // What a file states enters the ledger where it is used, not here.
        self.recording = false;
        for (written, place) in files {
            let path = beside(&place.source.name, written);
            match self.library.read(&path, Some(place)) {
                Ok(source) => {
                    for (name, entry) in parse(&source, &mut self.findings).unwrap_or_default() {
                        self.own_part(&name, &entry);
                    }
                }
                Err(diagnostic) => self.report(*diagnostic),
            }
        }
        self.recording = true;
    }

    fn own_part(&mut self, name: &str, entry: &Entry) {
        self.check_name(name, &entry.key);
        let Some(table) = entry.node.as_table() else {
            let message = format!("'{}' takes a table, not {}", cut(name), entry.node.value.kind());
            let found = Diagnostic::new("E0104", message).at(&entry.node.place);
            self.report(found.help("a catalogue file holds parts: write [PART] and then its figures"));
            return;
        };
        let (head, figures): (Table, Table) = table.clone().into_iter().partition(|(key, _)| PART.key(key).is_some());
        let head = self.record(&PART, name, &head, &entry.key);
        let Some((base, kind)) = self.base(name, &head) else { return };
        let mut part = Part {
            name: name.to_owned(),
            kind,
            title: base.as_ref().map_or_else(|| name.to_owned(), |base| base.title.clone()),
            base: base.as_ref().map(|base| base.base.clone().unwrap_or_else(|| base.name.clone())),
            figures: base.as_ref().map(|base| base.figures.clone()).unwrap_or_default(),
        };
        if let Some(title) = head.text("title") {
            title.clone_into(&mut part.title);
        }
        for (key, entry) in &figures {
            if let Some(figure) = self.own_figure(&part, key, entry) {
                part.figures.insert(key.clone(), figure);
            }
        }
        self.check_complete(&part, &entry.key);
        self.shelf.own.insert(name.to_owned(), (Arc::new(part), entry.key.clone()));
    }

    /// The part that gives what is not stated, and the kind of the new one; `None` after an error.
    fn base(&mut self, name: &str, head: &Record) -> Option<(Option<Arc<Part>>, Kind)> {
        let like = head.text("like");
        let base = self.shelf.take(like.unwrap_or(name));
        if let (Some(like), None) = (like, &base) {
            let place = head.place_of("like");
            let found = Diagnostic::new("E0302", format!("'{}' is not in the catalogue", cut(like))).at(place);
            let near = nearest(like, catalog::parts().iter().map(|part| part.name.as_str()));
            self.report(match near {
                Some(near) => found.instead(&string_place(place, like), near),
                None => found,
            });
            return None;
        }
        if like.is_none() {
            // A part of the same name is changed here, not used.
            self.shelf.used.remove(name);
        }
        let stated = head.text("kind").and_then(|word| catalog::kinds().iter().find(|kind| kind.name() == word));
        match (base, stated) {
            (Some(base), Some(kind)) if base.kind != *kind => {
                let message = format!("'{name}' is a {} part like '{}'", base.kind.name(), base.name);
                self.report(Diagnostic::new("E0305", message).at(head.place_of("kind")));
                None
            }
            (Some(base), _) => Some((Some(Arc::clone(&base)), base.kind)),
            (None, Some(kind)) => Some((None, *kind)),
            (None, None) => {
                let message = format!("'{}' is not in the catalogue, and does not say what it is like", cut(name));
                let found = Diagnostic::new("E0302", message).at(&head.place);
                let found = found.help("write 'like = \"PART\"' to take its other figures from a part, or 'kind = …'");
                let near = nearest(name, catalog::parts().iter().map(|part| part.name.as_str()));
                self.report(match near {
                    Some(near) => found.instead(&head.place, near),
                    None => found,
                });
                None
            }
        }
    }

    fn own_figure(&mut self, part: &Part, name: &str, entry: &Entry) -> Option<Figure> {
        let Some(spec) = catalog::figure_spec(part.kind, name) else {
            let names: Vec<&str> = catalog::kind_figures(part.kind).iter().map(|spec| spec.name).collect();
            let message = format!("'{}' is no figure of a {} part", cut(name), part.kind.name());
            let found = Diagnostic::new("E0101", message).at(&entry.key);
            let found = found.help(format!("figures are: {}", list_names(names.iter().copied())));
            self.report(match nearest(name, names.iter().copied()) {
                Some(near) => found.instead(&entry.key, near),
                None => found,
            });
            return None;
        };
        let Some(table) = entry.node.as_table() else {
            let message = format!("'{name}' takes a table, not {}", entry.node.value.kind());
            let help = "write { value = \"…\", source = \"…\", confidence = \"…\" }";
            self.report(Diagnostic::new("E0104", message).at(&entry.node.place).help(help));
            return None;
        };
        let record = self.record(&FIGURE, name, table, &entry.node.place);
        let text = record.text("value")?.to_owned();
        let value = self.figure_value(part.kind, name, spec.figure, &table["value"], &text)?;
        let optional = |key: &str| record.text(key).map(str::to_owned);
        Some(Figure {
            text,
            value,
            source: optional("source")?,
            confidence: Confidence::from_word(record.text("confidence")?)?,
            note: optional("note"),
            date: optional("date"),
            range: optional("range"),
            at: Some(entry.key.at_text()),
        })
    }

    /// Reads a value as the key that overrides the figure would, so that both admit the same.
    fn figure_value(
        &mut self,
        kind: Kind,
        name: &str,
        figure: FigureType,
        entry: &Entry,
        text: &str,
    ) -> Option<catalog::Value> {
        let key = figure_key(kind, name);
        if let (FigureType::Quantity(dim), Some(key)) = (figure, key) {
            return self.quantity(key, &entry.node, dim, key.range).map(catalog::Value::Number);
        }
        let problem = match catalog::read_value(figure, text) {
            Ok(catalog::Value::Number(x)) => {
                let problem = key.and_then(|key| range::problem(x, key.range, crate::units::Dimension::Count));
                match problem {
                    None => return Some(catalog::Value::Number(x)),
                    Some(problem) => problem,
                }
            }
            Ok(value) => return Some(value),
            Err(problem) => problem,
        };
        self.report(Diagnostic::new("E0201", format!("{name}: {problem}")).at(&entry.node.place));
        None
    }

    /// A part that is like no other states all its figures itself.
    fn check_complete(&mut self, part: &Part, place: &Place) {
        let missing: Vec<&str> = catalog::kind_figures(part.kind)
            .iter()
            .filter(|spec| part.needs(spec) && part.figure(spec.name).is_none())
            .map(|spec| spec.name)
            .collect();
        if !missing.is_empty() && !self.findings.failed() {
            let message = format!("part '{}' lacks figures of a {} part", part.name, part.kind.name());
            let found = Diagnostic::new("E0102", message).at(place);
            self.report(found.help(format!("missing: {}", list_names(missing.iter().copied()))));
        }
    }
}
