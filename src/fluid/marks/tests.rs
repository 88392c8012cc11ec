//! Against a list sorted anew, with marks of every kind of spread.

use super::*;
use proptest::prelude::*;

/// How the positions of marks are spread.
#[derive(Copy, Clone, Debug)]
enum Spread {
    Uniform,
    /// Over twelve orders of magnitude.
    Exponential,
    /// Three positions in all.
    Bursts,
    /// One position, with differences only in the low part of the sum.
    Low,
    Rising,
    Falling,
    /// A little beyond the last mark taken, sometimes a little below it.
    Ahead,
}

const SPREADS: [Spread; 7] = {
    use Spread::*;
    [Uniform, Exponential, Bursts, Low, Rising, Falling, Ahead]
};

/// Makes marks; the same in every run.
struct Source {
    state: u64,
    made: u32,
    /// Position of the last mark taken.
    service: Sum,
}

impl Source {
    fn new(seed: u64) -> Self {
        Self { state: seed, made: 0, service: Sum::ZERO.plus(1e9) }
    }

    fn below(&mut self, n: u64) -> u64 {
        self.state = self.state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        (self.state >> 33) % n
    }

    fn unit(&mut self) -> f64 {
        (self.below(1 << 30) as f64 + 0.5) / (1u64 << 30) as f64
    }

    fn mark(&mut self, spread: Spread) -> Mark {
        self.made += 1;
        let base = Sum::ZERO.plus(1e9);
        let at = match spread {
            Spread::Uniform => base.plus(1e9 * self.unit()),
            Spread::Exponential => Sum::ZERO.plus(10f64.powf(12.0 * self.unit())),
            Spread::Bursts => base.plus(self.below(3) as f64),
            Spread::Low => base.plus(1e-9 * self.unit()),
            Spread::Rising => base.plus(f64::from(self.made)),
            Spread::Falling => base.plus(1e8 - f64::from(self.made)),
            Spread::Ahead => {
                let step = if self.below(50) == 0 { -1e-3 } else { -1e6 * self.unit().ln() };
                self.service.plus(step)
            }
        };
        let flow = if self.below(20) == 0 { self.below(8) as u32 } else { self.below(1 << 20) as u32 };
        Mark::new(at, flow)
    }
}

/// Marks and a list that must hold the same.
#[derive(Default)]
struct Pair {
    marks: Marks,
    /// In no order.
    twin: Vec<Mark>,
}

fn order(a: &Mark, b: &Mark) -> Ordering {
    (a.at(), a.flow).cmp(&(b.at(), b.flow))
}

impl Pair {
    fn push(&mut self, mark: Mark) {
        let is_first = self.marks.first().is_none_or(|first| order(&mark, &first).is_lt());
        assert_eq!(self.marks.push(mark), is_first);
        self.twin.push(mark);
    }

    fn retain(&mut self, mut keep: impl FnMut(&Mark) -> bool) {
        let mut seen = 0;
        self.marks.retain(|mark| {
            seen += 1;
            keep(mark)
        });
        assert_eq!(seen, self.twin.len());
        self.twin.retain(keep);
    }

    /// Takes `count` marks and compares them with the lowest of the list.
    fn pop(&mut self, count: usize) -> Option<Mark> {
        self.twin.sort_by(|a, b| order(b, a));
        let mut last = None;
        for _ in 0..count {
            assert_eq!(self.marks.len(), self.twin.len());
            assert_eq!(self.marks.is_empty(), self.twin.is_empty());
            assert_eq!(self.marks.first(), self.twin.last().copied());
            let (got, expected) = (self.marks.pop(), self.twin.pop());
            assert_eq!(got, expected);
            last = got.or(last);
        }
        last
    }
}

#[test]
fn nothing_is_kept_for_nothing() {
    let mut marks = Marks::new();
    assert_eq!((marks.len(), marks.first(), marks.pop()), (0, None, None));
    assert_eq!(marks.row.capacity(), 0);
    marks.push(Source::new(1).mark(Spread::Uniform));
    assert!(marks.row.capacity() <= 4 && marks.piles.is_none());
}

/// Sizes around every threshold: of the row, of a pile, of a chunk, of the number of pieces.
#[test]
fn every_spread_comes_out_sorted() {
    for spread in SPREADS {
        for size in [1, 2, 8, 47, 48, 49, 63, 64, 65, 80, 81, 127, 129, 193, 1_000, 1_535, 1_537, 10_000] {
            let (mut pair, mut source) = (Pair::default(), Source::new(size as u64));
            for _ in 0..size {
                pair.push(source.mark(spread));
            }
            pair.pop(size + 1);
        }
    }
}

