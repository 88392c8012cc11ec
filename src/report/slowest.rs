//! The slowest trajectories of an RL loop: what they waited for, against all.

use super::document::{Section, Table, Tone};
use super::human::{self, Scale};
use super::sections::share_cells;
use crate::experiment::results::{KpiRow, RunResults};

/// Parts of the two times that are told apart, in the order of a trajectory.
const WHOLES: [(&str, &[&str]); 2] = [
    ("feedback_time", &["transfer", "batch_wait", "step", "publish", "swap"]),
    ("cycle_time", &["generation", "reward", "feedback"]),
];

/// Units of the table that are nothing.
const ROUNDING: f64 = 5e-4;

/// Whether a KPI is shown in these tables.
pub(super) fn is_shown(name: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    matches!(
        parts[..],
        ["rl", _, "feedback_time" | "cycle_time" | "full_publish" | "interrupted" | "control_halted", "slowest", ..]
            | ["rl", _, "full_publish" | "interrupted" | "control_halted"]
    )
}

/// One table for each loop and time.
pub(super) fn sections(run: &RunResults) -> Vec<Section> {
    let of = |kpi: &KpiRow| kpi.name.strip_suffix(".feedback_time.slowest").map(str::to_owned);
    let loops: Vec<String> = run.kpis.iter().filter_map(of).collect();
    loops.iter().flat_map(|work| WHOLES.iter().filter_map(|(whole, parts)| table(run, work, whole, parts))).collect()
}

fn mean(run: &RunResults, name: &str) -> Option<f64> {
    run.kpis.iter().find(|kpi| kpi.name.trim_end_matches(".mean") == name)?.mean
}

fn table(run: &RunResults, work: &str, whole: &str, parts: &[&str]) -> Option<Section> {
    let slowest = mean(run, &format!("{work}.{whole}.slowest"))?;
    let all = mean(run, &format!("{work}.{whole}"))?;
    let scale = human::scale("s", slowest);
    let mut table = Table::new(&[
        ("phase", false),
        ("all", true),
        ("slowest 1 %", true),
        ("more", true),
        ("share of it", true),
        ("", false),
    ]);
    for part in parts {
        let usual =
            if *part == "feedback" { format!("{work}.feedback_time") } else { format!("{work}.{whole}.{part}") };
        let (usual, slow) = (mean(run, &usual)?, mean(run, &format!("{work}.{whole}.slowest.{part}"))?);
        table.row(Tone::Plain, row(part, usual, slow, slowest - all, scale));
    }
    let mut sum = row("sum", all, slowest, slowest - all, scale);
    sum.truncate(4);
    table.row(Tone::Plain, sum);
    let notes = if whole == "feedback_time" { notes(run, work) } else { Vec::new() };
    Some(Section { heading: format!("What makes a trajectory slow: {work}.{whole}, the slowest 1 %"), table, notes })
}

fn row(name: &str, usual: f64, slow: f64, excess: f64, scale: Scale) -> Vec<String> {
    // Differences that are rounding are none.
    let shown = |x: f64| if x.abs() < ROUNDING * scale.factor { 0.0 } else { x };
    let time = |x: f64| human::join(&human::number(shown(x), scale), scale.word_or("s"));
    let share = if excess > 0.0 { ((slow - usual) / excess).max(0.0) } else { 0.0 };
    let mut cells = share_cells(name, share);
    cells.splice(1..1, [time(usual), time(slow), time(slow - usual)]);
    cells
}

/// What marks the slowest more often than all.
fn notes(run: &RunResults, work: &str) -> Vec<String> {
    let marks = [
        ("full_publish", "were brought back by full weights"),
        ("interrupted", "waited for a trainer that failed"),
        ("control_halted", "waited while the controller was down"),
    ];
    let note = |(kpi, what): (&str, &str)| {
        let (all, slow) = (mean(run, &format!("{work}.{kpi}"))?, mean(run, &format!("{work}.{kpi}.slowest"))?);
        (slow > all).then(|| format!("{:.1} % of them {what}, {:.1} % of all.", 100.0 * slow, 100.0 * all))
    };
    marks.into_iter().filter_map(note).collect()
}
