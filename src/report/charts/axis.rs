//! Axes with round ticks: the step is the smallest round one that does not crowd.

use super::chart::Axis;
use crate::report::human;

/// Steps within a power of ten.
const ROUND: [f64; 4] = [1.0, 2.0, 2.5, 5.0];
/// Times up to which a unit is used, seconds in it, its name, and its steps below a day's worth.
const TIMES: [(f64, f64, &str, &[f64]); 4] = [
    (180.0, 1.0, "s", &[1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0]),
    (10_800.0, 60.0, "min", &[1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0]),
    (259_200.0, 3600.0, "h", &[0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 12.0, 24.0]),
    (f64::INFINITY, 86_400.0, "d", &[]),
];

/// A time axis from the start to `end` seconds, with the unit that suits its length.
pub(super) fn time(what: &str, end: f64, max_ticks: usize) -> Axis {
    let hi = if end.is_finite() && end > 0.0 { end } else { 1.0 };
    let (_, factor, word, steps) = TIMES.into_iter().find(|row| hi <= row.0).unwrap_or(TIMES[3]);
    let shown = hi / factor;
    let step = steps
        .iter()
        .copied()
        .find(|step| shown / step <= max_ticks as f64)
        .unwrap_or_else(|| round_step(shown, max_ticks));
    Axis { label: format!("{what} [{word}]"), lo: 0.0, hi, ticks: ticks(0.0, shown, step, factor) }
}

/// A plain axis from zero to `end` in seconds, without larger units: for times that are compared with a limit.
pub(super) fn duration(what: &str, end: f64, max_ticks: usize) -> Axis {
    from_zero(what, "s", end, max_ticks)
}

/// An axis from zero to a round number at or above `max`, in the unit that suits it.
pub(super) fn from_zero(what: &str, unit: &str, max: f64, max_ticks: usize) -> Axis {
    let top = if max.is_finite() && max > 0.0 { max } else { 1.0 };
    let scale = human::scale(unit, top);
    let shown = top / scale.factor;
    let step = round_step(shown, max_ticks);
    let hi = (shown / step - 1e-9).ceil() * step;
    Axis {
        label: label(what, scale.word_or(unit)),
        lo: 0.0,
        hi: hi * scale.factor,
        ticks: ticks(0.0, hi, step, scale.factor),
    }
}

/// An axis of shares from 0 to 100 %.
pub(super) fn share(what: &str) -> Axis {
    let ticks = [0, 25, 50, 75, 100].map(|p| (f64::from(p) / 100.0, p.to_string()));
    Axis { label: label(what, "%"), lo: 0.0, hi: 1.0, ticks: ticks.to_vec() }
}

/// An axis that spans `lo` to `hi` with round ends, not from zero; a flat curve gets some room on both sides.
pub(super) fn spanning(what: &str, unit: &str, (lo, hi): (f64, f64), max_ticks: usize) -> Axis {
    let scale = human::scale(unit, hi);
    let room = if hi > lo { 0.0 } else { (hi.abs() * 0.01).max(1.0) };
    let (lo, hi) = ((lo - room) / scale.factor, (hi + room) / scale.factor);
    let step = round_step(hi - lo, max_ticks);
    // A mean of whole things below zero does not exist; do not draw an axis there.
    let floor = if lo >= 0.0 { 0.0 } else { f64::NEG_INFINITY };
    let lo = ((lo / step + 1e-9).floor() * step).max(floor);
    let hi = (hi / step - 1e-9).ceil() * step;
    let label = label(what, scale.word_or(unit));
    Axis { label, lo: lo * scale.factor, hi: hi * scale.factor, ticks: ticks(lo, hi, step, scale.factor) }
}

fn label(what: &str, word: &str) -> String {
    if word.is_empty() { what.to_owned() } else { format!("{what} [{word}]") }
}

