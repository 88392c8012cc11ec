//! A calibration as text, Markdown, JSON and CSV.

use serde_json::{Value, json};

use super::document::{Document, Section, Table, Tone};
use super::text::{self, TextStyle};
use super::{csv, json, markdown};
use crate::experiment::results::calibration::{Calibration, Compared, ErrorOf, Fitted, Identified, RowResult, SHIFT};
use crate::units::{Dimension, display, parse, print};

/// Digits of a digest that people compare.
const SHORT: usize = 12;

/// For a terminal.
pub fn text(calibration: &Calibration, style: TextStyle) -> String {
    text::write(&document(calibration), style)
}

/// For a pull request.
pub fn markdown(calibration: &Calibration) -> String {
    markdown::write(&document(calibration))
}

fn document(c: &Calibration) -> Document {
    let fitted = c.rows.iter().filter(|row| !row.held_out).count();
    let mut facts = vec![
        format!("{}, digest {}", c.file, &c.digest[..SHORT.min(c.digest.len())]),
        format!("work '{}' on storage '{}', part '{}'", c.work, c.storage, c.part),
        format!("{}, digest {}", files(c), &c.measured_digest[..SHORT.min(c.measured_digest.len())]),
    ];
    facts.push(match c.coefficients.is_empty() {
        true => format!("{} rows compared; nothing was fitted", c.rows.len()),
        false => format!("{} rows, {fitted} of them fitted; {}", c.rows.len(), c.hold_out),
    });
    let mut sections = Vec::new();
    if !c.coefficients.is_empty() {
        let table = coefficients(c);
        sections.push(Section { heading: "Coefficients".to_owned(), table, notes: Vec::new() });
    }
    sections.push(Section { heading: "Error of the predicted rate".to_owned(), table: errors(c), notes: Vec::new() });
    sections.push(Section { heading: "Rows".to_owned(), table: rows(c), notes: Vec::new() });
    if !c.notes.is_empty() {
        let table = Table::new(&[]);
        sections.push(Section { heading: "Notes".to_owned(), table, notes: c.notes.clone() });
    }
    Document { title: "Calibration".to_owned(), facts, sections }
}

/// The measured files; of many only how many there are.
fn files(c: &Calibration) -> String {
    const NAMED: usize = 3;
    let named = |(name, form): &(String, String)| format!("{name} ({form})");
    match &c.measured[..] {
        [first, .., last] if c.measured.len() > NAMED => {
            format!("{} files, {} to {}", c.measured.len(), named(first), named(last))
        }
        few => few.iter().map(named).collect::<Vec<_>>().join(", "),
    }
}

fn coefficients(c: &Calibration) -> Table {
    let mut table = Table::new(&[
        ("coefficient", false),
        ("before", true),
        ("after", true),
        ("known", false),
        ("error if smaller", true),
        ("if larger", true),
    ]);
    for fitted in &c.coefficients {
        let shifted = |error: Option<f64>| error.map_or_else(|| "beyond bound".to_owned(), percent);
        let cells = vec![
            fitted.address.clone(),
            shown(fitted.before, fitted.dim),
            shown(fitted.after, fitted.dim),
            word(fitted.identified).to_owned(),
            shifted(fitted.error_lower),
            shifted(fitted.error_higher),
        ];
        table.row(if fitted.identified == Identified::Yes { Tone::Plain } else { Tone::Unsure }, cells);
    }
    table
}

fn word(identified: Identified) -> &'static str {
    match identified {
        Identified::Yes => "yes",
        Identified::Roughly => "roughly",
        Identified::AtLeast => "at least",
        Identified::AtMost => "at most",
        Identified::No => "no: kept",
        Identified::AtBound => "at a bound",
    }
}

fn errors(c: &Calibration) -> Table {
    let only = c.coefficients.is_empty();
    let mut table = Table::new(&[
        ("rows", false),
        ("number", true),
        ("values", false),
        ("mean error", true),
        ("median", true),
        ("bias", true),
        ("worst", true),
        ("worst row", false),
    ]);
    let sets = [
        (if only { "all" } else { "fitted" }, c.errors(false)),
        ("held out", c.errors(true)),
        ("time of an operation", c.latency_errors()),
    ];
    for (name, errors) in sets.iter().filter_map(|(name, errors)| Some((name, (*errors)?))) {
        for (when, error) in [("before", errors[0]), ("after", errors[1])].into_iter().take(if only { 1 } else { 2 }) {
            let row = &c.rows[error.worst_row];
            let worst = if row.label.is_empty() { row.at.clone() } else { format!("{} ({})", row.label, row.at) };
            table.row(
                Tone::Plain,
                vec![
                    (*name).to_owned(),
                    error.rows.to_string(),
                    (if only { "present" } else { when }).to_owned(),
                    percent(error.mean),
                    percent(error.median),
                    signed(error.bias),
                    signed(error.worst),
                    worst,
                ],
            );
        }
    }
    table
}

