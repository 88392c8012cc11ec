//! Measures of the modes of RL loops.

use super::Measure;
use crate::model::rl::ledger::LoopStats;

/// What is generated for nothing, and what new weights cost the engines.
pub(super) fn put_modes(stats: &LoopStats, put: &mut impl FnMut(&str, Measure)) {
    let value = |v: Option<f64>, why: &str| v.map_or_else(|| Measure::None(why.to_owned()), Measure::Value);
    put("update_idle", value(stats.update_idle, "no engine was live"));
    let used = "no trajectory was consumed, dropped or abandoned";
    put("surplus.fraction", value(stats.surplus, used));
    put("wasted_tokens.fraction", value(stats.wasted_tokens, used));
    put("mixed_versions.fraction", value(stats.mixed, "no trajectory was consumed"));
}
