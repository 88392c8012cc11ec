//! How many waves links lack.

/// Waves to add so that standing demand fills no direction of a link above a limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Waves {
    /// Highest admissible share of the capacity, 0…1.
    pub limit: f64,
    /// One row per link, those that lack most first.
    pub rows: Vec<WaveRow>,
    /// A number of waves below which nothing is enough.
    pub at_least: u64,
    /// Whether routes or shares of some demand depend on capacity, so that the bound is one for any routing of it.
    pub by_capacity: bool,
    /// Failures that were looked at beside the network with nothing failed.
    pub failures: usize,
    /// The most demand that has no way, wire bytes per second, and the failure that takes it: waves do not help there.
    pub unrouted: Option<(f64, Option<String>)>,
    /// Whether works send as well: what they send is not counted.
    pub works: bool,
    /// Spans of time between dates at which links come, grow or go; 1 without such dates.
    pub dates: usize,
}

impl Waves {
    /// Whether fewer waves are proven not to be enough. Otherwise these are enough, and fewer might be.
    pub fn least(&self) -> bool {
        self.at_least >= self.total()
    }

    /// Waves to add on all links together.
    pub fn total(&self) -> u64 {
        self.rows.iter().map(|row| row.add).fold(0, u64::saturating_add)
    }
}

/// One link, by its fuller direction.
#[derive(Clone, Debug, PartialEq)]
pub struct WaveRow {
    /// Name.
    pub link: String,
    /// Direction that decides, e.g. `link.phx-ric.phoenix-to-richmond`.
    pub direction: String,
    /// Waves installed then.
    pub waves: u32,
    /// Capacity of a wave in that direction, wire bytes per second.
    pub wave: f64,
    /// Highest rate that demand offers to it, wire bytes per second.
    pub offered: f64,
    /// What is down then; nothing where that is so without a failure.
    pub culprit: Option<String>,
    /// When in the run that is, seconds after the start; the first of equals.
    pub at_s: f64,
    /// That rate over the installed capacity; may exceed 1.
    pub utilisation: f64,
    /// Waves to add, for the whole run.
    pub add: u64,
    /// The rate over the capacity with them.
    pub utilisation_after: f64,
}
