//! Results to bytes: text, Markdown, JSON, CSV, Parquet, JUnit, charts and the result folder.
//!
//! Everything here takes [`RunResults`](crate::experiment::results::RunResults) and gives back bytes; nothing prints,
//! and only [`folder`], [`files`] and [`sweep`] touch the disk. The same results give the same bytes.

mod by_way;
pub mod calibration;
pub mod catalogue_file;
pub mod charts;
pub mod compare;
pub mod csv;
pub mod document;
pub mod files;
pub mod folder;
pub mod human;
pub mod json;
pub mod junit;
mod lags;
pub mod manifest;
pub mod markdown;
pub mod parquet;
mod phases;
pub mod sections;
mod slowest;
pub mod stored;
pub mod submit;
pub mod sweep;
mod systems;
pub mod text;
mod waves;
mod ways;
mod what_if;
