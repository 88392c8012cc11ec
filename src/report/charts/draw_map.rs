//! From a [`Map`] to strokes and text. Lengths are nominal pixels.

use plotters::backend::DrawingBackend;
use plotters::element::Circle;
use plotters::style::{Color as _, RGBColor};

use super::chart::{Map, Stroke};
use super::draw::{Frame, INK, Ink, Outcome, Pen, SMALL};

/// Smallest and largest height of the picture below the head: room for the list, and a page.
const HEIGHTS: (f64, f64) = (390.0, 600.0);
/// Room for the legend above the map.
const LEGEND: f64 = 24.0;
/// Width of the list of busy links.
const LIST: f64 = 265.0;
/// Room between the frame and the outermost site, for names.
const MARGIN: f64 = 46.0;
/// Distance between the lines of the two directions.
const LANE: f64 = 3.6;
/// Radius of a site and of a number.
const DOT: f64 = 3.0;
const TAG: f64 = 8.5;
/// Size of the names of sites.
const NAME: f64 = 11.5;
/// Upper ends of the classes of utilisation, with colour and width. Wider as well as darker, for eyes that see few colours.
const CLASSES: [(f64, &str, RGBColor, f64); 6] = [
    (0.01, "idle", RGBColor(190, 190, 190), 1.0),
    (0.2, "to 20 %", RGBColor(120, 170, 215), 1.4),
    (0.4, "to 40 %", RGBColor(60, 120, 180), 1.8),
    (0.6, "to 60 %", RGBColor(235, 170, 40), 2.4),
    (0.8, "to 80 %", RGBColor(225, 95, 20), 3.0),
    (f64::INFINITY, "above 80 %", RGBColor(150, 0, 30), 3.6),
];

type Point = (f64, f64);

/// A rectangle that text or a mark covers.
#[derive(Clone, Copy)]
struct Covered {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Covered {
    fn around((x, y): Point, half: f64) -> Self {
        Covered { left: x - half, top: y - half, right: x + half, bottom: y + half }
    }

    fn meets(&self, other: &Covered) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    fn lies_in(&self, frame: Frame) -> bool {
        self.left >= frame.left && self.right <= frame.right() && self.top >= frame.top && self.bottom <= frame.bottom()
    }

    /// Whether a line passes through, looked at in short steps.
    fn is_crossed(&self, (a, b): (Point, Point)) -> bool {
        let steps = (libm::hypot(b.0 - a.0, b.1 - a.1) / 4.0).ceil().max(1.0);
        let at = |i: f64| (a.0 + (b.0 - a.0) * i / steps, a.1 + (b.1 - a.1) * i / steps);
        let inside = |p: Point| p.0 > self.left && p.0 < self.right && p.1 > self.top && p.1 < self.bottom;
        let misses = a.0.max(b.0) < self.left
            || a.0.min(b.0) > self.right
            || a.1.max(b.1) < self.top
            || a.1.min(b.1) > self.bottom;
        !misses && (0..=steps as usize).any(|i| inside(at(i as f64)))
    }
}

fn class(share: f64) -> (RGBColor, f64) {
    let found = CLASSES.iter().find(|(upto, ..)| share <= *upto || share.is_nan()).unwrap_or(&CLASSES[5]);
    (found.2, found.3)
}

impl<DB: DrawingBackend> Pen<'_, DB> {
    /// Draws a map; `frame` is all the room there is.
    pub(super) fn map(&self, map: &Map, frame: Frame) -> Outcome<DB> {
        self.classes(frame)?;
        let plot = Frame { top: frame.top + LEGEND, width: frame.width - LIST, height: frame.height - LEGEND, ..frame };
        let places = fitted(map, plot);
        let lines: Vec<(Point, Point)> = map.links.iter().map(|link| line(link, &places)).collect();
        let mut order: Vec<usize> = (0..lines.len()).collect();
        let share = |l: usize| if map.links[l].share.is_nan() { -1.0 } else { map.links[l].share };
        order.sort_by(|&a, &b| share(a).total_cmp(&share(b)));
        for &l in &order {
            let (color, width) = class(map.links[l].share);
            self.line(&[lines[l].0, lines[l].1], color, width)?;
        }
        let mut covered: Vec<Covered> = places.iter().map(|p| Covered::around(*p, DOT)).collect();
        for &place in &places {
            self.disc(place, DOT, INK)?;
        }
        for (link, line) in map.links.iter().zip(&lines).filter(|(link, _)| link.number.is_some()) {
            let at = free_spot(*line, &covered);
            covered.push(Covered::around(at, TAG));
            let middle = ((line.0.0 + line.1.0) / 2.0, (line.0.1 + line.1.1) / 2.0);
            if distance(at, *line) > TAG {
                self.line(&[middle, at], class(link.share).0, 1.0)?;
            }
            self.tag(at, link)?;
        }
        self.names(map, plot, &places, &lines, covered)?;
        self.list(map, Frame { left: plot.right() + 14.0, width: LIST - 14.0, ..plot })
    }

