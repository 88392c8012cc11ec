//! `flow,arrival_s,src,dst,bytes`: transfers in order of arrival.
//!
//! Read line by line: of a row only its four numbers stay in memory, and each pair of keys once with the line that names it first.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::ops::Range;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::table::{Bounds, Form, MOST, content, is_name};
use crate::scenario::diagnostics::{Diagnostic, Findings};
use crate::scenario::text::source::{Place, Source};
use crate::units::SimDuration;

const FORM: Form = Form { code: "E0210", columns: &["flow", "arrival_s", "src", "dst", "bytes"] };
const SECONDS: Bounds = Bounds {
    high: 3.155_76e9,
    open: false,
    unit: "seconds",
    help: "time after the start of the work, in seconds, for example 0.25",
};
const BYTES: Bounds = Bounds { high: 1e24, open: false, unit: "bytes", help: "payload of the transfer in bytes" };
/// Longest line, bytes.
const LONGEST: u64 = 64 << 10;
/// Most rows: 640 MB of memory.
const MOST_ROWS: usize = 20_000_000;

/// A transfer: its id, its arrival after the start of the work, its pair (an index), its payload bytes.
pub type Arrival = (u64, SimDuration, u32, f64);

/// A trace as a file has it.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Transfers in order of arrival.
    pub rows: Arc<[Arrival]>,
    /// Pairs of keys in order of appearance.
    pub pairs: Vec<Pair>,
    /// SHA-256 (hex) of the file.
    pub digest: String,
}

/// Source and destination of transfers, and where a file names them first.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Key of the source.
    pub src: String,
    /// Key of the destination.
    pub dst: String,
    /// Number of the line.
    line: usize,
    /// The line.
    text: String,
    /// Ranges of the two keys in it.
    keys: [Range<usize>; 2],
}

impl Pair {
    /// The place of the source (0) or destination (1) key, in a file of this name that is the `order`-th one read.
    pub fn place(&self, name: &str, order: usize, key: usize) -> Place {
        Place { source: Source::excerpt(order, name, self.line, self.text.as_str()), span: self.keys[key].clone() }
    }
}

/// Reads a trace; whatever is wrong is reported. `order` is the position of the file in the order of reading.
///
/// # Errors
/// What the system said when the file could not be read.
pub fn read(file: File, name: &str, order: usize, findings: &mut Findings) -> std::io::Result<Option<Trace>> {
    let mut lines = Lines { input: BufReader::with_capacity(1 << 18, file), hash: Sha256::new(), number: 0 };
    let mut reader = Reader { name, order, ..Reader::new(findings) };
    let mut buffer = Vec::new();
    while lines.next(&mut buffer)? {
        if reader.line(&buffer, lines.number).is_none() {
            return Ok(None);
        }
    }
    let digest = lines.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(reader.finish(digest))
}

struct Lines {
    input: BufReader<File>,
    hash: Sha256,
    number: usize,
}

impl Lines {
    /// The next line with its end, cut at [`LONGEST`] bytes; false at the end of the file.
    fn next(&mut self, buffer: &mut Vec<u8>) -> std::io::Result<bool> {
        buffer.clear();
        let read = (&mut self.input).take(LONGEST).read_until(b'\n', buffer)?;
        self.hash.update(&buffer);
        self.number += 1;
        Ok(read > 0)
    }
}

struct Reader<'a> {
    name: &'a str,
    order: usize,
    findings: &'a mut Findings,
    before: usize,
    layout: Option<Vec<usize>>,
    rows: Vec<Arrival>,
    pairs: Vec<Pair>,
    known: BTreeMap<String, BTreeMap<String, u32>>,
    ascending: bool,
}

impl<'a> Reader<'a> {
    fn new(findings: &'a mut Findings) -> Self {
        Reader {
            name: "",
            order: 0,
            before: findings.count(),
            findings,
            layout: None,
            rows: Vec::new(),
            pairs: Vec::new(),
            known: BTreeMap::new(),
            ascending: true,
        }
    }

    /// A line of the file as a source of its own, which complaints can point into.
    fn excerpt(&self, number: usize, text: &str) -> Arc<Source> {
        Source::excerpt(self.order, self.name, number, text)
    }

    fn report(&mut self, number: usize, text: &str, message: String) {
        let source = self.excerpt(number, text);
        self.findings.push(FORM.problem(message, &Place { span: 0..text.len(), source }));
    }

