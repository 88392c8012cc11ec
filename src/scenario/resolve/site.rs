//! Sites: front-end fabric and WAN edge.

use super::Resolver;
use crate::scenario::plan::{Failures, Fleet, Link, Site};
use crate::scenario::read::record::{Record, Val};
use crate::units::{ByteRate, Dimension, Power, display};

/// Capacity of a fabric or edge that nothing is attached to: 1 Pbps, which limits nobody.
const UNLIMITED: f64 = 1.25e14;

impl Resolver<'_> {
    pub(super) fn sites(&mut self, fleets: &[Fleet], links: &[Link]) -> Option<Vec<Site>> {
        let top = self.top;
        let records = top.tables("site");
        let (mut nics, mut edges) = (vec![0.0; records.len()], vec![[0.0; 2]; records.len()]);
        for fleet in fleets {
            nics[fleet.site] += node_rates(fleet);
        }
        for link in links {
            let [there, back] = link.largest();
            for (site, [out, into]) in [(link.ends.0, [there, back]), (link.ends.1, [back, there])] {
                edges[site][0] += out;
                edges[site][1] += into;
            }
        }
        let of =
            |(index, record): (usize, &Record)| self.site(record, nics[index], edges[index][0].max(edges[index][1]));
        Some(records.iter().enumerate().map(of).collect())
    }

    /// A site from its record, the NIC rate of its nodes and the capacity of its links.
    fn site(&mut self, record: &Record, nics: f64, edge: f64) -> Site {
        let fabric = nics / record.num("fabric_oversubscription");
        let location = match record.item("location").map(|i| &i.val) {
            Some(Val::Location(latitude, longitude)) => Some((*latitude, *longitude)),
            _ => None,
        };
        let rack_positions = match record.item("rack_positions").map(|i| &i.val) {
            Some(Val::Counts(counts)) => counts.clone(),
            _ => Vec::new(),
        };
        let fabric_formula = "front-end rate of all GPU nodes at the site / fabric_oversubscription";
        Site {
            name: record.name.clone(),
            location,
            power: record.number("power").map(Power),
            pue: record.num("pue"),
            rack_positions,
            fabric: self.stated_or(record, "fabric", fabric, fabric_formula),
            outage: self.site_outage(record),
            wan_edge: self.stated_or(record, "wan_edge", edge, "sum of the capacities of the site's links"),
        }
    }

    /// How the site is lost to the WAN.
    fn site_outage(&self, record: &Record) -> Option<Failures> {
        let table = record.table("outage").filter(|_| self.wan.flag("failures"))?;
        Some(Failures {
            time_to_failure: table.random("mtbf")?.clone(),
            time_to_repair: table.random("repair")?.clone(),
        })
    }

    fn stated_or(&mut self, record: &Record, key: &str, derived: f64, formula: &str) -> ByteRate {
        if let Some(stated) = record.number(key) {
            return ByteRate(stated);
        }
        let (value, formula) = match derived > 0.0 {
            true => (derived, formula),
            false => (UNLIMITED, "nothing is attached to it, so it limits nobody"),
        };
        if !self.is_from_file(record) {
            self.reader.ledger.derived(record.address_of(key), display(value, Dimension::ByteRate), formula);
        }
        ByteRate(value)
    }
}

/// Front-end rate of all nodes of a fleet, bytes per second.
fn node_rates(fleet: &Fleet) -> f64 {
    (fleet.nodes * fleet.gpus_per_node) as f64 * fleet.frontend_per_gpu.get()
}
