//! Reserves that fit: which classes they hold up, and what they leave to others.
//!
//! A class with a reserve hangs on its bottleneck like any other, but where the node's level would give it less than its
//! reserve it is *held*: it takes its reserve, counts among what passes, and has its own clock. It still stands at the
//! level of the node, so whether another node should be its bottleneck, and which of equals is its cause, is found
//! as for everybody else.
//!
//! A priority has only what the reserves of lower ones leave. Where the reserves on some resource do not fit
//! (*overpromised*), parts that change are filled from nothing instead, see `refill`.

use super::exact::Sum;
use super::node::{Clock, NONE, SAME};
use super::sharing::Sharing;

/// A class with a reserve among those that hang on a node.
struct Promise {
    floor_level: f64,
    class: u32,
    /// Use per level.
    weight: f64,
}

impl Sharing {
    /// Takes notice of flows, and with `classes` of a class, that come with a reserve or go.
    pub(super) fn promise(&mut self, class: u32, flows: i32, classes: i32) {
        let floor = self.classes[class].spec.terms.floor();
        for at in 0..self.classes[class].path.len() {
            let step = self.classes[class].path[at];
            let change = f64::from(flows) * step.factor * floor;
            let terms = &mut self.nodes[step.node as usize].books.terms;
            terms.promises = terms.promises.wrapping_add_signed(classes);
            terms.promised = if terms.promises == 0 { Sum::ZERO } else { terms.promised.plus(change) };
            let resource = self.nodes[step.node as usize].resource;
            self.refresh_below(resource);
            self.count_overpromised(resource);
        }
    }

    /// What the reserves of lower priorities take, for every node of a resource.
    fn refresh_below(&mut self, resource: u32) {
        let mut below = 0.0_f64;
        for at in (0..self.resources[resource as usize].nodes.len()).rev() {
            let node = self.resources[resource as usize].nodes[at];
            let books = &mut self.nodes[node as usize].books;
            if books.terms.below.to_bits() != below.to_bits() {
                books.terms.below = below;
                let lower = books.lower;
                self.ask_to_look(node);
                if lower != NONE {
                    self.ask_to_look(lower);
                }
            }
            below += self.nodes[node as usize].books.terms.promised.value();
        }
    }

    /// Takes notice of a resource whose reserves no longer fit, or fit again.
    pub(super) fn count_overpromised(&mut self, resource: u32) {
        let state = &self.resources[resource as usize];
        let promised: f64 =
            state.nodes.iter().map(|&node| self.nodes[node as usize].books.terms.promised.value()).sum();
        let is_over = promised > state.capacity * (1.0 + SAME);
        if is_over != state.overpromised {
            self.resources[resource as usize].overpromised = is_over;
            if is_over {
                self.overpromised += 1
            } else {
                self.overpromised -= 1
            }
            if self.overpromised == usize::from(is_over) {
                // From now on everything is filled from nothing, or nothing any more.
                self.fill_everything();
            }
        }
    }

    /// Decides which classes on a node are held: from the highest reserve down, those to which the level of the
    /// others gives less. Gives the limits between which that stays so, and whether it is new.
    pub(super) fn hold_and_release(&mut self, number: u32) -> (f64, f64, bool) {
        let mut promises = self.promises_on(number);
        promises.sort_unstable_by(|a, b| b.floor_level.total_cmp(&a.floor_level).then(a.class.cmp(&b.class)));
        let node = &self.nodes[number as usize];
        let (mut left, mut weight) = (node.left - node.foreign, node.weight);
        for promise in promises.iter().filter(|promise| self.classes[promise.class].held) {
            left += promise.weight * promise.floor_level;
            weight += promise.weight;
        }
        let mut held = 0;
        for promise in &promises {
            // Where sharing gives the same, the reserve counts.
            if promise.floor_level * weight * (1.0 + SAME) <= left {
                break;
            }
            left -= promise.weight * promise.floor_level;
            weight -= promise.weight;
            held += 1;
        }
        let mut has_changed = false;
        for (at, promise) in promises.iter().enumerate() {
            has_changed |= self.set_held(promise.class, at < held);
        }
        let low = promises.get(held).map_or(0.0, |promise| promise.floor_level);
        let high = promises[..held].last().map_or(f64::INFINITY, |promise| promise.floor_level);
        (low, high, has_changed)
    }

    fn promises_on(&self, number: u32) -> Vec<Promise> {
        let members = self.nodes[number as usize].members.iter();
        let here = members.filter_map(|member| {
            let class = &self.classes[member.class];
            let is_one = class.hang == number && class.floor_level > 0.0;
            let weight = member.factor * class.mass;
            is_one.then_some(Promise { floor_level: class.floor_level, class: member.class, weight })
        });
        here.collect()
    }

    /// Lets the reserve of a hanging class hold it up, or no longer. False if that is so already.
    pub(super) fn set_held(&mut self, class: u32, held: bool) -> bool {
        if self.classes[class].held == held {
            return false;
        }
        let service = self.service(class);
        let mass = self.classes[class].mass;
        self.spread::<0, false>(class, -mass);
        let Self { classes, nodes, queue, moment, .. } = self;
        let state = &mut classes[class];
        let node = &mut nodes[state.hang as usize];
        state.held = held;
        node.low = node.low.max(state.floor_level);
        node.high = node.high.min(if held { state.floor_level } else { state.cap_level });
        if held {
            node.held += 1;
            state.level = state.floor_level;
            state.clock = Clock { value: service, settled: *moment };
        } else {
            node.held -= 1;
            state.offset = service.less(node.clock.read(node.level, *moment));
            queue.remove(2 * class + 1);
        }
        if node.held == node.hanging {
            // What is left in the sum is rounding error.
            node.weight = 0.0;
        }
        let number = state.hang;
        self.front.time(number, node);
        self.spread::<0, false>(class, mass);
        self.new_head(class);
        self.dirty_meters_of(class);
        true
    }
}
