//! Read and write rate of each storage system over time, and beside it its efficiency while saturated.

use super::axis;
use super::chart::{Chart, Color, Panel};
use super::timeline;
use crate::experiment::results::{RunResults, Series};

/// Measures and their colours: reads are blue, writes vermilion, in both columns.
const DIRECTIONS: [(&str, Color); 2] = [("read", Color::Blue), ("write", Color::Vermilion)];

/// The chart of storage rates and efficiency; idle systems are named, not drawn.
pub(super) fn chart(run: &RunResults) -> Chart {
    let all = timeline::entities(run, "storage", &["read_rate", "write_rate"]);
    let (active, idle): (Vec<&str>, Vec<&str>) = all.into_iter().partition(|s| peak(run, s) > 0.0);
    let mut notes = Vec::new();
    let (active, more) = timeline::busiest(active, "storage systems", |s| peak(run, s));
    notes.extend((!more.is_empty()).then_some(more));
    notes.extend((!idle.is_empty()).then(|| format!("without traffic: {}", idle.join(", "))));
    let empty = if idle.is_empty() {
        "nothing to show: this scenario has no storage systems"
    } else {
        "nothing to show: no storage system has any traffic"
    };
    Chart {
        name: "storage",
        title: "Storage rate in B/s, and efficiency in % of the theoretical rate".to_owned(),
        subtitle: timeline::subtitle(run, &notes.join("; ")),
        columns: 2,
        panels: active.iter().flat_map(|s| [rates(run, s), efficiencies(run, s)]).collect(),
        empty: empty.to_owned(),
        map: None,
    }
}

/// The series `storage.S.{read,write}_MEASURE` that exist.
fn pair<'a>(run: &'a RunResults, system: &str, measure: &str) -> Vec<(&'static str, Color, &'a Series)> {
    DIRECTIONS
        .into_iter()
        .filter_map(|(direction, color)| {
            let series = timeline::named(run, &format!("storage.{system}.{direction}_{measure}"))?;
            Some((direction, color, series))
        })
        .collect()
}

fn peak(run: &RunResults, system: &str) -> f64 {
    timeline::max(pair(run, system, "rate").into_iter().map(|(_, _, s)| s))
}

fn rates(run: &RunResults, system: &str) -> Panel {
    let pair = pair(run, system, "rate");
    Panel {
        title: system.to_owned(),
        x: timeline::time_axis(run, 2),
        y: axis::from_zero("rate", "B/s", peak(run, system), 4),
        curves: pair.iter().map(|(direction, color, s)| timeline::steps(s, direction, *color)).collect(),
        marks: Vec::new(),
        shade: timeline::warmup(run),
        note: None,
    }
}

/// Why there is no curve, in agreement with the KPI table.
fn unmeasured(run: &RunResults, system: &str) -> &'static str {
    let known = |measure: &str| {
        let name = format!("storage.{system}.{measure}");
        run.kpis.iter().find(|row| row.name == name).is_some_and(|row| row.mean.is_some())
    };
    if known("write_efficiency_burst") {
        "only bursts of writes were measured: see write_efficiency_burst"
    } else if known("theoretical_read_rate") || known("theoretical_write_rate") {
        "never saturated: no efficiency to measure"
    } else {
        "no theoretical rate is known: no efficiency to measure"
    }
}

/// A direction that was never saturated has no efficiency and no curve.
fn efficiencies(run: &RunResults, system: &str) -> Panel {
    let measured: Vec<_> =
        pair(run, system, "efficiency").into_iter().filter(|(_, _, s)| timeline::any_value(s)).collect();
    let note = measured.is_empty().then(|| unmeasured(run, system).to_owned());
    Panel {
        title: format!("{system}, efficiency"),
        x: timeline::time_axis(run, 2),
        y: axis::share("of theoretical"),
        curves: measured.iter().map(|(direction, color, s)| timeline::steps(s, direction, *color)).collect(),
        marks: Vec::new(),
        shade: timeline::warmup(run),
        note,
    }
}
