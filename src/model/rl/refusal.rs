//! What becomes of a loop whose weights or checkpoints find no room.

use super::Rl;
use crate::engine::Context;
use crate::model::event::{Event, RlEvent};
use crate::units::SimDuration;

/// A publisher whose store is full does not try again sooner: payloads that take no time would keep it at nothing else. An assumption.
const LEAST_RETRY: SimDuration = SimDuration::from_secs(1);

impl Rl {
    /// The object store had no room for the payload, which took this long to get there. The publisher tries again after as long.
    pub fn weights_refused(&mut self, ctx: &mut Context<'_, Event>, took: SimDuration) {
        self.publisher.refuse();
        self.schedule(ctx, took.max(LEAST_RETRY), RlEvent::PublishAgain);
    }

    /// A checkpoint found no room on its system.
    pub fn checkpoint_refused(&mut self, ctx: &mut Context<'_, Event>) {
        self.trainer.checkpoint_refused(ctx);
        self.try_step(ctx);
    }
}
