//! Networks and demands from files: what the files say, checked by itself, before it becomes part of a plan.
//!
//! | file | what |
//! |---|---|
//! | `table` | CSV rows whose cells know their place, and the complaints about them |
//! | `links` | `link,from,to,gbps,metres`, one direction a row |
//! | `routes` | `src,dst,links` |
//! | `graphml` | nodes and edges as the Internet Topology Zoo has them |
//! | `sndlib` | nodes, links and demands in the native format of SNDlib |
//! | `names` | labels as names of addresses |
//! | `trace` | `flow,arrival_s,src,dst,bytes`, read line by line |
//!
//! Errors of data files name file, row and column, and come all at once up to [`table::MOST`] of one file.

pub mod graphml;
mod links;
mod names;
mod routes;
pub mod sndlib;
mod table;
pub mod trace;

use crate::scenario::text::source::Place;

pub use links::read as read_links;
pub use routes::{Known, read as read_routes};

/// A network as a file has it.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// Sites by name.
    pub sites: Vec<FileSite>,
    /// Links by name.
    pub links: Vec<FileLink>,
    /// Demands.
    pub demands: Vec<FileDemand>,
}

/// A site of a file.
#[derive(Clone, Debug)]
pub struct FileSite {
    /// Name.
    pub name: String,
    /// Latitude and longitude in degrees.
    pub location: Option<(f64, f64)>,
    /// Where the file names it first.
    pub place: Place,
}

/// A link of a file.
#[derive(Clone, Debug)]
pub struct FileLink {
    /// Name.
    pub name: String,
    /// Names of the two ends; direction 0 goes from the first to the second.
    pub ends: [String; 2],
    /// Wire bytes per second of each direction; zero where the link does not go that way.
    pub capacity: [f64; 2],
    /// Metres of each direction; `None` where the file does not say.
    pub metres: [Option<f64>; 2],
    /// Where it stands.
    pub place: Place,
}

/// A demand of a file.
#[derive(Clone, Debug)]
pub struct FileDemand {
    /// Names of source and destination.
    pub ends: [String; 2],
    /// Bytes per second.
    pub rate: f64,
}

/// A route of a file, over links by their index.
#[derive(Clone, Debug)]
pub struct FileRoute {
    /// Where its keys stand.
    pub places: [Place; 2],
    /// Key of the source: a site, or a name that stands for the site where the route begins.
    pub src: String,
    /// Key of the destination.
    pub dst: String,
    /// Names of the sites where it begins and ends.
    pub ends: [String; 2],
    /// Links in order.
    pub links: Vec<usize>,
}
