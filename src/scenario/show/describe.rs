//! What a file means, as `apollo check` prints it.

use std::fmt::Write as _;

use super::namespace::namespace_line;
use super::origins::origins;
use super::storage::storage_line;
use crate::scenario::plan::{
    Burst, CopyWork, DataLoader, Distribution, Failures, FanOut, Fleet, IoWork, Link, Pattern, Plan, RlWork, Rule,
    TieredShare, TraceWork, WorkKind,
};
use crate::units::{Dimension, Dist, SimDuration, display, unsigned_zero};

/// Seconds in a day and in a Julian year.
const DAY: f64 = 86_400.0;
pub(super) const YEAR: f64 = 365.25 * DAY;

/// The plan in words: every entity, totals, derived values, figures and defaults with their sources, warnings.
pub fn describe(plan: &Plan) -> String {
    let mut out = String::new();
    header(&mut out, plan);
    sites(&mut out, plan);
    list(&mut out, "Links", &plan.links, |link| link_line(plan, link));
    groups(&mut out, plan);
    list(&mut out, "Maintenance", &plan.maintenance, |window| super::dates::window_line(plan, window));
    list(&mut out, "Fleets", &plan.fleets, |fleet| fleet_line(plan, fleet));
    list(&mut out, "Storage", &plan.storages, |storage| storage_line(plan, storage));
    list(&mut out, "Namespaces", &plan.namespaces, |namespace| namespace_line(plan, namespace));
    demands(&mut out, plan);
    works(&mut out, plan);
    targets(&mut out, plan);
    totals(&mut out, plan);
    let variants = plan.sweep.as_ref().map(super::sweep::lines).unwrap_or_default();
    list(&mut out, "Sweep", &variants, String::clone);
    origins(&mut out, plan);
    if !plan.warnings.is_empty() {
        out.push_str("\nWarnings\n");
        for warning in &plan.warnings {
            let _ = writeln!(out, "  {}  {}  ({})", warning.code, warning.message, warning.at);
        }
        let _ = writeln!(out, "  What a code means: apollo explain --code {}", plan.warnings[0].code);
    }
    out
}

fn list<T>(out: &mut String, title: &str, items: &[T], line: impl Fn(&T) -> String) {
    if items.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{title}");
    for item in items {
        let _ = writeln!(out, "  {}", line(item));
    }
}

pub(super) fn time(duration: SimDuration) -> String {
    display(duration.as_secs_f64(), Dimension::Duration)
}

pub(super) fn rate(bytes_per_s: f64) -> String {
    display(bytes_per_s, Dimension::ByteRate)
}

pub(super) fn throughput(bytes_per_s: f64) -> String {
    display(bytes_per_s, Dimension::Throughput)
}

pub(super) fn size(bytes: f64) -> String {
    display(bytes, Dimension::Bytes)
}

pub(super) fn share(x: f64) -> String {
    display(x, Dimension::Ratio)
}

fn power(watts: f64) -> String {
    display(watts, Dimension::Power)
}

/// A whole number in groups of three digits.
pub(super) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

fn header(out: &mut String, plan: &Plan) {
    let _ = writeln!(out, "{}", plan.title);
    let _ = writeln!(
        out,
        "  {} from {}, results after {}; {} replication{}, seed {}",
        time(plan.horizon),
        plan.start,
        time(plan.warmup),
        count(u64::from(plan.replications)),
        if plan.replications == 1 { "" } else { "s" },
        plan.seed
    );
}

fn sites(out: &mut String, plan: &Plan) {
    list(out, "Sites", &plan.sites, |site| {
        let mut line =
            format!("{}: fabric {}, WAN edge {}", site.name, rate(site.fabric.get()), rate(site.wan_edge.get()));
        if let Some((latitude, longitude)) = site.location {
            let _ = write!(line, ", at {latitude}, {longitude}");
        }
        if let Some(meter) = site.power {
            let it = meter.get() / site.pue;
            let _ = write!(line, ", {} at the meter = {} for IT (PUE {})", power(meter.get()), power(it), site.pue);
        }
        if let Some(outage) = &site.outage {
            let _ = write!(line, ", {}", failure_words("losses of the whole site", outage));
        }
        for (cooling, positions) in &site.rack_positions {
            let _ = write!(line, ", {} {cooling} rack positions", count(*positions));
        }
        line
    });
}

