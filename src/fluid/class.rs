//! Flow classes: flows that must always have the same rate are kept as one variable with a count.
//!
//! A class has one *service*, the bytes per weight that each of its flows has been able to carry since the class
//! began: the integral of the class's level. A flow of `B` bytes and weight `w` that joins at service `S` ends when
//! the service reaches `S + B/w`, its finish mark. So a change of rate does not touch the flows, however many there
//! are, and only the lowest mark can be the next to complete.
//!
//! The level is that of the node the class *hangs* on, its bottleneck, and so is the clock: the service is the
//! node's clock plus an offset that stays as long as the class hangs there. A class at its cap or at its reserve
//! has its own clock.

use super::exact::{FlowTime, Instant, Sum};
use super::marks::{Mark, Marks};
use super::node::{Clock, NONE};
use super::sharing::{Flow, is_live};
use super::types::{Cause, FlowSpec, MeterId, ResourceId};

/// All that decides the rate of a flow and where its effects are counted, as the caller gave it.
#[derive(Copy, Clone, Debug)]
pub(super) struct Kind<'a> {
    pub uses: &'a [(ResourceId, f64)],
    pub meters: &'a [(MeterId, f64)],
    pub terms: Terms,
}

/// The part of a kind without lists.
#[derive(Copy, Clone, Debug, Default)]
pub(super) struct Terms {
    pub owner: u32,
    pub weight: f64,
    pub cap: f64,
    pub cap_cause: u8,
    pub priority: u8,
    pub reserve: f64,
    /// Stopped from outside, with the cause to report.
    pub stalled: Option<u8>,
}

/// A kind that owns its lists.
#[derive(Clone, Debug, Default)]
pub(super) struct ClassSpec {
    pub uses: Vec<(ResourceId, f64)>,
    pub meters: Vec<(MeterId, f64)>,
    pub terms: Terms,
}

impl Terms {
    /// The highest rate, and the cause to report when it binds.
    pub fn limit(&self) -> (f64, u8) {
        self.stalled.map_or((self.cap, self.cap_cause), |cause| (0.0, cause))
    }

    /// The reserve as far as the limit lets it count.
    pub fn floor(&self) -> f64 {
        self.reserve.min(self.limit().0)
    }

    fn hash(&self) -> u64 {
        let stalled = self.stalled.map_or(0, |cause| 1 + u64::from(cause));
        let small = u64::from(self.cap_cause) | u64::from(self.priority) << 8 | stalled << 16;
        let numbers = [self.weight, self.cap, self.reserve].map(f64::to_bits);
        let numbers = numbers[0] ^ numbers[1].rotate_left(21) ^ numbers[2].rotate_left(42);
        mix(numbers ^ small.rotate_left(10) ^ u64::from(self.owner) << 32)
    }

    fn same(&self, other: &Self) -> bool {
        let parts = |s: &Self| {
            let numbers = [s.weight.to_bits(), s.cap.to_bits(), s.reserve.to_bits()];
            (s.owner, s.cap_cause, s.priority, s.stalled, numbers)
        };
        parts(self) == parts(other)
    }
}

impl<'a> From<&FlowSpec<'a>> for Kind<'a> {
    fn from(flow: &FlowSpec<'a>) -> Self {
        let terms = Terms {
            owner: flow.owner.0,
            weight: flow.weight,
            // A negative zero is a zero.
            cap: flow.cap + 0.0,
            cap_cause: flow.cap_cause,
            priority: flow.priority,
            reserve: flow.reserve,
            stalled: None,
        };
        Self { uses: flow.uses, meters: flow.meters, terms }
    }
}

