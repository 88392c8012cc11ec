//! Ranges of values.

use crate::scenario::spec::Range;
use crate::units::{Dimension, display};

/// Why a value is refused, if it is.
pub fn problem(value: f64, range: Range, dim: Dimension) -> Option<String> {
    let show = |x: f64| bound(x, dim);
    if !value.is_finite() {
        return Some("must be a finite number".to_owned());
    }
    if range.open && value <= range.low {
        return Some(if range.low.abs() < f64::MIN_POSITIVE {
            "must be above zero".to_owned()
        } else {
            format!("must be above {}", show(range.low))
        });
    }
    if value < range.low {
        return Some(format!("must be at least {}", show(range.low)));
    }
    (value > range.high).then(|| format!("must be at most {}", show(range.high)))
}

/// The range in words; empty when anything goes.
pub fn words(range: Range, dim: Dimension) -> String {
    let show = |x: f64| bound(x, dim);
    match (range.low.is_finite(), range.high.is_finite()) {
        (true, true) if range.open => format!("above {}, at most {}", show(range.low), show(range.high)),
        (true, true) => format!("{} to {}", show(range.low), show(range.high)),
        (true, false) => format!("at least {}", show(range.low)),
        (false, true) => format!("at most {}", show(range.high)),
        (false, false) => String::new(),
    }
}

/// A bound in words: plain numbers plainly, quantities with their unit.
fn bound(value: f64, dim: Dimension) -> String {
    let zero = value.abs() < f64::MIN_POSITIVE;
    match (dim.allows_bare(), zero) {
        (true, _) => format!("{value}"),
        (false, true) => "zero".to_owned(),
        (false, false) => display(value, dim),
    }
}
