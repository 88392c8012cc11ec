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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_follow_their_formulas() {
        assert!((Dist::LogNormal { median: 10.0, sigma: 1.0 }.mean() - 16.487_212_707).abs() < 1e-8);
        assert!((Dist::Weibull { scale: 2.0, shape: 1.0 }.mean() - 2.0).abs() < 1e-12);
        assert!((Dist::Triangular { low: 0.0, mode: 3.0, high: 6.0 }.mean() - 3.0).abs() < 1e-12);
        assert!((Dist::Empirical(vec![1.0, 2.0, 6.0]).mean() - 3.0).abs() < 1e-12);
    }
}
