//! Keeping the sums of the nodes right while flows come and go and classes change the node they hang on.
//!
//! At every moment, also in the middle of a pass: a node's `weight` is the use per level of what hangs on it, its
//! `foreign` is the use of what passes at the levels noted by *their* nodes, and its row has the use per level that
//! what hangs on it has elsewhere.

use super::exact::{Moment, Sum};
use super::marks::Mark;
use super::node::{Clock, Head, METERS, Member, NONE};
use super::sharing::Sharing;
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
        self.service_at(self.moment, class)
    }

    /// The same at a later instant, if nothing changes until then.
    #[inline]
    pub(super) fn service_at(&self, now: Moment, class: u32) -> Sum {
        let state = &self.classes[class];
        if state.has_own_clock() {
            return state.clock.read(state.level, now);
        }
        let node = &self.nodes[state.hang as usize];
        node.clock.read(node.level, now).and(state.offset)
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
        let has_row = node.has_row;
        node.weight += state.path[state.hang_step as usize].factor * mass;
        node.age = node.age.wrapping_add(1);
        front.look_into(hang, node);
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
            if node.foreign >= node.alarm {
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
                // Without the last class that hangs there, the row is dropped as a whole.
                let keeps_row = node.has_row && (ENTRY >= 0 || node.hanging > 1);
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
        if ENTRY != 0 && state.floor_level > 0.0 {
            // Those after its own node may be its cause, too.
            for (_, step) in (0..).zip(&path).filter(|(at, _)| *at > hang_step) {
                let node = &mut nodes[step.node as usize];
                node.claims = node.claims.wrapping_add_signed(ENTRY);
            }
        }
        // The loop takes its own node for one that it passes; what that makes of the sums there is put right after it.
        let mut own = (0.0, 0.0);
        if let Some(node) = nodes.get_mut(hang as usize) {
            let factor = path[hang_step as usize].factor;
            node.weight += if held { 0.0 } else { factor * mass };
            own = (node.foreign + if held { factor * change } else { 0.0 }, node.ceiling);
            if ENTRY != 0 {
                node.hanging = node.hanging.wrapping_add_signed(ENTRY);
                node.set_alarm();
            }
        }
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
            node.add_foreign(step.factor * change, level);
            node.age += 1;
            // Those before its own node may be its cause.
            node.claims = node.claims.wrapping_add_signed(ENTRY * i32::from(at < hang_step));
            if LISTS && ENTRY < 0 {
                node.drop_rounding_error();
            }
            if node.foreign >= node.alarm {
                front.look_into(step.node, node);
            }
        }
        classes[class].path = path;
        let Some(node) = nodes.get_mut(hang as usize) else { return };
        (node.foreign, node.ceiling) = own;
        if LISTS && ENTRY < 0 {
            node.drop_rounding_error();
        }
        if ENTRY == 0 {
            return;
        }
        if node.hanging == 0 {
            self.empty_node(hang);
        } else if node.hanging == 1 && ENTRY == 1 {
            front.leave_to_lower(hang, node);
        }
    }

    /// Lets a class leave the node on which it hangs for another one of its path, which is at `step` there: what else it
    /// passes is told of the difference in level alone. Its reserve does not hold it up, and all reserves fit.
    pub(super) fn hang_elsewhere(&mut self, class: u32, to: u32, step: u32) {
        let service = self.service(class);
        self.unlabel(class);
        self.classes.new_stamp(class);
        let Self { classes, nodes, rows, .. } = self;
        let state = &classes[class];
        let (from, from_step, mass) = (state.hang, state.hang_step, state.mass);
        let factor = state.path[from_step as usize].factor;
        let node = &mut nodes[from as usize];
        let level = node.level;
        if node.has_row && node.hanging > 1 {
            for (_, step) in (0..).zip(&state.path).filter(|(at, _)| *at != from_step) {
                rows[from as usize].add(step.node, -step.factor * mass, -1, step.entry);
            }
        }
        if node.watched & METERS != 0 {
            node.books.discount_meters(&state.spec.meters);
        }
        node.hanging -= 1;
        // Where nothing else hangs, what is left in the sum is rounding error.
        node.weight = if node.hanging == node.held { 0.0 } else { node.weight - factor * mass };
        node.add_foreign(factor * mass * level, level);
        node.age += 1;
        self.move_claims(class, from_step, step);
        let node = &mut self.nodes[from as usize];
        if node.hanging == 0 {
            self.empty_node(from);
        } else {
            self.front.time(from, node);
            self.front.look_into(from, node);
        }
        self.come_to_hang(class, to, step, level, service);
        self.move_sums(class, level);
        self.new_head(class);
        self.dirty_meters_of(class);
        self.set_label(class, NONE);
    }

    /// The sums along the path of a class that passed the node on which it now hangs at this level.
    fn move_sums(&mut self, class: u32, level: f64) {
        let Self { classes, nodes, rows, front, .. } = self;
        let state = &mut classes[class];
        let (to, hang_step, mass) = (state.hang, state.hang_step, state.mass);
        let node = &mut nodes[to as usize];
        let use_per_level = state.path[hang_step as usize].factor * mass;
        node.weight += use_per_level;
        node.foreign -= use_per_level * level;
        node.age += 1;
        node.hanging += 1;
        let (new_level, has_row) = (node.level, node.has_row);
        if node.hanging == 1 {
            node.set_alarm();
            front.leave_to_lower(to, node);
        }
        front.look_into(to, node);
        if has_row {
            for (_, step) in (0..).zip(&mut state.path).filter(|(at, _)| *at != hang_step) {
                step.entry = rows[to as usize].add(step.node, step.factor * mass, 1, step.entry);
            }
        }
        let change = mass * (new_level - level);
        for (_, step) in (0..).zip(&state.path).filter(|(at, _)| *at != hang_step) {
            let node = &mut nodes[step.node as usize];
            if change.abs() > 0.0 {
                node.add_foreign(step.factor * change, new_level);
                node.age += 1;
                if node.foreign >= node.alarm {
                    front.look_into(step.node, node);
                }
            } else {
                // At the same level there may be another cause.
                front.relabel(step.node, node);
            }
        }
    }

    /// Claims follow a class that comes to hang at another step of its path.
    fn move_claims(&mut self, class: u32, from: u32, to: u32) {
        let Self { classes, nodes, .. } = self;
        let path = &classes[class].path;
        if classes[class].floor_level > 0.0 {
            nodes[path[from as usize].node as usize].claims += 1;
            nodes[path[to as usize].node as usize].claims -= 1;
        } else if from < to {
            path[from as usize..to as usize].iter().for_each(|step| nodes[step.node as usize].claims += 1);
        } else {
            path[to as usize..from as usize].iter().for_each(|step| nodes[step.node as usize].claims -= 1);
        }
    }

    /// The clock and all sums of what hangs on a node, as if nothing ever did.
    pub(super) fn empty_node(&mut self, number: u32) {
        let node = &mut self.nodes[number as usize];
        if node.has_row || node.watched & METERS != 0 {
            self.rows[number as usize].0.clear();
            node.books.heads.clear();
            node.books.terms.meters.clear();
            node.has_row = false;
            node.watched &= !METERS;
        }
        node.hanging = 0;
        node.weight = 0.0;
        node.level = 0.0;
        (node.low, node.high) = (0.0, f64::INFINITY);
        node.drop_rounding_error();
        node.set_alarm();
        self.front.time(number, node);
        if node.members.is_empty() {
            self.front.leave_to_lower(number, node);
        } else {
            self.front.look_into(number, node);
        }
    }

    /// A second class is about to hang on a node: the first gets its places in the row and among the heads.
    #[inline(never)]
    fn build_row_and_heads(&mut self, number: u32) {
        let node = &mut self.nodes[number as usize];
        node.has_row = true;
        let (class, row) = (node.lone, &mut self.rows[number as usize]);
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
    pub(super) fn hang<const LISTS: bool>(&mut self, class: u32, to: u32, step: u32, level: f64, service: Sum) {
        self.come_to_hang(class, to, step, level, service);
        let mass = self.classes[class].mass;
        self.spread::<1, LISTS>(class, mass);
        self.new_head(class);
        self.dirty_meters_of(class);
    }

    /// What a class and the node on which it comes to hang know of each other, but for the sums.
    #[inline]
    fn come_to_hang(&mut self, class: u32, to: u32, step: u32, level: f64, service: Sum) {
        let now = self.moment;
        if self.nodes.get(to as usize).is_some_and(|node| !node.has_row && node.hanging == 1) {
            self.build_row_and_heads(to);
        }
        let state = &mut self.classes[class];
        (state.hang, state.hang_step) = (to, step);
        if let Some(node) = self.nodes.get_mut(to as usize) {
            if node.hanging == 0 {
                node.clock = Clock { value: service, settled: now };
                node.level = level;
                state.offset = Sum::ZERO;
            } else {
                state.offset = service.less(node.clock.read(node.level, now));
            }
            node.lone = class;
            node.low = node.low.max(state.floor_level);
            node.high = node.high.min(state.cap_level);
            if state.is_metered {
                node.watched |= METERS;
                node.books.count_meters(&state.spec.meters);
            }
        } else {
            state.clock = Clock { value: service, settled: now };
            state.level = level;
        }
    }

    /// The opposite of [`attach`](Self::attach); gives the class's service, to go on from.
    pub(super) fn detach(&mut self, class: u32) -> Sum {
        let service = self.service(class);
        self.take_off::<false>(class);
        service
    }

    #[inline]
    pub(super) fn take_off<const LISTS: bool>(&mut self, class: u32) {
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
            if node.watched & METERS != 0 {
                node.books.discount_meters(&state.spec.meters);
            }
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
        self.front.bring(number, node, slot_of(0.0));
    }

    /// Tells the node that the class has another next finish mark.
    #[inline]
    pub(super) fn new_head(&mut self, class: u32) {
        let state = &self.classes[class];
        if state.has_own_clock() {
            return self.untime_class(class);
        }
        let (number, node) = (state.hang, &mut self.nodes[state.hang as usize]);
        self.front.time(number, node);
        if node.has_row {
            let mark = self.live_head(class);
            self.put_head(class, mark);
        }
    }

    /// The same with the mark known.
    #[inline]
    pub(super) fn set_head(&mut self, class: u32, mark: Mark) {
        let state = &self.classes[class];
        if state.has_own_clock() {
            return self.untime_class(class);
        }
        let (number, node) = (state.hang, &mut self.nodes[state.hang as usize]);
        self.front.time(number, node);
        if node.has_row {
            self.put_head(class, Some(mark));
        }
    }

    /// The next completion of a class with a clock of its own has to be worked out.
    fn untime_class(&mut self, class: u32) {
        if !std::mem::replace(&mut self.classes[class].is_untimed, true) {
            self.front.untimed_classes.push(class);
            self.front.is_touched = true;
        }
        self.classes.new_stamp(class);
    }

    /// Puts the next finish mark of a class among the heads of the node on which it hangs.
    fn put_head(&mut self, class: u32, mark: Option<Mark>) {
        let Self { classes, nodes, .. } = self;
        let node = &mut nodes[classes[class].hang as usize];
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

    /// The lowest mark of a flow still in the class.
    #[inline]
    pub(super) fn live_head(&mut self, class: u32) -> Option<Mark> {
        self.classes[class].live_head(&self.flows, class)
    }

    #[inline]
    pub(super) fn dirty_meters_of(&mut self, class: u32) {
        if !self.classes[class].is_metered {
            return;
        }
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
