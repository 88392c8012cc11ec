//! A resource as the flows of one priority see it: a *node*. What hangs on it, what merely passes, and its clock.

use super::exact::{Moment, Sum};
use super::types::MeterId;
use super::work::{Place, slot_of};
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
    pub settled: Moment,
}

impl Clock {
    pub fn starting(now: Moment) -> Self {
        Self { value: Sum::ZERO, settled: now }
    }

    /// The value now, the level having been the same since the last settlement.
    #[inline]
    pub fn read(&self, level: f64, now: Moment) -> Sum {
        // In no time nothing is carried, even at a level beyond all numbers.
        let level = if level < f64::MAX { level } else { f64::MAX };
        self.value.plus(level * now.seconds_since(self.settled))
    }

    #[inline]
    pub fn settle(&mut self, level: f64, now: Moment) {
        self.value = self.read(level, now);
        self.settled = now;
    }
}

/// A class as a node or a meter lists it.
#[derive(Copy, Clone, Debug)]
pub(super) struct Member {
    pub class: u32,
    /// Position of the node in the class's path, or of the meter in its list.
    pub step: u32,
    pub factor: f64,
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
    /// Adds use per level at `target`, which is in the row and may be expected at `likely`.
    #[inline]
    pub fn weigh(&mut self, target: u32, weight: f64, likely: u32) {
        match self.0.get_mut(likely as usize) {
            Some(entry) if entry.target == target => entry.weight += weight,
            _ => drop(self.add(target, weight, 0, likely)),
        }
    }

    /// Adds use per level at `target`, and classes (a negative number takes away). The entry may be expected at
    /// `likely`; gives where it is.
    #[inline]
    pub fn add(&mut self, target: u32, weight: f64, classes: i32, likely: u32) -> u32 {
        let at = match self.0.get(likely as usize) {
            Some(entry) if entry.target == target => Some(likely as usize),
            _ => self.0.iter().position(|entry| entry.target == target),
        };
        let Some(at) = at else {
            self.0.push(Entry { target, classes: classes as u32, weight });
            return self.0.len() as u32 - 1;
        };
        let entry = &mut self.0[at];
        entry.weight += weight;
        entry.classes = entry.classes.wrapping_add_signed(classes);
        if entry.classes == 0 {
            self.0.swap_remove(at);
        }
        at as u32
    }
}

/// What the queue of completions knows of a node.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Timing {
    Known,
    /// The next completion may be later than the queue says, and it is enough to look again when its time comes.
    TooEarly,
    /// The node is among those to be timed.
    Unknown,
}

/// What a pass reads and writes of a node: one cache line for what others change of it, one for its own; then what is
/// needed when classes come and go.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Node {
    /// Use by classes that pass and hang elsewhere, or are held up by their reserve.
    pub foreign: f64,
    /// Where `foreign` is not below this after a change, the node has to look into it. It never is while the node waits to
    /// be put right, and always where something hangs, some other class has the node as its cause, or a lower priority waits.
    pub alarm: f64,
    /// No passing class has a higher level than this. It may be far too high.
    pub ceiling: f64,
    /// Capacity that higher priorities leave.
    pub left: f64,
    /// Use per level of the classes that hang here.
    pub weight: f64,
    /// The level common to all that hangs here, as last handed on.
    pub level: f64,
    /// Number of classes that hang here.
    pub hanging: u32,
    /// Where it waits to be put right.
    pub place: Place,
    /// Changes of the sums since they were last added up afresh.
    pub age: u32,
    /// [`LABELS`], [`LOWER`] and [`METERS`]: who else has to know of a change.
    pub watched: u8,
    pub timing: Timing,
    /// Higher priorities, or the capacity, have changed since `left` was worked out.
    pub left_outdated: bool,
    /// What hangs here has a row and heads.
    pub has_row: bool,
    /// Runs at the level.
    pub clock: Clock,
    /// Between these levels the same classes stay here, each in its state: no cap is reached, and each reserve gives
    /// more than sharing where it does and less where it does not. The limits may be too narrow.
    pub low: f64,
    pub high: f64,
    /// As long as the level is not above this, nothing completes before the instant in the queue.
    pub timed_up_to: f64,
    /// Less than this, in units/s, is the rounding error of sums that reach the capacity.
    pub noise: f64,
    /// All classes of this priority whose path has the resource.
    pub members: Vec<Member>,
    /// The class that came last to hang here. If no other has since the node was empty, it needs neither row nor heads, for the
    /// path and the first mark of the class say the same.
    pub lone: u32,
    /// Among those whose members may have another first cause among equals.
    pub may_relabel: bool,
    /// Passing classes that may have this node as their cause: it comes before the one they hang on, or they have a
    /// reserve.
    pub claims: u32,
    pub resource: u32,
    /// Classes that hang here held up by their reserve.
    pub held: u32,
    /// Units carried for classes that have gone.
    pub carried: Sum,
    pub books: Books,
    /// Keeps the first lines of many nodes from competing for the same few places of a cache.
    _apart: [u64; 8],
}

// An odd number of cache lines.
const _: () = assert!(size_of::<Node>() == 320);
const _: () = assert!(std::mem::offset_of!(Node, clock) == 64 && std::mem::offset_of!(Node, members) == 128);

/// Some class that hangs elsewhere has the node as its cause.
pub(super) const LABELS: u8 = 1;
/// There is a node of the same resource with lower priority.
pub(super) const LOWER: u8 = 2;
/// Some hanging class has a meter.
pub(super) const METERS: u8 = 4;

