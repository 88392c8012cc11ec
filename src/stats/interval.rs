//! Intervals and quantiles over the values of replications.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, StudentsT};

/// Mean of independent values and its 95 % confidence interval by Student's t: m ± t(0.975; n−1)·s/√n with the sample
/// standard deviation s (divisor n−1). `None` below two values, where no spread can be seen.
pub fn mean_ci95(values: &[f64]) -> Option<(f64, [f64; 2])> {
    if values.len() < 2 {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
    let half = t975(n - 1.0) * (variance / n).sqrt();
    Some((mean, [mean - half, mean + half]))
}

/// Half width of the 95 % interval of a difference of two independent means, from the half width of each and its number of values: Student's t
/// with the degrees of freedom of Welch (1947) and Satterthwaite (1946). A side of fewer than two values counts as known.
pub fn welch_half((half_a, n_a): (f64, u32), (half_b, n_b): (f64, u32)) -> f64 {
    let part = |half: f64, n: u32| {
        if n < 2 {
            return (0.0, 1.0);
        }
        let freedom = f64::from(n) - 1.0;
        let error = half / t975(freedom);
        (error * error, freedom)
    };
    let ((a, freedom_a), (b, freedom_b)) = (part(half_a, n_a), part(half_b, n_b));
    let all = a + b;
    if all <= 0.0 {
        return 0.0;
    }
    t975(all * all / (a * a / freedom_a + b * b / freedom_b)) * all.sqrt()
}

/// The 97.5 % point of Student's t with `freedom` ≥ 1 degrees of freedom.
fn t975(freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).expect("at least one degree of freedom").inverse_cdf(0.975)
}

/// The `p` quantile (0…1) of the values, in any order; `None` without values.
///
/// Linear interpolation between order statistics: type 7 of Hyndman and Fan, "Sample quantiles in statistical
/// packages" (1996), the default of R and NumPy. With sorted x₀…x₍ₙ₋₁₎ and h = (n−1)·p: x⌊h⌋ + (h−⌊h⌋)·(x⌊h⌋₊₁ − x⌊h⌋).
pub fn quantile(values: &[f64], p: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let h = last as f64 * p.clamp(0.0, 1.0);
    let below = (h.floor() as usize).min(last);
    let above = (below + 1).min(last);
    Some(sorted[below] + (h - below as f64) * (sorted[above] - sorted[below]))
}

