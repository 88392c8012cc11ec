//! How new weights reach the generators: full or delta, straight from the trainer or through an object store, one copy per
//! site, per node or per engine.
//!
//! A delta holds `changed × parameters × bytes_per_changed` per version it spans and is never larger than the full
//! weights; every `full_every`-th publish is full. Building a delta takes one scan of the weights, shared by the
//! senders; the bytes leave when it is built, or, overlapped, as fast as it is built. Through a store the payload is uploaded
//! once and then fetched. A copy per site passes down a pipelined tree inside: its rate limits the transfer, and each of the
//! ⌈log₂ engines⌉ hops adds the time of one bucket. One publish is under way at a time; versions that become ready
//! meanwhile go out together with the next.
//!
//! A pool that has not got the bytes within `timeout` has missed the delta: it is sent the full weights of that version on
//! its own, and the publish goes on without it. The same holds for a pool that had no live engine. Until these have arrived it
//! takes part in no publish. The time of a publish runs until every pool with live engines serves its version or a later one, late
//! pools included.
//!
//! A store without room for the payload refuses it: the publish is over, and the next sends full weights, which take the place of
//! all that is stored.

use std::collections::VecDeque;

use super::RlEffect;
use super::ledger::{LoopStats, Published};
use crate::stats::Sketch;
use crate::units::{SimDuration, SimTime};

/// Who fetches a copy of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyFor {
    /// Each site, which passes it on inside.
    Site,
    /// Each node.
    Node,
    /// Each engine.
    Engine,
}

/// Parameters of publication.
#[derive(Clone, Debug)]
pub struct PublishParams {
    /// Bytes of the full weights.
    pub full_bytes: f64,
    /// Bytes of a delta over one version; `None` sends full weights every time.
    pub delta_bytes: Option<f64>,
    /// Every how many publishes the full weights go out.
    pub full_every: u32,
    /// Who fetches a copy of its own.
    pub copy_for: CopyFor,
    /// Nodes that an engine of each pool stands on; less than 1 where several share one.
    pub nodes_per_engine: Vec<f64>,
    /// Whether the payload goes through an object store.
    pub stored: bool,
    /// Whether sites hand the payload to one another.
    pub relayed: bool,
    /// Bytes per second that all senders together scan when they build a delta.
    pub scan_rate: f64,
    /// Whether bytes leave while the delta is still being built.
    pub overlap: bool,
    /// Whether the engines of a site take a part each and hand it to all others, in place of a tree.
    pub peers: bool,
    /// Rate of the pipelined tree inside a site, bytes per second.
    pub inner_rate: f64,
    /// Bytes a hop holds before it passes them on.
    pub inner_bucket: f64,
    /// How long a publish waits for a pool's bytes, from the moment they may leave.
    pub timeout: Option<SimDuration>,
}

/// What is on its way to a pool.
#[derive(Clone, Copy, Debug)]
struct Incoming {
    version: u32,
    bytes: f64,
    /// The bytes are at the site.
    arrived: bool,
    /// Full weights for this pool alone.
    catch_up: bool,
}

#[derive(Clone, Copy, Debug)]
struct Pool {
    /// Version that its engines serve.
    has: u32,
    incoming: Option<Incoming>,
    landed: SimTime,
    /// Full weights brought what it has.
    full: bool,
}

#[derive(Clone, Copy, Debug)]
struct UnderWay {
    version: u32,
    bytes: f64,
    /// Bytes per second at which the payload comes into being.
    pace: f64,
}

/// State of publication.
#[derive(Debug)]
pub struct Publisher {
    params: PublishParams,
    pools: Vec<Pool>,
    current: Option<UnderWay>,
    /// Versions on their way that are not served everywhere yet, and when their publish began.
    unserved: VecDeque<(u32, SimTime)>,
    /// Newest version that every pool with live engines serves.
    everywhere: u32,
    count: u64,
    /// The store refused what was published last.
    full_next: bool,
    times: Sketch,
    bytes: f64,
    missed: u64,
    refused: u64,
    /// Deltas that span so many versions that the full weights are no larger.
    grown: u64,
}

impl Publisher {
    /// A publisher with nothing under way, to as many pools as `nodes_per_engine` has entries.
    pub fn new(params: PublishParams) -> Self {
        let pool = Pool { has: 0, incoming: None, landed: SimTime::ZERO, full: false };
        let pools = vec![pool; params.nodes_per_engine.len()];
        Publisher {
            params,
            pools,
            current: None,
            unserved: VecDeque::new(),
            everywhere: 0,
            count: 0,
            full_next: false,
            times: Sketch::new(),
            bytes: 0.0,
            missed: 0,
            refused: 0,
            grown: 0,
        }
    }

    /// Whether a pool with live engines lacks `version` and no publish is under way.
    pub fn is_wanted(&self, version: u32, live: &[u64]) -> bool {
        let lacks = |(pool, &engines): (&Pool, &u64)| engines > 0 && pool.incoming.is_none() && pool.has < version;
        self.current.is_none() && self.pools.iter().zip(live).any(lacks)
    }

