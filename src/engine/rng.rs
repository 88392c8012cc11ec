//! Random streams by name, and the only place where random quantities are sampled.
//!
//! A stream is addressed by a path of names from a root seed: `root(7) / "pool" / "east" / #3 / "time-to-failure"`.
//! The path is hashed by the function below, so a new stream, or one that is switched off, changes the draws of no
//! other. Two variants of a scenario share their random numbers wherever their paths agree.
//!
//! # The hash of a path
//!
//! State: two 64-bit lanes `(a, b)`. All arithmetic wraps. `mix` is the finaliser of SplitMix64 (Steele, Lea, Flood,
//! "Fast splittable pseudorandom number generators", 2014). To absorb a word `w`:
//!
//! ```text
//! a ← mix(a ⊕ w + γ)            γ = 0x9E3779B97F4A7C15
//! b ← mix((b ⊕ rotl(w, 32)) + a)
//! ```
//!
//! A step of a path absorbs one header word (kind + 4 × length in bytes: kind 0 root, 1 child, 2 index, 3 stream), then its
//! content as little-endian words, the last one padded with zeros. A stream's generator, xoshiro256++ (Blackman,
//! Vigna), is seeded with `a, b` after absorbing 0 and again after absorbing 1. The function is pinned by golden
//! values in the tests; changing it changes every result.

use crate::units::Dist;
use rand::{Rng, SeedableRng};
use rand_distr::{Binomial, Distribution, Exp1, Poisson, StandardNormal, Triangular, Weibull};
use rand_xoshiro::Xoshiro256PlusPlus;
use statrs::distribution::{ContinuousCDF, Normal};

/// A place in the tree of names from which streams are made. Making one draws nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streams {
    a: u64,
    b: u64,
}

#[derive(Clone, Copy)]
enum Step {
    Root = 0,
    Child = 1,
    Index = 2,
    Stream = 3,
}

impl Streams {
    /// The top of the tree for a root seed.
    pub fn root(seed: u64) -> Streams {
        Streams { a: 0, b: 0 }.step(Step::Root, &seed.to_le_bytes())
    }

    /// The place called `name` below this one.
    pub fn child(&self, name: &str) -> Streams {
        self.step(Step::Child, name.as_bytes())
    }

    /// The place numbered `index` below this one; not the same as a child with that number as its name.
    pub fn index(&self, index: u64) -> Streams {
        self.step(Step::Index, &index.to_le_bytes())
    }

    /// The stream called `name` at this place, from its beginning.
    pub fn stream(&self, name: &str) -> Stream {
        let first = self.step(Step::Stream, name.as_bytes()).absorb(0);
        let second = first.absorb(1);
        let mut seed = [0; 32];
        for (bytes, word) in seed.chunks_exact_mut(8).zip([first.a, first.b, second.a, second.b]) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Stream { generator: Xoshiro256PlusPlus::from_seed(seed) }
    }

    fn step(self, kind: Step, content: &[u8]) -> Streams {
        let header = kind as u64 + 4 * content.len() as u64;
        content.chunks(8).fold(self.absorb(header), |state, chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            state.absorb(u64::from_le_bytes(word))
        })
    }

    fn absorb(self, word: u64) -> Streams {
        let a = mix((self.a ^ word).wrapping_add(0x9E37_79B9_7F4A_7C15));
        let b = mix((self.b ^ word.rotate_left(32)).wrapping_add(a));
        Streams { a, b }
    }
}

/// The finaliser of SplitMix64: a fixed one-to-one scrambling of 64 bits.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A sequence of random draws.
///
/// The parameters of a law come from a checked plan. Parameters outside their stated range are a defect of the caller and
/// panic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    generator: Xoshiro256PlusPlus,
}

impl Stream {
    /// Uniform in [0, 1): the top 53 bits of one word.
    pub fn uniform(&mut self) -> f64 {
        (self.generator.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Exponential with the given mean (ziggurat of `rand_distr`).
    pub fn exponential(&mut self, mean: f64) -> f64 {
        let unit: f64 = Exp1.sample(&mut self.generator);
        unit * mean
    }

    /// Standard normal: mean 0, standard deviation 1 (ziggurat of `rand_distr`).
    pub fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.generator)
    }

