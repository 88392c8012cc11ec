//! What can be asked. Every read first brings rates up to date with the changes made.

use super::exact::{Instant, Sum};
use super::sharing::Sharing;
use super::types::{Cause, FlowKey, MeterId, MeterReading, OwnerId, ResourceId};

impl Sharing {
    /// The flow's rate in bytes/s; 0 for a flow that has gone.
    pub fn rate(&mut self, key: FlowKey) -> f64 {
        self.solve();
        self.class_of(key).map_or(0.0, |class| self.class_rate(class))
    }

    /// Bytes/s of each flow of a class.
    pub(super) fn class_rate(&self, class: u32) -> f64 {
        let state = &self.classes[class];
        let (cap, cap_cause) = state.spec.terms.limit();
        // At the cap, the cap itself rather than what rounding makes of weight times level.
        if state.cause == Cause::Named(cap_cause) { cap } else { (state.weight * self.rate_level(class)).min(cap) }
    }

    /// Bytes the flow has left at `now`; 0 for a flow that has gone, infinite for an endless one.
    pub fn remaining(&mut self, now: i64, key: FlowKey) -> f64 {
        self.settle(now);
        self.class_of(key).map_or(0.0, |_| self.left_of(key.index))
    }

    /// What stops the flow from being faster; none for a flow that has gone.
    pub fn cause(&mut self, key: FlowKey) -> Option<Cause> {
        self.solve();
        self.class_of(key).map(|class| self.classes[class].cause)
    }

    /// By how much, in bytes/s, the flow's reserve (as far as its cap lets it count) exceeds its rate; above 0 only
    /// where reserves do not fit.
    pub fn reserve_shortfall(&mut self, key: FlowKey) -> f64 {
        self.solve();
        let short = |class: u32| {
            let state = &self.classes[class];
            if state.short { (state.spec.terms.floor() - self.class_rate(class)).max(0.0) } else { 0.0 }
        };
        self.class_of(key).map_or(0.0, short)
    }

    /// All resources, in order of creation.
    pub fn resources(&self) -> impl Iterator<Item = ResourceId> + use<> {
        (0..self.resources.len() as u32).map(ResourceId)
    }

    /// A resource's capacity in units/s.
    pub fn capacity(&self, resource: ResourceId) -> f64 {
        self.resources[resource.index()].capacity
    }

    /// Units/s in use of a resource.
    pub fn load(&mut self, resource: ResourceId) -> f64 {
        self.solve();
        self.resources[resource.index()].nodes.iter().map(|&node| self.nodes[node as usize].load()).sum()
    }

    /// Units carried by a resource since the beginning.
    pub fn carried(&mut self, now: i64, resource: ResourceId) -> f64 {
        self.settle(now);
        self.carried_until(self.now, resource)
    }

    /// What classes have carried that have gone, and what those present have, each by its own service.
    fn carried_until(&self, now: Instant, resource: ResourceId) -> f64 {
        let mut total = Sum::ZERO;
        for &node in &self.resources[resource.index()].nodes {
            let node = &self.nodes[node as usize];
            total = total.and(node.carried);
            for member in &node.members {
                let class = &self.classes[member.class];
                let since = class.mass * self.service_at(now.into(), member.class).minus(class.carried_at);
                total = total.plus(member.factor * class.carried.plus(since).value());
            }
        }
        total.value()
    }

    /// How often so far a pass took too many steps and the part was filled from nothing instead.
    pub fn fallbacks(&self) -> u64 {
        self.fallbacks
    }

    /// A meter's rate and totals.
    pub fn meter(&mut self, now: i64, meter: MeterId) -> MeterReading {
        self.settle(now);
        self.solve();
        let meter = &mut self.meters[meter.index()];
        meter.settle(self.now);
        MeterReading {
            rate: meter.rate,
            total: meter.total.value(),
            active_s: meter.active.seconds(),
            bound_total: meter.bound_total.value(),
            bound_s: meter.bound_time.seconds(),
        }
    }

    /// What [`meter`](Self::meter) would give at `now` if nothing changes until then, without settling anything: for
    /// observers that must leave no trace, not even in the last bit of a sum.
    pub fn peek_meter(&self, now: i64, meter: MeterId) -> MeterReading {
        let meter = &self.meters[meter.index()];
        let span = Instant::at(now).seconds_since(meter.settled).max(0.0);
        let (active, bound) = (!meter.members.is_empty(), meter.bound);
        MeterReading {
            rate: meter.rate,
            total: meter.total.value() + meter.rate * span,
            active_s: meter.active.seconds() + if active { span } else { 0.0 },
            bound_total: meter.bound_total.value() + if bound { meter.rate * span } else { 0.0 },
            bound_s: meter.bound_time.seconds() + if bound { span } else { 0.0 },
        }
    }

    /// What [`carried`](Self::carried) would give at `now` if nothing changes until then, without settling anything.
    pub fn peek_carried(&self, now: i64, resource: ResourceId) -> f64 {
        self.carried_until(Instant::at(now).max(self.now), resource)
    }

    /// Appends the meters whose rate has changed since the last call, each once, in the order of their first change.
    pub fn take_changed_meters(&mut self, out: &mut Vec<MeterId>) {
        self.solve();
        for number in self.changed_meters.drain(..) {
            self.meters[number as usize].is_changed = false;
            out.push(MeterId(number));
        }
    }

    /// Flow-seconds of an owner's flows per cause, ascending by cause, with what was charged from outside. Kept as
    /// integers inside, so the parts add up to the owner's flow-seconds without loss.
    pub fn cause_seconds(&mut self, now: i64, owner: OwnerId) -> Vec<(Cause, f64)> {
        self.charge_owner(now, owner);
        self.owners[owner.index()].charged().map(|(cause, time)| (cause, time.seconds())).collect()
    }

    /// Flow-seconds of an owner's flows in which less than the reserve was granted.
    pub fn shortfall_seconds(&mut self, now: i64, owner: OwnerId) -> f64 {
        self.charge_owner(now, owner);
        self.owners[owner.index()].short.seconds()
    }

    /// Flows present, endless and stalled ones included.
    pub fn flow_count(&self) -> usize {
        self.flow_count
    }

    fn charge_owner(&mut self, now: i64, owner: OwnerId) {
        self.settle(now);
        for class in self.classes.numbers() {
            if self.classes[class].owner == owner.0 {
                self.pay_owner(class);
            }
        }
    }
}
