//! The way of a movement: the resources it uses, its limit, and how much of what it sends arrives.
//!
//! A lost packet is sent again, so that the links carry 1/η bytes per payload byte, η being the share that arrives. With
//! go-back-N η falls with the rate s at which the movement sends, which follows from fair sharing, which follows from η:
//! [`Carriage::resend`] repeats the two until they agree. With T(s) the rate that sharing lets a movement send when η is that of s,
//! it seeks T(s) = s (a movement weighs η in sharing, so that equals send alike and a full link leaves each a rate to *send* that does
//! not depend on η) by s + (T − s) ÷ (1 − q), q being the slope of T: 0 where a full link leaves the sender so many bytes to
//! *send*, rate over loss limit where something else holds how many *arrive*, and a secant from the second turn on, unless
//! the mark was passed.

use super::{Carriage, MovementId, Order};
use crate::fluid::{Cause, ResourceId};
use crate::model::paths::{Recovery, Route, SLOTS, SLOW_START, Uses, WayId, merged};
use crate::units::{SimDuration, SimTime};

/// Relative change of the share that arrives below which it counts as settled.
const SETTLED: f64 = 1e-10;
/// More turns than ever needed.
const TURNS: usize = 100;
/// Steepest slope that is believed.
const STEEPEST: f64 = 1.0 - 1e-6;
/// Nothing sends faster, bytes per second.
const FASTEST: f64 = 1e20;

/// The present way between the ends of a movement; the default is that within a site.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// Round-trip time.
    pub rtt: SimDuration,
    /// Probability that a packet is lost.
    pub loss: f64,
    /// Share of the movement whose way is not dead: streams, operations and offered bytes on a dead one stand still.
    live: f64,
    /// Share of what is sent that arrives.
    arriving: f64,
    /// The rate of sending for which that is so, where it depends on it.
    sent: f64,
    /// The WAN part as if nothing were sent twice; kept where the share depends on the rate.
    plain: Option<Uses>,
    /// Ways of split traffic, with payload bytes on each per payload byte.
    pub ways: Vec<(WayId, f64)>,
}

impl Default for Way {
    fn default() -> Self {
        Way { rtt: SimDuration::ZERO, loss: 0.0, live: 1.0, arriving: 1.0, sent: 0.0, plain: None, ways: Vec::new() }
    }
}

impl Way {
    /// The way over a route. `None` is that within a site, or none at all.
    pub fn over(order: &Order, route: Option<&Route>) -> Self {
        let Some(route) = route else { return Way::default() };
        let varies = route.loss > 0.0 && matches!(order.transport.recovery, Recovery::GoBackN { .. });
        let plain = varies.then(|| wan(order, route));
        let (live, ways) = (route.live_for(order.reverse), parts(order, route));
        Way { rtt: route.rtt, loss: route.loss, live, arriving: 1.0 - route.loss, sent: 0.0, plain, ways }
    }

    /// Factor of its weight in fair sharing: networks share what is sent.
    pub fn weight(&self) -> f64 {
        if self.varies() { self.arriving } else { 1.0 }
    }

    /// Whether the share that arrives depends on the rate.
    pub fn varies(&self) -> bool {
        self.plain.is_some()
    }

    /// The WAN part, per payload byte and copy, as if nothing were sent twice.
    pub fn wan(&self, order: &Order, route: Option<&Route>) -> Uses {
        match (&self.plain, route) {
            (Some(plain), Some(_)) => plain.clone(),
            (_, Some(route)) => wan(order, route),
            (_, None) => Vec::new(),
        }
    }

    /// What that WAN part comes to with all copies and all that is sent twice; nothing twice in the list, nothing of 0.
    pub fn on_wire(&self, order: &Order, wan: &Uses) -> Uses {
        let all = wan.iter().map(|&(r, a)| (r, a / self.arriving * order.copies)).collect();
        merged(all).into_iter().filter(|(_, a)| *a > 0.0).collect()
    }

    /// Outer part and that WAN part together, each byte counted `copies` times.
    pub fn with(&self, order: &Order, wan: Uses) -> Uses {
        let mut uses = order.outer.clone();
        uses.extend(wan.into_iter().map(|(r, a)| (r, a / self.arriving)));
        for (_, a) in &mut uses {
            *a *= order.copies;
        }
        merged(uses)
    }

    /// The tightest of the movement's own pace, its outstanding operations, what window and loss allow, and slow start in
    /// round trip number `round`, where it is in one.
    pub fn cap(&self, order: &Order, round: Option<u32>) -> (f64, u8) {
        // The round trip of the bytes in the mean: by Little's law those near by wait for none.
        let rtt = self.rtt.as_secs_f64() * order.far;
        let slots = order.slots.map_or(f64::INFINITY, |s| s.rate(rtt));
        let slow = round.map_or(f64::INFINITY, |round| order.transport.slow_start(round, rtt) * (1.0 - self.loss));
        let transport = order.transport.limit(rtt, self.loss);
        let transport = if slow < transport.0 { (slow, SLOW_START) } else { transport };
        let (limit, cause) = if slots < transport.0 { (slots, SLOTS) } else { transport };
        let (limit, cause) = if limit < order.pace.0 { (limit, cause) } else { order.pace };
        (limit * self.live, cause)
    }

