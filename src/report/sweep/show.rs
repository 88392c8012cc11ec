//! A sweep on the screen: what became of its cells, and the KPIs that are shown, for the first cells.

use serde_json::{Map, Value, json};

use super::rows::{Gathered, Shown};
use super::store::Shard;
use crate::experiment::results::KpiRow;
use crate::report::document::{Column, Document, Row, Section, Table, Tone};
use crate::report::text::{self, TextStyle};
use crate::report::{human, json, markdown, sections};

/// Most cells of a table on the screen: more need not be kept for [`text()`] and [`markdown()`]. [`json()`] shows all that are.
pub const ROWS: usize = 40;
/// Most KPIs and targets of such a table.
const COLUMNS: usize = 4;

/// Text for a terminal.
pub fn text(gathered: &Gathered, style: TextStyle) -> String {
    text::write(&document(gathered), style)
}

/// Markdown.
pub fn markdown(gathered: &Gathered) -> String {
    markdown::write(&document(gathered))
}

/// One object: the sweep, counts, and every cell with the KPIs that are shown.
pub fn json(gathered: &Gathered) -> String {
    let info = &gathered.info;
    let cells = gathered.rows.iter().enumerate().map(|(number, row)| {
        let axes: Map<String, Value> =
            info.axes.iter().zip(&row.at).map(|(axis, at)| (axis.address.clone(), json!(at.text))).collect();
        let kpis = row.kpis.iter().flatten().map(json::kpi).collect::<Vec<_>>();
        let verdicts: Map<String, Value> =
            row.verdicts.iter().map(|(name, v)| (name.clone(), json!(json::verdict(*v)))).collect();
        let reason = if row.reason.is_empty() { Value::Null } else { json!(row.reason) };
        json!({ "cell": number, "axes": axes, "status": row.status, "reason": reason, "targets": verdicts, "kpis": kpis })
    });
    json::text(&json!({
        "scenario": { "title": info.title, "digest": info.digest },
        "provenance": { "version": info.version, "model": info.model, "seed": info.common_seed() },
        "design": info.design,
        "done": gathered.done,
        "failed": gathered.failed.count,
        "missing": gathered.missing.count,
        "cells": cells.collect::<Vec<_>>(),
    }))
}

/// What became of a shard, as one object.
pub fn shard_json(shard: Shard, done: usize, failed: usize) -> String {
    let cells = done + failed;
    json::text(&json!({ "shard": shard.index + 1, "of": shard.count, "cells": cells, "done": done, "failed": failed }))
}

/// `48 cells (grid over 2 axes): 46 done, 1 failed, 1 missing`.
pub fn sentence(gathered: &Gathered) -> String {
    let count =
        |n: usize, what: &str| if n == 0 { String::new() } else { format!(", {} {what}", human::count(n as u64)) };
    let info = &gathered.info;
    let left_out = match info.points - info.cells {
        0 => String::new(),
        n => format!(", {} left out by conditions", human::count(n as u64)),
    };
    let axes = if info.axes.len() == 1 { "axis" } else { "axes" };
    let cells = if info.cells == 1 { "cell" } else { "cells" };
    format!(
        "{} {cells} ({} over {} {axes}{left_out}): {} done{}{}",
        human::count(info.cells as u64),
        info.design,
        info.axes.len(),
        human::count(gathered.done as u64),
        count(gathered.failed.count, "failed"),
        count(gathered.missing.count, "missing"),
    )
}

