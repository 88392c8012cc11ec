//! What the user wrote: text, then spans, then a checked [`plan::Plan`]. Knows no simulation.

pub mod diagnostics;
pub mod plan;
mod read;
pub mod spec;
pub mod text;
