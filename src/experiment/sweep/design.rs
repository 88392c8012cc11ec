//! Where the points of a design lie.

use super::sobol::Sobol;
use crate::engine::rng::{Stream, Streams};
use crate::scenario::sweep::{Design, Setting, Sweep};

/// How the coordinate of a dimension is made; every dimension has streams of its own, named by its first address.
enum Coordinate {
    /// Values are counted, not drawn.
    Counted,
    /// A permutation of the strata, and streams for the place inside of each.
    Stratified(Vec<u32>, Streams),
    /// A dimension of the sequence, and the word that shifts it.
    Sequence(Box<Sobol>, u32),
    /// Streams by point.
    Free(Streams),
}

/// The ordered cells of a sweep. Takes a few bytes per cell and sampled dimension; settings are made when they are asked for.
pub struct Cells<'a> {
    sweep: &'a Sweep,
    coordinates: Vec<Coordinate>,
    /// Points that meet the conditions, where there are any; otherwise all do.
    kept: Option<Vec<u32>>,
    points: usize,
}

impl<'a> Cells<'a> {
    /// The cells of a sweep whose designs draw from the streams of `seed`.
    pub fn new(sweep: &'a Sweep, seed: u64) -> Self {
        let points = sweep.points() as usize;
        let root = Streams::root(seed).child("sweep").child(sweep.design.word());
        let coordinate = |(number, name): (usize, &str)| {
            let streams = root.child(name);
            match sweep.design {
                Design::Grid | Design::List => Coordinate::Counted,
                Design::Lhs => Coordinate::Stratified(permutation(points, &mut streams.stream("strata")), streams),
                Design::Sobol => {
                    let shift = streams.stream("shift").uniform();
                    Coordinate::Sequence(Box::new(Sobol::dimension(number)), (shift * 4_294_967_296.0) as u32)
                }
                Design::Random => Coordinate::Free(streams),
            }
        };
        let coordinates = sweep.dimensions().enumerate().map(coordinate).collect();
        let mut cells = Cells { sweep, coordinates, kept: None, points };
        if sweep.is_conditional() {
            let admitted = |point: &u32| sweep.admits(&cells.point(*point as usize));
            cells.kept = Some((0..points as u32).filter(admitted).collect());
        }
        cells
    }

    /// Number of cells.
    pub fn count(&self) -> usize {
        self.kept.as_ref().map_or(self.points, Vec::len)
    }

    /// Points of the design, those that conditions leave out among them.
    pub fn points(&self) -> usize {
        self.points
    }

    /// The setting of every axis in a cell, which is below [`Cells::count`].
    pub fn settings(&self, cell: usize) -> Vec<Setting> {
        self.point(self.kept.as_ref().map_or(cell, |kept| kept[cell] as usize))
    }

    fn point(&self, point: usize) -> Vec<Setting> {
        let shares: Vec<f64> = self.coordinates.iter().map(|c| share(c, point, self.points)).collect();
        self.sweep.settings(point, &shares)
    }
}

/// The coordinate of a point, 0 ≤ share < 1.
fn share(coordinate: &Coordinate, point: usize, points: usize) -> f64 {
    match coordinate {
        Coordinate::Counted => 0.0,
        Coordinate::Stratified(strata, streams) => {
            let inside = streams.index(point as u64).stream("place").uniform();
            ((f64::from(strata[point]) + inside) / points as f64).min(1.0_f64.next_down())
        }
        Coordinate::Sequence(sobol, shift) => f64::from(sobol.bits(point as u32) ^ shift) / 4_294_967_296.0,
        Coordinate::Free(streams) => streams.index(point as u64).stream("place").uniform(),
    }
}

