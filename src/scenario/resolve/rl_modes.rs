//! Modes of an RL loop, and those that can never turn.

use super::Resolver;
use super::environment::has_contexts;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Admission, Controller, Engine, Failures, Update, Weights};
use crate::scenario::read::record::Record;
use crate::units::{Dimension, Dist, print};

/// Prefill against decode: 73.7 k to 14.8 k tokens per second on a node (DeepSeek V3 on 8 H800).
const PREFILL_FACTOR: f64 = 5.0;

impl Resolver<'_> {
    /// What holds admission back, and the largest lag that can be.
    pub(super) fn admission(&mut self, record: &Record) -> Option<(Admission, u32)> {
        let max_lag = record.number("max_lag")? as u32;
        let mode = record.text("mode")?;
        let (surplus, keep) = (record.number("over_generation")?, record.text("leftover")? == "keep");
        let kept = surplus > 0.0 && keep;
        let off = match mode {
            "asynchronous" => None,
            "steps-off" => Some(max_lag),
            "one-step-off" => Some(1),
            _ => Some(0),
        };
        self.mode_without_effect(record, off.is_some(), mode != "steps-off" && !kept);
        let Some(off) = off else {
            let admission = match record.text("admission")? {
                "trained" => Admission::Trained,
                "sync" => Admission::Synced { staleness: record.number("staleness")? },
                _ => Admission::Served,
            };
            return Some((admission, max_lag));
        };
        self.rounds_alone(record, mode, off)?;
        let bound = if kept { max_lag } else { off };
        if kept && bound <= off {
            let message = format!(
                "what a round leaves may be {} version{} old when it trains",
                off + 1,
                if off == 0 { "" } else { "s" }
            );
            let found = Diagnostic::new("W0616", message).at(record.place_of("over_generation"));
            let found = found.also(record.place_of("max_lag"), "older ones are dropped");
            self.report(
                found.help("most of it is generated for nothing: a larger 'max_lag', or 'leftover = \"drop\"'"),
            );
        }
        Some((Admission::Rounds { off, surplus, keep }, bound))
    }

    /// Keys of the other mode.
    fn mode_without_effect(&mut self, record: &Record, rounds: bool, lag_follows: bool) {
        let idle: &[&str] = match rounds {
            true if lag_follows => &["admission", "staleness", "max_lag"],
            true => &["admission", "staleness"],
            false => &["over_generation", "leftover"],
        };
        let mode = record.text("mode").unwrap_or_default();
        for key in idle.iter().filter(|key| record.wrote(key)) {
            let message = format!("'{key}' has no effect with 'mode = \"{mode}\"'");
            self.report(Diagnostic::new("W0609", message).at(record.place_of(key)));
        }
        if !rounds && record.wrote("staleness") && record.text("admission") != Some("sync") {
            let message = "'staleness' has no effect without 'admission = \"sync\"'".to_owned();
            self.report(Diagnostic::new("W0609", message).at(record.place_of("staleness")));
        }
        if rounds && record.wrote("leftover") && !record.wrote("over_generation") {
            let message = "'leftover' has no effect without 'over_generation'".to_owned();
            self.report(Diagnostic::new("W0609", message).at(record.place_of("leftover")));
        }
    }

    /// Rounds have no place for users, and colocated pools none for rounds ahead.
    fn rounds_alone(&mut self, record: &Record, mode: &str, off: u32) -> Option<()> {
        let other = match () {
            () if record.wrote("users") => {
                ("users", "their requests come when they come, and an answer belongs to no round")
            }
            () if record.wrote("colocation") && off > 0 => {
                ("colocation", "the same GPUs cannot generate a round while they train on the one before")
            }
            () => return Some(()),
        };
        let message = format!("'mode = \"{mode}\"' and '{}' exclude one another", other.0);
        let found = Diagnostic::new("E0107", message).at(record.place_of("mode"));
        self.report(found.also(record.place_of(other.0), other.1).help("leave one of them out"));
        None
    }

    /// A trainer that needs more batches before the next publish than may be generated before it waits for ever.
    pub(super) fn check_syncs(&mut self, record: &Record, admission: Admission, max_lag: u32, weights: &Weights) {
        let allowed = match admission {
            Admission::Rounds { off, .. } => off,
            _ => max_lag,
        };
        if weights.sync_every <= allowed.saturating_add(1) {
            return;
        }
        let Some(table) = record.table("weights") else { return };
        let every = weights.sync_every;
        let message = format!("the loop comes to a stand: {every} steps per publish, and a lag of at most {allowed}");
        let found = Diagnostic::new("E0516", message).at(table.place_of("sync_every"));
        let found = found.also(record.place_of("max_lag"), "the oldest that may train");
        let lag = every - 1;
        self.report(found.help(format!(
            "step {every} after a publish trains on what is {lag} versions old: a lag of {lag} or more, or {} steps per publish",
            allowed.saturating_add(1)
        )));
    }

    /// A bound that leaves most slots of the engines empty.
    pub(super) fn check_bound(&mut self, record: &Record, admission: Admission, max_lag: u32, batch: u64, slots: f64) {
        let batches = match admission {
            Admission::Served | Admission::Trained => f64::from(max_lag) + 1.0,
            Admission::Synced { .. } | Admission::Rounds { .. } => return,
        };
        let bound = batches * batch as f64;
        // Half of what is admitted may be elsewhere in the loop; only a bound that says so by itself is worth a word.
        if !(record.wrote("max_lag") && record.wrote("batch")) || bound >= slots / 2.0 {
            return;
        }
        let [bound_shown, slots_shown] = [bound, slots].map(|n| print(n, Dimension::Count));
        let message =
            format!("at most {bound_shown} trajectories may be under way, and the engines have {slots_shown} slots");
        let found = Diagnostic::new("W0616", message).at(record.place_of("batch"));
        let share = 100.0 * bound / slots;
        self.report(
            found
                .help(format!(
                    "no more than {share:.0} % of the slots are ever taken: a larger batch or lag, or fewer engines"
                ))
                .note(),
        );
    }

    /// What dispatches and publishes, if it is late or fails.
    pub(super) fn controller(&mut self, record: &Record) -> Option<Option<Controller>> {
        if record.broken.contains(&"controller") {
            return None;
        }
        let Some(table) = record.table("controller") else { return Some(None) };
        let outage = match table.table("outage") {
            Some(outage) => Some(Failures {
                time_to_failure: outage.random("mtbf")?.clone(),
                time_to_repair: outage.random("repair")?.clone(),
            }),
            None if table.broken.contains(&"outage") => return None,
            None => None,
        };
        let delay = table.random("delay")?.clone();
        // A controller that is never late and never down is none.
        let idle = outage.is_none() && matches!(delay, Dist::Constant(0.0));
        Some((!idle).then_some(Controller { delay, outage }))
    }

    /// What engines do with new weights.
    pub(super) fn update(&mut self, weights: &Record) -> Option<Update> {
        Some(match weights.text("update")? {
            "drain" => Update::Drain,
            "abort-and-resume" => Update::Abort,
            _ => Update::InFlight,
        })
    }

    /// The rate of a prefill, and whether anything asks for it.
    pub(super) fn prefill(&mut self, record: &Record, engine: &Engine, update: Update) -> f64 {
        let table = record.table("engine");
        let reads = update == Update::Abort || has_contexts(record);
        if let Some(table) = table.filter(|table| !reads && table.wrote("prefill_rate")) {
            let message =
                "'prefill_rate' has no effect without 'prompt', 'environment' or 'update = \"abort-and-resume\"'"
                    .to_owned();
            self.report(Diagnostic::new("W0609", message).at(table.place_of("prefill_rate")));
        }
        let slots = f64::from(engine.slots);
        let full = slots * engine.single_rate / (1.0 + slots / engine.half_batch);
        let given = table.and_then(|table| table.number("prefill_rate"));
        if let Some(table) = table.filter(|_| given.is_none() && reads) {
            let shown = print(PREFILL_FACTOR * full, Dimension::TokenRate);
            let formula = "5 x the rate with every slot taken: DeepSeek V3 on 8 H800, 73.7 k against 14.8 k tok/s";
            self.reader.ledger.derived(table.address_of("prefill_rate"), shown, formula);
        }
        given.unwrap_or(PREFILL_FACTOR * full)
    }
}
