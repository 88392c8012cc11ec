//! Reading the files a scenario consists of, within limits.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::DeTable;

use super::guard;
use super::source::{Kind, Place, Source};
use super::tree::{self, Table};
use crate::scenario::diagnostics::{Diagnostic, Findings};
use crate::scenario::topology::trace::{self, Trace};

/// The texts read so far, in order.
#[derive(Clone, Debug, Default)]
pub struct Library {
    sources: Vec<Arc<Source>>,
    /// What files held when they were first read: a plan that is made again is made from the same texts.
    remembered: BTreeMap<PathBuf, String>,
    /// Traces that were read.
    traces: BTreeMap<PathBuf, Arc<Trace>>,
}

impl Library {
    /// Keeps a text.
    pub fn add(&mut self, kind: Kind, name: impl Into<String>, text: impl Into<String>) -> Arc<Source> {
        let source = Source::new(self.sources.len(), kind, name, text);
        self.sources.push(Arc::clone(&source));
        source
    }

    /// Takes over what another library remembers.
    pub fn remember(&mut self, other: &Library) {
        self.remembered.clone_from(&other.remembered);
        self.traces.clone_from(&other.traces);
    }

    /// All texts in order of reading.
    pub fn sources(&self) -> &[Arc<Source>] {
        &self.sources
    }

    /// Reads a file; `from` is the place that names it, if a file does.
    ///
    /// # Errors
    /// E0002 (missing, a directory, not UTF-8), E0003 (too large), E0004 (the machine failed).
    pub fn read(&mut self, path: &Path, from: Option<&Place>) -> Result<Arc<Source>, Box<Diagnostic>> {
        self.read_up_to(guard::MAX_BYTES, path, from)
    }

    /// Reads a data file, which may be larger than a scenario.
    ///
    /// # Errors
    /// As [`Library::read`].
    pub fn read_data(&mut self, path: &Path, from: Option<&Place>) -> Result<Arc<Source>, Box<Diagnostic>> {
        self.read_up_to(guard::MAX_DATA_BYTES, path, from)
    }

    /// Reads an XML file, in the encoding that it declares.
    ///
    /// # Errors
    /// As [`Library::read`].
    pub fn read_xml(&mut self, path: &Path, from: &Place) -> Result<Arc<Source>, Box<Diagnostic>> {
        let name = path.display().to_string();
        let point = |error| Box::new(unread(&name, error).at(from));
        let text = match self.remembered.get(path) {
            Some(text) => text.clone(),
            None => {
                let bytes = read_bytes(path, guard::MAX_DATA_BYTES).map_err(point)?;
                super::encoding::xml_text(bytes).map_err(|why| point(("E0002", why)))?
            }
        };
        self.remembered.insert(path.to_owned(), text.clone());
        Ok(self.add(Kind::File, name, text))
    }

    /// Reads a trace; of its text only a digest is kept. `None` when something was reported.
    ///
    /// # Errors
    /// As [`Library::read`].
    pub fn read_trace(
        &mut self,
        path: &Path,
        from: &Place,
        findings: &mut Findings,
    ) -> Result<Option<(Arc<Trace>, usize)>, Box<Diagnostic>> {
        let name = path.display().to_string();
        let order = self.sources.len();
        let point = |error| Box::new(unread(&name, error).at(from));
        let trace = match self.traces.get(path) {
            Some(known) => Some(Arc::clone(known)),
            None => {
                let file = open(path).map_err(point)?;
                trace::read(file, &name, order, findings).map_err(|e| point(failed(e)))?.map(Arc::new)
            }
        };
        let Some(trace) = trace else { return Ok(None) };
        self.traces.insert(path.to_owned(), Arc::clone(&trace));
        self.add(Kind::File, name, format!("SHA-256 {}", trace.digest));
        Ok(Some((trace, order)))
    }

