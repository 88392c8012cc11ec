//! The charts of a run: what they show ([`charts`]) and how they are drawn ([`svg`], [`png()`](png())).
//!
//! A chart is our own [`Chart`] value: panels, axes with finished ticks, curves. The four builders make one from
//! results without drawing anything; `draw` turns it into strokes and text without knowing what it means; only `draw`,
//! `render` and `font` know the drawing library.
//!
//! Colours are those of Okabe and Ito ("Color Universal Design", 2008), which people with colour-blindness tell apart.

mod axis;
mod chart;
mod draw;
mod feedback;
mod fleet;
mod font;
mod render;
mod storage;
mod timeline;
mod wan;

pub use chart::{Axis, Chart, Color, Curve, Mark, Panel, Shape};
pub use render::{ChartError, png, svg};

use crate::experiment::results::RunResults;

/// The four main charts of a run, always all four: one without data says why.
pub fn charts(run: &RunResults) -> Vec<Chart> {
    vec![feedback::chart(run), wan::chart(run), storage::chart(run), fleet::chart(run)]
}
