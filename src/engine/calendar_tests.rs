//! The calendar against a sorted reference.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// One step of a random life of a calendar.
#[derive(Clone, Debug)]
enum Op {
    /// So many events of one class at one instant after now.
    Push { delay: i64, class: u8, count: u32, keyed: bool },
    /// So many events scattered over a span of time after now.
    Cloud { bits: u32, count: u32, keyed: bool },
    /// Withdraws one of the keys given out so far, perhaps an old one.
    Cancel(prop::sample::Index),
    /// Takes out so many events.
    Pop(u32),
    /// Takes out what is due within so much time.
    Advance(i64),
}

/// Delays that a calendar could find hard: none, a few ticks, any power of two, months beside nanoseconds, "never".
fn delay() -> impl Strategy<Value = i64> {
    prop_oneof![
        3 => Just(0),
        3 => 0..40_i64,
        3 => (0..60_u32, 0..16_i64).prop_map(|(bits, more)| (1_i64 << bits) + more - 1),
        2 => 2_000_000_000_000_000..9_000_000_000_000_000_i64,
        1 => Just(i64::MAX),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let count = prop_oneof![12 => 1..4_u32, 1 => 100..1500_u32];
    prop_oneof![
        6 => (delay(), 0..4_u8, count, any::<bool>())
            .prop_map(|(delay, class, count, keyed)| Op::Push { delay, class, count, keyed }),
        1 => (0..60_u32, 1..2000_u32, any::<bool>()).prop_map(|(bits, count, keyed)| Op::Cloud { bits, count, keyed }),
        2 => any::<prop::sample::Index>().prop_map(Op::Cancel),
        4 => (0..90_u32).prop_map(Op::Pop),
        1 => (90..4000_u32).prop_map(Op::Pop),
        1 => delay().prop_map(Op::Advance),
    ]
}

/// A calendar and a plain sorted map that lead the same life.
struct Twin {
    calendar: Calendar<u32>,
    sorted: BTreeMap<(i64, u8, u64), u32>,
    keys: Vec<(Key, (i64, u8, u64))>,
    now: i64,
    pushed: u32,
    ties: Option<u64>,
}

impl Twin {
    fn new(ties: Option<u64>) -> Twin {
        let mut calendar = Calendar::new();
        ties.into_iter().for_each(|seed| calendar.permute_ties(seed));
        Twin { calendar, sorted: BTreeMap::new(), keys: Vec::new(), now: 0, pushed: 0, ties }
    }

    fn step(&mut self, op: &Op) {
        match op {
            Op::Push { delay, class, count, keyed } => (0..*count).for_each(|_| self.push(*delay, *class, *keyed)),
            Op::Cloud { bits, count, keyed } => (0..u64::from(*count)).for_each(|number| {
                let delay = permuted(u64::from(self.pushed), number) % (1 << bits);
                self.push(delay as i64, (number % 3) as u8, *keyed);
            }),
            Op::Cancel(index) if !self.keys.is_empty() => {
                let (key, place) = self.keys[index.index(self.keys.len())];
                assert_eq!(self.calendar.cancel(key), self.sorted.remove(&place).is_some());
            }
            Op::Cancel(_) => {}
            Op::Pop(count) => (0..*count).for_each(|_| _ = self.pop(i64::MAX)),
            Op::Advance(delay) => {
                let limit = self.now.saturating_add(*delay);
                while self.pop(limit) {}
                self.now = limit;
            }
        }
        assert_eq!(self.calendar.len(), self.sorted.len());
    }

    fn push(&mut self, delay: i64, class: u8, keyed: bool) {
        let time = self.now.saturating_add(delay);
        let sequence = u64::from(self.pushed);
        let place = (time, class, self.ties.map_or(sequence, |seed| permuted(seed, sequence)));
        let at = SimTime::from_nanos(time);
        if keyed {
            self.keys.push((self.calendar.push_keyed(at, Class(class), self.pushed), place));
        } else {
            self.calendar.push(at, Class(class), self.pushed);
        }
        self.sorted.insert(place, self.pushed);
        self.pushed += 1;
    }

    /// Takes one event out of both and compares; says whether there was one.
    fn pop(&mut self, limit: i64) -> bool {
        let due = self.sorted.first_key_value().is_some_and(|(place, _)| place.0 <= limit);
        let expected = if due { self.sorted.pop_first() } else { None };
        let entry = self.calendar.pop_until(SimTime::from_nanos(limit));
        let found = entry.map(|entry| ((entry.time().as_nanos(), entry.class().0), entry.event));
        assert_eq!(found, expected.map(|((time, class, _), event)| ((time, class), event)));
        if let Some(((time, ..), _)) = expected {
            self.now = time;
        }
        expected.is_some()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_life_of_a_calendar_comes_out_in_exact_order(
        ops in prop::collection::vec(op(), 1..120),
        ties in prop::option::of(any::<u64>()),
    ) {
        let mut twin = Twin::new(ties);
        ops.iter().for_each(|op| twin.step(op));
        while twin.pop(i64::MAX) {}
    }
}

#[test]
fn the_permutation_of_ties_is_one_to_one() {
    for seed in [0, 1, u64::MAX, 0x1234_5678_9ABC_DEF0] {
        let images: std::collections::BTreeSet<u64> = (0..20_000).map(|sequence| permuted(seed, sequence)).collect();
        assert_eq!(images.len(), 20_000);
        assert!(images.last() < Some(&(1 << SEQUENCE_BITS)));
    }
}
