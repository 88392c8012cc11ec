//! The trainer: a queue of complete groups of trajectories, steps over batches, checkpoints, and recovery after a failure.
//!
//! A step is made of an overhead, a log-prob pass and an update: see [`StepParams`].
//!
//! A failed unit ends the step; its batch goes back to the head of the queue. When the pool is whole again, or no
//! replacement can be had, the last checkpoint is read through storage and the steps since then are recomputed at
//! the time of the last step. Without checkpoints only the outage itself is lost.

use std::collections::{BTreeMap, VecDeque};

use super::ledger::{LoopStats, SteppedBatch};
use super::step::StepParams;
use super::{RlEffect, Sample};
use crate::engine::{Context, Key};
use crate::model::event::{CLASS_MODEL, Event, RlEvent};
use crate::model::ids::WorkId;
use crate::stats::{Level, Sketch, Tally};
use crate::units::{SimDuration, SimTime, rounded};

/// A batch that is short by less than this share is whole: weights are sums of shares, and sums round.
const ROUNDING: f64 = 1e-6;

/// Parameters of checkpoints.
#[derive(Clone, Copy, Debug)]
pub struct CheckpointParams {
    /// Interval.
    pub every: SimDuration,
    /// Bytes.
    pub bytes: f64,
    /// Pause of the trainer while its state is copied aside.
    pub pause: SimDuration,
    /// Whether the trainer waits for the last byte.
    pub blocking: bool,
}

/// Parameters of the trainer.
#[derive(Clone, Debug)]
pub struct TrainerParams {
    /// Trajectories per step.
    pub batch: f64,
    /// Step time.
    pub step: StepParams,
    /// Checkpoints.
    pub checkpoint: Option<CheckpointParams>,
}

#[derive(Debug)]
enum State {
    /// Waits for a batch.
    Idle,
    /// Computes.
    Step { due: Key, began: SimTime, logprob: f64, update: f64, batch: Vec<Sample> },
    /// Copies its state aside, or waits for a blocking checkpoint.
    Pause,
    /// Waits for its pool.
    Down,
    /// Reads a checkpoint.
    Restore,
    /// Recomputes lost steps.
    Recompute { due: Key },
}

/// State of the trainer.
#[derive(Debug)]
pub struct Trainer {
    work: WorkId,
    params: TrainerParams,
    state: State,
    gpus: u64,
    /// Complete groups, each in one piece.
    queue: VecDeque<Sample>,
    /// Members of groups of which others are still missing.
    incomplete: BTreeMap<u32, Vec<Sample>>,
    queued: f64,
    /// Nothing in the queue is of an older version.
    oldest: u32,
    version: u32,
    /// Version that the last complete checkpoint holds, and the one being written.
    saved: u32,
    saving: Option<u32>,
    checkpoint_wanted: bool,
    last_step: SimDuration,
    steps: u64,
    interruptions: u64,
    failed: Option<SimTime>,
    idle: Level,
    down: Level,
    step_times: Tally,
    /// Log-prob pass and update.
    passes: [Tally; 2],
    lag: Sketch,
    checkpoint_times: Tally,
    skipped_checkpoints: u64,
    refused_checkpoints: u64,
}

impl Trainer {
    /// An idle trainer without GPUs.
    pub fn new(work: WorkId, params: &TrainerParams) -> Self {
        Trainer {
            work,
            params: params.clone(),
            state: State::Idle,
            gpus: 0,
            queue: VecDeque::new(),
            incomplete: BTreeMap::new(),
            queued: 0.0,
            oldest: 0,
            version: 0,
            saved: 0,
            saving: None,
            checkpoint_wanted: false,
            last_step: SimDuration::ZERO,
            steps: 0,
            interruptions: 0,
            failed: None,
            idle: Level::new(SimTime::ZERO, 0.0),
            down: Level::new(SimTime::ZERO, 0.0),
            step_times: Tally::default(),
            passes: [Tally::default(), Tally::default()],
            lag: Sketch::new(),
            checkpoint_times: Tally::default(),
            skipped_checkpoints: 0,
            refused_checkpoints: 0,
        }
    }

