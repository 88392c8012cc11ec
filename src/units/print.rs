//! Quantity to text: exact for files and ledgers, rounded for tables.

use super::dimension::{Role, Unit};
use super::{Dimension, calendar, parse};

/// Writes a quantity so that [`parse`](super::parse()) returns exactly `value` again, in the unit that makes the
/// shortest number; of equally short numbers the one in the largest unit.
///
/// `value` is in the base unit of `dim`. A value that no text can give back (negative, NaN, infinite) is written as
/// [`display`] does.
///
/// # Examples
///
/// ```
/// use apollo_sim::units::{Dimension, print};
/// assert_eq!(print(2e11, Dimension::ByteRate), "1.6 Tbps");
/// assert_eq!(print(0.02, Dimension::Duration), "20 ms");
/// ```
pub fn print(value: f64, dim: Dimension) -> String {
    if dim == Dimension::Date {
        return calendar::print_date(value);
    }
    let units = dim.table().units.iter().filter(|u| matches!(u.role, Role::Print | Role::PrintExact));
    let mut best: Option<(usize, f64, String)> = None;
    for unit in units {
        let Some(number) = exact(value, unit, dim) else { continue };
        let (length, size) = (number.len(), unit.mul / unit.div);
        let better = best
            .as_ref()
            .is_none_or(|(l, s, _)| length < *l || (length == *l && size > *s && unit.role == Role::Print));
        if better {
            best = Some((length, size, attach(&number, unit, dim)));
        }
    }
    best.map_or_else(|| display(value, dim), |(_, _, text)| text)
}

/// A number in digits, as rounding left it: zero has no sign.
///
/// # Examples
///
/// ```
/// use apollo_sim::units::unsigned_zero;
/// assert_eq!(unsigned_zero(format!("{:.1}", -0.04)), "0.0");
/// assert_eq!(unsigned_zero(format!("{:.2}", -0.04)), "-0.04");
/// ```
pub fn unsigned_zero(number: String) -> String {
    match number.strip_prefix('-') {
        Some(rest) if !rest.contains(|c: char| c != '0' && c != '.') => rest.to_owned(),
        _ => number,
    }
}

/// The number that gives `value` back exactly when it is parsed in `unit`, if there is one.
fn exact(value: f64, unit: &Unit, dim: Dimension) -> Option<String> {
    let scaled = value * unit.div / unit.mul;
    if !scaled.is_finite() {
        return None;
    }
    // A short number first: 0.07·100 is 7.000000000000001, but `7 %` gives 0.07 back.
    let short = |digits: usize| format!("{scaled:.digits$e}").parse::<f64>().unwrap_or(scaled);
    [short(5), short(11), short(14), scaled, scaled.next_up(), scaled.next_down()]
        .into_iter()
        .map(plain)
        .find(|n| parse(&attach(n, unit, dim), dim).is_ok_and(|back| back.to_bits() == value.to_bits()))
}

/// A quantity for people: about four significant digits in the unit that keeps the number between 1 and 1000.
///
/// Durations stay in seconds up to two minutes and in minutes up to two hours. NaN gives `n/a`.
///
/// # Examples
///
/// ```
/// use apollo_sim::units::{Dimension, display};
/// assert_eq!(display(0.921_34, Dimension::Ratio), "92.13 %");
/// assert_eq!(display(12.345_6, Dimension::Duration), "12.35 s");
/// ```
pub fn display(value: f64, dim: Dimension) -> String {
    if value.is_nan() {
        return "n/a".to_owned();
    }
    if dim == Dimension::Date {
        return calendar::print_date(value);
    }
    let magnitude = value.abs();
    let sign = if value < 0.0 { "-" } else { "" };
    let unit = display_unit(magnitude, dim);
    let scaled = magnitude * unit.div / unit.mul;
    format!("{sign}{}", attach(&four_digits(scaled), unit, dim))
}

/// The unit a table shows `magnitude` in.
fn display_unit(magnitude: f64, dim: Dimension) -> &'static Unit {
    let mut units: Vec<&Unit> = dim.table().units.iter().filter(|u| u.role == Role::Print).collect();
    units.sort_by(|a, b| (a.mul / a.div).total_cmp(&(b.mul / b.div)));
    let from = |u: &Unit| match (dim, u.word.as_str()) {
        (Dimension::Duration, "min") => 120.0,
        (Dimension::Duration, "h") => 7_200.0,
        (Dimension::Duration, "d") => 172_800.0,
        (_, "") => 0.0,
        // 999.96 would round to 1000 in the smaller unit.
        _ => u.mul / u.div * 0.999_95,
    };
    // Plain numbers read better than suffixes up to 9999.
    let least = if dim.table().bare && !dim.table().units.iter().any(|u| u.word == "%") { 1e4 } else { 0.0 };
    let fitting = units.iter().rev().find(|u| magnitude >= from(u) && (u.word.is_empty() || magnitude >= least));
    let smallest = units.first();
    let zero = units.iter().find(|u| u.mul.to_bits() == u.div.to_bits()).or(smallest);
    let choice = if magnitude > 0.0 { fitting.or(smallest) } else { zero };
    choice.expect("every dimension but dates has a unit to print")
}

