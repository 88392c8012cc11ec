//! KPIs of storage systems.

use super::registry::{Kpi, NONE, Stat, kpi};
use crate::units::Dimension as D;

/// Storage systems.
pub(super) const STORAGE: &[Kpi] = &[
    kpi(
        "storage.*.read_efficiency",
        "1",
        D::Ratio,
        NONE,
        "payload read while saturated / (time saturated × theoretical read rate)",
        "Payload bytes delivered to readers per second while the system is saturated for reads, over its theoretical \
         read rate. Saturated for reads: a shared throughput resource of the system is fully used and is the \
         bottleneck of flows that read; a QoS cap is not such a resource. Time in which higher \
         priorities leave little or nothing to the direction counts: contention is measured. Theoretical read rate: the least, over the \
         stages, of installed rate (NIC line rate, data-sheet device rate) over the crossings a read cannot avoid, \
         media to head to client once each. On N nodes that are head and enclosure at once a hop to a peer \
         carries (N − 1)/N of the bytes, so a read crosses the NICs outwards 1 + (N − 1)/N times and the theoretical rate of many nodes is half the \
         line rate. Protocol overhead, operation limits, rebuild \
         and contention are what the efficiency measures. Null for a service that installs no line rate of ours.",
    ),
    kpi(
        "storage.*.write_efficiency",
        "1",
        D::Ratio,
        NONE,
        "payload acknowledged while saturated and the buffer is full / (that time × theoretical write rate)",
        "Payload bytes acknowledged to writers per second in the steady state, with the write buffer full, while the \
         system is saturated for writes, over its theoretical write rate. Theoretical write rate: the least, over the \
         stages, of installed rate over the crossings a write cannot avoid, client to head to media once each; on \
         N nodes that are head and enclosure at once a write crosses the NICs inwards 1 + (N − 1)/N times, so that of many nodes is half the line \
         rate. Buffer copies, migration and parity are what the efficiency measures. Null for a service that \
         installs no line rate of ours.",
    ),
    kpi(
        "storage.*.write_efficiency_burst",
        "1",
        D::Ratio,
        NONE,
        "payload acknowledged while saturated and the buffer has room / (that time × theoretical write rate)",
        "As write_efficiency, while the write buffer still takes data faster than it is migrated. Null when no such \
         time was seen or the system hides its write path.",
    ),
    kpi(
        "storage.*.mixed_efficiency",
        "1",
        D::Ratio,
        NONE,
        "payload of mixed loads while saturated and the buffer is full / (that time × theoretical rate of the mix)",
        "Payload bytes that loads with a stated mix read and write per second in the steady state, with the write buffer \
         full, while the system is saturated by them, over the theoretical rate for that mix of bytes: the least, over the stages and their directions, \
         of installed rate over the crossings that this mix cannot avoid per byte.",
    ),
    kpi(
        "storage.*.read_efficiency_of_line_rate",
        "1",
        D::Ratio,
        NONE,
        "payload read while saturated / (time saturated × client-side NIC line rate)",
        "Numerator of read_efficiency over the sum of the client-side NIC line rates of all nodes or heads, one \
         direction. Null for a service that installs no line rate of ours.",
    ),
    kpi(
        "storage.*.write_efficiency_of_line_rate",
        "1",
        D::Ratio,
        NONE,
        "payload acknowledged in the steady state while saturated / (that time × client-side NIC line rate)",
        "Numerator of write_efficiency over the sum of the client-side NIC line rates of all nodes or heads, one \
         direction. Null for a service that installs no line rate of ours.",
    ),
    kpi(
        "storage.*.read_efficiency_of_nameplate",
        "1",
        D::Ratio,
        NONE,
        "payload read while saturated / (time saturated × data-sheet read rate)",
        "Numerator of read_efficiency over the read rate that the data sheet of the system states. Null where no data \
         sheet states one.",
    ),
    kpi(
        "storage.*.write_efficiency_of_nameplate",
        "1",
        D::Ratio,
        NONE,
        "payload acknowledged in the steady state while saturated / (that time × data-sheet write rate)",
        "Numerator of write_efficiency over the write rate that the data sheet of the system states. Null where no \
         data sheet states one.",
    ),
    kpi(
        "storage.*.read_efficiency_of_provisioned",
        "1",
        D::Ratio,
        NONE,
        "payload read while saturated / (time saturated × provisioned rate)",
        "Numerator of read_efficiency over the rate that was bought. Null for systems that are not sold by rate.",
    ),
    kpi(
        "storage.*.write_efficiency_of_provisioned",
        "1",
        D::Ratio,
        NONE,
        "payload acknowledged in the steady state while saturated / (that time × provisioned rate)",
        "Numerator of write_efficiency over the rate that was bought. Null for systems that are not sold by rate.",
    ),
    kpi(
        "storage.*.read_rate",
        "B/s",
        D::Throughput,
        NONE,
        "payload bytes delivered to readers / time",
        "Payload rate of all reads. The mean runs over the whole measured time, idle time included.",
    ),
    kpi(
        "storage.*.write_rate",
        "B/s",
        D::Throughput,
        NONE,
        "payload bytes acknowledged to writers / time",
        "Payload rate of all writes. The mean runs over the whole measured time, idle time included.",
    ),
    kpi(
        "storage.*.theoretical_read_rate",
        "B/s",
        D::Throughput,
        NONE,
        "min over stages of installed rate / unavoidable crossings of a read",
        "Denominator of read_efficiency. Null for a service that installs no line rate of ours.",
    ),
    kpi(
        "storage.*.theoretical_write_rate",
        "B/s",
        D::Throughput,
        NONE,
        "min over stages of installed rate / unavoidable crossings of a write",
        "Denominator of write_efficiency. Null for a service that installs no line rate of ours.",
    ),
    kpi(
        "storage.*.theoretical_mixed_rate",
        "B/s",
        D::Throughput,
        NONE,
        "min over stages of installed rate / unavoidable crossings of the mix",
        "Denominator of mixed_efficiency: crossings averaged over the bytes that mixed loads read and wrote in the steady \
         state. Null without such a load, and for a service that installs no line rate of ours.",
    ),
    kpi(
        "storage.*.line_rate",
        "B/s",
        D::Throughput,
        NONE,
        "NIC line rate × nodes or heads, one direction",
        "Denominator of …_efficiency_of_line_rate. Null for a service that installs no line rate of ours.",
    ),
    kpi(
        "storage.*.nameplate_read_rate",
        "B/s",
        D::Throughput,
        NONE,
        "data-sheet read rate × units",
        "Denominator of read_efficiency_of_nameplate. Null where no data sheet states one.",
    ),
    kpi(
        "storage.*.nameplate_write_rate",
        "B/s",
        D::Throughput,
        NONE,
        "data-sheet write rate × units",
        "Denominator of write_efficiency_of_nameplate. Null where no data sheet states one.",
    ),
    kpi(
        "storage.*.provisioned_read_rate",
        "B/s",
        D::Throughput,
        NONE,
        "rate bought, or egress limit × accounts",
        "Denominator of read_efficiency_of_provisioned. Null for systems that are not sold by rate.",
    ),
    kpi(
        "storage.*.provisioned_write_rate",
        "B/s",
        D::Throughput,
        NONE,
        "rate bought, or ingress limit × accounts",
        "Denominator of write_efficiency_of_provisioned. Null for systems that are not sold by rate.",
    ),
    kpi(
        "storage.*.ops_rate",
        "op/s",
        D::OpRate,
        NONE,
        "operations / time",
        "Operations of all reads and writes that state the bytes of one operation, without those on metadata.",
    ),
    kpi(
        "storage.*.used",
        "B",
        D::Bytes,
        NONE,
        "payload bytes held at the end",
        "Payload bytes on the system at the end, in the measure of its capacity (after data reduction and spare space): \
         held from the start, copied, checkpoints kept, and ingested less what has expired. Never more than `usable` or the hard quota.",
    ),
    kpi(
        "storage.*.usable",
        "B",
        D::Bytes,
        NONE,
        "units × raw × k / (k + m) × (1 − spare) × data reduction, or as stated",
        "Usable capacity in client bytes, after stripes, spare space and data reduction. `used` never exceeds it.",
    ),
    kpi("storage.*.raw", "B", D::Bytes, NONE, "units × raw of one", "Raw media. Null for a service that hides them."),
    kpi(
        "storage.*.fill",
        "1",
        D::Ratio,
        NONE,
        "used / usable",
        "Share of the usable capacity that is used at the end.",
    ),
    kpi(
        "storage.*.growth",
        "B/s",
        D::Throughput,
        NONE,
        "(used at the end − used in the middle of the measured part) / half of it",
        "Net growth of what lies on the system: ingest and copies, less what expires. From it dates beyond the horizon are \
         projected.",
    ),
    kpi(
        "storage.*.full_date",
        "date",
        D::Date,
        NONE,
        "first instant with used ≥ limit, or end + (limit − used) / growth; limit = min(usable, hard quota); by its law where an ingest grows or varies",
        "When the system is full and refuses writes: at its usable capacity, or at its hard quota where that is less. Within the run it is exact; beyond the horizon it is projected at the growth of the \
         second half, and by its law where a load has `growth` or `season`, up to a hundred years ahead. Null when it does not grow. Its interval is that of the replications: draw the rate of a load from a law to have \
         one.",
    ),
    kpi(
        "storage.*.full_date_80",
        "date",
        D::Date,
        NONE,
        "as full_date, at 80 % of the limit",
        "When the system is filled to 80 % of what it may hold: its usable capacity, or its hard quota where that is less.",
    ),
    kpi(
        "storage.*.full_date_90",
        "date",
        D::Date,
        NONE,
        "as full_date, at 90 % of the limit",
        "When the system is filled to 90 % of what it may hold: its usable capacity, or its hard quota where that is less.",
    ),
    kpi(
        "storage.*.order_by",
        "date",
        D::Date,
        NONE,
        "full_date − lead_time",
        "When more capacity must be ordered at the latest to be in service before the system refuses writes (where a hard quota is what refuses, a larger quota may do). Null without a \
         lead time.",
    ),
    kpi(
        "storage.*.order_amount",
        "B",
        D::Bytes,
        NONE,
        "(growth + refused in the second half of the measured part / half of it) × order_for; by its law where an ingest grows or varies",
        "Usable capacity to order so that, in service by full_date, it lasts for `order_for` at the present growth, or by the law of a load that has one. What \
         was refused counts as if it had stayed, whatever its retention. Null without `order_for`, and when nothing grows.",
    ),
    kpi(
        "storage.*.soft_quota_date",
        "date",
        D::Date,
        NONE,
        "first instant with used ≥ soft quota, or projected as full_date",
        "When the soft quota is passed. A run in which it is says so in a note. Null without a soft quota.",
    ),
    kpi(
        "storage.*.write_amplification",
        "1",
        D::Factor,
        NONE,
        "bytes written to buffer and media / payload bytes acknowledged",
        "Bytes the devices write per client byte: buffer copies plus stripes with parity after data reduction. Over the \
         whole run, warm-up included, because the buffer carries bytes across the cut; what is still in the buffer at \
         the end is not on the media yet. Null \
         when nothing was written or the system hides its write path.",
    ),
    kpi(
        "storage.*.refused",
        "B",
        D::Bytes,
        NONE,
        "payload bytes whose write was refused",
        "Bytes refused over the whole run because the system had no space left or a hard quota was reached: what copies and \
         checkpoints could not place, and what loads that ingest offered while they were refused (their pace, or the rate at which a \
         saturating load was stopped).",
    ),
    kpi(
        "storage.*.accounts",
        "1",
        D::Count,
        NONE,
        "accounts given, or ⌈capacity / capacity limit of one account⌉",
        "Accounts of the object service. Null for systems without accounts.",
    ),
    kpi(
        "storage.*.data_loss_probability",
        "1",
        D::Ratio,
        NONE,
        "1 − exp(−1 year / mean_time_to_data_loss)",
        "Probability that data is lost within a year: that more blocks of a stripe are missing at once than it has \
         parity. Lost devices and nodes and their rebuilds as a Markov chain, see mean_time_to_data_loss. Damage found \
         only when a block is read, and losses of several nodes by one cause, are not in it. Null for a service that \
         hides its media.",
    ),
    kpi(
        "storage.*.mean_time_to_data_loss",
        "s",
        D::Duration,
        NONE,
        "mean time until lost devices + b × lost nodes > m, from full protection",
        "State: d devices and n nodes whose content is not rebuilt; a node holds at most b = ⌈(k + m) / nodes⌉ blocks of a \
         stripe. Losses at (devices − d) × device_loss_rate and (nodes − n) × node_loss_rate; rebuilds one after another, \
         devices first, at one over their exposure window. Windows: all time exposed over rebuilds that ended, in the \
         measured part; where none ended, device_rebuild_time and node_rebuild_time, or the time already waited if longer. On more \
         nodes than a stripe is wide, m + 1 losses take data with the probability that one of the stripes (usable / reduction / (k × stripe_block)) has a block on each.",
    ),
    kpi(
        "storage.*.device_rebuild_time",
        "s",
        D::Duration,
        NONE,
        "mean rebuild_delay + media bytes of a device of a full system / (rebuild_pace × rebuild rate alone)",
        "Exposure window of a device as planned, with the system as full as it may be. The rate alone is the least, over \
         media, network and heads, of capacity over what a rebuilt byte takes: rebuild_reads × k blocks read and one \
         written, with their hops.",
    ),
    kpi(
        "storage.*.node_rebuild_time",
        "s",
        D::Duration,
        NONE,
        "mean rebuild_delay + media bytes of a node of a full system / (rebuild_pace × rebuild rate alone)",
        "Exposure window of a node or enclosure as planned, with the system as full as it may be.",
    ),
    kpi(
        "storage.*.exposure_window",
        "s",
        D::Duration,
        &[Stat::Mean, Stat::Max],
        "time from a loss until its content is rebuilt",
        "Reduced protection after one loss, over the rebuilds that ended in the measured part: delay, wait for the rebuilds \
         before it, and the rebuild under the load there was.",
    ),
    kpi(
        "storage.*.exposed",
        "1",
        D::Ratio,
        &[Stat::Fraction],
        "time with content missing / time",
        "Share of the time in which some stripe had less than its full protection.",
    ),
    kpi(
        "storage.*.device_losses",
        "1",
        D::Count,
        NONE,
        "devices lost",
        "Devices lost with their data in the measured part.",
    ),
    kpi(
        "storage.*.node_losses",
        "1",
        D::Count,
        NONE,
        "nodes or enclosures lost",
        "Nodes or enclosures lost with their data in the measured part.",
    ),
    kpi(
        "storage.*.data_losses",
        "1",
        D::Count,
        NONE,
        "losses that left more blocks of a stripe missing than it has parity",
        "Losses that took data with them in the measured part. The run goes on as if the data came back from elsewhere.",
    ),
    kpi(
        "storage.*.rebuild_rate",
        "B/s",
        D::Throughput,
        NONE,
        "media bytes rebuilt / time with a rebuild under way",
        "Rate of rebuilds, in bytes on media. Null when nothing was rebuilt.",
    ),
    kpi(
        "storage.*.scrub_rate",
        "B/s",
        D::Throughput,
        NONE,
        "media bytes scrubbed / time",
        "Bytes on media read to look for damage. It falls short of media bytes / scrub_every when works leave too little. \
         Null without scrubbing.",
    ),
];