    /// The work begins with this many GPUs.
    pub fn begin(&mut self, ctx: &mut Context<'_, Event>, gpus: u64) {
        self.gpus = gpus;
        self.set_state(ctx.now(), State::Idle);
        if let Some(checkpoint) = self.params.checkpoint {
            self.schedule(ctx, checkpoint.every, RlEvent::CheckpointDue);
        }
    }

    /// The work ends. What is queued stays, to be judged.
    pub fn stop(&mut self, ctx: &mut Context<'_, Event>) {
        self.abandon(ctx);
        self.idle.set(ctx.now(), 0.0);
        self.down.set(ctx.now(), 0.0);
    }

    /// Gives up what the trainer is doing; the batch of an unfinished step goes back to the head of the queue.
    fn abandon(&mut self, ctx: &mut Context<'_, Event>) {
        match std::mem::replace(&mut self.state, State::Down) {
            State::Step { due, batch, .. } => {
                ctx.cancel(due);
                self.oldest = 0;
                for sample in batch.into_iter().rev() {
                    self.queued += sample.weight;
                    self.queue.push_front(sample);
                }
            }
            State::Recompute { due } => {
                ctx.cancel(due);
            }
            _ => {}
        }
    }

    /// Version of the policy after the last finished step.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Steps begun that were not given up.
    pub fn begun(&self) -> u32 {
        self.version + u32::from(self.is_stepping())
    }

    /// Batches that have been here: used, in use, or whole in the queue.
    pub fn batches(&self) -> u32 {
        self.begun().saturating_add((self.queued / self.whole_batch()) as u32)
    }

    /// Takes out of the queue what the first `batches` batches since the beginning do not need, and all incomplete groups.
    pub fn abandon_beyond(&mut self, batches: u32) -> Vec<Sample> {
        let mut kept = VecDeque::new();
        for _ in self.begun()..batches {
            kept.extend(self.take_batch());
        }
        let mut left: Vec<Sample> = std::mem::replace(&mut self.queue, kept).into();
        self.queued = self.queue.iter().map(|s| s.weight).sum();
        left.extend(std::mem::take(&mut self.incomplete).into_values().flatten());
        left
    }

    /// A trajectory has arrived; its group is queued when it is `complete`.
    pub fn enqueue(&mut self, sample: Sample, complete: bool) {
        if complete {
            self.complete(sample.group);
            self.queue_up(sample);
        } else {
            self.incomplete.entry(sample.group).or_default().push(sample);
        }
    }

    /// No more members of a group will come: those that are here are queued.
    pub fn complete(&mut self, group: u32) {
        for sample in self.incomplete.remove(&group).unwrap_or_default() {
            self.queue_up(sample);
        }
    }

    fn queue_up(&mut self, sample: Sample) {
        self.queued += sample.weight;
        self.oldest = self.oldest.min(sample.version);
        self.queue.push_back(sample);
    }

    /// Starts a step if the trainer is free and a batch is there; `lead_in` seconds pass before it computes. Returns stale
    /// trajectories that were dropped.
    pub fn try_start(&mut self, ctx: &mut Context<'_, Event>, max_lag: u32, lead_in: f64) -> Vec<Sample> {
        if !matches!(self.state, State::Idle) || self.gpus == 0 || self.queued < self.whole_batch() {
            return Vec::new();
        }
        let stale = self.drop_stale(max_lag);
        if self.queued >= self.whole_batch() {
            let batch = self.take_batch();
            let tokens: f64 = batch.iter().map(|s| s.tokens * s.weight).sum();
            let step = &self.params.step;
            let [logprob, update] = step.passes(tokens, self.gpus as f64);
            let time = SimDuration::from_secs_f64(lead_in + step.time(tokens, self.gpus as f64));
            let event = Event::Rl(self.work, RlEvent::StepDone);
            let due = ctx.schedule_keyed(ctx.now().saturating_add(time), CLASS_MODEL, event);
            self.set_state(ctx.now(), State::Step { due, began: ctx.now(), logprob, update, batch });
        }
        stale
    }

