//! The slow, obvious twin of [`Sharing`](super::Sharing), for tests.
//!
//! Every flow is kept by itself, every rate is computed from nothing at every event, levels are found from
//! what a resource would carry, time is a plain number of nanoseconds. It shares the meaning of the public
//! interface and no code with the real thing.

use super::types::{Cause, FlowSpec, MeterId, MeterReading, OwnerId, ResourceId};
use std::collections::BTreeMap;

/// Resources this close to full are full, and levels this close are equal.
const CLOSE: f64 = 1e-10;

#[derive(Clone, Debug)]
pub(super) struct TwinFlow {
    owner: OwnerId,
    uses: Vec<(ResourceId, f64)>,
    meters: Vec<(MeterId, f64)>,
    weight: f64,
    cap: f64,
    cap_cause: u8,
    priority: u8,
    reserve: f64,
    stalled: Option<u8>,
    pub present: bool,
    pub left: f64,
    pub rate: f64,
    pub cause: Cause,
    /// Time per cause.
    pub held: BTreeMap<Cause, f64>,
}

#[derive(Debug, Default)]
pub(super) struct Twin {
    /// In ns.
    pub now: f64,
    pub capacity: Vec<f64>,
    pub carried: Vec<f64>,
    /// Every flow ever started, by order of start.
    pub flows: Vec<TwinFlow>,
    /// Flow and exact time, in order.
    pub finished: Vec<(usize, f64)>,
    pub cause_seconds: BTreeMap<(OwnerId, Cause), f64>,
    saturating: Vec<Vec<ResourceId>>,
    readings: Vec<MeterReading>,
}

impl Twin {
    pub fn add_resource(&mut self, capacity: f64) {
        self.capacity.push(capacity);
        self.carried.push(0.0);
    }

    pub fn add_meter(&mut self, saturating: &[ResourceId]) {
        self.saturating.push(saturating.to_vec());
        self.readings.push(MeterReading::default());
    }

    pub fn start(&mut self, now: i64, spec: &FlowSpec) {
        self.advance(now);
        self.flows.push(TwinFlow {
            owner: spec.owner,
            uses: spec.uses.to_vec(),
            meters: spec.meters.to_vec(),
            weight: spec.weight,
            cap: spec.cap,
            cap_cause: spec.cap_cause,
            priority: spec.priority,
            reserve: spec.reserve,
            stalled: None,
            present: true,
            left: spec.bytes,
            rate: 0.0,
            cause: Cause::Named(0),
            held: BTreeMap::new(),
        });
        self.share();
    }

    /// Changes a flow that is still present.
    pub fn change(&mut self, now: i64, flow: usize, change: impl Fn(&mut TwinFlow)) {
        self.advance(now);
        if self.flows[flow].present {
            change(&mut self.flows[flow]);
        }
        self.share();
    }

    pub fn set_capacity(&mut self, now: i64, resource: usize, capacity: f64) {
        self.advance(now);
        self.capacity[resource] = capacity;
        self.share();
    }

    pub fn advance(&mut self, now: i64) {
        let target = now as f64;
        loop {
            let ends = self.present().map(|flow| self.flows[flow].left / self.flows[flow].rate * 1e9);
            let wait = ends.filter(|wait| !wait.is_nan()).fold(f64::INFINITY, f64::min);
            if self.now + wait > target {
                self.pass(target - self.now);
                self.now = target;
                return;
            }
            self.pass(wait);
            self.now += wait;
            for flow in self.present().collect::<Vec<_>>() {
                if self.flows[flow].left <= self.flows[flow].rate * 1e-15 {
                    self.flows[flow].present = false;
                    self.finished.push((flow, self.now));
                }
            }
            self.share();
        }
    }

    pub fn load(&self, resource: usize) -> f64 {
        let on = self.present().flat_map(|flow| self.flows[flow].path().iter().map(move |&(r, a)| (flow, r, a)));
        on.filter(|(_, r, _)| r.index() == resource).map(|(flow, _, a)| a * self.flows[flow].rate).sum()
    }

