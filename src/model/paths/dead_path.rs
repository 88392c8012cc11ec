//! What a transport does on a path that has died, and when it goes on.
//!
//! *Back-off* (TCP): what is not acknowledged is sent again after R + m, R being the round trip and m the least that Linux adds to it, and then after twice as long each
//! time (RFC 6298, section 5.5), so at (R + m)(2^k − 1) after the path has died, until the time between two attempts reaches a bound. The first
//! attempt on a path that carries again is acknowledged, and the sender starts slowly from one packet a stream (RFC 5681, section 3.1).
//!
//! *Retries* (RDMA, reliable connections): at each timeout T all is sent again, n times. If the path is back within n·T, the next attempt goes through; if not, the
//! queue pair is in error (InfiniBand: transport retry counter exceeded) and a new connection has to be made, which takes a time of its own once there is a path.
//!
//! What was on its way when the path died is sent again. At the rate of before that takes a round trip, which is added.

use super::{Recovery, Transport};

/// How a transport recovers; times in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DeadPath {
    /// Attempts that back off, then slow start.
    BackOff {
        /// Least time beyond a round trip until the first attempt.
        least: f64,
        /// Longest time between two attempts, above 0.
        longest: f64,
    },
    /// Attempts at equal times, then a new connection.
    Retries {
        /// Time between two attempts, above 0.
        timeout: f64,
        /// Attempts until the connection is broken.
        retries: f64,
        /// Time until a new one stands, once there is a path.
        reconnect: f64,
    },
}

/// A time this much before an attempt counts as the attempt, seconds.
const ROUNDING: f64 = 1e-9;

impl DeadPath {
    /// Seconds after the path has died at which the first new byte leaves, where a path is back after `dead` seconds and the round trip was `rtt`.
    pub fn resumes(self, dead: f64, rtt: f64) -> f64 {
        match self {
            DeadPath::BackOff { least, longest } => {
                let (mut at, mut next) = (0.0, (rtt + least).min(longest));
                while at + ROUNDING < dead || at <= 0.0 {
                    if next >= longest {
                        // From here on attempts are evenly apart.
                        at += longest * ((dead - ROUNDING - at) / longest).ceil().max(1.0);
                        break;
                    }
                    at += next;
                    next = (2.0 * next).min(longest);
                }
                at + rtt
            }
            DeadPath::Retries { timeout, retries, reconnect } => {
                if dead <= retries * timeout + ROUNDING {
                    timeout * ((dead - ROUNDING) / timeout).ceil().max(1.0) + rtt
                } else {
                    dead + reconnect + rtt
                }
            }
        }
    }
}

impl Transport {
    /// The same after its path has died and is back: with congestion control it starts slowly from one packet a stream.
    #[must_use]
    pub fn recovered(self) -> Self {
        match self.recovery {
            Recovery::LossBased { segment, .. } => Transport { first_window: self.streams * segment, ..self },
            Recovery::GoBackN { .. } | Recovery::Selective => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(seen: f64, by_hand: f64) {
        assert!((seen - by_hand).abs() < 1e-9, "{seen} s, by hand {by_hand} s");
    }

    /// R = 47 ms, m = 200 ms: attempts at 0.247, 0.741, 1.729, 3.705 s …, each new byte a round trip after that.
    #[test]
    fn attempts_that_back_off_double() {
        let tcp = DeadPath::BackOff { least: 0.2, longest: 120.0 };
        for (dead, attempt) in [(0.05, 0.247), (0.247, 0.247), (0.25, 0.741), (1.0, 1.729), (1.73, 3.705)] {
            near(tcp.resumes(dead, 0.047), attempt + 0.047);
        }
        // The time between two is at most 120 s: 0.247 (2^9 − 1) = 126.217 s, and then 120 s more each, as 0.247 × 2^9 is above that.
        for (dead, attempt) in [(126.0, 126.217), (126.3, 246.217), (300.0, 366.217), (3600.0, 3606.217)] {
            near(tcp.resumes(dead, 0.047), attempt + 0.047);
        }
    }

    /// 7 × 67.1 ms = 469.7 ms: at once on the next attempt, or a new connection.
    #[test]
    fn retries_end_with_a_new_connection() {
        let rdma = DeadPath::Retries { timeout: 0.0671, retries: 7.0, reconnect: 1.0 };
        for (dead, at) in
            [(0.05, 0.0671), (0.0671, 0.0671), (0.4, 0.4026), (0.4697, 0.4697), (0.47, 1.47), (3600.0, 3601.0)]
        {
            near(rdma.resumes(dead, 0.047), at + 0.047);
        }
    }
}
