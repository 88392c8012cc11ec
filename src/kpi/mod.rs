//! The registry of KPI names: pattern, unit, stats, formula, definition. Knows no simulation.
//!
//! A KPI is one number per replication, `area[.entity].measure[.stat]`. [`lookup`] takes a full name apart,
//! [`all`] lists the rows. What a target's limit is written in follows from the row's dimension.

mod demand;
mod economics;
mod lookup;
mod namespace;
mod operations;
mod path;
mod registry;
mod render;
mod rl;
mod rl_modes;
mod storage;
mod tenant;
mod turns;
mod world;

pub use economics::is_economic;
pub use lookup::{KpiError, Match, all, lookup, unproduced};
pub use registry::{Kpi, Stat};
pub use render::{render, render_all};
