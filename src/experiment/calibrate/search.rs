//! The least value of a function of a few numbers in 0…1, without derivatives.
//!
//! Predicted rates are minima over limits, so the error has kinks and plateaus: a coefficient that binds nowhere yet
//! shows no slope. So the box is scanned first (a line along each axis, and points that fill it evenly), then simplexes
//! (Nelder and Mead 1965) walk down from the best points, each begun anew until that gains nothing, and steps along
//! the axes finish. Nothing is drawn at random, and points are judged in a fixed order: the result is the same on any
//! number of threads.

use rayon::prelude::*;

/// A function to minimise; not finite where there is no value.
pub type Loss<'a> = dyn Fn(&[f64]) -> f64 + Sync + 'a;

/// Points along each axis in the scan.
const LINE: usize = 25;
/// Points per axis that fill the box.
const FILL: usize = 24;
/// Best points of the scan that a simplex starts from, besides the start itself.
const STARTS: usize = 3;
/// Most simplexes one after the other from one point of the scan.
const RESTARTS: usize = 6;
/// Sides of the first simplex, and the size at which one counts as a point.
const SIDE: f64 = 0.08;
const POINT: f64 = 1e-7;
/// Most steps of one simplex, per axis.
const STEPS: usize = 60;
/// What a simplex must gain to be worth another, and the difference between its corners below which it stops.
const WORTH: f64 = 1e-5;
const GAIN: f64 = 1e-10;

/// A point with the value of the function there.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Where.
    pub at: Vec<f64>,
    /// How much.
    pub loss: f64,
}

/// The best point that is found from `start` on.
pub fn minimise(loss: &Loss<'_>, start: &[f64]) -> Point {
    let mut points = vec![start.to_vec()];
    points.extend(scan(start));
    let mut seen: Vec<Point> = points.into_par_iter().map(|at| Point { loss: loss(&at), at }).collect();
    let first = seen[0].clone();
    // A stable sort keeps equal points in the order of the scan.
    seen.sort_by(|a, b| a.loss.total_cmp(&b.loss));
    let starts: Vec<Point> = std::iter::once(first).chain(seen.into_iter().take(STARTS)).collect();
    let ends: Vec<Point> = starts.into_par_iter().map(|point| descend(loss, point, RESTARTS)).collect();
    let best = ends.into_iter().min_by(|a, b| a.loss.total_cmp(&b.loss));
    axes(loss, best.expect("there is at least one start"))
}

/// Walks down from a point by at most so many simplexes, until a new one gains nothing.
pub fn descend(loss: &Loss<'_>, from: Point, restarts: usize) -> Point {
    let mut best = from;
    let mut side = SIDE;
    for _ in 0..restarts {
        let found = simplex(loss, &best, side);
        let gained = best.loss - found.loss;
        if found.loss < best.loss {
            best = found;
        }
        if gained.is_nan() || gained < WORTH {
            break;
        }
        side = -side * 0.5;
    }
    best
}

/// A line along each axis through the start, and points that fill the box evenly (an additive recurrence by powers of
/// the root of x^(d+1) = x + 1, which generalises the golden ratio).
fn scan(start: &[f64]) -> Vec<Vec<f64>> {
    let axes = start.len();
    let mut out = Vec::new();
    for axis in 0..axes {
        for step in 0..LINE {
            let mut at = start.to_vec();
            at[axis] = step as f64 / (LINE - 1) as f64;
            out.push(at);
        }
    }
    if axes > 1 {
        let mut root: f64 = 2.0;
        for _ in 0..40 {
            root = libm::pow(1.0 + root, 1.0 / (axes as f64 + 1.0));
        }
        let steps: Vec<f64> = (1..=axes).map(|k| libm::pow(1.0 / root, k as f64)).collect();
        for n in 1..=FILL * axes {
            out.push(steps.iter().map(|step| (0.5 + step * n as f64).fract()).collect());
        }
    }
    out
}

/// One simplex, begun with these sides at a point, until it is a point itself.
fn simplex(loss: &Loss<'_>, from: &Point, side: f64) -> Point {
    let axes = from.at.len();
    let mut corners = vec![from.clone()];
    for axis in 0..axes {
        let mut at = from.at.clone();
        // Into the box where the point lies at its edge.
        at[axis] = if (0.0..=1.0).contains(&(at[axis] + side)) { at[axis] + side } else { at[axis] - side };
        corners.push(Point { loss: loss(&at), at });
    }
    for _ in 0..STEPS * axes {
        corners.sort_by(|a, b| a.loss.total_cmp(&b.loss));
        let (best, worst) = (&corners[0], &corners[axes]);
        let spread = (0..axes).map(|i| (worst.at[i] - best.at[i]).abs()).fold(0.0, f64::max);
        if spread < POINT || worst.loss - best.loss < GAIN {
            break;
        }
        step(loss, &mut corners);
    }
    corners.into_iter().min_by(|a, b| a.loss.total_cmp(&b.loss)).expect("a simplex has corners")
}

