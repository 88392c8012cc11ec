//! KPIs over the axes of a sweep: lines over one axis, a heat map over two, dots of a sampled design.

use super::axis;
use super::chart::{Axis, Chart, Color, Curve, Panel, Shape};
use super::surface::{Dot, Mean, Surface};
use crate::experiment::results::sweep::Coordinate;
use crate::report::human;

/// Most KPIs, lines of a panel, and axes of dots that are drawn.
const MOST: (usize, usize, usize) = (4, 6, 3);
const COLORS: [Color; 6] = [Color::Blue, Color::Vermilion, Color::Green, Color::Purple, Color::Sky, Color::Black];
/// Most points of a line: as many as a chart is wide.
const POINTS: usize = 1_000;
/// Numbers that span this ratio are drawn on a scale of ratios.
const LOG_FROM: f64 = 10.0;
/// A line or a panel: what its cells have in common, and the cells.
pub(super) type Group<'a> = (String, Vec<&'a Dot>);

/// The chart of a sweep.
pub fn chart(surface: &Surface) -> Chart {
    let axes = surface.independent();
    let numeric: Vec<usize> = axes.iter().copied().filter(|&a| surface.info.axes[a].unit.is_some()).collect();
    let mut kpis: Vec<usize> = (0..surface.kpis.len()).filter(|&k| !surface.is_date(k)).collect();
    let left_out = surface.kpis.len() - kpis.len().min(MOST.0);
    kpis.truncate(MOST.0);
    let (panels, columns, mut notes) = match (&axes[..], &numeric[..]) {
        ([], _) => (Vec::new(), 1, Vec::new()),
        _ if surface.is_sampled() => surface.clouds(&kpis, &axes),
        (_, [x, y, ..]) => surface.heat(&kpis, (*x, *y), &axes),
        (_, [x]) => surface.lines(&kpis, *x, &axes),
        ([.., x], []) => surface.lines(&kpis, *x, &axes),
    };
    if left_out > 0 && !kpis.is_empty() {
        let what = if left_out == 1 { "KPI is" } else { "KPIs are" };
        notes.push(format!("{left_out} more {what} in results.csv: a chart shows {} at most, and no dates", MOST.0));
    }
    let empty = match (kpis.is_empty(), axes.is_empty()) {
        (true, _) => "nothing to show: no target has a KPI that can be drawn; name KPIs with --kpi",
        (_, true) => "nothing to show: no axis varies",
        _ => "nothing to show: no cell has a value",
    };
    let cells = if surface.info.cells == 1 { "cell" } else { "cells" };
    let mut subtitle = format!("{}: {} {cells}", surface.info.title, human::count(surface.info.cells as u64));
    if surface.dots.len() < surface.info.cells {
        subtitle.push_str(&format!(", the first {} are drawn", human::count(surface.dots.len() as u64)));
    }
    let title = format!("Sweep over {}", axes.iter().map(|&a| surface.name(a)).collect::<Vec<_>>().join(", "));
    Chart { name: "sweep", title, subtitle, notes, columns, panels, empty: empty.to_owned(), map: None }
}

impl Surface {
    fn name(&self, axis: usize) -> &str {
        &self.info.axes[axis].address
    }

    /// Dates have no axis.
    fn is_date(&self, kpi: usize) -> bool {
        self.kpis[kpi].unit == "date"
    }

    /// Axes with more than one value that do not follow from one before them.
    fn independent(&self) -> Vec<usize> {
        let mut out: Vec<usize> = Vec::new();
        for axis in 0..self.info.axes.len() {
            let follows = out.iter().any(|&other| self.follows(axis, other));
            if self.values[axis].len() > 1 && !follows {
                out.push(axis);
            }
        }
        out
    }

