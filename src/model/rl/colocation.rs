//! Colocated pools: the same GPUs generate and train in turn.
//!
//! When a batch is there, engines stop and their memory is given up for the state of the trainer (`to_train`, part of the
//! step); after the step the new weights are laid out for the engines (`reshard`: the phase `publish`), the engines come
//! back (`wake`: the phase `swap`) and go on where they stopped. Nothing crosses a network. Engines that train are not
//! idle: the capacity of generation counts only while the GPUs generate.

use super::Rl;
use super::ledger::Published;
use crate::engine::Context;
use crate::model::event::{CLASS_MODEL, Event, RlEvent};
use crate::units::{SimDuration, SimTime};

/// The only pool of generators of a colocated loop.
const POOL: usize = 0;

/// What taking turns costs.
#[derive(Clone, Copy, Debug)]
pub struct Colocation {
    /// Seconds to give up the engines and load the state of the trainer.
    pub to_train: f64,
    /// Seconds to put that state away and lay the new weights out for the engines.
    pub reshard: f64,
    /// Seconds until the engines generate again.
    pub wake: f64,
}

impl Rl {
    /// Seconds before a step computes.
    pub(super) fn lead_in(&self) -> f64 {
        match self.params.colocation {
            Some(colocation) if !self.generators.is_halted(POOL) => colocation.to_train,
            _ => 0.0,
        }
    }

    /// A step may have begun: the engines stop for it.
    pub(super) fn begin_turn(&mut self, ctx: &mut Context<'_, Event>) {
        if self.params.colocation.is_some() && self.trainer.is_stepping() && !self.generators.is_halted(POOL) {
            self.generators.halt(ctx, POOL);
        }
    }

    /// A step is over: the GPUs turn to generation, and no other step begins before they are there.
    pub(super) fn end_turn(&mut self, ctx: &mut Context<'_, Event>) {
        let Some(colocation) = self.params.colocation else { return };
        self.turning = true;
        let [reshard, wake] = [colocation.reshard, colocation.wake].map(SimDuration::from_secs_f64);
        let over = ctx.now().saturating_add(reshard).saturating_add(wake);
        ctx.schedule(over, CLASS_MODEL, Event::Rl(self.params.work, RlEvent::TurnOver));
    }

    /// The engines have the new weights and go on.
    pub(super) fn turn_over(&mut self, ctx: &mut Context<'_, Event>) {
        let Some(colocation) = self.params.colocation else { return };
        self.turning = false;
        let served = ctx.now();
        let wake = SimDuration::from_secs_f64(colocation.wake);
        let landed = SimTime::from_nanos(served.as_nanos() - wake.as_nanos());
        let version = self.trainer.version();
        self.generators.go_on(ctx, POOL);
        self.generators.hand(POOL, version);
        self.synced();
        self.ledger.served(&Published { version, landed, served, full: true }, self.control_last_down(served));
        self.refill(ctx);
        self.try_step(ctx);
    }
}
