//! Our own table of measured rows.
//!
//! `clients` (or `threads`), `io_size` (or `object_size`), `queue_depth`, `read_share` and `rate` must be there;
//! `latency`, `duration`, `hold_out` and `label` may be. A cell is a quantity with its unit, or a bare number under a
//! header that names the unit in brackets: `rate [B/s]`.

use std::sync::Arc;

use super::cells::{Cell, lines};
use super::{Row, check_queue, problem};
use crate::scenario::diagnostics::{Diagnostic, Findings, list_names, nearest};
use crate::scenario::read::cut;
use crate::scenario::text::source::{Place, Source};
use crate::units::{self, Dimension};

/// A column: its name, another name for it, its dimension (none for words), and whether it must be there.
struct Column {
    name: &'static str,
    alias: Option<&'static str>,
    dim: Option<Dimension>,
    required: bool,
}

const fn column(name: &'static str, dim: Dimension, required: bool) -> Column {
    Column { name, alias: None, dim: Some(dim), required }
}

const COLUMNS: [Column; 9] = [
    Column { name: "clients", alias: Some("threads"), dim: Some(Dimension::Count), required: true },
    Column { name: "io_size", alias: Some("object_size"), dim: Some(Dimension::Bytes), required: true },
    column("queue_depth", Dimension::Count, true),
    column("read_share", Dimension::Ratio, true),
    column("rate", Dimension::Throughput, true),
    column("latency", Dimension::Duration, false),
    column("duration", Dimension::Duration, false),
    Column { name: "hold_out", alias: None, dim: None, required: false },
    Column { name: "label", alias: None, dim: None, required: false },
];

/// Where each column stands, and the unit that its header gives.
type Layout = [Option<(usize, String)>; COLUMNS.len()];

/// The rows of a table; whatever is wrong is reported.
pub fn read(source: &Arc<Source>, findings: &mut Findings) -> Vec<Row> {
    let lines = lines(source);
    let Some((header, body)) = lines.split_first() else {
        let found = Diagnostic::new("E0208", format!("'{}' is empty", source.name)).at(&Place::start(source));
        findings.push(found.help(columns_help()));
        return Vec::new();
    };
    let Some(layout) = layout(header, findings) else { return Vec::new() };
    let mut reader = Reader { layout, width: header.len(), findings };
    body.iter().filter_map(|line| reader.row(source, line)).collect()
}

fn columns_help() -> String {
    let names = COLUMNS.iter().filter(|c| c.required).map(|c| match c.alias {
        Some(alias) => format!("{} (or {alias})", c.name),
        None => c.name.to_owned(),
    });
    let free = COLUMNS.iter().filter(|c| !c.required).map(|c| c.name);
    format!("columns are: {}; free: {}", names.collect::<Vec<_>>().join(", "), list_names(free))
}

/// A head without its unit in brackets, in the spelling of the columns.
fn name_and_unit(head: &str) -> (String, String) {
    let (name, unit) = match head.strip_suffix(']').and_then(|h| h.rsplit_once('[')) {
        Some((name, unit)) => (name, unit.trim()),
        None => (head, ""),
    };
    (name.trim().to_ascii_lowercase().replace([' ', '-'], "_"), unit.to_owned())
}

fn layout(header: &[Cell], findings: &mut Findings) -> Option<Layout> {
    let mut layout: Layout = Default::default();
    let mut good = true;
    let mut strange: Vec<(&Cell, String)> = Vec::new();
    for (index, cell) in header.iter().enumerate() {
        let (name, unit) = name_and_unit(&cell.text);
        let Some(at) = COLUMNS.iter().position(|c| c.name == name || c.alias == Some(name.as_str())) else {
            strange.push((cell, name));
            continue;
        };
        if layout[at].is_some() {
            findings.push(Diagnostic::new("E0208", format!("column '{}' twice", cut(&cell.text))).at(&cell.place));
            good = false;
        }
        if let (Some(dim), false) = (COLUMNS[at].dim, unit.is_empty())
            && let Err(error) = units::parse(&format!("1 {unit}"), dim)
        {
            let found = Diagnostic::new("E0201", format!("column '{}': {}", cut(&cell.text), error.message));
            findings.push(found.at(&cell.place).help(error.help));
            good = false;
        }
        layout[at] = Some((index, unit));
    }
    for (column, _) in COLUMNS.iter().zip(&layout).filter(|(column, place)| column.required && place.is_none()) {
        let message = format!("column '{}' is missing", column.name);
        let found = Diagnostic::new("E0208", message).at(&header[0].place).help(columns_help());
        let names = strange.iter().map(|(_, name)| name.as_str());
        let near = nearest(column.name, names).and_then(|near| strange.iter().position(|(_, name)| name == near));
        findings.push(match near {
            // What was probably meant is not strange as well.
            Some(at) => {
                let (cell, _) = strange.remove(at);
                found.at(&cell.place).label(format!("is this '{}'?", column.name))
            }
            None => found,
        });
        good = false;
    }
    for (cell, _) in strange {
        let message = format!("column '{}' is not used", cut(&cell.text));
        findings.push(Diagnostic::new("W0609", message).at(&cell.place).help(columns_help()));
    }
    good.then_some(layout)
}