/// The smallest round step that cuts `span` into at most `max_ticks` parts.
pub(super) fn round_step(span: f64, max_ticks: usize) -> f64 {
    let raw = span / max_ticks.max(1) as f64;
    let power = power_of_ten(human::exponent(raw, 17));
    ROUND.into_iter().chain([10.0]).map(|m| m * power).find(|step| *step >= raw * (1.0 - 1e-9)).unwrap_or(10.0 * power)
}

/// `10^e`, correctly rounded.
fn power_of_ten(e: i32) -> f64 {
    format!("1e{e}").parse().unwrap_or(1.0)
}

/// Multiples of `step` from `lo` to `hi` (both in shown units), at their place in base units.
pub(super) fn ticks(lo: f64, hi: f64, step: f64, factor: f64) -> Vec<(f64, String)> {
    let decimals = step_decimals(step);
    let first = (lo / step - 1e-9).ceil() as i64;
    let last = (hi / step + 1e-9).floor() as i64;
    (first..=last.min(first + 100))
        .map(|i| {
            let at = i as f64 * step;
            (at * factor, tick_text(at, decimals))
        })
        .collect()
}

fn tick_text(at: f64, decimals: usize) -> String {
    if at.abs() >= 1e9 { format!("{at:e}") } else { human::grouped(&format!("{at:.decimals$}")) }
}

/// Decimals that tell neighbouring ticks apart.
fn step_decimals(step: f64) -> usize {
    (0..9usize)
        .find(|d| {
            let scaled = step * power_of_ten(*d as i32);
            (scaled - scaled.round()).abs() < 1e-6 * scaled
        })
        .unwrap_or(9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|t| t.1.as_str()).collect()
    }

    #[test]
    fn times_are_in_the_unit_that_suits_them() {
        let six_hours = time("time", 21_600.0, 10);
        assert_eq!(
            (six_hours.label.as_str(), texts(&six_hours)),
            ("time [h]", vec!["0", "1", "2", "3", "4", "5", "6"])
        );
        assert_eq!(time("time", 90.0, 10).label, "time [s]");
        assert_eq!(time("time", 5400.0, 10).label, "time [min]");
        assert_eq!(time("time", 31_536_000.0, 10).label, "time [d]");
        assert!((time("time", f64::NAN, 10).hi - 1.0).abs() < 1e-12);
    }

    #[test]
    fn values_get_round_ends_and_a_fitting_unit() {
        let rate = from_zero("rate", "B/s", 1.13e12, 5);
        assert_eq!(
            (rate.label.as_str(), texts(&rate)),
            ("rate [TB/s]", vec!["0.00", "0.25", "0.50", "0.75", "1.00", "1.25"])
        );
        assert!((from_zero("rate", "B/s", 0.0, 5).hi - 1.0).abs() < 1e-12);
        let gpus = spanning("GPUs", "GPU", (39_812.0, 39_990.0), 5);
        assert_eq!(texts(&gpus), ["39,800", "39,850", "39,900", "39,950", "40,000"]);
        let flat = spanning("GPUs", "GPU", (0.0, 0.0), 4);
        assert!(flat.lo < 0.0 && flat.hi > 0.0);
    }

    proptest! {
        #[test]
        fn ticks_stay_inside_and_do_not_crowd(max in 1e-6f64..1e18, n in 2usize..12) {
            let axis = from_zero("x", "1", max, n);
            prop_assert!(axis.hi >= max * (1.0 - 1e-9) && axis.hi.is_finite());
            prop_assert!(axis.ticks.len() <= n + 2 && axis.ticks.len() >= 2);
            prop_assert!(axis.ticks.iter().all(|(at, _)| *at >= 0.0 && *at <= axis.hi * (1.0 + 1e-9)));
            let mut seen: Vec<&String> = axis.ticks.iter().map(|t| &t.1).collect();
            seen.dedup();
            prop_assert_eq!(seen.len(), axis.ticks.len());
        }
    }
}
