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

use super::node::{FULL, NONE, SAME, Timing, add_foreign, ask_to_look};
use super::sharing::Sharing;

/// A relative change of level smaller than this goes no further. Sums refer to the level last handed on, so nothing
/// adds up.
const STILL: f64 = 1e-14;
/// Sums are added up afresh after this many changes, before rounding errors matter.
const OLD: u16 = 10_000;

impl Sharing {
    /// Works off what is disturbed. False if that took too many steps; then levels are not to be trusted.
    pub(super) fn ripple(&mut self) -> bool {
        let mut steps = 100 + 20 * self.nodes.len();
        while let Some((early, number)) = self.front.work.first() {
            if self.nodes[number as usize].left_outdated {
                self.refresh_left(number);
            }
            let node = &self.nodes[number as usize];
            let order = node.order();
            if order > early && (node.hanging > 0 || node.is_over_full()) {
                self.front.work.set(number, order);
                if self.front.work.first() != Some((order, number)) {
                    continue;
                }
            }
            if steps == 0 {
                return false;
            }
            steps -= 1;
            self.front.work.remove(number);
            self.relevel(number);
        }
        true
    }

    /// What higher priorities leave of the capacity.
    pub(super) fn refresh_left(&mut self, number: u32) {
        let node = &self.nodes[number as usize];
        let capacity = self.resources[node.books.resource as usize].capacity;
        let mut left = capacity;
        if node.books.upper != NONE {
            let upper = &self.nodes[node.books.upper as usize];
            left = upper.left - upper.load();
            if left <= FULL * capacity {
                left = 0.0;
            }
        }
        let node = &mut self.nodes[number as usize];
        node.left_outdated = false;
        if left.to_bits() != node.left.to_bits() {
            self.front.touch(number, node, self.now);
            node.settle_carried(self.now);
            node.left = left;
            let lower = node.lower;
            ask_to_look(&mut self.nodes, &mut self.front, lower);
        }
    }

    fn relevel(&mut self, number: u32) {
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
        while target > self.nodes[number as usize].books.cap_floor * (1.0 + SAME) {
            self.let_go(number);
            target = self.nodes[number as usize].target();
        }
        self.front.work.remove(number);
        let node = &self.nodes[number as usize];
        if node.hanging > 0 && (target - node.level).abs() > STILL * target.max(node.level) {
            self.set_level(number, target);
        }
    }

    /// Lets passing classes that stand above this node's level hang here, highest first.
    fn pull(&mut self, number: u32) {
        let mut above = std::mem::take(&mut self.candidates);
        above.clear();
        let node = &self.nodes[number as usize];
        let bar = if node.hanging > 0 { node.target() * (1.0 + SAME) } else { 0.0 };
        let mut rest = 0.0_f64;
        for member in &node.books.members {
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
        for member in &self.nodes[number as usize].books.members {
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
            self.nodes[number as usize].books.cap_floor = rest;
        }
        self.candidates = below;
    }

    /// Takes the new level and hands the difference on.
    fn set_level(&mut self, number: u32, level: f64) {
        let now = self.now;
        let Self { nodes, front, meters, dirty_meters, .. } = self;
        let node = &mut nodes[number as usize];
        front.touch(number, node, now);
        let difference = level - node.level;
        node.books.clock.settle(node.level, now);
        node.level = level;
        if difference > 0.0 {
            node.timing = Timing::Unknown;
        } else if node.timing == Timing::Known {
            node.timing = Timing::TooEarly;
        }
        for &(meter, _) in &node.books.meters {
            if !std::mem::replace(&mut meters[meter as usize].is_dirty, true) {
                dirty_meters.push(meter);
            }
        }
        let row = std::mem::take(&mut node.books.row);
        for entry in &row.0 {
            add_foreign(nodes, front, entry.target, entry.weight * difference, level, now);
        }
        nodes[number as usize].books.row = row;
    }

    /// The sums of a node from its classes.
    pub(super) fn sum_afresh(&mut self, number: u32) {
        let (mut weight, mut foreign) = (0.0, 0.0);
        for member in &self.nodes[number as usize].books.members {
            let use_per_level = member.factor * self.classes[member.class].mass();
            if self.classes[member.class].hang == number {
                weight += use_per_level;
            } else {
                foreign += use_per_level * self.level(member.class);
            }
        }
        let Self { nodes, classes, .. } = self;
        let node = &mut nodes[number as usize];
        self.front.touch(number, node, self.now);
        (node.weight, node.foreign, node.age) = (weight, foreign, 0);
        let books = &mut *node.books;
        books.row.0.clear();
        for class in books.members.iter().map(|member| &classes[member.class]).filter(|class| class.hang == number) {
            for step in class.path.iter().filter(|step| step.node != number) {
                books.row.add(step.node, step.factor * class.mass(), 1);
            }
        }
    }

    /// Gives each class on a node its first cause among equals: the lowest resource of its path that is full at the
    /// very level of the class.
    pub(super) fn relabel_members(&mut self, number: u32) {
        self.find_ceiling(number);
        if !self.nodes[number as usize].may_tie() && !self.nodes[number as usize].has_labels {
            return;
        }
        for at in 0..self.nodes[number as usize].books.members.len() {
            let class = self.nodes[number as usize].books.members[at].class;
            let first = self.first_cause(class);
            if first != self.classes[class].label {
                self.set_label(class, first);
            }
        }
    }

    fn find_ceiling(&mut self, number: u32) {
        let passing =
            self.nodes[number as usize].books.members.iter().filter(|member| self.classes[member.class].hang != number);
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