struct Reader<'a> {
    layout: Layout,
    width: usize,
    findings: &'a mut Findings,
}

impl Reader<'_> {
    fn row(&mut self, source: &Arc<Source>, line: &[Cell]) -> Option<Row> {
        let number = source.line_column(line[0].place.span.start).0;
        if line.len() != self.width {
            let message = format!("row in line {number}: {} cells under {} heads", line.len(), self.width);
            self.findings.push(Diagnostic::new("E0208", message).at(&line[line.len() - 1].place));
            return None;
        }
        let [clients, io_size, queue_depth, read_share, rate, latency, duration] =
            [0, 1, 2, 3, 4, 5, 6].map(|column| self.number(line, number, column));
        let hold_out = self.flag(line, number);
        let label = self.layout[8].as_ref().map_or_else(String::new, |(at, _)| line[*at].text.clone());
        let row = Row {
            label,
            at: format!("{}:{number}", source.name),
            clients: clients?? as u64,
            io_size: io_size??,
            queue_depth: queue_depth?? as u64,
            read_share: read_share??,
            rate: rate??,
            latency: latency?,
            duration: duration?,
            hold_out: hold_out?,
        };
        check_queue(&row, &line[0].place, self.findings);
        Some(row)
    }

    fn refuse(&mut self, code: &'static str, cell: &Cell, line: usize, column: &str, what: &str, help: String) {
        let message = format!("row in line {line}, column '{column}': {what}");
        let found = Diagnostic::new(code, message).at(&cell.place);
        self.findings.push(if help.is_empty() { found } else { found.help(help) });
    }

    /// The number of a column: nothing after an error, an empty option for an empty cell of a free column.
    fn number(&mut self, line: &[Cell], number: usize, column: usize) -> Option<Option<f64>> {
        let Column { name, dim: Some(dim), required, .. } = COLUMNS[column] else { return Some(None) };
        let Some((at, unit)) = self.layout[column].clone() else { return Some(None) };
        let cell = &line[at];
        if cell.text.is_empty() {
            if required {
                self.refuse("E0208", cell, number, name, "is empty", dim.help());
            }
            return (!required).then_some(None);
        }
        let text = match cell.text.parse::<f64>() {
            // A sign is looked at below, where the message is about this column.
            Ok(_) if !unit.is_empty() => format!("{} {unit}", cell.text),
            _ => cell.text.clone(),
        };
        let found = match text.strip_prefix('-') {
            Some(_) if cell.text.len() > 1 => {
                Err(("E0203", "is negative; it must be above zero".to_owned(), String::new()))
            }
            _ => units::parse(&text, dim).map_err(|error| {
                let bare = error.message.ends_with("has no unit");
                (if bare { "E0202" } else { "E0201" }, error.message, error.help)
            }),
        };
        let found = found.and_then(|value| match problem(name, value) {
            Some(problem) => Err(("E0203", format!("'{}' {problem}", cut(&cell.text)), String::new())),
            None => Ok(value),
        });
        match found {
            Ok(value) => Some(Some(value)),
            Err((code, what, help)) => {
                self.refuse(code, cell, number, name, &what, help);
                None
            }
        }
    }

    /// Whether the row is held out: nothing after an error.
    fn flag(&mut self, line: &[Cell], number: usize) -> Option<Option<bool>> {
        let Some((at, _)) = self.layout[7] else { return Some(None) };
        let cell = &line[at];
        match cell.text.to_ascii_lowercase().as_str() {
            "yes" | "true" | "1" => Some(Some(true)),
            "no" | "false" | "0" | "" => Some(Some(false)),
            _ => {
                let what = format!("'{}' is neither yes nor no", cut(&cell.text));
                self.refuse("E0204", cell, number, "hold_out", &what, String::new());
                None
            }
        }
    }
}
