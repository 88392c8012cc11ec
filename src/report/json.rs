//! The JSON object of a run, as `language.md` fixes it.
//!
//! Numbers are written with the fewest digits that read back to the same double, so the same results give the same
//! bytes. What has no value, and what JSON cannot hold (NaN, infinities), is `null`. A KPI whose unit is `date`
//! holds seconds since 1970-01-01 and is written as an RFC 3339 string.

use serde_json::{Map, Value, json};

use super::{by_way, human, lags, systems, waves, what_if};
use crate::experiment::results::{Cause, KpiRow, RunResults, TargetRow, Verdict, Warning};

/// The object as indented text, ending with a newline.
pub fn render(run: &RunResults) -> String {
    text(&object(run))
}

/// The array of objects that `test` prints, ending with a newline.
pub fn render_all(runs: &[&RunResults]) -> String {
    text(&Value::Array(runs.iter().map(|run| object(run)).collect()))
}

/// Any JSON value as indented text, ending with a newline.
pub fn text(value: &Value) -> String {
    format!("{value:#}\n")
}

/// The object of one run.
pub fn object(run: &RunResults) -> Value {
    let mut object = json!({
        "scenario": { "title": run.title, "file": run.file, "digest": run.digest },
        "provenance": { "version": run.version, "seed": run.seed, "overrides": run.overrides },
        "replications": run.replications,
        "simulated_s": run.simulated_s,
        "events": run.events,
        "kpis": run.kpis.iter().map(kpi).collect::<Vec<_>>(),
        "targets": run.targets.iter().map(target).collect::<Vec<_>>(),
        "bottlenecks": run.bottlenecks.iter().map(cause).collect::<Vec<_>>(),
        "warnings": run.warnings.iter().map(warning).collect::<Vec<_>>(),
    });
    if !run.systems.is_empty() {
        object["storage"] = systems::json(run);
    }
    for (key, value) in run.what_if.iter().flat_map(what_if::json) {
        object[key] = value;
    }
    if !run.by_way.is_empty() {
        object["ways"] = by_way::json(&run.by_way);
    }
    let lags = lags::json(run);
    if !lags.is_empty() {
        object["lags"] = Value::Array(lags);
    }
    if let Some(found) = &run.waves {
        object["waves"] = waves::json(found);
    }
    object
}

/// One KPI.
pub(super) fn kpi(row: &KpiRow) -> Value {
    let number = |v: Option<f64>| number(v, &row.unit);
    json!({
        "name": row.name,
        "unit": row.unit,
        "mean": number(row.mean),
        "ci95": interval(row.ci95, &row.unit),
        "p5": number(row.p5),
        "p50": number(row.p50),
        "p95": number(row.p95),
        "p5_ci95": interval(row.quantiles_ci95[0], &row.unit),
        "p50_ci95": interval(row.quantiles_ci95[1], &row.unit),
        "p95_ci95": interval(row.quantiles_ci95[2], &row.unit),
        "n": row.n,
        "reason": row.reason,
    })
}

/// One target. A `within` target also says its tolerance, without which its limit cannot be judged.
fn target(row: &TargetRow) -> Value {
    let mut object = Map::new();
    object.insert("name".into(), json!(row.name));
    object.insert("kpi".into(), json!(row.kpi));
    object.insert("rule".into(), json!(row.rule));
    object.insert("limit".into(), number(Some(row.limit), &row.unit));
    if let Some(tolerance) = row.tolerance {
        object.insert("tolerance".into(), json!(tolerance));
    }
    object.insert("value".into(), number(row.value, &row.unit));
    object.insert("ci95".into(), interval(row.ci95, &row.unit));
    object.insert("verdict".into(), json!(verdict(row.verdict)));
    object.insert("source".into(), json!(row.source));
    Value::Object(object)
}

/// The word of a verdict in files.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Inconclusive => "inconclusive",
    }
}

fn cause(row: &Cause) -> Value {
    json!({ "work": row.work, "cause": row.cause, "share": row.share })
}

fn warning(warning: &Warning) -> Value {
    json!({ "code": warning.code, "message": warning.message, "at": warning.at })
}

/// A number, a date, or null.
fn number(value: Option<f64>, unit: &str) -> Value {
    match value {
        Some(v) if unit == "date" => human::date(v).map_or(Value::Null, Value::String),
        Some(v) => json!(v),
        None => Value::Null,
    }
}

/// Both ends of an interval, or null.
fn interval(ci95: Option<[f64; 2]>, unit: &str) -> Value {
    ci95.map_or(Value::Null, |[lo, hi]| Value::Array(vec![number(Some(lo), unit), number(Some(hi), unit)]))
}
