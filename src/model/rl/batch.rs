//! The trajectories that one engine generates at once.
//!
//! All of them proceed alike, so the one with the lowest mark finishes first, and of a long list only the front matters: the next few marks
//! are kept in order, all others lie as they came until the front is used up. A trajectory itself stays where it is, and what only users and
//! turns need lies apart. What is touched at a completion is then a few cache lines, however many trajectories the engine holds.

use std::cmp::Ordering;

use super::cohort::{Running, Turns};
use crate::units::{SimDuration, SimTime};

/// Marks in order that are taken from the others at a time. Twice as many, and half of them go back.
const FRONT: usize = 64;

/// When a trajectory finishes, and where it lies. Ordered by the clock of its engine, then by when it began.
#[derive(Clone, Copy, Debug)]
struct Mark {
    clock: f64,
    sequence: u64,
    place: u32,
}

impl Mark {
    /// The later one first.
    fn reversed(&self, other: &Self) -> Ordering {
        other.clock.total_cmp(&self.clock).then(other.sequence.cmp(&self.sequence))
    }
}

/// A trajectory without its mark and sequence, which its [`Mark`] has.
#[derive(Clone, Copy, Debug)]
struct Stored {
    started: SimTime,
    tokens: f64,
    weight: f64,
    survival: f64,
    version: u32,
    began_on: u32,
    group: u32,
    /// It has an entry in [`Batch::rare`].
    rare: bool,
}

/// What only trajectories of users, with turns, with a prompt or at the cap have.
#[derive(Clone, Copy, Debug, Default)]
struct Rare {
    waited: Option<SimDuration>,
    turns: Turns,
}

/// Trajectories on an engine.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// The first to finish, in order, the very first at the end; empty only if there are none at all.
    front: Vec<Mark>,
    /// All that finish after those.
    others: Vec<Mark>,
    places: Vec<Stored>,
    /// By place as well, as far as it is needed.
    rare: Vec<Rare>,
    free: Vec<u32>,
}

impl Batch {
    pub fn len(&self) -> usize {
        self.front.len() + self.others.len()
    }

    pub fn is_empty(&self) -> bool {
        self.front.is_empty()
    }

    /// Clock at which the first one finishes.
    pub fn first_mark(&self) -> Option<f64> {
        self.front.last().map(|mark| mark.clock)
    }

    pub fn push(&mut self, one: Running) {
        let Running {
            mark: clock,
            sequence,
            started,
            tokens,
            version,
            began_on,
            group,
            waited,
            weight,
            survival,
            turns,
        } = one;
        let rare = waited.is_some() || turns != Turns::default();
        let stored = Stored { started, tokens, weight, survival, version, began_on, group, rare };
        let place = match self.free.pop() {
            Some(place) => {
                self.places[place as usize] = stored;
                place
            }
            None => {
                self.places.push(stored);
                (self.places.len() - 1) as u32
            }
        };
        if rare {
            self.rare.resize(self.rare.len().max(self.places.len()), Rare::default());
            self.rare[place as usize] = Rare { waited, turns };
        }
        self.insert(Mark { clock, sequence, place });
    }

    /// The trajectory of a mark.
    fn of(&self, mark: &Mark) -> Running {
        let place = mark.place as usize;
        let Stored { started, tokens, weight, survival, version, began_on, group, rare } = self.places[place];
        let Rare { waited, turns } = if rare { self.rare[place] } else { Rare::default() };
        let (mark, sequence) = (mark.clock, mark.sequence);
        Running { mark, sequence, started, tokens, version, began_on, group, waited, weight, survival, turns }
    }

    fn insert(&mut self, mark: Mark) {
        let at = self.front.partition_point(|other| other.reversed(&mark).is_lt());
        if at == 0 && !self.others.is_empty() {
            self.others.push(mark);
            return;
        }
        self.front.insert(at, mark);
        if self.front.len() > 2 * FRONT {
            self.others.extend(self.front.drain(..FRONT));
        }
    }

    /// Takes the one that finishes first.
    pub fn pop(&mut self) -> Option<Running> {
        let mark = self.front.pop()?;
        self.fill_front();
        self.free.push(mark.place);
        Some(self.of(&mark))
    }

    /// Puts the next marks in order when there are none left in front.
    fn fill_front(&mut self) {
        if !self.front.is_empty() || self.others.is_empty() {
            return;
        }
        let rest = self.others.len().saturating_sub(FRONT);
        if rest > 0 {
            self.others.select_nth_unstable_by(rest, Mark::reversed);
        }
        self.front.extend(self.others.drain(rest..));
        self.front.sort_unstable_by(Mark::reversed);
    }

