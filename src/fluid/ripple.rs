//! The pass: from changed sums to new levels, touching only what a change reaches.
//!
//! Every class hangs on one node of its path (or is at its cap), and every node on which something hangs has a
//! *level*: what passing traffic leaves of its capacity, per weight hanging there. The rates are the weighted
//! max-min fair ones exactly when
//!
//! - no class passes a node at a higher level than the node's own,
//! - no class hangs on a node at a higher level than that of its cap,
//! - no node is over-full with passing traffic alone.
//!
//! For then every class hangs on a full resource where nobody is better off, or is at its cap. Arrivals, departures
//! and new capacities disturb the sums of a few nodes; these are put right from the lowest level upwards: a node
//! pulls over the passing classes that stand too high, highest first, lets go those above their cap, takes its new
//! level, and hands the difference on to the nodes where its classes also go. Priorities are separate nodes of the
//! same resource, each with what the ones above leave; they are put right in that order.
//!
//! That a pass ends is not proven, so its steps are bounded; beyond the bound the part is filled from nothing.

use super::node::{FULL, NONE, SAME, Timing};
use super::sharing::Sharing;
use super::work::slot_of;

/// A relative change of level smaller than this goes no further. Sums refer to the level last handed on, so nothing
/// adds up.
const STILL: f64 = 1e-14;
/// Sums are added up afresh after this many changes, before rounding errors matter.
const OLD: u16 = 10_000;

impl Sharing {
    /// Works off what is disturbed. False if that took too many steps; then levels are not to be trusted.
    pub(super) fn ripple(&mut self) -> bool {
        let mut steps = 100 + 20 * self.nodes.len();
        loop {
            while let Some(upper) = self.front.to_lower.pop() {
                self.ask_to_look(self.books[upper as usize].lower);
            }
            let Some((number, slot)) = self.front.work.first() else { return true };
            let node = &mut self.nodes[number as usize];
            if node.left_outdated {
                self.refresh_left(number);
                continue;
            }
            if !node.needs_work() {
                self.front.work.remove(number, &mut node.place);
                continue;
            }
            let target = node.target();
            let present = if node.hanging > 0 { slot_of(target) } else { node.slot() };
            if present > slot {
                self.front.work.postpone(number, &mut node.place, present);
                continue;
            }
            if steps == 0 {
                return false;
            }
            steps -= 1;
            let stays = node.ceiling <= target * (1.0 + SAME) && target <= node.cap_floor * (1.0 + SAME);
            if stays && node.hanging > 0 && node.age <= OLD {
                self.front.work.pop(number, &mut node.place);
                self.hand_on(number, target);
            } else {
                self.reseat(number);
            }
        }
    }

    /// What higher priorities leave of the capacity.
    pub(super) fn refresh_left(&mut self, number: u32) {
        let books = &self.books[number as usize];
        let capacity = self.resources[books.resource as usize].capacity;
        let mut left = capacity;
        if let Some(upper) = self.nodes.get(books.upper as usize) {
            left = upper.left - upper.load();
            if left <= FULL * capacity {
                left = 0.0;
            }
        }
        let node = &mut self.nodes[number as usize];
        node.left_outdated = false;
        if left.to_bits() != node.left.to_bits() {
            node.left = left;
            self.front.relabel(number, node);
            self.front.leave_to_lower(number, node);
        }
    }

    /// Puts a node right that other classes may have to hang on, or fewer.
    fn reseat(&mut self, number: u32) {
        if self.nodes[number as usize].age > OLD {
            self.sum_afresh(number);
        }
        let node = &self.nodes[number as usize];
        let mut target = node.target();
        if node.ceiling > target * (1.0 + SAME) || (node.hanging == 0 && node.is_over_full()) {
            self.pull(number);
            target = self.nodes[number as usize].target();
        }
        // Those let go leave more to the others, which may then reach their caps.
        while target > self.nodes[number as usize].cap_floor * (1.0 + SAME) {
            self.let_go(number);
            target = self.nodes[number as usize].target();
        }
        let node = &mut self.nodes[number as usize];
        self.front.work.remove(number, &mut node.place);
        if node.hanging > 0 {
            self.hand_on(number, target);
        } else {
            self.front.relabel(number, node);
        }
    }

    /// Takes the new level, if it is one, and hands the difference on.
    #[inline(always)]
    fn hand_on(&mut self, number: u32, level: f64) {
        let Self { nodes, front, .. } = self;
        let node = &mut nodes[number as usize];
        let difference = level - node.level;
        if difference.abs() > STILL * level.max(node.level) {
            node.clock.settle(node.level, self.now);
            node.level = level;
            if level > node.timed_up_to {
                front.time(number, node);
            } else if node.timing == Timing::Known {
                node.timing = Timing::TooEarly;
            }
            let row = std::mem::take(&mut node.row);
            for entry in &row.0 {
                let node = &mut nodes[entry.target as usize];
                node.add_foreign(entry.weight * difference, level);
                if node.hanging > 0 {
                    if !node.place.is_waiting() {
                        // Its new level is close to its old one, and asked for when it comes first.
                        front.work.enter(entry.target, &mut node.place, slot_of(node.level));
                    }
                } else if !node.is_quiet() {
                    front.look_into(entry.target, node);
                }
            }
            nodes[number as usize].row = row;
            if nodes[number as usize].has_meters {
                self.dirty_meters_on(number);
            }
        }
        self.front.relabel(number, &mut self.nodes[number as usize]);
    }

