//! What the Rust drivers share: the random stream of the workloads (SplitMix64), processor time, and the line that is printed.

use serde::{Deserialize, Serialize};

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Random(pub u64);

impl Random {
    /// The stream of process `i` of PHOLD.
    pub fn of_process(i: u64) -> Random {
        Random(mix(12_345_u64.wrapping_add((i + 1).wrapping_mul(STEP))))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// A number in 0…n−1.
    pub fn below(&mut self, n: u32) -> u32 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u32
    }

    /// Exponential with mean 1.
    pub fn exp(&mut self) -> f64 {
        -(1.0 - self.unit()).ln()
    }
}

pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// CPU seconds of this process so far.
pub fn cpu_seconds() -> f64 {
    std::thread::yield_now();
    std::fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok())
        .filter_map(|text| text.split(' ').next()?.parse::<f64>().ok())
        .sum::<f64>()
        * 1e-9
}

/// Prints a line as the benches of the package do.
pub fn print_line(workload: &str, work: u64, cpu_s: f64, answer: &str) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|kib| kib.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024;
    println!(
        r#"{{"workload":"{workload}","work":{work},"cpu_s":{cpu_s},"per_cpu_s":{:.0},"peak_bytes":{peak},"answer":"{answer}"}}"#,
        work as f64 / cpu_s
    );
}

/// The numbers after the workload's name on the command line.
pub fn arguments() -> (String, Vec<f64>) {
    let mut args = std::env::args().skip(1);
    let workload = args.next().unwrap_or_default();
    (workload, args.map(|arg| arg.parse().expect("arguments are numbers")).collect())
}
