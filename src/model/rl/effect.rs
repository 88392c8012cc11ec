//! Orders of a loop to the world.

/// What the loop asks of the world.
#[derive(Clone, Debug, PartialEq)]
pub enum RlEffect {
    /// Carry a shipment from a generator pool to the trainer.
    Ship {
        /// Generator pool.
        pool: u16,
        /// Shipment number.
        number: u32,
        /// Payload.
        bytes: f64,
    },
    /// Carry weights to a generator pool.
    Publish {
        /// Generator pool.
        pool: u16,
        /// Payload of one copy.
        bytes: f64,
        /// Copies over the WAN.
        copies: f64,
        /// Bytes per second at which the payload comes into being.
        pace: f64,
    },
    /// Carry weights to these generator pools, whose sites hand them to one another.
    Relay {
        /// Generator pools.
        pools: Vec<u16>,
        /// Payload.
        bytes: f64,
        /// Bytes per second at which the payload comes into being.
        pace: f64,
    },
    /// Carry weights to the object store that the generators fetch them from.
    Upload {
        /// Payload.
        bytes: f64,
        /// Bytes per second at which the payload comes into being.
        pace: f64,
        /// Whether it replaces what was published before.
        full: bool,
    },
    /// Stop carrying weights to a generator pool.
    CancelPublish {
        /// Generator pool.
        pool: u16,
    },
    /// Write a checkpoint of this many bytes.
    WriteCheckpoint(f64),
    /// Read a checkpoint of this many bytes.
    ReadCheckpoint(f64),
}
