//! A failure study as tables, as JSON and as CSV.

use serde_json::{Value, json};

use super::csv;
use super::document::{Section, Table, Tone};
use super::human::{self, NOTHING};
use crate::experiment::results::RunResults;
use crate::experiment::results::what_if::{FailureRow, Latency, WhatIf, WorkCost};

/// Failures shown in the report; all of them are in the files.
const FAILURES_SHOWN: usize = 20;
/// Directions of links shown.
const LINKS_SHOWN: usize = 10;
/// Culprits shown per work.
const CULPRITS_SHOWN: usize = 5;
/// A change below this share of the value is none.
const NOTABLE: f64 = 0.0005;

/// The tables of a study; none where none was asked for.
pub(super) fn sections(run: &RunResults) -> Vec<Section> {
    let Some(study) = &run.what_if else { return Vec::new() };
    [failures(study), links(study), works(study)]
        .into_iter()
        .filter(|s| !s.table.rows.is_empty() || !s.notes.is_empty())
        .collect()
}

/// One row per failure, the most harmful first.
fn failures(study: &WhatIf) -> Section {
    let offers = study.simulated && study.spans.is_some();
    // With a single span there is no question when.
    let when = |at: Option<f64>| match (study.spans, at) {
        (Some(2..), Some(at)) => format!(" at {}", human::round_value(at, "s")),
        _ => String::new(),
    };
    let mut columns = vec![("failed", false), ("worst link", false), ("utilisation", true)];
    if offers {
        columns.push(("offered by demand", true));
    }
    columns.extend([("not delivered", true), ("longest detour", false), ("works harmed", false)]);
    let mut table = Table::new(&columns);
    let mut rows: Vec<&FailureRow> = study.failures.iter().collect();
    rows.sort_by(|a, b| {
        let load = |row: &FailureRow| row.worst_utilisation.unwrap_or(0.0);
        let harm = |row: &FailureRow| harmed(row).first().map_or(0.0, |cost| harm(cost));
        b.unserved.total_cmp(&a.unserved).then(harm(b).total_cmp(&harm(a))).then(load(b).total_cmp(&load(a)))
    });
    for row in rows.iter().take(FAILURES_SHOWN) {
        let tone = if row.unserved > 0.0 { Tone::Bad } else { Tone::Plain };
        let mut cells = vec![
            row.failed.clone(),
            row.worst_link.clone().unwrap_or_else(|| NOTHING.to_owned()),
            row.worst_utilisation
                .map_or_else(|| NOTHING.to_owned(), |share| percent(share) + &when(row.utilisation_at_s)),
        ];
        if offers {
            cells.push(
                row.offered.as_ref().map_or_else(|| NOTHING.to_owned(), |o| percent(o.value) + &when(Some(o.at_s))),
            );
        }
        cells.extend([
            match row.unserved > 0.0 {
                true => human::value(row.unserved, "B/s") + &when(row.unserved_at_s),
                false => "0".to_owned(),
            },
            row.latency.as_ref().map_or_else(|| NOTHING.to_owned(), |l| detour(l) + &when(Some(l.at_s))),
            harmed_words(row),
        ]);
        table.row(tone, cells);
    }
    let mut notes = Vec::new();
    if rows.len() > FAILURES_SHOWN {
        notes.push(format!("{} more failures are in what_if.csv", rows.len() - FAILURES_SHOWN));
    }
    notes.extend(span_note(study));
    let plural = if rows.len() == 1 { "" } else { "s" };
    Section { heading: format!("What if: {} failure{plural}, each for the whole time", rows.len()), table, notes }
}

/// What demand is looked at.
fn span_note(study: &WhatIf) -> Option<String> {
    let spans = match study.spans? {
        1 => "demand and what is in service never change".to_owned(),
        n => format!(
            "{n} spans of the run differ in demand or in what is in service: each column shows the worst of them, and its time after the start"
        ),
    };
    Some(match study.simulated {
        true => format!("{spans}; utilisation and what is not delivered are means of the simulation"),
        false => format!("without works nothing is simulated: demand over capacity; {spans}"),
    })
}

