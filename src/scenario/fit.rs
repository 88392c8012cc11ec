//! What `apollo calibrate` may fit: the work that measured rows stand for, and figures of the system it loads.

use super::diagnostics::{Diagnostic, list_names, nearest};
use super::plan::{Plan, WorkKind};
use super::read::{cut, range_problem};
use super::spec::{Key, Kind, STORAGE};
use super::text::source::{Kind as Text, Place, Source};
use crate::units::{Dimension, parse};

/// How far from its present value a coefficient is looked for where no bound is given: three decades each way hold
/// every storage system from a disk to a region. Assumption.
const REACH: f64 = 1e3;
/// The least value that is tried for a coefficient that is 0 now, as a share of its unit (1 ns, 1 B/s). Assumption.
const LEAST: f64 = 1e-9;

/// Figures that say what a system costs, holds or loses: they change no rate of a healthy one, so no row can say anything of
/// them.
const STILL: [&str; 20] = [
    "price",
    "head_price",
    "price_per_hour",
    "price_per_capacity",
    "raw",
    "spare",
    "rebuild_reads",
    "device_loss_rate",
    "node_loss_rate",
    "rebuild_delay",
    "device_replacement",
    "node_replacement",
    "account_capacity",
    "max_capacity",
    "nameplate_read",
    "nameplate_write",
    "node_power",
    "head_power",
    "racks",
    "head_racks",
];

/// A coefficient to fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Coefficient {
    /// Figure of the storage part, e.g. `read_latency`.
    pub name: String,
    /// Address in the scenario, e.g. `storage.disk.read_latency`.
    pub address: String,
    /// Dimension.
    pub dim: Dimension,
    /// Present value in the base unit.
    pub start: f64,
    /// Present value as written.
    pub text: String,
    /// Least value to try; above zero.
    pub low: f64,
    /// Largest value to try.
    pub high: f64,
    /// `file:line:column` where the scenario itself states it, which wins over a catalogue file.
    pub stated: Option<String>,
}

/// The `io` work that measured rows stand for: the one named, or the only one. Gives its index in the plan.
///
/// # Errors
/// E0403 when there is none, or more than one and none is named; E0301 for a name that is no `io` work.
pub fn io_work(plan: &Plan, name: Option<&str>) -> Result<usize, Box<Diagnostic>> {
    let works: Vec<(usize, &str)> = plan
        .works
        .iter()
        .enumerate()
        .filter(|(_, work)| matches!(&work.kind, WorkKind::Io(io) if io.namespace.is_none() && io.loader.is_none() && io.burst.is_none() && io.phases.is_empty()))
        .map(|(index, work)| (index, work.name.as_str()))
        .collect();
    let names = list_names(works.iter().map(|(_, name)| *name));
    match (name, &works[..]) {
        (_, []) => {
            let found = Diagnostic::new("E0403", "the scenario has no work of kind 'io'");
            Err(Box::new(found.help("measured rows are run as such a work: write [work.NAME] with kind = \"io\"")))
        }
        (None, [(index, _)]) => Ok(*index),
        (None, _) => {
            let found = Diagnostic::new("E0403", "the scenario has several works of kind 'io'");
            Err(Box::new(found.help(format!("say which with --work; works are: {names}"))))
        }
        (Some(name), _) => works.iter().find(|(_, work)| *work == name).map(|(index, _)| *index).ok_or_else(|| {
            let place = argument("--work", name);
            let message = format!("'{}' is no work of kind 'io'; works are: {names}", cut(name));
            let found = Diagnostic::new("E0301", message).at(&place);
            Box::new(match nearest(name, works.iter().map(|(_, work)| *work)) {
                Some(near) => found.instead(&place, near),
                None => found,
            })
        }),
    }
}

/// The coefficients that `--fit` names, with the bounds that `--bound` gives (`NAME=LOW..HIGH`).
///
/// # Errors
/// All that is wrong with the names and the bounds.
pub fn coefficients(
    plan: &Plan,
    storage: usize,
    fit: &[String],
    bounds: &[String],
) -> Result<Vec<Coefficient>, Vec<Diagnostic>> {
    let system = System { plan, name: &plan.storages[storage].name, part: &plan.storages[storage].system };
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut out: Vec<Coefficient> = Vec::new();
    for text in fit.iter().map(|text| text.trim()) {
        let place = argument("--fit", text);
        match system.coefficient(text, &place) {
            Ok(new) if out.iter().any(|old| old.name == new.name) => {
                let message = format!("'{}' is named twice", new.name);
                found.push(Diagnostic::new("E0506", message).at(&place));
            }
            Ok(new) => out.push(new),
            Err(diagnostic) => found.push(*diagnostic),
        }
    }
    for text in bounds {
        if let Err(diagnostic) = bound(&mut out, text) {
            found.push(*diagnostic);
        }
    }
    if found.is_empty() { Ok(out) } else { Err(found) }
}

/// The whole of an argument, to point at.
fn argument(flag: &str, text: &str) -> Place {
    Place::whole(&Source::new(0, Text::Argument, flag, text))
}

/// The storage system under load.
struct System<'a> {
    plan: &'a Plan,
    name: &'a str,
    part: &'a str,
}

