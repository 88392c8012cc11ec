//! How far a copy is behind what it is a copy of, in bytes and in time.
//!
//! D(t) are the bytes that were due by t, S(t) those that have come, in the order in which they were due. Then D(t) − S(t) bytes are
//! missing at t, and the copy is as it should have been at t′ with D(t′) = S(t): it is t − t′ behind. Both curves are lines
//! between instants, so is the time between corners of D, and its distribution over time is known without sampling.

use std::collections::VecDeque;

use crate::stats::Spent;
use crate::units::{SimDuration, SimTime};

/// With more corners between what has come and what is due, every second of them is left out: memory is bounded, and the time is
/// off by at most the distance between two of those that stay.
const MOST_CORNERS: usize = 4096;

/// A copy that follows.
#[derive(Clone, Debug)]
pub struct Lag {
    /// Corners of D from the last one at or before what has come; the last is that of `at`.
    corners: VecDeque<(SimTime, f64)>,
    at: SimTime,
    sent: f64,
    bytes: Spent,
    time: Spent,
}

impl Default for Lag {
    fn default() -> Self {
        Lag {
            corners: VecDeque::from([(SimTime::ZERO, 0.0)]),
            at: SimTime::ZERO,
            sent: 0.0,
            bytes: Spent::default(),
            time: Spent::default(),
        }
    }
}

fn seconds(from: SimTime, to: SimTime) -> f64 {
    (to - from).as_secs_f64()
}

impl Lag {
    /// Both curves went straight until `now`: so many bytes are due by then, so many have come. At one instant D may jump.
    pub fn advance(&mut self, now: SimTime, due: f64, sent: f64) {
        let before = self.due();
        let sent = sent.clamp(self.sent, due.max(self.sent));
        let span = seconds(self.at, now);
        self.bytes.ramp(before - self.sent, due - sent, span);
        self.push(now, due.max(before));
        if span > 0.0 {
            self.pass(now, sent, span);
        }
        (self.at, self.sent) = (now, sent);
        while self.corners.get(1).is_some_and(|&(_, due)| due <= sent) {
            self.corners.pop_front();
        }
        if self.corners.len() > MOST_CORNERS {
            let last = self.corners.len() - 1;
            let kept = self.corners.iter().enumerate().filter(|(i, _)| i % 2 == 0 || *i == last);
            self.corners = kept.map(|(_, corner)| *corner).collect();
        }
    }

    /// The next corner of D; one in the middle of a line is left out.
    fn push(&mut self, now: SimTime, due: f64) {
        let count = self.corners.len();
        if count >= 2 {
            let ((t0, d0), (t1, d1)) = (self.corners[count - 2], self.corners[count - 1]);
            let straight = (d1 - d0) * seconds(t0, now) - (due - d0) * seconds(t0, t1);
            if straight.abs() <= 1e-12 * due * seconds(t0, now) && t0 < t1 {
                self.corners.pop_back();
            }
        }
        if self.corners.back() != Some(&(now, due)) {
            self.corners.push_back((now, due));
        }
    }

    /// What comes passes the corners of D one by one: from one to the next the time behind is a line.
    fn pass(&mut self, now: SimTime, sent: f64, span: f64) {
        let (start, from) = (self.at, self.sent);
        let reached = |bytes: f64| if sent > from { span * (bytes - from) / (sent - from) } else { span };
        let (mut past, mut bytes, mut next) = (0.0, from, 1);
        loop {
            // The segment on which the byte that comes next was due.
            while self.corners.get(next).is_some_and(|&(_, due)| due <= bytes) {
                next += 1;
            }
            let Some(&(t1, d1)) = self.corners.get(next) else {
                self.time.ramp(0.0, 0.0, span - past);
                return;
            };
            let (t0, d0) = self.corners[next - 1];
            let came_by = |bytes: f64| seconds(t0, t1) * (bytes - d0) / (d1 - d0) + seconds(SimTime::ZERO, t0);
            let to = sent.min(d1);
            let until = if to < d1 { span } else { reached(to).min(span) };
            let (begins, ends) = (seconds(SimTime::ZERO, start) + past, seconds(SimTime::ZERO, start) + until);
            self.time.ramp(begins - came_by(bytes), ends - came_by(to), until - past);
            (past, bytes) = (until, to);
            if to < d1 || past >= span {
                // What is left of the span by rounding.
                let rest = (seconds(SimTime::ZERO, now) - came_by(to)).max(0.0);
                self.time.ramp(rest, rest, span - past);
                return;
            }
        }
    }

    /// Bytes due by the last update.
    pub fn due(&self) -> f64 {
        self.corners.back().map_or(0.0, |&(_, due)| due)
    }

    /// Bytes missing at the last update.
    pub fn behind(&self) -> f64 {
        (self.due() - self.sent).max(0.0)
    }

    /// When the last update was, and how many bytes had come by then.
    pub fn seen(&self) -> (SimTime, f64) {
        (self.at, self.sent)
    }

    /// Bytes missing over time, and seconds behind over time, since the last reset.
    pub fn over_time(&self) -> (&Spent, &Spent) {
        (&self.bytes, &self.time)
    }

    /// The warm-up cut: what was is forgotten, what is missing stays so.
    pub fn reset(&mut self) {
        self.bytes.reset();
        self.time.reset();
    }
}

