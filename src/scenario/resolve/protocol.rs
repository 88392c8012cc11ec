//! Protocols on a storage system, and which of them a work speaks.

use super::Resolver;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::Protocol;
use crate::scenario::read::record::Record;
use crate::scenario::read::{string_place, undefined};

impl Resolver<'_> {
    /// In order of name; `None` when one cannot be understood.
    pub(super) fn protocols(&mut self, record: &Record) -> Option<Vec<Protocol>> {
        let one = |table: &Record| {
            self.check_gateways(table);
            let gateways = table.number("gateways").unwrap_or(f64::INFINITY);
            let all = |key: &str| table.number(key).map_or(f64::INFINITY, |each| gateways * each);
            Some(Protocol {
                name: table.name.clone(),
                operations: table.number("operations")?,
                added: [table.number("read_latency")?, table.number("write_latency")?],
                gateway_rate: all("gateway_nic"),
                gateway_operations: all("gateway_operations"),
            })
        };
        let all: Option<Vec<_>> = record.tables("protocol").iter().map(one).collect();
        all.filter(|_| !record.broken.contains(&"protocol"))
    }

    /// A figure of one gateway times their number, over all protocols of a system.
    pub(super) fn of_gateways(record: &Record, key: &str) -> f64 {
        let one = |table: &Record| Some(table.number("gateways")? * table.number(key)?);
        record.tables("protocol").iter().filter_map(one).sum()
    }

    /// Gateways that limit nothing, and limits of none.
    fn check_gateways(&mut self, table: &Record) {
        let limits = ["gateway_nic", "gateway_operations", "gateway_price_per_hour", "gateway_power"];
        let written = limits.into_iter().find(|key| table.wrote(key));
        match (table.wrote("gateways"), written) {
            (true, None) => {
                let message = format!("'gateways' of '{}' limit nothing and cost nothing", table.name);
                let found = Diagnostic::new("W0609", message).at(table.place_of("gateways"));
                self.report(
                    found.help(
                        "write 'gateway_nic' or 'gateway_operations', what one of them carries, or what one costs",
                    ),
                );
            }
            (false, Some(key)) => {
                let message = format!("'{key}' has no effect without 'gateways'");
                self.report(Diagnostic::new("W0609", message).at(table.place_of(key)));
            }
            _ => {}
        }
    }

    /// The protocol of a work on a system; the inner `None` for that of the system itself.
    pub(super) fn protocol_of(&mut self, work: &Record, storage: Option<usize>) -> Option<Option<usize>> {
        if !work.wrote("protocol") {
            return Some(None);
        }
        if work.wrote("namespace") {
            let found = Diagnostic::new("E0107", "'protocol' and 'namespace' exclude one another");
            self.report(found.at(work.place_of("protocol")).also(work.place_of("namespace"), "the other"));
        }
        let name = work.text("protocol")?.to_owned();
        let system = self.records("storage").get(storage?)?;
        let names: Vec<&str> = system.tables("protocol").iter().map(|table| table.name.as_str()).collect();
        if let Some(at) = names.iter().position(|known| *known == name) {
            return Some(Some(at));
        }
        let known = if self.reader.findings.suggests() { &names[..] } else { &[] };
        let place = string_place(work.place_of("protocol"), &name);
        let found = undefined("protocol", &format!("protocols of '{}'", system.name), &name, &place, known);
        let help = format!("write [storage.{}.protocol.{name}]", system.name);
        let found = if names.is_empty() { found.help(help) } else { found };
        self.report(found);
        None
    }
}
