//! Random quantities: what a planner may write where a value varies. Sampling lives in `engine::rng`.

/// The law of a non-negative random quantity in the base unit of its dimension (seconds for times).
#[derive(Clone, Debug, PartialEq)]
pub enum Dist {
    /// Always this value.
    Constant(f64),
    /// Exponential with this mean.
    Exponential {
        /// Mean.
        mean: f64,
    },
    /// Lognormal: exp(ln median + sigma·N(0,1)).
    LogNormal {
        /// Median.
        median: f64,
        /// Standard deviation of the logarithm; from a 99th percentile it is ln(p99/median)/2.3263.
        sigma: f64,
    },
    /// Weibull with survival exp(-(x/scale)^shape).
    Weibull {
        /// Scale (63.2nd percentile).
        scale: f64,
        /// Shape; below 1 the hazard falls with age.
        shape: f64,
    },
    /// Uniform on an interval.
    Uniform {
        /// Lower end.
        from: f64,
        /// Upper end.
        to: f64,
    },
    /// Triangular.
    Triangular {
        /// Lowest value.
        low: f64,
        /// Most likely value.
        mode: f64,
        /// Highest value.
        high: f64,
    },
    /// One of these observed values, each equally likely; sorted ascending, never empty.
    Empirical(Vec<f64>),
}

impl Dist {
    /// The mean in the base unit.
    ///
    /// Weibull: scale·Γ(1 + 1/shape); lognormal: median·exp(sigma²/2).
    pub fn mean(&self) -> f64 {
        match self {
            Dist::Constant(x) => *x,
            Dist::Exponential { mean } => *mean,
            Dist::LogNormal { median, sigma } => median * libm::exp(sigma * sigma / 2.0),
            Dist::Weibull { scale, shape } => scale * libm::tgamma(1.0 + 1.0 / shape),
            Dist::Uniform { from, to } => (from + to) / 2.0,
            Dist::Triangular { low, mode, high } => (low + mode + high) / 3.0,
            Dist::Empirical(values) => values.iter().sum::<f64>() / values.len() as f64,
        }
    }

    /// The least value there can be.
    pub fn lowest(&self) -> f64 {
        match self {
            Dist::Constant(x) => *x,
            Dist::Uniform { from, .. } => *from,
            Dist::Triangular { low, .. } => *low,
            Dist::Empirical(values) => values.first().copied().unwrap_or(0.0),
            Dist::Exponential { .. } | Dist::LogNormal { .. } | Dist::Weibull { .. } => 0.0,
        }
    }

    /// P(X ≤ x) for x ≥ 0: the inverse of the quantile function of `engine::rng`, where the law has no gaps.
    ///
    /// Exponential 1 − exp(−x/mean); Weibull 1 − exp(−(x/scale)^shape); lognormal Φ(ln(x/median)/sigma); triangular
    /// (x − low)² ÷ ((high − low)(mode − low)) up to the mode and 1 − (high − x)² ÷ ((high − low)(high − mode)) above.
    pub fn at_most(&self, x: f64) -> f64 {
        let reached = |bound: f64| if x >= bound { 1.0 } else { 0.0 };
        match self {
            Dist::Constant(value) => reached(*value),
            Dist::Exponential { mean } => -libm::expm1(-x / mean),
            Dist::LogNormal { median, sigma } if *sigma > 0.0 => {
                libm::erfc(-libm::log(x / median) / (sigma * std::f64::consts::SQRT_2)) / 2.0
            }
            Dist::LogNormal { median, .. } => reached(*median),
            Dist::Weibull { scale, shape } => -libm::expm1(-libm::pow(x / scale, *shape)),
            Dist::Uniform { from, to } if from < to => ((x - from) / (to - from)).clamp(0.0, 1.0),
            Dist::Uniform { from, .. } => reached(*from),
            Dist::Triangular { low, .. } if x < *low => 0.0,
            Dist::Triangular { high, .. } if x >= *high => 1.0,
            Dist::Triangular { low, mode, high } if x < *mode => (x - low) * (x - low) / ((high - low) * (mode - low)),
            Dist::Triangular { low, mode, high } => 1.0 - (high - x) * (high - x) / ((high - low) * (high - mode)),
            Dist::Empirical(values) => values.partition_point(|value| *value <= x) as f64 / values.len() as f64,
        }
    }

    /// The mean of min(x, cap): ∫₀^cap P(x > t) dt. Of Weibull and triangular laws the least of mean and cap, which is no less.
    ///
    /// Lognormal: mean·Φ((ln(cap/median) − sigma²)/sigma) + cap·Φ(−ln(cap/median)/sigma).
    pub fn capped_mean(&self, cap: f64) -> f64 {
        match self {
            Dist::Exponential { mean } => -mean * libm::expm1(-cap / mean),
            Dist::LogNormal { median, sigma } if *sigma > 0.0 => {
                let phi = |x: f64| libm::erfc(-x / std::f64::consts::SQRT_2) / 2.0;
                let log = libm::log(cap / median);
                self.mean() * phi((log - sigma * sigma) / sigma) + cap * phi(-log / sigma)
            }
            Dist::Uniform { from, to } if *from < cap && cap < *to => {
                let below = (cap - from) / (to - from);
                below * (from + cap) / 2.0 + (1.0 - below) * cap
            }
            Dist::Empirical(values) => values.iter().map(|x| x.min(cap)).sum::<f64>() / values.len() as f64,
            _ => self.mean().min(cap),
        }
    }

