//! A chart as a file: SVG text or PNG bytes.
//!
//! Both are drawn on the same canvas, [`FINE`] times as fine as the nominal size, because the drawing library knows
//! whole pixels only and does not smooth lines. The SVG is then declared at its nominal size; the PNG is averaged
//! down to [`PNG_DENSITY`] pixels per nominal pixel, which smooths its lines.

use plotters::backend::{BitMapBackend, SVGBackend};
use plotters::drawing::IntoDrawingArea;

use super::chart::Chart;
use super::{draw, font};

/// Canvas pixels per nominal pixel.
const FINE: u32 = 4;
/// PNG pixels per nominal pixel, for screens and slides with a high density.
const PNG_DENSITY: u32 = 2;
/// Canvas pixels averaged into one PNG pixel, in each direction.
const AVERAGED: u32 = FINE / PNG_DENSITY;
/// The bitmap backend sets text this share of its size too high (it centres without the descent).
const BITMAP_DROP: f64 = 0.14;
/// Fonts asked of the viewer of an SVG: the bundled one, then one of the same widths.
const SVG_FONTS: &str = "DejaVu Sans, Verdana, sans-serif";

/// A chart could not be drawn; always a defect of ours or of the drawing library.
#[derive(Debug, thiserror::Error)]
#[error("chart {chart}: {message}")]
pub struct ChartError {
    /// File stem of the chart.
    pub chart: &'static str,
    /// What the library said.
    pub message: String,
}

/// The chart as SVG text.
///
/// # Errors
///
/// When the drawing library refuses, which no data should bring about.
pub fn svg(chart: &Chart) -> Result<String, ChartError> {
    font::register();
    let (width, height) = draw::size(chart);
    let fine = (width * FINE, height * FINE);
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, fine).into_drawing_area();
        draw::draw(&area, chart, FINE, 0.0).map_err(|e| error(chart, &e))?;
        area.present().map_err(|e| error(chart, &e))?;
    }
    let declared = format!("width=\"{}\" height=\"{}\"", fine.0, fine.1);
    let nominal = format!("width=\"{width}\" height=\"{height}\"");
    let family = format!("font-family=\"{}\"", font::FAMILY);
    Ok(text.replacen(&declared, &nominal, 1).replace(&family, &format!("font-family=\"{SVG_FONTS}\"")))
}

/// The chart as PNG bytes.
///
/// # Errors
///
/// When the drawing library refuses, which no data should bring about.
pub fn png(chart: &Chart) -> Result<Vec<u8>, ChartError> {
    font::register();
    let (width, height) = draw::size(chart);
    let (wide, high) = (width * FINE, height * FINE);
    let mut pixels = vec![255u8; (wide * high * 3) as usize];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (wide, high)).into_drawing_area();
        draw::draw(&area, chart, FINE, BITMAP_DROP).map_err(|e| error(chart, &e))?;
        area.present().map_err(|e| error(chart, &e))?;
    }
    let smooth = averaged(&pixels, wide as usize);
    encode(&smooth, width * PNG_DENSITY, height * PNG_DENSITY).map_err(|e| error(chart, &e))
}

fn error(chart: &Chart, message: &dyn std::fmt::Display) -> ChartError {
    ChartError { chart: chart.name, message: message.to_string() }
}

/// Means over squares of [`AVERAGED`]² pixels of three bytes; both sides are multiples of it.
fn averaged(pixels: &[u8], wide: usize) -> Vec<u8> {
    let n = AVERAGED as usize;
    let area = (n * n) as u16;
    let mut out = Vec::with_capacity(pixels.len() / (n * n));
    for rows in pixels.chunks_exact(wide * 3 * n) {
        let mut sums = vec![area / 2; wide * 3 / n];
        for row in rows.chunks_exact(wide * 3) {
            for (sum, square) in sums.chunks_exact_mut(3).zip(row.chunks_exact(3 * n)) {
                for pixel in square.chunks_exact(3) {
                    sum[0] += u16::from(pixel[0]);
                    sum[1] += u16::from(pixel[1]);
                    sum[2] += u16::from(pixel[2]);
                }
            }
        }
        out.extend(sums.iter().map(|sum| (sum / area) as u8));
    }
    out
}

/// RGB bytes as a PNG file, without a time stamp.
fn encode(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>, ::png::EncodingError> {
    let mut out = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut out, width, height);
    encoder.set_color(::png::ColorType::Rgb);
    encoder.set_depth(::png::BitDepth::Eight);
    // Charts are flat areas: unfiltered they are smaller by a fifth than filtered, and the best compression gains 1 % at three times the cost.
    encoder.set_compression(::png::Compression::Default);
    encoder.set_filter(::png::FilterType::NoFilter);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averaging_takes_the_mean_of_each_square() {
        // Two rows of four pixels: a black and a white square, each with one odd pixel.
        let (black, white) = ([0, 0, 0], [255, 255, 255]);
        let top = [black, [40, 0, 0], white, white].concat();
        let bottom = [black, black, white, [255, 255, 55]].concat();
        assert_eq!(averaged(&[top, bottom].concat(), 4), [10, 0, 0, 255, 255, 205]);
    }
}
