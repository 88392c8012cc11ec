//! Ways of split traffic by name, so that what each of them carries can be counted.

use std::collections::BTreeMap;

use super::component::Wan;
use super::link::Link;
use super::routes::{Routing, Ways};
use crate::model::ids::SiteId;
use crate::model::paths::{Course, RoutePolicy, WayId};
use crate::network::Way;

/// Ways of one pair that are told apart; where there are more, those that begin with the same link are one.
const MOST: usize = 64;

/// A way, or all ways that begin with its arcs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Known {
    arcs: Way,
    all_on: bool,
}

/// Every way that split traffic has had so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Register {
    numbers: BTreeMap<Known, WayId>,
    ways: Vec<Known>,
}

impl Register {
    fn number(&mut self, known: Known) -> WayId {
        let ways = &mut self.ways;
        *self.numbers.entry(known).or_insert_with_key(|known| {
            ways.push(known.clone());
            WayId(ways.len() as u32 - 1)
        })
    }
}

impl Routing {
    /// The ways of a course that move, with their parts of a unit that moves. Empty under the rule that knows one way only.
    pub(super) fn parts(&mut self, links: &[Link], course: Course) -> Vec<(WayId, f64)> {
        if course.policy == RoutePolicy::Shortest {
            return Vec::new();
        }
        self.prepare(links, course);
        let alive = |arc: usize| links[arc / 2].alive();
        let Some(Some(ways)) = self.cache.get(&course) else { return Vec::new() };
        let (found, all_on): (Vec<(f64, Way)>, bool) = match ways {
            Ways::Listed(ways) => {
                (ways.iter().filter(|(_, way)| way.iter().all(|&arc| alive(arc))).cloned().collect(), false)
            }
            Ways::Spread(spread) => match spread.ways(&self.graph, alive, MOST) {
                Some(ways) => (ways, false),
                None => {
                    let (from, loads) = (self.home(course.from).index(), spread.loads(&self.graph, alive).0);
                    let first = loads.into_iter().filter(|(arc, _)| self.graph.arcs()[*arc].from == from);
                    (first.map(|(arc, load)| (load, vec![arc])).collect(), true)
                }
            },
        };
        let moving: f64 = found.iter().map(|(share, _)| share).sum();
        let register = &mut self.register;
        found.into_iter().map(|(share, arcs)| (register.number(Known { arcs, all_on }), share / moving)).collect()
    }
}

impl Wan {
    /// Both ends of a way and the links on it, in order: `a-b > b-c`; `a-b > …` for all ways that begin with that link.
    pub fn way(&self, way: WayId) -> Option<((SiteId, SiteId), String)> {
        let known = self.routing.register.ways.get(way.0 as usize)?;
        let end = |arc: usize, at: usize| {
            let ends = self.links[arc / 2].params.ends;
            if (arc + at).is_multiple_of(2) { ends.0 } else { ends.1 }
        };
        let names: Vec<&str> = known.arcs.iter().map(|arc| self.links[arc / 2].params.name.as_str()).collect();
        let rest = if known.all_on { " > …" } else { "" };
        Some(((end(*known.arcs.first()?, 0), end(*known.arcs.last()?, 1)), names.join(" > ") + rest))
    }
}
