//! How a storage system serves operations.

use super::Resolver;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Plan, Requests, WorkKind};
use crate::scenario::read::record::Record;

impl Resolver<'_> {
    /// Limits and times of operations of a system with so many nodes, heads or accounts. Operations on metadata of a striped file
    /// system are those of its metadata servers.
    pub(super) fn requests(&mut self, record: &Record, units: f64, striped: bool) -> Option<Requests> {
        let operations = self.figure(record, "operations")?;
        let or_none = |key: &str| record.number(key).unwrap_or(f64::INFINITY);
        let metadata_units = if striped { self.figure(record, "metadata_servers")? } else { units };
        let read_latency = self.law(record, "read_latency")?;
        Some(Requests {
            operations: operations * units,
            metadata_operations: or_none("metadata_operations") * metadata_units,
            metadata_latency: record.random("metadata_latency").unwrap_or(&read_latency).mean(),
            read_operations: or_none("read_operations") * units,
            write_operations: or_none("write_operations") * units,
            read_latency,
            write_latency: self.law(record, "write_latency")?,
            read_stream: or_none("read_stream"),
            write_stream: or_none("write_stream"),
            client_slots: record.number("client_slots").map(|slots| slots as u64),
        })
    }

    /// The nodes of a copy are limited by the slots of a system, or by nothing.
    pub(super) fn check_requests(&mut self, plan: &Plan) {
        for work in &plan.works {
            let WorkKind::Copy(copy) = &work.kind else { continue };
            let slots = |s: usize| plan.storages[s].requests.client_slots;
            let mut all = std::iter::once(copy.from).chain(copy.to.iter().copied());
            if copy.clients.is_some() && all.all(|s| slots(s).is_none()) {
                let from = &plan.storages[copy.from].name;
                let to: Vec<String> = copy.to.iter().map(|&to| format!("'{}'", plan.storages[to].name)).collect();
                let to = to.join(" nor ");
                let message = format!("'clients' has no effect: neither '{from}' nor {to} states 'client_slots'");
                let place = self.key_place("work", &work.name, "clients");
                let help = "write 'client_slots' in one of them, the most outstanding operations of one client";
                self.report(Diagnostic::new("W0609", message).at(&place).help(help));
            }
        }
    }
}