fn rows(c: &Calibration) -> Table {
    let only = c.coefficients.is_empty();
    let mut columns = vec![
        ("row", false),
        ("clients", true),
        ("size", true),
        ("depth", true),
        ("read", true),
        ("measured", true),
        ("before", true),
        ("error", true),
    ];
    if !only {
        columns.extend([("after", true), ("error", true), ("", false)]);
    }
    let mut table = Table::new(&columns);
    for row in &c.rows {
        let rate = |bytes: f64| display(bytes, Dimension::Throughput);
        let [before, after] = row.rate.errors();
        let mut cells = vec![
            if row.label.is_empty() { row.at.clone() } else { row.label.clone() },
            row.clients.to_string(),
            print(row.io_size, Dimension::Bytes),
            row.queue_depth.to_string(),
            display(row.read_share, Dimension::Ratio),
            rate(row.rate.measured),
            rate(row.rate.before),
            signed(before),
        ];
        if !only {
            let held = if row.held_out { "held out" } else { "" };
            cells.extend([rate(row.rate.after), signed(after), held.to_owned()]);
        }
        table.row(Tone::Plain, cells);
    }
    table
}

/// A value that reads back as the same number, in the unit that tables use where that is possible.
pub(super) fn shown(value: f64, dim: Dimension) -> String {
    let short = display(value, dim);
    let same = parse(&short, dim).is_ok_and(|back| back.to_bits() == value.to_bits());
    if same { short } else { print(value, dim) }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn signed(share: f64) -> String {
    format!("{:+.1} %", share * 100.0)
}

/// The object, ending with a newline.
pub fn json(c: &Calibration) -> String {
    let files: Vec<Value> = c.measured.iter().map(|(name, form)| json!({ "file": name, "format": form })).collect();
    let errors = |errors: Option<[ErrorOf; 2]>| {
        errors.map_or(Value::Null, |[before, after]| json!({ "before": error(c, &before), "after": error(c, &after) }))
    };
    json::text(&json!({
        "scenario": { "file": c.file, "digest": c.digest },
        "provenance": { "version": c.version, "measured": files, "measured_digest": c.measured_digest },
        "work": c.work,
        "storage": c.storage,
        "part": c.part,
        "hold_out": c.hold_out,
        "coefficients": c.coefficients.iter().map(coefficient).collect::<Vec<_>>(),
        "errors": {
            "fitted": errors(c.errors(false)),
            "held_out": errors(c.errors(true)),
            "operation_time": errors(c.latency_errors()),
        },
        "rows": c.rows.iter().map(row).collect::<Vec<_>>(),
        "notes": c.notes,
        "simulations": c.simulations,
    }))
}

fn coefficient(fitted: &Fitted) -> Value {
    json!({
        "address": fitted.address,
        "before": fitted.before,
        "after": fitted.after,
        "text": shown(fitted.after, fitted.dim),
        "bounds": fitted.bounds,
        "status": fitted.identified.word(),
        "shift": SHIFT,
        "error_if_smaller": fitted.error_lower,
        "error_if_larger": fitted.error_higher,
    })
}

fn error(c: &Calibration, error: &ErrorOf) -> Value {
    json!({
        "rows": error.rows,
        "mean": error.mean,
        "median": error.median,
        "bias": error.bias,
        "worst": error.worst,
        "worst_row": c.rows[error.worst_row].at,
    })
}

fn row(row: &RowResult) -> Value {
    let compared = |c: &Compared| json!({ "measured": c.measured, "before": c.before, "after": c.after });
    json!({
        "at": row.at,
        "label": row.label,
        "held_out": row.held_out,
        "clients": row.clients,
        "io_size": row.io_size,
        "queue_depth": row.queue_depth,
        "read_share": row.read_share,
        "rate": compared(&row.rate),
        "latency": row.latency.as_ref().map(compared),
    })
}

/// The rows as a table in base units, ending with a newline.
pub fn csv(c: &Calibration) -> String {
    let heads = [
        "row",
        "label",
        "held_out",
        "clients",
        "io_size [B]",
        "queue_depth",
        "read_share",
        "rate [B/s]",
        "rate_before [B/s]",
        "rate_after [B/s]",
        "error_before",
        "error_after",
        "latency [s]",
        "latency_before [s]",
        "latency_after [s]",
    ];
    let cells = |row: &RowResult| {
        let [before, after] = row.rate.errors();
        let latency =
            |of: fn(&Compared) -> f64| row.latency.as_ref().map_or_else(String::new, |l| csv::shortest(of(l)));
        vec![
            row.at.clone(),
            row.label.clone(),
            row.held_out.to_string(),
            row.clients.to_string(),
            csv::shortest(row.io_size),
            row.queue_depth.to_string(),
            csv::shortest(row.read_share),
            csv::shortest(row.rate.measured),
            csv::shortest(row.rate.before),
            csv::shortest(row.rate.after),
            csv::shortest(before),
            csv::shortest(after),
            latency(|l| l.measured),
            latency(|l| l.before),
            latency(|l| l.after),
        ]
    };
    csv::table(&heads, c.rows.iter().map(cells))
}
