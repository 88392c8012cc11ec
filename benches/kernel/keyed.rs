//! PHOLD with withdrawals in a plain loop that knows as little about its model as the engine does.
//!
//! The other plain loop, in `churn`, uses that every process has one pending event: the process itself says which entry of
//! the heap is the right one. Here any number of events may be pending, any of them can be withdrawn by its key, and a key
//! that outlived its event is refused: the promise that the engine makes, on the standard binary heap.

use crate::Args;
use crate::churn::{cells, line, probability};
use crate::measure::{Line, timed};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::num::NonZeroU32;

/// A place in [`Heap::generations`] and the generation that it had when the event was put.
type Key = (u32, NonZeroU32);

/// A heap of events that can be withdrawn; the entry of a withdrawn event is skipped when it comes up.
#[derive(Default)]
struct Heap {
    /// Bits of the time, sequence, place, process.
    entries: BinaryHeap<Reverse<(u64, u64, u32, u32)>>,
    sequence: u64,
    /// Odd while the event of this place is pending.
    generations: Vec<u32>,
    free: Vec<u32>,
}

impl Heap {
    fn push(&mut self, t: f64, process: u32) -> Key {
        let place = self.free.pop().unwrap_or_else(|| {
            self.generations.push(0);
            self.generations.len() as u32 - 1
        });
        self.generations[place as usize] += 1;
        self.entries.push(Reverse((t.to_bits(), self.sequence, place, process)));
        self.sequence += 1;
        (place, NonZeroU32::MIN | self.generations[place as usize])
    }

    fn cancel(&mut self, (place, generation): Key) {
        if self.generations[place as usize] == generation.get() {
            self.generations[place as usize] += 1;
        }
    }

    fn pop(&mut self) -> Option<(f64, u32)> {
        while let Some(Reverse((bits, _, place, process))) = self.entries.pop() {
            let generation = &mut self.generations[place as usize];
            let pending = *generation % 2 == 1;
            *generation += u32::from(pending);
            self.free.push(place);
            if pending {
                return Some((f64::from_bits(bits), process));
            }
        }
        None
    }
}

/// The workload in a plain loop with keys.
pub fn baseline(args: &Args) -> Line {
    let mut cells = cells(args, None);
    let base = Line::resident();
    let mut heap = Heap::default();
    for (i, cell) in cells.iter_mut().enumerate() {
        cell.pending = Some(heap.push(cell.process.random.exp(), i as u32));
    }
    let q = probability(args.cancel);
    let (events, cpu_s) = timed(|| {
        let mut events = 0;
        while let Some((t, i)) = heap.pop() {
            if t > args.until {
                break;
            }
            events += 1;
            let cell = &mut cells[i as usize];
            let (delay, moved) = cell.process.churn(t, args.lps, q);
            cell.pending = Some(heap.push(t + delay, i));
            if let Some((other, delay)) = moved {
                let cell = &mut cells[other as usize];
                cell.pending.take().into_iter().for_each(|key| heap.cancel(key));
                cell.pending = Some(heap.push(t + delay, other));
            }
        }
        events
    });
    line(events, cpu_s, &cells, base)
}
