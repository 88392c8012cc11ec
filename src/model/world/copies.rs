//! Copies: how their legs begin, follow one another and end, and what is measured of them.

use super::measures::{Measure, Measured};
use super::{Task, World};
use crate::engine::Context;
use crate::fluid::ResourceId;
use crate::model::carriage::{Order, Purpose};
use crate::model::copies::{Copy, CopyParams, Leg};
use crate::model::event::{CLASS_WORK, Event};
use crate::model::ids::{StorageId, WorkId};
use crate::model::paths::{Uses, merged};
use crate::units::{Dimension, SimDuration, SimTime, display};

impl World {
    /// The legs of a copy over the links of now.
    pub(super) fn legs_of(&self, params: &CopyParams) -> Vec<Leg> {
        params.legs(params.rule.and_then(|rule| self.wan.fan_out(params.from.site, &params.sinks(), rule)))
    }

    fn copy(&mut self, id: WorkId) -> Option<&mut Copy> {
        match &mut self.works[id.index()].task {
            Task::Copy(copy) => Some(copy),
            _ => None,
        }
    }

    pub(super) fn start_copy(&mut self, ctx: &mut Context<'_, Event>, id: WorkId) {
        let now = ctx.now();
        let Some(params) = self.copy(id).map(|copy| copy.params.clone()) else { return };
        let mut legs = self.legs_of(&params);
        self.admit(ctx, id, params.bytes, &mut legs);
        for leg in &mut legs {
            leg.alone_s = self.leg_alone(now, id, &params, leg);
        }
        let first: Vec<usize> = (0..legs.len()).filter(|&at| legs[at].after.is_none() && legs[at].is_open()).collect();
        let Some(copy) = self.copy(id) else { return };
        copy.legs = legs;
        copy.began = Some(now);
        let (relays, next) = (copy.legs.len() > first.len(), copy.windows.as_ref().map(|windows| windows.next(now)));
        for &leg in &first {
            self.begin_copy_leg(ctx, id, leg);
        }
        if let Some(next) = next.filter(|_| !first.is_empty()) {
            ctx.schedule(next, CLASS_WORK, Event::PaceDue(id));
        }
        if relays {
            self.follow_legs(id);
        }
    }

    /// Makes room for the bytes of each leg. A relay passes on what it took; a site that holds nothing, what those after it take.
    fn admit(&mut self, ctx: &mut Context<'_, Event>, id: WorkId, bytes: f64, legs: &mut [Leg]) {
        for at in 0..legs.len() {
            let offered = legs[at].after.map_or(bytes, |before| legs[before].bytes);
            legs[at].bytes = legs[at].to.storage.map_or(offered, |storage| {
                self.refresh_space(ctx, storage);
                let accounts = self.accounts(id, storage);
                let admitted = self.storages[storage.index()].space.admit(offered, &accounts);
                self.refresh_space(ctx, storage);
                admitted
            });
        }
        for at in (0..legs.len()).rev().filter(|&at| legs[at].to.storage.is_none()).collect::<Vec<_>>() {
            let after = legs.iter().filter(|leg| leg.after == Some(at));
            legs[at].bytes = after.map(|leg| leg.bytes).fold(0.0, f64::max);
        }
    }

    pub(super) fn begin_copy_leg(&mut self, ctx: &mut Context<'_, Event>, id: WorkId, leg: usize) {
        let Some(copy) = self.copy(id) else { return };
        let (params, own, limit) =
            (copy.params.clone(), copy.legs[leg].clone(), copy.limit(ctx.now(), &copy.legs[leg]));
        let purpose = Purpose::Copy { leg: leg as u16 };
        let order = Order { pace: limit, purpose, ..self.leg_order(id, &params, &own) };
        let movement = self.carry(ctx, order);
        let Some(copy) = self.copy(id) else { return };
        copy.legs[leg].movement = Some(movement);
        copy.legs[leg].began = Some(ctx.now());
    }