    /// Whether cells with the same value of `other` have the same value of `axis`.
    fn follows(&self, axis: usize, other: usize) -> bool {
        let mut seen = vec![None; self.values[other].len()];
        let repeated = self.values[other].len() < self.dots.len() || self.info.design == "list";
        repeated
            && self.dots.iter().all(|dot| {
                let value = self.index(dot, axis);
                *seen[self.index(dot, other)].get_or_insert(value) == value
            })
    }

    /// Different values of an axis: numbers rising, words in order of appearance.
    pub(super) fn rising(&self, axis: usize) -> Vec<&Coordinate> {
        let mut out: Vec<&Coordinate> = self.values[axis].iter().collect();
        if self.info.axes[axis].unit.is_some() {
            out.sort_by(|a, b| a.number.unwrap_or(0.0).total_cmp(&b.number.unwrap_or(0.0)));
        }
        out
    }

    /// Cells by their values of the axes that are not among `drawn`.
    pub(super) fn groups(&self, axes: &[usize], drawn: &[usize]) -> Vec<Group<'_>> {
        let others: Vec<usize> = axes.iter().copied().filter(|a| !drawn.contains(a)).collect();
        let mut out: Vec<Group<'_>> = Vec::new();
        let mut place = std::collections::BTreeMap::new();
        for dot in &self.dots {
            // A word speaks for itself; a number does not.
            let label = |&a: &usize| match (others.len(), &self.info.axes[a].unit) {
                (1, None) => self.at(dot, a).text.clone(),
                _ => format!("{} = {}", self.name(a).rsplit('.').next().unwrap_or_default(), self.at(dot, a).text),
            };
            let label = others.iter().map(label).collect::<Vec<_>>().join(", ");
            let at = *place.entry(label.clone()).or_insert_with(|| {
                out.push((label, Vec::new()));
                out.len() - 1
            });
            out[at].1.push(dot);
        }
        out
    }

    /// Lines over axis `x`, one panel a KPI, one line for each combination of the other axes.
    fn lines(&self, kpis: &[usize], x: usize, axes: &[usize]) -> (Vec<Panel>, usize, Vec<String>) {
        let groups = self.groups(axes, &[x]);
        let place = Place::of(self, x);
        let panel = |&kpi: &usize| {
            let y = self.vertical("mean", kpi, true);
            let mut curves = self.limits(kpi, &place.axis);
            for ((label, dots), color) in groups.iter().zip(COLORS) {
                curves.extend(place.line(self, label, dots, kpi, color));
            }
            Panel {
                title: self.kpis[kpi].name.clone(),
                x: place.axis.clone(),
                y,
                curves,
                marks: Vec::new(),
                shade: None,
                note: None,
                key: None,
            }
        };
        let more = groups.len().saturating_sub(MOST.1);
        let mut notes = vec!["means over replications with 95 % intervals".to_owned()];
        notes.extend(self.rings(kpis));
        let step = groups.iter().map(|(_, dots)| dots.len().div_ceil(POINTS)).max().unwrap_or(1);
        if step > 1 {
            notes.push(format!("one cell of {step} is drawn"));
        }
        if more > 0 {
            notes.push(format!("{more} more lines are in results.csv"));
        }
        (kpis.iter().map(panel).collect(), if kpis.len() > 2 { 2 } else { 1 }, notes)
    }

    /// A panel for each KPI and axis, a dot for each cell.
    fn clouds(&self, kpis: &[usize], axes: &[usize]) -> (Vec<Panel>, usize, Vec<String>) {
        let drawn = &axes[..axes.len().min(MOST.2)];
        let mut panels = Vec::new();
        for &kpi in kpis {
            for &x in drawn {
                let place = Place::of(self, x);
                let mut curves = self.limits(kpi, &place.axis);
                for (shape, partial) in [(Shape::Dots, false), (Shape::Rings, true)] {
                    let mean = |dot: &Dot| dot.kpis[kpi].filter(|mean| mean.partial == partial);
                    let point = |dot: &Dot| Some((place.at(self.at(dot, x))?, mean(dot)?.mean));
                    let points = self.dots.iter().filter_map(point).collect();
                    curves.push(Curve { label: String::new(), color: Color::Blue, points, shape, broad: false });
                }
                // Panels are narrow: the name stands at the axis.
                let (title, y) = (String::new(), self.vertical(&self.kpis[kpi].name, kpi, false));
                panels.push(Panel {
                    title,
                    x: place.axis,
                    y,
                    curves,
                    marks: Vec::new(),
                    shade: None,
                    note: None,
                    key: None,
                });
            }
        }
        let more = axes.len() - drawn.len();
        let mut notes = vec!["a dot is the mean of a cell over its replications".to_owned()];
        notes.extend(self.rings(kpis));
        if more > 0 {
            notes.push(format!("{more} more axes are in results.csv"));
        }
        (panels, drawn.len(), notes)
    }

    /// What a hollow dot means, where there is one.
    fn rings(&self, kpis: &[usize]) -> Option<String> {
        let any = kpis.iter().any(|&kpi| self.means(kpi).any(|mean| mean.partial));
        any.then(|| "hollow: some replications have no value".to_owned())
    }

    /// The axis of a KPI: from zero, unless it has values below.
    fn vertical(&self, what: &str, kpi: usize, intervals: bool) -> Axis {
        let ends = |mean: Mean| {
            let ci = mean.ci95.filter(|_| intervals);
            [Some(mean.mean), ci.map(|ci| ci[0]), ci.map(|ci| ci[1])]
        };
        let limits = self.target_limits(kpi).into_iter();
        let (low, high) = span(self.means(kpi).flat_map(ends).flatten().chain(limits));
        let unit = self.unit(kpi);
        match low < 0.0 {
            true => axis::spanning(what, unit, (low, high), 5),
            false => axis::from_zero(what, unit, high, 5),
        }
    }

    /// The unit that a KPI is shown in.
    pub(super) fn unit(&self, kpi: usize) -> &str {
        human::display_unit(&self.kpis[kpi].name, &self.kpis[kpi].unit)
    }

    fn target_limits(&self, kpi: usize) -> Vec<f64> {
        let same = |name: &str| name.strip_suffix(".mean").unwrap_or(name) == self.kpis[kpi].name;
        self.info.targets.iter().filter(|t| same(&t.kpi)).flat_map(|t| t.limits).flatten().collect()
    }

    /// Limits of targets as level lines.
    fn limits(&self, kpi: usize, x: &Axis) -> Vec<Curve> {
        let unit = self.unit(kpi);
        let line = |limit: f64| Curve {
            label: format!("target {}", human::round_value(limit, unit)),
            color: Color::Black,
            points: vec![(x.lo, limit), (x.hi, limit)],
            shape: Shape::Line,
            broad: false,
        };
        self.target_limits(kpi).into_iter().map(line).collect()
    }
}