impl Kind<'_> {
    /// Panics with what is wrong if a number is outside its stated range.
    fn check(&self) {
        let Terms { weight, cap, reserve, .. } = self.terms;
        let positive = |x: f64| x.is_finite() && x > 0.0;
        assert!(self.uses.iter().all(|&(_, a)| positive(a)), "a coefficient is finite and above 0: {:?}", self.uses);
        assert!(positive(weight), "a weight is finite and above 0, not {weight}");
        assert!(cap >= 0.0, "a cap is at least 0, not {cap}");
        assert!(reserve.is_finite() && reserve >= 0.0, "a reserve is finite, not {reserve}");
        let bounded = cap.is_finite() || !self.uses.is_empty();
        assert!(bounded, "a flow without a resource and without a cap would be infinitely fast");
    }

    fn hash(&self) -> u64 {
        let mut hash = self.terms.hash();
        for &(resource, factor) in self.uses {
            hash = mix(hash ^ u64::from(resource.0) ^ factor.to_bits().rotate_left(17));
        }
        for &(meter, factor) in self.meters {
            hash = mix(hash ^ u64::from(meter.0) << 32 ^ factor.to_bits().rotate_left(17));
        }
        hash
    }

    fn is_of(&self, spec: &ClassSpec) -> bool {
        fn same<I: Copy + PartialEq>(a: &[(I, f64)], b: &[(I, f64)]) -> bool {
            a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.0 == y.0 && x.1.to_bits() == y.1.to_bits())
        }
        self.terms.same(&spec.terms) && same(self.uses, &spec.uses) && same(self.meters, &spec.meters)
    }
}

impl ClassSpec {
    pub fn kind(&self) -> Kind<'_> {
        Kind { uses: &self.uses, meters: &self.meters, terms: self.terms }
    }

    pub fn set_uses(&mut self, uses: &[(ResourceId, f64)], meters: &[(MeterId, f64)]) {
        self.uses.clear();
        self.uses.extend_from_slice(uses);
        self.meters.clear();
        self.meters.extend_from_slice(meters);
    }

    /// The resources in use, ascending, what is listed twice added up; none during a stall.
    pub fn path(&self) -> Vec<(u32, f64)> {
        if self.terms.stalled.is_some() {
            return Vec::new();
        }
        let mut path: Vec<(u32, f64)> = self.uses.iter().map(|&(resource, factor)| (resource.0, factor)).collect();
        path.sort_by_key(|&(resource, _)| resource);
        path.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        path
    }
}

/// One step of a multiplicative hash; only the speed of finding a class depends on it.
fn mix(x: u64) -> u64 {
    let product = u128::from(x ^ 0x9E37_79B9_7F4A_7C15) * 0xD6E8_FEB8_6659_FD93;
    (product >> 64) as u64 ^ product as u64
}

/// One node of a class's path.
#[derive(Copy, Clone, Debug)]
pub(super) struct Step {
    pub node: u32,
    /// Units per byte.
    pub factor: f64,
    /// Where the node lists the class.
    pub place: u32,
    /// Where the node is likely to be in the row of the one the class hangs on.
    pub entry: u32,
}

/// Time per cause since a class began, of a flow present throughout, and until when.
#[derive(Clone, Debug)]
pub(super) struct History {
    pub times: Vec<(Cause, FlowTime)>,
    pub noted: Instant,
}

/// A class and its present state. What every flow that comes or goes needs stands first, on as few cache lines as it fits.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(super) struct Class {
    /// The path, known from the first flow on.
    pub path: Vec<Step>,
    /// Finish marks, and how many of them are of flows that have left before their end (`outdated`): these stay until they
    /// surface or outnumber the others.
    pub marks: Marks,
    /// Weight of a flow, and of the flows present together.
    pub weight: f64,
    pub mass: f64,
    /// Flows present.
    pub count: u32,
    pub outdated: u32,
    /// The node it hangs on, and where that is in the path; `NONE` with a clock of its own.
    pub hang: u32,
    pub hang_step: u32,
    /// The node that is the cause although the class hangs on another of the same level; else `NONE`.
    pub label: u32,
    /// Hangs on a node of a lower level than that of its reserve, and so has a clock of its own.
    pub held: bool,
    pub is_untimed: bool,
    /// The grant of the reserve is below the floor.
    pub short: bool,
    /// Some caller may start flows of this kind without naming it anew.
    pub is_kept: bool,
    /// Some meter counts it.
    pub is_metered: bool,
    /// Whom its time is charged to.
    pub owner: u32,
    pub cause: Cause,
    /// Level at which the cap is reached, and up to which the reserve gives more than sharing would.
    pub cap_level: f64,
    pub floor_level: f64,
    /// What the service is ahead of the node's clock.
    pub offset: Sum,
    /// Bytes carried by all its flows since the first came, up to the service noted beside.
    pub carried: Sum,
    pub carried_at: Sum,
    /// Flow-time with the present cause that the owner has not been charged yet, less that of the present flows from
    /// time 0 on: an account that a flow changes only by coming and going.
    pub owed: FlowTime,
    /// The clock of its own, and its level.
    pub clock: Clock,
    pub level: f64,
    pub spec: ClassSpec,
    hash: u64,
    /// Where each of its meters lists the class.
    pub meter_places: Vec<u32>,
    /// Kept on request.
    pub history: Option<Box<History>>,
}