    /// Takes a line; `None` when there is no use in going on.
    fn line(&mut self, bytes: &[u8], number: usize) -> Option<()> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            self.report(number, "", format!("line {number} is not UTF-8 text"));
            return None;
        };
        if bytes.len() as u64 == LONGEST && !text.ends_with('\n') {
            self.report(number, "", format!("line {number} is longer than {} KiB", LONGEST >> 10));
            return None;
        }
        let Some(range) = content(text) else { return Some(()) };
        let Some(layout) = self.layout.clone() else {
            let source = self.excerpt(number, text.trim_end_matches(['\r', '\n']));
            self.layout = Some(FORM.layout(&source, range, self.findings)?);
            return Some(());
        };
        if self.rows.len() == MOST_ROWS {
            self.report(number, "", format!("a trace of more than {MOST_ROWS} rows"));
            return None;
        }
        match fast(text, &range, &layout) {
            Some(row) if self.rows.last().is_none_or(|last| last.1 <= row.1) => self.keep(&row, text, number),
            _ => self.complain(text.trim_end_matches(['\r', '\n']), range, &layout, number),
        }
        (self.findings.count() - self.before < MOST).then_some(())
    }

    fn keep(&mut self, row: &Parsed<'_>, text: &str, number: usize) {
        let Parsed(flow, arrival, [src, dst], bytes) = *row;
        self.ascending &= self.rows.last().is_none_or(|last| last.0 < flow);
        let known = self.known.get(src).and_then(|to| to.get(dst)).copied();
        let pair = known.unwrap_or_else(|| {
            let index = u32::try_from(self.pairs.len()).expect("there are fewer rows than that");
            self.known.entry(src.to_owned()).or_default().insert(dst.to_owned(), index);
            let at = |key: &str| {
                let start = key.as_ptr() as usize - text.as_ptr() as usize;
                start..start + key.len()
            };
            let keys = [at(src), at(dst)];
            let text = text.trim_end_matches(['\r', '\n']).to_owned();
            self.pairs.push(Pair { src: src.to_owned(), dst: dst.to_owned(), line: number, text, keys });
            index
        });
        self.rows.push((flow, arrival, pair, bytes));
    }

    /// Says what is wrong with a row.
    fn complain(&mut self, text: &str, range: Range<usize>, layout: &[usize], number: usize) {
        let source = self.excerpt(number, text);
        let row = FORM.row(&source, range, layout);
        let before = self.findings.count();
        if row.text(0).parse::<u64>().is_err() {
            let message = format!("'flow' takes a whole number, not '{}'", crate::scenario::read::cut(row.text(0)));
            self.findings.push(FORM.problem(message, &row.place(0)).help("every transfer has a number of its own"));
        }
        let arrival = FORM.number(&row, 1, SECONDS, self.findings);
        for column in [2, 3] {
            FORM.name(&row, column, self.findings);
        }
        FORM.number(&row, 4, BYTES, self.findings);
        if self.findings.count() > before {
            return;
        }
        let last = self.rows.last().map_or(0.0, |last| last.1.as_secs_f64());
        let found = match arrival.filter(|arrival| *arrival < last) {
            Some(arrival) => {
                let message = format!("time runs backwards: {arrival} s after {last} s in a row above");
                FORM.problem(message, &row.place(1)).help("rows are in order of arrival")
            }
            None => {
                FORM.problem("a row that cannot be read", &Place { span: 0..text.len(), source: Arc::clone(&source) })
            }
        };
        self.findings.push(found);
    }

    fn finish(self, digest: String) -> Option<Trace> {
        let start = Place::start(&self.excerpt(1, ""));
        if self.rows.is_empty() && self.findings.count() == self.before {
            let found = FORM.problem(format!("'{}' has no transfers", self.name), &start);
            let columns = FORM.columns.join(",");
            self.findings.push(found.help(format!("the first line names the columns: {columns}; rows follow")));
        }
        if !self.ascending {
            let mut ids: Vec<(u64, usize)> = self.rows.iter().enumerate().map(|(at, row)| (row.0, at + 1)).collect();
            ids.sort_unstable();
            if let Some([(number, first), (_, second)]) = ids.array_windows().find(|[a, b]| a.0 == b.0) {
                let name = self.name;
                let message =
                    format!("'{name}' has more than one transfer of the number {number}: rows {first} and {second}");
                self.findings.push(twice_help(FORM.problem(message, &start)));
            }
        }
        (self.findings.count() == self.before).then(|| Trace { rows: self.rows.into(), pairs: self.pairs, digest })
    }
}

fn twice_help(found: Diagnostic) -> Diagnostic {
    found.help("every transfer has a number of its own: flows.csv is sorted by it")
}

/// The four numbers of a row; the pair as keys.
struct Parsed<'a>(u64, SimDuration, [&'a str; 2], f64);

/// A row that is in order.
fn fast<'a>(text: &'a str, range: &Range<usize>, layout: &[usize]) -> Option<Parsed<'a>> {
    let mut cells = [""; 5];
    for (at, cell) in text[range.clone()].split(',').enumerate() {
        if let Some(column) = layout.iter().position(|place| *place == at) {
            cells[column] = cell.trim().trim_matches('"');
        }
    }
    let [flow, arrival, src, dst, bytes] = cells;
    let bytes = bytes.parse::<f64>().ok().filter(|b| (0.0..=BYTES.high).contains(b))?;
    let keys = [src, dst].iter().all(|key| is_name(key));
    keys.then_some(Parsed(flow.parse().ok()?, seconds(arrival)?, [src, dst], bytes))
}

/// Seconds as a time, exact to the nanosecond where at most nine digits follow the point.
fn seconds(text: &str) -> Option<SimDuration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if !whole.is_empty() && whole.len() <= 9 && fraction.len() <= 9 && digits(whole) && digits(fraction) {
        let nanos = format!("{fraction:0<9}").parse::<i64>().ok()?;
        return Some(SimDuration::from_nanos(whole.parse::<i64>().ok()? * 1_000_000_000 + nanos));
    }
    let seconds = text.parse::<f64>().ok().filter(|s| (0.0..=SECONDS.high).contains(s))?;
    Some(SimDuration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_seconds_are_exact() {
        let ns = |text: &str| seconds(text).map(SimDuration::as_nanos);
        assert_eq!(ns("10381.447486201"), Some(10_381_447_486_201));
        assert_eq!(ns("999999999.000000001"), Some(999_999_999_000_000_001));
        assert_eq!(
            (ns("7"), ns(".5"), ns("1e-3"), ns("0.1")),
            (Some(7_000_000_000), Some(500_000_000), Some(1_000_000), Some(100_000_000))
        );
        assert_eq!((ns("-1"), ns("nan"), ns(""), ns("1e12")), (None, None, None, None));
    }
}