/// A 95 % confidence interval of the `p` quantile of a law, from independent values of it, whatever the law: the order statistics between which the
/// quantile lies with at least 95 %, at most 2.5 % on either side (Hahn and Meeker, *Statistical Intervals*, 1991, section 5.2). `None`
/// where there are too few values for one: less than 6 for the median, less than 72 for the 95th percentile.
pub fn quantile_ci95(values: &[f64], p: f64) -> Option<[f64; 2]> {
    let n = values.len();
    let below = Binomial::new(p, n as u64).ok()?;
    // As many values as these lie below the quantile in fewer than 2.5 % of samples, and in all but as many.
    let low = (1..=n).take_while(|&rank| below.cdf(rank as u64 - 1) <= 0.025).last()?;
    let high = (1..=n).find(|&rank| below.cdf(rank as u64 - 1) >= 0.975)?;
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    Some([sorted[low - 1], sorted[high - 1]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn student_t_has_its_tabulated_points() {
        for (freedom, point) in [(1.0, 12.706_205), (2.0, 4.302_653), (7.0, 2.364_624), (29.0, 2.045_230)] {
            assert!((t975(freedom) - point).abs() < 2e-6, "{freedom}: {}", t975(freedom));
        }
    }

    #[test]
    fn the_interval_of_a_known_sample() {
        // Sleep data of Student (1908), second group minus first: mean 1.58, 95 % interval 0.7001142 … 2.4598858 (R).
        let values = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4];
        let (mean, [low, high]) = mean_ci95(&values).unwrap();
        assert!((mean - 1.58).abs() < 1e-12);
        assert!((low - 0.700_114_2).abs() < 1e-6 && (high - 2.459_885_8).abs() < 1e-6, "{low} {high}");
        assert_eq!(mean_ci95(&[1.0]), None);
        assert_eq!(mean_ci95(&[2.0, 2.0]), Some((2.0, [2.0, 2.0])));
    }

    /// Two samples of R's help of t.test (sleep, var.equal = FALSE): 95 % interval of the difference −3.3654832 … 0.2054832, ν = 17.776.
    #[test]
    fn the_interval_of_a_difference_is_welchs() {
        let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let (a, [low_a, high_a]) = mean_ci95(&first).unwrap();
        let (b, [low_b, high_b]) = mean_ci95(&second).unwrap();
        let half = welch_half(((high_a - low_a) / 2.0, 10), ((high_b - low_b) / 2.0, 10));
        assert!((a - b - half + 3.365_483_2).abs() < 1e-6 && (a - b + half - 0.205_483_2).abs() < 1e-6, "{half}");
        assert!(welch_half((0.0, 1), (0.0, 1)).abs() < 1e-15);
        assert!((welch_half((0.0, 1), ((high_b - low_b) / 2.0, 10)) - (high_b - low_b) / 2.0).abs() < 1e-12);
    }

    /// Tables of order statistics: median of 6 values between the first and the last, of 10 between the second and the ninth; 95th percentile of 100 between ranks 90 and 100.
    #[test]
    fn a_quantile_lies_between_order_statistics() {
        let values = |n: u32| (1..=n).map(f64::from).collect::<Vec<_>>();
        assert_eq!(quantile_ci95(&values(5), 0.5), None);
        assert_eq!(quantile_ci95(&values(6), 0.5), Some([1.0, 6.0]));
        assert_eq!(quantile_ci95(&values(10), 0.5), Some([2.0, 9.0]));
        assert_eq!(quantile_ci95(&values(71), 0.95), None);
        assert_eq!(quantile_ci95(&values(72), 0.95).map(|ci| ci[1]), Some(72.0));
        assert_eq!(quantile_ci95(&values(100), 0.95), Some([90.0, 100.0]));
        assert_eq!(quantile_ci95(&[], 0.5), None);
    }

    /// Over 2,000 samples, the interval holds the quantile of the law as often as the order statistics say exactly (at least 95 %, by whole ranks), and within
    /// 95 ± 1.5 % for 500 values.
    #[test]
    fn intervals_of_quantiles_hold_the_quantile_as_often_as_they_say() {
        let mut state = 20_261_127_u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        };
        // Exact: the probability that between `low` and `high` - 1 values lie below, as sums of binomial terms (computed apart).
        for (n, p, exact) in
            [(100, 0.05, 0.9826), (100, 0.5, 0.9648), (500, 0.05, 0.9605), (500, 0.5, 0.9559), (500, 0.95, 0.9605)]
        {
            let quantile = -(1.0_f64 - p).ln();
            let holds = (0..2000).filter(|_| {
                let values: Vec<f64> = (0..n).map(|_| -uniform().ln()).collect();
                let [low, high] = quantile_ci95(&values, p).expect("there are enough values");
                low <= quantile && quantile < high
            });
            let coverage = holds.count() as f64 / 2000.0;
            assert!((coverage - exact).abs() <= 0.015, "{n} values, quantile {p}: {coverage}");
            assert!(n < 500 || (coverage - 0.95).abs() <= 0.015, "{n} values, quantile {p}: {coverage}");
        }
    }

    #[test]
    fn quantiles_interpolate_as_type_7() {
        let values = [4.0, 1.0, 3.0, 2.0];
        for (p, value) in [(0.0, 1.0), (0.05, 1.15), (0.25, 1.75), (0.5, 2.5), (0.95, 3.85), (1.0, 4.0)] {
            assert!((quantile(&values, p).unwrap() - value).abs() < 1e-12, "{p}");
        }
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[7.0], 0.9), Some(7.0));
    }
}
