//! Flow classes: flows that must always have the same rate are kept as one variable with a count.
//!
//! A class has one *service*, the bytes per weight that each of its flows has been able to carry since the class
//! began: the integral of the class's level. A flow of `B` bytes and weight `w` that joins at service `S` ends when
//! the service reaches `S + B/w`, its finish mark. So a change of rate does not touch the flows, however many there
//! are, and only the lowest mark can be the next to complete.
//!
//! The level is that of the node the class *hangs* on, its bottleneck, and so is the clock: the service is the
//! node's clock plus an offset that stays as long as the class hangs there. A class at its cap has its own clock.

use super::exact::{FlowTime, Instant, Sum};
use super::node::{Clock, NONE};
use super::types::Cause;
use std::collections::BinaryHeap;

/// All that decides the rate of a flow and where its effects are counted.
#[derive(Clone, Debug, Default)]
pub(super) struct ClassSpec {
    /// Resource and units per byte, ascending by resource.
    pub uses: Vec<(u32, f64)>,
    /// Meter and factor, ascending by meter.
    pub meters: Vec<(u32, f64)>,
    pub owner: u32,
    pub weight: f64,
    pub cap: f64,
    pub cap_cause: u8,
    pub priority: u8,
    pub reserve: f64,
    /// Stopped from outside, with the cause to report.
    pub stalled: Option<u8>,
}

impl ClassSpec {
    /// The resources in use: none during a stall.
    pub fn path(&self) -> &[(u32, f64)] {
        if self.stalled.is_some() { &[] } else { &self.uses }
    }

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
        let mut hash = mix(small ^ u64::from(self.owner) << 32);
        for number in [self.weight, self.cap, self.reserve] {
            hash = mix(hash ^ number.to_bits());
        }
        for &(id, factor) in self.uses.iter().chain(&self.meters) {
            hash = mix(hash.rotate_left(5) ^ u64::from(id) ^ factor.to_bits().rotate_left(17));
        }
        hash
    }

    fn same(&self, other: &Self) -> bool {
        let scalars = |s: &Self| {
            let numbers = [s.weight.to_bits(), s.cap.to_bits(), s.reserve.to_bits()];
            (s.owner, s.cap_cause, s.priority, s.stalled, numbers)
        };
        let same_list = |a: &[(u32, f64)], b: &[(u32, f64)]| {
            a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.0 == y.0 && x.1.to_bits() == y.1.to_bits())
        };
        scalars(self) == scalars(other) && same_list(&self.uses, &other.uses) && same_list(&self.meters, &other.meters)
    }
}

/// One step of a multiplicative hash; only the speed of finding a class depends on it.
fn mix(x: u64) -> u64 {
    let product = u128::from(x ^ 0x9E37_79B9_7F4A_7C15) * 0xD6E8_FEB8_6659_FD93;
    (product >> 64) as u64 ^ product as u64
}

/// Where a flow of a class ends.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub at: Sum,
    pub flow: u32,
    pub generation: u32,
}

impl Ord for Mark {
    /// Reversed, for the standard heap keeps its greatest on top.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.at.cmp(&self.at).then(other.flow.cmp(&self.flow))
    }
}

impl PartialOrd for Mark {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// One node of a class's path.
#[derive(Copy, Clone, Debug)]
pub(super) struct Step {
    pub node: u32,
    /// Units per byte.
    pub factor: f64,
    /// Where the node lists the class.
    pub place: u32,
}

/// A class and its present state.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub spec: ClassSpec,
    hash: u64,
    /// Flows present.
    pub count: u32,
    /// The node it hangs on; `NONE` with a clock of its own.
    pub hang: u32,
    /// What the service is ahead of the node's clock.
    pub offset: Sum,
    /// The clock of its own, and its level.
    pub clock: Clock,
    pub level: f64,
    /// Level at which the cap is reached.
    pub cap_level: f64,
    /// Changes with the next finish mark and with the node, so that outdated heads are known.
    pub stamp: u32,
    /// The path, known from the first flow on.
    pub path: Vec<Step>,
    /// Where each of its meters lists the class.
    pub meter_places: Vec<u32>,
    /// Finish marks. Those of cancelled flows stay until they surface.
    pub marks: BinaryHeap<Mark>,
    pub cause: Cause,
    /// The node that is the cause although the class hangs on another of the same level; else `NONE`.
    pub label: u32,
    /// The grant of the reserve is below the floor.
    pub short: bool,
    pub is_untimed: bool,
    /// Flow-time with the present cause that the owner has not been charged yet, and until when it is counted.
    pub owed: FlowTime,
    pub charged: Instant,
    /// Time per cause since the class began, of a flow present throughout; kept on request.
    pub history: Vec<(Cause, FlowTime)>,
}