/// The works that a failure harms, by the KPI that ranks failures (the first of its work), the worst first.
fn harmed(row: &FailureRow) -> Vec<&WorkCost> {
    let leading = row.works.chunk_by(|a, b| a.work == b.work).filter_map(|costs| costs.first());
    let mut harmed: Vec<&WorkCost> = leading.filter(|cost| harm(cost) > NOTABLE).collect();
    harmed.sort_by(|a, b| harm(b).total_cmp(&harm(a)));
    harmed
}

/// How much worse, as a share of the value without the failure; nothing where that cannot be said.
fn harm(cost: &WorkCost) -> f64 {
    cost.harm.unwrap_or(0.0)
}

/// The work most harmed, and how many others are.
fn harmed_words(row: &FailureRow) -> String {
    let works = harmed(row);
    let Some(worst) = works.first() else { return NOTHING.to_owned() };
    let others = match works.len() - 1 {
        0 => String::new(),
        1 => "; 1 other work".to_owned(),
        n => format!("; {n} other works"),
    };
    format!("{} {}{others}", worst.kpi, change(worst))
}

/// `43.2 s → 61.0 s (+41 %)`.
fn change(cost: &WorkCost) -> String {
    let unit = human::display_unit(&cost.kpi, &cost.unit);
    let text = |value: Option<f64>| value.map_or_else(|| "none".to_owned(), |v| human::value(v, unit));
    let share = match (cost.base, cost.value) {
        (Some(base), Some(value)) if base != 0.0 => format!(" ({:+.1} %)", 100.0 * (value - base) / base.abs()),
        _ => String::new(),
    };
    format!("{} → {}{share}", text(cost.base), text(cost.value))
}

/// `phoenix-to-dallas 20.1 ms → 75.3 ms`.
fn detour(latency: &Latency) -> String {
    let time = |s: f64| human::value(s, "s");
    format!("{} {} → {}", latency.pair, time(latency.before), time(latency.after))
}

fn percent(share: f64) -> String {
    human::value(share, "%")
}

fn links(study: &WhatIf) -> Section {
    let mut table =
        Table::new(&[("link", false), ("without failure", true), ("worst", true), ("culprit", false), ("next", false)]);
    for row in study.links.iter().take(LINKS_SHOWN) {
        let Some((culprit, load)) = row.culprits.first() else { continue };
        let next = row.culprits.get(1).map_or_else(String::new, |(name, load)| format!("{name} ({})", percent(*load)));
        let none = *load <= row.base;
        let culprit = if none { "no failure loads it more".to_owned() } else { culprit.clone() };
        let (worst, next) = if none { (row.base, String::new()) } else { (*load, next) };
        table.row(Tone::Plain, vec![row.link.clone(), percent(row.base), percent(worst), culprit, next]);
    }
    let mut notes = Vec::new();
    if study.links.len() > LINKS_SHOWN {
        notes.push(format!("{} more directions are in summary.json", study.links.len() - LINKS_SHOWN));
    }
    let which = if study.simulated { "mean" } else { "offered" };
    Section {
        heading: format!("What if: links by the failure that loads them most ({which} utilisation)"),
        table,
        notes,
    }
}

fn works(study: &WhatIf) -> Section {
    let mut table = Table::new(&[("failed", false), ("value", true), ("worse by", true)]);
    let mut unharmed = Vec::new();
    for row in &study.works {
        let harming: Vec<_> = row.culprits.iter().filter(|(.., harm)| *harm > NOTABLE).collect();
        if harming.is_empty() {
            unharmed.push(row.work.as_str());
            continue;
        }
        let unit = human::display_unit(&row.kpi, &row.unit);
        let text = |value: Option<f64>| value.map_or_else(|| "none".to_owned(), |v| human::value(v, unit));
        table.group(&format!("{}, {} without failure", row.kpi, text(row.base)));
        for (failed, value, harm) in harming.into_iter().take(CULPRITS_SHOWN) {
            let worse = if harm.is_finite() { format!("{:.1} %", 100.0 * harm) } else { "all of it".to_owned() };
            table.row(Tone::Plain, vec![failed.clone(), text(*value), worse]);
        }
    }
    let notes = if unharmed.is_empty() {
        Vec::new()
    } else {
        vec![format!("no failure studied harms {}", unharmed.join(", "))]
    };
    Section { heading: "What if: works by the failure that costs them most".to_owned(), table, notes }
}

