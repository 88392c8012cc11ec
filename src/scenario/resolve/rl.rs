//! RL loops.

use super::Resolver;
use super::work::distribution;
use crate::catalog::{Kind, Part};
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{
    Checkpoint, Colocation, Distribution, Engine, FanOut, FleetIx, RlWork, Step, Users, Weights,
};
use crate::scenario::read::record::Record;
use crate::scenario::spec::Entity;
use crate::units::{ByteRate, Bytes, Dimension, SimDuration, display, print};

impl Resolver<'_> {
    pub(super) fn rl(&mut self, record: &Record) -> Option<RlWork> {
        let trainer = record.table("trainer").and_then(|pool| self.pool(pool));
        let colocation = self.colocation(record);
        let generators = match colocation {
            Some(_) => trainer.map(|pool| vec![pool]),
            // It is told already what is wrong with it.
            None if record.broken.contains(&"colocation") => None,
            None => self.generators(record),
        };
        let part = self.part(record, "model", Kind::Model);
        let checkpoint = match record.table("checkpoint") {
            Some(table) => self.checkpoint(table, part.as_deref()).map(Some),
            None => (!record.broken.contains(&"checkpoint")).then_some(None),
        };
        let part = &*part?;
        let record = &self.with_figures(record, part);
        let engine = self.engine(record.table("engine")?, part);
        let (trainer_fleet, trainer_gpus) = trainer?;
        let weights = self.weights(record.table("weights")?, part, trainer_gpus);
        let (mut engine, generators, weights) = (engine?, generators?, weights?);
        engine.prefill_rate = self.prefill(record, &engine, weights.update);
        let (admission, max_lag) = self.admission(record)?;
        self.check_syncs(record, admission, max_lag, &weights);
        let engines: u64 = generators.iter().map(|(_, gpus)| gpus / engine.gpus).sum();
        let (batch, slots) = (record.number("batch")? as u64, engines as f64 * f64::from(engine.slots));
        self.check_bound(record, admission, max_lag, batch, slots);
        let users = self.users(record, &engine, &generators);
        let environment = self.environment(record);
        self.check_engines(record, &engine);
        let parameters = self.figure(record, "parameters")?;
        let active_parameters = self.figure(record, "active_parameters")?;
        self.check_delta(record, &weights);
        self.check_active(record, parameters, active_parameters);
        let seconds = |key: &str| record.number(key).map(SimDuration::from_secs_f64);
        let work = RlWork {
            model: part.name.clone(),
            parameters,
            active_parameters,
            bytes_per_parameter: self.figure(record, "bytes_per_parameter")?,
            trainer_fleet,
            trainer_gpus,
            generators,
            colocation,
            feedback_target: seconds("feedback_target")?,
            batch,
            group: self.group(record)?,
            max_lag,
            admission,
            engine,
            length: record.random("length")?.clone(),
            length_cap: record.number("length_cap")?,
            prompt: record.number("prompt")?,
            environment: environment?,
            reward: record.random("reward")?.clone(),
            bytes_per_token: record.number("bytes_per_token")?,
            ship_every: seconds("ship_every")?,
            users: users?,
            controller: self.controller(record)?,
            step: step(record.table("step")?)?,
            weights,
            checkpoint: checkpoint?,
            transport: self.transport(record)?,
        };
        self.check_time(record, &work);
        self.check_waves(record, &work);
        Some(work)
    }

    /// A pool's fleet and GPUs.
    fn pool(&mut self, pool: &Record) -> Option<(FleetIx, u64)> {
        let fleet = self.named(pool, "fleet", Entity::Fleet);
        Some((fleet?, pool.number("gpus")? as u64))
    }

    fn generators(&mut self, record: &Record) -> Option<Vec<(FleetIx, u64)>> {
        if record.broken.contains(&"generators") {
            return None;
        }
        let pools = record.tables("generators");
        if pools.is_empty() {
            let message = format!("RL work '{}' has no generators", record.name);
            let found = Diagnostic::new("E0505", message).at(record.place_of("generators"));
            self.report(found.help("write 'generators = [{ fleet = \"NAME\", gpus = \"1k\" }]'"));
        }
        let list: Vec<_> = pools.iter().map(|pool| self.pool(pool)).collect();
        let list: Option<Vec<_>> = list.into_iter().collect();
        list.filter(|list| !list.is_empty())
    }

    /// A step trains on whole groups.
    fn group(&mut self, record: &Record) -> Option<u64> {
        let (batch, group) = (record.number("batch")? as u64, record.number("group")? as u64);
        if batch.is_multiple_of(group) {
            return Some(group);
        }
        let message = format!("a batch of {batch} trajectories does not consist of whole groups of {group}");
        let found = Diagnostic::new("E0516", message).at(record.place_of("group"));
        let (below, above) = (batch / group * group, batch.div_ceil(group) * group);
        let near = if below == 0 { above.to_string() } else { format!("{below} or {above}") };
        self.report(found.also(record.place_of("batch"), "the batch").help(format!("a batch of {near} does")));
        None
    }

    /// Colocated GPUs are the trainer's: there are no others.
    fn colocation(&mut self, record: &Record) -> Option<Colocation> {
        let table = record.table("colocation")?;
        if record.wrote("generators") {
            let message = "'generators' and 'colocation' exclude one another";
            let found = Diagnostic::new("E0107", message).at(record.place_of("generators"));
            let found = found.also(record.place_of("colocation"), "the trainer's GPUs generate");
            self.report(found.help("leave one of them out"));
        }
        if record.wrote("weights") {
            let message = "'weights' has no effect with 'colocation': they never leave the GPUs";
            self.report(Diagnostic::new("W0609", message).at(record.place_of("weights")));
        }
        Some(Colocation {
            offload: table.number("offload")?,
            reshard: table.number("reshard")?,
            engine_switch: table.number("engine_switch")?,
            slowdown: table.number("slowdown")?,
        })
    }

    fn engine(&mut self, record: &Record, part: &Part) -> Option<Engine> {
        let record = &self.with_figures(record, part);
        Some(Engine {
            gpus: self.figure(record, "gpus")? as u64,
            slots: self.figure(record, "slots")? as u32,
            single_rate: self.figure(record, "single_rate")?,
            half_batch: self.figure(record, "half_batch")?,
            start: SimDuration::from_secs_f64(record.number("start")?),
            prefill_rate: 0.0,
            cohort: record.number("cohort")? as u64,
        })
    }

    /// Users, and whether the engines can keep up with them.
    fn users(&mut self, record: &Record, engine: &Engine, generators: &[(FleetIx, u64)]) -> Option<Option<Users>> {
        if record.broken.contains(&"users") {
            return None;
        }
        let Some(table) = record.table("users") else { return Some(None) };
        let users = Users {
            rate: table.number("rate")?,
            day: self.day(table)?,
            length: table.random("length")?.clone(),
            reward: table.random("reward")?.clone(),
            rewarded: table.number("rewarded")?,
            rollouts: table.flag("rollouts"),
            wait: table.number("wait")?,
            token_rate: table.number("token_rate")?,
        };
        self.check_users(table, &users, engine, generators);
        self.check_rewards(table, &users);
        Some(Some(users))
    }

    /// Users who ask for more than the engines give: over a whole day the line of requests grows without end, at the peak it grows
    /// for a while.
    fn check_users(&mut self, table: &Record, users: &Users, engine: &Engine, generators: &[(FleetIx, u64)]) {
        let each = engine.single_rate / (1.0 + f64::from(engine.slots) / engine.half_batch);
        let engines: u64 = generators.iter().map(|(_, gpus)| gpus / engine.gpus).sum();
        let can = f64::from(engine.slots) * each * engines as f64;
        let [peak, mean] = shares_of(&users.day).map(|share| users.rate * share * users.length.mean());
        let [peak_shown, mean_shown, can_shown] = [peak, mean, can].map(|rate| display(rate, Dimension::TokenRate));
        if mean > can && engines > 0 {
            let message =
                format!("users ask for {mean_shown} in the mean of a day, and all engines together give {can_shown}");
            let found = Diagnostic::new("E0516", message).at(table.place_of("rate"));
            self.report(
                found.help(
                    "the line of requests would grow without end: fewer requests, shorter answers or more engines",
                ),
            );
        } else if peak > can {
            let message =
                format!("at the peak of the day users ask for {peak_shown}, and all engines together give {can_shown}");
            let found = Diagnostic::new("W0615", message).at(table.place_of("rate"));
            self.report(found.help("requests wait in a line that grows until the hour is over"));
        }
        if each < users.token_rate {
            let [each, promised] = [each, users.token_rate].map(|rate| display(rate, Dimension::TokenRate));
            let message = format!("with every slot taken an answer gets {each}, less than the promised {promised}");
            let found = Diagnostic::new("W0615", message).at(table.place_of("token_rate"));
            self.report(found.help("fewer 'slots' per engine keep the promise"));
        }
    }

    /// A pool smaller than one engine generates nothing; a rest smaller than an engine is idle.
    fn check_engines(&mut self, record: &Record, engine: &Engine) {
        for pool in record.tables("generators") {
            let Some(gpus) = pool.number("gpus").map(|g| g as u64) else { continue };
            let place = pool.place_of("gpus").clone();
            if gpus < engine.gpus {
                let message = format!("the pool is smaller than one engine of {} GPUs", engine.gpus);
                let found = Diagnostic::new("E0505", message).at(&place);
                self.report(found.help(format!("give the pool {} GPUs or more, or its engines fewer", engine.gpus)));
            } else if gpus % engine.gpus != 0 {
                let rest = gpus % engine.gpus;
                let message = format!("{rest} of {gpus} GPUs are idle: an engine has {}", engine.gpus);
                self.report(Diagnostic::new("W0606", message).at(&place).note());
            }
        }
    }

    fn check_active(&mut self, record: &Record, parameters: f64, active: f64) {
        if active > parameters {
            let [all, active] = [parameters, active].map(|n| print(n, Dimension::Count));
            let message = format!("{active} active parameters, but the model has {all}");
            let found = Diagnostic::new("E0203", message).at(record.place_of("active_parameters"));
            self.report(found.help(format!("those that take part in one token are a part of all: {all} or fewer")));
        }
    }

    fn weights(&mut self, record: &Record, part: &Part, trainer_gpus: u64) -> Option<Weights> {
        let record = &self.with_figures(record, part);
        let delta = record.text("publish")? == "delta";
        for key in ["changed", "bytes_per_changed", "full_every", "scan_rate", "overlap"] {
            if !delta && record.wrote(key) {
                let message = format!("'{key}' has no effect with 'publish = \"full\"'");
                self.report(Diagnostic::new("W0609", message).at(record.place_of(key)));
            }
        }
        let store = match record.wrote("store") {
            true => Some(self.named(record, "store", Entity::Storage)?),
            false => None,
        };
        if store.is_none() && record.wrote("io_size") {
            let found = Diagnostic::new("W0609", "'io_size' has no effect without 'store'".to_owned());
            self.report(found.at(record.place_of("io_size")));
        }
        let across = self.across(record)?;
        Some(Weights {
            delta,
            changed: record.number("changed")?,
            bytes_per_changed: self.figure(record, "bytes_per_changed")?,
            full_every: if delta { record.number("full_every")? as u32 } else { 1 },
            fan_out: match record.text("fan_out")? {
                "tree" => FanOut::Tree,
                "peer" => FanOut::Peer,
                "per-node" => FanOut::PerNode,
                _ => FanOut::PerEngine,
            },
            across,
            store,
            io_size: Bytes(record.number("io_size")?),
            flows: record.number("flows")? as u64,
            overlap: record.flag("overlap"),
            timeout: record.number("timeout").map(SimDuration::from_secs_f64),
            senders: self.senders(record, trainer_gpus)?,
            scan_rate: ByteRate(record.number("scan_rate")?),
            inner_rate: ByteRate(record.number("inner_rate")?),
            inner_bucket: Bytes(record.number("inner_bucket")?),
            swap: record.random("swap")?.clone(),
            swap_waves: record.number("swap_waves")? as u64,
            update: self.update(record)?,
            sync_every: record.number("sync_every")? as u32,
        })
    }

    /// Sites hand one another one copy each, which comes from the trainer.
    fn across(&mut self, record: &Record) -> Option<Distribution> {
        let across = distribution(record.text("across")?);
        if across == Distribution::Unicast {
            return Some(across);
        }
        let each = record.text("fan_out").filter(|fan_out| fan_out.starts_with("per-"));
        let what = match each {
            Some(fan_out) => format!("'fan_out = \"{fan_out}\"', with which everybody fetches a copy from the trainer"),
            None if record.wrote("store") => "'store', which everybody fetches from".to_owned(),
            None => return Some(across),
        };
        let message = format!("'across' has no meaning with {what}");
        let found = Diagnostic::new("E0107", message).at(record.place_of("across"));
        let other = record.place_of(if each.is_some() { "fan_out" } else { "store" });
        self.report(found.also(other, "stated here").help("leave one of them out"));
        None
    }

    /// Senders are trainer GPUs: the default is no more than there are, and a stated number must fit.
    fn senders(&mut self, record: &Record, trainer_gpus: u64) -> Option<u64> {
        let senders = record.number("senders")? as u64;
        if senders <= trainer_gpus {
            return Some(senders);
        }
        if record.wrote("senders") {
            let message = format!("{senders} senders, but the trainer has {trainer_gpus} GPUs");
            let found = Diagnostic::new("E0504", message).at(record.place_of("senders"));
            self.report(found.help(format!("at most {trainer_gpus} of them can send")));
            return None;
        }
        let shown = print(trainer_gpus as f64, Dimension::Gpus);
        self.reader.ledger.derived(record.address_of("senders"), shown, "all trainer GPUs, fewer than the default");
        Some(trainer_gpus)
    }

    fn checkpoint(&mut self, record: &Record, part: Option<&Part>) -> Option<Checkpoint> {
        let storage = self.named(record, "storage", Entity::Storage);
        let record = &self.with_figures(record, part?);
        Some(Checkpoint {
            storage: storage?,
            every: SimDuration::from_secs_f64(record.number("every")?),
            bytes_per_parameter: self.figure(record, "bytes_per_parameter")?,
            pause: record.number("pause")?,
            blocking: record.flag("blocking"),
            keep: record.whole("keep"),
            io_size: Bytes(record.number("io_size")?),
        })
    }
}

