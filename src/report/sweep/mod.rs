//! The folder of a sweep: its plan, one immutable file per cell, and the table of all cells.
//!
//! `sweep.json` and `plan.csv` say which cells there are and are the same bytes for every shard; `ids/K-of-N.csv` names the
//! file of every cell of a shard; `cells/ID.json` holds the results of a cell under a header that says what made it.
//! `results.csv`, `results.parquet` and the charts follow from these files alone, so any division into shards and any
//! order of merging gives the same bytes. Some hundred cells are read at a time, by all threads, and their rows written in order: memory grows
//! with cells only by their names, by what a chart can show, and by what the Parquet writer keeps of its groups.

mod cell;
mod gather;
mod info;
mod place;
#[cfg(feature = "remote-store")]
mod remote;
mod row;
mod rows;
pub mod show;
mod store;
mod table;

pub use super::files::Lasting;
pub use gather::gather;
pub use place::{Place, place};
pub use rows::{Gathered, Shown, Unfinished};
pub use store::{Found, Ids, Shard, Store, StoreError};
