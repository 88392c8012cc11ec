//! A piece of text that can be pointed at: a file, or one `--set` argument.

use std::ops::Range;
use std::sync::Arc;

/// Columns beyond this are counted in bytes: nobody reads them, and counting characters would take long.
const COUNTED: usize = 4096;

/// Where a text came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A scenario file, or a data file it names.
    File,
    /// An override of the command line.
    Argument,
}

/// Text with a name and the starts of its lines.
#[derive(Debug)]
pub struct Source {
    /// Position in the order of reading; diagnostics are sorted by it.
    pub order: usize,
    /// Path as the user wrote it, or the name of the argument.
    pub name: String,
    /// File or argument.
    pub kind: Kind,
    /// The text.
    pub text: String,
    /// Number of its first line: 1, or more for an excerpt.
    first: usize,
    lines: Vec<usize>,
}

impl Source {
    /// A source that is the `order`-th one read.
    pub fn new(order: usize, kind: Kind, name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        let text = text.into();
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Arc::new(Source { order, name: name.into(), kind, text, first: 1, lines })
    }

    /// One line of a file that is too large to be kept, with its number.
    pub fn excerpt(order: usize, name: impl Into<String>, line: usize, text: impl Into<String>) -> Arc<Self> {
        let (name, text) = (name.into(), text.into());
        Arc::new(Source { order, name, kind: Kind::File, text, first: line, lines: vec![0] })
    }

    /// Line and column of a byte offset, both from 1; the column counts characters (bytes, far into a long line).
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let offset = self.floor(offset);
        let line = self.lines.partition_point(|start| *start <= offset) - 1;
        let before = &self.text[self.lines[line]..offset];
        let column = if before.len() > COUNTED { before.len() } else { before.chars().count() };
        (line + self.first, column + 1)
    }

    /// Which texts win over which: arguments over files (a later one over an earlier one), a file over its bases.
    pub fn layer(&self) -> (Kind, isize) {
        let order = self.order as isize;
        (self.kind, if self.kind == Kind::File { -order } else { order })
    }

    /// Byte range of a line counted from 1, without its newline.
    pub fn line_range(&self, line: usize) -> Range<usize> {
        let line = line - self.first;
        let start = self.lines[line];
        let end = self.lines.get(line + 1).map_or(self.text.len(), |next| next - 1);
        start..end
    }

    /// Number of lines.
    pub fn lines(&self) -> usize {
        self.lines.len()
    }

    /// The last character boundary at or before `offset`.
    pub fn floor(&self, offset: usize) -> usize {
        self.text.floor_char_boundary(offset)
    }
}

/// A range of a source.
#[derive(Clone, Debug)]
pub struct Place {
    /// The text pointed into.
    pub source: Arc<Source>,
    /// Bytes of it.
    pub span: Range<usize>,
}

impl Place {
    /// The whole of a source.
    pub fn whole(source: &Arc<Source>) -> Self {
        Place { source: Arc::clone(source), span: 0..source.text.len() }
    }

    /// The very start of a source.
    pub fn start(source: &Arc<Source>) -> Self {
        Place { source: Arc::clone(source), span: 0..0 }
    }

    /// Another range of the same source.
    pub fn at(&self, span: Range<usize>) -> Self {
        Place { source: Arc::clone(&self.source), span }
    }

    /// The text pointed at.
    pub fn text(&self) -> &str {
        &self.source.text[self.source.floor(self.span.start)..self.source.floor(self.span.end)]
    }

    /// `file:line:column`.
    pub fn at_text(&self) -> String {
        let (line, column) = self.source.line_column(self.span.start);
        format!("{}:{line}:{column}", self.source.name)
    }

    /// Sort key: source, then position.
    pub fn order(&self) -> (usize, usize, usize) {
        (self.source.order, self.span.start, self.span.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let s = Source::new(0, Kind::File, "a.toml", "ä = 1\nbb = 2\n");
        assert_eq!(s.line_column(0), (1, 1));
        assert_eq!(s.line_column(3), (1, 3), "ä is one character of two bytes");
        assert_eq!(s.line_column(7), (2, 1));
        assert_eq!(s.line_column(1), (1, 1), "inside a character counts as its start");
        assert_eq!(s.line_column(999), (3, 1));
        assert_eq!(&s.text[s.line_range(2)], "bb = 2");
        assert_eq!(s.line_range(3), 14..14);
        let excerpt = Source::excerpt(0, "a.csv", 70, "x,y");
        assert_eq!((excerpt.line_column(2), excerpt.line_range(70)), ((70, 3), 0..3));
    }
}