/// A uniform permutation of 0…n − 1 (Fisher and Yates).
fn permutation(n: usize, stream: &mut Stream) -> Vec<u32> {
    let mut out: Vec<u32> = (0..n as u32).collect();
    for last in (1..n).rev() {
        let other = (stream.uniform() * (last + 1) as f64) as usize;
        out.swap(last, other.min(last));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load_text;

    const BASE: &str = "format = 1\nhorizon = \"1 h\"\nseed = 5\n[site.a]\n[site.b]\n[link.x]\nbetween = [\"a\", \"b\"]\ncapacity = \"1 Tbps\"\nrtt = \"1 ms\"\n[sweep]\n";
    const RANGES: &str = "\"link.x.capacity\" = { from = \"1 Gbps\", to = \"1 Tbps\", scale = \"log\" }\n\"link.x.rtt\" = { from = \"10 ms\", to = \"60 ms\" }\n";

    fn sweep(text: &str) -> Sweep {
        let (plan, _) = load_text("t.toml", &format!("{BASE}{text}"), &[])
            .unwrap_or_else(|e| panic!("{}", crate::scenario::render_text(&e, false)));
        plan.sweep.expect("a sweep")
    }

    fn texts(text: &str) -> Vec<String> {
        let sweep = sweep(text);
        let cells = Cells::new(&sweep, 5);
        let line = |cell| cells.settings(cell).iter().map(|s| s.text.clone()).collect::<Vec<_>>().join(" ");
        (0..cells.count()).map(line).collect()
    }

    /// Shares of the two ranges above, from the settings.
    fn shares(design: &str, n: usize) -> Vec<[f64; 2]> {
        let sweep = sweep(&format!("{RANGES}design = \"{design}\"\nsamples = {n}\n"));
        let cells = Cells::new(&sweep, 5);
        let number = |s: &Setting| s.number.expect("a number");
        (0..n)
            .map(|cell| {
                let at = cells.settings(cell);
                [libm::log10(number(&at[0]) * 8.0 / 1e9) / 3.0, (number(&at[1]) - 0.010) / 0.050]
            })
            .collect()
    }

    #[test]
    fn the_last_address_of_a_grid_changes_fastest() {
        let grid =
            "\"link.x.rtt\" = [\"3 ms\", \"2 ms\"]\n\"link.x.capacity\" = [\"1 Tbps\", \"2 Tbps\", \"4 Tbps\"]\n";
        let all = ["3 ms 1 Tbps", "3 ms 2 Tbps", "3 ms 4 Tbps", "2 ms 1 Tbps", "2 ms 2 Tbps", "2 ms 4 Tbps"];
        assert_eq!(texts(grid), all);
        assert_eq!(texts(&format!("{grid}where = [\"link.x.capacity >= 2 Tbps\", \"link.x.rtt != 2 ms\"]")), all[1..3]);
    }

    #[test]
    fn lists_and_linked_addresses_go_together() {
        let two = "\"link.x.rtt\" = [\"3 ms\", \"2 ms\"]\n\"link.x.capacity\" = [\"1 Tbps\", \"2 Tbps\"]\n";
        assert_eq!(texts(&format!("{two}design = \"list\"")), ["3 ms 1 Tbps", "2 ms 2 Tbps"]);
        assert_eq!(texts("seed = [1, 2, 3]\nwhere = [\"seed <= 2\"]"), ["1", "2"]);
        let linked = format!("{two}\"link.x.waves\" = [1, 2]\nlinked = [[\"link.x.waves\", \"link.x.rtt\"]]");
        assert_eq!(texts(&linked), ["3 ms 1 Tbps 1", "3 ms 2 Tbps 1", "2 ms 1 Tbps 2", "2 ms 2 Tbps 2"]);
    }

    #[test]
    fn steps_of_a_range_hit_both_ends() {
        let log = "\"link.x.capacity\" = { from = \"400 Gbps\", to = \"1.6 Tbps\", scale = \"log\", steps = 3 }\n";
        assert_eq!(texts(log), ["400 Gbps", "800 Gbps", "1.6 Tbps"]);
        let linear = "\"link.x.waves\" = { from = 1, to = 8, steps = 4 }\n";
        assert_eq!(texts(linear), ["1", "3", "6", "8"], "1, 3.33, 5.67 and 8 in whole waves");
    }

    #[test]
    fn a_latin_hypercube_has_one_point_in_every_stratum_of_every_axis() {
        let points = shares("lhs", 50);
        for d in 0..2 {
            let mut seen = [0; 50];
            // Settings have six digits: a point that lies within 1e-4 of a stratum's edge could move to its neighbour.
            points.iter().for_each(|p| seen[((p[d] * 50.0).floor() as usize).min(49)] += 1);
            assert!(seen.iter().all(|n| *n == 1), "axis {d}: {seen:?}");
        }
        let stratum = |x: f64| (x * 50.0).floor() as usize;
        let aligned = points.iter().filter(|p| stratum(p[0]) == stratum(p[1])).count();
        assert!(aligned < 10, "the axes are permuted independently: {aligned}");
    }

    #[test]
    fn a_sobol_design_is_shifted_and_still_fills_every_cell_of_a_grid() {
        let points = shares("sobol", 64);
        assert!(points[0][0] > 1e-3, "the origin is shifted away");
        let mut seen = [0; 64];
        points.iter().for_each(|p| seen[(p[0] * 8.0) as usize * 8 + ((p[1] * 8.0) as usize).min(7)] += 1);
        assert!(seen.iter().all(|n| *n == 1), "{seen:?}");
    }

    #[test]
    fn lists_in_a_sampled_design_are_cut_into_equal_parts() {
        let all = texts("\"link.x.waves\" = [1, 2, 4]\ndesign = \"lhs\"\nsamples = 30\n");
        for value in ["1", "2", "4"] {
            assert_eq!(all.iter().filter(|v| *v == value).count(), 10, "{all:?}");
        }
        let free = texts("\"link.x.waves\" = [1, 2, 4]\ndesign = \"random\"\nsamples = 300\n");
        assert!((70..130).contains(&free.iter().filter(|v| *v == "1").count()));
    }

    /// 400 draws of four numbers: 100 of each, where rounding alone would give the ends half as many as the rest.
    #[test]
    fn each_whole_number_of_a_range_has_the_same_weight() {
        for design in ["lhs", "sobol", "random"] {
            let text = format!("\"link.x.waves\" = {{ from = 1, to = 4 }}\ndesign = \"{design}\"\nsamples = 400\n");
            let all = texts(&text);
            for value in ["1", "2", "3", "4"] {
                let n = all.iter().filter(|v| *v == value).count();
                // Three standard deviations of a free draw are 26.
                let slack = if design == "random" { 26 } else { 1 };
                assert!(n.abs_diff(100) <= slack, "{design}: {value} comes {n} times");
            }
        }
        // On a scale of ratios each owns its share of the logarithm of 0.5 … 4.5: ln 3 ÷ ln 9 is a half.
        let log = texts("\"link.x.waves\" = { from = 1, to = 4, scale = \"log\" }\ndesign = \"lhs\"\nsamples = 400\n");
        assert!(log.iter().filter(|v| *v == "1").count().abs_diff(200) <= 1);
    }
}
