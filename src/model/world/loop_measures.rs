//! Measures of the modes of RL loops.

use super::Measure;
use crate::model::rl::ledger::LoopStats;

/// Payloads and checkpoints that found no room, and deltas that became as large as the full weights.
pub(super) fn payload_notes(name: &str, stats: &LoopStats) -> Vec<String> {
    let publishes = (stats.refused_publishes > 0).then(|| {
        format!(
            "work.{name}: the store had no room for {} publishes: nobody was sent them, and full weights were tried next",
            stats.refused_publishes
        )
    });
    let checkpoints = (stats.refused_checkpoints > 0).then(|| {
        format!(
            "work.{name}: there was no room for {} checkpoints: after a failure the trainer goes back to the last that is kept",
            stats.refused_checkpoints
        )
    });
    let grown = (stats.grown_deltas > 0).then(|| {
        format!(
            "work.{name}: {} deltas would have been as large as the full weights, which were sent in their place: each changes much, or publishes that take longer than the steps between them span many versions",
            stats.grown_deltas
        )
    });
    publishes.into_iter().chain(checkpoints).chain(grown).collect()
}

/// Outages of the controller, where there is one.
pub(super) fn put_control(stats: &LoopStats, put: &mut impl FnMut(&str, Measure)) {
    let Some((outages, down)) = stats.control else { return };
    put("control_outages", Measure::Value(outages as f64));
    let still = || Measure::None("the loop did not run in the measured part".into());
    put("control_down", down.map_or_else(still, Measure::Value));
}

/// What is generated for nothing, and what new weights cost the engines.
pub(super) fn put_modes(stats: &LoopStats, put: &mut impl FnMut(&str, Measure)) {
    let value = |v: Option<f64>, why: &str| v.map_or_else(|| Measure::None(why.to_owned()), Measure::Value);
    put("update_idle", value(stats.update_idle, "no engine was live"));
    let used = "no trajectory was consumed, dropped or abandoned";
    put("surplus.fraction", value(stats.surplus, used));
    put("wasted_tokens.fraction", value(stats.wasted_tokens, used));
    put("mixed_versions.fraction", value(stats.mixed, "no trajectory was consumed"));
}
