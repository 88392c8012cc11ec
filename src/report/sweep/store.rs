//! The files of a sweep in its folder.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::cell::{self, Cell};
use super::{info, row};
use crate::experiment::results::sweep::{CellResults, Coordinate, SweepInfo};
use crate::report::charts::ChartError;
use crate::report::files::{self, FileError};
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

/// The folder of a sweep.
pub struct Store {
    dir: PathBuf,
    made_by: Value,
}

impl Store {
    /// Whether `dir` may hold a sweep, to be asked before hours of simulation.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] when it holds other things.
    pub fn check(dir: &Path) -> Result<(), StoreError> {
        let entries = match fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(e) if e.kind() == ErrorKind::NotFound && fs::symlink_metadata(dir).is_err() => return Ok(()),
            Err(e) => return Err(FileError::on("open the folder", dir)(e).into()),
        };
        // Another shard may be making it right now: the folders come before the file that says whose they are.
        let unfinished = |name: &str| name.starts_with(files::TEMPORARY) || [CELLS, IDS].contains(&name);
        let others = entries.flatten().any(|entry| !unfinished(&entry.file_name().to_string_lossy()));
        match others && read_info(dir).is_err() {
            true => Err(StoreError::Foreign(dir.to_owned())),
            false => Ok(()),
        }
    }

    /// Opens the folder for a sweep and a shard of it, and writes its plan. A folder that holds another sweep is taken over by
    /// an unsharded one; cells stay, because their names say what they are.
    ///
    /// # Errors
    /// As [`Store::check`]; [`StoreError::OtherSweep`] for a shard; what the system says.
    pub fn open(
        dir: &Path,
        info: &SweepInfo,
        plan: impl Iterator<Item = Vec<Coordinate>>,
        shard: Shard,
    ) -> Result<Store, StoreError> {
        Self::check(dir)?;
        for folder in [dir.to_owned(), dir.join(CELLS), dir.join(IDS)] {
            fs::create_dir_all(&folder).map_err(FileError::on("create", &folder))?;
        }
        let text = info::encode(info);
        let path = dir.join(INFO);
        match files::write_new(&path, text.as_bytes()) {
            Ok(()) => {}
            Err(error) if error.source.kind() == ErrorKind::AlreadyExists => {
                let same = fs::read_to_string(&path).is_ok_and(|old| old == text);
                if !same && shard != Shard::ALL {
                    return Err(StoreError::OtherSweep(dir.to_owned()));
                }
                if !same {
                    forget(dir)?;
                    files::write_whole(&path, text.as_bytes())?;
                }
            }
            Err(error) => return Err(error.into()),
        }
        row::write_plan(&dir.join(PLAN), info, plan)?;
        Ok(Store { dir: dir.to_owned(), made_by: manifest::made_by() })
    }

    /// What is there of a cell.
    ///
    /// # Errors
    /// A file that exists and cannot be read.
    pub fn look(&self, id: u128) -> Result<Found, StoreError> {
        Ok(match read_cell(&self.dir, id)? {
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
    pub fn keep(&self, number: usize, id: u128, results: &CellResults, replace: bool) -> Result<(), StoreError> {
        let bytes = cell::encode(id, &self.made_by, results);
        let path = cell_path(&self.dir, id);
        if replace {
            return Ok(files::write_whole(&path, &bytes)?);
        }
        match files::write_new(&path, &bytes) {
            Err(error) if error.source.kind() == ErrorKind::AlreadyExists => {}
            other => return Ok(other?),
        }
        match read_cell(&self.dir, id)? {
            Some(Ok((there, _))) if there == bytes => Ok(()),
            Some(Ok((_, cell))) if cell.made_by != self.made_by => Ok(()),
            Some(Ok(_)) => Err(StoreError::Differs(number, path)),
            _ => Ok(files::write_whole(&path, &bytes)?),
        }
    }

    /// Keeps the names of the cells of a shard.
    ///
    /// # Errors
    /// What the system says.
    pub fn keep_ids(&self, shard: Shard, ids: &Ids) -> Result<(), StoreError> {
        let path = self.dir.join(IDS).join(format!("{}-of-{}.csv", shard.index + 1, shard.count));
        Ok(files::write_whole(&path, row::ids_text(ids).as_bytes())?)
    }
}

/// `sweep.json` of a folder.
pub(super) fn read_info(dir: &Path) -> Result<SweepInfo, StoreError> {
    let path = dir.join(INFO);
    let text = match fs::read_to_string(&path) {
        Err(e) if e.kind() == ErrorKind::NotFound => {
            return Err(StoreError::Broken(dir.to_owned(), format!("is no folder of a sweep: it has no {INFO}")));
        }
        other => other.map_err(FileError::on("read", &path))?,
    };
    info::decode(&text).ok_or_else(|| StoreError::Broken(path, "is no plan of a sweep".to_owned()))
}

/// The files of `ids/`, by name.
pub(super) fn id_files(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let folder = dir.join(IDS);
    let listed = |e: io::Error| StoreError::from(FileError::on("open the folder", &folder)(e));
    let mut out = Vec::new();
    for entry in fs::read_dir(&folder).map_err(listed)? {
        let path = entry.map_err(listed)?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && path.extension().is_some_and(|e| e == "csv") {
            out.push(path);
        }
    }
    out.sort();
    Ok(out)
}

fn cell_path(dir: &Path, id: u128) -> PathBuf {
    dir.join(CELLS).join(format!("{}.json", cell::name(id)))
}

/// The bytes of a cell and what they mean, or what is wrong with them; `None` when there is no file.
pub(super) type Read = Option<Result<(Vec<u8>, Cell), &'static str>>;

/// Reads a cell.
pub(super) fn read_cell(dir: &Path, id: u128) -> Result<Read, StoreError> {
    let path = cell_path(dir, id);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(FileError::on("read", &path)(e).into()),
    };
    Ok(Some(cell::decode(id, &bytes).map(|cell| (bytes, cell))))
}

/// Removes what speaks of another sweep.
fn forget(dir: &Path) -> Result<(), StoreError> {
    let old = ["results.csv", "results.parquet", "charts/sweep.svg", "charts/sweep.png"];
    for path in id_files(dir)?.into_iter().chain(old.map(|name| dir.join(name))) {
        match fs::remove_file(&path) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(FileError::on("remove the old", &path)(e).into()),
            _ => {}
        }
    }
    Ok(())
}
