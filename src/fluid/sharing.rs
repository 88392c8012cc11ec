//! The state of a sharing and everything that changes it.
//!
//! A little longer than other files because it is the whole of what callers may do, each with its conditions.

use super::class::{ClassSpec, Classes, Kind};
use super::exact::{FlowTime, Instant, Moment, Sum};
use super::front::Front;
use super::marks::Mark;
use super::node::{Clock, Member, NONE, Node, Row};
use super::queue::Queue;
use super::types::{Cause, Finished, FlowKey, FlowKind, FlowSpec, MeterId, OwnerId, ResourceId};

/// Flows over shared resources, each at its weighted max-min fair rate at every moment.
///
/// All times are nanoseconds of the caller's clock and must not go back; an earlier time counts as the latest seen.
/// A stale [`FlowKey`] is never an error: changes through it do nothing, reads give zero.
#[derive(Debug)]
pub struct Sharing {
    pub(super) now: Instant,
    /// The same, for reckoning.
    pub(super) moment: Moment,
    pub(super) flows: Vec<Flow>,
    /// Time per cause of each flow so far, less what its class's own history shows; kept on request.
    pub(super) histories: Vec<Vec<(Cause, FlowTime)>>,
    free_flows: Vec<u32>,
    pub(super) flow_count: usize,
    started: u64,
    pub(super) classes: Classes,
    pub(super) nodes: Vec<Node>,
    /// By node.
    pub(super) rows: Vec<Row>,
    pub(super) resources: Vec<Resource>,
    pub(super) owners: Vec<Owner>,
    pub(super) meters: Vec<Meter>,
    /// Next completion: of node `n` at `2n`, of class `c` with its own clock at `2c + 1`.
    pub(super) queue: Queue,
    pub(super) front: Front,
    /// Resources whose reserves do not fit. While there are any, parts that change are filled from nothing.
    pub(super) overpromised: usize,
    pub(super) fallbacks: u64,
    /// Another bound for the steps of a pass; for tests of what happens beyond it.
    pub(super) most_steps: Option<usize>,
    /// A class whose service is beyond this counts it anew, see [`FAR`].
    pub(super) far: f64,
    pub(super) finished: Vec<Finished>,
    /// Meters to sum up at the next solve, and those with a changed rate.
    pub(super) dirty_meters: Vec<u32>,
    pub(super) changed_meters: Vec<u32>,
    pub(super) records_causes: bool,
    scratch: ClassSpec,
    pub(super) candidates: Vec<(f64, u32, u32)>,
}

/// A flow present, or a free slot.
#[derive(Debug)]
pub(super) struct Flow {
    /// Order of start.
    pub start: u64,
    pub tag: u64,
    /// The class's service at which the flow ends, in the parts of its [`Mark`]; infinite for an endless flow.
    high: f64,
    low: f32,
    /// `NONE` in a free slot.
    pub class: u32,
}

const _: () = assert!(size_of::<Flow>() == 32);

/// Marks keep 77 bits of a service: up to here, in bytes per weight, less than 1e-8 bytes are lost, which is 10 ns at
/// 1 byte/s. What is further is counted from 0 again before another flow joins.
const FAR: f64 = (1u64 << 50) as f64;

impl Flow {
    #[inline]
    pub fn mark(&self) -> (f64, f32) {
        (self.high, self.low)
    }
}

/// The mark of a flow without end.
pub(super) const ENDLESS: (f64, f32) = (f64::INFINITY, 0.0);

