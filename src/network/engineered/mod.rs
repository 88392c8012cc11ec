//! Traffic engineering: ways and shares for all demands together, chosen so that the fullest arc is as empty as it can be.
//!
//! With all demands in full, the largest load over capacity is least when it is 1 ÷ λ, λ being the maximum concurrent flow. Among all
//! flows that reach it, one of least Σ load × cost is taken, so that nothing goes a longer way than that takes. Where not everything
//! fits (λ < 1), classes come one after the other: as much of the highest as there can be (the same share of each of its demands, at most all), then as much of
//! the next with the first still served, and so on; ways of a higher class may move for a lower one, what they are served may not fall.
//!
//! The flow of a source is then taken apart into ways, for each sink the widest first.
//!
//! | file | what |
//! |---|---|
//! | `programme` | the linear programmes: a largest factor, a least cost, a least growth |
//! | `strip` | a flow taken apart into ways |
//!
//! Above [`EXACT_COLUMNS`] columns, or where numbers lie too far apart for the solver, multiplicative weights stand for the programmes: within
//! [`super::GAP`] of the best as a rule, without the least cost; and a lower class then takes what the ways of the higher ones leave.

mod programme;
mod strip;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::concurrent::{Demand, EXACT_COLUMNS, routed};
use super::graph::Graph;
use super::tree::{Tree, Way};
pub use programme::Growth;
use programme::Programme;

/// Part of what is served that may go for rounding, smallest first: a programme that has a solution only just, by the result of another one, may be
/// found to have none by the solver's own tolerance of 1e-10. Without slack, which is the rule, results are exact to the rounding of numbers.
const SLACKS: [f64; 3] = [0.0, 1e-9, 1e-7];
/// Capacity that weights leave and that is rounding, as a share of all of it.
const REST: f64 = 1e-7;

/// A demand of a class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asked {
    /// Node where it starts.
    pub from: usize,
    /// Node where it ends, another one.
    pub to: usize,
    /// Rate above zero, in the unit of capacities.
    pub amount: f64,
    /// Higher classes are served first.
    pub class: u8,
}

/// What all demands are told.
#[derive(Clone, Debug, PartialEq)]
pub struct Engineered {
    /// Ways of each demand in their order, the largest share first; shares sum to 1. Empty where no way leads, or where nothing is
    /// left for its class.
    pub ways: Vec<Vec<(f64, Way)>>,
    /// Share that each class is served, from the highest class down: 1 where all of it fits.
    pub served: Vec<(u8, f64)>,
    /// Whether the linear programmes were solved themselves.
    pub exact: bool,
}

/// Ways for all demands, at most `most` (at least 1) of each. Arcs without a capacity carry nothing.
pub fn engineered(graph: &Graph, asked: &[Asked], most: usize) -> Engineered {
    let able = able(graph, asked);
    let solved = by_programme(graph, &able);
    let exact = solved.is_some();
    let solved = solved.unwrap_or_else(|| by_weights(graph, &able));
    let ways = strip::ways(graph, &solved.flows, most);
    let class = |a: &Asked| if solved.together { 0 } else { a.class };
    let of = |a: &Asked| ways.get(&(class(a), a.from, a.to)).cloned().unwrap_or_default();
    Engineered { ways: asked.iter().map(of).collect(), served: solved.served, exact }
}

/// The same by pair of nodes: where a pair asks in several classes, its ways carry all of them, each way its part of what is served.
pub fn by_pair(asked: &[Asked], found: &Engineered) -> BTreeMap<(usize, usize), Vec<(f64, Way)>> {
    let mut sums: BTreeMap<(usize, usize), BTreeMap<&Way, f64>> = BTreeMap::new();
    let served = |class: u8| found.served.iter().find(|(known, _)| *known == class).map_or(0.0, |(_, share)| *share);
    for (a, ways) in asked.iter().zip(&found.ways).filter(|(a, _)| served(a.class) > 0.0) {
        for (share, way) in ways {
            *sums.entry((a.from, a.to)).or_default().entry(way).or_insert(0.0) += share * a.amount * served(a.class);
        }
    }
    let shares = |(pair, ways): ((usize, usize), BTreeMap<&Way, f64>)| {
        let total: f64 = ways.values().sum();
        let mut ways: Vec<(f64, Way)> = ways.into_iter().map(|(way, part)| (part / total, way.clone())).collect();
        ways.sort_by(|a, b| b.0.total_cmp(&a.0));
        (pair, ways)
    };
    sums.into_iter().map(shares).collect()
}

