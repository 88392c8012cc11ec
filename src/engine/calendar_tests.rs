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
    /// So many events, each a step before the one pushed last, down to now.
    Falling { step: i64, count: u32, keyed: bool },
    /// So many events that take turns: one after the short delay, one after the long one.
    Turns { short: i64, long: i64, count: u32, keyed: bool },
    /// Withdraws one of the keys given out so far, perhaps an old one.
    Cancel(prop::sample::Index),
    /// Withdraws every so manyth of the keys given out so far: pending, due, handled and withdrawn ones.
    CancelEvery(usize),
    /// Takes out so many events.
    Pop(u32),
    /// Takes out what is due within so much time.
    Advance(i64),
}

/// Delays that a calendar could find hard: none, a few ticks, any power of two, just beside the powers of the wheel's
/// digits, months beside nanoseconds, "never".
fn delay() -> impl Strategy<Value = i64> {
    prop_oneof![
        2 => (0..13_u32, -1..2_i64).prop_map(|(digits, more)| ((1_i64 << (5 * digits)) + more).max(0)),
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
        1 => (0..50_u32, 1..700_u32, any::<bool>())
            .prop_map(|(bits, count, keyed)| Op::Falling { step: 1 << bits, count, keyed }),
        1 => (delay(), delay(), 1..700_u32, any::<bool>())
            .prop_map(|(short, long, count, keyed)| Op::Turns { short, long, count, keyed }),
        2 => any::<prop::sample::Index>().prop_map(Op::Cancel),
        1 => (1..6_usize).prop_map(Op::CancelEvery),
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
            Op::Falling { step, count, keyed } => (0..i64::from(*count)).rev().for_each(|number| {
                self.push(number.saturating_mul(*step), (number % 2) as u8, *keyed);
            }),
            Op::Turns { short, long, count, keyed } => (0..*count).for_each(|number| {
                self.push(if number % 2 == 0 { *short } else { *long }, 0, *keyed);
            }),
            Op::Cancel(index) if !self.keys.is_empty() => self.cancel(index.index(self.keys.len())),
            Op::Cancel(_) => {}
            Op::CancelEvery(nth) => (0..self.keys.len()).step_by(*nth).for_each(|number| self.cancel(number)),
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

    /// Withdraws the event of a key from both, which must agree whether it was still pending.
    fn cancel(&mut self, number: usize) {
        let (key, place) = self.keys[number];
        assert_eq!(self.calendar.cancel(key), self.sorted.remove(&place).is_some());
    }

    /// Takes everything out.
    fn drain(&mut self) {
        while self.pop(i64::MAX) {}
        assert_eq!((self.calendar.len(), self.calendar.entries()), (0, 0));
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
        twin.drain();
    }
}

/// An instant with so many events that the row is long, and new events of all classes at that instant while it is
/// handled: this is what the late heap is for.
#[test]
fn an_instant_of_many_events_takes_zero_delays_of_any_class_into_its_order() {
    let mut twin = Twin::new(None);
    (0..5000).for_each(|number| twin.push(7, (number % 3) as u8, false));
    let mut late = 0;
    for number in 0..20_000 {
        twin.pop(i64::MAX);
        twin.push(if number % 7 == 0 { 1 } else { 0 }, 1 + (number % 4) as u8, number % 2 == 0);
        late = late.max(twin.calendar.late.len());
    }
    assert!(late > 100, "the late heap was meant to be used, but held at most {late}");
    twin.drain();
}

/// Keys of events that are pending, due now, being handled, handled, withdrawn: only pending ones can be withdrawn, and
/// only once, wherever their entry is.
#[test]
fn only_pending_events_can_be_withdrawn() {
    let mut twin = Twin::new(None);
    for round in 0..40_i64 {
        for delay in [0, 0, 1, 31, 32, 33, 1 << 20, 1 << 50] {
            (0..30).for_each(|number| twin.push(delay + number % 2 * round, 0, true));
        }
        (0..50).for_each(|_| _ = twin.pop(i64::MAX));
        (0..twin.keys.len()).step_by(3 + round as usize % 3).for_each(|number| twin.cancel(number));
    }
    twin.drain();
    (0..twin.keys.len()).for_each(|number| twin.cancel(number));
}

/// Delays for which a structure of fixed or adapting widths goes wrong, each held at many pending events for many steps.
#[test]
fn hostile_delays_keep_their_order_at_any_number_of_pending_events() {
    type Delay = fn(u64) -> i64;
    let shapes: [(&str, Delay); 6] = [
        ("beside the powers of the digits", |n| (1_i64 << (5 * (n % 12))) + (n / 12 % 3) as i64 - 1),
        ("ever shorter", |n| (1_i64 << 40) / (1 + n as i64 % 50_000)),
        ("ever longer", |n| 1 + (n as i64 % 50_000) * 1_000_003),
        ("extremes in turn", |n| if n.is_multiple_of(2) { 0 } else { 1 << 55 }),
        ("nanoseconds beside months", |n| if n.is_multiple_of(50) { 2_600_000_000_000_000 } else { (n % 9) as i64 }),
        ("bursts", |n| 1_000_000_000 * (1 + (n / 700 % 3) as i64)),
    ];
    for (name, delay) in shapes {
        for pending in [3, 40, 300, 6000_u64] {
            let mut twin = Twin::new(None);
            (0..pending).for_each(|n| twin.push(delay(n), 0, n.is_multiple_of(3)));
            for n in pending..pending + 15_000 {
                assert!(twin.pop(i64::MAX), "{name}: {pending} events are pending");
                twin.push(delay(n), (n % 5 / 4) as u8, n.is_multiple_of(3));
            }
            twin.drain();
        }
    }
}

/// The same life gives the same course, with and without permuted ties.
#[test]
fn a_life_can_be_repeated() {
    let course = |ties| {
        let mut twin = Twin::new(ties);
        (0..3000_i64).for_each(|n| twin.push(n * n % 64, (n % 3) as u8, n % 2 == 0));
        std::iter::from_fn(|| twin.calendar.pop_until(SimTime::MAX).map(|entry| entry.event)).collect::<Vec<_>>()
    };
    assert_eq!(course(None), course(None));
    assert_eq!(course(Some(7)), course(Some(7)));
    assert_ne!(course(None), course(Some(7)));
}

#[test]
fn the_permutation_of_ties_is_one_to_one() {
    for seed in [0, 1, u64::MAX, 0x1234_5678_9ABC_DEF0] {
        let images: std::collections::BTreeSet<u64> = (0..20_000).map(|sequence| permuted(seed, sequence)).collect();
        assert_eq!(images.len(), 20_000);
        assert!(images.last() < Some(&(1 << SEQUENCE_BITS)));
        assert!((0..20_000).all(|sequence| restored(seed, permuted(seed, sequence)) == sequence));
    }
}
