//! Heat maps of a sweep: a panel for each KPI and combination of the axes that are not drawn, a tile for each cell.

use super::axis;
use super::chart::{Axis, Color, Curve, Key, Panel, Shape, Tile};
use super::draw_tiles::blend;
use super::surface::{Dot, Mean, Surface};
use super::sweep::{Group, span};
use crate::experiment::results::sweep::Coordinate;
use crate::report::human;

/// Most panels, of all KPIs together.
const MOST: usize = 8;
/// Longest text of a value as it was computed; longer ones are rounded.
const LONG: usize = 9;
/// From dark to light, as Viridis (S. van der Walt and N. Smith 2015) at five places: even for eyes that see few colours, and in grey.
const SCALE: [(u8, u8, u8); 5] = [(68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37)];
/// A cell without a value.
const NONE: (u8, u8, u8) = (205, 205, 205);
/// Stands at a mean of some replications only.
const PARTIAL: &str = "*";

impl Surface {
    /// The panels, how many stand side by side, and what is to be said of them.
    pub(super) fn heat(
        &self,
        kpis: &[usize],
        (x, y): (usize, usize),
        axes: &[usize],
    ) -> (Vec<Panel>, usize, Vec<String>) {
        let groups = self.groups(axes, &[x, y]);
        // Every KPI has as many panels as the others.
        let each = (MOST / kpis.len().max(1)).clamp(1, groups.len().max(1));
        let map = Tiles { surface: self, x, y, across: self.rising(x), up: self.rising(y) };
        let panels: Vec<Panel> =
            kpis.iter().flat_map(|&kpi| map.panels(kpi, &groups[..each.min(groups.len())])).collect();
        let mut notes = vec!["means over replications, dark is low, light is high".to_owned()];
        let any =
            |what: fn(&Option<Mean>) -> bool| kpis.iter().any(|&kpi| self.dots.iter().any(|dot| what(&dot.kpis[kpi])));
        if any(Option::is_none) {
            notes.push("grey: failed, missing or without a value".to_owned());
        }
        if any(|mean| mean.is_some_and(|mean| mean.partial)) {
            notes.push(format!("{PARTIAL} or a dot: some replications have no value"));
        }
        let left_out = (groups.len() - each.min(groups.len())) * kpis.len();
        if left_out > 0 {
            let drawn = groups[..each].iter().map(|(label, _)| label.as_str()).collect::<Vec<_>>().join("; ");
            notes.push(format!("only {drawn}: {left_out} more panels would be needed, and are in results.csv"));
        }
        let columns = if panels.len() > 1 { 2 } else { 1 };
        (panels, columns, notes)
    }

    /// A KPI with the unit that all of its tiles are in, so that these hold numbers alone.
    fn heading(&self, kpi: usize, high: f64) -> (String, human::Scale) {
        let unit = self.unit(kpi);
        let scale = human::scale(unit, high);
        let word = scale.word_or(unit);
        let name = &self.kpis[kpi].name;
        (if word.is_empty() { name.clone() } else { format!("{name} [{word}]") }, scale)
    }
}

/// Two axes and their values.
struct Tiles<'a> {
    surface: &'a Surface,
    x: usize,
    y: usize,
    across: Vec<&'a Coordinate>,
    up: Vec<&'a Coordinate>,
}

impl Tiles<'_> {
    /// The panels of a KPI, all on one scale of colours.
    fn panels(&self, kpi: usize, groups: &[Group<'_>]) -> Vec<Panel> {
        let ends = span(self.surface.means(kpi).map(|mean| mean.mean));
        let (heading, scale) = self.surface.heading(kpi, ends.1);
        let panel = |(label, dots): &Group<'_>| {
            let place = |values: &[&Coordinate], at: &Coordinate| values.iter().position(|v| v.text == at.text);
            let tile = |dot: &&Dot| {
                let (i, j) = (
                    place(&self.across, self.surface.at(dot, self.x))?,
                    place(&self.up, self.surface.at(dot, self.y))?,
                );
                Some(tile((i as f64, j as f64), dot.kpis[kpi], ends, scale))
            };
            let tiles = Shape::Tiles(dots.iter().filter_map(tile).collect());
            let curve =
                Curve { label: String::new(), color: Color::Black, points: Vec::new(), shape: tiles, broad: false };
            Panel {
                title: format!("{heading}{}{label}", if label.is_empty() { "" } else { ": " }),
                x: self.steps(self.x, &self.across),
                y: self.steps(self.y, &self.up),
                curves: vec![curve],
                marks: Vec::new(),
                shade: None,
                note: None,
                key: Some(key(ends, scale)),
            }
        };
        groups.iter().map(panel).collect()
    }

    /// An axis on which every value has the same room.
    fn steps(&self, axis: usize, values: &[&Coordinate]) -> Axis {
        let text = |value: &Coordinate| match (&self.surface.info.axes[axis].unit, value.number) {
            (Some(unit), Some(number)) if value.text.chars().count() > LONG => human::round_value(number, unit),
            _ => value.text.clone(),
        };
        let mut texts: Vec<String> = values.iter().map(|value| text(value)).collect();
        // Neighbours that only differ in what was rounded off keep all of it.
        if texts.windows(2).any(|pair| pair[0] == pair[1]) {
            texts = values.iter().map(|value| value.text.clone()).collect();
        }
        let ticks = texts.into_iter().enumerate().map(|(i, text)| (i as f64 + 0.5, text)).collect();
        Axis { label: self.surface.info.axes[axis].address.clone(), lo: 0.0, hi: values.len() as f64, ticks }
    }
}

/// The scale of colours between two ends, with round numbers, or with the one value that all tiles have.
fn key((low, high): (f64, f64), scale: human::Scale) -> Key {
    let (from, to) = (low / scale.factor, high / scale.factor);
    let step = axis::round_step(to - from, 5);
    let inside = axis::ticks(from, to, step, 1.0).into_iter().filter(|(at, _)| (from..=to).contains(at));
    let ticks = inside.map(|(at, text)| ((at - from) / (to - from), text)).collect();
    match high > low {
        true => Key { colors: SCALE.to_vec(), ticks },
        // One value, in the middle of the scale.
        false => Key { colors: vec![blend(&SCALE, 0.5); 2], ticks: vec![(0.5, human::number(low, scale))] },
    }
}

/// A tile at a place, between the lowest and the highest value, in the unit of all.
fn tile((i, j): (f64, f64), mean: Option<Mean>, (low, high): (f64, f64), scale: human::Scale) -> Tile {
    let share = mean.map(|mean| if high > low { (mean.mean - low) / (high - low) } else { 0.5 });
    let dot = mean.is_some_and(|mean| mean.partial);
    let mark = if dot { PARTIAL } else { "" };
    let text = |mean: Mean| format!("{}{mark}", human::number(mean.mean, scale));
    let (color, light) = share.map_or((NONE, false), |share| (blend(&SCALE, share), share < 0.6));
    Tile {
        x: (i, i + 1.0),
        y: (j, j + 1.0),
        color,
        text: mean.map_or_else(|| human::NOTHING.to_owned(), text),
        light,
        dot,
    }
}