    fn leg_order(&self, id: WorkId, params: &CopyParams, leg: &Leg) -> Order {
        let access = |storage, read, write| self.access(id, storage, read, write, params.operations);
        let from = leg.from.storage.map(|storage| access(storage, 1.0, 0.0));
        let to = leg.to.storage.map(|storage| access(storage, 0.0, 1.0));
        Order {
            ends: (leg.from.site, leg.to.site),
            access: from.into_iter().chain(to).collect(),
            bytes: leg.bytes,
            pace: (params.pace, crate::model::paths::PACING),
            slots: leg.slots,
            transport: params.transport,
            ..self.order(id, Purpose::Copy { leg: 0 })
        }
    }

    /// Seconds that a leg would take on a world with nothing else in it: set-up, slow start, bytes at the rate that its pace, its window and each
    /// full resource allow, propagation. A write buffer at the destination starts empty.
    fn leg_alone(&mut self, now: SimTime, id: WorkId, params: &CopyParams, leg: &Leg) -> Option<f64> {
        let order = self.leg_order(id, params, leg);
        let (route, connected) = self.route(order.course());
        if !connected {
            return None;
        }
        let rtt = route.as_ref().map_or(0.0, |r| r.rtt.as_secs_f64());
        let loss = route.as_ref().map_or(0.0, |r| r.loss);
        let window = params.transport.limit(rtt, loss).0;
        let slots = leg.slots.map_or(f64::INFINITY, |s| s.rate(rtt));
        let source = leg.from.storage.and(order.access.first());
        let mut common = source.map_or(Uses::new(), |access| self.storages[access.storage.index()].uses(access).0);
        let wan: Uses = route.map_or(Vec::new(), |r| r.uses);
        let sent = wan.iter().map(|&(r, a)| self.carriage.sharing.capacity(r) / a).fold(f64::INFINITY, f64::min);
        let arriving = if loss > 0.0 { params.transport.arriving(sent, rtt, loss) } else { 1.0 };
        common.extend(wan.into_iter().map(|(r, a)| (r, a / arriving)));
        let written = leg.to.storage.and(order.access.last());
        let destination = written.map(|access| (self.storages[access.storage.index()].clone(), access));
        let uses_when = |coupled: bool| {
            let into = destination.as_ref().map_or(Uses::new(), |(target, access)| {
                let mut target = target.clone();
                if let Some(buffer) = target.buffer.as_mut() {
                    buffer.coupled = coupled;
                }
                target.uses(access).0
            });
            merged(into.into_iter().chain(common.iter().copied()).collect())
        };
        let capacity = |r| self.carriage.sharing.capacity(r);
        let own = leg.store.min(params.pace);
        let rate = |uses: &Uses| uses.iter().map(|&(r, a)| capacity(r) / a).fold(window.min(own).min(slots), f64::min);
        let free = uses_when(false);
        let (burst, steady) = (rate(&free), rate(&uses_when(true)));
        let buffered = destination.as_ref().and_then(|(target, _)| Some((target.buffer.as_ref()?, target)));
        let room = buffered.map_or(f64::INFINITY, |(buffer, target)| {
            let taken = |r| free.iter().find(|(used, _)| *used == r).map_or(0.0, |(_, a)| a * burst);
            let left = |&(r, a): &(ResourceId, f64)| (capacity(r) - taken(r)).max(0.0) / a;
            buffer.absorbs(burst, target.params.migration.iter().map(left).fold(f64::INFINITY, f64::min))
        });
        let Task::Copy(copy) = &self.works[id.index()].task else { return None };
        let setup = params.transport.setup_rtts * rtt;
        let (opening, sent) = params.transport.ramp(rtt, burst, leg.bytes);
        let began = now.saturating_add(SimDuration::from_secs_f64(setup + opening));
        let first = copy.time(began, (leg.bytes.min(room) - sent).max(0.0), burst);
        let then = began.saturating_add(SimDuration::from_secs_f64(first));
        let moving = first + copy.time(then, (leg.bytes - room.max(sent)).max(0.0), steady);
        Some(setup + opening + moving + rtt / 2.0)
    }

