//! From the cells of one or more folders to the table of all, and the charts.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Error, ErrorKind};
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::Value;

use super::place::Place;
use super::row::{Plan, place, read_ids, with_unit};
use super::store::{INFO, PLAN, Store, StoreError, cell_name, id_files, read_cell, read_info};
use super::table::{Column, Field, Tables};
use super::{cell, info};
use crate::experiment::results::sweep::{CellResults, Coordinate, SweepInfo};
use crate::experiment::results::{KpiRow, Verdict};
use crate::kpi;
use crate::report::charts::{self, Dot, Surface};
use crate::report::files::FileError;
use crate::report::{human, json};

/// What all cells amount to.
#[derive(Debug)]
pub struct Gathered {
    /// The sweep.
    pub info: SweepInfo,
    /// Cells with results.
    pub done: usize,
    /// Numbers of the cells that failed.
    pub failed: Vec<usize>,
    /// Numbers of the cells that are not there, each with what is known of it.
    pub missing: Vec<(usize, String)>,
    /// KPIs that are shown.
    pub shown: Vec<String>,
    /// Every cell with its axes and the KPIs that are shown.
    pub rows: Vec<Shown>,
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
    /// The KPIs that are shown; `None` where there is no such KPI.
    pub kpis: Vec<Option<KpiRow>>,
    /// Verdicts by target.
    pub verdicts: Vec<(String, Verdict)>,
}

/// What is known of a cell.
enum Known {
    /// No shard has listed it.
    Unlisted,
    Named(u128),
    /// It has no plan; why.
    Impossible(String),
}

/// A cell that was looked for.
enum Got {
    Here(CellResults),
    Missing(String),
}

/// Cells that are read at once, by all threads.
const AT_ONCE: usize = 256;

/// The places that are merged.
struct Places<'a> {
    all: &'a [Arc<dyn Place>],
    info: SweepInfo,
    known: Vec<Known>,
    allow_mixed: bool,
}

/// Writes `results.csv`, `results.parquet` and the charts to `out`, from the cells in `places`. `shown` names the KPIs that are
/// charted and returned; those of targets where none are named.
///
/// # Errors
/// Folders of different sweeps, different bytes for one cell, cells of different builds (unless `allow_mixed`), and what the
/// system says. Missing and failed cells are no error: they are rows.
pub fn gather(
    places: &[Arc<dyn Place>],
    out: &dyn Place,
    shown: &[String],
    allow_mixed: bool,
) -> Result<Gathered, StoreError> {
    let merged = Places::open(places, allow_mixed)?;
    let (kpis, failures) = merged.scan()?;
    // Where no cell has results nobody knows what they would have been.
    if let Some(unknown) = shown.iter().find(|name| !kpis.is_empty() && !kpis.contains_key(*name)) {
        return Err(StoreError::NoKpi(kpi::unproduced(unknown, kpis.keys().map(String::as_str))));
    }
    let shown = match shown {
        [] => merged.target_kpis(),
        named => named.to_vec(),
    };
    if places.iter().all(|place| place.show("") != out.show("")) {
        Store::check(out)?;
        out.prepare(&[])?;
        out.write(INFO, info::encode(&merged.info).as_bytes())?;
        out.write(PLAN, &plan_of(&*places[0])?)?;
    }
    let gathered = merged.write(out, &kpis, shown, failures)?;
    draw(out, &gathered)?;
    Ok(gathered)
}

/// The bytes of `plan.csv`.
fn plan_of(place: &dyn Place) -> Result<Vec<u8>, StoreError> {
    let missing = || FileError::on("read", &place.show(PLAN))(Error::from(ErrorKind::NotFound)).into();
    place.read(PLAN)?.ok_or_else(missing)
}

impl<'a> Places<'a> {
    fn open(all: &'a [Arc<dyn Place>], allow_mixed: bool) -> Result<Self, StoreError> {
        let first = &*all[0];
        let info = read_info(first)?;
        for place in &all[1..] {
            let other = read_info(&**place)?;
            let version = (&other.version, &other.model) == (&info.version, &info.model);
            if !version && !allow_mixed {
                return Err(StoreError::Versions(first.show(""), place.show("")));
            }
            let alike = SweepInfo { version: info.version.clone(), model: info.model.clone(), ..other };
            if alike != info || plan_of(first)? != plan_of(&**place)? {
                return Err(StoreError::Different(first.show(""), place.show("")));
            }
        }
        let known = (0..info.cells).map(|_| Known::Unlisted).collect();
        let mut places = Places { all, info, known, allow_mixed };
        for place in all {
            for name in id_files(&**place)? {
                for (number, id) in read_ids(&**place, &name)? {
                    places.learn(number, id, || place.show(&name))?;
                }
            }
        }
        Ok(places)
    }

