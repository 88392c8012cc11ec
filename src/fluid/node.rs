//! A resource as the flows of one priority see it: a *node*. What hangs on it, what merely passes, and its clock.

use super::exact::{Instant, Sum};
use super::queue::Queue;
use std::collections::BinaryHeap;

/// No node, no class.
pub(super) const NONE: u32 = u32::MAX;
/// Levels and loads closer than this, relatively, are the same.
pub(super) const SAME: f64 = 1e-12;
/// Below this part of a capacity, what higher priorities leave is rounding noise.
pub(super) const FULL: f64 = 1e-12;

/// The integral of a level over time, advanced only when the level changes.
#[derive(Copy, Clone, Debug)]
pub(super) struct Clock {
    pub value: Sum,
    pub level: f64,
    pub settled: Instant,
}

impl Clock {
    pub fn starting(now: Instant, level: f64) -> Self {
        Self { value: Sum::ZERO, level, settled: now }
    }

    pub fn read(&self, now: Instant) -> Sum {
        if now == self.settled { self.value } else { self.value.plus(self.level * now.seconds_since(self.settled)) }
    }

    pub fn settle(&mut self, now: Instant) {
        self.value = self.read(now);
        self.settled = now;
    }
}

/// A class as a node or a meter lists it.
#[derive(Copy, Clone, Debug)]
pub(super) struct Member {
    pub class: u32,
    pub factor: f64,
    /// Position of the node in the class's path, or of the meter in its list.
    pub step: u32,
}

/// The next finish mark of a class, on the clock of the node it hangs on.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub at: Sum,
    pub class: u32,
    /// Valid while the class has the same stamp.
    pub stamp: u32,
}

impl Ord for Head {
    /// Reversed, for the standard heap keeps its greatest on top.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.at.cmp(&self.at).then(other.class.cmp(&self.class))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Where else the classes hanging on a node go: per other node, the use per level they have there together.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    targets: Vec<u32>,
    entries: Vec<(f64, u32)>,
}

impl Row {
    /// Adds use per level at `target`, and classes (a negative number takes away).
    pub fn add(&mut self, target: u32, weight: f64, classes: i32) {
        match self.targets.iter().position(|&known| known == target) {
            Some(at) => {
                let entry = &mut self.entries[at];
                entry.0 += weight;
                entry.1 = entry.1.wrapping_add_signed(classes);
                if entry.1 == 0 {
                    self.targets.swap_remove(at);
                    self.entries.swap_remove(at);
                }
            }
            None => {
                self.targets.push(target);
                self.entries.push((weight, classes as u32));
            }
        }
    }

    pub fn len(&self) -> usize {
        self.targets.len()
    }

    pub fn get(&self, at: usize) -> (u32, f64) {
        (self.targets[at], self.entries[at].0)
    }

    pub fn clear(&mut self) {
        self.targets.clear();
        self.entries.clear();
    }
}

/// What the queue of completions knows of a node.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Timing {
    Known,
    /// The level has fallen since: the next completion is later than the queue says, and it is enough to look again
    /// when its time comes.
    TooEarly,
    Unknown,
}

#[derive(Debug)]
pub(super) struct Node {
    pub resource: u32,
    /// Lower is served first.
    pub rank: u8,
    /// The nodes of the same resource with the next higher and the next lower priority.
    pub upper: u32,
    pub lower: u32,
    /// Capacity that higher priorities leave.
    pub left: f64,
    /// Use by classes that pass and hang elsewhere.
    pub foreign: f64,
    /// Use per level of the classes that hang here, and their number.
    pub weight: f64,
    pub hanging: u32,
    /// No passing class has a higher level than this. It may be far too high.
    pub ceiling: f64,
    /// No class hanging here has its cap at a lower level than this. It may be too low.
    pub cap_floor: f64,
    /// Classes that hang elsewhere and still have this node as their cause, being the first among equals.
    pub labelled: u32,
    /// Runs at the level common to all that hangs here.
    pub clock: Clock,
    pub row: Row,
    pub heads: BinaryHeap<Head>,
    /// All classes of this priority whose path has the resource.
    pub members: Vec<Member>,
    /// Meters of hanging classes, each with the number of classes.
    pub meters: Vec<(u32, u32)>,
    pub carried: Sum,
    pub carried_until: Instant,
    pub touched: bool,
    pub timing: Timing,
    /// Changes of the sums since they were last added up afresh.
    pub age: u32,
}