/// A horizontal axis and where the values of an axis of the sweep stand on it.
struct Place {
    axis: Axis,
    number: usize,
    log: bool,
    /// Words by position.
    words: Option<Vec<String>>,
}

impl Place {
    fn of(surface: &Surface, number: usize) -> Place {
        let info = &surface.info.axes[number];
        let values = surface.rising(number);
        let Some(unit) = &info.unit else {
            let words: Vec<String> = values.iter().map(|v| v.text.clone()).collect();
            let ticks = words.iter().enumerate().map(|(i, word)| (i as f64, word.clone())).collect();
            let axis = Axis { label: info.address.clone(), lo: -0.5, hi: words.len() as f64 - 0.5, ticks };
            return Place { axis, number, log: false, words: Some(words) };
        };
        let (low, high) = span(values.iter().filter_map(|v| v.number));
        // A range is drawn as it was sampled.
        let log = low > 0.0 && if info.listed { high / low >= LOG_FROM } else { info.log };
        let at = |x: f64| if log { libm::log10(x) } else { x };
        let (lo, hi) = (at(low), at(high));
        let room = if hi > lo { 0.03 * (hi - lo) } else { 1.0 };
        let ticks = match info.listed {
            true => values.iter().filter_map(|v| Some((at(v.number?), v.text.clone()))).collect(),
            false => round_ticks((low, high), unit, log),
        };
        let axis = Axis { label: info.address.clone(), lo: lo - room, hi: hi + room, ticks };
        Place { axis, number, log, words: None }
    }

