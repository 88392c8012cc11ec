//! Text to quantity: `"400 Gbps"` becomes 5e10 bytes per second.

use super::dimension::{ALL, Role, Unit};
use super::error::{UnitError, elided};
use super::{Dimension, calendar, duration, lex};

/// No sensible quantity is longer; longer texts are refused before anything looks at them closely.
const LONGEST: usize = 200;

/// Reads a quantity with its unit and returns it in the base unit of `dim` (see [`Dimension`]).
///
/// White space may stand around the number and the unit, digits may be grouped by `_`. The value is finite and not
/// negative; zero is accepted, because only the caller knows whether it makes sense.
///
/// # Errors
///
/// A number without the unit that is due, an unknown unit, a unit of another dimension, a number that is negative,
/// not finite or out of range. The error carries the place, the nearest unit and the list of units that fit.
///
/// # Examples
///
/// ```
/// use apollo_sim::units::{Dimension, parse};
/// assert_eq!(parse("400 Gbps", Dimension::ByteRate).unwrap(), 5e10);
/// let error = parse("400 Gpbs", Dimension::ByteRate).unwrap_err();
/// assert_eq!(error.suggestion.as_deref(), Some("Gbps"));
/// ```
pub fn parse(text: &str, dim: Dimension) -> Result<f64, UnitError> {
    guard_length(text, dim)?;
    match dim {
        Dimension::Date => calendar::parse_date(text),
        Dimension::Duration => duration::parse_fixed(text),
        _ => parse_scaled(text, dim),
    }
}

/// Accepts a bare number (a TOML integer or float) as a quantity of `dim`.
///
/// # Errors
///
/// The dimension has a unit, so a bare number says too little; or the number is negative, not finite, or (for a
/// share) above 1.
pub fn from_number(value: f64, dim: Dimension) -> Result<f64, UnitError> {
    let text = format!("{value}");
    if value.is_nan() || value.is_infinite() {
        return Err(UnitError::new(dim, 0..text.len(), format!("{text} is not a quantity")));
    }
    if !dim.allows_bare() {
        return Err(unit_due(&text, 0, text.len(), dim));
    }
    if value < 0.0 {
        return Err(UnitError::new(dim, 0..text.len(), format!("{text} is negative")));
    }
    in_range(value, &text, 0..text.len(), dim, true)
}

pub(super) fn guard_length(text: &str, dim: Dimension) -> Result<(), UnitError> {
    if text.len() > LONGEST {
        return Err(UnitError::new(dim, 0..text.len(), "this text is too long for a quantity"));
    }
    Ok(())
}

fn parse_scaled(text: &str, dim: Dimension) -> Result<f64, UnitError> {
    let table = dim.table();
    let mut at = lex::skip_space(text, 0);
    let end = text.trim_end().len().max(at);
    if table.dollar {
        at = dollar(text, at, end, dim)?;
    } else if text[at..].starts_with('$') {
        let message = format!("money where one of the {} is due", table.what);
        return Err(UnitError::new(dim, at..end, message));
    }
    let number = lex::number(text, at, dim)?;
    let word_at = lex::skip_space(text, number.end).min(end);
    let word = &text[word_at..end];
    let bare = word.is_empty();
    if bare && !table.units.iter().any(|u| u.word.is_empty()) {
        return Err(unit_due(text, at, end, dim));
    }
    let unit = find(word, dim).ok_or_else(|| unknown(text, word_at..end, dim))?;
    in_range(number.value * unit.mul / unit.div, text, at..end, dim, bare)
}

/// Skips the dollar sign of an amount of money.
fn dollar(text: &str, at: usize, end: usize, dim: Dimension) -> Result<usize, UnitError> {
    let rest = &text[at..end];
    if let Some(amount) = rest.strip_prefix('$') {
        return Ok(lex::skip_space(text, end - amount.len()));
    }
    if rest.starts_with("-$") {
        return Err(UnitError::new(dim, at..end, format!("'{}' is negative", elided(rest))));
    }
    let error = UnitError::new(dim, at..end, "money is written with a dollar sign");
    match rest.starts_with(|c: char| c.is_ascii_digit()) {
        true => Err(error.suggest(format!("${}", elided(rest)))),
        false => Err(error),
    }
}

/// The unit that `word` names, white space inside it ignored (`40k GPUs`, `$2 / h`).
fn find(word: &str, dim: Dimension) -> Option<&'static Unit> {
    let squeezed: String = word.split_whitespace().collect();
    dim.table().units.iter().find(|u| u.word == squeezed)
}