    pub fn meter(&self, meter: usize) -> MeterReading {
        MeterReading {
            rate: self.metered(meter).map(|(flow, factor)| factor * flow.rate).sum(),
            ..self.readings[meter]
        }
    }

    fn metered(&self, meter: usize) -> impl Iterator<Item = (&TwinFlow, f64)> {
        let present = self.flows.iter().filter(|flow| flow.present);
        let all = present.flat_map(|flow| flow.meters.iter().map(move |&(m, factor)| (flow, m, factor)));
        all.filter(move |(_, m, _)| m.index() == meter).map(|(flow, _, factor)| (flow, factor))
    }

    fn present(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.flows.len()).filter(|&flow| self.flows[flow].present)
    }

    fn pass(&mut self, ns: f64) {
        let seconds = ns * 1e-9;
        for resource in 0..self.capacity.len() {
            self.carried[resource] += self.load(resource) * seconds;
        }
        for meter in 0..self.readings.len() {
            let rate = self.meter(meter).rate;
            let active = self.metered(meter).next().is_some();
            let saturating = &self.saturating[meter];
            let stops = |cause: Cause| saturating.iter().any(|&resource| cause == Cause::Resource(resource));
            let bound = self.metered(meter).any(|(flow, _)| stops(flow.cause));
            let reading = &mut self.readings[meter];
            reading.total += rate * seconds;
            reading.active_s += if active { seconds } else { 0.0 };
            reading.bound_total += if bound { rate * seconds } else { 0.0 };
            reading.bound_s += if bound { seconds } else { 0.0 };
        }
        for flow in self.flows.iter_mut().filter(|flow| flow.present) {
            flow.left = (flow.left - flow.rate * seconds).max(0.0);
            *flow.held.entry(flow.cause).or_default() += seconds;
            *self.cause_seconds.entry((flow.owner, flow.cause)).or_default() += seconds;
        }
    }

    /// All rates from nothing.
    fn share(&mut self) {
        let present: Vec<usize> = self.present().collect();
        let mut priorities: Vec<u8> = present.iter().map(|&flow| self.flows[flow].priority).collect();
        priorities.sort_unstable();
        priorities.dedup();
        let mut rates = vec![0.0; self.flows.len()];
        for &priority in priorities.iter().rev() {
            let group = present.iter().map(|&flow| (flow, self.flows[flow].floor()));
            let group = group.filter(|&(flow, floor)| self.flows[flow].priority == priority && floor > 0.0);
            let ramps = group.map(|(flow, floor)| Ramp { flow, weight: floor, held: 0.0, top: floor }).collect();
            self.raise(ramps, &mut rates);
        }
        for &priority in priorities.iter().rev() {
            let group = present.iter().filter(|&&flow| self.flows[flow].priority == priority);
            let ramp = |&flow: &usize| {
                let TwinFlow { weight, .. } = self.flows[flow];
                Ramp { flow, weight, held: rates[flow], top: self.flows[flow].limit().0 }
            };
            let ramps = group.map(ramp).collect();
            self.raise(ramps, &mut rates);
        }
        for flow in present {
            self.flows[flow].rate = rates[flow];
        }
    }

    /// Raises these flows together on top of the rates of all others, and notes who stopped each.
    fn raise(&mut self, mut open: Vec<Ramp>, rates: &mut [f64]) {
        while !open.is_empty() {
            let levels: Vec<f64> = (0..self.capacity.len()).map(|r| self.full_at(r, &open, rates)).collect();
            let least = levels.iter().copied().fold(f64::INFINITY, f64::min);
            let is_least = |r: ResourceId| levels[r.index()] <= least * (1.0 + CLOSE) && least.is_finite();
            let before = open.len();
            open.retain(|ramp| {
                let flow = &mut self.flows[ramp.flow];
                let full = flow.path().iter().map(|&(r, _)| r).filter(|&r| is_least(r)).min();
                if ramp.top / ramp.weight < least * (1.0 - CLOSE) {
                    rates[ramp.flow] = ramp.top;
                    flow.cause = Cause::Named(flow.limit().1);
                } else if let Some(resource) = full {
                    rates[ramp.flow] = ramp.rate(least);
                    flow.cause = Cause::Resource(resource);
                } else {
                    return true;
                }
                false
            });
            assert!(open.len() < before, "the level must stop somewhere");
        }
    }

    /// The lowest level at which a resource with open flows is full.
    fn full_at(&self, resource: usize, open: &[Ramp], rates: &[f64]) -> f64 {
        let coefficient = |flow: usize| {
            let step = self.flows[flow].path().iter().find(|(r, _)| r.index() == resource);
            step.map_or(0.0, |&(_, a)| a)
        };
        let here: Vec<(f64, &Ramp)> = open.iter().map(|ramp| (coefficient(ramp.flow), ramp)).collect();
        let here: Vec<_> = here.into_iter().filter(|&(a, _)| a > 0.0).collect();
        if here.is_empty() {
            return f64::INFINITY;
        }
        let is_open = |flow: usize| here.iter().any(|(_, ramp)| ramp.flow == flow);
        let fixed: f64 = self.present().filter(|&f| !is_open(f)).map(|f| coefficient(f) * rates[f]).sum();
        let used = |level| fixed + here.iter().map(|(a, ramp)| a * ramp.rate(level)).sum::<f64>();
        let full = self.capacity[resource];
        // What is used is a chain of straight pieces between the levels where some flow begins or ends to rise.
        let mut bends: Vec<f64> =
            here.iter().flat_map(|(_, ramp)| [ramp.held, ramp.top].map(|x| x / ramp.weight)).collect();
        bends.retain(|level| level.is_finite());
        bends.sort_by(f64::total_cmp);
        let mut low = 0.0;
        if used(low) >= full * (1.0 - 1e-12) {
            return low;
        }
        for bend in bends {
            if used(bend) >= full * (1.0 - 1e-13) {
                return low + (bend - low) * ((full - used(low)) / (used(bend) - used(low))).min(1.0);
            }
            low = bend;
        }
        let slope: f64 = here.iter().filter(|(_, ramp)| ramp.top.is_infinite()).map(|(a, ramp)| a * ramp.weight).sum();
        if slope > 0.0 { low + (full - used(low)) / slope } else { f64::INFINITY }
    }
}

