//! Two runs against one another: how much each KPI differs, and how sure that is.
//!
//! Replications of one seed draw the same random numbers on both sides (*common random numbers*), so what is random in both mostly
//! cancels in the difference of each pair:
//!
//! ```text
//! paired        dᵣ = bᵣ − aᵣ,   mean(d) ± t(0.975; n − 1)·s(d)/√n
//! independent   mean(b) − mean(a) ± t(0.975; ν)·√(s²(a)/nₐ + s²(b)/n_b),   ν after Welch (1947) and Satterthwaite (1946)
//! ```
//!
//! Runs of different seeds are independent. A relative difference is that over |mean(a)|, which counts as known. From zero every change is an infinite share:
//! a rule of shares then asks only whether the interval leaves zero on the side that the rule forbids.

use super::results::compare::{Changed, Comparison, Difference, Judged, Limit, Rule, Side};
use super::results::{Input, KpiRow, Verdict, row_name};
use crate::kpi;
use crate::stats::interval;
use crate::units::Dimension;

/// Compares two runs.
pub fn compare(mut a: Side, mut b: Side, rules: &[Rule]) -> Comparison {
    let paired = a.seed == b.seed && a.kpis.iter().chain(&b.kpis).all(|row| row.n == 0 || !row.values.is_empty());
    let mut names: Vec<&str> = a.kpis.iter().chain(&b.kpis).map(|row| row.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let kpis: Vec<Difference> = names.into_iter().filter_map(|name| difference(name, [&a, &b], paired)).collect();
    let all = a.replications.min(b.replications);
    let judged = rules.iter().map(|rule| judge(rule, &kpis, all)).collect();
    let inputs = changed(&a.inputs, &b.inputs);
    for side in [&mut a, &mut b] {
        side.kpis = Vec::new();
        side.inputs = Vec::new();
    }
    Comparison { a, b, paired, inputs, kpis, rules: judged }
}

pub(super) fn difference(name: &str, sides: [&Side; 2], paired: bool) -> Option<Difference> {
    let rows = sides.map(|side| side.kpi(name));
    if rows.iter().all(|row| row.is_none_or(|row| row.mean.is_none())) {
        return None;
    }
    let missing = || {
        let why = |(row, side): (Option<&KpiRow>, &Side)| match row {
            None => Some(format!("{} has no such KPI", side.name)),
            Some(row) if row.mean.is_none() => {
                Some(format!("{}: {}", side.name, row.reason.as_deref().unwrap_or("no value")))
            }
            Some(_) => None,
        };
        rows.into_iter().zip(sides).find_map(why)
    };
    let unit = rows.iter().flatten().map(|row| row.unit.clone()).next().unwrap_or_default();
    let out = |[a, b]: [Option<f64>; 2], ci95, n, reason| Difference {
        name: name.to_owned(),
        unit,
        a,
        b,
        difference: a.zip(b).map(|(a, b)| b - a),
        ci95,
        n,
        reason,
    };
    let [Some(a), Some(b)] = rows else {
        return Some(out(rows.map(|row| row?.mean), None, 0, missing()));
    };
    if a.mean.is_none() || b.mean.is_none() {
        return Some(out([a.mean, b.mean], None, 0, missing()));
    }
    if paired {
        let pairs: Vec<(f64, f64)> = a
            .values
            .iter()
            .copied()
            .zip(b.values.iter().copied())
            .filter(|(a, b)| !a.is_nan() && !b.is_nan())
            .collect();
        if pairs.is_empty() {
            return Some(out([a.mean, b.mean], None, 0, Some("no replication has a value on both sides".to_owned())));
        }
        let n = pairs.len() as f64;
        let means = [pairs.iter().map(|p| p.0).sum::<f64>() / n, pairs.iter().map(|p| p.1).sum::<f64>() / n];
        let differences: Vec<f64> = pairs.iter().map(|(a, b)| b - a).collect();
        let fixed = |row: &KpiRow| row.ci95.is_some_and(|[low, high]| high - low <= 0.0);
        let ci95 = match interval::mean_ci95(&differences) {
            Some((_, ci)) => Some(ci),
            None => (fixed(a) && fixed(b)).then(|| [means[1] - means[0]; 2]),
        };
        return Some(out(means.map(Some), ci95, pairs.len() as u32, None));
    }
    let ci95 = a.ci95.zip(b.ci95).map(|(x, y)| independent((a, x), (b, y)));
    Some(out([a.mean, b.mean], ci95, a.n.min(b.n), None))
}

/// Interval of the difference of two independent means, each with its own interval.
fn independent((a, x): (&KpiRow, [f64; 2]), (b, y): (&KpiRow, [f64; 2])) -> [f64; 2] {
    let middle = b.mean.unwrap_or(0.0) - a.mean.unwrap_or(0.0);
    let half = interval::welch_half(((x[1] - x[0]) / 2.0, a.n), ((y[1] - y[0]) / 2.0, b.n));
    [middle - half, middle + half]
}

/// `all` replications could have a value on both sides.
fn judge(rule: &Rule, kpis: &[Difference], all: u32) -> Judged {
    let none = |reason: String| Judged {
        rule: rule.clone(),
        value: None,
        ci95: None,
        verdict: Verdict::Inconclusive,
        reason: Some(reason),
    };
    let Ok(at) = kpis.binary_search_by(|kpi| kpi.name.as_str().cmp(row_name(&rule.kpi))) else {
        return none("neither run has a value".to_owned());
    };
    let kpi = &kpis[at];
    let Some(difference) = kpi.difference else {
        return none(kpi.reason.clone().unwrap_or_else(|| "no value".to_owned()));
    };
    let share = |x: f64| if kpi.is_none() { 0.0 } else { kpi.share(x) };
    let (limit, value, ci95) = match rule.limit {
        Limit::Absolute(limit) => (limit, difference, kpi.ci95),
        Limit::Relative(limit) => (limit, share(difference), kpi.ci95.map(|ci| ci.map(share))),
    };
    let broken = |x: f64| if rule.above { x > limit } else { x < limit };
    // A value that only some replications have is a biased one: the missing ones would move it.
    let complete = kpi.n >= all;
    let verdict = match ci95.filter(|_| complete) {
        Some(ci) if ci.into_iter().all(broken) => Verdict::Fail,
        Some(ci) if !ci.into_iter().any(broken) => Verdict::Pass,
        _ => Verdict::Inconclusive,
    };
    let from_zero = matches!(rule.limit, Limit::Relative(_)) && kpi.a == Some(0.0) && !kpi.is_none();
    let reason = match ci95 {
        None => Some("one replication shows no spread: run more".to_owned()),
        Some(_) if !complete => Some(format!("only {} of {all} replications have a value on both sides", kpi.n)),
        Some(_) if from_zero => Some("zero in the first run: any change is an infinite share of it".to_owned()),
        Some(_) => None,
    };
    // What is infinite is no number of a table.
    let finite = |x: &f64| x.is_finite();
    let ci95 = ci95.filter(|ci| ci.iter().all(finite));
    Judged { rule: rule.clone(), value: Some(value).filter(finite), ci95, verdict, reason }
}

/// Inputs that differ. What is derived differs with what it is derived from, and is left out where both sides derive it.
fn changed(a: &[Input], b: &[Input]) -> Vec<Changed> {
    let mut out = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let (first, second) = (a.get(i), b.get(j));
        let order = match (first, second) {
            (Some(x), Some(y)) => x.address.cmp(&y.address),
            (Some(_), None) => std::cmp::Ordering::Less,
            _ => std::cmp::Ordering::Greater,
        };
        let (x, y) = match order {
            std::cmp::Ordering::Less => (first, None),
            std::cmp::Ordering::Greater => (None, second),
            std::cmp::Ordering::Equal => (first, second),
        };
        i += usize::from(x.is_some());
        j += usize::from(y.is_some());
        let follows = [x, y].into_iter().flatten().all(|input| input.from == "derived");
        let same = x.zip(y).is_some_and(|(x, y)| x.value == y.value);
        if !follows && !same {
            let address = x.or(y).map(|input| input.address.clone()).unwrap_or_default();
            out.push(Changed { address, a: x.cloned(), b: y.cloned() });
        }
    }
    out
}

