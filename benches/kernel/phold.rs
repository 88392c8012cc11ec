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

/// An event: the number of its process, and a load that is only carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event<const LOAD: usize> {
    process: u32,
    load: [u32; LOAD],
}

impl<const LOAD: usize> Event<LOAD> {
    fn new(process: u32) -> Self {
        Event { process, load: [process; LOAD] }
    }
}

struct Phold<const LOAD: usize> {
    processes: Vec<Process>,
}

impl<const LOAD: usize> Model for Phold<LOAD> {
    type Event = Event<LOAD>;

    fn handle(&mut self, event: Event<LOAD>, ctx: &mut Context<'_, Event<LOAD>>) {
        let (t, n) = (seconds(ctx.now()), self.processes.len() as u32);
        let (next, delay) = self.processes[event.process as usize].handle(t, n);
        ctx.schedule(instant(t + delay), CLASS, Event { process: next, ..event });
    }
}

/// PHOLD on the engine.
pub fn engine(args: &Args) -> Line {
    engine_of::<0>(args)
}

/// PHOLD in a plain loop.
pub fn baseline(args: &Args) -> Line {
    baseline_of::<0>(args)
}

/// PHOLD on the engine with loaded events.
pub fn engine_of<const LOAD: usize>(args: &Args) -> Line {
    let processes = processes(args.lps);
    let base = Line::resident();
    let mut engine = Engine::new(Phold::<LOAD> { processes }, Limits::default());
    engine.with_context(|model, ctx| {
        for (i, process) in model.processes.iter_mut().enumerate() {
            ctx.schedule(instant(process.random.exp()), CLASS, Event::new(i as u32));
        }
    });
    let (outcome, cpu_s) = timed(|| engine.run_until(instant(args.until)));
    outcome.expect("PHOLD has no limit to exceed");
    line(engine.events(), cpu_s, &engine.model().processes, base)
}

/// PHOLD in a plain loop with loaded events.
pub fn baseline_of<const LOAD: usize>(args: &Args) -> Line {
    let mut processes = processes(args.lps);
    let base = Line::resident();
    // Positive doubles compare like their bits, which makes the heap as fast as it can be.
    let mut heap: BinaryHeap<Reverse<(u64, u64, Event<LOAD>)>> = BinaryHeap::new();
    let mut sequence = 0;
    for (i, process) in processes.iter_mut().enumerate() {
        heap.push(Reverse((process.random.exp().to_bits(), sequence, Event::new(i as u32))));
        sequence += 1;
    }
    let (events, cpu_s) = timed(|| {
        let mut events = 0;
        while let Some(Reverse((bits, _, event))) = heap.pop() {
            let t = f64::from_bits(bits);
            if t > args.until {
                break;
            }
            events += 1;
            let (next, delay) = processes[event.process as usize].handle(t, args.lps);
            heap.push(Reverse(((t + delay).to_bits(), sequence, Event { process: next, ..event })));
            sequence += 1;
        }
        events
    });
    line(events, cpu_s, &processes, base)
}

fn line(work: u64, cpu_s: f64, processes: &[Process], base: u64) -> Line {
    let pending = Some((processes.len() as u32, base));
    Line { workload: "phold", work, cpu_s, answer: checksum(processes), pending }
}