impl TwinFlow {
    pub fn path(&self) -> &[(ResourceId, f64)] {
        if self.stalled.is_some() { &[] } else { &self.uses }
    }

    fn limit(&self) -> (f64, u8) {
        self.stalled.map_or((self.cap, self.cap_cause), |cause| (0.0, cause))
    }

    fn floor(&self) -> f64 {
        self.reserve.min(self.limit().0)
    }

    pub fn set_uses(&mut self, uses: &[(ResourceId, f64)], meters: &[(MeterId, f64)]) {
        (self.uses, self.meters, self.stalled) = (uses.to_vec(), meters.to_vec(), None);
    }

    pub fn set_cap(&mut self, cap: f64, cap_cause: u8) {
        (self.cap, self.cap_cause) = (cap, cap_cause);
    }

    pub fn set_terms(&mut self, weight: f64, reserve: f64) {
        (self.weight, self.reserve) = (weight, reserve);
    }

    pub fn stall(&mut self, cause: u8) {
        self.stalled = Some(cause);
    }

    pub fn leave(&mut self) {
        self.present = false;
    }

    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// The plain rule of fairness holds between the two: neither a reserve nor a priority comes between.
    pub fn is_plain_beside(&self, other: &Self) -> bool {
        self.reserve == 0.0 && self.priority == other.priority
    }
}

/// How one flow rises: from what it holds, in proportion to its weight, to its top.
struct Ramp {
    flow: usize,
    weight: f64,
    held: f64,
    top: f64,
}

impl Ramp {
    fn rate(&self, level: f64) -> f64 {
        (self.weight * level).max(self.held).min(self.top)
    }
}
