//! Storage systems in the words of `apollo check`.

use super::describe::{YEAR, count, rate, share, size, throughput, time};
use super::lanes::lane_lines;
use crate::scenario::plan::economics::{Economics, Need, Sizing};
use crate::scenario::plan::{Code, Layout, Plan, Protection, Storage};
use crate::units::{Dimension, display};

/// A storage system: what is installed, what is usable of it, how it is protected.
pub(super) fn storage_line(plan: &Plan, storage: &Storage) -> String {
    let installed = match &storage.layout {
        Layout::SharedNodes { nodes, nic, media_read, media_write } => {
            let n = *nodes as f64;
            format!(
                "{} nodes: NICs {} each way, media read {} and write {}",
                count(*nodes),
                rate(n * nic.get()),
                throughput(n * media_read.get()),
                throughput(n * media_write.get())
            )
        }
        Layout::HeadsEnclosures { heads, head_nic, enclosures, media_read, media_write, .. } => {
            let n = *enclosures as f64;
            format!(
                "{} heads with NICs of {} each way, {} enclosures: media read {} and write {}",
                count(*heads),
                rate(*heads as f64 * head_nic.get()),
                count(*enclosures),
                throughput(n * media_read.get()),
                throughput(n * media_write.get())
            )
        }
        Layout::Striped { servers, nic, media_read, media_write, targets, stripe_count } => {
            let n = *servers as f64;
            format!(
                "{} servers with {} targets each: NICs {} each way, media read {} and write {}, a file on {} of the targets",
                count(*servers),
                count(*targets),
                rate(n * nic.get()),
                throughput(n * media_read.get()),
                throughput(n * media_write.get()),
                count(*stripe_count)
            )
        }
        Layout::Accounts { accounts, ingress, egress, skew, .. } => {
            let even = (*accounts as f64 / skew).max(1.0);
            let hottest = if *skew > 1.0 { format!(", the hottest with {skew} x the mean") } else { String::new() };
            format!(
                "{} accounts{hottest}: egress {}, ingress {}",
                count(*accounts),
                rate(even * egress.get()),
                rate(even * ingress.get())
            )
        }
        Layout::Provisioned { rate: sold, read_share, write_share } => {
            let (read, write) = (throughput(sold.get() * read_share), throughput(sold.get() * write_share));
            format!("provisioned {}: reads reach {read}, writes {write}", throughput(sold.get()))
        }
    };
    let operations = display(storage.requests.operations, Dimension::OpRate);
    let mut line = format!(
        "{} at {}: {} usable ({}), {installed}, {operations}",
        storage.name,
        plan.sites[storage.site].name,
        size(storage.capacity.get()),
        storage.system
    );
    if storage.holds.get() > 0.0 {
        line.push_str(&format!(", holds {} at the start", size(storage.holds.get())));
    }
    line.push_str(&limit_words(storage));
    if let Some(tier) = storage.tier {
        let to = &plan.storages[tier.to].name;
        let aged = tier.after.map(|after| format!("what is older than {}", time(after)));
        let full = tier
            .marks
            .map(|(high, low)| format!("the oldest from {:.0} % full down to {:.0} %", 100.0 * high, 100.0 * low));
        let what: Vec<String> = aged.into_iter().chain(full).collect();
        line.push_str(&format!(", moves {} to {to}", what.join(" and ")));
    }
    line.push_str(&request_words(storage));
    if let (Some(protection), Some(code)) = (&storage.protection, &storage.code) {
        line.push_str(&format!("\n      {}", space_words(storage, protection, code)));
        line.push_str(&format!("\n      {}", loss_words(protection)));
    }
    if storage.economics.shown {
        line.push_str(&economics_words(&storage.economics));
    }
    line.push_str(&lane_lines(storage));
    line
}

/// What sizes a system, what it can deliver, what it costs.
fn economics_words(e: &Economics) -> String {
    let mut words = String::new();
    if let Some(need) = e.sizing.as_ref().and_then(Sizing::decides) {
        let stage = if need.stage.is_empty() { String::new() } else { format!(" ({})", need.stage) };
        words.push_str(&format!("\n      sized by {}{stage}", need.by));
        let others: Vec<String> = e.sizing.iter().flat_map(|s| &s.needs).map(|n| need_words(e, n)).collect();
        words.push_str(&format!(": {}", others.join(", ")));
    }
    words.push_str(&format!(
        "\n      delivers {} of reads ({}) or {} of writes ({})",
        throughput(e.read.0.get()),
        e.read.1,
        throughput(e.write.0.get()),
        e.write.1
    ));
    if let Some(cost) = &e.cost {
        words.push_str(&format!(", costs {} a month", dollars(cost.total())));
    }
    words
}

