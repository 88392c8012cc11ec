//! Conditions on cells: `"link.a.capacity <= link.b.capacity"`.

use super::Setting;

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `<=`
    AtMost,
    /// `>=`
    AtLeast,
    /// `!=`
    Differs,
    /// `<`
    Below,
    /// `>`
    Above,
    /// `=`
    Equals,
}

impl Operator {
    /// All with their signs; longer signs before those they begin with.
    pub const ALL: [(&str, Operator); 6] = [
        ("<=", Operator::AtMost),
        (">=", Operator::AtLeast),
        ("!=", Operator::Differs),
        ("<", Operator::Below),
        (">", Operator::Above),
        ("=", Operator::Equals),
    ];

    /// Whether it needs an order, which words do not have.
    pub fn is_ordered(self) -> bool {
        !matches!(self, Operator::Equals | Operator::Differs)
    }

    /// Cuts a condition at its first sign: the left side, the operator, the right side.
    pub fn split(text: &str) -> Option<(&str, Operator, &str)> {
        let at = text.find(['<', '>', '!', '='])?;
        let (sign, operator) = Self::ALL.into_iter().find(|(sign, _)| text[at..].starts_with(sign))?;
        Some((&text[..at], operator, &text[at + sign.len()..]))
    }
}

/// The right side of a condition.
#[derive(Clone, Debug)]
pub enum Side {
    /// Another axis.
    Axis(usize),
    /// A value.
    Value(Box<Setting>),
}

/// A condition that every cell meets.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The axis on the left.
    pub left: usize,
    /// The comparison.
    pub operator: Operator,
    /// What it is compared with.
    pub right: Side,
}

impl Condition {
    /// Whether settings meet it: numbers by value, everything else by its text.
    pub(super) fn holds(&self, settings: &[Setting]) -> bool {
        let left = &settings[self.left];
        let right = match &self.right {
            Side::Axis(axis) => &settings[*axis],
            Side::Value(value) => value,
        };
        let order = match (left.number, right.number) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => left.text.cmp(&right.text),
        };
        match self.operator {
            Operator::AtMost => order.is_le(),
            Operator::AtLeast => order.is_ge(),
            Operator::Differs => order.is_ne(),
            Operator::Below => order.is_lt(),
            Operator::Above => order.is_gt(),
            Operator::Equals => order.is_eq(),
        }
    }
}
