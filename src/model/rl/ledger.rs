//! The ledger of a loop: every trajectory from its reward to the moment a policy trained on it is served.
//!
//! feedback time = transfer + batch_wait + step + publish + swap, exactly, because all five are differences of
//! consecutive instants. Cycle time adds generation and reward in front.

use std::collections::VecDeque;

use super::Sample;
use super::generators::UserStats;
use super::tail::{MARKS, SLOWEST, Slowest, Tail};
use super::trainer::count;
use crate::stats::{Sketch, Tally};
use crate::units::{SimDuration, SimTime};

/// A batch that the trainer has finished.
#[derive(Clone, Debug)]
pub struct SteppedBatch {
    /// Version that the step made.
    pub version: u32,
    /// The step began.
    pub began: SimTime,
    /// The step ended.
    pub ended: SimTime,
    /// The last instant before it ended at which the trainer was down.
    pub failed: Option<SimTime>,
    /// What it trained on.
    pub samples: Vec<Sample>,
}

/// A version that is served everywhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Published {
    /// Version.
    pub version: u32,
    /// The last pool had its bytes.
    pub landed: SimTime,
    /// The last pool served it.
    pub served: SimTime,
    /// Full weights brought it to a pool.
    pub full: bool,
}

/// Statistics of a loop since the last reset. Times in seconds; trajectories weighted.
#[derive(Clone, Debug)]
pub struct LoopStats {
    /// Feedback time.
    pub feedback: Sketch,
    /// Cycle time.
    pub cycle: Sketch,
    /// Means of generation, reward, transfer, batch_wait, step, publish, swap; `None` without samples.
    pub phases: Option<[f64; 7]>,
    /// Whether trajectories have turns.
    pub in_turns: bool,
    /// Parts of the mean generation: environment, and waiting for a slot after it.
    pub between_turns: Option<[f64; 2]>,
    /// Share of finished trajectories that ended at the cap.
    pub truncated: Option<f64>,
    /// Share of the time of live engines that went into reading contexts; `None` where there are none.
    pub prefill: Option<f64>,
    /// Means over the slowest trajectories by feedback time: transfer, batch_wait, step, publish, swap; shares that full weights
    /// brought back, that waited for a trainer which failed, and for a controller that was down.
    pub slowest_feedback: Option<Slowest<5>>,
    /// Means over the slowest by cycle time: generation, reward, feedback; the same shares.
    pub slowest_cycle: Option<Slowest<3>>,
    /// The same shares of all trajectories.
    pub marks: Option<[f64; MARKS]>,
    /// Share fed back within the target, of all that can be judged.
    pub on_time: Option<f64>,
    /// Share that could not be judged when the run ended.
    pub censored: Option<f64>,
    /// Share of consumed and dropped trajectories that was dropped as stale.
    pub dropped: Option<f64>,
    /// Lag at consumption, versions.
    pub lag: Sketch,
    /// Steps finished.
    pub steps: u64,
    /// Failures of the trainer.
    pub interruptions: u64,
    /// Mean step time.
    pub step_time: Option<f64>,
    /// Mean time of the log-prob pass and of the update.
    pub passes: [Option<f64>; 2],
    /// From the beginning of a publish until it is served everywhere.
    pub publish: Sketch,
    /// Bytes published.
    pub published_bytes: f64,
    /// Deltas that a pool did not get in time.
    pub missed_publishes: u64,
    /// Deltas over so many versions that full weights were sent in their place.
    pub grown_deltas: u64,
    /// Payloads that the store had no room for.
    pub refused_publishes: u64,
    /// Mean time to write a checkpoint.
    pub checkpoint_time: Option<f64>,
    /// Checkpoints written.
    pub checkpoints: f64,
    /// Checkpoints skipped because the one before was not finished.
    pub skipped_checkpoints: u64,
    /// Checkpoints that their system had no room for.
    pub refused_checkpoints: u64,
    /// Time the work ran.
    pub ran_s: f64,
    /// Share of that time the trainer waited for a batch; `None` when it did not run.
    pub trainer_idle: Option<f64>,
    /// Share of time the trainer was down or recovering.
    pub trainer_down: Option<f64>,
    /// Tokens generated.
    pub tokens: f64,
    /// What users felt, where there are any.
    pub users: Option<UserStats>,
    /// Trajectories lost with engines.
    pub lost: f64,
    /// Share of the token capacity of the live engines left unused.
    pub generator_idle: Option<f64>,
    /// Share of it lost while engines took new weights.
    pub update_idle: Option<f64>,
    /// Share of the trajectories consumed, dropped or abandoned that was abandoned.
    pub surplus: Option<f64>,
    /// Share of their tokens that no step used.
    pub wasted_tokens: Option<f64>,
    /// Share of the consumed trajectories whose tokens come from several versions.
    pub mixed: Option<f64>,
    /// Outages of the controller, and the share of time in which it was down; `None` without a controller.
    pub control: Option<(u64, Option<f64>)>,
}

