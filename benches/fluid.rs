//! Times fair sharing on a trace of flows over a network, beside an honest hand-written loop.
//!
//! `cargo bench --bench fluid -- --links F --routes F --trace F [--finish OUT] [--baseline]`
//!
//! Files are CSV with a header: links `link,from,to,gbps,metres` (one row a direction), routes `src,dst,links` (link
//! numbers in order, separated by spaces), trace `flow,arrival_s,src,dst,bytes`. A flow's rate is max-min fair over
//! the links of its route at every moment. `--finish` writes `flow,finish_s`; `--baseline` runs the hand-written loop
//! after the library and prints the ratio of their speeds on standard error.
//!
//! Each run prints one line of JSON: `workload`, `work` (flows), `cpu_s` (processor seconds of the run phase; files
//! are read before; the mean of as many runs as make up half a second), `per_cpu_s` (flows per processor second),
//! `peak_bytes` (peak resident memory).

use apollo_sim::fluid::{FlowSpec, OwnerId, ResourceId, Sharing};
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BinaryHeap};
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

type Fallible<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fluid: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Fallible<()> {
    let Some(options) = Options::parse(std::env::args().skip(1))? else {
        eprintln!("fluid: nothing to do; give --links F --routes F --trace F [--finish OUT] [--baseline]");
        return Ok(());
    };
    let load = Load::read(&options)?;
    let name = options.trace.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let (finish, speed) = timed(&name, &load, shared)?;
    if let Some(path) = &options.finish {
        write_finish(path, &finish)?;
    }
    if options.baseline {
        let (expected, baseline_speed) = timed(&format!("{name}-baseline"), &load, per_class)?;
        let durations = load.flows.iter().zip(&finish).zip(&expected);
        let error =
            durations.map(|((flow, x), y)| ((x - y).abs() - 1e-8).max(0.0) / (y - flow.arrival_ns as f64 * 1e-9));
        let worst = error.fold(0.0, f64::max);
        eprintln!(
            "{name}: {:.2} x the per-class loop; largest difference of a duration {worst:.1e}",
            speed / baseline_speed
        );
    }
    Ok(())
}

// ---------------------------------------------------------------- input and output

struct Options {
    links: PathBuf,
    routes: PathBuf,
    trace: PathBuf,
    finish: Option<PathBuf>,
    baseline: bool,
}

impl Options {
    /// Nothing if no file is named at all, as when cargo runs every bench of the package.
    fn parse(mut args: impl Iterator<Item = String>) -> Fallible<Option<Self>> {
        let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
        let mut baseline = false;
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--bench" => {}
                "--baseline" => baseline = true,
                "--links" | "--routes" | "--trace" | "--finish" => {
                    let value = args.next().ok_or_else(|| format!("{arg} needs a file"))?;
                    files.insert(arg, value.into());
                }
                other => return Err(format!("unknown argument {other:?}").into()),
            }
        }
        if files.is_empty() {
            return Ok(None);
        }
        let mut take = |name: &str| files.remove(name).ok_or_else(|| format!("{name} is missing"));
        let (links, routes, trace) = (take("--links")?, take("--routes")?, take("--trace")?);
        Ok(Some(Self { links, routes, trace, finish: files.remove("--finish"), baseline }))
    }
}

struct Arrival {
    arrival_ns: i64,
    route: usize,
    bytes: f64,
}

/// Everything of a workload, read and resolved.
struct Load {
    /// Bytes/s of each link.
    capacity: Vec<f64>,
    routes: Vec<Vec<usize>>,
    /// Ascending by arrival.
    flows: Vec<Arrival>,
}

impl Load {
    fn read(options: &Options) -> Fallible<Self> {
        let mut capacity = Vec::new();
        for row in rows(&options.links)? {
            capacity.push(row[3].parse::<f64>()? * 1e9 / 8.0);
        }
        let (mut routes, mut by_pair) = (Vec::new(), BTreeMap::new());
        for row in rows(&options.routes)? {
            let links = row[2].split(' ').map(str::parse).collect::<Result<Vec<usize>, _>>()?;
            by_pair.insert((row[0].clone(), row[1].clone()), routes.len());
            routes.push(links);
        }
        let mut flows = Vec::new();
        for row in rows(&options.trace)? {
            let route = *by_pair.get(&(row[2].clone(), row[3].clone())).ok_or("a flow without a route")?;
            flows.push(Arrival { arrival_ns: nanoseconds(&row[1])?, route, bytes: row[4].parse()? });
        }
        Ok(Self { capacity, routes, flows })
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

fn write_finish(path: &Path, finish: &[f64]) -> Fallible<()> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path)?);
    writeln!(out, "flow,finish_s")?;
    for (flow, &at) in finish.iter().enumerate() {
        // 17 significant digits: as many after the point as those before it leave.
        let before = if at >= 1.0 { at.log10().floor() as usize + 1 } else { 0 };
        writeln!(out, "{flow},{at:.*}", 17_usize.saturating_sub(before))?;
    }
    Ok(out.flush()?)
}

