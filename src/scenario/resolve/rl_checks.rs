//! Loops that cannot learn, and deltas that save nothing.

use super::Resolver;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Users, Weights};
use crate::scenario::read::record::Record;
use crate::units::{Dimension, display};

impl Resolver<'_> {
    /// A loop that neither users nor trajectories of its own bring a reward has nothing to train on.
    pub(super) fn check_rewards(&mut self, table: &Record, users: &Users) {
        if users.rollouts || users.rewarded > 0.0 {
            return;
        }
        let message = "no reward ever comes: the engines generate for users alone, and none of the answers has one";
        let found = Diagnostic::new("E0516", message).at(table.place_of("rewarded"));
        self.report(found.help("state the share of the answers that a reward comes for, or 'rollouts = true'"));
    }

    /// A delta that is no smaller than the full weights.
    pub(super) fn check_delta(&mut self, record: &Record, weights: &Weights) {
        let Some(full) = record.number("bytes_per_parameter") else { return };
        let delta = weights.changed * weights.bytes_per_changed;
        let Some(table) = record.table("weights").filter(|_| weights.delta && delta >= full) else { return };
        let [delta_shown, full_shown] = [delta, full].map(|bytes| display(bytes, Dimension::Bytes));
        let message = format!(
            "a delta has {delta_shown} per parameter, the full weights have {full_shown}: full weights are sent in its place, after the \
             time to build it"
        );
        let found = Diagnostic::new("W0617", message).at(table.place_of("changed"));
        let most = display(full / weights.bytes_per_changed, Dimension::Ratio);
        self.report(found.help(format!("a delta pays below 'changed' = {most}; or 'publish = \"full\"'")));
    }
}
