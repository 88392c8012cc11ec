//! One limit on what lies on a system: that of the whole system, or of what a tenant or a view keeps on it.

use super::{MARKS, REOPENS, SLACK};
use crate::units::SimTime;

/// Parameters.
#[derive(Clone, Copy, Debug)]
pub struct AccountParams {
    /// Bytes that the marks are shares of: the usable capacity of a system or its hard quota, whichever is less, or the hard
    /// quota of a tenant or view; infinite without one.
    pub full: f64,
    /// More is refused; infinite without a hard quota.
    pub hard: f64,
    /// Soft quota.
    pub soft: Option<f64>,
    /// Bytes held at the start.
    pub holds: f64,
}

/// What is held against one limit.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) params: AccountParams,
    /// Size of what it is a part of: differences far below it are rounding.
    scale: f64,
    pub(super) kept: f64,
    pub(super) refused: f64,
    pub(super) closed: bool,
    pub(super) reached: [Option<SimTime>; MARKS.len()],
    pub(super) soft_reached: Option<SimTime>,
    /// In the middle of the measured part: when, what lay here, what had been refused.
    pub(super) half: Option<(SimTime, f64, f64)>,
}

impl Account {
    pub(super) fn new(params: AccountParams, whole: f64) -> Self {
        Account {
            params,
            scale: whole.min(params.hard),
            kept: params.holds,
            refused: 0.0,
            closed: false,
            reached: [None; MARKS.len()],
            soft_reached: None,
            half: None,
        }
    }

    pub(super) fn slack(&self) -> f64 {
        SLACK * self.scale
    }

    /// A closed account opens at this level.
    pub(super) fn reopens(&self) -> f64 {
        self.params.hard * (1.0 - REOPENS)
    }

    /// Notes which marks a level has reached.
    pub(super) fn note(&mut self, now: SimTime, used: f64) {
        let level = used + self.slack();
        for (reached, mark) in self.reached.iter_mut().zip(MARKS) {
            if reached.is_none() && level >= mark * self.params.full {
                *reached = Some(now);
            }
        }
        if self.soft_reached.is_none() && self.params.soft.is_some_and(|soft| level >= soft) {
            self.soft_reached = Some(now);
        }
    }

    /// Levels at which something happens next.
    pub(super) fn levels(&self) -> impl Iterator<Item = f64> {
        let marks = MARKS.map(|mark| mark * self.params.full).into_iter().zip(self.reached);
        let open = marks.filter(|(_, reached)| reached.is_none()).map(|(mark, _)| mark);
        let soft = self.params.soft.filter(|_| self.soft_reached.is_none());
        open.chain(soft).chain([if self.closed { self.reopens() } else { self.params.hard }])
    }
}
