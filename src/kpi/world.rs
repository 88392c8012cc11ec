//! KPIs of links, copies and loads, fleets and sites.

use super::registry::{BINS, Kpi, NONE, SAMPLES, Stat, kpi};
use crate::units::Dimension as D;

/// Links.
pub(super) const WAN: &[Kpi] = &[
    kpi(
        "link.*.*.utilisation",
        "1",
        D::Ratio,
        BINS,
        "wire bytes carried / ∫ installed capacity dt; p95 and max over the time bins",
        "Wire bytes of one direction of the link over its installed capacity, framing included. The direction is \
         written as the two ends: link.phx-dal.phoenix-to-dallas.utilisation. The denominator is what was installed at each \
         time of the measured part; capacity lost to failures or maintenance stays in it. Null where nothing was installed.",
    ),
    kpi(
        "link.*.downtime",
        "s",
        D::Duration,
        NONE,
        "time with no wave in service, outside of maintenance",
        "Time of the measured part in which failures leave the link nothing to carry with. A link that lost some of its waves is up; time in a \
         maintenance window, before the link is installed or after it is removed does not count.",
    ),
    kpi(
        "link.*.availability",
        "1",
        D::Ratio,
        NONE,
        "1 - (downtime + maintenance) / time installed",
        "Share of the time in which it is installed and carries something. Maintenance counts as down, unless it leaves a part of the capacity.",
    ),
    kpi(
        "link.*.degraded",
        "s",
        D::Duration,
        NONE,
        "time with more than nothing and less than what is installed",
        "Time of the measured part in which the link carries only a part of its capacity: waves that are down, a lower rate (`degraded`), spare \
         waves that are fewer, windows that leave a part.",
    ),
    kpi(
        "link.*.capacity_available",
        "1",
        D::Ratio,
        NONE,
        "integral of capacity in service / integral of capacity installed",
        "Availability weighted by capacity: half the waves down for a day cost as much as all of them for half a day.",
    ),
    kpi(
        "link.*.restored",
        "s",
        D::Duration,
        NONE,
        "time with spare waves in use",
        "Time of the measured part in which spare waves carry the link or some of its waves. Only for links with `restoration`.",
    ),
    kpi(
        "link.*.maintenance",
        "s",
        D::Duration,
        NONE,
        "time in maintenance windows that leave nothing",
        "Time of the measured part in which the link is installed and maintenance leaves it no capacity, whatever else is down. Only for links that a \
         window covers.",
    ),
    kpi(
        "link.*.availability_unplanned",
        "1",
        D::Ratio,
        NONE,
        "1 - downtime / (time installed - maintenance)",
        "Availability of the link outside of its maintenance windows: what failures alone leave. Only for links that a window covers.",
    ),
    kpi(
        "pair.*.availability",
        "1",
        D::Ratio,
        NONE,
        "time with a living route / time",
        "Share of the measured part in which there is a way between two sites: pair.phoenix-to-dallas.availability. A pair whose route has \
         died has none until routes have changed. Of several ways one that lives is enough; where works on one pair use different rules \
         of routing, each needs one. Maintenance counts as down where it leaves no other way. For the pairs between which works send (a trace apart), and demands of a single pair.",
    ),
    kpi(
        "pair.*.downtime",
        "s",
        D::Duration,
        NONE,
        "time without a living route",
        "Time of the measured part in which there is no way between the two sites, from the same events as availability.",
    ),
    kpi(
        "pair.*.maintenance",
        "s",
        D::Duration,
        NONE,
        "downtime in which there is no way, and would be one if no window were open",
        "The part of the downtime that maintenance is to blame for. Time until routes have changed, after a failure or a window that is not \
         drained, is not in it. Only in plans with maintenance.",
    ),
    kpi(
        "pair.*.availability_unplanned",
        "1",
        D::Ratio,
        NONE,
        "1 - (downtime - maintenance) / (time - maintenance)",
        "Availability of the pair when the time that maintenance alone costs is left out. Only in plans with maintenance.",
    ),
    kpi(
        "wan.busiest_utilisation",
        "1",
        D::Ratio,
        NONE,
        "max over links and directions of the mean utilisation",
        "Highest mean utilisation over all link directions. Null in a plan without links.",
    ),
    kpi(
        "wan.worst_utilisation",
        "1",
        D::Ratio,
        NONE,
        "max over no failure and each failure studied, and over directions, of the mean utilisation",
        "Highest mean utilisation of a link direction under any of the failures studied; the table names the direction and the \
         culprit. Only with a failure study (`what_if`, or `--what-if`).",
    ),
];

