//! The discrete-event kernel: what happens next, and nothing about what it means.
//!
//! # The ordering contract
//!
//! Events are handled in the order of **(time, class, sequence)**:
//!
//! 1. *Time*: an earlier instant first. Instants are integer nanoseconds, so "at the same time" is exact and the
//!    same on every machine.
//! 2. *Class*: at one instant the lower [`Class`] first. A model gives each kind of event a named class and says why
//!    it has its rank ("a repair is seen by an arrival of the same instant").
//! 3. *Sequence*: within one class of one instant, in the order of scheduling.
//!
//! The contract holds for the events that are *pending*. An event scheduled while its own instant is being handled
//! (zero delay) joins the pending ones by the same rule, so a low class scheduled late goes before the higher classes
//! still waiting, but never back before what has already happened. Nothing can be scheduled before the current
//! instant: that is a defect of the model and panics with the event's name.
//!
//! A model must not rest on rule 3 for its results. [`Engine::permute_ties`] replaces it by an arbitrary but
//! reproducible permutation, so a test can show that nothing but noise depends on it.
//!
//! # How a model is written
//!
//! A [`Model`] owns all state and has one `handle`. Events are small `Copy` data, not closures. While it handles an
//! event the model schedules others through [`Context`]. An event that may have to be withdrawn is scheduled *keyed*;
//! the state that waits for it holds the [`Key`], so that waiting and pending cannot disagree. The generic engine is
//! compiled for the model's own event type; there is no dynamic dispatch per event.
//!
//! # What is not an event
//!
//! [`Probe`]s look at the model at regular instants. They fire before the events of their instant, are not counted,
//! keep no run alive and cannot schedule. [`rng`] gives random streams by name, so that a part which is switched off
//! does not move the draws of another.

mod calendar;
mod context;
mod error;
mod kernel;
mod keys;
mod probe;
pub mod rng;
mod sort;
mod wheel;

pub use context::{Class, Context};
pub use error::{EngineError, Handled};
pub use kernel::{Engine, Limits, Model};
pub use keys::Key;
pub use probe::Probe;

#[cfg(test)]
mod tests;
