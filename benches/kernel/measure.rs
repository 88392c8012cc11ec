//! CPU time, peak memory, and the line that is printed.

use std::fs;
use std::time::Instant;

/// The result of one workload.
pub struct Line {
    /// Name of the workload.
    pub workload: &'static str,
    /// Events or customers.
    pub work: u64,
    /// CPU seconds of the run phase.
    pub cpu_s: f64,
    /// What the work computed, as text.
    pub answer: String,
    /// How many events were pending all the time, if that number was constant, and the resident bytes before the first of
    /// them was scheduled.
    pub pending: Option<(u32, u64)>,
}

impl Line {
    /// Work per CPU second.
    pub fn per_cpu_s(&self) -> f64 {
        self.work as f64 / self.cpu_s
    }

    /// The line as JSON, at the end of the work.
    pub fn json(&self, suffix: &str) -> String {
        let mut line = serde_json::json!({
            "workload": format!("{}{suffix}", self.workload),
            "work": self.work,
            "cpu_s": self.cpu_s,
            "per_cpu_s": self.per_cpu_s(),
            "ns_per_work": 1e9 / self.per_cpu_s(),
            "peak_bytes": memory("VmHWM:"),
            "answer": self.answer,
        });
        if let Some((pending, base)) = self.pending {
            let grown = memory("VmHWM:").saturating_sub(base);
            line["pending"] = pending.into();
            line["bytes_per_pending"] = (grown as f64 / f64::from(pending)).into();
        }
        line.to_string()
    }

    /// Resident bytes at present.
    pub fn resident() -> u64 {
        memory("VmRSS:")
    }
}

/// Runs `work` and measures its CPU seconds.
pub fn timed<R>(work: impl FnOnce() -> R) -> (R, f64) {
    #[expect(clippy::disallowed_methods, reason = "a bench measures the machine; nothing here reaches a result")]
    let wall = Instant::now();
    let before = cpu_nanos();
    let result = work();
    let cpu_s = match (before, cpu_nanos()) {
        (Some(before), Some(after)) => (after - before) as f64 / 1e9,
        _ => wall.elapsed().as_secs_f64(), // not Linux
    };
    (result, cpu_s)
}

/// CPU time of this (single) thread so far, from the first field of Linux's `schedstat`.
fn cpu_nanos() -> Option<u64> {
    fs::read_to_string("/proc/self/schedstat").ok()?.split_whitespace().next()?.parse().ok()
}

/// A field of Linux's `status` in bytes; 0 where there is none. `VmHWM:` is the peak since [`forget_peak`].
fn memory(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// Starts the peak resident memory anew, so that a second workload of the process does not inherit it.
pub fn forget_peak() {
    // Best effort: where it is not allowed, the peak is that of the process.
    let _ = fs::write("/proc/self/clear_refs", "5");
}