    /// The variance in the base unit squared.
    ///
    /// Weibull: scale²·(Γ(1 + 2/shape) − Γ(1 + 1/shape)²); lognormal: mean²·(exp(sigma²) − 1); triangular:
    /// (low² + mode² + high² − low·mode − low·high − mode·high) / 18; empirical: that of the values.
    pub fn variance(&self) -> f64 {
        let mean = self.mean();
        match self {
            Dist::Constant(_) => 0.0,
            Dist::Exponential { mean } => mean * mean,
            Dist::LogNormal { sigma, .. } => mean * mean * libm::expm1(sigma * sigma),
            Dist::Weibull { scale, shape } => (scale * scale * libm::tgamma(1.0 + 2.0 / shape) - mean * mean).max(0.0),
            Dist::Uniform { from, to } => (to - from) * (to - from) / 12.0,
            Dist::Triangular { low, mode, high } => {
                let [a, b] = [mode - low, high - mode];
                (a * a + a * b + b * b) / 18.0
            }
            Dist::Empirical(values) => {
                values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / values.len() as f64
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: lognormal with its median, and e times it with sigma 1: Φ(0) and Φ(1); Weibull at its scale 1 − 1/e; a triangle at its mode.
    #[test]
    fn shares_at_most_follow_their_formulas() {
        let near = |law: Dist, x: f64, share: f64| assert!((law.at_most(x) - share).abs() < 1e-9, "{law:?} at {x}");
        let lognormal = Dist::LogNormal { median: 10.0, sigma: 1.0 };
        near(lognormal.clone(), 10.0, 0.5);
        near(lognormal.clone(), 10.0 * std::f64::consts::E, 0.841_344_746_068);
        near(lognormal, 0.0, 0.0);
        near(Dist::Exponential { mean: 2.0 }, 2.0 * std::f64::consts::LN_2, 0.5);
        near(Dist::Weibull { scale: 3.0, shape: 0.5 }, 3.0, 1.0 - (-1f64).exp());
        near(Dist::Uniform { from: 1.0, to: 5.0 }, 2.0, 0.25);
        let triangle = || Dist::Triangular { low: 1.0, mode: 3.0, high: 6.0 };
        near(triangle(), 3.0, 0.4);
        near(triangle(), 2.0, 0.1);
        near(triangle(), 4.5, 1.0 - 2.25 / 15.0);
        near(Dist::Empirical(vec![1.0, 2.0, 2.0, 6.0]), 2.0, 0.75);
        near(Dist::Constant(3.0), 2.9, 0.0);
        near(Dist::Constant(3.0), 3.0, 1.0);
        near(Dist::LogNormal { median: 3.0, sigma: 0.0 }, 3.0, 1.0);
        near(Dist::Uniform { from: 3.0, to: 3.0 }, 3.0, 1.0);
    }

    #[test]
    fn means_follow_their_formulas() {
        assert!((Dist::LogNormal { median: 10.0, sigma: 1.0 }.mean() - 16.487_212_707).abs() < 1e-8);
        assert!((Dist::Weibull { scale: 2.0, shape: 1.0 }.mean() - 2.0).abs() < 1e-12);
        assert!((Dist::Triangular { low: 0.0, mode: 3.0, high: 6.0 }.mean() - 3.0).abs() < 1e-12);
        assert!((Dist::Empirical(vec![1.0, 2.0, 6.0]).mean() - 3.0).abs() < 1e-12);
    }

    /// Capped at the median: half of the values at most that of a lognormal with sigma 1 have 16.487 × Φ(−1) together, the other half 10 each.
    #[test]
    fn means_below_a_cap_follow_their_formulas() {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
        let lognormal = Dist::LogNormal { median: 10.0, sigma: 1.0 };
        assert!(near(lognormal.capped_mean(10.0), 16.487_212_707 * 0.158_655_254 + 5.0));
        assert!(near(lognormal.capped_mean(1e9), lognormal.mean()));
        assert!(near(Dist::Exponential { mean: 2.0 }.capped_mean(2.0), 2.0 - 2.0 / std::f64::consts::E));
        assert!(near(Dist::Uniform { from: 0.0, to: 4.0 }.capped_mean(2.0), 1.5));
        assert!(near(Dist::Uniform { from: 0.0, to: 4.0 }.capped_mean(9.0), 2.0));
        assert!(near(Dist::Empirical(vec![1.0, 2.0, 6.0]).capped_mean(3.0), 2.0));
        assert!(near(Dist::Constant(5.0).capped_mean(3.0), 3.0));
        let lowest = [Dist::Constant(5.0), Dist::Uniform { from: 1.0, to: 4.0 }, lognormal].map(|law| law.lowest());
        assert!(near(lowest[0], 5.0) && near(lowest[1], 1.0) && near(lowest[2], 0.0));
    }

    #[test]
    fn variances_follow_their_formulas() {
        let lognormal = Dist::LogNormal { median: 10.0, sigma: 1.0 };
        assert!((lognormal.variance() - 100.0 * (2f64.exp() - 1f64.exp())).abs() < 1e-9);
        assert!((Dist::Weibull { scale: 2.0, shape: 1.0 }.variance() - 4.0).abs() < 1e-12);
        let corners = Dist::Triangular { low: 1.0, mode: 3.0, high: 6.0 };
        assert!((corners.variance() - (1.0 + 9.0 + 36.0 - 3.0 - 6.0 - 18.0) / 18.0).abs() < 1e-12);
        assert!((Dist::Uniform { from: 1.0, to: 4.0 }.variance() - 0.75).abs() < 1e-12);
        assert!((Dist::Empirical(vec![1.0, 2.0, 6.0]).variance() - 14.0 / 3.0).abs() < 1e-12);
        assert_eq!(Dist::Constant(3.0).variance().to_bits(), 0.0_f64.to_bits());
    }
}
