//! The world: GPU fleets, WAN, storage systems and the works that use them.
//!
//! Every component is a plain state machine over typed parameters; it never sees a scenario file and never
//! imports a sibling. What one component tells another goes through [`world`], so the coupling of the whole
//! simulator is readable in one file. [`event`] names every event, [`ids`] everything that can be named.
//!
//! | component | what it is |
//! |---|---|
//! | [`carriage`] | bytes on their way: movements over resources, with set-up, propagation and path changes |
//! | [`wan`] | links, waves, cuts, shared-risk groups, shortest-path routing with reconvergence |
//! | [`fleet`] | GPU units: failures by cause, repair classes, spares, pools by priority |
//! | [`namespace`] | data read anywhere through caches, whose hit ratios are results |
//! | [`storage`] | crossings of each kind of I/O, write buffer, theoretical rates |
//! | [`rl`] | online-RL loop: generators in cohorts, trainer, publisher, checkpoints |
//! | [`bulk`] | storage loads |
//! | [`copies`] | copies to one system or several: who passes on to whom, and how far behind |
//! | [`burst`] | checkpoints that all ranks save or load at once |
//! | [`loader`] | data loader: readers that are batches ahead of accelerators that step together |
//! | [`rhythm`] | rates that grow, and vary over a day, a week, a year |
//! | [`recorder`] | passive probe that turns counters into time series |

pub mod bulk;
pub mod burst;
pub mod carriage;
pub mod copies;
pub mod demand;
pub mod event;
pub mod fleet;
pub mod ids;
pub mod loader;
pub mod namespace;
pub mod paths;
pub mod recorder;
pub mod rhythm;
pub mod rl;
pub mod storage;
pub mod trace;
pub mod wan;
pub mod world;