    fn learn(&mut self, number: usize, id: Result<u128, String>, list: impl Fn() -> PathBuf) -> Result<(), StoreError> {
        let outside = || StoreError::Broken(list(), format!("lists a cell {number} that is not in the plan"));
        let known = self.known.get_mut(number).ok_or_else(outside)?;
        match (&*known, &id) {
            (Known::Named(old), Ok(new)) if old != new && !self.allow_mixed => {
                let what = format!("names cell {number} otherwise than another list: the models differ");
                return Err(StoreError::Broken(list(), what));
            }
            (Known::Unlisted, Ok(id)) => *known = Known::Named(*id),
            (Known::Unlisted, Err(problem)) => *known = Known::Impossible(problem.clone()),
            _ => {}
        }
        Ok(())
    }

    /// Names and units of all KPIs, and what made the cells. The first pass.
    fn scan(&self) -> Result<(BTreeMap<String, String>, usize), StoreError> {
        let mut kpis = BTreeMap::new();
        let mut made: Option<(String, Value)> = None;
        let mut failures = 0;
        let named = self.known.iter().filter_map(|known| if let Known::Named(id) = known { Some(*id) } else { None });
        let wanted: Vec<(u128, &dyn Place)> =
            named.flat_map(|id| self.all.iter().map(move |place| (id, &**place))).collect();
        for wanted in wanted.chunks(AT_ONCE) {
            let read: Vec<_> = wanted.par_iter().map(|(id, place)| read_cell(*place, *id)).collect();
            for ((id, _), read) in wanted.iter().zip(read) {
                let Some(Ok((_, found))) = read? else { continue };
                failures += usize::from(found.results.failure.is_some());
                for kpi in found.results.kpis {
                    kpis.entry(kpi.name).or_insert(kpi.unit);
                }
                match &made {
                    None => made = Some((cell::name(*id), found.made_by)),
                    Some((first, by)) if *by != found.made_by && !self.allow_mixed => {
                        let what = difference(by, &found.made_by);
                        return Err(StoreError::Mixed(first.clone(), cell::name(*id), what));
                    }
                    Some(_) => {}
                }
            }
        }
        Ok((kpis, failures))
    }

    /// The cell of a number. Copies in several folders must be the same bytes.
    fn get(&self, number: usize) -> Result<Got, StoreError> {
        let id = match &self.known[number] {
            Known::Unlisted => {
                return Ok(Got::Missing("its shard was not begun, or is not among the folders".to_owned()));
            }
            Known::Impossible(problem) => return Ok(Got::Here(CellResults::failed(problem.clone(), 0))),
            Known::Named(id) => *id,
        };
        let mut found: Option<(Vec<u8>, CellResults)> = None;
        let mut wrong = None;
        for place in self.all {
            match read_cell(&**place, id)? {
                None => {}
                Some(Err(what)) => wrong = Some(what),
                Some(Ok((bytes, cell))) => match &found {
                    Some((first, _)) if *first != bytes && !self.allow_mixed => {
                        return Err(StoreError::Differs(number, place.show(&cell_name(id))));
                    }
                    Some(_) => {}
                    None => found = Some((bytes, cell.results)),
                },
            }
        }
        Ok(match (found, wrong) {
            (Some((_, results)), _) => Got::Here(results),
            (None, Some(what)) => Got::Missing(format!("its file {what}")),
            (None, None) => Got::Missing("not done yet".to_owned()),
        })
    }

