//! Hit ratios against closed forms and against an exact simulation, object by object.

use super::*;
use crate::engine::rng::{Stream, Streams};
use proptest::prelude::*;

/// A cache that holds real objects; independent of the code under test.
struct Real {
    policy: Policy,
    room: usize,
    /// In order of eviction, the next first.
    held: Vec<usize>,
}

impl Real {
    fn asks(&mut self, object: usize, stream: &mut Stream) -> bool {
        if let Some(at) = self.held.iter().position(|held| *held == object) {
            if self.policy == Policy::Lru {
                self.held.remove(at);
                self.held.push(object);
            }
            return true;
        }
        if self.held.len() < self.room {
            self.held.push(object);
        } else if self.policy != Policy::Static {
            let out = if self.policy == Policy::Random { below(stream, self.room) } else { 0 };
            self.held.remove(out);
            self.held.push(object);
        }
        false
    }
}

fn below(stream: &mut Stream, n: usize) -> usize {
    ((stream.uniform() * n as f64) as usize).min(n - 1)
}

/// Names one object after another.
struct Requests {
    cumulative: Vec<f64>,
    order: Vec<usize>,
    at: usize,
    popularity: Popularity,
}

impl Requests {
    fn new(popularity: Popularity, objects: usize) -> Self {
        let weight = |i: usize| match popularity {
            Popularity::Zipf { exponent } => ((i + 1) as f64).powf(-exponent),
            Popularity::WorkingSet { hot, requests } => {
                let first = hot * objects as f64;
                if (i as f64) < first { requests / first } else { (1.0 - requests) / (objects as f64 - first) }
            }
            _ => 1.0,
        };
        let mut sum = 0.0;
        let mut cumulative: Vec<f64> = (0..objects)
            .map(|i| {
                sum += weight(i);
                sum
            })
            .collect();
        cumulative.iter_mut().for_each(|c| *c /= sum);
        Requests { cumulative, order: (0..objects).collect(), at: 0, popularity }
    }

    fn next(&mut self, stream: &mut Stream) -> usize {
        if self.popularity.is_independent() {
            let u = stream.uniform();
            return self.cumulative.partition_point(|c| *c < u).min(self.order.len() - 1);
        }
        if self.at == 0 && self.popularity == Popularity::Epochs {
            for i in (1..self.order.len()).rev() {
                self.order.swap(i, below(stream, i + 1));
            }
        }
        let object = self.order[self.at];
        self.at = (self.at + 1) % self.order.len();
        object
    }
}

/// Share of hits among requests `from`…`to`, over so many cold starts.
fn simulated(
    popularity: Popularity,
    policy: Policy,
    objects: usize,
    room: usize,
    window: (usize, usize),
    runs: u64,
) -> f64 {
    let (mut hits, mut asked) = (0.0, 0.0);
    for run in 0..runs {
        let mut stream = Streams::root(17).index(run).stream("requests");
        let mut real = Real { policy, room, held: Vec::new() };
        let mut requests = Requests::new(popularity, objects);
        for n in 0..window.1 {
            let object = requests.next(&mut stream);
            let hit = real.asks(object, &mut stream);
            if n >= window.0 {
                asked += 1.0;
                hits += f64::from(u8::from(hit));
            }
        }
    }
    hits / asked
}

fn cache(popularity: Popularity, policy: Policy, objects: usize, room: usize) -> Cache {
    Cache::new(room as f64, objects as f64, 1.0, popularity, policy)
}

const ZIPF: Popularity = Popularity::Zipf { exponent: 0.9 };
const HOT: Popularity = Popularity::WorkingSet { hot: 0.1, requests: 0.8 };

#[test]
fn steady_hit_ratios_are_those_of_a_simulation_object_by_object() {
    for popularity in [Popularity::Uniform, ZIPF, HOT, Popularity::Epochs, Popularity::Scan] {
        for policy in [Policy::Lru, Policy::Fifo, Policy::Random, Policy::Static] {
            if popularity == Popularity::Epochs && policy == Policy::Fifo {
                continue;
            }
            for room in [40, 150, 320] {
                // What came first differs from run to run for good, so it takes more of them.
                let (window, runs) =
                    if policy == Policy::Static { ((8_000, 12_000), 150) } else { ((8_000, 24_000), 8) };
                let real = simulated(popularity, policy, 400, room, window, runs);
                let ours = cache(popularity, policy, 400, room).steady();
                assert!((real - ours).abs() < 0.012, "{popularity:?} {policy:?} {room}: {real} simulated, {ours} here");
            }
        }
    }
}

