//! Turns of trajectories.

use super::Resolver;
use crate::scenario::plan::Environment;
use crate::scenario::read::record::Record;

/// Whether engines have contexts to read before a turn.
pub(super) fn has_contexts(record: &Record) -> bool {
    record.number("prompt").is_some_and(|prompt| prompt > 0.0) || record.table("environment").is_some()
}

impl Resolver<'_> {
    /// The environment between turns.
    pub(super) fn environment(&self, record: &Record) -> Option<Option<Environment>> {
        if record.broken.contains(&"environment") {
            return None;
        }
        let Some(table) = record.table("environment") else { return Some(None) };
        Some(Some(Environment {
            turns: table.random("turns")?.clone(),
            time: table.random("time")?.clone(),
            observation: table.number("observation")?,
            hold: table.flag("hold"),
        }))
    }
}
