//! From a [`Chart`] to strokes and text. Knows nothing of what a chart means.
//!
//! All lengths here are nominal pixels; `Pen` multiplies them by the fineness of the canvas.

use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::element::{Circle, PathElement, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle};

use super::chart::{Axis, Chart, Color, Curve, Panel, Shape};
use super::font;

/// Width of every chart.
const WIDTH: f64 = 1000.0;
/// Room around everything.
const EDGE: f64 = 18.0;
/// Height of title and subtitle.
const HEAD: f64 = 62.0;
/// Room left of the axes for tick texts and the label.
const LEFT: f64 = 72.0;
/// Most room for a tick text of a vertical axis; longer ones are shortened.
const WIDEST: f64 = 130.0;
/// Room above the axes for the heading and the legend.
const ABOVE: f64 = 24.0;
/// Room below the axes for tick texts.
const BELOW: f64 = 22.0;
/// More room below the last row, for the label of the horizontal axis.
const LABEL: f64 = 22.0;
/// Room between columns.
const GUTTER: f64 = 22.0;
/// Room between a row's tick texts and the next row.
const ROW_GAP: f64 = 12.0;
/// Height of a line of notes below everything.
const NOTE: f64 = 18.0;
/// Height of a chart that says why it is empty.
const EMPTY: f64 = 220.0;

const TITLE: f64 = 20.0;
const HEADING: f64 = 15.0;
pub(super) const SMALL: f64 = 13.5;

pub(super) const INK: RGBColor = RGBColor(30, 30, 30);
const GREY: RGBColor = RGBColor(95, 95, 95);
const GRID: RGBColor = RGBColor(225, 225, 225);
pub(super) const FRAME: RGBColor = RGBColor(130, 130, 130);
const SHADE: RGBColor = RGBColor(240, 240, 240);

pub(super) type Area<DB> = DrawingArea<DB, Shift>;
pub(super) type Outcome<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// Nominal width and height of a chart.
pub(super) fn size(chart: &Chart) -> (u32, u32) {
    let rows = rows(chart);
    let height = if let Some(map) = &chart.map {
        HEAD + super::draw_map::height(map, WIDTH - 2.0 * EDGE) + EDGE
    } else if rows == 0 {
        EMPTY
    } else {
        panels_end(rows) + chart.notes.len() as f64 * NOTE + EDGE
    };
    (WIDTH as u32, height.ceil() as u32)
}

/// Where the panels and the label of the last horizontal axis end.
fn panels_end(rows: usize) -> f64 {
    HEAD + rows as f64 * (ABOVE + plot_height(rows) + BELOW) + (rows - 1) as f64 * ROW_GAP + LABEL
}

fn rows(chart: &Chart) -> usize {
    chart.panels.len().div_ceil(chart.columns.max(1))
}

/// Height of the axes: more rows, flatter panels.
fn plot_height(rows: usize) -> f64 {
    match rows {
        1 => 340.0,
        2 => 220.0,
        3 => 150.0,
        _ => 120.0,
    }
}

/// A rectangle on the canvas in nominal pixels.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Frame {
    pub(super) fn x(&self, axis: &Axis, at: f64) -> f64 {
        self.left + self.width * ((at - axis.lo) / (axis.hi - axis.lo)).clamp(0.0, 1.0)
    }

    pub(super) fn y(&self, axis: &Axis, at: f64) -> f64 {
        self.top + self.height * (1.0 - ((at - axis.lo) / (axis.hi - axis.lo)).clamp(0.0, 1.0))
    }

    pub(super) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }
}

