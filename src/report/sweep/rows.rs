//! The rows of the table: prepared by all threads, written by one in the order of the plan.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::gather::{Got, Kpis, Places, Produced};
use super::place::Place;
use super::row::{Plan, place, with_unit};
use super::store::{PLAN, StoreError};
use super::table::{Block, Column, Field, Tables};
use crate::experiment::results::sweep::{CellResults, Coordinate, SweepInfo};
use crate::experiment::results::{KpiRow, Verdict};
use crate::report::charts::{Drawn, Mean, Surface};
use crate::report::{human, json};

/// Cells that are prepared at once, and those of them that one thread takes.
const AT_ONCE: usize = 512;
const TOGETHER: usize = 32;
/// Cells without results that are kept with their reasons.
const NAMED: usize = 40;

/// What all cells amount to. Holds the rows that were asked for, and no more cells than a chart can show.
#[derive(Debug)]
pub struct Gathered {
    /// The sweep.
    pub info: SweepInfo,
    /// Cells with results.
    pub done: usize,
    /// Cells that failed.
    pub failed: Unfinished,
    /// Cells that are not there.
    pub missing: Unfinished,
    /// KPIs that are shown.
    pub shown: Vec<String>,
    /// The first cells, as many as were asked for, with their axes and the KPIs that are shown.
    pub rows: Vec<Shown>,
    /// What is drawn.
    pub(super) surface: Surface,
}

/// Cells without results.
#[derive(Debug, Default)]
pub struct Unfinished {
    /// How many.
    pub count: usize,
    /// The first of them, with their numbers.
    pub first: Vec<(usize, Shown)>,
}

/// A cell as it is shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Axes.
    pub at: Vec<Coordinate>,
    /// `done`, `failed` or `missing`.
    pub status: &'static str,
    /// Why it is not done.
    pub reason: String,
    /// Its replications.
    pub replications: u32,
    /// The KPIs that are shown; `None` where there is no such KPI.
    pub kpis: Vec<Option<KpiRow>>,
    /// Verdicts by target.
    pub verdicts: Vec<(String, Verdict)>,
}

/// A cell that is ready: what is drawn of it, and what is shown where it may be.
struct Ready {
    at: Vec<Coordinate>,
    means: Box<[Option<Mean>]>,
    status: &'static str,
    shown: Option<Shown>,
}

/// What every row needs.
struct Rows<'a> {
    places: &'a Places<'a>,
    kpis: &'a Kpis,
    shown: &'a [String],
    keep: usize,
}

/// Writes the table of all cells, which is the second pass over them. While rows are written the next ones are prepared, so that one thread more has
/// work than the one that writes.
pub(super) fn write(
    places: &Places<'_>,
    out: &dyn Place,
    kpis: &Kpis,
    shown: Vec<String>,
    keep: usize,
) -> Result<Gathered, StoreError> {
    let columns = columns(&places.info, kpis);
    let rows = Rows { places, kpis, shown: &shown, keep };
    let mut tables = Tables::begin(out, columns)?;
    let mut plan = Plan::open(places.first(), &places.info)?;
    let drawn = shown.iter().map(|name| Drawn {
        name: name.clone(),
        unit: kpis.get(name).map_or_else(|| "1".to_owned(), |k| k.unit.clone()),
    });
    let mut gathered = Gathered {
        info: places.info.clone(),
        done: 0,
        failed: Unfinished::default(),
        missing: Unfinished::default(),
        shown: shown.clone(),
        rows: Vec::new(),
        surface: Surface::new(places.info.clone(), drawn.collect()),
    };
    let cells = places.info.cells;
    let mut ready = rows.prepare(0, next(&mut plan, places, 0, cells)?)?;
    let mut from = 0;
    while !ready.is_empty() {
        from += AT_ONCE;
        let following = next(&mut plan, places, from.min(cells), cells)?;
        let (blocks, ended): (Vec<Block>, Vec<Vec<Ready>>) = ready.into_iter().unzip();
        let (written, prepared) = rayon::join(
            || blocks.into_iter().try_for_each(|block| tables.take(block)),
            || rows.prepare(from, following),
        );
        written?;
        ended.into_iter().flatten().for_each(|ready| gathered.add(ready, keep));
        ready = prepared?;
    }
    tables.finish()?;
    Ok(gathered)
}

/// The places in the plan of the next cells, from number `from` on.
fn next(plan: &mut Plan, places: &Places<'_>, from: usize, cells: usize) -> Result<Vec<Vec<Coordinate>>, StoreError> {
    let one = |number: usize| {
        let ends = || StoreError::Broken(places.first().show(PLAN), format!("ends before cell {number} of {cells}"));
        plan.next()?.ok_or_else(ends)
    };
    (from..cells.min(from + AT_ONCE)).map(one).collect()
}

