//! KPIs of the turns of trajectories.

use super::registry::{Kpi, NONE, SHARE, kpi};
use crate::units::Dimension as D;

/// What happens between the first token and the last.
pub(super) const RL_TURNS: &[Kpi] = &[
    kpi(
        "rl.*.cycle_time.generation.environment",
        "s",
        D::Duration,
        NONE,
        "mean of the time in the environment between turns",
        "Part of cycle_time.generation: waiting for the environment, all turns together.",
    ),
    kpi(
        "rl.*.cycle_time.generation.slot_wait",
        "s",
        D::Duration,
        NONE,
        "mean of the time from the environment's answer to a slot",
        "Part of cycle_time.generation: trajectories that gave up their slot wait for another; 0 with `hold = true`.",
    ),
    kpi(
        "rl.*.cycle_time.generation.engine",
        "s",
        D::Duration,
        NONE,
        "generation − environment − slot_wait",
        "Part of cycle_time.generation: in a slot, while the engine generates, reads contexts or takes new weights.",
    ),
    kpi(
        "rl.*.environment",
        "1",
        D::Ratio,
        NONE,
        "cycle_time.generation.environment / cycle_time.generation",
        "Share of the time from the first token to the last that trajectories spend in their environment.",
    ),
    kpi(
        "rl.*.truncated",
        "1",
        D::Ratio,
        SHARE,
        "trajectories that would have been longer than length_cap / trajectories whose last token was generated",
        "Share of trajectories that were cut at length_cap.",
    ),
    kpi(
        "rl.*.prefill",
        "1",
        D::Ratio,
        NONE,
        "time engines read contexts / time of live engines",
        "Share of the time of the live engines that goes into reading prompts, answers of the environment and contexts that lost their \
         slot. It does not count as idle.",
    ),
];
