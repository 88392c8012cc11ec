//! Bytes on their way: a *movement* is one transfer from one place to another over the resources between them.
//!
//! A movement has an outer part (what the sender and the receiver use) and, between two sites, a WAN part that
//! changes when routes change. Its life: set-up (`setup_rtts` round trips, cause *latency*), bytes at the rate
//! that fair sharing gives, propagation of the last byte (half a round trip, cause *latency*). The rate of one
//! movement is at most what its windows and its losses allow (causes *window*, *loss*) and at most its own pace (cause given by
//! the caller). On a dead path it stands still (cause *no-path*) and goes on where it stopped.

mod claims;
mod dead_path;
mod look;
mod records;
mod refusal;
mod slow_start;
mod tally;
mod way;

use std::collections::{BTreeMap, BTreeSet};

use super::ids::{MovementId, SiteId, WorkId};
use super::paths::{Access, Course, LATENCY, NO_PATH, QUOTA, Route, Slots, Transport, Uses, WayId};
use crate::fluid::{Cause, FlowKey, FlowSpec, MeterId, OwnerId, ResourceId, Sharing};
use crate::units::{SimDuration, SimTime};

pub use claims::Claim;
use dead_path::Outage;
pub use records::FlowRecord;
pub use tally::Sender;
use way::Way;

/// What a movement is for; the world acts on it when the movement ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Purpose {
    /// A copy work's bytes.
    Copy {
        /// Leg of the copy.
        leg: u16,
    },
    /// An endless storage load; it ends only when its work ends.
    Load,
    /// Bytes that move on the world's own account, for no work; endless, until they are stopped.
    Own,
    /// One batch for every accelerator of a data loader.
    Batch,
    /// A checkpoint that all ranks of a work save or load.
    Burst,
    /// A transfer of a trace.
    Flow {
        /// Its number in the flow record.
        number: u64,
        /// Seconds that it would take alone.
        alone: f64,
    },
    /// Trajectories from a generator pool to the trainer.
    Shipment {
        /// Generator pool of the work.
        pool: u16,
        /// Which shipment of the loop.
        number: u32,
    },
    /// Weights from the trainer to a generator pool.
    Publish {
        /// Generator pool of the work.
        pool: u16,
    },
    /// Weights from one site to another that may pass them on.
    Relay {
        /// Leg of the publish.
        leg: u16,
    },
    /// Weights from the trainer to the object store that the generators fetch them from.
    Upload {
        /// Whether it replaces what was published before.
        full: bool,
    },
    /// Trainer state to storage.
    CheckpointWrite,
    /// Trainer state from storage after a failure.
    CheckpointRead,
}

/// Everything that defines a movement. `outer` and `meters` are completed by the world.
#[derive(Clone, Debug)]
pub struct Order {
    /// Work it belongs to (index in the world's list).
    pub work: u16,
    /// Purpose.
    pub purpose: Purpose,
    /// Account that its causes are charged to.
    pub owner: OwnerId,
    /// Sites of sender and receiver.
    pub ends: (SiteId, SiteId),
    /// What sender and receiver use besides storage.
    pub base: Uses,
    /// Storage systems it reads or writes; they decide part of `outer` and of the meters.
    pub access: Vec<Access>,
    /// Everything but the WAN: `base` and the storage systems' crossings.
    pub outer: Uses,
    /// Wire copies of each payload byte on the WAN and outer part (1; more where every engine fetches its own).
    pub copies: f64,
    /// Share of the payload that goes the other way, from `ends.1` to `ends.0`: the writes of a storage load.
    pub reverse: f64,
    /// Share of the payload that crosses between the sites at all: less than 1 where a cache serves a part.
    pub far: f64,
    /// Meters of the work itself.
    pub own_meters: Vec<(MeterId, f64)>,
    /// All meters that count it: its own and those of its storage systems.
    pub meters: Vec<(MeterId, f64)>,
    /// Payload bytes; infinite for endless loads.
    pub bytes: f64,
    /// The movement's own limit in payload bytes per second and its cause.
    pub pace: (f64, u8),
    /// Outstanding operations; none for streams.
    pub slots: Option<Slots>,
    /// Strict priority, higher first.
    pub priority: u8,
    /// Transport between sites.
    pub transport: Transport,
}

impl Order {
    /// Where it goes.
    pub fn course(&self) -> Course {
        Course { from: self.ends.0, to: self.ends.1, policy: self.transport.policy }
    }
}

