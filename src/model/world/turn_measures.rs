//! KPIs of the turns of trajectories.

use super::measures::Measure;
use crate::model::rl::ledger::LoopStats;

/// What happens between the first token and the last; the parts of generation sum to it.
pub(super) fn put_turns(stats: &LoopStats, put: &mut impl FnMut(&str, Measure)) {
    let value = |v: Option<f64>, why: &str| v.map_or_else(|| Measure::None(why.to_owned()), Measure::Value);
    put("truncated.fraction", value(stats.truncated, "no trajectory was finished in the measured part"));
    if let Some(prefill) = stats.prefill {
        put("prefill", Measure::Value(prefill));
    }
    if !stats.in_turns {
        return;
    }
    let none = "no trajectory was fed back in the measured part";
    let generation = stats.phases.map(|phases| phases[0]);
    let parts = stats.between_turns.zip(generation);
    put("cycle_time.generation.environment", value(stats.between_turns.map(|[environment, _]| environment), none));
    put("cycle_time.generation.slot_wait", value(stats.between_turns.map(|[_, wait]| wait), none));
    let engine = parts.map(|([environment, wait], generation)| generation - environment - wait);
    put("cycle_time.generation.engine", value(engine, none));
    let share = parts.filter(|(_, generation)| *generation > 0.0).map(|([environment, _], all)| environment / all);
    put("environment", value(share, none));
}
