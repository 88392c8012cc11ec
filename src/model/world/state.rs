//! What loops keep on storage systems: checkpoints, and weights for the generators to fetch. What does not fit as a whole is refused.

use super::{Task, World};
use crate::engine::Context;
use crate::model::carriage::Done;
use crate::model::event::{CLASS_FAULT, Event};
use crate::model::ids::{StorageId, WorkId};
use crate::model::paths::StoragePath;

impl World {
    /// The last byte of a checkpoint is there.
    pub(super) fn checkpoint_arrived(&mut self, ctx: &mut Context<'_, Event>, id: WorkId, done: &Done) {
        let took = ctx.now() - done.ordered;
        let kept = self.keep_checkpoint(ctx, id, done.bytes);
        let Task::Rl(task) = &mut self.works[id.index()].task else { return };
        match kept {
            true => task.rl.checkpoint_written(ctx, took),
            false => task.rl.checkpoint_refused(ctx),
        }
    }

    /// The last byte of the weights is in the object store.
    pub(super) fn upload_arrived(&mut self, ctx: &mut Context<'_, Event>, id: WorkId, done: &Done, full: bool) {
        let took = ctx.now() - done.ordered;
        let kept = self.keep_weights(ctx, id, done.bytes, full);
        let Task::Rl(task) = &mut self.works[id.index()].task else { return };
        let mut effects = Vec::new();
        match kept {
            true => task.rl.weights_stored(ctx, &mut effects),
            false => task.rl.weights_refused(ctx, took),
        }
        self.rl_effects(id, effects, ctx);
    }

    /// A checkpoint is written: the oldest beyond those kept goes, and stays in the snapshots for their time. Returns whether there
    /// is room for it.
    fn keep_checkpoint(&mut self, ctx: &mut Context<'_, Event>, id: WorkId, bytes: f64) -> bool {
        let Task::Rl(task) = &self.works[id.index()].task else { return false };
        let Some(StoragePath { storage, .. }) = task.checkpoint else { return false };
        let beyond = (task.checkpoints.len() + 1).saturating_sub(task.checkpoint_keep);
        let gone: f64 = task.checkpoints.iter().take(beyond).sum();
        if !self.take_room(ctx, id, storage, bytes, gone) {
            return false;
        }
        if let Task::Rl(task) = &mut self.works[id.index()].task {
            task.checkpoints.drain(..beyond);
            task.checkpoints.push_back(bytes);
        }
        true
    }

    /// Weights are in the object store: full ones take the place of what was published before, deltas come beside it. Returns
    /// whether there is room for them.
    fn keep_weights(&mut self, ctx: &mut Context<'_, Event>, id: WorkId, bytes: f64, full: bool) -> bool {
        let Task::Rl(task) = &self.works[id.index()].task else { return false };
        let Some(StoragePath { storage, .. }) = task.store else { return false };
        let gone = if full { task.stored } else { 0.0 };
        if !self.take_room(ctx, id, storage, bytes, gone) {
            return false;
        }
        if let Task::Rl(task) = &mut self.works[id.index()].task {
            task.stored += bytes - gone;
        }
        true
    }

    /// Takes room for `bytes` that replace those that are `gone`, or refuses them if not all fit.
    fn take_room(
        &mut self,
        ctx: &mut Context<'_, Event>,
        id: WorkId,
        storage: StorageId,
        bytes: f64,
        gone: f64,
    ) -> bool {
        let accounts = self.accounts(id, storage);
        // What came in since the last change counts.
        self.refresh_space(ctx, storage);
        let space = &mut self.storages[storage.index()].space;
        let freed = if space.params.snapshots.is_positive() { 0.0 } else { gone };
        let fits = bytes <= space.room(&accounts) + freed;
        if fits {
            self.free_checkpoints(ctx, id, storage, gone);
            self.storages[storage.index()].space.admit(bytes, &accounts);
        } else {
            space.refuse(bytes, &accounts);
        }
        self.refresh_space(ctx, storage);
        fits
    }

    /// Checkpoints of a work are deleted: their room is free when the snapshots have let them go.
    pub(super) fn free_checkpoints(&mut self, ctx: &mut Context<'_, Event>, id: WorkId, storage: StorageId, gone: f64) {
        let accounts = self.accounts(id, storage);
        let space = &mut self.storages[storage.index()].space;
        let snapshots = space.params.snapshots;
        if snapshots.is_positive() {
            ctx.schedule(ctx.now().saturating_add(snapshots), CLASS_FAULT, Event::SpaceFreed(storage, id, gone));
        } else {
            space.release(gone, &accounts);
            self.refresh_space(ctx, storage);
        }
    }
}
