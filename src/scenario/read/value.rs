//! One value: its kind, its unit, its range.

use super::record::Val;
use super::{Reader, range};
use crate::scenario::diagnostics::{Diagnostic, list_names, nearest};
use crate::scenario::spec::{Key, Kind, Range};
use crate::scenario::text::source::Place;
use crate::scenario::text::tree::{Node, Value};
use crate::units::{self, Dimension, Span, UnitError};

/// A value below zero without its sign; none where it has none.
fn positive(node: &Node) -> Option<Node> {
    let value = match &node.value {
        Value::Text { text, .. } => Value::Text { text: text.trim().strip_prefix('-')?.to_owned(), literal: None },
        Value::Integer(n) if *n < 0 => Value::Integer(n.checked_neg()?),
        Value::Float(x) if *x < 0.0 => Value::Float(-x),
        _ => return None,
    };
    Some(Node { value, ..node.clone() })
}

impl Reader {
    /// Reads the value of a key; `None` after an error has been reported.
    pub fn value(&mut self, key: &'static Key, node: &Node, address: &str) -> Option<Val> {
        match key.kind {
            Kind::Text | Kind::File | Kind::Part(_) | Kind::Name(_) => self.text(key, node),
            Kind::Format => self.format(node),
            Kind::Bool => self.boolean(key, node),
            Kind::Exact => self.exact(key, node),
            Kind::Quantity(dim) => self.quantity(key, node, dim, key.range).map(Val::Number),
            Kind::Whole(dim) => self.whole(key, node, dim).map(Val::Number),
            Kind::Random(dim) => self.random(key, node, dim).map(Val::Random),
            Kind::Horizon => self.horizon(key, node).map(Val::Number),
            Kind::Moment => self.moment(key, node).map(Val::Number),
            Kind::Date => self.date(key, node),
            Kind::Choice(words) => self.choice(key, node, words),
            Kind::Words(words) => self.words(key, node, Some(words)).map(Val::Names),
            Kind::Names(_) | Kind::Files | Kind::Texts => self.words(key, node, None).map(Val::Names),
            Kind::NameOrNames(_) => self.one_or_more(key, node).map(Val::Names),
            Kind::TextLists => self.word_lists(key, node),
            Kind::Pair(_) => self.pair(key, node),
            Kind::Location => self.location(key, node),
            Kind::Counts(words) => self.counts(key, node, words),
            Kind::Limit => Some(Val::Limit(node.clone())),
            Kind::Table(_) | Kind::Tables(_) | Kind::Named(_) | Kind::Works => self.tables(key, node, address),
            Kind::Sweep => None,
        }
    }

    fn wrong_kind(&mut self, key: &Key, node: &Node, due: &str) {
        let message = format!("'{}' takes {due}, not {}", key.name, node.value.kind());
        self.report(Diagnostic::new("E0104", message).at(&node.place).label(key.doc));
    }

    fn text(&mut self, key: &Key, node: &Node) -> Option<Val> {
        let Some(text) = node.as_text() else {
            self.wrong_kind(key, node, "a string");
            return None;
        };
        if text.trim().is_empty() {
            self.report(Diagnostic::new("E0104", format!("'{}' is empty", key.name)).at(&node.place));
            return None;
        }
        Some(Val::Text(text.to_owned()))
    }

    fn format(&mut self, node: &Node) -> Option<Val> {
        if matches!(node.value, Value::Integer(1)) {
            return Some(Val::Exact(1));
        }
        let message = format!("'format' {} is not known", cut(node.place.text()));
        let found = Diagnostic::new("E0005", message).at(&node.place).label("this program reads format 1");
        self.report(found.help("write 'format = 1'"));
        None
    }

    fn boolean(&mut self, key: &Key, node: &Node) -> Option<Val> {
        if let Value::Bool(b) = node.value {
            return Some(Val::Bool(b));
        }
        self.wrong_kind(key, node, "'true' or 'false'");
        None
    }

    fn exact(&mut self, key: &Key, node: &Node) -> Option<Val> {
        match node.value {
            Value::Integer(n) => {
                let n_f64 = n as f64;
                self.in_range(key.name, n_f64, key.range, Dimension::Count, &node.place)?;
                u64::try_from(n).ok().map(Val::Exact)
            }
            Value::Float(x) if x.fract().abs() < f64::MIN_POSITIVE || !x.is_finite() => {
                let message = format!("'{}' must be a whole number of at most 63 bits", key.name);
                self.report(Diagnostic::new("E0203", message).at(&node.place));
                None
            }
            _ => {
                self.wrong_kind(key, node, "a whole number");
                None
            }
        }
    }

