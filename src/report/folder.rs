//! The result folder: `summary.json`, `kpis.csv`, `replications.csv`, `inputs.csv`, `series.parquet`, `flows.csv` where asked, `charts/`, `manifest.json`.
//!
//! A new folder appears whole, by one rename. Into an existing one, files are written one by one, each whole; the
//! manifest says `incomplete` from before the first until after the last. A folder is only written to when it is empty
//! or holds a manifest of ours, and only files that this manifest lists are ever removed.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use rayon::prelude::*;

use super::charts::{self, ChartError};
use super::files::{self, FileError};
use super::{by_way, csv, json, manifest, parquet, stored, waves, what_if};
use crate::experiment::results::RunResults;

/// A result folder could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The folder holds something that is not ours.
    #[error("{} exists and is not a result folder of apollo (it is not empty and has no {})", .0.display(), manifest::NAME)]
    Foreign(PathBuf),
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// A chart could not be drawn.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// The series could not be encoded.
    #[error("series.parquet: {0}")]
    Parquet(#[from] ::parquet::errors::ParquetError),
}

/// What stands where the folder is to be.
enum Found {
    Nothing,
    Empty,
    /// A result folder, with the files its manifest lists.
    Ours(Vec<String>),
}

/// Whether results may be written to `dir`, to be asked before hours of simulation.
///
/// # Errors
///
/// [`FolderError::Foreign`] when the folder holds other things; [`FolderError::File`] when it cannot be looked into.
pub fn check(dir: &Path) -> Result<(), FolderError> {
    look(dir).map(|_| ())
}

/// Whether there is a result folder of ours.
pub fn is_ours(dir: &Path) -> bool {
    matches!(look(dir), Ok(Found::Ours(_)))
}

/// Writes the folder and returns the names of its files.
///
/// # Errors
///
/// As [`check`]; or what the system, the drawing or the encoding said, with the path.
pub fn write(dir: &Path, run: &RunResults) -> Result<Vec<String>, FolderError> {
    let contents = contents(run)?;
    match look(dir)? {
        Found::Nothing => create(dir, run, &contents)?,
        Found::Empty => fill(dir, run, &contents, &[])?,
        Found::Ours(old) => fill(dir, run, &contents, &old)?,
    }
    Ok(contents.into_iter().map(|(name, _)| name).chain([manifest::NAME.to_owned()]).collect())
}

/// Every file but the manifest, finished in memory before the disk is touched.
fn contents(run: &RunResults) -> Result<Vec<(String, Vec<u8>)>, FolderError> {
    let mut files = vec![
        ("summary.json".to_owned(), json::render(run).into_bytes()),
        ("kpis.csv".to_owned(), csv::kpis(&run.kpis).into_bytes()),
        (stored::REPLICATIONS.to_owned(), stored::replications(&run.kpis, run.replications).into_bytes()),
        (stored::INPUTS.to_owned(), stored::inputs(&run.inputs).into_bytes()),
        ("series.parquet".to_owned(), parquet::series(&run.series)?),
    ];
    if let Some(flows) = &run.flows {
        files.push(("flows.csv".to_owned(), csv::flows(flows).into_bytes()));
    }
    if let Some(study) = &run.what_if {
        files.push(("what_if.csv".to_owned(), what_if::table(study).into_bytes()));
    }
    if !run.by_way.is_empty() {
        files.push(("ways.csv".to_owned(), by_way::table(&run.by_way).into_bytes()));
    }
    if let Some(found) = &run.waves {
        files.push(("waves.csv".to_owned(), waves::table(found).into_bytes()));
    }
    let drawn: Vec<[(String, Vec<u8>); 2]> = charts::charts(run)
        .par_iter()
        .map(|chart| {
            let (svg, png) = (charts::svg(chart)?, charts::png(chart)?);
            Ok([(format!("charts/{}.svg", chart.name), svg.into_bytes()), (format!("charts/{}.png", chart.name), png)])
        })
        .collect::<Result<_, ChartError>>()?;
    files.extend(drawn.into_iter().flatten());
    Ok(files)
}