/// Number and unit the way they are written together.
fn attach(number: &str, unit: &Unit, dim: Dimension) -> String {
    let table = dim.table();
    let sign = if table.dollar { "$" } else { "" };
    let number = if table.dollar { with_cents(number) } else { number.to_owned() };
    let glued =
        unit.word.is_empty() || (table.dollar && unit.word.starts_with('/')) || (table.bare && unit.word != "%");
    let space = if glued { "" } else { " " };
    format!("{sign}{number}{space}{}", unit.word)
}

/// `2.1` as `2.10`, the way money is written.
fn with_cents(number: &str) -> String {
    match number.split_once('.') {
        Some((_, fraction)) if fraction.len() == 1 => format!("{number}0"),
        _ => number.to_owned(),
    }
}

/// The shortest text of a double, with an exponent only where it is very large or very small.
pub(super) fn plain(number: f64) -> String {
    let magnitude = number.abs();
    if magnitude != 0.0 && !(1e-5..1e15).contains(&magnitude) { format!("{number:e}") } else { format!("{number}") }
}

/// At most four significant digits, no trailing zeros; whole numbers stay whole up to 9999.
fn four_digits(number: f64) -> String {
    if number.is_infinite() {
        return "inf".to_owned();
    }
    let rounded: f64 = format!("{number:.3e}").parse().unwrap_or(number);
    plain(rounded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::dimension::ALL;
    use proptest::prelude::*;

    #[test]
    fn tables_get_short_numbers_in_a_fitting_unit() {
        for (value, dim, want) in [
            (2e11, Dimension::ByteRate, "1.6 Tbps"),
            (2e11, Dimension::Throughput, "200 GB/s"),
            (12.345_6, Dimension::Duration, "12.35 s"),
            (89.2, Dimension::Duration, "89.2 s"),
            (200.0, Dimension::Duration, "3.333 min"),
            (0.921_34, Dimension::Ratio, "92.13 %"),
            (0.0, Dimension::Ratio, "0 %"),
            (2e15, Dimension::Bytes, "2 PB"),
            (999.96e9, Dimension::Bytes, "1 TB"),
            (39_871.3, Dimension::Gpus, "39.87k"),
            (512.0, Dimension::Gpus, "512"),
            (0.25, Dimension::Gpus, "0.25"),
            (0.0, Dimension::ByteRate, "0 bps"),
            (0.0, Dimension::Duration, "0 s"),
            (-0.5, Dimension::Duration, "-500 ms"),
            (2.1, Dimension::MoneyPerHour, "$2.10/h"),
            (3e6, Dimension::Money, "$3 M"),
            (1.33, Dimension::Factor, "1.33"),
            (f64::NAN, Dimension::Bytes, "n/a"),
        ] {
            assert_eq!(display(value, dim), want);
        }
    }

    #[test]
    fn ledgers_get_exact_text_a_planner_would_write() {
        for text_dim in [
            ("1.6 Tbps", Dimension::ByteRate),
            ("20 ms", Dimension::Duration),
            ("6 h", Dimension::Duration),
            ("7 %", Dimension::Ratio),
            ("1.2 %", Dimension::Ratio),
            ("40k", Dimension::Gpus),
            ("8192", Dimension::Count),
            ("1 EB", Dimension::Bytes),
            ("16 GiB", Dimension::Bytes),
            ("$2.10/h", Dimension::MoneyPerHour),
            ("125 MB/s/TiB", Dimension::RatePerCapacity),
            ("2.7 /1000km-year", Dimension::PerDistanceTime),
            ("0.0035 /day", Dimension::PerTime),
            ("$0.018/GB-month", Dimension::MoneyPerByteMonth),
            ("2.5 PFLOP/s", Dimension::Flops),
            ("120 MW", Dimension::Power),
        ] {
            let (text, dim) = text_dim;
            assert_eq!(print(parse(text, dim).unwrap(), dim), text);
        }
        assert_eq!(print(f64::NAN, Dimension::Bytes), "n/a");
        assert_eq!(print(f64::INFINITY, Dimension::Bytes), "inf ZB");
    }

    fn bounded(dim: Dimension, raw: f64) -> f64 {
        match dim {
            Dimension::Duration => raw % 9e9,
            Dimension::Date => (raw % 2e11).floor(),
            // A plain share ends at 1, and not every double above it is a percentage of some double.
            Dimension::Ratio => raw % 1.0,
            _ => raw,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn printed_quantities_parse_back_to_the_same_double(
            exponent in -40.0..60.0f64, mantissa in 1.0..10.0f64, which in 0..ALL.len()
        ) {
            let dim = ALL[which];
            let value = bounded(dim, mantissa * 10f64.powf(exponent / 2.0));
            let text = print(value, dim);
            let back = parse(&text, dim);
            prop_assert_eq!(back.as_ref().map(|v| v.to_bits()), Ok(value.to_bits()), "{} {:?}", text, back);
        }

        #[test]
        fn written_quantities_stay_short(digits in 1u32..10_000, which in 0usize..3) {
            let (unit, dim) = [("Gbps", Dimension::ByteRate), ("%", Dimension::Ratio), ("ms", Dimension::Duration)][which];
            let value = parse(&format!("{} {unit}", f64::from(digits) / 10.0), dim).unwrap();
            prop_assert!(print(value, dim).len() <= 12, "{}", print(value, dim));
        }
    }
}
