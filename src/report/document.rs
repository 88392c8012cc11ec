//! A report as headings, tables and notes, before it becomes text or Markdown.
//!
//! Both writers show the same document, so they cannot disagree about a number.

use std::borrow::Cow;

/// A report of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Title of the scenario.
    pub title: String,
    /// Lines under the title: file, seed, replications.
    pub facts: Vec<String>,
    /// Parts in reading order.
    pub sections: Vec<Section>,
}

/// A heading with one table and lines under it.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Heading.
    pub heading: String,
    /// Table; may have no rows.
    pub table: Table,
    /// Lines after the table.
    pub notes: Vec<String>,
}

/// A table of short texts.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Table {
    /// Columns from left to right.
    pub columns: Vec<Column>,
    /// Rows from top to bottom.
    pub rows: Vec<Row>,
}

/// Head of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Heading, may be empty.
    pub title: Cow<'static, str>,
    /// Numbers stand on the right.
    pub right: bool,
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// How the first cell is painted when colour is asked for.
    pub tone: Tone,
    /// A group row has one cell that names the rows below it.
    pub group: bool,
    /// Cells; missing ones at the end are empty.
    pub cells: Vec<String>,
}

/// What the first cell of a row says to the eye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// A group heading.
    Strong,
    /// All well.
    Good,
    /// Failed.
    Bad,
    /// Open.
    Unsure,
}

impl Table {
    /// An empty table with the given columns: `(title, right-aligned)`.
    pub fn new(columns: &[(&'static str, bool)]) -> Self {
        let columns = columns.iter().map(|&(title, right)| Column { title: title.into(), right }).collect();
        Table { columns, rows: Vec::new() }
    }

    /// Adds a row that names the rows below it.
    pub fn group(&mut self, name: &str) {
        self.rows.push(Row { tone: Tone::Strong, group: true, cells: vec![name.to_owned()] });
    }

    /// Adds a row of cells.
    pub fn row(&mut self, tone: Tone, cells: Vec<String>) {
        self.rows.push(Row { tone, group: false, cells });
    }
}
