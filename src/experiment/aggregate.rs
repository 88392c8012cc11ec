//! From the outcomes of replications to one table of results.

use std::collections::BTreeMap;

use super::results::systems::systems;
use super::results::{Cause, Distribution, Input, KpiRow, Network, Place, RunResults, Series, Warning, Way};
use super::{Outcome, RunOptions};
use crate::assembly;
use crate::kpi;
use crate::model::world::{Measure, Measured};
use crate::scenario::plan::{self, Origin, Plan};
use crate::stats::{Sketch, interval};

/// Quantiles over replications need at least this many.
const QUANTILE_REPLICATIONS: usize = 20;

/// All results of a run but its targets, which are judged when everything is measured.
pub(super) fn results(plan: &Plan, options: &RunOptions<'_>, seed: u64, mut outcomes: Vec<Outcome>) -> RunResults {
    let replications = outcomes.len() as u32;
    let events = outcomes.iter().map(|o| o.events).sum();
    let flows = outcomes.first_mut().and_then(|o| o.flows.take());
    let mut measured: Vec<Measured> = outcomes.into_iter().map(|o| o.measured).collect();
    date_finishes(plan, &mut measured);
    let kpis = kpi_rows(&measured, assembly::is_deterministic(plan));
    RunResults {
        title: plan.title.clone(),
        name: plan.name.clone(),
        file: options.file.clone(),
        digest: options.digest.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed,
        overrides: options.overrides.clone(),
        replications,
        inputs: inputs(plan),
        simulated_s: plan.horizon.as_secs_f64(),
        warmup_s: plan.warmup.as_secs_f64(),
        settled: None,
        events,
        targets: Vec::new(),
        kpis,
        bottlenecks: causes(&measured),
        systems: systems(plan),
        by_way: super::split::by_way(&measured),
        network: network(plan),
        warnings: warnings(plan, &measured),
        series: measured.first().map_or_else(Vec::new, series),
        distributions: distributions(&measured),
        flows,
        what_if: None,
        waves: None,
    }
}

/// Sites and directions of links.
fn network(plan: &Plan) -> Network {
    let place = |site: &crate::scenario::plan::Site| Place { name: site.name.clone(), location: site.location };
    let ways = plan.links.iter().flat_map(|link| {
        let way = |ends| Way { link: link.name.clone(), ends };
        let (a, b) = link.ends;
        std::iter::once(way((a, b))).chain((link.back.get() > 0.0).then(|| way((b, a))))
    });
    Network { sites: plan.sites.iter().map(place).collect(), ways: ways.collect() }
}

/// The world counts from the start of the scenario; dates count from 1970.
fn date_finishes(plan: &Plan, measured: &mut [Measured]) {
    let since_1970 = plan.start.duration_since(jiff::civil::date(1970, 1, 1)).as_secs_f64();
    for (name, measure) in measured.iter_mut().flat_map(|m| &mut m.kpis) {
        let Measure::Value(seconds) = measure else { continue };
        if kpi::lookup(name).is_ok_and(|found| found.kpi.unit == "date") {
            *seconds += since_1970;
        }
    }
}

/// One row per KPI that any replication names.
fn kpi_rows(measured: &[Measured], deterministic: bool) -> Vec<KpiRow> {
    let mut values: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut reasons: BTreeMap<&str, &str> = BTreeMap::new();
    for (at, m) in measured.iter().enumerate() {
        for (name, measure) in &m.kpis {
            let entry = values.entry(name).or_insert_with(|| vec![f64::NAN; measured.len()]);
            match measure {
                // Empty sums are -0; adding 0 takes the sign away.
                Measure::Value(v) => entry[at] = *v + 0.0,
                Measure::None(reason) => {
                    reasons.entry(name).or_insert(reason);
                }
            }
        }
    }
    let row = |(name, values): (&str, Vec<f64>)| {
        row(name, &values, reasons.get(name).copied(), measured.len(), deterministic)
    };
    values.into_iter().map(row).collect()
}

