//! What if something fails? The plan is simulated once more for each failure, with the failed links down from the
//! beginning to the end and the routes already around them; everything else, random numbers included, stays as it is.
//!
//! So the difference to the run without the failure is the failure's. What happens in the seconds until the routes
//! have changed is not part of it: that is what failures in the plan itself are for.
//!
//! Standing demand needs no simulation: all it ever offers is laid over the network under each failure. A plan without works is studied that
//! way alone, so a full matrix and all failures of a large network take seconds.

mod costs;
mod failures;
mod growth;
mod laid;
mod layer;
mod offered;
mod states;
#[cfg(test)]
mod tests;
mod waves;

use std::sync::atomic::Ordering;

use rayon::prelude::*;

use super::results::KpiRow;
use super::results::what_if::{At, FailureRow, LinkRow, WhatIf, WorkCost, WorkRow};
use super::{Outcome, RunError, RunOptions, aggregate, replicate};
use crate::kpi;
use crate::model::world::{Measure, Measured};
use crate::scenario::plan::Plan;
use crate::stats::interval;
use costs::{CostKpi, cost_kpis};
pub use failures::{Failure, failures};
use offered::Offered;
pub(super) use waves::waves;

/// Culprits kept per link and per work.
const CULPRITS: usize = 10;

/// What a study keeps of one replication.
#[derive(Clone, Debug)]
struct Observed {
    /// Mean utilisation by direction, in order of name.
    utilisation: Vec<f64>,
    /// Demand not delivered, bytes per second.
    unserved: f64,
    /// The KPIs that say what a failure costs, in their order.
    costs: Vec<Measure>,
}

/// The plan without failures, as far as a study compares with it.
pub(super) struct Base {
    /// Names of the directions, sorted.
    directions: Vec<String>,
    costs: Vec<CostKpi>,
    observed: Vec<Observed>,
    /// Whether nothing in the plan is random.
    deterministic: bool,
}

impl Base {
    /// What the replications without a failure show.
    pub(super) fn of(plan: &Plan, outcomes: &[Outcome]) -> Self {
        let costs = cost_kpis(plan);
        let directions = outcomes.first().map_or_else(Vec::new, |o| directions(&o.measured));
        let observed = outcomes.iter().map(|o| observe(&o.measured, &costs)).collect();
        Base { directions, costs, observed, deterministic: crate::assembly::is_deterministic(plan) }
    }
}

/// What a study has seen, with nothing failed and under each failure: one vector of replications each.
struct Seen {
    base: Vec<Observed>,
    failed: Vec<Vec<Observed>>,
}

/// The tables of the study, and its KPIs. `step` is told of each part of a simulation that is done.
///
/// # Errors
/// As [`super::run`].
pub(super) fn study(
    plan: &Plan,
    failures: &[Failure],
    base: &Base,
    seed: u64,
    options: &RunOptions<'_>,
    step: &(impl Fn() + Sync),
) -> Result<(WhatIf, Vec<KpiRow>), RunError> {
    let offering = offered::Study::new(plan);
    let simulated = is_simulated(plan);
    let (offered, left_out) = offering.under(failures, !simulated, &options.interrupt)?;
    let order = arcs_of(plan, &base.directions);
    let seen = if simulated {
        Seen { base: base.observed.clone(), failed: simulate(plan, failures, base, seed, options, step)? }
    } else {
        let still = |offered: &Offered| vec![offered.as_observed(&order); base.observed.len()];
        let (calm, under) = offered.split_at(1);
        Seen { base: calm.iter().flat_map(still).collect(), failed: under.iter().map(still).collect() }
    };
    let demands = !plan.standing.is_empty();
    let calm_and_failed = failures.iter().zip(&seen.failed);
    let mut rows: Vec<FailureRow> = calm_and_failed.map(|(f, now)| failure_row(f, base, &seen.base, now)).collect();
    let looked_at = plan.routes.is_empty();
    if looked_at {
        for (row, offered) in rows.iter_mut().zip(&offered[1..]) {
            row.latency = offered.latency.as_ref().map(|(_, latency)| latency.clone());
            let Some((arc, peak)) = offered.fullest(&order).filter(|_| demands) else { continue };
            row.offered = Some(At {
                what: offered::directions(plan).swap_remove(arc),
                value: peak.value,
                at_s: peak.at.as_secs_f64(),
            });
            if !simulated {
                row.utilisation_at_s = Some(peak.at.as_secs_f64());
                row.unserved_at_s = (row.unserved > 0.0).then(|| offered.unserved.at.as_secs_f64());
            }
        }
    }
    let kpis = kpis(base, &seen, &rows, demands);
    let (links, works) = (link_rows(failures, base, &seen), work_rows(base, &rows));
    let spans = (demands && looked_at).then(|| offering.states());
    Ok((WhatIf { spans, left_out, simulated, failures: rows, links, works }, kpis))
}

/// A warning where the study has left spans out.
pub(super) fn left_out(study: &WhatIf) -> Option<String> {
    (study.left_out > 0).then(|| {
        format!(
            "to bound its cost the study left out {} of its combinations of a failure and a span of the run, in each of which another span has at least as \
             much of every demand: what is not delivered could be more there, where one demand takes the place of several",
            study.left_out
        )
    })
}

