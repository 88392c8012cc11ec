//! Numbers as a planner reads them: about four significant digits and a unit that fits the size.

use crate::kpi;
use crate::units::{Dimension, unsigned_zero};

/// A unit to print in: a base value divided by `factor` is a number of `word`s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Base units in one of this unit.
    pub factor: f64,
    /// What to print after the number; may be empty.
    pub word: &'static str,
    /// Counts of whole things are printed to the last one, however many digits that takes.
    pub whole: bool,
}

impl Scale {
    /// The word to print after the number: that of the scale, or the unit itself where it has no scales.
    pub fn word_or<'a>(&self, unit: &'a str) -> &'a str {
        if self.word.is_empty() { unit_word(unit) } else { self.word }
    }
}

/// Unit of a plain number of things; printed without a word.
const COUNT: &str = "count";

/// Stands where there is no value.
pub const NOTHING: &str = "—";

/// Significant digits of a value.
const DIGITS: i32 = 4;
/// Significant digits of an uncertainty.
const SPREAD_DIGITS: i32 = 2;

/// Numbers from here on are printed with an exponent: nobody counts the commas.
const LARGEST: f64 = 1e12;

const SECONDS: [(f64, f64, &str); 7] = [
    (1e-6, 1e-9, "ns"),
    (1e-3, 1e-6, "µs"),
    (1.0, 1e-3, "ms"),
    (1000.0, 1.0, "s"),
    (7200.0, 60.0, "min"),
    (172_800.0, 3600.0, "h"),
    (f64::INFINITY, 86_400.0, "d"),
];
const BYTES: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
const BYTE_RATES: [&str; 7] = ["B/s", "kB/s", "MB/s", "GB/s", "TB/s", "PB/s", "EB/s"];
const BIT_RATES: [&str; 5] = ["bps", "kbps", "Mbps", "Gbps", "Tbps"];
const WATTS: [&str; 4] = ["W", "kW", "MW", "GW"];
const OPERATIONS: [&str; 4] = ["op/s", "kop/s", "Mop/s", "Gop/s"];
const TOKENS: [&str; 4] = ["tok/s", "ktok/s", "Mtok/s", "Gtok/s"];
const FLOPS: [&str; 7] = ["FLOP/s", "kFLOP/s", "MFLOP/s", "GFLOP/s", "TFLOP/s", "PFLOP/s", "EFLOP/s"];

/// The unit in which a value of about `magnitude` in the base unit `unit` reads best.
///
/// A unit word that is not known keeps the number as it is; the caller prints the word itself.
pub fn scale(unit: &str, magnitude: f64) -> Scale {
    let size = magnitude.abs();
    match unit {
        "s" => seconds(size),
        "B" => stepped(size, &BYTES),
        "B/s" => stepped(size, &BYTE_RATES),
        "bit/s" | "bps" => stepped(size, &BIT_RATES),
        "W" => stepped(size, &WATTS),
        "op/s" => stepped(size, &OPERATIONS),
        "tok/s" => stepped(size, &TOKENS),
        "FLOP/s" => stepped(size, &FLOPS),
        "%" => Scale { factor: 0.01, word: "%", whole: false },
        COUNT | "GPU" | "version" | "step" | "rack" => Scale { factor: 1.0, word: "", whole: true },
        _ => Scale { factor: 1.0, word: "", whole: false },
    }
}

/// Zero reads best in whole seconds, everything else in the first unit it is not too large for.
fn seconds(size: f64) -> Scale {
    let wanted = if size == 0.0 { 1.0 } else { size };
    let (_, factor, word) = SECONDS.into_iter().find(|row| wanted < row.0).unwrap_or(SECONDS[6]);
    Scale { factor, word, whole: false }
}

/// Steps of one thousand.
fn stepped(size: f64, words: &[&'static str]) -> Scale {
    let mut factor = 1.0;
    let mut step = 0;
    // 999.95 would print as 1000: the next unit starts where four digits round up to it.
    while step + 1 < words.len() && size / factor >= 999.95 {
        factor *= 1000.0;
        step += 1;
    }
    Scale { factor, word: words[step], whole: false }
}

/// The unit word to print a KPI in: shares as per cent, all else in its own unit.
///
/// Whether a number without unit is a share, a count or a factor is known to the registry; an unknown KPI is taken for
/// a factor.
pub fn display_unit<'a>(name: &str, unit: &'a str) -> &'a str {
    if unit != "1" {
        return unit;
    }
    match kpi::lookup(name).map(|found| found.kpi.dimension) {
        Ok(Dimension::Ratio) => "%",
        Ok(Dimension::Count) => COUNT,
        _ => unit,
    }
}