    /// A quantity in its base unit.
    pub fn quantity(&mut self, key: &Key, node: &Node, dim: Dimension, range: Range) -> Option<f64> {
        let value = match positive(node).filter(|_| range.low < 0.0) {
            Some(without) => -self.unit_value(key.name, &without, dim)?,
            None => self.unit_value(key.name, node, dim)?,
        };
        self.in_range(key.name, value, range, dim, &node.place)
    }

    /// A quantity without a look at its range.
    pub fn unit_value(&mut self, name: &str, node: &Node, dim: Dimension) -> Option<f64> {
        let (result, bare) = match &node.value {
            Value::Text { text, .. } => (units::parse(text, dim), false),
            Value::Integer(n) => (units::from_number(*n as f64, dim), true),
            Value::Float(x) => (units::from_number(*x, dim), true),
            other => {
                let due = dim.help();
                let message = format!("'{name}' takes a quantity, not {}", other.kind());
                self.report(Diagnostic::new("E0104", message).at(&node.place).help(due));
                return None;
            }
        };
        result.map_err(|error| self.report(unit_diagnostic(name, node, &error, bare))).ok()
    }

    fn in_range(&mut self, name: &str, value: f64, range: Range, dim: Dimension, place: &Place) -> Option<f64> {
        let Some(problem) = range::problem(value, range, dim) else { return Some(value) };
        let words = range::words(range, dim);
        let found = Diagnostic::new("E0203", format!("'{name}' {problem}")).at(place);
        self.report(if words.is_empty() { found } else { found.help(format!("admissible: {words}")) });
        None
    }

    fn whole(&mut self, key: &Key, node: &Node, dim: Dimension) -> Option<f64> {
        let value = self.quantity(key, node, dim, key.range)?;
        if value.fract().abs() < f64::MIN_POSITIVE {
            return Some(value);
        }
        self.report(Diagnostic::new("E0203", format!("'{}' must be a whole number", key.name)).at(&node.place));
        None
    }

    fn horizon(&mut self, key: &Key, node: &Node) -> Option<f64> {
        let Value::Text { text, .. } = &node.value else {
            return self.quantity(key, node, Dimension::Duration, key.range);
        };
        let span = units::parse_duration_or_calendar(text);
        let span = span.map_err(|error| self.report(unit_diagnostic(key.name, node, &error, false))).ok()?;
        let seconds = match span {
            Span::Fixed(seconds) => seconds,
            Span::Calendar(span) => span.from_date(self.start).map_or(f64::INFINITY, |d| d.as_secs_f64()),
        };
        self.in_range(key.name, seconds, key.range, Dimension::Duration, &node.place)
    }

    /// Seconds after the start, from a duration or from a date.
    fn moment(&mut self, key: &Key, node: &Node) -> Option<f64> {
        let Value::Date(date) = node.value else { return self.horizon(key, node) };
        let start = units::parse(&self.start.to_string(), Dimension::Date).ok()?;
        let Ok(at) = units::parse(&date.to_string(), Dimension::Date) else {
            self.report(Diagnostic::new("E0206", format!("'{}': not a date and time", key.name)).at(&node.place));
            return None;
        };
        if at < start {
            let message = format!("'{}' lies before the start of the scenario, {}", key.name, self.start);
            self.report(Diagnostic::new("E0206", message).at(&node.place));
            return None;
        }
        self.in_range(key.name, at - start, key.range, Dimension::Duration, &node.place)
    }

    fn date(&mut self, key: &Key, node: &Node) -> Option<Val> {
        let found = calendar_date(node);
        if found.is_none() {
            let message = match node.value {
                Value::Date(_) => format!("'{}' takes a date without a time", key.name),
                _ => format!("'{}' takes a date, not {}", key.name, node.value.kind()),
            };
            let help = "write the date without quotes and without a time: 'start = 2026-01-05'";
            self.report(Diagnostic::new("E0206", message).at(&node.place).help(help));
        }
        found.map(|_| Val::Date)
    }