#[derive(Debug)]
pub(super) struct Resource {
    pub capacity: f64,
    /// More is reserved than there is.
    pub overpromised: bool,
    /// The resource as each priority sees it, highest first.
    pub nodes: Vec<u32>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Owner {
    /// Flow-time per cause: a resource, or a name.
    by_resource: Vec<FlowTime>,
    by_name: Vec<FlowTime>,
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
    pub is_dirty: bool,
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
            moment: Instant::at(0).into(),
            flows: Vec::new(),
            histories: Vec::new(),
            free_flows: Vec::new(),
            flow_count: 0,
            started: 0,
            classes: Classes::default(),
            nodes: Vec::new(),
            rows: Vec::new(),
            resources: Vec::new(),
            owners: Vec::new(),
            meters: Vec::new(),
            queue: Queue::new(),
            front: Front::default(),
            overpromised: 0,
            fallbacks: 0,
            most_steps: None,
            far: FAR,
            finished: Vec::new(),
            dirty_meters: Vec::new(),
            changed_meters: Vec::new(),
            records_causes: false,
            scratch: ClassSpec::default(),
            candidates: Vec::new(),
        }
    }

    /// Adds a resource with a capacity in units/s.
    ///
    /// # Panics
    /// If the capacity is negative or not finite.
    pub fn add_resource(&mut self, capacity: f64) -> ResourceId {
        assert!(capacity.is_finite() && capacity >= 0.0, "a capacity is finite and at least 0, not {capacity}");
        self.resources.push(Resource { capacity, overpromised: false, nodes: Vec::new() });
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

    /// Keeps what is needed for [`Finished::top_cause`]; to be called before the first flow. Off at first, for it
    /// costs time and memory per flow.
    pub fn record_causes(&mut self, on: bool) {
        self.records_causes = on;
    }

    /// Starts a flow. A flow of 0 bytes finishes at once.
    ///
    /// # Panics
    /// If a number of the specification is outside its stated range, or the flow has neither a resource nor a cap.
    pub fn start(&mut self, now: i64, spec: &FlowSpec) -> FlowKey {
        self.settle(now);
        let class = self.classes.intern(&Kind::from(spec));
        self.start_in(class, spec.bytes, spec.tag)
    }

    /// A kind of flow, for many that differ only in their bytes and tags: starting one by its kind spares looking at the
    /// path again. A kind is kept for good. What `spec` says of bytes and tag does not matter here.
    ///
    /// # Panics
    /// If another number of the specification is outside its stated range, or it has neither a resource nor a cap.
    pub fn prepare(&mut self, spec: &FlowSpec) -> FlowKind {
        let class = self.classes.intern(&Kind::from(spec));
        self.classes[class].is_kept = true;
        FlowKind(class)
    }

    /// Starts a flow of a kind prepared before. A flow of 0 bytes finishes at once.
    ///
    /// # Panics
    /// If the bytes are negative or not a number.
    pub fn start_kind(&mut self, now: i64, kind: FlowKind, bytes: f64, tag: u64) -> FlowKey {
        self.settle(now);
        self.start_in(kind.0, bytes, tag)
    }

    fn start_in(&mut self, class: u32, bytes: f64, tag: u64) -> FlowKey {
        assert!(bytes >= 0.0, "a flow carries at least 0 bytes, not {bytes}");
        let key = self.new_flow(tag);
        if bytes > 0.0 {
            self.join(key.index, class, bytes);
        } else {
            let cause = Cause::Named(self.classes[class].spec.terms.cap_cause);
            self.free_flow(key.index, Some(cause));
        }
        key
    }

    /// Takes a flow away; gives the bytes it had left.
    pub fn cancel(&mut self, now: i64, key: FlowKey) -> Option<f64> {
        self.settle(now);
        let class = self.class_of(key)?;
        let left = self.left_of(key.index);
        self.withdraw(key.index, class);
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
        self.change_capacity(resource.0);
    }

    /// Gives a flow a new path and new meters, keeping its remaining bytes. Also ends a stall.
    ///
    /// # Panics
    /// If a coefficient is not finite and above 0, or the flow has then neither a resource nor a cap.
    pub fn set_uses(&mut self, now: i64, key: FlowKey, uses: &[(ResourceId, f64)], meters: &[(MeterId, f64)]) {
        self.redefine(now, key, |spec| {
            spec.set_uses(uses, meters);
            spec.terms.stalled = None;
        });
    }

    /// Changes a flow's cap in bytes/s (infinite for none) and the cause named while it binds.
    ///
    /// # Panics
    /// If the cap is negative or NaN, or the flow has then neither a resource nor a cap.
    pub fn set_cap(&mut self, now: i64, key: FlowKey, cap: f64, cap_cause: u8) {
        self.redefine(now, key, |spec| (spec.terms.cap, spec.terms.cap_cause) = (cap + 0.0, cap_cause));
    }

    /// Changes a flow's weight and the reserve it is granted, in bytes/s; see [`FlowSpec`].
    ///
    /// # Panics
    /// If the weight is not finite and above 0, or the reserve not finite and at least 0.
    pub fn set_terms(&mut self, now: i64, key: FlowKey, weight: f64, reserve: f64) {
        self.redefine(now, key, |spec| (spec.terms.weight, spec.terms.reserve) = (weight, reserve + 0.0));
    }

    /// Stops a flow until [`set_uses`](Self::set_uses): rate 0 and nothing used. Its time goes to the named cause.
    pub fn stall(&mut self, now: i64, key: FlowKey, cause: u8) {
        self.redefine(now, key, |spec| spec.terms.stalled = Some(cause));
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
        let left = self.left_of(key.index);
        let new = self.classes.intern(&spec.kind());
        self.scratch = spec;
        if new != old {
            self.withdraw(key.index, old);
            self.join(key.index, new, left);
        }
    }

    pub(super) fn class_of(&self, key: FlowKey) -> Option<u32> {
        let flow = self.flows.get(key.index as usize)?;
        (flow.start == key.start && flow.class != NONE).then_some(flow.class)
    }

    /// Bytes a present flow has left now.
    pub(super) fn left_of(&self, index: u32) -> f64 {
        let flow = &self.flows[index as usize];
        if flow.mark() == ENDLESS {
            return f64::INFINITY;
        }
        let mark = Sum::of_parts(flow.high, flow.low);
        (mark.minus(self.service(flow.class)) * self.classes[flow.class].weight).max(0.0)
    }

    fn new_flow(&mut self, tag: u64) -> FlowKey {
        let start = self.started;
        self.started += 1;
        let flow = Flow { start, tag, high: ENDLESS.0, low: ENDLESS.1, class: NONE };
        let index = match self.free_flows.pop() {
            Some(index) => {
                self.flows[index as usize] = flow;
                index
            }
            None => {
                self.flows.push(flow);
                self.flows.len() as u32 - 1
            }
        };
        let key = FlowKey { index, start };
        if self.records_causes {
            self.histories.resize(self.flows.len(), Vec::new());
            self.histories[index as usize].clear();
        }
        key
    }

    /// Puts a flow slot back and reports the flow as finished now.
    pub(super) fn free_flow(&mut self, index: u32, top_cause: Option<Cause>) {
        let flow = &mut self.flows[index as usize];
        let key = FlowKey { index, start: flow.start };
        let (at_ns, exact) = (self.now.tick(), self.now.parts());
        let top_cause = top_cause.filter(|_| self.records_causes);
        self.finished.push(Finished { key, tag: flow.tag, at_ns, exact, top_cause });
        flow.class = NONE;
        self.free_flows.push(index);
    }

    fn join(&mut self, index: u32, class: u32, bytes: f64) {
        self.flow_count += 1;
        let now = self.now;
        let mut service = if self.classes[class].count > 0 { self.service(class) } else { Sum::ZERO };
        if service.value() > self.far {
            self.count_anew(class, service);
            service = self.service(class);
        }
        if self.classes[class].outdated > self.classes[class].count + 16 {
            self.drop_outdated_marks(class);
        }
        let state = &mut self.classes[class];
        let flow = &mut self.flows[index as usize];
        flow.class = class;
        let way = bytes / state.weight;
        let mark = Mark::new(service.plus(way), index);
        let is_head = if way.is_finite() {
            (flow.high, flow.low) = mark.parts();
            state.marks.push(mark)
        } else {
            (flow.high, flow.low) = ENDLESS;
            false
        };
        state.owed -= FlowTime::since_zero(1, now);
        if state.count == 0 {
            self.enlist(class);
        } else {
            self.change_count(class, 1, service);
            if is_head {
                self.set_head(class, mark);
            }
        }
        if self.records_causes {
            self.note_cause(class);
            self.note_history(index, class, true);
        }
    }

    /// Takes a flow out of its class before its end.
    fn withdraw(&mut self, index: u32, class: u32) {
        let state = &mut self.classes[class];
        let was_head = state.marks.first().is_some_and(|mark| mark.flow == index);
        if self.flows[index as usize].mark() != ENDLESS {
            state.outdated += 1;
        }
        self.leave(index, class, self.service(class));
        if was_head && self.classes[class].count > 0 {
            self.new_head(class);
        }
    }

    /// Takes a flow out of its class. A mark left among the class's marks no longer counts.
    #[inline]
    pub(super) fn leave(&mut self, index: u32, class: u32, service: Sum) {
        if self.records_causes {
            self.note_cause(class);
            self.note_history(index, class, false);
        }
        self.flows[index as usize].class = NONE;
        self.remove_flow(class, service);
    }

    /// Starts or ends a flow's account of causes by the class's own.
    fn note_history(&mut self, flow: u32, class: u32, joins: bool) {
        for &(cause, time) in self.classes[class].history.iter().flat_map(|history| &history.times) {
            add_time(&mut self.histories[flow as usize], cause, time, joins);
        }
    }

    /// Lets a class count its service from now on.
    #[cold]
    fn count_anew(&mut self, class: u32, service: Sum) {
        let Self { classes, flows, .. } = self;
        let state = &mut classes[class];
        state.settle_carried(service);
        state.carried_at = Sum::ZERO;
        if state.has_own_clock() {
            state.clock = Clock::starting(self.moment);
        } else {
            state.offset = state.offset.less(service);
        }
        let mut marks = std::mem::take(&mut state.marks);
        while let Some(mark) = marks.pop() {
            if is_live(flows, class, &mark) {
                let mark = Mark::new(mark.at().less(service), mark.flow);
                let flow = &mut flows[mark.flow as usize];
                (flow.high, flow.low) = mark.parts();
                state.marks.push(mark);
            }
        }
        state.outdated = 0;
    }

    fn drop_outdated_marks(&mut self, class: u32) {
        let Self { flows, classes, .. } = self;
        // A mark may look live because its flow has come back with the very same one; it counts as outdated all the same.
        let mut dropped = 0;
        classes[class].marks.retain(|mark| {
            let keeps = is_live(flows, class, mark);
            dropped += u32::from(!keeps);
            keeps
        });
        classes[class].outdated -= dropped;
    }
}

/// The mark is that of a flow still in the class.
pub(super) fn is_live(flows: &[Flow], class: u32, mark: &Mark) -> bool {
    let flow = &flows[mark.flow as usize];
    flow.class == class && flow.mark() == mark.parts()
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
        let (times, at) = match cause {
            Cause::Resource(resource) => (&mut self.by_resource, resource.index()),
            Cause::Named(name) => (&mut self.by_name, name as usize),
        };
        if at >= times.len() {
            times.resize(at + 1, FlowTime::default());
        }
        times[at] += time;
    }

    /// All causes with any time, ascending.
    pub fn charged(&self) -> impl Iterator<Item = (Cause, FlowTime)> {
        let resources = self.by_resource.iter().zip(0..).map(|(&time, at)| (Cause::Resource(ResourceId(at)), time));
        let names = self.by_name.iter().zip(0..=u8::MAX).map(|(&time, at)| (Cause::Named(at), time));
        resources.chain(names).filter(|(_, time)| *time != FlowTime::default())
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
            is_dirty: false,
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
        if self.bound {
            self.bound_total = self.bound_total.plus(carried);
            self.bound_time += FlowTime::span(1, self.settled, now);
        }
        self.settled = now;
    }
}
