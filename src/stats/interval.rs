//! Intervals and quantiles over the values of replications.

use statrs::distribution::{ContinuousCDF, StudentsT};

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
