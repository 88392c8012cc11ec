//! The state of a sharing and everything that changes it.

use super::class::{Class, ClassSpec, Classes, Mark};
use super::exact::{FlowTime, Instant, Sum};
use super::queue::Queue;
use super::types::{Cause, Finished, FlowKey, FlowSpec, MeterId, OwnerId, ResourceId};

/// Flows over shared resources, each at its weighted max-min fair rate at every moment.
///
/// All times are nanoseconds of the caller's clock and must not go back; an earlier time counts as the latest seen.
/// A stale [`FlowKey`] is never an error: changes through it do nothing, reads give zero.
#[derive(Debug)]
pub struct Sharing {
    pub(super) now: Instant,
    pub(super) flows: Vec<Flow>,
    free_flows: Vec<u32>,
    started: u64,
    pub(super) classes: Classes,
    pub(super) resources: Vec<Resource>,
    pub(super) owners: Vec<Owner>,
    pub(super) meters: Vec<Meter>,
    /// Next completion of each class that has one.
    pub(super) queue: Queue<Instant>,
    /// Resources and classes touched since the last solve.
    pub(super) dirty: Dirty,
    pub(super) finished: Vec<(u64, Finished)>,
    pub(super) changed_meters: Vec<u32>,
    pub(super) records_causes: bool,
    scratch: ClassSpec,
}

/// A flow present, or a free slot.
#[derive(Debug)]
pub(super) struct Flow {
    /// `NONE` in a free slot.
    pub class: u32,
    pub generation: u32,
    /// Order of start.
    pub sequence: u64,
    pub tag: u64,
    /// The class's service at which the flow ends; infinite for an endless flow.
    pub mark: Sum,
    /// Time per cause so far, less what the class's own history shows; kept on request.
    pub history: Vec<(Cause, FlowTime)>,
}

pub(super) const NONE: u32 = u32::MAX;

#[derive(Debug)]
pub(super) struct Resource {
    pub capacity: f64,
    /// Classes with flows here, their coefficient, and which step of the class's path this is.
    pub members: Vec<Member>,
    pub load: f64,
    pub carried: Sum,
    pub settled: Instant,
}

/// A class as a resource or a meter lists it.
#[derive(Copy, Clone, Debug)]
pub(super) struct Member {
    pub class: u32,
    pub factor: f64,
    /// Position of the resource in the class's path, or of the meter in its list.
    pub step: u32,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Owner {
    /// Flow-time per cause, in order of first appearance.
    pub charged: Vec<(Cause, FlowTime)>,
    /// Flow-time with less than the reserve granted.
    pub short: FlowTime,
}

#[derive(Debug)]
pub(super) struct Meter {
    /// Ascending.
    pub saturating: Vec<u32>,
    pub members: Vec<Member>,
    pub rate: f64,
    /// At least one member is stopped by a saturating resource.
    pub bound: bool,
    pub total: Sum,
    pub bound_total: Sum,
    pub active: FlowTime,
    pub bound_time: FlowTime,
    pub settled: Instant,
    /// The rate last told by `take_changed_meters`.
    pub told: f64,
    pub is_changed: bool,
}

/// What was touched since the last solve.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    pub resources: Vec<u32>,
    pub classes: Vec<u32>,
    pub meters: Vec<u32>,
}

impl Dirty {
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.classes.is_empty() && self.meters.is_empty()
    }
}

impl Default for Sharing {
    fn default() -> Self {
        Self::new()
    }
}

impl Sharing {
    /// No resources, no flows, at time 0.
    pub fn new() -> Self {
        Self {
            now: Instant::at(0),
            flows: Vec::new(),
            free_flows: Vec::new(),
            started: 0,
            classes: Classes::default(),
            resources: Vec::new(),
            owners: Vec::new(),
            meters: Vec::new(),
            queue: Queue::new(),
            dirty: Dirty::default(),
            finished: Vec::new(),
            changed_meters: Vec::new(),
            records_causes: false,
            scratch: ClassSpec::default(),
        }
    }

    /// Adds a resource with a capacity in units/s.
    ///
    /// # Panics
    /// If the capacity is negative or not finite.
    pub fn add_resource(&mut self, capacity: f64) -> ResourceId {
        assert!(capacity.is_finite() && capacity >= 0.0, "a capacity is finite and at least 0, not {capacity}");
        let settled = self.now;
        self.resources.push(Resource { capacity, members: Vec::new(), load: 0.0, carried: Sum::ZERO, settled });
        ResourceId(self.resources.len() as u32 - 1)
    }

    /// Adds someone to charge flow-time to.
    pub fn add_owner(&mut self) -> OwnerId {
        self.owners.push(Owner::default());
        OwnerId(self.owners.len() as u32 - 1)
    }

