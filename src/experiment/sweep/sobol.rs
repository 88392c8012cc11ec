//! The Sobol sequence with the direction numbers of Joe and Kuo.
//!
//! S. Joe and F. Y. Kuo, "Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30
//! (2008), file new-joe-kuo-6.21201, dimensions 1 to 32. Points come in the order of the Gray code (Antonov and Saleev
//! 1979), as published programs give them; point 0 is the origin.

/// Bits of a coordinate.
const BITS: usize = 32;

/// Degree s, coefficients a and initial numbers m of the dimensions from the second on; the first is van der Corput's.
const DIRECTIONS: [(u32, u32, &[u32]); 31] = [
    (1, 0, &[1]),
    (2, 1, &[1, 3]),
    (3, 1, &[1, 3, 1]),
    (3, 2, &[1, 1, 1]),
    (4, 1, &[1, 1, 3, 3]),
    (4, 4, &[1, 3, 5, 13]),
    (5, 2, &[1, 1, 5, 5, 17]),
    (5, 4, &[1, 1, 5, 5, 5]),
    (5, 7, &[1, 1, 7, 11, 19]),
    (5, 11, &[1, 1, 5, 1, 1]),
    (5, 13, &[1, 1, 1, 3, 11]),
    (5, 14, &[1, 3, 5, 5, 31]),
    (6, 1, &[1, 3, 3, 9, 7, 49]),
    (6, 13, &[1, 1, 1, 15, 21, 21]),
    (6, 16, &[1, 3, 1, 13, 27, 49]),
    (6, 19, &[1, 1, 1, 15, 7, 5]),
    (6, 22, &[1, 3, 1, 15, 13, 25]),
    (6, 25, &[1, 1, 5, 5, 19, 61]),
    (7, 1, &[1, 3, 7, 11, 23, 15, 103]),
    (7, 4, &[1, 3, 7, 13, 13, 15, 69]),
    (7, 7, &[1, 1, 3, 13, 7, 35, 63]),
    (7, 8, &[1, 3, 5, 9, 1, 25, 53]),
    (7, 14, &[1, 3, 1, 13, 9, 35, 107]),
    (7, 19, &[1, 3, 1, 5, 27, 61, 31]),
    (7, 21, &[1, 1, 5, 11, 19, 41, 61]),
    (7, 28, &[1, 3, 5, 3, 3, 13, 69]),
    (7, 31, &[1, 1, 7, 13, 1, 19, 1]),
    (7, 32, &[1, 3, 7, 5, 13, 19, 59]),
    (7, 37, &[1, 1, 3, 9, 25, 29, 41]),
    (7, 41, &[1, 3, 5, 13, 23, 1, 55]),
    (7, 42, &[1, 3, 7, 3, 13, 59, 17]),
];

/// One dimension of the sequence.
#[derive(Clone, Debug)]
pub(super) struct Sobol([u32; BITS]);

impl Sobol {
    /// Dimension `d`, from 0; below 32.
    pub(super) fn dimension(d: usize) -> Self {
        let mut v = [0u32; BITS];
        let Some((degree, a, m)) = d.checked_sub(1).map(|row| DIRECTIONS[row]) else {
            for (k, v) in v.iter_mut().enumerate() {
                *v = 1 << (31 - k);
            }
            return Sobol(v);
        };
        let s = degree as usize;
        for k in 0..BITS {
            v[k] = match m.get(k) {
                Some(m) => m << (31 - k),
                // v_k = a₁ v_{k−1} ⊕ … ⊕ a_{s−1} v_{k−s+1} ⊕ v_{k−s} ⊕ v_{k−s} ÷ 2^s
                None => (1..s).fold(v[k - s] ^ (v[k - s] >> s), |sum, i| {
                    if a >> (s - 1 - i) & 1 == 1 { sum ^ v[k - i] } else { sum }
                }),
            };
        }
        Sobol(v)
    }

    /// Coordinate of a point as a binary fraction of 32 bits.
    pub(super) fn bits(&self, point: u32) -> u32 {
        let gray = point ^ (point >> 1);
        (0..BITS).filter(|k| gray >> k & 1 == 1).fold(0, |sum, k| sum ^ self.0[k])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(dimension: usize, point: u32) -> f64 {
        f64::from(Sobol::dimension(dimension).bits(point)) / 4_294_967_296.0
    }

    /// The first points of scipy 1.17.1, `qmc.Sobol(d=32, scramble=False)`, which reads the file of Joe and Kuo.
    #[test]
    fn the_first_points_are_the_published_ones() {
        let first = [
            [0.0, 0.0, 0.0, 0.0, 0.0],
            [0.5, 0.5, 0.5, 0.5, 0.5],
            [0.75, 0.25, 0.25, 0.25, 0.75],
            [0.25, 0.75, 0.75, 0.75, 0.25],
            [0.375, 0.375, 0.625, 0.875, 0.375],
            [0.875, 0.875, 0.125, 0.375, 0.875],
            [0.625, 0.125, 0.875, 0.625, 0.625],
            [0.125, 0.625, 0.375, 0.125, 0.125],
        ];
        for (point, row) in first.iter().enumerate() {
            let found: [u64; 5] = std::array::from_fn(|d| at(d, point as u32).to_bits());
            assert_eq!(found, row.map(f64::to_bits), "point {point}");
        }
        let exact = |axes: [usize; 4], point, row: [f64; 4]| {
            assert_eq!(axes.map(|d| at(d, point).to_bits()), row.map(f64::to_bits), "point {point} of {axes:?}");
        };
        exact([28, 29, 30, 31], 5, [0.625, 0.625, 0.875, 0.625]);
        exact([28, 29, 30, 31], 63, [0.296875, 0.453125, 0.015625, 0.921875]);
        exact([20, 21, 22, 23], 37, [0.953125, 0.078125, 0.546875, 0.640625]);
    }

    #[test]
    fn every_dimension_fills_every_interval_of_a_power_of_two() {
        for d in 0..32 {
            let sobol = Sobol::dimension(d);
            let mut seen = [0; 256];
            (0..256).for_each(|point| seen[(sobol.bits(point) >> 24) as usize] += 1);
            assert!(seen.iter().all(|n| *n == 1), "dimension {d}: {seen:?}");
        }
    }
}