    fn read_up_to(&mut self, most: u64, path: &Path, from: Option<&Place>) -> Result<Arc<Source>, Box<Diagnostic>> {
        let name = path.display().to_string();
        let point = |d: Diagnostic| Box::new(if let Some(place) = from { d.at(place) } else { d });
        if let Some(text) = self.remembered.get(path) {
            let text = text.clone();
            return Ok(self.add(Kind::File, name, text));
        }
        let bytes = read_bytes(path, most).map_err(|error| point(unread(&name, error)))?;
        match String::from_utf8(bytes) {
            Ok(text) => {
                self.remembered.insert(path.to_owned(), text.clone());
                Ok(self.add(Kind::File, name, text))
            }
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let found = Diagnostic::new("E0002", format!("'{name}': not UTF-8 text (byte {at} is invalid)"));
                Err(point(found.help("name a text file, and save it as UTF-8")))
            }
        }
    }
}

/// What to say of a file that cannot be read.
fn unread(name: &str, (code, why): (&'static str, String)) -> Diagnostic {
    let found = Diagnostic::new(code, format!("'{name}': {why}"));
    match code {
        "E0002" => found.help("a path inside a scenario counts from the folder of the file that names it"),
        _ => found,
    }
}

/// The code and the words for a failure to read.
fn failed(error: std::io::Error) -> (&'static str, String) {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => ("E0002", "no such file".to_owned()),
        ErrorKind::IsADirectory => ("E0002", "is a directory, not a file".to_owned()),
        ErrorKind::InvalidInput | ErrorKind::InvalidFilename => ("E0002", "not a possible file name".to_owned()),
        _ => ("E0004", format!("cannot be read: {error}")),
    }
}

fn open(path: &Path) -> Result<File, (&'static str, String)> {
    let file = File::open(path).map_err(failed)?;
    match file.metadata().map_err(failed)?.is_dir() {
        true => Err(("E0002", "is a directory, not a file".to_owned())),
        false => Ok(file),
    }
}

fn read_bytes(path: &Path, most: u64) -> Result<Vec<u8>, (&'static str, String)> {
    let file = open(path)?;
    let too_large = || ("E0003", format!("larger than {} MiB", most >> 20));
    if file.metadata().map_err(failed)?.len() > most {
        return Err(too_large());
    }
    // A pipe or device has no length; reading stops one byte past the limit whatever it holds.
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > most { Err(too_large()) } else { Ok(bytes) }
}

/// Parses a text. `None` when a limit is broken; with syntax errors the tree is what could be understood.
pub fn parse(source: &Arc<Source>, findings: &mut Findings) -> Option<Table> {
    let whole = Place::start(source);
    if let Err(broken) = guard::check(&source.text) {
        findings.push(Diagnostic::new("E0003", broken.message).at(&whole.at(broken.span)));
        return None;
    }
    let (document, errors) = DeTable::parse_recoverable(&source.text);
    // Keys of a table that is there twice are there twice as well: the table is said, not each of them.
    let mut again: Option<usize> = None;
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let found = Diagnostic::new("E0001", "invalid TOML").at(&whole.at(span.clone())).label(error.message());
        if error.message() != "duplicate key" {
            findings.push(found);
            continue;
        }
        let text = source.text.as_str();
        let begin = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let line = text[begin..].lines().next().unwrap_or_default().trim();
        if again.is_some_and(|table| !line.starts_with('[') && !text[table..span.start].contains("\n[")) {
            continue;
        }
        let found = found.help("a table or key is written once: merge the two, or give one of them another name");
        if !line.starts_with('[') {
            findings.push(found);
            continue;
        }
        again = Some(span.end);
        let first = text[..begin].match_indices(line).map(|(at, _)| at).next();
        findings.push(match first {
            Some(at) => found.also(&whole.at(at..at + line.len()), "the first"),
            None => found,
        });
    }
    Some(tree::from_toml(source, document.get_ref()))
}

/// The path that `written` means inside `file`.
pub fn beside(file: &str, written: &str) -> PathBuf {
    Path::new(file).parent().unwrap_or(Path::new("")).join(written)
}