/// The largest share of a day and its mean; 1 without steps.
pub(super) fn shares_of(day: &[(SimDuration, f64)]) -> [f64; 2] {
    const DAY_S: f64 = 86_400.0;
    let (Some(first), Some(last)) = (day.first(), day.last()) else { return [1.0, 1.0] };
    let ends = day.iter().skip(1).map(|(at, _)| at.as_secs_f64()).chain([DAY_S]);
    let inside: f64 = day.iter().zip(ends).map(|((at, share), end)| share * (end - at.as_secs_f64())).sum();
    let before = last.1 * first.0.as_secs_f64();
    [day.iter().map(|(_, share)| *share).fold(0.0, f64::max), (inside + before) / DAY_S]
}

fn step(record: &Record) -> Option<Step> {
    Some(Step {
        overhead: record.number("overhead")?,
        update_flops: record.number("update_flops")?,
        logprob_flops: record.number("logprob_flops")?,
        mfu: record.number("mfu")?,
        logprob_mfu: record.number("logprob_mfu").or(record.number("mfu"))?,
        micro_batch: record.number("micro_batch")?,
        mfu_gpus: record.number("mfu_gpus")?,
        scaling: record.number("scaling")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 50 % from 2 to 14 h and 150 % for the other half day: 100 % in the mean. 30 % from 6 h on, also before.
    #[test]
    fn the_mean_of_a_day_wraps_over_midnight() {
        let hour = |h: i64| SimDuration::from_secs(3600 * h);
        let near = |found: [f64; 2], by_hand: [f64; 2]| found.iter().zip(by_hand).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(near(shares_of(&[(hour(2), 0.5), (hour(14), 1.5)]), [1.5, 1.0]));
        assert!(near(shares_of(&[(hour(6), 0.3)]), [0.3, 0.3]));
        assert!(near(shares_of(&[]), [1.0, 1.0]));
    }
}