    /// KPIs of targets, each once. No stat means the mean.
    fn target_kpis(&self) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for target in &self.info.targets {
            let name = target.kpi.strip_suffix(".mean").unwrap_or(&target.kpi);
            if !out.iter().any(|known| known == name) {
                out.push(name.to_owned());
            }
        }
        out
    }

    /// The table. The second pass.
    fn write(
        self,
        out: &dyn Place,
        kpis: &BTreeMap<String, String>,
        shown: Vec<String>,
        failures: usize,
    ) -> Result<Gathered, StoreError> {
        let mut tables = Tables::begin(out, columns(&self.info, kpis))?;
        let mut plan = Plan::open(&*self.all[0], &self.info)?;
        let mut ready = Vec::new().into_iter();
        let (mut done, mut failed, mut missing, mut rows) = (0, Vec::with_capacity(failures), Vec::new(), Vec::new());
        for number in 0..self.known.len() {
            let Some(at) = plan.next()? else {
                let what = format!("ends before cell {number} of {}", self.known.len());
                return Err(StoreError::Broken(self.all[0].show(PLAN), what));
            };
            if number.is_multiple_of(AT_ONCE) {
                let next = number..self.known.len().min(number + AT_ONCE);
                ready = next.into_par_iter().map(|number| self.get(number)).collect::<Result<Vec<_>, _>>()?.into_iter();
            }
            let Some(got) = ready.next() else { break };
            let (status, reason) = match &got {
                Got::Missing(what) => ("missing", what.clone()),
                Got::Here(results) => match &results.failure {
                    Some(why) => ("failed", why.clone()),
                    None => ("done", String::new()),
                },
            };
            let results = match got {
                Got::Here(results) => results,
                Got::Missing(what) => {
                    missing.push((number, what));
                    CellResults::failed(String::new(), 0)
                }
            };
            done += usize::from(status == "done");
            if status == "failed" {
                failed.push(number);
            }
            tables.row(fields(&self.info, number, &at, (status, &reason), &results, kpis))?;
            let kpi = |name: &String| results.kpis.iter().find(|kpi| kpi.name == *name).cloned();
            let kpis = shown.iter().map(kpi).collect();
            rows.push(Shown { at, status, reason, kpis, verdicts: results.verdicts });
        }
        tables.finish()?;
        Ok(Gathered { info: self.info, done, failed, missing, shown, rows })
    }
}

/// Which parts of what made two cells differ.
fn difference(a: &Value, b: &Value) -> String {
    let parts = a.as_object().into_iter().flatten();
    let differing: Vec<&str> = parts.filter(|(key, value)| b[*key] != **value).map(|(key, _)| key.as_str()).collect();
    differing.join(", ")
}

/// All columns: place, status, targets, then three for each KPI.
fn columns(info: &SweepInfo, kpis: &BTreeMap<String, String>) -> Vec<Column> {
    let text = |name: String| Column { name, number: false };
    let mut out = place(info);
    out.extend(["status", "reason"].map(|name| text(name.to_owned())));
    out.push(Column { name: "replications".to_owned(), number: true });
    out.extend(info.targets.iter().map(|target| text(format!("target.{}", target.name))));
    for (name, unit) in kpis {
        let numeric = unit != "date";
        for stat in ["", ".ci95_lo", ".ci95_hi"] {
            let name = format!("{name}{stat}");
            let name = if unit == "1" || !numeric { name } else { with_unit(&name, unit) };
            out.push(Column { name, number: numeric });
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
    number: usize,
    at: &[Coordinate],
    (status, reason): (&str, &str),
    results: &CellResults,
    kpis: &BTreeMap<String, String>,
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
    for (name, unit) in kpis {
        let kpi = rows.next_if(|row| row.name == *name);
        let values = kpi.map_or([None; 3], |k| [k.mean, k.ci95.map(|ci| ci[0]), k.ci95.map(|ci| ci[1])]);
        out.extend(values.map(|value| match value {
            Some(seconds) if unit == "date" => human::date(seconds).map_or(Field::Nothing, Field::Text),
            Some(value) => Field::Number(value),
            None => Field::Nothing,
        }));
    }
    out
}

/// The charts of a sweep, into `charts/`.
fn draw(out: &dyn Place, gathered: &Gathered) -> Result<(), StoreError> {
    let dots = gathered.rows.iter().map(|row| Dot { at: &row.at, kpis: &row.kpis }).collect();
    let chart = charts::sweep(&Surface { info: &gathered.info, kpis: &gathered.shown, dots });
    let (svg, png) = (charts::svg(&chart)?, charts::png(&chart)?);
    out.prepare(&["charts"])?;
    out.write("charts/sweep.svg", svg.as_bytes())?;
    Ok(out.write("charts/sweep.png", &png)?)
}
