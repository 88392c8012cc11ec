//! What a number means: instants and durations in integer nanoseconds, and the physical quantities of a plan.
//!
//! Knows no other module of the project. Parsing and printing of quantities with units lives in [`parse`];
//! the typed values live in [`time`] and [`quantity`].

pub mod dist;
pub mod quantity;
pub mod time;

pub use dist::Dist;
pub use quantity::{ByteRate, Bytes, Money, Power, Ratio};
pub use time::{SimDuration, SimTime};
