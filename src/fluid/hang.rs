//! Keeping the sums of the nodes right while flows come and go and classes change the node they hang on.
//!
//! At every moment, also in the middle of a pass: a node's `weight` is the use per level of what hangs on it, its
//! `foreign` is the use of what passes at the levels noted by *their* nodes, and its row has the use per level that
//! what hangs on it has elsewhere.

use super::class::Step;
use super::exact::{FlowTime, Instant, Sum};
use super::marks::Mark;
use super::node::{Books, Clock, Head, LABELS, LOWER, Member, NONE, Node, Row, add_foreign};
use super::sharing::{Sharing, add_time};
use super::types::{Cause, ResourceId};
use super::work::slot_of;

impl Sharing {
    /// The level at which the class stands: that of the node it hangs on, or its own.
    #[inline]
    pub(super) fn level(&self, class: u32) -> f64 {
        let state = &self.classes[class];
        if state.hang == NONE { state.level } else { self.nodes[state.hang as usize].level }
    }

    /// The class's rate per weight, which is above its level where its reserve holds it up.
    #[inline]
    pub(super) fn rate_level(&self, class: u32) -> f64 {
        let state = &self.classes[class];
        if state.has_own_clock() { state.level } else { self.nodes[state.hang as usize].level }
    }

    /// Bytes per weight carried since the class got its first flow.
    #[inline]
    pub(super) fn service(&self, class: u32) -> Sum {
        self.service_at(self.now, class)
    }

    /// The same at a later instant, if nothing changes until then.
    #[inline]
    pub(super) fn service_at(&self, now: Instant, class: u32) -> Sum {
        let state = &self.classes[class];
        if state.has_own_clock() {
            return state.clock.read(state.level, now);
        }
        let node = &self.nodes[state.hang as usize];
        node.clock.read(node.level, now).combine(state.offset, 1.0)
    }

    /// One flow more; gives the class's service now.
    pub(super) fn add_flow(&mut self, class: u32) -> Sum {
        self.flow_count += 1;
        if self.classes[class].count == 0 {
            self.enlist(class);
            return Sum::ZERO;
        }
        let service = self.service(class);
        self.change_count(class, 1, service);
        service
    }

    /// One flow less, at the class's service now.
    pub(super) fn remove_flow(&mut self, class: u32, service: Sum) {
        self.flow_count -= 1;
        if self.classes[class].count > 1 {
            self.change_count(class, -1, service);
        } else {
            self.delist(class);
        }
    }

    /// Flows come and go in a class that has others.
    fn change_count(&mut self, class: u32, change: i32, service: Sum) {
        self.charge_class(class);
        self.dirty_meters_of(class);
        let state = &mut self.classes[class];
        state.settle_carried(service);
        state.count = state.count.wrapping_add_signed(change);
        let weight = state.spec.terms.weight;
        state.mass = f64::from(state.count) * weight;
        self.spread(class, f64::from(change) * weight, 0);
        if self.classes[class].floor_level > 0.0 {
            self.promise(class, change, 0);
        }
    }

    /// Adds (or takes away) weight of a class and, with `entry` 1 or -1, the class itself to the sums of its path.
    pub(super) fn spread(&mut self, class: u32, mass: f64, entry: i32) {
        let (level, rate_level) = (self.level(class), self.rate_level(class));
        let Self { classes, nodes, rows, front, .. } = self;
        let state = &mut classes[class];
        if self.overpromised > 0 {
            front.to_fill.extend(state.path.iter().map(|step| step.node));
        }
        let hang = state.hang;
        // Without the last class that hangs there, the row is dropped as a whole.
        let keeps_row = hang != NONE && (entry >= 0 || nodes[hang as usize].hanging > 1);
        for step in &mut state.path {
            let mass = step.factor * mass;
            if step.node != hang {
                if keeps_row {
                    let mass = if state.held { 0.0 } else { mass };
                    step.entry = rows[hang as usize].add(step.node, mass, entry, step.entry);
                }
                add_foreign(nodes, front, step.node, mass * rate_level, level);
                continue;
            }
            let node = &mut nodes[hang as usize];
            if state.held {
                node.foreign += mass * rate_level;
            } else {
                node.weight += mass;
            }
            node.age = node.age.wrapping_add(1);
        }
        if hang == NONE {
            return;
        }
        let node = &mut nodes[hang as usize];
        if entry != 0 {
            node.hanging = node.hanging.wrapping_add_signed(entry);
            if node.hanging == 0 {
                self.empty_node(hang);
                return;
            }
            if node.hanging == 1 && entry == 1 {
                front.leave_to_lower(hang, node);
            }
        }
        front.consider(hang, node);
    }

