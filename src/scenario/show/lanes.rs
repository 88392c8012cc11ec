//! Tenants and views in the words of `apollo check`.

use crate::scenario::plan::{Lane, Storage};
use crate::units::{Dimension, display, print};

/// Who shares a system, one line each; empty where nobody does.
pub(super) fn lane_lines(storage: &Storage) -> String {
    storage.lanes.iter().map(|lane| format!("\n      {}", lane_words(lane))).collect()
}

fn lane_words(lane: &Lane) -> String {
    let kind = if lane.tenant.is_some() { "tenant" } else { "view" };
    let mut words = format!("{kind} {}: share {}", lane.name, print(lane.share, Dimension::Factor));
    let of = |at: usize, rate: f64| {
        let dim = if at == 2 { Dimension::OpRate } else { Dimension::Throughput };
        format!("{} {}", display(rate, dim), ["read", "written", "in operations"][at])
    };
    let list = |rates: [f64; 3], is_one: fn(f64) -> bool| -> Vec<String> {
        (0..3).filter(|&at| is_one(rates[at])).map(|at| of(at, rates[at])).collect()
    };
    let reserves = list(lane.reserve, |rate| rate > 0.0);
    if !reserves.is_empty() {
        words.push_str(&format!(", reserved are {}", reserves.join(", ")));
    }
    let caps = list(lane.cap, f64::is_finite);
    if !caps.is_empty() {
        words.push_str(&format!(", at most {}", caps.join(", ")));
    }
    let size = |bytes: crate::units::Bytes| display(bytes.get(), Dimension::Bytes);
    if lane.quota.holds.get() > 0.0 {
        words.push_str(&format!(", holds {}", size(lane.quota.holds)));
    }
    if let Some(hard) = lane.quota.hard {
        words.push_str(&format!(", refuses more than {}", size(hard)));
    }
    if let Some(soft) = lane.quota.soft {
        words.push_str(&format!(", warns above {}", size(soft)));
    }
    words
}
