//! An online-RL loop: generators at one or several sites, one trainer, and the way of new weights back.
//!
//! ```text
//! generators ──trajectories──▶ shipment ──WAN──▶ trainer queue ──batch──▶ step ──▶ publish ──WAN──▶ swap ─┐
//!      ▲                                                                                                  │
//!      └───────────────────────────────── new policy served ◀─────────────────────────────────────────────┘
//! ```
//!
//! [`generators`] simulates engines in *cohorts*: one representative engine stands for many, and each of its
//! trajectories carries that weight. [`trainer`] forms batches, steps, checkpoints and recovers. [`publisher`] sends
//! full weights or deltas. [`ledger`] follows every trajectory from its reward to the moment a policy trained on it
//! is served. [`modes`] holds admission back, [`control`] decides late or not at all, [`waste`] counts what was generated for nothing.
//!
//! Engines that come back or come new start, take the weights from an engine beside them, and then serve; a pool that has
//! none left, or missed a delta, gets the full weights from the trainer first.

mod batch;
mod cohort;
pub mod colocation;
pub mod control;
mod effect;
pub mod generators;
mod joining;
pub mod ledger;
pub mod modes;
pub mod publisher;
mod refusal;
mod sample;
pub mod step;
pub mod tail;
pub mod trainer;
pub mod waste;

use super::event::{CLASS_MODEL, Event, RlEvent};
use super::ids::WorkId;
use crate::engine::Context;
use crate::stats::Level;
use crate::units::{SimDuration, SimTime};
use colocation::Colocation;
use control::{Control, ControlParams};
use generators::{GeneratorParams, Generators, Resumed};
use joining::Joining;
use ledger::{Ledger, LoopStats, Published};
use modes::{Admission, Progress};
use publisher::{PublishParams, Publisher};
use trainer::{Trainer, TrainerParams};
use waste::Waste;

pub use effect::RlEffect;

/// A trajectory, standing for `weight` of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Generation began.
    pub started: SimTime,
    /// The last token was there.
    pub generated: SimTime,
    /// The reward was there.
    pub rewarded: SimTime,
    /// It reached the trainer.
    pub arrived: SimTime,
    /// Policy version served when generation began: the oldest among its tokens.
    pub version: u32,
    /// Its engine took new weights while it was generated.
    pub mixed: bool,
    /// Group it belongs to: the samples of one prompt.
    pub group: u32,
    /// Tokens: what was generated, the prompt and what the environment said.
    pub tokens: f64,
    /// Time that its environment took between its turns.
    pub environment: SimDuration,
    /// Time that it waited for a slot after its environment had answered.
    pub slot_wait: SimDuration,
    /// Trajectories it stands for.
    pub weight: f64,
}

/// Parameters of a loop.
#[derive(Clone, Debug)]
pub struct RlParams {
    /// The work.
    pub work: WorkId,
    /// Generators.
    pub generators: GeneratorParams,
    /// Trainer.
    pub trainer: TrainerParams,
    /// Publication.
    pub publish: PublishParams,
    /// From the moment an engine has its GPUs until it takes weights.
    pub engine_start: SimDuration,
    /// What taking turns costs, where the trainer's GPUs generate as well: the only pool of generators then.
    pub colocation: Option<Colocation>,
    /// Time the loop should close in.
    pub feedback_target: SimDuration,
    /// Largest admissible lag at consumption, in versions.
    pub max_lag: u32,
    /// What holds admission back.
    pub admission: Admission,
    /// Steps per publish, ≥ 1.
    pub sync_every: u32,
    /// The controller; `None` decides at once, always.
    pub control: Option<ControlParams>,
}

/// Trajectories of a loop since its beginning: `admitted` = `in_flight` + `open` + `consumed`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Balance {
    /// Admitted and neither lost with an engine nor dropped as stale.
    pub admitted: f64,
    /// On engines.
    pub in_flight: f64,
    /// Finished and not yet used by a finished step: waiting for the reward, on the way, or at the trainer.
    pub open: f64,
    /// Used by finished steps.
    pub consumed: f64,
}

/// An RL loop in the world.
#[derive(Debug)]
pub struct Rl {
    /// Parameters.
    pub params: RlParams,
    /// Generators.
    pub generators: Generators,
    trainer: Trainer,
    publisher: Publisher,
    joining: Joining,
    ledger: Ledger,
    progress: Progress,
    control: Option<Control>,
    waste: Waste,
    /// Colocated GPUs are on their way from training to generation.
    turning: bool,
    /// 1 while the work runs: shares of time and rates are of this time.
    running: Level,
    /// Trajectories that finished steps have used.
    consumed: f64,
    /// When the work ended: what is open then is judged at that instant, not at the horizon.
    ended: Option<SimTime>,
}

