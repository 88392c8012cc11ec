//! From a path to a checked plan.

use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::diagnostics::{Diagnostic, Findings, Severity};
use super::plan::Plan;
use super::read::ledger::Ledger;
use super::read::{Reader, Shelf, calendar_date};
use super::resolve::{resolve, warnings};
use super::spec::SCENARIO;
use super::sweep::{Arguments, Setting, Sweep};
use super::text::files::Library;
use super::text::overlay::parse_all;
use super::text::overrides;
use super::text::source::{Place, Source};
use super::text::tree::{Entry, Table};

/// What a plan was read from.
#[derive(Clone, Debug)]
pub struct Sources {
    /// Every text in order of reading: the scenario, its bases, data files, and the overrides.
    pub texts: Vec<Arc<Source>>,
    /// SHA-256 (hex) over the contents of all texts, in order. Names and paths do not count.
    pub digest: String,
    /// Warnings and notes, with their places; [`Plan::warnings`] has the same in words.
    pub warnings: Vec<Diagnostic>,
    /// The parts that names of the plan mean.
    pub shelf: Shelf,
}

/// A scenario that is in order, kept so that plans can be made from it again and again, with other values and without
/// a look at the disk.
#[derive(Debug)]
pub struct Draft {
    source: Arc<Source>,
    stem: String,
    tree: Table,
    library: Library,
}

impl Draft {
    /// Reads a scenario file as [`load`] does.
    ///
    /// # Errors
    /// As [`load`].
    pub fn read(path: &Path) -> Result<Draft, Vec<Diagnostic>> {
        let mut library = Library::default();
        let source = library.read(path, None).map_err(|diagnostic| vec![*diagnostic])?;
        let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let mut findings = Findings::default();
        let tree = parse_all(&source, &mut library, &mut findings);
        let broken = findings.failed();
        let Some(tree) = tree else { return Err(findings.take(|s| s == Severity::Error)) };
        // What has no sound plan gives all its errors here; the files that the plan names stay in the library.
        let (_, _, read) = understand(&source, library.clone(), findings, &tree, broken, &stem)?;
        library.remember(&read);
        Ok(Draft { source, stem, tree, library })
    }

    /// The plan with these overrides laid over it.
    ///
    /// # Errors
    /// As [`load`].
    pub fn plan(&self, arguments: &[String]) -> Result<(Plan, Sources), Vec<Diagnostic>> {
        let (mut tree, mut library) = (self.tree.clone(), self.library.clone());
        let mut findings = Findings::default();
        overrides::apply(&mut tree, arguments, &mut library, &mut findings);
        let (mut plan, sources, _) = understand(&self.source, library, findings, &tree, false, &self.stem)?;
        plan.written = written(&tree, &sources);
        Ok((plan, sources))
    }
}

/// A scenario with a sweep over it, kept so that the plans of its cells can be made without a look at the disk.
#[derive(Debug)]
pub struct Variants {
    draft: Draft,
    /// The sweep, checked.
    pub sweep: Sweep,
}

impl Variants {
    /// Reads a scenario file with overrides and the sweep of the command line over it; gives the plan of its tables too.
    ///
    /// # Errors
    /// As [`load`]; E0519 when there is nothing to sweep.
    pub fn read(
        path: &Path,
        overrides: &[String],
        arguments: &Arguments,
    ) -> Result<(Variants, Plan, Sources), Vec<Diagnostic>> {
        let mut library = Library::default();
        let source = library.read(path, None).map_err(|diagnostic| vec![*diagnostic])?;
        let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let mut findings = Findings::default();
        let tree = parse_all(&source, &mut library, &mut findings);
        let broken = findings.failed();
        let Some(mut tree) = tree else { return Err(findings.take(|s| s == Severity::Error)) };
        overrides::apply(&mut tree, overrides, &mut library, &mut findings);
        arguments.apply(&mut tree, &mut library, &mut findings);
        let (mut plan, sources, read) = understand(&source, library.clone(), findings, &tree, broken, &stem)?;
        library.remember(&read);
        tree.remove("sweep");
        let Some(sweep) = plan.sweep.take() else {
            let found = Diagnostic::new("E0519", "the scenario has no [sweep]").at(&Place::start(&source));
            return Err(vec![
                found.help("write a table [sweep], or give addresses and values with --axis 'ADDRESS=V1,V2'"),
            ]);
        };
        let lost: Vec<Diagnostic> = overrides.iter().filter_map(|text| sweep.displaces(&tree, text)).collect();
        if !lost.is_empty() {
            return Err(lost);
        }
        Ok((Variants { draft: Draft { source, stem, tree, library }, sweep }, plan, sources))
    }

    /// The plan of a cell, without what says where its values came from.
    ///
    /// # Errors
    /// As [`load`]: settings that fit alone may contradict one another.
    pub fn plan(&self, settings: &[Setting]) -> Result<Plan, Vec<Diagnostic>> {
        let Draft { source, stem, tree, library } = &self.draft;
        let mut tree = tree.clone();
        self.sweep.put(&mut tree, settings);
        let (mut plan, ..) = understand(source, library.clone(), Findings::default(), &tree, false, stem)?;
        plan.ledger = Vec::new();
        plan.warnings = Vec::new();
        Ok(plan)
    }
}

