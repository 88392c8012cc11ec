//! Catalogue files of the user: parts, their figures, and what a calibration says of itself.

use super::{Key, Kind, MAX_COUNT, Need, TableSpec, key};
use crate::units::Dimension;

/// Kinds of parts, as `kind` spells them.
const KINDS: &[&str] = &["node", "storage", "vm", "model", "interconnect"];
/// Words for how sure a figure is. A test compares them with the catalogue's.
const CONFIDENCES: &[&str] = &["quoted", "secondary", "fitted", "derived", "assumption"];

/// A part, without its figures, whose names depend on its kind.
pub static PART: TableSpec = TableSpec {
    header: "[PART]",
    doc: "A part. Every other key is a figure of its kind, as `apollo catalog` lists them.",
    groups: &[&[
        key(
            "like",
            Kind::Text,
            Need::Optional("the part of the same name"),
            "Part that all figures come from that are not stated here.",
        ),
        key(
            "kind",
            Kind::Choice(KINDS),
            Need::Optional("that of the part it is like"),
            "Kind of the part; without `like` and with a new name it must be stated.",
        ),
        key("title", Kind::Text, Need::Optional("that of the part it is like"), "What it is, in one line."),
        key("calibration", Kind::Table(&CALIBRATION), Need::Optional("not calibrated"), "What fitted figures rest on."),
    ]],
    later: &[],
    rules: &[],
};

/// One figure.
pub static FIGURE: TableSpec = TableSpec {
    header: "figure",
    doc: "A figure of a part, with its origin.",
    groups: &[&[
        key("value", Kind::Text, Need::Required, "The value, as a string with its unit."),
        key("source", Kind::Text, Need::Required, "Where it was published or measured, or why it is assumed."),
        key("confidence", Kind::Choice(CONFIDENCES), Need::Required, "How sure it is."),
        key("note", Kind::Text, Need::Optional("none"), "Arithmetic, range or caveat."),
        key("date", Kind::Text, Need::Optional("none"), "When it was published or measured."),
        key("range", Kind::Text, Need::Optional("none"), "Range in which it plausibly lies."),
    ]],
    later: &[],
    rules: &[],
};

/// What `apollo calibrate` says of its work. Nothing is simulated from it.
pub static CALIBRATION: TableSpec = TableSpec {
    header: "calibration",
    doc: "What was fitted to what, and with which error. Errors are means of |predicted / measured - 1|.",
    groups: &[&[
        key("scenario", Kind::Text, Need::Optional("none"), "Scenario that was simulated."),
        key("scenario_digest", Kind::Text, Need::Optional("none"), "SHA-256 of it and all it names."),
        key("measured", Kind::Text, Need::Optional("none"), "Files of measured rows."),
        key("measured_digest", Kind::Text, Need::Optional("none"), "SHA-256 of them."),
        key("version", Kind::Text, Need::Optional("none"), "Version of the program."),
        key("fitted", Kind::Text, Need::Optional("none"), "Coefficients that were fitted."),
        count("rows", "Rows the coefficients were fitted to."),
        count("held_out_rows", "Rows that were held out of the fit."),
        error("error_before", "Error on the fitted rows before."),
        error("error_after", "Error on the fitted rows after."),
        error("held_out_error_before", "Error on the held-out rows before."),
        error("held_out_error_after", "Error on the held-out rows after."),
    ]],
    later: &[],
    rules: &[],
};

const fn count(name: &'static str, doc: &'static str) -> Key {
    key(name, Kind::Whole(Dimension::Count), Need::Optional("none"), doc).within(0.0, MAX_COUNT)
}

const fn error(name: &'static str, doc: &'static str) -> Key {
    key(name, Kind::Quantity(Dimension::Ratio), Need::Optional("none"), doc).within(0.0, f64::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Confidence, kinds};

    #[test]
    fn words_are_those_of_the_catalogue() {
        assert_eq!(kinds().iter().map(|k| k.name()).collect::<Vec<_>>(), KINDS);
        assert!(CONFIDENCES.iter().all(|word| Confidence::from_word(word).is_some_and(|c| c.word() == *word)));
    }
}