impl Rl {
    /// A loop that has not begun.
    pub fn new(params: RlParams) -> Self {
        Rl {
            generators: Generators::new(params.work, &params.generators),
            trainer: Trainer::new(params.work, &params.trainer),
            publisher: Publisher::new(params.publish.clone()),
            joining: Joining::new(params.generators.pools.len()),
            ledger: Ledger::new(params.feedback_target),
            progress: Progress::new(),
            control: params.control.clone().map(Control::new),
            waste: Waste::default(),
            params,
            turning: false,
            running: Level::new(SimTime::ZERO, 0.0),
            consumed: 0.0,
            ended: None,
        }
    }

    /// The work begins; `live` holds each pool's engines, `gpus` the trainer's GPUs.
    pub fn start(&mut self, ctx: &mut Context<'_, Event>, live: &[u64], gpus: u64) {
        self.running.set(ctx.now(), 1.0);
        self.trainer.begin(ctx, gpus);
        for (pool, &engines) in live.iter().enumerate() {
            self.joining.grant(pool, engines);
            self.generators.set_live(ctx, pool, engines, false);
        }
        self.generators.open_to_users(ctx);
        self.begin_control(ctx);
        self.refill(ctx);
    }

    /// The work ends: everything under way is dropped.
    pub fn stop(&mut self, ctx: &mut Context<'_, Event>) {
        self.running.set(ctx.now(), 0.0);
        self.ended = Some(ctx.now());
        self.generators.stop(ctx);
        self.trainer.stop(ctx);
        self.publisher.stop();
        self.stop_control(ctx.now());
    }

    /// Handles one of the loop's own events; effects go to `out`.
    pub fn handle(&mut self, event: RlEvent, ctx: &mut Context<'_, Event>, out: &mut Vec<RlEffect>) {
        if !self.is_running() {
            return;
        }
        match event {
            RlEvent::CohortDue { pool, cohort } => {
                let bound = self.admission_bound();
                self.generators.cohort_due(ctx, pool.into(), cohort as usize, bound);
            }
            RlEvent::CohortPauses { pool, cohort } => self.generators.pause(ctx, pool.into(), cohort as usize),
            RlEvent::CohortResume { pool, cohort } => {
                let resumed = self.generators.resume(ctx, pool.into(), cohort as usize);
                self.updated(ctx, pool, resumed);
            }
            RlEvent::WaveOver { pool } => {
                let resumed = self.generators.wave_over(ctx, pool.into());
                self.updated(ctx, pool, resumed);
            }
            RlEvent::UserAsks { pool, cohort } => self.generators.user_asks(ctx, pool.into(), cohort as usize),
            RlEvent::TurnBegins { pool, cohort } => {
                self.generators.environment_answers(ctx, pool.into(), cohort as usize)
            }
            RlEvent::Ship { pool } => {
                if let Some((number, bytes)) = self.generators.ship(ctx, pool.into()) {
                    out.push(RlEffect::Ship { pool, number, bytes });
                }
            }
            RlEvent::StepDone => self.step_done(ctx, out),
            RlEvent::CheckpointDue => self.trainer.checkpoint_due(ctx),
            RlEvent::PauseOver => {
                self.trainer.pause_over(ctx, out);
                self.try_step(ctx);
            }
            RlEvent::PayloadBuilt => {
                let wait = self.publisher.send(&self.generators.live_engines(), out);
                self.wait_for_bytes(ctx, wait);
            }
            RlEvent::PublishTimeout { version } => {
                let live = self.generators.live_engines();
                let published = self.publisher.timed_out(ctx.now(), version, &live, out);
                self.published(ctx, published);
            }
            RlEvent::PublishAgain => self.publish_next(ctx),
            RlEvent::PublishDue => self.publish_due(ctx),
            RlEvent::ControlTells => self.control_tells(ctx),
            RlEvent::ControlFails => self.control_fails(ctx),
            RlEvent::ControlBack => self.control_back(ctx),
            RlEvent::PublishLanded { pool } => self.landed(ctx, pool),
            RlEvent::TurnOver => self.turn_over(ctx),
            RlEvent::Served { pool } => self.served(ctx, pool),
            RlEvent::EnginesReady { pool } => self.engines_ready(ctx, pool, out),
            RlEvent::Recovered => {
                self.trainer.recovered(ctx);
                self.try_step(ctx);
            }
        }
    }

    /// A shipment has arrived at the trainer.
    pub fn shipment_arrived(&mut self, ctx: &mut Context<'_, Event>, number: u32) {
        for mut sample in self.generators.take_shipment(number) {
            sample.arrived = ctx.now();
            let complete = self.generators.member_arrived(sample.group);
            self.trainer.enqueue(sample, complete);
        }
        self.try_step(ctx);
    }

