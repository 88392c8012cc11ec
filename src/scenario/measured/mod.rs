//! Measured rows: experiments that somebody ran against a storage system, for `apollo calibrate`.
//!
//! A row is one saturating experiment: so many clients, each with so many operations of one size in flight, with this
//! share of reads, gave this rate. They come as our own CSV (`table`), as the output of fio (`fio`) or of elbencho
//! (`elbencho`). Every finding names the file, the row and the column.

mod cells;
mod elbencho;
mod fio;
mod table;

use std::path::PathBuf;
use std::sync::Arc;

use super::diagnostics::{Diagnostic, Findings, Severity};
use super::load::digest;
use super::read::range_problem;
use super::spec::{Kind, WORK_IO};
use super::text::files::Library;
use super::text::source::{Place, Source};

/// Most rows of one calibration: every one of them is simulated for every trial.
const MAX_ROWS: usize = 10_000;

/// One experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What the file calls it; empty when it has no name.
    pub label: String,
    /// `file:line`.
    pub at: String,
    /// Clients, each with its own queue.
    pub clients: u64,
    /// Bytes per operation.
    pub io_size: f64,
    /// Outstanding operations per client.
    pub queue_depth: u64,
    /// Share of payload bytes read, 0…1.
    pub read_share: f64,
    /// Payload rate of all clients, bytes per second.
    pub rate: f64,
    /// Mean time of an operation, seconds.
    pub latency: Option<f64>,
    /// How long the experiment ran, seconds.
    pub duration: Option<f64>,
    /// Whether the file says that the row is to be held out.
    pub hold_out: Option<bool>,
}

/// Form of a file of measured rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Our own table.
    Csv,
    /// `fio --output-format=json`.
    Fio,
    /// `elbencho --csvfile`.
    Elbencho,
}

impl Format {
    /// The word in output.
    pub const fn word(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Fio => "fio",
            Format::Elbencho => "elbencho",
        }
    }

    fn detect(text: &str) -> Format {
        let head = text.trim_start_matches('\u{feff}').trim_start();
        let is_json = head.starts_with('{') || text.lines().any(|line| line.trim_end() == "{");
        match () {
            () if is_json => Format::Fio,
            () if elbencho::is_header(head.lines().next().unwrap_or_default()) => Format::Elbencho,
            () => Format::Csv,
        }
    }
}

/// All rows of some files.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Rows in the order of files and lines.
    pub rows: Vec<Row>,
    /// Name and form of each file.
    pub files: Vec<(String, Format)>,
    /// SHA-256 (hex) over the contents of the files, in order.
    pub digest: String,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
}

/// Reads files of measured rows; without a format each is recognised by its content.
///
/// # Errors
/// Every error found. [`Diagnostic::is_environment`] tells failures of the machine from mistakes in the input.
pub fn read(paths: &[PathBuf], format: Option<Format>) -> Result<Measured, Vec<Diagnostic>> {
    let mut library = Library::default();
    let mut findings = Findings::default();
    let (mut rows, mut files) = (Vec::new(), Vec::new());
    for path in paths {
        match library.read(path, None) {
            Ok(source) => {
                let format = format.unwrap_or_else(|| Format::detect(&source.text));
                files.push((source.name.clone(), format));
                rows.extend(read_one(&source, format, &mut findings));
            }
            Err(diagnostic) => findings.push(*diagnostic),
        }
    }
    if rows.len() > MAX_ROWS {
        findings.push(Diagnostic::new("E0208", format!("{} rows; at most {MAX_ROWS} can be used", rows.len())));
    }
    if findings.failed() {
        return Err(findings.take(|s| s == Severity::Error));
    }
    let digest = digest(library.sources());
    Ok(Measured { rows, files, digest, warnings: findings.take(|s| s != Severity::Error) })
}

fn read_one(source: &Arc<Source>, format: Format, findings: &mut Findings) -> Vec<Row> {
    let before = findings.count();
    let rows = match format {
        Format::Csv => table::read(source, findings),
        Format::Fio => fio::read(source, findings),
        Format::Elbencho => elbencho::read(source, findings),
    };
    if rows.is_empty() && findings.count() == before {
        let what = match format {
            Format::Csv => "no row below its header",
            Format::Fio => "no job that read or wrote",
            Format::Elbencho => "no READ, WRITE or RWMIX row",
        };
        let message = format!("'{}' holds {what}", source.name);
        findings.push(Diagnostic::new("E0208", message).at(&Place::start(source)));
    }
    rows
}

