//! How stale trajectories are when they train: the share of each lag, and the bound.

use super::axis;
use super::chart::{Chart, Color, Curve, Mark, Panel, Shape};
use crate::experiment::results::{Distribution, RunResults};
use crate::report::lags;

/// More works than this are not drawn.
const MOST_WORKS: usize = 4;

/// The chart of lags, a panel per RL work; `None` where nothing was trained.
pub(super) fn chart(run: &RunResults) -> Option<Chart> {
    let shown: Vec<&Distribution> = lags::of(run).filter(|d| !d.values.is_empty()).take(MOST_WORKS).collect();
    let plural = if run.replications == 1 { "" } else { "s" };
    (!shown.is_empty()).then(|| Chart {
        name: "rl-lag",
        title: "Lag of what trains, in policy versions".to_owned(),
        subtitle: format!("{} (all trajectories of {} replication{plural})", run.title, run.replications),
        columns: shown.len(),
        panels: shown.into_iter().map(panel).collect(),
        empty: String::new(),
        map: None,
    })
}

fn panel(d: &Distribution) -> Panel {
    let rows = lags::shares(d);
    let last = rows.last().map_or(0.0, |row| row.0);
    let top = rows.iter().map(|row| row.1).fold(0.0, f64::max);
    // Bars stand on their version; the first begins left of it.
    let points = rows.iter().map(|&(lag, share)| (lag, share)).collect();
    let bound =
        d.limit.map(|at| Mark { label: format!("max_lag {at:.0}"), at: at + 1.0, color: Color::Black, dashed: true });
    let end = last.max(d.limit.filter(|bound| *bound <= 4.0 * last.max(1.0)).unwrap_or(0.0)) + 1.0;
    Panel {
        title: lags::work(d).to_owned(),
        x: axis::from_zero("versions behind, each from its number to the next", "", end, 12),
        y: axis::from_zero("share of what trains", "%", top, 5),
        curves: vec![Curve { label: String::new(), color: Color::Sky, points, shape: Shape::Bars(1.0), broad: false }],
        marks: bound.into_iter().filter(|mark| mark.at <= end).collect(),
        shade: None,
        note: None,
    }
}