/// A number in the unit of `scale`, to four significant digits (counts: to the last one).
pub fn number(value: f64, scale: Scale) -> String {
    if !value.is_finite() {
        return if value.is_nan() { NOTHING.to_owned() } else { format!("{value}") };
    }
    let shown = value / scale.factor;
    if shown.abs() >= LARGEST {
        return format!("{shown:.3e}");
    }
    let decimals = if scale.whole { whole_decimals(shown) } else { decimals(shown, DIGITS) };
    grouped(&unsigned_zero(format!("{shown:.decimals$}")))
}

/// A value with its unit: `43.21 s`, `1.600 TB/s`, `119,842 GPU`.
pub fn value(value: f64, unit: &str) -> String {
    if unit == "date" {
        return date(value).unwrap_or_else(|| NOTHING.to_owned());
    }
    if !value.is_finite() {
        return number(value, scale(unit, 0.0));
    }
    let scale = scale(unit, value);
    join(&number(value, scale), scale.word_or(unit))
}

/// A value as written by a person, without padding zeros: `60 s`, `92 %`.
pub fn round_value(v: f64, unit: &str) -> String {
    let text = value(v, unit);
    match text.split_once(' ') {
        Some((number, word)) if number.contains('.') => {
            format!("{} {word}", number.trim_end_matches('0').trim_end_matches('.'))
        }
        None if text.contains('.') => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        _ => text,
    }
}

/// The word to print for a unit that has no scales; plain numbers have none.
pub fn unit_word(unit: &str) -> &str {
    if unit == "1" || unit == COUNT { "" } else { unit }
}

/// An interval around `mean` in the unit of `scale`: `± 1.2`, `[40.1, 47.9]` when it is lopsided, `± 0` when it has no width.
pub fn interval(mean: f64, [lo, hi]: [f64; 2], scale: Scale) -> String {
    let (down, up) = (mean - lo, hi - mean);
    let width = hi - lo;
    // Both halves carry the rounding of the ends; that of a share is that of one, however small it is itself.
    let size = if scale.word == "%" { mean.abs().max(1.0) } else { mean.abs() };
    let rounding = 1e-12 * size;
    if width <= rounding {
        return "± 0".to_owned();
    }
    if !(width.is_finite() && mean.is_finite()) || (up - down).abs() > 1e-6 * width.abs() + rounding {
        return format!("[{}, {}]", number(lo, scale), number(hi, scale));
    }
    format!("± {}", spread(0.5 * width / scale.factor))
}

/// An interval of any unit; that of a date is a length of time.
pub fn interval_in(unit: &str, mean: f64, ci: [f64; 2]) -> String {
    match unit {
        "date" if ci[1] > ci[0] => format!("± {}", value(0.5 * (ci[1] - ci[0]), "s")),
        _ => interval(mean, ci, scale(unit, mean)),
    }
}

/// An uncertainty to two significant digits, with an exponent where it would need more than five zeros.
fn spread(shown: f64) -> String {
    if exponent(shown, SPREAD_DIGITS) < -5 {
        return format!("{shown:.1e}");
    }
    let decimals = decimals(shown, SPREAD_DIGITS);
    grouped(&format!("{shown:.decimals$}"))
}

/// A date KPI (seconds since 1970-01-01 UTC) as RFC 3339; `None` outside the years that can be written.
pub fn date(seconds: f64) -> Option<String> {
    if !seconds.is_finite() {
        return None;
    }
    // `as` saturates, and jiff refuses what lies outside its range.
    jiff::Timestamp::from_second(seconds.round() as i64).ok().map(|t| t.to_string())
}

/// A count with commas: `12,345,678`.
pub fn count(n: u64) -> String {
    grouped(&n.to_string())
}

/// Decimals that show `digits` significant digits of `value`, at most six.
fn decimals(value: f64, digits: i32) -> usize {
    if value == 0.0 {
        return 0;
    }
    (digits - 1 - exponent(value, digits)).clamp(0, 6) as usize
}

/// Whole things: no decimals from one thousand on, four digits below.
fn whole_decimals(value: f64) -> usize {
    if value.abs() >= 1000.0 || value.fract() == 0.0 { 0 } else { decimals(value, DIGITS) }
}

/// Decimal exponent of `value` after rounding to `digits` significant digits.
pub(super) fn exponent(value: f64, digits: i32) -> i32 {
    let text = format!("{value:.*e}", (digits - 1).max(0) as usize);
    text.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0)
}