impl Rows<'_> {
    /// Reads cells and makes their rows, in order.
    fn prepare(&self, from: usize, at: Vec<Vec<Coordinate>>) -> Result<Vec<(Block, Vec<Ready>)>, StoreError> {
        let numbered: Vec<(usize, Vec<Coordinate>)> =
            at.into_iter().enumerate().map(|(i, at)| (from + i, at)).collect();
        let block = |cells: &[(usize, Vec<Coordinate>)]| {
            let mut block = Block::begin();
            let mut ready = Vec::with_capacity(cells.len());
            for (number, at) in cells {
                let (fields, one) = self.row(*number, at)?;
                block.row(fields);
                ready.push(one);
            }
            Ok((block, ready))
        };
        numbered.par_chunks(TOGETHER).map(block).collect()
    }

    fn row(&self, number: usize, at: &[Coordinate]) -> Result<(Vec<Field>, Ready), StoreError> {
        let (status, reason, results) = match self.places.get(number)? {
            Got::Missing(what) => ("missing", what, CellResults::failed(String::new(), 0)),
            Got::Here(results) => match &results.failure {
                Some(why) => ("failed", why.clone(), results),
                None => ("done", String::new(), results),
            },
        };
        let info = &self.places.info;
        let fields = fields(info, (number, at), (status, &reason), &results, self.kpis);
        let found = |name: &String| results.kpis.iter().find(|kpi| kpi.name == *name);
        let of = |row: &KpiRow| Mean::of(row, results.replications);
        let means = self.shown.iter().map(|name| found(name).and_then(of)).collect();
        let shown = (number < self.keep || status != "done").then(|| Shown {
            at: at.to_vec(),
            status,
            reason,
            replications: results.replications,
            kpis: self.shown.iter().map(|name| found(name).cloned()).collect(),
            verdicts: results.verdicts.clone(),
        });
        Ok((fields, Ready { at: at.to_vec(), means, status, shown }))
    }
}

impl Gathered {
    /// Counts the next cell and keeps of it what is kept.
    fn add(&mut self, ready: Ready, keep: usize) {
        let number = self.done + self.failed.count + self.missing.count;
        self.surface.add(&ready.at, ready.means);
        let kind = match ready.status {
            "failed" => Some(&mut self.failed),
            "missing" => Some(&mut self.missing),
            _ => None,
        };
        match kind {
            None => self.done += 1,
            Some(kind) => {
                kind.count += 1;
                let first = ready.shown.clone().filter(|_| kind.first.len() < NAMED);
                kind.first.extend(first.map(|shown| (number, shown)));
            }
        }
        self.rows.extend(ready.shown.filter(|_| number < keep));
    }
}

/// All columns: place, status, targets, then three for each KPI, and two more for one that has values here and none there.
fn columns(info: &SweepInfo, kpis: &Kpis) -> Vec<Column> {
    let text = |name: String| Column { name, number: false };
    let mut out = place(info);
    out.extend(["status", "reason"].map(|name| text(name.to_owned())));
    out.push(Column { name: "replications".to_owned(), number: true });
    out.extend(info.targets.iter().map(|target| text(format!("target.{}", target.name))));
    for (name, produced @ Produced { unit, .. }) in kpis {
        let numeric = unit != "date";
        for stat in ["", ".ci95_lo", ".ci95_hi"] {
            let name = format!("{name}{stat}");
            let name = if unit == "1" || !numeric { name } else { with_unit(&name, unit) };
            out.push(Column { name, number: numeric });
        }
        if produced.is_mixed() {
            out.push(Column { name: format!("{name}.n"), number: true });
            out.push(text(format!("{name}.reason")));
        }
    }
    unique(&mut out);
    out
}

/// A result that is called as an axis is (the axis `replications`, the KPI of a power that is varied) says that it is the result.
fn unique(columns: &mut [Column]) {
    let mut seen = BTreeSet::new();
    for column in columns {
        while !seen.insert(column.name.clone()) {
            column.name.push_str(" (result)");
        }
    }
}

fn fields(
    info: &SweepInfo,
    (number, at): (usize, &[Coordinate]),
    (status, reason): (&str, &str),
    results: &CellResults,
    kpis: &Kpis,
) -> Vec<Field> {
    let text = |text: &str| if text.is_empty() { Field::Nothing } else { Field::Text(text.to_owned()) };
    let mut out = vec![Field::Number(number as f64)];
    for (axis, at) in info.axes.iter().zip(at) {
        out.push(text(&at.text));
        out.extend(axis.unit.as_ref().map(|_| at.number.map_or(Field::Nothing, Field::Number)));
    }
    out.extend([text(status), text(reason)]);
    out.push(if results.replications == 0 { Field::Nothing } else { Field::Number(f64::from(results.replications)) });
    for target in &info.targets {
        let verdict = results.verdicts.iter().find(|(name, _)| *name == target.name);
        out.push(verdict.map_or(Field::Nothing, |(_, verdict)| text(json::verdict(*verdict))));
    }
    // Both are sorted by name.
    let mut rows = results.kpis.iter().peekable();
    for (name, produced @ Produced { unit, .. }) in kpis {
        let kpi = rows.next_if(|row| row.name == *name);
        let values = kpi.map_or([None; 3], |k| [k.mean, k.ci95.map(|ci| ci[0]), k.ci95.map(|ci| ci[1])]);
        out.extend(values.map(|value| match value {
            Some(seconds) if unit == "date" => human::date(seconds).map_or(Field::Nothing, Field::Text),
            Some(value) => Field::Number(value),
            None => Field::Nothing,
        }));
        if produced.is_mixed() {
            out.push(kpi.map_or(Field::Nothing, |k| Field::Number(f64::from(k.n))));
            out.push(kpi.and_then(|k| k.reason.as_deref()).map_or(Field::Nothing, text));
        }
    }
    out
}
