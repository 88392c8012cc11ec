//! Fair sharing as algebra: who gets which rate when many flows share resources, from when to when, and why.
//!
//! # The model
//!
//! A *resource* r has a capacity `C_r` in units/s. A *flow* f carries bytes and takes `a_rf` units of each resource of
//! its path per byte. It has a weight `w_f`, a highest rate `p_f`, a priority and a reserve. At every moment its rate
//! `x_f` in bytes/s is the weighted max-min fair one:
//!
//! - `Σ_f a_rf·x_f ≤ C_r` and `x_f ≤ p_f`;
//! - no `x_f / w_f` could rise without lowering one that is not larger;
//! - a flow of higher priority never yields to one of lower priority;
//! - before any sharing, whatever the priority, every flow gets its reserve as far as it fits; where reserves do not
//!   fit, those of higher priority go first and those of one priority shrink in proportion.
//!
//! The resource that stopped a flow is its [`Cause`]: the first to be full on its path as all levels `x/w` rise, the
//! lowest number among equals, and a resource before the flow's own cap. A cap on a group of flows is a resource of
//! its own with coefficient 1.
//!
//! # Time
//!
//! Callers live on integer nanoseconds, flows end in between. So completions are processed at their exact instants,
//! with new rates from there on, and only *reported* at the next tick: rounding never enters the accounts.
//! Changes at one instant cost one solve, done when time moves on or somebody asks.
//!
//! # Files
//!
//! `sharing` holds the state and everything that changes it, `settle` lets time pass, `solve` finds the connected part
//! that a change can reach and has `fill` find its rates, `read` answers questions. `class` merges flows that must
//! have the same rate, `exact` has the instants and sums that do not drift. `oracle` is the slow twin used by tests:
//! every flow by itself, everything computed from nothing at each event.

mod class;
mod exact;
mod fill;
mod hang;
mod node;
#[cfg(test)]
mod oracle;
mod queue;
mod read;
mod refill;
mod ripple;
mod settle;
mod sharing;
mod solve;
#[cfg(test)]
mod tests;
mod types;

pub use sharing::Sharing;
pub use types::{Cause, Finished, FlowKey, FlowSpec, MeterId, MeterReading, OwnerId, ResourceId};