fn link_line(plan: &Plan, link: &Link) -> String {
    let (a, b) = (&plan.sites[link.ends.0].name, &plan.sites[link.ends.1].name);
    let (there, back) = (link.capacity.get(), link.back.get());
    let ways = match back {
        _ if back <= 0.0 => format!("{} from {a} to {b} only", rate(there)),
        _ if back.to_bits() == there.to_bits() => format!("{} each way", rate(there)),
        _ => format!("{} from {a} to {b} and {} back", rate(there), rate(back)),
    };
    let mut line = format!(
        "{}: {a} - {b}, {ways} in {} wave{}, RTT {}, {} of fibre, {} of it payload",
        link.name,
        link.waves,
        if link.waves == 1 { "" } else { "s" },
        time(link.rtt),
        display(link.metres, Dimension::Distance),
        share(link.framing),
    );
    line.push_str(&super::dates::link_dates(plan, link));
    let groups: Vec<&str> = link.risk_groups.iter().map(|g| plan.risk_groups[*g].name.as_str()).collect();
    match (&link.cuts, groups.is_empty() || !link.fails) {
        (Some(cuts), _) => line.push_str(&format!("; {}", failure_words("cuts", cuts))),
        (None, false) => line.push_str(&format!("; cut with {}", groups.join(", "))),
        (None, true) => line.push_str("; never cut"),
    }
    match &link.wave_failures {
        Some(failures) => line.push_str(&format!(", {}", failure_words("failures per wave", failures))),
        None => line.push_str(", waves never fail"),
    }
    line.push_str(&super::dates::partial(link));
    line
}

pub(super) fn failure_words(what: &str, failures: &Failures) -> String {
    let repair = display(failures.time_to_repair.mean(), Dimension::Duration);
    format!(
        "{:.2} {what} a year, {repair} each",
        YEAR / (failures.time_to_failure.mean() + failures.time_to_repair.mean())
    )
}

fn groups(out: &mut String, plan: &Plan) {
    list(out, "Risk groups", &plan.risk_groups, |group| {
        let index = plan.risk_groups.iter().position(|g| g.name == group.name);
        let members: Vec<&str> = plan
            .links
            .iter()
            .filter(|l| l.risk_groups.iter().any(|g| Some(*g) == index))
            .map(|l| l.name.as_str())
            .collect();
        let cuts = group.cuts.as_ref().map_or("never cut".to_owned(), |cuts| failure_words("cuts", cuts));
        format!("{}: {}; {cuts}", group.name, members.join(", "))
    });
}

fn gpus(fleet: &Fleet) -> u64 {
    fleet.nodes * fleet.gpus_per_node
}

fn failures_per_day(fleet: &Fleet) -> f64 {
    fleet.hazards.iter().map(|h| h.per_gpu_second).sum::<f64>() * gpus(fleet) as f64 * DAY
}

fn fleet_line(plan: &Plan, fleet: &Fleet) -> String {
    format!(
        "{} at {}: {} GPUs in {} nodes of {} ({}), {} spare; {} failures a day; front-end NICs {}, IT power {}, {} {} racks",
        fleet.name,
        plan.sites[fleet.site].name,
        count(gpus(fleet)),
        count(fleet.nodes),
        fleet.gpus_per_node,
        fleet.node,
        share(fleet.spares),
        unsigned_zero(format!("{:.1}", failures_per_day(fleet))),
        rate(gpus(fleet) as f64 * fleet.frontend_per_gpu.get()),
        power(fleet.nodes as f64 * fleet.node_power.get()),
        count((fleet.nodes as f64 * fleet.racks_per_node).ceil() as u64),
        fleet.cooling,
    )
}

fn works(out: &mut String, plan: &Plan) {
    list(out, "Works", &plan.works, |work| {
        let what = match &work.kind {
            WorkKind::Rl(rl) => rl_lines(plan, rl),
            WorkKind::Copy(copy) => copy_line(plan, copy),
            WorkKind::Io(io) => io_line(plan, io),
            WorkKind::Trace(trace) => trace_line(trace),
        };
        format!("{} ({} to {}, priority {}): {what}", work.name, time(work.starts), time(work.ends), work.priority)
    });
}

fn demands(out: &mut String, plan: &Plan) {
    if !plan.demands.is_empty() {
        let sum = plan.demands.iter().map(|(.., rate)| rate.get()).fold(0.0, |sum, rate| sum + rate);
        let _ =
            writeln!(out, "\nDemands of the topology file: {}, {} in all", count(plan.demands.len() as u64), rate(sum));
    }
}

fn trace_line(trace: &TraceWork) -> String {
    let bytes = trace.rows.iter().map(|row| row.3).fold(0.0, |sum, bytes| sum + bytes);
    let last = trace.rows.last().map_or(SimDuration::ZERO, |row| row.1);
    let (transfers, pairs) = (count(trace.rows.len() as u64), count(trace.pairs.len() as u64));
    format!(
        "{transfers} transfers of {} in all between {pairs} pairs, the last {} after its start",
        size(bytes),
        time(last)
    )
}

