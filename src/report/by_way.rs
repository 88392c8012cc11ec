//! What split traffic puts on each of its ways.

use serde_json::{Value, json};

use super::csv;
use super::document::{Section, Table, Tone};
use super::human::{self, NOTHING};
use crate::experiment::results::{RunResults, WayRow};

/// Rows of the report; the others are in `ways.csv`.
const SHOWN: usize = 20;

/// The table of ways; none where no traffic is split.
pub(super) fn section(run: &RunResults) -> Option<Section> {
    let mut table =
        Table::new(&[("sender and pair", false), ("way", false), ("bytes", true), ("share", true), ("rate", true)]);
    for row in run.by_way.iter().take(SHOWN) {
        let rate = row.rate.map_or_else(|| NOTHING.to_owned(), |rate| human::value(rate, "B/s"));
        table.row(
            Tone::Plain,
            vec![
                format!("{} {}-to-{}", row.sender, row.ends.0, row.ends.1),
                row.way.clone(),
                human::value(row.bytes, "B"),
                human::value(row.share, "%"),
                rate,
            ],
        );
    }
    let mut notes = vec![
        "Payload bytes of works, bytes on the wire for demand; the rate is that while something moved there."
            .to_owned(),
    ];
    if run.by_way.len() > SHOWN {
        notes.push(format!("{} more ways are in ways.csv", run.by_way.len() - SHOWN));
    }
    (!table.rows.is_empty()).then(|| Section { heading: "Split traffic by way".to_owned(), table, notes })
}

/// The rows as a member of the object of a run.
pub(super) fn json(rows: &[WayRow]) -> Value {
    let row = |row: &WayRow| {
        json!({
            "sender": row.sender,
            "from": row.ends.0,
            "to": row.ends.1,
            "way": row.way,
            "bytes": row.bytes,
            "share": row.share,
            "rate": row.rate,
        })
    };
    rows.iter().map(row).collect()
}

/// Heads of [`table`].
const HEADS: [&str; 7] = ["sender", "from", "to", "way", "bytes", "share", "rate"];

/// The rows as CSV.
pub(super) fn table(rows: &[WayRow]) -> String {
    let row = |row: &WayRow| {
        vec![
            row.sender.clone(),
            row.ends.0.clone(),
            row.ends.1.clone(),
            row.way.clone(),
            csv::shortest(row.bytes),
            csv::shortest(row.share),
            row.rate.map_or_else(String::new, csv::shortest),
        ]
    };
    csv::table(&HEADS, rows.iter().map(row))
}
