//! Topologies from files, and traces over them.

use std::sync::Arc;

use super::{SiteIx, Transport};
use crate::units::SimDuration;

/// A name of a routes file that stands for a site.
#[derive(Clone, Debug)]
pub struct Station {
    /// Name.
    pub name: String,
    /// The site it stands for.
    pub site: SiteIx,
}

/// A route that a file states. Sources and destinations count the sites first, then the stations.
#[derive(Clone, Debug)]
pub struct FixedRoute {
    /// Source.
    pub from: usize,
    /// Destination.
    pub to: usize,
    /// Links in order, by their index in [`super::Plan::links`].
    pub links: Vec<usize>,
}

/// A transfer: its number, its arrival after the start of the work, its pair (an index), its payload bytes.
pub type Arrival = (u64, SimDuration, u32, f64);

/// Transfers that a file states.
#[derive(Clone, Debug)]
pub struct TraceWork {
    /// Transfers in order of arrival.
    pub rows: Arc<[Arrival]>,
    /// Source and destination by pair; they count the sites first, then the stations.
    pub pairs: Vec<(usize, usize)>,
    /// Transport.
    pub transport: Transport,
}
