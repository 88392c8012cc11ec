//! The calendar: all pending events, and which of them is next.
//!
//! An entry is ordered by one 128-bit number: 64 bits of time, 8 of class, 54 of sequence, and two marks that decide
//! nothing. The sequence makes every order different, so there is exactly one right next event and the data structure
//! cannot show through.
//!
//! Entries live in three places, divided by one instant, the *border*:
//!
//! * Before it, in the *row*, sorted and taken from its front. A new entry that belongs close to either end of the row is
//!   put in its place.
//! * Before it, in the *late heap*: new entries that belong far from both ends of a long row. They are rare, it takes
//!   hundreds of events at one instant.
//! * From it on, in the [`Wheel`], in no order. When row and heap are empty, the wheel's next bucket is [sorted](Sorter)
//!   and becomes the row, and the border moves to its end. When new entries have moved many others of the row, its second
//!   half goes back to the wheel.
//!
//! While a dozen events are pending the wheel stays empty and the row is the whole calendar.
//!
//! The entry of a keyed event is *alive* while its sequence number is among the [`Keys`]. When the event is withdrawn, its
//! entry stays where it is until it comes up, or until dead entries outnumber live ones, when all of them are swept out.
//! So withdrawing costs the same wherever the entry is, and memory stays in proportion to what is pending.

use super::Class;
use super::keys::{Key, Keys};
use super::sort::{Sorter, sink};
use super::wheel::Wheel;
use crate::units::SimTime;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::mem::take;

/// Bits of the sequence number: 2e16 events in one run.
const SEQUENCE_BITS: u32 = 54;
const SEQUENCE_MASK: u64 = (1 << SEQUENCE_BITS) - 1;
/// Mark below the sequence number: the event can be withdrawn.
const KEYED: u64 = 1;
/// Mark below the sequence number: it is permuted.
const PERMUTED: u64 = 2;
/// Bits of the marks.
const MARKS: u32 = 2;
/// Dead entries are not swept while there are fewer than this.
const FEW_DEAD: usize = 256;
/// A bucket of the wheel becomes the row if it has no more entries than this, …
const ROW: usize = 128;
/// … or than this share of the entries that wait (few new ones will fall among them), …
const ROW_SHARE: usize = 128;
/// … but never more than this.
const MOST_ROW: usize = 512;
/// A row gives half of its entries to the wheel when it has more than this, …
const LONG_ROW: usize = 2 * MOST_ROW;
/// … or when new entries have moved so many times as many entries as it has: then moving costs more than the wheel.
const MOVES: usize = 4;
/// In a row no longer than this, the place of a new entry is looked for from the end.
const SHORT_ROW: usize = 16;
/// More taken entries than this do not stay in front of a row that is shorter than they are many.
const MOST_TAKEN: usize = 128;
/// A new entry goes to the late heap if more entries than this would have to move.
const MOST_MOVED: usize = 256;

/// A pending event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<E> {
    pub(super) time: u64,
    /// Class above sequence above marks.
    rank: u64,
    /// Without it an entry with an event of 4 bytes would have a hole, be copied in odd parts, and be waited for when it is
    /// read as a whole.
    #[expect(dead_code, reason = "it only fills the place")]
    hole: u32,
    pub(super) event: E,
}

impl<E> Entry<E> {
    /// An entry that is never due.
    pub(super) fn filler(event: E) -> Self {
        Entry { time: u64::MAX, rank: u64::MAX, hole: 0, event }
    }

    /// An entry of this time and rank.
    #[cfg(test)]
    pub(super) fn at(time: u64, rank: u64, event: E) -> Self {
        Entry { time, rank, hole: 0, event }
    }

    pub(super) fn time(&self) -> SimTime {
        SimTime::from_nanos(self.time as i64)
    }

    pub(super) fn class(&self) -> Class {
        Class((self.rank >> (SEQUENCE_BITS + MARKS)) as u8)
    }

    /// Its place in the order of all events.
    #[inline]
    pub(super) fn order(&self) -> u128 {
        u128::from(self.time) << 64 | u128::from(self.rank)
    }

