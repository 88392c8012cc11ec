//! Regular expressions for the JSON schema, so that an editor marks a wrong unit while it is typed.

use super::Dimension;

const NUMBER: &str = r"[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][+\-]?[0-9]+)?";

/// An anchored regular expression (ECMA 262) that the texts of `dim` match.
///
/// It is a little wider than [`parse`](super::parse()): ranges, and the order of units in `1h30m`, are not expressed.
pub fn pattern(dim: Dimension) -> String {
    let number = NUMBER;
    match dim {
        Dimension::Date => {
            r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+\-][0-9]{2}:[0-9]{2})?)?$"
                .to_owned()
        }
        Dimension::Duration => {
            format!("^(P([0-9.]+[YMWD])*(T([0-9.]+[HMS])+)?|({number} *({}|m) *)+)$", words(dim))
        }
        _ => {
            let dollar = if dim.table().dollar { r"\$ *" } else { "" };
            format!("^{dollar}{number} *({})$", words(dim))
        }
    }
}

/// The pattern of a duration that may also be a calendar one.
pub fn pattern_duration_or_calendar() -> String {
    let fixed = words(Dimension::Duration);
    let number = NUMBER;
    format!("^(P([0-9.]+[YMWD])*(T([0-9.]+[HMS])+)?|({number} *({fixed}|m|months?|mo|years?|yr|y) *)+)$")
}

/// All unit words as alternatives, a space allowed between a number's suffix and a noun (`40k GPUs`).
fn words(dim: Dimension) -> String {
    let mut words: Vec<String> = dim.table().units.iter().map(|u| escape(&u.word)).collect();
    if dim.table().bare {
        let units = &dim.table().units;
        let spaced = |u: &super::dimension::Unit| {
            let (suffix, noun) = u.word.split_at_checked(1)?;
            let known = |word: &str| units.iter().any(|u| u.word == word);
            (!noun.is_empty() && known(suffix) && known(noun)).then(|| format!("{suffix} {}", escape(noun)))
        };
        words.extend(dim.table().units.iter().filter_map(spaced));
    }
    words.join("|")
}

fn escape(word: &str) -> String {
    word.replace('.', r"\.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::dimension::ALL;
    use crate::units::parse;
    use proptest::prelude::*;
    use proptest::string::string_regex;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_the_pattern_allows_is_read_or_refused_for_its_range(
            (which, text) in (0..ALL.len()).prop_flat_map(|which| {
                let pattern = pattern(ALL[which]);
                let body = pattern.trim_start_matches('^').trim_end_matches('$').to_owned();
                (Just(which), string_regex(&body).unwrap())
            })
        ) {
            let dim = ALL[which];
            // Order of units, calendar days and plain shares above 1 are checked by the parser alone.
            prop_assume!(!matches!(dim, Dimension::Duration | Dimension::Date | Dimension::Ratio));
            match parse(&text, dim) {
                Ok(value) => prop_assert!(value.is_finite() && value >= 0.0),
                Err(e) => prop_assert!(
                    ["too large", "too small", "not a number", "too long"].iter().any(|m| e.message.contains(m)),
                    "{} {}", text, e
                ),
            }
        }
    }

    #[test]
    fn patterns_carry_the_units() {
        assert!(pattern(Dimension::ByteRate).contains("Gbps|"));
        assert!(pattern(Dimension::Gpus).contains("k GPUs"));
        assert!(!pattern(Dimension::Gpus).contains("G PU"));
        assert!(pattern(Dimension::Money).starts_with(r"^\$"));
    }
}
