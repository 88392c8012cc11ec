//! The number in front of a unit.

use super::Dimension;
use super::error::{UnitError, elided};

/// A non-negative finite number and the position behind it.
pub(super) struct Number {
    pub value: f64,
    pub end: usize,
}

/// The position of the first byte at or after `at` that is no white space.
pub(super) fn skip_space(text: &str, at: usize) -> usize {
    at + (text[at..].len() - text[at..].trim_start().len())
}

/// Reads `digits[.digits][e[±]digits]` at `at`; digits may be grouped by `_`.
///
/// # Errors
///
/// No number there, a sign, a comma, or a number that no double can hold.
pub(super) fn number(text: &str, at: usize, dim: Dimension) -> Result<Number, UnitError> {
    let bytes = text.as_bytes();
    let mut start = at;
    match bytes.get(at) {
        Some(b'-') => {
            return Err(UnitError::new(dim, at..text.len(), format!("'{}' is negative", elided(text.trim()))));
        }
        Some(b'+') => start = at + 1,
        _ => {}
    }
    let end = number_end(bytes, start);
    if end == start {
        return Err(no_number(text, at, dim));
    }
    if bytes.get(end) == Some(&b',') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        let message = "a comma is neither a decimal point nor a thousands sign here";
        return Err(UnitError::new(dim, end..end + 1, message).suggest("_"));
    }
    let literal = &text[start..end];
    if !well_grouped(literal) {
        return Err(UnitError::new(dim, start..end, format!("'{}' is not a number", elided(literal))));
    }
    let value: f64 = literal
        .replace('_', "")
        .parse()
        .map_err(|_| UnitError::new(dim, start..end, format!("'{}' is not a number", elided(literal))))?;
    if !value.is_finite() {
        return Err(UnitError::new(dim, start..end, format!("'{}' is too large", elided(literal))));
    }
    let mantissa = literal.split(['e', 'E']).next().unwrap_or(literal);
    if value == 0.0 && mantissa.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
        return Err(UnitError::new(dim, start..end, format!("'{}' is too small", elided(literal))));
    }
    Ok(Number { value, end })
}

/// Where the number that starts at `start` ends; `start` itself where there is none.
fn number_end(bytes: &[u8], start: usize) -> usize {
    let digits = |mut i: usize| {
        while bytes.get(i).is_some_and(|b| b.is_ascii_digit() || *b == b'_') {
            i += 1;
        }
        i
    };
    let mut end = digits(start);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if !bytes[start..end].iter().any(u8::is_ascii_digit) {
        return start;
    }
    // `3 EB` and `3EB` are exabytes: an exponent needs a digit.
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if bytes.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
            end = digits(end + 1 + sign);
        }
    }
    end
}

/// Underscores stand between two digits, and a point has a digit on both sides.
fn well_grouped(literal: &str) -> bool {
    let bytes = literal.as_bytes();
    let digit = |i: Option<usize>| i.and_then(|i| bytes.get(i)).is_some_and(u8::is_ascii_digit);
    bytes
        .iter()
        .enumerate()
        .filter(|(_, b)| matches!(b, b'_' | b'.'))
        .all(|(i, _)| digit(i.checked_sub(1)) && digit(Some(i + 1)))
}

fn no_number(text: &str, at: usize, dim: Dimension) -> UnitError {
    let rest = text[at..].trim_end();
    let word = rest.trim_start_matches(['+', '-']).to_ascii_lowercase();
    let message = if rest.is_empty() {
        "no number".to_owned()
    } else if word.starts_with("nan") {
        "NaN is not a quantity".to_owned()
    } else if word.starts_with("inf") {
        "infinity is not a quantity".to_owned()
    } else {
        format!("'{}' does not start with a number", elided(rest))
    };
    UnitError::new(dim, at..text.len().max(at), message)
}