    /// The pace of a copy goes on by a window.
    pub(super) fn copy_pace_due(&mut self, ctx: &mut Context<'_, Event>, id: WorkId) {
        let now = ctx.now();
        let Some(copy) = self.copy(id) else { return };
        let next = copy.windows.as_ref().map(|windows| windows.next(now));
        let (true, Some(next)) = (copy.legs.iter().any(Leg::is_open), next) else { return };
        let paces: Vec<_> = copy.legs.iter().filter_map(|leg| Some((leg.movement?, copy.limit(now, leg)))).collect();
        for (movement, limit) in paces {
            self.carriage.set_pace(now, movement, limit);
        }
        ctx.schedule(next, CLASS_WORK, Event::PaceDue(id));
    }

    pub(super) fn end_copy(&mut self, ctx: &mut Context<'_, Event>, id: WorkId) {
        let now = ctx.now();
        let Some(copy) = self.copy(id) else { return };
        let mut legs = std::mem::take(&mut copy.legs);
        let open = legs.iter().any(Leg::is_open);
        for leg in legs.iter_mut().filter(|leg| leg.is_open()) {
            let carried = leg.movement.take().and_then(|movement| self.carriage.cancel(now, movement)).unwrap_or(0.0);
            leg.cut = Some(carried);
            if let Some(storage) = leg.to.storage {
                let accounts = self.accounts(id, storage);
                self.storages[storage.index()].space.release(leg.bytes - carried, &accounts);
                self.refresh_space(ctx, storage);
            }
        }
        let Some(copy) = self.copy(id) else { return };
        copy.legs = legs;
        copy.cut = open.then_some(now);
    }

    /// Bytes that a leg has carried.
    fn carried(&mut self, now: SimTime, leg: &Leg) -> f64 {
        let left = leg.movement.and_then(|movement| self.carriage.remaining(now, movement));
        match (leg.finished, left, leg.cut) {
            (Some(_), ..) => leg.bytes,
            (None, Some(left), _) => leg.bytes - left,
            (None, None, cut) => cut.unwrap_or(0.0),
        }
    }

    /// Bytes that a copy has still to bring to a system.
    pub(super) fn copy_to_come(&mut self, now: SimTime, id: WorkId, storage: StorageId) -> f64 {
        let Some(copy) = self.copy(id) else { return 0.0 };
        let into: Vec<Leg> = copy.legs.iter().filter(|leg| leg.to.storage == Some(storage)).cloned().collect();
        into.iter().filter(|leg| leg.is_open()).map(|leg| leg.bytes - self.carried(now, leg)).sum()
    }

