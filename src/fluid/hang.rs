//! Keeping the sums of the nodes right while flows come and go and classes change the node they hang on.
//!
//! At every moment, also in the middle of a pass: a node's `weight` is the use per level of what hangs on it, its
//! `foreign` is the use of what passes at the levels noted by *their* nodes, and its row has the use per level that
//! what hangs on it has elsewhere.

use super::class::{Mark, Step};
use super::exact::{FlowTime, Sum};
use super::node::{Clock, Head, Member, NONE, Node, Timing, add_foreign, ask_to_look};
use super::sharing::{Sharing, add_time, is_live};
use super::types::{Cause, ResourceId};

impl Sharing {
    /// The class's level now.
    pub(super) fn level(&self, class: u32) -> f64 {
        let state = &self.classes[class];
        if state.hang == NONE { state.level } else { self.nodes[state.hang as usize].level }
    }

    /// Bytes per weight carried since the class began.
    pub(super) fn service(&self, class: u32) -> Sum {
        let state = &self.classes[class];
        if state.hang == NONE {
            return state.clock.read(state.level, self.now);
        }
        self.nodes[state.hang as usize].clock(self.now).combine(state.offset, 1.0)
    }

    /// One flow more or less.
    pub(super) fn count_flow(&mut self, class: u32, change: i32) {
        self.charge_class(class);
        self.dirty_meters_of(class);
        let state = &mut self.classes[class];
        state.count = state.count.wrapping_add_signed(change);
        let (count, mass) = (state.count, f64::from(change) * state.spec.weight);
        if count == 1 && change == 1 {
            self.enlist(class);
        } else if count == 0 {
            self.delist(class);
        } else {
            self.spread(class, mass, 0);
        }
    }

    /// Adds (or takes away) weight of a class and, with `entry` 1 or -1, the class itself to the sums of its path.
    fn spread(&mut self, class: u32, mass: f64, entry: i32) {
        let now = self.now;
        let level = self.level(class);
        let Self { classes, nodes, front, .. } = self;
        let state = &classes[class];
        let mut here = 0.0;
        for &Step { node: number, factor, .. } in &state.path {
            if number == state.hang {
                here = factor * mass;
                continue;
            }
            if state.hang != NONE {
                nodes[state.hang as usize].books.row.add(number, factor * mass, entry);
            }
            add_foreign(nodes, front, number, factor * mass * level, level, now);
        }
        if state.hang != NONE {
            let node = &mut nodes[state.hang as usize];
            front.touch(state.hang, node, now);
            if entry != 0 {
                // The load changes with the first to hang here and with the last.
                node.settle_carried(now);
            }
            node.weight += here;
            node.hanging = node.hanging.wrapping_add_signed(entry);
            if node.hanging == 0 {
                node.nothing_hangs();
            }
            node.age = node.age.saturating_add(1);
            front.consider(state.hang, node);
            let lower = node.lower;
            if entry != 0 && lower != NONE {
                ask_to_look(nodes, front, lower);
            }
        }
    }

    /// Lets a class with flows hang on a node of its path at the node's level, or, with `NONE`, have its own clock
    /// at the given level. The level is also the first one of a node on which nothing hung so far.
    pub(super) fn attach(&mut self, class: u32, to: u32, level: f64, service: Sum) {
        let now = self.now;
        let state = &mut self.classes[class];
        state.hang = to;
        if to == NONE {
            state.clock = Clock { value: service, settled: now };
            state.level = level;
        } else {
            let node = &mut self.nodes[to as usize];
            self.front.touch(to, node, now);
            if node.hanging == 0 {
                node.books.clock = Clock::starting(now);
                node.level = level;
            }
            node.timing = Timing::Unknown;
            let books = &mut *node.books;
            books.clock.settle(node.level, now);
            state.offset = service.combine(books.clock.value, -1.0);
            books.cap_floor = books.cap_floor.min(state.cap_level);
            for &(meter, _) in &state.spec.meters {
                match books.meters.iter_mut().find(|(known, _)| *known == meter) {
                    Some((_, classes)) => *classes += 1,
                    None => books.meters.push((meter, 1)),
                }
            }
        }
        let mass = self.classes[class].mass();
        self.spread(class, mass, 1);
        self.new_head(class);
        self.set_label(class, NONE);
        self.dirty_meters_of(class);
    }

