//! Works whose pace changes with time: loads by their rhythm, copies by the windows of a day or week.

use super::{Task, World};
use crate::engine::Context;
use crate::model::event::{CLASS_WORK, Event};
use crate::model::ids::WorkId;

impl World {
    /// A load begins: it is put on the mean pace of its first step.
    pub(super) fn begin_pace(&mut self, ctx: &mut Context<'_, Event>, id: WorkId) {
        let now = ctx.now();
        let Task::Io(io) = &mut self.works[id.index()].task else { return };
        let Some(pace) = io.pace.as_mut() else { return };
        let Some(rhythm) = pace.rhythm.as_ref().filter(|_| pace.until > now) else { return };
        let Some(end) = rhythm.step_end(now) else { return };
        pace.factor = rhythm.mean(now, end.min(pace.until));
        pace.peak = pace.peak.max(pace.factor);
        io.params.client_limit = pace.limit(io.params.clients);
        ctx.schedule(end, CLASS_WORK, Event::PaceDue(id));
    }

    /// The pace of a work goes on by a step.
    pub(super) fn pace_due(&mut self, ctx: &mut Context<'_, Event>, id: WorkId) {
        if matches!(self.works[id.index()].task, Task::Copy(_)) {
            return self.copy_pace_due(ctx, id);
        }
        let Task::Io(io) = &self.works[id.index()].task else { return };
        if io.ended.is_some() {
            return;
        }
        let (ingests, storage) = (io.params.ingest, io.params.storage);
        if ingests {
            // What was offered until now is counted at the old pace.
            self.refresh_space(ctx, storage);
        }
        self.begin_pace(ctx, id);
        let Task::Io(io) = &self.works[id.index()].task else { return };
        let (limit, offers) = (io.params.client_limit, io.pace_in_all());
        for movement in io.movements.clone() {
            self.carriage.set_pace(ctx.now(), movement, limit);
        }
        if ingests {
            self.storages[storage.index()].space.offers(id, offers);
        }
    }
}
