//! The variants of a sweep, as `apollo check` prints them.

use crate::scenario::sweep::{Axis, Sweep, Values};
use crate::units::{Dimension, display};

/// Most values of a list that are printed.
const SHOWN: usize = 8;

/// Number of cells, as far as it follows from the file: `6`, or `at most 64` where conditions judge drawn values.
pub fn cells(sweep: &Sweep) -> (usize, bool) {
    let points = sweep.points() as usize;
    match (sweep.is_conditional(), sweep.design.is_sampled()) {
        (false, _) => (points, true),
        (true, false) => ((0..points).filter(|point| sweep.admits(&sweep.settings(*point, &[]))).count(), true),
        (true, true) => (points, false),
    }
}

/// A line on the design, and one for each axis.
pub(super) fn lines(sweep: &Sweep) -> Vec<String> {
    let (count, exact) = cells(sweep);
    let most = if exact { "" } else { "at most " };
    let mut out = vec![format!("{}: {most}{count} cells, run by 'apollo sweep'", sweep.design.word())];
    out.extend(sweep.axes.iter().map(axis));
    out
}

fn axis(axis: &Axis) -> String {
    let values = match &axis.values {
        Values::List(list) => {
            let shown: Vec<&str> = list.iter().take(SHOWN).map(|setting| setting.text.as_str()).collect();
            let more = if list.len() > SHOWN { format!(", … ({} in all)", list.len()) } else { String::new() };
            format!("{}{more}", shown.join(", "))
        }
        Values::Range(range) => {
            let end = |value: f64| match range.dimension() {
                Some(dim) => display(value, dim),
                None => display(value, Dimension::Count),
            };
            let scale = if range.log { ", in equal ratios" } else { "" };
            let steps = range.steps.map_or_else(String::new, |n| format!(", {n} values"));
            format!("{} to {}{steps}{scale}", end(range.from), end(range.to))
        }
    };
    format!("{}: {values}", axis.address)
}
