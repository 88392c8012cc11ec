//! Storage systems: how many units, which layout, how much fits.

use super::Resolver;
use super::economics::Asked;
use super::protection::Code;
use crate::catalog::{Kind, Part};
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{self, Layout, Origin, Storage, WritePath};
use crate::scenario::read::record::Record;
use crate::scenario::spec::Entity;
use crate::units::{ByteRate, Bytes, Dimension, Power, SimDuration, display, print};

/// How many units a system has, and what they hold.
pub(super) struct Size {
    /// Nodes, enclosures or accounts; 1 for a service sold by capacity.
    pub units: f64,
    /// Heads of a system with separate enclosures; 0 elsewhere.
    pub heads: f64,
    /// Usable capacity in client bytes.
    pub capacity: f64,
    /// Raw media.
    raw: Option<f64>,
    /// The code as it lies on so many units; none for a service that hides it.
    pub code: Option<Code>,
    /// Demand and what of it each unit is for.
    pub asked: Asked,
}

/// Most nodes, enclosures or accounts of one system.
pub(super) const MAX_UNITS: f64 = 1e9;

/// Keys that say how many units there are, by layout.
const UNIT_KEYS: [(&str, &[&str]); 5] = [
    ("shared-nodes", &["nodes"]),
    ("heads-enclosures", &["enclosures", "heads"]),
    ("striped", &["nodes"]),
    ("accounts", &["accounts"]),
    ("provisioned", &[]),
];

