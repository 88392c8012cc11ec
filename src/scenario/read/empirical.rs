//! Empirical laws: observed values from a file beside the scenario.
//!
//! The first column counts. A cell is a quantity with its unit; or a bare number under a header that ends in the
//! unit in brackets, as in `repair [min]`; or a bare number of a dimension that needs no unit.

use super::{Reader, range};
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::spec::Key;
use crate::scenario::text::files::beside;
use crate::scenario::text::source::Place;
use crate::scenario::text::tree::Node;
use crate::units::{self, Dimension, Dist};

impl Reader {
    pub(super) fn empirical(&mut self, key: &Key, node: &Node, dim: Dimension) -> Option<Dist> {
        let Some(written) = node.as_text() else {
            let message = format!("'empirical' takes the path of a file, not {}", node.value.kind());
            self.report(Diagnostic::new("E0205", message).at(&node.place));
            return None;
        };
        let path = beside(&node.place.source.name, written);
        let source = match self.library.read(&path, Some(&node.place)) {
            Ok(source) => source,
            Err(diagnostic) => {
                self.report(*diagnostic);
                return None;
            }
        };
        let whole = Place::start(&source);
        let mut unit = String::new();
        let mut values = Vec::new();
        let mut at = 0;
        for (index, line) in source.text.split_inclusive('\n').enumerate() {
            let cell = line.split([',', ';', '\t']).next().unwrap_or_default().trim().trim_matches('"');
            let start = at + line.find(cell).unwrap_or(0);
            at += line.len();
            if cell.is_empty() || cell.starts_with('#') {
                continue;
            }
            match read_cell(cell, &unit, dim) {
                Ok(value) => match range::problem(value, key.range, dim) {
                    None => values.push(value),
                    Some(problem) => return self.bad_cell(key, &whole.at(start..start + cell.len()), &problem),
                },
                Err(_) if index == 0 && is_header(cell) => unit = header_unit(cell).to_owned(),
                Err(error) => return self.bad_cell(key, &whole.at(start..start + cell.len()), &error),
            }
        }
        if values.is_empty() {
            let message = format!("'{}': '{}' holds no values", key.name, path.display());
            self.report(Diagnostic::new("E0207", message).at(&node.place));
            return None;
        }
        values.sort_by(f64::total_cmp);
        Some(Dist::Empirical(values))
    }

    fn bad_cell(&mut self, key: &Key, place: &Place, problem: &str) -> Option<Dist> {
        let message = format!("'{}': {problem}", key.name);
        let help = "each line holds a quantity with its unit, or a bare number under a header such as 'repair [min]'";
        self.report(Diagnostic::new("E0207", message).at(place).help(help));
        None
    }
}

fn read_cell(cell: &str, unit: &str, dim: Dimension) -> Result<f64, String> {
    let bare = cell.parse::<f64>().is_ok();
    let text = if bare && !unit.is_empty() { format!("{cell} {unit}") } else { cell.to_owned() };
    units::parse(&text, dim).map_err(|error| error.message)
}

fn is_header(cell: &str) -> bool {
    !cell.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
}

/// The unit in the brackets at the end of a header.
fn header_unit(cell: &str) -> &str {
    cell.strip_suffix(']').and_then(|c| c.rsplit_once('[')).map_or("", |(_, unit)| unit.trim())
}