    pub(super) fn measure_copy(&mut self, now: SimTime, index: usize, name: &str, out: &mut Measured) {
        let Task::Copy(copy) = &self.works[index].task else { return };
        let copy = copy.clone();
        let to: Vec<Option<Leg>> = copy.params.to.iter().map(|end| copy.leg_to(end).cloned()).collect();
        let carried: Vec<f64> = to.iter().map(|leg| leg.as_ref().map_or(0.0, |leg| self.carried(now, leg))).collect();
        if to.len() > 1 {
            self.measure_destinations(&copy, (&to, &carried), name, out);
        }
        let all: f64 = carried.iter().sum();
        let mut put = |measure: &str, value: Measure| out.kpis.push((format!("transfer.{name}.{measure}"), value));
        put("bytes_done", Measure::Value(all));
        let Some(began) = copy.began else {
            for measure in ["time", "rate", "slowdown", "projected_finish"] {
                put(measure, Measure::None("the copy did not begin before the horizon".into()));
            }
            return;
        };
        let refused: f64 = to.iter().flatten().map(|leg| short(&copy, leg)).sum();
        let elapsed = (copy.finished.or(copy.cut).unwrap_or(now) - began).as_secs_f64();
        let rate = (elapsed > 0.0).then(|| all / elapsed);
        put("rate", rate.map_or_else(|| Measure::None("no time has passed".into()), Measure::Value));
        if refused > 0.0 {
            // What found no room never comes: such a copy does not finish.
            let [missing, wanted] =
                [refused, copy.params.bytes * to.len() as f64].map(|bytes| display(bytes, Dimension::Bytes));
            let why = format!("never finished: {missing} of {wanted} found no room at the destination");
            for measure in ["time", "slowdown", "projected_finish"] {
                put(measure, Measure::None(why.clone()));
            }
            out.notes.push(format!("work.{name}: {why}, see bytes_done and refused of the system"));
            return;
        }
        if let Some(finished) = copy.finished {
            put("time", Measure::Value((finished - began).as_secs_f64()));
            put("projected_finish", Measure::Value(finished.as_secs_f64()));
            put("slowdown", slowdown(&copy, elapsed));
            return;
        }
        let wanted = copy.params.bytes * to.len() as f64;
        let share = if wanted > 0.0 { 100.0 * all / wanted } else { 0.0 };
        if copy.cut.is_some() {
            for measure in ["time", "slowdown", "projected_finish"] {
                put(measure, Measure::None(format!("cut short by the end of the work: {share:.1} % done")));
            }
            return;
        }
        let projected = projection(began, now, &to, &carried);
        let when = projected.map_or("it has not moved".to_owned(), |p| {
            format!("at this pace it ends {:.1} h after the start", p / 3600.0)
        });
        for measure in ["time", "slowdown"] {
            put(measure, Measure::None(format!("unfinished at the horizon: {share:.1} % done, {when}")));
        }
        put("projected_finish", projected.map_or_else(|| Measure::None("it has not moved".into()), Measure::Value));
    }

    fn measure_destinations(
        &self,
        copy: &Copy,
        (to, carried): (&[Option<Leg>], &[f64]),
        name: &str,
        out: &mut Measured,
    ) {
        for ((end, leg), &carried) in copy.params.to.iter().zip(to).zip(carried) {
            let prefix = format!("transfer.{name}.to.{}", self.storages[end.storage.index()].params.name);
            let whole = leg.as_ref().filter(|leg| short(copy, leg) <= 0.0);
            let finished = whole.and_then(|leg| leg.finished).zip(copy.began);
            let none = || Measure::None(format!("not finished: {:.1} % done", 100.0 * carried / copy.params.bytes));
            let time = finished.map(|(finished, began)| (finished - began).as_secs_f64());
            out.kpis.push((format!("{prefix}.time"), time.map_or_else(none, Measure::Value)));
            out.kpis.push((format!("{prefix}.bytes_done"), Measure::Value(carried)));
        }
    }
}

/// Bytes that found no room where a leg ends; less than a billionth is rounding.
fn short(copy: &Copy, leg: &Leg) -> f64 {
    let missing = copy.params.bytes - leg.bytes;
    if leg.to.storage.is_some() && missing > 1e-9 * copy.params.bytes { missing } else { 0.0 }
}

fn slowdown(copy: &Copy, elapsed: f64) -> Measure {
    match copy.legs.as_slice() {
        [leg] => leg
            .alone_s
            .map_or(Measure::None("alone it would have no route".into()), |alone| Measure::Value(elapsed / alone)),
        _ => Measure::None("transfers to several systems are not alone".into()),
    }
}

/// Seconds after the start at which the last destination has all it takes, each at its mean rate so far; `None` where one has nothing yet.
fn projection(began: SimTime, now: SimTime, to: &[Option<Leg>], carried: &[f64]) -> Option<f64> {
    let one = |(leg, &carried): (&Option<Leg>, &f64)| {
        let (leg, moved) = (leg.as_ref()?, carried > 0.0);
        let elapsed = (leg.finished.unwrap_or(now) - began).as_secs_f64();
        moved.then(|| began.as_secs_f64() + elapsed * leg.bytes / carried)
    };
    to.iter().zip(carried).map(one).try_fold(f64::NEG_INFINITY, |last, at| Some(last.max(at?)))
}
