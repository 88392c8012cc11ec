//! Engines on their way into a pool: they have GPUs, and start or load.

use std::collections::VecDeque;

/// Engines that each pool has GPUs for, and those of them that are not live yet.
#[derive(Debug)]
pub(super) struct Joining {
    pools: Vec<Pool>,
}

#[derive(Clone, Debug, Default)]
struct Pool {
    /// Engines there are GPUs for.
    granted: u64,
    /// Engines that start, in the order in which they will be ready.
    starting: VecDeque<u64>,
    /// Engines that are ready but for the weights.
    waiting: u64,
}

impl Joining {
    /// Nothing on its way to any of so many pools.
    pub fn new(pools: usize) -> Self {
        Joining { pools: vec![Pool::default(); pools] }
    }

    /// A pool begins with this many engines, all live.
    pub fn grant(&mut self, pool: usize, engines: u64) {
        self.pools[pool] = Pool { granted: engines, ..Pool::default() };
    }

    /// A pool has GPUs for this many engines. Returns how many begin to start.
    pub fn granted(&mut self, pool: usize, engines: u64) -> u64 {
        let pool = &mut self.pools[pool];
        let before = std::mem::replace(&mut pool.granted, engines);
        let more = engines.saturating_sub(before);
        if more > 0 {
            pool.starting.push_back(more);
        }
        more
    }

    /// How many of `live` engines the GPUs of a pool allow: a loss hits live engines first where they fill the pool.
    pub fn left(&self, pool: usize, live: u64) -> u64 {
        let pool = &self.pools[pool];
        let coming = pool.starting.iter().sum::<u64>().min(pool.granted);
        live.min(pool.granted - coming)
    }

    /// The engines of a pool that began to start first are ready.
    pub fn ready(&mut self, pool: usize) -> u64 {
        self.pools[pool].starting.pop_front().unwrap_or(0)
    }

    /// Engines wait for the weights.
    pub fn wait(&mut self, pool: usize, engines: u64) {
        self.pools[pool].waiting += engines;
    }

    /// Engines that have waited and are live now.
    pub fn take_waiting(&mut self, pool: usize) -> u64 {
        let waiting = std::mem::take(&mut self.pools[pool].waiting);
        self.left(pool, waiting)
    }

    /// Engines that wait for the weights.
    pub fn waiting(&self, pool: usize) -> u64 {
        self.pools[pool].waiting
    }
}
