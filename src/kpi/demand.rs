//! KPIs of standing demand.

use super::registry::{Kpi, NONE, kpi};
use crate::units::Dimension as D;

const WIRE: &str = "Wire bytes, as a traffic matrix counts them. The mean runs over the whole measured time.";
const SHORT: &str = "What the WAN did not carry of what was offered; it is not sent later. Zero where everything fits.";

/// Demands between sites.
pub(super) const DEMAND: &[Kpi] = &[
    kpi("wan.unserved", "B/s", D::ByteRate, NONE, "sum over demands of unserved", SHORT),
    kpi("demand.*.offered", "B/s", D::ByteRate, NONE, "integral of the offered rate / time", WIRE),
    kpi("demand.*.delivered", "B/s", D::ByteRate, NONE, "wire bytes carried / time", WIRE),
    kpi("demand.*.unserved", "B/s", D::ByteRate, NONE, "offered - delivered", SHORT),
    kpi(
        "demand.*.latency",
        "s",
        D::Duration,
        NONE,
        "sum of rate x RTT / 2 over pairs / sum of rates, in the mean over time",
        "One-way propagation time of the longest way of each pair, weighted by the rates of the pairs that have a route.",
    ),
];