/// What is wrong with the value of a column, if anything: the `io` work that will run it must admit it.
fn problem(column: &str, value: f64) -> Option<String> {
    /// No experiment takes longer than a year, nor one operation.
    const YEAR: f64 = 366.0 * 86_400.0;
    let positive = (value <= 0.0 || value.is_nan()).then(|| "must be above zero".to_owned());
    match column {
        "latency" | "duration" => positive.or((value > YEAR).then(|| "must be at most a year".to_owned())),
        "read_share" => (!(0.0..=1.0).contains(&value)).then(|| "must be between 0 and 100 %".to_owned()),
        _ => {
            let key = WORK_IO.key(column).expect("the column is a key of an io work");
            let (Kind::Quantity(dim) | Kind::Whole(dim) | Kind::Random(dim)) = key.kind else { return positive };
            match range_problem(value, key.range, dim) {
                None if matches!(key.kind, Kind::Whole(_)) && value.fract() != 0.0 => {
                    Some("must be a whole number".to_owned())
                }
                found => found,
            }
        }
    }
}

/// Time and rate of a closed loop belong together (Little's law): where they do not, the queue was not kept full.
fn check_queue(row: &Row, place: &Place, findings: &mut Findings) {
    /// Means over ramps and several processes scatter by some per cent; half is another experiment.
    const SLACK: f64 = 1.5;
    let Some(latency) = row.latency else { return };
    let outstanding = row.rate * latency / row.io_size;
    let stated = row.clients as f64 * row.queue_depth as f64;
    if outstanding > stated * SLACK || outstanding < stated / SLACK {
        let message = format!(
            "rate x latency means {outstanding:.3} operations in flight, clients x queue_depth are {stated}: \
             the queue was not kept full, or the row counts something else"
        );
        findings.push(Diagnostic::new("W0609", message).at(place));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::text::source::Kind as Text;
    use proptest::prelude::*;

    const CELLS: [&str; 22] = [
        "clients",
        "io_size [KiB]",
        "queue_depth",
        "read_share [%]",
        "rate [MB/s]",
        "operation",
        "threads",
        "block size",
        "IO depth",
        "MiB/s [first]",
        "READ",
        "RWMIX",
        "4 KiB",
        "1e300",
        "-1",
        "\"",
        "\n",
        ",",
        "70 %",
        "",
        "1e-320",
        "ä",
    ];
    const JSON: [&str; 16] = [
        "{\"jobs\":[",
        "{\"jobname\":\"a\",",
        "\"groupid\":1,",
        "\"error\":0,",
        "\"job options\":{\"bs\":\"4ä\"},",
        "\"read\":{\"io_bytes\":1e300,\"total_ios\":1,\"bw_bytes\":-1,\"runtime\":1e300}",
        "\"write\":{}",
        "}",
        "]",
        ",",
        "\"job options\":{\"numjobs\":\"99999999999999999999\"},",
        "null",
        "[[",
        "\"read\":{\"io_bytes\":8,\"total_ios\":2},",
        "\n",
        "{",
    ];

    fn read_text(format: Format, text: &str) -> (Vec<Row>, Findings) {
        let mut findings = Findings::default();
        let source = Source::new(0, Text::File, "rows", text);
        (read_one(&source, format, &mut findings), findings)
    }

    proptest! {
        /// Whatever stands in a file: rows that an `io` work can run, or findings that point into the text.
        #[test]
        fn no_text_makes_a_reader_panic(picks in prop::collection::vec(0_usize..22, 0..60), json in prop::collection::vec(0_usize..16, 0..30)) {
            let table: String = picks.iter().map(|&n| CELLS[n]).collect::<Vec<_>>().join(",");
            let jobs: String = json.iter().map(|&n| JSON[n]).collect();
            for (format, text) in [(Format::Csv, &table), (Format::Elbencho, &table), (Format::Fio, &jobs), (Format::Fio, &table)] {
                let (rows, findings) = read_text(format, text);
                prop_assert!(!rows.is_empty() || findings.count() > 0);
                for row in rows {
                    prop_assert!(row.rate > 0.0 && row.rate.is_finite() && row.io_size >= 1.0);
                    prop_assert!((1..=1_000_000).contains(&row.clients) && (1..=1_000_000).contains(&row.queue_depth));
                    prop_assert!((0.0..=1.0).contains(&row.read_share));
                }
                for finding in findings.take(|_| true) {
                    prop_assert!(finding.at_text().starts_with("rows:"), "{}", finding.message);
                }
            }
        }
    }

    #[test]
    fn files_are_told_apart_by_their_content() {
        for (text, format) in [
            ("clients,rate\n", Format::Csv),
            ("# operation,block size,MiB/s [first]\n", Format::Csv),
            ("ISO date,operation,block size,MiB/s [first]\n", Format::Elbencho),
            ("fio: a note\n{\n", Format::Fio),
            ("\u{feff} {\"jobs\":[]}", Format::Fio),
        ] {
            assert_eq!(Format::detect(text), format, "{text}");
        }
    }
}