/// Whether failures of this plan have to be simulated: there are works that feel them, routes that a file states and that
/// follow no rule, or a WAN edge narrower than the links of its site, which the loads of links alone do not show.
pub(super) fn is_simulated(plan: &Plan) -> bool {
    let attached = |s: usize, toward: bool| -> f64 {
        let each = |link: &crate::scenario::plan::Link| {
            let [there, back] = link.largest();
            let (out, into) = if link.ends.0 == s { (there, back) } else { (back, there) };
            if link.ends.0 == s || link.ends.1 == s { if toward { into } else { out } } else { 0.0 }
        };
        plan.links.iter().map(each).sum()
    };
    let narrow = |(s, site): (usize, &crate::scenario::plan::Site)| {
        site.wan_edge.get() < attached(s, true).max(attached(s, false)) * (1.0 - 1e-12)
    };
    let edges_bind = || !plan.standing.is_empty() && plan.sites.iter().enumerate().any(narrow);
    !(plan.works.is_empty() && plan.routes.is_empty()) || edges_bind()
}

/// The arc of each direction that has this name.
fn arcs_of(plan: &Plan, directions: &[String]) -> Vec<usize> {
    let names = offered::directions(plan);
    directions.iter().filter_map(|name| names.iter().position(|known| known == name)).collect()
}

/// A KPI that is a direction's mean utilisation.
fn direction_of(name: &str) -> Option<&str> {
    name.strip_suffix(".utilisation").filter(|rest| rest.starts_with("link."))
}

fn directions(measured: &Measured) -> Vec<String> {
    measured.kpis.iter().filter_map(|(name, _)| direction_of(name).map(str::to_owned)).collect()
}

fn observe(measured: &Measured, costs: &[CostKpi]) -> Observed {
    let find =
        |name: &str| measured.kpis.binary_search_by(|(n, _)| n.as_str().cmp(name)).ok().map(|i| &measured.kpis[i].1);
    let number = |measure: &Measure| match measure {
        Measure::Value(value) => *value,
        Measure::None(_) => 0.0,
    };
    let of_link = |(name, measure): &(String, Measure)| direction_of(name).map(|_| number(measure));
    let cost = |kpi: &CostKpi| find(&kpi.name).cloned().unwrap_or_else(|| Measure::None("not measured".to_owned()));
    Observed {
        utilisation: measured.kpis.iter().filter_map(of_link).collect(),
        unserved: find("wan.unserved").map_or(0.0, number),
        costs: costs.iter().map(cost).collect(),
    }
}

/// Simulates every failure with all replications of the run.
fn simulate(
    plan: &Plan,
    failures: &[Failure],
    base: &Base,
    seed: u64,
    options: &RunOptions<'_>,
    step: &(impl Fn() + Sync),
) -> Result<Vec<Vec<Observed>>, RunError> {
    let replications = base.observed.len();
    let unobserved = RunOptions {
        interrupt: options.interrupt.clone(),
        observe: false,
        progress: options.progress,
        ..RunOptions::quiet()
    };
    let variants: Vec<Plan> = failures.iter().map(|failure| without(plan, failure)).collect();
    let cells: Vec<(usize, u32)> =
        (0..failures.len()).flat_map(|f| (0..replications as u32).map(move |r| (f, r))).collect();
    let one = |&(f, r): &(usize, u32)| {
        if options.interrupt.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        let outcome = replicate(&variants[f], seed, r, &unobserved, step, false)?;
        Ok(observe(&outcome.measured, &base.costs))
    };
    let seen: Vec<Observed> = cells.par_iter().map(one).collect::<Result<_, RunError>>()?;
    Ok(seen.chunks(replications.max(1)).map(<[Observed]>::to_vec).collect())
}

/// The plan with a failure.
fn without(plan: &Plan, failure: &Failure) -> Plan {
    Plan { failed: failure.links.clone(), record_flows: false, ..plan.clone() }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len().max(1) as f64;
    values.sum::<f64>() / n
}

fn utilisation(seen: &[Observed], direction: usize) -> f64 {
    mean(seen.iter().map(|o| o.utilisation[direction]))
}

fn failure_row(failure: &Failure, base: &Base, calm: &[Observed], seen: &[Observed]) -> FailureRow {
    let loads = base.directions.iter().enumerate().map(|(d, name)| (name, utilisation(seen, d)));
    // The first of equals, whatever the order of a maximum.
    let worst = loads.fold(None, |best: Option<(&String, f64)>, (name, load)| match best {
        Some((_, most)) if most >= load => best,
        _ => Some((name, load)),
    });
    FailureRow {
        failed: failure.name.clone(),
        worst_link: worst.map(|(name, _)| name.clone()),
        worst_utilisation: worst.map(|(_, load)| load),
        unserved: mean(seen.iter().map(|o| o.unserved)),
        works: base.costs.iter().enumerate().map(|(k, kpi)| work_cost(kpi, k, calm, seen)).collect(),
        offered: None,
        latency: None,
        utilisation_at_s: None,
        unserved_at_s: None,
    }
}