// ---------------------------------------------------------------- measuring

fn timed(name: &str, load: &Load, job: impl Fn(&Load) -> (Vec<f64>, f64)) -> Fallible<(Vec<f64>, f64)> {
    reset_peak();
    let (finish, mut cpu_s) = job(load);
    let (mut runs, mut total) = (1.0, cpu_s);
    while total < 0.5 {
        total += job(load).1.max(1e-6);
        runs += 1.0;
        cpu_s = total / runs;
    }
    let per_cpu_s = load.flows.len() as f64 / cpu_s;
    let work = load.flows.len();
    println!(
        r#"{{"workload":"{name}","work":{work},"cpu_s":{cpu_s},"per_cpu_s":{per_cpu_s:.0},"peak_bytes":{}}}"#,
        peak_bytes()
    );
    Ok((finish, per_cpu_s))
}

/// Processor seconds of this thread so far; wall time where the system does not tell.
fn cpu_seconds() -> f64 {
    // The kernel brings its account up to date when it schedules, not when it is read.
    std::thread::yield_now();
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let ns = stat.and_then(|stat| stat.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()));
    ns.map_or_else(wall_seconds, |ns| ns * 1e-9)
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn wall_seconds() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

/// Starts the peak afresh where the system allows it, so that a second run does not show the first one's.
fn reset_peak() {
    // Where it is not allowed, the peak is that of the whole process.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).map_or(0, |kib| kib * 1024)
}

// ---------------------------------------------------------------- the library, driven as a simulator drives it

fn shared(load: &Load) -> (Vec<f64>, f64) {
    let mut sharing = Sharing::new();
    let owner = sharing.add_owner();
    let resources: Vec<ResourceId> = load.capacity.iter().map(|&capacity| sharing.add_resource(capacity)).collect();
    let uses_of = |route: &Vec<usize>| route.iter().map(|&link| (resources[link], 1.0)).collect();
    let uses: Vec<Vec<(ResourceId, f64)>> = load.routes.iter().map(uses_of).collect();
    let mut finish = vec![f64::NAN; load.flows.len()];
    let begin = cpu_seconds();
    run_shared(&mut sharing, owner, &uses, &load.flows, &mut finish);
    (finish, cpu_seconds() - begin)
}

fn run_shared(
    sharing: &mut Sharing,
    owner: OwnerId,
    uses: &[Vec<(ResourceId, f64)>],
    flows: &[Arrival],
    finish: &mut [f64],
) {
    let mut arrivals = flows.iter().enumerate().peekable();
    let mut done = Vec::new();
    loop {
        let arrival = arrivals.peek().map(|(_, flow)| flow.arrival_ns);
        match (sharing.next_finish(), arrival) {
            (Some(at), arrival) if arrival.is_none_or(|arrival| at <= arrival) => {
                sharing.advance(at);
                sharing.take_finished(&mut done);
                for flow in done.drain(..) {
                    finish[flow.tag as usize] = flow.exact.0 as f64 * 1e-9 + flow.exact.1 * 1e-9;
                }
            }
            (_, Some(_)) => {
                let (index, flow) = arrivals.next().expect("peeked");
                let spec = FlowSpec { tag: index as u64, ..FlowSpec::new(owner, &uses[flow.route], flow.bytes) };
                sharing.start(flow.arrival_ns, &spec);
            }
            _ => return,
        }
    }
}

// ---------------------------------------------------------------- the hand-written loop

/// The bytes per flow at which a flow ends, in a standard binary heap.
#[derive(PartialEq)]
struct Mark(f64, usize);

impl Eq for Mark {}

