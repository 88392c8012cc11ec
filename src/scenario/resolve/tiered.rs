//! Reads of an `io` work that go to the tier of its system.

use super::Resolver;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Tiered, TieredShare};
use crate::scenario::read::record::Record;
use crate::units::{Bytes, Dist};

impl Resolver<'_> {
    /// `storage` is the system it reads, `site` that of the clients.
    pub(super) fn tiered(
        &mut self,
        work: &Record,
        table: &Record,
        (storage, site): (Option<usize>, Option<usize>),
    ) -> Option<Tiered> {
        for key in ["namespace", "files", "loader", "checkpoint", "protocol", "phases"] {
            if work.wrote(key) {
                let found = Diagnostic::new("E0107", format!("'tiered' and '{key}' exclude one another"));
                self.report(found.at(work.place_of("tiered")).also(work.place_of(key), "the other"));
                return None;
            }
        }
        if work.text("pattern") == Some("write") {
            let message = "'tiered' does not fit 'pattern = \"write\"': nothing is read";
            let found = Diagnostic::new("E0107", message).at(work.place_of("tiered"));
            self.report(found.also(work.place_of("pattern"), "the pattern"));
            return None;
        }
        let system = self.records("storage").get(storage?)?.clone();
        let Some(tier) = system.table("tier") else {
            if !system.broken.contains(&"tier") {
                let message = format!("'{}' has no tier that '{}' could read from", system.name, work.name);
                let found = Diagnostic::new("E0107", message).at(work.place_of("tiered"));
                self.report(found.help(format!(
                    "write 'tier = {{ to = \"…\", after = \"30 days\" }}' in [storage.{}]",
                    system.name
                )));
            }
            return None;
        };
        self.check_tier_sites(work, &system, tier, site);
        Some(Tiered { share: self.tiered_share(work, table)?, promote: table.flag("promote") })
    }

    fn tiered_share(&mut self, work: &Record, table: &Record) -> Option<TieredShare> {
        if ["share", "unread"].iter().any(|key| table.broken.contains(key)) {
            return None;
        }
        let (share, unread) = (table.number("share"), table.number("unread"));
        let unread = match (share, unread) {
            (Some(share), None) => {
                for key in ["data", "object_size", "popularity", "exponent", "hot_share", "hot_requests"] {
                    if table.wrote(key) {
                        let message = format!("'{key}' has no effect with 'share'");
                        self.report(Diagnostic::new("W0609", message).at(table.place_of(key)));
                    }
                }
                return Some(TieredShare::Stated(share));
            }
            (None, Some(unread)) => unread,
            _ => {
                let message = "'tiered' takes one of 'share' and 'unread'";
                let found = Diagnostic::new("E0107", message).at(work.place_of("tiered"));
                self.report(
                    found.help("state the share of the reads, or after which time without a read an object moves"),
                );
                return None;
            }
        };
        let data = table.number("data");
        if data.is_none() && !table.broken.contains(&"data") {
            let found = Diagnostic::new("E0102", format!("missing key 'data' in [{}]", table.address));
            let found = found.at(table.place_of("unread")).label("'unread' needs 'data'");
            self.report(found.help("for example 'data = \"5 PB\"'"));
        }
        let popularity = self.popularity(table);
        let rate = match work.random("rate") {
            Some(Dist::Constant(rate)) if !work.wrote("growth") && !work.wrote("season") => *rate,
            _ => {
                let message =
                    "'unread' needs a constant 'rate' of the work: how often objects are read follows from it";
                let found = Diagnostic::new("E0107", message).at(table.place_of("unread"));
                self.report(found.help("write 'rate', or state the 'share' that is read on the tier"));
                return None;
            }
        };
        Some(TieredShare::Unread {
            seconds: unread,
            rate,
            data: Bytes(data?),
            object: Bytes(table.number("object_size")?),
            popularity: popularity?,
        })
    }

    /// One flow takes one way: two of system, tier and clients are at one site.
    fn check_tier_sites(&mut self, work: &Record, system: &Record, tier: &Record, site: Option<usize>) {
        let target = tier.text("to").and_then(|to| self.record_of("storage", to)).and_then(|to| to.text("site"));
        let (Some(own), Some(target), Some(site)) = (system.text("site"), target, site) else { return };
        let clients = self.records("site")[site].name.clone();
        if own != target && clients != own && clients != target {
            let message = format!(
                "'{}' reads from '{clients}' on '{own}' and on its tier at '{target}', which are two ways",
                work.name
            );
            let found = Diagnostic::new("E0513", message).at(work.place_of("tiered"));
            self.report(found.help("put the clients at one of these sites, or write a work for each of the systems"));
        }
    }
}
