//! Works: times, `copy` and `io`.

use super::Resolver;
use crate::catalog::{Kind, Part};
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{
    CopyWork, DeadPath, Distribution, IoWork, Origin, Pattern, Recovery, Transport, Work, WorkKind,
};
use crate::scenario::read::record::Record;
use crate::scenario::spec::Entity;
use crate::units::{ByteRate, Bytes, Dimension, Dist, SimDuration, display};

impl Resolver<'_> {
    pub(super) fn work(&mut self, record: &Record) -> Option<Work> {
        let record = &self.with_wan(record);
        let times = self.times(record);
        let kind = match record.text("kind") {
            Some("copy") => self.copy(record).map(WorkKind::Copy),
            Some("io") => self.io(record).map(WorkKind::Io),
            Some("trace") => self.trace(record).map(WorkKind::Trace),
            Some("rl") => self.rl(record).map(|rl| WorkKind::Rl(Box::new(rl))),
            _ => None,
        };
        let tenant = self.tenant_of(record);
        let views = self.views_of(record, kind.as_ref()?);
        let (starts, ends) = times?;
        Some(Work {
            name: record.name.clone(),
            starts: SimDuration::from_secs_f64(starts),
            ends: SimDuration::from_secs_f64(ends),
            priority: record.whole("priority") as u8,
            tenant: tenant?,
            views: views?,
            kind: kind?,
        })
    }

    /// Start and end in seconds.
    fn times(&mut self, record: &Record) -> Option<(f64, f64)> {
        let horizon = self.horizon();
        let starts = record.number("starts")?;
        let ends = record.number("ends");
        let top = self.top;
        let known = top.number("horizon").is_some();
        if known && starts >= horizon {
            let message = format!("'{}' starts when the simulation is over", record.name);
            let found = Diagnostic::new("E0503", message).at(record.place_of("starts"));
            self.report(found.also(top.place_of("horizon"), "the horizon"));
            return None;
        }
        if let Some(ends) = ends.filter(|ends| *ends <= starts) {
            let message = format!(
                "'{}' ends {} after the start, before it starts",
                record.name,
                display(ends, Dimension::Duration)
            );
            let found = Diagnostic::new("E0503", message).at(record.place_of("ends"));
            self.report(found.also(record.place_of("starts"), "the start"));
            return None;
        }
        if known && ends.is_some_and(|ends| ends > horizon) {
            let message = format!("'{}' ends after the horizon, which cuts it", record.name);
            self.report(Diagnostic::new("W0608", message).at(record.place_of("ends")));
        }
        if ends.is_none() && !record.broken.contains(&"ends") {
            let shown = display(horizon, Dimension::Duration);
            self.reader.ledger.derived(record.address_of("ends"), shown, "the horizon");
        }
        Some((starts, ends.unwrap_or(horizon).min(horizon)))
    }

    pub(super) fn transport(&mut self, record: &Record) -> Option<Transport> {
        let part = self.part(record, "transport", Kind::Interconnect)?;
        let Some(recovery) = recovery(&part) else {
            let message = format!("'{}' does not say how it makes good what is lost: it is not a transport", part.name);
            self.report(Diagnostic::new("E0305", message).at(record.place_of("transport")));
            return None;
        };
        if record.wrote("initial_window") && !matches!(recovery, Recovery::LossBased { .. }) {
            let message = format!("'initial_window' has no effect: '{}' does not start slowly", part.name);
            self.report(Diagnostic::new("W0609", message).at(record.place_of("initial_window")));
        }
        let dead_path = self.dead_path(record, &part, recovery)?;
        Some(Transport {
            dead_path,
            streams: record.whole("streams").min(u64::from(u32::MAX)) as u32,
            window: Bytes(record.num("window")),
            setup_rtts: record.num("setup_rtts"),
            initial_window: record.whole("initial_window"),
            recovery,
            routing: super::routing::rule(record),
        })
    }

    /// How the transport recovers from a dead path where that is asked for; its figures enter the results then.
    fn dead_path(&mut self, record: &Record, part: &Part, recovery: Recovery) -> Option<Option<DeadPath>> {
        if record.text("dead_path")? == "stall" {
            return Some(None);
        }
        let span = |name: &str| part.number(name).map(SimDuration::from_secs_f64);
        let (names, found): (&[&str], _) = match recovery {
            Recovery::LossBased { .. } => (
                &["retransmit_timeout", "retransmit_longest"],
                span("retransmit_timeout")
                    .zip(span("retransmit_longest"))
                    .map(|(least, longest)| DeadPath::BackOff { least, longest }),
            ),
            Recovery::GoBackN { .. } | Recovery::Selective => (
                &["ack_timeout", "ack_retries", "reconnect"],
                span("ack_timeout").zip(part.number("ack_retries")).zip(span("reconnect")).map(
                    |((timeout, retries), reconnect)| DeadPath::Retries { timeout, retries: retries as u32, reconnect },
                ),
            ),
        };
        let zero = |dead: &DeadPath| match dead {
            DeadPath::BackOff { longest, .. } => !longest.is_positive(),
            DeadPath::Retries { timeout, .. } => !timeout.is_positive(),
        };
        if found.as_ref().is_none_or(zero) {
            let list = names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
            let message = format!("'{}' does not say how it recovers from a dead path", part.name);
            let found = Diagnostic::new("E0305", message).at(record.place_of("dead_path"));
            self.report(found.help(format!("its part in the catalogue has {list}; or write 'dead_path = \"stall\"'")));
            return None;
        }
        for name in names {
            let Some(figure) = part.figure(name) else { continue };
            let origin = Origin::Part {
                part: part.name.clone(),
                source: figure.source.clone(),
                confidence: figure.confidence.word().to_owned(),
            };
            self.reader.ledger.push(format!("{}.{name}", record.address), figure.text.clone(), origin);
        }
        Some(found)
    }

    fn copy(&mut self, record: &Record) -> Option<CopyWork> {
        let from = self.named(record, "from", Entity::Storage);
        let to: Vec<Option<usize>> =
            record.names("to").iter().map(|(name, place)| self.index_of(Entity::Storage, name, place)).collect();
        let (from, to) = (from?, to.into_iter().collect::<Option<Vec<usize>>>().filter(|to| !to.is_empty())?);
        if let Some(same) = to.iter().position(|&to| to == from) {
            let found = Diagnostic::new("E0501", format!("'{}' copies a system onto itself", record.name));
            let found = found.at(&record.names("to")[same].1).also(record.place_of("from"), "the same system");
            self.report(found.help("'to' names the systems that get a copy, without the source"));
            return None;
        }
        let distribution = self.distribution(record, to.len())?;
        let windows = self.pace_windows(record)?;
        Some(CopyWork {
            windows,
            from,
            to,
            distribution,
            chunk: Bytes(self.chunk(record, distribution)?),
            bytes: Bytes(record.number("bytes")?),
            pace: ByteRate(record.number("pace").unwrap_or(f64::INFINITY)),
            io_size: Bytes(record.number("io_size")?),
            clients: record.number("clients").map(|clients| clients as u64),
            transport: self.transport(record)?,
        })
    }

    /// How a copy reaches so many systems.
    fn distribution(&mut self, record: &Record, systems: usize) -> Option<Distribution> {
        if record.broken.contains(&"fan_out") {
            return None;
        }
        let stated = record.text("fan_out").map(distribution);
        if systems == 1 {
            if stated.is_some() {
                let found = Diagnostic::new("W0609", "'fan_out' has no effect: there is one system in 'to'");
                self.report(found.at(record.place_of("fan_out")).help("remove it, or write 'to = [\"a\", \"b\"]'"));
            }
            return Some(Distribution::Unicast);
        }
        if stated.is_none() {
            let message = format!("'{}' has {systems} systems in 'to' and no 'fan_out'", record.name);
            let found = Diagnostic::new("E0102", message).at(record.place_of("to"));
            let help = "write fan_out = \"unicast\" (each from the source), \"relay\" (a chain), \"relay-nearest\" or \"tree\"";
            self.report(found.help(help));
        }
        stated
    }

    /// What a relay must have before it passes it on.
    fn chunk(&mut self, record: &Record, distribution: Distribution) -> Option<f64> {
        let relays = distribution != Distribution::Unicast;
        match record.number("chunk") {
            Some(chunk) => {
                if !relays {
                    let found = Diagnostic::new("W0609", "'chunk' has no effect: nothing is passed on");
                    let help = "write fan_out = \"relay\", \"relay-nearest\" or \"tree\", or remove it";
                    self.report(found.at(record.place_of("chunk")).help(help));
                }
                Some(chunk)
            }
            None if record.broken.contains(&"chunk") => None,
            None => {
                let size = record.number("io_size")?;
                if relays {
                    let shown = display(size, Dimension::Bytes);
                    self.reader.ledger.derived(record.address_of("chunk"), shown, "io_size");
                }
                Some(size)
            }
        }
    }

    fn io(&mut self, record: &Record) -> Option<IoWork> {
        let namespace = self.namespace_of(record);
        let storage = match namespace {
            Some((_, home)) => Some(home),
            None => self.named(record, "storage", Entity::Storage),
        };
        let site = match record.wrote("site") {
            true => self.named(record, "site", Entity::Site),
            false => self.home_of(record, storage),
        };
        let pattern = self.pattern(record);
        self.check_ingest(record);
        let loader = match record.table("loader") {
            Some(table) => Some(self.loader(record, table)?),
            None if record.broken.contains(&"loader") => return None,
            None => None,
        };
        let burst = match record.table("checkpoint") {
            Some(table) => Some(self.burst(record, table)?),
            None if record.broken.contains(&"checkpoint") => return None,
            None => None,
        };
        let files = match record.table("files") {
            Some(table) => Some(self.files(record, table, storage)?),
            None if record.broken.contains(&"files") => return None,
            None => None,
        };
        let protocol = self.protocol_of(record, storage);
        let tiered = match record.table("tiered") {
            Some(table) => Some(self.tiered(record, table, (storage, site))?),
            None if record.broken.contains(&"tiered") => return None,
            None => None,
        };
        let phases = self.phases(record);
        let (growth, seasons) = self.rhythm(record)?;
        Some(IoWork {
            storage: storage?,
            namespace: namespace.map(|(index, _)| index),
            site: site?,
            clients: record.number("clients")? as u64,
            client_nic: ByteRate(record.number("client_nic")?),
            io_size: Bytes(record.number("io_size")?),
            queue_depth: record.whole("queue_depth") as u32,
            open_files: self.open_files(record, storage)?,
            pace: record.random("rate").cloned().or(files.and_then(|f| f.pace).map(Dist::Constant)),
            files,
            tiered,
            protocol: protocol?,
            ingest: record.flag("ingest"),
            retention: record.number("retention").map(SimDuration::from_secs_f64),
            pattern: pattern?,
            loader,
            burst,
            phases: phases?,
            growth,
            seasons,
            transport: self.transport(record)?,
        })
    }

    /// The namespace that a load reads, and its home.
    fn namespace_of(&mut self, record: &Record) -> Option<(usize, usize)> {
        let index = self.named(record, "namespace", Entity::Namespace)?;
        if record.flag("ingest") && !self.records("namespace")[index].tables("caches").is_empty() {
            let message = "'ingest' does not fit a namespace with caches, whose data does not grow";
            let found = Diagnostic::new("E0107", message).at(record.place_of("ingest"));
            let found = found.also(record.place_of("namespace"), "the namespace");
            self.report(found.help("ingest into a 'storage', or into a namespace without 'caches'"));
        }
        let home = self.records("namespace")[index].text("home")?;
        let found = self.records("storage").iter().position(|storage| storage.name == home);
        found.map(|home| (index, home))
    }

    /// Only pure writes can ingest, and only what is ingested can expire.
    fn check_ingest(&mut self, record: &Record) {
        let word = record.text("pattern").unwrap_or("write");
        if record.flag("ingest") && word != "write" {
            let message = format!("'ingest' does not fit 'pattern = \"{word}\"'");
            let found = Diagnostic::new("E0107", message).at(record.place_of("ingest"));
            let help = "write 'pattern = \"write\"', and a work of its own for the reads";
            self.report(found.also(record.place_of("pattern"), "the pattern").help(help));
        }
        if record.wrote("retention") && !record.flag("ingest") {
            let message = "'retention' has no effect without 'ingest = true'";
            self.report(Diagnostic::new("W0609", message).at(record.place_of("retention")));
        }
    }

    /// The site of the storage system under load.
    fn home_of(&mut self, record: &Record, storage: Option<usize>) -> Option<usize> {
        let top = self.top;
        let system = top.tables("storage").get(storage?)?;
        let name = system.text("site")?;
        let index = top.tables("site").iter().position(|site| site.name == name)?;
        self.reader.ledger.derived(record.address_of("site"), name, format!("the site of '{}'", system.name));
        Some(index)
    }

    fn pattern(&mut self, record: &Record) -> Option<Pattern> {
        let word = record.text("pattern")?;
        let share = record.number("read_share");
        if word == "mixed" {
            if share.is_none() && !record.broken.contains(&"read_share") {
                let message = format!("missing key 'read_share' in [{}]", record.address);
                let found = Diagnostic::new("E0102", message).at(record.place_of("pattern"));
                self.report(found.label("a mixed load needs 'read_share'").help("for example 'read_share = \"70 %\"'"));
            }
            return share.map(|read_share| Pattern::Mixed { read_share });
        }
        if record.wrote("read_share") {
            let message = format!("'read_share' has no effect with 'pattern = \"{word}\"'");
            self.report(Diagnostic::new("W0609", message).at(record.place_of("read_share")));
        }
        Some(if word == "read" { Pattern::Read } else { Pattern::Write })
    }
}

fn recovery(part: &Part) -> Option<Recovery> {
    let segment = part.number("segment").map(Bytes);
    match part.word("recovery")? {
        "loss-based" => Some(Recovery::LossBased { segment: segment?, constant: part.number("loss_constant")? }),
        "go-back-n" => Some(Recovery::GoBackN { segment: segment? }),
        _ => Some(Recovery::Selective),
    }
}

/// What a word of the choice means.
pub(super) fn distribution(word: &str) -> Distribution {
    match word {
        "relay" => Distribution::Relay,
        "relay-nearest" => Distribution::RelayNearest,
        "tree" => Distribution::Tree,
        _ => Distribution::Unicast,
    }
}
