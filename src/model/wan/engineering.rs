//! Traffic engineering: from time to time all standing demand is solved together, on the links as routes know them then.
//!
//! Solutions are made at multiples of `engineered_every`, where demand, capacity or links have changed since the last one. In between, a
//! pair whose way dies goes on, after the reconvergence, over its other ways in their old proportion, or by the shortest way where it has none.

use std::collections::BTreeMap;

use super::component::{Wan, WanEffect};
use crate::model::ids::SiteId;
use crate::network::{Asked, Graph, by_pair, engineered};
use crate::units::SimTime;

/// What pairs of sites ask of traffic engineering: wire bytes per second by source, destination and priority.
pub type Wanted = BTreeMap<(SiteId, SiteId, u8), f64>;

/// When traffic is engineered, and what the last solution was made of.
#[derive(Clone, Debug, Default)]
pub(super) struct Controller {
    /// When the next solution is due.
    due: Option<SimTime>,
    /// Demand and capacities of the last solution.
    seen: Option<(Wanted, Vec<[f64; 2]>)>,
}

impl Wan {
    /// Something has changed at `now`: when a solution is to be made because of it; `None` where one is due already.
    pub fn engineering_due(&mut self, now: SimTime) -> Option<SimTime> {
        if self.controller.due.is_some() {
            return None;
        }
        let every = self.routing.rules.engineered_every.as_nanos().max(1);
        let turns = now.as_nanos().saturating_add(every - 1) / every;
        let at = SimTime::from_nanos(turns.saturating_mul(every));
        self.controller.due = Some(at);
        (at < SimTime::MAX).then_some(at)
    }

    /// Finds ways for all that is wanted now. Nothing happens where nothing has changed.
    pub fn engineer(&mut self, now: SimTime, wanted: Wanted, out: &mut Vec<WanEffect>) {
        self.controller.due = None;
        let capacities: Vec<[f64; 2]> = self.links.iter().map(|link| link.known_capacity()).collect();
        let seen = (wanted, capacities);
        if self.controller.seen.as_ref() == Some(&seen) {
            return;
        }
        let mut graph = Graph::new(self.routing.sites());
        for (link, &capacity) in self.links.iter().zip(&seen.1) {
            let (a, b) = link.params.ends;
            graph.add_edge((a.index(), b.index()), link.params.metric, capacity);
        }
        let asked = |(&(from, to, class), &amount): (&(SiteId, SiteId, u8), &f64)| Asked {
            from: from.index(),
            to: to.index(),
            amount,
            class,
        };
        let asked: Vec<Asked> = seen.0.iter().map(asked).collect();
        let found = engineered(&graph, &asked, self.routing.rules.engineered_ways);
        let ways = by_pair(&asked, &found).into_iter();
        self.routing.engineered = ways.map(|((a, b), ways)| ((SiteId::new(a), SiteId::new(b)), ways)).collect();
        self.controller.seen = Some(seen);
        self.routing.doubt(self.disturbed.iter().copied());
        self.routing.forget();
        self.pairs_follow(now);
        out.push(WanEffect::Rerouted);
    }
}