    /// Begins to publish `version` to the pools with live engines that lack it, unless a publish is under way; returns the
    /// time until the first byte may leave.
    pub fn begin(&mut self, now: SimTime, version: u32, live: &[u64]) -> Option<SimDuration> {
        if self.current.is_some() {
            return None;
        }
        let wanting = |(pool, &engines): (&Pool, &u64)| engines > 0 && pool.incoming.is_none() && pool.has < version;
        let wanted: Vec<bool> = self.pools.iter().zip(live).map(wanting).collect();
        // A delta spans what the pool that is furthest behind lacks.
        let oldest = self.pools.iter().zip(&wanted).filter(|(_, wanted)| **wanted).map(|(pool, _)| pool.has).min()?;
        self.count += 1;
        let full = self.full_next || self.count.is_multiple_of(u64::from(self.params.full_every.max(1)));
        self.full_next = false;
        let delta = self.params.delta_bytes.filter(|_| !full);
        let bytes =
            delta.map_or(self.params.full_bytes, |d| (d * f64::from(version - oldest)).min(self.params.full_bytes));
        self.grown += u64::from(delta.is_some() && bytes >= self.params.full_bytes);
        let build = if delta.is_some() { self.params.full_bytes / self.params.scan_rate } else { 0.0 };
        let overlapped = self.params.overlap && build > 0.0;
        let pace = if overlapped { bytes / build } else { f64::INFINITY };
        for (pool, _) in self.pools.iter_mut().zip(wanted).filter(|(_, wanted)| *wanted) {
            pool.incoming = Some(Incoming { version, bytes, arrived: false, catch_up: false });
        }
        self.current = Some(UnderWay { version, bytes, pace });
        if self.unserved.back().is_none_or(|(last, _)| *last < version) {
            self.unserved.push_back((version, now));
        }
        Some(SimDuration::from_secs_f64(if overlapped { 0.0 } else { build }))
    }

    /// The first byte may leave: to the store, or to the pools. Returns how long to wait for them.
    pub fn send(&mut self, live: &[u64], out: &mut Vec<RlEffect>) -> Option<SimDuration> {
        let current = self.current?;
        if self.params.stored {
            let full = current.bytes >= self.params.full_bytes;
            out.push(RlEffect::Upload { bytes: current.bytes, pace: current.pace, full });
            return None;
        }
        self.distribute(live, out)
    }

    /// One transfer per pool, with a copy for each of those that fetch one, or one after another. Returns how long to wait for them.
    pub fn distribute(&mut self, live: &[u64], out: &mut Vec<RlEffect>) -> Option<SimDuration> {
        let current = self.current?;
        let waits = |pool: &Pool| pool.incoming.is_some_and(|i| !i.catch_up && !i.arrived);
        if self.params.relayed {
            let waiting = self.pools.iter().enumerate().filter(|(_, pool)| waits(pool));
            let pools: Vec<u16> = waiting.map(|(index, _)| index as u16).collect();
            self.bytes += current.bytes * pools.len() as f64;
            out.push(RlEffect::Relay { pools, bytes: current.bytes, pace: current.pace });
            return self.params.timeout;
        }
        let pace = if self.params.stored { f64::INFINITY } else { current.pace };
        for (index, &engines) in live.iter().enumerate() {
            if waits(&self.pools[index]) {
                self.transfer(index, current.bytes, engines, pace, out);
            }
        }
        self.params.timeout
    }

    /// The store had no room for the payload: nobody is sent anything, and every pool stays at what it has. The next publish is a full
    /// one, which takes the place of what is stored.
    pub fn refuse(&mut self) {
        if self.current.take().is_none() {
            return;
        }
        self.refused += 1;
        self.full_next = true;
        for pool in self.pools.iter_mut().filter(|pool| pool.incoming.is_some_and(|i| !i.catch_up)) {
            pool.incoming = None;
        }
    }

    fn transfer(&mut self, pool: usize, bytes: f64, engines: u64, pace: f64, out: &mut Vec<RlEffect>) {
        let copies = match self.params.copy_for {
            CopyFor::Site => 1.0,
            CopyFor::Node => (engines as f64 * self.params.nodes_per_engine[pool]).ceil().max(1.0),
            CopyFor::Engine => engines.max(1) as f64,
        };
        self.bytes += bytes * copies;
        out.push(RlEffect::Publish { pool: pool as u16, bytes, copies, pace });
    }

    /// Version under way.
    pub fn under_way(&self) -> Option<u32> {
        self.current.map(|current| current.version)
    }

    /// Version that a pool has or is about to have.
    pub fn version_at(&self, pool: u16) -> u32 {
        let pool = &self.pools[usize::from(pool)];
        pool.incoming.map_or(pool.has, |incoming| incoming.version)
    }

