//! The keys of every table as data.
//!
//! One declarative table per TOML table drives checking, suggestions, the JSON schema, the reference and the
//! defaults, so that none of them can disagree with another.

mod catalogue;
mod checkpoint;
mod demand;
mod economics;
mod environment;
mod files;
mod fleet;
mod loader;
mod lookup;
mod maintenance;
mod namespace;
mod phase;
mod protocol;
mod rhythm;
mod rl;
mod rl_modes;
mod storage;
mod sweep;
mod tenant;
mod tiered;
mod top;
mod topology;
mod users;
mod wan;
mod work;

use crate::units::Dimension;

pub use catalogue::{CALIBRATION, FIGURE, PART};
pub use demand::DEMAND;
pub use economics::PRICE;
pub use fleet::FLEET;
pub use lookup::{all_tables, figure_key, is_later_kind, key_at, keys_below, work_table};
pub use maintenance::MAINTENANCE;
pub use namespace::NAMESPACE;
pub use rl::WORK_RL;
pub use storage::STORAGE;
pub use sweep::{DESIGNS, MAX_CELLS, RANGE, SWEEP};
pub use tenant::TENANT;
pub use top::{SCENARIO, SITE, TARGET};
pub use topology::{TOPOLOGY, WORK_TRACE};
pub use wan::{LINK, RISK_GROUP, WAN};
pub use work::{WORK_ANY, WORK_COPY, WORK_IO, WORK_KINDS};

/// What a name refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entity {
    /// `[site.*]`
    Site,
    /// `[fleet.*]`
    Fleet,
    /// `[tenant.*]`
    Tenant,
    /// `[storage.*]`
    Storage,
    /// `[namespace.*]`
    Namespace,
    /// `[link.*]`
    Link,
    /// `[risk_group.*]`, or just mentioned by a link
    RiskGroup,
}

impl Entity {
    /// The top-level table that defines it.
    pub const fn table(self) -> &'static str {
        match self {
            Entity::Site => "site",
            Entity::Fleet => "fleet",
            Entity::Tenant => "tenant",
            Entity::Storage => "storage",
            Entity::Namespace => "namespace",
            Entity::Link => "link",
            Entity::RiskGroup => "risk_group",
        }
    }

    /// One of them in words.
    pub const fn word(self) -> &'static str {
        match self {
            Entity::Storage => "storage system",
            Entity::RiskGroup => "risk group",
            _ => self.table(),
        }
    }

    /// Several of them in words.
    pub const fn words(self) -> &'static str {
        match self {
            Entity::Site => "sites",
            Entity::Fleet => "fleets",
            Entity::Tenant => "tenants",
            Entity::Storage => "storage systems",
            Entity::Namespace => "namespaces",
            Entity::Link => "links",
            Entity::RiskGroup => "risk groups",
        }
    }
}

