//! Quotas of storage systems.

use super::Resolver;
use super::storage::Size;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::read::record::Record;
use crate::units::{Bytes, Dimension, display};

impl Resolver<'_> {
    /// Hard and soft quota: the hard one lies between what the system holds and its capacity, the soft one below it.
    pub(super) fn quota(&mut self, record: &Record, size: &Size) -> Option<(Bytes, Option<Bytes>)> {
        let Some(quota) = record.table("quota") else {
            return (!record.broken.contains(&"quota")).then_some((Bytes(size.capacity), None));
        };
        let (hard, soft) = (quota.number("hard"), quota.number("soft"));
        let holds = record.number("holds").unwrap_or(0.0);
        let shown = |bytes: f64| display(bytes, Dimension::Bytes);
        if let Some(hard) = hard.filter(|hard| *hard < holds) {
            let message = format!(
                "the hard quota of '{}', {}, is below the {} it holds at the start",
                record.name,
                shown(hard),
                shown(holds)
            );
            let found = Diagnostic::new("E0510", message).at(quota.place_of("hard"));
            self.report(
                found.also(record.place_of("holds"), "what it holds").help("raise the quota, or lower 'holds'"),
            );
            return None;
        }
        if let Some(hard) = hard.filter(|hard| *hard > size.capacity) {
            let message =
                format!("the hard quota of '{}' has no effect: it holds {}", record.name, shown(size.capacity));
            let found = Diagnostic::new("W0609", message).at(quota.place_of("hard"));
            self.report(found.help(format!("{} are more than that", shown(hard))));
        }
        let limit = hard.unwrap_or(size.capacity).min(size.capacity);
        if let Some(soft) = soft.filter(|soft| *soft >= limit) {
            let message = format!(
                "the soft quota of '{}', {}, is never reached before the limit of {}",
                record.name,
                shown(soft),
                shown(limit)
            );
            let found = Diagnostic::new("E0510", message).at(quota.place_of("soft"));
            self.report(found.help("a soft quota warns before the hard quota or the capacity refuses"));
            return None;
        }
        Some((Bytes(limit), soft.map(Bytes)))
    }
}
