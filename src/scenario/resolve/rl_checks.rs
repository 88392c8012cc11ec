//! Loops that cannot learn, or not in the time they have, and deltas that save nothing.

use super::Resolver;
use super::rl::shares_of;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{RlWork, Users, Weights};
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

    /// A delta that is no smaller than the full weights, over one version or over all that a publish spans.
    pub(super) fn check_delta(&mut self, record: &Record, weights: &Weights) {
        let Some(full) = record.number("bytes_per_parameter") else { return };
        let (each, spans) = (weights.changed * weights.bytes_per_changed, f64::from(weights.sync_every));
        let Some(table) = record.table("weights").filter(|_| weights.delta && each * spans >= full) else { return };
        let [delta_shown, full_shown] = [each * spans, full].map(|bytes| display(bytes, Dimension::Bytes));
        let over = if spans > 1.0 { format!(" over {spans} versions") } else { String::new() };
        let message = format!(
            "a delta{over} has {delta_shown} per parameter, the full weights have {full_shown}: full weights are sent in its place, after the \
             time to build it"
        );
        let key = if each < full { "sync_every" } else { "changed" };
        let found = Diagnostic::new("W0617", message).at(table.place_of(key));
        let most = display(full / weights.bytes_per_changed / spans, Dimension::Ratio);
        self.report(found.help(format!("a delta pays below 'changed' = {most}; or 'publish = \"full\"'")));
    }

    /// An engine takes new weights once: a pool has no more waves than engines.
    pub(super) fn check_waves(&mut self, record: &Record, work: &RlWork) {
        let asked = work.weights.swap_waves;
        let Some(engines) = work.generators.iter().map(|&(_, gpus)| gpus / work.engine.gpus).min() else { return };
        let Some(table) = record.table("weights").filter(|_| asked > engines && engines > 0) else { return };
        let message = format!("{asked} waves of swaps come to {engines}: a pool has {engines} engines");
        let found = Diagnostic::new("W0628", message).at(table.place_of("swap_waves"));
        self.report(found.help("each engine takes new weights in one wave: no more waves than engines"));
    }

    /// A loop that ends before its engines have made a batch, or before the rewards come.
    pub(super) fn check_time(&mut self, record: &Record, work: &RlWork) {
        let Some(starts) = record.number("starts").filter(|_| self.top.number("horizon").is_some()) else { return };
        let runs = record.number("ends").unwrap_or(f64::INFINITY).min(self.horizon()) - starts;
        let batch = batch_time(work);
        if batch > runs {
            let [batch, runs] = [batch, runs].map(|time| display(time, Dimension::Duration));
            let message = match batch_time(work).is_finite() {
                true => format!("a batch takes {batch}, and the loop runs for {runs}: hardly a step"),
                false => "no batch is ever full: nothing trains".to_owned(),
            };
            let found = Diagnostic::new("W0626", message).at(record.place_of("batch"));
            self.report(
                found.help("a smaller batch, a longer run, more engines, or more users where they are all that asks"),
            );
        }
        let users = work.users.as_ref().filter(|users| !users.rollouts);
        let reward = users.map_or(&work.reward, |users| &users.reward).mean();
        if reward > runs {
            let place = match record.table("users").filter(|_| users.is_some()) {
                Some(table) => table.place_of("reward"),
                None => record.place_of("reward"),
            };
            let [reward, runs] = [reward, runs].map(|time| display(time, Dimension::Duration));
            let message = format!(
                "a reward comes after {reward} in the mean, and the loop runs for {runs}: next to nothing trains"
            );
            self.report(Diagnostic::new("W0627", message).at(place).help("a longer run, or an earlier reward"));
        }
    }
}

/// Seconds in which all engines, with every slot taken, generate what a batch has on average; or in which users ask for as many answers
/// with a reward, where the engines generate for nobody else.
pub(super) fn batch_time(work: &RlWork) -> f64 {
    let batch = work.batch as f64;
    if let Some(users) = work.users.as_ref().filter(|users| !users.rollouts) {
        let [_, mean] = shares_of(&users.day);
        return batch / (users.rate * mean * users.rewarded);
    }
    let slots = f64::from(work.engine.slots);
    let each = slots * work.engine.single_rate / (1.0 + slots / work.engine.half_batch);
    let engines: u64 = work.generators.iter().map(|(_, gpus)| gpus / work.engine.gpus).sum();
    batch * trajectory_tokens(work) / (each * engines as f64)
}

/// Mean of the tokens that a trajectory generates, with its cap.
pub(super) fn trajectory_tokens(work: &RlWork) -> f64 {
    match &work.environment {
        None => work.length.capped_mean(work.length_cap),
        Some(environment) => (environment.turns.mean().max(1.0) * work.length.mean()).min(work.length_cap),
    }
}