    /// Takes groups with a member that is too old to train out of the queue.
    fn drop_stale(&mut self, max_lag: u32) -> Vec<Sample> {
        let version = self.version;
        if version - self.oldest <= max_lag {
            return Vec::new();
        }
        let old = self.queue.iter().filter(|s| version - s.version > max_lag);
        let mut old: Vec<u32> = old.map(|s| s.group).collect();
        old.sort_unstable();
        let mut stale = Vec::new();
        if !old.is_empty() {
            self.queue.retain(|s| {
                let fresh = old.binary_search(&s.group).is_err();
                if !fresh {
                    stale.push(*s);
                }
                fresh
            });
        }
        self.queued = self.queue.iter().map(|s| s.weight).sum();
        self.oldest = self.queue.iter().map(|s| s.version).min().unwrap_or(version);
        stale
    }

    /// Whether a step is under way.
    pub fn is_stepping(&self) -> bool {
        matches!(self.state, State::Step { .. })
    }

    fn whole_batch(&self) -> f64 {
        self.params.batch * (1.0 - ROUNDING)
    }

    /// Takes one batch of whole groups from the head of the queue. The last one stands for many real ones and is split
    /// if need be, each member by the same share.
    fn take_batch(&mut self) -> Vec<Sample> {
        let mut missing = self.params.batch;
        // So many trajectories go in whole, and of the group behind them this share.
        let (mut whole, mut split) = (0, None);
        while let Some(first) = self.queue.get(whole).filter(|_| missing > 0.0 && split.is_none()) {
            let group = first.group;
            let of_group = self.queue.range(whole..).take_while(|s| s.group == group);
            let (members, weight) = of_group.fold((0, 0.0), |(n, sum), s| (n + 1, sum + s.weight));
            if weight > missing + ROUNDING * self.params.batch {
                split = Some((members, weight));
            } else {
                whole += members;
                missing -= weight;
            }
        }
        let mut batch: Vec<Sample> = self.queue.drain(..whole).collect();
        if let Some((members, weight)) = split {
            let share = missing / weight;
            for sample in self.queue.range_mut(..members) {
                let part = if members == 1 { missing } else { sample.weight * share };
                batch.push(Sample { weight: part, ..*sample });
                sample.weight -= part;
            }
        }
        self.queued = self.queue.iter().map(|s| s.weight).sum();
        batch
    }

    /// A step is finished: the policy has a new version.
    pub fn step_done(&mut self, ctx: &mut Context<'_, Event>) -> Option<SteppedBatch> {
        let State::Step { began, logprob, update, batch, .. } = std::mem::replace(&mut self.state, State::Idle) else {
            return None;
        };
        for (tally, seconds) in self.passes.iter_mut().zip([logprob, update]) {
            tally.add(seconds, 1.0);
        }
        let now = ctx.now();
        self.set_state(now, State::Idle);
        for sample in &batch {
            self.lag.add(f64::from(self.version - sample.version), count(sample.weight));
        }
        self.version += 1;
        self.steps += 1;
        self.last_step = now - began;
        self.step_times.add(self.last_step.as_secs_f64(), 1.0);
        Some(SteppedBatch { version: self.version, began, ended: now, failed: self.failed, samples: batch })
    }

    /// A checkpoint is due at the end of the present step.
    pub fn checkpoint_due(&mut self, ctx: &mut Context<'_, Event>) {
        if let Some(checkpoint) = self.params.checkpoint {
            self.schedule(ctx, checkpoint.every, RlEvent::CheckpointDue);
            if self.saving.is_some() || self.checkpoint_wanted {
                self.skipped_checkpoints += 1;
            } else {
                self.checkpoint_wanted = true;
            }
        }
    }

