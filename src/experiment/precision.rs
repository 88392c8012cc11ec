//! As many replications as a precision needs.
//!
//! Replications run in batches until the half width of the 95 % interval of every named KPI is small enough, or a cap is reached. The
//! next number follows from the spread seen so far, `n · (half width ÷ goal)²`, at least a quarter more and at most twice as many: stopping too
//! early at a spread that happens to be small is what makes sequential intervals too narrow. It depends on values alone, so the number of
//! threads cannot be seen in it.

use super::Outcome;
use super::results::compare::Limit;
use super::results::{RunResults, row_name};
use crate::kpi;
use crate::model::world::Measure;
use crate::stats::interval;
use crate::units::{Dimension, parse};

/// Fewest replications before a run may stop: a spread of fewer is a guess.
pub const LEAST: u32 = 10;
/// Most replications where the caller states no cap.
pub const CAP: u32 = 1_000;

/// What half widths of intervals must come down to.
#[derive(Clone, Debug, PartialEq)]
pub struct Precision {
    /// KPIs with their goals.
    pub goals: Vec<Goal>,
    /// Most replications.
    pub cap: u32,
}

/// How well a KPI is to be known.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// Full name with stat.
    pub kpi: String,
    /// Half width of its interval, in its base unit or as a share of the mean.
    pub half_width: Limit,
    /// Whether the KPI was named, not meant as that of a target.
    pub named: bool,
}

/// Goals as a planner writes them: `2 %` for each of `default`, or `KPI=2 %`, `KPI=0.5 s`.
///
/// # Errors
/// What is wrong, with what would be right.
pub fn goals(text: &str, default: &[String]) -> Result<Vec<Goal>, String> {
    let named = text.contains('=');
    let (kpis, amount) = match text.split_once('=') {
        Some((name, amount)) => {
            let found = kpi::lookup(name.trim()).map_err(|error| error.to_string())?;
            if found.entity.iter().any(|entity| entity == "*") {
                return Err(format!("'{}' is a pattern: name one KPI", name.trim()));
            }
            (vec![found.name()], amount.trim())
        }
        None => (default.to_vec(), text.trim()),
    };
    if kpis.is_empty() {
        return Err("the scenario has no target whose KPI could be meant: write KPI=PRECISION".to_owned());
    }
    let positive = |x: f64| if x > 0.0 { Ok(x) } else { Err(format!("'{amount}' must be above zero")) };
    let half_width = if amount.ends_with('%') {
        Limit::Relative(positive(parse(amount, Dimension::Ratio).map_err(|error| format!("'{amount}': {error}"))?)?)
    } else {
        let [name] = kpis.as_slice() else {
            return Err(format!("'{amount}' is no share: write KPI={amount} for the KPI that is meant"));
        };
        let dim = match kpi::lookup(name).map_err(|error| error.to_string())?.kpi.dimension {
            Dimension::Date => Dimension::Duration,
            dim => dim,
        };
        Limit::Absolute(positive(parse(amount, dim).map_err(|error| format!("'{amount}': {error}"))?)?)
    };
    Ok(kpis.into_iter().map(|kpi| Goal { kpi, half_width, named }).collect())
}

/// How many replications to have next; `None` when every goal is met, the cap is reached, or nothing more can be learnt.
pub(super) fn next(precision: &Precision, outcomes: &[Outcome]) -> Option<u32> {
    let n = outcomes.len() as u32;
    let more = precision.goals.iter().filter_map(|goal| lacking(goal, outcomes)).fold(0.0, f64::max);
    (more > 1.0 && n < precision.cap).then(|| {
        let wanted = (f64::from(n) * more * more).ceil();
        let least = f64::from(n) + (f64::from(n) / 4.0).ceil();
        wanted.clamp(least, 2.0 * f64::from(n)).min(f64::from(precision.cap)) as u32
    })
}

/// How many times as wide as asked for the interval of each goal is, in order.
pub(super) fn lacks(precision: &Precision, outcomes: &[Outcome]) -> Vec<Option<f64>> {
    precision.goals.iter().map(|goal| lacking(goal, outcomes)).collect()
}

/// Goals that are not met, in words. `lacks` is of the replications; KPIs that are computed once for all of them are in the results only.
///
/// # Errors
/// A KPI that was named and that the run does not produce, with the nearest that it does.
pub(super) fn unmet(precision: &Precision, lacks: &[Option<f64>], results: &RunResults) -> Result<Vec<String>, String> {
    let n = results.replications;
    let mut out = Vec::new();
    for (goal, lacks) in precision.goals.iter().zip(lacks) {
        let row = results.kpis.iter().find(|row| row.name == row_name(&goal.kpi));
        // A study gives a value a replication, too, which its row is the mean of.
        let of_row = || row.and_then(|row| Some(times(goal, row.mean?, row.ci95?)));
        match (row, lacks.or_else(of_row)) {
            (None, _) if goal.named => {
                return Err(kpi::unproduced(&goal.kpi, results.kpis.iter().map(|row| row.name.as_str())));
            }
            (Some(row), _) if row.n == 1 && n > 1 => {
                let words = "precision not reached: one of the replications has a value, which shows no spread";
                out.push(format!("{}: {words}", goal.kpi));
            }
            (Some(row), Some(times)) if row.mean.is_some() => {
                let words = format!("its interval is {times:.2} times as wide as asked for after {n} replications");
                out.extend((times > 1.0).then(|| format!("{}: {words}", goal.kpi)));
                // However narrow, it says nothing of the others.
                let why = row.reason.as_deref().filter(|_| row.n < n);
                out.extend(why.map(|why| format!("{}: its interval is of a selection: {why}", goal.kpi)));
            }
            (row, _) => {
                let why = row.and_then(|row| row.reason.as_deref()).map_or_else(String::new, |why| format!(" ({why})"));
                out.push(format!("{}: precision not reached: no value{why}", goal.kpi));
            }
        }
    }
    Ok(out)
}

