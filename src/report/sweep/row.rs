//! `plan.csv` and `ids/*.csv`: which cells there are, and which file holds each.

use std::io::{BufWriter, Read};

use super::cell;
use super::place::Place;
use super::store::{Ids, PLAN, StoreError};
use super::table::Column;
use crate::experiment::results::sweep::{Coordinate, SweepInfo};
use crate::report::csv::shortest;
use crate::report::files::Whole;

/// The columns that place a cell: its number, then every axis as written, and as a number where it is one.
pub(super) fn place(info: &SweepInfo) -> Vec<Column> {
    let mut out = vec![Column { name: "cell".to_owned(), number: true }];
    for axis in &info.axes {
        out.push(Column { name: axis.address.clone(), number: false });
        let name = axis.unit.as_ref().map(|unit| with_unit(&axis.address, unit));
        out.extend(name.map(|name| Column { name, number: true }));
    }
    out
}

fn place_heads(info: &SweepInfo) -> Vec<String> {
    place(info).into_iter().map(|column| column.name).collect()
}

/// A name with its unit; a plain number has none.
pub(super) fn with_unit(name: &str, unit: &str) -> String {
    if unit == "1" { format!("{name} (number)") } else { format!("{name} [{unit}]") }
}

/// Writes `plan.csv`, which was begun.
pub(super) fn write_plan(
    mut whole: Whole,
    info: &SweepInfo,
    plan: impl Iterator<Item = Vec<Coordinate>>,
) -> Result<(), StoreError> {
    let failed = whole.failed();
    let mut out = csv::Writer::from_writer(BufWriter::new(&mut whole));
    let wrote = |e: csv::Error| StoreError::from(failed(e.into()));
    out.write_record(place_heads(info)).map_err(wrote)?;
    for (number, coordinates) in plan.enumerate() {
        let mut cells = vec![number.to_string()];
        for (axis, at) in info.axes.iter().zip(coordinates) {
            cells.push(at.text);
            cells.extend(axis.unit.as_ref().map(|_| at.number.map_or_else(String::new, shortest)));
        }
        out.write_record(&cells).map_err(wrote)?;
    }
    out.into_inner()
        .map_err(|e| failed(e.into_error()))
        .and_then(|inner| inner.into_inner().map(|_| ()).map_err(|e| failed(e.into_error())))?;
    Ok(whole.finish()?)
}

/// The rows of `plan.csv`, one after the other.
pub(super) struct Plan {
    reader: csv::Reader<Box<dyn Read>>,
    units: Vec<bool>,
    broken: Box<dyn Fn(String) -> StoreError>,
}

impl Plan {
    /// Opens it.
    pub(super) fn open(place: &dyn Place, info: &SweepInfo) -> Result<Plan, StoreError> {
        let path = place.show(PLAN);
        let broken = Box::new(move |what| StoreError::Broken(path.clone(), what));
        let mut reader = csv::Reader::from_reader(place.open(PLAN)?);
        let heads = reader.headers().map_err(|e| broken(e.to_string()))?;
        if *heads != place_heads(info)[..] {
            return Err(broken("is the plan of another sweep".to_owned()));
        }
        Ok(Plan { reader, units: info.axes.iter().map(|axis| axis.unit.is_some()).collect(), broken })
    }

    /// The axes of the next cell; `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<Vec<Coordinate>>, StoreError> {
        let mut record = csv::StringRecord::new();
        if !self.reader.read_record(&mut record).map_err(|e| (self.broken)(e.to_string()))? {
            return Ok(None);
        }
        let mut fields = record.iter().skip(1);
        let mut out = Vec::new();
        for has_unit in &self.units {
            let text = fields.next().unwrap_or_default().to_owned();
            let number = if *has_unit { fields.next().and_then(|number| number.parse().ok()) } else { None };
            out.push(Coordinate { text, number });
        }
        Ok(Some(out))
    }
}

/// The text of a file in `ids/`: `cell,id,problem`.
pub(super) fn ids_text(ids: &Ids) -> String {
    let row = |(number, id): &(usize, Result<u128, String>)| match id {
        Ok(id) => vec![number.to_string(), cell::name(*id), String::new()],
        Err(problem) => vec![number.to_string(), String::new(), problem.clone()],
    };
    crate::report::csv::table(&["cell", "id", "problem"], ids.iter().map(row))
}

/// The same read back.
pub(super) fn read_ids(place: &dyn Place, name: &str) -> Result<Ids, StoreError> {
    let broken = || StoreError::Broken(place.show(name), "is no list of cells".to_owned());
    let mut out = Vec::new();
    for record in csv::Reader::from_reader(place.open(name)?).records() {
        let record = record.map_err(|_| broken())?;
        let number = record.get(0).and_then(|n| n.parse().ok()).ok_or_else(broken)?;
        let id = match (record.get(1), record.get(2)) {
            (Some(""), Some(problem)) => Err(problem.to_owned()),
            (Some(id), Some(_)) => Ok(u128::from_str_radix(id, 16).map_err(|_| broken())?),
            _ => return Err(broken()),
        };
        out.push((number, id));
    }
    Ok(out)
}