impl Ord for Mark {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Mark {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The flows of one route.
#[derive(Default)]
struct RouteClass {
    marks: BinaryHeap<Reverse<Mark>>,
    service: f64,
    rate: f64,
    frozen: bool,
}

/// One variable a route; at each event every rate is computed from nothing.
struct PerClass<'a> {
    load: &'a Load,
    classes: Vec<RouteClass>,
    /// Routes with flows.
    active: Vec<usize>,
    /// Links with flows, and the active routes of each link.
    used: Vec<usize>,
    routes_on: Vec<Vec<usize>>,
    left: Vec<f64>,
    open: Vec<usize>,
}

fn per_class(load: &Load) -> (Vec<f64>, f64) {
    let mut state = PerClass {
        load,
        classes: load.routes.iter().map(|_| RouteClass::default()).collect(),
        active: Vec::new(),
        used: Vec::new(),
        routes_on: vec![Vec::new(); load.capacity.len()],
        left: vec![0.0; load.capacity.len()],
        open: vec![0; load.capacity.len()],
    };
    let mut finish = vec![f64::NAN; load.flows.len()];
    let begin = cpu_seconds();
    state.run(&mut finish);
    (finish, cpu_seconds() - begin)
}

impl PerClass<'_> {
    fn run(&mut self, finish: &mut [f64]) {
        let load = self.load;
        let mut arrivals = load.flows.iter().enumerate().peekable();
        let mut now = 0.0;
        loop {
            let end = self.next_end();
            let arrival = arrivals.peek().map(|(_, flow)| flow.arrival_ns as f64 * 1e-9);
            match (end, arrival) {
                (Some((wait, route)), arrival) if arrival.is_none_or(|arrival| now + wait <= arrival) => {
                    self.pass(wait);
                    now += wait;
                    let class = &mut self.classes[route];
                    let Reverse(mark) = class.marks.pop().expect("the route has a next end");
                    finish[mark.1] = now;
                    if class.marks.is_empty() {
                        self.deactivate(route);
                    }
                }
                (_, Some(at)) => {
                    let (index, flow) = arrivals.next().expect("peeked");
                    self.pass(at - now);
                    now = at;
                    if self.classes[flow.route].marks.is_empty() {
                        self.activate(flow.route);
                    }
                    let class = &mut self.classes[flow.route];
                    class.marks.push(Reverse(Mark(class.service + flow.bytes, index)));
                }
                _ => return,
            }
            self.fill();
        }
    }

    fn next_end(&self) -> Option<(f64, usize)> {
        let wait = |&route: &usize| {
            let class = &self.classes[route];
            let Reverse(mark) = class.marks.peek().expect("an active route has flows");
            ((mark.0 - class.service).max(0.0) / class.rate, route)
        };
        self.active.iter().map(wait).min_by(|a, b| a.0.total_cmp(&b.0))
    }

    fn pass(&mut self, seconds: f64) {
        for &route in &self.active {
            let class = &mut self.classes[route];
            class.service += class.rate * seconds;
        }
    }

    fn activate(&mut self, route: usize) {
        self.active.push(route);
        self.classes[route].service = 0.0;
        for &link in &self.load.routes[route] {
            if self.routes_on[link].is_empty() {
                self.used.push(link);
            }
            self.routes_on[link].push(route);
        }
    }

    fn deactivate(&mut self, route: usize) {
        self.active.retain(|&other| other != route);
        for &link in &self.load.routes[route] {
            self.routes_on[link].retain(|&other| other != route);
            if self.routes_on[link].is_empty() {
                self.used.retain(|&other| other != link);
            }
        }
    }

    /// Raises all rates together; routes over a full link stop.
    fn fill(&mut self) {
        for &link in &self.used {
            self.left[link] = self.load.capacity[link];
            self.open[link] = 0;
        }
        for &route in &self.active {
            self.classes[route].frozen = false;
            for &link in &self.load.routes[route] {
                self.open[link] += self.classes[route].marks.len();
            }
        }
        let mut unfrozen = self.active.len();
        while unfrozen > 0 {
            let level = |&link: &usize| (self.left[link] / self.open[link] as f64, link);
            let open = self.used.iter().filter(|&&link| self.open[link] > 0);
            let least = open.map(level).min_by(|a, b| a.0.total_cmp(&b.0));
            let (rate, link) = least.expect("an open route crosses an open link");
            for &route in &self.routes_on[link] {
                let class = &mut self.classes[route];
                if std::mem::replace(&mut class.frozen, true) {
                    continue;
                }
                class.rate = rate;
                unfrozen -= 1;
                for &link in &self.load.routes[route] {
                    self.left[link] -= rate * class.marks.len() as f64;
                    self.open[link] -= class.marks.len();
                }
            }
        }
    }
}
