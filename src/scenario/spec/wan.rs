//! `[link.*]`, `[risk_group.*]`, `[wan]`.

use super::{CENTURY, Entity, Key, Kind, MAX_BYTES, MAX_RATE, Need, Rule, TableSpec, assumed, cited, key};
use crate::units::Dimension;

/// More cuts than this per metre and second (a thousand a year on 1000 km) are a slip of the unit.
const MAX_CUTS: f64 = 1000.0 / 1e6 / 31_557_600.0;

pub(super) const CUTS: Key =
    key("cuts", Kind::Quantity(Dimension::PerDistanceTime), Need::Wan, "Fibre cuts per length and time.")
        .within(0.0, MAX_CUTS);
pub(super) const CUT_REPAIR: Key =
    key("cut_repair", Kind::Random(Dimension::Duration), Need::Wan, "Time until a cut fibre is spliced.")
        .positive(CENTURY);
pub(super) const WAVE_FAILURES: Key = key(
    "wave_failures",
    Kind::Quantity(Dimension::PerDistanceTime),
    Need::Wan,
    "Failures of one wave (transponders, amplifiers, line cards) per length and time.",
)
.within(0.0, MAX_CUTS);
pub(super) const WAVE_REPAIR: Key =
    key("wave_repair", Kind::Random(Dimension::Duration), Need::Wan, "Time until a failed wave works again.")
        .positive(CENTURY);
const MTBF: Key = key(
    "mtbf",
    Kind::Random(Dimension::Duration),
    Need::Optional("exponential, from `cuts` and the length"),
    "Time in service between cuts; replaces `cuts`.",
)
.positive(CENTURY);
pub(super) const FAILURES: Key = key(
    "failures",
    Kind::Bool,
    assumed("true", "things fail unless a plan says otherwise"),
    "Whether cuts and failures happen here at all.",
);

pub(super) const LOSS: Key = key(
    "loss",
    Kind::Quantity(Dimension::Ratio),
    Need::Wan,
    "Share of packets that are lost on the link, not by congestion.",
)
.within(0.0, 0.5);

static UPGRADE: TableSpec = TableSpec {
    header: "upgrades",
    doc: "What is installed from a date on. It may be less than before.",
    groups: &[&[
        key("at", Kind::Moment, Need::Required, "When: a duration after the scenario's start, or a date.")
            .positive(CENTURY),
        key(
            "capacity",
            Kind::Quantity(Dimension::ByteRate),
            Need::Required,
            "Capacity of each direction from then on.",
        )
        .positive(MAX_RATE),
        key(
            "waves",
            Kind::Whole(Dimension::Count),
            Need::Derived("as many of the size of the waves before; one where the link states none"),
            "Waves that make up the new capacity, all of one size.",
        )
        .within(1.0, 10_000.0),
    ]],
    later: &[],
    rules: &[],
};

static DEGRADED: TableSpec = TableSpec {
    header: "degraded",
    doc: "Failures that leave a part of the capacity: a modem that falls back to a lower rate, an amplifier out of its range.",
    groups: &[&[
        key("mtbf", Kind::Random(Dimension::Duration), Need::Required, "Time at full rate.").positive(CENTURY),
        key("repair", Kind::Random(Dimension::Duration), Need::Required, "Time at the lower rate.").positive(CENTURY),
        key("capacity", Kind::Quantity(Dimension::Ratio), Need::Required, "Share of the capacity that is left.")
            .within(1e-6, 0.999_999),
    ]],
    later: &[],
    rules: &[],
};

static RESTORATION: TableSpec = TableSpec {
    header: "restoration",
    doc: "Spare waves on another fibre that the optical layer switches to when a wave fails or the fibre is cut, until it is mended.",
    groups: &[&[
        key(
            "time",
            Kind::Quantity(Dimension::Duration),
            assumed(
                "50 ms",
                "what optical protection takes; restoration that sets up waves anew takes seconds to minutes",
            ),
            "From the failure until capacity is back.",
        )
        .within(0.0, CENTURY),
        key(
            "share",
            Kind::Quantity(Dimension::Ratio),
            assumed("100 %", "a spare wave for every wave"),
            "Share of the installed capacity that the spare waves carry; whole waves where waves fail one by one.",
        )
        .within(1e-6, 1.0),
        key(
            "probability",
            Kind::Quantity(Dimension::Ratio),
            assumed("100 %", "the spare path is there and free"),
            "Probability that a failure is restored at all.",
        )
        .within(0.0, 1.0),
        key(
            "extra_rtt",
            Kind::Quantity(Dimension::Duration),
            assumed("0 s", "a path of the same length"),
            "What the other path adds to the round trip while a cut is restored.",
        )
        .within(0.0, 60.0),
    ]],
    later: &[],
    rules: &[],
};

