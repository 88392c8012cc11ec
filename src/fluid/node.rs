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
    pub settled: Instant,
}

impl Clock {
    pub fn starting(now: Instant) -> Self {
        Self { value: Sum::ZERO, settled: now }
    }

    /// The value now, the level having been the same since the last settlement.
    pub fn read(&self, level: f64, now: Instant) -> Sum {
        if now == self.settled { self.value } else { self.value.plus(level * now.seconds_since(self.settled)) }
    }

    pub fn settle(&mut self, level: f64, now: Instant) {
        self.value = self.read(level, now);
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

/// What the classes hanging on a node use per level, together, of another node.
#[derive(Copy, Clone, Debug)]
pub(super) struct Entry {
    pub target: u32,
    classes: u32,
    pub weight: f64,
}

/// Where else the classes hanging on a node go.
#[derive(Clone, Debug, Default)]
pub(super) struct Row(pub Vec<Entry>);

impl Row {
    /// Adds use per level at `target`, and classes (a negative number takes away).
    pub fn add(&mut self, target: u32, weight: f64, classes: i32) {
        let Some(at) = self.0.iter().position(|entry| entry.target == target) else {
            self.0.push(Entry { target, classes: classes as u32, weight });
            return;
        };
        let entry = &mut self.0[at];
        entry.weight += weight;
        entry.classes = entry.classes.wrapping_add_signed(classes);
        if entry.classes == 0 {
            self.0.swap_remove(at);
        }
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

/// What a pass reads and writes of a node, kept in one cache line, and the rest behind a pointer.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Node {
    /// Capacity that higher priorities leave.
    pub left: f64,
    /// Use by classes that pass and hang elsewhere.
    pub foreign: f64,
    /// Use per level of the classes that hang here, and their number.
    pub weight: f64,
    pub hanging: u32,
    /// The node of the same resource with the next lower priority.
    pub lower: u32,
    /// The level common to all that hangs here, as last handed on.
    pub level: f64,
    /// No passing class has a higher level than this. It may be far too high.
    pub ceiling: f64,
    pub books: Box<Books>,
    /// Changes of the sums since they were last added up afresh.
    pub age: u16,
    /// Lower is served first.
    pub rank: u8,
    pub touched: bool,
    pub timing: Timing,
    /// Higher priorities, or the capacity, have changed since `left` was worked out.
    pub left_outdated: bool,
    /// Some class that hangs elsewhere has this node as its cause.
    pub has_labels: bool,
}

/// What is needed of a node less often.
#[derive(Debug)]
pub(super) struct Books {
    pub resource: u32,
    /// The node of the same resource with the next higher priority.
    pub upper: u32,
    /// No class hanging here has its cap at a lower level than this. It may be too low.
    pub cap_floor: f64,
    /// Classes that hang elsewhere and still have this node as their cause, being the first among equals.
    pub labelled: u32,
    /// Runs at the node's level.
    pub clock: Clock,
    pub row: Row,
    pub heads: BinaryHeap<Head>,
    /// All classes of this priority whose path has the resource.
    pub members: Vec<Member>,
    /// Meters of hanging classes, each with the number of classes.
    pub meters: Vec<(u32, u32)>,
    pub carried: Sum,
    pub carried_until: Instant,
}

impl Node {
    pub fn new(resource: u32, rank: u8, left: f64, now: Instant) -> Self {
        let books = Books {
            resource,
            upper: NONE,
            cap_floor: f64::INFINITY,
            labelled: 0,
            clock: Clock::starting(now),
            row: Row::default(),
            heads: BinaryHeap::new(),
            members: Vec::new(),
            meters: Vec::new(),
            carried: Sum::ZERO,
            carried_until: now,
        };
        Self {
            left,
            foreign: 0.0,
            weight: 0.0,
            hanging: 0,
            lower: NONE,
            level: 0.0,
            ceiling: 0.0,
            books: Box::new(books),
            age: 0,
            rank,
            touched: false,
            timing: Timing::Known,
            left_outdated: false,
            has_labels: false,
        }
    }

    /// The clock of what hangs here.
    pub fn clock(&self, now: Instant) -> Sum {
        self.books.clock.read(self.level, now)
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

    /// All capacity is in use, so this may be somebody's cause without anybody hanging here.
    pub fn is_full(&self) -> bool {
        self.hanging > 0 || self.left <= 0.0 || self.foreign >= self.left * (1.0 - SAME)
    }

    /// Some passing class may be at the very level of this node.
    pub fn may_tie(&self) -> bool {
        if self.hanging > 0 {
            self.ceiling >= self.level * (1.0 - SAME)
        } else {
            self.is_full() && !self.books.members.is_empty()
        }
    }

    /// Counts what was carried since the last time; to be called before the load changes.
    pub fn settle_carried(&mut self, now: Instant) {
        let load = self.load();
        let books = &mut self.books;
        if now != books.carried_until {
            books.carried = books.carried.plus(load * now.seconds_since(books.carried_until));
            books.carried_until = now;
        }
    }

    /// The clock and all sums of what hangs here, as if nothing ever did.
    pub fn nothing_hangs(&mut self) {
        self.hanging = 0;
        self.weight = 0.0;
        self.level = 0.0;
        self.timing = Timing::Unknown;
        self.books.cap_floor = f64::INFINITY;
        self.books.row.0.clear();
        self.books.heads.clear();
        self.books.meters.clear();
    }

    /// When this node is to be put right, compared with others.
    pub fn order(&self) -> u64 {
        let level = if self.hanging > 0 { self.target() } else { self.ceiling * self.left / self.foreign };
        order(self.rank, level)
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

    /// Notes a node about to change. What passing classes have carried so far is counted here, once an instant.
    pub fn touch(&mut self, number: u32, node: &mut Node, now: Instant) {
        if !node.touched {
            node.touched = true;
            self.touched.push(number);
            if node.hanging == 0 {
                node.settle_carried(now);
            }
        }
    }

    /// Puts a node whose sums have changed among the work to do.
    pub fn consider(&mut self, number: u32, node: &Node) {
        if node.hanging > 0 || node.is_over_full() {
            self.work.lower(number, node.order());
        }
    }
}

/// Adds use of a class that passes at a level.
pub(super) fn add_foreign(nodes: &mut [Node], front: &mut Front, number: u32, change: f64, level: f64, now: Instant) {
    let node = &mut nodes[number as usize];
    front.touch(number, node, now);
    node.foreign += change;
    if level > node.ceiling {
        node.ceiling = level;
    }
    node.age = node.age.saturating_add(1);
    front.consider(number, node);
    let lower = node.lower;
    if lower != NONE && node.hanging == 0 {
        ask_to_look(nodes, front, lower);
    }
}

/// Has a node look again at what higher priorities leave for it.
pub(super) fn ask_to_look(nodes: &mut [Node], front: &mut Front, number: u32) {
    if let Some(node) = nodes.get_mut(number as usize) {
        node.left_outdated = true;
        front.work.lower(number, order(node.rank, 0.0));
    }
}
