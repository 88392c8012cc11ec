//! Reference tables (catalogue, KPIs, codes) in the forms that machines read.

use serde_json::{Map, Value};

use super::global::Format;
use crate::report::document::{Table, Tone};
use crate::report::{csv, json, markdown};

/// Rows under fixed heads; an empty cell is null in JSON.
pub struct Listing {
    heads: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl Listing {
    /// A listing without rows.
    pub fn new(heads: &'static [&'static str]) -> Self {
        Listing { heads, rows: Vec::new() }
    }

    /// Adds a row with as many cells as there are heads.
    pub fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.heads.len());
        self.rows.push(cells);
    }

    /// The listing in this form; `text` is what people read.
    pub fn render(self, format: Format, text: impl FnOnce() -> String) -> String {
        match format {
            Format::Text => text(),
            Format::Csv => csv::table(self.heads, self.rows),
            Format::Json => json::text(&Value::Array(self.rows.iter().map(|row| self.object(row)).collect())),
            Format::Markdown => {
                let mut table = Table::new(&self.heads.iter().map(|h| (*h, false)).collect::<Vec<_>>());
                for row in self.rows {
                    table.row(Tone::Plain, row);
                }
                markdown::table(&table)
            }
        }
    }

    fn object(&self, row: &[String]) -> Value {
        let cell = |text: &String| if text.is_empty() { Value::Null } else { Value::String(text.clone()) };
        let object: Map<String, Value> =
            self.heads.iter().zip(row).map(|(head, text)| ((*head).to_owned(), cell(text))).collect();
        Value::Object(object)
    }
}
