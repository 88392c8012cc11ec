//! What a sweep yields, ready to be written: the only thing `report` sees of it.

use super::{KpiRow, Verdict};

/// What all cells of a sweep have in common. The same for every shard.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SweepInfo {
    /// Title of the scenario.
    pub title: String,
    /// File stem of the scenario, safe as a folder name.
    pub name: String,
    /// SHA-256 (hex) of everything that was read, overrides and axes of the command line among it.
    pub digest: String,
    /// Program version.
    pub version: String,
    /// Digest of the sources that results depend on.
    pub model: String,
    /// Word of the design.
    pub design: String,
    /// Points of the design, before conditions.
    pub points: usize,
    /// Cells.
    pub cells: usize,
    /// Root seed of the scenario, which all cells have unless it is an axis, and of the design.
    pub seed: u64,
    /// Axes in order.
    pub axes: Vec<AxisInfo>,
    /// Targets of the scenario in order.
    pub targets: Vec<TargetInfo>,
}

impl SweepInfo {
    /// The seed that all cells have; `None` where it is an axis.
    pub fn common_seed(&self) -> Option<u64> {
        (!self.axes.iter().any(|axis| axis.address == "seed")).then_some(self.seed)
    }
}

/// An axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AxisInfo {
    /// Address as written.
    pub address: String,
    /// Unit of its numbers; `None` where its values are words.
    pub unit: Option<String>,
    /// Whether its values are listed (or counted) rather than drawn from a range.
    pub listed: bool,
    /// Whether equal steps of its range are equal ratios.
    pub log: bool,
}

/// A target, for columns and charts.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetInfo {
    /// Name.
    pub name: String,
    /// KPI.
    pub kpi: String,
    /// Limits in the base unit, lower and upper, where there are.
    pub limits: [Option<f64>; 2],
}

/// The value of an axis in a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Coordinate {
    /// As written.
    pub text: String,
    /// In the unit of the axis, where that has one.
    pub number: Option<f64>,
}

/// Results of a cell. Nothing in it depends on where in which sweep the cell stands.
#[derive(Clone, Debug, PartialEq)]
pub struct CellResults {
    /// Why it has no results; `None` where it has.
    pub failure: Option<String>,
    /// Replications.
    pub replications: u32,
    /// KPIs, sorted by name.
    pub kpis: Vec<KpiRow>,
    /// Verdicts by target, sorted by name.
    pub verdicts: Vec<(String, Verdict)>,
}

impl CellResults {
    /// A cell that gave none.
    pub fn failed(reason: String, replications: u32) -> Self {
        CellResults { failure: Some(reason), replications, kpis: Vec::new(), verdicts: Vec::new() }
    }
}
