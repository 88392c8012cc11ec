//! Targets: a KPI that something in the plan produces, and a limit in its unit.

use super::Resolver;
use super::economics::PRICES;
use crate::kpi::{self, Match};
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Rule, Target};
use crate::scenario::read::record::{Record, Val};
use crate::scenario::read::string_place;
use crate::scenario::spec::Entity;
use crate::scenario::text::tree::Node;
use crate::units::Dimension;

/// Measures of a storage system that shows its media.
const OF_MEDIA: [&str; 6] = [
    "raw",
    "data_loss_probability",
    "mean_time_to_data_loss",
    "device_rebuild_time",
    "node_rebuild_time",
    "scrub_rate",
];
/// Measures of a storage system that loses devices and nodes.
const OF_LOSSES: [&str; 4] = ["exposure_window", "exposed", "rebuild_rate", "data_losses"];

/// Keys of prices of requests.
pub(super) const REQUESTS: [&str; 2] = ["price_per_10k_reads", "price_per_10k_writes"];

impl Resolver<'_> {
    pub(super) fn target(&mut self, record: &Record) -> Option<Target> {
        let name = record.text("kpi")?.to_owned();
        let found = match kpi::lookup(&name) {
            Ok(found) => found,
            Err(error) => {
                let place = record.place_of("kpi");
                let found =
                    Diagnostic::new("E0303", error.message.clone()).at(place).help("'apollo kpi' lists the KPIs");
                self.report(match error.nearest.first() {
                    Some(near) => found.instead(&string_place(place, &name), near.as_str()),
                    None => found,
                });
                return None;
            }
        };
        let produced = self.check_produced(record, &found);
        let (rule, written) = self.rule(record, found.kpi.dimension)?;
        produced?;
        Some(Target {
            name: record.name.clone(),
            kpi: found.name(),
            rule,
            written,
            source: record.text("source").map(str::to_owned),
        })
    }

    fn rule(&mut self, record: &Record, dim: Dimension) -> Option<(Rule, String)> {
        if record.wrote("at_most") {
            return Some((Rule::AtMost(self.limit(record, "at_most", dim)?), record.item("at_most")?.text.clone()));
        }
        if record.wrote("at_least") {
            return Some((Rule::AtLeast(self.limit(record, "at_least", dim)?), record.item("at_least")?.text.clone()));
        }
        let band = record.table("within")?;
        let of = self.limit(band, "of", dim);
        let tolerance = match (of, self.relative(band)) {
            (Some(of), Some(share)) if dim != Dimension::Ratio => Some(of * share),
            _ => self.limit(band, "tolerance", dim),
        };
        let written = format!("{} ± {}", band.item("of")?.text, band.item("tolerance")?.text);
        Some((Rule::Within { of: of?, tolerance: tolerance? }, written))
    }

    /// A tolerance in % of the value, for KPIs whose own unit is not %.
    fn relative(&self, band: &Record) -> Option<f64> {
        let Some(Val::Limit(node)) = band.item("tolerance").map(|i| &i.val) else { return None };
        let text = node.as_text().filter(|text| text.trim_end().ends_with('%'))?;
        crate::units::parse(text, Dimension::Ratio).ok()
    }

    fn limit(&mut self, record: &Record, key: &str, dim: Dimension) -> Option<f64> {
        let node: Node = match record.item(key).map(|i| &i.val) {
            Some(Val::Limit(node)) => node.clone(),
            _ => return None,
        };
        self.reader.unit_value(key, &node, dim)
    }

    /// Whether the plan has what the KPI is about.
    fn check_produced(&mut self, record: &Record, found: &Match) -> Option<()> {
        let area = found.kpi.pattern.split('.').next().unwrap_or_default();
        let measure = found.kpi.pattern.rsplit('.').next().unwrap_or_default();
        let problem = match (area, found.entity.first()) {
            ("storage", Some(name)) => {
                self.entity(record, Entity::Storage, name)?;
                match found.entity.get(1) {
                    Some(view) => self.view_problem(name, view).or_else(|| self.view_quota_problem(name, view, found)),
                    None => self.storage_problem(name, found),
                }
            }
            ("tenant", Some(name)) => {
                self.entity(record, Entity::Tenant, name)?;
                let asks = found.kpi.pattern.ends_with("reserve_met");
                self.reserve_problem(name).filter(|_| asks).or_else(|| self.tenant_quota_problem(name, found))
            }
            ("namespace", Some(name)) => {
                self.entity(record, Entity::Namespace, name)?;
                self.replica_problem(name, found)
            }
            ("fleet", Some(name)) => return self.entity(record, Entity::Fleet, name),
            ("site", Some(name)) => {
                self.entity(record, Entity::Site, name)?;
                self.outage_problem(name, measure)
            }
            ("link", Some(name)) if self.file_link_named(name).is_some() => {
                found.entity.get(1).and_then(|direction| self.file_direction_problem(name, direction))
            }
            ("link", Some(name)) => {
                self.entity(record, Entity::Link, name)?;
                let of_direction = found.entity.get(1).and_then(|direction| self.direction_problem(name, direction));
                of_direction
                    .or_else(|| self.maintenance_problem(measure))
                    .or_else(|| self.restoration_problem(name, measure))
            }
            ("pair", _) => self.maintenance_problem(measure),
            ("path", Some(name)) => self.way_problem(name, found.entity.get(1).map_or("", String::as_str)),
            ("transfer", Some(name)) => self.transfer_problem(name, found),
            ("io", Some(name)) => self
                .work_problem(name, "io")
                .or_else(|| self.ingest_problem(name, found))
                .or_else(|| self.loader_problem(name, found)),
            ("rl", Some(name)) => self.work_problem(name, "rl").or_else(|| self.checkpoint_problem(name, found)),
            ("wan", _) if found.kpi.pattern == "wan.worst_utilisation" && self.top.names("what_if").is_empty() => {
                Some("it needs a failure study, e.g. what_if = [\"links\"] at the top".to_owned())
            }
            ("wan", _) if found.kpi.pattern == "wan.waves_to_add" && !self.wan.wrote("utilisation_limit") => {
                Some("it needs a limit, e.g. [wan] utilisation_limit = \"80 %\"".to_owned())
            }
            ("wan", _)
                if matches!(found.kpi.pattern, "wan.concurrent_flow" | "wan.waves_to_add")
                    && self.records("demand").is_empty() =>
            {
                Some("the plan has no standing demand ([demand.NAME])".to_owned())
            }
            ("wan", Some(priority)) if found.kpi.pattern == "wan.priority.*.concurrent_flow" => {
                self.priority_problem(priority)
            }
            ("wan", _) if self.records("link").is_empty() && !self.has_file_links() => {
                Some("the plan has no links".to_owned())
            }
            _ => None,
        };
        let Some(problem) = problem else { return Some(()) };
        let message = format!("nothing produces '{}': {problem}", found.name());
        let found = Diagnostic::new("E0304", message).at(record.place_of("kpi"));
        self.report(
            found.help("aim at something that the plan has, or add what the KPI is about; `apollo kpi` lists all"),
        );
        None
    }

    fn priority_problem(&self, priority: &str) -> Option<String> {
        let mut known: Vec<u64> = self.records("demand").iter().map(|record| record.whole("priority")).collect();
        known.sort_unstable();
        known.dedup();
        if known.len() < 2 {
            return Some("it is for plans whose demands have several priorities".to_owned());
        }
        let list = known.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        (!known.iter().any(|known| known.to_string() == priority))
            .then(|| format!("no demand has priority {priority}; priorities are: {list}"))
    }

    fn entity(&mut self, record: &Record, entity: Entity, name: &str) -> Option<()> {
        let place = string_place(record.place_of("kpi"), name);
        self.index_of(entity, name, &place).map(|_| ())
    }

    pub(super) fn work_problem(&self, name: &str, kind: &str) -> Option<String> {
        if self.reader.unread.contains(name) {
            return None;
        }
        let works = self.records("work");
        match works.iter().find(|w| w.name == name) {
            Some(work) if work.text("kind") == Some(kind) => None,
            Some(work) => {
                Some(format!("work '{name}' is of kind '{}', not '{kind}'", work.text("kind").unwrap_or("?")))
            }
            None => {
                let of_kind = works.iter().filter(|w| w.text("kind") == Some(kind)).map(|w| w.name.as_str());
                let list = crate::scenario::diagnostics::list_names(of_kind);
                Some(format!("there is no work '{name}'; works of kind '{kind}' are: {list}"))
            }
        }
    }

    /// Works that could not be read may go anywhere; whether a work of the plan crosses is known in the world only.
    fn way_problem(&self, name: &str, direction: &str) -> Option<String> {
        if self.reader.unread.contains(name) {
            return None;
        }
        let works = self.records("work");
        if !works.iter().any(|work| work.name == name) {
            let list = crate::scenario::diagnostics::list_names(works.iter().map(|work| work.name.as_str()));
            return Some(format!("there is no work '{name}'; works are: {list}"));
        }
        let sites = self.records("site");
        let fits = |(a, b): (&Record, &Record)| a.name != b.name && format!("{}-to-{}", a.name, b.name) == direction;
        let known = sites.iter().flat_map(|a| sites.iter().map(move |b| (a, b))).any(fits);
        (!known).then(|| format!("'{direction}' is not a way between two sites of the plan, such as phoenix-to-dallas"))
    }

    fn ingest_problem(&self, name: &str, found: &Match) -> Option<String> {
        let work = self.record_of("work", name)?;
        let asks = found.kpi.pattern == "io.*.refused";
        (asks && !work.flag("ingest")).then(|| format!("work '{name}' does not ingest"))
    }

    fn loader_problem(&self, name: &str, found: &Match) -> Option<String> {
        let work = self.record_of("work", name)?;
        let asks =
            matches!(found.kpi.pattern, "io.*.accelerator_utilisation" | "io.*.data_stall" | "io.*.samples_rate");
        if asks && work.table("loader").is_none() {
            return Some(format!("work '{name}' has no data loader"));
        }
        if matches!(found.kpi.pattern, "io.*.hot_share" | "io.*.hot_bytes") && work.table("tiered").is_none() {
            return Some(format!("work '{name}' does not read on a tier: it has no 'tiered'"));
        }
        let asks = found.kpi.pattern.starts_with("io.*.checkpoint");
        (asks && work.table("checkpoint").is_none()).then(|| format!("work '{name}' saves and loads no checkpoint"))
    }

    fn checkpoint_problem(&self, name: &str, found: &Match) -> Option<String> {
        let work = self.record_of("work", name)?;
        let asks = found.kpi.pattern.contains("checkpoint");
        (asks && work.table("checkpoint").is_none()).then(|| format!("work '{name}' writes no checkpoints"))
    }

    fn direction_problem(&self, link: &str, direction: &str) -> Option<String> {
        let record = self.record_of("link", link)?;
        let [(a, _), (b, _)] = record.names("between") else { return None };
        let choices = [format!("{a}-to-{b}"), format!("{b}-to-{a}")];
        (!choices.iter().any(|c| c == direction))
            .then(|| format!("the directions of '{link}' are {} and {}", choices[0], choices[1]))
    }

    fn storage_problem(&self, name: &str, found: &Match) -> Option<String> {
        let record = self.record_of("storage", name)?;
        let part = self.reader.shelf.part(record.text("system")?)?;
        let layout = part.word("layout")?;
        let measure = found.kpi.pattern.rsplit('.').next().unwrap_or_default();
        match measure {
            _ if (measure.starts_with("accounts") || measure == "subscriptions") && layout != "accounts" => {
                Some(format!("'{name}' has no accounts"))
            }
            _ if measure.starts_with("cost")
                && PRICES.iter().all(|key| record.number(key).is_none() && part.number(key).is_none()) =>
            {
                Some(format!("no price of '{name}' is known: write price_per_hour, price_per_capacity or price"))
            }
            _ if (OF_MEDIA.contains(&measure) || OF_LOSSES.contains(&measure))
                && matches!(layout, "provisioned" | "accounts") =>
            {
                Some(format!("'{name}' is a service that hides its media"))
            }
            "node_rebuild_time" if layout == "striped" => {
                Some(format!("another server of '{name}' takes the targets of a lost one over, so nothing is rebuilt"))
            }
            _ if OF_LOSSES.contains(&measure) && !record.flag("failures") => {
                Some(format!("nothing is lost on '{name}' without 'failures = true'"))
            }
            "soft_quota_date" if record.table("quota").is_none_or(|quota| quota.number("soft").is_none()) => {
                Some(format!("'{name}' has no soft quota"))
            }
            "cache_hit" | "cache_hit_steady" | "cached" if !self.caches_on(name) => {
                Some(format!("no namespace has a cache on '{name}'"))
            }
            "tiered" | "tier_backlog" if record.table("tier").is_none() => Some(format!("'{name}' has no tier")),
            "order_amount" if record.number("order_for").is_none() => {
                Some(format!("'{name}' does not state 'order_for', the time that an order is to last"))
            }
            "order_by" if record.number("lead_time").is_none() => Some(format!("'{name}' states no lead time")),
            "scrub_rate" if record.number("scrub_every").is_none() => Some(format!("'{name}' is not scrubbed")),
            _ if measure.ends_with("of_provisioned") && !matches!(layout, "provisioned" | "accounts") => {
                Some(format!("'{name}' is not sold by provisioned rate"))
            }
            _ if measure.contains("efficiency") && layout == "accounts" && !measure.ends_with("of_provisioned") => {
                Some(format!("'{name}' is an object service, which has no installed line rate"))
            }
            "request_cost" if REQUESTS.iter().all(|key| record.number(key).is_none() && part.number(key).is_none()) => {
                Some(format!("no price of requests to '{name}' is known: write {} or {}", REQUESTS[0], REQUESTS[1]))
            }
            "metadata_rate" | "files_rate" | "metadata_latency" if !self.has_files(name) => {
                Some(format!("no 'io' work with 'files' or 'loader' uses '{name}'"))
            }
            _ if measure.ends_with("latency") && !self.has_operations(name, measure) => {
                Some(format!("no 'io' work on '{name}' makes such operations"))
            }
            _ if measure.starts_with("read_efficiency") && !self.moves(name, true) => {
                Some(format!("no work reads from '{name}'"))
            }
            _ if measure.starts_with("write_efficiency") && !self.moves(name, false) => {
                Some(format!("no work writes to '{name}'"))
            }
            _ => None,
        }
    }

    /// Whether an io load or a data loader on a system gives the operations of a latency. A checkpoint is a stream.
    fn has_operations(&self, storage: &str, measure: &str) -> bool {
        let idle = match measure {
            "read_latency" => "write",
            "write_latency" => "read",
            _ => "",
        };
        let on = |work: &Record| {
            let steady = work.text("storage") == Some(storage) && work.table("checkpoint").is_none();
            work.text("kind") == Some("io")
                && steady
                && (work.text("pattern") != Some(idle) || work.table("phases").is_some())
        };
        !self.reader.unread.is_empty() || self.records("work").iter().any(on)
    }

    fn has_files(&self, storage: &str) -> bool {
        let opens = |work: &Record| work.table("files").is_some() || work.table("loader").is_some();
        let on = |work: &Record| work.text("storage") == Some(storage) && opens(work);
        !self.reader.unread.is_empty() || self.records("work").iter().any(on)
    }

    fn replica_problem(&self, name: &str, found: &Match) -> Option<String> {
        let all = self.record_of("namespace", name)?.tables("replicas");
        let measure = found.kpi.pattern.rsplit('.').next().unwrap_or_default();
        match found.entity.get(1) {
            Some(to) if !all.iter().any(|r| r.text("to") == Some(to)) => {
                Some(format!("namespace '{name}' has no copy on '{to}'"))
            }
            None if matches!(measure, "rpo" | "at_risk" | "replication_bytes") && all.is_empty() => {
                Some(format!("namespace '{name}' has no 'replicas'"))
            }
            _ => None,
        }
    }

    fn caches_on(&self, storage: &str) -> bool {
        let holds = |n: &Record| n.tables("caches").iter().any(|c| c.text("storage") == Some(storage));
        self.records("namespace").iter().any(holds)
    }

    /// Whether a system is the home or a cache of what a work reads.
    fn serves(&self, work: &Record, storage: &str) -> bool {
        let namespace = work.text("namespace").and_then(|name| self.record_of("namespace", name));
        let copied = |n: &Record| n.tables("replicas").iter().any(|r| r.text("to") == Some(storage));
        namespace.is_some_and(|n| n.text("home") == Some(storage) || copied(n)) || self.caches_on(storage)
    }

    /// Whether a work reads from (or writes to) a storage system. A work that could not be read may do anything.
    fn moves(&self, storage: &str, read: bool) -> bool {
        let uses = |work: &Record| match work.text("kind") {
            Some("copy") => work.text(if read { "from" } else { "to" }) == Some(storage),
            Some("io") => {
                let idle = if read { "write" } else { "read" };
                let on = work.text("storage") == Some(storage) || self.serves(work, storage);
                on && work.text("pattern") != Some(idle)
            }
            // A checkpoint is written, and read again after an interruption.
            Some("rl") => work.table("checkpoint").is_some_and(|c| c.text("storage") == Some(storage)),
            _ => true,
        };
        !self.reader.unread.is_empty() || self.records("work").iter().any(uses)
    }
}