    /// The first round trip of slow start, where there is one.
    pub fn first_round(&self, order: &Order) -> Option<u32> {
        self.slow_at(order, 0).then_some(0)
    }

    /// Whether slow start limits round trip number `round`.
    pub fn slow_at(&self, order: &Order, round: u32) -> bool {
        order.transport.starts_slowly(round, self.rtt.as_secs_f64() * order.far, self.loss)
    }
}

/// What each way of a split route carries per payload byte.
fn parts(order: &Order, route: &Route) -> Vec<(WayId, f64)> {
    let [there, back] = &route.ways;
    let of = |ways: &[(WayId, f64)], share: f64| {
        let part = share * order.far * order.copies;
        ways.iter().map(|&(way, a)| (way, a * part)).filter(|(_, a)| *a > 0.0).collect::<Vec<_>>()
    };
    [of(there, 1.0 - order.reverse), of(back, order.reverse)].concat()
}

/// Each way its share.
fn wan(order: &Order, route: &Route) -> Uses {
    let there = route.uses.iter().map(|&(r, a)| (r, a * (1.0 - order.reverse) * order.far));
    let back = route.back.iter().map(|&(r, a)| (r, a * order.reverse * order.far));
    there.chain(back).collect()
}

impl Carriage {
    /// Notes whether what a movement sends twice depends on its rate.
    pub(super) fn note_resends(&mut self, id: MovementId) {
        let varies = self.get_mut(id).is_some_and(|m| m.way.varies());
        if varies {
            self.resending.insert(id.index);
        } else {
            self.resending.remove(&id.index);
        }
    }

    /// Lets what is sent twice follow the present rates, and they it, until both agree.
    pub fn resend(&mut self, now: SimTime) {
        let slots: Vec<u32> = self.resending.iter().copied().collect();
        let mut before: Vec<Option<(f64, f64)>> = vec![None; slots.len()];
        for _ in 0..TURNS {
            let next: Vec<Option<f64>> =
                slots.iter().zip(&mut before).map(|(&slot, before)| self.next_sent(slot, before)).collect();
            let mut settled = true;
            for (&slot, sent) in slots.iter().zip(next) {
                settled &= sent.is_none_or(|sent| self.set_sent(now, slot, sent));
            }
            if settled {
                return;
            }
        }
    }

    /// The rate of sending to try next; `before` is that of the last turn, and what came of it.
    fn next_sent(&mut self, slot: u32, before: &mut Option<(f64, f64)>) -> Option<f64> {
        let movement = self.slots[slot as usize].1.as_ref()?;
        let (Some(key), false, false) = (movement.flow, movement.stalled, movement.refused) else { return None };
        let (order, way) = (&movement.order, &movement.way);
        let rate = self.sharing.rate(key) * order.far;
        let (sent, comes) = (way.sent, rate / way.arriving);
        let on_link = |r: ResourceId| way.plain.iter().flatten().any(|&(used, _)| used == r);
        let slope = match (before.replace((sent, comes)), self.sharing.cause(key)) {
            // Past the mark: there is a bend in between, and T itself leads back.
            (Some((s, t)), _) if (t > s) != (comes > sent) => 0.0,
            (Some((s, t)), _) if (sent - s).abs() > 0.0 => (comes - t) / (sent - s),
            (_, Some(Cause::Resource(r))) if on_link(r) => 0.0,
            _ => rate / way.live / order.transport.loss_limit(way.rtt.as_secs_f64(), way.loss),
        };
        Some((sent + (comes - sent) / (1.0 - slope.clamp(0.0, STEEPEST))).clamp(0.0, FASTEST))
    }

    /// Puts a movement on what it must send at this rate; true when that changes nothing.
    fn set_sent(&mut self, now: SimTime, slot: u32, sent: f64) -> bool {
        let Some(movement) = self.slots[slot as usize].1.as_mut() else { return true };
        let (Some(key), Some(plain)) = (movement.flow, movement.way.plain.clone()) else { return true };
        let way = &mut movement.way;
        let arriving = movement.order.transport.arriving(sent / way.live, way.rtt.as_secs_f64(), way.loss);
        if (arriving / way.arriving - 1.0).abs() <= SETTLED {
            return true;
        }
        (way.sent, way.arriving) = (sent, arriving);
        let (weight, reserve) = movement.terms;
        let (uses, meters) = self.terms_with(slot as usize, plain);
        self.sharing.set_uses(now.as_nanos(), key, &uses, &meters);
        self.sharing.set_terms(now.as_nanos(), key, weight * arriving, reserve);
        false
    }
}