/// The last checks on a value in the base unit; `bare` tells that no unit was written.
fn in_range(
    value: f64,
    text: &str,
    span: std::ops::Range<usize>,
    dim: Dimension,
    bare: bool,
) -> Result<f64, UnitError> {
    if !value.is_finite() {
        return Err(UnitError::new(dim, span, format!("'{}' is too large", elided(text.trim()))));
    }
    if dim == Dimension::Ratio && bare && value > 1.0 {
        let percent = format!("{} %", elided(text.trim()));
        let message = format!("a share without '%' lies between 0 and 1, and {} does not", elided(text.trim()));
        let found = UnitError::new(dim, span, message);
        // Of 85 there is no doubt what is meant; 2 may be twice as much, or two of a hundred.
        if value > 10.0 {
            return Err(found.suggest(percent));
        }
        let help = format!("write \"{percent}\", or \"{} %\" for {} times as much", value * 100.0, elided(text.trim()));
        return Err(UnitError { help, ..found });
    }
    Ok(value)
}

fn unit_due(text: &str, start: usize, end: usize, dim: Dimension) -> UnitError {
    let number = text[start..end].trim();
    UnitError::new(dim, start..end, format!("'{}' has no unit", elided(number)))
}

/// The error for a word that is no unit of `dim`.
pub(super) fn unknown(text: &str, span: std::ops::Range<usize>, dim: Dimension) -> UnitError {
    let word = text[span.clone()].trim();
    let what = dim.table().what;
    let rate = format!("{word}/s");
    if let Some(unit) = find(&rate, dim) {
        let message = format!("'{}' is a size, and one of the {what} is due", elided(word));
        return UnitError::new(dim, span, message).suggest(unit.word.clone());
    }
    let shown = |d: &Dimension| find(word, *d).is_some_and(|u| matches!(u.role, Role::Print | Role::Listed));
    if let Some(other) = ALL.iter().find(|d| !d.allows_bare() && shown(d)) {
        let message = format!("'{}' is a unit of {}, not of {what}", elided(word), other.table().what);
        return UnitError::new(dim, span, message);
    }
    let error = UnitError::new(dim, span, format!("unknown unit '{}'", elided(word)));
    match nearest_unit(word, dim) {
        Some(near) => error.suggest(near),
        None => error,
    }
}

/// The unit of `dim` that `word` was probably meant to be.
fn nearest_unit(word: &str, dim: Dimension) -> Option<String> {
    let words = dim.table().units.iter().map(|u| u.word.as_str()).filter(|w| !w.is_empty());
    nearest(word, words).map(str::to_owned)
}