/// The largest factor on each class, highest class first, when those above it are served first, each up to all of it. `None` where the
/// programme is too large, where numbers lie too far apart, or where a demand has no way.
pub fn factors(graph: &Graph, asked: &[Asked]) -> Option<Vec<(u8, f64)>> {
    let flows = flows_of(asked, false);
    let programme = small(graph, &flows)?;
    one_after_another(&programme, &classes(asked))
}

/// The least number of steps by which the edges of a network must grow, fractions of steps allowed, so that these demands fit beside what
/// is there already, whatever the routing: by edge. Demands without a way are left out. `None` where numbers lie too far apart.
pub fn growth(graph: &Graph, asked: &[Asked], growth: Growth<'_>) -> Option<Vec<f64>> {
    let able = able(graph, asked);
    let flows = flows_of(&able, true);
    if flows.is_empty() {
        let mut steps = vec![0.0; growth.edges];
        for (arc, taken) in growth.taken.iter().enumerate() {
            let (own, over) = (arc / 2 % growth.edges, taken - growth.limit * graph.arcs()[arc].capacity);
            if over > 0.0 {
                steps[own] = f64::max(steps[own], over / (growth.limit * growth.step[arc]));
            }
        }
        return Some(steps);
    }
    Programme::new(graph, &flows)?.growth(growth)
}

/// Demands above zero that have a way.
fn able(graph: &Graph, asked: &[Asked]) -> Vec<Asked> {
    let usable = |arc: usize| graph.arcs()[arc].capacity > 0.0;
    let mut trees: BTreeMap<usize, Tree> = BTreeMap::new();
    let mut reaches = |a: &Asked| {
        let tree = trees.entry(a.from).or_insert_with(|| Tree::from(graph, a.from, usable));
        a.from != a.to && tree.cost(a.to).is_some()
    };
    asked.iter().copied().filter(|a| a.amount > 0.0 && reaches(a)).collect()
}

/// The flow of one source in one class.
#[derive(Clone, Debug)]
struct Flow {
    class: u8,
    source: usize,
    /// To each sink its amount.
    sinks: BTreeMap<usize, f64>,
    /// On each arc; nothing before it is solved.
    arcs: Vec<f64>,
}

/// Flows that carry what each class is served.
struct Solved {
    flows: Vec<Flow>,
    served: Vec<(u8, f64)>,
    /// Whether classes were not told apart: all flows are of class 0.
    together: bool,
}

/// Demands by class, highest first, and source; `together`: all of class 0.
fn flows_of(asked: &[Asked], together: bool) -> Vec<Flow> {
    let mut sums: BTreeMap<(Reverse<u8>, usize), BTreeMap<usize, f64>> = BTreeMap::new();
    for a in asked {
        let class = Reverse(if together { 0 } else { a.class });
        *sums.entry((class, a.from)).or_default().entry(a.to).or_insert(0.0) += a.amount;
    }
    let flow =
        |((class, source), sinks): ((Reverse<u8>, usize), _)| Flow { class: class.0, source, sinks, arcs: Vec::new() };
    sums.into_iter().map(flow).collect()
}

/// Classes in use, highest first.
fn classes(asked: &[Asked]) -> Vec<u8> {
    let mut all: Vec<u8> = asked.iter().map(|a| a.class).collect();
    all.sort_unstable_by_key(|&class| Reverse(class));
    all.dedup();
    all
}

/// The programme, unless it is too large or numbers lie too far apart.
fn small<'a>(graph: &'a Graph, flows: &'a [Flow]) -> Option<Programme<'a>> {
    let columns = flows.len() * graph.arcs().len() + 1;
    if flows.is_empty() || columns > EXACT_COLUMNS { None } else { Programme::new(graph, flows) }
}

