//! What a storage system of a size can carry, in closed form, and the smallest size that carries a load.
//!
//! Every stage of a system has a capacity and an amount it takes per payload byte read, per payload byte written and
//! per operation. These are the crossings that the simulation uses, with the write buffer full, so that a write
//! carries its migration: a size that follows from them is a size in which the simulation serves the load. That the two
//! agree is a test (`deliverable_rates_are_what_a_saturated_system_delivers`).

use super::protection::Code;
use super::storage::evenly;
use crate::scenario::plan::economics::{Of, Stage};
use crate::scenario::read::record::Record;

/// Rates asked of a system at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Load {
    /// Payload bytes read per second.
    pub read: f64,
    /// Payload bytes written per second.
    pub write: f64,
    /// Operations per second on data.
    pub operations: f64,
    /// Operations per second on metadata.
    pub metadata: f64,
}

/// The figures of a system that its size multiplies.
pub(super) struct Figures<'a> {
    /// Keys with the figures of the part filled in.
    pub record: &'a Record,
    /// Layout of the part.
    pub layout: &'a str,
    /// Code over the units; none for a service that hides it.
    pub code: Option<Code>,
}

/// A load this far above a capacity still counts as served: the last digits of a sum.
const ROUNDING: f64 = 1e-12;

impl Figures<'_> {
    fn figure(&self, key: &str) -> f64 {
        // A figure that is missing has been reported, and the plan is thrown away.
        self.record.number(key).unwrap_or(1.0)
    }

    /// The stages of a system of so many units and heads.
    pub(super) fn stages(&self, units: f64, heads: f64) -> Vec<Stage> {
        let f = |key: &str| self.figure(key);
        let even = evenly(units, self.record.number("account_skew"));
        let out = match self.layout {
            "shared-nodes" => self.shared_nodes(units),
            "heads-enclosures" => self.heads_enclosures(units, heads),
            "striped" => self.striped(units),
            "accounts" => self.service(
                [["account egress", "account-egress"], ["account ingress", "account-ingress"]],
                [even * f("account_egress"), even * f("account_ingress")],
            ),
            _ => {
                let rate = units * f("provisioned_rate");
                self.service(
                    [["provisioned read rate", "egress"], ["provisioned write rate", "ingress"]],
                    [rate * f("read_share"), rate * f("write_share")],
                )
            }
        };
        let (name, resource, of, each) = match self.layout {
            "shared-nodes" | "striped" => ("operations", "operations", Of::Units, units),
            "heads-enclosures" => ("operations", "operations", Of::Heads, heads),
            "accounts" => ("account requests", "account-requests", Of::Units, even),
            _ => ("operations", "operations", Of::System, 1.0),
        };
        // Where reads and writes are limited apart, the tighter limit holds: a demand does not say of which kind it is.
        let apart = ["read_operations", "write_operations"].into_iter().filter_map(|key| self.record.number(key));
        let capacity = each * apart.fold(f("operations"), f64::min);
        let stated = self.record.number("metadata_operations");
        let limit = |name, resource, capacity, operation, metadata| Stage {
            name,
            resource,
            of,
            capacity,
            read: 0.0,
            write: 0.0,
            operation,
            metadata,
        };
        // Where the system states no limit of them, operations on metadata count in that of all.
        let all = limit(name, resource, capacity, 1.0, if stated.is_some() { 0.0 } else { 1.0 });
        let own = stated.map(|own| match self.record.number("metadata_servers").filter(|_| self.layout == "striped") {
            // They do not grow with the servers of data.
            Some(servers) => {
                Stage { of: Of::System, ..limit("metadata operations", "metadata-operations", servers * own, 0.0, 1.0) }
            }
            None => limit("metadata operations", "metadata-operations", each * own, 0.0, 1.0),
        });
        out.into_iter().chain([all]).chain(own).collect()
    }

    /// Bytes read back from the buffer, and written to media with parity, per client byte.
    fn migration(&self, units: f64) -> (f64, f64) {
        let reduction = self.figure("reduction");
        let back = if self.record.text("migration_read") == Some("raw") { 1.0 } else { 1.0 / reduction };
        let stripe = self.code.as_ref().map_or(1.0, |code| code.stripe_on(units));
        (back, stripe / reduction)
    }

    /// Bytes read per second that the time of the media of one unit would give, beside what is written; infinite where
    /// reads and writes do not compete for it.
    fn media_time(&self) -> f64 {
        let shared = self.record.number("media_shared").filter(|shared| *shared > 0.0);
        shared.map_or(f64::INFINITY, |shared| (2.0 - shared) * self.figure("media_read"))
    }

    fn shared_nodes(&self, units: f64) -> Vec<Stage> {
        let f = |key: &str| self.figure(key);
        let hop = (units - 1.0) / units * f("internal_overhead");
        let (back, stripe) = self.migration(units);
        let (copies, client) = (f("buffer_copies"), f("client_overhead"));
        let shared = self.media_time();
        let inner = (copies + back + stripe) * hop;
        let stage = |name, each: f64, read, write| bytes(name, Of::Units, units * each, read, write);
        vec![
            stage(["NICs inwards", "nic-in"], f("nic"), hop, client + inner),
            stage(["NICs outwards", "nic-out"], f("nic"), hop + client, inner),
            stage(["media read", "media-read"], f("media_read"), 1.0, 0.0),
            stage(["media write", "media-write"], f("media_write"), 0.0, stripe),
            stage(["media", "media"], shared, 1.0, stripe * f("media_read") / f("media_write")),
            stage(["write buffer", "write-buffer"], f("buffer_rate"), 0.0, copies),
        ]
    }

    /// Every byte passes the NIC of one server once; parity is computed in it and goes to its own media.
    fn striped(&self, units: f64) -> Vec<Stage> {
        let f = |key: &str| self.figure(key);
        let (_, stripe) = self.migration(units);
        let client = f("client_overhead");
        let stage = |name, each: f64, read, write| bytes(name, Of::Units, units * each, read, write);
        vec![
            stage(["NICs inwards", "nic-in"], f("nic"), 0.0, client),
            stage(["NICs outwards", "nic-out"], f("nic"), client, 0.0),
            stage(["media read", "media-read"], f("media_read"), 1.0, 0.0),
            stage(["media write", "media-write"], f("media_write"), 0.0, stripe),
            stage(["media", "media"], self.media_time(), 1.0, stripe * f("media_read") / f("media_write")),
        ]
    }

    fn heads_enclosures(&self, units: f64, heads: f64) -> Vec<Stage> {
        let f = |key: &str| self.figure(key);
        let hop = f("internal_overhead");
        let (back, stripe) = self.migration(units);
        let (copies, client) = (f("buffer_copies"), f("client_overhead"));
        let shared = self.media_time();
        let head = |name, each: f64, read, write| bytes(name, Of::Heads, heads * each, read, write);
        let shelf = |name, each: f64, read, write| bytes(name, Of::Units, units * each, read, write);
        vec![
            head(["head NICs inwards", "head-nic-in"], f("head_nic"), 0.0, client),
            head(["head NICs outwards", "head-nic-out"], f("head_nic"), client, 0.0),
            head(["head fabric inwards", "head-fabric-in"], f("head_fabric"), hop, back * hop),
            head(["head fabric outwards", "head-fabric-out"], f("head_fabric"), 0.0, (copies + stripe) * hop),
            shelf(
                ["enclosure fabric inwards", "enclosure-fabric-in"],
                f("enclosure_fabric"),
                0.0,
                (copies + stripe) * hop,
            ),
            shelf(["enclosure fabric outwards", "enclosure-fabric-out"], f("enclosure_fabric"), hop, back * hop),
            shelf(["media read", "media-read"], f("media_read"), 1.0, 0.0),
            shelf(["media write", "media-write"], f("media_write"), 0.0, stripe),
            shelf(["media", "media"], shared, 1.0, stripe * f("media_read") / f("media_write")),
            shelf(["write buffer", "write-buffer"], f("buffer_rate"), 0.0, copies),
        ]
    }

    fn service(&self, names: [[&'static str; 2]; 2], rates: [f64; 2]) -> Vec<Stage> {
        let client = self.figure("client_overhead");
        vec![bytes(names[0], Of::Units, rates[0], client, 0.0), bytes(names[1], Of::Units, rates[1], 0.0, client)]
    }

    /// The fewest units (or heads) from `least` on that carry a load, and the stage that binds at that number; `None`
    /// when `most` are not enough. Stages that grow with something else are left out.
    pub(super) fn fewest(&self, of: Of, load: Load, least: f64, most: f64) -> Option<(f64, &'static str)> {
        let fullest = |n: f64| {
            let stages = match of {
                Of::Heads => self.stages(1e9, n),
                _ => self.stages(n, 1.0),
            };
            fullest(&stages, |stage| stage.of == of, load)
        };
        let carries = |n: f64| fullest(n).1 <= 1.0 + ROUNDING;
        if carries(least) {
            return Some((least, fullest(least).0));
        }
        // From two units on more of them always carry more: (n-1)/n of a hop grows slower than n.
        let (mut low, mut high) = (least, (2.0 * least).max(2.0));
        while !carries(high) {
            if high >= most {
                return None;
            }
            (low, high) = (high, (2.0 * high).min(most));
        }
        while high - low > 1.0 {
            let middle = ((low + high) / 2.0).floor();
            if carries(middle) { high = middle } else { low = middle }
        }
        Some((high, fullest(high).0))
    }

    /// Capacity that gives a load, where capacity is sold and rates come with it.
    pub(super) fn sold(&self, load: Load) -> (f64, &'static str) {
        let (name, share) = fullest(&self.stages(1.0, 1.0), |stage| stage.of == Of::Units, load);
        (share, name)
    }

    /// Rate at which reads alone, or writes alone, fill the first stage, and which that is.
    pub(super) fn deliverable(&self, units: f64, heads: f64, read: bool) -> (f64, &'static str) {
        let load = Load { read: f64::from(u8::from(read)), write: f64::from(u8::from(!read)), ..Load::default() };
        let (name, share) = fullest(&self.stages(units, heads), |_| true, load);
        (1.0 / share, name)
    }
}

fn bytes([name, resource]: [&'static str; 2], of: Of, capacity: f64, read: f64, write: f64) -> Stage {
    Stage { name, resource, of, capacity, read, write, operation: 0.0, metadata: 0.0 }
}

/// The stage that a load takes the largest share of; the first of equals.
pub(super) fn fullest(stages: &[Stage], select: impl Fn(&Stage) -> bool, load: Load) -> (&'static str, f64) {
    stages
        .iter()
        .filter(|stage| select(stage))
        .map(|stage| (stage.name, stage.share([load.read, load.write, load.operations, load.metadata])))
        .fold(("", 0.0), |best, next| if next.1 > best.1 { next } else { best })
}
