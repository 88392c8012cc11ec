//! Random quantities in one line of text: `lognormal median 11 min p99 40 min`.
//!
//! The catalogue and the list of taken values write distributions this way. In a scenario file they are tables.

use super::error::{UnitError, elided};
use super::{Dimension, Dist, parse, print};

/// The 99 % point of the standard normal distribution.
const NORMAL_P99: f64 = 2.326_347_874_040_841;

/// The laws that have words for their parameters.
const LAWS: [(&str, &[&str]); 5] = [
    ("exponential", &["mean"]),
    ("lognormal", &["median", "p99"]),
    ("weibull", &["scale", "shape"]),
    ("uniform", &["from", "to"]),
    ("triangular", &["low", "mode", "high"]),
];

impl Dist {
    /// The lognormal law with this median and 99th percentile: sigma = ln(p99/median)/2.3263.
    ///
    /// Sigma is zero where `p99` does not exceed `median`; callers that read user input refuse that first.
    pub fn lognormal(median: f64, p99: f64) -> Dist {
        let sigma = if p99 > median && median > 0.0 { libm::log(p99 / median) / NORMAL_P99 } else { 0.0 };
        Dist::LogNormal { median, sigma }
    }
}

/// Reads a distribution of a quantity: a bare quantity, or the name of a law followed by its parameters.
///
/// # Errors
///
/// An unknown law, a parameter that is missing or out of order, a quantity that does not parse, or an order of
/// parameters that makes no law (`p99` below the median).
pub fn parse_dist(text: &str, dim: Dimension) -> Result<Dist, UnitError> {
    let trimmed = text.trim();
    let offset = text.len() - text.trim_start().len();
    let name = trimmed.split_whitespace().next().unwrap_or_default();
    let Some((law, names)) = LAWS.iter().find(|(law, _)| *law == name) else {
        if name.chars().all(|c| c.is_ascii_alphabetic()) && name.len() > 3 {
            let error = UnitError::new(dim, offset..offset + name.len(), format!("unknown law '{}'", elided(name)));
            return Err(match parse::nearest(name, LAWS.iter().map(|(l, _)| *l)) {
                Some(near) => error.suggest(near),
                None => error,
            });
        }
        return parse::parse(text, dim).map(Dist::Constant);
    };
    let mut values = Vec::with_capacity(names.len());
    for (i, parameter) in names.iter().enumerate() {
        let from = find_word(text, parameter)
            .ok_or_else(|| UnitError::new(dim, offset..offset + trimmed.len(), format!("{law} needs '{parameter}'")))?
            + parameter.len();
        let to = names.get(i + 1).and_then(|next| find_word(text, next)).unwrap_or(text.len()).max(from);
        let of = if *parameter == "shape" { Dimension::Factor } else { dim };
        let value = parse::parse(&text[from..to], of).map_err(|mut e| {
            e.span = e.span.start + from..e.span.end + from;
            e
        })?;
        values.push(value);
    }
    law_of(law, &values).ok_or_else(|| {
        UnitError::new(dim, offset..offset + trimmed.len(), format!("these parameters make no {law} law"))
    })
}

/// Where `word` stands on its own in `text`.
fn find_word(text: &str, word: &str) -> Option<usize> {
    let alone =
        |i: usize| text[..i].ends_with(char::is_whitespace) && text[i + word.len()..].starts_with(char::is_whitespace);
    text.match_indices(word).map(|(i, _)| i).find(|i| alone(*i))
}

fn law_of(law: &str, v: &[f64]) -> Option<Dist> {
    match law {
        "exponential" => Some(Dist::Exponential { mean: v[0] }),
        "lognormal" => (v[1] >= v[0] && v[0] > 0.0).then(|| Dist::lognormal(v[0], v[1])),
        "weibull" => (v[1] > 0.0).then(|| Dist::Weibull { scale: v[0], shape: v[1] }),
        "uniform" => (v[1] >= v[0]).then(|| Dist::Uniform { from: v[0], to: v[1] }),
        "triangular" => (v[0] <= v[1] && v[1] <= v[2]).then(|| Dist::Triangular { low: v[0], mode: v[1], high: v[2] }),
        _ => None,
    }
}

/// A distribution as [`parse_dist`] reads it; an empirical one as its number of values and range.
pub fn print_dist(dist: &Dist, dim: Dimension) -> String {
    let p = |x: f64| print(x, dim);
    match dist {
        Dist::Constant(x) => p(*x),
        Dist::Exponential { mean } => format!("exponential mean {}", p(*mean)),
        Dist::LogNormal { median, sigma } => {
            let p99 = super::display(median * libm::exp(sigma * NORMAL_P99), dim);
            format!("lognormal median {} p99 {p99}", p(*median))
        }
        Dist::Weibull { scale, shape } => format!("weibull scale {} shape {shape}", p(*scale)),
        Dist::Uniform { from, to } => format!("uniform from {} to {}", p(*from), p(*to)),
        Dist::Triangular { low, mode, high } => {
            format!("triangular low {} mode {} high {}", p(*low), p(*mode), p(*high))
        }
        Dist::Empirical(values) => match (values.first(), values.last()) {
            (Some(low), Some(high)) => format!("{} values from {} to {}", values.len(), p(*low), p(*high)),
            _ => "no values".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_law_reads_and_prints() {
        for text in [
            "20 min",
            "exponential mean 20 min",
            "lognormal median 11 min p99 40 min",
            "weibull scale 2 h shape 0.7",
            "uniform from 1 s to 2 s",
            "triangular low 1 d mode 3 d high 14 d",
        ] {
            let dist = parse_dist(text, Dimension::Duration).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(print_dist(&dist, Dimension::Duration), text);
        }
    }

    #[test]
    fn the_percentile_gives_sigma() {
        let Dist::LogNormal { median, sigma } = Dist::lognormal(11.0, 110.0) else { panic!("not lognormal") };
        assert!((median - 11.0).abs() < 1e-12);
        assert!((sigma - 0.989_786).abs() < 1e-5);
    }

    #[test]
    fn wrong_laws_are_refused() {
        for (text, part) in [
            ("lognornal median 1 s p99 2 s", "did you mean 'lognormal'?"),
            ("lognormal median 1 s", "needs 'p99'"),
            ("lognormal median 4 s p99 2 s", "make no lognormal law"),
            ("uniform from 1 to 2 s", "has no unit"),
            ("uniform to 1 s from 2 s", "no number"),
            ("", "no number"),
        ] {
            let error = parse_dist(text, Dimension::Duration).expect_err(text);
            assert!(error.to_string().contains(part), "{text}: {error}");
        }
    }
}
