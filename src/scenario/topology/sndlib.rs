//! SNDlib native format: nodes with coordinates, links with installed capacity or modules, demands between nodes.
//!
//! Written from the description of the format at sndlib.zib.de. Numbers of capacity and demand count a unit that a META section names,
//! or `unit` of `[topology]`. A link can carry its capacity each way.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::table::{MOST, is_name};
use super::{FileDemand, FileLink, FileSite, Network};
use crate::scenario::diagnostics::{Diagnostic, Findings};
use crate::scenario::read::cut;
use crate::scenario::text::source::{Place, Source};

const CODE: &str = "E0209";
/// What is right, in short.
const FORMAT: &str = "sections are META ( … ), NODES ( id ( x y ) … ), LINKS ( id ( node node ) capacity capacity_cost routing_cost setup_cost ( module cost … ) … ), \
                      DEMANDS ( id ( node node ) routing_unit value longest_way … )";
/// Bytes per second of the units that a META section may name.
const UNITS: [(&str, f64); 4] =
    [("BITPERSEC", 0.125), ("KBITPERSEC", 125.0), ("MBITPERSEC", 125e3), ("GBITPERSEC", 125e6)];
/// The largest number that is taken seriously.
const MOST_UNITS: f64 = 1e15;

/// Defaults for what a file may leave out, in bytes per second.
#[derive(Clone, Copy, Debug)]
pub struct Defaults {
    /// One unit of capacity and demand.
    pub unit: f64,
    /// Capacity of links that state none.
    pub capacity: Option<f64>,
}

/// Reads a network; whatever is wrong is reported.
pub fn read(source: &Arc<Source>, defaults: Defaults, findings: &mut Findings) -> Network {
    let mut reader = Reader {
        source,
        tokens: tokens(&source.text),
        at: 0,
        unit: defaults.unit,
        defaults,
        findings,
        sites: BTreeMap::new(),
        links: BTreeMap::new(),
        demands: Vec::new(),
        ids: BTreeSet::new(),
        bare: None,
    };
    let before = reader.findings.count();
    let _ = reader.file();
    if let Some(place) = reader.bare.take() {
        let found = Diagnostic::new(CODE, "a link without installed capacity and modules").at(&place);
        reader.findings.push(found.help("state it: 'default_capacity = \"100 Gbps\"' in [topology]"));
    }
    if reader.links.is_empty() && reader.findings.count() == before {
        let message = format!("'{}' has no links", source.name);
        reader.findings.push(Diagnostic::new(CODE, message).at(&Place::start(source)).help(FORMAT));
    }
    Network {
        sites: reader.sites.into_values().collect(),
        links: reader.links.into_values().collect(),
        demands: reader.demands,
    }
}

/// Words and brackets, without comments and the header line.
fn tokens(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let content = line.split('#').next().unwrap_or_default();
        if !content.trim_start_matches('\u{feff}').starts_with('?') {
            let mut start = None;
            for (offset, c) in content.char_indices().chain([(content.len(), ' ')]) {
                let bracket = matches!(c, '(' | ')');
                if bracket || c.is_whitespace() || c == '\u{feff}' {
                    out.extend(start.take().map(|start| at + start..at + offset));
                    out.extend(bracket.then(|| at + offset..at + offset + 1));
                } else if start.is_none() {
                    start = Some(offset);
                }
            }
        }
        at += line.len();
    }
    out
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    tokens: Vec<Range<usize>>,
    at: usize,
    unit: f64,
    defaults: Defaults,
    findings: &'a mut Findings,
    sites: BTreeMap<String, FileSite>,
    links: BTreeMap<String, FileLink>,
    demands: Vec<FileDemand>,
    /// Ids of demands.
    ids: BTreeSet<String>,
    /// The first link without a capacity.
    bare: Option<Place>,
}

impl<'a> Reader<'a> {
    fn place(&self, index: usize) -> Place {
        let end = self.source.text.len();
        let span = self.tokens.get(index).cloned().unwrap_or(end..end);
        Place { source: Arc::clone(self.source), span }
    }