/// Reads a scenario file, lays overrides (`ADDRESS=VALUE`) over it, and checks all of it.
///
/// # Errors
/// Every error found, in order of position. [`Diagnostic::is_environment`] tells failures of the machine from
/// mistakes in the input.
pub fn load(path: &Path, arguments: &[String]) -> Result<(Plan, Sources), Vec<Diagnostic>> {
    let mut library = Library::default();
    let source = library.read(path, None).map_err(|diagnostic| vec![*diagnostic])?;
    let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    check(&source, library, &stem, arguments)
}

/// Checks a scenario that is not in a file; `name` stands for the path, and files it names are looked for beside it.
///
/// # Errors
/// As [`load`].
pub fn load_text(name: &str, text: &str, arguments: &[String]) -> Result<(Plan, Sources), Vec<Diagnostic>> {
    let mut library = Library::default();
    let source = library.add(super::text::source::Kind::File, name, text);
    let stem = Path::new(name).file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    check(&source, library, &stem, arguments)
}

fn check(
    source: &Arc<Source>,
    mut library: Library,
    stem: &str,
    arguments: &[String],
) -> Result<(Plan, Sources), Vec<Diagnostic>> {
    let mut findings = Findings::default();
    let tree = parse_all(source, &mut library, &mut findings);
    // Where the text is broken, what is missing may stand in the broken part.
    let broken = findings.failed();
    let Some(mut tree) = tree else { return Err(findings.take(|s| s == Severity::Error)) };
    overrides::apply(&mut tree, arguments, &mut library, &mut findings);
    let (mut plan, sources, _) = understand(source, library, findings, &tree, broken, stem)?;
    plan.written = written(&tree, &sources);
    Ok((plan, sources))
}

/// What the scenario, its bases and the overrides write, by address, and data files by their digests. What changes no result is left out.
fn written(tree: &Table, sources: &Sources) -> Vec<(String, String)> {
    const IDLE: [&str; 4] = ["title", "extends", "sweep", "target"];
    let matters = |(key, _): &(&String, &Entry)| !IDLE.contains(&key.as_str());
    let tree: Table = tree.iter().filter(matters).map(|(key, entry)| (key.clone(), entry.clone())).collect();
    let is_data = |text: &&Arc<Source>| text.kind == super::text::source::Kind::File && !text.name.ends_with(".toml");
    let data = sources.texts.iter().filter(is_data).map(|text| {
        let digest = digest(std::slice::from_ref(text));
        (format!("file {}", text.name), digest.chars().take(12).collect())
    });
    super::text::tree::flat(&tree).into_iter().chain(data).collect()
}

/// From the tree of a scenario to its plan; `broken` when the text had errors of syntax.
fn understand(
    source: &Arc<Source>,
    library: Library,
    findings: Findings,
    tree: &Table,
    broken: bool,
    stem: &str,
) -> Result<(Plan, Sources, Library), Vec<Diagnostic>> {
    let start = start_of(tree);
    let mut reader = Reader {
        findings,
        ledger: Ledger::default(),
        library,
        start,
        unread: Default::default(),
        shelf: Shelf::default(),
        recording: true,
    };
    let top = reader.record(&SCENARIO, "", tree, &Place::start(source));
    reader.stock(top.names("catalog"));
    let plan = if broken { None } else { resolve(&mut reader, &top, tree, stem) };
    if broken {
        drop_consequences(&mut reader.findings);
    }
    let Reader { findings, ledger, library, shelf, .. } = reader;
    let Some(mut plan) = plan.filter(|_| !findings.failed()) else {
        return Err(findings.take(|s| s == Severity::Error));
    };
    plan.ledger = ledger.sorted();
    let found = findings.take(|s| s != Severity::Error);
    plan.warnings = warnings(&found);
    let digest = digest(library.sources());
    Ok((plan, Sources { texts: library.sources().to_vec(), digest, warnings: found, shelf }, library))
}

/// After a syntax error, keys count as missing and tables as unknown only because the text around them is broken.
fn drop_consequences(findings: &mut Findings) {
    findings.retain(|d| !matches!(d.code, "E0102" | "E0005"));
    let lines: Vec<(usize, usize)> = findings.lines_of("E0001");
    findings.retain(|d| d.code == "E0001" || !d.line().is_some_and(|line| lines.contains(&line)));
}

/// The first day, needed before anything with months in it is read. Its own errors are reported where it is read.
fn start_of(tree: &Table) -> jiff::civil::Date {
    let written = tree.get("start").and_then(|entry| calendar_date(&entry.node));
    written.unwrap_or(jiff::civil::date(2026, 1, 1))
}

/// SHA-256 (hex) over the contents of texts, in order.
pub(super) fn digest(sources: &[Arc<Source>]) -> String {
    let mut hash = Sha256::new();
    for source in sources {
        hash.update((source.text.len() as u64).to_le_bytes());
        hash.update(source.text.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