    fn at(&self, value: &Coordinate) -> Option<f64> {
        match &self.words {
            Some(words) => words.iter().position(|word| *word == value.text).map(|i| i as f64),
            None => value.number.map(|x| if self.log { libm::log10(x) } else { x }),
        }
    }

    /// A line with its intervals, and dots where it has points.
    fn line(&self, surface: &Surface, label: &str, dots: &[&Dot], kpi: usize, color: Color) -> [Curve; 4] {
        let found = |dot: &&Dot| Some((self.at(surface.at(dot, self.number))?, dot.kpis[kpi]));
        let mut all: Vec<(f64, Option<Mean>)> = dots.iter().filter_map(found).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (step, last) = (all.len().div_ceil(POINTS), all.len().saturating_sub(1));
        let drawn = all.into_iter().enumerate().filter(|(i, _)| i % step == 0 || *i == last);
        let all: Vec<(f64, Option<Mean>)> = drawn.map(|(_, point)| point).collect();
        let mean = |(x, mean): &(f64, Option<Mean>)| (*x, mean.map_or(f64::NAN, |mean| mean.mean));
        let points: Vec<(f64, f64)> = all.iter().map(mean).collect();
        let (partial, whole): (Vec<_>, Vec<_>) =
            all.iter().partition(|(_, mean)| mean.is_some_and(|mean| mean.partial));
        let bar = |(x, mean): &(f64, Option<Mean>)| {
            let [lo, hi] = mean.as_ref()?.ci95?;
            Some([(*x, lo), (*x, hi), (*x, f64::NAN)])
        };
        let bars = all.iter().filter_map(bar).flatten().collect();
        let curve = |label: &str, points, shape| Curve { label: label.to_owned(), color, points, shape, broad: false };
        let at = |those: Vec<(f64, Option<Mean>)>| those.iter().map(mean).collect();
        let (dots, rings) = (curve("", at(whole), Shape::Dots), curve("", at(partial), Shape::Rings));
        [curve(label, points, Shape::Line), curve("", bars, Shape::Line), dots, rings]
    }
}

/// Ticks of an axis between two ends, in its own positions.
fn round_ticks((low, high): (f64, f64), unit: &str, log: bool) -> Vec<(f64, String)> {
    if !log {
        let axis = axis::spanning("", unit, (low, high), 6);
        let word = axis.label.trim().trim_matches(['[', ']']).to_owned();
        let inside = axis.ticks.into_iter().filter(|(at, _)| (low..=high).contains(at));
        return inside.map(|(at, text)| (at, human::join(&text, &word))).collect();
    }
    let (first, last) = (libm::floor(libm::log10(low)) as i32, libm::ceil(libm::log10(high)) as i32);
    let marks = (first..=last).flat_map(|e| [1.0, 2.0, 5.0].map(|m| format!("{m}e{e}").parse::<f64>().unwrap_or(1.0)));
    let inside = marks.filter(|x| (low..=high).contains(x));
    inside.map(|x| (libm::log10(x), human::round_value(x, unit))).collect()
}

/// Lowest and highest of some numbers; (0, 0) of none.
pub(super) fn span(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let found = values
        .filter(|v| v.is_finite())
        .fold(None, |span: Option<(f64, f64)>, v| Some(span.map_or((v, v), |(low, high)| (low.min(v), high.max(v)))));
    found.unwrap_or((0.0, 0.0))
}

