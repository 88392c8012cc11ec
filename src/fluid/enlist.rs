//! How flows and classes come and go: the lists they enter and leave, and where a class hangs at first.

use super::class::{History, Step};
use super::exact::{FlowTime, Sum};
use super::node::{LOWER, Member, NONE, Node, Row};
use super::sharing::Sharing;

impl Sharing {
    /// One flow less, at the class's service now.
    #[inline]
    pub(super) fn remove_flow(&mut self, class: u32, service: Sum) {
        self.flow_count -= 1;
        let state = &mut self.classes[class];
        state.owed += FlowTime::since_zero(1, self.now);
        if state.count > 1 {
            self.change_count(class, -1, service);
        } else {
            state.settle_carried(service);
            state.count = 0;
            self.delist(class);
        }
    }

    /// Flows come and go in a class that has others.
    #[inline]
    pub(super) fn change_count(&mut self, class: u32, change: i32, service: Sum) {
        let state = &mut self.classes[class];
        state.settle_carried(service);
        state.count = state.count.wrapping_add_signed(change);
        let weight = state.weight;
        state.mass = f64::from(state.count) * weight;
        let is_metered = state.is_metered;
        let has_reserve = state.floor_level > 0.0;
        self.add_mass(class, f64::from(change) * weight);
        if is_metered {
            self.dirty_meters_of(class);
        }
        if has_reserve {
            self.promise(class, change, 0);
        }
    }

    /// A class gets its first flow: enters the lists of its nodes and meters, and hangs where it seems to belong.
    pub(super) fn enlist(&mut self, class: u32) {
        if self.classes[class].path.is_empty() {
            self.find_path(class);
        }
        let state = &mut self.classes[class];
        (state.count, state.mass) = (1, state.weight);
        (state.carried, state.carried_at) = (Sum::ZERO, Sum::ZERO);
        state.short = false;
        if self.records_causes {
            state.history = Some(Box::new(History { times: Vec::new(), noted: self.now }));
        }
        if state.is_metered {
            self.join_meters(class);
        }
        if self.classes[class].floor_level > 0.0 {
            self.promise(class, 1, 1);
        }
        let (hang, step, level) = self.likely_bottleneck(class);
        self.classes[class].cause = self.cause_of(class, hang);
        self.hang::<true>(class, hang, step, level, Sum::ZERO);
    }

    /// A class has lost its last flow.
    fn delist(&mut self, class: u32) {
        self.take_off::<true>(class);
        self.pay_owner(class);
        let state = &mut self.classes[class];
        state.mass = 0.0;
        state.marks.clear();
        state.outdated = 0;
        let has_reserve = state.floor_level > 0.0;
        if state.is_metered {
            self.leave_meters(class);
        }
        if has_reserve {
            self.promise(class, -1, -1);
        }
    }

    fn join_meters(&mut self, class: u32) {
        let now = self.now;
        let Self { classes, meters, .. } = self;
        let state = &mut classes[class];
        for (step, &(meter, factor)) in (0..).zip(&state.spec.meters) {
            let meter = &mut meters[meter.index()];
            meter.settle(now);
            state.meter_places.push(meter.members.len() as u32);
            meter.members.push(Member { class, factor, step });
        }
    }

    fn leave_meters(&mut self, class: u32) {
        let now = self.now;
        self.dirty_meters_of(class);
        let Self { classes, meters, .. } = self;
        for step in 0..classes[class].meter_places.len() {
            let place = classes[class].meter_places[step];
            let meter = &mut meters[classes[class].spec.meters[step].0.index()];
            meter.settle(now);
            meter.members.swap_remove(place as usize);
            if let Some(moved) = meter.members.get(place as usize) {
                classes[moved.class].meter_places[moved.step as usize] = place;
            }
        }
        classes[class].meter_places.clear();
    }

    /// The nodes of the class's path, made where there are none yet for its priority.
    fn find_path(&mut self, class: u32) {
        if self.classes[class].path.is_empty() {
            let rank = u8::MAX - self.classes[class].spec.terms.priority;
            for (resource, factor) in self.classes[class].spec.path() {
                let step = Step { node: self.node_of(resource, rank), factor, place: 0, entry: 0 };
                self.classes[class].path.push(step);
            }
        }
    }

    fn node_of(&mut self, resource: u32, rank: u8) -> u32 {
        let known = &self.resources[resource as usize].nodes;
        let at = match known.binary_search_by(|&node| self.nodes[node as usize].books.rank.cmp(&rank)) {
            Ok(at) => return known[at],
            Err(at) => at,
        };
        let number = self.nodes.len() as u32;
        let capacity = self.resources[resource as usize].capacity;
        let (place, is_between) = self.front.work.add_node(rank);
        if is_between {
            self.nodes.iter_mut().for_each(|node| node.place.follow(place));
        }
        let mut node = Node::new(resource, rank, place, capacity, self.moment);
        if at > 0 {
            node.books.upper = self.resources[resource as usize].nodes[at - 1];
            let upper = &mut self.nodes[node.books.upper as usize];
            upper.books.lower = number;
            node.left = upper.left - upper.load();
            upper.watched |= LOWER;
            upper.set_alarm();
        }
        if let Some(&lower) = self.resources[resource as usize].nodes.get(at) {
            node.books.lower = lower;
            node.books.terms.below =
                self.nodes[lower as usize].books.terms.promised.value() + self.nodes[lower as usize].books.terms.below;
            node.watched |= LOWER;
            self.nodes[lower as usize].books.upper = number;
        }
        node.set_alarm();
        self.resources[resource as usize].nodes.insert(at, number);
        self.nodes.push(node);
        self.rows.push(Row::default());
        self.ask_to_look(number);
        number
    }

    /// Where the class would have the lowest level if nobody else moved, where that is in its path, and that level.
    pub(super) fn likely_bottleneck(&self, class: u32) -> (u32, u32, f64) {
        let state = &self.classes[class];
        // Bits of numbers that are not negative are in their order, and choosing by them needs no guess.
        // A level beyond all numbers is still better than no cap.
        let mut least = if state.cap_level.is_infinite() { u64::MAX } else { state.cap_level.to_bits() };
        let mut best = NONE;
        for (at, step) in (0..).zip(&state.path) {
            let node = &self.nodes[step.node as usize];
            let level = ((node.left - node.foreign) / (node.weight + step.factor * state.mass)).max(0.0) + 0.0;
            let is_better = level.to_bits() < least;
            best = if is_better { at } else { best };
            least = if is_better { level.to_bits() } else { least };
        }
        match state.path.get(best as usize) {
            Some(step) => (step.node, best, f64::from_bits(least)),
            None => (NONE, NONE, state.cap_level),
        }
    }
}
