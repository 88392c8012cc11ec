//! Tiers: where the old bytes of a system go.

use super::Resolver;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Plan, Tier, WorkKind};
use crate::scenario::read::record::Record;
use crate::scenario::spec::Entity;
use crate::units::{ByteRate, Bytes, SimDuration};

/// Marks at least so far apart, as a share of the system.
const LEAST_GAP: f64 = 0.01;

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
        let marks = self.marks(record, tier)?;
        Some(Some(Tier {
            to,
            after: tier.number("after").map(SimDuration::from_secs_f64),
            marks,
            pace: ByteRate(tier.number("pace").unwrap_or(f64::INFINITY)),
            priority: tier.whole("priority") as u8,
            io_size: Bytes(tier.number("io_size")?),
        }))
    }

    /// The marks of a tier, high first; `None` when they were written wrongly.
    fn marks(&mut self, record: &Record, tier: &Record) -> Option<Option<(f64, f64)>> {
        if ["after", "high", "low"].iter().any(|key| tier.broken.contains(key)) {
            return None;
        }
        let (high, low) = match (tier.number("high"), tier.number("low")) {
            (Some(high), Some(low)) => (high, low),
            (None, None) => return Some(None),
            (high, _) => {
                let (has, lacks) = if high.is_some() { ("high", "low") } else { ("low", "high") };
                let found = Diagnostic::new("E0102", format!("missing key '{lacks}' in [{}]", tier.address));
                let found = found.at(tier.place_of(has)).label(format!("'{has}' needs '{lacks}'"));
                self.report(found.help("for example 'high = \"85 %\"' with 'low = \"70 %\"'"));
                return None;
            }
        };
        if high - low < LEAST_GAP - 1e-9 {
            let found = Diagnostic::new(
                "E0513",
                format!("the low mark of '{}' is not a point below its high mark", record.name),
            );
            let found = found.at(tier.place_of("low")).also(tier.place_of("high"), "the high mark");
            self.report(
                found.help("bytes move from 'high' until 'low': write a 'low' at least 1 % of the system below"),
            );
            return None;
        }
        Some(Some((high, low)))
    }

    /// A tier moves what loads ingest and keep for longer than it waits.
    pub(super) fn idle_tiers(&mut self, plan: &Plan) {
        for (index, storage) in plan.storages.iter().enumerate() {
            let Some(tier) = storage.tier else { continue };
            let moves = plan.works.iter().any(|work| match &work.kind {
                WorkKind::Io(io) => io.storage == index && io.ingest && tier.moves(io.retention),
                _ => false,
            });
            if !moves {
                let message = format!("nothing that is ingested on '{}' is for its tier to move", storage.name);
                let record = self.record_of("storage", &storage.name);
                let place = record.map_or(&self.top.place, |r| r.place_of("tier")).clone();
                let found = Diagnostic::new("W0609", message).at(&place);
                self.report(found.help("a tier moves what 'io' works with 'ingest = true' write and keep"));
            }
        }
    }
}
