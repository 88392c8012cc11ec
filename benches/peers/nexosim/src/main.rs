//! PHOLD and M/M/c on nexosim, on one thread. Its models cannot send to any one of many others, so PHOLD is one model that
//! schedules on itself with the process as argument. Its time is integer nanoseconds, so PHOLD's checksum cannot be the
//! reference one; the number of events agrees to a few.
//!
//! `peer-nexosim phold LPS UNTIL` or `peer-nexosim mmc SERVERS CUSTOMERS`

#[path = "../../common.rs"]
mod common;

use common::{Random, arguments, cpu_seconds, mix, print_line};
use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::QuerySource;
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::time::Duration;

fn main() {
    let (workload, numbers) = arguments();
    match (workload.as_str(), &numbers[..]) {
        ("phold", &[lps, until]) => phold(lps as u32, until),
        ("mmc", &[servers, customers]) => mmc(servers as u32, customers as u64),
        _ => panic!("phold LPS UNTIL or mmc SERVERS CUSTOMERS"),
    }
}

/// A delay as the simulator wants it: at least a nanosecond.
fn delay(seconds: f64) -> Duration {
    Duration::from_nanos(((seconds * 1e9).round() as u64).max(1))
}

fn seconds(time: MonotonicTime) -> f64 {
    time.duration_since(MonotonicTime::EPOCH).as_secs_f64()
}

// ---------------------------------------------------------------- PHOLD

#[derive(Serialize, Deserialize)]
struct Process {
    random: Random,
    count: u64,
    sum: f64,
}

#[derive(Serialize, Deserialize)]
struct Phold {
    processes: Vec<Process>,
}

#[Model]
impl Phold {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        for i in 0..self.processes.len() {
            let after = delay(self.processes[i].random.exp());
            cx.schedule_event(after, schedulable!(Self::token), i as u32).expect("a delay is not zero");
        }
    }

    #[nexosim(schedulable)]
    fn token(&mut self, process: u32, cx: &Context<Self>) {
        let n = self.processes.len() as u32;
        let process = &mut self.processes[process as usize];
        process.count += 1;
        process.sum += seconds(cx.time());
        let next = process.random.below(n);
        let after = delay(process.random.exp());
        cx.schedule_event(after, schedulable!(Self::token), next).expect("a delay is not zero");
    }

    async fn answer(&mut self) -> (u64, u64) {
        let fold = |ck: u64, one: &Process| mix(ck ^ one.count).wrapping_add(one.sum.to_bits());
        (self.processes.iter().map(|process| process.count).sum(), self.processes.iter().fold(0, fold))
    }
}

fn phold(lps: u32, until: f64) {
    let process = |i| Process { random: Random::of_process(i), count: 0, sum: 0.0 };
    let model = Phold { processes: (0..u64::from(lps)).map(process).collect() };
    let mailbox = Mailbox::new();
    let mut bench = SimInit::with_num_threads(1);
    let answer = QuerySource::new().connect(Phold::answer, &mailbox).register(&mut bench);
    let mut simulation =
        bench.add_model(model, mailbox, "phold").init(MonotonicTime::EPOCH).expect("the bench is complete");
    let begin = cpu_seconds();
    simulation.step_until(Duration::from_secs_f64(until)).expect("the simulation runs");
    let cpu_s = cpu_seconds() - begin;
    let (events, checksum) = simulation.process_query(&answer, ()).expect("the model answers");
    print_line("phold", events, cpu_s, &format!("{checksum:016x}"));
}

// ---------------------------------------------------------------- M/M/c

#[derive(Serialize, Deserialize)]
struct Station {
    arrivals: Random,
    services: Random,
    rate: f64,
    to_come: u64,
    idle: u32,
    /// Arrival time and service of those that wait.
    waiting: VecDeque<(f64, f64)>,
    wait: f64,
    served: u64,
}

#[Model]
impl Station {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        self.next_arrival(cx);
    }

    fn next_arrival(&mut self, cx: &Context<Self>) {
        if self.to_come > 0 {
            self.to_come -= 1;
            let after = delay(self.arrivals.exp() / self.rate);
            cx.schedule_event(after, schedulable!(Self::arrival), ()).expect("a delay is not zero");
        }
    }

    #[nexosim(schedulable)]
    fn arrival(&mut self, _: (), cx: &Context<Self>) {
        let service = self.services.exp();
        if self.idle > 0 {
            self.idle -= 1;
            cx.schedule_event(delay(service), schedulable!(Self::departure), ()).expect("a delay is not zero");
        } else {
            self.waiting.push_back((seconds(cx.time()), service));
        }
        self.next_arrival(cx);
    }

    #[nexosim(schedulable)]
    fn departure(&mut self, _: (), cx: &Context<Self>) {
        self.served += 1;
        if let Some((arrived, service)) = self.waiting.pop_front() {
            self.wait += seconds(cx.time()) - arrived;
            cx.schedule_event(delay(service), schedulable!(Self::departure), ()).expect("a delay is not zero");
        } else {
            self.idle += 1;
        }
    }

    async fn answer(&mut self) -> (u64, f64) {
        (self.served, self.wait)
    }
}

fn mmc(servers: u32, customers: u64) {
    let model = Station {
        arrivals: Random(mix(1001)),
        services: Random(mix(2002)),
        rate: 0.9 * f64::from(servers),
        to_come: customers,
        idle: servers,
        waiting: VecDeque::new(),
        wait: 0.0,
        served: 0,
    };
    let mailbox = Mailbox::new();
    let mut bench = SimInit::with_num_threads(1);
    let answer = QuerySource::new().connect(Station::answer, &mailbox).register(&mut bench);
    let mut simulation =
        bench.add_model(model, mailbox, "station").init(MonotonicTime::EPOCH).expect("the bench is complete");
    let begin = cpu_seconds();
    simulation.run().expect("the simulation runs");
    let cpu_s = cpu_seconds() - begin;
    let (served, wait) = simulation.process_query(&answer, ()).expect("the model answers");
    print_line("mmc", served, cpu_s, &format!("{:.9}", wait / served as f64));
}