/// Draws on an area that is `fine` times as fine as the nominal size. `drop` is how far the backend sets text above
/// the middle that was asked for, as a share of its size.
pub(super) fn draw<DB: DrawingBackend>(area: &Area<DB>, chart: &Chart, fine: u32, drop: f64) -> Outcome<DB> {
    let mut pen = Pen { area, fine: f64::from(fine), drop, tiles: None };
    area.fill(&RGBColor(255, 255, 255))?;
    let room = WIDTH - 2.0 * EDGE;
    pen.text(&pen.fitting(&chart.title, TITLE, true, room), (EDGE, 26.0), Ink::bold(TITLE))?;
    pen.text(&pen.fitting(&chart.subtitle, SMALL, false, room), (EDGE, 48.0), Ink::grey())?;
    if let Some(map) = &chart.map {
        let height = super::draw_map::height(map, room);
        let frame = Frame { left: EDGE, top: HEAD, width: room, height };
        return pen.map(map, frame);
    }
    if chart.panels.is_empty() {
        return pen.text(
            &pen.fitting(&chart.empty, HEADING, false, room),
            (WIDTH / 2.0, EMPTY / 2.0 + 20.0),
            Ink::grey().centred(),
        );
    }
    for (i, note) in chart.notes.iter().enumerate() {
        let y = panels_end(rows(chart)) + (i as f64 + 0.75) * NOTE;
        pen.text(&pen.fitting(note, SMALL, false, room), (EDGE, y), Ink::grey())?;
    }
    let mut frames = pen.frames(chart, 0.0);
    pen.tiles = pen.tile_size(chart, &frames);
    if pen.tiles.is_none() {
        frames = pen.frames(chart, pen.key_room(chart));
    }
    for (i, (panel, frame)) in chart.panels.iter().zip(frames).enumerate() {
        // The panel below, if any, shows the same axis and names it.
        let last = i + chart.columns.max(1) >= chart.panels.len();
        pen.panel(panel, frame, last)?;
    }
    Ok(())
}

/// How a text looks.
#[derive(Clone, Copy)]
pub(super) struct Ink {
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) color: RGBColor,
    pub(super) h: HPos,
    pub(super) upright: bool,
}

impl Ink {
    pub(super) fn bold(size: f64) -> Self {
        Ink { size, bold: true, color: INK, h: HPos::Left, upright: false }
    }

    pub(super) fn grey() -> Self {
        Ink { size: SMALL, bold: false, color: GREY, h: HPos::Left, upright: false }
    }

    pub(super) fn centred(self) -> Self {
        Ink { h: HPos::Center, ..self }
    }

    pub(super) fn right(self) -> Self {
        Ink { h: HPos::Right, ..self }
    }

    fn upright(self) -> Self {
        Ink { upright: true, ..self.centred() }
    }
}

/// Draws in nominal pixels.
pub(super) struct Pen<'a, DB: DrawingBackend> {
    pub(super) area: &'a Area<DB>,
    pub(super) fine: f64,
    pub(super) drop: f64,
    /// Size of the texts of tiles, where they fit.
    pub(super) tiles: Option<f64>,
}