fn document(gathered: &Gathered) -> Document {
    let mut table = Table::default();
    let column = |title: &str, right| Column { title: title.to_owned().into(), right };
    table.columns.push(column("cell", true));
    table.columns.extend(gathered.info.axes.iter().map(|axis| column(&axis.address, axis.unit.is_some())));
    table.columns.extend(gathered.shown.iter().take(COLUMNS).map(|kpi| column(kpi, true)));
    table.columns.extend(gathered.info.targets.iter().take(COLUMNS).map(|target| column(&target.name, false)));
    for (number, row) in gathered.rows.iter().enumerate().take(ROWS) {
        table.rows.push(table_row(number, row));
    }
    let mut notes = Vec::new();
    if gathered.info.cells > ROWS {
        notes.push(format!("… and {} more in results.csv", human::count((gathered.info.cells - ROWS) as u64)));
    }
    let hidden = |all: usize, [one, more]: [&str; 2]| match all.saturating_sub(COLUMNS) {
        0 => None,
        n => Some(format!("… and {n} more {} in results.csv", if n == 1 { one } else { more })),
    };
    notes.extend(hidden(gathered.shown.len(), ["KPI", "KPIs"]));
    notes.extend(hidden(gathered.info.targets.len(), ["target", "targets"]));
    let of_some = |row: &Shown| row.kpis.iter().take(COLUMNS).flatten().any(|kpi| kpi.is_partial(row.replications));
    if gathered.rows.iter().take(ROWS).any(of_some) {
        let what = "(n of m): the mean over the n of m replications that have a value; why the others have none is in results.csv";
        notes.push(what.to_owned());
    }
    let section = Section { heading: "Cells".to_owned(), table, notes };
    let mut sections = vec![section];
    sections.extend(failures(gathered));
    let seed = match gathered.info.common_seed() {
        Some(seed) => format!("seed {seed}, the same in all cells"),
        None => "the seed is an axis: cells of different seeds share no random numbers".to_owned(),
    };
    let facts = vec![sentence(gathered), seed];
    Document { title: gathered.info.title.clone(), facts, sections }
}

fn table_row(number: usize, row: &Shown) -> Row {
    let mut cells = vec![number.to_string()];
    cells.extend(row.at.iter().map(|at| at.text.clone()));
    if row.status == "done" {
        let value = |kpi: &KpiRow| value(kpi, row.replications);
        cells.extend(row.kpis.iter().take(COLUMNS).map(|kpi| kpi.as_ref().map_or_else(nothing, value)));
        cells.extend(row.verdicts.iter().take(COLUMNS).map(|(_, verdict)| sections::verdict(*verdict).0.to_owned()));
    } else {
        cells.push(row.status.to_owned());
    }
    Row { tone: Tone::Plain, group: false, cells }
}

fn nothing() -> String {
    human::NOTHING.to_owned()
}

/// `54.2 s ± 1.1`, and where it is a mean of some replications only: `54.2 s ± 1.1 (3 of 10)`.
fn value(row: &KpiRow, replications: u32) -> String {
    let unit = human::display_unit(&row.name, &row.unit);
    let Some(mean) = row.mean else { return nothing() };
    let interval = row.ci95.map_or_else(String::new, |ci| format!(" {}", human::interval_in(unit, mean, ci)));
    let of = if row.is_partial(replications) { format!(" ({} of {replications})", row.n) } else { String::new() };
    format!("{}{interval}{of}", human::value(mean, unit))
}

/// Why cells have no results.
fn failures(gathered: &Gathered) -> Option<Section> {
    let mut rows: Vec<&(usize, Shown)> = gathered.failed.first.iter().chain(&gathered.missing.first).collect();
    rows.sort_by_key(|(number, _)| *number);
    let mut table = Table::new(&[("cell", true), ("", false), ("reason", false)]);
    for (number, row) in rows.iter().take(ROWS) {
        // The first line says what is wrong; the table of all has the rest.
        let reason = row.reason.lines().next().unwrap_or_default().to_owned();
        table.row(Tone::Bad, vec![number.to_string(), row.status.to_owned(), reason]);
    }
    let more = (gathered.failed.count + gathered.missing.count).saturating_sub(ROWS);
    let notes = if more > 0 { vec![format!("… and {more} more in results.csv")] } else { Vec::new() };
    (!rows.is_empty()).then(|| Section { heading: "Cells without results".to_owned(), table, notes })
}
