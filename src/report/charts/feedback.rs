//! How long feedback takes: a histogram and the cumulative curve, with quantiles and the target.

use super::axis;
use super::chart::{Chart, Color, Curve, Mark, Panel, Shape};
use crate::experiment::results::{Distribution, KpiRow, RunResults};
use crate::report::human;
use crate::units::unsigned_zero;

/// Quantiles that are marked.
const QUANTILES: [(&str, f64, Color); 3] =
    [("p50", 0.5, Color::Green), ("p95", 0.95, Color::Vermilion), ("p99", 0.99, Color::Purple)];
/// The axis ends at this quantile at the latest, unless the target lies beyond; the rest is counted in a heading.
const SHOWN: f64 = 0.999;
/// Bars across the axis, about.
const BARS: usize = 70;
/// More works than this are not drawn.
const MOST_WORKS: usize = 4;

/// The chart of RL feedback times, two panels per work.
pub(super) fn chart(run: &RunResults) -> Chart {
    let found: Vec<&Distribution> =
        run.distributions.iter().filter(|d| d.name.starts_with("rl.") && d.name.ends_with(".feedback_time")).collect();
    let shown: Vec<&&Distribution> = found.iter().filter(|d| !d.values.is_empty()).take(MOST_WORKS).collect();
    let plural = if run.replications == 1 { "" } else { "s" };
    let mut subtitle = format!("{} (all trajectories of {} replication{plural})", run.title, run.replications);
    if shown.len() > 1 || found.len() > shown.len() {
        subtitle.push_str(&format!("; {} of {} RL works", shown.len(), found.len()));
    }
    let empty = if found.is_empty() {
        "nothing to show: this scenario has no RL work"
    } else {
        "nothing to show: no trajectory was fed back before the horizon"
    };
    Chart {
        name: "rl-feedback-time",
        title: "RL feedback time in s: from reward to first being served".to_owned(),
        subtitle,
        notes: Vec::new(),
        columns: shown.len().max(1),
        panels: shown
            .iter()
            .map(|d| histogram(&run.kpis, d))
            .chain(shown.iter().map(|d| cumulative(&run.kpis, d)))
            .collect(),
        empty: empty.to_owned(),
        map: None,
    }
}

/// Where the horizontal axis ends: a few stragglers must not squeeze everything else into a corner.
fn end(d: &Distribution) -> f64 {
    let last = quantile(d, SHOWN).min(1.5 * quantile(d, 0.99)).max(1.2 * d.limit.unwrap_or(0.0));
    if last > 0.0 { last * 1.05 } else { 1.0 }
}

/// The value that a share `p` of the samples does not exceed.
fn quantile(d: &Distribution, p: f64) -> f64 {
    let mut sum = 0.0;
    for (value, share) in d.values.iter().zip(&d.shares) {
        sum += share;
        // Shares are sums of rounded parts; a hair below p is p.
        if sum >= p - 1e-9 {
            return *value;
        }
    }
    d.values.last().copied().unwrap_or(0.0)
}

/// The share of samples at or below `limit`.
fn share_within(d: &Distribution, limit: f64) -> f64 {
    d.values.iter().zip(&d.shares).filter(|(v, _)| **v <= limit).map(|(_, s)| s).sum()
}

fn work(d: &Distribution) -> String {
    d.name.trim_start_matches("rl.").trim_end_matches(".feedback_time").to_owned()
}

fn histogram(kpis: &[KpiRow], d: &Distribution) -> Panel {
    let x = axis::duration("feedback time", end(d), 12);
    let width = axis::round_step(x.hi, BARS);
    let bins = (x.hi / width).ceil() as usize;
    let mut bars = vec![0.0; bins];
    for (value, share) in d.values.iter().zip(&d.shares) {
        // A negative or NaN time would be a defect elsewhere; `as` puts it into the first bar.
        if let Some(bar) = bars.get_mut((value / width) as usize) {
            *bar += share;
        }
    }
    let top = bars.iter().copied().fold(0.0, f64::max);
    let points = bars.iter().enumerate().map(|(i, share)| (i as f64 * width, *share)).collect();
    let bars = Curve { label: String::new(), color: Color::Sky, points, shape: Shape::Bars(width), broad: false };
    let label = format!("share per {}", human::round_value(width, "s"));
    Panel {
        title: work(d),
        x,
        y: axis::from_zero(&label, "%", top, 5),
        curves: vec![bars],
        marks: marks(kpis, d, true),
        shade: None,
        note: None,
        key: None,
    }
}

