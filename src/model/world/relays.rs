//! Weights that sites hand to one another: one copy crosses to each site, and a site that has its first bucket passes it on.
//!
//! The legs are those of copies ([`Leg`]): each follows the one that brings what it passes on, a bucket behind. A second pool of a site gets its
//! weights from the first. A leg whose pool needs it no more goes on while others wait for what it brings.

use crate::model::copies::{Leg, Place};
use crate::model::ids::SiteId;
use crate::network::FanRule;

/// The legs of the publish under way.
#[derive(Clone, Debug)]
pub struct Relays {
    /// Who hands the weights to whom.
    pub rule: FanRule,
    /// Bytes that a site must have before it passes them on.
    pub bucket: f64,
    /// Bytes per second at which the payload comes into being.
    pub pace: f64,
    /// Legs, each after the one that brings what it passes on.
    pub legs: Vec<Leg>,
    /// Pool that each leg is for; none where the weights only pass through, or the pool needs them no more.
    pub pools: Vec<Option<u16>>,
}

/// From a site to another, and the crossing before that brought the bytes there.
type Crossing = (SiteId, SiteId, Option<usize>);

impl Relays {
    /// Relays with nothing under way.
    pub fn new(rule: FanRule, bucket: f64) -> Self {
        Relays { rule, bucket, pace: f64::INFINITY, legs: Vec::new(), pools: Vec::new() }
    }

    /// Begins with new legs: `bytes` from `source` to the sites of `pools` as `crossings` say, straight to each where there are none.
    pub fn begin(
        &mut self,
        source: SiteId,
        pools: &[(u16, SiteId)],
        crossings: Option<Vec<Crossing>>,
        bytes: f64,
        pace: f64,
    ) {
        let mut waiting: Vec<(u16, SiteId)> = pools.to_vec();
        let mut take = |site: SiteId| {
            let at = waiting.iter().position(|pool| pool.1 == site)?;
            Some(waiting.remove(at).0)
        };
        let crossings = crossings.unwrap_or_default();
        self.pace = pace;
        self.pools = crossings.iter().map(|&(_, to, _)| take(to)).collect();
        self.legs = crossings.iter().map(|&(from, to, after)| leg(from, to, after, bytes)).collect();
        // What is left stands at the source, beside a pool that has a leg, or out of reach.
        for (pool, site) in waiting {
            let after = crossings.iter().position(|crossing| crossing.1 == site);
            let from = if after.is_some() { site } else { source };
            self.legs.push(leg(from, site, after, bytes));
            self.pools.push(Some(pool));
        }
    }

    /// A pool needs nothing more of this publish. Returns the legs that nobody waits for now, which are to be stopped.
    pub fn detach(&mut self, pool: u16) -> Vec<usize> {
        for (leg, of) in self.legs.iter().zip(&mut self.pools) {
            if *of == Some(pool) && leg.is_open() {
                *of = None;
            }
        }
        let mut useless = Vec::new();
        for at in (0..self.legs.len()).rev() {
            let waited_for =
                |(other, leg): (usize, &Leg)| leg.after == Some(at) && leg.is_open() && !useless.contains(&other);
            let needed = self.pools[at].is_some() || self.legs.iter().enumerate().any(waited_for);
            if self.legs[at].is_open() && !needed {
                useless.push(at);
            }
        }
        useless
    }
}

fn leg(from: SiteId, to: SiteId, after: Option<usize>, bytes: f64) -> Leg {
    let place = |site| Place { site, storage: None };
    Leg { bytes, ..Leg::between(place(from), place(to), after) }
}

#[cfg(test)]
#[path = "relays_tests.rs"]
mod tests;
