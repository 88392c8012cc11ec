//! PHOLD with delays of nanoseconds, seconds and months side by side, on the integer clock.

use crate::Args;
use crate::measure::{Line, timed};
use crate::phold::{CLASS, Process, checksum, processes};
use apollo_sim::engine::{Context, Engine, Limits, Model};
use apollo_sim::units::SimTime;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Mean delays in nanoseconds: 100 ns, 1 s, 30 days; each equally likely.
const MEANS: [f64; 3] = [100.0, 1e9, MONTH];
const MONTH: f64 = 30.0 * 86_400e9;

impl Process {
    /// Notes an event at `t` and draws the receiver and delay (at least 1 ns) of the next.
    fn mix(&mut self, t: i64, n: u32) -> (u32, i64) {
        self.count += 1;
        self.sum += t as f64;
        (self.random.below(n), self.delay())
    }

    fn delay(&mut self) -> i64 {
        let mean = MEANS[self.random.below(3) as usize];
        1 + (self.random.exp() * mean) as i64
    }
}

struct Mixed {
    processes: Vec<Process>,
}

impl Model for Mixed {
    type Event = u32;

    fn handle(&mut self, process: u32, ctx: &mut Context<'_, u32>) {
        let (t, n) = (ctx.now().as_nanos(), self.processes.len() as u32);
        let (next, delay) = self.processes[process as usize].mix(t, n);
        ctx.schedule(SimTime::from_nanos(t + delay), CLASS, next);
    }
}

/// The end of the run in nanoseconds.
fn end(args: &Args) -> i64 {
    (args.until * MONTH) as i64
}

/// The workload on the engine.
pub fn engine(args: &Args) -> Line {
    let processes = processes(args.lps);
    let base = Line::resident();
    let mut engine = Engine::new(Mixed { processes }, Limits::default());
    engine.with_context(|model, ctx| {
        for (i, process) in model.processes.iter_mut().enumerate() {
            ctx.schedule(SimTime::from_nanos(process.delay()), CLASS, i as u32);
        }
    });
    let (outcome, cpu_s) = timed(|| engine.run_until(SimTime::from_nanos(end(args))));
    outcome.expect("PHOLD has no limit to exceed");
    line(engine.events(), cpu_s, &engine.model().processes, base)
}

/// The workload in a plain loop.
pub fn baseline(args: &Args) -> Line {
    let mut processes = processes(args.lps);
    let base = Line::resident();
    let mut heap: BinaryHeap<Reverse<(i64, u64, u32)>> = BinaryHeap::new();
    let mut sequence = 0;
    for (i, process) in processes.iter_mut().enumerate() {
        heap.push(Reverse((process.delay(), sequence, i as u32)));
        sequence += 1;
    }
    let end = end(args);
    let (events, cpu_s) = timed(|| {
        let mut events = 0;
        while let Some(Reverse((t, _, i))) = heap.pop() {
            if t > end {
                break;
            }
            events += 1;
            let (next, delay) = processes[i as usize].mix(t, args.lps);
            heap.push(Reverse((t + delay, sequence, next)));
            sequence += 1;
        }
        events
    });
    line(events, cpu_s, &processes, base)
}

fn line(work: u64, cpu_s: f64, processes: &[Process], base: u64) -> Line {
    let pending = Some((processes.len() as u32, base));
    Line { workload: "phold-mixed", work, cpu_s, answer: checksum(processes), pending }
}