    /// Weights have reached a site; they still have to pass down the tree inside it.
    pub fn weights_arrived(&mut self, ctx: &mut Context<'_, Event>, pool: u16) {
        let index = usize::from(pool);
        let engines = self.generators.live_engines()[index].max(self.joining.waiting(index));
        let depth = self.publisher.arrived(pool, engines);
        self.schedule(ctx, depth, RlEvent::PublishLanded { pool });
    }

    /// The payload is in the object store: the pools fetch it.
    pub fn weights_stored(&mut self, ctx: &mut Context<'_, Event>, out: &mut Vec<RlEffect>) {
        let wait = self.publisher.distribute(&self.generators.live_engines(), out);
        self.wait_for_bytes(ctx, wait);
    }

    /// A checkpoint is safely written.
    pub fn checkpoint_written(&mut self, ctx: &mut Context<'_, Event>, took: SimDuration) {
        self.trainer.checkpoint_written(ctx, took);
        self.try_step(ctx);
    }

    /// A checkpoint has been read back after a failure.
    pub fn checkpoint_read(&mut self, ctx: &mut Context<'_, Event>) {
        self.trainer.restored(ctx);
    }

    /// The trainer lost a unit to a failure.
    pub fn trainer_failed(&mut self, ctx: &mut Context<'_, Event>, gpus: u64) {
        if self.is_running() {
            self.trainer.fail(ctx, gpus);
        }
    }

    /// The trainer's pool has changed; `settled` when it has all it will get for now.
    pub fn trainer_changed(&mut self, ctx: &mut Context<'_, Event>, gpus: u64, settled: bool, out: &mut Vec<RlEffect>) {
        if self.is_running() {
            self.trainer.pool_changed(ctx, gpus, settled, out);
            self.try_step(ctx);
        }
    }

    /// A generator pool has GPUs for another number of engines. Trajectories on lost engines are lost; new engines start and
    /// take the weights from those beside them.
    pub fn generators_changed(&mut self, ctx: &mut Context<'_, Event>, pool: u16, engines: u64) {
        if !self.is_running() {
            return;
        }
        let index = usize::from(pool);
        let live = self.generators.live_engines()[index];
        let more = self.joining.granted(index, engines);
        if more > 0 {
            let peers = if live > 0 { self.publisher.load_time() } else { SimDuration::ZERO };
            let after = self.params.engine_start + peers + self.control_delay();
            self.schedule(ctx, after, RlEvent::EnginesReady { pool });
        } else {
            self.generators.set_live(ctx, index, self.joining.left(index, live), true);
            let closed = self.generators.take_closed();
            closed.iter().for_each(|group| self.trainer.complete(*group));
            self.refill(ctx);
            if !closed.is_empty() {
                self.try_step(ctx);
            }
        }
    }

    /// Where all trajectories since the beginning are.
    pub fn balance(&self) -> Balance {
        let open = self.generators.open_samples().chain(self.trainer.open_samples());
        Balance {
            admitted: self.generators.admitted(),
            in_flight: self.generators.in_flight(),
            open: open.map(|s| s.weight).sum(),
            consumed: self.consumed,
        }
    }

    /// Statistics start at `now`.
    pub fn reset(&mut self, now: SimTime) {
        self.generators.reset(now);
        self.trainer.reset(now);
        self.publisher.reset();
        self.ledger.reset(now);
        self.waste = Waste::default();
        self.running.reset(now);
        if let Some(control) = &mut self.control {
            control.reset(now);
        }
    }

    /// Statistics since the last reset. Trajectories still in the loop count as late when they are older than the
    /// target, and as censored otherwise.
    pub fn stats(&mut self, now: SimTime) -> LoopStats {
        let open: Vec<Sample> = self.generators.open_samples().chain(self.trainer.open_samples()).copied().collect();
        let mut stats = self.ledger.stats(self.ended.unwrap_or(now), &open);
        self.generators.fill_stats(now, &mut stats);
        stats.ran_s = self.running.integral(now);
        self.trainer.fill_stats(now, &mut stats);
        self.publisher.fill_stats(&mut stats);
        self.waste.fill_stats(&mut stats);
        if let Some(control) = &mut self.control {
            control.fill_stats(now, &mut stats);
        }
        stats
    }

    /// The quantile sketch of feedback time since the reset.
    pub fn feedback(&self) -> &crate::stats::Sketch {
        self.ledger.feedback()
    }

    /// Feedback times completed since the last call: 95th percentile, for the time series.
    pub fn take_recent_p95(&mut self) -> Option<f64> {
        self.ledger.take_recent_p95()
    }

    fn is_running(&self) -> bool {
        self.running.value() > 0.0
    }

