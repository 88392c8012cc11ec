//! A CSV text as cells that know their place, which no CSV library of ours tells.

use std::ops::Range;
use std::sync::Arc;

use crate::scenario::text::source::{Place, Source};

/// A cell.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Its content, without quotes and outer blanks.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// Lines of cells. Empty lines and lines that begin with `#` are left out.
pub fn lines(source: &Arc<Source>) -> Vec<Vec<Cell>> {
    let text = source.text.as_str();
    let whole = Place::start(source);
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut out = Vec::new();
    while at < text.len() {
        let end = text[at..].find('\n').map_or(text.len(), |n| at + n);
        let line = text[at..end].trim();
        if line.is_empty() || line.starts_with('#') {
            at = end + 1;
            continue;
        }
        let (cells, next) = record(text, at);
        out.push(cells.into_iter().map(|(text, span)| Cell { text, place: whole.at(span) }).collect());
        at = next;
    }
    out
}

/// The cells of the record that begins at `at`, and where the next one begins.
fn record(text: &str, mut at: usize) -> (Vec<(String, Range<usize>)>, usize) {
    let mut cells = Vec::new();
    loop {
        let (cell, end) = cell(text, at);
        cells.push(cell);
        match text.as_bytes().get(end) {
            Some(b',') => at = end + 1,
            _ => return (cells, end + 1),
        }
    }
}

/// The cell that begins at `at`, and the offset of the comma, line end or end of text behind it.
fn cell(text: &str, at: usize) -> ((String, Range<usize>), usize) {
    let blank = text[at..].len() - text[at..].trim_start_matches([' ', '\t']).len();
    let start = at + blank;
    if !text[start..].starts_with('"') {
        let end = text[start..].find([',', '\n']).map_or(text.len(), |n| start + n);
        let content = text[start..end].trim_end();
        return ((content.to_owned(), start..start + content.len()), end);
    }
    let (mut content, mut from) = (String::new(), start + 1);
    let close = loop {
        let Some(quote) = text[from..].find('"').map(|n| from + n) else { break text.len() };
        content.push_str(&text[from..quote]);
        if !text[quote + 1..].starts_with('"') {
            break quote + 1;
        }
        content.push('"');
        from = quote + 2;
    };
    if close == text.len() && !text.ends_with('"') {
        content.push_str(&text[from..]);
    }
    let end = text[close..].find([',', '\n']).map_or(text.len(), |n| close + n);
    ((content.trim().to_owned(), start..close), end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::text::source::Kind;
    use proptest::prelude::*;

    fn split(text: &str) -> Vec<Vec<(String, String)>> {
        let source = Source::new(0, Kind::File, "t.csv", text);
        let shown = |cell: &Cell| (cell.text.clone(), cell.place.at_text());
        lines(&source).iter().map(|line| line.iter().map(shown).collect()).collect()
    }

    #[test]
    fn cells_know_their_place() {
        let got = split("\u{feff}# note\n a, b ,\"c, \"\"d\"\"\"\r\n\n1,,3");
        let texts: Vec<Vec<&str>> = got.iter().map(|l| l.iter().map(|c| c.0.as_str()).collect()).collect();
        assert_eq!(texts, [vec!["a", "b", "c, \"d\""], vec!["1", "", "3"]]);
        assert_eq!(got[0][2].1, "t.csv:2:8");
        assert_eq!(got[1][2].1, "t.csv:4:4");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a,\"\n\r ß#]{0,60}") {
            split(&text);
        }
    }
}
