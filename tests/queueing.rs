//! The kernel, the random streams and the interval estimator together, against queueing theory.
//!
//! Each model is a birth-death process started from its *stationary* distribution, so the time average of a run of any length
//! is unbiased and no warm-up has to be chosen. One seed gives independent replications and from them a 95 % interval
//! of Student; over 2,000 fixed seeds the interval must hold the closed form in 95 ± 1.5 % of the cases. A kernel that
//! loses events, a stream that is not exponential, streams that are not independent, a biased average or a wrong t all show up as
//! coverage outside that band.

use apollo_sim::engine::rng::{Stream, Streams};
use apollo_sim::engine::{Class, Context, Engine, Key, Limits, Model, Probe};
use apollo_sim::stats::{Level, interval};
use apollo_sim::units::{SimDuration, SimTime};
use std::fmt::Write;

const SEEDS: u64 = 2000;
const REPLICATIONS: u64 = 10;

/// An end frees its server before a start of the same instant looks for one.
const END: Class = Class(0);
const START: Class = Class(1);

/// Who can ask for service.
#[derive(Clone, Copy)]
enum Source {
    /// An endless Poisson stream of customers with this mean gap in seconds.
    Open { gap: f64 },
    /// So many machines, each failing after an exponential time with this mean once it is up.
    Closed { machines: u64, life: f64 },
}

/// A station of `servers` with exponential service of mean one second, first come first served.
#[derive(Clone, Copy)]
struct Shape {
    source: Source,
    servers: u64,
}

struct Station {
    shape: Shape,
    sources: Stream,
    services: Stream,
    /// Customers (broken machines) that wait or are served.
    present: Level,
    handled: String,
    noting: bool,
}

#[derive(Clone, Copy, Debug)]
enum Event {
    /// A customer arrives, a machine fails.
    Start,
    /// A service, a repair ends.
    End,
}

impl Shape {
    /// Rate of new starts while `k` are present.
    fn birth(&self, k: u64) -> f64 {
        match self.source {
            Source::Open { gap } => 1.0 / gap,
            Source::Closed { machines, life } => (machines - k) as f64 / life,
        }
    }

    /// The stationary distribution: pₖ ∝ Π birth(j) / min(j+1, servers), cut where nothing is left.
    fn stationary(&self) -> Vec<f64> {
        let last = match self.source {
            Source::Open { .. } => 200,
            Source::Closed { machines, .. } => machines,
        };
        let mut weights = vec![1.0];
        for k in 0..last {
            weights.push(weights[k as usize] * self.birth(k) / (k + 1).min(self.servers) as f64);
        }
        weights
    }
}

impl Station {
    fn new(shape: Shape, streams: Streams) -> Station {
        let present = streams.stream("initial").pick(&shape.stationary()) as f64;
        Station {
            shape,
            sources: streams.stream("sources"),
            services: streams.stream("services"),
            present: Level::new(SimTime::ZERO, present),
            handled: String::new(),
            noting: false,
        }
    }

    /// Exponential times have no memory, so what is under way at time zero is simply drawn anew.
    fn begin(&mut self, ctx: &mut Context<'_, Event>) {
        let present = self.present.value() as u64;
        (0..present.min(self.shape.servers)).for_each(|_| self.serve(ctx));
        match self.shape.source {
            Source::Open { .. } => self.start_later(ctx),
            Source::Closed { machines, .. } => (present..machines).for_each(|_| self.start_later(ctx)),
        }
    }

    fn start_later(&mut self, ctx: &mut Context<'_, Event>) {
        let mean = match self.shape.source {
            Source::Open { gap } => gap,
            Source::Closed { life, .. } => life,
        };
        let delay = SimDuration::from_secs_f64(self.sources.exponential(mean));
        ctx.schedule(ctx.now() + delay, START, Event::Start);
    }

