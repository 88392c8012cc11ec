//! What split traffic puts on each of its ways.

/// One way of one pair of sites, for one sender.
#[derive(Clone, Debug, PartialEq)]
pub struct WayRow {
    /// `work.NAME` or `demand.NAME`.
    pub sender: String,
    /// First and last site.
    pub ends: (String, String),
    /// Links in order: `a-b > b-c`.
    pub way: String,
    /// Bytes in the measured part, in the mean over replications: payload of works, on the wire for demand.
    pub bytes: f64,
    /// Share of the bytes of this sender between these sites, 0…1.
    pub share: f64,
    /// Bytes per second while something moved on the way; none where nothing did.
    pub rate: Option<f64>,
}
