//! PHOLD: N processes that send each other events with exponential delays. N events are always pending.
//!
//! The reference answer is defined on times that are doubles. The engine's clock is an integer, so the *bits* of the double
//! are used as the instant: for positive doubles they rise with the value, hence the order is exactly that of the
//! doubles, and the double can be read back from the clock. The event itself is the number of its process.

use crate::Args;
use crate::measure::{Line, timed};
use crate::random::{Random, mix};
use apollo_sim::engine::{Class, Context, Engine, Limits, Model};
use apollo_sim::units::SimTime;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The only class of these workloads.
pub const CLASS: Class = Class(0);

/// One process.
#[derive(Clone, Copy)]
pub struct Process {
    pub random: Random,
    pub count: u64,
    pub sum: f64,
}

/// All processes in their initial state.
pub fn processes(n: u32) -> Vec<Process> {
    let process = |i| Process { random: Random::of_process(i), count: 0, sum: 0.0 };
    (0..u64::from(n)).map(process).collect()
}

/// The instant of a time in seconds.
pub fn instant(seconds: f64) -> SimTime {
    SimTime::from_nanos(seconds.to_bits() as i64)
}

/// The time in seconds of an instant.
pub fn seconds(at: SimTime) -> f64 {
    f64::from_bits(at.as_nanos() as u64)
}

/// The checksum over the processes: wrong as soon as one of them saw a wrong order.
pub fn checksum<'a>(processes: impl IntoIterator<Item = &'a Process>) -> String {
    let fold = |ck, one: &Process| mix(ck ^ one.count).wrapping_add(one.sum.to_bits());
    format!("{:016x}", processes.into_iter().fold(0, fold))
}

impl Process {
    /// Notes an event at `t` and draws the receiver and delay of the next.
    fn handle(&mut self, t: f64, n: u32) -> (u32, f64) {
        self.count += 1;
        self.sum += t;
        (self.random.below(n), self.random.exp())
    }
}

struct Phold {
    processes: Vec<Process>,
}

impl Model for Phold {
    type Event = u32;

    fn handle(&mut self, process: u32, ctx: &mut Context<'_, u32>) {
        let (t, n) = (seconds(ctx.now()), self.processes.len() as u32);
        let (next, delay) = self.processes[process as usize].handle(t, n);
        ctx.schedule(instant(t + delay), CLASS, next);
    }
}

/// PHOLD on the engine.
pub fn engine(args: &Args) -> Line {
    let mut engine = Engine::new(Phold { processes: processes(args.lps) }, Limits::default());
    engine.with_context(|model, ctx| {
        for (i, process) in model.processes.iter_mut().enumerate() {
            ctx.schedule(instant(process.random.exp()), CLASS, i as u32);
        }
    });
    let (outcome, cpu_s) = timed(|| engine.run_until(instant(args.until)));
    outcome.expect("PHOLD has no limit to exceed");
    Line { workload: "phold", work: engine.events(), cpu_s, answer: checksum(&engine.model().processes) }
}

/// PHOLD in a plain loop.
pub fn baseline(args: &Args) -> Line {
    let mut processes = processes(args.lps);
    // Positive doubles compare like their bits, which makes the heap as fast as it can be.
    let mut heap: BinaryHeap<Reverse<(u64, u64, u32)>> = BinaryHeap::new();
    let mut sequence = 0;
    for (i, process) in processes.iter_mut().enumerate() {
        heap.push(Reverse((process.random.exp().to_bits(), sequence, i as u32)));
        sequence += 1;
    }
    let (events, cpu_s) = timed(|| {
        let mut events = 0;
        while let Some(Reverse((bits, _, i))) = heap.pop() {
            let t = f64::from_bits(bits);
            if t > args.until {
                break;
            }
            events += 1;
            let (next, delay) = processes[i as usize].handle(t, args.lps);
            heap.push(Reverse(((t + delay).to_bits(), sequence, next)));
            sequence += 1;
        }
        events
    });
    Line { workload: "phold", work: events, cpu_s, answer: checksum(&processes) }
}
