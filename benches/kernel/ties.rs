//! Mass ties: all tokens share one instant. A token that is handled stays in the instant with probability ½ (zero delay)
//! or goes to the next one, a second later. The answer depends on the order of all events.

use crate::Args;
use crate::measure::{Line, timed};
use crate::phold::CLASS;
use crate::random::{Random, mix};
use apollo_sim::engine::{Context, Engine, Limits, Model};
use apollo_sim::units::SimTime;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

const SECOND: i64 = 1_000_000_000;

struct Ties {
    random: Random,
    order: u64,
}

impl Ties {
    fn new() -> Ties {
        Ties { random: Random(mix(3003)), order: 0 }
    }

    /// Notes the token and draws its delay.
    fn token(&mut self, token: u32) -> i64 {
        self.order = mix(self.order ^ u64::from(token));
        if self.random.next() & 1 == 0 { 0 } else { SECOND }
    }

    fn line(&self, work: u64, cpu_s: f64) -> Line {
        Line { workload: "ties", work, cpu_s, answer: format!("{:016x}", self.order), pending: None }
    }
}

impl Model for Ties {
    type Event = u32;

    fn handle(&mut self, token: u32, ctx: &mut Context<'_, u32>) {
        let at = ctx.now().as_nanos() + self.token(token);
        ctx.schedule(SimTime::from_nanos(at), CLASS, token);
    }
}

/// The workload on the engine.
pub fn engine(args: &Args) -> Line {
    let limits = Limits { events_per_instant: u64::MAX, ..Limits::default() };
    let mut engine = Engine::new(Ties::new(), limits);
    engine.with_context(|_, ctx| (0..args.lps).for_each(|token| ctx.schedule(SimTime::ZERO, CLASS, token)));
    let (outcome, cpu_s) = timed(|| engine.run_until(SimTime::from_nanos(args.until as i64 * SECOND)));
    outcome.expect("the limit of events at one instant is off");
    engine.model().line(engine.events(), cpu_s)
}

/// The workload in a plain loop.
pub fn baseline(args: &Args) -> Line {
    let mut ties = Ties::new();
    let mut heap: BinaryHeap<Reverse<(i64, u64, u32)>> = BinaryHeap::new();
    (0..args.lps).for_each(|token| heap.push(Reverse((0, u64::from(token), token))));
    let mut sequence = u64::from(args.lps);
    let end = args.until as i64 * SECOND;
    let (events, cpu_s) = timed(|| {
        let mut events = 0;
        while let Some(Reverse((t, _, token))) = heap.pop() {
            if t > end {
                break;
            }
            events += 1;
            let delay = ties.token(token);
            heap.push(Reverse((t + delay, sequence, token)));
            sequence += 1;
        }
        events
    });
    ties.line(events, cpu_s)
}