/// Failures that leave something, and capacity that comes back early.
pub(super) const PARTIAL: &[Key] = &[
    key(
        "degraded",
        Kind::Table(&DEGRADED),
        Need::Optional("the link is up or down"),
        "Failures that lower the capacity of the whole link.",
    ),
    key(
        "restoration",
        Kind::Table(&RESTORATION),
        Need::Optional("capacity comes back when it is mended"),
        "Restoration of failed waves and of cuts by the optical layer.",
    ),
];

/// When a link is there, and what of it.
const DATED: &[Key] = &[
    key(
        "starts",
        Kind::Moment,
        Need::Optional("with the simulation"),
        "When it comes into service: a duration after the scenario's start, or a date.",
    )
    .within(0.0, CENTURY),
    key("ends", Kind::Moment, Need::Optional("it stays"), "When it is taken out of service for good.")
        .positive(CENTURY),
    key(
        "upgrades",
        Kind::Tables(&UPGRADE),
        Need::Optional("the capacity stays"),
        "Other capacities from later dates on, in order of time.",
    ),
];

/// `[link.*]`
pub static LINK: TableSpec = TableSpec {
    header: "[link.NAME]",
    doc: "A WAN link with two directions.",
    groups: &[
        &[
            key("between", Kind::Pair(Entity::Site), Need::Required, "The two sites."),
            key("capacity", Kind::Quantity(Dimension::ByteRate), Need::Required, "Capacity of each direction.")
                .positive(MAX_RATE),
            key(
                "waves",
                Kind::Whole(Dimension::Count),
                assumed("1", "one wave that fails as a whole"),
                "Waves that make up the capacity; the link fails and degrades by wave.",
            )
            .within(1.0, 10_000.0),
            key(
                "rtt",
                Kind::Quantity(Dimension::Duration),
                Need::Derived(
                    "2 x length x 4.9 us/km; from the locations, route_fixed more, where no length is stated",
                ),
                "Round-trip propagation time.",
            )
            .within(1e-9, 60.0),
            key(
                "length",
                Kind::Quantity(Dimension::Distance),
                Need::Derived("rtt / 2 / 4.9 us/km, or route_factor x great circle between the locations"),
                "Length of the fibre route.",
            )
            .positive(1e9),
            key(
                "risk_group",
                Kind::Names(Entity::RiskGroup),
                Need::Optional("cuts of its own"),
                "Shared-risk groups; they carry the cuts, beside `cuts` or `mtbf` that the link states itself.",
            ),
            FAILURES,
            CUTS,
            MTBF,
            CUT_REPAIR,
            WAVE_FAILURES,
            WAVE_REPAIR,
            key(
                "metric",
                Kind::Whole(Dimension::Count),
                Need::Derived("rtt in nanoseconds"),
                "Cost of the link in routing. State it on all links or on none, so that costs compare.",
            )
            .within(1.0, 1e15),
            LOSS,
            key("transport", Kind::Part("interconnect"), Need::Wan, "Framing on the wire."),
            key(
                "framing",
                Kind::Quantity(Dimension::Ratio),
                Need::Derived("the framing efficiency of `transport`"),
                "Payload bytes per wire byte.",
            )
            .positive(1.0),
        ],
        PARTIAL,
        DATED,
    ],
    later: &[],
    rules: &[Rule::AtMostOne(&["cuts", "mtbf"])],
};

/// `[risk_group.*]`
pub static RISK_GROUP: TableSpec = TableSpec {
    header: "[risk_group.NAME]",
    doc: "A conduit whose cut takes all its links. Links may name a group without such a table.",
    groups: &[&[
        FAILURES,
        CUTS,
        MTBF,
        CUT_REPAIR,
        key(
            "length",
            Kind::Quantity(Dimension::Distance),
            Need::Derived("the longest link in the group"),
            "Length of the shared route.",
        )
        .positive(1e9),
    ]],
    later: &[],
    rules: &[Rule::AtMostOne(&["cuts", "mtbf"])],
};

