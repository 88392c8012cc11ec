//! How stale trajectories are when they train: the share of each lag, and the bound.

use super::axis;
use super::chart::{Axis, Chart, Color, Curve, Mark, Panel, Shape};
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
        notes: Vec::new(),
        columns: shown.len(),
        panels: shown.into_iter().map(panel).collect(),
        empty: String::new(),
        map: None,
    })
}

/// Bars about each whole number of versions.
fn panel(d: &Distribution) -> Panel {
    let rows = lags::shares(d);
    let last = rows.last().map_or(0.0, |row| row.0);
    let top = rows.iter().map(|row| row.1).fold(0.0, f64::max);
    // A bound far beyond what there is would squeeze it into a corner.
    let bound = d.limit.filter(|bound| *bound <= 4.0 * last.max(1.0));
    let hi = last.max(bound.unwrap_or(0.0));
    let every = axis::round_step(hi.max(1.0), 12).max(1.0);
    let ticks = (0..).map(|i| f64::from(i) * every).take_while(|at| *at <= hi).map(|at| (at, format!("{at:.0}")));
    let mark =
        |bound: f64| Mark { label: format!("max_lag {bound:.0}"), at: bound + 0.5, color: Color::Black, dashed: true };
    // The line of the bound stands off the frame, and so does its label.
    let room = if bound.is_some() { (hi / 12.0).max(1.0) } else { 0.0 };
    let points = rows.iter().map(|&(lag, share)| (lag - 0.5, share)).collect();
    Panel {
        title: lags::work(d).to_owned(),
        x: Axis { label: "versions behind".to_owned(), lo: -0.5, hi: hi + 0.5 + room, ticks: ticks.collect() },
        y: axis::from_zero("share of what trains", "%", top, 5),
        curves: vec![Curve { label: String::new(), color: Color::Sky, points, shape: Shape::Bars(1.0), broad: false }],
        marks: bound.map(mark).into_iter().collect(),
        shade: None,
        note: None,
        key: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lags of 1 and 3 under a bound of 4: bars about 0 to 3, and the bound right of 4, a version off the frame.
    #[test]
    fn a_bar_stands_about_every_version_and_the_bound_behind_the_last_that_trains() {
        let d = Distribution {
            name: "rl.w.lag".into(),
            unit: "version".into(),
            limit: Some(4.0),
            values: vec![1.0, 3.0],
            shares: vec![0.25, 0.75],
        };
        let panel = panel(&d);
        assert_eq!(panel.curves[0].points, [(-0.5, 0.0), (0.5, 0.25), (1.5, 0.0), (2.5, 0.75)]);
        assert_eq!((panel.marks[0].at, panel.x.lo, panel.x.hi, panel.x.ticks.len()), (4.5, -0.5, 5.5, 5));
        let far = super::panel(&Distribution { limit: Some(100.0), ..d });
        assert!(far.marks.is_empty() && far.x.hi < 4.0);
    }
}
