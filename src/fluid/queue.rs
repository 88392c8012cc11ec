//! Who completes next: a priority queue over small dense numbers whose instants can change.

use super::exact::Instant;

/// A 4-ary heap of instants with their numbers, one 128-bit word each, that knows where each number stands. Among
/// equal instants the lowest number comes first. Behind the last word stand enough of the highest possible to let
/// every node of the heap have four children.
#[derive(Debug)]
pub(super) struct Queue {
    heap: Vec<u128>,
    len: usize,
    /// Position of each number in `heap`, or `ABSENT`.
    place: Vec<u32>,
}

const ABSENT: u32 = u32::MAX;
const ARITY: usize = 4;
const BEHIND: u128 = u128::MAX;

impl Queue {
    pub fn new() -> Self {
        Self { heap: vec![BEHIND; ARITY + 1], len: 0, place: Vec::new() }
    }

    /// The earliest instant and its number.
    #[inline]
    pub fn first(&self) -> Option<(Instant, u32)> {
        let first = self.heap[0];
        (first != BEHIND).then(|| Instant::and_number(first))
    }

    /// The instant that comes after the first; later than any where there is none.
    #[inline]
    pub fn second(&self) -> Instant {
        Instant::and_number(self.heap[self.least_of(1)]).0
    }

    /// Where the least of four neighbours stands.
    #[inline]
    fn least_of(&self, first: usize) -> usize {
        let four = &self.heap[first..first + ARITY];
        let low = usize::from(four[1] < four[0]);
        let high = 2 + usize::from(four[3] < four[2]);
        first + if four[high] < four[low] { high } else { low }
    }

    /// Inserts a number, or moves it to its new instant.
    pub fn set(&mut self, number: u32, at: Instant) {
        let (index, item) = (number as usize, at.with_number(number));
        if index >= self.place.len() {
            self.place.resize(index + 1, ABSENT);
        }
        let at = self.place[index];
        if at == ABSENT {
            self.len += 1;
            self.heap.push(BEHIND);
            self.sift_up(self.len - 1, item);
        } else {
            self.move_to(at as usize, item);
        }
    }

    pub fn remove(&mut self, number: u32) {
        let Some(place) = self.place.get_mut(number as usize) else { return };
        let at = std::mem::replace(place, ABSENT);
        if at == ABSENT {
            return;
        }
        self.len -= 1;
        self.heap.pop();
        let last = std::mem::replace(&mut self.heap[self.len], BEHIND);
        if (at as usize) < self.len {
            self.move_to(at as usize, last);
        }
    }

    #[inline]
    fn move_to(&mut self, at: usize, item: u128) {
        if item < self.heap[at] { self.sift_up(at, item) } else { self.sift_down(at, item) }
    }

    /// The instant of a number, if it is in.
    #[cfg(test)]
    pub fn instant(&self, number: u32) -> Option<Instant> {
        let at = *self.place.get(number as usize)?;
        (at != ABSENT).then(|| Instant::and_number(self.heap[at as usize]).0)
    }

    /// Puts an item where a gap is, or above.
    fn sift_up(&mut self, mut gap: usize, item: u128) {
        while gap > 0 {
            let parent = (gap - 1) / ARITY;
            let above = self.heap[parent];
            if item >= above {
                break;
            }
            self.put(gap, above);
            gap = parent;
        }
        self.put(gap, item);
    }

    /// Puts an item where a gap is, or below.
    fn sift_down(&mut self, mut gap: usize, item: u128) {
        while gap * ARITY + 1 < self.len {
            let least = self.least_of(gap * ARITY + 1);
            if item <= self.heap[least] {
                break;
            }
            self.put(gap, self.heap[least]);
            gap = least;
        }
        self.put(gap, item);
    }

    #[inline]
    fn put(&mut self, at: usize, item: u128) {
        self.heap[at] = item;
        self.place[item as u32 as usize] = at as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn agrees_with_a_sorted_map(steps in prop::collection::vec((0u32..20, prop::option::of(0i64..50)), 1..200)) {
            let mut queue = Queue::new();
            let mut twin = BTreeMap::new();
            for (number, at) in steps {
                match at {
                    Some(at) => { queue.set(number, Instant::at(at)); twin.insert(number, Instant::at(at)); }
                    None => { queue.remove(number); twin.remove(&number); }
                }
                let least = twin.iter().map(|(&number, &at)| (at, number)).min();
                prop_assert_eq!(queue.first(), least);
                let mut others: Vec<Instant> = twin.values().copied().collect();
                others.sort();
                match others.get(1) {
                    Some(&second) => prop_assert_eq!(queue.second(), second),
                    None => prop_assert!(queue.second() > Instant::NEVER),
                }
                prop_assert_eq!(queue.instant(number), twin.get(&number).copied());
            }
        }
    }
}