    /// Adds a meter. It is *bound* while one of these resources is the cause of at least one of its flows.
    pub fn add_meter(&mut self, saturating: &[ResourceId]) -> MeterId {
        let mut saturating: Vec<u32> = saturating.iter().map(|resource| resource.0).collect();
        saturating.sort_unstable();
        self.meters.push(Meter::new(saturating, self.now));
        MeterId(self.meters.len() as u32 - 1)
    }

    /// From now on, keep what is needed for [`Finished::top_cause`]. Off at first, for it costs time and memory per
    /// flow. Flows already present are counted from now on.
    pub fn record_causes(&mut self, on: bool) {
        self.records_causes = on;
    }

    /// Starts a flow. A flow of 0 bytes finishes at once.
    ///
    /// # Panics
    /// If a number of the specification is outside its stated range, or the flow has neither a resource nor a cap.
    pub fn start(&mut self, now: i64, spec: &FlowSpec) -> FlowKey {
        self.settle(now);
        check(spec);
        let mut class_spec = std::mem::take(&mut self.scratch);
        class_spec.fill_from(spec);
        let class = self.classes.intern(&class_spec);
        self.scratch = class_spec;
        let key = self.new_flow(spec.tag);
        if spec.bytes > 0.0 {
            self.join(key.index, class, spec.bytes);
        } else {
            self.free_flow(key.index, Some(Cause::Named(spec.cap_cause)));
        }
        key
    }

    /// Takes a flow away; gives the bytes it had left.
    pub fn cancel(&mut self, now: i64, key: FlowKey) -> Option<f64> {
        self.settle(now);
        let class = self.class_of(key)?;
        let left = self.left_of(key.index);
        self.leave(key.index, class);
        let flow = &mut self.flows[key.index as usize];
        flow.class = NONE;
        flow.generation = flow.generation.wrapping_add(1);
        self.free_flows.push(key.index);
        Some(left)
    }

    /// Changes a capacity, in units/s; 0 stops all flows of the resource.
    ///
    /// # Panics
    /// If the capacity is negative or not finite.
    pub fn set_capacity(&mut self, now: i64, resource: ResourceId, capacity: f64) {
        assert!(capacity.is_finite() && capacity >= 0.0, "a capacity is finite and at least 0, not {capacity}");
        self.settle(now);
        self.resources[resource.index()].capacity = capacity;
        self.dirty.resources.push(resource.0);
    }

    /// Gives a flow a new path and new meters, keeping its remaining bytes. Also ends a stall.
    ///
    /// # Panics
    /// If a coefficient is not finite and above 0, or the flow has then neither a resource nor a cap.
    pub fn set_uses(&mut self, now: i64, key: FlowKey, uses: &[(ResourceId, f64)], meters: &[(MeterId, f64)]) {
        self.redefine(now, key, |spec| {
            spec.set_uses(uses);
            spec.set_meters(meters);
            spec.stalled = None;
        });
    }

    /// Changes a flow's cap in bytes/s (infinite for none) and the cause named while it binds.
    ///
    /// # Panics
    /// If the cap is negative or NaN, or the flow has then neither a resource nor a cap.
    pub fn set_cap(&mut self, now: i64, key: FlowKey, cap: f64, cap_cause: u8) {
        self.redefine(now, key, |spec| (spec.cap, spec.cap_cause) = (cap, cap_cause));
    }

    /// Stops a flow until [`set_uses`](Self::set_uses): rate 0 and nothing used. Its time goes to the named cause.
    pub fn stall(&mut self, now: i64, key: FlowKey, cause: u8) {
        self.redefine(now, key, |spec| spec.stalled = Some(cause));
    }

    /// Charges time spent outside a flow, such as a latency, to a named cause of an owner.
    pub fn charge(&mut self, owner: OwnerId, cause: u8, seconds: f64) {
        self.owners[owner.index()].charge(Cause::Named(cause), FlowTime::from_seconds(seconds));
    }

    fn redefine(&mut self, now: i64, key: FlowKey, change: impl Fn(&mut ClassSpec)) {
        self.settle(now);
        let Some(old) = self.class_of(key) else { return };
        let mut spec = std::mem::take(&mut self.scratch);
        spec.clone_from(&self.classes[old].spec);
        change(&mut spec);
        spec.check();
        let left = self.left_of(key.index);
        let new = self.classes.intern(&spec);
        self.scratch = spec;
        if new != old {
            self.leave(key.index, old);
            self.join(key.index, new, left);
        }
    }

    pub(super) fn class_of(&self, key: FlowKey) -> Option<u32> {
        let flow = self.flows.get(key.index as usize)?;
        (flow.generation == key.generation && flow.class != NONE).then_some(flow.class)
    }