    /// The legend: colours and widths of the classes.
    fn classes(&self, frame: Frame) -> Outcome<DB> {
        let (mut x, y) = (frame.left, frame.top + 6.0);
        for (_, words, color, width) in CLASSES {
            self.line(&[(x, y), (x + 26.0, y)], color, width)?;
            self.text(words, (x + 32.0, y), Ink { color: INK, ..Ink::grey() })?;
            x += 32.0 + self.width(words, SMALL, false) + 20.0;
        }
        Ok(())
    }

    pub(super) fn disc(&self, at: Point, radius: f64, color: RGBColor) -> Outcome<DB> {
        let radius = (radius * self.fine).round() as i32;
        self.area.draw(&Circle::new(self.at(at), radius, color.filled()))
    }

    /// The number of a busy link.
    fn tag(&self, at: Point, link: &Stroke) -> Outcome<DB> {
        self.disc(at, TAG, class(link.share).0)?;
        self.disc(at, TAG - 1.4, RGBColor(255, 255, 255))?;
        let number = link.number.map(|n| n.to_string()).unwrap_or_default();
        self.text(&number, at, Ink { size: 11.0, color: INK, ..Ink::bold(11.0) }.centred())
    }

    /// Names of sites where they fit: first those of busy links, then those with many links.
    fn names(
        &self,
        map: &Map,
        plot: Frame,
        places: &[Point],
        lines: &[(Point, Point)],
        mut covered: Vec<Covered>,
    ) -> Outcome<DB> {
        let mut weight = vec![0_usize; places.len()];
        for link in &map.links {
            for end in [link.ends.0, link.ends.1] {
                weight[end] += if link.number.is_some() { 1000 } else { 1 };
            }
        }
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by_key(|&s| (std::cmp::Reverse(weight[s]), s));
        let mut left_out = 0;
        for site in order {
            let name = self.fitting(&map.sites[site].name, NAME, false, 150.0);
            let size = (self.width(&name, NAME, false), NAME + 1.0);
            let boxes = around(places[site], size);
            let free = boxes.iter().filter(|b| b.lies_in(plot) && !covered.iter().any(|c| c.meets(b)));
            let crossings = |b: &Covered| lines.iter().filter(|line| b.is_crossed(**line)).count();
            let Some(best) = free.min_by_key(|b| crossings(b)) else {
                left_out += 1;
                continue;
            };
            covered.push(*best);
            let at = (best.left, (best.top + best.bottom) / 2.0);
            self.text(&name, at, Ink { size: NAME, color: INK, ..Ink::grey() })?;
        }
        if left_out > 0 {
            let words = format!("{left_out} of {} names are left out for want of room", places.len());
            self.text(&words, (plot.left, plot.bottom() + 8.0), Ink { size: NAME, ..Ink::grey() })?;
        }
        Ok(())
    }

    /// The busy links by number.
    fn list(&self, map: &Map, frame: Frame) -> Outcome<DB> {
        let mut listed: Vec<&Stroke> = map.links.iter().filter(|link| link.number.is_some()).collect();
        listed.sort_by_key(|link| link.number);
        let title = if listed.is_empty() { "No link is used" } else { "Busiest directions" };
        self.text(title, (frame.left, frame.top + 10.0), Ink::bold(SMALL))?;
        for (row, link) in listed.iter().enumerate() {
            let y = frame.top + 36.0 + row as f64 * 38.0;
            self.tag((frame.left + TAG, y), link)?;
            let share = format!("{:.1} %", 100.0 * link.share);
            let room = frame.width - 26.0;
            self.text(&share, (frame.left + 26.0, y), Ink { color: INK, ..Ink::bold(SMALL) })?;
            let label = self.fitting(&link.label, NAME, false, room);
            self.text(&label, (frame.left + 26.0, y + 15.0), Ink { size: NAME, ..Ink::grey() })?;
        }
        Ok(())
    }
}