fn copy_line(plan: &Plan, copy: &CopyWork) -> String {
    let from = &plan.storages[copy.from].name;
    let to: Vec<&str> = copy.to.iter().map(|&to| plan.storages[to].name.as_str()).collect();
    let how = if to.len() < 2 { String::new() } else { distribution_words(copy) };
    let to = to.join(", ");
    let pace = if copy.pace.get().is_finite() { format!(", at most {}", rate(copy.pace.get())) } else { String::new() };
    let pace = pace + &super::rhythm::window_words(copy);
    format!("copies {} from {from} to {to}{how}{pace}", size(copy.bytes.get()))
}

fn distribution_words(copy: &CopyWork) -> String {
    let relays = |how: &str| format!(", {how}, in chunks of {}", size(copy.chunk.get()));
    match copy.distribution {
        Distribution::Unicast => ", each from the source".to_owned(),
        Distribution::Relay => relays("down the chain"),
        Distribution::RelayNearest => relays("down a chain to the nearest next"),
        Distribution::Tree => relays("down a tree"),
    }
}

fn io_line(plan: &Plan, io: &IoWork) -> String {
    let pattern = match io.pattern {
        Pattern::Read => "reads".to_owned(),
        Pattern::Write => "writes".to_owned(),
        Pattern::Mixed { read_share } => format!("{} reads, the rest writes", share(read_share)),
    };
    let mut pace = match &io.pace {
        Some(Dist::Constant(rate)) => format!("paced to {}", throughput(*rate)),
        Some(law) => format!("paced to a rate drawn once, {} in the mean", throughput(law.mean())),
        None => "saturating".to_owned(),
    };
    pace.push_str(&super::rhythm::rhythm_words(io));
    match io.retention.filter(|_| io.ingest) {
        Some(retention) => pace.push_str(&format!("; what it writes stays for {}", time(retention))),
        None if io.ingest => pace.push_str("; what it writes stays"),
        None => {}
    }
    if let Some(last) = io.phases.last() {
        let until = last.at.checked_add(last.ramp).unwrap_or(last.at);
        pace.push_str(&format!(", then in {} phases until {} after its start", io.phases.len(), time(until)));
    }
    if let Some(protocol) = io.protocol {
        pace.push_str(&format!(", over {}", plan.storages[io.storage].protocols[protocol].name));
    }
    if let (Some(tiered), Some(tier)) = (&io.tiered, plan.storages[io.storage].tier) {
        let part = match tiered.share {
            TieredShare::Stated(part) => format!("{} of the reads", share(part)),
            TieredShare::Unread { seconds, data, .. } => {
                let unread = time(SimDuration::from_secs_f64(seconds));
                format!("what of {} was not read for {unread}", size(data.get()))
            }
        };
        let back = if tiered.promote { ", brought back when read" } else { "" };
        pace.push_str(&format!("; {part} on {}{back}", plan.storages[tier.to].name));
    }
    if let Some(files) = &io.files {
        let each = format!(", files of {} with {} metadata operations each", size(files.size), files.operations);
        pace.push_str(&each);
    }
    let on = read_name(plan, io);
    if let Some(burst) = &io.burst {
        return burst_line(plan, io, burst);
    }
    if let Some(loader) = &io.loader {
        return loader_line(plan, io, loader);
    }
    format!(
        "{pattern} on {on} by {} clients at {} with NICs of {} in all, {} per operation, {} outstanding each, {pace}",
        count(io.clients),
        plan.sites[io.site].name,
        rate(io.clients as f64 * io.client_nic.get()),
        size(io.io_size.get()),
        io.queue_depth,
    )
}

/// The system or namespace that a load is on.
fn read_name(plan: &Plan, io: &IoWork) -> String {
    match io.namespace {
        Some(index) => format!("namespace {}", plan.namespaces[index].name),
        None => plan.storages[io.storage].name.clone(),
    }
}

fn burst_line(plan: &Plan, io: &IoWork, burst: &Burst) -> String {
    let (what, copies) = match io.pattern {
        Pattern::Read => ("load", burst.replicas),
        _ => ("save", 1),
    };
    let when = burst.every.map_or("once".to_owned(), |every| format!("every {}", time(every)));
    let slow = burst.stragglers.map_or(String::new(), |(ranks, factor)| {
        format!(", {} of them {factor} times slower by themselves", count(ranks))
    });
    let kept = burst.keep.map_or(String::new(), |keep| format!(", {} kept", count(keep)));
    format!(
        "{} ranks{slow} on {} clients at {} {what} a checkpoint of {} {when} on {}: {} in a burst{kept}",
        count(burst.ranks),
        count(io.clients),
        plan.sites[io.site].name,
        size(burst.checkpoint.get()),
        plan.storages[io.storage].name,
        size(burst.checkpoint.get() * copies as f64),
    )
}