/// The candidate nearest to `name`: Damerau–Levenshtein distance of the case-folded names at most 1 + length/4 and
/// less than the length; among equals the one with fewer differences in case, then the first.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    if length == 0 || length > 64 {
        return None;
    }
    let folded = name.to_lowercase();
    let distance = |c: &str| strsim::damerau_levenshtein(&folded, &c.to_lowercase());
    candidates
        .into_iter()
        .map(|c| (distance(c), strsim::damerau_levenshtein(name, c), c))
        .filter(|(d, _, _)| *d <= 1 + length / 4 && *d < length)
        .min_by_key(|(d, cased, _)| (*d, *cased))
        .map(|(_, _, c)| c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn reads(text: &str, dim: Dimension, want: f64) {
        let got = parse(text, dim).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert!((got - want).abs() <= f64::EPSILON * want.abs(), "{text} gave {got}, not {want}");
    }

    #[track_caller]
    fn refuses(text: &str, dim: Dimension, part: &str) -> UnitError {
        let error = parse(text, dim).expect_err(text);
        assert!(error.to_string().contains(part), "{text}: {error}");
        assert!(error.span.end <= text.len() && error.span.start <= error.span.end);
        error
    }

    #[test]
    fn bits_and_bytes_decimal_and_binary_are_told_apart() {
        for (text, want) in [
            ("400 Gbps", 5e10),
            ("400Gb/s", 5e10),
            ("400 Gbit/s", 5e10),
            ("50 GB/s", 5e10),
            ("1 GiB/s", 1_073_741_824.0),
            ("1.6 Tbps", 2e11),
            ("25_000 MBps", 2.5e10),
        ] {
            reads(text, Dimension::ByteRate, want);
        }
        reads("3 EB", Dimension::Bytes, 3e18);
        reads("3EB", Dimension::Bytes, 3e18);
        reads("1 TiB", Dimension::Bytes, 1_099_511_627_776.0);
        reads("1 Tb", Dimension::Bytes, 1.25e11);
    }

    #[test]
    fn the_other_dimensions_read_as_documented() {
        for (text, dim, want) in [
            ("40k", Dimension::Count, 4e4),
            ("1.2 T", Dimension::Count, 1.2e12),
            ("405B", Dimension::Count, 405e9),
            ("40k GPUs", Dimension::Gpus, 4e4),
            ("32k tokens", Dimension::Tokens, 3.2e4),
            ("35 tok/s", Dimension::TokenRate, 35.0),
            ("40k IOPS", Dimension::OpRate, 4e4),
            ("92 %", Dimension::Ratio, 0.92),
            ("92%", Dimension::Ratio, 0.92),
            ("0.92", Dimension::Ratio, 0.92),
            ("142 kW", Dimension::Power, 142e3),
            ("$2.10", Dimension::Money, 2.1),
            ("$3 M", Dimension::Money, 3e6),
            ("$2.10/h", Dimension::MoneyPerHour, 2.1),
            ("$0.018/GB-month", Dimension::MoneyPerByteMonth, 0.018e-9),
            ("1200 mi", Dimension::Distance, 1_931_212.8),
            ("2.5 PFLOP/s", Dimension::Flops, 2.5e15),
            ("3.5e-3 /day", Dimension::PerTime, 3.5e-3 / 86_400.0),
            ("125 MB/s/TiB", Dimension::RatePerCapacity, 125e6 / 1_099_511_627_776.0),
        ] {
            reads(text, dim, want);
        }
        let cuts = parse("2.7 /1000km-year", Dimension::PerDistanceTime).unwrap();
        assert!((cuts * 1e6 * 31_557_600.0 - 2.7).abs() < 1e-12);
    }

    #[test]
    fn slips_get_a_place_and_a_suggestion() {
        let error = refuses("400 Gpbs", Dimension::ByteRate, "unknown unit 'Gpbs', did you mean 'Gbps'?");
        assert_eq!(error.span, 4..8);
        assert!(error.help.contains("Tbps") && error.help.contains("GB/s"), "{}", error.help);
        refuses("400 gbps", Dimension::ByteRate, "did you mean 'Gbps'?");
        refuses("400 Gb", Dimension::ByteRate, "did you mean 'Gb/s'?");
        refuses("400 ms", Dimension::ByteRate, "unit of durations, not of data rates");
        refuses("128 KB", Dimension::Bytes, "did you mean 'kB'?");
        refuses("3 zz", Dimension::Bytes, "unknown unit 'zz'");
        refuses("2.10", Dimension::Money, "did you mean '$2.10'?");
        refuses("92", Dimension::Ratio, "did you mean '92 %'?");
        refuses("1,000 GB", Dimension::Bytes, "comma");
    }

    #[test]
    fn a_number_without_its_unit_says_which_units_fit() {
        let error = refuses("400", Dimension::ByteRate, "'400' has no unit");
        assert!(error.help.contains("Gbps"), "{}", error.help);
        assert!(from_number(400.0, Dimension::ByteRate).unwrap_err().help.contains("Gbps"));
        assert!(from_number(0.5, Dimension::Ratio).is_ok());
        assert!(from_number(50.0, Dimension::Ratio).is_err());
        assert!(from_number(-1.0, Dimension::Count).is_err());
        assert!(from_number(f64::NAN, Dimension::Count).is_err());
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        refuses("-5 Gbps", Dimension::ByteRate, "negative");
        refuses("1e400 B", Dimension::Bytes, "too large");
        refuses("1e300 EB", Dimension::Bytes, "too large");
        refuses("1e-400 B", Dimension::Bytes, "too small");
        refuses("nan B", Dimension::Bytes, "NaN");
        refuses("inf B", Dimension::Bytes, "infinity");
        refuses("1__0 B", Dimension::Bytes, "not a number");
        refuses("1. B", Dimension::Bytes, "not a number");
        refuses("", Dimension::Bytes, "no number");
        refuses("   ", Dimension::Bytes, "no number");
        refuses(&"9".repeat(10_000), Dimension::Bytes, "too long");
        refuses(&format!("1 {}", "µ".repeat(60)), Dimension::Bytes, "unknown unit");
    }

    #[test]
    fn short_names_are_not_corrected_into_something_else() {
        assert_eq!(nearest("x", ["s"]), None);
        assert_eq!(nearest("Dalas", ["dallas", "phoenix"]), Some("dallas"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_makes_the_parsers_panic_and_every_error_points_into_it(
            text in r"[0-9_.eE+\-]{0,6}[ ]?([A-Za-zµ/%$ ]{0,8}|[a-z]{4,11} [a-z]{2,6} .{0,8}|\PC{0,6})"
        ) {
            let calendar = crate::units::parse_duration_or_calendar(&text).map(|_| 0.0);
            let dist = crate::units::parse_dist(&text, Dimension::Duration).map(|_| 0.0);
            for result in ALL.iter().map(|d| parse(&text, *d)).chain([calendar, dist]) {
                match result {
                    Ok(value) => prop_assert!(value.is_finite()),
                    Err(e) => prop_assert!(text.get(e.span.clone()).is_some(), "{:?} {:?}", text, e),
                }
            }
        }
    }
}