/// One step: the worst corner is reflected, stretched or drawn in; else all are drawn towards the best.
fn step(loss: &Loss<'_>, corners: &mut [Point]) {
    let axes = corners.len() - 1;
    let centre: Vec<f64> =
        (0..axes).map(|i| corners[..axes].iter().map(|c| c.at[i]).sum::<f64>() / axes as f64).collect();
    let worst = corners[axes].clone();
    let away = |factor: f64| {
        let at: Vec<f64> = centre.iter().zip(&worst.at).map(|(c, w)| (c + factor * (c - w)).clamp(0.0, 1.0)).collect();
        Point { loss: loss(&at), at }
    };
    let reflected = away(1.0);
    let accepted = if reflected.loss < corners[0].loss {
        let stretched = away(2.0);
        if stretched.loss < reflected.loss { stretched } else { reflected }
    } else if reflected.loss < corners[axes - 1].loss {
        reflected
    } else {
        away(if reflected.loss < worst.loss { 0.5 } else { -0.5 })
    };
    if accepted.loss < worst.loss {
        corners[axes] = accepted;
        return;
    }
    let best = corners[0].at.clone();
    for corner in &mut corners[1..] {
        let at: Vec<f64> = corner.at.iter().zip(&best).map(|(c, b)| 0.5 * (c + b)).collect();
        *corner = Point { loss: loss(&at), at };
    }
}

/// Steps along the axes, halved until they are tiny: at a kink a simplex may stand still too early.
fn axes(loss: &Loss<'_>, from: Point) -> Point {
    let mut best = from;
    let mut size = SIDE;
    while size > POINT {
        let mut moved = false;
        for axis in 0..best.at.len() {
            for sign in [1.0, -1.0] {
                let mut at = best.at.clone();
                at[axis] = (at[axis] + sign * size).clamp(0.0, 1.0);
                let found = Point { loss: loss(&at), at };
                if found.loss < best.loss {
                    best = found;
                    moved = true;
                }
            }
        }
        if !moved {
            size *= 0.5;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(found: &Point, wanted: &[f64]) -> bool {
        found.at.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-4)
    }

    /// A valley with a bend, the usual hard case.
    #[test]
    fn a_bent_valley_is_followed_to_its_end() {
        let loss = |x: &[f64]| {
            let (a, b) = (4.0 * x[0] - 2.0, 4.0 * x[1] - 2.0);
            (1.0 - a) * (1.0 - a) + 100.0 * (b - a * a) * (b - a * a)
        };
        assert!(near(&minimise(&loss, &[0.1, 0.9]), &[0.75, 0.75]));
    }

    /// Minima over limits: what does not bind shows no slope from the start.
    #[test]
    fn a_plateau_is_left() {
        let loss = |x: &[f64]| {
            let low = x[0].min(x[1]).min(0.9);
            (low - 0.3).abs() + 0.5 * (x[1] - 0.6).abs()
        };
        assert!(near(&minimise(&loss, &[0.95, 0.95]), &[0.3, 0.6]));
    }

    #[test]
    fn the_edge_of_the_box_is_a_place_to_stop() {
        let found = minimise(&|x: &[f64]| x[0] + (x[1] - 2.0).abs(), &[0.5, 0.5]);
        assert!(near(&found, &[0.0, 1.0]), "{found:?}");
    }

    #[test]
    fn where_there_is_no_value_nothing_is_found_and_nothing_breaks() {
        let found = minimise(&|x: &[f64]| if x[0] > 0.5 { f64::INFINITY } else { (x[0] - 0.4).abs() }, &[0.9]);
        assert!(near(&found, &[0.4]));
        assert!(minimise(&|_: &[f64]| f64::INFINITY, &[0.5, 0.5]).loss.is_infinite());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        /// Sums of distances, as errors of rows are.
        #[test]
        fn a_sum_of_kinks_is_solved(a in 0.02..0.98, b in 0.02..0.98, c in 0.02..0.98) {
            let loss = |x: &[f64]| {
                let (a, b, c) = (x[0] - a, x[1] - b, x[2] - c);
                f64::abs(a) + f64::abs(a + b) + 0.3 * f64::abs(c) + 0.1 * f64::abs(b - c)
            };
            let found = minimise(&loss, &[0.5, 0.5, 0.5]);
            prop_assert!(near(&found, &[a, b, c]), "{:?}", found);
        }
    }
}
