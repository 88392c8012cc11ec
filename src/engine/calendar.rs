//! The calendar: all pending events, and which of them is next.
//!
//! An entry is ordered by one 128-bit number: 64 bits of time, 8 of class, 56 of sequence. The sequence makes every
//! order different, so there is exactly one right next event and the data structure cannot show through.
//!
//! Only keyed events have a *slot*, which holds a generation number: odd while the event is pending, even after it was
//! handled or withdrawn. A withdrawn entry stays in the heap as a dead entry until it comes up or until dead entries
//! outnumber live ones, when all of them are swept out. Its slot is not used again before the entry has gone.

use super::Class;
use crate::units::SimTime;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Names one scheduled event, for withdrawing it. A key that outlives its event is harmless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    slot: u32,
    generation: u32,
}

/// Marks an entry that cannot be withdrawn.
const NO_SLOT: u32 = u32::MAX;
/// Bits of the sequence number below the class: 7e16 events in one run.
const SEQUENCE_BITS: u32 = 56;
/// Dead entries are not swept while there are fewer than this.
const FEW_DEAD: usize = 256;

/// A pending event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<E> {
    time: u64,
    /// Class above sequence.
    rank: u64,
    slot: u32,
    pub(super) event: E,
}

impl<E> Entry<E> {
    pub(super) fn time(&self) -> SimTime {
        SimTime::from_nanos(self.time as i64)
    }

    pub(super) fn class(&self) -> Class {
        Class((self.rank >> SEQUENCE_BITS) as u8)
    }

    fn order(&self) -> u128 {
        u128::from(self.time) << 64 | u128::from(self.rank)
    }
}

impl<E> Ord for Entry<E> {
    /// Reversed, because the standard heap gives its greatest element.
    fn cmp(&self, other: &Self) -> Ordering {
        other.order().cmp(&self.order())
    }
}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl<E> Eq for Entry<E> {}

/// The pending events of one run.
pub(super) struct Calendar<E> {
    heap: BinaryHeap<Entry<E>>,
    slots: Slots,
    sequence: u64,
    ties: Option<u64>,
}

impl<E> Calendar<E> {
    pub(super) fn new() -> Self {
        Calendar { heap: BinaryHeap::new(), slots: Slots::default(), sequence: 0, ties: None }
    }

    /// Orders ties by a permutation of the sequence from now on.
    pub(super) fn permute_ties(&mut self, seed: u64) {
        self.ties = Some(seed);
    }

    /// Events pending, withdrawn ones left out.
    pub(super) fn len(&self) -> usize {
        self.heap.len() - self.slots.dead
    }

    /// Entries held, withdrawn ones included.
    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        self.heap.len()
    }

    pub(super) fn push(&mut self, at: SimTime, class: Class, event: E) {
        self.insert(at, class, NO_SLOT, event);
    }

    pub(super) fn push_keyed(&mut self, at: SimTime, class: Class, event: E) -> Key {
        let key = self.slots.occupy();
        self.insert(at, class, key.slot, event);
        key
    }

    fn insert(&mut self, at: SimTime, class: Class, slot: u32, event: E) {
        let sequence = match self.ties {
            None => self.sequence,
            Some(seed) => permuted(seed, self.sequence),
        };
        self.sequence += 1;
        let rank = u64::from(class.0) << SEQUENCE_BITS | sequence;
        // Times of a run are never negative, so the cast keeps their order.
        self.heap.push(Entry { time: at.as_nanos() as u64, rank, slot, event });
    }

    /// Withdraws the event of `key`; `false` when it is no longer pending.
    pub(super) fn cancel(&mut self, key: Key) -> bool {
        let pending = self.slots.kill(key);
        if pending && self.slots.dead > FEW_DEAD && self.slots.dead > self.heap.len() / 2 {
            let slots = &mut self.slots;
            self.heap.retain(|entry| slots.is_live(entry.slot) || slots.bury(entry.slot));
        }
        pending
    }

    /// Takes out the next event if its time is not after `limit`.
    pub(super) fn pop_until(&mut self, limit: SimTime) -> Option<Entry<E>> {
        while self.heap.peek()?.time <= limit.as_nanos() as u64 {
            let entry = self.heap.pop().expect("an entry was just seen");
            if self.slots.release(entry.slot) {
                return Some(entry);
            }
        }
        None
    }
}

/// The generations of the keyed events.
#[derive(Default)]
struct Slots {
    /// By slot: odd while its event is pending.
    generations: Vec<u32>,
    free: Vec<u32>,
    /// Withdrawn events whose entries are still in the calendar.
    dead: usize,
}

impl Slots {
    /// A slot for a new pending event.
    fn occupy(&mut self) -> Key {
        let slot = self.free.pop().unwrap_or_else(|| {
            let slot = u32::try_from(self.generations.len()).expect("fewer than 2^32 keyed events are pending");
            self.generations.push(0);
            slot
        });
        let generation = &mut self.generations[slot as usize];
        *generation = generation.wrapping_add(1);
        Key { slot, generation: *generation }
    }

    /// Marks the event of `key` as withdrawn, if it is pending.
    fn kill(&mut self, key: Key) -> bool {
        let generation = &mut self.generations[key.slot as usize];
        let pending = *generation == key.generation;
        if pending {
            *generation = generation.wrapping_add(1);
            self.dead += 1;
        }
        pending
    }

    fn is_live(&self, slot: u32) -> bool {
        slot == NO_SLOT || self.generations[slot as usize] % 2 == 1
    }

    /// Frees the slot of an entry that leaves the calendar; says whether its event was still pending.
    fn release(&mut self, slot: u32) -> bool {
        if slot == NO_SLOT {
            return true;
        }
        if !self.is_live(slot) {
            return self.bury(slot);
        }
        let generation = &mut self.generations[slot as usize];
        *generation = generation.wrapping_add(1);
        self.free.push(slot);
        true
    }

    /// Frees the slot of a dead entry; always `false`, "not pending".
    fn bury(&mut self, slot: u32) -> bool {
        self.dead -= 1;
        self.free.push(slot);
        false
    }
}

/// A permutation of the 56-bit numbers chosen by `seed`: different sequences stay different.
///
/// Each step can be undone (xor, multiplication by an odd number, xor with one's own high half), so the whole is
/// one-to-one.
fn permuted(seed: u64, sequence: u64) -> u64 {
    const MASK: u64 = (1 << SEQUENCE_BITS) - 1;
    let mut z = (sequence ^ seed) & MASK;
    for factor in [0x9E37_79B9_7F4A_7C15_u64, seed.rotate_left(32) | 1, 0xBF58_476D_1CE4_E5B9] {
        z = z.wrapping_mul(factor) & MASK;
        z ^= z >> (SEQUENCE_BITS / 2);
    }
    z
}

#[cfg(test)]
#[path = "calendar_tests.rs"]
mod tests;