/// The ledger.
#[derive(Debug)]
pub struct Ledger {
    target: SimDuration,
    since: SimTime,
    waiting: VecDeque<SteppedBatch>,
    feedback: Sketch,
    cycle: Sketch,
    recent: Sketch,
    phases: [Tally; 7],
    between_turns: [Tally; 2],
    slow_feedback: Tail<5>,
    slow_cycle: Tail<3>,
    on_time: f64,
    late: f64,
    consumed: f64,
    dropped: f64,
}

impl Ledger {
    /// An empty ledger for this target.
    pub fn new(target: SimDuration) -> Self {
        Ledger {
            target,
            since: SimTime::ZERO,
            waiting: VecDeque::new(),
            feedback: Sketch::new(),
            cycle: Sketch::new(),
            recent: Sketch::new(),
            phases: std::array::from_fn(|_| Tally::default()),
            between_turns: std::array::from_fn(|_| Tally::default()),
            slow_feedback: Tail::default(),
            slow_cycle: Tail::default(),
            on_time: 0.0,
            late: 0.0,
            consumed: 0.0,
            dropped: 0.0,
        }
    }

    /// A step has used these trajectories.
    pub fn stepped(&mut self, batch: SteppedBatch) {
        self.consumed += batch.samples.iter().filter(|s| s.rewarded >= self.since).map(|s| s.weight).sum::<f64>();
        self.waiting.push_back(batch);
    }

    /// A trajectory was dropped as stale: it counts as late.
    pub fn dropped(&mut self, sample: &Sample) {
        if sample.rewarded >= self.since {
            self.dropped += sample.weight;
            self.late += sample.weight;
        }
    }

    /// A version is served: everything it was trained on has been fed back. The controller was `down` until that instant.
    pub fn served(&mut self, publish: &Published, down: Option<SimTime>) {
        while self.waiting.front().is_some_and(|batch| batch.version <= publish.version) {
            let Some(batch) = self.waiting.pop_front() else { break };
            let since = self.since;
            for sample in batch.samples.iter().filter(|s| s.rewarded >= since) {
                self.record(sample, &batch, publish, down);
            }
        }
    }

    fn record(&mut self, sample: &Sample, batch: &SteppedBatch, publish: &Published, down: Option<SimTime>) {
        let instants = [
            sample.started,
            sample.generated,
            sample.rewarded,
            sample.arrived,
            batch.began,
            batch.ended,
            publish.landed,
            publish.served,
        ];
        let parts: [f64; 7] = std::array::from_fn(|i| (instants[i + 1] - instants[i]).as_secs_f64());
        for (phase, part) in self.phases.iter_mut().zip(parts) {
            phase.add(part, sample.weight);
        }
        for (part, time) in self.between_turns.iter_mut().zip([sample.environment, sample.slot_wait]) {
            part.add(time.as_secs_f64(), sample.weight);
        }
        let since = |last: Option<SimTime>| last.is_some_and(|last| last >= sample.arrived);
        let marks = [publish.full, since(batch.failed), since(down)];
        let [generation, reward, back @ ..] = parts;
        self.slow_feedback.add(back, marks, sample.weight);
        self.slow_cycle.add([generation, reward, back.iter().sum()], marks, sample.weight);
        let feedback = publish.served - sample.rewarded;
        let n = count(sample.weight);
        self.feedback.add(feedback.as_secs_f64(), n);
        self.recent.add(feedback.as_secs_f64(), n);
        self.cycle.add((publish.served - sample.started).as_secs_f64(), n);
        if feedback <= self.target {
            self.on_time += sample.weight;
        } else {
            self.late += sample.weight;
        }
    }

    /// Statistics start at `now`: only trajectories rewarded from then on count.
    pub fn reset(&mut self, now: SimTime) {
        let waiting = std::mem::take(&mut self.waiting);
        *self = Ledger { since: now, waiting, ..Ledger::new(self.target) };
    }

