//! The data loader of an `io` work.

use super::Resolver;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::DataLoader;
use crate::scenario::read::record::Record;
use crate::units::{Bytes, SimDuration};

impl Resolver<'_> {
    /// `work` is the record that the loader's `table` stands in.
    pub(super) fn loader(&mut self, work: &Record, table: &Record) -> Option<DataLoader> {
        self.check_loader(work, table);
        let seconds = |key: &str| table.number(key).map(SimDuration::from_secs_f64);
        Some(DataLoader {
            accelerators: table.number("accelerators")? as u64,
            sample: Bytes(table.number("sample")?),
            sample_sd: Bytes(table.number("sample_sd")?),
            samples_per_file: table.number("samples_per_file")? as u64,
            batch: table.number("batch")? as u64,
            compute: seconds("compute")?,
            overhead: seconds("overhead")?,
            readers: table.number("readers")? as u32,
            prefetch: table.number("prefetch")? as u32,
            open_operations: table.number("open_operations")? as u32,
        })
    }

    /// A loader only reads, at its own pace, with its own readers, and has an accelerator for every client.
    fn check_loader(&mut self, work: &Record, table: &Record) {
        let place = work.place_of("loader").clone();
        if let Some(word) = work.text("pattern").filter(|word| *word != "read") {
            let message = format!("'loader' does not fit 'pattern = \"{word}\"'");
            let found = Diagnostic::new("E0107", message).at(&place);
            let help = "write 'pattern = \"read\"', and a work of its own for the writes";
            self.report(found.also(work.place_of("pattern"), "the pattern").help(help));
        }
        if work.wrote("rate") {
            let found = Diagnostic::new("E0107", "'loader' and 'rate' exclude one another").at(work.place_of("rate"));
            self.report(found.help("accelerators set the pace: batch and compute say how fast they read"));
        }
        if work.wrote("queue_depth") {
            let message = "'queue_depth' has no effect with 'loader': its readers have one operation outstanding each";
            self.report(Diagnostic::new("W0609", message).at(work.place_of("queue_depth")));
        }
        for key in ["setup_rtts", "initial_window"].into_iter().filter(|key| work.wrote(key)) {
            let message = format!("'{key}' has no effect with 'loader': its connections stay open");
            self.report(Diagnostic::new("W0609", message).at(work.place_of(key)));
        }
        if let (Some(clients), Some(accelerators)) = (work.number("clients"), table.number("accelerators"))
            && clients > accelerators
        {
            let message = format!("{clients} clients share {accelerators} accelerators");
            let found = Diagnostic::new("E0203", message).at(table.place_of("accelerators"));
            let found = found.label("at least one a client");
            self.report(found.also(work.place_of("clients"), "the clients"));
        }
    }
}