/// Follows the best of several copies: `sent` holds what each has had and has now. Where one passes another in between, it is
/// best from there on.
pub fn advance_best(best: &mut Lag, now: SimTime, due: f64, sent: &[(f64, f64)]) {
    let (at, before) = (best.at, best.due());
    let span = seconds(at, now);
    let mut cuts: Vec<f64> = Vec::new();
    for (i, a) in sent.iter().enumerate() {
        for b in &sent[i + 1..] {
            let (gap, end) = (a.0 - b.0, a.1 - b.1);
            if gap * end < 0.0 {
                cuts.push(gap / (gap - end));
            }
        }
    }
    cuts.sort_by(f64::total_cmp);
    for part in cuts.into_iter().chain([1.0]) {
        let on = |from: f64, to: f64| if part < 1.0 { from + part * (to - from) } else { to };
        let most = sent.iter().map(|&(from, to)| on(from, to)).fold(0.0, f64::max);
        let when = if part < 1.0 { at.saturating_add(SimDuration::from_secs_f64(part * span)) } else { now };
        best.advance(when, on(before, due), most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> SimTime {
        SimTime::from_secs_f64(seconds)
    }

    fn close(found: Option<f64>, expected: f64) {
        let found = found.expect("time has passed");
        assert!((found - expected).abs() <= 1e-4 * expected.abs() + 1e-12, "{found} is not {expected}");
    }

    /// 3 bytes a second are due and 2 come: after t seconds t bytes are missing, and what comes was due at 2t/3.
    #[test]
    fn a_copy_that_is_too_slow_falls_behind_for_ever() {
        let mut lag = Lag::default();
        for step in 1..=30 {
            lag.advance(at(f64::from(step)), 3.0 * f64::from(step), 2.0 * f64::from(step));
        }
        assert!((lag.behind() - 30.0).abs() < 1e-9 && lag.corners.len() == 2, "{:?}", lag.corners);
        let (bytes, time) = lag.over_time();
        close(bytes.mean(), 15.0);
        close(bytes.quantile(0.95), 28.5);
        close(time.max(), 10.0);
        close(time.mean(), 5.0);
        close(time.quantile(0.95), 9.5);
    }

    /// 3 a second for 10 s, then nothing; 2 come from the start on. At 10 s 10 are missing and the copy is 3⅓ s behind; it has all of it
    /// at 15 s, when its last byte is 5 s old.
    #[test]
    fn a_burst_is_made_up_for() {
        let mut lag = Lag::default();
        lag.advance(at(10.0), 30.0, 20.0);
        lag.advance(at(15.0), 30.0, 30.0);
        lag.advance(at(20.0), 30.0, 30.0);
        assert!(lag.behind() <= 0.0);
        let (bytes, time) = lag.over_time();
        // Triangles: ½·10·10 + ½·10·5 bytes·s, ½·5·15 s².
        close(bytes.mean(), 75.0 / 20.0);
        close(bytes.max(), 10.0);
        close(time.mean(), 37.5 / 20.0);
        close(time.max(), 5.0);
        let mut again = lag.clone();
        again.reset();
        again.advance(at(30.0), 30.0, 30.0);
        close(again.over_time().1.max(), 0.0);
    }

    /// Nothing is due for 90 s after the burst, then again: silence does not count as delay.
    #[test]
    fn silence_is_no_delay() {
        let mut lag = Lag::default();
        lag.advance(at(10.0), 10.0, 5.0);
        lag.advance(at(20.0), 10.0, 10.0);
        lag.advance(at(100.0), 10.0, 10.0);
        lag.advance(at(110.0), 20.0, 15.0);
        assert!((lag.over_time().1.max().unwrap() - 10.0).abs() < 1e-9);
        // A jump of 10 at 110 s; what was due before comes first, and the jump is there at 125 s.
        lag.advance(at(110.0), 30.0, 15.0);
        lag.advance(at(125.0), 30.0, 30.0);
        close(lag.over_time().1.max(), 15.0);
    }

    /// What comes in steps of the due curve: standing still makes the time grow second by second.
    #[test]
    fn while_nothing_comes_each_second_is_one_more() {
        let mut lag = Lag::default();
        lag.advance(at(10.0), 10.0, 10.0);
        lag.reset();
        lag.advance(at(20.0), 20.0, 10.0);
        close(lag.over_time().1.max(), 10.0);
        close(lag.over_time().1.mean(), 5.0);
        close(lag.over_time().0.quantile(0.5), 5.0);
    }

    #[test]
    fn corners_are_bounded() {
        let mut lag = Lag::default();
        let mut due = 0.0;
        for step in 1..40_000_u32 {
            due += f64::from(step % 3);
            lag.advance(at(f64::from(step)), due, 0.0);
        }
        assert!(lag.corners.len() <= MOST_CORNERS + 1, "{}", lag.corners.len());
        // The oldest byte was due in the first second.
        close(lag.over_time().1.max(), 39_999.0);
    }

    /// One copy has the first half, the other overtakes it: what neither has is what the best of both misses.
    #[test]
    fn the_best_of_two_copies_changes() {
        let mut best = Lag::default();
        // Due 10 a second. At 5 s one has 40 and the other 10; at 15 s one still 40, the other 70: it passes at 10 s.
        advance_best(&mut best, at(5.0), 50.0, &[(0.0, 40.0), (0.0, 10.0)]);
        advance_best(&mut best, at(15.0), 150.0, &[(40.0, 40.0), (10.0, 70.0)]);
        // Missing: 0 → 10 in 5 s, → 60 at 10 s, → 80 at 15 s.
        close(best.over_time().0.max(), 80.0);
        close(best.over_time().0.mean(), (25.0 + 175.0 + 350.0) / 15.0);
    }
}
