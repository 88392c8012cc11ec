//! Works between sites: what each limit alone would allow, so that a planner sees which to move.

use super::document::{Section, Table, Tone};
use super::human;
use crate::experiment::results::{KpiRow, RunResults};

/// Limits in the order of the columns.
const LIMITS: [(&str, &str); 4] =
    [("window_limit", "window"), ("loss_limit", "loss"), ("link_limit", "link"), ("nic_limit", "NIC")];

/// What comes before a transfer is at its full rate; shown where something starts slowly.
const OPENING: [(&str, &str); 2] = [("first_byte", "first byte"), ("slow_start", "slow start")];

/// Whether a KPI stands in this table and not among the others.
pub(super) fn is_way(name: &str) -> bool {
    name.starts_with("path.")
}

/// One row for each work and direction; none in a plan where nothing crosses between sites.
pub(super) fn section(run: &RunResults) -> Option<Section> {
    let rows: Vec<(&str, &str, &KpiRow)> = run
        .kpis
        .iter()
        .filter_map(|kpi| Some((taken(&kpi.name)?, kpi)))
        .map(|((way, measure), kpi)| (way, measure, kpi))
        .collect();
    let slow = rows.iter().any(|(_, measure, _)| *measure == "slow_start");
    let mut columns = vec![("work and way", false), ("round trip", true)];
    columns.extend(OPENING.iter().filter(|_| slow).map(|(_, word)| (*word, true)));
    columns.extend([
        ("lost", true),
        ("window", true),
        ("loss", true),
        ("link", true),
        ("NIC", true),
        ("tightest", false),
    ]);
    let mut table = Table::new(&columns);
    for way in rows.chunk_by(|a, b| a.0 == b.0) {
        table.row(Tone::Plain, cells(way, slow));
    }
    let notes =
        vec!["Each alone, with nothing else on the way, at the start. What did limit is the next table.".to_owned()];
    (!table.rows.is_empty()).then(|| Section {
        heading: "Between sites: what each limit would allow".to_owned(),
        table,
        notes,
    })
}

fn cells(way: &[(&str, &str, &KpiRow)], slow: bool) -> Vec<String> {
    let of = |measure: &str| way.iter().find(|(_, m, _)| *m == measure).map(|(_, _, kpi)| *kpi);
    let shown = |measure: &str| {
        let value = of(measure).and_then(|kpi| Some((kpi.mean?, kpi.unit.as_str())));
        value.map_or_else(|| human::NOTHING.to_owned(), |(x, unit)| human::value(x, unit))
    };
    let mut cells: Vec<String> = vec![way[0].0.replacen('.', " ", 1)];
    cells.push(shown("round_trip"));
    cells.extend(OPENING.iter().filter(|_| slow).map(|(measure, _)| shown(measure)));
    cells.push(of("loss").and_then(|kpi| kpi.mean).map_or_else(|| human::NOTHING.to_owned(), share));
    cells.extend(LIMITS.iter().map(|(measure, _)| shown(measure)));
    let limit = |measure: &str| of(measure).and_then(|kpi| kpi.mean);
    let tightest = LIMITS.iter().filter_map(|(measure, word)| Some((limit(measure)?, word)));
    cells.push(tightest.min_by(|a, b| a.0.total_cmp(&b.0)).map_or_else(String::new, |(_, word)| (*word).to_owned()));
    cells
}

/// Losses matter by their order of magnitude.
fn share(loss: f64) -> String {
    if loss > 0.0 { format!("{loss:.2e}") } else { "0".to_owned() }
}

/// `path.hydrate.phoenix-to-dallas.loss` as `hydrate.phoenix-to-dallas` and `loss`.
fn taken(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix("path.")?.rsplit_once('.')
}
