//! Two runs against one another, as a document, as JSON and as CSV.

use serde_json::{Value, json};

use super::csv;
use super::document::{Document, Section, Table, Tone};
use super::human::{self, NOTHING};
use super::json::verdict;
use super::sections;
use crate::experiment::results::compare::{Comparison, Difference, Judged, Limit, Side};
use crate::experiment::results::{Input, row_name};

/// The comparison as headings and tables; with `all` also the KPIs that are the same.
pub fn document(found: &Comparison, all: bool) -> Document {
    let mut sections = vec![inputs(found), kpis(found, all)];
    sections.extend(one_sided(found));
    sections.extend(rules(found));
    let side = |letter: &str, side: &Side| {
        let digest: String = side.digest.chars().take(12).collect();
        let plural = if side.replications == 1 { "" } else { "s" };
        format!(
            "{letter}: {}, {} (digest {digest}), seed {}, {} replication{plural}, apollo {}",
            side.title, side.name, side.seed, side.replications, side.version
        )
    };
    let how = if found.paired {
        "differences are B less A, of pairs of replications that draw the same random numbers"
    } else {
        "differences are B less A, of independent runs: the same seed on both sides would pair their replications"
    };
    let mut facts = vec![side("A", &found.a), side("B", &found.b), how.to_owned()];
    if found.paired && found.a.replications != found.b.replications {
        let pairs = found.a.replications.min(found.b.replications);
        facts.push(format!("only the first {pairs} replications have a partner"));
    }
    if found.a.version != found.b.version {
        facts.push("the versions differ: a difference may be the program's".to_owned());
    }
    Document { title: format!("{} against {}", found.b.name, found.a.name), facts, sections }
}

fn inputs(found: &Comparison) -> Section {
    let mut table = Table::new(&[("input", false), ("A", false), ("B", false)]);
    let shown = |input: &Option<Input>| match input {
        Some(input) if input.from == "file" => input.value.clone(),
        Some(input) => format!("{} ({})", input.value, input.from),
        None => NOTHING.to_owned(),
    };
    for changed in &found.inputs {
        table.row(Tone::Plain, vec![changed.address.clone(), shown(&changed.a), shown(&changed.b)]);
    }
    let notes = if table.rows.is_empty() { vec!["none".to_owned()] } else { Vec::new() };
    Section { heading: "Inputs that differ".to_owned(), table, notes }
}

fn kpis(found: &Comparison, all: bool) -> Section {
    let columns =
        [("KPI", false), ("A", true), ("B", true), ("difference", true), ("95 % interval", false), ("of A", true)];
    let mut table = Table::new(&columns);
    let compared: Vec<&Difference> = found.kpis.iter().filter(|kpi| kpi.difference.is_some()).collect();
    for kpi in compared.iter().filter(|kpi| all || !kpi.is_none()) {
        let tone = if kpi.is_sure() { Tone::Strong } else { Tone::Plain };
        table.row(tone, cells(kpi));
    }
    let same = compared.iter().filter(|kpi| kpi.is_none()).count();
    let mut notes = Vec::new();
    if !all && same > 0 {
        let plural = if same == 1 { "KPI is" } else { "KPIs are" };
        notes.push(format!("{same} more {plural} the same on both sides"));
    }
    if table.rows.iter().any(|row| row.tone == Tone::Plain) {
        notes.push("'?': the interval holds zero, the difference may be chance".to_owned());
    }
    Section { heading: "KPIs that differ".to_owned(), table, notes }
}

fn cells(kpi: &Difference) -> Vec<String> {
    let unit = human::display_unit(&kpi.name, &kpi.unit);
    let value = |v: Option<f64>| v.map_or_else(|| NOTHING.to_owned(), |v| human::value(v, unit));
    let difference = kpi.difference.unwrap_or(0.0);
    let apart = if unit == "date" { "s" } else { unit };
    let sure = if kpi.is_sure() || kpi.is_none() { "" } else { " ?" };
    let share = kpi.relative(difference).filter(|_| unit != "date");
    let interval =
        kpi.ci95.map_or_else(|| "one replication".to_owned(), |ci| human::interval_in(apart, difference, ci));
    vec![
        kpi.name.clone(),
        value(kpi.a),
        value(kpi.b),
        apart_by(difference, apart),
        format!("{interval}{sure}"),
        share.map_or_else(String::new, |share| signed(share, "%")),
    ]
}

/// A difference with its sign: shares are apart by points.
fn apart_by(value: f64, unit: &str) -> String {
    let text = signed(value, unit);
    if unit == "%" { text.replace('%', "points") } else { text }
}

/// A value with its sign.
fn signed(value: f64, unit: &str) -> String {
    let sign = if value > 0.0 { "+" } else { "" };
    format!("{sign}{}", human::value(value, unit))
}