    /// Between two steps: takes the checkpoint that is due.
    pub fn between_steps(&mut self, ctx: &mut Context<'_, Event>, out: &mut Vec<RlEffect>) {
        let Some(checkpoint) = self.params.checkpoint else { return };
        if !self.checkpoint_wanted || !matches!(self.state, State::Idle) {
            return;
        }
        self.checkpoint_wanted = false;
        self.saving = Some(self.version);
        self.set_state(ctx.now(), State::Pause);
        if checkpoint.pause.is_positive() {
            self.schedule(ctx, checkpoint.pause, RlEvent::PauseOver);
        } else {
            self.pause_over(ctx, out);
        }
    }

    /// The state is copied aside: the bytes leave, and the trainer goes on unless it has to wait for them.
    pub fn pause_over(&mut self, ctx: &mut Context<'_, Event>, out: &mut Vec<RlEffect>) {
        let Some(checkpoint) = self.params.checkpoint else { return };
        if !matches!(self.state, State::Pause) {
            // A failure during the copy: there is nothing whole to write.
            self.saving = None;
            return;
        }
        out.push(RlEffect::WriteCheckpoint(checkpoint.bytes));
        if !checkpoint.blocking {
            self.set_state(ctx.now(), State::Idle);
        }
    }

    /// The last byte of a checkpoint is written.
    pub fn checkpoint_written(&mut self, ctx: &mut Context<'_, Event>, took: SimDuration) {
        self.checkpoint_times.add(took.as_secs_f64(), 1.0);
        if let Some(version) = self.saving.take() {
            self.saved = version;
        }
        self.write_over(ctx);
    }

    /// A checkpoint found no room: the one before stays the last.
    pub fn checkpoint_refused(&mut self, ctx: &mut Context<'_, Event>) {
        self.saving = None;
        self.refused_checkpoints += 1;
        self.write_over(ctx);
    }

    /// A trainer that waited for the bytes of a checkpoint goes on.
    fn write_over(&mut self, ctx: &mut Context<'_, Event>) {
        if self.params.checkpoint.is_some_and(|c| c.blocking) && matches!(self.state, State::Pause) {
            self.set_state(ctx.now(), State::Idle);
        }
    }

    /// A unit of the pool has failed: the step is lost, its batch goes back to the head of the queue.
    pub fn fail(&mut self, ctx: &mut Context<'_, Event>, gpus: u64) {
        self.gpus = gpus;
        self.interruptions += 1;
        self.failed = Some(ctx.now());
        self.abandon(ctx);
        self.set_state(ctx.now(), State::Down);
    }

    /// The pool has changed. A trainer that is down goes on once its pool is `settled`.
    pub fn pool_changed(&mut self, ctx: &mut Context<'_, Event>, gpus: u64, settled: bool, out: &mut Vec<RlEffect>) {
        self.gpus = gpus;
        if !settled || gpus == 0 || !matches!(self.state, State::Down) {
            return;
        }
        match self.params.checkpoint {
            Some(checkpoint) => {
                self.set_state(ctx.now(), State::Restore);
                out.push(RlEffect::ReadCheckpoint(checkpoint.bytes));
            }
            None => self.set_state(ctx.now(), State::Idle),
        }
    }

    /// The checkpoint is back: the steps since then are computed again.
    pub fn restored(&mut self, ctx: &mut Context<'_, Event>) {
        if matches!(self.state, State::Restore) {
            let lost = i64::from(self.version - self.saved);
            let again = SimDuration::from_nanos(self.last_step.as_nanos().saturating_mul(lost));
            let event = Event::Rl(self.work, RlEvent::Recovered);
            let due = ctx.schedule_keyed(ctx.now().saturating_add(again), CLASS_MODEL, event);
            self.set_state(ctx.now(), State::Recompute { due });
        }
    }

