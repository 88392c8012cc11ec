//! What each class is held by, and who is charged with its time.
//!
//! The cause is the node on which a class hangs, or its cap. But where several nodes of its path are full at its very level,
//! the first of them is: then the class carries that one as its *label*.

use super::exact::FlowTime;
use super::node::{LABELS, Member, NONE, SAME};
use super::sharing::{Sharing, add_time};
use super::types::{Cause, ResourceId};

impl Sharing {
    /// Gives each class that passes a node its first cause among equals: the lowest resource of its path that is full
    /// at the very level of the class. Only those at the level of the node can have this one as their cause.
    pub(super) fn relabel_members(&mut self, number: u32) {
        let node = &self.nodes[number as usize];
        if node.claims == 0 && node.watched & LABELS == 0 {
            return;
        }
        self.find_ceiling(number);
        let node = &self.nodes[number as usize];
        let ties = node.may_tie();
        if !ties && node.watched & LABELS == 0 {
            return;
        }
        let bar = if node.hanging > 0 { node.level } else { self.fill_level(number) } * (1.0 - SAME);
        for at in 0..self.nodes[number as usize].members.len() {
            let member = self.nodes[number as usize].members[at];
            if !self.may_be_cause(number, &member) {
                continue;
            }
            let (class, label) = (member.class, self.classes[member.class].label);
            if label == number || ties && self.level(class) >= bar {
                let first = self.first_cause(class);
                if first != label {
                    self.set_label(class, first);
                }
            }
        }
    }

    /// A class that passes a node may have it as its cause: it has, or the node comes before the one it hangs on. With
    /// a reserve any node may be.
    #[inline]
    fn may_be_cause(&self, number: u32, member: &Member) -> bool {
        let class = &self.classes[member.class];
        (class.hang != number) & ((member.step < class.hang_step) | (class.label == number) | (class.floor_level > 0.0))
    }

    fn find_ceiling(&mut self, number: u32) {
        let members = self.nodes[number as usize].members.iter();
        let passing = members.filter(|member| self.classes[member.class].hang != number);
        let ceiling = passing.map(|member| self.level(member.class)).fold(0.0, f64::max);
        self.nodes[number as usize].ceiling = ceiling;
    }

    /// The level up to which what passes a full node has filled it: the highest of those that rose to where they are,
    /// and do not just take their reserve.
    fn fill_level(&self, number: u32) -> f64 {
        let rose = |class: u32| {
            let level = self.level(class);
            let state = &self.classes[class];
            if state.held || level <= state.floor_level * (1.0 + SAME) { 0.0 } else { level }
        };
        self.nodes[number as usize].members.iter().map(|member| rose(member.class)).fold(0.0, f64::max)
    }

    /// The node to name as the cause, or `NONE` for where the class hangs: of all that are full, the first to be so as
    /// levels rise, and the first of its path among equals.
    fn first_cause(&self, class: u32) -> u32 {
        let state = &self.classes[class];
        let level = self.level(class);
        if state.floor_level > 0.0 && state.hang != NONE {
            return self.first_to_fill(class);
        }
        for (_, step) in (0..state.hang_step).zip(&state.path) {
            let node = &self.nodes[step.node as usize];
            let is_full_there = if node.hanging > 0 {
                node.level <= level * (1.0 + SAME)
            } else {
                node.is_full() && self.fill_level(step.node) <= level * (1.0 + SAME)
            };
            if is_full_there {
                return step.node;
            }
        }
        NONE
    }

    /// The same for a class that its reserve may keep where it is, so that any full node can have been so before.
    fn first_to_fill(&self, class: u32) -> u32 {
        let state = &self.classes[class];
        let (mut first, mut lowest) = (NONE, f64::INFINITY);
        for step in &state.path {
            if self.nodes[step.node as usize].is_full() {
                let level = self.fill_level(step.node);
                if first == NONE || level < lowest * (1.0 - SAME) {
                    (first, lowest) = (step.node, level);
                }
            }
        }
        if first == state.hang { NONE } else { first }
    }

    #[inline]
    pub(super) fn unlabel(&mut self, class: u32) {
        let label = std::mem::replace(&mut self.classes[class].label, NONE);
        if label != NONE {
            let labelled = &mut self.nodes[label as usize].books.labelled;
            *labelled -= 1;
            if *labelled == 0 {
                self.nodes[label as usize].watched &= !LABELS;
                self.nodes[label as usize].set_alarm();
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
            self.nodes[label as usize].set_alarm();
        }
        self.set_cause(class, cause);
    }

    /// The cause of a class that hangs on a node, or, with `NONE`, is at its cap.
    #[inline]
    pub(super) fn cause_of(&self, class: u32, node: u32) -> Cause {
        match self.nodes.get(node as usize) {
            Some(node) => Cause::Resource(ResourceId(node.resource)),
            None => Cause::Named(self.classes[class].spec.terms.limit().1),
        }
    }

    pub(super) fn set_cause(&mut self, class: u32, cause: Cause) {
        if self.classes[class].cause != cause {
            if self.records_causes {
                self.note_cause(class);
            }
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
            let owner = &mut self.owners[state.owner as usize];
            owner.charge(state.cause, owed);
            if state.short {
                owner.short += owed;
            }
        }
    }
}
