//! Which nodes a pass has to put right, lowest level first.
//!
//! The order need not be exact, for any order ends at the same levels; it only has to be good, or the pass does much
//! of its work twice. So nodes wait in *slots* of about 1.5 % of a level (the exponent and six more bits of the
//! number), each slot a list that runs through the nodes themselves, with one bit per slot that says whether anybody
//! is in it. Entering, leaving and finding the lowest are a few instructions each, however many wait. Every rank has
//! slots of its own; lower ranks come first.

/// Slots of a rank. Slot 0 also takes all levels below 1, the last one all above 2^64.
const SLOTS: usize = 4096;
const WORDS: usize = SLOTS / 64;
/// Bits of a double below those that choose the slot.
const CUT: u32 = 46;
/// Slot number of the level 1 before it is shifted to 0.
const BASE: u64 = 1.0_f64.to_bits() >> CUT;

const NOBODY: u32 = u32::MAX;

/// Nodes in waiting, each once.
#[derive(Debug)]
pub(super) struct Work {
    lanes: Vec<Lane>,
    /// Positions in `lanes`, ascending by rank.
    order: Vec<u8>,
    /// By node.
    neighbours: Vec<Neighbours>,
    waiting: u32,
    /// A node that waits without others is in no slot yet, but here; else `NOBODY`.
    only: u32,
    /// Where that node waits.
    only_place: Place,
}

impl Default for Work {
    fn default() -> Self {
        let (lanes, order, neighbours) = (Vec::new(), Vec::new(), Vec::new());
        let only_place = Place { slot: Place::OUT, lane: 0 };
        Self { lanes, order, neighbours, waiting: 0, only: NOBODY, only_place }
    }
}

/// Neighbours of a node in its slot.
#[derive(Copy, Clone, Debug)]
struct Neighbours {
    previous: u32,
    next: u32,
}

/// The slots of a rank.
#[derive(Debug)]
struct Lane {
    rank: u8,
    /// One bit a word that is not 0.
    summary: u64,
    /// One bit a slot that is not empty.
    words: [u64; WORDS],
    /// First node of each slot.
    heads: Box<[u32; SLOTS]>,
}

/// Where a node waits, kept by the node.
#[derive(Copy, Clone, Debug)]
pub(super) struct Place {
    /// `OUT` if it does not wait.
    slot: u16,
    lane: u8,
}

impl Place {
    const OUT: u16 = u16::MAX;

    #[inline]
    pub fn is_waiting(self) -> bool {
        self.slot != Self::OUT
    }
}

/// The slot of a level, which is at least 0.
#[inline]
pub(super) fn slot_of(level: f64) -> u16 {
    (level.to_bits() >> CUT).saturating_sub(BASE).min(SLOTS as u64 - 1) as u16
}

impl Work {
    /// Makes room for one more node, of this rank, and gives its place.
    pub fn add_node(&mut self, rank: u8) -> Place {
        self.neighbours.push(Neighbours { previous: NOBODY, next: NOBODY });
        let lane = self.lanes.iter().position(|lane| lane.rank == rank).unwrap_or_else(|| {
            self.lanes.push(Lane { rank, summary: 0, words: [0; WORDS], heads: Box::new([NOBODY; SLOTS]) });
            let at = self.order.partition_point(|&other| self.lanes[other as usize].rank < rank);
            self.order.insert(at, (self.lanes.len() - 1) as u8);
            self.lanes.len() - 1
        });
        Place { slot: Place::OUT, lane: lane as u8 }
    }

    /// The node to be put right next, and its slot.
    #[inline]
    pub fn first(&self) -> Option<(u32, u16)> {
        if self.only != NOBODY {
            return Some((self.only, self.only_place.slot));
        }
        if self.waiting == 0 { None } else { self.first_in_slots() }
    }

    #[inline]
    fn first_in_slots(&self) -> Option<(u32, u16)> {
        let lane = self.order.iter().map(|&lane| &self.lanes[lane as usize]).find(|lane| lane.summary != 0)?;
        let word = lane.summary.trailing_zeros() as usize % WORDS;
        let slot = 64 * word + lane.words[word].trailing_zeros() as usize;
        Some((lane.heads[slot % SLOTS], slot as u16))
    }

