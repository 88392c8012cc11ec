//! Top level, `[site.*]`, `[target.*]`.

use super::{
    CENTURY, DEMAND, Entity, FLEET, Key, Kind, LINK, MAINTENANCE, MAX_COUNT, MAX_RATE, NAMESPACE, Need, PRICE,
    RISK_GROUP, Rule, STORAGE, TENANT, TOPOLOGY, TableSpec, WAN, assumed, key,
};
use crate::scenario::plan::FailureSet;
use crate::units::Dimension;

/// Top-level tables that the language has and this version does not simulate.
const LATER: &[&str] = &["control_plane", "dataset", "tranche", "address_pool", "solve", "uncertain"];

/// The file itself.
pub static SCENARIO: TableSpec = TableSpec {
    header: "top level",
    doc: "What is simulated, for how long, and how often.",
    groups: &[&[
        key("format", Kind::Format, Need::Required, "Version of the scenario language; always 1."),
        key("title", Kind::Text, Need::Optional("the file name"), "Title of reports."),
        key(
            "extends",
            Kind::File,
            Need::Optional("no base"),
            "Base scenario; this file is laid over it, table by table.",
        ),
        key(
            "catalog",
            Kind::Files,
            Need::Optional("only the parts of the program"),
            "Catalogue files of your own, such as `apollo calibrate` writes; a later file wins over an earlier one.",
        ),
        key(
            "start",
            Kind::Date,
            assumed("2026-01-01", "only dates in the output and horizons in months depend on it"),
            "First day (midnight UTC).",
        ),
        key(
            "horizon",
            Kind::Horizon,
            Need::Required,
            "Simulated time; months and years are calendar ones from `start`.",
        )
        .positive(CENTURY),
        key(
            "warmup",
            Kind::Quantity(Dimension::Duration),
            assumed("0 s", "nothing is cut"),
            "Time at the start that results leave out.",
        )
        .within(0.0, CENTURY),
        key("seed", Kind::Exact, assumed("1", "any number will do"), "Root of all random streams.")
            .within(0.0, f64::INFINITY),
        key(
            "replications",
            Kind::Whole(Dimension::Count),
            assumed("8", "enough for an interval; quantiles over replications need 20"),
            "Independent repetitions.",
        )
        .within(1.0, 100_000.0),
        key(
            "max_events",
            Kind::Whole(Dimension::Count),
            Need::Optional("any number"),
            "Most events of a replication; one with more stops the run, and in a sweep its cell has failed.",
        )
        .within(1.0, 1e15),
        key("record", Kind::Words(&["flows"]), Need::Optional("no record"), "Extra records: `flows` writes flows.csv."),
        key(
            "what_if",
            Kind::Words(FailureSet::WORDS),
            Need::Optional("no failure is studied"),
            "Failures to study: the plan is simulated once more for each of them, with those links down throughout.",
        ),
        key("site", Kind::Named(&SITE), Need::Optional("the sites of `topology`"), "Sites by name."),
        key("fleet", Kind::Named(&FLEET), Need::Optional("no GPUs"), "GPU fleets by name."),
        key("link", Kind::Named(&LINK), Need::Optional("no WAN"), "WAN links by name."),
        key(
            "topology",
            Kind::Table(&TOPOLOGY),
            Need::Optional("only the sites and links written here"),
            "Sites and links from a file.",
        ),
        key(
            "risk_group",
            Kind::Named(&RISK_GROUP),
            Need::Optional("only those that links name"),
            "Shared-risk groups by name.",
        ),
        key(
            "maintenance",
            Kind::Named(&MAINTENANCE),
            Need::Optional("nothing is planned"),
            "Maintenance windows of links by name.",
        ),
        key("wan", Kind::Table(&WAN), assumed("{}", "every key has a default"), "What all links have in common."),
        key("tenant", Kind::Named(&TENANT), Need::Optional("nobody shares anything"), "Tenants by name."),
        key("storage", Kind::Named(&STORAGE), Need::Optional("no storage"), "Storage systems by name."),
        key(
            "namespace",
            Kind::Named(&NAMESPACE),
            Need::Optional("every work names its storage system"),
            "Data read at any site through caches, by name.",
        ),
        key(
            "price",
            Kind::Table(&PRICE),
            Need::Optional("every key has a default"),
            "What storage systems cost beside their own prices.",
        ),
        key("demand", Kind::Named(&DEMAND), Need::Optional("only works send bytes"), "Standing traffic by name."),
        key("work", Kind::Works, Need::Optional("nothing moves bytes"), "Works by name."),
        key("target", Kind::Named(&TARGET), Need::Optional("nothing is judged"), "Targets by name."),
        key("sweep", Kind::Sweep, Need::Optional("no variants"), "Variants to run: addresses and the values to try."),
    ]],
    later: LATER,
    rules: &[],
};

