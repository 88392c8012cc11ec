//! How long it took and how much memory: for standard error only, never for a result.

use std::fs;
use std::time::{Duration, Instant};

use crate::report::human;

/// Measures wall-clock time from its creation.
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "the time goes to standard error and reaches no result")]
    pub fn start() -> Self {
        Stopwatch(Instant::now())
    }

    /// Whether so much time has passed.
    pub fn has_passed(&self, time: Duration) -> bool {
        self.0.elapsed() >= time
    }

    /// `41,234,567 events in 3.214 s (12.8 M events/s), peak memory 120 MiB`.
    pub fn report(&self, events: u64) -> String {
        self.report_of(events, "events")
    }

    /// The same of other things than events.
    pub fn report_of(&self, count: u64, what: &str) -> String {
        let taken = self.0.elapsed();
        let memory = peak_memory().map_or_else(String::new, |bytes| format!(", peak memory {} MiB", bytes >> 20));
        format!(
            "{} {what} in {}{}{memory}",
            human::count(count),
            human::value(taken.as_secs_f64(), "s"),
            rate(count, taken, what)
        )
    }
}

/// Events per second, where both are large enough to mean something.
fn rate(count: u64, taken: Duration, what: &str) -> String {
    if count < 1000 || taken < Duration::from_millis(10) {
        return String::new();
    }
    let rate = count as f64 / taken.as_secs_f64();
    format!(" ({} million {what}/s)", human::number(rate, human::Scale { factor: 1e6, word: "", whole: false }))
}

/// The most memory this process has held, in bytes, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