/// What has become of a finished movement.
#[derive(Clone, Debug)]
pub struct Done {
    /// Work.
    pub work: u16,
    /// Purpose.
    pub purpose: Purpose,
    /// When it was ordered.
    pub ordered: SimTime,
    /// Payload bytes.
    pub bytes: f64,
}

#[derive(Clone, Debug)]
struct Movement {
    order: Order,
    number: u64,
    ordered: SimTime,
    flow: Option<FlowKey>,
    /// The last byte has left.
    all_sent: bool,
    stalled: bool,
    /// Its receiver takes nothing.
    refused: bool,
    way: Way,
    longest: Option<Cause>,
    /// Round trip of slow start that it is in.
    round: Option<u32>,
    /// When that one ends, where the world has been told.
    round_ends: Option<SimTime>,
    /// Its path has died, and it has not gone on since.
    outage: Option<Outage>,
    /// Weight and reserve in fair sharing.
    terms: (f64, f64),
}

impl Movement {
    /// Bytes that have not left while there is no flow: all of them during set-up, none once the last is on its way.
    fn unsent(&self) -> f64 {
        if self.all_sent { 0.0 } else { self.order.bytes }
    }

    /// Its own limit of the rate, and the cause.
    fn cap(&self) -> (f64, u8) {
        self.way.cap(&self.order, self.round)
    }
}

/// All movements under way, and the fair sharing they run on.
#[derive(Debug)]
pub struct Carriage {
    /// The sharing itself.
    pub sharing: Sharing,
    slots: Vec<(u32, Option<Movement>)>,
    free: Vec<u32>,
    ordered: u64,
    records: Option<Vec<FlowRecord>>,
    /// Who has a claim on a shared storage system has changed.
    claims_changed: bool,
    /// Slots of movements whose resends depend on their rate.
    resending: BTreeSet<u32>,
    /// What each loop sends over each resource of its routes.
    tallies: BTreeMap<(WorkId, ResourceId), MeterId>,
    /// What each sender of split traffic puts on each of its ways.
    by_way: BTreeMap<(Sender, WayId), MeterId>,
    /// Movements that will go on at a time that the world has not been told.
    recovering: Vec<(MovementId, SimTime)>,
}

impl Carriage {
    /// An idle carriage on `sharing`; `record` keeps a row per finished movement.
    pub fn new(mut sharing: Sharing, record: bool) -> Self {
        sharing.record_causes(record);
        Carriage {
            sharing,
            slots: Vec::new(),
            free: Vec::new(),
            ordered: 0,
            records: record.then(Vec::new),
            claims_changed: false,
            resending: BTreeSet::new(),
            tallies: BTreeMap::new(),
            by_way: BTreeMap::new(),
            recovering: Vec::new(),
        }
    }

    /// Movements that have no number of their own count from here on.
    pub fn count_from(&mut self, first: u64) {
        self.ordered = first;
    }

