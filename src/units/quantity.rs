//! Typed quantities: thin wrappers over `f64` in one fixed base unit each, so that a rate is never taken for a size.

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Default)]
        pub struct $name(pub f64);

        impl $name {
            /// The number in the base unit.
            pub const fn get(self) -> f64 {
                self.0
            }
        }
    };
}

quantity!(
    /// An amount of data in bytes (not bits; 1 GB = 1e9 bytes).
    Bytes
);
quantity!(
    /// A data rate in bytes per second (1 Gbps = 1.25e8).
    ByteRate
);
quantity!(
    /// Electrical power in watts.
    Power
);
quantity!(
    /// A dimensionless share or factor: 92 % is 0.92.
    Ratio
);
quantity!(
    /// Money in US dollars.
    Money
);

impl ByteRate {
    /// From bits per second.
    pub const fn from_bits(bits_per_s: f64) -> Self {
        ByteRate(bits_per_s / 8.0)
    }

    /// In bits per second.
    pub const fn bits(self) -> f64 {
        self.0 * 8.0
    }
}
