//! Which keyed events are pending: a set of sequence numbers.
//!
//! An event's sequence number is given once, so it is the key, and nothing is kept of events that have gone. Numbers rise
//! with time and most events go soon: the pending ones lie in a *window* that moves along, with one bit for each number.
//! A new number is always at its end, in memory that was used just before; and a million pending events need so little
//! of it that withdrawing one hardly waits.
//!
//! A few events that stay pending while very many others come and go would stretch the window. When it is long for what it
//! holds, the numbers of its older half go to a sorted set, so memory stays in proportion to what is pending.

use std::collections::BTreeSet;
use std::num::NonZeroU64;

/// Names one scheduled event, for withdrawing it. A key that outlives its event is harmless.
///
/// `Option<Key>` is no larger than a key: 8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(NonZeroU64);

const _: () = assert!(size_of::<Option<Key>>() == 8);

/// Numbers of a word of the window.
const WORD: u64 = u64::BITS as u64;
/// The window may have this many words, …
const FEW_WORDS: u64 = 64;
/// … and one more for so many pending events: four bytes for each.
const EVENTS_A_WORD: u64 = 2;

impl Key {
    /// The key of the event with this sequence number: twice the number, and one, so that it is never zero.
    fn of(number: u64) -> Self {
        Key(NonZeroU64::MIN | number << 1)
    }

    /// The sequence number of the event.
    fn number(self) -> u64 {
        self.0.get() >> 1
    }
}

/// The sequence numbers of the pending keyed events.
#[derive(Default)]
pub(super) struct Keys {
    /// One bit by number, from `start` × [`WORD`] on.
    window: Vec<u64>,
    start: u64,
    /// Numbers before the window.
    old: BTreeSet<u64>,
    len: u64,
}

impl Keys {
    /// Adds a number, which is higher than any before; gives its key.
    #[inline(always)]
    pub(super) fn insert(&mut self, number: u64) -> Key {
        if number / WORD >= self.start + self.window.len() as u64 {
            self.reach(number / WORD);
        }
        if let Some(word) = self.window.last_mut() {
            *word |= 1 << (number % WORD);
        }
        self.len += 1;
        Key::of(number)
    }

    /// Whether the set has this number.
    #[inline(always)]
    pub(super) fn contains(&self, number: u64) -> bool {
        match self.window.get((number / WORD).wrapping_sub(self.start) as usize) {
            Some(word) => word >> (number % WORD) & 1 == 1,
            None => self.old.contains(&number),
        }
    }

    /// Takes a number out; says whether it was in.
    #[inline(always)]
    pub(super) fn remove(&mut self, number: u64) -> bool {
        let found = match self.window.get_mut((number / WORD).wrapping_sub(self.start) as usize) {
            Some(word) => {
                let found = *word >> (number % WORD) & 1 == 1;
                *word &= !(1 << (number % WORD));
                found
            }
            None => self.old.remove(&number),
        };
        self.len -= u64::from(found);
        found
    }

    /// Takes the number of a key out; says whether it was in.
    pub(super) fn withdraw(&mut self, key: Key) -> bool {
        self.remove(key.number())
    }

    /// Moves the end of the window along to this word.
    #[inline(never)]
    fn reach(&mut self, last: u64) {
        let most = FEW_WORDS + self.len / EVENTS_A_WORD;
        if last - self.start >= most {
            let start = last - most / 2;
            let gone = (start - self.start).min(self.window.len() as u64);
            for (word, mut bits) in (self.start..).zip(self.window.drain(..gone as usize)) {
                while bits != 0 {
                    self.old.insert(word * WORD + u64::from(bits.trailing_zeros()));
                    bits &= bits - 1;
                }
            }
            self.start = start;
        }
        self.window.resize((last - self.start) as usize + 1, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers with gaps of all sizes, of which some stay long and some go at once, against a sorted set.
    #[test]
    fn the_window_and_the_old_numbers_are_one_set() {
        let (mut keys, mut expected) = (Keys::default(), BTreeSet::new());
        let (mut number, mut oldest, mut most) = (0, 0, 0);
        for step in 0..60_000_u64 {
            number += match step {
                _ if step % 9_973 == 0 => 1 << (step % 40),
                _ if step % 100 == 0 => 1 + step % 3_000,
                _ => 1 + step % 3,
            };
            assert_eq!(keys.insert(number).number(), number);
            expected.insert(number);
            // Most go soon, one in fifty stays.
            for gone in [number - step % 7, number.saturating_sub(step % 5_000)] {
                let pending = gone % 50 != 0 && expected.remove(&gone);
                assert!(gone % 50 == 0 || keys.remove(gone) == pending);
                assert_eq!(keys.contains(gone), expected.contains(&gone));
            }
            oldest = oldest.max(keys.old.len());
            most = most.max(keys.len);
            assert!(keys.window.len() as u64 <= FEW_WORDS + most / EVENTS_A_WORD);
            assert_eq!(keys.len, expected.len() as u64);
        }
        assert!(oldest > 100, "old numbers were meant to be used, but there were at most {oldest}");
        assert!(expected.iter().all(|&number| keys.contains(number) && keys.remove(number)));
        assert!(keys.len == 0 && keys.old.is_empty());
    }
}
