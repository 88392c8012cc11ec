//! Standing demand between sites: what other users of the WAN send, as rates that follow the time of day and grow.
//!
//! A demand is a list of pairs, each a flow that offers `rate × share of the hour × (1 + growth)^periods` and takes what fair
//! sharing gives, at most that. What it does not get is unserved: it is not sent later. Rates are those on the wire.

use super::ids::SiteId;
use super::paths::{Course, RoutePolicy};
use crate::fluid::{FlowKey, MeterId, OwnerId};
use crate::stats::Level;
use crate::units::{SimDuration, SimTime};

const DAY_NS: i64 = 86_400_000_000_000;

/// Parameters of a demand.
#[derive(Clone, Debug)]
pub struct DemandParams {
    /// Name.
    pub name: String,
    /// Sender, receiver, wire bytes per second at share 1 and before growth.
    pub pairs: Vec<(SiteId, SiteId, f64)>,
    /// How routes are chosen.
    pub policy: RoutePolicy,
    /// Strict priority.
    pub priority: u8,
    /// Weight of each pair in fair sharing.
    pub weight: f64,
    /// Steps of the day: time after midnight, in order, and the share from then on. Empty: always 1.
    pub day: Vec<(SimDuration, f64)>,
    /// Growth per period, compound, at the end of each.
    pub growth: Option<(f64, SimDuration)>,
    /// Account of causes.
    pub owner: OwnerId,
    /// Counts what is delivered.
    pub meter: MeterId,
}

impl DemandParams {
    /// What is offered at an instant, over the stated rates. Time 0 is midnight.
    pub fn factor(&self, at: SimTime) -> f64 {
        let ns = at.as_nanos();
        let grown = self.growth.map_or(1.0, |(growth, period)| {
            let periods = i32::try_from(ns / period.as_nanos().max(1)).unwrap_or(i32::MAX);
            (1.0 + growth).powi(periods)
        });
        let hour = ns.rem_euclid(DAY_NS);
        let step = self.day.iter().rev().find(|(from, _)| from.as_nanos() <= hour).or(self.day.last());
        grown * step.map_or(1.0, |(_, share)| *share)
    }

    /// The next instant after `at` at which that may change.
    pub fn next_change(&self, at: SimTime) -> Option<SimTime> {
        let ns = at.as_nanos();
        let midnight = ns - ns.rem_euclid(DAY_NS);
        let steps = self.day.iter().flat_map(|(from, _)| {
            let today = midnight.saturating_add(from.as_nanos());
            [today, today.saturating_add(DAY_NS)]
        });
        let growth = self.growth.map(|(_, period)| {
            let period = period.as_nanos().max(1);
            (ns / period + 1).saturating_mul(period)
        });
        steps.chain(growth).filter(|&t| t > ns && t < i64::MAX).min().map(SimTime::from_nanos)
    }
}

/// A demand in the world.
#[derive(Clone, Debug)]
pub struct Demand {
    /// Parameters.
    pub params: DemandParams,
    /// The flow of each pair, once it has begun.
    pub flows: Vec<Option<FlowKey>>,
    /// Wire bytes per second offered by all pairs.
    pub offered: Level,
    /// One-way time of the pairs that have a route, weighted by their rates, seconds.
    pub latency: Level,
    /// Round-trip time in seconds and living share of each pair; `None` without a route.
    pub ways: Vec<Option<(f64, f64)>>,
}

impl Demand {
    /// A demand of which nothing has begun.
    pub fn new(params: DemandParams) -> Self {
        let count = params.pairs.len();
        let level = || Level::new(SimTime::ZERO, 0.0);
        Demand { params, flows: vec![None; count], offered: level(), latency: level(), ways: vec![None; count] }
    }

    /// Where a pair sends.
    pub fn course(&self, pair: usize) -> Course {
        let (from, to, _) = self.params.pairs[pair];
        Course { from, to, policy: self.params.policy }
    }

    /// Follows the rates and ways of this instant.
    pub fn settle(&mut self, now: SimTime) {
        let factor = self.params.factor(now);
        let sum = |each: &dyn Fn(usize, f64) -> f64| -> f64 {
            self.params.pairs.iter().enumerate().map(|(pair, (.., rate))| each(pair, *rate)).sum()
        };
        let offered = factor * sum(&|_, rate| rate);
        let routed = sum(&|pair, rate| self.ways[pair].map_or(0.0, |_| rate));
        let weighted = sum(&|pair, rate| self.ways[pair].map_or(0.0, |(rtt, _)| rate * rtt / 2.0));
        self.offered.set(now, offered);
        if routed > 0.0 {
            self.latency.set(now, weighted / routed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fluid::Sharing;

    fn demand() -> DemandParams {
        let mut sharing = Sharing::new();
        let hours = |h: i64| SimDuration::from_secs(3600 * h);
        DemandParams {
            name: "d".into(),
            pairs: vec![(SiteId(0), SiteId(1), 10.0)],
            policy: RoutePolicy::Shortest,
            priority: 1,
            weight: 1.0,
            day: vec![(hours(8), 1.0), (hours(20), 0.25)],
            growth: Some((0.5, hours(48))),
            owner: sharing.add_owner(),
            meter: sharing.add_meter(&[]),
        }
    }

    /// By hand: a night that began the day before, a day, and growth after two days.
    #[test]
    fn the_day_repeats_and_growth_compounds() {
        let demand = demand();
        let at = |h: i64| SimTime::from_nanos(h * 3_600_000_000_000);
        for (hour, factor) in
            [(0, 0.25), (8, 1.0), (19, 1.0), (20, 0.25), (31, 0.25), (32, 1.0), (48, 0.375), (104, 2.25)]
        {
            assert!((demand.factor(at(hour)) - factor).abs() < 1e-12, "at hour {hour}");
        }
        let mut seen = Vec::new();
        let mut now = SimTime::ZERO;
        while let Some(next) = demand.next_change(now).filter(|&t| t <= at(56)) {
            seen.push(next);
            now = next;
        }
        assert_eq!(seen, [8, 20, 32, 44, 48, 56].map(at));
    }
}