const ARROW: &str = "ARROW (SIGCOMM 2021): half of fibre cuts last longer than 9 h, a tenth longer than a day; \
                     lognormal through both";
const CUT_RATE: &str = "modern underground plant has about 0.3 to 1.5 cuts per 1000 km and year (FCC/Bellcore: 2.7 in \
                        the 1990s); not verified at the source";

/// `[wan]`
pub static WAN: TableSpec = TableSpec {
    header: "[wan]",
    doc: "What all links and transfers have in common; `[link.*]`, `[risk_group.*]` and works can differ.",
    groups: &[&[
        key(
            "transport",
            Kind::Part("interconnect"),
            assumed("tcp-9000", "jumbo frames end to end on a private WAN"),
            "Interconnect part that gives the framing of links and, for works, how lost packets are made good.",
        ),
        key(
            "loss",
            Kind::Quantity(Dimension::Ratio),
            assumed(
                "0 %",
                "a clean optical path with error correction; measure yours, long paths are sensitive to 1e-6",
            ),
            LOSS.doc,
        )
        .within(0.0, 0.5),
        key(
            "streams",
            Kind::Whole(Dimension::Count),
            assumed("256", "one per sending GPU node of a large pool"),
            "Parallel streams of a transfer between sites.",
        )
        .within(1.0, 1e7),
        key(
            "window",
            Kind::Quantity(Dimension::Bytes),
            assumed("64 MB", "a usual limit of tuned hosts; one stream reaches 10.9 Gb/s at 47 ms"),
            "Bytes in flight per stream.",
        )
        .positive(MAX_BYTES),
        key(
            "setup_rtts",
            Kind::Quantity(Dimension::Factor),
            cited("2", "one round trip for TCP (RFC 9293) and one for TLS 1.3 (RFC 8446)"),
            "Round trips before the first byte of a new transfer.",
        )
        .within(0.0, 100.0),
        key(
            "initial_window",
            Kind::Whole(Dimension::Count),
            assumed("0", "no slow start: connections are open and warm; a new one of Linux begins with 10 packets (RFC 6928)"),
            INITIAL_WINDOW_DOC,
        )
        .within(0.0, 1e6),
        key(
            "dead_path",
            Kind::Choice(DEAD_PATHS),
            assumed("stall", "what a transport does while it waits depends on settings of hosts that the plan has to know"),
            DEAD_PATH_DOC,
        ),
        key(
            "routing",
            Kind::Choice(ROUTINGS),
            assumed("shortest", "one way at a time is the careful choice; routers of private WANs often use `ecmp`"),
            ROUTING_DOC,
        ),
        key(
            "ways",
            Kind::Whole(Dimension::Count),
            assumed("2", "one way and one that survives any single link"),
            "Most ways of one route with `disjoint`.",
        )
        .within(1.0, 64.0),
        key(
            "apart",
            Kind::Choice(&["links", "sites"]),
            assumed("links", "ways that also avoid each other's sites are rarer and longer"),
            "What ways of one route with `disjoint` may not share; `sites`: neither links nor sites in between.",
        ),
        key(
            "split",
            Kind::Choice(&["capacity", "equal"]),
            assumed("capacity", "a thin way would hold back all others"),
            "Shares of the ways with `disjoint`: by the installed capacity of each way's thinnest link, or equal.",
        ),
        key(
            "engineered_ways",
            Kind::Whole(Dimension::Count),
            assumed("8", "a solution rarely splits a pair further; what it would put on more ways goes over these in proportion"),
            "Most ways of one pair of sites with `engineered`.",
        )
        .within(1.0, 64.0),
        key(
            "engineered_every",
            Kind::Quantity(Dimension::Duration),
            assumed("5 min", "controllers of private WANs solve every few minutes"),
            "With `engineered`, solutions are made at multiples of this time, where demand, capacity or links have changed since the last.",
        )
        .within(1.0, 86_400.0),
        key(
            "reconvergence",
            Kind::Quantity(Dimension::Duration),
            assumed("1 s", "optical protection takes about 50 ms, routing seconds to tens of seconds"),
            "Time from a failure or repair until routes have changed; until then traffic on a dead path stands still.",
        )
        .within(0.0, 86_400.0),
        key(
            "utilisation_limit",
            Kind::Quantity(Dimension::Ratio),
            Need::Optional("no waves are counted"),
            "Share of a link's capacity that standing demand may fill; a run then says how many waves each link lacks, under every failure \
             of its study.",
        )
        .within(0.01, 1.0),
        key(
            "route_factor",
            Kind::Quantity(Dimension::Factor),
            Need::Default {
                text: "1.45",
                source: "1.40 to 1.54 from three Azure region pairs (P50 RTT over great circle at 4.9 us/km)",
                assumption: false,
            },
            "Length of a fibre route over the great circle between its ends.",
        )
        .within(1.0, 5.0),
        key(
            "route_fixed",
            Kind::Quantity(Dimension::Duration),
            assumed(
                "0 s",
                "fibre alone; a fit to Azure P95 round trips gives several milliseconds of equipment and access",
            ),
            "Time added to round-trip times that come from locations: equipment, access, queues.",
        )
        .within(0.0, 1.0),
        FAILURES,
        key("cuts", Kind::Quantity(Dimension::PerDistanceTime), assumed("0.5 /1000km-year", CUT_RATE), CUTS.doc)
            .within(0.0, MAX_CUTS),
        key(
            "cut_repair",
            Kind::Random(Dimension::Duration),
            assumed("lognormal median 9 h p99 53.4 h", ARROW),
            CUT_REPAIR.doc,
        )
        .positive(CENTURY),
        key(
            "wave_failures",
            Kind::Quantity(Dimension::PerDistanceTime),
            assumed("1 /1000km-year", "one failure per wave, 1000 km and year; no published rate was found"),
            WAVE_FAILURES.doc,
        )
        .within(0.0, MAX_CUTS),
        key(
            "wave_repair",
            Kind::Random(Dimension::Duration),
            assumed(
                "lognormal median 4 h p99 24 h",
                "a spare card on site and a technician; no published law was found",
            ),
            WAVE_REPAIR.doc,
        )
        .positive(CENTURY),
    ]],
    later: &[],
    rules: &[],
};