fn need_words(e: &Economics, need: &Need) -> String {
    let amount =
        if e.unit == "systems" { size(need.units) } else { format!("{} {}", count(need.units as u64), e.unit) };
    format!("{} needs {amount}", need.by)
}

fn dollars(amount: f64) -> String {
    display(amount, Dimension::Money)
}

/// Quotas, snapshots and the time of an order, where there are some.
fn limit_words(storage: &Storage) -> String {
    let mut words = String::new();
    if storage.hard_quota.get() < storage.capacity.get() {
        words.push_str(&format!(", refuses more than {}", size(storage.hard_quota.get())));
    }
    if let Some(soft) = storage.soft_quota {
        words.push_str(&format!(", warns above {}", size(soft.get())));
    }
    if storage.snapshots.is_positive() {
        words.push_str(&format!(", snapshots keep deleted bytes for {}", time(storage.snapshots)));
    }
    if let Some(lead) = storage.lead_time {
        words.push_str(&format!(", more capacity takes {} from the order", time(lead)));
    }
    if let Some(span) = storage.order_for {
        words.push_str(&format!(", an order is to last {}", time(span)));
    }
    words
}

/// Streams and slots, and media that reads and writes compete for, where there are some.
fn request_words(storage: &Storage) -> String {
    let r = &storage.requests;
    let mut words = String::new();
    for (word, latency, stream) in
        [("read", &r.read_latency, r.read_stream), ("write", &r.write_latency, r.write_stream)]
    {
        if stream.is_finite() {
            let latency = display(latency.mean(), Dimension::Duration);
            words.push_str(&format!(", one {word} takes {latency} + size / {}", throughput(stream)));
        }
    }
    if r.metadata_operations.is_finite() {
        words.push_str(&format!(", {} on metadata", display(r.metadata_operations, Dimension::OpRate)));
    }
    for protocol in &storage.protocols {
        let through = if protocol.gateway_rate.is_finite() {
            format!(" through gateways of {} each way", rate(protocol.gateway_rate))
        } else {
            String::new()
        };
        words.push_str(&format!(", also speaks {}{through}", protocol.name));
    }
    if let Some(slots) = r.client_slots {
        words.push_str(&format!(", at most {} operations of one client at once", count(slots)));
    }
    if storage.media_shared > 0.0 {
        words.push_str(&format!(", reads and writes share {} of the time of the media", share(storage.media_shared)));
    }
    words
}

/// Raw to usable, step by step.
fn space_words(storage: &Storage, protection: &Protection, code: &Code) -> String {
    let (k, m) = (code.data, code.parity);
    let raw = storage.raw.map_or(0.0, crate::units::Bytes::get);
    let lie = match protection.unit_blocks {
        0 => "on the devices of one server, whose targets another takes over when it is lost".to_owned(),
        most => format!("at most {most} blocks in one of {}", count(protection.units)),
    };
    format!(
        "stripes of {k} + {m} (overhead 1 + m/k = {:.4}), {lie}; usable are {} of {} raw, x {} by reduction",
        1.0 + f64::from(m) / f64::from(k),
        share(protection.usable_fraction),
        size(raw),
        code.reduction,
    )
}

/// Losses, rebuilds, scrubs.
fn loss_words(protection: &Protection) -> String {
    let devices = protection.units * protection.devices;
    let a_year = |of: f64, count: u64| of * count as f64 * YEAR;
    let scrub = protection.scrub_every.map_or("no scrubbing".to_owned(), |s| format!("all read every {}", time(s)));
    format!(
        "{} devices of which {:.2} are lost a year, nodes {:.2} a year{}; a rebuild waits {}, reads {:.1} blocks for one, takes {} \
         of its rate alone at priority {}; {scrub}",
        count(devices),
        a_year(protection.device_loss, devices),
        a_year(protection.unit_loss, protection.units),
        if protection.failures { "" } else { " (not in this run)" },
        display(protection.rebuild_delay.mean(), Dimension::Duration),
        protection.rebuild_reads,
        share(protection.rebuild_pace),
        protection.rebuild_priority,
    )
}
