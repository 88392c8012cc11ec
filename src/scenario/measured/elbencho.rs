//! The results file of elbencho (`--csvfile`).
//!
//! Used are `hosts` × `threads` clients with `IO depth` operations each, `block size` (or the smaller `file size`), and
//! the rate at the moment the first thread was done (`[first]`), because up to then all of them were at work. Rates are
//! whole MiB/s there, so operations times size count where they are given. Of a mixed run the row holds the writes, and
//! the `rwmix read` columns the reads. Phases that move no payload (MKDIRS, SYNC …) are left out.

use std::sync::Arc;

use super::cells::{Cell, lines};
use super::{Row, check_queue, problem};
use crate::scenario::diagnostics::{Diagnostic, Findings};
use crate::scenario::read::cut;
use crate::scenario::text::source::{Place, Source};

/// Bytes of a MiB.
const MIB: f64 = 1_048_576.0;
/// Columns without which a row means nothing.
const REQUIRED: [&str; 4] = ["operation", "threads", "block size", "IO depth"];

/// Whether a line is the header of such a file.
pub fn is_header(line: &str) -> bool {
    ["operation", "block size", "MiB/s [first]"].iter().all(|name| line.split(',').any(|cell| cell.trim() == *name))
}

/// The rows of a file; whatever is wrong is reported.
pub fn read(source: &Arc<Source>, findings: &mut Findings) -> Vec<Row> {
    let lines = lines(source);
    let Some((header, body)) = lines.split_first() else {
        findings.push(Diagnostic::new("E0208", format!("'{}' is empty", source.name)).at(&Place::start(source)));
        return Vec::new();
    };
    let missing: Vec<&str> =
        REQUIRED.into_iter().filter(|name| !header.iter().any(|cell| cell.text == *name)).collect();
    for name in &missing {
        let found = Diagnostic::new("E0208", format!("column '{name}' is missing")).at(&header[0].place);
        findings.push(found.help("this is the header that elbencho writes with --csvfile"));
    }
    if !missing.is_empty() {
        return Vec::new();
    }
    // A file that several versions have written may repeat its header.
    let rows = body.iter().filter(|line| line[0].text != header[0].text);
    rows.filter_map(|cells| Line { source, header, cells, findings }.row()).collect()
}

struct Line<'a> {
    source: &'a Source,
    header: &'a [Cell],
    cells: &'a [Cell],
    findings: &'a mut Findings,
}

impl Line<'_> {
    fn cell(&self, column: &str) -> Option<&Cell> {
        let at = self.header.iter().position(|cell| cell.text == column)?;
        self.cells.get(at).filter(|cell| !cell.text.is_empty())
    }

    /// A number of a column: nothing after an error, an empty option for an empty cell.
    fn number(&mut self, column: &str) -> Option<Option<f64>> {
        let Some(cell) = self.cell(column).cloned() else { return Some(None) };
        match cell.text.parse::<f64>() {
            Ok(value) if value >= 0.0 && value.is_finite() => Some(Some(value)),
            Ok(_) => {
                self.refuse(&cell.place, column, &format!("'{}' is negative or not finite", cut(&cell.text)));
                None
            }
            Err(_) => {
                self.refuse(&cell.place, column, &format!("'{}' is not a number", cut(&cell.text)));
                None
            }
        }
    }

    fn refuse(&mut self, place: &Place, column: &str, what: &str) {
        let line = place.source.line_column(place.span.start).0;
        let message = format!("row in line {line}, column '{column}': {what}");
        self.findings.push(Diagnostic::new("E0208", message).at(place));
    }

    /// Payload rate of the columns with this prefix.
    fn rate(&mut self, prefix: &str, size: f64) -> Option<f64> {
        let operations = self.number(&format!("{prefix}IOPS [first]"))?;
        let mib = self.number(&format!("{prefix}MiB/s [first]"))?;
        Some(operations.map(|n| n * size).or(mib.map(|n| n * MIB)).unwrap_or(0.0))
    }

    /// The row of this line; nothing for a phase without payload and after an error.
    fn row(mut self) -> Option<Row> {
        let operation = self.cell("operation")?.text.to_ascii_uppercase();
        if !["READ", "WRITE", "RWMIX"].iter().any(|word| operation.starts_with(word)) {
            return None;
        }
        let block = self.number("block size")??;
        let file = self.number("file size")?.filter(|size| *size > 0.0);
        let io_size = file.map_or(block, |file| file.min(block));
        let [threads, hosts, depth, milliseconds, latency] =
            ["threads", "hosts", "IO depth", "time ms [first]", "IO lat us [avg]"].map(|name| self.number(name));
        let own = self.rate("", io_size)?;
        let mixed = self.rate("rwmix read ", io_size)?;
        let read = if operation.starts_with("READ") { own } else { mixed };
        let rate = own + mixed;
        let place = self.cells[0].place.clone();
        let row = Row {
            label: self.cell("label").map_or_else(|| operation.to_lowercase(), |cell| cell.text.clone()),
            at: format!("{}:{}", self.source.name, self.source.line_column(place.span.start).0),
            clients: (threads?? * hosts?.unwrap_or(1.0).max(1.0)) as u64,
            io_size,
            queue_depth: depth??.max(1.0) as u64,
            read_share: if rate > 0.0 { read / rate } else { 0.0 },
            rate,
            // Of a mixed run this is the time of the writes alone.
            latency: latency?.filter(|_| mixed <= 0.0).map(|us| us * 1e-6).filter(|s| *s > 0.0),
            duration: milliseconds?.map(|ms| ms * 1e-3).filter(|s| *s > 0.0),
            hold_out: None,
        };
        let columns = [
            ("threads", "clients", row.clients as f64),
            ("block size", "io_size", row.io_size),
            ("IO depth", "queue_depth", row.queue_depth as f64),
            ("MiB/s [first]", "rate", row.rate),
            ("time ms [first]", "duration", row.duration.unwrap_or(1.0)),
            ("IO lat us [avg]", "latency", row.latency.unwrap_or(1.0)),
        ];
        for (column, means, value) in columns {
            if let Some(problem) = problem(means, value) {
                let place = self.cell(column).map_or(place.clone(), |cell| cell.place.clone());
                self.refuse(&place, column, &problem);
                return None;
            }
        }
        check_queue(&row, &place, self.findings);
        Some(row)
    }
}