    /// The wait for the bytes of `version` is over: pools that lack them have missed it and get the full weights. Returns what
    /// the publish comes to if it is over for the others.
    pub fn timed_out(
        &mut self,
        now: SimTime,
        version: u32,
        live: &[u64],
        out: &mut Vec<RlEffect>,
    ) -> Option<Published> {
        self.current.filter(|current| current.version == version)?;
        for (index, &engines) in live.iter().enumerate() {
            if self.pools[index].incoming.is_some_and(|i| !i.catch_up && !i.arrived) {
                self.missed += 1;
                self.catch_up(index as u16, version, engines, out);
            }
        }
        self.finish(now, live)
    }

    /// Sends a pool the full weights of `version` by themselves, unless they are on their way already.
    pub fn catch_up(&mut self, pool: u16, version: u32, engines: u64, out: &mut Vec<RlEffect>) {
        let (index, bytes) = (usize::from(pool), self.params.full_bytes);
        if let Some(incoming) = self.pools[index].incoming.as_mut().filter(|i| i.bytes >= bytes && i.version == version)
        {
            incoming.catch_up = true;
            return;
        }
        out.push(RlEffect::CancelPublish { pool });
        self.pools[index].incoming = Some(Incoming { version, bytes, arrived: false, catch_up: true });
        self.transfer(index, bytes, engines, f64::INFINITY, out);
    }

    /// Whether the full weights are on their way to a pool alone.
    pub fn catches_up(&self, pool: u16) -> bool {
        self.pools[usize::from(pool)].incoming.is_some_and(|incoming| incoming.catch_up)
    }

    /// The bytes are at a pool's site. Returns the time that the last engine lags behind the first: ⌈log₂ engines⌉ buckets.
    pub fn arrived(&mut self, pool: u16, engines: u64) -> SimDuration {
        let Some(incoming) = self.pools[usize::from(pool)].incoming.as_mut() else { return SimDuration::ZERO };
        incoming.arrived = true;
        let bytes = incoming.bytes;
        self.tree_time(bytes, engines)
    }

    fn tree_time(&self, bytes: f64, engines: u64) -> SimDuration {
        if self.params.copy_for != CopyFor::Site || engines <= 1 {
            return SimDuration::ZERO;
        }
        let hops = if self.params.peers { 1.0 } else { f64::from(u64::BITS - (engines - 1).leading_zeros()) };
        SimDuration::from_secs_f64(hops * self.params.inner_bucket.min(bytes) / self.params.inner_rate)
    }

    /// Time in which an engine takes the full weights from one beside it.
    pub fn load_time(&self) -> SimDuration {
        SimDuration::from_secs_f64(self.params.full_bytes / self.params.inner_rate)
    }

    /// A pool has the payload.
    pub fn landed(&mut self, now: SimTime, pool: u16) {
        self.pools[usize::from(pool)].landed = now;
    }

    /// A pool serves what it got. Returns what is served everywhere from now on, if that is news.
    pub fn served(&mut self, now: SimTime, pool: u16, live: &[u64]) -> Option<Published> {
        let entry = &mut self.pools[usize::from(pool)];
        let incoming = entry.incoming.take()?;
        entry.has = incoming.version;
        entry.full = incoming.bytes >= self.params.full_bytes;
        self.finish(now, live)
    }

    /// Ends the publish when all pools that take part in it are served. Returns what is served everywhere from now on, if that
    /// is news.
    pub fn finish(&mut self, now: SimTime, live: &[u64]) -> Option<Published> {
        if self.pools.iter().all(|pool| pool.incoming.is_none_or(|i| i.catch_up)) {
            self.current = None;
        }
        let serving = || self.pools.iter().zip(live).filter(|(_, engines)| **engines > 0).map(|(pool, _)| pool);
        let everywhere = serving().map(|pool| pool.has).min()?;
        if everywhere <= self.everywhere {
            return None;
        }
        self.everywhere = everywhere;
        // A publish that went on without a late pool lasts until that pool has caught up.
        while let Some((_, began)) = self.unserved.pop_front_if(|(version, _)| *version <= everywhere) {
            self.times.add((now - began).as_secs_f64(), 1);
        }
        let landed = serving().map(|pool| pool.landed).max()?;
        Some(Published { version: everywhere, landed, served: now, full: serving().any(|pool| pool.full) })
    }

    /// Forgets what is under way.
    pub fn stop(&mut self) {
        self.current = None;
        self.unserved.clear();
        for pool in &mut self.pools {
            pool.incoming = None;
        }
    }

    /// Statistics start now.
    pub fn reset(&mut self) {
        self.times.reset();
        self.bytes = 0.0;
        (self.missed, self.refused, self.grown) = (0, 0, 0);
    }

    /// Publish times and bytes since the reset.
    pub fn fill_stats(&self, stats: &mut LoopStats) {
        stats.publish = self.times.clone();
        stats.published_bytes = self.bytes;
        stats.missed_publishes = self.missed;
        stats.refused_publishes = self.refused;
        stats.grown_deltas = self.grown;
    }
}

#[cfg(test)]
#[path = "publisher_tests.rs"]
mod tests;
