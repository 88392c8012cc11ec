//! A data loader: accelerators that compute batch after batch, and readers that fetch the next ones meanwhile.
//!
//! All accelerators step together (data parallel, with a barrier): step k begins when every accelerator has its batch
//! and step k−1 is over. A step is computing, then software overhead. Readers may be D batches ahead (`prefetch`):
//!
//! ```text
//! start(k)  = max(end(k−1), max over accelerators i of ready_i(k))
//! ready_i(k) = max(ready_i(k−1), start(k−D)) + bytes_i(k) ÷ r        (D ≥ 1)
//! ready_i(k) = end(k−1) + first byte + bytes_i(k) ÷ r                (D = 0: reading and computing alternate)
//! ```
//!
//! r is the rate of one accelerator's readers while they read, as fair sharing gave it during that round. On demand the operations of its readers
//! bound the whole wait, first byte included, not what follows it. The bytes of a
//! round travel as one flow with the mean over accelerators; how far the slowest is behind it follows from the recursion.
//! So with equal samples a step takes max(step time, batch bytes ÷ r) with prefetch and their sum without; with samples
//! of different sizes prefetch hides the difference until the batches ahead are used up.
//!
//! *Accelerator utilisation* is computing ÷ all time, as MLPerf Storage defines it: from the end of the first step, here to
//! the end of the last, so that no step counts in part.

use std::collections::VecDeque;

use super::event::LoaderEvent;
use crate::engine::rng::Stream;
use crate::units::{SimDuration, SimTime};

/// Accelerators whose batch sizes are drawn one by one. Of more than these, this many stand for all: the largest of
/// 4,096 normal draws lies 3.6 standard deviations above the mean, that of 40,000 lies 4.1.
const DRAWN: u64 = 4096;

/// Parameters of a loader.
#[derive(Clone, Copy, Debug)]
pub struct LoaderParams {
    /// Accelerators.
    pub accelerators: u64,
    /// Samples of one accelerator in a step.
    pub batch: f64,
    /// Mean bytes of a sample.
    pub sample: f64,
    /// Standard deviation of the bytes of a sample (normal, cut off at zero).
    pub sample_sd: f64,
    /// Computing time of a step.
    pub compute: SimDuration,
    /// Time of a step that is neither computing nor waiting for data.
    pub overhead: SimDuration,
    /// Batches that readers may be ahead.
    pub prefetch: usize,
    /// Seconds in the storage system before the first byte of a batch that is read on demand, and round trips.
    pub first_byte: (f64, f64),
}

/// What the world has to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LoaderEffect {
    /// Read the next batch of every accelerator. `on_demand`: nobody has read ahead, so the first byte takes its time.
    Read {
        /// Whether accelerators stand still meanwhile.
        on_demand: bool,
    },
    /// Call back at this time.
    At(SimTime, LoaderEvent),
}

/// One batch for every accelerator, on its way.
#[derive(Clone, Debug)]
struct Round {
    /// When its place became free.
    room: SimTime,
    /// When its first byte left.
    began: SimTime,
    /// When its last byte left.
    sent: SimTime,
    /// Bytes of an accelerator, in the mean over accelerators.
    bytes: f64,
    /// Bytes of each accelerator that is drawn; empty where all samples are equal.
    each: Vec<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// Before the beginning, or after the end.
    Off,
    /// Some accelerator has no batch.
    Waiting,
    /// Computing, then overhead, since this time.
    Step(SimTime),
}

/// Seconds by what accelerators do.
#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    compute: f64,
    overhead: f64,
    stall: f64,
}

impl Spent {
    fn add(&mut self, other: Spent) {
        self.compute += other.compute;
        self.overhead += other.overhead;
        self.stall += other.stall;
    }
}

/// What a loader did in the measured part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoaderStats {
    /// Shares of computing and of waiting for data in whole steps after the first; `None` before the end of the second.
    pub shares: Option<(f64, f64)>,
    /// Samples per second of all accelerators, the first step included; `None` when it did not run.
    pub samples_rate: Option<f64>,
    /// Seconds it ran.
    pub ran: f64,
}

