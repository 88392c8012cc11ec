//! Results that `apollo test` keeps below a folder, and compares with later.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::compare::unread;
use super::exit::Exit;
use super::screen::Screen;
use crate::experiment::baseline::regressions;
use crate::experiment::results::{RunResults, TargetRow, Uncompared, Warning};
use crate::report::{folder, stored};

/// What is said of something that was removed on purpose.
pub(super) const ACCEPTED: &str = "--allow-removed accepts that";

/// Where results are kept, and where those to compare with are.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    pub(super) save: Option<&'a Path>,
    pub(super) baseline: Option<&'a Path>,
    /// Whether what was removed since the baseline is told only.
    pub(super) allow_removed: bool,
}

/// Keeps the results of a file where they are asked for, and adds to its targets what a baseline says.
pub(super) fn keep_and_compare(
    places: Places<'_>,
    slack: f64,
    path: &Path,
    results: &mut RunResults,
    uncompared: &mut Vec<Uncompared>,
    screen: &Screen,
) -> Exit {
    let mut exit = Exit::Done;
    if let Some(dir) = places.save
        && let Err(error) = folder::write(&dir.join(below(path)), results)
    {
        screen.error(&error.to_string());
        exit = Exit::Environment;
    }
    let Some(dir) = places.baseline else { return exit };
    let kept = dir.join(below(path));
    if !kept.exists() {
        let why = format!("no baseline: {} does not exist", kept.display());
        screen.note(&format!("{}: {why}", path.display()));
        let one = |name: &str| Uncompared { name: name.to_owned(), why: why.clone(), refused: false };
        *uncompared = results.targets.iter().map(|target| one(&target.name)).collect();
        if uncompared.is_empty() {
            uncompared.push(one("scenario"));
        }
    } else {
        match stored::read(&kept) {
            Ok(baseline) => {
                let found = regressions(&baseline, results, slack);
                results.targets.extend(found.rows);
                *uncompared = found.uncompared;
                if places.allow_removed {
                    let accepted =
                        |old: TargetRow| Uncompared { name: old.name, why: ACCEPTED.to_owned(), refused: false };
                    uncompared.extend(found.removed.into_iter().map(accepted));
                } else {
                    results.targets.extend(found.removed);
                }
            }
            Err(error) => {
                let failure = unread(&error, screen);
                exit = exit.and(failure.exit);
                uncompared.push(Uncompared { name: "scenario".to_owned(), why: failure.message, refused: true });
            }
        }
    }
    let told = uncompared.iter().map(|it| Warning::of_run(format!("{}: {}", it.name, it.why), "--baseline"));
    results.warnings.extend(told);
    exit
}

/// Where the results of a scenario lie below a folder: its path without its extension, with a name in place of what leads out.
pub(super) fn below(path: &Path) -> PathBuf {
    let plain = |part: Component<'_>| match part {
        Component::Normal(name) => Some(PathBuf::from(name)),
        Component::ParentDir => Some(PathBuf::from("_parent")),
        _ => None,
    };
    path.with_extension("").components().filter_map(plain).collect()
}

/// Scenario files that a baseline has results of and that are not among those tested, though a folder that they would be in is: they were removed, or
/// renamed. Files beside what was asked for are none of it.
pub(super) fn removed(baseline: &Path, asked: &[PathBuf], tested: &[PathBuf]) -> io::Result<Vec<PathBuf>> {
    let tested: BTreeSet<PathBuf> = tested.iter().map(|path| below(path)).collect();
    let mut out = Vec::new();
    for dir in asked.iter().filter(|path| path.is_dir()) {
        let root = baseline.join(below_folder(dir));
        let mut found = Vec::new();
        results_below(&root, &mut found)?;
        for kept in found {
            let (Ok(whole), Ok(name)) = (kept.strip_prefix(baseline), kept.strip_prefix(&root)) else { continue };
            if !tested.contains(whole) && !name.as_os_str().is_empty() {
                let mut file = dir.join(name).into_os_string();
                file.push(".toml");
                out.push(file.into());
            }
        }
    }
    out.sort();
    out.dedup();
    Ok(out)
}

/// Where the results of the scenarios in a folder lie.
fn below_folder(dir: &Path) -> PathBuf {
    below(&dir.join("x")).parent().map(Path::to_owned).unwrap_or_default()
}

/// All result folders at and below a folder, by name.
fn results_below(dir: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    if !dir.is_dir() {
        return Ok(());
    }
    // A folder whose manifest is lost was one of results all the same.
    if folder::is_ours(dir) || dir.join(stored::REPLICATIONS).is_file() {
        found.push(dir.to_owned());
    }
    let mut entries = fs::read_dir(dir)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        if entry.file_type()?.is_dir() {
            results_below(&entry.path(), found)?;
        }
    }
    Ok(())
}
