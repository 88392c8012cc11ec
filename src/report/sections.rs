//! From results to a [`Document`]: which tables there are, in which order, and what each cell says.

use std::collections::BTreeMap;

use super::document::{Document, Row, Section, Table, Tone};
use super::human::{self, NOTHING};
use super::{by_way, lags, phases, slowest, systems, waves, ways, what_if};
use crate::experiment::results::{Cause, KpiRow, RunResults, TargetRow, Verdict, Warning};

/// Stats that may end a KPI name.
const STATS: [&str; 7] = ["mean", "p50", "p95", "p99", "max", "min", "fraction"];
/// Causes printed per work before the rest is summed up.
const CAUSES_SHOWN: usize = 6;

/// Names of entities in one row before the rest is counted.
const NAMES_SHOWN: usize = 4;

/// Causes below this would print as 0.0 %.
const LEAST_SHARE: f64 = 0.0005;

/// The whole report of a run.
///
/// The targets come last, so that a terminal ends on the answer.
pub fn document(run: &RunResults) -> Document {
    let mut sections = vec![kpis(run)];
    sections.extend(without_value(run));
    sections.extend(phases::sections(run));
    sections.extend(slowest::sections(run));
    sections.extend(lags::sections(run));
    sections.extend(ways::section(run));
    sections.extend(by_way::section(run));
    sections.extend(causes(run));
    sections.extend(systems::section(run));
    sections.extend(what_if::sections(run));
    sections.extend(waves::section(run));
    sections.extend(warnings(run));
    sections.extend(targets(run));
    Document { title: run.title.clone(), facts: facts(run), sections }
}

/// What was run: the lines under the title.
fn facts(run: &RunResults) -> Vec<String> {
    let plural = if run.replications == 1 { "" } else { "s" };
    let warmup = if run.warmup_s > 0.0 {
        format!(", of which {} warm-up are left out", human::round_value(run.warmup_s, "s"))
    } else {
        String::new()
    };
    let mut lines = vec![
        format!("{} (digest {}), seed {}, apollo {}", run.file, short(&run.digest), run.seed, run.version),
        format!(
            "{} replication{plural} of {}{warmup}; {} events",
            run.replications,
            human::round_value(run.simulated_s, "s"),
            human::count(run.events),
        ),
    ];
    lines.extend(run.overrides.iter().map(|o| format!("changed: {o}")));
    lines
}

/// The first characters of a digest are enough to compare two runs by eye.
fn short(digest: &str) -> String {
    digest.chars().take(12).collect()
}

/// The KPI table, grouped by area and entity. Phases that are broken down elsewhere are left out.
fn kpis(run: &RunResults) -> Section {
    let quantiles = run.kpis.iter().any(|k| k.p5.is_some());
    let mut columns = vec![("KPI", false), ("value", true), ("", false), ("95 % interval", false)];
    if quantiles {
        columns.push(("5th to 95th percentile", false));
    }
    columns.push(("", false));
    let mut table = Table::new(&columns);
    let mut group = "";
    for (kpi, mean) in
        run.kpis.iter().filter_map(|k| Some((k, k.mean?))).filter(|(k, _)| {
            phases::phase_of(&k.name).is_none() && !slowest::is_shown(&k.name) && !ways::is_way(&k.name)
        })
    {
        let (entity, measure) = split(&kpi.name);
        if entity != group {
            table.group(entity);
            group = entity;
        }
        table.row(Tone::Plain, kpi_cells(kpi, mean, measure, quantiles, run.replications));
    }
    let mut notes = Vec::new();
    if table.rows.is_empty() {
        notes.push("none has a value".to_owned());
    }
    Section { heading: "KPIs (mean over replications)".to_owned(), table, notes }
}

