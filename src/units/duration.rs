//! Lengths of time: fixed ones in seconds, and calendar ones in months.

use super::calendar::CalendarSpan;
use super::error::{UnitError, elided};
use super::{Dimension, SimDuration, lex, parse};
use std::ops::Range;

const DIM: Dimension = Dimension::Duration;

/// A length of time as a planner writes it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Span {
    /// A fixed length in seconds.
    Fixed(f64),
    /// A length in calendar months, which only a start date turns into seconds.
    Calendar(CalendarSpan),
}

/// Reads a duration that may be a calendar one: everything [`parse`](super::parse()) takes as a
/// [`Dimension::Duration`], and `"3 months"`, `"2 years"`, `"1 year 6 months"`, `"P1Y6M"`.
///
/// # Errors
///
/// As for [`parse`](super::parse()); also a fraction of a month or year, and more than 292 years.
pub fn parse_duration_or_calendar(text: &str) -> Result<Span, UnitError> {
    parse::guard_length(text, DIM)?;
    let (seconds, months) = read(text)?;
    if months == 0.0 {
        return Ok(Span::Fixed(seconds));
    }
    Ok(Span::Calendar(CalendarSpan { months: months as u32, seconds }))
}

/// A fixed duration in seconds; months and years are refused.
pub(super) fn parse_fixed(text: &str) -> Result<f64, UnitError> {
    let (seconds, months) = read(text)?;
    if months > 0.0 {
        let message = "months and years have no fixed length, and a fixed duration is due: write days or weeks";
        return Err(UnitError::new(DIM, whole(text), message));
    }
    Ok(seconds)
}

fn whole(text: &str) -> Range<usize> {
    let start = lex::skip_space(text, 0);
    start..text.trim_end().len().max(start)
}

/// Seconds and months of a text, both checked against the longest time that can be simulated.
fn read(text: &str) -> Result<(f64, f64), UnitError> {
    let Range { start, end } = whole(text);
    let (seconds, months) = match text[start..end].starts_with('P') {
        true => read_iso(text, start, end)?,
        false => read_words(text, start, end)?,
    };
    let too_long = UnitError::new(DIM, start..end, format!("'{}' is longer than 292 years", elided(&text[start..end])));
    // 292 years are 3504 months; the sum is checked in years that are a little too long.
    if seconds + months * 2.68e6 > SimDuration::MAX.as_secs_f64() { Err(too_long) } else { Ok((seconds, months)) }
}

/// `1h30m`, `2 d 12 h`, `60 s`: numbers with unit words, each unit smaller than the one before.
fn read_words(text: &str, start: usize, end: usize) -> Result<(f64, f64), UnitError> {
    let (mut seconds, mut months, mut at, mut last) = (0.0, 0.0, start, f64::INFINITY);
    loop {
        let number = lex::number(text, at, DIM)?;
        let word_at = lex::skip_space(text, number.end).min(end);
        let word_end = word_at + text[word_at..end].find(|c: char| !c.is_alphabetic()).unwrap_or(end - word_at);
        if word_at == word_end {
            return Err(match word_at == end {
                true => UnitError::new(DIM, at..end, format!("'{}' has no unit", elided(&text[at..end]))),
                false => parse::unknown(text, word_at..end, DIM),
            });
        }
        let step = time_unit(text, word_at..word_end, last)?;
        if step.size() >= last {
            let message = format!("'{}' follows a smaller or equal unit", &text[word_at..word_end]);
            return Err(UnitError::new(DIM, word_at..word_end, message));
        }
        last = step.size();
        match step {
            Step::Seconds { mul, div } => seconds += number.value * mul / div,
            Step::Months(n) => months += whole_months(number.value, n, at..word_end)?,
        }
        at = lex::skip_space(text, word_end);
        if at >= end {
            return Ok((seconds, months));
        }
    }
}

/// What one unit word adds.
enum Step {
    Seconds { mul: f64, div: f64 },
    Months(f64),
}

impl Step {
    /// An approximate length, for the order of units in a compound.
    fn size(&self) -> f64 {
        match self {
            Step::Seconds { mul, div } => mul / div,
            Step::Months(n) => n * 2.6e6,
        }
    }
}

fn time_unit(text: &str, span: Range<usize>, last: f64) -> Result<Step, UnitError> {
    const HOUR: f64 = 3600.0;
    let word = &text[span.clone()];
    match word {
        "month" | "months" | "mo" => return Ok(Step::Months(1.0)),
        "year" | "years" | "yr" | "y" => return Ok(Step::Months(12.0)),
        // `1h30m` is plain; a lone `30 m` could be minutes, months or metres.
        "m" if (HOUR..f64::INFINITY).contains(&last) => return Ok(Step::Seconds { mul: 60.0, div: 1.0 }),
        "m" => {
            return Err(UnitError::new(DIM, span, "'m' alone could be minutes, months or metres").suggest("min"));
        }
        _ => {}
    }
    match DIM.table().units.iter().find(|u| u.word == word) {
        Some(unit) => Ok(Step::Seconds { mul: unit.mul, div: unit.div }),
        None => Err(parse::unknown(text, span, DIM)),
    }
}