    fn serve(&mut self, ctx: &mut Context<'_, Event>) {
        let delay = SimDuration::from_secs_f64(self.services.exponential(1.0));
        ctx.schedule(ctx.now() + delay, END, Event::End);
    }
}

impl Model for Station {
    type Event = Event;

    fn handle(&mut self, event: Event, ctx: &mut Context<'_, Event>) {
        if self.noting {
            writeln!(self.handled, "{} {event:?}", ctx.now()).expect("a string takes everything");
        }
        let servers = self.shape.servers as f64;
        match event {
            Event::Start => {
                self.present.add(ctx.now(), 1.0);
                if self.present.value() <= servers {
                    self.serve(ctx);
                }
                if matches!(self.shape.source, Source::Open { .. }) {
                    self.start_later(ctx);
                }
            }
            Event::End => {
                self.present.add(ctx.now(), -1.0);
                if self.present.value() >= servers {
                    self.serve(ctx);
                }
                if matches!(self.shape.source, Source::Closed { .. }) {
                    self.start_later(ctx);
                }
            }
        }
    }
}

/// A station that has begun.
fn engine(shape: Shape, streams: Streams) -> Engine<Station> {
    let mut engine = Engine::new(Station::new(shape, streams), Limits::default());
    engine.with_context(Station::begin);
    engine
}

/// The time average of those present, over one replication.
fn mean_present(shape: Shape, streams: Streams, end: SimTime) -> f64 {
    let mut engine = engine(shape, streams);
    engine.run_until(end).expect("a queue stays within its limits");
    engine.model().present.mean(end)
}

/// The share of the seeds whose interval holds `exact`.
fn coverage(shape: Shape, exact: f64, secs: i64) -> f64 {
    let end = SimTime::ZERO + SimDuration::from_secs(secs);
    let holds = |seed: &u64| {
        let streams = Streams::root(*seed);
        let values: Vec<f64> = (0..REPLICATIONS).map(|r| mean_present(shape, streams.index(r), end)).collect();
        let (_, [low, high]) = interval::mean_ci95(&values).expect("there is more than one replication");
        low <= exact && exact <= high
    };
    (0..SEEDS).filter(holds).count() as f64 / SEEDS as f64
}

fn assert_covered(shape: Shape, exact: f64, secs: i64) {
    let coverage = coverage(shape, exact, secs);
    println!("coverage {:.2} %", 100.0 * coverage);
    assert!((coverage - 0.95).abs() <= 0.015, "coverage {coverage} of {exact}");
}

/// Erlang's C: the probability that all of `c` servers are busy at an offered load of `a` < c.
fn erlang_c(c: u64, a: f64) -> f64 {
    let mut blocking = 1.0; // Erlang's B by its recursion
    for k in 1..=c {
        blocking = a * blocking / (k as f64 + a * blocking);
    }
    blocking / (1.0 - a / c as f64 * (1.0 - blocking))
}

#[test]
fn one_server_holds_rho_over_one_minus_rho_customers() {
    let rho = 0.4;
    assert_covered(Shape { source: Source::Open { gap: 1.0 / rho }, servers: 1 }, rho / (1.0 - rho), 800);
}

#[test]
fn many_servers_hold_as_many_customers_as_erlang_says() {
    let (servers, load) = (4_u64, 2.4);
    let exact = load + erlang_c(servers, load) * load / (servers as f64 - load);
    assert_covered(Shape { source: Source::Open { gap: 1.0 / load }, servers }, exact, 300);
}

#[test]
fn machines_and_repair_crews_agree_with_the_finite_source_formula() {
    // Six machines with a mean life of 5 s and two crews. With r = 1/5, n machines down have the weight
    // C(6, n)·rⁿ for n ≤ 2 and C(6, n)·rⁿ·n!/(2!·2ⁿ⁻²) above.
    let r: f64 = 0.2;
    let weight =
        [1.0, 6.0 * r, 15.0 * r.powi(2), 30.0 * r.powi(3), 45.0 * r.powi(4), 45.0 * r.powi(5), 22.5 * r.powi(6)];
    let down: f64 = weight.iter().enumerate().map(|(n, w)| n as f64 * w).sum();
    let exact = down / weight.iter().sum::<f64>();
    assert_covered(Shape { source: Source::Closed { machines: 6, life: 5.0 }, servers: 2 }, exact, 300);
}

