//! The charts of a run: what they show ([`charts`]) and how they are drawn ([`svg`], [`png()`](png())).
//!
//! A chart is our own [`Chart`] value: panels, axes with finished ticks, curves. The builders make one from
//! results without drawing anything; `draw` turns it into strokes and text without knowing what it means; only `draw`,
//! `render` and `font` know the drawing library.
//!
//! Colours are those of Okabe and Ito ("Color Universal Design", 2008), which people with colour-blindness tell apart.

mod axis;
mod chart;
mod draw;
mod draw_map;
mod draw_tiles;
mod feedback;
mod fleet;
mod font;
mod heat;
mod lag;
mod map;
mod render;
mod spring;
mod storage;
mod surface;
mod sweep;
mod timeline;
mod wan;

pub use chart::{Axis, Chart, Color, Curve, Key, Map, Mark, Panel, Shape, Spot, Stroke, Tile};
pub use render::{ChartError, png, svg};
pub use surface::{Drawn, Mean, Surface};
pub use sweep::chart as sweep;

use crate::experiment::results::RunResults;

/// The four main charts of a run and the map of its network, always all five: one without data says why. Then the lag of RL works,
/// where something trained.
pub fn charts(run: &RunResults) -> Vec<Chart> {
    let always = [feedback::chart(run), wan::chart(run), storage::chart(run), fleet::chart(run), map::chart(run)];
    always.into_iter().chain(lag::chart(run)).collect()
}
