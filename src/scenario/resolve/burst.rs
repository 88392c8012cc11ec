//! The checkpoint of an `io` work.

use super::Resolver;
use crate::catalog::Kind;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::Burst;
use crate::scenario::read::record::Record;
use crate::units::{Bytes, SimDuration};

impl Resolver<'_> {
    /// `work` is the record that the checkpoint's `table` stands in.
    pub(super) fn burst(&mut self, work: &Record, table: &Record) -> Option<Burst> {
        self.check_burst(work, table);
        let filled;
        let table = if table.wrote("model") {
            let part = self.part(table, "model", Kind::Model)?;
            filled = self.with_figures(table, &part);
            &filled
        } else {
            table
        };
        let parameters = self.figure(table, "parameters")?;
        Some(Burst {
            checkpoint: Bytes(parameters * table.number("bytes_per_parameter")?),
            ranks: table.number("ranks")? as u64,
            replicas: table.number("replicas")? as u64,
            every: table.number("every").map(SimDuration::from_secs_f64),
            keep: table.number("keep").map(|keep| keep as u64),
            stragglers: self.stragglers(work, table)?,
        })
    }

    /// Slow ranks in whole numbers; the outer `None` when they were written wrongly.
    fn stragglers(&mut self, work: &Record, table: &Record) -> Option<Option<(u64, f64)>> {
        let Some(slow) = table.table("stragglers") else {
            return (!table.broken.contains(&"stragglers")).then_some(None);
        };
        let (ranks, share) = (table.number("ranks")?, slow.number("share")?);
        let count = (ranks * share).ceil() as u64;
        if count >= ranks as u64 {
            let message = format!("all {ranks} ranks of '{}' are stragglers", work.name);
            let found = Diagnostic::new("E0203", message).at(slow.place_of("share"));
            self.report(found.also(table.place_of("ranks"), "the ranks").help("lower the share, or slow the clients"));
            return None;
        }
        let shown = crate::units::print(count as f64, crate::units::Dimension::Count);
        self.reader.ledger.derived(format!("{}.ranks", slow.address), shown, "share x ranks, rounded up");
        Some(Some((count, slow.number("slowdown")?)))
    }

    fn check_burst(&mut self, work: &Record, table: &Record) {
        let place = work.place_of("checkpoint").clone();
        if work.text("pattern") == Some("mixed") {
            let found = Diagnostic::new("E0107", "'checkpoint' does not fit 'pattern = \"mixed\"'").at(&place);
            let help = "a work with 'pattern = \"write\"' saves, one with 'pattern = \"read\"' loads";
            self.report(found.also(work.place_of("pattern"), "the pattern").help(help));
        }
        for key in ["rate", "namespace", "loader", "ingest"] {
            if work.wrote(key) && (key != "ingest" || work.flag("ingest")) {
                let message = format!("'checkpoint' and '{key}' exclude one another");
                let found = Diagnostic::new("E0107", message).at(work.place_of(key));
                self.report(found.also(&place, "the checkpoint"));
            }
        }
        if work.text("pattern") == Some("write") && table.wrote("replicas") {
            let message = "'replicas' has no effect on a save, which writes each byte once";
            self.report(Diagnostic::new("W0609", message).at(table.place_of("replicas")));
        }
        if work.text("pattern") == Some("read") && table.wrote("keep") {
            let message = "'keep' has no effect on a load, which leaves nothing on the system";
            self.report(Diagnostic::new("W0609", message).at(table.place_of("keep")));
        }
        let (ranks, clients) = (table.number("ranks"), work.number("clients"));
        if let (Some(ranks), Some(clients)) = (ranks, clients)
            && clients > ranks
        {
            let message = format!("{clients} clients share {ranks} ranks");
            let found = Diagnostic::new("E0203", message).at(table.place_of("ranks")).label("at least one a client");
            self.report(found.also(work.place_of("clients"), "the clients"));
        }
        if let (Some(ranks), Some(replicas)) = (ranks, table.number("replicas"))
            && replicas > ranks
        {
            let message = format!("{replicas} replicas share {ranks} ranks");
            let found = Diagnostic::new("E0203", message).at(table.place_of("replicas"));
            self.report(found.label("at most one a rank").also(table.place_of("ranks"), "the ranks"));
        }
    }
}
