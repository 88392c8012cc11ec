//! From the cells of one or more folders to the table of all, and the charts.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind};
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::Value;

use super::place::Place;
use super::row::read_ids;
use super::rows::{self, Gathered};
use super::store::{INFO, PLAN, Store, StoreError, cell_name, id_files, read_cell, read_info};
use super::{cell, info};
use crate::experiment::results::sweep::{CellResults, SweepInfo};
use crate::kpi;
use crate::report::charts;
use crate::report::files::FileError;

/// What is known of a cell.
enum Known {
    /// No shard has listed it.
    Unlisted,
    Named(u128),
    /// It has no plan; why.
    Impossible(String),
}

/// A cell that was looked for.
pub(super) enum Got {
    /// It is there, with results or failed.
    Here(CellResults),
    /// It is not; what is known of it.
    Missing(String),
}

/// Cells that are read at once, by all threads.
const AT_ONCE: usize = 256;

/// A KPI that some cell has.
pub(super) struct Produced {
    /// Unit word of the registry.
    pub(super) unit: String,
    /// Whether some replication of some cell has a value, and whether some has none.
    pub(super) valued: bool,
    pub(super) lacking: bool,
}

impl Produced {
    /// Whether it has a value here and none there: the table then says in how many replications it has one, and why the others have none.
    pub(super) fn is_mixed(&self) -> bool {
        self.valued && self.lacking
    }
}

/// KPIs by name.
pub(super) type Kpis = BTreeMap<String, Produced>;

/// What a cell has that those before it have not.
struct News {
    id: u128,
    by: Option<Value>,
    kpis: Vec<(String, Produced)>,
}

/// The places that are merged.
pub(super) struct Places<'a> {
    all: &'a [Arc<dyn Place>],
    pub(super) info: SweepInfo,
    known: Vec<Known>,
    allow_mixed: bool,
}

/// Writes `results.csv`, `results.parquet` and the charts to `out`, from the cells in `places`. `shown` names the KPIs that are
/// charted and returned, the latter of the first `keep` cells; those of targets where none are named.
///
/// # Errors
/// Folders of different sweeps, different bytes for one cell, cells of different builds (unless `allow_mixed`), and what the
/// system says. Missing and failed cells are no error: they are rows.
pub fn gather(
    places: &[Arc<dyn Place>],
    out: &dyn Place,
    shown: &[String],
    keep: usize,
    allow_mixed: bool,
) -> Result<Gathered, StoreError> {
    let merged = Places::open(places, allow_mixed)?;
    let kpis = merged.scan()?;
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
    let gathered = rows::write(&merged, out, &kpis, shown, keep)?;
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

    /// The first place, which the plan is read from.
    pub(super) fn first(&self) -> &dyn Place {
        &*self.all[0]
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

    /// All KPIs; that all cells were made by the same is checked. The first pass.
    fn scan(&self) -> Result<Kpis, StoreError> {
        let mut kpis = Kpis::new();
        let mut made: Option<(String, Value)> = None;
        let named = self.known.iter().filter_map(|known| if let Known::Named(id) = known { Some(*id) } else { None });
        let wanted: Vec<(u128, &dyn Place)> =
            named.flat_map(|id| self.all.iter().map(move |place| (id, &**place))).collect();
        for wanted in wanted.chunks(AT_ONCE) {
            // Threads hand on what is new to them, which is little.
            let news = |(id, place): &(u128, &dyn Place)| -> Result<Option<News>, StoreError> {
                let Some(Ok((_, found))) = read_cell(*place, *id)? else { return Ok(None) };
                let by = made.as_ref().is_none_or(|(_, by)| *by != found.made_by).then_some(found.made_by);
                let replications = found.results.replications;
                let new = found.results.kpis.into_iter().filter_map(|kpi| {
                    let (valued, lacking) = (kpi.n > 0, kpi.n < replications);
                    let new = |known: &Produced| (valued && !known.valued) || (lacking && !known.lacking);
                    let news = kpis.get(&kpi.name).is_none_or(new);
                    news.then_some((kpi.name, Produced { unit: kpi.unit, valued, lacking }))
                });
                Ok(Some(News { id: *id, by, kpis: new.collect() }))
            };
            let read = wanted.par_iter().map(news).collect::<Result<Vec<_>, _>>()?;
            for news in read.into_iter().flatten() {
                for (name, new) in news.kpis {
                    let (valued, lacking) = (new.valued, new.lacking);
                    let known = kpis.entry(name).or_insert(new);
                    known.valued |= valued;
                    known.lacking |= lacking;
                }
                match (&made, news.by) {
                    (None, by) => made = by.map(|by| (cell::name(news.id), by)),
                    (Some((first, by)), Some(other)) if *by != other && !self.allow_mixed => {
                        let what = difference(by, &other);
                        return Err(StoreError::Mixed(first.clone(), cell::name(news.id), what));
                    }
                    _ => {}
                }
            }
        }
        Ok(kpis)
    }

    /// The cell of a number. Copies in several folders must be the same bytes.
    pub(super) fn get(&self, number: usize) -> Result<Got, StoreError> {
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
}

/// Which parts of what made two cells differ.
fn difference(a: &Value, b: &Value) -> String {
    let parts = a.as_object().into_iter().flatten();
    let differing: Vec<&str> = parts.filter(|(key, value)| b[*key] != **value).map(|(key, _)| key.as_str()).collect();
    differing.join(", ")
}

/// The charts of a sweep, into `charts/`.
fn draw(out: &dyn Place, gathered: &Gathered) -> Result<(), StoreError> {
    let chart = charts::sweep(&gathered.surface);
    let (svg, png) = rayon::join(|| charts::svg(&chart), || charts::png(&chart));
    out.prepare(&["charts"])?;
    out.write("charts/sweep.svg", svg?.as_bytes())?;
    Ok(out.write("charts/sweep.png", &png?)?)
}