impl Class {
    fn new(kind: &Kind, hash: u64) -> Self {
        let start = Instant::at(0);
        let mut class = Self {
            path: Vec::new(),
            marks: Marks::new(),
            weight: 1.0,
            mass: 0.0,
            count: 0,
            outdated: 0,
            hang: NONE,
            hang_step: NONE,
            label: NONE,
            held: false,
            is_untimed: false,
            short: false,
            is_kept: false,
            is_metered: false,
            owner: kind.terms.owner,
            cause: Cause::Named(0),
            cap_level: 0.0,
            floor_level: 0.0,
            offset: Sum::ZERO,
            carried: Sum::ZERO,
            carried_at: Sum::ZERO,
            owed: FlowTime::default(),
            clock: Clock::starting(start.into()),
            level: 0.0,
            spec: ClassSpec::default(),
            hash,
            meter_places: Vec::new(),
            history: None,
        };
        class.become_another(kind, hash);
        class
    }

    /// Takes a class without flows for another kind.
    fn become_another(&mut self, kind: &Kind, hash: u64) {
        self.hash = hash;
        self.spec.set_uses(kind.uses, kind.meters);
        self.spec.terms = kind.terms;
        self.weight = kind.terms.weight;
        self.owner = kind.terms.owner;
        self.is_metered = !kind.meters.is_empty();
        self.cap_level = kind.terms.limit().0 / kind.terms.weight;
        self.floor_level = kind.terms.floor() / kind.terms.weight;
        self.path.clear();
    }

    /// At its cap, or held up by its reserve: a clock and a level of its own.
    #[inline]
    pub fn has_own_clock(&self) -> bool {
        self.hang == NONE || self.held
    }

    /// The lowest mark of a flow still in the class, whose number is given. Marks of flows that have left are dropped on the
    /// way.
    #[inline]
    pub fn live_head(&mut self, flows: &[Flow], class: u32) -> Option<Mark> {
        if self.outdated > 0 {
            self.drop_outdated_heads(flows, class);
        }
        self.marks.first()
    }

    /// Drops marks of flows that have left, as far as they come first.
    #[cold]
    #[inline(never)]
    fn drop_outdated_heads(&mut self, flows: &[Flow], class: u32) {
        while self.outdated > 0
            && let Some(mark) = self.marks.first()
            && !is_live(flows, class, &mark)
        {
            self.marks.pop();
            self.outdated -= 1;
        }
    }

    /// What the owner owes up to now, which counts as paid from here on.
    pub fn take_owed(&mut self, now: Instant) -> FlowTime {
        let present = FlowTime::since_zero(self.count, now);
        let mut owed = std::mem::take(&mut self.owed);
        owed += present;
        self.owed -= present;
        owed
    }

    /// Counts the bytes carried up to the present service; to be called before the number of flows changes.
    pub fn settle_carried(&mut self, service: Sum) {
        self.carried = self.carried.plus(self.mass * service.minus(self.carried_at));
        self.carried_at = service;
    }
}

/// All classes, found by what defines them.
#[derive(Debug, Default)]
pub(super) struct Classes {
    all: Vec<Class>,
    /// By class: changes with the next finish mark and with the node, so that outdated heads are known.
    stamps: Vec<u32>,
    /// Open addressing with linear probing; `EMPTY` or the number of a class. Never iterated.
    table: Vec<u32>,
    /// Numbers of classes that were dropped.
    free: Vec<u32>,
}

const EMPTY: u32 = u32::MAX;
/// So many classes without flows are kept in any case.
const KEPT: usize = 4096;

impl std::ops::Index<u32> for Classes {
    type Output = Class;
    fn index(&self, class: u32) -> &Class {
        &self.all[class as usize]
    }
}

impl std::ops::IndexMut<u32> for Classes {
    fn index_mut(&mut self, class: u32) -> &mut Class {
        &mut self.all[class as usize]
    }
}

impl Classes {
    pub fn numbers(&self) -> std::ops::Range<u32> {
        0..self.all.len() as u32
    }