    fn refill(&mut self, ctx: &mut Context<'_, Event>) {
        self.turn_rounds(ctx);
        self.decide(ctx);
        let bound = self.admission_bound();
        self.generators.refill(ctx, bound);
    }

    fn try_step(&mut self, ctx: &mut Context<'_, Event>) {
        if self.turn_rounds(ctx) {
            self.refill(ctx);
        }
        if self.turning {
            return;
        }
        let dropped = self.trainer.try_start(ctx, self.params.max_lag, self.lead_in());
        self.begin_turn(ctx);
        if !dropped.is_empty() {
            for sample in &dropped {
                self.generators.forget(sample.weight);
                self.ledger.dropped(sample);
                self.waste.stale(sample);
            }
            self.refill(ctx);
        }
    }

    fn step_done(&mut self, ctx: &mut Context<'_, Event>, out: &mut Vec<RlEffect>) {
        let Some(batch) = self.trainer.step_done(ctx) else { return };
        self.consumed += batch.samples.iter().map(|s| s.weight).sum::<f64>();
        batch.samples.iter().for_each(|sample| self.waste.trained(sample));
        self.ledger.stepped(batch);
        if self.params.admission == Admission::Trained {
            self.refill(ctx);
        }
        if self.params.colocation.is_some() {
            self.end_turn(ctx);
        } else {
            self.publish_next(ctx);
        }
        self.trainer.between_steps(ctx, out);
        self.try_step(ctx);
    }

    fn begin_publish(&mut self, ctx: &mut Context<'_, Event>) {
        let live = self.generators.live_engines();
        if let Some(build) = self.publisher.begin(ctx.now(), self.sync_version(), &live) {
            self.schedule(ctx, build, RlEvent::PayloadBuilt);
        }
    }

    fn wait_for_bytes(&self, ctx: &mut Context<'_, Event>, wait: Option<SimDuration>) {
        if let (Some(wait), Some(version)) = (wait, self.publisher.under_way()) {
            self.schedule(ctx, wait, RlEvent::PublishTimeout { version });
        }
    }

    fn landed(&mut self, ctx: &mut Context<'_, Event>, pool: u16) {
        self.publisher.landed(ctx.now(), pool);
        let version = self.publisher.version_at(pool);
        if let Some(swap) = self.generators.swap(ctx, pool.into(), version) {
            self.schedule(ctx, swap, RlEvent::Served { pool });
        }
    }

    /// Engines have taken new weights.
    fn updated(&mut self, ctx: &mut Context<'_, Event>, pool: u16, resumed: Resumed) {
        match resumed {
            Resumed::GoesOn => {}
            Resumed::Opens => self.refill(ctx),
            Resumed::Served => self.served(ctx, pool),
        }
    }

    fn served(&mut self, ctx: &mut Context<'_, Event>, pool: u16) {
        self.generators.serve(pool.into(), self.publisher.version_at(pool));
        if self.generators.live_engines()[usize::from(pool)] == 0 {
            let ready = self.joining.take_waiting(pool.into());
            self.generators.set_live(ctx, pool.into(), ready, false);
        }
        let published = self.publisher.served(ctx.now(), pool, &self.generators.live_engines());
        self.published(ctx, published);
    }

    /// A publish may be over, and what is served everywhere may be news.
    fn published(&mut self, ctx: &mut Context<'_, Event>, published: Option<Published>) {
        if let Some(publish) = published {
            self.ledger.served(&publish, self.control_last_down(ctx.now()));
            self.synced();
        }
        self.refill(ctx);
        self.publish_next(ctx);
    }

    /// Engines have started. Without one beside them to take the weights from they wait for those of the trainer.
    fn engines_ready(&mut self, ctx: &mut Context<'_, Event>, pool: u16, out: &mut Vec<RlEffect>) {
        if self.control_holds(pool) {
            return;
        }
        let index = usize::from(pool);
        let live = self.generators.live_engines();
        let ready = self.joining.ready(index);
        if live[index] > 0 || self.params.colocation.is_some() {
            self.generators.set_live(ctx, index, self.joining.left(index, live[index] + ready), false);
            self.refill(ctx);
        } else if ready > 0 {
            self.joining.wait(index, ready);
            if !self.publisher.catches_up(pool) {
                self.publisher.catch_up(pool, self.sync_version(), ready, out);
                let published = self.publisher.finish(ctx.now(), &live);
                self.published(ctx, published);
            }
        }
    }

    fn schedule(&self, ctx: &mut Context<'_, Event>, after: SimDuration, event: RlEvent) {
        ctx.schedule(ctx.now().saturating_add(after), CLASS_MODEL, Event::Rl(self.params.work, event));
    }
}
