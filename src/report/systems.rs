//! Storage systems side by side, as a table and as JSON.

use serde_json::{Map, Value, json};

use super::document::{Section, Table, Tone};
use super::human::{self, NOTHING};
use crate::experiment::results::RunResults;
use crate::experiment::results::systems::{COST_ITEMS, SystemRow};

/// Bytes of a petabyte.
const PB: f64 = 1e15;

/// The table; none where no system is sized, priced or judged by its economics.
pub(super) fn section(run: &RunResults) -> Option<Section> {
    if run.systems.is_empty() {
        return None;
    }
    let mut table = Table::new(&[
        ("system", false),
        ("size", false),
        ("sized by", false),
        ("usable", true),
        ("read", true),
        ("write", true),
        ("M$/month", true),
        ("requests", true),
        ("total", true),
        ("$/PB-month", true),
        ("$/GB/s read", true),
        ("$/GB/s written", true),
        ("W/PB", true),
        ("racks/PB", true),
        ("read p99", true),
        ("write p99", true),
    ]);
    for system in &run.systems {
        table.row(Tone::Plain, cells(run, system));
    }
    let mut notes: Vec<String> = run.systems.iter().filter(|s| s.needs.len() > 1).map(needs).collect();
    if run.systems.iter().any(|s| kpi(run, s, "request_cost").is_some()) {
        let text = "requests, total: M$/month at the operations of the run, which are bytes over io_size; $/GB/s includes them, $/PB-month does not";
        notes.push(text.to_owned());
    }
    let heading = "Storage systems: size, deliverable rates, list cost a month over delivered rates".to_owned();
    Some(Section { heading, table, notes })
}

fn cells(run: &RunResults, s: &SystemRow) -> Vec<String> {
    let plain = |value: Option<f64>| value.map_or_else(|| NOTHING.to_owned(), |v| human::value(v, "1"));
    let per_rate = |word: &str| kpi(run, s, &format!("cost_per_delivered_{word}_gb_per_s"));
    let slowest = |word: &str| {
        kpi(run, s, &format!("{word}_latency.p99")).map_or_else(|| NOTHING.to_owned(), |v| human::value(v, "s"))
    };
    let cost = total(s);
    vec![
        s.name.clone(),
        size(s),
        sized_by(s),
        human::value(s.usable, "B"),
        human::value(s.rates[0], "B/s"),
        human::value(s.rates[1], "B/s"),
        plain(cost.map(|cost| cost / 1e6)),
        plain(kpi(run, s, "request_cost").map(|cost| cost / 1e6)),
        plain(kpi(run, s, "total_cost").map(|cost| cost / 1e6)),
        plain(cost.map(|cost| cost / (s.usable / PB))),
        plain(per_rate("read")),
        plain(per_rate("write")),
        plain(Some(s.power / (s.usable / PB))),
        plain(Some(s.racks / (s.usable / PB))),
        slowest("read"),
        slowest("write"),
    ]
}

/// Mean of a KPI of a system.
fn kpi(run: &RunResults, s: &SystemRow, measure: &str) -> Option<f64> {
    let name = format!("storage.{}.{measure}", s.name);
    run.kpis.iter().find(|kpi| kpi.name == name).and_then(|kpi| kpi.mean)
}

fn total(s: &SystemRow) -> Option<f64> {
    s.cost.map(|items| items.iter().sum())
}

fn size(s: &SystemRow) -> String {
    let heads = if s.heads > 0.0 { format!(" + {} heads", human::count(s.heads as u64)) } else { String::new() };
    if s.unit == "systems" {
        "1 system".to_owned()
    } else {
        format!("{} {}{heads}", human::count(s.units as u64), s.unit)
    }
}

fn sized_by(s: &SystemRow) -> String {
    if s.stage.is_empty() { s.sized_by.clone() } else { format!("{} ({})", s.sized_by, s.stage) }
}

/// What each part of the demand needs alone: how far the others are from deciding.
fn needs(s: &SystemRow) -> String {
    let sold = s.unit == "systems";
    let each = |need: &crate::experiment::results::systems::NeedRow| {
        let units = if sold { human::value(need.units, "B") } else { human::count(need.units as u64) };
        format!("{} {units}", need.by)
    };
    let what = if sold { "capacity" } else { &s.unit };
    format!("{}: {what} needed for {}", s.name, s.needs.iter().map(each).collect::<Vec<_>>().join(", "))
}

/// The systems as JSON.
pub(super) fn json(run: &RunResults) -> Value {
    Value::Array(run.systems.iter().map(object).collect())
}

fn object(s: &SystemRow) -> Value {
    let cost = s.cost.map(|items| {
        let mut object: Map<String, Value> =
            COST_ITEMS.into_iter().map(str::to_owned).zip(items.map(|v| json!(v))).collect();
        object.insert("total".into(), json!(total(s)));
        object
    });
    json!({
        "name": s.name,
        "system": s.system,
        "unit": s.unit,
        "units": s.units,
        "heads": s.heads,
        "sized_by": s.sized_by,
        "stage": s.stage,
        "needs": s.needs.iter().map(|n| json!({ "by": n.by, "stage": n.stage, "units": n.units })).collect::<Vec<_>>(),
        "usable": s.usable,
        "deliverable_read_rate": s.rates[0],
        "deliverable_write_rate": s.rates[1],
        "cost_usd_per_month": cost,
        "power": s.power,
        "racks": s.racks,
    })
}