    /// A draw from `dist`, in its own unit.
    ///
    /// Exponential, normal, Weibull and triangular variates are those of `rand_distr`; uniform and empirical ones are
    /// [`quantile`] of one uniform draw; a constant draws nothing.
    pub fn sample(&mut self, dist: &Dist) -> f64 {
        match dist {
            Dist::Constant(value) => *value,
            Dist::Exponential { mean } => self.exponential(*mean),
            Dist::LogNormal { median, sigma } => {
                let unit: f64 = StandardNormal.sample(&mut self.generator);
                median * libm::exp(sigma * unit)
            }
            Dist::Weibull { scale, shape } => {
                let law = Weibull::new(*scale, *shape).expect("a checked Weibull law has positive scale and shape");
                law.sample(&mut self.generator)
            }
            Dist::Triangular { low, mode, high } => {
                let law = Triangular::new(*low, *high, *mode).expect("a checked triangular law has low ≤ mode ≤ high");
                law.sample(&mut self.generator)
            }
            Dist::Uniform { .. } | Dist::Empirical(_) => quantile(dist, self.uniform()),
        }
    }

    /// A whole number in 0…n−1, each equally likely; `n` must be positive.
    ///
    /// Lemire's method ("Fast random integer generation in an interval", 2019): the high word of a product, with the
    /// few biased low words rejected.
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "there is no number below 0");
        loop {
            let product = u128::from(self.generator.next_u64()) * u128::from(n);
            let low = product as u64;
            if low >= n || low >= n.wrapping_neg() % n {
                return (product >> 64) as u64;
            }
        }
    }

    /// How many of `n` independent trials succeed when each does with probability `p` in [0, 1].
    pub fn binomial(&mut self, n: u64, p: f64) -> u64 {
        Binomial::new(n, p).expect("a probability lies in 0…1").sample(&mut self.generator)
    }

    /// How many events happen when `mean` are expected; a mean of zero gives zero.
    pub fn poisson(&mut self, mean: f64) -> u64 {
        if mean == 0.0 {
            return 0;
        }
        let count: f64 =
            Poisson::new(mean).expect("a Poisson mean is finite and not negative").sample(&mut self.generator);
        count as u64
    }

    /// An index of `weights`, each with probability proportional to its weight. Weights are finite and not negative,
    /// and at least one is positive. An index with weight zero is never returned.
    pub fn pick(&mut self, weights: &[f64]) -> usize {
        let total: f64 = weights.iter().sum();
        assert!(total > 0.0 && total.is_finite(), "weights {weights:?} have no positive finite sum");
        let mut rest = self.uniform() * total;
        let mut last = 0;
        for (index, &weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
            if rest < weight {
                return index;
            }
            rest -= weight;
            last = index;
        }
        last // rounding can leave a trace of `rest`
    }
}

/// The value below which `dist` lies with probability `u` in [0, 1); non-decreasing in `u`.
///
/// Formulas: exponential −mean·ln(1−u); Weibull scale·(−ln(1−u))^(1/shape); lognormal median·exp(sigma·Φ⁻¹(u)), Φ⁻¹ from
/// `statrs`; triangular by its two square-root branches; empirical: value number ⌊u·n⌋.
pub fn quantile(dist: &Dist, u: f64) -> f64 {
    match dist {
        Dist::Constant(value) => *value,
        Dist::Exponential { mean } => -mean * libm::log1p(-u),
        Dist::LogNormal { median, sigma } => median * libm::exp(sigma * normal_quantile(u)),
        Dist::Weibull { scale, shape } => scale * libm::pow(-libm::log1p(-u), 1.0 / shape),
        Dist::Uniform { from, to } => from + (to - from) * u,
        Dist::Triangular { low, mode, high } => triangular(*low, *mode, *high, u),
        Dist::Empirical(values) => values[((u * values.len() as f64) as usize).min(values.len() - 1)],
    }
}

/// The value below which a standard normal quantity lies with probability `u` in (0, 1).
pub fn normal_quantile(u: f64) -> f64 {
    Normal::standard().inverse_cdf(u)
}

