//! Where the files of a sweep are: a folder, or a place in an object store.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::store::StoreError;
use crate::report::files::{self, FileError, Lasting, Whole};

/// A place with files. Names hold `/` between folder and file; a file appears whole or not at all.
pub trait Place: Send + Sync {
    /// What messages call a file, or with an empty name the place itself.
    fn show(&self, name: &str) -> PathBuf;

    /// Makes the place and these folders in it, where they are made.
    ///
    /// # Errors
    /// What the system says, as everywhere below.
    fn prepare(&self, folders: &[&str]) -> Result<(), FileError>;

    /// Names of what is directly in the place; `None` where there is no such place.
    ///
    /// # Errors
    /// What the system says.
    fn entries(&self) -> Result<Option<Vec<String>>, FileError>;

    /// Removes unfinished files of programs that were killed, as far as there are any and they can be. Those that somebody may still be writing stay.
    fn tidy(&self, folders: &[&str]);

    /// Names of the files directly in a folder, sorted, without the folder; those of unfinished files are left out.
    ///
    /// # Errors
    /// What the system says.
    fn list(&self, folder: &str) -> Result<Vec<String>, FileError>;

    /// A file; `None` where there is none.
    ///
    /// # Errors
    /// What the system says.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, FileError>;

    /// A file that is read from its beginning to its end.
    ///
    /// # Errors
    /// What the system says, and when there is none.
    fn open(&self, name: &str) -> Result<Box<dyn Read>, FileError>;

    /// Writes a file over what was there.
    ///
    /// # Errors
    /// What the system says.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FileError>;

    /// Writes a file that must not exist; `false` when it does.
    ///
    /// # Errors
    /// What the system says.
    fn write_new(&self, name: &str, bytes: &[u8], lasting: Lasting) -> Result<bool, FileError>;

    /// Begins a file that is written piece by piece, over what was there.
    ///
    /// # Errors
    /// What the system says.
    fn begin(&self, name: &str) -> Result<Whole, FileError>;

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// What the system says.
    fn remove(&self, name: &str) -> Result<(), FileError>;
}

/// The place that a path or the address of an object store (`s3://bucket/sweep`) means.
///
/// # Errors
/// [`StoreError::Address`]: an address of a kind that is not known, or in a program that was built without object stores.
pub fn place(at: &Path) -> Result<Arc<dyn Place>, StoreError> {
    match at.to_str().filter(|text| text.contains("://")) {
        Some(address) => remote(address),
        None => Ok(Arc::new(Folder(at.to_owned()))),
    }
}

#[cfg(feature = "remote-store")]
fn remote(address: &str) -> Result<Arc<dyn Place>, StoreError> {
    Ok(Arc::new(super::remote::Remote::open(address)?))
}

#[cfg(not(feature = "remote-store"))]
fn remote(address: &str) -> Result<Arc<dyn Place>, StoreError> {
    let why = "this program was built without object stores; build it with '--features remote-store', or give a folder";
    Err(StoreError::Address(address.to_owned(), why.to_owned()))
}

/// An unfinished file that nobody has written to for so long is abandoned: a cell takes milliseconds to write, and the table of a large
/// sweep is written to all the time.
const ABANDONED: Duration = Duration::from_secs(3600);

/// A folder.
struct Folder(PathBuf);

impl Folder {
    fn opened(&self, folder: &str) -> impl FnOnce(io::Error) -> FileError + use<> {
        FileError::on("open the folder", &self.show(folder))
    }
}

