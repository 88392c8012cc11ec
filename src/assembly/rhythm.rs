//! Growth and seasons of a plan as rhythms of the world.

use crate::model::rhythm::{Cycle, Rhythm};
use crate::scenario::plan::{IoWork, Plan, Repeat, Season, Work};
use crate::units::SimTime;

/// The rhythm of a load; none where its rate stays.
pub fn rhythm(plan: &Plan, work: &Work, io: &IoWork) -> Option<Rhythm> {
    let changes = io.growth.is_some() || !io.seasons.is_empty();
    let cycle = |season: &Season| cycle(plan, season.every, season.parts.clone());
    changes.then(|| Rhythm {
        starts: SimTime::ZERO + work.starts,
        ends: (work.ends < plan.horizon).then_some(SimTime::ZERO + work.ends),
        growth: io.growth.map_or(0.0, |growth| libm::log1p(growth.rate) / growth.per.as_secs_f64()),
        cycles: io.seasons.iter().map(cycle).collect(),
    })
}

/// What repeats itself, as it stands at the start of the plan.
pub fn cycle(plan: &Plan, every: Repeat, parts: Vec<(crate::units::SimDuration, f64)>) -> Cycle {
    Cycle { every: every.length(), offset: every.offset(plan.start), parts }
}