fn triangular(low: f64, mode: f64, high: f64, u: f64) -> f64 {
    let range = high - low;
    if u * range < mode - low {
        low + (u * range * (mode - low)).sqrt()
    } else {
        high - ((1.0 - u) * range * (high - mode)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(streams: Streams) -> [u64; 2] {
        [streams.a, streams.b]
    }

    #[test]
    fn the_hash_of_a_path_is_pinned() {
        let root = Streams::root(7);
        // From an independent implementation of the description above and of xoshiro256++.
        assert_eq!(words(root), [0xC1D6_4179_1B1B_F112, 0x5CD8_C848_44B0_C060]);
        let place = root.child("pool").child("east").index(3);
        assert_eq!(words(place), [0xFEFA_90EC_D5D4_FEF7, 0xC5EF_00FC_6300_CF57]);
        let mut stream = root.child("pool").stream("time-to-failure");
        let draws = [(); 3].map(|()| stream.generator.next_u64());
        assert_eq!(draws, [0xEA39_D863_B86F_5511, 0xB4A9_7D56_806E_C6FC, 0x31DC_E9A3_DCDC_35DD]);
    }

    #[test]
    fn different_paths_are_different_streams() {
        let root = Streams::root(1);
        let paths = [
            root.stream("a"),
            root.stream("b"),
            root.child("a").stream(""),
            root.child("").stream("a"),
            root.child("a").child("b").stream("c"),
            root.child("ab").stream("c"),
            root.child("a").stream("bc"),
            root.index(0).stream("a"),
            root.index(1).stream("a"),
            root.child("\0").stream("a"),
            root.child("\0\0").stream("a"),
            root.child("\0\0\0\0\0\0\0\0").stream("a"), // the same content word as index 0
            Streams::root(2).stream("a"),
        ];
        for (i, one) in paths.iter().enumerate() {
            assert!(paths[..i].iter().all(|other| other != one), "path {i} is not its own");
        }
        assert_eq!(root.child("a").stream("x"), root.child("a").stream("x"));
    }

    /// The laws a plan may name, with their exact mean.
    fn laws() -> Vec<Dist> {
        vec![
            Dist::Constant(2.5),
            Dist::Exponential { mean: 3.0 },
            Dist::LogNormal { median: 10.0, sigma: 0.8 },
            Dist::Weibull { scale: 2.0, shape: 0.7 },
            Dist::Uniform { from: 1.0, to: 4.0 },
            Dist::Triangular { low: 1.0, mode: 2.0, high: 6.0 },
            Dist::Triangular { low: 2.0, mode: 2.0, high: 2.0 },
            Dist::Empirical(vec![1.0, 1.0, 5.0]),
        ]
    }

    #[test]
    fn samples_follow_their_quantile_function() {
        const N: usize = 20_000;
        for dist in laws() {
            let mut stream = Streams::root(11).stream("law");
            let mut samples: Vec<f64> = (0..N).map(|_| stream.sample(&dist)).collect();
            samples.sort_by(f64::total_cmp);
            for p in [0.05, 0.25, 0.5, 0.75, 0.95] {
                // Between the quantiles four standard errors of a binomial share below and above.
                let slack = 4.0 * (p * (1.0 - p) / N as f64).sqrt();
                let (low, high) = (quantile(&dist, p - slack), quantile(&dist, p + slack));
                let seen = samples[(p * N as f64) as usize];
                assert!(low <= seen && seen <= high, "{dist:?} at {p}: {low} {seen} {high}");
            }
        }
    }

    #[test]
    fn quantile_functions_have_the_mean_of_their_law() {
        for dist in laws() {
            let points = 200_000;
            let sum: f64 = (0..points).map(|k| quantile(&dist, (f64::from(k) + 0.5) / f64::from(points))).sum();
            let mean = sum / f64::from(points);
            assert!((mean / dist.mean() - 1.0).abs() < 2e-4, "{dist:?}: {mean}");
        }
    }

    #[test]
    fn whole_numbers_are_uniform_and_below_their_bound() {
        let mut stream = Streams::root(5).stream("below");
        let mut counts = [0_u32; 7];
        for _ in 0..70_000 {
            counts[stream.below(7) as usize] += 1;
        }
        // χ² with 6 degrees of freedom: 22.5 is passed once in a thousand.
        let chi2: f64 = counts.iter().map(|&n| (f64::from(n) - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi2 < 22.5, "{counts:?}");
        assert_eq!(stream.below(1), 0);
        // A bound of 3·2^62 rejects a quarter of the words; without that the top third would be short.
        let high = (0..30_000).filter(|_| stream.below(3 << 62) >= 2 << 62).count();
        assert!((9_600..10_400).contains(&high), "{high}");
    }

    #[test]
    fn counts_have_their_mean_and_edges() {
        let mut stream = Streams::root(5).stream("counts");
        let mean = |draws: Vec<u64>| draws.iter().sum::<u64>() as f64 / draws.len() as f64;
        let binomial = mean((0..20_000).map(|_| stream.binomial(1000, 0.3)).collect());
        assert!((binomial - 300.0).abs() < 0.5, "{binomial}");
        for expected in [0.2, 4.0, 700.0_f64] {
            let seen = mean((0..20_000).map(|_| stream.poisson(expected)).collect());
            assert!((seen - expected).abs() < 5.0 * (expected / 20_000.0).sqrt(), "{expected}: {seen}");
        }
        assert_eq!((stream.binomial(9, 0.0), stream.binomial(9, 1.0), stream.poisson(0.0)), (0, 9, 0));
    }

    #[test]
    fn picks_are_proportional_and_never_of_weight_zero() {
        let mut stream = Streams::root(5).stream("pick");
        let mut counts = [0_u32; 4];
        for _ in 0..40_000 {
            counts[stream.pick(&[0.0, 1.0, 3.0, 0.0])] += 1;
        }
        assert_eq!((counts[0], counts[3]), (0, 0));
        assert!((29_500..30_500).contains(&counts[2]), "{counts:?}");
    }
}
