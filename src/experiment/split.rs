//! Bytes by way over all replications.

use std::collections::BTreeMap;

use super::results::WayRow;
use crate::model::world::{ByWay, Measured};

/// Sender, ends, way.
type Key<'a> = (&'a str, &'a (String, String), &'a str);

/// One row per way of each pair that has had several, by sender and pair, the fullest way first.
pub(super) fn by_way(measured: &[Measured]) -> Vec<WayRow> {
    let mut sums: BTreeMap<Key<'_>, (f64, f64)> = BTreeMap::new();
    for ByWay { sender, ends, way, bytes, active_s } in measured.iter().flat_map(|m| &m.ways) {
        let sum = sums.entry((sender, ends, way)).or_default();
        *sum = (sum.0 + bytes, sum.1 + active_s);
    }
    let mut rows = Vec::new();
    let all: Vec<(Key<'_>, (f64, f64))> = sums.into_iter().collect();
    for pair in all.chunk_by(|a, b| (a.0.0, a.0.1) == (b.0.0, b.0.1)).filter(|pair| pair.len() > 1) {
        let total: f64 = pair.iter().map(|(_, (bytes, _))| bytes).sum();
        let row = |&((sender, ends, way), (bytes, active_s)): &(Key<'_>, (f64, f64))| WayRow {
            sender: sender.to_owned(),
            ends: ends.clone(),
            way: way.to_owned(),
            bytes: bytes / measured.len() as f64,
            share: if total > 0.0 { bytes / total } else { 0.0 },
            rate: (active_s > 0.0).then(|| bytes / active_s),
        };
        let mut of_pair: Vec<WayRow> = pair.iter().map(row).collect();
        of_pair.sort_by(|a, b| b.bytes.total_cmp(&a.bytes).then_with(|| a.way.cmp(&b.way)));
        rows.extend(of_pair);
    }
    rows
}
