//! The slowest trajectories of a loop and what they waited for.
//!
//! Sums per logarithmic bin of the time: the bins from the top down to the wanted share of the weight are the slowest ones; of the
//! bin in which the share ends, its part counts. Memory is that of the bins, whatever the number of trajectories.

/// Bits of a double that tell bins apart: its exponent and the first eight of its fraction, so that a bin is at most 0.4 % wide.
const BIN_BITS: u32 = 52 - 8;
/// Times below a millisecond share a bin.
const LEAST: f64 = 1e-3;
/// Share of the trajectories that are the slowest.
pub const SLOWEST: f64 = 0.01;

/// Marks of a trajectory: full weights brought it back, it waited for a trainer that failed, for a controller that was down.
pub const MARKS: usize = 3;

/// Means over the slowest trajectories, seconds and shares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slowest<const N: usize> {
    /// Mean of each part.
    pub parts: [f64; N],
    /// Share of them that each mark holds for.
    pub marks: [f64; MARKS],
}

/// Sums of `N` parts of a time, and weights of the marks.
#[derive(Clone, Debug, Default)]
pub struct Tail<const N: usize> {
    /// Bins from the first to the last that is used; those in between may be empty.
    bins: Vec<Bin<N>>,
    /// Number of the first.
    first: usize,
}

#[derive(Clone, Debug)]
struct Bin<const N: usize> {
    weight: f64,
    parts: [f64; N],
    marks: [f64; MARKS],
}

impl<const N: usize> Tail<N> {
    /// A trajectory with the parts of its time, seconds, and whether each mark holds for it.
    pub fn add(&mut self, parts: [f64; N], marks: [bool; MARKS], weight: f64) {
        let time: f64 = parts.iter().sum();
        let index = (time.max(LEAST).to_bits() >> BIN_BITS) as usize;
        let empty = || Bin { weight: 0.0, parts: [0.0; N], marks: [0.0; MARKS] };
        if self.bins.is_empty() {
            self.first = index;
        } else if index < self.first {
            self.bins.splice(0..0, std::iter::repeat_with(empty).take(self.first - index));
            self.first = index;
        }
        let place = index - self.first;
        if place >= self.bins.len() {
            self.bins.resize_with(place + 1, empty);
        }
        let bin = &mut self.bins[place];
        bin.weight += weight;
        for (sum, part) in bin.parts.iter_mut().zip(parts) {
            *sum += part * weight;
        }
        for (sum, holds) in bin.marks.iter_mut().zip(marks) {
            *sum += if holds { weight } else { 0.0 };
        }
    }

    /// Means over the slowest `share` of all; `None` without trajectories.
    pub fn slowest(&self, share: f64) -> Option<Slowest<N>> {
        let wanted = share * self.bins.iter().map(|bin| bin.weight).sum::<f64>();
        let mut found = Slowest { parts: [0.0; N], marks: [0.0; MARKS] };
        let mut weight = 0.0;
        for bin in self.bins.iter().rev().filter(|bin| bin.weight > 0.0) {
            let part = ((wanted - weight) / bin.weight).min(1.0);
            if part <= 0.0 {
                break;
            }
            weight += part * bin.weight;
            for (sum, more) in found.parts.iter_mut().zip(bin.parts) {
                *sum += part * more;
            }
            for (sum, more) in found.marks.iter_mut().zip(bin.marks) {
                *sum += part * more;
            }
        }
        for sum in found.parts.iter_mut().chain(&mut found.marks) {
            *sum /= weight;
        }
        (weight > 0.0).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 to 200 s, one each, waiting for twice the time in the second part: the slowest 1 % are 199 and 200, the slowest 0.75 %
    /// are 200 and half of 199.
    #[test]
    fn the_slowest_are_taken_from_the_top() {
        let mut tail = Tail::<2>::default();
        for second in 1..=200 {
            let time = f64::from(second);
            tail.add([time / 3.0, time * 2.0 / 3.0], [second % 2 == 0, true, false], 1.0);
        }
        for (share, mean, even) in [(0.01, 199.5, 0.5), (0.0075, (200.0 + 99.5) / 1.5, 2.0 / 3.0)] {
            let found = tail.slowest(share).unwrap();
            assert!((found.parts[0] + found.parts[1] - mean).abs() < 1e-9, "{found:?}");
            assert!((found.parts[1] / found.parts[0] - 2.0).abs() < 1e-12);
            assert!((found.marks[0] - even).abs() < 1e-12 && (found.marks[1] - 1.0).abs() < 1e-12, "{found:?}");
        }
        assert_eq!(Tail::<2>::default().slowest(0.01), None);
    }

    #[test]
    fn everything_is_the_slowest_of_one() {
        let mut tail = Tail::<1>::default();
        tail.add([0.0], [false, true, false], 3.0);
        assert_eq!(tail.slowest(SLOWEST), Some(Slowest { parts: [0.0], marks: [0.0, 1.0, 0.0] }));
    }
}
