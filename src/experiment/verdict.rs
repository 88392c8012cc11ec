//! Verdicts: a target passes when the whole 95 % interval lies inside its limit, fails when the whole interval lies
//! outside, and is inconclusive otherwise. What exceeds a limit by no more than one part in 10⁹ of it is rounding, and inside.

use super::results::{KpiRow, TargetRow, Verdict, row_name};
use crate::scenario::plan::{Rule, Target};

/// Judges all targets against the KPI table of so many replications.
pub(super) fn judge(targets: &[Target], kpis: &[KpiRow], replications: u32) -> Vec<TargetRow> {
    let named = |target: &Target, k: &KpiRow| row_name(&target.kpi) == k.name;
    targets.iter().map(|target| judge_one(target, kpis.iter().find(|k| named(target, k)), replications)).collect()
}

fn judge_one(target: &Target, kpi: Option<&KpiRow>, replications: u32) -> TargetRow {
    // A value that only some replications have is a biased one: the missing ones would move it.
    let complete = kpi.filter(|k| k.n == replications);
    let ci95 = complete.and_then(|k| k.ci95);
    let (rule, limit, tolerance) = match target.rule {
        Rule::AtMost(x) => ("at_most", x, None),
        Rule::AtLeast(x) => ("at_least", x, None),
        Rule::Within { of, tolerance } => ("within", of, Some(tolerance)),
    };
    TargetRow {
        name: target.name.clone(),
        kpi: target.kpi.clone(),
        rule: rule.to_owned(),
        limit,
        tolerance,
        value: kpi.and_then(|k| k.mean),
        ci95: kpi.and_then(|k| k.ci95),
        verdict: ci95.map_or(Verdict::Inconclusive, |ci| verdict(target.rule, ci)),
        source: target.source.clone(),
        unit: kpi.map_or_else(|| "1".to_owned(), |k| k.unit.clone()),
    }
}

/// Share of a limit that is rounding.
const ROUNDING: f64 = 1e-9;

fn verdict(rule: Rule, [lo, hi]: [f64; 2]) -> Verdict {
    let (low, high) = match rule {
        Rule::AtMost(limit) => (f64::NEG_INFINITY, limit),
        Rule::AtLeast(limit) => (limit, f64::INFINITY),
        Rule::Within { of, tolerance } => (of - tolerance, of + tolerance),
    };
    let (low, high) = (low - ROUNDING * low.abs(), high + ROUNDING * high.abs());
    if lo >= low && hi <= high {
        Verdict::Pass
    } else if hi < low || lo > high {
        Verdict::Fail
    } else {
        Verdict::Inconclusive
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_interval_decides() {
        let at_most = Rule::AtMost(60.0);
        assert_eq!(verdict(at_most, [50.0, 60.0]), Verdict::Pass);
        assert_eq!(verdict(at_most, [59.0, 61.0]), Verdict::Inconclusive);
        assert_eq!(verdict(at_most, [60.5, 61.0]), Verdict::Fail);
        assert_eq!(verdict(Rule::AtLeast(0.5), [0.4, 0.45]), Verdict::Fail);
        let within = Rule::Within { of: 10.0, tolerance: 1.0 };
        assert_eq!(verdict(within, [9.0, 11.0]), Verdict::Pass);
        assert_eq!(verdict(within, [8.0, 8.9]), Verdict::Fail);
        assert_eq!(verdict(within, [8.0, 9.5]), Verdict::Inconclusive);
        // Rounding: up to one part in 10⁹ of the limit, and nothing beside a limit of zero.
        let sum = 0.1 + 0.2;
        assert_eq!(verdict(Rule::AtMost(0.3), [sum, sum]), Verdict::Pass);
        assert_eq!(verdict(Rule::AtLeast(0.5), [0.5 - 4e-10, 0.6]), Verdict::Pass);
        assert_eq!(verdict(Rule::AtMost(0.5), [0.5 + 1e-9, 0.5 + 1e-9]), Verdict::Fail);
        assert_eq!(verdict(Rule::AtMost(0.0), [1e-300, 1e-300]), Verdict::Fail);
    }
}
