//! Keeping the sums of the nodes right while flows come and go and classes change the node they hang on.
//!
//! At every moment, also in the middle of a pass: a node's `weight` is the use per level of what hangs on it, its
//! `foreign` is the use of what passes at the levels noted by *their* nodes, and its row has the use per level that
//! what hangs on it has elsewhere.

use super::class::{History, Step};
use super::exact::{FlowTime, Instant, Sum};
use super::marks::Mark;
use super::node::{Clock, Head, LABELS, LOWER, Member, NONE, Node, Row};
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
        node.clock.read(node.level, now).and(state.offset)
    }

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
        let weight = state.spec.terms.weight;
        state.mass = f64::from(state.count) * weight;
        let is_metered = !state.spec.meters.is_empty();
        let has_reserve = state.floor_level > 0.0;
        self.add_mass(class, f64::from(change) * weight);
        if is_metered {
            self.dirty_meters_of(class);
        }
        if has_reserve {
            self.promise(class, change, 0);
        }
    }

    /// Adds (or takes away) weight of a class that stays where it is to the sums of its path.
    pub(super) fn add_mass(&mut self, class: u32, mass: f64) {
        let Self { classes, nodes, rows, front, .. } = self;
        let state = &classes[class];
        if self.overpromised > 0 || state.held {
            return self.spread::<0, false>(class, mass);
        }
        let hang = state.hang;
        let Some(node) = nodes.get_mut(hang as usize) else {
            return self.spread::<0, false>(class, mass);
        };
        let level = node.level;
        let has_row = node.alone == NONE;
        node.weight += state.path[state.hang_step as usize].factor * mass;
        node.age = node.age.wrapping_add(1);
        let slot = slot_of(node.target());
        front.bring(hang, node, slot);
        if state.path.len() == 1 {
            return;
        }
        for (at, step) in (0..).zip(&state.path) {
            if at == state.hang_step {
                continue;
            }
            let mass = step.factor * mass;
            if has_row {
                rows[hang as usize].weigh(step.node, mass, step.entry);
            }
            let node = &mut nodes[step.node as usize];
            node.add_foreign(mass * level, level);
            if !node.is_quiet() {
                front.look_into(step.node, node);
            }
        }
    }

    /// Adds (or takes away) weight of a class and, with `ENTRY` 1 or -1, the class itself to the sums of its path, and with
    /// `LISTS` to the nodes' lists of members.
    pub(super) fn spread<const ENTRY: i32, const LISTS: bool>(&mut self, class: u32, mass: f64) {
        let Self { classes, nodes, rows, front, .. } = self;
        let mut path = std::mem::take(&mut classes[class].path);
        if self.overpromised > 0 {
            front.to_fill.extend(path.iter().map(|step| step.node));
            front.is_touched = true;
        }
        let state = &classes[class];
        let (hang, hang_step, held, carried) = (state.hang, state.hang_step, state.held, state.carried);
        let (level, rate_level, row) = match nodes.get(hang as usize) {
            None => (state.level, state.level, None),
            Some(node) => {
                // What hangs alone needs no row, and without the last class that hangs there, the row is dropped as a whole.
                let keeps_row = node.alone == NONE && (ENTRY >= 0 || node.hanging > 1);
                let row = if keeps_row { Some(&mut rows[hang as usize]) } else { None };
                (node.level, if held { state.level } else { node.level }, row)
            }
        };
        if let Some(row) = row {
            let mass = if held { 0.0 } else { mass };
            for (_, step) in (0..).zip(&mut path).filter(|(at, _)| *at != hang_step) {
                step.entry = row.add(step.node, step.factor * mass, ENTRY, step.entry);
            }
        }
        let change = mass * rate_level;
        let own_mass = if held { 0.0 } else { mass };
        let own_change = if held { change } else { 0.0 };
        for (at, step) in (0..).zip(&mut path) {
            let node = &mut nodes[step.node as usize];
            if LISTS && ENTRY > 0 {
                step.place = node.members.len() as u32;
                node.members.push(Member { class, factor: step.factor, step: at });
            }
            if LISTS && ENTRY < 0 {
                node.carried = node.carried.plus(step.factor * carried.value());
                node.members.swap_remove(step.place as usize);
                if let Some(moved) = node.members.get(step.place as usize) {
                    classes[moved.class].path[moved.step as usize].place = step.place;
                }
            }
            // Arithmetic instead of branches, for which step it is cannot be foreseen.
            let own = i32::from(at == hang_step);
            let passing = f64::from(1 - own);
            node.weight += step.factor * (f64::from(own) * own_mass);
            node.add_foreign(step.factor * (passing * change + f64::from(own) * own_change), passing * level);
            node.hanging = node.hanging.wrapping_add_signed(own * ENTRY);
            if LISTS && ENTRY < 0 {
                node.drop_rounding_error();
            }
            if !node.is_quiet() {
                front.look_into(step.node, node);
            }
        }
        classes[class].path = path;
        if ENTRY == 0 {
            return;
        }
        let Some(node) = nodes.get_mut(hang as usize) else { return };
        if node.hanging == 0 {
            self.empty_node(hang);
        } else if node.hanging == 1 && ENTRY == 1 {
            front.leave_to_lower(hang, node);
        }
    }

    /// The clock and all sums of what hangs on a node, as if nothing ever did.
    pub(super) fn empty_node(&mut self, number: u32) {
        let node = &mut self.nodes[number as usize];
        if node.alone == NONE || node.has_meters {
            self.rows[number as usize].0.clear();
            node.books.heads.clear();
            node.books.meters.clear();
            node.has_meters = false;
        }
        node.hanging = 0;
        node.alone = NONE;
        node.weight = 0.0;
        node.level = 0.0;
        (node.low, node.high) = (0.0, f64::INFINITY);
        node.drop_rounding_error();
        self.front.time(number, node);
        self.front.look_into(number, node);
    }

    /// Another class is about to join the one that has hung alone on a node: that one gets its place in the row and
    /// among the heads.
    #[inline(never)]
    fn end_loneliness(&mut self, number: u32) {
        let node = &mut self.nodes[number as usize];
        let class = std::mem::replace(&mut node.alone, NONE);
        let row = &mut self.rows[number as usize];
        let state = &mut self.classes[class];
        let mass = if state.held { 0.0 } else { state.mass };
        for (at, step) in (0..).zip(&mut state.path) {
            if at != state.hang_step {
                step.entry = row.add(step.node, step.factor * mass, 1, NONE);
            }
        }
        if !state.held {
            self.new_head(class);
        }
    }

    /// Lets a class with flows hang on a node of its path, which is at `step` there, at the node's level, or, with
    /// `NONE`, have its own clock at the given level. The level is also the first one of a node on which nothing hung so
    /// far.
    pub(super) fn attach(&mut self, class: u32, to: u32, step: u32, level: f64, service: Sum) {
        self.hang::<false>(class, to, step, level, service);
        self.set_label(class, NONE);
    }

    #[inline]
    fn hang<const LISTS: bool>(&mut self, class: u32, to: u32, step: u32, level: f64, service: Sum) {
        let now = self.now;
        if self.nodes.get(to as usize).is_some_and(|node| node.alone != NONE) {
            self.end_loneliness(to);
        }
        let state = &mut self.classes[class];
        (state.hang, state.hang_step) = (to, step);
        let is_metered = !state.spec.meters.is_empty();
        if let Some(node) = self.nodes.get_mut(to as usize) {
            if node.hanging == 0 {
                node.clock = Clock { value: service, settled: now };
                node.level = level;
                node.alone = class;
                state.offset = Sum::ZERO;
            } else {
                state.offset = service.less(node.clock.read(node.level, now));
            }
            node.low = node.low.max(state.floor_level);
            node.high = node.high.min(state.cap_level);
            if is_metered {
                node.has_meters = true;
                node.books.count_meters(&state.spec.meters);
            }
        } else {
            state.clock = Clock { value: service, settled: now };
            state.level = level;
        }
        let mass = state.mass;
        self.spread::<1, LISTS>(class, mass);
        self.new_head(class);
        if is_metered {
            self.dirty_meters_of(class);
        }
    }

    /// The opposite of [`attach`](Self::attach); gives the class's service, to go on from.
    pub(super) fn detach(&mut self, class: u32) -> Sum {
        let service = self.service(class);
        self.take_off::<false>(class);
        service
    }

    #[inline]
    fn take_off<const LISTS: bool>(&mut self, class: u32) {
        self.unlabel(class);
        let mass = self.classes[class].mass;
        self.spread::<-1, LISTS>(class, -mass);
        self.classes.new_stamp(class);
        let state = &mut self.classes[class];
        if state.has_own_clock() {
            self.queue.remove(2 * class + 1);
        }
        let was_held = std::mem::replace(&mut state.held, false);
        let Some(node) = self.nodes.get_mut(state.hang as usize) else { return };
        self.front.time(state.hang, node);
        if was_held || node.hanging > 0 {
            node.held -= u32::from(was_held);
            if node.held == node.hanging {
                // What is left in the sum is rounding error.
                node.weight = 0.0;
            }
            if was_held {
                node.drop_rounding_error();
            }
            if node.has_meters {
                node.books.discount_meters(&state.spec.meters);
            }
        }
    }

    /// A class gets its first flow: enters the lists of its nodes and meters, and hangs where it seems to belong.
    pub(super) fn enlist(&mut self, class: u32) {
        if self.classes[class].path.is_empty() {
            self.find_path(class);
        }
        let state = &mut self.classes[class];
        (state.count, state.mass) = (1, state.spec.terms.weight);
        (state.carried, state.carried_at) = (Sum::ZERO, Sum::ZERO);
        state.short = false;
        if self.records_causes {
            state.history = Some(Box::new(History { times: Vec::new(), noted: self.now }));
        }
        if !state.spec.meters.is_empty() {
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
        if !state.spec.meters.is_empty() {
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
        self.front.bring(number, node, slot_of(0.0));
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
        let mut node = Node::new(resource, rank, self.front.work.add_node(rank), capacity, self.now);
        if at > 0 {
            node.books.upper = self.resources[resource as usize].nodes[at - 1];
            let upper = &mut self.nodes[node.books.upper as usize];
            upper.books.lower = number;
            node.left = upper.left - upper.load();
            upper.watched |= LOWER;
        }
        if let Some(&lower) = self.resources[resource as usize].nodes.get(at) {
            node.books.lower = lower;
            node.books.below =
                self.nodes[lower as usize].books.promised.value() + self.nodes[lower as usize].books.below;
            node.watched |= LOWER;
            self.nodes[lower as usize].books.upper = number;
        }
        self.resources[resource as usize].nodes.insert(at, number);
        self.nodes.push(node);
        self.rows.push(Row::default());
        self.ask_to_look(number);
        number
    }

    /// Where the class would have the lowest level if nobody else moved, where that is in its path, and that level.
    pub(super) fn likely_bottleneck(&self, class: u32) -> (u32, u32, f64) {
        let state = &self.classes[class];
        let mut best = (NONE, NONE, state.cap_level);
        for (at, step) in (0..).zip(&state.path) {
            let node = &self.nodes[step.node as usize];
            let level = ((node.left - node.foreign) / (node.weight + step.factor * state.mass)).max(0.0);
            if level < best.2 || best.2.is_infinite() {
                best = (step.node, at, level);
            }
        }
        best
    }

    /// Tells the node that the class has another next finish mark.
    pub(super) fn new_head(&mut self, class: u32) {
        let state = &self.classes[class];
        let is_alone = self.nodes.get(state.hang as usize).is_some_and(|node| node.alone == class);
        let mark = if is_alone || state.has_own_clock() { None } else { self.live_head(class) };
        self.set_head(class, mark);
    }

    /// The same with the mark known.
    pub(super) fn set_head(&mut self, class: u32, mark: Option<Mark>) {
        let Self { classes, nodes, front, .. } = self;
        let state = &mut classes[class];
        if state.has_own_clock() {
            if !std::mem::replace(&mut state.is_untimed, true) {
                front.untimed_classes.push(class);
                front.is_touched = true;
            }
            classes.new_stamp(class);
            return;
        }
        let number = state.hang;
        let node = &mut nodes[number as usize];
        front.time(number, node);
        if node.alone == class {
            return;
        }
        let stamp = classes.new_stamp(class);
        if let Some(mark) = mark {
            let at = mark.at().less(classes[class].offset);
            let heads = &mut node.books.heads;
            heads.push(Head { at, class, stamp });
            if heads.len() > 4 * node.hanging as usize + 64 {
                heads.retain(|head| classes.stamp(head.class) == head.stamp);
            }
        }
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

    #[inline]
    fn unlabel(&mut self, class: u32) {
        let label = std::mem::replace(&mut self.classes[class].label, NONE);
        if label != NONE {
            let labelled = &mut self.nodes[label as usize].books.labelled;
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
        let cause = self.cause_of(class, named);
        if label != NONE {
            self.nodes[label as usize].books.labelled += 1;
            self.nodes[label as usize].watched |= LABELS;
        }
        self.set_cause(class, cause);
    }

    /// The cause of a class that hangs on a node, or, with `NONE`, is at its cap.
    #[inline]
    fn cause_of(&self, class: u32, node: u32) -> Cause {
        match self.nodes.get(node as usize) {
            Some(node) => Cause::Resource(ResourceId(node.resource)),
            None => Cause::Named(self.classes[class].spec.terms.limit().1),
        }
    }

    pub(super) fn set_cause(&mut self, class: u32, cause: Cause) {
        if self.classes[class].cause != cause {
            self.note_cause(class);
            self.pay_owner(class);
            self.classes[class].cause = cause;
            self.dirty_meters_of(class);
        }
    }

    /// Notes for how long the present cause has held the class, if that is kept.
    pub(super) fn note_cause(&mut self, class: u32) {
        let state = &mut self.classes[class];
        if let Some(history) = &mut state.history {
            let time = FlowTime::span(1, std::mem::replace(&mut history.noted, self.now), self.now);
            if time != FlowTime::default() {
                add_time(&mut history.times, state.cause, time, false);
            }
        }
    }

    /// Charges the owner with the time of the class's flows up to now.
    pub(super) fn pay_owner(&mut self, class: u32) {
        let state = &mut self.classes[class];
        let owed = state.take_owed(self.now);
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
        self.front.is_touched = true;
    }
}