    /// Bytes a present flow has left now.
    pub(super) fn left_of(&self, index: u32) -> f64 {
        let flow = &self.flows[index as usize];
        if flow.mark == Sum::INFINITE {
            return f64::INFINITY;
        }
        flow.mark.minus(self.classes[flow.class].service_at(self.now)).max(0.0)
    }

    fn new_flow(&mut self, tag: u64) -> FlowKey {
        let sequence = self.started;
        self.started += 1;
        let index = self.free_flows.pop().unwrap_or_else(|| {
            self.flows.push(Flow { class: NONE, generation: 0, sequence, tag, mark: Sum::ZERO, history: Vec::new() });
            self.flows.len() as u32 - 1
        });
        let flow = &mut self.flows[index as usize];
        (flow.sequence, flow.tag) = (sequence, tag);
        flow.history.clear();
        FlowKey { index, generation: flow.generation }
    }

    /// Puts a flow slot back and reports the flow as finished now.
    pub(super) fn free_flow(&mut self, index: u32, top_cause: Option<Cause>) {
        let flow = &mut self.flows[index as usize];
        let key = FlowKey { index, generation: flow.generation };
        let (at_ns, exact) = (self.now.tick(), (self.now.ns, self.now.frac));
        let top_cause = top_cause.filter(|_| self.records_causes);
        self.finished.push((flow.sequence, Finished { key, tag: flow.tag, at_ns, exact, top_cause }));
        flow.class = NONE;
        flow.generation = flow.generation.wrapping_add(1);
        self.free_flows.push(index);
    }

    fn join(&mut self, index: u32, class: u32, bytes: f64) {
        if self.classes[class].count == 0 {
            self.enlist(class);
        }
        self.count_changes(class);
        let (now, records) = (self.now, self.records_causes);
        let class_state = &mut self.classes[class];
        class_state.count += 1;
        let flow = &mut self.flows[index as usize];
        flow.class = class;
        flow.mark = if bytes.is_finite() { class_state.service_at(now).plus(bytes) } else { Sum::INFINITE };
        if bytes.is_finite() {
            class_state.marks.push(Mark { at: flow.mark, flow: index, generation: flow.generation });
        }
        if records {
            for &(cause, time) in &class_state.history {
                add_time(&mut flow.history, cause, time, true);
            }
        }
    }

    /// Takes a flow out of its class. A mark left in the class's heap no longer counts.
    pub(super) fn leave(&mut self, index: u32, class: u32) {
        self.count_changes(class);
        let class_state = &mut self.classes[class];
        class_state.count -= 1;
        let flow = &mut self.flows[index as usize];
        if self.records_causes {
            for &(cause, time) in &class_state.history {
                add_time(&mut flow.history, cause, time, false);
            }
        }
        flow.class = NONE;
        if self.classes[class].count == 0 {
            self.delist(class);
        }
    }

    /// Charges the class's time before its count changes, and marks what the change touches.
    fn count_changes(&mut self, class: u32) {
        self.charge_class(class);
        self.dirty.classes.push(class);
        self.dirty.resources.extend(self.classes[class].spec.path().iter().map(|&(resource, _)| resource));
        self.dirty.meters.extend(self.classes[class].spec.meters.iter().map(|&(meter, _)| meter));
    }

    /// Enters a class that gets its first flow in the lists of its resources and meters.
    fn enlist(&mut self, class: u32) {
        let now = self.now;
        let Class { spec, path_places, meter_places, .. } = &mut self.classes[class];
        path_places.clear();
        for (step, &(resource, factor)) in spec.path().iter().enumerate() {
            let members = &mut self.resources[resource as usize].members;
            path_places.push(members.len() as u32);
            members.push(Member { class, factor, step: step as u32 });
        }
        meter_places.clear();
        for (step, &(meter, factor)) in spec.meters.iter().enumerate() {
            let meter = &mut self.meters[meter as usize];
            meter.settle(now);
            meter_places.push(meter.members.len() as u32);
            meter.members.push(Member { class, factor, step: step as u32 });
        }
        let state = &mut self.classes[class];
        state.service = Sum::ZERO;
        state.rate = 0.0;
        state.settled = now;
        state.charged = now;
        state.history.clear();
    }

