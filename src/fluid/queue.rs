//! A priority queue over small dense numbers whose keys can change: who completes next.

/// A 4-ary heap of `(key, id)` that knows where each id stands. Which of equal keys comes first depends on the
/// history of the queue alone, so it is the same in every run.
#[derive(Debug)]
pub(super) struct Queue<K> {
    heap: Vec<(K, u32)>,
    /// Position of each id in `heap`, or `ABSENT`.
    place: Vec<u32>,
}

const ABSENT: u32 = u32::MAX;
const ARITY: usize = 4;

impl<K: Copy + PartialOrd> Queue<K> {
    pub fn new() -> Self {
        Self { heap: Vec::new(), place: Vec::new() }
    }

    /// The smallest key and its id.
    pub fn first(&self) -> Option<(K, u32)> {
        self.heap.first().copied()
    }

    /// Inserts `id`, or moves it to its new key.
    pub fn set(&mut self, id: u32, key: K) {
        let index = id as usize;
        if index >= self.place.len() {
            self.place.resize(index + 1, ABSENT);
        }
        if self.place[index] == ABSENT {
            self.place[index] = self.heap.len() as u32;
            self.heap.push((key, id));
            self.sift_up(self.heap.len() - 1);
            return;
        }
        let at = self.place[index] as usize;
        let old = self.heap[at].0;
        self.heap[at].0 = key;
        if key < old { self.sift_up(at) } else { self.sift_down(at) }
    }

    /// Inserts `id`, or moves it if the key is lower than its present one. Where keys mostly rise a little, it is
    /// cheaper to leave them too low and look again when they come first.
    pub fn lower(&mut self, id: u32, key: K) {
        match self.place.get(id as usize) {
            Some(&at) if at != ABSENT => {
                let at = at as usize;
                if key < self.heap[at].0 {
                    self.heap[at].0 = key;
                    self.sift_up(at);
                }
            }
            _ => self.set(id, key),
        }
    }

    pub fn remove(&mut self, id: u32) {
        let Some(&at) = self.place.get(id as usize) else { return };
        if at == ABSENT {
            return;
        }
        let at = at as usize;
        self.place[id as usize] = ABSENT;
        let last = self.heap.pop().expect("an id in place is in the heap");
        if at < self.heap.len() {
            let gone = std::mem::replace(&mut self.heap[at], last);
            if last.0 < gone.0 { self.sift_up(at) } else { self.sift_down(at) }
        }
    }

    /// The key of `id`, if it is in.
    #[cfg(test)]
    pub fn key(&self, id: u32) -> Option<K> {
        let at = *self.place.get(id as usize)?;
        (at != ABSENT).then(|| self.heap[at as usize].0)
    }

    fn sift_up(&mut self, mut at: usize) {
        let item = self.heap[at];
        while at > 0 {
            let parent = (at - 1) / ARITY;
            let above = self.heap[parent];
            if item.0 >= above.0 {
                break;
            }
            self.put(at, above);
            at = parent;
        }
        self.put(at, item);
    }

    fn sift_down(&mut self, mut at: usize) {
        let item = self.heap[at];
        loop {
            let first = at * ARITY + 1;
            let end = (first + ARITY).min(self.heap.len());
            let Some(children) = self.heap.get(first..end) else { break };
            let mut least = (0, item);
            for (child, &candidate) in children.iter().enumerate() {
                if candidate.0 < least.1.0 {
                    least = (first + child, candidate);
                }
            }
            if least.0 == 0 {
                break;
            }
            self.put(at, least.1);
            at = least.0;
        }
        self.put(at, item);
    }

    fn put(&mut self, at: usize, item: (K, u32)) {
        self.heap[at] = item;
        self.place[item.1 as usize] = at as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn agrees_with_a_sorted_map(steps in prop::collection::vec((0u32..20, prop::option::of(0u32..50), any::<bool>()), 1..200)) {
            let mut queue = Queue::new();
            let mut twin = BTreeMap::new();
            for (id, key, only_lower) in steps {
                match key {
                    Some(key) if only_lower => {
                        queue.lower(id, key);
                        let entry = twin.entry(id).or_insert(key);
                        *entry = key.min(*entry);
                    }
                    Some(key) => { queue.set(id, key); twin.insert(id, key); }
                    None => { queue.remove(id); twin.remove(&id); }
                }
                let least = twin.values().copied().min();
                prop_assert_eq!(queue.first().map(|(key, _)| key), least);
                prop_assert!(queue.first().is_none_or(|(key, id)| twin[&id] == key));
            }
        }
    }
}
