//! Result folders read back, to be compared with another run.
//!
//! `replications.csv` holds the value of every KPI in every replication (`name,unit,1,2,…`, base units, empty without a value; dates in seconds
//! since 1970), `inputs.csv` every value that enters the run (`address,value,from`).

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{csv, manifest};
use crate::experiment::results::compare::Side;
use crate::experiment::results::{Input, KpiRow, TargetRow, Verdict, row_name};
use crate::stats::interval;

/// File of the values by replication.
pub const REPLICATIONS: &str = "replications.csv";
/// File of the inputs.
pub(super) const INPUTS: &str = "inputs.csv";

/// A folder that cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum StoredError {
    /// The system refused.
    #[error("cannot read {}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// It is no finished result folder.
    #[error("{} is no complete result folder of apollo: {why}", path.display())]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

/// The values of all KPIs by replication.
pub(super) fn replications(rows: &[KpiRow], replications: u32) -> String {
    let heads: Vec<String> =
        ["name", "unit"].into_iter().map(str::to_owned).chain((1..=replications).map(|r| r.to_string())).collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let row = |row: &KpiRow| {
        let value =
            |at: usize| row.values.get(at).filter(|v| !v.is_nan()).map_or_else(String::new, |v| csv::shortest(*v));
        [row.name.clone(), row.unit.clone()]
            .into_iter()
            .chain((0..replications as usize).map(value))
            .collect::<Vec<_>>()
    };
    csv::table(&heads, rows.iter().map(row))
}

/// The inputs.
pub(super) fn inputs(rows: &[Input]) -> String {
    csv::table(
        &["address", "value", "from"],
        rows.iter().map(|input| vec![input.address.clone(), input.value.clone(), input.from.clone()]),
    )
}

/// The run in a result folder.
///
/// # Errors
/// [`StoredError`].
pub fn read(dir: &Path) -> Result<Side, StoredError> {
    let unusable = |why: String| StoredError::Unusable { path: dir.to_owned(), why };
    let text = |name: &str| {
        let path = dir.join(name);
        fs::read_to_string(&path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => unusable(format!("it has no {name}")),
            _ => StoredError::File { path, source },
        })
    };
    let json = |name: &str| -> Result<Value, StoredError> {
        serde_json::from_str(&text(name)?).map_err(|error| unusable(format!("{name}: {error}")))
    };
    let manifest = json(manifest::NAME)?;
    // What was changed by hand, or by a failing disk, is no longer what a run gave.
    let sound = |name: &str, text: &str| match manifest::digest_of(&manifest, name) {
        Some(digest) if digest != manifest::sha256(text.as_bytes()) => {
            Err(unusable(format!("{name} is not as it was written: its SHA-256 differs from that in the manifest")))
        }
        _ => Ok(()),
    };
    let text = |name: &str| text(name).and_then(|text| sound(name, &text).map(|()| text));
    let json = |name: &str| -> Result<Value, StoredError> {
        serde_json::from_str(&text(name)?).map_err(|error| unusable(format!("{name}: {error}")))
    };
    if manifest.get("state").and_then(Value::as_str) != Some("complete") {
        return Err(unusable("its manifest does not say 'complete'".to_owned()));
    }
    let summary = json("summary.json")?;
    let word = |table: &str, key: &str| summary[table][key].as_str().unwrap_or_default().to_owned();
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    let reasons = |name: &str| {
        let rows = summary["kpis"].as_array()?;
        let row = rows.iter().find(|row| row["name"].as_str() == Some(name))?;
        Some((row["reason"].as_str().map(str::to_owned), !row["ci95"].is_null()))
    };
    let table = |name: &str| -> Result<Vec<Vec<String>>, StoredError> {
        let text = text(name)?;
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let rows = reader.records().map(|row| Ok(row?.iter().map(str::to_owned).collect()));
        rows.collect::<Result<_, ::csv::Error>>().map_err(|error| unusable(format!("{name}: {error}")))
    };
    let mut kpis = Vec::new();
    for cells in table(REPLICATIONS)? {
        kpis.push(row(&cells, reasons).ok_or_else(|| unusable(format!("{REPLICATIONS} has a row that is no KPI")))?);
    }
    kpis.sort_by(|a, b| a.name.cmp(&b.name));
    let targets = summary["targets"].as_array().into_iter().flatten();
    let targets = targets.map(|value| target(value, &kpis)).collect::<Option<_>>();
    let input = |cells: Vec<String>| {
        let [address, value, from] = <[String; 3]>::try_from(cells).ok()?;
        Some(Input { address, value, from })
    };
    let inputs: Option<Vec<Input>> = table(INPUTS)?.into_iter().map(input).collect();
    Ok(Side {
        name: dir.display().to_string(),
        title: word("scenario", "title"),
        digest: word("scenario", "digest"),
        version: word("provenance", "version"),
        seed: number(&summary["provenance"]["seed"]),
        replications: number(&summary["replications"]) as u32,
        inputs: inputs.ok_or_else(|| unusable(format!("{INPUTS} has a row that is no input")))?,
        kpis,
        targets: targets.ok_or_else(|| unusable("summary.json has a target that is none".to_owned()))?,
    })
}

/// A target of `summary.json`, without its interval.
fn target(value: &Value, kpis: &[KpiRow]) -> Option<TargetRow> {
    let word = |key: &str| value[key].as_str().map(str::to_owned);
    let kpi = word("kpi")?;
    let row = kpis.iter().find(|row| row.name == row_name(&kpi));
    let unit = row.map_or_else(|| "1".to_owned(), |row| row.unit.clone());
    // Dates are words there.
    let number = |value: &Value| match value.as_str() {
        Some(date) => crate::units::parse(date, crate::units::Dimension::Date).ok(),
        None => value.as_f64(),
    };
    let all = [Verdict::Pass, Verdict::Fail, Verdict::Inconclusive];
    Some(TargetRow {
        name: word("name")?,
        rule: word("rule")?,
        limit: number(&value["limit"])?,
        tolerance: value["tolerance"].as_f64(),
        value: number(&value["value"]),
        ci95: None,
        verdict: all.into_iter().find(|v| value["verdict"] == super::json::verdict(*v))?,
        source: word("source"),
        kpi,
        unit,
    })
}

fn row(cells: &[String], known: impl Fn(&str) -> Option<(Option<String>, bool)>) -> Option<KpiRow> {
    let [name, unit, values @ ..] = cells else { return None };
    let values: Vec<f64> = values
        .iter()
        .map(|text| if text.is_empty() { Some(f64::NAN) } else { text.parse().ok() })
        .collect::<Option<_>>()?;
    let present: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    let (reason, has_interval) = known(name)?;
    let mean = (!present.is_empty()).then(|| present.iter().sum::<f64>() / present.len() as f64);
    let ci95 = match interval::mean_ci95(&present) {
        Some((_, ci)) => Some(ci),
        None => mean.filter(|_| has_interval).map(|mean| [mean, mean]),
    };
    Some(KpiRow {
        name: name.clone(),
        unit: unit.clone(),
        mean,
        ci95,
        n: present.len() as u32,
        reason,
        values: if present.is_empty() { Vec::new() } else { values },
        ..KpiRow::default()
    })
}
