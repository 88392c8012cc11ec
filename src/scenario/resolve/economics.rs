//! Demand, size and cost of a storage system: how many units a demand needs, and what they cost a month.

use super::Resolver;
use super::capability::{Figures, Load, fullest};
use super::protection::Code;
use super::storage::{MAX_UNITS, Size};
use super::target::REQUESTS;
use crate::kpi::{self, is_economic};
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::economics::{Cost, Demand, Economics, HOURS_PER_MONTH, Need, Of, Prices, Sizing};
use crate::scenario::plan::{Plan, Storage, Target};
use crate::scenario::read::record::Record;
use crate::scenario::spec::PRICE;
use crate::scenario::text::tree::Table;
use crate::units::{ByteRate, Bytes, Dimension, Power, display};

/// Keys that say what a system costs.
pub(super) const PRICES: [&str; 4] = ["price_per_hour", "price_per_capacity", "price", "head_price"];

/// What is asked of a system, and what each part of it needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    demand: Demand,
    /// Whether the planner wrote `sized_for`.
    written: bool,
    /// Needs in units; `None` in a need that no number of units meets.
    units: Vec<(Need, bool)>,
    heads: Option<(Need, bool)>,
}

impl Asked {
    /// Whether the number of units follows from `sized_for`.
    pub(super) fn sizes(&self) -> bool {
        self.written
    }

    /// Whether rates are asked for.
    pub(super) fn rates(&self) -> bool {
        let d = &self.demand;
        d.read.get() > 0.0 || d.write.get() > 0.0 || d.operations > 0.0 || d.metadata > 0.0
    }

    /// Bytes that `sized_for` asks to hold.
    pub(super) fn holds(&self) -> Option<f64> {
        (self.written && self.demand.capacity.get() > 0.0).then_some(self.demand.capacity.get())
    }

    /// Loads with their names: each rate alone, and all together where the peaks coincide.
    fn loads(&self) -> Vec<(&'static str, Load)> {
        let d = &self.demand;
        let all = Load { read: d.read.get(), write: d.write.get(), operations: d.operations, metadata: d.metadata };
        let mut loads = vec![
            ("read rate", Load { read: all.read, ..Load::default() }),
            ("write rate", Load { write: all.write, ..Load::default() }),
            ("operations", Load { operations: all.operations, ..Load::default() }),
            ("metadata", Load { metadata: all.metadata, ..Load::default() }),
        ];
        loads.retain(|(_, load)| *load != Load::default());
        if d.at_once && loads.len() > 1 {
            loads.push(("all at once", all));
        }
        loads
    }

    /// Works out what each part of the demand needs. `holding` is the number of units that hold so many bytes, from a
    /// least number on.
    pub(super) fn needs(
        &mut self,
        record: &Record,
        layout: &str,
        code: Option<Code>,
        holding: impl Fn(f64, f64) -> f64,
    ) {
        if !self.written {
            return;
        }
        let least = smallest(record, code.as_ref());
        if least > 1.0 {
            self.units.push((Need { by: "smallest system", stage: "", units: least }, true));
        }
        if self.demand.capacity.get() > 0.0 {
            let units = holding(self.demand.capacity.get(), least);
            self.units.push((Need { by: "capacity", stage: "", units }, units <= MAX_UNITS || layout == "provisioned"));
        }
        let figures = Figures { record, layout, code };
        for (by, load) in self.loads() {
            if layout == "provisioned" {
                let (units, stage) = figures.sold(load);
                let limit = fullest(&figures.stages(1.0, 1.0), |s| s.of == Of::System, load).1;
                self.units.push((Need { by, stage, units }, limit <= 1.0));
                continue;
            }
            let found = figures.fewest(Of::Units, load, least, MAX_UNITS);
            let (units, stage) = found.unwrap_or((f64::INFINITY, ""));
            let limit = fullest(&figures.stages(1.0, 1.0), |s| s.of == Of::System, load).1;
            self.units.push((Need { by, stage, units }, found.is_some() && limit <= 1.0));
            if layout == "heads-enclosures" {
                let found = figures.fewest(Of::Heads, load, 1.0, MAX_UNITS);
                let (units, stage) = found.unwrap_or((f64::INFINITY, ""));
                if self.heads.is_none_or(|(heads, _)| heads.units < units) {
                    self.heads = Some((Need { by, stage, units }, found.is_some()));
                }
            }
        }
    }

    fn sizing(&self) -> Option<Sizing> {
        self.written.then(|| Sizing {
            needs: self.units.iter().map(|(need, _)| *need).collect(),
            heads: self.heads.map(|(need, _)| need),
        })
    }
}

/// The fewest units that a product supports and its stripe fits on.
fn smallest(record: &Record, code: Option<&Code>) -> f64 {
    let minimum = record.number("min_nodes").unwrap_or(1.0).max(1.0);
    code.map_or(1.0, Code::least_units).max(minimum)
}