/// By the linear programmes; `None` where they cannot be solved with trust.
fn by_programme(graph: &Graph, asked: &[Asked]) -> Option<Solved> {
    let classes = classes(asked);
    let flows = flows_of(asked, true);
    let programme = small(graph, &flows)?;
    let factor = programme.factor(&|_| None)?;
    if factor >= 1.0 || classes.len() == 1 {
        let share = factor.min(1.0);
        let cheapest = |slack: f64| programme.cheapest(&|_| share * (1.0 - slack), share / factor);
        let arcs = SLACKS.into_iter().find_map(cheapest)?;
        let served = classes.into_iter().map(|class| (class, share)).collect();
        return Some(Solved { flows: with(&flows, arcs, |_| share), served, together: true });
    }
    let flows = flows_of(asked, false);
    let programme = small(graph, &flows)?;
    let served: Vec<(u8, f64)> =
        one_after_another(&programme, &classes)?.into_iter().map(|(class, factor)| (class, factor.min(1.0))).collect();
    let share = |class: u8| served.iter().find(|(known, _)| *known == class).map_or(0.0, |(_, share)| *share);
    let cheapest = |slack: f64| programme.cheapest(&|class| share(class) * (1.0 - slack), 1.0);
    let arcs = SLACKS.into_iter().find_map(cheapest)?;
    Some(Solved { flows: with(&flows, arcs, share), served, together: false })
}

/// Flows with what they carry when each class is served its share.
fn with(flows: &[Flow], arcs: Vec<Vec<f64>>, share: impl Fn(u8) -> f64) -> Vec<Flow> {
    let one = |(flow, arcs): (&Flow, Vec<f64>)| {
        let share = share(flow.class);
        let sinks = flow.sinks.iter().map(|(&sink, amount)| (sink, amount * share)).collect();
        Flow { sinks, arcs, ..flow.clone() }
    };
    flows.iter().zip(arcs).map(one).collect()
}

/// The largest factor on each class when those above it are served first.
fn one_after_another(programme: &Programme<'_>, classes: &[u8]) -> Option<Vec<(u8, f64)>> {
    let mut found: Vec<(u8, f64)> = Vec::new();
    for &class in classes {
        let held = |other: u8, slack: f64| match found.iter().find(|(known, _)| *known == other) {
            Some((_, factor)) => Some(factor.min(1.0) * (1.0 - slack)),
            None => (other != class).then_some(0.0),
        };
        let factor = SLACKS.into_iter().find_map(|slack| programme.factor(&|other| held(other, slack)))?;
        found.push((class, factor));
    }
    Some(found)
}

/// By multiplicative weights: all at once where it fits, and class after class on what is left where it does not.
fn by_weights(graph: &Graph, asked: &[Asked]) -> Solved {
    let classes = classes(asked);
    let demand = |a: &Asked| Demand { from: a.from, to: a.to, amount: a.amount };
    let all: Vec<Demand> = asked.iter().map(demand).collect();
    let Ok((factor, carried)) = routed(graph, &all) else {
        return Solved { flows: Vec::new(), served: Vec::new(), together: true };
    };
    if factor >= 1.0 || classes.len() == 1 {
        let served = classes.into_iter().map(|class| (class, factor.min(1.0))).collect();
        return Solved { flows: carrying(flows_of(asked, true), &carried), served, together: true };
    }
    let mut left = graph.clone();
    let (mut flows, mut served) = (Vec::new(), Vec::new());
    for class in classes {
        let own: Vec<Asked> = asked.iter().copied().filter(|a| a.class == class).collect();
        let Ok((factor, carried)) = routed(&left, &own.iter().map(demand).collect::<Vec<_>>()) else {
            served.push((class, 0.0));
            continue;
        };
        let share = factor.min(1.0);
        served.push((class, share));
        for arc in 0..left.arcs().len() {
            let capacity = left.arcs()[arc].capacity;
            let rest = capacity - share * carried.values().map(|arcs| arcs[arc]).sum::<f64>();
            left.set_capacity(arc, if rest > REST * graph.arcs()[arc].capacity { rest } else { 0.0 });
        }
        flows.extend(carrying(flows_of(&own, false), &carried));
    }
    Solved { flows, served, together: false }
}

/// Flows with what each source carries.
fn carrying(flows: Vec<Flow>, carried: &BTreeMap<usize, Vec<f64>>) -> Vec<Flow> {
    let one = |flow: Flow| Flow { arcs: carried.get(&flow.source).cloned().unwrap_or_default(), ..flow };
    flows.into_iter().map(one).collect()
}