    /// The opposite of [`attach`](Self::attach); gives the class's service, to go on from.
    pub(super) fn detach(&mut self, class: u32) -> Sum {
        let service = self.service(class);
        self.unlabel(class);
        let mass = self.classes[class].mass();
        self.spread(class, -mass, -1);
        let state = &mut self.classes[class];
        state.stamp = state.stamp.wrapping_add(1);
        if state.hang == NONE {
            self.queue.remove(2 * class + 1);
        } else {
            let node = &mut self.nodes[state.hang as usize];
            node.timing = Timing::Unknown;
            for &(meter, _) in &state.spec.meters {
                let meters = &mut node.books.meters;
                if let Some(at) = meters.iter().position(|(known, _)| *known == meter) {
                    meters[at].1 -= 1;
                    if meters[at].1 == 0 {
                        meters.swap_remove(at);
                    }
                }
            }
        }
        service
    }

    /// A class gets its first flow: enters the lists of its nodes and meters, and hangs where it seems to belong.
    fn enlist(&mut self, class: u32) {
        let now = self.now;
        self.find_path(class);
        let Self { classes, nodes, meters, .. } = self;
        let state = &mut classes[class];
        for (step, at) in state.path.iter_mut().enumerate() {
            let members = &mut nodes[at.node as usize].books.members;
            at.place = members.len() as u32;
            members.push(Member { class, factor: at.factor, step: step as u32 });
        }
        state.meter_places.clear();
        for (step, &(meter, factor)) in state.spec.meters.iter().enumerate() {
            let meter = &mut meters[meter as usize];
            meter.settle(now);
            state.meter_places.push(meter.members.len() as u32);
            meter.members.push(Member { class, factor, step: step as u32 });
        }
        (state.charged, state.short) = (now, false);
        state.history.clear();
        if state.spec.floor() > 0.0 {
            self.reserved += 1;
        }
        let (hang, level) = self.likely_bottleneck(class);
        self.attach(class, hang, level, Sum::ZERO);
    }

    /// A class has lost its last flow.
    fn delist(&mut self, class: u32) {
        let now = self.now;
        // The sums still hold one flow.
        self.classes[class].count = 1;
        self.detach(class);
        self.pay_owner(class);
        let Self { classes, nodes, meters, .. } = self;
        let state = &mut classes[class];
        state.count = 0;
        state.marks.clear();
        for step in 0..state.path.len() {
            let Step { node, place, .. } = classes[class].path[step];
            let node = &mut nodes[node as usize];
            let members = &mut node.books.members;
            members.swap_remove(place as usize);
            if let Some(moved) = members.get(place as usize) {
                classes[moved.class].path[moved.step as usize].place = place;
            }
            if members.len() == node.hanging as usize {
                (node.foreign, node.ceiling) = (0.0, 0.0);
            }
        }
        for step in 0..classes[class].meter_places.len() {
            let place = classes[class].meter_places[step];
            let meter = &mut meters[classes[class].spec.meters[step].0 as usize];
            meter.settle(now);
            meter.members.swap_remove(place as usize);
            if let Some(moved) = meter.members.get(place as usize) {
                classes[moved.class].meter_places[moved.step as usize] = place;
            }
        }
        if self.classes[class].spec.floor() > 0.0 {
            self.reserved -= 1;
            if self.reserved == 0 {
                self.refill_due = true;
                self.touch_everything();
            }
        }
    }

    /// A resource has a new capacity: its highest node has to look again.
    pub(super) fn change_capacity(&mut self, resource: u32) {
        if let Some(&number) = self.resources[resource as usize].nodes.first() {
            self.front.touch(number, &mut self.nodes[number as usize], self.now);
            ask_to_look(&mut self.nodes, &mut self.front, number);
        }
    }

    /// The nodes of the class's path, made where there are none yet for its priority.
    fn find_path(&mut self, class: u32) {
        let spec = &self.classes[class].spec;
        if !self.classes[class].path.is_empty() || spec.path().is_empty() {
            return;
        }
        let (rank, uses) = (u8::MAX - spec.priority, spec.path().to_vec());
        let step = |(resource, factor)| Step { node: self.node_of(resource, rank), factor, place: 0 };
        self.classes[class].path = uses.into_iter().map(step).collect();
    }

    fn node_of(&mut self, resource: u32, rank: u8) -> u32 {
        let known = &self.resources[resource as usize].nodes;
        let at = match known.binary_search_by(|&node| self.nodes[node as usize].rank.cmp(&rank)) {
            Ok(at) => return known[at],
            Err(at) => at,
        };
        let number = self.nodes.len() as u32;
        let capacity = self.resources[resource as usize].capacity;
        let mut node = Node::new(resource, rank, capacity, self.now);
        if at > 0 {
            let number_above = self.resources[resource as usize].nodes[at - 1];
            node.books.upper = number_above;
            let upper = &mut self.nodes[number_above as usize];
            node.left = upper.left - upper.load();
            upper.lower = number;
        }
        if let Some(&lower) = self.resources[resource as usize].nodes.get(at) {
            node.lower = lower;
            self.nodes[lower as usize].books.upper = number;
        }
        self.resources[resource as usize].nodes.insert(at, number);
        self.nodes.push(node);
        number
    }