    #[inline(always)]
    fn keyed(&self) -> bool {
        self.rank & KEYED != 0
    }

    /// The sequence number, given the seed by which it may have been permuted.
    #[inline(always)]
    fn number(&self, ties: Option<u64>) -> u64 {
        let number = self.rank >> MARKS & SEQUENCE_MASK;
        if self.rank & PERMUTED == 0 { number } else { restored(ties.unwrap_or_default(), number) }
    }

    /// Whether the event is pending.
    #[inline(always)]
    fn lives(&self, keys: &Keys, ties: Option<u64>) -> bool {
        !self.keyed() || keys.contains(self.number(ties))
    }
}

/// The pending events of one run.
///
/// It begins at a cache line, or its speed would depend on where the stack happens to be.
#[repr(align(64))]
pub(super) struct Calendar<E> {
    /// The row; entries in front of `first` have been taken.
    near: Vec<Entry<E>>,
    first: usize,
    /// Entries moved to make room for new ones since the row was made or cut.
    moved: usize,
    /// The late heap.
    late: BinaryHeap<Late<E>>,
    wheel: Wheel<E>,
    sorter: Sorter<E>,
    border: u64,
    /// Time of the last event taken; nothing is ever added before it.
    floor: u64,
    keys: Keys,
    /// Withdrawn events whose entries are still here.
    dead: usize,
    sequence: u64,
    ties: Option<u64>,
}

impl<E: Copy> Calendar<E> {
    pub(super) fn new() -> Self {
        Calendar {
            near: Vec::new(),
            first: 0,
            moved: 0,
            late: BinaryHeap::new(),
            wheel: Wheel::new(),
            sorter: Sorter::new(),
            border: u64::MAX,
            floor: 0,
            keys: Keys::default(),
            dead: 0,
            sequence: 0,
            ties: None,
        }
    }

    /// Orders ties by a permutation of the sequence from now on; once in a life.
    pub(super) fn permute_ties(&mut self, seed: u64) {
        assert!(self.ties.is_none(), "ties are permuted already");
        self.ties = Some(seed);
    }

    /// Events pending, withdrawn ones left out.
    pub(super) fn len(&self) -> usize {
        self.entries() - self.dead
    }

    /// Entries held, withdrawn ones included.
    pub(super) fn entries(&self) -> usize {
        self.near.len() - self.first + self.late.len() + self.wheel.len()
    }

    /// Adds an event that cannot be withdrawn. `at` is not before the last event taken, nor before a limit up to which
    /// all events were taken.
    #[inline(always)]
    pub(super) fn push(&mut self, at: SimTime, class: Class, event: E) {
        self.insert(at, class, 0, event);
    }

    /// Adds an event that can be withdrawn.
    #[inline(always)]
    pub(super) fn push_keyed(&mut self, at: SimTime, class: Class, event: E) -> Key {
        let key = self.keys.insert(self.sequence);
        self.insert(at, class, KEYED, event);
        key
    }

    #[inline(always)]
    fn insert(&mut self, at: SimTime, class: Class, mark: u64, event: E) {
        let marked = match self.ties {
            None => self.sequence << MARKS | mark,
            Some(seed) => permuted(seed, self.sequence) << MARKS | PERMUTED | mark,
        };
        self.sequence += 1;
        let rank = u64::from(class.0) << (SEQUENCE_BITS + MARKS) | marked;
        // Times of a run are never negative, so the cast keeps their order.
        let time = at.as_nanos() as u64;
        if time >= self.border {
            self.wheel.add(Entry { time, rank, hole: 0, event }, self.floor);
        } else {
            self.insert_near(time, rank, event);
        }
    }

    /// Puts an entry that lies before the border into the row, and keeps the row in shape.
    #[inline(never)]
    fn insert_near(&mut self, time: u64, rank: u64, event: E) {
        self.moved += self.put_near(Entry { time, rank, hole: 0, event });
        let length = self.near.len() - self.first;
        if self.moved > MOVES * length || length > LONG_ROW {
            self.moved = 0;
            self.shorten_row();
        }
        if self.first > MOST_TAKEN && self.first > self.near.len() / 2 {
            self.forget_taken();
        }
    }

