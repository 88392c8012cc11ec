//! A workload: links, kinds of flow, and when which flow arrives. Reading it from files, writing and comparing answers.

use crate::Fallible;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;

/// Flows that differ in nothing but arrival and bytes.
#[derive(Clone)]
pub struct Kind {
    /// Link, and bytes that it carries per byte of the flow.
    pub uses: Vec<(usize, f64)>,
    pub weight: f64,
    /// Highest rate in bytes/s; infinite for none.
    pub cap: f64,
}

impl Kind {
    /// Weight and coefficients 1, no cap.
    pub fn plain(route: &[usize]) -> Kind {
        Kind { uses: route.iter().map(|&link| (link, 1.0)).collect(), weight: 1.0, cap: f64::INFINITY }
    }
}

/// One flow.
pub struct Arrival {
    pub arrival_ns: i64,
    /// Index of its kind.
    pub kind: u32,
    pub bytes: f64,
}

/// Everything of a workload, ready to run.
pub struct Load {
    pub name: String,
    /// Bytes/s of each link.
    pub capacity: Vec<f64>,
    pub kinds: Vec<Kind>,
    /// Ascending by arrival.
    pub flows: Vec<Arrival>,
}

impl Load {
    /// Reads the three files; every route is one kind.
    pub fn read(links: &Path, routes: &Path, trace: &Path) -> Fallible<Load> {
        let mut capacity = Vec::new();
        for row in rows(links)? {
            capacity.push(row[3].parse::<f64>()? * 1e9 / 8.0);
        }
        let (mut kinds, mut by_pair) = (Vec::new(), BTreeMap::new());
        for row in rows(routes)? {
            let route = row[2].split(' ').map(str::parse).collect::<Result<Vec<usize>, _>>()?;
            by_pair.insert((row[0].clone(), row[1].clone()), kinds.len() as u32);
            kinds.push(Kind::plain(&route));
        }
        let mut flows = Vec::new();
        for row in rows(trace)? {
            let kind = *by_pair.get(&(row[2].clone(), row[3].clone())).ok_or("a flow without a route")?;
            flows.push(Arrival { arrival_ns: nanoseconds(&row[1])?, kind, bytes: row[4].parse()? });
        }
        let name = trace.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        Ok(Load { name, capacity, kinds, flows })
    }

    /// Kinds that at least one flow has.
    pub fn kinds_in_use(&self) -> usize {
        self.flows.iter().map(|flow| flow.kind).collect::<BTreeSet<u32>>().len()
    }

    /// Mean number of links of a flow.
    pub fn hops(&self) -> f64 {
        let total: usize = self.flows.iter().map(|flow| self.kinds[flow.kind as usize].uses.len()).sum();
        total as f64 / self.flows.len() as f64
    }
}

fn rows(path: &Path) -> Fallible<Vec<Vec<String>>> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text.lines().skip(1).map(|line| line.split(',').map(String::from).collect()).collect())
}

/// A decimal number of seconds as a whole number of nanoseconds; further digits are cut.
fn nanoseconds(seconds: &str) -> Fallible<i64> {
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    Ok(whole.parse::<i64>()? * 1_000_000_000 + format!("{fraction:0<9.9}").parse::<i64>()?)
}

/// Writes a plain workload as the three files that [`Load::read`] takes, so that another program can do it. Route `k` goes from
/// site `2k` to site `2k + 1`: who uses the files may not rest on which sites a link joins.
pub fn write(load: &Load, folder: &Path) -> Fallible<()> {
    std::fs::create_dir_all(folder)?;
    let mut links = String::from("link,from,to,gbps,metres\n");
    for (link, capacity) in load.capacity.iter().enumerate() {
        writeln!(links, "{link},0,0,{},0", capacity * 8e-9)?;
    }
    let mut routes = String::from("src,dst,links\n");
    for (k, kind) in load.kinds.iter().enumerate() {
        let numbers: Vec<String> = kind.uses.iter().map(|(link, _)| link.to_string()).collect();
        writeln!(routes, "{},{},{}", 2 * k, 2 * k + 1, numbers.join(" "))?;
    }
    let mut trace = String::from("flow,arrival_s,src,dst,bytes\n");
    for (i, Arrival { arrival_ns, kind, bytes }) in load.flows.iter().enumerate() {
        let (seconds, nanos) = (arrival_ns / 1_000_000_000, arrival_ns % 1_000_000_000);
        writeln!(trace, "{i},{seconds}.{nanos:09},{},{},{bytes}", 2 * kind, 2 * kind + 1)?;
    }
    std::fs::write(folder.join("links.csv"), links)?;
    std::fs::write(folder.join("routes.csv"), routes)?;
    Ok(std::fs::write(folder.join("trace.csv"), trace)?)
}

/// Writes the finish time of every flow in seconds.
pub fn write_finish(path: &Path, finish: &[f64]) -> Fallible<()> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path)?);
    writeln!(out, "flow,finish_s")?;
    for (flow, &at) in finish.iter().enumerate() {
        // 17 significant digits: as many after the point as those before it leave.
        let before = if at >= 1.0 { at.log10().floor() as usize + 1 } else { 0 };
        writeln!(out, "{flow},{at:.*}", 17_usize.saturating_sub(before))?;
    }
    Ok(out.flush()?)
}

/// The largest difference of a flow's duration, relative to it, beyond 10 ns.
pub fn largest_difference(load: &Load, finish: &[f64], expected: &[f64]) -> f64 {
    let difference = |((flow, x), y): ((&Arrival, &f64), &f64)| {
        let relative = ((x - y).abs() - 1e-8).max(0.0) / (y - flow.arrival_ns as f64 * 1e-9);
        // A flow without a finish time is a difference too.
        if relative.is_nan() { f64::INFINITY } else { relative }
    };
    load.flows.iter().zip(finish).zip(expected).map(difference).fold(0.0, f64::max)
}