impl Node {
    pub fn new(resource: u32, rank: u8, left: f64, now: Instant) -> Self {
        Self {
            resource,
            rank,
            upper: NONE,
            lower: NONE,
            left,
            foreign: 0.0,
            weight: 0.0,
            hanging: 0,
            ceiling: 0.0,
            cap_floor: f64::INFINITY,
            labelled: 0,
            clock: Clock::starting(now, 0.0),
            row: Row::default(),
            heads: BinaryHeap::new(),
            members: Vec::new(),
            meters: Vec::new(),
            carried: Sum::ZERO,
            carried_until: now,
            touched: false,
            timing: Timing::Known,
            age: 0,
        }
    }

    /// The level at which what hangs here takes what is left of the capacity; infinite if nothing hangs here.
    pub fn target(&self) -> f64 {
        if self.hanging == 0 {
            f64::INFINITY
        } else if self.left > 0.0 {
            ((self.left - self.foreign) / self.weight).max(0.0)
        } else {
            0.0
        }
    }

    /// Units/s in use by this priority.
    pub fn load(&self) -> f64 {
        if self.hanging > 0 { self.left } else { self.foreign.max(0.0).min(self.left) }
    }

    /// Passing classes alone take more than there is.
    pub fn is_over_full(&self) -> bool {
        self.foreign > self.left * (1.0 + SAME)
    }

    /// What hangs here may include a class that would exceed its cap.
    pub fn is_above_a_cap(&self) -> bool {
        self.hanging > 0 && self.target() > self.cap_floor * (1.0 + SAME)
    }

    /// All capacity is in use, so this may be somebody's cause without anybody hanging here.
    pub fn is_full(&self) -> bool {
        self.hanging > 0 || self.left <= 0.0 || self.foreign >= self.left * (1.0 - SAME)
    }

    /// Some passing class may be at the very level of this node.
    pub fn may_tie(&self) -> bool {
        if self.hanging > 0 {
            self.ceiling >= self.clock.level * (1.0 - SAME)
        } else {
            self.is_full() && !self.members.is_empty()
        }
    }

    /// Counts what was carried since the last time; to be called before the load changes.
    pub fn settle_carried(&mut self, now: Instant) {
        if now != self.carried_until {
            self.carried = self.carried.plus(self.load() * now.seconds_since(self.carried_until));
            self.carried_until = now;
        }
    }

    /// The clock and all sums of what hangs here, as if nothing ever did.
    pub fn nothing_hangs(&mut self) {
        self.hanging = 0;
        self.weight = 0.0;
        self.clock.level = 0.0;
        self.cap_floor = f64::INFINITY;
        self.row.clear();
        self.heads.clear();
        self.meters.clear();
        self.timing = Timing::Unknown;
    }
}

/// What the present changes have reached.
#[derive(Debug)]
pub(super) struct Front {
    /// Nodes to look at, by [`order`]. A node may stand too early; it is asked for its order when it comes first.
    pub work: Queue<u64>,
    /// Nodes any of whose numbers has changed since the last solve, each once.
    pub touched: Vec<u32>,
    /// Classes with a clock of their own whose next completion has to be worked out again.
    pub untimed_classes: Vec<u32>,
}

/// Those served first before others, and the lowest level first; the last few bits of the level do not matter.
fn order(rank: u8, level: f64) -> u64 {
    u64::from(rank) << 56 | (level + 0.0).to_bits() >> 7
}

impl Front {
    pub fn new() -> Self {
        Self { work: Queue::new(), touched: Vec::new(), untimed_classes: Vec::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.touched.is_empty() && self.untimed_classes.is_empty() && self.work.first().is_none()
    }

    pub fn touch(&mut self, number: u32, node: &mut Node) {
        if !std::mem::replace(&mut node.touched, true) {
            self.touched.push(number);
        }
    }

    /// Puts a node whose sums have changed, and the one below it, among the work to do.
    pub fn consider(&mut self, number: u32, node: &Node) {
        if node.hanging > 0 || node.is_over_full() {
            self.work.lower(number, node.order());
        }
        if node.hanging == 0 {
            self.below(node);
        }
    }

    /// The next lower priority has to look again at what is left for it.
    pub fn below(&mut self, node: &Node) {
        if node.lower != NONE {
            self.work.lower(node.lower, order(node.rank, f64::INFINITY));
        }
    }
}

impl Node {
    /// When this node is to be put right, compared with others.
    pub fn order(&self) -> u64 {
        let level = if self.hanging > 0 { self.target() } else { self.ceiling * self.left / self.foreign };
        order(self.rank, level)
    }
}