    fn choice(&mut self, key: &Key, node: &Node, words: &[&'static str]) -> Option<Val> {
        let Some(text) = node.as_text() else {
            self.wrong_kind(key, node, &format!("one of {}", quoted(words)));
            return None;
        };
        self.one_of(key.name, text, node, words).then(|| Val::Text(text.to_owned()))
    }

    fn one_of(&mut self, name: &str, text: &str, node: &Node, words: &[&'static str]) -> bool {
        if words.contains(&text) {
            return true;
        }
        let found = Diagnostic::new("E0204", format!("'{name}' cannot be '{}'", cut(text))).at(&node.place);
        let found = found.help(format!("choices are: {}", words.join(", ")));
        self.report(match nearest(text, words.iter().copied()) {
            Some(near) if node.is_literal() => found.instead(&node.inside(0..text.len()), near),
            Some(near) => found.instead(&node.place, near),
            None => found,
        });
        false
    }

    /// A list of strings, each only once, and from `among` if given.
    fn words(&mut self, key: &Key, node: &Node, among: Option<&[&'static str]>) -> Option<Vec<(String, Place)>> {
        let Value::List(items) = &node.value else {
            self.wrong_kind(key, node, "a list of strings, such as [\"a\", \"b\"]");
            return None;
        };
        let mut out: Vec<(String, Place)> = Vec::new();
        let mut good = true;
        for item in items {
            let Some(text) = item.as_text() else {
                self.wrong_kind(key, item, "a list of strings");
                good = false;
                continue;
            };
            if among.is_some_and(|words| !self.one_of(key.name, text, item, words)) {
                good = false;
            } else if out.iter().any(|(name, _)| name == text) && !matches!(key.kind, Kind::Pair(_)) {
                let message = format!("'{}' names '{}' twice", key.name, cut(text));
                let first = out.iter().find(|(name, _)| name == text).map(|(_, place)| place.clone());
                let mut found =
                    Diagnostic::new("E0506", message).at(&item.place).help("name each once: remove this one");
                if let Some(first) = first {
                    found = found.also(&first, "the first");
                }
                self.report(found);
                good = false;
            } else {
                out.push((text.to_owned(), item.place.clone()));
            }
        }
        good.then_some(out)
    }

    fn one_or_more(&mut self, key: &Key, node: &Node) -> Option<Vec<(String, Place)>> {
        match &node.value {
            Value::List(items) if items.is_empty() => {
                let message = format!("'{}' names nothing", key.name);
                self.report(Diagnostic::new("E0104", message).at(&node.place).label(key.doc));
                None
            }
            Value::List(_) => self.words(key, node, None),
            _ => match self.text(key, node)? {
                Val::Text(name) => Some(vec![(name, node.place.clone())]),
                _ => None,
            },
        }
    }

    /// A list of lists of strings.
    fn word_lists(&mut self, key: &Key, node: &Node) -> Option<Val> {
        let Value::List(items) = &node.value else {
            self.wrong_kind(key, node, "a list of lists, such as [[\"a\", \"b\"]]");
            return None;
        };
        let lists: Vec<_> = items.iter().filter_map(|item| self.words(key, item, None)).collect();
        (lists.len() == items.len()).then_some(Val::NameLists(lists))
    }

    fn pair(&mut self, key: &Key, node: &Node) -> Option<Val> {
        let names = self.words(key, node, None)?;
        if names.len() != 2 {
            let message = format!("'{}' takes exactly two sites, not {}", key.name, names.len());
            self.report(Diagnostic::new("E0104", message).at(&node.place));
            return None;
        }
        if names[0].0 == names[1].0 {
            let message = format!("a link from '{}' to itself", cut(&names[0].0));
            let found = Diagnostic::new("E0501", message).at(&node.place).label("the two ends are the same site");
            self.report(found.help("a link joins two different sites; inside a site bytes use its fabric"));
            return None;
        }
        Some(Val::Names(names))
    }

    fn location(&mut self, key: &Key, node: &Node) -> Option<Val> {
        let numbers: Vec<f64> = match &node.value {
            Value::List(items) => items.iter().filter_map(plain_number).collect(),
            _ => Vec::new(),
        };
        let is_list_of_two = matches!(&node.value, Value::List(items) if items.len() == 2);
        let [latitude, longitude] = numbers[..] else {
            self.wrong_kind(key, node, "latitude and longitude in degrees, such as [33.45, -112.07]");
            return None;
        };
        if !is_list_of_two
            || latitude.is_nan()
            || longitude.is_nan()
            || latitude.abs() > 90.0
            || longitude.abs() > 180.0
        {
            let message = format!("'{}' is not a place on Earth", key.name);
            let help = "latitude is -90 to 90, longitude -180 to 180, in this order";
            self.report(Diagnostic::new("E0203", message).at(&node.place).help(help));
            return None;
        }
        Some(Val::Location(latitude, longitude))
    }

    fn counts(&mut self, key: &'static Key, node: &Node, words: &[&'static str]) -> Option<Val> {
        let Some(table) = node.as_table() else {
            self.wrong_kind(key, node, &format!("a table of numbers by {}", quoted(words)));
            return None;
        };
        let mut out = Vec::new();
        for (word, entry) in table {
            let at_key = Node { place: entry.key.clone(), value: Value::Text { text: word.clone(), literal: None } };
            let known = self.one_of(key.name, word, &at_key, words);
            let range = Range { low: 0.0, high: 1e9, open: false };
            let number = self.quantity(key, &entry.node, Dimension::Count, range);
            if let (true, Some(number)) = (known, number) {
                out.push((word.clone(), number as u64));
            }
        }
        (out.len() == table.len()).then_some(Val::Counts(out))
    }
}

/// The finding for a quantity that cannot be read.
pub fn unit_diagnostic(name: &str, node: &Node, error: &UnitError, bare: bool) -> Diagnostic {
    let place = if bare { node.place.clone() } else { node.inside(error.span.clone()) };
    let out_of_range = ["negative", "not a quantity", "too large", "too small", "lies between", "longer than"];
    let code = match &error.message {
        m if m.ends_with("has no unit") => "E0202",
        m if out_of_range.iter().any(|words| m.contains(words)) => "E0203",
        _ => "E0201",
    };
    let message = match node.as_text() {
        Some(text) if error.message.starts_with("unknown unit") => format!("'{}': {error}", cut(text.trim())),
        _ => format!("{name}: {error}"),
    };
    let found = Diagnostic::new(code, message).at(&place).help(error.help.clone());
    match &error.suggestion {
        // A bare number is no string yet, so the replacement brings its quotes.
        Some(with) if bare => found.patch(&place, format!("\"{with}\"")),
        Some(with) if node.is_literal() => found.patch(&place, with.as_str()),
        _ => found,
    }
}

/// The date of a TOML date without a time.
pub fn calendar_date(node: &Node) -> Option<jiff::civil::Date> {
    match node.value {
        Value::Date(toml::value::Datetime { date: Some(d), time: None, offset: None }) => {
            let narrow = |n: u8| i8::try_from(n).ok();
            jiff::civil::Date::new(i16::try_from(d.year).ok()?, narrow(d.month)?, narrow(d.day)?).ok()
        }
        _ => None,
    }
}

fn plain_number(node: &Node) -> Option<f64> {
    match node.value {
        Value::Integer(n) => Some(n as f64),
        Value::Float(x) => Some(x),
        _ => None,
    }
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|w| format!("'{w}'")).collect::<Vec<_>>().join(", ")
}

/// A text short enough for a message.
pub fn cut(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Most names that are compared with one that nothing defines.
const MAX_CANDIDATES: usize = 1000;

/// The finding for a name that nothing defines.
pub fn undefined(word: &str, words: &str, name: &str, place: &Place, known: &[&str]) -> Diagnostic {
    let list = list_names(known.iter().copied());
    let message = format!("{word} '{}' is not defined; {words} are: {list}", cut(name));
    let found = Diagnostic::new("E0301", message).at(place);
    // A long list is no slip of the pen, and the distance to each name takes time.
    match nearest(name, known.iter().copied().take(MAX_CANDIDATES)) {
        Some(near) => found.label(format!("did you mean '{near}'?")).patch(&string_place(place, name), near),
        None if known.is_empty() => found.help(format!("define it, or take it away: there are no {words} yet")),
        None => found.help(format!("write the name of one of these {words}, or define '{}'", cut(name))),
    }
}

/// The place of a string's content, when its quotes are where they should be.
pub fn string_place(place: &Place, content: &str) -> Place {
    match place.text().find(content) {
        Some(at) => place.at(place.span.start + at..place.span.start + at + content.len()),
        None => place.clone(),
    }
}
