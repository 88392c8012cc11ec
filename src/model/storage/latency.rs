//! How long the operations of a system take: laws of service and wait over time, as mean and percentiles.
//!
//! From one change of rates to the next a load has one law for its reads and one for its writes: base latency, a fixed
//! part (bytes at the rate of a stream, round trip) and a [`Wait`]. Each is counted with the operations that were served under
//! it. Means are exact. Percentiles come from evenly spread points of each law; waits that differ by less than 0.1 % are one.

use std::collections::BTreeMap;

use super::requests::Requests;
use super::waiting::{Stage, Wait};
use crate::engine::rng;
use crate::model::ids::WorkId;
use crate::stats::{Sketch, Tally};
use crate::units::{Dist, SimTime};

/// Points of a law of service and wait, and the Fibonacci number before: a lattice whose projections are evenly spread on both axes.
const LATTICE: (u64, u64) = (4181, 2584);
/// The same where there are many laws, whose errors cancel.
const COARSE: (u64, u64) = (610, 377);
/// Laws above which there are many.
const MANY_LAWS: usize = 100;
/// Half of the points of either axis lie above this share of its operations: percentiles are about the tail.
const BODY: f64 = 0.9;
/// Weight of all operations together in a sketch, to which shares of them are rounded.
const WEIGHT: f64 = (1_u64 << 52) as f64;
/// Steps per factor e in which parameters of waits are kept.
const STEPS: f64 = 1000.0;

/// What a load does on a system from one change of rates to the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// Reads, writes and metadata operations per second.
    pub rates: [f64; 3],
    /// Seconds of each of them beside base latency and wait.
    pub fixed: [f64; 3],
    /// What reads and writes wait.
    pub wait: Wait,
    /// What metadata operations wait.
    pub metadata: Wait,
}

/// The operations that one client has to do with, and what they are held by.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    /// Operations per second of it.
    pub rate: f64,
    /// Share of reads.
    pub read_share: f64,
    /// Bytes of one operation.
    pub size: f64,
    /// Operations that it may have outstanding.
    pub outstanding: f64,
    /// Operations per second that its own interface allows.
    pub interface: f64,
    /// Seconds of a read and of a write beside those in the system: the round trip, a gateway.
    pub beside: [f64; 2],
}

impl Client {
    /// Service in the mean and its coefficient of variation, without the round trip.
    fn service(&self, requests: &Requests) -> (f64, f64) {
        let part = |share: f64, service: &super::requests::Service| {
            let mean = service.time(self.size);
            (share * mean, share * (mean * mean + service.latency.variance()))
        };
        let (read, write) = (part(self.read_share, &requests.read), part(1.0 - self.read_share, &requests.write));
        let mean = read.0 + write.0;
        let variance = (read.1 + write.1 - mean * mean).max(0.0);
        (mean, if mean > 0.0 { variance.sqrt() / mean } else { 0.0 })
    }

    /// Mean wait when all slots are always in use, by Little's law.
    fn wait_at_full(&self, requests: &Requests) -> f64 {
        let beside = self.read_share * self.beside[0] + (1.0 - self.read_share) * self.beside[1];
        (self.outstanding / self.rate - self.service(requests).0 - beside).max(0.0)
    }

    /// The wait of a client whose slots are always in use.
    pub fn closed(&self, requests: &Requests) -> Wait {
        Wait::closed(self.wait_at_full(requests), self.outstanding, self.rate)
    }

    /// The wait of a client that keeps a pace: that at the stage where it waits longest, never more than with all slots
    /// in use. Its own interface is a stage.
    pub fn paced(&self, requests: &Requests, stages: impl Iterator<Item = Stage>) -> Wait {
        let (mean, spread) = self.service(requests);
        let own =
            Stage { used: self.rate / self.interface, alone: self.interface, reach: self.interface, rate: self.rate };
        let waits = stages.chain(std::iter::once(own)).map(|stage| Wait::open(&stage, mean, spread));
        let longest = waits.fold(Wait::NONE, |most, wait| if wait.overall() > most.overall() { wait } else { most });
        longest.at_most(self.wait_at_full(requests))
    }

    /// What `clients` of them do with data, each with this wait.
    pub fn pace(&self, requests: &Requests, clients: f64, wait: Wait) -> Pace {
        let fixed = |stream: f64, kind: usize| self.size / stream + self.beside[kind];
        let all = clients * self.rate;
        Pace {
            rates: [all * self.read_share, all * (1.0 - self.read_share), 0.0],
            fixed: [fixed(requests.read.stream, 0), fixed(requests.write.stream, 1), 0.0],
            wait,
            metadata: Wait::NONE,
        }
    }
}

/// A law as it is kept: fixed part in bits, chance, mean and shape of the wait in fine steps.
type Key = [i64; 4];

/// Times of operations of one kind.
#[derive(Clone, Debug, Default)]
struct Kind {
    laws: BTreeMap<Key, f64>,
    mean: Tally,
}

/// Times of the operations of a system.
#[derive(Clone, Debug, Default)]
pub struct Timing {
    now: BTreeMap<WorkId, (SimTime, Pace)>,
    kinds: [Kind; 3],
}

/// Base latencies of reads, writes and metadata operations.
fn bases(requests: &Requests) -> [Dist; 3] {
    [requests.read.latency.clone(), requests.write.latency.clone(), Dist::Constant(requests.metadata)]
}