impl Resolver<'_> {
    pub(super) fn storage(&mut self, record: &Record) -> Option<Storage> {
        let site = self.named(record, "site", Entity::Site);
        let part = &*self.part(record, "system", Kind::Storage)?;
        let record = &self.with_figures(record, part);
        let layout = part.word("layout")?;
        self.check_unit_keys(record, part, layout)?;
        let size = self.size(record, layout)?;
        self.check_size(record, &size);
        let quota = self.quota(record, &size)?;
        let lanes = self.lanes(record, &size);
        let units = size.units;
        let serving = match layout {
            "accounts" => evenly(units, record.number("account_skew")),
            _ if size.heads > 0.0 => size.heads,
            _ => units,
        };
        let nameplate = record.number("nameplate_read").zip(record.number("nameplate_write"));
        Some(Storage {
            name: record.name.clone(),
            site: site?,
            system: part.name.clone(),
            capacity: Bytes(size.capacity),
            raw: size.raw.map(Bytes),
            layout: self.layout(record, layout, &size)?,
            client_overhead: self.figure(record, "client_overhead")?,
            internal_overhead: self.figure(record, "internal_overhead")?,
            code: match &size.code {
                Some(code) => Some(self.plan_code(record, code)?),
                None => None,
            },
            write_path: match &size.code {
                Some(_) if layout != "striped" => Some(self.write_path(record, units)?),
                _ => None,
            },
            protection: self.protection(record, &size, layout == "striped")?,
            holds: self.holds(record, &size)?,
            hard_quota: quota.0,
            soft_quota: quota.1,
            snapshots: SimDuration::from_secs_f64(record.number("snapshots").unwrap_or(0.0)),
            tier: self.tier(record)?,
            lead_time: record.number("lead_time").map(SimDuration::from_secs_f64),
            order_for: record.number("order_for").map(SimDuration::from_secs_f64),
            lanes: lanes?,
            media_shared: record.number("media_shared").unwrap_or(0.0),
            requests: self.requests(record, serving, layout == "striped")?,
            protocols: self.protocols(record)?,
            request_prices: ["price_per_10k_reads", "price_per_10k_writes"].map(|key| record.number(key)),
            nameplate: nameplate.map(|(read, write)| (ByteRate(read * units), ByteRate(write * units))),
            cooling: record.text("cooling").map(str::to_owned),
            economics: self.economics(record, layout, &size)?,
            power: self.power(record, &size)?,
            racks: self.per_unit(record, "racks", "head_racks", &size)?,
        })
    }

    /// IT power of the system with its gateways.
    pub(super) fn power(&mut self, record: &Record, size: &Size) -> Option<Power> {
        let own = self.per_unit(record, "node_power", "head_power", size)?;
        Some(Power(own + Self::of_gateways(record, "gateway_power")))
    }

    pub(super) fn per_unit(&mut self, record: &Record, unit: &str, head: &str, size: &Size) -> Option<f64> {
        let heads = if size.heads > 0.0 { self.figure(record, head)? * size.heads } else { 0.0 };
        Some(self.figure(record, unit)? * size.units + heads)
    }

    /// `nodes` of an object service, or `accounts` of a cluster, mean nothing.
    fn check_unit_keys(&mut self, record: &Record, part: &Part, layout: &str) -> Option<()> {
        let fits = UNIT_KEYS.iter().find(|(name, _)| *name == layout).map_or(&[][..], |(_, keys)| *keys);
        let mut good = true;
        for key in ["nodes", "enclosures", "heads", "accounts"] {
            if !record.wrote(key) || fits.contains(&key) {
                continue;
            }
            let message = format!("'{key}' does not fit '{}', whose layout is {layout}", part.name);
            let instead = match fits {
                [] => "its size is its 'capacity'".to_owned(),
                keys => format!("its size is '{}', or 'capacity'", keys.join("' and '")),
            };
            self.report(Diagnostic::new("E0107", message).at(record.place_of(key)).help(instead));
            good = false;
        }
        let sized = record.wrote("capacity")
            || record.wrote("sized_for")
            || fits.iter().any(|k| *k != "heads" && record.wrote(k));
        if good && !sized && fits.contains(&"heads") && record.wrote("heads") {
            let message = format!("[{}] needs 'enclosures' or 'capacity' beside 'heads'", record.address);
            self.report(Diagnostic::new("E0102", message).at(&record.place));
        }
        (good && sized).then_some(())
    }

    fn size(&mut self, record: &Record, layout: &str) -> Option<Size> {
        if record.broken.contains(&"capacity") || record.broken.contains(&"sized_for") {
            return None;
        }
        let mut asked = self.asked(record)?;
        let stated = record.number("capacity");
        match layout {
            "accounts" => {
                let each = self.figure(record, "account_capacity")?;
                asked.needs(record, layout, None, |bytes, least| fewest(bytes, least, &|_: f64| each));
                let stated = stated.or(asked.holds());
                let (units, capacity) = self.units(record, "accounts", |_| each, stated, "account_capacity", &asked)?;
                Some(Size { units, heads: 0.0, capacity, raw: None, code: None, asked })
            }
            "provisioned" => {
                asked.needs(record, layout, None, |bytes, _| bytes);
                let capacity = match stated {
                    Some(stated) => stated,
                    None => self.sized(record, "capacity", &asked)?,
                };
                Some(Size { units: 1.0, heads: 0.0, capacity, raw: None, code: None, asked })
            }
            _ => {
                let boxes = layout == "heads-enclosures";
                let key = if boxes { "enclosures" } else { "nodes" };
                let raw = self.figure(record, "raw")?;
                let code = self.code(record, layout)?;
                let reduced = raw * self.figure(record, "reduction")?;
                let each = |units: f64| reduced * code.usable(units);
                asked.needs(record, layout, Some(code), |bytes, least| fewest(bytes, least, &each));
                let formula = "raw x usable_fraction x reduction";
                let (units, capacity) = self.units(record, key, each, stated, formula, &asked)?;
                let code = self.laid_out(record, code, key, units)?;
                let heads = if boxes { self.heads(record, units, &asked)? } else { 0.0 };
                Some(Size { units, heads, capacity, raw: Some(raw * units), code: Some(code), asked })
            }
        }
    }

    /// Number of units and usable capacity: what is stated wins, the other follows from what one unit holds among so
    /// many, which grows with their number or stays.
    fn units(
        &mut self,
        record: &Record,
        key: &str,
        each: impl Fn(f64) -> f64,
        stated: Option<f64>,
        formula: &str,
        asked: &Asked,
    ) -> Option<(f64, f64)> {
        if record.broken.contains(&"nodes")
            || record.broken.contains(&"accounts")
            || record.broken.contains(&"enclosures")
        {
            return None;
        }
        let written = record.number(key);
        let minimum = record.number("min_nodes").unwrap_or(1.0).max(1.0);
        let units = match written {
            Some(written) => written,
            None if asked.sizes() => self.sized(record, key, asked)?,
            None => fewest(stated.unwrap_or(0.0), minimum, &each),
        };
        if units > MAX_UNITS {
            let message = format!("'{}' would need more than {MAX_UNITS} {key}", record.name);
            self.report(Diagnostic::new("E0203", message).at(record.place_of("capacity")));
            return None;
        }
        if written.is_none() && !asked.sizes() {
            let shown = print(units, Dimension::Count);
            self.reader.ledger.derived(record.address_of(key), shown, format!("capacity / ({formula}), rounded up"));
        }
        let fits = units * each(units);
        let capacity = stated.unwrap_or(fits);
        if stated.is_none() {
            let shown = display(capacity, Dimension::Bytes);
            self.reader.ledger.derived(record.address_of("capacity"), shown, format!("{key} x {formula}"));
        } else if capacity > fits * (1.0 + 1e-9) {
            let message = format!(
                "{} of '{}' do not fit: {} {key} hold {}",
                display(capacity, Dimension::Bytes),
                record.name,
                print(units, Dimension::Count),
                display(fits, Dimension::Bytes),
            );
            let found = Diagnostic::new("E0508", message).at(record.place_of("capacity"));
            self.report(found.also(record.place_of(key), format!("the number of {key}")));
            return None;
        }
        Some((units, capacity))
    }

    fn heads(&mut self, record: &Record, enclosures: f64, asked: &Asked) -> Option<f64> {
        if record.broken.contains(&"heads") {
            return None;
        }
        if let Some(written) = record.number("heads") {
            return Some(written);
        }
        if asked.rates() {
            return self.sized(record, "heads", asked);
        }
        let shown = print(enclosures, Dimension::Count);
        self.reader.ledger.derived(record.address_of("heads"), shown, "as many as enclosures (assumption)");
        Some(enclosures)
    }

    fn check_size(&mut self, record: &Record, size: &Size) {
        if let Some(most) = record.number("max_capacity").filter(|most| size.capacity > *most) {
            let shown = display(most, Dimension::Bytes);
            let message = format!("'{}' is larger than the {shown} offered without a special request", record.name);
            self.report(Diagnostic::new("W0610", message).at(record.place_of("capacity")));
        }
        if let Some(least) = record.number("min_nodes").filter(|least| size.units < *least) {
            let message = format!("'{}' has fewer units than the {least} its product supports", record.name);
            self.report(Diagnostic::new("W0610", message).at(record.place_of("nodes")));
        }
        self.check_demand(record, size);
    }

    fn layout(&mut self, record: &Record, layout: &str, size: &Size) -> Option<Layout> {
        let units = size.units as u64;
        let stripe_count = if layout == "striped" { self.stripe_count(record, units)? } else { 0 };
        let mut rate = |key: &str| self.figure(record, key).map(ByteRate);
        Some(match layout {
            "shared-nodes" => Layout::SharedNodes {
                nodes: units,
                nic: rate("nic")?,
                media_read: rate("media_read")?,
                media_write: rate("media_write")?,
            },
            "heads-enclosures" => Layout::HeadsEnclosures {
                heads: size.heads as u64,
                head_nic: rate("head_nic")?,
                head_fabric: rate("head_fabric")?,
                enclosures: units,
                enclosure_fabric: rate("enclosure_fabric")?,
                media_read: rate("media_read")?,
                media_write: rate("media_write")?,
            },
            "striped" => Layout::Striped {
                servers: units,
                nic: rate("nic")?,
                media_read: rate("media_read")?,
                media_write: rate("media_write")?,
                targets: self.figure(record, "targets")? as u64,
                stripe_count,
            },
            "accounts" => {
                let (ingress, egress) = (rate("account_ingress")?, rate("account_egress")?);
                Layout::Accounts {
                    accounts: units,
                    ingress,
                    egress,
                    capacity: Bytes(self.figure(record, "account_capacity")?),
                    operations: self.figure(record, "operations")?,
                    apart: ["read_operations", "write_operations"]
                        .map(|key| record.number(key).unwrap_or(f64::INFINITY)),
                    skew: self.account_skew(record),
                    per_subscription: record.number("accounts_per_subscription").map(|n| n as u64),
                }
            }
            _ => {
                let rate = self.figure(record, "provisioned_rate")? * size.capacity;
                let shown = display(rate, Dimension::Throughput);
                let address = format!("{}.rate", record.address);
                self.reader.ledger.derived(address, shown, "provisioned_rate x capacity");
                Layout::Provisioned {
                    rate: ByteRate(rate),
                    read_share: self.figure(record, "read_share")?,
                    write_share: self.figure(record, "write_share")?,
                }
            }
        })
    }

    /// Targets of a file: no more than there are.
    fn stripe_count(&mut self, record: &Record, servers: u64) -> Option<u64> {
        let all = self.figure(record, "targets")? as u64 * servers;
        Some((self.figure(record, "stripe_count")? as u64).min(all))
    }

    /// How uneven the load on accounts is.
    fn account_skew(&mut self, record: &Record) -> f64 {
        record.number("account_skew").unwrap_or_else(|| {
            let origin = Origin::Default { source: "an even spread over accounts".to_owned(), assumption: true };
            self.reader.ledger.push(record.address_of("account_skew"), "1", origin);
            1.0
        })
    }

    fn plan_code(&mut self, record: &Record, code: &Code) -> Option<plan::Code> {
        let reduction = self.figure(record, "reduction")?;
        Some(plan::Code { data: code.data as u32, parity: code.parity as u32, reduction })
    }

    fn write_path(&mut self, record: &Record, units: f64) -> Option<WritePath> {
        let reduction = self.figure(record, "reduction")?;
        Some(WritePath {
            buffer: Bytes(self.figure(record, "buffer")? * units),
            buffer_rate: ByteRate(self.figure(record, "buffer_rate")? * units),
            copies: self.figure(record, "buffer_copies")?,
            migration_read: if record.text("migration_read")? == "raw" { 1.0 } else { 1.0 / reduction },
            low_water: self.figure(record, "low_water")?,
        })
    }
}

/// Evenly used accounts that carry as much as so many of which the hottest has `skew` times the mean: the hottest is full first.
/// It has no more than the whole load.
pub(super) fn evenly(accounts: f64, skew: Option<f64>) -> f64 {
    (accounts / skew.unwrap_or(1.0)).max(1.0)
}

/// The fewest units that hold `bytes`, at least `minimum`.
fn fewest(bytes: f64, minimum: f64, each: &impl Fn(f64) -> f64) -> f64 {
    let widest = each(f64::INFINITY);
    let mut units = (bytes / widest).ceil().max(minimum);
    // Narrow stripes hold less, and nothing at all on too few units; beyond the widest stripe every unit holds the same.
    while units * each(units) < bytes * (1.0 - 1e-12) && each(units) < widest {
        units += 1.0;
    }
    units
}
