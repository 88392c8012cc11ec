//! Read and write rate of each storage system over time, and beside it its efficiency while saturated and how full it is.

use super::axis;
use super::chart::{Chart, Color, Curve, Panel};
use super::timeline;
use crate::experiment::results::{RunResults, Series};

/// Measures and their colours: reads are blue, writes vermilion, in both columns.
const DIRECTIONS: [(&str, Color); 2] = [("read", Color::Blue), ("write", Color::Vermilion)];

/// Efficiencies and their colours.
const EFFICIENCIES: [(&str, &str, Color); 4] = [
    ("read_efficiency", "read", Color::Blue),
    ("write_efficiency", "write", Color::Vermilion),
    ("write_efficiency_burst", "burst", Color::Purple),
    ("mixed_efficiency", "mix", Color::Green),
];

/// What fills: the capacity and the write buffer.
const FILLS: [(&str, &str, Color); 2] = [("fill", "space", Color::Green), ("buffer_fill", "buffer", Color::Purple)];

/// The chart of storage rates, efficiency and fill; idle systems are named, not drawn.
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
        title: "Storage rate in B/s, efficiency in % of the theoretical rate, and fill in %".to_owned(),
        subtitle: timeline::subtitle(run, &notes.join("; ")),
        notes: Vec::new(),
        columns: 3,
        panels: active.iter().flat_map(|s| [rates(run, s), efficiencies(run, s), fills(run, s)]).collect(),
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
        x: timeline::time_axis(run, 3),
        y: axis::from_zero("rate", "B/s", peak(run, system), 4),
        curves: pair.iter().map(|(direction, color, s)| timeline::steps(s, direction, *color)).collect(),
        marks: Vec::new(),
        shade: timeline::warmup(run),
        note: None,
        key: None,
    }
}

/// Why there is no curve, in agreement with the KPI table.
fn unmeasured(run: &RunResults, system: &str) -> &'static str {
    let known = |measure: &str| {
        let name = format!("storage.{system}.{measure}");
        run.kpis.iter().find(|row| row.name == name).is_some_and(|row| row.mean.is_some())
    };
    if known("theoretical_read_rate") || known("theoretical_write_rate") {
        "never saturated"
    } else {
        "no theoretical rate is known"
    }
}

/// The series of a system that have a value, as curves.
fn curves(run: &RunResults, system: &str, all: &[(&str, &str, Color)]) -> Vec<Curve> {
    let one = |(measure, label, color): &(&str, &str, Color)| {
        let series = timeline::named(run, &format!("storage.{system}.{measure}"))?;
        timeline::any_value(series).then(|| timeline::steps(series, label, *color))
    };
    all.iter().filter_map(one).collect()
}

/// What was never saturated has no efficiency and no curve.
fn efficiencies(run: &RunResults, system: &str) -> Panel {
    let curves = curves(run, system, &EFFICIENCIES);
    let note = curves.is_empty().then(|| unmeasured(run, system).to_owned());
    Panel {
        title: "efficiency".to_owned(),
        x: timeline::time_axis(run, 3),
        y: axis::share("of theoretical"),
        curves,
        marks: Vec::new(),
        shade: timeline::warmup(run),
        note,
        key: None,
    }
}

/// A row of panels is one system, whose name stands on the first.
fn fills(run: &RunResults, system: &str) -> Panel {
    Panel {
        title: "fill".to_owned(),
        x: timeline::time_axis(run, 3),
        y: axis::share("full"),
        curves: curves(run, system, &FILLS),
        marks: Vec::new(),
        shade: timeline::warmup(run),
        note: None,
        key: None,
    }
}