    /// All of them, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = Running> {
        self.front.iter().chain(&self.others).map(|mark| self.of(mark))
    }

    /// Takes the one that began last among those for which `wanted` holds.
    pub fn take_last(&mut self, wanted: impl Fn(&Running) -> bool) -> Option<Running> {
        // What began later than the best so far is looked at; all others are passed by their marks alone.
        let mut last: Option<(u64, usize)> = None;
        for (at, mark) in self.front.iter().chain(&self.others).enumerate() {
            if last.is_none_or(|(sequence, _)| mark.sequence > sequence) && wanted(&self.of(mark)) {
                last = Some((mark.sequence, at));
            }
        }
        let (_, at) = last?;
        let mark = match at.checked_sub(self.front.len()) {
            None => self.front.remove(at),
            Some(at) => self.others.swap_remove(at),
        };
        self.fill_front();
        self.free.push(mark.place);
        Some(self.of(&mark))
    }

    /// Takes all.
    pub fn drain(&mut self) -> Vec<Running> {
        let all = self.iter().collect();
        *self = Batch::default();
        all
    }

    /// Writes the pool's survival into the weights, so that the pool can count it from 1 again.
    pub fn restart_survival(&mut self, survival: f64) {
        for mark in self.front.iter().chain(&self.others) {
            let one = &mut self.places[mark.place as usize];
            one.weight *= survival / one.survival;
            one.survival = 1.0;
        }
    }

    /// Counts all marks from `clock` on.
    pub fn restart_clock(&mut self, clock: f64) {
        for mark in self.front.iter_mut().chain(&mut self.others) {
            mark.clock -= clock;
        }
        // Marks that differ may have become equal, and those that began first come first then.
        self.front.sort_unstable_by(Mark::reversed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(mark: f64, sequence: u64) -> Running {
        Running {
            mark,
            sequence,
            started: SimTime::ZERO,
            tokens: 1.0,
            version: 0,
            began_on: 0,
            group: 0,
            waited: None,
            weight: 1.0,
            survival: 1.0,
            turns: Turns::default(),
        }
    }

    /// Against a sorted list: pushes and pops at random, some of the last taken out, the clock restarted now and then.
    #[test]
    fn the_first_to_finish_comes_first_whatever_happened_before() {
        let mut state = 12_345_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let (mut batch, mut sorted) = (Batch::default(), Vec::<(f64, u64)>::new());
        for sequence in 0..20_000 {
            // Up to 700 at once, with marks that often meet.
            if sorted.len() < 700 && random(5) > 0 || sorted.is_empty() {
                let mark = random(300) as f64;
                batch.push(one(mark, sequence));
                sorted.push((mark, sequence));
                sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            } else {
                for _ in 0..random(10).min(sorted.len() as u64) {
                    let (mark, sequence) = sorted.remove(0);
                    assert_eq!(batch.first_mark().map(f64::to_bits), Some(mark.to_bits()));
                    assert_eq!(batch.pop().map(|one| one.sequence), Some(sequence));
                }
            }
            if random(50) == 0 {
                let odd = sorted.iter().filter(|one| one.1 % 2 == 1).map(|one| one.1).max();
                let taken = batch.take_last(|one| one.sequence % 2 == 1).map(|one| one.sequence);
                assert_eq!(taken, odd);
                sorted.retain(|one| Some(one.1) != odd);
            }
            if random(100) == 0 {
                batch.restart_clock(10.0);
                sorted.iter_mut().for_each(|one| one.0 -= 10.0);
            }
            assert_eq!(batch.len(), sorted.len());
            assert_eq!(batch.is_empty(), sorted.is_empty());
        }
        assert_eq!(batch.drain().len(), sorted.len());
        assert!(batch.is_empty() && batch.pop().is_none());
    }

    /// What a trajectory was when it went in it is when it comes out, with and without the rare parts, in any place.
    #[test]
    fn trajectories_come_out_as_they_went_in() {
        let mut batch = Batch::default();
        let at = |sequence: u64| {
            let turns = Turns { left: 2, truncated: true, generated: 3.0, context: 4.0, ..Turns::default() };
            let rare = Running { waited: Some(SimDuration::from_secs(1)), turns, ..one(sequence as f64, sequence) };
            if sequence.is_multiple_of(3) { rare } else { one(sequence as f64, sequence) }
        };
        for sequence in 0..40 {
            batch.push(at(sequence));
            batch.push(at(sequence + 100));
            let out = batch.pop().map(|one| format!("{one:?}"));
            assert_eq!(out, Some(format!("{:?}", at(sequence))));
        }
        assert_eq!(batch.len(), 40);
        batch.restart_survival(0.25);
        let weights: f64 = batch.iter().map(|one| one.weight / one.survival).sum();
        assert!((weights - 10.0).abs() < 1e-12);
    }
}
