//! A flow taken apart into ways: for each sink the widest way that the flow has, again and again. What goes in circles is left.

use std::collections::{BTreeMap, BinaryHeap};

use super::super::graph::Graph;
use super::super::tree::Way;
use super::Flow;

/// A rest of an amount, and a flow on an arc, below this share of it is rounding.
const REST: f64 = 1e-6;
/// Ways of one pair that are looked at; more would carry next to nothing.
const MOST: usize = 256;

/// Class, source and sink.
type Pair = (u8, usize, usize);

/// At most `most` ways of every pair, the widest first, with shares that sum to 1. The narrowest are left out where there are more, and
/// the others carry their part in proportion.
pub(super) fn ways(graph: &Graph, flows: &[Flow], most: usize) -> BTreeMap<Pair, Vec<(f64, Way)>> {
    let mut all = BTreeMap::new();
    for flow in flows.iter().filter(|flow| !flow.arcs.is_empty()) {
        let mut left = flow.arcs.clone();
        for (&sink, &amount) in flow.sinks.iter().filter(|&(_, &amount)| amount > 0.0) {
            let mut found = of_pair(graph, (flow.source, sink), amount, &mut left);
            found.sort_by(|a, b| b.0.total_cmp(&a.0));
            found.truncate(most.max(1));
            let total: f64 = found.iter().map(|(width, _)| width).sum();
            found.iter_mut().for_each(|way| way.0 /= total);
            if !found.is_empty() {
                all.insert((flow.class, flow.source, sink), found);
            }
        }
    }
    all
}

/// Takes an amount for one sink out of a flow.
fn of_pair(graph: &Graph, ends: (usize, usize), amount: f64, left: &mut [f64]) -> Vec<(f64, Way)> {
    let mut found: Vec<(f64, Way)> = Vec::new();
    let mut rest = amount;
    while rest > REST * amount && found.len() < MOST {
        let Some((width, way)) = widest(graph, ends, left) else { break };
        let taken = width.min(rest);
        if taken <= REST * REST * amount {
            break;
        }
        for &arc in &way {
            left[arc] = (left[arc] - taken).max(0.0);
        }
        rest -= taken;
        found.push((taken, way));
    }
    found
}

/// The way whose narrowest arc is widest, of equals the one of fewer arcs, then that found from lower numbers.
fn widest(graph: &Graph, (source, sink): (usize, usize), left: &[f64]) -> Option<(f64, Way)> {
    let nodes = graph.nodes();
    let mut best: Vec<Option<(u64, std::cmp::Reverse<u32>)>> = vec![None; nodes];
    let (mut last, mut done) = (vec![None; nodes], vec![false; nodes]);
    // The bits of floats that are not negative sort as the floats do.
    let start = (f64::INFINITY.to_bits(), std::cmp::Reverse(0));
    best[source] = Some(start);
    let mut open = BinaryHeap::from([(start, std::cmp::Reverse(source))]);
    while let Some((known, std::cmp::Reverse(here))) = open.pop() {
        if std::mem::replace(&mut done[here], true) {
            continue;
        }
        if here == sink {
            break;
        }
        for &arc in graph.out(here).iter().filter(|&&arc| left[arc] > 0.0) {
            let there = graph.arcs()[arc].to;
            let next = (known.0.min(left[arc].to_bits()), std::cmp::Reverse(known.1.0 + 1));
            if !done[there] && best[there].is_none_or(|best| next > best) {
                best[there] = Some(next);
                last[there] = Some(arc);
                open.push((next, std::cmp::Reverse(there)));
            }
        }
    }
    let width = f64::from_bits(best[sink]?.0);
    let mut way = Vec::new();
    let mut at = sink;
    while at != source {
        let arc: usize = last[at]?;
        way.push(arc);
        at = graph.arcs()[arc].from;
    }
    way.reverse();
    Some((width, way))
}
