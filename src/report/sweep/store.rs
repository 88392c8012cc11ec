//! The files of a sweep in its folder.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use super::cell::{self, Cell};
use super::place::Place;
use super::{info, row};
use crate::experiment::results::sweep::{CellResults, Coordinate, SweepInfo};
use crate::report::charts::ChartError;
use crate::report::files::{self, FileError, Lasting};
use crate::report::manifest;

/// Names in the folder.
pub(super) const INFO: &str = "sweep.json";
pub(super) const PLAN: &str = "plan.csv";
const CELLS: &str = "cells";
const IDS: &str = "ids";

/// The folder of a sweep could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder holds something that is not ours.
    #[error("{} exists and is not the folder of a sweep (it is not empty and has no {INFO})", .0.display())]
    Foreign(PathBuf),
    /// An address that no sweep can be kept at.
    #[error("{0}: {1}")]
    Address(String, String),
    /// The folder holds another sweep, which other shards may be working on.
    #[error("{} holds another sweep than this one; a shard needs a folder of its own, or one of the same sweep", .0.display())]
    OtherSweep(PathBuf),
    /// The folders that are to be merged are of different sweeps.
    #[error("{} and {} hold different sweeps", .0.display(), .1.display())]
    Different(PathBuf, PathBuf),
    /// The folders that are to be merged were made by different versions.
    #[error("{} and {} were made by different versions of the program; --allow-mixed merges them all the same", .0.display(), .1.display())]
    Versions(PathBuf, PathBuf),
    /// Cells were made by different builds or on different machines.
    #[error("cells were made by different builds or kinds of machine ({} and {} differ in {}); --allow-mixed takes them all the same", .0, .1, .2)]
    Mixed(String, String, String),
    /// A KPI is to be shown that no cell has.
    #[error("--kpi: {0}")]
    NoKpi(String),
    /// Two writers of one cell differ.
    #[error(
        "cell {0}: {1} holds other bytes than this program computed for the same input; both were made by the same build. This is a bug of ours"
    )]
    Differs(usize, PathBuf),
    /// A file of the folder cannot be understood.
    #[error("{}: {}", .0.display(), .1)]
    Broken(PathBuf, String),
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// A chart could not be drawn.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// The table could not be encoded.
    #[error("results.parquet: {0}")]
    Parquet(#[from] ::parquet::errors::ParquetError),
}

impl StoreError {
    /// Whether the disk refused what was encoded.
    pub fn is_disk(&self) -> bool {
        match self {
            StoreError::File(_) => true,
            StoreError::Parquet(::parquet::errors::ParquetError::External(inner)) => inner.is::<io::Error>(),
            _ => false,
        }
    }
}

/// A part of the cells: those whose number leaves the rest `index` when it is divided by `count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 0, below `count`.
    pub index: usize,
    /// Number of shards, at least 1.
    pub count: usize,
}

impl Shard {
    /// All cells.
    pub const ALL: Shard = Shard { index: 0, count: 1 };

    /// Its cells, of so many.
    pub fn cells(self, of: usize) -> Vec<usize> {
        (self.index..of).step_by(self.count).collect()
    }
}

/// Names of the cells of a shard, by number; in place of a name, why there is no plan for it.
pub type Ids = Vec<(usize, Result<u128, String>)>;

/// What is there of a cell.
#[derive(Debug)]
pub enum Found {
    /// Nothing.
    Missing,
    /// Results, made by a build and machine like this one.
    Done,
    /// A failure, made by the same.
    Failed,
    /// Something made by another build or on another kind of machine.
    OtherBuild,
    /// A file that cannot be read back; what is wrong with it.
    Damaged(&'static str),
}

/// The place of a sweep.
pub struct Store {
    place: Arc<dyn Place>,
    made_by: Value,
}

impl Store {
    /// Whether a place may hold a sweep, to be asked before hours of simulation.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] when it holds other things.
    pub fn check(place: &dyn Place) -> Result<(), StoreError> {
        let Some(entries) = place.entries()? else { return Ok(()) };
        // Another shard may be making it right now: the folders come before the file that says whose they are.
        let unfinished = |name: &str| name.starts_with(files::TEMPORARY) || [CELLS, IDS].contains(&name);
        let others = entries.iter().any(|name| !unfinished(name));
        match others && read_info(place).is_err() {
            true => Err(StoreError::Foreign(place.show(""))),
            false => Ok(()),
        }
    }

