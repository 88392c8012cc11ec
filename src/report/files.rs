//! Files that are written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

/// What the names of unfinished files begin with. A program that is killed leaves them; nothing takes them for results.
pub(super) const TEMPORARY: &str = ".apollo-";
/// And what they end with.
const PARTIAL: &str = ".partial";

/// A file or folder could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", path.display())]
pub struct FileError {
    /// What was tried: `write`, `create`, ….
    pub action: &'static str,
    /// On which path.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl FileError {
    /// An error of `action` on `path`, for `map_err`.
    pub fn on(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FileError + use<> {
        let path = path.to_owned();
        move |source| FileError { action, path, source }
    }
}

/// Whether a file is on the disk when it has been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasting {
    /// It is, and outlasts a power cut.
    Yes,
    /// The system writes it when it likes, as a rule within half a minute; until then a power cut may lose or tear it. A kill of the program does not.
    Later,
}

/// Writes `bytes` to `path`: into a temporary file in the same folder, to the disk, then renamed over what was there.
///
/// The file gets the permissions that any new file of this user gets.
///
/// # Errors
///
/// With the path and the reason; the old file, if any, is then untouched and no temporary file is left.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write(path, bytes, Lasting::Yes, |file| file.persist(path).map(|_| ()).map_err(|e| e.error))
}

/// The same for a file that must not exist yet.
///
/// # Errors
///
/// As [`write_whole`], and when there is something at `path`.
pub fn write_new(path: &Path, bytes: &[u8], lasting: Lasting) -> Result<(), FileError> {
    write(path, bytes, lasting, |file| file.persist_noclobber(path).map(|_| ()).map_err(|e| e.error))
}

/// Whether a file can be made beside `path`, without leaving one.
///
/// # Errors
///
/// With the path and the reason.
pub fn check_folder(path: &Path) -> Result<(), FileError> {
    let failed = |source| FileError { action: "write", path: path.to_owned(), source: plain(source) };
    tempfile::Builder::new().prefix(".apollo-").tempfile_in(folder_of(path)).map(|_| ()).map_err(failed)
}

/// Removes unfinished files from a folder that nobody has written to for longer than `since`, by the clock of whoever keeps the folder. What cannot be looked
/// at or removed stays: it disturbs nobody.
pub(super) fn remove_unfinished(folder: &Path, since: Duration) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let unfinished = |name: &str| name.starts_with(TEMPORARY) && name.ends_with(PARTIAL);
    let mut found: Vec<fs::DirEntry> =
        entries.flatten().filter(|entry| unfinished(&entry.file_name().to_string_lossy())).collect();
    if found.is_empty() {
        return;
    }
    let written = |path: &Path| fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?.modified().ok();
    // A new file is as old as that clock says.
    let Some(now) = temporary(folder).ok().and_then(|new| written(new.path())) else { return };
    found.retain(|entry| written(&entry.path()).is_some_and(|at| now.duration_since(at).is_ok_and(|age| age > since)));
    found.iter().for_each(|entry| drop(fs::remove_file(entry.path())));
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn write(
    path: &Path,
    bytes: &[u8],
    lasting: Lasting,
    persist: impl FnOnce(NamedTempFile) -> io::Result<()>,
) -> Result<(), FileError> {
    let folder = folder_of(path);
    let failed = |source| FileError { action: "write", path: path.to_owned(), source: plain(source) };
    let mut file = temporary(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    if lasting == Lasting::Yes {
        file.as_file().sync_all().map_err(failed)?;
    }
    persist(file).map_err(failed)?;
    if lasting == Lasting::Yes {
        sync_folder(folder);
    }
    Ok(())
}

/// A file that is written piece by piece and appears whole at the end, or not at all.
pub struct Whole {
    path: PathBuf,
    file: NamedTempFile,
    put: Option<Put>,
}

/// Takes a finished file to where it belongs.
type Put = Box<dyn FnOnce(&Path) -> io::Result<()> + Send>;

impl Whole {
    /// Begins a file in the folder of `path`.
    ///
    /// # Errors
    ///
    /// With the path and the reason.
    pub fn begin(path: &Path) -> Result<Whole, FileError> {
        let failed = |source| FileError { action: "write", path: path.to_owned(), source: plain(source) };
        Ok(Whole { path: path.to_owned(), file: temporary(folder_of(path)).map_err(failed)?, put: None })
    }

    /// Begins a file on this machine that `put` takes elsewhere when it is finished; `path` is what messages call it.
    ///
    /// # Errors
    ///
    /// With the path and the reason.
    #[cfg(feature = "remote-store")]
    pub(super) fn begin_for(path: PathBuf, put: Put) -> Result<Whole, FileError> {
        match tempfile::Builder::new().prefix(TEMPORARY).tempfile() {
            Ok(file) => Ok(Whole { path, file, put: Some(put) }),
            Err(source) => Err(FileError { action: "write", path, source }),
        }
    }

    /// Puts it in its place.
    ///
    /// # Errors
    ///
    /// As [`write_whole`].
    pub fn finish(self) -> Result<(), FileError> {
        let Whole { path, file, put } = self;
        let failed = |source| FileError { action: "write", path: path.clone(), source: plain(source) };
        if let Some(put) = put {
            return put(file.path()).map_err(failed);
        }
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&path).map_err(|e| failed(e.error))?;
        sync_folder(folder_of(&path));
        Ok(())
    }

    /// An error of writing it, for `map_err`.
    pub fn failed(&self) -> impl Fn(io::Error) -> FileError + use<> {
        let path = self.path.clone();
        move |source| FileError { action: "write", path: path.clone(), source: plain(source) }
    }
}

impl Write for Whole {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A temporary file that will be for others too.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY).suffix(PARTIAL);
    open_to_others(&mut builder, 0o666);
    builder.tempfile_in(folder)
}

/// What the system said, without the name of the temporary file, which is gone by now.
fn plain(error: io::Error) -> io::Error {
    let said = error.to_string();
    match said.split_once(" at path ") {
        Some((reason, _)) if error.get_ref().is_some() => io::Error::new(error.kind(), reason),
        _ => error,
    }
}

/// Temporary files are private by default; results are for colleagues too. The system takes the umask off `mode`.
#[cfg(unix)]
pub(super) fn open_to_others(builder: &mut tempfile::Builder<'_, '_>, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(fs::Permissions::from_mode(mode));
}

/// Elsewhere permissions come from the folder.
#[cfg(not(unix))]
pub(super) fn open_to_others(_: &mut tempfile::Builder<'_, '_>, _: u32) {}

/// Makes a rename last through a power cut where the system can; a file system that cannot is no reason to fail.
pub(super) fn sync_folder(folder: &Path) {
    if let Ok(open) = File::open(folder) {
        let _ = open.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_readable_by_others() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(write_new(&path, b"three", Lasting::Later).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"two");
        let plain = dir.path().join("b.txt");
        fs::write(&plain, b"x").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions(), fs::metadata(&plain).unwrap().permissions());
    }

    #[test]
    fn an_error_names_the_path_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("missing").join("a.txt");
        let error = write_whole(&path, b"one").unwrap_err();
        assert!(error.to_string().starts_with(&format!("cannot write {}: ", path.display())), "{error}");
        assert!(!error.to_string().contains(".partial"), "{error}");
        fs::create_dir(dir.path().join("folder")).unwrap();
        assert!(write_whole(&dir.path().join("folder"), b"one").is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
