//! What happens to links at known dates, and what of a failure they survive, in words.

use std::fmt::Write as _;

use super::describe::{failure_words, rate, share, time};
use crate::scenario::plan::{Link, Maintenance, Plan};
use crate::units::{Dimension, SimDuration, display, parse};

fn date(plan: &Plan, at: SimDuration) -> String {
    let start = parse(&plan.start.to_string(), Dimension::Date).unwrap_or_default();
    display(start + at.as_secs_f64(), Dimension::Date)
}

/// When a link comes, changes and goes.
pub(super) fn link_dates(plan: &Plan, link: &Link) -> String {
    let mut line = String::new();
    if link.starts.is_positive() {
        let _ = write!(line, ", in service from {}", date(plan, link.starts));
    }
    for step in &link.dated {
        let from = date(plan, step.at);
        let _ = match step.waves {
            0 => write!(line, ", gone from {from}"),
            1 => write!(line, ", {} in 1 wave from {from}", rate(step.capacity)),
            waves => write!(line, ", {} in {waves} waves from {from}", rate(step.capacity)),
        };
    }
    line
}

/// A window: when, how long, what is left meanwhile.
pub(super) fn window_line(plan: &Plan, window: &Maintenance) -> String {
    let names: Vec<&str> = window.links.iter().map(|&l| plan.links[l].name.as_str()).collect();
    let again = window.every.map_or(String::new(), |every| format!(", every {}", time(every)));
    let left = if window.left > 0.0 { format!(", {} of the capacity left", share(window.left)) } else { String::new() };
    let drained = if window.drain { "drained" } else { "not drained" };
    format!(
        "{}: {}; {} from {}{again}{left}, {drained}",
        window.name,
        names.join(", "),
        time(window.duration),
        date(plan, window.starts)
    )
}

/// Failures that leave a part, and spare waves.
pub(super) fn partial(link: &Link) -> String {
    let mut line = String::new();
    if let Some((failures, left)) = &link.degraded {
        let _ = write!(line, ", {} that leave {}", failure_words("failures", failures), share(*left));
    }
    if let Some(spare) = &link.restoration {
        let (of, odds) = (share(spare.share), share(spare.probability));
        let _ = write!(line, ", {of} restored after {} with probability {odds}", time(spare.time));
    }
    line
}
