//! Pairs of sites between which something sends: how long each had a way.
//!
//! A pair loses its way at the moment when the last way of its present route dies, and has one again once routes have changed to one
//! that is alive. A link that is mended before that does not bring the pair back: its traffic stands still until routes are
//! confirmed.

use super::component::Wan;
use super::link::Link;
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
    /// 1 while it would have a way if no maintenance window were open.
    pub(super) maintained: Level,
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
    /// The part of it that maintenance alone is to blame for, seconds.
    pub maintained: f64,
    /// Share of the rest of the time with a way, 0…1; none where there is no rest.
    pub unplanned: Option<f64>,
}

impl Wan {
    /// Watches these courses from time zero on. Courses of one pair that differ in their rule make one pair, which has a way
    /// while each of them has one.
    pub fn watch(&mut self, mut courses: Vec<Course>) {
        courses.sort_unstable_by_key(|course| (course.from, course.to, course.policy));
        courses.dedup();
        for same in courses.chunk_by(|a, b| (a.from, a.to) == (b.from, b.to)) {
            let level = || Level::new(SimTime::ZERO, 0.0);
            self.pairs.push(Pair { courses: same.to_vec(), down: level(), maintained: level() });
        }
        self.pairs_follow(SimTime::ZERO);
    }

    /// All watched pairs, in order of source and destination.
    pub fn reached(&self, now: SimTime) -> impl Iterator<Item = Reached> + '_ {
        self.pairs.iter().filter_map(move |pair| {
            let course = pair.courses.first()?;
            let availability = (1.0 - pair.down.mean(now)).max(0.0);
            let (downtime, maintained) = (pair.down.integral(now), pair.maintained.integral(now));
            let rest = now.since(self.since()).as_secs_f64() - maintained;
            let unplanned = (rest > 0.0).then(|| (1.0 - (downtime - maintained) / rest).clamp(0.0, 1.0));
            Some(Reached { ends: (course.from, course.to), availability, downtime, maintained, unplanned })
        })
    }

    /// Says of every pair that has no way whether maintenance alone is to blame: nothing joins it now, and something would if no
    /// window were open.
    pub(super) fn judge_pairs(&mut self, now: SimTime) {
        if self.windows.is_empty() {
            return;
        }
        let mut pairs = std::mem::take(&mut self.pairs);
        for pair in &mut pairs {
            let open = |link: &Link| link.there() && !link.broken();
            let blamed = pair.down.value() > 0.0
                && pair.courses.first().is_some_and(|&c| !self.joins(c, Link::alive) && self.joins(c, open));
            if blamed != (pair.maintained.value() > 0.0) {
                pair.maintained.set(now, f64::from(u8::from(blamed)));
            }
        }
        self.pairs = pairs;
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
