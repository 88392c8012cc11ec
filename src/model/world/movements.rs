//! Movements begin: the route between their ends, their first byte, their first round trips.

use super::World;
use super::works::outer_of;
use crate::engine::Context;
use crate::model::carriage::Order;
use crate::model::event::{CLASS_FLOW, Event};
use crate::model::ids::MovementId;
use crate::model::paths::{Course, Route};

impl World {
    /// The route between two sites, and whether bytes can move at all.
    pub(super) fn route(&mut self, course: Course) -> (Option<Route>, bool) {
        if course.from == course.to {
            return (None, true);
        }
        let route = self.wan.route(course);
        let connected = route.is_some();
        (route, connected)
    }

    /// Completes an order with its storage crossings and sends it on its way.
    pub(super) fn carry(&mut self, ctx: &mut Context<'_, Event>, mut order: Order) -> MovementId {
        let (outer, meters) = outer_of(&self.storages, &order);
        order.outer = outer;
        order.meters = meters;
        let (route, connected) = self.route(order.course());
        let now = ctx.now();
        let (id, leaves) = self.carriage.order(now, order, route.as_ref());
        if leaves == now {
            self.carriage.begin(now, id, route.as_ref(), connected);
            self.await_round(ctx, id);
        } else {
            ctx.schedule(leaves, CLASS_FLOW, Event::MovementStart(id));
        }
        id
    }

    pub(super) fn movement_starts(&mut self, ctx: &mut Context<'_, Event>, id: MovementId) {
        let Some(course) = self.carriage.course(id) else { return };
        let (route, connected) = self.route(course);
        self.carriage.begin(ctx.now(), id, route.as_ref(), connected);
        self.await_round(ctx, id);
    }

    /// A round trip of slow start is over.
    pub(super) fn round_trip_over(&mut self, ctx: &mut Context<'_, Event>, id: MovementId) {
        if self.carriage.round_ends(ctx.now(), id) {
            self.carriage.next_round(ctx.now(), id);
            self.await_round(ctx, id);
        }
    }

    fn await_round(&mut self, ctx: &mut Context<'_, Event>, id: MovementId) {
        if let Some(ends) = self.carriage.round_trip(ctx.now(), id) {
            ctx.schedule(ends, CLASS_FLOW, Event::RoundTrip(id));
        }
    }

    /// The transport of a movement has recovered from a dead path.
    pub(super) fn movement_recovers(&mut self, ctx: &mut Context<'_, Event>, id: MovementId) {
        let Some(course) = self.carriage.course(id) else { return };
        let (route, _) = self.route(course);
        self.carriage.recover(ctx.now(), id, route.as_ref());
        self.await_round(ctx, id);
    }

    /// Movements that will go on when their transport has recovered.
    pub(super) fn await_recovery(&mut self, ctx: &mut Context<'_, Event>) {
        for (id, at) in self.carriage.take_recovering() {
            ctx.schedule(at, CLASS_FLOW, Event::MovementRecovers(id));
        }
    }
}
