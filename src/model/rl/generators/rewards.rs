//! Answers of users that wait for their reward.
//!
//! Rewards come seconds to hours after the answers, in another order, and there may be a million answers at once. They lie by the second of
//! their reward, as they came; only the first second is in order. So an answer that is put in is written once, and one that is taken out was
//! compared with its own second only.

use std::collections::BTreeMap;

use super::super::Sample;
use crate::units::SimTime;

/// Nanoseconds that lie together.
const SECOND: i64 = 1_000_000_000;

/// An answer and the number that breaks ties.
type Entry = (u64, Sample);

/// Answers by the time of their reward.
#[derive(Debug, Default)]
pub(in crate::model::rl) struct Rewards {
    /// Those of the first second, the very first at the end; empty only if there are none at all.
    first: Vec<Entry>,
    /// Which second that is.
    second: i64,
    /// Those of the seconds after it, in no order.
    later: BTreeMap<i64, Vec<Entry>>,
}

impl Rewards {
    /// Puts an answer in. Of those with the same time of reward, the lower number comes first.
    pub fn insert(&mut self, number: u64, sample: Sample) {
        let second = sample.rewarded.as_nanos().div_euclid(SECOND);
        if second > self.second && !self.first.is_empty() {
            self.later.entry(second).or_default().push((number, sample));
            return;
        }
        if second < self.second && !self.first.is_empty() {
            // A second before all others: what was first waits its turn.
            self.later.insert(self.second, std::mem::take(&mut self.first));
        }
        self.second = second;
        let at = self.first.partition_point(|entry| key(entry) > (sample.rewarded, number));
        self.first.insert(at, (number, sample));
    }

    /// When the next reward comes.
    pub fn next(&self) -> Option<SimTime> {
        self.first.last().map(|(_, sample)| sample.rewarded)
    }

    /// Takes the answer whose reward comes first, if it has come by `now`.
    pub fn take(&mut self, now: SimTime) -> Option<Sample> {
        let (_, sample) = self.first.pop_if(|(_, sample)| sample.rewarded <= now)?;
        if self.first.is_empty()
            && let Some((second, entries)) = self.later.pop_first()
        {
            (self.second, self.first) = (second, entries);
            self.first.sort_unstable_by_key(|entry| std::cmp::Reverse(key(entry)));
        }
        Some(sample)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// All of them, by the time of their reward.
    pub fn iter(&self) -> impl Iterator<Item = &Sample> {
        let mut all: Vec<&Entry> = self.first.iter().chain(self.later.values().flatten()).collect();
        all.sort_unstable_by_key(|entry| key(entry));
        all.into_iter().map(|(_, sample)| sample)
    }
}

fn key((number, sample): &Entry) -> (SimTime, u64) {
    (sample.rewarded, *number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimDuration;

    fn sample(rewarded: SimTime) -> Sample {
        Sample {
            started: SimTime::ZERO,
            generated: SimTime::ZERO,
            rewarded,
            arrived: SimTime::MAX,
            version: 0,
            mixed: false,
            group: 0,
            tokens: 1.0,
            environment: SimDuration::ZERO,
            slot_wait: SimDuration::ZERO,
            weight: 1.0,
        }
    }

    /// Against a sorted map: rewards up to 10 s ahead, some at the same instant, some of the past.
    #[test]
    fn rewards_come_in_order_whatever_the_order_of_the_answers() {
        let mut state = 7_u64;
        let mut random = |below: i64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33).cast_signed() % below
        };
        let (mut rewards, mut sorted) = (Rewards::default(), BTreeMap::new());
        for number in 0..20_000_u64 {
            let now = number.cast_signed() * 10_000_000;
            let at = SimTime::from_nanos(now + random(1_000) * 10_000_000 - 2_000_000_000);
            rewards.insert(number, Sample { version: number as u32, ..sample(at) });
            sorted.insert((at, number), number as u32);
            // Now and then nothing is taken for a while.
            while random(40) > 0
                && let Some(first) = sorted.first_entry().filter(|first| first.key().0.as_nanos() <= now)
            {
                assert_eq!(rewards.next(), Some(first.key().0));
                assert_eq!(rewards.take(SimTime::from_nanos(now)).map(|one| one.version), Some(first.remove()));
            }
            let next = sorted.first_key_value().map(|((at, _), _)| *at);
            assert_eq!((rewards.next(), rewards.is_empty()), (next, next.is_none()));
            if let Some(at) = next {
                let before = SimTime::from_nanos(at.as_nanos() - 1);
                assert!(rewards.take(before).is_none(), "a reward that has not come is not taken");
            }
        }
        assert!(sorted.len() > 100, "{}", sorted.len());
        assert!(rewards.iter().map(|one| one.version).eq(sorted.values().copied()));
    }
}
