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
//! # How it is found
//!
//! Flows that must have the same rate are one *class*. Each class hangs on its bottleneck, a *node* (a resource as one
//! priority sees it), and shares that node's level and clock; a finish is a position on the clock. A change corrects
//! the sums of a few nodes, and a *pass* puts them right from the lowest level upwards, touching nothing the change
//! does not reach. Where reserves do not fit, the connected part is filled from nothing instead.
//!
//! # Files
//!
//! `sharing` holds the state and what callers may change; `class` merges flows, `marks` has their finish marks; `node`
//! has the sums and clock of a node; `enlist` lets flows and classes come and go, `hang` keeps the sums right meanwhile,
//! `reserve` those of reserves; `front` notes what a change has reached, `ripple` is the pass, and `work` the order in which
//! it goes; `cause` names what holds each class; `refill` and `fill` solve a part from nothing; `solve` decides between the
//! two and tells meters and the `queue` of completions; `settle` lets time pass; `read` answers questions, and `reach` the one how much faster a class could be; `exact` has the
//! instants and sums that do not drift. `oracle` is the slow twin used by tests: every flow by itself, everything computed
//! from nothing at each event.

mod cause;
mod class;
mod enlist;
mod exact;
mod fill;
mod front;
mod hang;
mod marks;
mod node;
#[cfg(test)]
mod oracle;
mod queue;
mod reach;
mod read;
mod refill;
mod reserve;
mod ripple;
mod settle;
mod sharing;
mod solve;
#[cfg(test)]
mod tests;
mod types;
mod work;

pub use reach::Reach;
pub use sharing::Sharing;
pub use types::{Cause, Finished, FlowKey, FlowKind, FlowSpec, MeterId, MeterReading, OwnerId, ResourceId};
