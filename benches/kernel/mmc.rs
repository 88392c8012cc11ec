//! M/M/c: Poisson arrivals at 0.9 c, service of mean 1, one queue before c servers. The answer is the mean wait of the
//! first n customers. Times are doubles held as their bits, as in PHOLD.

use crate::Args;
use crate::measure::{Line, timed};
use crate::phold::{CLASS, instant, seconds};
use crate::random::{Random, mix};
use apollo_sim::engine::{Context, Engine, Limits, Model};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// The customers to come and the queue; what differs between kernel and loop is only who keeps the events.
struct Queue {
    arrivals: Random,
    services: Random,
    rate: f64,
    to_come: u64,
    idle: u32,
    /// Arrival time and service of the customers that wait.
    waiting: VecDeque<(f64, f64)>,
    wait: f64,
    served: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrival,
    Departure,
}

impl Queue {
    fn new(args: &Args) -> Queue {
        Queue {
            arrivals: Random(mix(1001)),
            services: Random(mix(2002)),
            rate: 0.9 * f64::from(args.servers),
            to_come: args.customers,
            idle: args.servers,
            waiting: VecDeque::new(),
            wait: 0.0,
            served: 0,
        }
    }

    /// The time of the next arrival after `t`, if there is one.
    fn next_arrival(&mut self, t: f64) -> Option<f64> {
        self.to_come = self.to_come.checked_sub(1)?;
        Some(t + self.arrivals.exp() / self.rate)
    }

    /// A customer arrives at `t`; gives the end of its service if it starts at once.
    fn arrive(&mut self, t: f64) -> Option<f64> {
        let service = self.services.exp();
        if self.idle == 0 {
            self.waiting.push_back((t, service));
            return None;
        }
        self.idle -= 1;
        Some(t + service)
    }

    /// A service ends at `t`; gives the end of the next one on that server.
    fn depart(&mut self, t: f64) -> Option<f64> {
        self.served += 1;
        let Some((arrived, service)) = self.waiting.pop_front() else {
            self.idle += 1;
            return None;
        };
        self.wait += t - arrived;
        Some(t + service)
    }

    fn line(&self, cpu_s: f64) -> Line {
        Line {
            workload: "mmc",
            work: self.served,
            cpu_s,
            answer: format!("{:.9}", self.wait / self.served as f64),
            pending: None,
        }
    }
}

impl Model for Queue {
    type Event = Event;

    fn handle(&mut self, event: Event, ctx: &mut Context<'_, Event>) {
        let t = seconds(ctx.now());
        let end = match event {
            Event::Arrival => {
                if let Some(next) = self.next_arrival(t) {
                    ctx.schedule(instant(next), CLASS, Event::Arrival);
                }
                self.arrive(t)
            }
            Event::Departure => self.depart(t),
        };
        if let Some(end) = end {
            ctx.schedule(instant(end), CLASS, Event::Departure);
        }
    }
}

/// M/M/c on the engine.
pub fn engine(args: &Args) -> Line {
    let mut engine = Engine::new(Queue::new(args), Limits::default());
    engine.with_context(|model, ctx| {
        if let Some(first) = model.next_arrival(0.0) {
            ctx.schedule(instant(first), CLASS, Event::Arrival);
        }
    });
    let (outcome, cpu_s) = timed(|| engine.run_until(instant(f64::MAX)));
    outcome.expect("M/M/c has no limit to exceed");
    engine.model().line(cpu_s)
}

/// M/M/c in a plain loop.
pub fn baseline(args: &Args) -> Line {
    let mut queue = Queue::new(args);
    let mut heap: BinaryHeap<Reverse<(u64, u64, Event)>> = BinaryHeap::new();
    let mut sequence = 0;
    let mut push = |heap: &mut BinaryHeap<_>, t: f64, event| {
        heap.push(Reverse((t.to_bits(), sequence, event)));
        sequence += 1;
    };
    let ((), cpu_s) = timed(|| {
        if let Some(first) = queue.next_arrival(0.0) {
            push(&mut heap, first, Event::Arrival);
        }
        while let Some(Reverse((bits, _, event))) = heap.pop() {
            let t = f64::from_bits(bits);
            let end = match event {
                Event::Arrival => {
                    if let Some(next) = queue.next_arrival(t) {
                        push(&mut heap, next, Event::Arrival);
                    }
                    queue.arrive(t)
                }
                Event::Departure => queue.depart(t),
            };
            if let Some(end) = end {
                push(&mut heap, end, Event::Departure);
            }
        }
    });
    queue.line(cpu_s)
}