#[test]
fn the_formulas_of_these_tests_are_right() {
    assert!((erlang_c(1, 0.9) - 0.9).abs() < 1e-12);
    assert!((erlang_c(2, 1.0) - 1.0 / 3.0).abs() < 1e-12);
    // 50 servers at 90 %: the mean wait of the reference table.
    assert!((erlang_c(50, 45.0) / 5.0 - 0.072_772_893).abs() < 1e-9);
}

/// A probe that only looks.
struct Look;

impl Probe<Station> for Look {
    fn sample(&mut self, at: SimTime, model: &mut Station) {
        assert!(model.present.mean(at) >= 0.0);
    }
}

#[test]
fn the_same_seed_gives_the_same_events_with_and_without_probes() {
    let shape = Shape { source: Source::Open { gap: 1.5 }, servers: 1 };
    let run = |seed: u64, probed: bool, pieces: i64| {
        let mut engine = engine(shape, Streams::root(seed));
        engine.model_mut().noting = true;
        if probed {
            engine.add_probe(SimTime::ZERO, SimDuration::from_nanos(700_000_001), Box::new(Look));
        }
        for piece in 1..=pieces {
            let end = SimTime::ZERO + SimDuration::from_secs(3600 * piece / pieces);
            engine.run_until(end).expect("a queue stays within its limits");
        }
        (engine.events(), engine.into_model().handled)
    };
    let plain = run(1, false, 1);
    assert!(plain.0 > 4000 && plain.1.lines().count() as u64 == plain.0);
    assert_eq!(plain, run(1, false, 1));
    assert_eq!(plain, run(1, true, 1));
    assert_eq!(plain, run(1, true, 7), "a run may be cut into pieces");
    assert_ne!(plain, run(2, false, 1));
}

/// Two events that race: whoever comes first withdraws the other.
struct Race {
    runners: [Stream; 2],
    pending: [Option<Key>; 2],
    wins: [u32; 2],
}

impl Race {
    fn start(&mut self, ctx: &mut Context<'_, usize>) {
        for (runner, mean) in [1.0, 3.0].into_iter().enumerate() {
            let delay = SimDuration::from_secs_f64(self.runners[runner].exponential(mean));
            self.pending[runner] = Some(ctx.schedule_keyed(ctx.now() + delay, START, runner));
        }
    }
}

impl Model for Race {
    type Event = usize;

    fn handle(&mut self, winner: usize, ctx: &mut Context<'_, usize>) {
        self.wins[winner] += 1;
        let loser = self.pending[1 - winner].take().expect("both were running");
        assert!(ctx.cancel(loser), "the loser was still running");
        self.start(ctx);
    }
}

#[test]
fn competing_exponentials_win_in_proportion_to_their_rates() {
    let streams = Streams::root(4);
    let race = Race { runners: [streams.stream("a"), streams.stream("b")], pending: [None, None], wins: [0, 0] };
    let mut engine = Engine::new(race, Limits::default());
    engine.with_context(Race::start);
    engine.run_until(SimTime::ZERO + SimDuration::from_secs(30_000)).expect("a race stays within its limits");
    let [fast, slow] = engine.model().wins.map(f64::from);
    // Rates 1 and 1/3: the fast one wins three races in four, and a race lasts 3/4 s on average.
    let races = fast + slow;
    assert!((fast / races - 0.75).abs() < 4.0 * (0.75 * 0.25 / races).sqrt(), "{fast} of {races}");
    assert!((races / 40_000.0 - 1.0).abs() < 4.0 / 200.0, "{races}");
    assert_eq!(engine.pending(), 2);
}