/// Splits `link.phx-dal.phoenix-to-dallas.utilisation.p95` into the group `link.phx-dal` and the rest.
///
/// A name of one area and one measure (`wan.unserved`) belongs to the group of its area.
fn split(name: &str) -> (&str, &str) {
    let dots: Vec<usize> = name.match_indices('.').map(|(at, _)| at).collect();
    let stat = dots.last().is_some_and(|&at| STATS.contains(&&name[at + 1..]));
    let parts = dots.len() + 1 - usize::from(stat);
    let cut = if parts >= 3 { dots.get(1) } else { dots.first() };
    cut.map_or(("", name), |&at| (&name[..at], &name[at + 1..]))
}

/// Cells of one KPI: name, number, unit, interval, perhaps quantiles, note.
fn kpi_cells(kpi: &KpiRow, mean: f64, measure: &str, quantiles: bool, replications: u32) -> Vec<String> {
    let mut cells = vec![measure.to_owned()];
    let unit = human::display_unit(&kpi.name, &kpi.unit);
    if unit == "date" {
        cells.extend([human::value(mean, unit), String::new()]);
    } else {
        let scale = human::scale(unit, mean);
        cells.extend([human::number(mean, scale), scale.word_or(unit).to_owned()]);
    }
    let scale = human::scale(unit, mean);
    cells.push(kpi.ci95.map_or_else(String::new, |ci| human::interval_in(unit, mean, ci)));
    if quantiles {
        cells.push(match (kpi.p5, kpi.p95) {
            (Some(lo), Some(hi)) if unit == "date" => {
                format!("{} to {}", human::value(lo, unit), human::value(hi, unit))
            }
            (Some(lo), Some(hi)) => format!("{} to {}", human::number(lo, scale), human::number(hi, scale)),
            _ => String::new(),
        });
    }
    cells.push(note(kpi, replications));
    cells
}

/// A word about a value that rests on fewer replications than were run.
fn note(kpi: &KpiRow, replications: u32) -> String {
    match &kpi.reason {
        Some(reason) => reason.clone(),
        None if kpi.n < replications => format!("in {} of {replications} replications", kpi.n),
        None => String::new(),
    }
}

/// KPIs without a value, by reason: one reason often holds for many.
fn without_value(run: &RunResults) -> Option<Section> {
    let mut by_reason: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for kpi in run.kpis.iter().filter(|k| k.mean.is_none() && !ways::is_way(&k.name)) {
        let reason = kpi.reason.as_deref().unwrap_or("no reason given");
        let (entity, measure) = split(&kpi.name);
        by_reason.entry(reason).or_default().entry(entity).or_default().push(measure);
    }
    if by_reason.is_empty() {
        return None;
    }
    let mut table = Table::new(&[("why", false), ("KPIs", false)]);
    for (reason, entities) in by_reason {
        table.group(reason);
        for (names, measures) in alike(entities) {
            for (i, line) in lines(&measures).into_iter().enumerate() {
                table.row(Tone::Plain, vec![if i == 0 { names.clone() } else { String::new() }, line]);
            }
        }
    }
    Some(Section { heading: "KPIs without a value".to_owned(), table, notes: Vec::new() })
}

/// Entities of one area that lack the same measures share a row: `storage.{dal-hot, phx-hot}`.
fn alike<'a>(entities: BTreeMap<&'a str, Vec<&'a str>>) -> Vec<(String, Vec<&'a str>)> {
    let mut rows: Vec<(&str, Vec<&str>, Vec<&str>)> = Vec::new();
    for (entity, measures) in entities {
        let (area, name) = entity.split_once('.').unwrap_or((entity, ""));
        match rows.iter_mut().find(|(a, names, of)| *a == area && !names[0].is_empty() && *of == measures) {
            Some((_, names, _)) if !name.is_empty() => names.push(name),
            _ => rows.push((area, vec![name], measures)),
        }
    }
    let label = |area: &str, names: &[&str]| match names {
        [] | [""] => area.to_owned(),
        [name] => format!("{area}.{name}"),
        few if few.len() <= NAMES_SHOWN => format!("{area}.{{{}}}", few.join(", ")),
        many => {
            let (shown, rest) = many.split_at(NAMES_SHOWN - 1);
            format!("{area}.{{{}, {} more}}", shown.join(", "), rest.len())
        }
    };
    rows.into_iter().map(|(area, names, measures)| (label(area, &names), measures)).collect()
}

