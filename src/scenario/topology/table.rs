//! CSV tables with fixed columns: cells that know their place, and words for what is wrong with them.

use std::ops::Range;
use std::sync::Arc;

use crate::scenario::diagnostics::{Diagnostic, Findings, list_names, nearest};
use crate::scenario::read::cut;
use crate::scenario::text::source::{Place, Source};

/// Most complaints about one file; the rest would say the same.
pub const MOST: usize = 50;

/// A kind of table: its code for complaints and its columns.
pub struct Form {
    /// Code of its errors.
    pub code: &'static str,
    /// Columns that must be there, in any order.
    pub columns: &'static [&'static str],
}

/// A row: the line, and the range of each of the form's columns in it.
pub struct Row<'a> {
    /// The source that holds the line.
    pub source: &'a Arc<Source>,
    /// Ranges of the cells, in the order of the form's columns; empty at the end of the line where cells are missing.
    pub cells: Vec<Range<usize>>,
}

impl Row<'_> {
    /// The text of a column.
    pub fn text(&self, column: usize) -> &str {
        &self.source.text[self.cells[column].clone()]
    }

    /// The place of a column.
    pub fn place(&self, column: usize) -> Place {
        Place { source: Arc::clone(self.source), span: self.cells[column].clone() }
    }
}

impl Form {
    /// A complaint about a place.
    pub fn problem(&self, message: impl Into<String>, place: &Place) -> Diagnostic {
        Diagnostic::new(self.code, message).at(place)
    }

    /// Where each column stands in a header; what is missing or unknown is reported.
    pub fn layout(&self, source: &Arc<Source>, header: Range<usize>, findings: &mut Findings) -> Option<Vec<usize>> {
        let cells = split(&source.text, header.clone());
        let heads: Vec<&str> = cells.iter().map(|cell| &source.text[cell.clone()]).collect();
        let at = |name: &str| heads.iter().position(|head| head.eq_ignore_ascii_case(name));
        let missing: Vec<&str> = self.columns.iter().copied().filter(|name| at(name).is_none()).collect();
        let whole = Place { source: Arc::clone(source), span: header };
        if missing.is_empty() {
            return self.columns.iter().map(|name| at(name)).collect();
        }
        let message = format!("'{}' has no column {}", source.name, list_names(missing.iter().copied()));
        let mut found = self.problem(message, &whole);
        let near = missing.iter().find_map(|name| {
            let head = nearest(name, heads.iter().copied())?;
            Some((cells[heads.iter().position(|h| *h == head)?].clone(), *name))
        });
        if let Some((span, name)) = near {
            found = found.instead(&whole.at(span), name);
        }
        findings.push(found.help(format!("the first line names the columns: {}", self.columns.join(","))));
        None
    }

    /// The columns of one line.
    pub fn row<'a>(&self, source: &'a Arc<Source>, line: Range<usize>, layout: &[usize]) -> Row<'a> {
        let cells = split(&source.text, line.clone());
        let cell = |at: &usize| cells.get(*at).cloned().unwrap_or(line.end..line.end);
        Row { source, cells: layout.iter().map(cell).collect() }
    }

    /// A number in a column, within bounds.
    pub fn number(&self, row: &Row<'_>, column: usize, bounds: Bounds, findings: &mut Findings) -> Option<f64> {
        let (text, name) = (row.text(column), self.columns[column]);
        let problem = match text.parse::<f64>() {
            Err(_) if text.is_empty() => format!("'{name}' is empty"),
            Err(_) => format!("'{name}' takes a bare number of {}, not '{}'", bounds.unit, cut(text)),
            Ok(x) if x.is_nan() => format!("'{name}' takes a bare number of {}, not '{}'", bounds.unit, cut(text)),
            Ok(x) if x > bounds.high => format!("'{name}' is too large: {}", cut(text)),
            Ok(x) if x < 0.0 => format!("'{name}' is negative: {}", cut(text)),
            Ok(x) if bounds.open && x <= 0.0 => format!("'{name}' is zero"),
            Ok(x) => return Some(x),
        };
        findings.push(self.problem(problem, &row.place(column)).help(bounds.help));
        None
    }

    /// A name in a column.
    pub fn name<'a>(&self, row: &'a Row<'_>, column: usize, findings: &mut Findings) -> Option<&'a str> {
        let text = row.text(column);
        if is_name(text) {
            return Some(text);
        }
        let message = match text.is_empty() {
            true => format!("'{}' is empty", self.columns[column]),
            false => format!("'{}' cannot be a name", cut(text)),
        };
        let help = "names have 1 to 64 letters, digits, '-' or '_'";
        findings.push(self.problem(message, &row.place(column)).help(help));
        None
    }
}

/// What a number may be.
#[derive(Clone, Copy)]
pub struct Bounds {
    /// Largest value.
    pub high: f64,
    /// Whether zero is refused.
    pub open: bool,
    /// Unit in words.
    pub unit: &'static str,
    /// What would be right.
    pub help: &'static str,
}

/// Whether a text can be part of an address.
pub fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (1..=64).contains(&text.len()) && text.chars().all(fits)
}

/// Lines that hold something: without a byte order mark, carriage returns, blanks, and comments.
pub fn lines(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let start = at;
        at += line.len();
        content(line).map(|range| start + range.start..start + range.end)
    })
}

/// The part of a line that holds something.
pub fn content(line: &str) -> Option<Range<usize>> {
    let from = if line.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let text = line[from..].trim();
    let start = from + line[from..].find(text).unwrap_or(0);
    (!text.is_empty() && !text.starts_with('#')).then(|| start..start + text.len())
}

/// Cells of a line: ranges without blanks and quotes around them.
fn split(text: &str, line: Range<usize>) -> Vec<Range<usize>> {
    let mut cells = Vec::new();
    let mut start = line.start;
    let mut quoted = false;
    for (at, c) in text[line.clone()].char_indices() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => {
                cells.push(inner(text, start..line.start + at));
                start = line.start + at + 1;
            }
            _ => {}
        }
    }
    cells.push(inner(text, start..line.end));
    cells
}

fn inner(text: &str, range: Range<usize>) -> Range<usize> {
    let raw = &text[range.clone()];
    let trimmed = raw.trim();
    let bare = trimmed.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(trimmed).trim();
    let start = range.start + raw.find(bare).unwrap_or(0);
    start..start + bare.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_lose_marks_quotes_and_blanks_and_keep_their_place() {
        let text = "\u{feff}link , \"a,b\",\r\n\r\n# no\r\n 1,2";
        let found: Vec<Vec<&str>> =
            lines(text).map(|line| split(text, line).into_iter().map(|cell| &text[cell]).collect()).collect();
        assert_eq!(found, [vec!["link", "a,b", ""], vec!["1", "2"]]);
    }

    #[test]
    fn names_are_those_of_addresses() {
        assert!(is_name("a-b_9") && is_name(&"x".repeat(64)));
        assert!(!is_name("") && !is_name("a.b") && !is_name("ä") && !is_name(&"x".repeat(65)));
    }
}