    /// Opens a place for a sweep and a shard of it, and writes its plan. A place that holds another sweep is taken over by
    /// an unsharded one; cells stay, because their names say what they are.
    ///
    /// # Errors
    /// As [`Store::check`]; [`StoreError::OtherSweep`] for a shard; what the system says.
    pub fn open(
        place: Arc<dyn Place>,
        info: &SweepInfo,
        plan: impl Iterator<Item = Vec<Coordinate>>,
        shard: Shard,
    ) -> Result<Store, StoreError> {
        Self::check(&*place)?;
        place.prepare(&[CELLS, IDS])?;
        place.tidy(&["", CELLS, IDS, "charts"]);
        let text = info::encode(info);
        if !place.write_new(INFO, text.as_bytes(), Lasting::Yes)? {
            let same = place.read(INFO)?.is_some_and(|old| old == text.as_bytes());
            if !same && shard != Shard::ALL {
                return Err(StoreError::OtherSweep(place.show("")));
            }
            if !same {
                forget(&*place)?;
                place.write(INFO, text.as_bytes())?;
            }
        }
        row::write_plan(place.begin(PLAN)?, info, plan)?;
        Ok(Store { place, made_by: manifest::made_by() })
    }

    /// Names of the cells that there are files of.
    ///
    /// # Errors
    /// What the system says.
    pub fn there(&self) -> Result<BTreeSet<u128>, StoreError> {
        let names = self.place.list(CELLS)?;
        let id = |name: &String| u128::from_str_radix(name.strip_suffix(".json")?, 16).ok();
        Ok(names.iter().filter_map(id).collect())
    }

    /// What is there of a cell.
    ///
    /// # Errors
    /// A file that exists and cannot be read.
    pub fn look(&self, id: u128) -> Result<Found, StoreError> {
        Ok(match read_cell(&*self.place, id)? {
            None => Found::Missing,
            Some(Err(what)) => Found::Damaged(what),
            Some(Ok((_, cell))) if cell.made_by != self.made_by => Found::OtherBuild,
            Some(Ok((_, cell))) if cell.results.failure.is_some() => Found::Failed,
            Some(Ok(_)) => Found::Done,
        })
    }

    /// Keeps the results of a cell. One that is there already must hold the same bytes, unless it is to be `replaced`.
    ///
    /// # Errors
    /// [`StoreError::Differs`]; what the system says.
    pub fn keep(
        &self,
        (number, id): (usize, u128),
        results: &CellResults,
        replace: bool,
        lasting: Lasting,
    ) -> Result<(), StoreError> {
        let bytes = cell::encode(id, &self.made_by, results);
        let name = cell_name(id);
        if replace {
            return Ok(self.place.write(&name, &bytes)?);
        }
        if self.place.write_new(&name, &bytes, lasting)? {
            return Ok(());
        }
        match read_cell(&*self.place, id)? {
            Some(Ok((there, _))) if there == bytes => Ok(()),
            Some(Ok((_, cell))) if cell.made_by != self.made_by => Ok(()),
            Some(Ok(_)) => Err(StoreError::Differs(number, self.place.show(&name))),
            _ => Ok(self.place.write(&name, &bytes)?),
        }
    }

    /// Keeps the names of the cells of a shard.
    ///
    /// # Errors
    /// What the system says.
    pub fn keep_ids(&self, shard: Shard, ids: &Ids) -> Result<(), StoreError> {
        let name = format!("{IDS}/{}-of-{}.csv", shard.index + 1, shard.count);
        Ok(self.place.write(&name, row::ids_text(ids).as_bytes())?)
    }
}

/// `sweep.json` of a place.
pub(super) fn read_info(place: &dyn Place) -> Result<SweepInfo, StoreError> {
    let Some(bytes) = place.read(INFO)? else {
        return Err(StoreError::Broken(place.show(""), format!("is no folder of a sweep: it has no {INFO}")));
    };
    let info = std::str::from_utf8(&bytes).ok().and_then(info::decode);
    info.ok_or_else(|| StoreError::Broken(place.show(INFO), "is no plan of a sweep".to_owned()))
}

/// Names of the files of `ids/`.
pub(super) fn id_files(place: &dyn Place) -> Result<Vec<String>, StoreError> {
    let names = place.list(IDS)?.into_iter().filter(|name| name.ends_with(".csv"));
    Ok(names.map(|name| format!("{IDS}/{name}")).collect())
}

/// Name of the file of a cell.
pub(super) fn cell_name(id: u128) -> String {
    format!("{CELLS}/{}.json", cell::name(id))
}

/// The bytes of a cell and what they mean, or what is wrong with them; `None` when there is no file.
pub(super) type Read = Option<Result<(Vec<u8>, Cell), &'static str>>;

/// Reads a cell.
pub(super) fn read_cell(place: &dyn Place, id: u128) -> Result<Read, StoreError> {
    let bytes = place.read(&cell_name(id))?;
    Ok(bytes.map(|bytes| cell::decode(id, &bytes).map(|cell| (bytes, cell))))
}

/// Removes what speaks of another sweep.
fn forget(place: &dyn Place) -> Result<(), StoreError> {
    let old = ["results.csv", "results.parquet", "charts/sweep.svg", "charts/sweep.png"].map(str::to_owned);
    for name in id_files(place)?.iter().chain(&old) {
        place.remove(name)?;
    }
    Ok(())
}