/// KPIs that only one side has.
fn one_sided(found: &Comparison) -> Option<Section> {
    let mut table = Table::new(&[("KPI", false), ("A", true), ("B", true), ("why", false)]);
    for kpi in found.kpis.iter().filter(|kpi| kpi.difference.is_none()) {
        let unit = human::display_unit(&kpi.name, &kpi.unit);
        let value = |v: Option<f64>| v.map_or_else(|| NOTHING.to_owned(), |v| human::value(v, unit));
        let why = kpi.reason.clone().unwrap_or_default();
        table.row(Tone::Plain, vec![kpi.name.clone(), value(kpi.a), value(kpi.b), why]);
    }
    let heading = "KPIs with a value on one side only".to_owned();
    (!table.rows.is_empty()).then_some(Section { heading, table, notes: Vec::new() })
}

fn rules(found: &Comparison) -> Option<Section> {
    let mut table = Table::new(&[("verdict", false), ("must not be", false), ("difference", true), ("", false)]);
    for judged in &found.rules {
        let (word, tone) = sections::verdict(judged.verdict);
        table.row(
            tone,
            vec![
                word.to_owned(),
                judged.rule.text.clone(),
                said(judged, found),
                judged.reason.clone().unwrap_or_default(),
            ],
        );
    }
    (!table.rows.is_empty()).then_some(Section { heading: "Rules".to_owned(), table, notes: Vec::new() })
}

/// The difference with its interval, as the limit counts it.
fn said(judged: &Judged, found: &Comparison) -> String {
    let Some(value) = judged.value else { return NOTHING.to_owned() };
    let unit = match judged.rule.limit {
        Limit::Relative(_) => "%",
        Limit::Absolute(_) => {
            let kpi = found.kpis.iter().find(|kpi| kpi.name == row_name(&judged.rule.kpi));
            match kpi.map_or("", |kpi| human::display_unit(&kpi.name, &kpi.unit)) {
                "date" => "s",
                unit => unit,
            }
        }
    };
    let interval = judged.ci95.map_or_else(String::new, |ci| format!(" {}", human::interval_in(unit, value, ci)));
    let value = match judged.rule.limit {
        Limit::Relative(_) => signed(value, unit),
        Limit::Absolute(_) => apart_by(value, unit),
    };
    format!("{value}{interval}")
}

/// The comparison as one JSON object.
pub fn json(found: &Comparison) -> Value {
    let side = |side: &Side| {
        json!({
            "name": side.name,
            "scenario": { "title": side.title, "digest": side.digest },
            "version": side.version,
            "seed": side.seed,
            "replications": side.replications,
        })
    };
    let input = |input: &Option<Input>| input.as_ref().map(|i| json!({ "value": i.value, "from": i.from }));
    let kpi = |kpi: &Difference| {
        let share = |x: f64| kpi.relative(x);
        json!({
            "name": kpi.name,
            "unit": kpi.unit,
            "a": kpi.a,
            "b": kpi.b,
            "difference": kpi.difference,
            "ci95": kpi.ci95,
            "relative": kpi.difference.and_then(share),
            "n": kpi.n,
            "reason": kpi.reason,
        })
    };
    let rule = |judged: &Judged| {
        json!({
            "rule": judged.rule.text,
            "kpi": judged.rule.kpi,
            "verdict": verdict(judged.verdict),
            "value": judged.value,
            "ci95": judged.ci95,
            "reason": judged.reason,
        })
    };
    json!({
        "a": side(&found.a),
        "b": side(&found.b),
        "paired": found.paired,
        "inputs": found.inputs.iter().map(|c| json!({ "address": c.address, "a": input(&c.a), "b": input(&c.b) })).collect::<Vec<_>>(),
        "kpis": found.kpis.iter().map(kpi).collect::<Vec<_>>(),
        "rules": found.rules.iter().map(rule).collect::<Vec<_>>(),
    })
}

/// All KPIs: `name,unit,a,b,difference,ci95_lo,ci95_hi,relative,n,reason`, numbers in base units.
pub fn table(found: &Comparison) -> String {
    let heads = ["name", "unit", "a", "b", "difference", "ci95_lo", "ci95_hi", "relative", "n", "reason"];
    let number = |v: Option<f64>| v.filter(|v| v.is_finite()).map_or_else(String::new, csv::shortest);
    let row = |kpi: &Difference| {
        vec![
            kpi.name.clone(),
            kpi.unit.clone(),
            number(kpi.a),
            number(kpi.b),
            number(kpi.difference),
            number(kpi.ci95.map(|ci| ci[0])),
            number(kpi.ci95.map(|ci| ci[1])),
            number(kpi.difference.and_then(|d| kpi.relative(d))),
            kpi.n.to_string(),
            kpi.reason.clone().unwrap_or_default(),
        ]
    };
    csv::table(&heads, found.kpis.iter().map(row))
}