/// Rules of routing.
pub(super) const ROUTINGS: &[&str] = &["shortest", "ecmp", "disjoint", "engineered"];
pub(super) const ROUTING_DOC: &str = "How routes are chosen: `shortest`, the one cheapest way; `ecmp`, all cheapest ways with an even split at every \
                           site; `disjoint`, up to `ways` ways that share nothing; `engineered`, ways and shares that leave the fullest link as empty as all \
                           standing demand of this rule together allows. Cost is `metric`, by default the latency.";

const INITIAL_WINDOW_DOC: &str = "Packets that each stream of a transfer may send in its first round trip, twice as many in each later one until another limit is \
                                   tighter (slow start); 0: full rate from the first byte. For transports with congestion control by loss.";

/// What transfers do on a path that has died.
const DEAD_PATHS: &[&str] = &["stall", "transport"];
const DEAD_PATH_DOC: &str = "What a transfer does when its path has died: `stall`, stand still and go on at once when there is a path again; `transport`, as its transport \
                             recovers: timers that back off and slow start (TCP), or retries and a new connection (RDMA), by figures of the catalogue.";

/// Transport keys that a work may set for itself.
pub(super) const TRANSPORT: &[Key] = &[
    key(
        "transport",
        Kind::Part("interconnect"),
        Need::Wan,
        "How lost packets are made good between sites; framing is that of the links.",
    ),
    key("streams", Kind::Whole(Dimension::Count), Need::Wan, "Parallel streams between sites.").within(1.0, 1e7),
    key("window", Kind::Quantity(Dimension::Bytes), Need::Wan, "Bytes in flight per stream.").positive(MAX_BYTES),
    key("setup_rtts", Kind::Quantity(Dimension::Factor), Need::Wan, "Round trips before the first byte.")
        .within(0.0, 100.0),
    key("initial_window", Kind::Whole(Dimension::Count), Need::Wan, INITIAL_WINDOW_DOC).within(0.0, 1e6),
    key("dead_path", Kind::Choice(DEAD_PATHS), Need::Wan, DEAD_PATH_DOC),
    key("routing", Kind::Choice(ROUTINGS), Need::Wan, ROUTING_DOC),
];