/// Mean and percentiles of times of operations, seconds.
#[derive(Clone, Debug)]
pub struct Times {
    /// Mean.
    pub mean: f64,
    /// The distribution.
    pub sketch: Sketch,
}

impl Timing {
    /// A load goes on at this pace, or stands still.
    pub fn set(&mut self, now: SimTime, work: WorkId, pace: Option<Pace>, requests: &Requests) {
        if self.now.get(&work).map(|(_, pace)| pace) == pace.as_ref() {
            return;
        }
        self.settle_one(now, work, requests);
        match pace {
            Some(pace) => drop(self.now.insert(work, (now, pace))),
            None => drop(self.now.remove(&work)),
        }
    }

    /// Counts everything up to now.
    pub fn settle(&mut self, now: SimTime, requests: &Requests) {
        let works: Vec<WorkId> = self.now.keys().copied().collect();
        for work in works {
            self.settle_one(now, work, requests);
        }
    }

    /// Statistics start here.
    pub fn reset(&mut self, now: SimTime, requests: &Requests) {
        self.settle(now, requests);
        self.kinds = Default::default();
    }

    fn settle_one(&mut self, now: SimTime, work: WorkId, requests: &Requests) {
        let Some((since, pace)) = self.now.get_mut(&work) else { return };
        let span = (now - std::mem::replace(since, now)).as_secs_f64();
        let bases = bases(requests);
        for (kind, counted) in self.kinds.iter_mut().enumerate() {
            let operations = pace.rates[kind] * span;
            if operations > 0.0 {
                let wait = if kind == 2 { &pace.metadata } else { &pace.wait };
                let mean = bases[kind].mean() + pace.fixed[kind] + wait.overall();
                counted.mean.add(mean, operations);
                *counted.laws.entry(key(pace.fixed[kind], wait)).or_default() += operations;
            }
        }
    }

    /// Times of reads and writes together, of reads, of writes, and of metadata operations; none where there were no such.
    pub fn times(&self, requests: &Requests) -> [Option<Times>; 4] {
        let bases = bases(requests);
        let laws: usize = self.kinds.iter().map(|kind| kind.laws.len()).sum();
        let lattice = if laws > MANY_LAWS { COARSE } else { LATTICE };
        let [read, write, metadata] = [0, 1, 2].map(|kind| self.kinds[kind].mean);
        let weight = read.weight() + write.weight();
        let sketches = [(0, weight), (1, weight), (2, metadata.weight())].map(|(kind, all): (usize, f64)| {
            let mut sketch = Sketch::new();
            for (key, operations) in &self.kinds[kind].laws {
                add(&mut sketch, &bases[kind], key, (operations / all, lattice));
            }
            sketch
        });
        let [read_sketch, write_sketch, opened] = sketches;
        let mut sketch = read_sketch.clone();
        sketch.merge(&write_sketch);
        let all = (weight > 0.0).then(|| Times { mean: (read.sum() + write.sum()) / weight, sketch });
        let of = |tally: Tally, sketch| tally.mean().map(|mean| Times { mean, sketch });
        [all, of(read, read_sketch), of(write, write_sketch), of(metadata, opened)]
    }
}

fn key(fixed: f64, wait: &Wait) -> Key {
    let step = |x: f64| (libm::log(x) * STEPS).round() as i64;
    let fixed = fixed.to_bits().cast_signed();
    if wait.overall() <= 0.0 {
        return [fixed, 0, 0, 0];
    }
    // Chances are kept from the near side of 1, where most of them are.
    [fixed, (wait.chance * 10.0 * STEPS).round().max(1.0) as i64, step(wait.mean), step(wait.shape)]
}

/// The law of a key.
fn law(&[fixed, chance, mean, shape]: &Key) -> (f64, Wait) {
    let value = |step: i64| libm::exp(step as f64 / STEPS);
    let fixed = f64::from_bits(fixed.cast_unsigned());
    if chance == 0 {
        return (fixed, Wait::NONE);
    }
    (fixed, Wait { chance: chance as f64 / (10.0 * STEPS), mean: value(mean), shape: value(shape) })
}

/// Adds a law with this share of all operations.
fn add(sketch: &mut Sketch, latency: &Dist, key: &Key, (share, (points, generator)): (f64, (u64, u64))) {
    let (fixed, wait) = law(key);
    let whole = share * WEIGHT;
    if matches!(latency, Dist::Constant(_)) && wait == Wait::NONE {
        sketch.add(latency.mean() + fixed, whole.round() as u64);
        return;
    }
    for i in 0..points {
        let (served, dense) = spread(i, points);
        let (waited, sparse) = spread(i * generator % points, points);
        let time = rng::quantile(latency, served) + fixed + wait.quantile(waited);
        sketch.add(time, (whole * dense * sparse / points as f64).round() as u64);
    }
}

/// Point `i` of an axis as a share of the operations, and the weight of such a point.
fn spread(i: u64, points: u64) -> (f64, f64) {
    let at = (i as f64 + 0.5) / points as f64;
    if at < 0.5 { (2.0 * BODY * at, 2.0 * BODY) } else { (BODY + 2.0 * (1.0 - BODY) * (at - 0.5), 2.0 * (1.0 - BODY)) }
}

#[cfg(test)]
#[path = "latency_tests.rs"]
mod tests;