    fn word(&self, index: usize) -> &'a str {
        self.tokens.get(index).map_or("", |range| &self.source.text[range.clone()])
    }

    fn problem<T>(&mut self, message: String, index: usize) -> Option<T> {
        self.wrong(message, index, FORMAT)
    }

    /// A problem, and what is right.
    fn wrong<T>(&mut self, message: String, index: usize, right: &str) -> Option<T> {
        let place = self.place(index);
        self.findings.push(Diagnostic::new(CODE, message).at(&place).help(right));
        None
    }

    /// The next word, which must be this one.
    fn expect(&mut self, word: &str) -> Option<()> {
        if self.word(self.at) == word {
            self.at += 1;
            return Some(());
        }
        let found = match self.word(self.at) {
            "" => "the end of the file".to_owned(),
            other => format!("'{}'", cut(other)),
        };
        self.problem(format!("expected '{word}', not {found}"), self.at)
    }

    fn file(&mut self) -> Option<()> {
        if !self.source.text.trim_start_matches('\u{feff}').trim_start().starts_with("?SNDlib native format") {
            let found = Diagnostic::new(CODE, format!("'{}' does not begin as an SNDlib file", self.source.name));
            let found = found.at(&Place::start(self.source));
            self.findings.push(found.help("the first line is '?SNDlib native format; type: network; version: 1.0'"));
            return None;
        }
        let before = self.findings.count();
        while self.at < self.tokens.len() {
            let section = self.word(self.at);
            self.at += 1;
            self.expect("(")?;
            while self.word(self.at) != ")" {
                match section {
                    "NODES" => self.node()?,
                    "LINKS" => self.link()?,
                    "DEMANDS" => self.demand()?,
                    "META" => self.meta()?,
                    "ADMISSIBLE_PATHS" => self.skip()?,
                    _ => return self.problem(format!("'{}' is no section of a network", cut(section)), self.at - 2),
                }
                if self.findings.count() - before >= MOST {
                    return None;
                }
            }
            self.expect(")")?;
        }
        Some(())
    }

    /// `id`, which must be new in `known`; its place.
    fn id(&mut self, known: bool) -> Option<(String, Place)> {
        let (word, place) = (self.word(self.at), self.place(self.at));
        if !is_name(word) {
            return match word {
                "" => self.problem("the file ends inside a section".to_owned(), self.at),
                _ => self.problem(format!("'{}' cannot be a name", cut(word)), self.at),
            };
        }
        if known {
            return self.wrong(format!("'{word}' is stated twice"), self.at, "every id of a section stands once");
        }
        self.at += 1;
        Some((word.to_owned(), place))
    }

    fn number(&mut self) -> Option<f64> {
        let word = self.word(self.at);
        match word.parse::<f64>() {
            Ok(x) if x.is_finite() && x.abs() <= MOST_UNITS => {
                self.at += 1;
                Some(x)
            }
            _ => self.problem(format!("expected a number, not '{}'", cut(word)), self.at),
        }
    }

    /// A number that is not negative.
    fn amount(&mut self, what: &str) -> Option<f64> {
        let x = self.number()?;
        let right = "capacities, demands and lengths are 0 or more";
        if x < 0.0 { self.wrong(format!("{what} is negative: {x}"), self.at - 1, right) } else { Some(x) }
    }

    /// Two nodes in brackets.
    fn ends(&mut self) -> Option<[String; 2]> {
        self.expect("(")?;
        let [from, to] = [self.word(self.at), self.word(self.at + 1)];
        for (index, name) in [from, to].into_iter().enumerate() {
            if !self.sites.contains_key(name) {
                let known: Vec<&str> = self.sites.keys().map(String::as_str).take(12).collect();
                let right = format!("nodes are those of the NODES section, which comes first: {}", known.join(", "));
                return self.wrong(format!("node '{}' is not defined", cut(name)), self.at + index, &right);
            }
        }
        self.at += 2;
        self.expect(")")?;
        if from == to {
            let right = "a link or demand joins two different nodes";
            return self.wrong(format!("'{from}' is both ends"), self.at - 2, right);
        }
        Some([from.to_owned(), to.to_owned()])
    }

    fn node(&mut self) -> Option<()> {
        let (name, place) = self.id(self.sites.contains_key(self.word(self.at)))?;
        self.expect("(")?;
        let (x, y) = (self.number()?, self.number()?);
        self.expect(")")?;
        // Two more lists are allowed, and empty in this version of the format.
        while self.word(self.at) == "(" {
            self.at += 1;
            self.expect(")")?;
        }
        // Some networks have picture coordinates.
        let location = (x.abs() <= 180.0 && y.abs() <= 90.0).then_some((y, x));
        self.sites.insert(name.clone(), FileSite { name, location, place });
        Some(())
    }

    /// `id ( from to ) installed cost cost cost ( {capacity cost}* )`
    fn link(&mut self) -> Option<()> {
        let (name, place) = self.id(self.links.contains_key(self.word(self.at)))?;
        let ends = self.ends()?;
        let installed = self.amount("installed capacity")?;
        for _ in 0..3 {
            self.number()?;
        }
        self.expect("(")?;
        let mut module = f64::INFINITY;
        while self.word(self.at) != ")" {
            let capacity = self.amount("the capacity of a module")?;
            module = module.min(if capacity > 0.0 { capacity } else { module });
            self.number()?;
        }
        self.expect(")")?;
        let stated = if installed > 0.0 { installed } else { module };
        let capacity = if stated.is_finite() { Some(stated * self.unit) } else { self.defaults.capacity };
        if capacity.is_none() {
            self.bare.get_or_insert(place.clone());
        }
        let capacity = [capacity.unwrap_or(1.0); 2];
        self.links.insert(name.clone(), FileLink { name, ends, capacity, metres: [None; 2], place });
        Some(())
    }

    /// `id ( from to ) unit value longest`
    fn demand(&mut self) -> Option<()> {
        let (name, _) = self.id(self.ids.contains(self.word(self.at)))?;
        self.ids.insert(name);
        let ends = self.ends()?;
        let unit = self.amount("the unit of a demand")?;
        let value = self.amount("the value of a demand")?;
        match self.word(self.at) {
            "UNLIMITED" => self.at += 1,
            _ => {
                self.amount("the longest path of a demand")?;
            }
        }
        self.demands.push(FileDemand { ends, rate: unit * value * self.unit });
        Some(())
    }

    /// `name = value`; the value of `unit` counts.
    fn meta(&mut self) -> Option<()> {
        let key = self.word(self.at);
        if key.is_empty() {
            return self.problem("the file ends inside a section".to_owned(), self.at);
        }
        self.at += 1;
        if self.word(self.at) == "=" {
            self.at += 1;
        }
        if key == "unit" {
            let word = self.word(self.at);
            let Some((_, unit)) = UNITS.iter().find(|(name, _)| *name == word) else {
                let names = UNITS.map(|(name, _)| name).join(", ");
                return self.problem(format!("unknown unit '{}'; units are: {names}", cut(word)), self.at);
            };
            self.unit = *unit;
        }
        if self.word(self.at) != ")" {
            self.at += 1;
        }
        Some(())
    }

    /// A word or a group in brackets.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.word(self.at) {
                "" => return self.problem("the file ends inside a section".to_owned(), self.at),
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(());
            }
        }
    }
}
