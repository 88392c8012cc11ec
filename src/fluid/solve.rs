//! From what was touched to new rates, and telling everyone concerned.

use super::exact::{Instant, Sum};
use super::node::{SAME, Timing};
use super::sharing::Sharing;
use super::types::Cause;

/// Levels often change a little, and what does not come soon need not be known exactly: a node is timed for a level
/// this much higher, and again only when it rises further or comes first.
const SLACK: f64 = 1.0 + 1.0 / 16.0;

impl Sharing {
    /// Brings all rates up to date with the changes since the last solve.
    #[inline]
    pub(super) fn solve(&mut self) {
        if self.is_dirty() {
            self.solve_dirty();
        }
    }

    fn solve_dirty(&mut self) {
        if self.front.is_touched {
            if self.overpromised > 0 {
                self.refill();
            } else {
                if !self.front.to_fill.is_empty() {
                    self.hang_afresh();
                }
                if !self.ripple() {
                    self.fallbacks += 1;
                    self.fill_everything();
                    self.refill();
                }
            }
            self.finish_pass();
        }
        if self.dirty_meters.is_empty() {
            return;
        }
        for at in 0..self.dirty_meters.len() {
            self.set_meter(self.dirty_meters[at]);
        }
        self.dirty_meters.clear();
    }

    /// Whether changes wait for a solve.
    #[inline]
    pub(super) fn is_dirty(&self) -> bool {
        self.front.is_touched || !self.dirty_meters.is_empty()
    }

    /// Causes, completions and meters of all that was touched.
    fn finish_pass(&mut self) {
        while let Some(number) = self.front.ties.pop() {
            self.nodes[number as usize].may_relabel = false;
            if self.overpromised == 0 {
                self.relabel_members(number);
            }
        }
        for at in 0..self.front.metered.len() {
            self.dirty_meters_on(self.front.metered[at]);
        }
        self.front.metered.clear();
        // What has just completed is still first.
        let first = self.queue.first().map(|(_, id)| id);
        while let Some(number) = self.front.untimed.pop() {
            let node = &self.nodes[number as usize];
            let changes_little = node.level < node.timed_up_to * SLACK;
            self.time_node(number, !changes_little || first == Some(2 * number));
        }
        while let Some(class) = self.front.untimed_classes.pop() {
            self.time_class(class);
        }
        self.front.is_touched = false;
    }

    /// The next completion of all.
    pub(super) fn next_completion(&mut self) -> Option<(Instant, u32)> {
        loop {
            let first = self.queue.first();
            match first {
                Some((_, id)) if id % 2 == 0 && self.nodes[(id / 2) as usize].timing != Timing::Known => {
                    self.time_node(id / 2, true);
                }
                _ => return first,
            }
        }
    }

    /// Puts the next completion among what hangs on a node into the queue: exactly, or early enough that it stays right
    /// for a level up to [`SLACK`] times the present one.
    pub(super) fn time_node(&mut self, number: u32, exactly: bool) {
        let head = self.first_head(number);
        let node = &mut self.nodes[number as usize];
        (node.timing, node.timed_up_to) =
            if exactly { (Timing::Known, node.level) } else { (Timing::TooEarly, node.level * SLACK) };
        let next = match head {
            Some(at) => {
                let left = at.minus(node.clock.read(node.level, self.moment));
                if left > 0.0 { self.now.after(left / node.timed_up_to) } else { self.now }
            }
            None => Instant::NEVER,
        };
        if next < Instant::NEVER { self.queue.set(2 * number, next) } else { self.queue.remove(2 * number) }
    }

    /// The first finish mark of what hangs on a node, on the node's clock.
    #[inline]
    fn first_head(&mut self, number: u32) -> Option<Sum> {
        let node = &self.nodes[number as usize];
        if !node.has_row {
            if node.hanging == 0 {
                return None;
            }
            let class = &mut self.classes[node.lone];
            let mark = class.live_head(&self.flows, node.lone).filter(|_| !class.held);
            return mark.map(|mark| mark.at().less(class.offset));
        }
        let heads = &mut self.nodes[number as usize].books.heads;
        while heads.peek().is_some_and(|head| self.classes.stamp(head.class) != head.stamp) {
            heads.pop();
        }
        heads.peek().map(|head| head.at)
    }

    /// The same for a class with its own clock.
    fn time_class(&mut self, class: u32) {
        self.classes[class].is_untimed = false;
        if !self.classes[class].has_own_clock() || self.classes[class].count == 0 {
            return;
        }
        let level = self.classes[class].level;
        let next = self.live_head(class).map_or(Instant::NEVER, |mark| {
            let left = mark.at().minus(self.service(class));
            if left > 0.0 { self.now.after(left / level) } else { self.now }
        });
        if next < Instant::NEVER { self.queue.set(2 * class + 1, next) } else { self.queue.remove(2 * class + 1) }
    }

    fn set_meter(&mut self, number: u32) {
        let mut meter = std::mem::take(&mut self.meters[number as usize].members);
        let rate_of = |class: u32| self.classes[class].mass * self.rate_level(class);
        let rate = meter.iter().map(|member| member.factor * rate_of(member.class)).sum();
        let saturating = &self.meters[number as usize].saturating;
        let bound = meter.iter().any(|member| match self.classes[member.class].cause {
            Cause::Resource(resource) => saturating.binary_search(&resource.0).is_ok(),
            Cause::Named(_) => false,
        });
        let state = &mut self.meters[number as usize];
        std::mem::swap(&mut state.members, &mut meter);
        state.settle(self.now);
        (state.rate, state.bound, state.is_dirty) = (rate, bound, false);
        if (rate - state.told).abs() > SAME * rate.abs().max(state.told.abs()) {
            state.told = rate;
            if !std::mem::replace(&mut state.is_changed, true) {
                self.changed_meters.push(number);
            }
        }
    }
}