/// Copies and storage loads.
pub(super) const WORK: &[Kpi] = &[
    kpi(
        "transfer.*.time",
        "s",
        D::Duration,
        SAMPLES,
        "time of the last byte − start",
        "Time a copy takes, until the last of its destinations is done; of a trace, the time of its transfers that began and ended in the measured part. Null, with the bytes done, when \
         the copy is not finished at the end of the simulated time, and where bytes found no room: they never come.",
    ),
    kpi(
        "transfer.*.rate",
        "B/s",
        D::Throughput,
        SAMPLES,
        "bytes moved / time",
        "Mean payload rate of a copy while it ran, all its destinations together; of a trace, over its transfers.",
    ),
    kpi(
        "transfer.*.slowdown",
        "1",
        D::Factor,
        SAMPLES,
        "time / time of the same transfer alone on an idle world",
        "How much longer the copy, or a transfer of the trace, takes than it would alone over the route it had at its start. Null when it is not \
         finished, and for a copy with several destinations.",
    ),
    kpi(
        "transfer.*.bytes_done",
        "B",
        D::Bytes,
        NONE,
        "payload bytes that arrived",
        "Bytes the copy has moved, to all its destinations together, or the transfers of the trace that began and ended in the measured part.",
    ),
    kpi(
        "transfer.*.to.*.time",
        "s",
        D::Duration,
        NONE,
        "time of the last byte at that system − start of the copy",
        "Time until one of several destinations of a copy has all it takes. Null, with the share done, when it has not at the end of the \
         simulated time.",
    ),
    kpi(
        "transfer.*.to.*.bytes_done",
        "B",
        D::Bytes,
        NONE,
        "payload bytes that arrived at that system",
        "Bytes that one of several destinations of a copy has.",
    ),
    kpi(
        "transfer.*.transfers",
        "1",
        D::Count,
        NONE,
        "transfers that began and ended in the measured part",
        "Transfers of a trace behind its statistics.",
    ),
    kpi(
        "transfer.*.unfinished",
        "1",
        D::Count,
        NONE,
        "transfers that began in the measured part and did not end",
        "Transfers of a trace under way at the end; many of them make time and slowdown look better than they are.",
    ),
    kpi(
        "transfer.*.projected_finish",
        "date",
        D::Date,
        NONE,
        "finish, or start + time so far × bytes to copy / bytes done",
        "When the copy is finished; for an unfinished copy the date at which it would be at its mean rate so far. In \
         seconds since 1970 inside the program, printed as an RFC 3339 date.",
    ),
    kpi(
        "io.*.hot_share",
        "1",
        D::Ratio,
        NONE,
        "1 − share read on the tier; with `unread`: Σ p (1 − e^(−pn)), or its form for epochs",
        "Share of what a load with `tiered` reads that its system serves; the rest comes from the tier. With `unread` it follows from how \
         objects are read: those read within that time are on the system.",
    ),
    kpi(
        "io.*.hot_bytes",
        "B",
        D::Bytes,
        NONE,
        "data × share of the objects read within `unread`",
        "Bytes of the data of a load with `tiered = { unread = … }` that are on its system in the steady state: what to size it for. Null where the share is stated.",
    ),
    kpi(
        "io.*.refused",
        "B",
        D::Bytes,
        NONE,
        "rate offered × time refused",
        "Bytes that a load which ingests offered while its system was full or at its hard quota. Only for loads with \
         `ingest = true`.",
    ),
    kpi(
        "io.*.rate",
        "B/s",
        D::Throughput,
        NONE,
        "payload bytes / time the load ran",
        "Payload rate of a storage load, reads and writes together.",
    ),
    kpi("io.*.ops_rate", "op/s", D::OpRate, NONE, "operations / time the load ran", "Operations of a storage load."),
    kpi(
        "io.*.operation_time",
        "s",
        D::Duration,
        NONE,
        "outstanding operations / operations per second",
        "Mean time of one operation from issue to completion, by Little's law over the time the load ran, those outstanding being the \
         queue depth or the `client_slots` of the system where these are fewer: waiting for a slot in the client is not in it. Null for a \
         paced load, which does not keep its queue full.",
    ),
];