#[test]
fn a_cold_cache_warms_as_in_a_simulation_object_by_object() {
    for popularity in [Popularity::Uniform, ZIPF, HOT] {
        for policy in [Policy::Lru, Policy::Fifo, Policy::Random, Policy::Static] {
            for window in [(0, 20), (100, 120), (300, 320), (700, 720)] {
                // Full for the first time, FIFO evicts what is popular first, all at once: that dip is not followed.
                if policy == Policy::Fifo && window.0 > 600 {
                    continue;
                }
                let real = simulated(popularity, policy, 400, 150, window, 300);
                let ours = cache(popularity, policy, 400, 150).content_at(0.5 * (window.0 + window.1) as f64).hit;
                assert!(
                    (real - ours).abs() < 0.02,
                    "{popularity:?} {policy:?} {window:?}: {real} simulated, {ours} here"
                );
            }
        }
    }
}

#[test]
fn closed_forms_of_uniform_reads_and_of_scans() {
    for share in [0.1, 0.5, 0.9, 1.0] {
        let steady = |popularity, policy| Cache::new(share * 1e12, 1e12, 1e6, popularity, policy).steady();
        for policy in [Policy::Lru, Policy::Fifo, Policy::Random, Policy::Static] {
            assert!((steady(Popularity::Uniform, policy) - share).abs() < 1e-6, "{policy:?} {share}");
        }
        let full = f64::from(u8::from(share >= 1.0));
        for policy in [Policy::Lru, Policy::Fifo] {
            assert!((steady(Popularity::Scan, policy) - full).abs() < 1e-12, "a scan larger than the cache");
        }
        for popularity in [Popularity::Scan, Popularity::Epochs] {
            assert!((steady(popularity, Policy::Static) - share).abs() < 1e-12);
        }
    }
    // The published root of h = e^(−2(1 − h)): 1 − 0.7968 (the giant component at mean degree 2).
    let random = steady_epoch(0.5, Popularity::Scan, Policy::Random);
    assert!((random - 0.203_188).abs() < 1e-6, "{random}");
    assert!((steady_epoch(0.5, Popularity::Epochs, Policy::Lru) - 0.153_426).abs() < 1e-6);
    assert!((steady_epoch(0.5, Popularity::Epochs, Policy::Random) - 0.283_110).abs() < 1e-5);
}

#[test]
fn the_steps_follow_the_curve() {
    let mut cache = Cache::new(2e14, 1e15, 64e6, ZIPF, Policy::Lru);
    let (mut steps, mut read) = (0, 0.0);
    while cache.next().is_finite() {
        let (next, hit) = (cache.next(), cache.hit());
        assert!(next > read);
        for part in [0.0, 0.5, 1.0] {
            let exact = cache.content_at((read + part * (next - read)) * cache.objects).hit;
            assert!((exact - hit).abs() <= 0.5 * STEP + 1e-4, "{exact} on the curve, {hit} in the step");
        }
        read = next;
        assert!(cache.advance(read));
        steps += 1;
    }
    assert!(steps <= 100, "{steps} steps");
    assert!((cache.hit() - cache.steady()).abs() <= ARRIVED);
    assert!((cache.content().held - 0.2).abs() < 1e-3, "it is full when it is warm");
}

fn law() -> impl Strategy<Value = Popularity> {
    prop_oneof![
        Just(Popularity::Uniform),
        Just(Popularity::Epochs),
        Just(Popularity::Scan),
        (0.0..2.0_f64).prop_map(|exponent| Popularity::Zipf { exponent }),
        (0.01..0.99_f64, 0.01..0.99_f64).prop_map(|(hot, requests)| Popularity::WorkingSet { hot, requests }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_larger_cache_never_serves_less_and_holds_no_more_than_fits(
        popularity in law(),
        policy in prop_oneof![Just(Policy::Lru), Just(Policy::Random), Just(Policy::Static)],
        objects in 1e2..1e9_f64,
        shares in (0.01..0.99_f64, 0.01..0.99_f64),
        reads in 0.0..5.0_f64,
    ) {
        let (small, large) = (shares.0.min(shares.1), shares.0.max(shares.1));
        let at = |share: f64| {
            let cache = Cache::new(share * objects, objects, 1.0, popularity, policy);
            (cache.content_at(reads * objects), cache.steady())
        };
        let ((a, a_steady), (b, b_steady)) = (at(small), at(large));
        prop_assert!(a.hit <= b.hit + 1e-6 && a_steady <= b_steady + 1e-6, "{a:?} {b:?}");
        prop_assert!(a.held <= small * (1.0 + 1e-6) && b.held <= large * (1.0 + 1e-6), "{a:?} {b:?}");
        prop_assert!(a.hit >= 0.0 && b_steady <= 1.0 + 1e-9);
    }

    #[test]
    fn lru_never_serves_less_than_random(
        exponent in 0.0..1.6_f64,
        share in 0.01..0.99_f64,
    ) {
        let of = |policy| Cache::new(share, 1.0, 1e-5, Popularity::Zipf { exponent }, policy).steady();
        prop_assert!(of(Policy::Lru) >= of(Policy::Random) - 1e-6);
    }
}