/// Names with commas, broken into lines that are not too long.
fn lines(names: &[&str]) -> Vec<String> {
    const LONGEST: usize = 64;
    let mut lines: Vec<String> = vec![String::new()];
    for (i, name) in names.iter().enumerate() {
        let comma = if i + 1 < names.len() { "," } else { "" };
        match lines.last_mut() {
            Some(line) if line.is_empty() || line.len() + name.len() < LONGEST => {
                let space = if line.is_empty() { "" } else { " " };
                line.push_str(&format!("{space}{name}{comma}"));
            }
            _ => lines.push(format!("{name}{comma}")),
        }
    }
    lines
}

/// What limited each work, as shares of the time of its flows.
fn causes(run: &RunResults) -> Option<Section> {
    if run.bottlenecks.is_empty() {
        return None;
    }
    let mut table = Table::new(&[("cause", false), ("share", true), ("", false)]);
    for work in run.bottlenecks.chunk_by(|a, b| a.work == b.work) {
        table.group(&work[0].work);
        let visible = work.iter().take_while(|c| c.share >= LEAST_SHARE).count();
        let (shown, rest) = work.split_at(visible.min(CAUSES_SHOWN));
        for Cause { cause, share, .. } in shown {
            table.row(Tone::Plain, share_cells(cause, *share));
        }
        if !rest.is_empty() {
            let plural = if rest.len() == 1 { "" } else { "s" };
            let share = rest.iter().map(|c| c.share).sum();
            table.row(Tone::Plain, share_cells(&format!("{} more cause{plural}", rest.len()), share));
        }
    }
    Some(Section { heading: "What limited each work (share of its flow time)".to_owned(), table, notes: Vec::new() })
}

/// A name, a percentage and a bar.
pub(super) fn share_cells(name: &str, share: f64) -> Vec<String> {
    let shown =
        if share > 0.0 && share < LEAST_SHARE { "< 0.1 %".to_owned() } else { format!("{:.1} %", share * 100.0) };
    vec![name.to_owned(), shown, bar(share)]
}

/// A bar of at most twenty blocks; from half a per cent on it shows something.
fn bar(share: f64) -> String {
    if share.is_nan() || share < 0.005 {
        return String::new();
    }
    "█".repeat(((share.min(1.0) * 20.0).round() as usize).max(1))
}

/// Warnings, each with its code and the place it speaks of.
fn warnings(run: &RunResults) -> Option<Section> {
    if run.warnings.is_empty() {
        return None;
    }
    let mut table = Table::new(&[("code", false), ("at", false), ("warning", false)]);
    let or_nothing = |text: &str| if text.is_empty() { NOTHING.to_owned() } else { text.to_owned() };
    for Warning { code, message, at } in &run.warnings {
        let cells = vec![or_nothing(code.as_deref().unwrap_or_default()), or_nothing(at), message.clone()];
        table.row(Tone::Unsure, cells);
    }
    let coded = run.warnings.iter().find_map(|warning| warning.code.as_deref());
    let notes = coded.map(|code| format!("What a code means: apollo explain --code {code}")).into_iter().collect();
    Some(Section { heading: "Warnings".to_owned(), table, notes })
}

/// Targets and their verdicts.
fn targets(run: &RunResults) -> Option<Section> {
    if run.targets.is_empty() {
        return None;
    }
    let columns = [
        ("verdict", false),
        ("target", false),
        ("KPI", false),
        ("value", true),
        ("95 % interval", false),
        ("limit", false),
    ];
    let mut table = Table::new(&columns);
    let mut notes = Vec::new();
    for target in &run.targets {
        table.rows.push(target_row(target));
        if let Some(source) = &target.source {
            notes.push(format!("{}: {source}", target.name));
        }
    }
    Some(Section { heading: format!("Targets: {}", tally(&run.targets)), table, notes })
}

