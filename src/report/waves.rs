//! Waves to add: as a table, as JSON and as CSV.

use serde_json::{Value, json};

use super::csv;
use super::document::{Section, Table, Tone};
use super::human;
use crate::experiment::results::RunResults;
use crate::experiment::results::waves::{WaveRow, Waves};

/// Links shown in the report; all of them are in the files.
const SHOWN: usize = 20;

/// The table; nothing where no limit is stated.
pub(super) fn section(run: &RunResults) -> Option<Section> {
    let waves = run.waves.as_ref()?;
    let mut table = Table::new(&[
        ("link", false),
        ("waves", true),
        ("of", true),
        ("offered at most", true),
        ("with down", false),
        ("utilisation", true),
        ("waves to add", true),
        ("utilisation then", true),
    ]);
    let percent = |share: f64| human::value(share, "%");
    let lacking: Vec<&WaveRow> = waves.rows.iter().filter(|row| row.add > 0).collect();
    for row in lacking.iter().take(SHOWN) {
        table.row(
            Tone::Bad,
            vec![
                row.direction.clone(),
                row.waves.to_string(),
                human::value(row.wave, "B/s"),
                human::value(row.offered, "B/s"),
                row.culprit.clone().unwrap_or_else(|| "nothing".to_owned()),
                percent(row.utilisation),
                row.add.to_string(),
                percent(row.utilisation_after),
            ],
        );
    }
    let limit = human::round_value(waves.limit, "%");
    Some(Section {
        heading: format!("Waves to add so that demand fills no link above {limit}: {}", waves.total()),
        table,
        notes: notes(waves, lacking.len()),
    })
}

/// What was looked at, and what the answer is worth.
fn notes(waves: &Waves, lacking: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if lacking > SHOWN {
        notes.push(format!("{} more links are in waves.csv", lacking - SHOWN));
    }
    if let Some(fullest) =
        waves.rows.iter().filter(|row| row.add == 0).max_by(|a, b| a.utilisation.total_cmp(&b.utilisation))
    {
        let (share, at) = (human::value(fullest.utilisation, "%"), &fullest.direction);
        notes.push(format!(
            "{} links stay within the limit, the fullest of them {at} at {share}",
            waves.rows.len() - lacking
        ));
    }
    notes.push(match waves.failures {
        0 => "nothing fails here: state `what_if`, or `--what-if links`, for waves that are enough when something does"
            .to_owned(),
        1 => "with nothing failed and under the one failure of the study, at every hour of the run".to_owned(),
        n => format!("with nothing failed and under each of the {n} failures of the study, at every hour of the run"),
    });
    notes.push(match (waves.least(), waves.by_capacity) {
        (true, true) => "fewer are not enough, whatever the routing".to_owned(),
        (true, false) => {
            "fewer are not enough: routes do not depend on capacity, so each link is decided by itself".to_owned()
        }
        (false, _) => format!(
            "these are enough; fewer than {} are not, whatever the routing; in between nothing is proven",
            waves.at_least
        ),
    });
    if waves.dates > 1 {
        notes.push(format!(
            "what is installed changes by date: each link is shown at the one of {} spans at which it is fullest with the waves added; these stay, and have \
             the size of those beside them",
            waves.dates
        ));
    }
    if let Some((rate, culprit)) = &waves.unrouted {
        let with = culprit.as_ref().map_or_else(String::new, |name| format!(" with {name} down"));
        notes.push(format!(
            "up to {} have no way{with}: no wave on an existing link helps there",
            human::value(*rate, "B/s")
        ));
    }
    if waves.works {
        notes.push("standing demand only: what works send is not counted".to_owned());
    }
    notes
}

/// The answer as a member of the object of a run.
pub(super) fn json(waves: &Waves) -> Value {
    let row = |row: &WaveRow| {
        json!({
            "link": row.link,
            "direction": row.direction,
            "waves": row.waves,
            "wave": row.wave,
            "offered": row.offered,
            "culprit": row.culprit,
            "at_s": row.at_s,
            "utilisation": row.utilisation,
            "add": row.add,
            "utilisation_after": row.utilisation_after,
        })
    };
    json!({
        "limit": waves.limit,
        "add": waves.total(),
        "least": waves.least(),
        "at_least": waves.at_least,
        "failures": waves.failures,
        "unrouted": waves.unrouted.as_ref().map(|(rate, culprit)| json!({ "rate": rate, "culprit": culprit })),
        "links": waves.rows.iter().map(row).collect::<Vec<_>>(),
    })
}

/// Heads of [`table`].
const HEADS: [&str; 10] =
    ["link", "direction", "waves", "wave", "offered", "culprit", "at_s", "utilisation", "add", "utilisation_after"];

/// The answer as CSV: one row per link.
pub(super) fn table(waves: &Waves) -> String {
    let row = |row: &WaveRow| {
        vec![
            row.link.clone(),
            row.direction.clone(),
            row.waves.to_string(),
            csv::shortest(row.wave),
            csv::shortest(row.offered),
            row.culprit.clone().unwrap_or_default(),
            csv::shortest(row.at_s),
            csv::shortest(row.utilisation),
            row.add.to_string(),
            csv::shortest(row.utilisation_after),
        ]
    };
    csv::table(&HEADS, waves.rows.iter().map(row))
}
