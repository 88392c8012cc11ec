//! Maintenance windows.

use super::LinkIx;
use crate::units::SimDuration;

/// A window that takes capacity of links out of service, once or again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Maintenance {
    /// Name.
    pub name: String,
    /// Links that it covers, in rising order.
    pub links: Vec<LinkIx>,
    /// When it begins first, after the start of the scenario.
    pub starts: SimDuration,
    /// How long it lasts.
    pub duration: SimDuration,
    /// From one beginning to the next, longer than `duration`; none for a window that comes once.
    pub every: Option<SimDuration>,
    /// Whether routes have left the links before it begins.
    pub drain: bool,
    /// Share of the capacity that is left, at least 0 and below 1.
    pub left: f64,
}