    /// True if the first waits outside of the slots; then no other waits.
    #[inline]
    pub fn is_only(&self) -> bool {
        self.only != NOBODY
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Lets a node wait, or moves it forward if it waits in a higher slot.
    #[inline]
    pub fn bring(&mut self, number: u32, place: &mut Place, slot: u16) {
        if !place.is_waiting() {
            self.enter(number, place, slot);
        } else if slot < place.slot {
            self.postpone(number, place, slot);
        }
    }

    /// Moves a waiting node to another slot.
    #[inline]
    pub fn postpone(&mut self, number: u32, place: &mut Place, slot: u16) {
        if number == self.only {
            place.slot = slot;
            self.only_place.slot = slot;
        } else {
            self.remove(number, place);
            self.enter(number, place, slot);
        }
    }

    /// Takes out the node that comes first.
    #[inline]
    pub fn pop(&mut self, number: u32, place: &mut Place) {
        let slot = std::mem::replace(&mut place.slot, Place::OUT);
        self.waiting -= 1;
        if number == self.only {
            self.only = NOBODY;
            return;
        }
        let next = self.neighbours[number as usize].next;
        self.begin_slot(place.lane, slot, next);
    }

    /// Takes a node out if it waits.
    #[inline]
    pub fn remove(&mut self, number: u32, place: &mut Place) {
        if !place.is_waiting() {
            return;
        }
        let slot = std::mem::replace(&mut place.slot, Place::OUT);
        self.waiting -= 1;
        if number == self.only {
            self.only = NOBODY;
            return;
        }
        let Neighbours { previous, next } = self.neighbours[number as usize];
        if previous != NOBODY {
            self.neighbours[previous as usize].next = next;
            if next != NOBODY {
                self.neighbours[next as usize].previous = previous;
            }
        } else {
            self.begin_slot(place.lane, slot, next);
        }
    }

    /// The first of a slot has gone, and another one, or nobody, is the first.
    #[inline]
    fn begin_slot(&mut self, lane: u8, slot: u16, first: u32) {
        let lane = &mut self.lanes[lane as usize];
        lane.heads[slot as usize % SLOTS] = first;
        if first != NOBODY {
            self.neighbours[first as usize].previous = NOBODY;
            return;
        }
        let word = slot as usize / 64 % WORDS;
        lane.words[word] &= !(1 << (slot % 64));
        if lane.words[word] == 0 {
            lane.summary &= !(1 << word);
        }
    }

    /// Lets a node wait that does not yet.
    #[inline]
    pub fn enter(&mut self, number: u32, place: &mut Place, slot: u16) {
        place.slot = slot;
        self.waiting += 1;
        if self.waiting == 1 {
            self.only = number;
            self.only_place = *place;
            return;
        }
        let only = std::mem::replace(&mut self.only, NOBODY);
        if only != NOBODY {
            self.line_up(only, self.only_place);
        }
        self.line_up(number, *place);
    }

    /// Puts a node first in its slot.
    #[inline]
    fn line_up(&mut self, number: u32, place: Place) {
        let lane = &mut self.lanes[place.lane as usize];
        let next = std::mem::replace(&mut lane.heads[place.slot as usize % SLOTS], number);
        let word = place.slot as usize / 64 % WORDS;
        lane.words[word] |= 1 << (place.slot % 64);
        lane.summary |= 1 << word;
        self.neighbours[number as usize] = Neighbours { previous: NOBODY, next };
        if next != NOBODY {
            self.neighbours[next as usize].previous = number;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn slots_rise_with_the_level() {
        let levels = [0.0, 1e-300, 0.5, 1.0, 1.02, 1.5, 7.0, 1e3, 1e9, 1.03e9, 1e19, 1e30, f64::INFINITY];
        let slots = levels.map(slot_of);
        assert!(slots.is_sorted(), "{slots:?}");
        assert_eq!((slots[0], slots[1], slots[12]), (0, 0, SLOTS as u16 - 1));
        assert!(slots[9] > slots[8] && slots[4] > slots[3]);
    }

    proptest! {
        #[test]
        fn agrees_with_a_sorted_map(steps in prop::collection::vec((0u32..40, 0u16..4096, 0u8..4), 1..300)) {
            let mut work = Work::default();
            let ranks = |number: u32| [200, 3, 90][number as usize % 3];
            let mut places: Vec<Place> = (0..40).map(|number| work.add_node(ranks(number))).collect();
            let mut twin: BTreeMap<u32, (u8, u16)> = BTreeMap::new();
            for (number, slot, what) in steps {
                let place = &mut places[number as usize];
                match what {
                    0 | 1 => {
                        work.bring(number, place, slot);
                        let entry = twin.entry(number).or_insert((ranks(number), slot));
                        entry.1 = entry.1.min(slot);
                    }
                    2 => { work.remove(number, place); twin.remove(&number); }
                    _ => if let Some(entry) = twin.get_mut(&number).filter(|entry| entry.1 < slot) {
                        work.postpone(number, place, slot);
                        entry.1 = slot;
                    },
                }
                let least = twin.values().copied().min();
                let first = work.first();
                prop_assert_eq!(first.map(|(number, slot)| (twin[&number].0, slot)), least);
                prop_assert!(first.is_none_or(|(number, slot)| twin[&number].1 == slot));
                prop_assert_eq!(work.is_empty(), twin.is_empty());
                prop_assert_eq!(places[number as usize].is_waiting(), twin.contains_key(&number));
            }
        }
    }
}
