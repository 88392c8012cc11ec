//! What the changes since the last solve have reached, and what remains to be done there.

use super::node::{LABELS, LOWER, Node, Timing};
use super::work::{Work, slot_of};

/// What the present changes have reached.
#[derive(Debug, Default)]
pub(super) struct Front {
    /// Something has been reached since the last solve.
    pub is_touched: bool,
    /// Nodes to put right. One that stands too early is asked for its slot when it comes first; one whose level falls
    /// while it waits may stand a little too late.
    pub work: Work,
    /// Nodes, and classes with a clock of their own, whose next completion has to be worked out.
    pub untimed: Vec<u32>,
    pub untimed_classes: Vec<u32>,
    /// Nodes whose members may have another first cause among equals.
    pub ties: Vec<u32>,
    /// Nodes whose level has changed under classes with meters.
    pub metered: Vec<u32>,
    /// Nodes that leave another capacity to the ones with lower priority.
    pub to_lower: Vec<u32>,
    /// Where to begin with filling from nothing; kept only while that is about to be done.
    pub to_fill: Vec<u32>,
}

impl Front {
    /// The next completion on a node has to be worked out.
    #[inline]
    pub fn time(&mut self, number: u32, node: &mut Node) {
        if node.timing != Timing::Unknown {
            node.timing = Timing::Unknown;
            self.untimed.push(number);
            self.is_touched = true;
        }
    }

    /// The causes of a node's members have to be looked at, as far as they can have changed.
    #[inline]
    pub fn relabel(&mut self, number: u32, node: &mut Node) {
        if (node.may_tie() & (node.claims > 0) | (node.watched & LABELS != 0)) && !node.may_relabel {
            node.may_relabel = true;
            self.ties.push(number);
            self.is_touched = true;
        }
    }

    /// Follows a change of what passes a node.
    #[inline]
    pub fn look_into(&mut self, number: u32, node: &mut Node) {
        if node.hanging > 0 {
            if !node.place.is_waiting() {
                self.bring(number, node, slot_of(node.level));
            }
        } else {
            self.look_into_empty(number, node);
        }
    }

    /// The same where nothing hangs.
    #[inline(never)]
    pub fn look_into_empty(&mut self, number: u32, node: &mut Node) {
        self.consider(number, node);
        self.relabel(number, node);
        self.leave_to_lower(number, node);
    }

    /// Has the node with the next lower priority look again at what is left for it.
    pub fn leave_to_lower(&mut self, number: u32, node: &Node) {
        if node.watched & LOWER != 0 {
            self.to_lower.push(number);
            self.is_touched = true;
        }
    }

    /// Puts a node whose sums have changed among the work to do.
    #[inline]
    pub fn consider(&mut self, number: u32, node: &mut Node) {
        if node.needs_work() {
            let slot = node.slot();
            self.bring(number, node, slot);
        }
    }

    /// Has a node that does not wait look at what passes it at another rate.
    #[inline(never)]
    pub fn wake(&mut self, number: u32, node: &mut Node) {
        if node.hanging > 0 {
            // Its new level is close to its old one, and asked for when it comes first.
            self.work.enter(number, &mut node.place, slot_of(node.level));
            node.alarm = f64::INFINITY;
        } else {
            self.look_into_empty(number, node);
        }
    }

    /// Lets a node wait in a slot, or in a lower one if it does.
    #[inline]
    pub fn bring(&mut self, number: u32, node: &mut Node, slot: u16) {
        self.work.bring(number, &mut node.place, slot);
        node.alarm = f64::INFINITY;
        self.is_touched = true;
    }

    /// Lets a node no longer wait.
    #[inline]
    pub fn release(&mut self, number: u32, node: &mut Node) {
        self.work.remove(number, &mut node.place);
        node.set_alarm();
    }
}
