//! Copies from one storage system to others, leg by leg.
//!
//! A *leg* is one transfer from a place that has the bytes to one that gets them. A leg that passes on what another brings begins when
//! the first chunk has arrived, and stays at least so far behind. While it has nothing more than that to send it *follows*: it moves
//! at the rate of the leg before (cause *coupled-stage*). Where it is slower, bytes wait for it; with a chunk of them it is free to
//! move as fast as it can, until they are gone.

use super::ids::{MovementId, SiteId, StorageId};
use super::paths::{COUPLED, PACING, SLOTS, Slots, Transport};
use super::rhythm::Cycle;
use crate::network::FanRule;
use crate::units::{SimDuration, SimTime};

/// Relative difference of two rates that counts as none.
const SAME: f64 = 1e-9;

/// A storage system that takes part in a copy.
#[derive(Clone, Copy, Debug)]
pub struct End {
    /// The system.
    pub storage: StorageId,
    /// Its site.
    pub site: SiteId,
    /// Outstanding reads of the nodes that carry a copy away; none without a limit.
    pub fetch: Option<Slots>,
    /// Bytes per second that the nodes which store a copy here can have outstanding; infinite when none.
    pub store: f64,
}

/// Parameters of a copy.
#[derive(Clone, Debug)]
pub struct CopyParams {
    /// Source.
    pub from: End,
    /// Destinations, at least one.
    pub to: Vec<End>,
    /// Who hands the bytes to whom; `None` where each destination gets them from the source.
    pub rule: Option<FanRule>,
    /// Bytes a relay must have before it begins, above 0.
    pub chunk: f64,
    /// Bytes to copy, to each destination.
    pub bytes: f64,
    /// Bytes per second that each leg limits itself to; infinite when none.
    pub pace: f64,
    /// Operations per byte.
    pub operations: f64,
    /// Transport between sites.
    pub transport: Transport,
}

/// One end of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Site.
    pub site: SiteId,
    /// System there; none at a site that only passes bytes on.
    pub storage: Option<StorageId>,
}

impl From<&End> for Place {
    fn from(end: &End) -> Self {
        Place { site: end.site, storage: Some(end.storage) }
    }
}

/// One transfer of a copy.
#[derive(Clone, Debug)]
pub struct Leg {
    /// Who has the bytes.
    pub from: Place,
    /// Who gets them.
    pub to: Place,
    /// Outstanding reads where it begins.
    pub slots: Option<Slots>,
    /// Rate at which it can be stored.
    pub store: f64,
    /// The leg, by its number, that brings what this one passes on; a lower number than its own.
    pub after: Option<usize>,
    /// Bytes that found room at its end.
    pub bytes: f64,
    /// Its movement while it runs.
    pub movement: Option<MovementId>,
    /// When it began.
    pub began: Option<SimTime>,
    /// When the last byte arrived.
    pub finished: Option<SimTime>,
    /// Bytes it had carried when the end of its work cut it short.
    pub cut: Option<f64>,
    /// Seconds it would take alone on an idle world.
    pub alone_s: Option<f64>,
    /// When the first chunk is there.
    pub opens: Option<SimTime>,
    /// Bytes that the leg before had sent when this one began.
    pub lead: f64,
    /// The rate of the leg before, while this one follows it.
    pub follows: Option<f64>,
    /// Its own rate when it last moved.
    pub rate: f64,
}

/// How far a leg is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Payload bytes sent.
    pub sent: f64,
    /// Payload bytes per second.
    pub rate: f64,
    /// Round-trip time of its way.
    pub rtt: SimDuration,
    /// Whether all is sent.
    pub done: bool,
}

/// What a leg that passes bytes on does now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Turn {
    /// Goes on as it does, and is to be looked at again at that time.
    Keep(Option<SimTime>),
    /// Begins.
    Begin,
    /// Has another pace.
    Pace,
}

impl Leg {
    fn new(from: &End, to: Place, store: f64, after: Option<usize>) -> Self {
        Leg { slots: from.fetch, store, ..Leg::between(Place::from(from), to, after) }
    }

    /// A leg without storage systems and with nothing to carry yet.
    pub fn between(from: Place, to: Place, after: Option<usize>) -> Self {
        Leg {
            from,
            to,
            slots: None,
            store: f64::INFINITY,
            after,
            bytes: 0.0,
            movement: None,
            began: None,
            finished: None,
            cut: None,
            alone_s: None,
            opens: None,
            lead: 0.0,
            follows: None,
            rate: 0.0,
        }
    }

    /// Whether it has still to begin, or runs.
    pub fn is_open(&self) -> bool {
        self.bytes > 0.0 && self.finished.is_none() && self.cut.is_none()
    }

    /// Its turn, with the leg before so far (and its last rate) and itself so far.
    pub fn turn(&mut self, now: SimTime, before: (Progress, f64), own: Option<Progress>, chunk: f64) -> Turn {
        let (before, last) = before;
        let chunk = chunk.min(self.bytes);
        // The last bytes come over at the rate at which they were sent.
        let feeds = match before.done {
            false => before.rate,
            true if last > 0.0 => last,
            true => f64::INFINITY,
        };
        let Some(own) = own else { return self.wait(now, before, feeds, chunk) };
        let ahead = before.sent - own.sent - self.lead;
        if let Some(pace) = self.follows {
            if !before.done && ahead >= chunk {
                self.follows = None;
                return Turn::Pace;
            }
            if (feeds - pace).abs() > SAME * pace {
                self.follows = Some(feeds);
                return Turn::Pace;
            }
            let gap = before.rate - own.rate;
            return Turn::Keep((gap > SAME * before.rate).then(|| later(now, (chunk - ahead) / gap)));
        }
        if ahead <= 0.0 {
            self.follows = Some(feeds);
            return Turn::Pace;
        }
        let gap = own.rate - before.rate;
        Turn::Keep((gap > SAME * own.rate).then(|| later(now, ahead / gap)))
    }