    /// Takes a class that has lost its last flow out of all lists.
    fn delist(&mut self, class: u32) {
        let now = self.now;
        self.queue.remove(class);
        let state = &mut self.classes[class];
        state.marks.clear();
        let (path_places, meter_places) =
            (std::mem::take(&mut state.path_places), std::mem::take(&mut state.meter_places));
        for (step, place) in path_places.iter().enumerate() {
            let resource = self.classes[class].spec.path()[step].0;
            let members = &mut self.resources[resource as usize].members;
            members.swap_remove(*place as usize);
            if let Some(moved) = members.get(*place as usize) {
                self.classes[moved.class].path_places[moved.step as usize] = *place;
            }
        }
        for (step, place) in meter_places.iter().enumerate() {
            let meter = &mut self.meters[self.classes[class].spec.meters[step].0 as usize];
            meter.settle(now);
            meter.members.swap_remove(*place as usize);
            if let Some(moved) = meter.members.get(*place as usize) {
                self.classes[moved.class].meter_places[moved.step as usize] = *place;
            }
        }
    }
}

/// Adds (or takes away) time of one cause.
pub(super) fn add_time(times: &mut Vec<(Cause, FlowTime)>, cause: Cause, time: FlowTime, negative: bool) {
    let at = times.iter().position(|(known, _)| *known == cause).unwrap_or_else(|| {
        times.push((cause, FlowTime::default()));
        times.len() - 1
    });
    if negative { times[at].1 -= time } else { times[at].1 += time }
}

impl Owner {
    pub fn charge(&mut self, cause: Cause, time: FlowTime) {
        add_time(&mut self.charged, cause, time, false);
    }
}

impl Meter {
    fn new(saturating: Vec<u32>, settled: Instant) -> Self {
        Self {
            saturating,
            members: Vec::new(),
            rate: 0.0,
            bound: false,
            total: Sum::ZERO,
            bound_total: Sum::ZERO,
            active: FlowTime::default(),
            bound_time: FlowTime::default(),
            settled,
            told: 0.0,
            is_changed: false,
        }
    }

    /// Counts what was carried since the last settlement.
    pub fn settle(&mut self, now: Instant) {
        if now == self.settled {
            return;
        }
        let carried = self.rate * now.seconds_since(self.settled);
        self.total = self.total.plus(carried);
        if !self.members.is_empty() {
            self.active += FlowTime::span(1, self.settled, now);
        }
        // Held at nothing by higher priorities is not saturation of what this meter watches.
        if self.bound && self.rate > 0.0 {
            self.bound_total = self.bound_total.plus(carried);
            self.bound_time += FlowTime::span(1, self.settled, now);
        }
        self.settled = now;
    }
}

impl Resource {
    /// Counts what was carried since the last settlement.
    pub fn settle(&mut self, now: Instant) {
        if now != self.settled {
            self.carried = self.carried.plus(self.load * now.seconds_since(self.settled));
            self.settled = now;
        }
    }
}

fn check(spec: &FlowSpec) {
    assert!(spec.bytes >= 0.0, "a flow carries at least 0 bytes, not {}", spec.bytes);
}

impl ClassSpec {
    fn fill_from(&mut self, flow: &FlowSpec) {
        self.owner = flow.owner.0;
        (self.weight, self.cap, self.cap_cause) = (flow.weight, flow.cap, flow.cap_cause);
        (self.priority, self.reserve, self.stalled) = (flow.priority, flow.reserve, None);
        self.set_uses(flow.uses);
        self.set_meters(flow.meters);
        self.check();
    }

    fn set_uses(&mut self, uses: &[(ResourceId, f64)]) {
        self.uses.clear();
        self.uses.extend(uses.iter().map(|&(resource, coefficient)| (resource.0, coefficient)));
        canonical(&mut self.uses);
    }

    fn set_meters(&mut self, meters: &[(MeterId, f64)]) {
        self.meters.clear();
        self.meters.extend(meters.iter().map(|&(meter, factor)| (meter.0, factor)));
        canonical(&mut self.meters);
    }

    fn check(&self) {
        let positive = |x: f64| x.is_finite() && x > 0.0;
        assert!(self.uses.iter().all(|&(_, a)| positive(a)), "a coefficient is finite and above 0: {:?}", self.uses);
        assert!(positive(self.weight), "a weight is finite and above 0, not {}", self.weight);
        assert!(self.cap >= 0.0, "a cap is at least 0, not {}", self.cap);
        assert!(self.reserve.is_finite() && self.reserve >= 0.0, "a reserve is finite, not {}", self.reserve);
        let bounded = self.cap.is_finite() || !self.uses.is_empty();
        assert!(bounded, "a flow without a resource and without a cap would be infinitely fast");
    }
}

/// Ascending by number; what is listed twice adds up.
fn canonical(list: &mut Vec<(u32, f64)>) {
    if list.windows(2).all(|pair| pair[0].0 < pair[1].0) {
        return;
    }
    list.sort_by_key(|&(id, _)| id);
    list.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
}
