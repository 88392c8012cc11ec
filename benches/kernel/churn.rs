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
    fn churn(&mut self, t: f64, n: u32, q: f64) -> (f64, Option<(u32, f64)>) {
        self.count += 1;
        self.sum += t;
        let delay = self.random.exp();
        let moved = self.random.unit() < q;
        (delay, moved.then(|| (self.random.below(n), self.random.exp())))
    }
}

struct Churn {
    processes: Vec<Process>,
    keys: Vec<Key>,
    q: f64,
}

impl Model for Churn {
    type Event = u32;

    fn handle(&mut self, process: u32, ctx: &mut Context<'_, u32>) {
        let (t, n) = (seconds(ctx.now()), self.processes.len() as u32);
        let (delay, moved) = self.processes[process as usize].churn(t, n, self.q);
        self.keys[process as usize] = ctx.schedule_keyed(instant(t + delay), CLASS, process);
        if let Some((other, delay)) = moved {
            ctx.cancel(self.keys[other as usize]);
            self.keys[other as usize] = ctx.schedule_keyed(instant(t + delay), CLASS, other);
        }
    }
}

/// The probability of a move for which the share `cancel` of scheduled events is withdrawn.
fn probability(cancel: f64) -> f64 {
    cancel / (1.0 - cancel)
}

/// The workload on the engine.
pub fn engine(args: &Args) -> Line {
    let model = Churn { processes: processes(args.lps), keys: Vec::new(), q: probability(args.cancel) };
    let mut engine = Engine::new(model, Limits::default());
    engine.with_context(|model, ctx| {
        for (i, process) in model.processes.iter_mut().enumerate() {
            model.keys.push(ctx.schedule_keyed(instant(process.random.exp()), CLASS, i as u32));
        }
    });
    let (outcome, cpu_s) = timed(|| engine.run_until(instant(args.until)));
    outcome.expect("PHOLD has no limit to exceed");
    Line { workload: "phold-cancel", work: engine.events(), cpu_s, answer: checksum(&engine.model().processes) }
}

/// The workload in a plain loop: a moved event leaves its old entry behind, recognised by its number.
pub fn baseline(args: &Args) -> Line {
    let mut processes = processes(args.lps);
    let mut current = vec![0_u64; processes.len()];
    let mut heap: BinaryHeap<Reverse<(u64, u64, u32)>> = BinaryHeap::new();
    let mut sequence = 0;
    let mut push = |heap: &mut BinaryHeap<_>, current: &mut [u64], t: f64, i: u32| {
        heap.push(Reverse((t.to_bits(), sequence, i)));
        current[i as usize] = sequence;
        sequence += 1;
    };
    for (i, process) in processes.iter_mut().enumerate() {
        push(&mut heap, &mut current, process.random.exp(), i as u32);
    }
    let q = probability(args.cancel);
    let (events, cpu_s) = timed(|| {
        let mut events = 0;
        while let Some(Reverse((bits, number, i))) = heap.pop() {
            let t = f64::from_bits(bits);
            if t > args.until {
                break;
            }
            if current[i as usize] != number {
                continue;
            }
            events += 1;
            let (delay, moved) = processes[i as usize].churn(t, args.lps, q);
            push(&mut heap, &mut current, t + delay, i);
            if let Some((other, delay)) = moved {
                push(&mut heap, &mut current, t + delay, other);
            }
        }
        events
    });
    Line { workload: "phold-cancel", work: events, cpu_s, answer: checksum(&processes) }
}