    /// Lets passing classes that stand above this node's level hang here, highest first.
    fn pull(&mut self, number: u32) {
        let mut above = std::mem::take(&mut self.candidates);
        above.clear();
        let node = &self.nodes[number as usize];
        let bar = if node.hanging > 0 { node.target() * (1.0 + SAME) } else { 0.0 };
        let mut rest = 0.0_f64;
        for member in &self.books[number as usize].members {
            if self.classes[member.class].hang == number {
                continue;
            }
            let level = self.level(member.class);
            if level > bar { above.push((level, member.class)) } else { rest = rest.max(level) }
        }
        above.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for &(level, class) in &above {
            let node = &self.nodes[number as usize];
            let must = if node.hanging > 0 { level > node.target() * (1.0 + SAME) } else { node.is_over_full() };
            if !must {
                rest = rest.max(level);
                break;
            }
            let service = self.detach(class);
            self.attach(class, number, level, service);
        }
        self.nodes[number as usize].ceiling = rest;
        self.candidates = above;
    }

    /// Gives hanging classes whose cap is below this node's level their own clock, lowest cap first.
    fn let_go(&mut self, number: u32) {
        let mut below = std::mem::take(&mut self.candidates);
        below.clear();
        let target = self.nodes[number as usize].target();
        let mut rest = f64::INFINITY;
        for member in &self.books[number as usize].members {
            let class = &self.classes[member.class];
            if class.hang == number {
                if class.cap_level < target {
                    below.push((class.cap_level, member.class))
                } else {
                    rest = rest.min(class.cap_level)
                }
            }
        }
        below.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for &(cap_level, class) in &below {
            if cap_level * (1.0 + SAME) >= self.nodes[number as usize].target() {
                rest = rest.min(cap_level);
                break;
            }
            let service = self.detach(class);
            self.attach(class, NONE, cap_level, service);
        }
        if self.nodes[number as usize].hanging > 0 {
            self.nodes[number as usize].cap_floor = rest;
        }
        self.candidates = below;
    }

    fn dirty_meters_on(&mut self, number: u32) {
        for &(meter, _) in &self.books[number as usize].meters {
            if !std::mem::replace(&mut self.meters[meter as usize].is_dirty, true) {
                self.dirty_meters.push(meter);
            }
        }
    }

    /// The sums of a node from its classes.
    pub(super) fn sum_afresh(&mut self, number: u32) {
        let (mut weight, mut foreign) = (0.0, 0.0);
        let mut row = std::mem::take(&mut self.nodes[number as usize].row);
        row.0.clear();
        for member in &self.books[number as usize].members {
            let class = &self.classes[member.class];
            let use_per_level = member.factor * class.mass;
            if class.hang != number {
                foreign += use_per_level * self.level(member.class);
                continue;
            }
            weight += use_per_level;
            for step in class.path.iter().filter(|step| step.node != number) {
                row.add(step.node, step.factor * class.mass, 1, step.entry);
            }
        }
        let node = &mut self.nodes[number as usize];
        (node.weight, node.foreign, node.age, node.row) = (weight, foreign, 0, row);
    }

    /// Gives each class on a node its first cause among equals: the lowest resource of its path that is full at the
    /// very level of the class.
    pub(super) fn relabel_members(&mut self, number: u32) {
        self.find_ceiling(number);
        if !self.nodes[number as usize].may_tie() && !self.nodes[number as usize].has_labels {
            return;
        }
        for at in 0..self.books[number as usize].members.len() {
            let class = self.books[number as usize].members[at].class;
            let first = self.first_cause(class);
            if first != self.classes[class].label {
                self.set_label(class, first);
            }
        }
    }

    fn find_ceiling(&mut self, number: u32) {
        let members = self.books[number as usize].members.iter();
        let passing = members.filter(|member| self.classes[member.class].hang != number);
        let ceiling = passing.map(|member| self.level(member.class)).fold(0.0, f64::max);
        self.nodes[number as usize].ceiling = ceiling;
    }

    /// The node to name as the cause, or `NONE` for where the class hangs.
    fn first_cause(&mut self, class: u32) -> u32 {
        let level = self.level(class) * (1.0 + SAME);
        for step in 0..self.classes[class].path.len() {
            let number = self.classes[class].path[step].node;
            if number == self.classes[class].hang {
                break;
            }
            let node = &self.nodes[number as usize];
            if node.hanging > 0 {
                if node.level <= level {
                    return number;
                }
            } else if node.is_full() {
                if node.ceiling > level {
                    self.find_ceiling(number);
                }
                if self.nodes[number as usize].ceiling <= level {
                    return number;
                }
            }
        }
        NONE
    }
}