#[cfg(test)]
mod tests {
    use super::super::surface::Drawn;
    use super::*;
    use crate::experiment::results::sweep::{AxisInfo, SweepInfo, TargetInfo};

    /// A sweep over axes (address, unit), all combinations of their values; the KPI is the number of the cell.
    fn drawn(design: &str, axes: &[(&str, Option<&str>, &[&str])]) -> Chart {
        let info = |(address, unit, _): &(&str, Option<&str>, &[&str])| AxisInfo {
            address: (*address).to_owned(),
            unit: unit.map(str::to_owned),
            listed: true,
            log: false,
        };
        let mut places: Vec<Vec<Coordinate>> = vec![Vec::new()];
        for (_, unit, values) in axes {
            let with = |place: &Vec<Coordinate>, text: &&str| {
                let number = unit.and_then(|_| text.parse().ok());
                [place.clone(), vec![Coordinate { text: (*text).to_owned(), number }]].concat()
            };
            places = places.iter().flat_map(|place| values.iter().map(|text| with(place, text))).collect();
        }
        let target = TargetInfo { name: "t".into(), kpi: "transfer.w.time.mean".into(), limits: [None, Some(3.0)] };
        let info = SweepInfo {
            title: "Plan".into(),
            name: "plan".into(),
            digest: String::new(),
            version: String::new(),
            model: String::new(),
            design: design.into(),
            points: places.len(),
            cells: places.len(),
            seed: 1,
            axes: axes.iter().map(info).collect(),
            targets: vec![target],
        };
        let time = Drawn { name: "transfer.w.time".to_owned(), unit: "s".to_owned() };
        let mut surface = Surface::new(info, vec![time]);
        for (cell, at) in places.iter().enumerate() {
            let mean = cell as f64;
            surface.add(at, Box::new([Some(Mean { mean, ci95: Some([mean, mean + 1.0]), partial: cell == 1 })]));
        }
        chart(&surface)
    }

    fn tiles_of(panel: &Panel) -> &[super::super::Tile] {
        let Shape::Tiles(tiles) = &panel.curves[0].shape else { panic!("tiles") };
        tiles
    }