impl Resolver<'_> {
    /// Reads `sized_for`; without it a stated capacity is what is asked.
    pub(super) fn asked(&mut self, record: &Record) -> Option<Asked> {
        let Some(table) = record.table("sized_for") else {
            let capacity = Bytes(record.number("capacity").unwrap_or(0.0));
            return Some(Asked { demand: Demand { capacity, ..Demand::default() }, ..Asked::default() });
        };
        if record.wrote("capacity") {
            let message = "'capacity' does not fit 'sized_for', which says what the system must hold";
            let found = Diagnostic::new("E0107", message).at(record.place_of("capacity"));
            self.report(found.help("write the capacity into 'sized_for', or leave 'sized_for' out"));
            return None;
        }
        let number = |key: &str| table.number(key).unwrap_or(0.0);
        let demand = Demand {
            capacity: Bytes(number("capacity")),
            read: ByteRate(number("read")),
            write: ByteRate(number("write")),
            operations: number("operations"),
            metadata: number("metadata"),
            at_once: table.flag("at_once"),
        };
        let rates = [demand.read.get(), demand.write.get(), demand.operations, demand.metadata];
        if table.wrote("at_once") && rates.iter().filter(|rate| **rate > 0.0).count() < 2 {
            let message = "'at_once' has no effect on one rate alone";
            self.report(Diagnostic::new("W0609", message).at(table.place_of("at_once")));
        }
        Some(Asked { demand, written: true, ..Asked::default() })
    }

    /// The number of units, heads, or bytes where capacity is sold, that `sized_for` needs.
    pub(super) fn sized(&mut self, record: &Record, key: &str, asked: &Asked) -> Option<f64> {
        let needs: Vec<(Need, bool)> = match key {
            "heads" => asked.heads.into_iter().collect(),
            _ => asked.units.clone(),
        };
        if let Some((need, _)) = needs.iter().find(|(_, met)| !met) {
            let message = format!("no size of '{}' meets the {} of 'sized_for'", record.name, need.by);
            let help = match key {
                "capacity" => {
                    "operations of a service sold by capacity do not grow with it: use several systems".into()
                }
                _ if need.by == "metadata"
                    && record.wrote("sized_for")
                    && record.number("metadata_servers").is_some() =>
                {
                    let servers = asked.demand.metadata / record.number("metadata_operations").unwrap_or(1.0);
                    format!(
                        "operations on metadata do not grow with {key}: 'metadata_servers' must be at least {}",
                        servers.ceil()
                    )
                }
                _ => format!("it would need more than {MAX_UNITS} {key}"),
            };
            self.report(Diagnostic::new("E0512", message).at(record.place_of("sized_for")).help(help));
            return None;
        }
        let needs: Vec<Need> = needs.into_iter().map(|(need, _)| need).collect();
        let decides = Sizing { needs: needs.clone(), heads: None }.decides().copied()?;
        let amount =
            |units: f64| if key == "capacity" { display(units, Dimension::Bytes) } else { (units as u64).to_string() };
        let each = |need: &Need| match need.stage {
            "" => format!("{} {}", need.by, amount(need.units)),
            stage => format!("{} {} ({stage})", need.by, amount(need.units)),
        };
        let shown = amount(decides.units);
        let formula =
            format!("the largest need of sized_for: {}", needs.iter().map(each).collect::<Vec<_>>().join(", "));
        self.reader.ledger.derived(record.address_of(key), shown, formula);
        Some(decides.units)
    }

    /// A stated number of units that is too small for its demand, and more accounts than a subscription has.
    pub(super) fn check_demand(&mut self, record: &Record, size: &Size) {
        let stated =
            [("nodes", size.units), ("enclosures", size.units), ("accounts", size.units), ("heads", size.heads)];
        for (key, units) in stated.into_iter().filter(|(key, _)| size.asked.sizes() && record.wrote(key)) {
            let needs: Vec<Need> = match key {
                "heads" => size.asked.heads.iter().map(|(need, _)| *need).collect(),
                _ => size.asked.units.iter().map(|(need, _)| *need).collect(),
            };
            let short = needs.iter().filter(|need| need.by != "smallest system" && need.units > units);
            let Some(need) = short.max_by(|a, b| a.units.total_cmp(&b.units)) else { continue };
            let message = format!(
                "'{}' has {} {key}, and the {} of 'sized_for' needs {}",
                record.name, units as u64, need.by, need.units as u64,
            );
            self.report(Diagnostic::new("W0612", message).at(record.place_of(key)));
        }
        let Some(most) = record.number("accounts_per_subscription").filter(|most| size.units > *most) else { return };
        let message = format!(
            "'{}' has {} accounts, and a subscription holds {most} in a region without a special request: it takes {} subscriptions",
            record.name,
            size.units as u64,
            (size.units / most).ceil(),
        );
        let key = if record.wrote("accounts") { "accounts" } else { "system" };
        self.report(Diagnostic::new("W0610", message).at(record.place_of(key)));
    }

    /// Everything about demand and money of a system whose size is known.
    pub(super) fn economics(&mut self, record: &Record, layout: &str, size: &Size) -> Option<Economics> {
        let unit = match layout {
            "shared-nodes" | "striped" => "nodes",
            "heads-enclosures" => "enclosures",
            "accounts" => "accounts",
            _ => "systems",
        };
        let power = self.power(record, size)?;
        let racks = self.per_unit(record, "racks", "head_racks", size)?;
        self.check_kind_of_price(record, layout, racks);
        let figures = Figures { record, layout, code: size.code };
        let multiple = if layout == "provisioned" { size.capacity } else { size.units };
        let deliverable = |read| {
            let (rate, stage) = figures.deliverable(multiple, size.heads, read);
            (ByteRate(rate), stage)
        };
        // What requests cost is shown in any case; alone it would look like all of it.
        let requests = REQUESTS.iter().any(|key| record.number(key).is_some());
        let gateways = Self::of_gateways(record, "gateway_price_per_hour") > 0.0;
        let asked = record.wrote("sized_for") || PRICES.iter().any(|key| record.wrote(key)) || self.top.wrote("price");
        let priced = asked || requests || gateways;
        Some(Economics {
            unit,
            units: size.units,
            heads: size.heads,
            demand: size.asked.demand,
            sizing: size.asked.sizing(),
            read: deliverable(true),
            write: deliverable(false),
            stages: figures.stages(multiple, size.heads),
            cost: self.cost(record, size, power, racks),
            shown: priced,
        })
    }

    fn cost(&mut self, record: &Record, size: &Size, power: Power, racks: f64) -> Option<Cost> {
        let price = |key: &str| record.number(key);
        let gateways = Self::of_gateways(record, "gateway_price_per_hour");
        if PRICES.iter().all(|key| price(key).is_none()) && gateways <= 0.0 {
            return None;
        }
        let bought = price("price").unwrap_or(0.0) * size.units + price("head_price").unwrap_or(0.0) * size.heads;
        let leased = power.get() > 0.0 || racks > 0.0;
        let prices =
            if bought > 0.0 || leased { self.prices() } else { Prices { per_joule: 0.0, rack_hour: 0.0, life: 1.0 } };
        Some(Cost {
            hours: (price("price_per_hour").unwrap_or(0.0) * size.units + gateways) * HOURS_PER_MONTH,
            capacity: price("price_per_capacity").unwrap_or(0.0) * size.capacity,
            purchase: prices.purchase(bought),
            power: prices.power(power),
            racks: prices.racks(racks),
        })
    }

    /// `[price]`, with its defaults where a system takes them.
    fn prices(&mut self) -> Prices {
        if self.price.is_none() {
            let top = self.top;
            self.price = Some(match top.table("price") {
                Some(table) => table.clone(),
                None => self.reader.record(&PRICE, "price", &Table::new(), &top.place),
            });
        }
        let number = |key: &str| self.price.as_ref().map_or(0.0, |table| table.num(key));
        Prices { per_joule: number("power"), rack_hour: number("rack_position"), life: number("life") }
    }
}