/// A KPI of a failure study: one value per replication, with a word on where it comes from.
pub(super) fn study_row(name: &str, values: &[f64], word: Option<String>, deterministic: bool) -> KpiRow {
    KpiRow { reason: word, ..row(name, values, None, values.len(), deterministic) }
}

/// Puts KPIs among the others, in place of those of the same name.
pub(super) fn replace(kpis: &mut Vec<KpiRow>, with: Vec<KpiRow>) {
    kpis.retain(|kpi| with.iter().all(|new| new.name != kpi.name));
    kpis.extend(with);
    kpis.sort_by(|a, b| a.name.cmp(&b.name));
}

/// `all` has a value a replication, NaN where there is none.
fn row(name: &str, all: &[f64], reason: Option<&str>, replications: usize, deterministic: bool) -> KpiRow {
    let values: Vec<f64> = all.iter().copied().filter(|v| !v.is_nan()).collect();
    let values = values.as_slice();
    let n = values.len();
    let constant = is_constant(values);
    let fixed = deterministic || is_fixed(name);
    let (mean, ci95) = match values {
        [] => (None, None),
        [first, ..] if constant => (Some(*first), (n > 1 || fixed).then_some([*first, *first])),
        _ => interval::mean_ci95(values).map_or((None, None), |(mean, ci)| (Some(mean), Some(ci))),
    };
    let quantile = |p: f64| if n >= QUANTILE_REPLICATIONS { interval::quantile(values, p) } else { None };
    let reason = reason.map(|r| match n {
        0 => r.to_owned(),
        _ => format!("{} of {replications} replications have no value: {r}", replications - n),
    });
    KpiRow {
        name: name.to_owned(),
        unit: kpi::lookup(name).map_or_else(|_| "1".to_owned(), |m| m.kpi.unit.to_owned()),
        mean,
        ci95,
        p5: quantile(0.05),
        p50: quantile(0.5),
        p95: quantile(0.95),
        quantiles_ci95: [0.05, 0.5, 0.95].map(|p| interval::quantile_ci95(values, p)),
        n: n as u32,
        reason,
        values: if n > 0 { all.to_vec() } else { Vec::new() },
    }
}

/// Values that enter a run, by address. What is said of one address last counts.
fn inputs(plan: &Plan) -> Vec<Input> {
    let from = |origin: &Origin| match origin {
        Origin::File { .. } => "file",
        Origin::Override => "command line",
        Origin::Part { .. } => "part",
        Origin::Default { .. } => "default",
        Origin::Derived { .. } => "derived",
    };
    let all = plan.ledger.iter().map(|t| (t.address.clone(), (t.value.clone(), from(&t.origin))));
    let mut all: BTreeMap<String, (String, &str)> = all.collect();
    for (address, value) in &plan.written {
        let from = all.get(address).map_or("file", |(_, from)| if *from == "command line" { from } else { "file" });
        all.insert(address.clone(), (value.clone(), from));
    }
    all.into_iter().map(|(address, (value, from))| Input { address, value, from: from.to_owned() }).collect()
}

/// Equal up to the rounding of sums: what the last bits say is not a variation of the plan.
fn is_constant(values: &[f64]) -> bool {
    let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
    high - low <= 1e-12 * high.abs().max(low.abs())
}

/// KPIs that follow from the plan alone, whatever is random in the run.
fn is_fixed(name: &str) -> bool {
    let area = name.split('.').next().unwrap_or_default();
    let fixed = [
        ".installed",
        ".accounts",
        ".accounts_for_capacity",
        ".subscriptions",
        ".units",
        ".cost",
        ".theoretical_read_rate",
        ".theoretical_write_rate",
    ];
    area == "site" || fixed.iter().any(|end| name.ends_with(end))
}

