//! Apollo: a discrete-event capacity and WAN simulator for multi-site GPU plans.
//!
//! Everything that carries bytes is a *resource* with a capacity; everything that moves bytes is a *flow* over
//! several resources. Weighted max-min fair sharing gives every flow's rate, and the resource that stopped a flow
//! is its bottleneck. GPU fleets, WAN links, storage systems and RL loops are state machines around that one
//! mechanism, driven by one event calendar.
//!
//! # Reading guide
//!
//! Read [`units`] and [`engine`] (time, order of events, random streams), then [`fluid`] (who gets which rate) and [`network`] (ways through a graph),
//! then [`model`] (the world; its `world` file shows every coupling). [`scenario`] turns text into a checked plan
//! and knows no simulation; [`assembly`] is the only place that knows both. [`experiment`] runs replications and
//! judges targets, [`report`] turns results into bytes, [`cli`] is the only module that prints.
//!
//! # Determinism
//!
//! The same scenario, seed and binary give the same bytes on standard output and in every result file, whatever
//! the number of threads. Random streams are addressed by name, so a change in one part of a plan does not move
//! the draws of another. No wall clock and no hash order reaches a result.

pub mod assembly;
pub mod catalog;
pub mod cli;
pub mod engine;
pub mod experiment;
pub mod fluid;
pub mod kpi;
pub mod model;
pub mod network;
pub mod report;
pub mod scenario;
pub mod stats;
pub mod units;
