//! What is wrong with the text of a quantity.

use super::Dimension;
use std::fmt;
use std::ops::Range;

/// A quantity that cannot be read: where, why, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitError {
    /// The bytes at fault inside the text that was parsed.
    pub span: Range<usize>,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What could stand at [`UnitError::span`] instead.
    pub suggestion: Option<String>,
    /// The units that fit.
    pub help: String,
}

impl UnitError {
    pub(super) fn new(dim: Dimension, span: Range<usize>, message: impl Into<String>) -> Self {
        UnitError { span, message: message.into(), suggestion: None, help: dim.help() }
    }

    pub(super) fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.suggestion {
            Some(s) => write!(f, ", did you mean '{s}'?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for UnitError {}

/// `text` cut to a length that an error message can carry.
pub(super) fn elided(text: &str) -> String {
    const LONGEST: usize = 40;
    if text.chars().count() <= LONGEST {
        text.to_owned()
    } else {
        format!("{}…", text.chars().take(LONGEST).collect::<String>())
    }
}