impl System<'_> {
    fn coefficient(&self, text: &str, place: &Place) -> Result<Coefficient, Box<Diagnostic>> {
        let name = self.figure_name(text).ok_or_else(|| self.elsewhere(text, place))?;
        let names: Vec<&str> = self.fittable().map(|(key, _)| key.name).collect();
        let refuse = |message: String| {
            let found = Diagnostic::new("E0403", message).at(place);
            Box::new(found.help(format!(
                "figures of '{}' that can be fitted: {}",
                self.part,
                list_names(names.clone())
            )))
        };
        let Some((key, dim)) = self.fittable().find(|(key, _)| key.name == name) else {
            return Err(match (STORAGE.key(name), nearest(name, names.iter().copied())) {
                (Some(key), _) if !matches!(key.kind, Kind::Quantity(_) | Kind::Random(_)) => {
                    refuse(format!("'{name}' is no quantity that can take any value in between"))
                }
                (Some(_), _) if STILL.contains(&name) => refuse(format!("'{name}' changes no rate")),
                (Some(_), _) => refuse(format!("'{name}' has no value in '{}'", self.name)),
                (None, Some(near)) => {
                    let start = text.len() - name.len();
                    Box::new(
                        refuse(format!("'{}' is no figure of a storage system", cut(name)))
                            .instead(&place.at(start..text.len()), near),
                    )
                }
                (None, None) => refuse(format!("'{}' is no figure of a storage system", cut(name))),
            });
        };
        let address = format!("storage.{}.{name}", self.name);
        let taken = self.plan.ledger.iter().find(|taken| taken.address == address);
        let taken = taken.expect("what can be fitted is in the ledger");
        let start = parse(&taken.value, dim).map_err(|error| refuse(error.to_string()))?;
        let (low, high) = reach(start, key);
        let stated = match &taken.origin {
            super::plan::Origin::File { at } => Some(at.clone()),
            _ => None,
        };
        let text = taken.value.clone();
        Ok(Coefficient { name: name.to_owned(), address, dim, start, text, low, high, stated })
    }

    /// The figure that `read_latency`, `storage.S.read_latency` or `catalog.P.read_latency` means, if it is of this system.
    fn figure_name<'t>(&self, text: &'t str) -> Option<&'t str> {
        match text.split('.').collect::<Vec<_>>()[..] {
            [name] => Some(name),
            ["storage", system, name] if system == self.name => Some(name),
            ["catalog", part, name] if part == self.part => Some(name),
            _ => None,
        }
    }

    fn elsewhere(&self, text: &str, place: &Place) -> Box<Diagnostic> {
        let message = format!("'{}' is not a figure of the system under load", cut(text));
        let help = format!("write KEY, storage.{}.KEY or catalog.{}.KEY", self.name, self.part);
        Box::new(Diagnostic::new("E0403", message).at(place).help(help))
    }

    /// Quantities of the system that the plan has a value for.
    fn fittable(&self) -> impl Iterator<Item = (&'static Key, Dimension)> {
        let prefix = format!("storage.{}.", self.name);
        let has = move |key: &Key| self.plan.ledger.iter().any(|t| t.address.strip_prefix(&prefix) == Some(key.name));
        STORAGE.keys().filter(move |key| has(key) && !STILL.contains(&key.name)).filter_map(|key| {
            match (key.kind, key.need) {
                (Kind::Quantity(dim) | Kind::Random(dim), super::spec::Need::Part(_)) => Some((key, dim)),
                _ => None,
            }
        })
    }
}

/// The values to try: what the key admits, within reach of the present value.
fn reach(start: f64, key: &Key) -> (f64, f64) {
    let centre = if start > 0.0 { start } else { LEAST * REACH };
    let low = (centre / REACH).max(key.range.low);
    let high = (centre * REACH).min(key.range.high);
    (low, high.max(low))
}

/// Reads `NAME=LOW..HIGH` into the coefficient it is about.
fn bound(coefficients: &mut [Coefficient], text: &str) -> Result<(), Box<Diagnostic>> {
    let place = argument("--bound", text);
    let refuse = |code: &'static str, message: String| {
        let found = Diagnostic::new(code, message).at(&place);
        Box::new(found.help("write NAME=LOW..HIGH, for example 'read_latency=50 us..2 ms'"))
    };
    let parts = text.split_once('=').and_then(|(name, range)| Some((name.trim(), range.split_once("..")?)));
    let Some((name, (low, high))) = parts else {
        return Err(refuse("E0401", "a bound without '=' or '..'".to_owned()));
    };
    let Some(coefficient) = coefficients.iter_mut().find(|c| c.name == name || c.address == name) else {
        return Err(refuse("E0402", format!("'{}' is not among the coefficients to fit", cut(name))));
    };
    let key = STORAGE.key(&coefficient.name).expect("a coefficient is a key of a storage system");
    let mut ends = [0.0; 2];
    for (end, text) in ends.iter_mut().zip([low, high]) {
        let value = parse(text, coefficient.dim).map_err(|error| refuse("E0201", error.to_string()))?;
        if let Some(problem) = range_problem(value, key.range, coefficient.dim) {
            return Err(refuse("E0203", format!("'{}' {problem}", text.trim())));
        }
        *end = value;
    }
    if ends[0] <= 0.0 || ends[0] >= ends[1] {
        return Err(refuse("E0203", "the lower bound must be above zero and below the upper one".to_owned()));
    }
    let [low, high] = ends;
    (coefficient.low, coefficient.high) = (low, high);
    Ok(())
}
