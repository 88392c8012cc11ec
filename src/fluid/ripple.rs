//! The pass: from changed sums to new levels, touching only what a change reaches.
//!
//! Every class hangs on one node of its path (or is at its cap), and every node on which something hangs has a
//! *level*: what passing traffic leaves of its capacity, per weight hanging there. The rates are the weighted
//! max-min fair ones exactly when
//!
//! - no class passes a node at a higher level than the node's own,
//! - no class hangs on a node at a higher level than that of its cap, or goes without more where its reserve gives more, or takes its level where its reserve is more,
//! - no node is over-full with passing traffic alone.
//!
//! For then every class hangs on a full resource where nobody is better off, or is at its cap. Arrivals, departures
//! and new capacities disturb the sums of a few nodes; these are put right from the lowest level upwards: a node
//! pulls over the passing classes that stand too high, highest first, lets go those above their cap, takes its new
//! level, and hands the difference on to the nodes where its classes also go. Priorities are separate nodes of the
//! same resource, each with what the ones above leave; they are put right in that order.
//!
//! That a pass ends is not proven, so its steps are bounded; beyond the bound the part is filled from nothing.

use super::class::Classes;
use super::exact::Moment;
use super::front::Front;
use super::node::{FULL, METERS, NONE, Node, Row, SAME, Timing};
use super::sharing::Sharing;
use super::work::slot_of;

/// A relative change of level smaller than this goes no further. Sums refer to the level last handed on, so nothing
/// adds up.
const STILL: f64 = 1e-14;
/// Sums are added up afresh after this many changes, before rounding errors matter.
const OLD: u32 = 10_000;
/// A node that will rise by no more than so many slots, half as much again, has its turn where its old level stands: looking
/// for a better place costs more than the wrong order does.
const LATER: u16 = 32;
/// So many changes handed on are counted at a time.
const SOME: u32 = 64;
/// How often in a row classes of one node may reach their caps or reserves before others have their turn.
const PATIENCE: u32 = 100;

/// Why a node cannot just take its new level.
enum Wants {
    /// What higher priorities leave has to be worked out.
    NewLeft,
    /// Some class may have to hang here, or no longer.
    OtherClasses,
    /// The pass has taken too long.
    ToStop,
}

/// What a pass changes and reads.
struct Pass<'a> {
    nodes: &'a mut [Node],
    rows: &'a [Row],
    classes: &'a Classes,
    front: &'a mut Front,
    now: Moment,
}

impl Pass<'_> {
    /// Gives nodes their new levels, lowest first, as long as the same classes stay on each. The next one that wants
    /// more, if any does; it still waits.
    fn relevel(&mut self, steps: &mut usize) -> Option<(u32, Wants)> {
        while self.front.to_lower.is_empty()
            && let Some((number, slot)) = self.front.work.first()
        {
            let node = &mut self.nodes[number as usize];
            if *steps == 0 {
                return Some((number, Wants::ToStop));
            }
            if node.left_outdated | (node.hanging == 0) {
                if !node.left_outdated && !node.is_over_full() {
                    self.front.release(number, node);
                    self.front.look_into_empty(number, node);
                    continue;
                }
                *steps -= 1;
                return Some((number, if node.left_outdated { Wants::NewLeft } else { Wants::OtherClasses }));
            }
            let target = node.target_where_some_hang();
            let present = slot_of(target);
            if (present > slot.saturating_add(LATER)) & !self.front.work.is_single() {
                self.front.work.postpone(number, &mut node.place, present);
                continue;
            }
            *steps -= 1;
            if !node.keeps_its_classes_at(target) | (node.age > OLD) {
                return Some((number, Wants::OtherClasses));
            }
            self.front.work.remove(number, &mut node.place);
            node.alarm = f64::NEG_INFINITY;
            self.hand_on(number, target);
        }
        None
    }

    /// Lets a node take a new level, if it is one, and hands the difference on to where its classes also go.
    #[inline(always)]
    fn hand_on(&mut self, number: u32, level: f64) {
        let node = &mut self.nodes[number as usize];
        let difference = level - node.level;
        let changes = difference.abs() > STILL * if level > node.level { level } else { node.level };
        if changes {
            node.clock.settle(node.level, self.now);
            node.level = level;
            node.age += 1;
            if level > node.timed_up_to {
                self.front.time(number, node);
            } else {
                node.timing = if node.timing == Timing::Known { Timing::TooEarly } else { node.timing };
            }
        }
        if (node.ceiling >= node.level * (1.0 - SAME)) | (node.watched != 0) {
            if changes && node.watched & METERS != 0 {
                self.front.metered.push(number);
            }
            self.front.relabel(number, node);
        }
        if !changes {
            return;
        }
        if node.age.is_multiple_of(SOME) {
            self.age_targets(number);
        }
        let node = &self.nodes[number as usize];
        if node.has_row {
            for entry in &self.rows[number as usize].0 {
                hand_to(self.nodes, self.front, entry.target, entry.weight * difference, level);
            }
            return;
        }
        let class = &self.classes[node.lone];
        let difference = if class.held { 0.0 } else { class.mass * difference };
        for (at, step) in (0..).zip(&class.path) {
            if at != class.hang_step {
                hand_to(self.nodes, self.front, step.node, step.factor * difference, level);
            }
        }
    }

    /// Counts the changes that a node has handed on.
    #[cold]
    fn age_targets(&mut self, number: u32) {
        let node = &self.nodes[number as usize];
        if node.has_row {
            for entry in &self.rows[number as usize].0 {
                self.nodes[entry.target as usize].age += SOME;
            }
        } else {
            for step in &self.classes[node.lone].path {
                self.nodes[step.node as usize].age += SOME;
            }
        }
    }
}