#[test]
fn a_burst_of_equal_marks_comes_out_by_flow() {
    let mut pair = Pair::default();
    let at = Sum::ZERO.plus(7.0);
    for flow in 0..10_000u32 {
        pair.push(Mark::new(at, flow.wrapping_mul(7_919) % 10_000));
    }
    pair.pop(5_000);
    for flow in 0..1_000 {
        pair.push(Mark::new(at, 11 * flow));
    }
    pair.pop(7_000);
}

#[test]
fn marks_that_are_the_same_do_not_hang() {
    let mut pair = Pair::default();
    let mark = Mark::new(Sum::ZERO.plus(7.0), 3);
    for step in 0..5_000 {
        pair.push(mark);
        if step % 100 == 0 {
            pair.push(Mark { flow: step % 6, ..mark });
            pair.pop(3);
        }
    }
    pair.pop(5_000);
}

#[test]
fn digits_are_in_the_order_of_positions() {
    let at = |x: f64| Mark::new(Sum::ZERO.plus(x), 0);
    let rising = [0.0, 1e-300, 1.0, 1.0 + 1e-15, 2.0, 1e300].map(at);
    assert!(rising.is_sorted_by(|a, b| a < b));
    assert!(rising.is_sorted_by(|a, b| a.digits() < b.digits()));
}

#[test]
fn clearing_gives_the_room_back() {
    let (mut marks, mut source) = (Marks::new(), Source::new(5));
    for _ in 0..10_000 {
        marks.push(source.mark(Spread::Uniform));
    }
    marks.clear();
    assert_eq!((marks.len(), marks.first()), (0, None));
    assert!(marks.piles.is_none() && marks.row.capacity() <= LONG_ROW);
    let mark = source.mark(Spread::Uniform);
    assert!(marks.push(mark));
    assert_eq!((marks.len(), marks.pop()), (1, Some(mark)));
}

/// A long-lived class: as many come as leave, and the chunks of those that left are used again.
#[test]
fn memory_follows_the_marks() {
    let (mut marks, mut source) = (Marks::new(), Source::new(9));
    for _ in 0..5_000 {
        marks.push(source.mark(Spread::Ahead));
    }
    for _ in 0..100_000 {
        source.service = marks.pop().expect("marks are present").at();
        marks.push(source.mark(Spread::Ahead));
    }
    let room = marks.piles.as_ref().expect("there are many marks").room();
    assert!(room < 5_000 * 3 / 2, "{room} places for 5000 marks");
    while marks.pop().is_some() {}
    let room = marks.piles.as_ref().expect("the piles stay").room();
    assert!(room <= 1_000, "{room} places for no marks");
}

#[derive(Clone, Debug)]
enum Step {
    Push(usize, Spread),
    Pop(usize),
    /// Keeps one in so many, or throws one in so many out.
    Retain(u32, bool),
    Clear,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let amount = prop_oneof![1usize..8, 1usize..200, 1usize..1_500];
    let push = (amount.clone(), prop::sample::select(&SPREADS[..])).prop_map(|(n, spread)| Step::Push(n, spread));
    let retain = (2u32..40, any::<bool>()).prop_map(|(n, few)| Step::Retain(n, few));
    let step = prop_oneof![12 => push, 10 => amount.prop_map(Step::Pop), 2 => retain, 1 => Just(Step::Clear)];
    prop::collection::vec(step, 1..40)
}

proptest! {
    #[test]
    fn agrees_with_a_sorted_list(seed: u64, steps in steps()) {
        let (mut pair, mut source) = (Pair::default(), Source::new(seed));
        for step in steps {
            match step {
                Step::Push(count, spread) => (0..count).for_each(|_| pair.push(source.mark(spread))),
                Step::Pop(count) => {
                    if let Some(last) = pair.pop(count) {
                        source.service = last.at();
                    }
                }
                Step::Retain(n, few) => pair.retain(|mark| mark.flow.is_multiple_of(n) == few),
                Step::Clear => {
                    pair.marks.clear();
                    pair.twin.clear();
                }
            }
        }
        pair.pop(pair.twin.len() + 1);
    }

    /// The digits never contradict the exact order, whatever a sum has been through.
    #[test]
    fn digits_are_monotone(base in 0.0..1e18f64, steps in prop::collection::vec((0.0..1.0f64, -40i32..20), 1..60)) {
        let mut at = Sum::ZERO.plus(base);
        let mut marks = Vec::new();
        for (flow, (x, exponent)) in steps.into_iter().enumerate() {
            marks.push(Mark::new(at, flow as u32));
            at = at.plus(x * 10f64.powi(exponent));
        }
        marks.sort_by(order);
        prop_assert!(marks.is_sorted_by_key(Mark::digits));
        prop_assert!(marks.is_sorted());
    }
}
