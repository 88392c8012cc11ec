//! What RL loops ask of the world, and the orders that it gives for them.

use super::{RlWork, Task, World};
use crate::engine::Context;
use crate::model::carriage::{Order, Purpose};
use crate::model::event::{Event, RlEvent};
use crate::model::ids::{SiteId, WorkId};
use crate::model::paths::{COUPLED, StoragePath, Transport};
use crate::model::rl::RlEffect;

impl World {
    /// Something inside a loop. Returns whether it asked anything of the world.
    pub(super) fn rl_event(&mut self, work: WorkId, event: RlEvent, ctx: &mut Context<'_, Event>) -> bool {
        let mut effects = Vec::new();
        if let Task::Rl(task) = &mut self.works[work.index()].task {
            task.rl.handle(event, ctx, &mut effects);
        }
        let touched = !effects.is_empty();
        self.rl_effects(work, effects, ctx);
        touched
    }

    /// Carries out what a loop asks for.
    pub(super) fn rl_effects(&mut self, work: WorkId, effects: Vec<RlEffect>, ctx: &mut Context<'_, Event>) {
        for effect in effects {
            // What a restore or a publish that was given up has carried so far is of no use.
            match effect {
                RlEffect::ReadCheckpoint(_) => {
                    self.carriage.cancel_work(ctx.now(), work, |purpose| purpose == Purpose::CheckpointRead);
                }
                RlEffect::CancelPublish { pool } => {
                    self.carriage.cancel_work(ctx.now(), work, |purpose| purpose == Purpose::Publish { pool });
                    self.detach_pool(ctx, work, pool);
                }
                RlEffect::Relay { ref pools, bytes, pace } => self.start_relays(ctx, work, pools, (bytes, pace)),
                _ => {}
            }
            if let Some(order) = self.rl_order(work, effect) {
                self.carry(ctx, order);
            }
        }
    }

    /// The order that an effect of an RL loop stands for.
    fn rl_order(&self, id: WorkId, effect: RlEffect) -> Option<Order> {
        let Task::Rl(task) = &self.works[id.index()].task else { return None };
        let trainer = task.trainer.site;
        let open = Transport { setup_rtts: 0.0, ..task.transport };
        Some(match effect {
            RlEffect::Ship { pool, number, bytes } => {
                let site = task.pools[usize::from(pool)].site;
                Order {
                    ends: (site, trainer),
                    base: self.between_nodes(site, trainer),
                    bytes,
                    transport: open,
                    ..self.order(id, Purpose::Shipment { pool, number })
                }
            }
            RlEffect::Publish { pool, bytes, copies, pace } => {
                self.publish_order(id, task, (pool, bytes, copies), pace)
            }
            RlEffect::Upload { bytes, pace, full } => {
                let order = self.state_order(id, task, task.store?, trainer, bytes, true);
                Order {
                    purpose: Purpose::Upload { full },
                    base: vec![(self.sites[trainer.index()].fabric_out, 1.0), (task.senders, 1.0)],
                    pace: (pace, COUPLED),
                    transport: open.shared(1.0 / task.flows[1]),
                    ..order
                }
            }
            RlEffect::CancelPublish { .. } | RlEffect::Relay { .. } => return None,
            RlEffect::WriteCheckpoint(bytes) => self.checkpoint_order(id, task, trainer, bytes, true)?,
            RlEffect::ReadCheckpoint(bytes) => self.checkpoint_order(id, task, trainer, bytes, false)?,
        })
    }

    /// A checkpoint between all nodes of the trainer, through their network interfaces, and its storage system.
    fn checkpoint_order(&self, id: WorkId, task: &RlWork, trainer: SiteId, bytes: f64, write: bool) -> Option<Order> {
        let mut order = self.state_order(id, task, task.checkpoint?, trainer, bytes, write);
        order.base.push((task.trainer_nics[usize::from(!write)], 1.0));
        Some(order)
    }

    /// State between the nodes of a site and a storage system: checkpoints, or weights through an object store.
    pub(super) fn state_order(
        &self,
        id: WorkId,
        task: &RlWork,
        path: StoragePath,
        nodes: SiteId,
        bytes: f64,
        write: bool,
    ) -> Order {
        let (storage, operations) = (path.storage, path.operations);
        let site = self.storages[storage.index()].params.site;
        let part = &self.sites[nodes.index()];
        let share = f64::from(u8::from(write));
        Order {
            ends: if write { (nodes, site) } else { (site, nodes) },
            base: vec![(if write { part.fabric_out } else { part.fabric_in }, 1.0)],
            access: vec![self.access(id, storage, 1.0 - share, share, operations)],
            bytes,
            slots: if write { path.write } else { path.read },
            transport: task.transport,
            ..self.order(id, if write { Purpose::CheckpointWrite } else { Purpose::CheckpointRead })
        }
    }
}