fn value(measure: &Measure) -> Option<f64> {
    match measure {
        Measure::Value(value) => Some(*value),
        Measure::None(_) => None,
    }
}

fn work_cost(kpi: &CostKpi, k: usize, calm: &[Observed], seen: &[Observed]) -> WorkCost {
    let values = |seen: &[Observed]| seen.iter().filter_map(|o| value(&o.costs[k])).collect::<Vec<f64>>();
    let mean_of = |values: &[f64]| (!values.is_empty()).then(|| mean(values.iter().copied()));
    let (before, after) = (mean_of(&values(calm)), mean_of(&values(seen)));
    let pairs = calm.iter().zip(seen);
    let changes: Vec<f64> = pairs.filter_map(|(b, s)| Some(value(&s.costs[k])? - value(&b.costs[k])?)).collect();
    let reason = seen.iter().find_map(|o| match &o.costs[k] {
        Measure::None(reason) => Some(reason.clone()),
        Measure::Value(_) => None,
    });
    WorkCost {
        work: kpi.work.clone(),
        kpi: kpi.name.clone(),
        unit: kpi::lookup(&kpi.name).map_or_else(|_| "1".to_owned(), |found| found.kpi.unit.to_owned()),
        base: before,
        value: after,
        change_ci95: interval::mean_ci95(&changes).map(|(_, ci)| ci),
        harm: harm(before, after, kpi.lower_is_worse),
        reason,
    }
}

/// How much worse than before, as a share of what was.
fn harm(before: Option<f64>, after: Option<f64>, lower_is_worse: bool) -> Option<f64> {
    let before = before?;
    let Some(after) = after else { return Some(f64::INFINITY) };
    let worse = if lower_is_worse { before - after } else { after - before };
    if worse == 0.0 {
        return Some(0.0);
    }
    Some(worse / before.abs())
}

/// The worst of all failures and of none, one number per replication; what and where is said beside it.
fn kpis(base: &Base, seen: &Seen, rows: &[FailureRow], demands: bool) -> Vec<KpiRow> {
    let runs = || std::iter::once(&seen.base).chain(&seen.failed);
    let per_replication = |of: &dyn Fn(&Observed) -> f64| -> Vec<f64> {
        (0..seen.base.len()).map(|r| runs().map(|run| of(&run[r])).fold(0.0, f64::max)).collect()
    };
    let highest = |o: &Observed| o.utilisation.iter().copied().fold(0.0, f64::max);
    let loaded = rows.iter().filter_map(|row| Some((row, row.worst_utilisation?, row.worst_link.as_ref()?)));
    let culprit =
        loaded.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(row, _, link)| format!("{link}, with {} down", row.failed));
    let starved = rows.iter().filter(|row| row.unserved > 0.0).max_by(|a, b| a.unserved.total_cmp(&b.unserved));
    let starved = starved.map(|row| format!("with {} down", row.failed));
    let row = |name, values: Vec<f64>, word| aggregate::study_row(name, &values, word, base.deterministic);
    let mut all = Vec::new();
    if !base.directions.is_empty() {
        all.push(row("wan.worst_utilisation", per_replication(&highest), culprit));
    }
    if demands {
        all.push(row("wan.unserved", per_replication(&|o: &Observed| o.unserved), starved));
    }
    all
}

fn link_rows(failures: &[Failure], base: &Base, seen: &Seen) -> Vec<LinkRow> {
    let row = |(d, name): (usize, &String)| {
        let mut culprits: Vec<(String, f64)> =
            failures.iter().zip(&seen.failed).map(|(f, seen)| (f.name.clone(), utilisation(seen, d))).collect();
        culprits.sort_by(|a, b| b.1.total_cmp(&a.1));
        culprits.truncate(CULPRITS);
        LinkRow { link: name.clone(), base: utilisation(&seen.base, d), culprits }
    };
    let mut rows: Vec<LinkRow> = base.directions.iter().enumerate().map(row).collect();
    let worst = |row: &LinkRow| row.culprits.first().map_or(0.0, |(_, load)| *load);
    rows.sort_by(|a, b| worst(b).total_cmp(&worst(a)));
    rows
}

fn work_rows(base: &Base, rows: &[FailureRow]) -> Vec<WorkRow> {
    let row = |(k, kpi): (usize, &CostKpi)| {
        let costs = rows.iter().map(|row| (&row.failed, &row.works[k]));
        let mut culprits: Vec<(String, Option<f64>, f64)> = costs
            .filter_map(|(failed, cost)| Some((failed.clone(), cost.value, cost.harm.filter(|harm| *harm > 0.0)?)))
            .collect();
        culprits.sort_by(|a, b| b.2.total_cmp(&a.2));
        culprits.truncate(CULPRITS);
        let (unit, before) = rows.first().map_or((String::new(), None), |r| (r.works[k].unit.clone(), r.works[k].base));
        WorkRow { work: kpi.work.clone(), kpi: kpi.name.clone(), unit, base: before, culprits }
    };
    base.costs.iter().enumerate().filter(|(_, kpi)| kpi.ranks).map(row).collect()
}
