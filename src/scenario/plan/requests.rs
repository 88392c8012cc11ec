//! How a storage system serves operations.

use crate::units::Dist;

/// What one operation on a system takes, and how many there may be. Rates are of the whole system.
#[derive(Clone, Debug)]
pub struct Requests {
    /// Operations of all kinds per second; infinite when unlimited.
    pub operations: f64,
    /// Reads per second; infinite when only `operations` limits them.
    pub read_operations: f64,
    /// Writes per second; infinite when only `operations` limits them.
    pub write_operations: f64,
    /// Metadata operations per second; infinite when they count in `operations`.
    pub metadata_operations: f64,
    /// Mean time of one metadata operation, seconds.
    pub metadata_latency: f64,
    /// Time of one read before its first byte, seconds.
    pub read_latency: Dist,
    /// Time of one write beside that of its bytes, seconds.
    pub write_latency: Dist,
    /// Bytes per second at which the bytes of one read come; infinite when its time does not grow with its size.
    pub read_stream: f64,
    /// Bytes per second at which the bytes of one write go; infinite when its time does not grow with its size.
    pub write_stream: f64,
    /// Most outstanding operations of one client; `None` without a limit.
    pub client_slots: Option<u64>,
}

/// Files that a load reads or writes whole.
#[derive(Clone, Copy, Debug)]
pub struct Files {
    /// Bytes of one.
    pub size: f64,
    /// Metadata operations of one.
    pub operations: f64,
    /// Bytes per second that `rate` of the files paces the load to; `None` where it says nothing.
    pub pace: Option<f64>,
}

/// A protocol on the data of a system.
#[derive(Clone, Debug)]
pub struct Protocol {
    /// Name.
    pub name: String,
    /// Operations of the system that one operation takes.
    pub operations: f64,
    /// Seconds that a read and a write take beside those in the system.
    pub added: [f64; 2],
    /// Bytes per second, each direction, of all gateways; infinite where they do not limit.
    pub gateway_rate: f64,
    /// Operations per second of all gateways; infinite where they do not limit.
    pub gateway_operations: f64,
}