/// A rule as a planner writes it: a KPI, `>` or `<`, and a difference: `rl.online.feedback_time.p95 > +5 %`.
///
/// # Errors
/// What is wrong, with what would be right.
pub fn rule(text: &str) -> Result<Rule, String> {
    const FORM: &str = "write a KPI, '>' or '<', and a difference: 'rl.online.feedback_time.p95 > +5 %' or '… > 3 s'";
    let Some(at) = text.find(['>', '<']) else { return Err(format!("'{text}' compares nothing: {FORM}")) };
    let (name, above, rest) = (text[..at].trim(), text.as_bytes()[at] == b'>', text[at + 1..].trim());
    let found = kpi::lookup(name).map_err(|error| error.to_string())?;
    if found.entity.iter().any(|entity| entity == "*") {
        return Err(format!("'{name}' is a pattern: name one KPI"));
    }
    let (sign, amount) = match rest.as_bytes().first() {
        Some(b'-') => (-1.0, rest[1..].trim()),
        Some(b'+') => (1.0, rest[1..].trim()),
        _ => (1.0, rest),
    };
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|x| x.is_finite() && *x >= 0.0);
    let limit = if let Some(percent) = amount.strip_suffix('%') {
        let percent = number(percent).ok_or_else(|| format!("'{rest}' is no share: {FORM}"))?;
        Limit::Relative(sign * percent / 100.0)
    } else if let Some(points) = amount.strip_suffix("points").filter(|_| found.kpi.unit == "1") {
        let points = number(points).ok_or_else(|| format!("'{rest}' are no points: {FORM}"))?;
        Limit::Absolute(sign * points / 100.0)
    } else {
        // Dates are apart by a time.
        let dim = match found.kpi.dimension {
            Dimension::Date => Dimension::Duration,
            dim => dim,
        };
        Limit::Absolute(sign * crate::units::parse(amount, dim).map_err(|error| format!("'{rest}': {error}"))?)
    };
    Ok(Rule { text: text.trim().to_owned(), kpi: found.name(), above, limit })
}