    /// Numbers name their axis; so small tiles have a scale in place of texts, drawn in both forms.
    #[test]
    fn panels_of_a_number_name_it_and_small_tiles_have_a_scale() {
        let many: Vec<String> = (0..40).map(|i| i.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let seeds = ("seed", Some("1"), &["1", "2"][..]);
        let chart = drawn("grid", &[("a.x", Some("s"), &many), ("a.y", Some("s"), &many[..30]), seeds]);
        let titles: Vec<&str> = chart.panels.iter().map(|p| p.title.as_str()).collect();
        assert_eq!(titles, ["transfer.w.time [min]: seed = 1", "transfer.w.time [min]: seed = 2"]);
        let texts: Vec<&str> = chart.panels[1].key.iter().flat_map(|key| &key.ticks).map(|t| t.1.as_str()).collect();
        assert_eq!(texts, ["0", "10", "20", "30"], "up to 39.98 min");
        // Where tiles have their texts there is no scale.
        let small = drawn("grid", &[("a.x", Some("s"), &many[..3]), ("a.y", Some("s"), &many[..2])]);
        let rectangles =
            |chart: &Chart| crate::report::charts::svg(chart).expect("it is drawn").matches("<rect").count();
        assert!(rectangles(&small) < 20 && rectangles(&chart) > 2 * (1_200 + 64));
    }

    const GBPS: (&str, Option<&str>, &[&str]) = ("link.*.capacity", Some("bit/s"), &["100", "200", "400"]);
    const WORDS: (&str, Option<&str>, &[&str]) = ("w.publish", None, &["full", "delta"]);

    #[test]
    fn one_number_gives_lines_and_words_give_one_line_each() {
        let chart = drawn("grid", &[GBPS, WORDS]);
        assert_eq!(chart.panels.len(), 1);
        let labels: Vec<&str> =
            chart.panels[0].curves.iter().map(|c| c.label.as_str()).filter(|l| !l.is_empty()).collect();
        assert_eq!(labels, ["target 3 s", "full", "delta"]);
        let line = chart.panels[0].curves.iter().find(|c| c.label == "delta").expect("a line");
        assert_eq!(line.points, [(100.0, 1.0), (200.0, 3.0), (400.0, 5.0)]);
        assert!(crate::report::charts::svg(&chart).expect("it is drawn").contains("delta"));
    }

    #[test]
    fn two_numbers_give_a_tile_a_cell_and_other_axes_a_panel_each() {
        let rtt = ("link.*.rtt", Some("s"), &["1", "9"][..]);
        let chart = drawn("grid", &[GBPS, rtt, WORDS]);
        assert_eq!(
            chart.panels.iter().map(|p| p.title.as_str()).collect::<Vec<_>>(),
            ["transfer.w.time [s]: full", "transfer.w.time [s]: delta"]
        );
        let tiles = tiles_of(&chart.panels[1]);
        assert_eq!(tiles.len(), 6);
        // The last cell is the largest: 400, 9, delta.
        assert_eq!(
            (tiles[5].x, tiles[5].y, tiles[5].color, tiles[5].text.as_str()),
            ((2.0, 3.0), (1.0, 2.0), (253, 231, 37), "11.00")
        );
        // The second cell is a mean of some replications only.
        assert_eq!(tiles_of(&chart.panels[1])[0].text, "1.000*");
        assert!(
            chart.notes.iter().any(|note| note.contains("* or a dot: some replications have no value")),
            "{:?}",
            chart.notes
        );
        let key = chart.panels[0].key.as_ref().expect("a scale of colours");
        assert_eq!(key.ticks.first(), Some(&(0.0, "0.0".to_owned())));
    }

    #[test]
    fn a_line_has_no_more_points_than_a_chart_is_wide() {
        let texts: Vec<String> = (0..3_001).map(|i| i.to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let chart = drawn("grid", &[("link.*.capacity", Some("bit/s"), &texts)]);
        let dots = chart.panels[0].curves.iter().find(|c| c.shape == Shape::Dots).expect("dots");
        let ends = (dots.points.first().copied(), dots.points.last().copied());
        assert_eq!((dots.points.len(), ends), (751, (Some((0.0, 0.0)), Some((3_000.0, 3_000.0)))));
        assert!(chart.notes.iter().any(|note| note.contains("one cell of 4 is drawn")), "{:?}", chart.notes);
    }

    #[test]
    fn words_alone_give_lines_over_words_and_samples_give_dots() {
        let words = drawn("grid", &[WORDS]);
        let ticks: Vec<&str> = words.panels[0].x.ticks.iter().map(|t| t.1.as_str()).collect();
        assert_eq!(ticks, ["full", "delta"]);
        let dots = drawn("lhs", &[GBPS, WORDS]);
        assert_eq!((dots.panels.len(), dots.columns), (2, 2));
        let points =
            |p: &Panel, shape| p.curves.iter().filter(|c| c.shape == shape).map(|c| c.points.len()).sum::<usize>();
        assert!(dots.panels.iter().all(|p| (points(p, Shape::Dots), points(p, Shape::Rings)) == (5, 1)));
        assert!(
            dots.notes.iter().any(|note| note.contains("hollow: some replications have no value")),
            "{:?}",
            dots.notes
        );
    }

    #[test]
    fn an_axis_that_follows_another_is_not_drawn_and_nothing_varying_says_so() {
        assert!(drawn("grid", &[("a", None, &["x"])]).empty.contains("no axis varies"));
        let twice = drawn("list", &[("a.b", Some("1"), &["1"]), GBPS]);
        assert_eq!(twice.title, "Sweep over link.*.capacity");
    }
}
