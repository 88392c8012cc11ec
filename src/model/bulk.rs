//! A storage load as a benchmark drives it.

use super::ids::{MovementId, NamespaceId, SiteId, StorageId};
use super::paths::{Files, PACING, Slots, Transport};
use super::rhythm::Rhythm;
use crate::fluid::MeterId;
use crate::units::{SimDuration, SimTime};

/// Reads of a load that go to the tier of its system.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tiered {
    /// Share of the bytes read.
    pub share: f64,
    /// Bytes of the data that are on the system, where they follow from how they are read.
    pub held: Option<f64>,
    /// What is read there is written to the system again.
    pub promote: bool,
}

/// Parameters of a storage load.
#[derive(Clone, Copy, Debug)]
pub struct IoParams {
    /// System under load; the home of the namespace where there is one.
    pub storage: StorageId,
    /// Namespace that is read in place of the system.
    pub namespace: Option<NamespaceId>,
    /// Its site.
    pub storage_site: SiteId,
    /// Site of the clients.
    pub site: SiteId,
    /// Clients.
    pub clients: u64,
    /// Payload rate that the interface, the files or the pace of one client allow, and the named cause when that binds.
    pub client_limit: (f64, u8),
    /// Payload rate that the interface of one client allows.
    pub interface: f64,
    /// Outstanding operations of one client.
    pub slots: Slots,
    /// Share of payload bytes read.
    pub read_share: f64,
    /// Operations on data per byte.
    pub operations: f64,
    /// What whole files add.
    pub files: Files,
    /// Protocol that the clients speak, by its number on the system; none for that of the system itself.
    pub protocol: Option<usize>,
    /// What it reads on the tier of the system; none where all is on the system itself.
    pub tiered: Option<Tiered>,
    /// Outstanding operations of all clients; `None` for a paced load, which does not keep its queue full.
    pub outstanding: Option<f64>,
    /// Whether what it writes stays on the system.
    pub ingest: bool,
    /// Meter of its payload bytes.
    pub meter: MeterId,
    /// Transport between sites.
    pub transport: Transport,
}

/// A storage load in the world.
#[derive(Clone, Debug)]
pub struct Io {
    /// Parameters.
    pub params: IoParams,
    /// What it does first.
    pub first: Box<IoParams>,
    /// What it does later: time after its start, parameters.
    pub steps: Vec<(SimDuration, IoParams)>,
    /// Its pace, for a load that is paced.
    pub pace: Option<Pace>,
    /// One movement a client while it runs.
    pub movements: Vec<MovementId>,
    /// When it began.
    pub began: Option<SimTime>,
    /// When it ended.
    pub ended: Option<SimTime>,
}

/// The pace of a load.
#[derive(Clone, Debug)]
pub struct Pace {
    /// Bytes per second of the whole load, before its rhythm.
    pub base: f64,
    /// How that changes with time.
    pub rhythm: Option<Rhythm>,
    /// Factor by which it has changed now.
    pub factor: f64,
    /// The largest such factor so far.
    pub peak: f64,
    /// Payload rate that the interface of one client allows, or its files where they allow less, and the cause.
    pub own: (f64, u8),
    /// The load or the run is over then: the last step ends with it.
    pub until: SimTime,
}

impl Pace {
    /// Limit of one of `clients` that share the pace, and its cause.
    pub fn limit(&self, clients: u64) -> (f64, u8) {
        self.limit_at(self.factor, clients)
    }

    /// The highest such limit so far.
    pub fn highest(&self, clients: u64) -> (f64, u8) {
        self.limit_at(self.peak.max(self.factor), clients)
    }

    fn limit_at(&self, factor: f64, clients: u64) -> (f64, u8) {
        let each = self.base * factor / clients as f64;
        if each < self.own.0 { (each, PACING) } else { self.own }
    }
}

impl Io {
    /// Bytes per second that it wants to move now; none for one that takes what it gets.
    pub fn pace_in_all(&self) -> Option<f64> {
        self.pace.as_ref().map(|pace| pace.base * pace.factor)
    }

    /// A load that has not begun.
    pub fn new(params: IoParams) -> Self {
        Io {
            params,
            first: Box::new(params),
            steps: Vec::new(),
            pace: None,
            movements: Vec::new(),
            began: None,
            ended: None,
        }
    }
}

/// Payload rate that one client's full-duplex interface allows: its busier direction binds.
pub fn nic_limit(nic: f64, overhead: f64, read_share: f64) -> f64 {
    nic / (overhead * read_share.max(1.0 - read_share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_uses_both_directions_of_its_interface() {
        assert!((nic_limit(1e9, 1.0, 1.0) - 1e9).abs() < 1e-3);
        assert!((nic_limit(1e9, 1.25, 1.0) - 0.8e9).abs() < 1e-3);
        assert!((nic_limit(1e9, 1.0, 0.5) - 2e9).abs() < 1e-3, "both directions of a full-duplex interface");
    }
}