impl Class {
    fn new(spec: ClassSpec, hash: u64) -> Self {
        let start = Instant::at(0);
        Self {
            cap_level: spec.limit().0 / spec.weight,
            spec,
            hash,
            count: 0,
            hang: NONE,
            offset: Sum::ZERO,
            clock: Clock::starting(start),
            level: 0.0,
            stamp: 0,
            path: Vec::new(),
            meter_places: Vec::new(),
            marks: BinaryHeap::new(),
            cause: Cause::Named(0),
            label: NONE,
            short: false,
            is_untimed: false,
            owed: FlowTime::default(),
            charged: start,
            history: Vec::new(),
        }
    }

    /// Weight of all flows together.
    pub fn mass(&self) -> f64 {
        f64::from(self.count) * self.spec.weight
    }
}

/// All classes, found by what defines them.
#[derive(Debug, Default)]
pub(super) struct Classes {
    all: Vec<Class>,
    /// Open addressing with linear probing; `EMPTY` or the number of a class. Never iterated.
    table: Vec<u32>,
    /// Numbers of classes that were dropped.
    free: Vec<u32>,
}

const EMPTY: u32 = u32::MAX;

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

    /// The class with this definition, made if there is none. A class without flows is kept for the next flow
    /// of its kind until the table has to grow.
    pub fn intern(&mut self, spec: &ClassSpec) -> u32 {
        let hash = spec.hash();
        if let Some(found) = self.probe(hash, |class| class.spec.same(spec)) {
            return found;
        }
        if (self.all.len() - self.free.len() + 1) * 2 > self.table.len() {
            self.drop_unused_and_rehash();
        }
        let mut class = Class::new(spec.clone(), hash);
        let number = match self.free.pop() {
            Some(number) => {
                // Heads of the number's former class may still lie about.
                class.stamp = self[number].stamp.wrapping_add(1);
                self[number] = class;
                number
            }
            None => {
                self.all.push(class);
                self.all.len() as u32 - 1
            }
        };
        self.place(number);
        number
    }

    fn probe(&self, hash: u64, is_it: impl Fn(&Class) -> bool) -> Option<u32> {
        if self.table.is_empty() {
            return None;
        }
        let mask = self.table.len() - 1;
        let mut at = hash as usize & mask;
        while self.table[at] != EMPTY {
            let class = &self[self.table[at]];
            if class.hash == hash && is_it(class) {
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
        for number in self.numbers() {
            if self[number].count == 0 && !is_free[number as usize] {
                is_free[number as usize] = true;
                self.free.push(number);
            }
        }
        let used = self.all.len() - self.free.len();
        self.table = vec![EMPTY; (4 * (used + 1)).next_power_of_two().max(64)];
        for number in self.numbers().filter(|&number| !is_free[number as usize]) {
            self.place(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(resource: u32, weight: f64) -> ClassSpec {
        ClassSpec { uses: vec![(resource, 1.0)], weight, cap: f64::INFINITY, ..ClassSpec::default() }
    }

    #[test]
    fn same_definition_same_class_and_unused_ones_are_dropped() {
        let mut classes = Classes::default();
        let kept = classes.intern(&spec(7, 1.0));
        classes[kept].count = 1;
        assert_eq!(classes.intern(&spec(7, 1.0)), kept);
        assert_ne!(classes.intern(&spec(7, 2.0)), kept);
        for resource in 0..10_000 {
            classes.intern(&spec(resource, 3.0));
        }
        assert!(classes.numbers().end < 100, "unused classes pile up: {}", classes.numbers().end);
        assert_eq!(classes.intern(&spec(7, 1.0)), kept);
    }
}