fn cumulative(kpis: &[KpiRow], d: &Distribution) -> Panel {
    let x = axis::duration("feedback time", end(d), 12);
    let mut sum = 0.0;
    let mut points = vec![(0.0, 0.0)];
    for (value, share) in d.values.iter().zip(&d.shares) {
        sum += share;
        points.push((*value, sum));
    }
    points.retain(|p| p.0 <= x.hi);
    // Nothing comes between the last point on the axis and its end.
    points.extend(points.last().map(|last| (x.hi, last.1)));
    let title = heading(kpis, d, x.hi);
    Panel {
        title,
        x,
        y: axis::share("share fed back"),
        curves: vec![Curve {
            label: String::new(),
            color: Color::Blue,
            points: thinned(points),
            shape: Shape::Line,
            broad: false,
        }],
        marks: marks(kpis, d, false),
        shade: None,
        note: None,
        key: None,
    }
}

/// `98.8 % of those fed back within 60 s (90.1 % of all, drops are late); 0.2 % beyond this axis`.
fn heading(kpis: &[KpiRow], d: &Distribution, end: f64) -> String {
    let on_time = format!("rl.{}.on_time.fraction", work(d));
    let all = kpis.iter().find(|k| k.name == on_time).and_then(|k| k.mean);
    let all = all.map_or_else(String::new, |share| format!(" ({:.1} % of all, drops are late)", 100.0 * share));
    let within = |limit| {
        let share = 100.0 * share_within(d, limit);
        let share = unsigned_zero(format!("{share:.1}"));
        format!("{share} % of those fed back within {}{all}", human::round_value(limit, "s"))
    };
    let mut parts: Vec<String> = d.limit.map(within).into_iter().collect();
    let beyond = 1.0 - share_within(d, end);
    if beyond >= 0.000_05 {
        parts.push(format!("{:.2} % beyond this axis", 100.0 * beyond));
    }
    parts.join("; ")
}

/// At most about two thousand points, ends kept.
fn thinned(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let every = points.len().div_ceil(2000).max(1);
    let last = points.len().saturating_sub(1);
    points.into_iter().enumerate().filter(|(i, _)| i % every == 0 || *i == last).map(|(_, p)| p).collect()
}

/// Quantiles and target as vertical lines, with text in one of the panels only.
fn marks(kpis: &[KpiRow], d: &Distribution, labelled: bool) -> Vec<Mark> {
    let text = |text: String| if labelled { text } else { String::new() };
    let mut marks: Vec<Mark> = QUANTILES
        .into_iter()
        .map(|(name, p, color)| {
            // The KPI table's figure (a mean over replications) where there is one, so that chart and table agree.
            let kpi = kpis.iter().find(|k| k.name == format!("{}.{name}", d.name)).and_then(|k| k.mean);
            let at = kpi.unwrap_or_else(|| quantile(d, p));
            Mark { label: text(format!("{name} {}", human::value(at, "s"))), at, color, dashed: false }
        })
        .collect();
    if let Some(limit) = d.limit {
        let label = text(format!("target {}", human::round_value(limit, "s")));
        marks.push(Mark { label, at: limit, color: Color::Black, dashed: true });
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: &[f64]) -> Distribution {
        Distribution {
            name: "rl.online.feedback_time".into(),
            unit: "s".into(),
            limit: Some(3.0),
            values: values.to_vec(),
            shares: vec![1.0 / values.len() as f64; values.len()],
        }
    }

    #[test]
    fn quantiles_and_shares_count_samples() {
        let d = sample(&[1.0, 2.0, 3.0, 4.0]);
        let near = |value: f64, expected: f64| assert!((value - expected).abs() < 1e-12, "{value}, not {expected}");
        near(quantile(&d, 0.5), 2.0);
        near(quantile(&d, 0.99), 4.0);
        near(share_within(&d, 3.0), 0.75);
    }

    #[test]
    fn bars_hold_every_sample_on_the_axis() {
        let values: Vec<f64> = (0..1000).map(|i| 10.0 + f64::from(i) * 0.05).collect();
        let panel = histogram(&[], &sample(&values));
        let sum: f64 = panel.curves[0].points.iter().map(|p| p.1).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        assert!(panel.x.hi >= 60.0);
    }
}
