//! Dates, and lengths of time in calendar months.

use super::error::{UnitError, elided};
use super::{Dimension, SimDuration};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// A length of time in whole months, plus a fixed rest (`"2 months 3 d"`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalendarSpan {
    /// Whole months.
    pub months: u32,
    /// Fixed rest in seconds.
    pub seconds: f64,
}

impl CalendarSpan {
    /// The length that starts at midnight UTC of `start`. A month that lacks the day ends on its last one: one month
    /// from 31 January is 28 or 29 February. `None` beyond 292 years or the year 9999.
    pub fn from_date(self, start: Date) -> Option<SimDuration> {
        let end = start.checked_add(jiff::Span::new().try_months(self.months).ok()?).ok()?;
        let days = (midnight(end)?.as_second() - midnight(start)?.as_second()) as f64;
        let total = days + self.seconds;
        (total <= SimDuration::MAX.as_secs_f64()).then(|| SimDuration::from_secs_f64(total))
    }
}

fn midnight(date: Date) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(date.to_datetime(jiff::civil::Time::midnight())).ok()
}

/// Seconds since 1970 of a date (its midnight UTC) or an RFC 3339 instant.
pub(super) fn parse_date(text: &str) -> Result<f64, UnitError> {
    let trimmed = text.trim();
    let dashed = trimmed.as_bytes().get(4) == Some(&b'-');
    let instant = match trimmed.len() {
        _ if !dashed => None,
        10 => trimmed.parse::<Date>().ok().and_then(midnight),
        _ => trimmed.parse::<Timestamp>().ok().or_else(|| utc(trimmed)),
    };
    let seconds = instant.map(|t| t.as_second() as f64 + f64::from(t.subsec_nanosecond()) / 1e9);
    seconds.ok_or_else(|| {
        let start = super::lex::skip_space(text, 0);
        let message = format!("'{}' is not a date", elided(trimmed));
        UnitError::new(Dimension::Date, start..start + trimmed.len(), message)
    })
}

/// A date and time without an offset, read as UTC.
fn utc(text: &str) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok()
}

/// A date (where it is midnight UTC) or an RFC 3339 instant; plain seconds beyond the years that have a date.
pub(super) fn print_date(seconds: f64) -> String {
    let whole = seconds.floor();
    let nanos = ((seconds - whole) * 1e9).round() as i32;
    let instant = (whole.abs() < 2.5e11).then(|| Timestamp::new(whole as i64, nanos.min(999_999_999)).ok()).flatten();
    match instant {
        Some(t) if nanos == 0 && t.as_second().rem_euclid(86_400) == 0 => {
            TimeZone::UTC.to_datetime(t).date().to_string()
        }
        Some(t) => t.to_string(),
        None => format!("{seconds} s since 1970"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn months_follow_the_calendar() {
        let span = |months| CalendarSpan { months, seconds: 0.0 };
        let days = |n: i64| Some(SimDuration::from_secs(n * 86_400));
        assert_eq!(span(1).from_date(date(2026, 1, 31)), days(28));
        assert_eq!(span(1).from_date(date(2028, 1, 31)), days(29));
        assert_eq!(span(12).from_date(date(2026, 1, 5)), days(365));
        assert_eq!(CalendarSpan { months: 1, seconds: 10.0 }.from_date(date(2026, 3, 1)), {
            Some(SimDuration::from_secs(31 * 86_400 + 10))
        });
        assert_eq!(span(u32::MAX).from_date(date(2026, 1, 1)), None);
    }

    #[test]
    fn dates_read_and_print() {
        let day = parse_date("2026-03-01").unwrap();
        assert!((day - 1_772_323_200.0).abs() < 1e-9);
        assert_eq!(print_date(day), "2026-03-01");
        assert_eq!(print_date(day + 1.5), "2026-03-01T00:00:01.5Z");
        assert!((parse_date("2026-03-01T12:00:00Z").unwrap() - day - 43_200.0).abs() < 1e-9);
        assert!((parse_date("2026-03-01T12:00:00").unwrap() - day - 43_200.0).abs() < 1e-9);
        for bad in ["2026-02-30", "tomorrow", "", "2026-3-1", "20260301", "20260301123"] {
            assert!(parse_date(bad).is_err(), "{bad}");
        }
    }
}