/// Tells a node that what passes takes another rate.
#[inline]
fn hand_to(nodes: &mut [Node], front: &mut Front, number: u32, change: f64, level: f64) {
    let node = &mut nodes[number as usize];
    node.add_foreign(change, level);
    if node.foreign >= node.alarm {
        front.wake(number, node);
    }
}

impl Sharing {
    /// Works off what is disturbed. False if that took too many steps; then levels are not to be trusted.
    pub(super) fn ripple(&mut self) -> bool {
        let mut steps = self.most_steps.unwrap_or(100 + 20 * self.nodes.len());
        loop {
            while let Some(upper) = self.front.to_lower.pop() {
                self.ask_to_look(self.nodes[upper as usize].books.lower);
            }
            if self.front.work.is_empty() {
                return true;
            }
            let (number, wants) = match self.pass().relevel(&mut steps) {
                Some(found) => found,
                None if self.front.to_lower.is_empty() => return true,
                None => continue,
            };
            match wants {
                Wants::NewLeft => self.refresh_left(number),
                Wants::OtherClasses => self.reseat(number),
                Wants::ToStop => return false,
            }
        }
    }

    #[inline]
    fn pass(&mut self) -> Pass<'_> {
        Pass {
            nodes: &mut self.nodes,
            rows: &self.rows,
            classes: &self.classes,
            front: &mut self.front,
            now: self.moment,
        }
    }

    /// What higher priorities leave of the capacity.
    pub(super) fn refresh_left(&mut self, number: u32) {
        let node = &self.nodes[number as usize];
        let (books, capacity) = (&node.books, self.resources[node.resource as usize].capacity);
        // Where reserves do not fit, filling from nothing knows what they get.
        let counts = if self.overpromised > 0 { 0.0 } else { 1.0 };
        let mut left = capacity;
        if let Some(upper) = self.nodes.get(books.upper as usize) {
            left = upper.left + counts * self.nodes[books.upper as usize].books.terms.below - upper.load();
        }
        left -= counts * books.terms.below;
        // What is left, or reserved, is met exactly where only rounding is between.
        let noise = FULL * capacity;
        let promised = counts * books.terms.promised.value();
        if left <= noise {
            left = 0.0;
        } else if (left - promised).abs() <= noise {
            left = promised;
        }
        let node = &mut self.nodes[number as usize];
        node.noise = noise;
        node.left_outdated = false;
        let is_new = left.to_bits() != node.left.to_bits();
        node.left = left;
        node.set_alarm();
        if is_new {
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
        let mut is_done = false;
        // Those let go leave more to the others, which may then reach their caps.
        for _ in 0..PATIENCE {
            let node = &self.nodes[number as usize];
            let stays = target <= node.high * (1.0 + SAME) && target >= node.low * (1.0 + SAME);
            if node.hanging == 0 || stays && node.weight > 0.0 || !self.let_go(number) {
                is_done = true;
                break;
            }
            target = self.nodes[number as usize].target();
        }
        let node = &mut self.nodes[number as usize];
        if node.hanging > 0 && (!is_done || node.ceiling > target * (1.0 + SAME)) {
            // Some of those let go stand above the level that came of it, or there is no end of them yet.
            self.front.consider(number, node);
            return;
        }
        self.front.release(number, node);
        if node.hanging > 0 {
            // Nothing rises where reserves take all there is.
            let level = if target < f64::INFINITY { target } else { 0.0 };
            self.pass().hand_on(number, level);
        } else {
            self.front.relabel(number, node);
        }
    }

    /// Lets passing classes that stand above this node's level hang here, highest first.
    fn pull(&mut self, number: u32) {
        let mut above = std::mem::take(&mut self.candidates);
        above.clear();
        let node = &self.nodes[number as usize];
        let bar = if node.hanging > 0 { node.target() * (1.0 + SAME) } else { 0.0 };
        let mut rest = 0.0_f64;
        for member in &self.nodes[number as usize].members {
            if self.classes[member.class].hang == number {
                continue;
            }
            let level = self.level(member.class);
            if level > bar { above.push((level, member.class, member.step)) } else { rest = rest.max(level) }
        }
        above.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for &(level, class, step) in &above {
            let node = &self.nodes[number as usize];
            let must = if node.hanging > 0 { level > node.target() * (1.0 + SAME) } else { node.is_over_full() };
            if !must {
                rest = rest.max(level);
                break;
            }
            if self.classes[class].has_own_clock() {
                let service = self.detach(class);
                self.attach(class, number, step, level, service);
            } else {
                self.hang_elsewhere(class, number, step);
            }
            if self.classes[class].floor_level >= level && level > 0.0 {
                // Its reserve gives more than this node will, so its weight must not count for the others.
                self.set_held(class, true);
            }
        }
        self.nodes[number as usize].ceiling = rest;
        self.candidates = above;
    }

    /// Gives hanging classes whose cap is below this node's level their own clock, lowest cap first, and has reserves
    /// hold up those for which the level is too low. False if everything was in its place.
    fn let_go(&mut self, number: u32) -> bool {
        let node = &self.nodes[number as usize];
        let (mut low, mut high, mut has_changed) = (0.0, f64::INFINITY, false);
        if node.low > 0.0 || self.nodes[number as usize].held > 0 {
            (low, high, has_changed) = self.hold_and_release(number);
        }
        let mut below = std::mem::take(&mut self.candidates);
        below.clear();
        let target = self.nodes[number as usize].target();
        for member in &self.nodes[number as usize].members {
            let class = &self.classes[member.class];
            if class.hang == number && !class.held {
                if class.cap_level < target {
                    below.push((class.cap_level, member.class, NONE))
                } else {
                    high = high.min(class.cap_level)
                }
            }
        }
        below.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for &(cap_level, class, _) in &below {
            if cap_level * (1.0 + SAME) >= self.nodes[number as usize].target() {
                high = high.min(cap_level);
                break;
            }
            let service = self.detach(class);
            self.attach(class, NONE, NONE, cap_level, service);
            has_changed = true;
        }
        let node = &mut self.nodes[number as usize];
        if node.hanging > 0 {
            (node.low, node.high) = (low, high);
        }
        self.candidates = below;
        has_changed
    }

    /// What the meters show of classes on this node has changed.
    pub(super) fn dirty_meters_on(&mut self, number: u32) {
        for &(meter, _) in self.nodes[number as usize].books.terms.meters.iter() {
            if !std::mem::replace(&mut self.meters[meter as usize].is_dirty, true) {
                self.dirty_meters.push(meter);
            }
        }
    }

    /// The sums of a node from its classes.
    pub(super) fn sum_afresh(&mut self, number: u32) {
        let (mut weight, mut foreign) = (0.0, 0.0);
        let mut row = std::mem::take(&mut self.rows[number as usize]);
        row.0.clear();
        let keeps_row = self.nodes[number as usize].has_row;
        for member in &self.nodes[number as usize].members {
            let class = &self.classes[member.class];
            let use_per_level = member.factor * class.mass;
            if class.hang != number || class.held {
                foreign += use_per_level * self.rate_level(member.class);
            } else {
                weight += use_per_level;
            }
            if class.hang == number && keeps_row {
                let mass = if class.held { 0.0 } else { class.mass };
                for step in class.path.iter().filter(|step| step.node != number) {
                    row.add(step.node, step.factor * mass, 1, step.entry);
                }
            }
        }
        let node = &mut self.nodes[number as usize];
        (node.weight, node.foreign, node.age) = (weight, foreign, 0);
        self.rows[number as usize] = row;
    }
}