    /// The trainer is where it was before the failure.
    pub fn recovered(&mut self, ctx: &mut Context<'_, Event>) {
        if matches!(self.state, State::Recompute { .. }) {
            self.set_state(ctx.now(), State::Idle);
        }
    }

    fn set_state(&mut self, now: SimTime, state: State) {
        self.state = state;
        self.idle.set(now, f64::from(u8::from(matches!(self.state, State::Idle))));
        let down = matches!(self.state, State::Down | State::Restore | State::Recompute { .. });
        if self.down.value() > 0.0 && !down {
            self.failed = Some(now);
        }
        self.down.set(now, f64::from(u8::from(down)));
    }

    fn schedule(&self, ctx: &mut Context<'_, Event>, after: SimDuration, event: RlEvent) {
        ctx.schedule(ctx.now().saturating_add(after), CLASS_MODEL, Event::Rl(self.work, event));
    }

    /// Trajectories at the trainer that no finished step has used.
    pub fn open_samples(&self) -> impl Iterator<Item = &Sample> {
        let stepping = if let State::Step { batch, .. } = &self.state { &batch[..] } else { &[] };
        self.queue.iter().chain(stepping).chain(self.incomplete.values().flatten())
    }

    /// Statistics start at `now`.
    pub fn reset(&mut self, now: SimTime) {
        (self.steps, self.interruptions, self.skipped_checkpoints) = (0, 0, 0);
        self.refused_checkpoints = 0;
        self.idle.reset(now);
        self.down.reset(now);
        self.step_times.reset();
        self.passes.iter_mut().for_each(Tally::reset);
        self.checkpoint_times.reset();
        self.lag.reset();
    }

    /// The trainer's share of the statistics.
    pub fn fill_stats(&mut self, now: SimTime, stats: &mut LoopStats) {
        stats.steps = self.steps;
        stats.interruptions = self.interruptions;
        stats.step_time = self.step_times.mean();
        stats.passes = self.passes.each_ref().map(Tally::mean);
        stats.checkpoint_time = self.checkpoint_times.mean();
        stats.checkpoints = self.checkpoint_times.weight();
        let share = |level: &Level| (stats.ran_s > 0.0).then(|| level.integral(now) / stats.ran_s);
        (stats.trainer_idle, stats.trainer_down) = (share(&self.idle), share(&self.down));
        stats.lag = self.lag.clone();
        stats.skipped_checkpoints = self.skipped_checkpoints;
        stats.refused_checkpoints = self.refused_checkpoints;
    }
}

/// Trajectories in thousandths, as a whole count for histograms: a sample may stand for less than one trajectory.
pub fn count(weight: f64) -> u64 {
    rounded(weight * 1000.0).max(0).cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(group: u32, weight: f64) -> Sample {
        Sample { tokens: 1.0, ..Sample::unborn(SimTime::ZERO, group, weight) }
    }

    /// A batch of 8 of two groups of 2 × 3 trajectories: the first whole, of the second a third of each member.
    #[test]
    fn a_batch_holds_whole_groups_and_the_last_is_split_evenly() {
        let step = crate::model::rl::step::tests::LINEAR;
        let mut trainer = Trainer::new(WorkId(0), &TrainerParams { batch: 8.0, step, checkpoint: None });
        trainer.enqueue(sample(1, 3.0), false);
        trainer.enqueue(sample(2, 3.0), false);
        trainer.enqueue(sample(2, 3.0), true);
        assert!((trainer.queued - 6.0).abs() < 1e-12, "the first group waits for its second member");
        trainer.enqueue(sample(1, 3.0), true);
        let batch: Vec<(u32, f64)> = trainer.take_batch().iter().map(|s| (s.group, s.weight)).collect();
        assert_eq!(batch, [(2, 3.0), (2, 3.0), (1, 1.0), (1, 1.0)]);
        let rest: Vec<(u32, f64)> = trainer.open_samples().map(|s| (s.group, s.weight)).collect();
        assert_eq!(rest, [(1, 2.0), (1, 2.0)]);
    }
}
