//! PHOLD with events of 32 bytes in place of 4: the same numbers and the same answer, more to carry.

use crate::Args;
use crate::measure::Line;
use crate::phold;

/// Words that an event carries beside the number of its process.
const LOAD: usize = 7;

/// The workload on the engine.
pub fn engine(args: &Args) -> Line {
    Line { workload: "phold-large", ..phold::engine_of::<LOAD>(args) }
}

/// The workload in a plain loop.
pub fn baseline(args: &Args) -> Line {
    Line { workload: "phold-large", ..phold::baseline_of::<LOAD>(args) }
}
