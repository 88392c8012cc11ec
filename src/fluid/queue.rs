//! Who completes next: a priority queue over small dense numbers whose instants can change.

use super::exact::Instant;

/// A 4-ary heap of instants with their numbers, one 128-bit word each, that knows where each number stands. Among
/// equal instants the lowest number comes first.
#[derive(Debug, Default)]
pub(super) struct Queue {
    heap: Vec<u128>,
    /// Position of each number in `heap`, or `ABSENT`.
    place: Vec<u32>,
}

const ABSENT: u32 = u32::MAX;
const ARITY: usize = 4;

impl Queue {
    /// The earliest instant and its number.
    #[inline]
    pub fn first(&self) -> Option<(Instant, u32)> {
        self.heap.first().map(|&item| Instant::and_number(item))
    }

    /// Inserts a number, or moves it to its new instant.
    pub fn set(&mut self, number: u32, at: Instant) {
        let (index, item) = (number as usize, at.with_number(number));
        if index >= self.place.len() {
            self.place.resize(index + 1, ABSENT);
        }
        if self.place[index] == ABSENT {
            self.heap.push(item);
            self.sift_up(self.heap.len() - 1, item);
            return;
        }
        let at = self.place[index] as usize;
        if item < self.heap[at] { self.sift_up(at, item) } else { self.sift_down(at, item) }
    }

    pub fn remove(&mut self, number: u32) {
        let Some(place) = self.place.get_mut(number as usize) else { return };
        let at = std::mem::replace(place, ABSENT) as usize;
        if at == ABSENT as usize {
            return;
        }
        let last = self.heap.pop().expect("a number in place is in the heap");
        if at < self.heap.len() {
            if last < self.heap[at] { self.sift_up(at, last) } else { self.sift_down(at, last) }
        }
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
        loop {
            let first = gap * ARITY + 1;
            let end = (first + ARITY).min(self.heap.len());
            let Some(children) = self.heap.get(first..end) else { break };
            let (mut least, mut place) = (item, gap);
            for (child, &candidate) in children.iter().enumerate() {
                if candidate < least {
                    (least, place) = (candidate, first + child);
                }
            }
            if place == gap {
                break;
            }
            self.put(gap, least);
            gap = place;
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
            let mut queue = Queue::default();
            let mut twin = BTreeMap::new();
            for (number, at) in steps {
                match at {
                    Some(at) => { queue.set(number, Instant::at(at)); twin.insert(number, Instant::at(at)); }
                    None => { queue.remove(number); twin.remove(&number); }
                }
                let least = twin.iter().map(|(&number, &at)| (at, number)).min();
                prop_assert_eq!(queue.first(), least);
                prop_assert_eq!(queue.instant(number), twin.get(&number).copied());
            }
        }
    }
}
