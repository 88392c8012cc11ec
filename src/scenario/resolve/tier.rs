//! Tiers: where the old bytes of a system go.

use super::Resolver;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Plan, Tier, WorkKind};
use crate::scenario::read::record::Record;
use crate::scenario::spec::Entity;
use crate::units::{ByteRate, Bytes, SimDuration};

impl Resolver<'_> {
    /// The tier of a system; `None` when it was written wrongly.
    pub(super) fn tier(&mut self, record: &Record) -> Option<Option<Tier>> {
        let Some(tier) = record.table("tier") else {
            return (!record.broken.contains(&"tier")).then_some(None);
        };
        let to = self.named(tier, "to", Entity::Storage)?;
        let target = &self.records("storage")[to];
        let (own, next) = (target.name == record.name, target.table("tier").is_some());
        if own || next {
            let message = match own {
                true => format!("'{}' is tiered to itself", record.name),
                false => format!("'{}' is tiered to '{}', which is tiered itself", record.name, target.name),
            };
            let found = Diagnostic::new("E0513", message).at(tier.place_of("to"));
            self.report(found.help("name a system that keeps what it gets"));
            return None;
        }
        Some(Some(Tier {
            to,
            after: SimDuration::from_secs_f64(tier.number("after")?),
            pace: ByteRate(tier.number("pace").unwrap_or(f64::INFINITY)),
            priority: tier.whole("priority") as u8,
            io_size: Bytes(tier.number("io_size")?),
        }))
    }

    /// A tier moves what loads ingest and keep for longer than it waits.
    pub(super) fn idle_tiers(&mut self, plan: &Plan) {
        for (index, storage) in plan.storages.iter().enumerate() {
            let Some(tier) = storage.tier else { continue };
            let moves = plan.works.iter().any(|work| match &work.kind {
                WorkKind::Io(io) => {
                    io.storage == index && io.ingest && io.retention.is_none_or(|retention| retention > tier.after)
                }
                _ => false,
            });
            if !moves {
                let message = format!("nothing that is ingested on '{}' becomes old enough for its tier", storage.name);
                let record = self.record_of("storage", &storage.name);
                let place = record.map_or(&self.top.place, |r| r.place_of("tier")).clone();
                let found = Diagnostic::new("W0609", message).at(&place);
                self.report(found.help("a tier moves what 'io' works with 'ingest = true' write and keep"));
            }
        }
    }
}
