//! Fewest waves under traffic engineering: a number that is enough, and one below which no routing does.
//!
//! For one case (a failure, or none) at one instant, a linear programme finds the least number of waves, fractions allowed, with which some
//! routing keeps the limit; one programme over the most demanding cases, with the same waves in all of them and a routing in each, finds a higher one. Rounded
//! up, that is a lower bound. To be enough for all, its waves are rounded up link by link, and so are those that each other
//! case, the most demanding first, still lacks; then waves are taken away again one by one, in order of links, as long as every case does
//! without.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::super::RunError;
use crate::network::{Asked, Graph, Growth, growth};

/// Columns of a programme up to which waves are counted this way.
const COLUMNS: usize = 2_000;
/// Columns of the programme over several cases.
const JOINT: usize = 4_000;
/// Cases times instants up to which they are.
const CASES: usize = 2_000;
/// Waves below this are rounding.
const ROUNDING: f64 = 1e-5;

/// Demand and the network at one instant of one case.
pub(super) struct Case {
    /// Links that are down.
    pub dead: Vec<usize>,
    /// Demand that may take any way.
    pub asked: Vec<Asked>,
    /// What all other demand puts on each arc.
    pub taken: Vec<f64>,
}

/// Waves by link that are enough, and a number below which no routing does.
pub(super) struct Found {
    pub added: Vec<u64>,
    pub at_least: u64,
}

/// Counts the waves of links on `graph`, whose waves carry `step` on each arc; `grown` gives the network with waves added. `None` where the programmes are too large or cannot be
/// solved.
///
/// # Errors
/// [`RunError::Interrupted`].
pub(super) fn fewest(
    cases: &[Case],
    step: &[f64],
    limit: f64,
    grown: &(impl Fn(&[u64]) -> Graph + Sync),
    interrupt: &AtomicBool,
) -> Result<Option<Found>, RunError> {
    let links = step.len() / 2;
    let sources = |case: &Case| case.asked.chunk_by(|a, b| a.from == b.from).count();
    if cases.len() > CASES || cases.iter().any(|case| sources(case) * step.len() > COLUMNS) {
        return Ok(None);
    }
    let lacking = |case: &Case, added: &[u64]| -> Result<Option<Vec<f64>>, RunError> {
        if interrupt.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        let mut graph = grown(added);
        for &link in &case.dead {
            graph.set_capacity(2 * link, 0.0);
            graph.set_capacity(2 * link + 1, 0.0);
        }
        Ok(growth(&graph, &case.asked, Growth { step, taken: &case.taken, limit }))
    };
    let total = |waves: &[f64]| waves.iter().sum::<f64>();
    let none = vec![0; links];
    let alone: Vec<Option<Vec<f64>>> =
        cases.par_iter().map(|case| lacking(case, &none)).collect::<Result<_, RunError>>()?;
    let Some(alone) = alone.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
    let mut short: Vec<(f64, &Case)> =
        alone.iter().map(|waves| total(waves)).zip(cases).filter(|(waves, _)| *waves > ROUNDING).collect();
    short.sort_by(|a, b| b.0.total_cmp(&a.0));
    let most: Vec<&Case> = short
        .iter()
        .map(|(_, case)| *case)
        .scan(0, |columns, case| {
            *columns += sources(case) * step.len();
            (*columns <= JOINT).then_some(case)
        })
        .collect();
    let joint = together(&most, step, limit, &grown(&none));
    let bound = joint.as_deref().map_or(0.0, total).max(short.first().map_or(0.0, |(waves, _)| *waves));
    let at_least = (bound - ROUNDING).max(0.0).ceil() as u64;
    let mut added = none;
    for (added, more) in added.iter_mut().zip(joint.unwrap_or_default()) {
        *added = (more - ROUNDING).max(0.0).ceil() as u64;
    }
    for (_, case) in &short {
        let Some(more) = lacking(case, &added)? else { return Ok(None) };
        for (added, more) in added.iter_mut().zip(more) {
            *added += (more - ROUNDING).max(0.0).ceil() as u64;
        }
    }
    let does = |added: &[u64]| -> Result<bool, RunError> {
        let enough =
            |(_, case): &(f64, &Case)| Ok(lacking(case, added)?.is_some_and(|waves| total(&waves) <= ROUNDING));
        short.par_iter().map(enough).try_reduce(|| true, |a, b| Ok(a && b))
    };
    for link in 0..links {
        while added[link] > 0 && added.iter().sum::<u64>() > at_least {
            added[link] -= 1;
            if !does(&added)? {
                added[link] += 1;
                break;
            }
        }
    }
    Ok(Some(Found { added, at_least }))
}

/// The least number of waves, fractions allowed, with which each of these cases has some routing that keeps the limit.
fn together(cases: &[&Case], step: &[f64], limit: f64, plain: &Graph) -> Option<Vec<f64>> {
    let mut graph = Graph::new(plain.nodes() * cases.len());
    let (mut asked, mut taken) = (Vec::new(), Vec::new());
    for (copy, case) in cases.iter().enumerate() {
        let first = copy * plain.nodes();
        for (link, pair) in plain.arcs().chunks(2).enumerate() {
            let up = if case.dead.contains(&link) { 0.0 } else { 1.0 };
            let capacities = [up * pair[0].capacity, up * pair[1].capacity];
            graph.add_edge((first + pair[0].from, first + pair[0].to), pair[0].cost, capacities);
        }
        asked.extend(case.asked.iter().map(|a| Asked { from: first + a.from, to: first + a.to, ..*a }));
        taken.extend_from_slice(&case.taken);
    }
    growth(&graph, &asked, Growth { step, taken: &taken, limit })
}
