//! `[sweep]`, checked: axes, their values, the design, and conditions between axes.
//!
//! This module knows which values belong to which point. Where the points of a sampled design lie in the unit cube is
//! decided by [`crate::experiment::sweep`], which has the random numbers.

mod arguments;
mod condition;
mod range;

use super::diagnostics::Diagnostic;
use super::spec::{DESIGNS, Key};
use super::text::address;
use super::text::source::Place;
use super::text::tree::{Node, Table};
pub use arguments::Arguments;
pub use condition::{Condition, Operator, Side};
pub use range::{Form, Range};

/// How points are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Design {
    /// All combinations, the first group changing slowest.
    Grid,
    /// The first value of every group, then the second, ….
    List,
    /// A Latin hypercube.
    Lhs,
    /// A Sobol sequence with a digital shift.
    Sobol,
    /// Independent uniform draws.
    Random,
}

impl Design {
    /// The design of a word of the language.
    pub fn of_word(word: &str) -> Option<Self> {
        let all = [Design::Grid, Design::List, Design::Lhs, Design::Sobol, Design::Random];
        all.into_iter().zip(DESIGNS).find(|(_, name)| **name == word).map(|(design, _)| design)
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        DESIGNS[self as usize]
    }

    /// Whether it takes a number of samples instead of all values.
    pub fn is_sampled(self) -> bool {
        !matches!(self, Design::Grid | Design::List)
    }
}

/// A value of an axis.
#[derive(Clone, Debug)]
pub struct Setting {
    /// As written, or as it would be written.
    pub text: String,
    /// In the base unit of its dimension, where it is a number.
    pub number: Option<f64>,
    pub(super) node: Node,
}

/// What an axis may be.
#[derive(Clone, Debug)]
pub enum Values {
    /// One of these, in this order; never empty.
    List(Vec<Setting>),
    /// Anything between two ends.
    Range(Range),
}

/// An address and its values.
#[derive(Clone, Debug)]
pub struct Axis {
    /// As written.
    pub address: String,
    /// Unit of its numbers and how many of it make a base unit: network rates are shown in bit/s. `None` where a value is no number.
    pub unit: Option<(&'static str, f64)>,
    /// Its values.
    pub values: Values,
    pub(super) key: &'static Key,
    pub(super) place: Place,
    /// The paths it sets.
    pub(super) paths: Vec<Vec<String>>,
}

impl Axis {
    /// The number of a setting in the unit of the axis.
    pub fn shown(&self, setting: &Setting) -> Option<f64> {
        let (_, factor) = self.unit?;
        setting.number.map(|number| number * factor)
    }

    /// Number of values; `None` for a range without steps.
    fn len(&self) -> Option<usize> {
        match &self.values {
            Values::List(list) => Some(list.len()),
            Values::Range(range) => range.steps,
        }
    }

    /// The value number `step`, which is below [`Axis::len`].
    fn step(&self, step: usize) -> Setting {
        match &self.values {
            Values::List(list) => list[step].clone(),
            Values::Range(range) => range.step(step),
        }
    }

    /// The value at a share, 0…1, of the axis; lists are cut into equal parts.
    fn at(&self, share: f64) -> Setting {
        match &self.values {
            Values::List(list) => list[((share * list.len() as f64) as usize).min(list.len() - 1)].clone(),
            Values::Range(range) => range.sample(share),
        }
    }
}

/// A checked sweep.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// Axes in the order of the file, those of the command line last.
    pub axes: Vec<Axis>,
    /// How points are chosen.
    pub design: Design,
    /// Points of a sampled design.
    pub samples: usize,
    /// Axes that change together, as indices; every axis is in one group. In order of the first axis.
    pub(super) groups: Vec<Vec<usize>>,
    /// What a cell must meet.
    pub(super) conditions: Vec<Condition>,
}

impl Sweep {
    /// The first address of every group: what varies by itself.
    pub fn dimensions(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(|group| self.axes[group[0]].address.as_str())
    }

    /// Points of the design, before conditions. A `f64`, because a grid that is too large must be countable.
    pub fn points(&self) -> f64 {
        let lengths = self.groups.iter().map(|group| self.axes[group[0]].len().unwrap_or(0) as f64);
        match self.design {
            Design::Grid => lengths.product(),
            Design::List => lengths.fold(0.0, f64::max),
            _ => self.samples as f64,
        }
    }

    /// The setting of every axis at a point; `shares` places a sampled point in the unit cube (one share per group).
    pub fn settings(&self, point: usize, shares: &[f64]) -> Vec<Setting> {
        let mut out: Vec<Option<Setting>> = vec![None; self.axes.len()];
        let mut rest = point;
        for (number, group) in self.groups.iter().enumerate().rev() {
            let length = self.axes[group[0]].len().unwrap_or(1);
            let step = if self.design == Design::Grid { rest % length } else { point };
            rest /= length;
            for &axis in group {
                let of = &self.axes[axis];
                out[axis] = Some(if self.design.is_sampled() { of.at(shares[number]) } else { of.step(step) });
            }
        }
        out.into_iter().flatten().collect()
    }

    /// What is wrong with an override (`ADDRESS=VALUE`) whose value every cell would displace.
    pub(super) fn displaces(&self, tree: &Table, text: &str) -> Option<Diagnostic> {
        let (left, value) = text.split_once('=')?;
        let paths = address::expand(tree, &address::segments(left)?);
        let axis = self.axes.iter().find(|axis| {
            let inside = |path: &Vec<String>| axis.paths.iter().any(|own| path.starts_with(own));
            paths.iter().any(inside)
        })?;
        let (left, value) = (left.trim(), value.trim());
        let flag = match left {
            "seed" => "'--seed' (or '--set')",
            "replications" => "'--replications' (or '--set')",
            _ => "'--set'",
        };
        let message = format!("{flag} sets '{left}' to {value}, and the axis '{}' sets it in every cell", axis.address);
        Some(Diagnostic::new("E0519", message).at(&axis.place).help("leave one of them out: the axis would win"))
    }

    /// Whether settings meet all conditions.
    pub fn admits(&self, settings: &[Setting]) -> bool {
        self.conditions.iter().all(|condition| condition.holds(settings))
    }

    /// Whether there are conditions at all.
    pub fn is_conditional(&self) -> bool {
        !self.conditions.is_empty()
    }

    /// Writes settings into the tree of a scenario.
    pub(super) fn put(&self, tree: &mut Table, settings: &[Setting]) {
        for (axis, setting) in self.axes.iter().zip(settings) {
            for path in &axis.paths {
                let keys = vec![axis.place.clone(); path.len()];
                address::put(tree, path, &keys, &setting.node);
            }
        }
    }
}
