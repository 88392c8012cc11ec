//! Which nodes a pass has to put right, lowest level first.
//!
//! The order need not be exact, for any order ends at the same levels; it only has to be good, or the pass does much
//! of its work twice. So every rank has a row of *slots* of about 1.5 % of a level (the exponent and six more bits of the
//! number), each with room for one node, and one bit per slot that says whether it is taken. Who finds a slot taken
//! goes to the next free one. Entering, leaving and finding the lowest are a few instructions each, however many wait.
//! Lower ranks come first; the few that find no slot, if ever there are so many, come last.

/// Slots of a rank. Slot 0 also takes all levels below 1, the last one all above 2^64.
const SLOTS: usize = 4096;
const WORDS: usize = SLOTS / 64;
/// Bits of a double below those that choose the slot.
const CUT: u32 = 46;
/// Slot number of the level 1 before it is shifted to 0.
const BASE: u64 = 1.0_f64.to_bits() >> CUT;

/// Nodes in waiting, each once.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// Ascending by rank.
    lanes: Vec<Lane>,
    waiting: u32,
    /// Those that found no free slot.
    late: Vec<u32>,
}

/// The slots of a rank.
#[derive(Debug)]
struct Lane {
    rank: u8,
    /// One bit a word that is not 0.
    summary: u64,
    /// One bit a slot that is taken.
    words: [u64; WORDS],
    /// Who has taken it.
    nodes: Box<[u32; SLOTS]>,
}

/// Where a node waits, kept by the node.
#[derive(Copy, Clone, Debug)]
pub(super) struct Place {
    /// `OUT` if it does not wait, `LATE` if it found no slot.
    slot: u16,
    lane: u8,
}

impl Place {
    const OUT: u16 = u16::MAX;
    const LATE: u16 = u16::MAX - 1;

    #[inline]
    pub fn is_waiting(self) -> bool {
        self.slot != Self::OUT
    }

    /// Stays in its lane when that of a new place was put before it.
    pub fn follow(&mut self, new: Self) {
        self.lane += u8::from(self.lane >= new.lane);
    }
}

/// The slot of a level, which is at least 0.
#[inline]
pub(super) fn slot_of(level: f64) -> u16 {
    (level.to_bits() >> CUT).saturating_sub(BASE).min(SLOTS as u64 - 1) as u16
}

impl Lane {
    /// The first free slot from this one on.
    #[inline]
    fn free_from(&self, slot: u16) -> Option<u16> {
        let word = slot as usize / 64 % WORDS;
        let free = !self.words[word] >> (slot % 64);
        if free != 0 {
            return Some(slot + free.trailing_zeros() as u16);
        }
        let next = (word + 1..WORDS).find(|&word| self.words[word] != u64::MAX)?;
        Some((64 * next) as u16 + (!self.words[next]).trailing_zeros() as u16)
    }

    #[inline]
    fn take(&mut self, slot: u16, number: u32) {
        let word = slot as usize / 64 % WORDS;
        self.nodes[slot as usize % SLOTS] = number;
        self.words[word] |= 1 << (slot % 64);
        self.summary |= 1 << word;
    }

    #[inline]
    fn leave(&mut self, slot: u16) {
        let word = slot as usize / 64 % WORDS;
        let left = self.words[word] & !(1 << (slot % 64));
        self.words[word] = left;
        self.summary &= !(u64::from(left == 0) << word);
    }
}

impl Work {
    /// Makes room for one more node of this rank, and gives its place. True if the other places have to
    /// [follow](Place::follow) because a lane was put between those of other ranks.
    pub fn add_node(&mut self, rank: u8) -> (Place, bool) {
        let lane = self.lanes.binary_search_by_key(&rank, |lane| lane.rank);
        let at = lane.unwrap_or_else(|at| {
            self.lanes.insert(at, Lane { rank, summary: 0, words: [0; WORDS], nodes: Box::new([0; SLOTS]) });
            at
        });
        (Place { slot: Place::OUT, lane: at as u8 }, lane.is_err() && at + 1 < self.lanes.len())
    }

    /// The node to be put right next, and its slot.
    #[inline]
    pub fn first(&self) -> Option<(u32, u16)> {
        if self.waiting == 0 {
            return None;
        }
        let Some(lane) = self.lanes.iter().find(|lane| lane.summary != 0) else {
            return self.late.last().map(|&number| (number, Place::LATE));
        };
        let word = lane.summary.trailing_zeros() as usize % WORDS;
        let slot = 64 * word + lane.words[word].trailing_zeros() as usize;
        Some((lane.nodes[slot % SLOTS], slot as u16))
    }

    /// True if no more than one waits.
    #[inline]
    pub fn is_single(&self) -> bool {
        self.waiting <= 1
    }

    #[inline]
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
        self.remove(number, place);
        self.enter(number, place, slot);
    }

    /// Takes a node out if it waits.
    #[inline]
    pub fn remove(&mut self, number: u32, place: &mut Place) {
        let slot = std::mem::replace(&mut place.slot, Place::OUT);
        if slot < Place::LATE {
            self.waiting -= 1;
            self.lanes[place.lane as usize].leave(slot);
        } else if slot == Place::LATE {
            self.waiting -= 1;
            self.late.retain(|&other| other != number);
        }
    }

    /// Lets a node wait that does not yet.
    #[inline]
    pub fn enter(&mut self, number: u32, place: &mut Place, slot: u16) {
        self.waiting += 1;
        let lane = &mut self.lanes[place.lane as usize];
        if let Some(slot) = lane.free_from(slot) {
            lane.take(slot, number);
            place.slot = slot;
        } else {
            self.late.push(number);
            place.slot = Place::LATE;
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

    #[test]
    fn more_nodes_than_slots_all_get_their_turn() {
        let mut work = Work::default();
        let mut places: Vec<Place> = (0..5000).map(|_| work.add_node(7).0).collect();
        for (number, place) in (0..).zip(&mut places) {
            work.enter(number, place, 4000 + (number % 96) as u16);
        }
        work.remove(4999, &mut places[4999]);
        let mut turns = 0;
        while let Some((number, _)) = work.first() {
            work.remove(number, &mut places[number as usize]);
            turns += 1;
        }
        assert_eq!(turns, 4999);
    }

    proptest! {
        #[test]
        fn agrees_with_a_sorted_map(steps in prop::collection::vec((0u32..40, 0u16..4096, 0u8..4), 1..300)) {
            let mut work = Work::default();
            let ranks = |number: u32| [200, 3, 90][number as usize % 3];
            let mut places: Vec<Place> = Vec::new();
            for number in 0..40 {
                let (place, is_between) = work.add_node(ranks(number));
                if is_between {
                    places.iter_mut().for_each(|other| other.follow(place));
                }
                places.push(place);
            }
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
                let first = work.first().map(|(number, _)| twin[&number]);
                prop_assert_eq!(first.map(|(rank, _)| rank), least.map(|(rank, _)| rank));
                // Forty nodes push each other forty slots away at most.
                prop_assert!(first.is_none_or(|first| first.1 < least.map_or(0, |least| least.1) + 40));
                prop_assert_eq!(work.is_empty(), twin.is_empty());
                prop_assert_eq!(places[number as usize].is_waiting(), twin.contains_key(&number));
            }
        }
    }
}
