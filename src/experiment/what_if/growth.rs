//! Fewest waves where routes or shares depend on capacity: a number that is enough, and one below which no routing does.
//!
//! For one case (a failure, or none) at one instant, a linear programme finds the least number of waves, fractions allowed, with which some
//! routing keeps the limit; one programme over the most demanding cases, with the same waves in all of them and a routing in each, finds a higher one. Rounded
//! up, that is a lower bound. To be enough for all, its waves are rounded up link by link, and so are those that each other
//! case, the most demanding first, still lacks; then waves are taken away again one by one, in order of links, as long as every case does
//! without. Cases may lie in spans of time with other capacities and waves of other sizes; the waves added are the same in all.
//!
//! Where the programmes are too large, the cut around each site is a lower bound: what starts (or ends) at a site crosses its links.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::super::RunError;
use crate::network::{Asked, Graph, Growth, Tree, growth};

/// Columns of a programme up to which waves are counted this way.
const COLUMNS: usize = 2_000;
/// Columns of the programme over several cases.
const JOINT: usize = 4_000;
/// Cases times instants up to which they are.
const CASES: usize = 2_000;
/// Waves below this are rounding.
const ROUNDING: f64 = 1e-5;

/// The network of a span of time.
pub(super) struct Net<'a> {
    /// The same with so many waves more on each link.
    pub(super) grown: &'a (dyn Fn(&[u64]) -> Graph + Sync),
    /// Capacity of one wave more on each arc.
    pub(super) step: Vec<f64>,
}

/// Demand and the network at one instant of one case.
pub(super) struct Case {
    /// Span, by its place among the networks.
    pub(super) span: usize,
    /// Links that are down.
    pub(super) dead: Vec<usize>,
    /// Demand that may take any way.
    pub(super) asked: Vec<Asked>,
    /// What all other demand puts on each arc.
    pub(super) taken: Vec<f64>,
}

/// Waves by link that are enough for some routing in every case, and a number below which no routing does.
pub(super) struct Found {
    pub(super) added: Vec<u64>,
    pub(super) at_least: u64,
}

/// Counts the waves of links. `None` where the programmes are too large or cannot be solved.
///
/// # Errors
/// [`RunError::Interrupted`].
pub(super) fn fewest(
    nets: &[Net<'_>],
    cases: &[Case],
    limit: f64,
    interrupt: &AtomicBool,
) -> Result<Option<Found>, RunError> {
    let Some(links) = nets.first().map(|net| net.step.len() / 2) else { return Ok(None) };
    if cases.len() > CASES || cases.iter().any(|case| columns(case, links) > COLUMNS) {
        return Ok(None);
    }
    let lacking = |case: &Case, added: &[u64]| -> Result<Option<Vec<f64>>, RunError> {
        if interrupt.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        let net = &nets[case.span];
        let graph = without((net.grown)(added), &case.dead);
        Ok(growth(&graph, &case.asked, Growth { edges: links, step: &net.step, taken: &case.taken, limit }))
    };
    let total = |waves: &[f64]| waves.iter().sum::<f64>();
    let none = vec![0; links];
    let alone: Vec<Option<Vec<f64>>> =
        cases.par_iter().map(|case| lacking(case, &none)).collect::<Result<_, RunError>>()?;
    let Some(alone) = alone.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
    let mut short: Vec<(f64, &Case)> =
        alone.iter().map(|waves| total(waves)).zip(cases).filter(|(waves, _)| *waves > ROUNDING).collect();
    short.sort_by(|a, b| b.0.total_cmp(&a.0));
    let within = |sum: &mut usize, case: &'_ Case| {
        *sum += columns(case, links);
        *sum <= JOINT
    };
    let most: Vec<&Case> = short.iter().scan(0, |sum, (_, case)| within(sum, case).then_some(*case)).collect();
    let joint = together(nets, &most, limit, links);
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
    spare(&mut added, at_least, does)?;
    Ok(Some(Found { added, at_least }))
}

/// Takes waves away one by one, in order of links, as long as the rest does.
fn spare(added: &mut [u64], at_least: u64, does: impl Fn(&[u64]) -> Result<bool, RunError>) -> Result<(), RunError> {
    for link in 0..added.len() {
        while added[link] > 0 && added.iter().sum::<u64>() > at_least {
            added[link] -= 1;
            if !does(added)? {
                added[link] += 1;
                break;
            }
        }
    }
    Ok(())
}

/// Columns of the programme of a case.
fn columns(case: &Case, links: usize) -> usize {
    case.asked.chunk_by(|a, b| a.from == b.from).count() * 2 * links
}

fn without(mut graph: Graph, dead: &[usize]) -> Graph {
    for &link in dead {
        graph.set_capacity(2 * link, 0.0);
        graph.set_capacity(2 * link + 1, 0.0);
    }
    graph
}

