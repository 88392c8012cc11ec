//! Weights on their way to the pools of a loop: each pool its own copies, or one copy that sites hand to one another.

use super::{RlWork, Task, World};
use crate::engine::Context;
use crate::model::carriage::{Order, Purpose};
use crate::model::event::Event;
use crate::model::ids::{SiteId, WorkId};
use crate::model::paths::{CLIENT_NIC, COUPLED, Transport};

impl RlWork {
    /// A leg has brought the weights to its end.
    pub(super) fn leg_arrived(&mut self, ctx: &mut Context<'_, Event>, at: usize) {
        let Some(relays) = self.relays.as_mut() else { return };
        let (Some(leg), Some(&pool)) = (relays.legs.get_mut(at), relays.pools.get(at)) else { return };
        (leg.finished, leg.movement) = (Some(ctx.now()), None);
        if let Some(pool) = pool {
            self.rl.weights_arrived(ctx, pool);
        }
    }

    /// The limit of a leg: the tree inside the site at its end, how fast the payload comes into being, and the leg it follows.
    pub(super) fn leg_pace(&self, at: usize) -> Option<f64> {
        let relays = self.relays.as_ref()?;
        let leg = &relays.legs[at];
        let inside = |pool: u16| self.inner_rates[usize::from(pool)];
        let ends = relays.pools[at].map_or(f64::INFINITY, inside);
        let comes = if leg.after.is_none() { relays.pace } else { f64::INFINITY };
        Some(ends.min(comes).min(leg.follows.unwrap_or(f64::INFINITY)))
    }
}

impl World {
    /// Weights to a pool, from the trainer or from the store.
    pub(super) fn publish_order(
        &self,
        id: WorkId,
        task: &RlWork,
        (pool, bytes, copies): (u16, f64, f64),
        pace: f64,
    ) -> Order {
        let site = task.pools[usize::from(pool)].site;
        let receiver = task.receivers[usize::from(pool)];
        let coupled = (task.inner_rates[usize::from(pool)].min(pace), COUPLED);
        let purpose = Purpose::Publish { pool };
        let order = match task.store {
            Some(store) => Order { purpose, ..self.state_order(id, task, store, site, bytes, false) },
            None => {
                self.weights_order(task, (task.trainer.site, site), true, Order { bytes, ..self.order(id, purpose) })
            }
        };
        // Every copy runs on streams of its own, and the rate is that of one copy: the window needs no factor.
        let transport = Transport { setup_rtts: 0.0, ..task.transport }.shared(1.0 / task.flows[0]);
        Order { copies, pace: if receiver < coupled.0 { (receiver, CLIENT_NIC) } else { coupled }, transport, ..order }
    }

    /// The order of weights between the nodes of two sites; those of the trainer that send them are a resource of their own.
    fn weights_order(&self, task: &RlWork, ends: (SiteId, SiteId), first: bool, order: Order) -> Order {
        let mut base = self.between_nodes(ends.0, ends.1);
        if first {
            base.push((task.senders, 1.0));
        }
        Order { ends, base, ..order }
    }

    /// Sites hand weights to one another: the legs over the links of now begin.
    pub(super) fn start_relays(
        &mut self,
        ctx: &mut Context<'_, Event>,
        id: WorkId,
        pools: &[u16],
        (bytes, pace): (f64, f64),
    ) {
        self.stop_relays(ctx, id);
        let Task::Rl(task) = &self.works[id.index()].task else { return };
        let Some(rule) = task.relays.as_ref().map(|relays| relays.rule) else { return };
        let (source, ends): (SiteId, Vec<(u16, SiteId)>) =
            (task.trainer.site, pools.iter().map(|&pool| (pool, task.pools[usize::from(pool)].site)).collect());
        let sinks: Vec<SiteId> = ends.iter().map(|end| end.1).collect();
        let crossings = self.wan.fan_out(source, &sinks, rule);
        let Task::Rl(task) = &mut self.works[id.index()].task else { return };
        let Some(relays) = task.relays.as_mut() else { return };
        relays.begin(source, &ends, crossings, bytes, pace);
        let first: Vec<usize> = (0..relays.legs.len()).filter(|&at| relays.legs[at].after.is_none()).collect();
        let follow = first.len() < relays.legs.len();
        for at in first {
            self.begin_publish_leg(ctx, id, at);
        }
        if follow {
            self.follow_legs(id);
        }
    }

    pub(super) fn begin_publish_leg(&mut self, ctx: &mut Context<'_, Event>, id: WorkId, at: usize) {
        let Task::Rl(task) = &self.works[id.index()].task else { return };
        let (Some(relays), Some(pace)) = (task.relays.as_ref(), task.leg_pace(at)) else { return };
        let leg = &relays.legs[at];
        let order = Order { bytes: leg.bytes, ..self.order(id, Purpose::Relay { leg: at as u16 }) };
        let order = self.weights_order(task, (leg.from.site, leg.to.site), leg.after.is_none(), order);
        let transport = Transport { setup_rtts: 0.0, ..task.transport }.shared(1.0 / task.flows[0]);
        let movement = self.carry(ctx, Order { pace: (pace, COUPLED), transport, ..order });
        let Task::Rl(task) = &mut self.works[id.index()].task else { return };
        let Some(leg) = task.relays.as_mut().and_then(|relays| relays.legs.get_mut(at)) else { return };
        (leg.movement, leg.began) = (Some(movement), Some(ctx.now()));
    }

    /// A pool needs nothing more of the publish under way.
    pub(super) fn detach_pool(&mut self, ctx: &mut Context<'_, Event>, id: WorkId, pool: u16) {
        let Task::Rl(task) = &mut self.works[id.index()].task else { return };
        let useless = task.relays.as_mut().map_or_else(Vec::new, |relays| relays.detach(pool));
        for at in useless {
            self.stop_leg(ctx, id, at);
        }
    }

    /// Nothing that sites hand to one another is under way any more.
    pub(super) fn stop_relays(&mut self, ctx: &mut Context<'_, Event>, id: WorkId) {
        let Task::Rl(task) = &self.works[id.index()].task else { return };
        let legs = task.relays.as_ref().map_or(0, |relays| relays.legs.len());
        for at in 0..legs {
            self.stop_leg(ctx, id, at);
        }
    }

    fn stop_leg(&mut self, ctx: &mut Context<'_, Event>, id: WorkId, at: usize) {
        let now = ctx.now();
        let Task::Rl(task) = &mut self.works[id.index()].task else { return };
        let Some(leg) = task.relays.as_mut().and_then(|relays| relays.legs.get_mut(at)) else { return };
        if !leg.is_open() {
            return;
        }
        leg.cut = Some(0.0);
        if let Some(movement) = leg.movement.take() {
            let carried = self.carriage.cancel(now, movement).unwrap_or(0.0);
            let Task::Rl(task) = &mut self.works[id.index()].task else { return };
            if let Some(relays) = task.relays.as_mut() {
                relays.legs[at].cut = Some(carried);
            }
        }
    }
}
