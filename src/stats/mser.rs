//! Where a series has settled: the truncation rule MSER-5.
//!
//! Of all points at which the start of a series may be cut, the one whose remaining mean is known best (White, *Simulation* 69(6), 1997;
//! batches of five: Spratt, 1998):
//!
//! ```text
//! d* = argmin over d ≤ n/2 of   1/(n − d)² · Σ_{i > d} (xᵢ − mean of those after d)²
//! ```
//!
//! over means of five values each. A start that is unlike the rest costs more in spread than the values it adds bring. A minimum at n/2 means that the
//! series has not settled: there is no such point.

/// Values of a batch.
const BATCH: usize = 5;

/// How many leading values to leave out; `None` when the series has not settled in its first half, or is too short.
/// Leading NaNs are left out in any case, others take no part.
pub fn mser5(values: &[f64]) -> Option<usize> {
    let first = values.iter().position(|v| v.is_finite())?;
    let rest = &values[first..];
    let batch = |part: &[f64]| {
        let (sum, n) = part.iter().filter(|v| v.is_finite()).fold((0.0, 0.0), |(sum, n), v| (sum + v, n + 1.0));
        (n > 0.0).then(|| sum / n)
    };
    let means: Vec<(usize, f64)> =
        rest.chunks_exact(BATCH).enumerate().filter_map(|(at, part)| Some((at, batch(part)?))).collect();
    let n = means.len();
    if n < 4 {
        return None;
    }
    // From the last to the first, so that each cut adds one value.
    let mut best = (f64::INFINITY, 0);
    let (mut count, mut mean, mut spread) = (0.0, 0.0, 0.0);
    for cut in (0..n).rev() {
        let value = means[cut].1;
        count += 1.0;
        let away = value - mean;
        mean += away / count;
        spread += away * (value - mean);
        let error = spread.max(0.0) / (count * count);
        // Rounding of a constant series is no spread, and of equals the earliest cut is best.
        let tiny = 1e-24 * mean * mean;
        if cut <= n / 2 && error <= best.0.max(tiny) {
            best = (error, cut);
        }
    }
    (best.1 < n / 2).then(|| if best.1 == 0 { first } else { first + means[best.1].0 * BATCH })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Deviates between −0.5 and 0.5 that look random, the same ever.
    fn noise(i: usize) -> f64 {
        let x = (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (x >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    }

    #[test]
    fn what_is_settled_from_the_beginning_is_kept_whole() {
        assert_eq!(mser5(&[7.0; 100]), Some(0));
        let cut = mser5(&(0..360).map(|i| 10.0 + noise(i)).collect::<Vec<_>>()).expect("settled");
        assert!(cut <= 60, "{cut}");
    }

    #[test]
    fn a_start_that_differs_is_cut_where_it_ends() {
        let series: Vec<f64> = (0..360).map(|i| if i < 60 { 0.0 } else { 10.0 + noise(i) }).collect();
        assert_eq!(mser5(&series), Some(60));
        // Decays with a time constant of 20 values: after three of them a twentieth is left, a tenth of the noise.
        let decay: Vec<f64> = (0..360).map(|i| 10.0 * (-(i as f64) / 20.0).exp() + noise(i)).collect();
        let cut = mser5(&decay).expect("settled");
        assert!((40..120).contains(&cut), "{cut}");
    }

    #[test]
    fn a_trend_never_settles_and_gaps_are_no_values() {
        assert_eq!(mser5(&(0..360).map(f64::from).collect::<Vec<_>>()), None);
        assert_eq!(mser5(&[1.0; 12]), None, "too short");
        assert_eq!(mser5(&[f64::NAN; 100]), None);
        let mut gaps = vec![f64::NAN; 20];
        gaps.extend([5.0; 180]);
        gaps[50] = f64::NAN;
        assert_eq!(mser5(&gaps), Some(20));
    }
}
