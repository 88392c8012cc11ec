//! How stale trajectories are when they train: the share of each lag in versions.

use serde_json::{Value, json};

use super::document::{Section, Table, Tone};
use super::sections::share_cells;
use crate::experiment::results::{Distribution, RunResults};

/// More rows than this are joined into the last.
const MOST_ROWS: usize = 16;

/// Distributions of the lag of RL works.
pub(super) fn of(run: &RunResults) -> impl Iterator<Item = &Distribution> {
    run.distributions.iter().filter(|d| d.name.starts_with("rl.") && d.name.ends_with(".lag"))
}

/// Name of the work.
pub(super) fn work(d: &Distribution) -> &str {
    d.name.trim_start_matches("rl.").trim_end_matches(".lag")
}

/// Each lag, a whole number from 0 to the largest, with the share of the trajectories that had it when they trained.
pub(super) fn shares(d: &Distribution) -> Vec<(f64, f64)> {
    let last = d.values.last().map_or(0, |lag| lag.round() as usize);
    let mut all: Vec<(f64, f64)> = (0..=last).map(|lag| (lag as f64, 0.0)).collect();
    for (lag, share) in d.values.iter().zip(&d.shares) {
        if let Some(row) = all.get_mut(lag.round() as usize) {
            row.1 += share;
        }
    }
    all
}

/// One table for each RL work in which something trained.
pub(super) fn sections(run: &RunResults) -> Vec<Section> {
    of(run).filter(|d| !d.values.is_empty()).map(section).collect()
}

/// One object for each RL work in which something trained: `{"work", "max_lag", "shares": [{"lag", "share"}]}`.
pub(super) fn json(run: &RunResults) -> Vec<Value> {
    of(run).filter(|d| !d.values.is_empty()).map(object).collect()
}

fn object(d: &Distribution) -> Value {
    let rows = shares(d).into_iter().map(|(lag, share)| json!({ "lag": lag as u64, "share": share }));
    json!({ "work": work(d), "max_lag": d.limit.map(|bound| bound as u64), "shares": rows.collect::<Vec<_>>() })
}

fn section(d: &Distribution) -> Section {
    let mut rows = shares(d);
    let rest: f64 = rows.iter().skip(MOST_ROWS).map(|row| row.1).sum();
    let joined = rows.len() > MOST_ROWS;
    rows.truncate(MOST_ROWS);
    let mut table = Table::new(&[("lag", false), ("share", true), ("", false), ("this or less", true)]);
    let mut sum = 0.0;
    let named = rows.iter().map(|(lag, share)| (format!("{lag:.0}"), *share));
    for (lag, share) in named.chain(joined.then(|| ("more".to_owned(), rest))) {
        sum += share;
        let mut cells = share_cells(&lag, share);
        cells.push(format!("{:.1} %", 100.0 * sum));
        table.row(Tone::Plain, cells);
    }
    let bound =
        d.limit.map(|bound| format!("What is more than {bound:.0} behind (max_lag) is dropped and not counted here."));
    Section {
        heading: format!("How stale what trains is: rl.{}.lag, in versions", work(d)),
        table,
        notes: bound.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lags of 0 and 2, a quarter and the rest; none of 1.
    #[test]
    fn every_lag_up_to_the_largest_has_a_share() {
        let d = Distribution {
            name: "rl.online.lag".into(),
            unit: "version".into(),
            limit: Some(4.0),
            values: vec![0.0, 1.9999, 2.0001],
            shares: vec![0.25, 0.5, 0.25],
        };
        assert_eq!(shares(&d), [(0.0, 0.25), (1.0, 0.0), (2.0, 0.75)]);
        assert_eq!(work(&d), "online");
        let rows = r#"[{"lag":0,"share":0.25},{"lag":1,"share":0.0},{"lag":2,"share":0.75}]"#;
        assert_eq!(object(&d).to_string(), format!(r#"{{"work":"online","max_lag":4,"shares":{rows}}}"#));
    }
}