fn loader_line(plan: &Plan, io: &IoWork, loader: &DataLoader) -> String {
    let step = loader.batch as f64 * loader.sample.get();
    let full = loader.accelerators as f64 * step / (loader.compute.as_secs_f64() + loader.overhead.as_secs_f64());
    format!(
        "{} accelerators on {} clients at {} read batches of {} x {} from {}, {} readers each, {} batches ahead; \
         computing all the time they read {}",
        count(loader.accelerators),
        count(io.clients),
        plan.sites[io.site].name,
        count(loader.batch),
        size(loader.sample.get()),
        read_name(plan, io),
        loader.readers,
        loader.prefetch,
        throughput(full),
    )
}

fn rl_lines(plan: &Plan, rl: &RlWork) -> String {
    let pools: Vec<String> = rl
        .generators
        .iter()
        .map(|(fleet, gpus)| {
            let engines = gpus / rl.engine.gpus;
            let name = &plan.fleets[*fleet].name;
            format!("{} GPUs of {name} as {} engines", count(*gpus), count(engines))
        })
        .collect();
    let full = rl.parameters * rl.bytes_per_parameter;
    let publish = match rl.weights.delta {
        true => format!(
            "deltas of {} ({} of {} changed), all {} every {} publishes",
            size(rl.parameters * rl.weights.changed * rl.weights.bytes_per_changed),
            share(rl.weights.changed),
            display(rl.parameters, Dimension::Count),
            size(full),
            rl.weights.full_every
        ),
        false => format!("all {} at every publish", size(full)),
    };
    let copies = match rl.weights.fan_out {
        FanOut::Tree => "one copy per site",
        FanOut::Peer => "one copy per site, a part to each engine",
        FanOut::PerNode => "one copy per node",
        FanOut::PerEngine => "one copy per engine",
    };
    let across = match rl.weights.across {
        Distribution::Unicast => "",
        Distribution::Relay | Distribution::RelayNearest => ", handed from site to site",
        Distribution::Tree => ", down a tree of sites",
    };
    let through = rl.weights.store.map_or(String::new(), |s| format!(" through {}", plan.storages[s].name));
    let checkpoint = rl.checkpoint.map_or(String::new(), |c| {
        let bytes = size(rl.parameters * c.bytes_per_parameter);
        let (to, every) = (&plan.storages[c.storage].name, time(c.every));
        format!("\n      checkpoints of {bytes} to {to} every {every}, {} kept", c.keep)
    });
    let weights = match rl.colocation {
        None => format!("publishes {publish}, {copies}{across}{through}"),
        Some(c) => format!(
            "the same GPUs in turn: {} to train, {} back",
            time(SimDuration::from_secs_f64(c.offload)),
            time(SimDuration::from_secs_f64(c.reshard + c.engine_switch))
        ),
    };
    format!(
        "RL of {} back within {}\n      trainer: {} GPUs of {}, {} trajectories per step\n      generators: {}\n      {weights}{checkpoint}",
        rl.model,
        time(rl.feedback_target),
        count(rl.trainer_gpus),
        plan.fleets[rl.trainer_fleet].name,
        count(rl.batch),
        pools.join("; "),
    )
}

fn targets(out: &mut String, plan: &Plan) {
    list(out, "Targets", &plan.targets, |target| {
        let rule = match target.rule {
            Rule::AtMost(_) => "at most",
            Rule::AtLeast(_) => "at least",
            Rule::Within { .. } => "within",
        };
        format!("{}: {} {rule} {}", target.name, target.kpi, target.written)
    });
}

fn totals(out: &mut String, plan: &Plan) {
    let total_gpus: u64 = plan.fleets.iter().map(gpus).sum();
    let failures = unsigned_zero(format!("{:.1}", plan.fleets.iter().map(failures_per_day).sum::<f64>()));
    let capacity: f64 = plan.storages.iter().map(|s| s.capacity.get()).sum();
    let links: f64 = plan.links.iter().map(|l| l.capacity.get()).sum();
    let fleet_power: f64 = plan.fleets.iter().map(|f| f.nodes as f64 * f.node_power.get()).sum();
    let it: f64 = fleet_power + plan.storages.iter().map(|s| s.power.get()).sum::<f64>();
    let _ = writeln!(
        out,
        "\nTotals\n  {} sites, {} GPUs with {failures} failures a day, {} of IT power, {} of storage, {} of WAN each way",
        plan.sites.len(),
        count(total_gpus),
        power(it),
        size(capacity),
        rate(links),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1,000");
        assert_eq!(count(40_032_000), "40,032,000");
    }
}
