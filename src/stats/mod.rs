//! Online estimators: they see each observation once, keep little, and can be restarted at the end of a warm-up.
//!
//! * [`Level`]: the time average of something that changes in steps (GPUs in use, bytes stored).
//! * [`LevelHistogram`]: the time spent at each whole-number level, for quantiles over time.
//! * [`Tally`]: mean and range of weighted samples.
//! * [`Spent`]: mean and quantiles over time of a level that moves along straight lines.
//! * [`Sketch`]: quantiles of many non-negative samples in bounded memory.
//! * [`interval`]: confidence intervals and quantiles over the few values that replications give.
//!
//! `reset` is the warm-up cut everywhere: what was seen is forgotten, what *is* (the present level) stays. Merging
//! adds counts exactly; sums of floating-point numbers depend on the order of merging in their last bits, so callers
//! merge in the order of replications, never in that of completion.

pub mod interval;
mod level;
mod mser;
mod sketch;
mod spent;
mod tally;

pub use level::{Level, LevelHistogram};
pub use mser::mser5;
pub use sketch::Sketch;
pub use spent::Spent;
pub use tally::Tally;