/// Commas between groups of three digits, from five digits on.
pub(super) fn grouped(text: &str) -> String {
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |r| ("-", r));
    let (whole, fraction) = rest.split_once('.').map_or((rest, None), |(w, f)| (w, Some(f)));
    let mut out = String::from(sign);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && whole.len() > 4 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// Number and unit with a space between, or the number alone.
pub(super) fn join(number: &str, word: &str) -> String {
    if word.is_empty() { number.to_owned() } else { format!("{number} {word}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_take_the_unit_that_fits() {
        let cases = [
            (43.2134, "s", "43.21 s"),
            (0.0, "s", "0 s"),
            (0.0201, "s", "20.10 ms"),
            (1e-7, "s", "100.0 ns"),
            (999.94, "s", "999.9 s"),
            (5400.0, "s", "90.00 min"),
            (21600.0, "s", "6.000 h"),
            (864_000.0, "s", "10.00 d"),
            (2e15, "B", "2.000 PB"),
            (3e18, "B", "3.000 EB"),
            (999_960.0, "B", "1.000 MB"),
            (2e11, "B/s", "200.0 GB/s"),
            (0.923_14, "%", "92.31 %"),
            (119_842.3, "GPU", "119,842 GPU"),
            (119.23, "GPU", "119.2 GPU"),
            (118.0, "GPU", "118 GPU"),
            (4.0, "version", "4 version"),
            (2.357_4, "version", "2.357 version"),
            (9.0, "count", "9"),
            (1.42e8, "W", "142.0 MW"),
            (3.25, "1", "3.250"),
            (12345.678, "token/s", "12,346 token/s"),
            (f64::NAN, "s", "—"),
            (-0.0, "s", "0 s"),
            (-1e-12, "%", "0.000000 %"),
            (-0.5, "%", "-50.00 %"),
        ];
        for (v, unit, expected) in cases {
            assert_eq!(value(v, unit), expected, "{v} {unit}");
        }
    }

    #[test]
    fn written_limits_lose_their_padding() {
        assert_eq!(round_value(60.0, "s"), "60 s");
        assert_eq!(round_value(0.92, "%"), "92 %");
        assert_eq!(round_value(1.5, "1"), "1.5");
        assert_eq!(round_value(100.0, "GPU"), "100 GPU");
    }

    #[test]
    fn intervals_say_what_they_are() {
        let s = scale("s", 43.2);
        assert_eq!(interval(43.2, [42.0, 44.4], s), "± 1.2");
        assert_eq!(interval(43.2, [43.2, 43.2], s), "± 0");
        assert_eq!(interval(4.96, [4.96 - 3e-8, 4.96 + 3e-8], scale("s", 4.96)), "± 3.0e-8");
        assert_eq!(
            interval(1.0, [1.0 - 1e-15, 1.0 + 2e-15], scale("%", 1.0)),
            "± 0",
            "the rounding of sums is no spread"
        );
        assert_eq!(interval(1e-14, [-1e-14, 3e-14], scale("%", 1e-14)), "± 0");
        assert_eq!(interval_in("date", 1e9, [1e9 - 90.0, 1e9 + 90.0]), "± 90.00 s");
        assert_eq!(interval(43.2, [42.0, 50.0], s), "[42.00, 50.00]");
        assert_eq!(interval(0.9, [0.85, 0.95], scale("%", 0.9)), "± 5.0");
    }

    #[test]
    fn shares_are_per_cent_but_factors_are_not() {
        assert_eq!(display_unit("link.a.x-to-y.utilisation", "1"), "%");
        assert_eq!(display_unit("transfer.x.slowdown", "1"), "1");
        assert_eq!(display_unit("rl.online.feedback_time", "s"), "s");
    }

    #[test]
    fn dates_are_rfc_3339() {
        assert_eq!(date(1_767_571_200.0).as_deref(), Some("2026-01-05T00:00:00Z"));
        assert_eq!(date(1e300), None);
        assert_eq!(date(f64::NAN), None);
    }

    proptest! {
        /// What is printed differs from the value by at most half a unit of the fourth digit.
        #[test]
        fn four_digits_are_kept(mantissa in 1.0f64..10.0, exp in -8i32..18) {
            let v = mantissa * 10f64.powi(exp);
            for unit in ["s", "B", "B/s", "W"] {
                let s = scale(unit, v);
                let back: f64 = number(v, s).replace(',', "").parse().unwrap();
                let error = (back * s.factor - v).abs();
                prop_assert!(error <= 0.500_001e-3 * v || error <= 0.51e-6 * s.factor, "{} → {}", v, number(v, s));
            }
        }
    }
}