    /// Puts an entry into the row, or into the heap when too many would have to move; says how many moved.
    #[inline(always)]
    fn put_near(&mut self, entry: Entry<E>) -> usize {
        let row = &self.near[self.first..];
        if row.last().is_none_or(|last| last.order() < entry.order()) {
            self.near.push(entry);
            return 0;
        }
        if self.first > 0 && entry.order() < row[0].order() {
            self.first -= 1;
            self.near[self.first] = entry;
            return 0;
        }
        if row.len() <= SHORT_ROW {
            self.near.push(entry);
            sink(&mut self.near[self.first..]);
            return 0;
        }
        let before = row.partition_point(|other| other.order() < entry.order());
        let after = row.len() - before;
        if self.first > 0 && before < after.min(MOST_MOVED) {
            // The gap that a taken entry has left is nearer than the end.
            let gap = self.first - 1;
            self.near.copy_within(self.first..self.first + before, gap);
            self.near[gap + before] = entry;
            self.first = gap;
            before
        } else if after <= MOST_MOVED {
            self.near.insert(self.first + before, entry);
            after
        } else {
            self.late.push(Late(entry));
            0
        }
    }

    /// Keeps the taken entries from piling up in front of the row.
    #[cold]
    #[inline(never)]
    fn forget_taken(&mut self) {
        self.near.drain(..self.first);
        self.first = 0;
    }

    /// Gives the second half of the row back to the wheel, cut between two instants, if it has more than one; and what
    /// the heap holds beyond the cut.
    #[cold]
    #[inline(never)]
    fn shorten_row(&mut self) {
        let row = &self.near[self.first..];
        let (earliest, middle) = (row[0].time, row[row.len() / 2].time);
        let border = middle.max(earliest + 1);
        if border >= self.border {
            return;
        }
        self.border = border;
        let cut = self.first + row.partition_point(|entry| entry.time < border);
        for entry in self.near.drain(cut..) {
            self.wheel.add(entry, self.floor);
        }
        let beyond: BinaryHeap<Late<E>>;
        (self.late, beyond) = take(&mut self.late).into_iter().partition(|late| late.0.time < border);
        for Late(entry) in beyond {
            self.wheel.add(entry, self.floor);
        }
    }

    /// Withdraws the event of `key`; `false` when it is no longer pending.
    pub(super) fn cancel(&mut self, key: Key) -> bool {
        let pending = self.keys.withdraw(key);
        self.dead += usize::from(pending);
        if self.dead > FEW_DEAD && self.dead > self.entries() / 2 {
            self.sweep();
        }
        pending
    }

    /// Throws all dead entries out.
    fn sweep(&mut self) {
        self.forget_taken();
        let (keys, ties) = (&self.keys, self.ties);
        self.near.retain(|entry| entry.lives(keys, ties));
        self.late.retain(|late| late.0.lives(keys, ties));
        self.wheel.retain(|entry| entry.lives(keys, ties));
        self.dead = 0;
    }

    /// Takes out the next event if its time is not after `limit`.
    #[inline(always)]
    pub(super) fn pop_until(&mut self, limit: SimTime) -> Option<Entry<E>> {
        let limit = limit.as_nanos() as u64;
        loop {
            if !self.late.is_empty() {
                self.fetch_late();
            }
            if self.first == self.near.len() {
                self.refill(limit)?;
            }
            let entry = self.near[self.first];
            if entry.time > limit {
                return None;
            }
            self.first += 1;
            if !entry.keyed() || self.settle(&entry) {
                self.floor = entry.time;
                return Some(entry);
            }
        }
    }

    /// Notes that the entry of a keyed event was taken out; says whether the event was pending.
    #[inline(always)]
    fn settle(&mut self, entry: &Entry<E>) -> bool {
        let pending = self.keys.remove(entry.number(self.ties));
        self.dead -= usize::from(!pending);
        pending
    }