    /// The sketch of feedback time.
    pub fn feedback(&self) -> &Sketch {
        &self.feedback
    }

    /// 95th percentile of the feedback times completed since the last call.
    pub fn take_recent_p95(&mut self) -> Option<f64> {
        let p95 = self.recent.quantile(0.95);
        self.recent.reset();
        p95
    }

    /// Statistics at `now`; `open` holds the trajectories that no finished step has used.
    pub fn stats(&self, now: SimTime, open: &[Sample]) -> LoopStats {
        let stepped = self.waiting.iter().flat_map(|b| &b.samples);
        let (mut late, mut censored) = (self.late, 0.0);
        for sample in open.iter().chain(stepped).filter(|s| s.rewarded >= self.since && s.rewarded <= now) {
            if now - sample.rewarded > self.target {
                late += sample.weight;
            } else {
                censored += sample.weight;
            }
        }
        let judged = self.on_time + late;
        let means: Vec<f64> = self.phases.iter().filter_map(Tally::mean).collect();
        LoopStats {
            feedback: self.feedback.clone(),
            cycle: self.cycle.clone(),
            phases: <[f64; 7]>::try_from(means).ok(),
            in_turns: false,
            between_turns: self.between_turns[0].mean().zip(self.between_turns[1].mean()).map(Into::into),
            truncated: None,
            prefill: None,
            slowest_feedback: self.slow_feedback.slowest(SLOWEST),
            slowest_cycle: self.slow_cycle.slowest(SLOWEST),
            marks: self.slow_cycle.slowest(1.0).map(|all| all.marks),
            on_time: (judged > 0.0).then(|| self.on_time / judged),
            censored: (judged + censored > 0.0).then(|| censored / (judged + censored)),
            dropped: (self.consumed + self.dropped > 0.0).then(|| self.dropped / (self.consumed + self.dropped)),
            lag: Sketch::new(),
            steps: 0,
            interruptions: 0,
            step_time: None,
            passes: [None; 2],
            publish: Sketch::new(),
            published_bytes: 0.0,
            missed_publishes: 0,
            grown_deltas: 0,
            refused_publishes: 0,
            checkpoint_time: None,
            checkpoints: 0.0,
            skipped_checkpoints: 0,
            refused_checkpoints: 0,
            ran_s: 0.0,
            trainer_idle: None,
            trainer_down: None,
            tokens: 0.0,
            users: None,
            lost: 0.0,
            generator_idle: None,
            update_idle: None,
            surplus: None,
            wasted_tokens: None,
            mixed: None,
            control: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(s)
    }

    fn sample(weight: f64) -> Sample {
        Sample {
            started: at(0),
            generated: at(10),
            rewarded: at(11),
            arrived: at(12),
            version: 0,
            mixed: false,
            group: 0,
            tokens: 100.0,
            environment: SimDuration::ZERO,
            slot_wait: SimDuration::ZERO,
            weight,
        }
    }

    #[test]
    fn phases_sum_to_the_feedback_time() {
        let mut ledger = Ledger::new(SimDuration::from_secs(60));
        ledger.stepped(SteppedBatch {
            version: 1,
            began: at(20),
            ended: at(40),
            failed: None,
            samples: vec![sample(100.0)],
        });
        ledger.served(&Published { version: 1, landed: at(45), served: at(47), full: false }, None);
        let stats = ledger.stats(at(50), &[]);
        let phases = stats.phases.unwrap();
        assert_eq!(phases.map(f64::to_bits), [10.0_f64, 1.0, 1.0, 8.0, 20.0, 5.0, 2.0].map(f64::to_bits));
        assert!((phases[2..].iter().sum::<f64>() - 36.0).abs() < 1e-12);
        assert_eq!(stats.on_time, Some(1.0));
    }

    #[test]
    fn dropped_and_overdue_trajectories_are_late_and_young_ones_are_censored() {
        let mut ledger = Ledger::new(SimDuration::from_secs(60));
        ledger.dropped(&sample(1.0));
        let mut young = sample(2.0);
        young.rewarded = at(90);
        let stats = ledger.stats(at(100), &[sample(1.0), young]);
        assert_eq!(stats.on_time, Some(0.0));
        assert_eq!(stats.censored, Some(0.5));
        assert_eq!(stats.dropped, Some(1.0));
    }
}
