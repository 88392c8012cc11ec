//! Parts with published figures: GPU nodes, storage systems, VM sizes, models, transports.
//!
//! The data lies in `data/*.toml`, one file a kind, embedded in the binary. Each figure carries its source and a
//! word that says how sure it is; prices carry a date. A figure that nobody publishes is an assumption that says so,
//! with the range in which it plausibly lies. [`kind_figures`] tells which figures a kind of part has; the same names
//! are the keys that override them in a scenario.

mod kind;
mod load;
mod part;
mod render;
#[cfg(test)]
mod tests;

pub use kind::{FigureSpec, FigureType, Kind, LAYOUTS, Need, REPAIR_CLASSES, figure_spec, kind_figures, kinds};
pub use part::{Cause, Confidence, Figure, Part, Value, read_value};
pub use render::{render_list, render_part};

/// All parts by kind, in the order the catalogue lists them.
pub fn parts() -> &'static [Part] {
    &load::PARTS
}

/// All parts of one kind.
pub fn parts_of(kind: Kind) -> impl Iterator<Item = &'static Part> {
    parts().iter().filter(move |p| p.kind == kind)
}

/// A part by its name.
pub fn part(name: &str) -> Option<&'static Part> {
    parts().iter().find(|p| p.name == name)
}

/// The part of this kind (of any kind for `None`) that `name` was probably meant to be.
pub fn nearest_part(name: &str, kind: Option<Kind>) -> Option<&'static str> {
    let fits = |p: &&Part| kind.is_none_or(|k| p.kind == k);
    crate::units::nearest(name, parts().iter().filter(fits).map(|p| p.name.as_str()))
}
