//! Pairs of sites between which something sends: how long each had a way.
//!
//! A pair loses its way at the moment when the last way of its present route dies, and has one again once routes have changed to one
//! that is alive. A link that is mended before that does not bring the pair back: its traffic stands still until routes are
//! confirmed.

use super::component::Wan;
use crate::model::ids::SiteId;
use crate::model::paths::Course;
use crate::stats::Level;
use crate::units::SimTime;

/// A pair of sites and whether it lacks a way.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    /// From the same source to the same destination, by each rule in use.
    courses: Vec<Course>,
    /// 0 with a way, 1 without.
    pub(super) down: Level,
}

/// How long a pair had a way since statistics began.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reached {
    /// Source and destination.
    pub ends: (SiteId, SiteId),
    /// Share of the time with a way, 0…1.
    pub availability: f64,
    /// Time without one, seconds.
    pub downtime: f64,
}

impl Wan {
    /// Watches these courses from time zero on. Courses of one pair that differ in their rule make one pair, which has a way
    /// while each of them has one.
    pub fn watch(&mut self, mut courses: Vec<Course>) {
        courses.sort_unstable_by_key(|course| (course.from, course.to, course.policy));
        courses.dedup();
        for same in courses.chunk_by(|a, b| (a.from, a.to) == (b.from, b.to)) {
            self.pairs.push(Pair { courses: same.to_vec(), down: Level::new(SimTime::ZERO, 0.0) });
        }
        self.pairs_follow(SimTime::ZERO);
    }

    /// All watched pairs, in order of source and destination.
    pub fn reached(&self, now: SimTime) -> impl Iterator<Item = Reached> + '_ {
        self.pairs.iter().filter_map(move |pair| {
            let course = pair.courses.first()?;
            let availability = (1.0 - pair.down.mean(now)).max(0.0);
            Some(Reached { ends: (course.from, course.to), availability, downtime: pair.down.integral(now) })
        })
    }

    /// A link has died: what had a way may have lost it. Nobody gains one before routes have changed.
    pub(super) fn pairs_lose(&mut self, now: SimTime) {
        self.look_at_pairs(now, |had_way| had_way);
    }

    /// Routes have changed.
    pub(super) fn pairs_follow(&mut self, now: SimTime) {
        self.look_at_pairs(now, |_| true);
    }

    fn look_at_pairs(&mut self, now: SimTime, may_have: impl Fn(bool) -> bool) {
        let mut pairs = std::mem::take(&mut self.pairs);
        for pair in &mut pairs {
            let had = pair.down.value() <= 0.0;
            let has = may_have(had) && pair.courses.iter().all(|&course| self.route(course).is_some());
            if had != has {
                pair.down.set(now, f64::from(u8::from(!has)));
            }
        }
        self.pairs = pairs;
    }
}