/// What is needed of a node less often.
#[derive(Debug)]
pub(super) struct Books {
    pub heads: BinaryHeap<Head>,
    pub terms: Box<NodeTerms>,
    /// The node of the same resource with the next higher priority.
    pub upper: u32,
    /// And with the next lower one.
    pub lower: u32,
    /// Classes that hang elsewhere and still have this node as their cause, being the first among equals.
    pub labelled: u32,
    /// Lower is served first.
    pub rank: u8,
}

/// Reserves and meters of a node.
#[derive(Debug, Default)]
pub(super) struct NodeTerms {
    /// What the reserves of this priority take, the number of classes that have one, and what the reserves of all
    /// lower priorities take.
    pub promised: Sum,
    pub promises: u32,
    pub below: f64,
    /// Meters of hanging classes, each with the number of classes.
    pub meters: Vec<(u32, u32)>,
}

impl Books {
    pub fn new(rank: u8) -> Self {
        Self { heads: BinaryHeap::new(), terms: Box::default(), upper: NONE, lower: NONE, labelled: 0, rank }
    }
}

impl Books {
    /// Takes notice of the meters of a class that comes to hang here.
    pub fn count_meters(&mut self, meters: &[(MeterId, f64)]) {
        for &(meter, _) in meters {
            match self.terms.meters.iter_mut().find(|(known, _)| *known == meter.0) {
                Some((_, classes)) => *classes += 1,
                None => self.terms.meters.push((meter.0, 1)),
            }
        }
    }

    /// The opposite of [`count_meters`](Self::count_meters).
    pub fn discount_meters(&mut self, meters: &[(MeterId, f64)]) {
        for &(meter, _) in meters {
            if let Some(at) = self.terms.meters.iter().position(|(known, _)| *known == meter.0) {
                self.terms.meters[at].1 -= 1;
                if self.terms.meters[at].1 == 0 {
                    self.terms.meters.swap_remove(at);
                }
            }
        }
    }
}

impl Node {
    pub fn new(resource: u32, rank: u8, place: Place, capacity: f64, now: Moment) -> Self {
        Self {
            foreign: 0.0,
            alarm: capacity - FULL * capacity,
            ceiling: 0.0,
            left: capacity,
            weight: 0.0,
            level: 0.0,
            hanging: 0,
            place,
            age: 0,
            watched: 0,
            timing: Timing::Known,
            left_outdated: false,
            has_row: false,
            clock: Clock::starting(now),
            low: 0.0,
            high: f64::INFINITY,
            timed_up_to: 0.0,
            noise: FULL * capacity,
            lone: NONE,
            members: Vec::new(),
            may_relabel: false,
            claims: 0,
            resource,
            held: 0,
            carried: Sum::ZERO,
            books: Books::new(rank),
            _apart: [0; 8],
        }
    }

    /// To be called after a change of what `alarm` depends on.
    #[inline]
    pub fn set_alarm(&mut self) {
        self.alarm = if self.place.is_waiting() {
            f64::INFINITY
        } else if (self.hanging > 0) | (self.watched & (LABELS | LOWER) != 0) {
            f64::NEG_INFINITY
        } else {
            self.left - self.noise
        };
    }

    /// The level at which what hangs here takes what is left of the capacity; infinite if nothing hangs here, or nothing
    /// that could not rise.
    #[inline]
    pub fn target(&self) -> f64 {
        if self.hanging == 0 { f64::INFINITY } else { self.target_where_some_hang() }
    }

    /// The same where something does hang.
    #[inline]
    pub fn target_where_some_hang(&self) -> f64 {
        let spare = self.left - self.foreign;
        if spare <= self.noise || self.left <= 0.0 {
            0.0
        } else if self.weight > 0.0 {
            spare / self.weight
        } else {
            f64::INFINITY
        }
    }

    /// Units/s in use by this priority.
    pub fn load(&self) -> f64 {
        if self.hanging > 0 { self.left } else { self.foreign.max(0.0).min(self.left) }
    }

    /// Passing classes alone take more than there is.
    pub fn is_over_full(&self) -> bool {
        self.foreign > self.left + self.noise
    }

    /// Something has to be at another level here.
    pub fn needs_work(&self) -> bool {
        self.hanging > 0 || self.is_over_full()
    }

    /// All capacity is in use, so this may be somebody's cause without anybody hanging here.
    pub fn is_full(&self) -> bool {
        self.hanging > 0 || self.left <= 0.0 || self.foreign >= self.left - self.noise
    }

    /// Some passing class may be at the very level of this node.
    pub fn may_tie(&self) -> bool {
        if self.hanging > 0 { self.ceiling >= self.level * (1.0 - SAME) } else { self.is_full() }
    }

    #[inline]
    pub fn add_foreign(&mut self, change: f64, level: f64) {
        self.foreign += change;
        self.ceiling = if level > self.ceiling { level } else { self.ceiling };
    }

    /// At this level no class that hangs here has to go or change its state, and no passing one has to come.
    #[inline]
    pub fn keeps_its_classes_at(&self, level: f64) -> bool {
        let (above, below) = (level * (1.0 + SAME), level * (1.0 - SAME));
        (self.ceiling <= above) & (below <= self.high) & (below >= self.low) & (self.weight > 0.0)
    }

    /// Forgets what only rounding can have left of what passes, once nothing does.
    #[inline]
    pub fn drop_rounding_error(&mut self) {
        let passes = (self.members.len() != self.hanging as usize) | (self.held != 0);
        let kept = u64::from(passes).wrapping_neg();
        self.foreign = f64::from_bits(self.foreign.to_bits() & kept);
        self.ceiling = f64::from_bits(self.ceiling.to_bits() & kept);
    }

    /// Where this node should wait to be put right.
    #[inline]
    pub fn slot(&self) -> u16 {
        let level = if self.hanging > 0 { self.target() } else { self.ceiling * (self.left / self.foreign) };
        slot_of(level)
    }
}
