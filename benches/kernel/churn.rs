//! PHOLD with withdrawals: every process has one pending event, and others often move it.
//!
//! An event on process i draws the delay of i's next event, and with probability q another process whose pending event
//! is withdrawn and scheduled anew. With q = c / (1 − c) the share c of all scheduled events is withdrawn.

use crate::Args;
use crate::measure::{Line, timed};
use crate::phold::{CLASS, Process, checksum, instant, processes, seconds};
use apollo_sim::engine::{Context, Engine, Key, Limits, Model};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

impl Process {
    /// Notes an event at `t` and draws the next delay, and whose event moves and by how much.
    #[inline(always)]
    pub fn churn(&mut self, t: f64, n: u32, q: f64) -> (f64, Option<(u32, f64)>) {
        self.count += 1;
        self.sum += t;
        let delay = self.random.exp();
        let moved = self.random.unit() < q;
        (delay, moved.then(|| (self.random.below(n), self.random.exp())))
    }
}

/// A process and what names its pending event, within half a cache line.
#[repr(align(32))]
pub struct Cell<K> {
    pub process: Process,
    pub pending: K,
}

struct Churn {
    cells: Vec<Cell<Option<Key>>>,
    q: f64,
}

impl Model for Churn {
    type Event = u32;

    fn handle(&mut self, process: u32, ctx: &mut Context<'_, u32>) {
        let (t, n) = (seconds(ctx.now()), self.cells.len() as u32);
        let cell = &mut self.cells[process as usize];
        let (delay, moved) = cell.process.churn(t, n, self.q);
        cell.pending = Some(ctx.schedule_keyed(instant(t + delay), CLASS, process));
        if let Some((other, delay)) = moved {
            let cell = &mut self.cells[other as usize];
            cell.pending.take().map(|key| ctx.cancel(key));
            cell.pending = Some(ctx.schedule_keyed(instant(t + delay), CLASS, other));
        }
    }
}

/// The probability of a move for which the share `cancel` of scheduled events is withdrawn.
pub fn probability(cancel: f64) -> f64 {
    cancel / (1.0 - cancel)
}

/// All processes, with nothing pending.
pub fn cells<K: Copy>(args: &Args, pending: K) -> Vec<Cell<K>> {
    processes(args.lps).into_iter().map(|process| Cell { process, pending }).collect()
}

/// The result; `base` is the resident memory before anything was scheduled.
pub fn line<K>(work: u64, cpu_s: f64, cells: &[Cell<K>], base: u64) -> Line {
    let answer = checksum(cells.iter().map(|cell| &cell.process));
    Line { workload: "phold-cancel", work, cpu_s, answer, pending: Some((cells.len() as u32, base)) }
}

/// The workload on the engine.
pub fn engine(args: &Args) -> Line {
    let model = Churn { cells: cells(args, None), q: probability(args.cancel) };
    let base = Line::resident();
    let mut engine = Engine::new(model, Limits::default());
    engine.with_context(|model, ctx| {
        for (i, cell) in model.cells.iter_mut().enumerate() {
            cell.pending = Some(ctx.schedule_keyed(instant(cell.process.random.exp()), CLASS, i as u32));
        }
    });
    let (outcome, cpu_s) = timed(|| engine.run_until(instant(args.until)));
    outcome.expect("PHOLD has no limit to exceed");
    line(engine.events(), cpu_s, &engine.model().cells, base)
}

/// The workload in a plain loop made for it: a moved event leaves its old entry behind, recognised by its number.
pub fn baseline(args: &Args) -> Line {
    let mut cells = cells(args, 0_u64);
    let base = Line::resident();
    let mut heap: BinaryHeap<Reverse<(u64, u64, u32)>> = BinaryHeap::new();
    let mut sequence = 0;
    let mut push = |heap: &mut BinaryHeap<_>, cell: &mut Cell<u64>, t: f64, i: u32| {
        heap.push(Reverse((t.to_bits(), sequence, i)));
        cell.pending = sequence;
        sequence += 1;
    };
    for (i, cell) in cells.iter_mut().enumerate() {
        let first = cell.process.random.exp();
        push(&mut heap, cell, first, i as u32);
    }
    let q = probability(args.cancel);
    let (events, cpu_s) = timed(|| {
        let mut events = 0;
        while let Some(Reverse((bits, number, i))) = heap.pop() {
            let t = f64::from_bits(bits);
            if t > args.until {
                break;
            }
            let cell = &mut cells[i as usize];
            if cell.pending != number {
                continue;
            }
            events += 1;
            let (delay, moved) = cell.process.churn(t, args.lps, q);
            push(&mut heap, cell, t + delay, i);
            if let Some((other, delay)) = moved {
                push(&mut heap, &mut cells[other as usize], t + delay, other);
            }
        }
        events
    });
    line(events, cpu_s, &cells, base)
}
