//! PHOLD and M/M/c on simcore: one component per process, one component for the station.
//!
//! `peer-simcore phold LPS UNTIL` or `peer-simcore mmc SERVERS CUSTOMERS`

#[path = "../../common.rs"]
mod common;

use common::{Random, arguments, cpu_seconds, mix, print_line};
use serde::Serialize;
use simcore::{Event, EventHandler, Id, Simulation, SimulationContext, cast};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

fn main() {
    let (workload, numbers) = arguments();
    match (workload.as_str(), &numbers[..]) {
        ("phold", &[lps, until]) => phold(lps as u32, until),
        ("mmc", &[servers, customers]) => mmc(servers as u32, customers as u64),
        _ => panic!("phold LPS UNTIL or mmc SERVERS CUSTOMERS"),
    }
}

// ---------------------------------------------------------------- PHOLD

#[derive(Clone, Serialize)]
struct Token {}

struct Process {
    ctx: SimulationContext,
    /// Every process, by number.
    all: Rc<RefCell<Vec<Id>>>,
    random: Random,
    count: u64,
    sum: f64,
}

impl EventHandler for Process {
    fn on(&mut self, event: Event) {
        cast!(match event.data {
            Token {} => {
                self.count += 1;
                self.sum += event.time;
                let all = self.all.borrow();
                let next = all[self.random.below(all.len() as u32) as usize];
                self.ctx.emit(Token {}, next, self.random.exp());
            }
        })
    }
}

fn phold(lps: u32, until: f64) {
    let mut simulation = Simulation::new(1);
    let all = Rc::new(RefCell::new(Vec::new()));
    let mut processes = Vec::new();
    for i in 0..lps {
        let name = format!("p{i}");
        let ctx = simulation.create_context(&name);
        let random = Random::of_process(u64::from(i));
        let process = Rc::new(RefCell::new(Process { ctx, all: all.clone(), random, count: 0, sum: 0.0 }));
        all.borrow_mut().push(simulation.add_handler(&name, process.clone()));
        processes.push(process);
    }
    for process in &processes {
        let mut process = process.borrow_mut();
        let delay = process.random.exp();
        process.ctx.emit_self(Token {}, delay);
    }
    let begin = cpu_seconds();
    simulation.step_until_time(until);
    let cpu_s = cpu_seconds() - begin;
    let (mut events, mut checksum) = (0, 0);
    for process in &processes {
        let process = process.borrow();
        events += process.count;
        checksum = mix(checksum ^ process.count).wrapping_add(process.sum.to_bits());
    }
    print_line("phold", events, cpu_s, &format!("{checksum:016x}"));
}

// ---------------------------------------------------------------- M/M/c

#[derive(Clone, Serialize)]
struct Arrival {}

#[derive(Clone, Serialize)]
struct Departure {}

struct Station {
    ctx: SimulationContext,
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

impl Station {
    fn next_arrival(&mut self) {
        if self.to_come > 0 {
            self.to_come -= 1;
            self.ctx.emit_self(Arrival {}, self.arrivals.exp() / self.rate);
        }
    }
}

impl EventHandler for Station {
    fn on(&mut self, event: Event) {
        cast!(match event.data {
            Arrival {} => {
                let service = self.services.exp();
                if self.idle > 0 {
                    self.idle -= 1;
                    self.ctx.emit_self(Departure {}, service);
                } else {
                    self.waiting.push_back((event.time, service));
                }
                self.next_arrival();
            }
            Departure {} => {
                self.served += 1;
                if let Some((arrived, service)) = self.waiting.pop_front() {
                    self.wait += event.time - arrived;
                    self.ctx.emit_self(Departure {}, service);
                } else {
                    self.idle += 1;
                }
            }
        })
    }
}

fn mmc(servers: u32, customers: u64) {
    let mut simulation = Simulation::new(1);
    let station = Rc::new(RefCell::new(Station {
        ctx: simulation.create_context("station"),
        arrivals: Random(mix(1001)),
        services: Random(mix(2002)),
        rate: 0.9 * f64::from(servers),
        to_come: customers,
        idle: servers,
        waiting: VecDeque::new(),
        wait: 0.0,
        served: 0,
    }));
    simulation.add_handler("station", station.clone());
    let begin = cpu_seconds();
    station.borrow_mut().next_arrival();
    simulation.step_until_no_events();
    let cpu_s = cpu_seconds() - begin;
    let station = station.borrow();
    print_line("mmc", station.served, cpu_s, &format!("{:.9}", station.wait / station.served as f64));
}
