//! The output of fio, version 3 (`fio --output-format=json`): one file with one or several jobs.
//!
//! Clients are the processes of a job (`numjobs`), reported together (`group_reporting`) or one by one. The size of an
//! operation is the block size, rates and times are fio's own. Refused is what is no experiment of one kind: jobs
//! that ran at the same time, a block size that varies, a pace.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Row, check_queue, problem};
use crate::scenario::diagnostics::{Diagnostic, Findings};
use crate::scenario::read::cut;
use crate::scenario::text::source::{Place, Source};

/// Engines that wait for each operation: their queue depth is 1 whatever `iodepth` says. fio's own default is one.
const WAITING: [&str; 6] = ["sync", "psync", "vsync", "pvsync", "pvsync2", "mmap"];
/// Options that keep a job from saturating, or mix sizes: no row of ours can say so.
const REFUSED: [&str; 9] = [
    "rate",
    "rate_iops",
    "rate_min",
    "rate_iops_min",
    "thinktime",
    "bsrange",
    "blocksize_range",
    "bssplit",
    "rate_process",
];

/// The rows of a file; whatever is wrong is reported.
pub fn read(source: &Arc<Source>, findings: &mut Findings) -> Vec<Row> {
    let whole = Place::start(source);
    // fio prints notes before the JSON when it shares the stream with it.
    let begin = source.text.find('{').unwrap_or(0);
    let parsed = serde_json::Deserializer::from_str(&source.text[begin..]).into_iter::<Value>().next();
    let root = match parsed {
        Some(Ok(Value::Object(root))) => root,
        Some(Err(error)) => {
            let at = offset(&source.text[begin..], error.line(), error.column()) + begin;
            let message = format!("'{}' is not JSON: {error}", source.name);
            findings.push(Diagnostic::new("E0208", message).at(&whole.at(at..at)));
            return Vec::new();
        }
        _ => {
            let message = format!("'{}' holds no object of JSON", source.name);
            let found = Diagnostic::new("E0208", message).at(&whole);
            findings.push(found.help("fio writes one with --output-format=json --output=FILE"));
            return Vec::new();
        }
    };
    let Some(jobs) = root.get("jobs").and_then(Value::as_array) else {
        let found = Diagnostic::new("E0208", format!("'{}' has no list 'jobs'", source.name)).at(&whole);
        findings.push(found.help("this is no output of fio's --output-format=json"));
        return Vec::new();
    };
    let global = root.get("global options").and_then(Value::as_object).cloned().unwrap_or_default();
    let places = places(source);
    let jobs: Vec<Job<'_>> = jobs
        .iter()
        .enumerate()
        .map(|(index, value)| Job::new(value, &global, places.get(index).unwrap_or(&whole).clone()))
        .collect();
    groups(&jobs, findings).iter().filter_map(|group| row(source, group, findings)).collect()
}

/// Byte offset of a line and column counted from 1.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (start + column.saturating_sub(1)).min(text.len())
}

/// Where the name of each job stands.
fn places(source: &Arc<Source>) -> Vec<Place> {
    const KEY: &str = "\"jobname\"";
    let whole = Place::start(source);
    source.text.match_indices(KEY).map(|(at, _)| whole.at(at..at + KEY.len())).collect()
}

/// Where the first text in place of a number under `key` stands, from a place on.
fn place_of_text(from: &Place, key: &str) -> Option<Place> {
    let text = &from.source.text;
    let quoted = format!("\"{key}\"");
    let start = from.span.start;
    text[start..].match_indices(&quoted).find_map(|(at, _)| {
        let after = start + at + quoted.len();
        let value = text[after..].trim_start().strip_prefix(':')?.trim_start();
        let begin = text.len() - value.len();
        let end = begin + 1 + value.strip_prefix('"')?.find('"')? + 1;
        Some(from.at(begin..end))
    })
}