impl Place for Folder {
    fn show(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.0.clone() } else { self.0.join(name) }
    }

    fn prepare(&self, folders: &[&str]) -> Result<(), FileError> {
        let paths = std::iter::once(self.0.clone()).chain(folders.iter().map(|name| self.show(name)));
        for path in paths {
            fs::create_dir_all(&path).map_err(FileError::on("create", &path))?;
        }
        Ok(())
    }

    fn entries(&self) -> Result<Option<Vec<String>>, FileError> {
        let entries = match fs::read_dir(&self.0) {
            Err(e) if e.kind() == ErrorKind::NotFound && fs::symlink_metadata(&self.0).is_err() => return Ok(None),
            // Another shard has made it in between; or it is a link that leads nowhere.
            Err(e) if e.kind() == ErrorKind::NotFound => fs::read_dir(&self.0).map_err(self.opened(""))?,
            other => other.map_err(self.opened(""))?,
        };
        Ok(Some(entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()))
    }

    fn tidy(&self, folders: &[&str]) {
        folders.iter().for_each(|folder| files::remove_unfinished(&self.show(folder), ABANDONED));
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.show(folder)).map_err(self.opened(folder))? {
            let name = entry.map_err(self.opened(folder))?.file_name().to_string_lossy().into_owned();
            if !name.starts_with('.') {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, FileError> {
        let path = self.show(name);
        match fs::read(&path) {
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            other => other.map(Some).map_err(FileError::on("read", &path)),
        }
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read>, FileError> {
        let path = self.show(name);
        Ok(Box::new(File::open(&path).map_err(FileError::on("read", &path))?))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FileError> {
        files::write_whole(&self.show(name), bytes)
    }

    fn write_new(&self, name: &str, bytes: &[u8], lasting: Lasting) -> Result<bool, FileError> {
        match files::write_new(&self.show(name), bytes, lasting) {
            Err(error) if error.source.kind() == ErrorKind::AlreadyExists => Ok(false),
            other => other.map(|()| true),
        }
    }

    fn begin(&self, name: &str) -> Result<Whole, FileError> {
        Whole::begin(&self.show(name))
    }

    fn remove(&self, name: &str) -> Result<(), FileError> {
        let path = self.show(name);
        match fs::remove_file(&path) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(FileError::on("remove the old", &path)(e)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_what_is_put_there() {
        let dir = tempfile::tempdir().expect("a folder");
        let there = place(&dir.path().join("new")).expect("a path");
        assert!(there.entries().expect("no folder is no error").is_none());
        there.prepare(&["cells"]).expect("made");
        assert!(there.write_new("cells/a", b"1", Lasting::Later).expect("new"));
        assert!(!there.write_new("cells/a", b"2", Lasting::Yes).expect("there already"));
        there.write("cells/.b.partial", b"2").expect("written");
        let unfinished = dir.path().join("new/cells/.apollo-Xy12.partial");
        fs::write(&unfinished, b"half").expect("written");
        there.tidy(&["", "cells"]);
        assert!(unfinished.exists(), "somebody may be writing it");
        let old = fs::metadata(&unfinished).and_then(|m| m.modified()).expect("a time") - 2 * ABANDONED;
        File::options().write(true).open(&unfinished).and_then(|f| f.set_modified(old)).expect("made old");
        there.tidy(&["", "cells"]);
        assert!(!unfinished.exists() && dir.path().join("new/cells/.b.partial").exists());
        assert_eq!(there.read("cells/a").expect("read").as_deref(), Some(&b"1"[..]));
        assert_eq!(there.list("cells").expect("listed"), ["a"]);
        assert_eq!(there.entries().expect("listed"), Some(vec!["cells".to_owned()]));
        there.remove("cells/a").expect("removed");
        there.remove("cells/a").expect("nothing to remove");
        assert!(there.read("cells/a").expect("no file is no error").is_none());
        assert!(there.open("cells/a").is_err() && there.list("other").is_err());
    }

    #[cfg(not(feature = "remote-store"))]
    #[test]
    fn an_address_needs_a_program_with_object_stores() {
        let said = place(Path::new("s3://bucket/x")).err().expect("refused").to_string();
        assert!(said.contains("s3://bucket/x") && said.contains("--features remote-store"), "{said}");
    }
}
