//! What a storage system is sized for, what it can deliver, and what it costs a month.

use crate::units::{ByteRate, Bytes, Power};

/// Hours of an average month (365.25 days over twelve): monthly figures of hourly prices count with it.
pub const HOURS_PER_MONTH: f64 = 365.25 * 24.0 / 12.0;

/// Units, demand, deliverable rates and cost of one system.
#[derive(Clone, Debug, PartialEq)]
pub struct Economics {
    /// What one unit is called, in the plural: `nodes`, `enclosures`, `accounts`; `systems` where capacity is sold.
    pub unit: &'static str,
    /// How many of them.
    pub units: f64,
    /// Heads beside them; 0 where there are none.
    pub heads: f64,
    /// What the planner asks of the system.
    pub demand: Demand,
    /// How the size follows from the demand; `None` without `sized_for`.
    pub sizing: Option<Sizing>,
    /// Payload rate it can deliver to readers alone, and the stage that binds.
    pub read: (ByteRate, &'static str),
    /// Payload rate it can take from writers alone with its write buffer full, and the stage that binds.
    pub write: (ByteRate, &'static str),
    /// What it is made of, at this size.
    pub stages: Vec<Stage>,
    /// Cost a month; `None` where no price is known.
    pub cost: Option<Cost>,
    /// Whether results show these figures: the planner sized or priced the system, or judges one of them.
    pub shown: bool,
}

/// What a stage grows with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Nodes, enclosures, accounts, or capacity where capacity is sold.
    Units,
    /// Heads that are apart from enclosures.
    Heads,
    /// Nothing: one limit for the whole system.
    System,
}

/// A stage of a system of some size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// What users know it as.
    pub name: &'static str,
    /// Its resource in bottleneck tables, `storage.NAME.` left out.
    pub resource: &'static str,
    /// What it grows with.
    pub of: Of,
    /// Bytes or operations per second.
    pub capacity: f64,
    /// Taken per payload byte read.
    pub read: f64,
    /// Taken per payload byte written, migration included.
    pub write: f64,
    /// Taken per operation on data.
    pub operation: f64,
    /// Taken per operation on metadata.
    pub metadata: f64,
}

impl Stage {
    /// Share of the stage that so many bytes read, bytes written, operations on data and on metadata per second take.
    pub fn share(&self, [read, write, operations, metadata]: [f64; 4]) -> f64 {
        (self.read * read + self.write * write + self.operation * operations + self.metadata * metadata) / self.capacity
    }
}

/// What is asked of a system; zero where nothing is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Demand {
    /// Client bytes to hold.
    pub capacity: Bytes,
    /// Payload read.
    pub read: ByteRate,
    /// Payload written, steadily.
    pub write: ByteRate,
    /// Operations per second on data.
    pub operations: f64,
    /// Operations per second on metadata.
    pub metadata: f64,
    /// Whether the peaks of reads, writes and operations coincide.
    pub at_once: bool,
}

/// How many units each part of a demand needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Sizing {
    /// In the order capacity, read rate, write rate, operations, metadata, all at once, product minimum; only those asked for.
    pub needs: Vec<Need>,
    /// Heads needed, where heads are apart from enclosures, and what asks for them.
    pub heads: Option<Need>,
}

impl Sizing {
    /// The need that decides: the first of the largest.
    pub fn decides(&self) -> Option<&Need> {
        self.needs.iter().fold(None, |best: Option<&Need>, need| match best {
            Some(best) if best.units >= need.units => Some(best),
            _ => Some(need),
        })
    }
}

/// Units that one part of a demand needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Need {
    /// Which part: `capacity`, `read rate`, `write rate`, `operations`, `metadata`, `all at once`, `product minimum`.
    pub by: &'static str,
    /// Stage that binds at this size; empty for capacity and minimum.
    pub stage: &'static str,
    /// Units (bytes of capacity where capacity is sold).
    pub units: f64,
}

/// US dollars a month.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Hourly prices of units.
    pub hours: f64,
    /// Price of capacity.
    pub capacity: f64,
    /// Purchase, spread evenly over its life.
    pub purchase: f64,
    /// Lease of power.
    pub power: f64,
    /// Lease of rack positions.
    pub racks: f64,
}

impl Cost {
    /// All of it.
    pub fn total(&self) -> f64 {
        self.hours + self.capacity + self.purchase + self.power + self.racks
    }
}

/// Prices of the site that all systems share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prices {
    /// US dollars per joule of IT power leased.
    pub per_joule: f64,
    /// US dollars per hour and rack position.
    pub rack_hour: f64,
    /// Seconds over which a purchase is spread.
    pub life: f64,
}

impl Prices {
    /// US dollars a month for a power drawn without a break.
    pub fn power(&self, power: Power) -> f64 {
        self.per_joule * power.get() * HOURS_PER_MONTH * 3600.0
    }

    /// US dollars a month for rack positions.
    pub fn racks(&self, racks: f64) -> f64 {
        self.rack_hour * HOURS_PER_MONTH * racks
    }

    /// US dollars a month for a purchase.
    pub fn purchase(&self, price: f64) -> f64 {
        price * HOURS_PER_MONTH * 3600.0 / self.life
    }
}