/// One entry of the list: one process, or all of a job reported together.
struct Job<'a> {
    name: &'a str,
    group: u64,
    error: i64,
    options: BTreeMap<&'a str, &'a str>,
    read: Side,
    write: Side,
    /// A figure that is there and is no number.
    broken: Option<&'static str>,
    place: Place,
}

/// Figures of a side that must be numbers.
const NUMBERS: [&str; 4] = ["io_bytes", "total_ios", "bw_bytes", "runtime"];

/// Reads or writes of a job.
#[derive(Clone, Copy, Default)]
struct Side {
    bytes: f64,
    operations: f64,
    rate: f64,
    latency: f64,
    runtime: f64,
}

impl Side {
    fn new(value: Option<&Value>) -> Side {
        let number = |key: &str| value.and_then(|v| v.get(key)).and_then(Value::as_f64).unwrap_or(0.0);
        let latency = value.and_then(|v| v.get("lat_ns")?.get("mean")?.as_f64()).unwrap_or(0.0);
        Side {
            bytes: number("io_bytes"),
            operations: number("total_ios"),
            rate: number("bw_bytes"),
            latency: latency * 1e-9,
            runtime: number("runtime") * 1e-3,
        }
    }
}

impl<'a> Job<'a> {
    fn new(value: &'a Value, global: &'a Map<String, Value>, place: Place) -> Self {
        let own = value.get("job options").and_then(Value::as_object);
        let all = global.iter().chain(own.into_iter().flatten());
        Job {
            name: value.get("jobname").and_then(Value::as_str).unwrap_or_default(),
            group: value.get("groupid").and_then(Value::as_u64).unwrap_or_default(),
            error: value.get("error").and_then(Value::as_i64).unwrap_or_default(),
            options: all.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))).collect(),
            read: Side::new(value.get("read")),
            write: Side::new(value.get("write")),
            broken: NUMBERS.into_iter().find(|key| {
                let side = |word| value.get(word).and_then(|side| side.get(key));
                [side("read"), side("write")].into_iter().flatten().any(|found| !found.is_number())
            }),
            place,
        }
    }

    /// A whole number among the options; 1 where it is not set.
    fn whole(&self, key: &str) -> Option<u64> {
        self.options.get(key).map_or(Some(1), |text| text.parse().ok())
    }

    fn depth(&self) -> Option<u64> {
        let waits = self.options.get("ioengine").is_none_or(|engine| WAITING.contains(engine));
        if waits { Some(1) } else { self.whole("iodepth") }
    }

    /// Bytes of an operation. By default fio takes `k` for 1024 and `ki` for 1000, with an option the other way round: what
    /// was meant shows in bytes over operations, which a ramp makes a little wrong themselves.
    fn size(&self, mean: f64) -> f64 {
        let written = self.options.get("bs").or(self.options.get("blocksize")).copied().unwrap_or("4k");
        let near = |size: &f64| (size / mean - 1.0).abs();
        let sizes = sizes(written).into_iter().flatten().filter(|size| near(size) < 0.02);
        match sizes.min_by(|a, b| near(a).total_cmp(&near(b))) {
            Some(size) => size,
            None if mean.is_finite() => mean.round(),
            None => 0.0,
        }
    }

    fn refuse(&self, findings: &mut Findings, what: &str, help: &str) {
        let message = format!("job '{}': {what}", cut(self.name));
        let found = Diagnostic::new("E0208", message).at(&self.place);
        findings.push(if help.is_empty() { found } else { found.help(help) });
    }
}

/// What a block size may mean, with prefixes of 1024 and of 1000.
fn sizes(written: &str) -> [Option<f64>; 2] {
    let first = written.split(',').next().unwrap_or_default().trim().to_ascii_lowercase();
    let digits = first.trim_end_matches(|c: char| !c.is_ascii_digit());
    let power = match first[digits.len()..].chars().next() {
        None | Some('b') => 0,
        Some('k') => 1,
        Some('m') => 2,
        Some('g') => 3,
        Some(_) => return [None, None],
    };
    [1024.0_f64, 1000.0].map(|base| Some(digits.parse::<f64>().ok()? * base.powi(power)))
}