impl<DB: DrawingBackend> Pen<'_, DB> {
    pub(super) fn at(&self, (x, y): (f64, f64)) -> (i32, i32) {
        ((x * self.fine).round() as i32, (y * self.fine).round() as i32)
    }

    fn stroke(&self, color: RGBColor, width: f64) -> ShapeStyle {
        color.stroke_width((width * self.fine).round() as u32)
    }

    pub(super) fn line(&self, points: &[(f64, f64)], color: RGBColor, width: f64) -> Outcome<DB> {
        let points: Vec<(i32, i32)> = points.iter().map(|p| self.at(*p)).collect();
        self.area.draw(&PathElement::new(points, self.stroke(color, width)))
    }

    /// A vertical dashed line from top to bottom.
    fn dashes(&self, x: f64, (top, bottom): (f64, f64), color: RGBColor, width: f64) -> Outcome<DB> {
        let mut y = top;
        while y < bottom {
            self.line(&[(x, y), (x, (y + 6.0).min(bottom))], color, width)?;
            y += 10.0;
        }
        Ok(())
    }

    pub(super) fn rectangle(&self, a: (f64, f64), b: (f64, f64), color: RGBColor) -> Outcome<DB> {
        self.area.draw(&Rectangle::new([self.at(a), self.at(b)], color.filled()))
    }

    fn style(&self, ink: Ink) -> TextStyle<'static> {
        let style = if ink.bold { FontStyle::Bold } else { FontStyle::Normal };
        let font = plotters::style::FontDesc::new(FontFamily::Name(font::FAMILY), ink.size * self.fine, style);
        let font = if ink.upright { font.transform(FontTransform::Rotate270) } else { font };
        TextStyle { color: ink.color.to_backend_color(), ..TextStyle::from(font) }.pos(Pos::new(ink.h, VPos::Center))
    }

    /// A text with its vertical middle at `at`; level text is lowered by what the backend sets it too high.
    pub(super) fn text(&self, text: &str, at: (f64, f64), ink: Ink) -> Outcome<DB> {
        if text.is_empty() {
            return Ok(());
        }
        let drop = if ink.upright { 0.0 } else { self.drop * ink.size };
        self.area.draw_text(text, &self.style(ink), self.at((at.0, at.1 + drop)))
    }

    /// Width of a text in nominal pixels.
    pub(super) fn width(&self, text: &str, size: f64, bold: bool) -> f64 {
        let ink = Ink { size, bold, color: INK, h: HPos::Left, upright: false };
        self.area.estimate_text_size(text, &self.style(ink)).map_or(0.0, |(w, _)| f64::from(w) / self.fine)
    }

    /// The text, shortened with an ellipsis where it is wider than `room`.
    pub(super) fn fitting(&self, text: &str, size: f64, bold: bool, room: f64) -> String {
        let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if self.width(&clean, size, bold) <= room {
            return clean;
        }
        let chars: Vec<char> = clean.chars().collect();
        let shortened = |n: usize| format!("{}…", chars[..n].iter().collect::<String>().trim_end());
        let fits =
            (0..chars.len()).collect::<Vec<_>>().partition_point(|&n| self.width(&shortened(n), size, bold) <= room);
        shortened(fits.saturating_sub(1))
    }

    /// Where the axes of each panel lie; the room to their left is that of the longest tick text, that to their right is given.
    fn frames(&self, chart: &Chart, right: f64) -> Vec<Frame> {
        let (rows, columns) = (rows(chart), chart.columns.max(1));
        let left = chart.panels.iter().map(|panel| self.beside(panel)).fold(LEFT, f64::max);
        let width = (WIDTH - 2.0 * EDGE - (columns - 1) as f64 * GUTTER) / columns as f64 - left - right;
        let frame = |i: usize| Frame {
            left: EDGE + (i % columns) as f64 * (width + left + right + GUTTER) + left,
            top: HEAD + (i / columns) as f64 * (ABOVE + plot_height(rows) + BELOW + ROW_GAP) + ABOVE,
            width,
            height: plot_height(rows),
        };
        (0..chart.panels.len()).map(frame).collect()
    }

    /// Room that the vertical axis of a panel needs for its tick texts and its label.
    fn beside(&self, panel: &Panel) -> f64 {
        let widest = panel.y.ticks.iter().map(|(_, text)| self.width(text, SMALL, false)).fold(0.0, f64::max);
        (widest.min(WIDEST) + 7.0 + SMALL + 10.0).max(LEFT)
    }

    fn panel(&self, panel: &Panel, frame: Frame, last: bool) -> Outcome<DB> {
        if let Some((from, to)) = panel.shade {
            let (a, b) = (frame.x(&panel.x, from), frame.x(&panel.x, to));
            self.rectangle((a, frame.top), (b, frame.bottom()), SHADE)?;
        }
        self.axes(panel, frame, last)?;
        if let (Some(key), None) = (&panel.key, self.tiles) {
            self.key(key, frame)?;
        }
        for curve in &panel.curves {
            self.curve(curve, panel, frame)?;
        }
        for mark in &panel.marks {
            let x = frame.x(&panel.x, mark.at);
            if mark.dashed {
                self.dashes(x, (frame.top, frame.bottom()), rgb(mark.color), 2.0)?;
            } else {
                self.line(&[(x, frame.top), (x, frame.bottom())], rgb(mark.color), 1.6)?;
            }
        }
        if let Some(note) = &panel.note {
            let note = self.fitting(note, SMALL, false, frame.width - 10.0);
            // Between two grid lines of an axis in quarters.
            self.text(
                &note,
                (frame.left + frame.width / 2.0, frame.top + frame.height * 0.375),
                Ink::grey().centred(),
            )?;
        }
        self.legend(panel, frame)
    }

    /// Grid lines, tick texts, frame and labels.
    fn axes(&self, panel: &Panel, frame: Frame, last: bool) -> Outcome<DB> {
        let every = every_row(&panel.y, frame);
        let mut free_below = f64::INFINITY;
        for (i, (at, text)) in panel.y.ticks.iter().enumerate() {
            let y = frame.y(&panel.y, *at);
            self.line(&[(frame.left, y), (frame.right(), y)], GRID, 1.0)?;
            if i % every == 0 && y <= free_below {
                self.text(&self.fitting(text, SMALL, false, WIDEST), (frame.left - 7.0, y), Ink::grey().right())?;
                free_below = y - SMALL;
            }
        }
        let every = self.every(panel, frame);
        let mut free_from = f64::NEG_INFINITY;
        for (i, (at, text)) in panel.x.ticks.iter().enumerate() {
            let x = frame.x(&panel.x, *at);
            self.line(&[(x, frame.bottom()), (x, frame.bottom() + 4.0)], FRAME, 1.0)?;
            let half = self.width(text, SMALL, false) / 2.0;
            if i % every == 0 && x - half > free_from {
                self.text(text, (x, frame.bottom() + 14.0), Ink::grey().centred())?;
                free_from = x + half + 6.0;
            }
        }
        let corners = [(frame.left, frame.top), (frame.left, frame.bottom()), (frame.right(), frame.bottom())];
        self.line(&corners, FRAME, 1.0)?;
        let label = self.fitting(&panel.y.label, SMALL, false, frame.height + ABOVE);
        self.text(
            &label,
            (frame.left - self.beside(panel) + 8.0, frame.top + frame.height / 2.0),
            Ink::grey().upright(),
        )?;
        if last {
            self.text(&panel.x.label, (frame.left + frame.width / 2.0, frame.bottom() + 34.0), Ink::grey().centred())?;
        }
        Ok(())
    }

    /// Every how many-th text of the horizontal axis is drawn, so that those of even ticks stand evenly.
    fn every(&self, panel: &Panel, frame: Frame) -> usize {
        let ticks = &panel.x.ticks;
        let place = |i: usize| frame.x(&panel.x, ticks[i].0);
        let fits = |every: &usize| {
            let drawn: Vec<usize> = (0..ticks.len()).step_by(*every).collect();
            let half = |i: usize| self.width(&ticks[i].1, SMALL, false) / 2.0;
            drawn.windows(2).all(|pair| place(pair[0]) + half(pair[0]) + 6.0 < place(pair[1]) - half(pair[1]))
        };
        if is_even(&panel.x) { (1..ticks.len()).find(fits).unwrap_or(1) } else { 1 }
    }

    fn curve(&self, curve: &Curve, panel: &Panel, frame: Frame) -> Outcome<DB> {
        match &curve.shape {
            Shape::Line => {
                let usable = |p: &&[(f64, f64)]| p[0].0.is_finite() && p[0].1.is_finite();
                let runs = curve.points.chunk_by(|a, b| a.1.is_nan() == b.1.is_nan());
                for run in runs.filter(usable) {
                    let run: Vec<(f64, f64)> =
                        run.iter().map(|&(x, y)| (frame.x(&panel.x, x), frame.y(&panel.y, y))).collect();
                    self.line(&run, rgb(curve.color), if curve.broad { 3.6 } else { 1.6 })?;
                }
            }
            Shape::Dots => {
                for &(x, y) in curve.points.iter().filter(|p| p.0.is_finite() && p.1.is_finite()) {
                    let at = self.at((frame.x(&panel.x, x), frame.y(&panel.y, y)));
                    self.area.draw(&Circle::new(at, (2.6 * self.fine).round() as i32, rgb(curve.color).filled()))?;
                }
            }
            Shape::Rings => {
                for &(x, y) in curve.points.iter().filter(|p| p.0.is_finite() && p.1.is_finite()) {
                    let at = self.at((frame.x(&panel.x, x), frame.y(&panel.y, y)));
                    let (outer, inner) = ((3.6 * self.fine).round() as i32, (2.0 * self.fine).round() as i32);
                    self.area.draw(&Circle::new(at, outer, rgb(curve.color).filled()))?;
                    self.area.draw(&Circle::new(at, inner, RGBColor(255, 255, 255).filled()))?;
                }
            }
            Shape::Tiles(tiles) => {
                for tile in tiles {
                    self.tile(tile, panel, frame)?;
                }
            }
            Shape::Bars(width) => {
                for &(x, y) in curve.points.iter().filter(|p| p.1 > 0.0) {
                    let (a, b) = (frame.x(&panel.x, x), frame.x(&panel.x, x + *width));
                    // A hair of white keeps neighbouring bars apart.
                    let gap = if b - a > 4.0 { 1.0 } else { 0.0 };
                    self.rectangle((a, frame.y(&panel.y, y)), (b - gap, frame.bottom()), rgb(curve.color))?;
                }
            }
        }
        Ok(())
    }

    /// Heading on the left, then one swatch and text per curve and mark, on one line above the axes.
    fn legend(&self, panel: &Panel, frame: Frame) -> Outcome<DB> {
        let y = frame.top - 12.0;
        let entries: Vec<(&str, Color, Option<bool>)> = panel
            .curves
            .iter()
            .map(|c| (c.label.as_str(), c.color, matches!(c.shape, Shape::Bars(_)).then_some(false)))
            .chain(panel.marks.iter().map(|m| (m.label.as_str(), m.color, m.dashed.then_some(true))))
            .filter(|e| !e.0.is_empty())
            .collect();
        let title = self.fitting(&panel.title, HEADING, true, frame.width * if entries.is_empty() { 1.0 } else { 0.5 });
        self.text(&title, (frame.left, y), Ink::bold(HEADING))?;
        let begin = frame.left + self.width(&title, HEADING, true);
        let words: f64 = entries.iter().map(|(label, ..)| self.width(label, SMALL, false)).sum();
        // Swatch and gap, narrow where the legend would be too long.
        let wide = begin + words + (22.0 + 5.0 + 18.0) * entries.len() as f64 <= frame.right();
        let (swatch, between) = if wide { (22.0, 18.0) } else { (12.0, 9.0) };
        let mut x = begin + if title.is_empty() { 0.0 } else { between };
        for (i, (label, color, kind)) in entries.iter().enumerate() {
            let room = (frame.right() - x) / (entries.len() - i) as f64 - swatch - 5.0 - between;
            let label = self.fitting(label, SMALL, false, room.max(30.0));
            match kind {
                Some(false) => self.rectangle((x + 5.0, y - 5.0), (x + swatch - 5.0, y + 6.0), rgb(*color))?,
                Some(true) => {
                    self.line(&[(x, y), (x + 0.36 * swatch, y)], rgb(*color), 2.4)?;
                    self.line(&[(x + 0.6 * swatch, y), (x + 0.96 * swatch, y)], rgb(*color), 2.4)?;
                }
                None => self.line(&[(x, y), (x + swatch, y)], rgb(*color), 2.4)?,
            }
            self.text(&label, (x + swatch + 5.0, y), Ink { color: INK, ..Ink::grey() })?;
            x += swatch + 5.0 + self.width(&label, SMALL, false) + between;
        }
        Ok(())
    }
}

/// Whether all steps between ticks are equal.
fn is_even(axis: &Axis) -> bool {
    let steps: Vec<f64> = axis.ticks.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    steps.first().is_some_and(|first| steps.iter().all(|step| (step - first).abs() <= 1e-6 * first.abs()))
}

/// Every how many-th text of an even vertical axis is drawn.
fn every_row(axis: &Axis, frame: Frame) -> usize {
    let [first, second, ..] = &axis.ticks[..] else { return 1 };
    let step = (frame.y(axis, first.0) - frame.y(axis, second.0)).abs();
    if is_even(axis) && step > 0.0 { ((SMALL / step).ceil() as usize).max(1) } else { 1 }
}

fn rgb(color: Color) -> RGBColor {
    let (r, g, b) = color.rgb();
    RGBColor(r, g, b)
}
