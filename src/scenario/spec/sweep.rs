//! `[sweep]`: keys of the design beside the addresses, and ranges.

use super::{Kind, Need, TableSpec, assumed, key};
use crate::units::Dimension;

/// Most cells of one sweep. Assumption: a cluster of a thousand cores runs so many in a day.
pub const MAX_CELLS: f64 = 1e6;

/// Designs in the order of [`crate::scenario::sweep::Design`].
pub const DESIGNS: &[&str] = &["grid", "list", "lhs", "sobol", "random"];

/// `[sweep]`; every other key of the table is an address.
pub static SWEEP: TableSpec = TableSpec {
    header: "[sweep]",
    doc: "Variants for `apollo sweep`. Every key that is not in this table is an address in quotes, as `--set` takes it (`*` stands for any run of \
          characters), with the list of values to try, or with a range.",
    groups: &[&[
        key(
            "design",
            Kind::Choice(DESIGNS),
            assumed("grid", "every combination is what a table of values means"),
            "Which combinations: `grid` all, the first address changing slowest; `list` the first value of every address, then the second, …; `lhs` a Latin hypercube, \
             `sobol` a shifted Sobol sequence, `random` independent draws, `samples` of them.",
        ),
        key(
            "samples",
            Kind::Whole(Dimension::Count),
            Need::Optional("required by `lhs`, `sobol` and `random`"),
            "Number of points of a sampled design; a power of two suits `sobol`.",
        )
        .within(1.0, MAX_CELLS),
        key(
            "linked",
            Kind::TextLists,
            Need::Optional("every address varies by itself"),
            "Groups of addresses that change together, value by value.",
        ),
        key(
            "where",
            Kind::Texts,
            Need::Optional("every combination is run"),
            "Conditions that a cell must meet, all of them: two addresses of the sweep, or one and a value, with `<`, `<=`, `>`, `>=`, `=` or `!=` between them.",
        ),
    ]],
    later: &[],
    rules: &[],
};

/// A range in place of a list of values.
pub static RANGE: TableSpec = TableSpec {
    header: "range",
    doc: "Values between two ends, for an address that takes a number or a quantity.",
    groups: &[&[
        key("from", Kind::Limit, Need::Required, "Lower end, with its unit."),
        key("to", Kind::Limit, Need::Required, "Upper end, with its unit."),
        key(
            "scale",
            Kind::Choice(&["linear", "log"]),
            assumed("linear", "equal steps are equal differences"),
            "Equal steps are equal differences, or equal ratios.",
        ),
        key(
            "steps",
            Kind::Whole(Dimension::Count),
            Need::Optional("required by `grid` and `list`"),
            "Number of values, both ends among them; sampled designs take any value between the ends instead.",
        )
        .within(2.0, MAX_CELLS),
    ]],
    later: &[],
    rules: &[],
};