/// Half width over the goal, infinite where one replication alone has a value; `None` where none has.
fn lacking(goal: &Goal, outcomes: &[Outcome]) -> Option<f64> {
    let value = |outcome: &Outcome| {
        let kpis = &outcome.measured.kpis;
        let at = kpis.binary_search_by(|(name, _)| name.as_str().cmp(row_name(&goal.kpi))).ok()?;
        match kpis[at].1 {
            Measure::Value(value) => Some(value),
            Measure::None(_) => None,
        }
    };
    let values: Vec<f64> = outcomes.iter().filter_map(value).collect();
    if values.len() == 1 {
        return Some(f64::INFINITY);
    }
    let (mean, ci95) = interval::mean_ci95(&values)?;
    Some(times(goal, mean, ci95))
}

/// Half width of an interval over the goal.
fn times(goal: &Goal, mean: f64, [low, high]: [f64; 2]) -> f64 {
    let half = (high - low) / 2.0;
    let goal = match goal.half_width {
        Limit::Absolute(goal) => goal,
        Limit::Relative(share) => share * mean.abs(),
    };
    if half > 0.0 { half / goal } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::world::Measured;

    fn outcomes(values: &[f64]) -> Vec<Outcome> {
        let one = |value: &f64| Outcome {
            events: 0,
            measured: Measured {
                kpis: vec![("transfer.w.time".to_owned(), Measure::Value(*value))],
                ..Measured::default()
            },
            flows: None,
        };
        values.iter().map(one).collect()
    }

    fn asked(text: &str, cap: u32) -> Precision {
        Precision { goals: goals(text, &["transfer.w.time.mean".to_owned()]).expect("sound"), cap }
    }

    /// Values 9 and 11 in turn: s = 1.0541 of ten, half width 2.2622 × 1.0541 / √10 = 0.7541.
    #[test]
    fn the_next_number_follows_from_the_spread() {
        let ten: Vec<f64> = (0..10).map(|i| if i % 2 == 0 { 9.0 } else { 11.0 }).collect();
        let seen = outcomes(&ten);
        assert_eq!(next(&asked("10 %", 1000), &seen), None, "0.754 is less than 1");
        // 0.754 / 0.7 = 1.077: 10 × 1.16 = 12, at least a quarter more.
        assert_eq!(next(&asked("7 %", 1000), &seen), Some(13));
        assert_eq!(next(&asked("transfer.w.time=0.6 s", 1000), &seen), Some(16));
        assert_eq!(next(&asked("1 %", 1000), &seen), Some(20), "at most twice as many");
        assert_eq!(next(&asked("1 %", 15), &seen), Some(15));
        assert_eq!(next(&asked("1 %", 10), &seen), None);
        assert!(lacks(&asked("1 %", 10), &seen)[0].is_some_and(|times| times > 7.0 && times < 8.0));
        assert_eq!(lacks(&asked("1 %", 10), &[]), [None]);
        assert_eq!(next(&asked("1 %", 1000), &outcomes(&[5.0])), Some(2), "one value shows no spread");
        assert_eq!(next(&asked("1 %", 1000), &outcomes(&[5.0; 10])), None, "nothing is random");
    }

    /// Stopping when the interval is narrow enough must not cost its meaning: over 2,000 seeds it holds the true mean in 95 ± 1.5 %, for values that spread
    /// evenly and for skewed ones, at goals that take some 20 to 400 replications.
    #[test]
    fn sequential_intervals_hold_the_mean_as_often_as_they_say() {
        let mut state = 20_261_127_u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        };
        // Sum of two uniforms: mean 1. Exponential: mean 1.
        for (skewed, text) in [(false, "20 %"), (false, "10 %"), (false, "5 %"), (true, "10 %")] {
            let precision = asked(text, 2_000);
            let mut held = 0;
            for _ in 0..2_000 {
                let mut value = || if skewed { -uniform().ln() } else { uniform() + uniform() };
                let mut values: Vec<f64> = (0..LEAST).map(|_| value()).collect();
                while let Some(n) = next(&precision, &outcomes(&values)) {
                    values.resize_with(n as usize, &mut value);
                }
                let (_, [low, high]) = interval::mean_ci95(&values).expect("there are ten");
                held += usize::from(low <= 1.0 && 1.0 <= high);
            }
            let coverage = held as f64 / 2_000.0;
            assert!((coverage - 0.95).abs() <= 0.015, "skewed {skewed}, {text}: {coverage}");
        }
    }

    #[test]
    fn goals_are_shares_or_quantities() {
        let none: [String; 0] = [];
        for (text, default, words) in [
            ("2 %", &none[..], "no target"),
            ("transfer.w.tine=2 %", &none[..], "did you mean 'transfer.w.time'"),
            ("transfer.*.time=2 %", &none[..], "is a pattern"),
            ("transfer.w.time=2 GB", &none[..], "'GB' is a unit of sizes"),
            ("transfer.w.time=0 s", &none[..], "above zero"),
            ("3 s", &["a".to_owned(), "b".to_owned()][..], "write KPI=3 s"),
        ] {
            let error = goals(text, default).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