/// Height that a map takes in a frame of this width.
pub(super) fn height(map: &Map, width: f64) -> f64 {
    let ((left, right), (top, bottom)) = bounds(map);
    let flat = (bottom - top) / (right - left).max(1e-9) * (width - LIST - 2.0 * MARGIN);
    (flat + 2.0 * MARGIN + LEGEND).clamp(HEIGHTS.0, HEIGHTS.1)
}

/// Smallest and largest coordinates.
fn bounds(map: &Map) -> (Point, Point) {
    let over = |of: fn(&Point) -> f64| {
        let values = map.sites.iter().map(|s| of(&s.at));
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)))
    };
    (over(|p| p.0), over(|p| p.1))
}

/// Places in the frame: as large as fits, lengths in proportion.
fn fitted(map: &Map, frame: Frame) -> Vec<Point> {
    let ((left, right), (top, bottom)) = bounds(map);
    let room = (frame.width - 2.0 * MARGIN, frame.height - 2.0 * MARGIN);
    let scale = (room.0 / (right - left).max(1e-9)).min(room.1 / (bottom - top).max(1e-9));
    let scale = if scale.is_finite() && scale < 1e8 { scale } else { 1.0 };
    let middle = ((left + right) / 2.0, (top + bottom) / 2.0);
    let centre = (frame.left + frame.width / 2.0, frame.top + frame.height / 2.0);
    let place = |at: Point| (centre.0 + (at.0 - middle.0) * scale, centre.1 + (at.1 - middle.1) * scale);
    map.sites.iter().map(|s| place(s.at)).collect()
}

/// The line of one direction: beside the straight line, on the right hand of who travels, parallel links further out.
fn line(link: &Stroke, places: &[Point]) -> (Point, Point) {
    let (a, b) = (places[link.ends.0], places[link.ends.1]);
    let length = libm::hypot(b.0 - a.0, b.1 - a.1).max(1e-9);
    let out = LANE * (0.5 + link.lane as f64) / length;
    let (dx, dy) = (-(b.1 - a.1) * out, (b.0 - a.0) * out);
    ((a.0 + dx, a.1 + dy), (b.0 + dx, b.1 + dy))
}

/// A place for a number on a line that nothing covers yet, near its middle if it can be; where the line has none, beside it, on its own side first.
fn free_spot((a, b): (Point, Point), covered: &[Covered]) -> Point {
    const SHARES: [f64; 7] = [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8];
    const ASIDE: [f64; 7] = [0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0];
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let step = (2.0 * TAG + 1.0) / libm::hypot(dx, dy).max(1e-9);
    let at = |aside: f64, share: f64| (a.0 + dx * share - dy * step * aside, a.1 + dy * share + dx * step * aside);
    let free = |p: &Point| !covered.iter().any(|c| c.meets(&Covered::around(*p, TAG)));
    let all = ASIDE.iter().flat_map(|aside| SHARES.iter().map(|share| at(*aside, *share)));
    all.into_iter().find(free).unwrap_or_else(|| at(0.0, 0.5))
}

/// How far a point is from the straight line through two others.
fn distance(p: Point, (a, b): (Point, Point)) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    ((p.0 - a.0) * dy - (p.1 - a.1) * dx).abs() / libm::hypot(dx, dy).max(1e-9)
}

/// Where a text of this size could stand beside a site.
fn around((x, y): Point, (width, height): Point) -> [Covered; 8] {
    const GAP: f64 = 6.0;
    let box_at = |left: f64, top: f64| Covered { left, top, right: left + width, bottom: top + height };
    let (right, left, middle) = (x + GAP, x - GAP - width, x - width / 2.0);
    let (above, below, level) = (y - GAP - height, y + GAP, y - height / 2.0);
    [
        box_at(right, level),
        box_at(left, level),
        box_at(middle, above),
        box_at(middle, below),
        box_at(right, above + 3.0),
        box_at(right, below - 3.0),
        box_at(left, above + 3.0),
        box_at(left, below - 3.0),
    ]
}
