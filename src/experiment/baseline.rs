//! A run against results that were kept: did the KPIs of its targets get worse?

use super::compare::difference;
use super::results::compare::{Difference, Side};
use super::results::{RunResults, TargetRow, Uncompared, Verdict, row_name};

/// What a baseline says of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Verdicts, as targets of their own.
    pub rows: Vec<TargetRow>,
    /// Targets that the baseline has and the run lacks, inconclusive.
    pub removed: Vec<TargetRow>,
    /// Targets of the run whose KPI the baseline has no value of.
    pub uncompared: Vec<Uncompared>,
}

/// The KPIs of targets of a run against a baseline: one that is at most something must not have grown by more than the share
/// `slack`, one that is at least something not shrunk, one within something neither. From zero any change for the worse is an infinite share and a
/// regression, once the interval leaves zero. A target that the baseline has and the run lacks, or has for another KPI, is inconclusive: nothing is known
/// of it any more.
pub fn regressions(baseline: &Side, run: &RunResults, slack: f64) -> Found {
    let now = Side::of(run.clone(), &run.file);
    let paired = baseline.seed == now.seed;
    let all = baseline.replications.min(now.replications);
    let mut found = Found::default();
    for target in &run.targets {
        match difference(row_name(&target.kpi), [baseline, &now], paired).filter(|d| d.a.is_some()) {
            Some(d) => found.rows.push(row(target, &d, slack, d.n >= all)),
            None => {
                let why = format!("no baseline: it has no value of {}", target.kpi);
                found.uncompared.push(Uncompared { name: target.name.clone(), why, refused: false });
            }
        }
    }
    let kept = |old: &&TargetRow| run.targets.iter().any(|new| new.name == old.name && new.kpi == old.kpi);
    found.removed.extend(baseline.targets.iter().filter(|old| !kept(old)).map(removed));
    found
}

/// A target against its baseline. `complete` where every replication has a value on both sides.
fn row(target: &TargetRow, found: &Difference, slack: f64, complete: bool) -> TargetRow {
    // A share of zero is no figure: what was zero is judged by the difference itself.
    let from_zero = found.a == Some(0.0) && !found.is_none();
    let slack = if from_zero { 0.0 } else { slack };
    let (lowest, highest, rule, limit) = match target.rule.as_str() {
        "at_most" => (f64::NEG_INFINITY, slack, "at_most", slack),
        "at_least" => (-slack, f64::INFINITY, "at_least", -slack),
        _ => (-slack, slack, "within", 0.0),
    };
    let share = |x: f64| match from_zero {
        true => x,
        false if found.is_none() => 0.0,
        false => found.share(x),
    };
    let value = found.difference.map(share);
    let ci95 = found.ci95.map(|ci| ci.map(share));
    let keeps = |x: f64| (lowest..=highest).contains(&x);
    let verdict = match (value, ci95.filter(|_| complete)) {
        (Some(_), Some(ci)) if ci.into_iter().all(keeps) => Verdict::Pass,
        (Some(_), Some([low, high])) if high < lowest || low > highest => Verdict::Fail,
        _ => Verdict::Inconclusive,
    };
    let unit = match (from_zero, found.unit.as_str()) {
        (false, _) => "%",
        (true, "date") => "s",
        (true, unit) => unit,
    };
    TargetRow {
        name: format!("{} against the baseline", target.name),
        kpi: format!("change of {}{}", target.kpi, if from_zero { " from 0" } else { "" }),
        rule: rule.to_owned(),
        limit,
        tolerance: (rule == "within").then_some(slack),
        value,
        ci95,
        verdict,
        source: from_zero.then(|| "zero in the baseline: any change for the worse is a regression".to_owned()),
        unit: unit.to_owned(),
    }
}

/// A target that only the baseline has.
fn removed(old: &TargetRow) -> TargetRow {
    TargetRow {
        name: format!("{}, removed since the baseline", old.name),
        value: None,
        ci95: None,
        verdict: Verdict::Inconclusive,
        source: None,
        ..old.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(rule: &str) -> TargetRow {
        TargetRow {
            name: "t".to_owned(),
            kpi: "io.w.latency".to_owned(),
            rule: rule.to_owned(),
            limit: 9.0,
            tolerance: None,
            value: None,
            ci95: None,
            verdict: Verdict::Pass,
            source: None,
            unit: "s".to_owned(),
        }
    }

    fn change(a: f64, difference: f64, ci: [f64; 2]) -> Difference {
        Difference {
            name: "io.w.latency".to_owned(),
            unit: "s".to_owned(),
            a: Some(a),
            b: Some(a + difference),
            difference: Some(difference),
            ci95: Some(ci),
            n: 4,
            reason: None,
        }
    }

    #[test]
    fn from_zero_only_the_sign_that_is_sure_counts() {
        let judged = |rule, d: &Difference| {
            let row = row(&target(rule), d, 0.05, true);
            (row.verdict, row.unit)
        };
        let (sure, unsure, better) =
            (change(0.0, 2.0, [1.0, 3.0]), change(0.0, 2.0, [-1.0, 5.0]), change(0.0, -2.0, [-3.0, -1.0]));
        assert_eq!(judged("at_most", &sure), (Verdict::Fail, "s".to_owned()));
        assert_eq!(judged("at_most", &unsure).0, Verdict::Inconclusive);
        assert_eq!(judged("at_most", &better).0, Verdict::Pass);
        assert_eq!(judged("at_least", &better).0, Verdict::Fail);
        assert_eq!(judged("within", &sure).0, Verdict::Fail);
        assert_eq!(judged("at_most", &change(0.0, 0.0, [0.0, 0.0])), (Verdict::Pass, "%".to_owned()));
        assert_eq!(judged("at_most", &change(100.0, 4.0, [3.0, 4.9])), (Verdict::Pass, "%".to_owned()));
        assert_eq!(judged("at_most", &change(100.0, 6.0, [5.1, 7.0])).0, Verdict::Fail);
    }
}
