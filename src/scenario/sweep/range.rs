//! Values between two ends.

use super::Setting;
use crate::scenario::text::source::Place;
use crate::scenario::text::tree::{Node, Value};
use crate::units::{Dimension, display, parse, print};

/// How a number becomes a value of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A quantity.
    Quantity(Dimension),
    /// A quantity of whole things.
    Whole(Dimension),
    /// A whole number without unit.
    Exact,
}

/// A range of an axis.
#[derive(Clone, Debug)]
pub struct Range {
    /// Lower end in the base unit.
    pub from: f64,
    /// Upper end, above `from`.
    pub to: f64,
    /// Whether equal steps are equal ratios.
    pub log: bool,
    /// Number of values, both ends among them.
    pub steps: Option<usize>,
    pub(crate) form: Form,
    pub(crate) place: Place,
}

impl Range {
    /// The value number `step` of [`Range::steps`]; both ends are hit exactly.
    pub(super) fn step(&self, step: usize) -> Setting {
        let last = self.steps.unwrap_or(2) - 1;
        match step {
            0 => self.setting(self.from),
            _ if step >= last => self.setting(self.to),
            _ => self.at(step as f64 / last as f64),
        }
    }

    /// The value of a sampled design at a share of the range, 0 ≤ share < 1. Whole numbers own the ends of the range as they own its inside: each
    /// of a linear one has the same weight, so the share runs over [from − ½, to + ½) before it is rounded.
    pub(super) fn sample(&self, share: f64) -> Setting {
        match self.form {
            Form::Quantity(_) => self.at(share),
            Form::Whole(_) | Form::Exact => {
                let (from, to) = (self.from.round() - 0.5, self.to.round() + 0.5);
                self.setting(self.between(from, to, share).round().clamp(from + 0.5, to - 0.5))
            }
        }
    }

    /// The value at a share of the range, 0…1.
    fn at(&self, share: f64) -> Setting {
        let value = self.between(self.from, self.to, share);
        let value = match self.form {
            Form::Quantity(dim) => rounded(value, dim),
            Form::Whole(_) | Form::Exact => value,
        };
        self.setting(value.clamp(self.from, self.to))
    }

    /// `from + share (to − from)`, or `from (to ÷ from)^share`.
    fn between(&self, from: f64, to: f64, share: f64) -> f64 {
        match self.log {
            true => from * libm::exp(share * libm::log(to / from)),
            false => from + share * (to - from),
        }
    }

    /// Dimension of its values; `None` for whole numbers without unit.
    pub fn dimension(&self) -> Option<Dimension> {
        match self.form {
            Form::Quantity(dim) | Form::Whole(dim) => Some(dim),
            Form::Exact => None,
        }
    }

    fn setting(&self, value: f64) -> Setting {
        let (number, text) = match self.form {
            Form::Quantity(dim) => (value, written(value, dim)),
            Form::Whole(dim) => (value.round(), written(value.round(), dim)),
            Form::Exact => (value.round(), format!("{:.0}", value.round())),
        };
        let value = match self.form {
            Form::Exact => Value::Integer(number as i64),
            _ => Value::Text { text: text.clone(), literal: None },
        };
        Setting { text, number: Some(number), node: Node { place: self.place.clone(), value } }
    }
}

/// A value of six digits in the unit that suits it: nobody plans finer, and tables stay readable.
fn rounded(value: f64, dim: Dimension) -> f64 {
    six_digits(value, dim).and_then(|text| parse(&text, dim).ok()).unwrap_or(value)
}

/// `1.8803 Tbps`; nothing where the unit does not follow the number.
fn six_digits(value: f64, dim: Dimension) -> Option<String> {
    let shown = display(value, dim);
    let (_, unit) = shown.split_once(' ')?;
    let one = parse(&format!("1 {unit}"), dim).ok().filter(|one| *one > 0.0)?;
    let number: f64 = format!("{:.5e}", value / one).parse().ok()?;
    Some(format!("{number} {unit}"))
}

/// A quantity as a planner would write it, which reads back to exactly `value`.
fn written(value: f64, dim: Dimension) -> String {
    let short = [Some(display(value, dim)), six_digits(value, dim)];
    let same = |text: &String| parse(text, dim).is_ok_and(|back| back.to_bits() == value.to_bits());
    short.into_iter().flatten().find(same).unwrap_or_else(|| print(value, dim))
}
