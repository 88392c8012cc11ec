//! Fleets.

use super::Resolver;
use crate::catalog::{Kind, Part};
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Fleet, Hazard, Repair};
use crate::scenario::read::record::Record;
use crate::scenario::spec::Entity;
use crate::units::{ByteRate, Dimension, Power, print};

/// Repair classes in the order of [`Fleet::repairs`].
const REPAIRS: [&str; 3] = ["reset", "swap", "rma"];

impl Resolver<'_> {
    pub(super) fn fleet(&mut self, record: &Record) -> Option<Fleet> {
        let site = self.named(record, "site", Entity::Site);
        let part = &*self.part(record, "node", Kind::Node)?;
        let record = &self.with_figures(record, part);
        let gpus_per_node = self.figure(record, "gpus_per_node")?;
        let gpus_per_unit = self.figure(record, "gpus_per_unit")?;
        self.check_units(record, gpus_per_node, gpus_per_unit)?;
        let nodes = self.nodes(record, gpus_per_node)?;
        let repair = |name: &str| Repair { name: name.to_owned(), time: record.dist(&format!("repair_{name}")) };
        Some(Fleet {
            name: record.name.clone(),
            site: site?,
            node: part.name.clone(),
            nodes,
            gpus_per_node: gpus_per_node as u64,
            gpus_per_unit: gpus_per_unit as u64,
            racks_per_node: self.figure(record, "racks")?,
            cooling: record.text("cooling")?.to_owned(),
            spares: record.number("spares")?,
            peak_flops: self.figure(record, "peak_flops")?,
            frontend_per_gpu: ByteRate(self.figure(record, "frontend_per_gpu")?),
            node_power: Power(self.figure(record, "node_power")?),
            hazards: self.hazards(record, part)?,
            repairs: REPAIRS.iter().map(|name| repair(name)).collect(),
            in_operation: record.text("health")? == "steady",
            detection: record.dist("detection"),
            replacement: record.dist("replacement"),
        })
    }

    fn check_units(&mut self, record: &Record, per_node: f64, per_unit: f64) -> Option<()> {
        if (per_node % per_unit).abs() < f64::MIN_POSITIVE {
            return Some(());
        }
        let message = format!("'gpus_per_unit' ({per_unit}) does not divide the {per_node} GPUs of a node");
        let key = if record.wrote("gpus_per_unit") { "gpus_per_unit" } else { "gpus_per_node" };
        self.report(Diagnostic::new("E0203", message).at(record.place_of(key)));
        None
    }

    /// Whole nodes, from either key. GPUs are rounded up.
    fn nodes(&mut self, record: &Record, per_node: f64) -> Option<u64> {
        if let Some(nodes) = record.number("nodes") {
            let gpus = print(nodes * per_node, Dimension::Gpus);
            self.reader.ledger.derived(record.address_of("gpus"), gpus, format!("nodes x {per_node} GPUs per node"));
            return Some(nodes as u64);
        }
        let gpus = record.number("gpus")?;
        let nodes = (gpus / per_node).ceil();
        let formula = format!("gpus / {per_node} GPUs per node, rounded up");
        self.reader.ledger.derived(record.address_of("nodes"), print(nodes, Dimension::Count), formula);
        let rounded = nodes * per_node;
        if rounded > gpus {
            let message =
                format!("{gpus} GPUs of fleet '{}' become {rounded}: {nodes} whole nodes of {per_node}", record.name);
            self.report(Diagnostic::new("W0606", message).at(record.place_of("gpus")).note());
        }
        Some(nodes as u64)
    }

    /// One hazard per published cause: the rate of a GPU times the share of the cause.
    fn hazards(&mut self, record: &Record, part: &Part) -> Option<Vec<Hazard>> {
        let rate = self.figure(record, "failure_rate_per_8_gpus")?;
        if !record.flag("failures") || rate <= 0.0 {
            return Some(Vec::new());
        }
        let class = |name: &str| REPAIRS.iter().position(|r| *r == name).unwrap_or(0);
        let of = |cause: &crate::catalog::Cause| Hazard {
            cause: cause.name.clone(),
            per_gpu_second: rate / 8.0 * cause.share,
            repair: class(&cause.repair),
        };
        Some(part.causes().iter().map(of).collect())
    }
}
