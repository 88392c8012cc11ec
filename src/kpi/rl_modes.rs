//! KPIs of the modes of RL loops: what is generated for nothing, and what new weights cost the engines.

use super::registry::{Kpi, NONE, SHARE, kpi};
use crate::units::Dimension as D;

/// What modes and updates cost.
pub(super) const RL_MODES: &[Kpi] = &[
    kpi(
        "rl.*.update_idle",
        "1",
        D::Ratio,
        NONE,
        "tokens not generated while engines drain, pause or compute keys and values again / tokens that the live engines would generate with \
         every slot busy",
        "Part of generator_idle: what new weights cost the engines.",
    ),
    kpi(
        "rl.*.control_outages",
        "1",
        D::Count,
        NONE,
        "outages of the controller that began",
        "Times the loop's controller went down in the measured time. Only loops with a `controller` have it.",
    ),
    kpi(
        "rl.*.control_down",
        "1",
        D::Ratio,
        NONE,
        "time the controller is down / time the work ran",
        "Share of the work's time in the measured part in which nothing was dispatched and no publish begun. Only loops with a `controller` have it.",
    ),
    kpi(
        "rl.*.surplus",
        "1",
        D::Ratio,
        SHARE,
        "trajectories abandoned because a batch was whole without them / trajectories consumed, dropped or abandoned",
        "Share of the trajectories that over_generation made for nothing; with `leftover = \"keep\"` none are abandoned. They count neither \
         as late nor in dropped.fraction.",
    ),
    kpi(
        "rl.*.wasted_tokens",
        "1",
        D::Ratio,
        SHARE,
        "tokens of trajectories dropped or abandoned / tokens of trajectories consumed, dropped or abandoned",
        "Share of the tokens that no step trained on. Those lost with engines are not counted.",
    ),
    kpi(
        "rl.*.mixed_versions",
        "1",
        D::Ratio,
        SHARE,
        "consumed trajectories whose engine took new weights while they were generated / trajectories consumed",
        "Share of the trajectories whose tokens come from more than one policy.",
    ),
];