    /// Moves the head of the heap to the front of the row if it belongs there.
    #[cold]
    fn fetch_late(&mut self) {
        let Some(late) = self.late.peek_mut() else { return };
        if self.near.get(self.first).is_some_and(|first| first.order() < late.0.order()) {
            return;
        }
        let entry = PeekMut::pop(late).0;
        if self.first > 0 {
            self.first -= 1;
            self.near[self.first] = entry;
        } else {
            self.near.insert(0, entry);
        }
    }

    /// Makes the wheel's next bucket the row; `None` if nothing waits up to `limit`.
    #[inline(never)]
    fn refill(&mut self, limit: u64) -> Option<()> {
        self.near.clear();
        self.first = 0;
        self.moved = 0;
        while self.near.is_empty() {
            if self.wheel.len() == 0 {
                self.border = u64::MAX;
                return None;
            }
            let few = (self.wheel.len() / ROW_SHARE).clamp(ROW, MOST_ROW);
            let span = self.wheel.open(limit, few, &mut self.near)?;
            self.border = span.end;
            if self.dead > 0 {
                self.sift();
            }
            self.sorter.sort(&mut self.near, span);
        }
        Some(())
    }

    /// Throws the dead entries out of the row, which is not sorted yet.
    ///
    /// All are looked up before any is moved, because the processor then waits for all of the memory at once. To throw one
    /// out at sight would be a decision that it guesses, and after a wrong guess it waits for this one.
    fn sift(&mut self) {
        let (keys, ties, all) = (&self.keys, self.ties, self.near.len());
        let mut kept = 0;
        for start in (0..all).step_by(64) {
            let some = &self.near[start..all.min(start + 64)];
            let mut live = some.iter().rev().fold(0, |bits, entry| bits << 1 | u64::from(entry.lives(keys, ties)));
            while live != 0 {
                self.near[kept] = self.near[start + live.trailing_zeros() as usize];
                kept += 1;
                live &= live - 1;
            }
        }
        self.near.truncate(kept);
        self.dead -= all - kept;
    }
}

/// An entry in the heap: ordered backwards, because the standard heap gives its greatest element.
struct Late<E>(Entry<E>);

impl<E> Ord for Late<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.order().cmp(&self.0.order())
    }
}

impl<E> PartialOrd for Late<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Late<E> {
    fn eq(&self, other: &Self) -> bool {
        self.0.order() == other.0.order()
    }
}

impl<E> Eq for Late<E> {}

/// A permutation of the numbers of [`SEQUENCE_BITS`] chosen by `seed`: different sequences stay different.
///
/// Each step can be undone (xor, multiplication by an odd number, xor with one's own high half), so the whole is
/// one-to-one.
fn permuted(seed: u64, sequence: u64) -> u64 {
    let mut z = (sequence ^ seed) & SEQUENCE_MASK;
    for factor in factors(seed) {
        z = z.wrapping_mul(factor) & SEQUENCE_MASK;
        z ^= z >> (SEQUENCE_BITS / 2);
    }
    z
}

/// The sequence that was permuted.
#[cold]
fn restored(seed: u64, permuted: u64) -> u64 {
    let mut z = permuted;
    for factor in factors(seed).into_iter().rev() {
        z ^= z >> (SEQUENCE_BITS / 2);
        // An odd number is its own inverse in its last three bits; each step doubles the bits that are right.
        let inverse = (0..5).fold(factor, |x, _| x.wrapping_mul(2_u64.wrapping_sub(factor.wrapping_mul(x))));
        z = z.wrapping_mul(inverse) & SEQUENCE_MASK;
    }
    (z ^ seed) & SEQUENCE_MASK
}

/// What the steps of the permutation multiply by; all odd.
fn factors(seed: u64) -> [u64; 3] {
    [0x9E37_79B9_7F4A_7C15, seed.rotate_left(32) | 1, 0xBF58_476D_1CE4_E5B9]
}

#[cfg(test)]
#[path = "calendar_tests.rs"]
mod tests;