/// The least number of waves, fractions allowed, with which each of these cases has some routing that keeps the limit.
fn together(nets: &[Net<'_>], cases: &[&Case], limit: f64, links: usize) -> Option<Vec<f64>> {
    let plain: Vec<Graph> = nets.iter().map(|net| (net.grown)(&vec![0; links])).collect();
    let mut graph = Graph::new(plain.first()?.nodes() * cases.len());
    let (mut asked, mut taken, mut step) = (Vec::new(), Vec::new(), Vec::new());
    for (copy, case) in cases.iter().enumerate() {
        let plain = &plain[case.span];
        let first = copy * plain.nodes();
        for (link, pair) in plain.arcs().chunks(2).enumerate() {
            let up = if case.dead.contains(&link) { 0.0 } else { 1.0 };
            let capacities = [up * pair[0].capacity, up * pair[1].capacity];
            graph.add_edge((first + pair[0].from, first + pair[0].to), pair[0].cost, capacities);
        }
        asked.extend(case.asked.iter().map(|a| Asked { from: first + a.from, to: first + a.to, ..*a }));
        taken.extend_from_slice(&case.taken);
        step.extend_from_slice(&nets[case.span].step);
    }
    growth(&graph, &asked, Growth { edges: links, step: &step, taken: &taken, limit })
}

/// A number of waves below which no routing keeps the limit, from the cuts around single sites alone. A site of which `d` starts, over links that may
/// be filled by `c` in all and whose largest wave may be filled by `w`, lacks at least (d − c) ÷ w waves, and the same for what ends there; a wave
/// serves the two sites of its link, so all sites together lack at least half the sum.
pub(super) fn around_sites(nets: &[Net<'_>], cases: &[Case], limit: f64) -> u64 {
    let links = nets.first().map_or(0, |net| net.step.len() / 2);
    let plain: Vec<Graph> = nets.iter().map(|net| (net.grown)(&vec![0; links])).collect();
    let of_case = |case: &Case| -> f64 {
        let graph = without(plain[case.span].clone(), &case.dead);
        let usable = |arc: usize| graph.arcs()[arc].capacity > 0.0;
        let mut demand = vec![[0.0; 2]; graph.nodes()];
        for of_source in case.asked.chunk_by(|a, b| a.from == b.from) {
            let tree = Tree::from(&graph, of_source[0].from, usable);
            for asked in of_source.iter().filter(|asked| tree.cost(asked.to).is_some()) {
                demand[asked.from][0] += asked.amount;
                demand[asked.to][1] += asked.amount;
            }
        }
        let lacking = |node: usize| {
            let of = |arcs: &[usize], demand: f64| {
                let room: f64 = arcs.iter().map(|&arc| limit * graph.arcs()[arc].capacity - case.taken[arc]).sum();
                let open = arcs.iter().filter(|&&arc| usable(arc));
                let wave = open.map(|&arc| limit * nets[case.span].step[arc]).fold(0.0, f64::max);
                if demand > room && wave > 0.0 { (demand - room) / wave } else { 0.0 }
            };
            f64::max(of(graph.out(node), demand[node][0]), of(Graph::into(&graph, node), demand[node][1]))
        };
        let all: Vec<f64> = (0..graph.nodes()).map(lacking).collect();
        let highest = all.iter().copied().fold(0.0, f64::max);
        highest.max(all.iter().map(|lacks| (lacks - ROUNDING).max(0.0).ceil()).sum::<f64>() / 2.0)
    };
    let bound = cases.par_iter().map(of_case).reduce(|| 0.0, f64::max);
    (bound - ROUNDING).max(0.0).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two pairs of sites, each joined by a link of four waves of 10 both ways; `added` waves more on each.
    fn pairs(added: &[u64]) -> Graph {
        let mut graph = Graph::new(4);
        for (link, ends) in [(0, 1), (2, 3)].into_iter().enumerate() {
            graph.add_edge(ends, 1, [40.0 + 10.0 * added[link] as f64; 2]);
        }
        graph
    }

    fn case(amounts: [f64; 2], dead: Vec<usize>) -> Case {
        let ask = |(from, amount)| Asked { from, to: from + 1, amount, class: 0 };
        Case { span: 0, dead, asked: [0, 2].into_iter().zip(amounts).map(ask).collect(), taken: vec![0.0; 4] }
    }

    /// At 50 % a link carries 20, and a wave 5 more: 45 lack five waves, at the sender and at the receiver. Two such pairs lack ten, half of the twenty of four sites.
    #[test]
    fn cuts_around_sites_count_what_starts_and_ends_there() {
        let nets = [Net { grown: &pairs, step: vec![10.0; 4] }];
        let bound = |amounts, dead| around_sites(&nets, &[case(amounts, dead)], 0.5);
        assert_eq!(bound([45.0, 0.0], Vec::new()), 5);
        assert_eq!(bound([45.0, 45.0], Vec::new()), 10);
        assert_eq!(bound([46.0, 20.0], Vec::new()), 6);
        assert_eq!(bound([20.0, 20.0], Vec::new()), 0);
        // What has no way asks for nothing, and what others put on the link takes room.
        assert_eq!(bound([45.0, 45.0], vec![1]), 5);
        let beside = Case { taken: vec![15.0, 0.0, 0.0, 0.0], ..case([45.0, 0.0], Vec::new()) };
        assert_eq!(around_sites(&nets, &[beside], 0.5), 8);
        // Never more than the programme finds.
        for amounts in [[45.0, 45.0], [33.0, 71.0], [21.0, 19.0]] {
            let found =
                fewest(&nets, &[case(amounts, Vec::new())], 0.5, &AtomicBool::new(false)).expect("no interrupt");
            let found = found.expect("it is small");
            assert!(around_sites(&nets, &[case(amounts, Vec::new())], 0.5) <= found.added.iter().sum::<u64>());
        }
    }
}
