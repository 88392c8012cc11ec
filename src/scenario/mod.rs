//! What the user wrote: text, then spans, then a checked [`plan::Plan`]. Knows no simulation.
//!
//! [`load`] reads a file and everything it extends ([`text`]), lays overrides over it, reads every table by the
//! tables of keys in [`spec`] (`read`), and turns the result into a plan (`resolve`). Nothing stops at the first
//! error: all [`diagnostics`] of a file come at once, each with its place.

pub mod diagnostics;
mod fit;
mod load;
pub mod measured;
pub mod plan;
mod read;
mod resolve;
mod show;
pub mod spec;
pub mod sweep;
mod templates;
pub mod text;
mod topology;

pub use diagnostics::{Diagnostic, Severity, explain, render_json, render_text};
pub use fit::{Coefficient, coefficients, io_work};
pub use load::{Draft, Sources, Variants, load, load_text};
pub use read::Shelf;
pub use show::{cells_of, describe, reference, schema};
pub use templates::{Template, from_template, templates};