/// The entries that make one experiment each. Jobs of one group ran at the same time.
fn groups<'a>(jobs: &'a [Job<'a>], findings: &mut Findings) -> Vec<Vec<&'a Job<'a>>> {
    let mut groups: BTreeMap<u64, Vec<&Job<'_>>> = BTreeMap::new();
    let counts = |job: &&Job<'_>| job.read.bytes + job.write.bytes > 0.0 || job.error != 0 || job.broken.is_some();
    for job in jobs.iter().filter(counts) {
        groups.entry(job.group).or_default().push(job);
    }
    for group in groups.values() {
        if let Some(other) = group.iter().find(|job| job.name != group[0].name) {
            let what = format!("ran at the same time as job '{}'", cut(group[0].name));
            other.refuse(findings, &what, "give each job 'stonewall', or run fio once for each");
        }
    }
    groups.into_values().filter(|group| group.iter().all(|job| job.name == group[0].name)).collect()
}

fn row(source: &Source, group: &[&Job<'_>], findings: &mut Findings) -> Option<Row> {
    let job = group[0];
    if let Some((broken, key)) = group.iter().find_map(|job| Some((job, job.broken?))) {
        let message = format!("job '{}': '{key}' is not a number", cut(broken.name));
        let place = place_of_text(&broken.place, key).unwrap_or_else(|| broken.place.clone());
        findings.push(Diagnostic::new("E0208", message).at(&place).help("fio writes plain numbers there"));
        return None;
    }
    if let Some(failed) = group.iter().find(|job| job.error != 0) {
        failed.refuse(findings, &format!("ended with error {}", failed.error), "");
        return None;
    }
    if let Some(option) = REFUSED.iter().find(|option| job.options.contains_key(**option)) {
        job.refuse(findings, &format!("'{option}' makes it another experiment than a row can say"), "");
        return None;
    }
    let (Some(depth), Some(processes)) = (job.depth(), job.whole("numjobs")) else {
        job.refuse(findings, "'iodepth' or 'numjobs' is not a whole number", "");
        return None;
    };
    let sides = || group.iter().flat_map(|job| [job.read, job.write]);
    let sum = |of: fn(Side) -> f64| sides().map(of).sum::<f64>();
    let (bytes, operations) = (sum(|s| s.bytes), sum(|s| s.operations));
    let read: f64 = group.iter().map(|job| job.read.bytes).sum();
    let row = Row {
        label: job.name.to_owned(),
        at: job.place.at_text(),
        clients: if group.len() > 1 { group.len() as u64 } else { processes },
        io_size: job.size(bytes / operations),
        queue_depth: depth,
        read_share: if bytes > 0.0 { read / bytes } else { 0.0 },
        rate: sum(|s| s.rate),
        latency: Some(sum(|s| s.latency * s.operations) / operations).filter(|s| *s > 0.0),
        duration: sides().map(|s| s.runtime).reduce(f64::max).filter(|s| *s > 0.0),
        hold_out: None,
    };
    let columns = [
        ("processes", "clients", row.clients as f64),
        ("io_bytes / total_ios", "io_size", row.io_size),
        ("iodepth", "queue_depth", row.queue_depth as f64),
        ("bw_bytes", "rate", row.rate),
        ("runtime", "duration", row.duration.unwrap_or(1.0)),
        ("lat_ns", "latency", row.latency.unwrap_or(1.0)),
    ];
    for (column, means, value) in columns {
        if let Some(problem) = problem(means, value) {
            job.refuse(findings, &format!("'{column}' {problem}"), &format!("in {}", source.name));
            return None;
        }
    }
    check_queue(&row, &job.place, findings);
    Some(row)
}
