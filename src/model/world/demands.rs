//! Standing demand in the world: flows of their own on the links that works use.

use super::{Measure, Measured, World};
use crate::engine::Context;
use crate::fluid::{FlowSpec, MeterId};
use crate::model::carriage::Sender;
use crate::model::event::{CLASS_WORK, Event};
use crate::model::ids::{DemandId, LinkId};
use crate::model::paths::{NO_PATH, PACING, RoutePolicy, WayId};
use crate::units::SimTime;

impl World {
    /// Starts the flows of all demands and puts the first changes of their rates into the calendar.
    pub(super) fn begin_demands(&mut self, ctx: &mut Context<'_, Event>) {
        for d in 0..self.demands.len() {
            for pair in 0..self.demands[d].flows.len() {
                self.begin_pair(ctx.now(), d, pair);
            }
            self.demand_due(ctx, DemandId::new(d));
        }
    }

    fn begin_pair(&mut self, now: SimTime, d: usize, pair: usize) {
        let demand = &self.demands[d];
        let params = &demand.params;
        let (course, cap) = (demand.course(pair), params.pairs[pair].2 * params.factor(now));
        let route = self.wan.wire(course);
        let way = route.as_ref().map(|r| (r.rtt.as_secs_f64(), r.live[0]));
        let (uses, ways) = route.map(|r| (super::super::paths::merged(r.uses), r.ways)).unwrap_or_default();
        let meters = self.demand_terms(d, ways);
        let params = &self.demands[d].params;
        let key = self.carriage.sharing.start(
            now.as_nanos(),
            &FlowSpec {
                owner: params.owner,
                uses: &uses,
                weight: params.weight,
                cap: cap * way.map_or(1.0, |(_, live)| live),
                cap_cause: PACING,
                priority: params.priority,
                reserve: 0.0,
                meters: &meters,
                bytes: f64::INFINITY,
                tag: u64::MAX,
            },
        );
        if way.is_none() {
            self.carriage.sharing.stall(now.as_nanos(), key, NO_PATH);
        }
        let demand = &mut self.demands[d];
        (demand.flows[pair], demand.ways[pair]) = (Some(key), way);
    }

    /// Meters of a demand: its own and, where it has one pair, one for each way there.
    fn demand_terms(&mut self, d: usize, [there, _]: [Vec<(WayId, f64)>; 2]) -> Vec<(MeterId, f64)> {
        let params = &self.demands[d].params;
        let (own, alone) = ((params.meter, 1.0), params.pairs.len() == 1);
        let sender = Sender::Demand(DemandId::new(d));
        let by_way = there.into_iter().filter(|_| alone);
        let by_way = by_way.map(|(way, share)| (self.carriage.way_meter(sender, way), share));
        std::iter::once(own).chain(by_way).collect()
    }

    /// The rates of a demand change by the clock.
    pub(super) fn demand_due(&mut self, ctx: &mut Context<'_, Event>, id: DemandId) {
        let now = ctx.now();
        for pair in 0..self.demands[id.index()].flows.len() {
            self.pace_pair(now, id.index(), pair);
        }
        let demand = &mut self.demands[id.index()];
        demand.settle(now);
        let engineered = demand.params.policy == RoutePolicy::Engineered;
        if let Some(next) = demand.params.next_change(now) {
            ctx.schedule(next, CLASS_WORK, Event::DemandDue(id));
        }
        if engineered && now > SimTime::ZERO {
            self.engineering_due(ctx);
        }
    }

    fn pace_pair(&mut self, now: SimTime, d: usize, pair: usize) {
        let demand = &self.demands[d];
        let live = demand.ways[pair].map_or(1.0, |(_, live)| live);
        let cap = demand.params.pairs[pair].2 * demand.params.factor(now) * live;
        if let Some(key) = demand.flows[pair] {
            self.carriage.sharing.set_cap(now.as_nanos(), key, cap, PACING);
        }
    }

    /// Puts demands on their present routes; with a dead link, only the pairs that ran over it.
    pub(super) fn reroute_demands(&mut self, now: SimTime, dead: Option<LinkId>) {
        for d in 0..self.demands.len() {
            for pair in 0..self.demands[d].flows.len() {
                let course = self.demands[d].course(pair);
                let Some(key) = self.demands[d].flows[pair] else { continue };
                if !self.must_move(course, dead) {
                    continue;
                }
                let route = self.wan.wire(course);
                self.demands[d].ways[pair] = route.as_ref().map(|r| (r.rtt.as_secs_f64(), r.live[0]));
                let Some(route) = route else {
                    self.carriage.sharing.stall(now.as_nanos(), key, NO_PATH);
                    continue;
                };
                let meters = self.demand_terms(d, route.ways);
                let uses = super::super::paths::merged(route.uses);
                self.carriage.sharing.set_uses(now.as_nanos(), key, &uses, &meters);
                self.pace_pair(now, d, pair);
            }
            self.demands[d].settle(now);
        }
    }

    pub(super) fn reset_demands(&mut self, now: SimTime) {
        for demand in &mut self.demands {
            demand.offered.reset(now);
            demand.latency.reset(now);
        }
    }

    pub(super) fn demand_meters(&self) -> impl Iterator<Item = MeterId> + '_ {
        self.demands.iter().map(|demand| demand.params.meter)
    }

    pub(super) fn measure_demands(&mut self, now: SimTime, out: &mut Measured) {
        let span = (now - self.baseline.at).as_secs_f64();
        let mut unserved = 0.0;
        for d in 0..self.demands.len() {
            let meter = self.demands[d].params.meter;
            let delivered = self.since_cut(now, meter).total / span;
            let demand = &self.demands[d];
            let offered = demand.offered.mean(now);
            // Rounding must not make a demand that is served whole look short of a bit.
            let short = if offered - delivered <= 1e-9 * offered { 0.0 } else { offered - delivered };
            unserved += short;
            let mut put = |what: &str, value| {
                out.kpis.push((format!("demand.{}.{what}", demand.params.name), Measure::Value(value)));
            };
            put("offered", offered);
            put("delivered", delivered);
            put("unserved", short);
            put("latency", demand.latency.mean(now));
        }
        if !self.demands.is_empty() {
            out.kpis.push(("wan.unserved".into(), Measure::Value(unserved)));
        }
    }
}