/// One target as a row: verdict, name, KPI, value, interval, limit.
pub fn target_row(target: &TargetRow) -> Row {
    let (word, tone) = verdict(target.verdict);
    let unit = human::display_unit(&target.kpi, &target.unit);
    let (value, interval) = match target.value {
        Some(value) => {
            let interval = target.ci95.map_or_else(String::new, |ci| human::interval_in(unit, value, ci));
            (human::value(value, unit), interval)
        }
        None => (NOTHING.to_owned(), "no value".to_owned()),
    };
    let cells = vec![word.to_owned(), target.name.clone(), target.kpi.clone(), value, interval, limit(target)];
    Row { tone, group: false, cells }
}

/// The printed word of a verdict and its colour.
pub fn verdict(verdict: Verdict) -> (&'static str, Tone) {
    match verdict {
        Verdict::Pass => ("PASS", Tone::Good),
        Verdict::Fail => ("FAIL", Tone::Bad),
        Verdict::Inconclusive => ("INCONCLUSIVE", Tone::Unsure),
    }
}

/// The limit as an inequality: `≤ 60 s`, `≥ 92 %`, `20 ms ± 1 ms`.
pub fn limit(target: &TargetRow) -> String {
    let unit = human::display_unit(&target.kpi, &target.unit);
    let value = human::round_value(target.limit, unit);
    match (target.rule.as_str(), target.tolerance) {
        ("at_most", _) => format!("≤ {value}"),
        ("at_least", _) => format!("≥ {value}"),
        (_, Some(tolerance)) => format!("{value} ± {}", human::round_value(tolerance, unit)),
        (rule, None) => format!("{rule} {value}"),
    }
}

/// `1 failed, 2 passed, 1 inconclusive`.
pub fn tally<'a>(targets: impl IntoIterator<Item = &'a TargetRow>) -> String {
    let mut counts = [0usize; 3];
    for target in targets {
        counts[match target.verdict {
            Verdict::Fail => 0,
            Verdict::Inconclusive => 1,
            Verdict::Pass => 2,
        }] += 1;
    }
    let parts: Vec<String> = counts
        .iter()
        .zip(["failed", "inconclusive", "passed"])
        .filter(|(n, _)| **n > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_split_into_entity_and_measure() {
        assert_eq!(split("rl.online.feedback_time.p95"), ("rl.online", "feedback_time.p95"));
        assert_eq!(split("rl.online.lag"), ("rl.online", "lag"));
        let link = split("link.phx-dal.phoenix-to-dallas.utilisation.max");
        assert_eq!(link, ("link.phx-dal", "phoenix-to-dallas.utilisation.max"));
        assert_eq!(split("wan.unserved.p95"), ("wan", "unserved.p95"));
        assert_eq!(split("odd"), ("", "odd"));
    }

    #[test]
    fn entities_that_lack_the_same_share_a_row() {
        let lacking = [
            ("storage.a", vec!["used"]),
            ("storage.b", vec!["used"]),
            ("storage.c", vec!["latency"]),
            ("storage.d", vec!["used"]),
            ("storage.e", vec!["used"]),
            ("storage.f", vec!["used"]),
            ("link.a", vec!["used"]),
            ("wan", vec!["used"]),
        ];
        let rows = alike(lacking.into_iter().collect());
        let labels: Vec<&str> = rows.iter().map(|(label, _)| label.as_str()).collect();
        assert_eq!(labels, ["link.a", "storage.{a, b, d, 2 more}", "storage.c", "wan"]);
        let two = alike([("storage.a", vec!["used"]), ("storage.b", vec!["used"])].into_iter().collect());
        assert_eq!(two, [("storage.{a, b}".to_owned(), vec!["used"])]);
    }

    #[test]
    fn bars_are_never_longer_than_twenty_and_show_small_shares() {
        assert_eq!(bar(7.0).chars().count(), 20);
        assert_eq!(bar(0.006).chars().count(), 1);
        assert_eq!(bar(0.0), "");
        assert_eq!(bar(f64::NAN), "");
    }
}
