//! GPUs that are not in repair, and of these the ones in service or ready, over time, one panel per fleet.

use super::axis;
use super::chart::{Chart, Color, Curve, Panel};
use super::timeline;
use crate::experiment::results::{RunResults, Series};

/// Series of a fleet, what they are called, and their colour.
const MEASURES: [(&str, &str, Color); 2] =
    [("available", "not in repair", Color::Blue), ("usable", "in service or ready", Color::Vermilion)];

/// The chart of usable GPUs.
pub(super) fn chart(run: &RunResults) -> Chart {
    let fleets = timeline::entities(run, "fleet", &["available", "usable"]);
    let (fleets, more) = timeline::busiest(fleets, "fleets", |f| timeline::max(all(run, f).iter().map(|m| m.2)));
    let columns = if fleets.len() > 4 { 2 } else { 1 };
    let notes = ["axes do not start at zero", &more];
    let notes: Vec<&str> = notes.into_iter().filter(|n| !n.is_empty()).collect();
    Chart {
        name: "usable-gpus",
        title: "Usable GPUs over time, in GPUs".to_owned(),
        subtitle: timeline::subtitle(run, &notes.join("; ")),
        notes: Vec::new(),
        columns,
        panels: fleets.iter().map(|fleet| panel(run, fleet, columns)).collect(),
        empty: "nothing to show: this scenario has no GPU fleets".to_owned(),
        map: None,
    }
}

/// The series of a fleet that exist, with text and colour.
fn all<'a>(run: &'a RunResults, fleet: &str) -> Vec<(&'static str, Color, &'a Series)> {
    MEASURES
        .into_iter()
        .filter_map(|(measure, label, color)| {
            Some((label, color, timeline::named(run, &format!("fleet.{fleet}.{measure}"))?))
        })
        .collect()
}

fn panel(run: &RunResults, fleet: &str, columns: usize) -> Panel {
    let all = all(run, fleet);
    let values = || all.iter().flat_map(|(_, _, s)| &s.values).copied().filter(|v| v.is_finite());
    let (lo, hi) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
    let span = if lo <= hi { (lo, hi) } else { (0.0, 1.0) };
    Panel {
        title: fleet.to_owned(),
        x: timeline::time_axis(run, columns),
        y: axis::spanning("GPUs", "1", span, 4),
        // Most of the time both are equal.
        curves: all
            .iter()
            .enumerate()
            .map(|(i, (label, color, s))| Curve { broad: i == 0, ..timeline::steps(s, label, *color) })
            .collect(),
        marks: Vec::new(),
        shade: timeline::warmup(run),
        note: (lo > hi).then(|| "no values".to_owned()),
        key: None,
    }
}