/// Shares of flow time per work and cause over all replications.
fn causes(measured: &[Measured]) -> Vec<Cause> {
    let mut seconds: BTreeMap<&str, BTreeMap<&str, f64>> = BTreeMap::new();
    for (work, cause, s) in measured.iter().flat_map(|m| &m.causes) {
        *seconds.entry(work).or_default().entry(cause).or_default() += s;
    }
    let mut rows = Vec::new();
    for (work, by_cause) in seconds {
        let total: f64 = by_cause.values().sum();
        let mut of_work: Vec<Cause> = by_cause
            .into_iter()
            .map(|(cause, s)| Cause { work: work.to_owned(), cause: cause.to_owned(), share: s / total })
            .collect();
        of_work.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.cause.cmp(&b.cause)));
        rows.extend(of_work);
    }
    rows
}

fn warnings(plan: &Plan, measured: &[Measured]) -> Vec<Warning> {
    let of =
        |w: &plan::Warning| Warning { code: Some(w.code.to_owned()), message: w.message.clone(), at: w.at.clone() };
    let mut all: Vec<Warning> = plan.warnings.iter().map(of).collect();
    let mut notes: BTreeMap<&str, usize> = BTreeMap::new();
    for note in measured.iter().flat_map(|m| &m.notes) {
        *notes.entry(note).or_default() += 1;
    }
    let of = measured.len();
    all.extend(notes.into_iter().map(|(note, n)| Warning::of_run(note, format!("{n} of {of} replications"))));
    all
}

fn series(measured: &Measured) -> Vec<Series> {
    let t_s: Vec<f64> = measured.ends.iter().map(|t| t.as_secs_f64()).collect();
    let mut all: Vec<Series> = measured
        .tracks
        .iter()
        .map(|t| Series {
            name: t.name.clone(),
            unit: t.unit.to_owned(),
            t_s: t_s.clone(),
            values: t.values.iter().map(|v| v + 0.0).collect(),
        })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

fn distributions(measured: &[Measured]) -> Vec<Distribution> {
    let mut pooled: BTreeMap<&str, (f64, Sketch)> = BTreeMap::new();
    for (name, limit, sketch) in measured.iter().flat_map(|m| &m.sketches) {
        pooled.entry(name).or_insert_with(|| (*limit, Sketch::new())).1.merge(sketch);
    }
    pooled
        .into_iter()
        .map(|(name, (limit, sketch))| {
            let (values, shares) = sketch.curve().into_iter().unzip();
            let unit = crate::kpi::lookup(name).map_or("s", |found| found.kpi.unit);
            Distribution { name: name.to_owned(), unit: unit.to_owned(), limit: Some(limit), values, shares }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kpi_without_a_value_in_some_replications_says_so() {
        let row = row("transfer.w.time", &[10.0, 12.0], Some("unfinished"), 3, false);
        assert_eq!((row.n, row.mean), (2, Some(11.0)));
        assert_eq!(row.reason.as_deref(), Some("1 of 3 replications have no value: unfinished"));
    }

    #[test]
    fn zero_has_no_sign() {
        let m = Measured { kpis: vec![("transfer.w.time".into(), Measure::Value(-0.0))], ..Measured::default() };
        let rows = kpi_rows(&[m], true);
        assert_eq!(rows[0].mean.map(f64::to_bits), Some(0));
        assert_eq!(rows[0].ci95.map(|ci| ci.map(f64::to_bits)), Some([0; 2]));
        assert_eq!(rows[0].values[0].to_bits(), 0);
    }

    #[test]
    fn a_deterministic_kpi_has_a_zero_width_interval_even_from_one_replication() {
        assert_eq!(row("transfer.w.time", &[4.0], None, 1, true).ci95, Some([4.0, 4.0]));
        assert_eq!(row("transfer.w.time", &[4.0], None, 1, false).ci95, None);
        assert_eq!(row("fleet.f.installed", &[4.0], None, 1, false).ci95, Some([4.0, 4.0]));
    }
}
