//! KPIs of standing demand.

use super::registry::{Kpi, NONE, kpi};
use crate::units::Dimension as D;

const WIRE: &str = "Wire bytes, as a traffic matrix counts them. The mean runs over the whole measured time.";
const SHORT: &str = "What the WAN did not carry of what was offered; it is not sent later. Zero where everything fits.";

/// Demands between sites.
pub(super) const DEMAND: &[Kpi] = &[
    kpi("wan.unserved", "B/s", D::ByteRate, NONE, "sum over demands of unserved", SHORT),
    kpi(
        "wan.concurrent_flow",
        "1",
        D::Factor,
        NONE,
        "max lambda: lambda x every demand at its peak fits all links at once, split over any ways",
        "Largest factor on all standing demand, each at the highest rate of the run, that the network carries with the best possible \
         routing: all links at full capacity, WAN edges of sites included, works left out. Where capacities change by date, the smallest of the spans between the dates, each with its own \
         peaks. Below 1 no routing carries all demands at \
         their peaks at once. Exact up to 10,000 columns of the linear programme; otherwise a lower bound, with the upper one \
         beside it.",
    ),
    kpi(
        "wan.priority.*.concurrent_flow",
        "1",
        D::Factor,
        NONE,
        "max lambda: lambda x the demands of this priority fit while those above it are served",
        "The same for the demands of one priority (0 to 9), with all of higher priority served first, each up to all of it; their ways may move, what \
         they are served may not fall. For plans with demands of several priorities, up to 10,000 columns (sources x arcs x priorities).",
    ),
    kpi(
        "wan.waves_to_add",
        "1",
        D::Count,
        NONE,
        "sum over links of max(0, ceil(worst offered / (utilisation_limit x wave)) - waves)",
        "Waves that links lack so that standing demand fills no direction above `[wan] utilisation_limit`, at every hour of the run, with \
         nothing failed and under each failure of the study (`what_if`, or `--what-if`). The least number, unless shares of ways follow their capacity \
         (`disjoint` with `split = \"capacity\"`, `engineered`); then a number that is enough, with what is proven beside it. What works send is not counted.",
    ),
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
