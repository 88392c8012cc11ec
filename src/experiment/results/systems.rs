//! Storage systems side by side: what sizes each, what it delivers, what it costs.

use crate::scenario::plan::economics::Need;
use crate::scenario::plan::{Plan, Storage};

/// One storage system that is sized, priced or judged by its economics. Everything here follows from the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct SystemRow {
    /// Name in the scenario.
    pub name: String,
    /// Catalogue part.
    pub system: String,
    /// Nodes, enclosures or accounts.
    pub units: f64,
    /// What a unit is, in the plural.
    pub unit: String,
    /// Heads beside enclosures.
    pub heads: f64,
    /// Which part of the demand sizes it (`capacity`, `read rate`, …), or `as stated`.
    pub sized_by: String,
    /// Stage that binds at this size; empty for capacity.
    pub stage: String,
    /// What each part of the demand needs alone.
    pub needs: Vec<NeedRow>,
    /// Usable client bytes.
    pub usable: f64,
    /// Deliverable payload rates of reads and writes alone, bytes per second.
    pub rates: [f64; 2],
    /// US dollars a month by item, in order of [`COST_ITEMS`]; `None` where no price is known.
    pub cost: Option<[f64; 5]>,
    /// IT power on the site, watts.
    pub power: f64,
    /// Rack positions on the site.
    pub racks: f64,
}

/// Items of a monthly cost.
pub const COST_ITEMS: [&str; 5] = ["hours", "capacity", "purchase", "power", "racks"];

/// What one part of a demand needs.
#[derive(Clone, Debug, PartialEq)]
pub struct NeedRow {
    /// Part of the demand.
    pub by: String,
    /// Stage that binds at this number of units.
    pub stage: String,
    /// Units, or bytes of capacity where capacity is sold.
    pub units: f64,
}

impl From<&Need> for NeedRow {
    fn from(need: &Need) -> Self {
        NeedRow { by: need.by.to_owned(), stage: need.stage.to_owned(), units: need.units }
    }
}

/// The systems of a plan whose economics results show, in order of name.
pub(in crate::experiment) fn systems(plan: &Plan) -> Vec<SystemRow> {
    plan.storages.iter().filter(|storage| storage.economics.shown).map(row).collect()
}

fn row(storage: &Storage) -> SystemRow {
    let e = &storage.economics;
    let decides = e.sizing.as_ref().and_then(|sizing| sizing.decides());
    SystemRow {
        name: storage.name.clone(),
        system: storage.system.clone(),
        units: e.units,
        unit: e.unit.to_owned(),
        heads: e.heads,
        sized_by: decides.map_or("as stated", |need| need.by).to_owned(),
        stage: decides.map_or("", |need| need.stage).to_owned(),
        needs: e.sizing.iter().flat_map(|sizing| &sizing.needs).map(NeedRow::from).collect(),
        usable: storage.capacity.get(),
        rates: [e.read.0.get(), e.write.0.get()],
        cost: e.cost.map(|c| [c.hours, c.capacity, c.purchase, c.power, c.racks]),
        power: storage.power.get(),
        racks: storage.racks,
    }
}
