//! What the charts over time have in common.

use super::axis;
use super::chart::{Axis, Color, Curve, Shape};
use crate::experiment::results::{RunResults, Series};

/// More panels than this are not drawn; the subtitle says how many are missing.
pub(super) const MOST_PANELS: usize = 12;
/// Bins drawn per curve; more are merged, so that a year stays readable.
const MOST_BINS: usize = 1500;

/// The time axis of a run.
pub(super) fn time_axis(run: &RunResults, columns: usize) -> Axis {
    let ticks = match columns {
        1 => 10,
        2 => 6,
        _ => 4,
    };
    axis::time("time since start", run.simulated_s, ticks)
}

/// The warm-up as a shaded stretch.
pub(super) fn warmup(run: &RunResults) -> Option<(f64, f64)> {
    (run.warmup_s > 0.0).then_some((0.0, run.warmup_s))
}

/// `Falcon: … (replication 1 of 8)`: charts over time show one replication, because a mean over several hides peaks.
pub(super) fn subtitle(run: &RunResults, more: &str) -> String {
    let warmup = if run.warmup_s > 0.0 { "; grey: warm-up" } else { "" };
    let more = if more.is_empty() { String::new() } else { format!("; {more}") };
    format!("{} (replication 1 of {}{warmup}{more})", run.title, run.replications)
}

/// A series as steps: each value holds over its whole bin.
pub(super) fn steps(series: &Series, label: &str, color: Color) -> Curve {
    let mut points = Vec::with_capacity(2 * series.values.len().min(MOST_BINS));
    let merge = series.values.len().div_ceil(MOST_BINS).max(1);
    let mut from = 0.0;
    for (times, values) in series.t_s.chunks(merge).zip(series.values.chunks(merge)) {
        let to = times.last().copied().unwrap_or(from);
        let value = mean(values);
        points.extend([(from, value), (to, value)]);
        from = to;
    }
    Curve { label: label.to_owned(), color, points, shape: Shape::Line, broad: false }
}

/// The mean of the values that exist, NaN when there are none.
pub(super) fn mean(values: &[f64]) -> f64 {
    let (sum, n) = values.iter().filter(|v| v.is_finite()).fold((0.0, 0usize), |(s, n), v| (s + v, n + 1));
    if n == 0 { f64::NAN } else { sum / n as f64 }
}

/// The largest value of several series, zero when there is none.
pub(super) fn max<'a>(all: impl IntoIterator<Item = &'a Series>) -> f64 {
    all.into_iter().flat_map(|s| &s.values).copied().filter(|v| v.is_finite()).fold(0.0, f64::max)
}

/// Whether any value exists.
pub(super) fn any_value(series: &Series) -> bool {
    series.values.iter().any(|v| v.is_finite())
}

/// The series of one name.
pub(super) fn named<'a>(run: &'a RunResults, name: &str) -> Option<&'a Series> {
    run.series.iter().find(|s| s.name == name)
}

/// Middles of `area.MIDDLE.measure` over all series, sorted, without repetition.
pub(super) fn entities<'a>(run: &'a RunResults, area: &str, measures: &[&str]) -> Vec<&'a str> {
    let mut found: Vec<&str> = run
        .series
        .iter()
        .filter_map(|s| {
            let (entity, measure) = s.name.strip_prefix(area)?.strip_prefix('.')?.rsplit_once('.')?;
            measures.contains(&measure).then_some(entity)
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Keeps the `MOST_PANELS` entities with the largest weight, in name order, and says how many were left out.
pub(super) fn busiest<T>(mut all: Vec<T>, what: &str, weight: impl Fn(&T) -> f64) -> (Vec<T>, String) {
    let total = all.len();
    if total <= MOST_PANELS {
        return (all, String::new());
    }
    let mut order: Vec<usize> = (0..total).collect();
    order.sort_by(|a, b| weight(&all[*b]).total_cmp(&weight(&all[*a])));
    order.truncate(MOST_PANELS);
    let mut index = 0..;
    all.retain(|_| index.next().is_some_and(|i| order.contains(&i)));
    (all, format!("the {MOST_PANELS} busiest of {total} {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_series_is_merged_and_gaps_survive() {
        let n = 10 * MOST_BINS;
        let series = Series {
            name: "x".into(),
            unit: "1".into(),
            t_s: (1..=n).map(|i| i as f64).collect(),
            values: (0..n).map(|i| if i < 10 { f64::NAN } else { 2.0 }).collect(),
        };
        let curve = steps(&series, "x", Color::Blue);
        assert_eq!(curve.points.len(), 2 * MOST_BINS);
        assert!(curve.points[0].1.is_nan());
        assert_eq!(curve.points[2], (10.0, 2.0));
        assert_eq!(curve.points.last().map(|p| p.0), Some(n as f64));
    }

    #[test]
    fn only_the_busiest_are_kept_in_their_order() {
        let (kept, note) = busiest((0..20).collect(), "links", |i| f64::from(*i % 7));
        assert_eq!(kept.len(), MOST_PANELS);
        assert!(kept.is_sorted() && kept.contains(&6) && kept.contains(&13) && !kept.contains(&0));
        assert_eq!(note, "the 12 busiest of 20 links");
    }
}