/// The study as members of the object of a run.
pub(super) fn json(study: &WhatIf) -> [(&'static str, Value); 3] {
    let link = |(failed, load): &(String, f64)| json!({ "failed": failed, "utilisation": load });
    let links = study.links.iter().map(|row| {
        json!({ "link": row.link, "base": row.base, "culprits": row.culprits.iter().map(link).collect::<Vec<_>>() })
    });
    let harm = |(failed, value, harm): &(String, Option<f64>, f64)| json!({ "failed": failed, "value": value, "worse_by": harm });
    let works = study.works.iter().map(|row| {
        json!({
            "work": row.work,
            "kpi": row.kpi,
            "base": row.base,
            "culprits": row.culprits.iter().map(harm).collect::<Vec<_>>(),
        })
    });
    [
        ("what_if", Value::Array(study.failures.iter().map(failure).collect())),
        ("what_if_links", Value::Array(links.collect())),
        ("what_if_works", Value::Array(works.collect())),
    ]
}

fn failure(row: &FailureRow) -> Value {
    json!({
        "failed": row.failed,
        "worst_link": row.worst_link,
        "worst_utilisation": row.worst_utilisation,
        "unserved": row.unserved,
        "worst_utilisation_at_s": row.utilisation_at_s,
        "unserved_at_s": row.unserved_at_s,
        "offered_link": row.offered.as_ref().map(|o| &o.what),
        "offered_utilisation": row.offered.as_ref().map(|o| o.value),
        "offered_at_s": row.offered.as_ref().map(|o| o.at_s),
        "latency": row.latency.as_ref().map(|l| json!({ "pair": l.pair, "base": l.before, "value": l.after, "at_s": l.at_s })),
        "works": row.works.iter().map(cost).collect::<Vec<_>>(),
    })
}

fn cost(cost: &WorkCost) -> Value {
    json!({
        "work": cost.work,
        "kpi": cost.kpi,
        "unit": cost.unit,
        "base": cost.base,
        "value": cost.value,
        "change_ci95": cost.change_ci95,
        "reason": cost.reason,
    })
}

/// Heads of [`rows`].
pub(super) const HEADS: [&str; 19] = [
    "failed",
    "worst_link",
    "worst_utilisation",
    "worst_utilisation_at_s",
    "unserved",
    "unserved_at_s",
    "offered_utilisation",
    "detour",
    "rtt_base",
    "rtt",
    "rtt_at_s",
    "work",
    "kpi",
    "unit",
    "base",
    "value",
    "change_lo",
    "change_hi",
    "reason",
];

/// The study as CSV: one row per failure and KPI of a work, or one per failure where the plan has no work.
pub(super) fn table(study: &WhatIf) -> String {
    csv::table(&HEADS, study.failures.iter().flat_map(rows))
}

fn rows(row: &FailureRow) -> Vec<Vec<String>> {
    let number = |v: Option<f64>| v.map_or_else(String::new, csv::shortest);
    let network = [
        row.failed.clone(),
        row.worst_link.clone().unwrap_or_default(),
        number(row.worst_utilisation),
        number(row.utilisation_at_s),
        csv::shortest(row.unserved),
        number(row.unserved_at_s),
        number(row.offered.as_ref().map(|o| o.value)),
        row.latency.as_ref().map_or_else(String::new, |l| l.pair.clone()),
        number(row.latency.as_ref().map(|l| l.before)),
        number(row.latency.as_ref().map(|l| l.after)),
        number(row.latency.as_ref().map(|l| l.at_s)),
    ];
    let with = |rest: Vec<String>| network.iter().cloned().chain(rest).collect::<Vec<_>>();
    if row.works.is_empty() {
        return vec![with(vec![String::new(); HEADS.len() - network.len()])];
    }
    let of_cost = |cost: &WorkCost| {
        with(vec![
            cost.work.clone(),
            cost.kpi.clone(),
            cost.unit.clone(),
            number(cost.base),
            number(cost.value),
            number(cost.change_ci95.map(|ci| ci[0])),
            number(cost.change_ci95.map(|ci| ci[1])),
            cost.reason.clone().unwrap_or_default(),
        ])
    };
    row.works.iter().map(of_cost).collect()
}