fn whole_months(value: f64, each: f64, span: Range<usize>) -> Result<f64, UnitError> {
    if value.fract() != 0.0 {
        return Err(UnitError::new(DIM, span, "months and years come whole: write days or weeks for a part"));
    }
    if value > 1e6 {
        return Err(UnitError::new(DIM, span, "this is longer than 292 years"));
    }
    Ok(value * each)
}

/// `P1Y6M`, `P2W`, `P1DT12H`, `PT90M`: ISO 8601, from the `P` at `start`.
fn read_iso(text: &str, start: usize, end: usize) -> Result<(f64, f64), UnitError> {
    let (mut seconds, mut months, mut at, mut clock, mut rank) = (0.0, 0.0, start + 1, false, 0);
    let malformed =
        || UnitError::new(DIM, start..end, format!("'{}' is not an ISO 8601 duration", elided(&text[start..end])));
    while at < end {
        if text[at..end].starts_with('T') && !clock {
            (clock, at) = (true, at + 1);
            continue;
        }
        let number = lex::number(text, at, DIM).map_err(|_| malformed())?;
        let letter = text[number.end..end].chars().next().ok_or_else(malformed)?;
        let (order, mul) = match (clock, letter) {
            (false, 'Y') => (1, 0.0),
            (false, 'M') => (2, 0.0),
            (false, 'W') => (3, 604_800.0),
            (false, 'D') => (4, 86_400.0),
            (true, 'H') => (5, 3600.0),
            (true, 'M') => (6, 60.0),
            (true, 'S') => (7, 1.0),
            _ => return Err(malformed()),
        };
        if order <= rank {
            return Err(malformed());
        }
        rank = order;
        seconds += number.value * mul;
        if order <= 2 {
            let each = if order == 1 { 12.0 } else { 1.0 };
            months += whole_months(number.value, each, at..number.end + 1)?;
        }
        at = number.end + 1;
    }
    if rank == 0 || text[start..end].ends_with('T') { Err(malformed()) } else { Ok((seconds, months)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::parse;

    #[test]
    fn fixed_durations_read_in_every_documented_form() {
        for (text, want) in [
            ("60 s", 60.0),
            ("20 ms", 0.02),
            ("7 µs", 7e-6),
            ("1h30m", 5400.0),
            ("1 h 30 min", 5400.0),
            ("2d12h", 216_000.0),
            ("90 d", 7_776_000.0),
            ("6 weeks", 3_628_800.0),
            ("1.5 h", 5400.0),
            ("PT90M", 5400.0),
            ("P1DT12H", 129_600.0),
            ("P2W", 1_209_600.0),
        ] {
            let got = parse(text, DIM).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert!((got - want).abs() < 1e-15 * want.max(1.0), "{text} gave {got}");
        }
    }

    #[test]
    fn months_and_years_are_calendar_spans() {
        for (text, months) in [("3 months", 3), ("2 years", 24), ("1 year 6 months", 18), ("P1Y6M", 18)] {
            assert_eq!(
                parse_duration_or_calendar(text),
                Ok(Span::Calendar(CalendarSpan { months, seconds: 0.0 })),
                "{text}"
            );
            assert!(parse(text, DIM).unwrap_err().message.contains("no fixed length"), "{text}");
        }
        assert_eq!(parse_duration_or_calendar("6 weeks"), Ok(Span::Fixed(3_628_800.0)));
        assert!(parse_duration_or_calendar("1.5 months").unwrap_err().message.contains("whole"));
    }

    #[test]
    fn wrong_durations_are_refused_with_the_place() {
        for (text, part) in [
            ("30", "has no unit"),
            ("30 m", "'m' alone"),
            ("30 Min", "did you mean 'min'?"),
            ("1h 30", "has no unit"),
            ("30 min 2 h", "follows a smaller"),
            ("-5 s", "negative"),
            ("300 years", "292 years"),
            ("1e12 h", "292 years"),
            ("1e400 s", "too large"),
            ("P", "ISO 8601"),
            ("PT", "ISO 8601"),
            ("P1H", "ISO 8601"),
            ("PT1D", "ISO 8601"),
            ("P1é", "ISO 8601"),
            ("5 s/", "does not start with a number"),
            ("5 /s", "unit of events per time"),
            ("inf s", "infinity"),
        ] {
            let error = parse_duration_or_calendar(text).expect_err(text);
            assert!(error.to_string().contains(part), "{text}: {error}");
            assert!(text.get(error.span.clone()).is_some(), "{text}: {:?}", error.span);
        }
    }
}