/// Data loaders and bursts of checkpoints.
pub(super) const LOADER: &[Kpi] = &[
    kpi(
        "io.*.checkpoint_bytes",
        "B",
        D::Bytes,
        NONE,
        "parameters × bytes per parameter",
        "Bytes of the checkpoint that the ranks save or load. Only for loads with a `checkpoint`.",
    ),
    kpi(
        "io.*.checkpoint_time",
        "s",
        D::Duration,
        &[Stat::Mean, Stat::Max],
        "time until the slowest rank is done, from the beginning of the burst",
        "Time of a save or load of all ranks, over the bursts that ended in the measured part: the last byte of the slowest rank \
         and one more operation (the sync of a save, the open of a load). Only for loads with a `checkpoint`.",
    ),
    kpi(
        "io.*.checkpoints",
        "1",
        D::Count,
        NONE,
        "bursts that ended",
        "Saves or loads of all ranks that ended in the measured part. Only for loads with a `checkpoint`.",
    ),
    kpi(
        "io.*.accelerator_utilisation",
        "1",
        D::Ratio,
        NONE,
        "computing time / all time, in whole steps after the first",
        "Share of time that the accelerators of a data loader compute, as MLPerf Storage defines it: computing time over \
         all time, the first step left out. With the software overhead of a step and `data_stall` it sums to 1. Only for \
         loads with a `loader`.",
    ),
    kpi(
        "io.*.data_stall",
        "1",
        D::Ratio,
        NONE,
        "time without a batch / all time, in whole steps after the first",
        "Share of time that accelerators wait because one of them has no batch. Only for loads with a `loader`.",
    ),
    kpi(
        "io.*.idle_gpu_hours",
        "GPU-h",
        D::Count,
        NONE,
        "data_stall × accelerators × time the loader ran",
        "GPU-hours that the accelerators of a data loader wait for data. Only for loads with a `loader`.",
    ),
    kpi(
        "io.*.samples_rate",
        "/s",
        D::PerTime,
        NONE,
        "steps × batch × accelerators / time the loader ran",
        "Samples per second of all accelerators together, the first step included. Only for loads with a `loader`.",
    ),
];

/// GPU fleets.
pub(super) const FLEET: &[Kpi] = &[
    kpi("fleet.*.installed", "GPU", D::Gpus, NONE, "nodes × GPUs per node", "GPUs installed, spares included."),
    kpi(
        "fleet.*.available",
        "GPU",
        D::Gpus,
        NONE,
        "time-weighted mean of installed − in repair",
        "GPUs that are not broken, spares included.",
    ),
    kpi(
        "fleet.*.in_repair",
        "GPU",
        D::Gpus,
        NONE,
        "time-weighted mean of GPUs between failure and return",
        "GPUs that are broken, noticed or not.",
    ),
    kpi(
        "fleet.*.spare_shortage",
        "GPU",
        D::Gpus,
        NONE,
        "time-weighted mean of GPUs that works miss after detection because no spare is left",
        "GPUs that failed under a work, were noticed, and have no replacement on its way.",
    ),
    kpi(
        "fleet.*.spares_needed",
        "GPU",
        D::Gpus,
        &[Stat::P99],
        "99 % quantile over time of the GPUs in repair",
        "Spare GPUs that would have covered all repairs for 99 % of the time.",
    ),
    kpi(
        "fleet.*.usable_fraction",
        "1",
        D::Ratio,
        NONE,
        "time-weighted mean of (in service + ready as spare) / installed",
        "Share of the installed GPUs that serve a work or could at once: not in repair and not being brought in.",
    ),
    kpi("fleet.*.failures", "1", D::Count, NONE, "failures", "Failures of units (trays, nodes) in the measured time."),
    kpi(
        "fleet.*.assigned",
        "GPU",
        D::Gpus,
        NONE,
        "time-weighted mean of GPUs held by works",
        "GPUs that works hold, whether busy or waiting.",
    ),
];

/// Sites.
pub(super) const SITE: &[Kpi] = &[
    kpi(
        "site.*.power",
        "W",
        D::Power,
        NONE,
        "Σ IT power × PUE",
        "Power at the meter: installed nodes and storage of the site, times the power usage effectiveness.",
    ),
    kpi(
        "site.*.power_free",
        "W",
        D::Power,
        NONE,
        "site power − power",
        "Power at the meter that is left. Null where the plan states no site power.",
    ),
    kpi(
        "site.*.wan_downtime",
        "s",
        D::Duration,
        NONE,
        "time in which the site is lost to the WAN",
        "Time of the measured part in which all links of the site are down at once because the site is lost. Only for sites with an `outage`.",
    ),
    kpi(
        "site.*.wan_availability",
        "1",
        D::Ratio,
        NONE,
        "1 - wan_downtime / time",
        "Share of the time in which the site as a whole is there for the WAN. Failures of its single links are not in it. Only for sites with an \
         `outage`.",
    ),
    kpi(
        "site.*.rack_positions",
        "rack",
        D::Count,
        NONE,
        "⌈Σ nodes × racks per node⌉",
        "Rack positions taken, all kinds of cooling together.",
    ),
];
