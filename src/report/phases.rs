//! The phases of an RL loop: times that follow one another and sum to the whole.

use super::document::{Section, Table, Tone};
use super::human::{self, Scale};
use super::sections::share_cells;
use crate::experiment::results::{KpiRow, RunResults};

/// Phases in the order a trajectory goes through them.
const PHASES: [&str; 7] = ["generation", "reward", "transfer", "batch_wait", "step", "publish", "swap"];

/// A KPI name taken apart: `rl.online.feedback_time.transfer` is the phase `transfer` of `rl.online.feedback_time`.
pub(super) struct Phase<'a> {
    /// KPI of the whole.
    pub whole: &'a str,
    /// Place in the order of the phases.
    rank: usize,
}

/// The phase that a KPI is the mean of, if it is one.
pub(super) fn phase_of(name: &str) -> Option<Phase<'_>> {
    let name = name.strip_suffix(".mean").unwrap_or(name);
    let (whole, last) = name.rsplit_once('.')?;
    let rank = PHASES.iter().position(|p| *p == last)?;
    let of_a_loop = whole.starts_with("rl.") && (whole.ends_with(".feedback_time") || whole.ends_with(".cycle_time"));
    of_a_loop.then_some(Phase { whole, rank })
}

/// One breakdown for each KPI that has phases, feedback before cycle.
pub(super) fn sections(run: &RunResults) -> Vec<Section> {
    let mut found: Vec<(Phase<'_>, &KpiRow)> =
        run.kpis.iter().filter_map(|kpi| phase_of(&kpi.name).map(|phase| (phase, kpi))).collect();
    found.sort_by(|(a, _), (b, _)| {
        (work(a.whole), !is_feedback(a.whole), a.rank).cmp(&(work(b.whole), !is_feedback(b.whole), b.rank))
    });
    found.chunk_by(|(a, _), (b, _)| a.whole == b.whole).map(|parts| breakdown(run, parts)).collect()
}

fn work(whole: &str) -> &str {
    whole.rsplit_once('.').map_or(whole, |(work, _)| work)
}

fn is_feedback(whole: &str) -> bool {
    whole.ends_with(".feedback_time")
}

/// The breakdown of one KPI. A cycle is generation and reward and then the feedback, whose own phases stand above.
fn breakdown(run: &RunResults, parts: &[(Phase<'_>, &KpiRow)]) -> Section {
    let whole = parts[0].0.whole;
    let mut rows: Vec<(&str, &KpiRow)> = parts.iter().map(|(phase, kpi)| (PHASES[phase.rank], *kpi)).collect();
    if !is_feedback(whole) {
        let feedback = format!("{}.feedback_time", work(whole));
        rows.extend(run.kpis.iter().find(|k| k.name.trim_end_matches(".mean") == feedback).map(|k| ("feedback", k)));
    }
    let mut table =
        Table::new(&[("phase", false), ("mean", true), ("95 % interval", false), ("share", true), ("", false)]);
    let total: f64 = rows.iter().filter_map(|(_, kpi)| kpi.mean).sum();
    let unit = rows[0].1.unit.as_str();
    // One unit for all phases, so that they can be compared down the column.
    let scale = human::scale(unit, total);
    for (phase, kpi) in rows {
        table.row(Tone::Plain, cells(phase, kpi, total, scale));
    }
    table.row(Tone::Plain, vec!["sum".to_owned(), human::value(total, unit)]);
    Section { heading: format!("Where the time goes: {whole} by phase"), table, notes: Vec::new() }
}

/// Name, mean, interval, share and bar of one phase.
fn cells(phase: &str, kpi: &KpiRow, total: f64, scale: Scale) -> Vec<String> {
    let Some(mean) = kpi.mean else {
        let reason = kpi.reason.clone().unwrap_or_else(|| "no value".to_owned());
        return vec![phase.to_owned(), human::NOTHING.to_owned(), reason];
    };
    let interval = kpi.ci95.map_or_else(String::new, |ci| human::interval(mean, ci, scale));
    let mut row = share_cells(phase, if total > 0.0 { mean / total } else { 0.0 });
    let value = human::join(&human::number(mean, scale), scale.word_or(&kpi.unit));
    row.splice(1..1, [value, interval]);
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_means_of_phases_of_a_loop_are_phases() {
        assert_eq!(phase_of("rl.online.feedback_time.transfer").map(|p| p.whole), Some("rl.online.feedback_time"));
        assert!(phase_of("rl.online.cycle_time.generation.mean").is_some());
        for name in
            ["rl.online.feedback_time", "rl.online.feedback_time.transfer.p95", "rl.online.step", "a.step", "step"]
        {
            assert!(phase_of(name).is_none(), "{name}");
        }
    }
}