/// `[site.*]`
pub static SITE: TableSpec =
    TableSpec { header: "[site.NAME]", doc: "A data-centre site.", groups: &[SITE_KEYS], later: &[], rules: &[] };

const SITE_KEYS: &[Key] = &[
    key(
        "location",
        Kind::Location,
        Need::Optional("links need a stated `rtt` or `length`"),
        "Latitude and longitude in degrees; gives lengths and latencies of links that state none.",
    ),
    key("power", Kind::Quantity(Dimension::Power), Need::Optional("not limited"), "Power at the meter.").positive(1e12),
    key(
        "pue",
        Kind::Quantity(Dimension::Factor),
        assumed("1.2", "a liquid-cooled hall; only used with `power`"),
        "Power usage effectiveness: meter power over IT power.",
    )
    .within(1.0, 5.0),
    key(
        "rack_positions",
        Kind::Counts(&["air", "liquid"]),
        Need::Optional("not limited"),
        "Rack positions by cooling.",
    ),
    key(
        "fabric",
        Kind::Quantity(Dimension::ByteRate),
        Need::Derived("sum of the front-end rates of the fleets' nodes / fabric_oversubscription"),
        "Front-end fabric between GPU nodes and the site core, each direction.",
    )
    .positive(MAX_RATE),
    key(
        "fabric_oversubscription",
        Kind::Quantity(Dimension::Factor),
        assumed("4", "front-end networks are commonly built 2:1 to 8:1"),
        "Installed NIC rate of all GPU nodes over the capacity of the front-end fabric.",
    )
    .within(1.0, 1000.0),
    key(
        "wan_edge",
        Kind::Quantity(Dimension::ByteRate),
        Need::Derived("sum of the capacities of the site's links, of each the largest it ever has"),
        "Routers between the site core and all its links, each direction.",
    )
    .positive(MAX_RATE),
    key(
        "outage",
        Kind::Table(&OUTAGE),
        Need::Optional("the site is never lost as a whole"),
        "Loss of the whole site to the WAN (power, edge routers): all its links are down at once.",
    ),
];

pub(super) static OUTAGE: TableSpec = TableSpec {
    header: "outage",
    doc: "How often something is lost as a whole, and for how long: a site to the WAN, or the controller of a loop.",
    groups: &[&[
        key("mtbf", Kind::Random(Dimension::Duration), Need::Required, "Time in service between losses.")
            .positive(CENTURY),
        key("repair", Kind::Random(Dimension::Duration), Need::Required, "Time until it is back.").positive(CENTURY),
    ]],
    later: &[],
    rules: &[],
};

/// `[target.*]`
pub static TARGET: TableSpec = TableSpec {
    header: "[target.NAME]",
    doc: "A limit on a KPI, judged on the confidence interval over replications.",
    groups: &[&[
        key("kpi", Kind::Text, Need::Required, "KPI name with an optional stat, e.g. `rl.online.feedback_time.p95`."),
        key(
            "at_most",
            Kind::Limit,
            Need::Optional("no upper limit"),
            "Passes when the whole interval is at most this.",
        ),
        key(
            "at_least",
            Kind::Limit,
            Need::Optional("no lower limit"),
            "Passes when the whole interval is at least this.",
        ),
        key(
            "within",
            Kind::Table(&WITHIN),
            Need::Optional("no band"),
            "Passes when the whole interval lies in a band.",
        ),
        key("source", Kind::Text, Need::Optional("none"), "Published source, for validation cases."),
    ]],
    later: &[],
    rules: &[Rule::ExactlyOne(&["at_most", "at_least", "within"])],
};

static WITHIN: TableSpec = TableSpec {
    header: "within",
    doc: "A band around a value.",
    groups: &[&[
        key("of", Kind::Limit, Need::Required, "Middle of the band."),
        key("tolerance", Kind::Limit, Need::Required, "Half width, in the unit of the KPI, or in % of the middle."),
    ]],
    later: &[],
    rules: &[],
};

/// Everything that may be counted fits.
pub(super) const fn counted(key: Key) -> Key {
    key.within(1.0, MAX_COUNT)
}

/// A site, by name.
pub(super) const fn site(doc: &'static str) -> Key {
    key("site", Kind::Name(Entity::Site), Need::Required, doc)
}
