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
