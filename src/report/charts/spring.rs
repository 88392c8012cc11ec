//! Places for the sites of a network that has no coordinates: links pull like springs, sites push each other away (T. Fruchterman and
//! E. Reingold, "Graph drawing by force-directed placement", 1991).

/// Steps times pairs of sites at most: a thousand sites take twenty steps.
const WORK: usize = 20_000_000;
/// Most steps.
const STEPS: usize = 300;

/// A place for every site, from its neighbours. The same network gives the same places.
pub(super) fn springs(neighbours: &[Vec<usize>]) -> Vec<(f64, f64)> {
    let n = neighbours.len();
    let circle = |i: usize| {
        let angle = i as f64 / n as f64 * std::f64::consts::TAU;
        (libm::cos(angle), libm::sin(angle))
    };
    let mut places: Vec<(f64, f64)> = (0..n).map(circle).collect();
    let ideal = (4.0 / n as f64).sqrt();
    let steps = STEPS.min(WORK / (n * n).max(1));
    for step in 0..steps {
        let most = 0.2 * (1.0 - step as f64 / steps as f64);
        let moves: Vec<(f64, f64)> = (0..n).map(|i| force(&places, neighbours, i, ideal)).collect();
        for (place, (x, y)) in places.iter_mut().zip(moves) {
            let length = libm::hypot(x, y).max(1e-9);
            let scale = length.min(most) / length;
            *place = (place.0 + x * scale, place.1 + y * scale);
        }
    }
    places
}

fn force(places: &[(f64, f64)], neighbours: &[Vec<usize>], i: usize, ideal: f64) -> (f64, f64) {
    let (x, y) = places[i];
    let away = |(dx, dy): (f64, f64)| {
        let square = (dx * dx + dy * dy).max(1e-6);
        (dx * ideal * ideal / square, dy * ideal * ideal / square)
    };
    let towards = |(dx, dy): (f64, f64)| {
        let length = libm::hypot(dx, dy);
        (-dx * length / ideal, -dy * length / ideal)
    };
    let from = |p: (f64, f64)| (x - p.0, y - p.1);
    let add = |a: (f64, f64), b: (f64, f64)| (a.0 + b.0, a.1 + b.1);
    let pushed = places.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, p)| away(from(*p))).fold((0.0, 0.0), add);
    neighbours[i].iter().map(|&j| towards(from(places[j]))).fold(pushed, add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_end_up_nearer_than_strangers() {
        // A ring of six with every second site on the wrong side of the circle at first.
        let order = [0, 3, 1, 4, 2, 5];
        let mut neighbours = vec![Vec::new(); 6];
        for i in 0..6 {
            let (a, b) = (order[i], order[(i + 1) % 6]);
            neighbours[a].push(b);
            neighbours[b].push(a);
        }
        let places = springs(&neighbours);
        let apart = |a: usize, b: usize| libm::hypot(places[a].0 - places[b].0, places[a].1 - places[b].1);
        for i in 0..6 {
            let (near, far) = (apart(order[i], order[(i + 1) % 6]), apart(order[i], order[(i + 3) % 6]));
            assert!(near < 0.8 * far, "{near} {far}");
        }
        assert_eq!(places, springs(&neighbours));
        assert!(springs(&[]).is_empty() && springs(&[vec![]]).len() == 1);
    }
}