    /// It begins when the first chunk has been sent and has come over.
    fn wait(&mut self, now: SimTime, before: Progress, feeds: f64, chunk: f64) -> Turn {
        if self.opens.is_none() && (before.sent >= chunk || before.done) {
            self.opens = Some(now.saturating_add(SimDuration::from_nanos(before.rtt.as_nanos() / 2)));
        }
        match self.opens {
            Some(at) if at <= now => {
                self.lead = before.sent;
                self.follows = Some(feeds);
                Turn::Begin
            }
            Some(at) => Turn::Keep(Some(at)),
            None => Turn::Keep((before.rate > 0.0).then(|| later(now, (chunk - before.sent) / before.rate))),
        }
    }
}

/// The first instant that is so many seconds later, and not this one.
fn later(now: SimTime, seconds: f64) -> SimTime {
    let nanos = (seconds * 1e9).ceil().clamp(1.0, 9e18) as i64;
    now.saturating_add(SimDuration::from_nanos(nanos))
}

/// A copy in the world.
#[derive(Clone, Debug)]
pub struct Copy {
    /// Parameters.
    pub params: CopyParams,
    /// Its legs, from when it begins; each after those it passes on.
    pub legs: Vec<Leg>,
    /// When it began.
    pub began: Option<SimTime>,
    /// When the last byte arrived everywhere.
    pub finished: Option<SimTime>,
    /// When the end of its work cut it short.
    pub cut: Option<SimTime>,
    /// Its pace by the time of day or week, where it has windows.
    pub windows: Option<Cycle>,
}

impl Copy {
    /// A copy that has not begun.
    pub fn new(params: CopyParams) -> Self {
        Copy { params, legs: Vec::new(), began: None, finished: None, cut: None, windows: None }
    }

    /// The limit of a leg at `now`, and the cause: the pace of the copy at that time, or the slots of its nodes or the leg before
    /// where these are tighter.
    pub fn limit(&self, now: SimTime, leg: &Leg) -> (f64, u8) {
        let pace = self.windows.as_ref().map_or(self.params.pace, |windows| windows.value(now));
        let own = if leg.store < pace { (leg.store, SLOTS) } else { (pace, PACING) };
        match leg.follows {
            Some(rate) if rate < own.0 => (rate, COUPLED),
            _ => own,
        }
    }

    /// Seconds from `began` in which `bytes` move at `rate`, or at the pace of the time where that is less.
    pub fn time(&self, began: SimTime, bytes: f64, rate: f64) -> f64 {
        let Some(windows) = &self.windows else { return bytes / rate };
        let (mut at, mut left) = (began, bytes);
        loop {
            let (next, rate) = (windows.next(at), rate.min(windows.value(at)));
            let span = (next - at).as_secs_f64();
            if rate * span >= left || next == SimTime::MAX {
                return (at - began).as_secs_f64() + left / rate;
            }
            (at, left) = (next, left - rate * span);
        }
    }

    /// The last byte of a leg has arrived.
    pub fn arrived(&mut self, now: SimTime, leg: usize) {
        self.legs[leg].finished = Some(now);
        self.legs[leg].movement = None;
        let to_go = |leg: &Leg| leg.finished.is_none();
        self.finished = (!self.legs.iter().any(to_go)).then_some(now);
    }

    /// The leg that ends at a destination.
    pub fn leg_to(&self, end: &End) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.to == Place::from(end))
    }
}

impl CopyParams {
    /// Sites of the destinations in the order stated.
    pub fn sinks(&self) -> Vec<SiteId> {
        self.to.iter().map(|end| end.site).collect()
    }

    /// The legs when bytes go between sites as `crossings` say, each from, to, and the one before. A second system of a site gets its
    /// bytes from the first, as does all at the site of the source from it. Without crossings every destination gets them from the source.
    pub fn legs(&self, crossings: Option<Vec<(SiteId, SiteId, Option<usize>)>>) -> Vec<Leg> {
        let direct = |end: &End| Leg::new(&self.from, Place::from(end), end.store, None);
        let Some(crossings) = crossings else { return self.to.iter().map(direct).collect() };
        let first = |site: SiteId| self.to.iter().find(|end| end.site == site);
        let holder = |site: SiteId| {
            let through = End { site, fetch: None, ..self.from };
            let end = if site == self.from.site { Some(&self.from) } else { first(site) };
            (*end.unwrap_or(&through), end.is_some())
        };
        let place = |site: SiteId| {
            let (end, has) = holder(site);
            (Place { site, storage: has.then_some(end.storage) }, if has { end.store } else { f64::INFINITY })
        };
        let mut legs: Vec<Leg> = Vec::with_capacity(self.to.len());
        for &(from, to, after) in &crossings {
            let (to, store) = place(to);
            legs.push(Leg { from: place(from).0, ..Leg::new(&holder(from).0, to, store, after) });
        }
        for end in &self.to {
            if legs.iter().any(|leg| leg.to == Place::from(end)) {
                continue;
            }
            let after = crossings.iter().position(|crossing| crossing.1 == end.site);
            legs.push(Leg::new(&holder(end.site).0, Place::from(end), end.store, after));
        }
        legs
    }
}

#[cfg(test)]
#[path = "copies_tests.rs"]
mod tests;