impl Resolver<'_> {
    /// `[price]` that no system takes anything from.
    pub(super) fn check_prices(&mut self, plan: &Plan) {
        let takes = |s: &Storage| s.economics.cost.is_some_and(|c| c.purchase + c.power + c.racks > 0.0);
        if self.top.wrote("price") && !plan.storages.iter().any(takes) {
            let message = "'price' has no effect: no storage system with a price is bought, or draws power on a site";
            let place = self.top.place_of("price").clone();
            self.report(Diagnostic::new("W0609", message).at(&place));
        }
    }

    /// Prices and limits that this layout has no use for.
    fn check_kind_of_price(&mut self, record: &Record, layout: &str, racks: f64) {
        let service = matches!(layout, "accounts" | "provisioned");
        let idle = [
            ("head_price", layout != "heads-enclosures", "it has no heads"),
            ("accounts_per_subscription", layout != "accounts", "it has no accounts"),
            ("account_skew", layout != "accounts", "it has no accounts"),
            ("price_per_hour", service, "a service is priced by capacity"),
            ("price", service, "a service is priced by capacity"),
            ("cooling", racks <= 0.0, "it takes no racks"),
        ];
        for (key, _, why) in idle.into_iter().filter(|(key, idle, _)| *idle && record.wrote(key)) {
            let message = format!("'{key}' has no effect on '{}': {why}", record.name);
            self.report(Diagnostic::new("W0609", message).at(record.place_of(key)));
        }
    }
}

/// Results show what a target judges.
pub(super) fn show_judged(storages: &mut Option<Vec<Storage>>, targets: &Option<Vec<Target>>) {
    let (Some(storages), Some(targets)) = (storages, targets) else { return };
    for target in targets {
        let Ok(found) = kpi::lookup(&target.kpi) else { continue };
        if let Some(storage) = storages.iter_mut().find(|s| found.entity.first() == Some(&s.name)) {
            storage.economics.shown |= is_economic(found.kpi.pattern);
        }
    }
}