/// Looks at what is there without changing it.
fn look(dir: &Path) -> Result<Found, FolderError> {
    let mut entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound && fs::symlink_metadata(dir).is_err() => return Ok(Found::Nothing),
        Err(e) => return Err(FileError::on("open the folder", dir)(e).into()),
    };
    if entries.next().is_none() {
        return Ok(Found::Empty);
    }
    let listed = fs::read_to_string(dir.join(manifest::NAME)).ok().and_then(|text| manifest::files_of(&text));
    match listed {
        Some(files) if is_real_folder_or_absent(&dir.join("charts")) => Ok(Found::Ours(files)),
        _ => Err(FolderError::Foreign(dir.to_owned())),
    }
}

/// A link would lead our files out of the folder.
fn is_real_folder_or_absent(path: &Path) -> bool {
    fs::symlink_metadata(path).map_or_else(|e| e.kind() == ErrorKind::NotFound, |m| m.is_dir())
}

/// A new folder: filled under another name beside its place, then renamed.
fn create(dir: &Path, run: &RunResults, contents: &[(String, Vec<u8>)]) -> Result<(), FolderError> {
    let parent = match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(FileError::on("create", parent))?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".apollo-").suffix(".partial");
    files::open_to_others(&mut builder, 0o777);
    let stage = builder.tempdir_in(parent).map_err(FileError::on("create a folder in", parent))?;
    write_files(stage.path(), contents)?;
    write_manifest(stage.path(), run, contents, true)?;
    fs::rename(stage.path(), dir).map_err(FileError::on("create", dir))?;
    // The folder has left its temporary name; there is nothing to clean up any more.
    let _ = stage.keep();
    files::sync_folder(parent);
    Ok(())
}

/// An existing folder: files of the last run that this one does not write would lie about it, so they go.
fn fill(dir: &Path, run: &RunResults, contents: &[(String, Vec<u8>)], old: &[String]) -> Result<(), FolderError> {
    write_manifest(dir, run, contents, false)?;
    let stale = old.iter().filter(|name| *name != manifest::NAME && contents.iter().all(|(new, _)| new != *name));
    for name in stale.filter(|name| stays_inside(name)) {
        remove(&dir.join(name))?;
    }
    write_files(dir, contents)?;
    write_manifest(dir, run, contents, true)
}

fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(FileError::on("remove the old", path)(e)),
        _ => Ok(()),
    }
}

/// A manifest could have been edited: only names of the form we write are believed, in the folder itself or in
/// `charts/` (a real folder: [`look`] has seen to that). Any other folder could be a link that leads out.
fn stays_inside(name: &str) -> bool {
    let plain = |name: &str| {
        let mut parts = Path::new(name).components();
        matches!((parts.next(), parts.next()), (Some(Component::Normal(part)), None) if part == name)
    };
    plain(name.strip_prefix("charts/").unwrap_or(name))
}

fn write_files(dir: &Path, contents: &[(String, Vec<u8>)]) -> Result<(), FolderError> {
    let charts = dir.join("charts");
    match fs::create_dir(&charts) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(FileError::on("create", &charts)(e).into()),
        _ => {}
    }
    for (name, bytes) in contents {
        files::write_whole(&dir.join(name), bytes)?;
    }
    Ok(())
}

fn write_manifest(
    dir: &Path,
    run: &RunResults,
    contents: &[(String, Vec<u8>)],
    complete: bool,
) -> Result<(), FolderError> {
    let text = manifest::render(run, contents, complete);
    files::write_whole(&dir.join(manifest::NAME), text.as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edited_manifest_cannot_point_outside() {
        assert!(stays_inside("charts/old.svg") && stays_inside("flows.csv"));
        for name in ["", "/etc/passwd", "../x", "charts/../../x", "charts//x", "link/x", "charts/link/x", "x/", "."] {
            assert!(!stays_inside(name), "{name}");
        }
    }
}