    #[inline]
    pub fn stamp(&self, class: u32) -> u32 {
        self.stamps[class as usize]
    }

    /// Outdates all heads of a class; gives the stamp of the next one.
    #[inline]
    pub fn new_stamp(&mut self, class: u32) -> u32 {
        let stamp = &mut self.stamps[class as usize];
        *stamp = stamp.wrapping_add(1);
        *stamp
    }

    /// The class of this kind, made if there is none. Classes without flows are kept for the next flow of their kind,
    /// up to [`KEPT`] or as many as are in use.
    ///
    /// # Panics
    /// If a number of a new kind is outside its stated range.
    pub fn intern(&mut self, kind: &Kind) -> u32 {
        let hash = kind.hash();
        if let Some(found) = self.find(hash, kind) {
            return found;
        }
        kind.check();
        if (self.all.len() - self.free.len() + 1) * 2 > self.table.len() {
            self.drop_unused_and_rehash();
        }
        let number = match self.free.pop() {
            Some(number) => {
                // Heads of the former class may still lie about.
                self.new_stamp(number);
                self[number].become_another(kind, hash);
                number
            }
            None => {
                self.all.push(Class::new(kind, hash));
                self.stamps.push(0);
                self.all.len() as u32 - 1
            }
        };
        self.place(number);
        number
    }

    fn find(&self, hash: u64, kind: &Kind) -> Option<u32> {
        if self.table.is_empty() {
            return None;
        }
        let mask = self.table.len() - 1;
        let mut at = hash as usize & mask;
        while self.table[at] != EMPTY {
            let class = &self[self.table[at]];
            if class.hash == hash && kind.is_of(&class.spec) {
                return Some(self.table[at]);
            }
            at = (at + 1) & mask;
        }
        None
    }

    fn place(&mut self, number: u32) {
        let mask = self.table.len() - 1;
        let mut at = self[number].hash as usize & mask;
        while self.table[at] != EMPTY {
            at = (at + 1) & mask;
        }
        self.table[at] = number;
    }

    fn drop_unused_and_rehash(&mut self) {
        let mut is_free = vec![false; self.all.len()];
        for &number in &self.free {
            is_free[number as usize] = true;
        }
        let unused = |number: &u32| {
            let class = &self[*number];
            class.count == 0 && !class.is_kept && !is_free[*number as usize]
        };
        let unused: Vec<u32> = self.numbers().filter(unused).collect();
        let known = self.all.len() - self.free.len();
        if unused.len() > KEPT.max(known / 2) {
            for &number in &unused {
                is_free[number as usize] = true;
            }
            self.free.extend(unused);
        }
        let known = self.all.len() - self.free.len();
        self.table = vec![EMPTY; (4 * (known + 1)).next_power_of_two().max(64)];
        for number in self.numbers().filter(|&number| !is_free[number as usize]) {
            self.place(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intern(classes: &mut Classes, resource: u32, weight: f64) -> u32 {
        let terms = Terms { weight, cap: f64::INFINITY, ..Terms::default() };
        classes.intern(&Kind { uses: &[(ResourceId(resource), 1.0)], meters: &[], terms })
    }

    #[test]
    fn same_definition_same_class_and_unused_ones_are_dropped() {
        let mut classes = Classes::default();
        let kept = intern(&mut classes, 7, 1.0);
        classes[kept].count = 1;
        assert_eq!(intern(&mut classes, 7, 1.0), kept);
        assert_ne!(intern(&mut classes, 7, 2.0), kept);
        for resource in 0..100_000 {
            intern(&mut classes, resource, 3.0);
        }
        assert!(classes.numbers().end < 3 * KEPT as u32, "unused classes pile up: {}", classes.numbers().end);
        assert_eq!(intern(&mut classes, 7, 1.0), kept);
    }

    #[test]
    fn a_path_is_sorted_and_without_doubles() {
        let uses = [(3, 1.0), (1, 2.0), (3, 0.5)].map(|(resource, factor)| (ResourceId(resource), factor));
        let mut spec = ClassSpec { uses: uses.to_vec(), ..ClassSpec::default() };
        assert_eq!(spec.path(), [(1, 2.0), (3, 1.5)]);
        spec.terms.stalled = Some(1);
        assert!(spec.path().is_empty());
    }
}