    /// The clock and all sums of what hangs on a node, as if nothing ever did.
    pub(super) fn empty_node(&mut self, number: u32) {
        let (node, books) = (&mut self.nodes[number as usize], &mut self.books[number as usize]);
        node.hanging = 0;
        node.weight = 0.0;
        node.level = 0.0;
        (node.low, node.high) = (0.0, f64::INFINITY);
        self.rows[number as usize].0.clear();
        node.has_meters = false;
        books.heads.clear();
        books.meters.clear();
        self.front.time(number, node);
        self.front.look_into(number, node);
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
            if node.hanging == 0 {
                node.clock = Clock::starting(now);
                node.level = level;
            }
            let clock = node.clock.read(node.level, now);
            state.offset = service.combine(clock, -1.0);
            node.low = node.low.max(state.floor_level);
            node.high = node.high.min(state.cap_level);
            node.has_meters |= !state.spec.meters.is_empty();
            for &(meter, _) in &state.spec.meters {
                let meters = &mut self.books[to as usize].meters;
                match meters.iter_mut().find(|(known, _)| *known == meter.0) {
                    Some((_, classes)) => *classes += 1,
                    None => meters.push((meter.0, 1)),
                }
            }
        }
        self.spread(class, self.classes[class].mass, 1);
        self.new_head(class);
        self.set_label(class, NONE);
        self.dirty_meters_of(class);
    }

    /// The opposite of [`attach`](Self::attach); gives the class's service, to go on from.
    pub(super) fn detach(&mut self, class: u32) -> Sum {
        let service = self.service(class);
        self.unlabel(class);
        self.spread(class, -self.classes[class].mass, -1);
        self.classes.new_stamp(class);
        let state = &mut self.classes[class];
        if state.has_own_clock() {
            self.queue.remove(2 * class + 1);
        }
        let was_held = std::mem::replace(&mut state.held, false);
        if state.hang == NONE {
            return service;
        }
        let (node, books) = (&mut self.nodes[state.hang as usize], &mut self.books[state.hang as usize]);
        books.held -= u32::from(was_held);
        if books.held == node.hanging {
            // What is left in the sum is rounding error.
            node.weight = 0.0;
        }
        self.front.time(state.hang, node);
        for &(meter, _) in &state.spec.meters {
            if let Some(at) = books.meters.iter().position(|(known, _)| *known == meter.0) {
                books.meters[at].1 -= 1;
                if books.meters[at].1 == 0 {
                    books.meters.swap_remove(at);
                }
            }
        }
        service
    }

    /// A class gets its first flow: enters the lists of its nodes and meters, and hangs where it seems to belong.
    fn enlist(&mut self, class: u32) {
        let now = self.now;
        self.find_path(class);
        let Self { classes, books, meters, .. } = self;
        let state = &mut classes[class];
        (state.count, state.mass) = (1, state.spec.terms.weight);
        (state.carried, state.carried_at) = (Sum::ZERO, Sum::ZERO);
        for (step, at) in state.path.iter_mut().enumerate() {
            let members = &mut books[at.node as usize].members;
            at.place = members.len() as u32;
            members.push(Member { class, factor: at.factor, step: step as u32 });
        }
        state.meter_places.clear();
        for (step, &(meter, factor)) in state.spec.meters.iter().enumerate() {
            let meter = &mut meters[meter.index()];
            meter.settle(now);
            state.meter_places.push(meter.members.len() as u32);
            meter.members.push(Member { class, factor, step: step as u32 });
        }
        (state.charged, state.short) = (now, false);
        state.history.clear();
        if state.floor_level > 0.0 {
            self.promise(class, 1, 1);
        }
        let (hang, level) = self.likely_bottleneck(class);
        self.attach(class, hang, level, Sum::ZERO);
    }

    /// A class loses its last flow.
    fn delist(&mut self, class: u32) {
        let now = self.now;
        self.charge_class(class);
        self.dirty_meters_of(class);
        let service = self.detach(class);
        self.pay_owner(class);
        let Self { classes, nodes, books, meters, .. } = self;
        let state = &mut classes[class];
        state.settle_carried(service);
        (state.count, state.mass) = (0, 0.0);
        state.marks.clear();
        state.outdated = 0;
        let carried = state.carried.value();
        for step in 0..state.path.len() {
            let Step { node: number, place, factor, .. } = classes[class].path[step];
            let books = &mut books[number as usize];
            books.carried = books.carried.plus(factor * carried);
            books.members.swap_remove(place as usize);
            if let Some(moved) = books.members.get(place as usize) {
                classes[moved.class].path[moved.step as usize].place = place;
            }
            let node = &mut nodes[number as usize];
            if books.members.len() == node.hanging as usize && books.held == 0 {
                (node.foreign, node.ceiling) = (0.0, 0.0);
            }
        }
        for step in 0..classes[class].meter_places.len() {
            let place = classes[class].meter_places[step];
            let meter = &mut meters[classes[class].spec.meters[step].0.index()];
            meter.settle(now);
            meter.members.swap_remove(place as usize);
            if let Some(moved) = meter.members.get(place as usize) {
                classes[moved.class].meter_places[moved.step as usize] = place;
            }
        }
        if self.classes[class].floor_level > 0.0 {
            self.promise(class, -1, -1);
        }
    }

    /// A resource has a new capacity: its highest node has to look again.
    pub(super) fn change_capacity(&mut self, resource: u32) {
        if let Some(&number) = self.resources[resource as usize].nodes.first() {
            if self.overpromised > 0 {
                self.front.to_fill.push(number);
            }
            self.ask_to_look(number);
        }
        self.count_overpromised(resource);
    }

    /// Has a node look again at what higher priorities leave for it.
    pub(super) fn ask_to_look(&mut self, number: u32) {
        let node = &mut self.nodes[number as usize];
        node.left_outdated = true;
        self.front.work.bring(number, &mut node.place, slot_of(0.0));
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
        let at = match known.binary_search_by(|&node| self.books[node as usize].rank.cmp(&rank)) {
            Ok(at) => return known[at],
            Err(at) => at,
        };
        let number = self.nodes.len() as u32;
        let capacity = self.resources[resource as usize].capacity;
        let mut node = Node::new(self.front.work.add_node(rank), capacity, self.now);
        let mut books = Books::new(resource, rank);
        if at > 0 {
            books.upper = self.resources[resource as usize].nodes[at - 1];
            self.books[books.upper as usize].lower = number;
            let upper = &mut self.nodes[books.upper as usize];
            node.left = upper.left - upper.load();
            upper.watched |= LOWER;
        }
        if let Some(&lower) = self.resources[resource as usize].nodes.get(at) {
            books.lower = lower;
            books.below = self.books[lower as usize].promised.value() + self.books[lower as usize].below;
            node.watched |= LOWER;
            self.books[lower as usize].upper = number;
        }
        self.resources[resource as usize].nodes.insert(at, number);
        self.nodes.push(node);
        self.books.push(books);
        self.rows.push(Row::default());
        self.ask_to_look(number);
        number
    }

    /// Where the class would have the lowest level if nobody else moved, and that level.
    pub(super) fn likely_bottleneck(&self, class: u32) -> (u32, f64) {
        let state = &self.classes[class];
        let mut best = (NONE, state.cap_level);
        for step in &state.path {
            let node = &self.nodes[step.node as usize];
            let level = ((node.left - node.foreign) / (node.weight + step.factor * state.mass)).max(0.0);
            if level < best.1 || best.1.is_infinite() {
                best = (step.node, level);
            }
        }
        best
    }

    /// Tells the node that the class has another next finish mark.
    pub(super) fn new_head(&mut self, class: u32) {
        let mark = self.live_head(class);
        self.set_head(class, mark);
    }

    /// The same with the mark known.
    pub(super) fn set_head(&mut self, class: u32, mark: Option<Mark>) {
        let Self { classes, nodes, books, front, .. } = self;
        let stamp = classes.new_stamp(class);
        let state = &mut classes[class];
        if state.has_own_clock() {
            if !std::mem::replace(&mut state.is_untimed, true) {
                front.untimed_classes.push(class);
            }
            return;
        }
        let number = state.hang;
        let node = &mut nodes[number as usize];
        if let Some(mark) = mark {
            let at = mark.at.combine(state.offset, -1.0);
            let heads = &mut books[number as usize].heads;
            heads.push(Head { at, class, stamp });
            if heads.len() > 4 * node.hanging as usize + 64 {
                heads.retain(|head| classes.stamp(head.class) == head.stamp);
            }
        }
        front.time(number, node);
    }

    /// The lowest mark of a flow still in the class. Marks of flows that have left are dropped on the way.
    #[inline]
    pub(super) fn live_head(&mut self, class: u32) -> Option<Mark> {
        let state = &mut self.classes[class];
        if state.outdated > 0 {
            state.drop_outdated_heads(&self.flows, class);
        }
        state.marks.first()
    }

    fn unlabel(&mut self, class: u32) {
        let label = std::mem::replace(&mut self.classes[class].label, NONE);
        if label != NONE {
            let labelled = &mut self.books[label as usize].labelled;
            *labelled -= 1;
            if *labelled == 0 {
                self.nodes[label as usize].watched &= !LABELS;
            }
        }
    }

    /// Names a node as the class's cause; `NONE` for where it hangs, be it a node or the cap.
    pub(super) fn set_label(&mut self, class: u32, label: u32) {
        self.unlabel(class);
        let state = &mut self.classes[class];
        state.label = label;
        let named = if label == NONE { state.hang } else { label };
        let cause = match self.books.get(named as usize) {
            Some(books) => Cause::Resource(ResourceId(books.resource)),
            None => Cause::Named(state.spec.terms.limit().1),
        };
        if label != NONE {
            self.books[label as usize].labelled += 1;
            self.nodes[label as usize].watched |= LABELS;
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
            let owner = &mut self.owners[state.spec.terms.owner as usize];
            owner.charge(state.cause, owed);
            if state.short {
                owner.short += owed;
            }
        }
    }

    pub(super) fn dirty_meters_of(&mut self, class: u32) {
        for &(meter, _) in &self.classes[class].spec.meters {
            if !std::mem::replace(&mut self.meters[meter.index()].is_dirty, true) {
                self.dirty_meters.push(meter.0);
            }
        }
    }

    /// The next solve fills everything from nothing.
    pub(super) fn fill_everything(&mut self) {
        self.front.to_fill.clear();
        self.front.to_fill.extend(0..self.nodes.len() as u32);
    }
}
