//! Standing demand between sites.

use super::{Routing, SiteIx};
use crate::units::SimDuration;

/// One table of demand.
#[derive(Clone, Debug)]
pub struct Demand {
    /// Name.
    pub name: String,
    /// Sender, receiver, and wire bytes per second above 0; sorted, each pair once, never a site to itself.
    pub pairs: Vec<(SiteIx, SiteIx, f64)>,
    /// How routes are chosen.
    pub routing: Routing,
    /// 0…9 on the scale of works.
    pub priority: u8,
    /// Weight of each pair, above 0.
    pub weight: f64,
    /// Steps of the day: time after midnight, rising, and share of the rates. Empty: always 1.
    pub day: Vec<(SimDuration, f64)>,
    /// Growth per period, above -1; none where nothing grows.
    pub growth: Option<(f64, SimDuration)>,
}