/// A loader.
#[derive(Clone, Debug)]
pub struct Loader {
    /// Parameters.
    pub params: LoaderParams,
    sizes: Stream,
    phase: Phase,
    /// Places for batches that nobody reads yet, with the time they became free.
    room: VecDeque<SimTime>,
    reading: Option<Round>,
    /// Sent, and not yet arrived.
    underway: VecDeque<Round>,
    ready: usize,
    /// When each drawn accelerator's reader was done with its last batch.
    done: Vec<SimTime>,
    settled: SimTime,
    /// A step has begun: from here readers are ahead.
    under_way: bool,
    /// A step has ended in the measured part: whole steps after it are counted.
    counts: bool,
    /// In whole steps that are counted.
    spent: Spent,
    /// Since the end of the last step.
    open: Spent,
    steps: u64,
    ran: f64,
}

impl Loader {
    /// A loader that has not begun; `sizes` gives the sizes of batches.
    pub fn new(params: LoaderParams, sizes: Stream) -> Self {
        let drawn = if params.sample_sd > 0.0 { params.accelerators.min(DRAWN) } else { 0 };
        Loader {
            params,
            sizes,
            phase: Phase::Off,
            room: VecDeque::new(),
            reading: None,
            underway: VecDeque::new(),
            ready: 0,
            done: vec![SimTime::ZERO; drawn as usize],
            settled: SimTime::ZERO,
            under_way: false,
            counts: false,
            spent: Spent::default(),
            open: Spent::default(),
            steps: 0,
            ran: 0.0,
        }
    }

    /// The loader begins: all places are free.
    pub fn begin(&mut self, now: SimTime) -> Option<LoaderEffect> {
        self.settled = now;
        self.phase = Phase::Waiting;
        self.room.extend(std::iter::repeat_n(now, self.params.prefetch.max(1)));
        self.done.fill(now);
        self.ask()
    }

    /// The loader ends.
    pub fn end(&mut self, now: SimTime) {
        self.settle(now);
        self.phase = Phase::Off;
        self.reading = None;
        self.underway.clear();
    }

    /// Statistics start here.
    pub fn reset(&mut self, now: SimTime) {
        self.settle(now);
        (self.spent, self.open, self.steps, self.ran) = (Spent::default(), Spent::default(), 0, 0.0);
        self.counts = false;
    }

    /// Asks for the next batch when there is a place and the reader is free.
    fn ask(&mut self) -> Option<LoaderEffect> {
        if self.reading.is_some() || self.phase == Phase::Off {
            return None;
        }
        let room = self.room.pop_front()?;
        let (bytes, each) = self.draw();
        self.reading = Some(Round { room, began: room, sent: room, bytes, each });
        // The first of all batches is read on demand, whatever the prefetch.
        let on_demand = self.params.prefetch == 0 || !(self.under_way || self.reads_on());
        Some(LoaderEffect::Read { on_demand })
    }

    /// A round has come before the present one.
    fn reads_on(&self) -> bool {
        self.ready > 0 || !self.underway.is_empty()
    }

    /// Bytes of a batch: the mean over accelerators, and each.
    fn draw(&mut self) -> (f64, Vec<f64>) {
        let p = self.params;
        let mean = p.batch * p.sample;
        if self.done.is_empty() {
            return (mean, Vec::new());
        }
        let sd = p.sample_sd * p.batch.sqrt();
        let each: Vec<f64> = self.done.iter().map(|_| (mean + sd * self.sizes.normal()).max(0.0)).collect();
        (each.iter().sum::<f64>() / each.len() as f64, each)
    }

    /// The first byte of the present round leaves: bytes of one accelerator in the mean.
    pub fn begin_round(&mut self, now: SimTime) -> Option<f64> {
        let round = self.reading.as_mut()?;
        round.began = now;
        Some(round.bytes)
    }