    /// Takes an order. Returns its name and the time at which its first byte may leave.
    pub fn order(&mut self, now: SimTime, order: Order, route: Option<&Route>) -> (MovementId, SimTime) {
        let way = Way::over(&order, route);
        let rtt = way.rtt;
        let setup = SimDuration::from_secs_f64(order.transport.setup_rtts * rtt.as_secs_f64());
        self.sharing.charge(order.owner, LATENCY, setup.as_secs_f64());
        let number = self.ordered;
        self.ordered += 1;
        let movement = Movement {
            order,
            number,
            ordered: now,
            flow: None,
            all_sent: false,
            stalled: false,
            refused: false,
            way,
            longest: None,
            round: None,
            round_ends: None,
            outage: None,
            terms: (1.0, 0.0),
        };
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push((0, None));
            u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 movements at once")
        });
        let slot = &mut self.slots[index as usize];
        slot.1 = Some(movement);
        (MovementId { index, generation: slot.0 }, now + setup)
    }

    /// The first byte leaves: the movement becomes a flow. `route` is `None` when the two ends share a site
    /// or no route exists; `connected` tells which.
    pub fn begin(&mut self, now: SimTime, id: MovementId, route: Option<&Route>, connected: bool) {
        let Some(movement) = self.get_mut(id) else { return };
        let connected = connected || movement.order.far <= 0.0;
        movement.way = Way::over(&movement.order, route);
        movement.round = movement.way.first_round(&movement.order);
        movement.stalled = !connected;
        let (cap, cap_cause) = match movement.cap() {
            // Without a way nothing may limit it, and it may not be infinitely fast; it has its own limit with its first route.
            (cap, _) if !connected && cap.is_infinite() => (0.0, NO_PATH),
            own => own,
        };
        let weight = movement.way.weight();
        let order = movement.order.clone();
        let (uses, meters) = self.terms_on(id.index as usize, route);
        let key = self.sharing.start(
            now.as_nanos(),
            &FlowSpec {
                owner: order.owner,
                uses: &uses,
                weight,
                cap,
                cap_cause,
                priority: order.priority,
                reserve: 0.0,
                meters: &meters,
                bytes: order.bytes,
                tag: pack(id),
            },
        );
        let movement = self.get_mut(id).expect("the movement was found above");
        movement.flow = Some(key);
        movement.terms = (1.0, 0.0);
        self.touch(id);
        self.note_resends(id);
        let movement = self.get_mut(id).expect("the movement was found above");
        if movement.refused {
            self.sharing.stall(now.as_nanos(), key, QUOTA);
        } else if !connected {
            self.sharing.stall(now.as_nanos(), key, NO_PATH);
        }
    }

    /// Puts a movement on another mix of sources: those parts of `order` that say where its bytes come from.
    pub fn change(&mut self, now: SimTime, id: MovementId, order: &Order, route: Option<&Route>, connected: bool) {
        let Some(movement) = self.get_mut(id) else { return };
        let own = &mut movement.order;
        (own.far, own.reverse, own.slots) = (order.far, order.reverse, order.slots);
        own.access.clone_from(&order.access);
        own.own_meters.clone_from(&order.own_meters);
        own.outer.clone_from(&order.outer);
        own.meters.clone_from(&order.meters);
        if route.is_some() {
            movement.way = Way::over(&movement.order, route);
        }
        movement.stalled = !connected && order.far > 0.0;
        let (Some(key), stalled, refused) = (movement.flow, movement.stalled, movement.refused) else { return };
        let (cap, cause) = movement.cap();
        let (uses, meters) = self.terms_on(id.index as usize, route);
        self.sharing.set_cap(now.as_nanos(), key, cap, cause);
        if !refused {
            self.sharing.set_uses(now.as_nanos(), key, &uses, &meters);
            if stalled {
                self.sharing.stall(now.as_nanos(), key, NO_PATH);
            }
            self.hold(now, id.index as usize);
        }
        self.touch(id);
        self.note_resends(id);
    }

    /// Gives a movement another pace of its own, with its cause.
    pub fn set_pace(&mut self, now: SimTime, id: MovementId, pace: (f64, u8)) {
        let Some(movement) = self.get_mut(id).filter(|m| m.order.pace.0.to_bits() != pace.0.to_bits()) else { return };
        movement.order.pace = pace;
        let Some(key) = movement.flow else { return };
        let (cap, cause) = movement.cap();
        self.sharing.set_cap(now.as_nanos(), key, cap, cause);
    }

    /// A flow has finished: returns the movement and when its last byte arrives.
    pub fn sent(&mut self, now: SimTime, tag: u64, longest: Option<Cause>) -> Option<(MovementId, SimTime)> {
        let id = unpack(tag);
        self.touch(id);
        let movement = self.get_mut(id)?;
        movement.flow = None;
        movement.all_sent = true;
        movement.longest = longest;
        let propagation = SimDuration::from_nanos(movement.way.rtt.as_nanos() / 2);
        let owner = movement.order.owner;
        self.sharing.charge(owner, LATENCY, propagation.as_secs_f64());
        Some((id, now + propagation))
    }

    /// The last byte has arrived: the movement is over.
    pub fn arrive(&mut self, now: SimTime, id: MovementId) -> Option<Done> {
        let movement = self.remove(id)?;
        self.record(&movement, Some(now));
        let Movement { order, ordered, .. } = movement;
        Some(Done { work: order.work, purpose: order.purpose, ordered, bytes: order.bytes })
    }

    /// Stops a movement; returns the payload bytes it has carried, or `None` when it is already over.
    pub fn cancel(&mut self, now: SimTime, id: MovementId) -> Option<f64> {
        self.touch(id);
        let movement = self.remove(id)?;
        let bytes = movement.order.bytes;
        let left = match movement.flow {
            Some(key) => self.sharing.cancel(now.as_nanos(), key).unwrap_or(0.0),
            None => movement.unsent(),
        };
        self.record(&movement, None);
        Some(if left.is_finite() { bytes - left } else { 0.0 })
    }

    /// Stops every movement of a work that `select` names by its purpose.
    pub fn cancel_work(&mut self, now: SimTime, work: WorkId, select: impl Fn(Purpose) -> bool) {
        let of_work = |(index, (generation, m)): (usize, &(u32, Option<Movement>))| {
            let id = MovementId { index: index as u32, generation: *generation };
            m.as_ref().filter(|m| m.order.work == work.0 && select(m.order.purpose)).map(|_| id)
        };
        let ids: Vec<MovementId> = self.slots.iter().enumerate().filter_map(of_work).collect();
        for id in ids {
            self.cancel(now, id);
        }
    }

    /// Payload bytes still to be sent.
    pub fn remaining(&mut self, now: SimTime, id: MovementId) -> Option<f64> {
        let (flow, unsent) = self.get_mut(id).map(|m| (m.flow, m.unsent()))?;
        Some(flow.map_or(unsent, |key| self.sharing.remaining(now.as_nanos(), key)))
    }

    /// Puts the movements in these slots, all of one course, on `route`, or stalls them where there is none.
    pub fn reroute(&mut self, now: SimTime, slots: &[usize], route: Option<&Route>) {
        for &index in slots {
            let Some(movement) = self.slots[index].1.as_mut() else { continue };
            let Some(key) = movement.flow else { continue };
            // What a cache serves alone needs no route.
            let lost = route.is_none() && movement.order.far > 0.0;
            movement.follow_path(now, lost);
            movement.stalled = lost;
            self.claims_changed |= movement.claims();
            if route.is_none() && !movement.stalled {
                continue;
            }
            if movement.refused {
                // It takes the route of the day when it is accepted again; only its window follows at once.
                let Some(route) = route else { continue };
                movement.way = Way::over(&movement.order, Some(route));
                let (cap, cause) = movement.cap();
                self.sharing.set_cap(now.as_nanos(), key, cap, cause);
                continue;
            }
            let Some(route) = route else {
                self.sharing.stall(now.as_nanos(), key, NO_PATH);
                continue;
            };
            movement.way = Way::over(&movement.order, Some(route));
            let varied = self.resending.remove(&(index as u32));
            if movement.way.varies() {
                self.resending.insert(index as u32);
            } else if varied {
                self.sharing.set_terms(now.as_nanos(), key, movement.terms.0, movement.terms.1);
            }
            let (cap, cause) = movement.cap();
            let (uses, meters) = self.terms_on(index, Some(route));
            self.sharing.set_uses(now.as_nanos(), key, &uses, &meters);
            self.sharing.set_cap(now.as_nanos(), key, cap, cause);
            self.hold(now, index);
        }
    }

    /// Replaces the outer part and the meters of all movements that `select` names (a write buffer has become
    /// full or free). `route_of` gives the present route between two sites.
    pub fn change_outer(
        &mut self,
        now: SimTime,
        mut select: impl FnMut(&Order) -> Option<(Uses, Vec<(MeterId, f64)>)>,
        mut route_of: impl FnMut(Course) -> Option<Route>,
    ) {
        for index in 0..self.slots.len() {
            let Some(movement) = self.slots[index].1.as_mut() else { continue };
            let Some((outer, meters)) = select(&movement.order) else { continue };
            movement.order.outer = outer;
            movement.order.meters = meters;
            let Some(key) = movement.flow else { continue };
            if movement.stalled || movement.refused {
                continue;
            }
            let course = movement.order.course();
            let route = if course.from == course.to { None } else { route_of(course) };
            let (uses, meters) = self.terms_on(index, route.as_ref());
            self.sharing.set_uses(now.as_nanos(), key, &uses, &meters);
        }
    }

    fn get_mut(&mut self, id: MovementId) -> Option<&mut Movement> {
        let slot = self.slots.get_mut(id.index as usize)?;
        if slot.0 == id.generation { slot.1.as_mut() } else { None }
    }

    fn remove(&mut self, id: MovementId) -> Option<Movement> {
        let slot = self.slots.get_mut(id.index as usize)?;
        if slot.0 != id.generation {
            return None;
        }
        let movement = slot.1.take()?;
        self.resending.remove(&id.index);
        slot.0 = slot.0.wrapping_add(1);
        self.free.push(id.index);
        Some(movement)
    }
}

fn pack(id: MovementId) -> u64 {
    u64::from(id.generation) << 32 | u64::from(id.index)
}

fn unpack(tag: u64) -> MovementId {
    MovementId { index: tag as u32, generation: (tag >> 32) as u32 }
}

#[cfg(test)]
#[path = "carriage_tests.rs"]
mod tests;