    /// Where the class would have the lowest level if nobody else moved, and that level.
    fn likely_bottleneck(&self, class: u32) -> (u32, f64) {
        let state = &self.classes[class];
        let mut best = (NONE, state.cap_level);
        for step in &state.path {
            let node = &self.nodes[step.node as usize];
            let level = ((node.left - node.foreign) / (node.weight + step.factor * state.mass())).max(0.0);
            if level < best.1 || best.1.is_infinite() {
                best = (step.node, level);
            }
        }
        best
    }

    /// Tells the node that the class has another next finish mark.
    pub(super) fn new_head(&mut self, class: u32) {
        let mark = self.live_head(class);
        let Self { classes, nodes, front, now, .. } = self;
        let state = &mut classes[class];
        state.stamp = state.stamp.wrapping_add(1);
        if state.hang == NONE {
            if !std::mem::replace(&mut state.is_untimed, true) {
                front.untimed_classes.push(class);
            }
            return;
        }
        let (number, node) = (state.hang, &mut nodes[state.hang as usize]);
        if let Some(mark) = mark {
            let at = mark.at.combine(state.offset, -1.0);
            let heads = &mut node.books.heads;
            heads.push(Head { at, class, stamp: state.stamp });
            if heads.len() > 4 * node.hanging as usize + 64 {
                heads.retain(|head| classes[head.class].stamp == head.stamp);
            }
        }
        node.timing = Timing::Unknown;
        front.touch(number, node, *now);
    }

    /// The lowest mark of a flow still in the class. Marks of flows that have left are dropped on the way.
    pub(super) fn live_head(&mut self, class: u32) -> Option<Mark> {
        let Self { flows, classes, .. } = self;
        let marks = &mut classes[class].marks;
        while let Some(mark) = marks.peek() {
            if is_live(flows, class, mark) {
                return Some(*mark);
            }
            marks.pop();
        }
        None
    }

    fn unlabel(&mut self, class: u32) {
        let label = std::mem::replace(&mut self.classes[class].label, NONE);
        if label != NONE {
            let node = &mut self.nodes[label as usize];
            node.books.labelled -= 1;
            node.has_labels = node.books.labelled > 0;
        }
    }

    /// Names a node as the class's cause; `NONE` for where it hangs, be it a node or the cap.
    pub(super) fn set_label(&mut self, class: u32, label: u32) {
        self.unlabel(class);
        let state = &mut self.classes[class];
        state.label = label;
        let named = if label == NONE { state.hang } else { label };
        let cause = match self.nodes.get(named as usize) {
            Some(node) => Cause::Resource(ResourceId(node.books.resource)),
            None => Cause::Named(state.spec.limit().1),
        };
        if label != NONE {
            let node = &mut self.nodes[label as usize];
            node.books.labelled += 1;
            node.has_labels = true;
        }
        self.set_cause(class, cause);
    }

    pub(super) fn set_cause(&mut self, class: u32, cause: Cause) {
        if self.classes[class].cause != cause {
            self.charge_class(class);
            self.pay_owner(class);
            self.classes[class].cause = cause;
            self.dirty_meters_of(class);
        }
    }

    /// Counts the class's flow-time up to now.
    pub(super) fn charge_class(&mut self, class: u32) {
        let (now, records) = (self.now, self.records_causes);
        let state = &mut self.classes[class];
        if state.charged == now || state.count == 0 {
            return;
        }
        state.owed += FlowTime::span(state.count, state.charged, now);
        if records {
            add_time(&mut state.history, state.cause, FlowTime::span(1, state.charged, now), false);
        }
        state.charged = now;
    }

    /// Charges the owner with what is counted.
    pub(super) fn pay_owner(&mut self, class: u32) {
        let state = &mut self.classes[class];
        let owed = std::mem::take(&mut state.owed);
        if owed != FlowTime::default() {
            let owner = &mut self.owners[state.spec.owner as usize];
            owner.charge(state.cause, owed);
            if state.short {
                owner.short += owed;
            }
        }
    }

    pub(super) fn dirty_meters_of(&mut self, class: u32) {
        for &(meter, _) in &self.classes[class].spec.meters {
            if !std::mem::replace(&mut self.meters[meter as usize].is_dirty, true) {
                self.dirty_meters.push(meter);
            }
        }
    }

    fn touch_everything(&mut self) {
        for (number, node) in self.nodes.iter_mut().enumerate() {
            self.front.touch(number as u32, node, self.now);
        }
    }
}
