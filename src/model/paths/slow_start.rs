//! The first round trips of a connection whose rate follows a window that it has to open.
//!
//! A stream begins with a window of a few packets and doubles it each round trip, because every acknowledged byte allows two more
//! (RFC 5681 with appropriate byte counting, RFC 3465; RFC 6928 for the first window of 10 packets). With W bytes in the first round
//! trip, all streams together, and round trip R the rate in round trip k = 0, 1, … is at most W · 2^k ÷ R, so that after k whole round trips
//!
//! sent(k · R) = W · (2^k − 1),
//!
//! the growth of N. Cardwell, S. Savage, T. Anderson, *Modeling TCP latency*, INFOCOM 2000, with γ = 2.

use super::Transport;

/// Doubled more often than this, every window is as good as none.
const MOST: u32 = 64;

impl Transport {
    /// Payload bytes per second that slow start allows in round trip number `round` (from 0) of `rtt` seconds.
    pub fn slow_start(&self, round: u32, rtt: f64) -> f64 {
        let doubled = self.first_window * f64::from(round.min(MOST)).exp2();
        if rtt > 0.0 { doubled / rtt } else { f64::INFINITY }
    }

    /// Whether slow start is what limits round trip number `round`, with this loss on the way.
    pub fn starts_slowly(&self, round: u32, rtt: f64, loss: f64) -> bool {
        round < MOST && self.slow_start(round, rtt) * (1.0 - loss) < self.limit(rtt, loss).0
    }

    /// Seconds that a transfer of `bytes` is in slow start on its way to a steady `rate`, and the bytes it sends in that time.
    pub fn ramp(&self, rtt: f64, rate: f64, bytes: f64) -> (f64, f64) {
        let (mut time, mut sent) = (0.0, 0.0);
        for round in 0..MOST {
            let now = self.slow_start(round, rtt);
            if now >= rate || sent >= bytes {
                break;
            }
            let part = (now * rtt).min(bytes - sent);
            (time, sent) = (time + part / now, sent + part);
        }
        (time, sent)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Recovery;
    use super::*;
    use proptest::prelude::*;

    fn with(first_window: f64) -> Transport {
        let recovery = Recovery::LossBased { segment: 1000.0, constant: 1.22 };
        Transport { first_window, window_bytes: f64::INFINITY, recovery, ..Transport::OPEN }
    }

    /// 10 kB first and 100 ms of round trip: 100 kB/s, 200, 400, 800. To reach 800 kB/s takes three round trips and 10 + 20 + 40 kB.
    #[test]
    fn the_window_doubles_each_round_trip() {
        let t = with(10e3);
        for (round, rate) in [(0, 1e5), (1, 2e5), (3, 8e5)] {
            assert!((t.slow_start(round, 0.1) - rate).abs() < 1e-6 * rate);
        }
        let (time, sent) = t.ramp(0.1, 8e5, f64::INFINITY);
        assert!((time - 0.3).abs() < 1e-12 && (sent - 70e3).abs() < 1e-6, "{time} s, {sent} B");
        // 50 kB end half-way through the third round trip: 10 + 20, and 20 of its 40 kB.
        let (time, sent) = t.ramp(0.1, 8e5, 50e3);
        assert!((time - 0.25).abs() < 1e-12 && (sent - 50e3).abs() < 1e-6, "{time} s, {sent} B");
        assert_eq!(with(f64::INFINITY).ramp(0.1, 8e5, 50e3), (0.0, 0.0));
        assert!(t.starts_slowly(40, 0.1, 0.0) && !with(f64::INFINITY).starts_slowly(0, 0.1, 0.0));
    }

    proptest! {
        /// Round trips to send so much, by the formula of Cardwell et al. with γ = 2: log2(bytes ÷ W + 1). The two agree at whole
        /// round trips; in between the rate here is even, which takes up to 0.0861 round trips less.
        #[test]
        fn short_transfers_take_the_published_round_trips(first in 1e3..1e6_f64, times in 0.1..1e6_f64, rtt in 1e-4..0.3_f64) {
            let (time, _) = with(first).ramp(rtt, f64::INFINITY, first * times);
            let (mine, published) = (time / rtt, (times + 1.0).log2());
            prop_assert!(mine <= published + 1e-9 && mine >= published - 0.0861, "{mine} and {published}");
        }
    }
}
