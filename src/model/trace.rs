//! Transfers of a trace: each begins when the trace says, between two sites, and is as large as the trace says.

use std::sync::Arc;

use super::ids::SiteId;
use super::paths::Transport;
use crate::stats::Sketch;
use crate::units::{SimDuration, SimTime};

/// Rates are sampled in this many bytes per second, so that a sketch holds a byte a second and a petabyte a second.
pub const RATE_UNIT: f64 = 1e9;

/// A transfer: its number, its arrival after the start of the work, its pair (an index), its payload bytes.
pub type Arrival = (u64, SimDuration, u32, f64);

/// Parameters of a trace.
#[derive(Clone, Debug)]
pub struct TraceParams {
    /// Transfers in order of arrival, shared by all replications.
    pub rows: Arc<[Arrival]>,
    /// Sites of source and destination by pair.
    pub pairs: Vec<(SiteId, SiteId)>,
    /// Added to the numbers of the transfers in the flow record.
    pub first: u64,
    /// Transport between sites.
    pub transport: Transport,
}

/// A trace in the world.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Parameters.
    pub params: TraceParams,
    /// When it began.
    pub began: SimTime,
    next: usize,
    /// Statistics of transfers that began in the measured part.
    pub stats: TraceStats,
    since: SimTime,
}

/// Statistics of transfers that began in the measured part.
#[derive(Clone, Debug, Default)]
pub struct TraceStats {
    /// Transfers that began.
    pub begun: u64,
    /// Transfers that ended.
    pub ended: u64,
    /// Payload bytes of those that ended.
    pub bytes: f64,
    /// Times, seconds.
    pub time: Sketch,
    /// Rates, in [`RATE_UNIT`].
    pub rate: Sketch,
    /// Time over time alone.
    pub slowdown: Sketch,
}

impl Trace {
    /// A trace that has not begun.
    pub fn new(params: TraceParams) -> Self {
        Trace { params, began: SimTime::ZERO, next: 0, stats: TraceStats::default(), since: SimTime::ZERO }
    }

    /// When the next transfer begins; `None` after the last one.
    pub fn due(&self) -> Option<SimTime> {
        self.params.rows.get(self.next).map(|row| self.began.saturating_add(row.1))
    }

    /// The next transfer, if it begins by `now`: number, sites, bytes.
    pub fn take(&mut self, now: SimTime) -> Option<(u64, (SiteId, SiteId), f64)> {
        self.due().filter(|due| *due <= now)?;
        let (number, _, pair, bytes) = self.params.rows[self.next];
        self.next += 1;
        self.stats.begun += 1;
        Some((self.params.first + number, self.params.pairs[pair as usize], bytes))
    }

    /// The last byte of a transfer has arrived; `alone` is the time it would have taken alone, seconds.
    pub fn ended(&mut self, now: SimTime, began: SimTime, bytes: f64, alone: f64) {
        if began < self.since {
            return;
        }
        let time = (now - began).as_secs_f64();
        self.stats.ended += 1;
        self.stats.bytes += bytes;
        self.stats.time.add(time, 1);
        if time > 0.0 {
            self.stats.rate.add(bytes / time / RATE_UNIT, 1);
        }
        if alone > 0.0 && alone.is_finite() {
            self.stats.slowdown.add(time / alone, 1);
        }
    }

    /// The work ends: nothing more begins.
    pub fn end(&mut self) {
        self.next = self.params.rows.len();
    }

    /// The warm-up cut: transfers that began before do not count.
    pub fn reset(&mut self, now: SimTime) {
        self.stats = TraceStats::default();
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transfers_begin_in_turn_and_count_from_the_cut_on() {
        let second = SimDuration::from_secs(1);
        let rows: Arc<[Arrival]> = [(7, second, 0, 10.0), (9, second, 0, 20.0), (8, second + second, 0, 40.0)].into();
        let pairs = vec![(SiteId(0), SiteId(1))];
        let transport = Transport::OPEN;
        let mut trace = Trace::new(TraceParams { rows, pairs, first: 100, transport });
        let at = |s: i64| SimTime::from_nanos(s * 1_000_000_000);
        trace.began = at(5);
        assert_eq!((trace.due(), trace.take(at(5))), (Some(at(6)), None));
        let both: Vec<u64> = std::iter::from_fn(|| trace.take(at(6))).map(|t| t.0).collect();
        assert_eq!(both, [107, 109]);
        trace.reset(at(7));
        assert_eq!(trace.take(at(7)), Some((108, (SiteId(0), SiteId(1)), 40.0)));
        trace.ended(at(8), at(6), 10.0, 1.0);
        trace.ended(at(9), at(7), 40.0, 1.0);
        assert_eq!((trace.stats.begun, trace.stats.ended, trace.due()), (1, 1, None));
        assert_eq!(trace.stats.slowdown.mean(), Some(2.0));
        assert_eq!(trace.stats.rate.mean(), Some(20.0 / RATE_UNIT));
    }
}