    /// The last byte of the present round has left.
    pub fn sent(&mut self, now: SimTime) -> Option<LoaderEffect> {
        let mut round = self.reading.take()?;
        round.sent = now;
        self.underway.push_back(round);
        self.ask()
    }

    /// The oldest round under way has arrived, as far as the mean goes; the slowest accelerator may be later.
    pub fn arrived(&mut self, now: SimTime) -> Option<LoaderEffect> {
        let round = self.underway.pop_front()?;
        let ready = self.slowest(&round).saturating_add(now - round.sent);
        Some(LoaderEffect::At(ready.max(now), LoaderEvent::BatchReady))
    }

    /// When the last reader is done with a round.
    fn slowest(&mut self, round: &Round) -> SimTime {
        let reading = (round.sent - round.began).as_secs_f64();
        let on_demand = if self.params.prefetch == 0 { round.began - round.room } else { SimDuration::ZERO };
        let mut last = round.sent;
        for (done, bytes) in self.done.iter_mut().zip(&round.each) {
            let share = if round.bytes > 0.0 { bytes / round.bytes } else { 1.0 };
            let begins = (*done).max(round.room).saturating_add(on_demand);
            *done = begins.saturating_add(SimDuration::from_secs_f64(reading * share));
            last = last.max(*done);
        }
        last
    }

    /// Every accelerator has one more batch.
    pub fn batch_ready(&mut self, now: SimTime, out: &mut Vec<LoaderEffect>) {
        if self.phase == Phase::Off {
            return;
        }
        self.ready += 1;
        if self.phase == Phase::Waiting {
            self.step(now, out);
        }
    }

    /// A step is over.
    pub fn step_done(&mut self, now: SimTime, out: &mut Vec<LoaderEffect>) {
        if self.phase == Phase::Off {
            return;
        }
        self.settle(now);
        self.steps += 1;
        let step = std::mem::take(&mut self.open);
        if std::mem::replace(&mut self.counts, true) {
            self.spent.add(step);
        }
        self.phase = Phase::Waiting;
        if self.params.prefetch == 0 {
            self.room.push_back(now);
            out.extend(self.ask());
        }
        if self.ready > 0 {
            self.step(now, out);
        }
    }

    /// Takes a batch and computes; its place is free.
    fn step(&mut self, now: SimTime, out: &mut Vec<LoaderEffect>) {
        self.settle(now);
        self.ready -= 1;
        self.phase = Phase::Step(now);
        self.under_way = true;
        let p = self.params;
        out.push(LoaderEffect::At(now.saturating_add(p.compute).saturating_add(p.overhead), LoaderEvent::StepDone));
        if p.prefetch > 0 {
            self.room.push_back(now);
            out.extend(self.ask());
        }
    }

    /// Charges the time since the last call.
    fn settle(&mut self, now: SimTime) {
        let from = std::mem::replace(&mut self.settled, now);
        let span = (now - from).as_secs_f64();
        match self.phase {
            Phase::Off => return,
            Phase::Waiting => self.open.stall += span,
            Phase::Step(since) => {
                let computed = since.saturating_add(self.params.compute);
                let compute = (now.min(computed) - from.min(computed)).as_secs_f64();
                self.open.compute += compute;
                self.open.overhead += span - compute;
            }
        }
        self.ran += span;
    }

    /// What it did since the warm-up cut.
    pub fn stats(&mut self, now: SimTime) -> LoaderStats {
        self.settle(now);
        let s = self.spent;
        let all = s.compute + s.overhead + s.stall;
        let samples = self.steps as f64 * self.params.batch * self.params.accelerators as f64;
        LoaderStats {
            shares: (all > 0.0).then(|| (s.compute / all, s.stall / all)),
            samples_rate: (self.ran > 0.0).then(|| samples / self.ran),
            ran: self.ran,
        }
    }
}

#[cfg(test)]
#[path = "loader_tests.rs"]
mod tests;
