//! Names of cells: what a cell depends on, as one number.

use std::fmt::{self, Write};

use sha2::{Digest, Sha256};

use crate::scenario::plan::Plan;

/// Version of the rule below.
const RULE: &str = "apollo cell 1";

/// Identity of a cell: the first 128 bits of the SHA-256 of the fully resolved plan (every value, every figure of a part
/// and every row of a file as it enters the run), the version of the program, and the sources of the model.
///
/// Titles, names of files and comments do not count, and neither does the place of the cell in a sweep.
pub fn identity(plan: &mut Plan) -> u128 {
    plan.title = String::new();
    plan.name = String::new();
    plan.ledger = Vec::new();
    plan.written = Vec::new();
    plan.warnings = Vec::new();
    plan.sweep = None;
    let mut sink = Sink(Sha256::new());
    let model = env!("APOLLO_MODEL");
    // The derived form writes every field, and numbers so that they read back to the same double.
    write!(sink, "{RULE}\n{}\n{model}\n{plan:?}", env!("CARGO_PKG_VERSION")).expect("a digest takes everything");
    let digest = sink.0.finalize();
    digest.iter().take(16).fold(0, |id, byte| id << 8 | u128::from(*byte))
}

/// Text that goes into a digest without being kept.
struct Sink(Sha256);

impl Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load_text;

    fn of(text: &str, set: &[&str]) -> u128 {
        let base = "format = 1\nhorizon = \"1 h\"\nwarmup = \"1 min\"\n[site.a]\n[storage.s]\nsite = \"a\"\nsystem = \"azure-blob\"\ncapacity = \"1 PB\"\n";
        let set: Vec<String> = set.iter().map(|s| (*s).to_owned()).collect();
        let (mut plan, _) = load_text("t.toml", &format!("{base}{text}"), &set).expect("a sound plan");
        identity(&mut plan)
    }

    #[test]
    fn only_what_enters_the_run_counts() {
        let one = of("", &[]);
        assert_eq!(one, of("# a comment\n", &["title=Other", "storage.s.capacity=1000 TB", "horizon=60 min"]));
        for other in
            ["storage.s.capacity=1001 TB", "seed=2", "replications=9", "warmup=61 s", "storage.s.capacity=2 PB"]
        {
            assert_ne!(one, of("", &[other]), "{other}");
        }
    }
}
