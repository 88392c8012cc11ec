//! KPIs of global namespaces and their caches.

use super::registry::{BINS, Kpi, NONE, kpi};
use crate::units::Dimension as D;

/// Namespaces, and what their caches do on storage systems.
pub(super) const NAMESPACE: &[Kpi] = &[
    kpi(
        "storage.*.cache_hit",
        "1",
        D::Ratio,
        NONE,
        "bytes served by the caches on the system / bytes asked of them",
        "Hit ratio by bytes of the caches of namespaces on this system over the measured part, warming included. It is a result: it \
         follows from the size of the cache, its policy and how the data is read. Null while nothing is asked.",
    ),
    kpi(
        "storage.*.cache_hit_steady",
        "1",
        D::Ratio,
        NONE,
        "hit ratio of the cache after infinitely many requests",
        "What the cache would serve when it has warmed for long: Che's approximation under LRU, the fixed point of Gelenbe under \
         FIFO and RANDOM, closed forms for epochs and scans. With several caches on the system the mean, weighted by the bytes \
         asked of them. Compare with cache_hit to see whether the run was long enough to warm it.",
    ),
    kpi(
        "storage.*.cached",
        "B",
        D::Bytes,
        NONE,
        "bytes held by the caches on the system at the end",
        "Bytes of namespaces that the caches on this system hold at the end of the run, at most their sizes.",
    ),
    kpi(
        "storage.*.tiered",
        "B",
        D::Bytes,
        NONE,
        "bytes that moved on to the system of its tier",
        "Ingested bytes that left this system for that of its tier in the measured part, because they were old enough or the \
         system was fuller than its high mark.",
    ),
    kpi(
        "storage.*.tier_backlog",
        "B",
        D::Bytes,
        NONE,
        "bytes to move on that are still here at the end",
        "Bytes that are old enough to move on and have not, or that have to so that the level comes down to the low mark: more than nothing when the tier's pace, the network or room there does not \
         keep up.",
    ),
    kpi(
        "namespace.*.read_rate",
        "B/s",
        D::Throughput,
        NONE,
        "bytes read by clients / measured time",
        "Payload that clients read from the namespace, wherever it came from.",
    ),
    kpi(
        "namespace.*.write_rate",
        "B/s",
        D::Throughput,
        NONE,
        "bytes acknowledged to writers / measured time",
        "Payload that clients wrote to the namespace, wherever it was acknowledged.",
    ),
    kpi(
        "namespace.*.dirty",
        "B",
        D::Bytes,
        NONE,
        "bytes acknowledged by caches − bytes of those that came home, at the end",
        "Bytes at risk at the end of the run: acknowledged to writers by a cache with `write_back` and not at home yet. What a cache that is \
         lost takes with it.",
    ),
    kpi(
        "namespace.*.dirty_peak",
        "B",
        D::Bytes,
        NONE,
        "max over caches and time of the bytes ahead of home",
        "Most bytes that one cache had acknowledged ahead of home at once, over the whole run; at most its `write_back`.",
    ),
    kpi(
        "namespace.*.hit",
        "1",
        D::Ratio,
        NONE,
        "bytes served by caches / bytes read",
        "Share of what clients read that a cache served; reads at sites without a cache, from the home or from a copy, count as not served. \
         Null while nothing is read.",
    ),
    kpi(
        "namespace.*.invalidated",
        "B",
        D::Bytes,
        NONE,
        "sum over publications of changed × bytes held by caches",
        "Bytes that caches held when a publication put them out of date, over the whole run. They come again when they are read.",
    ),
    kpi(
        "namespace.*.remote_rate",
        "B/s",
        D::Throughput,
        NONE,
        "wan_bytes / measured time",
        "Payload rate of the namespace between sites.",
    ),
    kpi(
        "namespace.*.wan_bytes",
        "B",
        D::Bytes,
        NONE,
        "payload bytes of the namespace between sites",
        "Payload of the namespace that crossed between sites in the measured part: misses of caches at other sites than the home, and \
         reads at other sites without a cache. Each byte counts once, however many links it took. What follows to copies is not in it.",
    ),
    kpi(
        "namespace.*.replication_bytes",
        "B",
        D::Bytes,
        NONE,
        "sum over copies at other sites of the bytes that came",
        "Payload that crossed between sites to the `replicas` of the namespace in the measured part.",
    ),
    kpi(
        "namespace.*.rpo",
        "s",
        D::Duration,
        BINS,
        "t − t′, with written(t′) = max over full copies of what has come by t",
        "How far back the best whole copy is: writes of that last while would be gone if the home were lost now. Mean, 95th percentile and maximum          over the time of the measured part; the maximum is the recovery point to promise. What caches have acknowledged ahead of home (`dirty`) would be lost          besides. Time on the way (half a round trip) is not in it. Null where no copy holds all of the data.",
    ),
    kpi(
        "namespace.*.at_risk",
        "B",
        D::Bytes,
        BINS,
        "written at home − max over full copies of what has come",
        "Bytes written at home that no whole copy has, over time: what the loss of the home would lose. Null where no copy holds all of the data.",
    ),
    kpi(
        "namespace.*.replica.*.lag",
        "s",
        D::Duration,
        BINS,
        "t − t′, with due(t′) = what has come by t",
        "How far the copy on a system is behind home, over the time of the measured part: the age of the oldest write that it lacks,          nothing while it lacks none. Bytes come in the order in which they were written. Time on the way is not in it. Nothing for a synchronous copy.",
    ),
    kpi(
        "namespace.*.replica.*.behind",
        "B",
        D::Bytes,
        BINS,
        "share × (written + published) − what has come",
        "Bytes that the copy on a system lacks, over the time of the measured part.",
    ),
    kpi(
        "namespace.*.replica.*.rate",
        "B/s",
        D::Throughput,
        NONE,
        "bytes that came / measured time",
        "Rate at which writes came to the copy on a system. Below the rate of the writes at home times its share it falls behind.",
    ),
];
