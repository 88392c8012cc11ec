//! Processor time, peak memory, and the line that is printed.

use crate::load::Load;

/// What a way of doing a workload gives.
pub struct Outcome {
    /// Seconds at which each flow ends.
    pub finish: Vec<f64>,
    /// Processor seconds of the run phase.
    pub cpu_s: f64,
    /// Events that were solved from nothing although the method avoids that.
    pub fallbacks: u64,
}

/// Does a workload as often as makes up half a second, or once, and prints its line.
pub fn line(name: &str, load: &Load, once: bool, job: impl Fn(&Load) -> Outcome) -> Outcome {
    forget_peak();
    let mut outcome = job(load);
    let (mut runs, mut total) = (1.0, outcome.cpu_s);
    while total < 0.5 && !once {
        total += job(load).cpu_s.max(1e-6);
        runs += 1.0;
        outcome.cpu_s = total / runs;
    }
    let (work, cpu_s) = (load.flows.len(), outcome.cpu_s);
    let line = serde_json::json!({
        "workload": name,
        "work": work,
        "cpu_s": cpu_s,
        "per_cpu_s": (work as f64 / cpu_s).round() as u64,
        "us_per_event": cpu_s / (2 * work) as f64 * 1e6,
        "peak_bytes": peak_bytes(),
        "resources": load.capacity.len(),
        "classes": load.kinds_in_use(),
        "hops": load.hops(),
        "fallbacks": outcome.fallbacks,
    });
    println!("{line}");
    outcome
}

/// Processor seconds of this thread so far; wall time where the system does not tell.
pub fn cpu_seconds() -> f64 {
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
pub fn forget_peak() {
    // Where it is not allowed, the peak is that of the whole process.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Peak resident memory since [`forget_peak`], in bytes; 0 where Linux's `status` is missing.
pub fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).map_or(0, |kib| kib * 1024)
}