/// The kind of value a key takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// The version of the language: always 1.
    Format,
    /// Free text.
    Text,
    /// A list of texts.
    Texts,
    /// A list of lists of texts.
    TextLists,
    /// Path of a file, relative to the file it is written in.
    File,
    /// A list of such paths.
    Files,
    /// `true` or `false`.
    Bool,
    /// A whole number without suffix, exact to 63 bits.
    Exact,
    /// A quantity of a dimension.
    Quantity(Dimension),
    /// A quantity that must be a whole number.
    Whole(Dimension),
    /// A random quantity.
    Random(Dimension),
    /// A duration that may be written in calendar months or years.
    Horizon,
    /// A duration after the start, or a date.
    Moment,
    /// A TOML date.
    Date,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of these words.
    Words(&'static [&'static str]),
    /// The name of something defined.
    Name(Entity),
    /// A list of names.
    Names(Entity),
    /// A name, or a list of one or more.
    NameOrNames(Entity),
    /// Exactly two different names.
    Pair(Entity),
    /// A catalogue part; the text says of which kind.
    Part(&'static str),
    /// Latitude and longitude in degrees.
    Location,
    /// A table of whole numbers by these words.
    Counts(&'static [&'static str]),
    /// A quantity in the unit of the target's KPI.
    Limit,
    /// A nested table.
    Table(&'static TableSpec),
    /// A list of nested tables.
    Tables(&'static TableSpec),
    /// Named tables of one kind.
    Named(&'static TableSpec),
    /// Named tables whose keys depend on their `kind`.
    Works,
    /// Addresses and their lists of values.
    Sweep,
}

/// What happens when a key is not written.
#[derive(Clone, Copy, Debug)]
pub enum Need {
    /// An error.
    Required,
    /// Nothing; the text says what that means.
    Optional(&'static str),
    /// A default, written as a planner would write it.
    Default {
        /// The value.
        text: &'static str,
        /// Published source, or the reason for the assumption.
        source: &'static str,
        /// True when no published figure stands behind it.
        assumption: bool,
    },
    /// The figure of the catalogue part that this table uses.
    Part(&'static str),
    /// The key of the same name in `[wan]`.
    Wan,
    /// Computed; the text says how.
    Derived(&'static str),
}

/// Smallest and largest admissible value, in base units.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// Smallest.
    pub low: f64,
    /// Largest.
    pub high: f64,
    /// Whether `low` itself is refused.
    pub open: bool,
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Name.
    pub name: &'static str,
    /// Kind of value.
    pub kind: Kind,
    /// What happens without it.
    pub need: Need,
    /// Admissible values.
    pub range: Range,
    /// One line for the reference.
    pub doc: &'static str,
}

/// How many keys of a group may be written.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// Exactly one.
    ExactlyOne(&'static [&'static str]),
    /// One or more.
    AtLeastOne(&'static [&'static str]),
    /// None or one.
    AtMostOne(&'static [&'static str]),
}

/// One TOML table.
#[derive(Debug)]
pub struct TableSpec {
    /// Header as in the reference, e.g. `[link.NAME]`.
    pub header: &'static str,
    /// What it describes.
    pub doc: &'static str,
    /// Keys, in groups that several tables may share.
    pub groups: &'static [&'static [Key]],
    /// Keys of the language that this version does not simulate.
    pub later: &'static [&'static str],
    /// Conditions on groups of keys.
    pub rules: &'static [Rule],
}

impl TableSpec {
    /// All keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &'static Key> + use<> {
        self.groups.iter().flat_map(|group| group.iter())
    }

    /// A key by name.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys().find(|key| key.name == name)
    }
}

/// A key with the widest range: any value the dimension admits.
const fn key(name: &'static str, kind: Kind, need: Need, doc: &'static str) -> Key {
    Key { name, kind, need, range: Range { low: f64::NEG_INFINITY, high: f64::INFINITY, open: false }, doc }
}

impl Key {
    /// Values from `low` to `high`.
    const fn within(mut self, low: f64, high: f64) -> Self {
        self.range = Range { low, high, open: false };
        self
    }

    /// Values above zero, up to `high`.
    const fn positive(mut self, high: f64) -> Self {
        self.range = Range { low: 0.0, high, open: true };
        self
    }
}

/// A default without a published figure.
const fn assumed(text: &'static str, reason: &'static str) -> Need {
    Need::Default { text, source: reason, assumption: true }
}

/// A default from a published source.
const fn cited(text: &'static str, source: &'static str) -> Need {
    Need::Default { text, source, assumption: false }
}

/// A hundred years in seconds: no duration of a plan is longer.
const CENTURY: f64 = 3.155_76e9;
/// The largest rate that is taken seriously, bytes per second.
const MAX_RATE: f64 = 1e18;
/// The largest amount of data, bytes.
const MAX_BYTES: f64 = 1e24;
/// The largest number of things.
const MAX_COUNT: f64 = 1e9;
