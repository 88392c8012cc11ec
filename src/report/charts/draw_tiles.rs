//! Heat maps: tiles with their texts, or with a scale of colours beside them where the tiles are too small for texts.

use plotters::backend::DrawingBackend;
use plotters::style::RGBColor;

use super::chart::{Chart, Curve, Key, Panel, Shape, Tile};
use super::draw::{FRAME, Frame, INK, Ink, Outcome, Pen, SMALL};

/// Gap between the tiles and their scale, its width, and the gap to its texts.
const BESIDE: (f64, f64, f64) = (10.0, 14.0, 5.0);
/// Steps that the scale is drawn in.
const STEPS: usize = 64;

impl<DB: DrawingBackend> Pen<'_, DB> {
    /// The largest size at which the texts of all tiles fit, so that all have their text or none has.
    pub(super) fn tile_size(&self, chart: &Chart, frames: &[Frame]) -> Option<f64> {
        let fits = |size: f64| {
            let one = |panel: &Panel, frame: &Frame, tile: &Tile| {
                let width = frame.x(&panel.x, tile.x.1) - frame.x(&panel.x, tile.x.0);
                let height = frame.y(&panel.y, tile.y.0) - frame.y(&panel.y, tile.y.1);
                self.width(&tile.text, size, false) + 4.0 <= width && size + 2.0 <= height
            };
            let tiles = |curve: &Curve, panel: &Panel, frame: &Frame| match &curve.shape {
                Shape::Tiles(tiles) => tiles.iter().all(|tile| one(panel, frame, tile)),
                _ => true,
            };
            chart.panels.iter().zip(frames).all(|(p, frame)| p.curves.iter().all(|curve| tiles(curve, p, frame)))
        };
        [SMALL, 11.5, 9.5].into_iter().find(|size| fits(*size))
    }

    /// A rectangle of a heat map with its text, where that fits.
    pub(super) fn tile(&self, tile: &Tile, panel: &Panel, frame: Frame) -> Outcome<DB> {
        let (left, right) = (frame.x(&panel.x, tile.x.0), frame.x(&panel.x, tile.x.1));
        let (bottom, top) = (frame.y(&panel.y, tile.y.0), frame.y(&panel.y, tile.y.1));
        let (r, g, b) = tile.color;
        self.rectangle((left, top), (right - 1.0, bottom - 1.0), RGBColor(r, g, b))?;
        let color = if tile.light { RGBColor(255, 255, 255) } else { INK };
        let Some(size) = self.tiles else {
            let middle = ((left + right) / 2.0, (bottom + top) / 2.0);
            return if tile.dot { self.disc(middle, 1.6, color) } else { Ok(()) };
        };
        self.text(
            &tile.text,
            ((left + right) / 2.0, (top + bottom) / 2.0),
            Ink { color, size, ..Ink::grey().centred() },
        )
    }

    /// Room right of the axes for the widest scale of colours.
    pub(super) fn key_room(&self, chart: &Chart) -> f64 {
        let texts = chart.panels.iter().filter_map(|panel| panel.key.as_ref()).flat_map(|key| &key.ticks);
        let widest = texts.map(|(_, text)| self.width(text, SMALL, false)).fold(f64::NEG_INFINITY, f64::max);
        if widest.is_finite() { BESIDE.0 + BESIDE.1 + BESIDE.2 + widest } else { 0.0 }
    }

    /// The scale of colours, from low at the bottom to high.
    pub(super) fn key(&self, key: &Key, frame: Frame) -> Outcome<DB> {
        let (left, right) = (frame.right() + BESIDE.0, frame.right() + BESIDE.0 + BESIDE.1);
        let y = |share: f64| frame.bottom() - share * frame.height;
        for step in 0..STEPS {
            let (low, high) = (step as f64 / STEPS as f64, (step + 1) as f64 / STEPS as f64);
            let (r, g, b) = blend(&key.colors, (low + high) / 2.0);
            self.rectangle((left, y(high)), (right, y(low)), RGBColor(r, g, b))?;
        }
        for (share, text) in &key.ticks {
            self.line(&[(right, y(*share)), (right + 3.0, y(*share))], FRAME, 1.0)?;
            self.text(text, (right + BESIDE.2, y(*share)), Ink::grey())?;
        }
        Ok(())
    }
}

/// The colour at a share of the way through a scale.
pub(super) fn blend(colors: &[(u8, u8, u8)], share: f64) -> (u8, u8, u8) {
    let last = colors.len().saturating_sub(2);
    let at = share.clamp(0.0, 1.0) * (last + 1) as f64;
    let low = (at as usize).min(last);
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * (at - low as f64)).round() as u8;
    let (a, b) = (colors[low], colors[(low + 1).min(colors.len() - 1)]);
    (mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}
